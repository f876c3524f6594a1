//! Keys of the principal and its session.

use super::*;

fn listing(record: Record<'_>) -> Case<'_> {
    Case::new(record, "s3:ListBucket", Some(BUCKET))
}

const S3: &str = "s3.amazonaws.com";

#[test]
fn a_user_with_a_long_term_key_has_no_key_of_sessions() {
    listing(by_user(S3, "ListObjects", None)).check(&[
        ("aws:PrincipalArn", ANN),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "User"),
        ("aws:userid", "AIDARTX3GSDSQANNEXAMPLE"),
        ("aws:username", "ann"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:MultiFactorAuthPresent", "absent"),
        ("aws:MultiFactorAuthAge", "absent"),
        ("aws:TokenIssueTime", "absent"),
        ("aws:SourceIdentity", "absent"),
        ("aws:FederatedProvider", "absent"),
        ("aws:AssumedRoot", "absent"),
        ("ec2:SourceInstanceArn", "absent"),
        ("ec2:RoleDelivery", "absent"),
        ("lambda:SourceFunctionArn", "absent"),
        ("aws:PrincipalOrgID", "unknown"),
    ]);
}

#[test]
fn a_user_s_session_tells_mfa_its_age_and_its_time() {
    let record = Record {
        access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        session_created: Some(at(-600)),
        mfa_authenticated: Some(true),
        ..by_user(S3, "ListObjects", None)
    };
    listing(record).check(&[
        ("aws:MultiFactorAuthPresent", "true"),
        ("aws:MultiFactorAuthAge", "600"),
        ("aws:TokenIssueTime", "2023-11-14T22:03:20Z"),
    ]);
    let without = Record { mfa_authenticated: Some(false), ..record };
    listing(without).check(&[("aws:MultiFactorAuthPresent", "false"), ("aws:MultiFactorAuthAge", "absent")]);
    let keyless = Record { access_key_id: None, session_created: None, mfa_authenticated: None, ..record };
    listing(keyless).check(&[("aws:MultiFactorAuthPresent", "unknown"), ("aws:TokenIssueTime", "unknown")]);
}

#[test]
fn a_call_that_a_service_forwards_for_a_user_has_mfa_false() {
    let record = Record {
        access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        session_created: Some(at(-1)),
        mfa_authenticated: Some(false),
        invoked_by: Some("athena.amazonaws.com"),
        source_ip_address: Some("athena.amazonaws.com"),
        ..by_user(S3, "ListObjects", None)
    };
    listing(record).check(&[("aws:MultiFactorAuthPresent", "false"), ("aws:TokenIssueTime", "unknown")]);
}

#[test]
fn a_role_session_has_its_own_keys() {
    let record = by_role(S3, "ListObjects", None);
    listing(record).check(&[
        ("aws:PrincipalArn", DEPLOY),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:userid", "AROARTX3GSDSQDEPEXAMPLE:one"),
        ("aws:username", "absent"),
        ("aws:MultiFactorAuthPresent", "false"),
        ("aws:MultiFactorAuthAge", "absent"),
        ("aws:TokenIssueTime", "2023-11-14T22:03:20Z"),
        ("aws:SourceIdentity", "absent"),
        ("aws:FederatedProvider", "unknown"),
        ("ec2:SourceInstanceArn", "absent"),
    ]);
    let set = Record {
        source_identity: Some("bob"),
        federated_provider: Some("cognito-identity.amazonaws.com"),
        mfa_authenticated: Some(true),
        ..record
    };
    listing(set).check(&[
        ("aws:SourceIdentity", "bob"),
        ("aws:FederatedProvider", "cognito-identity.amazonaws.com"),
        // The role may have been assumed in an older session with a second factor.
        ("aws:MultiFactorAuthAge", "unknown"),
    ]);
}

#[test]
fn workloads_are_told_where_the_record_names_them() {
    let instance = Record {
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/i-0123456789abcdef0"),
        ec2_role_delivery: Some("2.0"),
        ..by_role(S3, "ListObjects", None)
    };
    listing(instance).check(&[
        ("ec2:RoleDelivery", "2.0"),
        ("ec2:SourceInstanceArn", "unknown"),
        ("aws:Ec2InstanceSourceVpc", "unknown"),
        ("aws:FederatedProvider", "absent"),
    ]);
    let function = Record {
        in_scope_of: Some(
            r#"{"issuerType": "AWS::Lambda::Function",
                "credentialsIssuedTo": "arn:aws:lambda:eu-west-1:111122223333:function:report"}"#,
        ),
        ..by_role(S3, "ListObjects", None)
    };
    listing(function)
        .check(&[("lambda:SourceFunctionArn", "arn:aws:lambda:eu-west-1:111122223333:function:report")]);
    let of_instance = Record {
        in_scope_of: Some(
            r#"{"credentialsIssuedTo": "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"}"#,
        ),
        ..instance
    };
    listing(of_instance).check(&[
        ("ec2:SourceInstanceArn", "arn:aws:ec2:eu-west-1:111122223333:instance/i-0123456789abcdef0"),
        ("lambda:SourceFunctionArn", "unknown"),
    ]);
}

#[test]
fn root_has_the_account_s_root_arn() {
    let root = Record {
        identity_type: Some("Root"),
        identity_arn: Some("arn:aws:iam::111122223333:root"),
        principal_id: Some("111122223333"),
        user_name: None,
        ..by_user(S3, "ListObjects", None)
    };
    listing(root).check(&[
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:root"),
        ("aws:PrincipalType", "Account"),
        ("aws:AssumedRoot", "unknown"),
    ]);
    let assumed = Record { assumed_root: Some(true), ..root };
    listing(assumed).check(&[("aws:AssumedRoot", "true"), ("aws:SourceIdentity", "unknown")]);
}

#[test]
fn someone_of_another_account_is_told_by_the_id_alone() {
    let other = Record {
        identity_type: Some("AWSAccount"),
        identity_arn: None,
        identity_account_id: Some("444455556666"),
        principal_id: Some("AIDAGO645SY5AEXAMPLE"),
        access_key_id: None,
        user_name: None,
        ..by_user(S3, "ListObjects", None)
    };
    listing(other).check(&[
        ("aws:PrincipalAccount", "444455556666"),
        ("aws:PrincipalType", "User"),
        ("aws:userid", "AIDAGO645SY5AEXAMPLE"),
        ("aws:username", "unknown"),
        ("aws:PrincipalArn", "unknown"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:MultiFactorAuthPresent", "unknown"),
        ("aws:PrincipalTag/Team", "unknown"),
    ]);
    let role = Record { principal_id: Some("AROAGO645SY5AEXAMPLE:bob"), ..other };
    listing(role).check(&[("aws:PrincipalType", "AssumedRole"), ("aws:username", "absent")]);
}

#[test]
fn only_a_service_has_the_keys_of_services() {
    let service = Record {
        identity_type: Some("AWSService"),
        invoked_by: Some("cloudtrail.amazonaws.com"),
        source_ip_address: Some("cloudtrail.amazonaws.com"),
        identity_arn: None,
        identity_account_id: None,
        principal_id: None,
        access_key_id: None,
        user_name: None,
        ..by_user(S3, "PutObject", None)
    };
    listing(service).check(&[
        ("aws:PrincipalIsAWSService", "true"),
        ("aws:PrincipalServiceName", "cloudtrail.amazonaws.com"),
        ("aws:SourceArn", "unknown"),
        ("aws:SourceAccount", "unknown"),
        ("aws:ViaAWSService", "false"),
        ("aws:SourceIp", "unknown"),
        ("aws:PrincipalTag/Team", "absent"),
    ]);
    assert_eq!(listing(service).why("aws:SourceArn"), "never in the logs");
    let user = listing(by_user(S3, "ListObjects", None));
    user.check(&[
        ("aws:SourceArn", "absent"),
        ("aws:SourceAccount", "absent"),
        ("aws:PrincipalServiceName", "absent"),
    ]);
    assert_eq!(user.why("aws:PrincipalOrgID"), NO_ORGANIZATION);
    assert_eq!(user.why("aws:username"), "it is known");
}

#[test]
fn a_web_identity_s_token_is_told_by_the_call_that_shows_it() {
    let record = Record {
        identity_type: Some("WebIdentityUser"),
        identity_provider: Some(
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com",
        ),
        identity_arn: None,
        identity_account_id: None,
        principal_id: Some(
            "arn:aws:iam::111122223333:oidc-provider/token.actions.githubusercontent.com:sts.amazonaws.com:repo:example/shop:ref:refs/heads/main",
        ),
        access_key_id: None,
        user_name: Some("repo:example/shop:ref:refs/heads/main"),
        ..by_user(
            "sts.amazonaws.com",
            "AssumeRoleWithWebIdentity",
            Some(r#"{"roleSessionName": "run", "principalTags": {"Repo": "shop"}}"#),
        )
    };
    let case = Case::new(record, "sts:AssumeRoleWithWebIdentity", Some(DEPLOY));
    case.check(&[
        ("token.actions.githubusercontent.com:sub", "repo:example/shop:ref:refs/heads/main"),
        ("token.actions.githubusercontent.com:aud", "sts.amazonaws.com"),
        ("token.actions.githubusercontent.com:actor", "unknown"),
        ("sts:RoleSessionName", "run"),
        ("aws:RequestTag/repo", "shop"),
        ("aws:MultiFactorAuthPresent", "absent"),
        ("saml:sub", "absent"),
    ]);
    // Claims of another provider's token are in no such request.
    case.with(|told| {
        let context = context_of(told, &["oidc.example.com/id/1:sub"]);
        assert_eq!(context.standing("oidc.example.com/id/1:sub"), Standing::Absent);
    });
    let google = Record {
        identity_provider: Some("accounts.google.com"),
        response_elements: Some(r#"{"subjectFromWebIdentityToken": "42", "audience": "app"}"#),
        ..record
    };
    Case::new(google, "sts:AssumeRoleWithWebIdentity", Some(DEPLOY)).check(&[
        ("accounts.google.com:sub", "42"),
        ("accounts.google.com:aud", "unknown"),
        ("accounts.google.com:oaud", "app"),
    ]);
    let user = listing(by_user(S3, "ListObjects", None));
    user.with(|told| {
        let key = "token.actions.githubusercontent.com:sub";
        assert_eq!(context_of(told, &[key]).standing(key), Standing::Absent);
    });
}

#[test]
fn a_saml_assertion_is_told_by_the_call_that_shows_it() {
    let record = Record {
        identity_type: Some("SAMLUser"),
        identity_provider: Some("aGFzaA=="),
        identity_arn: None,
        access_key_id: None,
        user_name: Some("bob@example.com"),
        response_elements: Some(
            r#"{"subject": "bob@example.com", "subjectType": "persistent",
            "issuer": "https://id.example.com", "audience": "https://signin.aws.amazon.com/saml",
            "nameQualifier": "aGFzaA=="}"#,
        ),
        ..by_user(
            "sts.amazonaws.com",
            "AssumeRoleWithSAML",
            Some(r#"{"principalArn": "arn:aws:iam::111122223333:saml-provider/Example"}"#),
        )
    };
    Case::new(record, "sts:AssumeRoleWithSAML", Some(DEPLOY)).check(&[
        ("saml:sub", "bob@example.com"),
        ("saml:sub_type", "persistent"),
        ("saml:iss", "https://id.example.com"),
        ("saml:aud", "https://signin.aws.amazon.com/saml"),
        ("saml:namequalifier", "aGFzaA=="),
        ("saml:doc", "111122223333/Example"),
        ("saml:mail", "unknown"),
    ]);
}
