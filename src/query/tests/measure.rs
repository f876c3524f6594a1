//! What is counted and named in one pass is what the engine counts and names, over the lake of the story and over events that
//! lack much.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use chrono::TimeDelta;
use datafusion::prelude::SessionContext;
use serde_json::{Value, json};

use super::fixture::instant;
use super::story::{Silent, story};
use crate::archive::list;
use crate::lake::{IngestOptions, Lake, ingest};
use crate::query::measure::{self, Bounds, Likeness};
use crate::query::{Filter, each, register_functions};

/// Events of all kinds of callers, with and without what tells of them.
fn sparse() -> Vec<Value> {
    let session = "arn:aws:sts::111122223333:assumed-role/deploy/ci";
    let cases = [
        json!({}),
        json!({"eventCategory": "Data", "eventSource": "s3.amazonaws.com"}),
        json!({"eventCategory": "Data", "eventSource": "lambda.amazonaws.com", "readOnly": true}),
        json!({"eventCategory": "Management", "readOnly": true, "recipientAccountId": null}),
        json!({"managementEvent": false, "eventSource": "s3.amazonaws.com"}),
        json!({"managementEvent": true, "readOnly": true, "awsRegion": "eu-west-1"}),
        json!({"managementEvent": false, "eventCategory": "", "eventSource": "s3.amazonaws.com"}),
        json!({"managementEvent": false, "eventCategory": "NetworkActivity"}),
        json!({"eventName": "CreateUser"}),
        json!({"eventName": "GetUser", "readOnly": false}),
        json!({"eventName": ""}),
        json!({"userIdentity": {"invokedBy": "ec2.amazonaws.com"}}),
        json!({"userIdentity": {"invokedBy": ""}, "recipientAccountId": "444455556666"}),
        json!({"userIdentity": {"type": "AWSService", "invokedBy": "ci"}}),
        json!({"userIdentity": {"type": "Root", "arn": "arn:aws:iam::111122223333:root"}}),
        json!({"userIdentity": {"type": "IAMUser", "userName": "ci"}, "awsRegion": "eu-west-1"}),
        json!({"userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/team/ci"}}),
        json!({"userIdentity": {"type": "IAMUser", "arn": "ci", "accountId": "111122223333"}}),
        json!({"userIdentity": {"type": "AssumedRole", "arn": session}}),
        json!({"userIdentity": {"type": "AssumedRole", "arn": session, "sessionContext": {"sessionIssuer":
            {"type": "Role", "arn": "arn:aws:iam::111122223333:role/team/deploy", "userName": "deploy"}}}}),
        json!({"userIdentity": {"type": "AssumedRole", "arn": "deploy", "principalId": "AROAEXAMPLE:ci"}}),
        json!({"userIdentity": {"type": "FederatedUser", "arn": "arn:aws:sts::111122223333:federated-user/ci", "sessionContext": {"sessionIssuer": {"type": "IAMUser",
            "arn": "arn:aws:iam::111122223333:user/ci", "userName": "ci", "accountId": "111122223333"}}}}),
        json!({"userIdentity": {"sessionContext": {"sessionIssuer": {"type": "IAMUser", "userName": "ci"}}}}),
        json!({"userIdentity": {"type": "IdentityCenterUser", "userName": "ci", "onBehalfOf": {"userId": "ci"}}}),
        json!({"userIdentity": {"type": "SAMLUser", "userName": "ci", "principalId": "arn:x/ci"}}),
        json!({"userIdentity": {"type": "WebIdentityUser", "userName": "ci", "principalId": "ci"}}),
        json!({"userIdentity": {"type": "WebIdentityUser", "principalId": "CI"}}),
        json!({"userIdentity": {"type": "Unknown", "accessKeyId": "ci", "sessionContext": {"sourceIdentity": "ci"}}}),
    ];
    let mut records = Vec::new();
    for case in cases {
        for time in ["2024-05-01T00:59:59Z", "2024-05-01T01:00:00Z", "2024-05-03T12:00:00Z"] {
            let mut record = json!({
                "eventVersion": "1.08", "eventTime": time, "eventID": format!("event-{}", records.len()),
                "eventSource": "iam.amazonaws.com", "eventName": "ListUsers", "awsRegion": "us-east-1",
                "recipientAccountId": "111122223333", "userIdentity": {},
            });
            for (name, value) in case.as_object().unwrap() {
                record[name] = value.clone();
            }
            records.push(record);
        }
    }
    records
}

/// A session over such events, their lake made in `folder`.
async fn of_sparse(folder: &Path) -> SessionContext {
    let logs = folder.join("logs.json");
    fs::write(&logs, json!({"Records": sparse()}).to_string()).unwrap();
    let lake = folder.join("lake");
    let listed = list(&[logs]).unwrap();
    let report = ingest(&lake, listed, &IngestOptions::default(), &Silent).await.unwrap();
    assert_eq!(report.counts.kept, sparse().len() as u64);
    let mut ctx = Lake::open(&lake).await.unwrap().session().unwrap();
    register_functions(&mut ctx).unwrap();
    ctx
}

async fn compare_held(ctx: &SessionContext, windows: &[Bounds]) {
    for window in windows {
        let own = measure::held(ctx, *window).await.unwrap();
        assert_eq!(own, measure::held::by_engine(ctx, *window).await.unwrap(), "{window:?}");
        assert!(!own.holdings.is_empty() && !own.hours.is_empty() && !own.speakers.is_empty(), "{window:?}");
    }
}

async fn compare_named(ctx: &SessionContext, names: &[&str], found: &mut BTreeSet<String>) {
    for name in names {
        for like in [Likeness::Exact, Likeness::Contains] {
            let own = measure::named(ctx, name, like).await.unwrap();
            assert_eq!(own, measure::named::by_engine(ctx, name, like).await.unwrap(), "{name} {like:?}");
            found.extend(own.into_iter().map(|one| one.kind));
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_held_is_counted_as_the_engine_counts_it() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = of_sparse(folder.path()).await;
    let noon = Some(instant("2024-05-01T01:00:00Z"));
    let windows = [Bounds::default(), Bounds { from: noon, to: None }, Bounds { from: None, to: noon }];
    compare_held(&ctx, &windows).await;
    let whole = measure::held(&ctx, Bounds::default()).await.unwrap();
    let speakers: Vec<&str> = whole.speakers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(speakers.len(), 5, "{speakers:?}");
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    let mut times = BTreeSet::new();
    each(&ctx, &Filter::All(Vec::new()), |row| {
        times.insert(row.event_time);
    })
    .await
    .unwrap();
    let middle = times.iter().nth(times.len() / 2).copied();
    let day = middle.map(|time| time + TimeDelta::days(1));
    compare_held(&ctx, &[Bounds::default(), Bounds { from: middle, to: day }]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_bears_a_name_is_told_as_the_engine_tells_it() {
    let folder = tempfile::tempdir().unwrap();
    let ctx = of_sparse(folder.path()).await;
    let mut found = BTreeSet::new();
    let names = ["ci", "C", "deploy", "root", "oo", "arn:x/ci", "team", "AROAEXAMPLE:ci", "nobody", "%", ""];
    compare_named(&ctx, &names, &mut found).await;
    let kinds: Vec<&str> = found.iter().map(String::as_str).collect();
    let all = [
        "federated-user",
        "id",
        "identity-center-user",
        "key",
        "role",
        "root",
        "service",
        "session",
        "source-identity",
        "subject",
        "user",
    ];
    assert_eq!(kinds, all);
    let lake = tempfile::tempdir().unwrap();
    let ctx = story(lake.path()).await;
    compare_named(&ctx, &["deploy", "alice", "a", "i-", "amazonaws.com"], &mut found).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_logging_are_those_that_worked_in_order_of_time() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs.json");
    let record = |time: &str, source: &str, name: &str, more: Value| {
        let mut record = json!({
            "eventVersion": "1.08", "eventTime": time, "eventID": format!("{time}{name}"), "eventSource": source,
            "eventName": name, "awsRegion": "us-east-1", "recipientAccountId": "111122223333", "userIdentity": {},
            "requestParameters": {"name": "trail"},
        });
        for (name, value) in more.as_object().unwrap() {
            record[name] = value.clone();
        }
        record
    };
    let records = [
        record("2024-05-02T00:00:00Z", "cloudtrail.amazonaws.com", "StopLogging", json!({})),
        record("2024-05-01T00:00:00Z", "cloudtrail.amazonaws.com", "DeleteTrail", json!({})),
        record(
            "2024-05-01T01:00:00Z",
            "cloudtrail.amazonaws.com",
            "DeleteTrail",
            json!({"errorCode": "AccessDenied"}),
        ),
        record("2024-05-01T02:00:00Z", "cloudtrail.amazonaws.com", "DeleteTrail20150331", json!({})),
        record("2024-05-01T03:00:00Z", "cloudtrail.amazonaws.com", "DeleteTrails", json!({})),
        record("2024-05-01T04:00:00Z", "iam.amazonaws.com", "StopLogging", json!({})),
        record("2024-05-01T05:00:00Z", "cloudtrail.amazonaws.com", "LookupEvents", json!({})),
    ];
    fs::write(&logs, json!({"Records": records}).to_string()).unwrap();
    let lake = folder.path().join("lake");
    ingest(&lake, list(&[logs]).unwrap(), &IngestOptions::default(), &Silent).await.unwrap();
    let mut ctx = Lake::open(&lake).await.unwrap().session().unwrap();
    register_functions(&mut ctx).unwrap();
    let changes = async |window| {
        let make = |row: &crate::query::EventRow<'_>, target: Option<&str>| {
            format!("{} {}", row.event_name.unwrap_or_default(), target.unwrap_or_default())
        };
        measure::logging_changes(&ctx, window, make).await.unwrap()
    };
    let all = changes(Bounds::default()).await;
    assert_eq!(all, ["DeleteTrail trail", "DeleteTrail20150331 trail", "StopLogging trail"]);
    let later =
        Bounds { from: Some(instant("2024-05-01T02:00:00Z")), to: Some(instant("2024-05-02T00:00:00Z")) };
    assert_eq!(changes(later).await, ["DeleteTrail20150331 trail"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn ingest_and_coverage_count_kinds_of_events_alike() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs.json");
    fs::write(&logs, json!({"Records": sparse()}).to_string()).unwrap();
    let lake = folder.path().join("lake");
    let report = ingest(&lake, list(&[logs]).unwrap(), &IngestOptions::default(), &Silent).await.unwrap();
    let mut ctx = Lake::open(&lake).await.unwrap().session().unwrap();
    register_functions(&mut ctx).unwrap();
    let held = measure::held(&ctx, Bounds::default()).await.unwrap();
    let of = |category: &str| {
        held.holdings.iter().filter(|one| one.category == category).map(|one| one.events).sum::<u64>()
    };
    assert_eq!((of("Management"), of("Data")), (report.summary.management, report.summary.data));
    assert_eq!(of("Data"), 4 * 3);
    assert_eq!(of("NetworkActivity"), report.summary.other);
    let reads: u64 = held.holdings.iter().map(|one| one.read_only).sum();
    assert_eq!(reads, (sparse().len() - 2 * 3) as u64, "CreateUser, and a GetUser that says it writes");
}
