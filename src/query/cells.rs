//! The columns of record batches by name, and their values as plain ones, without copying text.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int32Array, Int64Array, LargeStringArray};
use arrow::array::{RecordBatch, StringArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Int32Type, Int64Type, TimeUnit, TimestampMicrosecondType};
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
    /// Places in a list of distinct texts.
    Numbered(&'a Int32Array, &'a StringArray),
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
            other => {
                let numbered = column.as_dictionary_opt::<Int32Type>();
                let texts = numbered.and_then(|numbered| {
                    Some(Text::Numbered(numbered.keys(), numbered.values().as_string_opt()?))
                });
                texts.ok_or_else(|| wrong_type(name, "text", other))
            }
        }
    }

    /// The text in a row; None for NULL.
    #[must_use]
    pub fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Text::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::View(array) => array.is_valid(row).then(|| array.value(row)),
            Text::Numbered(places, texts) => {
                let place = places.is_valid(row).then(|| places.value(row))?;
                value(texts, usize::try_from(place).ok()?)
            }
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

/// A column of texts: as they are, or by their numbers in a dictionary, which saves making each text of each row.
#[derive(Clone, Copy)]
pub(super) struct Said<'a> {
    texts: &'a StringArray,
    numbers: Option<&'a Int32Array>,
}

impl<'a> Said<'a> {
    /// The column of that name.
    pub(super) fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Said<'a>, QueryError> {
        let numbered = batch.column_by_name(name).and_then(|column| column.as_dictionary_opt::<Int32Type>());
        if let Some(numbered) = numbered
            && let Some(texts) = numbered.values().as_string_opt::<i32>()
        {
            return Ok(Said { texts, numbers: Some(numbered.keys()) });
        }
        Ok(Said { texts: utf8(batch, name)?, numbers: None })
    }

    /// The text in a row.
    #[inline]
    pub(super) fn at(&self, row: usize) -> Option<&'a str> {
        let Some(numbers) = self.numbers else { return value(self.texts, row) };
        let number = numbers.is_valid(row).then(|| numbers.value(row))?;
        value(self.texts, usize::try_from(number).ok()?)
    }

    /// Whether there is a text in a row.
    pub(super) fn is_some(&self, row: usize) -> bool {
        match self.numbers {
            Some(numbers) => numbers.is_valid(row),
            None => self.texts.is_valid(row),
        }
    }

    /// Whether there is none in any row.
    pub(super) fn is_empty(&self) -> bool {
        match self.numbers {
            Some(numbers) => numbers.null_count() == numbers.len(),
            None => self.texts.null_count() == self.texts.len(),
        }
    }

    /// The texts of all rows, where they stand as they are.
    pub(super) fn plain(&self) -> Option<&'a StringArray> {
        if self.numbers.is_none() { Some(self.texts) } else { None }
    }

    /// A number for the text of each row: equal ones have equal numbers, of all columns that `number` is asked for.
    pub(super) fn numbered(&self, mut number: impl FnMut(Option<&str>) -> u32) -> Vec<u32> {
        let none = number(None);
        let Some(numbers) = self.numbers else {
            return (0..self.texts.len()).map(|row| number(value(self.texts, row))).collect();
        };
        // Only of those in use: a batch has the dictionary of many.
        let mut known: Vec<Option<u32>> = vec![None; self.texts.len()];
        let of = |row: usize| {
            let place = numbers.is_valid(row).then(|| numbers.value(row));
            let Some(place) = place.and_then(|place| usize::try_from(place).ok()) else { return none };
            let Some(slot) = known.get_mut(place) else { return none };
            *slot.get_or_insert_with(|| number(value(self.texts, place)))
        };
        (0..numbers.len()).map(of).collect()
    }

    /// Clears the mark of each row that does not say the same as the one before it.
    pub(super) fn mark(&self, alike: &mut [bool]) {
        match self.numbers {
            _ if self.is_empty() => {}
            Some(numbers) if numbers.null_count() == 0 => {
                for (alike, both) in alike.iter_mut().skip(1).zip(numbers.values().windows(2)) {
                    *alike &= both.first() == both.last();
                }
            }
            Some(numbers) => {
                let number = |row: usize| numbers.is_valid(row).then(|| numbers.value(row));
                for (row, alike) in alike.iter_mut().enumerate().skip(1) {
                    *alike = *alike && number(row) == number(row - 1);
                }
            }
            None => {
                for (row, alike) in alike.iter_mut().enumerate().skip(1) {
                    *alike = *alike && self.at(row) == self.at(row - 1);
                }
            }
        }
    }
}

/// The text in a row.
#[inline]
pub(super) fn value(column: &StringArray, row: usize) -> Option<&str> {
    column.is_valid(row).then(|| column.value(row))
}
