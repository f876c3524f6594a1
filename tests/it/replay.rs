//! `replay`, `explain` and `can-assume` as a user runs them, over a story whose verdicts were written beside it from AWS's
//! pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::{Value, json};

use crate::below::{self, KEYS};
use crate::places;
use crate::program::{backtrail, stderr, stdout};
use crate::story::{self, Told};

const STORY: &str = "proposed-scp";

fn story(path: &str) -> String {
    story::file(STORY, path)
}

fn told() -> Told {
    Told::new(STORY)
}

/// A replay, and what each event comes to by its id.
fn replay(told: &Told, more: &[&str]) -> (Value, BTreeMap<String, Value>) {
    let file = told.folder.path().join("verdicts.parquet").display().to_string();
    let iam = story("iam");
    let answer = told.json(&[&["replay", "--snapshot", &iam, "--save", &file], more].concat());
    let rows = told.json(&["sql", "select * from verdicts", "--verdicts", &file]);
    let rows = rows["rows"].as_array().unwrap().iter();
    (answer, rows.map(|row| (row["event_id"].as_str().unwrap().to_owned(), row.clone())).collect())
}

#[test]
fn every_event_of_the_story_comes_to_what_was_expected() {
    let told = told();
    let (answer, verdicts) = replay(&told, &[]);
    let expected = story::expected(STORY);
    let events = expected["events"].as_array().unwrap();
    assert_eq!(verdicts.len(), events.len());
    let mut wrong = Vec::new();
    for event in events {
        let got = &verdicts[event["event_id"].as_str().unwrap()];
        let fits = got["verdict"] == event["verdict"] || got["verdict"] == event["or_verdict"];
        if !fits || got["then"] != event["then"] {
            wrong.push(format!("{event}\n   got {got}"));
            continue;
        }
        // Who decided, where one statement is the reason and the verdict is the first of two.
        let sid = event["statement"]["sid"].as_str();
        if let Some(sid) = sid.filter(|_| got["verdict"] == event["verdict"])
            && !got["decided_by"].as_str().is_some_and(|by| by.contains(&format!("Sid {sid} ")))
        {
            wrong.push(format!("{event}\n   decided by {}", got["decided_by"]));
        }
        // What would decide: each key that was expected is named.
        let needs = got["needs"].as_str().unwrap_or_default().to_lowercase();
        let keys = event["needs"].as_array().unwrap().iter().filter_map(Value::as_str);
        for key in keys.filter(|key| key.contains(':') && !key.contains(' ') && !key.starts_with("arn:")) {
            if got["verdict"] == event["verdict"] && !needs.contains(&key.to_lowercase()) {
                wrong.push(format!("{event}\n   needs {needs}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
    let counted = |name: &str| answer["verdicts"][name].as_u64().unwrap();
    let all = ["same_allowed", "same_denied", "same_failed", "now_denied", "now_allowed", "undetermined"];
    let judged = all.map(counted).iter().sum::<u64>() + counted("not_a_request");
    assert_eq!(answer["events"].as_u64(), Some(judged));
    // A role of another account is assumed twice: both accounts have recorded it.
    assert_eq!(answer["copies"], 2);
    assert_eq!(judged + 2, events.len() as u64);
    assert_eq!(answer["schema"], 1);
    // The refusal that IAM's slowness explains is told apart.
    let groups = answer["groups"].as_array().unwrap();
    let propagation: u64 = groups.iter().map(|group| group["propagation"].as_u64().unwrap()).sum();
    assert_eq!(propagation, 1);
}

#[test]
fn a_copy_counts_where_its_original_is_outside_of_the_window() {
    let called = |number: u32, time: &str, account: &str| {
        let mut made = below::assume(number, &below::dana(KEYS[0]), time, "task", "ASIARTX3GSDSQEXAMPLE");
        made["recipientAccountId"] = json!(account);
        made["sharedEventID"] = json!("0e0e0e0e-0000-4000-8000-000000000001");
        made
    };
    let original = called(1, "2026-03-09T09:00:00Z", below::ACCOUNT);
    let copy = called(2, "2026-03-09T09:00:02Z", "444455556666");
    let folder = below::logs(&[&[original], &[copy]]);
    let iam = story("iam");
    let counted = |more: &[&str]| {
        let answer = below::said(&[&["replay", "--snapshot", &iam], more].concat(), folder.path());
        (answer["events"].as_u64().unwrap(), answer["copies"].as_u64().unwrap())
    };
    assert_eq!(counted(&[]), (1, 1));
    assert_eq!(counted(&["--from", "2026-03-09T09:00:01Z"]), (1, 0));
    assert_eq!(counted(&["--to", "2026-03-09T09:00:01Z"]), (1, 0));
}

#[test]
fn the_requests_of_every_event_are_those_that_were_expected() {
    let told = told();
    let expected = story::expected(STORY);
    let iam = story("iam");
    // One event of each name, outcome and number of requests: each is a run of the program.
    let mut seen = BTreeSet::new();
    let mut wrong = Vec::new();
    for event in expected["events"].as_array().unwrap() {
        let requests = event["requests"].as_array().unwrap();
        let kind = (event["event_name"].to_string(), event["then"].to_string(), requests.len());
        if requests.is_empty() || !seen.insert(kind) || seen.len() > 24 {
            continue;
        }
        let id = event["event_id"].as_str().unwrap();
        let answer = told.json(&["explain", id, "--snapshot", &iam]);
        let got: BTreeSet<(String, bool)> = answer["requests"]
            .as_array()
            .unwrap()
            .iter()
            .filter(|request| request["certain"] == true)
            .map(|request| (request["action"].as_str().unwrap().to_lowercase(), request["derived"] == true))
            .collect();
        for request in requests.iter().filter(|request| request["certain"] == true) {
            let action = request["action"].as_str().unwrap().to_lowercase();
            if !got.contains(&(action.clone(), request["derived"] == true)) && !got.contains(&(action, false))
            {
                wrong.push(format!("{request} of {event}\n   got {got:?}"));
            }
        }
    }
    assert!(seen.len() > 15);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn proposals_break_and_open_what_was_expected_and_exit_by_it() {
    let told = told();
    let expected = story::expected(STORY);
    for (name, of) in expected["proposals"].as_object().unwrap() {
        let path = story(name);
        let (answer, verdicts) = replay(&told, &["--proposed", &path]);
        for (change, list) in
            [("broken", "broken"), ("may-break", "may_break"), ("opened", "opened"), ("may-open", "may_open")]
        {
            let got: BTreeSet<&str> = verdicts
                .iter()
                .filter(|(_, row)| row["change"] == change)
                .map(|(id, _)| id.as_str())
                .collect();
            let wanted: BTreeSet<&str> =
                of[list].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            assert_eq!(got, wanted, "{name}: {change}");
            assert_eq!(answer["proposal"][list], wanted.len(), "{name}: {change}");
        }
        let iam = story("iam");
        for (on, list) in [("broken", "broken"), ("opened", "opened")] {
            let output = told.run(&["replay", "--snapshot", &iam, "--proposed", &path, "--fail-on", on]);
            let found = of[list].as_array().is_some_and(|all| !all.is_empty());
            assert_eq!(
                output.status.code(),
                Some(i32::from(found)),
                "{name} --fail-on {on}: {}",
                stderr(&output)
            );
        }
    }
    let output = told.run(&["replay", "--snapshot", &story("iam"), "--fail-on", "broken"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("--proposed"), "{}", stderr(&output));
}

#[test]
fn a_proposal_that_cannot_be_applied_is_refused_as_a_whole() {
    let told = told();
    let patch = told.folder.path().join("patch.json");
    std::fs::write(&patch, r#"{"changes": [{"put-trust-policy": {"role": "nobody", "policy": {}}}]}"#)
        .unwrap();
    let output =
        told.run(&["replay", "--snapshot", &story("iam"), "--proposed", &patch.display().to_string()]);
    assert_eq!(output.status.code(), Some(2), "{}", stdout(&output));
    assert!(stderr(&output).contains("nobody"), "{}", stderr(&output));
    assert!(stdout(&output).is_empty());
}

#[test]
fn of_many_problems_of_a_proposal_it_is_noted_how_many_more_there_are() {
    let told = told();
    let proposed = tempfile::tempdir().unwrap();
    story::copy(Path::new(&story("iam")), proposed.path());
    for number in 0..12 {
        std::fs::write(proposed.path().join(format!("broken-{number}.json")), "{").unwrap();
    }
    let proposed = proposed.path().display().to_string();
    let output = told.run(&["replay", "--snapshot", &story("iam"), "--proposed", &proposed]);
    let noted = stderr(&output);
    assert_eq!(output.status.code(), Some(3), "{noted}");
    assert_eq!(noted.matches("note: proposal: broken-").count(), 10, "{noted}");
    assert!(noted.contains("note: proposal: 2 more problems"), "{noted}");
}

#[test]
fn a_replay_may_be_of_one_principal_action_account_or_window() {
    let told = told();
    let iam = story("iam");
    let events = |more: &[&str]| {
        let answer = told.json(&[&["replay", "--snapshot", &iam], more].concat());
        answer["events"].as_u64().unwrap()
    };
    let all = events(&[]);
    let own = events(&["--principal", "arn:aws:iam::111122223333:user/anna"]);
    assert!(own > 5 && own < all / 4, "{own}");
    let reads = events(&["--action", "s3:Get*"]);
    assert!(reads > 10 && reads < all / 2, "{reads}");
    let data = events(&["--account", "444455556666"]);
    assert!(data > 0 && data < all / 4, "{data}");
    let before = events(&["--to", "2026-09-08"]);
    let after = events(&["--from", "2026-09-08"]);
    assert_eq!(before + after, all);
}

#[test]
fn the_screen_says_what_matters_first_and_csv_has_the_documented_columns() {
    let told = told();
    let iam = story("iam");
    let output = told.run(&["replay", "--snapshot", &iam, "--proposed", &story("proposed-scp")]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let screen = stdout(&output);
    let place = |words: &str| screen.find(words).unwrap_or_else(|| panic!("{words}\n{screen}"));
    assert!(place("Today's policies against what AWS did") < place("breaks"));
    assert!(place("breaks") < place("Undetermined, by what is missing"));
    assert!(screen.contains("DenyAllOutsideEU") && screen.contains("What this cannot know"));
    let output = told.run(&["replay", "--snapshot", &iam, "--format", "csv"]);
    let header = stdout(&output).lines().next().unwrap().to_owned();
    let readme = std::fs::read_to_string(places::package("README.md")).unwrap();
    for column in header.split(',') {
        assert!(readme.contains(&format!("`{column}`")), "README names no column {column}");
    }
}

/// The id of the first event with a fact.
fn with_fact(fact: &str) -> String {
    let expected = story::expected(STORY);
    let events = expected["events"].as_array().unwrap();
    let has = |event: &&Value| event["facts"].as_array().unwrap().iter().any(|own| own == fact);
    events.iter().find(has).unwrap_or_else(|| panic!("{fact}"))["event_id"].as_str().unwrap().to_owned()
}

#[test]
fn explain_tells_which_side_refuses_a_role() {
    let told = told();
    let iam = story("iam");
    let answer = told.json(&["explain", &with_fact("no-mfa"), "--snapshot", &iam]);
    let sides = answer["assume"]["sides"].as_array().unwrap();
    let refusing: Vec<&Value> = sides.iter().filter(|side| side["says"] == "denied").collect();
    assert!(refusing.iter().any(|side| side["name"] == "trust policy"), "{answer}");
    let trust = sides.iter().find(|side| side["name"] == "trust policy").unwrap();
    assert!(trust["why"].as_str().unwrap().contains("aws:multifactorauthpresent"), "{trust}");
    assert!(!trust["change"].is_null() && !trust["statement"].is_null());
}

#[test]
fn explain_agrees_with_aws_without_a_snapshot_only_where_the_logs_show_it() {
    let told = told();
    let id = with_fact("propagation");
    let output = told.run(&["explain", &id]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let screen = stdout(&output);
    assert!(screen.contains("no snapshot given") && screen.contains("CreateRole release-bot"), "{screen}");
    let output = told.run(&["explain", "00000000-0000-4000-8000-000000000000"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("00000000-0000-4000-8000-000000000000"));
}

#[test]
fn can_assume_answers_with_and_without_mfa() {
    let folder = tempfile::tempdir().unwrap();
    let (iam, role) = (story("iam"), "arn:aws:iam::111122223333:role/break-glass");
    let ask = |more: &[&str]| -> Value {
        let arguments = [
            "can-assume",
            "--snapshot",
            &iam,
            "--principal",
            "user/lisa",
            "--role",
            role,
            "--format",
            "json",
        ];
        let output = backtrail(&[&arguments[..], more].concat(), folder.path());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    };
    let (without, with) = (ask(&[]), ask(&["--mfa"]));
    assert_eq!(
        (without["said"].as_str(), with["said"].as_str()),
        (Some("denied"), Some("allowed")),
        "{without}\n{with}"
    );
    let output = backtrail(
        &["can-assume", "--snapshot", &iam, "--principal", "user/lisa", "--role", role],
        folder.path(),
    );
    assert!(stdout(&output).contains("no: user lisa cannot assume role break-glass"), "{}", stdout(&output));
}
