//! Who stands behind every credential of a lake, side by side with DuckDB on the same Parquet files, and one `trace`.
//!
//! `cargo bench --bench lineage` generates chains with 100,000 and 1,000,000 issuances, up to 17 above each other, ingests
//! them, and holds every answer against what is certain by construction before it is timed; then it traces keys in these
//! and in 400,000 plain events. `-- --issuances 20000 --events 4000` is a quick look, `-- --events 10000000` a long one.
//! `--keep DIR` keeps the lakes, and uses those that are there.

mod archive;
mod chains;
mod measure;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use anyhow::{Context, Result, ensure};
use arrow::array::RecordBatch;
use arrow::util::display::array_value_to_string;
use backtrail::lake::Lake;
use backtrail::query;
use clap::Parser;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use chains::{Spec, Truth};
use measure::{Cost, median, median_cost, megabytes, say};

/// The deepest chain that is made.
const DEPTH_MAX: u64 = 17;

/// The closure that is timed.
const CLOSURE: &str = "select origin_kind, count(*) from origins group by 1";

/// Every event with its origin.
const EVENTS: &str = "select origin_kind, count(*) from event_origins group by 1";

/// All that is compared: in the order in which DuckDB gives it, too.
const ANSWER: &str = "select origin_kind, depth, complete, count(*), sum(calls) from origins \
                      where caller_class = 'credential' group by 1, 2, 3 order by 1, 2, 3";

/// Measures lineage on generated chains.
#[derive(Parser)]
struct Args {
    /// Issuances of the larger lake; the smaller one has a tenth.
    #[arg(long, default_value_t = 1_000_000)]
    issuances: u64,
    /// Events of the plain lake in which keys are traced; 0 leaves it out.
    #[arg(long, default_value_t = 400_000)]
    events: u64,
    /// Rounds of the closure, in each of which all programs run one after another; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Rounds of each trace; the median counts.
    #[arg(long, default_value_t = 15)]
    traces: usize,
    /// Keeps the lakes here, and uses those of an earlier run.
    #[arg(long)]
    keep: Option<PathBuf>,
    /// A Python that has the package `duckdb`; that of `.ci/run` if not given. Without one, DuckDB is left out.
    #[arg(long, env = "BACKTRAIL_BENCH_PYTHON")]
    python: Option<PathBuf>,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// Credentials and their calls by origin kind, depth and completeness.
type Row = (String, u64, bool, u64, u64);

/// What is certain of a lake of chains.
#[derive(Default, Serialize, Deserialize)]
struct Known {
    issuances: u64,
    events: u64,
    credentials: u64,
    rows: Vec<Row>,
    gaps: BTreeMap<String, u64>,
    above: BTreeMap<String, u64>,
    /// Keys to trace, with what they are, and the kind and name of their origin.
    keys: Vec<Traced>,
}

/// A key, and what stands behind it.
#[derive(Clone, Serialize, Deserialize)]
struct Traced {
    what: String,
    key: String,
    kind: String,
    /// None where it is not certain.
    name: Option<String>,
    /// Issuances up to the origin, where that is certain.
    depth: Option<u64>,
}

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let temporary = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let folder = args.keep.clone().unwrap_or_else(|| temporary.path().to_owned());
    let python = measure::python(args.python.as_deref());
    let mut costs = Vec::new();
    for issuances in [args.issuances / 10, args.issuances] {
        let (lake, known) = chains_lake(issuances.max(1), &folder)?;
        costs.push(Box::pin(closure(&lake, &known, &args, python.as_deref())).await?);
        for traced in &known.keys {
            trace(&lake, traced, args.traces)?;
        }
    }
    if let [small, large] = costs.as_slice() {
        say(&format!(
            "ten times as many issuances: {:.1} times the CPU, {:.1} times the time",
            large.cpu_s / small.cpu_s,
            large.wall_s / small.wall_s
        ))?;
    }
    if args.events > 0 {
        let (lake, keys) = Box::pin(plain_lake(args.events, &folder)).await?;
        for traced in &keys {
            trace(&lake, traced, args.traces)?;
        }
    }
    Ok(())
}

/// The lake of so many issuances; made if it is not there.
fn chains_lake(issuances: u64, folder: &Path) -> Result<(PathBuf, Known)> {
    let folder = folder.join(format!("chains-{issuances}"));
    let (lake, file) = (folder.join("lake"), folder.join("known.json"));
    if !file.exists() {
        let logs = folder.join("logs");
        let spec = Spec { issuances, depth_max: DEPTH_MAX, ..Spec::default() };
        let mut known = Known::default();
        let mut rows = BTreeMap::new();
        let mut keys = BTreeMap::new();
        let summary = chains::write(&spec, &logs, &mut |truth| known.learn(&truth, &mut rows, &mut keys))?;
        ensure!(summary.undecided == 0, "of {} credentials nothing is certain", summary.undecided);
        known.rows = rows
            .into_iter()
            .map(|((kind, depth, complete), (count, calls))| (kind, depth, complete, count, calls))
            .collect();
        known.keys = keys.into_values().collect();
        (known.issuances, known.events) = (summary.issuances, summary.events);
        known.credentials = summary.credentials;
        ingest(&logs, &lake, summary.events)?;
        fs::write(&file, serde_json::to_vec(&known)?)?;
    }
    let known = serde_json::from_slice(&fs::read(&file)?).context("an odd `known.json`")?;
    Ok((lake, known))
}

impl Known {
    fn learn(
        &mut self,
        truth: &Truth,
        rows: &mut BTreeMap<(String, u64, bool), (u64, u64)>,
        keys: &mut BTreeMap<&'static str, Traced>,
    ) {
        let Some(origin) = &truth.origin else { return };
        let row = rows.entry((origin.kind.to_owned(), truth.depth, truth.complete)).or_default();
        row.0 += 1;
        row.1 += truth.calls;
        *self.gaps.entry(truth.gap.unwrap_or_default().to_owned()).or_default() += 1;
        *self.above.entry(truth.above.unwrap_or_default().to_owned()).or_default() += 1;
        let what = match (origin.kind, truth.depth) {
            _ if truth.recycled || !truth.access_key.starts_with("ASIA") => return,
            ("iam-user", DEPTH_MAX) => "a key 17 issuances from a user",
            ("iam-user", 1) => "a key that a user issued",
            ("unknown", 0) => "a key that nothing issued",
            _ => return,
        };
        keys.entry(what).or_insert_with(|| Traced {
            what: what.to_owned(),
            key: truth.access_key.clone(),
            kind: origin.kind.to_owned(),
            name: origin.name.clone(),
            depth: Some(truth.depth),
        });
    }
}

/// Ingests logs, of which so many events are kept, and removes them.
fn ingest(logs: &Path, lake: &Path, events: u64) -> Result<()> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.arg("ingest").arg(logs).arg("--lake").arg(lake).args(["--format", "json"]);
    let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
    let tally: Value = serde_json::from_slice(&output.stdout).context("the tally is no JSON")?;
    let kept = tally.get("kept").and_then(Value::as_u64);
    ensure!(kept == Some(events), "{kept:?} events were kept, {events} generated");
    say(&format!("{events} events ingested in {:.1} s", cost.wall_s))?;
    fs::remove_dir_all(logs)?;
    Ok(())
}

/// Times the closure over a whole lake, here and in DuckDB; both have to give what is certain.
async fn closure(lake: &Path, known: &Known, args: &Args, python: Option<&Path>) -> Result<Cost> {
    let size = Lake::open(lake).await?.size()?;
    say(&format!(
        "{} issuances, {} credentials, {} events; {} files, {:.1} MB",
        known.issuances,
        known.credentials,
        known.events,
        size.files,
        megabytes(size.bytes)
    ))?;
    check(lake, known).await?;
    let (mut origins, mut events, mut duckdbs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..args.rounds.max(1) {
        origins.push(Box::pin(timed(lake, CLOSURE)).await?);
        events.push(Box::pin(timed(lake, EVENTS)).await?);
        if let Some(python) = python {
            duckdbs.push(duckdb(lake, python, known)?);
        }
    }
    let own = median_cost(&origins);
    say("                                 CPU s    wall s   of that    CPU µs an issuance")?;
    for (name, costs) in [
        ("origins of all callers", &origins),
        ("events with origins", &events),
        ("DuckDB, all callers", &duckdbs),
    ] {
        if costs.is_empty() {
            say(&format!("  {name:26}  left out: no Python with `duckdb`"))?;
            continue;
        }
        let cost = median_cost(costs);
        say(&format!(
            "  {name:26}  {:7.2}  {:8.2}  {:6.2} x  {:10.2}",
            cost.cpu_s,
            cost.wall_s,
            cost.cpu_s / own.cpu_s,
            cost.cpu_s * 1e6 / known.issuances as f64
        ))?;
    }
    say(&format!("  peak memory of this process so far {:.0} MB", megabytes(measure::own_peak_bytes())))?;
    Ok(own)
}

/// Asks from the opening of the lake to the last row.
async fn timed(lake: &Path, text: &str) -> Result<Cost> {
    let (started, before) = (Instant::now(), measure::own_cpu_s()?);
    let rows = Box::pin(sql(lake, text)).await?;
    ensure!(rows.iter().any(|batch| batch.num_rows() > 0), "no rows: {text}");
    let cpu_s = measure::own_cpu_s()? - before;
    Ok(Cost { wall_s: started.elapsed().as_secs_f64(), cpu_s, peak_bytes: 0 })
}

async fn sql(lake: &Path, text: &str) -> Result<Vec<RecordBatch>> {
    let mut session = Lake::open(lake).await?.session()?;
    query::register_functions(&mut session)?;
    query::lineage::register(&session).await?;
    Ok(query::sql(&session, text).await?.collect().await?)
}

/// The rows of an answer as text.
async fn texts(lake: &Path, text: &str) -> Result<Vec<Vec<String>>> {
    let mut rows = Vec::new();
    for batch in Box::pin(sql(lake, text)).await? {
        for row in 0..batch.num_rows() {
            let cells = batch.columns().iter().map(|column| array_value_to_string(column, row));
            rows.push(cells.collect::<Result<_, _>>()?);
        }
    }
    Ok(rows)
}

/// The origins, depths, gaps and what stands above are what was generated.
async fn check(lake: &Path, known: &Known) -> Result<()> {
    let mut rows = Vec::new();
    for row in texts(lake, ANSWER).await? {
        let [kind, depth, complete, count, calls] = row.as_slice() else { anyhow::bail!("odd row {row:?}") };
        rows.push((kind.clone(), depth.parse()?, complete.parse()?, count.parse()?, calls.parse()?));
    }
    same("origins", &rows, &known.rows)?;
    for (column, expected) in [("gap", &known.gaps), ("above_rule", &known.above)] {
        let text = format!(
            "select coalesce({column}, ''), count(*) from origins where caller_class = 'credential' group by 1"
        );
        let mut found = BTreeMap::new();
        for row in texts(lake, &text).await? {
            if let [word, count] = row.as_slice() {
                found.insert(word.clone(), count.parse()?);
            }
        }
        ensure!(found == *expected, "`{column}`: expected {expected:?}, found {found:?}");
    }
    Ok(())
}

/// Says which rows differ.
fn same(what: &str, found: &[Row], expected: &[Row]) -> Result<()> {
    let only = |some: &[Row], others: &[Row]| -> Vec<Row> {
        some.iter().filter(|row| !others.contains(row)).take(20).cloned().collect()
    };
    ensure!(
        found == expected,
        "{what} differ: expected {:?}, found {:?}",
        only(expected, found),
        only(found, expected)
    );
    Ok(())
}

/// The same closure in DuckDB, Python's start included.
fn duckdb(lake: &Path, python: &Path, known: &Known) -> Result<Cost> {
    let mut command = Command::new(python);
    command.args(["-c", include_str!("lineage.py")]).arg(lake);
    let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
    let rows: Vec<Row> = serde_json::from_slice(&output.stdout).context("DuckDB's answer is no JSON")?;
    same("DuckDB's origins", &rows, &known.rows)?;
    Ok(cost)
}

/// A lake of plain events, and keys in it; made if it is not there.
async fn plain_lake(events: u64, folder: &Path) -> Result<(PathBuf, Vec<Traced>)> {
    let folder = folder.join(format!("events-{events}"));
    let (lake, file) = (folder.join("lake"), folder.join("keys.json"));
    if !file.exists() {
        let logs = folder.join("logs");
        let spec = archive::Spec { events, objects: (events / 800).max(1), ..archive::Spec::default() };
        let summary = archive::generate(&spec, &logs)?;
        ingest(&logs, &lake, summary.events)?;
        let mut keys = vec![Traced {
            what: "a user's long-term key".to_owned(),
            key: summary.subject.key,
            kind: "iam-user".to_owned(),
            name: Some(summary.subject.arn),
            depth: Some(0),
        }];
        for (what, caller, kind) in [
            ("a key that a role session issued", "AssumedRole", ""),
            ("a key of a service", "AWSService", "service"),
            ("a key of a web identity", "WebIdentityUser", "web-identity"),
        ] {
            let text = format!(
                "select issued_access_key_id from events where identity_type = '{caller}' and issued_access_key_id in \
                 (select access_key_id from events) order by event_time, event_id limit 1"
            );
            let Some(key) = texts(&lake, &text).await?.into_iter().flatten().next() else { continue };
            let (what, kind) = (what.to_owned(), kind.to_owned());
            keys.push(Traced { what, key, kind, name: None, depth: None });
        }
        fs::write(&file, serde_json::to_vec(&keys)?)?;
    }
    let keys = serde_json::from_slice(&fs::read(&file)?).context("an odd `keys.json`")?;
    say(&format!("{events} plain events"))?;
    Ok((lake, keys))
}

/// Times `trace` as a user runs it, from its start to its end.
fn trace(lake: &Path, traced: &Traced, rounds: usize) -> Result<()> {
    let Traced { what, key, kind, name, depth } = traced;
    let mut costs = Vec::new();
    for _ in 0..rounds.max(1) {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        command.args(["trace", key, "--format", "json", "--lake"]).arg(lake);
        let (cost, output) = measure::run(command.stdout(Stdio::piped()))?;
        costs.push(cost);
        let answer: Value = serde_json::from_slice(&output.stdout).context("the trace is no JSON")?;
        let found = |pointer: &str| answer.pointer(pointer).and_then(Value::as_str);
        let origin = found("/origin/kind").context("the trace has no origin")?;
        ensure!(kind.is_empty() || origin == kind, "{key}: expected the origin {kind}, found {origin}");
        if let Some(name) = name {
            let found = found("/origin/arn").or(found("/origin/name"));
            ensure!(found == Some(name), "{key}: expected the origin `{name}`, found {found:?}");
        }
        if let Some(depth) = depth {
            let links =
                answer.pointer("/links").and_then(Value::as_array).context("the trace has no links")?;
            let is_step = |link: &&Value| {
                link.get("above_origin") != Some(&Value::Bool(true))
                    && link.get("rule").and_then(Value::as_str) != Some("shared-event")
            };
            let steps = links.iter().filter(is_step).count() as u64;
            ensure!(steps == *depth, "{key}: expected {depth} steps, found {steps}");
        }
    }
    let slowest = costs.iter().map(|cost| cost.wall_s).fold(0.0, f64::max);
    let cpu = median_cost(&costs).cpu_s;
    say(&format!(
        "  trace of {what:32} {:7.1} ms, slowest {:7.1} ms, CPU {:7.1} ms, peak {:.0} MB",
        median(costs.iter().map(|cost| cost.wall_s * 1e3).collect()),
        slowest * 1e3,
        cpu * 1e3,
        megabytes(median_cost(&costs).peak_bytes)
    ))?;
    Ok(())
}
