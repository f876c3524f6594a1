//! The first two witnesses: what AWS wrote, and what the logs show of the policies around that time.

use super::{Options, line, witness_line};
use crate::aws::Time;
use crate::replay::answer::{AwsSaid, Explanation, LogFact, Then};
use crate::report::replay::words::{hang, whole};
use crate::report::{Mark, Style, figure};

/// Changes of the logs shown at most, those nearest to the event.
const FACTS_MAX: usize = 12;

/// What AWS wrote.
pub(super) fn aws(explanation: &Explanation, style: Style) -> String {
    let aws = &explanation.aws;
    let mut out = witness_line("AWS says", &whole(&said(aws), style), style);
    let mut add = |label: &str, words: Option<&String>| {
        if let Some(words) = words {
            out.push_str(&line(Mark::None, label, &whole(words, style), style));
        }
    };
    add("action", aws.action.as_ref());
    add("resource", aws.resource.as_ref());
    add("policy", aws.policy_arn.as_ref());
    add("error", aws.error_code.as_ref());
    add("text", aws.text.as_ref());
    if aws.encoded {
        let words = "aws sts decode-authorization-message reads the reason";
        out.push_str(&line(Mark::Claim, "encoded", words, style));
    }
    out
}

/// Its reason in a line.
fn said(aws: &AwsSaid) -> String {
    let layer = aws.layer.as_deref();
    match (aws.then, aws.effect, layer) {
        (Then::Allowed, _, _) => "no error: the call went through".to_owned(),
        (Then::Failed, _, _) => "failed for a reason that is not permission".to_owned(),
        (Then::Denied, Some("explicit"), Some(layer)) => format!("explicit deny in {}", with_article(layer)),
        (Then::Denied, Some("implicit"), Some(layer)) => format!("implicit deny: no {layer} allows it"),
        (Then::Denied, Some(effect), None) => format!("{effect} deny, without the kind of policy"),
        (Then::Denied, _, Some(layer)) => format!("denied, because of {}", with_article(layer)),
        (Then::Denied, None, None) => "denied, without a reason".to_owned(),
    }
}

/// `an identity-based policy`, `a service control policy`.
fn with_article(layer: &str) -> String {
    let article = if layer.starts_with(['a', 'e', 'i', 'o', 'u']) { "an" } else { "a" };
    format!("{article} {layer}")
}

/// What the logs show, and what it comes to.
pub(super) fn logs(explanation: &Explanation, options: &Options, style: Style) -> String {
    let facts = &explanation.logs;
    if facts.is_empty() {
        let words = explanation.logs_say.as_deref();
        let words =
            words.unwrap_or("show no change of the caller's or the target's policies around that time");
        return witness_line("These logs", &whole(words, style), style);
    }
    let most = if options.all || style.wide { facts.len() } else { FACTS_MAX };
    let near = nearest(facts, explanation.time, most);
    let count = figure::counted(facts.len() as u64, "change", "changes");
    let title = format!("show {count} of the caller's or the target's policies");
    let mut out = witness_line("These logs", &title, style);
    let same_day = near.iter().all(|fact| fact.time.0.date_naive() == explanation.time.0.date_naive());
    for fact in &near {
        let time =
            if same_day { format!("{}Z", figure::clock(fact.time.0)) } else { figure::moment(fact.time.0) };
        let record = fact.event_id.as_ref().map(|id| format!(" ({id})")).unwrap_or_default();
        out.push_str(&hang(&format!("  {time}  "), &whole(&format!("{}{record}", fact.what), style), style));
    }
    let more = facts.len() - near.len();
    if more > 0 {
        out.push_str(&format!("  {} farther from it in time: --all\n", figure::grouped(more as u64)));
    }
    if let Some(words) = &explanation.logs_say {
        out.push_str(&line(Mark::None, "", &whole(words, style), style));
    }
    out
}

/// The facts nearest to a moment, in their order.
fn nearest(facts: &[LogFact], moment: Time, most: usize) -> Vec<&LogFact> {
    let mut near: Vec<(usize, &LogFact)> = facts.iter().enumerate().collect();
    near.sort_by_key(|(at, fact)| (fact.time.seconds_since(moment).unsigned_abs(), *at));
    near.truncate(most);
    near.sort_by_key(|(at, _)| *at);
    near.into_iter().map(|(_, fact)| fact).collect()
}
