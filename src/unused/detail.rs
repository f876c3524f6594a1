//! The second look, at those events whose requests or statements only the whole record tells.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::census::{AccountLog, Census, EventName, Key, fields_of_subject, is_copy, is_logged, subject_of};
use super::count::{Asked, Span, Uses};
use super::index::{ActionNumber, INDEX};
use super::need::{Need, Needed, Needs};
use super::plan::Plan;
use super::track::{Tracked, What};
use crate::aws::Time;
use crate::catalog::event::{Mapping, Presence};
use crate::catalog::{catalog, dependent, event};
use crate::policy::{Effect, Resource, Standing, Truth};
use crate::replay::answer::Then;
use crate::replay::{
    self, Field, Fields, Origin, Parsed, Reading, Record, Told, context_of, fields_of_request,
    needs_response, requests, who,
};

/// So many calls are remembered; then all are forgotten and read again when they come back.
const REMEMBERED_MAX: usize = 1_000_000;

/// How often a part of a statement matched what AWS let pass.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Hit {
    pub(crate) matched: Span,
    /// Events with a request that it may have matched, depending on what is not known.
    pub(crate) may: u64,
}

/// What is known by principal.
#[derive(Debug, Clone, Default)]
pub(crate) struct Tallies {
    pub(crate) uses: BTreeMap<(usize, ActionNumber), Uses>,
    /// By principal and part.
    pub(crate) hits: BTreeMap<(usize, usize), Hit>,
    pub(crate) needs: Needs,
    /// Calls of which no action is known, by principal and name.
    pub(crate) unmapped: BTreeMap<(usize, String), u64>,
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

    fn merge(&mut self, other: Self) {
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

/// What one call comes to.
#[derive(Debug, Clone, Default)]
struct Found {
    actions: Vec<(ActionNumber, Asked)>,
    hits: Vec<(usize, Truth)>,
    needs: Vec<Need>,
    unmapped: Option<String>,
}

/// Which events must be read as a whole.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// By principal, event name, and whether AWS refused it.
    by_name: HashSet<(usize, u64, bool)>,
    /// The names of the events of which all are read.
    pub event_names: BTreeSet<String>,
    /// The names of those of which the refused ones are.
    pub refused_names: BTreeSet<String>,
    /// The columns.
    pub fields: Fields,
}

fn number(name: &EventName) -> u64 {
    xxh3_64(name.source.as_bytes()) ^ xxh3_64(name.name.as_bytes()).rotate_left(17)
}

/// The second look, as far as it has come.
#[derive(Debug)]
pub struct Detail {
    plan: Arc<Plan>,
    wanted: Arc<Wanted>,
    logged: Arc<Vec<bool>>,
    callers: HashMap<u64, Option<usize>>,
    fields: HashMap<u64, Fields>,
    known: HashMap<u128, Arc<Found>>,
    buffer: Vec<u8>,
    pub(crate) tallies: Tallies,
}

impl Census {
    /// What must be read as a whole.
    #[must_use]
    pub fn wanted(&self, plan: &Plan, logs: &BTreeMap<String, AccountLog>) -> Wanted {
        let mut wanted = Wanted::default();
        let mut known: HashMap<(usize, usize), bool> = HashMap::new();
        let mut fields = Fields::NONE;
        for (key, _) in self.counted(logs) {
            let Some(name) = self.events.all.get(key.event).filter(|name| name.is_call) else { continue };
            let Some(tracked) = plan.tracked.get(key.subject) else { continue };
            let same = (Arc::as_ptr(tracked).addr(), key.event);
            let caller = plan.subjects.get(key.subject).map(|subject| &subject.caller);
            let is_told = || {
                let Some(caller) = caller else { return false };
                let told = told_by_name(name);
                told.is_some_and(|actions| {
                    let mut hits = Vec::new();
                    !plan.requests
                        && actions.iter().all(|action| tracked.decides_by_name(caller, action, &mut hits))
                })
            };
            let is_refused = key.then == Then::Denied;
            if !is_refused && *known.entry(same).or_insert_with(is_told) {
                continue;
            }
            if matches!(catalog().actions_of_event(&name.source, &name.name), Mapping::Actions(..)) {
                fields = fields.and(fields_of_request(&name.source, &name.name));
                wanted.by_name.insert((key.subject, number(name), is_refused));
                let names = if is_refused { &mut wanted.refused_names } else { &mut wanted.event_names };
                names.insert(name.name.clone());
            }
        }
        let own = [Field::EventTime, Field::EventSource, Field::EventName, Field::EventType];
        if !wanted.by_name.is_empty() {
            fields = fields.and(fields_of_subject()).and(Fields::of(&own)).and(plan.fields_of_conditions());
            // The services that roles are passed to.
            fields = fields.and(replay::fields_of_key("iam:PassedToService"));
        }
        wanted.fields = fields;
        wanted
    }

    /// Counts what the names alone tell, beside what the second look counted.
    pub(crate) fn tell(
        &self,
        plan: &Plan,
        wanted: &Wanted,
        logs: &BTreeMap<String, AccountLog>,
        to: &mut Tallies,
    ) {
        let mut known: HashMap<(usize, Key), Found> = HashMap::new();
        for (key, span) in self.counted(logs) {
            let Some(name) = self.events.all.get(key.event).filter(|name| name.is_call) else { continue };
            if wanted.by_name.contains(&(key.subject, number(name), key.then == Then::Denied)) {
                continue;
            }
            let Some((tracked, subject)) = plan.tracked.get(key.subject).zip(plan.subjects.get(key.subject))
            else {
                continue;
            };
            let same = (Arc::as_ptr(tracked).addr(), Key { subject: 0, is_copy: false, ..key });
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
                    Mapping::Unknown(_) => found.unmapped = Some(shown(name)),
                    Mapping::NotRequest(_) => {}
                }
                found
            });
            to.count(key.subject, key.then, found, span);
        }
    }
}

fn shown(name: &EventName) -> String {
    format!("{}: {}", crate::aws::service_of(&name.source), name.name)
}

/// The actions of a call whose name alone tells them, and that it asked for nothing else; None where it does not.
fn told_by_name(name: &EventName) -> Option<Vec<String>> {
    match catalog().actions_of_event(&name.source, &name.name) {
        Mapping::Actions(actions, _) => {
            let implies = actions.iter().any(|mapped| dependent::reads_parameters(mapped.action));
            let is_told = !implies && !event::reads_parameters(&name.source, &name.name);
            is_told.then(|| actions.iter().map(|mapped| mapped.action.full_name()).collect())
        }
        Mapping::NotRequest(_) | Mapping::Unknown(_) => Some(Vec::new()),
    }
}

/// Each action and each part once, the surest word on it; and of refused calls only denials count as matched.
fn settle(found: &mut Found, tracked: &Tracked, then: Then) {
    let mut actions: BTreeMap<ActionNumber, Asked> = BTreeMap::new();
    for (number, asked) in found.actions.drain(..) {
        let own = actions.entry(number).or_insert(asked);
        own.is_derived = own.is_derived && asked.is_derived || !own.is_certain && asked.is_derived;
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
    pub fn new(plan: Arc<Plan>, wanted: Arc<Wanted>, logs: &BTreeMap<String, AccountLog>) -> Self {
        let logged = (0..plan.subjects.iter().len()).map(|place| is_logged(&plan, place, logs)).collect();
        Self {
            plan,
            wanted,
            logged: Arc::new(logged),
            callers: HashMap::new(),
            fields: HashMap::new(),
            known: HashMap::new(),
            buffer: Vec::new(),
            tallies: Tallies::default(),
        }
    }

    /// Counts an event.
    pub fn take(&mut self, record: &Record<'_>) {
        if record.event_type.is_some_and(|kind| kind != "AwsApiCall") {
            return;
        }
        let Some(subject) = subject_of(record, &self.plan, &mut self.callers) else { return };
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let named = xxh3_64(source.as_bytes()) ^ xxh3_64(name.as_bytes()).rotate_left(17);
        let then = Then::of(record);
        if !self.wanted.by_name.contains(&(subject, named, then == Then::Denied)) {
            return;
        }
        let is_logged = self.logged.get(subject).copied().unwrap_or(false);
        if is_logged && is_copy(record, &self.plan, subject) {
            return;
        }
        let conditions = self.plan.tracked.get(subject).map_or(Fields::NONE, |tracked| tracked.fields());
        let fields = *self.fields.entry(named).or_insert_with(|| fields_of_request(source, name));
        self.buffer.clear();
        self.buffer.extend_from_slice(&subject.to_le_bytes());
        let all = fields.and(conditions).and(Fields::of(&[Field::UserName, Field::PrincipalId]));
        record.write(all.without(Field::EventTime), &mut self.buffer);
        let key = xxh3_128(&self.buffer);
        let found = match self.known.get(&key) {
            Some(known) => Arc::clone(known),
            None => {
                let found = Arc::new(self.read(record, subject, then));
                // Conditions on time make every event another one.
                if !all.has(Field::EventTime) {
                    if self.known.len() >= REMEMBERED_MAX {
                        self.known.clear();
                    }
                    self.known.insert(key, Arc::clone(&found));
                }
                found
            }
        };
        let mut span = Span::default();
        span.add(Time(record.event_time));
        self.tallies.count(subject, then, &found, span);
    }

    fn read(&self, record: &Record<'_>, subject: usize, then: Then) -> Found {
        let snapshot = &self.plan.snapshot;
        let mut parsed = Parsed::without_response(record);
        let mut reading = requests(record, &parsed, Some(snapshot));
        if needs_response(&reading) {
            parsed = Parsed::of(record);
            reading = requests(record, &parsed, Some(snapshot));
        }
        let mut found = Found::default();
        let (Some(who), Some(tracked)) = (who(record, Some(snapshot)), self.plan.tracked.get(subject)) else {
            return found;
        };
        let asked = match reading {
            Reading::Requests(asked) => asked,
            Reading::NotRequest(_) => return found,
            Reading::Unmapped(_) => {
                let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
                found.unmapped = Some(format!("{}: {name}", crate::aws::service_of(source)));
                return found;
            }
        };
        let session = self.plan.issuances.session(record);
        let is_stated = asked.iter().any(|asked| asked.origin == Origin::Stated);
        let mut hits = Vec::new();
        for asked in &asked {
            // Where AWS states what it refused, nothing else was.
            if then == Then::Denied && is_stated && asked.origin != Origin::Stated {
                continue;
            }
            let is_certain = asked.presence == Presence::Certain;
            let own = Asked { is_certain, is_derived: asked.origin == Origin::Derived };
            found.actions.extend(INDEX.number_of(&asked.action).map(|number| (number, own)));
            let told =
                Told { record, parsed: &parsed, who: &who, asked, session: session.as_deref(), snapshot };
            tracked.matching(&told, &mut hits);
            if self.plan.requests && then == Then::Allowed && is_certain {
                found.needs.push(need(&told, tracked, &hits));
            }
            let weaken = |truth: Truth| if is_certain { truth } else { truth.and(Truth::Unknown) };
            found.hits.extend(hits.iter().map(|(slot, truth)| (*slot, weaken(*truth))));
        }
        settle(&mut found, tracked, then);
        found
    }

    /// Puts what another one counted to what this one did.
    pub fn merge(&mut self, other: Self) {
        self.tallies.merge(other.tallies);
    }
}

/// What a policy must allow for a request.
fn need(told: &Told<'_>, tracked: &Tracked, hits: &[(usize, Truth)]) -> Need {
    let resource = match &told.asked.resource {
        Resource::Named(arn) => Needed::Named(arn.clone()),
        Resource::Pattern(arn) => Needed::Pattern(arn.clone()),
        Resource::Any => Needed::Any,
        Resource::Unknown => Needed::Unknown,
    };
    // The statement that allows it today for the least: one without conditions, else one whose conditions are known to hold.
    let mut by: Option<(bool, bool, usize)> = None;
    for (slot, truth) in hits {
        let part = tracked.parts.get(*slot).filter(|part| part.what == What::Whole);
        let Some((_, statement)) = part.and_then(|part| tracked.statement(*part)) else { continue };
        if statement.effect != Effect::Allow {
            continue;
        }
        let rank = (*truth != Truth::Yes, !statement.conditions.is_empty(), *slot);
        if by.is_none_or(|known| rank < known) {
            by = Some(rank);
        }
    }
    let mut passed_to = Vec::new();
    if told.asked.action == "iam:PassRole"
        && let Standing::Values(values) =
            context_of(told, &["iam:PassedToService"]).standing("iam:PassedToService")
    {
        passed_to = values;
    }
    Need { action: told.asked.action.clone(), resource, by: by.map(|(_, _, slot)| slot), passed_to }
}
