//! What these logs cannot show: computed from what they hold.

use std::collections::BTreeMap;

use chrono::TimeDelta;

use super::content::{self, service};
use super::days::{is_late, region_name, went_silent};
use super::{Page, Screen, UNNAMED, hours, trail};
use crate::inquiry::{AccountSurvey, RegionSurvey};
use crate::investigate::{Gap, Span, Time};
use crate::report::{Mark, figure, section};

/// So many things of one kind are named.
const NAMED_MAX: usize = 4;
/// So many services are looked at for when their data events begin and end.
const SOURCES_MAX: usize = 8;
/// Data events that begin so long after the logs do are said to begin late.
const DATA_LATE: TimeDelta = TimeDelta::hours(1);
/// Data events that end so long before the logs do are said to have ended.
const DATA_ENDED: TimeDelta = TimeDelta::days(1);
/// The kinds of data events that people ask for first.
const ASKED_FOR: [&str; 3] = ["s3.amazonaws.com", "lambda.amazonaws.com", "dynamodb.amazonaws.com"];
/// Writes the section.
pub(super) fn section(page: &Page<'_>, screen: &mut Screen) {
    let (off, more_off) = trail::switched_off(page);
    let mut items: Vec<(Mark, String)> = Vec::new();
    let mut claim = |words: String| items.push((Mark::Claim, words));
    data_events(page).into_iter().for_each(&mut claim);
    kinds(page).into_iter().for_each(&mut claim);
    places(page).into_iter().for_each(&mut claim);
    regions(page).into_iter().for_each(&mut claim);
    ends(page).into_iter().for_each(&mut claim);
    holes(page).into_iter().for_each(&mut claim);
    if page.survey.refused > 0 {
        claim(format!("what could not be read: {}", content::refused(page)));
    }
    items.extend(off.into_iter().map(|words| (Mark::Look, words)));
    screen.push("\n");
    screen.push(&section::heading("What these logs cannot show", "", page.style));
    for (mark, words) in items {
        screen.push(&section::item(mark, &words, page.style));
    }
    if more_off > 0 {
        screen.fold(
            &format!("{} switched off or deleted", figure::counted(more_off, "more trail", "more trails")),
            page,
        );
    }
}

/// Data events that are missing, begin late or end early.
fn data_events(page: &Page<'_>) -> Vec<String> {
    let survey = page.survey;
    if survey.categories.get("Data").copied().unwrap_or(0) == 0 {
        let asked: Vec<&str> = ASKED_FOR.iter().map(|source| activity(source)).collect();
        return vec![format!("{}: these logs have no data events", asked.join(", "))];
    }
    let mut said = Vec::new();
    for (source, span) in survey.data_sources.iter().take(SOURCES_MAX) {
        let what = match activity(source) {
            "" => format!("data events of {}", content::objects(source, page)),
            known => known.to_owned(),
        };
        match (begins_late(*span, survey.whole), ends_early(*span, survey.whole)) {
            (Some(first), Some(last)) if first == last => said.push(format!("{what}, but for {}", at(first))),
            (Some(first), Some(last)) => {
                said.push(format!("{what} before {}, after {}", at(first), at(last)));
            }
            (Some(first), None) => said.push(format!("{what} before {}", at(first))),
            (None, Some(last)) => said.push(format!("{what} after {}", at(last))),
            (None, None) => {}
        }
    }
    let missing = ASKED_FOR.iter().filter(|source| !survey.data_sources.contains_key(**source));
    let mut missing: Vec<String> = missing.map(|source| activity(source).to_owned()).collect();
    let sources: Vec<&str> = survey.data_sources.keys().map(|source| service(source)).collect();
    missing.push(match sources.len() {
        0 => "data events of any service named".to_owned(),
        few if few <= NAMED_MAX => {
            let sources: Vec<String> = sources.iter().map(|source| page.cut(source, 40)).collect();
            format!("data events of services other than {}", sources.join(", "))
        }
        many => format!("data events of services other than the {many} above"),
    });
    said.push(missing.join(", "));
    if survey.accounts.len() > 1 {
        let words = "data events of some of the accounts: `backtrail query coverage-days` tells of which there are any";
        said.push(words.to_owned());
    }
    said
}

/// What the data events of a service tell of; empty for services without words of their own.
fn activity(source: &str) -> &'static str {
    match service(source) {
        "s3" => "S3 object reads, writes and deletes",
        "lambda" => "Lambda calls",
        "dynamodb" => "DynamoDB item reads and writes",
        _ => "",
    }
}

fn begins_late(span: Span, whole: Span) -> Option<Time> {
    let (first, start) = span.first.zip(whole.first)?;
    (first.0 - start.0 >= DATA_LATE).then_some(first)
}

fn ends_early(span: Span, whole: Span) -> Option<Time> {
    let (last, end) = span.last.zip(whole.last)?;
    (end.0 - last.0 >= DATA_ENDED).then_some(last)
}

/// Kinds of management events that are missing.
fn kinds(page: &Page<'_>) -> Vec<String> {
    let survey = page.survey;
    let management = survey.categories.get("Management").copied().unwrap_or(0);
    if management == 0 {
        return vec!["management events: none is in these logs".to_owned()];
    }
    if survey.read_only_events == 0 {
        return vec![
            "calls that only read, AssumeRole among them: no management event says that it only reads \
             (a trail may log writes only)"
                .to_owned(),
        ];
    }
    Vec::new()
}

/// Accounts and regions without any event.
fn places(page: &Page<'_>) -> Vec<String> {
    let mut said = Vec::new();
    let accounts: Vec<&str> = page.survey.accounts.iter().map(name_of).collect();
    said.push(match accounts.as_slice() {
        few if few.len() <= NAMED_MAX => {
            let few: Vec<String> = few.iter().map(|account| page.cut(account, 40)).collect();
            format!("accounts other than {}", few.join(", "))
        }
        many => format!("accounts other than the {} above", many.len()),
    });
    // Accounts with the same regions are one statement.
    let mut by_regions: BTreeMap<Vec<&str>, Vec<&str>> = BTreeMap::new();
    for account in &page.survey.accounts {
        let mut regions: Vec<&str> = account.regions.iter().map(region_name).collect();
        regions.sort_unstable();
        by_regions.entry(regions).or_default().push(name_of(account));
    }
    let several = by_regions.len() > 1;
    if several && !page.details() {
        said.push("regions without an event, of each account: --all".to_owned());
        return said;
    }
    for (regions, accounts) in by_regions {
        let regions = match regions.as_slice() {
            few if few.len() <= NAMED_MAX || page.options.all => {
                let few: Vec<String> = few.iter().map(|region| page.cut(region, 20)).collect();
                format!("regions other than {}", few.join(", "))
            }
            many => format!("regions other than the {} above", many.len()),
        };
        let of = if several { format!(" of {}", few(&accounts, page)) } else { String::new() };
        said.push(format!("{regions}{of}: not logged, or not used"));
    }
    said
}

/// Regions that begin late or went silent, by account; of many accounts only how many there are.
fn regions(page: &Page<'_>) -> Vec<String> {
    let accounts = &page.survey.accounts;
    if page.details() {
        return accounts.iter().flat_map(|account| regions_of(account, page)).collect();
    }
    let count = |odd: fn(&AccountSurvey, &RegionSurvey) -> bool| {
        let of = accounts
            .iter()
            .map(|account| account.regions.iter().filter(|region| odd(account, region)).count());
        let of: Vec<usize> = of.filter(|regions| *regions > 0).collect();
        let regions = figure::counted(of.iter().sum::<usize>() as u64, "region", "regions");
        let accounts = figure::counted(of.len() as u64, "account", "accounts");
        (!of.is_empty()).then(|| format!("{regions} in {accounts}"))
    };
    let late = count(is_late)
        .map(|regions| format!("{regions} before their first event: not logged then, or not used"));
    let silent = count(went_silent)
        .map(|regions| format!("{regions} after their last event, which came every day until then"));
    late.into_iter().chain(silent).collect()
}

fn regions_of(account: &AccountSurvey, page: &Page<'_>) -> Vec<String> {
    let of = page.of(account);
    let mut said = Vec::new();
    let names = |regions: &[&RegionSurvey]| {
        let names: Vec<&str> = regions.iter().map(|region| region_name(region)).collect();
        few(&names, page)
    };
    let mut late: Vec<&RegionSurvey> =
        account.regions.iter().filter(|region| is_late(account, region)).collect();
    late.sort_by_key(|region| (region.events.first, &region.region));
    if let Some(first) = late.first().and_then(|region| region.events.first) {
        said.push(format!("{}{of} before {}: not logged then, or not used", names(&late), at(first)));
    }
    let mut silent: Vec<&RegionSurvey> =
        account.regions.iter().filter(|region| went_silent(account, region)).collect();
    silent.sort_by_key(|region| (std::cmp::Reverse(region.events.last), &region.region));
    if let Some(last) = silent.first().and_then(|region| region.events.last) {
        said.push(format!("{}{of} after {}: events every day until then", names(&silent), at(last)));
    }
    said
}

/// The ends of the logs, or of the window that was asked for.
fn ends(page: &Page<'_>) -> Option<String> {
    let (first, last) = page.survey.whole.first.zip(page.survey.whole.last)?;
    if page.is_windowed() {
        let range = figure::range(first.0, last.0, page.style);
        return Some(format!("anything outside of the window asked for; its events: {range}"));
    }
    let same_day = first.0.date_naive() == last.0.date_naive();
    let end = if same_day { format!("{}Z", figure::clock(last.0)) } else { at(last) };
    Some(format!("before {}; after {end}", at(first)))
}

/// Hours without any event, by account; of many accounts only how many there are.
fn holes(page: &Page<'_>) -> Vec<String> {
    let accounts = &page.survey.accounts;
    let found: Vec<(&AccountSurvey, Vec<Gap>)> = accounts
        .iter()
        .map(|account| (account, hours::holes(account)))
        .filter(|(_, holes)| !holes.is_empty())
        .collect();
    let ways = "no activity, or no logs of it";
    if page.details() || found.len() == 1 {
        return found
            .iter()
            .map(|(account, holes)| format!("{}: {ways}", holes_of(holes, &page.of(account), page)))
            .collect();
    }
    let all: usize = found.iter().map(|(_, holes)| holes.len()).sum();
    if all == 0 {
        return Vec::new();
    }
    vec![format!("{} holes in {} accounts: {ways}", figure::grouped(all as u64), found.len())]
}

fn holes_of(holes: &[Gap], of: &str, page: &Page<'_>) -> String {
    let Some(longest) = holes.first() else { return String::new() };
    let range = page.calendar.minutes(longest.from.0, longest.to.0);
    let length = figure::duration(hours::length(longest));
    match holes.len() {
        1 => format!("{range}{of}, {length}"),
        some => format!("{} holes{of}, the longest {length}, {range}", figure::grouped(some as u64)),
    }
}

pub(super) fn at(time: Time) -> String {
    figure::moment(time.0)
}

fn name_of(account: &AccountSurvey) -> &str {
    if account.account.is_empty() { UNNAMED } else { &account.account }
}

/// The first few names, and how many more there are.
fn few(names: &[&str], page: &Page<'_>) -> String {
    let shown = if page.options.all { names.len() } else { NAMED_MAX };
    let mut words: Vec<String> = names.iter().take(shown).map(|name| page.cut(name, 40)).collect();
    if let Some(more) = names.len().checked_sub(shown).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    words.join(", ")
}
