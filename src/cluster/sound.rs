//! Jobs of which a step would be done twice are ended before it is: they are asked again as a whole.
//!
//! When an executor is lost, Ballista does again what it had done, and the steps that others were in. Of such a step it keeps
//! the rows that were done already beside those of the second time, and the next step counts both: a wrong answer. (So it is
//! in 55.0: a running stage that is rolled back leaves its outputs in the inputs of the next.) Tasks are handed out in one place
//! only, so there the scheduler looks: a job that is in any step for the second time, or that began before the last loss, gets
//! no task any more and is cancelled, and its client sends it anew.
//!
//! The tasks of a step that is rolled back are stopped, but their executors' slots are never given back (55.0 finds them by the
//! step that no longer has them): an executor that lost all its slots this way would get no task for ever. So slots are counted
//! anew from the tasks that run, each time before tasks are handed out.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ballista_core::JobId;
use ballista_core::error::Result;
use ballista_core::serde::protobuf::ExecutorHeartbeat;
use ballista_core::serde::protobuf::task_status;
use ballista_core::serde::scheduler::{ExecutorData, ExecutorMetadata};
use ballista_scheduler::cluster::{BoundTask, ClusterState, ClusterStateEventStream, ExecutorSlot};
use ballista_scheduler::config::TaskDistributionPolicy;
use ballista_scheduler::state::execution_stage::ExecutionStage;
use ballista_scheduler::state::task_manager::JobInfoCache;
use tokio::sync::mpsc::UnboundedSender;

/// What a scheduler says of a job that it cancelled. Nobody but the job's client and [`Sound`] cancels one.
pub(super) const CANCELLED: &str = "Cancelled";

/// What is known of the executors, handing out only tasks of jobs that are sound.
pub(super) struct Sound {
    inner: Arc<dyn ClusterState>,
    /// How many executors went away so far, for whatever reason.
    losses: AtomicU64,
    /// How many had when a job's first task was handed out; None where it is to end.
    begun: Mutex<HashMap<JobId, Option<u64>>>,
    /// Told which jobs are to end, each once.
    ending: UnboundedSender<JobId>,
    slots: Mutex<HashMap<String, Slots>>,
}

/// The slots of an executor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Slots {
    all: u32,
    /// How many `inner` takes for free.
    free: u32,
}

impl Sound {
    pub(super) fn new(inner: Arc<dyn ClusterState>, ending: UnboundedSender<JobId>) -> Self {
        Self { inner, losses: AtomicU64::new(0), begun: Mutex::default(), ending, slots: Mutex::default() }
    }

    fn slots(&self) -> MutexGuard<'_, HashMap<String, Slots>> {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes that tasks were given slots, or gave them back.
    fn note(&self, changed: &[ExecutorSlot], change: fn(u32, u32) -> u32) {
        let mut slots = self.slots();
        for (executor, count) in changed {
            if let Some(slots) = slots.get_mut(executor) {
                slots.free = change(slots.free, *count);
            }
        }
    }

    /// The slots that no task holds and that nobody gave back, where the tasks that run hold so many.
    fn forgotten(&self, held: &HashMap<String, u32>) -> Vec<ExecutorSlot> {
        let slots = self.slots();
        let forgotten = slots.iter().map(|(executor, slots)| {
            let held = held.get(executor).copied().unwrap_or(0);
            (executor.clone(), slots.all.saturating_sub(held).saturating_sub(slots.free))
        });
        forgotten.filter(|(_, count)| *count > 0).collect()
    }

    /// Whether a job may go on.
    fn goes_on(&self, id: &JobId, again: bool) -> bool {
        let losses = self.losses.load(Ordering::SeqCst);
        let mut begun = self.begun.lock().unwrap_or_else(PoisonError::into_inner);
        let began = begun.entry(id.clone()).or_insert(Some(losses));
        if *began == Some(losses) && !again {
            return true;
        }
        if began.take().is_some() {
            // Where nobody listens, the scheduler ends.
            drop(self.ending.send(id.clone()));
        }
        false
    }
}

/// How many slots of each executor the running tasks of a job hold.
async fn hold(job: &JobInfoCache, held: &mut HashMap<String, u32>) {
    let graph = job.execution_graph.read().await;
    let running = graph.stages().values().filter_map(|stage| match stage {
        ExecutionStage::Running(stage) => Some(&stage.task_infos),
        _ => None,
    });
    for task in running.flatten() {
        if let task_status::Status::Running(running) = &task.task_status {
            let held = held.entry(running.executor_id.clone()).or_default();
            *held = held.saturating_add(task.vcores_consumed);
        }
    }
}

/// Whether any step of a job was begun a second time.
async fn again(job: &JobInfoCache) -> bool {
    let graph = job.execution_graph.read().await;
    graph.stages().values().any(|stage| attempts_before(stage) > 0)
}

fn attempts_before(stage: &ExecutionStage) -> usize {
    match stage {
        ExecutionStage::UnResolved(stage) => stage.stage_attempt_num,
        ExecutionStage::Resolved(stage) => stage.stage_attempt_num,
        ExecutionStage::Running(stage) => stage.stage_attempt_num,
        ExecutionStage::Successful(stage) => stage.stage_attempt_num,
        ExecutionStage::Failed(stage) => stage.stage_attempt_num,
    }
}

#[async_trait]
impl ClusterState for Sound {
    async fn init(&self) -> Result<()> {
        self.inner.init().await
    }

    async fn bind_schedulable_tasks(
        &self,
        distribution: TaskDistributionPolicy,
        active_jobs: Arc<HashMap<JobId, JobInfoCache>>,
        executors: Option<HashSet<String>>,
    ) -> Result<Vec<BoundTask>> {
        let mut sound = HashMap::new();
        let mut held = HashMap::new();
        #[expect(clippy::iter_over_hash_type, reason = "each job is looked at by itself")]
        for (id, job) in active_jobs.iter() {
            hold(job, &mut held).await;
            if self.goes_on(id, again(job).await) {
                sound.insert(id.clone(), job.clone());
            }
        }
        let known = |id: &JobId, _: &mut Option<u64>| active_jobs.contains_key(id);
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).retain(known);
        let forgotten = self.forgotten(&held);
        if !forgotten.is_empty() {
            self.unbind_tasks(forgotten).await?;
        }
        let bound = self.inner.bind_schedulable_tasks(distribution, Arc::new(sound), executors).await?;
        let taken: Vec<ExecutorSlot> =
            bound.iter().map(|(executor, task)| (executor.clone(), task.vcores_consumed)).collect();
        self.note(&taken, u32::saturating_sub);
        Ok(bound)
    }

    async fn unbind_tasks(&self, executor_slots: Vec<ExecutorSlot>) -> Result<()> {
        self.note(&executor_slots, u32::saturating_add);
        self.inner.unbind_tasks(executor_slots).await
    }

    async fn register_executor(&self, metadata: ExecutorMetadata, spec: ExecutorData) -> Result<()> {
        let executor = metadata.id.clone();
        let slots = Slots { all: spec.total_vcores, free: spec.available_vcores };
        self.inner.register_executor(metadata, spec).await?;
        self.slots().insert(executor, slots);
        Ok(())
    }

    async fn save_executor_metadata(&self, metadata: ExecutorMetadata) -> Result<()> {
        self.inner.save_executor_metadata(metadata).await
    }

    async fn get_executor_metadata(&self, executor_id: &str) -> Result<ExecutorMetadata> {
        self.inner.get_executor_metadata(executor_id).await
    }

    async fn registered_executor_metadata(&self) -> Vec<ExecutorMetadata> {
        self.inner.registered_executor_metadata().await
    }

    async fn save_executor_heartbeat(&self, heartbeat: ExecutorHeartbeat) -> Result<()> {
        self.inner.save_executor_heartbeat(heartbeat).await
    }

    async fn remove_executor(&self, executor_id: &str) -> Result<()> {
        // Before anything is done about it.
        self.losses.fetch_add(1, Ordering::SeqCst);
        self.slots().remove(executor_id);
        self.inner.remove_executor(executor_id).await
    }

    fn executor_heartbeats(&self) -> HashMap<String, ExecutorHeartbeat> {
        self.inner.executor_heartbeats()
    }

    fn get_executor_heartbeat(&self, executor_id: &str) -> Option<ExecutorHeartbeat> {
        self.inner.get_executor_heartbeat(executor_id)
    }

    async fn cluster_state_events(&self) -> Result<ClusterStateEventStream> {
        self.inner.cluster_state_events().await
    }
}

#[cfg(test)]
mod tests {
    use ballista_scheduler::cluster::memory::InMemoryClusterState;

    use super::*;

    #[tokio::test]
    async fn a_job_goes_on_only_while_no_executor_was_lost_and_no_step_is_repeated() {
        let (ending, mut ended) = tokio::sync::mpsc::unbounded_channel();
        let sound = Sound::new(Arc::new(InMemoryClusterState::default()), ending);
        let (first, second, third) = (JobId::new("1"), JobId::new("2"), JobId::new("3"));
        assert!(sound.goes_on(&first, false) && sound.goes_on(&first, false));
        sound.remove_executor("lost").await.unwrap();
        assert!(!sound.goes_on(&first, false));
        assert!(!sound.goes_on(&first, false));
        assert!(sound.goes_on(&second, false), "a job that began after the loss");
        assert!(!sound.goes_on(&second, true));
        assert!(!sound.goes_on(&second, false), "what ended stays so");
        assert!(sound.goes_on(&third, false));
        assert_eq!(ended.recv().await, Some(first));
        assert_eq!(ended.recv().await, Some(second));
        assert!(ended.try_recv().is_err());
    }

    #[tokio::test]
    async fn slots_that_no_running_task_holds_are_found() {
        let (ending, _ended) = tokio::sync::mpsc::unbounded_channel();
        let sound = Sound::new(Arc::new(InMemoryClusterState::default()), ending);
        sound.slots().insert("a".to_owned(), Slots { all: 4, free: 4 });
        sound.slots().insert("b".to_owned(), Slots { all: 2, free: 2 });
        let held = |a: u32| HashMap::from([("a".to_owned(), a), ("gone".to_owned(), 1)]);
        sound.note(&[("a".to_owned(), 3)], u32::saturating_sub);
        assert_eq!(sound.forgotten(&held(3)), []);
        assert_eq!(sound.forgotten(&held(1)), [("a".to_owned(), 2)]);
        sound.unbind_tasks(sound.forgotten(&held(1))).await.unwrap();
        assert_eq!(sound.forgotten(&held(1)), []);
        assert_eq!(sound.slots()["a"], Slots { all: 4, free: 3 });
        sound.remove_executor("a").await.unwrap();
        assert_eq!(sound.forgotten(&HashMap::new()), []);
    }
}
