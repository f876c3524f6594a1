//! How a cluster is: asked from the scheduler's port, in HTTP.

use std::time::Duration;

use http_body_util::{BodyExt, Empty, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use serde::{Deserialize, Serialize};
use tokio::net::TcpStream;

use super::{ANSWER_WAIT_MAX, ClusterError, SchedulerAddress, VERSION};

/// Where a scheduler says how its cluster is.
pub(super) const PATH: &str = "/backtrail/status";

/// An answer is no longer than this, in bytes.
const STATUS_BYTES_MAX: usize = 16 * 1024 * 1024;

/// How a cluster is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The version of backtrail that the scheduler is.
    pub version: String,
    /// The version of Ballista in it.
    pub ballista: String,
    /// When it began, in RFC 3339.
    pub started: String,
    /// Jobs that wait.
    pub jobs_queued: u64,
    /// Jobs that run.
    pub jobs_running: u64,
    /// In the order of their addresses. Those that were lost are no more in the list.
    pub executors: Vec<ExecutorStatus>,
}

/// How an executor is.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ExecutorStatus {
    /// Where clients and others get rows from it: host and port.
    pub address: String,
    /// How many tasks it runs beside each other.
    pub slots: u64,
    /// How many seconds ago it was heard of; None before its first word.
    pub silent_seconds: Option<u64>,
}

impl Status {
    /// How many tasks run beside each other.
    #[must_use]
    pub fn slots(&self) -> u64 {
        self.executors.iter().map(|executor| executor.slots).sum()
    }
}

/// Asks a scheduler how its cluster is. It must have this program's version.
///
/// # Errors
/// Where none answers in time, somebody else does, or it is of another version.
pub async fn status(scheduler: &SchedulerAddress) -> Result<Status, ClusterError> {
    let status = asked(scheduler).await?;
    let own = version(VERSION, ballista_core::BALLISTA_VERSION);
    let theirs = version(&status.version, &status.ballista);
    if own == theirs {
        Ok(status)
    } else {
        Err(ClusterError::Version { scheduler: scheduler.clone(), theirs, own })
    }
}

fn version(own: &str, ballista: &str) -> String {
    format!("{own} with Ballista {ballista}")
}

async fn asked(scheduler: &SchedulerAddress) -> Result<Status, ClusterError> {
    let unreachable = |problem: String| ClusterError::Unreachable { scheduler: scheduler.clone(), problem };
    let foreign = |problem: String| ClusterError::Foreign { scheduler: scheduler.clone(), problem };
    let answer = tokio::time::timeout(ANSWER_WAIT_MAX, async {
        let stream = TcpStream::connect((scheduler.host.as_str(), scheduler.port))
            .await
            .map_err(|error| unreachable(error.to_string()))?;
        got(stream, &scheduler.authority()).await.map_err(foreign)
    });
    let body = answer.await.map_err(|_| unreachable(slow(ANSWER_WAIT_MAX)))??;
    serde_json::from_slice(&body).map_err(|error| foreign(format!("its status cannot be read: {error}")))
}

/// What is at [`PATH`].
async fn got(stream: TcpStream, host: &str) -> Result<Bytes, String> {
    let said = |error: hyper::Error| error.to_string();
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await.map_err(said)?;
    let connection = tokio::spawn(connection);
    let request = hyper::Request::get(PATH)
        .header(hyper::header::HOST, host)
        .body(Empty::<Bytes>::new())
        .map_err(|error| error.to_string())?;
    let answer = sender.send_request(request).await.map_err(said)?;
    if answer.status() != hyper::StatusCode::OK {
        return Err(format!("it answers `{}`", answer.status()));
    }
    let body = Limited::new(answer.into_body(), STATUS_BYTES_MAX).collect().await;
    connection.abort();
    Ok(body.map_err(|error| error.to_string())?.to_bytes())
}

/// What is said of an answer that does not come.
pub(super) fn slow(wait: Duration) -> String {
    format!("no answer within {} s", wait.as_secs())
}
