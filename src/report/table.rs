//! Rows and columns: a mark in the first column, two spaces between cells, numbers to the right.

use super::text::{self, Cut};
use super::{Mark, Style};

/// Cells are not cut below this many columns.
const CUT_TO: usize = 8;
/// Spaces between two cells.
const GUTTER: usize = 2;
/// Columns before the words under a row.
const NOTE_INDENT: usize = 4;

/// To which side a cell is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Align {
    Left,
    Right,
}

/// A column: its heading, its side, and whether its cells may be cut when the table is wider than the screen.
#[derive(Debug, Clone)]
pub struct Column {
    header: String,
    align: Align,
    cut: Option<Cut>,
}

impl Column {
    /// Text; never cut unless [`Self::cut`] says so.
    #[must_use]
    pub fn left(header: &str) -> Self {
        Self { header: header.to_owned(), align: Align::Left, cut: None }
    }

    /// Numbers.
    #[must_use]
    pub fn right(header: &str) -> Self {
        Self { header: header.to_owned(), align: Align::Right, cut: None }
    }

    /// Its cells may be cut. Not for ids that someone must copy.
    #[must_use]
    pub fn cut(self, cut: Cut) -> Self {
        Self { cut: Some(cut), ..self }
    }
}

#[derive(Debug, Clone)]
struct Row {
    mark: Mark,
    cells: Vec<String>,
    notes: Vec<String>,
}

/// A table for people. Cells take log text as it is; they are escaped here.
#[derive(Debug, Clone)]
pub struct Table {
    title: String,
    columns: Vec<Column>,
    rows: Vec<Row>,
}

impl Table {
    /// A table with these columns. With headings that are all empty it has no heading line.
    #[must_use]
    pub fn new(columns: impl IntoIterator<Item = Column>) -> Self {
        Self { title: String::new(), columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// The section's name, set at the very left of the heading line over the first columns, whose headings are empty.
    #[must_use]
    pub fn title(self, title: &str) -> Self {
        Self { title: title.to_owned(), ..self }
    }

    /// Adds a row. Missing cells are empty; cells beyond the columns stand at the end of the line, unaligned. Spaces at
    /// the beginning of a cell indent it.
    pub fn row(&mut self, mark: Mark, cells: impl IntoIterator<Item = impl Into<String>>) -> &mut Self {
        self.rows.push(Row { mark, cells: cells.into_iter().map(Into::into).collect(), notes: Vec::new() });
        self
    }

    /// Adds words under the last row, indented and wrapped; they do not count for the widths of the columns.
    pub fn note(&mut self, words: &str) -> &mut Self {
        if let Some(row) = self.rows.last_mut() {
            row.notes.push(words.to_owned());
        }
        self
    }

    /// Whether it has no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The heading line and the rows, each with a line end.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let widths = self.fitted(style);
        let mut out = self.heading(&widths, style);
        for row in &self.rows {
            let mut line = format!("{} ", row.mark);
            for (at, cell) in row.cells.iter().enumerate() {
                let wide = widths.get(at).copied().unwrap_or(usize::MAX);
                let column = self.columns.get(at);
                let cell = match column.and_then(|column| column.cut) {
                    Some(cut) => text::truncate(cell, wide, cut, style),
                    None => style.shown(cell),
                };
                push_cell(&mut line, &cell, at, wide, column.map_or(Align::Left, |column| column.align));
            }
            push_line(&mut out, &line);
            let room = style.columns().saturating_sub(NOTE_INDENT);
            for note in row.notes.iter().flat_map(|note| text::wrap(note, room, style)) {
                push_line(&mut out, &format!("{:NOTE_INDENT$}{note}", ""));
            }
        }
        out
    }

    fn heading(&self, widths: &[usize], style: Style) -> String {
        let title = style.shown(&self.title);
        let mut out = String::new();
        if self.columns.iter().all(|column| column.header.is_empty()) {
            if !title.is_empty() {
                push_line(&mut out, &title);
            }
            return out;
        }
        let mut line = "  ".to_owned();
        for (at, (column, wide)) in self.columns.iter().zip(widths).enumerate() {
            push_cell(&mut line, &style.shown(&column.header), at, *wide, column.align);
        }
        if title.is_empty() {
            push_line(&mut out, &line);
            return out;
        }
        // The title takes the place of the blanks before the first heading, if they have room for it.
        let blank = line.len() - line.trim_start_matches(' ').len();
        if blank >= text::width(&title) + GUTTER {
            let rest = line.get(blank..).unwrap_or_default();
            push_line(&mut out, &format!("{}{rest}", text::pad_end(&title, blank)));
        } else {
            push_line(&mut out, &title);
            push_line(&mut out, &line);
        }
        out
    }

    /// The width of each column: of its widest cell, cut down where the table is too wide and the column allows it.
    fn fitted(&self, style: Style) -> Vec<usize> {
        let mut widths: Vec<usize> = (0..self.columns.len()).map(|at| self.natural(at, style)).collect();
        let between = GUTTER * widths.len().saturating_sub(1) + 2;
        let room = style.columns().saturating_sub(between);
        while widths.iter().sum::<usize>() > room {
            let cuttable = self.columns.iter().zip(widths.iter_mut()).filter(|(column, wide)| {
                column.cut.is_some() && **wide > CUT_TO.max(text::width(&style.shown(&column.header)))
            });
            // The widest gives way first, so that short names stay whole; of equals the first.
            let Some((_, widest)) = cuttable.rev().max_by_key(|(_, wide)| **wide) else { break };
            *widest -= 1;
        }
        widths
    }

    fn natural(&self, at: usize, style: Style) -> usize {
        let cells = self.rows.iter().filter_map(|row| row.cells.get(at));
        let header = self.columns.get(at).map(|column| &column.header);
        cells.chain(header).map(|cell| text::width(&style.shown(cell))).max().unwrap_or(0)
    }
}

fn push_cell(line: &mut String, cell: &str, at: usize, wide: usize, align: Align) {
    if at > 0 {
        line.push_str("  ");
    }
    let wide = if wide == usize::MAX { 0 } else { wide };
    match align {
        Align::Left => line.push_str(&text::pad_end(cell, wide)),
        Align::Right => line.push_str(&text::pad_start(cell, wide)),
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end_matches(' '));
    out.push('\n');
}

#[cfg(test)]
mod tests;
