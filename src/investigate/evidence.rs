//! Instants, spans, and the place of the record that proves a statement.

use std::collections::BTreeSet;

use serde::Serialize;

pub use crate::aws::Time;
use crate::query::EventRow;

/// How often something was seen, and when first and last.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Span {
    /// How many records.
    pub calls: u64,
    /// The first of them.
    pub first: Option<Time>,
    /// The last of them.
    pub last: Option<Time>,
}

impl Span {
    /// Counts one record at `at`.
    pub(crate) fn add(&mut self, at: Time) {
        self.calls += 1;
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = Some(self.last.map_or(at, |last| last.max(at)));
    }

    /// Counts everything that `other` counted.
    pub(crate) fn merge(&mut self, other: &Span) {
        self.calls += other.calls;
        self.first = match (self.first, other.first) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        self.last = self.last.max(other.last);
    }
}

/// A value of the log and how often it was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// The value, as the log has it.
    pub value: String,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
}

/// The record that proves a statement. Evidence is ordered by time, then by name, id and place.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Evidence {
    /// When, as the record says.
    pub at: Time,
    /// The API operation.
    pub event_name: String,
    /// CloudTrail's id of the event, when the record has one.
    pub event_id: Option<String>,
    /// The log object that holds the record.
    pub object: String,
    /// The record's place in it, from 0.
    pub record_index: i64,
}

impl Evidence {
    /// Points at `row`.
    pub fn of(row: &EventRow<'_>) -> Evidence {
        Evidence {
            at: Time(row.event_time),
            event_name: row.event_name.unwrap_or_default().to_owned(),
            event_id: row.event_id.map(str::to_owned),
            object: row.object.to_owned(),
            record_index: row.record_index,
        }
    }
}

/// Adds `value` to `set` unless the set has `max` values, all smaller; what is kept does not depend on the order.
/// `true` when some value found no place.
pub(crate) fn keep_smallest<T: Ord>(set: &mut BTreeSet<T>, value: T, max: usize) -> bool {
    set.insert(value);
    if set.len() > max {
        set.pop_last();
        return true;
    }
    false
}
