//! The context keys that a snapshot tells.

use super::*;
use crate::policy::{Caller, Context, Resource, Standing};
use crate::snapshot::{Asked, Unsupplied};

fn context(principal: &str, action: &str, resource: &str) -> Context {
    let snapshot = org();
    let caller = snapshot.who(principal).unwrap();
    let resource = Resource::Named(resource.to_owned());
    let Resource::Named(arn) = &resource else { panic!("named above") };
    let resource_account = snapshot.resource_account(arn);
    let asked = Asked { caller: &caller, action, resource: &resource, resource_account };
    snapshot.context(asked, Unsupplied::Unknown)
}

fn values(context: &Context, key: &str) -> String {
    match context.standing(key) {
        Standing::Values(values) => values.join(","),
        Standing::Absent => "absent".to_owned(),
        Standing::Unknown => "unknown".to_owned(),
    }
}

const BUCKET: &str = "arn:aws:s3:::example-reports";

#[test]
fn a_user_s_keys_are_known() {
    let known = context("user/ann", "s3:ListBucket", BUCKET);
    for (key, value) in [
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:user/ann"),
        ("aws:PrincipalAccount", "111122223333"),
        ("aws:PrincipalType", "User"),
        ("aws:username", "ann"),
        ("aws:userid", "AIDARTX3GSDSQANNEXAMPLE"),
        ("aws:PrincipalTag/Team", "shop"),
        ("aws:PrincipalTag/other", "absent"),
        ("aws:PrincipalOrgID", "o-exampleorg1"),
        ("aws:PrincipalOrgPaths", "o-exampleorg1/r-ex01/ou-ex01-11111111/"),
        ("aws:PrincipalIsAWSService", "false"),
        ("aws:ResourceAccount", "444455556666"),
        ("aws:ResourceOrgID", "o-exampleorg1"),
        ("aws:SourceIp", "unknown"),
        ("aws:MultiFactorAuthPresent", "unknown"),
        ("aws:RequestedRegion", "unknown"),
    ] {
        assert_eq!(values(&known, key), value, "{key}");
    }
}

#[test]
fn a_session_has_its_role_s_arn_with_path_and_no_user_name() {
    let known = context("arn:aws:sts::111122223333:assumed-role/worker/pod", "s3:ListBucket", BUCKET);
    for (key, value) in [
        ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/service/worker"),
        ("aws:PrincipalType", "AssumedRole"),
        ("aws:userid", "AROARTX3GSDSQWORKEXAMPLE:pod"),
        ("aws:username", "absent"),
        ("aws:SourceIdentity", "unknown"),
    ] {
        assert_eq!(values(&known, key), value, "{key}");
    }
    // Of some session of the role the name is not known, so neither is the id.
    assert_eq!(values(&context("role/worker", "s3:ListBucket", BUCKET), "aws:userid"), "unknown");
}

#[test]
fn a_role_s_tags_are_known_only_if_its_trust_policy_lets_nobody_set_session_tags() {
    let deploy = context("role/deploy", "s3:ListBucket", BUCKET);
    assert_eq!(values(&deploy, "aws:PrincipalTag/team"), "shop");
    let worker = context("role/worker", "s3:ListBucket", BUCKET);
    assert_eq!(values(&worker, "aws:PrincipalTag/team"), "unknown");
}

#[test]
fn a_resource_s_tags_are_told_where_the_action_reads_them() {
    let secret = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/db-EXAMPL";
    let known = context("role/deploy", "secretsmanager:GetSecretValue", secret);
    assert_eq!(values(&known, "aws:ResourceTag/team"), "shop");
    assert_eq!(values(&known, "secretsmanager:ResourceTag/team"), "shop");
    assert_eq!(values(&known, "aws:ResourceTag/other"), "absent");
    assert_eq!(values(&known, "ec2:ResourceTag/team"), "unknown");
    let unknown = context("role/deploy", "s3:ListBucket", BUCKET);
    assert_eq!(values(&unknown, "aws:ResourceTag/team"), "unknown");
}

#[test]
fn a_role_that_is_assumed_is_a_resource_with_tags() {
    let known = context("user/ann", "sts:AssumeRole", "arn:aws:iam::111122223333:role/deploy");
    assert_eq!(values(&known, "aws:ResourceTag/team"), "shop");
}

#[test]
fn root_and_services_have_their_own_keys() {
    let root = context("arn:aws:iam::111122223333:root", "s3:ListBucket", BUCKET);
    assert_eq!(values(&root, "aws:PrincipalType"), "Account");
    assert_eq!(values(&root, "aws:userid"), "111122223333");
    assert_eq!(values(&root, "aws:PrincipalTag/team"), "absent");
    let service = context("lambda.amazonaws.com", "s3:ListBucket", BUCKET);
    assert_eq!(values(&service, "aws:PrincipalIsAWSService"), "true");
    assert_eq!(values(&service, "aws:PrincipalServiceName"), "lambda.amazonaws.com");
}

#[test]
fn accounts_of_elsewhere_have_unknown_organizations() {
    let other = context("arn:aws:iam::777788889999:user/x", "s3:ListBucket", BUCKET);
    assert_eq!(values(&other, "aws:PrincipalOrgID"), "unknown");
    assert_eq!(values(&other, "aws:PrincipalTag/team"), "unknown");
    assert_eq!(values(&other, "aws:userid"), "unknown");
}

#[test]
fn with_nothing_unsupplied_other_keys_are_absent() {
    let snapshot = org();
    let caller = Caller::Anonymous;
    let resource = Resource::Any;
    let asked =
        Asked { caller: &caller, action: "s3:GetObject", resource: &resource, resource_account: None };
    let known = snapshot.context(asked, Unsupplied::None);
    assert_eq!(values(&known, "aws:SourceIp"), "absent");
}
