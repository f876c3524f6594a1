//! Who acted, where a record names nobody, another account's principal, or somebody that an application acts for.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, KEYS, assume, call, dana, logs, said, session};
use crate::twin::{Logged, Twin};

const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

/// What `origins` says of the callers that satisfy a condition.
fn origins(condition: &str, logs: &Path) -> Value {
    let sql = format!(
        "select origin_kind, origin, rule, complete, certain, gap from origins where {condition} order by origin"
    );
    said(&["sql", &sql], logs)["rows"].clone()
}

#[test]
fn a_request_that_nobody_signed_is_of_nobody_and_no_account_s_log_is_missed() {
    let nobody = json!({"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"});
    let mut got = call(1, &nobody, SECOND, "s3.amazonaws.com", "GetObject");
    got["sourceIPAddress"] = json!("203.0.113.66");
    let folder = logs(&[&[got]]);
    let found = said(&["trace", &event_id(1), "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!((&origin["kind"], &origin["account"]), (&json!("anonymous"), &Value::Null));
    assert_eq!((&origin["complete"], &origin["certain"]), (&json!(false), &json!(false)));
    assert_eq!(origin["gap"]["reason"], "no-credential");
    assert!(!found.to_string().contains("ANONYMOUS"), "{found}");
    let row = json!({"origin_kind": "anonymous", "origin": "anonymous", "rule": null, "complete": false,
        "certain": false, "gap": "no-credential"});
    assert_eq!(origins("true", folder.path()), json!([row]));
}

#[test]
fn an_application_that_acts_for_a_person_is_not_that_person() {
    let person = json!({"userId": "e0000000-1111-4222-8333-444455556666",
        "identityStoreArn": "arn:aws:identitystore::111122223333:identitystore/d-0123456789"});
    let mut acts = session("s", KEY, SECOND);
    acts["onBehalfOf"] = person;
    let used = call(2, &acts, "2026-03-09T09:02:00Z", "athena.amazonaws.com", "StartQueryExecution");
    // With the AssumeRole it is who assumed the role, without it nobody knows.
    let folder = logs(&[&[assume(1, &dana(KEYS[0]), SECOND, "s", KEY), used.clone()]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    assert_eq!((&found["origin"]["arn"], &found["origin"]["complete"]), (&json!(DANA), &json!(true)));
    let user = "Identity Center user e0000000-1111-4222-8333-444455556666";
    assert_eq!(found["subject"]["acts_for"], user);
    let folder = logs(&[&[used]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    assert_eq!((&found["origin"]["kind"], &found["subject"]["acts_for"]), (&json!("unknown"), &json!(user)));
    let rows = origins(&format!("access_key_id = '{KEY}'"), folder.path());
    assert_eq!((&rows[0]["origin_kind"], &rows[0]["certain"]), (&json!("unknown"), &json!(false)));
}

const OTHER: &str = "444455556666";

/// A call as another account records it: of the caller only account and unique id.
fn abroad(number: u32, id: &str, time: &str, account: &str, shared: &str) -> Value {
    let who = json!({"type": "AWSAccount", "principalId": id, "accountId": ACCOUNT});
    let mut made = call(number, &who, time, "s3.amazonaws.com", "GetObject");
    made["recipientAccountId"] = json!(account);
    made["sharedEventID"] = json!(shared);
    made
}

#[test]
fn who_called_another_account_its_own_account_s_copy_of_the_request_tells() {
    let (id, time) = ("AROARTX3GSDSQAEXAMPLE:x", "2026-03-09T09:05:00Z");
    let mut own = call(2, &session("x", KEY, SECOND), time, "s3.amazonaws.com", "GetObject");
    own["sharedEventID"] = json!("shared-1");
    let records =
        [assume(1, &dana(KEYS[0]), SECOND, "x", KEY), own.clone(), abroad(3, id, time, OTHER, "shared-1")];
    let folder = logs(&[&records]);
    let path = folder.path();
    let found = said(&["trace", &event_id(3), "--up"], path);
    let origin = &found["origin"];
    assert_eq!(
        (&origin["arn"], &origin["complete"], &origin["certain"]),
        (&json!(DANA), &json!(true), &json!(true))
    );
    let links: Vec<[&Value; 2]> =
        found["links"].as_array().unwrap().iter().map(|link| [&link["rule"], &link["event_id"]]).collect();
    let expected = [[json!("shared-event"), json!(event_id(2))], [json!("key"), json!(event_id(1))]];
    assert_eq!(links, expected.iter().map(|[rule, event]| [rule, event]).collect::<Vec<_>>());
    let row = json!([{"origin_kind": "iam-user", "origin": DANA, "rule": "shared-event", "complete": true,
        "certain": true, "gap": null}]);
    assert_eq!(origins("caller_class = 'account'", path), row);
    let found = said(&["query", "activity-by-origin"], path);
    assert!(found["rows"].as_array().unwrap().iter().all(|row| row["complete"] == true), "{found}");
    agree(&records, 2);

    // Of another request of that session name there is no copy: the row of both is open, each event is told apart.
    let other = abroad(4, id, "2026-03-09T09:06:00Z", OTHER, "shared-2");
    let folder = logs(&[&records, &[other]]);
    let path = folder.path();
    let rows = origins("caller_class = 'account'", path);
    assert_eq!((&rows[0]["gap"], &rows[0]["certain"]), (&json!("several-origins"), &json!(false)));
    assert_eq!(said(&["trace", &event_id(3), "--up"], path)["origin"]["arn"], DANA);
    let origin = &said(&["trace", &event_id(4), "--up"], path)["origin"];
    assert_eq!((&origin["kind"], &origin["gap"]["reason"]), (&json!("account"), &json!("record-missing")));
    let text = origin["gap"]["text"].as_str().unwrap();
    assert!(!text.contains("is not in its logs"), "{text}");
}

/// The twin leads to dana from the record at a place, too.
fn agree(records: &[Value], place: usize) {
    let logged = records.iter().cloned().enumerate();
    let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
    let found = Twin::new(logged.collect()).of_record(place);
    let origins: Vec<&String> = found.origins.iter().collect();
    assert!(origins.len() == 1 && origins[0].contains(DANA), "{found:?}");
}
