//! The right to tag what a call makes with tags.

use super::super::resource::{
    Certainty, Evidence, Leaves, Noted, Resource, Source, is_called_after, resources_of,
};
use super::super::service::{Action, ResourceType};
use super::{Dependent, catalog, has_tags, is_tagging};
use crate::catalog::event::Presence;
use crate::catalog::service::AccessLevel;

/// Calls that AWS's pages say to need another action for the tags that they are given, though its lists leave that out:
/// service, names of the calls, the action, and the page.
const NEEDED: [(&str, &[&str], &str, &str); 22] = [
    (
        "cloudwatch",
        &["PutCompositeAlarm", "PutInsightRule", "PutMetricAlarm"],
        "cloudwatch:TagResource",
        "https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutMetricAlarm.html",
    ),
    (
        "dsql",
        &["CreateCluster"],
        "dsql:TagResource",
        "https://docs.aws.amazon.com/aurora-dsql/latest/APIReference/API_CreateCluster.html",
    ),
    (
        "ecs",
        &[
            "CreateCapacityProvider",
            "CreateCluster",
            "CreateService",
            "CreateTaskSet",
            "RegisterContainerInstance",
            "RegisterTaskDefinition",
            "RunTask",
            "StartTask",
        ],
        "ecs:TagResource",
        "https://docs.aws.amazon.com/AmazonECS/latest/developerguide/supported-iam-actions-tagging.html",
    ),
    (
        "elasticfilesystem",
        &["CreateAccessPoint", "CreateFileSystem"],
        "elasticfilesystem:TagResource",
        "https://docs.aws.amazon.com/efs/latest/ug/API_CreateFileSystem.html",
    ),
    (
        "events",
        &["PutRule"],
        "events:TagResource",
        "https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutRule.html",
    ),
    (
        "firehose",
        &["CreateDeliveryStream"],
        "firehose:TagDeliveryStream",
        "https://docs.aws.amazon.com/firehose/latest/APIReference/API_CreateDeliveryStream.html",
    ),
    (
        "kinesis",
        &["CreateStream"],
        "kinesis:AddTagsToStream",
        "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_CreateStream.html",
    ),
    (
        "kinesis",
        &["RegisterStreamConsumer"],
        "kinesis:TagResource",
        "https://docs.aws.amazon.com/kinesis/latest/APIReference/API_RegisterStreamConsumer.html",
    ),
    (
        "kms",
        &["CreateKey", "ReplicateKey"],
        "kms:TagResource",
        "https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html",
    ),
    (
        "lambda",
        &["CreateFunction"],
        "lambda:TagResource",
        "https://docs.aws.amazon.com/lambda/latest/dg/configuration-tags.html",
    ),
    (
        "organizations",
        &[
            "CreateAccount",
            "CreateGovCloudAccount",
            "CreateOrganizationalUnit",
            "CreatePolicy",
            "InviteAccountToOrganization",
        ],
        "organizations:TagResource",
        "https://docs.aws.amazon.com/organizations/latest/APIReference/API_CreateAccount.html",
    ),
    (
        "rekognition",
        &["CreateCollection"],
        "rekognition:TagResource",
        "https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CreateCollection.html",
    ),
    (
        "rekognition",
        &["CreateStreamProcessor"],
        "rekognition:TagResource",
        "https://docs.aws.amazon.com/rekognition/latest/APIReference/API_CreateStreamProcessor.html",
    ),
    (
        "s3",
        &["CreateBucket"],
        "s3:TagResource",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateBucketConfiguration.html",
    ),
    (
        "s3tables",
        &["CreateTable", "CreateTableBucket"],
        "s3tables:TagResource",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_s3Buckets_CreateTableBucket.html",
    ),
    (
        "s3vectors",
        &["CreateIndex", "CreateVectorBucket"],
        "s3vectors:TagResource",
        "https://docs.aws.amazon.com/AmazonS3/latest/API/API_S3VectorBuckets_CreateVectorBucket.html",
    ),
    (
        "secretsmanager",
        &["CreateSecret"],
        "secretsmanager:TagResource",
        "https://docs.aws.amazon.com/secretsmanager/latest/apireference/API_CreateSecret.html",
    ),
    (
        "sns",
        &["CreateTopic"],
        "sns:TagResource",
        "https://docs.aws.amazon.com/sns/latest/api/API_CreateTopic.html",
    ),
    (
        "sqs",
        &["CreateQueue"],
        "sqs:TagQueue",
        "https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_CreateQueue.html",
    ),
    (
        "ssm",
        &["CreateOpsItem"],
        "ssm:AddTagsToResource",
        "https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateOpsItem.html",
    ),
    (
        "workspaces",
        &["CreateUpdatedWorkspaceImage", "CreateWorkspaceImage"],
        "workspaces:CreateTags",
        "https://docs.aws.amazon.com/workspaces/latest/api/API_CreateWorkspaceImage.html",
    ),
    (
        "workspaces",
        &["CreateWorkspaceBundle"],
        "workspaces:CreateTags",
        "https://docs.aws.amazon.com/workspaces/latest/api/API_CreateWorkspaceBundle.html",
    ),
];

/// What a call with tags asks for besides what AWS lists: for certain where one of its pages says so, perhaps elsewhere, for the
/// lists have gaps
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_tags_roles.html>).
pub(super) fn unlisted(action: &'static Action, evidence: &Evidence<'_>) -> Option<Dependent> {
    if !evidence.parameters.is_some_and(has_tags) || !may_be_unlisted(action) {
        return None;
    }
    let (tagging, presence) = of(action)?;
    Some(Dependent { action: tagging, presence, resources: tagged(action, tagging, evidence) })
}

/// Whether a call may need to tag what it makes, and AWS does not list with what.
pub(super) fn may_be_unlisted(action: &Action) -> bool {
    let is_listed = |name: &&str| catalog().action(name).is_some_and(is_tagging);
    matches!(action.level, AccessLevel::Write | AccessLevel::PermissionsManagement)
        && !action.dependents.iter().any(is_listed)
        && of(action).is_some()
}

/// The action by which a call tags what it makes, and whether it needs it for certain when it is given tags.
pub(super) fn of(action: &Action) -> Option<(&'static Action, Presence)> {
    let needed = NEEDED
        .iter()
        .find(|(service, calls, ..)| *service == action.service && calls.contains(&action.name))
        .and_then(|(_, _, tagging, _)| catalog().action(tagging));
    let certain = needed.map(|tagging| (tagging, Presence::Certain));
    certain.or_else(|| Some((own(action)?, Presence::Possible)))
}

/// The action by which a service tags what an action of it makes: IAM has one for each type.
fn own(action: &Action) -> Option<&'static Action> {
    const NAMES: [&str; 5] =
        ["TagResource", "TagQueue", "AddTagsToResource", "AddTags", "CreateOrUpdateTags"];
    if action.service == "iam" {
        let made = ["Create", "Upload"].iter().find_map(|verb| action.name.strip_prefix(verb))?;
        let made = if made == "VirtualMFADevice" { "MFADevice" } else { made };
        return catalog().action(&format!("iam:Tag{made}"));
    }
    NAMES.iter().find_map(|name| catalog().action(&format!("{}:{name}", action.service)))
}

/// Calls whose own types of resources do not have what they make: the beginnings of what that is called.
const MADE: [(&str, &str, &str); 2] = [
    ("elasticloadbalancing", "CreateListener", "listener/"),
    ("elasticloadbalancing", "CreateRule", "listener-rule/"),
];

/// The service and name of the call, and the type of what it makes.
fn makes(action: &Action) -> Option<&'static str> {
    let own = MADE.iter().find(|(service, name, _)| (*service, *name) == (action.service, action.name));
    own.map(|(_, _, kind)| *kind)
}

/// Whether only the response tells what a call makes.
pub(super) fn reads_response(action: &Action) -> bool {
    makes(action).is_some()
}

/// What a call of a service tags with the service's own action, as AWS lists it: what it makes, with the id that the response
/// tells; empty if nothing tells it
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/userguide/tagging-resources-during-creation.html>).
pub(super) fn made(
    action: &'static Action,
    tagging: &'static Action,
    evidence: &Evidence<'_>,
) -> Vec<Resource> {
    let Some(beginning) = makes(action) else { return tagged(action, tagging, evidence) };
    let response = Leaves::read(evidence.response.map(Noted::from));
    let kinds = tagging.resources.iter().map(|own| own.kind).filter(|kind| kind.name.starts_with(beginning));
    let of_kind = |kind: &'static ResourceType| {
        let arns: Vec<&str> = response.arns().filter(|arn| kind.arn.matches(arn)).collect();
        arns.into_iter().map(move |arn| {
            let known = Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Response);
            // Its own id comes last, and the next one has another.
            let again = arn.rsplit_once('/').map(|(head, _)| format!("{head}/*"));
            Resource { again, ..known }
        })
    };
    kinds.flat_map(of_kind).collect()
}

/// What a call tags, as far as it tells: what it is called after; empty if that cannot be tagged.
fn tagged(action: &'static Action, tagging: &'static Action, evidence: &Evidence<'_>) -> Vec<Resource> {
    // A group of logs is tagged under another ARN than it is made under.
    if action.service == "logs" {
        let groups = resources_of(tagging, evidence).into_iter();
        return groups.filter(|own| own.kind == Some("log-group")).collect();
    }
    let can_be = |own: &Resource| tagging.resources.iter().any(|kind| Some(kind.kind.name) == own.kind);
    // `rule-on-default-event-bus` is what `PutRule` makes.
    let noun = action.name.trim_start_matches(|letter: char| !letter.is_lowercase());
    let noun = noun.trim_start_matches(char::is_lowercase).to_ascii_lowercase();
    let begins = |kind: &str| {
        let rest = kind.strip_prefix(noun.as_str()).filter(|_| !noun.is_empty());
        rest.is_some_and(|rest| rest.starts_with("-on-"))
    };
    // `loadbalancer/app/` is what `CreateLoadBalancer` makes.
    let is_made = |kind: &str| is_called_after(action.name, kind.split('/').next().unwrap_or(kind));
    let is_its = |own: &Resource| own.kind.is_some_and(|kind| is_made(kind) || begins(kind));
    resources_of(action, evidence).into_iter().filter(|own| can_be(own) && is_its(own)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_names_calls_and_actions_that_there_are() {
        for (service, calls, tagging, page) in NEEDED {
            for call in calls {
                assert!(catalog().action(&format!("{service}:{call}")).is_some(), "{service}:{call}");
            }
            assert!(catalog().action(tagging).is_some(), "{tagging}");
            assert!(page.starts_with("https://docs.aws.amazon.com/"), "{page}");
        }
    }
}
