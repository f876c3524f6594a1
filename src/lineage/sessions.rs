//! The answer of `sessions`: role by session name, what the name claims, and who it really was.

use serde::Serialize;

use super::{Mismatch, Origin, Usage};
use crate::aws::Time;

/// One session name of one role.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionRow {
    /// The role's ARN.
    pub role_arn: String,
    /// The role's unique id, where several roles bore its ARN one after another: a row is of one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_id: Option<String>,
    /// The role's friendly name.
    pub role: String,
    /// The account.
    pub account: Option<String>,
    /// The session's name, which whoever assumed the role chose.
    pub session_name: String,
    /// What kind of claim the name is: `mail-address`, `instance`, `tool`, `name` and so on.
    pub claim_kind: &'static str,
    /// The claim in words.
    pub claim: String,
    /// Whether the verified origin bears the claim out: `agrees`, `differs`, `says-nothing`.
    pub agreement: &'static str,
    /// The verified origin: of its key, MFA and sign-in only what all sessions of the row share ([`Origin::shared`]).
    /// Where several come into question, all of them are named (`may_be`).
    pub origin: Origin,
    /// The long-term keys that the sessions began with; several are why `origin` names none.
    pub origin_keys: Vec<String>,
    /// In what the sessions and the ways from the origin to them differ: `key`, `MFA`, `sign-in`, `proof`,
    /// `source-identity`.
    pub differs: Vec<&'static str>,
    /// In how many steps it is reached.
    pub depth: u64,
    /// How many sessions were reached through several equal candidates.
    pub ambiguous: u64,
    /// The source identity that all sessions of the row have.
    pub source_identity: Option<String>,
    /// Whether the sessions were authenticated with MFA; None where they differ or do not say, see the next two.
    pub mfa: Option<bool>,
    /// How many sessions say that they were authenticated with MFA.
    pub with_mfa: u64,
    /// How many say that they were not.
    pub without_mfa: u64,
    /// How many sessions: different moments of creation.
    pub sessions: u64,
    /// The keys, with what each did; calls without a key are counted in `usage` only.
    pub keys: Vec<SessionKey>,
    /// What was done in them.
    #[serde(flatten)]
    pub usage: Usage,
    /// What does not fit.
    pub mismatches: Vec<Mismatch>,
}

/// One key of a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SessionKey {
    /// The key id.
    pub access_key: String,
    /// When its session was created.
    pub created: Option<Time>,
    /// What it did.
    #[serde(flatten)]
    pub usage: Usage,
}

/// The answer. Rows are ordered by calls, most first, then by role and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sessions {
    /// 1.
    pub schema: u32,
    /// What was asked for: the role or user, as typed.
    pub role: Option<String>,
    /// See `role`.
    pub user: Option<String>,
    /// One row for each role, session name and origin.
    pub rows: Vec<SessionRow>,
    /// Sessions in all rows.
    pub sessions: u64,
    /// Calls in all rows.
    pub calls: u64,
    /// Sessions by the kind of their origin, where it is one.
    pub by_origin: std::collections::BTreeMap<&'static str, u64>,
    /// Sessions that may be of several origins, which `by_origin` does not count.
    pub open: u64,
    /// Sessions reached through several equal candidates.
    pub ambiguous: u64,
}
