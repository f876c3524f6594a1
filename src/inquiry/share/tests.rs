//! Whoever folds the shares, and however many there are, the answer is the one of the whole lake.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use arrow::array::RecordBatch;
use async_trait::async_trait;
use datafusion::catalog::Session as Planning;
use datafusion::error::{DataFusionError, Result as EngineResult};
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::LogicalPlan;
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use serde_json::{Value, json};

use super::*;
use crate::archive::{self, Prune, Sources};
use crate::inquiry::{EVENTS_AT_ONCE, ReplayOptions, UnusedOptions, replay, unused};
use crate::lake::{self, Asked, Hands, IngestOptions, Lake, Progress, Share};
use crate::replay::Proposed;
use crate::snapshot::Membership;
use crate::unused::suggest;

/// Plans as the engine does.
#[derive(Debug)]
struct Usual;

#[async_trait]
impl QueryPlanner for Usual {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Planning,
    ) -> EngineResult<Arc<dyn ExecutionPlan>> {
        DefaultPhysicalPlanner::default().create_physical_plan(plan, session).await
    }
}

/// Folds the shares here, one after another, the last one first.
struct Near {
    lake: Lake,
    count: usize,
    folded: AtomicUsize,
}

impl std::fmt::Debug for Near {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Near").finish_non_exhaustive()
    }
}

#[async_trait]
impl Hands for Near {
    async fn fold(&self, asked: &Asked<'_>) -> EngineResult<Vec<Vec<u8>>> {
        let failed = |error: anyhow::Error| DataFusionError::Execution(format!("{error:#}"));
        let mut made = Vec::new();
        for place in (0..self.count).rev() {
            let share = Share { place, count: self.count, from: asked.from, to: asked.to };
            if let Some(shared) = self.lake.share(&share).map_err(|error| failed(error.into()))? {
                self.folded.fetch_add(1, Ordering::SeqCst);
                made.push(Shares.fold(&shared, asked.what, asked.body).await.map_err(failed)?);
            }
        }
        Ok(made)
    }
}

struct Quiet;

impl Progress for Quiet {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

fn story(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/stories").join(path)
}

fn snapshot(path: &str) -> Arc<Snapshot> {
    Arc::new(Snapshot::read(&story(path)).unwrap())
}

async fn lake_of(folder: &Path, logs: &str) -> Lake {
    let sources = Sources { paths: vec![story(logs)], s3: None };
    let listing = archive::find(&sources, &Prune::default()).unwrap();
    let report = lake::ingest(folder, listing, &IngestOptions::default(), &Quiet).await.unwrap();
    assert!(report.counts.kept > 100 && report.counts.refused == 0);
    Lake::open(folder).await.unwrap()
}

fn session_of(lake: &Lake) -> Session {
    let mut session = lake.session().unwrap();
    query::register_functions(&mut session).unwrap();
    session
}

/// The same session with the shares folded by somebody else, so many of them.
async fn elsewhere(folder: &Path, lake: &Lake, count: usize) -> (Session, Arc<Near>) {
    let near = Arc::new(Near { lake: Lake::open(folder).await.unwrap(), count, folded: AtomicUsize::new(0) });
    let session = session_of(lake);
    let rules = session.state().optimizers().to_vec();
    let hands = Arc::clone(&near);
    (lake::elsewhere(&session, Arc::new(Usual), rules, hands, |config| config), near)
}

fn window(from: Option<&str>, to: Option<&str>) -> Window {
    let time = |text: &str| text.parse().unwrap();
    Window { from: from.map(time), to: to.map(time) }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replay_in_shares_is_the_replay_of_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake_of(folder.path(), "unused/AWSLogs").await;
    let today = snapshot("unused/iam");
    let mut without = (*today).clone();
    let accounts = without.accounts.values_mut();
    accounts.flat_map(|account| account.roles.values_mut()).for_each(|role| role.attached.clear());
    let said = Proposed { path: "without managed policies".to_owned(), changes: Vec::new() };
    let proposed = Some((Arc::new(without), said));
    let asked = |window, proposed: &Option<_>, action: Option<&str>| ReplayOptions {
        window,
        filters: Vec::new(),
        action: action.map(str::to_owned),
        snapshot: Arc::clone(&today),
        proposed: proposed.clone(),
        save: None,
    };
    let all = [
        asked(Window::default(), &None, None),
        asked(Window::default(), &proposed, None),
        asked(Window::default(), &None, Some("s3:*")),
        asked(window(Some("2026-06-09T10:00:00Z"), Some("2026-09-12T00:00:00Z")), &proposed, None),
    ];
    let session = session_of(&lake);
    for options in all {
        let expected = replay(&session, options.clone()).await.unwrap();
        assert!(expected.events > 10, "{expected:?}");
        let breaks = expected.proposal.as_ref().is_none_or(|proposal| proposal.broken > 0);
        assert!(breaks, "{expected:?}");
        for count in [2, 7] {
            let (there, near) = elsewhere(folder.path(), &lake, count).await;
            let mut answer = replay(&there, options.clone()).await.unwrap();
            assert!(near.folded.load(Ordering::SeqCst) >= count, "{count}");
            // How often something had to be judged depends on who judged what.
            answer.evaluations = expected.evaluations;
            assert_eq!(answer, expected, "{count} shares of {options:?}");
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_unused_in_shares_is_unused_in_the_whole() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake_of(folder.path(), "unused/AWSLogs").await;
    let today = snapshot("unused/iam");
    let asked = |window, suggest, wanted| UnusedOptions {
        window,
        wanted,
        snapshot: Arc::clone(&today),
        origins: true,
        suggest,
        events_at_once: EVENTS_AT_ONCE,
    };
    let account = *today.accounts.keys().next().unwrap();
    let role = today.accounts[&account].roles.values().next().unwrap().arn.clone();
    let one = Wanted { principal: Some(role), account: None };
    let all = [
        asked(Window::default(), None, Wanted::default()),
        asked(Window::default(), Some(suggest::Options::default()), Wanted::default()),
        asked(window(Some("2026-07-03T00:00:00Z"), None), Some(suggest::Options::default()), one),
    ];
    let session = session_of(&lake);
    for options in all {
        let expected = unused(&session, options.clone()).await.unwrap();
        for count in [2, 7] {
            let (there, near) = elsewhere(folder.path(), &lake, count).await;
            let answer = unused(&there, options.clone()).await.unwrap();
            assert!(near.folded.load(Ordering::SeqCst) >= count, "{count}");
            assert_eq!(format!("{answer:#?}"), format!("{expected:#?}"), "{count} shares");
        }
    }
}

const ACCOUNT: &str = "111122223333";
const OTHER: &str = "444455556666";

/// A record in the log of an account, in a session of the role `worker` that was made on the evening before.
fn record(id: &str, time: &str, (account, source, name): (&str, &str, &str)) -> Value {
    json!({
        "eventVersion": "1.09", "eventID": id, "eventTime": time, "eventSource": source, "eventName": name,
        "awsRegion": "eu-west-1", "sourceIPAddress": "192.0.2.7", "eventType": "AwsApiCall", "managementEvent": true,
        "eventCategory": "Management", "readOnly": true, "recipientAccountId": account, "requestParameters": null,
        "userIdentity": {
            "type": "AssumedRole", "principalId": "AROAEXAMPLEWORKER0001:job", "accountId": ACCOUNT,
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/worker/job"), "accessKeyId": "ASIAEXAMPLEWORKER001",
            "sessionContext": {
                "sessionIssuer": {
                    "type": "Role", "principalId": "AROAEXAMPLEWORKER0001", "accountId": ACCOUNT, "userName": "worker",
                    "arn": format!("arn:aws:iam::{ACCOUNT}:role/worker"),
                },
                "attributes": { "creationDate": "2026-03-09T23:30:00Z", "mfaAuthenticated": "false" },
            },
        },
    })
}

/// The record that made the session, with a tag.
fn issuance() -> Value {
    let mut record = record("issued", "2026-03-09T23:30:00Z", (ACCOUNT, "sts.amazonaws.com", "AssumeRole"));
    record["userIdentity"] = json!({
        "type": "IAMUser", "principalId": "AIDAEXAMPLEMARY000001", "accountId": ACCOUNT, "userName": "mary",
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/mary"), "accessKeyId": "AKIAEXAMPLEMARY00001",
    });
    record["requestParameters"] = json!({
        "roleArn": format!("arn:aws:iam::{ACCOUNT}:role/worker"), "roleSessionName": "job",
        "tags": [{ "key": "team", "value": "blue" }],
    });
    record["responseElements"] = json!({
        "credentials": { "accessKeyId": "ASIAEXAMPLEWORKER001", "expiration": "Mar 10, 2026, 12:30:00 AM" },
        "assumedRoleUser": {
            "assumedRoleId": "AROAEXAMPLEWORKER0001:job",
            "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/worker/job"),
        },
    });
    record
}

/// A lake with one file for each of these records.
async fn lake_of_each(folder: &Path, records: &[Value]) -> Lake {
    for (number, record) in records.iter().enumerate() {
        let path = folder.join(format!("{number}.json"));
        std::fs::write(&path, json!({ "Records": [record] }).to_string()).unwrap();
        let sources = Sources { paths: vec![path], s3: None };
        let listing = archive::find(&sources, &Prune::default()).unwrap();
        let options = IngestOptions::default();
        lake::ingest(folder.join("lake"), listing, &options, &Quiet).await.unwrap();
    }
    Lake::open(folder.join("lake")).await.unwrap()
}

/// The role may describe instances in sessions of one team.
fn of_one_team(folder: &Path) -> Arc<Snapshot> {
    let policy = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["ec2:DescribeInstances", "sts:AssumeRole"], "Resource": "*",
        "Condition": { "StringEquals": { "aws:PrincipalTag/team": "blue" } },
    }});
    let trust = json!({ "Version": "2012-10-17", "Statement": {
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"],
        "Principal": { "AWS": format!("arn:aws:iam::{ACCOUNT}:user/mary") },
    }});
    let details = json!({ "UserDetailList": [], "GroupDetailList": [], "Policies": [], "RoleDetailList": [{
        "Path": "/", "RoleName": "worker", "RoleId": "AROAEXAMPLEWORKER0001",
        "Arn": format!("arn:aws:iam::{ACCOUNT}:role/worker"), "CreateDate": "2025-01-01T00:00:00+00:00",
        "AssumeRolePolicyDocument": trust, "AttachedManagedPolicies": [],
        "RolePolicyList": [{ "PolicyName": "own", "PolicyDocument": policy }],
    }]});
    let path = folder.join("details.json");
    std::fs::write(&path, details.to_string()).unwrap();
    Arc::new(Snapshot { membership: Membership::None, ..Snapshot::read(&path).unwrap() })
}

/// What tells a share's sessions, and which of its records are copies, may be in files of other shares.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_share_needs_of_others_it_reads_there() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let copied = |account| {
        let mut record =
            record(account, "2026-03-10T00:10:00Z", (account, "sts.amazonaws.com", "AssumeRole"));
        record["sharedEventID"] = json!("shared");
        record["requestParameters"] = json!({
            "roleArn": format!("arn:aws:iam::{OTHER}:role/theirs"), "roleSessionName": "job",
        });
        record
    };
    let described =
        record("used", "2026-03-10T00:05:00Z", (ACCOUNT, "ec2.amazonaws.com", "DescribeInstances"));
    let lake = lake_of_each(folder, &[issuance(), described, copied(ACCOUNT), copied(OTHER)]).await;
    let today = of_one_team(folder);
    let session = session_of(&lake);
    let (there, _) = elsewhere(&folder.join("lake"), &lake, 4).await;
    let options = ReplayOptions {
        window: Window::default(),
        filters: vec![Filter::Is(lake::Column::EventName, "DescribeInstances".to_owned())],
        action: None,
        snapshot: Arc::clone(&today),
        proposed: None,
        save: None,
    };
    for ctx in [&session, &there] {
        let answer = replay(ctx, options.clone()).await.unwrap();
        assert_eq!((answer.events, answer.verdicts.same_allowed), (1, 1), "{answer:#?}");
    }
    let options = UnusedOptions {
        window: Window::default(),
        wanted: Wanted::default(),
        snapshot: today,
        origins: false,
        suggest: Some(suggest::Options::default()),
        events_at_once: 1,
    };
    let expected = unused(&session, options.clone()).await.unwrap();
    let answer = unused(&there, options).await.unwrap();
    let own = &answer.principals[0];
    assert_eq!((own.calls.events, own.statements[0].matched, own.statements[0].may), (2, 2, 0), "{own:#?}");
    assert_eq!(format!("{answer:#?}"), format!("{expected:#?}"));
}

/// Callers are in files of several shares, and so are who made them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn origins_in_shares_are_the_origins_of_the_whole() {
    let rows = async |ctx: &Session| {
        lineage::register(ctx).await.unwrap();
        let frame = ctx.sql("select * from origins order by caller").await.unwrap();
        let batches = frame.collect().await.unwrap();
        assert!(batches.iter().map(RecordBatch::num_rows).sum::<usize>() > 10);
        arrow::util::pretty::pretty_format_batches(&batches).unwrap().to_string()
    };
    for logs in ["unused/AWSLogs", "leaked-key/AWSLogs"] {
        let folder = tempfile::tempdir().unwrap();
        let lake = lake_of(folder.path(), logs).await;
        let expected = rows(&session_of(&lake)).await;
        for count in [1, 2, 7] {
            let (there, near) = elsewhere(folder.path(), &lake, count).await;
            assert_eq!(rows(&there).await, expected, "{count} shares of {logs}");
            assert!(near.folded.load(Ordering::SeqCst) > 0);
        }
    }
}

#[test]
fn policies_travel_whole() {
    for path in ["proposed-scp/iam", "unused/iam"] {
        let today = snapshot(path);
        let bytes = pack(&*today).unwrap();
        let there: Snapshot = unpack(&bytes).unwrap();
        assert!(there.problems.is_empty());
        let mut here = (*today).clone();
        here.problems.clear();
        let plain = |snapshot: &Snapshot| {
            // What is wrong with a policy stays where it was read.
            let text = format!("{snapshot:?}");
            let mut parts = text.split("problems: [");
            let first = parts.next().unwrap().to_owned();
            parts.fold(first, |text, part| text + part.split_once(']').map_or(part, |(_, rest)| rest))
        };
        assert_eq!(plain(&there), plain(&here), "{path}");
    }
}
