//! The closure: from every caller to the roots above it, by iterated self-join.

use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch};

use super::workshop::{Step, Workshop, jump_schema};
use crate::query::QueryError;

const JUMP: &str = include_str!("../../../queries/lineage/world/jump.sql");

/// Rounds of doubling; a chain of 2^20 links is no chain. What still moves then goes round in a cycle.
const ROUNDS_MAX: usize = 20;

/// From, to, links in between, whether one is only claimed, the last issuance, and whether each is to the first candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Edge {
    pub(super) c: i64,
    pub(super) p: i64,
    pub(super) d: i64,
    pub(super) k: bool,
    pub(super) l: i64,
    pub(super) m: bool,
}

/// What the closure gives: rows that end at a root, and rows that never end.
#[derive(Debug)]
pub(super) struct Closed {
    pub(super) rooted: Vec<RecordBatch>,
    pub(super) cyclic: Vec<RecordBatch>,
}

/// Closes edges. With `forked`, where a caller has several edges, rows that have become alike are made one.
pub(super) async fn close(workshop: &Workshop, edges: &[Edge], forked: bool) -> Result<Closed, QueryError> {
    let schema = jump_schema();
    let first = workshop.keep(Arc::clone(&schema), batches(edges)?).await?;
    workshop.show("jumps", &[&first])?;
    workshop.show("active", &[&first])?;
    let statement = if forked {
        format!(
            "select c, p, coalesce(min(d) filter (where m), min(d)) as d, bool_or(k) as k, l, bool_or(m) as m, moved \
             from ({JUMP}) group by c, p, l, moved"
        )
    } else {
        JUMP.to_owned()
    };
    let mut rooted: Vec<Step> = Vec::new();
    let mut moving = first;
    for _ in 0..ROUNDS_MAX {
        let [still, goes] = workshop.part(&statement, &schema, "moved").await?;
        rooted.push(still);
        moving = goes;
        if moving.is_empty() {
            break;
        }
        // Whoever stands at a root jumps there from now on.
        workshop.show("jumps", &rooted.iter().chain([&moving]).collect::<Vec<_>>())?;
        workshop.show("active", &[&moving])?;
    }
    let mut closed = Closed { rooted: Vec::new(), cyclic: workshop.fetch(moving).await? };
    for step in rooted {
        closed.rooted.append(&mut workshop.fetch(step).await?);
    }
    Ok(closed)
}

/// Edges as batches, a few so that all cores have work.
fn batches(edges: &[Edge]) -> Result<Vec<RecordBatch>, QueryError> {
    let schema = jump_schema();
    let mut found = Vec::new();
    for some in edges.chunks(64 * 1024) {
        let numbers = |get: fn(&Edge) -> i64| Arc::new(Int64Array::from_iter_values(some.iter().map(get)));
        let batch = RecordBatch::try_new(
            Arc::clone(&schema),
            vec![
                numbers(|edge| edge.c),
                numbers(|edge| edge.p),
                numbers(|edge| edge.d),
                Arc::new(some.iter().map(|edge| Some(edge.k)).collect::<BooleanArray>()),
                numbers(|edge| edge.l),
                Arc::new(some.iter().map(|edge| Some(edge.m)).collect::<BooleanArray>()),
            ],
        );
        found.push(batch.map_err(arrow)?);
    }
    Ok(found)
}

pub(super) fn arrow(error: arrow::error::ArrowError) -> QueryError {
    QueryError::engine("cannot compute lineage", error.into())
}
