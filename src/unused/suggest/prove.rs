//! Suggested policies in the place of today's, and what a replay says of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Serialize;

use super::{SuggestedPolicy, Suggestion};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::policy::{Document, PolicyKind};
use crate::replay::answer::{Change, Replay, Then, Verdict};
use crate::snapshot::Snapshot;

/// What a replay over the window says of a suggestion.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The principal's calls that worked and that today's policies decide.
    pub replayed: u64,
    /// Its calls that worked and of which today's policies, as far as they were supplied, tell nothing for certain: nothing is
    /// proved of them.
    pub undecided: u64,
    /// Calls that worked, that today's policies do not deny, and that the suggested ones do.
    pub broken: u64,
    /// Calls that worked, and of which nobody knows under the suggested policies.
    pub may_break: u64,
    /// Which those are.
    pub groups: Vec<Broken>,
}

/// Calls that a suggestion breaks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Broken {
    /// Whether it is certain.
    pub certain: bool,
    /// The action.
    pub action: String,
    /// How many calls.
    pub events: u64,
    /// A resource of theirs.
    pub resource: Option<String>,
    /// An event.
    pub event_id: Option<String>,
}

/// The snapshot in which principals have the suggested policies, and those of no group.
#[must_use]
pub fn propose(snapshot: &Snapshot, suggestions: &[Suggestion]) -> Snapshot {
    let mut proposed = snapshot.clone();
    for suggestion in suggestions {
        let Some(account) = AccountId::parse(&suggestion.account) else { continue };
        let Some(details) = proposed.accounts.get_mut(&account) else { continue };
        let principal = match Arn::parse(&suggestion.arn).and_then(Arn::principal) {
            Some(Named::User { name, .. }) => details.users.get_mut(name),
            Some(Named::Role { name, .. }) => details.roles.get_mut(name),
            _ => None,
        };
        let Some(principal) = principal else { continue };
        let parsed = |policy: &SuggestedPolicy| {
            Arc::new(Document::parse(PolicyKind::Identity, &policy.name, &policy.document.to_string()))
        };
        principal.inline = suggestion.policies.iter().chain(&suggestion.guards).map(parsed).collect();
        principal.attached.clone_from(&suggestion.kept_attached);
        principal.groups.clear();
    }
    proposed
}

/// Puts what a replay says to each suggestion.
pub fn prove(suggestions: &mut [Suggestion], replay: &Replay) {
    let mut replayed: BTreeMap<&str, (u64, u64)> = BTreeMap::new();
    for group in replay.groups.iter().filter(|group| group.then == Then::Allowed) {
        let Some(principal) = &group.principal else { continue };
        let (decided, undecided) = replayed.entry(principal).or_default();
        match group.verdict {
            Verdict::NotARequest => {}
            Verdict::Undetermined => *undecided += group.seen.events,
            Verdict::Same | Verdict::NowDenied | Verdict::NowAllowed => *decided += group.seen.events,
        }
    }
    for suggestion in suggestions {
        let (decided, undecided) = replayed.get(suggestion.arn.as_str()).copied().unwrap_or_default();
        let mut proof = Proof { replayed: decided, undecided, ..Proof::default() };
        let changes = replay.proposal.iter().flat_map(|proposal| &proposal.groups);
        for group in changes.filter(|group| group.principal.as_deref() == Some(&suggestion.arn)) {
            let certain = match group.change {
                Change::Broken => true,
                Change::MayBreak => false,
                Change::Opened | Change::MayOpen => continue,
            };
            if certain {
                proof.broken += group.seen.events;
            } else {
                proof.may_break += group.seen.events;
            }
            let example = group.examples.first();
            proof.groups.push(Broken {
                certain,
                action: group.action.clone(),
                events: group.seen.events,
                resource: example.map(|own| own.resource.clone()),
                event_id: example.and_then(|own| own.event_id.clone()),
            });
        }
        suggestion.proof = Some(proof);
    }
}
