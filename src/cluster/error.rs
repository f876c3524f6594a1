//! What can go wrong with a cluster, with the address of whom it went wrong with.

use std::net::SocketAddr;

use datafusion::error::DataFusionError;

use super::SchedulerAddress;

/// Why a cluster did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ClusterError {
    /// Nobody answers where the scheduler should be.
    #[error(
        "cannot reach the scheduler at {scheduler}: {problem}\nhint: `backtrail cluster scheduler` starts one; `backtrail cluster status --cluster {scheduler}` tells whether it is there"
    )]
    Unreachable {
        /// Where it should be.
        scheduler: SchedulerAddress,
        /// What the system said.
        problem: String,
    },
    /// Somebody else answers.
    #[error("at {scheduler} is no scheduler of backtrail: {problem}")]
    Foreign {
        /// Where it should be.
        scheduler: SchedulerAddress,
        /// What it answered.
        problem: String,
    },
    /// The scheduler is of another version.
    #[error(
        "the scheduler at {scheduler} is backtrail {theirs}, this is backtrail {own}\nhint: all of a cluster and whoever asks it run one version"
    )]
    Version {
        /// Where it is.
        scheduler: SchedulerAddress,
        /// Its version and its engine's.
        theirs: String,
        /// The own.
        own: String,
    },
    /// No executor has come.
    #[error(
        "the scheduler at {scheduler} has no executor\nhint: `backtrail cluster executor --scheduler {} --work-dir DIR --slots N` starts one", scheduler.authority()
    )]
    NoExecutor {
        /// Where it is.
        scheduler: SchedulerAddress,
    },
    /// A plan can't be sent.
    #[error("cannot send the plan to the scheduler at {scheduler}: {problem}")]
    Plan {
        /// Where it is.
        scheduler: SchedulerAddress,
        /// What is wrong.
        problem: String,
    },
    /// The scheduler was asked and failed, or went away.
    #[error(
        "the scheduler at {scheduler} went away while it was asked to {step}: {problem}\nhint: ask again when `backtrail cluster status --cluster {scheduler}` shows it; an ingest goes on from its last commits"
    )]
    Lost {
        /// Where it was.
        scheduler: SchedulerAddress,
        /// What was being done.
        step: &'static str,
        /// What was said.
        problem: String,
    },
    /// A job failed on the executors.
    #[error("the cluster at {scheduler} failed: {problem}")]
    Job {
        /// The scheduler.
        scheduler: SchedulerAddress,
        /// What was said.
        problem: String,
    },
    /// Executors went away again and again while a job ran.
    #[error(
        "executors of the cluster at {scheduler} went away each time while the job ran\nhint: ask again; `backtrail cluster status --cluster {scheduler}` shows who is there"
    )]
    Interrupted {
        /// The scheduler.
        scheduler: SchedulerAddress,
    },
    /// The rows of a job that is done can't be got.
    #[error(
        "cannot get the rows of a finished job from executor {executor} of the cluster at {scheduler}: {problem}\nhint: ask again; if that executor is there (`backtrail cluster status --cluster {scheduler}`), its address must be one that this machine reaches, see `--advertise`"
    )]
    Rows {
        /// The scheduler.
        scheduler: SchedulerAddress,
        /// Host and port of who has the rows.
        executor: String,
        /// What was said.
        problem: String,
    },
    /// Nothing can listen there.
    #[error("cannot listen on {address}")]
    Bind {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// A scheduler listens everywhere, and does not know what it is called.
    #[error(
        "a scheduler on {address} needs the name or address by which its executors reach it\nhint: add `--advertise HOST`"
    )]
    Unnamed {
        /// Where it was to listen.
        address: SocketAddr,
    },
    /// The folder for what executors keep can't be used.
    #[error("cannot use the work folder `{}`", folder.display())]
    WorkFolder {
        /// The folder.
        folder: std::path::PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Scheduler or executor ended.
    #[error("the {who} ended: {problem}")]
    Ended {
        /// `scheduler` or `executor`.
        who: &'static str,
        /// What was said.
        problem: String,
    },
    /// The engine refuses what it is configured with.
    #[error("cannot set up the engine")]
    Engine(#[from] DataFusionError),
}

impl From<ClusterError> for DataFusionError {
    fn from(error: ClusterError) -> Self {
        DataFusionError::External(Box::new(error))
    }
}
