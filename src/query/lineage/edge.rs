//! The edges of delegation: from a caller to whoever called the issuances that may have made it.

use std::collections::BTreeSet;

use arrow::array::Array;
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::closure::Edge;
use super::foreign::Known;
use super::link::{Linked, Links, text};
use super::portal::CLAIM;
use super::workshop::numbers;
use crate::lineage::{Caller, Class, is_named_by_identity_center};
use crate::query::QueryError;

/// By the number of an end: the caller and the issuance that it stands for.
pub(super) type Ends = HashMap<i64, (i64, i64)>;

/// The edges of all callers.
pub(super) struct Edges {
    pub(super) list: Vec<Edge>,
    /// A candidate whose caller is no credential is an end of its own: its number stands for the pair of caller and
    /// issuance.
    pub(super) ends: Ends,
    /// By the number that stands for a session or user of which only a record of switching roles tells: that record.
    pub(super) switchers: HashMap<i64, i64>,
    /// Whether a caller has several edges.
    pub(super) forked: bool,
}

impl Edges {
    /// The edges between callers and issuances.
    pub(super) fn of(links: &Links) -> Result<Edges, QueryError> {
        let mut edges = Edges {
            list: Vec::with_capacity(links.linked.len()),
            ends: HashMap::new(),
            switchers: HashMap::new(),
            forked: false,
        };
        let makers = makers(links)?;
        for batch in &links.nodes.batches {
            for c in numbers(batch, "caller")?.values() {
                if let Some(linked) = links.linked.get(c) {
                    edges.add(*c, linked, linked.rank == CLAIM, (links, &makers));
                } else if let Some(known) = links.foreign.get(c) {
                    edges.add_foreign(*c, known);
                }
            }
        }
        let mut switches: Vec<(i64, i64)> = edges.switchers.iter().map(|(c, i)| (*c, *i)).collect();
        switches.sort_unstable();
        for (c, i) in switches {
            let Some(linked) = links.switchers.get(&i) else { continue };
            let switcher = links.steps.issuance(i)?.and_then(|switched| switched.switcher());
            if switcher.as_ref().is_some_and(Caller::is_user_or_root) {
                // One end for all sign-ins: they are the user's.
                let p = end_of(c, linked.i);
                edges.ends.insert(p, (c, linked.i));
                edges.list.push(Edge { c, p, d: 1, k: false, l: linked.i, m: true });
                continue;
            }
            let claimed = !switcher.as_ref().is_some_and(is_named_by_identity_center);
            edges.add(c, linked, claimed, (links, &makers));
        }
        Ok(edges)
    }

    fn add(&mut self, c: i64, linked: &Linked, claimed: bool, (links, makers): (&Links, &[Maker])) {
        let mut to = BTreeSet::new();
        let one = std::slice::from_ref(&linked.i);
        let candidates = if linked.all.is_empty() { one } else { linked.all.as_slice() };
        for i in candidates {
            let called = links.copies.get(i).copied().unwrap_or(*i);
            let switched = usize::try_from(*i).ok().and_then(|i| makers.get(i)).is_some_and(|one| one.1);
            let maker = usize::try_from(called).ok().and_then(|i| makers.get(i)).and_then(|one| one.0);
            let switcher = Some(switcher_of(*i)).filter(|_| switched && links.switchers.contains_key(i));
            let (p, is_end) = match maker.filter(|_| !switched).or(switcher) {
                Some(maker) => (maker, false),
                None => (end_of(c, *i), true),
            };
            // Most have one candidate, and need no set.
            if candidates.len() > 1 && !to.insert(p) {
                continue;
            }
            if is_end {
                self.ends.insert(p, (c, *i));
            } else if switcher.is_some() {
                self.switchers.insert(p, *i);
            }
            self.list.push(Edge { c, p, d: 1, k: claimed, l: *i, m: *i == linked.i });
        }
        self.forked |= to.len() > 1;
    }

    /// From a principal of another account to the callers whom its own account's records of its requests name; where it
    /// has none of some, also to itself.
    fn add_foreign(&mut self, c: i64, known: &Known) {
        let own_end = known.is_open.then(|| end_of(c, NONE));
        self.ends.extend(own_end.map(|p| (p, (c, NONE))));
        for (at, p) in known.callers.iter().copied().chain(own_end).enumerate() {
            self.list.push(Edge { c, p, d: 1, k: false, l: NONE, m: at == 0 });
            self.forked |= at > 0;
        }
    }
}

/// The number of no issuance.
const NONE: i64 = -1;

/// The credential that called for an issuance, where one did; and whether it names somebody else who switched.
type Maker = (Option<i64>, bool);

/// By issuance.
fn makers(links: &Links) -> Result<Vec<Maker>, QueryError> {
    let mut found = Vec::new();
    for batch in &links.steps.batches {
        let callers = numbers(batch, "caller")?;
        let (classes, switches) = (batch.column_by_name("caller_class"), batch.column_by_name("switch_from"));
        for row in 0..batch.num_rows() {
            // Plain delegations are calls of credentials.
            let class = classes
                .map_or(Class::Credential, |column| text(column, row).map_or(Class::Nobody, Class::of_word));
            let maker = (class == Class::Credential && callers.is_valid(row)).then(|| callers.value(row));
            found.push((maker, switches.is_some_and(|column| column.is_valid(row))));
        }
    }
    Ok(found)
}

/// A number for the end of a chain.
fn end_of(c: i64, i: i64) -> i64 {
    hash(&[c, i])
}

/// A number for the session of which only a record of switching roles tells.
fn switcher_of(i: i64) -> i64 {
    hash(&[i])
}

fn hash(numbers: &[i64]) -> i64 {
    let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
    i64::from_le_bytes(xxh3_64(&bytes).to_le_bytes())
}
