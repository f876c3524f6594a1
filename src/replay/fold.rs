//! Folds events to an answer: equal calls are judged once, and counted.
//!
//! Two steps keep it fast. A record's *shape* is what its requests, caller and session are told from
//! ([`super::fields_of_request`], [`super::FIELDS_OF_CALLER`]); it tells which policies are in play, and so which further
//! columns matter. Records that agree in these, too, are one call. Both are remembered by a 128-bit hash of the columns, or of
//! what stands for their texts ([`Row`]), so most records are never put together, nor is their JSON parsed. Of request
//! parameters only what readings look at counts (`parameters`), and of what never ends, objects and log streams, only how
//! statements fit it (`object`).

mod apart;
mod limit;
mod object;
mod parameters;
mod plan;
mod state;
mod tally;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use hashbrown::{HashMap, HashSet};
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::answer::{Change, LayerKind, Then, Verdict};
use super::call::{Call, Deciders, Judgement, Ruling, Under};
use super::judge::{Judge, Play};
use super::propagate::{Refusal, Suspicions};
use super::{
    FIELDS_OF_CALLER, FIELDS_OF_SESSION, Field, Fields, Parsed, Record, Row, Session, SessionPolicies,
    fields_of_request, is_copy, needs_response,
};
use crate::aws::Time;
use crate::catalog::event::Mapping;
use crate::catalog::resource::Seen;
use crate::catalog::{self, catalog};
use crate::policy::Effect;
use crate::snapshot::Snapshot;

use apart::{OF_CALLER, write_address, write_caller};
pub(super) use apart::{names_sessions, text, write_asker};
pub use limit::{DISTINCT_MAX, Limits};
use object::{Endless, Learned, ObjectKey, Objects, learned};
use parameters::Forms;
pub use plan::Plan;
pub use state::State;
pub(super) use tally::{Sample, Sampled, Tally};

/// Judges events one after another. Several may share the work: [`Replayer::merge`] puts them together, and the answer is
/// the same whatever each of them took.
#[derive(Debug)]
pub struct Replayer {
    plan: Plan,
    today: Judge,
    proposed: Option<Judge>,
    /// Whether a policy tells a role's sessions apart by name.
    by_session: bool,
    kinds: HashMap<u64, CallKind>,
    shapes: HashMap<u128, Shape>,
    calls: HashMap<u128, Known>,
    forms: Forms,
    objects: Objects,
    /// Who called in which session, by the columns that both are told from.
    callers: HashMap<u128, Caller>,
    /// What is known of sessions, each once.
    facts: Vec<Option<Arc<Session>>>,
    facts_by_content: HashMap<String, usize>,
    numbers: HashMap<Arc<Ruling>, usize>,
    /// By what a call's ruling is made of.
    alike: HashMap<u128, Alike>,
    /// The names of resources, for people, by their hashes.
    shown: HashMap<u64, Box<str>>,
    limits: Limits,
    pub(super) tallies: Vec<Tally>,
    pub(super) requests: HashSet<u128>,
    buffer: Vec<u8>,
    pub(super) accounts: BTreeSet<String>,
    /// Rulings under the statements of other evaluators, by name: what was merged.
    pub(super) merged: Vec<Part>,
    pub(super) events: u64,
    copies: u64,
    /// Judges copies, where each event's verdict is asked for, and counts nothing.
    aside: Option<Box<Replayer>>,
    refusals: Vec<Refusal>,
    refusals_left: u64,
}

/// Who called, as far as requests differ by it.
#[derive(Debug, Clone, Copy)]
struct Caller {
    /// Which of `facts` is known of the session.
    session: usize,
    /// What [`write_caller`] writes, as a number.
    number: u128,
}

/// What is known of all calls of a name.
#[derive(Debug, Clone, Copy)]
struct CallKind {
    /// Its source and name.
    number: u64,
    /// The columns of the call's shape, but for the parameters, and for the response, which is looked at later.
    fields: Fields,
    /// Whether the parameters are part of the shape, as far as readings look at them.
    by_parameters: bool,
    /// Whether it may ask for an action that is wanted.
    wanted: bool,
    /// The things without end that it may be about.
    about: Option<Endless>,
}

/// What is known of a shape.
#[derive(Debug, Clone, Copy)]
struct Shape {
    /// The further columns that matter.
    more: Fields,
    /// Whether the response matters.
    response: bool,
}

/// A call that was judged.
#[derive(Debug, Clone)]
struct Known {
    tally: usize,
    resource: u64,
    /// Of the request that decides under the proposal, where that changes the call.
    proposed: Option<u64>,
    deciders: Deciders,
    /// Kept where each event's verdict is asked for.
    shown: Option<Arc<str>>,
}

/// What calls that are alike come to.
#[derive(Debug)]
struct Alike {
    tally: usize,
    deciders: Deciders,
    /// A likeness counts decisions by their places, which stay for as long as they are held.
    _judgement: Judgement,
}

/// A statement by its names, the same in every evaluator.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub(super) struct StatementName {
    pub(super) layer: LayerKind,
    pub(super) policy: String,
    pub(super) index: usize,
    pub(super) sid: Option<String>,
    pub(super) effect: Option<Effect>,
}

/// How often a statement matched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub(super) struct Hits {
    pub(super) matched: u64,
    pub(super) decided: u64,
    pub(super) may: u64,
    pub(super) last: Option<Time>,
}

/// What one replayer comes to, without its evaluators.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub(super) struct Part {
    /// Refusals, by the places of their tallies.
    pub(super) refusals: Vec<Refusal>,
    pub(super) tallies: Vec<Tally>,
    pub(super) statements: BTreeMap<StatementName, Hits>,
    pub(super) evaluations: u64,
    /// How many refusals were not looked at.
    pub(super) refusals_left: u64,
    /// Whether there are more resources than were told apart.
    pub(super) is_full: bool,
}

/// Events that were counted, to be made an answer of.
#[derive(Debug)]
pub struct Folded {
    pub(super) plan: Plan,
    pub(super) parts: Vec<Part>,
    pub(super) suspects: Suspicions,
    /// Changes of policies that were not remembered.
    pub(super) changes_left: u64,
    pub(super) requests: u64,
    pub(super) accounts: BTreeSet<String>,
    pub(super) events: u64,
    /// Records that another account has of these calls.
    pub(super) copies: u64,
}

/// What one event comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventVerdict {
    /// The verdict.
    pub verdict: Verdict,
    /// What AWS did.
    pub then: Then,
    /// The user or role.
    pub principal: Option<String>,
    /// The action that decided.
    pub action: String,
    /// The resource of the request that decided, for people.
    pub resource: Arc<str>,
    /// What decided, in words; None where nothing did.
    pub decided: Option<String>,
    /// What would decide, in words; None where it is decided.
    pub needs: Option<String>,
    /// What the proposal changes.
    pub change: Option<Change>,
}

impl Replayer {
    /// A replayer that has taken no event.
    #[must_use]
    pub fn new(plan: Plan) -> Self {
        Self::sharing(plan, &Limits::of(1, 1))
    }

    /// One of several that share the events of a lake.
    #[must_use]
    pub fn sharing(plan: Plan, limits: &Limits) -> Self {
        let judge = |snapshot: &Arc<Snapshot>| Judge::new(Arc::clone(snapshot), limits.clone());
        let today = judge(&plan.snapshot);
        let proposed = plan.proposed.as_ref().map(judge);
        Self {
            by_session: today.by_session || proposed.as_ref().is_some_and(|judge| judge.by_session),
            today,
            proposed,
            plan,
            kinds: HashMap::new(),
            shapes: HashMap::new(),
            calls: HashMap::new(),
            forms: Forms::new(limits.texts.clone()),
            objects: Objects::default(),
            callers: HashMap::new(),
            facts: Vec::new(),
            facts_by_content: HashMap::new(),
            numbers: HashMap::new(),
            alike: HashMap::new(),
            shown: HashMap::new(),
            limits: limits.clone(),
            tallies: Vec::new(),
            requests: HashSet::new(),
            buffer: Vec::new(),
            accounts: BTreeSet::new(),
            merged: Vec::new(),
            events: 0,
            copies: 0,
            aside: None,
            refusals: Vec::new(),
            refusals_left: 0,
        }
    }

    /// Judges an event and counts it. Gives its verdict if the plan asks for verdicts. Another account's record of a call
    /// whose original is there, too, counts as that only.
    pub fn take<'a>(&mut self, row: &impl Row<'a>) -> Option<EventVerdict> {
        let call = self.call_of(row);
        if !call.wanted {
            return None;
        }
        if is_copy(row, &self.plan.originals) {
            self.copies += 1;
            return self.copy(row);
        }
        self.events += 1;
        if let Some(account) = row.text(Field::Account)
            && !self.accounts.contains(account)
        {
            self.accounts.insert(account.to_owned());
        }
        let caller = self.caller(row);
        let known = match self.object(row, call, caller) {
            Some(known) => known,
            None => self.known_or_judged(row, call, caller),
        };
        self.count(row, &known, caller);
        self.plan.verdicts.then(|| self.verdict(&known))
    }

    /// What another account's record of a call comes to.
    fn copy<'a>(&mut self, row: &impl Row<'a>) -> Option<EventVerdict> {
        let (plan, limits) = (&self.plan, &self.limits);
        let aside = || Box::new(Self::sharing(Plan { originals: Arc::default(), ..plan.clone() }, limits));
        plan.verdicts.then(|| self.aside.get_or_insert_with(aside).take(row)).flatten()
    }

    /// What a call comes to: as remembered, or judged.
    fn known_or_judged<'a>(&mut self, row: &impl Row<'a>, call: CallKind, caller: Caller) -> Known {
        let shape = self.hash(row, call, caller);
        let known_shape = self.shapes.get(&shape).copied();
        let number = known_shape.map(|known| self.call_hash(row, shape, known));
        let known = number.and_then(|number| self.calls.get(&number).cloned());
        known.unwrap_or_else(|| self.judge(row, call, caller, None).0)
    }

    /// Who called, in which session.
    fn caller<'a>(&mut self, row: &impl Row<'a>) -> Caller {
        self.buffer.clear();
        row.write_apart(Fields::of(FIELDS_OF_SESSION), &mut self.buffer);
        let key = xxh3_128(&self.buffer);
        if let Some(known) = self.callers.get(&key) {
            return *known;
        }
        let record = row.record();
        self.buffer.clear();
        write_caller(&record, self.by_session, &mut self.buffer);
        let number = xxh3_128(&self.buffer);
        let session = self.plan.issuances.session(&record);
        let content = content(session.as_deref());
        let facts = &mut self.facts;
        let session = *self.facts_by_content.entry(content).or_insert_with(|| {
            facts.push(session);
            facts.len() - 1
        });
        let caller = Caller { session, number };
        self.limits.sessions.insert(&mut self.callers, key, caller);
        caller
    }

    /// What is known of a caller's session.
    fn session(&self, caller: Caller) -> Option<Arc<Session>> {
        self.facts.get(caller.session).cloned().flatten()
    }

    /// What is known of all calls of a name.
    fn call_of<'a>(&mut self, row: &impl Row<'a>) -> CallKind {
        self.buffer.clear();
        row.write_apart(Fields::of(&[Field::EventSource, Field::EventName]), &mut self.buffer);
        let key = xxh3_64(&self.buffer);
        let wanted = self.plan.action.as_deref();
        *self.kinds.entry(key).or_insert_with(|| {
            let text = |field| row.text(field).unwrap_or("");
            let (source, name) = (text(Field::EventSource), text(Field::EventName));
            let own =
                Fields::of(&[Field::EventSource, Field::EventName, Field::VpcEndpointId, Field::AwsRegion]);
            let all = fields_of_request(source, name).and(Fields::of(FIELDS_OF_CALLER)).and(own);
            let apart = OF_CALLER.into_iter().chain([Field::RequestParameters, Field::ResponseElements]);
            CallKind {
                number: key,
                fields: apart.fold(all, Fields::without),
                by_parameters: all.has(Field::RequestParameters),
                wanted: wanted.is_none_or(|pattern| asks_for(source, name, pattern)),
                about: Endless::of(source),
            }
        })
    }

    fn hash<'a>(&mut self, row: &impl Row<'a>, call: CallKind, caller: Caller) -> u128 {
        self.buffer.clear();
        row.write_apart(call.fields, &mut self.buffer);
        write_place(row, caller, &mut self.buffer);
        if call.by_parameters {
            self.forms.write(call.number, row, &mut self.buffer);
        }
        xxh3_128(&self.buffer)
    }

    fn call_hash<'a>(&mut self, row: &impl Row<'a>, shape: u128, known: Shape) -> u128 {
        if known.more == Fields::NONE && !known.response {
            return shape;
        }
        self.buffer.clear();
        self.buffer.extend_from_slice(&shape.to_le_bytes());
        row.write_apart(known.more, &mut self.buffer);
        if known.response {
            row.write_apart(Fields::of(&[Field::ResponseElements]), &mut self.buffer);
        }
        xxh3_128(&self.buffer)
    }

    /// Judges a call that is not remembered. With the key of its object it is learned, too, what it has in common with
    /// calls on other objects.
    fn judge<'a>(
        &mut self,
        row: &impl Row<'a>,
        kind: CallKind,
        caller: Caller,
        key: Option<&ObjectKey<'_>>,
    ) -> (Known, Option<Learned>) {
        let (record, session) = (&row.record(), self.session(caller));
        let session = session.as_deref();
        let mut parsed = Parsed::of_call(record);
        let seen = Seen::default();
        let mut call = Call::read_seen(record, &parsed, session, &self.plan.snapshot, Some(&seen));
        self.look_at(record, kind, &parsed, &seen);
        let response = needs_response(&call.reading);
        if response {
            drop(call);
            parsed.add(record, Fields::of(&[Field::ResponseElements]));
            let seen = Seen::default();
            call = Call::read_seen(record, &parsed, session, &self.plan.snapshot, Some(&seen));
            self.look_at(record, kind, &parsed, &seen);
        }
        let shape = self.hash(row, kind, caller);
        let plays = call.plays(&mut self.today);
        let proposed = self.proposed.as_mut().map(|judge| call.under(&mut self.today, judge));
        let more = fields_of(&plays).and(proposed.as_ref().map_or(Fields::NONE, Under::fields));
        let known_shape = Shape { more, response };
        // What the keys are told from; the response is, too, of some: the claims of a token.
        let Call { then, who, reading, .. } = call;
        parsed.add(record, more);
        let call = Call { record, parsed: &parsed, then, who, reading, session };
        let is_open = proposed.as_ref().is_some_and(Under::is_open);
        let learned = key.filter(|_| !is_open).and_then(|key| {
            let under = proposed.as_ref().map(|under| (under.plays.as_slice(), &*under.judge));
            learned(&call, key, (plays.as_slice(), &self.today), under)
        });
        let judgement = call.judge(&mut self.today, &plays, proposed);
        let known = self.settle(&call, judgement);
        if self.limits.calls.make_room(&mut self.calls) {
            self.shapes.clear();
        }
        // Another record of the shape may have been judged before: what mattered to either matters to both.
        let known_shape = match self.shapes.get(&shape) {
            Some(known) => Shape {
                more: known.more.and(known_shape.more),
                response: known.response || known_shape.response,
            },
            None => known_shape,
        };
        self.shapes.insert(shape, known_shape);
        let number = self.call_hash(row, shape, known_shape);
        self.limits.calls.insert(&mut self.calls, number, known.clone());
        (known, learned)
    }

    /// Takes in what of the parameters a reading looked at.
    fn look_at(&mut self, record: &Record<'_>, call: CallKind, parsed: &Parsed, seen: &Seen) {
        let both = record.request_parameters.zip(parsed.parameters.as_ref()).filter(|_| call.by_parameters);
        let Some((text, parameters)) = both else { return };
        if let Some(looked_at) = seen.in_order(text, parameters) {
            self.forms.learn(call.number, text, &looked_at);
        }
    }

    /// What was judged of a call, under its ruling. Of a call that is like one before, the ruling is known.
    fn settle(&mut self, call: &Call<'_>, judgement: Judgement) -> Known {
        for request in &judgement.requests {
            self.request(*request);
        }
        let likeness = call.likeness(&judgement);
        let alike = likeness.and_then(|likeness| self.alike.get(&likeness));
        let (tally, deciders) = if let Some(alike) = alike {
            (alike.tally, alike.deciders)
        } else {
            let (ruling, deciders) = call.rule(&mut self.today, &judgement);
            let time = Time(call.record.event_time);
            let tally = self.numbers.get(&ruling).copied().unwrap_or_else(|| {
                let ruling = Arc::new(ruling);
                let number = self.tallies.len();
                self.numbers.insert(Arc::clone(&ruling), number);
                self.tallies.push(Tally::new(ruling, time));
                number
            });
            if let Some(likeness) = likeness {
                let alike = Alike { tally, deciders, _judgement: judgement };
                self.limits.alike.insert(&mut self.alike, likeness, alike);
            }
            (tally, deciders)
        };
        let shown = call.shown(deciders.today);
        let resource = self.resource(shown);
        let proposed = deciders.proposed.map(|at| self.resource(call.shown(at)));
        let shown = (self.plan.verdicts || call.then == Then::Denied).then(|| Arc::from(shown));
        Known { tally, resource, proposed, deciders, shown }
    }

    /// A resource as a number; its name is remembered.
    fn resource(&mut self, shown: &str) -> u64 {
        let number = xxh3_64(shown.as_bytes());
        if !self.shown.contains_key(&number) {
            self.limits.names.insert(&mut self.shown, number, Box::from(shown));
        }
        number
    }

    /// Counts a distinct request.
    fn request(&mut self, number: u128) {
        if !self.limits.requests.is_reached() {
            self.limits.requests.add(usize::from(self.requests.insert(number)));
        }
    }

    fn count<'a>(&mut self, row: &impl Row<'a>, known: &Known, caller: Caller) {
        let time = Time(row.time());
        let Some(tally) = self.tallies.get_mut(known.tally) else { return };
        tally.events += 1;
        tally.first = tally.first.min(time);
        tally.last = tally.last.max(time);
        if let Some(region) = row.text(Field::AwsRegion)
            && !tally.regions.contains(region)
        {
            tally.regions.insert(region.to_owned());
        }
        if !self.limits.resources.is_reached() {
            let told = usize::from(tally.today.resources.insert(known.resource));
            let own = known.proposed.map_or(0, |own| usize::from(tally.proposed.resources.insert(own)));
            self.limits.resources.add(told + own);
        }
        if tally.ruling.then == Then::Denied && tally.ruling.no_request.is_none() {
            if self.limits.refusals.is_reached() {
                self.refusals_left += 1;
            } else {
                let shown = known.shown.clone().unwrap_or_else(|| Arc::from(""));
                let refusal = Refusal::of(&row.record(), known.tally, &tally.ruling, shown);
                self.limits.refusals.add(usize::from(refusal.is_some()));
                self.refusals.extend(refusal);
            }
        }
        let event_id = row.text(Field::EventId);
        let wants = |sampled: &Sampled, resource| sampled.wants(time, event_id, resource);
        let today = wants(&tally.today, known.resource);
        let proposed = known.proposed.filter(|own| wants(&tally.proposed, *own));
        if !today && proposed.is_none() {
            return;
        }
        // Few events become examples; where it is forgotten what they are about, they are read again.
        let resources = match self.remembered(known) {
            Some(remembered) => remembered,
            None => self.resources_of(&row.record(), caller),
        };
        let sample = |resource: String| Sample {
            time,
            event_id: event_id.map(str::to_owned),
            region: row.text(Field::AwsRegion).map(str::to_owned),
            number: xxh3_64(resource.as_bytes()),
            resource,
        };
        let Some(tally) = self.tallies.get_mut(known.tally) else { return };
        if today {
            tally.today.take(sample(resources.today));
        }
        if let Some(own) = resources.proposed.filter(|_| proposed.is_some()) {
            tally.proposed.take(sample(own));
        }
    }

    /// The resources that decided a call, if their names are remembered.
    fn remembered(&self, known: &Known) -> Option<Resources> {
        let shown = |number: u64| self.shown.get(&number).map(|shown| String::from(&**shown));
        let proposed = match known.proposed {
            Some(number) => Some(shown(number)?),
            None => None,
        };
        Some(Resources { today: shown(known.resource)?, proposed })
    }

    /// The resources that decided a call which is remembered without them.
    fn resources_of(&mut self, record: &Record<'_>, caller: Caller) -> Resources {
        let (parsed, session) = (Parsed::of(record), self.session(caller));
        let call = Call::read(record, &parsed, session.as_deref(), &self.plan.snapshot);
        let plays = call.plays(&mut self.today);
        let proposed = self.proposed.as_mut().map(|judge| call.under(&mut self.today, judge));
        let judgement = call.judge(&mut self.today, &plays, proposed);
        let (_, deciders) = call.rule(&mut self.today, &judgement);
        let shown = |at| call.shown(at).to_owned();
        Resources { today: shown(deciders.today), proposed: deciders.proposed.map(shown) }
    }

    fn verdict(&self, known: &Known) -> EventVerdict {
        let tally = self.tallies.get(known.tally);
        let Some(ruling) = tally.map(|tally| &tally.ruling) else {
            return EventVerdict {
                verdict: Verdict::NotARequest,
                then: Then::Failed,
                principal: None,
                action: String::new(),
                resource: Arc::from(""),
                decided: None,
                needs: None,
                change: None,
            };
        };
        let joined = |words: Vec<String>| (!words.is_empty()).then(|| words.join("; "));
        let today = ruling.today.as_ref();
        let lacks = today.map(|today| &today.needs).into_iter().flatten().chain(&ruling.no_request);
        EventVerdict {
            verdict: ruling.verdict(),
            then: ruling.then,
            principal: ruling.principal.clone(),
            action: today.map_or_else(|| ruling.name.clone(), |today| today.action.clone()),
            resource: known.shown.clone().unwrap_or_else(|| Arc::from("")),
            decided: joined(today.map_or_else(Vec::new, |today| {
                today.decided.iter().map(super::answer::Decided::words).collect()
            })),
            needs: joined(lacks.map(|lack| lack.what.clone()).collect()),
            change: ruling.change(),
        }
    }
}

/// Writes who called, from where, as far as requests differ by it.
fn write_place<'a>(row: &impl Row<'a>, caller: Caller, to: &mut Vec<u8>) {
    to.extend_from_slice(&caller.number.to_le_bytes());
    to.extend_from_slice(&caller.session.to_le_bytes());
    write_address(row.text(Field::SourceIpAddress), to);
}

/// The columns that the keys in play are told from.
fn fields_of(plays: &[Play]) -> Fields {
    plays.iter().fold(Fields::NONE, |fields, play| fields.and(play.fields))
}

/// Whether calls of this name may ask for an action that fits a pattern.
fn asks_for(source: &str, name: &str, pattern: &str) -> bool {
    match catalog().actions_of_event(source, name) {
        Mapping::Actions(actions, _) => {
            actions.iter().any(|mapped| catalog::matches(pattern, &mapped.action.full_name()))
        }
        Mapping::NotRequest(_) | Mapping::Unknown(_) => false,
    }
}

/// The resources of the requests that decided, for people.
struct Resources {
    today: String,
    proposed: Option<String>,
}

/// What is known of a session, but for the record that tells it: sessions that agree in it are alike. Documents count by
/// their places, which stay for as long as the issuances do.
fn content(session: Option<&Session>) -> String {
    let Some(session) = session else { return String::new() };
    let policies = match &session.policies {
        SessionPolicies::None => "none".to_owned(),
        SessionPolicies::Unknown(why) => format!("unknown {why}"),
        SessionPolicies::Given { inline, managed } => {
            let inline: Vec<usize> = inline.iter().map(|document| Arc::as_ptr(document).addr()).collect();
            format!("given {inline:?} {managed:?}")
        }
    };
    format!("{policies} {:?}", session.tags)
}

impl Record<'_> {
    /// Writes the columns so that different texts give different bytes.
    pub(crate) fn write(&self, fields: Fields, to: &mut Vec<u8>) {
        for field in fields.iter() {
            match field {
                Field::EventTime => to.extend_from_slice(&self.event_time.timestamp_micros().to_le_bytes()),
                Field::SessionCreated => {
                    let created = self.session_created.map_or(0, |created| created.timestamp_micros());
                    to.push(u8::from(self.session_created.is_some()));
                    to.extend_from_slice(&created.to_le_bytes());
                }
                Field::MfaAuthenticated => to.push(flag(self.mfa_authenticated)),
                Field::SessionCredentialFromConsole => to.push(flag(self.session_credential_from_console)),
                Field::AssumedRoot => to.push(flag(self.assumed_root)),
                Field::ReadOnly => to.push(flag(self.read_only)),
                other => text(self.text(other), to),
            }
        }
    }
}

fn flag(value: Option<bool>) -> u8 {
    match value {
        None => 0,
        Some(false) => 1,
        Some(true) => 2,
    }
}

#[cfg(test)]
mod tests;
