//! The roles that a call hands over: by ARN, by name, or as an instance profile.

use serde_json::Value;

use super::super::resource::{Certainty, Evidence, Leaves, Noted, Resource, Source, names_template};
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

/// A list of options, of which some give a role or an instance profile, by name or by ARN.
struct Options {
    service: &'static str,
    /// The keys of an option's name and of its value.
    keys: [&'static str; 2],
    giving: &'static [(&'static str, Given)],
    #[cfg_attr(not(test), expect(dead_code, reason = "for readers; a test says that it is a page"))]
    page: &'static str,
}

const OPTIONS: [Options; 2] = [
    Options {
        service: "datapipeline",
        keys: ["key", "stringValue"],
        giving: &[("role", Given::Role), ("resourceRole", Given::Role)],
        page: "https://docs.aws.amazon.com/datapipeline/latest/DeveloperGuide/dp-iam-roles.html",
    },
    Options {
        service: "elasticbeanstalk",
        keys: ["optionName", "value"],
        giving: &[("IamInstanceProfile", Given::InstanceProfile), ("ServiceRole", Given::Role)],
        page: "https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/command-options-general.html",
    },
];

/// Parameters whose text is JSON that gives a role: the service, the parameter, the key under which it stands by name, and the
/// page that says so.
const IN_TEXT: [(&str, &str, &str, &str); 1] = [(
    "servicecatalog",
    "parameters",
    "LocalRoleName",
    "https://docs.aws.amazon.com/servicecatalog/latest/dg/API_CreateConstraint.html",
)];

/// What stands for an instance profile among the roles, as its [`Resource::kind`].
pub const INSTANCE_PROFILE: &str = "instance-profile";

/// The roles that a call's parameters name: by ARN under a key that ends in `role` or `roleArn`; by name where the service
/// takes one, which has a path of its own that only the name may tell; by either in lists of options and in texts of JSON; an
/// instance profile as itself, for its role is not logged. The profile of a launch by a template stands in the response.
pub(super) fn passed(caller: &Action, evidence: &Evidence<'_>) -> Vec<Resource> {
    let leaves = Leaves::of(evidence);
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
    for own in OPTIONS.iter().filter(|own| own.service == caller.service) {
        let mut see = |value, given| found.extend(named(value, given, evidence));
        if let Some(parameters) = evidence.parameters {
            in_options(parameters, own, &mut see);
        }
    }
    for (_, parameter, key, _) in IN_TEXT.iter().filter(|(service, ..)| *service == caller.service) {
        for text in leaves.values_of(parameter) {
            let Ok(inner) = serde_json::from_str::<Value>(text) else { continue };
            let inner = Leaves::read(Some(Noted::from(&inner)));
            found.extend(by_arn(inner.roles()));
            found.extend(inner.values_of(key).filter_map(|name| named(name, Given::Role, evidence)));
        }
    }
    if found.is_empty() {
        found.extend(launched(caller, evidence).into_iter().flatten());
    }
    found.sort();
    found.dedup();
    found
}

/// The instance profiles that launched instances have, where a template may have told them; None where the response tells of no
/// instance (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_Instance.html>).
pub(super) fn launched(caller: &Action, evidence: &Evidence<'_>) -> Option<Vec<Resource>> {
    if !reads_response(caller) || !evidence.parameters.is_some_and(names_template) {
        return None;
    }
    let instances = Leaves::read(Noted::from(evidence.response?).get("instancesSet"));
    instances.values_of("instanceId").next()?;
    // A profile has an id beside its ARN, which is no name.
    let profiles = instances.values_of("iamInstanceProfile").filter(|value| value.starts_with("arn:"));
    Some(profiles.filter_map(|arn| named(arn, Given::InstanceProfile, evidence)).collect())
}

/// Whether the response tells which role a call hands over.
pub(super) fn reads_response(caller: &Action) -> bool {
    (caller.service, caller.name) == ("ec2", "RunInstances")
}

/// Calls `see` with the values of the options that give a role, wherever their list stands.
fn in_options<'v>(value: Noted<'v>, wanted: &Options, see: &mut dyn FnMut(&'v str, Given)) {
    let text = |key: &str| {
        let mut fields = value.fields();
        fields.find(|(own, _)| own.eq_ignore_ascii_case(key)).and_then(|(_, value)| value.text())
    };
    let [name, own] = wanted.keys.map(text);
    let option = wanted.giving.iter().find(|(option, _)| Some(*option) == name);
    if let (Some((_, given)), Some(own)) = (option, own) {
        see(own, *given);
    }
    value.fields().for_each(|(_, inner)| in_options(inner, wanted, see));
    value.items().for_each(|inner| in_options(inner, wanted, see));
}

/// The roles that stand anywhere in a call's parameters but where they are those who get something. Services call what they take
/// a role by many names: `DeliverLogsPermissionArn`, `credentials`, `snsCallerArn`.
pub(super) fn named_anywhere(evidence: &Evidence<'_>) -> Vec<Resource> {
    let mut found = by_arn(Leaves::of(evidence).handed_over());
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
    let leaves = Leaves::of(evidence);
    leaves.one("roleName").and_then(|name| named(name, Given::Role, evidence)).into_iter().collect()
}

fn resource(arn: String, certainty: Certainty, kind: &'static str) -> Resource {
    Resource {
        arn,
        certainty,
        source: Source::Request,
        kind: Some(kind),
        again: None,
        presence: Presence::Certain,
    }
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
        return match given {
            Given::Role => by_arn(std::iter::once(value)).pop(),
            Given::InstanceProfile if value.contains(":instance-profile/") => {
                Some(resource(value.to_owned(), certainty, kind))
            }
            Given::InstanceProfile => None,
        };
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
    use super::{BY_NAME, IN_TEXT, OPTIONS};
    use crate::catalog::catalog;

    #[test]
    fn roles_are_given_by_name_to_services_that_the_catalog_knows() {
        for (service, parameter, _, page) in BY_NAME {
            assert!(catalog().service(service).is_some(), "{service} {parameter}");
            assert!(page.starts_with("https://docs.aws.amazon.com/"), "{page}");
        }
        assert!(BY_NAME.is_sorted_by_key(|(service, parameter, ..)| (service, parameter)));
        let others = OPTIONS.iter().map(|own| (own.service, own.page));
        for (service, page) in others.chain(IN_TEXT.iter().map(|(service, .., page)| (*service, *page))) {
            assert!(catalog().service(service).is_some(), "{service}");
            assert!(page.starts_with("https://docs.aws.amazon.com/"), "{page}");
        }
    }
}
