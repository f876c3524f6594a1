//! Jobs that share a lake: each reads its part, at the same time, and no record is lost or doubled.

use std::process::{Child, Stdio};

use super::server::{BUCKET, Ran, Server, gzip, key};
use crate::places;

const LAKE: &str = "s3://example-logs/lakes/one";

const EVENTS_1: &str = "lakes/one/events/_delta_log/00000000000000000001.json";

fn source() -> String {
    format!("s3://{BUCKET}/AWSLogs/")
}

/// An object with these events.
fn events(ids: impl Iterator<Item = u32>) -> Vec<u8> {
    let record = |id| {
        format!(
            r#"{{"eventTime":"2026-03-09T10:00:0{}Z","eventID":"id-{id:03}","eventName":"A","awsRegion":"eu-west-1","userIdentity":{{"accountId":"111122223333"}}}}"#,
            id % 10
        )
    };
    let records: Vec<String> = ids.map(record).collect();
    gzip(format!(r#"{{"Records":[{}]}}"#, records.join(",")).as_bytes())
}

fn at(minute: u32) -> String {
    key("111122223333", "eu-west-1", "2026/03/09", minute)
}

fn start(server: &Server, arguments: &[&str]) -> Child {
    let mut command = server.command(&[&["ingest", "--format", "json", "--lake", LAKE], arguments].concat());
    command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

/// Runs several ingests at the same time.
fn at_once(server: &Server, jobs: &[&[&str]]) -> Vec<Ran> {
    let children: Vec<Child> = jobs.iter().map(|arguments| start(server, arguments)).collect();
    tokio::task::block_in_place(|| {
        children.into_iter().map(|child| Ran::of(&child.wait_with_output().unwrap())).collect()
    })
}

fn sum(ran: &[Ran], name: &str) -> u64 {
    ran.iter().map(|ran| ran.number(name)).sum()
}

/// The lake has each of the records once, and its ledger says where they are from.
fn holds(server: &Server, ids: impl Iterator<Item = u32>) {
    let expected: Vec<String> = ids.map(|id| format!("id-{id:03}")).collect();
    assert_eq!(server.rows(LAKE, "select event_id from events order by 1"), expected);
    let differ = "select o.object from (select object, count(*) as kept from events group by object) e \
                  full join (select object, sum(kept) as kept from objects group by object having sum(kept) > 0) o \
                  on e.object = o.object where e.kept is distinct from o.kept";
    assert_eq!(server.rows(LAKE, differ), Vec::<String>::new());
    let wrong = "select object from objects where read <> kept + duplicate + refused";
    assert_eq!(server.rows(LAKE, wrong), Vec::<String>::new());
    let twice = "select object from objects where sha256 is not null group by object having count(*) > 1";
    assert_eq!(server.rows(LAKE, twice), Vec::<String>::new());
    let batches = server.rows(LAKE, "select count(distinct batch), max(batch) from objects");
    let (count, newest) = batches[0].split_once(',').unwrap();
    assert_eq!(count, newest, "a batch has no ledger");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_shards_of_an_archive_are_the_whole_of_it() {
    let server = Server::start().await;
    server.put_folder(&places::package("testdata/stories/leaked-key/AWSLogs"), "AWSLogs/");
    let alone = server.ingest(&[&source()]);
    let lake = server.lake();
    let expected =
        server.rows(lake.to_str().unwrap(), "select event_id, fingerprint from events order by 1, 2");
    let shards: Vec<Ran> = ["1/3", "2/3", "3/3"]
        .map(|shard| server.ingest(&["--lake", LAKE, &source(), "--shard", shard]))
        .into();
    for number in ["objects", "objects_read", "records_read", "kept", "duplicate"] {
        assert_eq!(sum(&shards, number), alone.number(number), "{number}");
    }
    assert!(shards.iter().all(|ran| ran.number("objects_read") > 3), "{shards:?}");
    assert_eq!(server.rows(LAKE, "select event_id, fingerprint from events order by 1, 2"), expected);
    // Other parts of the same archive, and all of it, are known.
    let again = server.ingest(&["--lake", LAKE, &source(), "--shard", "1/2"]);
    assert_eq!(again.number("objects_known"), again.number("objects"));
    assert_eq!(
        server.ingest(&["--lake", LAKE, &source()]).number("objects_known"),
        alone.number("objects_read")
    );
    let planned =
        server.run(&["ingest", "--dry-run", "--format", "json", &source(), "--shard", "2/3", "--lake", "x"]);
    assert_eq!(planned.number("objects_to_read"), shards[1].number("objects_read"));
    // A bucket as a whole is a lake, too.
    std::fs::create_dir(server.folder.path().join("s3/example-lake")).unwrap();
    let limited =
        server.ingest(&["--lake", "s3://example-lake", &source(), "--shard", "2/3", "--max-objects", "2"]);
    assert_eq!((limited.number("objects_read"), limited.json()["more"].as_bool()), (2, Some(true)));
    let rest = server.ingest(&["--lake", "s3://example-lake", &source(), "--shard", "2/3"]);
    assert_eq!((rest.number("objects_known"), rest.number("objects")), (2, shards[1].number("objects")));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn records_delivered_to_two_shards_at_the_same_instant_are_kept_once() {
    let server = Server::start().await;
    // Each object shares records with its neighbours, which are in the other shard for some.
    for minute in 0..12 {
        server.put(&at(minute), &events(minute * 10..minute * 10 + 20));
    }
    let ran = server.ingest(&["--lake", LAKE, "--max-objects", "1", &format!("s3://{BUCKET}/{}", at(0))]);
    assert_eq!(ran.number("kept"), 20);
    server.asked();
    // Both have read and written their rows when one of them commits.
    server.meet_at("lakes/one/events/_delta_log/00000000000000000002.json", 2);
    let from = source();
    let ran = at_once(&server, &[&[&from, "--shard", "1/2"], &[&from, "--shard", "2/2"]]);
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    assert_eq!(server.asked().met, 1, "the two never met");
    assert_eq!((sum(&ran, "records_read"), sum(&ran, "kept")), (11 * 20, 110));
    assert_eq!(sum(&ran, "duplicate"), 11 * 20 - 110);
    assert_eq!((sum(&ran, "objects_read"), sum(&ran, "objects_known")), (11, 1));
    for ran in &ran {
        // What is told of the events that were kept is told of those only.
        assert_eq!(ran.json()["accounts"]["111122223333"].as_u64(), Some(ran.number("kept")));
    }
    holds(&server, 0..130);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_shard_that_has_nothing_new_left_commits_its_ledger() {
    let server = Server::start().await;
    for minute in 0..12 {
        server.put(&at(minute), &events(0..30));
    }
    server.meet_at(EVENTS_1, 2);
    let from = source();
    let ran = at_once(&server, &[&[&from, "--shard", "1/2"], &[&from, "--shard", "2/2"]]);
    let mut kept: Vec<u64> = ran.iter().map(|ran| ran.number("kept")).collect();
    kept.sort_unstable();
    assert_eq!((kept, sum(&ran, "duplicate")), (vec![0, 30], 11 * 30), "{ran:?}");
    holds(&server, 0..30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn jobs_that_begin_at_once_with_no_lake_make_one() {
    let server = Server::start().await;
    for minute in 0..12 {
        server.put(&at(minute), &events(minute * 10..minute * 10 + 15));
    }
    server.meet_at("lakes/one/objects/_delta_log/00000000000000000000.json", 3);
    let from = source();
    // Batches of one object each: they meet time and again.
    let job = |shard| [from.as_str(), "--batch-bytes", "1", "--shard", shard];
    let jobs = [job("1/3"), job("2/3"), job("3/3")];
    let ran = at_once(&server, &jobs.each_ref().map(<[&str; 5]>::as_slice));
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    assert!(server.asked().met >= 2);
    assert_eq!((sum(&ran, "records_read"), sum(&ran, "kept")), (12 * 15, 125));
    holds(&server, 0..125);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_job_ends_the_batch_of_another_that_is_still_about_to() {
    let server = Server::start().await;
    server.put("a/1.json.gz", &events(0..10));
    server.put("a/2.json.gz", &events(10..20));
    server.put("b/1.json.gz", &events(5..25));
    // Whoever commits first is kept from its ledger until the other one comes to make it.
    server.meet_at("lakes/one/objects/_delta_log/00000000000000000001.json", 2);
    let [a, b] = ["a", "b"].map(|folder| format!("s3://{BUCKET}/{folder}"));
    let ran = at_once(&server, &[&[&a, "--batch-bytes", "1"], &[&b]]);
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    assert!(server.asked().met >= 1);
    assert_eq!((sum(&ran, "records_read"), sum(&ran, "kept"), sum(&ran, "duplicate")), (40, 25, 15));
    holds(&server, 0..25);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_jobs_with_the_same_objects_read_each_once() {
    let server = Server::start().await;
    for minute in 0..4 {
        server.put(&at(minute), &events(minute * 10..minute * 10 + 10));
    }
    server.meet_at(EVENTS_1, 2);
    let from = source();
    let ran = at_once(&server, &[&[&from], &[&from]]);
    assert!(ran.iter().all(|ran| ran.code == Some(0)), "{ran:?}");
    assert_eq!((sum(&ran, "objects_read"), sum(&ran, "objects_known"), sum(&ran, "kept")), (4, 4, 40));
    holds(&server, 0..40);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_day_that_is_compacted_while_a_batch_is_committed_loses_nothing() {
    let server = Server::start().await;
    for minute in 0..3 {
        server.put(&at(minute), &events(minute * 10..minute * 10 + 10));
    }
    let first = ["--lake", LAKE, "--batch-bytes", "1", "--max-objects", "2", &source()].map(str::to_owned);
    assert_eq!(server.ingest(&first.each_ref().map(String::as_str)).number("kept"), 20);
    server.meet_at("lakes/one/events/_delta_log/00000000000000000003.json", 2);
    let from = source();
    let ingest = start(&server, &[&from]);
    let compacted = server.run(&["compact", "--format", "json", "--lake", LAKE]);
    let ran = tokio::task::block_in_place(|| Ran::of(&ingest.wait_with_output().unwrap()));
    assert_eq!((compacted.code, compacted.number("rows")), (Some(0), 20), "{compacted:?}");
    assert_eq!((ran.code, ran.number("kept"), ran.number("duplicate")), (Some(0), 10, 0), "{ran:?}");
    assert_eq!(server.asked().met, 1, "the two never met");
    holds(&server, 0..30);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn since_last_begins_where_the_shard_is_not_where_another_is() {
    let server = Server::start().await;
    let days = ["2026/03/01", "2026/03/10", "2026/03/20"];
    for (place, day) in (0..).zip(days) {
        for minute in 0..8 {
            server.put(
                &key("111122223333", "eu-west-1", day, minute),
                &events(std::iter::once(place * 100 + minute)),
            );
        }
    }
    let shard = |shard: &str, more: &[&str]| {
        server.ingest(&[&["--lake", LAKE, &source(), "--since-last", "--shard", shard], more].concat())
    };
    let first = shard("1/2", &[]).number("kept");
    let second = shard("2/2", &[]).number("kept");
    assert!(first > 3 && second > 3, "{first} and {second}");
    assert_eq!(first + second, 24);
    // The newest day is known to each of them now.
    server.asked();
    assert_eq!(shard("2/2", &[]).number("objects_read"), 0);
    assert!(shard("1/2", &[]).number("objects") < 8);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_no_shard_is_refused_before_anything_is_read() {
    let server = Server::start().await;
    for (shard, words) in
        [("0/2", "found `0/2`"), ("3/2", "expected I/N with I from 1 to N"), ("x", "as `1/8`")]
    {
        server.run(&["ingest", &source(), "--shard", shard]).assert_says(2, &[words]);
    }
    server.run(&["ingest", "-", "--shard", "1/2"]).assert_says(2, &["standard input cannot be split"]);
}
