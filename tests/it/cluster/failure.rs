//! Executors and schedulers that go away, are not there, or can't read: a right answer or a clear error, and no waiting
//! without an end.

use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::processes::{Cluster, Process, lake, program, run, until};
use crate::places;

fn story() -> Vec<PathBuf> {
    vec![places::package("testdata/stories/leaked-key/AWSLogs")]
}

/// Keeps executors busy for some seconds; its answer is known by counting.
const LONG: &str = "select count(*) as n, sum(char_length(regexp_replace(a.event_name || b.event_name, '[aeiou]+', '', 'g')) * 0) as zero \
     from events a cross join events b cross join (values (1), (2), (3), (4)) as c(times)";

/// Counts the events, and with them what [`LONG`] gives.
fn long_answer(cluster: &Cluster, lake: &str) -> String {
    let ran = run(program(
        &["sql", "select count(*) as n from events", "--lake", lake, "--format", "csv"],
        cluster.folder.path(),
    ));
    let events: u64 = ran.stdout.lines().nth(1).unwrap().parse().unwrap();
    format!("n,zero\r\n{},0\r\n", 4 * events * events)
}

/// [`LONG`], begun; its answer goes to the file.
fn begun(cluster: &Cluster, lake: &str, answer: &Path) -> Process {
    let asked = cluster.program(&["sql", LONG, "--lake", lake, "--format", "csv"]);
    Process::writing(asked, std::fs::File::create(answer).unwrap().into())
}

pub(super) fn running(cluster: &Cluster) -> bool {
    cluster.status().is_some_and(|(_, jobs)| jobs > 0)
}

#[test]
fn an_executor_killed_in_mid_query_changes_no_answer() {
    let mut cluster = Cluster::start(2);
    let lake = lake(cluster.folder.path(), &story());
    let out = cluster.folder.path().join("out.csv");
    let mut asked = begun(&cluster, &lake, &out);
    until(|| running(&cluster));
    cluster.executors[0].kill();
    assert_eq!(asked.ended(), Some(0), "{}", asked.said());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), long_answer(&cluster, &lake));
    until(|| cluster.status().is_some_and(|status| status.0 == 1));
}

/// A share that is folded anew by another executor comes to the same.
#[test]
fn an_executor_killed_in_mid_fold_changes_no_answer() {
    let mut cluster = Cluster::with(2, 1, |command| command);
    let stories = ["leaked-key", "proposed-scp", "unused"];
    let logs = stories.map(|story| places::package("testdata/stories").join(story).join("AWSLogs"));
    let lake = lake(cluster.folder.path(), &logs);
    let iam = places::package("testdata/stories/unused/iam").display().to_string();
    let out = cluster.folder.path().join("out.json");
    let arguments = ["unused", "--snapshot", &iam, "--suggest", "--lake", &lake, "--format", "json"];
    let expected = run(program(&arguments, cluster.folder.path()));
    assert_eq!(expected.code, Some(0), "{expected:?}");
    let asked = cluster.program(&arguments);
    let mut asked = Process::writing(asked, std::fs::File::create(&out).unwrap().into());
    until(|| running(&cluster));
    cluster.executors[0].kill();
    assert_eq!(asked.ended(), Some(0), "{}", asked.said());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), expected.stdout);
    until(|| cluster.status().is_some_and(|status| status.0 == 1));
}

/// An executor that stops without ending is found out late: the other has done its share of a step by then, which Ballista by
/// itself would count twice, and has a task of the next one under way, of which Ballista would never free the slot.
#[test]
fn an_executor_that_falls_silent_in_mid_query_changes_no_answer() {
    let cluster = Cluster::with(2, 1, |command| command);
    let lake = lake(cluster.folder.path(), &story());
    let out = cluster.folder.path().join("out.csv");
    let mut asked = begun(&cluster, &lake, &out);
    // The first step is done: the rows of its three tasks are there, some of them with the one that falls silent.
    until(|| files(&cluster, 0) > 0 && files(&cluster, 0) + files(&cluster, 1) >= 3);
    cluster.executors[0].signal("STOP");
    // The other is slow, but not silent.
    until(|| {
        cluster.executors[1].signal("STOP");
        std::thread::sleep(Duration::from_secs(3));
        cluster.executors[1].signal("CONT");
        std::thread::sleep(Duration::from_millis(100));
        cluster.scheduler.said().contains("for its client to send it anew")
    });
    assert_eq!(asked.ended(), Some(0), "{}", asked.said());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), long_answer(&cluster, &lake));
}

/// How many files with rows of tasks an executor has.
fn files(cluster: &Cluster, executor: usize) -> usize {
    let folder = cluster.folder.path().join(format!("work-{executor}"));
    let entries = walkdir::WalkDir::new(folder).into_iter();
    entries.filter(|entry| entry.as_ref().is_ok_and(|entry| entry.file_type().is_file())).count()
}

#[test]
fn a_job_without_any_executor_left_ends_with_an_error() {
    let mut cluster = Cluster::start(1);
    let lake = lake(cluster.folder.path(), &story());
    let mut asked = begun(&cluster, &lake, &cluster.folder.path().join("out.csv"));
    until(|| running(&cluster));
    cluster.executors[0].kill();
    assert_eq!(asked.ended(), Some(2), "{}", asked.said());
    assert!(asked.said().contains(&cluster.address), "{}", asked.said());
    let ran = run(cluster.program(&["sql", "select 1", "--lake", &lake]));
    assert_eq!(ran.code, Some(2));
    assert!(
        ran.stderr.contains("has no executor") && ran.stderr.contains("hint: `backtrail cluster executor"),
        "{ran:?}"
    );
}

#[test]
fn a_scheduler_that_goes_away_is_an_error_that_names_it() {
    let mut cluster = Cluster::start(1);
    let lake = lake(cluster.folder.path(), &story());
    let mut asked = begun(&cluster, &lake, &cluster.folder.path().join("out.csv"));
    until(|| running(&cluster));
    cluster.scheduler.kill();
    assert_eq!(asked.ended(), Some(2), "{}", asked.said());
    let said = asked.said();
    assert!(said.contains(&format!("the scheduler at {} went away", cluster.address)), "{said}");
    assert!(said.contains("ask again when"), "{said}");
    let ran = run(cluster.program(&["coverage", "--lake", &lake]));
    assert_eq!(ran.code, Some(2));
    assert!(ran.stderr.contains(&format!("cannot reach the scheduler at {}", cluster.address)), "{ran:?}");
}

#[test]
fn an_interrupted_query_is_cancelled_on_the_cluster() {
    let mut cluster = Cluster::start(1);
    let lake = lake(cluster.folder.path(), &story());
    let mut asked = begun(&cluster, &lake, &cluster.folder.path().join("out.csv"));
    until(|| running(&cluster));
    asked.signal("INT");
    assert_eq!(asked.ended(), Some(2), "{}", asked.said());
    assert!(asked.said().contains("what ran on the cluster is cancelled"), "{}", asked.said());
    until(|| !running(&cluster));
    // Both end by themselves when they are told to.
    cluster.executors[0].signal("TERM");
    assert_eq!(cluster.executors[0].ended(), Some(0), "{}", cluster.executors[0].said());
    cluster.scheduler.signal("TERM");
    assert_eq!(cluster.scheduler.ended(), Some(0), "{}", cluster.scheduler.said());
}

#[test]
fn a_file_that_an_executor_does_not_see_is_named_with_the_executor() {
    let cluster = Cluster::start(1);
    let lake = lake(cluster.folder.path(), &story());
    let found = walkdir::WalkDir::new(format!("{lake}/events")).into_iter().map(Result::unwrap);
    let file =
        found.map(walkdir::DirEntry::into_path).find(|path| path.extension().is_some_and(|e| e == "parquet"));
    let file = file.unwrap();
    std::fs::remove_file(&file).unwrap();
    let file = file.canonicalize().unwrap_or(file).display().to_string();
    let iam = places::package("testdata/stories/unused/iam").display().to_string();
    let hint = "hint: a lake of a cluster is in S3, or in a folder";
    for (arguments, hint) in [
        (&["sql", "select count(*) from events where read_only"][..], hint),
        (&["unused", "--snapshot", &iam], "events/"),
    ] {
        let ran = run(cluster.program(&[arguments, &["--lake", &lake]].concat()));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for words in ["executor 127.0.0.1:", file.as_str(), hint] {
            assert!(ran.stderr.contains(words), "expected `{words}`: {}", ran.stderr);
        }
        for words in ["DataFusionError", "ParquetError", "Internal error"] {
            assert!(!ran.stderr.contains(words), "{}", ran.stderr);
        }
    }
}

#[test]
fn a_scheduler_of_another_version_is_refused_with_both_versions() {
    let folder = tempfile::tempdir().unwrap();
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("df://{}", listener.local_addr().unwrap());
    let answering = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.set_read_timeout(Some(Duration::from_mins(1))).unwrap();
        let mut request = [0; 1024];
        assert!(stream.read(&mut request).unwrap() > 0);
        let body = r#"{"version":"9.9.9","ballista":"99.0.0","started":"","jobs_queued":0,"jobs_running":0,"executors":[]}"#;
        write!(stream, "HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n{body}", body.len()).unwrap();
    });
    let ran = run(program(&["cluster", "status", "--cluster", &address], folder.path()));
    answering.join().unwrap();
    assert_eq!(ran.code, Some(2), "{ran:?}");
    for words in [&address, "backtrail 9.9.9 with Ballista 99.0.0", "this is backtrail"] {
        assert!(ran.stderr.contains(words), "{ran:?}");
    }
}

#[test]
fn an_address_where_nobody_listens_is_an_error_at_once() {
    let folder = tempfile::tempdir().unwrap();
    // Bound and let go: nobody listens there.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let started = Instant::now();
    let lake = lake(folder.path(), &story());
    let address = format!("df://{free}");
    let ran = run(program(&["sql", "select 1", "--lake", &lake, "--cluster", &address], folder.path()));
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert!(ran.stderr.contains(&format!("cannot reach the scheduler at {address}")), "{ran:?}");
    assert!(started.elapsed() < Duration::from_mins(1));
}

#[test]
fn a_port_that_others_reach_is_warned_of() {
    let folder = tempfile::tempdir().unwrap();
    let everywhere = ["cluster", "scheduler", "--bind", "0.0.0.0:0"];
    let unnamed = run(program(&everywhere, folder.path()));
    assert_eq!(unnamed.code, Some(2), "{unnamed:?}");
    assert!(unnamed.stderr.contains("hint: add `--advertise HOST`"), "{unnamed:?}");
    let named = [&everywhere[..], &["--advertise", "127.0.0.1"]].concat();
    let mut open = Process::start(program(&named, folder.path()));
    until(|| open.said().contains("listens on"));
    assert!(open.said().contains("there is no authentication"), "{}", open.said());
    open.signal("TERM");
    assert_eq!(open.ended(), Some(0));
    let mut closed =
        Process::start(program(&["cluster", "scheduler", "--bind", "127.0.0.1:0"], folder.path()));
    until(|| closed.said().contains("listens on"));
    assert!(!closed.said().contains("authentication"), "{}", closed.said());
    closed.signal("INT");
    assert_eq!(closed.ended(), Some(0));
}
