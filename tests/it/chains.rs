//! Lineage of generated chains: the slow twin, what is certain by construction, `origins` and `trace` all say the same, and
//! what they say depends on the set of records only.

#[path = "../../benches/archive/mod.rs"]
mod archive;
#[path = "../../benches/chains/mod.rs"]
mod made;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Debug;
use std::path::{Path, PathBuf};
use std::process::Command;

use chrono::DateTime;
use serde_json::Value;
use tempfile::TempDir;

use self::archive::random::Random;
use self::made::{Delivered, Spec, Truth};
use crate::twin::{Answer, Logged, Twin};

/// For the generator and the twin, which are quick: enough for every kind of chain to come.
const SEEDS: [u64; 6] = [1, 2, 3, 4, 5, 6];

/// For the program, of which an unoptimized build takes a second to find the origins of a lake.
const LAKES: [u64; 2] = [1, 2];

/// So many keys of each lake are traced.
const TRACED: usize = 6;

/// `origins`, whole. No column names an object or a place in one.
pub(crate) const ORIGINS: &str = "select caller, caller_class, account, access_key_id, identity_arn, principal_id, \
                       session_created, calls, first_use, last_use, rule, event_id, candidates, depth, origin_kind, \
                       origin, origin_account, origin_access_key, complete, certain, gap, above_rule, above_event_id, root_kind, root \
                       from origins order by caller";

/// Who called what.
const CALLS: &str = "select event_id, account, caller from calls order by event_id, account";

/// Little, and much of all that is hard: about 400 records in 40 objects.
fn spec(seed: u64) -> Spec {
    Spec {
        issuances: 110,
        seed,
        object_records: 10,
        twins: 0.2,
        recycled: 0.15,
        crossing: 0.3,
        lost: 0.05,
        late: 0.2,
        duplicates: 0.1,
        juggled: 0.25,
        constant_names: 0.4,
        forwarded: 0.15,
        undated: 0.1,
        undecided: true,
        ..Spec::default()
    }
}

/// A credential as its records name it: key, account, ARN, unique id, creation of the session.
type Signer = (String, String, String, String, Option<i64>);

fn truths_by_signer(truths: &[Truth]) -> BTreeMap<Signer, &Truth> {
    let mut found = BTreeMap::new();
    for truth in truths {
        let Truth { access_key, account, arn, principal_id, created, .. } = truth.clone();
        let before = found.insert((access_key, account.to_owned(), arn, principal_id, created), truth);
        assert_eq!(before, None, "two truths for one credential: {truth:?}");
    }
    found
}

/// Who signed a record; None where no credential did.
fn signer(record: &Value) -> Option<Signer> {
    let identity = &record["userIdentity"];
    let kind = identity["type"].as_str().unwrap_or_default();
    let text = |pointer: &str| identity.pointer(pointer).and_then(Value::as_str);
    let own = |pointer: &str| text(pointer).unwrap_or_default().to_owned();
    let created = text("/sessionContext/attributes/creationDate")
        .map(|time| DateTime::parse_from_rfc3339(time).unwrap().timestamp());
    let signed = ["AssumedRole", "IAMUser", "Root", "FederatedUser"].contains(&kind);
    signed.then(|| (own("/accessKeyId"), own("/accountId"), own("/arn"), own("/principalId"), created))
}

fn twin(objects: &[Delivered]) -> Twin {
    let logged = objects.iter().flat_map(|(object, records)| {
        let records = records.iter().enumerate();
        records.map(|(index, record)| Logged { object: object.clone(), index, record: record.clone() })
    });
    Twin::new(logged.collect())
}

/// The delegation in a walk: steps from one who acts to the next. The second copy of an issuance is no step of its own.
fn depth(answer: &Answer) -> u64 {
    answer.links.iter().filter(|(rule, _)| rule != "shared-event").count() as u64
}

/// Generated logs with chains of every kind, in a folder.
#[cfg(feature = "cluster")]
pub(crate) fn archive(seed: u64, folder: &Path) -> PathBuf {
    logs(&made::objects(&spec(seed)).unwrap().0, folder)
}

/// Writes these objects.
fn logs(objects: &[Delivered], folder: &Path) -> PathBuf {
    let logs = folder.join("logs");
    for (name, records) in objects {
        let path = logs.join(name).with_extension("");
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, serde_json::json!({ "Records": records }).to_string()).unwrap();
    }
    logs
}

/// Ingests these objects into a lake of its own.
fn lake(objects: &[Delivered], folder: &Path) -> PathBuf {
    let (logs, lake) = (logs(objects, folder), folder.join("lake"));
    backtrail(&["ingest", logs.to_str().unwrap(), "--format", "json"], &lake);
    lake
}

/// What the binary says on stdout.
fn backtrail(arguments: &[&str], lake: &Path) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
    let output = command.args(arguments).arg("--lake").arg(lake).output().unwrap();
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {}: {told}", output.status);
    String::from_utf8(output.stdout).unwrap()
}

/// The rows that SQL gives.
fn rows(sql: &str, lake: &Path) -> Vec<Value> {
    let answer: Value = serde_json::from_str(&backtrail(&["sql", sql, "--format", "json"], lake)).unwrap();
    answer["rows"].as_array().unwrap().clone()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or("-").to_owned()
}

/// `kind|account|name|key`, as the twin writes origins. What is unknown has no name that matters.
fn origin(row: &Value) -> String {
    let [kind, account, key] =
        ["origin_kind", "origin_account", "origin_access_key"].map(|name| text(&row[name]));
    known(&format!("{kind}|{account}|{}|{key}", name(row)))
}

/// An origin without what the twin and the program need not tell in the same way: the name of what is unknown, and the
/// account of a subject, which belongs to its provider.
fn known(origin: &str) -> String {
    let mut parts: Vec<&str> = origin.split('|').collect();
    match parts[0] {
        "unknown" => parts.truncate(2),
        "saml" | "web-identity" | "identity-center-user" => parts[1] = "-",
        _ => {}
    }
    parts.join("|")
}

/// The name alone: `origin` also tells the workload of a service, the provider of a subject, the account of a principal.
fn name(row: &Value) -> String {
    let origin = text(&row["origin"]);
    let name = match row["origin_kind"].as_str() {
        Some("service") => origin.split(" for ").next(),
        Some("account") => origin.split_once(':').map(|(_, name)| name),
        Some("saml" | "web-identity") => {
            let of_provider = origin.split_once("-provider/").and_then(|(_, rest)| rest.split_once(':'));
            of_provider.map(|(_, name)| name)
        }
        _ => None,
    };
    name.unwrap_or(&origin).to_owned()
}

/// Gathers what differs, so that a failure shows all of it.
#[derive(Default)]
struct Differences(Vec<String>);

impl Differences {
    fn expect<T: PartialEq + Debug>(&mut self, of: &dyn Debug, what: &str, found: &T, expected: &T) {
        if found != expected {
            self.0.push(format!("{of:?}: {what}: expected {expected:?}, found {found:?}"));
        }
    }

    fn assert_none(&self) {
        let some = self.0.iter().take(12).cloned().collect::<Vec<_>>();
        assert!(some.is_empty(), "{} differ:\n{}", self.0.len(), some.join("\n"));
    }
}

#[test]
fn the_twin_finds_what_is_certain_by_construction() {
    let (mut differ, mut kinds) = (Differences::default(), BTreeSet::new());
    for seed in SEEDS {
        let (objects, truths) = made::objects(&spec(seed)).unwrap();
        let (twin, truths) = (twin(&objects), truths_by_signer(&truths));
        let mut calls: BTreeMap<Signer, u64> = BTreeMap::new();
        for (place, logged) in twin.records().iter().enumerate() {
            let Some(signer) = signer(&logged.record) else { continue };
            let truth = truths[&signer];
            *calls.entry(signer).or_default() += 1;
            let Some(certain) = &truth.origin else { continue };
            let answer = twin.of_record(place);
            let expected = format!(
                "{}|{}|{}|{}",
                certain.kind,
                certain.account,
                certain.name.as_deref().unwrap_or("-"),
                certain.access_key.as_deref().unwrap_or("-")
            );
            let origins: Vec<String> = answer.origins.iter().map(|origin| known(origin)).collect();
            differ.expect(truth, "origins", &origins, &vec![known(&expected)]);
            differ.expect(truth, "depth", &depth(&answer), &truth.depth);
            differ.expect(truth, "complete", &answer.complete, &truth.complete);
            differ.expect(truth, "gap", &answer.gap.as_deref(), &truth.gap);
            let above = answer.above.as_ref().map(|(rule, _)| rule.as_str());
            differ.expect(truth, "above", &above, &truth.above);
            kinds.insert(certain.kind);
        }
        for (signer, truth) in &truths {
            differ.expect(truth, "calls", calls.get(signer).unwrap_or(&0), &truth.calls);
        }
    }
    differ.assert_none();
    assert_eq!(kinds.len(), 8, "not all kinds of origins came: {kinds:?}");
}

#[test]
fn origins_agree_with_the_twin_for_every_record_and_traces_with_origins() {
    let mut differ = Differences::default();
    for seed in LAKES {
        let folder = TempDir::new().unwrap();
        let (objects, _) = made::objects(&spec(seed)).unwrap();
        let lake = lake(&objects, folder.path());
        let origins = rows(ORIGINS, &lake);
        agrees_with_twin(&twin(&objects), &origins, &rows(CALLS, &lake), &mut differ);
        agrees_with_traces(&origins, &lake, &mut differ);
    }
    differ.assert_none();
}

fn agrees_with_twin(twin: &Twin, origins: &[Value], calls: &[Value], differ: &mut Differences) {
    let by_caller: BTreeMap<i64, &Value> =
        origins.iter().map(|row| (row["caller"].as_i64().unwrap(), row)).collect();
    assert_eq!(by_caller.len(), origins.len(), "a caller has several rows");
    let by_record: BTreeMap<String, i64> =
        calls.iter().map(|row| (text(&row["event_id"]), row["caller"].as_i64().unwrap())).collect();
    assert_eq!(by_record.len(), calls.len(), "an event id has several rows");
    assert_eq!(by_record.len(), twin.records().len(), "not every record is a row");
    let (mut seen, mut deepest, mut several, mut crossed) = (0, 0, 0, 0);
    for (place, logged) in twin.records().iter().enumerate() {
        let id = text(&logged.record["eventID"]);
        let (row, answer) = (by_caller[&by_record[&id]], twin.of_record(place));
        // Of services and subjects `origins` has one row for all of their records.
        if row["caller_class"] != "credential" {
            // A principal of another account is who its own account's copy of this very request names.
            let copy = answer.links.first().filter(|(rule, _)| rule == "shared-event");
            if row["caller_class"] == "account" {
                crossed += 1;
                differ.expect(&id, "copy", &row["event_id"].as_str(), &copy.map(|(_, event)| event.as_str()));
                let found: BTreeSet<String> = answer.origins.iter().map(|origin| known(origin)).collect();
                if found.len() == 1 && copy.is_some() {
                    differ.expect(&id, "origin of a copy", &Some(&origin(row)), &found.first());
                }
                differ.expect(&id, "copy complete", &row["complete"], &Value::from(answer.complete));
            }
            if copy.is_none() {
                differ.expect(&id, "links of no credential", &number(&row["depth"]), &0);
            }
            continue;
        }
        seen += 1;
        deepest = deepest.max(depth(&answer));
        let found: BTreeSet<String> = answer.origins.iter().map(|origin| known(origin)).collect();
        if found.len() == 1 {
            differ.expect(&id, "origin", &Some(&origin(row)), &found.first());
        } else {
            several += 1;
        }
        let first = answer.links.first();
        let candidates = if first.is_some() { answer.ambiguous.len().max(1) as u64 } else { 0 };
        differ.expect(&id, "rule", &row["rule"].as_str(), &first.map(|(rule, _)| rule.as_str()));
        differ.expect(&id, "record", &row["event_id"].as_str(), &first.map(|(_, event)| event.as_str()));
        differ.expect(&id, "candidates", &number(&row["candidates"]), &candidates);
        differ.expect(&id, "depth", &number(&row["depth"]), &depth(&answer));
        differ.expect(&id, "complete", &row["complete"], &Value::from(answer.complete));
        let told = found.len() == 1 && !found.iter().any(|origin| origin.starts_with("unknown|"));
        let certain = told && answer.links.iter().all(|(rule, _)| rule != "claim");
        differ.expect(&id, "certain", &row["certain"], &Value::from(certain));
        differ.expect(&id, "gap", &row["gap"].as_str(), &answer.gap.as_deref());
        let above = answer.above.as_ref();
        differ.expect(&id, "above", &row["above_rule"].as_str(), &above.map(|(rule, _)| rule.as_str()));
        let event = above.map(|(_, event)| event.as_str());
        differ.expect(&id, "record above", &row["above_event_id"].as_str(), &event);
    }
    assert!(seen > 300, "only {seen} records were compared");
    assert!(deepest > 8, "chains had no more than {deepest} steps");
    assert!(several > 0, "no record had several origins");
    assert!(crossed > 10, "only {crossed} records of other accounts' principals");
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap_or(0)
}

/// The deepest chains, and others, of keys that name one credential alone.
fn agrees_with_traces(origins: &[Value], lake: &Path, differ: &mut Differences) {
    let mut keys: BTreeMap<&str, Vec<&Value>> = BTreeMap::new();
    for row in origins.iter().filter(|row| row["caller_class"] == "credential") {
        if let Some(key) = row["access_key_id"].as_str() {
            keys.entry(key).or_default().push(row);
        }
    }
    let mut alone: Vec<(&str, &Value)> = Vec::new();
    alone.extend(keys.iter().filter(|(_, rows)| rows.len() == 1).map(|(key, rows)| (*key, rows[0])));
    alone.sort_by_key(|(key, row)| (std::cmp::Reverse(number(&row["depth"])), *key));
    assert!(alone.len() > 40, "only {} keys", alone.len());
    for (key, row) in alone.iter().step_by(alone.len() / TRACED) {
        let trace = backtrail(&["trace", key, "--format", "json"], lake);
        let trace: Value = serde_json::from_str(&trace).unwrap();
        let found = &trace["origin"];
        differ.expect(key, "kind", &found["kind"], &row["origin_kind"]);
        differ.expect(key, "complete", &found["complete"], &row["complete"]);
        differ.expect(key, "certain", &found["certain"], &row["certain"]);
        differ.expect(key, "gap", &found["gap"]["reason"], &row["gap"]);
        if row["certain"] == true && row["origin_kind"] != "unknown" {
            // Of a principal of another account the unique id is what it is grouped by.
            let by_name = found["arn"].is_null() || found["kind"] == "account";
            let told = if by_name { &found["name"] } else { &found["arn"] };
            differ.expect(key, "origin", &text(told), &name(row));
            differ.expect(key, "account", &found["account"], &row["origin_account"]);
            differ.expect(key, "key", &found["access_key"], &row["origin_access_key"]);
        }
        let links = trace["links"].as_array().unwrap();
        let up: Vec<&Value> = links.iter().filter(|link| link["above_origin"] != true).collect();
        let steps = up.iter().filter(|link| link["rule"] != "shared-event").count();
        differ.expect(key, "depth", &(steps as u64), &number(&row["depth"]));
        let first = up.first().copied().unwrap_or(&Value::Null);
        differ.expect(key, "rule", &first["rule"], &row["rule"]);
        differ.expect(key, "record", &first["event_id"], &row["event_id"]);
        differ.expect(key, "record above", &found["above"]["event_id"], &row["above_event_id"]);
    }
}

#[test]
fn any_order_and_partition_of_the_records_gives_the_same_bytes() {
    for seed in LAKES {
        let folder = TempDir::new().unwrap();
        let (objects, _) = made::objects(&spec(seed)).unwrap();
        let said = |objects: &[Delivered], name: &str| {
            let lake = lake(objects, &folder.path().join(name));
            [ORIGINS, CALLS].map(|sql| backtrail(&["sql", sql, "--format", "json"], &lake))
        };
        let expected = said(&objects, "as delivered");
        assert!(expected.iter().all(|said| said.lines().count() > 60), "seed {seed} has few callers");
        let mut random = Random::new(seed);
        for count in [1, 50] {
            let found = said(&deal(&objects, count, &mut random), &format!("dealt {count}"));
            for (found, expected) in found.iter().zip(&expected) {
                let line = found.lines().zip(expected.lines()).find(|(found, expected)| found != expected);
                assert_eq!(line, None, "seed {seed} in {count} objects");
                assert_eq!(found.len(), expected.len(), "seed {seed} in {count} objects");
            }
        }
    }
}

/// The same records in so many other objects, in another order.
fn deal(objects: &[Delivered], count: usize, random: &mut Random) -> Vec<Delivered> {
    let mut records: Vec<&Value> = objects.iter().flat_map(|(_, records)| records).collect();
    for place in (1..records.len()).rev() {
        records.swap(place, random.index(place + 1));
    }
    let mut dealt: Vec<Delivered> =
        (0..count).map(|number| (format!("part-{number:02}.json.gz"), Vec::new())).collect();
    for record in records {
        dealt[random.index(count)].1.push(record.clone());
    }
    dealt
}
