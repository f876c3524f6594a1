//! Folds the rows of the lake on all cores: each part of it by itself, beside the others; or on the machines of a cluster.

use std::sync::Arc;

use arrow::array::RecordBatch;
use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::lookup::{Lookup, Texts, Wanted};
use super::select::parts;
use super::{Filter, QueryError};
use crate::lake::{self, Asked, Column};
use crate::pack;

/// Folds the rows that satisfy `filter`: `take` is given their batches, with these columns, and what it has made of those
/// before in the same part of the lake. Gives what was made of each part, in no particular order, at least one.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read, and what `take` gives.
pub async fn fold<T: Send + 'static>(
    ctx: &SessionContext,
    filter: &Filter,
    columns: &[&str],
    start: impl Fn() -> T,
    take: impl Fn(&mut T, &RecordBatch) -> Result<(), QueryError> + Clone + Send + 'static,
) -> Result<Vec<T>, QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let streams = parts(ctx, filter, columns).await?;
    let mut tasks = tokio::task::JoinSet::new();
    for mut stream in streams {
        let (mut part, take) = (start(), take.clone());
        tasks.spawn(async move {
            while let Some(batch) = stream.try_next().await.map_err(failed)? {
                take(&mut part, &batch)?;
            }
            Ok(part)
        });
    }
    let mut made = Vec::new();
    while let Some(part) = tasks.join_next().await {
        made.push(part.map_err(|error| failed(DataFusionError::External(Box::new(error))))??);
    }
    if made.is_empty() {
        made.push(start());
    }
    Ok(made)
}

/// What [`fold_groups`] reads of rows.
#[derive(Debug, Clone)]
pub struct Read {
    /// These columns of all rows; texts may stand in them by their numbers in a dictionary.
    pub columns: Vec<Column>,
    /// These of some rows only; they may be NULL in others. Texts stand in them as they are.
    pub rare: Vec<Column>,
}

/// As [`fold`], but a lake's row groups each by themselves, without a plan: what is made of one is given away as soon as it
/// and those before it are read, in the order of the lake's files. `needs` says of a batch of [`Read::columns`], for each of
/// [`Read::rare`], which rows need it.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read, and what `take` and `give` give.
pub async fn fold_groups<T: Default + Send + 'static>(
    ctx: &SessionContext,
    filter: &Filter,
    read: Read,
    needs: impl Fn(&RecordBatch) -> Vec<Vec<bool>> + Send + Sync + 'static,
    take: impl Fn(&mut T, &RecordBatch) -> Result<(), QueryError> + Clone + Send + Sync + 'static,
    mut give: impl FnMut(T) -> Result<(), QueryError>,
) -> Result<(), QueryError> {
    let Read { columns, rare } = read;
    let names: Vec<&str> = columns.iter().chain(&rare).map(|column| column.name()).collect();
    if let Some(lookup) = Lookup::open(ctx).await? {
        let wanted = Wanted { columns, large: rare, needs: Arc::new(needs), texts: Texts::Numbered };
        let take = take.clone();
        let add = move |part: &mut T, batch: RecordBatch| take(part, &batch);
        if lookup.fold_into(filter, wanted, add, &mut give).await? {
            return Ok(());
        }
    }
    fold(ctx, filter, &names, T::default, take).await?.into_iter().try_for_each(give)
}

/// Has the shares of the session's lake folded elsewhere, in the way that `what` names, with what `body` says of it: those of
/// files that may have events in the window. Gives what each share came to; nothing where the lake is read here.
///
/// # Errors
///
/// [`QueryError`] when the lake cannot be read.
pub async fn fold_elsewhere<T: BorshDeserialize>(
    ctx: &SessionContext,
    what: &str,
    (from, to): (Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    body: &impl BorshSerialize,
) -> Result<Vec<T>, QueryError> {
    let failed = |error| QueryError::engine("cannot read events", error);
    let odd = |error: std::io::Error| failed(DataFusionError::External(Box::new(error)));
    let Some(hands) = lake::hands(ctx) else { return Ok(Vec::new()) };
    let body = pack::pack(body).map_err(odd)?;
    let made = hands.fold(&Asked { what, from, to, body: &body }).await.map_err(failed)?;
    made.iter().map(|bytes| pack::unpack(bytes).map_err(odd)).collect()
}
