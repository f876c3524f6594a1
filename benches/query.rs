//! Parts of an ingest, and questions to a lake: every answer is held against what was generated, then timed.
//!
//! `cargo bench --bench query` generates 400,000 events in 500 objects; `-- --events 4000 --objects 20` is a quick look.

mod archive;
mod generated;
mod measure;

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use backtrail::archive::{INFLATED_BYTES_MAX, Inflater, Object, Place};
use backtrail::lake::{self, IngestOptions, Lake};
use backtrail::query::{self, Catalog};
use backtrail::record::{Item, Splitter};
use chrono::Utc;
use clap::Parser;
use serde_json::Value;

use archive::{Spec, Summary};
use generated::Quiet;
use measure::{megabytes, say};

/// Measures questions to the lake of a generated archive.
#[derive(Parser)]
struct Args {
    /// Different events.
    #[arg(long, default_value_t = 400_000)]
    events: u64,
    /// Log objects.
    #[arg(long, default_value_t = 500)]
    objects: u64,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 15)]
    rounds: usize,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let logs = folder.path().join("archive");
    let spec = Spec { events: args.events, objects: args.objects, ..Spec::default() };
    let summary = archive::generate(&spec, &logs)?;
    say(&format!(
        "{} events in {} objects, {:.1} MB of JSON",
        summary.events,
        summary.objects,
        megabytes(summary.raw_bytes)
    ))?;
    let (objects, _) = backtrail::archive::list(std::slice::from_ref(&logs))?;
    read(&objects, &summary)?;
    let lake = folder.path().join("lake");
    Box::pin(ingest(&logs, &lake, &summary)).await?;
    Box::pin(ask("as ingested", &lake, &summary, args.rounds)).await?;
    let report = Box::pin(lake::compact(&lake)).await?;
    ensure!(report.rows <= summary.events, "compaction wrote {} rows", report.rows);
    Box::pin(ask("compacted", &lake, &summary, args.rounds)).await
}

/// Inflates every object, then inflates and splits every object, on one thread.
fn read(objects: &[Object], summary: &Summary) -> Result<()> {
    let started = Instant::now();
    let mut bytes = 0;
    for object in objects {
        bytes += io::copy(&mut inflater(object)?, &mut io::sink())?;
    }
    ensure!(bytes == summary.raw_bytes, "{bytes} bytes were inflated, {} generated", summary.raw_bytes);
    tell("inflate", started, summary)?;
    let started = Instant::now();
    let mut records = 0;
    for object in objects {
        let mut splitter = Splitter::new(inflater(object)?);
        while let Some(item) = splitter.next_item() {
            ensure!(matches!(item, Item::Record { .. }), "`{}` holds {item:?}", object.name);
            records += 1;
        }
    }
    ensure!(records == summary.records, "{records} records were found, {} generated", summary.records);
    tell("inflate and split", started, summary)
}

fn inflater(object: &Object) -> Result<Inflater<File>> {
    let Place::File(path) = &object.place else { anyhow::bail!("`{}` is no file", object.name) };
    Ok(Inflater::new(File::open(path)?, INFLATED_BYTES_MAX))
}

/// The whole ingest on one thread: what it takes beyond splitting goes into decoding, building rows and writing Parquet.
async fn ingest(logs: &Path, lake: &Path, summary: &Summary) -> Result<()> {
    let listed = backtrail::archive::list(&[logs.to_owned()])?;
    let options = IngestOptions { workers: 1, ..IngestOptions::default() };
    let started = Instant::now();
    let report = lake::ingest(lake, listed, &options, &Quiet).await?;
    let counts = report.counts;
    ensure!(
        (counts.read, counts.kept, counts.duplicate) == (summary.records, summary.events, summary.duplicates),
        "{counts:?}"
    );
    tell("inflate, split, decode, build, write", started, summary)
}

fn tell(what: &str, started: Instant, summary: &Summary) -> Result<()> {
    let seconds = started.elapsed().as_secs_f64();
    say(&format!("  {what:38} {seconds:7.2} s {:7.0} MB/s", megabytes(summary.raw_bytes) / seconds))?;
    Ok(())
}

/// Puts every question to the lake.
async fn ask(state: &str, folder: &Path, summary: &Summary, rounds: usize) -> Result<()> {
    let lake = Lake::open(folder).await?;
    let size = lake.size()?;
    say(&format!("{state}: {} files, {:.1} MB", size.files, megabytes(size.bytes)))?;
    let key = [("key".to_owned(), summary.subject.key.clone())];

    check_key(&answer(&lake, "activity-of-key", &key).await?, summary)?;
    let milliseconds =
        measure::median_ms(rounds, async || Box::pin(answer(&lake, "activity-of-key", &key)).await.map(drop))
            .await?;
    tell_ms("activity of one key, lake open", milliseconds)?;
    let milliseconds = measure::median_ms(rounds, async || {
        let lake = Lake::open(folder).await?;
        Box::pin(answer(&lake, "activity-of-key", &key)).await.map(drop)
    })
    .await?;
    tell_ms("activity of one key, lake opened", milliseconds)?;
    let milliseconds = measure::median_ms(rounds, async || command(folder, summary)).await?;
    tell_ms("activity of one key, whole command", milliseconds)?;

    check_actions(&answer(&lake, "calls-by-action", &[]).await?, summary)?;
    let milliseconds =
        measure::median_ms(rounds, async || Box::pin(answer(&lake, "calls-by-action", &[])).await.map(drop))
            .await?;
    tell_ms("calls by action with outcomes", milliseconds)?;
    let count = "select event_source, event_name, count(*) from events group by event_source, event_name";
    let milliseconds =
        measure::median_ms(rounds, async || Box::pin(sql(&lake, count)).await.map(drop)).await?;
    tell_ms("calls by service and action, plain SQL", milliseconds)
}

fn tell_ms(what: &str, milliseconds: f64) -> Result<()> {
    say(&format!("  {what:38} {milliseconds:7.1} ms"))?;
    Ok(())
}

/// A named question's rows, from a session of its own.
async fn answer(lake: &Lake, name: &str, params: &[(String, String)]) -> Result<Vec<RecordBatch>> {
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    let catalog = Catalog::built_in()?;
    let question = catalog.get(name)?;
    let params = query::bind(question, params, Utc::now())?;
    Ok(query::run(&session, question, &params).await?.collect().await?)
}

async fn sql(lake: &Lake, text: &str) -> Result<Vec<RecordBatch>> {
    let mut session = lake.session()?;
    query::register_functions(&mut session)?;
    Ok(query::sql(&session, text).await?.collect().await?)
}

/// The same question as a user asks it.
fn command(lake: &Path, summary: &Summary) -> Result<()> {
    let mut command = Command::new(PathBuf::from(env!("CARGO_BIN_EXE_backtrail")));
    command.args(["query", "activity-of-key", "--format", "json", "--param"]);
    command.arg(format!("key={}", summary.subject.key)).arg("--lake").arg(lake);
    let (_, output) = measure::run(command.stdout(Stdio::piped()))?;
    let answer: Value = serde_json::from_slice(&output.stdout)?;
    let rows = answer.get("rows").and_then(Value::as_array).map_or(0, Vec::len);
    ensure!(rows as u64 == summary.subject.calls, "{rows} rows, expected {}", summary.subject.calls);
    Ok(())
}

/// The subject's activity is what was generated: how many calls of what, how many denied, from when to when.
fn check_key(rows: &[RecordBatch], summary: &Summary) -> Result<()> {
    let subject = &summary.subject;
    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for name in named(rows)? {
        *names.entry(name).or_default() += 1;
    }
    ensure!(names == subject.names, "the key called {names:?}, expected {:?}", subject.names);
    let denied = texts(rows, "outcome")?.iter().filter(|outcome| *outcome == "denied").count();
    ensure!(denied as u64 == subject.denied, "{denied} calls were denied, expected {}", subject.denied);
    let times = texts(rows, "event_time")?;
    let (first, last) = (times.first(), times.last());
    ensure!(
        first == Some(&subject.first) && last == Some(&subject.last),
        "from {first:?} to {last:?}, expected {} to {}",
        subject.first,
        subject.last
    );
    Ok(())
}

/// The calls by action are what was generated.
fn check_actions(rows: &[RecordBatch], summary: &Summary) -> Result<()> {
    let calls = texts(rows, "calls")?;
    let calls: Vec<u64> = calls.iter().map(|calls| calls.parse()).collect::<Result<_, _>>()?;
    let names: BTreeMap<String, u64> = named(rows)?.into_iter().zip(calls).collect();
    ensure!(names == summary.names, "calls by action differ: {names:?}, expected {:?}", summary.names);
    Ok(())
}

/// Each row's service and action, as `sts:AssumeRole`.
fn named(rows: &[RecordBatch]) -> Result<Vec<String>> {
    let (services, names) = (texts(rows, "service")?, texts(rows, "event_name")?);
    Ok(services.iter().zip(&names).map(|(service, name)| format!("{service}:{name}")).collect())
}

/// The values of a column as text.
fn texts(rows: &[RecordBatch], column: &str) -> Result<Vec<String>> {
    let mut texts = Vec::new();
    for batch in rows {
        let array = batch.column_by_name(column).with_context(|| format!("no column `{column}`"))?;
        for row in 0..batch.num_rows() {
            texts.push(array_value_to_string(array, row)?);
        }
    }
    Ok(texts)
}
