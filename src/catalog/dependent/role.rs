//! The roles that a call hands over: by ARN, by name, or as an instance profile.

use super::super::resource::{Certainty, Evidence, Leaves, Resource, Source};
use super::super::service::Action;
use crate::aws::{Arn, Principal};
use crate::catalog::event::Presence;

/// What a parameter gives by its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Given {
    Role,
    InstanceProfile,
}

/// Parameters that may give a role, or an instance profile, by name instead of by ARN: the service, the parameter, and the
/// page that says so.
const BY_NAME: [(&str, &str, Given, &str); 18] = [
    (
        "batch",
        "instanceRole",
        Given::InstanceProfile,
        "https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html",
    ),
    (
        "batch",
        "serviceRole",
        Given::Role,
        "https://docs.aws.amazon.com/batch/latest/APIReference/API_CreateComputeEnvironment.html",
    ),
    (
        "batch",
        "spotIamFleetRole",
        Given::Role,
        "https://docs.aws.amazon.com/batch/latest/APIReference/API_ComputeResource.html",
    ),
    (
        "codebuild",
        "serviceRoleOverride",
        Given::Role,
        "https://docs.aws.amazon.com/codebuild/latest/APIReference/API_StartBuild.html",
    ),
    (
        "ecs",
        "role",
        Given::Role,
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_CreateService.html",
    ),
    (
        "ecs",
        "taskRoleArn",
        Given::Role,
        "https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RegisterTaskDefinition.html",
    ),
    (
        "elasticmapreduce",
        "autoScalingRole",
        Given::Role,
        "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
    ),
    (
        "elasticmapreduce",
        "jobFlowRole",
        Given::InstanceProfile,
        "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
    ),
    (
        "elasticmapreduce",
        "serviceRole",
        Given::Role,
        "https://docs.aws.amazon.com/emr/latest/APIReference/API_RunJobFlow.html",
    ),
    (
        "elasticmapreduce",
        "userRole",
        Given::Role,
        "https://docs.aws.amazon.com/emr/latest/APIReference/API_CreateStudio.html",
    ),
    ("glue", "role", Given::Role, "https://docs.aws.amazon.com/glue/latest/webapi/API_CreateJob.html"),
    (
        "imagebuilder",
        "executionRole",
        Given::Role,
        "https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateImage.html",
    ),
    (
        "imagebuilder",
        "instanceProfileName",
        Given::InstanceProfile,
        "https://docs.aws.amazon.com/imagebuilder/latest/APIReference/API_CreateInfrastructureConfiguration.html",
    ),
    (
        "pcs",
        "iamInstanceProfileArn",
        Given::InstanceProfile,
        "https://docs.aws.amazon.com/pcs/latest/APIReference/API_CreateComputeNodeGroup.html",
    ),
    (
        "rds",
        "customIamInstanceProfile",
        Given::InstanceProfile,
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
    ),
    (
        "rds",
        "domainIAMRoleName",
        Given::Role,
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
    ),
    (
        "resiliencehub",
        "invokerRoleName",
        Given::Role,
        "https://docs.aws.amazon.com/resilience-hub/latest/APIReference/API_PermissionModel.html",
    ),
    (
        "ssm",
        "iamRole",
        Given::Role,
        "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateActivation.html",
    ),
];

/// What stands for an instance profile among the roles, as its [`Resource::kind`].
pub const INSTANCE_PROFILE: &str = "instance-profile";

/// The roles that a call's parameters name: by ARN under a key that ends in `role` or `roleArn`; by name where the service
/// takes one, which has a path of its own that only the name may tell; an instance profile as itself, for its role is not
/// logged.
pub(super) fn passed(caller: &Action, evidence: &Evidence<'_>) -> Vec<Resource> {
    let leaves = Leaves::read(evidence.parameters);
    let mut found = by_arn(leaves.roles());
    let own = BY_NAME.iter().filter(|(service, ..)| *service == caller.service);
    for (_, parameter, given, _) in own {
        for value in leaves.values_of(parameter) {
            found.extend(named(value, *given, evidence));
        }
    }
    for value in leaves.values_of("iamInstanceProfile") {
        found.extend(named(value, Given::InstanceProfile, evidence));
    }
    found.sort();
    found.dedup();
    found
}

/// The roles that stand anywhere in a call's parameters but where they are those who get something. Services call what they take
/// a role by many names: `DeliverLogsPermissionArn`, `credentials`, `snsCallerArn`.
pub(super) fn named_anywhere(evidence: &Evidence<'_>) -> Vec<Resource> {
    let mut found = by_arn(Leaves::read(evidence.parameters).handed_over());
    found.sort();
    found.dedup();
    found
}

/// The roles among texts.
fn by_arn<'a>(texts: impl Iterator<Item = &'a str>) -> Vec<Resource> {
    let is_role =
        |arn: &&str| matches!(Arn::parse(arn).and_then(Arn::principal), Some(Principal::Role { .. }));
    texts.filter(is_role).map(|arn| resource(arn.to_owned(), Certainty::Exact, "role")).collect()
}

/// The role that is put into an instance profile.
pub(super) fn put_into_profile(evidence: &Evidence<'_>) -> Vec<Resource> {
    let leaves = Leaves::read(evidence.parameters);
    leaves.one("roleName").and_then(|name| named(name, Given::Role, evidence)).into_iter().collect()
}

fn resource(arn: String, certainty: Certainty, kind: &'static str) -> Resource {
    Resource { arn, certainty, source: Source::Request, kind: Some(kind), presence: Presence::Certain }
}

/// What a parameter gives, by ARN or by name; None for what is no name.
fn named(value: &str, given: Given, evidence: &Evidence<'_>) -> Option<Resource> {
    let place = evidence.place;
    let (kind, certainty) = match given {
        // A path that is given is all of it.
        Given::Role if value.contains('/') => ("role", Certainty::Exact),
        Given::Role => ("role", Certainty::PathUnknown),
        Given::InstanceProfile => (INSTANCE_PROFILE, Certainty::Pattern),
    };
    if value.starts_with("arn:") {
        let is_profile = given == Given::InstanceProfile && value.contains(":instance-profile/");
        return is_profile.then(|| resource(value.to_owned(), certainty, kind));
    }
    // <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html#reference_iam-quotas-names>
    let is_name = |byte: u8| byte.is_ascii_alphanumeric() || b"+=,.@_-/".contains(&byte);
    let name = value.trim_start_matches('/');
    if name.is_empty() || !name.bytes().all(is_name) {
        return None;
    }
    let arn = format!("arn:{}:iam::{}:{kind}/{name}", place.partition, place.account);
    Some(resource(arn, certainty, kind))
}

#[cfg(test)]
mod tests {
    use super::BY_NAME;
    use crate::catalog::catalog;

    #[test]
    fn roles_are_given_by_name_to_services_that_the_catalog_knows() {
        for (service, parameter, _, page) in BY_NAME {
            assert!(catalog().service(service).is_some(), "{service} {parameter}");
            assert!(page.starts_with("https://docs.aws.amazon.com/"), "{page}");
        }
        assert!(BY_NAME.is_sorted_by_key(|(service, parameter, ..)| (service, parameter)));
    }
}
