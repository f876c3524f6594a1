//! Keys of IAM.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#available-keys-for-iam>

use super::super::{Record, tag};
use super::ask::{Ask, PARAMETERS, Parameter, Tell};
use super::caller::NOT_LOGGED;
use super::rule::{Otherwise, Rule};
use crate::aws::{Arn, Principal, service_of};

/// [`iam:PassedToService`](https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_iam-condition-keys.html#ck_PassedToService).
pub(super) const PASSED_TO_SERVICE: &str = "iam:passedtoservice";

pub(super) const RULES: &[Rule] = &[
    Rule::new(PASSED_TO_SERVICE, PARAMETERS, passed_to_service),
    Rule::new("iam:associatedresourcearn", &[], |ask| {
        if ask.lists("iam:AssociatedResourceArn") == Some(false) {
            Tell::Absent
        } else {
            Tell::Unknown(NOT_LOGGED)
        }
    }),
    Rule::new("iam:permissionsboundary", PARAMETERS, permissions_boundary),
    Rule::mirror("iam:policyarn", "iam:PolicyARN", &["policyArn"], Otherwise::Absent),
    Rule::mirror("iam:awsservicename", "iam:AWSServiceName", &["aWSServiceName"], Otherwise::Absent),
    Rule::mirror(
        "iam:organizationspolicyid",
        "iam:OrganizationsPolicyId",
        &["organizationsPolicyId"],
        Otherwise::Absent,
    ),
    Rule::mirror(
        "iam:servicespecificcredentialservicename",
        "iam:ServiceSpecificCredentialServiceName",
        &["serviceName"],
        Otherwise::Absent,
    ),
    Rule::mirror(
        "iam:servicespecificcredentialagedays",
        "iam:ServiceSpecificCredentialAgeDays",
        &["credentialAgeDays"],
        Otherwise::Absent,
    ),
];

/// The service that a call passes its role to, by event source and the beginnings of the event's names. Only calls whose
/// roles all go to one service are here
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>).
const PASSED_TO: &[(&str, &[&str], &str)] = &[
    ("ec2", &["RunInstances", "AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"], "ec2"),
    ("autoscaling", &["CreateLaunchConfiguration"], "ec2"),
    ("lambda", &["CreateFunction", "UpdateFunctionConfiguration"], "lambda"),
    ("ecs", &["RegisterTaskDefinition", "RunTask", "StartTask"], "ecs-tasks"),
    ("cloudformation", &["CreateStack", "UpdateStack", "CreateChangeSet", "DeleteStack"], "cloudformation"),
    ("codebuild", &["CreateProject", "UpdateProject"], "codebuild"),
    ("codepipeline", &["CreatePipeline", "UpdatePipeline"], "codepipeline"),
    ("codedeploy", &["CreateDeploymentGroup", "UpdateDeploymentGroup"], "codedeploy"),
    ("states", &["CreateStateMachine", "UpdateStateMachine"], "states"),
    ("glue", &["CreateJob", "UpdateJob", "CreateCrawler", "UpdateCrawler", "CreateDevEndpoint"], "glue"),
    ("scheduler", &["CreateSchedule", "UpdateSchedule"], "scheduler"),
    (
        "sagemaker",
        &["CreateNotebookInstance", "CreateTrainingJob", "CreateProcessingJob", "CreateModel"],
        "sagemaker",
    ),
    ("firehose", &["CreateDeliveryStream"], "firehose"),
    ("eks", &["CreateCluster"], "eks"),
    ("config", &["PutConfigurationRecorder"], "config"),
    ("transfer", &["CreateUser", "UpdateUser"], "transfer"),
];

fn passed_to_service(ask: &Ask<'_>) -> Tell {
    if ask.lists("iam:PassedToService") == Some(false) {
        return Tell::Absent;
    }
    let source = service_of(ask.told.record.event_source.unwrap_or_default());
    let name = ask.told.record.event_name.unwrap_or_default();
    let is_named = |own: &&str| {
        let version = name.strip_prefix(*own);
        version
            .is_some_and(|version| version.bytes().all(|byte| byte.is_ascii_digit() || b"v_".contains(&byte)))
    };
    let found = PASSED_TO.iter().find(|(own, names, _)| *own == source && names.iter().any(is_named));
    // A call never leaves its partition.
    if ask.told.who.principal.starts_with("arn:aws-cn:") {
        return Tell::Unknown(
            "in China the names of some services end in amazonaws.com.cn, and of some they do not",
        );
    }
    match found {
        Some(("ecs", _, service)) => match attaches_volumes(ask) {
            Volumes::By(true) => Tell::Value("ecs.amazonaws.com".to_owned()),
            Volumes::By(false) => Tell::Value(format!("{service}.amazonaws.com")),
            Volumes::Perhaps => Tell::Unknown("the call passes the role to more than one service"),
        },
        Some((_, _, service)) => Tell::Value(format!("{service}.amazonaws.com")),
        None => Tell::Unknown("to which service the call passes the role is not certain"),
    }
}

/// Whether a role is the one that attaches volumes to tasks.
enum Volumes {
    By(bool),
    /// It is that, and a role of the tasks, too.
    Perhaps,
}

/// Whether the call takes roles that attach volumes.
pub(super) fn may_attach_volumes(record: &Record<'_>) -> bool {
    record.event_source == Some("ecs.amazonaws.com")
        && matches!(record.event_name, Some("RunTask" | "StartTask"))
}

/// The role by which Amazon ECS attaches EBS volumes to tasks, `volumeConfigurations[].managedEBSVolume.roleArn`, is passed to
/// Amazon ECS itself
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/infrastructure_IAM_role.html>).
fn attaches_volumes(ask: &Ask<'_>) -> Volumes {
    let Some(role) = ask.arn().filter(|_| may_attach_volumes(ask.told.record)) else {
        return Volumes::By(false);
    };
    let holds = |parameter: Parameter<'_>| match parameter {
        Parameter::Given(value) => value.to_string().contains(&format!("\"{role}\"")),
        Parameter::NotGiven | Parameter::Hidden(_) => false,
    };
    let attaches = holds(ask.parameter_of_call(&["volumeConfigurations"]));
    if attaches && holds(ask.parameter_of_call(&["overrides"])) {
        return Volumes::Perhaps;
    }
    Volumes::By(attaches)
}

/// The boundary that a call sets; of calls on a user or role that exists, the boundary that it has today.
fn permissions_boundary(ask: &Ask<'_>) -> Tell {
    if ask.lists("iam:PermissionsBoundary") == Some(false) {
        return Tell::Absent;
    }
    let action = ask.action().to_ascii_lowercase();
    let sets = ["createuser", "createrole", "putuserpermissionsboundary", "putrolepermissionsboundary"];
    if sets.contains(&action.as_str()) {
        return match ask.parameter(&["permissionsBoundary"]) {
            Parameter::Given(value) => Tell::Value(tag::text(value)),
            Parameter::NotGiven => Tell::Absent,
            Parameter::Hidden(why) => Tell::Unknown(why),
        };
    }
    let target = ask.arn().and_then(|arn| {
        let parsed = Arn::parse(arn)?;
        let account = ask.told.snapshot.accounts.get(&parsed.account_id()?)?;
        let principal = match parsed.principal()? {
            Principal::User { name, .. } => account.users.get(name)?,
            Principal::Role { name, .. } => account.roles.get(name)?,
            _ => return None,
        };
        (principal.arn == arn).then_some(principal)
    });
    match target {
        Some(target) => target.boundary.clone().map_or(Tell::Absent, Tell::Value),
        None => Tell::Unknown("the user or role is not in the snapshot"),
    }
}
