//! What the layers grant together, inside of one account and across two.

use super::Place;
use super::binding::{has_identity, is_root};
use super::scan::Scan;
use crate::aws::AccountId;
use crate::policy::compile::LayerKind;
use crate::policy::matching::Fit;
use crate::policy::prepare::PreparedRequest;
use crate::policy::request::Caller;
use crate::policy::truth::Truth;

/// The layers put together.
#[derive(Debug, Clone, Copy)]
pub(super) struct Layers {
    pub(super) deny: Truth,
    pub(super) ceilings: Truth,
    /// The first ceiling that does not allow.
    pub(super) lacking: Option<usize>,
    pub(super) identity: Truth,
    pub(super) identity_by: Option<Place>,
    pub(super) boundary: Truth,
    pub(super) session: Truth,
    pub(super) resource: Fit,
    pub(super) resource_by: [Option<Place>; 3],
}

/// What all RCPs together do to a resource of a member account, where it is not known whether the management account
/// owns it, whose resources they do not bind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Control {
    pub(super) deny: Truth,
    pub(super) denied_by: Option<Place>,
    pub(super) passes: Truth,
    /// The first level that does not allow.
    pub(super) lacking: Option<usize>,
}

/// Whose the resource is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Owner {
    /// It is of the caller's account. What has no account of its own has no other either.
    pub(super) same: bool,
    /// It is of the organization's management account.
    pub(super) management: bool,
}

impl Owner {
    /// The resource's owner; None if it, or the caller's account, is not known.
    pub(super) fn known(request: &PreparedRequest) -> Option<Self> {
        let owner = request.resource_account.map(|account| Self::of(account, request));
        owner.filter(|_| !is_of_unknown_account(request))
    }

    /// All that the resource's owner may be if it is not known: the caller's account, the management account, another. Of a
    /// caller whose account is not known it may be that one.
    pub(super) fn possible(request: &PreparedRequest) -> [Option<Self>; 3] {
        let of = |account: AccountId| Self::of(account, request);
        let caller = request.caller_account;
        let management = request.management_account.filter(|own| Some(*own) != caller);
        let other = Self { same: false, management: false };
        if !is_of_unknown_account(request) {
            return [caller.map(of), management.map(of), Some(other)];
        }
        match request.resource_account.map(of) {
            Some(owner) => [Some(Self { same: true, ..owner }), None, Some(owner)],
            None => [Some(Self { same: true, ..other }), management.map(of), Some(other)],
        }
    }

    fn of(account: AccountId, request: &PreparedRequest) -> Self {
        Self {
            same: Some(account) == request.caller_account,
            management: Some(account) == request.management_account,
        }
    }
}

/// Whether the caller is of an account, but of which is not known.
pub(in crate::policy) fn is_of_unknown_account(request: &PreparedRequest) -> bool {
    request.caller_account.is_none() && (has_identity(&request.caller) || is_root(&request.caller))
}

impl Control {
    pub(super) const OPEN: Self =
        Self { deny: Truth::No, denied_by: None, passes: Truth::Yes, lacking: None };

    pub(super) fn take(&mut self, at: usize, scan: Scan) {
        if scan.deny > self.deny {
            (self.deny, self.denied_by) = (scan.deny, scan.denied_by);
        }
        let passes = scan.allow.any().or(scan.binds.negated());
        if passes == Truth::No && self.lacking.is_none() {
            self.lacking = Some(at);
        }
        self.passes = self.passes.and(passes);
    }
}

impl Layers {
    pub(super) fn new(caller: &Caller) -> Self {
        Self {
            deny: Truth::No,
            ceilings: Truth::Yes,
            lacking: None,
            identity: Truth::No,
            identity_by: None,
            boundary: Truth::Yes,
            // A federated user has of the identity policies only what its session policy lets through.
            session: Truth::from(!matches!(caller, Caller::FederatedUser { .. })),
            resource: Fit::NONE,
            resource_by: [None; 3],
        }
    }

    pub(super) fn take(&mut self, at: usize, kind: LayerKind, scan: Scan) {
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

    /// The layers with the RCPs of a member account, of which none surely denies.
    pub(super) fn capped(&self, control: Control) -> Self {
        Self {
            deny: self.deny.or(control.deny),
            ceilings: self.ceilings.and(control.passes),
            lacking: match (self.lacking, control.lacking) {
                (Some(own), Some(other)) => Some(own.min(other)),
                (own, other) => own.or(other),
            },
            ..*self
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
    pub(super) fn grant_inside(&self, request: &PreparedRequest) -> Truth {
        if !has_identity(&request.caller) && !is_root(&request.caller) {
            return self.resource.any();
        }
        let capped = self.resource.role.and(self.boundary).and(self.session);
        // A policy that must allow itself may also delegate to the account, whose identity policies then decide.
        let may_delegate = request.rules.resource_policy_required.negated().or(self.resource.account);
        self.resource.direct.or(capped).or(may_delegate.and(self.person(request)))
    }

    /// Whether both accounts grant.
    pub(super) fn grant_across(&self, request: &PreparedRequest) -> Truth {
        let resource = self.resource.any();
        if has_identity(&request.caller) || is_root(&request.caller) {
            resource.and(self.person(request))
        } else {
            resource
        }
    }
}
