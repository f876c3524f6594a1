//! Events of one verdict, under what decided them; and of the undetermined, what is missing.

use super::block::{Row, blocks};
use super::verdict::events;
use super::words::{decided_words, needs_words, verdict_mark, whole};
use super::{Page, Show};
use crate::replay::answer::{Group, Replay, Then, Verdict};
use crate::report::{Mark, figure, section, text};

/// Columns of what is missing, before why it is.
const LACK_MAX: usize = 30;

/// The events of a verdict; nothing where there are none, unless they were asked for.
pub(super) fn of(replay: &Replay, verdict: Verdict, page: &Page<'_>) -> String {
    let style = page.style;
    let count = events(&replay.verdicts, verdict);
    let show = Show::of(verdict);
    let calls = figure::counted(count, "call", "calls");
    let title = match verdict {
        Verdict::Same => format!("The same: {}", figure::counted(count, "event", "events")),
        Verdict::NowDenied => format!("Would now be denied: {calls} that AWS did not refuse"),
        Verdict::NowAllowed => format!("Would now be allowed: {calls} that AWS refused"),
        Verdict::Undetermined => format!("Undetermined: {calls}"),
        Verdict::NotARequest => format!("Not a request: {}", figure::counted(count, "event", "events")),
    };
    let mark = if count > 0 { verdict_mark(verdict) } else { Mark::None };
    if count == 0 {
        return if page.options.show == Some(show) {
            section::item(mark, &title, style)
        } else {
            String::new()
        };
    }
    let out = section::item(mark, &title, style);
    let rows = groups(replay, verdict).map(|group| row(group, page)).collect();
    out + &blocks(rows, show, page)
}

fn groups(replay: &Replay, verdict: Verdict) -> impl Iterator<Item = &Group> {
    replay.groups.iter().filter(move |group| group.verdict == verdict)
}

fn row<'a>(group: &'a Group, page: &Page<'_>) -> Row<'a> {
    let style = page.style;
    let mut because = Vec::new();
    if group.verdict == Verdict::NowDenied && group.then == Then::Failed {
        because.push("these calls failed for another reason then".to_owned());
    }
    let decided = decided_words(&group.decided, style);
    if !decided.is_empty() {
        because.push(decided);
    }
    if !group.needs.is_empty() {
        let needs = needs_words(&group.needs, style);
        let lead = if group.verdict == Verdict::Undetermined { "depends on " } else { "" };
        because.push(format!("{lead}{needs}"));
    }
    let propagated = match group.propagation {
        0 => None,
        some if some == group.seen.events => Some("IAM had not caught up".to_owned()),
        some => Some(format!("IAM had not caught up for {} of them", figure::grouped(some))),
    };
    Row {
        principal: group.principal.as_deref(),
        action: &group.action,
        derived: group.derived,
        seen: &group.seen,
        regions: &[],
        resources: group.resources,
        examples: &group.examples,
        because,
        remark: propagated,
    }
}

/// What is missing, with how many events it leaves open.
pub(super) fn lacks(replay: &Replay, page: &Page<'_>) -> String {
    if replay.lacks.is_empty() {
        return String::new();
    }
    let style = page.style;
    let mut out = section::heading("Undetermined, by what is missing", "", style);
    let most = page.most(Show::Undetermined);
    let shown = || replay.lacks.iter().take(most);
    let digits = shown().map(|own| figure::grouped(own.events).len()).max().unwrap_or(1);
    let wide = |what: &str| text::width(&style.shown(what));
    let column = shown().map(|own| wide(&own.lack.what)).filter(|wide| *wide <= LACK_MAX).max().unwrap_or(0);
    for own in shown() {
        let head = format!("{} {:>digits$}  ", Mark::Claim, figure::grouped(own.events));
        let what = whole(&own.lack.what, style);
        if wide(&what) <= column {
            let head = format!("{head}{}  ", text::pad_end(&style.shown(&what), column));
            out.push_str(&page.hang(&head, &whole(&own.lack.why, style)));
        } else {
            out.push_str(&page.hang(&head, &what));
            if !own.lack.why.is_empty() {
                out.push_str(&page.hang(&" ".repeat(text::width(&head) + 2), &whole(&own.lack.why, style)));
            }
        }
    }
    let more = replay.lacks.len().saturating_sub(most);
    if more > 0 {
        let things = figure::counted(more as u64, "more thing", "more things");
        out.push_str(&format!("  {things}: {}\n", page.more(Show::Undetermined)));
    }
    let sum: u64 = replay.lacks.iter().map(|own| own.events).sum();
    if sum > replay.verdicts.undetermined {
        out.push_str(&section::item(Mark::None, "An event that lacks several counts for each.", style));
    }
    out
}
