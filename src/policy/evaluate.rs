//! What is decided: the flow of AWS over the layers.
//!
//! Within one account
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>)
//! and across accounts
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic-cross-account.html>).

mod binding;
mod layers;
mod loss;
mod scan;

pub(super) use binding::binds;
use binding::{has_identity, is_member, is_root, reaches};
pub(in crate::policy) use layers::is_of_unknown_account;
use layers::{Control, Layers, Owner};
pub(super) use scan::{Assumed, Effects, Hit, Scan, Supposed};

use super::compile::{CompiledLayer, CompiledSet, LayerKind};
use super::decision::{Because, Decision, Layer, Outcome, Rule, StatementRef};
use super::prepare::PreparedRequest;
use super::truth::Truth;

/// A statement in a set: layer, policy, statement.
pub(super) type Place = (usize, usize, usize);

const UNDETERMINED: Decision<'static> =
    Decision { outcome: Outcome::Undetermined, because: Because::Depends };

/// The decision if it may be one or the other.
fn joined<'s>(one: Decision<'s>, other: Decision<'s>) -> Decision<'s> {
    use Outcome::{Allowed, ExplicitlyDenied, ImplicitlyDenied};
    match (one.outcome, other.outcome) {
        // The later owner is another account, where more is needed.
        (Allowed, Allowed) | (ExplicitlyDenied, ImplicitlyDenied) => other,
        (ExplicitlyDenied, ExplicitlyDenied) | (ImplicitlyDenied, ExplicitlyDenied | ImplicitlyDenied) => one,
        _ => UNDETERMINED,
    }
}

impl CompiledSet {
    /// Decides a request. Does not allocate, but for variables, whose values are put into patterns, and for `BinaryEquals`.
    #[must_use]
    pub fn evaluate<'s>(&'s self, request: &PreparedRequest) -> Decision<'s> {
        self.decide(request, &Assumed::default())
    }

    /// The decision if the caller was granted the request by something that is no policy, as a policy of the resource would
    /// that names it: a grant of a KMS key.
    #[must_use]
    pub fn evaluate_granted<'s>(&'s self, request: &PreparedRequest) -> Decision<'s> {
        self.decide(request, &Assumed { granted: true, ..Assumed::default() })
    }

    pub(super) fn decide<'s>(&'s self, request: &PreparedRequest, assumed: &Assumed) -> Decision<'s> {
        let rule = |outcome, rule| Decision { outcome, because: Because::Rule(rule) };
        if request.rules.no_permission_needed {
            return rule(Outcome::Allowed, Rule::NoPermissionNeeded);
        }
        let mut layers = Layers::new(&request.caller);
        let mut control = None;
        for (at, layer) in self.layers.iter().enumerate() {
            let depends_on_owner =
                layer.kind == LayerKind::ResourceControl && is_member(request) == Truth::Unknown;
            let binds =
                if depends_on_owner { reaches(layer.kind, request) } else { binds(layer.kind, request) };
            if binds == Truth::No {
                continue;
            }
            let scan = self.scan(at, layer, request, assumed, binds);
            if depends_on_owner {
                control.get_or_insert(Control::OPEN).take(at, scan);
            } else if scan.deny == Truth::Yes {
                return self.denied(scan.denied_by);
            } else {
                layers.take(at, layer.kind, scan);
            }
        }
        if assumed.granted {
            layers.resource.direct = Truth::Yes;
        }
        if let Some(owner) = Owner::known(request) {
            return self.conclude(request, &layers, owner);
        }
        let if_owned = |owner: Owner| {
            let Some(control) = control.filter(|_| !owner.management) else {
                return self.conclude(request, &layers, owner);
            };
            if control.deny == Truth::Yes {
                return self.denied(control.denied_by);
            }
            self.conclude(request, &layers.capped(control), owner)
        };
        let mut decisions = Owner::possible(request).into_iter().flatten().map(if_owned);
        let first = decisions.next().unwrap_or(UNDETERMINED);
        decisions.fold(first, joined)
    }

    fn denied(&self, by: Option<Place>) -> Decision<'_> {
        let by = by.and_then(|place| self.statement(place));
        Decision { outcome: Outcome::ExplicitlyDenied, because: by.map_or(Because::Depends, Because::Denied) }
    }

    /// The decision if the resource is this owner's.
    fn conclude<'s>(&'s self, request: &PreparedRequest, layers: &Layers, owner: Owner) -> Decision<'s> {
        if request.rules.root_assumes_role {
            let because = Because::Rule(Rule::RootCannotAssumeRoles);
            return Decision { outcome: Outcome::ImplicitlyDenied, because };
        }
        let beyond = request.rules.beyond_credentials;
        if beyond == Truth::Yes {
            let because = Because::Rule(Rule::BeyondCredentials);
            return Decision { outcome: Outcome::ImplicitlyDenied, because };
        }
        let grant = if owner.same { layers.grant_inside(request) } else { layers.grant_across(request) };
        match layers.ceilings.and(grant) {
            Truth::Yes if beyond == Truth::Unknown => UNDETERMINED,
            Truth::No => Decision {
                outcome: Outcome::ImplicitlyDenied,
                because: self.lack(request, layers, owner.same),
            },
            Truth::Yes if layers.deny == Truth::No => {
                Decision { outcome: Outcome::Allowed, because: self.granted(request, layers, owner.same) }
            }
            _ => UNDETERMINED,
        }
    }

    /// Which statements grant, given that the request is allowed.
    fn granted<'s>(&'s self, request: &PreparedRequest, layers: &Layers, same: bool) -> Because<'s> {
        let [direct, role, account] = layers.resource_by;
        let fits = [layers.resource.direct, layers.resource.role, layers.resource.account];
        let surely = fits.iter().position(|fit| *fit == Truth::Yes);
        let resource_by =
            surely.map_or(direct.or(role).or(account), |at| layers.resource_by.get(at).copied().flatten());
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
        if is_root(&request.caller) {
            return match layers.session {
                Truth::No if !lacks_resource && self.has_session => Because::Lacking(Layer::Session),
                Truth::No if !lacks_resource => Because::Rule(Rule::FederatedWithoutSessionPolicy),
                _ => Because::Lacking(Layer::Resource),
            };
        }
        if lacks_resource || !has_identity(&request.caller) {
            return Because::Lacking(Layer::Resource);
        }
        if layers.boundary == Truth::No {
            return Because::Lacking(Layer::Boundary);
        }
        match (layers.identity, layers.session) {
            (_, Truth::No) if !self.has_session => Because::Rule(Rule::FederatedWithoutSessionPolicy),
            // A policy of the resource that names the role grants as much as one of the role's own, up to the session's
            // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-basics-id-rdp.html>).
            (Truth::No, Truth::No) if same && layers.resource.role == Truth::Yes => {
                Because::Lacking(Layer::Session)
            }
            (Truth::No, _) => Because::Lacking(Layer::Identity),
            (_, Truth::No) => Because::Lacking(Layer::Session),
            _ => Because::Lacking(Layer::Resource),
        }
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

#[cfg(test)]
mod tests;
