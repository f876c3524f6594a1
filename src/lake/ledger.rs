//! The ledger's rows: objects that were read, and what was refused.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
};
use arrow::datatypes::{Int64Type, SchemaRef, TimestampMicrosecondType};
use chrono::{Days, NaiveDate};
use datafusion::prelude::col;
use futures::TryStreamExt;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;
use xxhash_rust::xxh3::{xxh3_64, xxh3_128};

use super::commit::Lake;
use super::pipeline::ObjectResult;
use super::table::DataFile;
use super::{LakeError, Table};
use crate::archive::{Object, Place, Shard, lane_and_day};
use crate::record::Refusal;

/// What tells one state of an object from another, without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    size: i64,
    /// A hash of the ETag of an object in S3 that has one; else, when it was last changed.
    version: Version,
}

impl State {
    fn of(object: &Object) -> Self {
        Self {
            size: i64::try_from(object.size).unwrap_or(i64::MAX),
            version: Version::new(etag(object), object.modified_micros),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    ETag(u64),
    ModifiedMicros(i64),
}

impl Version {
    /// A copy that S3 made of an object (into another storage class, say) has the same ETag and another time.
    fn new(etag: Option<&str>, modified_micros: i64) -> Self {
        etag.map_or(Self::ModifiedMicros(modified_micros), |etag| Self::ETag(xxh3_64(etag.as_bytes())))
    }
}

/// Which objects were read, in which state.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    states: HashMap<u128, State>,
    /// Objects that could not be read, or not wholly, in which state: they are tried again.
    failed: HashMap<u128, State>,
    /// The files of `objects` that were read.
    files: BTreeSet<object_store::path::Path>,
}

/// What the ledger says of an object in a listing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Known {
    /// It was not read yet.
    New,
    /// It was read as it is.
    Read,
    /// It was read when its size, and its ETag or modification time, were others.
    Changed,
}

impl Ledger {
    /// Reads the ledger of a lake.
    pub(super) async fn load(lake: &Lake) -> Result<Self, LakeError> {
        let mut ledger = Ledger::default();
        ledger.catch_up(lake).await?;
        Ok(ledger)
    }

    /// Reads what came to the ledger since it was read. Gives whether anything did.
    pub(super) async fn catch_up(&mut self, lake: &Lake) -> Result<bool, LakeError> {
        let files = lake.files(Table::Objects)?;
        let came: Vec<DataFile> = files.into_iter().filter(|file| !self.files.contains(&file.path)).collect();
        if came.is_empty() {
            return Ok(false);
        }
        let frame = lake
            .rows_of(Table::Objects, &came)?
            .select_columns(&["object", "size", "modified", "etag", "batch", "sha256"])?
            .sort(vec![col("batch").sort(true, false)])?;
        let mut stream = frame.execute_stream().await?;
        while let Some(batch) = stream.try_next().await? {
            let names = batch.column(0).as_string::<i32>();
            let sizes = batch.column(1).as_primitive::<Int64Type>();
            let modified = batch.column(2).as_primitive::<TimestampMicrosecondType>();
            let etags = batch.column(3).as_string::<i32>();
            for row in 0..batch.num_rows() {
                let modified_micros = if modified.is_null(row) { 0 } else { modified.value(row) };
                let etag = (!etags.is_null(row)).then(|| etags.value(row));
                let state = State { size: sizes.value(row), version: Version::new(etag, modified_micros) };
                self.learn(names.value(row), state, batch.column(5).is_valid(row));
            }
        }
        self.files.extend(came.into_iter().map(|file| file.path));
        Ok(true)
    }

    /// Takes in what this ingest committed itself.
    pub(super) fn committed(&mut self, file: DataFile, objects: &[Object], results: &[ObjectResult]) {
        for (object, result) in objects.iter().zip(results) {
            self.learn(&object.name, State::of(object), result.sha256.is_some());
        }
        self.files.insert(file.path);
    }

    fn learn(&mut self, object: &str, state: State, was_read: bool) {
        let name = xxh3_128(object.as_bytes());
        if was_read {
            self.failed.remove(&name);
            self.states.insert(name, state);
        } else {
            self.failed.insert(name, state);
        }
    }

    /// Whether an object could not be read as it is.
    pub(super) fn has_failed(&self, object: &Object) -> bool {
        self.failed.get(&xxh3_128(object.name.as_bytes())) == Some(&State::of(object))
    }

    /// How many objects it knows.
    pub(super) fn len(&self) -> usize {
        self.states.len()
    }

    /// What is known of an object.
    pub(super) fn known(&self, object: &Object) -> Known {
        let now = State::of(object);
        match self.states.get(&xxh3_128(object.name.as_bytes())) {
            None => Known::New,
            // Standard input is another thing each time.
            Some(_) if object.name == "-" => Known::New,
            Some(state) if *state == now => Known::Read,
            Some(_) => Known::Changed,
        }
    }
}

/// An object that could not be read is looked for again until the deliveries of so many days have come after it: one that never
/// can be must not let every run list an archive from there.
const HELD_BACK_DAYS: u64 = 30;

/// Sets days, by the folder of a region (see [`lane_and_day`]), back to that of the first object not long before which could
/// not be read, of those in a shard.
pub(super) async fn hold_back(
    lake: &Lake,
    shard: Option<Shard>,
    days: &mut BTreeMap<String, NaiveDate>,
) -> Result<(), LakeError> {
    if days.is_empty() {
        return Ok(());
    }
    let session = lake.session()?;
    let mut failed: HashMap<String, i64> = HashMap::new();
    let mut not_read = session.sql(NOT_READ).await?.execute_stream().await?;
    while let Some(batch) = not_read.try_next().await? {
        let names = batch.column(0).as_string::<i32>().iter().flatten();
        for (name, number) in names.zip(batch.column(1).as_primitive::<Int64Type>().values()) {
            let near = lane_and_day(name).and_then(|(lane, day)| {
                let known = *days.get(lane)?;
                Some(day < known && day >= known.checked_sub_days(Days::new(HELD_BACK_DAYS))?)
            });
            if near == Some(true) && shard.is_none_or(|shard| shard.has(name)) {
                let last = failed.entry(name.to_owned()).or_insert(*number);
                *last = (*last).max(*number);
            }
        }
    }
    if failed.is_empty() {
        return Ok(());
    }
    // What was read since holds nothing back.
    let mut read = session.sql(READ).await?.execute_stream().await?;
    while let Some(batch) = read.try_next().await? {
        let names = batch.column(0).as_string::<i32>().iter().flatten();
        for (name, number) in names.zip(batch.column(1).as_primitive::<Int64Type>().values()) {
            if failed.get(name).is_some_and(|last| last <= number) {
                failed.remove(name);
            }
        }
    }
    for (lane, day) in failed.keys().filter_map(|name| lane_and_day(name)) {
        if let Some(known) = days.get_mut(lane) {
            *known = day.min(*known);
        }
    }
    Ok(())
}

/// Objects that were read, each with the batch.
const READ: &str = "select object, batch from objects where sha256 is not null";

/// And those that could not be.
const NOT_READ: &str = "select object, batch from objects where sha256 is null";

fn etag(object: &Object) -> Option<&str> {
    match &object.place {
        Place::S3(object) => object.etag.as_deref(),
        Place::File(_) | Place::Stdin => None,
    }
}

/// The rows of `objects` for a batch, as a Parquet file.
pub(super) fn objects_file(
    batch: i64,
    now_micros: i64,
    objects: &[Object],
    results: &[ObjectResult],
) -> Result<Vec<u8>, LakeError> {
    let count = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let both = || objects.iter().zip(results);
    let counts = |get: fn(&ObjectResult) -> u64| -> ArrayRef {
        Arc::new(Int64Array::from_iter_values(results.iter().map(|result| count(get(result)))))
    };
    let instants = |micros: Vec<Option<i64>>| -> ArrayRef {
        Arc::new(TimestampMicrosecondArray::from(micros).with_timezone("UTC"))
    };
    let outcome = |result: &ObjectResult| match (result.set_aside, result.counts.refused) {
        (Some(kind), _) => format!("set aside: {}", kind.describe()),
        (None, 0) => "read".to_owned(),
        (None, _) => "refused".to_owned(),
    };
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(objects.iter().map(|object| object.name.as_str()))),
        Arc::new(Int64Array::from_iter_values(objects.iter().map(|_| batch))),
        Arc::new(StringArray::from_iter_values(results.iter().map(outcome))),
        Arc::new(Int64Array::from_iter_values(objects.iter().map(|object| count(object.size)))),
        instants(
            both().map(|(object, _)| Some(object.modified_micros).filter(|micros| *micros != 0)).collect(),
        ),
        Arc::new(objects.iter().map(etag).collect::<StringArray>()),
        counts(|result| result.raw_bytes),
        counts(|result| result.inflated_bytes),
        Arc::new(results.iter().map(|result| result.sha256.as_deref()).collect::<StringArray>()),
        counts(|result| result.counts.read),
        counts(|result| result.counts.kept),
        counts(|result| result.counts.duplicate),
        counts(|result| result.counts.refused),
        instants(objects.iter().map(|_| Some(now_micros)).collect()),
    ];
    parquet(Table::Objects.schema(), arrays)
}

/// The rows of `refusals` for a batch, as a Parquet file.
pub(super) fn refusals_file(batch: i64, refusals: &[Refusal]) -> Result<Vec<u8>, LakeError> {
    let arrays: Vec<ArrayRef> = vec![
        Arc::new(StringArray::from_iter_values(refusals.iter().map(|refusal| refusal.object.as_str()))),
        Arc::new(Int64Array::from_iter_values(refusals.iter().map(|_| batch))),
        Arc::new(refusals.iter().map(|refusal| refusal.record_index).collect::<Int64Array>()),
        Arc::new(StringArray::from_iter_values(refusals.iter().map(|refusal| refusal.reason.to_string()))),
    ];
    parquet(Table::Refusals.schema(), arrays)
}

fn parquet(schema: SchemaRef, arrays: Vec<ArrayRef>) -> Result<Vec<u8>, LakeError> {
    let batch =
        RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(parquet::errors::ParquetError::from)?;
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let options = ArrowWriterOptions::new().with_properties(properties).with_skip_arrow_metadata(true);
    let mut writer = ArrowWriter::try_new_with_options(Vec::new(), schema, options)?;
    writer.write(&batch)?;
    Ok(writer.into_inner()?)
}
