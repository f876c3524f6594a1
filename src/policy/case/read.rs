//! Reading case files.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{CASES_MAX, Case, Content, Expected, ExpectedDecision, Policies};
use crate::aws::{AccountId, Arn, Principal as Named};
use crate::policy::{
    Attached, Caller, Context, Document, Level, Levels, Outcome, PolicyKind, PolicySet, Request, Resource,
    Rest, Standing,
};

/// Why a text is no case file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CaseError {
    /// It is no JSON, or neither a list of cases nor an object with one.
    #[error("expected an object with `cases`, or a list of cases, found {message}")]
    Form {
        /// What is wrong.
        message: String,
    },
    /// It has more than [`CASES_MAX`] cases.
    #[error("{count} cases above the limit of {limit}", limit = CASES_MAX)]
    TooMany {
        /// How many it has.
        count: usize,
    },
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    cases: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
struct RawId {
    id: Option<String>,
}

#[derive(Deserialize)]
struct RawCase<'a> {
    unit: Option<String>,
    #[serde(borrow)]
    policies: Option<&'a RawValue>,
    request: Option<RawRequest>,
    #[serde(borrow)]
    input: Option<RawInput<'a>>,
    #[serde(borrow)]
    expected: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPolicies<'a> {
    #[serde(borrow)]
    identity: Option<&'a RawValue>,
    #[serde(borrow)]
    boundary: Option<&'a RawValue>,
    #[serde(borrow)]
    session: Option<&'a RawValue>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    vpce: Option<&'a RawValue>,
    #[serde(borrow)]
    scp: Option<Vec<RawLevel<'a>>>,
    #[serde(borrow)]
    rcp: Option<Vec<RawLevel<'a>>>,
    missing: Option<BTreeMap<String, String>>,
}

#[derive(Deserialize)]
struct RawLevel<'a> {
    target: Option<String>,
    #[serde(borrow)]
    policies: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawRequest {
    principal: Option<RawPrincipal>,
    action: String,
    resource: Option<String>,
    resource_account: Option<String>,
    management_account: Option<String>,
    role_arn: Option<String>,
    principal_id: Option<String>,
    federated_by: Option<String>,
    canonical_user: Option<String>,
    #[serde(default)]
    wildcard_only_action: bool,
    #[serde(default)]
    context: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    unknown: Vec<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum RawPrincipal {
    Text(String),
    Typed {
        #[serde(rename = "type")]
        kind: String,
        arn: Option<String>,
        service: Option<String>,
        provider: Option<String>,
        account: Option<String>,
    },
}

#[derive(Deserialize)]
struct RawInput<'a> {
    #[serde(borrow)]
    conditions: Vec<RawCondition<'a>>,
    #[serde(default)]
    context: BTreeMap<String, serde_json::Value>,
    #[serde(default)]
    unknown: Vec<String>,
}

#[derive(Deserialize)]
struct RawCondition<'a> {
    op: String,
    key: String,
    #[serde(borrow)]
    values: &'a RawValue,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawExpected {
    decision: String,
    needs: Option<Vec<String>>,
    blocked_by: Option<String>,
}

/// Reads a case file. A case that cannot be read says why in its content; the others are not affected.
///
/// # Errors
///
/// [`CaseError`] if the text has no list of cases, or too long a one.
pub fn parse(text: &str) -> Result<Vec<Case>, CaseError> {
    let form = |error: serde_json::Error| CaseError::Form { message: error.to_string() };
    let list: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(form)?
    } else {
        serde_json::from_str::<File<'_>>(text).map_err(form)?.cases
    };
    if list.len() > CASES_MAX {
        return Err(CaseError::TooMany { count: list.len() });
    }
    let case = |(at, raw): (usize, &&RawValue)| {
        let id = serde_json::from_str::<RawId>(raw.get()).ok().and_then(|raw| raw.id);
        Case { id: id.unwrap_or_else(|| at.to_string()), content: content(raw.get()) }
    };
    Ok(list.iter().enumerate().map(case).collect())
}

fn content(text: &str) -> Result<Content, String> {
    let raw: RawCase<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    if raw.unit.as_deref() == Some("condition") {
        let input = raw.input.ok_or("`input` is missing")?;
        let expected = serde_json::from_str(raw.expected.get()).map_err(|_| "expected `true` or `false`")?;
        let documents = input.conditions.iter().enumerate().map(|(at, own)| condition(at, own)).collect();
        return Ok(Content::Conditions {
            documents,
            context: context(input.context, &input.unknown)?,
            expected,
        });
    }
    let request = request(raw.request.ok_or("`request` is missing")?)?;
    let policies = raw.policies.ok_or("`policies` is missing")?;
    let policies = if let Ok(path) = serde_json::from_str::<String>(policies.get()) {
        Policies::Path(path)
    } else {
        Policies::Given(Box::new(policy_set(policies.get(), &request)?))
    };
    Ok(Content::Decision { policies, request: Box::new(request), expected: expectation(raw.expected.get())? })
}

fn expectation(text: &str) -> Result<Expected, String> {
    let raw = match serde_json::from_str::<String>(text) {
        Ok(decision) => RawExpected { decision, needs: None, blocked_by: None },
        Err(_) => serde_json::from_str(text).map_err(|error| error.to_string())?,
    };
    let decision = match raw.decision.as_str() {
        "allow" | "allowed" => ExpectedDecision::Exactly(Outcome::Allowed),
        "implicit_deny" => ExpectedDecision::Exactly(Outcome::ImplicitlyDenied),
        "explicit_deny" => ExpectedDecision::Exactly(Outcome::ExplicitlyDenied),
        "undetermined" => ExpectedDecision::Exactly(Outcome::Undetermined),
        "deny" => ExpectedDecision::Denied,
        other => {
            return Err(format!(
                "expected decision `allow`, `implicit_deny`, `explicit_deny`, `deny` or `undetermined`, found `{other}`"
            ));
        }
    };
    Ok(Expected { decision, needs: raw.needs, blocked_by: raw.blocked_by })
}

fn condition(at: usize, raw: &RawCondition<'_>) -> Document {
    let quoted = |text: &str| serde_json::Value::from(text).to_string();
    let text = format!(
        r#"{{"Version":"2012-10-17","Statement":{{"Effect":"Allow","Action":"*","Resource":"*","Condition":{{{}:{{{}:{}}}}}}}}}"#,
        quoted(&raw.op),
        quoted(&raw.key),
        raw.values.get(),
    );
    Document::parse(PolicyKind::Identity, &format!("condition {at}"), &text)
}

fn context(values: BTreeMap<String, serde_json::Value>, unknown: &[String]) -> Result<Context, String> {
    let mut context = Context::new(Rest::Absent);
    for (key, value) in values {
        let texts: Option<Vec<String>> = match &value {
            serde_json::Value::Null => Some(Vec::new()),
            serde_json::Value::Array(items) => items.iter().map(scalar).collect(),
            single => scalar(single).map(|text| vec![text]),
        };
        let texts = texts.ok_or_else(|| {
            format!("expected text, a number, a boolean or a list of these for `{key}`, found {value}")
        })?;
        context.set(&key, Standing::Values(texts));
    }
    for key in unknown {
        context.set(key, Standing::Unknown);
    }
    Ok(context)
}

fn scalar(value: &serde_json::Value) -> Option<String> {
    match value {
        serde_json::Value::String(text) => Some(text.clone()),
        serde_json::Value::Bool(_) | serde_json::Value::Number(_) => Some(value.to_string()),
        _ => None,
    }
}

fn request(raw: RawRequest) -> Result<Request, String> {
    let context = context(raw.context, &raw.unknown)?;
    let account = |text: &Option<String>, of: &str| match text {
        None => Ok(None),
        Some(text) => AccountId::parse(text)
            .map(Some)
            .ok_or_else(|| format!("expected an account id for {of}, found `{text}`")),
    };
    let resource_account = account(&raw.resource_account, "`resourceAccount`")?;
    let in_arn = raw.resource.as_deref().and_then(Arn::parse).and_then(Arn::account_id);
    let unique_id = raw.principal_id.clone().unwrap_or_else(|| match context.standing("aws:userid") {
        Standing::Values(values) => values.into_iter().next().unwrap_or_default(),
        _ => String::new(),
    });
    let hints = Hints { role_arn: raw.role_arn, unique_id, federated_by: raw.federated_by };
    let caller = match raw.principal {
        // Some user of the resource's account, of a name that no policy gives.
        None => {
            let account = resource_account.or(in_arn).or(AccountId::parse("123456789012"));
            let account = account.map(|account| account.to_string()).unwrap_or_default();
            Caller::User {
                arn: format!("arn:aws:iam::{account}:user/\u{1}"),
                unique_id: Some(hints.unique_id),
            }
        }
        Some(RawPrincipal::Text(text)) => caller(&text, hints)?,
        Some(RawPrincipal::Typed { kind, arn, service, provider, account }) => {
            let text = arn.or(service).or(provider).or(account);
            match (kind.to_ascii_lowercase().as_str(), text) {
                ("anonymous", _) => Caller::Anonymous,
                ("service" | "awsservice", Some(name)) => Caller::Service { name },
                ("federated" | "webidentity" | "saml", Some(provider)) => Caller::Federated { provider },
                (_, Some(text)) => caller(&text, hints)?,
                (other, None) => return Err(format!("principal of type `{other}` without its ARN or name")),
            }
        }
    };
    let resource = match raw.resource {
        None => Resource::Unknown,
        // `s3:ListAllMyBuckets` and its like have patterns as their resource.
        Some(text) if text == "*" || raw.wildcard_only_action && !text.contains('*') => Resource::Any,
        Some(text) => Resource::Named(text),
    };
    Ok(Request {
        resource_account: resource_account.or(in_arn).or_else(|| caller.account()),
        management_account: account(&raw.management_account, "`managementAccount`")?,
        canonical_user: Some(raw.canonical_user.unwrap_or_default()),
        rcp_supported: None,
        action: raw.action,
        caller,
        resource,
        context,
    })
}

struct Hints {
    role_arn: Option<String>,
    unique_id: String,
    federated_by: Option<String>,
}

fn caller(text: &str, hints: Hints) -> Result<Caller, String> {
    let unique_id = Some(hints.unique_id);
    if let Some(account) = AccountId::parse(text) {
        return Ok(Caller::Account { account, unique_id });
    }
    let Some(arn) = Arn::parse(text) else {
        return Ok(match text {
            "anonymous" | "Anonymous" | "*" => Caller::Anonymous,
            name if name.contains(".amazonaws.com") && name != "cognito-identity.amazonaws.com" => {
                Caller::Service { name: name.to_owned() }
            }
            provider => Caller::Federated { provider: provider.to_owned() },
        });
    };
    let text = text.to_owned();
    Ok(match arn.principal() {
        Some(Named::Root) => {
            let account = arn.account_id().ok_or_else(|| format!("expected an account in `{text}`"))?;
            Caller::Root { account }
        }
        Some(Named::User { .. }) => Caller::User { arn: text, unique_id },
        Some(Named::RoleSession { .. }) => {
            Caller::RoleSession { session_arn: text, role_arn: hints.role_arn, unique_id }
        }
        Some(Named::Role { .. }) => {
            Caller::RoleSession { session_arn: text.clone(), role_arn: Some(text), unique_id }
        }
        Some(Named::FederatedUser { .. }) => {
            Caller::FederatedUser { arn: text, user_arn: hints.federated_by }
        }
        None if arn.service == "iam" && arn.resource.contains("-provider/") => {
            Caller::Federated { provider: text }
        }
        None => return Err(format!("expected a principal, found `{text}`")),
    })
}

fn policy_set(text: &str, request: &Request) -> Result<PolicySet, String> {
    let raw: RawPolicies<'_> = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let missing = raw.missing.unwrap_or_default();
    let known = ["identity", "boundary", "session", "resource", "vpce", "scp", "rcp"];
    if let Some(other) = missing.keys().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("`missing` names no layer: `{other}`"));
    }
    let layer = |name: &str, kind: PolicyKind, raw: Option<&RawValue>| -> Result<Option<Attached>, String> {
        let missing = missing.get(name).cloned();
        let policies = match raw {
            Some(raw) => Some(documents(name, kind, raw.get())?),
            None => None,
        };
        Ok(match (policies, missing) {
            (None, None) => None,
            (policies, missing) => {
                let policies = policies.unwrap_or_default();
                Some(Attached { policies, missing, ..Attached::default() })
            }
        })
    };
    let levels =
        |name: &str, kind: PolicyKind, raw: Option<Vec<RawLevel<'_>>>| -> Result<Option<Levels>, String> {
            let missing = missing.get(name).cloned();
            if raw.is_none() && missing.is_none() {
                return Ok(None);
            }
            let mut levels = Vec::new();
            for (at, level) in raw.unwrap_or_default().into_iter().enumerate() {
                let target = level.target.unwrap_or_else(|| at.to_string());
                let policies = documents(&format!("{name} {target}"), kind, level.policies.get())?;
                levels.push(Level { target, attached: Attached::of(policies) });
            }
            Ok(Some(Levels { levels, missing }))
        };
    let resource_kind = if is_trust(request) { PolicyKind::Trust } else { PolicyKind::Resource };
    Ok(PolicySet {
        identity: layer("identity", PolicyKind::Identity, raw.identity)?.unwrap_or_default(),
        boundary: layer("boundary", PolicyKind::Identity, raw.boundary)?,
        session: layer("session", PolicyKind::Identity, raw.session)?,
        resource: layer("resource", resource_kind, raw.resource)?,
        vpc_endpoint: layer("vpce", PolicyKind::VpcEndpoint, raw.vpce)?,
        scp: levels("scp", PolicyKind::ServiceControl, raw.scp)?,
        rcp: levels("rcp", PolicyKind::ResourceControl, raw.rcp)?,
    })
}

/// Whether the resource's policy is a role's trust policy.
fn is_trust(request: &Request) -> bool {
    let Resource::Named(text) = &request.resource else { return false };
    let is_role =
        Arn::parse(text).is_some_and(|arn| arn.service == "iam" && arn.resource.starts_with("role/"));
    is_role && request.action.to_ascii_lowercase().starts_with("sts:")
}

/// A document, or a list of documents; each an object, or text that holds one.
fn documents(layer: &str, kind: PolicyKind, text: &str) -> Result<Vec<Arc<Document>>, String> {
    let list: Vec<&RawValue> = if text.trim_start().starts_with('[') {
        serde_json::from_str(text).map_err(|error| error.to_string())?
    } else {
        vec![serde_json::from_str(text).map_err(|error| error.to_string())?]
    };
    let document = |(at, raw): (usize, &RawValue)| {
        let inner = serde_json::from_str::<String>(raw.get());
        let text = inner.as_deref().unwrap_or(raw.get());
        Arc::new(Document::parse(kind, &format!("{layer}[{at}]"), text))
    };
    Ok(list.into_iter().enumerate().map(document).collect())
}
