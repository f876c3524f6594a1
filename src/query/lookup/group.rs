//! One row group of a data file: whether it may hold a row, which rows it holds, their columns.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, SchemaRef, TimestampMicrosecondType};
use bytes::Bytes;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::error::DataFusionError;
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use hashbrown::hash_map::Entry;
use hashbrown::{HashMap, HashSet};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection,
};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::arrow::{FieldLevels, parquet_to_arrow_field_levels};
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;
use parquet::schema::types::SchemaDescriptor;

use super::pages::{Distinct, Fetched};
use super::test::{Test, TextTest};
use super::{QueryError, failed};
use crate::lake::{Column, EventFiles};

/// The rows of one batch that is read.
pub(super) const BATCH_ROWS: usize = 8192;

/// The Bloom filter of a column is asked for so many values at the most: of more one is nearly always there.
const BLOOM_VALUES_MAX: usize = 16;

/// Of so many sets of columns it is kept how they are read.
const LEVELS_MAX: usize = 1_000;

/// So many layouts of files are told apart.
const LAYOUTS_MAX: usize = 16;

/// Columns whose values hardly repeat: they have no dictionary.
const PLAIN: [Column; 3] = [Column::EventId, Column::RequestId, Column::SharedEventId];

/// What the columns of files are read as. Most files of a lake have the same: it is worked out once for all that do.
#[derive(Debug)]
struct Layout {
    described: Arc<SchemaDescriptor>,
    /// By column: its place in a file.
    places: Vec<Option<usize>>,
    /// With all texts as they are.
    plain: SchemaRef,
    /// The same, with texts by their numbers.
    numbered: Schema,
    /// By the places of columns that are read together, and how.
    levels: Mutex<Levels>,
}

/// How columns are read that are read together.
type Levels = HashMap<(Vec<usize>, Texts), Arc<FieldLevels>>;

impl Layout {
    fn of(metadata: &Arc<ParquetMetaData>) -> Result<Layout, QueryError> {
        let described = metadata.file_metadata().schema_descr_ptr();
        let columns = described.columns();
        let place = |column: &Column| columns.iter().position(|one| one.name() == column.name());
        let places = Column::ALL.iter().map(place).collect();
        let plain = Arc::clone(read_as(metadata)?.schema());
        let numbered = Schema::new(plain.fields().iter().map(numbered).collect::<Vec<_>>());
        Ok(Layout { places, plain, numbered, levels: Mutex::default(), described })
    }

    /// What columns are read as.
    fn schema(&self, texts: Texts) -> &Schema {
        match texts {
            Texts::Plain => &self.plain,
            Texts::Numbered => &self.numbered,
        }
    }

    /// How the columns in these places are read.
    fn levels(&self, places: &[usize], texts: Texts) -> Result<Arc<FieldLevels>, QueryError> {
        let of = (places.to_vec(), texts);
        let mut known = self.levels.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(levels) = known.get(&of) {
            return Ok(Arc::clone(levels));
        }
        let mask = ProjectionMask::leaves(&self.described, places.iter().copied());
        let fields = self.schema(texts).fields();
        let levels = parquet_to_arrow_field_levels(&self.described, mask, Some(fields)).map_err(failed)?;
        let levels = Arc::new(levels);
        if known.len() < LEVELS_MAX {
            known.insert(of, Arc::clone(&levels));
        }
        Ok(levels)
    }
}

fn read_as(metadata: &Arc<ParquetMetaData>) -> Result<ArrowReaderMetadata, QueryError> {
    let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
    ArrowReaderMetadata::try_new(Arc::clone(metadata), options).map_err(failed)
}

/// The layouts of a lake's files.
#[derive(Debug, Default)]
pub(super) struct Layouts(Mutex<Vec<Arc<Layout>>>);

impl Layouts {
    fn of(&self, metadata: &Arc<ParquetMetaData>) -> Result<Arc<Layout>, QueryError> {
        let described = metadata.file_metadata().schema_descr();
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(same) = known.iter().find(|layout| *layout.described == *described) {
            return Ok(Arc::clone(same));
        }
        let layout = Arc::new(Layout::of(metadata)?);
        if known.len() < LAYOUTS_MAX {
            known.push(Arc::clone(&layout));
        }
        Ok(layout)
    }
}

/// A data file whose metadata is read.
#[derive(Debug)]
pub(super) struct Opened {
    files: Arc<EventFiles>,
    file: PartitionedFile,
    metadata: Arc<ParquetMetaData>,
    layout: Arc<Layout>,
}

impl Opened {
    pub(super) async fn open(
        files: &Arc<EventFiles>,
        layouts: &Layouts,
        file: PartitionedFile,
    ) -> Result<Arc<Opened>, QueryError> {
        let metadata = reader(&files.readers, &file)?.get_metadata(None).await.map_err(failed)?;
        let layout = layouts.of(&metadata)?;
        Ok(Arc::new(Opened { files: Arc::clone(files), file, metadata, layout }))
    }

    /// Its bytes in these ranges.
    async fn bytes(&self, ranges: &[Range<u64>]) -> Result<Vec<Bytes>, QueryError> {
        let read = self.files.store.get_ranges(&self.file.object_meta.location, ranges).await;
        read.map_err(|error| failed(DataFusionError::ObjectStore(Box::new(error))))
    }

    /// How many row groups it has.
    pub(super) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// What a column is read as; text where the file does not have it.
    fn kind(&self, column: Column, texts: Texts) -> DataType {
        let field = self.layout.schema(texts).field_with_name(column.name());
        field.map_or(DataType::Utf8, |field| field.data_type().clone())
    }

    /// The place of a column; None where the file is from before there was such a column.
    fn place(&self, column: Column) -> Option<usize> {
        self.layout.places.get(usize::from(column as u8)).copied().flatten()
    }
}

/// A field whose texts are read by their numbers, where values repeat.
fn numbered(field: &Arc<Field>) -> Arc<Field> {
    let repeats = || PLAIN.iter().all(|column| column.name() != field.name());
    if *field.data_type() == DataType::Utf8 && repeats() {
        let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
        return Arc::new(field.as_ref().clone().with_data_type(numbered));
    }
    Arc::clone(field)
}

fn reader(
    readers: &Arc<CachedParquetFileReaderFactory>,
    file: &PartitionedFile,
) -> Result<Box<dyn AsyncFileReader>, QueryError> {
    let metrics = ExecutionPlanMetricsSet::new();
    Ok(readers.create_reader(0, file.clone(), None, &metrics).map_err(failed)?)
}

/// How texts are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::query) enum Texts {
    /// As they are.
    Plain,
    /// By their numbers in a dictionary, but for columns whose values hardly repeat.
    Numbered,
}

/// What was read of columns to try a condition.
#[derive(Default)]
struct Seen {
    /// Columns of all rows.
    whole: HashMap<Column, ArrayRef>,
    /// Columns of which only the distinct texts were looked at.
    begun: HashMap<Column, Begun>,
}

/// A column that was fetched, and its distinct texts where it is known that they are all.
struct Begun {
    bytes: Bytes,
    distinct: Option<Distinct>,
}

/// A value that all rows of a row group have.
enum Uniform {
    Nothing,
    Text(String),
    Flag(bool),
}

impl Uniform {
    /// So many rows of it.
    fn array(&self, kind: &DataType, rows: usize) -> Result<ArrayRef, QueryError> {
        match (self, kind) {
            (Uniform::Nothing, kind) => Ok(new_null_array(kind, rows)),
            (Uniform::Flag(flag), _) => Ok(Arc::new(BooleanArray::from(vec![*flag; rows]))),
            (Uniform::Text(text), DataType::Dictionary(..)) => {
                let values: ArrayRef = Arc::new(StringArray::from(vec![text.as_str()]));
                let numbers = Int32Array::from(vec![0; rows]);
                Ok(Arc::new(DictionaryArray::try_new(numbers, values).map_err(failed)?))
            }
            (Uniform::Text(text), _) => Ok(Arc::new(StringArray::from(vec![text.as_str(); rows]))),
        }
    }
}

/// A row group.
pub(super) struct Group {
    file: Arc<Opened>,
    at: usize,
}

impl Group {
    pub(super) fn new(file: Arc<Opened>, at: usize) -> Group {
        Group { file, at }
    }

    /// How many rows it has.
    pub(super) fn rows(&self) -> usize {
        usize::try_from(self.described().num_rows()).unwrap_or(0)
    }

    fn described(&self) -> &RowGroupMetaData {
        self.file.metadata.row_group(self.at)
    }

    /// Whether its statistics leave room for a row that satisfies a condition.
    pub(super) fn may_hold(&self, test: &Test) -> bool {
        match test {
            Test::Text(column, test) => self.may_hold_text(*column, test),
            Test::Time(range) => {
                let times = self.times(Column::EventTime);
                range.start < times.end && times.start < range.end
            }
            Test::Seconds(column, seconds) => {
                let times = self.times(*column);
                let (first, last) = (times.start.div_euclid(1_000_000), times.end.div_euclid(1_000_000));
                seconds.range(first..=last).next().is_some()
            }
            Test::Within(column, texts, spans) => {
                let times = self.times(Column::EventTime);
                self.may_hold_text(*column, texts)
                    && spans.values().any(|span| span.start < times.end && times.start < span.end)
            }
            Test::All(tests) => tests.iter().all(|test| self.may_hold(test)),
            Test::Any(tests) => tests.iter().any(|test| self.may_hold(test)),
            Test::Not(_) => true,
        }
    }

    /// The times in a column; all times where its statistics do not tell.
    fn times(&self, column: Column) -> Range<i64> {
        let place = self.file.place(column);
        match place.and_then(|place| self.described().column(place).statistics()) {
            Some(Statistics::Int64(times)) => {
                let last = times.max_opt().copied().unwrap_or(i64::MAX);
                times.min_opt().copied().unwrap_or(i64::MIN)..last.saturating_add(1)
            }
            _ => i64::MIN..i64::MAX,
        }
    }

    fn may_hold_text(&self, column: Column, test: &TextTest) -> bool {
        let Some(place) = self.file.place(column) else { return false };
        let Some(statistics) = self.described().column(place).statistics() else { return true };
        if statistics.null_count_opt() == u64::try_from(self.described().num_rows()).ok() {
            return false;
        }
        match (statistics.min_bytes_opt(), statistics.max_bytes_opt()) {
            (Some(low), Some(high)) => test.may_be_met_within(low, high),
            _ => true,
        }
    }

    /// The rows that satisfy a condition; None where none does.
    pub(super) async fn satisfying(&self, test: &Test) -> Result<Option<BooleanBuffer>, QueryError> {
        if !self.may_hold(test) || !self.blooms(test).await? {
            return Ok(None);
        }
        let mut seen = Seen::default();
        if self.is_refuted(test, &mut seen).await? {
            return Ok(None);
        }
        let all = BooleanBuffer::new_set(self.rows());
        let found = self.met(test, &all, &mut seen).await?;
        Ok(Some(found).filter(|rows| rows.count_set_bits() > 0))
    }

    /// Whether its Bloom filters leave room for a row that satisfies a condition.
    fn blooms<'a>(&'a self, test: &'a Test) -> BoxFuture<'a, Result<bool, QueryError>> {
        Box::pin(async move {
            match test {
                Test::Text(column, TextTest::OneOf(values, _)) if values.len() <= BLOOM_VALUES_MAX => {
                    let Some(place) = self.file.place(*column) else { return Ok(false) };
                    if self.described().column(place).bloom_filter_offset().is_none() {
                        return Ok(true);
                    }
                    let bloom = self.bloom(place).await?;
                    Ok(bloom.is_none_or(|bloom| values.iter().any(|value| bloom.check(&value.as_str()))))
                }
                Test::All(tests) => {
                    for test in tests {
                        if !self.blooms(test).await? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                }
                _ => Ok(true),
            }
        })
    }

    /// Whether the distinct texts of its columns leave no room for a row that satisfies a condition: before any row is looked
    /// at, as of several conditions that must hold the last may be the one that nothing here satisfies.
    fn is_refuted<'a>(
        &'a self,
        test: &'a Test,
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<bool, QueryError>> {
        Box::pin(async move {
            match test {
                Test::Text(column, test) => {
                    if !self.may_hold_text(*column, test) {
                        return Ok(true);
                    }
                    let Some(place) = self.file.place(*column).filter(|_| self.uniform(*column).is_none())
                    else {
                        return Ok(false);
                    };
                    let distinct = self.begun(*column, place, seen).await?.distinct.as_ref();
                    Ok(distinct.is_some_and(|distinct| !distinct.may_any(|text| test.is_met_by(text))))
                }
                Test::All(tests) => {
                    for test in tests {
                        if self.is_refuted(test, seen).await? {
                            return Ok(true);
                        }
                    }
                    Ok(false)
                }
                Test::Any(tests) => {
                    for test in tests {
                        if !self.is_refuted(test, seen).await? {
                            return Ok(false);
                        }
                    }
                    Ok(true)
                }
                Test::Time(_) | Test::Seconds(..) | Test::Within(..) | Test::Not(_) => {
                    Ok(!self.may_hold(test))
                }
            }
        })
    }

    /// Which of some rows satisfy a condition.
    fn met<'a>(
        &'a self,
        test: &'a Test,
        within: &'a BooleanBuffer,
        seen: &'a mut Seen,
    ) -> BoxFuture<'a, Result<BooleanBuffer, QueryError>> {
        Box::pin(async move {
            let rows = self.rows();
            if within.count_set_bits() == 0 {
                return Ok(within.clone());
            }
            let met = match test {
                Test::Text(column, test) => self.met_by_text(*column, test, seen).await?,
                Test::Time(range) => {
                    self.met_by_time(Column::EventTime, |time| range.contains(&time), seen).await?
                }
                Test::Seconds(column, seconds) => {
                    let seconds: HashSet<i64> = seconds.iter().copied().collect();
                    let met = |time: i64| seconds.contains(&time.div_euclid(1_000_000));
                    self.met_by_time(*column, met, seen).await?
                }
                Test::Within(column, texts, spans) => {
                    let met = &self.met_by_text(*column, texts, seen).await? & within;
                    if met.count_set_bits() == 0 {
                        return Ok(met);
                    }
                    let values = self.columns(&[*column, Column::EventTime], &met, Texts::Plain).await?;
                    let mut inside = vec![false; rows];
                    let mut places = met.set_indices();
                    for batch in values {
                        let (texts, times) = (batch.column(0).as_string::<i32>(), times_of(batch.column(1))?);
                        for (row, place) in (0..batch.num_rows()).zip(places.by_ref()) {
                            let span = spans.get(texts.value(row));
                            if let Some(one) = inside.get_mut(place) {
                                *one = span.is_some_and(|span| span.contains(&times.value(row)));
                            }
                        }
                    }
                    BooleanBuffer::from(inside)
                }
                Test::All(tests) => {
                    let mut all = within.clone();
                    for test in tests {
                        all = self.met(test, &all, seen).await?;
                    }
                    all
                }
                Test::Any(tests) => {
                    let (mut any, mut rest) = (BooleanBuffer::new_unset(rows), within.clone());
                    for test in tests {
                        let met = self.met(test, &rest, seen).await?;
                        (any, rest) = (&any | &met, &rest & &!&met);
                    }
                    any
                }
                Test::Not(test) => !&self.met(test, within, seen).await?,
            };
            Ok(&met & within)
        })
    }

    async fn met_by_text(
        &self,
        column: Column,
        test: &TextTest,
        seen: &mut Seen,
    ) -> Result<BooleanBuffer, QueryError> {
        let rows = self.rows();
        if !self.may_hold_text(column, test) {
            return Ok(BooleanBuffer::new_unset(rows));
        }
        let is_new = !seen.whole.contains_key(&column) && self.uniform(column).is_none();
        if let Some(place) = self.file.place(column).filter(|_| is_new) {
            let begun = self.begun(column, place, seen).await?;
            let distinct = begun.distinct.as_ref();
            if distinct.is_some_and(|distinct| !distinct.may_any(|text| test.is_met_by(text))) {
                return Ok(BooleanBuffer::new_unset(rows));
            }
            let fetched = self.known(place, begun.bytes.clone());
            let whole = self.whole_of(&fetched, place, Texts::Numbered)?;
            seen.whole.insert(column, whole);
        }
        let Some(values) = self.whole(column, Texts::Numbered, seen).await? else {
            return Ok(BooleanBuffer::new_unset(rows));
        };
        if let Some(numbered) = values.as_dictionary_opt::<Int32Type>() {
            let texts = numbered.values().as_string::<i32>();
            let met: Vec<bool> =
                (0..texts.len()).map(|at| texts.is_valid(at) && test.is_met_by(texts.value(at))).collect();
            if !met.contains(&true) {
                return Ok(BooleanBuffer::new_unset(rows));
            }
            let numbers = numbered.keys();
            let of = |number: &i32| usize::try_from(*number).ok().and_then(|number| met.get(number));
            let met: BooleanBuffer =
                numbers.values().iter().map(|number| of(number) == Some(&true)).collect();
            return Ok(match numbers.nulls() {
                Some(valid) => &met & valid.inner(),
                None => met,
            });
        }
        let texts = values.as_string::<i32>();
        Ok((0..rows).map(|row| texts.is_valid(row) && test.is_met_by(texts.value(row))).collect())
    }

    async fn met_by_time(
        &self,
        column: Column,
        met: impl Fn(i64) -> bool,
        seen: &mut Seen,
    ) -> Result<BooleanBuffer, QueryError> {
        let Some(times) = self.whole(column, Texts::Plain, seen).await? else {
            return Ok(BooleanBuffer::new_unset(self.rows()));
        };
        let times = times_of(&times)?;
        let met: BooleanBuffer = times.values().iter().map(|time| met(*time)).collect();
        Ok(match times.nulls() {
            Some(valid) => &met & valid.inner(),
            None => met,
        })
    }

    /// One column of all rows; None where the file does not have it.
    async fn whole(
        &self,
        column: Column,
        texts: Texts,
        seen: &mut Seen,
    ) -> Result<Option<ArrayRef>, QueryError> {
        let Some(place) = self.file.place(column) else { return Ok(None) };
        if let Some(known) = seen.whole.get(&column) {
            return Ok(Some(Arc::clone(known)));
        }
        let whole = if let Some(value) = self.uniform(column) {
            value.array(&self.file.kind(column, texts), self.rows())?
        } else {
            self.whole_of(&self.fetched(&[place]).await?, place, texts)?
        };
        seen.whole.insert(column, Arc::clone(&whole));
        Ok(Some(whole))
    }

    /// The distinct texts of the column in a place, before its rows are looked at.
    async fn begun<'a>(
        &self,
        column: Column,
        place: usize,
        seen: &'a mut Seen,
    ) -> Result<&'a Begun, QueryError> {
        Ok(match seen.begun.entry(column) {
            Entry::Occupied(begun) => begun.into_mut(),
            Entry::Vacant(new) => {
                let bytes = self.file.bytes(&[self.range(place)]).await?.pop().unwrap_or_default();
                let distinct = self.known(place, bytes.clone()).distinct(place).map_err(failed)?;
                new.insert(Begun { bytes, distinct })
            }
        })
    }

    /// A column whose bytes are here.
    fn known(&self, place: usize, bytes: Bytes) -> Fetched<'_> {
        Fetched::new(&self.file.metadata, self.described(), vec![(place, bytes)])
    }

    /// Where the bytes of the column in a place are.
    fn range(&self, place: usize) -> Range<u64> {
        let (start, length) = self.described().column(place).byte_range();
        start..start + length
    }

    /// One column of all rows, of what was fetched.
    fn whole_of(&self, fetched: &Fetched<'_>, place: usize, texts: Texts) -> Result<ArrayRef, QueryError> {
        let batches = self.decoded(fetched, &[place], None, texts, self.rows())?;
        if let [only] = batches.as_slice() {
            return Ok(Arc::clone(only.column(0)));
        }
        let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
        concat(&parts).map_err(failed)
    }

    /// Some columns of some rows, in this order; NULL where the file does not have a column.
    pub(super) async fn columns(
        &self,
        columns: &[Column],
        rows: &BooleanBuffer,
        texts: Texts,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let uniform: Vec<Option<Uniform>> = columns.iter().map(|column| self.uniform(*column)).collect();
        let differ = columns.iter().zip(&uniform).filter(|(_, uniform)| uniform.is_none());
        let differ: Vec<Column> = differ.map(|(column, _)| *column).collect();
        let read: Vec<(usize, Option<RecordBatch>)> = if differ.is_empty() {
            let rows = rows.count_set_bits();
            (0..rows).step_by(BATCH_ROWS).map(|from| ((rows - from).min(BATCH_ROWS), None)).collect()
        } else {
            let some = Some(rows).filter(|rows| rows.count_set_bits() < rows.len());
            let places: Vec<usize> = differ.iter().filter_map(|column| self.file.place(*column)).collect();
            let fetched = self.fetched(&places).await?;
            let batches = self.decoded(&fetched, &places, some, texts, BATCH_ROWS)?;
            batches.into_iter().map(|batch| (batch.num_rows(), Some(batch))).collect()
        };
        let ordered = |(rows, batch): (usize, Option<RecordBatch>)| {
            let array = |(column, uniform): (&Column, &Option<Uniform>)| match (uniform, &batch) {
                (Some(value), _) => value.array(&self.file.kind(*column, texts), rows),
                (None, Some(batch)) => {
                    let array = batch.column_by_name(column.name()).map(Arc::clone);
                    array.ok_or_else(|| failed(std::io::Error::other("a column was not read")))
                }
                (None, None) => Err(failed(std::io::Error::other("a column was not read"))),
            };
            let arrays =
                columns.iter().zip(&uniform).map(array).collect::<Result<Vec<ArrayRef>, QueryError>>()?;
            let fields = columns
                .iter()
                .zip(&arrays)
                .map(|(column, array)| Field::new(column.name(), array.data_type().clone(), true));
            RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), arrays).map_err(failed)
        };
        read.into_iter().map(ordered).collect()
    }

    /// The value that all rows have in a column, where its statistics tell: such a column is not read.
    fn uniform(&self, column: Column) -> Option<Uniform> {
        let Some(place) = self.file.place(column) else { return Some(Uniform::Nothing) };
        let statistics = self.described().column(place).statistics()?;
        let nulls = statistics.null_count_opt()?;
        if u64::try_from(self.described().num_rows()).is_ok_and(|rows| rows == nulls) {
            return Some(Uniform::Nothing);
        }
        if nulls > 0 {
            return None;
        }
        match statistics {
            Statistics::Boolean(flags) => {
                let flag = flags.min_opt()?;
                (flags.max_opt() == Some(flag)).then_some(Uniform::Flag(*flag))
            }
            Statistics::ByteArray(texts) if texts.min_is_exact() && texts.max_is_exact() => {
                let text = texts.min_opt().filter(|text| texts.max_opt() == Some(*text))?;
                text.as_utf8().ok().map(|text| Uniform::Text(text.to_owned()))
            }
            _ => None,
        }
    }

    /// The columns in these places.
    async fn fetched(&self, places: &[usize]) -> Result<Fetched<'_>, QueryError> {
        let ranges: Vec<Range<u64>> = places.iter().map(|place| self.range(*place)).collect();
        let chunks = places.iter().copied().zip(self.file.bytes(&ranges).await?).collect();
        Ok(Fetched::new(&self.file.metadata, self.described(), chunks))
    }

    /// Some columns that were fetched, of some rows or of all, so many at once.
    fn decoded(
        &self,
        fetched: &Fetched<'_>,
        places: &[usize],
        rows: Option<&BooleanBuffer>,
        texts: Texts,
        batch_rows: usize,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let levels = self.file.layout.levels(places, texts)?;
        let selected = rows.map(|rows| RowSelection::from_filters(&[BooleanArray::new(rows.clone(), None)]));
        let batches =
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, fetched, batch_rows, selected);
        batches.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }

    /// The Bloom filter of a column.
    async fn bloom(&self, place: usize) -> Result<Option<Sbbf>, QueryError> {
        let described = self.described().column(place);
        let unsigned = |number: i64| u64::try_from(number).ok();
        let start = described.bloom_filter_offset().and_then(unsigned);
        let length = described.bloom_filter_length().and_then(|length| unsigned(length.into()));
        if let Some((start, length)) = start.zip(length) {
            let range = start..start.saturating_add(length);
            let read = self.file.bytes(&[range]).await?;
            return read.first().map(|bytes| Sbbf::from_bytes(bytes)).transpose().map_err(failed);
        }
        // Writers of long ago did not say how long it is.
        let reader = reader(&self.file.files.readers, &self.file.file)?;
        let mut builder =
            ParquetRecordBatchStreamBuilder::new_with_metadata(reader, read_as(&self.file.metadata)?);
        builder.get_row_group_column_bloom_filter(self.at, place).await.map_err(failed)
    }
}

fn times_of(column: &ArrayRef) -> Result<&TimestampMicrosecondArray, QueryError> {
    let times = column.as_primitive_opt::<TimestampMicrosecondType>();
    times.ok_or_else(|| failed(std::io::Error::other("expected a column of times")))
}
