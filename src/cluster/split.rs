//! Which plans give the same rows when they are split among executors.
//!
//! Ballista cuts a plan where rows are exchanged, and runs each piece as tasks of some partitions each. That is right for
//! operators that look at one partition at a time, or whose inputs are brought together first; others would see only their
//! task's share, and yet Ballista runs them. So this is a list of what is known to be right, and everything else stays here.

use std::sync::Arc;

use arrow::array::RecordBatch;
use datafusion::catalog::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::common::JoinType;
use datafusion::datasource::listing::PartitionedFile;
use datafusion::datasource::physical_plan::{FileGroup, FileScanConfig, ParquetSource};
use datafusion::execution::object_store::ObjectStoreUrl;
use datafusion::physical_plan::aggregates::AggregateExec;
use datafusion::physical_plan::coalesce_partitions::CoalescePartitionsExec;
use datafusion::physical_plan::coop::CooperativeExec;
use datafusion::physical_plan::empty::EmptyExec;
use datafusion::physical_plan::filter::FilterExec;
use datafusion::physical_plan::joins::{
    CrossJoinExec, HashJoinExec, NestedLoopJoinExec, PartitionMode, SortMergeJoinExec,
};
use datafusion::physical_plan::limit::{GlobalLimitExec, LocalLimitExec};
use datafusion::physical_plan::placeholder_row::PlaceholderRowExec;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion::physical_plan::repartition::RepartitionExec;
use datafusion::physical_plan::sorts::sort::SortExec;
use datafusion::physical_plan::sorts::sort_preserving_merge::SortPreservingMergeExec;
use datafusion::physical_plan::union::UnionExec;
use datafusion::physical_plan::unnest::UnnestExec;
use datafusion::physical_plan::windows::{BoundedWindowAggExec, WindowAggExec};
use datafusion::physical_plan::{ExecutionPlan, ExecutionPlanProperties, InputOrderMode, Partitioning};
use object_store::path::Path;

/// Rows in memory go along with a plan up to so many bytes.
const CARRIED_BYTES_MAX: usize = 8 * 1024 * 1024;

/// Whether a plan may be split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Splits {
    /// It may, and reads what executors see, as the lake.
    Lake,
    /// It may, and there is no reason to.
    Nothing,
    /// It holds something that would give other rows, or that can't be sent.
    Never,
}

/// Where executors see files, as those of the lake: others are for this machine alone.
#[derive(Debug, Clone)]
pub(super) struct Place {
    /// By what sessions know its store.
    pub(super) store: ObjectStoreUrl,
    /// Its folder in the store.
    pub(super) base: Path,
}

impl Place {
    fn holds(&self, files: &FileScanConfig) -> bool {
        let mut locations = files.file_groups.iter().flat_map(FileGroup::iter).map(PartitionedFile::path);
        files.object_store_url == self.store && locations.all(|path| path.prefix_matches(&self.base))
    }
}

/// Whether executors see all of these files, in one of the places.
pub(super) fn seen(places: &[Place], files: &FileScanConfig) -> bool {
    places.iter().any(|place| place.holds(files))
}

/// Whether a plan over files in these places may be split.
pub(super) fn splits(plan: &Arc<dyn ExecutionPlan>, places: &[Place]) -> Splits {
    if limited_inside(plan) {
        return Splits::Never;
    }
    let mut carried = 0;
    let found = below(plan, places, &mut carried);
    if carried > CARRIED_BYTES_MAX { Splits::Never } else { found }
}

fn below(plan: &Arc<dyn ExecutionPlan>, places: &[Place], carried: &mut usize) -> Splits {
    if let Some(source) = plan.downcast_ref::<DataSourceExec>() {
        return leaf(source, places, carried);
    }
    if !itself(plan) {
        return Splits::Never;
    }
    let mut all = Splits::Nothing;
    for child in plan.children() {
        match below(child, places, carried) {
            Splits::Never => return Splits::Never,
            Splits::Lake => all = Splits::Lake,
            Splits::Nothing => {}
        }
    }
    all
}

/// A leaf with rows: files of the lake, or rows that are here.
fn leaf(source: &DataSourceExec, places: &[Place], carried: &mut usize) -> Splits {
    let source = source.data_source();
    if let Some(files) = source.downcast_ref::<FileScanConfig>() {
        let parquet = files.file_source().downcast_ref::<ParquetSource>().is_some();
        return if parquet && seen(places, files) { Splits::Lake } else { Splits::Never };
    }
    let Some(memory) = source.downcast_ref::<MemorySourceConfig>() else { return Splits::Never };
    let batches = memory.partitions().iter().flatten();
    *carried += batches.map(RecordBatch::get_array_memory_size).sum::<usize>();
    Splits::Nothing
}

/// Whether an operator gives the same rows in tasks of some partitions each.
fn itself(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.is::<EmptyExec>()
        || plan.is::<PlaceholderRowExec>()
        || plan.is::<FilterExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<CooperativeExec>()
        || plan.is::<UnnestExec>()
        || plan.is::<CoalescePartitionsExec>()
        || plan.is::<SortExec>()
        || plan.is::<SortPreservingMergeExec>()
        || plan.is::<AggregateExec>()
        || plan.is::<LocalLimitExec>()
        || plan.is::<CrossJoinExec>()
    {
        return true;
    }
    if let Some(window) = plan.downcast_ref::<WindowAggExec>() {
        return window.partition_keys().is_empty() || sorted(window.input());
    }
    if let Some(window) = plan.downcast_ref::<BoundedWindowAggExec>() {
        return window.input_order_mode == InputOrderMode::Linear || sorted(window.input());
    }
    if plan.is::<UnionExec>() {
        // A task has some partitions of one input and none of the others, and the engine's sorts take none for a mistake.
        return !plan.children().iter().any(|child| sorts_parts(child));
    }
    if let Some(join) = plan.downcast_ref::<SortMergeJoinExec>() {
        return join.filter().is_none();
    }
    if plan.is::<GlobalLimitExec>() {
        return plan.children().iter().all(|child| one_partition(child));
    }
    if let Some(exchange) = plan.downcast_ref::<RepartitionExec>() {
        // Ballista leaves the other kinds out, and with them the number of partitions that the plan counts on.
        return matches!(exchange.partitioning(), Partitioning::Hash(..));
    }
    if let Some(join) = plan.downcast_ref::<HashJoinExec>() {
        return !join.null_aware
            && match join.partition_mode() {
                PartitionMode::Partitioned => true,
                PartitionMode::CollectLeft => by_the_right(*join.join_type()) || one_partition(join.right()),
                PartitionMode::Auto => false,
            };
    }
    if let Some(join) = plan.downcast_ref::<NestedLoopJoinExec>() {
        return by_the_right(*join.join_type()) || one_partition(join.right());
    }
    false
}

/// Whether rows are sorted right where they are wanted so. An order that follows from what is known of them, as of a single row,
/// is forgotten on the way to another step, which then refuses them.
fn sorted(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.is::<SortExec>() || plan.is::<SortPreservingMergeExec>() {
        return true;
    }
    let passes = plan.is::<WindowAggExec>()
        || plan.is::<BoundedWindowAggExec>()
        || plan.is::<ProjectionExec>()
        || plan.is::<FilterExec>()
        || plan.is::<CooperativeExec>();
    passes && plan.children().iter().all(|child| sorted(child))
}

/// Whether each row of such a join comes of one row of its right side. The left side is whole in each task, so a row that
/// comes of it alone would come once for each.
fn by_the_right(kind: JoinType) -> bool {
    matches!(
        kind,
        JoinType::Inner | JoinType::Right | JoinType::RightSemi | JoinType::RightAnti | JoinType::RightMark
    )
}

/// Whether a plan keeps only some rows anywhere but at its end. Where a step begins with that and goes on with more, Ballista
/// plans the step anew and may keep too many: a limit is the last that a job does.
fn limited_inside(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let mut end = plan;
    let mut together = false;
    loop {
        let brings_together = end.is::<SortPreservingMergeExec>() || end.is::<CoalescePartitionsExec>();
        let ends = end.is::<SortExec>()
            || end.is::<GlobalLimitExec>()
            || end.is::<LocalLimitExec>()
            || end.is::<ProjectionExec>()
            || end.is::<CooperativeExec>();
        match end.children().as_slice() {
            [] => return false,
            [child] if ends || brings_together && !together => {
                together |= brings_together;
                end = child;
            }
            _ => return limits(end),
        }
    }
}

/// Whether a plan keeps only some rows anywhere.
fn limits(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let own = plan.fetch().is_some() || plan.is::<GlobalLimitExec>() || plan.is::<LocalLimitExec>();
    own || plan.children().into_iter().any(limits)
}

/// Whether a plan has a join that merges what is sorted, and holds a condition against what comes of it. On executors such
/// a join looks for the columns of its condition on the wrong side: it panics, or fails, or worse.
pub(super) fn merges_by_condition(plan: &Arc<dyn ExecutionPlan>) -> bool {
    let own = plan.downcast_ref::<SortMergeJoinExec>().is_some_and(|join| join.filter().is_some());
    own || plan.children().into_iter().any(merges_by_condition)
}

/// Whether partitions are sorted, each by itself, before rows are exchanged.
fn sorts_parts(plan: &Arc<dyn ExecutionPlan>) -> bool {
    if plan.is::<RepartitionExec>() {
        return false;
    }
    plan.is::<SortExec>() || plan.children().iter().any(|child| sorts_parts(child))
}

fn one_partition(plan: &Arc<dyn ExecutionPlan>) -> bool {
    plan.output_partitioning().partition_count() == 1
}
