//! The whole ingest, side by side with `zcat` of the same files and with DuckDB reading them into Parquet.
//!
//! `cargo bench --bench ingest` measures 400,000 generated events in 500 objects, three rounds, medians; `-- --events 4000
//! --objects 20` is a quick look, `-- --ten-times` also ingests ten times as much to see that memory stays as it is. Every
//! run's answer is held against what was generated before its figures count.

mod archive;
mod measure;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use clap::Parser;
use serde_json::Value;

use archive::{Spec, Summary};
use measure::{Cost, median_cost, megabytes, say};

/// The most memory that an ingest may take, however large the archive.
const PEAK_BYTES_MAX: u64 = 400_000_000;

/// Reads the objects below the first argument into the Parquet file that is the second, and prints how many rows it has.
const DUCKDB: &str = r#"
import sys, duckdb
objects, out = sys.argv[1:]
duckdb.sql("set enable_progress_bar = false")
source = f"read_json('{objects}/**/*.json.gz', maximum_object_size = 67108864)"
duckdb.sql(f"copy (select unnest(Records, max_depth := 2) from {source}) to '{out}' (format parquet, compression zstd)")
print(duckdb.sql(f"select count(*) from '{out}'").fetchall()[0][0])
"#;

/// Measures the ingest of a generated archive.
#[derive(Parser)]
struct Args {
    /// Different events.
    #[arg(long, default_value_t = 400_000)]
    events: u64,
    /// Log objects.
    #[arg(long, default_value_t = 500)]
    objects: u64,
    /// Rounds; in each, all programs run one after another.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Ingest ten times as much, too.
    #[arg(long)]
    ten_times: bool,
    /// A Python that has the package `duckdb`; that of `.ci/run` if not given. Without one, DuckDB is left out.
    #[arg(long, env = "BACKTRAIL_BENCH_PYTHON")]
    python: Option<PathBuf>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let spec = Spec { events: args.events, objects: args.objects, ..Spec::default() };
    let archive = Archive::make(&spec, &folder.path().join("archive"))?;
    let python = measure::python(args.python.as_deref());
    // The files shall lie in memory for all of them.
    zcat(&archive)?;
    let (mut zcats, mut ingests, mut duckdbs) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..args.rounds.max(1) {
        zcats.push(zcat(&archive)?);
        ingests.push(ingest(&archive, &folder.path().join(format!("lake-{round}")))?);
        if let Some(python) = &python {
            duckdbs.push(duckdb(&archive, python, &folder.path().join(format!("duckdb-{round}.parquet")))?);
        }
    }
    let base = median_cost(&zcats);
    say("                  CPU s    wall s  peak MB    MB/s   CPU/zcat  wall/zcat")?;
    for (name, costs) in [("zcat", &zcats), ("backtrail ingest", &ingests), ("DuckDB", &duckdbs)] {
        if costs.is_empty() {
            say(&format!("{name:16}  left out: no Python with `duckdb`"))?;
        } else {
            say(&line(name, median_cost(costs), base, &archive.summary))?;
        }
    }
    if args.ten_times {
        let spec = Spec { events: spec.events * 10, objects: spec.objects * 10, ..spec };
        let large = Archive::make(&spec, &folder.path().join("large"))?;
        let cost = ingest(&large, &folder.path().join("lake-large"))?;
        let before = median_cost(&ingests);
        say(&format!(
            "ten times as much: {:.2} CPU s, {:.2} wall s, peak {:.0} MB, before {:.0} MB",
            cost.cpu_s,
            cost.wall_s,
            megabytes(cost.peak_bytes),
            megabytes(before.peak_bytes)
        ))?;
    }
    Ok(())
}

fn line(name: &str, cost: Cost, base: Cost, summary: &Summary) -> String {
    let speed = megabytes(summary.raw_bytes) / cost.wall_s;
    format!(
        "{name:16}  {:5.2}  {:8.2}  {:7.0}  {speed:6.0}  {:9.2}  {:9.2}",
        cost.cpu_s,
        cost.wall_s,
        megabytes(cost.peak_bytes),
        cost.cpu_s / base.cpu_s,
        cost.wall_s / base.wall_s
    )
}

/// A generated archive.
struct Archive {
    folder: PathBuf,
    files: Vec<PathBuf>,
    summary: Summary,
}

impl Archive {
    fn make(spec: &Spec, folder: &Path) -> Result<Self> {
        let summary = archive::generate(spec, folder)?;
        let mut files = Vec::new();
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name() {
            let entry = entry?;
            if entry.file_type().is_file() {
                files.push(entry.into_path());
            }
        }
        ensure!(
            files.len() as u64 == summary.objects,
            "{} files for {} objects",
            files.len(),
            summary.objects
        );
        say(&format!(
            "{} events and {} second deliveries in {} objects: {:.1} MB, {:.1} MB of JSON",
            summary.events,
            summary.records - summary.events,
            summary.objects,
            megabytes(summary.gz_bytes),
            megabytes(summary.raw_bytes)
        ))?;
        Ok(Self { folder: folder.to_owned(), files, summary })
    }
}

fn zcat(archive: &Archive) -> Result<Cost> {
    let (cost, _) = measure::run(Command::new("zcat").args(&archive.files).stdout(Stdio::null()))?;
    Ok(cost)
}

/// Ingests into a new lake; the tally is what was generated.
fn ingest(archive: &Archive, lake: &Path) -> Result<Cost> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.arg("ingest").arg(&archive.folder).arg("--lake").arg(lake).args(["--format", "json"]);
    let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
    let tally: Value = serde_json::from_slice(&output.stdout).context("the tally is no JSON")?;
    let summary = &archive.summary;
    let expected = [
        ("objects_read", summary.objects),
        ("records_read", summary.records),
        ("kept", summary.events),
        ("duplicate", summary.duplicates),
        ("refused", 0),
    ];
    for (name, expected) in expected {
        let got = tally.get(name).and_then(Value::as_u64);
        ensure!(got == Some(expected), "`{name}`: expected {expected}, got {got:?}");
    }
    ensure!(
        cost.peak_bytes < PEAK_BYTES_MAX,
        "ingest took {:.0} MB of memory, expected less than {:.0}",
        megabytes(cost.peak_bytes),
        megabytes(PEAK_BYTES_MAX)
    );
    std::fs::remove_dir_all(lake)?;
    Ok(cost)
}

/// Reads the same with DuckDB, which finds the columns itself and keeps second deliveries.
fn duckdb(archive: &Archive, python: &Path, out: &Path) -> Result<Cost> {
    let mut command = Command::new(python);
    command.args(["-c", DUCKDB]).arg(&archive.folder).arg(out);
    let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
    let rows = String::from_utf8_lossy(&output.stdout);
    ensure!(rows.trim() == archive.summary.records.to_string(), "DuckDB made {} rows", rows.trim());
    std::fs::remove_file(out)?;
    Ok(cost)
}
