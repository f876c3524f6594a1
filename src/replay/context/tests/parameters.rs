//! Keys of services that are told from the parameters of a call.

use super::*;

#[test]
fn s3_s_headers_and_query_are_its_parameters() {
    let record = Record {
        additional_event_data: Some(r#"{"AuthenticationMethod": "AuthHeader", "SignatureVersion": "SigV4"}"#),
        ..by_user(
            "s3.amazonaws.com",
            "PutObject",
            Some(
                r#"{"bucketName": "example-reports", "key": "a", "x-amz-acl": "private",
                    "x-amz-server-side-encryption": "aws:kms", "x-amz-tagging": "Team=shop&Cost+Center=a%26b"}"#,
            ),
        )
    };
    Case::new(record, "s3:PutObject", Some("arn:aws:s3:::example-reports/a")).check(&[
        ("s3:x-amz-acl", "private"),
        ("s3:x-amz-server-side-encryption", "aws:kms"),
        ("s3:x-amz-server-side-encryption-aws-kms-key-id", "absent"),
        ("s3:x-amz-storage-class", "absent"),
        ("s3:RequestObjectTag/team", "shop"),
        ("s3:RequestObjectTag/Cost Center", "a&b"),
        ("s3:RequestObjectTag/Other", "absent"),
        ("s3:RequestObjectTagKeys", "Cost Center,Team"),
        ("aws:RequestTag/Team", "unknown"),
        ("aws:TagKeys", "unknown"),
        ("s3:authType", "REST-HEADER"),
        ("s3:signatureversion", "AWS4-HMAC-SHA256"),
        ("s3:ResourceAccount", "111122223333"),
        ("s3:object-lock-mode", "unknown"),
        ("s3:prefix", "absent"),
        ("s3:signatureAge", "unknown"),
    ]);
    let list = by_user(
        "s3.amazonaws.com",
        "ListObjects",
        Some(r#"{"bucketName": "example-reports", "prefix": "home/", "max-keys": "10"}"#),
    );
    Case::new(list, "s3:ListBucket", Some(BUCKET)).check(&[
        ("s3:prefix", "home/"),
        ("s3:max-keys", "10"),
        ("s3:delimiter", "absent"),
        ("s3:x-amz-acl", "absent"),
        ("s3:DataAccessPointArn", "absent"),
        ("s3:authType", "unknown"),
    ]);
    let empty = by_user("s3.amazonaws.com", "ListObjects", Some(r#"{"bucketName": "b", "prefix": ""}"#));
    Case::new(empty, "s3:ListBucket", Some(BUCKET)).check(&[("s3:prefix", "")]);
    let create = by_user(
        "s3.amazonaws.com",
        "CreateBucket",
        Some(r#"{"bucketName": "b", "CreateBucketConfiguration": {"LocationConstraint": "eu-west-1"}}"#),
    );
    Case::new(create, "s3:CreateBucket", Some(BUCKET)).check(&[("s3:LocationConstraint", "eu-west-1")]);
}

#[test]
fn an_access_point_is_told_by_its_arn() {
    let arn = "arn:aws:s3:eu-west-1:111122223333:accesspoint/in";
    let parameters = format!(r#"{{"bucketName": "{arn}"}}"#);
    let record = by_user("s3.amazonaws.com", "ListObjects", Some(&parameters));
    Case::new(record, "s3:ListBucket", Some(BUCKET)).check(&[
        ("s3:DataAccessPointArn", arn),
        ("s3:DataAccessPointAccount", "111122223333"),
        ("s3:AccessPointNetworkOrigin", "unknown"),
    ]);
    let alias = by_user("s3.amazonaws.com", "ListObjects", Some(r#"{"bucketName": "in-example-s3alias"}"#));
    Case::new(alias, "s3:ListBucket", Some(BUCKET)).check(&[("s3:DataAccessPointArn", "unknown")]);
}

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

#[test]
fn a_cluster_is_told_by_its_arn_whatever_names_it() {
    let cluster = |name: &str| format!("arn:aws:ecs:eu-west-1:111122223333:cluster/{name}");
    let task = "arn:aws:ecs:eu-west-1:111122223333:task-definition/web:3";
    let arn = format!(r#"{{"cluster": "{}", "taskDefinition": "web:3"}}"#, cluster("shop"));
    for (parameters, expected) in [
        (r#"{"cluster": "shop", "taskDefinition": "web:3"}"#, cluster("shop")),
        (arn.as_str(), cluster("shop")),
        (r#"{"taskDefinition": "web:3"}"#, cluster("default")),
        (r#"{"cluster": "HIDDEN_DUE_TO_SECURITY_REASONS"}"#, "unknown".to_owned()),
    ] {
        let record = by_user("ecs.amazonaws.com", "RunTask", Some(parameters));
        Case::new(record, "ecs:RunTask", Some(task)).check(&[("ecs:cluster", expected.as_str())]);
    }
    let stop = by_user("ecs.amazonaws.com", "StopServiceDeployment", Some(r#"{"stopType": "ABORT"}"#));
    Case::new(stop, "ecs:StopServiceDeployment", None).check(&[("ecs:cluster", "unknown")]);
    let setting = by_user("ecs.amazonaws.com", "PutAccountSetting", Some(r#"{"name": "taskLongArnFormat"}"#));
    Case::new(setting, "ecs:PutAccountSetting", None)
        .check(&[("ecs:account-setting", "taskLongArnFormat"), ("ecs:cluster", "absent")]);
}

#[test]
fn keys_that_guard_accounts_mirror_parameters() {
    let target = r#"{"rule": "r", "targets": [{"id": "1", "arn": "arn:aws:sqs:eu-west-1:111122223333:q"}]}"#;
    let share = r#"{"name": "s", "allowExternalPrincipals": false}"#;
    let notebook = r#"{"notebookInstanceName": "n", "directInternetAccess": "Disabled"}"#;
    for (source, name, parameters, key, value) in [
        ("elasticfilesystem", "CreateFileSystem", r#"{"encrypted": true}"#, "Encrypted", "true"),
        ("elasticfilesystem", "CreateFileSystem", r#"{"creationToken": "t"}"#, "Encrypted", "unknown"),
        ("ram", "CreateResourceShare", share, "RequestedAllowsExternalPrincipals", "false"),
        ("ram", "CreateResourceShare", r#"{"name": "s"}"#, "RequestedAllowsExternalPrincipals", "unknown"),
        ("account", "EnableRegion", r#"{"regionName": "af-south-1"}"#, "TargetRegion", "af-south-1"),
        ("sagemaker", "CreateNotebookInstance", notebook, "DirectInternetAccess", "Disabled"),
        ("sagemaker", "CreateNotebookInstance", notebook, "RootAccess", "unknown"),
        ("events", "PutTargets", target, "TargetArn", "arn:aws:sqs:eu-west-1:111122223333:q"),
        ("events", "PutTargets", r#"{"rule": "r"}"#, "TargetArn", "unknown"),
        ("events", "DeleteRule", r#"{"name": "r"}"#, "TargetArn", "absent"),
    ] {
        let (host, action) = (format!("{source}.amazonaws.com"), format!("{source}:{name}"));
        let record = by_user(&host, name, Some(parameters));
        Case::new(record, &action, None).check(&[(&format!("{source}:{key}"), value)]);
    }
}

#[test]
fn kms_has_the_caller_the_service_and_the_encryption_context() {
    let parameters = Some(
        r#"{"encryptionContext": {"aws:s3:arn": "arn:aws:s3:::example-reports"}, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"}"#,
    );
    let direct = by_user("kms.amazonaws.com", "Decrypt", parameters);
    Case::new(direct, "kms:Decrypt", Some(KEY)).check(&[
        ("kms:CallerAccount", "111122223333"),
        ("kms:ViaService", "absent"),
        ("kms:EncryptionContext:aws:s3:arn", "arn:aws:s3:::example-reports"),
        ("kms:EncryptionContext:other", "absent"),
        ("kms:EncryptionContextKeys", "aws:s3:arn"),
        ("kms:EncryptionAlgorithm", "SYMMETRIC_DEFAULT"),
        ("kms:KeySpec", "unknown"),
        ("kms:GrantOperations", "absent"),
        ("kms:GrantIsForAWSResource", "absent"),
    ]);
    let forwarded = Record {
        invoked_by: Some("secretsmanager.amazonaws.com"),
        source_ip_address: Some("secretsmanager.amazonaws.com"),
        ..direct
    };
    Case::new(forwarded, "kms:Decrypt", Some(KEY))
        .check(&[("kms:ViaService", "secretsmanager.eu-west-1.amazonaws.com")]);
    for (service, via) in [("ec2-frontend-api", "ec2.eu-west-1.amazonaws.com"), ("example", "unknown")] {
        let name = format!("{service}.amazonaws.com");
        let record = Record { invoked_by: Some(&name), source_ip_address: Some(&name), ..forwarded };
        Case::new(record, "kms:CreateGrant", Some(KEY)).check(&[("kms:ViaService", via)]);
    }
    let internal = Record { invoked_by: Some("AWS Internal"), ..forwarded };
    Case::new(internal, "kms:Decrypt", Some(KEY)).check(&[("kms:ViaService", "unknown")]);
    let grant = by_user(
        "kms.amazonaws.com",
        "CreateGrant",
        Some(
            r#"{"operations": ["Decrypt", "Encrypt"], "granteePrincipal": "arn:aws:iam::111122223333:role/a",
                "constraints": {"encryptionContextSubset": {"a": "b"}}}"#,
        ),
    );
    Case::new(grant, "kms:CreateGrant", Some(KEY)).check(&[
        ("kms:GrantOperations", "Decrypt,Encrypt"),
        ("kms:GranteePrincipal", "arn:aws:iam::111122223333:role/a"),
        ("kms:RetiringPrincipal", "absent"),
        ("kms:GrantConstraintType", "EncryptionContextSubset"),
        ("kms:EncryptionContext:a", "b"),
        ("kms:GrantIsForAWSResource", "false"),
    ]);
    let create = by_user("kms.amazonaws.com", "CreateKey", Some(r#"{"multiRegion": true}"#));
    Case::new(create, "kms:CreateKey", None).check(&[
        ("kms:KeySpec", "SYMMETRIC_DEFAULT"),
        ("kms:KeyUsage", "ENCRYPT_DECRYPT"),
        ("kms:KeyOrigin", "AWS_KMS"),
        ("kms:MultiRegion", "true"),
    ]);
    let alias = by_user("kms.amazonaws.com", "DescribeKey", Some(r#"{"keyId": "alias/shop"}"#));
    Case::new(alias, "kms:DescribeKey", Some(KEY)).check(&[("kms:RequestAlias", "alias/shop")]);
}

#[test]
fn both_sides_of_a_re_encryption_have_their_own_context() {
    let record = by_user(
        "kms.amazonaws.com",
        "ReEncrypt",
        Some(r#"{"sourceEncryptionContext": {"a": "1"}, "destinationEncryptionContext": {"a": "2"}}"#),
    );
    let alone = |action, expected: &str| {
        Case::new(record, action, Some(KEY)).with(|told| {
            let key = "kms:EncryptionContext:a";
            assert_eq!(context_of(told, &[key]).standing(key), Standing::Values(vec![expected.to_owned()]));
        });
    };
    alone("kms:ReEncryptFrom", "1");
    alone("kms:ReEncryptTo", "2");
}

#[test]
fn a_source_identity_that_the_session_has_may_count_as_set() {
    let parameters = r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "roleSessionName": "two"}"#;
    let record = by_role("sts.amazonaws.com", "AssumeRole", Some(parameters));
    let action = "sts:SetSourceIdentity";
    Case::new(record, action, Some(DEPLOY)).check(&[("sts:SourceIdentity", "absent")]);
    let chained = Record { source_identity: Some("ann"), ..record };
    Case::new(chained, action, Some(DEPLOY))
        .check(&[("sts:SourceIdentity", "unknown"), ("aws:SourceIdentity", "ann")]);
}

#[test]
fn sts_mirrors_the_parameters_of_assume_role() {
    let record = by_user(
        "sts.amazonaws.com",
        "AssumeRole",
        Some(
            r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "roleSessionName": "one", "externalId": "x",
                "sourceIdentity": "ann", "tags": [{"key": "Team", "value": "a"}], "transitiveTagKeys": ["Team"],
                "durationSeconds": 900}"#,
        ),
    );
    Case::new(record, "sts:AssumeRole", Some(DEPLOY)).check(&[
        ("sts:ExternalId", "x"),
        ("sts:RoleSessionName", "one"),
        ("sts:SourceIdentity", "ann"),
        ("aws:SourceIdentity", "absent"),
        ("sts:TransitiveTagKeys", "Team"),
        // Only requests for a bearer token have it.
        ("sts:DurationSeconds", "absent"),
        ("aws:RequestTag/Team", "a"),
        ("sts:TaskPolicyArn", "absent"),
    ]);
    Case::new(record, "sts:TagSession", Some(DEPLOY))
        .origin(Origin::Derived)
        .check(&[("sts:TransitiveTagKeys", "Team"), ("aws:TagKeys", "Team")]);
    let bare = by_user("sts.amazonaws.com", "AssumeRole", Some(r#"{"roleSessionName": "one"}"#));
    Case::new(bare, "sts:AssumeRole", Some(DEPLOY))
        .check(&[("sts:ExternalId", "absent"), ("sts:SourceIdentity", "absent")]);
    let refused = Record { error_code: Some("AccessDenied"), request_parameters: None, ..bare };
    Case::new(refused, "sts:AssumeRole", Some(DEPLOY)).check(&[("sts:ExternalId", "unknown")]);
}

#[test]
fn iam_has_boundaries_policies_and_passed_roles() {
    let create = by_user(
        "iam.amazonaws.com",
        "CreateRole",
        Some(r#"{"roleName": "x", "permissionsBoundary": "arn:aws:iam::111122223333:policy/wall"}"#),
    );
    Case::new(create, "iam:CreateRole", Some(DEPLOY))
        .check(&[("iam:PermissionsBoundary", "arn:aws:iam::111122223333:policy/wall")]);
    let attach = by_user(
        "iam.amazonaws.com",
        "AttachRolePolicy",
        Some(r#"{"roleName": "deploy", "policyArn": "arn:aws:iam::aws:policy/AdministratorAccess"}"#),
    );
    Case::new(attach, "iam:AttachRolePolicy", Some(DEPLOY)).check(&[
        ("iam:PolicyARN", "arn:aws:iam::aws:policy/AdministratorAccess"),
        // The role's boundary of today.
        ("iam:PermissionsBoundary", "arn:aws:iam::111122223333:policy/edge"),
        ("iam:PassedToService", "absent"),
    ]);
    Case::new(attach, "iam:AttachRolePolicy", Some("arn:aws:iam::111122223333:role/unheard-of"))
        .check(&[("iam:PermissionsBoundary", "unknown")]);
    let linked = by_user(
        "iam.amazonaws.com",
        "CreateServiceLinkedRole",
        Some(r#"{"aWSServiceName": "elasticbeanstalk.amazonaws.com"}"#),
    );
    Case::new(linked, "iam:CreateServiceLinkedRole", Some(DEPLOY))
        .check(&[("iam:AWSServiceName", "elasticbeanstalk.amazonaws.com")]);
    for (source, name, service) in [
        ("lambda", "CreateFunction20150331", "lambda.amazonaws.com"),
        ("lambda", "UpdateFunctionConfiguration20150331v2", "lambda.amazonaws.com"),
        ("ecs", "RegisterTaskDefinition", "ecs-tasks.amazonaws.com"),
        ("eks", "CreateNodegroup", "unknown"),
        ("ec2", "RunInstancesAgain", "unknown"),
    ] {
        let source = format!("{source}.amazonaws.com");
        Case::new(by_user(&source, name, Some("{}")), "iam:PassRole", Some(DEPLOY))
            .origin(Origin::Derived)
            .check(&[("iam:PassedToService", service)]);
    }
    // The role that attaches volumes is passed to Amazon ECS, not to its tasks.
    let volumes = |role: &str, overrides: &str| {
        format!(
            r#"{{"taskDefinition": "web", "overrides": {overrides},
                "volumeConfigurations": [{{"name": "v", "managedEBSVolume": {{"roleArn": "{role}"}}}}]}}"#
        )
    };
    let other = "arn:aws:iam::111122223333:role/other";
    let tasks = format!(r#"{{"taskRoleArn": "{DEPLOY}"}}"#);
    for (parameters, service) in [
        (volumes(DEPLOY, "{}"), "ecs.amazonaws.com"),
        (volumes(other, &tasks), "ecs-tasks.amazonaws.com"),
        (volumes(DEPLOY, &tasks), "unknown"),
    ] {
        Case::new(by_user("ecs.amazonaws.com", "RunTask", Some(&parameters)), "iam:PassRole", Some(DEPLOY))
            .origin(Origin::Derived)
            .check(&[("iam:PassedToService", service)]);
    }
    // In China some services have other names, whichever role it is.
    let launch = by_user("ec2.amazonaws.com", "RunInstances", Some("{}"));
    let in_china = Record {
        identity_arn: Some("arn:aws-cn:iam::444455556666:user/bea"),
        identity_account_id: Some("444455556666"),
        user_name: Some("bea"),
        ..launch
    };
    for (launch, service) in [(launch, "ec2.amazonaws.com"), (in_china, "unknown")] {
        Case::new(launch, "iam:PassRole", None)
            .origin(Origin::Derived)
            .check(&[("iam:PassedToService", service)]);
    }
}

#[test]
fn ec2_has_what_is_launched_created_and_shared() {
    let launch = by_user(
        "ec2.amazonaws.com",
        "RunInstances",
        Some(
            r#"{"instanceType": "t3.micro", "tenancy": "default", "metadataOptions": {"httpTokens": "required"},
                "iamInstanceProfile": {"arn": "arn:aws:iam::111122223333:instance-profile/web"}}"#,
        ),
    );
    Case::new(launch, "ec2:RunInstances", Some("arn:aws:ec2:eu-west-1:111122223333:instance/*")).check(&[
        ("ec2:InstanceType", "t3.micro"),
        ("ec2:Tenancy", "default"),
        ("ec2:MetadataHttpTokens", "required"),
        ("ec2:MetadataHttpEndpoint", "unknown"),
        ("ec2:InstanceProfile", "arn:aws:iam::111122223333:instance-profile/web"),
        ("ec2:Region", "eu-west-1"),
        ("ec2:CreateAction", "absent"),
        ("ec2:EbsOptimized", "unknown"),
    ]);
    Case::new(launch, "ec2:RunInstances", Some("arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0"))
        .check(&[("ec2:InstanceType", "absent"), ("ec2:ImageID", "ami-0123456789abcdef0")]);
    let volume = by_user(
        "ec2.amazonaws.com",
        "CreateVolume",
        Some(r#"{"size": 8, "volumeType": "gp3", "zone": "eu-west-1a", "encrypted": true}"#),
    );
    Case::new(volume, "ec2:CreateVolume", Some("arn:aws:ec2:eu-west-1:111122223333:volume/*")).check(&[
        ("ec2:VolumeSize", "8"),
        ("ec2:VolumeType", "gp3"),
        ("ec2:AvailabilityZone", "eu-west-1a"),
        ("ec2:Encrypted", "true"),
    ]);
    let share = by_user(
        "ec2.amazonaws.com",
        "ModifySnapshotAttribute",
        Some(
            r#"{"createVolumePermission": {"add": {"items": [{"userId": "444455556666"}, {"group": "all"}]}}}"#,
        ),
    );
    let snapshot = "arn:aws:ec2:eu-west-1::snapshot/snap-0123456789abcdef0";
    Case::new(share, "ec2:ModifySnapshotAttribute", Some(snapshot)).check(&[
        ("ec2:Add/userId", "444455556666"),
        ("ec2:Add/group", "all"),
        ("ec2:Remove/userId", "absent"),
        ("ec2:SnapshotID", "snap-0123456789abcdef0"),
    ]);
    let tag = by_user("ec2.amazonaws.com", "CreateTags", Some(r#"{"tagSet": {"items": []}}"#));
    Case::new(tag, "ec2:CreateTags", Some(snapshot)).check(&[("ec2:CreateAction", "absent")]);
}

#[test]
fn route_53_compares_names_in_their_normal_form() {
    let record = by_user(
        "route53.amazonaws.com",
        "ChangeResourceRecordSets",
        Some(
            r#"{"changeBatch": {"changes": [
                {"action": "UPSERT", "resourceRecordSet": {"name": "Shop.Example.com.", "type": "A"}},
                {"action": "CREATE", "resourceRecordSet": {"name": "*.a b.example.com", "type": "CNAME"}}]}}"#,
        ),
    );
    Case::new(record, "route53:ChangeResourceRecordSets", Some("arn:aws:route53:::hostedzone/Z1EXAMPLE"))
        .check(&[
            (
                "route53:ChangeResourceRecordSetsNormalizedRecordNames",
                "\\052.a\\040b.example.com,shop.example.com",
            ),
            ("route53:ChangeResourceRecordSetsRecordTypes", "A,CNAME"),
            ("route53:ChangeResourceRecordSetsActions", "CREATE,UPSERT"),
        ]);
}

#[test]
fn further_services_mirror_their_parameters() {
    for (source, name, action, parameters, key, value) in [
        (
            "secretsmanager",
            "GetSecretValue",
            "secretsmanager:GetSecretValue",
            r#"{"secretId": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-EXAMPL", "versionStage": "AWSCURRENT"}"#,
            "secretsmanager:SecretId",
            "arn:aws:secretsmanager:eu-west-1:111122223333:secret:a-EXAMPL",
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            "secretsmanager:GetSecretValue",
            r#"{"secretId": "a"}"#,
            "secretsmanager:SecretId",
            "unknown",
        ),
        (
            "secretsmanager",
            "GetSecretValue",
            "secretsmanager:GetSecretValue",
            r#"{"versionStage": "AWSCURRENT"}"#,
            "secretsmanager:VersionStage",
            "AWSCURRENT",
        ),
        (
            "secretsmanager",
            "DeleteSecret",
            "secretsmanager:DeleteSecret",
            r#"{"forceDeleteWithoutRecovery": true}"#,
            "secretsmanager:ForceDeleteWithoutRecovery",
            "true",
        ),
        (
            "sns",
            "Subscribe",
            "sns:Subscribe",
            r#"{"protocol": "https", "endpoint": "https://example.com"}"#,
            "sns:Protocol",
            "https",
        ),
        ("sns", "Subscribe", "sns:Subscribe", r#"{"endpoint": "****"}"#, "sns:Endpoint", "unknown"),
        ("ssm", "PutParameter", "ssm:PutParameter", r#"{"overwrite": true}"#, "ssm:Overwrite", "true"),
        ("ssm", "PutParameter", "ssm:PutParameter", "{}", "ssm:Overwrite", "unknown"),
        ("dynamodb", "GetItem", "dynamodb:GetItem", r#"{"key": {"id": "42"}}"#, "dynamodb:LeadingKeys", "42"),
        (
            "dynamodb",
            "GetItem",
            "dynamodb:GetItem",
            r#"{"key": {"id": "42", "sort": "1"}}"#,
            "dynamodb:LeadingKeys",
            "unknown",
        ),
        (
            "dynamodb",
            "GetItem",
            "dynamodb:GetItem",
            r#"{"tableName": "t"}"#,
            "dynamodb:LeadingKeys",
            "unknown",
        ),
        (
            "rds",
            "CreateDBInstance",
            "rds:CreateDBInstance",
            r#"{"engine": "mysql"}"#,
            "rds:DatabaseEngine",
            "mysql",
        ),
        (
            "lambda",
            "AddPermission20150331v2",
            "lambda:AddPermission",
            r#"{"principal": "*"}"#,
            "lambda:Principal",
            "*",
        ),
        (
            "lambda",
            "CreateEventSourceMapping20150331",
            "lambda:CreateEventSourceMapping",
            r#"{"functionName": "f"}"#,
            "lambda:FunctionArn",
            "arn:aws:lambda:eu-west-1:111122223333:function:f",
        ),
        (
            "cloudformation",
            "CreateStack",
            "cloudformation:CreateStack",
            r#"{"templateURL": "https://example.com/a"}"#,
            "cloudformation:TemplateUrl",
            "https://example.com/a",
        ),
    ] {
        let source = format!("{source}.amazonaws.com");
        Case::new(by_user(&source, name, Some(parameters)), action, None).check(&[(key, value)]);
    }
}

#[test]
fn a_key_of_one_service_is_in_no_request_to_another() {
    let record = by_user("ec2.amazonaws.com", "DescribeInstances", None);
    Case::new(record, "ec2:DescribeInstances", None).with(|told| {
        let keys =
            ["s3:prefix", "s3:signatureAge", "iam:PassedToService", "kms:ViaService", "codebuild:projectArn"];
        let context = context_of(told, &keys);
        for key in keys {
            assert_eq!(context.standing(key), Standing::Absent, "{key}");
        }
        // Not so of keys that AWS lists as global, nor of what is no key.
        let context = context_of(told, &["glue:RoleAssumedBy", "example:thing"]);
        assert_eq!(context.standing("example:thing"), Standing::Unknown);
        assert_eq!(why_unknown("example:thing", told), "it is no key that AWS lists");
    });
}

#[test]
fn parameters_that_are_not_there_for_other_reasons_tell_nothing() {
    let refused =
        Record { error_code: Some("AccessDenied"), ..by_user("s3.amazonaws.com", "ListObjects", None) };
    let of = |record| Case::new(record, "s3:ListBucket", Some(BUCKET));
    of(refused).check(&[("s3:prefix", "unknown"), ("s3:x-amz-acl", "absent")]);
    assert_eq!(of(refused).why("s3:prefix"), "the record of the refused call holds no parameters");
    let failed = Record { error_code: Some("NoSuchBucket"), ..refused };
    assert_eq!(of(failed).why("s3:prefix"), "the record of the failed call holds no parameters");
    let cut =
        by_user("s3.amazonaws.com", "ListObjects", Some(r#"{"omitted": true, "originalSize": 200000}"#));
    of(cut).check(&[("s3:prefix", "unknown")]);
    let broken = by_user("s3.amazonaws.com", "ListObjects", Some(r#"{"prefix": "#));
    of(broken).check(&[("s3:prefix", "unknown")]);
    let hidden =
        by_user("s3.amazonaws.com", "ListObjects", Some(r#"{"prefix": "HIDDEN_DUE_TO_SECURITY_REASONS"}"#));
    assert_eq!(of(hidden).why("s3:prefix"), "the record hides the parameter");
    // A call that worked without parameters had none.
    of(Record { error_code: None, ..refused }).check(&[("s3:prefix", "absent")]);
}

#[test]
fn a_stated_action_other_than_the_call_s_own_has_none_of_its_parameters() {
    let record = Record {
        error_code: Some("AccessDenied"),
        ..by_user(
            "kms.amazonaws.com",
            "CreateKey",
            Some(r#"{"keySpec": "RSA_2048", "tags": [{"tagKey": "Team", "tagValue": "a"}]}"#),
        )
    };
    Case::new(record, "kms:CreateKey", None).origin(Origin::Stated).check(&[("kms:KeySpec", "RSA_2048")]);
    Case::new(record, "kms:TagResource", None)
        .origin(Origin::Stated)
        .check(&[("aws:RequestTag/Team", "a"), ("kms:RequestAlias", "absent")]);
    let lambda = by_user("lambda.amazonaws.com", "CreateFunction20150331", Some(r#"{"layers": ["a"]}"#));
    Case::new(lambda, "lambda:CreateFunction", None).origin(Origin::Stated).check(&[("lambda:Layer", "a")]);
}
