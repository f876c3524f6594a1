//! The first lines: what was replayed, and how far today's policies agree with what AWS did.

use super::Page;
use super::words::{share, verdict_mark, verdict_words, whole};
use crate::replay::answer::{Replay, Verdict, Verdicts};
use crate::report::{Column, Facts, Mark, Style, Table, chart, figure, section};

/// Columns of the bars.
const BAR: usize = 28;
/// Columns of the bars where a column of the proposal's stands beside them.
const BAR_BESIDE: usize = 18;

/// What was replayed: how much, of whom, against which policies, and what a proposal changes of them.
pub(super) fn head(replay: &Replay, page: &Page<'_>) -> String {
    let style = page.style;
    let accounts = figure::counted(replay.accounts.len() as u64, "account", "accounts");
    let amount = format!(
        "{} {} {}",
        figure::counted(replay.events, "event", "events"),
        style.arrow(),
        figure::counted(replay.requests, "distinct request", "distinct requests"),
    );
    let mut title = match replay.first.zip(replay.last) {
        Some((first, last)) if last.seconds_since(first) > 0 => {
            format!("{}, {accounts}   {amount}", figure::duration(last.0 - first.0))
        }
        Some(_) => format!("{accounts}   {amount}"),
        None => "nothing to replay: no event".to_owned(),
    };
    title = title.trim().to_owned();
    let mut facts = Facts::new();
    if let Some((first, last)) = replay.first.zip(replay.last) {
        facts.line(Mark::None, "window", &figure::range(first.0, last.0, style));
        facts.line(Mark::None, "accounts", &whole(&replay.accounts.join(", "), style));
    }
    facts.line(Mark::None, "snapshot", &whole(&replay.snapshot, style));
    if let Some(proposal) = &replay.proposal {
        facts.line(Mark::None, "proposed", &whole(&proposal.path, style));
        if proposal.changes.is_empty() {
            facts.line(Mark::Look, "", "changes nothing of the snapshot");
        }
        proposal.changes.iter().for_each(|change| {
            facts.more(&whole(change, style));
        });
    }
    section::heading(&title, &page.names.prefix.note(style).unwrap_or_default(), style) + &facts.render(style)
}

/// How many events have which verdict; beside it, under the proposal.
pub(super) fn table(replay: &Replay, style: Style) -> String {
    if replay.events == 0 {
        return String::new();
    }
    let own = &replay.verdicts;
    let beside = replay.proposal.as_ref().map(|proposal| &proposal.verdicts);
    let order =
        [Verdict::Same, Verdict::Undetermined, Verdict::NowDenied, Verdict::NowAllowed, Verdict::NotARequest];
    let total: u64 = order.iter().map(|verdict| events(own, *verdict)).sum();
    let max = order.iter().map(|verdict| events(own, *verdict)).max().unwrap_or(0);
    let mut columns =
        vec![Column::left(""), Column::left(""), Column::right("events"), Column::right("share")];
    if beside.is_some() {
        columns.push(Column::right("proposed"));
    }
    let mut table = Table::new(columns).title("Today's policies against what AWS did");
    for verdict in order {
        let count = events(own, verdict);
        let bar = if beside.is_some() { BAR_BESIDE } else { BAR };
        let mut cells = vec![
            verdict_words(verdict).to_owned(),
            chart::bar(count, max, bar, style),
            figure::count(count, style),
            share(count, total, style),
        ];
        cells.extend(beside.map(|beside| figure::count(events(beside, verdict), style)));
        let other = beside.map_or(0, |beside| events(beside, verdict));
        let mark = if count + other > 0 { verdict_mark(verdict) } else { Mark::None };
        table.row(mark, cells);
        let words = match verdict {
            Verdict::Same => same_words(own),
            Verdict::Undetermined if own.unmapped > 0 => {
                format!("of {} no action is known", figure::counted(own.unmapped, "call", "calls"))
            }
            _ => String::new(),
        };
        if !words.is_empty() {
            table.note(&words);
        }
    }
    table.render(style) + &reasons(replay, style) + &propagation(replay, style)
}

/// Refusals that no policy made: they would be looked for in vain.
fn propagation(replay: &Replay, style: Style) -> String {
    let events: u64 = replay.groups.iter().map(|group| group.propagation).sum();
    if events == 0 {
        return String::new();
    }
    let words = format!(
        "{} came right after a change, and the call worked soon: IAM had not caught up. Not a policy that stopped \
         anyone.",
        figure::counted(events, "refusal", "refusals")
    );
    section::item(Mark::Refused, &words, style)
}

/// The parts of what is the same.
fn same_words(verdicts: &Verdicts) -> String {
    let parts = [
        (verdicts.same_allowed, "allowed"),
        (verdicts.same_denied, "denied"),
        (verdicts.same_failed, "failed for another reason and allowed now"),
    ];
    let words: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", figure::grouped(*count)))
        .collect();
    words.join(", ")
}

/// How far AWS's own words on refusals bear the verdicts out.
fn reasons(replay: &Replay, style: Style) -> String {
    let differ: u64 = replay.disagreements.iter().map(|one| one.events).sum();
    let compared = replay.agreements + differ;
    let refusals = |count: u64| figure::counted(count, "refusal", "refusals");
    let (mark, words) = match (compared, replay.not_comparable, differ) {
        (0, 0, _) => return String::new(),
        (0, silent, _) => {
            (Mark::Claim, format!("AWS states no reason that can be compared for {}", refusals(silent)))
        }
        (all, silent, differ) => {
            let silent = match silent {
                0 => String::new(),
                silent => format!("; {} more cannot be compared", figure::grouped(silent)),
            };
            let (mark, part) = match differ {
                0 => (
                    Mark::None,
                    format!(
                        "AWS gives {} the reason that these policies give",
                        match all {
                            1 => "the 1 refusal".to_owned(),
                            _ => format!("all {}", refusals(all)),
                        }
                    ),
                ),
                _ => (
                    Mark::Look,
                    format!(
                        "AWS gives {} of {} another reason than these policies do",
                        figure::grouped(differ),
                        refusals(all)
                    ),
                ),
            };
            (mark, format!("{part}{silent}"))
        }
    };
    section::item(mark, &words, style)
}

/// Events of a verdict.
pub(super) fn events(verdicts: &Verdicts, verdict: Verdict) -> u64 {
    match verdict {
        Verdict::Same => verdicts.same_allowed + verdicts.same_denied + verdicts.same_failed,
        Verdict::NowDenied => verdicts.now_denied,
        Verdict::NowAllowed => verdicts.now_allowed,
        Verdict::Undetermined => verdicts.undetermined,
        Verdict::NotARequest => verdicts.not_a_request,
    }
}
