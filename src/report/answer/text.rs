//! An answer as text for people.
//!
//! Where the rows fit, they are a table. On a narrower terminal, what is the same in all rows is said once above, and
//! the columns that still do not fit stand below each row, one a line, under their names. Nothing is cut.

use std::io;

use arrow::array::RecordBatch;

use super::value::value;
use crate::query::{AnswerColumn, AnswerType};
use crate::report::Style;
use crate::report::text::{pad_end, pad_start, width};

/// How many rows are held to find the columns' widths; later rows keep them.
const HELD_ROWS_MAX: usize = 1_000;
/// The most terminal columns that a cell is filled up to. Longer cells stand whole and push the rest to the right.
const FILL_MAX: usize = 60;
/// The widest column that stands in a row whose other columns stand below it.
const HEAD_MAX: usize = 32;
/// What stands between two columns.
const GAP: &str = "  ";

/// Writes a table, with columns above and below its rows where it is too wide for the terminal.
pub(super) struct Text<W: io::Write> {
    out: W,
    style: Style,
    columns: Vec<AnswerColumn>,
    /// The columns' names, as they are shown.
    names: Vec<String>,
    /// The first rows, until the form is chosen.
    held: Vec<Vec<String>>,
    form: Option<Form>,
}

/// Where each column stands.
#[derive(Clone, Default)]
struct Form {
    /// In the row: the column's place and width.
    row: Vec<(usize, usize)>,
    /// Below the row: the column's place.
    below: Vec<usize>,
}

impl<W: io::Write> Text<W> {
    pub(super) fn new(out: W, style: Style, columns: &[AnswerColumn]) -> Self {
        let names = columns.iter().map(|column| style.shown(&column.name).into_owned()).collect();
        Text { out, style, columns: columns.to_vec(), names, held: Vec::new(), form: None }
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        for row in 0..batch.num_rows() {
            let cell = |text: Option<&str>| self.style.shown(text.unwrap_or_default()).into_owned();
            let cells: Vec<String> =
                batch.columns().iter().map(|column| cell(value(column, row).text().as_deref())).collect();
            if let Some(form) = self.form.clone() {
                self.row(&cells, &form)?;
                continue;
            }
            self.held.push(cells);
            if self.held.len() >= HELD_ROWS_MAX {
                self.begin(&[])?;
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self, rows: u64) -> io::Result<()> {
        if self.form.is_none() {
            let shared = self.shared();
            self.begin(&shared)?;
        }
        let noun = if rows == 1 { "row" } else { "rows" };
        writeln!(self.out, "{rows} {noun}")?;
        self.out.flush()
    }

    /// The columns that are the same in all rows held, where that is worth saying: there are several rows, and they do
    /// not fit as they are.
    fn shared(&self) -> Vec<usize> {
        let widths = self.widths();
        let all: Vec<(usize, usize)> = widths.into_iter().enumerate().collect();
        let Some((first, others)) = self.held.split_first().filter(|(_, others)| !others.is_empty()) else {
            return Vec::new();
        };
        if self.fits(&all) {
            return Vec::new();
        }
        let same = |place: usize| others.iter().all(|row| row.get(place) == first.get(place));
        (0..self.columns.len()).filter(|&place| same(place)).collect()
    }

    /// Chooses the form by the rows held, and writes them.
    fn begin(&mut self, shared: &[usize]) -> io::Result<()> {
        let columns: Vec<(usize, usize)> =
            self.widths().into_iter().enumerate().filter(|(place, _)| !shared.contains(place)).collect();
        let form = if self.fits(&columns) || self.held.is_empty() {
            let row = columns.iter().map(|&(place, wide)| (place, wide.min(FILL_MAX))).collect();
            Form { row, below: Vec::new() }
        } else {
            self.stacked(&columns)
        };
        let held = std::mem::take(&mut self.held);
        if let Some(first) = held.first().filter(|_| !shared.is_empty()) {
            writeln!(self.out, "In all {} rows:", held.len())?;
            self.named(first, shared)?;
            writeln!(self.out)?;
        }
        self.heading(&form)?;
        held.iter().try_for_each(|cells| self.row(cells, &form))?;
        self.form = Some(form);
        Ok(())
    }

    /// The widths of the columns over the rows held, their names counted.
    fn widths(&self) -> Vec<usize> {
        let mut widths: Vec<usize> = self.names.iter().map(|name| width(name)).collect();
        for cells in &self.held {
            for (widest, cell) in widths.iter_mut().zip(cells) {
                *widest = (*widest).max(width(cell));
            }
        }
        widths
    }

    /// Whether these columns fit side by side.
    fn fits(&self, columns: &[(usize, usize)]) -> bool {
        let total =
            columns.iter().map(|(_, width)| width + GAP.len()).sum::<usize>().saturating_sub(GAP.len());
        total <= self.style.columns()
    }

    /// As many narrow columns in the row as fit, in their order; the others below it.
    fn stacked(&self, columns: &[(usize, usize)]) -> Form {
        let mut form = Form::default();
        for &(place, wide) in columns {
            form.row.push((place, wide));
            if wide > HEAD_MAX || !self.fits(&form.row) {
                form.row.pop();
                form.below.push(place);
            }
        }
        form
    }

    /// The names of the columns in the row, and a rule below each.
    fn heading(&mut self, form: &Form) -> io::Result<()> {
        if form.row.is_empty() {
            return Ok(());
        }
        self.line(&self.names.clone(), &form.row)?;
        let rule = self.style.shown("─");
        let mut rules = vec![String::new(); self.columns.len()];
        for &(place, wide) in &form.row {
            if let Some(slot) = rules.get_mut(place) {
                *slot = rule.repeat(wide);
            }
        }
        self.line(&rules, &form.row)
    }

    fn row(&mut self, cells: &[String], form: &Form) -> io::Result<()> {
        if form.row.is_empty() {
            writeln!(self.out, "{}", self.style.shown("──"))?;
        } else {
            self.line(cells, &form.row)?;
        }
        self.named(cells, &form.below)
    }

    /// Cells side by side.
    fn line(&mut self, cells: &[String], columns: &[(usize, usize)]) -> io::Result<()> {
        let mut line = String::new();
        for &(place, wide) in columns {
            let (Some(cell), Some(column)) = (cells.get(place), self.columns.get(place)) else {
                continue;
            };
            line.push_str(&if is_number(&column.kind) { pad_start(cell, wide) } else { pad_end(cell, wide) });
            line.push_str(GAP);
        }
        writeln!(self.out, "{}", line.trim_end())
    }

    /// Cells one a line under their names, without those that are NULL.
    fn named(&mut self, cells: &[String], places: &[usize]) -> io::Result<()> {
        let named: Vec<(&String, &String)> =
            places.iter().filter_map(|&place| self.names.get(place).zip(cells.get(place))).collect();
        let widest = named.iter().map(|(name, _)| width(name)).max().unwrap_or(0);
        for (name, cell) in named.into_iter().filter(|(_, cell)| !cell.is_empty()) {
            writeln!(self.out, "    {}{GAP}{cell}", pad_end(name, widest))?;
        }
        Ok(())
    }
}

/// Whether a column's cells are right-aligned.
fn is_number(kind: &AnswerType) -> bool {
    matches!(kind, AnswerType::Bigint | AnswerType::Double | AnswerType::Other("decimal"))
}
