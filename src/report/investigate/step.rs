//! The sensitive steps in order.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{FACT_COLUMNS, Page, fitted, listed, several};
use crate::investigate::{Investigation, Mark as StepMark, Opening, OpeningHow, Step, Topic, operation_name};
use crate::report::{Facts, Mark, figure, section, text};

/// Shorter spans are not worth their end.
const UNTIL_SECONDS: i64 = 60;
/// Lines of steps at most.
const STEPS_MAX: usize = 24;

/// The steps that no other section shows.
pub(super) fn steps(answer: &Investigation, page: &Page) -> String {
    let shown: Vec<&Step> =
        answer.steps.iter().filter(|step| has_place_here(step, &answer.openings)).collect();
    if shown.is_empty() {
        return String::new();
    }
    let kept = weightiest(&shown);
    let mut out = section::heading("Sensitive steps in order", &page.prefix_note(), page.style);
    for step in shown.iter().filter(|step| kept.iter().any(|kept| std::ptr::eq(*kept, **step))) {
        push(&mut out, step, page);
    }
    let more = shown.len() - kept.len();
    if more > 0 {
        out.push_str(&section::heading(
            &format!("  {more} lesser steps more"),
            "all: --format json",
            page.style,
        ));
    }
    out
}

/// What was opened by permission and the ways in have sections of their own, and denials too.
fn has_place_here(step: &Step, openings: &[Opening]) -> bool {
    let permission = || {
        let opening = openings.iter().find(|opening| step.evidence.first() == Some(&opening.from));
        opening.is_some_and(|opening| opening.how == OpeningHow::Permission)
    };
    match step.topic {
        Topic::WayIn => step.outcome != "ok" && step.grave,
        Topic::Exposure => !permission(),
        _ => step.outcome == "ok" || step.grave,
    }
}

/// The steps to show when there are too many: those to look at, then refused ones, then the others.
fn weightiest<'s>(steps: &[&'s Step]) -> Vec<&'s Step> {
    let mut sorted: Vec<&Step> = steps.to_vec();
    sorted.sort_by_key(|step| (step.mark, step.at));
    // One more line takes no more room than saying so.
    let most = if sorted.len() == STEPS_MAX + 1 { STEPS_MAX + 1 } else { STEPS_MAX };
    sorted.truncate(most);
    sorted
}

fn push(out: &mut String, step: &Step, page: &Page) {
    let mark = match step.mark {
        StepMark::Look => Mark::Look,
        StepMark::Refused => Mark::Refused,
        StepMark::Plain => Mark::None,
    };
    let stamp = page.stamp(step.at);
    let indent = stamp.len() + 4;
    let room = page.style.columns().saturating_sub(indent);
    for (number, line) in text::wrap(&words(step, page), room, page.style).iter().enumerate() {
        let head = if number == 0 { format!("{mark} {stamp}  ") } else { " ".repeat(indent) };
        out.push_str(&format!("{head}{line}"));
        out.push('\n');
    }
}

fn words(step: &Step, page: &Page) -> String {
    let mut words = page.sentence(&step.text);
    if step.mark == StepMark::Refused {
        let times =
            if step.calls > 1 { format!(", {} x", figure::grouped(step.calls)) } else { String::new() };
        let code = step.error_code.as_deref().map_or("failed", short_code);
        return format!("{words}{times}: {code}");
    }
    // Of several plain calls the details are too many to help.
    if let Some(detail) =
        step.detail.as_ref().filter(|_| step.mark == StepMark::Look || step.targets.len() == 1)
    {
        let joint = if words.contains(": ") { "," } else { ":" };
        words = format!("{words}{joint} {}", page.sentence(detail));
    }
    if step.calls > step.targets.len() as u64 {
        let calls =
            step.event_names.iter().map(|(name, count)| (operation_name(name), figure::grouped(*count)));
        let calls: Vec<String> = calls.map(|(name, count)| format!("{count} {name}")).collect();
        words = format!("{words} ({})", listed(&calls, 3, ""));
    }
    match (&step.closed, step.until) {
        (Some(closed), _) => format!("{words}, until {}", page.stamp(closed.at)),
        (None, _) if step.topic == Topic::Exposure => format!("{words}, still open"),
        (None, Some(until)) if until.seconds_since(step.at) >= UNTIL_SECONDS => {
            format!("{words} until {}", page.stamp(until))
        }
        (None, _) => words,
    }
}

fn short_code(code: &str) -> &str {
    code.strip_prefix("Client.").unwrap_or(code)
}

/// What was done to logging and detection, for the first lines.
pub(super) fn logging(answer: &Investigation, facts: &mut Facts) {
    let grave = || answer.steps.iter().filter(|step| step.topic == Topic::Logging && step.grave);
    let mut changed: Vec<Changed<'_>> = Vec::new();
    for step in grave().filter(|step| step.mark != StepMark::Refused) {
        let (Some(object), Some(change)) = (step.object, step.change) else { continue };
        let at = changed.iter().position(|known| known.object == object).unwrap_or(changed.len());
        if at == changed.len() {
            changed.push(Changed { object, changes: Vec::new(), names: BTreeSet::new() });
        }
        if let Some(entry) = changed.get_mut(at) {
            entry.names.extend(step.targets.iter().map(|target| target.name.as_str()));
            if !entry.changes.contains(&change) {
                entry.changes.push(change);
            }
        }
    }
    let mut tried: BTreeMap<&str, u64> = BTreeMap::new();
    for step in grave().filter(|step| step.mark == StepMark::Refused) {
        for (name, count) in &step.event_names {
            *tried.entry(name).or_default() += count;
        }
    }
    let mut tried: Vec<(&str, u64)> = tried.into_iter().collect();
    tried.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let tried = tried.iter().map(|(name, count)| format!("{name} {} x", figure::grouped(*count)));
    let tried: Vec<String> = tried.collect();
    let done: Vec<String> = changed.iter().map(Changed::words).collect();
    if done.is_empty() && tried.is_empty() {
        return;
    }
    let vain = |before: &str| match tried.first() {
        Some(first) if before.is_empty() => format!("in vain {first}"),
        Some(first) => format!("{before}; in vain {first}"),
        None => before.to_owned(),
    };
    let objects: Vec<String> = changed.iter().map(Changed::object).collect();
    let whole = done.join(", ");
    let brief = format!("{} weakened or deleted", objects.join(", "));
    let wordings = match done.is_empty() {
        true => vec![vain("")],
        false => vec![vain(&whole), whole, vain(&brief), brief],
    };
    let words = wordings.into_iter().find(|words| text::width(words) <= FACT_COLUMNS);
    let words = words.unwrap_or_else(|| fitted(5, |most| listed(&done, most, "")));
    facts.line(if done.is_empty() { Mark::Refused } else { Mark::Look }, "logging", &words);
}

/// What of logging was changed, and how.
struct Changed<'a> {
    object: &'a str,
    changes: Vec<&'a str>,
    names: BTreeSet<&'a str>,
}

impl Changed<'_> {
    fn words(&self) -> String {
        format!("{} {}", self.object(), self.changes.join(" and "))
    }

    fn object(&self) -> String {
        let service =
            self.object.starts_with(|c: char| c.is_ascii_uppercase()) && !self.object.ends_with("log");
        let count = self.names.len() as u64;
        if service || count < 2 { self.object.to_owned() } else { several(count, self.object) }
    }
}
