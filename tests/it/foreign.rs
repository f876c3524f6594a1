//! A user whom only another account's record names, by unique id: who that is the records of its own account tell, and the
//! session is below it.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, KEYS, call, dana, logs, said};

const OTHER: &str = "444455556666";
const KEY: &str = "ASIAWO645SY5AEXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";

/// What the other account recorded: the request of a principal of which it knows no more than the id, and what was done.
fn recorded_there(id: &str) -> [Value; 2] {
    let arn = format!("arn:aws:sts::{OTHER}:assumed-role/ops/a");
    let caller = json!({"type": "AWSAccount", "principalId": id, "accountId": ACCOUNT});
    let mut assumed = call(1, &caller, SECOND, "sts.amazonaws.com", "AssumeRole");
    assumed["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{OTHER}:role/ops"), "roleSessionName": "a"});
    assumed["responseElements"] = json!({"credentials": {"accessKeyId": KEY},
        "assumedRoleUser": {"arn": arn, "assumedRoleId": "AROAWO645SY5QEXAMPLE:a"}});
    assumed["sharedEventID"] = json!("11111111-0000-4000-8000-000000000001");
    let who = json!({"type": "AssumedRole", "principalId": "AROAWO645SY5QEXAMPLE:a", "arn": arn, "accountId": OTHER,
        "accessKeyId": KEY, "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROAWO645SY5QEXAMPLE",
        "arn": format!("arn:aws:iam::{OTHER}:role/ops"), "accountId": OTHER, "userName": "ops"},
        "attributes": {"creationDate": SECOND, "mfaAuthenticated": "false"}}});
    let mut acted = call(2, &who, "2026-03-09T09:01:00Z", "s3.amazonaws.com", "ListBuckets");
    for record in [&mut assumed, &mut acted] {
        record["recipientAccountId"] = json!(OTHER);
    }
    [assumed, acted]
}

#[test]
fn a_user_whom_another_account_names_by_id_is_known_by_its_own_other_records() {
    let own = call(3, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&recorded_there("AIDARTX3GSDSQAEXAMPLE"), &[own]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!((&origin["kind"], &origin["arn"]), (&json!("iam-user"), &json!(DANA)));
    assert_eq!((&origin["complete"], &origin["gap"]["reason"]), (&json!(false), &json!("record-missing")));
    let sql = format!("select origin_kind, origin, complete, gap from origins where access_key_id = '{KEY}'");
    let row = &said(&["sql", &sql], folder.path())["rows"][0];
    let expected =
        json!({"origin_kind": "iam-user", "origin": DANA, "complete": false, "gap": "record-missing"});
    assert_eq!(row, &expected);
    let found = said(&["sessions", "--user", "dana"], folder.path());
    assert_eq!(found["rows"][0]["role"], "ops");
    let below = said(&["trace", DANA, "--down"], folder.path());
    let lines = below["descendants"].as_array().unwrap();
    let line =
        lines.iter().find(|line| line["id"].as_str().unwrap().ends_with(":assumed-role/ops/a")).unwrap();
    assert_eq!((&line["rule"], &line["calls"]), (&json!("identity"), &json!(1)));
    assert_eq!(line["remarks"].as_array().unwrap().len(), 1);
}

#[test]
fn a_session_that_another_account_names_by_id_has_the_arn_that_its_assume_role_answered_with() {
    let (id, arn) = ("AROAUNTOLDEXAMPLE111:hop", "arn:aws:sts::777788889999:assumed-role/mid/hop");
    let mut there = recorded_there(id);
    there[0]["userIdentity"]["accountId"] = json!("777788889999");
    let mut made = call(3, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "sts.amazonaws.com", "AssumeRole");
    made["responseElements"] = json!({"credentials": {"accessKeyId": "ASIA3KF6UTOHQEXAMPLE"},
        "assumedRoleUser": {"arn": arn, "assumedRoleId": id}});
    let folder = logs(&[&there, &[made]]);
    let traced = &said(&["trace", KEY, "--up"], folder.path())["origin"];
    let listed = &said(&["sessions", "ops"], folder.path())["rows"][0]["origin"];
    for origin in [traced, listed] {
        assert_eq!((&origin["kind"], &origin["name"]), (&json!("account"), &json!(id)));
        assert_eq!((&origin["arn"], &origin["complete"]), (&json!(arn), &json!(false)));
    }
}

#[test]
fn a_user_of_another_id_is_not_the_one_that_another_account_names() {
    let own = call(3, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&recorded_there("AIDARTX3GSDSZJEXAMPLE"), &[own]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    assert_eq!(found["origin"]["kind"], "account");
    let below = said(&["trace", DANA, "--down"], folder.path());
    let lines = below["descendants"].as_array().unwrap();
    assert!(lines.iter().all(|line| !line["id"].as_str().unwrap().contains(":assumed-role/")), "{lines:?}");
}

#[test]
fn a_session_that_another_account_names_by_id_is_known_by_its_arn() {
    let id = "AROARTX3GSDSQAEXAMPLE:job";
    let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/job");
    let who = json!({"type": "AssumedRole", "principalId": id, "arn": arn, "accountId": ACCOUNT,
        "accessKeyId": "ASIARTX3GSDSZEXAMPLE", "sessionContext": {"attributes": {"creationDate": "2026-03-09T07:00:00Z"}}});
    let own = call(3, &who, "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&recorded_there(id), &[own]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!(
        (&origin["kind"], &origin["arn"], &origin["name"]),
        (&json!("account"), &json!(arn), &json!(id))
    );
}
