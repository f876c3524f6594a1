//! What the user typed after `cluster`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::S3;
use crate::cluster::{Bind, SchedulerAddress};

/// `backtrail cluster`
#[derive(Debug, Args)]
pub(in crate::cli) struct Cluster {
    #[command(subcommand)]
    pub(in crate::cli) command: ClusterCommand,
}

#[derive(Debug, Subcommand)]
pub(in crate::cli) enum ClusterCommand {
    /// Take jobs and hand their tasks to executors
    Scheduler(Scheduler),
    /// Run tasks for a scheduler
    Executor(Box<Executor>),
    /// Which executors a scheduler has, and how much there is to do
    Status(Status),
}

/// `backtrail cluster scheduler`
#[derive(Debug, Args)]
pub(in crate::cli) struct Scheduler {
    /// The address to listen on. There is no authentication: anything but loopback is for a private network only
    #[arg(long, value_name = "IP[:PORT]", default_value = "127.0.0.1:50050")]
    pub(in crate::cli) bind: Bind,
    /// The name or address by which executors reach it, if it is not the one to listen on
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(in crate::cli) advertise: Option<String>,
    /// Say what is going on, not only what goes wrong
    #[arg(long)]
    pub(in crate::cli) verbose: bool,
}

/// `backtrail cluster executor`
#[derive(Debug, Args)]
pub(in crate::cli) struct Executor {
    /// The scheduler to work for
    #[arg(long, value_name = "HOST:PORT")]
    pub(in crate::cli) scheduler: SchedulerAddress,
    /// A folder on a disk of this machine for the rows of tasks; made when it is not there
    #[arg(long, value_name = "DIR")]
    pub(in crate::cli) work_dir: PathBuf,
    /// How many tasks to run beside each other; if not given, one for each core
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=4096))]
    pub(in crate::cli) slots: Option<u16>,
    /// The address to listen on: PORT for rows, and the one after it for tasks; any free ones if not given. There is no
    /// authentication: anything but loopback is for a private network only
    #[arg(long, value_name = "IP[:PORT]", default_value = "127.0.0.1")]
    pub(in crate::cli) bind: Bind,
    /// The name or address by which the scheduler, other executors and clients reach this one, if it is not the one to
    /// listen on
    #[arg(long, value_name = "HOST", value_parser = host)]
    pub(in crate::cli) advertise: Option<String>,
    /// Say what is going on, not only what goes wrong
    #[arg(long)]
    pub(in crate::cli) verbose: bool,
    #[command(flatten)]
    pub(in crate::cli) s3: S3,
}

/// `backtrail cluster status`
#[derive(Debug, Args)]
pub(in crate::cli) struct Status {
    /// The scheduler to ask
    #[arg(
        long,
        value_name = "df://HOST:PORT",
        env = "BACKTRAIL_CLUSTER",
        default_value = "df://127.0.0.1:50050"
    )]
    pub(in crate::cli) cluster: SchedulerAddress,
}

/// A name or an address without a port.
fn host(text: &str) -> Result<String, String> {
    let address: SchedulerAddress = text.parse()?;
    let plain = text.trim_start_matches('[').trim_end_matches(']');
    if address.host == plain {
        Ok(address.host)
    } else {
        Err(format!("expected a name or an address without a port, found `{text}`"))
    }
}
