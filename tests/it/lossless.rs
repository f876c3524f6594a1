//! A row rebuilds its record.

use std::collections::BTreeMap;
use std::path::Path;

use backtrail::archive;
use backtrail::lake::{self, IngestOptions, IngestReport, Lake, Progress};
use futures::TryStreamExt;

use crate::{json, places};

pub(crate) struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

/// Ingests `source` into `folder`.
pub(crate) async fn ingest(source: &Path, folder: &Path) -> IngestReport {
    let listed = archive::list(&[source.to_owned()]).unwrap();
    lake::ingest(folder, listed, &IngestOptions::default(), &Quiet).await.unwrap()
}

/// The rebuilt records of a lake by object, in the order of their places.
pub(crate) async fn rebuilt(folder: &Path) -> BTreeMap<String, Vec<String>> {
    let session = Lake::open(folder).await.unwrap().session().unwrap();
    let mut stream = session
        .sql("select * from events order by object, record_index")
        .await
        .unwrap()
        .execute_stream()
        .await
        .unwrap();
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    while let Some(batch) = stream.try_next().await.unwrap() {
        let objects = batch.column_by_name("object").unwrap();
        let objects = arrow::array::AsArray::as_string::<i32>(objects);
        for row in 0..batch.num_rows() {
            found.entry(objects.value(row).to_owned()).or_default().push(lake::rebuild(&batch, row).unwrap());
        }
    }
    found
}

/// Ingests every file of `source` and compares each kept row with its record; gives how many were compared.
async fn compare(source: &Path) -> usize {
    let folder = tempfile::tempdir().unwrap();
    let report = ingest(source, folder.path()).await;
    let rebuilt = rebuilt(folder.path()).await;
    let rows: usize = rebuilt.values().map(Vec::len).sum();
    assert_eq!(rows as u64, report.counts.kept);
    let mut compared = 0;
    for (object, rows) in &rebuilt {
        let raw = std::fs::read(object).unwrap();
        let mut text = Vec::new();
        std::io::Read::read_to_end(&mut flate2::read::MultiGzDecoder::new(raw.as_slice()), &mut text)
            .unwrap_or_else(|_| {
                text.clear();
                text.extend_from_slice(&raw);
                0
            });
        let text = String::from_utf8_lossy(&text).into_owned();
        let mut originals: BTreeMap<String, usize> = BTreeMap::new();
        for record in json::records(&text) {
            *originals.entry(json::normal(&record, json::Tokens::Hashed).unwrap()).or_default() += 1;
        }
        for row in rows {
            let normal = json::normal(row, json::Tokens::Kept).unwrap();
            assert!(originals.contains_key(&normal), "{object}: no record equals the row {row}");
            compared += 1;
        }
    }
    compared
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_of_the_stories_comes_back() {
    assert!(compare(&places::package("testdata/stories")).await > 100);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_record_of_the_corpus_comes_back() {
    let Some(corpus) = places::corpus() else { return };
    assert!(compare(&corpus).await > 4000);
}
