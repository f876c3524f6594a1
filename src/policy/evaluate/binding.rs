//! Which layers bind which requests.

use crate::policy::compile::LayerKind;
use crate::policy::prepare::PreparedRequest;
use crate::policy::request::Caller;
use crate::policy::truth::Truth;

/// Whether a layer binds the request.
pub(in crate::policy) fn binds(kind: LayerKind, request: &PreparedRequest) -> Truth {
    match kind {
        LayerKind::ResourceControl => is_member(request).and(reaches(kind, request)),
        _ => reaches(kind, request),
    }
}

/// Whether a layer binds the request, if the resource's account is a member of its organization.
pub(super) fn reaches(kind: LayerKind, request: &PreparedRequest) -> Truth {
    let rules = &request.rules;
    match kind {
        LayerKind::Resource | LayerKind::VpcEndpoint => Truth::Yes,
        LayerKind::Identity | LayerKind::Boundary => has_identity(&request.caller).into(),
        // AWS limits what `AssumeRoot` gives by a session policy, and whoever asks for a federation token gives one along.
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
            let is_exempt = Truth::from(rules.service_linked).or(rules.beyond_rcp);
            is_exempt.negated().and(request.rcp_supported.into())
        }
    }
}

/// Whether the denies of a layer bind a request that the layer binds.
///
/// The owner's root user may read and change a bucket's policy even if that denies it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutBucketPolicy.html>).
pub(super) fn denies(kind: LayerKind, request: &PreparedRequest) -> Truth {
    if kind == LayerKind::Resource && request.rules.root_and_bucket_policy {
        Truth::from(request.resource_account.map(|owner| Some(owner) != request.caller_account))
    } else {
        Truth::Yes
    }
}

/// Whether the caller has all that its account can give without any identity policy.
pub(super) fn is_root(caller: &Caller) -> bool {
    caller.is_of_root()
}

/// Whether identity policies can give the caller anything.
pub(super) fn has_identity(caller: &Caller) -> bool {
    match caller {
        Caller::FederatedUser { .. } => !is_root(caller),
        Caller::User { .. } | Caller::RoleSession { .. } | Caller::Account { .. } => true,
        Caller::Root { .. } | Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => false,
    }
}

/// Whether RCPs bind the account of the resource: all but the management account.
pub(super) fn is_member(request: &PreparedRequest) -> Truth {
    match (request.management_account, request.resource_account) {
        (None, _) => Truth::Yes,
        (Some(_), None) => Truth::Unknown,
        (Some(management), Some(account)) => Truth::from(management != account),
    }
}
