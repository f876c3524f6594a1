//! Tasks that are no part of a plan: each slot is given bytes, works as this program does on one machine, and gives bytes.
//!
//! To the engine a task is a function of one row: a job has one partition, and so one task, for each share of the work. What all
//! shares have in common is a literal of the plan, which every task gets with it.

use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, LargeBinaryArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::{Result as EngineResult, ScalarValue, exec_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::{col, lit};
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::TryStreamExt;

use super::job::Jobs;
use super::{ClusterError, MESSAGE_BYTES_MAX, fold, node, share};
use crate::archive::s3::{S3Url, Store};
use crate::lake::{Folds, Site};

/// The name of the function that does a task; only executors can.
const FUNCTION: &str = "backtrail_task";

/// The column with the shares.
const SHARE: &str = "share";

/// What comes of a task has so many bytes at the most, to fit a message; so has what all tasks have in common.
const RESULT_BYTES_MAX: usize = MESSAGE_BYTES_MAX as usize / 4 * 3;

fn too_large(bytes: usize) -> String {
    format!(
        "what comes of a share are {} MB, and {} MB can be sent\nhint: with more slots shares are smaller; or ask for fewer days",
        bytes.div_ceil(1 << 20),
        RESULT_BYTES_MAX >> 20
    )
}

/// The kinds of tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads a share of a listing into a lake.
    Ingest,
    /// Folds a share of a lake.
    Fold,
}

impl Kind {
    const ALL: [Self; 2] = [Self::Ingest, Self::Fold];

    fn word(self) -> &'static str {
        match self {
            Self::Ingest => "ingest",
            Self::Fold => "fold",
        }
    }
}

/// Who does tasks: an executor.
#[derive(Debug)]
pub(super) struct Worker {
    /// How it calls itself.
    node: String,
    pub(super) s3: Store,
    /// Who folds lakes there.
    pub(super) folds: Arc<dyn Folds>,
}

impl Worker {
    pub(super) fn new(node: &str, s3: Store, folds: Arc<dyn Folds>) -> Self {
        Self { node: node.to_owned(), s3, folds }
    }

    /// A lake's site by its name.
    pub(super) fn site(&self, lake: &str) -> anyhow::Result<Site> {
        Ok(match S3Url::parse(lake) {
            Some(place) => Site::in_s3(&place, &self.s3)?,
            None => Site::from(PathBuf::from(lake)),
        })
    }

    /// Does a task, unless more comes of it than can be sent.
    fn result(&self, kind: &str, common: &[u8], share: &str) -> anyhow::Result<Vec<u8>> {
        let made = self.work(kind, common, share)?;
        anyhow::ensure!(made.len() <= RESULT_BYTES_MAX, too_large(made.len()));
        Ok(made)
    }

    /// Does a task on its thread, to the end.
    fn work(&self, kind: &str, common: &[u8], share: &str) -> anyhow::Result<Vec<u8>> {
        let Some(kind) = Kind::ALL.into_iter().find(|known| known.word() == kind) else {
            anyhow::bail!("there are no tasks of the kind `{kind}`");
        };
        let runtime = tokio::runtime::Handle::try_current()?;
        tokio::task::block_in_place(|| {
            runtime.block_on(async {
                match kind {
                    Kind::Ingest => Box::pin(share::read(self, share)).await,
                    Kind::Fold => Box::pin(fold::fold(self, common, share)).await,
                }
            })
        })
    }
}

/// The function that does tasks: the kind, what all have in common and a share in, what came of it out. It is no function of
/// SQL.
#[derive(Debug)]
struct DoTask {
    signature: Signature,
    /// None wherever tasks are only planned.
    worker: Option<Worker>,
}

/// The function as the engine takes it; with a worker on executors.
pub(super) fn function(worker: Option<Worker>) -> ScalarUDF {
    let arguments = vec![DataType::Utf8, DataType::LargeBinary, DataType::Utf8];
    let signature = Signature::exact(arguments, Volatility::Volatile);
    ScalarUDF::new_from_impl(DoTask { signature, worker })
}

impl PartialEq for DoTask {
    fn eq(&self, other: &Self) -> bool {
        self.worker.is_some() == other.worker.is_some()
    }
}

impl Eq for DoTask {}

impl Hash for DoTask {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.worker.is_some().hash(state);
    }
}

impl ScalarUDFImpl for DoTask {
    fn name(&self) -> &str {
        FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::LargeBinary)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let Some(worker) = &self.worker else { return exec_err!("only executors do tasks") };
        let [
            ColumnarValue::Scalar(ScalarValue::Utf8(Some(kind))),
            ColumnarValue::Scalar(ScalarValue::LargeBinary(Some(common))),
            shares,
        ] = args.args.as_slice()
        else {
            return exec_err!("a task has a kind, what it has in common with others, and a share");
        };
        let shares = cast(&shares.to_array(args.number_rows)?, &DataType::Utf8)?;
        let shares = shares.as_string::<i32>();
        let work = |row: usize| {
            let made = worker.result(kind, common, shares.value(row));
            made.map_err(|error| DataFusionError::Execution(said(&worker.node, &error)))
        };
        let made = (0..shares.len()).map(work).collect::<EngineResult<Vec<Vec<u8>>>>()?;
        let made: LargeBinaryArray = made.iter().map(|bytes| Some(bytes.as_slice())).collect();
        Ok(ColumnarValue::Array(Arc::new(made) as ArrayRef))
    }
}

/// What stands before and behind the words of an executor, that the client finds them in what the engine makes of them.
const SAID: [&str; 2] = ["a task failed: ", " (end of what the executor said)"];

pub(super) fn said(node: &str, error: &anyhow::Error) -> String {
    let [before, behind] = SAID;
    let mut words = Vec::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        if !words.iter().any(|known: &String| known.contains(&cause)) {
            words.push(cause);
        }
    }
    format!("{before}{node}: {}{behind}", words.join(": "))
}

/// The words of an executor; None where it is the engine that speaks.
pub(super) fn words(text: &str) -> Option<&str> {
    let [before, behind] = SAID;
    let (_, rest) = text.split_once(before)?;
    Some(rest.split_once(behind)?.0)
}

/// Has executors do a task for each share, and gives what came of them.
///
/// # Errors
/// Where a task fails, or the cluster does.
pub(super) async fn run(
    jobs: Arc<Jobs>,
    kind: Kind,
    common: Vec<u8>,
    shares: &[String],
) -> Result<Vec<Vec<u8>>, ClusterError> {
    let scheduler = jobs.scheduler.clone();
    if common.len() > RESULT_BYTES_MAX {
        let (bytes, limit) = (common.len().div_ceil(1 << 20), RESULT_BYTES_MAX >> 20);
        let problem = format!("policies of {bytes} MB, packed, and {limit} MB can be sent");
        return Err(ClusterError::Plan { scheduler, problem });
    }
    let plan = encoded(&plan(kind, common, shares)?)?;
    let config = node::config().with_target_partitions(shares.len());
    let rows = jobs.run(Arc::new(plan), config).await?;
    let batches: Vec<RecordBatch> = rows.try_collect().await?;
    let columns = batches.iter().filter_map(|batch| batch.columns().first()?.as_binary_opt::<i64>());
    let made: Vec<Vec<u8>> = columns.flatten().flatten().map(<[u8]>::to_vec).collect();
    if made.len() != shares.len() {
        let problem = format!("{} of {} tasks reported", made.len(), shares.len());
        return Err(ClusterError::Job { scheduler, problem });
    }
    Ok(made)
}

/// One partition for each share, which is a task of its own.
fn plan(kind: Kind, common: Vec<u8>, shares: &[String]) -> EngineResult<Arc<dyn ExecutionPlan>> {
    let schema = Arc::new(Schema::new(vec![Field::new(SHARE, DataType::Utf8, false)]));
    let row = |share: &String| {
        let column: ArrayRef = Arc::new(StringArray::from(vec![share.as_str()]));
        Ok(vec![RecordBatch::try_new(Arc::clone(&schema), vec![column])?])
    };
    let rows = shares.iter().map(row).collect::<EngineResult<Vec<_>>>()?;
    let rows = MemorySourceConfig::try_new_exec(&rows, Arc::clone(&schema), None)?;
    let options = Arc::clone(node::config().options());
    let arguments = vec![lit(kind.word()), lit(ScalarValue::LargeBinary(Some(common))), col(SHARE, &schema)?];
    let call = ScalarFunctionExpr::try_new(Arc::new(function(None)), arguments, &schema, options)?;
    let call: Arc<dyn PhysicalExpr> = Arc::new(call);
    Ok(Arc::new(ProjectionExec::try_new(vec![(call, "made".to_owned())], rows)?))
}

fn encoded(plan: &Arc<dyn ExecutionPlan>) -> EngineResult<Vec<u8>> {
    let codec = BallistaPhysicalExtensionCodec::default();
    let mut bytes = Vec::new();
    PhysicalPlanNode::try_from_physical_plan(Arc::clone(plan), &codec)?.try_encode(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_executors_words_are_found_in_what_the_engine_says() {
        let error = anyhow::anyhow!("no such folder").context("cannot read `/logs`");
        let text = format!("Execution error: {}\ntask 3 failed", said("executor 192.0.2.7:50051", &error));
        assert_eq!(words(&text), Some("executor 192.0.2.7:50051: cannot read `/logs`: no such folder"));
        assert_eq!(words("Execution error: out of memory"), None);
    }

    #[test]
    fn more_than_can_be_sent_is_said_with_what_helps() {
        let words = too_large(RESULT_BYTES_MAX + 1);
        assert!(words.starts_with("what comes of a share are 193 MB, and 192 MB can be sent"), "{words}");
        assert!(words.contains("hint: with more slots"), "{words}");
    }

    #[test]
    fn whoever_only_plans_does_no_task() {
        let error = function(None)
            .invoke_with_args(ScalarFunctionArgs {
                args: vec![ColumnarValue::Array(Arc::new(StringArray::from(vec!["{}"])))],
                arg_fields: vec![Arc::new(Field::new(SHARE, DataType::Utf8, false))],
                number_rows: 1,
                return_field: Arc::new(Field::new("made", DataType::LargeBinary, true)),
                config_options: Arc::clone(node::config().options()),
            })
            .unwrap_err();
        assert!(error.to_string().contains("only executors"), "{error}");
    }
}
