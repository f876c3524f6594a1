//! What a program costs: time, processor time and memory of a child process; medians; a table of them.
#![allow(dead_code, reason = "each of the benches uses a part")]

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};

/// So often a child's memory is looked at.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// What one run of a program took.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Cost {
    pub(crate) wall_s: f64,
    /// User and system time of the program and of all that it started and waited for; in steps of 0.01 s.
    pub(crate) cpu_s: f64,
    /// The most memory that it held at once. The last moments before its end may be missed.
    pub(crate) peak_bytes: u64,
}

/// Runs a program to its end, and measures it. Its stderr is shown only when it fails.
///
/// # Errors
/// Where it can't be run, or fails.
pub(crate) fn run(command: &mut Command) -> Result<(Cost, Output)> {
    let before = children_cpu_s()?;
    let started = Instant::now();
    let child = command
        .stdin(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .with_context(|| format!("cannot run {command:?}"))?;
    let id = child.id();
    let ended = AtomicBool::new(false);
    let (output, wall, peak_bytes) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak_bytes = 0;
            while !ended.load(Ordering::Relaxed) {
                peak_bytes = peak_bytes.max(peak_of(id).unwrap_or(0));
                thread::sleep(LOOK_EVERY);
            }
            peak_bytes
        });
        let output = child.wait_with_output();
        let wall = started.elapsed();
        ended.store(true, Ordering::Relaxed);
        (output, wall, watch.join().unwrap_or(0))
    });
    let output = output?;
    let told = String::from_utf8_lossy(&output.stderr);
    ensure!(output.status.success(), "{command:?} ended with {}: {told}", output.status);
    let cost = Cost { wall_s: wall.as_secs_f64(), cpu_s: children_cpu_s()? - before, peak_bytes };
    Ok((cost, output))
}

/// The processor time of all children that were waited for.
fn children_cpu_s() -> Result<f64> {
    // `cutime` and `cstime` are the 14th and 15th behind the name.
    cpu_s("self", 13)
}

/// The processor time of this process so far, with all its threads; in steps of 0.01 s.
///
/// # Errors
/// Where there is no `/proc`.
pub(crate) fn own_cpu_s() -> Result<f64> {
    // `utime` and `stime` are the 12th and 13th behind the name.
    cpu_s("self", 11)
}

/// The processor time of a running process so far, with all its threads; in steps of 0.01 s.
///
/// # Errors
/// Where it has ended.
pub(crate) fn cpu_s_of(id: u32) -> Result<f64> {
    cpu_s(&id.to_string(), 11)
}

/// Two neighbours of the fields behind the name in a process's `stat`, see proc_pid_stat(5), in seconds.
fn cpu_s(process: &str, skipped: usize) -> Result<f64> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).context("this needs Linux")?;
    // The name in brackets, which comes second, may hold anything.
    let (_, fields) = stat.rsplit_once(") ").context("an odd `stat`")?;
    let ticks: Vec<f64> = fields
        .split(' ')
        .skip(skipped)
        .take(2)
        .map(str::parse)
        .collect::<Result<_, std::num::ParseFloatError>>()?;
    // Linux counts these in hundredths, whatever its own clock does.
    Ok(ticks.iter().sum::<f64>() / 100.0)
}

/// The most memory that this process has held so far.
pub(crate) fn own_peak_bytes() -> u64 {
    peak_of(std::process::id()).unwrap_or(0)
}

/// The Python to run DuckDB in: the one that is given, else that of `.ci/run`; None where it has no DuckDB.
pub(crate) fn python(given: Option<&Path>) -> Option<PathBuf> {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("tools").join("python/bin/python");
    let python = given.map_or(own, Path::to_owned);
    let probe = Command::new(&python).args(["-c", "import duckdb"]).stderr(Stdio::null()).status();
    probe.is_ok_and(|status| status.success()).then_some(python)
}

/// The most memory that a running process has held so far.
fn peak_of(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse::<u64>().ok().map(|kib| kib * 1024)
}

/// The median of each figure.
pub(crate) fn median_cost(costs: &[Cost]) -> Cost {
    let of = |figure: fn(&Cost) -> f64| median(costs.iter().map(figure).collect());
    Cost {
        wall_s: of(|cost| cost.wall_s),
        cpu_s: of(|cost| cost.cpu_s),
        peak_bytes: costs.iter().map(|cost| cost.peak_bytes).max().unwrap_or(0),
    }
}

/// The median; 0 of nothing.
pub(crate) fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    figures.get(figures.len() / 2).copied().unwrap_or(0.0)
}

/// The median time of so many rounds, in milliseconds.
///
/// # Errors
/// Where a round fails.
pub(crate) async fn median_ms(rounds: usize, mut round: impl AsyncFnMut() -> Result<()>) -> Result<f64> {
    let mut took = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let started = Instant::now();
        round().await?;
        took.push(started.elapsed().as_secs_f64() * 1000.0);
    }
    Ok(median(took))
}

/// Bytes as megabytes.
pub(crate) fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Says so where figures of an unoptimized build are worth nothing.
///
/// # Errors
/// As [`say`].
pub(crate) fn warn_if_unoptimized() -> io::Result<()> {
    if cfg!(debug_assertions) {
        say("an unoptimized build: the answers count, the figures do not")
    } else {
        Ok(())
    }
}

/// Writes a line to stdout.
///
/// # Errors
/// Where nobody reads it any more.
pub(crate) fn say(line: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "{line}")?;
    out.flush()
}
