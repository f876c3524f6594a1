//! Who is meant: from what was typed to the condition that selects the subject's rows.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::trace::{is_seen, only_named};
use crate::aws::{AccountId, Arn, Principal, Subject};
use crate::investigate::SubjectKind;
use crate::lake::{Column, Session};
use crate::lineage::Usage;
use crate::query::measure::{self, Likeness, Named};
use crate::query::{Filter, QueryError};

/// A subject, and how to select the rows that are its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// What kind of name `id` is.
    pub kind: SubjectKind,
    /// The full id.
    pub id: String,
    /// What was typed.
    pub asked: String,
    /// Selects the rows.
    pub filter: Filter,
}

/// One of several subjects that a name may mean.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// What to type to mean this one.
    pub who: String,
    /// What kind of subject it is.
    pub kind: String,
    /// How many events are its own.
    pub events: u64,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

impl Candidate {
    /// Users that a name may mean, each by what names it alone and with what it did, most calls first.
    pub(super) fn users(all: impl IntoIterator<Item = (String, Usage)>) -> Vec<Candidate> {
        let candidate = |(who, usage): (String, Usage)| Candidate {
            who,
            kind: "user".to_owned(),
            events: usage.calls,
            first: usage.first.map(|time| time.0).unwrap_or_default(),
            last: usage.last.map(|time| time.0).unwrap_or_default(),
        };
        let mut found: Vec<Candidate> = all.into_iter().map(candidate).collect();
        found.sort_by(|a, b| b.events.cmp(&a.events).then_with(|| a.who.cmp(&b.who)));
        found
    }
}

/// Why nobody, or not one, is meant.
#[derive(Debug, thiserror::Error)]
pub enum ResolveError {
    /// No record has the id.
    #[error(
        "no record of these logs has the event id `{asked}`\nhint: its account, region or day may not be in them: see `backtrail coverage`"
    )]
    NoEvent {
        /// The id that was asked for.
        asked: String,
    },
    /// Nothing in the lake bears the name.
    #[error("nobody in these logs is named `{asked}`{}", listed(close))]
    Unknown {
        /// What was typed.
        asked: String,
        /// Names that hold it.
        close: Vec<Candidate>,
    },
    /// Several subjects bear the name.
    #[error("`{asked}` may be one of {}:{}\nhint: give the first word of a line", candidates.len(), lines(candidates))]
    Ambiguous {
        /// What was typed.
        asked: String,
        /// Each of them, the one with most events first.
        candidates: Vec<Candidate>,
    },
    /// It is the id of an event.
    #[error(
        "`{asked}` is the id of an event, not of somebody who acts\nhint: backtrail query event --param id={asked}"
    )]
    Event {
        /// What was typed.
        asked: String,
    },
    /// Somebody else than a role is meant.
    #[error("expected a role, found `{found}`\nhint: backtrail sessions --user {asked}")]
    NoRole {
        /// What was typed.
        asked: String,
        /// Who is meant.
        found: String,
    },
    /// A tree is asked for below somebody without credentials.
    #[error(
        "`{asked}` has no credentials of its own, so nothing leads down from it\nhint: follow a key or session that called from there"
    )]
    NotFollowed {
        /// What was typed.
        asked: String,
    },
    /// Nothing was typed.
    #[error(transparent)]
    Empty(#[from] crate::aws::SubjectError),
    /// The lake cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

fn lines(candidates: &[Candidate]) -> String {
    let time = |time: DateTime<Utc>| time.format("%Y-%m-%d %H:%M:%SZ");
    let mut lines = String::new();
    for one in candidates {
        lines.push_str(
            &[
                "\n  ",
                // A name is one line, whatever stands in it.
                &one.who.replace('\n', "\\n").replace('\r', "\\r"),
                "  ",
                &one.events.to_string(),
                " events, ",
                &time(one.first).to_string(),
                " to ",
                &time(one.last).to_string(),
            ]
            .concat(),
        );
    }
    lines
}

fn listed(close: &[Candidate]) -> String {
    if close.is_empty() {
        return String::new();
    }
    format!("\nhint: similar names:{}", lines(close))
}

/// Finds out who is meant by `asked`: an access key id, an ARN, a unique id, an IP address, or a name, which may be
/// preceded by its kind and a slash (`user/NAME`, `role/NAME`, `session/NAME`, `federated-user/NAME`,
/// `source-identity/NAME`, `identity-center-user/ID`, `subject/NAME` of an identity provider, `key/ID`, `id/ID`, `service/NAME`).
///
/// # Errors
///
/// [`ResolveError`] when nobody or more than one is meant.
pub async fn resolve(ctx: &Session, asked: &str) -> Result<Resolved, ResolveError> {
    let subject = Subject::parse(asked)?;
    let id = subject.text();
    let is = |column| Filter::Is(column, id.clone());
    let (kind, filter) = match &subject {
        Subject::AccessKey(_) => (SubjectKind::AccessKey, is(Column::AccessKeyId)),
        Subject::SessionArn(_) => (SubjectKind::Session, is(Column::IdentityArn)),
        Subject::UserArn(_) | Subject::RoleArn(_) => return by_arn(ctx, asked, id).await,
        Subject::OtherArn(_) => (other_kind(&id), user(&id)),
        Subject::SessionId(_) => (SubjectKind::Session, is(Column::PrincipalId)),
        Subject::UniqueId(_) => (SubjectKind::UniqueId, unique_id(&id)),
        Subject::Address(_) => (SubjectKind::Address, is(Column::SourceIpAddress)),
        Subject::EventId(_) => return Err(ResolveError::Event { asked: id }),
        Subject::Name(_) => {
            let unknown = match by_name(ctx, asked, &id).await {
                Err(error @ ResolveError::Unknown { .. }) => error,
                other => return other,
            };
            let Some((kind, id)) = Box::pin(only_named(ctx, asked, &subject)).await? else {
                return Err(unknown);
            };
            let filter = match kind {
                SubjectKind::Role => role(&id),
                SubjectKind::User => user(&id),
                _ => Filter::Is(Column::IdentityArn, id.clone()),
            };
            (kind, filter)
        }
    };
    Ok(Resolved { kind, id, asked: asked.to_owned(), filter })
}

/// A user or role by its ARN. Where no record has it, but that of one of the same name and another path, that one is meant:
/// names are unique in an account whatever their paths
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-friendly-names>), and a session's
/// ARN leaves the path of its role out.
async fn by_arn(ctx: &Session, asked: &str, id: String) -> Result<Resolved, ResolveError> {
    let (kind, name) = match Arn::parse(&id).and_then(Arn::principal) {
        Some(Principal::User { name, .. }) => ("user", name.to_owned()),
        Some(Principal::Role { name, .. }) => ("role", name.to_owned()),
        _ => ("", String::new()),
    };
    let place = |arn: &str| Arn::parse(arn).map(|arn| (arn.partition.to_owned(), arn.account.to_owned()));
    let has = |column| Filter::Is(column, id.clone());
    let mut found = Vec::new();
    // A look at two columns, before all that names somebody is read.
    if !is_seen(ctx, &Filter::Any(vec![has(Column::IdentityArn), has(Column::SessionIssuerArn)])).await? {
        found = measure::named(ctx, &name, Likeness::Exact).await?;
        found.retain(|one| one.kind == kind && place(&one.id) == place(&id));
    }
    let other: BTreeSet<&String> = found.iter().map(|one| &one.id).collect();
    let id = match other.first() {
        Some(only) if other.len() == 1 => (*only).clone(),
        _ => id,
    };
    Ok(match kind {
        "role" => Resolved { kind: SubjectKind::Role, filter: role(&id), asked: asked.to_owned(), id },
        _ => Resolved { kind: SubjectKind::User, filter: user(&id), asked: asked.to_owned(), id },
    })
}

fn other_kind(arn: &str) -> SubjectKind {
    match Arn::parse(arn).and_then(Arn::principal) {
        Some(Principal::Root) => SubjectKind::Root,
        _ => SubjectKind::Other,
    }
}

/// The rows of a user: its own, those of sessions that it issued with GetFederationToken, and sign-in records, which name
/// the user and its account but no ARN.
fn user(arn: &str) -> Filter {
    let mut any = vec![
        Filter::Is(Column::IdentityArn, arn.to_owned()),
        Filter::Is(Column::SessionIssuerArn, arn.to_owned()),
    ];
    if let Some(parsed) = Arn::parse(arn)
        && let Some(Principal::User { name, .. }) = parsed.principal()
    {
        any.push(Filter::All(vec![
            Filter::Not(Box::new(Filter::Some(Column::IdentityArn))),
            Filter::Is(Column::IdentityType, "IAMUser".to_owned()),
            Filter::Is(Column::UserName, name.to_owned()),
            Filter::Is(Column::IdentityAccountId, parsed.account.to_owned()),
        ]));
    }
    Filter::Any(any)
}

/// The rows of all sessions of a role. Older records name no issuer; the session's ARN names the role without its path.
fn role(arn: &str) -> Filter {
    let mut any = vec![
        Filter::Is(Column::SessionIssuerArn, arn.to_owned()),
        Filter::Is(Column::IdentityArn, arn.to_owned()),
    ];
    if let Some(parsed) = Arn::parse(arn)
        && let Some(Principal::Role { name, .. }) = parsed.principal()
    {
        let sessions = format!("arn:{}:sts::{}:assumed-role/{name}/", parsed.partition, parsed.account);
        let nameless = Filter::Not(Box::new(Filter::Some(Column::SessionIssuerArn)));
        any.push(Filter::All(vec![nameless, Filter::Begins(Column::IdentityArn, sessions)]));
    }
    Filter::Any(any)
}

fn unique_id(id: &str) -> Filter {
    Filter::Any(vec![
        Filter::Is(Column::PrincipalId, id.to_owned()),
        Filter::Is(Column::SessionIssuerPrincipalId, id.to_owned()),
        Filter::Begins(Column::PrincipalId, format!("{id}:")),
    ])
}

/// The kinds that may stand before a slash.
const KINDS: [&str; 11] = [
    "user",
    "role",
    "session",
    "federated-user",
    "source-identity",
    "identity-center-user",
    "subject",
    "key",
    "id",
    "service",
    "root",
];

async fn by_name(ctx: &Session, asked: &str, name: &str) -> Result<Resolved, ResolveError> {
    let (kind, bare) = match name.split_once('/') {
        Some((kind, bare)) if KINDS.contains(&kind) => (Some(kind), bare),
        _ => (None, name),
    };
    let mut found = measure::named(ctx, bare, Likeness::Exact).await?;
    // The unique id of root is its account's
    // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-infotouse>).
    if found.iter().any(|one| one.kind == "id") && AccountId::parse(bare).is_some() {
        let roots = measure::named(ctx, "root", Likeness::Exact).await?;
        let own = |one: &Named| Arn::parse(&one.id).is_some_and(|arn| arn.account == bare);
        found.extend(roots.into_iter().filter(|one| one.kind == "root" && own(one)));
    }
    if found.is_empty() || kind.is_some_and(|kind| found.iter().all(|one| one.kind != kind)) {
        // A role or user with a path is typed by its name alone, or with the path.
        let last = bare.rsplit('/').next().unwrap_or(bare);
        if last != bare {
            found = measure::named(ctx, last, Likeness::Exact).await?;
            found.retain(|one| one.id.ends_with(&format!("/{bare}")));
        }
    }
    if let Some(kind) = kind {
        found.retain(|one| one.kind == kind);
    }
    // One person may be a session name and a source identity; they are told apart. A unique id that a key or user
    // already stands for is not, nor is a subject whose name its sessions bear, as those of SAML do.
    for kind in ["id", "subject"] {
        if found.iter().any(|one| one.kind != kind) {
            found.retain(|one| one.kind != kind);
        }
    }
    let mut merged: BTreeMap<(String, String), Named> = BTreeMap::new();
    for one in found {
        match merged.get_mut(&(one.kind.clone(), one.id.clone())) {
            // Some of its records say less of where it is.
            Some(known) => {
                known.events += one.events;
                known.first = known.first.min(one.first);
                known.last = known.last.max(one.last);
            }
            None => {
                merged.insert((one.kind.clone(), one.id.clone()), one);
            }
        }
    }
    let mut found: Vec<Named> = merged.into_values().collect();
    found.sort_by(|left, right| right.events.cmp(&left.events).then_with(|| left.cmp(right)));
    match found.as_slice() {
        [] => {
            let close = measure::named(ctx, bare, Likeness::Contains).await?;
            Err(ResolveError::Unknown {
                asked: asked.to_owned(),
                close: close.iter().map(candidate).collect(),
            })
        }
        [one] => Ok(selected(one, asked)),
        several => Err(ResolveError::Ambiguous {
            asked: asked.to_owned(),
            candidates: several.iter().map(candidate).collect(),
        }),
    }
}

fn candidate(one: &Named) -> Candidate {
    // The name and the id of a web identity begin with the ARN of its provider.
    let is_arn = one.id.starts_with("arn:") && !matches!(one.kind.as_str(), "subject" | "id");
    let who = if is_arn { one.id.clone() } else { format!("{}/{}", one.kind, one.id) };
    Candidate { who, kind: one.kind.clone(), events: one.events, first: one.first, last: one.last }
}

fn selected(one: &Named, asked: &str) -> Resolved {
    let id = one.id.clone();
    let is = |column| Filter::Is(column, id.clone());
    let (kind, filter) = match one.kind.as_str() {
        "user" if id.starts_with("arn:") => (SubjectKind::User, user(&id)),
        "user" => (
            SubjectKind::User,
            Filter::All(vec![is(Column::UserName), Filter::Is(Column::IdentityType, "IAMUser".to_owned())]),
        ),
        "role" => (SubjectKind::Role, role(&id)),
        "session" => (
            SubjectKind::Session,
            Filter::All(vec![
                Filter::Ends(Column::IdentityArn, format!("/{id}")),
                Filter::Any(vec![
                    Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
                    Filter::Is(Column::SessionIssuerType, "Role".to_owned()),
                ]),
            ]),
        ),
        // Named by GetFederationToken (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html>).
        "federated-user" => (SubjectKind::Other, user(&id)),
        "source-identity" => (SubjectKind::SourceIdentity, is(Column::SourceIdentity)),
        "identity-center-user" => (
            SubjectKind::IdentityCenterUser,
            Filter::Any(vec![
                is(Column::OnBehalfOfUserId),
                Filter::All(vec![
                    is(Column::UserName),
                    Filter::Is(Column::IdentityType, "IdentityCenterUser".to_owned()),
                ]),
            ]),
        ),
        "subject" => {
            let types = ["WebIdentityUser", "SAMLUser"].map(str::to_owned);
            let nameless = Filter::Not(Box::new(Filter::Some(Column::PrincipalId)));
            let filter = Filter::All(vec![
                Filter::In(Column::IdentityType, types.into()),
                Filter::Any(vec![is(Column::PrincipalId), Filter::All(vec![nameless, is(Column::UserName)])]),
            ]);
            (SubjectKind::Subject, filter)
        }
        "key" => (SubjectKind::AccessKey, is(Column::AccessKeyId)),
        "id" => (SubjectKind::UniqueId, unique_id(&id)),
        "root" => (SubjectKind::Root, user(&id)),
        _ => (
            SubjectKind::Other,
            // A service's own events name no type:
            // <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/non-api-aws-service-events.html>.
            Filter::All(vec![
                is(Column::InvokedBy),
                Filter::Any(vec![
                    Filter::Is(Column::IdentityType, "AWSService".to_owned()),
                    Filter::Not(Box::new(Filter::Some(Column::IdentityType))),
                ]),
            ]),
        ),
    };
    Resolved { kind, id, asked: asked.to_owned(), filter }
}
