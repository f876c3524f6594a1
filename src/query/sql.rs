//! SQL that only reads: what may be written, and how it runs.
//!
//! A text is parsed first and planned only when it is one reading statement, names no table but the registered ones,
//! and calls no table function but those that make numbers. So no text can write, change settings, or open a file.

use std::collections::BTreeSet;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch, StringBuilder, UInt64Array};
use arrow::compute::take_arrays;
use arrow::datatypes::DataType;
use datafusion::common::TableReference;
use datafusion::error::DataFusionError;
use datafusion::execution::SessionState;
use datafusion::execution::context::SQLOptions;
use datafusion::logical_expr::{Expr, LogicalPlan, LogicalPlanBuilder};
use datafusion::physical_plan::stream::RecordBatchStreamAdapter;
use datafusion::prelude::{ParquetReadOptions, SessionContext};
use datafusion::sql::parser::{DFParserBuilder, Statement};
use datafusion::sql::sqlparser::ast::{ObjectName, Statement as SqlStatement, TableFactor, Visit, Visitor};
use datafusion::sql::sqlparser::dialect::{GenericDialect, dialect_from_str};
use datafusion_functions_json::JSON_UNION_DATA_TYPE;
use datafusion_functions_json::functions::json_union_to_text;
use futures::StreamExt;

use super::{Answer, QueryError, lineage, nearest};

/// The table functions that may be called; they read nothing.
const TABLE_FUNCTIONS: &[&str] = &["generate_series", "range", "unnest"];

/// The longest text that is parsed, in bytes.
pub const SQL_BYTES_MAX: usize = 256 * 1024;

/// Runs one reading statement: `select`, `with`, `values`, `explain`, `show` or `describe`.
///
/// # Errors
///
/// [`QueryError::NotReadOnly`] when the text is anything else or more than one statement;
/// [`QueryError::UnknownTable`] and [`QueryError::UnknownColumn`] with the valid names, the closest first;
/// [`QueryError::Engine`] when the engine cannot parse, plan or start it.
pub async fn sql(ctx: &SessionContext, text: &str) -> Result<Answer, QueryError> {
    let plan = plan(ctx, text).await?;
    execute(ctx, plan).await
}

/// Makes a Parquet file known to a session as a table.
///
/// # Errors
///
/// [`QueryError::Engine`] when it cannot be read.
pub async fn register_file(ctx: &SessionContext, table: &str, file: &Path) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot read the file of the table", error);
    let found = std::fs::metadata(file).and_then(|_| std::fs::canonicalize(file));
    let path = found.map_err(|source| QueryError::Io { step: "read", path: file.to_owned(), source })?;
    let extension =
        path.extension().and_then(|own| own.to_str()).map_or_else(String::new, |own| format!(".{own}"));
    let options = ParquetReadOptions { file_extension: &extension, ..ParquetReadOptions::default() };
    ctx.register_parquet(table, path.to_string_lossy(), options).await.map_err(failed)
}

/// Starts a plan that [`plan`] made.
pub(crate) async fn execute(ctx: &SessionContext, plan: LogicalPlan) -> Result<Answer, QueryError> {
    let start = |error| QueryError::engine("cannot start the query", error);
    let explains = matches!(plan, LogicalPlan::Explain(_) | LogicalPlan::Analyze(_));
    let frame = ctx.execute_logical_plan(plan).await.map_err(start)?;
    let stream = frame.execute_stream().await.map_err(start)?;
    if !explains {
        return Ok(Answer::new(stream));
    }
    let schema = stream.schema();
    let lines = stream.map(|batch| one_line_a_row(&batch?));
    Ok(Answer::new(Box::pin(RecordBatchStreamAdapter::new(schema, lines))))
}

/// The rows of an explanation, whose last column holds many lines: one row a line, the other columns repeated.
fn one_line_a_row(batch: &RecordBatch) -> Result<RecordBatch, DataFusionError> {
    let Some((last, others)) = batch.columns().split_last() else {
        return Ok(batch.clone());
    };
    let Some(text) = last.as_string_opt::<i32>() else {
        return Ok(batch.clone());
    };
    let mut rows: Vec<u64> = Vec::new();
    let mut lines = StringBuilder::new();
    for (row, text) in (0_u64..).zip(text) {
        for line in text.unwrap_or_default().lines() {
            rows.push(row);
            lines.append_value(line);
        }
    }
    let mut columns = take_arrays(others, &UInt64Array::from(rows), None)?;
    columns.push(Arc::new(lines.finish()));
    Ok(RecordBatch::try_new(batch.schema(), columns)?)
}

/// What `show tables` stands for: the engine's own lists its inner tables too, in any order.
const SHOW_TABLES: &str = "select table_name from information_schema.tables \
                           where table_schema <> 'information_schema' order by table_name";

/// Plans one reading statement.
pub(crate) async fn plan(ctx: &SessionContext, text: &str) -> Result<LogicalPlan, QueryError> {
    let mut state = ctx.state();
    let mut statement = parse(&state, text)?;
    only_reads(&statement)?;
    if reads_lineage(&state, &statement)? {
        Box::pin(lineage::register(ctx)).await?;
        state = ctx.state();
    }
    if matches!(&statement, Statement::Statement(inner) if matches!(**inner, SqlStatement::ShowTables { .. }))
    {
        statement = parse(&state, SHOW_TABLES)?;
    }
    let functions = table_functions(&statement)?;
    known_tables(&state, &statement, &functions)?;
    let refused = |error| QueryError::engine("cannot plan the query", error);
    let plan = state.statement_to_plan(statement).await.map_err(refused)?;
    let options = SQLOptions::new().with_allow_ddl(false).with_allow_dml(false).with_allow_statements(false);
    options.verify_plan(&plan).map_err(refused)?;
    unions_as_text(plan)
}

/// The one statement of a text.
fn parse(state: &SessionState, text: &str) -> Result<Statement, QueryError> {
    if text.len() > SQL_BYTES_MAX {
        return Err(QueryError::NotReadOnly {
            problem: format!("expected a statement of at most {SQL_BYTES_MAX} bytes, found {}", text.len()),
            hint: "put long lists of values into a table of their own",
        });
    }
    let options = &state.config_options().sql_parser;
    let dialect = dialect_from_str(options.dialect.as_ref()).unwrap_or_else(|| Box::new(GenericDialect {}));
    let parsed = DFParserBuilder::new(text)
        .with_dialect(dialect.as_ref())
        .with_recursion_limit(options.recursion_limit.get())
        .build()
        .and_then(|mut parser| parser.parse_statements());
    let mut statements = parsed.map_err(|error| QueryError::engine("cannot parse the query", error))?;
    match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => Ok(statement),
        (None, _) => Err(QueryError::NotReadOnly {
            problem: "expected one statement, found none".to_owned(),
            hint: "try `select count(*) from events`",
        }),
        (Some(_), more) => Err(QueryError::NotReadOnly {
            problem: format!("expected one statement, found {}", more + 1),
            hint: "run them one after another",
        }),
    }
}

/// Refuses whatever is no reading statement.
fn only_reads(statement: &Statement) -> Result<(), QueryError> {
    match statement {
        Statement::Explain(explain) => only_reads(&explain.statement),
        Statement::Statement(inner) => only_reads_sql(inner),
        Statement::CreateExternalTable(_) => Err(not_read_only("CREATE EXTERNAL TABLE")),
        Statement::CopyTo(_) => Err(not_read_only("COPY")),
        Statement::Reset(_) => Err(not_read_only("RESET")),
    }
}

fn only_reads_sql(statement: &SqlStatement) -> Result<(), QueryError> {
    match statement {
        SqlStatement::Query(_)
        | SqlStatement::ExplainTable { .. }
        | SqlStatement::ShowTables { .. }
        | SqlStatement::ShowColumns { .. }
        | SqlStatement::ShowVariable { .. }
        | SqlStatement::ShowFunctions { .. } => Ok(()),
        SqlStatement::Explain { statement, .. } => only_reads_sql(statement),
        other => {
            let text = other.to_string();
            let words: Vec<&str> = text.split_whitespace().take(2).collect();
            Err(not_read_only(&words.join(" ")))
        }
    }
}

fn not_read_only(words: &str) -> QueryError {
    QueryError::NotReadOnly {
        problem: format!("expected a statement that only reads, found `{words}`"),
        hint: "`select`, `with`, `values`, `explain`, `show` and `describe` may be run",
    }
}

/// Whether a statement names a view of lineage that the session does not know yet, or asks which tables there are.
fn reads_lineage(state: &SessionState, statement: &Statement) -> Result<bool, QueryError> {
    let refused = |error| QueryError::engine("cannot plan the query", error);
    if is_registered(state, &TableReference::bare(lineage::ORIGINS))
        || !is_registered(state, &TableReference::bare("events"))
    {
        return Ok(false);
    }
    let lists = matches!(
        statement,
        Statement::Statement(inner)
            if matches!(**inner, SqlStatement::ShowTables { .. } | SqlStatement::ShowColumns { .. })
    );
    let references = state.resolve_table_references(statement).map_err(refused)?;
    Ok(lists
        || references.iter().any(|reference| {
            lineage::TABLES.contains(&reference.table()) || reference.schema() == Some("information_schema")
        }))
}

/// Finds the table functions of a statement.
#[derive(Default)]
struct TableFunctions {
    names: BTreeSet<String>,
}

impl TableFunctions {
    fn take(&mut self, name: &ObjectName) -> ControlFlow<String> {
        let name = name.to_string().to_lowercase();
        if TABLE_FUNCTIONS.contains(&name.as_str()) {
            self.names.insert(name);
            ControlFlow::Continue(())
        } else {
            ControlFlow::Break(name)
        }
    }
}

impl Visitor for TableFunctions {
    type Break = String;

    fn pre_visit_table_factor(&mut self, factor: &TableFactor) -> ControlFlow<String> {
        match factor {
            TableFactor::Table { name, args: Some(_), .. } | TableFactor::Function { name, .. } => {
                self.take(name)
            }
            TableFactor::TableFunction { expr, .. } => ControlFlow::Break(expr.to_string()),
            _ => ControlFlow::Continue(()),
        }
    }
}

/// The table functions that a statement calls, all of them harmless.
fn table_functions(statement: &Statement) -> Result<BTreeSet<String>, QueryError> {
    let inner = match statement {
        Statement::Explain(explain) => return table_functions(&explain.statement),
        Statement::Statement(inner) => inner,
        _ => return Ok(BTreeSet::new()),
    };
    let mut found = TableFunctions::default();
    match inner.visit(&mut found) {
        ControlFlow::Continue(()) => Ok(found.names),
        ControlFlow::Break(name) => Err(QueryError::NotReadOnly {
            problem: format!("expected a table, found the table function `{name}`"),
            hint: "of the table functions, `generate_series`, `range` and `unnest` may be called",
        }),
    }
}

/// Refuses every table that is not registered, a path to a file above all.
fn known_tables(
    state: &SessionState,
    statement: &Statement,
    functions: &BTreeSet<String>,
) -> Result<(), QueryError> {
    let refused = |error| QueryError::engine("cannot plan the query", error);
    for reference in state.resolve_table_references(statement).map_err(refused)? {
        if !functions.contains(reference.table()) && !is_registered(state, &reference) {
            let name = reference.to_string();
            let tables = nearest::first(reference.table(), tables(state));
            return Err(QueryError::UnknownTable { name, tables });
        }
    }
    Ok(())
}

/// Whether the schema that a reference means lists its table. Asking for the table itself could open a file.
fn is_registered(state: &SessionState, reference: &TableReference) -> bool {
    state
        .schema_for_ref(reference.clone())
        .is_ok_and(|schema| schema.table_names().iter().any(|table| table == reference.table()))
}

/// The tables of the default schema, and those that are made of the lake's where a statement names one.
fn tables(state: &SessionState) -> Vec<String> {
    let schema = state.schema_for_ref(TableReference::bare("events"));
    let mut names = schema.map(|schema| schema.table_names()).unwrap_or_default();
    if names.iter().any(|name| name == "events") {
        names.extend(lineage::TABLES.map(str::to_owned));
    }
    names
}

/// Shows what `->` gives (a union of JSON's types) as JSON text, so that every column has one type.
fn unions_as_text(plan: LogicalPlan) -> Result<LogicalPlan, QueryError> {
    let is_union = |data_type: &DataType| *data_type == *JSON_UNION_DATA_TYPE;
    if !plan.schema().fields().iter().any(|field| is_union(field.data_type())) {
        return Ok(plan);
    }
    let shown: Vec<Expr> = plan
        .schema()
        .columns()
        .into_iter()
        .zip(plan.schema().fields())
        .map(|(column, field)| {
            let expression = Expr::Column(column);
            if is_union(field.data_type()) {
                json_union_to_text(expression).alias(field.name())
            } else {
                expression
            }
        })
        .collect();
    LogicalPlanBuilder::from(plan)
        .project(shown)
        .and_then(LogicalPlanBuilder::build)
        .map_err(|error| QueryError::engine("cannot plan the query", error))
}
