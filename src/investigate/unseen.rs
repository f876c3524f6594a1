//! What these logs cannot show about the subject: computed, each with what would close it.

use std::collections::BTreeSet;

use serde::Serialize;

use super::coverage::Coverage;
use super::denial::Denial;
use super::evidence::{Span, Time};
use super::thing::Thing;
use super::{ForwardedElsewhere, Truncated};

/// A kind of blind spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnseenKind {
    /// No record of the subject at all.
    Nothing,
    /// No data events.
    DataEvents,
    /// Data events of some services, or from some time on.
    SomeDataEvents,
    /// No events that only read.
    ReadOnlyEvents,
    /// Regions without any event.
    Regions,
    /// Before the first event.
    Before,
    /// After the last event.
    After,
    /// Hours without any event while the subject was active.
    Gaps,
    /// Calls that services made for the subject with other keys.
    Forwarded,
    /// Things that went without a record.
    Unrecorded,
    /// Values that AWS hides.
    Hidden,
    /// Error messages that must be decoded.
    Encoded,
    /// The record that made the subject.
    Origin,
    /// Limits of this program that were reached.
    Limits,
}

/// One blind spot.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unseen {
    /// Its kind.
    pub kind: UnseenKind,
    /// In words.
    pub text: String,
    /// How many, where that makes sense.
    pub count: Option<u64>,
    /// What would close it.
    pub hint: Option<String>,
}

/// What the blind spots are computed from.
pub(super) struct Sight<'a> {
    pub(super) coverage: &'a Coverage,
    pub(super) span: Span,
    pub(super) things: &'a [Thing],
    pub(super) denials: &'a [Denial],
    pub(super) forwarded: &'a ForwardedElsewhere,
    pub(super) hidden_records: u64,
    pub(super) made_by_known: bool,
    pub(super) makeable: bool,
    pub(super) truncated: &'a [Truncated],
}

/// The blind spots in a fixed order.
pub(super) fn unseen(sight: &Sight<'_>) -> Vec<Unseen> {
    let mut list = Vec::new();
    let mut say = |kind, text: String, count: Option<u64>, hint: Option<&str>| {
        list.push(Unseen { kind, text, count, hint: hint.map(str::to_owned) });
    };
    let coverage = sight.coverage;
    let (Some(first), Some(last)) = (sight.span.first, sight.span.last) else {
        let text = "no record of this subject".to_owned();
        say(UnseenKind::Nothing, text, None, Some("check the name, the accounts and the time window"));
        return list;
    };
    if let Some((kind, text)) = data_events(coverage, first) {
        say(kind, text, None, None);
    }
    if coverage.whole.calls > 0 && coverage.read_only_events == 0 {
        let text = "calls that only read, AssumeRole among them: none are logged".to_owned();
        say(UnseenKind::ReadOnlyEvents, text, None, Some("the trail logs writes only"));
    }
    if !coverage.regions.is_empty() {
        let regions: Vec<&str> = coverage.regions.keys().map(String::as_str).collect();
        let text = match regions.as_slice() {
            few if few.len() <= 4 => format!("regions other than {}", few.join(", ")),
            many => format!("regions other than the {} of these logs", many.len()),
        };
        say(
            UnseenKind::Regions,
            text,
            Some(regions.len() as u64),
            Some("add the objects of the other regions"),
        );
    }
    if let Some(start) = coverage.whole.first {
        say(UnseenKind::Before, format!("before {}", spoken(start)), None, Some("add older objects"));
    }
    if let Some(end) = coverage.whole.last {
        say(UnseenKind::After, format!("after {}", spoken(end)), None, Some("add newer objects"));
    }
    let hours = gap_hours(coverage, first, last);
    if hours > 0 {
        let text = format!("{hours} hours without any event while the subject was active");
        say(UnseenKind::Gaps, text, Some(hours), Some("see the coverage of these logs"));
    }
    if sight.forwarded.span.calls > 0 {
        let text = format!(
            "{} that services forwarded for the same identity with other keys ({}): they fit in time, no record names this one",
            calls(sight.forwarded.span.calls),
            sight.forwarded.operations.keys().take(4).cloned().collect::<Vec<String>>().join(", ")
        );
        say(UnseenKind::Forwarded, text, Some(sight.forwarded.span.calls), None);
    }
    let unrecorded = unrecorded(sight.things);
    if let Some((count, kinds)) = unrecorded {
        let text =
            format!("{count} things went without a call that removed them ({kinds}): records are missing");
        say(UnseenKind::Unrecorded, text, Some(count), Some("add the missing objects"));
    }
    if sight.hidden_records > 0 {
        let text = format!("values that AWS hides in {} records", sight.hidden_records);
        say(UnseenKind::Hidden, text, Some(sight.hidden_records), None);
    }
    let encoded: u64 =
        sight.denials.iter().filter(|denial| denial.encoded).map(|denial| denial.span.calls).sum();
    if encoded > 0 {
        let text = format!("AWS's reason for {} denied: encoded messages", calls(encoded));
        say(UnseenKind::Encoded, text, Some(encoded), Some("aws sts decode-authorization-message"));
    }
    if sight.makeable && !sight.made_by_known {
        let text = "who made this subject: that record is not in these logs".to_owned();
        say(UnseenKind::Origin, text, None, Some("add older objects"));
    }
    if !sight.truncated.is_empty() {
        let names: Vec<&str> = sight.truncated.iter().map(|limit| limit.list.as_str()).collect();
        let text = format!("limits were reached, lists are cut: {}", names.join(", "));
        say(UnseenKind::Limits, text, Some(names.len() as u64), Some("narrow the time window"));
    }
    list
}

/// An instant for a sentence.
fn spoken(time: Time) -> String {
    time.0.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn data_events(coverage: &Coverage, first: Time) -> Option<(UnseenKind, String)> {
    if coverage.whole.calls == 0 {
        return None;
    }
    if coverage.data_sources.is_empty() {
        let text = "reads and writes of S3 objects, Lambda calls, table items: no data events are logged";
        return Some((UnseenKind::DataEvents, text.to_owned()));
    }
    let late: BTreeSet<String> = coverage
        .data_sources
        .iter()
        .map(|(source, span)| {
            let name = source.strip_suffix(".amazonaws.com").unwrap_or(source);
            match span.first {
                Some(start) if start > first => format!("{name} (from {})", spoken(start)),
                _ => name.to_owned(),
            }
        })
        .collect();
    let text = format!("data events other than of {}", late.into_iter().collect::<Vec<String>>().join(", "));
    Some((UnseenKind::SomeDataEvents, text))
}

fn gap_hours(coverage: &Coverage, first: Time, last: Time) -> u64 {
    let inside = coverage.gaps.iter().map(|gap| (gap.from.max(first), gap.to.min(last)));
    let seconds: i64 = inside.map(|(from, to)| to.seconds_since(from).max(0)).sum();
    u64::try_from(seconds.div_euclid(3_600)).unwrap_or(0)
}

/// How many things went unrecorded, and their kinds.
fn unrecorded(things: &[Thing]) -> Option<(u64, String)> {
    let mut kinds: std::collections::BTreeMap<&str, u64> = std::collections::BTreeMap::new();
    for thing in things.iter().filter(|thing| thing.gone.as_ref().is_some_and(|gone| gone.unrecorded)) {
        *kinds.entry(&thing.kind).or_default() += 1;
    }
    let count = kinds.values().sum();
    let spoken: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    (count > 0).then(|| (count, spoken.join(", ")))
}

/// So many calls, in words.
fn calls(count: u64) -> String {
    if count == 1 { "1 call".to_owned() } else { format!("{count} calls") }
}
