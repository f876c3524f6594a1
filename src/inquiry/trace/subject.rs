//! Who is asked about: the credentials that bear an id, and what is known of them together.

use std::collections::{BTreeMap, BTreeSet};

use super::fetch::{Source, one_of, together};
use crate::aws::{Arn, HIDDEN, IdKind, Principal, Subject};
use crate::inquiry::{Candidate, ResolveError, Resolved, Window, resolve};
use crate::investigate::SubjectKind;
use crate::lake::{Column, Session};
use crate::lineage::{
    AssumedRoot, Caller, Class, Credential, Gap, Issuance, IssuanceKind, Link, Node, Origin, OriginKind,
    Proof, Reason, TraceSubject, TracedOrigin, Usage, Violation, is_named_by_identity_center, is_telling,
    session_name,
};
use crate::query::{self, EventRow, Filter, QueryError};

mod own;
mod unused;

use own::own_origin;
use unused::unused;

/// Whoever is asked about.
pub(super) struct Asked {
    pub(super) subject: TraceSubject,
    /// The credentials that bear the id, those with most calls first.
    pub(super) credentials: Vec<Credential>,
    /// The origin that the id itself is: of a user or root.
    pub(super) origin: Option<TracedOrigin>,
    /// The links above that.
    pub(super) links: Vec<Link>,
    /// What cannot be among them.
    pub(super) violations: Vec<Violation>,
    /// Of an event what the records of two accounts share of its request.
    pub(super) request: Option<String>,
}

impl Asked {
    /// Somebody whose credentials lead up.
    fn new(subject: TraceSubject, credentials: Vec<Credential>) -> Asked {
        Asked { subject, credentials, origin: None, links: Vec::new(), violations: Vec::new(), request: None }
    }
}

/// Finds out who is meant.
pub(super) async fn find(
    source: &Source,
    ctx: &Session,
    asked: &str,
    window: Window,
) -> Result<Asked, ResolveError> {
    match Subject::parse(asked)? {
        Subject::EventId(id) => of_event(source, asked, &id).await,
        Subject::AccessKey(key) => of_key(source, asked, &key, window).await,
        subject => {
            let resolved = resolve(ctx, asked).await?;
            told_apart(of_resolved(source, resolved, &subject, window).await?)
        }
    }
}

/// Refuses a name that users bore one after another.
fn told_apart(found: Asked) -> Result<Asked, ResolveError> {
    match namesakes(&found) {
        several if several.len() > 1 => {
            Err(ResolveError::Ambiguous { asked: found.subject.asked, candidates: several })
        }
        _ => Ok(found),
    }
}

/// The users who bore one name after another, by their unique ids: a user that is made anew is another one
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html>). None where a user is not asked about, or
/// by its unique id.
fn namesakes(found: &Asked) -> Vec<Candidate> {
    if found.origin.as_ref().is_none_or(|own| own.origin.kind != OriginKind::IamUser) {
        return Vec::new();
    }
    let mut by_id: BTreeMap<&str, Vec<Credential>> = BTreeMap::new();
    for one in &found.credentials {
        if let Some(id) = unique_id(&one.caller) {
            by_id.entry(id).or_default().push(one.clone());
        }
    }
    Candidate::users(by_id.into_iter().map(|(id, credentials)| (id.to_owned(), together(&credentials))))
}

/// The unique id of a user.
fn unique_id(caller: &Caller) -> Option<&str> {
    let id = caller.principal_id.as_deref().filter(|_| caller.identity_type.as_deref() == Some("IAMUser"))?;
    (IdKind::of(id) == Some(IdKind::User) && is_telling(id)).then_some(id)
}

/// What is known of a subject that is resolved already.
pub(super) async fn of(source: &Source, subject: &Resolved, window: Window) -> Result<Asked, ResolveError> {
    if subject.kind == SubjectKind::AccessKey {
        return of_key(source, &subject.asked, &subject.id, window).await;
    }
    let asked = Subject::parse(&subject.asked)?;
    told_apart(of_resolved(source, subject.clone(), &asked, window).await?)
}

/// Whether an ARN is that of a federated user.
fn is_federated(arn: &str) -> bool {
    matches!(Arn::parse(arn).and_then(Arn::principal), Some(Principal::FederatedUser { .. }))
}

/// Whether any event satisfies a condition.
pub(in crate::inquiry) async fn is_seen(ctx: &Session, filter: &Filter) -> Result<bool, QueryError> {
    Source::open(ctx).await?.any(filter).await
}

/// Who is meant, where only other records name it: a user or role that was made, or a session that was not used.
pub(in crate::inquiry) async fn only_named(
    ctx: &Session,
    asked: &str,
    typed: &Subject,
) -> Result<Option<(SubjectKind, String)>, ResolveError> {
    let found = unused(&Source::open(ctx).await?, asked, typed).await?;
    Ok(found.map(|found| {
        let kind = match found.subject.kind.as_str() {
            "role" => SubjectKind::Role,
            "session" => SubjectKind::Session,
            _ => SubjectKind::User,
        };
        (kind, found.subject.id)
    }))
}

fn subject_of(kind: &str, id: &str, asked: &str, credentials: &[Credential]) -> TraceSubject {
    let nodes: BTreeSet<Node> = credentials.iter().map(|credential| credential.caller.node()).collect();
    let only = if nodes.len() == 1 { credentials.first() } else { None };
    let name = only.and_then(|only| only.caller.session_name().filter(|_| only.caller.is_role_session()));
    TraceSubject {
        kind: kind.to_owned(),
        id: id.to_owned(),
        asked: asked.to_owned(),
        node: only.map(|only| only.caller.node()),
        usage: together(credentials),
        credential_usage: None,
        outside_window: None,
        credentials: credentials.len() as u64,
        session_keys: 0,
        session_calls: 0,
        mfa: only.and_then(|only| only.caller.mfa),
        claim: name.map(|name| session_name::claim(name).words()),
        acts_for: None,
        assumed_root: None,
        event: None,
        gap: None,
    }
}

async fn of_event(source: &Source, asked: &str, id: &str) -> Result<Asked, ResolveError> {
    let filter = Filter::Is(Column::EventId, id.to_owned());
    let (mut records, mut request) = (BTreeSet::new(), None);
    let mut tried = None;
    for batch in source.events(&filter, &[]).await? {
        for row in query::rows(&batch)? {
            records.insert(Proof::from(&row.record()));
            tried = tried.or(row.caller_fields().is_attempt().then(|| only_tried(&row)));
            let shared = row.shared_event_id.filter(|id| !id.is_empty());
            request = request.or(shared.filter(|_| row.event_category != Some("Insight")).map(str::to_owned));
        }
    }
    let Some(first) = records.first() else {
        return Err(ResolveError::Unknown { asked: asked.to_owned(), close: Vec::new() });
    };
    let mut credentials = Vec::new();
    for named in source.callers(&filter).await? {
        // All sign-ins of a user are one caller: of the others nothing is asked.
        let whole = if named.caller.signs_in() { None } else { source.whole(&named.caller).await? };
        credentials.push(whole.unwrap_or(named));
    }
    let mut subject = subject_of("event", id, asked, &credentials);
    subject.event = Some(first.clone());
    subject.gap = tried.filter(|_| credentials.is_empty());
    // The event is one call of its credential's.
    let own = source.usage(&filter).await?;
    let whole = std::mem::replace(&mut subject.usage, own);
    subject.credential_usage = Some(whole).filter(|_| !credentials.is_empty());
    Ok(Asked { request, ..Asked::new(subject, credentials) })
}

/// Why nobody is behind a record of somebody who tried to sign in.
fn only_tried(row: &EventRow<'_>) -> Gap {
    let failed = [row.error_code, row.error_message].into_iter().flatten().any(|text| !text.is_empty());
    let event = row.event_name.unwrap_or("it");
    let what = if failed { format!("{event} failed") } else { format!("{event} is no whole sign-in") };
    let name = row.user_name.filter(|name| !name.is_empty() && !name.starts_with(HIDDEN));
    let root = (row.identity_type == Some("Root")).then_some("root");
    let as_whom = match root.or(name) {
        Some(name) => format!("it was tried as {name}"),
        None => "as whom it was tried is hidden".to_owned(),
    };
    Gap {
        reason: Reason::NoCredential,
        text: format!("{what}: {as_whom}, and nothing proves who did, or that a password was known"),
        hint: "look at the address, and at what else came from there".to_owned(),
    }
}

async fn of_key(source: &Source, asked: &str, key: &str, window: Window) -> Result<Asked, ResolveError> {
    let is = Filter::Is(Column::AccessKeyId, key.to_owned());
    let (mut credentials, outside) = used_in(source, is, window).await?;
    let mut gap = None;
    if credentials.is_empty() {
        let made = source.making(key).await?;
        let Some(issuance) = made.first() else {
            return Err(ResolveError::Unknown { asked: asked.to_owned(), close: Vec::new() });
        };
        if let Some(account) = &issuance.session_account {
            gap = source.sight().await?.elsewhere(account);
        }
        credentials.push(Credential { caller: never_used(issuance), usage: Usage::default() });
    }
    let subject = TraceSubject { gap, ..subject_of("access-key", key, asked, &credentials) };
    let subject = not_in_window(subject, outside);
    Ok(Asked::new(subject, credentials))
}

/// The callers of a subject in the window; where there are none, but elsewhere in the logs, all of them with what they did
/// there: who is known is not said to be nobody.
async fn used_in(
    source: &Source,
    filter: Filter,
    window: Window,
) -> Result<(Vec<Credential>, Option<Usage>), QueryError> {
    let inside = source.callers(&Filter::All(vec![filter.clone(), window.filter()])).await?;
    if !inside.is_empty() || window == Window::default() {
        return Ok((inside, None));
    }
    let all = source.callers(&filter).await?;
    let outside = (!all.is_empty()).then(|| together(&all));
    Ok((all, outside))
}

/// A subject that did nothing in the window, where `outside` is what it did before or after.
fn not_in_window(subject: TraceSubject, outside: Option<Usage>) -> TraceSubject {
    match outside {
        Some(_) => TraceSubject { usage: Usage::default(), outside_window: outside, ..subject },
        None => subject,
    }
}

/// The caller that would use a key, as its issuance tells.
pub(super) fn never_used(issuance: &Issuance) -> Caller {
    let long_term = issuance.kind == IssuanceKind::AccessKey;
    let arn = if long_term {
        let account = issuance.session_account.as_deref().unwrap_or_default();
        let partition = issuance.partition();
        let root = issuance.is_of_root().then(|| format!("arn:{partition}:iam::{account}:root"));
        let user =
            issuance.user_name.as_ref().map(|name| format!("arn:{partition}:iam::{account}:user/{name}"));
        user.or(root)
    } else {
        issuance.session_arn.clone()
    };
    let principal = arn.as_deref().and_then(Arn::parse).and_then(Arn::principal);
    let identity_type = match principal {
        Some(Principal::FederatedUser { .. }) => "FederatedUser",
        Some(Principal::Root) => "Root",
        Some(Principal::User { .. }) => "IAMUser",
        Some(Principal::RoleSession { .. } | Principal::Role { .. }) | None => "AssumedRole",
    };
    Caller {
        identity_type: Some(identity_type.to_owned()),
        account: issuance.session_account.clone(),
        access_key: issuance.key.clone(),
        principal_id: issuance.session_id.clone(),
        user_name: issuance.user_name.clone(),
        created: (!long_term).then_some(issuance.record.time),
        source_identity: issuance.source_identity.clone(),
        sign_in_session: issuance.sign_in_session.clone(),
        arn,
        ..Caller::bare(0, Class::Credential)
    }
}

async fn of_resolved(
    source: &Source,
    resolved: Resolved,
    typed: &Subject,
    window: Window,
) -> Result<Asked, ResolveError> {
    let filter = own_rows(source, &resolved).await?;
    let assumed_root = assumed_root(source, &resolved, window).await?;
    let Resolved { kind, id, asked, .. } = resolved;
    let (credentials, outside) = used_in(source, filter, window).await?;
    if credentials.is_empty() && assumed_root.is_none() {
        return match unused(source, &asked, typed).await? {
            Some(found) => Ok(found),
            None => Err(ResolveError::Unknown { asked, close: Vec::new() }),
        };
    }
    let word = match kind {
        SubjectKind::AccessKey => "access-key",
        SubjectKind::User => "user",
        SubjectKind::Role => "role",
        SubjectKind::Session => "session",
        SubjectKind::Root => "root",
        SubjectKind::UniqueId => "unique-id",
        SubjectKind::SourceIdentity => "source-identity",
        SubjectKind::Address => "address",
        SubjectKind::IdentityCenterUser => "identity-center-user",
        SubjectKind::Subject => "subject",
        // The session of a federated user has an ARN of its own kind.
        SubjectKind::Other if is_federated(&id) => "session",
        SubjectKind::Other => "service",
    };
    let subject = not_in_window(subject_of(word, &id, &asked, &credentials), outside);
    let mut found = Asked::new(TraceSubject { assumed_root, ..subject }, credentials);
    if matches!(kind, SubjectKind::User | SubjectKind::Root) {
        let caller = found.credentials.iter().map(|one| &one.caller).find(|caller| caller.is_user_or_root());
        let name = caller.and_then(|caller| caller.user_name.clone());
        let of_arn = || Arn::parse(&id).map(|arn| arn.account.to_owned());
        let account = caller.and_then(|caller| caller.account.clone()).or_else(of_arn);
        let kind = if kind == SubjectKind::Root { OriginKind::Root } else { OriginKind::IamUser };
        own_origin(source, &mut found, kind, (id, name, account)).await?;
    }
    Ok(found)
}

/// What was done in sessions that AssumeRoot made of a root, of the rows that bear its name; None where nothing was, or no root is
/// meant.
async fn assumed_root(
    source: &Source,
    subject: &Resolved,
    window: Window,
) -> Result<Option<AssumedRoot>, QueryError> {
    if subject.kind != SubjectKind::Root {
        return Ok(None);
    }
    // Root's own records, which may bear the same key id in sanitised logs, lack the mark.
    let marked = Filter::Some(Column::AssumedRoot);
    let named = Filter::All(vec![subject.filter.clone(), window.filter(), marked]);
    let mut assumed = source.callers(&named).await?;
    assumed.retain(|one| one.caller.is_assumed_root());
    let access_keys = assumed.iter().filter_map(|one| one.caller.access_key.clone()).collect();
    Ok((!assumed.is_empty()).then(|| AssumedRoot { access_keys, usage: together(&assumed) }))
}

/// The condition that selects the rows of a subject: of a user of Identity Center also those of sessions that only name it, of a
/// root none of sessions that AssumeRoot made.
pub(super) async fn own_rows(source: &Source, subject: &Resolved) -> Result<Filter, QueryError> {
    let own = subject.filter.clone();
    if let Some(assumed) = assumed_root(source, subject, Window::default()).await? {
        // One key id may stand for all, as in sanitised logs: root's own records lack the mark.
        let by_others =
            vec![Filter::Some(Column::AssumedRoot), one_of(Column::AccessKeyId, assumed.access_keys)];
        return Ok(Filter::All(vec![own, Filter::Not(Box::new(Filter::All(by_others)))]));
    }
    if subject.kind != SubjectKind::IdentityCenterUser {
        return Ok(own);
    }
    let named = named_alone(source, &subject.id).await?;
    Ok(Filter::Any([own].into_iter().chain(named).collect()))
}

/// The condition that selects the sessions which Identity Center named by a name that is this user's alone, in records
/// that do not say whose they are. None where it bore no such name.
async fn named_alone(source: &Source, user_id: &str) -> Result<Option<Filter>, QueryError> {
    let of = |name: Option<&String>, user_id: Option<&str>| Origin {
        user_id: user_id.map(str::to_owned),
        ..Origin::principal(OriginKind::IdentityCenterUser, None, name.cloned(), None)
    };
    let mut person = of(None, Some(user_id));
    source.people(&person).await?.name(&mut person);
    let mut names = BTreeSet::new();
    for name in person.names.iter().chain(&person.name) {
        let mut bearer = of(Some(name), None);
        source.people(&bearer).await?.name(&mut bearer);
        names.extend((bearer.user_id.as_deref() == Some(user_id)).then(|| name.clone()));
    }
    if names.is_empty() {
        return Ok(None);
    }
    let named = Filter::All(vec![
        Filter::SessionName(names),
        Filter::Is(Column::IdentityType, "AssumedRole".to_owned()),
        Filter::Not(Box::new(Filter::Some(Column::OnBehalfOfUserId))),
    ]);
    let callers = source.callers(&named).await?;
    let by_center =
        callers.iter().map(|one| &one.caller).filter(|caller| is_named_by_identity_center(caller));
    let arns: BTreeSet<String> = by_center.filter_map(|caller| caller.arn.clone()).collect();
    let is = Filter::All(vec![one_of(Column::IdentityArn, arns.clone()), named]);
    Ok((!arns.is_empty()).then_some(is))
}

/// For whom some credentials acted, where that is one user and the role is none of Identity Center's, whose sessions are of
/// the user itself; in words.
pub(super) async fn acts_for(
    source: &Source,
    credentials: &[Credential],
) -> Result<Option<String>, QueryError> {
    let by_application = credentials.iter().map(|one| &one.caller);
    let by_application = by_application.filter(|caller| {
        caller.class == Class::Credential && caller.is_role_session() && !is_named_by_identity_center(caller)
    });
    let users: BTreeSet<(&String, Option<&String>)> = by_application
        .filter_map(|one| Some((one.on_behalf_of.as_ref()?, one.identity_store.as_ref())))
        .collect();
    let (Some((user, store)), 1) = (users.first(), users.len()) else { return Ok(None) };
    let mut person = Origin {
        user_id: Some((*user).clone()),
        identity_store: store.cloned(),
        ..Origin::principal(OriginKind::IdentityCenterUser, None, None, None)
    };
    source.people(&person).await?.name(&mut person);
    Ok(Some(person.words()))
}
