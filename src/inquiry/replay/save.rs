//! What every event comes to, as a Parquet file: the table `verdicts`.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use arrow::array::{ArrayRef, RecordBatch, StringBuilder, TimestampMicrosecondBuilder};
use parquet::arrow::ArrowWriter;
use parquet::basic::{Compression, ZstdLevel};
use parquet::file::properties::WriterProperties;

use crate::lake::{Kind, SmallColumn, small_schema};
use crate::query::QueryError;
use crate::replay::answer::Change;
use crate::replay::{EventVerdict, Record};

/// The columns of the table `verdicts`, which `backtrail replay --save` writes.
pub const VERDICT_COLUMNS: &[SmallColumn] = &[
    ("event_time", Kind::Timestamp, false, "When the request was made."),
    ("event_id", Kind::Text, true, "CloudTrail's id of the event, as in `events`."),
    ("account", Kind::Text, true, "The account that the record belongs to, as in `events`."),
    ("aws_region", Kind::Text, true, "The region."),
    ("event_source", Kind::Text, true, "The service called."),
    ("event_name", Kind::Text, true, "The API operation called."),
    ("principal", Kind::Text, true, "The user or role that called: its ARN, or another name of who called."),
    (
        "then",
        Kind::Text,
        false,
        "What AWS did: `allowed`, `denied` or `failed` (for a reason that is not permission).",
    ),
    (
        "verdict",
        Kind::Text,
        false,
        "The policies' decision beside that: `same`, `now-denied`, `now-allowed`, `undetermined` or `not-a-request`.",
    ),
    (
        "action",
        Kind::Text,
        false,
        "The action that decided; of what is no request, source and name of the event.",
    ),
    ("resource", Kind::Text, false, "The resource of that request; `*` in it stands for what is not known."),
    ("decided_by", Kind::Text, true, "The statement, layer or rule that decided."),
    ("needs", Kind::Text, true, "What would decide it, or why it is no request."),
    (
        "change",
        Kind::Text,
        true,
        "What the proposal changes: `broken`, `may-break`, `opened` or `may-open`; none without a proposal.",
    ),
];

/// Rows that are written at once.
const ROWS_MAX: usize = 32_768;

/// A file that is being written; it takes its name when it is whole.
#[derive(Debug)]
pub(super) struct Sink {
    path: PathBuf,
    part: PathBuf,
    /// None once the file has its name.
    writer: Mutex<Option<ArrowWriter<File>>>,
}

impl Drop for Sink {
    fn drop(&mut self) {
        if self.writer.get_mut().is_ok_and(|writer| writer.is_none()) {
            return;
        }
        // What is not whole is of no use; nobody can be told any more.
        drop(std::fs::remove_file(&self.part));
    }
}

/// Rows on their way to the file.
#[derive(Debug, Default)]
pub(super) struct Rows {
    times: TimestampMicrosecondBuilder,
    texts: Vec<StringBuilder>,
    count: usize,
}

fn failed(path: &Path, error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> QueryError {
    QueryError::Io { step: "write", path: path.to_owned(), source: std::io::Error::other(error) }
}

impl Sink {
    /// Begins a file, in place of what stands there when it is whole.
    pub(super) fn new(path: &Path) -> Result<Sink, QueryError> {
        let named = path.file_name().filter(|_| !path.is_dir());
        let mut name = named.ok_or_else(|| failed(path, "expected the name of a file"))?.to_owned();
        name.push(".part");
        let part = path.with_file_name(name);
        let file = File::create(&part).map_err(|source| QueryError::Io {
            step: "write",
            path: part.clone(),
            source,
        })?;
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1).map_err(|error| failed(path, error))?))
            .build();
        let writer = ArrowWriter::try_new(file, small_schema(VERDICT_COLUMNS), Some(properties))
            .map_err(|error| failed(path, error))?;
        Ok(Sink { path: path.to_owned(), part, writer: Mutex::new(Some(writer)) })
    }

    fn write(&self, batch: &RecordBatch) -> Result<(), QueryError> {
        let mut writer = self.writer.lock().map_err(|_| failed(&self.path, "another thread failed"))?;
        let Some(writer) = writer.as_mut() else { return Err(failed(&self.path, "it is closed")) };
        writer.write(batch).map_err(|error| failed(&self.path, error))
    }

    /// Ends the file and gives it its name.
    pub(super) fn close(&self) -> Result<(), QueryError> {
        let mut writer = self.writer.lock().map_err(|_| failed(&self.path, "another thread failed"))?;
        if let Some(writer) = writer.as_mut() {
            writer.finish().map_err(|error| failed(&self.path, error))?;
        }
        std::fs::rename(&self.part, &self.path).map_err(|source| QueryError::Io {
            step: "write",
            path: self.path.clone(),
            source,
        })?;
        *writer = None;
        Ok(())
    }
}

impl Rows {
    /// Takes what an event comes to; writes when there is enough.
    pub(super) fn add(
        &mut self,
        record: &Record<'_>,
        verdict: &EventVerdict,
        sink: &Sink,
    ) -> Result<(), QueryError> {
        if self.texts.is_empty() {
            self.texts = VERDICT_COLUMNS.iter().skip(1).map(|_| StringBuilder::new()).collect();
        }
        self.times.append_value(record.event_time.timestamp_micros());
        let cells = [
            record.event_id,
            record.account,
            record.aws_region,
            record.event_source,
            record.event_name,
            verdict.principal.as_deref(),
            Some(verdict.then.word()),
            Some(verdict.verdict.word()),
            Some(&verdict.action),
            Some(&verdict.resource),
            verdict.decided.as_deref(),
            verdict.needs.as_deref(),
            verdict.change.map(Change::word),
        ];
        for (column, cell) in self.texts.iter_mut().zip(cells) {
            column.append_option(cell);
        }
        self.count += 1;
        if self.count >= ROWS_MAX { self.flush(sink) } else { Ok(()) }
    }

    /// Writes what is left.
    pub(super) fn flush(&mut self, sink: &Sink) -> Result<(), QueryError> {
        if self.count == 0 {
            return Ok(());
        }
        self.count = 0;
        let times: ArrayRef = Arc::new(self.times.finish().with_timezone("UTC"));
        let texts = self.texts.iter_mut().map(|column| Arc::new(column.finish()) as ArrayRef);
        let columns = std::iter::once(times).chain(texts).collect();
        let batch = RecordBatch::try_new(small_schema(VERDICT_COLUMNS), columns)
            .map_err(|error| failed(&sink.path, error))?;
        sink.write(&batch)
    }
}
