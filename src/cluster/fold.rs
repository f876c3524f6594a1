//! Folds on a cluster: each slot folds a share of the lake's files in plain code, and what it came to goes to the client.
//!
//! Which way a share is folded is not known here, only its name: whoever starts an executor says who folds
//! ([`crate::lake::Folds`]). A task that is done again comes to the same, for a share is of one version of the lake.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::job::Jobs;
use super::keep;
use super::task::{self, Kind, Worker};
use crate::lake::{Asked, Hands, KeptApart, Lake, RunFolder, Scratch, Share};

/// The share of one task, as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Told {
    lake: String,
    version: u64,
    /// The name of the way in which it is folded.
    what: String,
    place: usize,
    count: usize,
    /// In microseconds since 1970.
    from: Option<i64>,
    to: Option<i64>,
}

/// Folds a share. Gives nothing where it has no file.
pub(super) async fn fold(worker: &Worker, body: &[u8], share: &str) -> anyhow::Result<Vec<u8>> {
    let told: Told = serde_json::from_str(share)?;
    let time = |micros: i64| DateTime::from_timestamp_micros(micros);
    let share = Share {
        place: told.place,
        count: told.count,
        from: told.from.and_then(time),
        to: told.to.and_then(time),
    };
    let lake = Lake::open_at(worker.site(&told.lake)?, told.version).await?;
    let Some(shared) = lake.share(&share)? else { return Ok(Vec::new()) };
    worker.folds.fold(&shared, &told.what, body).await
}

/// The executors of a cluster as those who fold a lake.
pub(super) struct Executors {
    pub(super) jobs: Arc<Jobs>,
    /// How many tasks work beside each other.
    pub(super) tasks: usize,
    /// The lake's name, as executors see it.
    pub(super) lake: String,
    pub(super) version: u64,
    /// Where the steps of a computation are kept that they take.
    pub(super) scratch: Option<Scratch>,
}

impl fmt::Debug for Executors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Executors").field("scheduler", &self.jobs.scheduler).finish_non_exhaustive()
    }
}

#[async_trait]
impl Hands for Executors {
    async fn fold(&self, asked: &Asked<'_>) -> EngineResult<Vec<Vec<u8>>> {
        let micros = |time: Option<DateTime<Utc>>| time.map(|time| time.timestamp_micros());
        let share = |place| Told {
            lake: self.lake.clone(),
            version: self.version,
            what: asked.what.to_owned(),
            place,
            count: self.tasks,
            from: micros(asked.from),
            to: micros(asked.to),
        };
        let shares: Vec<String> = (0..self.tasks)
            .map(|place| serde_json::to_string(&share(place)))
            .collect::<Result<_, _>>()
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let made = task::run(Arc::clone(&self.jobs), Kind::Fold, asked.body.to_vec(), &shares).await?;
        Ok(made.into_iter().filter(|bytes| !bytes.is_empty()).collect())
    }

    fn scratch(&self) -> Option<&Scratch> {
        self.scratch.as_ref()
    }

    async fn keep(
        &self,
        frame: DataFrame,
        flag: &'static str,
        folder: &RunFolder,
    ) -> EngineResult<KeptApart> {
        keep::keep(frame, flag, folder).await
    }
}
