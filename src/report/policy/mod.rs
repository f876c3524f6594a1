//! What `policy test`, `policy eval` and `policy lint` say.

mod eval;
mod lint;
mod test;
#[cfg(test)]
mod tests;

pub use eval::{Evaluation, csv as eval_csv, json as eval_json, text as eval_text};
pub use lint::{LintedFile, csv as lint_csv, json as lint_json, text as lint_text};
pub use test::{TestOptions, csv as test_csv, json as test_json, text as test_text};

use super::Mark;
use crate::policy::{Outcome, PolicyKind, Reason};

/// An outcome in the words of case files.
fn word(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allow",
        Outcome::ExplicitlyDenied => "explicit_deny",
        Outcome::ImplicitlyDenied => "implicit_deny",
        Outcome::Undetermined => "undetermined",
    }
}

fn mark(outcome: Outcome) -> Mark {
    match outcome {
        Outcome::Allowed => Mark::None,
        Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Mark::Refused,
        Outcome::Undetermined => Mark::Claim,
    }
}

/// A kind of policy as `--kind` has it.
fn kind_word(kind: PolicyKind) -> &'static str {
    match kind {
        PolicyKind::Identity => "identity",
        PolicyKind::ServiceControl => "scp",
        PolicyKind::ResourceControl => "rcp",
        PolicyKind::Resource => "resource",
        PolicyKind::Trust => "trust",
        PolicyKind::VpcEndpoint => "vpc-endpoint",
    }
}

/// The sentences of a tree with their depths, from the top down.
fn flat(reason: &Reason) -> Vec<(usize, &str)> {
    let mut sentences = Vec::new();
    let mut open = vec![(0, reason)];
    while let Some((depth, reason)) = open.pop() {
        sentences.push((depth, reason.text.as_str()));
        open.extend(reason.children.iter().rev().map(|child| (depth + 1, child)));
    }
    sentences
}
