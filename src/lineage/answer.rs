//! The answer of `trace`: the chain up, the tree below, and what does not fit.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Gap, Issuance, Node, NodeKind, Origin, RecordRef, Rule, Usage};
use crate::aws::Time;

/// The version of the JSON form of [`Trace`].
pub const SCHEMA: u32 = 1;

/// How the note of a password begins that its user changed: whoever did so had used it.
pub const CHANGED_BY_USER: &str = "changed by its user";

/// One step up, with the record that proves it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Link {
    /// The rule.
    pub rule: Rule,
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// The lower end: what was made.
    pub from: Node,
    /// The upper end: who made it.
    pub to: Node,
    /// Seconds between the session's creation and the record; more than 0 is a fallback.
    pub seconds_apart: i64,
    /// The event ids of all candidates, where there are more than one.
    pub ambiguous: Vec<String>,
    /// Whether it stands above the origin: it tells who made the origin's key or launched its workload.
    pub above_origin: bool,
    /// The role that was passed to a launched workload.
    pub role_passed: Option<String>,
    /// The role with which the workload acts, where the launch passed something of another name and no record tells that
    /// it holds this role.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_untold: Option<String>,
    /// Who gave a function the role with which it acts, where somebody else put its code: by the record that put the code the
    /// link leads up, and this one is as much behind what the function did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_given: Option<Box<RoleGiven>>,
    /// Who else is behind what was launched: whoever put a function's layers or registered a task's definition; and where it
    /// is open which version of a function ran, whoever put code or layers into the others, or gave them their role.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<BesideLaunch>,
    /// What the upper end did: in all of its session, and where it has none within an hour of this record. None where it
    /// is no credential.
    pub to_usage: Option<Usage>,
}

/// A call that gave a function its role.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct RoleGiven {
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// The role.
    pub role: Option<String>,
    /// Who called.
    pub by: Node,
    /// The origin of whoever called.
    pub origin: Origin,
}

/// A call that is as much behind a workload as its launch, or may be.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct BesideLaunch {
    /// What it gave: `code`, `layers`, `role` or `definition`.
    pub what: &'static str,
    /// The version of the function that has it, where it is open which one ran; `$LATEST` is what was not published.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// Who called.
    pub by: Node,
    /// The origin of whoever called.
    pub origin: Origin,
}

/// A record that proves something. Ordered by time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Proof {
    /// When.
    pub event_time: Time,
    /// CloudTrail's id of the event, or object and place where it has none.
    pub event_id: String,
    /// The operation.
    pub event_name: String,
    /// The account of the record.
    pub account: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The log object that holds it.
    pub object: String,
    /// Its place there, from 0.
    pub record_index: i64,
}

impl From<&RecordRef> for Proof {
    fn from(record: &RecordRef) -> Self {
        Self {
            event_id: record.id(),
            event_time: Time(record.time),
            event_name: record.event_name.clone(),
            account: record.account.clone(),
            region: record.region.clone(),
            object: record.object.clone(),
            record_index: record.index,
        }
    }
}

/// An origin, and who stands above it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TracedOrigin {
    /// The origin.
    #[serde(flatten)]
    pub origin: Origin,
    /// Who made its key or password, or launched its workload; of a user that is asked about by name who made the user, where
    /// that is known, see `others_above`.
    pub above: Option<Box<Above>>,
    /// Why nobody stands above it, where the logs tell that the record is missing: what was made by the last one here was
    /// removed since.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above_gap: Option<Gap>,
    /// Of a user or root that is asked about by name: who else made something that it used, its other keys and passwords,
    /// each by its own record.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others_above: Vec<Above>,
}

/// Who made an origin's key or password, or launched its workload. They need not be who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Above {
    /// The rule.
    pub rule: Rule,
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// The origin of whoever called there.
    pub origin: TracedOrigin,
}

/// A chain from one credential up.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chain {
    /// The credential.
    pub credential: Node,
    /// What it did.
    pub usage: Usage,
    /// Its origin.
    pub origin: TracedOrigin,
    /// The links from it up.
    pub links: Vec<Link>,
    /// Every origin that a choice of candidates leads to; one where the origin is certain.
    pub origins: Vec<Origin>,
}

/// An issuance that was not chosen, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NotTaken {
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// The key that it made.
    pub access_key: Option<String>,
    /// How often that key was used.
    pub calls: u64,
    /// Why it was not chosen.
    pub reason: String,
}

/// What lets somebody into a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum TrustOf {
    /// The trust policy of a role.
    Role,
    /// A provider of identities.
    Provider,
    /// A trust anchor of IAM Roles Anywhere: whose certificates count.
    Anchor,
    /// A profile of IAM Roles Anywhere: for which roles.
    Profile,
    /// A long-term key that was put in force again.
    Key,
    /// An instance that somebody acted on.
    Instance,
    /// A task of ECS that somebody acted on.
    Task,
    /// A machine of Systems Manager, elsewhere than in EC2, that somebody acted on.
    Node,
    /// A role that was passed to a service.
    Passed,
    /// What had been passed the role, and was told to act.
    Ordered,
}

impl TrustOf {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            TrustOf::Role | TrustOf::Passed => "role",
            TrustOf::Provider => "provider",
            TrustOf::Anchor => "anchor",
            TrustOf::Profile => "profile",
            TrustOf::Key => "key",
            TrustOf::Instance => "instance",
            TrustOf::Task => "task",
            TrustOf::Node => "node",
            TrustOf::Ordered => "what acts",
        }
    }
}

/// Who let somebody into a session: the record that set last, before it was made, who may assume its role, what the provider
/// of identities that vouched for it vouches with, or whose certificates come by which roles. Or who had a hand on what acted:
/// put its key in force, acted on the machine, or passed the service its role. Whoever called need not be who came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trust {
    /// What was set.
    pub of: TrustOf,
    /// The name of the role or of the provider; the id of anything else.
    pub name: String,
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// Who called; None where the record names nobody.
    pub by: Option<Node>,
    /// The event id of the first record, in the order of the chains, whose caller it let in or that made the session with
    /// which it acted; None where that is what was asked about, or no record made it.
    pub lets: Option<String>,
}

/// Something that a credential led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Descendant {
    /// What it is.
    pub kind: NodeKind,
    /// Its id: of a role session the session's ARN, of a key its id, of a user its name.
    pub id: String,
    /// The whole node, where a caller stands behind it.
    pub node: Option<Node>,
    /// The rule that ties it to what is above it in the tree.
    pub rule: Rule,
    /// The record that made it; of several the first.
    #[serde(flatten)]
    pub made: Option<Proof>,
    /// The event ids of the others, in order of time.
    pub made_again: Vec<String>,
    /// The record that removed it.
    pub gone: Option<Proof>,
    /// How many sessions were folded into this line: the same session made again, role juggling.
    pub folded: u64,
    /// How many keys its sessions had that are not shown as children; 0 where none is named.
    pub keys: u64,
    /// How many of these keys were used.
    pub keys_used: u64,
    /// What it did itself.
    #[serde(flatten)]
    pub usage: Usage,
    /// What else is known, in words: `by ec2.amazonaws.com`.
    pub notes: Vec<String>,
    /// What is to be looked at, in words: `not the instance, but this user`.
    pub remarks: Vec<String>,
    /// Of a workload's session its role, where the launch passed something of another name and no record tells that it
    /// holds this role: then it is likely and no more that the launch led to the session.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role_untold: Option<String>,
    /// Why nothing is known of it: it goes on in an account whose logs are not here.
    pub gap: Option<Gap>,
    /// What it led to, in order of time.
    pub children: Vec<Descendant>,
}

impl Descendant {
    /// Why it is no more than likely that the launch led to it, in words; None where it is certain, or is no session of a
    /// workload.
    #[must_use]
    pub fn likely_words(&self) -> Option<String> {
        let role = self.role_untold.as_ref()?;
        Some(format!("likely: no record tells that what was passed holds {role}"))
    }
}

/// Whether what somebody claims is borne out.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Mismatch {
    /// `session-name`, `source-identity`, `place` or `role`.
    pub kind: &'static str,
    /// What is claimed: the session's name, the source identity, the instance, the function.
    pub claim: String,
    /// What the links verify.
    pub verified: String,
    /// The session that claims it.
    pub session: String,
    /// In words.
    pub text: String,
    /// The record that made the session.
    pub event_id: Option<String>,
}

/// Something that cannot be: it is reported and not followed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Violation {
    /// `cycle` or `used-before-issued`.
    pub kind: &'static str,
    /// The record.
    #[serde(flatten)]
    pub record: Proof,
    /// In words.
    pub text: String,
}

/// Who was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TraceSubject {
    /// `access-key`, `session`, `event`, `user`, `role`, `root`, `identity-center-user`, `service` and so on.
    pub kind: String,
    /// The full id.
    pub id: String,
    /// What was typed.
    pub asked: String,
    /// The caller, where exactly one stands behind the id.
    pub node: Option<Node>,
    /// What it did, in the window; of an event what it is itself, see `credential_usage`.
    pub usage: Usage,
    /// Of an event: what the credential did that called, the event among it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_usage: Option<Usage>,
    /// What it did outside the window, where it did nothing inside: then the chains are those of these calls, and what
    /// they made is left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outside_window: Option<Usage>,
    /// How many credentials bear the id.
    pub credentials: u64,
    /// How many keys the session of this key used altogether, and how many calls were made in it.
    pub session_keys: u64,
    /// See `session_keys`.
    pub session_calls: u64,
    /// Whether the session was authenticated with MFA.
    pub mfa: Option<bool>,
    /// What the session's name claims, in words.
    pub claim: Option<String>,
    /// For whom an application acted with a role that is none of Identity Center's: the user that it named when it assumed
    /// the role, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acts_for: Option<String>,
    /// Of a root: what was done in sessions that AssumeRoot made of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assumed_root: Option<AssumedRoot>,
    /// The event, where WHO is one.
    pub event: Option<Proof>,
    /// Why nothing is known of what it did: it acts in an account whose logs are not here.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gap: Option<Gap>,
}

/// What was done in sessions that AssumeRoot made of a root: their records bear the root's name, and somebody else acts, see
/// [`super::Caller::is_assumed_root`]. It is none of root's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AssumedRoot {
    /// The keys of the sessions.
    pub access_keys: BTreeSet<String>,
    /// What they did.
    #[serde(flatten)]
    pub usage: Usage,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Trace {
    /// [`SCHEMA`].
    pub schema: u32,
    /// Who was asked about.
    pub subject: TraceSubject,
    /// The origin; of several credentials the one that all share, else unknown.
    pub origin: TracedOrigin,
    /// The links from the subject up to its origin, then those above the origin.
    pub links: Vec<Link>,
    /// The chain of each credential that bears the id, those with most calls first; one of each origin and links.
    pub chains: Vec<Chain>,
    /// Issuances that were not chosen though they look alike.
    pub not_taken: Vec<NotTaken>,
    /// Who set who may assume the roles that the chains lead through, in order of time.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub trusts: Vec<Trust>,
    /// What it led to, in order of time.
    pub descendants: Vec<Descendant>,
    /// Claims that are not borne out.
    pub mismatches: Vec<Mismatch>,
    /// What cannot be.
    pub violations: Vec<Violation>,
    /// Limits that were reached, in words.
    pub truncated: Vec<String>,
    /// What a window leaves out of what it led to, in words.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub left_out: Vec<String>,
    /// The first event that these logs hold of the origin's account: what was before it cannot be told. None where they
    /// hold none.
    pub logs_begin: Option<Time>,
}

/// The node that an issuance made, for keys that were never used.
#[must_use]
pub fn made_node(issuance: &Issuance) -> Node {
    let kind = match issuance.key {
        Some(_) => NodeKind::AccessKey,
        None => NodeKind::Session,
    };
    let id = issuance.key.clone().or_else(|| issuance.session_arn.clone());
    let role = issuance.session_arn.as_deref().and_then(|arn| arn.split('/').nth(1)).map(str::to_owned);
    let session =
        issuance.session_arn.as_deref().and_then(|arn| arn.splitn(3, '/').nth(2)).map(str::to_owned);
    Node {
        kind,
        id: id.unwrap_or_default(),
        account: issuance.session_account.clone(),
        access_key: issuance.key.clone(),
        arn: issuance.session_arn.clone(),
        name: issuance.user_name.clone().or(role),
        session_name: session,
        created: Some(Time(issuance.record.time)),
        source_identity: issuance.source_identity.clone(),
    }
}
