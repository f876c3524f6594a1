//! How much harm an action can do: which of what is unused is worth removing first.

use std::collections::HashSet;
use std::sync::LazyLock;

use serde::Serialize;

use crate::catalog::{AccessLevel, Action, Visibility, catalog};

/// The harm that an action can do, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Risk {
    /// Its holder can gain permissions that it was not given: new keys and passwords, changed policies, roles handed to code
    /// that its holder writes.
    PrivilegeEscalation,
    /// It reads what is stored: objects, secrets, rows, messages.
    DataAccess,
    /// AWS's access level `Permissions management`, as far as it is no escalation by itself.
    PermissionsManagement,
    /// It makes, changes or removes something.
    Write,
    /// It only changes tags, which policies may depend on.
    Tagging,
    /// It reads or lists what describes resources.
    Other,
}

impl Risk {
    /// All, the worst first.
    pub const ALL: [Self; 6] = [
        Self::PrivilegeEscalation,
        Self::DataAccess,
        Self::PermissionsManagement,
        Self::Write,
        Self::Tagging,
        Self::Other,
    ];

    /// As JSON and CSV have it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::PrivilegeEscalation => "privilege-escalation",
            Self::DataAccess => "data-access",
            Self::PermissionsManagement => "permissions-management",
            Self::Write => "write",
            Self::Tagging => "tagging",
            Self::Other => "other",
        }
    }

    /// Whether an action of this risk counts as privileged: it can widen what its holder or others may do.
    #[must_use]
    pub fn is_privileged(self) -> bool {
        matches!(self, Self::PrivilegeEscalation | Self::PermissionsManagement)
    }
}

/// Actions by which their holder can gain permissions. What IAM's own are for stands in AWS's reference
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html>); the
/// others run code or commands under a role that is passed to them or that they already have
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_passrole.html>), let their holder into groups, clusters and
/// accounts, or take guards away.
const ESCALATION: &[&str] = &[
    "iam:AddClientIDToOpenIDConnectProvider",
    "iam:AddRoleToInstanceProfile",
    "iam:AddUserToGroup",
    "iam:AttachGroupPolicy",
    "iam:AttachRolePolicy",
    "iam:AttachUserPolicy",
    "iam:ChangePassword",
    "iam:CreateAccessKey",
    "iam:CreateLoginProfile",
    "iam:CreateOpenIDConnectProvider",
    "iam:CreatePolicyVersion",
    "iam:CreateSAMLProvider",
    "iam:CreateServiceSpecificCredential",
    "iam:DeactivateMFADevice",
    "iam:DeleteGroupPolicy",
    "iam:DeleteRolePermissionsBoundary",
    "iam:DeleteRolePolicy",
    "iam:DeleteUserPermissionsBoundary",
    "iam:DeleteUserPolicy",
    "iam:DetachGroupPolicy",
    "iam:DetachRolePolicy",
    "iam:DetachUserPolicy",
    "iam:EnableOrganizationsRootSessions",
    "iam:PassRole",
    "iam:PutGroupPolicy",
    "iam:PutRolePermissionsBoundary",
    "iam:PutRolePolicy",
    "iam:PutUserPermissionsBoundary",
    "iam:PutUserPolicy",
    "iam:RemoveUserFromGroup",
    "iam:ResetServiceSpecificCredential",
    "iam:SetDefaultPolicyVersion",
    "iam:UpdateAccessKey",
    "iam:UpdateAccountPasswordPolicy",
    "iam:UpdateAssumeRolePolicy",
    "iam:UpdateLoginProfile",
    "iam:UpdateOpenIDConnectProviderThumbprint",
    "iam:UpdateSAMLProvider",
    "iam:UploadSSHPublicKey",
    "iam:UploadSigningCertificate",
    "sts:AssumeRole",
    "sts:AssumeRoot",
    "apprunner:CreateService",
    "apprunner:UpdateService",
    "autoscaling:CreateAutoScalingGroup",
    "autoscaling:CreateLaunchConfiguration",
    "autoscaling:UpdateAutoScalingGroup",
    "batch:RegisterJobDefinition",
    "batch:SubmitJob",
    "bedrock-agentcore:CreateCodeInterpreter",
    "cloudformation:CreateStack",
    "cloudformation:CreateStackInstances",
    "cloudformation:CreateStackSet",
    "cloudformation:ExecuteChangeSet",
    "cloudformation:UpdateStack",
    "cloudformation:UpdateStackInstances",
    "cloudformation:UpdateStackSet",
    "codebuild:CreateProject",
    "codebuild:StartBuild",
    "codebuild:StartBuildBatch",
    "codebuild:UpdateProject",
    "cognito-identity:SetIdentityPoolRoles",
    "cognito-idp:AdminSetUserPassword",
    "datapipeline:PutPipelineDefinition",
    "ec2-instance-connect:SendSSHPublicKey",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey",
    "ec2:AssociateIamInstanceProfile",
    "ec2:CreateFleet",
    "ec2:CreateLaunchTemplateVersion",
    "ec2:ModifyInstanceAttribute",
    "ec2:ModifyLaunchTemplate",
    "ec2:ReplaceIamInstanceProfileAssociation",
    "ec2:RequestSpotFleet",
    "ec2:RequestSpotInstances",
    "ec2:RunInstances",
    "ecs:CreateService",
    "ecs:ExecuteCommand",
    "ecs:RegisterContainerInstance",
    "ecs:RegisterTaskDefinition",
    "ecs:RunTask",
    "ecs:StartTask",
    "ecs:UpdateService",
    "eks:AssociateAccessPolicy",
    "eks:CreateAccessEntry",
    "eks:UpdateAccessEntry",
    "elasticbeanstalk:CreateEnvironment",
    "elasticbeanstalk:UpdateEnvironment",
    "elasticmapreduce:AddJobFlowSteps",
    "elasticmapreduce:RunJobFlow",
    "emr-serverless:StartJobRun",
    "events:PutTargets",
    "glue:CreateDevEndpoint",
    "glue:CreateJob",
    "glue:CreateSession",
    "glue:UpdateDevEndpoint",
    "glue:UpdateJob",
    "identitystore:CreateGroupMembership",
    "imagebuilder:CreateInfrastructureConfiguration",
    "lambda:AddPermission",
    "lambda:CreateEventSourceMapping",
    "lambda:CreateFunction",
    "lambda:UpdateFunctionCode",
    "lambda:UpdateFunctionConfiguration",
    "organizations:AttachPolicy",
    "organizations:DeletePolicy",
    "organizations:DetachPolicy",
    "organizations:DisablePolicyType",
    "organizations:LeaveOrganization",
    "organizations:MoveAccount",
    "organizations:UpdatePolicy",
    "rolesanywhere:CreateProfile",
    "rolesanywhere:CreateTrustAnchor",
    "rolesanywhere:UpdateProfile",
    "rolesanywhere:UpdateTrustAnchor",
    "sagemaker:CreateHyperParameterTuningJob",
    "sagemaker:CreateModel",
    "sagemaker:CreateNotebookInstance",
    "sagemaker:CreatePresignedDomainUrl",
    "sagemaker:CreatePresignedNotebookInstanceUrl",
    "sagemaker:CreateProcessingJob",
    "sagemaker:CreateTrainingJob",
    "scheduler:CreateSchedule",
    "scheduler:UpdateSchedule",
    "ssm:CreateAssociation",
    "ssm:ResumeSession",
    "ssm:SendCommand",
    "ssm:StartAutomationExecution",
    "ssm:StartSession",
    "ssm:UpdateAssociation",
    "sso:AttachCustomerManagedPolicyReferenceToPermissionSet",
    "sso:AttachManagedPolicyToPermissionSet",
    "sso:CreateAccountAssignment",
    "sso:DeleteInlinePolicyFromPermissionSet",
    "sso:DeletePermissionsBoundaryFromPermissionSet",
    "sso:PutInlinePolicyToPermissionSet",
    "sso:PutPermissionsBoundaryToPermissionSet",
    "states:CreateStateMachine",
    "states:UpdateStateMachine",
];

/// Management calls that give out what is stored. Reads that AWS logs as data events count as well.
const DATA: &[&str] = &[
    "acm:ExportCertificate",
    "athena:GetQueryResults",
    "athena:GetQueryResultsStream",
    "athena:StartQueryExecution",
    "backup:StartRestoreJob",
    "codeartifact:GetAuthorizationToken",
    "codeartifact:GetPackageVersionAsset",
    "codecommit:GetBlob",
    "codecommit:GetFile",
    "codecommit:GitPull",
    "cognito-idp:AdminGetUser",
    "cognito-idp:ListUsers",
    "dynamodb:ExportTableToPointInTime",
    "dynamodb:RestoreTableFromBackup",
    "dynamodb:RestoreTableToPointInTime",
    "ec2:CopyImage",
    "ec2:CopySnapshot",
    "ec2:CreateImage",
    "ec2:CreateInstanceExportTask",
    "ec2:CreateSnapshot",
    "ec2:CreateSnapshots",
    "ec2:ExportImage",
    "ec2:GetPasswordData",
    "ec2:ModifyImageAttribute",
    "ec2:ModifySnapshotAttribute",
    "ecr:BatchGetImage",
    "ecr:GetDownloadUrlForLayer",
    "es:ESHttpGet",
    "es:ESHttpPost",
    "glue:GetConnection",
    "glue:GetConnections",
    "kafka-cluster:ReadData",
    "kms:Decrypt",
    "kms:ReEncryptFrom",
    "lambda:GetFunction",
    "lightsail:DownloadDefaultKeyPair",
    "lightsail:GetInstanceAccessDetails",
    "lightsail:GetRelationalDatabaseMasterUserPassword",
    "logs:CreateExportTask",
    "logs:FilterLogEvents",
    "logs:GetLogEvents",
    "logs:GetQueryResults",
    "logs:StartLiveTail",
    "logs:StartQuery",
    "logs:Unmask",
    "neptune-db:ReadDataViaQuery",
    "rds-data:BatchExecuteStatement",
    "rds-data:ExecuteStatement",
    "rds:CopyDBClusterSnapshot",
    "rds:CopyDBSnapshot",
    "rds:CreateDBClusterSnapshot",
    "rds:CreateDBSnapshot",
    "rds:DownloadDBLogFilePortion",
    "rds:ModifyDBClusterSnapshotAttribute",
    "rds:ModifyDBSnapshotAttribute",
    "rds:RestoreDBClusterFromSnapshot",
    "rds:RestoreDBClusterToPointInTime",
    "rds:RestoreDBInstanceFromDBSnapshot",
    "rds:RestoreDBInstanceToPointInTime",
    "rds:StartExportTask",
    "redshift-data:BatchExecuteStatement",
    "redshift-data:ExecuteStatement",
    "redshift-data:GetStatementResult",
    "redshift-serverless:GetCredentials",
    "redshift:GetClusterCredentials",
    "redshift:GetClusterCredentialsWithIAM",
    "s3express:CreateSession",
    "secretsmanager:BatchGetSecretValue",
    "secretsmanager:GetSecretValue",
    "ssm:GetParameter",
    "ssm:GetParameterHistory",
    "ssm:GetParameters",
    "ssm:GetParametersByPath",
];

static BY_NAME: LazyLock<(HashSet<&'static str>, HashSet<&'static str>)> =
    LazyLock::new(|| (ESCALATION.iter().copied().collect(), DATA.iter().copied().collect()));

/// The risk of an action.
#[must_use]
pub fn risk(action: &Action, visibility: Visibility) -> Risk {
    let (escalation, data) = &*BY_NAME;
    let name = action.full_name();
    let reads_data = matches!(visibility, Visibility::Data { .. }) && action.level == AccessLevel::Read;
    match action.level {
        _ if escalation.contains(name.as_str()) => Risk::PrivilegeEscalation,
        _ if reads_data || data.contains(name.as_str()) => Risk::DataAccess,
        AccessLevel::PermissionsManagement => Risk::PermissionsManagement,
        AccessLevel::Write => Risk::Write,
        AccessLevel::Tagging => Risk::Tagging,
        AccessLevel::Read | AccessLevel::List => Risk::Other,
    }
}

/// The risk of an action by its full name; [`Risk::Other`] for one that the catalog does not know.
#[must_use]
pub fn risk_of(full_name: &str) -> Risk {
    let found = catalog().action(full_name);
    found.map_or(Risk::Other, |action| risk(action, crate::catalog::visibility(action)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_listed_action_exists_and_stands_once() {
        let mut seen = HashSet::new();
        for name in ESCALATION.iter().chain(DATA) {
            let action = catalog().action(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(action.full_name(), *name);
            assert!(seen.insert(name), "{name} stands twice");
        }
    }

    #[test]
    fn what_lets_its_holder_gain_permissions_is_worst_and_reads_of_data_come_next() {
        assert_eq!(risk_of("iam:PassRole"), Risk::PrivilegeEscalation);
        assert_eq!(risk_of("s3:GetObject"), Risk::DataAccess);
        assert_eq!(risk_of("secretsmanager:GetSecretValue"), Risk::DataAccess);
        assert_eq!(risk_of("s3:PutBucketPolicy"), Risk::PermissionsManagement);
        assert_eq!(risk_of("s3:PutObject"), Risk::Write);
        assert_eq!(risk_of("ec2:DescribeInstances"), Risk::Other);
        assert!(
            Risk::PrivilegeEscalation < Risk::DataAccess && Risk::DataAccess < Risk::PermissionsManagement
        );
    }
}
