//! What is counted of events: how often, when first, when last.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::aws::Time;
use crate::replay::answer::Then;

/// How often and when.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Span {
    /// Events.
    pub events: u64,
    /// The first.
    pub first: Option<Time>,
    /// The last.
    pub last: Option<Time>,
}

impl Span {
    pub(crate) fn add(&mut self, time: Time) {
        self.take(Self { events: 1, first: Some(time), last: Some(time) });
    }

    /// Takes in what another has counted.
    pub(crate) fn take(&mut self, other: Self) {
        self.events += other.events;
        self.first = [self.first, other.first].into_iter().flatten().min();
        self.last = self.last.max(other.last);
    }
}

/// What was done with one action.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Uses {
    /// Calls that certainly asked for it and worked.
    pub used: Span,
    /// How many of those no record shows as such: they were derived from other calls (`iam:PassRole`).
    pub derived: u64,
    /// Calls that AWS refused for want of permission.
    pub denied: Span,
    /// Calls that failed for another reason. Whether they were permitted no record tells for certain.
    pub failed: Span,
    /// Calls that worked and perhaps asked for it; the record does not tell.
    pub perhaps: Span,
}

/// What a record tells of one action of its call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Asked {
    pub(crate) is_certain: bool,
    pub(crate) is_derived: bool,
}

impl Uses {
    pub(crate) fn add(&mut self, asked: Asked, then: Then, span: Span) {
        match then {
            Then::Allowed if asked.is_certain => {
                self.used.take(span);
                self.derived += if asked.is_derived { span.events } else { 0 };
            }
            Then::Allowed => self.perhaps.take(span),
            // Which of several requests AWS refused is told only of certain ones.
            Then::Denied if asked.is_certain => self.denied.take(span),
            Then::Failed if asked.is_certain => self.failed.take(span),
            Then::Denied | Then::Failed => {}
        }
    }

    pub(crate) fn take(&mut self, other: Self) {
        self.used.take(other.used);
        self.derived += other.derived;
        self.denied.take(other.denied);
        self.failed.take(other.failed);
        self.perhaps.take(other.perhaps);
    }
}
