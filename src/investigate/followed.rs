//! The tree below the subject: what it led to, and who of them did what.

use std::collections::BTreeSet;

use serde::Serialize;

use super::activity::Counts;
use super::bounded::Bounded;
use super::evidence::{Span, Time};
use super::limit::Limits;
use super::outcome::Outcome;
use crate::lineage::{Node, NodeKind, Proof};
use crate::query::EventRow;

/// What someone did: how much, and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Deeds {
    /// How many calls, by kind and end.
    #[serde(flatten)]
    pub counts: Counts,
    /// The first of them.
    pub first: Option<Time>,
    /// The last of them.
    pub last: Option<Time>,
}

impl Deeds {
    fn add(&mut self, at: Time, writes: bool, outcome: Outcome) {
        self.counts.add(writes, outcome);
        self.first = Some(self.first.map_or(at, |first| first.min(at)));
        self.last = self.last.max(Some(at));
    }
}

/// A line of the tree below the subject: sessions of one role, a key, a user, a way in, a workload.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Followed {
    /// What it is.
    pub kind: NodeKind,
    /// Its id: of a role session the session's ARN, of a key its id, of a user or workload its name.
    pub id: String,
    /// Who acted as it; of several the first.
    pub node: Option<Node>,
    /// The record that made it; of several the first.
    pub made: Option<Proof>,
    /// How many credentials it is: sessions of one role that were made anew are one line. 0 for users and workloads, which
    /// act with credentials of their own.
    pub credentials: u64,
    /// The instance, function, task or build whose session it is.
    pub workload: Option<String>,
    /// The keys it signed with.
    pub access_keys: BTreeSet<String>,
    /// What it did. What a user did with a key or password that is a line of its own is counted there.
    #[serde(flatten)]
    pub deeds: Deeds,
}

/// The tree below the subject, whose calls are counted among the subject's.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Follow {
    /// What the subject itself did.
    pub subject: Deeds,
    /// What it led to, in order of time.
    pub below: Vec<Followed>,
    /// Limits that were reached when the tree was traced, in words.
    pub limits: Vec<String>,
}

impl Follow {
    /// How many credentials are below the subject.
    #[must_use]
    pub fn credentials(&self) -> u64 {
        self.below.iter().map(|one| one.credentials).sum()
    }
}

/// Counts what each line of the tree did.
#[derive(Debug, Clone)]
pub(super) struct FollowFold {
    follow: Follow,
    keys: Bounded<String, Span>,
    accounts: Bounded<String, u64>,
    limits: Limits,
}

impl FollowFold {
    pub(super) fn new(follow: Follow, limits: Limits) -> FollowFold {
        FollowFold {
            follow,
            keys: Bounded::new(limits.credentials_max),
            accounts: Bounded::new(limits.identities_max),
            limits,
        }
    }

    /// Takes in a call of the subject itself.
    pub(super) fn push_subject(&mut self, row: &EventRow<'_>, writes: bool, outcome: Outcome) {
        self.follow.subject.add(Time(row.event_time), writes, outcome);
    }

    /// Takes in a call of a line of the tree.
    pub(super) fn push(&mut self, line: usize, row: &EventRow<'_>, writes: bool, outcome: Outcome) {
        let at = Time(row.event_time);
        if let Some(count) = row.account.and_then(|account| self.accounts.slot(account)) {
            *count += 1;
        }
        let key = row.access_key_id.filter(|key| !key.is_empty());
        let keys_max = self.limits.details_max;
        if let Some(span) = key.and_then(|key| self.keys.slot(key)) {
            span.add(at);
        }
        let Some(line) = self.follow.below.get_mut(line) else { return };
        line.deeds.add(at, writes, outcome);
        if let Some(key) = key.filter(|key| !line.access_keys.contains(*key)) {
            super::evidence::keep_smallest(&mut line.access_keys, key.to_owned(), keys_max);
        }
    }

    /// The accounts that the tree acted in.
    pub(super) fn account_ids(&self) -> impl Iterator<Item = &str> {
        self.accounts.iter().map(|(account, _)| account.as_str())
    }

    /// The use of a key of the tree.
    pub(super) fn key(&self, id: &str) -> Option<Span> {
        self.keys.get(id).copied()
    }

    /// Names of the lists that reached their limit.
    pub(super) fn reached(&self) -> Vec<(&'static str, usize)> {
        let mut reached = Vec::new();
        if !self.follow.limits.is_empty() {
            reached.push(("follow.below", self.follow.below.len()));
        }
        if self.keys.reached() {
            reached.push(("issued_keys.own", self.limits.credentials_max));
        }
        reached
    }

    pub(super) fn finish(self) -> Follow {
        self.follow
    }
}
