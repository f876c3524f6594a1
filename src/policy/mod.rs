//! The IAM evaluator: pure, total, three-valued, ignorant of logs and files.
//!
//! ```text
//! text ── Document::parse ──> Document ──┐ (statements, refused statements, problems)
//!                                        ├─ PolicySet ── Evaluator::compile ──> CompiledSet
//! Caller, action, resource, Context ─────┴─ Request ──── Evaluator::prepare ──> PreparedRequest
//!                                        CompiledSet::evaluate(&PreparedRequest) ──> Decision
//! ```
//!
//! A [`Document`] is one policy, parsed as strictly as AWS would. A [`PolicySet`] says which documents stand in which
//! layer for one caller and one resource, and what is missing. A [`Request`] says who wants what, and a [`Context`] what
//! is known of the request: each key has values, is known to be absent, or is unknown.
//!
//! # The decision
//!
//! [`Outcome::Allowed`] and the two denials are certain: whatever the unknown keys and missing policies turn out to be,
//! the request is allowed, or denied. [`Outcome::Undetermined`] means that it depends on them; [`CompiledSet::deciding`]
//! names the smallest set that would decide. Each condition over an unknown key is unknown by itself: a statement that
//! allows when a key is `a` and another one that allows when it is not do not add up to an allow.
//!
//! # Trouble never widens access
//!
//! What AWS would reject or what cannot be understood is a [`Problem`] that names the policy, the statement and the
//! place. A refused `Allow` grants nothing where an allow grants (identity, resource and trust policies). A refused
//! `Deny`, and in a ceiling (boundary, session policy, SCP, RCP, VPC endpoint policy) also a refused `Allow`, may or may
//! not match: the decisions that depend on it are undetermined, never allowed.
//!
//! # Not modelled
//!
//! Grants of KMS, access control lists of S3 and shares of AWS RAM and of single services can allow what no policy allows;
//! nothing here reads them. Who knows that a share may exist says so as a missing policy that can only allow. RCPs do not
//! bind the KMS keys that AWS manages, which only their aliases tell from others.

pub mod case;
mod compile;
mod context;
mod deciding;
mod decision;
mod document;
mod evaluate;
mod explain;
mod keys_of;
mod lint;
mod matching;
mod partial;
mod prepare;
mod problem;
mod rejection;
mod request;
mod resource_fit;
mod set;
mod survey;
mod truth;
mod value;
mod wildcard;

pub use compile::{CompiledSet, Evaluator, LayerKind};
pub use context::{Context, Rest, Standing};
pub use deciding::{DECIDING_NEEDS_MAX, DECIDING_TRIALS_MAX};
pub use decision::{Because, Decision, Layer, Need, Needs, Outcome, Rule, StatementRef};
pub use document::{
    Actions, Condition, DOCUMENT_BYTES_MAX, Document, Effect, JSON_VALUES_MAX, Match, Operator, PolicyKind,
    Principal, Principals, Quantifier, Refused, Resources, STATEMENTS_MAX, Statement, Version,
};
pub(crate) use document::{Piece, pieces};
pub use explain::Reason;
pub use lint::lint;
pub use partial::resource_covers;
pub use prepare::{PreparedRequest, reaches_key_behind};
pub use problem::{Consequence, Place, Problem, ProblemKind};
pub use rejection::rejections;
pub(crate) use rejection::{rejection, without_version};
pub use request::{Caller, Request, Resource};
pub use resource_fit::ResourceRules;
pub use set::{Attached, Level, Levels, May, PolicySet};
pub use survey::{LayerSurvey, Matched, Numbered, StatementId, Survey, Written};
pub use truth::Truth;
