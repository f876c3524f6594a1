//! Whether the evaluator and the twin say the same.

use backtrail::policy::{Because, Decision, Layer, Outcome, StatementRef};

use super::flow::{Named, Place, Verdict, decide};
use super::raw::Pair;
use super::rule::Rules;

/// What the evaluator and the twin say differently of a pair; None if they agree.
pub(crate) fn disagreement(pair: &Pair, rules: Rules) -> Option<String> {
    pair.evaluated(|_, _, decision| of_pair(pair, &decision, rules))
}

/// [`disagreement`] for a pair that is evaluated already.
pub(crate) fn of_pair(pair: &Pair, decision: &Decision<'_>, rules: Rules) -> Option<String> {
    let verdict = decide(pair, rules);
    // Of an owner that is not known the reason may be one that holds for some owners only.
    let owner_is_open = pair.request.resource_account.is_none()
        && pair.request.management_account.is_some()
        && decision.outcome == verdict.outcome
        && matches!(decision.because, Because::Lacking(Layer::ResourceControl { .. }));
    of_decision(decision, &verdict).filter(|_| !owner_is_open)
}

/// What a decision says that the twin does not: in the outcome, in the layer, in the statements.
fn of_decision(decision: &Decision<'_>, verdict: &Verdict) -> Option<String> {
    let says = |what: &str| Some(format!("{what}\n  evaluator: {decision:?}\n  twin:      {verdict:?}"));
    if decision.outcome != verdict.outcome {
        return says("outcome");
    }
    let agrees = match decision.because {
        Because::Denied(statement) => {
            verdict.outcome == Outcome::ExplicitlyDenied && verdict.denying.contains(&named(&statement))
        }
        Because::Lacking(layer) => {
            verdict.outcome == Outcome::ImplicitlyDenied && verdict.lacking.contains(&place(&layer))
        }
        Because::Granted { by, with } => {
            verdict.outcome == Outcome::Allowed
                && verdict.allowing.contains(&named(&by))
                && with.is_none_or(|with| verdict.allowing.contains(&named(&with)))
        }
        Because::Rule(_) => true,
        Because::Depends => verdict.outcome == Outcome::Undetermined,
    };
    if agrees { None } else { says("reason") }
}

fn named(statement: &StatementRef<'_>) -> Named {
    (place(&statement.layer), statement.policy.to_owned(), statement.index)
}

fn place(layer: &Layer<'_>) -> Place {
    match layer {
        Layer::Identity => Place::Identity,
        Layer::Boundary => Place::Boundary,
        Layer::Session => Place::Session,
        Layer::ServiceControl { target } => Place::Scp(target.parse().ok()),
        Layer::ResourceControl { target } => Place::Rcp(target.parse().ok()),
        Layer::Resource => Place::Resource,
        Layer::VpcEndpoint => Place::VpcEndpoint,
    }
}
