//! Organizations: ids tell by their form what they are of, whatever parameter they stand under.
//!
//! The account in these ARNs is the management account of the organization, whoever calls
//! (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Account.html>, `Arn`): no record tells it.

use std::borrow::Cow;

use super::{Resource, Search};
use crate::aws::AccountId;
use crate::catalog::catalog;
use crate::catalog::service::{ActionResource, ResourceType};

/// The parameters that ids stand under.
const IDS: [&str; 13] = [
    "accountId",
    "childId",
    "destinationParentId",
    "handshakeId",
    "id",
    "organizationalUnitId",
    "parentId",
    "policyId",
    "resourceId",
    "rootId",
    "sourceParentId",
    "targetId",
    "responsibilityTransferId",
];

/// How the ids of a type begin (<https://docs.aws.amazon.com/organizations/latest/APIReference/API_Types.html>).
const BEGINNINGS: [(&str, &str); 6] = [
    ("handshake", "h-"),
    ("organizationalunit", "ou-"),
    ("policy", "p-"),
    ("resourcepolicy", "rp-"),
    ("responsibilitytransfer", "rt-"),
    ("root", "r-"),
];

/// What a call names of one type; None if the record has no parameters. A call on a policy is asked for what the policy is
/// attached to as well, and a move for both parents
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html>).
pub(super) fn resources(search: &Search<'_>, resource: &ActionResource) -> Option<Vec<Resource>> {
    search.evidence.parameters?;
    let mut ids: Vec<&str> = Vec::new();
    for name in IDS {
        ids.extend(search.leaves.first_of([name]).into_iter().filter(|value| type_of(value).is_some()));
    }
    let names_any = !ids.is_empty();
    let own = ids.into_iter().filter(|id| type_of(id) == Some(resource.kind.name));
    let mut resources: Vec<Resource> = own.map(|id| named(search, resource.kind, id)).collect();
    // What is made has no id yet, nor has what the record leaves out; what is required beside what is named stands for it.
    let is_made = search.action.name.starts_with("Create");
    if resources.is_empty() && resource.required && (is_made || !names_any) {
        resources.push(named(search, resource.kind, "*").made_pattern());
    }
    Some(resources)
}

/// The ARN of an id. AWS's own policies belong to no organization; their ids have capital letters, which no other's has.
fn named(search: &Search<'_>, kind: &'static ResourceType, id: &str) -> Resource {
    let is_of_aws = kind.name == "policy" && id.bytes().any(|byte| byte.is_ascii_uppercase());
    let of_aws = || catalog().service("organizations")?.resource_type("awspolicy");
    let kind = is_of_aws.then(of_aws).flatten().unwrap_or(kind);
    let last = kind.arn.placeholders().next_back();
    let given = |name: &'static str| match name {
        "PolicyType" => policy_type(search),
        _ => (Some(name) == last).then(|| Cow::Owned(id.to_owned())),
    };
    let resource = search.fill(kind, &given);
    search.completed(kind, resource)
}

fn type_of(id: &str) -> Option<&'static str> {
    if AccountId::parse(id).is_some() {
        return Some("account");
    }
    BEGINNINGS.iter().find(|(_, beginning)| id.starts_with(beginning)).map(|(kind, _)| *kind)
}

/// `service_control_policy` of `SERVICE_CONTROL_POLICY`
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_permissions_overview.html>).
fn policy_type<'a>(search: &Search<'_>) -> Option<Cow<'a, str>> {
    let given = search.leaves.top(&["policyType", "type"]);
    given.first().map(|text| Cow::Owned(text.to_ascii_lowercase()))
}
