//! What became of things that an earlier run found: of everything that is looked at and is no finding, why it is none.

use std::collections::BTreeMap;

use serde::Serialize;

use super::finding::{Detail, Finding, Kind};
use super::risk::Risk;
use super::sight::Unseen;

/// What became of a thing that is no finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is settled.
    Resolved(How),
    /// This run does not tell: it may be as it was.
    OutOfSight(Hidden),
}

/// How a finding was settled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// The thing is not in the snapshot any more: the principal, key, policy, version, statement or grant was removed.
    Removed,
    /// It was used in the window.
    Used,
    /// It has an effect now: a group has members, a policy is attached, a version is the default.
    InEffect,
    /// What was used without a grant is granted.
    Granted,
    /// The logs show now that it is unused, which is a finding of its own.
    Observable,
}

/// Why nothing is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case", untagged)]
pub enum Hidden {
    /// For a reason of the run.
    Run(Gap),
    /// The logs do not show its use.
    Unseen(Unseen),
}

/// What a run leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Gap {
    /// The snapshot does not have the account.
    AccountNotLoaded,
    /// The run was told to look at others only, or at too few of those whom it concerns.
    NotLookedAt,
    /// The snapshot's details of the account are not all that there are.
    SnapshotIncomplete,
    /// The snapshot lacks a policy that may grant it.
    PolicyNotLoaded,
    /// The credential report, or the list of access keys, does not tell of it.
    NoReport,
    /// It was not used in this window: when it was is told by the earlier run alone.
    OutsideWindow,
    /// Something wider is said to be unused: the statement, the role, the user.
    WithinAnother,
    /// Something may have been a use of it.
    Perhaps,
    /// The earlier run knows kinds of findings that this program does not.
    UnknownKind,
}

impl How {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Used => "used",
            Self::InEffect => "in-effect",
            Self::Granted => "granted",
            Self::Observable => "observable",
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Removed => "removed",
            Self::Used => "used in the window",
            Self::InEffect => "has an effect now",
            Self::Granted => "granted now",
            Self::Observable => "seen now, and unused",
        }
    }
}

impl Hidden {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Unseen(unseen) => unseen.word(),
            Self::Run(Gap::AccountNotLoaded) => "account-not-loaded",
            Self::Run(Gap::NotLookedAt) => "not-looked-at",
            Self::Run(Gap::SnapshotIncomplete) => "snapshot-incomplete",
            Self::Run(Gap::PolicyNotLoaded) => "policy-not-loaded",
            Self::Run(Gap::NoReport) => "no-report",
            Self::Run(Gap::OutsideWindow) => "outside-window",
            Self::Run(Gap::WithinAnother) => "within-another",
            Self::Run(Gap::Perhaps) => "perhaps",
            Self::Run(Gap::UnknownKind) => "unknown-kind",
        }
    }

    /// For people.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Unseen(unseen) => unseen.words(),
            Self::Run(Gap::AccountNotLoaded) => "the snapshot does not have the account",
            Self::Run(Gap::NotLookedAt) => "not looked at",
            Self::Run(Gap::SnapshotIncomplete) => "the snapshot is incomplete",
            Self::Run(Gap::PolicyNotLoaded) => "the snapshot lacks a policy",
            Self::Run(Gap::NoReport) => "no credential report tells of it",
            Self::Run(Gap::OutsideWindow) => "not used in this window",
            Self::Run(Gap::WithinAnother) => "something wider is unused",
            Self::Run(Gap::Perhaps) => "perhaps used",
            Self::Run(Gap::UnknownKind) => "a kind that is not known",
        }
    }
}

impl Fate {
    /// A fate that this run does not tell.
    pub(crate) fn gap(gap: Gap) -> Self {
        Self::OutOfSight(Hidden::Run(gap))
    }

    /// One that the logs do not show.
    pub(crate) fn unseen(unseen: Unseen) -> Self {
        Self::OutOfSight(Hidden::Unseen(unseen))
    }
}

/// Findings beside those of actions, and what is said of everything else that was looked at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found {
    pub(crate) findings: Vec<Finding>,
    pub(crate) fates: Fates,
}

/// What is said of things that are no findings.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Fates {
    /// By the id of the finding that it would be.
    by_id: BTreeMap<String, Fate>,
    /// Of all parts of a policy, by whose it is and its name.
    by_policy: BTreeMap<(String, String), Fate>,
}

impl Found {
    pub(crate) fn push(&mut self, finding: Finding) {
        self.findings.push(finding);
    }

    /// Says of a thing why it is no finding. The reason that settles it counts, whichever is said first.
    pub(crate) fn settle(
        &mut self,
        kind: Kind,
        (account, subject): (&str, &str),
        detail: Detail,
        fate: Fate,
    ) {
        let id = Finding::new(kind, account, subject, detail, Risk::Other).id;
        let known = self.fates.by_id.entry(id).or_insert(fate);
        if matches!(fate, Fate::Resolved(_)) {
            *known = fate;
        }
    }

    /// The same of all statements of a policy and their parts.
    pub(crate) fn settle_policy(&mut self, subject: &str, policy: &str, fate: Fate) {
        self.fates.by_policy.insert((subject.to_owned(), policy.to_owned()), fate);
    }
}

impl Fates {
    pub(crate) fn of(&self, id: &str) -> Option<Fate> {
        self.by_id.get(id).copied()
    }

    pub(crate) fn of_policy(&self, subject: &str, policy: &str) -> Option<Fate> {
        self.by_policy.get(&(subject.to_owned(), policy.to_owned())).copied()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_those_of_the_json() {
        for how in [How::Removed, How::Used, How::InEffect, How::Granted, How::Observable] {
            assert_eq!(serde_json::to_value(how).unwrap(), how.word());
        }
        for gap in [
            Gap::AccountNotLoaded,
            Gap::NotLookedAt,
            Gap::SnapshotIncomplete,
            Gap::PolicyNotLoaded,
            Gap::NoReport,
            Gap::OutsideWindow,
            Gap::WithinAnother,
            Gap::Perhaps,
            Gap::UnknownKind,
        ] {
            assert_eq!(serde_json::to_value(Hidden::Run(gap)).unwrap(), Hidden::Run(gap).word());
        }
        assert_eq!(serde_json::to_value(Hidden::Unseen(Unseen::NoLog)).unwrap(), "no-log");
    }
}
