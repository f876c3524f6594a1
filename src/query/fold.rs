//! Folds the rows of the lake on all cores: each part of it by itself, beside the others; or on the machines of a cluster.

use arrow::array::RecordBatch;
use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, Utc};
use datafusion::error::DataFusionError;
use datafusion::prelude::SessionContext;
use futures::TryStreamExt;

use super::select::parts;
use super::{Filter, QueryError};
use crate::lake::{self, Asked};
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
