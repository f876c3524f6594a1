//! The first look at the events: who called what, how it ended, when and where. It reads small columns only.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::NaiveDate;
use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::xxh3_64;

use super::count::Span;
use super::plan::Plan;
use super::sight::is_regional;
use crate::aws::{IdKind, Time};
use crate::pack;
use crate::replay::answer::Then;
use crate::replay::{FIELDS_OF_CALLER, FIELDS_OF_ORIGINAL, Field, Fields, Record, is_copy, who};

/// Callers that are remembered; then all are forgotten and told again.
const CALLERS_MAX: usize = 100_000;

/// An event by source and name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct EventName {
    /// `s3.amazonaws.com`.
    pub source: String,
    /// `GetObject`.
    pub name: String,
    /// Whether it is a call of an API, not an event of a service, a sign-in or the like.
    pub is_call: bool,
}

/// What the census counts by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct Key {
    pub(crate) subject: usize,
    pub(crate) event: usize,
    pub(crate) then: Then,
    /// Whether it was made in a session that `GetFederationToken` issued: what its session policy does not let through is no use
    /// of what the user may do.
    pub(crate) is_federated: bool,
}

/// What an account's log holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountLog {
    /// By region the days that have events, and how many.
    pub regions: BTreeMap<String, BTreeMap<NaiveDate, u64>>,
    /// Which events there are, of whoever.
    pub(crate) events: BTreeSet<SeenEvent>,
    /// All of them.
    pub span: Span,
}

/// That an event of a name is in a log.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SeenEvent {
    pub(crate) event: usize,
    /// `readOnly` of its records; None where they do not say.
    pub(crate) read_only: Option<bool>,
    /// Whether its records are data events (`eventCategory`); None where they do not say.
    pub(crate) is_data: Option<bool>,
    pub(crate) region: String,
}

/// Account and region by their hashes, event, `readOnly`, whether it is a data event.
type Seen = (u64, u64, usize, Option<bool>, Option<bool>);

/// The first look, as far as it has come. Several may share the work, see [`Census::merge`].
#[derive(Debug)]
pub struct Census {
    plan: Arc<Plan>,
    pub(crate) events: Names,
    accounts: HashMap<u64, String>,
    /// By account and region, by day since 1970.
    days: HashMap<(u64, u64, i32), Span>,
    regions: HashMap<u64, String>,
    seen: HashSet<Seen>,
    callers: Callers,
    pub(crate) tallies: HashMap<Key, Span>,
    /// Days and regions of principals.
    places: HashSet<(usize, i32, u64)>,
    /// Principals and the regions whose own services they called.
    works_in: HashSet<(usize, u64)>,
    /// Events of principals that had the name of one before it: their unique id is another.
    pub(crate) predecessors: u64,
    /// The long-term keys that were used, by id, with the places of their users: one, but in logs whose ids were replaced.
    pub(crate) keys: HashMap<String, BTreeSet<usize>>,
}

/// What a census counted, without what only its own process knows.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct CensusState {
    events: Vec<EventName>,
    #[borsh(serialize_with = "pack::write_map", deserialize_with = "pack::read_map")]
    accounts: HashMap<u64, String>,
    #[borsh(serialize_with = "pack::write_map", deserialize_with = "pack::read_map")]
    days: HashMap<(u64, u64, i32), Span>,
    #[borsh(serialize_with = "pack::write_map", deserialize_with = "pack::read_map")]
    regions: HashMap<u64, String>,
    #[borsh(serialize_with = "pack::write_set", deserialize_with = "pack::read_set")]
    seen: HashSet<Seen>,
    #[borsh(serialize_with = "pack::write_map", deserialize_with = "pack::read_map")]
    tallies: HashMap<Key, Span>,
    #[borsh(serialize_with = "pack::write_set", deserialize_with = "pack::read_set")]
    places: HashSet<(usize, i32, u64)>,
    #[borsh(serialize_with = "pack::write_set", deserialize_with = "pack::read_set")]
    works_in: HashSet<(usize, u64)>,
    predecessors: u64,
    #[borsh(serialize_with = "pack::write_map", deserialize_with = "pack::read_map")]
    keys: HashMap<String, BTreeSet<usize>>,
}

/// Event names and their numbers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    pub(crate) all: Vec<EventName>,
    numbers: HashMap<u64, usize>,
}

impl Names {
    pub(crate) fn number(&mut self, record: &Record<'_>) -> usize {
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let is_call = record.event_type.is_none_or(|kind| kind == "AwsApiCall");
        let key = xxh3_64(source.as_bytes()) ^ xxh3_64(name.as_bytes()).rotate_left(17) ^ u64::from(is_call);
        let all = &mut self.all;
        *self.numbers.entry(key).or_insert_with(|| {
            all.push(EventName { source: source.to_owned(), name: name.to_owned(), is_call });
            all.len() - 1
        })
    }

    fn take(&mut self, name: &EventName) -> usize {
        self.number(&Record {
            event_source: Some(&name.source),
            event_name: Some(&name.name),
            event_type: Some(if name.is_call { "AwsApiCall" } else { "other" }),
            ..Record::default()
        })
    }
}

impl Census {
    /// The columns that it reads.
    const FIELDS: &'static [Field] = &[
        Field::EventTime,
        Field::Account,
        Field::AwsRegion,
        Field::EventSource,
        Field::EventName,
        Field::EventType,
        Field::EventCategory,
        Field::ReadOnly,
        Field::ErrorCode,
        Field::ErrorMessage,
        Field::RecipientAccountId,
        Field::SharedEventId,
        Field::IdentityType,
        Field::PrincipalId,
        Field::IdentityArn,
        Field::IdentityAccountId,
        Field::AccessKeyId,
        Field::UserName,
        Field::SessionIssuerArn,
        Field::SessionIssuerAccountId,
    ];

    /// The columns that the first look reads: of what the parameters alone tell more than the name they are read, too.
    #[must_use]
    pub fn fields(plan: &Plan) -> Fields {
        let own = Fields::of(Self::FIELDS);
        if plan.requests { own } else { own.and(Fields::of(&[Field::RequestParameters])) }
    }

    /// A census that has counted nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>) -> Self {
        Self {
            plan,
            events: Names::default(),
            accounts: HashMap::new(),
            days: HashMap::new(),
            regions: HashMap::new(),
            seen: HashSet::new(),
            callers: HashMap::new(),
            tallies: HashMap::new(),
            places: HashSet::new(),
            works_in: HashSet::new(),
            keys: HashMap::new(),
            predecessors: 0,
        }
    }

    /// Goes on with events of which the plan knows other originals; the principals stay the same.
    pub fn go_on(&mut self, plan: Arc<Plan>) {
        self.plan = plan;
    }

    /// Counts an event. Gives whose it was, as it was counted; None where nobody's who is looked at.
    pub fn take(&mut self, record: &Record<'_>) -> Option<Key> {
        let event = self.events.number(record);
        let account = named(&mut self.accounts, record.account);
        let region = named(&mut self.regions, record.aws_region);
        let time = Time(record.event_time);
        let day = i32::try_from(record.event_time.timestamp().div_euclid(86_400)).unwrap_or(i32::MAX);
        self.days.entry((account, region, day)).or_default().add(time);
        let is_data = record.event_category.map(|category| category == "Data");
        self.seen.insert((account, region, event, record.read_only, is_data));
        if is_copy(record, &self.plan.originals) {
            return None;
        }
        let subject = match self.subject(record) {
            Found::Subject(subject) => subject,
            Found::Predecessor => {
                self.predecessors += 1;
                return None;
            }
            Found::Nobody => return None,
        };
        let key = Key { subject, event, then: Then::of(record), is_federated: is_federated(record) };
        self.tallies.entry(key).or_default().add(time);
        // Whether the source of a call is of its region is asked once a principal and region.
        if !self.works_in.contains(&(subject, region)) && is_regional(record.event_source.unwrap_or("")) {
            self.works_in.insert((subject, region));
        }
        self.places.insert((subject, day, region));
        if let Some(id) = record.access_key_id.filter(|id| id.starts_with("AKIA"))
            && !self.keys.get(id).is_some_and(|users| users.contains(&subject))
        {
            self.keys.entry_ref(id).or_default().insert(subject);
        }
        Some(key)
    }

    fn subject(&mut self, record: &Record<'_>) -> Found {
        subject_of(record, &self.plan, &mut self.callers)
    }

    /// What this one counted, for [`Census::take_in`] of another process of this program with the same plan.
    #[must_use]
    pub fn state(self) -> CensusState {
        let Self {
            events, accounts, days, regions, seen, tallies, places, works_in, predecessors, keys, ..
        } = self;
        CensusState {
            events: events.all,
            accounts,
            days,
            regions,
            seen,
            tallies,
            places,
            works_in,
            predecessors,
            keys,
        }
    }

    /// Puts what another one counted to what this one did.
    pub fn merge(&mut self, other: Self) {
        self.take_in(other.state());
    }

    /// The same of a census that is elsewhere.
    pub fn take_in(&mut self, other: CensusState) {
        let numbers: Vec<usize> = other.events.iter().map(|name| self.events.take(name)).collect();
        let number = |event: usize| numbers.get(event).copied().unwrap_or(event);
        self.accounts.extend(other.accounts);
        self.regions.extend(other.regions);
        for (place, span) in other.days {
            self.days.entry(place).or_default().take(span);
        }
        let renumbered =
            |(account, region, event, reads, data)| (account, region, number(event), reads, data);
        self.seen.extend(other.seen.into_iter().map(renumbered));
        for (key, span) in other.tallies {
            self.tallies.entry(Key { event: number(key.event), ..key }).or_default().take(span);
        }
        self.places.extend(other.places);
        self.works_in.extend(other.works_in);
        self.predecessors += other.predecessors;
        for (key, users) in other.keys {
            self.keys.entry(key).or_default().extend(users);
        }
    }

    /// What the lake holds, by account; those without a name under none.
    #[must_use]
    pub fn logs(&self) -> BTreeMap<String, AccountLog> {
        let mut logs: BTreeMap<String, AccountLog> = BTreeMap::new();
        let mut all: Vec<_> = self.days.iter().collect();
        all.sort_by_key(|(place, _)| **place);
        for ((account, region, day), span) in all {
            let name = |names: &HashMap<u64, String>, key| names.get(key).cloned().unwrap_or_default();
            let log = logs.entry(name(&self.accounts, account)).or_default();
            let own = log.regions.entry(name(&self.regions, region)).or_default();
            let date = NaiveDate::from_epoch_days(*day).unwrap_or_default();
            *own.entry(date).or_default() += span.events;
            log.span.take(*span);
        }
        for (account, region, event, read_only, is_data) in sorted(&self.seen) {
            if let Some(log) = self.accounts.get(&account).and_then(|name| logs.get_mut(name)) {
                let region = self.regions.get(&region).cloned().unwrap_or_default();
                log.events.insert(SeenEvent { event, read_only, is_data, region });
            }
        }
        logs
    }

    /// Days and regions of every principal that called, by its place.
    pub(crate) fn places(&self) -> BTreeMap<usize, (BTreeSet<i32>, BTreeSet<String>)> {
        let mut places: BTreeMap<usize, (BTreeSet<i32>, BTreeSet<String>)> = BTreeMap::new();
        for (subject, day, region) in &self.places {
            let own = places.entry(*subject).or_default();
            own.0.insert(*day);
            if let Some(name) = self.regions.get(region).filter(|name| !own.1.contains(*name)) {
                own.1.insert(name.clone());
            }
        }
        places
    }

    /// The regions whose own services each principal called, by its place.
    pub(crate) fn works_in(&self) -> BTreeMap<usize, BTreeSet<String>> {
        let mut works_in: BTreeMap<usize, BTreeSet<String>> = BTreeMap::new();
        for (subject, region) in &self.works_in {
            works_in.entry(*subject).or_default().extend(self.regions.get(region).cloned());
        }
        works_in
    }

    /// The tallies in order.
    pub(crate) fn counted(&self) -> Vec<(Key, Span)> {
        let mut counted: Vec<(Key, Span)> = self.tallies.iter().map(|(key, span)| (*key, *span)).collect();
        counted.sort_by(|(a, _), (b, _)| {
            let order = |key: &Key| (key.subject, self.events.all.get(key.event), key.then, key.is_federated);
            order(a).cmp(&order(b))
        });
        counted
    }
}

fn sorted(seen: &HashSet<Seen>) -> Vec<Seen> {
    let mut all: Vec<Seen> = seen.iter().copied().collect();
    all.sort_unstable();
    all
}

fn named(names: &mut HashMap<u64, String>, name: Option<&str>) -> u64 {
    let name = name.unwrap_or("");
    let key = xxh3_64(name.as_bytes());
    names.entry(key).or_insert_with(|| name.to_owned());
    key
}

/// Callers that are remembered.
pub(crate) type Callers = HashMap<u64, Found>;

/// Who of the principals called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Found {
    /// The one of this place.
    Subject(usize),
    /// Another one, whose name one of them has now: a principal that is made again has another unique id
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
    Predecessor,
    /// Nobody who is looked at.
    Nobody,
}

impl Found {
    pub(crate) fn subject(self) -> Option<usize> {
        if let Self::Subject(place) = self { Some(place) } else { None }
    }
}

/// The principal that called.
pub(crate) fn subject_of(record: &Record<'_>, plan: &Plan, callers: &mut Callers) -> Found {
    const FIELDS: [Field; 7] = [
        Field::IdentityType,
        Field::PrincipalId,
        Field::IdentityArn,
        Field::IdentityAccountId,
        Field::UserName,
        Field::SessionIssuerArn,
        Field::SessionIssuerAccountId,
    ];
    if matches!(
        record.identity_type,
        Some("AWSService" | "Root" | "SAMLUser" | "WebIdentityUser" | "IdentityCenterUser")
    ) {
        return Found::Nobody;
    }
    // The role of a session is named by its issuer; the session's own name differs all the time.
    let is_session = record.identity_type == Some("AssumedRole") && record.session_issuer_arn.is_some();
    let unique_id = record.principal_id.map(|id| id.split(':').next().unwrap_or(id));
    let key = if is_session {
        let arn = xxh3_64(record.session_issuer_arn.unwrap_or("").as_bytes());
        arn ^ xxh3_64(unique_id.unwrap_or("").as_bytes()).rotate_left(17)
    } else {
        let mut bytes = Vec::with_capacity(256);
        for field in FIELDS {
            let text = record.text(field).unwrap_or("");
            bytes.extend_from_slice(&text.len().to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
        xxh3_64(&bytes)
    };
    if let Some(known) = callers.get(&key) {
        return *known;
    }
    if callers.len() >= CALLERS_MAX {
        callers.clear();
    }
    let place = who(record, Some(&plan.snapshot)).and_then(|who| plan.subjects.place(&who.principal));
    let found = place.map_or(Found::Nobody, |place| {
        let own = plan.subjects.get(place).and_then(|subject| subject.unique_id.as_deref());
        if is_another(own, unique_id) { Found::Predecessor } else { Found::Subject(place) }
    });
    callers.insert(key, found);
    found
}

/// Whether a call was made in a session of a federated user, for whom an IAM user asked
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html>).
pub(crate) fn is_federated(record: &Record<'_>) -> bool {
    record.identity_type == Some("FederatedUser")
}

/// Whether a record's unique id is that of another user or role of the same name: one that was deleted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html#identifiers-unique-ids>).
pub(crate) fn is_another(own: Option<&str>, id: Option<&str>) -> bool {
    own.zip(id).is_some_and(|(own, id)| own != id && is_unique_id(own) && is_unique_id(id))
}

/// Whether a text is the unique id of a user or role, rather than a name or what stands for one.
fn is_unique_id(text: &str) -> bool {
    matches!(IdKind::of(text), Some(IdKind::User | IdKind::Role))
}

/// The columns that [`subject_of`] and [`is_copy`] read.
pub(crate) fn fields_of_subject() -> Fields {
    Fields::of(FIELDS_OF_CALLER).and(Fields::of(FIELDS_OF_ORIGINAL))
}
