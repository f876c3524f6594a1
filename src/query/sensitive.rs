//! The calls that change who may do what, who is watching, and who can see in.
//!
//! A call is here for what it *can* do: `PutBucketPolicy` may open a bucket to everyone or close it. What it did stands
//! in its parameters.

use std::sync::LazyLock;

use hashbrown::HashMap;

/// What a sensitive call touches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Category {
    /// Users, roles, groups and what they may do.
    Identity,
    /// Who may take on a role or enter an account from outside.
    Trust,
    /// What is recorded and what watches.
    Logging,
    /// Access keys, passwords, MFA devices, encryption keys.
    Keys,
    /// Who outside the account can reach data, code and networks.
    Exposure,
}

impl Category {
    /// The word for it in SQL.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Category::Identity => "identity",
            Category::Trust => "trust",
            Category::Logging => "logging",
            Category::Keys => "keys",
            Category::Exposure => "exposure",
        }
    }
}

/// A sensitive call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sensitive {
    /// The service, without `.amazonaws.com`.
    pub service: &'static str,
    /// The event name, without a version suffix.
    pub name: &'static str,
    /// What it touches.
    pub category: Category,
    /// Why it matters, in a few words.
    pub why: &'static str,
}

macro_rules! sensitive {
    ($($category:ident $service:literal { $($name:literal $why:literal,)+ })+) => {
        /// Every sensitive call.
        pub static SENSITIVE: &[Sensitive] = &[
            $($(Sensitive { service: $service, name: $name, category: Category::$category, why: $why },)+)+
        ];
    };
}

sensitive! {
    Identity "iam" {
        "AddRoleToInstanceProfile" "an instance can act as this role",
        "AddUserToGroup" "the user gets the group's permissions",
        "AttachGroupPolicy" "permissions added to a group",
        "AttachRolePolicy" "permissions added to a role",
        "AttachUserPolicy" "permissions added to a user",
        "CreateGroup" "group made",
        "CreateInstanceProfile" "instance profile made",
        "CreatePolicy" "policy made",
        "CreatePolicyVersion" "policy changed for all it is attached to",
        "CreateRole" "role made, with its trust",
        "CreateServiceLinkedRole" "service-linked role made",
        "CreateUser" "user made",
        "DeleteGroup" "group deleted",
        "DeleteGroupPolicy" "inline policy of a group deleted",
        "DeletePolicy" "policy deleted",
        "DeletePolicyVersion" "policy version deleted",
        "DeleteRole" "role deleted",
        "DeleteRolePermissionsBoundary" "ceiling of a role lifted",
        "DeleteRolePolicy" "inline policy of a role deleted",
        "DeleteUser" "user deleted",
        "DeleteUserPermissionsBoundary" "ceiling of a user lifted",
        "DeleteUserPolicy" "inline policy of a user deleted",
        "DetachGroupPolicy" "policy taken from a group",
        "DetachRolePolicy" "policy taken from a role",
        "DetachUserPolicy" "policy taken from a user",
        "PutGroupPolicy" "inline policy written to a group",
        "PutRolePermissionsBoundary" "ceiling of a role changed",
        "PutRolePolicy" "inline policy written to a role",
        "PutUserPermissionsBoundary" "ceiling of a user changed",
        "PutUserPolicy" "inline policy written to a user",
        "RemoveUserFromGroup" "the user loses the group's permissions",
        "SetDefaultPolicyVersion" "another version of a policy made effective",
        "UpdateRole" "role's session length or description changed",
        "UpdateUser" "user renamed or moved",
    }
    Identity "sso" {
        "AttachCustomerManagedPolicyReferenceToPermissionSet" "permissions added to a permission set",
        "AttachManagedPolicyToPermissionSet" "permissions added to a permission set",
        "CreateAccountAssignment" "a user or group gets into an account",
        "CreatePermissionSet" "permission set made",
        "DeleteAccountAssignment" "a user or group loses an account",
        "ProvisionPermissionSet" "permission set rolled out to accounts",
        "PutInlinePolicyToPermissionSet" "inline policy written to a permission set",
        "PutPermissionsBoundaryToPermissionSet" "ceiling of a permission set changed",
    }
    Identity "sso-directory" {
        "AddMemberToGroup" "the user gets the group's assignments",
        "CreateGroup" "Identity Center group made",
        "CreateUser" "Identity Center user made",
        "DeleteUser" "Identity Center user deleted",
        "DisableUser" "Identity Center user switched off",
        "EnableUser" "Identity Center user switched on",
    }
    Identity "identitystore" {
        "CreateGroupMembership" "the user gets the group's assignments",
        "CreateUser" "Identity Center user made",
        "DeleteUser" "Identity Center user deleted",
    }
    Identity "organizations" {
        "AttachPolicy" "organization policy attached",
        "CreateAccount" "account made",
        "DeletePolicy" "organization policy deleted",
        "DetachPolicy" "organization policy taken off",
        "DisablePolicyType" "organization policies of a kind switched off",
        "InviteAccountToOrganization" "account invited",
        "LeaveOrganization" "account leaves the organization's policies and trails",
        "MoveAccount" "account moved under other policies",
        "RemoveAccountFromOrganization" "account leaves the organization's policies and trails",
        "UpdatePolicy" "organization policy changed",
    }
    Trust "iam" {
        "AddClientIDToOpenIDConnectProvider" "another client of an outside provider is trusted",
        "CreateOpenIDConnectProvider" "outside OIDC provider trusted",
        "CreateSAMLProvider" "outside SAML provider trusted",
        "DeleteOpenIDConnectProvider" "outside OIDC provider no longer trusted",
        "DeleteSAMLProvider" "outside SAML provider no longer trusted",
        "UpdateAssumeRolePolicy" "who may assume the role changed",
        "UpdateOpenIDConnectProviderThumbprint" "certificate of an outside provider changed",
        "UpdateSAMLProvider" "metadata of an outside provider changed",
        "EnableOrganizationsRootCredentialsManagement" "root credentials of members managed centrally",
        "EnableOrganizationsRootSessions" "root sessions in member accounts allowed",
    }
    Trust "organizations" {
        "AcceptHandshake" "joined an organization, or all its features",
        "DeregisterDelegatedAdministrator" "account is no longer administrator of a service",
        "EnableAWSServiceAccess" "service trusted in the whole organization",
        "RegisterDelegatedAdministrator" "account made administrator of a service",
    }
    Trust "rolesanywhere" {
        "CreateProfile" "roles can be had with certificates",
        "CreateTrustAnchor" "outside certificate authority trusted",
        "EnableProfile" "roles can be had with certificates",
        "EnableTrustAnchor" "outside certificate authority trusted",
        "UpdateProfile" "roles to be had with certificates changed",
        "UpdateTrustAnchor" "outside certificate authority changed",
    }
    Trust "sso" {
        "CreateTrustedTokenIssuer" "outside token issuer trusted",
        "StartSSO" "Identity Center switched on",
        "UpdateSSOConfiguration" "Identity Center's source changed",
        "UpdateSsoConfiguration" "Identity Center's source changed",
    }
    Trust "sts" {
        "AssumeRoot" "root session of a member account",
    }
    Logging "cloudtrail" {
        "CreateTrail" "trail made",
        "DeleteEventDataStore" "event data store deleted",
        "DeleteTrail" "trail deleted",
        "DeregisterOrganizationDelegatedAdmin" "CloudTrail administrator removed",
        "PutEventSelectors" "what the trail records changed",
        "PutInsightSelectors" "what the trail finds unusual changed",
        "PutResourcePolicy" "who may write or read the event store changed",
        "StartLogging" "trail records again",
        "StopEventDataStoreIngestion" "event data store takes no more events",
        "StopLogging" "trail records no more",
        "UpdateEventDataStore" "what the event data store keeps changed",
        "UpdateTrail" "where or what the trail records changed",
    }
    Logging "config" {
        "DeleteConfigRule" "configuration rule deleted",
        "DeleteConfigurationRecorder" "configuration recorder deleted",
        "DeleteDeliveryChannel" "configuration history delivered no more",
        "DeleteRetentionConfiguration" "retention of configuration history changed",
        "PutConfigurationRecorder" "what is recorded of the configuration changed",
        "StopConfigurationRecorder" "configuration recorded no more",
    }
    Logging "guardduty" {
        "CreateFilter" "findings may be hidden by a filter",
        "CreateIPSet" "addresses trusted or watched",
        "DeleteDetector" "threat detection deleted",
        "DeleteMembers" "accounts watched no more",
        "DeletePublishingDestination" "findings exported no more",
        "DisassociateFromAdministratorAccount" "account leaves its watcher",
        "DisassociateFromMasterAccount" "account leaves its watcher",
        "DisassociateMembers" "accounts watched no more",
        "StopMonitoringMembers" "accounts watched no more",
        "UpdateDetector" "threat detection changed",
        "UpdateFilter" "findings may be hidden by a filter",
        "UpdateIPSet" "addresses trusted or watched changed",
    }
    Logging "securityhub" {
        "BatchDisableStandards" "security checks switched off",
        "DeleteMembers" "accounts watched no more",
        "DisableSecurityHub" "security findings collected no more",
        "DisassociateFromAdministratorAccount" "account leaves its watcher",
    }
    Logging "macie2" {
        "DisableMacie" "sensitive data watched no more",
    }
    Logging "access-analyzer" {
        "CreateArchiveRule" "findings may be hidden by a rule",
        "DeleteAnalyzer" "outside access watched no more",
    }
    Logging "inspector2" {
        "Disable" "vulnerabilities watched no more",
    }
    Logging "detective" {
        "DeleteGraph" "behaviour graph deleted",
    }
    Logging "ec2" {
        "DeleteFlowLogs" "network flows recorded no more",
    }
    Logging "logs" {
        "DeleteDestination" "log destination deleted",
        "DeleteLogGroup" "logs deleted",
        "DeleteLogStream" "logs deleted",
        "DeleteMetricFilter" "alarm's source deleted",
        "DeleteSubscriptionFilter" "logs forwarded no more",
        "PutRetentionPolicy" "how long logs are kept changed",
    }
    Logging "monitoring" {
        "DeleteAlarms" "alarms deleted",
        "DisableAlarmActions" "alarms tell nobody",
    }
    Logging "events" {
        "DeleteRule" "event rule deleted",
        "DisableRule" "event rule switched off",
        "RemoveTargets" "event rule tells nobody",
    }
    Logging "s3" {
        "DeleteBucketLifecycle" "how long objects are kept changed",
        "PutBucketLifecycle" "how long objects are kept changed",
        "PutBucketLifecycleConfiguration" "how long objects are kept changed",
        "PutBucketLogging" "access log of a bucket changed",
        "PutBucketVersioning" "whether overwritten objects are kept changed",
    }
    Logging "route53resolver" {
        "DeleteResolverQueryLogConfig" "name look-ups recorded no more",
        "DisassociateResolverQueryLogConfig" "name look-ups recorded no more",
    }
    Logging "wafv2" {
        "DeleteLoggingConfiguration" "firewall's log switched off",
        "DeleteWebACL" "firewall deleted",
    }
    Keys "iam" {
        "ChangePassword" "password changed by its user",
        "CreateAccessKey" "long-term key made",
        "CreateLoginProfile" "console password made",
        "CreateServiceSpecificCredential" "credential of a service made",
        "CreateVirtualMFADevice" "MFA device made",
        "DeactivateMFADevice" "MFA switched off for a user",
        "DeleteAccessKey" "long-term key deleted",
        "DeleteAccountPasswordPolicy" "password rules lifted",
        "DeleteLoginProfile" "console password deleted",
        "DeleteVirtualMFADevice" "MFA device deleted",
        "EnableMFADevice" "MFA device given to a user",
        "ResetServiceSpecificCredential" "credential of a service made anew",
        "ResyncMFADevice" "MFA device set anew",
        "UpdateAccessKey" "long-term key switched on or off",
        "UpdateAccountPasswordPolicy" "password rules changed",
        "UpdateLoginProfile" "console password set by another",
        "UploadSSHPublicKey" "SSH key given to a user",
        "UploadSigningCertificate" "signing certificate given to a user",
    }
    Keys "signin" {
        "PasswordRecoveryCompleted" "root password recovered by mail",
        "PasswordRecoveryRequested" "root password recovery asked for",
        "PasswordUpdated" "root password changed",
    }
    Keys "sts" {
        "GetFederationToken" "session that outlives its key",
        "GetSessionToken" "session that outlives its key",
    }
    Keys "kms" {
        "CreateGrant" "use of an encryption key granted",
        "DeleteImportedKeyMaterial" "encryption key made unusable",
        "DisableKey" "encryption key switched off",
        "PutKeyPolicy" "who may use an encryption key changed",
        "ScheduleKeyDeletion" "encryption key will be deleted",
    }
    Keys "ec2" {
        "CreateKeyPair" "SSH key pair made",
        "ImportKeyPair" "SSH key brought in",
    }
    Keys "ec2-instance-connect" {
        "SendSSHPublicKey" "SSH key pushed to an instance",
        "SendSerialConsoleSSHPublicKey" "SSH key pushed to a serial console",
    }
    Exposure "ec2" {
        "AuthorizeSecurityGroupEgress" "traffic out allowed",
        "AuthorizeSecurityGroupIngress" "traffic in allowed",
        "DisableImageBlockPublicAccess" "images may be made public",
        "DisableSnapshotBlockPublicAccess" "snapshots may be made public",
        "EnableSerialConsoleAccess" "serial consoles reachable",
        "ModifyImageAttribute" "who may use an image changed",
        "ModifyInstanceMetadataOptions" "instance metadata protection changed",
        "ModifySecurityGroupRules" "traffic rules changed",
        "ModifySnapshotAttribute" "who may copy a snapshot changed",
        "ModifyVpcEndpointServicePermissions" "who may connect to a service changed",
    }
    Exposure "s3" {
        "DeleteAccountPublicAccessBlock" "public access block of the account lifted",
        "DeleteBucketPolicy" "policy of a bucket deleted",
        "DeleteBucketPublicAccessBlock" "public access block of a bucket lifted",
        "PutAccountPublicAccessBlock" "public access block of the account changed",
        "PutBucketAcl" "who may read or write a bucket changed",
        "PutBucketCors" "which sites may read a bucket changed",
        "PutBucketPolicy" "who may read or write a bucket changed",
        "PutBucketPublicAccessBlock" "public access block of a bucket changed",
        "PutBucketReplication" "objects are copied to another bucket",
        "PutBucketWebsite" "bucket serves a web site",
        "PutObjectAcl" "who may read or write an object changed",
        "PutAccessPointPolicy" "who may use an access point changed",
    }
    Exposure "lambda" {
        "AddLayerVersionPermission" "who may use a layer changed",
        "AddPermission" "who may call a function changed",
        "CreateFunctionUrlConfig" "function got a public address",
        "UpdateFunctionUrlConfig" "public address of a function changed",
    }
    Exposure "rds" {
        "ModifyDBClusterSnapshotAttribute" "who may copy a snapshot changed",
        "ModifyDBSnapshotAttribute" "who may copy a snapshot changed",
    }
    Exposure "redshift" {
        "AuthorizeSnapshotAccess" "another account may restore a snapshot",
    }
    Exposure "ecr" {
        "SetRepositoryPolicy" "who may pull or push images changed",
    }
    Exposure "ecr-public" {
        "CreateRepository" "public image repository made",
    }
    Exposure "secretsmanager" {
        "PutResourcePolicy" "who may read a secret changed",
        "ReplicateSecretToRegions" "secret copied to other regions",
    }
    Exposure "sns" {
        "AddPermission" "who may publish or subscribe changed",
    }
    Exposure "sqs" {
        "AddPermission" "who may send or receive changed",
    }
    Exposure "glacier" {
        "SetVaultAccessPolicy" "who may read a vault changed",
    }
    Exposure "elasticfilesystem" {
        "PutFileSystemPolicy" "who may mount a file system changed",
    }
    Exposure "backup" {
        "PutBackupVaultAccessPolicy" "who may read backups changed",
    }
    Exposure "ram" {
        "AssociateResourceShare" "resource shared with others",
        "CreateResourceShare" "resource shared with others",
    }
    Exposure "ssm" {
        "ModifyDocumentPermission" "who may read a document changed",
        "PutResourcePolicy" "who may read parameters changed",
    }
    Exposure "lakeformation" {
        "GrantPermissions" "data granted",
    }
    Exposure "glue" {
        "PutResourcePolicy" "who may read the catalog changed",
    }
}

/// The sensitive call that a record stands for.
///
/// `source` is `event_source`, with or without `.amazonaws.com`. Event names may end in an API version
/// (`AddPermission20150331v2`), which does not count.
#[must_use]
pub fn find(source: &str, name: &str) -> Option<&'static Sensitive> {
    let service = source.strip_suffix(".amazonaws.com").unwrap_or(source);
    let name = without_version(name);
    BY_NAME.get(&(service, name)).copied()
}

/// [`SENSITIVE`] by service and name: hashed, as every row of a lake may be asked about.
static BY_NAME: LazyLock<HashMap<(&str, &str), &Sensitive>> =
    LazyLock::new(|| SENSITIVE.iter().map(|step| ((step.service, step.name), step)).collect());

/// An event name without the API version that Lambda and CloudFront put at its end.
fn without_version(name: &str) -> &str {
    let trimmed = name.trim_end_matches(|c: char| c.is_ascii_digit() || c == 'v' || c == '_');
    let suffix = name.len().saturating_sub(trimmed.len());
    if suffix >= "20150331".len() { trimmed } else { name }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::{Category, SENSITIVE, find};

    #[test]
    fn every_call_stands_once() {
        let distinct: BTreeSet<_> = SENSITIVE.iter().map(|step| (step.service, step.name)).collect();
        assert_eq!(distinct.len(), SENSITIVE.len());
        assert!(SENSITIVE.len() > 150);
    }

    #[test]
    fn every_category_has_calls() {
        let used: BTreeSet<_> = SENSITIVE.iter().map(|step| step.category).collect();
        assert_eq!(used.len(), 5);
    }

    #[test]
    fn an_api_version_at_the_end_does_not_hide_a_call() {
        let step = find("lambda.amazonaws.com", "AddPermission20150331v2").unwrap();
        assert_eq!((step.name, step.category), ("AddPermission", Category::Exposure));
        assert!(find("lambda.amazonaws.com", "AddPermission2").is_none());
    }

    #[test]
    fn the_same_name_of_another_service_is_another_call() {
        assert_eq!(
            find("cloudtrail.amazonaws.com", "PutResourcePolicy").unwrap().category,
            Category::Logging
        );
        assert_eq!(find("glue.amazonaws.com", "PutResourcePolicy").unwrap().category, Category::Exposure);
        assert!(find("kms.amazonaws.com", "CreateUser").is_none());
    }
}
