//! Marks counted by service and by principal. Most principals that may do the same did little of it: what they did nothing with is
//! counted once for all of them.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::Serialize;

use super::answer::{ActionUse, Mark, PrincipalUse};
use super::count::Uses;
use super::index::{ActionNumber, INDEX};
use super::risk::Risk;

/// So many of a service's riskiest unused actions are told.
const RISKIEST_MAX: usize = 3;

/// How many actions have which mark.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Marks {
    /// Granted.
    pub granted: u64,
    /// Used.
    pub used: u64,
    /// Unused.
    pub unused: u64,
    /// Not observable.
    pub not_observable: u64,
    /// Used without a grant.
    pub used_not_granted: u64,
    /// Of the granted: under conditions only.
    pub conditional: u64,
    /// Of the unused: privileged.
    pub unused_privileged: u64,
}

impl Marks {
    fn add(&mut self, action: &ActionUse) {
        match action.mark {
            Some(Mark::Used) => self.used += 1,
            Some(Mark::Unused) => {
                self.unused += 1;
                self.unused_privileged += u64::from(action.risk.is_privileged());
            }
            Some(Mark::NotObservable) => self.not_observable += 1,
            Some(Mark::UsedNotGranted) => self.used_not_granted += 1,
            None => {}
        }
        if matches!(action.mark, Some(Mark::Used | Mark::Unused | Mark::NotObservable)) {
            self.granted += 1;
            self.conditional += u64::from(action.conditional);
        }
    }

    fn take(&mut self, other: Self) {
        self.granted += other.granted;
        self.used += other.used;
        self.unused += other.unused;
        self.not_observable += other.not_observable;
        self.used_not_granted += other.used_not_granted;
        self.conditional += other.conditional;
        self.unused_privileged += other.unused_privileged;
    }
}

/// Marks of one service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceUse {
    /// Its prefix.
    pub service: &'static str,
    /// Its actions by mark.
    pub marks: Marks,
    /// The unused actions that can do most harm, the worst first.
    pub riskiest: Vec<(Risk, &'static str)>,
}

impl ServiceUse {
    /// A service of which anything is granted or was asked for, if these are the uses.
    fn of(
        own: &PrincipalUse,
        (service, numbers): &(&'static str, Range<ActionNumber>),
        uses: &BTreeMap<ActionNumber, Uses>,
    ) -> Option<Self> {
        let mut found: Option<Self> = None;
        for number in numbers.clone() {
            let risk = INDEX.get(number).map_or(Risk::Other, |known| known.risk);
            let Some(action) = own.with_uses(number, risk, uses.get(&number).copied()) else { continue };
            let empty = || Self { service, marks: Marks::default(), riskiest: Vec::new() };
            let all = found.get_or_insert_with(empty);
            all.marks.add(&action);
            if action.mark == Some(Mark::Unused) {
                let one = (risk, action.name());
                let at = all.riskiest.partition_point(|other| *other <= one);
                if at < RISKIEST_MAX {
                    all.riskiest.insert(at, one);
                    all.riskiest.truncate(RISKIEST_MAX);
                }
            }
        }
        found
    }
}

impl PrincipalUse {
    /// The services in order of their names.
    fn by_name(&self) -> &[ServiceUse] {
        self.services.get_or_init(|| {
            let idle = self.idle_services.get_or_init(|| {
                let none = BTreeMap::new();
                INDEX.services().iter().filter_map(|service| ServiceUse::of(self, service, &none)).collect()
            });
            let asked: BTreeSet<&str> =
                self.uses.keys().filter_map(|number| Some(INDEX.get(*number)?.action.service)).collect();
            if asked.is_empty() {
                return idle.clone();
            }
            let mut all: BTreeMap<&str, ServiceUse> =
                idle.iter().map(|service| (service.service, service.clone())).collect();
            for service in INDEX.services().iter().filter(|(service, _)| asked.contains(service)) {
                all.extend(ServiceUse::of(self, service, &self.uses).map(|own| (own.service, own)));
            }
            all.into_values().collect()
        })
    }

    /// How many actions have which mark.
    #[must_use]
    pub fn marks(&self) -> Marks {
        let mut marks = Marks::default();
        self.by_name().iter().for_each(|service| marks.take(service.marks));
        marks
    }

    /// The same by service, those first whose unused actions can do most harm.
    #[must_use]
    pub fn services(&self) -> Vec<ServiceUse> {
        let mut services = self.by_name().to_vec();
        services.sort_by_key(|own| {
            let risk = own.riskiest.first().map_or(Risk::Other, |(risk, _)| *risk);
            (risk, std::cmp::Reverse(own.marks.unused), own.service)
        });
        services
    }
}

/// Lets principals share what they may do by service, which may do the same and of which the same could be seen.
pub(crate) fn share(principals: &mut [PrincipalUse]) {
    let mut known = HashMap::new();
    for own in principals {
        let calls = own.unmapped.iter().flat_map(|call| &call.services).cloned();
        let open = (!own.unmapped.is_empty()).then(|| calls.collect::<BTreeSet<String>>());
        let (granted, sight, reach) =
            (Arc::as_ptr(&own.granted), Arc::as_ptr(&own.sight), Arc::as_ptr(&own.reach));
        let alike = (granted, sight, reach, own.works_in.clone(), own.is_idle, open);
        own.idle_services = Arc::clone(known.entry(alike).or_insert_with(|| Arc::new(OnceLock::new())));
    }
}
