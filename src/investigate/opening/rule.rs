//! Which calls open and close what, where a table can say it.
//!
//! Parameter names are those of each service's API reference (<https://docs.aws.amazon.com/>), looked up without case.

use std::collections::BTreeSet;

/// Kinds of things that can be opened.
pub(super) const OPENABLE: &[&str] = &[
    "AMI",
    "DB cluster snapshot",
    "DB instance",
    "DB snapshot",
    "KMS key",
    "SSM document",
    "backup vault",
    "bucket",
    "event bus",
    "file system",
    "function",
    "instance",
    "layer version",
    "load balancer",
    "queue",
    "repository",
    "resource share",
    "role",
    "secret",
    "security group",
    "snapshot",
    "topic",
    "vault",
    "VPC peering connection",
];

/// A resource policy that a call puts in place of the one before.
pub(super) struct PolicyRule {
    pub(super) service: &'static str,
    pub(super) kind: &'static str,
    pub(super) put: &'static [&'static str],
    pub(super) ids: &'static [&'static str],
    pub(super) documents: &'static [&'static str],
    pub(super) what: &'static str,
    pub(super) delete: &'static [&'static str],
}

const fn policy(
    service: &'static str,
    kind: &'static str,
    put: &'static [&'static str],
    ids: &'static [&'static str],
    documents: &'static [&'static str],
    delete: &'static [&'static str],
) -> PolicyRule {
    PolicyRule { service, kind, put, ids, documents, what: "policy", delete }
}

const fn trust(put: &'static [&'static str], documents: &'static [&'static str]) -> PolicyRule {
    let ids = &["q.roleName"];
    PolicyRule { service: "iam", kind: "role", put, ids, documents, what: "trust policy", delete: &[] }
}

/// Calls that write resource policies; parameter names as in each service's API reference.
pub(super) const POLICIES: &[PolicyRule] = &[
    trust(&["CreateRole"], &["q.assumeRolePolicyDocument"]),
    trust(&["UpdateAssumeRolePolicy"], &["q.policyDocument"]),
    policy(
        "s3",
        "bucket",
        &["PutBucketPolicy"],
        &["q.bucketName"],
        &["q.bucketPolicy"],
        &["DeleteBucketPolicy"],
    ),
    policy("kms", "KMS key", &["PutKeyPolicy"], &["q.keyId"], &["q.policy"], &[]),
    policy("kms", "KMS key", &["CreateKey"], &["r.keyMetadata.keyId"], &["q.policy"], &[]),
    policy("sns", "topic", &["SetTopicAttributes"], &["q.topicArn"], &["q.attributeValue"], &[]),
    policy("sns", "topic", &["CreateTopic"], &["r.topicArn", "q.name"], &["q.attributes.Policy"], &[]),
    policy("sqs", "queue", &["SetQueueAttributes"], &["q.queueUrl"], &["q.attributes.Policy"], &[]),
    policy("sqs", "queue", &["CreateQueue"], &["r.queueUrl", "q.queueName"], &["q.attributes.Policy"], &[]),
    policy(
        "ecr",
        "repository",
        &["SetRepositoryPolicy"],
        &["q.repositoryName"],
        &["q.policyText"],
        &["DeleteRepositoryPolicy"],
    ),
    policy(
        "secretsmanager",
        "secret",
        &["PutResourcePolicy"],
        &["q.secretId"],
        &["q.resourcePolicy"],
        &["DeleteResourcePolicy"],
    ),
    policy(
        "elasticfilesystem",
        "file system",
        &["PutFileSystemPolicy"],
        &["q.fileSystemId"],
        &["q.policy"],
        &["DeleteFileSystemPolicy"],
    ),
    policy(
        "backup",
        "backup vault",
        &["PutBackupVaultAccessPolicy"],
        &["q.backupVaultName"],
        &["q.policy"],
        &["DeleteBackupVaultAccessPolicy"],
    ),
    policy(
        "glacier",
        "vault",
        &["SetVaultAccessPolicy"],
        &["q.vaultName"],
        &["q.policy.policy", "q.policy"],
        &["DeleteVaultAccessPolicy"],
    ),
    policy(
        "es",
        "domain",
        &["UpdateElasticsearchDomainConfig", "UpdateDomainConfig"],
        &["q.domainName"],
        &["q.accessPolicies"],
        &[],
    ),
    policy(
        "logs",
        "log destination",
        &["PutDestinationPolicy"],
        &["q.destinationName"],
        &["q.accessPolicy"],
        &[],
    ),
    policy("events", "event bus", &["PutPermission"], &["q.eventBusName"], &["q.policy"], &[]),
    policy(
        "dynamodb",
        "table",
        &["PutResourcePolicy"],
        &["q.resourceArn"],
        &["q.policy"],
        &["DeleteResourcePolicy"],
    ),
];

/// A call that adds and removes outsiders by name.
pub(super) struct ListRule {
    pub(super) service: &'static str,
    pub(super) kind: &'static str,
    pub(super) operations: &'static [&'static str],
    pub(super) id: &'static str,
    pub(super) what: &'static str,
    pub(super) add: &'static [&'static str],
    pub(super) remove: &'static [&'static str],
}

const fn list(
    service: &'static str,
    kind: &'static str,
    operations: &'static [&'static str],
    id: &'static str,
    what: &'static str,
    add: &'static [&'static str],
    remove: &'static [&'static str],
) -> ListRule {
    ListRule { service, kind, operations, id, what, add, remove }
}

/// The table of those.
pub(super) const LISTS: &[ListRule] = &[
    list(
        "ec2",
        "snapshot",
        &["ModifySnapshotAttribute"],
        "q.snapshotId",
        "create volume",
        &["q.createVolumePermission.add.userId", "q.createVolumePermission.add.group"],
        &["q.createVolumePermission.remove.userId", "q.createVolumePermission.remove.group"],
    ),
    list(
        "ec2",
        "AMI",
        &["ModifyImageAttribute"],
        "q.imageId",
        "launch",
        &[
            "q.launchPermission.add.userId",
            "q.launchPermission.add.group",
            "q.launchPermission.add.organizationArn",
            "q.launchPermission.add.organizationalUnitArn",
        ],
        &[
            "q.launchPermission.remove.userId",
            "q.launchPermission.remove.group",
            "q.launchPermission.remove.organizationArn",
            "q.launchPermission.remove.organizationalUnitArn",
        ],
    ),
    list(
        "rds",
        "DB snapshot",
        &["ModifyDBSnapshotAttribute"],
        "q.dBSnapshotIdentifier",
        "restore",
        &["q.valuesToAdd"],
        &["q.valuesToRemove"],
    ),
    list(
        "rds",
        "DB cluster snapshot",
        &["ModifyDBClusterSnapshotAttribute"],
        "q.dBClusterSnapshotIdentifier",
        "restore",
        &["q.valuesToAdd"],
        &["q.valuesToRemove"],
    ),
    list(
        "redshift",
        "cluster snapshot",
        &["AuthorizeSnapshotAccess"],
        "q.snapshotIdentifier",
        "restore",
        &["q.accountWithRestoreAccess"],
        &[],
    ),
    list(
        "redshift",
        "cluster snapshot",
        &["RevokeSnapshotAccess"],
        "q.snapshotIdentifier",
        "restore",
        &[],
        &["q.accountWithRestoreAccess"],
    ),
    list(
        "ssm",
        "SSM document",
        &["ModifyDocumentPermission"],
        "q.name",
        "share",
        &["q.accountIdsToAdd"],
        &["q.accountIdsToRemove"],
    ),
    list(
        "ram",
        "resource share",
        &["CreateResourceShare"],
        "r.resourceShare.resourceShareArn",
        "share",
        &["q.principals"],
        &[],
    ),
    list(
        "ram",
        "resource share",
        &["AssociateResourceShare"],
        "q.resourceShareArn",
        "share",
        &["q.principals"],
        &[],
    ),
    list(
        "ram",
        "resource share",
        &["DisassociateResourceShare"],
        "q.resourceShareArn",
        "share",
        &[],
        &["q.principals"],
    ),
    list(
        "ec2",
        "VPC peering connection",
        &["CreateVpcPeeringConnection"],
        "r.vpcPeeringConnection.vpcPeeringConnectionId",
        "peering",
        &["q.peerOwnerId"],
        &[],
    ),
    list(
        "ec2",
        "endpoint service",
        &["ModifyVpcEndpointServicePermissions"],
        "q.serviceId",
        "connect",
        &["q.addAllowedPrincipals"],
        &["q.removeAllowedPrincipals"],
    ),
];

/// The operations that may close an opening of `kind`, but for its removal.
pub(crate) fn closing_operations(kind: &str) -> BTreeSet<String> {
    let policies = POLICIES.iter().filter(|rule| rule.kind == kind);
    let policies = policies.flat_map(|rule| rule.put.iter().chain(rule.delete));
    let lists = LISTS.iter().filter(|rule| rule.kind == kind).flat_map(|rule| rule.operations);
    let others: &[&str] = match kind {
        "bucket" | "account" => &[
            "PutAccountPublicAccessBlock",
            "PutBucketAcl",
            "PutBucketPublicAccessBlock",
            "PutPublicAccessBlock",
        ],
        "function" => &[
            "DeleteFunctionUrlConfig",
            "RemovePermission",
            "RemovePermission20150331",
            "RemovePermission20150331v2",
            "UpdateFunctionUrlConfig",
        ],
        "layer version" => &["RemoveLayerVersionPermission", "RemoveLayerVersionPermission20181031"],
        "KMS key" => &["RetireGrant", "RevokeGrant"],
        "topic" | "queue" => &["RemovePermission"],
        "security group" => &["RevokeSecurityGroupIngress"],
        "DB instance" => &["ModifyDBInstance"],
        "cluster" => &["ModifyCluster"],
        "snapshot" => &["SharedSnapshotCopyInitiated", "SharedSnapshotVolumeCreated"],
        _ => &[],
    };
    policies.chain(lists).chain(others).map(|name| (*name).to_owned()).collect()
}
