//! People of Identity Center: an id is one person's in its identity store only, and names and ids of one person are one origin.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, call, logs, said};
use crate::twin::{Logged, Twin};

const HOME: &str = "444455556666";
const ROLE: &str = "AWSReservedSSO_Admin_0123456789abcdef";
const KEYS: [&str; 3] = ["ASIARTX3GSDSQEXAMPLE", "ASIARTX3GSDSREXAMPLE", "ASIARTX3GSDSSEXAMPLE"];

fn behalf(id: &str, store: &str) -> Value {
    json!({"userId": id, "identityStoreArn": format!("arn:aws:identitystore::{HOME}:identitystore/{store}")})
}

/// A person takes the credentials of a permission set in the access portal, in the record shape that names the id alone.
fn takes(number: u32, time: &str, [id, store]: [&str; 2]) -> Value {
    let who = json!({"type": "IdentityCenterUser", "accountId": HOME, "onBehalfOf": behalf(id, store)});
    let mut made = call(number, &who, time, "sso.amazonaws.com", "GetRoleCredentials");
    made["eventType"] = json!("AwsServiceEvent");
    made["recipientAccountId"] = json!(HOME);
    made["serviceEventDetails"] = json!({"role_name": "Admin", "account_id": ACCOUNT});
    made
}

/// A call in the session of a person.
fn acts(number: u32, key: &str, created: &str, name: &str, [id, store]: [&str; 2]) -> Value {
    let issuer = format!("arn:aws:iam::{ACCOUNT}:role/aws-reserved/sso.amazonaws.com/{ROLE}");
    let who = json!({"type": "AssumedRole", "principalId": format!("AROARTX3GSDSQAEXAMPLE:{name}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{ROLE}/{name}"), "accessKeyId": key, "onBehalfOf": behalf(id, store),
        "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": "AROARTX3GSDSQAEXAMPLE", "arn": issuer,
        "accountId": ACCOUNT, "userName": ROLE}, "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}});
    call(number, &who, &created.replace(":00Z", ":30Z"), "iam.amazonaws.com", "ListUsers")
}

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// Of a key the records that may have made its session, and the origin: as `trace` has them, which `origins` must have, too.
fn behind(key: &str, logs: &Path) -> (Vec<Value>, Value, bool) {
    let found = said(&["trace", key, "--up"], logs);
    let link = &found["links"][0];
    let mut made = link["ambiguous"].as_array().cloned().unwrap_or_default();
    if made.is_empty() {
        made.extend(Some(link["event_id"].clone()).filter(Value::is_string));
    }
    let sql =
        format!("select event_id, candidates, origin, certain from origins where access_key_id = '{key}'");
    let row = &said(&["sql", &sql], logs)["rows"][0];
    assert_eq!(row["event_id"], made.first().cloned().unwrap_or_default(), "{key}");
    assert_eq!(row["candidates"].as_u64().unwrap_or_default(), made.len() as u64, "{key}");
    assert_eq!(row["certain"], found["origin"]["certain"], "{key}");
    (made, row["origin"].clone(), row["certain"] == true)
}

#[test]
fn one_id_in_two_identity_stores_is_two_people() {
    let (one, other) = (["u-1", "d-1"], ["u-1", "d-2"]);
    let time = "2026-03-09T08:00:00Z";
    let records = [
        takes(1, time, one),
        takes(2, time, other),
        acts(3, KEYS[0], time, "lea@example.com", one),
        acts(4, KEYS[1], time, "max@example.com", other),
    ];
    let folder = logs(&[&records]);
    for (key, number, name) in [(KEYS[0], 1, "lea"), (KEYS[1], 2, "max")] {
        let name = json!(format!("{name}@example.com"));
        assert_eq!(behind(key, folder.path()), (vec![json!(event_id(number))], name, true));
    }
    let logged = records.iter().cloned().enumerate();
    let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
    let twin = Twin::new(logged.collect());
    for (place, number) in [(2, 1), (3, 2)] {
        assert_eq!(twin.of_record(place).links, [("session".to_owned(), event_id(number))]);
    }
    // The records of the portal themselves are of two, too.
    let sql = "select origin from origins where access_key_id is null order by origin";
    let names = json!([{"origin": "lea@example.com"}, {"origin": "max@example.com"}]);
    assert_eq!(said(&["sql", sql], folder.path())["rows"], names);
}

#[test]
fn one_name_in_two_identity_stores_is_two_people() {
    let name = "lea@example.com";
    let records = [
        takes(1, "2026-03-09T08:00:00Z", ["u-1", "d-1"]),
        acts(2, KEYS[0], "2026-03-09T08:00:00Z", name, ["u-1", "d-1"]),
        takes(3, "2026-03-09T09:00:00Z", ["u-2", "d-2"]),
        acts(4, KEYS[1], "2026-03-09T09:00:00Z", name, ["u-2", "d-2"]),
    ];
    let folder = logs(&[&records]);
    for (key, store) in [(KEYS[0], "d-1"), (KEYS[1], "d-2")] {
        assert_eq!(behind(key, folder.path()).1, format!("{name} of identity store {store}"));
    }
    let found = said(&["sessions", "--user", "u-1"], folder.path());
    assert_eq!((&found["sessions"], &found["calls"]), (&json!(1), &json!(1)));
}

#[test]
fn a_person_known_by_id_and_by_name_is_one_origin() {
    let (person, name) = (["u-1", "d-1"], "lea@example.com");
    let mut old = takes(3, "2026-03-10T08:00:00Z", person);
    old["userIdentity"] =
        json!({"type": "Unknown", "principalId": "lea", "accountId": HOME, "userName": name});
    let records = [
        takes(1, "2026-03-09T08:00:00Z", person),
        acts(2, KEYS[0], "2026-03-09T08:00:00Z", name, person),
        old,
        acts(4, KEYS[1], "2026-03-10T08:00:00Z", name, person),
        // Nothing is here that made this one.
        acts(5, KEYS[2], "2026-03-11T08:00:00Z", name, person),
    ];
    let folder = logs(&[&records]);
    let sql = "select distinct origin, root from origins";
    assert_eq!(said(&["sql", sql], folder.path())["rows"], json!([{"origin": name, "root": name}]));
    let origin = &said(&["trace", &event_id(1), "--up"], folder.path())["origin"];
    assert_eq!((&origin["name"], &origin["user_id"]), (&json!(name), &json!("u-1")));
    for who in [name, "u-1"] {
        let found = said(&["sessions", "--user", who], folder.path());
        assert_eq!((&found["sessions"], &found["calls"]), (&json!(3), &json!(3)), "{who}");
    }
}

#[test]
fn sessions_that_only_name_a_person_are_its_own_where_nobody_else_bore_the_name() {
    let (person, name) = (["u-1", "d-1"], "lea@example.com");
    let time = "2026-03-10T08:00:00Z";
    let mut unsaid = acts(2, KEYS[1], time, name, person);
    unsaid["userIdentity"].as_object_mut().unwrap().remove("onBehalfOf");
    let records = [acts(1, KEYS[0], "2026-03-09T08:00:00Z", name, person), unsaid];
    let folder = logs(&[&records]);
    let found = said(&["trace", "identity-center-user/u-1", "--up"], folder.path());
    assert_eq!((&found["subject"]["usage"]["calls"], &found["origin"]["certain"]), (&json!(2), &json!(true)));
    let calls = |more: &[&str], logs: &Path| {
        let found = said(&[&["investigate", "identity-center-user/u-1"], more].concat(), logs);
        found["activity"]["total"]["calls"].clone()
    };
    for more in [&[][..], &["--follow"]] {
        assert_eq!(calls(more, folder.path()), 2, "{more:?}");
    }
    // Two ids bore the name: whose the session is nobody knows.
    let other = acts(3, KEYS[2], "2026-03-11T08:00:00Z", name, ["u-2", "d-1"]);
    let folder = logs(&[&records, &[other]]);
    let found = said(&["trace", "identity-center-user/u-1", "--up"], folder.path());
    assert_eq!(found["subject"]["usage"]["calls"], 1);
    assert_eq!(calls(&[], folder.path()), 1);
    let found = said(&["trace", KEYS[1], "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!(
        (&origin["name"], &origin["user_id"], &origin["certain"]),
        (&json!(name), &Value::Null, &json!(false))
    );
    let sql = format!("select certain from origins where access_key_id = '{}'", KEYS[1]);
    assert_eq!(said(&["sql", &sql], folder.path())["rows"], json!([{"certain": false}]));
}

#[test]
fn a_person_that_was_renamed_is_one_origin_by_store_and_id() {
    let person = ["u-1", "d-1"];
    let (before, after) = ("lea@example.com", "lea.young@example.com");
    let mut old = takes(5, "2026-03-08T08:00:00Z", person);
    old["userIdentity"] =
        json!({"type": "Unknown", "principalId": "lea", "accountId": HOME, "userName": before});
    let records = [
        takes(1, "2026-03-09T08:00:00Z", person),
        acts(2, KEYS[0], "2026-03-09T08:00:00Z", before, person),
        takes(3, "2026-03-10T08:00:00Z", person),
        acts(4, KEYS[1], "2026-03-10T08:00:00Z", after, person),
        old,
        // Of the same id in another store: somebody else.
        takes(6, "2026-03-11T08:00:00Z", ["u-1", "d-2"]),
        acts(7, KEYS[2], "2026-03-11T08:00:00Z", "max@example.com", ["u-1", "d-2"]),
    ];
    let folder = logs(&[&records]);
    let path = folder.path();
    for (key, number) in [(KEYS[0], 1), (KEYS[1], 3)] {
        assert_eq!(behind(key, path), (vec![json!(event_id(number))], json!(after), true));
    }
    for who in [KEYS[0], KEYS[1], &event_id(1), &event_id(3), &event_id(5)] {
        let found = said(&["trace", who, "--up"], path);
        let origin = &found["origin"];
        assert_eq!(
            (&origin["name"], &origin["user_id"], &origin["names"], &found["mismatches"]),
            (&json!(after), &json!("u-1"), &json!([after, before]), &json!([])),
            "{who}"
        );
    }
    let sql = "select origin, count(*) as n from origins group by origin order by origin";
    let rows = json!([{"origin": after, "n": 4}, {"origin": "max@example.com", "n": 2}]);
    assert_eq!(said(&["sql", sql], path)["rows"], rows);
    for who in [before, after] {
        let found = said(&["sessions", "--user", who], path);
        assert_eq!((&found["sessions"], &found["calls"]), (&json!(2), &json!(2)), "{who}");
        let rows = found["rows"].as_array().unwrap();
        assert!(
            rows.iter().all(|row| row["agreement"] == "agrees" && row["mismatches"] == json!([])),
            "{found}"
        );
    }
    // All that it did by its id is one origin's.
    let found = said(&["trace", "u-1", "--up"], path);
    assert_eq!(found["origin"]["gap"]["reason"], "several-origins");
    let records = &records[..5];
    let folder = logs(&[records]);
    let found = said(&["trace", "u-1", "--up"], folder.path());
    assert_eq!((&found["origin"]["name"], &found["origin"]["certain"]), (&json!(after), &json!(true)));
}
