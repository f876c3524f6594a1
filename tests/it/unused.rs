//! `unused` as a user runs it, over a story whose marks, findings and policies were written beside it from AWS's pages.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, LazyLock};

use backtrail::inquiry::{self, UnusedOptions, Window};
use backtrail::lake::Lake;
use backtrail::policy::{
    Attached, Caller, Context, Document, Evaluator, Outcome, PolicyKind, PolicySet, Request, Resource, Rest,
};
use backtrail::snapshot::Snapshot;
use backtrail::unused::{Wanted, suggest};
use serde_json::Value;

use crate::program::{backtrail, stderr, stdout};
use crate::story::{self, Told};

const STORY: &str = "unused";

fn story(path: &str) -> String {
    story::file(STORY, path)
}

fn expected() -> Value {
    story::expected(STORY)
}

/// Runs `unused` over the story's window.
fn run(told: &Told, arguments: &[&str]) -> Output {
    let (iam, expected) = (story("iam"), expected());
    let window = ["from", "to"].map(|end| expected["window"][end].as_str().unwrap().to_owned());
    let own = ["unused", "--snapshot", &iam, "--from", &window[0], "--to", &window[1]];
    told.run(&[&own, arguments].concat())
}

/// The same, as JSON.
fn json(told: &Told, arguments: &[&str]) -> Value {
    let output = run(told, &[arguments, &["--format", "json"]].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    serde_json::from_str(&stdout(&output)).unwrap()
}

/// The answer over the whole story with suggestions, which several tests look at.
static WHOLE: LazyLock<Value> = LazyLock::new(|| json(&Told::new(STORY), &["--suggest", "--origins"]));

fn of<'a>(answer: &'a Value, principal: &Value) -> &'a Value {
    let mut all = answer["principals"].as_array().unwrap().iter();
    all.find(|own| own["principal"] == principal["principal"] && own["account"] == principal["account"])
        .unwrap()
}

/// By action: the row of it.
fn actions(own: &Value) -> BTreeMap<&str, &Value> {
    own["actions"].as_array().unwrap().iter().map(|row| (row["action"].as_str().unwrap(), row)).collect()
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().into_iter().flatten().filter_map(Value::as_str)
}

fn counts(value: &Value) -> impl Iterator<Item = (&str, u64)> {
    value.as_object().into_iter().flatten().map(|(name, count)| (name.as_str(), count.as_u64().unwrap()))
}

fn is_role(principal: &Value) -> bool {
    principal["principal"].as_str().unwrap().starts_with("role/")
}

#[test]
fn every_action_of_every_principal_has_the_mark_that_was_expected() {
    let expected = expected();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for principal in expected["principals"].as_array().unwrap() {
        let own = of(&WHOLE, principal);
        let rows = actions(own);
        let mut check = |what: &str, holds: bool| {
            seen += 1;
            if !holds {
                wrong.push(format!("{}: {what}", principal["principal"]));
            }
        };
        let mark = |action: &str| rows.get(action).map_or(&Value::Null, |row| &row["mark"]);
        let count = |action: &str, name: &str| rows.get(action).map_or(0, |row| row[name].as_u64().unwrap());
        let not_granted: BTreeMap<&str, u64> = counts(&principal["used_not_granted"]).collect();
        for (action, used) in counts(&principal["used"]) {
            let wanted = if not_granted.contains_key(action) { "used-not-granted" } else { "used" };
            let got = (mark(action), count(action, "used"));
            check(&format!("{action} {wanted} {used}, got {got:?}"), got.0 == wanted && got.1 == used);
        }
        let used: BTreeSet<&str> = counts(&principal["used"]).map(|(action, _)| action).collect();
        let got: BTreeSet<&str> =
            rows.iter().filter(|(_, row)| row["used"] != 0).map(|(action, _)| *action).collect();
        check(&format!("used {used:?}, got {got:?}"), used == got);
        for (name, column) in [("denied", "denied"), ("failed", "failed")] {
            let wanted: BTreeMap<&str, u64> = counts(&principal[name]).collect();
            let got: BTreeMap<&str, u64> = rows
                .iter()
                .map(|(action, row)| (*action, row[column].as_u64().unwrap()))
                .filter(|(_, count)| *count > 0)
                .collect();
            check(&format!("{name} {wanted:?}, got {got:?}"), wanted == got);
        }
        for action in texts(&principal["unused"]) {
            check(&format!("{action} unused, got {}", mark(action)), mark(action) == "unused");
        }
        for (action, reason) in principal["not_observable"].as_object().unwrap() {
            let got = rows.get(action.as_str()).map_or(&Value::Null, |row| &row["reason"]);
            let holds = mark(action) == "not-observable" && got == reason;
            check(&format!("{action} not observable: {reason}, got {} {got}", mark(action)), holds);
        }
        for action in texts(&principal["not_granted"]) {
            let got = mark(action);
            check(&format!("{action} not granted, got {got}"), got.is_null() || got == "used-not-granted");
        }
        for action in texts(&principal["conditional"]) {
            let got = rows.get(action).map_or(&Value::Null, |row| &row["conditional"]);
            check(&format!("{action} conditional, got {got}"), *got == Value::Bool(true));
        }
        let young = (&principal["young"], &own["young"]);
        check(&format!("young {young:?}"), young.0 == young.1);
        let apart = (&principal["kept_apart"], &own["kept_apart"]);
        check(&format!("kept apart {apart:?}"), apart.0 == apart.1);
        // An origin has calls, of which one may be several requests, or hand a role over.
        let worked = own["calls"]["events"].as_u64().unwrap()
            - own["denied"].as_u64().unwrap()
            - own["failed"].as_u64().unwrap();
        let calls = |one: &Value| one["calls"].as_u64().unwrap();
        let origins = own["origins"].as_array().unwrap();
        let sum: u64 = origins.iter().map(calls).sum();
        check(
            &format!("origins of {worked} calls, got {}", own["origins"]),
            sum == worked || !is_role(principal),
        );
        check(
            "as many origins",
            counts(&principal["origins"]).count() == origins.len() || !is_role(principal),
        );
        for (label, requests) in counts(&principal["origins"]) {
            let name = label.rsplit_once("user/").map_or(label, |(_, name)| name);
            let is_there = origins.iter().any(|one| {
                let is_same = one["origin"].as_str().unwrap().contains(name);
                is_same && calls(one) <= requests && calls(one) * 2 > requests
            });
            check(&format!("origin {label}, got {}", own["origins"]), is_there);
        }
    }
    assert!(seen > 200, "{seen}");
    assert!(wrong.is_empty(), "{} of {seen} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

/// Whether a finding is the one that was expected.
fn is(finding: &Value, wanted: &Value) -> bool {
    let detail = wanted["detail"].as_object().unwrap();
    let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    let same = |name: &str, value: &Value| match name {
        "last_used" => &finding["last_used"] == value,
        "active" => (finding["reason"] == "inactive") != (*value == Value::Bool(true)),
        "reason" => &finding["reason"] == value,
        name => finding["detail"].get(name).is_some_and(|own| text(own) == text(value)),
    };
    ["kind", "account", "subject"].iter().all(|name| finding[*name] == wanted[*name])
        && detail.iter().filter(|(_, value)| !value.is_null()).all(|(name, value)| same(name, value))
}

#[test]
fn the_findings_are_those_that_were_expected_and_no_others() {
    let expected = expected();
    let found = WHOLE["findings"].as_array().unwrap();
    let wanted = expected["findings"].as_array().unwrap();
    let mut wrong = Vec::new();
    for one in wanted {
        if !found.iter().any(|finding| is(finding, one)) {
            wrong.push(format!("missing: {one}"));
        }
    }
    for one in expected["not"].as_array().unwrap() {
        if let Some(finding) = found.iter().find(|finding| is(finding, one)) {
            wrong.push(format!("must not be there: {one}\n   got {finding}"));
        }
    }
    let may = expected["may"].as_array().unwrap();
    for finding in found.iter().filter(|finding| !finding["kind"].as_str().unwrap().starts_with("action-")) {
        if !wanted.iter().chain(may).any(|one| is(finding, one)) {
            wrong.push(format!("not expected: {finding}"));
        }
    }
    assert!(wanted.len() > 20);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let ids: BTreeSet<&str> = found.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
    assert_eq!(ids.len(), found.len());
}

#[test]
fn the_coverage_of_the_window_is_told_with_every_answer() {
    let expected = expected();
    let rows = expected["coverage"].as_array().unwrap();
    for row in rows {
        let mut all = WHOLE["coverage"].as_array().unwrap().iter();
        let own = all.find(|own| own["account"] == row["account"]).unwrap();
        assert_eq!(own["regions"][row["region"].as_str().unwrap()], row["days"], "{row}");
    }
    for (account, kinds) in expected["data_events"].as_object().unwrap() {
        let mut all = WHOLE["coverage"].as_array().unwrap().iter();
        let own = all.find(|own| own["account"] == account.as_str()).unwrap();
        assert_eq!(&own["data_events"], kinds, "{account}");
    }
    assert!(rows.len() > 2);
}

/// What suggested policies alone say to a request of a principal of their account.
fn outcome(suggestion: &Value, action: &str, resource: &str, context: &[(&str, &str)]) -> Outcome {
    let arn = suggestion["arn"].as_str().unwrap();
    let account = backtrail::aws::AccountId::parse(suggestion["account"].as_str().unwrap());
    let documents = ["policies", "guards"].iter().flat_map(|name| suggestion[name].as_array().unwrap());
    let parse = |policy: &Value| {
        let document = Document::parse(PolicyKind::Identity, "suggested", &policy["document"].to_string());
        assert!(document.problems.is_empty(), "{:?}", document.problems);
        std::sync::Arc::new(document)
    };
    let mut evaluator = Evaluator::new();
    let identity = Attached::of(documents.map(parse).collect());
    let delegation = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "ACCOUNT"}, "Action": "*", "Resource": "*"}}"#
        .replace("ACCOUNT", suggestion["account"].as_str().unwrap());
    let delegation = Document::parse(PolicyKind::Resource, "own", &delegation);
    let resource_policy = Some(Attached::of(vec![std::sync::Arc::new(delegation)]));
    let set = evaluator.compile(&PolicySet { identity, resource: resource_policy, ..PolicySet::default() });
    let caller = if arn.contains(":user/") {
        Caller::User { arn: arn.to_owned(), unique_id: None }
    } else {
        Caller::RoleSession { session_arn: arn.to_owned(), role_arn: Some(arn.to_owned()), unique_id: None }
    };
    let mut known = Context::new(Rest::Unknown);
    for (key, value) in context {
        known.set_value(key, *value);
    }
    let request = Request {
        caller,
        action: action.to_owned(),
        resource: if resource == "*" { Resource::Any } else { Resource::Named(resource.to_owned()) },
        resource_account: account,
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(false),
        context: known,
    };
    set.evaluate(&evaluator.prepare(&request)).outcome
}

#[test]
fn suggested_policies_allow_what_was_used_and_not_what_was_not() {
    let expected = expected();
    let mut wrong = Vec::new();
    let mut seen = 0;
    for one in expected["suggestions"].as_array().unwrap() {
        let mut all = WHOLE["suggestions"].as_array().unwrap().iter();
        let own = all.find(|own| own["principal"] == one["principal"]).unwrap();
        for (list, may) in [("must_allow", true), ("must_not_allow", false)] {
            for pair in one[list].as_array().unwrap() {
                let (action, resource) = (pair[0].as_str().unwrap(), pair[1].as_str().unwrap());
                seen += 1;
                // What conditions say depends on the request; no condition may make more of it.
                let got = outcome(own, action, resource, &[]);
                let allows = matches!(got, Outcome::Allowed | Outcome::Undetermined);
                if allows != may {
                    wrong.push(format!("{} {list} {action} on {resource}, got {got}", own["principal"]));
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn a_suggestion_replays_clean_and_without_any_one_of_its_statements_something_breaks() {
    let told = Told::new(STORY);
    let iam = story("iam");
    let mut removed = 0;
    let mut idle = Vec::new();
    for suggestion in WHOLE["suggestions"].as_array().unwrap() {
        let proof = &suggestion["proof"];
        assert_eq!(
            (&proof["broken"], &proof["may_break"]),
            (&Value::from(0), &Value::from(0)),
            "{suggestion}"
        );
        let policies = suggestion["policies"].as_array().unwrap();
        let statements: u64 = policies.iter().map(|own| own["statements"].as_u64().unwrap()).sum();
        assert_eq!(suggestion["statements"], statements);
        if statements == 0 {
            continue;
        }
        let first = &policies[0]["document"]["Statement"];
        for left_out in 0..first.as_array().unwrap().len() {
            let broken = broken_without(&told, &iam, suggestion, left_out);
            // Trust policies that name a caller of their own account let it in by themselves.
            if broken == 0 && first[left_out]["Action"] != "sts:AssumeRole" {
                idle.push(format!("{}: {}", suggestion["principal"], first[left_out]));
            }
            removed += 1;
        }
    }
    assert!(removed > 20, "{removed}");
    assert!(idle.is_empty(), "not needed:\n{}", idle.join("\n"));
}

/// How many calls a replay says to break, or perhaps to break, under a suggestion without one of its statements.
fn broken_without(told: &Told, iam: &str, suggestion: &Value, left_out: usize) -> u64 {
    let mut document = suggestion["policies"][0]["document"].clone();
    document["Statement"].as_array_mut().unwrap().remove(left_out);
    let copy = tempfile::tempdir_in(told.folder.path()).unwrap();
    story::copy(std::path::Path::new(iam), copy.path());
    let account = suggestion["account"].as_str().unwrap();
    let details = copy.path().join(format!("accounts/{account}.json"));
    let mut all: Value = serde_json::from_str(&std::fs::read_to_string(&details).unwrap()).unwrap();
    let is_user = suggestion["arn"].as_str().unwrap().contains(":user/");
    let (list, inline) =
        if is_user { ("UserDetailList", "UserPolicyList") } else { ("RoleDetailList", "RolePolicyList") };
    let mut principals = all[list].as_array_mut().unwrap().iter_mut();
    let own = principals.find(|own| own["Arn"] == suggestion["arn"]).unwrap();
    let mut policies = vec![serde_json::json!({"PolicyName": "suggested", "PolicyDocument": document})];
    for (at, guard) in suggestion["guards"].as_array().unwrap().iter().enumerate() {
        let name = format!("guard{at}");
        policies.push(serde_json::json!({"PolicyName": name, "PolicyDocument": guard["document"]}));
    }
    own[inline] = Value::from(policies);
    own["AttachedManagedPolicies"] = Value::from(Vec::<Value>::new());
    if is_user {
        own["GroupList"] = Value::from(Vec::<Value>::new());
    }
    std::fs::write(&details, all.to_string()).unwrap();
    let proposed = copy.path().display().to_string();
    let output = backtrail(
        &["replay", "--snapshot", iam, "--proposed", &proposed, "--lake", &told.lake, "--format", "json"],
        told.folder.path(),
    );
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    answer["proposal"]["broken"].as_u64().unwrap() + answer["proposal"]["may_break"].as_u64().unwrap()
}

#[test]
fn exit_codes_baselines_and_rows_are_what_scripts_need() {
    let told = Told::new(STORY);
    let output = run(&told, &["--fail-on", "unused-privileged"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    // Of who may do little, nothing privileged is unused.
    let output = run(&told, &["--principal", "role/deploy", "--fail-on", "unused-privileged"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let output = run(&told, &["--principal", "nobody-here"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("nobody-here"), "{}", stderr(&output));
    let output = run(&told, &["--account", "999999999999", "--fail-on", "unused-privileged"]);
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    // Without any log nothing is found, and that is no pass.
    let iam = story("iam");
    let late = ["unused", "--snapshot", &iam, "--from", "2031-01-01", "--fail-on", "unused-privileged"];
    let output = told.run(&late);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert!(stderr(&output).contains("what is unused there is not known"), "{}", stderr(&output));

    let answer = json(&told, &[]);
    let file = told.folder.path().join("before.json");
    std::fs::write(&file, answer.to_string()).unwrap();
    let file = file.display().to_string();
    let short = std::fs::read_to_string(&file).unwrap().replacen("\"all\"", "\"used-and-privileged\"", 1);
    let other = told.folder.path().join("short.json").display().to_string();
    std::fs::write(&other, short).unwrap();
    let output = run(&told, &["--baseline", &other]);
    assert_eq!(output.status.code(), Some(2), "what lists other actions is no baseline");
    assert!(stderr(&output).contains("give `--all` to both runs"), "{}", stderr(&output));
    let again = json(&told, &["--baseline", &file]);
    assert_eq!(again["baseline"]["new"].as_array().unwrap().len(), 0);
    assert_eq!(again["baseline"]["resolved"].as_array().unwrap().len(), 0);
    // Nothing is new, so nothing fails.
    let output = run(&told, &["--baseline", &file, "--fail-on", "unused-privileged"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));

    let output = run(&told, &["--format", "csv", "--show", "findings"]);
    let rows = stdout(&output);
    assert_eq!(rows.lines().count() - 1, expected_findings(&answer), "{rows}");
    let folder = told.folder.path().join("policies");
    let path = folder.display().to_string();
    let own = folder.join("111122223333/role/deploy");
    std::fs::create_dir_all(&own).unwrap();
    for name in ["role-deploy-used-2.json", "notes.json"] {
        std::fs::write(own.join(name), "{}").unwrap();
    }
    json(&told, &["--principal", "role/deploy", "--suggest", "--write", &path]);
    // What an earlier run wrote is gone, and nothing else.
    assert!(!own.join("role-deploy-used-2.json").exists() && own.join("notes.json").exists());
    let written = std::fs::read_to_string(own.join("role-deploy-used.json")).unwrap();
    let document = Document::parse(PolicyKind::Identity, "written", &written);
    assert!(document.problems.is_empty() && !document.statements.is_empty());
}

fn expected_findings(answer: &Value) -> usize {
    let all = answer["findings"].as_array().unwrap().iter();
    all.filter(|finding| !finding["kind"].as_str().unwrap().starts_with("action-")).count()
}

#[test]
fn a_principal_alone_has_the_same_marks_as_among_all_others() {
    let told = Told::new(STORY);
    let alone = json(&told, &["--principal", "role/etl", "--suggest"]);
    let own = &alone["principals"][0];
    let among = of(&WHOLE, own);
    assert_eq!(own, among);
    let mut all = WHOLE["suggestions"].as_array().unwrap().iter();
    let suggestion = all.find(|one| one["arn"] == own["arn"]).unwrap();
    assert_eq!(&alone["suggestions"][0], suggestion);
}

/// Of two statements that name the caller's tag, each call is one's or nobody's: the tag was set when the session was issued.
#[test]
fn the_tags_that_a_session_was_issued_with_tell_which_statements_its_calls_match() {
    let told = Told::new("proposed-scp");
    let iam = story::file("proposed-scp", "iam");
    let output = told.run(&["unused", "--snapshot", &iam, "--principal", "analyst-read", "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let answer: Value = serde_json::from_str(&stdout(&output)).unwrap();
    let statements = answer["principals"][0]["statements"].as_array().unwrap().iter();
    let number = |own: &Value, name: &str| own[name].as_u64().unwrap();
    let counted: BTreeMap<&str, (u64, u64)> = statements
        .map(|own| (own["sid"].as_str().unwrap(), (number(own, "matched"), number(own, "may"))))
        .collect();
    // Of one secret neither log nor snapshot has the tags.
    assert_eq!(counted, BTreeMap::from([("OwnProject", (1, 0)), ("OwnSecrets", (2, 1)), ("Deeper", (1, 0))]));
}

/// Whether the days of a window are looked at together or one after another.
#[tokio::test]
async fn a_look_at_one_day_after_another_finds_the_same() {
    for (name, days) in [(STORY, 5), ("proposed-scp", 2)] {
        let told = Told::new(name);
        let session = Lake::open(Path::new(&told.lake)).await.unwrap().session().unwrap();
        assert!(backtrail::lake::days(&session).await.unwrap().len() >= days, "{name}");
        let snapshot = Arc::new(Snapshot::read(Path::new(&story::file(name, "iam"))).unwrap());
        let look = async |events_at_once| {
            let suggest = suggest::Options { generality: suggest::Generality::default(), levels: false };
            let options = UnusedOptions {
                window: Window::default(),
                wanted: Wanted::default(),
                snapshot: Arc::clone(&snapshot),
                origins: false,
                suggest: Some(suggest),
                events_at_once,
            };
            let mut session = session.clone();
            backtrail::query::register_functions(&mut session).unwrap();
            inquiry::unused(&session, options).await.unwrap()
        };
        let (together, apart) = (look(u64::MAX).await, look(1).await);
        assert!(together.principals.iter().any(|own| own.calls.events > 0), "{name}");
        assert_eq!(format!("{together:#?}"), format!("{apart:#?}"), "{name}");
    }
}
