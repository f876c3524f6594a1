//! A session of its own for the steps of a computation, each a table in memory; or on a cluster with a scratch place, files
//! there, of which the executors make the next step.

use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch, cast::AsArray};
use arrow::compute::filter_record_batch;
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::catalog::TableProvider;
use datafusion::datasource::MemTable;
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;

use super::closure::arrow;
use crate::lake::{Hands, KeptFile, Run, ScratchError, config_here, hands, session_like};
use crate::query::{QueryError, register_functions};

/// Tables and SQL over them: in memory, or in files that the executors of a cluster see and work on.
pub(super) struct Workshop {
    ctx: SessionContext,
    /// Where tables are files; None where they are in memory.
    shared: Option<Shared>,
}

/// A run in a scratch place, and who works on it.
struct Shared {
    run: Run,
    hands: Arc<dyn Hands>,
}

/// Rows of a step.
#[derive(Clone)]
pub(super) struct Step {
    schema: SchemaRef,
    rows: Rows,
}

#[derive(Clone)]
enum Rows {
    Here(Vec<RecordBatch>),
    Shared(Vec<KeptFile>),
}

impl Step {
    pub(super) fn is_empty(&self) -> bool {
        match &self.rows {
            Rows::Here(batches) => batches.iter().all(|batch| batch.num_rows() == 0),
            Rows::Shared(files) => files.iter().all(|file| file.rows == 0),
        }
    }
}

impl Workshop {
    /// A session like `like`, without its tables. Where that one's lake is read by a cluster that has a scratch place, a run
    /// begins there, which [`Workshop::end`] ends.
    pub(super) async fn like(like: &SessionContext) -> Result<Workshop, QueryError> {
        let mut shared = None;
        if let Some(hands) = hands(like)
            && let Some(scratch) = hands.scratch()
        {
            let run = scratch.run().await.map_err(kept)?;
            shared = Some(Shared { run, hands: Arc::clone(&hands) });
        }
        let mut ctx = if shared.is_some() {
            session_like(like.copied_config(), like.runtime_env())
        } else {
            let mut config = config_here(like);
            // Hash joins of tables in memory: the order of rows does not matter.
            config.options_mut().optimizer.repartition_joins = true;
            SessionContext::new_with_config_rt(config, like.runtime_env())
        };
        register_functions(&mut ctx)?;
        Ok(Workshop { ctx, shared })
    }

    /// Whether all tables are in the memory of this machine.
    pub(super) fn is_here(&self) -> bool {
        self.shared.is_none()
    }

    /// What a statement gives.
    pub(super) async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
        ask(&self.ctx, sql).await
    }

    /// Makes a table of rows, in place of one with its name.
    pub(super) async fn put(
        &self,
        name: &str,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<(), QueryError> {
        let step = self.keep(schema, batches).await?;
        self.show(name, &[&step])
    }

    /// Rows of this machine as a step.
    pub(super) async fn keep(
        &self,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<Step, QueryError> {
        let rows = match &self.shared {
            None => Rows::Here(batches),
            Some(Shared { run, .. }) => {
                let files = self.ctx.copied_config().target_partitions();
                Rows::Shared(run.keep(&schema, &batches, files).await.map_err(kept)?)
            }
        };
        Ok(Step { schema, rows })
    }

    /// Makes a table of steps with the same columns, in place of one with its name.
    pub(super) fn show(&self, name: &str, steps: &[&Step]) -> Result<(), QueryError> {
        let failed = |error| QueryError::engine("cannot keep a step of lineage", error);
        let (mut batches, mut files) = (Vec::new(), Vec::new());
        let mut schema = Arc::new(Schema::empty());
        for step in steps {
            schema = Arc::clone(&step.schema);
            match &step.rows {
                Rows::Here(rows) => batches.extend(rows.iter().cloned()),
                Rows::Shared(rows) => files.extend(rows.iter().cloned()),
            }
        }
        let table: Arc<dyn TableProvider> = match &self.shared {
            None => Arc::new(table(schema, batches)?),
            Some(Shared { run, .. }) => run.table(&schema, files),
        };
        self.ctx.deregister_table(name).map_err(failed)?;
        self.ctx.register_table(name, table).map_err(failed)?;
        Ok(())
    }

    /// What a statement gives, without its last column `flag`: the rows for which that does not hold, and those for which it
    /// does. Whoever makes them keeps them.
    pub(super) async fn part(
        &self,
        sql: &str,
        schema: &SchemaRef,
        flag: &'static str,
    ) -> Result<[Step; 2], QueryError> {
        let step = |rows| Step { schema: Arc::clone(schema), rows };
        if let Some(Shared { run, hands }) = &self.shared {
            let failed = |error| QueryError::engine("cannot compute lineage", error);
            let frame = self.ctx.sql(sql).await.map_err(failed)?;
            let made = hands.keep(frame, flag, &run.folder()).await.map_err(failed)?;
            return Ok([step(Rows::Shared(made.without)), step(Rows::Shared(made.with))]);
        }
        let (mut without, mut with) = (Vec::new(), Vec::new());
        for batch in self.ask(sql).await? {
            let flags = flags(&batch, flag)?.clone();
            let columns = batch.columns().get(..schema.fields().len()).unwrap_or_default().to_vec();
            let rows = RecordBatch::try_new(Arc::clone(schema), columns).map_err(arrow)?;
            let holds_not: BooleanArray = flags.iter().map(|flag| Some(flag != Some(true))).collect();
            for (some, keep) in [(&mut without, &holds_not), (&mut with, &flags)] {
                let rows = filter_record_batch(&rows, keep).map_err(arrow)?;
                if rows.num_rows() > 0 {
                    some.push(rows);
                }
            }
        }
        Ok([step(Rows::Here(without)), step(Rows::Here(with))])
    }

    /// The rows of a step, here.
    pub(super) async fn fetch(&self, step: Step) -> Result<Vec<RecordBatch>, QueryError> {
        match (step.rows, &self.shared) {
            (Rows::Here(batches), _) => Ok(batches),
            (Rows::Shared(files), Some(Shared { run, .. })) => run.read(&files).await.map_err(kept),
            (Rows::Shared(_), None) => Ok(Vec::new()),
        }
    }

    /// Removes what was kept in a scratch place.
    pub(super) async fn end(self) {
        if let Some(Shared { run, .. }) = self.shared {
            run.end().await;
        }
    }
}

fn kept(error: ScratchError) -> QueryError {
    QueryError::engine("cannot keep a step of lineage", DataFusionError::External(Box::new(error)))
}

/// A table in memory.
pub(super) fn table(schema: SchemaRef, batches: Vec<RecordBatch>) -> Result<MemTable, QueryError> {
    // Two partitions keep two cores busy.
    let mut parts: Vec<Vec<RecordBatch>> = vec![Vec::new(), Vec::new()];
    for (at, batch) in batches.into_iter().enumerate() {
        if let Some(part) = parts.get_mut(at % 2) {
            part.push(batch);
        }
    }
    MemTable::try_new(schema, parts)
        .map_err(|error| QueryError::engine("cannot keep a step of lineage", error))
}

/// What a statement gives over a session; one batch at the least.
pub(super) async fn ask(ctx: &SessionContext, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
    let failed = |error| QueryError::engine("cannot compute lineage", error);
    let frame = ctx.sql(sql).await.map_err(failed)?;
    let schema = Arc::new(frame.schema().as_arrow().clone());
    let mut batches = frame.collect().await.map_err(failed)?;
    // A table without rows has columns all the same.
    if batches.is_empty() {
        batches.push(RecordBatch::new_empty(schema));
    }
    Ok(batches)
}

/// Rows of numbers with one flag, as the closure takes them.
pub(super) fn jump_schema() -> SchemaRef {
    let number = |name: &str| Field::new(name, DataType::Int64, false);
    Arc::new(Schema::new(vec![
        number("c"),
        number("p"),
        number("d"),
        Field::new("k", DataType::Boolean, false),
        number("l"),
        Field::new("m", DataType::Boolean, false),
    ]))
}

/// The numbers of a column.
pub(super) fn numbers<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a Int64Array, QueryError> {
    let found = batch.column_by_name(name).and_then(|column| column.as_primitive_opt::<Int64Type>());
    found.ok_or_else(|| QueryError::Column {
        column: name,
        expected: "bigint",
        found: batch
            .schema()
            .field_with_name(name)
            .map_or("none".to_owned(), |field| field.data_type().to_string()),
    })
}

/// The flags of a column.
pub(super) fn flags<'a>(batch: &'a RecordBatch, name: &'static str) -> Result<&'a BooleanArray, QueryError> {
    let found = batch.column_by_name(name).and_then(|column| column.as_boolean_opt());
    found.ok_or_else(|| QueryError::Column {
        column: name,
        expected: "boolean",
        found: "another type".to_owned(),
    })
}
