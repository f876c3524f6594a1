//! The lake: Delta tables of Parquet that hold every event, the ledger of objects, and what was refused.
//!
//! A lake is a folder, or a prefix of a bucket, with three [Delta](https://github.com/delta-io/delta/blob/master/PROTOCOL.md) tables, `events`,
//! `objects` and `refusals`; Spark, Athena, DuckDB and Polars read them as they are. Beside them stand hidden files
//! (`complete`). Only this module, [`crate::query`] and the session that [`Lake::session`] gives know the engine.

mod chunk;
mod column;
mod commit;
mod compact;
mod complete;
mod decode;
mod encode;
mod error;
mod flow;
mod folder;
mod ingest;
mod instant;
mod intake;
mod intern;
mod keys;
mod keyset;
mod ledger;
mod pipeline;
mod plan;
mod read;
mod rebase;
mod rebuild;
mod rewrite;
mod rows;
mod s3;
mod schema;
mod scratch;
mod seen;
mod session;
mod share;
mod site;
mod sort;
#[cfg(feature = "cluster")]
mod stores;
mod table;
mod write;

#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use crate::archive::hexadecimal;

pub use column::{Column, Kind, Source};
pub use commit::{Lake, LakeSize};
pub use compact::{CompactReport, RETAINED_DAYS, compact};
pub use complete::{Selection, note_complete, read_up_to};
pub use error::LakeError;
pub use ingest::{
    BATCH_BYTES, IngestOptions, IngestReport, Progress, REFUSALS_REPORTED_MAX, holds_only, ingest,
};
pub use pipeline::{OBJECT_REFUSALS_MAX, Summary};
pub use plan::{Plan, plan};
pub use rebuild::rebuild;
pub use schema::{OBJECT_COLUMNS, REFUSAL_COLUMNS, SmallColumn, Table, small_schema};
#[cfg(feature = "cluster")]
pub(crate) use scratch::RowFile;
pub(crate) use scratch::{KeptFile, Run, RunFolder};
pub use scratch::{RUN_PREFIX, Scratch, ScratchError, removed};
#[cfg(feature = "cluster")]
pub(crate) use session::elsewhere;
pub(crate) use session::{config_here, hands, plans_elsewhere, session_like};
#[cfg(feature = "cluster")]
pub(crate) use share::KeptApart;
pub(crate) use share::{Asked, Hands};
pub use share::{Folds, Share, Shared};
pub use site::Site;
#[cfg(feature = "cluster")]
pub use stores::NodeStores;
pub use table::days;
pub(crate) use table::{EventFile, EventFiles, event_files, keep_metadata, leave_metadata};

/// The engine's session, as [`Lake::session`] gives it: for code that passes it on and knows no more of it.
pub use datafusion::prelude::SessionContext as Session;

/// What the lake keeps of a session token: `sha256:` and the first 128 bits of its SHA-256 in hexadecimal.
#[must_use]
pub fn token_hash(token: &[u8]) -> String {
    let hash = Sha256::digest(token);
    format!("sha256:{}", hexadecimal(hash.get(..16).unwrap_or_default()))
}
