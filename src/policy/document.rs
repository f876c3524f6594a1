//! One policy, parsed: its statements, what was refused of it, and why.
//!
//! The grammar is AWS's (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_grammar.html>).

mod check;
mod element;
mod json;
mod kind;
mod operator;
mod parse;
mod principal;
mod variable;

use borsh::{BorshDeserialize, BorshSerialize};

pub(super) use json::cut;
pub use kind::PolicyKind;
pub use operator::{Operator, Quantifier};
pub use principal::{Principal, Principals};
pub(crate) use variable::{Piece, pieces};

use super::Problem;

/// Documents of more bytes are refused. AWS's own limits are far below
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const DOCUMENT_BYTES_MAX: usize = 4 << 20;
/// Documents with more statements are refused.
pub const STATEMENTS_MAX: usize = 10_000;
/// Documents with more JSON values are refused.
pub const JSON_VALUES_MAX: usize = 200_000;

/// One policy.
///
/// ```
/// # use backtrail::policy::{Document, Effect, PolicyKind};
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:*", "Resource": "*"}}"#;
/// let document = Document::parse(PolicyKind::Identity, "read-all", text);
/// assert_eq!(document.statements[0].effect, Effect::Allow);
/// assert!(document.problems.is_empty());
/// ```
#[derive(Debug, Clone, PartialEq, BorshSerialize, BorshDeserialize)]
pub struct Document {
    /// What kind of policy it was parsed as.
    pub kind: PolicyKind,
    /// Its ARN or name, as it was given.
    pub name: String,
    /// The version of the language; [`Version::V2008`] where none is given.
    pub version: Version,
    /// The statements that were understood, in order.
    pub statements: Vec<Statement>,
    /// The statements that were not, in order; one without an index stands for the whole document.
    pub refused: Vec<Refused>,
    /// All that is wrong with it.
    #[borsh(skip)]
    pub problems: Vec<Problem>,
}

/// The version of the policy language
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>).
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize,
)]
pub enum Version {
    /// `2008-10-17`, also where no version is given: policy variables are literal text.
    #[default]
    V2008,
    /// `2012-10-17`: policy variables are replaced.
    V2012,
}

/// What a statement does when it matches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// Whether a list says what is meant, or what is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Match {
    /// What one of the list fits: `Action`, `Resource`, `Principal`.
    Listed,
    /// What none of the list fits: `NotAction`, `NotResource`, `NotPrincipal`.
    NotListed,
}

/// A statement that was understood. It matches a request whose principal, action, resource and conditions all match.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Statement {
    /// Its place in the document, from 0, refused statements counted.
    pub index: usize,
    /// Its `Sid`.
    pub sid: Option<String>,
    /// What it does.
    pub effect: Effect,
    /// Whom it is about; None where the kind of policy has no principals, which is everyone the policy is attached to.
    pub principals: Option<Principals>,
    /// Which actions.
    pub actions: Actions,
    /// Which resources; None in a policy that is attached to the one resource it is about, as a trust policy.
    pub resources: Option<Resources>,
    /// Under which conditions: all must hold.
    pub conditions: Vec<Condition>,
}

/// The actions of a statement
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notaction.html>).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Actions {
    /// `Action` or `NotAction`.
    pub matching: Match,
    /// As written, never empty: `*`, or a service's prefix, a colon, and a name in which `*` stands for any text and `?`
    /// for one character. Case does not matter.
    pub patterns: Vec<String>,
}

/// The resources of a statement
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_notresource.html>).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Resources {
    /// `Resource` or `NotResource`.
    pub matching: Match,
    /// As written, never empty: `*`, or an ARN with wildcards and, in version 2012-10-17, variables. Case matters. An
    /// ARN's parts are matched one by one, the first five apart from the sixth; in the sixth wildcards cross `/` and `:`.
    pub patterns: Vec<String>,
}

/// One condition: an operator, one key, and the values of which one must fit
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>).
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Condition {
    /// What is compared, and how.
    pub operator: Operator,
    /// `ForAllValues:` or `ForAnyValue:`, if the operator has one.
    pub quantifier: Option<Quantifier>,
    /// `…IfExists`: holds when the request does not have the key.
    pub if_exists: bool,
    /// The key as written; its case does not matter.
    pub key: String,
    /// The values as written, numbers and booleans as text, never empty. With a negated operator none of them may fit.
    pub values: Vec<String>,
}

/// A statement that was not understood. Whether it matches a request is unknown; only an action that `actions` does not
/// match is certain not to.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Refused {
    /// Its place in the document, from 0; None for the whole document.
    pub index: Option<usize>,
    /// Its `Sid`, if that could be read.
    pub sid: Option<String>,
    /// Its effect; None if that could not be read: it may be a deny.
    pub effect: Option<Effect>,
    /// Its actions; None if these could not be read.
    pub actions: Option<Actions>,
}

#[cfg(test)]
mod tests;
