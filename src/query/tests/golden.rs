//! The queries over the story in `testdata/stories`, against the rows that are expected of it.

use std::fs;
use std::path::Path;

use super::fixture::{TextAs, event, now, session};
use super::story::{folder, story};
use crate::query::Catalog;
use crate::query::golden::{Golden, Mode, differences};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn queries_over_the_story_give_the_golden_rows() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/queries");
    let base = format!("{}/", folder().display());
    let golden = Golden { ctx: &ctx, dir: &dir, now: now(), base: &base };
    let told = differences(golden, Mode::from_environment()).await;
    assert!(told.is_empty(), "{}\nhint: BACKTRAIL_UPDATE_GOLDEN=1 cargo test golden", told.join("\n"));
}

#[tokio::test]
async fn expected_files_are_written_compared_and_told_apart() {
    let dir = tempfile::tempdir().unwrap();
    let key = [("access_key_id", "AKIAEXAMPLEKEY000001"), ("object", "/here/logs/a.json.gz")];
    let ctx = session(&[event("2024-05-03T00:00:00Z", "e1", &key)], TextAs::View);
    for query in Catalog::built_in().unwrap().list() {
        let required = query.params.iter().filter(|param| param.default.is_none());
        let params: Vec<String> = required
            .map(|param| match param.name.as_str() {
                "since" => "since = 2024-05-01T00:00:00Z\n".to_owned(),
                "key" => "# the key\nkey = AKIAEXAMPLEKEY000001\n".to_owned(),
                name => format!("{name} = e1\n"),
            })
            .collect();
        fs::write(dir.path().join(format!("{}.params", query.name)), params.concat()).unwrap();
    }
    let golden = Golden { ctx: &ctx, dir: dir.path(), now: now(), base: "/here/" };
    assert!(!differences(golden, Mode::Compare).await.is_empty());
    assert_eq!(differences(golden, Mode::Update).await, [""; 0]);
    assert_eq!(differences(golden, Mode::Compare).await, [""; 0]);
    let expected = fs::read_to_string(dir.path().join("activity-of-key.expected")).unwrap();
    assert!(expected.starts_with("event_time timestamp, "), "{expected}");
    assert!(
        expected.contains("\"2024-05-03T00:00:00Z\"") && expected.contains("\"logs/a.json.gz\""),
        "{expected}"
    );

    fs::write(dir.path().join("activity-of-key.expected"), expected.replace("e1", "e2")).unwrap();
    fs::write(dir.path().join("stray.expected"), "").unwrap();
    let told = differences(golden, Mode::Compare).await;
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].starts_with("activity-of-key: line 2\n  expected "), "{told:?}");
    assert_eq!(told[1], "stray.expected: no query has this name");
}
