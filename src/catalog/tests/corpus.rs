//! Public records, where they are at hand: `BACKTRAIL_CORPUS` names the folder that holds `logs`. Without it this
//! checks nothing, for the records are not ours to ship.

use std::collections::BTreeMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::aws::Denial;
use crate::catalog::event::{Call, Mapping, Presence, map};
use crate::catalog::matches;
use crate::catalog::resource::{Certainty, Evidence, Noted, Place, Source, resources_of};

/// Calls `see` with every CloudTrail record under the folder, whatever envelope it came in; returns how many.
pub(crate) fn each_record(folder: &Path, see: &mut dyn FnMut(&Value)) -> usize {
    let mut files: Vec<PathBuf> = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files.sort();
    let mut seen = 0;
    for file in files {
        let bytes = std::fs::read(file).unwrap();
        let mut text = Vec::new();
        if flate2::read::MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text).is_err() {
            text = bytes;
        }
        let values = serde_json::Deserializer::from_slice(&text).into_iter::<Value>();
        for value in values.map_while(Result::ok) {
            seen += records_in(&value, see);
        }
    }
    seen
}

fn records_in(value: &Value, see: &mut dyn FnMut(&Value)) -> usize {
    match value {
        Value::Object(fields) if fields.get("eventSource").is_some_and(Value::is_string) => {
            see(value);
            1
        }
        Value::Object(fields) => fields.values().map(|inner| records_in(inner, see)).sum(),
        Value::Array(items) => items.iter().map(|inner| records_in(inner, see)).sum(),
        Value::String(text) if text.contains("eventSource") => {
            serde_json::from_str::<Value>(text).map_or(0, |inner| records_in(&inner, see))
        }
        _ => 0,
    }
}

pub(crate) fn logs() -> Option<PathBuf> {
    std::env::var_os("BACKTRAIL_CORPUS").map(|corpus| PathBuf::from(corpus).join("logs"))
}

pub(super) fn text<'a>(record: &'a Value, field: &str) -> Option<&'a str> {
    record.get(field).and_then(Value::as_str)
}

/// Hand-written records in the corpus name calls that AWS does not have; they are less than one in fifty of the pairs.
#[test]
fn public_records_map_or_are_listed_as_no_request() {
    let Some(folder) = logs() else { return };
    let mut outcomes: BTreeMap<(String, String), BTreeMap<&str, usize>> = BTreeMap::new();
    let seen = each_record(&folder, &mut |record| {
        let (source, name) =
            (text(record, "eventSource").unwrap_or(""), text(record, "eventName").unwrap_or(""));
        let call = Call {
            source,
            name,
            kind: text(record, "eventType"),
            parameters: record.get("requestParameters").filter(|value| value.is_object()).map(Noted::from),
        };
        let outcome = match map(&call) {
            Mapping::Actions(..) => "actions",
            Mapping::NotRequest(_) => "no request",
            Mapping::Unknown(_) => "unknown",
        };
        *outcomes.entry((source.to_owned(), name.to_owned())).or_default().entry(outcome).or_default() += 1;
    });
    let records = |wanted: &str| -> usize { outcomes.values().filter_map(|counts| counts.get(wanted)).sum() };
    let pairs = |wanted: &str| outcomes.values().filter(|counts| counts.contains_key(wanted)).count();
    println!("{seen} records, {} pairs", outcomes.len());
    for outcome in ["actions", "no request", "unknown"] {
        println!("{outcome}: {} records, {} pairs", records(outcome), pairs(outcome));
    }
    for ((source, name), counts) in &outcomes {
        if counts.contains_key("unknown") {
            println!("unknown: {source} {name}");
        }
    }
    assert!(seen > 4_000, "{seen} records under {}", folder.display());
    assert!(pairs("unknown") * 50 < outcomes.len());
    assert!(records("unknown") * 100 < seen);
}

/// What is found without the record's `resources` is held against them, by action and type.
#[test]
fn resources_of_public_records_agree_with_what_is_logged() {
    let Some(folder) = logs() else { return };
    let mut agreements: BTreeMap<(&str, &str), [usize; 3]> = BTreeMap::new();
    each_record(&folder, &mut |record| {
        let Some(logged) = record.get("resources").filter(|logged| logged.is_array()) else { return };
        let (source, name) =
            (text(record, "eventSource").unwrap_or(""), text(record, "eventName").unwrap_or(""));
        let parameters = record.get("requestParameters").filter(|value| value.is_object()).map(Noted::from);
        let call = Call { source, name, kind: text(record, "eventType"), parameters };
        let Mapping::Actions(actions, _) = map(&call) else { return };
        let account = text(record, "recipientAccountId")
            .or_else(|| record.pointer("/userIdentity/accountId")?.as_str());
        let place = Place {
            partition: "aws",
            region: text(record, "awsRegion").unwrap_or(""),
            account: account.unwrap_or(""),
        };
        let response = record.get("responseElements").filter(|value| value.is_object());
        let told = Evidence { event: name, place, parameters, response, resources: Some(logged) };
        let untold = Evidence { resources: None, ..told };
        for mapped in actions.iter().filter(|mapped| mapped.presence == Presence::Certain) {
            let wanted = resources_of(mapped.action, &told);
            let found = resources_of(mapped.action, &untold);
            for wanted in wanted.iter().filter(|resource| resource.source == Source::Logged) {
                let same_kind = || found.iter().filter(|found| found.kind == wanted.kind);
                let place = if same_kind()
                    .any(|found| found.arn == wanted.arn && found.certainty == Certainty::Exact)
                {
                    0
                } else if same_kind().any(|found| matches(&found.arn, &wanted.arn)) {
                    1
                } else if parameters.is_none() {
                    continue;
                } else {
                    println!("{source} {name}: {} but {found:?} of {parameters:?}", wanted.arn);
                    2
                };
                agreements.entry((mapped.action.service, wanted.kind.unwrap_or("*"))).or_default()[place] +=
                    1;
            }
        }
    });
    let mut sum = [0; 3];
    for ((service, kind), counts) in &agreements {
        println!(
            "{service} {kind}: {} exact, {} by a pattern or without path, {} differ",
            counts[0], counts[1], counts[2]
        );
        for (sum, count) in sum.iter_mut().zip(counts) {
            *sum += count;
        }
    }
    println!("all: {sum:?}");
    assert!(sum[0] + sum[1] > 1_000);
    assert!(sum[2] * 50 < sum[0]);
}

/// What AWS itself says it refused is among the actions that the event is mapped to.
#[test]
fn denied_public_records_state_the_action_that_they_map_to() {
    let Some(folder) = logs() else { return };
    let (mut agreed, mut derived, mut differ) = (0, 0, 0);
    each_record(&folder, &mut |record| {
        let Some(stated) = text(record, "errorMessage").and_then(|message| Denial::parse(message).action)
        else {
            return;
        };
        let call = Call {
            source: text(record, "eventSource").unwrap_or(""),
            name: text(record, "eventName").unwrap_or(""),
            kind: text(record, "eventType"),
            parameters: record.get("requestParameters").filter(|value| value.is_object()).map(Noted::from),
        };
        let mapping = map(&call);
        let Mapping::Actions(actions, _) = &mapping else {
            println!("{} {} states {stated}, is {mapping:?}", call.source, call.name);
            differ += 1;
            return;
        };
        let is_stated = |name: &str| name.eq_ignore_ascii_case(stated);
        if actions.iter().any(|mapped| is_stated(&mapped.action.full_name())) {
            agreed += 1;
        } else if actions.iter().any(|mapped| mapped.action.dependents.iter().any(|name| is_stated(name))) {
            derived += 1;
        } else {
            println!("{} {} states {stated}", call.source, call.name);
            differ += 1;
        }
    });
    println!("stated actions: {agreed} agree, {derived} are derived, {differ} differ");
    assert!(agreed > 100);
    assert!(differ * 20 < agreed);
}
