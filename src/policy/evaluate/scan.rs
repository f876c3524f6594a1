//! What one layer does to a request.

use super::Place;
use super::binding::denies;
use crate::policy::compile::{CompiledLayer, CompiledSet, LayerKind, Policy, Rule};
use crate::policy::document::Effect;
use crate::policy::matching::{Fit, Unsaid};
use crate::policy::prepare::PreparedRequest;
use crate::policy::set::May;
use crate::policy::truth::Truth;

/// Answers to what neither the request nor the policies tell, for trying them out.
#[derive(Debug, Clone, Default)]
pub(in crate::policy) struct Assumed {
    /// What refused statements are.
    pub(in crate::policy) refused: Vec<(Place, Supposed)>,
    /// What the missing policies of layers do.
    pub(in crate::policy) missing: Vec<(usize, Effects)>,
    /// Whether the VPC endpoint is a gateway endpoint.
    pub(in crate::policy) gateway: Option<bool>,
    /// Whether the service checks the account before its users, which matters for `NotPrincipal`.
    pub(in crate::policy) account_first: Option<bool>,
    /// Whether something that is no policy grants the request, see [`CompiledSet::evaluate_granted`].
    pub(in crate::policy) granted: bool,
}

/// What a refused statement may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Supposed {
    pub(in crate::policy) effect: Effect,
    /// Whether it matches the request.
    pub(in crate::policy) matches: bool,
}

/// What policies that are not known do to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) struct Effects {
    pub(in crate::policy) deny: Truth,
    pub(in crate::policy) allow: Fit,
}

impl Effects {
    const UNKNOWN: Self = Self {
        deny: Truth::Unknown,
        allow: Fit { direct: Truth::Unknown, role: Truth::Unknown, account: Truth::Unknown },
    };
}

/// What one layer does to a request.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Scan {
    /// Whether the layer binds the request at all.
    pub(in crate::policy) binds: Truth,
    pub(in crate::policy) deny: Truth,
    pub(in crate::policy) denied_by: Option<Place>,
    /// For layers without principals in `direct`.
    pub(in crate::policy) allow: Fit,
    pub(in crate::policy) direct_by: Option<Place>,
    pub(in crate::policy) role_by: Option<Place>,
    pub(in crate::policy) account_by: Option<Place>,
}

/// A statement that matches a request, or may match it.
#[derive(Debug, Clone, Copy)]
pub(in crate::policy) struct Hit<'s> {
    pub(in crate::policy) place: Place,
    pub(in crate::policy) policy: &'s Policy,
    pub(in crate::policy) rule: &'s Rule,
    /// How its principals fit, as far as the rest of it matches.
    pub(in crate::policy) fit: Fit,
}

impl Hit<'_> {
    /// Whether it matches the request, and its effect counts there.
    pub(in crate::policy) fn truth(&self, kind: LayerKind, request: &PreparedRequest) -> Truth {
        let counts = if self.rule.effect == Some(Effect::Allow) { Truth::Yes } else { denies(kind, request) };
        self.fit.any().and(counts)
    }
}

impl CompiledSet {
    /// How the principals of a statement in a layer fit the caller.
    ///
    /// An account in the policy of a gateway endpoint stands for its root user alone, in that of an interface endpoint for
    /// all of its users and roles
    /// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html#vpc-endpoint-policies-gateway>).
    pub(in crate::policy) fn fit(
        &self,
        rule: &Rule,
        kind: LayerKind,
        request: &PreparedRequest,
        assumed: &Assumed,
    ) -> Fit {
        let has_boundary = request.has_boundary.unwrap_or(self.has_boundary);
        let mut fit = rule.fit(request, Unsaid { has_boundary, account_first: assumed.account_first });
        if kind == LayerKind::VpcEndpoint && request.rules.has_gateways {
            fit.account = fit.account.and(assumed.gateway.map(|is_gateway| !is_gateway).into());
        }
        fit
    }

    /// What one layer does.
    pub(in crate::policy) fn scan(
        &self,
        at: usize,
        layer: &CompiledLayer,
        request: &PreparedRequest,
        assumed: &Assumed,
        binds: Truth,
    ) -> Scan {
        let mut scan = Scan::new(binds);
        if scan.binds == Truth::No {
            return scan;
        }
        let denies = denies(layer.kind, request).and(binds);
        // Loops, not `hits`: this is the hot path, and it stops at the first deny.
        for (policy_at, policy) in layer.policies.iter().enumerate() {
            for (rule_at, rule) in policy.candidates(&request.service) {
                let truth = rule.matches(request);
                if truth == Truth::No {
                    continue;
                }
                let place = (at, policy_at, rule_at);
                if let Some(supposed) = assumed.refused(place).filter(|_| rule.refused) {
                    let fit = if supposed.matches { Fit::DIRECT } else { Fit::NONE };
                    scan.add(place, Some(supposed.effect), supposed.effect == Effect::Allow, fit);
                } else {
                    let fit = self.fit(rule, layer.kind, request, assumed).and(truth);
                    scan.take(&Hit { place, policy, rule, fit }, layer.kind);
                }
                if scan.deny == Truth::Yes && denies == Truth::Yes {
                    return scan;
                }
            }
        }
        scan.close(at, layer, request, assumed);
        scan
    }

    /// The statements of a layer that match the request, or may match it, in order, with how their principals fit. A
    /// refused statement is among them if its actions cover the request.
    pub(in crate::policy) fn hits<'s, 'r>(
        &'s self,
        at: usize,
        layer: &'s CompiledLayer,
        request: &'r PreparedRequest,
        assumed: &'r Assumed,
    ) -> impl Iterator<Item = Hit<'s>> {
        layer.policies.iter().enumerate().flat_map(move |(policy_at, policy)| {
            policy.candidates(&request.service).filter_map(move |(rule_at, rule)| {
                let truth = rule.matches(request);
                (truth != Truth::No).then(|| Hit {
                    place: (at, policy_at, rule_at),
                    policy,
                    rule,
                    fit: self.fit(rule, layer.kind, request, assumed).and(truth),
                })
            })
        })
    }
}

impl Assumed {
    /// The answer for a refused statement, if there is one.
    fn refused(&self, place: Place) -> Option<Supposed> {
        self.refused.iter().find(|(own, _)| *own == place).map(|(_, supposed)| *supposed)
    }

    fn missing(&self, layer: usize) -> Effects {
        let answer = self.missing.iter().find(|(own, _)| *own == layer);
        answer.map_or(Effects::UNKNOWN, |(_, effects)| *effects)
    }
}

impl Scan {
    /// Of a layer of which nothing was looked at.
    pub(in crate::policy) fn new(binds: Truth) -> Self {
        Self {
            binds,
            deny: Truth::No,
            denied_by: None,
            allow: Fit::NONE,
            direct_by: None,
            role_by: None,
            account_by: None,
        }
    }

    /// Adds to what the statements of the layer do what is not written in them.
    pub(in crate::policy) fn close(
        &mut self,
        at: usize,
        layer: &CompiledLayer,
        request: &PreparedRequest,
        assumed: &Assumed,
    ) {
        if layer.missing.is_some() {
            let effects = assumed.missing(at);
            if layer.may != May::Allow {
                self.deny = self.deny.or(effects.deny);
            }
            if layer.may != May::Deny {
                self.allow = self.allow.or(effects.allow);
            }
        }
        if layer.kind == LayerKind::ResourceControl && layer.missing.is_none() {
            self.allow.direct = self.allow.direct.or(holds_allow(at, layer, assumed).negated());
        }
        self.deny = self.deny.and(denies(layer.kind, request)).and(self.binds);
    }

    /// Takes a statement as it is written.
    pub(in crate::policy) fn take(&mut self, hit: &Hit<'_>, kind: LayerKind) {
        self.add(hit.place, hit.rule.effect, may_grant_as_written(hit.rule, kind), hit.fit);
    }

    /// Takes a statement that matches, or may match, so far as `fit` says. One whose effect is not known may be either.
    fn add(&mut self, place: Place, effect: Option<Effect>, may_allow: bool, fit: Fit) {
        let fit = if effect.is_none() { fit.and(Truth::Unknown) } else { fit };
        if effect != Some(Effect::Allow) && fit.any() > self.deny {
            (self.deny, self.denied_by) = (fit.any(), Some(place));
        }
        if may_allow {
            for (truth, own, by) in [
                (fit.direct, self.allow.direct, &mut self.direct_by),
                (fit.role, self.allow.role, &mut self.role_by),
                (fit.account, self.allow.account, &mut self.account_by),
            ] {
                if truth > own {
                    *by = Some(place);
                }
            }
            self.allow = self.allow.or(fit);
        }
    }
}

/// Whether a level of RCPs holds any statement that allows.
///
/// `RCPFullAWSAccess` allows everything at every level and cannot be detached; other RCPs only deny
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html>). So a level
/// that shows no allow at all was given without it, and passes.
fn holds_allow(at: usize, layer: &CompiledLayer, assumed: &Assumed) -> Truth {
    let mut holds = Truth::No;
    for (policy_at, policy) in layer.policies.iter().enumerate() {
        holds = holds.or(Truth::from(policy.allows));
        for rule_at in &policy.effectless {
            let supposed = assumed.refused((at, policy_at, *rule_at));
            holds = holds.or(supposed.map(|own| own.effect == Effect::Allow).into());
        }
    }
    holds
}

/// Whether a statement may allow. Trouble never widens access: a refused one grants nothing, but may lift a ceiling.
pub(super) fn may_grant_as_written(rule: &Rule, kind: LayerKind) -> bool {
    rule.effect != Some(Effect::Deny) && (!rule.refused || kind.is_ceiling())
}
