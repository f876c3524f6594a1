//! Rows that stay where they are made: each task writes its own into a run's folder in a scratch place, and only names of files
//! come back.
//!
//! To the engine that is an aggregation whose sum is a list of files. So tasks write beside each other, where a sink of the
//! engine's would bring all rows together first; and a file counts only if its task came to its end and its name came
//! back, whatever a task that was lost, or done again, has written.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem;
use std::sync::{Arc, Mutex, PoisonError};

use arrow::array::{Array, ArrayRef, AsArray, RecordBatch};
use arrow::compute::cast;
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::{ScalarValue, exec_err};
use datafusion::error::{DataFusionError, Result};
use datafusion::execution::object_store::ObjectStoreRegistry;
use datafusion::logical_expr::function::AccumulatorArgs;
use datafusion::logical_expr::{
    Accumulator, AggregateUDF, AggregateUDFImpl, Expr, ExprFunctionExt, Signature, Volatility, lit, not,
};
use datafusion::prelude::DataFrame;
use serde::{Deserialize, Serialize};

use super::task;
use crate::lake::{KeptApart, KeptFile, RowFile, RunFolder};

/// The name of the function that keeps rows; only executors, and the client for what it does itself, can. It is no function of
/// SQL.
const FUNCTION: &str = "backtrail_keep";

/// The names of the two sums.
const WITHOUT: &str = "without";
const WITH: &str = "with";

/// What a task is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    folder: RunFolder,
    /// The names of the columns.
    columns: Vec<String>,
}

/// Who keeps rows.
#[derive(Clone)]
pub(super) struct Keeper {
    /// How it calls itself.
    node: Arc<str>,
    stores: Arc<dyn ObjectStoreRegistry>,
}

impl Keeper {
    /// One that calls itself so, and writes to these stores.
    pub(super) fn new(node: &str, stores: Arc<dyn ObjectStoreRegistry>) -> Self {
        Self { node: node.into(), stores }
    }

    /// Writes a file, on the thread of its task.
    fn put(&self, told: &Told, file: RowFile) -> Result<KeptFile> {
        let put = || -> anyhow::Result<KeptFile> {
            let runtime = tokio::runtime::Handle::try_current()?;
            let file = file.finish()?;
            let put = told.folder.put(self.stores.as_ref(), file);
            Ok(tokio::task::block_in_place(|| runtime.block_on(put))?)
        };
        let kept = put().map_err(|error| DataFusionError::Execution(task::said(&self.node, &error)))?;
        log::info!("kept {} rows as `{}/{}`", kept.rows, told.folder.shown(), kept.name);
        Ok(kept)
    }
}

impl fmt::Debug for Keeper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeper").field("node", &self.node).finish_non_exhaustive()
    }
}

/// Has the rows of a frame written, without the column `flag`, into a table of those for which it does not hold and one of the
/// others.
pub(super) async fn keep(frame: DataFrame, flag: &str, folder: &RunFolder) -> Result<KeptApart> {
    let stores = Arc::clone(&frame.task_ctx().runtime_env().object_store_registry);
    // Whatever part of it can't be sent is done here.
    let function = function(Some(Keeper::new("this machine", stores)));
    let all: Vec<Expr> = frame.schema().columns().into_iter().map(Expr::Column).collect();
    let fields = frame.schema().fields().iter().zip(all);
    let (flags, columns): (Vec<_>, Vec<_>) = fields.partition(|(field, _)| field.name() == flag);
    let Some((_, flag)) = flags.into_iter().next() else { return exec_err!("there is no column `{flag}`") };
    let told = Told {
        folder: folder.clone(),
        columns: columns.iter().map(|(field, _)| field.name().clone()).collect(),
    };
    let told = serde_json::to_string(&told).map_err(|error| DataFusionError::External(Box::new(error)))?;
    let columns = columns.into_iter().map(|(_, column)| column);
    let call = function.call(std::iter::once(lit(told)).chain(columns).collect());
    let sums = vec![
        call.clone().filter(not(flag.clone())).build()?.alias(WITHOUT),
        call.filter(flag).build()?.alias(WITH),
    ];
    let batches = frame.aggregate(Vec::new(), sums)?.collect().await?;
    let mut kept: BTreeMap<&str, Vec<KeptFile>> = BTreeMap::new();
    for batch in &batches {
        for name in [WITHOUT, WITH] {
            let Some(column) = batch.column_by_name(name) else { return exec_err!("no `{name}` came back") };
            let column = cast(column, &DataType::Utf8)?;
            let lines = column.as_string::<i32>().iter().flatten().flat_map(str::lines);
            for line in lines {
                let file: KeptFile =
                    serde_json::from_str(line).map_err(|error| DataFusionError::External(Box::new(error)))?;
                kept.entry(name).or_default().push(file);
            }
        }
    }
    let mut files = |name| kept.remove(name).unwrap_or_default();
    Ok(KeptApart { without: files(WITHOUT), with: files(WITH) })
}

/// The function that keeps rows: what it is told and the columns in, a line for each file out.
#[derive(Debug)]
struct Keep {
    signature: Signature,
    /// None wherever it is only planned.
    keeper: Option<Keeper>,
}

/// The function as the engine takes it; with a keeper where it runs.
pub(super) fn function(keeper: Option<Keeper>) -> AggregateUDF {
    AggregateUDF::from(Keep { signature: Signature::variadic_any(Volatility::Volatile), keeper })
}

impl PartialEq for Keep {
    fn eq(&self, other: &Self) -> bool {
        self.keeper.is_some() == other.keeper.is_some()
    }
}

impl Eq for Keep {}

impl Hash for Keep {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.keeper.is_some().hash(state);
    }
}

impl AggregateUDFImpl for Keep {
    fn name(&self) -> &str {
        FUNCTION
    }

    fn signature(&self) -> &Signature {
        &self.signature
    }

    fn return_type(&self, _: &[DataType]) -> Result<DataType> {
        Ok(DataType::Utf8)
    }

    fn accumulator(&self, _: AccumulatorArgs) -> Result<Box<dyn Accumulator>> {
        let Some(keeper) = self.keeper.clone() else { return exec_err!("only executors keep rows") };
        Ok(Box::new(Keeping { keeper, told: None, file: Mutex::default(), lines: Vec::new() }))
    }
}

/// The rows of a task that are not written yet, and the files of those that are.
struct Keeping {
    keeper: Keeper,
    told: Option<(Told, SchemaRef)>,
    /// The engine asks for what may be looked at from several threads; none does.
    file: Mutex<Option<RowFile>>,
    /// What is known of files, a line each.
    lines: Vec<String>,
}

impl fmt::Debug for Keeping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keeping")
            .field("keeper", &self.keeper)
            .field("lines", &self.lines)
            .finish_non_exhaustive()
    }
}

/// The file that rows go to.
fn open(file: &mut Mutex<Option<RowFile>>) -> &mut Option<RowFile> {
    file.get_mut().unwrap_or_else(PoisonError::into_inner)
}

impl Keeping {
    /// Writes what waits.
    fn close(&mut self) -> Result<()> {
        if let (Some(file), Some((told, _))) = (open(&mut self.file).take(), &self.told) {
            let kept = self.keeper.put(told, file)?;
            let line = serde_json::to_string(&kept);
            self.lines.push(line.map_err(|error| DataFusionError::External(Box::new(error)))?);
        }
        Ok(())
    }

    fn sum(&mut self) -> Result<ScalarValue> {
        self.close()?;
        Ok(ScalarValue::Utf8(Some(self.lines.join("\n"))))
    }
}

impl Accumulator for Keeping {
    fn update_batch(&mut self, values: &[ArrayRef]) -> Result<()> {
        let Some((told, columns)) = values.split_first() else { return Ok(()) };
        if told.is_empty() {
            return Ok(());
        }
        let (_, schema) = match &mut self.told {
            Some(told) => told,
            empty => empty.insert(said(told, columns)?),
        };
        let batch = RecordBatch::try_new(Arc::clone(schema), columns.to_vec())?;
        let file = match open(&mut self.file) {
            Some(file) => file,
            empty => empty.insert(RowFile::new(schema)?),
        };
        file.write(&batch)?;
        if file.is_full() { self.close() } else { Ok(()) }
    }

    fn evaluate(&mut self) -> Result<ScalarValue> {
        self.sum()
    }

    fn size(&self) -> usize {
        let lines: usize = self.lines.iter().map(String::capacity).sum();
        let file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        mem::size_of_val(self) + lines + file.as_ref().map_or(0, RowFile::bytes)
    }

    fn state(&mut self) -> Result<Vec<ScalarValue>> {
        Ok(vec![self.sum()?])
    }

    fn merge_batch(&mut self, states: &[ArrayRef]) -> Result<()> {
        let Some(lines) = states.first() else { return Ok(()) };
        let lines = cast(lines, &DataType::Utf8)?;
        let lines = lines.as_string::<i32>().iter().flatten().flat_map(str::lines);
        self.lines.extend(lines.map(str::to_owned));
        Ok(())
    }
}

/// What a task is told, which every row has, and how its columns are called.
fn said(told: &ArrayRef, columns: &[ArrayRef]) -> Result<(Told, SchemaRef)> {
    let told = cast(told, &DataType::Utf8)?;
    let told = serde_json::from_str::<Told>(told.as_string::<i32>().value(0));
    let told = told.map_err(|error| DataFusionError::External(Box::new(error)))?;
    let fields = told.columns.iter().zip(columns);
    let fields = fields.map(|(name, column)| Field::new(name, column.data_type().clone(), true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    Ok((told, schema))
}

#[cfg(test)]
mod tests {
    use datafusion::execution::runtime_env::RuntimeEnvBuilder;
    use datafusion::prelude::SessionContext;

    use super::*;
    use crate::lake::{Run, Scratch, Site};

    const ROWS: &str = "select n, n % 3 = 0 as third from generate_series(1, 30000) as t(n)";

    async fn begun(folder: &std::path::Path) -> Run {
        Scratch::at(&Site::from(folder), |note| panic!("{note}")).unwrap().run().await.unwrap()
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn rows_are_kept_apart_and_found_again_and_nothing_stays() {
        let folder = tempfile::tempdir().unwrap();
        let run = begun(folder.path()).await;
        let session = SessionContext::new();
        let kept = keep(session.sql(ROWS).await.unwrap(), "third", &run.folder()).await.unwrap();
        let rows = |files: &[KeptFile]| files.iter().map(|file| file.rows).sum::<u64>();
        assert_eq!((rows(&kept.without), rows(&kept.with)), (20_000, 10_000));
        let batches = run.read(&kept.with).await.unwrap();
        assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), 10_000);
        assert_eq!(batches[0].schema().fields().len(), 1);
        session.register_table("thirds", run.table(&batches[0].schema(), kept.with)).unwrap();
        let sum = session.sql("select sum(n) as s, min(n) as l from thirds").await.unwrap();
        let sum = sum.collect().await.unwrap();
        let number = |name| {
            sum[0].column_by_name(name).unwrap().as_primitive::<arrow::datatypes::Int64Type>().value(0)
        };
        assert_eq!((number("s"), number("l")), (3 * 10_000 * 10_001 / 2, 3));
        run.end().await;
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
        // Of no rows there are no files.
        let run = begun(folder.path()).await;
        let none = session.sql(&format!("{ROWS} where n < 0")).await.unwrap();
        let kept = keep(none, "third", &run.folder()).await.unwrap();
        assert!(kept.without.is_empty() && kept.with.is_empty());
        drop(run);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_folder_that_a_node_does_not_see_is_named_with_the_node_and_not_made() {
        let folder = tempfile::tempdir().unwrap();
        let run = begun(folder.path()).await;
        let told = run.folder();
        run.end().await;
        let stores = RuntimeEnvBuilder::new().build().unwrap().object_store_registry;
        let keeper = Keeper::new("executor 192.0.2.7:50051", stores);
        let schema = Arc::new(Schema::new(vec![Field::new("n", DataType::Int64, true)]));
        let told = Told { folder: told, columns: vec!["n".to_owned()] };
        let error = keeper.put(&told, RowFile::new(&schema).unwrap()).unwrap_err().to_string();
        let words = task::words(&error).unwrap();
        let path = folder.path().canonicalize().unwrap().display().to_string();
        assert!(
            words.starts_with(&format!("executor 192.0.2.7:50051: cannot write `{path}/backtrail-scratch-")),
            "{words}"
        );
        assert!(
            words.contains("there is no such folder\nhint: a scratch place (`--scratch`) is in S3"),
            "{words}"
        );
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}
