//! Opening a lake, and committing to it exactly once.
//!
//! The three tables cannot be committed in one step. So the files of the ledger are written first, the commit of `events`
//! names them and carries the batch number as a Delta application transaction, and the commits of `refusals` and `objects`
//! follow. Whoever is about to commit a batch and finds that those of the batch before did not follow makes them
//! ([`Lake::reconcile`]): the batch number in each table tells.
//!
//! A commit is a file in the log that is put where nothing is, which one writer only can; so it is in a folder (a hard link)
//! and in S3 (a conditional put). Of two writers of one batch number one conflicts, and takes what the other brought into
//! account before it tries again (`lake::ingest`).

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

#[cfg(feature = "cluster")]
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnvBuilder;
use datafusion::prelude::{DataFrame, SessionConfig, SessionContext};
use deltalake_core::kernel::transaction::{
    CommitBuilder, CommitConflictError, CommitProperties, TableReference, TransactionError,
};
use deltalake_core::kernel::{Action, Add, Remove, Transaction};
use deltalake_core::logstore::LogStore;
use deltalake_core::protocol::{DeltaOperation, SaveMode};
use deltalake_core::{DeltaTable, DeltaTableError};
use object_store::ObjectStoreExt;
use serde::{Deserialize, Serialize};

use super::LakeError;
use super::error::{delta, s3_cause};
use super::schema::Table;
use super::site::{Ground, Site};
use super::table::{DataFile, LakeTable};

/// The application id of the batch number.
const APPLICATION: &str = "backtrail";

/// The application id of compactions. Delta does not take it for a conflict that two commits take the same file out of a table
/// where neither changes its rows.
const COMPACTION: &str = "backtrail-compact";

/// The key of the note that a commit of `events` carries for the ledger.
const NOTE: &str = "backtrail";

/// A session keeps so much of the metadata of Parquet files, to read each only once.
const METADATA_BYTES_MAX: usize = 1024 * 1024 * 1024;

/// A commit is tried again so often at the most where its table was made once more meanwhile.
const MADE_AGAIN_MAX: usize = 64;

/// So many files of a lake in S3 are read at the same time at least: most of that time is waiting.
const REQUESTS_MIN: usize = 16;

/// And so many where one core does the work.
const SINGLE_REQUESTS: usize = 4;

/// A lake, at the version that was the newest when it was opened or last refreshed.
pub struct Lake {
    ground: Ground,
    events: DeltaTable,
    objects: DeltaTable,
    refusals: DeltaTable,
    /// By table: the batch number at a version.
    batches: BTreeMap<&'static str, (u64, i64)>,
}

/// A file that was written and is to be committed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NewFile {
    /// From the table's folder.
    pub(super) path: String,
    pub(super) size: i64,
    pub(super) rows: u64,
    /// As `YYYY-MM-DD`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stats: Option<String>,
}

/// A data file of `events` that may be replaced.
pub(super) struct Present {
    /// From the table's folder.
    pub(super) path: String,
    /// As `YYYY-MM-DD`.
    pub(super) date: String,
    pub(super) rows: u64,
    pub(super) bytes: u64,
    /// What takes it out of the table.
    pub(super) remove: Remove,
}

/// What a commit of `events` notes for the ledger.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    batch: i64,
    objects: NewFile,
    refusals: Option<NewFile>,
}

/// How a commit ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    Done,
    /// Somebody else committed the same batch number; nothing of this batch is in the lake.
    Conflict,
}

/// What the lake holds, in figures.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct LakeSize {
    /// The version of `events`.
    pub version: u64,
    /// Its data files.
    pub files: u64,
    /// Their size in bytes.
    pub bytes: u64,
    /// Its rows.
    pub rows: u64,
}

impl Lake {
    /// Opens the lake at a site.
    ///
    /// # Errors
    /// Where there is none, or it can't be read.
    pub async fn open(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::on(Ground::find(&site.into()).await?).await
    }

    /// Opens the lake at a site, making what is missing of it.
    ///
    /// # Errors
    /// Where something else is at the site, or it can't be written.
    pub async fn create(site: impl Into<Site>) -> Result<Self, LakeError> {
        Self::on(Ground::make(&site.into()).await?).await
    }

    /// Opens the lake at a site as it was at a version of `events`; the other tables as they are.
    ///
    /// # Errors
    /// Where there is none, or it can't be read.
    pub async fn open_at(site: impl Into<Site>, version: u64) -> Result<Self, LakeError> {
        let mut lake = Self::open(site).await?;
        if lake.version() != version {
            lake.events.load_version(version).await.map_err(delta("read", Table::Events))?;
        }
        Ok(lake)
    }

    async fn on(ground: Ground) -> Result<Self, LakeError> {
        Ok(Self {
            events: ground.load(Table::Events).await?,
            objects: ground.load(Table::Objects).await?,
            refusals: ground.load(Table::Refusals).await?,
            batches: BTreeMap::new(),
            ground,
        })
    }

    /// Where it is; a folder with its absolute path.
    #[must_use]
    pub fn site(&self) -> &Site {
        &self.ground.site
    }

    /// The version of `events` as it was last looked at.
    #[must_use]
    pub fn version(&self) -> u64 {
        self.events.version().map_or(0, u64::from)
    }

    /// By what a session knows the lake's store, and the lake's folder in it.
    #[cfg(feature = "cluster")]
    pub(crate) fn place(&self) -> (ObjectStoreUrl, object_store::path::Path) {
        (self.ground.url.clone(), self.ground.base.clone())
    }

    /// Looks for newer versions of the tables.
    ///
    /// # Errors
    /// Where a table can't be read.
    pub async fn refresh(&mut self) -> Result<(), LakeError> {
        for table in Table::ALL {
            self.table_mut(table).update_state().await.map_err(delta("read", table))?;
        }
        Ok(())
    }

    /// A session with the lake's tables as they are now.
    ///
    /// # Errors
    /// Where the list of data files can't be read.
    pub fn session(&self) -> Result<SessionContext, LakeError> {
        let context = self.context()?;
        self.register(&context)?;
        Ok(context)
    }

    /// Some data files of a table as rows.
    pub(super) fn rows_of(&self, table: Table, files: &[DataFile]) -> Result<DataFrame, LakeError> {
        let provider = LakeTable::new(table, self.ground.url.clone(), files);
        let context = self.context()?;
        self.ground.register(&context.runtime_env());
        Ok(context.read_table(Arc::new(provider))?)
    }

    /// A session with the lake's tables that works on one core.
    pub(super) fn single_session(&self) -> Result<SessionContext, LakeError> {
        let context = self.single_context()?;
        self.register(&context)?;
        Ok(context)
    }

    /// The same with some of the data files of `events` alone.
    pub(super) fn session_of(&self, files: &[DataFile]) -> Result<SessionContext, LakeError> {
        let context = self.single_context()?;
        self.ground.register(&context.runtime_env());
        let provider = LakeTable::new(Table::Events, self.ground.url.clone(), files);
        context.register_table(Table::Events.name(), Arc::new(provider))?;
        Ok(context)
    }

    fn single_context(&self) -> Result<SessionContext, LakeError> {
        let partitions = if self.site().folder().is_some() { 1 } else { SINGLE_REQUESTS };
        Self::context_of(SessionConfig::new().with_target_partitions(partitions))
    }

    /// A session without tables.
    fn context(&self) -> Result<SessionContext, LakeError> {
        let mut config = SessionConfig::new();
        if self.site().folder().is_none() && config.target_partitions() < REQUESTS_MIN {
            config = config.with_target_partitions(REQUESTS_MIN);
        }
        Self::context_of(config)
    }

    fn context_of(config: SessionConfig) -> Result<SessionContext, LakeError> {
        let mut config = config.with_information_schema(true);
        let options = config.options_mut();
        options.execution.parquet.pushdown_filters = true;
        options.execution.parquet.reorder_filters = true;
        options.execution.parquet.bloom_filter_on_read = true;
        // Plain Utf8 everywhere, so that rows read here and on a cluster have one type.
        options.execution.parquet.schema_force_view_types = false;
        options.sql_parser.map_string_types_to_utf8view = false;
        // Lakes have no column of parts; to look for what to take out of them is a good part of planning.
        options.optimizer.enable_leaf_expression_pushdown = false;
        let runtime = RuntimeEnvBuilder::new().with_metadata_cache_limit(METADATA_BYTES_MAX).build_arc()?;
        Ok(SessionContext::new_with_config_rt(config, runtime))
    }

    /// Makes the lake's tables known to a session.
    pub(super) fn register(&self, context: &SessionContext) -> Result<(), LakeError> {
        self.ground.register(&context.runtime_env());
        for table in Table::ALL {
            let provider = LakeTable::new(table, self.ground.url.clone(), &self.files(table)?);
            context.register_table(table.name(), Arc::new(provider))?;
        }
        Ok(())
    }

    /// The data files of `events` as the Delta log has them.
    pub(super) fn present(&self) -> Result<Vec<Present>, LakeError> {
        let state = self.events.snapshot().map_err(delta("read", Table::Events))?;
        let mut files: Vec<Present> = state
            .log_data()
            .iter()
            .map(|view| Present {
                path: view.path().into_owned(),
                date: view.partition_values_map().get("event_date").cloned().flatten().unwrap_or_default(),
                rows: view.num_records().unwrap_or(0) as u64,
                bytes: u64::try_from(view.size()).unwrap_or(0),
                remove: view.remove_action(false),
            })
            .collect();
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// Puts files of `events` in the place of others that hold the same rows. It fails where somebody else did so since the
    /// lake was last read: these may be the same files.
    pub(super) async fn replace(
        &mut self,
        mut actions: Vec<Action>,
        files: &[NewFile],
    ) -> Result<(), LakeError> {
        actions.extend(files.iter().map(|file| Action::Add(Add { data_change: false, ..add(file) })));
        let table = Table::Events;
        let operation = DeltaOperation::Optimize { predicate: None, target_size: 0 };
        let state = self.events.snapshot().map_err(delta("read", table))?;
        let compaction = Transaction::new(COMPACTION, i64::try_from(self.version()).unwrap_or(i64::MAX));
        CommitBuilder::from(CommitProperties::default().with_application_transaction(compaction))
            .with_actions(actions)
            .build(Some(state as &dyn TableReference), self.events.log_store(), operation)
            .await
            .map_err(delta("commit to", table))?;
        self.events.update_state().await.map_err(delta("read", table))
    }

    /// Deletes the files that nothing refers to any more since so many days. Gives how many.
    pub(super) async fn vacuum(&mut self, days: u64) -> Result<u64, LakeError> {
        let mut deleted = 0;
        for table in Table::ALL {
            let retention = chrono::Duration::days(i64::try_from(days).unwrap_or(i64::MAX));
            let before = self.table(table).clone();
            let (after, metrics) = before
                .vacuum()
                .with_mode(deltalake_core::operations::vacuum::VacuumMode::Full)
                .with_retention_period(retention)
                .await
                .map_err(delta("clean", table))?;
            deleted += metrics.files_deleted.len() as u64;
            *self.table_mut(table) = after;
        }
        Ok(deleted)
    }

    /// What `events` holds, in figures.
    ///
    /// # Errors
    /// Where the list of data files can't be read.
    pub fn size(&self) -> Result<LakeSize, LakeError> {
        let files = self.files(Table::Events)?;
        Ok(LakeSize {
            version: self.events.version().map_or(0, u64::from),
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.size).sum(),
            rows: files.iter().map(|file| file.rows.unwrap_or(0) as u64).sum(),
        })
    }

    /// The data files of a table.
    pub(super) fn files(&self, table: Table) -> Result<Vec<DataFile>, LakeError> {
        let state = self.table(table).snapshot().map_err(delta("read", table))?;
        let mut files = Vec::new();
        for view in state.log_data().iter() {
            let date = view.partition_values_map().get("event_date").cloned().flatten();
            let path = self.ground.location(table, &view.object_store_path());
            files.push(DataFile::new(path, view.size(), date.as_deref(), view.stats().as_deref()));
        }
        files.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(files)
    }

    /// A file that was written, as a data file, before or after its commit.
    pub(super) fn written(&self, table: Table, file: &NewFile) -> DataFile {
        let path = self.ground.location(table, &object_store::path::Path::from(file.path.as_str()));
        DataFile::new(path, file.size, file.date.as_deref(), file.stats.as_deref())
    }

    /// Writes a data file of a table.
    pub(super) async fn put(&self, table: Table, path: &str, bytes: Vec<u8>) -> Result<(), LakeError> {
        let location = self.ground.location(table, &object_store::path::Path::from(path));
        match self.ground.store.put(&location, bytes.into()).await {
            Ok(_) => Ok(()),
            Err(error) => match s3_cause(&error) {
                Some(cause) => Err(LakeError::s3("write")(cause.clone())),
                None => Err(LakeError::Store { path: format!("{}/{path}", table.name()), source: error }),
            },
        }
    }

    /// The number of the newest batch.
    pub(super) async fn batch(&mut self, table: Table) -> Result<i64, LakeError> {
        let delta_table = self.table(table);
        let log_store = delta_table.log_store();
        let version = delta_table.version().map_or(0, u64::from);
        let known = self.batches.get(table.name()).filter(|(at, _)| version.checked_sub(*at).is_some());
        let batch = if let Some((at, batch)) = known.copied() {
            // The few commits since tell; else all of the log is read.
            let mut newest = batch;
            for version in at + 1..=version {
                let entry = log_store.read_commit_entry(version).await.map_err(delta("read", table))?;
                newest = entry.as_deref().and_then(batch_of).unwrap_or(newest).max(newest);
            }
            newest
        } else {
            let state = delta_table.snapshot().map_err(delta("read", table))?;
            let batch =
                state.transaction_version(&log_store, APPLICATION).await.map_err(delta("read", table))?;
            batch.unwrap_or(0)
        };
        self.batches.insert(table.name(), (version, batch));
        Ok(batch)
    }

    /// Commits a batch whose files are written: its events, then its ledger. Its number is the next after that of `events`
    /// as the lake was last read.
    pub(super) async fn commit(
        &mut self,
        batch: i64,
        events: &[NewFile],
        objects: NewFile,
        refusals: Option<NewFile>,
    ) -> Result<Committed, LakeError> {
        let note = Note { batch, objects, refusals };
        let mut committed = self.commit_events(events, &note).await?;
        if committed == Committed::Conflict {
            // Whose commit is in the way? Where the answer to the first try got lost, its second try finds the first.
            let there = self.note_of(batch).await?;
            if there.is_some_and(|there| there.objects.path == note.objects.path) {
                committed = Committed::Done;
            }
        }
        if committed == Committed::Done {
            self.commit_ledger(&note).await?;
        }
        Ok(committed)
    }

    /// A commit that is stopped before its ledger.
    #[cfg(test)]
    pub(super) async fn commit_events_only(
        &mut self,
        batch: i64,
        events: &[NewFile],
        objects: NewFile,
        refusals: Option<NewFile>,
    ) -> Result<Committed, LakeError> {
        self.commit_events(events, &Note { batch, objects, refusals }).await
    }

    async fn commit_events(&mut self, events: &[NewFile], note: &Note) -> Result<Committed, LakeError> {
        let text = serde_json::to_value(note).map_err(|error| {
            LakeError::Inconsistent(format!("the ledger's note cannot be written: {error}"))
        })?;
        self.commit_table(Table::Events, note.batch, events, Some(text)).await
    }

    /// Makes the ledger's commits that a batch still lacks: `objects` comes last, so that a ledger with it is whole. A
    /// conflict means that somebody else just made them, for a batch is only committed when the one before has its ledger.
    async fn commit_ledger(&mut self, note: &Note) -> Result<(), LakeError> {
        if let Some(refusals) = &note.refusals
            && self.batch(Table::Refusals).await? < note.batch
        {
            self.commit_table(Table::Refusals, note.batch, std::slice::from_ref(refusals), None).await?;
        }
        if self.batch(Table::Objects).await? < note.batch {
            self.commit_table(Table::Objects, note.batch, std::slice::from_ref(&note.objects), None).await?;
        }
        Ok(())
    }

    /// Looks for newer versions of the tables, and ends the last batch, where whoever began it was stopped, or did not come
    /// yet, between the commits. Every batch is committed to a lake that was brought to this state.
    pub(super) async fn reconcile(&mut self) -> Result<(), LakeError> {
        self.refresh().await?;
        let batch = self.batch(Table::Events).await?;
        if self.batch(Table::Objects).await? >= batch {
            return Ok(());
        }
        match self.note_of(batch).await? {
            Some(note) => self.commit_ledger(&note).await,
            None => Err(LakeError::Inconsistent(format!("batch {batch} of `events` names no ledger"))),
        }
    }

    /// The note of a batch, from the newest commits of `events`. Each batch left one, so that only those of a compaction, one
    /// for each day of the lake, may have to be passed over. They are not deleted before they are a month old, and never by a
    /// compaction that began behind a batch without its ledger: it makes that first.
    async fn note_of(&self, batch: i64) -> Result<Option<Note>, LakeError> {
        let log_store = self.events.log_store();
        let newest = self.events.version().map_or(0, u64::from);
        for version in (0..=newest).rev() {
            let entry = log_store.read_commit_entry(version).await.map_err(delta("read", Table::Events))?;
            let Some(entry) = entry else { break };
            for line in entry.split(|byte| *byte == b'\n') {
                let Ok(action) = serde_json::from_slice::<serde_json::Value>(line) else { continue };
                let note = action.get("commitInfo").and_then(|info| info.get(NOTE));
                let note = note.and_then(|note| serde_json::from_value::<Note>(note.clone()).ok());
                if let Some(note) = note.filter(|note| note.batch <= batch) {
                    return Ok(Some(note).filter(|note| note.batch == batch));
                }
            }
        }
        Ok(None)
    }

    async fn commit_table(
        &mut self,
        table: Table,
        batch: i64,
        files: &[NewFile],
        note: Option<serde_json::Value>,
    ) -> Result<Committed, LakeError> {
        let actions: Vec<Action> = files.iter().map(|file| Action::Add(add(file))).collect();
        let properties = CommitProperties::default()
            .with_application_transaction(Transaction::new(APPLICATION, batch))
            // Only a compaction deletes: who ingests needs no right to.
            .with_cleanup_expired_logs(Some(false))
            .with_metadata(note.map(|note| (NOTE.to_owned(), note)));
        let partitions = table.partition_columns();
        let operation = DeltaOperation::Write {
            mode: SaveMode::Append,
            partition_by: (!partitions.is_empty())
                .then(|| partitions.iter().map(ToString::to_string).collect()),
            predicate: None,
        };
        let mut tries = 0;
        let committed = loop {
            tries += 1;
            let delta_table = self.table(table);
            let state = delta_table.snapshot().map_err(delta("read", table))?;
            let committed = CommitBuilder::from(properties.clone())
                .with_actions(actions.clone())
                .build(Some(state as &dyn TableReference), delta_table.log_store(), operation.clone())
                .await;
            // Of two jobs that make a lake at the same instant one makes its tables once more, as they are: that is no
            // other state to commit to.
            let made_again = matches!(
                committed,
                Err(DeltaTableError::Transaction {
                    source: TransactionError::CommitConflict(
                        CommitConflictError::MetadataChanged | CommitConflictError::ProtocolChanged(_)
                    )
                })
            );
            if !made_again || tries >= MADE_AGAIN_MAX {
                break committed;
            }
            self.table_mut(table).update_state().await.map_err(delta("read", table))?;
            // With that state a batch of this number would no longer be found to be in the way.
            if self.batch(table).await? >= batch {
                return Ok(Committed::Conflict);
            }
        };
        let delta_table = self.table_mut(table);
        match committed {
            Ok(done) => {
                delta_table.state = Some(done.snapshot());
                self.batches.insert(table.name(), (done.version(), batch));
                Ok(Committed::Done)
            }
            Err(DeltaTableError::Transaction {
                source: TransactionError::CommitConflict(CommitConflictError::ConcurrentTransaction),
            }) => {
                delta_table.update_state().await.map_err(delta("read", table))?;
                Ok(Committed::Conflict)
            }
            // A compaction commits day after day; only it has commits of other kinds, and only of events.
            Err(DeltaTableError::Transaction { source: TransactionError::MaxCommitAttempts(_) })
                if table == Table::Events =>
            {
                delta_table.update_state().await.map_err(delta("read", table))?;
                Ok(Committed::Conflict)
            }
            Err(error) => Err(delta("commit to", table)(error)),
        }
    }

    fn table(&self, table: Table) -> &DeltaTable {
        match table {
            Table::Events => &self.events,
            Table::Objects => &self.objects,
            Table::Refusals => &self.refusals,
        }
    }

    fn table_mut(&mut self, table: Table) -> &mut DeltaTable {
        match table {
            Table::Events => &mut self.events,
            Table::Objects => &mut self.objects,
            Table::Refusals => &mut self.refusals,
        }
    }
}

/// The batch number that an entry of a log carries.
fn batch_of(entry: &[u8]) -> Option<i64> {
    #[derive(Deserialize)]
    struct Line {
        txn: Option<Numbered>,
    }
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Numbered {
        app_id: String,
        version: i64,
    }
    let lines =
        entry.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice::<Line>(line).ok());
    lines.filter_map(|line| line.txn).find(|txn| txn.app_id == APPLICATION).map(|txn| txn.version)
}

fn add(file: &NewFile) -> Add {
    let partition_values = match &file.date {
        Some(date) => HashMap::from([("event_date".to_owned(), Some(date.clone()))]),
        None => HashMap::new(),
    };
    Add {
        path: file.path.clone(),
        partition_values,
        size: file.size,
        modification_time: now_millis(),
        data_change: true,
        stats: Some(file.stats.clone().unwrap_or_else(|| format!("{{\"numRecords\":{}}}", file.rows))),
        tags: None,
        deletion_vector: None,
        base_row_id: None,
        default_row_commit_version: None,
        clustering_provider: None,
    }
}

/// Delta asks every file for the time it was made; nothing that a user sees depends on it.
pub(super) fn now_millis() -> i64 {
    chrono::Utc::now().timestamp_millis()
}
