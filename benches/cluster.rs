//! What a cluster costs beside one machine: the same questions to the same lake by both, and what is shuffled.
//!
//! `cargo bench --bench cluster` generates 1,000,000 events; `-- --events 20000` is a quick look, `-- --lake DIR` takes a lake
//! that is there. A scheduler and two executors of one slot run as processes on this machine, so this shows what a cluster
//! adds, not what it gains. Every answer of the cluster is held against that of one machine first, byte for byte.

mod archive;
mod generated;
mod measure;

use std::collections::HashMap;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use backtrail::lake::Lake;
use clap::Parser;

use generated::rows;
use measure::{Cost, megabytes, say};

/// So often the executors' folders are looked at for rows that are exchanged.
const LOOK_EVERY: Duration = Duration::from_millis(5);

/// Executors, with one slot each.
const EXECUTORS: usize = 2;

/// Measures a cluster.
#[derive(Parser)]
struct Args {
    /// Different events.
    #[arg(long, default_value_t = 1_000_000)]
    events: u64,
    /// A lake instead of generated events.
    #[arg(long)]
    lake: Option<PathBuf>,
    /// Policies for `replay` and `unused`; without them these are left out.
    #[arg(long)]
    snapshot: Option<PathBuf>,
    /// Rounds; the median counts.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// Given by `cargo bench`.
    #[arg(long, hide = true)]
    bench: bool,
}

/// A process of the cluster, which ends with this program.
struct Process(Child);

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// A scheduler and its executors.
struct Cluster {
    address: String,
    folder: tempfile::TempDir,
    processes: Vec<Process>,
}

impl Cluster {
    fn start() -> Result<Self> {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
        let (scheduler, line) = start(&["cluster", "scheduler", "--bind", "127.0.0.1:0"])?;
        let place = line.rsplit("listens on ").next().context("no address")?.trim();
        let address = format!("df://{place}");
        let mut processes = vec![scheduler];
        for number in 0..EXECUTORS {
            let work = folder.path().join(number.to_string()).display().to_string();
            let options =
                ["cluster", "executor", "--scheduler", &address, "--slots", "1", "--work-dir", &work];
            processes.push(start(&options)?.0);
        }
        let cluster = Self { address, folder, processes };
        for _ in 0..200 {
            let status = cluster.run(&["cluster", "status"], true)?.1;
            if status.contains(&format!("{EXECUTORS} executors")) {
                return Ok(cluster);
            }
            thread::sleep(Duration::from_millis(50));
        }
        anyhow::bail!("the executors did not come")
    }

    /// Runs a command, here or on the cluster.
    fn run(&self, arguments: &[&str], there: bool) -> Result<(Cost, String)> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        command.args(arguments).stdout(Stdio::piped());
        command.env_remove("BACKTRAIL_CLUSTER").env_remove("BACKTRAIL_SCRATCH");
        if there {
            command.args(["--cluster", &self.address]);
        }
        let (cost, output) = measure::run(&mut command)?;
        Ok((cost, String::from_utf8(output.stdout)?))
    }

    /// The processor time of scheduler and executors so far.
    fn cpu_s(&self) -> Result<f64> {
        self.processes.iter().map(|process| measure::cpu_s_of(process.0.id())).sum()
    }

    /// Runs something, and tells how many bytes executors wrote for other steps and for the client meanwhile.
    fn shuffled<T>(&self, run: impl FnOnce() -> Result<T>) -> Result<(T, u64)> {
        let ended = AtomicBool::new(false);
        thread::scope(|scope| {
            let watch = scope.spawn(|| {
                let mut seen: HashMap<PathBuf, u64> = HashMap::new();
                loop {
                    // Looked at once more after the end.
                    let last = ended.load(Ordering::SeqCst);
                    for (path, bytes) in files(self.folder.path()) {
                        let known = seen.entry(path).or_default();
                        *known = bytes.max(*known);
                    }
                    if last {
                        return seen.values().sum();
                    }
                    thread::sleep(LOOK_EVERY);
                }
            });
            let ran = run();
            ended.store(true, Ordering::SeqCst);
            Ok((ran?, watch.join().unwrap_or(0)))
        })
    }
}

/// Starts a process of a cluster, and gives the line in which it says where it listens.
fn start(arguments: &[&str]) -> Result<(Process, String)> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut process = Process(command.spawn()?);
    let mut lines = BufReader::new(process.0.stderr.take().context("no stderr")?).lines();
    let line = lines.by_ref().find(|line| line.as_ref().map_or(true, |line| line.contains("listens on")));
    let line = line.context("it ended")??;
    // What it says later is read away, so that it can go on.
    thread::spawn(move || lines.for_each(drop));
    Ok((process, line))
}

/// The files below a folder, with their sizes.
fn files(folder: &Path) -> Vec<(PathBuf, u64)> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        // Executors remove folders meanwhile.
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(metadata) if metadata.is_dir() => folders.push(entry.path()),
                Ok(metadata) => found.push((entry.path(), metadata.len())),
                Err(_) => {}
            }
        }
    }
    found
}

/// What is asked, each with an order that is total.
const QUESTIONS: [(&str, &[&str]); 6] = [
    ("one row", &["sql", "select count(*) as n from events where event_time < '1999-01-01T00:00:00Z'"]),
    (
        "calls by service and action",
        &[
            "sql",
            "select event_source, event_name, count(*) as n from events group by 1, 2 order by 3 desc, 1, 2",
        ],
    ),
    (
        "callers by address and day",
        &[
            "sql",
            "select event_date, source_ip_address, count(distinct access_key_id) as n from events group by 1, 2 \
         order by 3 desc, 1, 2 limit 20",
        ],
    ),
    (
        "keys and who issued them, a join",
        &[
            "sql",
            "select i.event_name, u.event_source, count(*) as n from events i join events u on \
         i.issued_access_key_id = u.access_key_id group by 1, 2 order by 3 desc, 1, 2 limit 20",
        ],
    ),
    ("query calls-by-action", &["query", "calls-by-action"]),
    ("sessions", &["sessions"]),
];

#[tokio::main]
async fn main() -> Result<()> {
    let args = Args::parse();
    measure::warn_if_unoptimized()?;
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR"))?;
    let at = generated::given_or_made(args.lake.as_deref(), args.events, folder.path()).await?;
    let lake = Lake::open(&at).await?;
    let events = rows(&lake, "select count(*) from events").await?;
    let events: u64 = events.first().and_then(|row| row.first()).context("no count")?.parse()?;
    let size = lake.size()?;
    say(&format!("{events} events, {} files, {:.0} MB", size.files, megabytes(size.bytes)))?;
    let place = at.display().to_string();
    let snapshot = args.snapshot.as_ref().map(|path| path.display().to_string());
    let mut questions: Vec<(&str, Vec<&str>)> =
        QUESTIONS.iter().map(|(what, arguments)| (*what, arguments.to_vec())).collect();
    if let Some(snapshot) = &snapshot {
        questions.push(("unused", vec!["unused", "--snapshot", snapshot]));
        questions.push(("replay", vec!["replay", "--snapshot", snapshot]));
    }
    let cluster = Cluster::start()?;
    if args.lake.is_none() {
        ingested(&cluster, &folder.path().join("archive"), folder.path(), (args.rounds, events)).await?;
    }
    for (what, arguments) in questions {
        let arguments = [&arguments[..], &["--lake", &place, "--format", "json"]].concat();
        measured(&cluster, what, (&arguments, &[]), args.rounds)?;
    }
    // Among what executors write, so that it counts as exchanged.
    let scratch = cluster.folder.path().join("scratch");
    std::fs::create_dir(&scratch)?;
    let scratch = scratch.display().to_string();
    let arguments = ["sessions", "--lake", &place, "--format", "json"];
    measured(
        &cluster,
        "sessions, with a scratch place",
        (&arguments, &["--scratch", &scratch]),
        args.rounds,
    )?;
    Ok(())
}

/// Reads an archive of so many events into lakes, here and on the cluster, so often, and says what each took.
async fn ingested(
    cluster: &Cluster,
    archive: &Path,
    folder: &Path,
    (rounds, events): (usize, u64),
) -> Result<()> {
    let (mut here, mut there, mut cluster_cpu_s) = (Vec::new(), Vec::new(), Vec::new());
    let archive = archive.display().to_string();
    for round in 0..rounds.max(1) {
        for (on_cluster, costs) in [(false, &mut here), (true, &mut there)] {
            let lake = folder.join(format!("ingested-{round}-{on_cluster}"));
            let before = cluster.cpu_s()?;
            let place = lake.display().to_string();
            costs.push(cluster.run(&["ingest", &archive, "--lake", &place], on_cluster)?.0);
            if on_cluster {
                cluster_cpu_s.push(cluster.cpu_s()? - before);
            }
            let kept = rows(&Lake::open(&lake).await?, "select count(distinct event_id) from events").await?;
            ensure!(kept.concat() == [events.to_string()], "{kept:?}");
            std::fs::remove_dir_all(&lake)?;
        }
    }
    said("ingest", (&here, &there), cluster_cpu_s, 0)
}

/// Asks one question of both, of the cluster with further arguments, and says what each took.
fn measured(
    cluster: &Cluster,
    what: &str,
    (arguments, further): (&[&str], &[&str]),
    rounds: usize,
) -> Result<()> {
    let (mut here, mut there, mut cluster_cpu_s, mut shuffled) = (Vec::new(), Vec::new(), Vec::new(), 0);
    for _ in 0..rounds.max(1) {
        let (cost, expected) = cluster.run(arguments, false)?;
        here.push(cost);
        let before = cluster.cpu_s()?;
        let ((cost, answer), bytes) =
            cluster.shuffled(|| cluster.run(&[arguments, further].concat(), true))?;
        there.push(cost);
        cluster_cpu_s.push(cluster.cpu_s()? - before);
        shuffled = bytes;
        ensure!(expected == answer, "{what}: {} and {} bytes", expected.len(), answer.len());
    }
    said(what, (&here, &there), cluster_cpu_s, shuffled)
}

/// Says what something took here and on the cluster, with the processor time of the cluster's processes.
fn said(what: &str, (here, there): (&[Cost], &[Cost]), cluster_cpu_s: Vec<f64>, shuffled: u64) -> Result<()> {
    let (here, there) = (measure::median_cost(here), measure::median_cost(there));
    let cluster_cpu_s = measure::median(cluster_cpu_s);
    say(&format!(
        "  {what:34} here {:6.2} s wall {:6.2} s CPU; cluster {:6.2} s wall {:6.2} s CPU ({:.2} of it the client, \
         peak {:.0} MB, here {:.0} MB); {:.1} MB exchanged; {:.2} times the wall, {:.2} times the CPU",
        here.wall_s,
        here.cpu_s,
        there.wall_s,
        there.cpu_s + cluster_cpu_s,
        there.cpu_s,
        megabytes(there.peak_bytes),
        megabytes(here.peak_bytes),
        megabytes(shuffled),
        there.wall_s / here.wall_s,
        (there.cpu_s + cluster_cpu_s) / here.cpu_s,
    ))?;
    Ok(())
}
