//! What the user typed.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use super::output::Format;

/// Who is really behind this activity in AWS, what did they do, and what did they leave behind?
///
/// Ingests CloudTrail logs into a lake (a Delta Lake table of Parquet) and answers from it.
#[derive(Debug, Parser)]
#[command(name = "backtrail", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) shown: Shown,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How results are shown.
#[derive(Debug, Args)]
pub(super) struct Shown {
    /// How results are written: text for people, one JSON document, or CSV where rows make sense
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub(super) format: Format,
    /// Cut nothing to the width of 80 columns (so it is, too, when the output is no terminal)
    #[arg(long, global = true)]
    pub(super) wide: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub(super) ascii: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read logs into a lake; what is there already is not read again
    Ingest(Ingest),
}

/// `backtrail ingest`
#[derive(Debug, Args)]
pub(super) struct Ingest {
    /// Files, folders, or `-` for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub(super) sources: Vec<PathBuf>,
    /// The lake's folder; made when it is not there
    #[arg(long, value_name = "DIR", env = "BACKTRAIL_LAKE", default_value = "lake")]
    pub(super) lake: PathBuf,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// How objects are read.
#[derive(Debug, Args)]
pub(super) struct Reading {
    /// Threads that read and decode; all cores if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) workers: Option<u16>,
    /// An object may inflate to so many bytes
    #[arg(long, value_name = "BYTES", default_value_t = crate::archive::INFLATED_BYTES_MAX)]
    pub(super) inflated_bytes_max: u64,
    /// Commit after objects of so many bytes; an ingest that is stopped goes on from its last commit
    #[arg(long, value_name = "BYTES", default_value_t = crate::lake::BATCH_BYTES)]
    pub(super) batch_bytes: u64,
}

impl Reading {
    pub(super) fn options(&self) -> crate::lake::IngestOptions {
        let mut options = crate::lake::IngestOptions::default();
        if let Some(workers) = self.workers {
            options.workers = usize::from(workers);
        }
        options.inflated_bytes_max = self.inflated_bytes_max;
        options.batch_bytes = self.batch_bytes;
        options
    }
}
