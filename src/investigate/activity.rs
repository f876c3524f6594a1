//! How much the subject did, of what, and when.

use std::collections::BTreeMap;

use serde::Serialize;

use super::bounded::Bounded;
use super::evidence::{Span, Time};
use super::limit::{Limits, TIMELINE_BINS_MAX};
use super::outcome::{Outcome, service};
use crate::query::EventRow;

/// Calls by what they were and how they ended. `reads + writes = calls`; `denied`, `failed` and `throttled` are parts of
/// `calls` that do not overlap.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// All calls.
    pub calls: u64,
    /// Calls that only read, or tried to.
    pub reads: u64,
    /// Calls that change something, or tried to.
    pub writes: u64,
    /// Calls whose authorization was refused.
    pub denied: u64,
    /// Calls that failed for another reason.
    pub failed: u64,
    /// Calls that came too fast.
    pub throttled: u64,
}

impl Counts {
    pub(super) fn add(&mut self, writes: bool, outcome: Outcome) {
        self.calls += 1;
        self.reads += u64::from(!writes);
        self.writes += u64::from(writes);
        self.denied += u64::from(outcome == Outcome::Denied);
        self.failed += u64::from(outcome == Outcome::Failed);
        self.throttled += u64::from(outcome == Outcome::Throttled);
    }

    fn merge(&mut self, other: &Counts) {
        self.calls += other.calls;
        self.reads += other.reads;
        self.writes += other.writes;
        self.denied += other.denied;
        self.failed += other.failed;
        self.throttled += other.throttled;
    }
}

/// Calls of one operation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationCalls {
    /// The service, as `iam`.
    pub service: String,
    /// The operation, as the records name it.
    pub event_name: String,
    /// How many, by kind and end.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first of them.
    pub first: Option<Time>,
    /// The last of them.
    pub last: Option<Time>,
}

/// Calls of one service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ServiceCalls {
    /// The service, as `iam`.
    pub service: String,
    /// Its different operations that were called.
    pub operations: u64,
    /// How many, by kind and end.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first of them.
    pub first: Option<Time>,
    /// The last of them.
    pub last: Option<Time>,
}

/// Calls that ended with one error code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ErrorCalls {
    /// The code, as the records have it; empty for failures without one.
    pub error_code: String,
    /// `denied`, `failed` or `throttled`.
    pub outcome: &'static str,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
}

/// One bar of the timeline.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Bin {
    /// Calls.
    pub calls: u64,
    /// Those that write.
    pub writes: u64,
    /// Those that were denied.
    pub denied: u64,
    /// Those that failed or were throttled.
    pub failed: u64,
}

/// Calls over time, in bins of equal length.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// Seconds in a bin: a minute, 5 or 15 minutes, an hour, 6 hours, a day, a week or more.
    pub bin_seconds: i64,
    /// When the first bin begins; `null` when there are no calls.
    pub start: Option<Time>,
    /// The bins, without a gap, from the first call to the last.
    pub bins: Vec<Bin>,
}

/// All that is counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Activity {
    /// Everything together.
    pub total: Counts,
    /// The first and last call.
    pub span: Span,
    /// Records that are a second copy of a call, because two accounts received it (`sharedEventID`). They are counted
    /// in all figures.
    pub second_copies: u64,
    /// By service, most calls first.
    pub services: Vec<ServiceCalls>,
    /// By service and operation, most calls first.
    pub operations: Vec<OperationCalls>,
    /// By error code, most calls first.
    pub errors: Vec<ErrorCalls>,
    /// Over time.
    pub timeline: Timeline,
    /// Records by `eventCategory`, most first; data events are told from management events here.
    pub categories: BTreeMap<String, u64>,
}

#[derive(Debug, Clone, Copy, Default)]
struct OperationFold {
    counts: Counts,
    span: Span,
}

/// Gathers the counts.
#[derive(Debug, Clone)]
pub(crate) struct ActivityFold {
    limits: Limits,
    total: Counts,
    span: Span,
    operations: Bounded<(String, String), OperationFold>,
    errors: Bounded<(String, Outcome), Span>,
    shared: Bounded<u64, u64>,
    categories: Bounded<String, u64>,
    timeline: TimelineFold,
}

impl ActivityFold {
    pub(crate) fn new(limits: Limits) -> ActivityFold {
        ActivityFold {
            limits,
            total: Counts::default(),
            span: Span::default(),
            operations: Bounded::new(limits.operations_max),
            errors: Bounded::new(limits.errors_max),
            shared: Bounded::new(limits.successes_max),
            categories: Bounded::new(limits.details_max),
            timeline: TimelineFold::new(limits.minutes_max),
        }
    }

    /// Takes in one record of the subject.
    pub(crate) fn push(&mut self, row: &EventRow<'_>, writes: bool, outcome: Outcome) {
        let at = Time(row.event_time);
        self.total.add(writes, outcome);
        self.span.add(at);
        self.timeline.push(at, writes, outcome);
        let key = (service(row).to_owned(), row.event_name.unwrap_or_default().to_owned());
        if let Some(fold) = self.operations.slot(&key) {
            fold.counts.add(writes, outcome);
            fold.span.add(at);
        }
        if outcome != Outcome::Ok
            && let Some(span) = self.errors.slot(&(row.error_code.unwrap_or_default().to_owned(), outcome))
        {
            span.add(at);
        }
        if let Some(shared) = row.shared_event_id.filter(|_| row.event_category != Some("Insight"))
            && let Some(copies) = self.shared.slot(&xxhash_rust::xxh3::xxh3_64(shared.as_bytes()))
        {
            *copies += 1;
        }
        if let Some(count) = self.categories.slot(row.event_category.unwrap_or("Management")) {
            *count += 1;
        }
    }

    /// The first and last call so far.
    pub(crate) fn span(&self) -> Span {
        self.span
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        [
            ("activity.operations", self.operations.reached(), self.limits.operations_max),
            ("activity.errors", self.errors.reached(), self.limits.errors_max),
            ("activity.second_copies", self.shared.reached(), self.limits.successes_max),
        ]
        .into_iter()
        .filter(|(_, reached, _)| *reached)
        .map(|(name, _, max)| (name, max))
        .collect()
    }

    /// Everything in its final order.
    pub(crate) fn finish(self) -> Activity {
        let mut services: BTreeMap<String, ServiceCalls> = BTreeMap::new();
        let mut operations = Vec::new();
        for ((service, event_name), fold) in self.operations {
            let entry = services.entry(service.clone()).or_insert_with(|| ServiceCalls {
                service: service.clone(),
                operations: 0,
                counts: Counts::default(),
                first: None,
                last: None,
            });
            let mut span = Span { calls: 0, first: entry.first, last: entry.last };
            span.merge(&fold.span);
            (entry.first, entry.last) = (span.first, span.last);
            entry.operations += 1;
            entry.counts.merge(&fold.counts);
            let (first, last) = (fold.span.first, fold.span.last);
            operations.push(OperationCalls { service, event_name, counts: fold.counts, first, last });
        }
        operations.sort_by(|a, b| {
            let name = |o: &OperationCalls| (o.service.clone(), o.event_name.clone());
            b.counts.calls.cmp(&a.counts.calls).then_with(|| name(a).cmp(&name(b)))
        });
        let mut services: Vec<ServiceCalls> = services.into_values().collect();
        services.sort_by(|a, b| b.counts.calls.cmp(&a.counts.calls).then_with(|| a.service.cmp(&b.service)));
        let errors = self.errors.into_iter().map(|((error_code, outcome), span)| ErrorCalls {
            error_code,
            outcome: match outcome {
                Outcome::Denied => "denied",
                Outcome::Throttled => "throttled",
                Outcome::Failed | Outcome::Ok => "failed",
            },
            span,
        });
        let mut errors: Vec<ErrorCalls> = errors.collect();
        errors.sort_by(|a, b| {
            b.span
                .calls
                .cmp(&a.span.calls)
                .then_with(|| (&a.error_code, a.outcome).cmp(&(&b.error_code, b.outcome)))
        });
        Activity {
            total: self.total,
            span: self.span,
            second_copies: self.shared.iter().map(|(_, copies)| copies.saturating_sub(1)).sum(),
            services,
            operations,
            errors,
            timeline: self.timeline.finish(self.span),
            categories: self.categories.into_iter().collect(),
        }
    }
}

/// Bin lengths in seconds: minute, 5 and 15 minutes, hour, 6 hours, day, week, 4 weeks, about a year and ten.
const LADDER: &[i64] =
    &[60, 300, 900, 3_600, 21_600, 86_400, 604_800, 2_419_200, 31_449_600, 314_496_000, i64::MAX];

/// Counts per bin; the bins grow when too many differ. How far they grow depends on the set of times only: once a bin
/// length has too many bins, more rows never make them fewer.
#[derive(Debug, Clone)]
struct TimelineFold {
    rung: usize,
    max: usize,
    bins: BTreeMap<i64, Bin>,
}

impl TimelineFold {
    fn new(max: usize) -> TimelineFold {
        TimelineFold { rung: 0, max: max.max(1), bins: BTreeMap::new() }
    }

    fn step(&self) -> i64 {
        LADDER.get(self.rung).copied().unwrap_or(i64::MAX)
    }

    fn push(&mut self, at: Time, writes: bool, outcome: Outcome) {
        let bin = self.bins.entry(at.0.timestamp().div_euclid(self.step())).or_default();
        bin.calls += 1;
        bin.writes += u64::from(writes);
        bin.denied += u64::from(outcome == Outcome::Denied);
        bin.failed += u64::from(matches!(outcome, Outcome::Failed | Outcome::Throttled));
        while self.bins.len() > self.max && self.rung + 1 < LADDER.len() {
            let finer = self.step();
            self.rung += 1;
            self.bins = coarser(&self.bins, finer, self.step());
        }
    }

    fn finish(self, span: Span) -> Timeline {
        let (Some(first), Some(last)) = (span.first, span.last) else {
            return Timeline { bin_seconds: 60, start: None, bins: Vec::new() };
        };
        let count = |step: i64| {
            let (from, to) = (first.0.timestamp().div_euclid(step), last.0.timestamp().div_euclid(step));
            usize::try_from(to - from + 1).unwrap_or(usize::MAX)
        };
        let rungs = LADDER.iter().skip(self.rung).copied();
        let step = rungs.into_iter().find(|step| count(*step) <= TIMELINE_BINS_MAX).unwrap_or(i64::MAX);
        let sums = coarser(&self.bins, self.step(), step);
        let from = first.0.timestamp().div_euclid(step);
        let bins =
            (from..).take(count(step)).map(|bin| sums.get(&bin).copied().unwrap_or_default()).collect();
        let start = chrono::DateTime::from_timestamp(from.saturating_mul(step), 0).map(Time);
        Timeline { bin_seconds: step, start, bins }
    }
}

fn coarser(bins: &BTreeMap<i64, Bin>, finer: i64, step: i64) -> BTreeMap<i64, Bin> {
    let mut sums: BTreeMap<i64, Bin> = BTreeMap::new();
    for (number, bin) in bins {
        let sum = sums.entry(number.saturating_mul(finer).div_euclid(step)).or_default();
        sum.calls += bin.calls;
        sum.writes += bin.writes;
        sum.denied += bin.denied;
        sum.failed += bin.failed;
    }
    sums
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::{ActivityFold, Limits, Outcome};
    use crate::query::EventRow;

    fn at(seconds: i64) -> EventRow<'static> {
        EventRow { event_time: DateTime::from_timestamp(seconds, 0).unwrap(), ..EventRow::default() }
    }

    #[test]
    fn bins_have_no_gaps_and_hold_every_call() {
        let mut fold = ActivityFold::new(Limits::default());
        for seconds in [0, 59, 60, 600] {
            fold.push(&at(seconds), true, Outcome::Ok);
        }
        let timeline = fold.finish().timeline;
        assert_eq!(timeline.bin_seconds, 60);
        assert_eq!(timeline.bins.len(), 11);
        assert_eq!(timeline.bins.iter().map(|bin| bin.calls).sum::<u64>(), 4);
        assert_eq!(timeline.bins[0].calls, 2);
    }

    #[test]
    fn long_spans_take_longer_bins() {
        for (span, bin) in [(3_000, 60), (7_000, 300), (50_000, 900), (200_000, 3_600), (4_000_000, 86_400)] {
            let mut fold = ActivityFold::new(Limits::default());
            for seconds in [0, span] {
                fold.push(&at(seconds), false, Outcome::Denied);
            }
            let timeline = fold.finish().timeline;
            assert_eq!(timeline.bin_seconds, bin, "{span}");
            assert!(timeline.bins.len() <= 60);
        }
    }

    #[test]
    fn many_minutes_do_not_grow_the_timeline() {
        let limits = Limits { minutes_max: 10, ..Limits::default() };
        let mut fold = ActivityFold::new(limits);
        for minute in 0..40 {
            fold.push(&at(minute * 60), false, Outcome::Ok);
        }
        let timeline = fold.finish().timeline;
        assert_eq!(timeline.bin_seconds, 300);
        assert_eq!(timeline.bins.iter().map(|bin| bin.calls).sum::<u64>(), 40);
    }

    #[test]
    fn copies_of_one_call_in_two_accounts_are_counted_and_said() {
        let mut fold = ActivityFold::new(Limits::default());
        for account in ["111122223333", "444455556666"] {
            let row = EventRow { account: Some(account), shared_event_id: Some("s-1"), ..at(0) };
            fold.push(&row, false, Outcome::Ok);
        }
        let activity = fold.finish();
        assert_eq!((activity.total.calls, activity.second_copies), (2, 1));
    }
}
