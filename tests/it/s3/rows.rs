//! The same rows as from a folder, once, whatever happens between two runs.

use super::server::{BUCKET, Ran, Server, gzip, key, object};
use crate::places;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";

fn url(prefix: &str) -> String {
    format!("s3://{BUCKET}/{prefix}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_bucket_gives_the_rows_of_the_same_folder_and_is_read_once() {
    let server = Server::start().await;
    let story = places::package("testdata/stories/leaked-key/AWSLogs");
    server.put_folder(&story, "trail/AWSLogs/");
    let ran = server.ingest(&[&url("trail")]);
    ran.assert_says(0, &["kept"]);
    let first = server.asked();
    assert_eq!(first.gets.len() as u64, ran.number("objects_read"));
    let rows = |source: &str| -> Vec<(String, String)> {
        let at = |object: &str| object.split_once("AWSLogs/").unwrap().1.to_owned();
        let events: Vec<_> = server.events().into_iter().map(|(object, id)| (at(&object), id)).collect();
        assert!(events.len() > 200, "{source}: {} events", events.len());
        events
    };
    let from_s3 = rows("s3");
    let again = server.ingest(&[&url("trail/")]);
    assert_eq!((again.number("objects_read"), again.number("kept")), (0, 0));
    assert_eq!(again.number("objects_known"), ran.number("objects_read"));
    assert!(server.asked().gets.is_empty());
    std::fs::remove_dir_all(server.lake()).unwrap();
    let local = server.ingest(&[story.to_str().unwrap()]);
    assert_eq!(local.number("kept"), ran.number("kept"));
    assert_eq!(rows("folder"), from_s3);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn logs_in_a_bucket_are_asked_without_a_lake() {
    let server = Server::start().await;
    server.put_folder(&places::package("testdata/stories/leaked-key/AWSLogs"), "AWSLogs/");
    let arguments =
        ["investigate", "AKIARTX3GSDSQEXAMPLE", "--logs", &url("AWSLogs"), "--region", "us-east-1"];
    let ran = server.run(&arguments);
    assert_eq!(ran.code, Some(0), "{ran:?}");
    assert!(ran.stdout.contains("43 calls"), "{}", ran.stdout);
    assert!(ran.stdout.contains("--logs s3://example-logs/AWSLogs --region us-east-1"), "{}", ran.stdout);
    assert!(!server.asked().gets.is_empty());
    let again = server.run(&arguments);
    assert_eq!(again.stdout, ran.stdout);
    assert!(server.asked().gets.is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn more_keys_than_a_page_holds_are_all_read() {
    let server = Server::start().await;
    for place in 0..1_100 {
        server.put(&format!("flat/{place:04}.json.gz"), &object(&format!("id-{place:04}")));
    }
    let ran = server.ingest(&[&url("flat")]);
    assert_eq!((ran.number("objects_read"), ran.number("kept")), (1_100, 1_100));
    let pages = server.asked().lists.iter().filter(|prefix| *prefix == "flat/").count();
    assert!(pages >= 2, "{pages} pages");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_large_object_is_got_in_pieces_each_of_which_may_break_off() {
    let server = Server::start().await;
    let filling = "x".repeat(9_000);
    let record = |id: u32| {
        format!(
            r#"{{"eventTime":"2026-03-09T10:00:00Z","eventID":"id-{id}","eventName":"A","requestParameters":{{"a":"{filling}"}}}}"#
        )
    };
    let records: Vec<String> = (0..2_000).map(record).collect();
    server.put("x/large.json", format!(r#"{{"Records":[{}]}}"#, records.join(",")).as_bytes());
    server.fail(|faults| faults.cuts = [("x/large.json".to_owned(), 2)].into());
    let ran = server.ingest(&[&url("x")]);
    assert_eq!((ran.code, ran.number("kept"), ran.number("refused")), (Some(0), 2_000, 0));
    assert_eq!(ran.number("raw_bytes"), std::fs::metadata(server.path("x/large.json")).unwrap().len());
    // 18 MB are three pieces, and two of the answers broke off.
    assert_eq!(server.asked().gets.len(), 5);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn content_decides_how_often_a_body_is_inflated() {
    let server = Server::start().await;
    let plain = |id: &str| {
        format!(r#"{{"Records":[{{"eventTime":"2026-03-09T10:00:00Z","eventID":"{id}","eventName":"A"}}]}}"#)
    };
    server.put("x/once.json.gz", &object("once"));
    server.put("x/twice.json.gz", &gzip(&object("twice")));
    server.put("x/not.json.gz", plain("not").as_bytes());
    let ran = server.ingest(&[&url("x/")]);
    assert_eq!((ran.code, ran.number("kept"), ran.number("refused")), (Some(0), 3, 0));
    assert_eq!(server.ids(), ["not", "once", "twice"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_ingest_that_is_killed_goes_on_and_reads_nothing_twice() {
    let server = Server::start().await;
    let keys: Vec<String> = (0..6).map(|minute| key(ACCOUNT, REGION, "2026/03/09", minute)).collect();
    for (place, key) in keys.iter().enumerate() {
        server.put(key, &object(&format!("id-{place}")));
    }
    server.fail(|faults| faults.hanging = [keys[3].clone()].into());
    // Each object is a batch of its own, so the fourth is asked for when three are committed.
    let arguments = ["ingest", "--batch-bytes", "1", &url("")];
    let mut child = server.command(&arguments).spawn().unwrap();
    while !server.asked_so_far(&keys[3]) {
        server.read.notified().await;
    }
    child.kill().unwrap();
    child.wait().unwrap();
    server.fail(|faults| faults.hanging.clear());
    server.asked();
    let ran = server.ingest(&[&url("")]);
    assert_eq!((ran.number("objects_known"), ran.number("objects_read")), (3, 3));
    assert_eq!(server.asked().gets.len(), 3);
    assert_eq!(server.ids(), ["id-0", "id-1", "id-2", "id-3", "id-4", "id-5"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn reading_begins_before_the_listing_ends() {
    let server = Server::start().await;
    for (place, day) in ["2026/03/09", "2026/03/10", "2026/03/11"].into_iter().enumerate() {
        for minute in 0..2 {
            server.put(&key(ACCOUNT, REGION, day, minute), &object(&format!("id-{place}-{minute}")));
        }
    }
    server.fail(|faults| {
        faults.page_keys = Some(3);
        faults.pages_wait_for_reading = true;
    });
    let child = server.command(&["ingest", "--format", "json", "--batch-bytes", "1", &url("")]);
    let ran = within_a_minute(child).await;
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 6));
}

/// Runs a program that may wait for ever.
async fn within_a_minute(mut command: std::process::Command) -> Ran {
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let id = child.id();
    let ended = tokio::task::spawn_blocking(move || child.wait_with_output().unwrap());
    let Ok(output) = tokio::time::timeout(std::time::Duration::from_mins(1), ended).await else {
        std::process::Command::new("kill").arg(id.to_string()).status().unwrap();
        panic!("it waits for ever");
    };
    Ran::of(&output.unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn an_object_that_is_replaced_between_two_runs_is_read_again() {
    let server = Server::start().await;
    let key = key(ACCOUNT, REGION, "2026/03/09", 0);
    server.put(&key, &object("id-a"));
    server.ingest(&[&url("")]);
    server.put(&key, &object("id-b"));
    let ran = server.ingest(&[&url("")]);
    assert_eq!(ran.json()["objects_changed"], serde_json::json!([url(&key)]));
    assert_eq!(server.ids(), ["id-a", "id-b"]);
    // A copy of the same bytes has the same ETag, and is no other object.
    server.put(&key, &object("id-b"));
    assert_eq!(server.ingest(&[&url("")]).number("objects_known"), 1);
}
