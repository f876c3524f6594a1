//! Running cases.

use std::sync::Arc;

use serde::Serialize;

use super::{Case, Content, Expected, ExpectedDecision, Policies};
use crate::aws::AccountId;
use crate::policy::compile::{CompiledSet, LayerKind};
use crate::policy::evaluate::{Assumed, binds};
use crate::policy::{
    Attached, Caller, Context, Document, Evaluator, Outcome, PolicySet, PreparedRequest, Request, Resource,
    Truth,
};

/// What happened to a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseResult {
    /// The case's id.
    pub id: String,
    /// Whether what was decided is what was expected.
    pub passed: bool,
    /// What was expected, in the words of case files.
    pub expected: String,
    /// What was decided; begins with `unreadable` for a case that cannot be read.
    pub got: String,
    /// Why, one sentence each, indented by two blanks a level; and the problems of its policies.
    pub reasons: Vec<String>,
}

/// What cases do not hold themselves.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// Whether RCPs reach a service, by its prefix in lower case; None if it is not known.
    pub rcp_supported: &'a dyn Fn(&str) -> Option<bool>,
    /// The policies at a path, for a request; or why there are none.
    pub policies_at: &'a dyn Fn(&str, &Request) -> Result<PolicySet, String>,
}

impl std::fmt::Debug for Sources<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Sources")
    }
}

/// Runs cases, in order.
#[must_use]
pub fn run(cases: &[Case], sources: Sources<'_>) -> Vec<CaseResult> {
    cases.iter().map(|case| one(case, sources)).collect()
}

fn one(case: &Case, sources: Sources<'_>) -> CaseResult {
    match &case.content {
        Err(why) => unreadable(case, "a case", why),
        Ok(Content::Conditions { documents, context, expected }) => {
            conditions(case, documents, context, *expected)
        }
        Ok(Content::Decision { policies, request, expected }) => {
            let set = match policies {
                Policies::Given(set) => Ok((**set).clone()),
                Policies::Path(path) => (sources.policies_at)(path, request),
            };
            match set {
                Ok(set) => decision(case, &set, request, expected, sources),
                Err(why) => unreadable(case, "policies", &why),
            }
        }
    }
}

fn unreadable(case: &Case, expected: &str, why: &str) -> CaseResult {
    CaseResult {
        id: case.id.clone(),
        passed: false,
        expected: expected.to_owned(),
        got: format!("unreadable: {why}"),
        reasons: Vec::new(),
    }
}

fn decision(
    case: &Case,
    set: &PolicySet,
    request: &Request,
    expected: &Expected,
    sources: Sources<'_>,
) -> CaseResult {
    let service = request.action.split(':').next().unwrap_or_default().to_ascii_lowercase();
    let request = Request { rcp_supported: (sources.rcp_supported)(&service), ..request.clone() };
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(set);
    let prepared = evaluator.prepare(&request);
    let outcome = compiled.evaluate(&prepared).outcome;
    let mut got = words(outcome).to_owned();
    let mut wanted = match expected.decision {
        ExpectedDecision::Exactly(outcome) => words(outcome),
        ExpectedDecision::Denied => "deny",
    }
    .to_owned();
    let mut passed = match expected.decision {
        ExpectedDecision::Exactly(exactly) => exactly == outcome,
        ExpectedDecision::Denied => matches!(outcome, Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied),
    };
    if let Some(needs) = &expected.needs {
        let members: Vec<String> =
            compiled.deciding(&prepared).members.iter().map(ToString::to_string).collect();
        passed &= members == *needs;
        got += &format!(" ({})", members.join(", "));
        wanted += &format!(" ({})", needs.join(", "));
    }
    if let Some(layer) = &expected.blocked_by {
        let blocking = blocking(&compiled, &prepared);
        passed &= blocking.contains(&layer.as_str());
        got += &format!(" by {}", blocking.join(", "));
        wanted += &format!(" by {layer}");
    }
    let mut reasons: Vec<String> =
        compiled.explain(&prepared).to_string().lines().map(str::to_owned).collect();
    reasons.extend(problems(set));
    CaseResult { id: case.id.clone(), passed, expected: wanted, got, reasons }
}

fn conditions(case: &Case, documents: &[Document], context: &Context, expected: bool) -> CaseResult {
    let request = Request {
        caller: Caller::User { arn: "arn:aws:iam::123456789012:user/any".to_owned(), unique_id: None },
        action: "any:Action".to_owned(),
        resource: Resource::Any,
        resource_account: AccountId::parse("123456789012"),
        management_account: None,
        canonical_user: None,
        rcp_supported: None,
        context: context.clone(),
    };
    let mut evaluator = Evaluator::new();
    let mut holds = Truth::Yes;
    let mut reasons = Vec::new();
    for document in documents {
        let identity = Attached::of(vec![Arc::new(document.clone())]);
        let set = PolicySet { identity, ..PolicySet::default() };
        let compiled = evaluator.compile(&set);
        let prepared = evaluator.prepare(&request);
        holds = holds.and(match compiled.evaluate(&prepared).outcome {
            Outcome::Allowed => Truth::Yes,
            Outcome::Undetermined => Truth::Unknown,
            Outcome::ExplicitlyDenied | Outcome::ImplicitlyDenied => Truth::No,
        });
        reasons.extend(problems(&set));
    }
    let got = match holds {
        Truth::Yes => "true",
        Truth::No => "false",
        Truth::Unknown => "unknown",
    };
    CaseResult {
        id: case.id.clone(),
        passed: holds == Truth::from(expected),
        expected: expected.to_string(),
        got: got.to_owned(),
        reasons,
    }
}

/// The layers that stand in the way: that deny, or that do not allow.
fn blocking(set: &CompiledSet, request: &PreparedRequest) -> Vec<&'static str> {
    let mut blocking = Vec::new();
    for (at, layer) in set.layers.iter().enumerate() {
        let binds = binds(layer.kind, request);
        if binds == Truth::No {
            continue;
        }
        let scan = set.scan(at, layer, request, &Assumed::default(), binds);
        if scan.deny == Truth::Yes || scan.allow.any() == Truth::No {
            blocking.push(match layer.kind {
                LayerKind::ServiceControl => "scp",
                LayerKind::ResourceControl => "rcp",
                LayerKind::Resource => "resource",
                LayerKind::Identity => "identity",
                LayerKind::Boundary => "boundary",
                LayerKind::Session => "session",
                LayerKind::VpcEndpoint => "vpce",
            });
        }
    }
    let is_missing = |kind: LayerKind| set.layers.iter().all(|layer| layer.kind != kind);
    // Without a session policy a federated user has nothing of the identity policies
    // (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html>).
    if matches!(request.caller, Caller::FederatedUser { .. }) && is_missing(LayerKind::Session) {
        blocking.push("session");
    }
    if is_missing(LayerKind::Resource) {
        blocking.push("resource");
    }
    blocking.dedup();
    blocking
}

fn problems(set: &PolicySet) -> Vec<String> {
    let levels =
        set.scp.iter().chain(&set.rcp).flat_map(|levels| &levels.levels).map(|level| &level.attached);
    let layers = [Some(&set.identity), set.boundary.as_ref(), set.session.as_ref(), set.resource.as_ref()];
    let layers = layers.into_iter().flatten().chain(&set.vpc_endpoint).chain(levels);
    let documents = layers.flat_map(|attached| &attached.policies);
    let refusals =
        documents.flat_map(|document| &document.problems).filter(|problem| problem.consequence.is_refusal());
    refusals.map(|problem| format!("refused: {problem}")).collect()
}

fn words(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Allowed => "allow",
        Outcome::ExplicitlyDenied => "explicit_deny",
        Outcome::ImplicitlyDenied => "implicit_deny",
        Outcome::Undetermined => "undetermined",
    }
}
