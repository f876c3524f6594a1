//! The second look, at those events whose requests or statements only the whole record tells.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::census::{Callers, Census, EventName, Key, fields_of_subject, is_federated, subject_of};
use super::count::{Asked, Span, Uses};
use super::granted::is_cut_off;
use super::index::{ActionNumber, INDEX};
use super::need::{Need, Needed, Needs};
use super::plan::Plan;
use super::telling::Telling;
use super::track::{Tracked, What};
use super::{suggest, variable};
use crate::aws::Time;
use crate::catalog::event::{Mapping, Presence};
use crate::catalog::{AccessLevel, catalog, dependent, event};
use crate::pack;
use crate::policy::{Document, Effect, Match, Resource, Standing, Statement, Truth, Version};
use crate::replay::answer::Then;
use crate::replay::{
    self, Field, Fields, Origin, Parsed, Reading, Record, Session, Told as Telltale, context_of,
    fields_of_request, is_copy, needs_response, requests, who,
};

/// So many calls are remembered; then all are forgotten and read again when they come back.
const REMEMBERED_MAX: usize = 100_000;

/// How often a part of a statement matched what AWS let pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(crate) struct Hit {
    pub(crate) matched: Span,
    /// Events with a request that it may have matched, depending on what is not known.
    pub(crate) may: u64,
}

/// What is known by principal.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub struct Tallies {
    pub(crate) uses: BTreeMap<(usize, ActionNumber), Uses>,
    /// By principal and part.
    pub(crate) hits: BTreeMap<(usize, usize), Hit>,
    pub(crate) needs: Needs,
    /// Calls of which no action is known, by principal and name.
    pub(crate) unmapped: BTreeMap<(usize, Unmapped), u64>,
}

impl Tallies {
    fn count(&mut self, subject: usize, then: Then, found: &Found, span: Span) {
        for (action, asked) in &found.actions {
            self.uses.entry((subject, *action)).or_default().add(*asked, then, span);
        }
        for (slot, truth) in &found.hits {
            let hit = self.hits.entry((subject, *slot)).or_default();
            match truth {
                Truth::Yes => hit.matched.take(span),
                Truth::Unknown => hit.may += span.events,
                Truth::No => {}
            }
        }
        for need in &found.needs {
            self.needs.add(subject, need, span.events);
        }
        if let Some(name) = &found.unmapped {
            *self.unmapped.entry((subject, name.clone())).or_default() += span.events;
        }
    }

    pub(crate) fn merge(&mut self, other: Self) {
        for (key, uses) in other.uses {
            self.uses.entry(key).or_default().take(uses);
        }
        for (key, hit) in other.hits {
            let own = self.hits.entry(key).or_default();
            own.matched.take(hit.matched);
            own.may += hit.may;
        }
        self.needs.merge(other.needs);
        for (key, count) in other.unmapped {
            *self.unmapped.entry(key).or_default() += count;
        }
    }
}

/// The source and the name of a call of which no action is known.
pub(crate) type Unmapped = (String, String);

/// What one call comes to.
#[derive(Debug, Clone, Default)]
struct Found {
    actions: Vec<(ActionNumber, Asked)>,
    hits: Vec<(usize, Truth)>,
    needs: Vec<Need>,
    unmapped: Option<Unmapped>,
}

/// Which events the second look reads: those of which resources or conditions tell which statements match.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub struct Wanted {
    /// By principal, event name, whether AWS refused it, and whether a federated user made it.
    #[borsh(serialize_with = "pack::write_set", deserialize_with = "pack::read_set")]
    by_name: HashSet<(usize, u64, bool, bool)>,
    /// Whether policies of sessions tell which calls are uses of what a user may do.
    pub asks_for_sessions: bool,
    /// The names of the events.
    pub event_names: BTreeSet<String>,
    /// The columns.
    pub fields: Fields,
}

impl Wanted {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }
}

/// What the name of an event tells of its calls under some policies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Told {
    /// All.
    All,
    /// Parameters tell more.
    Light,
    /// Resources or conditions do.
    Full,
}

fn number(name: &EventName) -> u64 {
    xxh3_64(name.source.as_bytes()) ^ xxh3_64(name.name.as_bytes()).rotate_left(17)
}

/// The second look, as far as it has come.
#[derive(Debug)]
pub struct Detail {
    plan: Arc<Plan>,
    /// What is read by [`Detail::take`].
    wanted: Arc<Wanted>,
    /// By the place of the policies and event.
    told: HashMap<(usize, usize), Told>,
    callers: Callers,
    fields: HashMap<u64, Fields>,
    known: HashMap<u128, Arc<Found>>,
    /// By the place of the policies and name: what can tell more of a call; None where all of it is to be read.
    bare: HashMap<(usize, u64), Option<Arc<Telling>>>,
    /// What such calls come to that nothing tells more of, by whether there are parameters.
    bare_known: HashMap<(usize, u64, Then, bool), Arc<Found>>,
    /// By the place of the policies and action: what matches whatever the resource and the context; None where these decide.
    by_action: HashMap<(usize, ActionNumber), Option<Hits>>,
    /// What is not yet put to the tallies: many events come to the same.
    pending: HashMap<Pending, (Arc<Found>, Span)>,
    buffer: Vec<u8>,
    lower: Vec<u8>,
    tallies: Tallies,
}

/// Parts of statements that match.
type Hits = Arc<[(usize, Truth)]>;

/// The principal, the place of what calls come to, and how they ended.
type Pending = (usize, usize, Then);

/// So many differently counted calls are pending at most.
const PENDING_MAX: usize = 20_000;

impl Census {
    /// What must be read again.
    #[must_use]
    pub fn wanted(&self, plan: &Plan) -> Wanted {
        let mut wanted = Wanted::default();
        let mut fields = Fields::NONE;
        for (key, _, told) in self.told(plan) {
            let Some(name) = self.events.all.get(key.event).filter(|_| told == Told::Full) else { continue };
            fields = fields.and(fields_of_request(&name.source, &name.name));
            wanted.asks_for_sessions |= key.is_federated;
            let is_denied = key.then == Then::Denied;
            wanted.by_name.insert((key.subject, number(name), is_denied, key.is_federated));
            if !wanted.event_names.contains(&name.name) {
                wanted.event_names.insert(name.name.clone());
            }
        }
        if !wanted.is_empty() {
            let own = Fields::of(&[
                Field::EventTime,
                Field::EventSource,
                Field::EventName,
                Field::EventType,
                Field::ErrorCode,
                Field::ErrorMessage,
                Field::RequestParameters,
            ]);
            // The services that roles are passed to.
            let passed = replay::fields_of_key("iam:PassedToService");
            let conditions = plan.fields_of_conditions();
            let of_session = if wanted.asks_for_sessions { replay::FIELDS_OF_SESSION } else { &[] };
            wanted.fields = fields.and(own).and(fields_of_subject()).and(conditions).and(passed);
            wanted.fields = wanted.fields.and(Fields::of(of_session));
        }
        wanted
    }

    /// The tallies of calls, with what their names tell.
    fn told(&self, plan: &Plan) -> Vec<(Key, Span, Told)> {
        let mut known: HashMap<(usize, usize), Told> = HashMap::new();
        let mut all = Vec::new();
        for (key, span) in self.counted() {
            let Some(name) = self.events.all.get(key.event).filter(|name| name.is_call) else { continue };
            let Some(tracked) = plan.tracked.get(key.subject) else { continue };
            let same = (Arc::as_ptr(tracked).addr(), key.event);
            let told = if key.is_federated && is_call(name) {
                Told::Full
            } else {
                *known.entry(same).or_insert_with(|| told(plan, key.subject, &name.source, &name.name))
            };
            all.push((key, span, told));
        }
        all
    }

    /// Whoever switches to a role in the console must be allowed to assume it
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_permissions-to-switch.html>); a log may have the sign-in
    /// without the call to STS.
    fn tell_switches(&self, to: &mut Tallies) {
        let assume = catalog().action("sts:AssumeRole").and_then(|action| INDEX.number(action));
        let asked = Asked { is_certain: false, is_derived: false };
        let found =
            Found { actions: assume.map(|own| (own, asked)).into_iter().collect(), ..Found::default() };
        for (key, span) in self.counted() {
            let is_switch =
                |name: &EventName| name.source == "signin.amazonaws.com" && name.name == "SwitchRole";
            if key.then == Then::Allowed && self.events.all.get(key.event).is_some_and(is_switch) {
                to.count(key.subject, key.then, &found, span);
            }
        }
    }

    /// Counts what the names alone tell, beside what the second look counted.
    pub(crate) fn tell(&self, plan: &Plan, to: &mut Tallies) {
        self.tell_switches(to);
        let mut known: HashMap<(usize, Key), Found> = HashMap::new();
        for (key, span, told) in self.told(plan) {
            let Some(name) = self.events.all.get(key.event) else { continue };
            if told != Told::All || key.then == Then::Denied {
                continue;
            }
            let Some((tracked, subject)) = plan.tracked.get(key.subject).zip(plan.subjects.get(key.subject))
            else {
                continue;
            };
            let same = (Arc::as_ptr(tracked).addr(), Key { subject: 0, ..key });
            let found = known.entry(same).or_insert_with(|| {
                let mut found = Found::default();
                match catalog().actions_of_event(&name.source, &name.name) {
                    Mapping::Actions(actions, _) => {
                        let mut hits = Vec::new();
                        for mapped in actions {
                            let asked =
                                Asked { is_certain: mapped.presence == Presence::Certain, is_derived: false };
                            found.actions.extend(INDEX.number(mapped.action).map(|own| (own, asked)));
                            tracked.decides_by_name(&subject.caller, &mapped.action.full_name(), &mut hits);
                            found.hits.append(&mut hits);
                        }
                        settle(&mut found, tracked, key.then);
                    }
                    Mapping::Unknown(_) => found.unmapped = Some((name.source.clone(), name.name.clone())),
                    Mapping::NotRequest(_) => {}
                }
                found
            });
            to.count(key.subject, key.then, found, span);
        }
    }
}

/// Whether an event is a call that asks for actions, or may.
fn is_call(name: &EventName) -> bool {
    !matches!(catalog().actions_of_event(&name.source, &name.name), Mapping::NotRequest(_))
}

/// What a name tells of the calls of a principal.
fn told(plan: &Plan, subject: usize, source: &str, name: &str) -> Told {
    let Mapping::Actions(actions, _) = catalog().actions_of_event(source, name) else { return Told::All };
    let own = plan.tracked.get(subject).zip(plan.subjects.get(subject));
    let decides = own.is_some_and(|(tracked, own)| Telling::of(source, name, tracked, &own.caller).is_some());
    if plan.requests || !decides {
        return Told::Full;
    }
    let implies = actions.iter().any(|mapped| dependent::reads_parameters(mapped.action));
    if implies || event::reads_parameters(source, name) { Told::Light } else { Told::All }
}

/// Each action and each part once, the surest word on it; and of refused calls only denials count as matched.
fn settle(found: &mut Found, tracked: &Tracked, then: Then) {
    let mut actions: BTreeMap<ActionNumber, Asked> = BTreeMap::new();
    for (number, asked) in found.actions.drain(..) {
        let own = actions.entry(number).or_insert(asked);
        own.is_derived = asked.is_derived && (own.is_derived || !own.is_certain);
        own.is_certain |= asked.is_certain;
    }
    found.actions = actions.into_iter().collect();
    let mut hits: BTreeMap<usize, Truth> = BTreeMap::new();
    for (slot, truth) in found.hits.drain(..) {
        let is_deny = tracked
            .parts
            .get(slot)
            .and_then(|part| tracked.statement(*part))
            .is_some_and(|(_, statement)| statement.effect == Effect::Deny);
        if then == Then::Denied && !is_deny {
            continue;
        }
        let own = hits.entry(slot).or_insert(Truth::No);
        *own = own.or(truth);
    }
    found.hits = hits.into_iter().collect();
}

impl Detail {
    /// A second look that has seen nothing.
    #[must_use]
    pub fn new(plan: Arc<Plan>, wanted: Arc<Wanted>) -> Self {
        Self {
            plan,
            wanted,
            callers: HashMap::new(),
            fields: HashMap::new(),
            known: HashMap::new(),
            bare: HashMap::new(),
            bare_known: HashMap::new(),
            by_action: HashMap::new(),
            pending: HashMap::new(),
            buffer: Vec::new(),
            lower: Vec::new(),
            told: HashMap::new(),
            tallies: Tallies::default(),
        }
    }

    /// Goes on with events of which the plan knows other originals and issuances; the principals stay the same.
    pub fn go_on(&mut self, plan: Arc<Plan>) {
        self.plan = plan;
    }

    /// Counts an event.
    pub fn take(&mut self, record: &Record<'_>) {
        if record.event_type.is_some_and(|kind| kind != "AwsApiCall") || is_copy(record, &self.plan.originals)
        {
            return;
        }
        let Some(subject) = subject_of(record, &self.plan, &mut self.callers).subject() else { return };
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let named = xxh3_64(source.as_bytes()) ^ xxh3_64(name.as_bytes()).rotate_left(17);
        let then = Then::of(record);
        let wanted = (subject, named, then == Then::Denied, is_federated(record));
        if !self.wanted.by_name.contains(&wanted) {
            return;
        }
        self.count(record, subject, named, then);
    }

    /// Counts an event at the first look, if its parameters are all that tells more than its name.
    pub fn take_light(&mut self, record: &Record<'_>, key: Key) {
        let is_call = record.event_type.is_none_or(|kind| kind == "AwsApiCall");
        if !is_call || key.is_federated || self.plan.requests {
            return;
        }
        let Some(tracked) = self.plan.tracked.get(key.subject) else { return };
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let place = (Arc::as_ptr(tracked).addr(), key.event);
        let plan = &self.plan;
        let told = *self.told.entry(place).or_insert_with(|| {
            let is_call = matches!(catalog().actions_of_event(source, name), Mapping::Actions(..));
            if is_call { told(plan, key.subject, source, name) } else { Told::Full }
        });
        if told == Told::Light || told == Told::All && key.then == Then::Denied {
            let named = xxh3_64(source.as_bytes()) ^ xxh3_64(name.as_bytes()).rotate_left(17);
            self.count(record, key.subject, named, key.then);
        }
    }

    fn count(&mut self, record: &Record<'_>, subject: usize, named: u64, then: Then) {
        let found = match self.bare(record, subject, named, then) {
            Some(found) => found,
            None => self.whole(record, subject, named, then),
        };
        let mut span = Span::default();
        span.add(Time(record.event_time));
        let key = (subject, Arc::as_ptr(&found).addr(), then);
        // What is pending is held, so that its place is no other's.
        self.pending.entry(key).or_insert_with(|| (found, Span::default())).1.take(span);
        if self.pending.len() >= PENDING_MAX {
            self.flush();
        }
    }

    /// What a call comes to of which nothing tells more than its name; None for any other.
    fn bare(&mut self, record: &Record<'_>, subject: usize, named: u64, then: Then) -> Option<Arc<Found>> {
        if then == Then::Denied || self.plan.requests || is_federated(record) {
            return None;
        }
        let (tracked, caller) = (self.plan.tracked.get(subject)?, &self.plan.subjects.get(subject)?.caller);
        let place = Arc::as_ptr(tracked).addr();
        let telling = self.bare.entry((place, named)).or_insert_with(|| {
            let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
            Telling::of(source, name, tracked, caller).map(Arc::new)
        });
        let telling = Arc::clone(telling.as_ref()?);
        let text = record.request_parameters.filter(|text| *text != "null");
        if text.is_some_and(|text| telling.tells(text.as_bytes(), &mut self.lower)) {
            return None;
        }
        let key = (place, named, then, text.is_some());
        if let Some(known) = self.bare_known.get(&key) {
            return Some(Arc::clone(known));
        }
        let bare = Record {
            request_parameters: text.map(|_| "{}"),
            resources: None,
            response_elements: None,
            ..*record
        };
        let found = Arc::new(self.read(&bare, subject, then, None));
        self.bare_known.insert(key, Arc::clone(&found));
        Some(found)
    }

    /// What a call comes to, told from all of its record.
    fn whole(&mut self, record: &Record<'_>, subject: usize, named: u64, then: Then) -> Arc<Found> {
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let conditions = self.plan.fields_of(subject);
        let fields = *self.fields.entry(named).or_insert_with(|| fields_of_request(source, name));
        self.buffer.clear();
        self.buffer.extend_from_slice(&subject.to_le_bytes());
        let all = fields.and(conditions).and(Fields::of(&[Field::UserName, Field::PrincipalId]));
        record.write(all.without(Field::EventTime), &mut self.buffer);
        let session = self.session(record, subject);
        // Sessions with the same tags are alike.
        for (key, value) in session.iter().filter_map(|session| session.tags.as_ref()).flatten() {
            for text in [key, value] {
                self.buffer.extend_from_slice(&text.len().to_le_bytes());
                self.buffer.extend_from_slice(text.as_bytes());
            }
        }
        self.buffer.push(u8::from(session.as_ref().is_some_and(|session| session.tags.is_some())));
        if let Some(session) = session.as_ref().filter(|_| is_federated(record)) {
            self.buffer.extend_from_slice(format!("{:?}", session.policies).as_bytes());
        }
        let key = xxh3_128(&self.buffer);
        if let Some(known) = self.known.get(&key) {
            return Arc::clone(known);
        }
        let found = Arc::new(self.read(record, subject, then, session.as_deref()));
        // Conditions on time make every event another one.
        if !all.has(Field::EventTime) {
            if self.known.len() >= REMEMBERED_MAX {
                self.known.clear();
            }
            self.known.insert(key, Arc::clone(&found));
        }
        found
    }

    /// The session of a call, where its tags or its policies count.
    fn session(&self, record: &Record<'_>, subject: usize) -> Option<Arc<Session>> {
        let counts = self.plan.asks_for_session_tags_of(subject) || is_federated(record);
        if counts { self.plan.issuances.session(record) } else { None }
    }

    fn flush(&mut self) {
        for ((subject, _, then), (found, span)) in self.pending.drain() {
            self.tallies.count(subject, then, &found, span);
        }
    }

    /// What was counted; also for [`Detail::take_in`] of another process of this program with the same plan.
    #[must_use]
    pub fn tallies(mut self) -> Tallies {
        self.flush();
        self.tallies
    }

    /// The parts that match a request, or may match it.
    fn matching(
        &mut self,
        tracked: &Arc<Tracked>,
        (told, action): (&Telltale<'_>, Option<ActionNumber>),
        hits: &mut Vec<(usize, Truth)>,
    ) {
        let known = action.and_then(|action| {
            let known = self.by_action.entry((Arc::as_ptr(tracked).addr(), action));
            let decided = known.or_insert_with(|| {
                let (caller, action) = (&told.who.caller, &told.asked.action);
                tracked.decides_by_name(caller, action, hits).then(|| hits.as_slice().into())
            });
            decided.as_ref()
        });
        match known {
            Some(known) => {
                hits.clear();
                hits.extend_from_slice(known);
            }
            None => tracked.matching(told, hits),
        }
    }

    fn read(&mut self, record: &Record<'_>, subject: usize, then: Then, session: Option<&Session>) -> Found {
        let plan = Arc::clone(&self.plan);
        let snapshot = &plan.snapshot;
        let mut parsed = Parsed::of_call(record);
        // What keys are told from.
        parsed.add(record, Fields::of(&[Field::AdditionalEventData, Field::TlsDetails, Field::EventContext]));
        let mut reading = requests(record, &parsed, Some(snapshot));
        if needs_response(&reading) {
            parsed = Parsed::of(record);
            reading = requests(record, &parsed, Some(snapshot));
        }
        let mut found = Found::default();
        let (Some(who), Some(tracked)) = (who(record, Some(snapshot)), plan.tracked.get(subject)) else {
            return found;
        };
        let asked = match reading {
            Reading::Requests(asked) => asked,
            Reading::NotRequest(_) => return found,
            // What AWS refused was no use.
            Reading::Unmapped(_) if then == Then::Denied => return found,
            Reading::Unmapped(_) => {
                let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
                found.unmapped = Some((source.to_owned(), name.to_owned()));
                return found;
            }
        };
        let is_stated = asked.iter().any(|asked| asked.origin == Origin::Stated);
        let mut hits = Vec::new();
        // A call needs all of its requests: one that is denied today leaves nothing that a policy could keep working.
        let keeps = plan.requests && then == Then::Allowed;
        let told_of = |asked| Telltale { record, parsed: &parsed, who: &who, asked, session, snapshot };
        // What no session policy lets through is no use of what the user may do, and nothing that the user needs.
        if let Some(session) = session.filter(|_| then != Then::Denied && is_federated(record)) {
            let mut certain = asked.iter().filter(|asked| asked.presence == Presence::Certain);
            if certain.any(|asked| is_cut_off(&told_of(asked), &session.policies)) {
                return found;
            }
        }
        let today = plan.today.get(subject).filter(|_| keeps);
        let is_denied = today.is_some_and(|today| {
            let mut certain = asked.iter().filter(|asked| asked.presence == Presence::Certain);
            certain.any(|asked| today.denies(&told_of(asked)))
        });
        let certain = asked.iter().filter(|asked| asked.presence == Presence::Certain);
        let asked_for: BTreeSet<&str> = certain.map(|asked| asked.action.as_str()).collect();
        // A call that asked for one of several actions needed one of them: all of them stay.
        let is_one_of_several =
            !asked.iter().any(|asked| asked.presence == Presence::Certain && asked.origin != Origin::Derived);
        for asked in &asked {
            // Where AWS states what it refused, nothing else was.
            if then == Then::Denied && is_stated && asked.origin != Origin::Stated {
                continue;
            }
            let is_certain = asked.presence == Presence::Certain;
            let own = Asked { is_certain, is_derived: asked.origin == Origin::Derived };
            let number = INDEX.number_of(&asked.action);
            found.actions.extend(number.map(|number| (number, own)));
            let told = told_of(asked);
            self.matching(tracked, (&told, number), &mut hits);
            // Of an action that was asked for for certain all resources stay that the call perhaps needed.
            let is_asked = || asked_for.contains(&asked.action.as_str());
            // So does a role that the call names, and that it perhaps handed over, and what it perhaps tagged.
            let is_perhaps = || match asked.origin {
                Origin::Derived => {
                    matches!(asked.resource, Resource::Named(_) | Resource::Pattern(_))
                        && (asked.action == "iam:PassRole" || is_tagging(&asked.action))
                }
                _ => is_one_of_several,
            };
            let is_sure = is_certain || is_asked();
            if keeps && (is_sure || is_perhaps()) {
                found.needs.extend(needs(&told, tracked, if is_denied { &[] } else { &hits }, is_sure));
            }
            let weaken = |truth: Truth| if is_certain { truth } else { truth.and(Truth::Unknown) };
            found.hits.extend(hits.iter().map(|(slot, truth)| (*slot, weaken(*truth))));
        }
        settle(&mut found, tracked, then);
        found
    }

    /// Puts what another one counted to what this one did.
    pub fn merge(&mut self, other: Self) {
        self.take_in(other.tallies());
    }

    /// Puts what is counted elsewhere to what this one did.
    pub fn take_in(&mut self, other: Tallies) {
        self.tallies.merge(other);
    }
}

fn is_tagging(action: &str) -> bool {
    catalog().action(action).is_some_and(|action| action.level == AccessLevel::Tagging)
}

/// What a policy must allow for a request that these parts of statements match. Where it is not known which of several statements
/// allowed it, each of them: no request shows that any one is needed. Nor does it where the call was not asked for it for sure.
fn needs(told: &Telltale<'_>, tracked: &Tracked, hits: &[(usize, Truth)], is_sure: bool) -> Vec<Need> {
    // What the call made is not what the next such call makes.
    let again = told.asked.again.clone().map(Resource::Pattern);
    let resource = match again.as_ref().unwrap_or(&told.asked.resource) {
        Resource::Named(arn) => Needed::Named(arn.clone()),
        Resource::Pattern(arn) => Needed::Pattern(arn.clone()),
        Resource::Any => Needed::Any,
        Resource::Unknown => Needed::Unknown,
    };
    // The statement that allows it today for the least: one without conditions, else one whose conditions are known to hold.
    let mut by: Vec<(bool, bool, usize)> = Vec::new();
    for (slot, truth) in hits {
        let part = tracked.parts.get(*slot).filter(|part| part.what == What::Whole);
        let Some((_, statement)) = part.and_then(|part| tracked.statement(*part)) else { continue };
        if statement.effect != Effect::Allow {
            continue;
        }
        let rank = (*truth != Truth::Yes, !statement.conditions.is_empty(), *slot);
        by.push(rank);
    }
    by.sort_unstable();
    if by.first().is_some_and(|(is_open, ..)| !is_open) {
        by.truncate(1);
    }
    let mut passed_to = Vec::new();
    if told.asked.action == "iam:PassRole"
        && let Standing::Values(values) =
            context_of(told, &["iam:PassedToService"]).standing("iam:PassedToService")
    {
        passed_to = values;
    }
    let is_proven = is_sure && by.len() < 2;
    // What the call did not ask for for certain, and nothing grants, it did not need.
    if by.is_empty() && told.asked.presence != Presence::Certain {
        return Vec::new();
    }
    let one = |by: Option<usize>| {
        let statement = by.and_then(|slot| tracked.statement(*tracked.parts.get(slot)?));
        let need = Need {
            action: told.asked.action.clone(),
            resource: statement.map_or(resource.clone(), |own| under_variables(told, own, &resource)),
            by,
            passed_to: passed_to.clone(),
            is_proven,
        };
        // Of a role that is not known any may be the one.
        Need { is_proven: is_proven && !need.is_of_unknown_role(), ..need }
    };
    if by.is_empty() { vec![one(None)] } else { by.into_iter().map(|(_, _, slot)| one(Some(slot))).collect() }
}

/// What a statement with variables says of a resource that was named: it stands for what is the caller's own, whoever calls.
fn under_variables(
    told: &Telltale<'_>,
    (document, statement): (&Document, &Statement),
    resource: &Needed,
) -> Needed {
    let (Needed::Named(arn), Some(own), Version::V2012) = (resource, &statement.resources, document.version)
    else {
        return resource.clone();
    };
    let is_fixed = |pattern: &&String| !variable::has(pattern);
    let by_fixed = own.patterns.iter().filter(is_fixed).any(|own| suggest::covers(own, arn));
    match own.matching {
        // What all but the caller's own is differs from one caller to the next.
        Match::NotListed if own.patterns.iter().all(|own| is_fixed(&own)) => return resource.clone(),
        Match::NotListed => return Needed::Unknown,
        Match::Listed if by_fixed => return resource.clone(),
        Match::Listed => {}
    }
    let standing = |key: &str| context_of(told, &[key]).standing(key);
    let escaped = |at: usize, letter: char| suggest::escaped(arn, at, letter);
    let open = own.patterns.iter().filter(|own| variable::has(own));
    let mut narrowed = open.filter_map(|own| variable::narrowed(own, arn, &standing, &escaped));
    narrowed.next().map_or(Needed::Unknown, Needed::Own)
}
