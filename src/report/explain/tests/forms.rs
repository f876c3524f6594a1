//! The answer of `explain` as JSON and as rows.

use std::collections::BTreeSet;

use super::*;

#[test]
fn json_is_the_answer_with_a_schema() {
    let answer = Explanation { assume: Some(no()), ..judged() };
    let value: serde_json::Value = serde_json::from_str(&json(&answer).unwrap()).unwrap();
    let mut expected = serde_json::to_value(&answer).unwrap();
    expected["schema"] = 1.into();
    assert_eq!(value, expected);
    let members: BTreeSet<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "account",
        "action",
        "agreement",
        "assume",
        "aws",
        "behind",
        "caller",
        "event_id",
        "limits",
        "logs",
        "logs_say",
        "not_a_request",
        "region",
        "requests",
        "schema",
        "snapshot",
        "time",
        "verdict",
    ];
    assert_eq!(members, BTreeSet::from(documented));
    assert_eq!(value["agreement"]["is"], "disagree");
    let tree = &value["requests"][0]["decision"]["reason"];
    assert_eq!(tree["children"][0]["children"][0]["text"], "`FullAWSAccess` statement 0 allows");
}

#[test]
fn rows_are_requests() {
    let csv = csv(&judged());
    assert_eq!(csv, include_str!("screens/judged.csv").replace('\n', "\r\n"));
}

#[test]
fn a_record_without_a_request_is_one_row() {
    let csv = csv(&Explanation { requests: Vec::new(), ..refused() });
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert_eq!(lines.len(), 2);
    assert!(lines[1].starts_with(EVENT) && lines[1].contains(",organizations:LeaveOrganization,"), "{csv}");
}
