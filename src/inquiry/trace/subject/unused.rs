//! Who made no call: users and roles that were made, and sessions that were made and not used. Other records name them.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::own::own_origin;
use super::{Asked, Source, never_used, subject_of};
use crate::aws::{Arn, IdKind, Principal, Subject};
use crate::inquiry::{Candidate, ResolveError};
use crate::lake::Column;
use crate::lineage::{
    Caller, Credential, Gap, Issuance, IssuanceKind, Origin, OriginKind, Reason, RecordRef, TracedOrigin,
    Usage, stamp,
};
use crate::query::{self, Filter, QueryError};

/// What is looked for: each that may be meant has a value.
#[derive(Debug, Default)]
struct Wanted {
    account: Option<String>,
    user: Option<String>,
    user_id: Option<String>,
    role: Option<String>,
    role_id: Option<String>,
    session: Option<String>,
    /// The ARN of one session.
    session_arn: Option<String>,
    /// The unique id of a role and the name of a session with a colon between.
    session_id: Option<String>,
}

impl Wanted {
    fn of(typed: &Subject) -> Wanted {
        let mut wanted = Wanted::default();
        match typed {
            Subject::UserArn(arn) | Subject::RoleArn(arn) => {
                let Some(parsed) = Arn::parse(arn) else { return wanted };
                wanted.account = Some(parsed.account.to_owned());
                match parsed.principal() {
                    Some(Principal::User { name, .. }) => wanted.user = Some(name.to_owned()),
                    Some(Principal::Role { name, .. }) => wanted.role = Some(name.to_owned()),
                    _ => {}
                }
            }
            Subject::SessionArn(arn) => wanted.session_arn = Some(arn.clone()),
            Subject::SessionId(id) => wanted.session_id = Some(id.clone()),
            Subject::UniqueId(id) if IdKind::of(id) == Some(IdKind::Role) => {
                wanted.role_id = Some(id.clone());
            }
            Subject::UniqueId(id) => wanted.user_id = Some(id.clone()),
            Subject::Name(name) => {
                let (kind, bare) = name.split_once('/').unwrap_or(("", name));
                match kind {
                    "user" => wanted.user = Some(bare.to_owned()),
                    "role" => wanted.role = Some(bare.to_owned()),
                    "session" => wanted.session = Some(bare.to_owned()),
                    _ => {
                        wanted.user = Some(name.clone());
                        wanted.role = Some(name.clone());
                        wanted.session = Some(name.clone());
                    }
                }
            }
            _ => {}
        }
        wanted
    }

    /// The condition that selects what made the sessions; None where no session is meant.
    fn sessions(&self) -> Option<Filter> {
        let by_name =
            |role: &String| Filter::RoleName(Column::AssumedRoleArn, BTreeSet::from([role.clone()]));
        let named: Vec<Filter> = [
            self.role.as_ref().map(by_name),
            self.role_id.as_ref().map(|id| Filter::Begins(Column::AssumedRoleId, format!("{id}:"))),
            self.session.as_ref().map(|name| Filter::Ends(Column::AssumedRoleArn, format!("/{name}"))),
            self.session_arn.clone().map(|arn| Filter::Is(Column::AssumedRoleArn, arn)),
            self.session_id.clone().map(|id| Filter::Is(Column::AssumedRoleId, id)),
        ]
        .into_iter()
        .flatten()
        .collect();
        if named.is_empty() {
            return None;
        }
        // The answer that a service got may leave it out.
        let untold = Filter::All(vec![
            Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
            Filter::Is(Column::EventName, "AssumeRole".to_owned()),
            Filter::Not(Box::new(Filter::Some(Column::AssumedRoleArn))),
        ]);
        Some(Filter::Any(named.into_iter().chain([untold]).collect()))
    }

    /// Whether an issuance made a session that is meant; and whether its role is, not the one session.
    fn meets(&self, issuance: &Issuance) -> Option<bool> {
        let arn = issuance.session_arn.as_deref()?;
        let parsed = Arn::parse(arn)?;
        let Some(Principal::RoleSession { role, session }) = parsed.principal() else { return None };
        let is = |wanted: &Option<String>, own: &str| wanted.as_deref() == Some(own);
        let role_id = issuance.session_id.as_deref().and_then(|id| id.split(':').next());
        let in_account = self.account.as_deref().is_none_or(|account| account == parsed.account);
        if in_account && (is(&self.role, role) || role_id.is_some_and(|id| is(&self.role_id, id))) {
            return Some(true);
        }
        let own_id = issuance.session_id.as_deref().is_some_and(|id| is(&self.session_id, id));
        (is(&self.session, session) || is(&self.session_arn, arn) || own_id).then_some(false)
    }
}

/// A role that was made.
struct MadeRole {
    arn: String,
    record: RecordRef,
    by: Option<Caller>,
}

/// Whoever `typed` may name that made no call of its own. None where no record tells of such a one either.
///
/// # Errors
///
/// [`ResolveError::Ambiguous`] where users, roles or sessions of one name may be meant.
pub(super) async fn unused(
    source: &Source,
    asked: &str,
    typed: &Subject,
) -> Result<Option<Asked>, ResolveError> {
    let wanted = Wanted::of(typed);
    if let Some(user) = unused_user(source, asked, &wanted).await? {
        return Ok(Some(user));
    }
    let mut issued = match wanted.sessions() {
        Some(filter) => source.issuances(&filter).await?,
        None => Vec::new(),
    };
    issued.retain(|one| wanted.meets(one).is_some());
    let made = made_roles(source, &wanted).await?;
    let of_role = |one: &Issuance| wanted.meets(one) == Some(true);
    // A role is more than a session that is called like it.
    if !made.is_empty() || issued.iter().any(of_role) {
        issued.retain(of_role);
    }
    let mut by_role: BTreeMap<String, Vec<&Issuance>> = BTreeMap::new();
    for one in &issued {
        let arn = one.session_arn.clone().unwrap_or_default();
        let told = || one.role.clone().unwrap_or_else(|| role_arn(&arn));
        let id = if of_role(one) { whole(told(), &made) } else { arn };
        by_role.entry(id).or_default().push(one);
    }
    let ids: BTreeSet<String> =
        by_role.keys().cloned().chain(made.iter().map(|one| one.arn.clone())).collect();
    if ids.len() > 1 {
        let candidate = |id: &String| {
            let times = by_role.get(id).into_iter().flatten().map(|one| one.record.time);
            let times = times.chain(made.iter().filter(|one| one.arn == *id).map(|one| one.record.time));
            let times: BTreeSet<_> = times.collect();
            let kind = if of_sessions(id) { "session" } else { "role" };
            Candidate {
                who: id.clone(),
                kind: kind.to_owned(),
                events: 0,
                first: times.first().copied().unwrap_or_default(),
                last: times.last().copied().unwrap_or_default(),
            }
        };
        let candidates = ids.iter().map(candidate).collect();
        return Err(ResolveError::Ambiguous { asked: asked.to_owned(), candidates });
    }
    let Some(id) = ids.first() else { return Ok(None) };
    let mut known = BTreeSet::new();
    let unused =
        issued.iter().filter(|one| known.insert((one.session_arn.clone(), one.key.clone(), one.record.time)));
    let credentials: Vec<Credential> =
        unused.map(|one| Credential { caller: never_used(one), usage: Usage::default() }).collect();
    let kind = if of_sessions(id) { "session" } else { "role" };
    let mut subject = subject_of(kind, id, asked, &credentials);
    let account = Arn::parse(id).map(|arn| arn.account.to_owned()).unwrap_or_default();
    subject.gap = source.sight().await?.elsewhere(&account);
    // Nobody is behind a role that nobody assumed.
    let nobody = made.last().filter(|_| credentials.is_empty()).map(unassumed);
    let origin = nobody.map(|gap| TracedOrigin {
        origin: Origin::unknown(gap),
        above: None,
        above_gap: None,
        others_above: Vec::new(),
    });
    Ok(Some(Asked { origin, ..Asked::new(subject, credentials) }))
}

/// The ARN of a role with the path that it was made with.
fn whole(arn: String, made: &[MadeRole]) -> String {
    let named = |arn: &str| Some((Arn::parse(arn)?.account.to_owned(), arn.rsplit('/').next()?.to_owned()));
    let same = made.iter().rfind(|one| named(&one.arn) == named(&arn));
    same.map_or(arn, |one| one.arn.clone())
}

/// Why nobody is behind a role that nobody assumed.
fn unassumed(role: &MadeRole) -> Gap {
    let record = &role.record;
    let by = role.by.as_ref().map_or_else(|| "nobody that the record names".to_owned(), |by| by.node().id);
    Gap {
        reason: Reason::NoCredential,
        text: format!(
            "nobody assumed it in these logs; {by} made it at {} ({})",
            stamp(record.time),
            record.id()
        ),
        hint: format!("trace {} for who made it", record.id()),
    }
}

fn of_sessions(arn: &str) -> bool {
    matches!(Arn::parse(arn).and_then(Arn::principal), Some(Principal::RoleSession { .. }))
}

/// The ARN of the role of a session, without its path.
fn role_arn(session: &str) -> String {
    let parsed = Arn::parse(session);
    match parsed.and_then(|arn| Some((arn, arn.principal()?))) {
        Some((arn, Principal::RoleSession { role, .. })) => {
            format!("arn:{}:iam::{}:role/{role}", arn.partition, arn.account)
        }
        _ => session.to_owned(),
    }
}

/// The roles of a name or id that were made, in order of time; of several of one ARN the last.
async fn made_roles(source: &Source, wanted: &Wanted) -> Result<Vec<MadeRole>, QueryError> {
    if wanted.role.is_none() && wanted.role_id.is_none() {
        return Ok(Vec::new());
    }
    let filter = Filter::All(vec![
        Filter::Is(Column::EventSource, "iam.amazonaws.com".to_owned()),
        Filter::Is(Column::EventName, "CreateRole".to_owned()),
    ]);
    let mut found: BTreeMap<String, (RecordRef, Option<i64>)> = BTreeMap::new();
    for batch in source.events(&filter, &[Column::RequestParameters, Column::ResponseElements]).await? {
        for row in query::rows(&batch)? {
            let failed =
                [row.error_code, row.error_message].into_iter().flatten().any(|text| !text.is_empty());
            let json = |text: Option<&str>| text.and_then(query::lenient_json).unwrap_or(Value::Null);
            let (request, response) = (json(row.request_parameters), json(row.response_elements));
            let said = |name: &str| response.pointer(&format!("/role/{name}")).and_then(Value::as_str);
            let name = said("roleName").or_else(|| request.get("roleName").and_then(Value::as_str));
            let (Some(name), Some(account), false) = (name, row.account, failed) else { continue };
            let is_named = wanted.role.as_deref() == Some(name)
                && wanted.account.as_deref().is_none_or(|wanted| wanted == account);
            let has_id = said("roleId").is_some_and(|id| wanted.role_id.as_deref() == Some(id));
            if !is_named && !has_id {
                continue;
            }
            let path = request.get("path").and_then(Value::as_str).unwrap_or("/");
            let partition = row.identity_arn.and_then(Arn::parse).map_or("aws", |arn| arn.partition);
            let built = || format!("arn:{partition}:iam::{account}:role{path}{name}");
            let arn = said("arn").map_or_else(built, str::to_owned);
            let one = (row.record(), row.caller_id());
            let known = found.entry(arn).or_insert_with(|| one.clone());
            if known.0 < one.0 {
                *known = one;
            }
        }
    }
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let callers = source.callers(&filter).await?;
    let caller = |id: i64| callers.iter().map(|one| &one.caller).find(|caller| caller.id == id).cloned();
    let mut made: Vec<MadeRole> = found
        .into_iter()
        .map(|(arn, (record, by))| MadeRole { arn, record, by: by.and_then(caller) })
        .collect();
    made.sort_by(|a, b| a.record.cmp(&b.record));
    Ok(made)
}

/// A user that was made and did nothing.
async fn unused_user(source: &Source, asked: &str, wanted: &Wanted) -> Result<Option<Asked>, ResolveError> {
    if wanted.user.is_none() && wanted.user_id.is_none() {
        return Ok(None);
    }
    let made = source.issuances(&Filter::Is(Column::EventName, "CreateUser".to_owned())).await?;
    let made = made.into_iter().rfind(|way| {
        let is_named = wanted.user.is_some() && way.user_name == wanted.user;
        let has_id = wanted.user_id.is_some() && way.session_id == wanted.user_id;
        let account = wanted.account.as_ref();
        way.kind == IssuanceKind::User
            && (is_named || has_id)
            && account.is_none_or(|account| way.record.account.as_ref() == Some(account))
    });
    let Some(made) = made else { return Ok(None) };
    let account = made.record.account.clone().unwrap_or_default();
    let name = made.user_name.clone().unwrap_or_default();
    let arn = format!("arn:{}:iam::{account}:user/{name}", made.partition());
    let mut found = Asked::new(subject_of("user", &arn, asked, &[]), Vec::new());
    own_origin(source, &mut found, OriginKind::IamUser, (arn, Some(name), Some(account))).await?;
    Ok(Some(found))
}
