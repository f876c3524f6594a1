//! What the subject made, altered and removed, and what is gone again.

mod life;
mod naming;
mod reading;
mod rule;

use serde::Serialize;

use super::evidence::{Evidence, Span, Time};
use super::who::Caller;

pub(crate) use life::Lives;
pub(crate) use reading::{
    Action, Deed, Scope, aliases, alters, deeds, main_target, removing_operations, secret_name, short,
};
pub use rule::ThingClass;

/// How something went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum GoneHow {
    /// A call removed it.
    Call,
    /// The service reported that it removed it.
    Service,
    /// A call scheduled its removal.
    Scheduled,
    /// What it belongs to was removed.
    WithOwner,
    /// A thing of the same name was made later, so this one had gone before.
    MadeAgain,
}

/// That something is gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Gone {
    /// When the record that says so was made; the thing may have gone earlier when `unrecorded`.
    pub at: Time,
    /// How it went.
    pub how: GoneHow,
    /// The record that says so.
    pub evidence: Evidence,
    /// Who made that record.
    pub by: Caller,
    /// Whether that was the subject.
    pub by_subject: bool,
    /// Whether AWS would have needed a call that no record shows: the record is missing.
    pub unrecorded: bool,
    /// For a scheduled removal, when it is due, as the service wrote it.
    pub due: Option<String>,
}

/// Use of a way in, by anyone.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Used {
    /// Successful sign-ins, assumptions of the role, or calls with the key.
    #[serde(flatten)]
    pub span: Span,
    /// Those that the subject made itself.
    pub by_subject: u64,
    /// Attempts that were refused or failed.
    pub refused: u64,
    /// The addresses they came from.
    pub addresses: Vec<String>,
    /// The identities that used it.
    pub identities: Vec<String>,
    /// The first of them.
    pub first_evidence: Option<Evidence>,
    /// Whether the first sign-in used MFA; `null` where no record says.
    pub mfa: Option<bool>,
}

/// Something that the subject made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Thing {
    /// The service, as `iam`.
    pub service: String,
    /// What it is, as `user` or `VPC`.
    pub kind: String,
    /// What it means to a responder.
    pub class: ThingClass,
    /// The name that people use: `i-…`, a user name. Names of pairs are joined by ` / `.
    pub id: String,
    /// All its names that the records give, ids and ARNs.
    pub names: Vec<String>,
    /// What it belongs to: the user of a key, the role of a policy.
    pub of: Option<String>,
    /// The account.
    pub account: Option<String>,
    /// The region; `null` for what has none.
    pub region: Option<String>,
    /// The record that made it.
    pub made: Evidence,
    /// Whether the operation would also have replaced one that was there before.
    pub may_have_existed: bool,
    /// Whether and how it is gone; `null` while it is there as far as these logs tell.
    pub gone: Option<Gone>,
    /// The record that switched it off (an inactive key), unless it was switched on again.
    pub disabled: Option<Evidence>,
    /// Policies that the subject gave to it.
    pub policies: Vec<String>,
    /// Whether one of them allows everything.
    pub admin: bool,
    /// Its use, for ways in.
    pub used: Option<Used>,
}

/// Something that the subject removed, and did not make within these logs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The service.
    pub service: String,
    /// What it was.
    pub kind: String,
    /// Its name.
    pub id: String,
    /// The account.
    pub account: Option<String>,
    /// The region; `null` for what has none.
    pub region: Option<String>,
    /// The record that removed it.
    pub evidence: Evidence,
}

/// Writes of one operation to one target that neither make nor remove it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Altered {
    /// The service.
    pub service: String,
    /// The operation.
    pub event_name: String,
    /// What was altered, when the parameters name it.
    pub target: Option<String>,
    /// Whether the subject had made the target.
    pub own: bool,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// The first of the records.
    pub evidence: Option<Evidence>,
}
