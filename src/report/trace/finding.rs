//! What stands beside a chain, and what does not fit.

use super::words::{hang, signer};
use crate::lineage::{Mismatch, NotTaken, OriginKind, Trace, Trust, TrustOf};
use crate::report::{Style, figure};

/// So many of each kind are listed.
const LISTED_MAX: usize = 8;

/// What was not taken, and what is not known above the origin.
pub(super) fn beside(trace: &Trace, style: Style) -> String {
    let mut out = String::new();
    let not_taken_shown = shown(trace.not_taken.len(), style);
    for one in trace.not_taken.iter().take(not_taken_shown) {
        out.push_str(&hang("not taken", "", &not_taken(one), style));
    }
    out.push_str(&more(trace.not_taken.len(), not_taken_shown, style));
    let trusts = shown(trace.trusts.len(), style);
    for one in trace.trusts.iter().take(trusts) {
        out.push_str(&hang(trust_label(one.of), "", &trust(one), style));
    }
    out.push_str(&more(trace.trusts.len(), trusts, style));
    if let Some(words) = nothing_above(trace) {
        out.push_str(&hang("above", "", &words, style));
    }
    out
}

/// The id first, so that it is whole on its line.
fn not_taken(one: &NotTaken) -> String {
    let mut words = format!("{}, {}", one.record.event_id, one.reason);
    if let Some(key) = &one.access_key {
        let used = match one.calls {
            0 => "never used".to_owned(),
            calls => figure::counted(calls, "call", "calls"),
        };
        words.push_str(&format!(", made the other key {key} ({used})"));
    }
    words
}

/// What the line of a [`Trust`] begins with.
fn trust_label(of: TrustOf) -> &'static str {
    match of {
        TrustOf::Role | TrustOf::Provider | TrustOf::Anchor | TrustOf::Profile | TrustOf::Key => "trust",
        TrustOf::Instance | TrustOf::Task | TrustOf::Node => "reach",
        TrustOf::Passed => "passed",
        TrustOf::Ordered => "order",
    }
}

/// Who let somebody in or had a hand on what acted, and by which record; its id first, so that it is whole on its line.
fn trust(one: &Trust) -> String {
    let Trust { name, record, by, .. } = one;
    let (what, done) = match one.of {
        TrustOf::Role => ("who may assume role", "last set"),
        TrustOf::Provider => ("identity provider", "last set"),
        TrustOf::Anchor => ("trust anchor", "last set"),
        TrustOf::Profile => ("Roles Anywhere profile", "last set"),
        TrustOf::Key => ("key", "last made active"),
        TrustOf::Instance => ("instance", "acted on"),
        TrustOf::Task => ("task", "acted on"),
        TrustOf::Node => ("node", "acted on"),
        TrustOf::Passed => ("role", "passed to the service"),
        TrustOf::Ordered => ("the service's", "told to act"),
    };
    let by = by.as_ref().map_or_else(|| "nobody that the record names".to_owned(), signer);
    let at = figure::moment(record.event_time.0);
    format!("{}, {what} {name} was {done} at {at} by {by} ({})", record.event_id, record.event_name)
}

/// Where the chain ends at a key or workload and no record says how that came to be.
fn nothing_above(trace: &Trace) -> Option<String> {
    let origin = &trace.origin.origin;
    // Of whoever stands above all.
    let mut last = &trace.origin;
    while let Some(above) = &last.above {
        last = &above.origin;
    }
    if let (Some(_), Some(gap)) = (&trace.origin.above, &last.above_gap) {
        return Some(format!("{}; {}", gap.text, gap.hint));
    }
    // A launch that passed another role is told as a mismatch.
    if trace.origin.above.is_some() || trace.mismatches.iter().any(|one| one.kind == "role") {
        return None;
    }
    if let Some(gap) = &trace.origin.above_gap {
        return Some(format!("{}; {}", gap.text, gap.hint));
    }
    // No call of AWS starts a pod.
    if let Some(pod) = origin.on_behalf_of.as_ref().filter(|workload| workload.kind == "pod") {
        return Some(format!(
            "{} was started by its cluster, which no record of CloudTrail tells",
            pod.words()
        ));
    }
    let (what, how) = match (origin.kind, &origin.access_key, &origin.on_behalf_of) {
        (OriginKind::IamUser | OriginKind::Root, Some(_), _) => {
            ("CreateAccessKey for this key".to_owned(), "made")
        }
        (OriginKind::Service, _, Some(workload)) if workload.is_launched() => {
            (format!("launch of {}", workload.words()), "launched")
        }
        _ => return None,
    };
    let before = trace.logs_begin.map_or("these logs begin".to_owned(), |begin| figure::moment(begin.0));
    let elsewhere = format!("{how} before {before}, or in a log that is not here");
    // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs_services.html
    if origin.on_behalf_of.as_ref().is_some_and(|workload| workload.kind == "task") {
        let service =
            "started by ECS for a service, which no record tells (see CreateService and UpdateService)";
        return Some(format!("no {what}: {service}, {elsewhere}"));
    }
    Some(format!("no {what}: {elsewhere}"))
}

/// Claims that are not borne out, and what cannot be.
pub(super) fn wrong(trace: &Trace, style: Style) -> String {
    let mut out = String::new();
    let mismatches = shown(trace.mismatches.len(), style);
    for one in trace.mismatches.iter().take(mismatches) {
        out.push_str(&hang(&format!("{} {}", mark(one), mismatch_label(one)), "", &one.text, style));
    }
    out.push_str(&more(trace.mismatches.len(), mismatches, style));
    let violations = shown(trace.violations.len(), style);
    for one in trace.violations.iter().take(violations) {
        let label = match one.kind {
            "cycle" => "cycle",
            "used-before-issued" => "order",
            _ => "wrong",
        };
        out.push_str(&hang(&format!("x {label}"), "", &one.text, style));
        let at = figure::moment(one.record.event_time.0);
        out.push_str(&hang("", "", &format!("{at}   {}", one.record.event_id), style));
    }
    out.push_str(&more(trace.violations.len(), violations, style));
    out
}

/// Limits that were reached, and what a window leaves out.
pub(super) fn limits(trace: &Trace, style: Style) -> String {
    let limits = trace.truncated.iter().map(|limit| hang("? limit", "", limit, style));
    // Of a subject that did nothing in the window the tree says so itself.
    let left_out = trace.left_out.iter().filter(|_| trace.subject.outside_window.is_none());
    limits.chain(left_out.map(|left_out| hang("? window", "", left_out, style))).collect()
}

/// A claim against what is verified is to be looked at; against nothing it stays a claim.
fn mark(one: &Mismatch) -> char {
    if one.verified.is_empty() || one.verified == "unknown" { '?' } else { '!' }
}

fn mismatch_label(one: &Mismatch) -> &'static str {
    match one.kind {
        "session-name" => "name",
        "source-identity" => "source",
        "place" => "place",
        "role" => "role",
        _ => "claim",
    }
}

fn shown(count: usize, style: Style) -> usize {
    if style.wide { count } else { count.min(LISTED_MAX) }
}

fn more(count: usize, shown: usize, style: Style) -> String {
    match count - shown {
        0 => String::new(),
        more => {
            hang("", "", &format!("{} more: --wide or --format json", figure::grouped(more as u64)), style)
        }
    }
}
