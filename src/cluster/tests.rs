//! Plans that are cut, and how they are sent.

use std::sync::Arc;

use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::physical_plan::displayable;
use datafusion::prelude::SessionContext;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;

use super::cut::Planner;
use super::fold::Executors;
use super::job::Jobs;
use super::node;
use super::remote::{Part, RemoteExec};
use super::split::Place;
use crate::archive::{self, Prune, Sources};
use crate::lake::{self, IngestOptions, Lake};
use crate::query::lineage;

/// A session over a story, which plans for a cluster that is not there.
async fn session(folder: &std::path::Path) -> SessionContext {
    let story = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/stories/leaked-key/AWSLogs");
    let sources = Sources { paths: vec![story], s3: None };
    let listed = archive::find(&sources, &Prune::default()).unwrap().all().await.unwrap();
    let folder = folder.join("lake");
    lake::ingest(&folder, listed, &IngestOptions::default(), &Quiet).await.unwrap();
    let lake = Lake::open(&folder).await.unwrap();
    let mut session = lake.session().unwrap();
    crate::query::register_functions(&mut session).unwrap();
    let jobs = Arc::new(Jobs::of(&"df://127.0.0.1:1".parse().unwrap()).unwrap());
    let (store, base) = lake.place();
    let hands = Executors {
        jobs: Arc::clone(&jobs),
        tasks: 4,
        lake: lake.site().to_string(),
        version: lake.version(),
        scratch: None,
    };
    let planner = Arc::new(Planner::new(jobs, vec![Place { store, base }], |note| panic!("{note}")));
    let rules = ballista_core::optimizer::with_ballista_optimizer_rules(session.state().optimizers());
    lake::elsewhere(&session, planner, rules, Arc::new(hands), |config| {
        node::adjusted(config).with_target_partitions(4)
    })
}

struct Quiet;

impl lake::Progress for Quiet {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

/// The part that a statement is as a whole.
async fn part(session: &SessionContext, sql: &str) -> Arc<Part> {
    let plan = session.state().create_logical_plan(sql).await.unwrap();
    let plan = session.state().create_physical_plan(&plan).await.unwrap();
    let remote =
        plan.downcast_ref::<RemoteExec>().or_else(|| plan.children().first()?.downcast_ref::<RemoteExec>());
    Arc::clone(remote.unwrap_or_else(|| panic!("{sql}\n{}", displayable(plan.as_ref()).indent(false))).part())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_plan_comes_out_of_its_encoding_as_it_was() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    lineage::Relations::register(&session).await.unwrap();
    let node = node::state(node::config(), session.runtime_env()).unwrap();
    let mut seen = 0;
    for sql in [
        "select event_name, count(*) from events where error_code is not null group by 1 order by 2 desc, 1 limit 3",
        "select a.event_id from events a left join events b on a.access_key_id = b.issued_access_key_id and b.read_only",
        "select event_id from events where event_time >= '2026-03-08T00:00:00Z' and event_date >= date '2026-03-08' \
         and source_ip_address like '192.0.2.%' and event_name in ('AssumeRole', 'GetCallerIdentity')",
        "select case when read_only then service(event_source) else target(request_parameters) end from events",
        "select caller, sum(denied) from credentials group by 1",
        "select * from issuances",
        "select row_number() over (partition by account order by event_time, event_id) from events",
    ] {
        let part = part(&session, sql).await;
        let decoded = PhysicalPlanNode::try_decode(&part.encoded)
            .unwrap()
            .try_into_physical_plan(&node.task_ctx(), &BallistaPhysicalExtensionCodec::default())
            .unwrap();
        let shown = |plan| displayable(plan).indent(true).to_string();
        assert_eq!(shown(decoded.as_ref()), shown(part.plan.as_ref()), "{sql}");
        seen += 1;
    }
    assert_eq!(seen, 7);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_file_takes_few_bytes_of_a_plan() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    let one = part(&session, "select event_id from events").await.encoded.len();
    let two = part(&session, "select event_id from events union all select event_id from events")
        .await
        .encoded
        .len();
    let files = std::fs::read_dir(folder.path().join("lake/events")).unwrap().count() - 1;
    assert!(files > 2);
    // The second scan, with its schema of some 70 columns.
    let bytes = (two - one) / files;
    assert!(bytes < 4000, "{bytes} bytes a file of {files}");
}

/// Whether the whole statement is one job.
async fn whole(session: &SessionContext, sql: &str) -> bool {
    let plan = session.state().create_logical_plan(sql).await.unwrap();
    let plan = session.state().create_physical_plan(&plan).await.unwrap();
    let below = plan.children().first().is_some_and(|child| child.is::<RemoteExec>());
    plan.is::<RemoteExec>() || plan.name() == "CooperativeExec" && below
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_is_the_last_that_a_job_does() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    let limited = "(select * from events order by event_time, event_id limit 20)";
    for (sql, as_one) in [
        (limited.to_owned(), true),
        (format!("select event_name from {limited} order by event_time, event_id"), true),
        ("select event_name, count(*) from events group by 1 order by 2 desc limit 3".to_owned(), true),
        ("select event_id from events limit 3".to_owned(), true),
        (format!("select event_id from {limited} where read_only"), false),
        (format!("select event_name, count(*) from {limited} group by 1"), false),
        (format!("select a.event_id from {limited} a join events b on a.event_id = b.event_id"), false),
        (format!("select event_id from {limited} union all select event_id from events"), false),
    ] {
        assert_eq!(whole(&session, &sql).await, as_one, "{sql}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_join_with_a_condition_hashes_and_one_without_merges() {
    let folder = tempfile::tempdir().unwrap();
    let session = session(folder.path()).await;
    for (kind, more, operator) in [
        ("left join", "", "SortMergeJoinExec"),
        ("left join", " and a.record_index < b.record_index", "HashJoinExec: mode=Partitioned"),
        ("full join", " and b.read_only", "HashJoinExec: mode=Partitioned"),
    ] {
        let sql = format!("select count(*) from events a {kind} events b on a.event_id = b.event_id{more}");
        let plan = displayable(part(&session, &sql).await.plan.as_ref()).indent(false).to_string();
        assert!(plan.contains(operator), "{sql}\n{plan}");
    }
}
