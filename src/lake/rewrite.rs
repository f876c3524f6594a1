//! Rows of the lake, written to a file again.

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use uuid::Uuid;

use super::commit::{Lake, NewFile};
use super::write::{DayFile, file_properties};
use super::{Column, LakeError, Table};

/// Writes rows of one day to files.
pub(super) struct Rewriter {
    schema: SchemaRef,
    day: i32,
    group_rows: usize,
    open: Option<(ArrowWriter<Vec<u8>>, Extent)>,
}

impl Rewriter {
    /// For rows with the columns of an event file, in row groups of so many.
    pub(super) fn new(schema: SchemaRef, day: i32, group_rows: usize) -> Self {
        Self { schema, day, group_rows, open: None }
    }

    pub(super) fn write(&mut self, batch: &RecordBatch) -> Result<(), LakeError> {
        if batch.num_rows() == 0 {
            return Ok(());
        }
        let (writer, extent) = if let Some(open) = &mut self.open {
            open
        } else {
            let options = ArrowWriterOptions::new()
                .with_properties(file_properties(self.group_rows))
                .with_skip_arrow_metadata(true);
            let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&self.schema), options)?;
            self.open.insert((writer, Extent::default()))
        };
        writer.write(batch)?;
        extent.note(batch);
        Ok(())
    }

    /// How many rows were written since the last file was put.
    pub(super) fn rows(&self) -> u64 {
        self.open.as_ref().map_or(0, |(_, extent)| extent.rows)
    }

    /// Puts the rows in a file whose name begins so, which nothing refers to yet; None where there are none.
    pub(super) async fn put(&mut self, lake: &Lake, name: &str) -> Result<Option<NewFile>, LakeError> {
        let Some((writer, extent)) = self.open.take() else { return Ok(None) };
        let Extent { rows, time_micros, accounts } = extent;
        let file = DayFile { day: self.day, bytes: writer.into_inner()?, rows, time_micros, accounts };
        Ok(Some(put(lake, name, file).await?))
    }
}

/// Puts a file of events, which nothing refers to yet; its name begins so.
pub(super) async fn put(lake: &Lake, name: &str, file: DayFile) -> Result<NewFile, LakeError> {
    let date = chrono::NaiveDate::from_epoch_days(file.day).unwrap_or_default().to_string();
    let path = format!("event_date={date}/{name}{}.parquet", Uuid::new_v4());
    let size = i64::try_from(file.bytes.len()).unwrap_or(i64::MAX);
    let stats = stats(&file);
    lake.put(Table::Events, &path, file.bytes).await?;
    Ok(NewFile { path, size, rows: file.rows, date: Some(date), stats: Some(stats) })
}

/// The statistics of a file as Delta writes them: times in milliseconds, the greatest rounded up by its reader.
fn stats(file: &DayFile) -> String {
    let time = |micros: i64| {
        chrono::DateTime::from_timestamp_micros(micros)
            .unwrap_or_default()
            .format("%Y-%m-%dT%H:%M:%S%.3fZ")
            .to_string()
    };
    let (first, last) = file.time_micros;
    let mut low = serde_json::json!({ "event_time": time(first) });
    let mut high = serde_json::json!({ "event_time": time(last) });
    if let (Some((least, greatest)), Some(low), Some(high)) =
        (&file.accounts, low.as_object_mut(), high.as_object_mut())
    {
        low.insert("account".to_owned(), least.clone().into());
        high.insert("account".to_owned(), greatest.clone().into());
    }
    serde_json::json!({ "numRecords": file.rows, "minValues": low, "maxValues": high, "nullCount": { "event_time": 0 } })
        .to_string()
}

/// From where to where a file's rows go.
struct Extent {
    rows: u64,
    time_micros: (i64, i64),
    accounts: Option<(String, String)>,
}

impl Default for Extent {
    fn default() -> Self {
        Self { rows: 0, time_micros: (i64::MAX, i64::MIN), accounts: None }
    }
}

impl Extent {
    fn note(&mut self, batch: &arrow::array::RecordBatch) {
        use arrow::array::AsArray;
        self.rows += batch.num_rows() as u64;
        if let Some(times) = batch
            .column_by_name(Column::EventTime.name())
            .and_then(|times| times.as_primitive_opt::<arrow::datatypes::TimestampMicrosecondType>())
        {
            for time in times.iter().flatten() {
                self.time_micros.0 = self.time_micros.0.min(time);
                self.time_micros.1 = self.time_micros.1.max(time);
            }
        }
        if let Some(accounts) =
            batch.column_by_name(Column::Account.name()).and_then(|accounts| accounts.as_string_opt::<i32>())
        {
            let least = accounts.iter().flatten().min();
            let greatest = accounts.iter().flatten().max();
            if let (Some(least), Some(greatest)) = (least, greatest) {
                self.accounts = Some(match self.accounts.take() {
                    None => (least.to_owned(), greatest.to_owned()),
                    Some((low, high)) => (low.min(least.to_owned()), high.max(greatest.to_owned())),
                });
            }
        }
    }
}
