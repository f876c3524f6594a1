//! Runs a named query: plans it, holds its columns against its header, binds its parameters.

use datafusion::logical_expr::LogicalPlan;
use datafusion::prelude::SessionContext;

use super::answer::columns;
use super::{Answer, ParamValues, Query, QueryError, sql};

/// Runs a query with the values that [`crate::query::bind`] read.
///
/// # Errors
///
/// [`QueryError::File`] when the statement gives other columns than its header declares, or reads other tables;
/// otherwise as [`crate::query::sql`].
pub async fn run(ctx: &SessionContext, query: &Query, params: &ParamValues) -> Result<Answer, QueryError> {
    let plan = plan(ctx, query, params).await?;
    sql::execute(ctx, plan).await
}

/// The plan of a query, its parameters bound and its columns checked.
pub(crate) async fn plan(
    ctx: &SessionContext,
    query: &Query,
    params: &ParamValues,
) -> Result<LogicalPlan, QueryError> {
    let plan = sql::plan(ctx, &query.sql)
        .await?
        .with_param_values(params.to_engine())
        .map_err(|error| QueryError::engine("cannot bind the parameters", error))?;
    check_columns(query, &plan)?;
    Ok(plan)
}

/// The columns that the statement gives are those that its header declares.
fn check_columns(query: &Query, plan: &LogicalPlan) -> Result<(), QueryError> {
    let given = columns(plan.schema().as_arrow());
    let error = |line: usize, problem: String| QueryError::File { file: query.file.clone(), line, problem };
    for (declared, given) in query.columns.iter().zip(&given) {
        if declared.name != given.name || declared.kind != given.kind {
            let problem = format!(
                "the header declares column `{} {}`, the statement gives `{} {}`",
                declared.name, declared.kind, given.name, given.kind
            );
            return Err(error(declared.line, problem));
        }
    }
    if query.columns.len() != given.len() {
        let line = query.columns.last().map_or(1, |column| column.line);
        let problem = format!(
            "the header declares {} columns, the statement gives {}",
            query.columns.len(),
            given.len()
        );
        return Err(error(line, problem));
    }
    Ok(())
}
