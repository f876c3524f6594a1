//! A scratch place: a folder, or a prefix of a bucket, that this machine and all executors of a cluster see, for the tables
//! that a computation makes on its way.
//!
//! Each run has a folder of its own there, with a name that nobody guesses, and removes it when it ends, however it does. No
//! run looks at another one's. Tables are Parquet files; who writes one tells its name to who reads it, so what a task left
//! behind that was lost on its way is never read.

use std::fs;
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use arrow::datatypes::{Field, Schema, SchemaRef};
use async_trait::async_trait;
use datafusion::catalog::{Session, TableProvider};
use datafusion::common::stats::Precision;
use datafusion::common::{Result as EngineResult, Statistics, project_schema};
use datafusion::datasource::TableType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfigBuilder, ParquetSource};
use datafusion::datasource::source::DataSourceExec;
use datafusion::datasource::table_schema::TableSchema;
use datafusion::execution::object_store::{ObjectStoreRegistry, ObjectStoreUrl};
use datafusion::logical_expr::Expr;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::empty::EmptyExec;
use futures::{StreamExt, TryStreamExt};
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{ObjectMeta, ObjectStore, ObjectStoreExt};
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::basic::{Compression, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use serde::{Deserialize, Serialize};
use url::Url;

use super::LakeError;
use super::error::s3_cause;
use super::site::{Ground, Site};

/// What the name of a run's folder begins with.
pub const RUN_PREFIX: &str = "backtrail-scratch-";

/// The file that a run begins with in a bucket, where a folder can't be made: what may not be written is told before the work.
const BEGUN: &str = "begun";

/// A file takes so many bytes or a little more.
const FILE_BYTES_MAX: usize = 64 * 1024 * 1024;

/// A table of fewer rows is one file.
const FILE_ROWS_MIN: u64 = 64 * 1024;

/// A folder into which an executor writes while it is removed is removed again, so often.
const REMOVE_TRIES_MAX: u32 = 5;

/// Removals that are on their way, of runs that were dropped.
static LEAVING: AtomicUsize = AtomicUsize::new(0);

/// Waits until what runs kept that were dropped is removed, or the time is over.
pub async fn removed(wait: Duration) {
    let over = tokio::time::Instant::now() + wait;
    while LEAVING.load(Ordering::SeqCst) > 0 && tokio::time::Instant::now() < over {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Why a step can't be kept in a scratch place.
#[derive(Debug, thiserror::Error)]
pub enum ScratchError {
    /// Nothing can be written there.
    #[error(
        "cannot write `{path}`: {problem}\nhint: a scratch place (`--scratch`) is in S3, or in a folder that this machine and all executors see under the same path and may write to"
    )]
    Write {
        /// The file or folder.
        path: String,
        /// What the store said.
        problem: String,
    },
    /// What was written can't be read.
    #[error("cannot read `{path}`: {problem}")]
    Read {
        /// The file.
        path: String,
        /// What the store said, or is wrong with it.
        problem: String,
    },
    /// Rows can't be encoded.
    #[error("cannot encode rows as Parquet: {0}")]
    Encode(#[from] ParquetError),
}

/// A scratch place.
#[derive(Debug, Clone)]
pub struct Scratch {
    ground: Ground,
    /// Told what could not be removed.
    note: fn(&str),
}

impl Scratch {
    /// The place at a site. `note` is told, in a line for the user, what could not be removed there.
    ///
    /// # Errors
    /// Where the folder is not there.
    pub fn at(site: &Site, note: fn(&str)) -> Result<Self, LakeError> {
        Ok(Self { ground: Ground::of(site)?, note })
    }

    /// By what sessions know its store, and its folder in it.
    #[cfg(feature = "cluster")]
    pub(crate) fn place(&self) -> (ObjectStoreUrl, Path) {
        (self.ground.url.clone(), self.ground.base.clone())
    }

    /// Makes the store known to a session.
    #[cfg(feature = "cluster")]
    pub(crate) fn register(&self, context: &super::Session) {
        self.ground.register(&context.runtime_env());
    }

    /// Begins a run.
    pub(crate) async fn run(&self) -> Result<Run, ScratchError> {
        let name = format!("{RUN_PREFIX}{}", uuid::Uuid::new_v4());
        let base = self.ground.base.parts().chain(std::iter::once(name.as_str().into())).collect();
        let mut run = Run { ground: self.ground.clone(), base, name, note: self.note, ended: true };
        match &run.ground.site {
            Site::Folder(folder) => {
                let path = folder.join(&run.name);
                fs::create_dir(&path).map_err(|error| ScratchError::Write {
                    path: path.display().to_string(),
                    problem: error.to_string(),
                })?;
            }
            Site::S3 { .. } => {
                let path = within(&run.base, BEGUN);
                let put = run.ground.store.put(&path, Vec::new().into()).await;
                put.map_err(|error| failed_write(&run.shown(BEGUN), &error))?;
            }
        }
        // Only now is there something to remove.
        run.ended = false;
        Ok(run)
    }
}

/// A file of a table: what who reads it has to know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct KeptFile {
    /// Its name in the run's folder.
    pub(crate) name: String,
    pub(crate) bytes: u64,
    pub(crate) rows: u64,
}

/// The folder of a run, as it travels to who writes there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct RunFolder {
    /// The address of the store.
    store: String,
    /// The folder in it.
    path: String,
}

impl RunFolder {
    /// Writes a file there, in the store that a registry has.
    #[cfg_attr(
        not(feature = "cluster"),
        expect(dead_code, reason = "only a cluster tells others of a folder")
    )]
    pub(crate) async fn put(
        &self,
        stores: &dyn ObjectStoreRegistry,
        (bytes, rows): (Vec<u8>, u64),
    ) -> Result<KeptFile, ScratchError> {
        let shown = self.shown();
        let failed = |problem: String| ScratchError::Write { path: shown.clone(), problem };
        let url = Url::parse(&self.store).map_err(|error| failed(error.to_string()))?;
        let base = Path::parse(&self.path).map_err(|error| failed(error.to_string()))?;
        if url.scheme() == "file" {
            // A store makes what folders are missing. Here that would be one that nobody else sees, or that is removed.
            let folder = LocalFileSystem::new().path_to_filesystem(&base);
            if !folder.is_ok_and(|folder| folder.is_dir()) {
                return Err(failed("there is no such folder".to_owned()));
            }
        }
        let store = stores.get_store(&url).map_err(|error| failed(error.to_string()))?;
        put(store.as_ref(), &base, &shown, (bytes, rows)).await
    }

    /// Its name for people.
    pub(crate) fn shown(&self) -> String {
        if self.store.starts_with("s3://") {
            format!("{}/{}", self.store.trim_end_matches('/'), self.path)
        } else {
            format!("/{}", self.path)
        }
    }
}

/// One computation's own folder in a scratch place; removed when it is dropped, at the latest.
#[derive(Debug)]
pub(crate) struct Run {
    ground: Ground,
    /// Its folder in the store.
    base: Path,
    /// The folder's name.
    name: String,
    note: fn(&str),
    ended: bool,
}

impl Run {
    /// Its folder, for those who write there.
    pub(crate) fn folder(&self) -> RunFolder {
        RunFolder { store: self.ground.url.as_str().to_owned(), path: self.base.to_string() }
    }

    /// Writes rows, in so many files about as large, where they are many.
    pub(crate) async fn keep(
        &self,
        schema: &SchemaRef,
        batches: &[RecordBatch],
        files: usize,
    ) -> Result<Vec<KeptFile>, ScratchError> {
        let rows: usize = batches.iter().map(RecordBatch::num_rows).sum();
        let rows_each = (rows.div_ceil(files.max(1)) as u64).max(FILE_ROWS_MIN);
        let mut kept = Vec::new();
        let mut open: Option<RowFile> = None;
        for batch in batches.iter().filter(|batch| batch.num_rows() > 0) {
            let mut file = match open.take() {
                Some(file) => file,
                None => RowFile::new(schema)?,
            };
            file.write(batch)?;
            if file.rows >= rows_each || file.is_full() {
                kept.push(self.put(file).await?);
            } else {
                open = Some(file);
            }
        }
        if let Some(file) = open {
            kept.push(self.put(file).await?);
        }
        Ok(kept)
    }

    async fn put(&self, file: RowFile) -> Result<KeptFile, ScratchError> {
        put(self.ground.store.as_ref(), &self.base, &self.shown(""), file.finish()?).await
    }

    /// The rows of files, here.
    pub(crate) async fn read(&self, files: &[KeptFile]) -> Result<Vec<RecordBatch>, ScratchError> {
        let mut batches = Vec::new();
        for file in files {
            let failed = |problem: String| ScratchError::Read { path: self.shown(&file.name), problem };
            let said = |error: object_store::Error| failed(problem(&error));
            let got = self.ground.store.get(&within(&self.base, &file.name)).await.map_err(said)?;
            let bytes = got.bytes().await.map_err(said)?;
            let reader = ParquetRecordBatchReaderBuilder::try_new(bytes)
                .and_then(ParquetRecordBatchReaderBuilder::build)
                .map_err(|error| failed(error.to_string()))?;
            let mut rows = 0;
            for batch in reader {
                let batch = batch.map_err(|error| failed(error.to_string()))?;
                rows += batch.num_rows() as u64;
                batches.push(batch);
            }
            if rows != file.rows {
                return Err(failed(format!("expected {} rows, found {rows}", file.rows)));
            }
        }
        Ok(batches)
    }

    /// A table of files.
    pub(crate) fn table(&self, schema: &Schema, files: Vec<KeptFile>) -> Arc<dyn TableProvider> {
        // Whether a value may be missing is not told by who wrote it.
        let fields = schema.fields().iter().map(|field| Field::clone(field).with_nullable(true));
        let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
        let schema = TableSchema::builder(schema).build();
        Arc::new(RunTable { schema, store: self.ground.url.clone(), base: self.base.clone(), files })
    }

    /// Removes the run's folder.
    pub(crate) async fn end(mut self) {
        let removed = remove(&self.ground, &self.base, &self.name).await;
        self.ended = true;
        if let Err(problem) = removed {
            (self.note)(&left(&self.shown(""), &problem));
        }
    }

    /// A file of it for people; its folder for no name.
    fn shown(&self, name: &str) -> String {
        let folder = self.folder().shown();
        if name.is_empty() { folder } else { format!("{folder}/{name}") }
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if self.ended {
            return;
        }
        let (ground, base, name) = (self.ground.clone(), self.base.clone(), self.name.clone());
        let (note, shown) = (self.note, self.shown(""));
        if let Site::Folder(folder) = &ground.site {
            if let Err(problem) = remove_folder(&folder.join(name)) {
                note(&left(&shown, &problem));
            }
            return;
        }
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        LEAVING.fetch_add(1, Ordering::SeqCst);
        runtime.spawn(async move {
            if let Err(problem) = remove(&ground, &base, &name).await {
                note(&left(&shown, &problem));
            }
            LEAVING.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// What is said of a folder that stays.
fn left(folder: &str, problem: &str) -> String {
    format!("note: cannot remove `{folder}`: {problem}; it holds nothing that is needed any more")
}

async fn remove(ground: &Ground, base: &Path, name: &str) -> Result<(), String> {
    if let Site::Folder(folder) = &ground.site {
        return remove_folder(&folder.join(name));
    }
    let found = ground.store.list(Some(base)).map_ok(|file| file.location).boxed();
    let removed = ground.store.delete_stream(found).try_for_each(|_| async { Ok(()) }).await;
    removed.map_err(|error| problem(&error))
}

fn remove_folder(folder: &std::path::Path) -> Result<(), String> {
    let mut tries = 0;
    loop {
        tries += 1;
        match fs::remove_dir_all(folder) {
            Ok(()) => return Ok(()),
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            Err(error) if error.kind() == ErrorKind::DirectoryNotEmpty && tries < REMOVE_TRIES_MAX => {}
            Err(error) => return Err(error.to_string()),
        }
    }
}

/// Writes a file of rows into a folder of a store, under a name of its own.
async fn put(
    store: &dyn ObjectStore,
    base: &Path,
    shown: &str,
    (bytes, rows): (Vec<u8>, u64),
) -> Result<KeptFile, ScratchError> {
    let name = format!("{}.parquet", uuid::Uuid::new_v4());
    let kept = KeptFile { name, bytes: bytes.len() as u64, rows };
    let put = store.put(&within(base, &kept.name), bytes.into()).await;
    put.map_err(|error| failed_write(&format!("{shown}/{}", kept.name), &error))?;
    Ok(kept)
}

fn failed_write(path: &str, error: &object_store::Error) -> ScratchError {
    ScratchError::Write { path: path.to_owned(), problem: problem(error) }
}

/// What a store says, in S3's words where it is S3.
fn problem(error: &object_store::Error) -> String {
    match s3_cause(error) {
        Some(cause) => cause.with_hint(),
        None => error.to_string(),
    }
}

fn within(base: &Path, name: &str) -> Path {
    base.parts().chain(std::iter::once(name.into())).collect()
}

/// A Parquet file in the making.
pub(crate) struct RowFile {
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
}

impl RowFile {
    /// One without rows.
    pub(crate) fn new(schema: &SchemaRef) -> Result<Self, ParquetError> {
        // It is read once, as a whole, and most of it are hashes.
        let properties = WriterProperties::builder()
            .set_compression(Compression::ZSTD(ZstdLevel::try_new(1)?))
            .set_statistics_enabled(EnabledStatistics::None)
            .build();
        let writer = ArrowWriter::try_new(Vec::new(), Arc::clone(schema), Some(properties))?;
        Ok(Self { writer, rows: 0 })
    }

    pub(crate) fn write(&mut self, batch: &RecordBatch) -> Result<(), ParquetError> {
        self.rows += batch.num_rows() as u64;
        self.writer.write(batch)
    }

    /// Whether it should take no more.
    pub(crate) fn is_full(&self) -> bool {
        self.bytes() >= FILE_BYTES_MAX
    }

    /// How many bytes it takes, about.
    pub(crate) fn bytes(&self) -> usize {
        self.writer.bytes_written() + self.writer.in_progress_size()
    }

    /// Its bytes, and how many rows they are.
    pub(crate) fn finish(self) -> Result<(Vec<u8>, u64), ParquetError> {
        Ok((self.writer.into_inner()?, self.rows))
    }
}

/// A table of a run: a plain Parquet scan, which runs wherever the files are seen.
#[derive(Debug)]
struct RunTable {
    schema: TableSchema,
    store: ObjectStoreUrl,
    base: Path,
    files: Vec<KeptFile>,
}

#[async_trait]
impl TableProvider for RunTable {
    fn schema(&self) -> SchemaRef {
        Arc::clone(self.schema.table_schema())
    }

    fn table_type(&self) -> TableType {
        TableType::Base
    }

    async fn scan(
        &self,
        state: &dyn Session,
        projection: Option<&Vec<usize>>,
        _: &[Expr],
        limit: Option<usize>,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        if self.files.is_empty() {
            return Ok(Arc::new(EmptyExec::new(project_schema(&self.schema(), projection)?)));
        }
        let rows: u64 = self.files.iter().map(|file| file.rows).sum();
        let statistics = Statistics {
            num_rows: usize::try_from(rows).map_or(Precision::Absent, Precision::Exact),
            ..Statistics::new_unknown(&self.schema())
        };
        let files = self.files.iter().map(|file| {
            PartitionedFile::new_from_meta(ObjectMeta {
                location: within(&self.base, &file.name),
                last_modified: chrono::DateTime::UNIX_EPOCH,
                size: file.bytes,
                e_tag: None,
                version: None,
            })
        });
        let groups = FileGroup::new(files.collect()).split_files(state.config().target_partitions());
        let source = Arc::new(ParquetSource::new(self.schema.clone()));
        let config = FileScanConfigBuilder::new(self.store.clone(), source)
            .with_file_groups(groups)
            .with_statistics(statistics)
            .with_projection_indices(projection.cloned())?
            .with_limit(limit)
            .build();
        Ok(DataSourceExec::from_data_source(config))
    }
}
