//! What the lake holds at all, in typed rows: who is named, which hours have events.

pub(super) mod held;
pub(super) mod named;

use std::collections::{BTreeMap, BTreeSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::sensitive::{self, Category, SENSITIVE};
use super::{EventRow, Filter, QueryError, target};
use crate::lake::Column;

pub use held::{Held, Holding, Hour, held};
pub use named::{Likeness, Named, named};

/// A half-open window of time; no end where there is none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Bounds {
    /// The first instant inside.
    pub from: Option<DateTime<Utc>>,
    /// The first instant behind.
    pub to: Option<DateTime<Utc>>,
}

impl Bounds {
    /// The window as a condition.
    #[must_use]
    pub fn filter(self) -> Filter {
        let from = self.from.map(Filter::From);
        let to = self.to.map(Filter::Before);
        Filter::All(from.into_iter().chain(to).collect())
    }

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

/// So many changes of logging are read.
pub const LOGGING_CHANGES_MAX: usize = 10_000;

/// The successful calls that changed logging itself, in order of time; [`LOGGING_CHANGES_MAX`] at the most. `make` is given
/// each, with its target where the parameters name one.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn logging_changes<T>(
    ctx: &SessionContext,
    window: Bounds,
    make: impl Fn(&EventRow<'_>, Option<&str>) -> T,
) -> Result<Vec<T>, QueryError> {
    let logging = || SENSITIVE.iter().filter(|call| call.category == Category::Logging);
    let sources =
        logging().flat_map(|call| [call.service.to_owned(), format!("{}.amazonaws.com", call.service)]);
    // An API version may stand behind a name.
    let names: BTreeSet<&str> = logging().map(|call| call.name).collect();
    let names = names.into_iter().map(|name| Filter::Begins(Column::EventName, name.to_owned()));
    let filter = Filter::All(vec![
        window.filter(),
        Filter::In(Column::EventSource, sources.collect()),
        Filter::Any(names.collect()),
    ]);
    let mut first = BTreeMap::new();
    super::each(ctx, &filter, |row| {
        let call = sensitive::find(row.event_source.unwrap_or_default(), row.event_name.unwrap_or_default());
        let is_logging = call.is_some_and(|call| call.category == Category::Logging);
        if !is_logging || row.error_code.is_some_and(|code| !code.is_empty()) {
            return;
        }
        let place = (row.object.to_owned(), row.record_index);
        let key = (row.event_time, row.event_id.is_none(), row.event_id.map(str::to_owned), place);
        let is_full = first.len() >= LOGGING_CHANGES_MAX;
        if is_full && first.last_key_value().is_some_and(|(last, _)| *last < key) {
            return;
        }
        let target = row.request_parameters.and_then(target::target);
        first.insert(key, make(row, target.as_deref()));
        if is_full {
            first.pop_last();
        }
    })
    .await?;
    Ok(first.into_values().collect())
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

fn time_at(batch: &RecordBatch, column: usize, row: usize) -> DateTime<Utc> {
    let array = batch.column(column).as_primitive_opt::<TimestampMicrosecondType>();
    array
        .filter(|array| array.is_valid(row))
        .and_then(|array| DateTime::from_timestamp_micros(array.value(row)))
        .unwrap_or_default()
}
