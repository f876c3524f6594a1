//! Ways back in, everything made, and what was removed.

use std::collections::BTreeMap;

use super::Options;
use super::words::{Page, plain_kind, several, short, with_notes};
use crate::investigate::{Gone, GoneHow, Investigation, Thing, ThingClass, Used};
use crate::report::{Column, Cut, Mark, Table, figure, section, text};

/// Rows of ways in at most.
const WAYS_MAX: usize = 40;
/// Removed things shown at most.
const REMOVED_MAX: usize = 20;

/// Identities and credentials that the subject made, with what belongs to them below.
pub(super) fn ways_in(answer: &Investigation, page: &Page) -> String {
    let ways: Vec<&Thing> = answer.made.iter().filter(|thing| thing.class == ThingClass::WayIn).collect();
    if ways.is_empty() {
        return String::new();
    }
    let opened: Vec<&str> = answer.openings.iter().map(|opening| opening.id.as_str()).collect();
    let telling = |thing: &Thing| {
        thing.kind != "role"
            || thing.admin
            || thing.gone.is_none()
            || opened.contains(&thing.id.as_str())
            || thing.used.as_ref().is_some_and(used_by_people)
    };
    let table = Table::new([
        Column::left("").cut(Cut::Middle),
        Column::left("made"),
        Column::left("gone"),
        Column::left("used"),
    ])
    .title("Ways back in that it made");
    let mut table = Ways { table, notes: Vec::new(), rows: 0 };
    let (shown, folded): (Vec<&Thing>, Vec<&Thing>) = ways.iter().partition(|thing| telling(thing));
    let owned = |thing: &Thing, owner: &Thing| {
        thing.of.as_deref() == Some(owner.id.as_str()) && owner.kind == "user" && thing.kind != "user"
    };
    for thing in &shown {
        if shown.iter().any(|owner| owned(thing, owner)) {
            continue;
        }
        push(&mut table, thing, 0, page);
        for child in shown.iter().filter(|child| owned(child, thing)) {
            push(&mut table, child, 1, page);
        }
    }
    fold_roles(&mut table, &folded, page);
    let rows = table.rows;
    let mut out = with_notes(&table.table.render(page.style), &table.notes, page.style);
    let gone = answer.made.iter().filter(|thing| thing.gone.is_some()).count() as u64;
    let made = several(answer.made.len() as u64, "thing");
    out.push_str(&section::heading(
        &format!("  {made} made, {} gone again: --created", figure::grouped(gone)),
        &if rows > WAYS_MAX {
            figure::counted((rows - WAYS_MAX) as u64, "more way in", "more ways in")
        } else {
            String::new()
        },
        page.style,
    ));
    out
}

/// The table of ways in, the notes under its rows, and how many rows it should have.
struct Ways {
    table: Table,
    notes: Vec<Vec<String>>,
    rows: usize,
}

/// Use by someone other than a service.
fn used_by_people(used: &Used) -> bool {
    let services = used.addresses.iter().all(|address| address.ends_with(".amazonaws.com"));
    used.span.calls > used.by_subject && !services
}

fn push(ways: &mut Ways, thing: &Thing, depth: usize, page: &Page) {
    ways.rows += 1;
    if ways.rows > WAYS_MAX {
        return;
    }
    let table = &mut ways.table;
    let used_by_others = thing.used.as_ref().is_some_and(|used| used.span.calls > used.by_subject);
    let mark = match (used_by_others, &thing.gone) {
        (true, _) => Mark::Look,
        (false, None) if thing.disabled.is_none() => Mark::Still,
        _ => Mark::None,
    };
    let indent = "  ".repeat(depth);
    let admin = if thing.admin { " (admin)" } else { "" };
    let name = if depth > 0 && thing.of.as_deref() == Some(thing.id.as_str()) {
        plain_kind(&thing.kind).to_owned()
    } else {
        format!("{} {}", plain_kind(&thing.kind), page.name(short(&thing.id)))
    };
    let (lines, below) =
        thing.used.as_ref().map(|used| spoken_use(used, &thing.kind, page)).unwrap_or_default();
    let mut lines = lines.into_iter();
    let first = lines.next().unwrap_or_default();
    let gone = gone(thing, page);
    table.row(mark, [format!("{indent}{name}{admin}"), page.stamp(thing.made.at), gone, first]);
    ways.notes.push(Vec::new());
    for line in lines {
        table.row(Mark::None, [String::new(), String::new(), String::new(), line]);
        ways.notes.push(Vec::new());
    }
    if let Some(last) = ways.notes.last_mut() {
        last.extend(below);
        last.extend(thing.gone.as_ref().and_then(gone_by));
    }
}

fn gone(thing: &Thing, page: &Page) -> String {
    match (&thing.gone, &thing.disabled) {
        (Some(gone), _) => page.stamp(gone.at),
        (None, Some(off)) => format!("off {}", page.stamp(off.at)),
        (None, None) => "no".to_owned(),
    }
}

/// Who removed it, when that was someone else or is not told by a call.
fn gone_by(gone: &Gone) -> Option<String> {
    let by = || gone.by.words().unwrap_or_else(|| "someone else".to_owned());
    match gone.how {
        GoneHow::Call if gone.by_subject => None,
        GoneHow::Call => Some(format!("removed by {}", by())),
        GoneHow::Service => Some(format!("removed, as {} reports; no call is recorded", by())),
        GoneHow::Scheduled => Some(format!("removal is due {}", gone.due.as_deref().unwrap_or("later"))),
        GoneHow::WithOwner => Some("gone with what it belonged to".to_owned()),
        GoneHow::MadeAgain => Some("made again later; its removal is not recorded".to_owned()),
    }
}

/// Columns of what is said about use beside the name; what is longer stands below.
const USE_COLUMNS: usize = 19;

/// The use of a way in: for its column, and for the lines below it.
fn spoken_use(used: &Used, kind: &str, page: &Page) -> (Vec<String>, Vec<String>) {
    let refused = format!("{} refused", figure::grouped(used.refused));
    let Some(first) = used.span.first else {
        return (vec![if used.refused > 0 { refused } else { "never".to_owned() }], Vec::new());
    };
    let own = used.by_subject == used.span.calls;
    let more = match (used.mfa, used.span.calls) {
        (Some(mfa), _) if kind.ends_with("password") => if mfa { ", MFA" } else { ", no MFA" }.to_owned(),
        _ if own => ", by it".to_owned(),
        (_, 1) => String::new(),
        (_, calls) => format!(", {} x", figure::grouped(calls)),
    };
    let mut lines = vec![format!("{}{more}", page.stamp(first))];
    let mut below = Vec::new();
    if let Some(address) = used.addresses.first().filter(|_| !own) {
        let rest = used.addresses.len() - 1;
        let rest = if rest > 0 { format!(" and {rest} more") } else { String::new() };
        let from = format!("from {address}{rest}");
        if text::width(&page.style.shown(&from)) <= USE_COLUMNS { lines.push(from) } else { below.push(from) }
    }
    if used.refused > 0 {
        below.push(refused);
    }
    (lines, below)
}

/// Roles about which there is nothing to say, in one row.
fn fold_roles(ways: &mut Ways, roles: &[&Thing], page: &Page) {
    let (Some(first), Some(last)) =
        (roles.first(), roles.iter().filter_map(|role| role.gone.as_ref()).map(|g| g.at).max())
    else {
        return;
    };
    let assumed =
        roles.iter().filter(|role| role.used.as_ref().is_some_and(|used| used.by_subject > 0)).count();
    let note = if assumed > 0 { format!(" ({assumed} assumed by it)") } else { String::new() };
    let words = format!("{}{note}", several(roles.len() as u64, "other role"));
    ways.table.row(Mark::None, [words, page.stamp(first.made.at), page.stamp(last), String::new()]);
    ways.notes.push(Vec::new());
}

/// Everything that was made, for `--created`.
pub(super) fn created(answer: &Investigation, options: &Options, page: &Page) -> String {
    if !options.created_all || answer.made.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::left(""),
        Column::left("").cut(Cut::Middle),
        Column::left("made"),
        Column::left("gone"),
    ])
    .title("Everything it made");
    for thing in &answer.made {
        let mark = if thing.gone.is_none() { Mark::Still } else { Mark::None };
        let by = thing.gone.as_ref().and_then(gone_by).unwrap_or_default();
        let cells =
            [thing.kind.clone(), page.name(&thing.id), page.stamp(thing.made.at), gone(thing, page), by];
        table.row(mark, cells);
    }
    table.render(page.style)
}

/// What it removed and had not made.
pub(super) fn removed(answer: &Investigation, page: &Page) -> String {
    if answer.removed.is_empty() {
        return String::new();
    }
    let mut kinds: BTreeMap<&str, u64> = BTreeMap::new();
    let mut table = Table::new([
        Column::left(""),
        Column::left("").cut(Cut::Middle),
        Column::left("at"),
        Column::left("by").cut(Cut::End),
    ])
    .title("Removed, made by others");
    for (number, thing) in answer.removed.iter().enumerate() {
        if number >= REMOVED_MAX {
            *kinds.entry(&thing.kind).or_default() += 1;
            continue;
        }
        let cells = [
            thing.kind.clone(),
            page.name(short(&thing.id)),
            page.stamp(thing.evidence.at),
            thing.evidence.event_name.clone(),
        ];
        table.row(Mark::Look, cells);
    }
    let mut out = table.render(page.style);
    if !kinds.is_empty() {
        let parts: Vec<String> = kinds.iter().map(|(kind, count)| several(*count, kind)).collect();
        let words = format!("  more: {}", super::words::listed(&parts, 4, " kinds"));
        out.push_str(&section::heading(&words, "all: --format json", page.style));
    }
    out
}
