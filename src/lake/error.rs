//! What can go wrong with a lake itself; trouble with objects and records is data, not an error.

use std::error::Error;
use std::path::PathBuf;

use datafusion::error::DataFusionError;
use deltalake_core::DeltaTableError;

use super::Table;
use crate::archive::ListError;
use crate::archive::s3::S3Error;

/// A lake that can't be opened, read or written, or whose objects can't be got at all.
#[derive(Debug, thiserror::Error)]
pub enum LakeError {
    /// There is no lake at the site.
    #[error("no lake in `{site}`: expected a folder that `backtrail ingest` made")]
    NotALake {
        /// The folder, or its address in S3.
        site: String,
    },
    /// A table of a lake is not there, though others are.
    #[error(
        "the table `{table}` of the lake in `{site}` is missing, but its table `{other}` is there\nhint: bring it back from where it was moved or backed up; or ingest into a new lake, and remove this one"
    )]
    TableMissing {
        /// The folder, or its address in S3.
        site: String,
        /// The table that is not there.
        table: &'static str,
        /// One that is.
        other: &'static str,
    },
    /// There are other things at the site of a lake to be made.
    #[error(
        "cannot make a lake in `{site}`: the folder holds other things, such as `{other}`; give an empty or new one"
    )]
    Occupied {
        /// The folder, or its address in S3.
        site: String,
        /// What is there.
        other: String,
    },
    /// A lake can't have this prefix.
    #[error(
        "cannot keep a lake in `s3://{bucket}/{prefix}`: expected a prefix of letters, digits, `-`, `_`, `.` and `=` between single slashes"
    )]
    Prefix {
        /// The bucket.
        bucket: String,
        /// The prefix as given.
        prefix: String,
    },
    /// The store overwrites what it was to put only where nothing is.
    #[error(
        "cannot keep a lake in `{site}`: the store does not know `If-None-Match: *`, by which writers keep from overwriting each other's commits"
    )]
    Unconditional {
        /// The lake's address.
        site: String,
    },
    /// S3 does not let the lake be read or written.
    #[error("cannot {step} the lake: {source}{hint}", hint = source.hint().map(|hint| format!("\nhint: {hint}")).unwrap_or_default())]
    S3 {
        /// What was tried.
        step: &'static str,
        /// What is wrong.
        source: Box<S3Error>,
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
        source: Box<DeltaTableError>,
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
    Engine(#[source] DataFusionError),
    /// Somebody else wrote the lake all the time.
    #[error(
        "others wrote the lake {tries} times while this ingest tried to commit; run it again: it goes on where it was\nhint: fewer jobs at a time, or larger --batch-bytes"
    )]
    Contended {
        /// How often a commit was tried.
        tries: u32,
    },
    /// No threads to read with.
    #[error("cannot start threads: {0}")]
    Threads(String),
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

impl From<DataFusionError> for LakeError {
    fn from(error: DataFusionError) -> Self {
        match s3_cause(&error) {
            Some(cause) => Self::s3("read")(cause.clone()),
            None => Self::Engine(error),
        }
    }
}

impl From<arrow::error::ArrowError> for LakeError {
    fn from(error: arrow::error::ArrowError) -> Self {
        DataFusionError::from(error).into()
    }
}

impl LakeError {
    /// An error of S3, said once and with what to do.
    pub(super) fn s3(step: &'static str) -> impl FnOnce(S3Error) -> Self {
        move |source| Self::S3 { step, source: Box::new(source) }
    }
}

/// An error of Delta, or the error of S3 behind it.
pub(super) fn delta(step: &'static str, table: Table) -> impl FnOnce(DeltaTableError) -> LakeError {
    move |error| match s3_cause(&error) {
        Some(cause) => LakeError::s3(step)(cause.clone()),
        None => LakeError::Delta { step, table: table.name(), source: Box::new(error) },
    }
}

/// The error of S3 behind another one.
pub(super) fn s3_cause<'a>(error: &'a (dyn Error + 'static)) -> Option<&'a S3Error> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref::<S3Error>() {
            return Some(found);
        }
        cause = error.source();
    }
    None
}
