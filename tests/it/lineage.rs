//! Chains of credentials: each case of `testdata/lineage`, and each worked chain of the corpus, comes out as it should.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Deserialize;
use serde_json::{Value, json};

use crate::places;

/// What is asked of one case, and the part of the answer that must come out.
#[derive(Deserialize)]
struct Question {
    case: String,
    who: String,
    why: String,
    expect: Value,
}

/// A worked chain of the corpus; `README.md` there says what its members mean.
#[derive(Deserialize)]
struct Chain {
    id: String,
    source: String,
    leaf_events: Vec<Event>,
    leaf_key: Option<String>,
    expected_origin: Value,
    expected_links: Vec<Step>,
    gap: Option<String>,
    decoys_that_must_not_be_chosen: Vec<Event>,
}

#[derive(Deserialize)]
struct Event {
    #[serde(rename = "eventID")]
    event_id: String,
}

#[derive(Deserialize)]
struct Step {
    method: String,
    via: Event,
}

/// `backtrail trace WHO`, as a user runs it.
fn trace(who: &str, logs: &Path, cache: &Path, exits: &[i32]) -> Result<Value, String> {
    said(&["trace", who], logs, cache, exits)
}

/// What a command says as JSON.
fn said(command: &[&str], logs: &Path, cache: &Path, exits: &[i32]) -> Result<Value, String> {
    let output = Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(command)
        .args(["--format", "json", "--logs"])
        .arg(logs)
        .env("BACKTRAIL_CACHE", cache)
        .env_remove("BACKTRAIL_LAKE")
        .output()
        .unwrap();
    if !output.status.code().is_some_and(|code| exits.contains(&code)) {
        return Err(format!("{}: {}", output.status, String::from_utf8_lossy(&output.stderr).trim()));
    }
    serde_json::from_slice(&output.stdout).map_err(|error| format!("the answer is no JSON: {error}"))
}

/// The table `origins` by key, of keys that one caller used. Its rows are computed for all callers at once, by other code than a
/// trace.
fn origins(logs: &Path, cache: &Path) -> Result<BTreeMap<String, Value>, String> {
    let sql = "select access_key_id, rule, event_id, origin_kind, complete, certain, gap, above_event_id from origins \
               where access_key_id in (select access_key_id from origins group by access_key_id having count(*) = 1)";
    let answer = said(&["sql", sql], logs, cache, &[0])?;
    let rows = answer["rows"].as_array().into_iter().flatten();
    Ok(rows.filter_map(|row| Some((row["access_key_id"].as_str()?.to_owned(), row.clone()))).collect())
}

/// What the table says otherwise than a trace of the same key.
fn differs_from_trace(row: &Value, answer: &Value) -> Vec<String> {
    let links = answer["links"].as_array().into_iter().flatten();
    let first = links.clone().find(|link| link["above_origin"] == false).unwrap_or(&Value::Null);
    let origin = &answer["origin"];
    let traced = json!({"rule": first["rule"], "event_id": first["event_id"], "origin_kind": origin["kind"],
        "complete": origin["complete"], "certain": origin["certain"], "gap": origin["gap"]["reason"],
        "above_event_id": origin["above"]["event_id"]});
    let mut wrong = Vec::new();
    compare("origins", &traced, row, &mut wrong);
    wrong
}

/// Runs something on each item, on two threads; gives everything that was found wrong, in the order of the items.
fn on_two_threads<T: Sync>(items: &[T], run: impl Fn(&T) -> Vec<String> + Sync) -> Vec<String> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut found = Vec::new();
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return found };
            found.push((at, run(item)));
        }
    };
    let mut found = std::thread::scope(|scope| {
        let workers = [scope.spawn(work), scope.spawn(work)];
        workers.map(|worker| worker.join().unwrap()).concat()
    });
    assert_eq!(found.len(), items.len(), "some items were not run");
    found.sort();
    found.into_iter().flat_map(|(_, wrong)| wrong).collect()
}

/// Compares by the rule of `testdata/lineage/README.md`; tells each difference with its path.
fn compare(path: &str, expected: &Value, found: &Value, wrong: &mut Vec<String>) {
    match expected {
        Value::Object(members) if members.contains_key("contains") || members.contains_key("lacks") => {
            let none = Vec::new();
            let list = match found {
                Value::Array(list) => list,
                Value::Null => &none,
                _ => return wrong.push(format!("{path}: expected a list, found {found}")),
            };
            let listed = |name: &str| members.get(name).and_then(Value::as_array).into_iter().flatten();
            for element in listed("contains").filter(|element| !list.iter().any(|one| fits(element, one))) {
                wrong.push(format!("{path}: expected an element like {element}, found {found}"));
            }
            for element in listed("lacks").filter(|element| list.iter().any(|one| fits(element, one))) {
                wrong.push(format!("{path}: expected no element like {element}, found {found}"));
            }
        }
        Value::Object(members) if found.is_object() => {
            for (name, value) in members {
                compare(&format!("{path}.{name}"), value, found.get(name).unwrap_or(&Value::Null), wrong);
            }
        }
        Value::Array(elements) if found.as_array().is_some_and(|list| list.len() == elements.len()) => {
            for (at, (element, one)) in
                elements.iter().zip(found.as_array().into_iter().flatten()).enumerate()
            {
                compare(&format!("{path}[{at}]"), element, one, wrong);
            }
        }
        _ if expected == found => {}
        _ => wrong.push(format!("{path}: expected {expected}, found {found}")),
    }
}

fn fits(expected: &Value, found: &Value) -> bool {
    let mut wrong = Vec::new();
    compare("", expected, found, &mut wrong);
    wrong.is_empty()
}

#[test]
fn parts_of_an_answer_are_compared_by_the_rule_of_the_cases() {
    let answer = json!({"a": {"b": 1, "c": null}, "list": [{"x": 1}, {"x": 2}], "empty": []});
    let same = [
        json!({}),
        json!({"a": {}}),
        json!({"a": {"b": 1, "c": null, "d": null}}),
        json!({"list": [{"x": 1}, {}], "empty": []}),
        json!({"list": {"contains": [{"x": 2}], "lacks": [{"x": 3}]}}),
        json!({"absent": {"lacks": [1]}, "empty": {"lacks": [{}]}}),
    ];
    let other = [
        json!({"a": null}),
        json!({"a": {"c": {}}}),
        json!({"a": {"b": "1"}}),
        json!({"absent": 1}),
        json!({"list": [{"x": 1}]}),
        json!({"list": [{"x": 2}, {"x": 1}]}),
        json!({"list": {"contains": [{"x": 3}]}}),
        json!({"list": {"lacks": [{"x": 2}]}}),
        json!({"a": {"contains": []}}),
        json!({"absent": {"contains": [1]}}),
    ];
    assert_eq!(same.iter().filter(|expected| !fits(expected, &answer)).count(), 0);
    assert_eq!(other.iter().filter(|expected| fits(expected, &answer)).count(), 0);
}

#[test]
fn every_case_of_lineage_comes_out() {
    let text = std::fs::read_to_string(places::package("testdata/lineage/expected.json")).unwrap();
    let questions: Vec<Question> = serde_json::from_str(&text).unwrap();
    let mut cases: BTreeMap<&str, Vec<&Question>> = BTreeMap::new();
    for question in &questions {
        cases.entry(&question.case).or_default().push(question);
    }
    let folder = places::package("testdata/lineage/cases");
    let logs: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    assert!(
        logs.iter().eq(cases.keys().copied()),
        "the cases that stand there are not the ones that are asked"
    );
    assert!(cases.len() > 80 && questions.len() > 120);
    let cache = tempfile::tempdir().unwrap();
    let cases: Vec<Vec<&Question>> = cases.into_values().collect();
    let compared = AtomicUsize::new(0);
    let wrong = on_two_threads(&cases, |questions| {
        let mut wrong = Vec::new();
        let case = &questions[0].case;
        let one = folder.join(format!("{case}.json"));
        let logs = if one.is_file() { one } else { folder.join(case) };
        let rows = match origins(&logs, cache.path()) {
            Ok(rows) => rows,
            Err(error) => return vec![format!("{case}: {error}")],
        };
        for question in questions {
            let Question { case, who, why, expect } = question;
            let mut differences = Vec::new();
            match trace(who, &logs, cache.path(), &[0]) {
                Ok(answer) => {
                    compare("", expect, &answer, &mut differences);
                    // Of more than 17 candidates only a trace leaves some out.
                    if let Some(row) = rows.get(who).filter(|_| case != "candidates-18") {
                        compared.fetch_add(1, Ordering::Relaxed);
                        differences.extend(differs_from_trace(row, &answer));
                    }
                }
                Err(error) => differences.push(error),
            }
            wrong.extend(differences.iter().map(|one| format!("{case}, trace {who} ({why}): {one}")));
        }
        wrong
    });
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared.into_inner() > 90, "the keys that are asked stand in the table");
}

/// What a worked chain says of the answer for any of its leaves.
fn chain_differences(chain: &Chain, answer: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let (told, origin) = (&chain.expected_origin, &answer["origin"]);
    let kind = match told["kind"].as_str() {
        Some("IAMUser") => "iam-user",
        Some("Root") => "root",
        Some("AWSService") => "service",
        Some("AWSAccount") => "account",
        Some("SAMLUser") => "saml",
        Some("WebIdentityUser") => "web-identity",
        Some("IdentityCenterUser") => "identity-center-user",
        other => panic!("{}: origin of the kind {other:?}", chain.id),
    };
    let mut expected = json!({"kind": kind});
    for (theirs, ours) in
        [("arn", "arn"), ("access_key", "access_key"), ("service", "name"), ("complete", "complete")]
    {
        if let Some(value) = told.get(theirs) {
            expected[ours] = value.clone();
        }
    }
    compare(".origin", &expected, origin, &mut wrong);
    if let Some(words) = told["on_behalf_of"].as_str() {
        let id = &origin["on_behalf_of"]["id"];
        if !id.as_str().is_some_and(|id| words.contains(id)) {
            wrong.push(format!(".origin.on_behalf_of.id: expected the one of `{words}`, found {id}"));
        }
    }
    if chain.gap.is_some() == origin["gap"].is_null() {
        wrong.push(format!(".origin.gap: expected {:?}, found {}", chain.gap, origin["gap"]));
    }
    let links: Vec<&Value> = answer["links"].as_array().into_iter().flatten().collect();
    let several: Vec<&Step> =
        chain.expected_links.iter().filter(|step| step.method.contains("AMBIGUOUS")).collect();
    if several.is_empty() {
        for (at, step) in chain.expected_links.iter().enumerate() {
            let expected = json!({"rule": rule_of(&step.method), "event_id": step.via.event_id});
            let found = links.get(at).copied().unwrap_or(&Value::Null);
            compare(&format!(".links[{at}]"), &expected, found, &mut wrong);
        }
    } else {
        // The steps are the candidates of one link.
        let candidates: BTreeSet<&str> = several.iter().map(|step| step.via.event_id.as_str()).collect();
        let found = links.first().copied().unwrap_or(&Value::Null);
        let listed = found["ambiguous"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let shown = found["event_id"].as_str().is_some_and(|id| candidates.contains(id));
        if found["rule"] != rule_of(&several[0].method)
            || !shown
            || listed.collect::<BTreeSet<_>>() != candidates
        {
            wrong.push(format!(".links[0]: expected one of {candidates:?}, found {found}"));
        }
    }
    for decoy in &chain.decoys_that_must_not_be_chosen {
        let id = json!(decoy.event_id);
        let among = |link: &&Value| link["ambiguous"].as_array().is_some_and(|list| list.contains(&id));
        if links.iter().any(|link| link["event_id"] == id || among(link)) {
            wrong.push(format!(".links: expected no link to {id}"));
        }
    }
    wrong
}

/// The rule of a worked chain's method.
fn rule_of(method: &str) -> &'static str {
    if method == "access-key" { "key" } else { "session" }
}

#[test]
fn every_worked_chain_of_the_corpus_comes_out() {
    let Some(corpus) = places::corpus() else { return };
    let Ok(text) = std::fs::read_to_string(places::package("../shared/corpus/chains.json")) else { return };
    let chains: Vec<Chain> = serde_json::from_str(&text).unwrap();
    assert!(chains.len() > 10);
    let leaves: Vec<(&Chain, &str)> = chains
        .iter()
        .flat_map(|chain| {
            let events = chain.leaf_events.iter().map(|leaf| leaf.event_id.as_str());
            events.chain(chain.leaf_key.as_deref()).map(move |who| (chain, who))
        })
        .collect();
    // One cache: a source is ingested for its first leaf only.
    let cache = tempfile::tempdir().unwrap();
    let wrong = on_two_threads(&leaves, |(chain, who)| {
        let differences = match trace(who, &corpus.join(&chain.source), cache.path(), &[0, 3]) {
            Ok(answer) => chain_differences(chain, &answer),
            Err(error) => vec![error],
        };
        differences.iter().map(|one| format!("{}, trace {who}: {one}", chain.id)).collect()
    });
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
