//! Reads record batches of `events` as plain rows, without copying text.

use arrow::array::{BooleanArray, Int64Array, RecordBatch, TimestampMicrosecondArray};
use chrono::{DateTime, Utc};

use super::cells::{Text, boolean, flag, instant, integer, timestamp};
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
                    $($boolean: flag(self.$boolean, row),)+
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
        on_behalf_of_user_id on_behalf_of_identity_store_arn session_issuer_type session_issuer_principal_id session_issuer_arn
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
