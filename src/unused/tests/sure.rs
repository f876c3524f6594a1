//! What is not known is not called unused, used without a grant, resolved, or proved.

use super::*;
use crate::unused::suggest::{Generality, Options};
use crate::unused::{Baseline, SubjectError, Unseen};

const BOB: &str = "arn:aws:iam::111122223333:user/bob";

fn everything() -> Value {
    json!([allow("*", "*")])
}

const OPTIONS: Option<Options> = Some(Options { generality: Generality::Templated, levels: false });

#[test]
fn what_a_policy_that_is_not_here_may_grant_is_no_use_without_a_grant() {
    const MISSING: &str = "arn:aws:iam::aws:policy/AmazonSQSFullAccess";
    let queue = Some(r#"{"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/jobs"}"#);
    let call = by_ann("sqs.amazonaws.com", "DeleteQueue", queue);
    let world = || World::default().user(ANN, &json!([allow("s3:ListAllMyBuckets", "*")]));
    let attached = json!([{"PolicyName": "AmazonSQSFullAccess", "PolicyArn": MISSING}]);
    let answer = look(&world().with("AttachedManagedPolicies", &attached).read(), &[call], OPTIONS);
    assert_eq!(mark(&answer, ANN, "sqs:DeleteQueue"), Some(Mark::Used));
    assert_eq!(suggestion(&answer, ANN).kept_attached, [MISSING]);
    // Where all policies are here, nothing grants it.
    let answer = look(&world().read(), &[call], OPTIONS);
    assert_eq!(mark(&answer, ANN, "sqs:DeleteQueue"), Some(Mark::UsedNotGranted));
    assert_eq!(suggestion(&answer, ANN).kept_attached, [""; 0]);
}

#[test]
fn calls_of_somebody_who_had_the_name_before_count_for_nobody() {
    let now = |id: &str| {
        World::default().role(DEPLOY, &trust_ann(), &everything()).with("RoleId", &json!(id)).read()
    };
    let call = Record {
        principal_id: Some("AROARTX3GSDSQOLDEXAMPLE:one"),
        ..by_deploy(
            "ec2.amazonaws.com",
            "TerminateInstances",
            Some(r#"{"instancesSet": {"items": [{"instanceId": "i-1"}]}}"#),
        )
    };
    let same = look(&now("AROARTX3GSDSQOLDEXAMPLE"), &[call], None);
    assert_eq!(mark(&same, DEPLOY, "ec2:TerminateInstances"), Some(Mark::Used));
    let other = look(&now("AROARTX3GSDSQNEWEXAMPLE"), &[call], None);
    assert_eq!(mark(&other, DEPLOY, "ec2:TerminateInstances"), Some(Mark::Unused));
    assert_eq!(of(&other, DEPLOY).calls.events, 0);
    let said = |answer: &Unused| {
        answer.limits.iter().any(|words| words.starts_with("1 event is of users and roles that were removed"))
    };
    assert!(said(&other) && !said(&same), "{:?}", other.limits);
}

#[test]
fn services_with_one_region_are_unused_only_where_that_region_is_logged() {
    let world = World::default().user(ANN, &everything()).read();
    let call = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    for (action, home) in [
        ("account:DeleteAlternateContact", "us-east-1"),
        ("shield:CreateProtection", "us-east-1"),
        ("globalaccelerator:CreateAccelerator", "us-west-2"),
        ("networkmanager:CreateGlobalNetwork", "us-west-2"),
    ] {
        let reason =
            |answer: &Unused| of(answer, ANN).actions().find(|own| own.action() == action).unwrap().unseen;
        assert_eq!(reason(&look(&world, &[call], None)), Some(Unseen::HomeRegion), "{action}");
        let there = Record { aws_region: Some(home), ..call };
        assert_eq!(mark(&look(&world, &[call, there], None), ANN, action), Some(Mark::Unused), "{action}");
    }
}

#[test]
fn a_role_that_a_service_lends_was_assumed() {
    for (service, source, name, response) in [
        ("rolesanywhere.amazonaws.com", "rolesanywhere.amazonaws.com", "CreateSession", None),
        (
            "pods.eks.amazonaws.com",
            "eks-auth.amazonaws.com",
            "AssumeRoleForPodIdentity",
            Some("arn:aws:sts::111122223333:assumed-role/deploy/eks-one"),
        ),
    ] {
        let trust = json!([{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"Service": service}}]);
        let world = World::default().role(DEPLOY, &trust, &everything()).user(ANN, &everything()).read();
        let asked = json!({"roleArn": DEPLOY}).to_string();
        let lent = Record {
            identity_type: Some("Unknown"),
            identity_arn: None,
            access_key_id: None,
            assumed_role_arn: response,
            ..by_ann(source, name, response.is_none().then_some(asked.as_str()))
        };
        let reads = by_ann("ec2.amazonaws.com", "DescribeImages", None);
        let answer = look(&world, &[lent, Record { read_only: Some(true), ..reads }], None);
        assert_eq!(found(&answer, Kind::RoleNeverAssumed), [], "{service}");
        assert_eq!(found(&answer, Kind::TrustPrincipalNeverAssumed), [], "{service}");
    }
}

#[test]
fn what_only_went_out_of_sight_is_not_resolved() {
    let world = World::default().user(ANN, &everything()).read();
    let call =
        Record { aws_region: Some("us-east-1"), ..by_ann("ec2.amazonaws.com", "DescribeImages", None) };
    let before = look(&world, &[call], None);
    let mut shown = Vec::new();
    crate::report::unused::json(&mut shown, &before, true, None).unwrap();
    let baseline = Baseline::parse(&String::from_utf8(shown).unwrap()).unwrap();
    let resolved = |answer: &Unused| {
        let actions: Vec<_> = answer.action_findings().collect();
        let compared = baseline.compare(answer, answer.findings.iter().chain(&actions));
        compared.resolved.iter().filter(|own| own.known.kind == "action-unused").count()
    };
    // The home of IAM is not logged any more, or nothing is.
    let elsewhere = look(&world, &[by_ann("ec2.amazonaws.com", "DescribeImages", None)], None);
    assert_eq!(resolved(&elsewhere), 0);
    assert_eq!(resolved(&look(&world, &[], None)), 0);
    let less = World::default().user(ANN, &json!([allow("ec2:*", "*")])).read();
    assert!(resolved(&look(&less, &[call], None)) > 1_000);
}

#[test]
fn a_report_that_knows_of_fewer_keys_in_use_than_the_log_tells_nothing_of_the_others() {
    let report = "user,arn,password_enabled,password_last_used,password_last_changed,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n\
        ann,arn:aws:iam::111122223333:user/ann,false,N/A,N/A,true,2020-01-01T00:00:00Z,DATE,true,2020-02-01T00:00:00Z,N/A\n";
    let of_bob = Record {
        identity_arn: Some(BOB),
        user_name: Some("bob"),
        access_key_id: Some("AKIARTX3GSDSBEXAMPLE"),
        ..by_ann("s3.amazonaws.com", "ListBuckets", None)
    };
    let own = by_ann("s3.amazonaws.com", "ListBuckets", None);
    let keys = |first_used: &str, records: &[Record<'_>]| {
        let report = report.replace("DATE", first_used);
        let world = World::default().user(ANN, &everything()).user(BOB, &everything());
        let answer = look(&world.file("credential-report.csv", &report).read(), records, None);
        found(&answer, Kind::AccessKeyUnused)
            .into_iter()
            .map(|(_, detail)| detail.concat())
            .collect::<Vec<_>>()
    };
    assert_eq!(keys("N/A", &[of_bob]), ["1", "2"]);
    // One of the two was used, and the report does not know of it.
    assert_eq!(keys("N/A", &[of_bob, own]), [""; 0]);
    // It knows of the one: so the other was not.
    assert_eq!(keys(&at(0).to_rfc3339(), &[of_bob, own]), ["2"]);
}

#[test]
fn an_account_that_the_snapshot_does_not_have_is_an_error() {
    let snapshot = World::default().user(ANN, &everything()).read();
    let of = |account: &str| {
        let account = crate::aws::AccountId::parse(account);
        Subjects::of(&snapshot, &Wanted { account, ..Wanted::default() })
    };
    assert!(of(ACCOUNT).is_ok());
    assert!(matches!(of("999999999999"), Err(SubjectError::NoAccount(_))));
}

/// The names of the statements of a suggestion that allow an action.
fn kept(answer: &Unused, action: &str) -> Vec<String> {
    let policies = suggestion(answer, ANN).policies.iter();
    let statements = policies.flat_map(|policy| policy.document["Statement"].as_array().unwrap());
    let names = |value: &Value| match value {
        Value::Array(items) => items.iter().any(|item| item == action),
        one => one == action,
    };
    statements
        .filter(|own| names(&own["Action"]))
        .map(|own| own["Sid"].as_str().unwrap_or("").to_owned())
        .collect()
}

#[test]
fn of_what_a_call_perhaps_needed_the_suggestion_keeps_what_names_something() {
    let role = "arn:aws:iam::111122223333:role/stacks";
    let world = World::default().user(ANN, &everything()).read();
    let stack = json!({"stackName": "shop", "roleARN": role}).to_string();
    let answer =
        look(&world, &[by_ann("cloudformation.amazonaws.com", "CreateStack", Some(&stack))], OPTIONS);
    assert!(kept(&answer, "iam:PassRole").iter().all(|sid| sid.starts_with("Perhaps")), "{answer:#?}");
    assert_eq!(kept(&answer, "iam:PassRole").len(), 1);
    // Which objects and versions a batch deletes is not logged, so neither is which action it needed.
    let batch =
        by_ann("s3.amazonaws.com", "DeleteObjects", Some(r#"{"bucketName": "example", "delete": ""}"#));
    let answer = look(&world, &[batch], OPTIONS);
    for action in ["s3:DeleteObject", "s3:DeleteObjectVersion"] {
        assert_eq!(kept(&answer, action).len(), 1, "{action} {:#?}", answer.suggestions);
        assert!(kept(&answer, action)[0].starts_with("Perhaps"));
    }
}

#[test]
fn a_service_that_a_trust_policy_names_with_a_region_may_have_assumed_the_role() {
    for (named, found_ones) in [
        ("states.eu-west-1.amazonaws.com", 0),
        ("states.amazonaws.com", 0),
        ("scheduler.eu-west-1.amazonaws.com", 1),
        ("states.evil.example.amazonaws.com", 1),
    ] {
        let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["glue.amazonaws.com", named]}}]);
        let world = World::default().role(DEPLOY, &trust, &everything()).user(ANN, &everything()).read();
        let asked = json!({"roleArn": DEPLOY}).to_string();
        let by = |service: &'static str| Record {
            identity_type: Some("AWSService"),
            identity_arn: None,
            access_key_id: None,
            invoked_by: Some(service),
            ..by_ann("sts.amazonaws.com", "AssumeRole", Some(&asked))
        };
        let answer = look(&world, &[by("states.amazonaws.com"), by("glue.amazonaws.com")], None);
        assert_eq!(found(&answer, Kind::TrustPrincipalNeverAssumed).len(), found_ones, "{named}");
    }
}

#[test]
fn nothing_is_kept_of_a_source_that_no_policy_could_name() {
    let world = World::default().user(ANN, &everything()).read();
    let call = by_ann("evil\u{1b}]0;x.amazonaws.com", "Do", None);
    let answer = look(&world, &[call, by_ann("newservice.amazonaws.com", "Do", None)], OPTIONS);
    let own = suggestion(&answer, ANN);
    assert_eq!(own.kept_whole.iter().map(|own| own.service.as_str()).collect::<Vec<_>>(), ["newservice"]);
    assert!(own.policies.iter().all(|policy| !policy.document.to_string().contains("evil")));
}
