//! Which policies stand in which layer, for one caller and one resource.

use std::sync::Arc;

use super::Document;

/// What policies that are missing may do to a request.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum May {
    /// Allow it or deny it.
    #[default]
    Either,
    /// Allow it at most, as what is shared with an account.
    Allow,
    /// Deny it at most, as what must permit it too.
    Deny,
}

/// The policies of one layer.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Attached {
    /// The policies that are known. A policy that stands in several sets is compiled once, if it is the same [`Arc`].
    pub policies: Vec<Arc<Document>>,
    /// Says in words what is missing beside them, as `no policy snapshot of account 111122223333`. None if nothing is.
    pub missing: Option<String>,
    /// What it may do.
    pub may: May,
}

impl Attached {
    /// These policies, and none else.
    #[must_use]
    pub fn of(policies: Vec<Arc<Document>>) -> Self {
        Self { policies, missing: None, may: May::Either }
    }

    /// Nothing is known of the layer, for the reason given.
    #[must_use]
    pub fn missing(reason: impl Into<String>) -> Self {
        Self { missing: Some(reason.into()), ..Self::default() }
    }

    /// Nothing is known of the layer, for the reason given, but that it denies nothing.
    #[must_use]
    pub fn missing_allow(reason: impl Into<String>) -> Self {
        Self { may: May::Allow, ..Self::missing(reason) }
    }
}

/// The policies attached at one level of an organization: its root, an organizational unit, or the account.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Level {
    /// The root's, unit's or account's id or name.
    pub target: String,
    /// What is attached there.
    pub attached: Attached,
}

/// The levels of an organization above an account, from the root to the account itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Levels {
    /// Each level; every one must allow.
    pub levels: Vec<Level>,
    /// Says in words that further levels are not known; None if all are.
    pub missing: Option<String>,
}

/// The policies in play for one caller and one resource.
///
/// An empty layer is known to be empty: no boundary (`None`) limits nothing, no identity policy grants nothing. What is
/// not known must be said in `missing`.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PolicySet {
    /// Inline and managed policies of the user, its groups, or the role. For a user of `GetFederationToken`, those of
    /// the user that asked for the token.
    pub identity: Attached,
    /// The permissions boundary of the user or role; None if it has none.
    pub boundary: Option<Attached>,
    /// The policies that were given when the session was made, inline and managed; None if none were.
    pub session: Option<Attached>,
    /// The SCPs of the caller's account; None if it is in no organization, or SCPs are not enabled.
    pub scp: Option<Levels>,
    /// The RCPs of the resource's account; None if it is in no organization, or RCPs are not enabled.
    pub rcp: Option<Levels>,
    /// The resource's own policy (a role's is its trust policy, a key's its key policy); None if it has none.
    pub resource: Option<Attached>,
    /// The policy of the VPC endpoint that the request came through; None if it came through none.
    pub vpc_endpoint: Option<Attached>,
}
