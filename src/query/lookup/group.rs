//! One row group of a data file: whether it may hold a row, which rows it holds, their columns.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{
    Array, ArrayRef, AsArray, BooleanArray, RecordBatch, TimestampMicrosecondArray, new_null_array,
};
use arrow::buffer::BooleanBuffer;
use arrow::compute::concat_batches;
use arrow::datatypes::{DataType, Field, Int32Type, Schema, TimestampMicrosecondType};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::{
    CachedParquetFileReaderFactory, ParquetFileReaderFactory,
};
use datafusion::physical_plan::metrics::ExecutionPlanMetricsSet;
use futures::TryStreamExt;
use futures::future::BoxFuture;
use hashbrown::HashSet;
use parquet::arrow::ProjectionMask;
use parquet::arrow::arrow_reader::{ArrowReaderMetadata, ArrowReaderOptions, RowSelection};
use parquet::arrow::async_reader::{AsyncFileReader, ParquetRecordBatchStreamBuilder};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::statistics::Statistics;

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
pub(super) struct Opened {
    readers: Arc<CachedParquetFileReaderFactory>,
    file: PartitionedFile,
    metadata: Arc<ParquetMetaData>,
}

impl Opened {
    pub(super) async fn open(
        readers: &Arc<CachedParquetFileReaderFactory>,
        file: PartitionedFile,
    ) -> Result<Arc<Opened>, QueryError> {
        let metadata = reader(readers, &file)?.get_metadata(None).await.map_err(failed)?;
        Ok(Arc::new(Opened { readers: Arc::clone(readers), file, metadata }))
    }

    /// How many row groups it has.
    pub(super) fn groups(&self) -> usize {
        self.metadata.num_row_groups()
    }

    /// The place of a column; None where the file is from before there was such a column.
    fn place(&self, column: Column) -> Option<usize> {
        let columns = self.metadata.file_metadata().schema_descr().columns();
        columns.iter().position(|described| described.name() == column.name())
    }
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
        Ok(Some(self.met(test).await?).filter(|rows| rows.count_set_bits() > 0))
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
                    let mut builder = self.builder(&[*column], Texts::Plain)?;
                    let bloom = builder.get_row_group_column_bloom_filter(self.at, place).await;
                    let bloom = bloom.map_err(failed)?;
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

    /// Whether each row satisfies a condition.
    fn met<'a>(&'a self, test: &'a Test) -> BoxFuture<'a, Result<BooleanBuffer, QueryError>> {
        Box::pin(async move {
            let rows = self.rows();
            match test {
                Test::Text(column, test) => self.met_by_text(*column, test).await,
                Test::Time(range) => self.met_by_time(Column::EventTime, |time| range.contains(&time)).await,
                Test::Seconds(column, seconds) => {
                    let seconds: HashSet<i64> = seconds.iter().copied().collect();
                    self.met_by_time(*column, |time| seconds.contains(&time.div_euclid(1_000_000))).await
                }
                Test::Within(column, texts, spans) => {
                    let met = self.met_by_text(*column, texts).await?;
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
                    Ok(BooleanBuffer::from(inside))
                }
                Test::All(tests) => {
                    let mut all = BooleanBuffer::new_set(rows);
                    for test in tests {
                        if all.count_set_bits() == 0 {
                            break;
                        }
                        all = &all & &self.met(test).await?;
                    }
                    Ok(all)
                }
                Test::Any(tests) => {
                    let mut any = BooleanBuffer::new_unset(rows);
                    for test in tests {
                        any = &any | &self.met(test).await?;
                    }
                    Ok(any)
                }
                Test::Not(test) => Ok(!&self.met(test).await?),
            }
        })
    }

    async fn met_by_text(&self, column: Column, test: &TextTest) -> Result<BooleanBuffer, QueryError> {
        let rows = self.rows();
        if !self.may_hold_text(column, test) {
            return Ok(BooleanBuffer::new_unset(rows));
        }
        let Some(values) = self.whole(column, Texts::Numbered).await? else {
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
    ) -> Result<BooleanBuffer, QueryError> {
        let Some(times) = self.whole(column, Texts::Plain).await? else {
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
    async fn whole(&self, column: Column, texts: Texts) -> Result<Option<ArrayRef>, QueryError> {
        if self.file.place(column).is_none() {
            return Ok(None);
        }
        let stream = self.builder(&[column], texts)?.with_batch_size(self.rows()).build().map_err(failed)?;
        let schema = Arc::clone(stream.schema());
        let batches: Vec<RecordBatch> = stream.try_collect().await.map_err(failed)?;
        let whole = match batches.as_slice() {
            [one] => one.clone(),
            some => concat_batches(&schema, some).map_err(failed)?,
        };
        Ok(whole.columns().first().cloned())
    }

    /// Some columns of some rows, in this order; NULL where the file does not have a column.
    pub(super) async fn columns(
        &self,
        columns: &[Column],
        rows: &BooleanBuffer,
        texts: Texts,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let selection = RowSelection::from_filters(&[BooleanArray::new(rows.clone(), None)]);
        let builder = self.builder(columns, texts)?;
        let stream = builder.with_row_selection(selection).with_batch_size(BATCH_ROWS).build();
        let batches: Vec<RecordBatch> = stream.map_err(failed)?.try_collect().await.map_err(failed)?;
        let ordered = |batch: RecordBatch| {
            let fields = columns.iter().map(|column| Field::new(column.name(), DataType::Utf8, true));
            let arrays = columns.iter().map(|column| match batch.column_by_name(column.name()) {
                Some(array) => Arc::clone(array),
                None => new_null_array(&DataType::Utf8, batch.num_rows()),
            });
            let arrays: Vec<ArrayRef> = arrays.collect();
            let fields =
                fields.zip(&arrays).map(|(field, array)| field.with_data_type(array.data_type().clone()));
            RecordBatch::try_new(Arc::new(Schema::new(fields.collect::<Vec<_>>())), arrays).map_err(failed)
        };
        batches.into_iter().map(ordered).collect()
    }

    /// A reader of some columns of this row group.
    fn builder(
        &self,
        columns: &[Column],
        texts: Texts,
    ) -> Result<ParquetRecordBatchStreamBuilder<Box<dyn AsyncFileReader>>, QueryError> {
        let metadata = Arc::clone(&self.file.metadata);
        let options = ArrowReaderOptions::new().with_skip_arrow_metadata(true);
        let mut known = ArrowReaderMetadata::try_new(Arc::clone(&metadata), options).map_err(failed)?;
        if texts == Texts::Numbered {
            let numbered = DataType::Dictionary(Box::new(DataType::Int32), Box::new(DataType::Utf8));
            let field = |field: &Arc<Field>| {
                let asked = |column: &Column| !PLAIN.contains(column) && column.name() == field.name();
                let asked = columns.iter().any(asked);
                match field.data_type() {
                    DataType::Utf8 if asked => {
                        Arc::new(field.as_ref().clone().with_data_type(numbered.clone()))
                    }
                    _ => Arc::clone(field),
                }
            };
            let schema = Schema::new(known.schema().fields().iter().map(field).collect::<Vec<_>>());
            let options = ArrowReaderOptions::new().with_schema(Arc::new(schema));
            known = ArrowReaderMetadata::try_new(metadata, options).map_err(failed)?;
        }
        let places = columns.iter().filter_map(|column| self.file.place(*column));
        let mask = ProjectionMask::leaves(self.file.metadata.file_metadata().schema_descr(), places);
        let reader = reader(&self.file.readers, &self.file.file)?;
        let builder = ParquetRecordBatchStreamBuilder::new_with_metadata(reader, known);
        Ok(builder.with_row_groups(vec![self.at]).with_projection(mask))
    }
}

fn times_of(column: &ArrayRef) -> Result<&TimestampMicrosecondArray, QueryError> {
    let times = column.as_primitive_opt::<TimestampMicrosecondType>();
    times.ok_or_else(|| failed(std::io::Error::other("expected a column of times")))
}
