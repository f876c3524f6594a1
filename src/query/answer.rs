//! An answer: named, typed columns, and rows that come batch by batch.

use std::collections::BTreeSet;
use std::fmt;

use arrow::array::RecordBatch;
use arrow::datatypes::{DataType, Schema};
use datafusion::execution::SendableRecordBatchStream;
use futures::StreamExt;

use super::QueryError;

/// The type of a column, in SQL's words.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum AnswerType {
    /// Text.
    Text,
    /// An instant in UTC.
    Timestamp,
    /// A calendar day in UTC.
    Date,
    /// A whole number of up to 64 bits.
    Bigint,
    /// A floating-point number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// Any other type of the engine: `decimal`, `interval`, `array`, `struct` and so on. No named query gives one.
    Other(&'static str),
}

impl AnswerType {
    /// The type of a column of the engine.
    #[must_use]
    pub fn of(data_type: &DataType) -> AnswerType {
        match data_type {
            DataType::Null | DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => AnswerType::Text,
            DataType::Timestamp(..) => AnswerType::Timestamp,
            DataType::Date32 | DataType::Date64 => AnswerType::Date,
            DataType::Boolean => AnswerType::Boolean,
            DataType::Dictionary(_, values) => AnswerType::of(values),
            integer if integer.is_integer() => AnswerType::Bigint,
            float if float.is_floating() => AnswerType::Double,
            DataType::Decimal32(..)
            | DataType::Decimal64(..)
            | DataType::Decimal128(..)
            | DataType::Decimal256(..) => AnswerType::Other("decimal"),
            DataType::Time32(_) | DataType::Time64(_) => AnswerType::Other("time"),
            DataType::Interval(_) | DataType::Duration(_) => AnswerType::Other("interval"),
            DataType::Binary
            | DataType::LargeBinary
            | DataType::BinaryView
            | DataType::FixedSizeBinary(_) => AnswerType::Other("binary"),
            DataType::Struct(_) => AnswerType::Other("struct"),
            DataType::Map(..) => AnswerType::Other("map"),
            DataType::Union(..) => AnswerType::Other("union"),
            _ => AnswerType::Other("array"),
        }
    }

    /// The type that a header names, if it is one that a named query may give.
    #[must_use]
    pub fn from_word(word: &str) -> Option<AnswerType> {
        match word {
            "text" => Some(AnswerType::Text),
            "timestamp" => Some(AnswerType::Timestamp),
            "date" => Some(AnswerType::Date),
            "bigint" => Some(AnswerType::Bigint),
            "double" => Some(AnswerType::Double),
            "boolean" => Some(AnswerType::Boolean),
            _ => None,
        }
    }

    /// The word for it, as `text` or `bigint`.
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            AnswerType::Text => "text",
            AnswerType::Timestamp => "timestamp",
            AnswerType::Date => "date",
            AnswerType::Bigint => "bigint",
            AnswerType::Double => "double",
            AnswerType::Boolean => "boolean",
            AnswerType::Other(word) => word,
        }
    }
}

impl fmt::Display for AnswerType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A column of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnswerColumn {
    /// The name; no two columns of an answer have the same.
    pub name: String,
    /// The type.
    pub kind: AnswerType,
}

/// The rows of a question, as they come.
pub struct Answer {
    columns: Vec<AnswerColumn>,
    batches: SendableRecordBatchStream,
}

impl Answer {
    /// The answer that a stream of the engine holds.
    pub(crate) fn new(batches: SendableRecordBatchStream) -> Answer {
        Answer { columns: columns(&batches.schema()), batches }
    }

    /// The columns; each batch has as many, in this order.
    #[must_use]
    pub fn columns(&self) -> &[AnswerColumn] {
        &self.columns
    }

    /// The next rows, or `None` when there are no more. Memory holds one batch at a time.
    ///
    /// # Errors
    ///
    /// [`QueryError::Engine`] when the engine fails while it reads or computes.
    pub async fn next_batch(&mut self) -> Result<Option<RecordBatch>, QueryError> {
        match self.batches.next().await {
            None => Ok(None),
            Some(Ok(batch)) => Ok(Some(batch)),
            Some(Err(error)) => Err(QueryError::engine("cannot finish the query", error)),
        }
    }

    /// All rows at once; for answers that are known to be small.
    ///
    /// # Errors
    ///
    /// As [`Answer::next_batch`].
    pub async fn collect(mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let mut batches = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            batches.push(batch);
        }
        Ok(batches)
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("columns", &self.columns).finish_non_exhaustive()
    }
}

/// The columns of a schema. A name that stands twice (a join may give two `event_id`) gets `_2`, `_3` and so on.
pub(crate) fn columns(schema: &Schema) -> Vec<AnswerColumn> {
    let mut taken: BTreeSet<String> = BTreeSet::new();
    let mut columns = Vec::with_capacity(schema.fields().len());
    let whole: BTreeSet<&str> = schema.fields().iter().map(|field| field.name().as_str()).collect();
    for field in schema.fields() {
        let mut name = field.name().clone();
        let mut number = 2_usize;
        while taken.contains(&name) {
            let next = format!("{}_{number}", field.name());
            number += 1;
            if !whole.contains(next.as_str()) {
                name = next;
            }
        }
        taken.insert(name.clone());
        columns.push(AnswerColumn { name, kind: AnswerType::of(field.data_type()) });
    }
    columns
}
