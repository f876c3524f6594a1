//! What `trace`, `sessions`, `origins` and `investigate --follow` say where more than one thing is of one name: limits of the
//! tree, workloads and who only bears their name, one user by two ways.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::places;
use crate::twin::{Logged, Twin};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const DANA: &str = "arn:aws:iam::111122223333:user/dana";
pub(crate) const EVE: &str = "arn:aws:iam::111122223333:user/eve";
pub(crate) const KEYS: [&str; 2] = ["AKIARTX3GSDSQEXAMPLE", "AKIARTX3GSDSREXAMPLE"];

/// The binary, asked about logs, with lines that are wide enough for everything.
pub(crate) fn run(arguments: &[&str], logs: &Path) -> Output {
    let cache = tempfile::tempdir().unwrap();
    Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(arguments)
        .arg("--logs")
        .arg(logs)
        .env("BACKTRAIL_CACHE", cache.path())
        .env("COLUMNS", "400")
        .env_remove("BACKTRAIL_LAKE")
        .output()
        .unwrap()
}

/// What the binary says on stdout, as JSON.
pub(crate) fn said(arguments: &[&str], logs: &Path) -> Value {
    let output = run(&[arguments, &["--format", "json"]].concat(), logs);
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {told}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}

/// A folder with one object for each list of records.
pub(crate) fn logs(objects: &[&[Value]]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (number, records) in objects.iter().enumerate() {
        let path = folder.path().join(format!("{number}.json"));
        std::fs::write(path, json!({ "Records": records }).to_string()).unwrap();
    }
    folder
}

fn case(name: &str) -> std::path::PathBuf {
    places::package(&format!("testdata/lineage/cases/{name}.json"))
}

/// dana with a long-term key.
pub(crate) fn dana(key: &str) -> Value {
    json!({"type": "IAMUser", "principalId": "AIDARTX3GSDSQAEXAMPLE", "arn": DANA, "accountId": ACCOUNT,
        "accessKeyId": key, "userName": "dana"})
}

fn session_arn(session: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/{session}")
}

/// A user with a long-term key.
pub(crate) fn user(name: &str, key: &str) -> Value {
    let mut identity = dana(key);
    identity["userName"] = json!(name);
    identity["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/{name}"));
    identity["principalId"] = json!(format!("AIDARTX3GSDSQ{}EXAMPLE", name.to_uppercase()));
    identity
}

/// The other user.
pub(crate) fn eve() -> Value {
    user("eve", KEYS[1])
}

/// A session of the role, created at a moment.
pub(crate) fn session(name: &str, key: &str, created: &str) -> Value {
    json!({"type": "AssumedRole", "principalId": format!("AROARTX3GSDSQAEXAMPLE:{name}"), "arn": session_arn(name),
        "accountId": ACCOUNT, "accessKeyId": key, "sessionContext": {"sessionIssuer": {"type": "Role",
        "principalId": "AROARTX3GSDSQAEXAMPLE", "arn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"),
        "accountId": ACCOUNT, "userName": "deploy"}, "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}})
}

/// A call: who, when, and what of which service.
pub(crate) fn call(number: u32, identity: &Value, time: &str, source: &str, name: &str) -> Value {
    json!({"eventVersion": "1.11", "userIdentity": identity, "eventTime": time, "eventSource": source,
        "eventName": name, "awsRegion": "eu-west-1", "sourceIPAddress": "198.51.100.17", "userAgent": "aws-cli/2.22.35",
        "requestParameters": {}, "responseElements": {}, "eventID": format!("00000000-0000-4000-8000-{number:012}"),
        "readOnly": true, "eventType": "AwsApiCall", "managementEvent": true, "recipientAccountId": ACCOUNT,
        "eventCategory": "Management"})
}

pub(crate) fn assume(number: u32, identity: &Value, time: &str, name: &str, key: &str) -> Value {
    let mut made = call(number, identity, time, "sts.amazonaws.com", "AssumeRole");
    made["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"), "roleSessionName": name});
    made["responseElements"] = json!({"credentials": {"accessKeyId": key}, "assumedRoleUser": {
        "arn": session_arn(name), "assumedRoleId": format!("AROARTX3GSDSQAEXAMPLE:{name}")}});
    made
}

#[test]
fn a_tree_that_its_last_level_fills_says_so() {
    let key = |number: u32| format!("ASIARTX3GSDS{number:04}EXAMPLE");
    let name = |number: u32| format!("s{number}");
    let issued = |count: u32| -> Vec<Value> {
        (0..count)
            .map(|number| {
                let time = format!("2026-03-09T09:{:02}:{:02}Z", number / 60, number % 60);
                assume(number, &dana(KEYS[0]), &time, &name(number), &key(number))
            })
            .collect()
    };
    for (count, lines, cut) in [(2_000, 2_000, false), (2_001, 2_000, true)] {
        let folder = logs(&[&issued(count)]);
        let found = said(&["trace", KEYS[0], "--depth", "1"], folder.path());
        assert_eq!(found["descendants"].as_array().unwrap().len(), lines);
        let expected = if cut { json!(["the tree was cut at 2000 lines"]) } else { json!([]) };
        assert_eq!(found["truncated"], expected, "of {count}");
    }
}

#[test]
fn a_tree_says_that_it_goes_on_where_only_launches_are_below() {
    let (key, created) = ("ASIARTX3GSDSQEXAMPLE", "2026-03-09T09:00:00Z");
    let inside = session("night", key, created);
    let mut launch =
        call(2, &inside, "2026-03-09T09:10:00Z", "lambda.amazonaws.com", "CreateFunction20150331");
    launch["requestParameters"] = json!({"functionName": "shop-invoice"});
    launch["responseElements"] = json!({"functionName": "shop-invoice",
        "functionArn": format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:shop-invoice")});
    let folder = logs(&[&[assume(1, &dana(KEYS[0]), created, "night", key), launch]]);
    let found = said(&["trace", KEYS[0], "--depth", "1"], folder.path());
    assert_eq!(found["truncated"], json!(["the tree goes on below 1 steps"]));
    let found = said(&["trace", KEYS[0], "--depth", "2"], folder.path());
    assert_eq!(found["descendants"][0]["children"][0]["id"], "shop-invoice");
    assert_eq!(found["truncated"], json!([]));
}

#[test]
fn a_key_without_calls_in_the_window_is_known_from_outside_it() {
    let (key, created) = ("ASIARTX3GSDSQEXAMPLE", "2026-03-09T09:00:00Z");
    let used =
        call(2, &session("night", key, created), "2026-03-09T09:10:00Z", "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&[assume(1, &dana(KEYS[0]), created, "night", key), used]]);
    for (who, calls) in [(key, 1), (KEYS[0], 1), (DANA, 1)] {
        for window in [["--from", "2026-03-09T10:00:00Z"], ["--to", "2026-03-09T08:00:00Z"]] {
            let found = said(&["trace", who, window[0], window[1]], folder.path());
            assert_eq!(found["subject"]["usage"]["calls"], 0, "{who}");
            assert_eq!(found["subject"]["outside_window"]["calls"], calls, "{who}");
            assert_eq!(found["descendants"], json!([]), "{who}");
            assert_eq!(found["origin"]["arn"], DANA, "{who}");
        }
        let found = said(&["trace", who, "--from", "2026-03-09T08:00:00Z"], folder.path());
        assert_eq!(found["subject"]["outside_window"], Value::Null, "{who}");
    }
}

#[test]
fn an_event_is_one_call_and_what_else_its_credential_did_stands_apart() {
    let (key, created) = ("ASIARTX3GSDSQEXAMPLE", "2026-03-09T09:00:00Z");
    let inside = session("night", key, created);
    let used = |number, time| call(number, &inside, time, "s3.amazonaws.com", "ListBuckets");
    let mut denied = used(2, "2026-03-09T09:10:00Z");
    denied["errorCode"] = json!("AccessDenied");
    denied["sourceIPAddress"] = json!("203.0.113.66");
    let made = assume(1, &dana(KEYS[0]), created, "night", key);
    let folder =
        logs(&[&[made, denied.clone(), used(3, "2026-03-09T09:11:00Z"), used(4, "2026-03-09T09:12:00Z")]]);
    let found = said(&["trace", denied["eventID"].as_str().unwrap()], folder.path());
    let subject = &found["subject"];
    assert_eq!((&subject["usage"]["calls"], &subject["usage"]["denied"]), (&json!(1), &json!(1)));
    assert_eq!(subject["usage"]["addresses"], json!({"203.0.113.66": 1}));
    assert_eq!(subject["credential_usage"]["calls"], 3);
    assert_eq!(said(&["trace", key], folder.path())["subject"]["credential_usage"], Value::Null);
}

#[test]
fn what_only_bears_the_name_of_a_workload_is_not_followed() {
    let found = said(&["investigate", KEYS[0], "--follow"], &case("function-namesake"));
    let below = found["follow"]["below"].as_array().unwrap();
    let calls: u64 = below.iter().map(|one| one["calls"].as_u64().unwrap()).sum();
    assert_eq!(calls, 2, "{below:?}");
    assert_eq!(found["follow"]["limits"], json!(["3 credentials only bear the name of a workload"]));
}

#[test]
fn of_two_keys_of_one_user_the_same_is_shown_in_any_order_of_records() {
    let created = "2026-03-09T09:00:00Z";
    let both: Vec<Value> = (0..2)
        .map(|number| {
            let issued = format!("ASIARTX3GSDS{}EXAMPLE", ["S", "T"][number as usize]);
            assume(number, &dana(KEYS[1 - number as usize]), created, "night", &issued)
        })
        .collect();
    let mut used = session("night", "ASIARTX3GSDSQEXAMPLE", created);
    used["invokedBy"] = json!("secretsmanager.amazonaws.com");
    let leaf = call(9, &used, "2026-03-09T09:00:05Z", "ec2.amazonaws.com", "DescribeInstances");
    let orders: [&[&[Value]]; 3] = [
        &[&[both[0].clone(), both[1].clone(), leaf.clone()]],
        &[&[leaf.clone(), both[1].clone(), both[0].clone()]],
        &[&both[1..], std::slice::from_ref(&leaf), &both[..1]],
    ];
    let sql = "select origin, origin_access_key, candidates, complete, certain from origins \
               where access_key_id = 'ASIARTX3GSDSQEXAMPLE'";
    for order in orders {
        let folder = logs(order);
        let found = said(&["sql", sql], folder.path());
        // The first of the candidates was called with it: so a trace says, too.
        let expected = json!({"origin": DANA, "origin_access_key": KEYS[1], "candidates": 2,
            "complete": true, "certain": true});
        assert_eq!(found["rows"][0], expected, "{found}");
        let found = said(&["trace", "ASIARTX3GSDSQEXAMPLE", "--up"], folder.path());
        assert_eq!(found["origin"]["access_key"], KEYS[1], "{found}");
    }
}

#[test]
fn an_assume_role_that_made_another_key_is_no_proof_for_whoever_signs_itself() {
    let created = "2026-03-09T09:00:00Z";
    let made = assume(1, &dana(KEYS[0]), created, "night", "ASIARTX3GSDSSEXAMPLE");
    let of = |number, key, second: &str| {
        let used = session("night", key, &format!("2026-03-09T09:00:{second}Z"));
        call(number, &used, "2026-03-09T09:00:05Z", "ec2.amazonaws.com", "DescribeInstances")
    };
    let (same, near) = (of(2, "ASIARTX3GSDSQEXAMPLE", "00"), of(3, "ASIARTX3GSDSREXAMPLE", "02"));
    let folder = logs(&[&[made, same, near]]);
    let sql = "select rule, origin_kind, complete, certain, gap from origins \
               where access_key_id like 'ASIA%' order by access_key_id";
    let found = said(&["sql", sql], folder.path());
    let row = |rule: Option<&str>, kind: &str, gap: &str| json!({"rule": rule, "origin_kind": kind, "complete": false, "certain": false, "gap": gap});
    let expected = [row(Some("claim"), "iam-user", "only-claimed"), row(None, "unknown", "record-missing")];
    assert_eq!(found["rows"], json!(expected), "{found}");
    let found = said(&["investigate", KEYS[0], "--follow"], folder.path());
    assert!(found["follow"]["below"].as_array().unwrap().iter().all(|one| one["calls"] == 0), "{found}");
}

#[test]
fn another_accounts_principal_is_who_the_copy_of_this_very_request_names() {
    let sql =
        "select origin, complete, gap from event_origins where caller_class = 'account' order by event_time";
    let found = said(&["sql", sql], &case("cross-copy-of-another"));
    let user = |name: &str| json!({"origin": format!("arn:aws:iam::{ACCOUNT}:user/{name}"), "complete": true, "gap": null});
    let principal = format!("{ACCOUNT}:AROARTX3GSDSQAEXAMPLE:deploy");
    let missing = json!({"origin": principal, "complete": false, "gap": "record-missing"});
    assert_eq!(found["rows"], json!([user("dana"), missing, user("eve")]), "{found}");
}

#[test]
fn what_fits_two_callers_alike_is_told_apart_below_either_and_not_counted_as_its_own() {
    let created = "2026-03-09T09:00:00Z";
    let mut eve = dana(KEYS[1]);
    eve["userName"] = json!("eve");
    eve["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/eve"));
    eve["principalId"] = json!("AIDARTX3GSDSQBEXAMPLE");
    let (own, others) = ("ASIARTX3GSDSQEXAMPLE", "ASIARTX3GSDSREXAMPLE");
    let forwarded = |key: &str| {
        let mut identity = session("night", key, created);
        identity["invokedBy"] = json!("s3.amazonaws.com");
        identity
    };
    let works = |number, identity: &Value| {
        call(number, identity, "2026-03-09T09:00:05Z", "ec2.amazonaws.com", "DescribeInstances")
    };
    let records = [
        assume(1, &dana(KEYS[0]), created, "night", own),
        assume(2, &eve, created, "night", others),
        works(3, &session("night", own, created)),
        works(4, &session("night", others, created)),
        works(5, &forwarded("ASIARTX3GSDSSEXAMPLE")),
        works(6, &forwarded("")),
    ];
    let folder = logs(&[&records]);
    for (key, other) in [(KEYS[0], KEYS[1]), (KEYS[1], KEYS[0])] {
        let found = said(&["trace", key, "--down"], folder.path());
        let of = |line: &Value| (line["rule"].clone(), line["calls"].clone(), line["remarks"].clone());
        let mut lines: Vec<_> = found["descendants"].as_array().unwrap().iter().map(of).collect();
        lines.sort_by_key(|line| line.1.as_u64());
        let open = json!([format!("fits as well what {other} assumed")]);
        assert_eq!(lines, [(json!("key"), json!(1), json!([])), (json!("claim"), json!(2), open)], "{found}");
        let found = said(&["investigate", key, "--follow"], folder.path());
        let below = found["follow"]["below"].as_array().unwrap();
        assert_eq!(below.iter().map(|one| one["calls"].as_u64().unwrap()).sum::<u64>(), 1, "{below:?}");
        assert_eq!(found["follow"]["limits"], json!(["2 credentials may be of others as well"]));
    }
}

#[test]
fn a_session_of_identity_center_is_of_the_person_whose_id_it_names() {
    let sql = "select origin, candidates, certain from origins where access_key_id is not null and origin_kind = \
               'identity-center-user' order by access_key_id";
    let found = said(&["sql", sql], &case("identity-center-two-people"));
    let row = |name: &str, candidates: u32| json!({"origin": format!("{name}@example.com"), "candidates": candidates, "certain": true});
    // The last names no person: its own name does, of which other records tell the id.
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows, &["lea", "max", "lea", "max", "max"].map(|name| row(name, 1)), "{found}");
    let found = said(&["sessions", "--user", "max@example.com"], &case("identity-center-two-people"));
    // Two moments of creation, in one of which two keys were made.
    assert_eq!((&found["sessions"], &found["open"]), (&json!(2), &json!(0)), "{found}");
    assert_eq!(found["by_origin"], json!({"identity-center-user": 2}), "{found}");
}

#[test]
fn one_user_by_two_ways_is_one_row_that_says_in_what_the_ways_differ() {
    let found = said(&["sessions"], &case("one-user-two-ways"));
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{rows:?}");
    let row = &rows[0];
    assert_eq!((&row["origin"]["arn"], &row["origin"]["access_key"]), (&json!(DANA), &Value::Null));
    assert_eq!((&row["origin"]["mfa"], &row["origin"]["sign_in"]), (&Value::Null, &Value::Null));
    assert_eq!(row["origin_keys"], json!([KEYS[0]]));
    assert_eq!(row["differs"], json!(["key", "MFA", "sign-in", "proof"]));
    assert_eq!((&row["sessions"], &row["mfa"]), (&json!(3), &Value::Null));
    assert_eq!((&row["with_mfa"], &row["without_mfa"]), (&json!(1), &json!(2)));
    assert_eq!((&row["origin"]["complete"], &row["origin"]["certain"]), (&json!(false), &json!(true)));
}

/// What the twin says stands above each record of a case by a caller with a long-term key, by the user's name.
fn makers(case: &str) -> BTreeSet<(String, Option<String>)> {
    let path = places::package(&format!("testdata/lineage/cases/{case}.json"));
    let object: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let logged =
        |(index, record): (usize, &Value)| Logged { object: String::new(), index, record: record.clone() };
    let twin = Twin::new(object["Records"].as_array().unwrap().iter().enumerate().map(logged).collect());
    let said = |place: usize, field: &str| {
        twin.records()[place].record["userIdentity"][field].as_str().unwrap_or_default().to_owned()
    };
    let long_term = |place: &usize| said(*place, "accessKeyId").starts_with("AKIA");
    let named = |place: usize| {
        let above = twin.of_record(place).above.map(|(rule, id)| {
            let made = twin.records().iter().find(|logged| logged.record["eventID"] == *id).unwrap();
            format!("{rule} {}", made.record["eventName"].as_str().unwrap())
        });
        (said(place, "userName"), above)
    };
    (0..twin.records().len()).filter(long_term).map(named).collect()
}

#[test]
fn for_the_twin_too_a_long_term_key_was_made_in_its_own_account_and_not_after_its_first_use() {
    let by_record = Some("key CreateAccessKey".to_owned());
    let found = |case| makers(case).into_iter().collect::<Vec<_>>();
    let (backup, dana) = ("backup".to_owned(), ("dana".to_owned(), None));
    let night = ("night".to_owned(), None);
    assert_eq!(found("constant-long-term-key"), [(backup.clone(), by_record.clone()), dana.clone(), night]);
    assert_eq!(found("key-used-within-slack"), [(backup.clone(), by_record), dana.clone()]);
    assert_eq!(found("key-used-before-made"), [(backup, None), dana]);
}

/// A session of one of two roles, which assume each other every ten minutes.
fn juggler(hop: u32) -> Value {
    let role = ["deploy", "admin"][hop as usize % 2];
    let created = format!("2026-03-09T{:02}:{}0:00Z", 8 + hop / 6, hop % 6);
    let mut identity = session(
        "hop",
        &format!("ASIARTX3GSDS{}EXAMPLE", char::from(b'A' + u8::try_from(hop).unwrap())),
        &created,
    );
    identity["principalId"] = json!(format!("AROARTX3GSDS{}EXAMPLE:hop", ["QA", "RB"][hop as usize % 2]));
    identity["arn"] = json!(format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/hop"));
    identity["sessionContext"]["sessionIssuer"]["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
    identity["sessionContext"]["sessionIssuer"]["userName"] = json!(role);
    identity
}

#[test]
fn roles_that_assume_each_other_use_up_no_depth_of_the_tree() {
    const HOPS: u32 = 14;
    let mut records = Vec::new();
    let mut by = dana(KEYS[0]);
    for hop in 0..HOPS {
        let next = juggler(hop);
        let created = next["sessionContext"]["attributes"]["creationDate"].as_str().unwrap().to_owned();
        let mut made = call(2 * hop, &by, &created, "sts.amazonaws.com", "AssumeRole");
        made["requestParameters"] = json!({"roleArn": next["sessionContext"]["sessionIssuer"]["arn"],
            "roleSessionName": "hop"});
        made["responseElements"] = json!({"credentials": {"accessKeyId": next["accessKeyId"]},
            "assumedRoleUser": {"arn": next["arn"], "assumedRoleId": next["principalId"]}});
        let acted =
            call(2 * hop + 1, &next, &created.replace(":00Z", ":30Z"), "s3.amazonaws.com", "ListBuckets");
        records.extend([made, acted]);
        by = next;
    }
    let folder = logs(&[&records]);
    let whole = said(&["trace", KEYS[0], "--down", "--depth", "2"], folder.path());
    assert_eq!(whole["truncated"], json!([]), "{whole}");
    let first = &whole["descendants"][0];
    let second = &first["children"][0];
    assert_eq!((&first["folded"], &second["folded"]), (&json!(7), &json!(7)), "{whole}");
    assert_eq!(second["children"], json!([]), "{whole}");
    assert_eq!(second["last"], "2026-03-09T10:10:30Z", "{whole}");
    let cut = said(&["trace", KEYS[0], "--down", "--depth", "1"], folder.path());
    assert_eq!(cut["truncated"], json!(["the tree goes on below 1 steps"]), "{cut}");
}
