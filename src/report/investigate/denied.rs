//! Temporary keys that were issued, and what was refused.

use std::collections::{BTreeMap, BTreeSet};

use super::words::{Page, fitted, listed, plural, several, short};
use crate::investigate::{Denial, Investigation, IssuedKey};
use crate::report::{Column, Cut, Facts, Mark, Table, figure, section, text};

/// Rows of used keys at most.
const KEYS_MAX: usize = 15;
/// Groups of refusals at most.
const GROUPS_MAX: usize = 10;
/// Names listed in one group at most.
const NAMES_MAX: usize = 6;
/// Columns of a message that says nothing else.
const MESSAGE_COLUMNS: usize = 140;

/// The temporary keys that it issued and that were used.
pub(super) fn issued_keys(answer: &Investigation, page: &Page) -> String {
    let keys = &answer.issued_keys;
    if keys.is_empty() {
        return String::new();
    }
    let sessions: BTreeSet<_> = keys.iter().map(|key| (&key.session_arn, &key.role_arn)).collect();
    let mut used: Vec<&IssuedKey> =
        keys.iter().filter(|key| key.used.calls + key.other_keys.calls > 0).collect();
    let calls: u64 = keys.iter().map(|key| key.used.calls).sum();
    let title = format!(
        "Temporary keys it issued    {} for {}, {} used, {}",
        figure::grouped(keys.len() as u64),
        several(sessions.len() as u64, "session"),
        several(used.len() as u64, "key"),
        several(calls, "call")
    );
    let mut out = section::heading(&title, "", page.style);
    used.sort_by(|a, b| b.used.calls.cmp(&a.used.calls).then_with(|| a.evidence.cmp(&b.evidence)));
    let mut table = Table::new([
        Column::left("").cut(Cut::Middle),
        Column::right(""),
        Column::left("").cut(Cut::End),
        Column::left("").cut(Cut::End),
    ]);
    for key in used.iter().take(KEYS_MAX) {
        let mark = if key.denied > 0 { Mark::Refused } else { Mark::None };
        let whose =
            key.role_arn.as_deref().map(short).or(key.session_name.as_deref()).unwrap_or(&key.access_key_id);
        let more = key.operations.len().saturating_sub(1);
        let what = match key.operations.first() {
            Some(first) if more > 0 => format!("{} and {more} more", first.event_name),
            Some(first) if first.failed > 0 => {
                let code = first.error_code.as_deref().unwrap_or("failed");
                format!("{}: {}", first.event_name, code.strip_prefix("Client.").unwrap_or(code))
            }
            Some(first) => first.event_name.clone(),
            None => format!("{} with other keys", several(key.other_keys.calls, "call")),
        };
        table.row(mark, [page.name(whose), figure::count(key.used.calls, page.style), what, ends(key)]);
    }
    out.push_str(&table.render(page.style));
    let more = used.len().saturating_sub(KEYS_MAX);
    if more > 0 {
        out.push_str(&section::heading(&format!("  {more} more used"), "all: --format json", page.style));
    }
    out
}

fn ends(key: &IssuedKey) -> String {
    let failed: u64 = key.operations.iter().map(|operation| operation.failed).sum();
    let mut parts = Vec::new();
    if key.denied > 0 {
        parts.push(format!("{} denied", figure::grouped(key.denied)));
    }
    if failed > 0 {
        parts.push(format!("{} failed", figure::grouped(failed)));
    }
    parts.join(", ")
}

/// Refusals of one action, for one stated reason.
#[derive(Default)]
struct Group<'a> {
    calls: u64,
    denials: Vec<&'a Denial>,
}

/// What was refused, in AWS's own words.
pub(super) fn denials(answer: &Investigation, page: &Page) -> String {
    if answer.denied.is_empty() {
        return String::new();
    }
    let mut groups: BTreeMap<(String, Option<&str>, Option<&str>, Option<&str>), Group<'_>> = BTreeMap::new();
    for denial in &answer.denied {
        let called = || format!("{}:{}", denial.service, denial.event_name);
        let action = denial.action.clone().unwrap_or_else(called);
        let reason = (denial.effect.as_deref(), denial.layer.as_deref(), denial.policy_arn.as_deref());
        let group = groups.entry((action, reason.0, reason.1, reason.2)).or_default();
        group.calls += denial.span.calls;
        group.denials.push(denial);
    }
    let mut groups: Vec<_> = groups.into_iter().collect();
    groups.sort_by_key(|(_, group)| std::cmp::Reverse(group.calls));
    let mut out = section::heading("Denied, with AWS's own words", "", page.style);
    let digits = groups.iter().map(|(_, group)| figure::grouped(group.calls).len()).max().unwrap_or(1);
    for ((action, effect, layer, policy), group) in groups.iter().take(GROUPS_MAX) {
        let head = format!("{action}{}{}", on(group, page), reason(*effect, *layer, *policy, group));
        let count = format!("{:>digits$}  ", figure::grouped(group.calls));
        push(&mut out, &format!("{} {count}", Mark::Refused), &head, page);
        for words in explanations(group, page) {
            push(&mut out, &" ".repeat(count.len() + 2), &words, page);
        }
    }
    let more: u64 = groups.iter().skip(GROUPS_MAX).map(|(_, group)| group.calls).sum();
    if more > 0 {
        let kinds = groups.len() - GROUPS_MAX;
        let words = format!("  {} more of {kinds} kinds", several(more, "call"));
        out.push_str(&section::heading(&words, "all: --format json", page.style));
    }
    out
}

/// Words that wrap under their own beginning.
fn push(out: &mut String, head: &str, words: &str, page: &Page) {
    let room = page.style.columns().saturating_sub(head.len());
    for (number, line) in text::wrap(words, room, page.style).iter().enumerate() {
        let lead = if number == 0 { head.to_owned() } else { " ".repeat(head.len()) };
        out.push_str(format!("{lead}{line}").trim_end());
        out.push('\n');
    }
}

/// On what: the resources that AWS states, else what the parameters name.
fn on(group: &Group<'_>, page: &Page) -> String {
    let mut names: BTreeMap<&str, u64> = BTreeMap::new();
    for denial in &group.denials {
        let name = denial.resource.as_deref().or(denial.target.as_deref());
        if let Some(name) = name {
            *names.entry(name).or_default() += denial.span.calls;
        }
    }
    match names.len() {
        0 => String::new(),
        1 => names.keys().map(|name| format!(" on {}", page.name(short(name)))).collect(),
        many => {
            let roles = names.keys().all(|name| name.contains(":role/"));
            let kind = if roles { "role" } else { "resource" };
            format!(" on {}", several(many as u64, kind))
        }
    }
}

fn reason(effect: Option<&str>, layer: Option<&str>, policy: Option<&str>, group: &Group<'_>) -> String {
    let policy = policy.map(|arn| format!(" {arn}")).unwrap_or_default();
    match (effect, layer) {
        (Some("explicit"), Some(layer)) => format!("; AWS: explicit deny in a {layer}{policy}"),
        (Some("explicit"), None) => format!("; AWS: explicit deny{policy}"),
        (Some(_), Some(layer)) => format!("; AWS: no {layer} allows it"),
        (None, Some(layer)) => format!("; AWS names a {layer}"),
        (Some(_), None) => "; AWS: not allowed".to_owned(),
        (None, None) if group.denials.iter().all(|denial| denial.encoded) => {
            "; AWS's message is encoded".to_owned()
        }
        (None, None) if group.denials.iter().all(|denial| denial.action.is_some()) => {
            "; AWS names no policy layer".to_owned()
        }
        (None, None) => String::new(),
    }
}

fn explanations(group: &Group<'_>, page: &Page) -> Vec<String> {
    let mut lines = Vec::new();
    if group.denials.len() > 1 {
        let parts: Vec<String> = group
            .denials
            .iter()
            .filter_map(|denial| {
                let name = denial.resource.as_deref().or(denial.target.as_deref())?;
                Some(format!("{} {}", figure::grouped(denial.span.calls), page.name(short(name))))
            })
            .collect();
        if !parts.is_empty() {
            lines.push(format!("({})", listed(&parts, NAMES_MAX, "")));
        }
    }
    let silent = group.denials.iter().find(|denial| denial.action.is_none() && !denial.encoded);
    if let Some(message) = silent.and_then(|denial| denial.message.as_deref()) {
        let words = text::truncate(message, MESSAGE_COLUMNS, Cut::End, page.style);
        lines.push(format!("AWS says: {words}"));
    }
    lines.extend(aftermath(group));
    lines
}

/// Whether the calls worked later, and whether IAM had simply not caught up.
fn aftermath(group: &Group<'_>) -> Option<String> {
    let since: Vec<_> = group.denials.iter().filter_map(|denial| denial.since_made.as_ref()).collect();
    if since.len() == group.denials.len() && since.iter().all(|since| since.propagation) {
        let from = since.iter().map(|since| since.first_seconds).min()?;
        let to = since.iter().map(|since| since.last_seconds).max()?;
        let worked = since.iter().filter_map(|since| since.worked_seconds);
        let (early, late) = (worked.clone().min()?, worked.max()?);
        let kind = since.first()?.what.rsplit_once(' ').map_or("thing", |(kind, _)| kind);
        return Some(format!(
            "All came {from} to {to} s after the {} were made and worked {early} to {late} s after it: IAM had not \
             caught up. Not a policy that stopped anyone.",
            plural(kind)
        ));
    }
    let later: u64 =
        group.denials.iter().filter_map(|denial| denial.worked_later.as_ref()).map(|w| w.calls).sum();
    match later {
        0 => None,
        all if all == group.calls => Some("All of these calls worked later.".to_owned()),
        some => Some(format!("{} of these calls worked later.", figure::grouped(some))),
    }
}

/// How much was refused, for the first lines.
pub(super) fn fact(answer: &Investigation, facts: &mut Facts) {
    let total = answer.activity.total.denied;
    if total == 0 {
        return;
    }
    let mut operations: BTreeMap<&str, u64> = BTreeMap::new();
    for denial in &answer.denied {
        *operations.entry(&denial.event_name).or_default() += denial.span.calls;
    }
    let mut sorted: Vec<(&str, u64)> = operations.into_iter().collect();
    sorted.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let mut words = match sorted.as_slice() {
        [(name, _)] if total > 1 => format!("{}, all {name}", several(total, "call")),
        [(name, _)] => format!("{}, {name}", several(total, "call")),
        many => {
            let parts = many.iter().map(|(name, count)| format!("{name} {}", figure::grouped(*count)));
            let parts: Vec<String> = parts.collect();
            fitted(3, |most| {
                format!("{}: {}; none worked later", several(total, "call"), listed(&parts, most, ""))
            })
            .replace("; none worked later", "")
        }
    };
    let young: Vec<_> = answer.denied.iter().filter_map(|denial| denial.since_made.as_ref()).collect();
    if young.len() == answer.denied.len() && young.iter().all(|since| since.propagation) {
        let from = young.iter().map(|since| since.first_seconds).min().unwrap_or(0);
        let to = young.iter().map(|since| since.last_seconds).max().unwrap_or(0);
        let kind =
            young.first().and_then(|since| since.what.rsplit_once(' ')).map_or("thing", |(kind, _)| kind);
        words = format!("{words} on {} {from} to {to} s old", plural(kind));
    }
    let later: u64 =
        answer.denied.iter().filter_map(|denial| denial.worked_later.as_ref()).map(|w| w.calls).sum();
    match later {
        0 => words.push_str("; none worked later"),
        all if all == total => words.push_str("; all worked later"),
        some => words = format!("{words}; {} worked later", figure::grouped(some)),
    }
    facts.line(Mark::Refused, "denied", &words);
}
