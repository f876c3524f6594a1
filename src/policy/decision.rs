//! What is decided, by what, and what would decide it.

use std::fmt;

use super::compile::LayerKind;

/// What becomes of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// It is allowed, whatever is unknown.
    Allowed,
    /// A `Deny` statement matches.
    ExplicitlyDenied,
    /// No `Deny` is certain to match, but what is needed to allow is lacking, whatever is unknown.
    ImplicitlyDenied,
    /// It is allowed or denied, depending on what is unknown.
    Undetermined,
}

/// The layers of policies that a request passes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Layer<'a> {
    /// The policies of the user, its groups, or the role.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session policies.
    Session,
    /// The SCPs at one level.
    ServiceControl {
        /// The level's target; empty where levels are missing.
        target: &'a str,
    },
    /// The RCPs at one level.
    ResourceControl {
        /// The level's target; empty where levels are missing.
        target: &'a str,
    },
    /// The resource's policy; of a role its trust policy.
    Resource,
    /// The VPC endpoint's policy.
    VpcEndpoint,
}

/// A statement in play.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementRef<'a> {
    /// Where its policy stands.
    pub layer: Layer<'a>,
    /// The policy's ARN or name.
    pub policy: &'a str,
    /// Its `Sid`.
    pub sid: Option<&'a str>,
    /// Its index in the policy, from 0; None for a document that could not be read as a whole.
    pub index: Option<usize>,
}

/// A decision, and the shortest answer to why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision<'a> {
    /// What is decided.
    pub outcome: Outcome,
    /// By what.
    pub because: Because<'a>,
}

/// Why a request was decided so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Because<'a> {
    /// Allowed by a statement, and no ceiling is in the way.
    Granted {
        /// The first statement that grants it: of the resource's policy where that suffices, else of the identity
        /// policies.
        by: StatementRef<'a>,
        /// The statement of the resource's policy that is needed too, across accounts and where the resource's policy
        /// must delegate. None where `by` suffices.
        with: Option<StatementRef<'a>>,
    },
    /// Explicitly denied: the first `Deny` that matches, in the order of [`Layer`]s of the flow.
    Denied(StatementRef<'a>),
    /// Implicitly denied: no statement of this layer allows it.
    Lacking(Layer<'a>),
    /// A rule of AWS decides, no statement does.
    Rule(Rule),
    /// Undetermined: see [`super::CompiledSet::deciding`].
    Depends,
}

/// Rules that decide without a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rule {
    /// The root user has all permissions in its account, unless something denies
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic_policy-eval-denyallow.html>).
    RootUser,
    /// Everyone may call `sts:GetCallerIdentity`, a `Deny` does not matter
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_GetCallerIdentity.html>), and no policy controls
    /// `sts:GetSessionToken` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getsessiontoken.html>).
    NoPermissionNeeded,
    /// The root user cannot assume roles
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
    RootCannotAssumeRoles,
    /// Temporary credentials of the caller's kind can't call the action
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html>).
    BeyondCredentials,
    /// A federated user without a session policy has nothing of the identity policies
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html>).
    FederatedWithoutSessionPolicy,
}

/// The smallest set of what is unknown that would decide a request.
///
/// A set *decides* if the request is allowed or denied, never undetermined, for every way in which its members may turn
/// out: a key absent or with any value (any list of values where a condition reads it with a set operator), a missing policy with any effect on this request, a refused statement
/// matching or not. The *smallest* is the one with the fewest members; among these the first in the order of [`Need`],
/// compared member by member. If finding it would take more than [`super::DECIDING_TRIALS_MAX`] evaluations, or the ways
/// in which a key matters cannot be listed, a set that decides is given, which may not be the smallest.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// The members, in order. Empty when the request is determined.
    pub members: Vec<Need>,
    /// Whether it is proven to be the smallest.
    pub smallest: bool,
}

/// One thing that is unknown.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Need {
    /// A context key, folded to lower case.
    Key(String),
    /// Which resource was asked for.
    Resource,
    /// The account that owns the resource.
    ResourceAccount,
    /// Who of its account the caller is, or the caller's unique or canonical id.
    Caller,
    /// Whether RCPs reach the service.
    RcpSupport,
    /// A policy or a layer that was not supplied.
    Missing {
        /// The layer, in words.
        layer: String,
        /// What is missing, as it was given.
        what: String,
    },
    /// A statement or a policy that could not be understood.
    Refused {
        /// The layer, in words.
        layer: String,
        /// The policy's ARN or name.
        policy: String,
        /// The statement's index; None for the whole policy.
        index: Option<usize>,
    },
}

impl Layer<'_> {
    /// What it is, without its level.
    #[must_use]
    pub fn kind(&self) -> LayerKind {
        match self {
            Self::Identity => LayerKind::Identity,
            Self::Boundary => LayerKind::Boundary,
            Self::Session => LayerKind::Session,
            Self::ServiceControl { .. } => LayerKind::ServiceControl,
            Self::ResourceControl { .. } => LayerKind::ResourceControl,
            Self::Resource => LayerKind::Resource,
            Self::VpcEndpoint => LayerKind::VpcEndpoint,
        }
    }
}

impl fmt::Display for LayerKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Identity => "identity-based policies",
            Self::Boundary => "permissions boundary",
            Self::Session => "session policies",
            Self::ServiceControl => "service control policies",
            Self::ResourceControl => "resource control policies",
            Self::Resource => "resource-based policy",
            Self::VpcEndpoint => "VPC endpoint policy",
        })
    }
}

impl fmt::Display for Layer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind())?;
        match self {
            Self::ServiceControl { target } | Self::ResourceControl { target } if !target.is_empty() => {
                write!(f, " of {target}")
            }
            _ => Ok(()),
        }
    }
}

impl fmt::Display for StatementRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`", self.layer, self.policy)?;
        match (self.sid, self.index) {
            (Some(sid), _) => write!(f, " statement `{sid}`"),
            (None, Some(index)) => write!(f, " statement {index}"),
            (None, None) => f.write_str(" (unreadable)"),
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Allowed => "allowed",
            Self::ExplicitlyDenied => "explicitly denied",
            Self::ImplicitlyDenied => "implicitly denied",
            Self::Undetermined => "undetermined",
        })
    }
}

impl fmt::Display for Need {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Key(key) => write!(f, "{key}"),
            Self::Resource => f.write_str("the resource"),
            Self::ResourceAccount => f.write_str("the account of the resource"),
            Self::Caller => f.write_str("who exactly the caller is"),
            Self::RcpSupport => f.write_str("whether RCPs reach the service"),
            Self::Missing { layer, what } => write!(f, "{layer}: {what}"),
            Self::Refused { layer, policy, index: Some(index) } => {
                write!(f, "{layer}: `{policy}` statement {index}, which is refused")
            }
            Self::Refused { layer, policy, index: None } => {
                write!(f, "{layer}: `{policy}`, which is refused")
            }
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::RootUser => "the root user has all permissions in its account",
            Self::NoPermissionNeeded => "the action needs no permission",
            Self::RootCannotAssumeRoles => "the root user cannot assume roles",
            Self::BeyondCredentials => "temporary credentials of this kind cannot call the action",
            Self::FederatedWithoutSessionPolicy => {
                "a federated user without a session policy has no identity-based permissions"
            }
        })
    }
}
