//! What these logs cannot show about the subject: computed, each with what would close it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::coverage::Coverage;
use super::denial::Denial;
use super::evidence::{Span, Time};
use super::step::Step;
use super::thing::{Thing, short};
use super::{ForwardedElsewhere, Truncated};
use crate::aws::service_of;

/// A kind of blind spot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnseenKind {
    /// No record of the subject at all.
    Nothing,
    /// None in the window, but some outside it.
    OutsideWindow,
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
    /// While the subject had stopped a trail.
    Stopped,
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
    pub(super) outside_window: Option<Span>,
    /// Whether other records name a subject that made no call.
    pub(super) only_named: bool,
    pub(super) things: &'a [Thing],
    pub(super) steps: &'a [Step],
    pub(super) denials: &'a [Denial],
    pub(super) forwarded: &'a ForwardedElsewhere,
    pub(super) hidden_records: u64,
    pub(super) made_by_known: bool,
    pub(super) makeable: bool,
    pub(super) truncated: &'a [Truncated],
}

/// The blind spots in a fixed order.
pub(super) fn unseen(sight: &Sight<'_>) -> Vec<Unseen> {
    let (Some(first), Some(last)) = (sight.span.first, sight.span.last) else {
        return vec![nothing(sight.outside_window, sight.only_named)];
    };
    let mut list = Vec::new();
    list.extend(data_events(sight.coverage, first));
    list.extend(read_only_events(sight.coverage));
    list.extend(edges(sight.coverage));
    list.extend(gaps(sight.coverage, first, last));
    list.extend(stopped_trails(sight));
    list.extend(forwarded(sight.forwarded));
    list.extend(unrecorded(sight.things));
    list.extend(hidden(sight));
    if sight.makeable && !sight.made_by_known {
        let text = "who made this subject: that record is not in these logs".to_owned();
        list.push(blind(UnseenKind::Origin, text, None, Some("add older objects")));
    }
    list.extend(limits(sight.truncated));
    list
}

/// That the subject did nothing, here or at all.
fn nothing(outside: Option<Span>, only_named: bool) -> Unseen {
    let seen = outside.and_then(|span| Some((span.calls, span.first?, span.last?)));
    let Some((calls, first, last)) = seen else {
        if only_named {
            let text = "no call of this subject: other records name it".to_owned();
            return blind(UnseenKind::Nothing, text, None, Some("trace it for these"));
        }
        let hint = "check the name, the accounts and the time window";
        return blind(UnseenKind::Nothing, "no record of this subject".to_owned(), None, Some(hint));
    };
    let when = if first == last {
        format!("at {}", spoken(first))
    } else {
        format!("from {} to {}", spoken(first), spoken(last))
    };
    let text =
        format!("no record of this subject in this window; {} outside it, {when}", several(calls, "call"));
    blind(UnseenKind::OutsideWindow, text, Some(calls), Some("ask for a wider window"))
}

fn blind(kind: UnseenKind, text: String, count: Option<u64>, hint: Option<&str>) -> Unseen {
    Unseen { kind, text, count, hint: hint.map(str::to_owned) }
}

/// `1 call`, `2,104 calls`.
fn several(count: u64, noun: &str) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    format!("{text} {noun}{}", if count == 1 { "" } else { "s" })
}

fn read_only_events(coverage: &Coverage) -> Option<Unseen> {
    let none = coverage.whole.calls > 0 && coverage.read_only_events == 0;
    let text = "calls that only read, AssumeRole among them: none are logged".to_owned();
    none.then(|| blind(UnseenKind::ReadOnlyEvents, text, None, Some("the trail logs writes only")))
}

/// Where the logs end: in space and in time.
fn edges(coverage: &Coverage) -> Vec<Unseen> {
    let mut list = Vec::new();
    // Records may name none.
    let regions = coverage.regions.keys().map(String::as_str).filter(|region| !region.is_empty());
    let regions: Vec<&str> = regions.collect();
    let text = match regions.as_slice() {
        [] => None,
        few if few.len() <= 4 => Some(format!("regions other than {}", few.join(", "))),
        many => Some(format!("regions other than the {} of these logs", many.len())),
    };
    let count = Some(regions.len() as u64);
    let hint = Some("add the objects of the other regions");
    list.extend(text.map(|text| blind(UnseenKind::Regions, text, count, hint)));
    let before = |start| {
        blind(UnseenKind::Before, format!("before {}", spoken(start)), None, Some("add older objects"))
    };
    list.extend(coverage.whole.first.map(before));
    let after =
        |end| blind(UnseenKind::After, format!("after {}", spoken(end)), None, Some("add newer objects"));
    list.extend(coverage.whole.last.map(after));
    list
}

fn gaps(coverage: &Coverage, first: Time, last: Time) -> Option<Unseen> {
    let inside = coverage.gaps.iter().map(|gap| (gap.from.max(first), gap.to.min(last)));
    let seconds: i64 = inside.map(|(from, to)| to.seconds_since(from).max(0)).sum();
    let hours = u64::try_from(seconds.div_euclid(3_600)).unwrap_or(0);
    let text = format!("{} without any event while the subject was active", several(hours, "hour"));
    (hours > 0).then(|| blind(UnseenKind::Gaps, text, Some(hours), Some("see the coverage of these logs")))
}

/// Trails that the subject stopped, and until when; a restart by others is looked up in the coverage.
fn stopped_trails(sight: &Sight<'_>) -> Vec<Unseen> {
    let own = |operation: &'static str| {
        let steps = sight
            .steps
            .iter()
            .filter(move |step| step.outcome == "ok" && step.event_names.contains_key(operation));
        steps
            .flat_map(|step| &step.targets)
            .filter_map(|target| Some((short(&target.name), target.span.first?)))
    };
    let by_anyone =
        sight.coverage.logging_changes.iter().filter(|change| change.evidence.event_name == "StartLogging");
    let by_anyone =
        by_anyone.filter_map(|change| Some((short(change.target.as_deref()?), change.evidence.at)));
    let starts: Vec<(&str, Time)> = own("StartLogging").chain(by_anyone).collect();
    let stopped = own("StopLogging").map(|(trail, from)| {
        let again = starts.iter().filter(|(name, at)| *name == trail && *at >= from).map(|(_, at)| *at).min();
        let text = match again {
            Some(to) => {
                format!("what trail {trail} missed from {} to {}: it was stopped", spoken(from), spoken(to))
            }
            None => format!("what trail {trail} missed from {} on: it was stopped", spoken(from)),
        };
        blind(UnseenKind::Stopped, text, None, Some("other trails may have logged it"))
    });
    stopped.collect()
}

fn forwarded(forwarded: &ForwardedElsewhere) -> Option<Unseen> {
    let names: Vec<&str> = forwarded.operations.keys().take(4).map(String::as_str).collect();
    let text = format!(
        "{} that services forwarded for the same identity with other keys ({}): they fit in time, no record names this \
         one",
        several(forwarded.span.calls, "call"),
        names.join(", ")
    );
    (forwarded.span.calls > 0).then(|| blind(UnseenKind::Forwarded, text, Some(forwarded.span.calls), None))
}

/// Things that went unrecorded.
fn unrecorded(things: &[Thing]) -> Option<Unseen> {
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    for thing in things.iter().filter(|thing| thing.gone.as_ref().is_some_and(|gone| gone.unrecorded)) {
        *kinds.entry(&thing.kind).or_default() += 1;
    }
    let count = kinds.values().sum();
    let spoken: Vec<String> = kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
    let text = format!(
        "how {} went ({}): no call removed them, records are missing",
        several(count, "thing"),
        spoken.join(", ")
    );
    (count > 0).then(|| blind(UnseenKind::Unrecorded, text, Some(count), Some("add the missing objects")))
}

/// What AWS hides or encodes.
fn hidden(sight: &Sight<'_>) -> Vec<Unseen> {
    let mut list = Vec::new();
    if sight.hidden_records > 0 {
        let text = format!("values that AWS hides in {}", several(sight.hidden_records, "record"));
        list.push(blind(UnseenKind::Hidden, text, Some(sight.hidden_records), None));
    }
    let encoded: u64 = sight.denials.iter().filter(|denial| denial.encoded).map(|d| d.span.calls).sum();
    if encoded > 0 {
        let text = format!(
            "all that AWS says about {} it refused: the message is encoded",
            several(encoded, "call")
        );
        list.push(blind(
            UnseenKind::Encoded,
            text,
            Some(encoded),
            Some("aws sts decode-authorization-message"),
        ));
    }
    list
}

fn limits(truncated: &[Truncated]) -> Option<Unseen> {
    let names: Vec<&str> = truncated.iter().map(|limit| limit.list.as_str()).collect();
    let text = format!("limits were reached, lists are cut: {}", names.join(", "));
    let count = Some(names.len() as u64);
    (!names.is_empty()).then(|| blind(UnseenKind::Limits, text, count, Some("narrow the time window")))
}

/// An instant for a sentence.
fn spoken(time: Time) -> String {
    time.0.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

fn data_events(coverage: &Coverage, first: Time) -> Option<Unseen> {
    if coverage.whole.calls == 0 {
        return None;
    }
    if coverage.data_sources.is_empty() {
        let text = "reads and writes of S3 objects, Lambda calls, table items: no data events are logged";
        return Some(blind(UnseenKind::DataEvents, text.to_owned(), None, None));
    }
    let named = coverage.data_sources.iter().map(|(source, span)| {
        let name = service_of(source);
        match span.first {
            Some(start) if start > first => format!("{name} (from {})", spoken(start)),
            _ => name.to_owned(),
        }
    });
    let text = format!("data events other than of {}", named.collect::<Vec<String>>().join(", "));
    Some(blind(UnseenKind::SomeDataEvents, text, None, None))
}
