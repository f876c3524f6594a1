//! Which operations are sensitive, how they are told in words, and why.
//!
//! Parameter names are those of each service's API reference (<https://docs.aws.amazon.com/>), looked up without case.

use serde::Serialize;

use super::detail;
use crate::investigate::body::Body;

/// What a step concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Topic {
    /// Someone came in or took another identity.
    Access,
    /// An identity or credential was made by which someone can come back.
    WayIn,
    /// Permissions were widened.
    Privilege,
    /// Secrets were read.
    Secret,
    /// Code was run or put in place.
    Execution,
    /// Logging, monitoring or detection was changed.
    Logging,
    /// Something was opened to outsiders.
    Exposure,
    /// Data was moved or copied.
    Data,
    /// Something was destroyed or locked.
    Destruction,
    /// The account, the organization, its mail or money.
    Account,
}

/// A kind of sensitive step.
pub(super) struct Rule {
    pub(super) service: &'static str,
    pub(super) operations: &'static [&'static str],
    pub(super) topic: Topic,
    /// Words for one target, at `{}`.
    pub(super) one: &'static str,
    /// Words for several, their number at `{}`; also for none.
    pub(super) many: &'static str,
    /// Paths of the targets; the first that has any. Without paths, whatever the call is about.
    pub(super) targets: &'static [&'static str],
    /// Why it is sensitive.
    pub(super) reason: &'static str,
    pub(super) when: fn(&Body) -> bool,
    pub(super) look: fn(&Body) -> bool,
    pub(super) detail: fn(&Body) -> Option<String>,
    /// Only for buckets that hold logs.
    pub(super) log_buckets_only: bool,
    /// What was changed and how, in a word each: `trail`, `deleted`.
    pub(super) change: Option<(&'static str, &'static str)>,
}

/// No target: the words say it all.
const NONE: &[&str] = &["-"];

/// In place of a path: the caller itself.
pub(super) const CALLER: &str = "caller";

const fn step(
    topic: Topic,
    service: &'static str,
    operations: &'static [&'static str],
    one: &'static str,
    many: &'static str,
    targets: &'static [&'static str],
    reason: &'static str,
) -> Rule {
    Rule {
        service,
        operations,
        topic,
        one,
        many,
        targets,
        reason,
        when: always,
        look: never,
        detail: nothing,
        log_buckets_only: false,
        change: None,
    }
}

fn always(_: &Body) -> bool {
    true
}

fn never(_: &Body) -> bool {
    false
}

fn nothing(_: &Body) -> Option<String> {
    None
}

impl Rule {
    const fn look(mut self) -> Rule {
        self.look = always;
        self
    }

    const fn look_if(mut self, look: fn(&Body) -> bool) -> Rule {
        self.look = look;
        self
    }

    const fn when(mut self, when: fn(&Body) -> bool) -> Rule {
        self.when = when;
        self
    }

    const fn detail(mut self, detail: fn(&Body) -> Option<String>) -> Rule {
        self.detail = detail;
        self
    }

    const fn change(mut self, object: &'static str, change: &'static str) -> Rule {
        self.change = Some((object, change));
        self
    }

    const fn log_buckets_only(mut self) -> Rule {
        self.log_buckets_only = true;
        self
    }
}

use Topic::{Access, Account, Data, Destruction, Execution, Logging, Privilege, Secret, WayIn};

/// The table.
#[rustfmt::skip]
pub(super) const RULES: &[Rule] = &[
    // Coming in.
    step(Access, "signin", &["ConsoleLogin"], "signed in to the console as {}", "signed in to the console as {} users",
        &[CALLER], "a person was there").detail(detail::sign_in).look_if(detail::no_mfa),
    step(Access, "signin", &["SwitchRole"], "switched to a role in the console", "switched to roles in the console",
        NONE, "another identity").detail(detail::switched_role),
    step(Access, "signin", &["GetSigninToken"], "turned its key into a console session", "turned its key into a console session",
        NONE, "a key became a browser session").look(),
    step(Access, "signin", &["PasswordRecoveryRequested", "PasswordRecoveryCompleted", "PasswordUpdated", "EmailUpdated"],
        "changed the root user's sign-in", "changed the root user's sign-in", NONE, "the root user can be taken over").look(),
    step(Access, "sts", &["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"], "assumed role {}", "assumed {} roles",
        &["q.roleArn"], "another identity"),
    step(Access, "sts", &["AssumeRoot"], "took a root session of {}", "took root sessions of {} accounts",
        &["q.targetPrincipal"], "root of a member account").look(),
    step(Access, "sts", &["GetFederationToken"], "made a federation token named {}", "made {} federation tokens",
        &["q.name"], "it outlives the key that made it").look(),
    step(Access, "sts", &["GetSessionToken"], "made a session token", "made session tokens", NONE, "a temporary key"),
    // Ways back in.
    step(WayIn, "iam", &["CreateUser"], "made user {}", "made {} users", &["q.userName"], "an identity that stays").look(),
    step(WayIn, "iam", &["CreateAccessKey"], "made an access key for {}", "made access keys for {} users",
        &["q.userName", "r.accessKey.userName"], "a key that does not expire").look(),
    step(WayIn, "iam", &["CreateLoginProfile"], "gave {} a password", "gave {} users a password", &["q.userName"],
        "a way into the console").look(),
    step(WayIn, "iam", &["UpdateLoginProfile"], "changed the password of {}", "changed the passwords of {} users",
        &["q.userName"], "takes over a user").look(),
    step(WayIn, "iam", &["UpdateAccessKey"], "switched a key on or off: {}", "switched {} keys on or off", &["q.accessKeyId"],
        "a key that was off may work again").detail(detail::status).look_if(detail::activates),
    step(WayIn, "iam", &["CreateRole"], "made role {}", "made {} roles", &["q.roleName"], "an identity that stays"),
    step(WayIn, "iam", &["UpdateAssumeRolePolicy"], "changed who may assume {}", "changed who may assume {} roles",
        &["q.roleName"], "a role may be assumed from outside").look(),
    step(WayIn, "iam", &["UploadSSHPublicKey", "CreateServiceSpecificCredential", "ResetServiceSpecificCredential",
        "UploadSigningCertificate"], "gave {} another credential", "gave {} users another credential",
        &["q.userName", "r.certificate.userName"], "a credential that is easily overlooked").look(),
    step(WayIn, "iam", &["CreateSAMLProvider", "UpdateSAMLProvider", "CreateOpenIDConnectProvider",
        "UpdateOpenIDConnectProviderThumbprint", "AddClientIDToOpenIDConnectProvider"],
        "changed who is trusted to sign people in: {}", "changed {} identity providers",
        &["q.name", "q.sAMLProviderArn", "q.url", "q.openIDConnectProviderArn"], "outsiders may sign in").look(),
    step(WayIn, "rolesanywhere", &["CreateTrustAnchor", "UpdateTrustAnchor", "CreateProfile", "UpdateProfile"],
        "changed Roles Anywhere: {}", "changed {} parts of Roles Anywhere", &["q.name", "q.trustAnchorId", "q.profileId"],
        "a certificate becomes a way in").look(),
    step(WayIn, "sso", &["CreateAccountAssignment"], "gave {} access to an account", "gave {} principals access to accounts",
        &["q.principalId"], "Identity Center access").look(),
    step(WayIn, "sso-directory", &["CreateUser", "UpdatePassword", "AddMemberToGroup"], "changed Identity Center users: {}",
        "changed {} Identity Center users", &["q.userName", "q.userId", "q.memberId"], "Identity Center access").look(),
    step(WayIn, "identitystore", &["CreateUser", "CreateGroupMembership"], "changed Identity Center users: {}",
        "changed {} Identity Center users", &["q.userName", "q.memberId.userId"], "Identity Center access").look(),
    step(WayIn, "eks", &["CreateAccessEntry", "AssociateAccessPolicy"], "let {} into a Kubernetes cluster",
        "let {} principals into Kubernetes clusters", &["q.principalArn"], "cluster access").look(),
    step(WayIn, "ec2", &["CreateKeyPair", "ImportKeyPair"], "made key pair {}", "made {} key pairs", &["q.keyName"],
        "a way into instances launched with it"),
    step(WayIn, "lightsail", &["DownloadDefaultKeyPair", "GetInstanceAccessDetails"], "took the keys of Lightsail instances: {}",
        "took the keys of {} Lightsail instances", &["q.instanceName"], "a way into instances").look(),
    step(WayIn, "ssm", &["CreateActivation"], "made a hybrid activation", "made hybrid activations", NONE,
        "machines outside can join as managed nodes").look(),
    // Permissions.
    step(Privilege, "iam", &["AttachUserPolicy", "AttachRolePolicy", "AttachGroupPolicy"], "gave {} a policy", "gave {} identities a policy",
        &["q.userName", "q.roleName", "q.groupName"], "widens permissions").detail(detail::policy_name).look_if(detail::admin),
    step(Privilege, "iam", &["PutUserPolicy", "PutRolePolicy", "PutGroupPolicy"], "wrote an inline policy for {}",
        "wrote inline policies for {} identities", &["q.userName", "q.roleName", "q.groupName"], "widens permissions")
        .detail(detail::policy_name).look_if(detail::admin),
    step(Privilege, "iam", &["CreatePolicyVersion", "SetDefaultPolicyVersion"], "changed policy {}", "changed {} policies",
        &["q.policyArn"], "widens permissions of all who have it").look_if(detail::default_version),
    step(Privilege, "iam", &["AddUserToGroup"], "added {} to a group", "added {} users to a group", &["q.userName"],
        "widens permissions").detail(detail::group).look(),
    step(Privilege, "iam", &["DeleteUserPermissionsBoundary", "DeleteRolePermissionsBoundary"],
        "took the permissions boundary off {}", "took the permissions boundary off {} identities",
        &["q.userName", "q.roleName"], "a ceiling is gone").look(),
    step(Privilege, "iam", &["DeactivateMFADevice", "DeleteVirtualMFADevice"], "took MFA away: {}", "took {} MFA devices away",
        &["q.userName", "q.serialNumber"], "a password alone is enough").look(),
    step(Privilege, "iam", &["EnableMFADevice", "CreateVirtualMFADevice", "ResyncMFADevice"], "set an MFA device: {}",
        "set {} MFA devices", &["q.userName", "q.virtualMFADeviceName"], "an MFA device of someone else keeps the owner out"),
    step(Privilege, "iam", &["UpdateAccountPasswordPolicy", "DeleteAccountPasswordPolicy"], "changed the password policy",
        "changed the password policy", NONE, "weaker passwords"),
    step(Privilege, "sso", &["AttachManagedPolicyToPermissionSet", "PutInlinePolicyToPermissionSet"],
        "widened permission set {}", "widened {} permission sets", &["q.permissionSetArn"], "widens permissions").look(),
    step(Privilege, "organizations", &["DetachPolicy", "DeletePolicy", "UpdatePolicy", "DisablePolicyType"],
        "changed organization policy {}", "changed {} organization policies", &["q.policyId", "q.policyType"], "a ceiling is gone").look(),
    step(Privilege, "ec2", &["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"],
        "gave a role to instance {}", "gave roles to {} instances",
        &["q.instanceId", "q.AssociateIamInstanceProfileRequest.InstanceId", "q.associationId"],
        "code on the instance gets the role").look(),
    // Secrets.
    step(Secret, "secretsmanager", &["GetSecretValue", "BatchGetSecretValue"], "read secret {}", "read {} secrets",
        &["q.secretId", "q.secretIdList"], "secrets are known now"),
    step(Secret, "ssm", &["GetParameter", "GetParameters", "GetParametersByPath", "GetParameterHistory"],
        "read parameter {}", "read {} parameters", &["q.name", "q.names", "q.path"], "parameters often hold secrets"),
    step(Secret, "ec2", &["GetPasswordData"], "asked for the Windows password of {}", "asked for the Windows passwords of {} instances",
        &["q.instanceId"], "a way into the instance").look(),
    step(Secret, "ec2", &["DescribeInstanceAttribute"], "read the user data of {}", "read the user data of {} instances",
        &["q.instanceId"], "user data often holds secrets").when(detail::user_data),
    step(Secret, "ec2", &["GetLaunchTemplateData", "GetConsoleOutput", "GetConsoleScreenshot"],
        "read what {} shows", "read what {} instances show", &["q.instanceId"], "may show secrets"),
    step(Secret, "iam", &["GetAccountAuthorizationDetails"], "read all identities and policies", "read all identities and policies",
        NONE, "a map of the account"),
    step(Secret, "iam", &["GetCredentialReport", "GenerateCredentialReport"], "read the credential report", "read the credential report",
        NONE, "a list of all users and keys"),
    step(Secret, "redshift", &["GetClusterCredentials", "GetClusterCredentialsWithIAM"], "took database credentials of {}",
        "took database credentials of {} clusters", &["q.clusterIdentifier"], "a way into the database").look(),
    step(Secret, "acm", &["ExportCertificate"], "exported the private key of {}", "exported the private keys of {} certificates",
        &["q.certificateArn"], "the certificate can be used elsewhere").look(),
    // Execution.
    step(Execution, "ssm", &["SendCommand"], "ran a command on {}", "ran commands on {} instances",
        &["q.instanceIds", "q.targets.values", "q.documentName"], "code ran on machines").detail(detail::command).look(),
    step(Execution, "ssm", &["StartSession", "ResumeSession"], "opened a shell session on {}", "opened shell sessions on {} instances",
        &["q.target", "q.sessionId"], "someone typed on a machine").detail(detail::document).look(),
    step(Execution, "ssm", &["StartAutomationExecution", "CreateAssociation"], "started automation {}", "started {} automations",
        &["q.documentName", "q.name"], "code runs on machines").look(),
    step(Execution, "ec2-instance-connect", &["SendSSHPublicKey", "SendSerialConsoleSSHPublicKey", "OpenTunnel"],
        "sent an SSH key to {}", "sent SSH keys to {} instances", &["q.instanceId"], "a way into the instance").look(),
    step(Execution, "ec2", &["EnableSerialConsoleAccess"], "switched serial console access on", "switched serial console access on",
        NONE, "a way into instances").look(),
    step(Execution, "ec2", &["RunInstances", "RequestSpotInstances", "RequestSpotFleet", "CreateFleet"],
        "launched instance {}", "launched {} instances", &["r.instancesSet.instanceId", "-"], "machines with roles; also mining")
        .detail(detail::launched),
    step(Execution, "ec2", &["ModifyInstanceAttribute"], "replaced the user data of {}", "replaced the user data of {} instances",
        &["q.instanceId"], "code runs at the next start").when(detail::sets_user_data).look(),
    step(Execution, "ec2", &["ModifyInstanceMetadataOptions"], "changed the metadata service of {}",
        "changed the metadata service of {} instances", &["q.instanceId"], "credentials may be easier to steal").when(detail::weak_metadata).look(),
    step(Execution, "lambda", &["UpdateFunctionCode"], "replaced the code of function {}", "replaced the code of {} functions",
        &["q.functionName"], "code runs with the function's role").look(),
    step(Execution, "lambda", &["UpdateFunctionConfiguration"], "changed the settings of function {}",
        "changed the settings of {} functions", &["q.functionName"], "layers and environment can carry code").when(detail::changes_code),
    step(Execution, "lambda", &["CreateFunction"], "made function {}", "made {} functions", &["q.functionName"],
        "code runs with a role").detail(detail::role),
    step(Execution, "ecs", &["ExecuteCommand"], "ran a command in a container of {}", "ran commands in containers of {} clusters",
        &["q.cluster"], "code ran in a container").look(),
    step(Execution, "ecs", &["RunTask", "StartTask", "RegisterTaskDefinition"], "started or defined task {}", "started or defined {} tasks",
        &["q.taskDefinition", "q.family"], "code runs with a role"),
    step(Execution, "glue", &["CreateDevEndpoint", "UpdateDevEndpoint"], "changed Glue endpoint {}", "changed {} Glue endpoints",
        &["q.endpointName"], "a shell with a role").look(),
    step(Execution, "sagemaker", &["CreatePresignedNotebookInstanceUrl", "CreatePresignedDomainUrl"],
        "made a link into notebook {}", "made links into {} notebooks", &["q.notebookInstanceName", "q.domainId"], "a shell with a role").look(),
    step(Execution, "codebuild", &["StartBuild", "CreateProject", "UpdateProject"], "changed or started build {}",
        "changed or started {} builds", &["q.projectName", "q.name"], "code runs with a role"),
    step(Execution, "cloudformation", &["CreateStack", "UpdateStack", "CreateStackSet", "CreateStackInstances"],
        "deployed stack {}", "deployed {} stacks", &["q.stackName", "q.stackSetName"], "makes many things at once"),
    step(Execution, "cloudshell", &["CreateSession", "CreateEnvironment", "StartEnvironment"], "opened CloudShell", "opened CloudShell",
        NONE, "a shell in the account"),
    step(Execution, "bedrock", &["InvokeModel", "InvokeModelWithResponseStream", "Converse", "ConverseStream"],
        "called model {}", "called {} models", &["q.modelId"], "costs money; stolen keys are used for it"),
    // Logging and detection.
    step(Logging, "cloudtrail", &["StopLogging"], "trail {}: logging stopped", "logging of {} trails stopped", &["q.name"],
        "what came after may not be logged").look().change("trail", "stopped"),
    step(Logging, "cloudtrail", &["DeleteTrail"], "trail {} deleted", "{} trails deleted", &["q.name"],
        "what came after may not be logged").look().change("trail", "deleted"),
    step(Logging, "cloudtrail", &["UpdateTrail"], "trail {} changed", "{} trails changed", &["q.name"],
        "logs may go elsewhere or miss regions").detail(detail::trail).look_if(detail::weaker_trail).change("trail", "changed"),
    step(Logging, "cloudtrail", &["PutEventSelectors"], "trail {}: what it logs was changed", "what {} trails log was changed",
        &["q.trailName"], "events may be missing").detail(detail::selectors).look_if(detail::weaker_selectors).change("trail", "weakened"),
    step(Logging, "cloudtrail", &["PutInsightSelectors", "DeregisterOrganizationDelegatedAdmin"], "CloudTrail settings changed: {}",
        "CloudTrail settings changed", &["q.trailName"], "detection may be weaker").change("trail", "changed"),
    step(Logging, "cloudtrail", &["DeleteEventDataStore", "StopEventDataStoreIngestion"], "event data store {} stopped or deleted",
        "{} event data stores stopped or deleted", &["q.eventDataStore"], "logs are lost").look().change("event data store", "stopped or deleted"),
    step(Logging, "cloudtrail", &["CreateTrail"], "trail {} made", "{} trails made", &["q.name"], "logs may go to another bucket").change("trail", "made"),
    step(Logging, "cloudtrail", &["StartLogging"], "trail {}: logging started", "logging of {} trails started", &["q.name"],
        "before it, nothing was logged there").change("trail", "started"),
    step(Logging, "s3", &["PutBucketLifecycle", "PutBucketLifecycleConfiguration", "PutLifecycleConfiguration"],
        "log bucket {}: lifecycle set", "lifecycle of {} log buckets set", &["q.bucketName"], "logs may expire early")
        .detail(detail::expiry).look().log_buckets_only().change("log bucket", "expiring"),
    step(Logging, "s3", &["DeleteBucket"], "log bucket {} deleted", "{} log buckets deleted", &["q.bucketName"],
        "logs are gone").log_buckets_only().change("log bucket", "deleted"),
    step(Logging, "s3", &["PutBucketLogging"], "access logging of bucket {} switched off", "access logging of {} buckets switched off",
        &["q.bucketName"], "access to objects is not logged").when(detail::no_bucket_logging).look().change("bucket", "without access log"),
    step(Logging, "ec2", &["DeleteFlowLogs"], "flow log {} deleted", "{} flow logs deleted", &["q.flowLogId"],
        "network traffic is not logged").look().change("flow log", "deleted"),
    step(Logging, "logs", &["DeleteLogGroup", "DeleteLogStream"], "log group {} deleted", "{} log groups deleted",
        &["q.logGroupName"], "logs are gone").look().change("log group", "deleted"),
    step(Logging, "logs", &["PutRetentionPolicy"], "log group {}: retention set", "retention of {} log groups set",
        &["q.logGroupName"], "logs may expire early").detail(detail::retention).change("log group", "expiring"),
    step(Logging, "logs", &["DeleteSubscriptionFilter", "DeleteDestination", "DeleteMetricFilter", "DeleteDelivery"],
        "log forwarding removed: {}", "{} log forwardings removed", &["q.logGroupName", "q.destinationName", "q.id"],
        "detection may be blind").look().change("log forwarding", "removed"),
    step(Logging, "guardduty", &["DeleteDetector", "StopMonitoringMembers", "DisassociateMembers", "DeleteMembers",
        "DisassociateFromMasterAccount", "DisassociateFromAdministratorAccount", "DeletePublishingDestination",
        "DisableOrganizationAdminAccount", "DeleteInvitations"],
        "GuardDuty weakened: {}", "GuardDuty weakened", &["q.detectorId"], "threats are not detected").look().change("GuardDuty", "weakened"),
    step(Logging, "guardduty", &["UpdateDetector"], "GuardDuty detector {} changed", "{} GuardDuty detectors changed",
        &["q.detectorId"], "threats may not be detected").detail(detail::enabled).look_if(detail::disables).change("GuardDuty", "changed"),
    step(Logging, "guardduty", &["CreateFilter", "UpdateFilter", "CreateIPSet", "UpdateIPSet", "ArchiveFindings"],
        "GuardDuty findings suppressed: {}", "GuardDuty findings suppressed", &["q.name", "q.detectorId"], "findings are hidden").look().change("GuardDuty", "suppressed"),
    step(Logging, "securityhub", &["DisableSecurityHub", "DeleteMembers", "DisassociateMembers", "BatchDisableStandards",
        "DisableImportFindingsForProduct", "DisassociateFromMasterAccount", "DisassociateFromAdministratorAccount"],
        "Security Hub weakened", "Security Hub weakened", NONE, "findings are hidden").look().change("Security Hub", "weakened"),
    step(Logging, "config", &["StopConfigurationRecorder", "DeleteConfigurationRecorder", "DeleteDeliveryChannel",
        "DeleteConfigRule", "DeleteOrganizationConfigRule", "DeleteConfigurationAggregator", "DeleteRetentionConfiguration"],
        "AWS Config weakened: {}", "AWS Config weakened: {} parts",
        &["q.configurationRecorderName", "q.deliveryChannelName", "q.configRuleName"], "changes are not recorded").look().change("AWS Config", "weakened"),
    step(Logging, "macie2", &["DisableMacie", "DisableOrganizationAdminAccount"], "Macie switched off", "Macie switched off",
        NONE, "findings are hidden").look().change("Macie", "off"),
    step(Logging, "inspector2", &["Disable"], "Inspector switched off", "Inspector switched off", NONE, "findings are hidden").look().change("Inspector", "off"),
    step(Logging, "detective", &["DeleteGraph"], "Detective graph {} deleted", "{} Detective graphs deleted", &["q.graphArn"],
        "evidence is gone").look().change("Detective graph", "deleted"),
    step(Logging, "access-analyzer", &["DeleteAnalyzer", "CreateArchiveRule"], "Access Analyzer {} weakened", "{} analyzers weakened",
        &["q.analyzerName"], "openings are not reported").look().change("Access Analyzer", "weakened"),
    step(Logging, "monitoring", &["DeleteAlarms", "DisableAlarmActions"], "alarm {} switched off", "{} alarms switched off",
        &["q.alarmNames"], "nobody is told").look().change("alarm", "off"),
    step(Logging, "events", &["DeleteRule", "DisableRule", "RemoveTargets"], "event rule {} switched off", "{} event rules switched off",
        &["q.name", "q.rule"], "nobody is told").look().change("event rule", "off"),
    step(Logging, "wafv2", &["DeleteLoggingConfiguration", "DeleteWebACL", "DeleteRuleGroup", "DisassociateWebACL"],
        "web firewall weakened: {}", "web firewall weakened: {} parts", &["q.name", "q.resourceArn"], "requests are not stopped or logged").look().change("web firewall", "weakened"),
    step(Logging, "route53resolver", &["DeleteResolverQueryLogConfig", "DisassociateResolverQueryLogConfig"],
        "DNS query logging removed: {}", "{} DNS query loggings removed", &["q.resolverQueryLogConfigId"], "DNS is not logged").look().change("DNS log", "removed"),
    step(Logging, "bedrock", &["DeleteModelInvocationLoggingConfiguration", "PutModelInvocationLoggingConfiguration"],
        "model logging changed", "model logging changed", NONE, "model calls may not be logged").look().change("model log", "changed"),
    // Data.
    step(Data, "ec2", &["CreateInstanceExportTask", "ExportImage", "CreateStoreImageTask"], "exported {}", "exported {} images",
        &["q.instanceId", "q.imageId"], "data leaves the account").look(),
    step(Data, "ec2", &["CreateTrafficMirrorSession"], "mirrors network traffic of {}", "mirrors network traffic of {} interfaces",
        &["q.networkInterfaceId", "q.CreateTrafficMirrorSessionRequest.NetworkInterfaceId"], "traffic can be read").look(),
    step(Data, "rds", &["StartExportTask"], "exported database {}", "exported {} databases", &["q.sourceArn"],
        "data leaves the database").look(),
    step(Data, "s3", &["PutBucketReplication"], "copies bucket {} elsewhere", "copies {} buckets elsewhere", &["q.bucketName"],
        "data leaves the bucket").detail(detail::replication).look(),
    step(Data, "sns", &["Subscribe"], "subscribed to {}", "subscribed to {} topics", &["q.topicArn"], "messages go to a new place")
        .detail(detail::endpoint),
    step(Data, "logs", &["PutSubscriptionFilter"], "forwards log group {}", "forwards {} log groups", &["q.logGroupName"],
        "logs go to a new place").detail(detail::destination),
    step(Data, "datasync", &["CreateTask", "StartTaskExecution"], "copies data with DataSync", "copies data with DataSync", NONE,
        "data leaves").look(),
    step(Data, "transfer", &["CreateServer", "CreateUser"], "made a file transfer server or user: {}",
        "made {} file transfer servers or users", &["q.userName", "r.serverId"], "data can leave").look(),
    step(Data, "ec2", &["DisableEbsEncryptionByDefault", "DisableSnapshotBlockPublicAccess", "DisableImageBlockPublicAccess"],
        "guard switched off", "guards switched off", NONE, "snapshots and images can be opened").look(),
    // Destruction.
    step(Destruction, "kms", &["ScheduleKeyDeletion", "DisableKey"], "KMS key {} disabled or to be deleted",
        "{} KMS keys disabled or to be deleted", &["q.keyId"], "what it encrypts is lost").detail(detail::due).look(),
    step(Destruction, "backup", &["DeleteRecoveryPoint", "DeleteBackupVault", "DeleteBackupPlan"], "backup removed: {}",
        "{} backups removed", &["q.recoveryPointArn", "q.backupVaultName", "q.backupPlanId"], "no way back").look(),
    step(Destruction, "rds", &["DeleteDBCluster", "DeleteGlobalCluster", "DeleteDBClusterAutomatedBackup", "DeleteDBInstanceAutomatedBackup"],
        "database {} deleted", "{} databases deleted", &["q.dBClusterIdentifier", "q.globalClusterIdentifier"], "data is lost").look(),
    step(Destruction, "elasticfilesystem", &["DeleteFileSystem"], "file system {} deleted", "{} file systems deleted",
        &["q.fileSystemId"], "data is lost").look(),
    step(Destruction, "s3", &["PutBucketVersioning"], "versions of bucket {} switched off", "versions of {} buckets switched off",
        &["q.bucketName"], "overwritten objects are lost").when(detail::suspends_versions).look(),
    // Account and money.
    step(Account, "organizations", &["LeaveOrganization", "RemoveAccountFromOrganization", "DeleteOrganization"],
        "left the organization", "left the organization", NONE, "its ceilings and its logs end").look(),
    step(Account, "organizations", &["InviteAccountToOrganization", "CreateAccount", "CloseAccount", "MoveAccount",
        "RegisterDelegatedAdministrator", "EnableAWSServiceAccess"], "changed the organization: {}", "changed the organization {} times",
        &["q.target.id", "q.accountId", "q.accountName", "q.servicePrincipal"], "who governs which account").look(),
    step(Account, "account", &["EnableRegion", "DisableRegion"], "switched a region on or off: {}", "switched {} regions on or off",
        &["q.regionName"], "a region nobody watches").look(),
    step(Account, "account", &["PutContactInformation", "PutAlternateContact", "DeleteAlternateContact", "StartPrimaryEmailUpdate"],
        "changed the account's contacts", "changed the account's contacts", NONE, "warnings go elsewhere").look(),
    step(Account, "ses", &["VerifyEmailIdentity", "VerifyDomainIdentity", "CreateEmailIdentity", "UpdateAccountSendingEnabled",
        "PutAccountDetails", "PutAccountSendingAttributes"], "prepared sending mail: {}", "prepared sending mail: {} identities",
        &["q.emailAddress", "q.emailIdentity", "q.domain"], "phishing and spam").look(),
    step(Account, "ses", &["GetAccount", "GetSendQuota", "GetAccountSendingEnabled", "ListIdentities", "ListEmailIdentities"],
        "looked at mail sending", "looked at mail sending", NONE, "often the first step of mail abuse"),
    step(Account, "sns", &["GetSMSAttributes", "SetSMSAttributes", "GetSMSSandboxAccountStatus"], "looked at text message sending",
        "looked at text message sending", NONE, "often the first step of message abuse"),
    step(Account, "servicequotas", &["RequestServiceQuotaIncrease"], "asked for a higher quota: {}", "asked for {} higher quotas",
        &["q.quotaCode"], "often for mining").look(),
    step(Account, "support", &["CreateCase"], "opened a support case", "opened support cases", NONE, "may ask for limits or access"),
    step(Account, "route53", &["ChangeResourceRecordSets"], "changed DNS of {}", "changed DNS of {} zones", &["q.hostedZoneId"],
        "traffic may go elsewhere"),
    step(Account, "route53domains", &["DisableDomainTransferLock", "TransferDomainToAnotherAwsAccount", "UpdateDomainNameservers"],
        "changed domain {}", "changed {} domains", &["q.domainName"], "the domain may be lost").look(),
];
