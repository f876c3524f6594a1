//! Rows of `events` as records of a replay, their text borrowed.

use arrow::array::{BooleanArray, RecordBatch, TimestampMicrosecondArray};
use chrono::DateTime;

use crate::query::QueryError;
use crate::query::cells::{self, Text};
use crate::replay::{Field, Fields, Record};

/// The columns of a batch.
pub(in crate::inquiry) struct Columns<'a> {
    time: &'a TimestampMicrosecondArray,
    created: Option<&'a TimestampMicrosecondArray>,
    mfa: Option<&'a BooleanArray>,
    console: Option<&'a BooleanArray>,
    root: Option<&'a BooleanArray>,
    read_only: Option<&'a BooleanArray>,
    /// By the place of the field; None for those that are not read.
    texts: Vec<Option<Text<'a>>>,
}

impl<'a> Columns<'a> {
    /// The columns of a batch that hold these fields.
    pub(in crate::inquiry) fn of(batch: &'a RecordBatch, fields: Fields) -> Result<Columns<'a>, QueryError> {
        let flag = |field: Field| fields.has(field).then(|| cells::boolean(batch, field.name())).transpose();
        let mut texts: Vec<Option<Text<'a>>> = Field::ALL.iter().map(|_| None).collect();
        for field in fields.iter().filter(|field| field.is_text()) {
            if let Some(place) = texts.get_mut(field as usize) {
                *place = Some(Text::of(batch, field.name())?);
            }
        }
        Ok(Columns {
            time: cells::timestamp(batch, Field::EventTime.name())?,
            created: fields
                .has(Field::SessionCreated)
                .then(|| cells::timestamp(batch, Field::SessionCreated.name()))
                .transpose()?,
            mfa: flag(Field::MfaAuthenticated)?,
            console: flag(Field::SessionCredentialFromConsole)?,
            root: flag(Field::AssumedRoot)?,
            read_only: flag(Field::ReadOnly)?,
            texts,
        })
    }

    /// The record of a row.
    pub(in crate::inquiry) fn record(&self, row: usize) -> Record<'a> {
        let time = cells::instant(self.time, row).unwrap_or(DateTime::UNIX_EPOCH);
        let text = |field: Field| self.texts.get(field as usize)?.as_ref()?.get(row);
        let mut record = Record::of_row(time, text);
        record.session_created = self.created.and_then(|created| cells::instant(created, row));
        record.mfa_authenticated = self.mfa.and_then(|flags| cells::flag(flags, row));
        record.session_credential_from_console = self.console.and_then(|flags| cells::flag(flags, row));
        record.assumed_root = self.root.and_then(|flags| cells::flag(flags, row));
        record.read_only = self.read_only.and_then(|flags| cells::flag(flags, row));
        record
    }
}
