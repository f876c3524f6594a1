//! A lake in a bucket: as one in a folder, committed once whatever happens, and what is wrong is said.

use std::time::{Duration, SystemTime};

use s3s::S3ErrorCode;

use super::server::{BUCKET, Server, key, object};
use crate::places;

const LAKE: &str = "s3://example-logs/lakes/one";

/// The first commits of events, of the ledger and of what was refused.
const EVENTS_1: &str = "lakes/one/events/_delta_log/00000000000000000001.json";
const OBJECTS_1: &str = "lakes/one/objects/_delta_log/00000000000000000001.json";
const REFUSALS_1: &str = "lakes/one/refusals/_delta_log/00000000000000000001.json";

fn source() -> String {
    format!("s3://{BUCKET}/AWSLogs/")
}

/// A server with so many objects of one event each.
async fn with_objects(count: u32) -> Server {
    let server = Server::start().await;
    for minute in 0..count {
        let key = key("111122223333", "eu-west-1", "2026/03/09", minute);
        server.put(&key, &object(&format!("id-{minute}")));
    }
    server
}

fn ids(server: &Server) -> Vec<String> {
    server.rows(LAKE, "select event_id from events order by 1")
}

/// The ledger and the events agree, and every count adds up.
fn reads_back(server: &Server) {
    for wrong in [
        "select object from objects where read <> kept + duplicate + refused",
        "select object from objects where sha256 is not null group by object having count(*) > 1",
        "select event_id from events group by event_id, fingerprint having count(*) > 1",
        "select o.object from (select object, count(*) as kept from events group by object) e \
         full join (select object, sum(kept) as kept from objects group by object having sum(kept) > 0) o \
         on e.object = o.object where e.kept is distinct from o.kept",
    ] {
        assert_eq!(server.rows(LAKE, wrong), Vec::<String>::new(), "{wrong}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_lake_in_a_bucket_answers_as_one_in_a_folder() {
    let server = Server::start().await;
    let story = places::package("testdata/stories/leaked-key/AWSLogs");
    let story = story.to_str().unwrap();
    let local = server.lake();
    let local = local.to_str().unwrap();
    let there = server.ingest(&["--lake", LAKE, story]);
    let here = server.ingest(&["--lake", local, story]);
    there.assert_says(0, &["next: backtrail coverage --lake s3://example-logs/lakes/one"]);
    assert!(here.number("kept") > 200, "{here:?}");
    for number in ["kept", "duplicate", "refused", "records_read", "objects_read"] {
        assert_eq!(there.number(number), here.number(number), "{number}");
    }
    let events = &["sql", "--format", "csv", "select * from events order by object, record_index"][..];
    let same = |questions: &[&[&str]]| {
        for question in questions {
            let [there, here] =
                [LAKE, local].map(|lake| server.run(&[question, &["--lake", lake][..]].concat()));
            assert_eq!(there.code, Some(0), "{there:?}");
            assert!(there.stdout.len() > 100, "{there:?}");
            assert_eq!(there.stdout.replace(LAKE, "LAKE"), here.stdout.replace(local, "LAKE"));
        }
    };
    same(&[events, &["trace", "ASIARTX3GSDS3EXAMPLE", "--up"], &["coverage"]]);
    for question in [
        &["query", "ingest-objects"][..],
        &["investigate", "AKIARTX3GSDSQEXAMPLE"],
        &["sessions", "--user", "dana"],
    ] {
        let ran = server.run(&[question, &["--lake", LAKE]].concat());
        assert!(ran.code == Some(0) && ran.stdout.len() > 100, "{ran:?}");
    }
    let again = server.ingest(&["--lake", LAKE, story]);
    assert_eq!((again.number("objects_read"), again.number("kept")), (0, 0));
    assert_eq!(again.json()["lake"], there.json()["lake"]);
    let compacted = server.run(&["compact", "--format", "json", "--lake", LAKE]);
    compacted.assert_says(0, &[]);
    assert!(compacted.number("files_after") > 0 && compacted.number("rows") == here.number("kept"));
    same(&[events]);
    reads_back(&server);
    // An option that says how S3 is asked is part of what is proposed next.
    let ran = server.run(&["coverage", "--lake", LAKE, "--region", "us-east-1"]);
    assert!(ran.stdout.contains(&format!("--lake {LAKE} --region us-east-1")), "{}", ran.stdout);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_ingest_killed_between_its_commits_is_ended_by_the_next() {
    let server = with_objects(3).await;
    server.put("AWSLogs/cut.json.gz", &object("cut")[..20]);
    // Its commits: events, what was refused, the ledger. It is killed before the second, and before the third.
    for end in [REFUSALS_1, OBJECTS_1] {
        server.fail(|faults| faults.hanging_puts = [end].into());
        server.asked();
        let mut child = server.command(&["ingest", "--lake", LAKE, &source()]).spawn().unwrap();
        while !server.put_so_far(end) {
            server.read.notified().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        server.fail(|faults| faults.hanging_puts.clear());
        assert_eq!(server.rows(LAKE, "select object from objects"), Vec::<String>::new());
        server.asked();
        let ran = server.ingest(&["--lake", LAKE, &source()]);
        assert_eq!((ran.code, ran.number("objects_known"), ran.number("kept")), (Some(0), 4, 0));
        assert_eq!(ids(&server), ["id-0", "id-1", "id-2"]);
        assert_eq!(server.rows(LAKE, "select count(*) from refusals"), ["1"]);
        reads_back(&server);
        std::fs::remove_dir_all(server.path("lakes")).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_commit_whose_answer_got_lost_is_no_other_writers() {
    let server = with_objects(3).await;
    server.fail(|faults| faults.lost_answers = [(EVENTS_1, 1), (OBJECTS_1, 1)].into());
    let ran = server.ingest(&["--lake", LAKE, &source()]);
    assert_eq!(server.asked().met, 2);
    assert_eq!((ran.code, ran.number("kept"), ran.number("duplicate")), (Some(0), 3, 0), "{ran:?}");
    assert_eq!((ran.number("objects_read"), ran.number("objects_known")), (3, 0));
    assert_eq!(ids(&server), ["id-0", "id-1", "id-2"]);
    reads_back(&server);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn throttling_broken_bodies_and_writes_under_way_are_waited_out() {
    let server = with_objects(3).await;
    server.fail(|faults| {
        faults.slow_downs = 2;
        faults.busy = [(EVENTS_1, 2)].into();
    });
    let ran = server.ingest(&["--lake", LAKE, &source()]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 3), "{ran:?}");
    assert_eq!(server.asked().puts.iter().filter(|key| *key == EVENTS_1).count(), 3);
    server.fail(|faults| {
        faults.slow_downs = 1;
        faults.cut_next = 3;
    });
    assert_eq!(ids(&server), ["id-0", "id-1", "id-2"]);
    server.fail(|faults| assert_eq!(faults.cut_next, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_a_lake_is_not_allowed_to_is_said_with_key_and_action() {
    let server = with_objects(1).await;
    let denied = (S3ErrorCode::AccessDenied, "Access Denied");
    let kms = "User: arn:aws:sts::111122223333:assumed-role/writer/x is not authorized to perform: \
               kms:GenerateDataKey on resource: arn:aws:kms:us-east-1:111122223333:key/k";
    for (part, (code, message), action) in [
        (".put-if-none-match", denied.clone(), "s3:PutObject"),
        ("objects/_delta_log/00000000000000000000.json", denied.clone(), "s3:PutObject"),
        ("events/event_date", denied.clone(), "s3:PutObject"),
        (EVENTS_1, denied.clone(), "s3:PutObject"),
        ("objects/part", (S3ErrorCode::AccessDenied, kms), "kms:GenerateDataKey"),
        (OBJECTS_1, denied.clone(), "s3:PutObject"),
    ] {
        server.fail(|faults| faults.unputtable = [(part, (code, message))].into());
        let ran = server.run(&["ingest", "--lake", LAKE, &source()]);
        let words = format!("access denied: `{action}` is not allowed for `s3://example-logs/lakes/one/");
        ran.assert_says(2, &["error: cannot ", &words, part, &format!("\nhint: allow `{action}`")]);
        assert_eq!(ran.stderr.matches("access denied").count(), 1, "{}", ran.stderr);
    }
    server.fail(|faults| faults.unputtable.clear());
    // The last stopped after its commit of events; nothing is lost or doubled by any of them.
    let ran = server.ingest(&["--lake", LAKE, &source()]);
    assert_eq!((ran.number("objects_known"), ran.number("kept")), (1, 0));
    assert_eq!(ids(&server), ["id-0"]);
    let data: Vec<String> = walkdir::WalkDir::new(server.path("lakes/one/events/event_date=2026-03-09"))
        .into_iter()
        .map(|entry| entry.unwrap().path().display().to_string())
        .filter_map(|path| Some(path.split_once("example-logs/")?.1.to_owned()))
        .collect();
    server.fail(|faults| faults.refused = data.iter().map(|key| (key.clone(), denied.clone())).collect());
    for question in [&["sql", "select event_id from events"][..], &["coverage"], &["investigate", "root"]] {
        let ran = server.run(&[question, &["--lake", LAKE]].concat());
        ran.assert_says(
            2,
            &[
                "access denied: `s3:GetObject` is not allowed for `s3://example-logs/lakes/one/events/event_date",
                "hint: allow `s3:GetObject` on `arn:aws:s3:::example-logs/*`",
            ],
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_is_no_place_for_a_lake_or_has_none_is_said() {
    let server = with_objects(1).await;
    let coverage = |lake: &str| server.run(&["coverage", "--lake", lake]);
    coverage(LAKE).assert_says(2, &["no lake in `s3://example-logs/lakes/one`"]);
    coverage("s3://no-such-bucket/x")
        .assert_says(2, &["cannot open the lake: there is no bucket `no-such-bucket`"]);
    coverage("s3://").assert_says(2, &["expected `s3://BUCKET` or `s3://BUCKET/PREFIX`"]);
    coverage("s3://example-logs/a b").assert_says(2, &["cannot keep a lake in `s3://example-logs/a b`"]);
    let occupied = server.run(&["ingest", "--lake", "s3://example-logs", &source()]);
    occupied.assert_says(2, &["cannot make a lake in `s3://example-logs`", "such as `AWSLogs`"]);
    server.fail(|faults| faults.unconditional = true);
    let ran = server.run(&["ingest", "--lake", LAKE, &source()]);
    ran.assert_says(
        2,
        &["cannot keep a lake in `s3://example-logs/lakes/one`", "does not know `If-None-Match: *`"],
    );
    server.fail(|faults| faults.unconditional = false);
    server.fail(|faults| faults.unlisted = Some((S3ErrorCode::AccessDenied, "Access Denied")));
    let words =
        "`s3:ListBucket` is not allowed on bucket `example-logs`, prefix `lakes/one/events/_delta_log/`";
    coverage(LAKE).assert_says(2, &[words, "hint: allow `s3:ListBucket`"]);
    server.fail(|faults| faults.unlisted = None);
    let mut command = server.command(&["coverage", "--lake", LAKE]);
    command.env_remove("AWS_ACCESS_KEY_ID").env_remove("AWS_SECRET_ACCESS_KEY");
    let ran = tokio::task::block_in_place(|| super::server::Ran::of(&command.output().unwrap()));
    ran.assert_says(2, &["cannot open the lake: no AWS credentials for", "hint: set AWS_PROFILE"]);
    // A lake elsewhere is found there, unless its region was given.
    server.fail(|faults| faults.region = Some("eu-west-1"));
    let ran = server.ingest(&["--lake", LAKE, &source()]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 1), "{ran:?}");
    let ran = server.run(&["coverage", "--lake", LAKE, "--region", "us-east-1"]);
    ran.assert_says(2, &["is in region `eu-west-1`, not in `us-east-1`", "hint: --region eu-west-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn only_compaction_deletes_and_only_what_is_long_unused() {
    let server = with_objects(2).await;
    assert_eq!(server.ingest(&["--lake", LAKE, "--batch-bytes", "1", &source()]).code, Some(0));
    let orphan = "lakes/one/events/event_date=2026-03-09/part-orphan.parquet";
    server.put(orphan, b"left behind");
    let long_ago = SystemTime::now() - Duration::from_hours(8 * 24);
    std::fs::File::options().write(true).open(server.path(orphan)).unwrap().set_modified(long_ago).unwrap();
    assert_eq!(ids(&server), ["id-0", "id-1"]);
    // README's policies allow no more than this.
    let asked = server.asked();
    assert_eq!(asked.deletes, Vec::<String>::new());
    let within = |key: &String| key.starts_with("lakes/one/") || key.starts_with("AWSLogs/");
    assert!(asked.lists.iter().chain(&asked.gets).all(within), "{:?} {:?}", asked.lists, asked.gets);
    assert!(!asked.puts.is_empty() && asked.puts.iter().all(|key| key.starts_with("lakes/one/")));
    server.fail(|faults| faults.undeletable = Some((S3ErrorCode::AccessDenied, "Access Denied")));
    let ran = server.run(&["compact", "--lake", LAKE]);
    ran.assert_says(2, &["access denied: `s3:DeleteObject` is not allowed for", orphan]);
    server.fail(|faults| faults.undeletable = None);
    let ran = server.run(&["compact", "--format", "json", "--lake", LAKE]);
    assert_eq!((ran.code, ran.number("files_deleted")), (Some(0), 1), "{ran:?}");
    assert_eq!(server.asked().deletes, [orphan, orphan]);
    assert_eq!(ids(&server), ["id-0", "id-1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_checkpoint_of_the_log_is_written_and_read() {
    let server = with_objects(3).await;
    server.ingest(&["--lake", LAKE, "--max-objects", "1", &source()]);
    let log = |name: &str| server.path(&format!("lakes/one/events/_delta_log/{name}"));
    let made = std::fs::read_to_string(log("00000000000000000000.json")).unwrap();
    let often = made.replace(r#""delta.checkpointInterval":"25""#, r#""delta.checkpointInterval":"2""#);
    assert_ne!(made, often);
    std::fs::write(log("00000000000000000000.json"), often).unwrap();
    let ran = server.ingest(&["--lake", LAKE, "--batch-bytes", "1", &source()]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 2), "{ran:?}");
    assert!(log("00000000000000000003.checkpoint.parquet").is_file() && log("_last_checkpoint").is_file());
    for version in 0..3 {
        std::fs::remove_file(log(&format!("{version:020}.json"))).unwrap();
    }
    assert_eq!(ids(&server), ["id-0", "id-1", "id-2"]);
    assert_eq!(server.ingest(&["--lake", LAKE, &source()]).number("objects_known"), 3);
}
