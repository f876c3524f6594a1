//! What bears the verdicts out or not: AWS's reasons beside ours, the statements that decided, and what limits it all.

use std::cmp::Reverse;

use super::block::example_lines;
use super::words::{statement_words, whole};
use super::{Page, Show};
use crate::replay::answer::{Replay, StatementHits};
use crate::report::{Column, Cut, Mark, Table, figure, section};

/// Statements shown where they were not asked for.
const STATEMENTS_FEW: usize = 5;

/// Refusals whose reason, as AWS states it, is not ours.
pub(super) fn disagreements(replay: &Replay, page: &Page<'_>) -> String {
    let style = page.style;
    let asked = page.options.show == Some(Show::Disagreements);
    if replay.disagreements.is_empty() {
        let words = "No refusal whose reason, as AWS states it, is not ours";
        return if asked { section::item(Mark::None, words, style) } else { String::new() };
    }
    let mut out = section::heading("Refused for another reason than these policies give", "", style);
    let most = page.most(Show::Disagreements);
    for one in replay.disagreements.iter().take(most) {
        let caller = whole(&page.names.label(one.principal.as_deref()), style);
        let head = format!("{} {}  ", Mark::Look, figure::grouped(one.events));
        out.push_str(&page.hang(&head, &format!("{} of {caller}", whole(&one.action, style))));
        out.push_str(&page.hang("    AWS says  ", &whole(&one.aws, style)));
        out.push_str(&page.hang("    policies  ", &whole(&one.ours, style)));
        if let Some(remark) = &one.remark {
            out.push_str(&page.hang("    perhaps   ", &whole(remark, style)));
        }
        let [event, resource] = example_lines(&one.example, style);
        out.push_str(&page.hang("    as in     ", &event));
        out.push_str(&page.hang("            ", &resource));
    }
    let more = replay.disagreements.len().saturating_sub(most);
    if more > 0 {
        let events: u64 = replay.disagreements.iter().skip(most).map(|one| one.events).sum();
        let kinds = figure::counted(more as u64, "more kind", "more kinds");
        let events = figure::counted(events, "event", "events");
        out.push_str(&format!("  {kinds}, {events}: {}\n", page.more(Show::Disagreements)));
    }
    out
}

/// The statements that decided most, and those that never matched.
pub(super) fn statements(replay: &Replay, page: &Page<'_>) -> String {
    let style = page.style;
    let asked = page.options.show == Some(Show::Statements);
    if replay.statements.is_empty() {
        let words = "No statement of the snapshot's policies was in play";
        return if asked { section::item(Mark::None, words, style) } else { String::new() };
    }
    let mut sorted: Vec<&StatementHits> = replay.statements.iter().collect();
    sorted.sort_by_key(|own| Reverse((own.decided, own.matched, own.may)));
    let (silent, met): (Vec<&StatementHits>, Vec<&StatementHits>) =
        sorted.into_iter().partition(|own| own.matched + own.may == 0);
    let most =
        if asked { page.most(Show::Statements) } else { page.most(Show::Statements).min(STATEMENTS_FEW) };
    let most = if page.options.all || style.wide { usize::MAX } else { most };
    let mut out = String::new();
    if !met.is_empty() {
        out.push_str(&hits(&met, most, page));
    }
    if met.len() > most {
        let count = figure::counted((met.len() - most) as u64, "more statement", "more statements");
        out.push_str(&format!("  {count} that matched or may have: {}\n", page.more(Show::Statements)));
    }
    if silent.is_empty() {
        return out;
    }
    let denies = silent.iter().filter(|own| own.effect == "Deny").count() as u64;
    let allows = silent.len() as u64 - denies;
    let guard = if denies > 0 { "; a Deny that nobody met may still guard" } else { "" };
    let words = format!(
        "{} of {} in play never matched an event: {} Allow, {} Deny{guard}",
        figure::grouped(silent.len() as u64),
        figure::counted(replay.statements.len() as u64, "statement", "statements"),
        figure::grouped(allows),
        figure::grouped(denies),
    );
    out.push_str(&section::item(Mark::None, &words, style));
    if !asked && !page.options.all && !style.wide {
        out.push_str(&format!("  their names: {}\n", page.more(Show::Statements)));
        return out;
    }
    let mut layer = None;
    let mut listed: Vec<&StatementHits> = silent;
    listed.sort_by(|a, b| (&a.layer, &a.policy, a.index).cmp(&(&b.layer, &b.policy, b.index)));
    for own in listed.iter().take(most) {
        if layer != Some(&own.layer) {
            out.push_str(&page.hang("  ", &format!("never matched of the {}", whole(&own.layer, style))));
            layer = Some(&own.layer);
        }
        out.push_str(&page.hang("    ", &format!("{} {}", own.effect, name(own, page))));
    }
    if listed.len() > most {
        let count = figure::grouped((listed.len() - most) as u64);
        out.push_str(&format!("  {count} more: {}\n", page.more(Show::Statements)));
    }
    out
}

fn hits(met: &[&StatementHits], most: usize, page: &Page<'_>) -> String {
    let style = page.style;
    let mut table = Table::new([
        Column::left(""),
        Column::left("").cut(Cut::Middle),
        Column::right("decided"),
        Column::right("matched"),
        Column::right("may match"),
        Column::left("last, UTC"),
    ])
    .title("Statements that decided most");
    for own in met.iter().take(most) {
        let cells = [
            own.effect.to_owned(),
            own.layer.clone(),
            figure::count(own.decided, style),
            figure::count(own.matched, style),
            figure::count(own.may, style),
            own.last.map(|last| page.when(last)).unwrap_or_default(),
        ];
        table.row(Mark::None, cells);
        table.note(&name(own, page));
    }
    table.render(style)
}

fn name(own: &StatementHits, page: &Page<'_>) -> String {
    statement_words(Some(&own.policy), own.sid.as_deref(), Some(own.index), page.style)
}

/// What cannot be known or was taken for granted. Never cut short: an answer is worth what its limits leave of it.
pub(super) fn limits(replay: &Replay, page: &Page<'_>) -> String {
    let style = page.style;
    if replay.limits.is_empty() {
        let asked = page.options.show == Some(Show::Limits);
        return if asked { section::item(Mark::None, "No limit was met", style) } else { String::new() };
    }
    let mut out = section::heading("What this cannot know", "", style);
    for limit in &replay.limits {
        let events = limit
            .events
            .map(|events| format!(" ({})", figure::counted(events, "event", "events")))
            .unwrap_or_default();
        let words = format!("{}{events}", whole(&limit.what, style));
        out.push_str(&section::item(Mark::Claim, &words, style));
    }
    out
}
