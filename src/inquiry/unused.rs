//! Asks a lake what users and roles did with what they may do.
//!
//! Every event is looked at once with few columns; those of which only the whole record tells the requests or the statements
//! are read again, see [`crate::unused`].

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::TimeDelta;

use super::Window;
use super::portion::{Portion, portions};
use super::replay::{ReplayOptions, each, issuances, originals, replay};
use super::share::{ToLook, looked, looked_again};
use crate::catalog::catalog;
use crate::catalog::event::{Mapping, Presence};
use crate::lake::{self, Column, Session};
use crate::query::{Filter, QueryError, measure};
use crate::replay::{COPIES_APART_SECONDS, Fields, Issuances, Proposed, Record};
use crate::snapshot::Snapshot;
use crate::unused::suggest::{self, Suggestion};
use crate::unused::{
    Assumptions, Census, Detail, Material, OriginUse, Plan, Subject, SubjectError, Subjects, Trusts, Unused,
    Wanted, WantedEvents, finish, is_another,
};

/// So much of the metadata of the lake's files is kept: a portion's files are looked at twice, one time after another.
const METADATA_BYTES_MAX: usize = 32 * 1024 * 1024;

/// What is looked for.
#[derive(Debug, Clone)]
pub struct UnusedOptions {
    /// The window of events.
    pub window: Window,
    /// Whose.
    pub wanted: Wanted,
    /// The policies of today.
    pub snapshot: Arc<Snapshot>,
    /// Whether the origins behind the sessions of roles are told: that takes a look at all issuances of the lake.
    pub origins: bool,
    /// How policies are suggested; None for no suggestions.
    pub suggest: Option<suggest::Options>,
    /// Days are looked at together until they have so many events: what is held for each event is held for theirs only.
    pub events_at_once: u64,
}

/// What [`UnusedOptions::events_at_once`] is where memory counts, and time.
pub const EVENTS_AT_ONCE: u64 = 1_000_000;

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum UnusedError {
    /// Nobody is named so.
    #[error(transparent)]
    Subject(#[from] SubjectError),
    /// The lake cannot be read.
    #[error(transparent)]
    Query(#[from] QueryError),
}

/// What users and roles may do and never did, and what else is unused.
///
/// # Errors
///
/// [`UnusedError`] where nobody is named as asked for, or the lake cannot be read.
pub async fn unused(ctx: &Session, options: UnusedOptions) -> Result<Unused, UnusedError> {
    let UnusedOptions { window, wanted, snapshot, origins, suggest, events_at_once } = options;
    let subjects = Arc::new(Subjects::of(&snapshot, &wanted)?);
    let plan = Plan::new(Arc::clone(&snapshot), Arc::clone(&subjects), Arc::default(), suggest.is_some());
    let plan = Arc::new(plan);
    let First { census, detail: seen, assumptions } = if lake::plans_elsewhere(ctx) {
        let requests = suggest.is_some();
        elsewhere(
            ctx,
            window,
            ToLook { snapshot: (*snapshot).clone(), wanted, requests, events_at_once },
            &plan,
        )
        .await?
    } else {
        let mut looked = first((ctx, ctx), window, events_at_once, &plan).await?;
        let events = Arc::new(looked.census.wanted(&plan));
        looked.detail.merge(second((ctx, ctx), window, events_at_once, (&plan, &events)).await?);
        looked
    };
    let behind = if origins { behind(ctx, window, &plan.subjects).await? } else { BTreeMap::new() };
    let material =
        Material { census, detail: seen, assumptions, origins: behind, from: window.from, to: window.to };
    let (mut answer, needed) = finish(&plan, material);
    if !origins {
        let words = "Who is behind the sessions of roles was not looked for (--origins).";
        answer.limits.push(words.to_owned());
    }
    if let Some(how) = suggest {
        let principals = answer.principals.iter().enumerate();
        let of = principals.filter(|(_, own)| own.apart != Some(crate::unused::Apart::ServiceLinked));
        let mut suggestions: Vec<Suggestion> =
            of.map(|(place, own)| suggest::suggest(&plan, own, &needed, place, how)).collect();
        prove(ctx, window, &snapshot, &mut suggestions).await?;
        answer.suggestions = suggestions;
    }
    Ok(answer)
}

/// A portion's window, with what next to it may be the originals of its copies.
fn around(portion: Window) -> Window {
    let apart = TimeDelta::seconds(COPIES_APART_SECONDS);
    Window {
        from: portion.from.and_then(|from| from.checked_sub_signed(apart)),
        to: portion.to.and_then(|to| to.checked_add_signed(apart)),
    }
}

/// What is counted, as far as it has come.
pub(super) struct First {
    pub(super) census: Census,
    pub(super) detail: Detail,
    pub(super) assumptions: Assumptions,
}

impl First {
    fn new(plan: &Arc<Plan>, trusts: &Arc<Trusts>) -> Self {
        Self {
            census: Census::new(Arc::clone(plan)),
            detail: Detail::new(Arc::clone(plan), Arc::default()),
            assumptions: Assumptions::new(Arc::clone(trusts)),
        }
    }
}

/// Both looks, taken by others.
async fn elsewhere(
    ctx: &Session,
    window: Window,
    look: ToLook,
    plan: &Arc<Plan>,
) -> Result<First, QueryError> {
    let mut all = First::new(plan, &Arc::new(Trusts::of(&plan.snapshot, &plan.subjects)));
    for (census, tallies, assumed) in looked(ctx, window, &look).await? {
        all.census.take_in(census);
        all.detail.take_in(tallies);
        all.assumptions.take_in(assumed);
    }
    let events = all.census.wanted(plan);
    if !events.is_empty() {
        for tallies in looked_again(ctx, window, (&look, &events)).await? {
            all.detail.take_in(tallies);
        }
    }
    Ok(all)
}

/// The first look at the events of a session, with other copies of their requests from the whole lake.
pub(super) async fn first(
    (ctx, whole): (&Session, &Session),
    window: Window,
    events_at_once: u64,
    plan: &Arc<Plan>,
) -> Result<First, QueryError> {
    let trusts = Arc::new(Trusts::of(&plan.snapshot, &plan.subjects));
    let new = || First::new(plan, &trusts);
    let portions = portioned((ctx, whole), window, events_at_once).await?;
    let fields = Census::fields(plan).and(Assumptions::fields());
    let mut parts = Vec::new();
    for portion in &portions {
        let originals = Arc::new(originals(whole, around(portion.window), window.filter()).await?);
        let plan = Arc::new(Plan { originals, ..(**plan).clone() });
        let ready = |part: &mut First| {
            part.census.go_on(Arc::clone(&plan));
            part.detail.go_on(Arc::clone(&plan));
        };
        parts = go_on(ctx, &portion.filter, fields, (parts, new, ready), |first, record| {
            if let Some(key) = first.census.take(record) {
                first.detail.take_light(record, key);
            }
            first.assumptions.take(record);
        })
        .await?;
    }
    let mut parts = parts.into_iter();
    let mut first = parts.next().unwrap_or_else(new);
    for part in parts {
        first.census.merge(part.census);
        first.detail.merge(part.detail);
        first.assumptions.merge(part.assumptions);
    }
    Ok(first)
}

/// Folds the events that satisfy a condition into parts that have folded others before: what those have read they need not
/// read again. Where there are too few of them `new` makes more; `ready` is given each that is taken.
async fn go_on<T: Send + 'static>(
    ctx: &Session,
    filter: &Filter,
    fields: Fields,
    (parts, new, ready): (Vec<T>, impl Fn() -> T, impl Fn(&mut T)),
    take: impl Fn(&mut T, &Record<'_>) + Clone + Send + 'static,
) -> Result<Vec<T>, QueryError> {
    let resting = Mutex::new(parts);
    let start = || {
        let rested = resting.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut part = rested.unwrap_or_else(&new);
        ready(&mut part);
        part
    };
    let made = each(ctx, filter, fields, start, move |part, record| {
        take(part, record);
        Ok(())
    });
    let made = made.await?;
    let mut parts = resting.into_inner().unwrap_or_else(PoisonError::into_inner);
    parts.extend(made);
    Ok(parts)
}

/// The window in portions. What is held for every event is held for those of one.
async fn portioned(
    (ctx, whole): (&Session, &Session),
    window: Window,
    events_at_once: u64,
) -> Result<Vec<Portion>, QueryError> {
    lake::keep_metadata(ctx, METADATA_BYTES_MAX);
    lake::keep_metadata(whole, METADATA_BYTES_MAX);
    portions(ctx, window, events_at_once).await
}

/// The second look, with what issued their sessions from the whole lake, too.
pub(super) async fn second(
    (ctx, whole): (&Session, &Session),
    window: Window,
    events_at_once: u64,
    (plan, wanted): (&Arc<Plan>, &Arc<WantedEvents>),
) -> Result<Detail, QueryError> {
    let new = || Detail::new(Arc::clone(plan), Arc::clone(wanted));
    if wanted.is_empty() {
        return Ok(new());
    }
    let named = Filter::In(Column::EventName, wanted.event_names.clone());
    let mut parts = Vec::new();
    for portion in portioned((ctx, whole), window, events_at_once).await? {
        let originals = Arc::new(originals(whole, around(portion.window), window.filter()).await?);
        // Tags of sessions may decide conditions, and their policies what federated users used; the records that tell them are
        // read only where something depends on them.
        let asks = plan.asks_for_session_tags() || wanted.asks_for_sessions;
        let issued = if asks { issuances(whole, portion.window).await? } else { Issuances::default() };
        let plan = Arc::new(Plan { originals, issuances: Arc::new(issued), ..(**plan).clone() });
        let filter = Filter::All(vec![portion.filter.clone(), named.clone()]);
        let ready = |part: &mut Detail| part.go_on(Arc::clone(&plan));
        parts = go_on(ctx, &filter, wanted.fields, (parts, new, ready), Detail::take).await?;
    }
    let mut parts = parts.into_iter();
    let mut detail = parts.next().unwrap_or_else(new);
    parts.for_each(|part| detail.merge(part));
    Ok(detail)
}

/// Who is behind the sessions of roles, by the role's ARN; sessions of a role that bore the name before are of another one.
async fn behind(
    ctx: &Session,
    window: Window,
    subjects: &Subjects,
) -> Result<BTreeMap<String, Vec<OriginUse>>, QueryError> {
    let own = |subject: &'_ Subject| Some((subject.arn.clone(), subject.unique_id.clone()?));
    let own: BTreeMap<String, String> = subjects.iter().filter_map(own).collect();
    let mut found: BTreeMap<String, BTreeMap<(String, String, bool), OriginUse>> = BTreeMap::new();
    for row in measure::origins_of_roles(ctx, window.bounds()).await? {
        if is_another(own.get(&row.role).map(String::as_str), row.role_id.as_deref()) {
            continue;
        }
        // What is certain is not mixed with what only may be.
        let key = (row.kind.clone(), row.origin.clone(), row.certain);
        let own = found.entry(row.role).or_default().entry(key).or_insert_with(|| OriginUse {
            kind: row.kind,
            origin: row.origin,
            calls: 0,
            actions: Vec::new(),
            certain: row.certain,
        });
        own.calls += row.calls;
        if let Mapping::Actions(actions, _) = catalog().actions_of_event(&row.event_source, &row.event_name) {
            let certain = actions.iter().filter(|mapped| mapped.presence == Presence::Certain);
            own.actions.extend(certain.map(|mapped| mapped.action.full_name()));
        }
    }
    let listed = |origins: BTreeMap<(String, String, bool), OriginUse>| {
        let mut origins: Vec<OriginUse> = origins.into_values().collect();
        for origin in &mut origins {
            origin.actions.sort();
            origin.actions.dedup();
        }
        origins.sort_by(|a, b| {
            b.calls.cmp(&a.calls).then_with(|| (&a.origin, a.certain).cmp(&(&b.origin, b.certain)))
        });
        origins
    };
    Ok(found.into_iter().map(|(role, origins)| (role, listed(origins))).collect())
}

/// Replays the window with the suggested policies in the place of today's.
async fn prove(
    ctx: &Session,
    window: Window,
    snapshot: &Arc<Snapshot>,
    suggestions: &mut [Suggestion],
) -> Result<(), QueryError> {
    let proposed = Arc::new(suggest::propose(snapshot, suggestions));
    let said = Proposed { path: "suggested policies".to_owned(), changes: Vec::new() };
    // Only the callers' own accounts record all of their calls.
    let options = ReplayOptions {
        window,
        filters: Vec::new(),
        action: None,
        snapshot: Arc::clone(snapshot),
        proposed: Some((proposed, said)),
        save: None,
    };
    let answer = replay(ctx, options).await?;
    suggest::prove(suggestions, &answer);
    Ok(())
}
