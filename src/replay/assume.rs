//! Who may assume a role: each side that has a say, and what would have to change.
//!
//! A role is assumed if the caller's side and the role's trust policy both allow it, or, within an account, if the trust
//! policy names the caller itself
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html>); session tags and a source
//! identity are requests of their own (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>).

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde_json::{Value, json};

use super::agree::layer_words;
use super::answer::{Assume, Decided, How, LayerKind, Said, Side};
use super::call::Call;
use super::fold::Limits;
use super::judge::{Judge, Judged, Play};
use super::{Asked, Parsed, Record, Told, Who};
use crate::aws::{HIDDEN, SourceAddress};
use crate::catalog::event::Presence;
use crate::policy::{Caller, Context, LayerSurvey, Matched, Outcome, Request, Rest, Standing, Truth};
use crate::snapshot::Snapshot;

/// The longest session of a role that a session of another role asks for, in seconds
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, `DurationSeconds`).
const CHAINED_SECONDS_MAX: u64 = 3_600;

/// The longest session of a role whose maximum nobody changed, in seconds. What it is changed to stands in no authorization
/// details (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>, `DurationSeconds`,
/// <https://docs.aws.amazon.com/IAM/latest/APIReference/API_RoleDetail.html>).
const SESSION_SECONDS: u64 = 3_600;

/// The sides of a call that asks for a role; None for other calls.
pub(super) fn assume_of(call: &Call<'_>, judge: &mut Judge) -> Option<Assume> {
    let plays = call.played(judge);
    let (asked, who, _) = plays.iter().find(|(asked, ..)| is_assume(&asked.action))?;
    let duration =
        call.parsed.parameters.as_ref().and_then(|all| all.get("durationSeconds")).and_then(seconds);
    let mut supposed = Vec::new();
    if call.parsed.parameters.is_none() {
        supposed.push(
            "the record of the call holds no parameters: ExternalId, tags and the like are not known"
                .to_owned(),
        );
        supposed.push(
            "without MFA in the call itself: whether it named a device, only its parameters would tell"
                .to_owned(),
        );
    }
    let asked_role = (*asked).clone();
    let principal = who.principal.clone();
    let question = Question { principal, role: asked_role.shown, duration, is_unmade: false, supposed };
    Some(sides(call, judge, &plays, question))
}

fn seconds(value: &serde_json::Value) -> Option<u64> {
    value.as_u64().or_else(|| value.as_str()?.parse().ok())
}

fn is_assume(action: &str) -> bool {
    let name = action.split_once(':').filter(|(service, _)| service.eq_ignore_ascii_case("sts"));
    name.is_some_and(|(_, name)| name.get(..10).is_some_and(|start| start.eq_ignore_ascii_case("AssumeRole")))
}

/// What is asked, beside the requests.
struct Question {
    principal: String,
    role: String,
    duration: Option<u64>,
    /// Whether nobody made the call, so that AWS has not looked at its duration.
    is_unmade: bool,
    supposed: Vec<String>,
}

fn sides(call: &Call<'_>, judge: &mut Judge, plays: &[(&Asked, &Who, Play)], question: Question) -> Assume {
    let snapshot = Arc::clone(&judge.snapshot);
    let mut sides = Vec::new();
    let mut outcomes = Vec::new();
    for (asked, who, play) in plays {
        if asked.presence != Presence::Certain {
            continue;
        }
        let told = call.told(who, asked, &snapshot);
        let (_, judged) = judge.judge(&told, play);
        outcomes.push(judged.outcome);
        if is_assume(&asked.action) {
            let rule = judged.decided.iter().find(|decided| decided.how == How::Rule);
            if let Some(rule) = rule.filter(|_| judged.outcome != Outcome::Allowed) {
                sides.push(Side {
                    name: "rule of AWS".to_owned(),
                    says: Said::Denied,
                    why: rule.words(),
                    statement: None,
                    change: Some("another kind of caller must ask".to_owned()),
                });
            }
            sides.extend(layers(judge, &told, play));
        } else {
            sides.push(beside(asked, &judged));
        }
    }
    if let (Some(duration), Some((_, who, _))) = (question.duration, plays.first())
        && matches!(who.caller, Caller::RoleSession { .. })
    {
        let too_long = duration > CHAINED_SECONDS_MAX;
        sides.push(Side {
            name: "role chaining".to_owned(),
            says: if too_long { Said::Denied } else { Said::Allowed },
            why: format!(
                "a role session asks for a session of {duration} s; {CHAINED_SECONDS_MAX} s is the most"
            ),
            statement: None,
            change: too_long.then(|| format!("ask for {CHAINED_SECONDS_MAX} s at most")),
        });
        outcomes.extend(too_long.then_some(Outcome::ImplicitlyDenied));
    } else if let Some(duration) =
        question.duration.filter(|seconds| question.is_unmade && *seconds > SESSION_SECONDS)
    {
        sides.push(Side {
            name: "maximum session duration".to_owned(),
            says: Said::Undetermined,
            why: format!(
                "the role's own is not in the snapshot; a session of {duration} s needs more than the {SESSION_SECONDS} s that a role has unless it is changed"
            ),
            statement: None,
            change: None,
        });
        outcomes.push(Outcome::Undetermined);
    }
    let is_denied =
        |outcome: &Outcome| matches!(outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied);
    let said = if outcomes.iter().any(is_denied) {
        Said::Denied
    } else if outcomes.is_empty() || outcomes.contains(&Outcome::Undetermined) {
        Said::Undetermined
    } else {
        Said::Allowed
    };
    Assume { principal: question.principal, role: question.role, said, sides, supposed: question.supposed }
}

/// A request that goes with the call, as for session tags.
fn beside(asked: &Asked, judged: &Judged) -> Side {
    let (outcome, decided) = (judged.outcome, &judged.decided);
    let name = match asked.action.as_str() {
        "sts:TagSession" => "session tags (sts:TagSession)".to_owned(),
        "sts:SetSourceIdentity" => "source identity (sts:SetSourceIdentity)".to_owned(),
        other => other.to_owned(),
    };
    let says = said(outcome);
    let by: Vec<String> = decided.iter().map(Decided::words).collect();
    let why = match says {
        Said::Undetermined => {
            let needs: Vec<&str> = judged.needs.iter().map(|lack| lack.what.as_str()).collect();
            format!("it depends on {}", needs.join(", "))
        }
        _ => format!("{outcome} by {}", by.join(" and ")),
    };
    let change = (says == Said::Denied).then(|| {
        format!("caller's policies and trust policy must allow {}, or the call must do without", asked.action)
    });
    Side { name, says, why, statement: decided.first().cloned(), change }
}

fn said(outcome: Outcome) -> Said {
    match outcome {
        Outcome::Allowed => Said::Allowed,
        Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Said::Denied,
        Outcome::Undetermined => Said::Undetermined,
    }
}

/// A side for each layer that binds the call.
fn layers(judge: &mut Judge, told: &Told<'_>, play: &Play) -> Vec<Side> {
    let (request, prepared) = judge.prepared(told, play);
    let survey = play.set.survey(&prepared);
    // The same call of which nothing is known: statements that match it would, if their conditions held.
    let open = Request { context: Context::new(Rest::Unknown), ..request.clone() };
    let open_prepared = judge.evaluator().prepare(&open);
    let open_survey = play.set.survey(&open_prepared);
    let mut sides = Vec::new();
    let bind = || survey.layers.iter().enumerate().filter(|(_, layer)| layer.binds != Truth::No);
    for (at, layer) in bind() {
        let kind = LayerKind::of(layer.layer);
        let passes = |layer: &LayerSurvey<'_>| (layer.deny, layer.allow) == (Truth::No, Truth::Yes);
        let mut levels = bind().map(|(_, own)| own).filter(|own| LayerKind::of(own.layer) == kind);
        if matches!(kind, LayerKind::Scp | LayerKind::Rcp) && levels.clone().all(passes) {
            // Levels that all let it pass are one side, told at the first of them.
            if levels.next().is_some_and(|first| std::ptr::eq(first, layer)) {
                sides.push(Side {
                    name: layer_words(kind),
                    says: Said::Allowed,
                    why: format!("every level allows it ({})", levels.count() + 1),
                    statement: None,
                    change: None,
                });
            }
            continue;
        }
        let nearest = nearest(open_survey.layers.get(at), layer);
        // Where the trust policy names the caller itself, its own policies need not allow.
        let may_lack = matches!(kind, LayerKind::Identity | LayerKind::Boundary | LayerKind::Session);
        let need_not = may_lack && judge.resource_suffices(told, kind);
        sides.push(side(layer, kind, nearest, &request, play, need_not));
    }
    if !survey.layers.iter().any(|layer| LayerKind::of(layer.layer) == LayerKind::Resource) {
        sides.push(Side {
            name: "trust policy".to_owned(),
            says: Said::Undetermined,
            why: "it is not in the snapshot".to_owned(),
            statement: None,
            change: None,
        });
    }
    sides
}

/// An `Allow` of the layer that would match if conditions held which do not.
fn nearest<'a, 's>(open: Option<&'a LayerSurvey<'s>>, now: &LayerSurvey<'_>) -> Option<&'a Matched<'s>> {
    let matched = |one: &Matched<'_>| now.statements.iter().any(|own| own.id == one.id);
    open?
        .statements
        .iter()
        .find(|one| one.effect == Some(crate::policy::Effect::Allow) && !one.refused && !matched(one))
}

fn side(
    layer: &LayerSurvey<'_>,
    kind: LayerKind,
    nearest: Option<&Matched<'_>>,
    request: &Request,
    play: &Play,
    need_not: bool,
) -> Side {
    let name = match kind {
        LayerKind::Identity => "caller's policies".to_owned(),
        LayerKind::Resource => "trust policy".to_owned(),
        _ => layer.layer.to_string(),
    };
    let of_effect = |effect: crate::policy::Effect, truth: Truth| {
        layer.statements.iter().find(|own| own.effect == Some(effect) && own.truth == truth)
    };
    let deny = crate::policy::Effect::Deny;
    let allow = crate::policy::Effect::Allow;
    let statement_of = |matched: &Matched<'_>, how: How| Decided::of_statement(matched.statement, how);
    let named = |matched: &Matched<'_>| Decided::of_statement(matched.statement, How::Allow).words();
    let unmet = |matched: &Matched<'_>| unmet(matched, request, play);
    let (says, why, statement, change) = match (layer.deny, layer.allow) {
        (Truth::Yes, _) => {
            let by = of_effect(deny, Truth::Yes);
            let why = by
                .map_or_else(|| "a statement denies it".to_owned(), |by| format!("{} denies it", named(by)));
            let change = "the Deny must spare this call".to_owned();
            (Said::Denied, why, by.map(|by| statement_of(by, How::Deny)), Some(change))
        }
        (Truth::Unknown, Truth::Yes | Truth::Unknown) => {
            let by = of_effect(deny, Truth::Unknown);
            let why = by.map_or_else(
                || layer.missing.unwrap_or("a statement may deny it").to_owned(),
                |by| format!("{} may deny it: {}", named(by), unmet(by)),
            );
            (Said::Undetermined, why, by.map(|by| statement_of(by, How::Deny)), None)
        }
        (Truth::No, Truth::Yes) => {
            let by = of_effect(allow, Truth::Yes);
            let why = by.map_or_else(|| "allows it".to_owned(), |by| format!("{} allows it", named(by)));
            (Said::Allowed, why, by.map(|by| statement_of(by, How::Allow)), None)
        }
        (Truth::No, Truth::Unknown) => {
            let by = of_effect(allow, Truth::Unknown);
            let why = by.map_or_else(
                || layer.missing.unwrap_or("a statement may allow it").to_owned(),
                |by| format!("{} may allow it: {}", named(by), unmet(by)),
            );
            (Said::Undetermined, why, by.map(|by| statement_of(by, How::Allow)), None)
        }
        (Truth::No | Truth::Unknown, Truth::No) => {
            let (why, statement) = match nearest {
                Some(near) => (
                    format!("{} would allow it, but for its conditions: {}", named(near), unmet(near)),
                    Some(statement_of(near, How::Allow)),
                ),
                None => (format!("no statement allows {}", request.action), None),
            };
            let change = match (kind, nearest) {
                (_, Some(_)) => "the call must meet the conditions, or the statement must change".to_owned(),
                (LayerKind::Resource, None) => "a statement must allow this caller".to_owned(),
                (_, None) => format!("a statement must allow {} on this role", request.action),
            };
            if need_not && layer.deny == Truth::Unknown {
                (
                    Said::Undetermined,
                    "nothing need allow it, but a statement may deny it".to_owned(),
                    None,
                    None,
                )
            } else if need_not {
                let why =
                    "no statement allows it; none needs to, for the trust policy names the caller".to_owned();
                (Said::Allowed, why, None, None)
            } else {
                (Said::Denied, why, statement, Some(change))
            }
        }
    };
    Side { name, says, why, statement, change }
}

/// The keys that a statement's conditions read, with what is known of each: `aws:multifactorauthpresent is absent`.
fn unmet(matched: &Matched<'_>, request: &Request, play: &Play) -> String {
    let keys = play.set.keys_of(matched.id);
    let words: Vec<String> = keys
        .iter()
        .map(|key| match request.context.standing(key) {
            Standing::Values(values) => format!("{key} is {}", values.join(", ")),
            Standing::Absent => format!("{key} is absent"),
            Standing::Unknown => format!("{key} is not known"),
        })
        .collect();
    if words.is_empty() { "it names this caller or role only in part".to_owned() } else { words.join("; ") }
}

/// What is supposed of a call that nobody made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Supposed {
    /// When it is made.
    pub at: DateTime<Utc>,
    /// Whether the caller shows MFA: a session that was signed in with it, or a device named in the call itself.
    pub mfa: bool,
    /// `ExternalId`.
    pub external_id: Option<String>,
    /// `RoleSessionName`.
    pub session_name: Option<String>,
    /// `SourceIdentity`.
    pub source_identity: Option<String>,
    /// Session tags.
    pub tags: Vec<(String, String)>,
    /// `DurationSeconds`.
    pub duration: Option<u64>,
    /// The address that it comes from.
    pub source_ip: Option<String>,
    /// Further condition keys.
    pub context: Vec<(String, String)>,
}

impl Supposed {
    fn words(&self) -> Vec<String> {
        let mut words = vec![
            if self.mfa { "with MFA".to_owned() } else { "without MFA".to_owned() },
            match &self.external_id {
                Some(id) => format!("ExternalId {id}"),
                None => "no ExternalId".to_owned(),
            },
        ];
        words.push(match &self.session_name {
            Some(name) => format!("session name {name}"),
            None => "any session name".to_owned(),
        });
        words.extend(self.source_identity.iter().map(|identity| format!("source identity {identity}")));
        words.extend(self.tags.iter().map(|(key, value)| format!("session tag {key}={value}")));
        words.extend(self.duration.map(|seconds| format!("for {seconds} s")));
        words.extend(self.source_ip.iter().map(|address| match SourceAddress::parse(address) {
            SourceAddress::Public(_) => format!("from {address}"),
            SourceAddress::Private(_) => format!(
                "from {address}, which is private: AWS sees another address, or a VPC endpoint; which is not known"
            ),
            _ => format!("from {address}, which is no address: where the call comes from is not known"),
        }));
        words.extend(self.context.iter().map(|(key, value)| format!("{key}={value}")));
        words.push("the caller's session has no session policy".to_owned());
        words
    }

    /// The request parameters of such a call
    /// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>).
    fn parameters(&self, role: &str, by_user: bool) -> Value {
        let mut parameters = json!({ "roleArn": role });
        let mut set = |key: &str, value: Option<Value>| {
            if let (Some(value), Some(all)) = (value, parameters.as_object_mut()) {
                all.insert(key.to_owned(), value);
            }
        };
        // The call needs a name (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRole.html>): where none is
        // supposed it may be any.
        set("roleSessionName", Some(self.session_name.clone().unwrap_or_else(|| HIDDEN.to_owned()).into()));
        set("externalId", self.external_id.clone().map(Value::from));
        set("sourceIdentity", self.source_identity.clone().map(Value::from));
        set("durationSeconds", self.duration.map(Value::from));
        // A user with a long-term key names the device in the call.
        set("serialNumber", (self.mfa && by_user).then(|| Value::from("the caller's device")));
        let tag = |(key, value): &(String, String)| json!({ "key": key, "value": value });
        set("tags", (!self.tags.is_empty()).then(|| self.tags.iter().map(tag).collect()));
        parameters
    }
}

/// Whether a caller can assume a role, as if it called now.
#[must_use]
pub fn can_assume(snapshot: &Arc<Snapshot>, caller: &Caller, role: &str, supposed: &Supposed) -> Assume {
    let by_user = matches!(caller, Caller::User { .. });
    let parameters = supposed.parameters(role, by_user).to_string();
    let request_context: serde_json::Map<String, Value> =
        supposed.context.iter().map(|(key, value)| (key.clone(), Value::from(value.clone()))).collect();
    let event_context = json!({ "requestContext": request_context }).to_string();
    let account = caller.account().map(|account| account.to_string());
    let (arn, id) = match caller {
        Caller::User { arn, unique_id } => (Some(arn.clone()), unique_id.clone()),
        Caller::RoleSession { session_arn, unique_id, .. } => (Some(session_arn.clone()), unique_id.clone()),
        Caller::FederatedUser { arn, .. } => (Some(arn.clone()), None),
        _ => (None, None),
    };
    let record = Record {
        event_time: supposed.at,
        event_source: Some("sts.amazonaws.com"),
        event_name: Some("AssumeRole"),
        event_type: Some("AwsApiCall"),
        account: account.as_deref(),
        recipient_account_id: account.as_deref(),
        identity_account_id: account.as_deref(),
        identity_arn: arn.as_deref(),
        principal_id: id.as_deref(),
        source_ip_address: supposed.source_ip.as_deref(),
        identity_type: Some(if by_user { "IAMUser" } else { "AssumedRole" }),
        // Which key it is does not matter, but of which kind.
        access_key_id: Some(if by_user { "AKIAIOSFODNN7EXAMPLE" } else { "ASIAIOSFODNN7EXAMPLE" }),
        session_created: (!by_user).then_some(supposed.at),
        mfa_authenticated: (!by_user).then_some(supposed.mfa),
        request_parameters: Some(&parameters),
        event_context: (!supposed.context.is_empty()).then_some(&event_context),
        ..Record::default()
    };
    let parsed = Parsed::of(&record);
    let mut call = Call::read(&record, &parsed, None, snapshot);
    let principal = match caller {
        Caller::User { arn, .. }
        | Caller::RoleSession { role_arn: Some(arn), .. }
        | Caller::RoleSession { session_arn: arn, .. }
        | Caller::FederatedUser { arn, .. } => arn.clone(),
        Caller::Root { account } => format!("arn:aws:iam::{account}:root"),
        Caller::Service { name } => name.clone(),
        Caller::Federated { provider } => provider.clone(),
        Caller::Account { account, .. } => account.to_string(),
        Caller::Anonymous => "anonymous".to_owned(),
    };
    call.who = Some(Who { caller: caller.clone(), principal: principal.clone(), forwarded_by: None });
    let mut judge = Judge::new(Arc::clone(snapshot), Limits::of(1, 1));
    let plays = call.played(&mut judge);
    let question = Question {
        principal,
        role: role.to_owned(),
        duration: supposed.duration,
        is_unmade: true,
        supposed: supposed.words(),
    };
    sides(&call, &mut judge, &plays, question)
}
