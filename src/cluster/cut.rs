//! Cuts a plan into what a cluster runs and what stays here.
//!
//! From the top: the largest parts that read the lake and that `split` allows go to the cluster. What is above them is
//! planned here, over their rows. So whatever the engine here can do, a statement can: only how much of it is done on the
//! cluster differs.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::catalog::Session;
use datafusion::catalog::memory::DataSourceExec;
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig};
use datafusion::error::Result;
use datafusion::execution::SessionState;
use datafusion::execution::context::QueryPlanner;
use datafusion::logical_expr::{Extension, LogicalPlan};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_planner::{DefaultPhysicalPlanner, PhysicalPlanner};
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;

use super::MESSAGE_BYTES_MAX;
use super::job::Jobs;
use super::remote::{Part, RemoteExec, RemoteNode, RemotePlanner};
use super::split::{Place, Splits, merges_by_condition, seen, splits};

/// Plans the statements of a session of a cluster.
pub(super) struct Planner {
    jobs: Arc<Jobs>,
    /// What executors see, too: the lake, and where steps are kept.
    places: Vec<Place>,
    /// Told what a cluster can't do.
    note: fn(&str),
    /// Plans parts, as the cluster runs them.
    parts: DefaultPhysicalPlanner,
    /// Plans what is around them.
    here: DefaultPhysicalPlanner,
}

impl Planner {
    pub(super) fn new(jobs: Arc<Jobs>, places: Vec<Place>, note: fn(&str)) -> Self {
        Self {
            jobs,
            places,
            note,
            parts: DefaultPhysicalPlanner::default(),
            here: DefaultPhysicalPlanner::with_extension_planners(vec![Arc::new(RemotePlanner)]),
        }
    }

    /// A plan as a part that the cluster runs, if it can and has something to read.
    async fn part(&self, plan: &LogicalPlan, session: &dyn Session) -> Option<Arc<Part>> {
        // What the engine can't plan by itself, as one end of a recursion, it says again where it is asked for the whole.
        let mut found = self.parts.create_physical_plan(plan, session).await.ok()?;
        if merges_by_condition(&found) {
            let hashing = hashing(session, Mode::Apart)?;
            found = self.parts.create_physical_plan(plan, &hashing).await.ok()?;
        }
        let plan = found;
        if splits(&plan, &self.places) != Splits::Lake {
            return None;
        }
        let plan = light(plan).ok()?;
        let encoded = encode(&plan)?;
        Some(Arc::new(Part { plan, encoded: Arc::new(encoded), jobs: Arc::clone(&self.jobs) }))
    }

    /// The same plan with its largest parts as leaves that the cluster runs.
    async fn cut(&self, plan: &LogicalPlan, session: &dyn Session) -> Result<LogicalPlan> {
        if !reads(plan)? {
            return Ok(plan.clone());
        }
        if !is_statement(plan)
            && let Some(part) = self.part(plan, session).await
        {
            let node = RemoteNode { part, schema: Arc::clone(plan.schema()) };
            return Ok(LogicalPlan::Extension(Extension { node: Arc::new(node) }));
        }
        let mut inputs = Vec::new();
        for input in plan.inputs() {
            inputs.push(Box::pin(self.cut(input, session)).await?);
        }
        if inputs.is_empty() {
            return Ok(plan.clone());
        }
        plan.with_new_exprs(plan.expressions(), inputs)
    }
}

impl fmt::Debug for Planner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Planner").field("scheduler", &self.jobs.scheduler).finish_non_exhaustive()
    }
}

#[async_trait]
impl QueryPlanner for Planner {
    async fn create_physical_plan(
        &self,
        plan: &LogicalPlan,
        session: &dyn Session,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        let cut = self.cut(plan, session).await?;
        if let LogicalPlan::Extension(extension) = &cut
            && let Some(node) = extension.node.as_any().downcast_ref::<RemoteNode>()
        {
            return Ok(Arc::new(RemoteExec::new(Arc::clone(&node.part))));
        }
        // What stays here is planned as it is without a cluster.
        let plan = match hashing(session, Mode::Together) {
            Some(hashing) => self.here.create_physical_plan(&cut, &hashing).await?,
            None => self.here.create_physical_plan(&cut, session).await?,
        };
        let files = files(&plan, &self.places);
        if files > 0 {
            (self.note)(&format!(
                "note: the cluster at {} cannot read {files} of the files for this; they are read here",
                self.jobs.scheduler
            ));
        }
        Ok(plan)
    }
}

/// Where the rows of a hash join's smaller side are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Each task has those of its partition.
    Apart,
    /// All are in one place, where they are few.
    Together,
}

/// The same session, joining by hash tables rather than by merging what is sorted.
fn hashing(session: &dyn Session, mode: Mode) -> Option<SessionState> {
    let mut state = session.as_any().downcast_ref::<SessionState>()?.clone();
    let options = &mut state.config_mut().options_mut().optimizer;
    options.prefer_hash_join = true;
    if mode == Mode::Apart {
        options.hash_join_single_partition_threshold = 0;
        options.hash_join_single_partition_threshold_rows = 0;
    }
    Some(state)
}

/// How many files that executors see a plan reads here.
fn files(plan: &Arc<dyn ExecutionPlan>, places: &[Place]) -> usize {
    let below: usize = plan.children().into_iter().map(|child| files(child, places)).sum();
    let source = plan.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
    let own =
        source.and_then(|source| source.downcast_ref::<FileScanConfig>()).filter(|own| seen(places, own));
    below + own.map_or(0, |own| own.file_groups.iter().map(FileGroup::len).sum())
}

/// Whether a plan reads any table that may be of the lake.
fn reads(plan: &LogicalPlan) -> Result<bool> {
    plan.exists(|node| Ok(matches!(node, LogicalPlan::TableScan(_))))
}

/// Whether a plan is about another one, rather than rows.
fn is_statement(plan: &LogicalPlan) -> bool {
    matches!(
        plan,
        LogicalPlan::Explain(_)
            | LogicalPlan::Analyze(_)
            | LogicalPlan::Statement(_)
            | LogicalPlan::DescribeTable(_)
            | LogicalPlan::Dml(_)
            | LogicalPlan::Ddl(_)
            | LogicalPlan::Copy(_)
            | LogicalPlan::RecursiveQuery(_)
    )
}

/// The same plan without what the log tells of each file: files were chosen by that already, and it takes most of the bytes.
fn light(plan: Arc<dyn ExecutionPlan>) -> Result<Arc<dyn ExecutionPlan>> {
    let light = plan.transform_up(|node| {
        let source = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        let Some(files) = source.and_then(|source| source.downcast_ref::<FileScanConfig>()) else {
            return Ok(Transformed::no(node));
        };
        let groups = files.file_groups.iter().map(|group| {
            group
                .iter()
                .map(|file| PartitionedFile { statistics: None, ..file.clone() })
                .collect::<FileGroup>()
        });
        let mut files = files.clone();
        files.file_groups = groups.collect();
        Ok(Transformed::yes(DataSourceExec::from_data_source(files) as Arc<dyn ExecutionPlan>))
    })?;
    Ok(light.data)
}

/// A plan as it is sent. None where it holds something that can't be, or is too long.
fn encode(plan: &Arc<dyn ExecutionPlan>) -> Option<Vec<u8>> {
    let codec = BallistaPhysicalExtensionCodec::default();
    let mut bytes = Vec::new();
    let node = PhysicalPlanNode::try_from_physical_plan(Arc::clone(plan), &codec).ok()?;
    node.try_encode(&mut bytes).ok()?;
    // Some room is left for the settings that go with it.
    (bytes.len() < usize::try_from(MESSAGE_BYTES_MAX).ok()? / 2).then_some(bytes)
}
