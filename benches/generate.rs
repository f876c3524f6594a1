//! Writes a log archive of any size, the same bytes for the same seed, and prints what is in it as JSON.
//!
//! `cargo run --release --example generate -- DIR --events 400000 --objects 500 --seed 1`

mod archive;
#[cfg(test)]
#[path = "archive/tests.rs"]
mod tests;

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Parser;

/// Writes a made-up CloudTrail archive, and what it holds to stdout as JSON.
#[derive(Parser)]
struct Args {
    /// The folder that gets `AWSLogs/…`; objects of an earlier run are replaced where their names agree.
    dir: PathBuf,
    /// Different events. Second deliveries come on top.
    #[arg(long, default_value_t = 100_000)]
    events: u64,
    /// Log objects.
    #[arg(long, default_value_t = 200)]
    objects: u64,
    /// The same seed gives the same archive.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Days that the events spread over, from 2026-01-05.
    #[arg(long, default_value_t = 10)]
    days: u32,
    /// Accounts, at most 9.
    #[arg(long, default_value_t = 3)]
    accounts: usize,
    /// Regions, at most 8.
    #[arg(long, default_value_t = 4)]
    regions: usize,
    /// The share of events that are delivered twice.
    #[arg(long, default_value_t = 0.05)]
    duplicates: f64,
    /// The share of events that come in a later object than their time asks for.
    #[arg(long, default_value_t = 0.01)]
    late: f64,
    /// Lets every user and role make only so many different calls, each time on the same resources.
    #[arg(long)]
    habits: Option<u64>,
    /// Puts as many events into three of the objects as make 50 MB each.
    #[arg(long)]
    big: bool,
}

fn main() -> io::Result<()> {
    let args = Args::parse();
    let spec = archive::Spec {
        events: args.events,
        objects: args.objects,
        seed: args.seed,
        days: args.days,
        accounts: args.accounts,
        regions: args.regions,
        duplicates: args.duplicates,
        late: args.late,
        habits: args.habits,
        big: args.big,
    };
    let summary = archive::generate(&spec, &args.dir)?;
    let mut out = io::stdout().lock();
    serde_json::to_writer_pretty(&mut out, &summary)?;
    writeln!(out)
}
