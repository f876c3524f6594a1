//! Rows of callers and actions, under what decided them.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use super::words::whole;
use super::{Page, Show};
use crate::aws::Time;
use crate::replay::answer::{Example, Seen};
use crate::report::{Column, Cut, Mark, Style, Table, figure};

/// One row before it is set.
pub(super) struct Row<'a> {
    pub(super) principal: Option<&'a str>,
    pub(super) action: &'a str,
    pub(super) derived: bool,
    pub(super) seen: &'a Seen,
    pub(super) regions: &'a [String],
    pub(super) resources: u64,
    pub(super) examples: &'a [Example],
    /// What decided, a line each: rows with the same ones stand together above them.
    pub(super) because: Vec<String>,
    /// What is to be said of this row alone.
    pub(super) remark: Option<String>,
}

/// The rows of a part, those with the same reason together above it; the reason of most events first. Ends with how much is not
/// shown.
pub(super) fn blocks(rows: Vec<Row<'_>>, show: Show, page: &Page<'_>) -> String {
    let style = page.style;
    let regional = rows.iter().any(|row| !row.regions.is_empty());
    let mut columns = vec![
        Column::left("caller").cut(Cut::Middle),
        Column::right("events"),
        Column::left("action").cut(Cut::Middle),
    ];
    if regional {
        columns.push(Column::left("regions").cut(Cut::End));
    }
    columns.push(Column::left("last, UTC"));
    let mut table = Table::new(columns);
    let mut left = page.most(show);
    let (mut more_rows, mut more_events) = (0_u64, 0_u64);
    for (because, block) in ordered(rows) {
        let shown = block.len().min(left);
        left -= shown;
        for row in block.iter().take(shown) {
            let mut cells = vec![
                page.names.label(row.principal),
                figure::count(row.seen.events, style),
                if row.derived { format!("{} (derived)", row.action) } else { row.action.to_owned() },
            ];
            if regional {
                cells.push(row.regions.join(", "));
            }
            cells.push(page.when(row.seen.last));
            table.row(Mark::None, cells);
            notes(row, page, &mut table);
        }
        if shown > 0 {
            for words in &because {
                table.note(words);
            }
        }
        more_rows += (block.len() - shown) as u64;
        more_events += block.iter().skip(shown).map(|row| row.seen.events).sum::<u64>();
    }
    let mut out = table.render(style);
    if more_rows > 0 {
        let rows = figure::counted(more_rows, "more row", "more rows");
        let events = figure::counted(more_events, "event", "events");
        out.push_str(&format!("  {rows}, {events}: {}\n", page.more(show)));
    }
    out
}

/// Rows by reason: the reason of most events first, of equals by its words; within it most events first, then by name.
fn ordered(rows: Vec<Row<'_>>) -> Vec<(Vec<String>, Vec<Row<'_>>)> {
    let mut blocks: BTreeMap<Vec<String>, Vec<Row<'_>>> = BTreeMap::new();
    for row in rows {
        blocks.entry(row.because.clone()).or_default().push(row);
    }
    let mut blocks: Vec<_> = blocks.into_iter().collect();
    blocks.sort_by_key(|(_, rows)| Reverse(rows.iter().map(|row| row.seen.events).sum::<u64>()));
    for (_, rows) in &mut blocks {
        rows.sort_by(|a, b| {
            let key = |row: &Row<'_>| (Reverse(row.seen.events), row.seen.first);
            key(a)
                .cmp(&key(b))
                .then_with(|| a.principal.cmp(&b.principal))
                .then_with(|| a.action.cmp(b.action))
                .then_with(|| a.derived.cmp(&b.derived))
        });
    }
    blocks
}

fn notes(row: &Row<'_>, page: &Page<'_>, table: &mut Table) {
    if let Some(remark) = &row.remark {
        table.note(&format!("  {remark}"));
    }
    if !page.options.examples {
        return;
    }
    if row.resources > 1 {
        table.note(&format!("  {}, of them", figure::counted(row.resources, "resource", "resources")));
    }
    for example in row.examples {
        for words in example_lines(example, page.style) {
            table.note(&format!("  {words}"));
        }
    }
}

/// An event and its resource, each on a line of its own so that both can be copied.
pub(super) fn example_lines(example: &Example, style: Style) -> [String; 2] {
    let Time(time) = example.time;
    let parts = [example.region.as_deref(), example.event_id.as_deref()];
    let place: Vec<String> = parts.into_iter().flatten().map(|part| whole(part, style)).collect();
    [
        format!("{}  {}", figure::moment(time), place.join("  ")).trim_end().to_owned(),
        format!("  on {}", whole(&example.resource, style)),
    ]
}
