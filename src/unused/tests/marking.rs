//! Marks, findings, suggestions.

use serde_json::{Value, json};

use super::super::suggest::{Generality, Options};
use super::super::{Kind, Mark, Unseen, Unused};
use super::{
    ANN, DEPLOY, World, allow, at, by_ann, by_deploy, deny, found, look, look_in_parts, mark, of, policy,
    suggestion, trust_ann,
};
use crate::replay::Record;

const TWO: &str = "arn:aws:iam::111122223333:policy/two";

fn s3<'a>(called: &'a str, parameters: &'a str) -> Record<'a> {
    by_ann("s3.amazonaws.com", called, Some(parameters))
}

fn reason(answer: &Unused, action: &str) -> Option<Unseen> {
    of(answer, ANN).actions().find(|own| own.action() == action)?.unseen
}

const OBJECT: &str = r#"{"bucketName": "example", "key": "a.csv"}"#;

#[test]
fn what_no_log_could_show_is_not_called_unused() {
    let world = || World::default().user(ANN, &json!([allow("*", "*")]));
    let management = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let answer = look(&world().read(), &[management], None);
    assert_eq!(mark(&answer, ANN, "ec2:DescribeInstances"), Some(Mark::Used));
    assert_eq!(mark(&answer, ANN, "ec2:DescribeImages"), Some(Mark::Unused));
    assert_eq!(mark(&answer, ANN, "s3:GetObject"), Some(Mark::NotObservable));
    assert_eq!(reason(&answer, "s3:GetObject"), Some(Unseen::DataEvents));
    assert_eq!(reason(&answer, "rds-db:connect"), Some(Unseen::NeverLogged));
    assert_eq!(reason(&answer, "sts:TagSession"), Some(Unseen::Implied));
    // Reads of objects are recorded, and nobody knows whether writes are.
    let answer = look(&world().read(), &[management, s3("GetObject", OBJECT)], None);
    assert_eq!(mark(&answer, ANN, "s3:GetObject"), Some(Mark::Used));
    assert_eq!(mark(&answer, ANN, "s3:GetObjectAcl"), Some(Mark::Unused));
    assert_eq!(reason(&answer, "s3:DeleteObject"), Some(Unseen::DataEvents));
    assert_eq!(reason(&answer, "dynamodb:GetItem"), Some(Unseen::DataEvents));
}

#[test]
fn data_events_vouch_for_calls_of_their_own_direction_and_not_for_what_they_ask_for_on_the_way() {
    let world = || World::default().user(ANN, &json!([allow("*", "*")]));
    let copy = r#"{"bucketName": "example", "key": "b", "x-amz-copy-source": "example/a"}"#;
    let data = |called, parameters, read_only| Record {
        event_category: Some("Data"),
        read_only: Some(read_only),
        ..s3(called, parameters)
    };
    let answer = look(&world().read(), &[data("CopyObject", copy, false)], None);
    // The copy read an object; reads need not be recorded for all that.
    assert_eq!(mark(&answer, ANN, "s3:GetObject"), Some(Mark::Used));
    assert_eq!(reason(&answer, "s3:GetObjectAcl"), Some(Unseen::DataEvents));
    assert_eq!(reason(&answer, "s3:ListBucket"), Some(Unseen::DataEvents));
    assert_eq!(mark(&answer, ANN, "s3:DeleteObject"), Some(Mark::Unused));
    assert!(!answer.coverage[0].read_events);
    let [kind] = answer.coverage[0].data_event_regions.as_slice() else { panic!("{:?}", answer.coverage) };
    assert_eq!(kind.kind, "AWS::S3::Object");
    assert_eq!(
        (kind.reads.len(), kind.writes.iter().map(String::as_str).collect::<Vec<_>>()),
        (0, vec!["eu-west-1"])
    );
    // Without `readOnly` the name tells.
    let answer = look(&world().read(), &[s3("CopyObject", copy)], None);
    assert_eq!(reason(&answer, "s3:GetObjectAcl"), Some(Unseen::DataEvents));
    // A look at a bucket is a management event, though it asks for what else only data events show.
    let head = Record {
        event_category: Some("Management"),
        read_only: Some(true),
        ..s3("HeadBucket", r#"{"bucketName": "example"}"#)
    };
    let answer = look(&world().read(), &[head], None);
    assert_eq!(mark(&answer, ANN, "s3:ListBucket"), Some(Mark::Used));
    assert_eq!(reason(&answer, "s3:GetObject"), Some(Unseen::DataEvents));
    assert!(answer.coverage[0].read_events && answer.coverage[0].data_events.is_empty());
}

#[test]
fn an_event_that_is_logged_under_several_types_vouches_for_none_of_them_alone() {
    let world = || World::default().user(ANN, &json!([allow("dynamodb:*", "*")]));
    let of = |called| Record {
        event_category: Some("Data"),
        read_only: Some(true),
        ..by_ann("dynamodb.amazonaws.com", called, Some("{}"))
    };
    let answer = look(&world().read(), &[of("GetRecords")], None);
    assert_eq!(mark(&answer, ANN, "dynamodb:GetShardIterator"), Some(Mark::Unused));
    assert_eq!(reason(&answer, "dynamodb:GetItem"), Some(Unseen::DataEvents));
    let answer = look(&world().read(), &[of("GetItem")], None);
    assert_eq!(mark(&answer, ANN, "dynamodb:Query"), Some(Mark::Unused));
}

#[test]
fn beside_calls_of_which_no_action_is_known_nothing_of_their_service_is_called_unused() {
    let world = || {
        World::default().user(
            ANN,
            &json!([allow("ec2:*", "*"), allow("sqs:CreateQueue", "*"), allow("iam:PassRole", "*")]),
        )
    };
    let moon = by_ann("ec2.amazonaws.com", "LaunchMoonBase", Some("{}"));
    let near = [
        moon,
        by_ann("ec2.amazonaws.com", "DescribeImages", None),
        Record { aws_region: Some("us-east-1"), ..moon },
    ];
    let answer = look(&world().read(), &near, None);
    assert_eq!(reason(&answer, "ec2:TerminateInstances"), Some(Unseen::UnknownCall));
    // It may have handed a role over.
    assert_eq!(reason(&answer, "iam:PassRole"), Some(Unseen::UnknownCall));
    assert_eq!(mark(&answer, ANN, "ec2:DescribeImages"), Some(Mark::Used));
    assert_eq!(mark(&answer, ANN, "sqs:CreateQueue"), Some(Mark::Unused));
    let [call] = of(&answer, ANN).unmapped.as_slice() else { panic!() };
    assert_eq!(
        (call.call.as_str(), call.services.as_slice(), call.events),
        ("ec2: LaunchMoonBase", ["ec2".to_owned()].as_slice(), 2)
    );
    assert!(
        answer.limits.iter().any(|limit| limit.starts_with("Of 2 calls no action is known")),
        "{:?}",
        answer.limits
    );
    // Nor is a statement about the service said to have decided nothing.
    let never = found(&answer, Kind::StatementNeverDecided);
    assert_eq!(never.len(), 1, "{never:?}");
    assert_eq!(answer.unused_privileged(), 0);
    // What AWS refused was no use.
    let refused = Record { error_code: Some("AccessDenied"), ..moon };
    let answer = look(&world().read(), &[refused, near[1]], None);
    assert_eq!(mark(&answer, ANN, "ec2:TerminateInstances"), Some(Mark::Unused));
}

#[test]
fn calls_of_global_services_are_seen_only_where_they_are_logged() {
    let world = || World::default().user(ANN, &json!([allow("*", "*")]));
    let near = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let answer = look(&world().read(), &[near], None);
    assert_eq!(reason(&answer, "iam:CreateUser"), Some(Unseen::HomeRegion));
    assert_eq!(reason(&answer, "cloudfront:CreateDistribution"), Some(Unseen::HomeRegion));
    let answer = look(&world().read(), &[near, Record { aws_region: Some("us-east-1"), ..near }], None);
    assert_eq!(mark(&answer, ANN, "iam:CreateUser"), Some(Mark::Unused));
}

#[test]
fn what_trails_may_leave_out_is_unused_only_beside_events_of_the_service() {
    let world = || World::default().user(ANN, &json!([allow("*", "*")]));
    let other = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let answer = look(&world().read(), &[other], None);
    assert_eq!(reason(&answer, "kms:CreateKey"), Some(Unseen::ExcludedSource));
    assert_eq!(reason(&answer, "rds-data:ExecuteSql"), Some(Unseen::ExcludedSource));
    let answer = look(&world().read(), &[other, by_ann("kms.amazonaws.com", "ListKeys", None)], None);
    assert_eq!(mark(&answer, ANN, "kms:CreateKey"), Some(Mark::Unused));
}

#[test]
fn who_switched_to_a_role_in_the_console_perhaps_assumed_it() {
    let world = || World::default().user(ANN, &json!([allow("sts:AssumeRole", DEPLOY)])).read();
    let other = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let switch =
        Record { event_type: Some("AwsConsoleSignIn"), ..by_ann("signin.amazonaws.com", "SwitchRole", None) };
    assert_eq!(mark(&look(&world(), &[other], None), ANN, "sts:AssumeRole"), Some(Mark::Unused));
    assert_eq!(reason(&look(&world(), &[other, switch], None), "sts:AssumeRole"), Some(Unseen::Perhaps));
    let failed = Record { error_message: Some("Failed authentication"), ..switch };
    assert_eq!(mark(&look(&world(), &[other, failed], None), ANN, "sts:AssumeRole"), Some(Mark::Unused));
}

#[test]
fn a_trail_of_reads_shows_no_writes() {
    let world = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let read = Record { read_only: Some(true), ..by_ann("ec2.amazonaws.com", "DescribeInstances", None) };
    let answer = super::look_beside(&world, &super::Wanted::default(), (&[&[read]], false), None);
    assert_eq!(reason(&answer, "ec2:TerminateInstances"), Some(Unseen::WriteEvents));
    assert_eq!(mark(&answer, ANN, "ec2:DescribeImages"), Some(Mark::Unused));
}

#[test]
fn a_trail_of_writes_shows_no_reads_and_without_a_log_nothing_is_unused() {
    let world = || World::default().user(ANN, &json!([allow("*", "*")]));
    let write = by_ann(
        "ec2.amazonaws.com",
        "StopInstances",
        Some(r#"{"instancesSet": {"items": [{"instanceId": "i-1"}]}}"#),
    );
    let answer = look(&world().read(), &[write], None);
    assert_eq!(reason(&answer, "ec2:DescribeInstances"), Some(Unseen::ReadEvents));
    assert_eq!(reason(&answer, "sts:AssumeRole"), Some(Unseen::ReadEvents));
    assert_eq!(mark(&answer, ANN, "ec2:TerminateInstances"), Some(Mark::Unused));
    let answer = look(&world().read(), &[], None);
    assert_eq!(reason(&answer, "ec2:TerminateInstances"), Some(Unseen::NoLog));
    assert_eq!(of(&answer, ANN).marks().unused, 0);
    assert!(found(&answer, Kind::UserInactive).is_empty());
    assert!(!answer.coverage[0].is_covered);
}

#[test]
fn only_calls_that_worked_are_uses_and_a_passed_role_is_one() {
    let world = World::default().user(ANN, &json!([allow("*", "*")]));
    let parameters = r#"{"functionName": "f", "role": "arn:aws:iam::111122223333:role/exec"}"#;
    let made = by_ann("lambda.amazonaws.com", "CreateFunction20150331", Some(parameters));
    let refused =
        Record { error_code: Some("AccessDenied"), ..by_ann("ec2.amazonaws.com", "DescribeInstances", None) };
    let failed = Record {
        error_code: Some("NoSuchEntityException"),
        ..by_ann("iam.amazonaws.com", "GetUser", Some(r#"{"userName": "nobody"}"#))
    };
    let answer = look(
        &world.read(),
        &[made, refused, failed, by_ann("ec2.amazonaws.com", "DescribeImages", None)],
        None,
    );
    let uses = |action: &str| of(&answer, ANN).actions().find(|own| own.action() == action).unwrap().uses;
    assert_eq!((uses("iam:PassRole").used.events, uses("iam:PassRole").derived), (1, 1));
    assert_eq!(uses("lambda:CreateFunction").used.events, 1);
    assert_eq!(
        (uses("ec2:DescribeInstances").used.events, uses("ec2:DescribeInstances").denied.events),
        (0, 1)
    );
    assert_eq!(mark(&answer, ANN, "ec2:DescribeInstances"), Some(Mark::Unused));
    // It was permitted, or nobody knows; it is not called unused.
    assert_eq!(reason(&answer, "iam:GetUser"), Some(Unseen::Failed));
}

#[test]
fn what_is_used_without_a_grant_is_told_apart() {
    let world = World::default().role(DEPLOY, &trust_ann(), &json!([allow("s3:*", "*")]));
    let answer = look(&world.read(), &[by_deploy("ec2.amazonaws.com", "DescribeInstances", None)], None);
    assert_eq!(mark(&answer, DEPLOY, "ec2:DescribeInstances"), Some(Mark::UsedNotGranted));
    let findings: Vec<_> =
        answer.action_findings().filter(|own| own.kind == Kind::ActionUsedNotGranted).collect();
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0].detail["action"], "ec2:DescribeInstances");
}

#[test]
fn of_what_only_policies_of_resources_grant_those_are_named_that_name_the_principal() {
    let world = |key_policy: &Value, trust: &Value| {
        let key = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-4333-8444-555555555555";
        let bucket = policy(
            &json!([{"Effect": "Allow", "Principal": {"AWS": DEPLOY}, "Action": "s3:*", "Resource": "*"}]),
        );
        let resources = json!([
            {"arn": key, "policy": policy(key_policy)},
            {"arn": "arn:aws:s3:::example", "account": "111122223333", "policy": bucket},
            {"arn": "arn:aws:sqs:eu-west-1:444455556666:theirs", "policy": policy(&json!([
                {"Effect": "Allow", "Principal": "*", "Action": "sqs:*", "Resource": "*"}]))},
        ]);
        World::default()
            .user(ANN, &json!([allow("ec2:*", "*")]))
            .role(DEPLOY, trust, &json!([allow("ec2:*", "*")]))
            .file("resource-policies/all.json", &resources.to_string())
            .read()
    };
    let calls = [
        by_ann("kms.amazonaws.com", "DescribeKey", None),
        by_ann("sqs.amazonaws.com", "GetQueueAttributes", None),
        by_ann(
            "sts.amazonaws.com",
            "AssumeRole",
            Some(r#"{"roleArn": "arn:aws:iam::111122223333:role/deploy"}"#),
        ),
        by_deploy("s3.amazonaws.com", "ListObjects", Some(r#"{"bucketName": "example"}"#)),
    ];
    let statement = |principal: &Value| json!([{"Effect": "Allow", "Principal": principal, "Action": "kms:Describe*", "Resource": "*"}]);
    let named = |answer: &Unused, whose: &str, action: &str| {
        let own = of(answer, whose);
        let used = own.action(action).unwrap();
        assert_eq!(used.mark, Some(Mark::UsedNotGranted));
        let by = own.resource_policies(&used).to_vec();
        let reason = own.finding(&used).unwrap().reason;
        assert_eq!(reason, (!by.is_empty()).then_some("resource-policy"));
        by.len()
    };
    let account =
        json!([{"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}]);
    for (principal, trust, [key, role]) in [
        (json!({"AWS": ANN}), trust_ann(), [1, 1]),
        (json!("*"), trust_ann(), [1, 1]),
        // The account is let in, and says by its own policies who of it.
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), account, [0, 0]),
        (json!({"AWS": DEPLOY}), trust_ann(), [0, 1]),
    ] {
        let answer = look(&world(&statement(&principal), &trust), &calls, None);
        assert_eq!(named(&answer, ANN, "kms:DescribeKey"), key, "{principal}");
        assert_eq!(named(&answer, ANN, "sts:AssumeRole"), role, "{principal}");
        // Another account's policy lets nobody in by itself, and the bucket's says nothing of other services.
        assert_eq!(named(&answer, ANN, "sqs:GetQueueAttributes"), 0);
        assert_eq!(named(&answer, DEPLOY, "s3:ListBucket"), 1);
    }
}

#[test]
fn a_second_copy_in_the_log_of_the_owner_is_no_second_use() {
    let world = World::default().user(ANN, &json!([allow("*", "*")]));
    let own = Record { shared_event_id: Some("one"), ..s3("GetObject", OBJECT) };
    let copy = Record { account: Some("444455556666"), recipient_account_id: Some("444455556666"), ..own };
    let snapshot = world.read();
    let count = |records: &[Record<'_>]| {
        let answer = look(&snapshot, records, None);
        of(&answer, ANN).actions().find(|own| own.action() == "s3:GetObject").unwrap().uses.used.events
    };
    assert_eq!(count(&[own, copy]), 1);
    assert_eq!(count(&[copy]), 1);
    // The caller's trail has data events of other buckets only.
    let other = Record { shared_event_id: Some("two"), ..own };
    assert_eq!(count(&[other, copy]), 2);
}

#[test]
fn statements_resources_and_conditions_that_matched_nothing_are_found() {
    let mut region = allow("ec2:DescribeInstances", "*");
    region["Sid"] = json!("Region");
    region["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-east-1"]}});
    let mut office = allow("ec2:DescribeImages", "*");
    office["Sid"] = json!("Office");
    office["Condition"] = json!({"IpAddress": {"aws:SourceIp": "198.51.100.0/24"}});
    let mut read = allow("s3:GetObject", "");
    read["Sid"] = json!("Read");
    read["Resource"] = json!(["arn:aws:s3:::example/*", "arn:aws:s3:::example-old/*"]);
    let mut never = allow("iam:GetRole", "*");
    never["Sid"] = json!("Never");
    let mut unseen = allow("dynamodb:GetItem", "*");
    unseen["Sid"] = json!("Unseen");
    let mut guard = deny("iam:*", "*");
    guard["Sid"] = json!("Guard");
    let world = World::default()
        .user(ANN, &json!([region, office, read, never, unseen, guard, allow("ec2:DescribeImages", "*")]));
    let records = [
        by_ann("ec2.amazonaws.com", "DescribeInstances", None),
        by_ann("ec2.amazonaws.com", "DescribeImages", None),
        s3("GetObject", OBJECT),
    ];
    let answer = look(&world.read(), &records, None);
    let of_kind = |kind| found(&answer, kind).into_iter().map(|(_, detail)| detail).collect::<Vec<_>>();
    assert_eq!(
        of_kind(Kind::StatementNeverDecided),
        [["own", "Never"], ["own", "Office"]].map(|own| own.map(str::to_owned).to_vec())
    );
    assert_eq!(
        of_kind(Kind::ResourceNeverMatched),
        [["own", "arn:aws:s3:::example-old/*", "Read"].map(str::to_owned).to_vec()]
    );
    let conditions = of_kind(Kind::ConditionNeverMatched);
    assert_eq!(conditions.len(), 2, "{conditions:?}");
    assert!(conditions.iter().any(|own| own.contains(&"us-east-1".to_owned())));
    assert!(conditions.iter().any(|own| own.contains(&"198.51.100.0/24".to_owned())));
}

#[test]
fn idle_roles_users_and_principals_of_trust_policies_are_found() {
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [ANN, "arn:aws:iam::111122223333:user/bob"]}}]);
    let idle = "arn:aws:iam::111122223333:role/idle";
    let world = World::default()
        .user(ANN, &json!([allow("sts:*", "*")]))
        .user("arn:aws:iam::111122223333:user/bob", &json!([allow("sts:AssumeRole", "*")]))
        .user("arn:aws:iam::111122223333:user/reader", &json!([allow("s3:GetObject", "*")]))
        .role(DEPLOY, &trust, &json!([allow("s3:*", "*")]))
        .role(idle, &trust, &json!([allow("iam:*", "*")]))
        .role(
            "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX",
            &trust,
            &json!([allow("s3:*", "*")]),
        )
        .managed(TWO, &json!([allow("s3:*", "*")]));
    let taken = Record {
        assumed_role_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/one"),
        ..by_ann(
            "sts.amazonaws.com",
            "AssumeRole",
            Some(r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy"}"#),
        )
    };
    let answer = look(&world.read(), &[taken, by_ann("ec2.amazonaws.com", "DescribeImages", None)], None);
    let subjects = |kind| found(&answer, kind).into_iter().map(|(subject, _)| subject).collect::<Vec<_>>();
    assert_eq!(subjects(Kind::RoleNeverAssumed), [idle]);
    // Without data events and without a report nothing tells what a user who may only read objects did.
    assert_eq!(subjects(Kind::UserInactive), ["arn:aws:iam::111122223333:user/bob"]);
    assert_eq!(
        found(&answer, Kind::TrustPrincipalNeverAssumed),
        [(DEPLOY.to_owned(), vec!["arn:aws:iam::111122223333:user/bob".to_owned()])]
    );
    assert_eq!(subjects(Kind::PolicyUnattached), [TWO]);
    assert_eq!(found(&answer, Kind::PolicyVersionUnused), [(TWO.to_owned(), vec!["v1".to_owned()])]);
}

#[test]
fn what_iam_itself_saw_used_is_not_called_unused() {
    let report = "user,arn,password_enabled,password_last_used,password_last_changed,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date\n\
        ann,arn:aws:iam::111122223333:user/ann,true,DATE,2020-01-01T00:00:00Z,true,2020-01-01T00:00:00Z,DATE\n";
    let look_at = |date: &str| {
        let world = World::default()
            .user(ANN, &json!([allow("s3:*", "*")]))
            .user("arn:aws:iam::111122223333:user/bob", &json!([allow("s3:*", "*")]))
            .file("credential-report.csv", &report.replace("DATE", date));
        let bob = Record {
            identity_arn: Some("arn:aws:iam::111122223333:user/bob"),
            user_name: Some("bob"),
            ..by_ann("s3.amazonaws.com", "ListBuckets", None)
        };
        let answer = look(&world.read(), &[bob], None);
        [Kind::UserInactive, Kind::AccessKeyUnused, Kind::PasswordUnused]
            .map(|kind| found(&answer, kind).len())
    };
    assert_eq!(look_at("N/A"), [1, 1, 1]);
    assert_eq!(look_at("2020-02-01T00:00:00Z"), [1, 1, 1]);
    assert_eq!(look_at(&at(1).to_rfc3339()), [0, 0, 0]);
}

fn options(generality: Generality) -> Options {
    Options { generality, levels: false }
}

#[test]
fn a_suggestion_keeps_conditions_and_is_no_wider_than_what_it_replaces() {
    let mut own = allow("s3:GetObject", "arn:aws:s3:::example/2026/*");
    own["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let world = World::default().user(
        ANN,
        &json!([
            own,
            deny("s3:GetObject", "arn:aws:s3:::example/2026/private/*"),
            allow("iam:PassRole", "*"),
            allow("lambda:*", "*")
        ]),
    );
    let passed = r#"{"functionName": "f", "role": "arn:aws:iam::111122223333:role/exec"}"#;
    let records = [
        s3("GetObject", r#"{"bucketName": "example", "key": "2026/07/22/a.csv"}"#),
        by_ann("lambda.amazonaws.com", "CreateFunction20150331", Some(passed)),
    ];
    let answer = look(&world.read(), &records, Some(options(Generality::Wide)));
    let suggested = suggestion(&answer, ANN);
    let statements = suggested.policies[0].document["Statement"].as_array().unwrap();
    let of = |action: &str| statements.iter().find(|own| own["Action"] == action).unwrap();
    // All of the bucket would be more than today's policy allows.
    assert_eq!(of("s3:GetObject")["Resource"], "arn:aws:s3:::example/2026/*/*/a.csv");
    assert_eq!(
        of("s3:GetObject")["Condition"],
        json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}})
    );
    assert_eq!(of("iam:PassRole")["Resource"], "arn:aws:iam::111122223333:role/exec");
    assert_eq!(
        of("iam:PassRole")["Condition"],
        json!({"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}})
    );
    assert_eq!(of("lambda:CreateFunction")["Resource"], "arn:aws:lambda:eu-west-1:111122223333:function:*");
    assert_eq!(suggested.guards[0].document["Statement"][0]["Effect"], "Deny");
    let removed: Vec<_> = suggested.removed.iter().map(|own| own.risk).collect();
    assert!(removed.is_sorted(), "{removed:?}");
}

#[test]
fn access_levels_keep_what_is_granted_today_and_nothing_else() {
    let world = World::default().user(ANN, &json!([allow("sqs:*", "*"), deny("sqs:PurgeQueue", "*")]));
    let used = by_ann("sqs.amazonaws.com", "CreateQueue", Some(r#"{"queueName": "q"}"#));
    let snapshot = world.read();
    let with = look(&snapshot, &[used], Some(Options { generality: Generality::Templated, levels: true }));
    let text = suggestion(&with, ANN).policies[0].document.to_string();
    assert!(text.contains("sqs:CreateQueue") && text.contains("sqs:DeleteQueue"), "{text}");
    assert!(!text.contains("sqs:PurgeQueue") && !text.contains("sqs:ListQueues"), "{text}");
    let without = look(&snapshot, &[used], Some(options(Generality::Templated)));
    assert_eq!(suggestion(&without, ANN).policies[0].document["Statement"][0]["Action"], "sqs:CreateQueue");
}

/// All of an answer that is told, as text.
fn shown(answer: &Unused) -> String {
    let mut out = Vec::new();
    crate::report::unused::json(&mut out, answer, true, None).unwrap();
    String::from_utf8(out).unwrap()
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(8))]

    #[test]
    fn order_and_division_of_events_change_no_byte(order in proptest::collection::vec(0..12_usize, 1..40), cut in 0..40_usize) {
        let world = World::default()
            .user(ANN, &json!([allow("ec2:*", "*"), allow("s3:*", "arn:aws:s3:::example/*"), allow("s3:List*", "*")]))
            .role(DEPLOY, &trust_ann(), &json!([allow("lambda:*", "*"), allow("iam:PassRole", "*")]));
        let snapshot = world.read();
        let passed = r#"{"functionName": "f", "role": "arn:aws:iam::111122223333:role/exec"}"#;
        let keys: Vec<String> = (0..12).map(|key| json!({"bucketName": "example", "key": format!("{key}.csv")}).to_string()).collect();
        let records: Vec<Record<'_>> = order.iter().enumerate().map(|(second, place)| {
            let record = match place % 6 {
                0 => by_ann("ec2.amazonaws.com", "DescribeInstances", None),
                1 | 2 => s3("GetObject", &keys[*place]),
                3 => Record { error_code: Some("AccessDenied"), ..by_ann("iam.amazonaws.com", "ListUsers", None) },
                4 => by_deploy("lambda.amazonaws.com", "CreateFunction20150331", Some(passed)),
                _ => by_deploy("ec2.amazonaws.com", "DescribeImages", None),
            };
            Record { event_time: at(1) + chrono::TimeDelta::seconds(second as i64), ..record }
        }).collect();
        let how = Some(options(Generality::Templated));
        let one = shown(&look(&snapshot, &records, how));
        let (left, right) = records.split_at(cut.min(records.len()));
        let mut backward: Vec<Record<'_>> = left.to_vec();
        backward.reverse();
        let other = shown(&look_in_parts(&snapshot, &[right, &backward], how));
        proptest::prop_assert_eq!(one, other);
    }
}

#[test]
fn a_baseline_tells_what_is_new_and_what_is_gone() {
    let world = |statements: &Value| World::default().user(ANN, statements).read();
    let call = by_ann("ec2.amazonaws.com", "DescribeImages", None);
    let before =
        look(&world(&json!([allow("iam:CreateUser", "*"), allow("iam:CreateRole", "*")])), &[call], None);
    let after =
        look(&world(&json!([allow("iam:CreateUser", "*"), allow("iam:CreateGroup", "*")])), &[call], None);
    let baseline = super::super::Baseline::parse(&shown(&before)).unwrap();
    let actions: Vec<_> = after.action_findings().collect();
    let compared = baseline.compare(&after, after.findings.iter().chain(&actions));
    let of = |detail: &str| actions.iter().find(|own| own.detail["action"] == detail).unwrap();
    assert!(compared.new.contains(&of("iam:CreateGroup").id));
    assert!(!compared.new.contains(&of("iam:CreateUser").id));
    assert!(
        compared.resolved.iter().any(|own| own
            .known
            .detail
            .get("action")
            .is_some_and(|action| action == "iam:CreateRole"))
    );
    assert!(super::super::Baseline::parse("{}").is_err());
}

#[test]
fn parameters_whose_names_are_escaped_tell_what_they_tell() {
    let snapshot = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let of = |role: &str| {
        format!(r#"{{"functionName": "a \"b\" \\ \n", "{role}": "arn:aws:iam::111122223333:role/exec"}}"#)
    };
    for (role, passed) in [("role", 1), (r"\u0072ole", 1), (r"r\u006Fle", 1), ("description", 0)] {
        let parameters = of(role);
        let call = by_ann("lambda.amazonaws.com", "CreateFunction20150331", Some(&parameters));
        let answer = look(&snapshot, &[call], None);
        let own = super::of(&answer, ANN).action("iam:PassRole").unwrap();
        assert_eq!(own.uses.used.events, passed, "{parameters}");
    }
}

#[test]
fn what_no_call_is_known_of_is_not_called_unused_until_a_log_has_one() {
    let world = || World::default().user(ANN, &json!([allow("glue:*", "*"), allow("es:*", "*")])).read();
    let jobs = by_ann("glue.amazonaws.com", "GetJobs", None);
    let answer = look(&world(), &[jobs], None);
    assert_eq!(reason(&answer, "glue:PassConnection"), Some(Unseen::NoKnownCall));
    assert_eq!(reason(&answer, "glue:GetGeneratedCode"), Some(Unseen::NoKnownCall));
    assert_eq!(mark(&answer, ANN, "glue:GetTable"), Some(Mark::Unused));
    assert_eq!(reason(&answer, "es:ESHttpGet"), Some(Unseen::NeverLogged));
    // Somebody's call shows that they are logged.
    let other =
        Record { identity_arn: Some("arn:aws:iam::111122223333:user/bob"), user_name: Some("bob"), ..jobs };
    let code = Record { event_name: Some("GetGeneratedCode"), ..other };
    let answer = look(&world(), &[jobs, code], None);
    assert_eq!(mark(&answer, ANN, "glue:GetGeneratedCode"), Some(Mark::Unused));
    assert_eq!(reason(&answer, "glue:PassConnection"), Some(Unseen::NoKnownCall));
    // A statement on a service is told by its other calls; not one on what is never logged, nor on nothing else.
    let statements = |action: &str| {
        let answer = look(&World::default().user(ANN, &json!([allow(action, "*")])).read(), &[code], None);
        of(&answer, ANN).statements[0].unseen
    };
    assert_eq!(statements("glue:*"), None);
    assert_eq!(statements("glue:PassConnection"), Some(Unseen::NoKnownCall));
    assert_eq!(statements("es:*"), Some(Unseen::NeverLogged));
}
