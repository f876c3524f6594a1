//! What was refused, in AWS's own words, and whether the same call worked later.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64;

use super::body::Body;
use super::bounded::Bounded;
use super::evidence::{Evidence, Span, Time, keep_smallest};
use super::limit::Limits;
use super::outcome::service;
use super::thing::{self, Thing};
use crate::aws::{self, Effect};
use crate::query::EventRow;

/// Seconds within which IAM may not have caught up with a change: "changes … might not be immediately visible"
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).
const PROPAGATION_SECONDS: i64 = 60;

/// Different calls of one group that are remembered at most, to tell whether they worked later.
const CALLS_MAX: usize = 1_000;

/// When the refused call worked later.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WorkedLater {
    /// How many of the refused calls worked later, with the same target or parameters.
    pub calls: u64,
    /// The earliest success known after the last refusal of such a call.
    pub at: Time,
}

/// How long after the making of what they needed the calls were refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SinceMade {
    /// What the subject had made: `role NAME`.
    pub what: String,
    /// The record that made it.
    pub made: Evidence,
    /// Seconds from there to the first refusal.
    pub first_seconds: i64,
    /// Seconds to the last refusal.
    pub last_seconds: i64,
    /// Seconds to the success that followed; `null` where none did.
    pub worked_seconds: Option<i64>,
    /// Whether this looks like IAM not having caught up yet: all refusals came within a minute, and it worked later.
    pub propagation: bool,
}

/// Refused calls that differ in time only.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Denial {
    /// The service called.
    pub service: String,
    /// The operation called.
    pub event_name: String,
    /// The action that AWS says was not allowed; `null` where the message does not say.
    pub action: Option<String>,
    /// The resource that AWS says it was not allowed on; `null` where the message does not say.
    pub resource: Option<String>,
    /// What the call was about, as its parameters say; often hidden in refused calls.
    pub target: Option<String>,
    /// The layer of policies that AWS says refused it; `null` where the message does not say.
    pub layer: Option<String>,
    /// `explicit` or `implicit`, as far as AWS says.
    pub effect: Option<String>,
    /// The policy that AWS names.
    pub policy_arn: Option<String>,
    /// The error code.
    pub error_code: String,
    /// Whether the message is encoded and must be decoded with `sts decode-authorization-message`.
    pub encoded: bool,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
    /// The message of the first of them, cut at a limit.
    pub message: Option<String>,
    /// The first of the records.
    pub evidence: Vec<Evidence>,
    /// Whether the same calls worked later.
    pub worked_later: Option<WorkedLater>,
    /// What the subject had just made, when that explains it.
    pub since_made: Option<SinceMade>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    service: String,
    event_name: String,
    action: Option<String>,
    resource: Option<String>,
    target: Option<String>,
    layer: Option<String>,
    effect: Option<String>,
    policy_arn: Option<String>,
    error_code: String,
    encoded: bool,
}

#[derive(Debug, Clone, Default)]
struct Fold {
    span: Span,
    evidence: BTreeSet<Evidence>,
    message: Option<(Evidence, String)>,
    /// The calls by what identifies them, with their number and the last refusal.
    calls: BTreeMap<u64, (u64, Option<Time>)>,
}

/// Successes of one call.
#[derive(Debug, Clone, Copy, Default)]
struct Success {
    first: Option<Time>,
    last: Option<Time>,
}

/// Gathers what was refused.
#[derive(Debug, Clone)]
pub(crate) struct DenialFold {
    limits: Limits,
    denials: Bounded<Key, Fold>,
    successes: Bounded<u64, Success>,
}

impl DenialFold {
    pub(crate) fn new(limits: Limits) -> DenialFold {
        DenialFold {
            limits,
            denials: Bounded::new(limits.denials_max),
            successes: Bounded::new(limits.successes_max),
        }
    }

    /// Takes in a refused call.
    pub(crate) fn push_denied(&mut self, row: &EventRow<'_>) {
        let body = Body::of(row);
        let words = aws::Denial::parse(row.error_message.unwrap_or_default());
        let target = thing::main_target(row, &body);
        let resource = words.resource.map(str::to_owned);
        let named = resource.clone().filter(|name| name != "*").or_else(|| target.clone());
        let key = Key {
            service: service(row).to_owned(),
            event_name: row.event_name.unwrap_or_default().to_owned(),
            action: words.action.map(str::to_owned),
            resource,
            target,
            layer: words.layer.map(|layer| layer.words().to_owned()),
            effect: match words.effect {
                Effect::Explicit => Some("explicit".to_owned()),
                Effect::Implicit => Some("implicit".to_owned()),
                Effect::NotStated => None,
            },
            policy_arn: words.policy_arn.map(str::to_owned),
            error_code: row.error_code.unwrap_or_default().to_owned(),
            encoded: words.encoded.is_some(),
        };
        let max = self.limits.evidence_max;
        let message_max = self.limits.message_bytes_max;
        let Some(fold) = self.denials.slot(&key) else { return };
        let evidence = Evidence::of(row);
        fold.span.add(evidence.at);
        if fold.message.as_ref().is_none_or(|(first, _)| evidence < *first) {
            let message = row.error_message.unwrap_or_default();
            fold.message = Some((evidence.clone(), cut(message, message_max).to_owned()));
        }
        let call = named.map_or_else(|| by_parameters(row), |name| by_target(row, &name));
        let (count, last) = fold.calls.entry(call).or_default();
        *count += 1;
        *last = (*last).max(Some(evidence.at));
        if fold.calls.len() > CALLS_MAX {
            fold.calls.pop_last();
        }
        keep_smallest(&mut fold.evidence, evidence, max);
    }

    /// Takes in a call that worked; `body` when its parameters were read anyway.
    pub(crate) fn push_ok(&mut self, row: &EventRow<'_>, body: Option<&Body>) {
        let at = Time(row.event_time);
        let mut ids = vec![by_parameters(row)];
        ids.extend(body.and_then(|body| thing::main_target(row, body)).map(|target| by_target(row, &target)));
        ids.extend(resource_arns(row.resources).map(|arn| by_target(row, arn)));
        for id in ids {
            if let Some(success) = self.successes.slot(&id) {
                success.first = Some(success.first.map_or(at, |first| first.min(at)));
                success.last = success.last.max(Some(at));
            }
        }
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        [
            ("denied", self.denials.reached(), self.limits.denials_max),
            ("denied.worked_later", self.successes.reached(), self.limits.successes_max),
        ]
        .into_iter()
        .filter(|(_, reached, _)| *reached)
        .map(|(name, _, max)| (name, max))
        .collect()
    }

    /// Everything in its final order, most frequent first.
    pub(crate) fn finish(self, things: &[Thing]) -> Vec<Denial> {
        let mut made: BTreeMap<&str, Vec<&Thing>> = BTreeMap::new();
        for thing in things {
            for name in &thing.names {
                made.entry(name).or_default().push(thing);
            }
        }
        let successes = self.successes;
        let denials = self.denials.into_iter().map(|(key, fold)| {
            let worked_later = worked_later(&fold, &successes);
            let since_made = since_made(&key, &fold, worked_later.as_ref(), &made);
            Denial {
                service: key.service,
                event_name: key.event_name,
                action: key.action,
                resource: key.resource,
                target: key.target,
                layer: key.layer,
                effect: key.effect,
                policy_arn: key.policy_arn,
                error_code: key.error_code,
                encoded: key.encoded,
                span: fold.span,
                message: fold.message.map(|(_, message)| message).filter(|message| !message.is_empty()),
                evidence: fold.evidence.into_iter().collect(),
                worked_later,
                since_made,
            }
        });
        let mut denials: Vec<Denial> = denials.collect();
        // The sort is stable, and the map's own order is total.
        denials.sort_by(|a, b| b.span.calls.cmp(&a.span.calls).then(a.span.first.cmp(&b.span.first)));
        denials
    }
}

fn worked_later(fold: &Fold, successes: &Bounded<u64, Success>) -> Option<WorkedLater> {
    let mut calls = 0;
    let mut at: Option<Time> = None;
    for (id, (count, last_denied)) in &fold.calls {
        let Some(success) = successes.get(id) else { continue };
        let after =
            [success.first, success.last].into_iter().flatten().find(|time| Some(*time) >= *last_denied);
        if let Some(time) = after {
            calls += count;
            at = Some(at.map_or(time, |earliest| earliest.min(time)));
        }
    }
    at.map(|at| WorkedLater { calls, at })
}

fn since_made(
    key: &Key,
    fold: &Fold,
    worked: Option<&WorkedLater>,
    made: &BTreeMap<&str, Vec<&Thing>>,
) -> Option<SinceMade> {
    let name = key.resource.as_deref().or(key.target.as_deref())?;
    let (first, last) = (fold.span.first?, fold.span.last?);
    let candidates = [name, thing::short(name)].into_iter().filter_map(|name| made.get(name)).flatten();
    let thing = candidates.filter(|thing| thing.made.at <= first).max_by(|a, b| a.made.cmp(&b.made))?;
    let since = |time: Time| time.seconds_since(thing.made.at);
    Some(SinceMade {
        what: format!("{} {}", thing.kind, thing.id),
        made: thing.made.clone(),
        first_seconds: since(first),
        last_seconds: since(last),
        worked_seconds: worked.map(|worked| since(worked.at)),
        propagation: worked.is_some_and(|worked| worked.calls == fold.span.calls)
            && since(last) <= PROPAGATION_SECONDS,
    })
}

/// A call told by its service, operation and what it is about.
fn by_target(row: &EventRow<'_>, target: &str) -> u64 {
    let name = thing::secret_name(target).unwrap_or_else(|| thing::short(target));
    call(row, "target", name)
}

/// A call told by its service, operation and the text of its parameters.
fn by_parameters(row: &EventRow<'_>) -> u64 {
    call(row, "parameters", row.request_parameters.unwrap_or("null"))
}

fn call(row: &EventRow<'_>, sort: &str, what: &str) -> u64 {
    let name = row.event_name.unwrap_or_default();
    xxh3_64(format!("{}\0{name}\0{sort}\0{what}", service(row)).as_bytes())
}

/// The ARNs of the `resources` column, without parsing it: it is read for every successful call.
fn resource_arns(resources: Option<&str>) -> impl Iterator<Item = &str> {
    let quoted = resources.unwrap_or_default().split('"');
    quoted.filter(|part| part.starts_with("arn:")).take(4)
}

/// `text` cut to at most `bytes_max` bytes, between characters.
fn cut(text: &str, bytes_max: usize) -> &str {
    let end = (0..=bytes_max.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn messages_are_cut_between_characters() {
        assert_eq!(cut("añb", 2), "a");
        assert_eq!(cut("añb", 3), "añ");
        assert_eq!(cut("abc", 9), "abc");
    }
}
