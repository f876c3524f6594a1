//! What a password is said to have led to, and who is said to have made what a user has: only a sign-in that succeeded proves
//! a password.

use std::path::Path;

use serde_json::{Value, json};

use crate::above::{event_id, for_bob, signs_in};
use crate::below::{ACCOUNT, DANA, EVE, KEYS, assume, call, dana, eve, logs, run, said, session, user};

const STRANGER: &str = "203.0.113.66";
const CONSOLE: &str = "ASIARTX3GSDSSEXAMPLE";
const BOB: &str = "arn:aws:iam::111122223333:user/bob";

/// A sign-in that failed, as AWS writes it
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>).
fn fails(number: u32, identity: &Value, time: &str) -> Value {
    let mut tried = call(number, identity, time, "signin.amazonaws.com", "ConsoleLogin");
    tried["eventType"] = json!("AwsConsoleSignIn");
    tried["sourceIPAddress"] = json!(STRANGER);
    tried["errorMessage"] = json!("Failed authentication");
    tried["responseElements"] = json!({"ConsoleLogin": "Failure"});
    tried
}

/// A user without a key.
fn keyless(name: &str) -> Value {
    let mut identity = user(name, "");
    identity.as_object_mut().unwrap().remove("accessKeyId");
    identity
}

/// The screen of an answer.
fn screen(arguments: &[&str], logs: &Path) -> String {
    let output = run(arguments, logs);
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A column of `event_origins` for an event.
fn of_event(number: u32, column: &str, logs: &Path) -> Value {
    let sql = format!("select {column} from event_origins where event_id = '{}'", event_id(number));
    said(&["sql", &sql], logs)["rows"][0][column].clone()
}

/// The line of a tree of this kind.
fn line(kind: &str, lines: &Value) -> Option<Value> {
    let mut found = lines.as_array().unwrap().iter();
    found.find_map(|one| if one["kind"] == kind { Some(one.clone()) } else { line(kind, &one["children"]) })
}

#[test]
fn a_sign_in_that_failed_proves_neither_the_user_nor_its_password() {
    let mut nameless = keyless("bob");
    nameless.as_object_mut().unwrap().remove("arn");
    let hidden = json!({"type": "IAMUser", "accountId": ACCOUNT, "accessKeyId": "",
        "userName": "HIDDEN_DUE_TO_SECURITY_REASONS"});
    let root = json!({"type": "Root", "principalId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root"),
        "accountId": ACCOUNT, "accessKeyId": ""});
    let mut recovery =
        call(14, &root, "2026-03-09T10:04:00Z", "signin.amazonaws.com", "PasswordRecoveryRequested");
    recovery["responseElements"] = json!({"PasswordRecoveryRequested": "Success"});
    let folder = logs(&[
        &[for_bob(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "CreateLoginProfile")],
        &signs_in(2, "bob", "2026-03-09T09:00:00Z", CONSOLE),
        &[
            fails(10, &keyless("bob"), "2026-03-09T10:00:00Z"),
            fails(11, &nameless, "2026-03-09T10:01:00Z"),
            fails(12, &hidden, "2026-03-09T10:02:00Z"),
            fails(13, &root, "2026-03-09T10:03:00Z"),
            recovery,
        ],
    ]);
    let path = folder.path();
    for number in 10..15 {
        let found = said(&["trace", &event_id(number)], path);
        let origin = &found["origin"];
        assert_eq!((&origin["kind"], &origin["certain"]), (&json!("unknown"), &json!(false)), "{number}");
        assert_eq!(origin["gap"]["reason"], "no-credential", "{number}");
        assert_eq!((&found["links"], &origin["above"]), (&json!([]), &Value::Null), "{number}");
        assert_eq!(found["subject"]["usage"]["failed"], u32::from(number != 14), "{number}");
        assert_eq!(of_event(number, "origin", path), Value::Null, "{number}");
        assert_eq!(of_event(number, "caller_class", path), "nobody", "{number}");
    }
    let said_of = |number| screen(&["trace", &event_id(number)], path);
    assert!(said_of(10).contains("tried as bob"), "{}", said_of(10));
    assert!(!said_of(12).contains("user HIDDEN"), "{}", said_of(12));
    // The one that succeeded is of the password, and no other.
    assert_eq!(of_event(2, "root", path), DANA);
    let password = line("password", &said(&["trace", KEYS[0], "--down"], path)["descendants"]).unwrap();
    assert_eq!((&password["calls"], &password["addresses"]), (&json!(1), &json!({"198.51.100.17": 1})));
    let followed = screen(&["investigate", DANA, "--follow"], path);
    assert!(!followed.contains(STRANGER), "{followed}");
}

#[test]
fn a_call_that_neither_key_nor_session_signed_is_no_password_s() {
    let mut bearer = call(6, &keyless("bob"), "2026-03-09T09:30:00Z", "bedrock.amazonaws.com", "InvokeModel");
    bearer["additionalEventData"] = json!({"callWithBearerToken": true});
    let folder = logs(&[
        &[
            for_bob(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "CreateLoginProfile"),
            for_bob(2, &eve(), "2026-03-09T08:10:00Z", "CreateServiceSpecificCredential"),
            bearer,
        ],
        &signs_in(4, "bob", "2026-03-09T09:00:00Z", CONSOLE),
    ]);
    let path = folder.path();
    let origin = &said(&["trace", &event_id(6), "--up"], path)["origin"];
    assert_eq!((&origin["arn"], &origin["above"]), (&json!(BOB), &Value::Null));
    assert_eq!(origin["above_gap"]["reason"], "no-credential");
    assert_eq!((of_event(6, "root", path), of_event(6, "root_certain", path)), (json!(BOB), json!(false)));
    assert_eq!((of_event(4, "root", path), of_event(4, "root_certain", path)), (json!(DANA), json!(true)));
    let password = line("password", &said(&["trace", KEYS[0], "--down"], path)["descendants"]).unwrap();
    assert_eq!(password["calls"], 1);
}

#[test]
fn who_made_the_keys_and_passwords_of_a_user_is_told_of_the_user() {
    let key = "AKIARTX3GSDSTEXAMPLE";
    let mut made = for_bob(2, &eve(), "2026-03-09T08:10:00Z", "CreateAccessKey");
    made["responseElements"] = json!({"accessKey": {"userName": "bob", "accessKeyId": key}});
    let folder = logs(&[
        &[
            for_bob(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "CreateLoginProfile"),
            made,
            call(3, &user("bob", key), "2026-03-09T08:20:00Z", "s3.amazonaws.com", "ListBuckets"),
        ],
        &signs_in(4, "bob", "2026-03-09T09:00:00Z", CONSOLE),
        &[for_bob(6, &eve(), "2026-03-09T09:10:00Z", "UpdateLoginProfile")],
        &signs_in(7, "bob", "2026-03-09T09:20:00Z", "ASIARTX3GSDSUEXAMPLE"),
    ]);
    let path = folder.path();
    let found = said(&["trace", BOB, "--up"], path);
    let origin = &found["origin"];
    assert_eq!((&origin["arn"], &origin["complete"]), (&json!(BOB), &json!(true)));
    let others = origin["others_above"].as_array().unwrap();
    let above: Vec<[&Value; 2]> = [&origin["above"]]
        .into_iter()
        .chain(others)
        .map(|one| [&one["event_id"], &one["origin"]["arn"]])
        .collect();
    let expected = [(1, DANA), (6, EVE), (2, EVE)].map(|(number, who)| [json!(event_id(number)), json!(who)]);
    assert_eq!(above, expected.iter().map(|[a, b]| [a, b]).collect::<Vec<_>>());
    let behind = screen(&["investigate", BOB], path);
    let behind = behind.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(behind.contains("its password set by IAM user dana"), "{behind}");
    assert!(behind.contains("its key made by IAM user eve"), "{behind}");
}

#[test]
fn a_session_is_not_worded_by_the_name_that_was_chosen_for_it() {
    let (first, second) = ("2026-03-09T09:00:00Z", "2026-03-09T09:01:00Z");
    let inside = session("dana", CONSOLE, first);
    let key = "ASIARTX3GSDSUEXAMPLE";
    let folder = logs(&[&[
        assume(1, &eve(), first, "dana", CONSOLE),
        assume(2, &inside, second, "night", key),
        call(3, &session("night", key, second), "2026-03-09T09:02:00Z", "s3.amazonaws.com", "ListBuckets"),
    ]]);
    let found = screen(&["investigate", key], folder.path());
    let found = found.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(found.contains("by role deploy (session dana)") && !found.contains("by dana"), "{found}");
}
