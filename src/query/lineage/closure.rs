//! The closure: from every caller to the roots above it, by pointer doubling.
//!
//! In each round every row that does not end at a root takes the jumps of where it ends. Over a scratch place the rounds
//! are self-joins, which executors do; else the same rounds are made here by hand. A test holds one against the other.

use std::ops::Range;
use std::sync::Arc;

use arrow::array::{BooleanArray, Int64Array, RecordBatch};
use hashbrown::HashMap;
use rayon::prelude::*;

use super::workshop::{Step, Workshop, flags, jump_schema, numbers};
use crate::query::QueryError;

const JUMP: &str = include_str!("../../../queries/lineage/world/jump.sql");

/// Rounds of doubling; a chain of 2^20 links is no chain. What still moves then goes round in a cycle.
const ROUNDS_MAX: usize = 20;

/// From, to, links in between, whether one is only claimed, the last issuance, and whether each is to the first candidate.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Edge {
    pub(super) c: i64,
    pub(super) p: i64,
    pub(super) d: i64,
    pub(super) k: bool,
    pub(super) l: i64,
    pub(super) m: bool,
}

/// What the closure gives: rows that end at a root, and rows that never end.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Closed {
    pub(super) rooted: Vec<Edge>,
    pub(super) cyclic: Vec<Edge>,
}

/// An edge, and where its ends stand among the callers that have edges.
#[derive(Debug, Clone, Copy, Default)]
struct Jump {
    from: u32,
    /// [`ROOT`] where it ends at one.
    to: u32,
    edge: Edge,
}

/// The place of whoever has no edge.
const ROOT: u32 = u32::MAX;

impl Jump {
    /// This one, and then another.
    fn and(&self, next: &Jump) -> Jump {
        let (one, other) = (&self.edge, &next.edge);
        let edge = Edge {
            c: one.c,
            p: other.p,
            d: one.d + other.d,
            k: one.k || other.k,
            l: other.l,
            m: one.m && other.m,
        };
        Jump { from: self.from, to: next.to, edge }
    }
}

/// Closes edges. With `forked`, where a caller has several edges, rows that have become alike are made one.
pub(super) fn by_hand(edges: &[Edge], forked: bool) -> Closed {
    let mut places: HashMap<i64, u32> = HashMap::with_capacity(edges.len());
    for edge in edges {
        let next = u32::try_from(places.len()).unwrap_or(ROOT);
        places.entry(edge.c).or_insert(next);
    }
    let place = |caller: i64| places.get(&caller).copied().unwrap_or(ROOT);
    let first = edges.par_iter().map(|edge| Jump { from: place(edge.c), to: place(edge.p), edge: *edge });
    let callers = places.len();
    let mut moving: Vec<Jump> = Jumps::of(&first.collect::<Vec<_>>(), &[], callers).all();
    drop(places);
    let mut rooted: Vec<Jump> = Vec::with_capacity(moving.len());
    for _ in 0..ROUNDS_MAX {
        let known = Jumps::of(&rooted, &moving, callers);
        let step = |some: &[Jump]| {
            let (mut still, mut moved) = (Vec::new(), Vec::with_capacity(some.len()));
            for jump in some {
                if jump.to == ROOT {
                    still.push(*jump);
                } else {
                    moved.extend(known.from(jump.to).iter().map(|next| jump.and(next)));
                }
            }
            if forked { (merged(still), merged(moved)) } else { (still, moved) }
        };
        let stepped: Vec<(Vec<Jump>, Vec<Jump>)> = shares(&moving).into_par_iter().map(step).collect();
        moving = Vec::with_capacity(moving.len());
        for (mut still, mut moved) in stepped {
            rooted.append(&mut still);
            moving.append(&mut moved);
        }
        if moving.is_empty() {
            break;
        }
    }
    let edges = |jumps: Vec<Jump>| jumps.into_iter().map(|jump| jump.edge).collect();
    Closed { rooted: edges(rooted), cyclic: edges(moving) }
}

/// Jumps, which are in the order of their beginnings, shared among the cores: those of one place stay together.
fn shares(jumps: &[Jump]) -> Vec<&[Jump]> {
    let each = jumps.len().div_ceil(rayon::current_num_threads()).max(1);
    let (mut found, mut rest) = (Vec::new(), jumps);
    while let Some(last) = rest.get(each - 1) {
        let end = each + rest.iter().skip(each).take_while(|jump| jump.from == last.from).count();
        let (share, others) = rest.split_at(end);
        found.push(share);
        rest = others;
    }
    found.push(rest);
    found
}

/// Jumps in the order of the places that they begin at: each part has so many places.
struct Jumps {
    parts: Vec<Part>,
    width: usize,
}

/// The jumps that begin at some places which follow each other.
struct Part {
    jumps: Vec<Jump>,
    /// By place: where its jumps end among these.
    ends: Vec<usize>,
}

impl Jumps {
    /// Each core sorts those of a part.
    fn of(some: &[Jump], others: &[Jump], callers: usize) -> Jumps {
        let width = callers.div_ceil(rayon::current_num_threads()).max(1);
        let starts: Vec<usize> = (0..callers).step_by(width).collect();
        let part = |start: usize| Part::of(some, others, start..(start + width).min(callers));
        Jumps { parts: starts.into_par_iter().map(part).collect(), width }
    }

    /// The jumps that begin at a place.
    fn from(&self, place: u32) -> &[Jump] {
        let place = place as usize;
        let part = self.parts.get(place / self.width);
        part.map(|part| part.from(place % self.width)).unwrap_or_default()
    }

    /// All of them in their order.
    fn all(self) -> Vec<Jump> {
        self.parts.into_iter().flat_map(|part| part.jumps).collect()
    }
}

impl Part {
    fn of(some: &[Jump], others: &[Jump], places: Range<usize>) -> Part {
        let all = || some.iter().chain(others).filter(|jump| places.contains(&(jump.from as usize)));
        let mut ends = vec![0_usize; places.len()];
        for jump in all() {
            if let Some(count) = ends.get_mut(jump.from as usize - places.start) {
                *count += 1;
            }
        }
        let mut sum = 0;
        for end in &mut ends {
            let count = std::mem::replace(end, sum);
            sum += count;
        }
        // Each now says where the next one of its place goes, and in the end where they end.
        let mut jumps = vec![Jump::default(); sum];
        for jump in all() {
            let Some(end) = ends.get_mut(jump.from as usize - places.start) else { continue };
            if let Some(empty) = jumps.get_mut(*end) {
                *empty = *jump;
            }
            *end += 1;
        }
        Part { jumps, ends }
    }

    /// The jumps that begin at a place of it.
    fn from(&self, place: usize) -> &[Jump] {
        let end = |place: usize| self.ends.get(place).copied().unwrap_or(0);
        self.jumps.get(place.checked_sub(1).map_or(0, end)..end(place)).unwrap_or_default()
    }
}

/// Jumps in the order of their beginnings, of which those to one end by one issuance are made one. How many links there
/// are is told by the first candidates, where they lead there.
fn merged(mut jumps: Vec<Jump>) -> Vec<Jump> {
    let mut found: Vec<Jump> = Vec::with_capacity(jumps.len());
    for alike in jumps.chunk_by_mut(|a, b| a.from == b.from) {
        alike.sort_unstable_by_key(|jump| (jump.edge.p, jump.edge.l));
        for same in alike.chunk_by(|a, b| (a.edge.p, a.edge.l) == (b.edge.p, b.edge.l)) {
            let Some(one) = same.iter().min_by_key(|jump| (!jump.edge.m, jump.edge.d)) else { continue };
            let k = same.iter().any(|jump| jump.edge.k);
            found.push(Jump { edge: Edge { k, ..one.edge }, ..*one });
        }
    }
    found
}

/// The same by self-joins in the workshop.
pub(super) async fn by_joins(
    workshop: &Workshop,
    edges: &[Edge],
    forked: bool,
) -> Result<Closed, QueryError> {
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
    let mut closed = Closed { rooted: Vec::new(), cyclic: edges_of(&workshop.fetch(moving).await?)? };
    for step in rooted {
        closed.rooted.append(&mut edges_of(&workshop.fetch(step).await?)?);
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

/// The edges that such batches hold.
fn edges_of(batches: &[RecordBatch]) -> Result<Vec<Edge>, QueryError> {
    let mut found = Vec::with_capacity(batches.iter().map(RecordBatch::num_rows).sum());
    for batch in batches {
        let numbers =
            [numbers(batch, "c")?, numbers(batch, "p")?, numbers(batch, "d")?, numbers(batch, "l")?];
        let (claims, firsts) = (flags(batch, "k")?, flags(batch, "m")?);
        found.extend((0..batch.num_rows()).map(|row| {
            let [c, p, d, l] = numbers.map(|column| column.value(row));
            Edge { c, p, d, k: claims.value(row), l, m: firsts.value(row) }
        }));
    }
    Ok(found)
}

pub(super) fn arrow(error: arrow::error::ArrowError) -> QueryError {
    QueryError::engine("cannot compute lineage", error.into())
}

#[cfg(test)]
mod tests {
    use datafusion::prelude::SessionContext;
    use proptest::prelude::*;

    use super::*;

    fn sorted(closed: Closed) -> Closed {
        let Closed { mut rooted, mut cyclic } = closed;
        rooted.sort_unstable();
        cyclic.sort_unstable();
        Closed { rooted, cyclic }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]

        /// Chains, forks and cycles among a few callers; those above 20 have no edge.
        #[test]
        fn rounds_by_hand_are_those_of_joins(
            edges in prop::collection::vec((0..20_i64, 0..26_i64, any::<bool>(), 0..4_i64, any::<bool>()), 0..24),
            forked in any::<bool>(),
        ) {
            let mut edges: Vec<Edge> =
                edges.into_iter().map(|(c, p, k, l, m)| Edge { c, p, d: 1, k, l, m }).collect();
            let mut seen = std::collections::BTreeSet::new();
            // A caller that forks has one edge to each end; where none forks, each has one.
            edges.retain(|edge| seen.insert((edge.c, if forked { edge.p } else { 0 })));
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let joined = runtime.block_on(async {
                let workshop = Workshop::like(&SessionContext::new()).await.unwrap();
                by_joins(&workshop, &edges, forked).await.unwrap()
            });
            prop_assert_eq!(sorted(by_hand(&edges, forked)), sorted(joined));
        }
    }
}
