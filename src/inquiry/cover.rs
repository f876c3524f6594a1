//! What the lake could show at all: accounts, regions, kinds of events, hours without any, changes of logging.

use std::collections::BTreeSet;

use arrow::array::{Array, AsArray};
use chrono::{DateTime, TimeDelta, Utc};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::Window;
use crate::investigate::{Caller, Coverage, Evidence, Gap, LoggingEvent, Span, Time};
use crate::query::measure::{self, Bounds, Hour};
use crate::query::{self, QueryError};

/// So many changes of logging are read.
const LOGGING_CHANGES_MAX: usize = 10_000;

/// So many gaps are told.
const GAPS_MAX: usize = 10_000;

/// Measures what the lake holds.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn cover(ctx: &SessionContext) -> Result<Coverage, QueryError> {
    let mut coverage = Coverage::default();
    for holding in measure::holdings(ctx, Bounds::default()).await? {
        let span =
            Span { calls: holding.events, first: Some(Time(holding.first)), last: Some(Time(holding.last)) };
        add(&mut coverage.whole, span);
        if let Some(account) = holding.account {
            add(coverage.accounts.entry(account).or_default(), span);
        }
        if let Some(region) = holding.region {
            add(coverage.regions.entry(region).or_default(), span);
        }
        if let Some(source) = holding.data_source {
            add(coverage.data_sources.entry(source).or_default(), span);
        }
        if holding.category == "Management" {
            coverage.read_only_events += holding.read_only;
        }
        *coverage.categories.entry(holding.category).or_default() += holding.events;
    }
    coverage.gaps = gaps(&measure::hours(ctx, Bounds::default()).await?);
    coverage.logging_changes = logging_changes(ctx, Window::default()).await?;
    Ok(coverage)
}

pub(super) fn add(into: &mut Span, other: Span) {
    into.calls += other.calls;
    into.first = [into.first, other.first].into_iter().flatten().min();
    into.last = into.last.max(other.last);
}

/// The runs of hours without any event, between the first and the last that has one.
#[must_use]
pub fn gaps(hours: &[Hour]) -> Vec<Gap> {
    let begins: BTreeSet<DateTime<Utc>> = hours.iter().map(|hour| hour.begins).collect();
    let hour = TimeDelta::hours(1);
    begins
        .iter()
        .zip(begins.iter().skip(1))
        .filter(|(left, right)| **right - **left > hour)
        .map(|(left, right)| Gap { from: Time(*left + hour), to: Time(*right) })
        .take(GAPS_MAX)
        .collect()
}

/// What anyone did to logging itself.
pub(super) async fn logging_changes(
    ctx: &SessionContext,
    window: Window,
) -> Result<Vec<LoggingEvent>, QueryError> {
    let failed = |error| QueryError::engine("cannot read changes of logging", error);
    let columns = query::EVENT_ROW_COLUMNS.join(", ");
    let text = format!(
        "select {columns}, target(request_parameters) as target from events \
         where sensitive_category(event_source, event_name) = 'logging' \
         and (error_code is null or error_code = '') \
         order by event_time, event_id, object, record_index limit {LOGGING_CHANGES_MAX}"
    );
    let frame = ctx.sql(&text).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut found = Vec::new();
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let targets = batch.column_by_name("target").and_then(|targets| targets.as_string_opt::<i32>());
        for (place, row) in query::rows(&batch)?.enumerate() {
            if !window.holds(row.event_time) {
                continue;
            }
            let target = targets
                .filter(|targets| targets.is_valid(place))
                .map(|targets| targets.value(place).to_owned());
            found.push(LoggingEvent { evidence: Evidence::of(&row), target, by: Caller::of(&row) });
        }
    }
    Ok(found)
}
