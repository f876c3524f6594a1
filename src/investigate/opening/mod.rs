//! What the subject opened to outsiders: to whom, and from when to when.

mod life;
mod network;
mod reading;
mod rule;

use serde::Serialize;

use super::evidence::{Evidence, Span, Time};
pub use super::policy_text::Grantee;
use super::who::Caller;

pub(crate) use life::Openings;
pub(crate) use reading::turns;
pub(crate) use rule::closing_operations;

/// In what way something was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OpeningHow {
    /// Permission was given.
    Permission,
    /// The network lets connections through.
    Network,
    /// A guard against opening was taken away; nothing is open by that alone.
    GuardRemoved,
}

/// How an opening was closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ClosedHow {
    /// It was taken back.
    Revoked,
    /// The policy was replaced by one that does not open it.
    Replaced,
    /// What was open was removed.
    Removed,
}

/// The end of an opening.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Closed {
    /// When.
    pub at: Time,
    /// How.
    pub how: ClosedHow,
    /// The record that closed it.
    pub evidence: Evidence,
    /// Who closed it.
    pub by: Caller,
    /// Whether that was the subject.
    pub by_subject: bool,
}

/// Something that the subject opened to an outsider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Opening {
    /// The service, as `ec2`.
    pub service: String,
    /// What was opened, as `snapshot`.
    pub kind: String,
    /// Its name.
    pub id: String,
    /// The account it is in.
    pub account: Option<String>,
    /// The region; `null` for what has none.
    pub region: Option<String>,
    /// In what way.
    pub how: OpeningHow,
    /// What is let in: `trust policy`, `22/tcp`, `restore`.
    pub what: String,
    /// To whom.
    pub to: Grantee,
    /// The outsider as the record writes it.
    pub principal: String,
    /// Condition keys of the statement that opens it.
    pub conditions: Vec<String>,
    /// Whether one of them binds it to known callers or networks.
    pub bound: bool,
    /// Whether the other account is one whose logs are here.
    pub known_account: bool,
    /// Whether the subject had made it.
    pub own: bool,
    /// Whether it has permissions for everything (a role with `AdministratorAccess`).
    pub admin: bool,
    /// The record that opened it.
    pub from: Evidence,
    /// The end; `null` while it is open as far as these logs tell.
    pub until: Option<Closed>,
    /// Records of its use by outsiders.
    pub used: Span,
    /// The first of those.
    pub first_use: Option<Evidence>,
}
