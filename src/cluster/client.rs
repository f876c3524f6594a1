//! The client's side: a session that plans as the engine does, and has the parts run by a cluster.

use std::sync::Arc;
use std::time::Duration;

use ballista_core::optimizer::with_ballista_optimizer_rules;

use super::cut::Planner;
use super::fold::Executors;
use super::job::Jobs;
use super::split::Place;
use super::{ClusterError, START_WAIT_MAX, SchedulerAddress, node, status};
use crate::lake::{self, Lake, Scratch, Session};

/// So often is looked for an executor where there is none yet.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// A plan is split into no more tasks than this beside each other, however many slots there are.
const TASKS_MAX: u64 = 1024;

/// And into no fewer, so that a job is never one long task that is lost as a whole.
const TASKS_MIN: u64 = 4;

/// A cluster that answers.
#[derive(Debug, Clone)]
pub struct Cluster {
    jobs: Arc<Jobs>,
    tasks: usize,
}

impl Cluster {
    /// Finds a scheduler, and waits a little for its first executor.
    ///
    /// # Errors
    /// Where none answers in time, it is of another version, or has no executor.
    pub async fn connect(scheduler: &SchedulerAddress) -> Result<Self, ClusterError> {
        let started = tokio::time::Instant::now();
        let slots = loop {
            let slots = status(scheduler).await?.slots();
            if slots > 0 {
                break slots;
            }
            if started.elapsed() > START_WAIT_MAX {
                return Err(ClusterError::NoExecutor { scheduler: scheduler.clone() });
            }
            tokio::time::sleep(LOOK_EVERY).await;
        };
        let tasks = usize::try_from(slots.clamp(TASKS_MIN, TASKS_MAX)).unwrap_or(usize::MAX);
        Ok(Self { jobs: Arc::new(Jobs::of(scheduler)?), tasks })
    }

    /// Who runs jobs on it.
    pub(super) fn jobs(&self) -> Arc<Jobs> {
        Arc::clone(&self.jobs)
    }

    /// How many tasks a job is split into.
    pub(super) fn tasks(&self) -> usize {
        self.tasks
    }

    /// A session of a lake, with what reads that lake run by the cluster. With a scratch place the steps of lineage are
    /// taken there, too. `note` is told, in a line for the user, where files of the lake have to be read here after all.
    #[must_use]
    pub fn session(
        &self,
        lake: &Lake,
        session: &Session,
        scratch: Option<Scratch>,
        note: fn(&str),
    ) -> Session {
        let places = [Some(lake.place()), scratch.as_ref().map(Scratch::place)];
        let places = places.into_iter().flatten().map(|(store, base)| Place { store, base }).collect();
        if let Some(scratch) = &scratch {
            scratch.register(session);
        }
        let planner = Arc::new(Planner::new(Arc::clone(&self.jobs), places, note));
        let rules = with_ballista_optimizer_rules(session.state().optimizers());
        let (site, version) = (lake.site().to_string(), lake.version());
        let (jobs, tasks) = (Arc::clone(&self.jobs), self.tasks);
        let hands = Arc::new(Executors { jobs, tasks, lake: site, version, scratch });
        lake::elsewhere(session, planner, rules, hands, |config| {
            node::adjusted(config).with_target_partitions(self.tasks)
        })
    }
}
