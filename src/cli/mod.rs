//! Arguments to plan to command to report; exit codes; progress.
//!
//! The only place that reads the environment, the clock and the arguments, and that prints. The AWS SDK reads environment
//! and profile files for `cli::s3`, and nowhere else.

mod args;
mod catalog;
#[cfg(feature = "cluster")]
mod cluster;
mod compact;
mod coverage;
mod explain;
mod failure;
mod ingest;
mod investigate;
#[cfg(feature = "cluster")]
mod log;
mod output;
mod policy;
mod progress;
mod query;
mod replay;
mod s3;
mod sessions;
mod snapshot;
mod source;
mod sql;
mod trace;
mod unused;

use std::process::ExitCode;

use clap::Parser;

use args::{Arguments, Command};
use failure::Failure;
use output::{Format, Output};

/// Done.
pub const EXIT_DONE: u8 = 0;
/// Done, and the check that was asked for found something.
pub const EXIT_FOUND: u8 = 1;
/// Could not do it.
pub const EXIT_FAILED: u8 = 2;
/// Done, but some input was unreadable.
pub const EXIT_UNREADABLE: u8 = 3;

/// Runs the program with the process's arguments.
#[must_use]
pub fn main() -> ExitCode {
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let failed = error.use_stderr();
            let printed = match error.print() {
                Ok(()) => true,
                // Who closes the pipe has seen enough.
                Err(error) => error.kind() == std::io::ErrorKind::BrokenPipe,
            };
            return ExitCode::from(if failed || !printed { EXIT_FAILED } else { EXIT_DONE });
        }
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            output::error(&anyhow::Error::new(error).context("cannot start"));
            return ExitCode::from(EXIT_FAILED);
        }
    };
    let code = match runtime.block_on(Box::pin(ended(arguments))) {
        Ok(code) => code,
        Err(Failure::ClosedPipe) => EXIT_DONE,
        Err(Failure::Error(error)) => {
            output::error(&error);
            EXIT_FAILED
        }
    };
    // Nothing that still runs in the background may hold the end back.
    runtime.shutdown_background();
    ExitCode::from(code)
}

/// Runs a command to its end, or until the user interrupts it where that needs care.
async fn ended(arguments: Arguments) -> Result<u8, Failure> {
    #[cfg(feature = "cluster")]
    if arguments.command.on_cluster() {
        let ingests = matches!(arguments.command, Command::Ingest(_));
        return cluster::interruptible(run(arguments), ingests).await;
    }
    run(arguments).await
}

async fn run(arguments: Arguments) -> Result<u8, Failure> {
    let typed = arguments.shown.format;
    let format = match &arguments.command {
        // It has the others, too.
        Command::Trace(_) => Format::Text,
        command => typed.plain(command.name())?,
    };
    let mut out = Output::new(&arguments.shown, format);
    let code = match arguments.command {
        Command::Ingest(command) => ingest::run(&command, &mut out).await?,
        Command::Investigate(command) => investigate::run(&command, &mut out).await?,
        Command::Trace(command) => Box::pin(trace::run(&command, typed, &mut out)).await?,
        Command::Sessions(command) => sessions::run(&command, &mut out).await?,
        Command::Replay(command) => Box::pin(replay::run(&command, &mut out)).await?,
        Command::Explain(command) => Box::pin(explain::run(&command, &mut out)).await?,
        Command::CanAssume(command) => explain::can_assume_role(&command, &mut out)?,
        Command::Unused(command) => Box::pin(unused::run(&command, &mut out)).await?,
        Command::Coverage(command) => coverage::run(&command, &mut out).await?,
        Command::Query(command) => query::run(&command, &mut out).await?,
        Command::Sql(command) => sql::run(&command, &mut out).await?,
        Command::Compact(command) => compact::run(&command, &mut out).await?,
        Command::Policy(command) => policy::run(&command, &mut out)?,
        Command::Snapshot(command) => snapshot::run(&command, &mut out)?,
        Command::Catalog(command) => catalog::run(&command, &mut out)?,
        #[cfg(feature = "cluster")]
        Command::Cluster(command) => cluster::run(&command, &mut out).await?,
    };
    out.flush()?;
    Ok(code)
}
