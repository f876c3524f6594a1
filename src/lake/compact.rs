//! Merges the files of a day and sorts their rows, so that a query reads less.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{SessionContext, col};
use deltalake_core::kernel::Action;
use futures::TryStreamExt;

use super::commit::{Lake, NewFile, Present};
use super::rewrite::Rewriter;
use super::write::written;
use super::{Column, LakeError, Site, Table};

/// Rows of a row group in a compacted file.
const GROUP_ROWS: usize = 128 * 1024;

/// Rows of a compacted file; a day with more gets several.
const FILE_ROWS_MAX: u64 = 1_000_000;

/// Memory that sorting a day may take before it goes to disk.
const SORT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// The name of a file that compaction wrote begins so.
const SORTED: &str = "sorted-";

/// Replaced files stay for so many days, for readers of older versions; then a compaction deletes them.
pub const RETAINED_DAYS: u64 = 7;

/// What a compaction did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct CompactReport {
    /// Days whose files were merged.
    pub days: u64,
    /// Files that were replaced.
    pub files_before: u64,
    /// Files that replace them.
    pub files_after: u64,
    /// Size of the replaced files in bytes.
    pub bytes_before: u64,
    /// Size of the files that replace them.
    pub bytes_after: u64,
    /// Rows in them, the same before and after.
    pub rows: u64,
    /// Files that nothing referred to any more for [`RETAINED_DAYS`], deleted.
    pub files_deleted: u64,
}

/// Merges and sorts the files of every day that has one which no compaction wrote.
///
/// # Errors
/// Where the lake can't be read or written, or somebody else compacts it at the same time; the lake stays whole.
pub async fn compact(site: impl Into<Site>) -> Result<CompactReport, LakeError> {
    let mut lake = Lake::open(site).await?;
    let _lock = super::ingest::lock(&lake, &super::ingest::Unwatched)?;
    lake.reconcile().await?;
    let mut report = merge_days(&mut lake).await?;
    report.files_deleted = lake.vacuum(RETAINED_DAYS).await?;
    Ok(report)
}

/// Merges day after day, while others may commit to any of them.
pub(super) async fn merge_days(lake: &mut Lake) -> Result<CompactReport, LakeError> {
    let mut report = CompactReport::default();
    let mut done = None;
    while let Some((date, files)) = next_day(lake, done.as_deref())? {
        let written = merge(lake, &date).await?;
        let rows: u64 = written.iter().map(|file| file.rows).sum();
        let before: u64 = files.iter().map(|file| file.rows).sum();
        if rows != before {
            return Err(LakeError::Inconsistent(format!("{date} has {before} rows, merged {rows}")));
        }
        report.days += 1;
        report.rows += rows;
        report.files_before += files.len() as u64;
        report.files_after += written.len() as u64;
        report.bytes_before += files.iter().map(|file| file.bytes).sum::<u64>();
        report.bytes_after += written.iter().map(|file| u64::try_from(file.size).unwrap_or(0)).sum::<u64>();
        let removed = files.into_iter().map(|file| Action::Remove(file.remove)).collect();
        lake.replace(removed, &written).await?;
        done = Some(date);
    }
    Ok(report)
}

/// The first day after another that has a file which no compaction wrote, and the day's files as they are now.
fn next_day(lake: &Lake, after: Option<&str>) -> Result<Option<(String, Vec<Present>)>, LakeError> {
    let mut days: BTreeMap<String, Vec<Present>> = BTreeMap::new();
    for file in lake.present()? {
        if after.is_none_or(|after| *file.date > *after) {
            days.entry(file.date.clone()).or_default().push(file);
        }
    }
    let sorted = |file: &Present| file.path.rsplit('/').next().is_some_and(|name| name.starts_with(SORTED));
    Ok(days.into_iter().find(|(_, files)| !files.iter().all(sorted)))
}

/// Reads a day in order and writes it to new files, which nothing refers to yet.
async fn merge(lake: &Lake, date: &str) -> Result<Vec<NewFile>, LakeError> {
    let runtime = RuntimeEnvBuilder::new().with_memory_limit(SORT_BYTES_MAX, 1.0).build_arc()?;
    let session = lake.session()?;
    let session =
        SessionContext::new_with_config_rt(session.copied_config().with_target_partitions(1), runtime);
    lake.register(&session)?;
    let day = chrono::NaiveDate::parse_from_str(date, "%Y-%m-%d")
        .map_err(|error| LakeError::Inconsistent(format!("`{date}` is no day: {error}")))?
        .to_epoch_days();
    let on_day =
        col("event_date").eq(datafusion::prelude::lit(datafusion::common::ScalarValue::Date32(Some(day))));
    let columns: Vec<&str> = written().map(Column::name).collect();
    let order = [Column::Account, Column::EventTime, Column::EventId, Column::Object, Column::RecordIndex];
    let order = order.into_iter().map(|column| col(column.name()).sort(true, true)).collect();
    let frame =
        session.table(Table::Events.name()).await?.filter(on_day)?.sort(order)?.select_columns(&columns)?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let mut stream = frame.execute_stream().await?;
    let mut written = Vec::new();
    let mut rewriter = Rewriter::new(schema, day, GROUP_ROWS);
    while let Some(batch) = stream.try_next().await? {
        rewriter.write(&batch)?;
        if rewriter.rows() >= FILE_ROWS_MAX {
            written.extend(rewriter.put(lake, SORTED).await?);
        }
    }
    written.extend(rewriter.put(lake, SORTED).await?);
    Ok(written)
}
