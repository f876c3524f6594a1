//! What AWS takes in no policy of its kind, although its meaning is clear.

use super::document::{Actions, Document, Effect, Match, PolicyKind, Principal, Statement, Version, cut};
use super::prepare::TRUST_ACTIONS;
use super::problem::{Consequence, Place, Problem, ProblemKind};
use crate::aws::{Arn, Principal as Named};

/// Why AWS would not take a document, as far as that can be told without knowing what services there are. Refused
/// statements are not looked at: why they are is in [`Document::problems`].
///
/// - An SCP or RCP without `Version` 2012-10-17
///   (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_scps_syntax.html#scp-syntax-version>,
///   <https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html#rcp-syntax-version>).
/// - The action `*` in an RCP, and its `Allow`, but for AWS's own `RCPFullAWSAccess`
///   (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps_syntax.html#rcp-syntax-action>).
/// - Actions in a trust policy with which nobody assumes a role. IAM refuses them with the words `AssumeRole policy may only
///   specify STS AssumeRole actions`; the actions are those of
///   <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_update-role-trust-policy.html>.
/// - The principal `*` in a trust policy that is not `{"AWS": "*"}`, and every provider
///   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access-analyzer-reference-policy-checks.html#access-analyzer-reference-policy-checks-error-role-trust-policy-unsupported-wildcard-in-principal>).
/// - A group as principal, and ARNs of what is no principal
///   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html#Principal_specifying>).
/// - Two statements of one `Sid` in a policy of IAM
///   (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_sid.html>).
#[must_use]
pub fn rejections(document: &Document) -> Vec<Problem> {
    let is_readable = document.refused.iter().all(|refused| refused.index.is_some());
    let parsed = document.problems.iter().filter(|own| own.consequence == Consequence::Rejected).cloned();
    let mut found: Vec<Problem> = parsed.collect();
    if !is_readable {
        return found;
    }
    let is_control = matches!(document.kind, PolicyKind::ServiceControl | PolicyKind::ResourceControl);
    if is_control && document.version != Version::V2012 {
        found.push(without_version(document));
    }
    for statement in &document.statements {
        let mut add = |place: &str, expected: &'static str, found_text: &str| {
            let kind = ProblemKind::Expected { expected, found: format!("`{}`", cut(found_text)) };
            found.push(rejection(document, Some(statement), place, kind));
        };
        match document.kind {
            PolicyKind::ResourceControl => of_resource_control(document, statement, &mut add),
            PolicyKind::Trust => of_trust(statement, &mut add),
            PolicyKind::Identity
            | PolicyKind::ServiceControl
            | PolicyKind::Resource
            | PolicyKind::VpcEndpoint => {}
        }
        of_principals(statement, &mut add);
    }
    found
}

/// That a document lacks the version of the language without which AWS does not take it.
pub(crate) fn without_version(document: &Document) -> Problem {
    let expected = "`Version` 2012-10-17";
    let kind = ProblemKind::Expected { expected, found: "an older one or none".to_owned() };
    rejection(document, None, "/Version", kind)
}

/// A problem for which AWS takes a document not at all. `place` is below the statement, if one is given.
pub(crate) fn rejection(
    document: &Document,
    statement: Option<&Statement>,
    place: &str,
    kind: ProblemKind,
) -> Problem {
    let index = statement.map(|statement| statement.index);
    let above = index.map_or_else(String::new, |index| format!("/Statement/{index}"));
    Problem {
        policy: document.name.clone(),
        statement: index,
        sid: statement.and_then(|statement| statement.sid.clone()),
        place: Place::Pointer(format!("{above}{place}")),
        kind,
        consequence: Consequence::Rejected,
    }
}

/// The element that holds the actions.
fn element_of(actions: &Actions) -> &'static str {
    if actions.matching == Match::Listed { "/Action" } else { "/NotAction" }
}

type Add<'a> = dyn FnMut(&str, &'static str, &str) + 'a;

/// What parsing takes of an RCP is an `Allow` only where it is the statement of `RCPFullAWSAccess`, which has no other.
fn of_resource_control(document: &Document, statement: &Statement, add: &mut Add<'_>) {
    if statement.effect == Effect::Allow {
        let is_alone = document.statements.len() + document.refused.len() == 1;
        if !is_alone {
            add("/Effect", "`Deny` beside other statements", "Allow");
        }
        return;
    }
    for pattern in statement.actions.patterns.iter().filter(|own| is_everything(own)) {
        add("/Action", "actions of a service, as `s3:*`", pattern);
    }
}

fn is_everything(action: &str) -> bool {
    action == "*" || action == "*:*"
}

fn of_trust(statement: &Statement, add: &mut Add<'_>) {
    let place = element_of(&statement.actions);
    for pattern in statement.actions.patterns.iter().filter(|own| !assumes(own)) {
        add(place, "actions that assume a role, as `sts:AssumeRole`", pattern);
    }
    let listed = statement.principals.iter().flat_map(|principals| &principals.listed);
    for _ in listed.filter(|own| **own == Principal::Federated("*".to_owned())) {
        add("/Principal", "an identity provider", "*");
    }
}

/// Whether an action is one of those with which roles are assumed. AWS does not say whether it takes wildcards; one that
/// stands for such actions alone passes.
fn assumes(pattern: &str) -> bool {
    let pattern = pattern.to_ascii_lowercase();
    let Some(name) = pattern.strip_prefix("sts:") else { return false };
    match name.find(['*', '?']) {
        None => TRUST_ACTIONS.contains(&name),
        Some(end) => {
            let begin = name.get(..end).unwrap_or_default();
            TRUST_ACTIONS.iter().any(|action| begin.starts_with(action))
        }
    }
}

fn of_principals(statement: &Statement, add: &mut Add<'_>) {
    let Some(principals) = &statement.principals else { return };
    let place = if principals.matching == Match::Listed { "/Principal" } else { "/NotPrincipal" };
    for principal in &principals.listed {
        let Principal::Arn(text) = principal else { continue };
        let Some(arn) = Arn::parse(text) else { continue };
        if arn.service == "iam" && arn.resource.starts_with("group/") {
            add(place, "a principal, which a group is not", text);
        } else if matches!(arn.principal(), None | Some(Named::Root)) {
            add(place, "an account, user, role, session or federated user", text);
        }
    }
}

#[cfg(test)]
mod tests;
