//! Replays the events of a lake: reads what issued the sessions first, then every event once, on all cores.

mod crew;
mod read;
mod save;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow::array::RecordBatch;
use chrono::TimeDelta;
use rayon::prelude::*;

use super::Window;
use super::share::replayed;
use crate::lake::{self, Column, Session};
use crate::query::{self, Filter, QueryError, Read};
use crate::replay::answer::Replay;
use crate::replay::{
    AFTER_CHANGE_SECONDS, Changes, ELSEWHERE, FIELDS_OF_ORIGINAL, Field, Fields, Folded, Issuances,
    Originals, Parsed, Plan, Proposed, Record, Replayer, State, WORKED_WITHIN_SECONDS, original,
};
use crate::snapshot::Snapshot;
use crew::{Crew, Member};
pub(super) use read::Columns;
use read::{Numbered, Numbers};
pub use save::VERDICT_COLUMNS;
use save::{Rows, Sink};

/// Sessions of roles and of federated users end so long after they were issued, in seconds: 36 hours. One that was assumed in
/// another session lasts an hour at the most, and may have its tags from that
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining>): of so many in a row all are read.
const SESSION_SECONDS_MAX: i64 = (36 + CHAINED_HOURS) * 3600;
const CHAINED_HOURS: i64 = 12;

/// The calls of STS that issue sessions.
const ISSUING: [&str; 6] = [
    "AssumeRole",
    "AssumeRoleWithSAML",
    "AssumeRoleWithWebIdentity",
    "AssumeRoot",
    "GetFederationToken",
    "GetSessionToken",
];

/// What is replayed.
#[derive(Debug, Clone)]
pub struct ReplayOptions {
    /// The window of events.
    pub window: Window,
    /// Further conditions: whose events, of which account.
    pub filters: Vec<Filter>,
    /// Only calls of these actions, a pattern as in a policy; None for all.
    pub action: Option<String>,
    /// The policies of today.
    pub snapshot: Arc<Snapshot>,
    /// The policies that are proposed, and what is said of them.
    pub proposed: Option<(Arc<Snapshot>, Proposed)>,
    /// The Parquet file that every event's verdict is written to, with [`VERDICT_COLUMNS`]; None for none.
    pub save: Option<PathBuf>,
}

/// Which events are replayed, and against what.
#[derive(Debug, Clone)]
pub(super) struct Question {
    pub(super) window: Window,
    /// Further conditions on events.
    pub(super) filter: Filter,
    pub(super) action: Option<String>,
    pub(super) snapshot: Arc<Snapshot>,
    pub(super) proposed: Option<Arc<Snapshot>>,
}

impl Question {
    fn plan(&self, issuances: Issuances, originals: Originals, verdicts: bool) -> Plan {
        Plan {
            snapshot: Arc::clone(&self.snapshot),
            proposed: self.proposed.clone(),
            issuances: Arc::new(issuances),
            originals: Arc::new(originals),
            action: self.action.clone(),
            verdicts,
        }
    }
}

/// Replays the events of a window.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn replay(ctx: &Session, options: ReplayOptions) -> Result<Replay, QueryError> {
    let (proposed, said) = options.proposed.unzip();
    let question = Question {
        window: options.window,
        filter: Filter::All(options.filters),
        action: options.action,
        snapshot: options.snapshot,
        proposed,
    };
    // Rows of verdicts are written by whoever asks.
    let replayer = if options.save.is_none() && lake::plans_elsewhere(ctx) {
        let mut replayer = Replayer::new(question.plan(Issuances::default(), Originals::default(), false));
        for state in replayed(ctx, &question).await? {
            replayer.take_in(state);
        }
        replayer
    } else {
        folded(ctx, ctx, &question, options.save.as_deref()).await?
    };
    let mut folded = replayer.fold(&changes(ctx, options.window).await?);
    worked(ctx, &mut folded).await?;
    Ok(folded.answer(said))
}

/// Replays the events of a session, with what issued their sessions from the whole lake.
pub(super) async fn folded(
    ctx: &Session,
    whole: &Session,
    question: &Question,
    save: Option<&Path>,
) -> Result<Replayer, QueryError> {
    let issuances = issuances(whole, question.window).await?;
    let originals = originals(whole, question.window, question.filter.clone()).await?;
    let plan = question.plan(issuances, originals, save.is_some());
    let filter = Filter::All(vec![question.window.filter(), question.filter.clone()]);
    let of_keys = plan.fields_of_keys();
    let fields = Plan::fields_of_calls().and(of_keys).and(plan.fields_of_copies());
    let sink = save.map(Sink::new).transpose()?.map(Arc::new);
    let crew = Arc::new(Crew::new(&plan, sink.clone()));
    let own = Arc::clone(&crew);
    let take = move |numbers: &mut Numbers, batch: &RecordBatch| {
        own.take(&Numbered::of(batch, fields, numbers)?, batch.num_rows())
    };
    let needs = move |batch: &RecordBatch| vec![crew::needing_response(batch, of_keys)];
    let rare = Field::ResponseElements;
    let response = Column::ALL.iter().copied().filter(|column| column.name() == rare.name());
    let read = Read { columns: columns(fields.without(rare)), rare: response.collect() };
    query::fold_groups(ctx, &filter, read, needs, take, |_| Ok(())).await?;
    let mut replayer = Replayer::new(plan);
    // To take what was remembered down again takes a while.
    let members: Vec<Member> = crew.members();
    let parts: Vec<(State, Rows)> =
        members.into_par_iter().map(|member| (member.replayer.state(), member.rows)).collect();
    for (state, mut rows) in parts {
        if let Some(sink) = &sink {
            rows.flush(sink)?;
        }
        replayer.take_in(state);
    }
    sink.map_or(Ok(()), |sink| sink.close())?;
    Ok(replayer)
}

/// The records of calls in a window that worked, of those that some condition names.
fn worked_in(window: Window, which: Filter) -> Filter {
    Filter::All(vec![window.filter(), which, Filter::Not(Box::new(Filter::Some(Column::ErrorCode)))])
}

/// The records of IAM in a window that may have changed whose policies.
pub(super) fn of_changes(window: Window) -> Filter {
    worked_in(window, Filter::Is(Column::EventSource, "iam.amazonaws.com".to_owned()))
}

/// Changes of policies that IAM may not have caught up with at some time of a window, whoever made them.
async fn changes(ctx: &Session, window: Window) -> Result<Changes, QueryError> {
    let from = window.from.and_then(|from| from.checked_sub_signed(TimeDelta::seconds(AFTER_CHANGE_SECONDS)));
    // What was changed behind a refusal may be why the call worked then.
    let to = window.to.and_then(|to| to.checked_add_signed(TimeDelta::seconds(WORKED_WITHIN_SECONDS)));
    let sources = ["iam.amazonaws.com", "organizations.amazonaws.com"].map(str::to_owned);
    let which = Filter::Any(vec![
        Filter::In(Column::EventSource, sources.into()),
        Filter::In(Column::EventName, ELSEWHERE.map(str::to_owned).into()),
    ]);
    let filter = worked_in(Window { from, to }, which);
    let mut changes = Changes::default();
    let see = |changes: &mut Changes, record: &Record<'_>| changes.see(record);
    folded_groups(ctx, &filter, Fields::of(Changes::FIELDS), see, |part| changes.merge(part)).await?;
    Ok(changes)
}

/// Shows what was refused which calls worked soon after.
async fn worked(ctx: &Session, folded: &mut Folded) -> Result<(), QueryError> {
    let Some(suspects) = folded.suspects() else { return Ok(()) };
    let filter = Filter::All(vec![
        Filter::From(suspects.from),
        Filter::Before(suspects.to),
        Filter::In(Column::EventName, suspects.event_names),
    ]);
    let fields = Fields::of(Field::ALL);
    for batch in batches(ctx, &filter, fields).await? {
        let columns = Columns::of(&batch, fields)?;
        (0..batch.num_rows()).for_each(|row| folded.worked(&columns.record(row)));
    }
    Ok(())
}

/// What issued the sessions of a window.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub(super) async fn issuances(ctx: &Session, window: Window) -> Result<Issuances, QueryError> {
    let from = window.from.and_then(|from| from.checked_sub_signed(TimeDelta::seconds(SESSION_SECONDS_MAX)));
    let which = Filter::All(vec![
        Filter::Is(Column::EventSource, "sts.amazonaws.com".to_owned()),
        Filter::In(Column::EventName, ISSUING.map(str::to_owned).into()),
    ]);
    let filter = worked_in(Window { from, to: window.to }, which);
    let mut issuances = Issuances::default();
    let add = |issuances: &mut Issuances, record: &Record<'_>| issuances.add(record, &Parsed::of(record));
    folded_groups(ctx, &filter, Fields::of(Field::ALL), add, |part| issuances.merge(part)).await?;
    Ok(issuances)
}

/// The requests that two accounts' logs have, of which the caller's own is among some events of a window.
pub(super) async fn originals(
    ctx: &Session,
    window: Window,
    filter: Filter,
) -> Result<Originals, QueryError> {
    let filter = Filter::All(vec![window.filter(), filter, Filter::Some(Column::SharedEventId)]);
    let fields = Fields::of(FIELDS_OF_ORIGINAL);
    let parts = each(ctx, &filter, fields, Originals::default, |found, record| {
        found.extend(original(record));
        Ok(())
    })
    .await?;
    Ok(parts.into_iter().flatten().collect())
}

/// Folds the events that satisfy a condition, each row group of the lake by itself.
async fn folded_groups<T: Default + Send + 'static>(
    ctx: &Session,
    filter: &Filter,
    fields: Fields,
    add: fn(&mut T, &Record<'_>),
    mut give: impl FnMut(T),
) -> Result<(), QueryError> {
    let take = move |part: &mut T, batch: &RecordBatch| {
        let columns = Columns::of(batch, fields)?;
        (0..batch.num_rows()).for_each(|row| add(part, &columns.record(row)));
        Ok(())
    };
    let read = Read { columns: columns(fields), rare: Vec::new() };
    let give = |part| {
        give(part);
        Ok(())
    };
    query::fold_groups(ctx, filter, read, |_| Vec::new(), take, give).await
}

/// Columns of the lake; the time is always read.
fn columns(fields: Fields) -> Vec<Column> {
    let names = names(fields);
    Column::ALL.iter().copied().filter(|column| names.contains(&column.name())).collect()
}

/// Folds the events that satisfy a condition, each part of the lake by itself and beside the others.
pub(super) async fn each<T: Send + 'static>(
    ctx: &Session,
    filter: &Filter,
    fields: Fields,
    start: impl Fn() -> T,
    take: impl Fn(&mut T, &Record<'_>) -> Result<(), QueryError> + Clone + Send + 'static,
) -> Result<Vec<T>, QueryError> {
    let take_batch = move |part: &mut T, batch: &RecordBatch| {
        let columns = Columns::of(batch, fields)?;
        (0..batch.num_rows()).try_for_each(|row| take(part, &columns.record(row)))
    };
    query::fold(ctx, filter, &names(fields), start, take_batch).await
}

/// The events that satisfy a condition, few of them.
pub(super) async fn batches(
    ctx: &Session,
    filter: &Filter,
    fields: Fields,
) -> Result<Vec<RecordBatch>, QueryError> {
    let keep = |kept: &mut Vec<RecordBatch>, batch: &RecordBatch| {
        kept.push(batch.clone());
        Ok(())
    };
    Ok(query::fold(ctx, filter, &names(fields), Vec::new, keep).await?.concat())
}

/// The names of columns; the time is always read.
fn names(fields: Fields) -> Vec<&'static str> {
    let names: BTreeSet<&'static str> =
        fields.iter().map(Field::name).chain([Field::EventTime.name()]).collect();
    names.into_iter().collect()
}
