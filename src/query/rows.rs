//! Reads record batches of `events` as plain rows, without copying text.

use arrow::array::{Array, ArrayRef, AsArray, BooleanArray, Int64Array, LargeStringArray, RecordBatch};
use arrow::array::{StringArray, StringViewArray, TimestampMicrosecondArray};
use arrow::datatypes::{DataType, Int64Type, TimeUnit, TimestampMicrosecondType};
use chrono::{DateTime, Utc};

use super::{EventRow, QueryError};

macro_rules! event_rows {
    (
        text: $($text:ident)+;
        boolean: $($boolean:ident)+;
        timestamp: $($timestamp:ident)+;
    ) => {
        /// The columns that [`rows`] needs a batch to have, by name; more columns, in any order, do no harm.
        pub const EVENT_ROW_COLUMNS: &[&str] = &[
            "event_time",
            $(stringify!($timestamp),)+
            $(stringify!($text),)+
            $(stringify!($boolean),)+
            "object",
            "record_index",
        ];

        /// The columns of one batch.
        struct Columns<'a> {
            event_time: &'a TimestampMicrosecondArray,
            object: Text<'a>,
            record_index: &'a Int64Array,
            $($timestamp: &'a TimestampMicrosecondArray,)+
            $($text: Text<'a>,)+
            $($boolean: &'a BooleanArray,)+
        }

        impl<'a> Columns<'a> {
            fn of(batch: &'a RecordBatch) -> Result<Self, QueryError> {
                Ok(Columns {
                    event_time: timestamp(batch, "event_time")?,
                    object: Text::of(batch, "object")?,
                    record_index: integer(batch, "record_index")?,
                    $($timestamp: timestamp(batch, stringify!($timestamp))?,)+
                    $($text: Text::of(batch, stringify!($text))?,)+
                    $($boolean: boolean(batch, stringify!($boolean))?,)+
                })
            }

            fn row(&self, row: usize) -> EventRow<'a> {
                EventRow {
                    event_time: instant(self.event_time, row).unwrap_or(DateTime::<Utc>::MIN_UTC),
                    object: self.object.get(row).unwrap_or_default(),
                    record_index: self.record_index.value(row),
                    $($timestamp: instant(self.$timestamp, row),)+
                    $($text: self.$text.get(row),)+
                    $($boolean: self.$boolean.is_valid(row).then(|| self.$boolean.value(row)),)+
                }
            }
        }
    };
}

event_rows! {
    text:
        account event_source event_name aws_region event_id event_type event_category error_code error_message
        source_ip_address user_agent recipient_account_id shared_event_id vpc_endpoint_id identity_type principal_id
        identity_arn identity_account_id access_key_id user_name invoked_by identity_provider credential_id
        on_behalf_of_user_id session_issuer_type session_issuer_principal_id session_issuer_arn
        session_issuer_account_id session_issuer_user_name federated_provider source_identity request_parameters
        response_elements additional_event_data resources service_event_details issued_access_key_id
        assumed_role_arn assumed_role_id;
    boolean:
        read_only management_event session_credential_from_console mfa_authenticated;
    timestamp:
        session_created;
}

/// The rows of a batch, in its order, their text borrowed from it.
///
/// Columns are found by name ([`EVENT_ROW_COLUMNS`]); text may be of any of Arrow's three layouts. A time outside of
/// what a calendar can name becomes the calendar's end.
///
/// # Errors
///
/// [`QueryError::Column`] when a column is missing or has another type.
pub fn rows(batch: &RecordBatch) -> Result<impl Iterator<Item = EventRow<'_>>, QueryError> {
    let columns = Columns::of(batch)?;
    Ok((0..batch.num_rows()).map(move |row| columns.row(row)))
}

/// A text column, whatever its layout.
enum Text<'a> {
    Utf8(&'a StringArray),
    LargeUtf8(&'a LargeStringArray),
    View(&'a StringViewArray),
}

impl<'a> Text<'a> {
    fn of(batch: &'a RecordBatch, name: &'static str) -> Result<Self, QueryError> {
        let column = column(batch, name, "text")?;
        match column.data_type() {
            DataType::Utf8 => Ok(Text::Utf8(column.as_string())),
            DataType::LargeUtf8 => Ok(Text::LargeUtf8(column.as_string())),
            DataType::Utf8View => Ok(Text::View(column.as_string_view())),
            other => Err(wrong_type(name, "text", other)),
        }
    }

    fn get(&self, row: usize) -> Option<&'a str> {
        match self {
            Text::Utf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::LargeUtf8(array) => array.is_valid(row).then(|| array.value(row)),
            Text::View(array) => array.is_valid(row).then(|| array.value(row)),
        }
    }
}

fn timestamp<'a>(
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

fn boolean<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a BooleanArray, QueryError> {
    let column = column(batch, name, "boolean")?;
    match column.data_type() {
        DataType::Boolean => Ok(column.as_boolean()),
        other => Err(wrong_type(name, "boolean", other)),
    }
}

fn integer<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a Int64Array, QueryError> {
    let column = column(batch, name, "bigint")?;
    match column.data_type() {
        DataType::Int64 => Ok(column.as_primitive::<Int64Type>()),
        other => Err(wrong_type(name, "bigint", other)),
    }
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

/// The instant in a row.
fn instant(array: &TimestampMicrosecondArray, row: usize) -> Option<DateTime<Utc>> {
    array.is_valid(row).then(|| {
        let micros = array.value(row);
        let end = if micros < 0 { DateTime::<Utc>::MIN_UTC } else { DateTime::<Utc>::MAX_UTC };
        DateTime::from_timestamp_micros(micros).unwrap_or(end)
    })
}
