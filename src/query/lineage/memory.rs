//! The views of issuances and launches over rows that a look-up found.
//!
//! Each view is planned once, over an empty table in memory; a question puts its rows in the place of that table. To plan
//! takes longer than to read the few rows.

use std::sync::Arc;

use arrow::array::{AsArray, RecordBatch};
use arrow::datatypes::{SchemaRef, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::catalog::memory::{DataSourceExec, MemorySourceConfig};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::MemTable;
use datafusion::physical_plan::{ExecutionPlan, collect};
use datafusion::prelude::SessionContext;
use tokio::sync::OnceCell;

use super::pass::{self, ISSUING};
use super::{View, make_view};
use crate::aws::HIDDEN;
use crate::lake::{Column, config_here};
use crate::query::cells::Said;
use crate::query::launch::launched as launched_by;
use crate::query::lookup::{Lookup, Texts, Wanted};
use crate::query::{Filter, QueryError, register_functions};

/// The columns that tell of an issuance or a launch and of its caller, but for those of JSON.
const COLUMNS: [Column; 40] = [
    Column::EventTime,
    Column::EventId,
    Column::EventSource,
    Column::EventName,
    Column::EventCategory,
    Column::Account,
    Column::AwsRegion,
    Column::Object,
    Column::RecordIndex,
    Column::ErrorCode,
    Column::ErrorMessage,
    Column::IdentityType,
    Column::IdentityAccountId,
    Column::IdentityArn,
    Column::IdentityProvider,
    Column::IdentityRest,
    Column::PrincipalId,
    Column::UserName,
    Column::AccessKeyId,
    Column::InvokedBy,
    Column::InvokedByDelegateAccountId,
    Column::OnBehalfOfUserId,
    Column::OnBehalfOfIdentityStoreArn,
    Column::SessionCreated,
    Column::SessionIssuerAccountId,
    Column::SessionIssuerType,
    Column::SessionIssuerArn,
    Column::SessionIssuerUserName,
    Column::MfaAuthenticated,
    Column::SessionCredentialFromConsole,
    Column::SourceIdentity,
    Column::FederatedProvider,
    Column::WebIdAttributes,
    Column::InScopeOf,
    Column::Ec2RoleDelivery,
    Column::AssumedRoot,
    Column::SharedEventId,
    Column::IssuedAccessKeyId,
    Column::AssumedRoleArn,
    Column::AssumedRoleId,
];

/// The columns of JSON, in the order of [`Needs`].
const LARGE: [Column; 4] = [
    Column::RequestParameters,
    Column::ResponseElements,
    Column::AdditionalEventData,
    Column::ServiceEventDetails,
];

/// Which of [`LARGE`] a row needs.
type Needs = [bool; LARGE.len()];

const NOTHING: Needs = [false; LARGE.len()];

/// The events that satisfy a condition and may issue.
pub(super) fn issuing(filter: &Filter) -> Filter {
    Filter::All(vec![filter.clone(), may_issue()])
}

/// The events that satisfy a condition and may launch.
pub(super) fn launching(filter: &Filter) -> Filter {
    Filter::All(vec![filter.clone(), pass::launching()])
}

/// The events that satisfy a condition and may issue or launch.
pub(super) fn making(filter: &Filter) -> Filter {
    Filter::All(vec![filter.clone(), Filter::Any(vec![may_issue(), pass::launching()])])
}

fn may_issue() -> Filter {
    let names = ISSUING.iter().map(|name| (*name).to_owned()).collect();
    Filter::Any(vec![
        Filter::In(Column::EventName, names),
        Filter::Some(Column::IssuedAccessKeyId),
        Filter::Some(Column::AssumedRoleArn),
    ])
}

/// All that issuances say.
pub(super) fn whole() -> Wanted {
    wanted(|_| [true; LARGE.len()])
}

/// What is needed to link issuances, see [`super::Relations::links`].
pub(super) fn linking() -> Wanted {
    wanted(links)
}

/// What is needed to link issuances, and what launches say.
pub(super) fn linking_and_launched() -> Wanted {
    wanted(linked_or_launched)
}

/// What the pass over all events needs of them: columns of JSON of the rows only that may tell, as `telling` says, and of
/// these what links and launches need.
pub(super) fn telling(telling: fn(&RecordBatch) -> Result<Vec<u32>, QueryError>) -> Wanted {
    let of_batch = move |batch: &RecordBatch| {
        let mut needed = vec![vec![false; batch.num_rows()]; LARGE.len()];
        // A batch that cannot be read is an error when it is folded.
        for row in telling(batch).unwrap_or_default() {
            let row = row as usize;
            for (column, needs) in needed.iter_mut().zip(linked_or_launched(&Row { batch, row })) {
                if let Some(one) = column.get_mut(row) {
                    *one = needs;
                }
            }
        }
        needed
    };
    let columns = COLUMNS.into_iter().chain([Column::ReadOnly]).collect();
    Wanted { columns, large: LARGE.to_vec(), needs: Arc::new(of_batch), texts: Texts::Numbered }
}

fn linked_or_launched(row: &Row<'_>) -> Needs {
    let name = row.text(Column::EventName).unwrap_or_default();
    if pass::may_launch(name) { [true; LARGE.len()] } else { links(row) }
}

fn links(row: &Row<'_>) -> Needs {
    match (row.text(Column::EventSource), row.text(Column::EventName)) {
        // The columns tell the session and its key; a service says in tags for what it assumed the role.
        (Some("sts.amazonaws.com"), Some("AssumeRole")) => {
            let by_credential = matches!(
                row.text(Column::IdentityType),
                Some("AssumedRole" | "IAMUser" | "Root" | "FederatedUser")
            );
            let told = row.text(Column::AssumedRoleArn).is_some_and(|arn| !arn.starts_with(HIDDEN));
            [!by_credential || !told, false, false, false]
        }
        // It tells for whom AWS itself vouched.
        (Some("sts.amazonaws.com"), Some("AssumeRoleWithWebIdentity")) => [true, true, true, false],
        (Some("sts.amazonaws.com"), _) => [true, true, false, false],
        (Some("signin.amazonaws.com"), _) => [false, true, true, false],
        _ => [true; LARGE.len()],
    }
}

/// What launches say: the workload, the role passed.
pub(super) fn launched() -> Wanted {
    wanted(|_| [true, true, false, false])
}

/// The columns that tell of a launch but for those of JSON.
const LAUNCH_COLUMNS: [Column; 5] =
    [Column::EventTime, Column::EventSource, Column::EventName, Column::ErrorCode, Column::ErrorMessage];

/// The workloads that were launched in the events that satisfy a condition, each with the time of its launch; as the view
/// `launches` has them. None where the condition is one that only the engine can tell.
pub(super) async fn workloads(
    lookup: &Lookup,
    filter: &Filter,
) -> Result<Option<Vec<(String, DateTime<Utc>)>>, QueryError> {
    // Only that of a function stands in the parameters.
    let needs = |batch: &RecordBatch| {
        let rows = || (0..batch.num_rows()).map(|row| Row { batch, row });
        let of_function = |row: &Row<'_>| row.text(Column::EventSource) == Some("lambda.amazonaws.com");
        vec![
            rows().map(|row| !row.failed() && of_function(&row)).collect(),
            rows().map(|row| !row.failed()).collect(),
        ]
    };
    let wanted = Wanted {
        columns: LAUNCH_COLUMNS.to_vec(),
        large: vec![Column::RequestParameters, Column::ResponseElements],
        needs: Arc::new(needs),
        texts: Texts::Plain,
    };
    let add = |found: &mut Vec<(String, DateTime<Utc>)>, batch: RecordBatch| {
        let times = batch.column_by_name(Column::EventTime.name());
        let times = times.and_then(|times| times.as_primitive_opt::<TimestampMicrosecondType>());
        for row in (0..batch.num_rows()).map(|row| Row { batch: &batch, row }).filter(|row| !row.failed()) {
            let said = [
                row.text(Column::EventSource),
                row.text(Column::EventName),
                row.text(Column::RequestParameters),
                row.text(Column::ResponseElements),
            ];
            let time = times.and_then(|times| DateTime::from_timestamp_micros(times.value(row.row)));
            let time = time.unwrap_or_default();
            found.extend(launched_by(said).into_iter().map(|workload| (workload, time)));
        }
        Ok(())
    };
    let parts: Option<Vec<Vec<_>>> = lookup.fold(&launching(filter), wanted, add).await?;
    Ok(parts.map(|parts| parts.into_iter().flatten().collect()))
}

/// A row of [`COLUMNS`].
struct Row<'a> {
    batch: &'a RecordBatch,
    row: usize,
}

impl Row<'_> {
    fn text(&self, column: Column) -> Option<&str> {
        Said::of(self.batch, column.name()).ok()?.at(self.row)
    }

    /// A call that failed, as the views have it.
    fn failed(&self) -> bool {
        let says = |column| self.text(column).is_some_and(|text| !text.is_empty());
        says(Column::ErrorCode) || says(Column::ErrorMessage)
    }
}

fn wanted(needs: fn(&Row<'_>) -> Needs) -> Wanted {
    let of_row = move |batch: &RecordBatch, row| {
        let row = Row { batch, row };
        if row.failed() { NOTHING } else { needs(&row) }
    };
    let of_batch = move |batch: &RecordBatch| {
        let needs: Vec<Needs> = (0..batch.num_rows()).map(|row| of_row(batch, row)).collect();
        let of_column = |column| needs.iter().map(|needs| needs.get(column) == Some(&true)).collect();
        (0..LARGE.len()).map(of_column).collect()
    };
    Wanted {
        columns: COLUMNS.to_vec(),
        large: LARGE.to_vec(),
        needs: Arc::new(of_batch),
        texts: Texts::Plain,
    }
}

/// The views over tables in memory.
#[derive(Clone)]
pub(super) struct Memory {
    like: SessionContext,
    plans: Arc<[OnceCell<Arc<dyn ExecutionPlan>>; View::ASKED.len()]>,
}

impl Memory {
    pub(super) fn like(ctx: &SessionContext) -> Memory {
        Memory { like: ctx.clone(), plans: Arc::default() }
    }

    /// Plans a view beside what else is done, for rows of these columns that may be found.
    pub(super) fn begin(&self, view: View, schema: SchemaRef) {
        let begun = self.plan_of(view).is_none_or(OnceCell::initialized);
        if !begun {
            let own = self.clone();
            tokio::spawn(async move {
                if let Some(plan) = own.plan_of(view) {
                    // Who has rows for it tries again, and is told.
                    drop(plan.get_or_try_init(|| own.plan(view, schema)).await);
                }
            });
        }
    }

    fn plan_of(&self, view: View) -> Option<&OnceCell<Arc<dyn ExecutionPlan>>> {
        self.plans.get(View::ASKED.iter().position(|asked| *asked == view)?)
    }

    /// What a view gives of some events.
    pub(super) async fn over(
        &self,
        view: View,
        schema: SchemaRef,
        events: Vec<RecordBatch>,
    ) -> Result<Vec<RecordBatch>, QueryError> {
        let failed = |error| QueryError::engine("cannot read lineage", error);
        let Some(plan) = self.plan_of(view) else { return Ok(Vec::new()) };
        let plan = plan.get_or_try_init(|| self.plan(view, schema)).await?;
        let plan = filled(plan, &events).map_err(failed)?;
        collect(plan, self.like.task_ctx()).await.map_err(failed)
    }

    /// The plan of a view over an empty table.
    async fn plan(&self, view: View, schema: SchemaRef) -> Result<Arc<dyn ExecutionPlan>, QueryError> {
        let failed = |error| QueryError::engine("cannot plan a view of lineage", error);
        let config = config_here(&self.like).with_target_partitions(1);
        let mut own = SessionContext::new_with_config_rt(config, self.like.runtime_env());
        let nothing = MemTable::try_new(schema, vec![Vec::new()]).map_err(failed)?;
        own.register_table("events", Arc::new(nothing)).map_err(failed)?;
        register_functions(&mut own)?;
        make_view(&own, View::Calls).await?;
        let plan = own.state().create_logical_plan(view.sql()).await.map_err(failed)?;
        own.state().create_physical_plan(&plan).await.map_err(failed)
    }
}

/// A plan with rows in the place of the empty table that it reads.
fn filled(
    plan: &Arc<dyn ExecutionPlan>,
    events: &[RecordBatch],
) -> datafusion::error::Result<Arc<dyn ExecutionPlan>> {
    let filled = Arc::clone(plan).transform_up(|node| {
        let source = node.downcast_ref::<DataSourceExec>().map(DataSourceExec::data_source);
        let Some(memory) = source.and_then(|source| source.downcast_ref::<MemorySourceConfig>()) else {
            return Ok(Transformed::no(node));
        };
        let columns = memory.projection().clone();
        let rows = [events.to_vec()];
        let leaf = MemorySourceConfig::try_new_exec(&rows, memory.original_schema(), columns)?;
        Ok(Transformed::yes(leaf as Arc<dyn ExecutionPlan>))
    })?;
    Ok(filled.data)
}
