//! Case files: policies, a request, and what should be decided.
//!
//! The same form serves the conformance cases and a user's own unit tests of policies. A file is one JSON object (or a
//! bare list of cases):
//!
//! ```json
//! {"cases": [{
//!   "id": "readers-may-read", "name": "readers may read the reports",
//!   "policies": {
//!     "identity": [{"Version": "2012-10-17", "Statement": []}],
//!     "boundary": null, "session": null, "resource": null, "vpce": null,
//!     "scp": [{"target": "root", "policies": []}], "rcp": null,
//!     "missing": {"resource": "the bucket policy was not exported"}
//!   },
//!   "request": {
//!     "principal": "arn:aws:iam::111122223333:user/ann",
//!     "action": "s3:GetObject", "resource": "arn:aws:s3:::example-bucket/key",
//!     "resourceAccount": "111122223333",
//!     "context": {"aws:SourceIp": "192.0.2.1"}, "unknown": ["aws:SourceVpc"]
//!   },
//!   "expected": {"decision": "undetermined", "needs": ["aws:sourcevpc"]}
//! }]}
//! ```
//!
//! `policies`: a layer is a document, a list of documents, or null for none; `scp` and `rcp` list the levels from the
//! root to the account. `missing` names layers of which nothing (more) is known. `policies` may also be a path, which
//! the caller of [`run`] resolves.
//!
//! `request`: `principal` is an ARN (user, role session, role, federated user, root, identity provider), a service
//! principal's name, an account id, `anonymous`, or null for some user of the resource's account. Optional: `roleArn` of
//! a session, `principalId` (else no unique id matches), `federatedBy` (the ARN of the user or root user behind a
//! federated user), `canonicalUser`, `managementAccount`, `wildcardOnlyAction`. `resource` is an ARN, `*`, or null for
//! unknown. Without `resourceAccount` it is the ARN's, else the caller's. Context keys that are neither in `context` nor in `unknown` are
//! known to be absent.
//!
//! `expected`: `decision` is `allow`, `implicit_deny`, `explicit_deny`, `deny` (either) or `undetermined`; `needs` are
//! what would decide it; `blockedBy` is a layer that must stand in the way (`identity`, `boundary`, `session`,
//! `resource`, `scp`, `rcp`, `vpce`).
//!
//! A case with `"unit": "condition"` has `input: {conditions: [{op, key, values}], context}` and `expected: true` or
//! `false`: whether all conditions hold.

mod read;
mod run;

#[cfg(test)]
mod tests;

pub use read::{CaseError, parse};
pub use run::{CaseResult, Sources, run};

use super::{PolicySet, Request};

/// A case file holds at most so many cases.
pub const CASES_MAX: usize = 100_000;

/// One case.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// Its id; its place in the file, from 0, where it has none.
    pub id: String,
    /// What it says, or why it cannot be read.
    pub content: Result<Content, String>,
}

/// What a case says.
#[derive(Debug, Clone, PartialEq)]
pub enum Content {
    /// Policies and a request.
    Decision {
        /// The policies.
        policies: Policies,
        /// The request; whether RCPs reach its service is set when it is run.
        request: Box<Request>,
        /// What should be decided.
        expected: Expected,
    },
    /// Conditions by themselves.
    Conditions {
        /// One document for each condition, which allows everything if the condition holds.
        documents: Vec<super::Document>,
        /// The context.
        context: super::Context,
        /// Whether they should hold.
        expected: bool,
    },
}

/// The policies of a case.
#[derive(Debug, Clone, PartialEq)]
pub enum Policies {
    /// In the case.
    Given(Box<PolicySet>),
    /// In a file or folder, which is not read here.
    Path(String),
}

/// What a case expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// The decision.
    pub decision: ExpectedDecision,
    /// What would decide it, each as [`super::Need`] is shown; None if any will do.
    pub needs: Option<Vec<String>>,
    /// A layer that must stand in the way.
    pub blocked_by: Option<String>,
}

/// The decision that a case expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExpectedDecision {
    /// Exactly this outcome.
    Exactly(super::Outcome),
    /// A denial of either kind.
    Denied,
}
