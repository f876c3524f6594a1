//! The third witness: what the snapshot's policies say to each request of the call, and whether AWS agrees.

use super::{Options, WORDS_AT, line, witness_line};
use crate::policy::Reason;
use crate::replay::answer::{Agreement, ExplainedDecision, ExplainedRequest, Explanation};
use crate::report::replay::words::{decided_words, hang, verdict_words, whole};
use crate::report::{Mark, Style, figure};

/// Sentences of the reasons shown at most, of each request.
const SENTENCES_MAX: usize = 24;

/// What the policies say, or why they say nothing.
pub(super) fn policies(explanation: &Explanation, options: &Options, style: Style) -> String {
    if let Some(why) = &explanation.not_a_request {
        return witness_line("Policies", &whole(&format!("not a request: {why}"), style), style);
    }
    let words = match (&explanation.snapshot, explanation.verdict) {
        (None, _) => "no snapshot given".to_owned(),
        (Some(snapshot), Some(verdict)) => format!("of {snapshot}: {}", verdict_words(verdict)),
        (Some(snapshot), None) => format!("of {snapshot}: no verdict"),
    };
    let mut out = witness_line("Policies", &whole(&words, style), style);
    for one in &explanation.requests {
        out.push_str(&request(one, options, style));
    }
    if explanation.requests.is_empty() {
        out.push_str(&line(Mark::Claim, "request", "no action is known for this call", style));
    }
    out + &agreement(&explanation.agreement, explanation, style)
}

/// Whether AWS says the same: the last word.
fn agreement(agreement: &Agreement, explanation: &Explanation, style: Style) -> String {
    // What was never evaluated has nothing to agree with.
    if explanation.snapshot.is_none() {
        return String::new();
    }
    let (mark, label, words) = match agreement {
        Agreement::Agree { words } => (Mark::None, "agrees", words),
        Agreement::Disagree { words } => (Mark::Look, "disagrees", words),
        Agreement::NotComparable { words } => (Mark::Claim, "open", words),
    };
    line(mark, label, &whole(words, style), style)
}

fn request(request: &ExplainedRequest, options: &Options, style: Style) -> String {
    let mark = if request.certain { Mark::None } else { Mark::Claim };
    let words = format!("{} on {}", whole(&request.action, style), whole(&request.resource, style));
    let mut out = line(mark, "request", &words, style);
    let mut remarks = vec![request.resource_from.clone()];
    if request.derived {
        remarks.push("derived: no record shows this request".to_owned());
    }
    if !request.certain {
        remarks.push("not certain that the call asked for it".to_owned());
    }
    remarks.retain(|remark| !remark.is_empty());
    if !remarks.is_empty() {
        out.push_str(&line(Mark::None, "", &format!("({})", whole(&remarks.join("; "), style)), style));
    }
    // What the call only may have asked for decides nothing; its reasons are shown when they are asked for.
    if let Some(made) = request.decision.as_ref().filter(|_| request.certain || options.all) {
        out.push_str(&decision(made, options, style));
    }
    out
}

fn decision(made: &ExplainedDecision, options: &Options, style: Style) -> String {
    let by = decided_words(&made.decided, style);
    // Both say it: `explicitly denied`, and `denied by …`.
    let words = match made.outcome.as_str() {
        outcome if by.is_empty() => outcome.to_owned(),
        "allowed" if by.starts_with("allowed by") => by,
        "explicitly denied" if by.starts_with("denied by") => format!("explicitly {by}"),
        outcome => format!("{outcome}: {by}"),
    };
    let mark = match made.outcome.as_str() {
        "allowed" => Mark::None,
        "undetermined" => Mark::Claim,
        _ => Mark::Refused,
    };
    let mut out = line(mark, "decision", &whole(&words, style), style);
    for lack in &made.needs {
        let why = if lack.why.is_empty() { String::new() } else { format!(": {}", lack.why) };
        out.push_str(&line(Mark::Claim, "depends", &whole(&format!("{}{why}", lack.what), style), style));
    }
    out.push_str(&reasons(&made.reason, options, style));
    for (at, (name, value)) in made.keys.iter().enumerate() {
        let label = if at == 0 { "keys" } else { "" };
        let mark = if value.starts_with("unknown") { Mark::Claim } else { Mark::None };
        out.push_str(&line(mark, label, &whole(&format!("{name} {value}"), style), style));
    }
    out
}

/// Layer by layer, what rests on what indented. The first sentence is the decision, which stands above.
fn reasons(reason: &Reason, options: &Options, style: Style) -> String {
    let mut sentences = Vec::new();
    let mut open: Vec<(usize, &Reason)> = reason.children.iter().rev().map(|child| (0, child)).collect();
    while let Some((depth, reason)) = open.pop() {
        sentences.push((depth, reason.text.as_str()));
        open.extend(reason.children.iter().rev().map(|child| (depth + 1, child)));
    }
    let most = if options.all || style.wide { sentences.len() } else { SENTENCES_MAX };
    let mut out = String::new();
    for (at, (depth, words)) in sentences.iter().take(most).enumerate() {
        let head = if at == 0 { "  why" } else { "" };
        // A tree of any depth keeps room for words.
        let indent = (WORDS_AT + depth * 2).min(WORDS_AT + 20);
        let head = format!("{head:indent$}");
        out.push_str(&hang(&head, &whole(words, style), style));
    }
    let more = sentences.len() - most.min(sentences.len());
    if more > 0 {
        let words = format!("{}: --all", figure::counted(more as u64, "more sentence", "more sentences"));
        out.push_str(&line(Mark::None, "", &words, style));
    }
    out
}
