//! From one record to what it opens and closes.

use std::collections::BTreeSet;

use super::rule::{LISTS, ListRule, POLICIES, PolicyRule};
use super::{Grantee, OpeningHow, network};
use crate::investigate::body::{Body, text, values};
use crate::investigate::outcome::{operation, service};
use crate::investigate::policy_text::{Grant, account_of, outsiders, statements};
use crate::investigate::thing::{Scope, aliases};
use crate::query::EventRow;

/// One way in that a record opens.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Way {
    pub(crate) how: OpeningHow,
    pub(crate) what: String,
    pub(crate) to: Grantee,
    pub(crate) principal: String,
    pub(crate) conditions: Vec<String>,
    pub(crate) bound: bool,
    /// Another name by which it may be closed, as a rule id.
    pub(crate) rule_id: Option<String>,
}

/// What a record does to the openings of one resource. A tag says what is replaced or closed together.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Move {
    /// Opens a way under a tag, beside others.
    Open(String, Way),
    /// Puts ways in place of all that the tag had.
    Replace(String, Vec<Way>),
    /// Closes a tag, or the way of that rule id.
    Close(String),
    /// Closes everything: the resource is gone.
    CloseAll,
}

/// What a record does to one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Turn {
    pub(crate) scope: Scope,
    pub(crate) id: String,
    pub(crate) aliases: BTreeSet<String>,
    pub(crate) moves: Vec<Move>,
}

/// What the successful call `row` opens and closes.
pub(crate) fn turns(row: &EventRow<'_>, body: &Body) -> Vec<Turn> {
    let (service, operation) = (service(row), operation(row.event_name.unwrap_or_default()));
    let mut turns = Vec::new();
    for rule in POLICIES.iter().filter(|rule| rule.service == service) {
        if rule.put.contains(&operation) {
            turns.extend(put_policy(rule, row, body));
        } else if rule.delete.contains(&operation) {
            turns.extend(turn(row, rule.kind, body.first(rule.ids), vec![Move::Close(rule.what.to_owned())]));
        }
    }
    for rule in LISTS.iter().filter(|rule| rule.service == service && rule.operations.contains(&operation)) {
        turns.extend(turn(row, rule.kind, body.text(rule.id), listed(rule, row, body)));
    }
    turns.extend(match service {
        "ec2" => network::security_group(row, operation, body),
        "s3" => s3(row, operation, body),
        "lambda" => lambda(row, operation, body),
        "kms" => kms(row, operation, body),
        "sns" | "sqs" => labelled(row, operation, body),
        "rds" | "redshift" => network::database(row, operation, body),
        "lightsail" => network::lightsail(row, operation, body),
        _ => None,
    });
    turns.retain(|turn| !turn.moves.is_empty());
    turns
}

/// A turn of the resource `id`, unless the record does not name it.
pub(super) fn turn(row: &EventRow<'_>, kind: &str, id: Option<String>, moves: Vec<Move>) -> Option<Turn> {
    let id = id?;
    Some(Turn { scope: Scope::of(row, kind), aliases: aliases(&id), id, moves })
}

fn put_policy(rule: &PolicyRule, row: &EventRow<'_>, body: &Body) -> Option<Turn> {
    let emptied =
        || rule.documents.iter().any(|path| body.values(path).iter().any(|v| v.as_str() == Some("")));
    let statements = statements(body, rule.documents).or_else(|| emptied().then(Vec::new))?;
    let grants = outsiders(&statements, row.account.unwrap_or_default());
    let ways = grants.into_iter().map(|grant| granted(grant, rule.what)).collect();
    turn(row, rule.kind, body.first(rule.ids), vec![Move::Replace(rule.what.to_owned(), ways)])
}

fn granted(grant: Grant, what: &str) -> Way {
    Way {
        how: OpeningHow::Permission,
        what: what.to_owned(),
        bound: grant.bound(),
        to: grant.to,
        principal: grant.principal,
        conditions: grant.conditions,
        rule_id: None,
    }
}

/// A way for someone named in a list of accounts, ARNs or `all`.
pub(super) fn plain(what: &str, name: &str, home: &str) -> Option<Way> {
    let to = match name {
        "all" | "All" | "*" => Grantee::Anyone,
        name if name.contains(":organization/") || name.contains(":ou/") => {
            Grantee::Organization(name.to_owned())
        }
        name => match account_of(name) {
            Some(account) if account == home => return None,
            Some(account) => Grantee::Account(account.to_owned()),
            None => Grantee::Opaque(name.to_owned()),
        },
    };
    Some(granted(Grant { to, principal: name.to_owned(), conditions: Vec::new() }, what))
}

fn listed(rule: &ListRule, row: &EventRow<'_>, body: &Body) -> Vec<Move> {
    let home = row.account.unwrap_or_default();
    // The older form of the EC2 calls names the lists once and says in `operationType` what to do with them.
    let flat = |wanted: &str| {
        let asked = body.text("q.operationType").is_some_and(|t| t.eq_ignore_ascii_case(wanted));
        let paths: &[&str] = if asked { &["q.userId", "q.userGroup", "q.groups", "q.userIds"] } else { &[] };
        paths.iter().flat_map(|path| body.texts(path)).collect::<Vec<String>>()
    };
    let names = |paths: &[&str]| paths.iter().flat_map(|path| body.texts(path)).collect::<Vec<String>>();
    let added = names(rule.add).into_iter().chain(flat("add"));
    let removed = names(rule.remove).into_iter().chain(flat("remove"));
    let mut moves: Vec<Move> = removed.map(|name| Move::Close(tag(rule.what, &name))).collect();
    moves.extend(
        added.filter_map(|name| Some(Move::Open(tag(rule.what, &name), plain(rule.what, &name, home)?))),
    );
    moves
}

fn tag(what: &str, name: &str) -> String {
    format!("{what} {name}")
}

fn s3(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    let bucket = || body.text("q.bucketName");
    match operation {
        "PutBucketAcl" | "CreateBucket" => {
            let ways = acl(body);
            let new = operation == "CreateBucket" && ways.is_empty();
            if new {
                None
            } else {
                turn(row, "bucket", bucket(), vec![Move::Replace("ACL".to_owned(), ways)])
            }
        }
        "PutBucketPublicAccessBlock" | "PutPublicAccessBlock" | "PutAccountPublicAccessBlock" => {
            let config = "q.PublicAccessBlockConfiguration";
            let off = ["BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets"]
                .iter()
                .any(|name| body.is_false(&format!("{config}.{name}")));
            guard(row, bucket(), off)
        }
        "DeleteBucketPublicAccessBlock" | "DeletePublicAccessBlock" | "DeleteAccountPublicAccessBlock" => {
            guard(row, bucket(), true)
        }
        _ => None,
    }
}

/// The public access block of a bucket, or of the account when no bucket is named.
fn guard(row: &EventRow<'_>, bucket: Option<String>, off: bool) -> Option<Turn> {
    let tag = "public access block";
    let way = Way {
        how: OpeningHow::GuardRemoved,
        what: tag.to_owned(),
        to: Grantee::Anyone,
        principal: "*".to_owned(),
        conditions: Vec::new(),
        bound: false,
        rule_id: None,
    };
    let moves = vec![if off { Move::Open(tag.to_owned(), way) } else { Move::Close(tag.to_owned()) }];
    match bucket {
        Some(bucket) => turn(row, "bucket", Some(bucket), moves),
        None => turn(row, "account", row.account.map(str::to_owned), moves),
    }
}

/// Whom an access control list lets in: the canned ACL, or grants to groups of everybody.
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/acl-overview.html>
fn acl(body: &Body) -> Vec<Way> {
    let canned = body.texts("q.x-amz-acl").into_iter().filter_map(|name| match name.as_str() {
        "public-read" | "public-read-write" => Some((Grantee::Anyone, name)),
        "authenticated-read" => Some((Grantee::AnyAwsUser, name)),
        _ => None,
    });
    let owner = body.text("q.AccessControlPolicy.Owner.ID");
    let grants = body.values("q.AccessControlPolicy.AccessControlList.Grant");
    let listed = grants.into_iter().filter_map(|grant| {
        let name = |path| values(grant, path).into_iter().find_map(text);
        let to = match (name("Grantee.URI"), name("Grantee.ID")) {
            (Some(uri), _) if uri.ends_with("/AllUsers") => (Grantee::Anyone, uri),
            (Some(uri), _) if uri.ends_with("/AuthenticatedUsers") => (Grantee::AnyAwsUser, uri),
            (None, Some(id)) if owner.is_some() && owner.as_ref() != Some(&id) => {
                (Grantee::Opaque(id.clone()), id)
            }
            _ => return None,
        };
        Some(to)
    });
    let ways = canned.chain(listed).map(|(to, principal)| Way {
        how: OpeningHow::Permission,
        what: "ACL".to_owned(),
        to,
        principal,
        conditions: Vec::new(),
        bound: false,
        rule_id: None,
    });
    ways.collect::<BTreeSet<Way>>().into_iter().collect()
}

fn lambda(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    let home = row.account.unwrap_or_default();
    let function = || body.text("q.functionName");
    let id = || body.text("q.statementId").map(|id| format!("statement {id}"));
    match operation {
        "AddPermission" => {
            let principal = body.text("q.principal")?;
            // A service principal acts for someone who set it up; AWS itself is no outsider.
            if principal.ends_with(".amazonaws.com") {
                return None;
            }
            let mut way = plain(&body.text("q.action").unwrap_or_else(|| "invoke".into()), &principal, home)?;
            if let Some(org) = body.text("q.principalOrgID") {
                way.to = Grantee::Organization(org);
            }
            for (path, key) in [("q.sourceAccount", "aws:SourceAccount"), ("q.sourceArn", "aws:SourceArn")] {
                if body.has(path) {
                    way.conditions.push(key.to_owned());
                    way.bound = true;
                }
            }
            turn(row, "function", function(), vec![Move::Open(id()?, way)])
        }
        "RemovePermission" => turn(row, "function", function(), vec![Move::Close(id()?)]),
        "CreateFunctionUrlConfig" | "UpdateFunctionUrlConfig" => {
            let open = body.text("q.authType")? == "NONE";
            let ways =
                if open { plain("URL without sign-in", "*", home).into_iter().collect() } else { Vec::new() };
            turn(row, "function", function(), vec![Move::Replace("URL".to_owned(), ways)])
        }
        "DeleteFunctionUrlConfig" => turn(row, "function", function(), vec![Move::Close("URL".to_owned())]),
        "AddLayerVersionPermission" => {
            let way = plain("layer", &body.text("q.principal")?, home)?;
            turn(row, "layer version", body.text("q.layerName"), vec![Move::Open(id()?, way)])
        }
        "RemoveLayerVersionPermission" => {
            turn(row, "layer version", body.text("q.layerName"), vec![Move::Close(id()?)])
        }
        _ => None,
    }
}

fn kms(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    let tag = |id: String| format!("grant {id}");
    match operation {
        "CreateGrant" => {
            let way = plain("grant", &body.text("q.granteePrincipal")?, row.account.unwrap_or_default())?;
            if way.principal.ends_with(".amazonaws.com") {
                return None;
            }
            turn(row, "KMS key", body.text("q.keyId"), vec![Move::Open(tag(body.text("r.grantId")?), way)])
        }
        "RevokeGrant" | "RetireGrant" => {
            turn(row, "KMS key", body.text("q.keyId"), vec![Move::Close(tag(body.text("q.grantId")?))])
        }
        _ => None,
    }
}

/// `AddPermission` of SNS and SQS: accounts under a label.
fn labelled(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Turn> {
    let kind = if service(row) == "sns" { "topic" } else { "queue" };
    let id = body.first(&["q.topicArn", "q.queueUrl"]);
    let label = || body.text("q.label").map(|label| format!("label {label}"));
    match operation {
        "AddPermission" => {
            let accounts = ["q.aWSAccountId", "q.aWSAccountIds"].iter().flat_map(|path| body.texts(path));
            let home = row.account.unwrap_or_default();
            let ways = accounts.filter_map(|account| plain("permission", &account, home)).collect();
            turn(row, kind, id, vec![Move::Replace(label()?, ways)])
        }
        "RemovePermission" => turn(row, kind, id, vec![Move::Close(label()?)]),
        _ => None,
    }
}
