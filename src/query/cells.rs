//! The columns of record batches by name, and their values as plain ones, without copying text.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, LargeStringArray, RecordBatch};
use arrow::array::{StringArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Utc};

use super::QueryError;

/// A text column, whatever its layout.
#[derive(Debug)]
pub enum Text<'a> {
    /// With 32-bit offsets.
    Utf8(&'a StringArray),
    /// With 64-bit offsets.
    LargeUtf8(&'a LargeStringArray),
    /// Views into buffers.
    View(&'a StringViewArray),
}

impl<'a> Text<'a> {
    /// The column of that name.
    ///
    /// # Errors
    ///
    /// [`QueryError::Column`] when the column is missing or has another type.
    pub fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, QueryError> {
        let column = column(batch, name, "text")?;
        match column.data_type() {
            DataType::Utf8 => Ok(Text::Utf8(column.as_string())),
            DataType::LargeUtf8 => Ok(Text::LargeUtf8(column.as_string())),
            DataType::Utf8View => Ok(Text::View(column.as_string_view())),
            other => Err(wrong_type(name, "text", other)),
        }
    }

    /// The text in a row; None for NULL.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Text::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

/// The column of that name, which holds instants.
///
/// # Errors
///
/// [`QueryError::Column`] when the column is missing or has another type.
pub fn timestamp<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
) -> Result<&'a TimestampMicrosecondArray, QueryError> {
    let column = column(batch, name, "timestamp in microseconds")?;
    match column.data_type() {
        DataType::Timestamp(TimeUnit::Microsecond, _) => {
            Ok(column.as_primitive::<TimestampMicrosecondType>())
        }
        other => Err(wrong_type(name, "timestamp in microseconds", other)),
    }
}

/// The column of that name, which holds booleans.
///
/// # Errors
///
/// [`QueryError::Column`] when the column is missing or has another type.
pub fn boolean<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a BooleanArray, QueryError> {
    let column = column(batch, name, "boolean")?;
    match column.data_type() {
        DataType::Boolean => Ok(column.as_boolean()),
        other => Err(wrong_type(name, "boolean", other)),
    }
}

/// The column of that name, which holds integers.
///
/// # Errors
///
/// [`QueryError::Column`] when the column is missing or has another type.
pub fn integer<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a Int64Array, QueryError> {
    let column = column(batch, name, "bigint")?;
    match column.data_type() {
        DataType::Int64 => Ok(column.as_primitive::<Int64Type>()),
        other => Err(wrong_type(name, "bigint", other)),
    }
}

/// The column of that name, which holds text in the layout of the lake's own.
///
/// # Errors
///
/// [`QueryError::Column`] when the column is missing or has another type.
pub fn utf8<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a StringArray, QueryError> {
    let column = column(batch, name, "text")?;
    column.as_string_opt::<i32>().ok_or_else(|| wrong_type(name, "text", column.data_type()))
}

fn column<'a>(
    batch: &'a RecordBatch,
    name: &'static str,
    expected: &'static str,
) -> Result<&'a ArrayRef, QueryError> {
    let missing = || QueryError::Column { column: name, expected, found: "no such column".to_owned() };
    batch.column_by_name(name).ok_or_else(missing)
}

fn wrong_type(column: &'static str, expected: &'static str, found: &DataType) -> QueryError {
    QueryError::Column { column, expected, found: found.to_string() }
}

/// The instant in a row; None for NULL. A time outside of what a calendar can name becomes the calendar's end.
#[must_use]
pub fn instant(array: &TimestampMicrosecondArray, row: usize) -> Option<DateTime<Utc>> {
    array.is_valid(row).then(|| {
        let micros = array.value(row);
        let end = if micros < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_micros(micros).unwrap_or(end)
    })
}

/// The microseconds in a row; None for NULL.
#[must_use]
pub fn micros(array: &TimestampMicrosecondArray, row: usize) -> Option<i64> {
    array.is_valid(row).then(|| array.value(row))
}

/// The boolean in a row; None for NULL.
#[must_use]
pub fn flag(array: &BooleanArray, row: usize) -> Option<bool> {
    array.is_valid(row).then(|| array.value(row))
}
