//! A cluster: when one machine is too small, the same statements run on many, by Apache DataFusion Ballista.
//!
//! A *scheduler* takes jobs and hands their tasks to *executors*, each of which has some *slots*; the *client* is whoever
//! asks. All are this program. The client plans as it always does, over the lake's files as it sees them in the Delta log,
//! and then cuts the plan ([`Cluster::session`]): what reads the lake and can be split among executors goes to them as one
//! job each, what can't stays here, over the jobs' rows. So a statement gives the same answer wherever it runs, and what
//! Ballista can't do is done here, never left out.
//!
//! Which operators may be split is a list of those that are known to give the same rows in parts (`split`): Ballista runs
//! others in every task, and their rows come out several times.
//!
//! There is no authentication: whoever reaches a port of a cluster can read its lakes and run plans. So all listen on
//! loopback unless told otherwise.

mod address;
mod client;
mod cut;
mod error;
mod executor;
mod fold;
mod job;
mod keep;
mod node;
mod remote;
mod scheduler;
mod share;
mod sound;
mod split;
mod status;
mod task;

#[cfg(test)]
mod tests;

pub use address::{Bind, SchedulerAddress};
pub use client::Cluster;
pub use error::ClusterError;
pub use executor::{ExecutorOptions, run_executor};
pub use job::settled;
pub use scheduler::{SchedulerOptions, run_scheduler};
pub use share::SharedIngest;
pub use status::{ExecutorStatus, Status, status};

use std::time::Duration;

/// An executor says so often that it is there.
pub const HEARTBEAT: Duration = Duration::from_secs(10);

/// An executor that was not heard of for so long is lost: its tasks go to others.
pub const EXECUTOR_SILENT_MAX: Duration = Duration::from_secs(30);

/// A connection must stand, and a short question be answered, after this time.
pub const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);

/// So long a client waits for the first executor, and an executor for its scheduler.
pub const START_WAIT_MAX: Duration = Duration::from_secs(20);

/// So long the next rows of a job that is done may take.
pub const ROWS_WAIT_MAX: Duration = Duration::from_mins(1);

/// The longest message of a cluster, in bytes: a plan with some 400,000 files.
pub const MESSAGE_BYTES_MAX: u32 = 256 * 1024 * 1024;

/// The version that all of a cluster must have: functions are called by name, and plans have no version of their own.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
