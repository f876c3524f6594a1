//! What became of the findings of an earlier run, kind by kind.

use serde_json::{Value, json};

use super::super::{Baseline, Compared, Kind, Unused, Wanted};
use super::{ACCOUNT, ANN, DEPLOY, World, allow, at, by_ann, by_deploy, look, policy, trust_ann};
use crate::replay::Record;
use crate::report::Style;
use crate::report::unused::{Options, csv, json as document, listed, text};

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const LIMIT: &str = "arn:aws:iam::111122223333:policy/limit";
const REPORT: &str = "user,arn,password_enabled,password_last_used,password_last_changed,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n";

fn shown(answer: &Unused) -> String {
    let mut out = Vec::new();
    document(&mut out, answer, true, None).unwrap();
    String::from_utf8(out).unwrap()
}

fn compared(before: &Unused, after: &Unused) -> Compared {
    let findings: Vec<_> = listed(after, true).collect();
    let compared = Baseline::parse(&shown(before)).unwrap().compare(after, &findings);
    // Each earlier finding stands once.
    let earlier =
        serde_json::from_str::<Value>(&shown(before)).unwrap()["findings"].as_array().unwrap().len();
    let settled = compared.resolved.len() + compared.out_of_sight.len();
    assert_eq!(usize::try_from(compared.open).unwrap() + settled, earlier);
    compared
}

/// What became of the findings of a kind: `resolved: used`, `out of sight: no-log`; each word once.
fn fates(before: &Unused, after: &Unused, kind: Kind) -> Vec<String> {
    let compared = compared(before, after);
    let resolved = compared.resolved.iter().map(|own| (&own.known, format!("resolved: {}", own.how.word())));
    let hidden =
        compared.out_of_sight.iter().map(|own| (&own.known, format!("out of sight: {}", own.why.word())));
    let of_kind = resolved.chain(hidden).filter(|(known, _)| known.kind == kind.word());
    let mut words: Vec<String> = of_kind.map(|(_, words)| words).collect();
    words.sort();
    words.dedup();
    words
}

fn reading(region: &'static str) -> Record<'static> {
    Record {
        read_only: Some(true),
        aws_region: Some(region),
        ..by_ann("ec2.amazonaws.com", "DescribeImages", None)
    }
}

fn user(statements: &Value) -> World {
    World::default().user(ANN, statements)
}

#[test]
fn unused_actions_are_resolved_where_they_are_used_or_taken_away() {
    let granted = json!([allow("ec2:TerminateInstances", "*"), allow("iam:CreateUser", "*")]);
    let home = [reading("eu-west-1"), reading("us-east-1")];
    let before = look(&user(&granted).read(), &home, None);
    let after = |world: World, records: &[Record<'_>]| {
        fates(&before, &look(&world.read(), records, None), Kind::ActionUnused)
    };
    let ended = by_ann(
        "ec2.amazonaws.com",
        "TerminateInstances",
        Some(r#"{"instancesSet": {"items": [{"instanceId": "i-1"}]}}"#),
    );
    assert_eq!(after(user(&granted), &[home[0], home[1], ended]), ["resolved: used"]);
    assert_eq!(after(user(&json!([allow("iam:CreateUser", "*")])), &home), ["resolved: removed"]);
    // The home of IAM is not logged any more; nothing is.
    assert_eq!(after(user(&granted), &home[..1]), ["out of sight: home-region"]);
    assert_eq!(after(user(&granted), &[]), ["out of sight: no-log"]);
    // The user is gone; so is the account.
    let other = || World::default().user(BOB, &granted);
    assert_eq!(after(other(), &home), ["resolved: removed"]);
    let elsewhere = World::default().user(&BOB.replace(ACCOUNT, "444455556666"), &granted);
    assert_eq!(after(elsewhere, &home), ["out of sight: account-not-loaded"]);
}

#[test]
fn what_was_not_looked_at_is_out_of_sight() {
    let granted = json!([allow("ec2:TerminateInstances", "*")]);
    let snapshot = user(&granted).user(BOB, &granted).managed(LIMIT, &granted).read();
    let before = look(&snapshot, &[reading("eu-west-1")], None);
    let wanted = Wanted { principal: Some("user/ann".to_owned()), account: None };
    let part = super::look_at(&snapshot, &wanted, &[&[reading("eu-west-1")]], None);
    let now = compared(&before, &part);
    assert!(now.resolved.is_empty(), "{:?}", now.resolved);
    assert!(now.out_of_sight.iter().all(|own| own.why.word() == "not-looked-at") && now.open > 0);
    assert!(now.out_of_sight.iter().any(|own| own.known.subject == BOB));
    assert!(now.out_of_sight.iter().any(|own| own.known.kind == "policy-unattached"));
}

#[test]
fn uses_without_a_grant_are_resolved_by_a_grant() {
    let call = by_ann("ec2.amazonaws.com", "DescribeImages", None);
    let before = look(&user(&json!([allow("s3:*", "*")])).read(), &[call], None);
    let after = |statements: Value, records: &[Record<'_>]| {
        fates(&before, &look(&user(&statements).read(), records, None), Kind::ActionUsedNotGranted)
    };
    assert_eq!(after(json!([allow("ec2:*", "*")]), &[call]), ["resolved: granted"]);
    assert_eq!(after(json!([allow("ec2:*", "*")]), &[]), ["resolved: granted"]);
    let other = by_ann("ec2.amazonaws.com", "DescribeVpcs", None);
    assert_eq!(after(json!([allow("s3:*", "*")]), &[other]), ["out of sight: outside-window"]);
    assert_eq!(after(json!([allow("s3:*", "*")]), &[]), ["out of sight: no-log"]);
}

#[test]
fn what_no_log_could_show_is_resolved_by_a_log_that_does() {
    let granted = json!([allow("s3:GetObject", "*")]);
    let before = look(&user(&granted).read(), &[reading("eu-west-1")], None);
    let object = r#"{"bucketName": "example", "key": "a"}"#;
    let read = by_ann("s3.amazonaws.com", "GetObject", Some(object));
    let of_bob = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..read };
    let after = |records: &[Record<'_>]| {
        fates(&before, &look(&user(&granted).read(), records, None), Kind::ActionNotObservable)
    };
    assert_eq!(after(&[read]), ["resolved: used"]);
    assert_eq!(after(&[reading("eu-west-1"), of_bob]), ["resolved: observable"]);
    assert_eq!(after(&[reading("eu-west-1")]), [""; 0]);
}

#[test]
fn roles_users_and_those_whom_roles_trust() {
    let granted = json!([allow("ec2:*", "*")]);
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": [ANN, BOB]}}]);
    let world = || user(&granted).user(BOB, &granted).role(DEPLOY, &trust, &granted);
    let before = look(&world().read(), &[reading("eu-west-1")], None);
    let after = |world: World, records: &[Record<'_>], kind| {
        fates(&before, &look(&world.read(), records, None), kind)
    };
    let used = by_deploy("ec2.amazonaws.com", "DescribeImages", None);
    assert_eq!(after(world(), &[reading("eu-west-1"), used], Kind::RoleNeverAssumed), ["resolved: used"]);
    assert_eq!(after(user(&granted), &[reading("eu-west-1")], Kind::RoleNeverAssumed), ["resolved: removed"]);
    assert_eq!(after(world(), &[], Kind::RoleNeverAssumed), ["out of sight: no-log"]);
    let writes = Record {
        read_only: Some(false),
        ..by_ann("sqs.amazonaws.com", "CreateQueue", Some(r#"{"queueName": "q"}"#))
    };
    assert_eq!(after(world(), &[writes], Kind::RoleNeverAssumed), ["out of sight: read-events"]);
    let of_bob = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..reading("eu-west-1") };
    assert_eq!(after(world(), &[reading("eu-west-1"), of_bob], Kind::UserInactive), ["resolved: used"]);
    assert_eq!(after(world(), &[], Kind::UserInactive), ["out of sight: no-log"]);

    // Taken by ann, and so not by bob.
    let asked = json!({"roleArn": DEPLOY, "roleSessionName": "one"}).to_string();
    let taken = Record { read_only: Some(true), ..by_ann("sts.amazonaws.com", "AssumeRole", Some(&asked)) };
    let before = look(&world().read(), &[reading("eu-west-1"), taken], None);
    let after = |world: World, records: &[Record<'_>]| {
        fates(&before, &look(&world.read(), records, None), Kind::TrustPrincipalNeverAssumed)
    };
    let by_bob = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..taken };
    assert_eq!(after(world(), &[reading("eu-west-1"), taken, by_bob]), ["resolved: used"]);
    let less = user(&granted).user(BOB, &granted).role(DEPLOY, &trust_ann(), &granted);
    assert_eq!(after(less, &[reading("eu-west-1"), taken]), ["resolved: removed"]);
    assert_eq!(after(world(), &[reading("eu-west-1")]), ["out of sight: within-another"]);
}

#[test]
fn keys_and_passwords_are_as_the_report_tells() {
    let row = |made: &str, used: &str, signed: &str| {
        format!("{REPORT}ann,{ANN},true,{signed},2020-01-01T00:00:00Z,true,{made},{used},false,N/A,N/A\n")
    };
    let world = |report: Option<String>| {
        let world = user(&json!([allow("ec2:*", "*")]));
        report.iter().fold(world, |world, report| world.file("credential-report.csv", report)).read()
    };
    let (old, new) = ("2020-01-01T00:00:00Z", "2020-06-01T00:00:00Z");
    let of = |report: Option<String>| {
        look(&world(report), &[Record { access_key_id: None, ..reading("eu-west-1") }], None)
    };
    let before = of(Some(row(old, "N/A", "no_information")));
    let recent = at(1).to_rfc3339();
    let used = of(Some(row(old, &recent, &recent)));
    assert_eq!(fates(&before, &used, Kind::AccessKeyUnused), ["resolved: used"]);
    assert_eq!(fates(&before, &used, Kind::PasswordUnused), ["resolved: used"]);
    assert_eq!(fates(&before, &of(None), Kind::AccessKeyUnused), ["out of sight: no-report"]);
    assert_eq!(fates(&before, &of(None), Kind::PasswordUnused), ["out of sight: no-report"]);
    // Another key in its place is another finding.
    let other = of(Some(row(new, "N/A", "no_information")));
    assert_eq!(fates(&before, &other, Kind::AccessKeyUnused), ["resolved: removed"]);
    let now = compared(&before, &other);
    assert!(now.resolved.iter().all(|own| now.new.contains(&own.known.id)));
    let none = of(Some(format!("{REPORT}ann,{ANN},false,N/A,N/A,false,N/A,N/A,false,N/A,N/A\n")));
    assert_eq!(fates(&before, &none, Kind::AccessKeyUnused), ["resolved: removed"]);
    assert_eq!(fates(&before, &none, Kind::PasswordUnused), ["resolved: removed"]);
}

#[test]
fn groups_policies_and_versions_are_resolved_by_an_effect() {
    let granted = json!([allow("ec2:*", "*")]);
    let before = World::default().group("crew", &granted).user(ANN, &granted).managed(LIMIT, &granted);
    let before = look(&before.read(), &[reading("eu-west-1")], None);
    let attached = json!([{"PolicyName": "limit", "PolicyArn": LIMIT}]);
    let joined = user(&granted)
        .with("AttachedManagedPolicies", &attached)
        .group("crew", &granted)
        .managed(LIMIT, &granted);
    let after = look(&joined.read(), &[], None);
    assert_eq!(fates(&before, &after, Kind::GroupWithoutEffect), ["resolved: in-effect"]);
    assert_eq!(fates(&before, &after, Kind::PolicyUnattached), ["resolved: in-effect"]);
    assert_eq!(fates(&before, &after, Kind::PolicyVersionUnused), [""; 0]);
    let gone = look(&user(&granted).read(), &[], None);
    for kind in [Kind::GroupWithoutEffect, Kind::PolicyUnattached, Kind::PolicyVersionUnused] {
        assert_eq!(fates(&before, &gone, kind), ["resolved: removed"], "{kind:?}");
    }
    let mut back = user(&granted).managed(LIMIT, &granted);
    back.managed[0]["DefaultVersionId"] = json!("v1");
    back.managed[0]["PolicyVersionList"] = json!([
        {"VersionId": "v2", "IsDefaultVersion": false, "Document": policy(&granted)},
        {"VersionId": "v1", "IsDefaultVersion": true, "Document": policy(&json!([]))},
    ]);
    let back = look(&back.read(), &[], None);
    assert_eq!(fates(&before, &back, Kind::PolicyVersionUnused), ["resolved: in-effect"]);
}

#[test]
fn statements_and_their_parts() {
    let objects = |names: &[&str]| {
        json!({"Sid": "Two", "Effect": "Allow", "Action": "sqs:CreateQueue", "Resource":
            names.iter().map(|name| format!("arn:aws:sqs:eu-west-1:111122223333:{name}")).collect::<Vec<_>>()})
    };
    let idle = json!({"Sid": "Idle", "Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*"});
    let look_at = allow("ec2:DescribeImages", "*");
    let two = json!([objects(&["a", "b"]), idle, look_at]);
    let made = |name: &str| json!({"queueName": name}).to_string();
    let (a, b) = (made("a"), made("b"));
    let create = |told| by_ann("sqs.amazonaws.com", "CreateQueue", Some(told));
    let before = look(&user(&two).read(), &[create(&a), reading("eu-west-1")], None);
    let after = |statements: &Value, records: &[Record<'_>], kind| {
        fates(&before, &look(&user(statements).read(), records, None), kind)
    };
    let ended = by_ann(
        "ec2.amazonaws.com",
        "TerminateInstances",
        Some(r#"{"instancesSet": {"items": [{"instanceId": "i-1"}]}}"#),
    );
    let seen = reading("eu-west-1");
    assert_eq!(after(&two, &[create(&a), ended], Kind::StatementNeverDecided), ["resolved: used"]);
    assert_eq!(
        after(&json!([objects(&["a", "b"]), look_at]), &[create(&a), seen], Kind::StatementNeverDecided),
        ["resolved: removed"]
    );
    assert_eq!(after(&two, &[], Kind::StatementNeverDecided), ["out of sight: no-log"]);
    let of_bob = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..seen };
    assert_eq!(after(&two, &[of_bob], Kind::StatementNeverDecided), ["out of sight: within-another"]);
    assert_eq!(after(&two, &[create(&a), create(&b)], Kind::ResourceNeverMatched), ["resolved: used"]);
    assert_eq!(
        after(&json!([objects(&["a", "c"]), look_at]), &[create(&a)], Kind::ResourceNeverMatched),
        ["resolved: removed"]
    );
    // Now nothing of the statement was used: that is said, and of its parts nothing.
    assert_eq!(after(&two, &[seen], Kind::ResourceNeverMatched), ["out of sight: within-another"]);
    let other = World::default().user(BOB, &two);
    assert_eq!(
        fates(&before, &look(&other.read(), &[of_bob], None), Kind::StatementNeverDecided),
        ["resolved: removed"]
    );
}

#[test]
fn conditions_and_their_values() {
    let from = |regions: &[&str]| {
        json!([{"Effect": "Allow", "Action": "ec2:*", "Resource": "*",
            "Condition": {"StringEquals": {"aws:RequestedRegion": regions}}}])
    };
    let two = from(&["eu-west-1", "us-west-2"]);
    let records = [reading("eu-west-1"), Record { identity_arn: Some(BOB), ..reading("us-west-2") }];
    let before = look(&user(&two).read(), &records, None);
    let after = |statements: &Value, records: &[Record<'_>]| {
        fates(&before, &look(&user(statements).read(), records, None), Kind::ConditionNeverMatched)
    };
    assert_eq!(after(&two, &[reading("eu-west-1"), reading("us-west-2")]), ["resolved: used"]);
    assert_eq!(after(&from(&["eu-west-1", "eu-west-3"]), &records), ["resolved: removed"]);
    assert_eq!(after(&two, &[]), ["out of sight: no-log"]);
}

#[test]
fn what_became_of_a_finding_is_said_in_every_form() {
    let granted = json!([allow("ec2:TerminateInstances", "*"), allow("iam:CreateUser", "*")]);
    let before = look(&user(&granted).read(), &[reading("eu-west-1"), reading("us-east-1")], None);
    let less = user(&json!([allow("iam:CreateUser", "*")]));
    let after = look(&less.read(), &[reading("eu-west-1")], None);
    let now = compared(&before, &after);
    let mut out = Vec::new();
    document(&mut out, &after, true, Some(&now)).unwrap();
    let told: Value = serde_json::from_slice(&out).unwrap();
    assert_eq!(told["baseline"]["open"], now.open);
    let [resolved, hidden] =
        ["resolved", "out_of_sight"].map(|part| told["baseline"][part].as_array().unwrap());
    assert!(
        resolved
            .iter()
            .any(|own| own["how"] == "removed" && own["detail"]["action"] == "ec2:TerminateInstances")
    );
    assert!(
        hidden.iter().any(|own| own["why"] == "home-region" && own["detail"]["action"] == "iam:CreateUser")
    );
    let mut out = Vec::new();
    csv(&mut out, &after, None, true, Some(&now)).unwrap();
    let rows = String::from_utf8(out).unwrap();
    assert!(rows.lines().any(|row| row.starts_with("resolved,") && row.contains(",removed,")), "{rows}");
    assert!(
        rows.lines().any(|row| row.starts_with("out-of-sight,") && row.contains(",home-region,")),
        "{rows}"
    );
    let options = Options { compared: Some(now), ..Options::default() };
    let screen = text(&after, &options, Style { unicode: true, wide: false, width: 80 });
    for words in [
        "still open, ",
        "Resolved since the baseline",
        "action-unused ec2:TerminateInstances: removed",
        "neither open nor resolved",
        "action-unused iam:CreateUser: no events of the service's home region",
    ] {
        assert!(screen.contains(words), "{words}: {screen}");
    }
    assert!(screen.lines().all(|line| line.chars().count() <= 80 || line.contains("backtrail")), "{screen}");
}

#[test]
fn a_failed_sign_in_is_no_activity_of_the_user() {
    let row =
        format!("{REPORT}ann,{ANN},true,no_information,2020-01-01T00:00:00Z,false,N/A,N/A,false,N/A,N/A\n");
    let snapshot = user(&json!([allow("ec2:*", "*")])).file("credential-report.csv", &row).read();
    let sign_in = |message| Record {
        event_type: Some("AwsConsoleSignIn"),
        access_key_id: None,
        error_message: message,
        aws_region: Some("us-east-1"),
        ..by_ann("signin.amazonaws.com", "ConsoleLogin", None)
    };
    let others = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..reading("us-east-1") };
    let idle = |message| {
        let answer = look(&snapshot, &[sign_in(message), others], None);
        answer.findings.iter().any(|finding| finding.kind == Kind::UserInactive)
    };
    assert!(idle(Some("Failed authentication")));
    assert!(!idle(None));
}

#[test]
fn actions_that_are_new_since_the_baseline_are_named_on_the_screen() {
    let of = |statements: &Value| look(&user(statements).read(), &[reading("us-east-1")], None);
    let before = of(&json!([allow("ec2:*", "*")]));
    let now =
        of(&json!([allow("ec2:*", "*"), allow("iam:AttachUserPolicy", "*"), allow("sqs:PurgeQueue", "*")]));
    let compared = compared(&before, &now);
    for one in [false, true] {
        let options = Options { compared: Some(compared.clone()), one, ..Options::default() };
        let shown = text(&now, &options, Style::default());
        let at = shown.find("New since the baseline: actions that were not used").expect(&shown);
        let section = shown.get(at..).unwrap().split("\n\n").next().unwrap();
        assert!(section.lines().nth(1).unwrap().starts_with("! iam:AttachUserPolicy"), "{section}");
        assert_eq!(section.lines().count(), 3, "{section}");
        assert!(shown.contains("baseline") && shown.contains(" new; of the earlier ones"), "{shown}");
    }
}
