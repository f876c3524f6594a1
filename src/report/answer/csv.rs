//! An answer as CSV.

use std::borrow::Cow;
use std::io;

use arrow::array::RecordBatch;

use super::value::{Value, value};
use crate::query::AnswerColumn;
use crate::report::csv;

/// Writes a header line and one line a row.
pub(super) struct Csv<W: io::Write> {
    out: W,
}

impl<W: io::Write> Csv<W> {
    pub(super) fn new(mut out: W, columns: &[AnswerColumn]) -> io::Result<Self> {
        out.write_all(csv::row(columns.iter().map(|column| Some(column.name.as_str()))).as_bytes())?;
        Ok(Csv { out })
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        for row in 0..batch.num_rows() {
            let values: Vec<Value<'_>> = batch.columns().iter().map(|column| value(column, row)).collect();
            let cells: Vec<Option<Cow<'_, str>>> = values.iter().map(Value::text).collect();
            self.out.write_all(csv::row(cells.iter().map(Option::as_deref)).as_bytes())?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        self.out.flush()
    }
}
