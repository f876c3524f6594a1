//! Suggested policies in the place of today's, and what a replay says of them.

use std::sync::Arc;

use serde::Serialize;

use super::{SuggestedPolicy, Suggestion};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::policy::{Document, PolicyKind};
use crate::replay::answer::{Change, Replay, Said};
use crate::snapshot::Snapshot;

/// What a replay over the window says of a suggestion. Each of the calls that were replayed is counted once: broken, undecided,
/// kept, or denied today.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Proof {
    /// The principal's calls that worked.
    pub replayed: u64,
    /// Those that today's policies do not deny, and that the suggested ones do.
    pub broken: u64,
    /// Those that today's policies do not deny, and of which the suggested ones, with all else as it was supplied, tell nothing
    /// for certain: nothing is proved of them.
    pub undecided: u64,
    /// Those of the undecided that today's policies allow, or may allow by what is gone from the suggested ones.
    pub may_break: u64,
    /// Those that today's policies do not deny, and that the suggested ones allow.
    pub kept: u64,
    /// Those that today's policies deny already.
    pub denied_today: u64,
    /// Which the broken are, and those that may break.
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
    for suggestion in suggestions {
        let is_own = |principal: &Option<String>| principal.as_deref() == Some(&suggestion.arn);
        let mut proof = Proof::default();
        let worked = replay.proposal.iter().flat_map(|proposal| &proposal.worked);
        for own in worked.filter(|own| is_own(&own.principal)) {
            proof.replayed += own.events;
            let place = match (own.today, own.proposed) {
                (Said::Denied, _) => &mut proof.denied_today,
                (Said::Allowed | Said::Undetermined, Said::Denied) => &mut proof.broken,
                (Said::Allowed | Said::Undetermined, Said::Undetermined) => &mut proof.undecided,
                (Said::Allowed | Said::Undetermined, Said::Allowed) => &mut proof.kept,
            };
            *place += own.events;
        }
        let changes = replay.proposal.iter().flat_map(|proposal| &proposal.groups);
        for group in changes.filter(|group| is_own(&group.principal)) {
            let certain = match group.change {
                Change::Broken => true,
                Change::MayBreak => false,
                Change::Opened | Change::MayOpen => continue,
            };
            proof.may_break += if certain { 0 } else { group.seen.events };
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
