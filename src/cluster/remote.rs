//! The part of a plan that a cluster runs: a leaf of the plan here, with the rows of its job.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use arrow::datatypes::SchemaRef;
use async_trait::async_trait;
use datafusion::catalog::Session;
use datafusion::common::tree_node::TreeNodeRecursion;
use datafusion::common::{DFSchemaRef, internal_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::{SendableRecordBatchStream, TaskContext};
use datafusion::logical_expr::{Expr, LogicalPlan, UserDefinedLogicalNode, UserDefinedLogicalNodeCore};
use datafusion::physical_expr::{EquivalenceProperties, PhysicalExpr};
use datafusion::physical_plan::execution_plan::{Boundedness, EmissionType};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::physical_plan::{
    DisplayAs, DisplayFormatType, ExecutionPlan, Partitioning, PlanProperties, displayable,
};
use datafusion::physical_planner::{ExtensionPlanner, PhysicalPlanner};
use futures::TryStreamExt;

use super::job::Jobs;

/// A part of a plan, ready to be sent.
pub(super) struct Part {
    /// As executors run it.
    pub(super) plan: Arc<dyn ExecutionPlan>,
    /// The same, encoded.
    pub(super) encoded: Arc<Vec<u8>>,
    /// Who sends it.
    pub(super) jobs: Arc<Jobs>,
}

/// Runs a part on the cluster; its rows come in one partition.
pub(super) struct RemoteExec {
    part: Arc<Part>,
    properties: Arc<PlanProperties>,
}

impl RemoteExec {
    pub(super) fn new(part: Arc<Part>) -> Self {
        let properties = Arc::new(PlanProperties::new(
            EquivalenceProperties::new(part.plan.schema()),
            Partitioning::UnknownPartitioning(1),
            EmissionType::Incremental,
            Boundedness::Bounded,
        ));
        Self { part, properties }
    }

    #[cfg(test)]
    pub(super) fn part(&self) -> &Arc<Part> {
        &self.part
    }
}

impl fmt::Debug for RemoteExec {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteExec").field("plan", &self.part.plan).finish_non_exhaustive()
    }
}

impl DisplayAs for RemoteExec {
    fn fmt_as(&self, _: DisplayFormatType, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RemoteExec: cluster={}", self.part.jobs.scheduler)?;
        for line in displayable(self.part.plan.as_ref()).indent(false).to_string().lines() {
            write!(f, "\n    | {line}")?;
        }
        Ok(())
    }
}

impl ExecutionPlan for RemoteExec {
    fn name(&self) -> &'static str {
        "RemoteExec"
    }

    fn schema(&self) -> SchemaRef {
        self.part.plan.schema()
    }

    fn properties(&self) -> &Arc<PlanProperties> {
        &self.properties
    }

    /// None: what stands below runs elsewhere, and is nothing for the optimizers here.
    fn children(&self) -> Vec<&Arc<dyn ExecutionPlan>> {
        Vec::new()
    }

    fn apply_expressions(
        &self,
        _: &mut dyn FnMut(&Arc<dyn PhysicalExpr>) -> Result<TreeNodeRecursion>,
    ) -> Result<TreeNodeRecursion> {
        Ok(TreeNodeRecursion::Continue)
    }

    fn with_new_children(
        self: Arc<Self>,
        children: Vec<Arc<dyn ExecutionPlan>>,
    ) -> Result<Arc<dyn ExecutionPlan>> {
        if children.is_empty() { Ok(self) } else { internal_err!("a part of a cluster has no children here") }
    }

    fn execute(&self, partition: usize, context: Arc<TaskContext>) -> Result<SendableRecordBatchStream> {
        if partition != 0 {
            return internal_err!("a part of a cluster has one partition, {partition} was asked for");
        }
        let jobs = Arc::clone(&self.part.jobs);
        let rows = jobs.run(Arc::clone(&self.part.encoded), context.session_config().clone());
        let rows = futures::stream::once(async { rows.await.map_err(DataFusionError::from) }).try_flatten();
        Ok(Box::pin(RecordBatchStreamAdapter::new(self.schema(), rows)))
    }
}

/// The same as a leaf of a logical plan.
#[derive(Clone)]
pub(super) struct RemoteNode {
    pub(super) part: Arc<Part>,
    /// The columns as the plan around it names them.
    pub(super) schema: DFSchemaRef,
}

impl fmt::Debug for RemoteNode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }
}

impl PartialEq for RemoteNode {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.part, &other.part)
    }
}

impl Eq for RemoteNode {}

impl PartialOrd for RemoteNode {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        (self == other).then_some(Ordering::Equal)
    }
}

impl Hash for RemoteNode {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Arc::as_ptr(&self.part).hash(state);
    }
}

impl UserDefinedLogicalNodeCore for RemoteNode {
    fn name(&self) -> &'static str {
        "Remote"
    }

    fn inputs(&self) -> Vec<&LogicalPlan> {
        Vec::new()
    }

    fn schema(&self) -> &DFSchemaRef {
        &self.schema
    }

    fn expressions(&self) -> Vec<Expr> {
        Vec::new()
    }

    fn fmt_for_explain(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Remote")
    }

    fn with_exprs_and_inputs(&self, _: Vec<Expr>, _: Vec<LogicalPlan>) -> Result<Self> {
        Ok(self.clone())
    }
}

/// Makes a [`RemoteExec`] of a [`RemoteNode`].
pub(super) struct RemotePlanner;

#[async_trait]
impl ExtensionPlanner for RemotePlanner {
    async fn plan_extension(
        &self,
        _: &dyn PhysicalPlanner,
        node: &dyn UserDefinedLogicalNode,
        _: &[&LogicalPlan],
        _: &[Arc<dyn ExecutionPlan>],
        _: &dyn Session,
        _: &datafusion::logical_expr::physical_planning_context::PhysicalPlanningContext,
    ) -> Result<Option<Arc<dyn ExecutionPlan>>> {
        let node = node.as_any().downcast_ref::<RemoteNode>();
        Ok(node.map(|node| Arc::new(RemoteExec::new(Arc::clone(&node.part))) as Arc<dyn ExecutionPlan>))
    }
}
