//! A line of the tree: branches and name, calls, and words beside them that wrap in their own column.

use super::words::push_line;
use crate::report::Style;
use crate::report::text::{self, Cut};

/// Names take at most so many columns, so that words have room beside the calls.
pub(super) const NAME_MAX: usize = 42;
/// Names are not cut below this many columns.
const NAME_MIN: usize = 8;
/// The words beside the calls have at least so many columns.
const NOTES_MIN: usize = 20;

/// A line of the tree before it is set.
pub(super) struct Row {
    /// The branches before the name.
    pub(super) lead: String,
    /// The branches before further lines of the words.
    pub(super) below: String,
    pub(super) name: String,
    pub(super) cut: Option<Cut>,
    /// The calls; None where the line counts none.
    pub(super) calls: Option<String>,
    /// What is said beside, in pieces that are kept together if they fit.
    pub(super) notes: Vec<String>,
}

/// The columns of names and of calls.
pub(super) struct Widths {
    pub(super) name: usize,
    pub(super) calls: usize,
}

impl Widths {
    pub(super) fn of(rows: &[Row], style: Style) -> Self {
        let wide = |row: &Row| text::width(&row.lead) + text::width(&style.shown(&row.name));
        let counted = || rows.iter().filter(|row| row.calls.is_some());
        let most = if style.wide { usize::MAX } else { NAME_MAX };
        let name = counted().map(wide).max().unwrap_or(0).min(most);
        let calls = rows.iter().filter_map(|row| row.calls.as_ref()).map(|calls| text::width(calls)).max();
        Self { name, calls: calls.unwrap_or(1) }
    }
}

pub(super) fn write_row(row: &Row, widths: &Widths, style: Style, out: &mut String) {
    let lead = text::width(&row.lead);
    let name = match row.cut {
        Some(cut) if !style.wide => {
            text::truncate(&row.name, widths.name.saturating_sub(lead).max(NAME_MIN), cut, style)
        }
        _ => style.shown(&row.name),
    };
    let Some(calls) = &row.calls else {
        push_line(out, &format!("{}{name}", row.lead));
        return;
    };
    let calls = text::pad_start(calls, widths.calls);
    let head = format!("{}  {calls}", text::pad_end(&format!("{}{name}", row.lead), widths.name));
    let at = text::width(&head) + 2;
    let usual = widths.name + widths.calls + 4;
    let whole = row.notes.join("  ");
    if at + text::width(&style.shown(&whole)) <= style.columns() {
        push_line(out, &format!("{head}  {}", style.shown(&whole)));
        return;
    }
    // A head that an id made longer takes a line of its own.
    let mut lines =
        wrapped(&row.notes, style.columns().saturating_sub(usual).max(NOTES_MIN), style).into_iter();
    match lines.next() {
        Some(first) if at == usual => push_line(out, &format!("{head}  {first}")),
        Some(first) => {
            push_line(out, &head);
            push_line(out, &format!("{}{first}", text::pad_end(&row.below, usual)));
        }
        None => push_line(out, &head),
    }
    for line in lines {
        push_line(out, &format!("{}{line}", text::pad_end(&row.below, usual)));
    }
}

/// The words in lines: pieces side by side while they fit, longer ones broken at blanks.
fn wrapped(notes: &[String], room: usize, style: Style) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for note in notes {
        let indent = if note.starts_with(['!', '?']) { "  " } else { "" };
        let piece = style.shown(note);
        match lines.last_mut() {
            Some(line) if text::width(line) + 2 + text::width(&piece) <= room => {
                line.push_str("  ");
                line.push_str(&piece);
            }
            _ => {
                for (at, part) in
                    text::wrap(note, room.saturating_sub(indent.len()), style).iter().enumerate()
                {
                    lines.push(if at == 0 { part.clone() } else { format!("{indent}{part}") });
                }
            }
        }
    }
    lines
}
