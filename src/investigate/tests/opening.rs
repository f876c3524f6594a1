//! What was opened to outsiders.

use super::{HOME, OUTSIDE, by_other, iam, investigate, write};
use crate::investigate::{ClosedHow, Grantee, Opening, OpeningHow};
use crate::query::EventRow;

fn call(seconds: i64, source: &'static str, name: &'static str, request: &'static str) -> EventRow<'static> {
    EventRow { request_parameters: Some(request), ..write(seconds, source, name) }
}

fn openings(rows: &[EventRow<'_>]) -> Vec<Opening> {
    investigate(rows, &[]).openings
}

fn outside() -> Grantee {
    Grantee::Account(OUTSIDE.to_owned())
}

#[test]
fn a_shared_snapshot_is_open_until_it_is_taken_back() {
    let open = openings(&[
        call(
            0,
            "ec2.amazonaws.com",
            "ModifySnapshotAttribute",
            r#"{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"userId":"444455556666"}]}}}"#,
        ),
        call(
            50,
            "ec2.amazonaws.com",
            "ModifySnapshotAttribute",
            r#"{"snapshotId":"snap-1","createVolumePermission":{"remove":{"items":[{"userId":"444455556666"}]}}}"#,
        ),
    ]);
    assert_eq!(open.len(), 1);
    assert_eq!((open[0].kind.as_str(), &open[0].to), ("snapshot", &outside()));
    let until = open[0].until.as_ref().unwrap();
    assert_eq!((until.how, until.at.seconds_since(open[0].from.at)), (ClosedHow::Revoked, 50));
}

#[test]
fn an_image_for_everyone_is_closed_by_its_removal() {
    let open = openings(&[
        call(
            0,
            "ec2.amazonaws.com",
            "ModifyImageAttribute",
            r#"{"imageId":"ami-1","launchPermission":{"add":{"items":[{"group":"all"}]}}}"#,
        ),
        call(9, "ec2.amazonaws.com", "DeregisterImage", r#"{"imageId":"ami-1"}"#),
    ]);
    assert_eq!(open[0].to, Grantee::Anyone);
    assert_eq!(open[0].until.as_ref().unwrap().how, ClosedHow::Removed);
}

#[test]
fn a_database_snapshot_shared_with_an_account_is_open() {
    let open = openings(&[call(
        0,
        "rds.amazonaws.com",
        "ModifyDBSnapshotAttribute",
        r#"{"dBSnapshotIdentifier":"main","attributeName":"restore","valuesToAdd":["444455556666","111122223333"]}"#,
    )]);
    let to: Vec<&Grantee> = open.iter().map(|opening| &opening.to).collect();
    assert_eq!(to, [&outside()], "the own account is no outsider");
    assert_eq!(open[0].until, None);
}

const TRUSTS_OUTSIDE: &str = r#"{"roleName":"deploy","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Action\":\"sts:AssumeRole\"}]}"}"#;
const TRUSTS_HOME: &str = r#"{"roleName":"deploy","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"Service\":\"ec2.amazonaws.com\",\"AWS\":\"111122223333\"},\"Action\":\"sts:AssumeRole\"}]}"}"#;

#[test]
fn a_trust_policy_opens_a_role_until_another_replaces_it() {
    let open = openings(&[
        iam(0, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE),
        iam(30, "UpdateAssumeRolePolicy", TRUSTS_HOME),
    ]);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].until.as_ref().unwrap().how, ClosedHow::Replaced);
    assert!(openings(&[iam(0, "UpdateAssumeRolePolicy", TRUSTS_HOME)]).is_empty());
}

#[test]
fn the_same_outsider_in_the_next_policy_stays_one_opening() {
    let open = openings(&[
        iam(0, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE),
        iam(30, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE),
    ]);
    assert_eq!(open.len(), 1);
    assert_eq!(open[0].until, None);
}

#[test]
fn what_others_open_is_not_the_subjects_doing_and_what_they_close_is_closed() {
    let own = [iam(0, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE)];
    let answer = investigate(&own, &[by_other(iam(30, "UpdateAssumeRolePolicy", TRUSTS_HOME))]);
    assert!(!answer.openings[0].until.as_ref().unwrap().by_subject);
    let answer = investigate(&[], &[by_other(iam(30, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE))]);
    assert!(answer.openings.is_empty());
}

#[test]
fn a_bucket_policy_for_anyone_is_told_from_one_bound_to_an_organization() {
    let anyone = r#"{"bucketName":"b","bucketPolicy":{"Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:GetObject"}]}}"#;
    let bound = r#"{"bucketName":"b","bucketPolicy":{"Statement":{"Effect":"Allow","Principal":{"AWS":"*"},"Action":"s3:*","Condition":{"StringEquals":{"aws:PrincipalOrgID":"o-example"}}}}}"#;
    let open = openings(&[call(0, "s3.amazonaws.com", "PutBucketPolicy", anyone)]);
    assert_eq!((&open[0].to, open[0].bound), (&Grantee::Anyone, false));
    let open = openings(&[call(0, "s3.amazonaws.com", "PutBucketPolicy", bound)]);
    assert_eq!((&open[0].to, open[0].bound), (&Grantee::Organization("o-example".into()), true));
}

#[test]
fn ports_are_open_to_the_internet_and_not_to_private_networks() {
    let request = r#"{"groupId":"sg-1","ipPermissions":{"items":[
        {"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"},{"cidrIp":"10.0.0.0/8"}]}},
        {"ipProtocol":"tcp","fromPort":3389,"toPort":3389,"ipRanges":{"items":[{"cidrIp":"203.0.113.9/32"}]}},
        {"ipProtocol":"-1","ipv6Ranges":{"items":[{"cidrIpv6":"::/0"}]}}]}}"#;
    let open = openings(&[call(0, "ec2.amazonaws.com", "AuthorizeSecurityGroupIngress", request)]);
    let told: Vec<(&str, &Grantee)> = open.iter().map(|o| (o.what.as_str(), &o.to)).collect();
    assert_eq!(
        told,
        [
            ("22/tcp", &Grantee::Anyone),
            ("3389/tcp", &Grantee::Network("203.0.113.9/32".into())),
            ("all traffic", &Grantee::Anyone)
        ]
    );
}

#[test]
fn a_port_is_closed_by_its_range_in_the_other_form_and_by_its_rule_id() {
    let authorize = EventRow {
        response_elements: Some(
            r#"{"securityGroupRuleSet":{"items":[{"securityGroupRuleId":"sgr-1","ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIpv4":"0.0.0.0/0"}]}}"#,
        ),
        ..call(
            0,
            "ec2.amazonaws.com",
            "AuthorizeSecurityGroupIngress",
            r#"{"groupId":"sg-1","ipPermissions":{"items":[{"ipProtocol":"tcp","fromPort":22,"toPort":22,"ipRanges":{"items":[{"cidrIp":"0.0.0.0/0"}]}}]}}"#,
        )
    };
    for request in [
        r#"{"groupId":"sg-1","ipPermissions":{},"ipProtocol":"tcp","fromPort":22,"toPort":22,"cidrIp":"0.0.0.0/0"}"#,
        r#"{"groupId":"sg-1","securityGroupRuleIds":{"items":[{"securityGroupRuleId":"sgr-1"}]}}"#,
        r#"{"groupId":"sg-1","securityGroupRuleIds":["sgr-1"]}"#,
    ] {
        let revoke = call(5, "ec2.amazonaws.com", "RevokeSecurityGroupIngress", request);
        assert!(openings(&[authorize, revoke])[0].until.is_some(), "{request}");
    }
}

#[test]
fn a_function_for_anyone_is_closed_by_its_statement() {
    let lambda = |seconds, name, request| call(seconds, "lambda.amazonaws.com", name, request);
    let add =
        r#"{"functionName":"front","statementId":"s1","action":"lambda:InvokeFunction","principal":"*"}"#;
    let open = openings(&[
        lambda(0, "AddPermission20150331v2", add),
        lambda(9, "RemovePermission20150331v2", r#"{"functionName":"front","statementId":"s1"}"#),
    ]);
    assert_eq!((&open[0].to, open[0].until.is_some()), (&Grantee::Anyone, true));
    let service = r#"{"functionName":"front","statementId":"s2","action":"lambda:InvokeFunction","principal":"events.amazonaws.com"}"#;
    assert!(openings(&[lambda(0, "AddPermission20150331v2", service)]).is_empty());
}

#[test]
fn a_public_access_block_taken_away_is_a_guard_and_no_opening_by_itself() {
    let open =
        openings(&[call(0, "s3.amazonaws.com", "DeleteBucketPublicAccessBlock", r#"{"bucketName":"b"}"#)]);
    assert_eq!(open[0].how, OpeningHow::GuardRemoved);
}

#[test]
fn the_use_of_a_shared_snapshot_is_told() {
    let share = call(
        0,
        "ec2.amazonaws.com",
        "ModifySnapshotAttribute",
        r#"{"snapshotId":"snap-1","createVolumePermission":{"add":{"items":[{"userId":"444455556666"}]}}}"#,
    );
    let used = EventRow {
        event_type: Some("AwsServiceEvent"),
        service_event_details: Some(r#"{"snapshotId":"snap-1"}"#),
        ..write(20, "ec2.amazonaws.com", "SharedSnapshotVolumeCreated")
    };
    let answer = investigate(&[share], &[used]);
    assert_eq!(answer.openings[0].used.calls, 1);
}

#[test]
fn an_account_whose_logs_are_here_is_known() {
    let mut investigator = super::investigator(crate::investigate::Limits::default());
    investigator.push(&iam(0, "UpdateAssumeRolePolicy", TRUSTS_OUTSIDE), crate::investigate::Relation::Own);
    let mut coverage = crate::investigate::Coverage::default();
    for account in [HOME, OUTSIDE] {
        coverage.accounts.insert(account.into(), crate::investigate::Span::default());
    }
    assert!(investigator.finish(coverage).openings[0].known_account);
}
