//! Users of one name: in two accounts, or one after another. They are two, and nobody is put down to the other.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, assume, call, dana, logs, run, said, session};

const OTHER: &str = "444455556666";
const SESSIONS: [&str; 2] = ["ASIARTX3GSDSQEXAMPLE", "ASIARTX3GSDSREXAMPLE"];
const USERS: [&str; 2] = ["AIDARTX3GSDSQAEXAMPLE", "AIDARTX3GSDSRBEXAMPLE"];

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// A user of an account.
fn user(name: &str, account: &str, id: &str, key: &str) -> Value {
    let mut identity = dana(key);
    identity["userName"] = json!(name);
    identity["accountId"] = json!(account);
    identity["arn"] = json!(format!("arn:aws:iam::{account}:user/{name}"));
    identity["principalId"] = json!(id);
    identity
}

/// dana of one account and dana of another each use a session of the role, under one name.
fn two_danas() -> tempfile::TempDir {
    let mut records = Vec::new();
    for (number, account) in [ACCOUNT, OTHER].into_iter().enumerate() {
        let at = u32::try_from(number).unwrap() * 10;
        let (created, key) = (format!("2026-03-09T09:0{number}:00Z"), SESSIONS[number]);
        let who = user("dana", account, USERS[number], KEYS[number]);
        let mut made = assume(at, &who, &created, "night", key);
        made["sharedEventID"] = json!(format!("11111111-0000-4000-8000-00000000000{number}"));
        if account == OTHER {
            // The caller's own account records it as well.
            let mut own = made.clone();
            own["recipientAccountId"] = json!(OTHER);
            own["eventID"] = json!("22222222-0000-4000-8000-000000000001");
            made["userIdentity"] = json!({"type": "AWSAccount", "principalId": USERS[1], "accountId": OTHER});
            records.push(own);
        }
        let used = session("night", key, &created);
        records
            .extend([made, call(at + 1, &used, "2026-03-09T09:10:00Z", "s3.amazonaws.com", "ListBuckets")]);
    }
    logs(&[&records])
}

#[test]
fn users_of_one_name_in_two_accounts_are_told_apart_in_a_list_of_sessions() {
    let folder = two_danas();
    for asked in [&["sessions"][..], &["sessions", "deploy"]] {
        let said = text(&run(&[asked, &["--wide"]].concat(), folder.path()).stdout);
        for account in [ACCOUNT, OTHER] {
            assert!(said.contains(&format!("user dana of {account}")), "{said}");
        }
    }
}

#[test]
fn a_name_of_users_in_two_accounts_is_asked_for_by_arn() {
    let folder = two_danas();
    let arn = |account: &str| format!("arn:aws:iam::{account}:user/dana");
    let asked = run(&["sessions", "--user", "dana"], folder.path());
    let told = text(&asked.stderr);
    assert!(!asked.status.success(), "{told}");
    assert!(told.contains(&arn(ACCOUNT)) && told.contains(&arn(OTHER)), "{told}");
    for account in [ACCOUNT, OTHER] {
        let found = said(&["sessions", "--user", &arn(account)], folder.path());
        assert_eq!(found["sessions"], 1, "{found}");
        assert_eq!(found["rows"][0]["origin"]["arn"], json!(arn(account)));
    }
}

/// Somebody makes the user tmp, which acts; with a key and a unique id of its own.
fn made(number: u32, hour: &str, maker: &Value, id: &str, key: &str) -> [Value; 2] {
    let arn = format!("arn:aws:iam::{ACCOUNT}:user/tmp");
    let mut made =
        call(number, maker, &format!("2026-03-09T{hour}:00:00Z"), "iam.amazonaws.com", "CreateUser");
    made["requestParameters"] = json!({"userName": "tmp"});
    made["responseElements"] = json!({"user": {"userName": "tmp", "userId": id, "arn": arn, "path": "/"}});
    let who = user("tmp", ACCOUNT, id, key);
    let time = format!("2026-03-09T{hour}:01:00Z");
    [made, call(number + 1, &who, &time, "s3.amazonaws.com", "ListBuckets")]
}

#[test]
fn a_user_that_was_made_anew_is_another_one_and_it_is_asked_which() {
    let maker = |name: &str| user(name, ACCOUNT, "AIDARTX3GSDSZJEXAMPLE", "AKIARTX3GSDSZEXAMPLE");
    let first = made(1, "09", &maker("dana"), USERS[0], KEYS[0]);
    let second = made(3, "10", &maker("eve"), USERS[1], KEYS[1]);
    let folder = logs(&[&first, &second]);
    for asked in ["tmp", "arn:aws:iam::111122223333:user/tmp"] {
        for command in ["trace", "investigate"] {
            let asked = run(&[command, asked], folder.path());
            let told = text(&asked.stderr);
            assert!(!asked.status.success(), "{told}");
            assert!(USERS.iter().all(|id| told.contains(id)), "{told}");
        }
    }
    // One of them in a window, and one by its id.
    for one in [&["investigate", "tmp", "--to", "2026-03-09T09:30:00Z"][..], &["investigate", USERS[0]]] {
        let found = said(one, folder.path());
        assert_eq!(found["activity"]["total"]["calls"], 1, "{found}");
    }
    let found = said(&["trace", USERS[0]], folder.path());
    assert_eq!(found["subject"]["usage"]["calls"], 1, "{found}");
}

#[test]
fn whoever_made_a_user_of_another_id_did_not_make_this_one() {
    let maker = user("eve", ACCOUNT, "AIDARTX3GSDSZJEXAMPLE", "AKIARTX3GSDSZEXAMPLE");
    let [made, _] = made(3, "10", &maker, USERS[1], KEYS[1]);
    let acted = |id| {
        let who = user("tmp", ACCOUNT, id, KEYS[0]);
        call(1, &who, "2026-03-09T09:00:00Z", "s3.amazonaws.com", "ListBuckets")
    };
    for (id, by) in [(USERS[0], 0), (USERS[1], 1)] {
        let folder = logs(&[&[acted(id), made.clone()]]);
        let found = said(&["trace", "tmp"], folder.path());
        assert_eq!(found["links"].as_array().unwrap().len(), by, "{found}");
        assert_eq!(found["origin"]["above"].is_null(), by == 0);
    }
}

#[test]
fn sessions_of_users_who_bore_one_name_one_after_another_are_kept_apart() {
    let mut records = Vec::new();
    for (number, id) in USERS.into_iter().enumerate() {
        let at = u32::try_from(number).unwrap() * 10;
        let created = format!("2026-03-09T{}:00:00Z", 9 + number * 2);
        let created = created.replace("T9:", "T09:");
        let used = session("night", SESSIONS[number], &created);
        let time = created.replace(":00:00Z", ":10:00Z");
        records.push(assume(
            at,
            &user("dana", ACCOUNT, id, KEYS[number]),
            &created,
            "night",
            SESSIONS[number],
        ));
        records.push(call(at + 1, &used, &time, "s3.amazonaws.com", "ListBuckets"));
    }
    let folder = logs(&[&records]);
    let found = said(&["sessions", "--user", "dana"], folder.path());
    let rows = found["rows"].as_array().unwrap();
    let ids: Vec<&str> = rows.iter().map(|row| row["origin"]["unique_id"].as_str().unwrap()).collect();
    assert_eq!(ids, USERS);
    assert!(rows.iter().all(|row| row["sessions"] == 1), "{found}");
    let shown = text(&run(&["sessions", "--user", "dana", "--wide"], folder.path()).stdout);
    assert!(USERS.iter().all(|id| shown.contains(&format!("user dana of unique id {id}"))), "{shown}");
    // Each is asked for by its id, and one alone needs none.
    let one = said(&["sessions", "--user", USERS[1]], folder.path());
    assert_eq!((&one["sessions"], &one["rows"][0]["origin"]["unique_id"]), (&json!(1), &json!(USERS[1])));
    let folder = logs(&[&records[..2]]);
    let shown = text(&run(&["sessions", "--user", "dana", "--wide"], folder.path()).stdout);
    assert!(!shown.contains("unique id"), "{shown}");
}

#[test]
fn a_user_of_whom_some_records_leave_the_unique_id_out_is_one() {
    let mut records = Vec::new();
    for (number, key) in SESSIONS.into_iter().enumerate() {
        let at = u32::try_from(number).unwrap() * 10;
        let created = format!("2026-03-09T09:0{number}:00Z");
        let mut who = user("dana", ACCOUNT, USERS[0], KEYS[0]);
        if number == 1 {
            who.as_object_mut().unwrap().remove("principalId");
        }
        records.push(assume(at, &who, &created, "night", key));
        let used = session("night", key, &created);
        records.push(call(at + 1, &used, "2026-03-09T09:10:00Z", "s3.amazonaws.com", "ListBuckets"));
    }
    let found = said(&["sessions", "--user", "dana"], logs(&[&records]).path());
    let rows = found["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 1, "{found}");
    assert_eq!((&rows[0]["sessions"], &rows[0]["origin"]["unique_id"]), (&json!(2), &json!(USERS[0])));
}

#[test]
fn the_calls_of_a_user_are_counted_together_wherever_its_records_say_that_it_is() {
    let (own, other) = (user("ci", ACCOUNT, USERS[0], KEYS[0]), user("ci", OTHER, USERS[1], KEYS[1]));
    let mut bare = own.clone();
    bare.as_object_mut().unwrap().remove("accountId");
    let mut records = Vec::new();
    for (number, who) in [(1, &own), (2, &own), (3, &bare), (4, &bare), (5, &other)] {
        let time = format!("2026-03-09T08:00:0{number}Z");
        let mut seen = call(number, who, &time, "s3.amazonaws.com", "ListBuckets");
        // Without an account of its own a record is taken for one of the account that received it.
        if *who == bare {
            seen["recipientAccountId"] = json!("777788889999");
        }
        records.push(seen);
    }
    let folder = logs(&[&records]);
    let shown = run(&["trace", "ci"], folder.path());
    let told = text(&shown.stderr);
    let line =
        |account: &str, events: &str| told.contains(&format!("arn:aws:iam::{account}:user/ci  {events}"));
    assert!(line(ACCOUNT, "4 events, 2026-03-09 08:00:01Z to 2026-03-09 08:00:04Z"), "{told}");
    assert!(line(OTHER, "1 events"), "{told}");
}
