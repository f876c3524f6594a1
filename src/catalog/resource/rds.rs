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
