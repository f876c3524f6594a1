//! Lineage out of the lake: callers, issuances and launches as views and typed rows; the origins of all callers at once.
//!
//! The views are the files of `queries/lineage`. [`Relations`] plans them once for a session; each question puts a
//! condition on `events` below them, so that one credential's walk is point look-ups.

mod address;
mod closure;
mod days;
mod describe;
mod edge;
mod events;
mod fold;
mod foreign;
mod hash;
mod identity;
mod key;
mod label;
mod link;
mod memory;
mod pass;
mod place;
mod portal;
mod prefer;
mod principal;
mod read;
mod removal;
mod root;
mod table;
mod tally;
mod top;
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

use super::lookup::{Lookup, Texts, Wanted};
use super::{Filter, QueryError};
use crate::lake::{Column, Kind, config_here};
use crate::lineage::{Credential, Issuance, Launch, Sight, Usage};
use memory::Memory;

pub use address::{Addressed, Instances};
pub use describe::{Described, describe};
pub(super) use hash::text_hash;
pub use label::{OriginOf, Origins};
pub use pass::{WAY as FOLDED_FOR_LINEAGE, folded};
pub use principal::Told;
pub use removal::{removed, renamed};
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
    /// For the events of a lake; None where they are tables of another kind.
    lookup: Option<Lookup>,
    memory: Memory,
}

impl Relations {
    /// The views of a session that has the lake's tables and the functions of [`super::register_functions`].
    ///
    /// # Errors
    ///
    /// [`QueryError::Engine`] when a view cannot be planned, which a test rules out.
    pub async fn open(ctx: &SessionContext) -> Result<Relations, QueryError> {
        make_view(ctx, View::Calls).await?;
        Relations::over(ctx).await
    }

    /// The same, with the engine asked for everything.
    #[cfg(test)]
    pub(crate) fn by_engine(self) -> Relations {
        Relations { lookup: None, ..self }
    }

    async fn over(ctx: &SessionContext) -> Result<Relations, QueryError> {
        let (lookup, memory) = (Lookup::open(ctx).await?, Memory::like(ctx));
        Ok(Relations { ctx: ctx.clone(), plans: Arc::default(), lookup, memory })
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
        Relations::over(ctx).await
    }

    /// The callers of the events that satisfy `filter`, with what they did in those and from where, by id.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn credentials(&self, filter: &Filter) -> Result<Vec<Credential>, QueryError> {
        if let Some(lookup) = &self.lookup
            && let Some(found) = tally::credentials(lookup, filter).await?
        {
            return Ok(found.into_values().collect());
        }
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
        if let Some(lookup) = &self.lookup
            && let Some(usage) = tally::usage(lookup, filter).await?
        {
            return Ok(usage);
        }
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
        self.issued(filter, memory::whole()).await
    }

    /// The same for whoever only links them: what an AssumeRole call of a credential asked for (`role` and
    /// `source_identity` of the issuance) may be None, where it would have to be read out of large columns.
    ///
    /// # Errors
    ///
    /// As [`Relations::issuances`].
    pub async fn links(&self, filter: &Filter) -> Result<Vec<Issuance>, QueryError> {
        self.issued(filter, memory::linking()).await
    }

    async fn issued(&self, filter: &Filter, wanted: Wanted) -> Result<Vec<Issuance>, QueryError> {
        let mut found = Vec::new();
        let issuing = memory::issuing(filter);
        if let Some(batches) = self.looked_up(View::Issuances, &issuing, wanted).await? {
            for batch in batches {
                read::issuances(&batch, &mut found)?;
            }
            return Ok(found);
        }
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
        let launching = memory::launching(filter);
        if let Some(batches) = self.looked_up(View::Launches, &launching, memory::launched()).await? {
            for batch in batches {
                read::launches(&batch, &mut found)?;
            }
            return Ok(found);
        }
        self.each(View::Launches, filter, |batch| read::launches(batch, &mut found)).await?;
        Ok(found)
    }

    /// The workloads that were launched in the events that satisfy `filter`, as kind and id with a colon between, each with
    /// the time of its launch, in no particular order: for whoever looks for one among many.
    ///
    /// # Errors
    ///
    /// As [`Relations::launches`].
    pub async fn workloads(&self, filter: &Filter) -> Result<Vec<(String, DateTime<Utc>)>, QueryError> {
        if let Some(lookup) = &self.lookup
            && let Some(found) = memory::workloads(lookup, filter).await?
        {
            return Ok(found);
        }
        let found = self.launches(filter).await?.into_iter();
        Ok(found.map(|launch| (launch.workload.text(), launch.record.time)).collect())
    }

    /// What the calls of an account tell of its instances: their addresses, and when they were launched.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn instances(&self, account: &str) -> Result<Instances, QueryError> {
        let filter = address::telling(account);
        if let Some(lookup) = &self.lookup
            && let Some(found) = address::instances(lookup, &filter).await?
        {
            return Ok(found);
        }
        let mut found = Instances::default();
        super::each(&self.ctx, &filter, |row| found.add(row)).await?;
        Ok(found)
    }

    /// [`Relations::links`] and [`Relations::launches`] at once.
    ///
    /// # Errors
    ///
    /// As [`Relations::issuances`].
    pub async fn made(&self, filter: &Filter) -> Result<(Vec<Issuance>, Vec<Launch>), QueryError> {
        let (making, wanted) = (memory::making(filter), memory::linking_and_launched());
        if let Some(lookup) = &self.lookup
            && let Some(events) = lookup.rows(&making, wanted.clone()).await?
        {
            let (mut issuances, mut launches) = (Vec::new(), Vec::new());
            if !events.is_empty() {
                let schema = lookup.schema(&wanted);
                let issued = self.memory.over(View::Issuances, Arc::clone(&schema), events.clone()).await?;
                issued.iter().try_for_each(|batch| read::issuances(batch, &mut issuances))?;
                let launched = self.memory.over(View::Launches, schema, events).await?;
                launched.iter().try_for_each(|batch| read::launches(batch, &mut launches))?;
            }
            return Ok((issuances, launches));
        }
        Ok((self.links(filter).await?, self.launches(filter).await?))
    }

    /// Whether any event satisfies `filter`.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn any(&self, filter: &Filter) -> Result<bool, QueryError> {
        if let Some(lookup) = &self.lookup
            && let Some(any) = lookup.any(filter).await?
        {
            return Ok(any);
        }
        super::select::any(&self.ctx, filter).await
    }

    /// The events that satisfy `filter`, in no particular order; [`super::rows`] reads them. Of the columns of JSON those
    /// of `json` are sure to be read; others may be NULL.
    ///
    /// # Errors
    ///
    /// [`QueryError`] when the lake cannot be read.
    pub async fn events(&self, filter: &Filter, json: &[Column]) -> Result<Vec<RecordBatch>, QueryError> {
        if let Some(lookup) = &self.lookup {
            let (large, columns): (Vec<Column>, Vec<Column>) =
                super::row_columns().partition(|column| column.kind() == Kind::Json);
            let needed: Vec<bool> = large.iter().map(|column| json.contains(column)).collect();
            let needs = move |batch: &RecordBatch| {
                needed.iter().map(|needed| vec![*needed; batch.num_rows()]).collect()
            };
            let wanted = Wanted { columns, large, needs: Arc::new(needs), texts: Texts::Plain };
            if let Some(found) = lookup.rows(filter, wanted).await? {
                return Ok(found);
            }
        }
        let failed = |error| QueryError::engine("cannot read events", error);
        super::select(&self.ctx, filter).await?.try_collect().await.map_err(failed)
    }

    /// These columns of the events that satisfy a condition, and perhaps others.
    async fn columns(&self, filter: &Filter, columns: &[Column]) -> Result<Vec<RecordBatch>, QueryError> {
        if let Some(lookup) = &self.lookup
            && let Some(found) = lookup.rows(filter, Wanted::all(columns.to_vec())).await?
        {
            return Ok(found);
        }
        self.events(filter, &[]).await
    }

    /// The first and the last time of which there may be an event; None where they are not known without reading.
    #[must_use]
    pub fn logs_span(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let (first, last) = self.lookup.as_ref()?.span()?;
        DateTime::from_timestamp_micros(first).zip(DateTime::from_timestamp_micros(last))
    }

    /// What a view gives of the events of a lake that satisfy a condition. None where they are not looked up.
    async fn looked_up(
        &self,
        view: View,
        filter: &Filter,
        wanted: Wanted,
    ) -> Result<Option<Vec<RecordBatch>>, QueryError> {
        let Some(lookup) = &self.lookup else { return Ok(None) };
        let schema = lookup.schema(&wanted);
        self.memory.begin(view, Arc::clone(&schema));
        let Some(events) = lookup.rows(filter, wanted).await? else { return Ok(None) };
        if events.is_empty() {
            return Ok(Some(Vec::new()));
        }
        Ok(Some(self.memory.over(view, schema, events).await?))
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
    let mut own = SessionContext::new_with_config_rt(config_here(ctx), ctx.runtime_env());
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

/// What the logs hold of every account.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn sight(ctx: &SessionContext) -> Result<Sight, QueryError> {
    let text = "select account, aws_region as region, min(event_time) as first, max(event_time) as last, \
                count(*) filter (where read_only) as read_only from events \
                where account is not null and event_category is distinct from 'Insight' \
                group by account, aws_region, event_date";
    read::sight(ctx, text).await
}
