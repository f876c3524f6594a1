//! What the generator says against what stands in its files.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::Read;
use std::path::Path;

use flate2::read::MultiGzDecoder;
use serde_json::Value;

use crate::archive::{Spec, Summary, generate};

fn small() -> Spec {
    Spec { events: 6_000, objects: 30, duplicates: 0.1, late: 0.05, days: 1, ..Spec::default() }
}

/// Every file below a folder with its bytes, by name.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.display().to_string(), fs::read(&path).unwrap());
        }
    }
    found
}

fn made(spec: &Spec) -> (Summary, Vec<String>) {
    let dir = tempfile::tempdir().unwrap();
    let summary = generate(spec, dir.path()).unwrap();
    let texts = files(dir.path()).into_values().map(|gz| {
        let mut text = String::new();
        MultiGzDecoder::new(gz.as_slice()).read_to_string(&mut text).unwrap();
        text
    });
    (summary, texts.collect())
}

fn records(texts: &[String]) -> Vec<Value> {
    let objects = texts.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    objects.flat_map(|object| object["Records"].as_array().unwrap().clone()).collect()
}

#[test]
fn same_seed_gives_the_same_bytes_and_another_seed_others() {
    let bytes = |seed| {
        let dir = tempfile::tempdir().unwrap();
        generate(&Spec { seed, ..small() }, dir.path()).unwrap();
        let root = dir.path().display().to_string();
        files(dir.path()).into_iter().map(|(name, gz)| (name.replace(&root, ""), gz)).collect::<Vec<_>>()
    };
    assert_eq!(bytes(1), bytes(1));
    assert_ne!(bytes(1), bytes(2));
}

#[test]
fn the_summary_counts_what_stands_in_the_files() {
    let (summary, texts) = made(&small());
    let all = records(&texts);
    let mut distinct: BTreeMap<String, &Value> = BTreeMap::new();
    for record in &all {
        let first = distinct.entry(record["eventID"].as_str().unwrap().to_owned()).or_insert(record);
        assert_eq!(*first, record, "a second delivery has other content");
    }
    assert_eq!(summary.objects, texts.len() as u64);
    assert_eq!(summary.raw_bytes, texts.iter().map(String::len).sum::<usize>() as u64);
    assert_eq!(summary.records, all.len() as u64);
    assert_eq!(summary.events, 6_000);
    assert_eq!(summary.events, distinct.len() as u64);
    assert_eq!(summary.duplicates, (all.len() - distinct.len()) as u64);
    assert!(summary.duplicates > 400 && summary.late > 150, "{} {}", summary.duplicates, summary.late);

    let mut names: BTreeMap<String, u64> = BTreeMap::new();
    for record in distinct.values() {
        let source = record["eventSource"].as_str().unwrap().trim_end_matches(".amazonaws.com");
        *names.entry(format!("{source}:{}", record["eventName"].as_str().unwrap())).or_default() += 1;
    }
    assert_eq!(summary.names, names);
    assert!(names.len() >= 60, "only {} names", names.len());
    let of_subject = |record: &&&Value| record["userIdentity"]["accessKeyId"] == summary.subject.key.as_str();
    let by_subject: Vec<_> = distinct.values().filter(of_subject).collect();
    assert_eq!(summary.subject.calls, by_subject.len() as u64);
    assert_eq!(
        summary.subject.first,
        by_subject.iter().map(|record| record["eventTime"].as_str().unwrap()).min().unwrap()
    );
    let issued = by_subject.iter().filter(|record| record["responseElements"]["credentials"].is_object());
    assert_eq!(summary.subject.issued, issued.count() as u64);
}

#[test]
fn a_key_is_not_used_before_it_was_issued() {
    let (summary, texts) = made(&small());
    let all = records(&texts);
    let mut issued = BTreeMap::new();
    for record in &all {
        if let Some(key) = record["responseElements"]["credentials"]["accessKeyId"].as_str() {
            issued.insert(key, record["eventTime"].as_str().unwrap());
        }
    }
    let used = all.iter().filter_map(|record| {
        Some((issued.get(record["userIdentity"]["accessKeyId"].as_str()?)?, record["eventTime"].as_str()?))
    });
    let mut seen = 0;
    for (made, used) in used {
        assert!(made <= &used, "issued {made}, used {used}");
        seen += 1;
    }
    assert!(seen > 1_000, "only {seen} uses of issued keys");
    assert_eq!(summary.issued, issued.len() as u64);
}

#[test]
fn requests_across_accounts_stand_in_both_with_one_shared_id() {
    let (summary, texts) = made(&Spec { events: 20_000, ..small() });
    let mut sides: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
    for record in records(&texts).iter().filter(|record| record["eventName"] == "AssumeRole") {
        if let Some(shared) = record["sharedEventID"].as_str() {
            let side =
                ["recipientAccountId", "eventID"].map(|name| record[name].as_str().unwrap().to_owned());
            sides.entry(shared.to_owned()).or_default().insert(side.into());
        }
    }
    let pairs = sides.values().filter(|both| both.len() == 2).count();
    assert!(pairs > 0);
    assert_eq!(summary.cross_account, pairs as u64);
}

#[test]
fn every_place_of_a_call_is_filled() {
    let (_, texts) = made(&small());
    for text in texts {
        assert!(!text.contains("$("), "{}", text.split_once("$(").unwrap().1);
    }
}

#[test]
fn callers_with_habits_make_few_calls_on_the_same_resources() {
    let (_, texts) = made(&Spec { events: 20_000, habits: Some(3), ..small() });
    let mut calls: BTreeMap<(String, String), BTreeSet<(String, String)>> = BTreeMap::new();
    for record in records(&texts) {
        let identity = &record["userIdentity"];
        let who = identity["sessionContext"]["sessionIssuer"]["arn"].as_str().or(identity["arn"].as_str());
        let is_linked = who.is_some_and(|who| who.contains("aws-service-role"));
        let issues = record["eventName"].as_str().unwrap().starts_with("AssumeRole");
        let Some(who) = who.filter(|_| !is_linked && !issues && record["errorCode"].is_null()) else {
            continue;
        };
        let bucket = record["requestParameters"]["bucketName"].as_str().unwrap_or_default();
        calls
            .entry((who.to_owned(), record["awsRegion"].as_str().unwrap().to_owned()))
            .or_default()
            .insert((record["eventName"].as_str().unwrap().to_owned(), bucket.to_owned()));
    }
    assert!(calls.len() > 50, "{}", calls.len());
    // The identity of a session does not tell the path of its role, by which sign-ins and console sessions are told apart.
    for (who, calls) in &calls {
        assert!(calls.len() <= 4, "{who:?} {calls:?}");
    }
}
