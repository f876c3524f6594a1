//! Which operations make and remove what, where that does not follow from their names.
//!
//! The general rule ([`super::naming`]) reads `CreateX` and `DeleteX`; this table holds what it cannot know: other verbs,
//! several things in one call, things that are a pair, what belongs to what, and what is a way in. Parameter names are
//! those of each service's API reference (<https://docs.aws.amazon.com/>), looked up without case.

use serde::Serialize;

/// What a thing means to a responder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ThingClass {
    /// An identity or credential by which someone can come back.
    WayIn,
    /// A permission given to an identity: a policy, a membership.
    Permission,
    /// Anything else.
    Resource,
}

/// How many things the paths of a rule name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// One thing; every path is another name of it.
    One,
    /// As many as the first path that has values names.
    Many,
    /// One thing, named by all paths together. A part may hold alternatives, separated by `|`.
    Joined,
}

/// Operations that make one kind of thing, and those that remove it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rule {
    pub(super) service: &'static str,
    pub(super) kind: &'static str,
    pub(super) make: &'static [&'static str],
    /// Paths of its names in the records that make it; the first is the one people use.
    pub(super) ids: &'static [&'static str],
    pub(super) remove: &'static [&'static str],
    /// Paths of its names in the records that remove it.
    pub(super) remove_ids: &'static [&'static str],
    /// The kind of what it belongs to, and the path of that one's name.
    pub(super) of: Option<(&'static str, &'static str)>,
    pub(super) shape: Shape,
    pub(super) class: ThingClass,
    /// Whether the operation also replaces what was there.
    pub(super) replaces: bool,
    /// Whether AWS refuses to remove the owner while this is there, so that its removal must have been recorded.
    pub(super) holds_owner: bool,
    /// A removal with a value here removes only a part.
    pub(super) unless: Option<&'static str>,
    /// It is new only when this path holds this value (or nothing); else something of that name was altered.
    pub(super) new_if: Option<(&'static str, &'static str)>,
}

const fn rule(
    service: &'static str,
    kind: &'static str,
    make: &'static [&'static str],
    ids: &'static [&'static str],
    remove: &'static [&'static str],
    remove_ids: &'static [&'static str],
) -> Rule {
    Rule {
        service,
        kind,
        make,
        ids,
        remove,
        remove_ids,
        of: None,
        shape: Shape::One,
        class: ThingClass::Resource,
        replaces: false,
        holds_owner: false,
        unless: None,
        new_if: None,
    }
}

impl Rule {
    const fn way_in(mut self) -> Rule {
        self.class = ThingClass::WayIn;
        self
    }

    const fn permission(mut self) -> Rule {
        self.class = ThingClass::Permission;
        self
    }

    const fn many(mut self) -> Rule {
        self.shape = Shape::Many;
        self
    }

    const fn joined(mut self) -> Rule {
        self.shape = Shape::Joined;
        self
    }

    const fn of(mut self, kind: &'static str, path: &'static str) -> Rule {
        self.of = Some((kind, path));
        self
    }

    /// AWS refuses to remove the owner before this: `DeleteRole` and `DeleteUser` answer `DeleteConflict`
    /// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_DeleteRole.html>), `DeleteVpc` `DependencyViolation`
    /// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_DeleteVpc.html>).
    const fn holds(mut self, kind: &'static str, path: &'static str) -> Rule {
        self.of = Some((kind, path));
        self.holds_owner = true;
        self
    }

    const fn replaces(mut self) -> Rule {
        self.replaces = true;
        self
    }

    const fn unless(mut self, path: &'static str) -> Rule {
        self.unless = Some(path);
        self
    }

    const fn new_if(mut self, path: &'static str, value: &'static str) -> Rule {
        self.new_if = Some((path, value));
        self
    }
}

/// The table.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Identity.
    rule("iam", "user", &["CreateUser"], &["q.userName", "r.user.userName", "r.user.arn", "r.user.userId"],
        &["DeleteUser"], &["q.userName"]).way_in(),
    rule("iam", "access key", &["CreateAccessKey"], &["r.accessKey.accessKeyId"],
        &["DeleteAccessKey"], &["q.accessKeyId"]).way_in().holds("user", "r.accessKey.userName"),
    rule("iam", "password", &["CreateLoginProfile"], &["q.userName", "r.loginProfile.userName"],
        &["DeleteLoginProfile"], &["q.userName"]).way_in().holds("user", "q.userName"),
    rule("iam", "changed password", &["UpdateLoginProfile"], &["q.userName"],
        &["DeleteLoginProfile"], &["q.userName"]).way_in().holds("user", "q.userName").replaces(),
    rule("iam", "role", &["CreateRole"], &["q.roleName", "r.role.roleName", "r.role.arn", "r.role.roleId"],
        &["DeleteRole"], &["q.roleName"]).way_in(),
    rule("iam", "service-linked role", &["CreateServiceLinkedRole"], &["r.role.roleName", "r.role.arn"],
        &["DeleteServiceLinkedRole"], &["q.roleName"]),
    rule("iam", "SSH public key", &["UploadSSHPublicKey"], &["r.sSHPublicKey.sSHPublicKeyId"],
        &["DeleteSSHPublicKey"], &["q.sSHPublicKeyId"]).way_in().holds("user", "q.userName"),
    rule("iam", "service-specific credential", &["CreateServiceSpecificCredential"],
        &["r.serviceSpecificCredential.serviceSpecificCredentialId"],
        &["DeleteServiceSpecificCredential"], &["q.serviceSpecificCredentialId"]).way_in()
        .holds("user", "q.userName"),
    rule("iam", "signing certificate", &["UploadSigningCertificate"], &["r.certificate.certificateId"],
        &["DeleteSigningCertificate"], &["q.certificateId"]).way_in().holds("user", "r.certificate.userName"),
    rule("iam", "server certificate", &["UploadServerCertificate"],
        &["q.serverCertificateName", "r.serverCertificateMetadata.arn"],
        &["DeleteServerCertificate"], &["q.serverCertificateName"]),
    rule("iam", "virtual MFA device", &["CreateVirtualMFADevice"], &["r.virtualMFADevice.serialNumber"],
        &["DeleteVirtualMFADevice"], &["q.serialNumber"]),
    rule("iam", "MFA assignment", &["EnableMFADevice"], &["q.userName", "q.serialNumber"],
        &["DeactivateMFADevice"], &["q.userName", "q.serialNumber"]).joined().holds("user", "q.userName"),
    rule("iam", "SAML provider", &["CreateSAMLProvider"], &["r.sAMLProviderArn", "q.name"],
        &["DeleteSAMLProvider"], &["q.sAMLProviderArn"]).way_in(),
    rule("iam", "OIDC provider", &["CreateOpenIDConnectProvider"], &["r.openIDConnectProviderArn", "q.url"],
        &["DeleteOpenIDConnectProvider"], &["q.openIDConnectProviderArn"]).way_in(),
    rule("iam", "policy", &["CreatePolicy"], &["r.policy.policyName", "q.policyName", "r.policy.arn"],
        &["DeletePolicy"], &["q.policyArn"]),
    rule("iam", "policy version", &["CreatePolicyVersion"], &["q.policyArn", "r.policyVersion.versionId"],
        &["DeletePolicyVersion"], &["q.policyArn", "q.versionId"]).joined().permission().of("policy", "q.policyArn"),
    rule("iam", "inline role policy", &["PutRolePolicy"], &["q.roleName", "q.policyName"],
        &["DeleteRolePolicy"], &["q.roleName", "q.policyName"]).joined().permission().replaces()
        .holds("role", "q.roleName"),
    rule("iam", "inline user policy", &["PutUserPolicy"], &["q.userName", "q.policyName"],
        &["DeleteUserPolicy"], &["q.userName", "q.policyName"]).joined().permission().replaces()
        .holds("user", "q.userName"),
    rule("iam", "inline group policy", &["PutGroupPolicy"], &["q.groupName", "q.policyName"],
        &["DeleteGroupPolicy"], &["q.groupName", "q.policyName"]).joined().permission().replaces()
        .holds("group", "q.groupName"),
    rule("iam", "attached role policy", &["AttachRolePolicy"], &["q.roleName", "q.policyArn"],
        &["DetachRolePolicy"], &["q.roleName", "q.policyArn"]).joined().permission().replaces()
        .holds("role", "q.roleName"),
    rule("iam", "attached user policy", &["AttachUserPolicy"], &["q.userName", "q.policyArn"],
        &["DetachUserPolicy"], &["q.userName", "q.policyArn"]).joined().permission().replaces()
        .holds("user", "q.userName"),
    rule("iam", "attached group policy", &["AttachGroupPolicy"], &["q.groupName", "q.policyArn"],
        &["DetachGroupPolicy"], &["q.groupName", "q.policyArn"]).joined().permission().replaces()
        .holds("group", "q.groupName"),
    rule("iam", "group membership", &["AddUserToGroup"], &["q.userName", "q.groupName"],
        &["RemoveUserFromGroup"], &["q.userName", "q.groupName"]).joined().permission().replaces()
        .holds("user", "q.userName"),
    rule("iam", "role in instance profile", &["AddRoleToInstanceProfile"],
        &["q.instanceProfileName", "q.roleName"],
        &["RemoveRoleFromInstanceProfile"], &["q.instanceProfileName", "q.roleName"]).joined().permission()
        .holds("instance profile", "q.instanceProfileName"),
    rule("rolesanywhere", "trust anchor", &["CreateTrustAnchor"],
        &["r.trustAnchor.name", "r.trustAnchor.trustAnchorId", "r.trustAnchor.trustAnchorArn"],
        &["DeleteTrustAnchor"], &["q.trustAnchorId"]).way_in(),
    rule("rolesanywhere", "Roles Anywhere profile", &["CreateProfile"],
        &["r.profile.name", "r.profile.profileId", "r.profile.profileArn"], &["DeleteProfile"], &["q.profileId"]).way_in(),
    rule("sso", "account assignment", &["CreateAccountAssignment"],
        &["q.principalId", "q.permissionSetArn", "q.targetId"],
        &["DeleteAccountAssignment"], &["q.principalId", "q.permissionSetArn", "q.targetId"]).joined().way_in(),
    rule("sso", "permission set", &["CreatePermissionSet"], &["r.permissionSet.permissionSetArn"],
        &["DeletePermissionSet"], &["q.permissionSetArn"]),
    rule("sso-directory", "Identity Center user", &["CreateUser"], &["q.userName", "r.user.userId", "r.userId"],
        &["DeleteUser"], &["q.userId", "q.userName"]).way_in(),
    rule("identitystore", "Identity Center user", &["CreateUser"], &["q.userName", "r.userId"],
        &["DeleteUser"], &["q.userId"]).way_in(),
    // Compute and network.
    rule("ec2", "key pair", &["CreateKeyPair", "ImportKeyPair"], &["q.keyName", "r.keyPairId"],
        &["DeleteKeyPair"], &["q.keyName", "q.keyPairId"]).way_in(),
    rule("ec2", "instance", &["RunInstances"], &["r.instancesSet.instanceId"],
        &["TerminateInstances"], &["q.instancesSet.instanceId"]).many(),
    rule("ec2", "spot request", &["RequestSpotInstances"], &["r.spotInstanceRequestSet.spotInstanceRequestId"],
        &["CancelSpotInstanceRequests"], &["q.spotInstanceRequestIdSet.spotInstanceRequestId"]).many(),
    rule("ec2", "AMI", &["CreateImage", "RegisterImage", "CopyImage"], &["r.imageId"],
        &["DeregisterImage"], &["q.imageId"]),
    rule("ec2", "snapshot", &["CreateSnapshot", "CopySnapshot", "ImportSnapshot"], &["r.snapshotId"],
        &["DeleteSnapshot"], &["q.snapshotId"]),
    rule("ec2", "snapshot", &["CreateSnapshots"], &["r.snapshotSet.snapshotId"], &[], &[]).many(),
    rule("ec2", "elastic IP", &["AllocateAddress"], &["r.allocationId", "r.publicIp"],
        &["ReleaseAddress"], &["q.allocationId", "q.publicIp"]),
    rule("ec2", "subnet", &["CreateSubnet"], &["r.subnet.subnetId"], &["DeleteSubnet"], &["q.subnetId"])
        .holds("VPC", "q.vpcId"),
    rule("ec2", "route table", &["CreateRouteTable"], &["r.routeTable.routeTableId"],
        &["DeleteRouteTable"], &["q.routeTableId"]).holds("VPC", "q.vpcId"),
    rule("ec2", "route", &["CreateRoute"],
        &["q.routeTableId", "q.destinationCidrBlock|q.destinationIpv6CidrBlock|q.destinationPrefixListId"],
        &["DeleteRoute"],
        &["q.routeTableId", "q.destinationCidrBlock|q.destinationIpv6CidrBlock|q.destinationPrefixListId"])
        .joined().of("route table", "q.routeTableId"),
    rule("ec2", "security group", &["CreateSecurityGroup"], &["r.groupId"],
        &["DeleteSecurityGroup"], &["q.groupId", "q.groupName"]).holds("VPC", "q.vpcId"),
    rule("ec2", "flow log", &["CreateFlowLogs"], &["r.flowLogIdSet"],
        &["DeleteFlowLogs"], &["q.flowLogId"]).many(),
    rule("ec2", "VPC endpoint", &["CreateVpcEndpoint"], &["r.vpcEndpoint.vpcEndpointId"],
        &["DeleteVpcEndpoints"], &["q.vpcEndpointId"]).many(),
    rule("ec2", "launch template", &["CreateLaunchTemplate"],
        &["r.launchTemplate.launchTemplateId", "r.launchTemplate.launchTemplateName"],
        &["DeleteLaunchTemplate"], &["q.launchTemplateId", "q.launchTemplateName"]),
    rule("lightsail", "Lightsail instance", &["CreateInstances", "CreateInstancesFromSnapshot"],
        &["q.instanceNames"], &["DeleteInstance"], &["q.instanceName"]).many(),
    rule("autoscaling", "Auto Scaling group", &["CreateAutoScalingGroup"], &["q.autoScalingGroupName"],
        &["DeleteAutoScalingGroup"], &["q.autoScalingGroupName"]),
    rule("elasticloadbalancing", "load balancer", &["CreateLoadBalancer"],
        &["q.loadBalancerName", "q.name", "r.loadBalancers.loadBalancerArn"],
        &["DeleteLoadBalancer"], &["q.loadBalancerName", "q.loadBalancerArn"]),
    rule("ecs", "task", &["RunTask", "StartTask"], &["r.tasks.taskArn"], &["StopTask"], &["q.task"]).many(),
    rule("ecs", "task definition", &["RegisterTaskDefinition"], &["r.taskDefinition.taskDefinitionArn"],
        &["DeregisterTaskDefinition"], &["q.taskDefinition"]),
    rule("ecs", "ECS cluster", &["CreateCluster"], &["q.clusterName", "r.cluster.clusterArn"],
        &["DeleteCluster"], &["q.cluster"]),
    rule("ecs", "ECS service", &["CreateService"], &["q.serviceName", "r.service.serviceArn"],
        &["DeleteService"], &["q.service"]),
    rule("eks", "EKS cluster", &["CreateCluster"], &["q.name", "r.cluster.arn"], &["DeleteCluster"], &["q.name"]),
    rule("eks", "EKS access entry", &["CreateAccessEntry"], &["q.name|q.clusterName", "q.principalArn"],
        &["DeleteAccessEntry"], &["q.name|q.clusterName", "q.principalArn"]).joined().way_in(),
    rule("lambda", "function", &["CreateFunction"], &["r.functionName", "q.functionName", "r.functionArn"],
        &["DeleteFunction"], &["q.functionName"]).unless("q.qualifier"),
    rule("lambda", "function URL", &["CreateFunctionUrlConfig"], &["q.functionName", "r.functionArn"],
        &["DeleteFunctionUrlConfig"], &["q.functionName"]).of("function", "q.functionName"),
    rule("lambda", "function permission", &["AddPermission"], &["q.functionName", "q.statementId"],
        &["RemovePermission"], &["q.functionName", "q.statementId"]).joined().permission()
        .of("function", "q.functionName"),
    rule("lambda", "event source mapping", &["CreateEventSourceMapping"], &["r.uUID"],
        &["DeleteEventSourceMapping"], &["q.uUID"]),
    // Data.
    rule("s3", "bucket", &["CreateBucket"], &["q.bucketName"], &["DeleteBucket"], &["q.bucketName"]),
    rule("rds", "DB instance",
        &["CreateDBInstance", "CreateDBInstanceReadReplica", "RestoreDBInstanceFromDBSnapshot",
            "RestoreDBInstanceFromS3", "RestoreDBInstanceToPointInTime"],
        &["q.targetDBInstanceIdentifier", "q.dBInstanceIdentifier", "r.dBInstanceArn"],
        &["DeleteDBInstance"], &["q.dBInstanceIdentifier"]),
    rule("rds", "DB cluster",
        &["CreateDBCluster", "RestoreDBClusterFromSnapshot", "RestoreDBClusterFromS3",
            "RestoreDBClusterToPointInTime"],
        &["q.dBClusterIdentifier", "r.dBClusterArn"], &["DeleteDBCluster"], &["q.dBClusterIdentifier"]),
    rule("rds", "DB snapshot", &["CreateDBSnapshot", "CopyDBSnapshot"],
        &["q.targetDBSnapshotIdentifier", "q.dBSnapshotIdentifier", "r.dBSnapshotArn"],
        &["DeleteDBSnapshot"], &["q.dBSnapshotIdentifier"]),
    rule("rds", "DB cluster snapshot", &["CreateDBClusterSnapshot", "CopyDBClusterSnapshot"],
        &["q.targetDBClusterSnapshotIdentifier", "q.dBClusterSnapshotIdentifier", "r.dBClusterSnapshotArn"],
        &["DeleteDBClusterSnapshot"], &["q.dBClusterSnapshotIdentifier"]),
    rule("dynamodb", "table", &["CreateTable", "RestoreTableFromBackup", "RestoreTableToPointInTime", "ImportTable"],
        &["q.targetTableName", "q.tableName", "r.tableDescription.tableName", "r.tableDescription.tableArn"],
        &["DeleteTable"], &["q.tableName"]),
    rule("dynamodb", "table backup", &["CreateBackup"], &["r.backupDetails.backupArn"],
        &["DeleteBackup"], &["q.backupArn"]),
    rule("secretsmanager", "secret", &["CreateSecret"], &["q.name", "r.aRN", "r.name"],
        &["DeleteSecret", "EndSecretVersionDelete"], &["q.secretId", "r.aRN", "a.ARN"]),
    rule("ssm", "parameter", &["PutParameter"], &["q.name"], &["DeleteParameter"], &["q.name"]).replaces()
        .new_if("r.version", "1"),
    rule("ssm", "parameter", &[], &[], &["DeleteParameters"], &["q.names"]).many(),
    rule("ssm", "SSM document", &["CreateDocument"], &["q.name"], &["DeleteDocument"], &["q.name"]),
    rule("ssm", "SSM association", &["CreateAssociation"], &["r.associationDescription.associationId"],
        &["DeleteAssociation"], &["q.associationId"]),
    rule("ssm", "hybrid activation", &["CreateActivation"], &["r.activationId"],
        &["DeleteActivation"], &["q.activationId"]).way_in(),
    rule("kms", "KMS key", &["CreateKey", "ReplicateKey"],
        &["r.keyMetadata.keyId", "r.keyMetadata.arn", "r.replicaKeyMetadata.keyId"],
        &["ScheduleKeyDeletion"], &["q.keyId", "r.keyId"]),
    rule("kms", "KMS grant", &["CreateGrant"], &["r.grantId"],
        &["RevokeGrant", "RetireGrant"], &["q.grantId"]).permission(),
    rule("kms", "KMS alias", &["CreateAlias"], &["q.aliasName"], &["DeleteAlias"], &["q.aliasName"]),
    // Messaging, orchestration, watching.
    rule("sns", "topic", &["CreateTopic"], &["q.name", "r.topicArn"], &["DeleteTopic"], &["q.topicArn"]),
    rule("sns", "subscription", &["Subscribe"], &["r.subscriptionArn"],
        &["Unsubscribe"], &["q.subscriptionArn"]),
    rule("sqs", "queue", &["CreateQueue"], &["q.queueName", "r.queueUrl"], &["DeleteQueue"], &["q.queueUrl"]),
    rule("cloudformation", "stack", &["CreateStack"], &["q.stackName", "r.stackId"],
        &["DeleteStack"], &["q.stackName"]),
    rule("cloudformation", "stack set", &["CreateStackSet"], &["q.stackSetName", "r.stackSetId"],
        &["DeleteStackSet"], &["q.stackSetName"]),
    rule("cloudtrail", "trail", &["CreateTrail"], &["q.name", "r.trailARN"], &["DeleteTrail"], &["q.name"]),
    rule("cloudtrail", "event data store", &["CreateEventDataStore"], &["r.name", "r.eventDataStoreArn"],
        &["DeleteEventDataStore"], &["q.eventDataStore"]),
    rule("logs", "subscription filter", &["PutSubscriptionFilter"], &["q.logGroupName", "q.filterName"],
        &["DeleteSubscriptionFilter"], &["q.logGroupName", "q.filterName"]).joined().replaces()
        .of("log group", "q.logGroupName"),
    rule("events", "EventBridge rule", &["PutRule"], &["q.name", "r.ruleArn"],
        &["DeleteRule"], &["q.name"]).replaces(),
    rule("config", "Config rule", &["PutConfigRule"], &["q.configRule.configRuleName"],
        &["DeleteConfigRule"], &["q.configRuleName"]).replaces(),
    rule("route53", "hosted zone", &["CreateHostedZone"], &["r.hostedZone.id", "q.name"],
        &["DeleteHostedZone"], &["q.id"]),
    rule("organizations", "organization policy", &["CreatePolicy"],
        &["r.policy.policySummary.id", "r.policy.policySummary.arn"], &["DeletePolicy"], &["q.policyId"]),
    rule("organizations", "attached organization policy", &["AttachPolicy"], &["q.targetId", "q.policyId"],
        &["DetachPolicy"], &["q.targetId", "q.policyId"]).joined().permission().replaces(),
    rule("ram", "resource share", &["CreateResourceShare"],
        &["r.resourceShare.resourceShareArn", "r.resourceShare.name"],
        &["DeleteResourceShare"], &["q.resourceShareArn"]),
    rule("ses", "mail identity", &["CreateEmailIdentity", "VerifyEmailIdentity", "VerifyDomainIdentity"],
        &["q.emailIdentity", "q.emailAddress", "q.domain"],
        &["DeleteIdentity", "DeleteEmailIdentity"], &["q.identity", "q.emailIdentity"]),
];

/// Operations that undo a removal that was only scheduled.
pub(super) const RESTORING: &[(&str, &str, &str, &[&str])] = &[
    ("secretsmanager", "RestoreSecret", "secret", &["q.secretId"]),
    ("kms", "CancelKeyDeletion", "KMS key", &["q.keyId", "r.keyId"]),
    ("cloudtrail", "RestoreEventDataStore", "event data store", &["q.eventDataStore"]),
];

/// Names of `CreateX` operations that make nothing which lasts or that one would look for.
pub(super) const PASSING: &[&str] = &[
    "CreateDataKey",
    "CreateLogStream",
    "CreateMultipartUpload",
    "CreateOAuth2Token",
    "CreatePresignedDomainUrl",
    "CreatePresignedNotebookInstanceUrl",
    "CreateSession",
    "CreateTags",
    "CreateToken",
    "DeleteLogStream",
    "DeleteTags",
    "ImportKeyMaterial",
];

/// Services whose resources have no region of their own.
pub(super) const GLOBAL: &[&str] =
    &["iam", "s3", "route53", "cloudfront", "organizations", "account", "globalaccelerator", "waf"];
