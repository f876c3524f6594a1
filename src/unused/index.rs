//! Every action of the catalog by a number, with what is asked of it again and again: sets of actions are sets of bits.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::LazyLock;

use super::risk::{Risk, risk};
use crate::catalog::{Action, Visibility, catalog, visibility};

/// The number of an action: its place in the order of service and name.
pub(crate) type ActionNumber = usize;

/// All actions.
pub(crate) static INDEX: LazyLock<Index> = LazyLock::new(Index::new);

/// What is known of every action.
pub(crate) struct Index {
    all: Vec<Known>,
    numbers: HashMap<(&'static str, &'static str), ActionNumber>,
    privileged: Vec<ActionNumber>,
    services: Vec<(&'static str, Range<ActionNumber>)>,
}

/// What is known of one action.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Known {
    pub(crate) action: &'static Action,
    pub(crate) visibility: Visibility,
    pub(crate) risk: Risk,
}

impl Index {
    fn new() -> Self {
        let known =
            |action| Known { action, visibility: visibility(action), risk: risk(action, visibility(action)) };
        let all: Vec<Known> = catalog().actions().map(known).collect();
        let number = |(at, known): (usize, &Known)| ((known.action.service, known.action.name), at);
        let numbers = all.iter().enumerate().map(number).collect();
        let privileged = all.iter().enumerate().filter(|(_, own)| own.risk.is_privileged());
        let privileged = privileged.map(|(number, _)| number).collect();
        let mut services: Vec<(&'static str, Range<ActionNumber>)> = Vec::new();
        for (number, known) in all.iter().enumerate() {
            match services.last_mut().filter(|(service, _)| *service == known.action.service) {
                Some((_, own)) => own.end = number + 1,
                None => services.push((known.action.service, number..number + 1)),
            }
        }
        Self { all, numbers, privileged, services }
    }

    /// The privileged ones, in order.
    pub(crate) fn privileged(&self) -> &[ActionNumber] {
        &self.privileged
    }

    /// The actions of each service, which stand together.
    pub(crate) fn services(&self) -> &[(&'static str, Range<ActionNumber>)] {
        &self.services
    }

    pub(crate) fn number(&self, action: &'static Action) -> Option<ActionNumber> {
        self.numbers.get(&(action.service, action.name)).copied()
    }

    /// The number of an action by its full name, in any case.
    pub(crate) fn number_of(&self, full_name: &str) -> Option<ActionNumber> {
        catalog().action(full_name).and_then(|action| self.number(action))
    }

    pub(crate) fn get(&self, number: ActionNumber) -> Option<&Known> {
        self.all.get(number)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (ActionNumber, &Known)> {
        self.all.iter().enumerate()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.all.len()
    }
}

/// A set of actions.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Actions(Vec<u64>);

impl Actions {
    pub(crate) fn insert(&mut self, number: ActionNumber) {
        let place = number / 64;
        if place >= self.0.len() {
            self.0.resize(place + 1, 0);
        }
        if let Some(bits) = self.0.get_mut(place) {
            *bits |= 1 << (number % 64);
        }
    }

    pub(crate) fn has(&self, number: ActionNumber) -> bool {
        self.0.get(number / 64).is_some_and(|bits| bits & (1 << (number % 64)) != 0)
    }

    /// Its members, in order.
    pub(crate) fn iter(&self) -> impl Iterator<Item = ActionNumber> {
        self.0.iter().enumerate().flat_map(|(place, bits)| {
            let mut rest = *bits;
            std::iter::from_fn(move || {
                let bit = usize::try_from(rest.trailing_zeros()).ok().filter(|_| rest != 0)?;
                rest &= rest - 1;
                Some(place * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_action_has_a_number_and_sets_give_back_what_was_put_in() {
        assert!(INDEX.len() > 20_000);
        let mut set = Actions::default();
        for number in [0, 63, 64, 1_000, INDEX.len() - 1] {
            set.insert(number);
        }
        assert_eq!(set.iter().collect::<Vec<_>>(), [0, 63, 64, 1_000, INDEX.len() - 1]);
        assert!(set.has(64) && !set.has(65) && !set.has(1 << 30));
        let services = INDEX.services();
        assert!(services.is_sorted_by(|(left, own), (right, next)| left < right && own.end == next.start));
        assert_eq!(services.last().unwrap().1.end, INDEX.len());
        let number = INDEX.number_of("S3:getobject").unwrap();
        assert_eq!(INDEX.get(number).unwrap().action.full_name(), "s3:GetObject");
    }
}
