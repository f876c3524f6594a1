//! Bad and odd inputs: each file of `testdata/bad`, alone and all together, comes to the tally that its README states.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::{lossless, places};

#[derive(Debug, Deserialize, PartialEq, Eq, Default)]
struct Expected {
    read: u64,
    kept: u64,
    duplicate: u64,
    refused: u64,
    outcome: String,
}

fn expected() -> BTreeMap<String, Expected> {
    let text = std::fs::read_to_string(places::package("testdata/bad/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_bad_input_comes_to_its_tally() {
    let expected = expected();
    assert!(expected.len() > 40);
    let mut wrong = Vec::new();
    for (file, expected) in &expected {
        let source = places::package("testdata/bad/inputs").join(file);
        let folder = tempfile::tempdir().unwrap();
        let report = lossless::ingest(&source, folder.path()).await;
        let counts = report.counts;
        let set_aside = report.set_aside.values().sum::<u64>() > 0;
        let outcome = match (set_aside, counts.kept + counts.duplicate, counts.refused) {
            (true, ..) => "set-aside",
            (false, 0, 1..) if expected.outcome == "refused" => "refused",
            _ => "records",
        };
        let got = Expected {
            read: counts.read,
            kept: counts.kept,
            duplicate: counts.duplicate,
            refused: counts.refused,
            outcome: outcome.to_owned(),
        };
        if got != *expected {
            wrong.push(format!("{file}: expected {expected:?}, got {got:?}, {:?}", report.refusals));
        }
        assert_eq!(report.refusals.len() as u64, counts.refused);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn all_bad_inputs_together_lose_nothing_good() {
    let folder = tempfile::tempdir().unwrap();
    let report = lossless::ingest(&places::package("testdata/bad/inputs"), folder.path()).await;
    let expected = expected();
    let sum = |get: fn(&Expected) -> u64| expected.values().map(get).sum::<u64>();
    let counts = report.counts;
    assert_eq!(
        (counts.read, counts.kept, counts.duplicate, counts.refused),
        (sum(|e| e.read), sum(|e| e.kept), sum(|e| e.duplicate), sum(|e| e.refused))
    );
    let rebuilt = lossless::rebuilt(folder.path()).await;
    assert_eq!(rebuilt.values().map(Vec::len).sum::<usize>() as u64, counts.kept);
}
