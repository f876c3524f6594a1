//! A batch that somebody else got ahead of: what they committed meanwhile is taken out of it.
//!
//! Jobs that share a lake meet the same records when these were delivered twice, in objects that fall to different jobs.
//! Whoever commits first keeps a record; of the batch that comes second its rows are dropped and counted as duplicates. The
//! objects are not read again for it: only the files of the days at hand are, which the batch wrote before its commit.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use arrow::array::{Array, AsArray, BooleanArray, RecordBatch};
use arrow::compute::{filter_record_batch, not};
use arrow::datatypes::TimestampMicrosecondType;
use futures::TryStreamExt;

use super::commit::{Lake, NewFile};
use super::ingest::PART;
use super::pipeline::{ObjectResult, Summary};
use super::rewrite::Rewriter;
use super::rows::{Key, PART_ROWS_MAX};
use super::seen::{KEY_COLUMNS, Keys, keys_of};
use super::write::written;
use super::{Column, LakeError, Table};
use crate::archive::Object;

/// What a batch came to, on its way into the lake.
pub(super) struct Drawn {
    /// Files of events that are written and not committed.
    pub(super) files: Vec<NewFile>,
    /// In the order of the objects.
    pub(super) results: Vec<ObjectResult>,
    pub(super) summary: Summary,
}

impl Drawn {
    /// Drops the rows with these keys. Gives how many there were.
    pub(super) async fn drop_rows(
        &mut self,
        lake: &Lake,
        objects: &[Object],
        keys: &Keys,
    ) -> Result<u64, LakeError> {
        let places: HashMap<&str, usize> =
            objects.iter().enumerate().map(|(place, object)| (object.name.as_str(), place)).collect();
        let mut dropped = 0;
        for file in std::mem::take(&mut self.files) {
            let day = lake.written(Table::Events, &file).day;
            match day.and_then(|day| keys.get(&day).zip(Some(day))) {
                Some((keys, day)) if has_any(lake, &file, keys).await? => {
                    let columns: Vec<&str> = written().map(Column::name).collect();
                    let rows = [lake.written(Table::Events, &file)];
                    let rows = lake.rows_of(Table::Events, &rows)?.select_columns(&columns)?;
                    let schema = Arc::new(rows.schema().as_arrow().clone());
                    let mut rewriter = Rewriter::new(schema, day, PART_ROWS_MAX);
                    let mut stream = rows.execute_stream().await?;
                    while let Some(batch) = stream.try_next().await? {
                        let gone: BooleanArray =
                            keys_of(&batch)?.iter().map(|key| Some(keys.contains(key))).collect();
                        dropped += self.count(&filter_record_batch(&batch, &gone)?, &places)?;
                        rewriter.write(&filter_record_batch(&batch, &not(&gone)?)?)?;
                    }
                    self.files.extend(rewriter.put(lake, PART).await?);
                }
                _ => self.files.push(file),
            }
        }
        if dropped > 0 {
            self.summary = self.summarize(lake).await?;
        }
        Ok(dropped)
    }

    /// Counts dropped rows as duplicates of their objects.
    fn count(&mut self, gone: &RecordBatch, places: &HashMap<&str, usize>) -> Result<u64, LakeError> {
        let names = gone.column_by_name(Column::Object.name()).and_then(|names| names.as_string_opt::<i32>());
        for name in names.into_iter().flatten().flatten() {
            let result = places.get(name).and_then(|place| self.results.get_mut(*place));
            let kept = result.as_ref().map_or(0, |result| result.counts.kept);
            let Some((result, kept)) = result.zip(kept.checked_sub(1)) else {
                return Err(LakeError::Inconsistent(format!("a row of `{name}` was kept and not counted")));
            };
            result.counts.kept = kept;
            result.counts.duplicate += 1;
        }
        Ok(gone.num_rows() as u64)
    }

    /// What kind of events are left.
    async fn summarize(&self, lake: &Lake) -> Result<Summary, LakeError> {
        let mut summary = Summary::default();
        let files: Vec<_> = self.files.iter().map(|file| lake.written(Table::Events, file)).collect();
        if files.is_empty() {
            return Ok(summary);
        }
        let columns = [
            Column::EventTime,
            Column::Account,
            Column::AwsRegion,
            Column::EventCategory,
            Column::ManagementEvent,
        ];
        let frame = lake.rows_of(Table::Events, &files)?.select_columns(&columns.map(Column::name))?;
        let mut stream = frame.execute_stream().await?;
        while let Some(batch) = stream.try_next().await? {
            let times = batch.column(0).as_primitive::<TimestampMicrosecondType>();
            let [account, region, category] = [1, 2, 3].map(|place| batch.column(place).as_string::<i32>());
            let management = batch.column(4).as_boolean();
            let text = |array: &arrow::array::StringArray, row: usize| {
                (!array.is_null(row)).then(|| array.value(row).to_owned())
            };
            for row in 0..batch.num_rows() {
                let flag = (!management.is_null(row)).then(|| management.value(row));
                let category = text(category, row);
                summary.add_row(times.value(row), category.as_deref(), flag);
                for (into, array) in [(&mut summary.accounts, account), (&mut summary.regions, region)] {
                    if let Some(name) = text(array, row) {
                        *into.entry(name).or_default() += 1;
                    }
                }
            }
        }
        Ok(summary)
    }
}

/// Whether a file has rows with these keys: few have, and the keys alone are quickly read.
async fn has_any(lake: &Lake, file: &NewFile, keys: &HashSet<Key>) -> Result<bool, LakeError> {
    if keys.is_empty() {
        return Ok(false);
    }
    let file = [lake.written(Table::Events, file)];
    let rows = lake.rows_of(Table::Events, &file)?.select_columns(&KEY_COLUMNS.map(Column::name))?;
    let mut stream = rows.execute_stream().await?;
    while let Some(batch) = stream.try_next().await? {
        if keys_of(&batch)?.iter().any(|key| keys.contains(key)) {
            return Ok(true);
        }
    }
    Ok(false)
}
