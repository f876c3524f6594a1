//! An ingest on a cluster: each event once, whatever happens to executors.

use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::processes::{Cluster, Process, Ran, program, run, until};
use crate::places;
use crate::s3::server::{Server, key, object};

/// Stories, cases, and files of which some can't be read.
fn sources() -> Vec<PathBuf> {
    let paths = [
        "testdata/stories/leaked-key/AWSLogs",
        "testdata/stories/unused/AWSLogs",
        "testdata/lineage/cases",
        "testdata/bad",
    ];
    paths.map(places::package).into()
}

/// The arguments of an ingest of these sources.
fn ingest<'a>(sources: &'a [String], lake: &'a str) -> Vec<&'a str> {
    let mut arguments = vec!["ingest", "--format", "json", "--lake", lake];
    arguments.extend(sources.iter().map(String::as_str));
    arguments
}

fn document(ran: &Ran) -> Value {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|_| panic!("{ran:?}"))
}

/// All that a lake holds, but for which of several copies of a record was kept.
fn content(folder: &Path, lake: &str) -> Vec<String> {
    let statements = [
        "select * exclude (object, record_index) from events",
        "select object, outcome, read, refused from objects",
        "select object, record_index, reason from refusals",
    ];
    let rows = |sql| {
        let ran = run(program(&["sql", sql, "--lake", lake, "--format", "csv"], folder));
        assert_eq!(ran.code, Some(0), "{sql}: {ran:?}");
        let mut lines: Vec<String> = ran.stdout.lines().map(str::to_owned).collect();
        lines.sort_unstable();
        lines
    };
    statements.map(rows).concat()
}

#[test]
fn a_cluster_brings_in_what_one_machine_does() {
    let cluster = Cluster::start(2);
    let folder = cluster.folder.path();
    let sources: Vec<String> = sources().iter().map(|source| source.display().to_string()).collect();
    let (here, there) =
        (folder.join("here").display().to_string(), folder.join("there").display().to_string());
    let one = run(program(&ingest(&sources, &here), folder));
    let many = run(cluster.program(&ingest(&sources, &there)));
    assert_eq!((one.code, many.code), (Some(3), Some(3)), "{one:?} {many:?}");
    let (one, many) = (document(&one), document(&many));
    for member in [
        "objects",
        "objects_read",
        "objects_known",
        "objects_set_aside",
        "records_read",
        "kept",
        "duplicate",
        "refused",
        "raw_bytes",
        "inflated_bytes",
        "first_event",
        "last_event",
        "accounts",
        "regions",
    ] {
        assert_eq!(one[member], many[member], "{member}");
    }
    assert!(one["kept"].as_u64().unwrap() > 500 && one["refused"].as_u64().unwrap() > 5, "{one}");
    assert_eq!(one["refusals"].as_array().unwrap().len(), many["refusals"].as_array().unwrap().len());
    assert_eq!(one["lake"]["rows"], many["lake"]["rows"]);
    let (here_holds, there_holds) = (content(folder, &here), content(folder, &there));
    assert_eq!(here_holds.len(), there_holds.len());
    let differ = here_holds.iter().zip(&there_holds).find(|(here, there)| here != there);
    assert_eq!(differ, None);

    // Asked again, everything is known.
    let again = document(&run(cluster.program(&ingest(&sources, &there))));
    assert_eq!(again["objects_known"], one["objects_read"]);
    assert_eq!((again["kept"].as_u64(), again["records_read"].as_u64()), (Some(0), Some(0)));
}

/// Objects of some hundred records each, with ids of their own; the folder and how many events there are.
fn many_objects(folder: &Path) -> (String, u64) {
    let logs = folder.join("logs");
    let mut number = 0_u64;
    for place in 0..60_u32 {
        let records: Vec<String> = (0..400)
            .map(|_| {
                number += 1;
                let second = number % 60;
                format!(
                    r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/ann","accountId":"111122223333","accessKeyId":"AKIARTX3GSDSQEXAMPLE"}},"eventTime":"2026-03-09T08:00:{second:02}Z","eventSource":"ec2.amazonaws.com","eventName":"DescribeInstances","awsRegion":"eu-west-1","eventID":"00000000-0000-0000-0000-{number:012}","recipientAccountId":"111122223333","requestParameters":{{"number":{number}}}}}"#
                )
            })
            .collect();
        let path = logs.join(key("111122223333", "eu-west-1", "2026/03/09", place));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let file = std::fs::File::create(path).unwrap();
        let mut file = flate2::write::GzEncoder::new(file, flate2::Compression::fast());
        write!(file, r#"{{"Records":[{}]}}"#, records.join(",")).unwrap();
        file.finish().unwrap();
    }
    (logs.display().to_string(), number)
}

#[test]
fn since_last_goes_on_from_where_all_tasks_came_to_their_end() {
    let cluster = Cluster::start(1);
    let folder = cluster.folder.path();
    let logs = folder.join("logs");
    for day in 1..=20 {
        let day = format!("2026/03/{day:02}");
        let path = logs.join(key("111122223333", "eu-west-1", &day, 0));
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, object(&day)).unwrap();
    }
    let (sources, lake) = ([logs.display().to_string()], folder.join("lake").display().to_string());
    let since_last = [&ingest(&sources, &lake)[..], &["--since-last"]].concat();
    // As where one task came to its end, and no other did.
    let one = document(&run(program(&[&since_last[..], &["--shard", "1/4"]].concat(), folder)));
    let read = one["objects_read"].as_u64().unwrap();
    assert!((1..20).contains(&read), "{one}");
    let all = document(&run(cluster.program(&since_last)));
    assert_eq!((all["objects_known"].as_u64(), all["kept"].as_u64()), (Some(read), Some(20 - read)), "{all}");
    for ran in [run(cluster.program(&since_last)), run(program(&since_last, folder))] {
        assert_eq!(document(&ran)["objects"], 3, "{ran:?}");
    }
}

#[test]
fn an_executor_killed_in_mid_ingest_loses_no_event_and_doubles_none() {
    let mut cluster = Cluster::start(2);
    let folder = cluster.folder.path().to_owned();
    let (logs, events) = many_objects(&folder);
    let lake = folder.join("lake").display().to_string();
    let sources = [logs];
    // Every object is a commit.
    let asked = [&ingest(&sources, &lake)[..], &["--batch-bytes", "1"]].concat();
    let out = std::fs::File::create(folder.join("out.json")).unwrap();
    let mut running = Process::writing(cluster.program(&asked), out.into());
    let commits = Path::new(&lake).join("events/_delta_log");
    until(|| std::fs::read_dir(&commits).is_ok_and(|entries| entries.count() > 4));
    cluster.executors[0].kill();
    assert_eq!(running.ended(), Some(0), "{}", running.said());
    let count = "select count(*) as n, count(distinct event_id) as ids from events";
    let ran = run(program(&["sql", count, "--lake", &lake, "--format", "csv"], &folder));
    assert_eq!(ran.stdout, format!("n,ids\r\n{events},{events}\r\n"), "{ran:?}");
    let again = document(&run(program(&ingest(&sources, &lake), &folder)));
    assert_eq!((again["objects_known"].as_u64(), again["kept"].as_u64()), (Some(60), Some(0)), "{again}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_archive_and_a_lake_in_buckets_are_read_and_written_by_executors() {
    let server = Server::start().await;
    for minute in 0..30 {
        let id = format!("00000000-0000-0000-0000-{minute:012}");
        server.put(&key("111122223333", "eu-west-1", "2026/03/09", minute), &object(&id));
    }
    tokio::task::block_in_place(|| {
        let cluster = Cluster::with(2, 2, |command| {
            let mut with_credentials = server.command(&[]);
            with_credentials.args(command.get_args());
            with_credentials
        });
        let lake = "s3://example-logs/lakes/one";
        let arguments = ["ingest", "s3://example-logs/AWSLogs", "--lake", lake, "--format", "json"];
        let on_cluster = [&arguments[..], &["--cluster", &cluster.address]].concat();
        let ran = run(server.command(&on_cluster));
        assert_eq!(ran.code, Some(0), "{ran:?}");
        let many = document(&ran);
        assert_eq!((many["objects_read"].as_u64(), many["kept"].as_u64()), (Some(30), Some(30)), "{many}");
        let again = document(&run(server.command(&arguments)));
        assert_eq!((again["objects_known"].as_u64(), again["kept"].as_u64()), (Some(30), Some(0)), "{again}");
    });
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_executor_that_may_not_read_the_archive_says_so_by_its_name() {
    let server = Server::start().await;
    server.put(&key("111122223333", "eu-west-1", "2026/03/09", 1), &object("1"));
    tokio::task::block_in_place(|| {
        let endpoint = server.endpoint().to_owned();
        let cluster = Cluster::with(1, 2, |mut command| {
            command.env("AWS_ENDPOINT_URL_S3", &endpoint);
            command
        });
        let lake = cluster.folder.path().join("lake").display().to_string();
        let arguments =
            ["ingest", "s3://example-logs/AWSLogs", "--lake", &lake, "--cluster", &cluster.address];
        let ran = run(server.command(&arguments));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        for words in [cluster.address.as_str(), "executor 127.0.0.1:", "credentials"] {
            assert!(ran.stderr.contains(words), "expected `{words}`: {}", ran.stderr);
        }
        assert!(!ran.stderr.contains("end of what the executor said"), "{}", ran.stderr);
    });
}

#[test]
fn what_cannot_be_divided_is_refused_before_anything_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let logs = places::package("testdata/stories/leaked-key/AWSLogs").display().to_string();
    for (more, words) in [
        (&["--shard", "1/2"][..], "leave out --shard"),
        (&["--max-objects", "1"], "--max-objects"),
        (&["--workers", "2"], "--workers"),
        (&["-"], "standard input"),
    ] {
        let arguments = [&["ingest", &logs, "--lake", &lake, "--cluster", "df://127.0.0.1:1"], more].concat();
        let ran = run(program(&arguments, folder.path()));
        assert_eq!(ran.code, Some(2), "{ran:?}");
        assert!(ran.stderr.contains(words), "expected `{words}`: {ran:?}");
    }
}

#[test]
fn an_interrupted_ingest_goes_on_in_the_parts_that_executors_are_in() {
    let cluster = Cluster::start(1);
    let folder = cluster.folder.path();
    let (logs, events) = many_objects(folder);
    let lake = folder.join("lake").display().to_string();
    let sources = [logs];
    let asked = [&ingest(&sources, &lake)[..], &["--batch-bytes", "1"]].concat();
    let mut running = Process::start(cluster.program(&asked));
    let commits = Path::new(&lake).join("events/_delta_log");
    let so_far = || std::fs::read_dir(&commits).map_or(0, Iterator::count);
    until(|| so_far() > 4);
    running.signal("INT");
    assert_eq!(running.ended(), Some(2), "{}", running.said());
    assert!(running.said().contains("executors read on"), "{}", running.said());
    let then = so_far();
    until(|| so_far() > then + 2);
    // Run again, here, it brings in the rest, each event once.
    let ran = run(program(&ingest(&sources, &lake), folder));
    assert_eq!(ran.code, Some(0), "{ran:?}");
    let count = "select count(*) as n, count(distinct event_id) as ids from events";
    let counted = run(program(&["sql", count, "--lake", &lake, "--format", "csv"], folder));
    assert_eq!(counted.stdout, format!("n,ids\r\n{events},{events}\r\n"), "{counted:?}");
}
