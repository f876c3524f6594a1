//! An ingest on a cluster: the listing in shares, each read by one task as a job with `--shard` reads it.
//!
//! A task finds, decodes and commits by itself, as `backtrail ingest` on one machine does: what was committed stays whatever
//! happens to its executor, and a task that is done again goes on where the one before ended. So an ingest is exactly once
//! on a cluster for the same reason as anywhere (`lake::commit`).

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};
use std::path::PathBuf;
use std::sync::Arc;

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch, StringArray};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema};
use ballista_core::serde::BallistaPhysicalExtensionCodec;
use chrono::NaiveDate;
use datafusion::catalog::memory::MemorySourceConfig;
use datafusion::common::{Result as EngineResult, exec_err};
use datafusion::error::DataFusionError;
use datafusion::logical_expr::{
    ColumnarValue, ScalarFunctionArgs, ScalarUDF, ScalarUDFImpl, Signature, Volatility,
};
use datafusion::physical_expr::expressions::col;
use datafusion::physical_expr::{PhysicalExpr, ScalarFunctionExpr};
use datafusion::physical_plan::ExecutionPlan;
use datafusion::physical_plan::projection::ProjectionExec;
use datafusion_proto::physical_plan::AsExecutionPlan;
use datafusion_proto::protobuf::PhysicalPlanNode;
use futures::TryStreamExt;
use serde::{Deserialize, Serialize};

use super::{Cluster, ClusterError, node};
use crate::archive::s3::{S3Url, Store};
use crate::archive::{self, Prune, Shard, Sources};
use crate::lake::{self, IngestOptions, IngestReport, Lake, Progress, Site};

/// The name of the function that reads a share; only executors have it.
const FUNCTION: &str = "backtrail_ingest_share";

/// The column with the shares.
const SHARE: &str = "share";

/// What an ingest on a cluster reads, and into which lake. All places are as every executor sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedIngest {
    /// Files and folders by their absolute paths, and places in S3.
    pub sources: Vec<String>,
    /// The wanted part of the archive.
    pub prune: Prune,
    /// The folder of the lake, or its place in S3. It must be there.
    pub lake: String,
    /// The limit for the inflated size of one object, in bytes.
    pub inflated_bytes_max: u64,
    /// A task commits after objects of so many bytes.
    pub batch_bytes: u64,
}

/// The share of one task, as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Share {
    sources: Vec<String>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
    orgs: BTreeSet<String>,
    first_day: Option<String>,
    last_day: Option<String>,
    newest: BTreeMap<String, String>,
    lake: String,
    /// `I/N`.
    shard: String,
    inflated_bytes_max: u64,
    batch_bytes: u64,
}

impl Share {
    fn of(ingest: &SharedIngest, place: usize, count: usize) -> Self {
        let SharedIngest { sources, prune, lake, inflated_bytes_max, batch_bytes } = ingest;
        let day = |day: &NaiveDate| day.to_string();
        Self {
            sources: sources.clone(),
            accounts: prune.accounts.clone(),
            regions: prune.regions.clone(),
            orgs: prune.orgs.clone(),
            first_day: prune.first_day.as_ref().map(day),
            last_day: prune.last_day.as_ref().map(day),
            newest: prune.newest.iter().map(|(lane, newest)| (lane.clone(), day(newest))).collect(),
            lake: lake.clone(),
            shard: format!("{}/{count}", place + 1),
            inflated_bytes_max: *inflated_bytes_max,
            batch_bytes: *batch_bytes,
        }
    }

    fn prune(&self) -> anyhow::Result<Prune> {
        let day = |text: &String| text.parse::<NaiveDate>();
        Ok(Prune {
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            orgs: self.orgs.clone(),
            first_day: self.first_day.as_ref().map(day).transpose()?,
            last_day: self.last_day.as_ref().map(day).transpose()?,
            newest: self
                .newest
                .iter()
                .map(|(lane, newest)| Ok((lane.clone(), day(newest)?)))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}

/// Who reads shares: an executor.
#[derive(Debug)]
pub(super) struct Reader {
    /// How it calls itself.
    node: String,
    s3: Store,
}

impl Reader {
    pub(super) fn new(node: &str, s3: Store) -> Self {
        Self { node: node.to_owned(), s3 }
    }

    async fn read(&self, share: &Share) -> anyhow::Result<IngestReport> {
        let shard: Shard = share.shard.parse().map_err(|problem: String| anyhow::anyhow!(problem))?;
        let (mut paths, mut places) = (Vec::new(), Vec::new());
        for source in &share.sources {
            match S3Url::parse(source) {
                Some(place) => places.push(place),
                None => paths.push(PathBuf::from(source)),
            }
        }
        let s3 = (!places.is_empty()).then(|| (places, self.s3.clone()));
        let site = match S3Url::parse(&share.lake) {
            Some(place) => Site::in_s3(&place, &self.s3)?,
            None => Site::from(PathBuf::from(&share.lake)),
        };
        // It was made by the client: where it is not seen, it is another machine's folder, and none is to be made here.
        Lake::open(site.clone()).await?;
        let listing = archive::find(&Sources { paths, s3 }, &share.prune()?)?.within(Some(shard));
        let options = IngestOptions {
            workers: 1,
            inflated_bytes_max: share.inflated_bytes_max,
            batch_bytes: share.batch_bytes,
            objects_max: None,
            takes_turns: false,
        };
        Ok(Box::pin(lake::ingest(&site, listing, &options, &Unwatched)).await?)
    }

    /// Reads a share on the thread of its task, to the end.
    fn report(&self, text: &str) -> anyhow::Result<String> {
        let share: Share = serde_json::from_str(text)?;
        let runtime = tokio::runtime::Handle::try_current()?;
        let report = tokio::task::block_in_place(|| runtime.block_on(Box::pin(self.read(&share))))?;
        Ok(serde_json::to_string(&report)?)
    }
}

/// Nobody looks at a task.
struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

/// The function that reads shares: text with a share in, text with its report out. It is no function of SQL.
#[derive(Debug)]
struct ReadShare {
    signature: Signature,
    /// None wherever shares are only planned.
    reader: Option<Reader>,
}

/// The function as the engine takes it; with a reader on executors.
pub(super) fn function(reader: Option<Reader>) -> ScalarUDF {
    let signature = Signature::exact(vec![DataType::Utf8], Volatility::Volatile);
    ScalarUDF::new_from_impl(ReadShare { signature, reader })
}

impl PartialEq for ReadShare {
    fn eq(&self, other: &Self) -> bool {
        self.reader.is_some() == other.reader.is_some()
    }
}

impl Eq for ReadShare {}

impl Hash for ReadShare {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.reader.is_some().hash(state);
    }
}

impl ScalarUDFImpl for ReadShare {
    fn name(&self) -> &str {
        FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> EngineResult<DataType> {
        Ok(DataType::Utf8)
    }

    fn invoke_with_args(&self, args: ScalarFunctionArgs) -> EngineResult<ColumnarValue> {
        let Some(reader) = &self.reader else { return exec_err!("only executors read shares of an ingest") };
        let Some(shares) = args.args.first() else { return exec_err!("no share is given") };
        let shares = cast(&shares.to_array(args.number_rows)?, &DataType::Utf8)?;
        let shares = shares.as_string::<i32>();
        let read = |row: usize| {
            let report = reader.report(shares.value(row));
            report.map_err(|error| DataFusionError::Execution(said(&reader.node, &error)))
        };
        let reports: StringArray = (0..shares.len()).map(read).collect::<EngineResult<Vec<String>>>()?.into();
        Ok(ColumnarValue::Array(Arc::new(reports) as ArrayRef))
    }
}

/// What stands before and behind the words of an executor, that the client finds them in what the engine makes of them.
const SAID: [&str; 2] = ["ingest of a share: ", " (end of what the executor said)"];

fn said(node: &str, error: &anyhow::Error) -> String {
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

impl Cluster {
    /// Has the executors read what an ingest asks for, each slot a share of the listing, and waits for all of them. What
    /// they committed stays, whether or not all came to their end: asked again, they go on from there.
    ///
    /// Every task lists all of the sources, and reads its share. A task that was done again counts as known what it had
    /// committed before.
    ///
    /// # Errors
    /// Where an executor can't read a source or the lake, or the cluster fails.
    pub async fn ingest(&self, ingest: &SharedIngest) -> Result<IngestReport, ClusterError> {
        let shares: Vec<String> = (0..self.tasks())
            .map(|place| serde_json::to_string(&Share::of(ingest, place, self.tasks())))
            .collect::<Result<_, _>>()
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let plan = encoded(&plan(&shares)?)?;
        let config = node::config().with_target_partitions(shares.len());
        let rows = self.jobs().run(Arc::new(plan), config).await?;
        let batches: Vec<RecordBatch> = rows.try_collect().await?;
        let mut whole = IngestReport::default();
        let mut came = 0;
        for batch in &batches {
            let column = batch.columns().first().and_then(|column| column.as_string_opt::<i32>());
            for text in column.into_iter().flatten().flatten() {
                let report: IngestReport =
                    serde_json::from_str(text).map_err(|error| DataFusionError::External(Box::new(error)))?;
                whole.add(report);
                came += 1;
            }
        }
        if came != shares.len() {
            let problem = format!("{came} of {} shares were reported", shares.len());
            return Err(ClusterError::Job { scheduler: self.jobs().scheduler.clone(), problem });
        }
        whole.refusals.sort_by(|a, b| (&a.object, a.record_index).cmp(&(&b.object, b.record_index)));
        whole.objects_changed.sort();
        Ok(whole)
    }
}

/// One partition for each share, which is a task of its own.
fn plan(shares: &[String]) -> EngineResult<Arc<dyn ExecutionPlan>> {
    let schema = Arc::new(Schema::new(vec![Field::new(SHARE, DataType::Utf8, false)]));
    let row = |share: &String| {
        let column: ArrayRef = Arc::new(StringArray::from(vec![share.as_str()]));
        Ok(vec![RecordBatch::try_new(Arc::clone(&schema), vec![column])?])
    };
    let rows = shares.iter().map(row).collect::<EngineResult<Vec<_>>>()?;
    let rows = MemorySourceConfig::try_new_exec(&rows, Arc::clone(&schema), None)?;
    let options = Arc::clone(node::config().options());
    let call =
        ScalarFunctionExpr::try_new(Arc::new(function(None)), vec![col(SHARE, &schema)?], &schema, options)?;
    let call: Arc<dyn PhysicalExpr> = Arc::new(call);
    Ok(Arc::new(ProjectionExec::try_new(vec![(call, "report".to_owned())], rows)?))
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
    use crate::record::{Counts, Reason, Refusal};

    #[test]
    fn a_share_travels_whole() {
        let lane = "AWSLogs/111122223333/CloudTrail/eu-west-1/".to_owned();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let prune = Prune {
            accounts: BTreeSet::from(["111122223333".to_owned()]),
            regions: BTreeSet::from(["eu-west-1".to_owned()]),
            orgs: BTreeSet::from(["o-exampleorg1".to_owned()]),
            first_day: Some(day("2026-03-01")),
            last_day: Some(day("2026-03-09")),
            newest: BTreeMap::from([(lane, day("2026-03-07"))]),
        };
        let ingest = SharedIngest {
            sources: vec!["s3://example-logs/AWSLogs".to_owned()],
            prune: prune.clone(),
            lake: "s3://example-logs/lakes/one".to_owned(),
            inflated_bytes_max: 7,
            batch_bytes: 9,
        };
        let text = serde_json::to_string(&Share::of(&ingest, 2, 5)).unwrap();
        let share: Share = serde_json::from_str(&text).unwrap();
        assert_eq!(share.prune().unwrap(), prune);
        assert_eq!((share.shard.as_str(), share.inflated_bytes_max, share.batch_bytes), ("3/5", 7, 9));
        assert_eq!((share.sources, share.lake), (ingest.sources, ingest.lake));
    }

    #[test]
    fn a_report_travels_with_the_words_of_its_refusals() {
        let counts = Counts { read: 3, kept: 1, duplicate: 1, refused: 1 };
        let refusal = |reason| Refusal { object: "a.json".to_owned(), record_index: Some(2), reason };
        let report =
            IngestReport { counts, refusals: vec![refusal(Reason::NoEventTime)], ..IngestReport::default() };
        let text = serde_json::to_string(&report).unwrap();
        let came: IngestReport = serde_json::from_str(&text).unwrap();
        assert_eq!(came.counts, counts);
        assert_eq!(came.refusals, [refusal(Reason::Source(Reason::NoEventTime.to_string()))]);
    }

    #[test]
    fn an_executors_words_are_found_in_what_the_engine_says() {
        let error = anyhow::anyhow!("no such folder").context("cannot read `/logs`");
        let text = format!("Execution error: {}\ntask 3 failed", said("executor 192.0.2.7:50051", &error));
        assert_eq!(words(&text), Some("executor 192.0.2.7:50051: cannot read `/logs`: no such folder"));
        assert_eq!(words("Execution error: out of memory"), None);
    }

    #[test]
    fn whoever_only_plans_reads_no_share() {
        let error = function(None)
            .invoke_with_args(ScalarFunctionArgs {
                args: vec![ColumnarValue::Array(Arc::new(StringArray::from(vec!["{}"])))],
                arg_fields: vec![Arc::new(Field::new(SHARE, DataType::Utf8, false))],
                number_rows: 1,
                return_field: Arc::new(Field::new("report", DataType::Utf8, true)),
                config_options: Arc::clone(node::config().options()),
            })
            .unwrap_err();
        assert!(error.to_string().contains("only executors"), "{error}");
    }
}
