//! What is counted of equal rulings: how often, when, where, on what, with the first examples.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use hashbrown::DefaultHashBuilder;

use crate::aws::Time;
use crate::replay::call::Ruling;

/// Examples that a group keeps.
pub(in crate::replay) const EXAMPLES_MAX: usize = 3;

/// What is counted of a ruling.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub(in crate::replay) struct Tally {
    pub(in crate::replay) ruling: Arc<Ruling>,
    pub(in crate::replay) events: u64,
    pub(in crate::replay) first: Time,
    pub(in crate::replay) last: Time,
    pub(in crate::replay) regions: BTreeSet<String>,
    /// By what decided.
    pub(in crate::replay) today: Sampled,
    /// By what decides under the proposal; empty where that changes nothing.
    pub(in crate::replay) proposed: Sampled,
    /// Refusals that may be IAM's propagation, see [`crate::replay::propagate`].
    pub(in crate::replay) propagation: u64,
}

/// The resources of events, and some events.
#[derive(Debug, Clone, Default, BorshSerialize, BorshDeserialize)]
pub(in crate::replay) struct Sampled {
    /// The hashes of the resources.
    pub(in crate::replay) resources: HashSet<u64, DefaultHashBuilder>,
    /// The first by time and id, of different resources.
    pub(in crate::replay) examples: BTreeSet<Sample>,
}

/// An event that may stand as an example.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub(in crate::replay) struct Sample {
    pub(in crate::replay) time: Time,
    pub(in crate::replay) event_id: Option<String>,
    pub(in crate::replay) region: Option<String>,
    pub(in crate::replay) resource: String,
    /// The hash of the resource.
    pub(in crate::replay) number: u64,
}

impl Tally {
    pub(super) fn new(ruling: Arc<Ruling>, time: Time) -> Self {
        Self {
            ruling,
            events: 0,
            first: time,
            last: time,
            regions: BTreeSet::new(),
            today: Sampled::default(),
            proposed: Sampled::default(),
            propagation: 0,
        }
    }

    pub(in crate::replay) fn absorb(&mut self, other: &Tally) {
        self.events += other.events;
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
        self.regions.extend(other.regions.iter().cloned());
        self.propagation += other.propagation;
        self.today.absorb(&other.today);
        self.proposed.absorb(&other.proposed);
    }
}

impl Sampled {
    /// Whether an event of this time and id, on a resource of this hash, would be an example. One that is as early as the
    /// last of them would perhaps.
    pub(super) fn wants(&self, time: Time, event_id: Option<&str>, resource: u64) -> bool {
        let is_before = |known: &Sample| (time, event_id) <= (known.time, known.event_id.as_deref());
        match self.examples.iter().find(|known| known.number == resource) {
            Some(known) => is_before(known),
            None => self.examples.len() < EXAMPLES_MAX || self.examples.last().is_some_and(is_before),
        }
    }

    /// One of each resource, the first; then the first few.
    pub(super) fn take(&mut self, sample: Sample) {
        let of_resource = self.examples.iter().find(|known| known.number == sample.number);
        if let Some(known) = of_resource {
            if *known <= sample {
                return;
            }
            let known = known.clone();
            self.examples.remove(&known);
        }
        self.examples.insert(sample);
        while self.examples.len() > EXAMPLES_MAX {
            self.examples.pop_last();
        }
    }

    fn absorb(&mut self, other: &Self) {
        self.resources.extend(other.resources.iter().copied());
        for sample in &other.examples {
            self.take(sample.clone());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::DateTime;

    fn sample(second: i64, id: &str, number: u64) -> Sample {
        let time = Time(DateTime::from_timestamp(second, 0).unwrap());
        Sample { time, event_id: Some(id.to_owned()), region: None, resource: number.to_string(), number }
    }

    #[test]
    fn the_earliest_of_each_resource_stay_in_any_order() {
        let all = [
            sample(1, "a", 1),
            sample(1, "b", 1),
            sample(2, "a", 2),
            sample(2, "a", 3),
            sample(3, "c", 4),
            sample(0, "d", 4),
            sample(9, "e", 5),
            sample(2, "a", 6),
        ];
        let expected = [sample(0, "d", 4), sample(1, "a", 1), sample(2, "a", 2)];
        for first in 0..all.len() {
            let mut sampled = Sampled::default();
            for one in all.iter().cycle().skip(first).take(all.len()) {
                if sampled.wants(one.time, one.event_id.as_deref(), one.number) {
                    sampled.take(one.clone());
                }
            }
            assert!(sampled.examples.iter().eq(&expected), "{first} {:?}", sampled.examples);
        }
    }

    #[test]
    fn a_later_event_on_a_resource_that_has_its_example_is_not_wanted() {
        let mut sampled = Sampled::default();
        sampled.take(sample(5, "a", 1));
        assert!(!sampled.wants(sample(6, "", 1).time, Some("a"), 1));
        assert!(sampled.wants(sample(6, "", 2).time, Some("a"), 2));
        assert!(sampled.wants(sample(4, "", 1).time, Some("z"), 1));
    }
}
