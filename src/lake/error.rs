//! What can go wrong with a lake itself; trouble with objects and records is data, not an error.

use std::path::PathBuf;

use crate::archive::ListError;
use crate::archive::s3::S3Error;

/// A lake that can't be opened, read or written, or whose objects can't be got at all.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// There is no lake in the folder.
    #[error("no lake in `{}`: expected a folder that `backtrail ingest` made", path.display())]
    NotALake {
        /// The folder.
        path: PathBuf,
    },
    /// The folder can't be used.
    #[error("cannot {step} `{}`: {source}", path.display())]
    Folder {
        /// What was tried.
        step: &'static str,
        /// The folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A Delta table can't be read or written.
    #[error("cannot {step} the table `{table}` of the lake: {source}")]
    Delta {
        /// What was tried.
        step: &'static str,
        /// The table's name.
        table: &'static str,
        /// What deltalake said.
        source: Box<deltalake_core::DeltaTableError>,
    },
    /// A data file can't be written.
    #[error("cannot write `{path}` in the lake: {source}")]
    Store {
        /// The file, from the lake's folder.
        path: String,
        /// What the store said.
        source: object_store::Error,
    },
    /// Rows can't be encoded.
    #[error("cannot encode rows as Parquet: {0}")]
    Parquet(#[from] parquet::errors::ParquetError),
    /// The engine failed.
    #[error("cannot read the lake: {0}")]
    Engine(#[from] datafusion::error::DataFusionError),
    /// Somebody else wrote the lake all the time.
    #[error(
        "another ingest wrote the lake {tries} times while this one tried to commit; run it again when the other has ended"
    )]
    Contended {
        /// How often a commit was tried.
        tries: usize,
    },
    /// The objects can't be listed.
    #[error(transparent)]
    List(#[from] ListError),
    /// The objects can't be read, none of them.
    #[error("cannot go on reading: {0}{hint}", hint = .0.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    Source(Box<S3Error>),
    /// The lake says something that can't be: it was not written by this program, or is damaged.
    #[error("the lake is inconsistent: {0}")]
    Inconsistent(String),
}
