//! What suggestions keep, and what they say of what they leave out.

use serde_json::{Value, json};

use super::super::suggest::{Generality, Options, Suggestion};
use super::{ANN, World, allow, by_ann, deny, look, suggestion};
use crate::replay::Record;

/// The suggestion for a user with these statements, who made these calls.
fn suggested(statements: &Value, records: &[Record<'_>], how: Options) -> Suggestion {
    suggestion(&look(&World::default().user(ANN, statements).read(), records, Some(how)), ANN).clone()
}

/// The texts of the suggested policies, the denies included.
fn text(suggestion: &Suggestion) -> String {
    let all = suggestion.policies.iter().chain(&suggestion.guards);
    all.map(|policy| policy.document.to_string()).collect()
}

#[test]
fn what_no_log_could_show_stands_apart_from_what_is_unused() {
    let granted = json!([{ "Effect": "Allow", "Resource": "*", "Action":
        ["s3:GetObject", "sqs:ReceiveMessage", "ec2:DescribeInstances", "ec2:TerminateInstances"] }]);
    let used = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let found = suggested(&granted, &[used], Options::default());
    assert_eq!(found.unseen, ["s3:GetObject", "sqs:ReceiveMessage"]);
    let removed: Vec<&String> = found.removed.iter().flat_map(|own| &own.actions).collect();
    assert_eq!(removed, ["ec2:TerminateInstances"]);
}

#[test]
fn where_several_statements_may_have_allowed_a_call_all_of_them_stay() {
    let tagged = |key: &str, value: &str| {
        json!({ "Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*",
            "Condition": { "StringEquals": { format!("aws:ResourceTag/{key}"): value } } })
    };
    let instances = r#"{"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}"#;
    let used = by_ann("ec2.amazonaws.com", "TerminateInstances", Some(instances));
    let found =
        text(&suggested(&json!([tagged("env", "dev"), tagged("team", "ops")]), &[used], Options::default()));
    assert!(found.contains("ResourceTag/env") && found.contains("ResourceTag/team"), "{found}");
}

#[test]
fn objects_are_joined_only_as_far_as_todays_statement_goes() {
    let keys: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .map(|key| json!({ "bucketName": "example", "key": format!("x/report-{key}") }).to_string())
        .collect();
    let used: Vec<Record<'_>> =
        keys.iter().map(|key| by_ann("s3.amazonaws.com", "GetObject", Some(key))).collect();
    let joined = r#""arn:aws:s3:::example/x/*""#;
    let of = |resource: &str, generality| {
        let how = Options { generality, ..Options::default() };
        text(&suggested(&json!([allow("s3:GetObject", resource)]), &used, how)).contains(joined)
    };
    assert!(of("arn:aws:s3:::example/*", Generality::Templated));
    assert!(!of("arn:aws:s3:::example/*", Generality::Exact));
    assert!(!of("arn:aws:s3:::example/x/report-*", Generality::Templated));
}

#[test]
fn access_levels_add_only_what_the_same_statement_allows() {
    let granted = json!([
        allow("s3:PutObject", "arn:aws:s3:::example/*"),
        allow("s3:DeleteObject", "arn:aws:s3:::other/*"),
    ]);
    let used = by_ann("s3.amazonaws.com", "PutObject", Some(r#"{"bucketName": "example", "key": "k"}"#));
    let how = Options { levels: true, ..Options::default() };
    assert!(!text(&suggested(&granted, &[used], how)).contains("DeleteObject"));
    let granted =
        json!([{ "Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "*" }]);
    assert!(text(&suggested(&granted, &[used], how)).contains("DeleteObject"));
}

#[test]
fn every_deny_of_today_stays() {
    let granted = json!([allow("s3:PutObject", "*"), deny("s3:DeleteObject", "*")]);
    let used = by_ann("s3.amazonaws.com", "PutObject", Some(r#"{"bucketName": "example", "key": "k"}"#));
    assert!(text(&suggested(&granted, &[used], Options::default())).contains("s3:DeleteObject"));
}

#[test]
fn letters_that_iam_does_not_take_are_one_letter_each() {
    let key = json!({ "bucketName": "example", "key": "\u{5831}\u{202e}.pdf" }).to_string();
    let used = by_ann("s3.amazonaws.com", "GetObject", Some(&key));
    let found = text(&suggested(&json!([allow("s3:*", "*")]), &[used], Options::default()));
    assert!(found.contains("arn:aws:s3:::example/??.pdf"), "{found}");
}
