//! A session of its own for the steps of a computation, each a table in memory.

use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch, cast::AsArray};
use arrow::datatypes::{DataType, Field, Int64Type, Schema, SchemaRef};
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use crate::lake::config_here;
use crate::query::{QueryError, register_functions};

/// Tables in memory, and SQL over them. On a cluster the same statements run over files on shared storage.
pub(super) struct Workshop {
    ctx: SessionContext,
}

impl Workshop {
    /// A session like `like`, without its tables.
    pub(super) fn like(like: &SessionContext) -> Result<Workshop, QueryError> {
        let mut config = config_here(like);
        // Hash joins of tables in memory: the order of rows does not matter.
        config.options_mut().optimizer.repartition_joins = true;
        let mut ctx = SessionContext::new_with_config_rt(config, like.runtime_env());
        register_functions(&mut ctx)?;
        Ok(Workshop { ctx })
    }

    /// What a statement gives.
    pub(super) async fn ask(&self, sql: &str) -> Result<Vec<RecordBatch>, QueryError> {
        ask(&self.ctx, sql).await
    }

    /// Makes a table, in place of one with its name.
    pub(super) fn put(
        &self,
        name: &str,
        schema: SchemaRef,
        batches: Vec<RecordBatch>,
    ) -> Result<(), QueryError> {
        let failed = |error| QueryError::engine("cannot keep a step of lineage", error);
        let table = table(schema, batches)?;
        self.ctx.deregister_table(name).map_err(failed)?;
        self.ctx.register_table(name, Arc::new(table)).map_err(failed)?;
        Ok(())
    }
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
