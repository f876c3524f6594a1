//! The processes of a cluster, each ended with the test that started it.

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// What must happen does so within this time, on a machine that is busy with other tests.
const WAIT_MAX: Duration = Duration::from_mins(10);

/// A process, and what it said on stderr.
pub(super) struct Process {
    child: Child,
    said: Arc<Mutex<String>>,
}

impl Process {
    pub(super) fn start(command: Command) -> Process {
        Process::writing(command, Stdio::null())
    }

    /// The same, with its answer written there.
    pub(super) fn writing(mut command: Command, to: Stdio) -> Process {
        let mut child = command.stdin(Stdio::null()).stdout(to).stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::new(Mutex::new(String::new()));
        let (lines, to) = (BufReader::new(child.stderr.take().unwrap()), Arc::clone(&said));
        std::thread::spawn(move || {
            for line in lines.lines().map_while(Result::ok) {
                let mut to = to.lock().unwrap();
                to.push_str(&line);
                to.push('\n');
            }
        });
        Process { child, said }
    }

    pub(super) fn said(&self) -> String {
        self.said.lock().unwrap().clone()
    }

    /// The line that holds these words, as soon as it was said.
    fn line(&mut self, words: &str) -> String {
        let mut found = None;
        until(|| {
            let ended = self.child.try_wait().unwrap();
            found = self.said().lines().find(|line| line.contains(words)).map(str::to_owned);
            assert!(found.is_some() || ended.is_none(), "it ended: {}", self.said());
            found.is_some()
        });
        found.unwrap()
    }

    /// Kills it as `kill -9` does.
    pub(super) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(super) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// How it ended, when it did.
    pub(super) fn ended(&mut self) -> Option<i32> {
        let mut status = None;
        until(|| {
            status = self.child.try_wait().unwrap();
            status.is_some()
        });
        status.unwrap().code()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Waits until something holds.
pub(super) fn until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < WAIT_MAX, "it did not happen within {WAIT_MAX:?}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The program, with nothing of this machine's settings.
pub(super) fn program(arguments: &[&str], home: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command
        .args(arguments)
        .env_clear()
        .env("HOME", home)
        .env("BACKTRAIL_CACHE", home.join("cache"))
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_REGION", "us-east-1");
    command
}

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Ran {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
}

/// Runs a command to its end; one that does not end fails the test.
pub(super) fn run(mut command: Command) -> Ran {
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let reader = |mut from: Box<dyn Read + Send>| {
        std::thread::spawn(move || {
            let mut text = String::new();
            from.read_to_string(&mut text).unwrap();
            text
        })
    };
    let stdout = reader(Box::new(child.stdout.take().unwrap()));
    let stderr = reader(Box::new(child.stderr.take().unwrap()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        if started.elapsed() > WAIT_MAX {
            child.kill().unwrap();
            child.wait().unwrap();
            panic!("{command:?} did not end within {WAIT_MAX:?}");
        }
        std::thread::sleep(Duration::from_millis(10));
    };
    Ran { code: status.code(), stdout: stdout.join().unwrap(), stderr: stderr.join().unwrap() }
}

/// A scheduler and executors.
pub(super) struct Cluster {
    pub(super) scheduler: Process,
    pub(super) executors: Vec<Process>,
    /// As `--cluster` takes it.
    pub(super) address: String,
    pub(super) folder: tempfile::TempDir,
}

impl Cluster {
    /// Starts a scheduler and so many executors of two slots, each of them there.
    pub(super) fn start(executors: usize) -> Cluster {
        Cluster::with(executors, 2, |command| command)
    }

    /// The same with so many slots, and a change of how executors are started.
    pub(super) fn with(executors: usize, slots: usize, change: impl Fn(Command) -> Command) -> Cluster {
        let folder = tempfile::tempdir().unwrap();
        let mut scheduler =
            Process::start(program(&["cluster", "scheduler", "--bind", "127.0.0.1:0"], folder.path()));
        let line = scheduler.line("listens on");
        let address = format!("df://{}", line.split("listens on ").nth(1).unwrap());
        let mut cluster = Cluster { scheduler, executors: Vec::new(), address, folder };
        for number in 0..executors {
            let work = cluster.folder.path().join(format!("work-{number}"));
            let slots = slots.to_string();
            let arguments =
                ["cluster", "executor", "--scheduler", &cluster.address, "--slots", &slots, "--work-dir"];
            let mut command = program(&arguments, cluster.folder.path());
            command.arg(work);
            let mut executor = Process::start(change(command));
            executor.line("listens on");
            cluster.executors.push(executor);
        }
        until(|| cluster.status().is_some_and(|status| status.0 == executors));
        cluster
    }

    /// How many executors it has, and how many jobs run; None where its scheduler does not answer.
    pub(super) fn status(&self) -> Option<(usize, u64)> {
        let arguments = ["cluster", "status", "--cluster", &self.address, "--format", "json"];
        let ran = run(program(&arguments, self.folder.path()));
        let document: serde_json::Value = serde_json::from_str(&ran.stdout).ok()?;
        let status = &document["status"];
        Some((status["executors"].as_array()?.len(), status["jobs_running"].as_u64()?))
    }

    /// The program, with `--cluster`.
    pub(super) fn program(&self, arguments: &[&str]) -> Command {
        program(&[arguments, &["--cluster", &self.address]].concat(), self.folder.path())
    }

    /// Both answers, without the cluster and with it, are the same bytes.
    pub(super) fn same(&self, arguments: &[&str]) -> Ran {
        let here = run(program(arguments, self.folder.path()));
        let there = run(self.program(arguments));
        assert_eq!(here.code, there.code, "{arguments:?}\n{here:?}\n{there:?}");
        if here.stdout != there.stdout {
            let differ = here.stdout.lines().zip(there.stdout.lines()).find(|(here, there)| here != there);
            panic!(
                "{arguments:?}: {} and {} bytes; first {differ:?}\n{}",
                here.stdout.len(),
                there.stdout.len(),
                there.stderr
            );
        }
        there
    }
}

/// A lake in a folder, of these sources.
pub(super) fn lake(folder: &Path, sources: &[PathBuf]) -> String {
    let lake = folder.join("lake").display().to_string();
    let sources: Vec<String> = sources.iter().map(|source| source.display().to_string()).collect();
    let mut arguments = vec!["ingest", "--lake", &lake];
    arguments.extend(sources.iter().map(String::as_str));
    let ran = run(program(&arguments, folder));
    assert!(matches!(ran.code, Some(0 | 3)), "{ran:?}");
    lake
}
