//! What the lake holds at all, in typed rows: who is named, which hours have events.

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::{EventRow, QueryError, sql};

/// A half-open window of time; no end where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first instant inside.
    pub from: Option<DateTime<Utc>>,
    /// The first instant behind.
    pub to: Option<DateTime<Utc>>,
}

impl Bounds {
    /// The window as SQL, made of numbers only.
    fn condition(self) -> String {
        let mut all = vec!["true".to_owned()];
        if let Some(from) = self.from {
            let (micros, day) = (from.timestamp_micros(), from.date_naive());
            all.push(format!("event_time >= to_timestamp_micros({micros}) and event_date >= date '{day}'"));
        }
        if let Some(to) = self.to {
            let (micros, day) = (to.timestamp_micros(), to.date_naive());
            all.push(format!("event_time < to_timestamp_micros({micros}) and event_date <= date '{day}'"));
        }
        all.join(" and ")
    }
}

/// Events of one kind in one account and region.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holding {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// `Management`, `Data` and so on; told from `managementEvent` where the record names no category.
    pub category: String,
    /// The service of data events; None for other events.
    pub data_source: Option<String>,
    /// How many.
    pub events: u64,
    /// How many of them only read.
    pub read_only: u64,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

/// What the lake holds by account, region and kind.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn holdings(ctx: &SessionContext, window: Bounds) -> Result<Vec<Holding>, QueryError> {
    let text = format!(
        "with kinds as (select account, aws_region, event_time, read_only, event_source, \
                coalesce(event_category, case when management_event = false then 'Data' else 'Management' end) as category \
                from events where {}) \
                select account, aws_region, category, case when category = 'Data' then event_source end as data_source, \
                count(*), count(*) filter (where read_only), min(event_time), max(event_time) \
                from kinds group by 1, 2, 3, 4 order by 1, 2, 3, 4",
        window.condition()
    );
    let mut found = Vec::new();
    each(ctx, &text, |batch, row| {
        found.push(Holding {
            account: text_at(batch, 0, row),
            region: text_at(batch, 1, row),
            category: text_at(batch, 2, row).unwrap_or_default(),
            data_source: text_at(batch, 3, row),
            events: number_at(batch, 4, row),
            read_only: number_at(batch, 5, row),
            first: time_at(batch, 6, row),
            last: time_at(batch, 7, row),
        });
    })
    .await?;
    Ok(found)
}

/// The events of one hour in one account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hour {
    /// The account.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// When the hour begins.
    pub begins: DateTime<Utc>,
    /// How many events.
    pub events: u64,
}

/// An hour.
const HOUR_MICROS: i64 = 3_600_000_000;

/// The hours that have events, by account, region and time.
///
/// Hours are told by their numbers since 1970, before which no event of a lake is: `date_trunc` looks at the time zone for each
/// row, which takes three times as long as all else here.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn hours(ctx: &SessionContext, window: Bounds) -> Result<Vec<Hour>, QueryError> {
    let text = format!(
        "select account, aws_region, cast(event_time as bigint) / {HOUR_MICROS}, count(*) from events where {} \
         group by 1, 2, 3 order by 1, 2, 3",
        window.condition()
    );
    let mut found = Vec::new();
    each(ctx, &text, |batch, row| {
        found.push(Hour {
            account: text_at(batch, 0, row),
            region: text_at(batch, 1, row),
            begins: hour_at(batch, 2, row),
            events: number_at(batch, 3, row),
        });
    })
    .await?;
    Ok(found)
}

/// Who speaks in the lake: `service`, `root`, `user`, `role`, `other`, with the number of events.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn speakers(ctx: &SessionContext, window: Bounds) -> Result<Vec<(String, u64)>, QueryError> {
    let text = format!(
        "select case when identity_type = 'AWSService' or (identity_type is null and invoked_by is not null) \
                then 'AWS services' when identity_type = 'Root' then 'root' when identity_type = 'IAMUser' then 'users' \
                when identity_type in ('AssumedRole', 'Role') then 'roles' else 'others' end, count(*) \
                from events where {} group by 1 order by 2 desc, 1",
        window.condition()
    );
    let mut found = Vec::new();
    each(ctx, &text, |batch, row| {
        found.push((text_at(batch, 0, row).unwrap_or_default(), number_at(batch, 1, row)));
    })
    .await?;
    Ok(found)
}

/// So many changes of logging are read.
pub const LOGGING_CHANGES_MAX: usize = 10_000;

/// Gives the successful calls that changed logging itself, in order of time, each with its target where the parameters
/// name one; [`LOGGING_CHANGES_MAX`] at the most.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn logging_changes(
    ctx: &SessionContext,
    window: Bounds,
    mut take: impl FnMut(&EventRow<'_>, Option<&str>),
) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot read changes of logging", error);
    let text = format!(
        "select {}, target(request_parameters) as target from events \
         where sensitive_category(event_source, event_name) = 'logging' and (error_code is null or error_code = '') \
         and {} order by event_time, event_id, object, record_index limit {LOGGING_CHANGES_MAX}",
        super::EVENT_ROW_COLUMNS.join(", "),
        window.condition()
    );
    let frame = ctx.sql(&text).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        let targets = batch.schema().index_of("target").unwrap_or(0);
        for (place, row) in super::rows(&batch)?.enumerate() {
            let target = text_at(&batch, targets, place);
            take(&row, target.as_deref());
        }
    }
    Ok(())
}

/// Calls of one name that an origin made in the sessions of a role, and that worked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OriginCalls {
    /// The role's ARN.
    pub role: String,
    /// The role's unique id, as the sessions' records have it.
    pub role_id: Option<String>,
    /// The kind of the origin, as in the table `origins`.
    pub kind: String,
    /// The origin; `unknown` where nobody is known.
    pub origin: String,
    /// The service called.
    pub event_source: String,
    /// The operation called.
    pub event_name: String,
    /// How many.
    pub calls: u64,
    /// Whether no other origin comes into question for any of them.
    pub certain: bool,
}

/// Who made the calls of roles' sessions. A dry run that would have worked counts, too
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RunInstances.html>, `DryRun`).
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn origins_of_roles(ctx: &SessionContext, window: Bounds) -> Result<Vec<OriginCalls>, QueryError> {
    Box::pin(super::lineage::register(ctx)).await?;
    let text = format!(
        "select session_issuer_arn, coalesce(origin_kind, 'unknown'), coalesce(origin, 'unknown'), event_source, \
                event_name, count(*), cast(coalesce(certain, false) as bigint), split_part(principal_id, ':', 1) \
                from event_origins where identity_type = 'AssumedRole' and session_issuer_arn is not null \
                and ((coalesce(error_code, '') = '' and coalesce(error_message, '') = '') \
                or error_code in ('Client.DryRunOperation', 'DryRunOperation')) \
                and coalesce(event_type, 'AwsApiCall') = 'AwsApiCall' and {} \
                group by 1, 2, 3, 4, 5, 7, 8 order by 1, 2, 3, 4, 5, 7, 8",
        window.condition()
    );
    let mut found = Vec::new();
    each(ctx, &text, |batch, row| {
        let text = |column| text_at(batch, column, row).unwrap_or_default();
        found.push(OriginCalls {
            role: text(0),
            kind: text(1),
            origin: text(2),
            event_source: text(3),
            event_name: text(4),
            calls: number_at(batch, 5, row),
            certain: number_at(batch, 6, row) == 1,
            role_id: text_at(batch, 7, row),
        });
    })
    .await?;
    Ok(found)
}

/// What the ledger says of all objects together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// Entries read.
    pub read: u64,
    /// Records that became rows.
    pub kept: u64,
    /// Records delivered more than once; not those of an object that was read again.
    pub duplicate: u64,
    /// Entries refused; not those of an object that was read since.
    pub refused: u64,
    /// Objects in which something was refused.
    pub refused_objects: u64,
}

/// The ledger's sums.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn reading(ctx: &SessionContext) -> Result<Reading, QueryError> {
    // Of an object that was read again counts what came of it the last time: then all of it was looked at anew.
    let text = "with numbered as ( \
                select *, row_number() over (partition by object order by batch desc, ingested desc) as place from objects \
                ), sums as ( \
                select object, sum(kept) as kept, coalesce(sum(read) filter (where place = 1), 0) as read, \
                coalesce(sum(refused) filter (where place = 1), 0) as refused from numbered group by object \
                ) \
                select coalesce(sum(kept), 0), coalesce(sum(greatest(read - kept - refused, 0)), 0), coalesce(sum(refused), 0), \
                count(*) filter (where refused > 0) from sums";
    let listed = "select count(distinct r.object) from refusals r \
                  where r.object not in (select object from objects) and not exists ( \
                  select 1 from objects o where starts_with(o.object, r.object || '/') and o.batch > r.batch)";
    let mut sums = Reading::default();
    each(ctx, text, |batch, row| {
        let [kept, duplicate, refused] = [0, 1, 2].map(|column| number_at(batch, column, row));
        let refused_objects = number_at(batch, 3, row);
        sums = Reading { read: kept + duplicate + refused, kept, duplicate, refused, refused_objects };
    })
    .await?;
    // What could not even be listed has no row in `objects`.
    each(ctx, listed, |batch, row| {
        sums.refused += number_at(batch, 0, row);
        sums.refused_objects += number_at(batch, 0, row);
    })
    .await?;
    Ok(sums)
}

/// Something in the lake that has a name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// `user`, `role`, `session`, `source-identity`, `identity-center-user`, `key`, `id`, `root` or `service`.
    pub kind: String,
    /// The whole id: an ARN where there is one.
    pub id: String,
    /// How many events are its own.
    pub events: u64,
    /// The first.
    pub first: DateTime<Utc>,
    /// The last.
    pub last: DateTime<Utc>,
}

/// Everything in the lake that bears exactly this name, or with `like` a name that holds it (at most 20).
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn named(ctx: &SessionContext, name: &str, like: Likeness) -> Result<Vec<Named>, QueryError> {
    let (test, limit) = match like {
        Likeness::Exact => ("name = $name", ""),
        Likeness::Contains => ("contains(lower(name), lower($name))", " limit 20"),
    };
    let text = format!(
        "with names as ( \
         select 'user' as kind, coalesce(identity_arn, user_name) as id, coalesce(user_name, split_part(identity_arn, \
         '/', -1)) as name, coalesce(identity_account_id, account, '') || '/' || coalesce(user_name, split_part(identity_arn, \
         '/', -1)) as home, event_time \
         from events where identity_type = 'IAMUser' \
         union all select 'user' as kind, session_issuer_arn as id, session_issuer_user_name as name, \
         coalesce(session_issuer_account_id, '') || '/' || session_issuer_user_name as home, event_time from events \
         where session_issuer_type = 'IAMUser' and identity_type <> 'IAMUser' \
         union all select 'role' as kind, coalesce(session_issuer_arn, regexp_replace(identity_arn, \
         '^(arn:[^:]*):sts::([^:]*):assumed-role/([^/]*)/.*$', '\\1:iam::\\2:role/\\3')) as id, \
         coalesce(session_issuer_user_name, split_part(identity_arn, '/', 2)) as name, null as home, event_time \
         from events where identity_type = 'AssumedRole' \
         union all select 'session' as kind, split_part(identity_arn, '/', 3) as id, \
         split_part(identity_arn, '/', 3) as name, null as home, event_time \
         from events where identity_arn like 'arn:%:assumed-role/%/%' \
         union all select 'source-identity' as kind, source_identity as id, source_identity as name, null as home, event_time from events \
         where source_identity is not null \
         union all select 'identity-center-user' as kind, on_behalf_of_user_id as id, on_behalf_of_user_id as name, null as home, event_time from events \
         where on_behalf_of_user_id is not null \
         union all select 'identity-center-user' as kind, user_name as id, user_name as name, null as home, event_time from events \
         where identity_type = 'IdentityCenterUser' and user_name is not null \
         union all select 'subject' as kind, coalesce(principal_id, user_name) as id, user_name as name, null as home, event_time from events \
         where identity_type in ('WebIdentityUser', 'SAMLUser') and user_name is not null \
         union all select 'subject' as kind, principal_id as id, principal_id as name, null as home, event_time from events \
         where identity_type in ('WebIdentityUser', 'SAMLUser') and principal_id <> user_name \
         union all select 'key' as kind, access_key_id as id, access_key_id as name, null as home, event_time from events where access_key_id <> '' \
         union all select 'id' as kind, principal_id as id, principal_id as name, null as home, event_time from events where principal_id is not null \
         union all select 'service' as kind, invoked_by as id, invoked_by as name, null as home, event_time from events where identity_type = 'AWSService' \
         or identity_type is null and invoked_by <> '' \
         union all select 'root' as kind, identity_arn as id, 'root' as name, null as home, event_time from events where identity_type = 'Root' \
         ), found as (select kind, coalesce(max(id) filter (where id like 'arn:%'), max(id)) as id, count(*) as events, \
         min(event_time) as first, max(event_time) as last \
         from names where {test} and id is not null \
         group by kind, coalesce(home, id)) \
         select kind, id, events, first, last from found order by events desc, kind, id{limit}"
    );
    let failed = |error| QueryError::engine("cannot look for the name", error);
    let plan = sql::plan(ctx, &text).await?;
    let params = vec![("name", datafusion::scalar::ScalarValue::from(name))];
    let plan = plan.with_param_values(params).map_err(failed)?;
    let frame = ctx.execute_logical_plan(plan).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    let mut found = Vec::new();
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        for row in 0..batch.num_rows() {
            found.push(Named {
                kind: text_at(&batch, 0, row).unwrap_or_default(),
                id: text_at(&batch, 1, row).unwrap_or_default(),
                events: number_at(&batch, 2, row),
                first: time_at(&batch, 3, row),
                last: time_at(&batch, 4, row),
            });
        }
    }
    Ok(found)
}

/// How a name is to be met.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Likeness {
    /// It is the name.
    Exact,
    /// It is part of the name, in upper or lower case.
    Contains,
}

async fn each(
    ctx: &SessionContext,
    text: &str,
    mut take: impl FnMut(&RecordBatch, usize),
) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot read the lake", error);
    let frame = ctx.sql(text).await.map_err(failed)?;
    let mut stream = frame.execute_stream().await.map_err(failed)?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        for row in 0..batch.num_rows() {
            take(&batch, row);
        }
    }
    Ok(())
}

fn text_at(batch: &RecordBatch, column: usize, row: usize) -> Option<String> {
    let array = batch.column(column);
    if array.is_null(row) {
        return None;
    }
    let plain = array.as_string_opt::<i32>().map(|array| array.value(row).to_owned());
    plain.or_else(|| array.as_string_view_opt().map(|array| array.value(row).to_owned()))
}

fn number_at(batch: &RecordBatch, column: usize, row: usize) -> u64 {
    let array = batch.column(column).as_primitive_opt::<Int64Type>();
    array
        .filter(|array| array.is_valid(row))
        .and_then(|array| u64::try_from(array.value(row)).ok())
        .unwrap_or(0)
}

/// The beginning of an hour that stands there by its number.
fn hour_at(batch: &RecordBatch, column: usize, row: usize) -> DateTime<Utc> {
    let micros = number_at(batch, column, row).saturating_mul(HOUR_MICROS.unsigned_abs());
    i64::try_from(micros).ok().and_then(DateTime::from_timestamp_micros).unwrap_or_default()
}

fn time_at(batch: &RecordBatch, column: usize, row: usize) -> DateTime<Utc> {
    let array = batch.column(column).as_primitive_opt::<TimestampMicrosecondType>();
    array
        .filter(|array| array.is_valid(row))
        .and_then(|array| DateTime::from_timestamp_micros(array.value(row)))
        .unwrap_or_default()
}
