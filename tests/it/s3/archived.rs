//! Objects that a lifecycle archived: refused in each run, said once in the lake, and read when they are restored.

use super::server::{BUCKET, Ran, Server, key, object};

fn at(minute: u32) -> String {
    key("111122223333", "eu-west-1", "2026/03/09", minute)
}

fn source() -> String {
    format!("s3://{BUCKET}/AWSLogs/")
}

/// Six objects, the first three of which are archived.
async fn with_archived() -> Server {
    let server = Server::start().await;
    for minute in 0..6 {
        server.put(&at(minute), &object(&format!("id-{minute}")));
    }
    server.fail(|faults| {
        faults.classes = [(at(0), "GLACIER"), (at(1), "GLACIER"), (at(2), "DEEP_ARCHIVE")].into();
    });
    server
}

fn rows(server: &Server, query: &str) -> Vec<String> {
    server.rows(server.lake().to_str().unwrap(), query)
}

/// What a run kept, refused and read, and whether there is more.
fn told(ran: &Ran) -> (u64, u64, u64, bool) {
    (ran.number("kept"), ran.number("refused"), ran.number("objects_read"), ran.json()["more"] == true)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn archived_objects_are_counted_in_each_run_and_written_once() {
    let server = with_archived().await;
    let planned = || {
        let ran = server.run(&["ingest", "--dry-run", "--format", "json", &source()]);
        assert_eq!((ran.code, ran.number("unreadable")), (Some(3), 3), "{ran:?}");
        assert_eq!(ran.json()["refusals"].as_array().unwrap().len(), 3);
        ran.number("objects_to_read")
    };
    assert_eq!(planned(), 3);
    let mut version = None;
    for (run, expected) in [(1, 3, 1, true), (2, 3, 2, false), (0, 3, 0, false)].into_iter().enumerate() {
        let most = if run == 0 { "1" } else { "10" };
        let ran = server.ingest(&[&source(), "--max-objects", most]);
        assert_eq!((ran.code, told(&ran)), (Some(3), expected), "{ran:?}");
        assert_eq!(ran.number("records_read"), expected.0 + expected.1);
        let refusals = ran.json()["refusals"].clone();
        let names: Vec<&str> =
            refusals.as_array().unwrap().iter().map(|refusal| refusal["object"].as_str().unwrap()).collect();
        assert_eq!(names, [0, 1, 2].map(|minute| format!("s3://{BUCKET}/{}", at(minute))));
        assert!(ran.stderr.contains("hint: restore archived objects"), "{}", ran.stderr);
        version = version.max(ran.json()["lake"]["version"].as_u64());
    }
    // The run without anything new wrote nothing.
    assert_eq!(version, Some(2));
    assert_eq!(rows(&server, "select count(*), count(distinct object) from refusals"), ["3,3"]);
    let failed = "select outcome, read, refused, count(*) from objects where sha256 is null group by 1, 2, 3";
    assert_eq!(rows(&server, failed), ["refused,1,1,3"]);
    assert_eq!(planned(), 0);
    assert!(server.asked().gets.iter().all(|got| ![0, 1, 2].map(at).contains(got)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn restored_objects_are_read_as_ones_that_were_never_tried() {
    let server = with_archived().await;
    assert_eq!(told(&server.ingest(&[&source()])), (3, 3, 3, false));
    server.fail(|faults| faults.classes.clear());
    let two = [&source(), "--max-objects", "2"].map(str::to_owned);
    let two = || server.ingest(&two.each_ref().map(String::as_str));
    assert_eq!(told(&two()), (2, 0, 2, true));
    assert_eq!(told(&two()), (1, 0, 1, false));
    assert_eq!(server.ids(), [0, 1, 2, 3, 4, 5].map(|id| format!("id-{id}")));
    // What is archived again after it was read is known.
    server.fail(|faults| faults.classes = [(at(0), "GLACIER")].into());
    let ran = two();
    assert_eq!((ran.code, told(&ran), ran.number("objects_known")), (Some(0), (0, 0, 0, false), 6));
    assert_eq!(rows(&server, "select count(*) from refusals"), ["3"]);
}
