//! A table of the lake for DataFusion: a fixed list of Parquet files, pruned by the Delta log's statistics.
//!
//! The list is resolved once, from a Delta snapshot; the plan is a plain Parquet scan, so that nothing of Delta has to run
//! where the scan runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::{DataType, SchemaRef};
use async_trait::async_trait;
use chrono::NaiveDate;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::pruning::PrunableStatistics;
use datafusion::common::stats::Precision;
use datafusion::common::{ColumnStatistics, DFSchema, Result, ScalarValue, Statistics};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::parquet::CachedParquetFileReaderFactory;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::logical_expr::utils::conjunction;
use datafusion::logical_expr::{Expr, TableProviderFilterPushDown};
use datafusion::physical_optimizer::pruning::PruningPredicateBuilder;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;

use object_store::{ObjectMeta, ObjectStore};
use serde::Deserialize;

use super::schema::Table;

/// A data file of a table, as the Delta log describes it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct DataFile {
    /// Its path in the object store of the lake.
    pub(super) path: object_store::path::Path,
    pub(super) size: u64,
    pub(super) rows: Option<usize>,
    /// Days since 1970, of a partitioned table.
    pub(super) day: Option<i32>,
    pub(super) time_micros: Option<(i64, i64)>,
    pub(super) accounts: Option<(String, String)>,
}

impl DataFile {
    /// Of what a log, or an ingest before its commit, says of a file: its day as `YYYY-MM-DD`, statistics as JSON.
    pub(super) fn new(
        path: object_store::path::Path,
        size: i64,
        date: Option<&str>,
        stats: Option<&str>,
    ) -> Self {
        let stats: Stats = stats.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
        let date = date.and_then(|date| chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d").ok());
        Self {
            path,
            size: u64::try_from(size).unwrap_or(0),
            rows: stats.num_records.and_then(|rows| usize::try_from(rows).ok()),
            day: date.map(|date| date.to_epoch_days()),
            time_micros: stats.times(),
            accounts: stats.min_values.account.zip(stats.max_values.account),
        }
    }
}

/// The statistics of a file as the Delta log writes them.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Stats {
    num_records: Option<i64>,
    min_values: Extremes,
    max_values: Extremes,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Extremes {
    event_time: Option<String>,
    account: Option<String>,
}

impl Stats {
    fn times(&self) -> Option<(i64, i64)> {
        let micros = |text: &Option<String>| {
            chrono::DateTime::parse_from_rfc3339(text.as_deref()?).ok().map(|time| time.timestamp_micros())
        };
        // The log's times are cut to milliseconds.
        Some((micros(&self.min_values.event_time)?, micros(&self.max_values.event_time)?.saturating_add(999)))
    }
}

/// A table of the lake at one version.
#[derive(Debug)]
pub(super) struct LakeTable {
    schema: TableSchema,
    store: ObjectStoreUrl,
    files: Vec<(PartitionedFile, Arc<Statistics>)>,
}

impl LakeTable {
    pub(super) fn new(table: Table, store: ObjectStoreUrl, files: &[DataFile]) -> Self {
        let full = table.schema();
        let partitions = table.partition_columns();
        let (partition_fields, file_fields): (Vec<_>, Vec<_>) =
            full.fields().iter().cloned().partition(|field| partitions.contains(&field.name().as_str()));
        let file_schema = Arc::new(arrow::datatypes::Schema::new(file_fields));
        let schema = TableSchema::builder(file_schema).with_table_partition_cols(partition_fields).build();
        let files = files
            .iter()
            .map(|file| {
                let own = statistics(file, schema.file_schema());
                let mut partitioned = PartitionedFile::new_from_meta(ObjectMeta {
                    location: file.path.clone(),
                    last_modified: chrono::DateTime::UNIX_EPOCH,
                    size: file.size,
                    e_tag: None,
                    version: None,
                });
                if !partitions.is_empty() {
                    partitioned = partitioned.with_partition_values(vec![ScalarValue::Date32(file.day)]);
                }
                let partitioned = partitioned.with_statistics(Arc::new(own));
                let all = partitioned.statistics.clone().unwrap_or_default();
                (partitioned, all)
            })
            .collect();
        Self { schema, store, files }
    }

    /// The files that may hold rows which satisfy `filters`.
    fn pruned(
        &self,
        state: &dyn Session,
        filters: &[Expr],
    ) -> Result<Vec<(PartitionedFile, Arc<Statistics>)>> {
        let Some(filter) = conjunction(filters.to_vec()) else { return Ok(self.files.clone()) };
        let schema = self.schema();
        let df_schema = DFSchema::try_from(Arc::clone(&schema))?;
        let expression = state.create_physical_expr(filter, &df_schema)?;
        let Ok(predicate) =
            PruningPredicateBuilder::new().with_file_schema(Arc::clone(&schema)).try_build(expression)
        else {
            return Ok(self.files.clone());
        };
        let all: Vec<Arc<Statistics>> =
            self.files.iter().map(|(_, statistics)| Arc::clone(statistics)).collect();
        let keep = predicate.prune(&PrunableStatistics::new(all, schema))?;
        Ok(self.files.iter().zip(keep).filter(|(_, keep)| *keep).map(|(file, _)| file.clone()).collect())
    }
}

/// The days of which a session's lake has events, and how many, as its Delta log tells; none where the session has no lake or
/// the lake no event. Of files whose number of events the log does not tell, none is counted.
///
/// # Errors
///
/// When the session has no table `events`.
pub async fn days(context: &super::Session) -> Result<BTreeMap<NaiveDate, u64>> {
    let events = context.table_provider("events").await?;
    let mut days = BTreeMap::new();
    let Some(table) = events.downcast_ref::<LakeTable>() else { return Ok(days) };
    for (file, statistics) in &table.files {
        if let Some(ScalarValue::Date32(Some(day))) = file.partition_values.first()
            && let Some(date) = NaiveDate::from_epoch_days(*day)
        {
            let rows = statistics.num_rows.get_value().map_or(0, |rows| *rows as u64);
            *days.entry(date).or_default() += rows;
        }
    }
    Ok(days)
}

/// Has a session keep so many bytes of the metadata of Parquet files at the most. What looks at every file once, or a few times
/// one after another, gains nothing from more.
pub(crate) fn keep_metadata(context: &super::Session, bytes: usize) {
    context.runtime_env().cache_manager.get_file_metadata_cache().update_cache_limit(bytes);
}

/// Has what a session keeps of the metadata of Parquet files stay until the process ends, which is near: to free it takes
/// longer than to end.
pub(crate) fn leave_metadata(context: &super::Session) {
    std::mem::forget(context.runtime_env().cache_manager.get_file_metadata_cache());
}

/// The data files of `events`, for a reader that looks up few rows without a plan.
#[derive(Debug, Clone)]
pub(crate) struct EventFiles {
    /// All columns of the table.
    pub(crate) schema: SchemaRef,
    /// In the order of the log.
    pub(crate) files: Vec<EventFile>,
    /// Opens them; what it reads of their metadata is kept for the session.
    pub(crate) readers: Arc<CachedParquetFileReaderFactory>,
    /// Where they are.
    pub(crate) store: Arc<dyn ObjectStore>,
}

/// A data file of `events`.
#[derive(Debug, Clone)]
pub(crate) struct EventFile {
    pub(crate) file: PartitionedFile,
    /// The first and the last time of an event in it, as the log tells; None where it does not.
    pub(crate) time_micros: Option<(i64, i64)>,
}

/// The data files of a session's `events`; None where that is no table of a lake, as in a session over tables in memory.
///
/// # Errors
///
/// When the session has no table `events`, or its store is not known.
pub(crate) async fn event_files(context: &super::Session) -> Result<Option<EventFiles>> {
    let events = context.table_provider("events").await?;
    let Some(table) = events.downcast_ref::<LakeTable>() else { return Ok(None) };
    let schema = table.schema();
    let files = table.files.iter().map(|(file, statistics)| {
        let place = table.schema.file_schema().index_of("event_time").ok();
        let times = place.and_then(|place| statistics.column_statistics.get(place));
        let micros = |value: &Precision<ScalarValue>| match value.get_value() {
            Some(ScalarValue::TimestampMicrosecond(micros, _)) => *micros,
            _ => None,
        };
        let times = times.and_then(|times| micros(&times.min_value).zip(micros(&times.max_value)));
        EventFile { file: file.clone(), time_micros: times }
    });
    let files = files.collect();
    let runtime = context.runtime_env();
    let store = runtime.object_store(&table.store)?;
    let cache = runtime.cache_manager.get_file_metadata_cache();
    let readers = Arc::new(CachedParquetFileReaderFactory::new(Arc::clone(&store), cache));
    Ok(Some(EventFiles { schema, files, readers, store }))
}

fn statistics(file: &DataFile, schema: &SchemaRef) -> Statistics {
    let range = |low: ScalarValue, high: ScalarValue| ColumnStatistics {
        min_value: Precision::Inexact(low),
        max_value: Precision::Inexact(high),
        ..ColumnStatistics::new_unknown()
    };
    let column_statistics = schema
        .fields()
        .iter()
        .map(|field| match (field.name().as_str(), &file.time_micros, &file.accounts) {
            ("event_time", Some((low, high)), _) => {
                let utc: Option<Arc<str>> = Some("UTC".into());
                range(
                    ScalarValue::TimestampMicrosecond(Some(*low), utc.clone()),
                    ScalarValue::TimestampMicrosecond(Some(*high), utc),
                )
            }
            ("account", _, Some((low, high))) if *field.data_type() == DataType::Utf8 => {
                range(ScalarValue::Utf8(Some(low.clone())), ScalarValue::Utf8(Some(high.clone())))
            }
            _ => ColumnStatistics::new_unknown(),
        })
        .collect();
    Statistics {
        num_rows: file.rows.map_or(Precision::Absent, Precision::Exact),
        total_byte_size: Precision::Absent,
        column_statistics,
    }
}

#[async_trait]
impl TableProvider for LakeTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    fn supports_filters_pushdown(&self, filters: &[&Expr]) -> Result<Vec<TableProviderFilterPushDown>> {
        Ok(vec![TableProviderFilterPushDown::Inexact; filters.len()])
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        filters: &[Expr],
        limit: Option<usize>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let files = self.pruned(state, filters)?;
        if files.is_empty() {
            let schema = datafusion::common::project_schema(&self.schema(), projection)?;
            return Ok(Arc::new(EmptyExec::new(schema)));
        }
        let rows = files
            .iter()
            .try_fold(0_usize, |sum, (_, statistics)| Some(sum + statistics.num_rows.get_value()?));
        let statistics = Statistics {
            num_rows: rows.map_or(Precision::Absent, Precision::Exact),
            ..Statistics::new_unknown(&self.schema())
        };
        // A walk along a chain asks many times: each file's metadata is read once for a session.
        let store = state.runtime_env().object_store(&self.store)?;
        let cache = state.runtime_env().cache_manager.get_file_metadata_cache();
        let source = ParquetSource::new(self.schema.clone())
            .with_table_parquet_options(state.table_options().parquet.clone())
            .with_parquet_file_reader_factory(Arc::new(CachedParquetFileReaderFactory::new(store, cache)))
            .with_pushdown_filters(true)
            .with_reorder_filters(true);
        let groups = FileGroup::new(files.into_iter().map(|(file, _)| file).collect())
            .split_files(state.config().target_partitions());
        let config = FileScanConfigBuilder::new(self.store.clone(), Arc::new(source))
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
