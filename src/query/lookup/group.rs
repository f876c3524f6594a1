//! One row group of a data file: whether it may hold a row, which rows it holds, their columns.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, DictionaryArray, Int32Array, RecordBatch, StringArray,
    TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimestampMicrosecondType};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::future::BoxFuture;
use hashbrown::{HashMap, HashSet};
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{
    ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, RowSelection,
};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::arrow::parquet_to_arrow_field_levels;
use parquet::bloom_filter::Sbbf;
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

use super::pages::Fetched;
use super::test::{Test, TextTest};
use super::{QueryError, failed};
use crate::lake::Column;

/// The rows of one batch that is read.
pub(super) const BATCH_ROWS: usize = 8192;

/// The Bloom filter of a column is asked for so many values at the most: of more one is nearly always there.
const BLOOM_VALUES_MAX: usize = 16;

/// Columns whose values hardly repeat: they have no dictionary.
const PLAIN: [Column; 3] = [Column::EventId, Column::RequestId, Column::SharedEventId];

/// A data file whose metadata is read.
#[derive(Debug)]
pub(super) struct Opened {
    readers: Arc<CachedParquetFileReaderFactory>,
    file: PartitionedFile,
    metadata: Arc<ParquetMetaData>,
    /// By column: its place in the file.
    places: Vec<Option<usize>>,
    /// What the file's columns are read as, with all texts as they are.
    plain: ArrowReaderMetadata,
    /// The same, with texts by their numbers.
    numbered: Schema,
}

impl Opened {
    pub(super) async fn open(
        readers: &Arc<CachedParquetFileReaderFactory>,
        file: PartitionedFile,
    ) -> Result<Arc<Opened>, QueryError> {
        let metadata = reader(readers, &file)?.get_metadata(None).await.map_err(failed)?;
        let described = metadata.file_metadata().schema_descr().columns();
        let place = |column: &Column| described.iter().position(|one| one.name() == column.name());
        let places = Column::ALL.iter().map(place).collect();
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let plain = ArrowReaderMetadata::try_new(Arc::clone(&metadata), options).map_err(failed)?;
        let numbered = Schema::new(plain.schema().fields().iter().map(numbered).collect::<Vec<_>>());
        Ok(Arc::new(Opened { readers: Arc::clone(readers), file, metadata, places, plain, numbered }))
    }

    /// What its columns are read as.
    fn read_as(&self, texts: Texts) -> &Schema {
        match texts {
            Texts::Plain => self.plain.schema(),
            Texts::Numbered => &self.numbered,
        }
    }

    /// How many row groups it has.
    pub(super) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// What a column is read as; text where the file does not have it.
    fn kind(&self, column: Column, texts: Texts) -> DataType {
        let field = self.read_as(texts).field_with_name(column.name());
        field.map_or(DataType::Utf8, |field| field.data_type().clone())
    }

    /// The place of a column; None where the file is from before there was such a column.
    fn place(&self, column: Column) -> Option<usize> {
        self.places.get(usize::from(column as u8)).copied().flatten()
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::query) enum Texts {
    /// As they are.
    Plain,
    /// By their numbers in a dictionary, but for columns whose values hardly repeat.
    Numbered,
}

/// Columns of all rows that were read to try a condition.
type Seen = HashMap<Column, ArrayRef>;

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
        let all = BooleanBuffer::new_set(self.rows());
        let found = self.met(test, &all, &mut Seen::new()).await?;
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
        if self.file.place(column).is_none() {
            return Ok(None);
        }
        if let Some(known) = seen.get(&column) {
            return Ok(Some(Arc::clone(known)));
        }
        let whole = if let Some(value) = self.uniform(column) {
            value.array(&self.file.kind(column, texts), self.rows())?
        } else {
            let batches = self.read(&[column], None, texts, self.rows()).await?;
            if let [only] = batches.as_slice() {
                Arc::clone(only.column(0))
            } else {
                let parts: Vec<&dyn Array> = batches.iter().map(|batch| batch.column(0).as_ref()).collect();
                concat(&parts).map_err(failed)?
            }
        };
        seen.insert(column, Arc::clone(&whole));
        Ok(Some(whole))
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
            let batches = self.read(&differ, some, texts, BATCH_ROWS).await?;
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

    /// Some columns that the file has, of some rows or of all, so many at once.
    async fn read(
        &self,
        columns: &[Column],
        rows: Option<&BooleanBuffer>,
        texts: Texts,
        batch_rows: usize,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let places: Vec<usize> = columns.iter().filter_map(|column| self.file.place(*column)).collect();
        let range = |place: &usize| {
            let (start, length) = self.described().column(*place).byte_range();
            start..start + length
        };
        let ranges = places.iter().map(range).collect();
        let fetched = reader(&self.file.readers, &self.file.file)?.get_byte_ranges(ranges).await;
        let chunks = places.iter().copied().zip(fetched.map_err(failed)?).collect();
        let fetched = Fetched::new(&self.file.metadata, self.described(), chunks);
        let described = self.file.metadata.file_metadata().schema_descr();
        let mask = ProjectionMask::leaves(described, places);
        let fields = self.file.read_as(texts).fields();
        let levels = parquet_to_arrow_field_levels(described, mask, Some(fields)).map_err(failed)?;
        let selected = rows.map(|rows| RowSelection::from_filters(&[BooleanArray::new(rows.clone(), None)]));
        let batches =
            ParquetRecordBatchReader::try_new_with_row_groups(&levels, &fetched, batch_rows, selected);
        batches.map_err(failed)?.collect::<Result<_, _>>().map_err(failed)
    }

    /// The Bloom filter of a column.
    async fn bloom(&self, place: usize) -> Result<Option<Sbbf>, QueryError> {
        let reader = reader(&self.file.readers, &self.file.file)?;
        let mut builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, self.file.plain.clone());
        builder.get_row_group_column_bloom_filter(self.at, place).await.map_err(failed)
    }
}

fn times_of(column: &ArrayRef) -> Result<&TimestampMicrosecondArray, QueryError> {
    let times = column.as_primitive_opt::<TimestampMicrosecondType>();
    times.ok_or_else(|| failed(std::io::Error::other("expected a column of times")))
}
