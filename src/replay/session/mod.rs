//! What the record that issued a session tells of its policies and tags.
//!
//! ```text
//! records ── add ──> Issuances ── session(record) ──> Session
//!            (facts shared, one small entry an issuance)
//! ```
//!
//! An issuance is found by session and second of its creation, and among several by the access key (ids of keys repeat in
//! sanitised logs, so a key alone proves nothing). Which tags a session inherited is told when it is asked for: the order
//! of the records does not matter.

mod facts;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use self::facts::{Facts, FactsPool};
use super::who::said;
use super::{Field, Parsed, Record};
use crate::aws::{AccessKeyId, AccountId, Arn, IdKind, Principal};
use crate::policy::Document;

/// What is known of the session that a request was made in, from the record that issued it.
#[derive(Debug, Clone, PartialEq)]
pub struct Session {
    /// The session policies.
    pub policies: SessionPolicies,
    /// The session tags, inherited ones included, where all are known; None if they are not known. They override the
    /// tags of user or role key by key (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>).
    pub tags: Option<BTreeMap<String, String>>,
    /// The event id of the issuing record.
    pub issued_by: Option<String>,
}

/// The policies that were given when a session was made.
#[derive(Debug, Clone, PartialEq)]
pub enum SessionPolicies {
    /// None were.
    None,
    /// These: inline ones parsed, managed ones by ARN.
    Given {
        /// Parsed from the record.
        inline: Vec<Arc<Document>>,
        /// To be looked up in the snapshot.
        managed: Vec<String>,
    },
    /// It is not known, for this reason in words.
    Unknown(String),
}

/// The columns that [`Issuances::session`] reads.
pub const FIELDS_OF_SESSION: &[Field] = &[
    Field::SessionCreated,
    Field::AssumedRoot,
    Field::IdentityType,
    Field::PrincipalId,
    Field::IdentityArn,
    Field::IdentityAccountId,
    Field::AccessKeyId,
    Field::SessionIssuerArn,
];

const NO_ISSUANCE: &str = "the record that issued the session is not in these logs";
const NO_CREATION: &str = "the record does not tell when the session was created";
const DIFFERENT: &str = "several records issued such a session in that second, and differ";
/// Chains of roles are followed so far; longer ones lose their first tags.
const CHAIN_MAX: usize = 64;

/// The issuing records of sessions, gathered before the requests are read.
///
/// An issuance takes 48 bytes in a hash table, and 32 more if another session asked for it; policies and tags are kept once
/// for all that share them.
#[derive(Debug, Default)]
pub struct Issuances {
    /// By session and second.
    slots: HashMap<Slot, Issuance>,
    /// Further issuances of a session in the same second: two keys that an SDK asked for at once.
    twins: HashMap<Slot, Vec<Issuance>>,
    /// Event ids that are no UUID, by their hash.
    odd_event_ids: HashMap<u128, Box<str>>,
    facts: FactsPool,
    /// The sessions that asked for others; their tags may be inherited.
    parents: Vec<Parent>,
}

/// A session that asked for another, and the hash of its access key's id.
type Parent = (Slot, u64);

/// A session and the second of its creation, hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Slot(u128);

/// One issuance.
#[derive(Debug, Clone, Copy)]
struct Issuance {
    /// The hash of the access key's id; 0 if the record names none.
    key: u64,
    /// Its policies and tags.
    facts: u32,
    /// The event's id, as a number or hashed; 0 if the record has none.
    event: u128,
    /// The place of the session that asked for it among the parents, from 1; 0 if it was none.
    parent: u32,
}

impl Issuances {
    /// Takes a record in, if it issued a session: a successful call of
    /// <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_request.html>.
    pub fn add(&mut self, record: &Record<'_>, parsed: &Parsed) {
        let issues = record.event_source == Some("sts.amazonaws.com") && said(record.error_code).is_none();
        let Some(operation) = record.event_name.filter(|_| issues).and_then(Operation::of) else { return };
        let Some(session) = operation.session(record, parsed) else { return };
        let facts = self.facts.intern(Facts::of(operation, parsed));
        let event = said(record.event_id).map_or(0, |id| self.event(id));
        let parent = (operation == Operation::AssumeRole).then(|| asked_in(record)).flatten();
        let parent = parent.map_or(0, |parent| self.parent(parent));
        let key = hash_of_key(record.issued_access_key_id);
        self.insert(slot(&session, record.event_time.timestamp()), Issuance { key, facts, event, parent });
    }

    /// Takes in all that another has gathered.
    pub fn merge(&mut self, other: Self) {
        let renumbered: Vec<u32> = other.facts.into_iter().map(|facts| self.facts.intern(facts)).collect();
        self.odd_event_ids.extend(other.odd_event_ids);
        let rest =
            other.twins.into_iter().flat_map(|(slot, twins)| twins.into_iter().map(move |one| (slot, one)));
        for (slot, issuance) in other.slots.into_iter().chain(rest) {
            let facts = usize::try_from(issuance.facts).ok().and_then(|place| renumbered.get(place));
            let parent = at(&other.parents, issuance.parent).map_or(0, |parent| self.parent(parent));
            if let Some(facts) = facts {
                self.insert(slot, Issuance { facts: *facts, parent, ..issuance });
            }
        }
    }

    /// How many issuances were taken in, each once.
    #[must_use]
    pub fn len(&self) -> usize {
        self.slots.len() + self.twins.values().map(Vec::len).sum::<usize>()
    }

    /// Whether none was.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.slots.is_empty()
    }

    /// The session policies that were given inline, each different one once.
    pub fn documents(&self) -> impl Iterator<Item = Arc<Document>> {
        self.facts.documents()
    }

    /// The session of a request; None where the caller has no session (a user with a long-term key, root, a service).
    ///
    /// Sessions that a user's own long-term credentials make (`GetSessionToken`, the console, a service that forwards the
    /// call) take neither policies nor tags
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html>), so they are known without their
    /// issuing record. Keys that the issuing record does not name (a console session or one of IAM Identity Center uses
    /// many) are told by the session and the second of its creation.
    #[must_use]
    pub fn session(&self, record: &Record<'_>) -> Option<Arc<Session>> {
        let kind = kind_of(record)?;
        let found = match (session_of(record), record.session_created) {
            (Some(session), Some(created)) => {
                self.find(slot(&session, created.timestamp()), hash_of_key(record.access_key_id))
            }
            (Some(_), None) => Err(NO_CREATION),
            (None, _) => Err(NO_ISSUANCE),
        };
        Some(Arc::new(match found {
            Ok(issuance) => self.tell(issuance),
            Err(_) if kind == Kind::OfUser => {
                Session { policies: SessionPolicies::None, tags: Some(BTreeMap::new()), issued_by: None }
            }
            Err(why) => {
                Session { policies: SessionPolicies::Unknown(why.to_owned()), tags: None, issued_by: None }
            }
        }))
    }

    fn insert(&mut self, slot: Slot, issuance: Issuance) {
        let first = self.slots.entry(slot).or_insert(issuance);
        let twins = self.twins.get_mut(&slot);
        let known = std::iter::once(&mut *first).chain(twins.into_iter().flatten());
        let mut same = known.filter(|one| one.key == issuance.key && one.facts == issuance.facts);
        if let Some(known) = same.next() {
            // The same issuance once more: a second delivery, or the copy in another account, of which only the
            // caller's own names the session that asked. Whichever came first, the result is one.
            known.event = known.event.min(issuance.event);
            if at(&self.parents, known.parent) < at(&self.parents, issuance.parent) {
                known.parent = issuance.parent;
            }
            return;
        }
        drop(same);
        self.twins.entry(slot).or_default().push(issuance);
    }

    /// The issuance of a session: of its key, or, where no issuance there has that key, any, if all tell the same.
    fn find(&self, slot: Slot, key: u64) -> Result<Issuance, &'static str> {
        let first = self.slots.get(&slot).ok_or(NO_ISSUANCE)?;
        let all = || std::iter::once(first).chain(self.twins.get(&slot).into_iter().flatten());
        let of_key = |one: &&Issuance| key != 0 && one.key == key;
        let has_key = all().any(|one| of_key(&one));
        let mut fit = all().filter(|one| !has_key || of_key(one));
        let mut found = *fit.next().ok_or(NO_ISSUANCE)?;
        for other in fit {
            if self.inherits(&found) != self.inherits(other) || other.facts != found.facts {
                return Err(DIFFERENT);
            }
            if (other.key, other.event) < (found.key, found.event) {
                found = *other;
            }
        }
        Ok(found)
    }

    /// From whom tags would be inherited, if the record does not tell them itself.
    fn inherits(&self, issuance: &Issuance) -> Option<Parent> {
        let told = self.facts.get(issuance.facts).is_some_and(Facts::tells_inherited);
        at(&self.parents, issuance.parent).filter(|_| !told)
    }

    fn tell(&self, issuance: Issuance) -> Session {
        let facts = self.facts.get(issuance.facts);
        let policies =
            facts.map_or_else(|| SessionPolicies::Unknown(NO_ISSUANCE.to_owned()), Facts::policies);
        let own = facts.and_then(Facts::own_tags);
        let tags = own.zip(self.inherited(issuance)).map(|(own, inherited)| overridden(own, &inherited));
        Session { policies, tags, issued_by: self.event_id(issuance.event) }
    }

    /// The tags that a session has from the ones before it: those that were set as transitive, whose values no later one
    /// changes (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_role-chaining>).
    /// The record of a chained role names them as `incomingTransitiveTags`
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/cloudtrail-integration.html>); where it does not, the
    /// session that asked for it is looked at, if its own issuance is known. None if they are not known.
    fn inherited(&self, issuance: Issuance) -> Option<BTreeMap<String, String>> {
        let mut of_chain: Vec<BTreeMap<String, String>> = Vec::new();
        let mut child = issuance;
        for _ in 0..CHAIN_MAX {
            let facts = self.facts.get(child.facts)?;
            if facts.tells_inherited() {
                of_chain.push(facts.incoming().clone());
                break;
            }
            let parent = at(&self.parents, child.parent);
            let Some(before) = parent.and_then(|(slot, key)| self.find(slot, key).ok()) else { break };
            of_chain.push(self.facts.get(before.facts)?.transitive()?);
            child = before;
        }
        let mut tags = BTreeMap::new();
        for earlier in of_chain.iter().rev() {
            tags = overridden(earlier, &tags);
        }
        Some(tags)
    }

    /// The place of a parent, from 1. Past four thousand million of them the rest has none.
    fn parent(&mut self, parent: Parent) -> u32 {
        let Ok(place) = u32::try_from(self.parents.len() + 1) else { return 0 };
        self.parents.push(parent);
        place
    }

    fn event(&mut self, id: &str) -> u128 {
        if let Some(number) = uuid(id) {
            return number;
        }
        let hash = xxh3_128(id.as_bytes());
        self.odd_event_ids.entry(hash).or_insert_with(|| id.into());
        hash
    }

    fn event_id(&self, event: u128) -> Option<String> {
        match self.odd_event_ids.get(&event) {
            Some(odd) => Some(odd.to_string()),
            None if event == 0 => None,
            None => Some(uuid_text(event)),
        }
    }
}

/// A call that makes a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    AssumeRole,
    Federated,
    AssumeRoot,
    FederationToken,
    SessionToken,
}

impl Operation {
    fn of(name: &str) -> Option<Self> {
        Some(match name {
            "AssumeRole" => Self::AssumeRole,
            "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity" => Self::Federated,
            "AssumeRoot" => Self::AssumeRoot,
            "GetFederationToken" => Self::FederationToken,
            "GetSessionToken" => Self::SessionToken,
            _ => return None,
        })
    }

    /// The session that it made, as [`session_of`] names the sessions of later records.
    fn session(self, record: &Record<'_>, parsed: &Parsed) -> Option<String> {
        let parameter = |name: &str| said(parsed.parameters.as_ref()?.get(name)?.as_str());
        match self {
            Self::AssumeRole | Self::Federated => {
                if let Some(arn) = said(record.assumed_role_arn) {
                    return session_named(arn);
                }
                // A service that assumes a role gets no `assumedRoleUser`.
                let arn = Arn::parse(parameter("roleArn")?)?;
                let Some(Principal::Role { name, .. }) = arn.principal() else { return None };
                Some(format!("{}/{name}/{}", arn.account, parameter("roleSessionName")?))
            }
            Self::FederationToken => {
                let response = parsed.response.as_ref();
                let arn =
                    response.and_then(|response| said(response.pointer("/federatedUser/arn")?.as_str()));
                if let Some(arn) = arn {
                    return session_named(arn);
                }
                let account = Arn::parse(said(record.identity_arn)?)?.account_id()?;
                Some(format!("{account}//{}", parameter("name")?))
            }
            Self::AssumeRoot => {
                let target = parameter("targetPrincipal")?;
                let account = AccountId::parse(target).or_else(|| Arn::parse(target)?.account_id())?;
                Some(format!("{account}/root"))
            }
            Self::SessionToken => said(record.identity_arn).map(str::to_owned),
        }
    }
}

/// What kind of session a caller has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Of a role, a federated user, or a member account's root: somebody gave it policies and tags, or none.
    Given,
    /// Of a user or a root user, made with their own credentials.
    OfUser,
}

fn kind_of(record: &Record<'_>) -> Option<Kind> {
    let temporary =
        |text: &str| AccessKeyId::parse(text).is_some_and(|key| key.kind() == IdKind::TemporaryKey);
    let of_user = || {
        let is_session =
            record.session_created.is_some() || said(record.access_key_id).is_some_and(temporary);
        is_session.then_some(Kind::OfUser)
    };
    match record.identity_type? {
        "AssumedRole" | "Role" | "FederatedUser" => Some(Kind::Given),
        "Root" if record.assumed_root == Some(true) => Some(Kind::Given),
        "IAMUser" | "Root" => of_user(),
        // A role session of another account.
        "AWSAccount" | "Unknown" => {
            let id = said(record.principal_id)?;
            (IdKind::of(id) == Some(IdKind::Role) && id.contains(':')).then_some(Kind::Given)
        }
        _ => None,
    }
}

/// The session of a record: account, role and session name; the account and a federated user's name; an account's root by
/// `AssumeRoot`; the ARN of a user or root.
fn session_of(record: &Record<'_>) -> Option<String> {
    if record.assumed_root == Some(true) {
        let of_arn = || Arn::parse(said(record.identity_arn)?)?.account_id();
        let account = record.identity_account_id.and_then(AccountId::parse).or_else(of_arn)?;
        return Some(format!("{account}/root"));
    }
    if let Some(arn) = said(record.identity_arn) {
        return session_named(arn).or_else(|| Some(arn.to_owned()));
    }
    let issuer = Arn::parse(said(record.session_issuer_arn)?)?;
    let Some(Principal::Role { name, .. }) = issuer.principal() else { return None };
    let (_, session) = said(record.principal_id)?.split_once(':')?;
    Some(format!("{}/{name}/{session}", issuer.account))
}

/// The session that issued another, with the key.
fn asked_in(record: &Record<'_>) -> Option<Parent> {
    kind_of(record).filter(|kind| *kind == Kind::Given)?;
    let created = record.session_created?;
    Some((slot(&session_of(record)?, created.timestamp()), hash_of_key(record.access_key_id)))
}

/// The parent at a place, from 1.
fn at(parents: &[Parent], place: u32) -> Option<Parent> {
    parents.get(usize::try_from(place).ok()?.checked_sub(1)?).copied()
}

fn session_named(arn: &str) -> Option<String> {
    let arn = Arn::parse(arn)?;
    match arn.principal()? {
        Principal::RoleSession { role, session } => Some(format!("{}/{role}/{session}", arn.account)),
        Principal::FederatedUser { name } => Some(format!("{}//{name}", arn.account)),
        Principal::Root | Principal::User { .. } | Principal::Role { .. } => None,
    }
}

fn slot(session: &str, second: i64) -> Slot {
    let mut text = Vec::with_capacity(session.len() + 8);
    text.extend_from_slice(session.as_bytes());
    text.extend_from_slice(&second.to_le_bytes());
    Slot(xxh3_128(&text))
}

fn hash_of_key(key: Option<&str>) -> u64 {
    said(key).map_or(0, |key| xxh3_64(key.as_bytes()).max(1))
}

/// Tags with those of `over` in place of their own; keys of tags ignore case
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_know>).
pub(super) fn overridden(
    own: &BTreeMap<String, String>,
    over: &BTreeMap<String, String>,
) -> BTreeMap<String, String> {
    let kept = own.iter().filter(|(key, _)| !over.keys().any(|other| other.eq_ignore_ascii_case(key)));
    kept.chain(over).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// The number of an id of the form `8-4-4-4-12`, hexadecimal in lower case, as [`uuid_text`] writes it.
fn uuid(id: &str) -> Option<u128> {
    let digits: String = id.split('-').collect();
    let number = (digits.len() == 32).then(|| u128::from_str_radix(&digits, 16).ok())??;
    (number != 0 && uuid_text(number) == id).then_some(number)
}

fn uuid_text(number: u128) -> String {
    let digits = format!("{number:032x}");
    let part = |range: std::ops::Range<usize>| digits.get(range).unwrap_or_default();
    format!("{}-{}-{}-{}-{}", part(0..8), part(8..12), part(12..16), part(16..20), part(20..32))
}
