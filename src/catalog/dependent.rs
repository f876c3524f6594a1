//! Requests that a call makes besides its own: `iam:PassRole` for a role that it hands to a service, tags on what it makes.
//!
//! No record shows them. They are derived from the dependent actions that AWS lists and from the request parameters, so
//! whoever uses them marks them as derived. An action that AWS lists, but of which the parameters tell nothing, is
//! [`Presence::Possible`].

mod role;
mod tagging;

use std::borrow::Cow;

use super::catalog;
use super::event::Presence;
use super::resource::{Certainty, Evidence, Leaves, Noted, Resource, Source, names_template};
use super::service::{AccessLevel, Action};
pub use role::INSTANCE_PROFILE;

/// A request that another one implies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependent {
    /// The action.
    pub action: &'static Action,
    /// Whether the call asked for it, as far as its parameters tell.
    pub presence: Presence,
    /// The resources, where the parameters name them: the roles that are passed. Empty if they do not. In the place of a role
    /// that only its instance profile tells stands the profile, whose type is [`INSTANCE_PROFILE`].
    pub resources: Vec<Resource>,
}

/// What a call asks for besides an action of its own, in order of names.
///
/// - `iam:PassRole` (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>): certain if the
///   parameters name a role, by ARN or where the service takes it by name, or an instance profile, whose role is not logged;
///   not asked for if they name neither. Without
///   parameters it is possible. So it is where AWS does not list it for a write, but a parameter names a role; and where the
///   roles stand in what the call names, a task definition or a launch template.
/// - `ec2:CreateTags` and a service's own tagging action
///   (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>): certain if tags are given,
///   not asked for if none are. Where AWS does not list a tagging action for a write of the service, it is certain if tags
///   are given and the call's page asks for it, else possible; for what the call makes, as far as it tells.
/// - What one parameter alone tells (a secret for the password of a database, the image of a launch that stands in Parameter
///   Store): certain with the parameter, not asked for without.
/// - `lambda:GetLayerVersion` for each layer version that a function is given
///   (<https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html>): certain.
/// - `lambda:InvokeFunction` for the function that rotates a secret from now on
///   (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>): certain.
/// - Reads and writes of the table that DynamoDB restores
///   (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html>): certain.
/// - Any other: possible.
#[must_use]
pub fn dependents_of(action: &'static Action, evidence: &Evidence<'_>) -> Vec<Dependent> {
    let listed = action.dependents.iter().filter_map(|name| catalog().action(name));
    let mut dependents: Vec<_> = listed.filter_map(|dependent| derive(action, dependent, evidence)).collect();
    dependents.extend(unlisted_pass_role(action, evidence));
    dependents.extend(tagging::unlisted(action, evidence));
    dependents.extend(layers(action, evidence));
    dependents.extend(rotation(action, evidence));
    dependents.extend(of_group(action, evidence));
    dependents
}

/// Whether [`dependents_of`] reads the request parameters for this action.
#[must_use]
pub fn reads_parameters(action: &Action) -> bool {
    !action.dependents.is_empty()
        || may_pass_unlisted(action)
        || tagging::may_be_unlisted(action)
        || starts_group(action)
        || rotates(action)
}

/// Whether [`dependents_of`] reads the response for this action: where it names a template, the response tells the role; of some
/// calls, what they made and tagged.
#[must_use]
pub fn reads_response(action: &Action) -> bool {
    role::reads_response(action) || tagging::reads_response(action)
}

/// The actions that AWS does not list as dependent, and that [`dependents_of`] derives all the same.
#[must_use]
pub fn unlisted(action: &'static Action) -> Vec<&'static Action> {
    let pass_role = may_pass_unlisted(action).then(|| catalog().action("iam:PassRole"));
    let tagging = tagging::may_be_unlisted(action).then(|| Some(tagging::of(action)?.0));
    let layer = takes_layers(action).then(|| catalog().action(GET_LAYER_VERSION));
    let invoke = rotates(action).then(|| catalog().action(INVOKE));
    let of_group = OF_GROUP.iter().filter(|_| starts_group(action)).map(|(name, _)| catalog().action(name));
    [pass_role, tagging, layer, invoke].into_iter().flatten().chain(of_group).flatten().collect()
}

/// Texts of which one stands in the JSON of parameters that tell [`dependents_of`] anything, in whatever case: an ARN of a
/// role, a key that may give one by name, an instance profile, tags, and the parameters that stand for one action alone.
/// Parameters in which none stands, and which escape nothing, tell the same as parameters that are empty.
pub const TELLING: [&str; 21] = [
    ":role/",
    "role\"",
    "rolename\"",
    "rolearn\"",
    "roleoverride\"",
    "instanceprofile",
    "tag",
    "taskdefinition",
    "resolve:ssm:",
    "launchtemplate",
    "capacityproviderconfig",
    "multitenant",
    "masteruserpassword",
    "managemasterpassword",
    "manageadminpassword",
    "publish",
    "revealsecrets",
    "rotationlambdaarn",
    "targettablename",
    ":layer:",
    "arn%3",
];

/// The lists have gaps, so a role that a write hands over may be passed.
fn unlisted_pass_role(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    if !may_pass_unlisted(action) {
        return None;
    }
    let pass_role = catalog().action("iam:PassRole")?;
    let possible = Dependent { action: pass_role, presence: Presence::Possible, resources: Vec::new() };
    let mut resources = role::passed(action, evidence);
    if resources.is_empty() {
        resources = role::named_anywhere(evidence);
    }
    let hides_role =
        |parameters: Noted<'_>| says_task(action, parameters) || is_fleet_by_template(action, parameters);
    let may_hide = || evidence.parameters.is_some_and(hides_role);
    (!resources.is_empty() || may_hide()).then_some(Dependent { resources, ..possible })
}

/// Whether a call starts a fleet by a template, which may have an instance profile, whose role the caller passes
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/ec2-fleet-prerequisites.html>).
fn is_fleet_by_template(action: &Action, parameters: Noted<'_>) -> bool {
    action.service == "ec2"
        && matches!(
            action.name,
            "CreateFleet" | "ModifyFleet" | "RequestSpotFleet" | "ModifySpotFleetRequest"
        )
        && names_template(parameters)
}

fn may_pass_unlisted(action: &Action) -> bool {
    !action.may_pass_role()
        && !matches!(action.service, "iam" | "sts")
        && matches!(action.level, AccessLevel::Write | AccessLevel::PermissionsManagement)
}

/// What the caller of a group's call is asked for beside it, where the group launches by a template: to launch, and to tag where
/// the template has tags
/// (<https://docs.aws.amazon.com/autoscaling/ec2/userguide/ec2-auto-scaling-launch-template-permissions.html>).
const OF_GROUP: [(&str, Presence); 2] =
    [("ec2:CreateTags", Presence::Possible), ("ec2:RunInstances", Presence::Certain)];

fn starts_group(action: &Action) -> bool {
    action.service == "autoscaling"
        && matches!(action.name, "CreateAutoScalingGroup" | "UpdateAutoScalingGroup")
}

/// The launch itself: on what, only the template tells.
fn of_group(action: &'static Action, evidence: &Evidence<'_>) -> Vec<Dependent> {
    if !starts_group(action) || !evidence.parameters.is_some_and(names_template) {
        return Vec::new();
    }
    let of = |(name, presence): &(&str, Presence)| {
        let action = catalog().action(name)?;
        Some(Dependent { action, presence: *presence, resources: Vec::new() })
    };
    OF_GROUP.iter().filter_map(of).collect()
}

const GET_LAYER_VERSION: &str = "lambda:GetLayerVersion";

fn takes_layers(action: &Action) -> bool {
    action.service == "lambda" && matches!(action.name, "CreateFunction" | "UpdateFunctionConfiguration")
}

/// Who gives a function a layer must be allowed to read that version of it, which is named by its ARN
/// (<https://docs.aws.amazon.com/lambda/latest/dg/adding-layers.html>,
/// <https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html>).
fn layers(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    if !takes_layers(action) {
        return None;
    }
    let get = catalog().action(GET_LAYER_VERSION)?;
    let kind = get.resources.first()?.kind;
    let leaves = Leaves::of(evidence);
    let versions = leaves.values_of("layers").filter(|arn| kind.arn.matches(arn));
    let mut resources: Vec<Resource> =
        versions.map(|arn| Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Request)).collect();
    resources.sort();
    resources.dedup();
    (!resources.is_empty()).then_some(Dependent { action: get, presence: Presence::Certain, resources })
}

const INVOKE: &str = "lambda:InvokeFunction";

fn rotates(action: &Action) -> bool {
    (action.service, action.name) == ("secretsmanager", "RotateSecret")
}

/// Who gives a secret a function that rotates it must be allowed to invoke it, which is named by its ARN
/// (<https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_RotateSecret.html>).
fn rotation(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    if !rotates(action) {
        return None;
    }
    let invoke = catalog().action(INVOKE)?;
    let kind = invoke.resources.iter().map(|own| own.kind).find(|kind| kind.name == "function")?;
    let function = Leaves::of(evidence).one("rotationLambdaARN")?;
    let named = kind.arn.matches(function).then(|| function.to_owned());
    let named = named.map(|arn| Resource::new(kind, arn, Certainty::Exact, Source::Request));
    Some(Dependent { action: invoke, presence: Presence::Certain, resources: named.into_iter().collect() })
}

fn restores(action: &Action) -> bool {
    action.service == "dynamodb"
        && matches!(action.name, "RestoreTableFromBackup" | "RestoreTableToPointInTime")
}

/// Who restores a table must be allowed to read and write the one that it becomes
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/backuprestore_IAM.html>).
fn restored(action: &'static Action, evidence: &Evidence<'_>) -> Vec<Resource> {
    let Some(kind) = action.resources.iter().map(|own| own.kind).find(|kind| kind.name == "table") else {
        return Vec::new();
    };
    let place = evidence.place;
    let leaves = Leaves::of(evidence);
    let arn = leaves.one("targetTableName").and_then(|target| {
        kind.arn.fill(|name| {
            Some(Cow::Borrowed(match name {
                "Partition" => place.partition,
                "Region" => place.region,
                "Account" => place.account,
                _ => target,
            }))
        })
    });
    let of = |arn| Resource::new(kind, arn, Certainty::Exact, Source::Request);
    arn.map(of).into_iter().collect()
}

/// Whoever puts a role into an instance profile passes it
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_AddRoleToInstanceProfile.html>).
fn is_put_into_profile(action: &Action) -> bool {
    (action.service, action.name) == ("iam", "AddRoleToInstanceProfile")
}

/// Whether a call has tasks started by another task definition than before.
fn says_task(action: &Action, parameters: Noted<'_>) -> bool {
    let names = |key: &str, _: Noted<'_>| key.eq_ignore_ascii_case("taskDefinition");
    action.service == "ecs" && OF_TASKS.contains(&action.name) && any(parameters, &names)
}

/// Calls that start tasks, whose roles a task definition has, unless they are overridden
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/task-iam-roles.html>).
const OF_TASKS: [&str; 4] = ["RunTask", "StartTask", "CreateService", "UpdateService"];

/// Whether what a call names without a role may have one: a task definition, or a launch template, which may have an instance
/// profile (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_RequestLaunchTemplateData.html>).
fn may_name_roles_elsewhere(action: &Action, parameters: Noted<'_>) -> bool {
    action.service == "ecs" && OF_TASKS.contains(&action.name) || names_template(parameters)
}

fn derive(caller: &'static Action, action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    let possible = Dependent { action, presence: Presence::Possible, resources: Vec::new() };
    let Some(parameters) = evidence.parameters else { return Some(possible) };
    if (action.service, action.name) == ("iam", "PassRole") {
        let mut resources = role::passed(caller, evidence);
        if is_put_into_profile(caller) {
            resources = role::put_into_profile(evidence);
        }
        if resources.is_empty() {
            resources = role::named_anywhere(evidence);
            // What the template has, launched instances have.
            let is_told = role::launched(caller, evidence).is_some();
            let is_asked = !resources.is_empty() || !is_told && may_name_roles_elsewhere(caller, parameters);
            return is_asked.then_some(Dependent { resources, ..possible });
        }
        return Some(Dependent { presence: Presence::Certain, resources, ..possible });
    }
    let told = TOLD.iter().find(|(name, ..)| {
        name.split_once(':').is_some_and(|(service, name)| (service, name) == (action.service, action.name))
    });
    if let Some((_, told, _)) = told {
        return says(parameters, told).then_some(Dependent { presence: Presence::Certain, ..possible });
    }
    if restores(caller) && action.service == caller.service {
        let resources = restored(action, evidence);
        let presence = if resources.is_empty() { Presence::Possible } else { Presence::Certain };
        return Some(Dependent { action, presence, resources });
    }
    // What tags are for in another service than the call's, the record does not tell.
    if is_tagging(action) && action.service != caller.service && action.service != "ec2" {
        return has_tags(parameters).then_some(possible);
    }
    if is_tagging(action) {
        if !has_tags(parameters) {
            // A launch template may have tags of its own.
            let may_tag = action.service == "ec2" && names_template(parameters);
            return may_tag.then_some(possible);
        }
        let resources = match action.service {
            "ec2" => tagged(action, parameters, evidence),
            _ => tagging::made(caller, action, evidence),
        };
        return Some(Dependent { presence: Presence::Certain, resources, ..possible });
    }
    if (action.service, action.name) == ("ssm", "GetParameters") {
        return image_parameter(parameters).map(|presence| Dependent { presence, ..possible });
    }
    Some(possible)
}

/// With which a call has a password kept by Secrets Manager: of RDS, of Redshift, of Redshift Serverless.
const KEPT: &[&str] = &["manageMasterUserPassword", "manageMasterPassword", "manageAdminPassword"];

/// Dependent actions that a call asks for only with one of certain parameters, which stand outermost; and the page that says so.
const TOLD: [(&str, &[&str], &str); 7] = [
    (
        "lambda:PassCapacityProvider",
        &["capacityProviderConfig"],
        "https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html",
    ),
    (
        "rds:CreateTenantDatabase",
        &["multiTenant"],
        "https://docs.aws.amazon.com/AmazonRDS/latest/APIReference/API_CreateDBInstance.html",
    ),
    (
        "secretsmanager:CreateSecret",
        KEPT,
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html",
    ),
    (
        "secretsmanager:RotateSecret",
        &["rotateMasterUserPassword"],
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html",
    ),
    // The service tags the secret that it makes, whatever tags the call has.
    (
        "secretsmanager:TagResource",
        KEPT,
        "https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/rds-secrets-manager.html",
    ),
    (
        "states:PublishStateMachineVersion",
        &["publish"],
        "https://docs.aws.amazon.com/step-functions/latest/apireference/API_CreateStateMachine.html",
    ),
    (
        "states:RevealSecrets",
        &["revealSecrets"],
        "https://docs.aws.amazon.com/step-functions/latest/apireference/API_TestState.html",
    ),
];

/// Whether one of these parameters is given and is neither null nor false.
fn says(parameters: Noted<'_>, wanted: &[&str]) -> bool {
    let is_it = |key: &str| wanted.iter().any(|name| key.eq_ignore_ascii_case(name));
    let mut fields = parameters.fields();
    fields.any(|(key, value)| is_it(key) && !value.is_null_or_false())
}

/// A launch reads its image's id from Parameter Store where the image is `resolve:ssm:NAME`, which a launch template may
/// say, too
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/using-systems-manager-parameter-to-find-AMI.html>).
fn image_parameter(parameters: Noted<'_>) -> Option<Presence> {
    let is_named = |_: &str, value: Noted<'_>| value.is_resolved();
    if any(parameters, &is_named) {
        return Some(Presence::Certain);
    }
    names_template(parameters).then_some(Presence::Possible)
}

/// Whether any member of a value, however deep, is as wanted.
fn any(value: Noted<'_>, holds: &dyn Fn(&str, Noted<'_>) -> bool) -> bool {
    value.fields().any(|(key, value)| holds(key, value) || any(value, holds))
        || value.items().any(|item| any(item, holds))
}

fn is_tagging(action: &Action) -> bool {
    matches!((action.service, action.name), ("ec2", "CreateTags"))
        || matches!(action.name, "TagResource" | "AddTagsToResource" | "AddTags")
}

/// What `ec2:CreateTags` is asked for when something is made: all of the types that the tags are specified for, which have no
/// ids yet (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>).
fn tagged(action: &'static Action, parameters: Noted<'_>, evidence: &Evidence<'_>) -> Vec<Resource> {
    let place = evidence.place;
    let values = tag_parameters(parameters).flat_map(|value| {
        let value = value.get("items").unwrap_or(value);
        let one = (!value.is_list()).then_some(value);
        value.items().chain(one)
    });
    let types =
        values.filter_map(|value| value.get("resourceType").or_else(|| value.get("ResourceType"))?.text());
    let kinds =
        types.filter_map(|name| action.resources.iter().map(|own| own.kind).find(|kind| kind.name == name));
    let mut resources: Vec<_> = kinds
        .filter_map(|kind| {
            let arn = kind.arn.fill(|name| {
                Some(Cow::Borrowed(match name {
                    "Partition" => place.partition,
                    "Region" => place.region,
                    "Account" => place.account,
                    _ => "*",
                }))
            })?;
            Some(Resource::new(kind, arn, Certainty::Exact, Source::Request))
        })
        .collect();
    resources.sort();
    resources.dedup();
    resources
}

fn has_tags(parameters: Noted<'_>) -> bool {
    tag_parameters(parameters).any(is_filled)
}

/// The values of the parameters for tags, outermost or in the object that wraps a request.
fn tag_parameters(parameters: Noted<'_>) -> impl Iterator<Item = Noted<'_>> {
    const KEYS: [&str; 5] =
        ["tagSpecificationSet", "tagSpecification", "tagSpecifications", "tagSet", "tags"];
    let inner = parameters.fields().flat_map(|(_, value)| value.fields());
    parameters
        .fields()
        .chain(inner)
        .filter(|(key, _)| KEYS.iter().any(|wanted| wanted.eq_ignore_ascii_case(key)))
        .map(|(_, value)| value)
}

fn is_filled(value: Noted<'_>) -> bool {
    value.items().next().is_some() || value.fields().any(|(_, value)| !value.is_null())
}
