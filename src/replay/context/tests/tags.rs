//! Keys of tags.

use super::*;

const RUN: &str = r#"{"instanceType": "t3.micro", "tagSpecificationSet": {"items": [
    {"resourceType": "instance", "tags": [{"key": "Team", "value": "shop"}, {"key": "Empty", "value": ""}]},
    {"resourceType": "volume", "tags": [{"key": "Disk", "value": "1"}]}]}}"#;

#[test]
fn each_resource_of_a_launch_has_the_tags_of_its_type() {
    let record = by_user("ec2.amazonaws.com", "RunInstances", Some(RUN));
    let of = |arn| Case::new(record, "ec2:RunInstances", Some(arn));
    of("arn:aws:ec2:eu-west-1:111122223333:instance/*").check(&[
        ("aws:RequestTag/team", "shop"),
        ("aws:RequestTag/Empty", ""),
        ("aws:RequestTag/Disk", "absent"),
        ("aws:TagKeys", "Empty,Team"),
    ]);
    of("arn:aws:ec2:eu-west-1:111122223333:volume/*").check(&[
        ("aws:RequestTag/Disk", "1"),
        ("aws:TagKeys", "Disk"),
        ("aws:RequestTag/Team", "absent"),
    ]);
    of("arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0")
        .check(&[("aws:RequestTag/Team", "absent"), ("aws:TagKeys", "absent")]);
    Case::new(record, "ec2:CreateTags", Some("arn:aws:ec2:eu-west-1:111122223333:volume/*"))
        .origin(Origin::Derived)
        .check(&[("aws:RequestTag/Disk", "1"), ("aws:TagKeys", "Disk")]);
    // A launch template may give more.
    let template = by_user(
        "ec2.amazonaws.com",
        "RunInstances",
        Some(r#"{"launchTemplate": {"launchTemplateId": "lt-0123456789abcdef0"}}"#),
    );
    Case::new(template, "ec2:RunInstances", Some("arn:aws:ec2:eu-west-1:111122223333:instance/*"))
        .check(&[("aws:RequestTag/Team", "unknown"), ("aws:TagKeys", "unknown")]);
}

#[test]
fn every_service_s_form_of_tags_is_read() {
    for (source, name, action, parameters) in [
        (
            "iam",
            "CreateUser",
            "iam:CreateUser",
            r#"{"userName": "b", "tags": [{"key": "Team", "value": "shop"}]}"#,
        ),
        (
            "rds",
            "CreateDBInstance",
            "rds:CreateDBInstance",
            r#"{"tags": [{"value": "shop", "key": "Team"}]}"#,
        ),
        ("logs", "CreateLogGroup", "logs:CreateLogGroup", r#"{"tags": {"Team": "shop"}}"#),
        ("lambda", "CreateFunction20150331", "lambda:CreateFunction", r#"{"tags": {"Team": "shop"}}"#),
        (
            "ec2",
            "CreateTags",
            "ec2:CreateTags",
            r#"{"tagSet": {"items": [{"key": "Team", "value": "shop"}]}}"#,
        ),
        (
            "cloudtrail",
            "CreateTrail",
            "cloudtrail:CreateTrail",
            r#"{"tagsList": [{"key": "Team", "value": "shop"}]}"#,
        ),
        (
            "cloudhsm",
            "CreateCluster",
            "cloudhsm:CreateCluster",
            r#"{"tagList": [{"key": "Team", "value": "shop"}]}"#,
        ),
        ("kms", "CreateKey", "kms:CreateKey", r#"{"tags": [{"tagKey": "Team", "tagValue": "shop"}]}"#),
        (
            "cloudfront",
            "TagResource",
            "cloudfront:TagResource",
            r#"{"tags": {"items": [{"key": "Team", "value": "shop"}]}}"#,
        ),
        (
            "apigateway",
            "TagResource",
            "apigateway:PUT",
            r#"{"tagResourceInput": {"tags": {"Team": "shop"}}}"#,
        ),
        ("sts", "AssumeRole", "sts:AssumeRole", r#"{"tags": [{"key": "Team", "value": "shop"}]}"#),
        ("glue", "TagResource", "glue:TagResource", r#"{"tagsToAdd": {"Team": "shop"}}"#),
    ] {
        let source = format!("{source}.amazonaws.com");
        let case = Case::new(by_user(&source, name, Some(parameters)), action, None);
        case.check(&[
            ("aws:RequestTag/Team", "shop"),
            ("aws:RequestTag/Other", "absent"),
            ("aws:TagKeys", "Team"),
        ]);
    }
    let bucket = by_user(
        "s3.amazonaws.com",
        "PutBucketTagging",
        Some(
            r#"{"bucketName": "example-reports", "tagging": "", "Tagging": {"xmlns": "x", "TagSet": {"Tag": {"Key": "Team", "Value": true}}}}"#,
        ),
    );
    Case::new(bucket, "s3:PutBucketTagging", Some(BUCKET)).check(&[("aws:RequestTag/Team", "true")]);
}

#[test]
fn keys_of_tags_stand_under_several_names() {
    for (source, name, action, parameters) in [
        ("glue", "UntagResource", "glue:UntagResource", r#"{"tagsToRemove": ["Team"]}"#),
        ("budgets", "UntagResource", "budgets:UntagResource", r#"{"resourceTagKeys": ["Team"]}"#),
        ("ce", "UntagResource", "ce:UntagResource", r#"{"resourceTagKeys": ["Team"]}"#),
    ] {
        let source = format!("{source}.amazonaws.com");
        let case = Case::new(by_user(&source, name, Some(parameters)), action, None);
        case.check(&[("aws:RequestTag/Team", "absent"), ("aws:TagKeys", "Team")]);
    }
}

#[test]
fn a_call_that_takes_tags_away_names_keys_only() {
    let record =
        by_user("iam.amazonaws.com", "UntagUser", Some(r#"{"userName": "b", "tagKeys": ["Team", "Cost"]}"#));
    Case::new(record, "iam:UntagUser", Some(ANN))
        .check(&[("aws:TagKeys", "Cost,Team"), ("aws:RequestTag/Team", "absent")]);
}

#[test]
fn a_call_without_tags_has_none_and_a_refused_one_does_not_tell() {
    let bare = by_user("iam.amazonaws.com", "CreateUser", Some(r#"{"userName": "b"}"#));
    Case::new(bare, "iam:CreateUser", Some(ANN))
        .check(&[("aws:RequestTag/Team", "absent"), ("aws:TagKeys", "absent")]);
    let refused = Record { error_code: Some("AccessDenied"), request_parameters: None, ..bare };
    let case = Case::new(refused, "iam:CreateUser", Some(ANN));
    case.check(&[("aws:RequestTag/Team", "unknown"), ("aws:TagKeys", "unknown")]);
    assert_eq!(case.why("aws:RequestTag/Team"), "the record of the refused call holds no parameters");
    // An action that takes no tags has none, refused or not.
    Case::new(refused, "iam:ListUsers", None)
        .check(&[("aws:RequestTag/Team", "absent"), ("aws:TagKeys", "absent")]);
    let hidden = by_user(
        "iam.amazonaws.com",
        "CreateUser",
        Some(
            r#"{"tags": [{"key": "HIDDEN_DUE_TO_SECURITY_REASONS", "value": "HIDDEN_DUE_TO_SECURITY_REASONS"}]}"#,
        ),
    );
    Case::new(hidden, "iam:CreateUser", Some(ANN))
        .check(&[("aws:RequestTag/Team", "unknown"), ("aws:TagKeys", "unknown")]);
}

#[test]
fn session_tags_come_before_the_role_s_key_by_key() {
    let record = by_role("s3.amazonaws.com", "ListObjects", None);
    let mut case = Case::new(record, "s3:ListBucket", Some(BUCKET));
    case.check(&[("aws:PrincipalTag/Team", "unknown"), ("aws:PrincipalTag/Other", "unknown")]);
    assert!(case.why("aws:PrincipalTag/Team").contains("issuing record of the session is not in these logs"));
    let issuing = Record {
        event_time: at(-600),
        event_source: Some("sts.amazonaws.com"),
        event_name: Some("AssumeRole"),
        issued_access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        assumed_role_arn: Some(SESSION),
        request_parameters: Some(r#"{"tags": [{"key": "TEAM", "value": "guests"}]}"#),
        ..by_user("sts.amazonaws.com", "AssumeRole", None)
    };
    case.issuances.add(&issuing, &Parsed::of(&issuing));
    case.check(&[
        ("aws:PrincipalTag/team", "guests"),
        ("aws:PrincipalTag/Level", "3"),
        ("aws:PrincipalTag/Other", "absent"),
    ]);
    // A role that is not in the snapshot may have tags of its own.
    let elsewhere = "arn:aws:sts::111122223333:assumed-role/unheard-of/one";
    let unheard = Record {
        identity_arn: Some(elsewhere),
        session_issuer_arn: Some("arn:aws:iam::111122223333:role/unheard-of"),
        ..record
    };
    let mut case = Case::new(unheard, "s3:ListBucket", Some(BUCKET));
    let issuing = Record { assumed_role_arn: Some(elsewhere), ..issuing };
    case.issuances.add(&issuing, &Parsed::of(&issuing));
    case.check(&[("aws:PrincipalTag/team", "guests"), ("aws:PrincipalTag/Level", "unknown")]);
}

#[test]
fn a_user_s_tags_and_a_role_s_that_nobody_overrides_are_the_snapshot_s() {
    Case::new(by_user("s3.amazonaws.com", "ListObjects", None), "s3:ListBucket", Some(BUCKET))
        .check(&[("aws:PrincipalTag/Team", "shop"), ("aws:PrincipalTag/Other", "absent")]);
    // Nobody may tag a session of `stack`.
    let stack = Record {
        session_issuer_arn: Some("arn:aws:iam::111122223333:role/stack"),
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/stack/one"),
        ..by_role("s3.amazonaws.com", "ListObjects", None)
    };
    Case::new(stack, "s3:ListBucket", Some(BUCKET))
        .check(&[("aws:PrincipalTag/Team", "ops"), ("aws:PrincipalTag/Other", "absent")]);
}

#[test]
fn a_resource_s_tags_are_the_snapshot_s() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-EXAMPL";
    let record = by_user("secretsmanager.amazonaws.com", "GetSecretValue", Some("{}"));
    Case::new(record, "secretsmanager:GetSecretValue", Some(secret)).check(&[
        ("aws:ResourceTag/team", "shop"),
        ("secretsmanager:ResourceTag/Team", "shop"),
        ("aws:ResourceTag/Other", "absent"),
    ]);
    let other = Case::new(
        record,
        "secretsmanager:GetSecretValue",
        Some("arn:aws:secretsmanager:eu-west-1:111122223333:secret:other-EXAMPL"),
    );
    other.check(&[("aws:ResourceTag/Team", "unknown")]);
    assert!(other.why("aws:ResourceTag/Team").contains("resource-policies/"));
    // An action without a resource has no resource's tags.
    Case::new(by_user("s3.amazonaws.com", "ListBuckets", None), "s3:ListAllMyBuckets", None)
        .check(&[("aws:ResourceTag/Team", "absent")]);
}

#[test]
fn tags_in_the_object_that_wraps_a_request_of_ec2_are_read() {
    let nat = r#"{"CreateNatGatewayRequest": {"SubnetId": "subnet-0123456789abcdef0", "TagSpecification":
        {"ResourceType": "natgateway", "tag": 1, "Tag": [{"Value": "prod", "tag": 1, "Key": "env"}, {"Value": "x", "tag": 2, "Key": "y"}]}}}"#;
    let one = r#"{"CreateNatGatewayRequest": {"TagSpecification": [
        {"ResourceType": "natgateway", "tag": 1, "Tag": {"Value": "prod", "tag": 1, "Key": "env"}}]}}"#;
    let arn = "arn:aws:ec2:eu-west-1:111122223333:natgateway/*";
    for (parameters, keys) in [(nat, "env,y"), (one, "env")] {
        let record = by_user("ec2.amazonaws.com", "CreateNatGateway", Some(parameters));
        let told =
            [("aws:RequestTag/env", "prod"), ("aws:RequestTag/other", "absent"), ("aws:TagKeys", keys)];
        Case::new(record, "ec2:CreateNatGateway", Some(arn)).check(&told);
        Case::new(record, "ec2:CreateTags", Some(arn)).origin(Origin::Derived).check(&told);
    }
    // Those of a template are for launches to come.
    let template = r#"{"CreateLaunchTemplateRequest": {"LaunchTemplateName": "t", "LaunchTemplateData":
        {"TagSpecification": {"ResourceType": "instance", "tag": 1, "Tag": {"Key": "env", "Value": "prod", "tag": 1}}}}}"#;
    let record = by_user("ec2.amazonaws.com", "CreateLaunchTemplate", Some(template));
    Case::new(
        record,
        "ec2:CreateLaunchTemplate",
        Some("arn:aws:ec2:eu-west-1:111122223333:launch-template/*"),
    )
    .check(&[("aws:RequestTag/env", "absent")]);
}

#[test]
fn tags_under_a_name_that_is_not_known_are_unknown() {
    for (source, name, action, parameters) in [
        (
            "cognito-idp",
            "CreateUserPool",
            "cognito-idp:CreateUserPool",
            r#"{"userPoolTags": {"env": "prod"}}"#,
        ),
        (
            "backup",
            "CreateBackupVault",
            "backup:CreateBackupVault",
            r#"{"backupVaultTags": {"env": "prod"}}"#,
        ),
        (
            "s3",
            "CreateBucket",
            "s3:CreateBucket",
            r#"{"CreateBucketConfiguration": {"Tags": {"Tag": {"Key": "env", "Value": "prod"}}}}"#,
        ),
        (
            "workspaces",
            "CreateWorkspaces",
            "workspaces:CreateWorkspaces",
            r#"{"workspaces": [{"tags": [{"key": "env", "value": "prod"}]}]}"#,
        ),
    ] {
        let source = format!("{source}.amazonaws.com");
        let record = by_user(&source, name, Some(parameters));
        Case::new(record, action, None)
            .check(&[("aws:RequestTag/env", "unknown"), ("aws:TagKeys", "unknown")]);
    }
    let none = by_user(
        "cognito-idp.amazonaws.com",
        "CreateUserPool",
        Some(r#"{"poolName": "p", "userPoolTags": {}}"#),
    );
    Case::new(none, "cognito-idp:CreateUserPool", None).check(&[("aws:RequestTag/env", "absent")]);
}
