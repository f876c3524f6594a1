//! Issuances that fit a session and that other records rule out, for all callers at once.

use arrow::array::Array;
use hashbrown::{HashMap, HashSet};

use super::key::Pair;
use super::link::{Links, class_at};
use super::workshop::numbers;
use crate::aws::Arn;
use crate::lineage::Class;

impl Links {
    /// Leaves out issuances of another second than that in which a session was created, whose keys signed calls of sessions that
    /// were created in theirs, see [`crate::lineage::is_own_session`].
    pub(super) fn leave_neighbours(&self, pairs: &mut Vec<Pair>) {
        let is_near = |rank: i64| is_by_sts(rank) && rank >= 20;
        let near: HashSet<i64> = pairs.iter().filter(|pair| is_near(pair.2)).map(|pair| pair.1).collect();
        if near.is_empty() {
            return;
        }
        let is_timed = |caller: i64| {
            let created = self.node(caller).and_then(|(batch, row)| {
                numbers(batch, "created_s").ok().map(|created| created.is_valid(row))
            });
            created == Some(true)
        };
        let mut own: HashSet<i64> = HashSet::new();
        for (caller, linked) in self.linked.iter().filter(|(_, linked)| linked.rank == 0) {
            let mut found = linked.all.iter().chain([&linked.i]).filter(|i| near.contains(*i)).peekable();
            if found.peek().is_some() && is_timed(*caller) {
                own.extend(found);
            }
        }
        pairs.retain(|(_, i, rank)| !(is_near(*rank) && own.contains(i)));
    }

    /// Leaves out the records that tell no more of who asked than an id of another account, where one of switching roles in the
    /// same second names who it was, see [`crate::lineage::find`].
    pub(super) fn prefer_switches(&self, pairs: &mut Vec<Pair>) {
        let mut best: HashMap<i64, i64> = HashMap::new();
        for (c, _, rank) in pairs.iter() {
            best.entry(*c).and_modify(|best| *best = (*best).min(*rank)).or_insert(*rank);
        }
        // By caller: the one account of all principals that its best records by STS name, and nothing more of them.
        let mut asked: HashMap<i64, Option<&str>> = HashMap::new();
        for (c, i, _) in pairs.iter().filter(|(c, _, rank)| is_by_sts(*rank) && best.get(c) == Some(rank)) {
            let is_bare =
                self.steps.at(*i).is_some_and(|(batch, row)| class_at(batch, row) == Class::Account)
                    && !self.copies.contains_key(i);
            let account = self.cell(*i, "caller_account").filter(|_| is_bare);
            let known = asked.entry(*c).or_insert(account);
            *known = known.filter(|known| Some(*known) == account);
        }
        let names = |(c, i, rank): &Pair| {
            let account = asked.get(c).copied().flatten()?;
            let from = self.cell(*i, "switch_from").and_then(Arn::parse)?;
            (best.get(c) == Some(&(rank - 1)) && from.account == account).then_some(*c)
        };
        let named: HashSet<i64> = pairs.iter().filter_map(names).collect();
        if !named.is_empty() {
            let is_beside = |(c, _, rank): &Pair| best.get(c).is_some_and(|best| *rank <= best + 1);
            pairs.retain(|pair| !named.contains(&pair.0) || !is_beside(pair) || names(pair).is_some());
        }
    }
}

/// Whether a rank is of an issuance by STS that made the session, see [`crate::lineage::Rank::number`].
fn is_by_sts(rank: i64) -> bool {
    (10..40).contains(&rank) && rank % 10 == 0
}
