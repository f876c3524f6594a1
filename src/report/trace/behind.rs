//! A trace up in a few words, for the explanation of an event.

use super::words::rule_words;
use crate::lineage::Trace;
use crate::replay::answer::Behind;

/// Who is behind, and the steps up to there: `key, c24de5b7-…`.
#[must_use]
pub fn behind(trace: &Trace) -> Behind {
    let origin = &trace.origin.origin;
    let steps = trace.links.iter().filter(|link| !link.above_origin);
    let step = |link: &crate::lineage::Link| {
        let rule = rule_words(link.rule, link.ambiguous.len(), link.seconds_apart);
        format!("{rule}, {} {}", link.record.event_name, link.record.event_id)
    };
    let gap = origin.gap.as_ref().filter(|_| !origin.complete).map(|gap| gap.text.clone());
    let words = match gap {
        Some(gap) => format!("{}: {gap}", origin.words()),
        None => origin.words(),
    };
    Behind { origin: words, steps: steps.map(step).collect(), complete: origin.complete }
}
