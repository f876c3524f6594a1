//! What is pointed out.

use super::*;

fn places(kind: PolicyKind, version: &str, statement: &str) -> Vec<String> {
    let text = format!(r#"{{"Version": "{version}", "Statement": [{statement}]}}"#);
    let document = Document::parse(kind, "test", &text);
    lint(&document).iter().map(|problem| problem.place.to_string()).collect()
}

fn condition(text: &str) -> Vec<String> {
    let statement =
        format!(r#"{{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {{{text}}}}}"#);
    places(PolicyKind::Identity, "2012-10-17", &statement)
}

#[test]
fn statements_that_leave_nothing_over_never_match() {
    for (statement, place) in [
        (r#"{"Effect": "Allow", "NotAction": "*", "Resource": "*"}"#, "/Statement/0/NotAction"),
        (
            r#"{"Effect": "Deny", "Action": "*", "NotResource": ["arn:aws:s3:::a", "*"]}"#,
            "/Statement/0/NotResource",
        ),
    ] {
        assert_eq!(places(PolicyKind::Identity, "2012-10-17", statement), [place]);
    }
    let spared = r#"{"Effect": "Deny", "Action": "*", "Resource": "*", "NotPrincipal": "*"}"#;
    assert_eq!(places(PolicyKind::Resource, "2012-10-17", spared), ["/Statement/0/NotPrincipal"]);
}

#[test]
fn conditions_that_exclude_each_other_never_hold() {
    let both =
        r#""Null": {"aws:TokenIssueTime": "true"}, "DateLessThan": {"AWS:TokenIssueTime": "2024-01-01"}"#;
    assert_eq!(condition(both), ["/Statement/0/Condition/Null/aws:TokenIssueTime"]);
    let either = r#""Null": {"aws:TokenIssueTime": "true"}, "DateLessThanIfExists": {"aws:TokenIssueTime": "2024-01-01"}"#;
    assert!(condition(either).is_empty());
}

#[test]
fn patterns_that_no_arn_fits_are_pointed_out() {
    assert_eq!(
        condition(r#""ArnLike": {"aws:PrincipalArn": "deploy*"}"#),
        ["/Statement/0/Condition/ArnLike/aws:PrincipalArn"]
    );
    assert!(
        condition(r#""ArnLike": {"aws:PrincipalArn": ["deploy*", "arn:aws:iam::*:role/deploy*"]}"#)
            .is_empty()
    );
    assert!(condition(r#""ArnNotLike": {"aws:PrincipalArn": "deploy*"}"#).is_empty());
}

#[test]
fn variables_without_their_version_are_pointed_out() {
    let statement = r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::b/${aws:username}/*"}"#;
    assert_eq!(places(PolicyKind::Identity, "2008-10-17", statement), ["/Statement/0/Resource"]);
    assert!(places(PolicyKind::Identity, "2012-10-17", statement).is_empty());
}

#[test]
fn problems_of_parsing_come_first() {
    let statement = r#"{"Effect": "Allow", "Action": "s3", "Resource": "*"}"#;
    assert_eq!(places(PolicyKind::Identity, "2012-10-17", statement), ["/Statement/0/Action"]);
}
