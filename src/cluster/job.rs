//! A job: sent to the scheduler, waited for, its rows got from the executors that have them.
//!
//! Ballista's own client waits without a limit, and leaves a job running when nobody wants its rows any more. This one asks
//! the scheduler again and again, so that one that is gone is noticed, and cancels what is dropped.

use std::fmt::Write as _;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use arrow::array::RecordBatch;
use ballista_core::client::BallistaClient;
use ballista_core::serde::protobuf::execute_query_params::Query;
use ballista_core::serde::protobuf::execute_query_result::Result as Accepted;
use ballista_core::serde::protobuf::job_status::Status as JobState;
use ballista_core::serde::protobuf::scheduler_grpc_client::SchedulerGrpcClient;
use ballista_core::serde::protobuf::{
    CancelJobParams, ExecuteQueryParams, GetJobStatusParams, KeyValuePair, PartitionLocation,
    execute_query_failure_result,
};
use ballista_core::version;
use datafusion::error::DataFusionError;
use datafusion::execution::SendableRecordBatchStream;
use datafusion::prelude::SessionConfig;
use futures::stream::{BoxStream, StreamExt, TryStreamExt};
use tokio::time::{Instant, timeout};
use tonic::transport::{Channel, Endpoint};

use super::sound::CANCELLED;
use super::status::{slow, status};
use super::task;
use super::{
    ANSWER_WAIT_MAX, ClusterError, EXECUTOR_SILENT_MAX, MESSAGE_BYTES_MAX, ROWS_WAIT_MAX, SchedulerAddress,
};

/// The first question whether a job is done comes after this time, each other after twice the time of the one before.
const ASK_FIRST: Duration = Duration::from_millis(10);
const ASK_EVERY_MAX: Duration = Duration::from_millis(500);

/// A big plan may take the scheduler so long.
const ACCEPT_WAIT_MAX: Duration = Duration::from_mins(2);

/// A scheduler that does not answer is asked so often again before it counts as gone.
const ASK_TRIES_MAX: u32 = 3;

/// A job runs so often at the most, where an executor goes away while it runs or before its rows were got.
const RUNS_MAX: u32 = 3;

/// So often is looked whether a cluster whose job is not done has any executor.
const LOOK_EVERY: Duration = Duration::from_secs(5);

/// A message of an executor is shown up to so many characters.
const MESSAGE_CHARS_MAX: usize = 2000;

/// Cancellations that are on their way.
static LEAVING: AtomicUsize = AtomicUsize::new(0);

/// Waits until what was dropped was cancelled on the cluster, or the time is over.
pub async fn settled(wait: Duration) {
    let over = tokio::time::Instant::now() + wait;
    while LEAVING.load(Ordering::SeqCst) > 0 && tokio::time::Instant::now() < over {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Runs jobs on one cluster.
#[derive(Debug)]
pub(super) struct Jobs {
    pub(super) scheduler: SchedulerAddress,
    endpoint: Endpoint,
}

/// Rows of a job.
pub(super) type Rows = BoxStream<'static, Result<RecordBatch, DataFusionError>>;

type Client = SchedulerGrpcClient<Channel>;

/// Where a job's rows are.
type Places = Vec<PartitionLocation>;

impl Jobs {
    pub(super) fn of(scheduler: &SchedulerAddress) -> Result<Self, ClusterError> {
        let endpoint = Endpoint::from_shared(format!("http://{}", scheduler.authority()))
            .map_err(|error| ClusterError::Unreachable {
                scheduler: scheduler.clone(),
                problem: error.to_string(),
            })?
            .connect_timeout(ANSWER_WAIT_MAX)
            .tcp_nodelay(true);
        Ok(Self { scheduler: scheduler.clone(), endpoint })
    }

    /// Runs an encoded plan to its end, and gives its rows as they are asked for.
    pub(super) async fn run(
        self: Arc<Self>,
        plan: Arc<Vec<u8>>,
        config: SessionConfig,
    ) -> Result<Rows, ClusterError> {
        let mut runs = 0;
        loop {
            runs += 1;
            let places = match self.finish(&plan, &config).await {
                Err(ClusterError::Interrupted { .. }) if runs < RUNS_MAX => continue,
                other => other?,
            };
            let mut rows = Box::pin(Arc::clone(&self).rows(places));
            // Once rows were given, those of another run could be others.
            match rows.next().await {
                Some(Err(ClusterError::Rows { .. })) if runs < RUNS_MAX => {}
                None => return Ok(futures::stream::empty().boxed()),
                Some(first) => {
                    let first = futures::stream::once(async { first });
                    return Ok(first.chain(rows).map_err(DataFusionError::from).boxed());
                }
            }
        }
    }

    async fn connect(&self) -> Result<Client, ClusterError> {
        let unreachable = |problem| ClusterError::Unreachable { scheduler: self.scheduler.clone(), problem };
        let channel = timeout(ANSWER_WAIT_MAX, self.endpoint.connect())
            .await
            .map_err(|_| unreachable(slow(ANSWER_WAIT_MAX)))?
            .map_err(|error| unreachable(chain(&error)))?;
        let limit = usize::try_from(MESSAGE_BYTES_MAX).unwrap_or(usize::MAX);
        Ok(SchedulerGrpcClient::new(channel)
            .max_encoding_message_size(limit)
            .max_decoding_message_size(limit))
    }

    /// Sends a plan and waits until its job is done.
    async fn finish(&self, plan: &[u8], config: &SessionConfig) -> Result<Places, ClusterError> {
        let mut client = self.connect().await?;
        let job = self.send(&mut client, plan, config).await?;
        let mut running = Running { job: Some(job.clone()), client: client.clone() };
        let ended = self.ended(&mut client, &job).await;
        if matches!(ended, Ok(_) | Err(ClusterError::Job { .. } | ClusterError::Interrupted { .. })) {
            running.job = None;
        }
        ended
    }

    async fn send(
        &self,
        client: &mut Client,
        plan: &[u8],
        config: &SessionConfig,
    ) -> Result<String, ClusterError> {
        let settings = config.options().entries().into_iter();
        let settings: Vec<KeyValuePair> =
            settings.map(|entry| KeyValuePair { key: entry.key, value: entry.value }).collect();
        // A scheduler keeps sessions for ever: of equal settings there is one.
        let session_id = crate::lake::token_hash(format!("{settings:?}").as_bytes());
        let mut request = tonic::Request::new(ExecuteQueryParams {
            query: Some(Query::PhysicalPlan(plan.to_vec())),
            settings,
            session_id,
            operation_id: uuid::Uuid::new_v4().to_string(),
        });
        version::insert_version_header(request.metadata_mut());
        let answer = timeout(ACCEPT_WAIT_MAX, client.execute_query(request))
            .await
            .map_err(|_| self.lost("take a plan", slow(ACCEPT_WAIT_MAX)))?
            .map_err(|status| self.lost("take a plan", said(&status)))?;
        let refused = |problem: String| ClusterError::Plan { scheduler: self.scheduler.clone(), problem };
        match answer.into_inner().result {
            Some(Accepted::Success(accepted)) => Ok(accepted.job_id),
            Some(Accepted::Failure(failure)) => Err(refused(match failure.failure {
                Some(
                    execute_query_failure_result::Failure::PlanParsingFailure(text)
                    | execute_query_failure_result::Failure::SqlParsingFailure(text)
                    | execute_query_failure_result::Failure::SessionNotFound(text),
                ) => text,
                None => "no reason was given".to_owned(),
            })),
            None => Err(refused("the scheduler gave no answer".to_owned())),
        }
    }

    /// Waits until a job is done. That may take as long as it wants to while the scheduler answers: the scheduler ends jobs
    /// that have no executor any more.
    async fn ended(&self, client: &mut Client, job: &str) -> Result<Places, ClusterError> {
        let mut wait = ASK_FIRST;
        let mut failures = 0;
        let (mut looked, mut bare) = (Instant::now(), None);
        loop {
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(ASK_EVERY_MAX);
            let asked = client.get_job_status(GetJobStatusParams { job_id: job.to_owned() });
            let problem = match timeout(ANSWER_WAIT_MAX, asked).await {
                Ok(Ok(answer)) => match answer.into_inner().status {
                    Some(status) => match status.status {
                        Some(JobState::Successful(done)) => return Ok(done.partition_location),
                        Some(JobState::Failed(failed)) if failed.error == CANCELLED => {
                            return Err(ClusterError::Interrupted { scheduler: self.scheduler.clone() });
                        }
                        Some(JobState::Failed(failed)) => {
                            let problem = told(&failed.error);
                            return Err(ClusterError::Job { scheduler: self.scheduler.clone(), problem });
                        }
                        Some(JobState::Queued(_) | JobState::Running(_)) | None => {
                            failures = 0;
                            self.has_executor(&mut looked, &mut bare).await?;
                            continue;
                        }
                    },
                    // One that was started anew does not know the job.
                    None => {
                        return Err(self.lost("run a job", "it does not know the job any more".to_owned()));
                    }
                },
                Ok(Err(status)) => said(&status),
                Err(_) => slow(ANSWER_WAIT_MAX),
            };
            failures += 1;
            if failures >= ASK_TRIES_MAX {
                return Err(self.lost("run a job", problem));
            }
        }
    }

    /// Looks from time to time whether there is an executor; where there was none for long, no job will ever be done.
    async fn has_executor(
        &self,
        looked: &mut Instant,
        bare: &mut Option<Instant>,
    ) -> Result<(), ClusterError> {
        if looked.elapsed() < LOOK_EVERY {
            return Ok(());
        }
        *looked = Instant::now();
        // Whether the scheduler answers at all is seen elsewhere.
        match status(&self.scheduler).await {
            Ok(status) if status.slots() == 0 => {
                let since = *bare.get_or_insert_with(Instant::now);
                if since.elapsed() > EXECUTOR_SILENT_MAX {
                    return Err(ClusterError::NoExecutor { scheduler: self.scheduler.clone() });
                }
            }
            _ => *bare = None,
        }
        Ok(())
    }

    /// The rows of a job that is done, in the order of its partitions.
    fn rows(
        self: Arc<Self>,
        places: Places,
    ) -> impl futures::Stream<Item = Result<RecordBatch, ClusterError>> {
        futures::stream::iter(places).then(move |place| Arc::clone(&self).part(place)).try_flatten()
    }

    async fn part(
        self: Arc<Self>,
        place: PartitionLocation,
    ) -> Result<BoxStream<'static, Result<RecordBatch, ClusterError>>, ClusterError> {
        let layout = place.layout();
        let executor = place
            .executor_meta
            .as_ref()
            .map_or_else(String::new, |meta| format!("{}:{}", meta.host, meta.port));
        let failed = {
            let scheduler = self.scheduler.clone();
            move |problem: String| ClusterError::Rows {
                scheduler: scheduler.clone(),
                executor: executor.clone(),
                problem,
            }
        };
        let (Some(meta), Some(part)) = (place.executor_meta, place.partition_id) else {
            return Err(failed("nobody has them".to_owned()));
        };
        let port = u16::try_from(meta.port).map_err(|_| failed("its port is none".to_owned()))?;
        let limit = usize::try_from(MESSAGE_BYTES_MAX).unwrap_or(usize::MAX);
        let connect = BallistaClient::try_new(&meta.host, port, limit, false, None, 1, 250, 0, 0);
        let mut client = timeout(ANSWER_WAIT_MAX, connect)
            .await
            .map_err(|_| failed(slow(ANSWER_WAIT_MAX)))?
            .map_err(|error| failed(told(&error.to_string())))?;
        let part = part.into();
        let fetch = client.fetch_partition(&meta.id, &part, place.file_id, layout, true);
        let rows: SendableRecordBatchStream = timeout(ROWS_WAIT_MAX, fetch)
            .await
            .map_err(|_| failed(slow(ROWS_WAIT_MAX)))?
            .map_err(|error| failed(told(&error.to_string())))?;
        let rows = futures::stream::unfold((rows, failed, false), |(mut rows, failed, over)| async move {
            if over {
                return None;
            }
            match timeout(ROWS_WAIT_MAX, rows.next()).await {
                Ok(Some(Ok(batch))) => Some((Ok(batch), (rows, failed, false))),
                Ok(Some(Err(error))) => {
                    let error = failed(told(&error.to_string()));
                    Some((Err(error), (rows, failed, true)))
                }
                Ok(None) => None,
                Err(_) => {
                    let error = failed(slow(ROWS_WAIT_MAX));
                    Some((Err(error), (rows, failed, true)))
                }
            }
        });
        Ok(rows.boxed())
    }

    fn lost(&self, step: &'static str, problem: String) -> ClusterError {
        ClusterError::Lost { scheduler: self.scheduler.clone(), step, problem }
    }
}

/// A job that is cancelled when it is dropped before its end.
struct Running {
    job: Option<String>,
    client: Client,
}

impl Drop for Running {
    fn drop(&mut self) {
        let Some(job_id) = self.job.take() else { return };
        let mut client = self.client.clone();
        let Ok(runtime) = tokio::runtime::Handle::try_current() else { return };
        LEAVING.fetch_add(1, Ordering::SeqCst);
        runtime.spawn(async move {
            let cancel = client.cancel_job(CancelJobParams { job_id });
            // Where the scheduler is gone, so is the job.
            drop(timeout(ANSWER_WAIT_MAX, cancel).await);
            LEAVING.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

/// What a scheduler's refusal says.
fn said(status: &tonic::Status) -> String {
    let text = status.message();
    if text.is_empty() { format!("it answers `{:?}`", status.code()) } else { told(text) }
}

/// An error of the transport with its causes: its own text says nothing.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let own = error.to_string();
        if !text.contains(&own) {
            let _written = write!(text, ": {own}");
        }
        cause = error.source();
    }
    text
}

/// What an executor said, without what the engine wrote around it: errors come as texts, of which some are the debug forms
/// of others.
fn told(text: &str) -> String {
    let text = text.replace("\\n", "\n").replace("\\\"", "\"").replace("\\'", "'");
    if let Some(words) = task::words(&text).or_else(|| store_words(&text)) {
        return words.to_owned();
    }
    let mut short: String = text.chars().take(MESSAGE_CHARS_MAX).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// The words of a store of a node ([`crate::lake::NodeStores`]): they say by themselves what is wrong, and who says so.
fn store_words(text: &str) -> Option<&str> {
    let middle = text.find(" cannot read `").or_else(|| text.find(" cannot read the lake: "))?;
    let start = text.get(..middle)?.rfind("executor ")?;
    let words = text.get(start..)?;
    // Where the debug form of the error around them goes on.
    let end = words.find("\" }").unwrap_or(words.len());
    Some(words.get(..end)?.trim_end_matches([')', '}', '"', '.', ' ']))
}

#[cfg(test)]
mod tests {
    use super::told;

    #[test]
    fn of_what_an_executor_says_only_the_words_of_its_store_are_shown() {
        let words = "executor 192.0.2.7:1 cannot read `/lake/a.parquet`: there is no such file on its machine\nhint: a lake";
        for around in [
            format!(
                "Job failed due to stage 1 failed: Task failed: ObjectStore(Generic lake error: {words})"
            ),
            format!(
                "Task failed: Shared(External(ParquetError(External(Generic {{ store: \"lake\", source: \"{}\" }}))))",
                words.replace('\n', "\\n")
            ),
            words.to_owned(),
        ] {
            assert_eq!(told(&around), words, "{around}");
        }
        assert_eq!(told("division by zero"), "division by zero");
        assert!(told(&"x".repeat(5000)).chars().count() < 2100);
    }
}
