//! What a proposal changes: what it breaks, may break, opens, may open.

use std::collections::BTreeSet;

use super::block::{Row, blocks};
use super::suggest::suggestion;
use super::words::{decided_words, needs_words, whole};
use super::{Page, Show};
use crate::replay::answer::{Change, ChangeGroup, Proposal};
use crate::report::{Mark, figure, section};

/// All that a proposal changes.
pub(super) fn all(proposal: &Proposal, page: &Page<'_>) -> String {
    [breaks(proposal, page), opened(proposal, page), suggestion(proposal, page)].concat()
}

/// What it breaks and may break, and how to break less.
pub(super) fn broken(proposal: &Proposal, page: &Page<'_>) -> String {
    breaks(proposal, page) + &suggestion(proposal, page)
}

fn breaks(proposal: &Proposal, page: &Page<'_>) -> String {
    let style = page.style;
    let mut out = match proposal.broken {
        0 => section::item(Mark::None, "The proposal breaks no call of these logs.", style),
        events => {
            let words = format!(
                "The proposal breaks {} that worked, of {}",
                figure::counted(events, "call", "calls"),
                callers(proposal, Change::Broken)
            );
            section::item(Mark::Look, &words, style) + &rows(proposal, Change::Broken, page)
        }
    };
    if proposal.may_break > 0 {
        let words = format!(
            "It may break {} that worked, of {}; what is missing decides",
            figure::counted(proposal.may_break, "call", "calls"),
            callers(proposal, Change::MayBreak)
        );
        out.push_str(&section::item(Mark::Claim, &words, style));
        out.push_str(&rows(proposal, Change::MayBreak, page));
    }
    let unknown = proposal.verdicts.undetermined;
    if unknown > 0 {
        let words = format!(
            "Under it {} undetermined: whether they break or open is not proven",
            match unknown {
                1 => "1 call is".to_owned(),
                many => format!("{} calls are", figure::grouped(many)),
            }
        );
        out.push_str(&section::item(Mark::Claim, &words, style));
    }
    out
}

/// What it opens and may open.
pub(super) fn opened(proposal: &Proposal, page: &Page<'_>) -> String {
    let style = page.style;
    let mut out = String::new();
    if proposal.opened > 0 {
        let words = format!(
            "It opens {} that today's policies deny, of {}",
            figure::counted(proposal.opened, "call", "calls"),
            callers(proposal, Change::Opened)
        );
        out.push_str(&section::item(Mark::Look, &words, style));
        out.push_str(&rows(proposal, Change::Opened, page));
    }
    if proposal.may_open > 0 {
        let words = format!(
            "It may open {} that today's policies deny, of {}; what is missing decides",
            figure::counted(proposal.may_open, "call", "calls"),
            callers(proposal, Change::MayOpen)
        );
        out.push_str(&section::item(Mark::Claim, &words, style));
        out.push_str(&rows(proposal, Change::MayOpen, page));
    }
    match (proposal.opened, proposal.may_open) {
        (0, 0) => out.push_str(&section::item(Mark::None, "It opens nothing.", style)),
        (0, _) => out.push_str(&section::item(Mark::None, "It certainly opens nothing.", style)),
        _ => {}
    }
    out
}

/// How many callers are behind a change.
fn callers(proposal: &Proposal, change: Change) -> String {
    let callers: BTreeSet<Option<&str>> =
        of(proposal, change).map(|group| group.principal.as_deref()).collect();
    figure::counted(callers.len() as u64, "caller", "callers")
}

fn of(proposal: &Proposal, change: Change) -> impl Iterator<Item = &ChangeGroup> {
    proposal.groups.iter().filter(move |group| group.change == change)
}

fn rows(proposal: &Proposal, change: Change, page: &Page<'_>) -> String {
    let show = match change {
        Change::Broken | Change::MayBreak => Show::Broken,
        Change::Opened | Change::MayOpen => Show::Opened,
    };
    let style = page.style;
    let because = |group: &ChangeGroup| {
        let mut lines = Vec::new();
        let reads = match group.keys.as_slice() {
            [] => String::new(),
            keys => format!("; it reads {}", whole(&keys.join(", "), style)),
        };
        let today = decided_words(&group.today, style);
        if matches!(change, Change::Opened | Change::MayOpen) && !today.is_empty() {
            lines.push(format!("today {today}"));
        }
        let decided = decided_words(&group.decided, style);
        if !decided.is_empty() {
            lines.push(format!("{}{decided}{reads}", if lines.is_empty() { "" } else { "proposed: " }));
        }
        if !group.needs.is_empty() {
            lines.push(format!("depends on {}", needs_words(&group.needs, style)));
        }
        lines
    };
    let rows = of(proposal, change).map(|group| Row {
        principal: group.principal.as_deref(),
        action: &group.action,
        derived: group.derived,
        seen: &group.seen,
        regions: &group.regions,
        resources: group.resources,
        examples: &group.examples,
        because: because(group),
        remark: None,
    });
    blocks(rows.collect(), show, page)
}
