//! Where a lake is, and how its files are got at: a folder, or a prefix of a bucket.

use std::fmt;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::execution::runtime_env::RuntimeEnv;
use deltalake_core::kernel::transaction::CommitProperties;
use deltalake_core::logstore::{LogStoreRef, StorageConfig, default_logstore};
use deltalake_core::operations::create::CreateBuilder;
use deltalake_core::protocol::SaveMode;
use deltalake_core::table::config::TableProperty;
use deltalake_core::{DeltaTable, DeltaTableBuilder, DeltaTableError};
use object_store::ObjectStore;
use object_store::prefix::PrefixStore;
use url::Url;

use super::LakeError;
use super::error::delta;
use super::folder::FolderFiles;
use super::s3::S3Files;
use super::schema::Table;
use crate::archive::s3::file::{Below, Put};
use crate::archive::s3::{Bucket, S3Error, S3ErrorKind, S3Url, Store};

/// The file that tells whether a store puts only where nothing is; hidden from readers by its name.
const PROBE: &str = ".put-if-none-match";

/// After so many commits of a table its log is summed up, so that whoever opens the lake reads no more commits than that.
const CHECKPOINT_EVERY: &str = "25";

/// Where a lake is.
#[derive(Debug, Clone)]
pub enum Site {
    /// A folder.
    Folder(PathBuf),
    /// A prefix of a bucket.
    S3 {
        /// The bucket.
        bucket: Arc<Bucket>,
        /// The prefix, without a slash at its end; empty for the whole bucket.
        prefix: String,
    },
}

impl Site {
    /// A place in S3.
    ///
    /// # Errors
    /// Where the prefix has other characters than letters, digits, `-`, `_`, `.`, `=` and single slashes: a lake's readers
    /// do not agree on how others are written.
    pub fn in_s3(place: &S3Url, store: &Store) -> Result<Self, LakeError> {
        let prefix = place.prefix.trim_end_matches('/');
        let plain = |c: char| c.is_ascii_alphanumeric() || "-_.=".contains(c);
        let fits = |part: &str| !part.is_empty() && part != "." && part != ".." && part.chars().all(plain);
        if !prefix.is_empty() && !prefix.split('/').all(fits) {
            return Err(LakeError::Prefix { bucket: place.bucket.clone(), prefix: place.prefix.clone() });
        }
        Ok(Self::S3 { bucket: Bucket::new(&place.bucket, store), prefix: prefix.to_owned() })
    }

    /// The folder, where it is one.
    #[must_use]
    pub fn folder(&self) -> Option<&Path> {
        match self {
            Self::Folder(folder) => Some(folder),
            Self::S3 { .. } => None,
        }
    }
}

impl From<PathBuf> for Site {
    fn from(folder: PathBuf) -> Self {
        Self::Folder(folder)
    }
}

impl From<&Path> for Site {
    fn from(folder: &Path) -> Self {
        Self::Folder(folder.to_owned())
    }
}

impl From<&PathBuf> for Site {
    fn from(folder: &PathBuf) -> Self {
        Self::Folder(folder.clone())
    }
}

impl From<&Site> for Site {
    fn from(site: &Site) -> Self {
        site.clone()
    }
}

impl fmt::Display for Site {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Folder(folder) => write!(f, "{}", folder.display()),
            Self::S3 { bucket, prefix } => {
                write!(f, "s3://{}{}{prefix}", bucket.name(), if prefix.is_empty() { "" } else { "/" })
            }
        }
    }
}

/// The ground that a lake stands on: a store of files, and where in it the lake begins.
#[derive(Debug, Clone)]
pub(super) struct Ground {
    pub(super) site: Site,
    pub(super) store: Arc<dyn ObjectStore>,
    /// By what a session knows the store.
    pub(super) url: ObjectStoreUrl,
    /// The lake's folder in the store.
    pub(super) base: object_store::path::Path,
}

impl Ground {
    /// Finds the lake at a site.
    pub(super) async fn find(site: &Site) -> Result<Self, LakeError> {
        if !is_lake(site).await? {
            return Err(LakeError::NotALake { site: site.to_string() });
        }
        Self::of(site)
    }

    /// Makes what is missing of a lake at a site.
    pub(super) async fn make(site: &Site) -> Result<Self, LakeError> {
        let folders = |path: PathBuf| {
            let made = fs::create_dir_all(&path);
            made.map_err(|source| LakeError::Folder { step: "make the folder", path, source })
        };
        if let Site::Folder(folder) = site {
            folders(folder.clone())?;
        }
        let is_made = is_lake(site).await?;
        if !is_made && let Some(other) = other_thing(site).await? {
            return Err(LakeError::Occupied { site: site.to_string(), other });
        }
        if let Site::S3 { bucket, prefix } = site {
            probe(site, bucket, &format!("{}{PROBE}", start(prefix))).await?;
        }
        let ground = Self::of(site)?;
        if is_made {
            // A table that is missing was lost: made anew, it would not hold what the ledger says is there.
            return Ok(ground);
        }
        // `events` comes last: a folder with it is a whole lake.
        for table in [Table::Objects, Table::Refusals, Table::Events] {
            if let Site::Folder(folder) = site {
                folders(folder.join(table.name()))?;
            }
            CreateBuilder::new()
                .with_log_store(ground.log_store(table)?)
                .with_table_name(table.name())
                .with_columns(table.delta_fields())
                .with_partition_columns(table.partition_columns().iter().copied())
                .with_configuration_property(TableProperty::CheckpointInterval, Some(CHECKPOINT_EVERY))
                .with_save_mode(SaveMode::Ignore)
                // A second try would make the table once more, as a version after the first.
                .with_commit_properties(CommitProperties::default().with_max_retries(0))
                .await
                .or_else(|error| match error {
                    // Somebody else made it in the same instant.
                    DeltaTableError::VersionAlreadyExists(_) | DeltaTableError::Transaction { .. }
                        if super::error::s3_cause(&error).is_none() =>
                    {
                        Ok(DeltaTable::new_in_memory())
                    }
                    other => Err(delta("make", table)(other)),
                })?;
        }
        Ok(ground)
    }

    /// The ground at a site, whatever stands on it.
    pub(super) fn of(site: &Site) -> Result<Self, LakeError> {
        Ok(match site {
            Site::Folder(folder) => {
                let folder = fs::canonicalize(folder).map_err(|source| LakeError::Folder {
                    step: "open the folder",
                    path: folder.clone(),
                    source,
                })?;
                let base = object_store::path::Path::from_absolute_path(&folder)
                    .map_err(|error| LakeError::Inconsistent(format!("the lake's path is odd: {error}")))?;
                Self {
                    site: Site::Folder(folder),
                    store: Arc::new(FolderFiles::new()),
                    url: ObjectStoreUrl::local_filesystem(),
                    base,
                }
            }
            Site::S3 { bucket, prefix } => Self {
                site: site.clone(),
                store: Arc::new(S3Files::new(Arc::clone(bucket))),
                url: ObjectStoreUrl::parse(format!("s3://{}", bucket.name()))?,
                base: object_store::path::Path::from(prefix.as_str()),
            },
        })
    }

    /// Makes the store known to a session.
    pub(super) fn register(&self, runtime: &RuntimeEnv) {
        runtime.register_object_store(self.url.as_ref(), Arc::clone(&self.store));
    }

    /// Where a file of a table is in the store; `relative` is its path from the table's folder.
    pub(super) fn location(
        &self,
        table: Table,
        relative: &object_store::path::Path,
    ) -> object_store::path::Path {
        self.table_base(table).parts().chain(relative.parts()).collect()
    }

    /// Opens a table.
    pub(super) async fn load(&self, table: Table) -> Result<DeltaTable, LakeError> {
        let mut found = DeltaTable::new(self.log_store(table)?);
        match found.load().await {
            Ok(()) => Ok(found),
            Err(_) if table != Table::Events && !has_table(&self.site, table).await? => {
                Err(self.missing(table, Table::Events))
            }
            Err(error) => Err(delta("open", table)(error)),
        }
    }

    fn missing(&self, table: Table, other: Table) -> LakeError {
        LakeError::TableMissing { site: self.site.to_string(), table: table.name(), other: other.name() }
    }

    fn table_base(&self, table: Table) -> object_store::path::Path {
        self.base.parts().chain(std::iter::once(table.name().into())).collect()
    }

    fn log_store(&self, table: Table) -> Result<LogStoreRef, LakeError> {
        match &self.site {
            Site::Folder(folder) => {
                let folder = folder.join(table.name());
                let url = Url::from_directory_path(&folder).map_err(|()| {
                    LakeError::Inconsistent(format!("the folder `{}` is no absolute path", folder.display()))
                })?;
                let builder = DeltaTableBuilder::from_url(url).map_err(delta("open", table))?;
                builder.build_storage().map_err(delta("open", table))
            }
            Site::S3 { bucket, .. } => {
                let base = self.table_base(table);
                let url = Url::parse(&format!("s3://{}/{base}/", bucket.name())).map_err(|error| {
                    LakeError::Inconsistent(format!("the address of `{base}` is odd: {error}"))
                })?;
                let within = Arc::new(PrefixStore::new(Arc::clone(&self.store), base));
                Ok(default_logstore(within, Arc::clone(&self.store), &url, &StorageConfig::default()))
            }
        }
    }
}

/// Makes sure that the store puts only where nothing is, when it is asked to: one that does not know the header overwrites
/// the commits of others, and nobody notices.
async fn probe(site: &Site, bucket: &Bucket, key: &str) -> Result<(), LakeError> {
    for _ in 0..2 {
        match bucket.put(key, Bytes::new(), Put::New).await {
            Ok(_) => {}
            Err(S3Error { kind: S3ErrorKind::Exists, .. }) => return Ok(()),
            Err(error) => return Err(LakeError::s3("write")(error)),
        }
    }
    Err(LakeError::Unconditional { site: site.to_string() })
}

/// Whether there is a lake. One whose ledger knows of commits, but that has no `events`, is an error: these come first.
async fn is_lake(site: &Site) -> Result<bool, LakeError> {
    if has_table(site, Table::Events).await? {
        return Ok(true);
    }
    if !has_table(site, Table::Objects).await? {
        return Ok(false);
    }
    let ground = Ground::of(site)?;
    let ledger = ground.load(Table::Objects).await?;
    // Somebody else may have made the lake since it was looked for.
    let is_lost = ledger.version().is_some_and(|version| version > 0);
    match has_table(site, Table::Events).await? {
        false if is_lost => Err(ground.missing(Table::Events, Table::Objects)),
        found => Ok(found),
    }
}

/// Whether a table is there; a folder that may not be looked into is an error.
async fn has_table(site: &Site, table: Table) -> Result<bool, LakeError> {
    Ok(match site {
        Site::Folder(folder) => {
            let log = folder.join(table.name()).join("_delta_log");
            match fs::metadata(&log) {
                Ok(found) => found.is_dir(),
                Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => false,
                Err(source) => {
                    return Err(LakeError::Folder {
                        step: "look for a lake in",
                        path: folder.clone(),
                        source,
                    });
                }
            }
        }
        Site::S3 { bucket, prefix } => {
            let log = format!("{}{}/_delta_log/", start(prefix), table.name());
            let page = bucket.files(&log, Below::All, None, None).await;
            !page.map_err(LakeError::s3("open"))?.files.is_empty()
        }
    })
}

/// Something at the site that is no part of a lake. What is hidden does not count.
async fn other_thing(site: &Site) -> Result<Option<String>, LakeError> {
    let other = |name: &str| !name.starts_with('.') && Table::ALL.iter().all(|table| table.name() != name);
    match site {
        Site::Folder(folder) => {
            let entries = fs::read_dir(folder).map_err(|source| LakeError::Folder {
                step: "read the folder",
                path: folder.clone(),
                source,
            })?;
            let mut names =
                entries.filter_map(Result::ok).map(|entry| entry.file_name().display().to_string());
            Ok(names.find(|name| other(name)))
        }
        Site::S3 { bucket, prefix } => {
            let start = start(prefix);
            let page = bucket.files(&start, Below::Level, None, None).await.map_err(LakeError::s3("open"))?;
            let files = page.files.into_iter().map(|file| file.key);
            let mut names = files
                .chain(page.folders)
                .filter_map(|key| key.strip_prefix(&start).map(|name| name.trim_end_matches('/').to_owned()));
            Ok(names.find(|name| other(name)))
        }
    }
}

/// What all keys of a lake begin with.
fn start(prefix: &str) -> String {
    if prefix.is_empty() { String::new() } else { format!("{prefix}/") }
}
