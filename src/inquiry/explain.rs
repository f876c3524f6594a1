//! Reads what explains one event: its record, who is behind it, what the logs show of the policies around that time.

use std::sync::Arc;

use chrono::TimeDelta;

use super::replay::{self, issuances};
use super::{ResolveError, TraceOptions, Window, trace};
use crate::lake::{Column, Session};
use crate::lineage::Trace;
use crate::query::{Filter, QueryError};
use crate::replay::answer::{Behind, Explanation};
use crate::replay::{
    Changed, Changes, Entity, Field, Fields, Question, changed, concerned, explain as explained,
};
use crate::snapshot::Snapshot;

/// Changes of policies are looked for so long before an event: a day.
const BEFORE_SECONDS: i64 = 86_400;

/// And so long after it: ten minutes.
const AFTER_SECONDS: i64 = 600;

/// Changes that are kept at most, those nearest before the event.
const CHANGES_MAX: usize = 1_000;

/// What is asked.
#[derive(Debug)]
pub struct ExplainOptions<'a> {
    /// CloudTrail's id of the event.
    pub event_id: &'a str,
    /// The policies of today; None if none were given.
    pub snapshot: Option<Arc<Snapshot>>,
    /// Puts a trace up into words.
    pub behind: fn(&Trace) -> Behind,
}

/// Explains an event; of several records with its id, as of both accounts of a call across accounts, each.
///
/// # Errors
///
/// [`ResolveError::NoEvent`] when no record has the id; [`ResolveError::Query`] when the lake cannot be read.
pub async fn explain(ctx: &Session, options: &ExplainOptions<'_>) -> Result<Vec<Explanation>, ResolveError> {
    let fields = Fields::of(Field::ALL);
    let filter = Filter::Is(Column::EventId, options.event_id.to_owned());
    let batches = replay::batches(ctx, &filter, fields).await?;
    let mut found = Vec::new();
    for batch in &batches {
        let columns = replay::Columns::of(batch, fields)?;
        found.extend((0..batch.num_rows()).map(|row| columns.record(row)));
    }
    // The caller's own account knows most of the caller, so its copy comes first.
    found.sort_by_key(|record| {
        let of_record = (record.account, record.event_time, record.request_parameters);
        (record.identity_account_id != record.account, of_record, record.error_code, record.response_elements)
    });
    if found.is_empty() {
        return Err(ResolveError::NoEvent { asked: options.event_id.to_owned() });
    }
    let up = TraceOptions { depth: 0, down: false, window: Window::default() };
    let behind = match Box::pin(trace(ctx, options.event_id, up)).await {
        Ok(trace) => (options.behind)(&trace),
        Err(ResolveError::Query(error)) => return Err(error.into()),
        Err(_) => Behind {
            origin: "not known: the record names no credential".to_owned(),
            steps: Vec::new(),
            complete: false,
        },
    };
    let mut explanations = Vec::with_capacity(found.len());
    for record in &found {
        let at = record.event_time;
        let window = Window {
            from: at.checked_sub_signed(TimeDelta::seconds(BEFORE_SECONDS)),
            to: at.checked_add_signed(TimeDelta::seconds(AFTER_SECONDS)),
        };
        let issuances = issuances(ctx, window).await?;
        let changes = changes(ctx, window, &concerned(record)).await?;
        explanations.push(explained(&Question {
            record,
            snapshot: options.snapshot.as_ref(),
            issuances: &issuances,
            behind: behind.clone(),
            changes,
        }));
    }
    Ok(explanations)
}

/// The changes of the policies of these users and roles in a window, in order of time.
async fn changes(ctx: &Session, window: Window, concerned: &[Entity]) -> Result<Vec<Changed>, QueryError> {
    if concerned.is_empty() {
        return Ok(Vec::new());
    }
    let (fields, filter) = (Fields::of(Changes::FIELDS), replay::of_changes(window));
    let mut found = Vec::new();
    for batch in replay::batches(ctx, &filter, fields).await? {
        let columns = replay::Columns::of(&batch, fields)?;
        found.extend((0..batch.num_rows()).filter_map(|row| changed(&columns.record(row), concerned)));
    }
    found.sort_by(|a, b| {
        (a.fact.time, &a.fact.event_id, &a.fact.what).cmp(&(b.fact.time, &b.fact.event_id, &b.fact.what))
    });
    let more = found.len().saturating_sub(CHANGES_MAX);
    found.drain(..more);
    Ok(found)
}
