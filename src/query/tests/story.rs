//! What the queries answer over the story is what the story tells; its expected answers come from its plot, not from a
//! run of this program.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use datafusion::prelude::SessionContext;
use serde_json::Value;

use super::fixture::{ask, cells};
use crate::archive::list;
use crate::lake::{IngestOptions, Lake, Progress, ingest};
use crate::query::register_functions;

pub(super) struct Silent;

impl Progress for Silent {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

/// The folder of the story.
pub(super) fn folder() -> PathBuf {
    fs::canonicalize(Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/stories/leaked-key")).unwrap()
}

/// A session over the story, its lake made in `lake`.
pub(super) async fn story(lake: &Path) -> SessionContext {
    let listed = list(&[folder().join("AWSLogs")]).unwrap();
    let report = ingest(lake, listed, &IngestOptions::default(), &Silent).await.unwrap();
    assert_eq!((report.counts.read, report.counts.kept), (255, 245));
    let mut ctx = Lake::open(lake).await.unwrap().session().unwrap();
    register_functions(&mut ctx).unwrap();
    ctx
}

async fn rows(
    ctx: &SessionContext,
    query: &str,
    params: &[(&str, &str)],
    columns: &[&str],
) -> Vec<Vec<String>> {
    cells(ask(ctx, query, params).await.unwrap(), columns).await
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null => "-".to_owned(),
        other => other.to_string(),
    }
}

/// The sums of some columns of numbers.
fn sums(rows: &[Vec<String>], from: usize) -> Vec<i64> {
    let width = rows.first().map_or(0, Vec::len);
    (from..width).map(|place| rows.iter().map(|row| row[place].parse::<i64>().unwrap()).sum()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn answers_are_those_that_the_story_tells() {
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let told: Value =
        serde_json::from_str(&fs::read_to_string(folder().join("expected.json")).unwrap()).unwrap();
    keys(&ctx, &told).await;
    outcomes(&ctx, &told).await;
    days(&ctx, &told).await;
    denials(&ctx, &told).await;
    changes(&ctx, &told).await;
}

/// Each key's first and last use, and its calls by outcome.
async fn keys(ctx: &SessionContext, told: &Value) {
    let columns = ["access_key_id", "first_used", "last_used", "calls", "addresses", "regions"];
    let found = rows(ctx, "key-usage", &[], &columns).await;
    let keys = told["keys"].as_object().unwrap();
    assert_eq!(found.len(), keys.len());
    for row in found {
        let key = &keys[&row[0]];
        let count = |member: &str| key[member].as_object().unwrap().len().to_string();
        let expected = [
            text(&key["first"]),
            text(&key["last"]),
            text(&key["calls"]),
            count("addresses"),
            count("regions"),
        ];
        assert_eq!(row[1..], expected, "{}", row[0]);
        let columns = ["calls", "ok", "denied", "throttled", "failed", "writes"];
        let calls = rows(ctx, "calls-by-action", &[("who", &row[0])], &columns).await;
        let expected: Vec<i64> = columns.iter().map(|column| key[column].as_i64().unwrap()).collect();
        assert_eq!(sums(&calls, 0), expected, "{}", row[0]);
    }
}

async fn outcomes(ctx: &SessionContext, told: &Value) {
    let calls = rows(ctx, "calls-by-action", &[], &["ok", "denied", "failed", "throttled"]).await;
    let expected: Vec<i64> =
        ["ok", "denied", "failed", "throttled"].map(|word| told["outcomes"][word].as_i64().unwrap()).to_vec();
    assert_eq!(sums(&calls, 0), expected);
}

async fn days(ctx: &SessionContext, told: &Value) {
    let mut found: BTreeMap<String, i64> = BTreeMap::new();
    for row in rows(ctx, "coverage-days", &[], &["event_date", "events"]).await {
        *found.entry(row[0].clone()).or_default() += row[1].parse::<i64>().unwrap();
    }
    let expected: BTreeMap<String, i64> =
        told["days"].as_object().unwrap().iter().map(|(day, n)| (day.clone(), n.as_i64().unwrap())).collect();
    assert_eq!(found, expected);
}

async fn denials(ctx: &SessionContext, told: &Value) {
    let columns = [
        "event_time",
        "event_id",
        "event_name",
        "denied_action",
        "denied_resource",
        "denied_how",
        "denied_by",
    ];
    let found = rows(ctx, "denied-calls", &[], &columns).await;
    let denied = told["denied"].as_array().unwrap();
    let members = ["at", "event_id", "event_name", "action", "resource", "effect"];
    let expected: Vec<Vec<String>> = denied
        .iter()
        .map(|call| {
            // S3's Block Public Access refuses, too, but is a setting and no kind of policy.
            let layer = text(&call["layer"]).replace("S3 Block Public Access", "-");
            members.iter().map(|member| text(&call[member])).chain([layer]).collect()
        })
        .collect();
    assert_eq!(found, expected);
}

/// What changed the logging, and which keys and sessions were made.
async fn changes(ctx: &SessionContext, told: &Value) {
    let ids = |list: &Value| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|step| text(&step["event_id"])).collect()
    };
    let found = rows(ctx, "logging-changes", &[], &["event_id"]).await;
    assert_eq!(found.into_iter().flatten().collect::<BTreeSet<_>>(), ids(&told["logging"]));
    let made: BTreeSet<String> =
        rows(ctx, "credentials-issued", &[], &["made_key"]).await.into_iter().flatten().collect();
    for thing in told["made"].as_array().unwrap().iter().filter(|thing| thing["kind"] == "access key") {
        assert!(made.contains(&text(&thing["id"])), "{thing}");
    }
    let everyone =
        rows(ctx, "sensitive-changes", &[], &["event_id", "names_everyone", "other_accounts"]).await;
    for opening in told["openings"].as_array().unwrap() {
        let row = everyone.iter().find(|row| row[0] == text(&opening["event_id"])).unwrap();
        let to = text(&opening["to"]);
        assert!(row[1] == "true" || row[2] == to, "{opening}: {row:?}");
    }
}
