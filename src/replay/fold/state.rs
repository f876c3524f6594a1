//! What replayers came to, put together: of this process, or of another one.

use std::collections::{BTreeMap, BTreeSet};

use borsh::{BorshDeserialize, BorshSerialize};

use super::{DISTINCT_MAX, Folded, Hits, Part, Replayer, StatementName};
use crate::policy::Truth;
use crate::replay::propagate::{Changes, Suspicions};

/// What a replayer came to, without what only its own process knows.
#[derive(Debug, BorshSerialize, BorshDeserialize)]
pub struct State {
    parts: Vec<Part>,
    requests: Vec<u128>,
    accounts: BTreeSet<String>,
    events: u64,
    copies: u64,
}

impl Replayer {
    /// What this one came to, for [`Replayer::take_in`] of another process of this program with the same plan.
    #[must_use]
    pub fn state(mut self) -> State {
        let mut parts = vec![self.part()];
        parts.append(&mut self.merged);
        // In order, so that the same events give the same bytes.
        let mut requests: Vec<u128> = self.requests.into_iter().collect();
        requests.sort_unstable();
        State { parts, requests, accounts: self.accounts, events: self.events, copies: self.copies }
    }

    /// Puts what another one took to what this one took.
    pub fn merge(&mut self, other: Replayer) {
        self.take_in(other.state());
    }

    /// The same of a replayer that is elsewhere.
    pub fn take_in(&mut self, mut state: State) {
        self.events += state.events;
        self.copies += state.copies;
        self.accounts.append(&mut state.accounts);
        for request in state.requests {
            if self.requests.len() >= DISTINCT_MAX {
                break;
            }
            self.requests.insert(request);
        }
        self.merged.append(&mut state.parts);
    }

    /// Ends the counting.
    #[must_use]
    pub fn fold(mut self, changes: &Changes) -> Folded {
        let mut parts = vec![self.part()];
        parts.append(&mut self.merged);
        let requests = self.requests.len() as u64;
        let Self { plan, accounts, events, copies, .. } = self;
        let mut folded = Folded {
            plan,
            parts,
            suspects: Suspicions::new(),
            changes_left: changes.left,
            requests,
            accounts,
            events,
            copies,
        };
        folded.keep_suspects(changes);
        folded
    }

    /// What this one came to, with statements by their names.
    pub(super) fn part(&mut self) -> Part {
        let mut statements: BTreeMap<StatementName, Hits> = BTreeMap::new();
        let evaluator = self.today.evaluator();
        let name = |id, layer| {
            let written = evaluator.statement(id)?;
            Some(StatementName {
                layer,
                policy: written.policy.to_owned(),
                index: written.index?,
                sid: written.sid.map(str::to_owned),
                effect: written.effect,
            })
        };
        for (id, layer) in self.today.in_play() {
            if let Some(name) = name(id, layer) {
                statements.entry(name).or_default();
            }
        }
        for tally in &self.tallies {
            let Some(today) = &tally.ruling.today else { continue };
            for hit in &today.hits {
                let Some(name) = name(hit.id, hit.layer) else { continue };
                let hits = statements.entry(name).or_default();
                match hit.truth {
                    Truth::Yes => {
                        hits.matched += tally.events;
                        hits.last = hits.last.max(Some(tally.last));
                    }
                    Truth::Unknown => hits.may += tally.events,
                    Truth::No => {}
                }
                if hit.decided {
                    hits.decided += tally.events;
                }
            }
        }
        let evaluations =
            self.today.evaluations + self.proposed.as_ref().map_or(0, |judge| judge.evaluations);
        let refusals = std::mem::take(&mut self.refusals);
        Part {
            refusals,
            tallies: std::mem::take(&mut self.tallies),
            statements,
            evaluations,
            refusals_left: self.refusals_left,
            is_full: self.limits.resources.is_reached(),
        }
    }
}
