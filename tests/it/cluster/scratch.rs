//! Lineage whose steps executors take, by way of a scratch place: the same answers, and nothing is left there.

use std::path::{Path, PathBuf};

use super::failure::running;
use super::processes::{Cluster, Process, Ran, lake, program, run, until};
use crate::chains::{ORIGINS, archive};
use crate::places;
use crate::s3::server::{BUCKET, Server};

/// What begins the name of a run's folder.
const RUN: &str = "backtrail-scratch-";

/// What an executor says with `--verbose` when it has written rows of a step.
const KEPT: &str = "kept ";

/// The commands that ask for the origins of all callers.
fn asking(iam: &str) -> Vec<Vec<&str>> {
    vec![
        vec!["sql", ORIGINS, "--format", "csv"],
        vec![
            "sql",
            "select origin, event_name, count(*) as n from event_origins group by 1, 2 order by 1, 2",
            "--format",
            "csv",
        ],
        vec!["sessions", "--format", "json"],
        vec!["query", "activity-by-origin", "--format", "json"],
        vec!["unused", "--snapshot", iam, "--origins", "--format", "json"],
    ]
}

fn iam() -> String {
    places::package("testdata/stories/unused/iam").display().to_string()
}

/// Executors that say what they do.
fn verbose(mut command: std::process::Command) -> std::process::Command {
    command.arg("--verbose");
    command
}

/// How many rows of steps the executors have written so far, and in how many files.
fn kept(cluster: &Cluster) -> (u64, usize) {
    let said: Vec<String> = cluster.executors.iter().map(Process::said).collect();
    let lines = said.iter().flat_map(|said| said.lines()).filter_map(|line| line.split_once(KEPT));
    let rows: Vec<u64> = lines.map(|(_, rest)| rest.split(' ').next().unwrap().parse().unwrap()).collect();
    (rows.iter().sum(), rows.len())
}

/// The files and folders below a folder.
fn within(folder: &Path) -> Vec<PathBuf> {
    let entries = walkdir::WalkDir::new(folder).min_depth(1).into_iter();
    entries.map(|entry| entry.unwrap().into_path()).collect()
}

/// Both answers are the same, and that of the cluster read nothing of what executors see on this machine.
fn assert_same(arguments: &[&str], here: &Ran, there: &Ran) {
    assert_eq!(here.code, there.code, "{arguments:?}\n{here:?}\n{there:?}");
    let differ = here.stdout.lines().zip(there.stdout.lines()).find(|(here, there)| here != there);
    assert!(here.stdout == there.stdout, "{arguments:?}: first {differ:?}\n{}", there.stderr);
    assert!(here.stdout.len() > 100, "{arguments:?} {here:?}");
    assert!(!there.stderr.contains("read here"), "{}", there.stderr);
}

#[test]
fn origins_by_way_of_a_folder_are_the_same_and_nothing_is_left_of_it() {
    let cluster = Cluster::with(2, 2, verbose);
    let folder = cluster.folder.path();
    let lake = lake(folder, &[archive(1, folder), places::package("testdata/stories/unused/AWSLogs")]);
    let scratch = folder.join("scratch");
    // What another run left is nobody's business.
    let other = scratch.join(format!("{RUN}other"));
    std::fs::create_dir_all(&other).unwrap();
    std::fs::write(other.join("a.parquet"), "theirs").unwrap();
    let place = scratch.display().to_string();
    let iam = iam();
    let mut files = 0;
    for asked in asking(&iam) {
        let arguments = [&asked[..], &["--lake", &lake]].concat();
        let here = run(program(&arguments, folder));
        let there = run(cluster.program(&[&arguments[..], &["--scratch", &place]].concat()));
        assert_same(&asked, &here, &there);
        let (rows, now) = kept(&cluster);
        assert!(rows > 100 && now > files, "{asked:?}: executors wrote {rows} rows in {now} files");
        files = now;
        assert_eq!(within(&scratch), [other.clone(), other.join("a.parquet")], "{asked:?}");
    }
    // Without a scratch place they write nothing, and what needs no origins begins no run.
    let arguments = ["sessions", "--format", "json", "--lake", &lake];
    assert_eq!(run(cluster.program(&arguments)).stdout, run(program(&arguments, folder)).stdout);
    let absent = folder.join("scratch/absent").display().to_string();
    std::fs::create_dir(&absent).unwrap();
    let counted = ["sql", "select count(*) as n from events", "--lake", &lake, "--scratch", &absent];
    assert_eq!(run(cluster.program(&counted)).code, Some(0));
    assert_eq!(kept(&cluster).1, files);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn origins_by_way_of_a_bucket_are_the_same_and_nothing_is_left_of_it() {
    const LAKE: &str = "s3://example-logs/lakes/one";
    const SCRATCH: &str = "s3://example-logs/tmp/scratch";
    let server = Server::start().await;
    let logs = archive(2, server.folder.path());
    server.ingest(&["--lake", LAKE, logs.to_str().unwrap()]);
    tokio::task::block_in_place(|| {
        let cluster = Cluster::with(2, 2, |command| {
            let mut with_credentials = server.command(&[]);
            with_credentials.args(command.get_args());
            verbose(with_credentials)
        });
        let bucket = server.path("");
        let in_scratch = || {
            let all = within(&bucket).into_iter().filter(|path| path.is_file());
            all.filter(|path| path.display().to_string().contains(RUN)).count()
        };
        for asked in &asking(&iam())[..3] {
            let arguments = [&asked[..], &["--lake", LAKE]].concat();
            let here = run(server.command(&arguments));
            server.asked();
            let on_cluster = ["--cluster", &cluster.address, "--scratch", SCRATCH];
            let there = run(server.command(&[&arguments[..], &on_cluster].concat()));
            assert_same(asked, &here, &there);
            let puts = server.asked().puts;
            let steps = puts.iter().filter(|put| put.starts_with(&format!("tmp/scratch/{RUN}"))).count();
            assert!(steps > 6, "{BUCKET}: {puts:?}");
            assert_eq!(in_scratch(), 0, "{asked:?}");
        }
        let (rows, files) = kept(&cluster);
        assert!(rows > 100 && files > 3, "executors wrote {rows} rows in {files} files");

        // One that may not be written is told by its name, before the work, and nothing is left of it.
        server.fail(|faults| {
            faults.unputtable.insert(RUN, (s3s::S3ErrorCode::AccessDenied, "Access Denied"));
        });
        let sessions = ["sessions", "--lake", LAKE, "--cluster", &cluster.address, "--scratch", SCRATCH];
        let ran = run(server.command(&sessions));
        assert_refused(&ran, &[&format!("{SCRATCH}/{RUN}"), "hint: a scratch place (`--scratch`)"]);
        assert_eq!(in_scratch(), 0);
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_executor_that_cannot_use_the_scratch_place_says_so_by_its_name() {
    const SCRATCH: &str = "s3://example-logs/tmp/scratch";
    let server = Server::start().await;
    tokio::task::block_in_place(|| {
        let endpoint = server.endpoint().to_owned();
        let cluster = Cluster::with(1, 2, |mut command| {
            command.env("AWS_ENDPOINT_URL_S3", &endpoint);
            command
        });
        let lake = lake(cluster.folder.path(), &[places::package("testdata/stories/leaked-key/AWSLogs")]);
        let sessions = ["sessions", "--lake", &lake, "--cluster", &cluster.address, "--scratch", SCRATCH];
        let ran = run(server.command(&sessions));
        assert_refused(&ran, &["executor 127.0.0.1:", "credentials", "example-logs/tmp/scratch"]);
        let left = within(&server.path("")).into_iter().filter(|path| path.is_file()).count();
        assert_eq!(left, 0);
    });
}

fn assert_refused(ran: &Ran, words: &[&str]) {
    assert_eq!(ran.code, Some(2), "{ran:?}");
    assert_eq!(ran.stdout, "");
    for words in words {
        assert!(ran.stderr.contains(words), "expected `{words}`: {}", ran.stderr);
    }
}

#[test]
fn a_place_that_cannot_be_used_is_an_error_that_names_it() {
    let cluster = Cluster::start(1);
    let folder = cluster.folder.path();
    let lake = lake(folder, &[places::package("testdata/stories/leaked-key/AWSLogs")]);
    let (absent, file) = (folder.join("absent").display().to_string(), folder.join("file"));
    std::fs::write(&file, "").unwrap();
    let file = file.display().to_string();
    for (place, words) in [
        (&absent, ["cannot use the scratch place", "No such file", "hint: `--scratch` takes a folder"]),
        (
            &file,
            [
                "cannot write",
                "Not a directory",
                "hint: a scratch place (`--scratch`) is in S3, or in a folder",
            ],
        ),
    ] {
        let ran = run(cluster.program(&["sessions", "--lake", &lake, "--scratch", place]));
        assert_refused(&ran, &words);
        assert_refused(&ran, &[place]);
    }
}

/// The folder of a run whose client is told to end goes with it.
#[test]
fn an_interrupted_client_leaves_nothing() {
    let cluster = Cluster::start(1);
    let folder = cluster.folder.path();
    let lake = lake(folder, &[places::package("testdata/stories/leaked-key/AWSLogs")]);
    let scratch = folder.join("scratch");
    std::fs::create_dir(&scratch).unwrap();
    let place = scratch.display().to_string();
    let asked = cluster.program(&["sessions", "--lake", &lake, "--scratch", &place]);
    let mut asked = Process::start(asked);
    until(|| !within(&scratch).is_empty());
    // Nothing comes of it while the executor stands still.
    cluster.executors[0].signal("STOP");
    asked.signal("INT");
    assert_eq!(asked.ended(), Some(2), "{}", asked.said());
    assert_eq!(within(&scratch), [] as [PathBuf; 0]);
    cluster.executors[0].signal("CONT");
}

/// Files of the run that a killed executor wrote stay readable, those of its lost tasks are written anew under other names.
#[test]
fn an_executor_killed_in_mid_closure_changes_no_answer() {
    let mut cluster = Cluster::with(2, 1, verbose);
    let folder = cluster.folder.path().to_owned();
    let lake = lake(&folder, &[archive(3, &folder)]);
    let (scratch, out) = (folder.join("scratch"), folder.join("out.csv"));
    std::fs::create_dir(&scratch).unwrap();
    let place = scratch.display().to_string();
    let arguments = ["sql", ORIGINS, "--format", "csv", "--lake", &lake];
    let expected = run(program(&arguments, &folder));
    assert_eq!(expected.code, Some(0), "{expected:?}");
    let asked = cluster.program(&[&arguments[..], &["--scratch", &place]].concat());
    let mut asked = Process::writing(asked, std::fs::File::create(&out).unwrap().into());
    let by_the_other = |cluster: &Cluster| cluster.executors[1].said().matches(KEPT).count();
    // It has written rows of a step. Standing still it keeps the tasks of the next one that it has or gets.
    until(|| cluster.executors[0].said().contains(KEPT));
    cluster.executors[0].signal("STOP");
    let so_far = by_the_other(&cluster);
    until(|| running(&cluster));
    cluster.executors[0].kill();
    assert_eq!(asked.ended(), Some(0), "{}", asked.said());
    assert!(
        by_the_other(&cluster) > so_far + 2,
        "the other executor did not go on: {}",
        cluster.executors[1].said()
    );
    assert!(!asked.said().contains("read here"), "{}", asked.said());
    assert_eq!(std::fs::read_to_string(&out).unwrap(), expected.stdout);
    assert_eq!(within(&scratch), [] as [PathBuf; 0]);
    until(|| cluster.status().is_some_and(|status| status.0 == 1));
}
