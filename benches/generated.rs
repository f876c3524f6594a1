//! A lake of generated events, and what the engine says of it.
#![allow(dead_code, reason = "each of those who include it uses a part")]

use std::path::{Path, PathBuf};

use anyhow::{Result, ensure};
use arrow::util::display::array_value_to_string;
use backtrail::lake::{self, IngestOptions, Lake, Progress};
use backtrail::query;

use crate::archive::{self, Spec};

/// A lake of so many different events, below a folder; of callers with so many habits, if any.
pub(crate) async fn lake(events: u64, habits: Option<u64>, folder: &Path) -> Result<PathBuf> {
    let (logs, lake) = (folder.join("archive"), folder.join("lake"));
    let spec = Spec { events, objects: (events / 800).max(20), habits, ..Spec::default() };
    let summary = archive::generate(&spec, &logs)?;
    let listed = backtrail::archive::list(&[logs])?;
    let report = lake::ingest(&lake, listed, &IngestOptions::default(), &Quiet).await?;
    ensure!(report.counts.kept == summary.events, "{:?}", report.counts);
    Ok(lake)
}

/// The lake that is given, or a generated one of so many events.
pub(crate) async fn given_or_made(given: Option<&Path>, events: u64, folder: &Path) -> Result<PathBuf> {
    match given {
        Some(lake) => Ok(lake.to_owned()),
        None => Box::pin(lake(events, None, folder)).await,
    }
}

/// Shows nothing.
pub(crate) struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

/// The rows of a statement, as text.
pub(crate) async fn rows(lake: &Lake, sql: &str) -> Result<Vec<Vec<String>>> {
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    let mut found = Vec::new();
    for batch in query::sql(&session, sql).await?.collect().await? {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row));
            found.push(cells.collect::<Result<Vec<String>, _>>()?);
        }
    }
    Ok(found)
}
