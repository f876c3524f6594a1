//! The answer as rows: one for each request of the call.

use chrono::SecondsFormat;

use crate::replay::answer::{Agreement, ExplainedRequest, Explanation};
use crate::report::Style;
use crate::report::csv::row;
use crate::report::replay::words::{decided_words, how_word, needs_words};

const HEADER: [&str; 34] = [
    "event_id",
    "time",
    "account",
    "region",
    "principal",
    "arn",
    "access_key",
    "source",
    "origin",
    "origin_complete",
    "then",
    "error_code",
    "aws_action",
    "aws_resource",
    "aws_effect",
    "aws_layer",
    "aws_policy",
    "logs",
    "not_a_request",
    "action",
    "resource",
    "resource_from",
    "derived",
    "certain",
    "outcome",
    "decided_by",
    "how",
    "layer",
    "policy",
    "sid",
    "statement",
    "needs",
    "verdict",
    "agreement",
];

/// CSV cuts nothing.
const WHOLE: Style = Style { unicode: true, wide: true, width: usize::MAX };

/// A heading and a row for each request, each with its line end; one row without a request where there is none.
#[must_use]
pub fn csv(explanation: &Explanation) -> String {
    let mut out = row(HEADER.map(Some));
    explanation.requests.iter().for_each(|request| out.push_str(&line(explanation, Some(request))));
    if explanation.requests.is_empty() {
        out.push_str(&line(explanation, None));
    }
    out
}

fn line(explanation: &Explanation, request: Option<&ExplainedRequest>) -> String {
    let Explanation { caller, behind, aws, .. } = explanation;
    let decision = request.and_then(|request| request.decision.as_ref());
    let first = decision.and_then(|made| made.decided.first());
    let words = |words: String| Some(words).filter(|words| !words.is_empty());
    let word = |word: &str| Some(word.to_owned());
    let cells: [Option<String>; HEADER.len()] = [
        explanation.event_id.clone(),
        Some(explanation.time.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        explanation.account.clone(),
        explanation.region.clone(),
        caller.principal.clone(),
        caller.arn.clone(),
        caller.access_key.clone(),
        caller.source.clone(),
        Some(behind.origin.clone()),
        Some(behind.complete.to_string()),
        word(aws.then.word()),
        aws.error_code.clone(),
        aws.action.clone(),
        aws.resource.clone(),
        aws.effect.map(str::to_owned),
        aws.layer.clone(),
        aws.policy_arn.clone(),
        explanation.logs_say.clone(),
        explanation.not_a_request.clone(),
        Some(request.map_or_else(|| explanation.action.clone(), |request| request.action.clone())),
        request.map(|request| request.resource.clone()),
        request.map(|request| request.resource_from.clone()),
        request.map(|request| request.derived.to_string()),
        request.map(|request| request.certain.to_string()),
        decision.map(|made| made.outcome.clone()),
        decision.and_then(|made| words(decided_words(&made.decided, WHOLE))),
        first.and_then(|own| word(how_word(own.how))),
        first.and_then(|own| own.layer.clone()),
        first.and_then(|own| own.policy.clone()),
        first.and_then(|own| own.sid.clone()),
        first.and_then(|own| own.index).map(|index| index.to_string()),
        decision.and_then(|made| words(needs_words(&made.needs, WHOLE))),
        explanation.verdict.and_then(|verdict| word(verdict.word())),
        word(match explanation.agreement {
            Agreement::Agree { .. } => "agree",
            Agreement::Disagree { .. } => "disagree",
            Agreement::NotComparable { .. } => "not-comparable",
        }),
    ];
    row(cells.iter().map(Option::as_deref))
}
