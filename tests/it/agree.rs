//! Sessions that two records tell of: `trace` and `origins` say the same of whom they are.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, call, logs, said};

const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const TIME: &str = "2026-03-09T08:00:00Z";

fn arn(name: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/edge/{name}")
}

/// A call in a session of the role `edge` that was created at [`TIME`].
fn acts(number: u32, name: &str) -> Value {
    let issuer = json!({"type": "Role", "principalId": "AROARTX3GSDSQAEXAMPLE", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/edge"), "userName": "edge"});
    let who = json!({"type": "AssumedRole", "principalId": format!("AROARTX3GSDSQAEXAMPLE:{name}"), "arn": arn(name),
        "accountId": ACCOUNT, "accessKeyId": KEY, "sessionContext": {"sessionIssuer": issuer,
        "attributes": {"creationDate": TIME, "mfaAuthenticated": "false"}}});
    call(number, &who, "2026-03-09T08:01:00Z", "s3.amazonaws.com", "ListBuckets")
}

/// The AssumeRole by a service that made such a session.
fn assumed(number: u32, service: &str, name: &str) -> Value {
    let who = json!({"type": "AWSService", "invokedBy": format!("{service}.amazonaws.com")});
    let mut made = call(number, &who, TIME, "sts.amazonaws.com", "AssumeRole");
    made["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/edge"), "roleSessionName": name});
    made["responseElements"] = json!({"credentials": {"accessKeyId": KEY}, "assumedRoleUser": {"arn": arn(name),
        "assumedRoleId": format!("AROARTX3GSDSQAEXAMPLE:{name}")}});
    made
}

#[test]
fn a_session_of_roles_anywhere_is_of_the_certificate_that_its_own_record_names() {
    let name = "00112233";
    let who = json!({"type": "Unknown", "principalId": "", "accountId": ACCOUNT});
    let mut created = call(1, &who, TIME, "rolesanywhere.amazonaws.com", "CreateSession");
    created["responseElements"] = json!({"credentialSet": [{"assumedRoleUser": {"arn": arn(name),
        "assumedRoleId": format!("AROARTX3GSDSQAEXAMPLE:{name}")}, "credentials": {"accessKeyId": KEY}}]});
    created["additionalEventData"] = json!({"x509Subject": "CN=edge-1"});
    let event = created["eventID"].clone();
    let folder = logs(&[&[created, assumed(2, "rolesanywhere", name), acts(3, name)]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!((&origin["kind"], &origin["name"]), (&json!("certificate"), &json!("CN=edge-1")));
    assert_eq!(found["links"][0]["event_id"], event);
    let sql = format!("select origin, event_id, rule from origins where access_key_id = '{KEY}'");
    let row = &said(&["sql", &sql], folder.path())["rows"][0];
    assert_eq!(row, &json!({"origin": "CN=edge-1", "event_id": event, "rule": found["links"][0]["rule"]}));
}
