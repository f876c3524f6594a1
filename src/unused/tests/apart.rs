//! Roles that their account does not own alone, and principals that two accounts call the same.

use super::*;
use crate::report::Style;
use crate::report::unused::{Options as Screen, Show, csv, json, text};
use crate::unused::suggest::Options;
use crate::unused::{Apart, Baseline, Kind};

const SSO: &str = "arn:aws:iam::111122223333:role/aws-reserved/sso.amazonaws.com/eu-west-1/AWSReservedSSO_Admin_0123456789abcdef";

fn trust_center() -> Value {
    let provider = "arn:aws:iam::111122223333:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE";
    json!([{"Effect": "Allow", "Action": ["sts:AssumeRoleWithSAML", "sts:TagSession"], "Principal": {"Federated": provider}}])
}

fn narrow() -> Style {
    Style { unicode: true, wide: false, width: 80 }
}

/// What Identity Center's role did, and what it is suggested.
fn center(statements: &Value, calls: &[Record<'_>]) -> Unused {
    let own: Vec<Record<'_>> = calls
        .iter()
        .map(|record| Record {
            identity_arn: Some(
                "arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0123456789abcdef/ann@example.com",
            ),
            session_issuer_arn: Some(SSO),
            ..*record
        })
        .collect();
    look(&World::default().role(SSO, &trust_center(), statements).read(), &own, Some(Options::default()))
}

#[test]
fn a_role_of_identity_center_is_kept_apart_and_its_permission_set_is_what_to_change() {
    let secret = Some(r#"{"bucketName": "example"}"#);
    let calls = [
        by_deploy("s3.amazonaws.com", "DeleteBucket", secret),
        Record { aws_region: Some("us-east-1"), ..by_deploy("ec2.amazonaws.com", "DescribeImages", None) },
    ];
    let answer = center(&json!([allow("*", "*"), deny("s3:DeleteBucketPolicy", "*")]), &calls);
    let own = of(&answer, SSO);
    assert_eq!((own.apart, own.permission_set()), (Some(Apart::IdentityCenter), Some("Admin")));
    // It is analysed as any other, and does not count for --fail-on, as nobody can edit it where it is.
    assert_eq!(mark(&answer, SSO, "iam:CreateUser"), Some(Mark::Unused));
    assert!(answer.action_findings().any(|finding| finding.subject == SSO));
    assert_eq!((answer.unused_privileged(), answer.privileged_findings().count()), (0, 0));
    let found = suggestion(&answer, SSO);
    assert_eq!(found.permission_set.as_deref(), Some("Admin"));
    // A permission set has one inline policy: today's denies are in it.
    let [policy] = found.policies.as_slice() else { panic!("{:?}", found.policies) };
    assert!(found.guards.is_empty());
    let said = policy.document.to_string();
    assert!(said.contains("s3:DeleteBucketPolicy") && said.contains("arn:aws:s3:::example"), "{said}");
    let screen = text(&answer, &Screen { one: true, ..Screen::default() }, narrow());
    assert!(screen.contains("made it from the permission set Admin: change"), "{screen}");
    assert!(screen.contains("inline policy of the permission set Admin"), "{screen}");
    let screen = text(&answer, &Screen::default(), narrow());
    assert!(screen.contains("Kept apart: roles of Identity Center"), "{screen}");
    assert!(!screen.contains("Principals "), "{screen}");
    let mut rows = Vec::new();
    csv(&mut rows, &answer, Some(Show::Principals), false, None).unwrap();
    assert!(String::from_utf8(rows).unwrap().contains(",identity-center,"));
    let mut document = Vec::new();
    json(&mut document, &answer, false, None).unwrap();
    let document: Value = serde_json::from_slice(&document).unwrap();
    assert_eq!(document["principals"][0]["kept_apart"], "identity-center");
    assert_eq!(document["suggestions"][0]["permission_set"], "Admin");
}

#[test]
fn an_inline_policy_of_a_permission_set_may_be_larger_than_a_managed_one_and_is_never_divided() {
    let keys: Vec<String> = (0..260)
        .map(|at| json!({"bucketName": format!("example-bucket-{at:03}"), "policy": "{}"}).to_string())
        .collect();
    let calls = |count: usize| -> Vec<Record<'_>> {
        keys.iter()
            .take(count)
            .map(|key| by_deploy("s3.amazonaws.com", "PutBucketPolicy", Some(key)))
            .collect()
    };
    let size = |count: usize| {
        let answer = center(&json!([allow("s3:*", "*")]), &calls(count));
        let found = suggestion(&answer, SSO).clone();
        assert_eq!(found.policies.len(), 1);
        (found.policies[0].characters, found.valid, found.limits.len())
    };
    let (some, valid, limits) = size(200);
    assert!(some > 6_144 && valid && limits == 0, "{some}");
    let (many, valid, limits) = size(260);
    assert!(many < 10_240 && valid && limits == 0, "{many}");
    let more = json!([allow("s3:*", "*"), {"Effect": "Deny", "NotAction": (0..400).map(|at| format!("s3:Example{at:04}")).collect::<Vec<_>>(), "Resource": "arn:aws:s3:::none"}]);
    let found = suggestion(&center(&more, &calls(260)), SSO).clone();
    assert_eq!((found.policies.len(), found.valid), (1, false));
    assert_eq!((found.limits[0].found, found.limits[0].most), (found.policies[0].characters, 10_240));
}

const ELSEWHERE: &str = "444455556666";

/// Two accounts that both have the role `deploy`, and one of them a user.
fn twins() -> Unused {
    let elsewhere = DEPLOY.replace(ACCOUNT, ELSEWHERE);
    let world = World::default().user(ANN, &json!([allow("s3:*", "*")])).role(
        DEPLOY,
        &trust_ann(),
        &json!([allow("iam:*", "*")]),
    );
    let other = json!({"RoleDetailList": [{
        "RoleName": "deploy", "Arn": elsewhere, "CreateDate": "2020-01-01T00:00:00Z",
        "AssumeRolePolicyDocument": policy(&trust_ann()),
        "RolePolicyList": [{"PolicyName": "own", "PolicyDocument": policy(&json!([allow("ec2:*", "*")]))}],
    }]});
    let snapshot = world.file("other.json", &other.to_string()).read();
    let here = Record { read_only: Some(true), ..by_ann("s3.amazonaws.com", "ListBuckets", None) };
    let there = Record { account: Some(ELSEWHERE), recipient_account_id: Some(ELSEWHERE), ..here };
    look(&snapshot, &[here, there], Some(Options::default()))
}

#[test]
fn principals_of_the_same_name_are_told_apart_by_their_accounts() {
    let answer = twins();
    let screen = text(&answer, &Screen::default(), narrow());
    let rows: Vec<&str> = screen.lines().filter(|line| line.contains("role deploy ")).take(2).collect();
    assert!(
        rows.iter().any(|row| row.contains(ACCOUNT)) && rows.iter().any(|row| row.contains(ELSEWHERE)),
        "{screen}"
    );
    for words in ["role deploy of 111122223333", "role deploy of 444455556666"] {
        assert!(screen.contains(&format!("{words}  nobody assumed it")), "{screen}");
        assert!(screen.contains(&format!("Suggested policy for {words}")), "{screen}");
    }
    assert!(screen.contains("Suggested policy for user ann "), "{screen}");
    assert!(
        screen.lines().all(|line| line.chars().count() <= 80
            || line.starts_with("next: ")
            || line.contains("backtrail")),
        "{screen}"
    );
    // Of one account nothing need be said.
    let one = look(&World::default().user(ANN, &json!([allow("s3:*", "*")])).read(), &[], None);
    let screen = text(&one, &Screen::default(), narrow());
    assert!(
        screen.contains("calls")
            && !screen.lines().any(|line| line.contains("user ann") && line.contains(ACCOUNT)),
        "{screen}"
    );
}

#[test]
fn words_that_one_line_has_no_room_for_stand_below() {
    let queue = |name: &str| format!("arn:aws:sqs:eu-west-1:111122223333:{name}");
    let two = json!([{"Effect": "Allow", "Action": "sqs:CreateQueue", "Resource": [queue(&"long".repeat(10)), queue("q")]}]);
    let made = by_ann("sqs.amazonaws.com", "CreateQueue", Some(r#"{"queueName": "q"}"#));
    let answer = look(&World::default().user(ANN, &two).read(), &[made], None);
    assert_eq!(found(&answer, Kind::ResourceNeverMatched).len(), 1);
    let screen = text(&answer, &Screen { show: Some(Show::Findings), ..Screen::default() }, narrow());
    assert!(screen.contains("\n  user ann\n    own statement 0:\n"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80 || line.contains("backtrail")), "{screen}");
}

#[test]
fn rows_have_the_ids_of_the_json_and_what_is_resolved_has_a_row() {
    let parts = |answer: &Unused| {
        let mut document = Vec::new();
        json(&mut document, answer, true, None).unwrap();
        String::from_utf8(document).unwrap()
    };
    let before = twins();
    let baseline = Baseline::parse(&parts(&before)).unwrap();
    let less = World::default().user(ANN, &json!([allow("s3:*", "*"), allow("sqs:*", "*")])).read();
    let call = Record { read_only: Some(true), ..by_ann("s3.amazonaws.com", "ListBuckets", None) };
    let answer = look(&less, &[call], None);
    let all: Vec<_> = answer.findings.iter().cloned().chain(answer.action_findings()).collect();
    let compared = baseline.compare(&answer, &all);
    let mut out = Vec::new();
    csv(&mut out, &answer, None, true, Some(&compared)).unwrap();
    let rows = String::from_utf8(out).unwrap();
    let head: Vec<&str> = rows.lines().next().unwrap().split(',').collect();
    let at = |name: &str| head.iter().position(|own| *own == name).unwrap();
    let cells: Vec<Vec<&str>> = rows.lines().skip(1).map(|line| line.split(',').collect()).collect();
    let cell = |row: &[&str], name: &str| row[at(name)].to_owned();
    let document: Value = serde_json::from_str(&parts(&answer)).unwrap();
    let mut seen = 0;
    for finding in document["findings"].as_array().unwrap() {
        let id = finding["id"].as_str().unwrap();
        let Some(row) = cells.iter().find(|row| cell(row, "id") == id) else { panic!("no row of {finding}") };
        assert_eq!(cell(row, "kind"), finding["kind"].as_str().unwrap());
        assert_eq!(cell(row, "new"), compared.new.contains(id).to_string());
        seen += usize::from(cell(row, "row") == "action");
    }
    assert!(seen > 100, "{seen}");
    assert!(cells.iter().any(|row| cell(row, "action") == "sqs:CreateQueue" && cell(row, "new") == "true"));
    let of = |kind: &str| cells.iter().filter(|row| cell(row, "row") == kind).collect::<Vec<_>>();
    let (resolved, hidden) = (of("resolved"), of("out-of-sight"));
    assert_eq!(resolved.len(), compared.resolved.len());
    assert_eq!(hidden.len(), compared.out_of_sight.len());
    // The role of this account was removed; of the other account the snapshot has nothing any more.
    let is_role = |row: &&&Vec<&str>| cell(row, "kind") == Kind::RoleNeverAssumed.word();
    let of_role = |rows: &[&Vec<&str>]| {
        let rows = rows.iter().filter(is_role);
        rows.map(|row| (cell(row, "account"), cell(row, "reason"))).collect::<Vec<_>>()
    };
    assert_eq!(of_role(&resolved), [(ACCOUNT.to_owned(), "removed".to_owned())]);
    assert_eq!(of_role(&hidden), [(ELSEWHERE.to_owned(), "account-not-loaded".to_owned())]);
    assert!(resolved.iter().any(|row| cell(row, "action") == "iam:CreateUser"));
}
