//! What a replay, an explanation and the question "can P assume R" answer: plain values for `report`.
//!
//! Counts are of events unless they say otherwise. Text from logs and policies is foreign and hostile.

use borsh::{BorshDeserialize, BorshSerialize};
use serde::Serialize;

use crate::aws::Time;
use crate::policy::Reason;

/// What AWS did with a call then.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Then {
    /// It let the call pass.
    Allowed,
    /// It refused the call for want of permission.
    Denied,
    /// The call failed for another reason: that the record is silent on permission.
    Failed,
}

/// A decision about a whole call, which may be several requests.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// Every request of the call is allowed.
    Allowed,
    /// A request that the call certainly made is denied.
    Denied,
    /// It depends on what is not known.
    Undetermined,
}

/// The policies' decision beside what AWS did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// Allowed then and now, or denied then and now. A call that failed for another reason and is allowed now counts here.
    Same,
    /// It was not refused then; the policies deny it.
    NowDenied,
    /// It was refused then; the policies allow it.
    NowAllowed,
    /// What is not known decides.
    Undetermined,
    /// No policy decides such a record.
    NotARequest,
}

/// What a proposal changes for a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Change {
    /// It worked, today's policies do not deny it, the proposed ones do.
    Broken,
    /// It worked, today's policies allow it, and under the proposed ones it depends on what is not known; or it depends on what
    /// is not known today, too, and something that may allow it today is gone, or something that may deny it has come.
    MayBreak,
    /// Today's policies deny it, the proposed ones allow it.
    Opened,
    /// Today's policies deny it, and under the proposed ones it depends on what is not known.
    MayOpen,
}

impl Then {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
        }
    }
}

impl Verdict {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::NowDenied => "now-denied",
            Self::NowAllowed => "now-allowed",
            Self::Undetermined => "undetermined",
            Self::NotARequest => "not-a-request",
        }
    }
}

impl Change {
    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Broken => "broken",
            Self::MayBreak => "may-break",
            Self::Opened => "opened",
            Self::MayOpen => "may-open",
        }
    }
}

/// What decided a request.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Decided {
    /// `allow`, `deny` (a statement), `no-allow` (a layer in which none allows) or `rule` (of AWS's, without a statement).
    pub how: How,
    /// The layer in words, as `identity-based policies`, `service control policies of ou-ex01-11111111`; none for a rule.
    pub layer: Option<String>,
    /// The kind of that layer; none for a rule.
    pub kind: Option<LayerKind>,
    /// The policy's ARN or name; none where no statement decided.
    pub policy: Option<String>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// The statement's index in its policy, from 0.
    pub index: Option<usize>,
    /// The rule in words; none where a statement or a layer decided.
    pub rule: Option<String>,
}

/// The kind of a layer of policies.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum LayerKind {
    /// Policies of the user or role, and of its groups.
    Identity,
    /// The permissions boundary of the user or role.
    Boundary,
    /// Session policies.
    Session,
    /// Service control policies of one level.
    Scp,
    /// Resource control policies of one level.
    Rcp,
    /// The policy of the resource; of a role its trust policy.
    Resource,
    /// The policy of the VPC endpoint.
    VpcEndpoint,
}

/// In which way something decided.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum How {
    /// A statement allows.
    Allow,
    /// A statement denies.
    Deny,
    /// No statement of the layer allows.
    NoAllow,
    /// A rule of AWS's decides.
    Rule,
}

/// An event of a group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Example {
    /// When.
    pub time: Time,
    /// CloudTrail's id.
    pub event_id: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The resource of the request that decided, for people.
    pub resource: String,
}

/// How often and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// Events.
    pub events: u64,
    /// The first.
    pub first: Time,
    /// The last.
    pub last: Time,
}

/// Events of one verdict, principal, action and decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// The verdict.
    pub verdict: Verdict,
    /// What AWS did.
    pub then: Then,
    /// The user or role: its ARN, or another name of who called. None where the record names nobody.
    pub principal: Option<String>,
    /// The action that decided; of what is no request, source and name of the event (`signin: ConsoleLogin`).
    pub action: String,
    /// Whether no record shows that request, and it was derived (`iam:PassRole`).
    pub derived: bool,
    /// What decided, one or two; empty for what is undetermined or no request.
    pub decided: Vec<Decided>,
    /// What would decide, of the undetermined; why it is no request, of those.
    pub needs: Vec<Lack>,
    /// How often and when.
    #[serde(flatten)]
    pub seen: Seen,
    /// How many of them were refused within a minute of a change of the policies that they needed and worked soon after:
    /// IAM had not caught up yet
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
    pub propagation: u64,
    /// How many different resources.
    pub resources: u64,
    /// The first events, at most three, of different resources where there are such.
    pub examples: Vec<Example>,
}

/// Something that is not known, and that decides.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, BorshSerialize, BorshDeserialize)]
pub struct Lack {
    /// What: a condition key, a policy that was not supplied, the resource.
    pub what: String,
    /// Why it is not known, and what would tell it.
    pub why: String,
}

/// Undetermined events by one thing that is missing. An event that needs several counts for each.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LackCount {
    /// What, and why.
    #[serde(flatten)]
    pub lack: Lack,
    /// How many events.
    pub events: u64,
}

/// How often a statement matched and decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StatementHits {
    /// The policy's ARN or name.
    pub policy: String,
    /// The layer it stands in: `identity-based policies`.
    pub layer: String,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// Its index in its policy.
    pub index: usize,
    /// `Allow` or `Deny`.
    pub effect: &'static str,
    /// Events with a request that it matched, whatever the outcome.
    pub matched: u64,
    /// Events with a request that it allowed or denied: named as deciding.
    pub decided: u64,
    /// Events with a request that it may have matched, depending on what is not known.
    pub may: u64,
    /// The last event that it matched.
    pub last: Option<Time>,
}

/// A denied event whose reason, as AWS states it, is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Disagreement {
    /// The event.
    #[serde(flatten)]
    pub example: Example,
    /// Who.
    pub principal: Option<String>,
    /// The action that AWS states, or else ours.
    pub action: String,
    /// AWS's words: `explicit deny in a service control policy: arn:…`.
    pub aws: String,
    /// Ours: `allowed by …`, `identity-based policies allow it; …`.
    pub ours: String,
    /// Events that disagree in the same way.
    pub events: u64,
    /// What may explain it, as `IAM had not caught up yet: worked 12 s later`.
    pub remark: Option<String>,
}

/// What limits a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Limit {
    /// What cannot be known or was taken for granted, in a sentence.
    pub what: String,
    /// How many events it concerns; none where it concerns all.
    pub events: Option<u64>,
}

/// How many events have which verdict.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Verdicts {
    /// Allowed then and now.
    pub same_allowed: u64,
    /// Denied then and now.
    pub same_denied: u64,
    /// Allowed now; then they failed for a reason that is not permission.
    pub same_failed: u64,
    /// Not refused then, denied now.
    pub now_denied: u64,
    /// Refused then, allowed now.
    pub now_allowed: u64,
    /// Undetermined.
    pub undetermined: u64,
    /// No request.
    pub not_a_request: u64,
    /// Calls of which no action is known; they count as undetermined, too.
    pub unmapped: u64,
}

/// What a proposal changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Proposal {
    /// Where it was read from.
    pub path: String,
    /// What it changes of the snapshot, a sentence each.
    pub changes: Vec<String>,
    /// Events that it breaks.
    pub broken: u64,
    /// Events that it may break.
    pub may_break: u64,
    /// Events that it opens.
    pub opened: u64,
    /// Events that it may open.
    pub may_open: u64,
    /// The verdicts under the proposal.
    pub verdicts: Verdicts,
    /// Those events, by change, principal, action and decision; in order of change, then most events first.
    pub groups: Vec<ChangeGroup>,
    /// Events of calls that worked, by principal and by what the policies say of them today and under the proposal: each stands
    /// once. In order.
    #[serde(skip)]
    pub worked: Vec<Worked>,
}

/// Calls that worked, of one principal, of which the policies say the same.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Worked {
    /// As in [`Group`].
    pub principal: Option<String>,
    /// What today's policies say.
    pub today: Said,
    /// What the proposed ones say.
    pub proposed: Said,
    /// How many events.
    pub events: u64,
}

/// Events that a proposal changes in one way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ChangeGroup {
    /// The way.
    pub change: Change,
    /// As in [`Group`].
    pub principal: Option<String>,
    /// As in [`Group`].
    pub action: String,
    /// As in [`Group`].
    pub derived: bool,
    /// What decides today.
    pub today: Vec<Decided>,
    /// What decides under the proposal.
    pub decided: Vec<Decided>,
    /// What would decide under the proposal, where that is undetermined.
    pub needs: Vec<Lack>,
    /// The condition keys that the deciding statement reads, in its own spelling or folded to lower case; empty without any.
    pub keys: Vec<String>,
    /// How often and when.
    #[serde(flatten)]
    pub seen: Seen,
    /// The regions, sorted.
    pub regions: Vec<String>,
    /// How many different resources.
    pub resources: u64,
    /// As in [`Group`].
    pub examples: Vec<Example>,
}

/// The answer of `backtrail replay`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Replay {
    /// The snapshot that was read.
    pub snapshot: String,
    /// The first event; none without events.
    pub first: Option<Time>,
    /// The last event.
    pub last: Option<Time>,
    /// Accounts whose logs hold the events, sorted.
    pub accounts: Vec<String>,
    /// Events. A call that two accounts have recorded is one.
    pub events: u64,
    /// Records that another account has of these calls, which count no more.
    pub copies: u64,
    /// Distinct requests: caller, action, resource, and the condition keys that the policies in play read.
    pub requests: u64,
    /// Evaluations of a request, those under the proposal among them. It is a figure of this run: how often an equal request is
    /// evaluated depends on who shares the work, so it stands in no output that is compared.
    #[serde(skip)]
    pub evaluations: u64,
    /// Events by verdict.
    pub verdicts: Verdicts,
    /// Events by verdict, principal, action and decision: verdicts in the order now-denied, now-allowed, undetermined,
    /// same, not-a-request; then most events first, then by name.
    pub groups: Vec<Group>,
    /// What is missing, most events first.
    pub lacks: Vec<LackCount>,
    /// The statements of the policies in play: all of the callers' and resources' policies that were met, in order of
    /// layer, policy and index; those that matched nothing among them.
    pub statements: Vec<StatementHits>,
    /// Events whose reason, as AWS states it, is not ours, most events first.
    pub disagreements: Vec<Disagreement>,
    /// Denied events that state a reason, and agree with ours.
    pub agreements: u64,
    /// Denied events whose reason cannot be compared: AWS states none, or ours is undetermined.
    pub not_comparable: u64,
    /// What the proposal changes.
    pub proposal: Option<Proposal>,
    /// What limits all this.
    pub limits: Vec<Limit>,
}

/// The answer of `backtrail explain`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Explanation {
    /// When.
    pub time: Time,
    /// CloudTrail's id.
    pub event_id: Option<String>,
    /// The region.
    pub region: Option<String>,
    /// The account that the record belongs to.
    pub account: Option<String>,
    /// `s3: GetObject`, or the action where the call is one request.
    pub action: String,
    /// Who called.
    pub caller: ExplainedCaller,
    /// Who is behind the caller.
    pub behind: Behind,
    /// What AWS said.
    pub aws: AwsSaid,
    /// What the logs show of the caller's or the target's policies around that time, in order of time.
    pub logs: Vec<LogFact>,
    /// What the logs' facts come to, in a sentence; none where they tell nothing.
    pub logs_say: Option<String>,
    /// Why the record is no request; none if it is one.
    pub not_a_request: Option<String>,
    /// Its requests, with the policies' decision on each where a snapshot was given.
    pub requests: Vec<ExplainedRequest>,
    /// The snapshot; none if none was given.
    pub snapshot: Option<String>,
    /// The verdict; none without a snapshot.
    pub verdict: Option<Verdict>,
    /// Whether AWS's reason and ours agree.
    pub agreement: Agreement,
    /// For an AssumeRole call: each side that has a say.
    pub assume: Option<Assume>,
    /// What limits all this.
    pub limits: Vec<Limit>,
}

/// Who called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ExplainedCaller {
    /// The user or role; none where the record names nobody.
    pub principal: Option<String>,
    /// The session's ARN, or the caller's own.
    pub arn: Option<String>,
    /// The access key id.
    pub access_key: Option<String>,
    /// The address or service it came from.
    pub source: Option<String>,
    /// The service that made the call for the caller.
    pub forwarded_by: Option<String>,
    /// Whether the session was signed in with MFA; none where the record does not say.
    pub mfa: Option<bool>,
    /// Session policies, in words; none where there are none.
    pub session_policies: Option<String>,
}

/// Who is behind a caller.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Behind {
    /// The origin in words: `IAM user bert, key AKIA…`, `not known: …`.
    pub origin: String,
    /// The steps from the caller up, in words with rule and event id: `key, c24de5b7-…`. Empty where the caller is the origin.
    pub steps: Vec<String>,
    /// Whether the chain ends at an origin.
    pub complete: bool,
}

/// What AWS said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AwsSaid {
    /// What it did.
    pub then: Then,
    /// `errorCode`.
    pub error_code: Option<String>,
    /// `errorMessage`, whole.
    pub text: Option<String>,
    /// The action that the message states.
    pub action: Option<String>,
    /// The resource that the message states.
    pub resource: Option<String>,
    /// `explicit` or `implicit`; none where the message does not say.
    pub effect: Option<&'static str>,
    /// The layer in AWS's words: `identity-based policy`.
    pub layer: Option<String>,
    /// The policy that it names.
    pub policy_arn: Option<String>,
    /// Whether the message holds an encoded part, for `aws sts decode-authorization-message`.
    pub encoded: bool,
}

/// A change that the logs show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LogFact {
    /// When.
    pub time: Time,
    /// The record.
    pub event_id: Option<String>,
    /// What, in words: `PutRolePolicy inline-policy: Allow ec2:Describe* on *`.
    pub what: String,
}

/// One request, explained.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedRequest {
    /// The action.
    pub action: String,
    /// The resource for people.
    pub resource: String,
    /// Where the resource is from, in words: `in the record's resources`, `AWS's message states it`.
    pub resource_from: String,
    /// Whether it was derived, and no record shows it.
    pub derived: bool,
    /// Whether the call certainly asked for it.
    pub certain: bool,
    /// The decision; none without a snapshot.
    pub decision: Option<ExplainedDecision>,
}

/// The policies' decision on a request.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ExplainedDecision {
    /// `allowed`, `explicitly denied`, `implicitly denied`, `undetermined`.
    pub outcome: String,
    /// What decided.
    pub decided: Vec<Decided>,
    /// What would decide, where it is undetermined.
    pub needs: Vec<Lack>,
    /// Why, as a tree.
    #[serde(serialize_with = "reason")]
    pub reason: Reason,
    /// The condition keys that the policies read: name, and `= value`, `absent`, or `unknown: why`.
    pub keys: Vec<(String, String)>,
}

fn reason<S: serde::Serializer>(reason: &Reason, to: S) -> Result<S::Ok, S::Error> {
    #[derive(Serialize)]
    struct Tree<'a> {
        text: &'a str,
        children: Vec<Tree<'a>>,
    }
    fn tree(reason: &Reason) -> Tree<'_> {
        Tree { text: &reason.text, children: reason.children.iter().map(tree).collect() }
    }
    tree(reason).serialize(to)
}

/// Whether AWS's stated reason and ours agree.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "kebab-case")]
pub enum Agreement {
    /// They agree.
    Agree {
        /// In which words.
        words: String,
    },
    /// They do not.
    Disagree {
        /// In which words.
        words: String,
    },
    /// AWS did not state a reason, no snapshot was given, or ours is undetermined.
    NotComparable {
        /// Why.
        words: String,
    },
}

/// The answer of `backtrail can-assume`, and of `explain` for an AssumeRole call.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Assume {
    /// Who wants the role.
    pub principal: String,
    /// The role's ARN.
    pub role: String,
    /// The decision: all sides together.
    pub said: Said,
    /// Each side that has a say, in the order of the flow.
    pub sides: Vec<Side>,
    /// What was supposed of the call, in words: `with MFA`, `ExternalId x`, `session name y`.
    pub supposed: Vec<String>,
}

/// One side of an AssumeRole call.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Which: `caller's policies`, `trust policy`, `service control policies`, `permissions boundary`, `session policy`,
    /// `session tags`, `role chaining` …
    pub name: String,
    /// Whether it lets the call pass.
    pub says: Said,
    /// Why, in a sentence: `no statement allows sts:AssumeRole on …`, `Sid X requires MFA; the session has none`.
    pub why: String,
    /// The statement that refuses, or the nearest that would allow if a condition held; none where there is none.
    pub statement: Option<Decided>,
    /// What would have to change, in a sentence; none where it passes.
    pub change: Option<String>,
}
