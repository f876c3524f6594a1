//! What `trace` and `sessions` say of claims that are not borne out (ids and source identities, the place of an instance),
//! and of what is missing.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, call, dana, logs, said};

const TEMPORARY: [&str; 2] = ["ASIARTX3GSDSSEXAMPLE", "ASIARTX3GSDSTEXAMPLE"];
const INSTANCE: &str = "i-0123456789abcdef0";

fn eve() -> Value {
    let mut identity = dana(KEYS[1]);
    identity["userName"] = json!("eve");
    identity["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/eve"));
    identity["principalId"] = json!("AIDARTX3GSDSQEVEEXAMPLE");
    identity
}

/// A session of a role, created at a moment.
fn session(role: &str, name: &str, key: &str, created: &str, identity: Option<&str>) -> Value {
    let id = format!("AROARTX3GSDSQ{}EXAMPLE", role.to_uppercase());
    let mut session = json!({"type": "AssumedRole", "principalId": format!("{id}:{name}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"), "accessKeyId": key,
        "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": id, "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "userName": role},
        "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}});
    if let Some(identity) = identity {
        session["sessionContext"]["sourceIdentity"] = json!(identity);
    }
    session
}

/// The AssumeRole that made a session, and a call of it.
fn acting(number: u32, by: &Value, session: &Value) -> [Value; 2] {
    let time = session["sessionContext"]["attributes"]["creationDate"].as_str().unwrap();
    let mut assumed = call(number, by, time, "sts.amazonaws.com", "AssumeRole");
    assumed["requestParameters"] = json!({"roleArn": session["sessionContext"]["sessionIssuer"]["arn"],
        "roleSessionName": session["principalId"].as_str().unwrap().split(':').nth(1).unwrap()});
    assumed["responseElements"] = json!({"credentials": {"accessKeyId": session["accessKeyId"]},
        "assumedRoleUser": {"arn": session["arn"], "assumedRoleId": session["principalId"]}});
    let acted = call(number + 1, session, &time.replace(":00Z", ":05Z"), "iam.amazonaws.com", "ListUsers");
    [assumed, acted]
}

/// The kinds and claims of the mismatches of a key's trace; and those of its one row in `sessions`, with the agreement.
fn mismatches(key: &str, logs: &Path) -> [Value; 2] {
    let claims = |found: &Value| -> Value {
        let all = found["mismatches"].as_array().into_iter().flatten();
        all.map(|one| json!([one["kind"], one["claim"]])).collect::<Vec<_>>().into()
    };
    let found = said(&["trace", key, "--up"], logs);
    let rows = said(&["sessions"], logs)["rows"].clone();
    let row = rows.as_array().unwrap().iter().find(|row| row["keys"].to_string().contains(key)).unwrap();
    [claims(&found), json!([row["agreement"], claims(row)])]
}

#[test]
fn the_id_or_key_of_another_user_in_a_session_name_is_a_claim_that_is_not_borne_out() {
    let own = "AIDARTX3GSDSQEVEEXAMPLE";
    for (name, by, differs) in [
        (own, dana(KEYS[0]), true),
        (KEYS[1], dana(KEYS[0]), true),
        (own, eve(), false),
        (KEYS[1], eve(), false),
    ] {
        let of_role = session("admin", name, TEMPORARY[0], "2026-03-09T09:00:00Z", None);
        let seen = call(9, &eve(), "2026-03-09T07:00:00Z", "s3.amazonaws.com", "ListBuckets");
        let folder = logs(&[&acting(1, &by, &of_role), &[seen]]);
        let expected = if differs { json!([["session-name", name]]) } else { json!([]) };
        let agreement = if differs { "differs" } else { "agrees" };
        let found = mismatches(TEMPORARY[0], folder.path());
        assert_eq!(found, [expected.clone(), json!([agreement, expected])], "{name} {by}");
    }
}

#[test]
fn a_source_identity_that_names_nobody_who_is_known_is_another_s_all_the_same() {
    for (identity, differs) in [("zoe", true), ("dana", false), ("dana@example.com", false)] {
        let of_role = session("admin", "n", TEMPORARY[0], "2026-03-09T09:00:00Z", Some(identity));
        let folder = logs(&[&acting(1, &dana(KEYS[0]), &of_role)]);
        let expected = if differs { json!([["source-identity", identity]]) } else { json!([]) };
        let found = mismatches(TEMPORARY[0], folder.path());
        assert_eq!(found, [expected.clone(), json!(["says-nothing", expected])], "{identity}");
    }
}

#[test]
fn a_source_identity_that_changes_in_a_chain_is_pointed_out() {
    for (before, then, differs) in [("dana", "dana", false), ("dana@example.com", "dana", true)] {
        let first = session("deploy", "n", TEMPORARY[0], "2026-03-09T09:00:00Z", Some(before));
        let second = session("admin", "n", TEMPORARY[1], "2026-03-09T09:10:00Z", Some(then));
        let folder = logs(&[&acting(1, &dana(KEYS[0]), &first), &acting(3, &first, &second)]);
        let found = said(&["trace", TEMPORARY[1], "--up"], folder.path())["mismatches"].clone();
        assert_eq!(found.as_array().unwrap().len(), usize::from(differs), "{found}");
        if differs {
            assert_eq!((&found[0]["claim"], &found[0]["verified"]), (&json!(then), &json!(before)));
        }
    }
}

/// A session of the instance, with a call from each address, and what trace, tree and sessions say of its place.
fn places(made: &[Value], addresses: &[&str]) -> [Value; 3] {
    let of_role = session("worker", INSTANCE, TEMPORARY[0], "2026-03-09T09:00:00Z", None);
    let by = json!({"type": "AWSService", "invokedBy": "ec2.amazonaws.com"});
    let [assumed, acted] = acting(20, &by, &of_role);
    let calls = addresses.iter().zip(30..).map(|(address, number)| {
        let mut acted = acted.clone();
        acted["eventID"] = json!(format!("00000000-0000-4000-8000-{number:012}"));
        acted["sourceIPAddress"] = json!(address);
        acted
    });
    let mut run = call(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "ec2.amazonaws.com", "RunInstances");
    run["requestParameters"] = json!({"iamInstanceProfile": {"name": "worker"}});
    run["responseElements"] =
        json!({"instancesSet": {"items": [{"instanceId": INSTANCE, "privateIpAddress": "10.0.1.5"}]}});
    let folder = logs(&[&[run, assumed], made, &calls.collect::<Vec<_>>()]);
    let path = folder.path();
    let place = |found: &Value| {
        let all = found["mismatches"].as_array().into_iter().flatten();
        all.filter(|one| one["kind"] == "place").map(|one| one["verified"].clone()).collect::<Vec<_>>()
    };
    let up = place(&said(&["trace", TEMPORARY[0], "--up"], path));
    let rows = said(&["sessions"], path)["rows"].clone();
    let tree = said(&["trace", KEYS[0], "--down"], path)["descendants"].clone();
    let remarks = tree[0]["children"][0]["remarks"].to_string();
    let is_marked = remarks.contains("one session, used from");
    [json!(up), json!(place(&rows[0])), json!(is_marked)]
}

fn of_address(number: u32, name: &str, time: &str, request: Value, response: Value) -> Value {
    let mut made = call(number, &dana(KEYS[0]), time, "ec2.amazonaws.com", name);
    made["requestParameters"] = request;
    made["responseElements"] = response;
    made
}

#[test]
fn an_instance_session_that_is_used_from_elsewhere_alone_is_pointed_out() {
    let (own, thief) = ("52.10.20.30", "203.0.113.66");
    let given = of_address(
        2,
        "AssociateAddress",
        "2026-03-09T08:10:00Z",
        json!({"instanceId": INSTANCE,
        "allocationId": "eipalloc-1", "publicIp": own}),
        json!({"associationId": "eipassoc-1"}),
    );
    let taken = of_address(
        3,
        "DisassociateAddress",
        "2026-03-09T08:20:00Z",
        json!({"associationId": "eipassoc-1"}),
        Value::Null,
    );
    let nothing = [json!([]), json!([]), json!(false)];
    let stolen = [json!([thief]), json!([thief]), json!(true)];
    let given = [given];
    assert_eq!(places(&given, &[thief]), stolen);
    assert_eq!(places(&given, &[own, thief]), stolen);
    assert_eq!(places(&given, &[own]), nothing);
    // Of one that was taken away, and of none, nothing is known.
    assert_eq!(places(&[given[0].clone(), taken], &[thief]), nothing);
    assert_eq!(places(&[], &[thief]), nothing);
    // Through an endpoint, by IPv4 and by IPv6: one machine.
    assert_eq!(places(&[], &["10.0.1.5", own, "2001:db8::5"]), nothing);
    // A private address that is not its own.
    assert_eq!(places(&[], &["10.9.9.9"]), [json!(["10.9.9.9"]), json!(["10.9.9.9"]), json!(true)]);
    let both = format!("{thief}, {own}");
    assert_eq!(places(&[], &[own, thief]), [json!([both]), json!([both]), json!(true)]);
}

/// The gap of a key's trace: reason, text and hint; and the reason that `origins` has.
fn gap(key: &str, logs: &Path) -> (String, String, String) {
    let found = said(&["trace", key, "--up"], logs)["origin"]["gap"].clone();
    let text = |name: &str| found[name].as_str().unwrap_or_default().to_owned();
    let sql = format!("select gap from origins where access_key_id = '{key}'");
    assert_eq!(said(&["sql", &sql], logs)["rows"][0]["gap"], found["reason"]);
    (text("reason"), text("text"), text("hint"))
}

#[test]
fn a_day_without_logs_is_told_as_such_and_a_region_whose_logs_begin_later() {
    let of_role = session("admin", "n", TEMPORARY[0], "2026-03-05T09:00:00Z", None);
    let mut used = call(2, &of_role, "2026-03-05T10:00:00Z", "iam.amazonaws.com", "ListUsers");
    let at = |number, time| call(number, &dana(KEYS[0]), time, "s3.amazonaws.com", "ListBuckets");
    used["eventTime"] = json!("2026-03-08T07:00:00Z");
    let first = at(1, "2026-03-01T09:00:00Z");
    let folder = logs(&[&[first.clone(), used.clone()]]);
    let (reason, text, hint) = gap(TEMPORARY[0], folder.path());
    assert_eq!(reason, "day-missing");
    assert!(text.contains("no logs of account 111122223333 of 2026-03-05"), "{text}");
    assert!(hint.contains("2026-03-05"), "{hint}");
    let mut there = at(3, "2026-03-05T08:00:00Z");
    there["awsRegion"] = json!("us-east-1");
    let mut early = first;
    early["awsRegion"] = json!("us-east-1");
    let folder = logs(&[&[early, there.clone(), used.clone()]]);
    let (reason, text, _) = gap(TEMPORARY[0], folder.path());
    assert_eq!(reason, "record-missing");
    assert!(text.contains("its logs of eu-west-1 begin at 2026-03-08 07:00:00Z"), "{text}");
    // A user's session, as well.
    let mut console = dana("ASIARTX3GSDSSEXAMPLE");
    console["sessionContext"] = of_role["sessionContext"].clone();
    used["userIdentity"] = console;
    let folder = logs(&[&[at(1, "2026-03-01T09:00:00Z"), used]]);
    assert_eq!(gap(TEMPORARY[0], folder.path()).0, "day-missing");
}

#[test]
fn a_session_of_identity_center_lacks_the_record_of_the_account_that_runs_it() {
    let role = "AWSReservedSSO_Admin_0123456789abcdef";
    let of_role = |store: Option<&str>| {
        let mut session = session(role, "lea@example.com", TEMPORARY[0], "2026-03-09T09:00:00Z", None);
        let path = format!("arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{role}");
        session["sessionContext"]["sessionIssuer"]["arn"] = json!(path);
        if let Some(account) = store {
            session["onBehalfOf"] = json!({"userId": "12345678-0000-4000-8000-123456789012",
                "identityStoreArn": format!("arn:aws:identitystore::{account}:identitystore/d-9067012345")});
        }
        session
    };
    let at = |number, account: &str, time| {
        let mut call = call(number, &dana(KEYS[0]), time, "s3.amazonaws.com", "ListBuckets");
        call["recipientAccountId"] = json!(account);
        call
    };
    for (store, other, reason, named) in [
        (Some("444455556666"), None, "account-not-in-lake", "444455556666"),
        (Some("444455556666"), Some("2026-03-09T08:00:00Z"), "record-missing", "444455556666"),
        (Some("444455556666"), Some("2026-03-09T10:00:00Z"), "before-logs", "444455556666"),
        (None, None, "record-missing", "management account"),
    ] {
        let used = call(2, &of_role(store), "2026-03-09T09:05:00Z", "iam.amazonaws.com", "ListUsers");
        let mut all = vec![at(1, ACCOUNT, "2026-03-09T08:00:00Z"), used];
        all.extend(other.map(|time| at(3, "444455556666", time)));
        let folder = logs(&[&all]);
        let (found, text, hint) = gap(TEMPORARY[0], folder.path());
        assert_eq!(found, reason, "{text}");
        assert!(hint.contains(named) && !hint.contains("STS is logged"), "{hint}");
    }
}

#[test]
fn a_function_of_a_user_s_name_claims_to_be_nobody_else() {
    let service = json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"});
    let mut backup = eve();
    backup["userName"] = json!("backup");
    backup["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/backup"));
    let seen = call(9, &backup, "2026-03-09T07:00:00Z", "s3.amazonaws.com", "ListBuckets");
    let of_function = session("worker", "backup", TEMPORARY[0], "2026-03-09T09:00:00Z", None);
    let folder = logs(&[&acting(1, &service, &of_function), std::slice::from_ref(&seen)]);
    assert_eq!(mismatches(TEMPORARY[0], folder.path()), [json!([]), json!(["agrees", []])]);
    // Who assumes a role itself chooses the name.
    let of_person = session("worker", "backup", TEMPORARY[1], "2026-03-09T09:00:00Z", None);
    let folder = logs(&[&acting(1, &dana(KEYS[0]), &of_person), &[seen]]);
    let differs = json!([["session-name", "backup"]]);
    assert_eq!(mismatches(TEMPORARY[1], folder.path()), [differs.clone(), json!(["differs", differs])]);
}
