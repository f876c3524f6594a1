//! Databases of RDS: their names, and the groups that a new one belongs to without being told so.

use std::borrow::Cow;

use super::parameter::Leaves;
use super::{Certainty, Resource, Search, Source};
use crate::catalog::event::Presence;
use crate::catalog::service::{Action, ResourceType};

/// Identifiers are stored in lower case whatever the call gives
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html>).
pub(super) fn resources(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut resources = search.resources(kind);
    let other = other_end(search, kind, &mut resources);
    resources.extend(other);
    for found in resources.iter_mut().filter(|found| found.source == Source::Request) {
        if !search.leaves.arns().any(|arn| arn == found.arn) {
            found.arn = found.arn.to_ascii_lowercase();
        }
    }
    if resources.is_empty() {
        resources.extend(unnamed_group(search, kind));
    }
    (!resources.is_empty()).then_some(resources)
}

/// Calls that are about two things of one type, what is copied or restored and what is made of it: the type, and the parameters
/// that name the two.
const TWO_ENDS: [(&str, &str, [&str; 2]); 8] = [
    (
        "CopyDBClusterParameterGroup",
        "cluster-pg",
        ["sourceDBClusterParameterGroupIdentifier", "targetDBClusterParameterGroupIdentifier"],
    ),
    (
        "CopyDBClusterSnapshot",
        "cluster-snapshot",
        ["sourceDBClusterSnapshotIdentifier", "targetDBClusterSnapshotIdentifier"],
    ),
    ("CopyDBParameterGroup", "pg", ["sourceDBParameterGroupIdentifier", "targetDBParameterGroupIdentifier"]),
    ("CopyDBSnapshot", "snapshot", ["sourceDBSnapshotIdentifier", "targetDBSnapshotIdentifier"]),
    ("CopyOptionGroup", "og", ["sourceOptionGroupIdentifier", "targetOptionGroupIdentifier"]),
    ("CreateDBInstanceReadReplica", "db", ["dBInstanceIdentifier", "sourceDBInstanceIdentifier"]),
    ("RestoreDBClusterToPointInTime", "cluster", ["dBClusterIdentifier", "sourceDBClusterIdentifier"]),
    ("RestoreDBInstanceToPointInTime", "db", ["sourceDBInstanceIdentifier", "targetDBInstanceIdentifier"]),
];

/// AWS marks one type as required where a call names two of it, and does not say which of them it asks for
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonrds.html>): either, or both. Of a copy,
/// which has nothing else, neither is certain.
fn other_end(search: &Search<'_>, kind: &'static ResourceType, found: &mut [Resource]) -> Vec<Resource> {
    let call = TWO_ENDS.iter().find(|(name, of, _)| *name == search.action.name && *of == kind.name);
    let Some((name, _, parameters)) = call else { return Vec::new() };
    let last = kind.arn.placeholders().next_back();
    let given = parameters.iter().filter_map(|parameter| search.leaves.top(&[parameter]).first().copied());
    // Those given by their ARNs are found.
    let named = given.filter(|text| !text.starts_with("arn:"));
    let ends =
        named.map(|text| search.fill(kind, &|own| (Some(own) == last).then(|| Cow::Owned(text.to_owned()))));
    let mut others: Vec<Resource> =
        ends.filter(|end| found.iter().all(|known| known.arn != end.arn)).collect();
    let is_copy = name.starts_with("Copy");
    for end in &mut others {
        end.presence = Presence::Possible;
    }
    for end in found.iter_mut().filter(|_| is_copy && !others.is_empty()) {
        end.presence = Presence::Possible;
    }
    others
}

/// Whether a call makes a database, which belongs to groups of this type.
pub(super) fn takes_group(action: &Action, kind: &ResourceType) -> bool {
    action.service == "rds" && is_made(action) && !in_response(kind).is_empty()
}

/// A new database belongs to a parameter group, an option group and a subnet group, and AWS asks for each of them: for
/// the default ones where the call names none
/// (<https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-create-and-modify-examples.html>).
/// A restored one, a replica and a member of a cluster may have those of what they come from. The response tells which. It
/// is possible only: engines differ in what they have.
fn unnamed_group(search: &Search<'_>, kind: &'static ResourceType) -> Option<Resource> {
    if !takes_group(search.action, kind) {
        return None;
    }
    search.evidence.parameters?;
    let response = Leaves::read(search.evidence.response());
    let named = response.first_of(in_response(kind).iter().copied());
    let named = named.into_iter().find(|text| is_group_name(text));
    let is_default = match search.action.name {
        "CreateDBCluster" => true,
        "CreateDBInstance" => search.leaves.one("dBClusterIdentifier").is_none(),
        _ => false,
    };
    let text = match named {
        Some(name) => Cow::Borrowed(name),
        None if is_default => Cow::Borrowed("default*"),
        None => Cow::Borrowed("*"),
    };
    let last = kind.arn.placeholders().next_back()?;
    let mut group = search.fill(kind, &|name| (name == last).then(|| text.clone()));
    if named.is_some() {
        (group.certainty, group.source) = (Certainty::Exact, Source::Response);
    } else {
        (group.certainty, group.source) = (Certainty::Pattern, Source::Action);
    }
    group.presence = Presence::Possible;
    Some(group)
}

fn is_made(action: &Action) -> bool {
    matches!(action.name, "CreateDBCluster" | "CreateDBInstance" | "CreateDBInstanceReadReplica")
        || action.name.starts_with("RestoreDB")
}

/// Under which names responses have the group of a type: those of instances, those of clusters.
fn in_response(kind: &ResourceType) -> &'static [&'static str] {
    match kind.name {
        "og" => &["optionGroupName", "dBClusterOptionGroupName"],
        "pg" => &["dBParameterGroupName"],
        "cluster-pg" => &["dBClusterParameterGroup"],
        "subgrp" => &["dBSubnetGroupName", "dBSubnetGroup"],
        _ => &[],
    }
}

/// Whether a text may be a group's name: what is hidden is none.
fn is_group_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".:-_".contains(&byte))
}
