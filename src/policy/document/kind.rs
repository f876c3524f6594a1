//! The kinds of policies, and which elements each may have.

use borsh::{BorshDeserialize, BorshSerialize};

/// What a policy is attached to, which decides the elements it may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum PolicyKind {
    /// Of a user, group or role, inline or managed; also a permissions boundary and a session policy. Has no `Principal`
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html#policies-grammar-notes>).
    Identity,
    /// A service control policy; has no `Principal`
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html>).
    ServiceControl,
    /// A resource control policy; its `Principal` is `*`
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html>).
    ResourceControl,
    /// Of a resource; has a `Principal`, and may lack `Resource`, where the service takes it as the resource itself.
    Resource,
    /// The trust policy of a role; has a `Principal` and no `Resource`, with which IAM takes none
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_create_for-custom.html>).
    Trust,
    /// Of a VPC endpoint; has a `Principal`
    /// (<https://docs.aws.amazon.com/vpc/latest/privatelink/vpc-endpoints-access.html>).
    VpcEndpoint,
}

impl PolicyKind {
    /// In a sentence.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Identity => "an identity-based policy",
            Self::ServiceControl => "a service control policy",
            Self::ResourceControl => "a resource control policy",
            Self::Resource => "a resource-based policy",
            Self::Trust => "a role trust policy",
            Self::VpcEndpoint => "a VPC endpoint policy",
        }
    }

    /// Whether its statements name principals.
    #[must_use]
    pub fn has_principals(self) -> bool {
        !matches!(self, Self::Identity | Self::ServiceControl)
    }

    /// Whether its statements may name principals by whom they spare: neither trust policies nor RCPs
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notprincipal.html>).
    #[must_use]
    pub fn has_not_principal(self) -> bool {
        matches!(self, Self::Resource | Self::VpcEndpoint)
    }

    /// Whether a statement may lack `Resource` and `NotResource`.
    #[must_use]
    pub fn may_lack_resource(self) -> bool {
        matches!(self, Self::Resource | Self::Trust)
    }
}
