//! What the lake could show at all: accounts, regions, kinds of events, hours without any, changes of logging.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Window;
use crate::investigate::{Caller, Coverage, Evidence, Gap, LoggingEvent, Span, Time};
use crate::lake::Session;
use crate::query::measure::{self, Bounds, Hour};
use crate::query::{EventRow, QueryError};

/// So many gaps are told.
const GAPS_MAX: usize = 10_000;

/// Measures what the lake holds.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn cover(ctx: &Session) -> Result<Coverage, QueryError> {
    let mut coverage = Coverage::default();
    let held = measure::held(ctx, Bounds::default()).await?;
    for holding in held.holdings {
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
    coverage.gaps = gaps(&held.hours);
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

/// What anyone did to logging itself, in order of time.
pub(super) async fn logging_changes(ctx: &Session, window: Window) -> Result<Vec<LoggingEvent>, QueryError> {
    let change = |row: &EventRow<'_>, target: Option<&str>| {
        let target = target.map(str::to_owned);
        LoggingEvent { evidence: Evidence::of(row), target, by: Caller::of(row) }
    };
    measure::logging_changes(ctx, window.bounds(), change).await
}
