//! Policies in files of any of AWS's forms, and what is wrong with each: what `policy` finds, and what the catalog knows.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::problem::Trouble;
use super::{read, rejection, text};
use crate::catalog::{self, Catalog, ConditionKey, catalog, listing};
use crate::policy::{self, Consequence, Document, PolicyKind, Statement};

/// So many names are offered for one that does not exist.
const NEAR_MAX: usize = 3;

/// One policy that was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Linted {
    /// Its name: its ARN or name where the file has one, else empty.
    pub name: String,
    /// What it was taken for.
    pub kind: PolicyKind,
    /// Whether its kind was guessed from what it says.
    pub is_guess: bool,
    /// How many statements were understood.
    pub statements: usize,
    /// What is wrong, in order of statement and place.
    pub findings: Vec<Finding>,
}

/// One thing that is wrong with a policy.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// The statement's index, from 0; None if it is the document's trouble.
    pub statement: Option<usize>,
    /// The statement's `Sid`.
    pub sid: Option<String>,
    /// Where: a JSON pointer in the policy, or line and column.
    pub place: String,
    /// What follows from it.
    pub consequence: Consequence,
    /// What it is.
    pub text: String,
}

/// Why a file holds no policies.
pub type LintError = Trouble;

/// The policies of a file, checked. `kind` says what they are; if it is not given, the form of the file, the folder's name
/// (`scp`, `rcp`, `vpc-endpoint-policies`) and what the policy says tell. Empty if the file is JSON and holds no policy.
///
/// # Errors
///
/// [`LintError`] where the file cannot be read, or is no JSON.
pub fn file(path: &Path, kind: Option<PolicyKind>) -> Result<Vec<Linted>, LintError> {
    let text = read::read_text(path)?;
    let folder = path.parent().and_then(Path::file_name).map(|name| name.to_string_lossy().into_owned());
    let of_folder = match folder.as_deref() {
        Some("scp") => Some(PolicyKind::ServiceControl),
        Some("rcp") => Some(PolicyKind::ResourceControl),
        Some("vpc-endpoint-policies") => Some(PolicyKind::VpcEndpoint),
        Some("resource-policies") => Some(PolicyKind::Resource),
        _ => None,
    };
    let mut linted = Vec::new();
    for value in serde_json::Deserializer::from_str(&text).into_iter::<&RawValue>() {
        let value = value.map_err(|error| Trouble::Form { expected: "JSON", message: error.to_string() })?;
        let mut found = Vec::new();
        find(value, String::new(), None, &mut found, 0);
        for (name, own, raw) in found {
            let text = text::document(raw);
            let given = kind.or(own).or(of_folder);
            linted.push(check(&name, given, &text));
        }
    }
    Ok(linted)
}

/// Checks one policy.
#[must_use]
pub fn check(name: &str, kind: Option<PolicyKind>, text: &str) -> Linted {
    let guess = kind.unwrap_or_else(|| guess(text));
    let document = Document::parse(guess, name, text);
    let mut findings: Vec<Finding> = policy::lint(&document)
        .into_iter()
        .chain(rejection::beyond_document(&document))
        .map(|problem| Finding {
            statement: problem.statement,
            sid: problem.sid,
            place: problem.place.to_string(),
            consequence: problem.consequence,
            text: problem.kind.to_string(),
        })
        .collect();
    for statement in &document.statements {
        of_catalog(catalog(), statement, &mut findings);
    }
    findings.sort();
    findings.dedup();
    Linted {
        name: name.to_owned(),
        kind: guess,
        is_guess: kind.is_none(),
        statements: document.statements.len(),
        findings,
    }
}

/// What a document without a known kind is: with principals a trust policy if it is about `sts:` and no resource, else a
/// resource's; without them an identity policy.
fn guess(text: &str) -> PolicyKind {
    let Ok(document) = serde_json::from_str::<Elements<'_>>(text) else { return PolicyKind::Identity };
    let statements: Vec<Keys<'_>> = serde_json::from_str(document.statement.get())
        .or_else(|_| serde_json::from_str(document.statement.get()).map(|one| vec![one]))
        .unwrap_or_default();
    let has = |keys: &Keys<'_>, names: [&str; 2]| names.iter().any(|name| keys.contains_key(*name));
    if !statements.iter().any(|keys| has(keys, ["Principal", "NotPrincipal"])) {
        return PolicyKind::Identity;
    }
    let is_of_sts = |keys: &Keys<'_>| {
        let actions = keys.get("Action").map(|raw| raw.get().to_ascii_lowercase());
        actions.is_some_and(|actions| actions.contains("\"sts:")) && !has(keys, ["Resource", "NotResource"])
    };
    if statements.iter().all(is_of_sts) { PolicyKind::Trust } else { PolicyKind::Resource }
}

/// The members of a statement, whatever their values.
type Keys<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

#[derive(Deserialize)]
struct Elements<'a> {
    #[serde(borrow, rename = "Statement")]
    statement: &'a RawValue,
}

/// What AWS's outputs wrap around a policy; the names that are looked into.
#[derive(Deserialize, Default)]
#[serde(rename_all = "PascalCase")]
struct Wrapping<'a> {
    #[serde(borrow)]
    statement: Option<&'a RawValue>,
    #[serde(borrow)]
    policy: Option<&'a RawValue>,
    #[serde(borrow, rename = "policy")]
    own_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    document: Option<&'a RawValue>,
    #[serde(borrow)]
    policy_document: Option<&'a RawValue>,
    #[serde(borrow)]
    assume_role_policy_document: Option<&'a RawValue>,
    #[serde(borrow)]
    resource_policy: Option<&'a RawValue>,
    #[serde(borrow)]
    resource: Option<&'a RawValue>,
    #[serde(borrow)]
    policy_version: Option<&'a RawValue>,
    #[serde(borrow)]
    policy_version_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    user_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    group_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    role_detail_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    policies: Option<Vec<&'a RawValue>>,
    #[serde(borrow, alias = "RolePolicyList", alias = "GroupPolicyList")]
    user_policy_list: Option<Vec<&'a RawValue>>,
    #[serde(borrow)]
    role: Option<&'a RawValue>,
    #[serde(borrow)]
    vpc_endpoints: Option<Vec<&'a RawValue>>,
    policy_summary: Option<Summary>,
    #[serde(borrow)]
    arn: Option<&'a RawValue>,
    #[serde(borrow, rename = "arn")]
    own_arn: Option<&'a RawValue>,
    #[serde(borrow)]
    policy_name: Option<&'a RawValue>,
    // `get-role-policy` and its like have the owner's name beside the policy's.
    #[serde(borrow)]
    role_name: Option<&'a RawValue>,
    #[serde(borrow)]
    user_name: Option<&'a RawValue>,
    #[serde(borrow)]
    group_name: Option<&'a RawValue>,
    #[serde(borrow)]
    vpc_endpoint_id: Option<&'a RawValue>,
    default_version_id: Option<String>,
    version_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Summary {
    id: Option<String>,
    name: Option<String>,
    r#type: Option<String>,
}

type Found<'a> = (String, Option<PolicyKind>, &'a RawValue);

/// Nested deeper than any of AWS's outputs.
const NESTED_MAX: usize = 12;

/// Finds the policies in a value of AWS's outputs.
fn find<'a>(
    value: &'a RawValue,
    name: String,
    kind: Option<PolicyKind>,
    found: &mut Vec<Found<'a>>,
    depth: usize,
) {
    if depth > NESTED_MAX {
        return;
    }
    if value.get().starts_with('[') {
        for item in serde_json::from_str::<Vec<&RawValue>>(value.get()).unwrap_or_default() {
            find(item, name.clone(), kind, found, depth + 1);
        }
        return;
    }
    if value.get().starts_with('"') {
        // Text is a policy where it looks like one, or, broken or not, where the output is known to have one.
        if depth > 0 && (kind.is_some() || text::document(value).trim_start().starts_with('{')) {
            found.push((name, kind, value));
        }
        return;
    }
    let Ok(wrapping) = serde_json::from_str::<Wrapping<'_>>(value.get()) else { return };
    if wrapping.statement.is_some() {
        found.push((name, kind, value));
        return;
    }
    let own_text =
        |raw: Option<&RawValue>| raw.and_then(|raw| serde_json::from_str::<String>(raw.get()).ok());
    let summary = wrapping.policy_summary.as_ref();
    let own = own_text(wrapping.arn)
        .or_else(|| own_text(wrapping.resource))
        .or_else(|| own_text(wrapping.own_arn))
        .or_else(|| own_text(wrapping.policy_name))
        .or_else(|| own_text(wrapping.role_name))
        .or_else(|| own_text(wrapping.user_name))
        .or_else(|| own_text(wrapping.group_name))
        .or_else(|| own_text(wrapping.vpc_endpoint_id))
        .or_else(|| summary.and_then(|summary| summary.name.clone().or_else(|| summary.id.clone())));
    let name = match (own, name.as_str()) {
        (None, _) => name,
        (Some(own), "") => own,
        (Some(own), outer) => format!("{own} of {outer}"),
    };
    let kind = match summary.and_then(|summary| summary.r#type.as_deref()) {
        Some("SERVICE_CONTROL_POLICY") => Some(PolicyKind::ServiceControl),
        Some("RESOURCE_CONTROL_POLICY") => Some(PolicyKind::ResourceControl),
        _ => kind,
    };
    let has_details = wrapping.user_detail_list.is_some() || wrapping.role_detail_list.is_some();
    let inner = kind.or(has_details.then_some(PolicyKind::Identity));
    let is_resource =
        wrapping.own_arn.is_some() || wrapping.resource.is_some() || wrapping.resource_policy.is_some();
    let of_resource = kind.or(is_resource.then_some(PolicyKind::Resource));
    for raw in [wrapping.policy, wrapping.own_policy, wrapping.resource_policy].into_iter().flatten() {
        if raw.get() != "null" {
            find(raw, name.clone(), of_resource, found, depth + 1);
        }
    }
    // Of other outputs `Role` is a name.
    let role = wrapping.role.filter(|raw| raw.get().starts_with('{'));
    for raw in [wrapping.content, wrapping.document, wrapping.policy_document, wrapping.policy_version, role]
    {
        let Some(raw) = raw else { continue };
        find(raw, name.clone(), inner, found, depth + 1);
    }
    if let Some(raw) = wrapping.assume_role_policy_document {
        let name = format!("trust policy of {name}");
        find(raw, name, Some(PolicyKind::Trust), found, depth + 1);
    }
    let lists = [
        wrapping.user_detail_list,
        wrapping.group_detail_list,
        wrapping.role_detail_list,
        wrapping.policies,
        wrapping.user_policy_list,
    ];
    for raw in lists.into_iter().flatten().flatten() {
        find(raw, name.clone(), inner.or(Some(PolicyKind::Identity)), found, depth + 1);
    }
    for raw in wrapping.vpc_endpoints.into_iter().flatten() {
        find(raw, name.clone(), Some(PolicyKind::VpcEndpoint), found, depth + 1);
    }
    // Only the version that is in force.
    for raw in wrapping.policy_version_list.into_iter().flatten() {
        let version = serde_json::from_str::<Wrapping<'_>>(raw.get()).ok().and_then(|own| own.version_id);
        if wrapping.default_version_id.is_none() || version == wrapping.default_version_id {
            find(raw, name.clone(), inner, found, depth + 1);
        }
    }
}

/// Actions that do not exist, patterns that match none, keys and services that are not known.
fn of_catalog(catalog: &Catalog, statement: &Statement, findings: &mut Vec<Finding>) {
    let mut note = |place: String, text: String| {
        findings.push(Finding {
            statement: Some(statement.index),
            sid: statement.sid.clone(),
            place: format!("/Statement/{}{place}", statement.index),
            consequence: Consequence::Noted,
            text,
        });
    };
    let element = match statement.actions.matching {
        policy::Match::Listed => "Action",
        policy::Match::NotListed => "NotAction",
    };
    for pattern in &statement.actions.patterns {
        if pattern == "*" || pattern == "*:*" || !catalog.expand(pattern).is_empty() {
            continue;
        }
        let near = listing::actions(pattern).near;
        let near = near
            .iter()
            .filter(|name| resembles(name, pattern))
            .take(NEAR_MAX)
            .map(|name| format!("`{name}`"))
            .collect::<Vec<_>>();
        let hint =
            if near.is_empty() { String::new() } else { format!(", did you mean {}?", near.join(" or ")) };
        let prefix = pattern.split(':').next().unwrap_or_default();
        let text = match catalog.service(prefix) {
            None => format!("`{pattern}`: the catalog knows no service `{prefix}`{hint}"),
            Some(_) if catalog::is_literal(pattern) => {
                format!("`{pattern}`: the catalog knows no such action{hint}")
            }
            Some(service) => {
                format!("`{pattern}` matches no action of {} that the catalog knows{hint}", service.name)
            }
        };
        note(format!("/{element}"), text);
    }
    for condition in &statement.conditions {
        let key = &condition.key;
        let Some((prefix, _)) = key.split_once(':') else { continue };
        let is_known = if prefix.eq_ignore_ascii_case("aws") {
            catalog.global_key(key).is_some()
                || catalog.services.iter().any(|service| service.condition_key(key).is_some())
        } else {
            // Keys of identity providers bear their hosts' names, which are no services.
            catalog.service(prefix).is_none_or(|service| {
                let filled = |known: &ConditionKey| fills_other(known.name, key);
                service.condition_key(key).is_some() || service.condition_keys.iter().any(filled)
            })
        };
        if !is_known {
            let text = format!("the catalog knows no condition key `{key}`");
            note(format!("/Condition/{}/{}", condition.operator.name(), key.replace('/', "~1")), text);
        }
    }
}

/// Whether the names share their first half: what shares less was hardly meant.
fn resembles(name: &str, pattern: &str) -> bool {
    let shared =
        name.bytes().zip(pattern.bytes()).take_while(|(left, right)| left.eq_ignore_ascii_case(right));
    let prefix = pattern.find(':').map_or(0, |colon| colon + 1);
    let shared = shared.count();
    // Where the service is not known, its prefix alone is offered.
    let (shared, whole) = if name.contains(':') {
        (shared.saturating_sub(prefix), pattern.len() - prefix)
    } else {
        (shared, name.len())
    };
    shared * 2 >= whole
}

/// Whether a key is a known one with its placeholder filled, where a service does not write that as `${…}`:
/// `s3:ExistingObjectTag/<key>`, `secretsmanager:ResourceTag/tag-key`, `glacier:ResourceTag/`.
fn fills_other(known: &str, key: &str) -> bool {
    let begin = known.strip_suffix("<key>").or_else(|| known.strip_suffix("tag-key")).unwrap_or(known);
    begin.ends_with('/')
        && key.len() > begin.len()
        && key.get(..begin.len()).is_some_and(|own| own.eq_ignore_ascii_case(begin))
}
