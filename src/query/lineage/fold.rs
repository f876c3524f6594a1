//! Every caller of a lake, folded out of its events.
//!
//! What the view `credentials` says by grouping is here folded by hand: most events of a caller say the same of it, so
//! only the texts of the first are kept, and those of others are compared with them. The engine keeps an accumulator for
//! each text of each caller, which costs some times as much as all the rest.

use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array,
};
use arrow::compute::take;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, TimeUnit};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::closure::arrow;
use super::events::{
    ACCOUNT, ARN, Events, FEDERATED, ID, INVOKED_BY, ISSUER, ISSUER_TYPE, KEY, TEXTS, TOLD_APART, TYPE,
};
use super::hash::text_hash;
use crate::lineage::subject::{is_identity_center, permission_set};
use crate::lineage::{Class, is_telling, provider_name};
use crate::query::cells::value;
use crate::query::{QueryError, cells};

/// What is known of a caller beside texts.
struct Count {
    caller: i64,
    class: Class,
    /// Where the texts of its first event stand.
    batch: u32,
    row: u32,
    calls: i64,
    forwarded: i64,
    first: i64,
    last: i64,
    /// In whole seconds.
    created: Option<i64>,
    mfa: Option<bool>,
    direct: bool,
    assumed_root: bool,
}

/// The callers so far.
#[derive(Default)]
pub(super) struct Fold {
    numbers: HashMap<i64, u32>,
    counts: Vec<Count>,
    /// The texts of first events, by batch and [`TEXTS`].
    texts: Vec<Vec<StringArray>>,
    /// By caller and text: a smaller one, of a later event.
    smaller: HashMap<(u32, usize), String>,
}

impl Fold {
    /// Takes in a batch of events, each with its caller.
    pub(super) fn add(&mut self, events: &Events<'_>, callers: &[Option<i64>]) -> Result<(), QueryError> {
        let at = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let mut new: Vec<u32> = Vec::new();
        // Compared once the texts of this batch's new callers are kept: they may be of one of them.
        let mut known: Vec<(u32, usize)> = Vec::with_capacity(callers.len());
        let mut before = None;
        for (row, caller) in callers.iter().enumerate() {
            let alike = before.take().filter(|_| events.is_alike(row));
            let Some(caller) = *caller else { continue };
            let time = events.times.value(row);
            if let Some(number) = alike
                && let Some(count) = self.counts.get_mut(number as usize)
            {
                count.calls += 1;
                count.forwarded += i64::from(events.is_forwarded(row));
                count.first = count.first.min(time);
                count.last = count.last.max(time);
                before = Some(number);
                continue;
            }
            let next = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
            let number = *self.numbers.entry(caller).or_insert(next);
            before = Some(number);
            if number == next {
                self.counts.push(Count {
                    caller,
                    class: events.fields(row).class(),
                    batch: at,
                    row: u32::try_from(new.len()).unwrap_or(u32::MAX),
                    calls: 0,
                    forwarded: 0,
                    first: time,
                    last: time,
                    created: None,
                    mfa: None,
                    direct: false,
                    assumed_root: false,
                });
                new.push(u32::try_from(row).unwrap_or(u32::MAX));
            } else {
                known.push((number, row));
            }
            let Some(count) = self.counts.get_mut(number as usize) else { continue };
            count.calls += 1;
            count.forwarded += i64::from(events.is_forwarded(row));
            count.direct |= events.is_direct(row);
            count.assumed_root |= events.is_of_assume_root(row);
            count.first = count.first.min(time);
            count.last = count.last.max(time);
            if let Some(created) = events.created(row) {
                let created = created.div_euclid(1_000_000);
                count.created = Some(count.created.map_or(created, |known| known.min(created)));
            }
            if events.mfa.is_valid(row) {
                count.mfa = count.mfa.max(Some(events.mfa.value(row)));
            }
        }
        let new = UInt32Array::from(new);
        self.texts.push((0..TEXTS.len()).map(|place| events.take(place, &new)).collect::<Result<_, _>>()?);
        let saying: Vec<usize> = (0..TEXTS.len()).filter(|place| events.says(*place)).collect();
        for (number, row) in known {
            self.compare(number, |place| events.text(place, row), &saying);
        }
        Ok(())
    }

    /// Takes in what another one has folded.
    pub(super) fn append(&mut self, other: Fold) -> Result<(), QueryError> {
        if self.counts.is_empty() {
            *self = other;
            return Ok(());
        }
        let mut counts = other.counts.into_iter();
        let mut start = 0;
        for kept in other.texts {
            let rows = kept.first().map_or(0, Array::len);
            let smaller = |place: usize, row: usize| {
                // Most have none.
                let number = u32::try_from(start + row).ok().filter(|_| !other.smaller.is_empty())?;
                other.smaller.get(&(number, place)).map(String::as_str)
            };
            self.add_counted(counts.by_ref().take(rows), kept, smaller)?;
            start += rows;
        }
        Ok(())
    }

    /// The same of a batch of its callers.
    pub(super) fn add_folded(&mut self, batch: &RecordBatch) -> Result<(), QueryError> {
        let folded = Folded::of(batch)?;
        let counts = (0..batch.num_rows()).map(|row| folded.count(row));
        let texts = folded.texts.iter().map(|column| (*column).clone()).collect();
        self.add_counted(counts, texts, |_, _| None)
    }

    /// Takes in callers, each with the texts of its row; or with a smaller one.
    fn add_counted<'a>(
        &mut self,
        counts: impl Iterator<Item = Count>,
        texts: Vec<StringArray>,
        smaller: impl Fn(usize, usize) -> Option<&'a str>,
    ) -> Result<(), QueryError> {
        let at = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        let (mut new, mut known): (Vec<u32>, Vec<(u32, usize)>) = (Vec::new(), Vec::new());
        for (row, other) in counts.enumerate() {
            let next = u32::try_from(self.counts.len()).unwrap_or(u32::MAX);
            let number = *self.numbers.entry(other.caller).or_insert(next);
            if number == next {
                let kept = u32::try_from(new.len()).unwrap_or(u32::MAX);
                self.counts.push(Count { batch: at, row: kept, ..other });
                new.push(u32::try_from(row).unwrap_or(u32::MAX));
                for place in 0..TEXTS.len() {
                    if let Some(text) = smaller(place, row) {
                        self.smaller.insert((number, place), text.to_owned());
                    }
                }
                continue;
            }
            known.push((number, row));
            let Some(count) = self.counts.get_mut(number as usize) else { continue };
            count.calls += other.calls;
            count.forwarded += other.forwarded;
            count.direct |= other.direct;
            count.assumed_root |= other.assumed_root;
            count.first = count.first.min(other.first);
            count.last = count.last.max(other.last);
            count.created = [count.created, other.created].into_iter().flatten().min();
            count.mfa = count.mfa.max(other.mfa);
        }
        if known.is_empty() {
            self.texts.push(texts);
            return Ok(());
        }
        let new = UInt32Array::from(new);
        let taken = texts.iter().map(|column| Ok(take(column, &new, None)?.as_string::<i32>().clone()));
        self.texts.push(taken.collect::<Result<_, _>>().map_err(arrow)?);
        let saying: Vec<usize> = (0..TEXTS.len()).collect();
        for (number, row) in known {
            let text = |place: usize| smaller(place, row).or_else(|| value(texts.get(place)?, row));
            self.compare(number, text, &saying);
        }
        Ok(())
    }

    /// Keeps the texts of an event that are smaller than what is known of its caller.
    fn compare<'a>(&mut self, number: u32, text: impl Fn(usize) -> Option<&'a str>, saying: &[usize]) {
        let Some(count) = self.counts.get(number as usize) else { return };
        let Some(kept) = self.texts.get(count.batch as usize) else { return };
        let from = if count.class == Class::Credential { TOLD_APART } else { 0 };
        for place in saying.iter().copied().filter(|place| *place >= from) {
            let (Some(text), Some(kept)) = (text(place), kept.get(place)) else { continue };
            if value(kept, count.row as usize).is_some_and(|first| first <= text) {
                continue;
            }
            let known = self.smaller.entry((number, place)).or_insert_with(|| text.to_owned());
            if text < known.as_str() {
                text.clone_into(known);
            }
        }
    }

    /// The callers; one batch at the least.
    pub(super) fn finish(mut self) -> Result<Vec<RecordBatch>, QueryError> {
        let schema = schema();
        let mut kept = Vec::with_capacity(self.texts.len());
        let mut start = 0;
        for texts in std::mem::take(&mut self.texts) {
            let rows = texts.first().map_or(0, Array::len);
            kept.extend((rows > 0).then_some((start, rows, texts)));
            start += rows;
        }
        let of = |(start, rows, texts)| self.batch(&schema, start, rows, texts);
        let mut batches: Vec<RecordBatch> = kept.into_par_iter().map(of).collect::<Result<_, _>>()?;
        if batches.is_empty() {
            batches.push(RecordBatch::new_empty(schema));
        }
        Ok(batches)
    }

    /// The callers from `start` on whose first events stood in one batch.
    fn batch(
        &self,
        schema: &SchemaRef,
        start: usize,
        rows: usize,
        kept: Vec<StringArray>,
    ) -> Result<RecordBatch, QueryError> {
        let counts = self.counts.get(start..start + rows).unwrap_or_default();
        let texts: Vec<StringArray> =
            kept.into_iter().enumerate().map(|(place, column)| self.least(start, place, column)).collect();
        let text =
            |place: usize, row: usize| texts.get(place).and_then(|column: &StringArray| value(column, row));
        let numbers = |get: &dyn Fn(&Count) -> Option<i64>| -> ArrayRef {
            Arc::new(counts.iter().map(get).collect::<Int64Array>())
        };
        let times = |get: &dyn Fn(&Count) -> Option<i64>| -> ArrayRef {
            Arc::new(counts.iter().map(get).collect::<TimestampMicrosecondArray>().with_timezone("UTC"))
        };
        let hashes = |place: usize| -> ArrayRef {
            Arc::new((0..rows).map(|row| text_hash(text(place, row))).collect::<Int64Array>())
        };
        let said = |place: usize, row: usize| text(place, row).filter(|text| !text.is_empty());
        let flags = |get: &dyn Fn(usize, &Count) -> bool| -> ArrayRef {
            let flags = counts.iter().enumerate().map(|(row, count)| Some(get(row, count)));
            Arc::new(flags.collect::<BooleanArray>())
        };
        let words: StringArray = counts.iter().map(|count| Some(count.class.word())).collect();
        let mfa: BooleanArray = counts.iter().map(|count| count.mfa).collect();
        let portal = |row: usize| {
            text(ARN, row)
                .filter(|arn| arn.contains(":assumed-role/AWSReservedSSO_"))
                // `crate::lineage::Caller::permission_set` says the same.
                .filter(|_| {
                    let issuer = said(ISSUER, row).filter(|_| text(ISSUER_TYPE, row) == Some("Role"));
                    issuer.is_none_or(is_identity_center)
                })
                .map(|arn| arn.split('/'))
        };
        let sets: StringArray =
            (0..rows).map(|row| portal(row).and_then(|mut arn| permission_set(arn.nth(1)?))).collect();
        let users: StringArray =
            (0..rows).map(|row| portal(row).map(|mut arn| arn.nth(2).unwrap_or_default())).collect();
        let ids: Int64Array =
            (0..rows).map(|row| text_hash(text(ID, row).filter(|id| is_telling(id)))).collect();
        let by_user = |row: usize| matches!(text(ISSUER_TYPE, row), Some("IAMUser" | "Root"));
        let issuers: Int64Array =
            (0..rows).map(|row| text_hash(said(ISSUER, row).filter(|_| by_user(row)))).collect();
        let assumed_root = |row: usize| {
            counts.get(row).is_some_and(|count| count.assumed_root) && text(TYPE, row) == Some("Root")
        };
        // What `starts.sql` says of root's own sign-ins is another.
        let provider = |row: usize| {
            let vouched = said(FEDERATED, row).map(provider_name).filter(|name| !name.is_empty());
            if assumed_root(row) { Some("AssumeRoot") } else { vouched }
        };
        let providers: Int64Array = (0..rows).map(|row| text_hash(provider(row))).collect();
        let mut columns: Vec<ArrayRef> = vec![
            numbers(&|count| Some(count.caller)),
            Arc::new(words),
            times(&|count| count.created.map(|seconds| seconds * 1_000_000)),
            Arc::new(mfa),
            numbers(&|count| Some(count.calls)),
            numbers(&|count| Some(count.forwarded)),
            times(&|count| Some(count.first)),
            times(&|count| Some(count.last)),
            flags(&|row, count| {
                count.class == Class::Credential && text(KEY, row).is_none_or(|key| !key.starts_with("AKIA"))
            }),
            flags(&|row, _| matches!(text(TYPE, row), Some("AssumedRole" | "Role"))),
            flags(&|row, count| count.direct && text(KEY, row).is_some_and(|key| key.starts_with("ASIA"))),
            flags(&|_, count| count.direct),
            flags(&|_, count| count.assumed_root),
            flags(&|row, count| {
                count.class == Class::Credential
                    && count.created.is_some()
                    && !count.direct
                    && said(INVOKED_BY, row).is_none()
            }),
            Arc::new(issuers),
            Arc::new(providers),
            hashes(KEY),
            hashes(ARN),
            Arc::new(ids),
            hashes(ACCOUNT),
            numbers(&|count| count.created),
            numbers(&|count| Some(count.first.div_euclid(1_000_000))),
            Arc::new(sets),
            Arc::new(users),
        ];
        columns.extend(texts.iter().map(|column| Arc::new(column.clone()) as ArrayRef));
        RecordBatch::try_new(Arc::clone(schema), columns).map_err(arrow)
    }

    /// The smallest text of each caller from `start` on.
    fn least(&self, start: usize, place: usize, first: StringArray) -> StringArray {
        let smaller = |row: usize| {
            let number = u32::try_from(start + row).ok()?;
            self.smaller.get(&(number, place)).map(String::as_str)
        };
        if self.smaller.is_empty() || (0..first.len()).all(|row| smaller(row).is_none()) {
            return first;
        }
        (0..first.len()).map(|row| smaller(row).or_else(|| value(&first, row))).collect()
    }
}

/// Callers that another one has folded.
struct Folded<'a> {
    callers: &'a Int64Array,
    classes: &'a StringArray,
    created: &'a Int64Array,
    mfa: &'a BooleanArray,
    direct: &'a BooleanArray,
    assumed_root: &'a BooleanArray,
    calls: &'a Int64Array,
    forwarded: &'a Int64Array,
    first: &'a TimestampMicrosecondArray,
    last: &'a TimestampMicrosecondArray,
    /// By the places of [`TEXTS`].
    texts: Vec<&'a StringArray>,
}

impl<'a> Folded<'a> {
    fn of(batch: &'a RecordBatch) -> Result<Self, QueryError> {
        Ok(Self {
            callers: cells::integer(batch, "caller")?,
            classes: cells::utf8(batch, "caller_class")?,
            created: cells::integer(batch, "created_s")?,
            mfa: cells::boolean(batch, "mfa_authenticated")?,
            direct: cells::boolean(batch, "direct")?,
            assumed_root: cells::boolean(batch, "assumed_root")?,
            calls: cells::integer(batch, "calls")?,
            forwarded: cells::integer(batch, "forwarded")?,
            first: cells::timestamp(batch, "first_use")?,
            last: cells::timestamp(batch, "last_use")?,
            texts: TEXTS.iter().map(|name| cells::utf8(batch, name)).collect::<Result<_, _>>()?,
        })
    }

    /// The caller of a row; where its texts are kept is not known yet.
    fn count(&self, row: usize) -> Count {
        Count {
            caller: self.callers.value(row),
            class: Class::of_word(self.classes.value(row)),
            batch: 0,
            row: 0,
            calls: self.calls.value(row),
            forwarded: self.forwarded.value(row),
            first: self.first.value(row),
            last: self.last.value(row),
            created: self.created.is_valid(row).then(|| self.created.value(row)),
            mfa: self.mfa.is_valid(row).then(|| self.mfa.value(row)),
            direct: self.direct.value(row),
            assumed_root: self.assumed_root.value(row),
        }
    }
}

/// The columns of callers: those of `credentials`, and what is joined by, with times in whole seconds since 1970.
fn schema() -> SchemaRef {
    let time = || DataType::Timestamp(TimeUnit::Microsecond, Some("UTC".into()));
    let mut fields: Vec<Field> = vec![
        Field::new("caller", DataType::Int64, true),
        Field::new("caller_class", DataType::Utf8, true),
        Field::new("caller_created", time(), true),
        Field::new("mfa_authenticated", DataType::Boolean, true),
        Field::new("calls", DataType::Int64, true),
        Field::new("forwarded", DataType::Int64, true),
        Field::new("first_use", time(), true),
        Field::new("last_use", time(), true),
        Field::new("climbs", DataType::Boolean, true),
        Field::new("role_session", DataType::Boolean, true),
        Field::new("other_keys_disprove", DataType::Boolean, true),
        Field::new("direct", DataType::Boolean, true),
        Field::new("assumed_root", DataType::Boolean, true),
        Field::new("of_console", DataType::Boolean, true),
        Field::new("issuer_hash", DataType::Int64, true),
        Field::new("provider_hash", DataType::Int64, true),
        Field::new("key_hash", DataType::Int64, true),
        Field::new("arn_hash", DataType::Int64, true),
        Field::new("id_hash", DataType::Int64, true),
        Field::new("account_hash", DataType::Int64, true),
        Field::new("created_s", DataType::Int64, true),
        Field::new("first_s", DataType::Int64, true),
        Field::new("permission_set", DataType::Utf8, true),
        Field::new("portal_user", DataType::Utf8, true),
    ];
    fields.extend(TEXTS.map(|name| Field::new(name, DataType::Utf8, true)));
    Arc::new(Schema::new(fields))
}
