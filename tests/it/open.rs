//! Sessions that candidates which fit alike lead to different users of: they are said to be open wherever they are shown,
//! and stand under each of these as what may be.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, EVE, KEYS, assume, call, dana, eve, logs, said, session};

const OPEN: &str = "ASIARTX3GSDSUEXAMPLE";
const DANAS: &str = "ASIARTX3GSDSQEXAMPLE";
const EVES: &str = "ASIARTX3GSDSREXAMPLE";
const SECOND: &str = "2026-03-09T10:00:00Z";

/// eve, and then dana, assume a role in one second with one session name; a console key of one of the sessions acts twice,
/// and dana's own key once.
fn two_in_one_second() -> tempfile::TempDir {
    let acts = |number, key: &str| {
        let who = session("n", key, SECOND);
        call(number, &who, "2026-03-09T10:00:10Z", "s3.amazonaws.com", "ListBuckets")
    };
    let mut by_console = [acts(3, OPEN), acts(4, OPEN)];
    for record in &mut by_console {
        record["sessionCredentialFromConsole"] = json!("true");
    }
    let assumed =
        [assume(1, &eve(), SECOND, "n", EVES), assume(2, &dana(KEYS[0]), SECOND, "n", DANAS), acts(5, DANAS)];
    logs(&[&assumed, &by_console])
}

fn both() -> String {
    format!("{DANA} or {EVE}")
}

#[test]
fn trace_and_origins_name_all_whom_an_open_session_may_be_of_and_nobody_as_it() {
    let folder = two_in_one_second();
    let found = said(&["trace", OPEN, "--up"], folder.path());
    let origin = &found["origin"];
    let ids: Vec<&Value> = origin["may_be"].as_array().unwrap().iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, [DANA, EVE]);
    assert_eq!(origin["gap"]["reason"], "several-origins");
    for own in ["arn", "access_key", "name"] {
        assert_eq!(origin[own], Value::Null, "{own}");
    }
    assert_eq!(origin["account"], ACCOUNT);
    let sql = "select origin, root, origin_kind, origin_account, origin_access_key, certain, complete, gap, candidates, \
        event_id from origins where access_key_id = 'ASIARTX3GSDSUEXAMPLE'";
    let row = &said(&["sql", sql], folder.path())["rows"][0];
    let open = json!({"origin": both(), "root": both(), "origin_kind": origin["kind"], "origin_account": ACCOUNT,
        "origin_access_key": null, "certain": false, "complete": false, "gap": "several-origins", "candidates": 2,
        "event_id": found["links"][0]["event_id"]});
    assert_eq!(row, &open);
}

#[test]
fn an_open_session_may_have_been_each_user_that_is_asked_about() {
    let folder = two_in_one_second();
    for (user, certain) in [("dana", 1), ("eve", 0)] {
        let found = said(&["sessions", "--user", user], folder.path());
        let rows = found["rows"].as_array().unwrap();
        let (open, sure): (Vec<&Value>, Vec<&Value>) =
            rows.iter().partition(|row| row["origin"]["may_be"].is_array());
        assert_eq!((open.len(), sure.len()), (1, certain), "{user}");
        assert_eq!((&open[0]["calls"], &open[0]["origin"]["certain"]), (&json!(2), &json!(false)));
        assert_eq!(found["open"], 1, "{user}");
        assert_eq!(found["by_origin"]["iam-user"].as_u64().unwrap_or(0), certain as u64);
    }
    let found = said(&["sessions", "deploy"], folder.path());
    assert_eq!(found["rows"].as_array().unwrap().len(), 2);
}

#[test]
fn sums_by_origin_keep_what_is_open_apart() {
    let folder = two_in_one_second();
    let sums = |more: &[&str]| {
        let found = said(&[&["query", "activity-by-origin"], more].concat(), folder.path());
        let rows = found["rows"].as_array().unwrap().iter();
        let mut sums: Vec<(String, i64, bool)> = rows
            .map(|row| {
                let origin = row["origin"].as_str().unwrap().to_owned();
                (origin, row["calls"].as_i64().unwrap(), row["certain"] == true)
            })
            .collect();
        sums.sort();
        sums
    };
    let danas = (DANA.to_owned(), 2, true);
    let (open, eves) = ((both(), 2, false), (EVE.to_owned(), 1, true));
    assert_eq!(sums(&[]), [danas.clone(), open.clone(), eves.clone()]);
    assert_eq!(sums(&["--param", &format!("origin={DANA}")]), [danas, open.clone()]);
    assert_eq!(sums(&["--param", &format!("origin={EVE}")]), [open, eves]);
}
