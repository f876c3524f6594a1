//! Rows of `events` as records of a replay, their text borrowed.

use std::sync::Arc;

use arrow::array::{Array, BooleanArray, Int32Array, RecordBatch, StringArray, TimestampMicrosecondArray};
use chrono::{DateTime, Utc};
use xxhash_rust::xxh3::xxh3_128;

use crate::query::QueryError;
use crate::query::cells::{self, Text};
use crate::replay::{Field, Fields, Record, Row};

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

/// What stands for the distinct texts of columns, of those that were met last: a row group has one list for each column.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    /// By the place of the field.
    known: Vec<Option<(StringArray, Arc<[u128]>)>>,
}

impl Numbers {
    /// What stands for the texts of a column's list.
    fn of(&mut self, field: Field, texts: &StringArray) -> Arc<[u128]> {
        let place = field as usize;
        if self.known.len() <= place {
            self.known.resize(place + 1, None);
        }
        let Some(slot) = self.known.get_mut(place) else { return Arc::default() };
        if let Some((known, numbers)) = slot
            && known.to_data().ptr_eq(&texts.to_data())
        {
            return Arc::clone(numbers);
        }
        let numbers: Arc<[u128]> = texts.iter().map(number_of).collect();
        *slot = Some((texts.clone(), Arc::clone(&numbers)));
        numbers
    }
}

/// A text as a number: 0 for none.
fn number_of(text: Option<&str>) -> u128 {
    text.map_or(0, |text| xxh3_128(text.as_bytes()))
}

/// Where the texts of rows stand in the list of a column, and what stands for those.
type Listed<'a> = (&'a Int32Array, Arc<[u128]>);

/// The columns of a batch, with what stands for their texts.
pub(super) struct Numbered<'a> {
    columns: Columns<'a>,
    /// By the place of the field; None for columns without a list.
    listed: Vec<Option<Listed<'a>>>,
}

impl<'a> Numbered<'a> {
    pub(super) fn of(
        batch: &'a RecordBatch,
        fields: Fields,
        known: &mut Numbers,
    ) -> Result<Numbered<'a>, QueryError> {
        let columns = Columns::of(batch, fields)?;
        let of_field = |field: &Field| match columns.texts.get(*field as usize)?.as_ref()? {
            Text::Numbered(places, texts) => Some((*places, known.of(*field, texts))),
            _ => None,
        };
        let listed = Field::ALL.iter().map(of_field).collect();
        Ok(Numbered { columns, listed })
    }

    /// What stands for the text in a row.
    pub(super) fn number(&self, field: Field, row: usize) -> u128 {
        if let Some(Some((places, numbers))) = self.listed.get(field as usize) {
            let place = places.is_valid(row).then(|| places.value(row));
            let number = place.and_then(|place| numbers.get(usize::try_from(place).ok()?));
            return number.copied().unwrap_or_default();
        }
        let texts = self.columns.texts.get(field as usize).and_then(Option::as_ref);
        number_of(texts.and_then(|texts| texts.get(row)))
    }
}

/// One row of such a batch.
pub(super) struct NumberedRow<'a, 'b> {
    pub(super) of: &'b Numbered<'a>,
    pub(super) row: usize,
}

impl<'a> Row<'a> for NumberedRow<'a, '_> {
    fn time(&self) -> DateTime<Utc> {
        cells::instant(self.of.columns.time, self.row).unwrap_or(DateTime::UNIX_EPOCH)
    }

    fn text(&self, field: Field) -> Option<&'a str> {
        self.of.columns.texts.get(field as usize)?.as_ref()?.get(self.row)
    }

    fn write_apart(&self, fields: Fields, to: &mut Vec<u8>) {
        let micros = |times: Option<&TimestampMicrosecondArray>| {
            times.and_then(|times| cells::micros(times, self.row)).map_or(i128::MIN, i128::from).to_le_bytes()
        };
        let flag = |flags: Option<&BooleanArray>| match flags.and_then(|flags| cells::flag(flags, self.row)) {
            None => 0_u128,
            Some(flag) => 1 + u128::from(flag),
        };
        let columns = &self.of.columns;
        for field in fields.iter() {
            let number = match field {
                Field::EventTime => micros(Some(columns.time)),
                Field::SessionCreated => micros(columns.created),
                Field::MfaAuthenticated => flag(columns.mfa).to_le_bytes(),
                Field::SessionCredentialFromConsole => flag(columns.console).to_le_bytes(),
                Field::AssumedRoot => flag(columns.root).to_le_bytes(),
                Field::ReadOnly => flag(columns.read_only).to_le_bytes(),
                text => self.of.number(text, self.row).to_le_bytes(),
            };
            to.extend_from_slice(&number);
        }
    }

    fn record(&self) -> Record<'a> {
        self.of.columns.record(self.row)
    }
}

#[cfg(test)]
mod tests {
    use arrow::array::{ArrayRef, DictionaryArray};

    use super::*;

    /// A batch of names, as they are or by their places in a list that begins with others.
    fn batch(names: &[Option<&str>], is_listed: bool) -> RecordBatch {
        let times: TimestampMicrosecondArray = (0..names.len()).map(|_| Some(7)).collect();
        let texts: ArrayRef = if is_listed {
            let list: StringArray =
                ["other", ""].into_iter().chain(names.iter().copied().flatten()).map(Some).collect();
            let place = |name: Option<&str>| {
                let at = list.iter().position(|one| one == name).filter(|_| name.is_some());
                at.map(|at| i32::try_from(at).unwrap())
            };
            let places: Int32Array = names.iter().copied().map(place).collect();
            Arc::new(DictionaryArray::try_new(places, Arc::new(list)).unwrap())
        } else {
            Arc::new(names.iter().copied().collect::<StringArray>())
        };
        let columns: Vec<(&str, ArrayRef)> = vec![("event_time", Arc::new(times)), ("event_name", texts)];
        RecordBatch::try_from_iter_with_nullable(
            columns.into_iter().map(|(name, column)| (name, column, true)),
        )
        .unwrap()
    }

    fn written(batch: &RecordBatch, numbers: &mut Numbers) -> Vec<Vec<u8>> {
        let fields = Fields::of(&[Field::EventTime, Field::EventName]);
        let columns = Numbered::of(batch, fields, numbers).unwrap();
        let of_row = |row| {
            let mut bytes = Vec::new();
            let row = NumberedRow { of: &columns, row };
            row.write_apart(fields, &mut bytes);
            assert_eq!(row.record().event_name, row.text(Field::EventName));
            assert_eq!(row.record().event_time, row.time());
            bytes
        };
        (0..batch.num_rows()).map(of_row).collect()
    }

    #[test]
    fn rows_are_told_apart_by_their_texts_however_these_stand() {
        let names = [Some("GetObject"), None, Some(""), Some("PutObject"), Some("GetObject")];
        let mut numbers = Numbers::default();
        let plain = written(&batch(&names, false), &mut numbers);
        assert_eq!(plain.first(), plain.last());
        let different: std::collections::BTreeSet<&Vec<u8>> = plain.iter().collect();
        assert_eq!(different.len(), names.len() - 1);
        // Of two row groups the lists are not the same.
        for names in [names, [Some("PutObject"), Some("x"), None, Some("GetObject"), Some("y")]] {
            let plain = written(&batch(&names, false), &mut numbers);
            assert_eq!(written(&batch(&names, true), &mut numbers), plain);
        }
    }
}
