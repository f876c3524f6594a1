//! How much is remembered: of several replayers that share the events of a lake, by all of them together. The numbers are for
//! each core.

use std::hash::{BuildHasher, Hash};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use hashbrown::HashMap;

/// So many calls are remembered, each with its shape, and so many callers; then all are forgotten and judged again when they
/// come back.
const REMEMBERED_MAX: usize = 1_000_000;

/// Distinct requests and resources are told apart up to this number; more are not counted.
pub const DISTINCT_MAX: usize = 4_000_000;

/// So many likenesses of calls are remembered; then all are forgotten.
const ALIKE_MAX: usize = 200_000;

/// So many refusals are looked at for IAM's propagation.
const REFUSALS_MAX: usize = 200_000;

/// The names of so many resources are remembered, and so many texts of parameters; then all are forgotten.
const TEXTS_MAX: usize = 100_000;

/// Judged requests are remembered up to this number; then all are forgotten.
const KNOWN_MAX: usize = 400_000;

/// Compiled policy sets are remembered up to this number; then all are forgotten. What a snapshot lacks makes sets differ
/// (the policy of one queue, that of another), so there may be as many as there are resources.
const SETS_MAX: usize = 10_000;

/// The same of sets and actions.
const PLAYS_MAX: usize = 50_000;

/// So many kinds of calls on objects are told apart; then all are forgotten.
const SHAPES_MAX: usize = 400_000;

/// Of so many kinds it is known how their statements fit; then all are forgotten.
const KINDS_MAX: usize = 20_000;

/// How many things may be remembered in the maps that share it; clones share it.
#[derive(Debug, Clone)]
pub(in crate::replay) struct Limit {
    used: Arc<AtomicUsize>,
    max: usize,
    /// A map that holds less is not the one that forgets.
    least: usize,
}

/// All limits of replayers that share the events of a lake; clones share them.
#[derive(Debug, Clone)]
pub struct Limits {
    pub(in crate::replay) calls: Limit,
    pub(in crate::replay) sessions: Limit,
    pub(in crate::replay) requests: Limit,
    pub(in crate::replay) resources: Limit,
    pub(in crate::replay) alike: Limit,
    pub(in crate::replay) refusals: Limit,
    pub(in crate::replay) names: Limit,
    pub(in crate::replay) texts: Limit,
    pub(in crate::replay) shapes: Limit,
    pub(in crate::replay) kinds: Limit,
    pub(in crate::replay) known: Limit,
    pub(in crate::replay) needs: Limit,
    pub(in crate::replay) losses: Limit,
    pub(in crate::replay) callers: Limit,
    pub(in crate::replay) patterns: Limit,
    pub(in crate::replay) sets: Limit,
    pub(in crate::replay) plays: Limit,
}

impl Limits {
    /// Of so many replayers, of which so many work beside each other.
    #[must_use]
    pub fn of(replayers: usize, cores: usize) -> Self {
        let limit = |max: usize| Limit::new(max.saturating_mul(cores.max(1)), replayers.max(1));
        Self {
            calls: limit(REMEMBERED_MAX),
            sessions: limit(REMEMBERED_MAX),
            requests: limit(DISTINCT_MAX),
            resources: limit(DISTINCT_MAX),
            alike: limit(ALIKE_MAX),
            refusals: limit(REFUSALS_MAX),
            names: limit(TEXTS_MAX),
            texts: limit(TEXTS_MAX),
            shapes: limit(SHAPES_MAX),
            kinds: limit(KINDS_MAX),
            known: limit(KNOWN_MAX),
            needs: limit(KNOWN_MAX),
            losses: limit(KNOWN_MAX),
            callers: limit(SETS_MAX),
            patterns: limit(SETS_MAX),
            sets: limit(SETS_MAX),
            plays: limit(PLAYS_MAX),
        }
    }
}

#[cfg(test)]
impl Limits {
    /// So few of everything are remembered that something is forgotten all the time; distinct things are counted as ever.
    pub(in crate::replay) fn narrow() -> Self {
        let (mut all, few) = (Self::of(2, 1), || Limit::new(3, 2));
        for limit in [
            &mut all.calls,
            &mut all.sessions,
            &mut all.alike,
            &mut all.names,
            &mut all.texts,
            &mut all.shapes,
            &mut all.kinds,
            &mut all.known,
            &mut all.needs,
            &mut all.losses,
            &mut all.callers,
            &mut all.patterns,
            &mut all.sets,
            &mut all.plays,
        ] {
            *limit = few();
        }
        all
    }
}

impl Limit {
    /// Half of it may be held in any case: of so many sharers each has a part of that half.
    fn new(max: usize, sharers: usize) -> Self {
        Self { used: Arc::default(), max, least: if sharers > 1 { max / (2 * sharers) } else { 0 } }
    }

    /// Inserts into a map, which forgets what it holds first where the limit is reached.
    pub(in crate::replay) fn insert<K: Eq + Hash, V, S: BuildHasher>(
        &self,
        map: &mut HashMap<K, V, S>,
        key: K,
        value: V,
    ) {
        self.make_room(map);
        self.add(usize::from(map.insert(key, value).is_none()));
    }

    /// Forgets what a map holds where the limit is reached; true if so.
    pub(in crate::replay) fn make_room<K, V, S>(&self, map: &mut HashMap<K, V, S>) -> bool {
        let is_full = self.is_reached() && map.len() >= self.least;
        if is_full {
            self.used.fetch_sub(map.len(), Ordering::Relaxed);
            map.clear();
        }
        is_full
    }

    /// Counts so many more.
    pub(in crate::replay) fn add(&self, more: usize) {
        if more > 0 {
            self.used.fetch_add(more, Ordering::Relaxed);
        }
    }

    /// Whether no more may be counted.
    pub(in crate::replay) fn is_reached(&self) -> bool {
        self.used.load(Ordering::Relaxed) >= self.max
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_that_share_a_limit_hold_half_more_than_it_at_the_most() {
        let limit = Limit::new(64, 4);
        let mut maps: Vec<HashMap<u32, ()>> = (0..4).map(|_| HashMap::new()).collect();
        for number in 0..1000_u32 {
            for map in &mut maps {
                limit.insert(map, number % 97, ());
            }
            let held: usize = maps.iter().map(HashMap::len).sum();
            assert_eq!(held, limit.used.load(Ordering::Relaxed));
            assert!(held <= 64 + 64 / 2, "{held}");
        }
        assert!(maps.iter().any(|map| map.len() > 1));
    }

    #[test]
    fn a_map_by_itself_holds_no_more_than_its_limit() {
        let limit = Limit::new(3, 1);
        let mut map = HashMap::new();
        for number in 0..100 {
            limit.insert(&mut map, number, ());
            assert!((1..=3).contains(&map.len()) && map.contains_key(&number));
        }
    }
}
