//! What would decide a request: the smallest set of unknown things, found by trying.
//!
//! Only what makes a statement unknown counts: a statement that a known condition rules out stays ruled out. All of
//! these things together decide always, since nothing is left unknown then. Smaller sets are tried in order of size:
//! each key with one context of every kind that the policies can tell apart (see `pool`), missing policies with each
//! effect, refused statements matching and not. A set for which that cannot be listed is not certain to decide, and then
//! the answer is not certain to be the smallest.

mod pool;

use super::compile::{CompiledCondition, CompiledSet, KeyId, LayerKind, Rule};
use super::decision::{Layer, Need, Needs, Outcome};
use super::document::Effect;
use super::evaluate::{Assumed, Effects, Place, Supposed, binds, is_of_unknown_account};
use super::matching::{Fit, Unsaid, unknown_keys};
use super::prepare::{PreparedRequest, PreparedResource, Slot};
use super::request::Caller;
use super::set::May;
use super::truth::Truth;
use crate::aws::AccountId;

/// No more evaluations than this are made to find the smallest set.
pub const DECIDING_TRIALS_MAX: usize = 50_000;
/// Sets are not searched if more things than this are unknown.
pub const DECIDING_NEEDS_MAX: usize = 16;

/// Something unknown, with the ways it may turn out.
#[derive(Debug)]
struct Candidate {
    need: Need,
    ways: Vec<Way>,
    /// Whether these are all the ways that make a difference.
    complete: bool,
}

/// One way in which something may turn out.
#[derive(Debug, Clone)]
enum Way {
    Key(KeyId, Slot),
    ResourceAccount(AccountId),
    RcpSupport(bool),
    Missing(usize, Effects),
    /// A missing boundary: what it does, and whether there is one at all.
    Boundary(usize, Effects, Truth),
    Gateway(bool),
    AccountFirst(bool),
    BeyondCredentials(bool),
    OddArns(bool),
    Refused(Place, Supposed),
}

/// What is known of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Decides,
    /// No way was found in which it does not, but not all ways were tried.
    MayDecide,
    Refuted,
}

impl CompiledSet {
    /// What would decide a request that is undetermined; empty for one that is not. Slow: it evaluates many times.
    #[must_use]
    pub fn deciding(&self, request: &PreparedRequest) -> Needs {
        if self.evaluate(request).outcome != Outcome::Undetermined {
            return Needs { members: Vec::new(), smallest: true };
        }
        let candidates = self.candidates(request);
        let all = || candidates.iter().map(|candidate| candidate.need.clone()).collect::<Vec<_>>();
        if candidates.len() <= 1 {
            return Needs { members: all(), smallest: true };
        }
        if candidates.len() > DECIDING_NEEDS_MAX {
            return Needs { members: all(), smallest: false };
        }
        let mut search = Search { set: self, candidates: &candidates, trials: 0 };
        let mut smallest = true;
        for size in 1..candidates.len() {
            let mut chosen: Vec<usize> = (0..size).collect();
            loop {
                match search.verdict(request, &chosen) {
                    Some(Verdict::Decides) => {
                        let members = chosen.iter().filter_map(|at| candidates.get(*at));
                        let members = members.map(|candidate| candidate.need.clone()).collect();
                        return Needs { members, smallest };
                    }
                    Some(Verdict::MayDecide) => smallest = false,
                    Some(Verdict::Refuted) => {}
                    None => return Needs { members: all(), smallest: false },
                }
                if !advance(&mut chosen, candidates.len()) {
                    break;
                }
            }
        }
        Needs { members: all(), smallest }
    }

    /// What [`CompiledSet::deciding`] tells requests of one action apart by, beside their accounts and which keys are
    /// unknown: how every layer binds, and of every statement that may match how its resources, each of its conditions and
    /// its principals fit.
    #[must_use]
    pub fn bearing(&self, request: &PreparedRequest) -> Vec<u8> {
        let kind = match &request.resource {
            PreparedResource::Named(..) => 0,
            PreparedResource::Any => 1,
            PreparedResource::Partial(_) => 2,
            PreparedResource::Unknown => 3,
        };
        let mut told = Vec::with_capacity(512);
        told.push(kind);
        let rules = &request.rules;
        told.extend(
            [
                rules.no_permission_needed,
                rules.root_assumes_role,
                rules.service_linked,
                rules.root_and_bucket_policy,
                rules.has_gateways,
            ]
            .map(u8::from),
        );
        told.extend(
            [rules.resource_policy_required, rules.beyond_rcp, rules.beyond_credentials]
                .map(|truth| truth as u8),
        );
        for (at, layer) in self.layers.iter().enumerate() {
            told.push(binds(layer.kind, request) as u8);
            for (policy_at, policy) in layer.policies.iter().enumerate() {
                for (rule_at, rule) in policy.candidates(&request.service) {
                    let truth = rule.matches(request);
                    if truth == Truth::No {
                        continue;
                    }
                    for place in [at, policy_at, rule_at, rule.conditions.len()] {
                        told.extend_from_slice(&place.to_le_bytes());
                    }
                    let resources = rule.resources.as_ref().map(|resources| resources.matches(request));
                    told.extend([truth as u8, resources.map_or(3, |truth| truth as u8)]);
                    told.extend(rule.conditions.iter().map(|condition| condition.holds(request) as u8));
                    // Whether there is a boundary, and of which kind an endpoint is, are ways of their own.
                    for account_first in [None, Some(false), Some(true)] {
                        let fit = rule.fit(request, Unsaid { has_boundary: Truth::No, account_first });
                        told.extend([fit.direct as u8, fit.role as u8, fit.account as u8]);
                    }
                }
            }
        }
        told
    }

    /// All that is unknown and makes a difference, in order.
    fn candidates(&self, request: &PreparedRequest) -> Vec<Candidate> {
        let mut keys = Vec::new();
        let mut conditions = Vec::new();
        let mut variables = Vec::new();
        let mut candidates = Vec::new();
        let (mut needs_resource, mut needs_caller) = (false, is_of_unknown_account(request));
        let mut needs_account = request.resource_account.is_none()
            && (request.caller_account.is_some() || request.management_account.is_some());
        let (mut needs_support, mut needs_gateway) = (false, false);
        let (mut account_first, mut odd_arns) = (None, None);
        needs_resource |= request.rules.resource_policy_required == Truth::Unknown;
        for (at, layer) in self.layers.iter().enumerate() {
            match binds(layer.kind, request) {
                Truth::No => continue,
                Truth::Unknown => {
                    needs_support |= request.rcp_supported.is_none();
                    needs_account |= request.resource_account.is_none();
                    needs_resource |= request.rules.beyond_rcp == Truth::Unknown;
                }
                Truth::Yes => {}
            }
            let kind = layer.kind;
            let words = layer.name().to_string();
            if let Some(what) = &layer.missing {
                let need = Need::Missing { layer: words.clone(), what: what.to_string() };
                let may_be = |own: &Effects| match layer.may {
                    May::Either => true,
                    May::Allow => own.deny == Truth::No,
                    May::Deny => own.allow == Fit::NONE,
                };
                let all = effects(layer.kind, &request.caller).into_iter().filter(may_be);
                let ways = if layer.kind == LayerKind::Boundary && self.has_boundary == Truth::Unknown {
                    let none = Way::Boundary(at, Effects { deny: Truth::No, allow: Fit::DIRECT }, Truth::No);
                    all.map(|effects| Way::Boundary(at, effects, Truth::Yes)).chain([none]).collect()
                } else {
                    all.map(|effects| Way::Missing(at, effects)).collect()
                };
                candidates.push(Candidate { need, ways, complete: true });
            }
            for (policy_at, policy) in layer.policies.iter().enumerate() {
                // Those that may match; and of RCPs all whose effect could not be read, since a level that holds no
                // allow passes.
                let mut refused: Vec<usize> =
                    if kind == LayerKind::ResourceControl { policy.effectless.to_vec() } else { Vec::new() };
                for (rule_at, rule) in policy.candidates(&request.service) {
                    let truth = rule.matches(request);
                    let fit = self.fit(rule, kind, request, &Assumed::default());
                    if truth.and(fit.any()) == Truth::No {
                        continue;
                    }
                    if rule.refused {
                        refused.push(rule_at);
                        continue;
                    }
                    // Whether there is a boundary is what the boundary's own policies would tell.
                    let if_first = |first| {
                        rule.fit(request, Unsaid { has_boundary: Truth::No, account_first: Some(first) })
                    };
                    let (known, other) = (if_first(false), if_first(true));
                    let is_open = |fit: Fit| [fit.direct, fit.role, fit.account].contains(&Truth::Unknown);
                    needs_caller |= is_open(known) || is_open(other);
                    if known != other {
                        account_first = Some(words.clone());
                    }
                    needs_gateway |= kind == LayerKind::VpcEndpoint
                        && request.rules.has_gateways
                        && fit.account != Truth::No;
                    needs_resource |= is_resource_open(rule, request);
                    if rule.conditions.iter().any(|condition| condition.meets_odd(request)) {
                        odd_arns = Some(words.clone());
                    }
                    unknown_keys(rule, request, &mut keys);
                    conditions.extend(&rule.conditions);
                    variables.extend(rule.variables());
                }
                refused.sort_unstable();
                refused.dedup();
                for rule_at in refused {
                    let Some(rule) = policy.statements.get(rule_at) else { continue };
                    let ways = supposed(rule, kind, rule.matches(request));
                    if ways.is_empty() {
                        continue;
                    }
                    let ways =
                        ways.into_iter().map(|own| Way::Refused((at, policy_at, rule_at), own)).collect();
                    let (layer, policy) = (words.clone(), policy.name.to_string());
                    let need = Need::Refused { layer, policy, index: rule.index };
                    candidates.push(Candidate { need, ways, complete: true });
                }
            }
        }
        keys.sort_unstable();
        keys.dedup();
        for key in keys {
            let own: Vec<&CompiledCondition> =
                conditions.iter().copied().filter(|condition| condition.key == key).collect();
            let pool = pool::of(&own, request, !variables.contains(&key), key);
            let ways = pool.slots.into_iter().map(|slot| Way::Key(key, slot)).collect();
            let need = Need::Key(self.name(key).unwrap_or_default().to_owned());
            candidates.push(Candidate { need, ways, complete: pool.complete });
        }
        if needs_account {
            let ways = accounts(request).into_iter().map(Way::ResourceAccount).collect();
            candidates.push(Candidate { need: Need::ResourceAccount, ways, complete: true });
        }
        if needs_support {
            let ways = vec![Way::RcpSupport(true), Way::RcpSupport(false)];
            candidates.push(Candidate { need: Need::RcpSupport, ways, complete: true });
        }
        if needs_gateway {
            let layer = Layer::VpcEndpoint.to_string();
            let need = Need::Missing { layer, what: "whether it is of a gateway endpoint".to_owned() };
            let ways = vec![Way::Gateway(true), Way::Gateway(false)];
            candidates.push(Candidate { need, ways, complete: true });
        }
        if let Some(layer) = account_first {
            let what = "whether the service checks account, role and session one after the other, for `NotPrincipal` that \
                        does not list all of them";
            let need = Need::Missing { layer, what: what.to_owned() };
            let ways = vec![Way::AccountFirst(true), Way::AccountFirst(false)];
            candidates.push(Candidate { need, ways, complete: true });
        }
        if let Some(layer) = odd_arns {
            let what = "whether a negated ARN operator fits a value that is no ARN".to_owned();
            let need = Need::Missing { layer, what };
            let ways = vec![Way::OddArns(true), Way::OddArns(false)];
            candidates.push(Candidate { need, ways, complete: true });
        }
        if request.rules.beyond_credentials == Truth::Unknown {
            let what = "whether they are a console session's: no others of a federated user can call IAM";
            let need = Need::Missing { layer: "caller's credentials".to_owned(), what: what.to_owned() };
            let ways = vec![Way::BeyondCredentials(true), Way::BeyondCredentials(false)];
            candidates.push(Candidate { need, ways, complete: true });
        }
        for (needed, need) in [(needs_resource, Need::Resource), (needs_caller, Need::Caller)] {
            if needed {
                candidates.push(Candidate { need, ways: Vec::new(), complete: false });
            }
        }
        candidates.sort_by(|left, right| left.need.cmp(&right.need));
        candidates
    }
}

struct Search<'a> {
    set: &'a CompiledSet,
    candidates: &'a [Candidate],
    trials: usize,
}

impl Search<'_> {
    /// Tries a set; None if the trials are used up.
    fn verdict(&mut self, request: &PreparedRequest, chosen: &[usize]) -> Option<Verdict> {
        self.tried(request, &Assumed::default(), chosen)
    }

    fn tried(&mut self, request: &PreparedRequest, assumed: &Assumed, chosen: &[usize]) -> Option<Verdict> {
        let Some((first, rest)) = chosen.split_first() else {
            self.trials += 1;
            if self.trials > DECIDING_TRIALS_MAX {
                return None;
            }
            let decided = self.set.decide(request, assumed).outcome != Outcome::Undetermined;
            return Some(if decided { Verdict::Decides } else { Verdict::Refuted });
        };
        let candidate = self.candidates.get(*first)?;
        let mut verdict = if candidate.complete { Verdict::Decides } else { Verdict::MayDecide };
        for way in &candidate.ways {
            let (mut request, mut assumed) = (request.clone(), assumed.clone());
            way.apply(&mut request, &mut assumed);
            match self.tried(&request, &assumed, rest)? {
                Verdict::Refuted => return Some(Verdict::Refuted),
                Verdict::MayDecide => verdict = Verdict::MayDecide,
                Verdict::Decides => {}
            }
        }
        Some(verdict)
    }
}

impl Way {
    fn apply(&self, request: &mut PreparedRequest, assumed: &mut Assumed) {
        match self {
            Self::Key(key, slot) => request.set_slot(*key, slot.clone()),
            Self::ResourceAccount(account) => request.resource_account = Some(*account),
            Self::RcpSupport(supported) => request.rcp_supported = Some(*supported),
            Self::Missing(layer, effects) => assumed.missing.push((*layer, *effects)),
            Self::Boundary(layer, effects, exists) => {
                assumed.missing.push((*layer, *effects));
                request.has_boundary = Some(*exists);
            }
            Self::AccountFirst(first) => assumed.account_first = Some(*first),
            Self::OddArns(fits) => request.odd_arns = Some(*fits),
            Self::BeyondCredentials(beyond) => request.rules.beyond_credentials = Truth::from(*beyond),
            Self::Gateway(is_gateway) => assumed.gateway = Some(*is_gateway),
            Self::Refused(place, supposed) => assumed.refused.push((*place, *supposed)),
        }
    }
}

/// Whether a statement would match or not by which resource it is.
fn is_resource_open(rule: &Rule, request: &PreparedRequest) -> bool {
    match &request.resource {
        PreparedResource::Partial(_) | PreparedResource::Unknown => {
            rule.resources.as_ref().is_some_and(|resources| resources.matches(request) == Truth::Unknown)
        }
        PreparedResource::Named(..) | PreparedResource::Any => false,
    }
}

/// What a refused statement may be, as far as it makes a difference; nothing for one that makes none.
fn supposed(rule: &Rule, kind: LayerKind, matches: Truth) -> Vec<Supposed> {
    let may_allow = kind.is_ceiling();
    if rule.effect == Some(Effect::Allow) && !may_allow {
        return Vec::new();
    }
    let effects: &[Effect] = match rule.effect {
        Some(Effect::Allow) => &[Effect::Allow],
        None if may_allow => &[Effect::Deny, Effect::Allow],
        Some(Effect::Deny) | None => &[Effect::Deny],
    };
    let ways =
        effects.iter().flat_map(|effect| [false, true].map(|matches| Supposed { effect: *effect, matches }));
    ways.filter(|way| !way.matches || matches != Truth::No).collect()
}

/// What missing policies of a layer may do to a request of a caller. Only sessions, and the root user, can be granted something
/// that boundary and session policy limit: see [`Fit`].
fn effects(kind: LayerKind, caller: &Caller) -> Vec<Effects> {
    let allow = |allow: Fit| Effects { deny: Truth::No, allow };
    let mut effects = vec![
        Effects { deny: Truth::Yes, allow: Fit::NONE },
        allow(Fit::NONE),
        allow(Fit { direct: Truth::Yes, ..Fit::NONE }),
    ];
    if kind == LayerKind::Resource {
        let has_role = match caller {
            Caller::RoleSession { .. }
            | Caller::FederatedUser { .. }
            | Caller::Root { .. }
            | Caller::Account { .. } => true,
            Caller::User { .. } | Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => {
                false
            }
        };
        if has_role {
            effects.push(allow(Fit { role: Truth::Yes, ..Fit::NONE }));
        }
        effects.push(allow(Fit { account: Truth::Yes, ..Fit::NONE }));
    }
    effects
}

/// The accounts that may own the resource, as far as they differ: the caller's, the management account, another one.
fn accounts(request: &PreparedRequest) -> Vec<AccountId> {
    let mut accounts: Vec<AccountId> =
        request.caller_account.into_iter().chain(request.management_account).collect();
    accounts.extend((1..4).filter_map(AccountId::from_number).find(|other| !accounts.contains(other)));
    accounts
}

/// The next choice of as many places out of `count`, in order; false if there is none.
fn advance(chosen: &mut [usize], count: usize) -> bool {
    let size = chosen.len();
    for at in (0..size).rev() {
        let Some(place) = chosen.get(at).copied() else { return false };
        if place + size - at < count {
            for (step, own) in chosen.iter_mut().skip(at).enumerate() {
                *own = place + 1 + step;
            }
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests;
