//! Rows of `events` by plain conditions: for code that knows no engine.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use arrow::array::RecordBatch;
use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, NaiveDate, Utc};
use datafusion::execution::SendableRecordBatchStream;
use datafusion::functions::expr_fn::starts_with;
use datafusion::logical_expr::{Expr, col, lit};
use datafusion::prelude::SessionContext;
use datafusion::scalar::ScalarValue;
use futures::TryStreamExt;

use super::cells::Said;
use super::lookup::{Lookup, Texts, Wanted};
use super::{EVENT_ROW_COLUMNS, EventRow, QueryError, rows};
use crate::aws::Time;
use crate::lake::{Column, Kind};
use crate::pack;

/// A condition on a row. A column without a value satisfies none of the simple ones.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub enum Filter {
    /// The column is this text.
    Is(Column, String),
    /// The column is one of these texts.
    In(Column, BTreeSet<String>),
    /// The column begins with this text.
    Begins(Column, String),
    /// The column ends with this text.
    Ends(Column, String),
    /// The column holds this text, which is in lower case, in whatever case.
    Contains(Column, String),
    /// The caller is a session of a role, under one of these names.
    SessionName(BTreeSet<String>),
    /// The column is the ARN of a session of a role of one of these names, which have no path.
    RoleName(Column, BTreeSet<String>),
    /// The column has a value.
    Some(Column),
    /// The event is not before this time.
    From(#[borsh(serialize_with = "pack::write_time", deserialize_with = "pack::read_time")] DateTime<Utc>),
    /// The event is before this time.
    Before(#[borsh(serialize_with = "pack::write_time", deserialize_with = "pack::read_time")] DateTime<Utc>),
    /// The event is of a day from the first on, and before the second.
    Days(
        #[borsh(serialize_with = "pack::write_day", deserialize_with = "pack::read_day")] NaiveDate,
        #[borsh(serialize_with = "pack::write_day", deserialize_with = "pack::read_day")] NaiveDate,
    ),
    /// The time in the column is in one of these seconds since 1970.
    Seconds(Column, BTreeSet<i64>),
    /// The column is one of these texts, and the event is not before the first time of that text and before the second.
    Within(Column, BTreeMap<String, (Time, Time)>),
    /// All hold; with none, every row does.
    All(Vec<Filter>),
    /// At least one holds; with none, no row does.
    Any(Vec<Filter>),
    /// It does not hold, or can't be told because a column has no value.
    Not(Box<Filter>),
}

impl Filter {
    /// The condition for the engine. A time bounds the partition column too, so that whole days are passed over.
    pub(crate) fn expression(&self) -> Expr {
        let text = |value: &String| lit(value.clone());
        match self {
            Filter::Is(column, value) => col(column.name()).eq(text(value)),
            Filter::In(column, values) => {
                col(column.name()).in_list(values.iter().map(text).collect(), false)
            }
            Filter::Begins(column, value) => starts_with(col(column.name()), text(value)),
            Filter::Ends(column, value) => {
                datafusion::functions::expr_fn::ends_with(col(column.name()), text(value))
            }
            Filter::Contains(column, value) => {
                let lower = datafusion::functions::expr_fn::lower(col(column.name()));
                datafusion::functions::expr_fn::contains(lower, text(value))
            }
            Filter::SessionName(names) => part(Column::IdentityArn, SESSION_PART, names),
            Filter::RoleName(column, names) => part(*column, ROLE_PART, names),
            Filter::Some(column) => col(column.name()).is_not_null(),
            Filter::From(time) => {
                col("event_time").gt_eq(instant(*time)).and(col("event_date").gt_eq(day(time.date_naive())))
            }
            Filter::Before(time) => {
                col("event_time").lt(instant(*time)).and(col("event_date").lt_eq(day(time.date_naive())))
            }
            Filter::Days(first, end) => {
                col("event_date").gt_eq(day(*first)).and(col("event_date").lt(day(*end)))
            }
            Filter::Seconds(column, seconds) => {
                let whole = datafusion::functions::expr_fn::date_trunc(lit("second"), col(column.name()));
                let moment = |second: &i64| instant(DateTime::from_timestamp(*second, 0).unwrap_or_default());
                whole.in_list(seconds.iter().map(moment).collect(), false)
            }
            Filter::Within(column, spans) => {
                let each = spans.iter().map(|(value, (from, before))| {
                    let is = Filter::Is(*column, value.clone());
                    Filter::All(vec![is, Filter::From(from.0), Filter::Before(before.0)])
                });
                Filter::Any(each.collect()).expression()
            }
            Filter::All(filters) => {
                filters.iter().map(Filter::expression).reduce(Expr::and).unwrap_or_else(|| lit(true))
            }
            Filter::Any(filters) => {
                filters.iter().map(Filter::expression).reduce(Expr::or).unwrap_or_else(|| lit(false))
            }
            Filter::Not(filter) => Expr::is_not_true(filter.expression()),
        }
    }
}

/// Where the role stands in `arn:aws:sts::ACCOUNT:assumed-role/ROLE/NAME`, parted at slashes, from 0. Neither role nor name
/// has a slash.
pub(super) const ROLE_PART: usize = 1;

/// Where the session's name stands there.
pub(super) const SESSION_PART: usize = 2;

/// A part of a column's text is one of these.
fn part(column: Column, part: usize, values: &BTreeSet<String>) -> Expr {
    let number = i64::try_from(part + 1).unwrap_or(i64::MAX);
    let part = datafusion::functions::expr_fn::split_part(col(column.name()), lit("/"), lit(number));
    part.in_list(values.iter().map(|value| lit(value.clone())).collect(), false)
}

fn instant(time: DateTime<Utc>) -> Expr {
    lit(ScalarValue::TimestampMicrosecond(Some(time.timestamp_micros()), Some("UTC".into())))
}

fn day(date: NaiveDate) -> Expr {
    lit(ScalarValue::Date32(Some(date.to_epoch_days())))
}

/// The columns of [`EVENT_ROW_COLUMNS`].
pub(super) fn row_columns() -> impl Iterator<Item = Column> {
    Column::ALL.iter().copied().filter(|column| EVENT_ROW_COLUMNS.contains(&column.name()))
}

/// Gives the rows that satisfy `filter`, in no particular order. Of a lake they are looked up; else the engine is asked.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub async fn each(
    ctx: &SessionContext,
    filter: &Filter,
    take: impl FnMut(&EventRow<'_>),
) -> Result<(), QueryError> {
    given(ctx, filter, Wanted::all(row_columns().collect()), take).await
}

/// The same for whoever looks only at the parameters and answers of calls of some names: in other rows the columns of JSON,
/// which hold most of a lake's bytes, may be NULL.
///
/// # Errors
///
/// As [`each`].
pub async fn each_named(
    ctx: &SessionContext,
    filter: &Filter,
    names: &BTreeSet<String>,
    take: impl FnMut(&EventRow<'_>),
) -> Result<(), QueryError> {
    let (large, columns): (Vec<Column>, Vec<Column>) =
        row_columns().partition(|column| column.kind() == Kind::Json);
    let (names, count) = (names.clone(), large.len());
    let needs = move |batch: &RecordBatch| {
        let Ok(said) = Said::of(batch, Column::EventName.name()) else { return Vec::new() };
        let is_needed = |row| said.at(row).is_some_and(|name| names.contains(name));
        let needed: Vec<bool> = (0..batch.num_rows()).map(is_needed).collect();
        vec![needed; count]
    };
    let wanted = Wanted { columns, large, needs: Arc::new(needs), texts: Texts::Plain };
    given(ctx, filter, wanted, take).await
}

async fn given(
    ctx: &SessionContext,
    filter: &Filter,
    wanted: Wanted,
    mut take: impl FnMut(&EventRow<'_>),
) -> Result<(), QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let mut give = |batch: &RecordBatch| rows(batch).map(|rows| rows.for_each(|row| take(&row)));
    if let Some(lookup) = Lookup::open(ctx).await? {
        let add = |part: &mut Vec<RecordBatch>, batch| {
            part.push(batch);
            Ok(())
        };
        let give = |part: Vec<RecordBatch>| part.iter().try_for_each(&mut give);
        if lookup.fold_into(filter, wanted, add, give).await? {
            return Ok(());
        }
    }
    let mut stream = select(ctx, filter).await?;
    while let Some(batch) = stream.try_next().await.map_err(failed)? {
        give(&batch)?;
    }
    Ok(())
}

/// The rows that satisfy `filter`, as the engine reads them, in no particular order; [`super::rows`] reads them.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub(super) async fn select(
    ctx: &SessionContext,
    filter: &Filter,
) -> Result<SendableRecordBatchStream, QueryError> {
    columns(ctx, filter, EVENT_ROW_COLUMNS).await
}

/// Whether any row satisfies `filter`.
///
/// # Errors
///
/// [`QueryError::Engine`] when the lake cannot be read.
pub(super) async fn any(ctx: &SessionContext, filter: &Filter) -> Result<bool, QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let frame = ctx.table("events").await.map_err(failed)?;
    let frame = frame.filter(filter.expression()).map_err(failed)?;
    let frame = frame.select_columns(&["event_id"]).map_err(failed)?;
    // Where rows are read elsewhere, they would all come.
    let rows = frame.limit(0, Some(1)).map_err(failed)?.collect().await.map_err(failed)?;
    Ok(rows.iter().any(|batch| batch.num_rows() > 0))
}

/// Some columns of the rows that satisfy `filter`, in no particular order, in as many streams as are read beside each other.
pub(super) async fn parts(
    ctx: &SessionContext,
    filter: &Filter,
    names: &[&str],
) -> Result<Vec<SendableRecordBatchStream>, QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let frame = ctx.table("events").await.map_err(failed)?;
    let frame = frame.filter(filter.expression()).map_err(failed)?;
    let frame = frame.select_columns(names).map_err(failed)?;
    frame.execute_stream_partitioned().await.map_err(failed)
}

async fn columns(
    ctx: &SessionContext,
    filter: &Filter,
    names: &[&str],
) -> Result<SendableRecordBatchStream, QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let frame = ctx.table("events").await.map_err(failed)?;
    let frame = frame.filter(filter.expression()).map_err(failed)?;
    let frame = frame.select_columns(names).map_err(failed)?;
    frame.execute_stream().await.map_err(failed)
}
