//! `backtrail cluster`, and how a command that is asked of a cluster ends.

use std::io::Write;
use std::sync::Arc;
use std::time::Duration;

use super::args::{Cluster, ClusterCommand, Executor, Scheduler, StatusAsked};
use super::failure::Failure;
use super::output::{Format, Output, note};
use super::{EXIT_DONE, EXIT_FOUND, log, s3};
use crate::cluster::{self, Bind, ExecutorOptions, SchedulerOptions};
use crate::inquiry;
use crate::lake::{self, NodeStores};
use crate::report;
use crate::report::Mark;
use crate::report::table::{Column, Table};

/// What was interrupted may take so long to be cancelled on the cluster, and what it kept in a scratch place to be removed.
const CANCEL_WAIT_MAX: Duration = Duration::from_secs(3);

/// Tasks that run may take so long to end when an executor is told to.
const END_WAIT_MAX: Duration = Duration::from_secs(20);

pub(super) async fn run(command: &Cluster, out: &mut Output) -> Result<u8, Failure> {
    match &command.command {
        ClusterCommand::Scheduler(command) => Box::pin(scheduler(command)).await,
        ClusterCommand::Executor(command) => Box::pin(executor(command)).await,
        ClusterCommand::Status(command) => status(command, out).await,
    }
}

async fn scheduler(command: &Scheduler) -> Result<u8, Failure> {
    log::to_stderr(command.verbose);
    warn_if_open(command.bind);
    // A scheduler reads no file: what plans are read with only has to be there.
    let stores = Arc::new(NodeStores::new("scheduler", None));
    let ready = |address| {
        note(&format!("scheduler of backtrail {} listens on {address}", cluster::VERSION));
    };
    let end = async {
        let signal = told_to_end().await;
        note(&format!("{signal}: the scheduler ends; jobs that run are lost"));
    };
    cluster::run_scheduler(
        SchedulerOptions { bind: command.bind, advertise: command.advertise.clone(), stores },
        ready,
        end,
    )
    .await?;
    Ok(EXIT_DONE)
}

async fn executor(command: &Executor) -> Result<u8, Failure> {
    log::to_stderr(command.verbose);
    warn_if_open(command.bind);
    let s3 = Box::pin(s3::store(&command.s3)).await;
    let slots = command.slots.map_or_else(cores, usize::from);
    let options = ExecutorOptions {
        scheduler: command.scheduler.clone(),
        bind: command.bind,
        advertise: command.advertise.clone(),
        work_folder: command.work_dir.clone(),
        slots,
        s3: s3.clone(),
        folds: Arc::new(inquiry::Shares),
    };
    let ready = |address| {
        note(&format!(
            "executor of backtrail {} listens on {address}, works for {} with {}",
            cluster::VERSION,
            command.scheduler,
            report::figure::counted(slots as u64, "slot", "slots")
        ));
    };
    let running = cluster::run_executor(options, |name| Arc::new(NodeStores::new(name, Some(s3))), ready);
    // The engine itself hears the signals, tells the scheduler, and waits for its tasks without a limit.
    let overdue = async {
        let signal = told_to_end().await;
        note(&format!(
            "{signal}: the executor ends when its tasks are done, after {} s at the latest",
            END_WAIT_MAX.as_secs()
        ));
        tokio::time::sleep(END_WAIT_MAX).await;
    };
    tokio::select! {
        ended = Box::pin(running) => ended?,
        () = overdue => note("tasks that still ran are given up; others do them again"),
    }
    Ok(EXIT_DONE)
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// Says that a port is open to others than this machine.
fn warn_if_open(bind: Bind) {
    if !bind.ip.is_loopback() {
        note(&format!(
            "warning: {} is reached from other machines, and there is no authentication: whoever reaches it can run plans, \
             and read and write lakes as its executors can\nhint: keep it inside a private network, as a security group that only the cluster is in",
            bind.ip
        ));
    }
}

async fn status(command: &StatusAsked, out: &mut Output) -> Result<u8, Failure> {
    let status = cluster::status(&command.cluster).await?;
    match out.format {
        Format::Json => {
            let document =
                serde_json::json!({ "schema": 1, "cluster": command.cluster.to_string(), "status": status });
            writeln!(out, "{}", report::json::document(&document)?)?;
        }
        Format::Csv => {
            write!(out, "{}", report::csv::row(["address", "slots", "silent_seconds"].map(Some)))?;
            for executor in &status.executors {
                let (slots, silent) =
                    (executor.slots.to_string(), executor.silent_seconds.map(|seconds| seconds.to_string()));
                let cells = [Some(executor.address.as_str()), Some(slots.as_str()), silent.as_deref()];
                write!(out, "{}", report::csv::row(cells))?;
            }
        }
        Format::Text => {
            let counted = report::figure::counted;
            let line = format!(
                "{}: backtrail {} with Ballista {}, since {}",
                command.cluster, status.version, status.ballista, status.started
            );
            writeln!(out, "{}", report::text::escape(&line))?;
            writeln!(
                out,
                "{}, {}; {} running, {} waiting",
                counted(status.executors.len() as u64, "executor", "executors"),
                counted(status.slots(), "slot", "slots"),
                counted(status.jobs_running, "job", "jobs"),
                status.jobs_queued
            )?;
            let mut table =
                Table::new([Column::left("EXECUTOR"), Column::right("SLOTS"), Column::right("LAST HEARD")]);
            for executor in &status.executors {
                let heard =
                    executor.silent_seconds.map_or("-".to_owned(), |seconds| format!("{seconds} s ago"));
                table.row(Mark::None, [executor.address.clone(), executor.slots.to_string(), heard]);
            }
            if !table.is_empty() {
                write!(out, "\n{}", table.render(out.style))?;
            }
        }
    }
    Ok(if status.executors.is_empty() { EXIT_FOUND } else { EXIT_DONE })
}

/// Runs a command that asks a cluster; what runs there is cancelled when the user interrupts it, but for tasks that ingest:
/// these come to their end.
pub(super) async fn interruptible(
    command: impl Future<Output = Result<u8, Failure>>,
    ingests: bool,
) -> Result<u8, Failure> {
    let signal = tokio::select! {
        ended = Box::pin(command) => return ended,
        signal = told_to_end() => signal,
    };
    cluster::settled(CANCEL_WAIT_MAX).await;
    lake::removed(CANCEL_WAIT_MAX).await;
    let left = if ingests {
        "executors read on to the end of the parts that they are in\nhint: run it again for the rest, and the whole tally"
    } else {
        "what ran on the cluster is cancelled"
    };
    Err(anyhow::anyhow!("{signal}: {left}").into())
}

/// Waits for SIGINT or SIGTERM, and gives its name.
async fn told_to_end() -> &'static str {
    let interrupted = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
        "interrupted"
    };
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        let terminated = async {
            match signal(SignalKind::terminate()) {
                Ok(mut signal) => {
                    signal.recv().await;
                }
                Err(_) => std::future::pending::<()>().await,
            }
            "told to end"
        };
        tokio::select! {
            word = interrupted => word,
            word = terminated => word,
        }
    }
    #[cfg(not(unix))]
    interrupted.await
}
