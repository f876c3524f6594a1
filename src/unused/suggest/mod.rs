//! Suggested policies: what would have been enough for what a principal did, and no wider than what it has.
//!
//! A request that worked is kept with the statement that allows it today: its conditions stay, and its resources bound what
//! may be written in the place of those that were seen. So a suggestion never allows what today's policies do not. Denies
//! that bear on what is kept stay as they are, in a policy of their own.

mod level;
mod pack;
mod prove;
mod resource;
mod size;
mod statement;
mod whole;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::Serialize;

use super::answer::{Mark, PrincipalUse};
use super::granted::granted_instead;
use super::need::{Need, Needed as Resource, Needs};
use super::plan::Plan;
use super::risk::Risk;
use super::sight::Unseen;
use super::subject::Apart;
use super::track::Tracked;
use crate::policy::{Document, Effect, PolicyKind, Statement};
use size::Why;

pub use prove::{Broken, Proof, propose, prove};
pub use resource::Generality;
pub(super) use resource::{covers, escaped};
pub use size::{ATTACHED_MAX, CHARACTERS_MAX, Exceeded, INLINE_MAX, Limit, SuggestedPolicy, characters};
pub use whole::KeptWhole;

/// How suggestions are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// How far resources that were seen stand for others like them.
    pub generality: Generality,
    /// Whether every action of an access level is kept where one of it was used, as far as it is granted today.
    pub levels: bool,
}

/// The policies that would have been enough for one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// `role/NAME` or `user/NAME`.
    pub principal: String,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account: String,
    /// The permission set whose inline policy the policy is for, with today's denies in it: nobody can edit a role that Identity
    /// Center made. None of any other principal.
    pub permission_set: Option<String>,
    /// The policies, in the place of all identity policies that the principal has now.
    pub policies: Vec<SuggestedPolicy>,
    /// Denies of today that stay.
    pub guards: Vec<SuggestedPolicy>,
    /// Whether IAM takes them as they are, once quotas that can be raised are.
    pub valid: bool,
    /// The limits of IAM that they do not keep.
    pub limits: Vec<Exceeded>,
    /// Services of which everything that is granted today stays, as calls of which no action is known may need it.
    pub kept_whole: Vec<KeptWhole>,
    /// How many actions they allow.
    pub actions: u64,
    /// How many statements they have.
    pub statements: u64,
    /// The granted actions that they leave out, by risk, the worst first.
    pub removed: Vec<Removed>,
    /// What was used and today's policies do not allow any more: it is not granted anew. With the number of requests.
    pub not_granted: Vec<(String, u64)>,
    /// Roles that were passed, and of which nobody knows which they are: what stays for them is no proven need.
    pub unknown_roles: Vec<UnknownRole>,
    /// Granted actions that calls perhaps asked for, or that only failed: they are left out, as nothing shows that they were needed.
    pub perhaps: Vec<String>,
    /// Granted actions that are left out though the logs could not have shown their use: nothing proves that they were not used.
    pub unseen: Vec<String>,
    /// Of the actions that are left out as unused those whose use some regions of the log would not have shown, by region.
    pub unseen_in: BTreeMap<String, Vec<String>>,
    /// Managed policies that stay attached: what they grant is not in the snapshot. By ARN.
    pub kept_attached: Vec<String>,
    /// What a replay over the window says; None before it.
    pub proof: Option<Proof>,
}

/// A role that calls passed, of which only a part is known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownRole {
    /// Its ARN, with `*` for what is not known.
    pub role: String,
    /// How many requests passed it.
    pub requests: u64,
    /// Why it is not known.
    pub why: WhyUnknown,
}

/// Why a role that was passed is not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyUnknown {
    /// The call names an instance profile, and the snapshot does not have it: its role may be any.
    InstanceProfile,
    /// The call gives the role's name, and the snapshot does not have it: its path may be any.
    Path,
}

/// Actions of one risk that are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The risk.
    pub risk: Risk,
    /// The actions, in order.
    pub actions: Vec<String>,
}

/// The requests that suggestions are made of.
#[derive(Debug, Clone, Default)]
pub struct Needed(Needs);

impl Needed {
    pub(crate) fn new(needs: Needs) -> Self {
        Self(needs)
    }
}

/// The policies that would have been enough for a principal by its place.
#[must_use]
pub fn suggest(
    plan: &Plan,
    own: &PrincipalUse,
    needed: &Needed,
    place: usize,
    options: Options,
) -> Suggestion {
    let tracked = plan.tracked.get(place).map(|tracked| &**tracked);
    let whole = whole::kept(tracked, own);
    let mut not_granted: BTreeMap<String, u64> = BTreeMap::new();
    let mut unknown_roles: BTreeMap<String, u64> = BTreeMap::new();
    let mut gathered = statement::Gathered::default();
    for (need, count) in needed.0.of(place) {
        if let Some(role) = unknown_role(&need) {
            // One request may be kept under several statements.
            let known = unknown_roles.entry(role.to_owned()).or_default();
            *known = count.max(*known);
        }
        // What the boundary or an SCP takes away today is not given anew.
        let by = tracked
            .and_then(|tracked| statement_of(tracked, &need))
            .filter(|_| own.granted.has(&need.action));
        match by {
            None => *not_granted.entry(need.action).or_default() += count,
            Some(_) if whole.actions.contains(&need.action) => {}
            Some(by) => gathered.add(&need, by),
        }
    }
    let denies = tracked.map(guards).unwrap_or_default();
    let mut allowed = gathered.statements(options.generality);
    if options.levels {
        let others = whole.statements.iter().chain(&denies).cloned();
        allowed = of_levels(plan, own, place, allowed, others.collect());
    }
    let mut kept: BTreeSet<String> = allowed.iter().flat_map(|own| own.actions.iter().cloned()).collect();
    kept.extend(whole.actions);
    let used = allowed.iter().map(|own| (own.why, write::allow(own)));
    let name = own_name(&own.principal);
    let stays = whole.statements.into_iter().map(|statement| (Why::Kept, statement));
    let kept_attached = unknown(plan, place);
    let kept_denies = denies.into_iter().map(|statement| (Why::Denied, statement));
    // A permission set has one inline policy.
    let (policies, guards, limits) = if own.apart == Some(Apart::IdentityCenter) {
        let policies = size::inline(&name, "used", used.chain(stays).chain(kept_denies));
        let limits = size::exceeded_inline(&policies);
        (policies, Vec::new(), limits)
    } else {
        let policies = size::policies(&name, "used", used.chain(stays));
        let guards = size::policies(&name, "denied", kept_denies);
        let all: Vec<&SuggestedPolicy> = policies.iter().chain(&guards).collect();
        let limits = size::exceeded(own.kind, &all, kept_attached.len());
        (policies, guards, limits)
    };
    Suggestion {
        principal: own.principal.clone(),
        arn: own.arn.clone(),
        account: own.account.clone(),
        permission_set: own.permission_set().map(str::to_owned),
        valid: !limits.iter().any(Exceeded::is_final),
        limits,
        kept_whole: whole.services,
        actions: kept.len() as u64,
        statements: policies.iter().map(|policy| policy.statements).sum(),
        removed: removed(own, &kept),
        not_granted: not_granted.into_iter().collect(),
        unknown_roles: unknown_roles
            .into_iter()
            .map(|(role, requests)| UnknownRole::of(role, requests))
            .collect(),
        perhaps: perhaps(own, &kept),
        unseen: unseen(own, &kept),
        unseen_in: unseen_in(own, &kept),
        kept_attached,
        policies,
        guards,
        proof: None,
    }
}

/// What is used, with all that is granted of the same access levels. What the policies deny all the same, or do not allow on
/// anything, is left out: it would be said to be kept, and would not be.
fn of_levels<'a>(
    plan: &Plan,
    own: &PrincipalUse,
    place: usize,
    used: Vec<statement::Allowed<'a>>,
    others: Vec<serde_json::Value>,
) -> Vec<statement::Allowed<'a>> {
    let needed: BTreeSet<String> = used.iter().flat_map(|own| own.actions.iter().cloned()).collect();
    let mut allowed = level::widened(used, &own.granted);
    let Some(subject) = plan.subjects.get(place) else { return allowed };
    let policies = allowed.iter().map(write::allow).chain(others).map(|statement| {
        let text = size::document(&[statement]).to_string();
        Arc::new(Document::parse(PolicyKind::Identity, "suggested", &text))
    });
    let granted = granted_instead(&plan.snapshot, subject, policies.collect());
    for one in &mut allowed {
        one.actions.retain(|action| needed.contains(action) || granted.has(action));
    }
    allowed.retain(|one| !one.actions.is_empty());
    allowed
}

/// What is known of the role that a request passed, where that is not all.
fn unknown_role(need: &Need) -> Option<&str> {
    match &need.resource {
        Resource::Pattern(role) if need.is_of_unknown_role() => Some(role),
        _ => None,
    }
}

impl UnknownRole {
    fn of(role: String, requests: u64) -> Self {
        let why = if role.ends_with(":role/*") { WhyUnknown::InstanceProfile } else { WhyUnknown::Path };
        Self { role, requests, why }
    }
}

/// The managed policies of a principal that the snapshot does not hold.
fn unknown(plan: &Plan, place: usize) -> Vec<String> {
    let own = plan.subjects.principal(place, &plan.snapshot);
    let is_unknown =
        |arn: &&String| plan.snapshot.managed.get(*arn).is_none_or(|managed| managed.document.is_none());
    own.into_iter().flat_map(|own| &own.attached).filter(is_unknown).cloned().collect()
}

/// What the policies for a principal are called by. Names of managed policies are unique in an account, where a user may be
/// called like a role: `role-NAME`, `user-NAME`.
#[must_use]
pub fn own_name(principal: &str) -> String {
    let name = principal.rsplit('/').next().unwrap_or(principal);
    let kind = if principal.starts_with("user/") { "user" } else { "role" };
    format!("{kind}-{name}")
}

fn statement_of<'a>(tracked: &'a Tracked, need: &Need) -> Option<(&'a Document, &'a Statement)> {
    tracked.statement(*tracked.parts.get(need.by?)?)
}

/// Today's denies, all of them: without one, what a resource's own policy allows would open.
fn guards(tracked: &Tracked) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for document in &tracked.policies {
        for statement in document.statements.iter().filter(|own| own.effect == Effect::Deny) {
            let written = write::statement(document.version, statement);
            if !found.contains(&written) {
                found.push(written);
            }
        }
    }
    found
}

fn removed(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<Removed> {
    let mut by_risk: BTreeMap<Risk, Vec<String>> = BTreeMap::new();
    for action in own.actions().filter(|action| action.mark == Some(Mark::Unused)) {
        let name = action.action();
        if !kept.contains(&name) {
            by_risk.entry(action.risk).or_default().push(name);
        }
    }
    by_risk.into_iter().map(|(risk, actions)| Removed { risk, actions }).collect()
}

fn perhaps(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<String> {
    let open = own.actions().filter(|action| matches!(action.unseen, Some(Unseen::Perhaps | Unseen::Failed)));
    open.map(|action| action.action()).filter(|name| !kept.contains(name)).collect()
}

fn unseen(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<String> {
    let is_open = |unseen| !matches!(unseen, Some(Unseen::Perhaps | Unseen::Failed));
    let all =
        own.actions().filter(|action| action.mark == Some(Mark::NotObservable) && is_open(action.unseen));
    all.map(|action| action.action()).filter(|name| !kept.contains(name)).collect()
}

fn unseen_in(own: &PrincipalUse, kept: &BTreeSet<String>) -> BTreeMap<String, Vec<String>> {
    let mut found: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for action in own.actions().filter(|action| action.mark == Some(Mark::Unused)) {
        let regions = own.unseen_regions(&action);
        if regions.is_empty() || kept.contains(&action.action()) {
            continue;
        }
        for region in regions {
            found.entry(region).or_default().push(action.action());
        }
    }
    found
}
