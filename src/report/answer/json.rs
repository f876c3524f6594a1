//! An answer as one JSON document.

use std::io;

use arrow::array::{ArrayRef, RecordBatch};
use serde::{Serialize, Serializer};

use super::value::value;
use crate::query::AnswerColumn;
use crate::report::json;

/// The version of the document's form.
const SCHEMA: u32 = 1;

/// Writes the document as the rows come, one row a line.
pub(super) struct Json<W: io::Write> {
    out: W,
    names: Vec<String>,
    first: bool,
}

impl<W: io::Write> Json<W> {
    pub(super) fn new(mut out: W, columns: &[AnswerColumn]) -> io::Result<Self> {
        #[derive(Serialize)]
        struct Column<'a> {
            name: &'a str,
            r#type: &'a str,
        }
        let declared: Vec<Column<'_>> =
            columns.iter().map(|column| Column { name: &column.name, r#type: column.kind.word() }).collect();
        write!(out, "{{\"schema\":{SCHEMA},\"columns\":{},\"rows\":[", json::line(&declared)?)?;
        Ok(Json { out, names: columns.iter().map(|column| column.name.clone()).collect(), first: true })
    }

    pub(super) fn batch(&mut self, batch: &RecordBatch) -> io::Result<()> {
        for row in 0..batch.num_rows() {
            let comma = if self.first { "" } else { "," };
            self.first = false;
            let line = json::line(&Row { names: &self.names, columns: batch.columns(), place: row })?;
            write!(self.out, "{comma}\n{line}")?;
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> io::Result<()> {
        writeln!(self.out, "{}]}}", if self.first { "" } else { "\n" })?;
        self.out.flush()
    }
}

/// A row as a JSON object.
struct Row<'a> {
    names: &'a [String],
    columns: &'a [ArrayRef],
    place: usize,
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let cells = self.names.iter().zip(self.columns);
        serializer.collect_map(cells.map(|(name, column)| (name, value(column, self.place))))
    }
}
