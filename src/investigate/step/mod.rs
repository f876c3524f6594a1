//! The sensitive steps of the subject, in order of time, repeats folded.

mod detail;
mod rule;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::body::Body;
use super::bounded::Bounded;
use super::evidence::{Evidence, Span, Time, keep_smallest};
use super::limit::Limits;
use super::opening::{Closed, Opening, OpeningHow};
use super::outcome::{Outcome, operation, service};
use super::thing;
use super::who::principal_words;
use crate::aws;
use crate::query::EventRow;
use rule::{CALLER, RULES, Rule};

pub use rule::Topic;

/// What a reader is to make of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mark {
    /// Look at this.
    Look,
    /// Refused or failed.
    Refused,
    /// Worth knowing.
    Plain,
}

/// What a step was about, and how often.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct StepTarget {
    /// Its name; empty where the parameters name nothing.
    pub name: String,
    /// How often and when.
    #[serde(flatten)]
    pub span: Span,
}

/// One sensitive step: calls of one kind with one outcome, near in time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The first call.
    pub at: Time,
    /// The last call, when there were several.
    pub until: Option<Time>,
    /// What it means.
    pub mark: Mark,
    /// Whether it deserves a look, or would have if it had worked.
    pub grave: bool,
    /// What it concerns.
    pub topic: Topic,
    /// In words: `read 20 secrets`.
    pub text: String,
    /// What the parameters say beyond that.
    pub detail: Option<String>,
    /// Why it is sensitive.
    pub reason: &'static str,
    /// What of logging or detection was changed, in a word: `trail`.
    pub object: Option<&'static str>,
    /// How, in a word: `deleted`.
    pub change: Option<&'static str>,
    /// The service.
    pub service: String,
    /// The operations and how often each was called.
    pub event_names: BTreeMap<String, u64>,
    /// `ok`, `denied` or `failed`.
    pub outcome: &'static str,
    /// The error code, for what was refused.
    pub error_code: Option<String>,
    /// Calls in all.
    pub calls: u64,
    /// What they were about.
    pub targets: Vec<StepTarget>,
    /// When what was opened was closed again; `null` for other steps and for what stays open.
    pub closed: Option<Closed>,
    /// The first of the records.
    pub evidence: Vec<Evidence>,
}

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    rule: usize,
    outcome: Outcome,
    error_code: String,
    detail: Option<String>,
    look: bool,
    target: String,
}

#[derive(Debug, Clone, Default)]
struct Fold {
    span: Span,
    event_names: BTreeMap<String, u64>,
    evidence: BTreeSet<Evidence>,
    details: BTreeSet<String>,
}

/// Gathers the sensitive steps.
#[derive(Debug, Clone)]
pub(crate) struct StepFold {
    limits: Limits,
    folds: Bounded<Key, Fold>,
    trail_buckets: Bounded<String, ()>,
}

/// Whether a record may be a sensitive step, so that its parameters are worth reading.
pub(crate) fn concerns(row: &EventRow<'_>) -> bool {
    let (service, operation) = (service(row), operation(row.event_name.unwrap_or_default()));
    RULES.iter().any(|rule| rule.service == service && rule.operations.contains(&operation))
}

impl StepFold {
    pub(crate) fn new(limits: Limits) -> StepFold {
        StepFold {
            limits,
            folds: Bounded::new(limits.steps_max),
            trail_buckets: Bounded::new(limits.identities_max),
        }
    }

    /// Takes in one record of the subject.
    pub(crate) fn push(&mut self, row: &EventRow<'_>, body: &Body, outcome: Outcome) {
        if outcome == Outcome::Throttled {
            return;
        }
        let (service, operation) = (service(row), operation(row.event_name.unwrap_or_default()));
        if service == "cloudtrail"
            && let Some(bucket) = body.text("q.s3BucketName")
        {
            self.trail_buckets.slot(&bucket);
        }
        for (number, rule) in RULES.iter().enumerate() {
            if rule.service == service && rule.operations.contains(&operation) && (rule.when)(body) {
                self.add(number, rule, row, body, outcome);
            }
        }
    }

    fn add(&mut self, number: usize, rule: &Rule, row: &EventRow<'_>, body: &Body, outcome: Outcome) {
        let named = rule.targets.iter().map(|path| body.texts(path)).find(|names| !names.is_empty());
        let mut targets: Vec<String> = named.unwrap_or_default();
        if rule.targets.contains(&CALLER) {
            let caller = row.user_name.or(row.identity_arn).or(row.identity_type);
            targets = caller.map(str::to_owned).into_iter().collect();
        }
        // Refused calls often hide their parameters, but AWS says what they were refused on.
        if targets.is_empty() && outcome == Outcome::Denied && !rule.targets.contains(&"-") {
            let stated = aws::Denial::parse(row.error_message.unwrap_or_default()).resource;
            targets.extend(stated.filter(|name| *name != "*").map(str::to_owned));
        }
        if targets.is_empty() {
            targets.push(String::new());
        }
        let evidence = Evidence::of(row);
        let look = (rule.look)(body);
        let detail = (rule.detail)(body);
        for (place, target) in targets.into_iter().take(self.limits.details_max).enumerate() {
            let key = Key {
                rule: number,
                outcome,
                error_code: row.error_code.unwrap_or_default().to_owned(),
                // Only what is to be looked at is told apart by its details.
                detail: detail.clone().filter(|_| look),
                look,
                target: thing::secret_name(&target).unwrap_or(&target).to_owned(),
            };
            let max = self.limits.evidence_max;
            let Some(fold) = self.folds.slot(&key) else { continue };
            fold.span.add(evidence.at);
            // A call with several targets is one call.
            let calls = fold.event_names.entry(row.event_name.unwrap_or_default().to_owned()).or_default();
            *calls += u64::from(place == 0);
            if let Some(detail) = detail.clone().filter(|_| !look) {
                keep_smallest(&mut fold.details, detail, max);
            }
            keep_smallest(&mut fold.evidence, evidence.clone(), max);
        }
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        self.folds.reached().then_some(("steps", self.limits.steps_max)).into_iter().collect()
    }

    /// The steps in order of time. Calls further apart than an hour, or than a twentieth of the whole, are apart.
    pub(crate) fn finish(self, whole: Span, openings: &[Opening]) -> Vec<Step> {
        let seconds = match (whole.first, whole.last) {
            (Some(first), Some(last)) => last.seconds_since(first),
            _ => 0,
        };
        let gap = (seconds / 20).max(3_600);
        let mut groups: BTreeMap<Key, Vec<(String, Fold)>> = BTreeMap::new();
        for (key, fold) in self.folds {
            let for_logs = self.trail_buckets.get(&key.target).is_some() || named_for_logs(&key.target);
            if RULES.get(key.rule).is_some_and(|rule| rule.log_buckets_only) && !for_logs {
                continue;
            }
            let target = key.target.clone();
            groups.entry(Key { target: String::new(), ..key }).or_default().push((target, fold));
        }
        let mut steps = Vec::new();
        for (key, mut targets) in groups {
            targets.sort_by(|a, b| (a.1.span.first, &a.0).cmp(&(b.1.span.first, &b.0)));
            let mut near: Vec<(String, Fold)> = Vec::new();
            let mut last: Option<Time> = None;
            for (target, fold) in targets {
                let since = last.zip(fold.span.first).map_or(0, |(last, first)| first.seconds_since(last));
                if since > gap {
                    steps.extend(step(&key, std::mem::take(&mut near), self.limits.evidence_max));
                    last = None;
                }
                last = last.max(fold.span.last);
                near.push((target, fold));
            }
            steps.extend(step(&key, near, self.limits.evidence_max));
        }
        steps.extend(openings.iter().map(opened));
        steps.sort_by(|a, b| {
            (a.at, &a.text, &a.detail, &a.evidence).cmp(&(b.at, &b.text, &b.detail, &b.evidence))
        });
        steps
    }
}

/// Buckets that people call after what is in them.
fn named_for_logs(bucket: &str) -> bool {
    let lower = bucket.to_ascii_lowercase();
    ["log", "trail", "audit"].iter().any(|word| lower.contains(word))
}

fn step(key: &Key, folds: Vec<(String, Fold)>, evidence_max: usize) -> Option<Step> {
    let rule = RULES.get(key.rule)?;
    let mut span = Span::default();
    let mut event_names: BTreeMap<String, u64> = BTreeMap::new();
    let mut evidence = BTreeSet::new();
    let mut targets = Vec::new();
    let mut details: BTreeSet<String> = key.detail.iter().cloned().collect();
    for (name, fold) in folds {
        details.extend(fold.details);
        span.merge(&fold.span);
        for (event_name, count) in fold.event_names {
            *event_names.entry(event_name).or_default() += count;
        }
        for record in fold.evidence {
            keep_smallest(&mut evidence, record, evidence_max);
        }
        targets.push(StepTarget { name, span: fold.span });
    }
    let (outcome, mark) = match key.outcome {
        Outcome::Ok if key.look => ("ok", Mark::Look),
        Outcome::Ok => ("ok", Mark::Plain),
        Outcome::Denied => ("denied", Mark::Refused),
        Outcome::Failed | Outcome::Throttled => ("failed", Mark::Refused),
    };
    let at = span.first?;
    Some(Step {
        at,
        until: span.last.filter(|last| *last > at),
        mark,
        grave: key.look,
        topic: rule.topic,
        text: if key.outcome == Outcome::Ok { text(rule, &targets) } else { tried(&event_names, &targets) },
        detail: several(details),
        reason: rule.reason,
        object: rule.change.map(|(object, _)| object),
        change: rule.change.map(|(_, change)| change),
        service: rule.service.to_owned(),
        outcome,
        error_code: (!key.error_code.is_empty()).then(|| key.error_code.clone()),
        calls: event_names.values().sum(),
        event_names,
        targets,
        closed: None,
        evidence: evidence.into_iter().collect(),
    })
}

/// The rule's words with the one target, or with the number of targets.
fn text(rule: &Rule, targets: &[StepTarget]) -> String {
    match targets {
        [one] if one.name.is_empty() => rule
            .many
            .replace("{}", "")
            .split_whitespace()
            .collect::<Vec<&str>>()
            .join(" ")
            .trim_end_matches(':')
            .to_owned(),
        // A session is not called by the name that its caller chose for it.
        [one] if rule.targets.contains(&CALLER) && is_session(&one.name) => {
            rule.one.replace("{}", &principal_words(&one.name).unwrap_or_default())
        }
        [one] => rule.one.replace("{}", thing::short(&one.name)),
        many => rule.many.replace("{}", &many.len().to_string()),
    }
}

/// Whether a name is the ARN of a role session or federated user.
fn is_session(name: &str) -> bool {
    let principal = aws::Arn::parse(name).and_then(aws::Arn::principal);
    matches!(principal, Some(aws::Principal::RoleSession { .. } | aws::Principal::FederatedUser { .. }))
}

/// The operations themselves, for what did not work: `StopLogging NAME`.
fn tried(event_names: &BTreeMap<String, u64>, targets: &[StepTarget]) -> String {
    let names: Vec<&str> = event_names.keys().map(|name| operation(name)).collect();
    let names = names.join(", ");
    match targets {
        [one] if one.name.is_empty() => names,
        [one] => format!("{names} {}", thing::short(&one.name)),
        many => format!("{names} on {} targets", many.len()),
    }
}

/// Details of several calls in one line.
fn several(details: BTreeSet<String>) -> Option<String> {
    let more = details.len().saturating_sub(2);
    let mut words: Vec<String> = details.into_iter().collect();
    match more {
        0 | 1 => {}
        _ => {
            words.truncate(2);
            words.push(format!("{more} more"));
        }
    }
    (!words.is_empty()).then(|| words.join(", "))
}

fn opened(opening: &Opening) -> Step {
    let text = match opening.how {
        OpeningHow::Permission => {
            format!("{} {}: {} for {}", opening.kind, opening.id, opening.what, opening.principal)
        }
        OpeningHow::Network => format!("{} opened to {} on {}", opening.what, opening.principal, opening.id),
        OpeningHow::GuardRemoved => {
            format!("{} of {} {} switched off", opening.what, opening.kind, opening.id)
        }
    };
    let at = opening.from.at;
    let span = Span { calls: 1, first: Some(at), last: Some(at) };
    Step {
        at,
        until: None,
        mark: if opening.bound { Mark::Plain } else { Mark::Look },
        grave: !opening.bound,
        topic: Topic::Exposure,
        text,
        detail: None,
        reason: "opened to outsiders",
        object: None,
        change: None,
        service: opening.service.clone(),
        event_names: BTreeMap::from([(opening.from.event_name.clone(), 1)]),
        outcome: "ok",
        error_code: None,
        calls: 1,
        targets: vec![StepTarget { name: opening.id.clone(), span }],
        closed: opening.until.clone(),
        evidence: vec![opening.from.clone()],
    }
}
