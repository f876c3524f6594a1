//! The screen of hand-made surveys.

mod any;
mod days;
mod hours;
mod logging;
mod screen;
mod unseen;

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, Timelike, Utc};

use super::{CoverageOptions, text};
use crate::inquiry::{AccountSurvey, RegionSurvey, Survey};
use crate::investigate::{Caller, Evidence, Gap, LoggingEvent, Span, Time};
use crate::report::Style;

const STYLE: Style = Style { unicode: true, wide: false, width: 80 };
const ASCII: Style = Style { unicode: false, ..STYLE };
const FLAG: &str = "--lake lake/";

fn time(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

/// `2026-03-09 08`, the beginning of an hour.
fn hour(text: &str) -> DateTime<Utc> {
    time(&format!("{text}:00:00Z"))
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn span(calls: u64, first: &str, last: &str) -> Span {
    Span { calls, first: Some(Time(time(first))), last: Some(Time(time(last))) }
}

/// A survey of these events: account, region, time, how many.
fn survey(events: &[(&str, &str, DateTime<Utc>, u64)]) -> Survey {
    let mut accounts: BTreeMap<&str, AccountSurvey> = BTreeMap::new();
    let mut regions: BTreeMap<(&str, &str), RegionSurvey> = BTreeMap::new();
    let mut whole = Span::default();
    for (account, region, at, calls) in events {
        let own = Span { calls: *calls, first: Some(Time(*at)), last: Some(Time(*at)) };
        whole.merge(&own);
        let of = accounts.entry(account).or_default();
        of.events.merge(&own);
        of.hours.entry(at.date_naive()).or_default()[usize::try_from(at.hour()).unwrap()] += calls;
        let region = regions.entry((account, region)).or_default();
        region.events.merge(&own);
        *region.days.entry(at.date_naive()).or_default() += calls;
    }
    for ((account, name), region) in regions {
        accounts.get_mut(account).unwrap().regions.push(RegionSurvey { region: name.to_owned(), ..region });
    }
    for (name, account) in &mut accounts {
        account.account = (*name).to_owned();
        account.regions.sort_by_key(|region| std::cmp::Reverse(region.events.calls));
        account.gaps = gaps(account);
    }
    Survey {
        whole,
        categories: BTreeMap::from([("Management".to_owned(), whole.calls)]),
        read_only_events: 1,
        speakers: vec![("users".to_owned(), whole.calls)],
        records_read: whole.calls,
        accounts: accounts.into_values().collect(),
        ..Survey::default()
    }
}

fn gaps(account: &AccountSurvey) -> Vec<Gap> {
    let mut held = Vec::new();
    for (day, counts) in &account.hours {
        for (at, _) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
            held.push(day.and_hms_opt(u32::try_from(at).unwrap(), 0, 0).unwrap().and_utc());
        }
    }
    let next = |at: DateTime<Utc>| at + chrono::TimeDelta::hours(1);
    held.windows(2)
        .filter(|pair| next(pair[0]) < pair[1])
        .map(|pair| Gap { from: Time(next(pair[0])), to: Time(pair[1]) })
        .collect()
}

/// One account with events in one region at these hours.
fn one(hours: &[&str]) -> Survey {
    let events: Vec<_> = hours.iter().map(|at| ("111122223333", "us-east-1", hour(at), 1)).collect();
    survey(&events)
}

fn user(name: &str, address: &str) -> Caller {
    Caller {
        identity_type: Some("IAMUser".to_owned()),
        identity: Some(format!("arn:aws:iam::111122223333:user/{name}")),
        access_key_id: Some("AKIAEXAMPLEEXAMPLE01".to_owned()),
        service: None,
        address: Some(address.to_owned()),
    }
}

fn change(at: &str, name: &str, target: &str, by: &Caller) -> LoggingEvent {
    LoggingEvent {
        evidence: Evidence {
            at: Time(time(at)),
            event_name: name.to_owned(),
            event_id: None,
            object: "a".to_owned(),
            record_index: 0,
        },
        target: (!target.is_empty()).then(|| target.to_owned()),
        by: by.clone(),
    }
}

fn shown(survey: &Survey) -> String {
    text(survey, &CoverageOptions::default(), FLAG, STYLE)
}

fn shown_all(survey: &Survey) -> String {
    text(survey, &CoverageOptions { all: true, ..CoverageOptions::default() }, FLAG, STYLE)
}

/// The lines of the section with this heading.
fn section<'a>(screen: &'a str, heading: &str) -> Vec<&'a str> {
    let behind = screen.lines().skip_while(|line| !line.starts_with(heading)).skip(1);
    let lines: Vec<&str> = behind.take_while(|line| !line.is_empty() && !line.starts_with("next:")).collect();
    assert!(!lines.is_empty(), "no `{heading}` in\n{screen}");
    lines
}

#[track_caller]
fn assert_has(screen: &str, expected: &str) {
    assert!(screen.contains(expected), "expected `{expected}`, found\n{screen}");
}

#[track_caller]
fn assert_lacks(screen: &str, unexpected: &str) {
    assert!(!screen.contains(unexpected), "unexpected `{unexpected}` in\n{screen}");
}
