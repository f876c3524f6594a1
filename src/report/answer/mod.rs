//! Rows of an answer as text for people, as JSON, as CSV.
//!
//! All three write batch by batch: an answer of any size is never held whole. The rows are data to copy from, so
//! numbers stand without separators, times are RFC 3339 in UTC, and nothing is cut.

mod csv;
mod json;
mod text;
mod value;

#[cfg(test)]
mod tests;

use std::io;

use arrow::array::RecordBatch;

use super::Style;
use crate::query::AnswerColumn;

/// How an answer is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    /// A table for people. With [`Style::wide`] every row is one line; else what does not fit stands below its row.
    Text(Style),
    /// One document: `{"schema":1,"columns":[{"name","type"}],"rows":[{column: value}]}`, one row a line.
    Json,
    /// A header line and one line a row, as [`super::csv`] has them. NULL is an empty field, empty text is `""`.
    Csv,
}

/// Writes one answer.
pub struct Writer<W: io::Write> {
    inner: Inner<W>,
    rows: u64,
}

enum Inner<W: io::Write> {
    Text(text::Text<W>),
    Json(json::Json<W>),
    Csv(csv::Csv<W>),
}

impl<W: io::Write> Writer<W> {
    /// Begins an answer with these columns.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn new(out: W, layout: Layout, columns: &[AnswerColumn]) -> io::Result<Self> {
        let inner = match layout {
            Layout::Text(style) => Inner::Text(text::Text::new(out, style, columns)),
            Layout::Json => Inner::Json(json::Json::new(out, columns)?),
            Layout::Csv => Inner::Csv(csv::Csv::new(out, columns)?),
        };
        Ok(Writer { inner, rows: 0 })
    }

    /// Writes the rows of a batch, which has the answer's columns in their order.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        self.rows += batch.num_rows() as u64;
        match &mut self.inner {
            Inner::Text(text) => text.batch(batch),
            Inner::Json(json) => json.batch(batch),
            Inner::Csv(csv) => csv.batch(batch),
        }
    }

    /// Ends the answer and gives back the number of its rows. Without it, the output is not complete.
    ///
    /// # Errors
    ///
    /// Those of `out`.
    pub fn finish(self) -> io::Result<u64> {
        match self.inner {
            Inner::Text(text) => text.finish(self.rows)?,
            Inner::Json(json) => json.finish()?,
            Inner::Csv(csv) => csv.finish()?,
        }
        Ok(self.rows)
    }
}
