//! Role by session name, with the verified origin of each.

use std::collections::{BTreeMap, BTreeSet};

use super::trace::{Source, Users, addresses, agreement, chosen, odd_places, of_names};
use super::{Candidate, ResolveError, Window, resolve};
use crate::aws::IdKind;
use crate::investigate::SubjectKind;
use crate::lake::{Column, Session};
use crate::lineage::session_name::{self, Agreement};
use crate::lineage::{
    Credential, Mismatch, Namesake, Origin, OriginKind, SessionKey, SessionRow, Sessions, Usage, is_telling,
};
use crate::query::Filter;
use crate::query::lineage::{OriginOf, origins};

/// Which sessions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionsOptions {
    /// Only of this role: its ARN or name.
    pub role: Option<String>,
    /// Only those whose verified origin is, or may be, this user: ARN, name, subject or mail address.
    pub user: Option<String>,
    /// Only calls in this window.
    pub window: Window,
}

/// What rows are told apart by: role, session name, origin, and the unique ids of a user and of the role.
type Group = (String, String, String, Option<String>, Option<String>);

/// What a row is made of.
type Member = (Credential, OriginOf);

/// The role sessions of the lake.
///
/// # Errors
///
/// [`ResolveError`] when the role is not known, users of several accounts bear the name, or the lake cannot be read.
pub async fn sessions(ctx: &Session, options: &SessionsOptions) -> Result<Sessions, ResolveError> {
    let source = Source::open(ctx).await?;
    let of_roles = match &options.role {
        Some(role) => of_role(ctx, role).await?,
        None => Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
    };
    let credentials = source.all_callers(&Filter::All(vec![of_roles, options.window.filter()])).await?;
    let all = origins(source.relations()).await?;
    let users = source.users().await?;
    let mut groups: BTreeMap<Group, Vec<Member>> = BTreeMap::new();
    let mut meant: BTreeMap<String, Usage> = BTreeMap::new();
    for credential in credentials.into_iter().filter(|one| one.caller.is_role_session()) {
        let Some(origin) = all.of(credential.caller.id) else { continue };
        if let Some(user) = &options.user {
            let one = std::slice::from_ref(&origin.origin);
            let all = if origin.choices.is_empty() { one } else { origin.choices.as_slice() };
            let mut matching = all.iter().filter(|one| is_user(one, user)).peekable();
            if matching.peek().is_none() {
                continue;
            }
            for one in matching.filter(|one| one.kind == OriginKind::IamUser) {
                meant.entry(one.id()).or_default().merge(&credential.usage);
            }
        }
        let role = credential.caller.role_arn().unwrap_or_default();
        let name = credential.caller.session_name().unwrap_or_default().to_owned();
        let user = origin.origin.unique_id.clone();
        let group = (role, name, origin.origin.id(), user, role_id(&credential));
        groups.entry(group).or_default().push((credential, origin));
    }
    let groups = of_only_ids(groups);
    if let (Some(asked), true) = (&options.user, meant.len() > 1) {
        return Err(ResolveError::Ambiguous { asked: asked.clone(), candidates: Candidate::users(meant) });
    }
    let mut rows: Vec<SessionRow> = Vec::with_capacity(groups.len());
    for ((role_arn, session_name, ..), members) in groups {
        if let Some(mut row) = row(role_arn, session_name, &members, &users) {
            row.mismatches.extend(of_place(&source, &row, &members).await?);
            rows.push(row);
        }
    }
    tell_apart(&mut rows);
    let order = |row: &SessionRow| {
        let origin = (row.origin.id(), row.origin.unique_id.clone());
        let role = (row.role_arn.clone(), row.session_name.clone());
        (std::cmp::Reverse(row.usage.calls), role, origin, row.role_id.clone())
    };
    rows.sort_by_cached_key(order);
    let mut by_origin = BTreeMap::new();
    let is_open = |row: &&SessionRow| !row.origin.may_be.is_empty();
    for row in rows.iter().filter(|row| !is_open(row)) {
        *by_origin.entry(row.origin.kind.word()).or_default() += row.sessions;
    }
    Ok(Sessions {
        schema: 1,
        role: options.role.clone(),
        user: options.user.clone(),
        sessions: rows.iter().map(|row| row.sessions).sum(),
        calls: rows.iter().map(|row| row.usage.calls).sum(),
        ambiguous: rows.iter().map(|row| row.ambiguous).sum(),
        by_origin,
        open: rows.iter().filter(is_open).map(|row| row.sessions).sum(),
        rows,
    })
}

/// Records that leave the unique id of a user or role out are of whom the others name, where these are one.
fn of_only_ids(groups: BTreeMap<Group, Vec<Member>>) -> BTreeMap<Group, Vec<Member>> {
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (role, _, origin, user_id, role_id) in groups.keys() {
        ids.entry(origin.clone()).or_default().extend(user_id.clone());
        ids.entry(role.clone()).or_default().extend(role_id.clone());
    }
    let only = |name: &str| ids.get(name).filter(|ids| ids.len() == 1).and_then(BTreeSet::first).cloned();
    let mut found: BTreeMap<Group, Vec<Member>> = BTreeMap::new();
    for ((role, name, origin, user_id, role_id), mut members) in groups {
        let (user_id, role_id) = (user_id.or_else(|| only(&origin)), role_id.or_else(|| only(&role)));
        found.entry((role, name, origin, user_id, role_id)).or_default().append(&mut members);
    }
    found
}

/// The unique id of a session's role: one that is made anew under the same name has another
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>).
fn role_id(credential: &Credential) -> Option<String> {
    let id = credential.caller.principal_id.as_deref().filter(|id| is_telling(id))?;
    id.split(':').next().filter(|id| IdKind::of(id) == Some(IdKind::Role)).map(str::to_owned)
}

/// Users who bore one ARN one after another are said to be several, by their unique ids; roles alike, and only they have
/// one in a row.
fn tell_apart(rows: &mut [SessionRow]) {
    let mut roles: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for row in rows.iter() {
        roles.entry(row.role_arn.clone()).or_default().extend(row.role_id.clone());
    }
    for row in rows.iter_mut().filter(|row| roles.get(&row.role_arn).is_none_or(|ids| ids.len() < 2)) {
        row.role_id = None;
    }
    let mut ids: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for origin in rows.iter().map(|row| &row.origin).filter(|origin| origin.kind == OriginKind::IamUser) {
        ids.entry(origin.id()).or_default().extend(origin.unique_id.clone());
    }
    for row in rows.iter_mut().filter(|row| row.origin.kind == OriginKind::IamUser) {
        if ids.get(&row.origin.id()).is_some_and(|ids| ids.len() > 1) {
            row.origin.namesake = Some(Namesake::OtherId);
        }
    }
}

/// The condition that selects the sessions of a role.
async fn of_role(ctx: &Session, role: &str) -> Result<Filter, ResolveError> {
    let found = match resolve(ctx, role).await {
        // A name may be a role's and somebody else's.
        Err(ResolveError::Ambiguous { .. }) => resolve(ctx, &format!("role/{role}")).await?,
        other => other?,
    };
    match found.kind {
        SubjectKind::Role | SubjectKind::Session => Ok(found.filter),
        SubjectKind::UniqueId if found.id.starts_with("AROA") => Ok(found.filter),
        _ => Err(ResolveError::NoRole { asked: role.to_owned(), found: found.id }),
    }
}

/// Whether an origin is whom `user` names.
fn is_user(origin: &Origin, user: &str) -> bool {
    let known = [&origin.arn, &origin.name, &origin.user_id, &origin.unique_id, &origin.access_key];
    known.into_iter().flatten().chain(&origin.names).any(|known| known.eq_ignore_ascii_case(user))
        || origin.id() == user
}

/// One row; None for no members.
fn row(role_arn: String, session_name: String, members: &[Member], users: &Users) -> Option<SessionRow> {
    let (first, origin) = members.first()?;
    let mut usage = Usage::default();
    let mut created = BTreeSet::new();
    let mut ambiguous = BTreeSet::new();
    let mut keys: BTreeMap<(String, Option<crate::aws::Time>), Usage> = BTreeMap::new();
    let mut mfa: BTreeMap<_, Option<bool>> = BTreeMap::new();
    let mut identities: BTreeSet<Option<&String>> = BTreeSet::new();
    let origins: Vec<&Origin> = members.iter().map(|(_, of)| &of.origin).collect();
    let merged = Origin::shared(origins.iter().copied())?;
    let origin_keys: BTreeSet<&String> = origins.iter().filter_map(|one| one.access_key.as_ref()).collect();
    for (credential, of) in members {
        let caller = &credential.caller;
        usage.merge(&credential.usage);
        // Records that do not say when their session was created are told apart by key.
        let session = (caller.created, caller.access_key.clone().filter(|_| caller.created.is_none()));
        if of.candidates > 1 {
            ambiguous.insert(session.clone());
        }
        let said = mfa.entry(session.clone()).or_default();
        *said = (*said).max(caller.mfa);
        created.insert(session);
        if let Some(key) = &caller.access_key {
            let of_key = (key.clone(), caller.created.map(crate::aws::Time));
            keys.entry(of_key).or_default().merge(&credential.usage);
        }
        identities.insert(caller.source_identity.as_ref());
    }
    let with_mfa = mfa.values().filter(|said| **said == Some(true)).count() as u64;
    let without_mfa = mfa.values().filter(|said| **said == Some(false)).count() as u64;
    let mut said: BTreeSet<Option<bool>> = mfa.into_values().collect();
    let claim = session_name::claim(&session_name);
    let depth = members.iter().map(|(_, of)| of.depth).max().unwrap_or(0);
    let (name, _) = chosen(&merged, depth, (Some(&session_name), None));
    let agreement = match agreement(&merged, &session_name, users) {
        Agreement::Agrees => "agrees",
        // Whoever vouches for the person names the session.
        Agreement::Differs if name.is_some() => "differs",
        Agreement::Differs | Agreement::SaysNothing => "says-nothing",
    };
    let arn = first.caller.arn.clone().unwrap_or_default();
    let event_id = origin.event_id.as_ref();
    let mut mismatches: Vec<Mismatch> = Vec::new();
    for identity in &identities {
        let names = chosen(&merged, depth, (Some(&session_name), identity.map(String::as_str)));
        for one in of_names(&merged, names, users, &arn, event_id) {
            if !mismatches.contains(&one) {
                mismatches.push(one);
            }
        }
    }
    let mut differs = Origin::differences(&origins);
    differs.extend((identities.len() > 1).then_some("source-identity"));
    let identity = identities.first().copied().flatten().filter(|_| identities.len() == 1);
    Some(SessionRow {
        role: first.caller.role_name().unwrap_or_default().to_owned(),
        account: first.caller.account.clone(),
        claim_kind: claim.kind(),
        claim: claim.words(),
        agreement,
        depth,
        ambiguous: ambiguous.len() as u64,
        source_identity: identity.cloned(),
        role_id: role_id(first),
        mfa: if said.len() == 1 { said.pop_first().flatten() } else { None },
        with_mfa,
        without_mfa,
        origin_keys: origin_keys.into_iter().cloned().collect(),
        differs,
        sessions: created.len() as u64,
        keys: keys
            .into_iter()
            .map(|((access_key, created), usage)| SessionKey { access_key, created, usage })
            .collect(),
        usage,
        mismatches,
        origin: merged,
        role_arn,
        session_name,
    })
}

/// The sessions of one instance that were used from an address that is not its own.
async fn of_place(
    source: &Source,
    row: &SessionRow,
    members: &[Member],
) -> Result<Option<Mismatch>, ResolveError> {
    let Some(workload) = row.origin.on_behalf_of.as_ref().filter(|workload| workload.kind == "instance")
    else {
        return Ok(None);
    };
    let account = row.account.as_deref().unwrap_or_default();
    let mut by_session: BTreeMap<_, Usage> = BTreeMap::new();
    for (credential, _) in members {
        by_session.entry(credential.caller.created).or_default().merge(&credential.usage);
    }
    let (mut odd, mut places, mut of_instance) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    for usage in by_session.values() {
        let Some(first) = usage.first else { continue };
        let own = source.own_addresses(account, &workload.id, first.0).await?;
        let found = odd_places(addresses(usage), &own);
        if !found.is_empty() {
            places.extend(addresses(usage));
            odd.extend(found);
            of_instance.extend(own.of_instance);
        }
    }
    let words = |places: &BTreeSet<&str>, between| places.iter().copied().collect::<Vec<_>>().join(between);
    Ok((!odd.is_empty()).then(|| Mismatch {
        kind: "place",
        claim: workload.words(),
        verified: words(&odd, ", "),
        session: members.first().and_then(|(one, _)| one.caller.arn.clone()).unwrap_or_default(),
        text: match places.len() {
            1 => {
                let own: BTreeSet<&str> = of_instance.iter().map(String::as_str).collect();
                let own = words(&own, " and ");
                format!("used from {}, but the instance's addresses are {own}", words(&places, " and "))
            }
            some => format!("{some} addresses in one instance session: {}", words(&places, " and ")),
        },
        event_id: None,
    }))
}
