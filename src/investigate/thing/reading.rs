//! From one record to what it makes and removes.

use std::collections::BTreeSet;

use super::naming::{self, Verb};
use super::rule::{GLOBAL, PASSING, RESTORING, RULES, Rule, Shape, ThingClass};
use crate::aws::HIDDEN;
use crate::investigate::body::Body;
use crate::investigate::outcome::{operation, service};
use crate::query::EventRow;

/// What a record does to a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Action {
    /// Makes it.
    Make,
    /// Makes or replaces it.
    Put,
    /// Removes it.
    Remove,
    /// Takes a scheduled removal back.
    Restore,
    /// Switches it off.
    Disable,
    /// Switches it on.
    Enable,
}

/// Where names of a kind are unique. Regions are empty for services without.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Scope {
    pub(crate) service: String,
    pub(crate) kind: String,
    pub(crate) account: String,
    pub(crate) region: String,
}

impl Scope {
    /// Where names of `kind` in the record `row` are unique.
    pub(crate) fn of(row: &EventRow<'_>, kind: &str) -> Scope {
        let service = service(row);
        let region = if GLOBAL.contains(&service) { "" } else { row.aws_region.unwrap_or_default() };
        Scope {
            service: service.to_owned(),
            kind: kind.to_owned(),
            account: row.account.unwrap_or_default().to_owned(),
            region: region.to_owned(),
        }
    }
}

/// One thing that one record makes or removes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Deed {
    pub(crate) action: Action,
    pub(crate) scope: Scope,
    pub(crate) class: ThingClass,
    /// As the record names it, the most telling first.
    pub(crate) names: Vec<String>,
    /// Every form in which another record may name it.
    pub(crate) aliases: BTreeSet<String>,
    /// The kind of what it belongs to, and that one's forms, the record's own first.
    pub(crate) of: Option<(String, String, BTreeSet<String>)>,
    pub(crate) holds_owner: bool,
    pub(crate) due: Option<String>,
    /// Whether it grants everything (`AdministratorAccess`, `*` on `*`).
    pub(crate) admin: bool,
}

/// What the successful call `row` makes and removes, by the table and else by the general rule.
pub(crate) fn deeds(row: &EventRow<'_>, body: &Body) -> Vec<Deed> {
    let service = service(row);
    let operation = operation(row.event_name.unwrap_or_default());
    let mut found = Vec::new();
    for rule in RULES.iter().filter(|rule| rule.service == service) {
        if rule.make.contains(&operation) {
            found.extend(made(rule, row, body));
        }
        if rule.remove.contains(&operation) && rule.unless.is_none_or(|path| !body.has(path)) {
            let due = body.text("r.deletionDate").filter(|_| !body.is_true("q.forceDeleteWithoutRecovery"));
            let removed = named(rule, rule.remove_ids, row, body, Action::Remove);
            found.extend(removed.into_iter().map(|deed| Deed { due: due.clone(), ..deed }));
        }
    }
    for (of_service, name, kind, paths) in RESTORING {
        if *of_service == service && *name == operation {
            let names: Vec<String> = paths.iter().filter_map(|path| body.text(path)).collect();
            found.extend(deed(Action::Restore, row, kind, ThingClass::Resource, names));
        }
    }
    if service == "iam" && operation == "UpdateAccessKey" {
        let action = match body.text("q.status").as_deref() {
            Some("Inactive") => Some(Action::Disable),
            Some("Active") => Some(Action::Enable),
            _ => None,
        };
        let names = body.texts("q.accessKeyId");
        found.extend(action.and_then(|action| deed(action, row, "access key", ThingClass::WayIn, names)));
    }
    if found.is_empty() && !RULES.iter().any(|rule| known(rule, service, operation)) {
        found.extend(general(row, operation, body));
    }
    found
}

fn known(rule: &Rule, service: &str, operation: &str) -> bool {
    rule.service == service && (rule.make.contains(&operation) || rule.remove.contains(&operation))
}

fn general(row: &EventRow<'_>, operation: &str, body: &Body) -> Option<Deed> {
    if PASSING.contains(&operation) {
        return None;
    }
    let (verb, noun) = naming::verb_and_noun(operation)?;
    let action = match verb {
        Verb::Makes => Action::Make,
        Verb::Removes => Action::Remove,
    };
    deed(action, row, &naming::kind(noun), ThingClass::Resource, naming::names(body, noun))
}

fn made(rule: &Rule, row: &EventRow<'_>, body: &Body) -> Vec<Deed> {
    if let Some((path, value)) = rule.new_if
        && body.text(path).is_some_and(|found| found != value)
    {
        return Vec::new();
    }
    let action = if rule.replaces { Action::Put } else { Action::Make };
    let admin = rule.class == ThingClass::Permission && grants_everything(body);
    named(rule, rule.ids, row, body, action).into_iter().map(|deed| Deed { admin, ..deed }).collect()
}

/// Whether the policy that `body` attaches or writes allows everything.
fn grants_everything(body: &Body) -> bool {
    use crate::investigate::policy_text::{allows_everything, statements};
    body.text("q.policyArn").is_some_and(|arn| arn.ends_with(":policy/AdministratorAccess"))
        || statements(body, &["q.policyDocument"]).is_some_and(|list| allows_everything(&list))
}

fn named(rule: &Rule, paths: &[&str], row: &EventRow<'_>, body: &Body, action: Action) -> Vec<Deed> {
    let lists: Vec<Vec<String>> = match rule.shape {
        Shape::One => {
            let names: Vec<String> = paths.iter().flat_map(|path| body.texts(path)).collect();
            vec![names]
        }
        Shape::Many => {
            let names = paths.iter().map(|path| body.texts(path)).find(|names| !names.is_empty());
            names.unwrap_or_default().into_iter().map(|name| vec![name]).collect()
        }
        Shape::Joined => joined(paths, body).map(|name| vec![name]).into_iter().collect(),
    };
    let of = rule.of.and_then(|(kind, path)| {
        let owner = body.text(path)?;
        Some((kind.to_owned(), owner.clone(), aliases(&owner)))
    });
    let deeds = lists.into_iter().filter_map(|names| deed(action, row, rule.kind, rule.class, names));
    deeds.map(|deed| Deed { of: of.clone(), holds_owner: rule.holds_owner, ..deed }).collect()
}

/// What joins the names of a pair, for people.
const JOINT: &str = " / ";

/// The names at all of `paths`, shortened to their last part and joined; `None` when one is missing.
fn joined(paths: &[&str], body: &Body) -> Option<String> {
    let parts: Option<Vec<String>> = paths
        .iter()
        .map(|path| {
            let alternatives: Vec<&str> = path.split('|').collect();
            body.first(&alternatives).map(|name| short(&name).to_owned())
        })
        .collect();
    parts.map(|parts| parts.join(JOINT))
}

fn deed(
    action: Action,
    row: &EventRow<'_>,
    kind: &str,
    class: ThingClass,
    names: Vec<String>,
) -> Option<Deed> {
    let mut unique: Vec<String> = Vec::new();
    for name in names {
        if !unique.contains(&name) {
            unique.push(name);
        }
    }
    if unique.is_empty() {
        return None;
    }
    Some(Deed {
        action,
        scope: Scope::of(row, kind),
        class,
        aliases: unique.iter().flat_map(|name| aliases(name)).collect(),
        names: unique,
        of: None,
        holds_owner: false,
        due: None,
        admin: false,
    })
}

/// The forms in which records name the same thing: as written, and without the ARN's or the URL's head.
pub(crate) fn aliases(name: &str) -> BTreeSet<String> {
    let mut forms = BTreeSet::from([name.to_owned()]);
    if name.starts_with("arn:") || name.contains("://") || name.starts_with("/hostedzone/") {
        forms.insert(short(name).to_owned());
    }
    if let Some(secret) = secret_name(name) {
        forms.insert(secret.to_owned());
    }
    forms
}

/// The name of a secret inside its ARN, which ends in a hyphen and six random characters
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/whats-in-a-secret.html>).
pub(crate) fn secret_name(arn: &str) -> Option<&str> {
    let (_, name) = arn.strip_prefix("arn:")?.split_once(":secret:")?;
    let (name, random) = name.rsplit_once('-')?;
    (random.len() == 6 && random.bytes().all(|b| b.is_ascii_alphanumeric())).then_some(name)
}

/// The name at the end of an ARN or URL; other names as they are.
pub(crate) fn short(name: &str) -> &str {
    let last = last_part(name);
    if last.is_empty() { name } else { last }
}

/// The part of a name that tells it from others of its kind; empty where the name ends before it.
fn last_part(name: &str) -> &str {
    if let Some((_, path)) = name.split_once("://") {
        return path.rsplit('/').next().unwrap_or(path);
    }
    if let Some(zone) = name.strip_prefix("/hostedzone/") {
        return zone;
    }
    let Some(resource) = name.starts_with("arn:").then(|| name.splitn(6, ':').nth(5)).flatten() else {
        return name;
    };
    // A bucket and a key: the key alone would be another object in another bucket.
    if name.split(':').nth(2) == Some("s3") {
        return resource;
    }
    let (kind, rest) = resource.split_once([':', '/']).unwrap_or(("", resource));
    match kind {
        // function:NAME:QUALIFIER, stack/NAME/UUID, stackset/NAME:UUID
        "function" | "stack" | "stackset" => rest.split([':', '/']).next().unwrap_or(rest),
        // A parameter's name begins with the slash that follows the kind, unless it has no other.
        "parameter" if rest.contains('/') => resource.strip_prefix("parameter").unwrap_or(rest),
        "parameter" | "secret" | "key" | "alias" => rest,
        "log-group" => rest.strip_suffix(":*").unwrap_or(rest),
        // `user/` and `instance/*` stand for all users and instances.
        _ => rest.rsplit('/').next().filter(|name| !matches!(*name, "" | "*")).unwrap_or(resource),
    }
}

/// The operations that remove, restore or switch a thing of `kind`; `made` is the operation that made it, for kinds that
/// only the general rule knows. An empty `service` stands for any.
pub(crate) fn removing_operations(service: &str, kind: &str, made: &str) -> BTreeSet<String> {
    let rules =
        RULES.iter().filter(|rule| rule.kind == kind && (service.is_empty() || rule.service == service));
    let mut names: BTreeSet<String> = BTreeSet::new();
    for rule in rules {
        for name in rule.remove {
            names.insert((*name).to_owned());
            // Lambda appends the version of its API.
            if rule.service == "lambda" {
                names.extend([format!("{name}20150331"), format!("{name}20150331v2")]);
            }
        }
    }
    if names.is_empty()
        && let Some((Verb::Makes, noun)) = naming::verb_and_noun(made)
    {
        names.extend(naming::removals(noun));
    }
    let restoring = RESTORING.iter().filter(|(_, _, restored, _)| *restored == kind);
    names.extend(restoring.map(|(_, name, _, _)| (*name).to_owned()));
    if kind == "access key" {
        names.insert("UpdateAccessKey".to_owned());
    }
    names
}

/// Members of a request that never name what it is about.
const NOT_TARGETS: &[&str] =
    &["clienttoken", "clientrequesttoken", "requestid", "ownerid", "accountid", "idempotencytoken"];

/// Writes that act without altering what they name.
const ACTING: &[&str] = &[
    "CreateLogStream",
    "Invoke",
    "PutComplianceItems",
    "PutInventory",
    "PutLogEvents",
    "ResumeSession",
    "SendCommand",
    "SendSSHPublicKey",
    "StartQuery",
    "StartSession",
    "TerminateSession",
    "UpdateInstanceAssociationStatus",
    "UpdateInstanceInformation",
];

/// Whether a write that neither makes nor removes alters something.
pub(crate) fn alters(row: &EventRow<'_>) -> bool {
    !matches!(service(row), "signin" | "sts")
        && !ACTING.contains(&operation(row.event_name.unwrap_or_default()))
}

/// What a call is about: what it makes or removes, else the first parameter that names something.
pub(crate) fn main_target(row: &EventRow<'_>, body: &Body) -> Option<String> {
    let operation = operation(row.event_name.unwrap_or_default());
    if let (Some(bucket), Some(key)) = (body.text("q.bucketName"), body.text("q.key")) {
        return Some(format!("{bucket}/{key}"));
    }
    let noun = naming::noun(operation);
    if let Some(name) = noun.and_then(|noun| naming::names(body, noun).into_iter().next()) {
        return Some(name);
    }
    let members = body.members("q");
    // Roles and keys are mostly what a call uses, not what it is about.
    for used_too in [false, true] {
        for ending in ["arn", "id", "name", "identifier"] {
            let found = members.iter().find(|(name, value)| {
                let name = name.to_ascii_lowercase();
                let used = name.contains("role") || name.contains("kms");
                name.ends_with(ending)
                    && used == used_too
                    && !NOT_TARGETS.contains(&name.as_str())
                    && !value.is_empty()
                    && value != HIDDEN
            });
            if let Some((_, value)) = found {
                return Some(value.clone());
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{aliases, short};

    #[test]
    fn arns_and_urls_shorten_to_the_name() {
        let cases = [
            ("arn:aws:iam::111122223333:user/path/alice", "alice"),
            ("arn:aws:lambda:us-east-1:111122223333:function:front:7", "front"),
            ("arn:aws:cloudformation:us-east-1:111122223333:stack/base/0a1b", "base"),
            ("arn:aws:ssm:us-east-1:111122223333:parameter/a/b", "/a/b"),
            ("arn:aws:sns:us-east-1:111122223333:alarms", "alarms"),
            ("arn:aws:iam::111122223333:user/", "user/"),
            ("arn:aws:s3:::logs", "logs"),
            ("arn:aws:s3:::logs/a/b", "logs/a/b"),
            ("https://sqs.us-east-1.amazonaws.com/111122223333/jobs", "jobs"),
            ("/hostedzone/Z0EXAMPLE", "Z0EXAMPLE"),
            ("/a/b", "/a/b"),
            ("alice", "alice"),
        ];
        for (name, end) in cases {
            assert_eq!(short(name), end, "{name}");
        }
    }

    #[test]
    fn a_secret_is_found_by_arn_and_by_name() {
        let forms = aliases("arn:aws:secretsmanager:us-east-1:111122223333:secret:db/main-AbCdEf");
        assert!(forms.contains("db/main"), "{forms:?}");
    }
}
