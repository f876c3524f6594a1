//! What happens between the commits, and when two writers meet.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use aws_sdk_s3::config::{BehaviorVersion, Region};

use super::commit::{Committed, NewFile};
use super::compact::merge_days;
use super::ingest::Unwatched;
use super::pipeline::ObjectResult;
use super::{IngestOptions, Lake, LakeError, REFUSALS_REPORTED_MAX, Table, ledger};
use crate::archive::s3::{Bucket, OtherRegion, Payer, S3Object, Store};
use crate::archive::{self, Listed, Object, Place};
use crate::record::{Reason, Refusal};

/// Writes the ledger's files of a batch with one object and one refusal.
async fn ledger_files(lake: &Lake, batch: i64, name: &str) -> (NewFile, Option<NewFile>) {
    let object = Object { name: name.to_owned(), place: Place::Stdin, size: 1, modified_micros: 1_000_000 };
    let mut result = ObjectResult { sha256: Some("00".to_owned()), ..ObjectResult::default() };
    result.counts.read = 1;
    result.counts.refused = 1;
    let bytes = ledger::objects_file(batch, 0, &[object], &[result]).unwrap();
    let refusal = Refusal { object: name.to_owned(), record_index: None, reason: Reason::Empty };
    let refused = ledger::refusals_file(batch, &[refusal]).unwrap();
    let mut files = Vec::new();
    for (table, bytes) in [(Table::Objects, bytes), (Table::Refusals, refused)] {
        let path = format!("{name}-{batch}.parquet");
        let size = i64::try_from(bytes.len()).unwrap();
        lake.put(table, &path, bytes).await.unwrap();
        files.push(NewFile { path, size, rows: 1, date: None, stats: None });
    }
    let refusals = files.pop();
    (files.pop().unwrap(), refusals)
}

async fn counted(folder: &Path, table: Table) -> usize {
    let lake = Lake::open(folder).await.unwrap();
    let session = lake.session().unwrap();
    session.table(table.name()).await.unwrap().count().await.unwrap()
}

/// Numbers that a query on a lake gives.
async fn numbers(folder: &Path, query: &str) -> Vec<i64> {
    let session = Lake::open(folder).await.unwrap().session().unwrap();
    let batches = session.sql(query).await.unwrap().collect().await.unwrap();
    let columns = batches.iter().flat_map(RecordBatch::columns);
    columns.flat_map(|column| column.as_primitive::<Int64Type>().values().to_vec()).collect()
}

/// Ingests an object with an event on the 9th and one on the 10th.
async fn ingest_two_days(folder: &Path, name: &str) {
    let record = |day| {
        format!(r#"{{"eventTime":"2026-03-{day}T10:00:00Z","eventID":"{name}-{day}","eventName":"A"}}"#)
    };
    let object = folder.join(name);
    std::fs::write(&object, ["09", "10"].map(record).join("\n")).unwrap();
    let listed = archive::list(&[object]).unwrap();
    let report = super::ingest(&folder.join("lake"), listed, &IngestOptions::default(), &Unwatched).await;
    assert_eq!(report.unwrap().counts.kept, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn days_are_compacted_while_others_commit_to_them() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["a", "b"] {
        ingest_two_days(folder.path(), name).await;
    }
    let mut lake = Lake::open(folder.path().join("lake")).await.unwrap();
    // This compaction learns of it when it commits its first day.
    ingest_two_days(folder.path(), "c").await;
    let report = merge_days(&mut lake).await.unwrap();
    assert_eq!((report.days, report.files_before, report.rows), (2, 2 + 3, 2 + 3));
    assert_eq!(counted(&folder.path().join("lake"), Table::Events).await, 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_compactions_at_the_same_time_one_fails_and_no_row_is_doubled() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake");
    for name in ["a", "b"] {
        ingest_two_days(folder.path(), name).await;
    }
    let (mut first, mut second) = (Lake::open(&lake).await.unwrap(), Lake::open(&lake).await.unwrap());
    assert_eq!(merge_days(&mut first).await.unwrap().days, 2);
    merge_days(&mut second).await.unwrap_err();
    assert_eq!(counted(&lake, Table::Events).await, 4);
    // One after the other they do no harm.
    ingest_two_days(folder.path(), "c").await;
    assert_eq!(super::compact(&lake).await.unwrap().days, 2);
    assert_eq!(counted(&lake, Table::Events).await, 6);
}

#[tokio::test]
async fn a_batch_is_ended_however_many_days_were_compacted_since() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::create(folder.path()).await.unwrap();
    let (objects, refusals) = ledger_files(&lake, 1, "a").await;
    assert_eq!(lake.commit_events_only(1, &[], objects, refusals).await.unwrap(), Committed::Done);
    lake.replace(Vec::new(), &[]).await.unwrap();
    let entry = |version: u32| folder.path().join(format!("events/_delta_log/{version:020}.json"));
    for version in 3..1200 {
        std::fs::copy(entry(2), entry(version)).unwrap();
    }
    let mut late = Lake::open(folder.path()).await.unwrap();
    assert_eq!(late.version(), 1199);
    late.reconcile().await.unwrap();
    assert_eq!(counted(folder.path(), Table::Objects).await, 1);
    assert_eq!(counted(folder.path(), Table::Refusals).await, 1);
}

/// So many objects that nobody restored.
fn archived(count: u32) -> Listed {
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    let store = Store { client, region: OtherRegion::Follow, payer: Payer::Owner };
    let bucket = Bucket::new("example-logs", &store);
    let object = |number| {
        let key = format!("AWSLogs/{number:06}.json.gz");
        let name = format!("s3://example-logs/{key}");
        let (etag, archived) = (Some(format!("\"{number}\"")), Some("GLACIER".to_owned()));
        let place = Place::S3(S3Object { bucket: Arc::clone(&bucket), key, size: 1, etag, archived });
        Object { name, place, size: 1, modified_micros: 1_000_000 }
    };
    Listed { objects: (0..count).map(object).collect(), unlisted: BTreeMap::new() }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_an_archive_no_more_is_refused_at_once_than_has_room_in_a_batch() {
    let folder = tempfile::tempdir().unwrap();
    let count = 45_000;
    for run in 0..2 {
        let report =
            super::ingest(folder.path(), archived(count), &IngestOptions::default(), &Unwatched).await;
        let report = report.unwrap();
        assert_eq!((report.counts.read, report.counts.refused), (count.into(), count.into()));
        assert_eq!((report.objects, report.objects_read, report.objects_known), (count.into(), 0, 0));
        assert_eq!(report.refusals.len(), REFUSALS_REPORTED_MAX);
        for table in ["refusals", "objects"] {
            let batches = format!("select count(*) from {table} group by batch order by batch");
            assert_eq!(numbers(folder.path(), &batches).await, [20_000, 20_000, 5_000], "run {run}");
        }
    }
}

#[tokio::test]
async fn a_batch_whose_ledger_was_not_committed_is_ended_by_the_next_writer() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::create(folder.path()).await.unwrap();
    let (objects, refusals) = ledger_files(&lake, 1, "a").await;
    assert_eq!(lake.commit_events_only(1, &[], objects, refusals).await.unwrap(), Committed::Done);
    drop(lake);
    assert_eq!(
        (counted(folder.path(), Table::Objects).await, counted(folder.path(), Table::Refusals).await),
        (0, 0)
    );
    for _ in 0..2 {
        Lake::open(folder.path()).await.unwrap().reconcile().await.unwrap();
        assert_eq!(counted(folder.path(), Table::Objects).await, 1);
        assert_eq!(counted(folder.path(), Table::Refusals).await, 1);
    }
}

#[tokio::test]
async fn of_two_writers_of_one_batch_one_conflicts_and_the_ledger_has_the_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Lake::create(folder.path()).await.unwrap();
    let mut second = Lake::open(folder.path()).await.unwrap();
    let (objects, refusals) = ledger_files(&first, 1, "first").await;
    assert_eq!(first.commit(1, &[], objects, refusals).await.unwrap(), Committed::Done);
    let (objects, refusals) = ledger_files(&second, 1, "second").await;
    assert_eq!(second.commit(1, &[], objects, refusals).await.unwrap(), Committed::Conflict);
    second.reconcile().await.unwrap();
    assert_eq!(second.batch(Table::Events).await.unwrap(), 1);
    let (objects, refusals) = ledger_files(&second, 2, "second").await;
    assert_eq!(second.commit(2, &[], objects, refusals).await.unwrap(), Committed::Done);
    assert_eq!(counted(folder.path(), Table::Objects).await, 2);
}

#[tokio::test]
async fn a_table_made_twice_hides_no_conflict() {
    let folder = tempfile::tempdir().unwrap();
    let mut first = Lake::create(folder.path()).await.unwrap();
    let mut second = Lake::open(folder.path()).await.unwrap();
    let log = folder.path().join("events/_delta_log");
    let entry = |version: u32| log.join(format!("{version:020}.json"));
    std::fs::copy(entry(0), entry(1)).unwrap();
    let (objects, refusals) = ledger_files(&second, 1, "second").await;
    assert_eq!(second.commit(1, &[], objects, refusals).await.unwrap(), Committed::Done);
    let (objects, refusals) = ledger_files(&first, 1, "first").await;
    assert_eq!(first.commit(1, &[], objects, refusals).await.unwrap(), Committed::Conflict);
    assert_eq!(counted(folder.path(), Table::Objects).await, 1);
}

#[tokio::test]
async fn a_lake_is_read_from_its_newest_checkpoint_and_a_few_commits() {
    let folder = tempfile::tempdir().unwrap();
    let mut lake = Lake::create(folder.path()).await.unwrap();
    for batch in 1..=60 {
        let (objects, refusals) = ledger_files(&lake, batch, "a").await;
        assert_eq!(lake.commit(batch, &[], objects, refusals).await.unwrap(), Committed::Done);
    }
    // The commits that a checkpoint holds may be deleted.
    let mut deleted = 0;
    for table in Table::ALL {
        let log = folder.path().join(table.name()).join("_delta_log");
        let names = std::fs::read_dir(&log).unwrap().map(|entry| entry.unwrap().file_name());
        let names: Vec<String> = names.map(|name| name.into_string().unwrap()).collect();
        let checkpoints = names.iter().filter_map(|name| name.strip_suffix(".checkpoint.parquet"));
        let newest = checkpoints.max().unwrap_or_else(|| panic!("no checkpoint of {table:?}: {names:?}"));
        let commits = names.iter().filter_map(|name| name.strip_suffix(".json"));
        let (held, left): (Vec<&str>, Vec<&str>) = commits.partition(|commit| *commit < newest);
        assert!(left.len() <= 25, "{left:?} are read of {table:?}");
        for commit in held {
            std::fs::remove_file(log.join(format!("{commit}.json"))).unwrap();
            deleted += 1;
        }
    }
    assert!(deleted >= 3 * 40, "{deleted}");
    let mut late = Lake::open(folder.path()).await.unwrap();
    assert_eq!(late.batch(Table::Events).await.unwrap(), 60);
    assert_eq!(counted(folder.path(), Table::Objects).await, 60);
    assert_eq!(counted(folder.path(), Table::Refusals).await, 60);
    // Who comes with a batch that is there finds it there.
    let (objects, refusals) = ledger_files(&lake, 61, "late").await;
    assert_eq!(late.commit(61, &[], objects, refusals).await.unwrap(), Committed::Done);
    let (objects, refusals) = ledger_files(&lake, 61, "again").await;
    assert_eq!(lake.commit(61, &[], objects, refusals).await.unwrap(), Committed::Conflict);
    assert_eq!(counted(folder.path(), Table::Objects).await, 61);
}

#[tokio::test]
async fn a_folder_with_other_things_is_no_place_for_a_lake() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("notes.txt"), "mine").unwrap();
    let error = Lake::create(folder.path()).await.err().unwrap().to_string();
    assert!(error.contains("notes.txt"), "{error}");
    assert!(Lake::open(folder.path()).await.is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lake_that_lost_a_table_is_not_made_whole_with_an_empty_one() {
    let logs = tempfile::tempdir().unwrap();
    let object = logs.path().join("a.json");
    std::fs::write(&object, r#"{"eventTime":"2026-03-09T10:00:00Z","eventID":"1"}"#).unwrap();
    for lost in Table::ALL {
        let folder = tempfile::tempdir().unwrap();
        let ingested = async || {
            let listed = archive::list(std::slice::from_ref(&object)).unwrap();
            super::ingest(folder.path(), listed, &IngestOptions::default(), &Unwatched).await
        };
        ingested().await.unwrap();
        std::fs::remove_dir_all(folder.path().join(lost.name())).unwrap();
        for error in [ingested().await.err(), Lake::open(folder.path()).await.err()] {
            let error = error.unwrap().to_string();
            let expected = format!("the table `{}` of the lake in", lost.name());
            assert!(error.starts_with(&expected) && error.contains("\nhint: "), "{error}");
        }
        assert!(!folder.path().join(lost.name()).exists());
    }
}

#[tokio::test]
async fn a_lake_that_was_made_in_part_and_holds_nothing_is_made_whole() {
    let folder = tempfile::tempdir().unwrap();
    Lake::create(folder.path()).await.unwrap();
    std::fs::remove_dir_all(folder.path().join("events")).unwrap();
    assert!(matches!(Lake::open(folder.path()).await, Err(LakeError::NotALake { .. })));
    Lake::create(folder.path()).await.unwrap();
}

#[tokio::test]
async fn a_folder_that_cannot_be_looked_into_is_not_said_to_hold_no_lake() {
    let folder = std::path::PathBuf::from(format!("/{}", "x".repeat(300)));
    let error = Lake::open(&folder).await.err().unwrap();
    assert!(matches!(error, LakeError::Folder { .. }), "{error}");
}
