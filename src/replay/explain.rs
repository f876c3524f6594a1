//! Why AWS did with one call what it did, and what the policies say to it.

use std::sync::Arc;

use super::agree::{Beside, stated};
use super::answer::{
    Agreement, AwsSaid, Behind, ExplainedCaller, ExplainedDecision, ExplainedRequest, Explanation, Limit,
    LogFact, Then, Verdict,
};
use super::assume::assume_of;
use super::call::{Call, Ruling};
use super::fold::Limits;
use super::judge::Judge;
use super::propagate::{AFTER_CHANGE_SECONDS, Entity, changed_by};
use super::{Asked, Issuances, Origin, Parsed, Reading, Record, ResourceFrom, SessionPolicies};
use crate::aws::{Denial, Effect, Time};
use crate::catalog::event::Presence;
use crate::catalog::matches;
use crate::policy::{self, Document, Match, PolicyKind};
use crate::snapshot::Snapshot;

/// A call that is to be explained.
#[derive(Debug, Clone)]
pub struct Question<'a> {
    /// Its record.
    pub record: &'a Record<'a>,
    /// The policies of today; None if none were given.
    pub snapshot: Option<&'a Arc<Snapshot>>,
    /// What issued the sessions.
    pub issuances: &'a Issuances,
    /// Who is behind the caller.
    pub behind: Behind,
    /// What the logs show of the policies of those that [`concerned`] names, in order of time.
    pub changes: Vec<Changed>,
}

/// A change of someone's policies that the logs show.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// What is shown of it.
    pub fact: LogFact,
    /// The user, role or group.
    pub entity: Entity,
    /// Whether it made the user or role: then all its policies are in the logs.
    pub made: bool,
    /// The policy that it put, read.
    pub policy: Option<Document>,
    /// Whether it attached a policy that the logs do not hold.
    pub attached: bool,
}

/// The user or role that called, and the roles that the call asked for: whose changes are of interest.
#[must_use]
pub fn concerned(record: &Record<'_>) -> Vec<Entity> {
    let empty = Snapshot::default();
    let parsed = Parsed::of(record);
    let call = Call::read(record, &parsed, None, &empty);
    let mut entities: Vec<Entity> =
        call.who.iter().filter_map(|who| Entity::of_arn(&who.principal)).collect();
    if let Reading::Requests(asked) = &call.reading {
        entities.extend(asked.iter().filter_map(|asked| Entity::of_arn(&asked.shown)));
    }
    entities.sort();
    entities.dedup();
    entities
}

/// What a record changed of the policies of one of these users, roles or groups; None if it did not, or failed.
#[must_use]
pub fn changed(record: &Record<'_>, concerned: &[Entity]) -> Option<Changed> {
    let (parameters, entities) = changed_by(record)?;
    let entity = entities.into_iter().find(|entity| concerned.contains(entity))?;
    let operation = record.event_name?;
    let text = |key: &str| parameters.get(key)?.as_str();
    let name = entity.name.as_str();
    let document = text("policyDocument").or_else(|| text("assumeRolePolicyDocument"));
    let kind = match operation {
        "CreateRole" | "UpdateAssumeRolePolicy" => PolicyKind::Trust,
        _ => PolicyKind::Identity,
    };
    let title = text("policyName").or_else(|| text("policyArn")).or_else(|| text("permissionsBoundary"));
    let policy = document.map(|text| Document::parse(kind, title.unwrap_or(name), text));
    let mut what = format!("{operation} {name}");
    if let Some(title) = title {
        what.push_str(&format!(" {title}"));
    }
    if let Some(policy) = &policy {
        what.push_str(&format!(": {}", summary(policy)));
    }
    Some(Changed {
        fact: LogFact { time: Time(record.event_time), event_id: record.event_id.map(str::to_owned), what },
        made: matches!(operation, "CreateRole" | "CreateUser"),
        policy: policy.filter(|_| kind == PolicyKind::Identity),
        attached: operation.starts_with("Attach") || operation == "AddUserToGroup",
        entity,
    })
}

/// `Allow ec2:Describe* on *; 2 statements more`.
fn summary(policy: &Document) -> String {
    const SHOWN_MAX: usize = 3;
    let statement = |own: &policy::Statement| {
        let not = |matching: Match| if matching == Match::NotListed { "all but " } else { "" };
        let list = |texts: &[String]| {
            let more = texts.len().saturating_sub(SHOWN_MAX);
            let shown = texts.iter().take(SHOWN_MAX).cloned().collect::<Vec<_>>().join(", ");
            if more == 0 { shown } else { format!("{shown} and {more} more") }
        };
        let effect = match own.effect {
            policy::Effect::Allow => "Allow",
            policy::Effect::Deny => "Deny",
        };
        let mut words = format!("{effect} {}{}", not(own.actions.matching), list(&own.actions.patterns));
        if let Some(resources) = &own.resources {
            words.push_str(&format!(" on {}{}", not(resources.matching), list(&resources.patterns)));
        }
        if !own.conditions.is_empty() {
            words.push_str(" under conditions");
        }
        words
    };
    let mut words: Vec<String> = policy.statements.iter().take(SHOWN_MAX).map(statement).collect();
    let more = policy.statements.len().saturating_sub(SHOWN_MAX) + policy.refused.len();
    if more > 0 {
        words.push(format!("{more} statements more"));
    }
    if words.is_empty() { "no statement".to_owned() } else { words.join("; ") }
}

/// Explains a call.
#[must_use]
pub fn explain(question: &Question<'_>) -> Explanation {
    let record = question.record;
    let parsed = Parsed::of(record);
    let nothing = Arc::new(Snapshot::default());
    let session = question.issuances.session(record);
    let snapshot = question.snapshot.unwrap_or(&nothing);
    let call = Call::read(record, &parsed, session.as_deref(), snapshot);
    let mut judge = Judge::new(Arc::clone(snapshot), Limits::of(1, 1));
    let denial = Denial::parse(record.error_message.filter(|_| call.then == Then::Denied).unwrap_or(""));
    let ruled = question.snapshot.map(|_| {
        let plays = call.plays(&mut judge);
        let judgement = call.judge(&mut judge, &plays, None);
        call.rule(&mut judge, &judgement).0
    });
    let requests = match &call.reading {
        Reading::Requests(asked) => asked.as_slice(),
        Reading::NotRequest(_) | Reading::Unmapped(_) => &[],
    };
    let verdict = ruled.as_ref().map(Ruling::verdict);
    let action = match requests {
        [only] => only.action.clone(),
        _ => call.name(),
    };
    Explanation {
        time: Time(record.event_time),
        event_id: record.event_id.map(str::to_owned),
        region: record.aws_region.map(str::to_owned),
        account: record.account.map(str::to_owned),
        action,
        caller: caller(&call),
        behind: question.behind.clone(),
        aws: aws_said(record, call.then, &denial),
        logs: question.changes.iter().map(|changed| changed.fact.clone()).collect(),
        logs_say: logs_say(question, &call, &denial),
        not_a_request: match &call.reading {
            Reading::NotRequest(why) => Some(format!("{} ({})", why.reason.words(), why.page)),
            _ => ruled
                .as_ref()
                .and_then(|ruling| ruling.no_request.as_ref())
                .map(|why| format!("{}: {}", why.what, why.why)),
        },
        requests: match question.snapshot {
            None => requests.iter().map(|asked| explained(asked, None)).collect(),
            Some(_) => decisions(&call, requests, &mut judge),
        },
        snapshot: question.snapshot.map(|snapshot| snapshot.path.clone()),
        verdict,
        agreement: agreement(
            ruled.as_ref().map(|ruling| &ruling.beside),
            &denial,
            verdict,
            question.snapshot.is_some(),
        ),
        assume: question.snapshot.and_then(|_| assume_of(&call, &mut judge)),
        limits: limits(&call, question.snapshot.is_some()),
    }
}

fn caller(call: &Call<'_>) -> ExplainedCaller {
    let record = call.record;
    let session_policies = call.session.and_then(|session| match &session.policies {
        SessionPolicies::None => None,
        SessionPolicies::Unknown(why) => Some(format!("not known: {why}")),
        SessionPolicies::Given { inline, managed } => {
            let mut words: Vec<String> = inline.iter().map(|document| summary(document)).collect();
            words.extend(managed.iter().cloned());
            Some(words.join("; "))
        }
    });
    ExplainedCaller {
        principal: call.who.as_ref().map(|who| who.principal.clone()),
        arn: record.identity_arn.map(str::to_owned),
        access_key: record.access_key_id.filter(|key| !key.is_empty()).map(str::to_owned),
        source: record.source_ip_address.map(str::to_owned),
        forwarded_by: call.who.as_ref().and_then(|who| who.forwarded_by.clone()),
        mfa: record.mfa_authenticated,
        session_policies,
    }
}

fn aws_said(record: &Record<'_>, then: Then, denial: &Denial<'_>) -> AwsSaid {
    AwsSaid {
        then,
        error_code: record.error_code.map(str::to_owned),
        text: record.error_message.map(str::to_owned),
        action: denial.action.map(str::to_owned),
        resource: denial.resource.map(str::to_owned),
        effect: match denial.effect {
            Effect::Explicit => Some("explicit"),
            Effect::Implicit => Some("implicit"),
            Effect::NotStated => None,
        },
        layer: denial.layer.map(|layer| layer.words().to_owned()),
        policy_arn: denial.policy_arn.map(str::to_owned),
        encoded: denial.encoded.is_some(),
    }
}

/// What the changes that the logs show come to.
fn logs_say(question: &Question<'_>, call: &Call<'_>, denial: &Denial<'_>) -> Option<String> {
    let at = Time(question.record.event_time);
    let before = || question.changes.iter().filter(|changed| changed.fact.time <= at);
    let own = call.who.as_ref().and_then(|who| Entity::of_arn(&who.principal));
    let mut words = Vec::new();
    for changed in before().filter(|changed| changed.made) {
        let seconds = at.seconds_since(changed.fact.time);
        let young = seconds <= AFTER_CHANGE_SECONDS && call.then == Then::Denied;
        let why = if young { ": IAM may not have caught up with it" } else { "" };
        words.push(format!("{} was {} old{why}", changed.entity.name, age(seconds)));
    }
    let made = before().any(|changed| changed.made && Some(&changed.entity) == own.as_ref());
    let action = denial.action.map(str::to_owned).or_else(|| match &call.reading {
        Reading::Requests(asked) => asked.first().map(|asked| asked.action.clone()),
        _ => None,
    });
    if let (true, Some(action)) = (made, action) {
        let mine = || before().filter(|changed| Some(&changed.entity) == own.as_ref());
        let names = |document: &Document| {
            document.statements.iter().any(|statement| {
                let listed = statement
                    .actions
                    .patterns
                    .iter()
                    .any(|pattern| pattern == "*" || matches(pattern, &action));
                statement.effect == policy::Effect::Allow
                    && listed == (statement.actions.matching == Match::Listed)
            })
        };
        let allows = mine().filter_map(|changed| changed.policy.as_ref()).any(names);
        let attached = mine().any(|changed| changed.attached);
        let agrees = call.then == Then::Denied && denial.effect != Effect::Explicit;
        words.push(match (allows, attached) {
            (true, _) => format!("a statement that was put before names {action}"),
            (false, true) => "policies were attached whose text is not in the logs".to_owned(),
            (false, false) if agrees => {
                format!("no statement that was put before names {action}: agrees with AWS")
            }
            (false, false) => format!("no statement that was put before names {action}"),
        });
    }
    (!words.is_empty()).then(|| words.join("; "))
}

fn age(seconds: i64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

fn explained(asked: &Asked, decision: Option<ExplainedDecision>) -> ExplainedRequest {
    let from = match asked.from {
        ResourceFrom::Logged => "in the record's resources",
        ResourceFrom::Request => "from the request parameters",
        ResourceFrom::Response => "from the response",
        ResourceFrom::Stated => "AWS's message states it",
        ResourceFrom::Snapshot => "named in the record, with its path from the snapshot",
        ResourceFrom::Action if asked.resource == policy::Resource::Any => "the action takes no resource",
        ResourceFrom::Action => "the record does not tell",
    };
    ExplainedRequest {
        action: asked.action.clone(),
        resource: asked.shown.clone(),
        resource_from: from.to_owned(),
        derived: asked.origin == Origin::Derived,
        certain: asked.presence == Presence::Certain,
        decision,
    }
}

fn decisions(call: &Call<'_>, requests: &[Asked], judge: &mut Judge) -> Vec<ExplainedRequest> {
    let plays = call.played(judge);
    if plays.is_empty() {
        return requests.iter().map(|asked| explained(asked, None)).collect();
    }
    let snapshot = Arc::clone(&judge.snapshot);
    let decision = |(asked, who, play): &(&Asked, &super::Who, super::judge::Play)| {
        let told = call.told(who, asked, &snapshot);
        let (_, judged) = judge.judge(&told, play);
        let grant = judged.may_be_granted.filter(|_| call.then != Then::Denied);
        let judged = match grant {
            Some(grant) => judge.by_grant(&judged, grant),
            None => judged,
        };
        let (reason, keys) = judge.explain(&told, play);
        let decision = ExplainedDecision {
            outcome: judged.outcome.to_string(),
            decided: judged.decided.clone(),
            needs: judged.needs.clone(),
            reason,
            keys,
        };
        explained(asked, Some(decision))
    };
    plays.iter().map(decision).collect()
}

fn agreement(
    beside: Option<&Beside>,
    denial: &Denial<'_>,
    verdict: Option<Verdict>,
    has_snapshot: bool,
) -> Agreement {
    match (beside, verdict) {
        (Some(Beside::Agree), _) => Agreement::Agree { words: stated(denial).unwrap_or_default() },
        (Some(Beside::Disagree { aws, ours, .. }), _) => {
            Agreement::Disagree { words: format!("AWS: {aws}; the policies of the snapshot: {ours}") }
        }
        (_, _) if !has_snapshot => Agreement::NotComparable { words: "no snapshot given".to_owned() },
        (_, Some(Verdict::Same)) => Agreement::Agree { words: "the policies decide as AWS did".to_owned() },
        (_, Some(Verdict::NowDenied)) => {
            Agreement::Disagree { words: "AWS did not refuse it; the policies of the snapshot do".to_owned() }
        }
        (_, Some(Verdict::NowAllowed)) => {
            Agreement::Disagree { words: "AWS refused it; the policies of the snapshot allow it".to_owned() }
        }
        (_, Some(Verdict::Undetermined)) => Agreement::NotComparable {
            words: "the policies' decision depends on what is not known".to_owned(),
        },
        (_, Some(Verdict::NotARequest) | None) => {
            Agreement::NotComparable { words: "not a request".to_owned() }
        }
    }
}

fn limits(call: &Call<'_>, has_snapshot: bool) -> Vec<Limit> {
    let mut limits = Vec::new();
    let mut add = |what: &str| limits.push(Limit { what: what.to_owned(), events: None });
    if has_snapshot {
        add("Policies, tags and organization are those of the snapshot, not those of the time of the call.");
        add(
            "Grants of KMS, access control lists of S3 and shares between accounts (AWS RAM, snapshots, documents) may allow what no policy says; they are not read.",
        );
    }
    if matches!(call.limits(), super::judge::SessionLimits::Passed) {
        add("The session's own policies are not in these logs; AWS let the call pass, so they did, too.");
    }
    limits
}
