//! What is decided: the flow of AWS over the layers.
//!
//! Within one account
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>)
//! and across accounts
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>).

use super::compile::{CompiledLayer, CompiledSet, LayerKind, Rule as Compiled};
use super::decision::{Because, Decision, Layer, Outcome, Rule, StatementRef};
use super::document::Effect;
use super::matching::Fit;
use super::prepare::PreparedRequest;
use super::request::Caller;
use super::truth::Truth;

/// A statement in a set: layer, policy, statement.
pub(super) type Place = (usize, usize, usize);

/// Answers to what neither the request nor the policies tell, for trying them out.
#[derive(Debug, Clone, Default)]
pub(super) struct Assumed {
    /// What refused statements do: their effect, or None where they do not match.
    pub(super) refused: Vec<(Place, Option<Effect>)>,
    /// What the missing policies of layers do.
    pub(super) missing: Vec<(usize, Effects)>,
}

/// What policies that are not known do to one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Effects {
    pub(super) deny: Truth,
    pub(super) allow: Fit,
}

impl Effects {
    const UNKNOWN: Self = Self {
        deny: Truth::Unknown,
        allow: Fit { direct: Truth::Unknown, role: Truth::Unknown, account: Truth::Unknown },
    };
}

/// What one layer does to a request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scan {
    /// Whether the layer binds the request at all.
    pub(super) binds: Truth,
    pub(super) deny: Truth,
    pub(super) denied_by: Option<Place>,
    /// For layers without principals in `direct`.
    pub(super) allow: Fit,
    pub(super) direct_by: Option<Place>,
    pub(super) role_by: Option<Place>,
    pub(super) account_by: Option<Place>,
}

/// The layers put together.
#[derive(Debug, Clone, Copy)]
struct Layers {
    deny: Truth,
    ceilings: Truth,
    /// The first ceiling that does not allow.
    lacking: Option<usize>,
    identity: Truth,
    identity_by: Option<Place>,
    boundary: Truth,
    session: Truth,
    resource: Fit,
    resource_by: [Option<Place>; 3],
}

impl CompiledSet {
    /// Decides a request. Does not allocate, but for variables, whose values are put into patterns, and for `BinaryEquals`.
    #[must_use]
    pub fn evaluate<'s>(&'s self, request: &PreparedRequest) -> Decision<'s> {
        self.decide(request, &Assumed::default())
    }

    pub(super) fn decide<'s>(&'s self, request: &PreparedRequest, assumed: &Assumed) -> Decision<'s> {
        let rule = |outcome, rule| Decision { outcome, because: Because::Rule(rule) };
        if request.rules.no_permission_needed {
            return rule(Outcome::Allowed, Rule::NoPermissionNeeded);
        }
        let mut layers = Layers {
            deny: Truth::No,
            ceilings: Truth::Yes,
            lacking: None,
            identity: Truth::No,
            identity_by: None,
            boundary: Truth::Yes,
            // A federated user has of the identity policies only what its session policy lets through.
            session: Truth::from(!matches!(request.caller, Caller::FederatedUser { .. })),
            resource: Fit::NONE,
            resource_by: [None; 3],
        };
        for (at, layer) in self.layers.iter().enumerate() {
            let scan = self.scan(at, layer, request, assumed);
            if scan.binds == Truth::No {
                continue;
            }
            if scan.deny == Truth::Yes {
                let denied_by = scan.denied_by.and_then(|place| self.statement(place));
                return Decision {
                    outcome: Outcome::ExplicitlyDenied,
                    because: denied_by.map_or(Because::Depends, Because::Denied),
                };
            }
            layers.take(at, layer.kind, scan);
        }
        if request.rules.root_assumes_role {
            return rule(Outcome::ImplicitlyDenied, Rule::RootCannotAssumeRoles);
        }
        self.conclude(request, &layers)
    }

    fn conclude<'s>(&'s self, request: &PreparedRequest, layers: &Layers) -> Decision<'s> {
        let same = same_account(request);
        let grant = match same {
            Truth::Yes => layers.grant_inside(request),
            Truth::No => layers.grant_across(request),
            Truth::Unknown => {
                let (inside, across) = (layers.grant_inside(request), layers.grant_across(request));
                if inside == across { inside } else { Truth::Unknown }
            }
        };
        match layers.ceilings.and(grant) {
            Truth::No => Decision {
                outcome: Outcome::ImplicitlyDenied,
                because: self.lack(request, layers, same == Truth::Yes),
            },
            Truth::Yes if layers.deny == Truth::No => Decision {
                outcome: Outcome::Allowed,
                because: self.granted(request, layers, same == Truth::Yes),
            },
            _ => Decision { outcome: Outcome::Undetermined, because: Because::Depends },
        }
    }

    /// Which statements grant, given that the request is allowed.
    fn granted<'s>(&'s self, request: &PreparedRequest, layers: &Layers, same: bool) -> Because<'s> {
        let [direct, role, account] = layers.resource_by;
        let resource_by = direct.or(role).or(account);
        let capped = layers.boundary.and(layers.session);
        let sufficient = match (same, layers.resource.direct, layers.resource.role.and(capped)) {
            (true, Truth::Yes, _) => direct,
            (true, _, Truth::Yes) => role,
            _ => None,
        };
        let (by, with) = match (sufficient, layers.identity_by) {
            (Some(place), _) => (Some(place), None),
            (None, Some(identity)) if has_identity(&request.caller) => {
                let needs_both = !same || request.rules.resource_policy_required == Truth::Yes;
                (Some(identity), resource_by.filter(|_| needs_both))
            }
            (None, _) if is_root(&request.caller) && same => return Because::Rule(Rule::RootUser),
            (None, _) => (resource_by, None),
        };
        let statement = |place: Option<Place>| place.and_then(|place| self.statement(place));
        statement(by).map_or(Because::Depends, |by| Because::Granted { by, with: statement(with) })
    }

    /// Which layer lacks the allow, given that the request is not allowed.
    fn lack<'s>(&'s self, request: &PreparedRequest, layers: &Layers, same: bool) -> Because<'s> {
        if let Some(layer) = layers.lacking.and_then(|at| self.layers.get(at)) {
            return Because::Lacking(layer.name());
        }
        let needs_resource = !same || request.rules.resource_policy_required == Truth::Yes;
        let lacks_resource = needs_resource && layers.resource.any() == Truth::No;
        if lacks_resource || !has_identity(&request.caller) {
            return Because::Lacking(Layer::Resource);
        }
        if layers.boundary == Truth::No {
            return Because::Lacking(Layer::Boundary);
        }
        match (layers.identity, layers.session) {
            (_, Truth::No) if !self.has_session => Because::Rule(Rule::FederatedWithoutSessionPolicy),
            (Truth::No, _) => Because::Lacking(Layer::Identity),
            (_, Truth::No) => Because::Lacking(Layer::Session),
            _ => Because::Lacking(Layer::Resource),
        }
    }

    /// What one layer does.
    pub(super) fn scan(
        &self,
        at: usize,
        layer: &CompiledLayer,
        request: &PreparedRequest,
        assumed: &Assumed,
    ) -> Scan {
        let mut scan = Scan {
            binds: binds(layer.kind, request),
            deny: Truth::No,
            denied_by: None,
            allow: Fit::NONE,
            direct_by: None,
            role_by: None,
            account_by: None,
        };
        if scan.binds == Truth::No {
            return scan;
        }
        let mut allows = layer.missing.is_some();
        for (policy_at, policy) in layer.policies.iter().enumerate() {
            allows |= policy.allows;
            for (rule_at, rule) in policy.candidates(&request.service) {
                let truth = rule.matches(request);
                if truth == Truth::No {
                    continue;
                }
                let place = (at, policy_at, rule_at);
                match assumed.refused(place).filter(|_| rule.refused) {
                    Some((_, None)) => continue,
                    Some((_, Some(effect))) => {
                        scan.add(place, Some(*effect), *effect == Effect::Allow, Fit::DIRECT);
                    }
                    None => {
                        let fit = rule.fit(request, self).and(truth);
                        scan.add(place, rule.effect, may_grant_as_written(rule, layer.kind), fit);
                    }
                }
                if scan.deny == Truth::Yes && scan.binds == Truth::Yes {
                    return scan;
                }
            }
        }
        if layer.missing.is_some() {
            let effects = assumed.missing(at);
            scan.deny = scan.deny.or(effects.deny);
            scan.allow = scan.allow.or(effects.allow);
        }
        // `RCPFullAWSAccess` allows everything at every level and cannot be detached; other RCPs only deny
        // (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_evaluation.html>). So a
        // level that shows no allow at all was given without it.
        if layer.kind == LayerKind::ResourceControl && !allows {
            scan.allow.direct = Truth::Yes;
        }
        scan.deny = scan.deny.and(scan.binds);
        scan
    }

    pub(super) fn statement(&self, (layer, policy, statement): Place) -> Option<StatementRef<'_>> {
        let layer = self.layers.get(layer)?;
        let policy = layer.policies.get(policy)?;
        let rule = policy.statements.get(statement)?;
        Some(StatementRef {
            layer: layer.name(),
            policy: &policy.name,
            sid: rule.sid.as_deref(),
            index: rule.index,
        })
    }

    /// Visits every statement whose actions may cover the request and that matches it, or may match it: for counting
    /// which statements are ever used. Statements of layers that do not bind the request are left out.
    pub fn visit<'s>(
        &'s self,
        request: &PreparedRequest,
        mut visitor: impl FnMut(StatementRef<'s>, Effect, Truth),
    ) {
        for (at, layer) in self.layers.iter().enumerate() {
            if binds(layer.kind, request) == Truth::No {
                continue;
            }
            for (policy_at, policy) in layer.policies.iter().enumerate() {
                for (rule_at, rule) in policy.candidates(&request.service) {
                    let truth = rule.matches(request).and(rule.fit(request, self).any());
                    let statement = self.statement((at, policy_at, rule_at));
                    if let (Some(statement), true) = (statement, truth != Truth::No) {
                        visitor(statement, rule.effect.unwrap_or(Effect::Deny), truth);
                    }
                }
            }
        }
    }
}

impl CompiledLayer {
    pub(super) fn name(&self) -> Layer<'_> {
        match self.kind {
            LayerKind::ServiceControl => Layer::ServiceControl { target: &self.target },
            LayerKind::ResourceControl => Layer::ResourceControl { target: &self.target },
            LayerKind::Resource => Layer::Resource,
            LayerKind::Identity => Layer::Identity,
            LayerKind::Boundary => Layer::Boundary,
            LayerKind::Session => Layer::Session,
            LayerKind::VpcEndpoint => Layer::VpcEndpoint,
        }
    }
}

impl Assumed {
    /// The answer for a refused statement, if there is one: its effect, or that it does not match.
    fn refused(&self, place: Place) -> Option<&(Place, Option<Effect>)> {
        self.refused.iter().find(|(own, _)| *own == place)
    }

    fn missing(&self, layer: usize) -> Effects {
        let answer = self.missing.iter().find(|(own, _)| *own == layer);
        answer.map_or(Effects::UNKNOWN, |(_, effects)| *effects)
    }
}

impl Scan {
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

/// Whether a statement may allow. Trouble never widens access: a refused one grants nothing, but may lift a ceiling.
fn may_grant_as_written(rule: &Compiled, kind: LayerKind) -> bool {
    rule.effect != Some(Effect::Deny) && (!rule.refused || kind.is_ceiling())
}

impl Layers {
    fn take(&mut self, at: usize, kind: LayerKind, scan: Scan) {
        self.deny = self.deny.or(scan.deny);
        let allow = scan.allow.any();
        match kind {
            LayerKind::Identity => (self.identity, self.identity_by) = (allow, scan.direct_by),
            LayerKind::Boundary => self.boundary = allow,
            LayerKind::Session => self.session = allow,
            LayerKind::Resource => {
                self.resource = scan.allow;
                self.resource_by = [scan.direct_by, scan.role_by, scan.account_by];
            }
            LayerKind::ServiceControl | LayerKind::ResourceControl | LayerKind::VpcEndpoint => {
                let passes = allow.or(scan.binds.negated());
                if passes == Truth::No && self.lacking.is_none() {
                    self.lacking = Some(at);
                }
                self.ceilings = self.ceilings.and(passes);
            }
        }
    }

    /// What the identity policies give, as far as boundary and session policy let it through.
    fn person(&self, request: &PreparedRequest) -> Truth {
        if is_root(&request.caller) {
            return self.session;
        }
        self.identity.and(self.boundary).and(self.session)
    }

    /// Whether something grants, in the caller's own account.
    fn grant_inside(&self, request: &PreparedRequest) -> Truth {
        if !has_identity(&request.caller) && !is_root(&request.caller) {
            return self.resource.any();
        }
        let capped = self.resource.role.and(self.boundary).and(self.session);
        // A policy that must allow itself may also delegate to the account, whose identity policies then decide.
        let may_delegate = request.rules.resource_policy_required.negated().or(self.resource.account);
        self.resource.direct.or(capped).or(may_delegate.and(self.person(request)))
    }

    /// Whether both accounts grant.
    fn grant_across(&self, request: &PreparedRequest) -> Truth {
        let resource = self.resource.any();
        if has_identity(&request.caller) || is_root(&request.caller) {
            resource.and(self.person(request))
        } else {
            resource
        }
    }
}

fn is_root(caller: &Caller) -> bool {
    matches!(caller, Caller::Root { .. })
}

/// Whether identity policies can give the caller anything.
fn has_identity(caller: &Caller) -> bool {
    match caller {
        Caller::User { .. }
        | Caller::RoleSession { .. }
        | Caller::FederatedUser { .. }
        | Caller::Account { .. } => true,
        Caller::Root { .. } | Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => false,
    }
}

/// Whether caller and resource are of one account. What has no account of its own has no other either.
fn same_account(request: &PreparedRequest) -> Truth {
    match (request.caller_account, request.resource_account) {
        (Some(caller), Some(resource)) => Truth::from(caller == resource),
        (Some(_), None) => Truth::Unknown,
        (None, _) => Truth::No,
    }
}

/// Whether a layer binds the request.
pub(super) fn binds(kind: LayerKind, request: &PreparedRequest) -> Truth {
    let rules = &request.rules;
    match kind {
        LayerKind::Resource | LayerKind::VpcEndpoint => Truth::Yes,
        LayerKind::Identity | LayerKind::Boundary => has_identity(&request.caller).into(),
        // AWS limits what `AssumeRoot` gives by a session policy.
        LayerKind::Session => Truth::from(has_identity(&request.caller) || is_root(&request.caller)),
        // SCPs bind the principals of member accounts, the root user included, but no service-linked role
        // (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps.html>).
        LayerKind::ServiceControl => match request.caller_account {
            None => Truth::No,
            Some(_) if rules.service_linked => Truth::No,
            account => {
                Truth::from(request.management_account.is_none() || account != request.management_account)
            }
        },
        // RCPs bind the resources of member accounts, of the services that they reach, whoever asks, but no
        // service-linked role
        // (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html>).
        LayerKind::ResourceControl => {
            if rules.service_linked || rules.beyond_rcp {
                return Truth::No;
            }
            let is_member = match (request.management_account, request.resource_account) {
                (None, _) => Truth::Yes,
                (Some(_), None) => Truth::Unknown,
                (Some(management), Some(account)) => Truth::from(management != account),
            };
            is_member.and(request.rcp_supported.into())
        }
    }
}

#[cfg(test)]
mod tests;
