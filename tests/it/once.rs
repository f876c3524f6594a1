//! Exactly once: killed at any instant, run again, run twice, run at the same time.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use arrow::array::AsArray;
use backtrail::lake::Lake;
use flate2::{Compression, write::GzEncoder};

use crate::{lossless, places};

fn backtrail(source: &Path, lake: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    command.args(["ingest", "--batch-bytes", "6000", "--format", "json", "--lake"]);
    command.arg(lake).arg(source).stdout(Stdio::piped()).stderr(Stdio::null());
    command
}

/// Every row as its record, with the object and the place it came from, in order.
async fn rows(lake: &Path) -> Vec<(String, i64, String)> {
    let session = Lake::open(lake).await.unwrap().session().unwrap();
    let batches = session
        .sql("select * from events order by object, record_index, event_id")
        .await
        .unwrap()
        .collect()
        .await
        .unwrap();
    let mut found = Vec::new();
    for batch in &batches {
        let objects = batch.column_by_name("object").unwrap().as_string::<i32>();
        let places = batch.column_by_name("record_index").unwrap();
        let places = places.as_primitive::<arrow::datatypes::Int64Type>();
        for row in 0..batch.num_rows() {
            let record = backtrail::lake::rebuild(batch, row).unwrap();
            found.push((objects.value(row).to_owned(), places.value(row), record));
        }
    }
    found
}

/// The ledger and the events agree, and every count adds up.
async fn reads_back(lake: &Path) {
    let session = Lake::open(lake).await.unwrap().session().unwrap();
    let wrong = "select object from objects where read <> kept + duplicate + refused";
    assert_eq!(session.sql(wrong).await.unwrap().count().await.unwrap(), 0);
    let twice = "select object from objects where sha256 is not null group by object having count(*) > 1";
    assert_eq!(session.sql(twice).await.unwrap().count().await.unwrap(), 0);
    let differ = "select e.object from (select object, count(*) as kept from events group by object) e \
                  full join (select object, kept from objects where kept > 0) o on e.object = o.object \
                  where e.kept is distinct from o.kept";
    assert_eq!(session.sql(differ).await.unwrap().count().await.unwrap(), 0);
}

/// A pseudo-random step, the same in every run.
fn next(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

#[tokio::test(flavor = "multi_thread")]
async fn an_ingest_killed_at_any_instant_and_run_again_equals_one_that_never_was() {
    let source = places::package("testdata/stories/leaked-key/AWSLogs");
    let folder = tempfile::tempdir().unwrap();
    let (whole, killed) = (folder.path().join("whole"), folder.path().join("killed"));
    let started = Instant::now();
    assert!(backtrail(&source, &whole).output().unwrap().status.success());
    let took = u64::try_from(started.elapsed().as_millis()).unwrap().max(20);
    let expected = rows(&whole).await;
    assert!(expected.len() > 100);
    let mut state = 7;
    let mut kills = 0;
    while kills < 20 {
        let mut child = backtrail(&source, &killed).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(next(&mut state) % (took / 3)));
        if child.try_wait().unwrap().is_none() {
            child.kill().unwrap();
            kills += 1;
        } else if rows(&killed).await == expected {
            // It had gone through all the same; the next kills meet a new lake.
            std::fs::remove_dir_all(&killed).unwrap();
        }
        child.wait().unwrap();
    }
    assert!(backtrail(&source, &killed).output().unwrap().status.success());
    assert_eq!(rows(&killed).await, expected);
    reads_back(&killed).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_ingest_again_reads_nothing_and_adds_nothing() {
    let source = places::package("testdata/stories/leaked-key/AWSLogs");
    let folder = tempfile::tempdir().unwrap();
    let first = lossless::ingest(&source, folder.path()).await;
    let second = lossless::ingest(&source, folder.path()).await;
    assert!(first.counts.kept > 0);
    assert_eq!((second.objects_read, second.counts.read), (0, 0));
    assert_eq!(second.objects_known, first.objects_read);
    assert_eq!((second.lake.rows, second.lake.version), (first.lake.rows, first.lake.version));
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ingests_at_once_lose_and_double_nothing() {
    let source = places::package("testdata/stories/leaked-key/AWSLogs");
    let folder = tempfile::tempdir().unwrap();
    let (both, alone) = (folder.path().join("both"), folder.path().join("alone"));
    let children: Vec<_> = (0..2).map(|_| backtrail(&source, &both).spawn().unwrap()).collect();
    for child in children {
        assert!(child.wait_with_output().unwrap().status.success());
    }
    assert!(backtrail(&source, &alone).output().unwrap().status.success());
    assert_eq!(rows(&both).await, rows(&alone).await);
    reads_back(&both).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_changed_object_is_noticed_and_only_what_is_new_in_it_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let (logs, lake) = (folder.path().join("logs"), folder.path().join("lake"));
    std::fs::create_dir(&logs).unwrap();
    let record =
        |id: u32| format!(r#"{{"eventTime":"2026-03-09T10:00:0{id}Z","eventID":"id-{id}","eventName":"A"}}"#);
    std::fs::write(logs.join("a.json"), record(1)).unwrap();
    lossless::ingest(&logs, &lake).await;
    std::fs::write(logs.join("a.json"), format!("{}\n{}", record(1), record(2))).unwrap();
    let report = lossless::ingest(&logs, &lake).await;
    assert_eq!(report.objects_changed.len(), 1);
    assert_eq!((report.counts.kept, report.counts.duplicate, report.lake.rows), (1, 1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_first_delivery_in_the_listing_is_kept_however_many_workers_read() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let records: Vec<String> = (0..400)
        .map(|id| format!(r#"{{"eventTime":"2026-03-09T10:00:00Z","eventID":"id-{id}","eventName":"A"}}"#))
        .collect();
    for object in 0..40 {
        // Incompressible filling makes tasks of one object each.
        let mut state = object;
        let filling: String =
            (0..140_000).map(|_| char::from(b'a' + u8::try_from(next(&mut state) % 26).unwrap())).collect();
        let text = format!(r#"{{"filling":"{filling}","Records":[{}]}}"#, records.join(","));
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        std::io::Write::write_all(&mut encoder, text.as_bytes()).unwrap();
        std::fs::write(logs.join(format!("{object:02}.json.gz")), encoder.finish().unwrap()).unwrap();
    }
    let listed = || backtrail::archive::list(std::slice::from_ref(&logs)).unwrap();
    for workers in [1, 8] {
        let lake = folder.path().join(format!("lake-{workers}"));
        let options = backtrail::lake::IngestOptions { workers, ..Default::default() };
        let report = backtrail::lake::ingest(&lake, listed(), &options, &lossless::Quiet).await.unwrap();
        assert_eq!((report.counts.kept, report.counts.duplicate), (400, 39 * 400));
        assert!(rows(&lake).await.iter().all(|(object, ..)| object.ends_with("00.json.gz")));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn compaction_changes_no_row() {
    let source = places::package("testdata/stories/leaked-key/AWSLogs");
    let folder = tempfile::tempdir().unwrap();
    assert!(backtrail(&source, folder.path()).output().unwrap().status.success());
    let before = rows(folder.path()).await;
    let report = backtrail::lake::compact(folder.path()).await.unwrap();
    assert!(report.files_after < report.files_before);
    assert_eq!(rows(folder.path()).await, before);
    let again = backtrail::lake::compact(folder.path()).await.unwrap();
    assert_eq!((again.days, again.files_before), (0, 0));
    let report = lossless::ingest(&source, folder.path()).await;
    assert_eq!((report.objects_read, report.lake.rows), (0, before.len() as u64));
}
