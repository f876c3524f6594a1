//! Who wants what: one authorization request.

use super::Context;
use crate::aws::{AccountId, Arn, Principal as Named};

/// One authorization request: one action on one resource. A call of AWS may be several
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-reqcontext.html>).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub caller: Caller,
    /// Service prefix and name, `s3:GetObject`; case does not matter.
    pub action: String,
    /// What is asked for.
    pub resource: Resource,
    /// The account that owns the resource. None if it is not known; then the request is undetermined where the account
    /// matters. Of an action without a resource it is the caller's own.
    pub resource_account: Option<AccountId>,
    /// The management account of the organization of caller and resource, which SCPs and RCPs do not bind. None if there
    /// is no organization, or if neither account is it.
    pub management_account: Option<AccountId>,
    /// The canonical user id of the caller's account, which policies of S3 and CloudFront may name
    /// (<https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>). None if it is not known;
    /// an empty one matches nothing.
    pub canonical_user: Option<String>,
    /// Whether RCPs reach the action's service. `policy` knows no list of services: the catalog does
    /// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services>).
    /// None if it is not known; then an RCP that matters makes the request undetermined.
    pub rcp_supported: Option<bool>,
    /// What is known of the condition keys. Nothing is derived from the other fields: `aws:PrincipalArn`,
    /// `aws:username` and the like must stand here to be known.
    pub context: Context,
}

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Resource {
    /// An ARN, or another name that the service uses.
    Named(String),
    /// The action has no resource-level permissions, or acts on none: only `*` (or a `NotResource`) covers it
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>).
    Any,
    /// An ARN of which `*` and `?` stand for text that is not known, as where a log leaves out a part of it. In the first
    /// five parts they stand for text without colons. A policy's resource matches it for certain only if it stands for
    /// every ARN that this may be, and surely not only if for none.
    Pattern(String),
    /// It is not known which resource was asked for.
    Unknown,
}

/// Who asks. ARNs are compared as they are written; a unique id of None is unknown, an empty one matches nothing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Caller {
    /// An IAM user.
    User {
        /// `arn:aws:iam::ACCOUNT:user/PATH/NAME`.
        arn: String,
        /// `AIDA…`.
        unique_id: Option<String>,
    },
    /// A session of a role. Service-linked roles are told by the path `/aws-service-role/` of `role_arn`.
    RoleSession {
        /// `arn:aws:sts::ACCOUNT:assumed-role/ROLE/SESSION`.
        session_arn: String,
        /// `arn:aws:iam::ACCOUNT:role/PATH/ROLE`. None if the path is not known; names are unique in an account, so the
        /// name is compared then.
        role_arn: Option<String>,
        /// `AROA…` or `AROA…:SESSION`.
        unique_id: Option<String>,
    },
    /// A user of `GetFederationToken`.
    FederatedUser {
        /// `arn:aws:sts::ACCOUNT:federated-user/NAME`.
        arn: String,
        /// The ARN of who asked for the token: an IAM user, or the root user (`arn:aws:iam::ACCOUNT:root`). None if it is
        /// not known.
        user_arn: Option<String>,
    },
    /// The root user of an account.
    Root {
        /// Its account.
        account: AccountId,
    },
    /// A service of AWS that acts for itself, not for a principal: `cloudtrail.amazonaws.com`.
    Service {
        /// The service principal's name.
        name: String,
    },
    /// A subject of an identity provider that assumes a role with its token or assertion.
    Federated {
        /// What stands under `Federated` in a trust policy: a provider's ARN or, as `accounts.google.com`, its name.
        provider: String,
    },
    /// Someone of an account of whom nothing else is known, as in the role's account's record of an `AssumeRole` from
    /// elsewhere.
    Account {
        /// The account.
        account: AccountId,
        /// `AIDA…`, `AROA…` or `AROA…:SESSION`.
        unique_id: Option<String>,
    },
    /// Nobody who signed.
    Anonymous,
}

impl Caller {
    /// The account whose policies bind the caller. None for services, subjects of identity providers, and the
    /// anonymous, and where the ARN names none.
    #[must_use]
    pub fn account(&self) -> Option<AccountId> {
        match self {
            Self::User { arn, .. } | Self::FederatedUser { arn, .. } => account_of(arn),
            Self::RoleSession { session_arn, .. } => account_of(session_arn),
            Self::Root { account } | Self::Account { account, .. } => Some(*account),
            Self::Service { .. } | Self::Federated { .. } | Self::Anonymous => None,
        }
    }

    /// Whether it is the root user, or a federated user for whom the root user asked. Their account allows them all:
    /// neither has identity policies or a boundary, and a session policy still limits them
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#sts-session-principals>).
    #[must_use]
    pub fn is_of_root(&self) -> bool {
        match self {
            Self::Root { .. } => true,
            Self::FederatedUser { user_arn: Some(arn), .. } => {
                Arn::parse(arn).and_then(Arn::principal) == Some(Named::Root)
            }
            _ => false,
        }
    }
}

/// The account of an ARN.
fn account_of(arn: &str) -> Option<AccountId> {
    AccountId::parse(arn.split(':').nth(4)?)
}
