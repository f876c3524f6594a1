//! Requests that a call makes besides its own: `iam:PassRole` for a role that it hands to a service, tags on what it makes.
//!
//! No record shows them. They are derived from the dependent actions that AWS lists and from the request parameters, so
//! whoever uses them marks them as derived. An action that AWS lists, but of which the parameters tell nothing, is
//! [`Presence::Possible`].

use serde_json::Value;

use super::catalog;
use super::event::Presence;
use super::resource::{Certainty, Evidence, Resource, Source, role_arns, texts_under};
use super::service::{AccessLevel, Action};

/// A request that another one implies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// The action.
    pub action: &'static Action,
    /// Whether the call asked for it, as far as its parameters tell.
    pub presence: Presence,
    /// The resources, where the parameters name them: the roles that are passed. Empty if they do not.
    pub resources: Vec<Resource>,
}

/// What a call asks for besides an action of its own, in order of names.
///
/// - `iam:PassRole` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>): certain if the
///   parameters name a role or an instance profile, whose role is not logged; not asked for if they name neither. Without
///   parameters it is possible. So it is where AWS does not list it for a write, but a parameter that is called like a
///   role names one.
/// - `ec2:CreateTags` and a service's own tagging action
///   (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>): certain if tags are given,
///   not asked for if none are.
/// - Any other: possible.
#[must_use]
pub fn dependents_of(action: &'static Action, evidence: &Evidence<'_>) -> Vec<Dependent> {
    let listed = action.dependents.iter().filter_map(|name| catalog().action(name));
    let mut dependents: Vec<_> = listed.filter_map(|dependent| derive(dependent, evidence)).collect();
    dependents.extend(unlisted_pass_role(action, evidence));
    dependents
}

/// The lists have gaps, so a role that a write hands over may be passed.
fn unlisted_pass_role(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    let is_candidate = !action.may_pass_role()
        && !matches!(action.service, "iam" | "sts")
        && matches!(action.level, AccessLevel::Write | AccessLevel::PermissionsManagement);
    let resources = if is_candidate { passed_roles(evidence) } else { Vec::new() };
    let pass_role = catalog().action("iam:PassRole")?;
    let possible = Dependent { action: pass_role, presence: Presence::Possible, resources };
    (!possible.resources.is_empty()).then_some(possible)
}

fn derive(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    let possible = Dependent { action, presence: Presence::Possible, resources: Vec::new() };
    let Some(parameters) = evidence.parameters else { return Some(possible) };
    if (action.service, action.name) == ("iam", "PassRole") {
        let resources = passed_roles(evidence);
        return (!resources.is_empty()).then_some(Dependent {
            presence: Presence::Certain,
            resources,
            ..possible
        });
    }
    if is_tagging(action) {
        return has_tags(parameters).then_some(Dependent { presence: Presence::Certain, ..possible });
    }
    Some(possible)
}

/// The roles that the parameters name by ARN, under a key that ends in `role` or `roleArn`; for an instance profile a pattern, for its role is not logged.
fn passed_roles(evidence: &Evidence<'_>) -> Vec<Resource> {
    let role =
        |arn: String, certainty| Resource { arn, certainty, source: Source::Request, kind: Some("role") };
    let mut roles: Vec<_> =
        role_arns(evidence.parameters).map(|arn| role(arn.to_owned(), Certainty::Exact)).collect();
    let is_profile = !texts_under(evidence.parameters, "iamInstanceProfile").is_empty();
    if roles.is_empty() && is_profile {
        let place = evidence.place;
        roles
            .push(role(format!("arn:{}:iam::{}:role/*", place.partition, place.account), Certainty::Pattern));
    }
    roles.sort();
    roles.dedup();
    roles
}

fn is_tagging(action: &Action) -> bool {
    matches!((action.service, action.name), ("ec2", "CreateTags")) || action.name == "TagResource"
}

fn has_tags(parameters: &Value) -> bool {
    const KEYS: [&str; 5] =
        ["tagSpecificationSet", "tagSpecification", "tagSpecifications", "tagSet", "tags"];
    let Some(fields) = parameters.as_object() else { return false };
    let inner = fields.values().filter_map(Value::as_object).flatten();
    fields
        .iter()
        .chain(inner)
        .any(|(key, value)| KEYS.iter().any(|wanted| wanted.eq_ignore_ascii_case(key)) && is_filled(value))
}

fn is_filled(value: &Value) -> bool {
    match value {
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => fields.values().any(|value| !value.is_null()),
        _ => false,
    }
}
