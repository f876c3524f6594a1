//! Public records, where they are at hand: `BACKTRAIL_CORPUS` names the folder that holds `logs`. Without it this
//! checks nothing, for the records are not ours to ship.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::Instant;

use super::logged::Logged;
use crate::aws::{Arn, Denial, is_denied};
use crate::catalog::tests::corpus::{each_record, logs};
use crate::catalog::{catalog, matches};
use crate::policy::Resource;
use crate::replay::request::{Asked, Reading, needs_response, requests, requests_unstated};
use crate::replay::{Fields, Parsed, Record, fields_of_request};

pub(super) fn every() -> Option<Vec<Logged>> {
    let mut all = Vec::new();
    each_record(&logs()?, &mut |record| all.push(Logged::of(record)));
    assert!(all.len() > 4_000, "{} records", all.len());
    Some(all)
}

/// The ARN without its account: those who publish records replace accounts, and not everywhere by the same one.
fn without_account(arn: &str) -> String {
    match Arn::parse(arn) {
        Some(parsed) => [parsed.partition, parsed.service, parsed.region, parsed.resource].join(" "),
        None => arn.to_owned(),
    }
}

/// Whether AWS states our resource: itself, or with `*` for the id. So it does where it does not find what was named, and
/// those who publish records replace names.
fn is_stated(ours: &str, stated: &str) -> bool {
    let (ours, stated) = (without_account(ours), without_account(stated));
    ours == stated || stated.ends_with('*') && matches(&stated, &ours)
}

/// How our own requests compare with what AWS states of a denied call, by kind.
#[derive(Default)]
struct Tally(BTreeMap<String, (usize, usize, Vec<String>)>);

impl Tally {
    fn count(&mut self, kind: String, agrees: bool, miss: impl FnOnce() -> String) {
        let (hits, all, misses) = self.0.entry(kind).or_default();
        *all += 1;
        if agrees { *hits += 1 } else { misses.push(miss()) }
    }

    /// Prints the table; gives hits and all.
    fn sum(&self, title: &str) -> (usize, usize) {
        println!("== {title}");
        for (kind, (hits, all, misses)) in &self.0 {
            println!("{kind}: {hits} of {all}");
            for miss in misses {
                println!("    {miss}");
            }
        }
        let sum = self.0.values().fold((0, 0), |(hits, all), kind| (hits + kind.0, all + kind.1));
        println!("all: {} of {}", sum.0, sum.1);
        sum
    }
}

#[test]
fn our_own_reading_of_denied_public_records_holds_what_aws_states() {
    let Some(all) = every() else { return };
    let [mut actions, mut resources, mut untold, mut unlisted] = std::array::from_fn(|_| Tally::default());
    for logged in &all {
        let record = logged.record();
        if !record.error_code.is_some_and(is_denied) {
            continue;
        }
        let denial = record.error_message.map(Denial::parse).unwrap_or_default();
        let Some(action) = denial.action else { continue };
        // Some records are written by hand.
        let Some(known) = catalog().action(action) else {
            println!("{} states {action}, which AWS does not have", record.event_name.unwrap_or(""));
            continue;
        };
        let own = match requests_unstated(&record, &logged.parsed(), None) {
            Reading::Requests(asked) => asked,
            Reading::NotRequest(_) | Reading::Unmapped(_) => Vec::new(),
        };
        let of_action: Vec<&Asked> =
            own.iter().filter(|asked| asked.action.eq_ignore_ascii_case(action)).collect();
        let call = format!("{} {}", record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        actions.count(call.clone(), !of_action.is_empty(), || format!("states {action}"));
        let Some(arn) = denial.resource.filter(|words| Arn::parse(words).is_some()) else { continue };
        let agrees = of_action.iter().any(|asked| is_stated(&asked.shown, arn));
        let shown: Vec<&str> = of_action.iter().map(|asked| asked.shown.as_str()).collect();
        let is_told = record.request_parameters.is_some() || record.resources.is_some();
        // Some messages state what AWS's reference does not list for the action, as `*/*`.
        let is_listed = known.resources.iter().any(|own| own.kind.arn.matches(arn));
        let table = match (is_listed, is_told) {
            (false, _) => &mut unlisted,
            (true, true) => &mut resources,
            (true, false) => &mut untold,
        };
        let miss = || format!("states {arn}, ours {shown:?} of {:?}", record.request_parameters);
        table.count(call, agrees, miss);

        let Reading::Requests(asked) = requests(&record, &logged.parsed(), None) else {
            panic!("{record:?}")
        };
        assert!(asked[0].action.eq_ignore_ascii_case(action));
        assert_eq!(asked[0].resource, Resource::Named(arn.to_owned()));
    }
    let (hits, stated) = actions.sum("actions");
    assert!(stated > 200 && hits * 100 >= stated * 99, "{hits} of {stated}");
    let (hits, stated) = resources.sum("resources, of records that tell any");
    assert!(stated > 10 && hits * 100 >= stated * 95, "{hits} of {stated}");
    untold.sum("resources, of records that tell none");
    unlisted.sum("resources that the action does not take, as AWS lists them");
}

/// The columns that are not read are left out, and so is the response where it changes nothing.
#[test]
fn public_records_read_the_same_from_the_listed_columns() {
    let Some(all) = every() else { return };
    let (mut without, mut again) = (0, 0);
    for logged in &all {
        let record = logged.record();
        let whole = requests(&record, &logged.parsed(), None);
        let fields = fields_of_request(record.event_source.unwrap(), record.event_name.unwrap_or(""));
        let narrow = narrowed(&record, fields);
        assert_eq!(requests(&narrow, &Parsed::of(&narrow), None), whole);
        let narrow = Record { response_elements: None, ..narrow };
        let first = requests(&narrow, &Parsed::of(&narrow), None);
        if needs_response(&first) {
            again += 1;
        } else {
            assert_eq!(first, whole, "{record:?}");
        }
        without += usize::from(!fields.has(crate::replay::Field::ResponseElements));
    }
    println!("{} records; {without} never read the response, {again} are read again with it", all.len());
}

/// The record with the columns of the set only.
fn narrowed<'a>(record: &Record<'a>, fields: Fields) -> Record<'a> {
    use crate::replay::Field;
    let only = |field: Field| record.text(field).filter(|_| fields.has(field));
    Record {
        account: only(Field::Account),
        event_source: only(Field::EventSource),
        event_name: only(Field::EventName),
        event_type: only(Field::EventType),
        aws_region: only(Field::AwsRegion),
        error_code: only(Field::ErrorCode),
        error_message: only(Field::ErrorMessage),
        recipient_account_id: only(Field::RecipientAccountId),
        identity_type: only(Field::IdentityType),
        identity_arn: only(Field::IdentityArn),
        identity_account_id: only(Field::IdentityAccountId),
        session_issuer_arn: only(Field::SessionIssuerArn),
        session_issuer_account_id: only(Field::SessionIssuerAccountId),
        request_parameters: only(Field::RequestParameters),
        response_elements: only(Field::ResponseElements),
        resources: only(Field::Resources),
        ..Record::default()
    }
}

/// Seconds that this thread has run, where the system tells; else of the clock, which other work disturbs.
fn seconds(start: Instant) -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|text| text.split(' ').next()?.parse::<f64>().ok());
    nanoseconds.map_or_else(|| start.elapsed().as_secs_f64(), |nanoseconds| nanoseconds / 1e9)
}

/// Prints how many records a second are read, with the columns parsed that are read.
#[test]
fn public_records_are_read_quickly() {
    let Some(all) = every() else { return };
    let records: Vec<Record<'_>> = all.iter().map(Logged::record).collect();
    let mut fields = std::collections::HashMap::new();
    for record in &records {
        let pair = (record.event_source.unwrap(), record.event_name.unwrap_or(""));
        fields.entry(pair).or_insert_with(|| fields_of_request(pair.0, pair.1));
    }
    let narrow: Vec<Record<'_>> = records
        .iter()
        .map(|record| {
            let pair = (record.event_source.unwrap(), record.event_name.unwrap_or(""));
            Record { response_elements: None, ..narrowed(record, fields[&pair]) }
        })
        .collect();
    let (rounds, start) = (20, Instant::now());
    let time = |name: &str, run: &dyn Fn(&Record<'_>)| {
        let before = seconds(start);
        for _ in 0..rounds {
            narrow.iter().for_each(run);
        }
        let count = f64::from(rounds) * narrow.len() as f64;
        println!("{name}: {:.0} records/s", count / (seconds(start) - before));
    };
    time("parse", &|record| {
        black_box(Parsed::of(record));
    });
    time("parse and read", &|record| {
        let parsed = Parsed::of(record);
        black_box(requests(record, &parsed, None));
    });
    let mut by_source: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for record in &narrow {
        let before = seconds(start);
        for _ in 0..rounds {
            let parsed = Parsed::of(record);
            black_box(requests(record, &parsed, None));
        }
        let slot = by_source.entry(record.event_source.unwrap()).or_default();
        slot.0 += (seconds(start) - before) / f64::from(rounds);
        slot.1 += 1;
    }
    let mut by_source: Vec<_> = by_source.into_iter().collect();
    by_source.sort_by(|left, right| right.1.0.total_cmp(&left.1.0));
    for (source, (seconds, count)) in by_source.into_iter().take(12) {
        println!("{source}: {count} records, {:.2} µs each", seconds * 1e6 / count as f64);
    }
}
