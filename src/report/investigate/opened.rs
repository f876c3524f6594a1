//! What was opened to outsiders, to whom, from when to when.

use super::words::{Page, between, plain_kind, short, with_notes};
use crate::investigate::{Grantee, Investigation, Opening, OpeningHow};
use crate::report::{Column, Cut, Mark, Table, section, text};

/// Columns for whom something was opened to, before that is cut.
const TO_COLUMNS: usize = 14;
/// Rows at most.
const ROWS_MAX: usize = 30;

pub(super) fn openings(answer: &Investigation, page: &Page) -> String {
    if answer.openings.is_empty() {
        return String::new();
    }
    let mut table = Table::new([
        Column::left(""),
        Column::left("to").cut(Cut::Middle),
        Column::left("from"),
        Column::left("until"),
        Column::left("for"),
    ])
    .title("Opened to outsiders");
    let mut notes = Vec::new();
    let shown: Vec<&Opening> = answer.openings.iter().take(ROWS_MAX).collect();
    let room = room_for_names(&shown, page);
    for opening in shown {
        let (until, long) = end(opening, page);
        let mut below = remarks(opening, page);
        let mut name = what(opening, page);
        // An id that has no room is not cut: it stands on its own line.
        if text::width(&page.style.shown(&name)) > room {
            below.insert(0, page.name(short(&opening.id)));
            name = match opening.how {
                OpeningHow::Network => format!("{} on", opening.what),
                OpeningHow::Permission | OpeningHow::GuardRemoved => {
                    format!("{}, {}", plain_kind(&opening.kind), opening.what)
                }
            };
        }
        table.row(mark(opening), [name, whom(opening), page.stamp(opening.from.at), until, long]);
        notes.push(below);
    }
    let mut out = with_notes(&table.render(page.style), &notes, page.style);
    let more = answer.openings.len().saturating_sub(ROWS_MAX);
    if more > 0 {
        out.push_str(&section::heading(&format!("  {more} more"), "all: --format json", page.style));
    }
    out
}

/// When it was shut, and how long it was open.
fn end(opening: &Opening, page: &Page) -> (String, String) {
    match &opening.until {
        Some(closed) => (page.stamp(closed.at), between(opening.from.at, closed.at)),
        None => ("still open".to_owned(), String::new()),
    }
}

/// The columns that the other columns leave for names.
fn room_for_names(openings: &[&Opening], page: &Page) -> usize {
    let widest = |cells: &mut dyn Iterator<Item = String>| {
        cells.map(|cell| text::width(&page.style.shown(&cell))).max().unwrap_or(0)
    };
    let to = widest(&mut openings.iter().map(|opening| whom(opening))).min(TO_COLUMNS);
    let from = widest(&mut openings.iter().map(|opening| page.stamp(opening.from.at)));
    let until = widest(&mut openings.iter().map(|opening| end(opening, page).0));
    let long = widest(&mut openings.iter().map(|opening| end(opening, page).1)).max(3);
    // A mark and the gaps between five columns.
    page.style.columns().saturating_sub(2 + 4 * 2 + to + from + until + long)
}

fn mark(opening: &Opening) -> Mark {
    let wide = matches!(opening.to, Grantee::Anyone | Grantee::AnyAwsUser) && !opening.bound;
    if wide || opening.admin || opening.used.calls > 0 {
        Mark::Look
    } else if opening.until.is_none() {
        Mark::Still
    } else {
        Mark::None
    }
}

fn what(opening: &Opening, page: &Page) -> String {
    let name = page.name(short(&opening.id));
    let kind = if opening.kind == "DB snapshot" { "DB snapshot" } else { plain_kind(&opening.kind) };
    match opening.how {
        OpeningHow::Network => format!("{} on {name}", opening.what),
        OpeningHow::GuardRemoved => format!("{kind} {name}: {} off", opening.what),
        OpeningHow::Permission if opening.admin => format!("{kind} {name} (admin)"),
        OpeningHow::Permission => format!("{kind} {name}"),
    }
}

fn whom(opening: &Opening) -> String {
    match &opening.to {
        Grantee::Anyone if opening.bound => "anyone, bound".to_owned(),
        Grantee::Anyone => "anyone".to_owned(),
        Grantee::AnyAwsUser => "any AWS user".to_owned(),
        Grantee::Account(account) if opening.known_account => format!("{account} (here)"),
        Grantee::Account(account) => account.clone(),
        Grantee::Organization(id) => short(id).to_owned(),
        Grantee::Provider(name) => short(name).to_owned(),
        Grantee::Network(range) => range.clone(),
        Grantee::Opaque(name) => name.clone(),
    }
}

fn remarks(opening: &Opening, page: &Page) -> Vec<String> {
    let mut notes = Vec::new();
    if opening.bound || (!opening.conditions.is_empty() && matches!(opening.to, Grantee::Anyone)) {
        notes.push(format!("only with {}", opening.conditions.join(", ")));
    }
    if let Some(first) = &opening.first_use {
        notes.push(format!(
            "used {} x, first {} ({})",
            opening.used.calls,
            page.stamp(first.at),
            first.event_name
        ));
    }
    if let Some(closed) = opening.until.as_ref().filter(|closed| !closed.by_subject) {
        let by = closed.by.words().unwrap_or_else(|| "someone else".to_owned());
        notes.push(format!("shut by {by}"));
    }
    notes
}
