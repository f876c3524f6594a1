//! Lineage out of the lake: callers, issuances and launches as views and typed rows; the origins of all callers at once.
//!
//! The views are the files of `queries/lineage`. [`Relations`] plans them once for a session; each question puts a
//! condition on `events` below them, so that one credential's walk is point look-ups.

mod closure;
mod describe;
mod fold;
mod hash;
mod label;
mod link;
mod pass;
mod read;
mod table;
mod workshop;

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use chrono::{DateTime, Utc};
use datafusion::common::tree_node::{Transformed, TreeNode};
use datafusion::datasource::ViewTable;
use datafusion::logical_expr::{LogicalPlan, LogicalPlanBuilder};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;
use tokio::sync::OnceCell;

use super::{Filter, QueryError};
use crate::lineage::{Credential, Issuance, Launch, Usage};

pub use describe::{Described, describe};
pub(super) use hash::text_hash;
pub use label::{OriginOf, Origins};
pub use table::ORIGIN_COLUMNS;

/// A view of `queries/lineage`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum View {
    /// Events with their caller.
    Calls,
    /// Callers, with what they did.
    Credentials,
    /// The same for each address that they called from; not for SQL.
    Uses,
    /// From where each caller called.
    Addresses,
    /// Records that made a credential or a way in.
    Issuances,
    /// Records that launched a workload.
    Launches,
}

impl View {
    /// All, each after those that it reads.
    pub const ALL: [View; 5] =
        [View::Calls, View::Credentials, View::Addresses, View::Issuances, View::Launches];

    /// Those that [`Relations`] asks.
    const ASKED: [View; 3] = [View::Uses, View::Issuances, View::Launches];

    /// The name in SQL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            View::Calls => "calls",
            View::Credentials => "credentials",
            View::Uses => "uses",
            View::Addresses => "addresses",
            View::Issuances => "issuances",
            View::Launches => "launches",
        }
    }

    /// Its statement.
    fn sql(self) -> &'static str {
        match self {
            View::Calls => include_str!("../../../queries/lineage/calls.sql"),
            View::Credentials => include_str!("../../../queries/lineage/credentials.sql"),
            View::Uses => &USES,
            View::Addresses => include_str!("../../../queries/lineage/addresses.sql"),
            View::Issuances => include_str!("../../../queries/lineage/issuances.sql"),
            View::Launches => include_str!("../../../queries/lineage/launches.sql"),
        }
    }
}

/// `credentials`, grouped by address as well: one look-up instead of two.
static USES: LazyLock<String> = LazyLock::new(|| {
    View::Credentials
        .sql()
        .replace("  count(*) as calls,", "  source_ip_address,\n  count(*) as calls,")
        .replace("group by caller", "group by caller, source_ip_address")
});

/// Every table and view of lineage that SQL may name.
pub const TABLES: [&str; 7] =
    ["calls", "credentials", "addresses", "issuances", "launches", ORIGINS, "event_origins"];

/// The views of a session, each planned when it is first asked.
#[derive(Clone)]
pub struct Relations {
    ctx: SessionContext,
    plans: Arc<[OnceCell<LogicalPlan>; View::ASKED.len()]>,
}

impl Relations {
    /// The views of a session that has the lake's tables and the functions of [`super::register_functions`].
    ///
    /// # Errors
    ///
    /// [`QueryError::Engine`] when a view cannot be planned, which a test rules out.
    pub async fn open(ctx: &SessionContext) -> Result<Relations, QueryError> {
        make_view(ctx, View::Calls).await?;
        Ok(Relations { ctx: ctx.clone(), plans: Arc::default() })
    }

    /// The same, and every view is known to the session, so that SQL may name it.
    ///
    /// # Errors
    ///
    /// As [`Relations::open`].
    pub async fn register(ctx: &SessionContext) -> Result<Relations, QueryError> {
        for view in View::ALL {
            make_view(ctx, view).await?;
        }
        Ok(Relations { ctx: ctx.clone(), plans: Arc::default() })
    }

    /// The callers of the events that satisfy `filter`, with what they did in those and from where, by id.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn credentials(&self, filter: &Filter) -> Result<Vec<Credential>, QueryError> {
        let mut found: BTreeMap<i64, Credential> = BTreeMap::new();
        self.each(View::Uses, filter, |batch| read::uses(batch, &mut found)).await?;
        Ok(found.into_values().collect())
    }

    /// What was done in the events that satisfy `filter`, by whomever.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn usage(&self, filter: &Filter) -> Result<Usage, QueryError> {
        let failed = |error| QueryError::engine("cannot read lineage", error);
        let plan = self.ctx.state().create_logical_plan(USAGE).await.map_err(failed)?;
        let plan = restricted(&plan, filter).map_err(failed)?;
        let frame = self.ctx.execute_logical_plan(plan).await.map_err(failed)?;
        let mut usage = Usage::default();
        for batch in frame.collect().await.map_err(failed)? {
            read::usage(&batch, &mut usage)?;
        }
        Ok(usage)
    }

    /// The issuances among the events that satisfy `filter`, in no particular order.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn issuances(&self, filter: &Filter) -> Result<Vec<Issuance>, QueryError> {
        let mut found = Vec::new();
        self.each(View::Issuances, filter, |batch| read::issuances(batch, &mut found)).await?;
        Ok(found)
    }

    /// The launches among the events that satisfy `filter`, in no particular order.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn launches(&self, filter: &Filter) -> Result<Vec<Launch>, QueryError> {
        let mut found = Vec::new();
        self.each(View::Launches, filter, |batch| read::launches(batch, &mut found)).await?;
        Ok(found)
    }

    async fn each(
        &self,
        view: View,
        filter: &Filter,
        mut take: impl FnMut(&RecordBatch) -> Result<(), QueryError>,
    ) -> Result<(), QueryError> {
        let failed = |error| QueryError::engine("cannot read lineage", error);
        let place = View::ASKED.iter().position(|asked| *asked == view);
        let Some(plan) = place.and_then(|place| self.plans.get(place)) else { return Ok(()) };
        let state = self.ctx.state();
        let plan = plan.get_or_try_init(|| state.create_logical_plan(view.sql())).await.map_err(failed)?;
        let plan = restricted(plan, filter).map_err(failed)?;
        let frame = self.ctx.execute_logical_plan(plan).await.map_err(failed)?;
        let mut stream = frame.execute_stream().await.map_err(failed)?;
        while let Some(batch) = stream.try_next().await.map_err(failed)? {
            take(&batch)?;
        }
        Ok(())
    }
}

/// A session over events held in memory, with the views of issuances and launches.
async fn telling(
    ctx: &SessionContext,
    schema: SchemaRef,
    events: Vec<RecordBatch>,
) -> Result<Relations, QueryError> {
    let failed = |error| QueryError::engine("cannot compute lineage", error);
    let mut own = SessionContext::new_with_config_rt(ctx.copied_config(), ctx.runtime_env());
    own.register_table("events", Arc::new(workshop::table(schema, events)?)).map_err(failed)?;
    super::register_functions(&mut own)?;
    let relations = Relations::open(&own).await?;
    make_view(&own, View::Issuances).await?;
    Ok(relations)
}

/// Makes a view known to a session.
async fn make_view(ctx: &SessionContext, view: View) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot plan a view of lineage", error);
    let plan = ctx.state().create_logical_plan(view.sql()).await.map_err(failed)?;
    ctx.deregister_table(view.name()).map_err(failed)?;
    let table = ViewTable::new(plan, Some(view.sql().to_owned()));
    ctx.register_table(view.name(), Arc::new(table)).map_err(failed)?;
    Ok(())
}

/// A plan in which `events` is only the rows that satisfy a condition.
fn restricted(plan: &LogicalPlan, filter: &Filter) -> datafusion::error::Result<LogicalPlan> {
    let restricted = plan.clone().transform_up(|node| match node {
        LogicalPlan::TableScan(scan) if scan.table_name.table() == "events" => {
            let scan = LogicalPlanBuilder::from(LogicalPlan::TableScan(scan));
            Ok(Transformed::yes(scan.filter(filter.expression())?.build()?))
        }
        LogicalPlan::SubqueryAlias(_) => Ok(Transformed::no(node)),
        other => Ok(Transformed::no(other)),
    })?;
    restricted.data.recompute_schema()
}

/// The name of the table that holds the origin of every caller.
pub const ORIGINS: &str = "origins";

/// What was done from each address.
const USAGE: &str = include_str!("../../../queries/lineage/usage.sql");

/// Events with their origin.
const EVENT_ORIGINS: &str = include_str!("../../../queries/lineage/event_origins.sql");

/// Makes the views of lineage known to a session, and the tables `origins` (computed when first read) and
/// `event_origins`. The session has the lake's tables and the functions of [`super::register_functions`].
///
/// # Errors
///
/// [`QueryError::Engine`] when a view cannot be planned, which a test rules out.
pub async fn register(ctx: &SessionContext) -> Result<Relations, QueryError> {
    let failed = |error| QueryError::engine("cannot plan a view of lineage", error);
    let relations = Relations::register(ctx).await?;
    let origins = table::OriginsTable::of(ctx).await.map_err(failed)?;
    for name in [ORIGINS, "event_origins"] {
        ctx.deregister_table(name).map_err(failed)?;
    }
    ctx.register_table(ORIGINS, Arc::new(origins)).map_err(failed)?;
    let plan = ctx.state().create_logical_plan(EVENT_ORIGINS).await.map_err(failed)?;
    let table = ViewTable::new(plan, Some(EVENT_ORIGINS.to_owned()));
    ctx.register_table("event_origins", Arc::new(table)).map_err(failed)?;
    Ok(relations)
}

/// The origins of all callers, as values.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn origins(relations: &Relations) -> Result<Origins, QueryError> {
    label::label(&relations.ctx).await
}

/// The first event of an account.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn logs_begin(ctx: &SessionContext, account: &str) -> Result<Option<DateTime<Utc>>, QueryError> {
    read::logs_begin(ctx, account).await
}

/// The first event, the last event, and the number of events that only read, of every account.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn account_sight(
    ctx: &SessionContext,
) -> Result<Vec<(String, DateTime<Utc>, DateTime<Utc>, u64)>, QueryError> {
    let text = "select account, min(event_time), max(event_time), count(*) filter (where read_only) from events \
                where account is not null and event_category is distinct from 'Insight' group by account order by account";
    read::account_sight(ctx, text).await
}
