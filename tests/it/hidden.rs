//! Calls that made a session and hide which: the chain that would go through them says so and names the event, in `trace`,
//! `origins` and the twin alike.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, call, dana, logs, said, session};
use crate::twin::{Logged, Twin};

const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";
const HIDDEN: &str = "HIDDEN_DUE_TO_SECURITY_REASONS";

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// An AssumeRole by dana of which only this is told.
fn assumes(number: u32, request: Value, response: Value) -> Value {
    let mut made = call(number, &dana(KEYS[0]), SECOND, "sts.amazonaws.com", "AssumeRole");
    made["requestParameters"] = request;
    made["responseElements"] = response;
    made
}

/// A sign-in of dana that tells no more than that it was called.
fn signs_in(number: u32, response: Value) -> Value {
    let mut who = dana(KEYS[0]);
    who.as_object_mut().unwrap().remove("accessKeyId");
    let mut made = call(number, &who, SECOND, "signin.amazonaws.com", "ConsoleLogin");
    made["responseElements"] = response;
    made
}

/// A call by dana in the console.
fn in_console(number: u32) -> Value {
    let mut who = dana(KEY);
    who["sessionContext"] = json!({"attributes": {"creationDate": SECOND, "mfaAuthenticated": "true"}});
    let mut made = call(number, &who, "2026-03-09T09:05:00Z", "ec2.amazonaws.com", "DescribeInstances");
    made["sessionCredentialFromConsole"] = json!("true");
    made
}

/// The reason for which the chain of the last record stops, as `trace`, `origins` and the twin say, the words of `trace`, and how
/// many links lead up.
fn stops(records: &[Value]) -> (Value, String, usize) {
    let folder = logs(&[records]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let gap = found["origin"]["gap"].clone();
    let sql = format!("select gap, complete from origins where access_key_id = '{KEY}'");
    let row = said(&["sql", &sql], folder.path())["rows"][0].clone();
    assert_eq!(row["gap"], gap["reason"], "trace and origins");
    assert_eq!(row["complete"], found["origin"]["complete"]);
    let logged = records.iter().cloned().enumerate();
    let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
    let twin = Twin::new(logged.collect()).of_record(records.len() - 1);
    assert_eq!(json!(twin.gap), gap["reason"], "trace and the twin");
    let links = found["links"].as_array().unwrap().len();
    assert_eq!(twin.links.len(), links);
    (gap["reason"].clone(), gap["text"].as_str().unwrap_or_default().to_owned(), links)
}

fn inside(number: u32) -> Value {
    call(number, &session("job", KEY, SECOND), "2026-03-09T09:10:00Z", "s3.amazonaws.com", "ListBuckets")
}

#[test]
fn a_call_that_hides_which_session_it_made_is_why_a_chain_stops() {
    let role = json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy")});
    let hidden = json!({"credentials": {"accessKeyId": HIDDEN}, "assumedRoleUser": {"arn": HIDDEN}});
    for (request, response) in [
        (Value::Null, Value::Null),
        (json!(HIDDEN), json!(HIDDEN)),
        (role.clone(), Value::Null),
        (role.clone(), hidden),
    ] {
        let (reason, text, links) = stops(&[assumes(1, request.clone(), response), inside(2)]);
        assert_eq!((reason, links), (json!("response-hidden"), 0), "{request}");
        assert!(text.contains(&event_id(1)), "{text}");
    }
    let (reason, text, _) =
        stops(&[assumes(1, Value::Null, Value::Null), assumes(2, role.clone(), Value::Null), inside(3)]);
    assert_eq!(reason, "response-hidden");
    assert!(text.contains(&event_id(1)) && text.contains("another one"), "{text}");
}

#[test]
fn what_names_another_session_or_failed_hides_nothing() {
    let other = json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/audit")});
    assert_eq!(stops(&[assumes(1, other, Value::Null), inside(2)]).0, "record-missing");
    let mut denied = assumes(1, Value::Null, Value::Null);
    denied["errorCode"] = json!("AccessDenied");
    assert_eq!(stops(&[denied, inside(2)]).0, "record-missing");
    let mut early = assumes(1, Value::Null, Value::Null);
    early["eventTime"] = json!("2026-03-09T08:59:50Z");
    assert_eq!(stops(&[early, inside(2)]).0, "record-missing");
    // Role and name of the session are told: it is a link, whatever else is hidden.
    let told = json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"), "roleSessionName": "job"});
    let (reason, _, links) = stops(&[assumes(1, told, Value::Null), inside(2)]);
    assert_eq!((reason, links), (Value::Null, 1));
}

#[test]
fn a_sign_in_that_hides_whether_it_succeeded_is_why_a_chain_stops() {
    for response in [Value::Null, json!(HIDDEN)] {
        let (reason, text, links) = stops(&[signs_in(1, response), in_console(2)]);
        assert_eq!((reason, links), (json!("response-hidden"), 0));
        assert!(text.contains(&event_id(1)), "{text}");
    }
    let failed = signs_in(1, json!({"ConsoleLogin": "Failure"}));
    assert_eq!(stops(&[failed, in_console(2)]).0, "sign-in-missing");
    let (reason, _, links) = stops(&[signs_in(1, json!({"ConsoleLogin": "Success"})), in_console(2)]);
    assert_eq!((reason, links), (Value::Null, 1));
}

#[test]
fn a_federated_user_is_known_by_the_name_that_was_asked_for() {
    let mut made = call(1, &dana(KEYS[0]), SECOND, "sts.amazonaws.com", "GetFederationToken");
    made["requestParameters"] = json!({"name": "ci"});
    made["responseElements"] = Value::Null;
    let who = json!({"type": "FederatedUser", "principalId": format!("{ACCOUNT}:ci"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:federated-user/ci"), "accessKeyId": KEY, "sessionContext":
        {"sessionIssuer": {"type": "IAMUser", "arn": dana(KEY)["arn"], "accountId": ACCOUNT, "userName": "dana"},
        "attributes": {"creationDate": SECOND, "mfaAuthenticated": "false"}}});
    let used = call(2, &who, "2026-03-09T09:10:00Z", "s3.amazonaws.com", "ListBuckets");
    assert_eq!(stops(&[made.clone(), used.clone()]), (Value::Null, String::new(), 1));
    made["requestParameters"] = Value::Null;
    assert_eq!(stops(&[made, used]).0, "response-hidden");
}

#[test]
fn below_whoever_called_it_stands_what_hides_which_session_it_made() {
    let role = json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy")});
    let folder = logs(&[&[assumes(1, role.clone(), Value::Null), assumes(2, role, Value::Null), inside(3)]]);
    let found = said(&["trace", KEYS[0]], folder.path());
    let below = &found["descendants"][0];
    assert_eq!(
        (&below["gap"]["reason"], &below["rule"]),
        (&json!("response-hidden"), &json!("claim")),
        "{found}"
    );
    assert_eq!((&below["event_id"], &below["made_again"]), (&json!(event_id(1)), &json!([event_id(2)])));
    assert_eq!(below["calls"], 0);
}
