//! A row of `events` on its way into a replay: most are told by numbers that stand for their texts, and never read as texts.

use chrono::{DateTime, Utc};

use super::{Field, Fields, Record};

/// A row whose columns are read as they are asked for.
pub trait Row<'a> {
    /// When the request was made.
    fn time(&self) -> DateTime<Utc>;

    /// The text of a column; None for columns that hold no text.
    fn text(&self, field: Field) -> Option<&'a str>;

    /// Writes columns so that different values of one are written differently, by all rows that one replay takes in.
    fn write_apart(&self, fields: Fields, to: &mut Vec<u8>);

    /// All of its columns.
    fn record(&self) -> Record<'a>;
}

impl<'a> Row<'a> for Record<'a> {
    fn time(&self) -> DateTime<Utc> {
        self.event_time
    }

    fn text(&self, field: Field) -> Option<&'a str> {
        Record::text(self, field)
    }

    fn write_apart(&self, fields: Fields, to: &mut Vec<u8>) {
        self.write(fields, to);
    }

    fn record(&self) -> Record<'a> {
        *self
    }
}
