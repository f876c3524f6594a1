//! Objects are asked for ahead of who reads them, and each once, however many read.

use std::io::Read;
use std::time::Duration;

use backtrail::archive::s3::S3Url;
use backtrail::archive::{self, Opener, Prune, Sources};
use tokio::runtime::Handle;

use super::server::{BUCKET, Server, object};

/// What is not asked for ahead is waited for no longer: then a test fails, rather than never end.
const ASKED_WAIT_MAX: Duration = Duration::from_mins(1);

fn at(place: usize) -> String {
    format!("flat/{place:03}.json")
}

/// Waits until an object was asked for.
async fn asked_for(server: &Server, key: &str) {
    let asked = async {
        while !server.asked_so_far(key) {
            server.read.notified().await;
        }
    };
    assert!(tokio::time::timeout(ASKED_WAIT_MAX, asked).await.is_ok(), "{key} is not asked for ahead");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn what_another_reader_took_is_not_asked_for_again_and_fills_no_room() {
    const RUN: usize = 16;
    const RUNS: usize = 12;
    let server = Server::start().await;
    for place in 0..RUN * RUNS {
        server.put(&at(place), &object(&place.to_string()));
    }
    let place = S3Url { bucket: BUCKET.to_owned(), prefix: "flat/".to_owned() };
    let sources = Sources { paths: Vec::new(), s3: Some((vec![place], server.store())) };
    let objects = archive::find(&sources, &Prune::default()).unwrap().all().await.unwrap().objects;
    assert_eq!(objects.len(), RUN * RUNS);
    let opener = Opener::new(&objects, 4, Handle::current());
    tokio::task::block_in_place(|| {
        // Of two runs side by side, the second is always read before the first.
        for run in (0..RUNS).map(|run| run ^ 1) {
            for place in run * RUN..(run + 1) * RUN {
                // Nobody is just before the first of a run.
                if place > run * RUN {
                    Handle::current().block_on(asked_for(&server, &at(place)));
                }
                let mut bytes = Vec::new();
                opener.open(place).unwrap().read_to_end(&mut bytes).unwrap();
                assert_eq!(bytes, object(&place.to_string()));
            }
        }
    });
    let mut gets = server.asked().gets;
    gets.sort();
    assert_eq!(gets, (0..RUN * RUNS).map(at).collect::<Vec<_>>());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_workers_of_an_ingest_ask_for_each_object_once() {
    let server = Server::start().await;
    // Twelve tasks or so.
    let filling = "x".repeat(32 * 1024);
    for place in 0..200 {
        let record = format!(
            r#"{{"eventTime":"2026-03-09T10:00:00Z","eventID":"id-{place}","eventName":"A","requestParameters":{{"a":"{filling}"}}}}"#
        );
        server.put(&at(place), format!(r#"{{"Records":[{record}]}}"#).as_bytes());
    }
    let ran = server.ingest(&[&format!("s3://{BUCKET}/flat"), "--workers", "4"]);
    assert_eq!((ran.code, ran.number("kept")), (Some(0), 200), "{ran:?}");
    let mut gets = server.asked().gets;
    gets.sort();
    assert_eq!(gets, (0..200).map(at).collect::<Vec<_>>());
}
