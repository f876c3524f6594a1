//! What these logs cannot show.

use super::*;
use chrono::TimeDelta;

const TITLE: &str = "What these logs cannot show";

fn unseen(survey: &Survey) -> String {
    section(&shown(survey), TITLE).join("\n")
}

/// Ten days with data events of S3 from one time to another.
fn with_data(first: &str, last: &str) -> Survey {
    let mut survey = one(&["2026-03-01T00", "2026-03-10T23"]);
    survey.categories.insert("Data".to_owned(), 7);
    survey.data_sources.insert("s3.amazonaws.com".to_owned(), span(7, first, last));
    survey
}

#[test]
fn logs_without_data_events_cannot_show_any() {
    let screen = shown(&one(&["2026-03-09T08"]));
    assert_has(&screen, "  data events  none\n");
    assert_has(&screen, "  writes: these logs have no data events\n");
}

#[test]
fn data_events_that_begin_late_are_missing_before() {
    let survey = with_data("2026-03-01T01:00:00Z", "2026-03-10T23:00:00Z");
    assert_has(&unseen(&survey), "? S3 object reads, writes and deletes before 2026-03-01 01:00:00Z\n");
    let survey = with_data("2026-03-01T00:59:59Z", "2026-03-10T23:00:00Z");
    assert_lacks(&unseen(&survey), "S3 object");
}

#[test]
fn data_events_that_end_early_are_missing_after() {
    let survey = with_data("2026-03-01T00:00:00Z", "2026-03-09T23:00:00Z");
    assert_has(&unseen(&survey), "? S3 object reads, writes and deletes after 2026-03-09 23:00:00Z\n");
    let survey = with_data("2026-03-04T00:00:00Z", "2026-03-05T00:00:00Z");
    assert_has(&unseen(&survey), "before 2026-03-04 00:00:00Z, after\n  2026-03-05 00:00:00Z\n");
    let survey = with_data("2026-03-04T00:00:00Z", "2026-03-04T00:00:00Z");
    assert_has(&unseen(&survey), "deletes, but for 2026-03-04 00:00:00Z\n");
}

#[test]
fn services_without_data_events_are_named() {
    let mut survey = with_data("2026-03-01T00:00:00Z", "2026-03-10T23:00:00Z");
    assert_has(
        &unseen(&survey),
        "? Lambda calls, DynamoDB item reads and writes, data events of services other\n  than s3\n",
    );
    let whole = survey.whole;
    survey.data_sources.insert("lambda.amazonaws.com".to_owned(), whole);
    assert_has(
        &unseen(&survey),
        "? DynamoDB item reads and writes, data events of services other than lambda, s3\n",
    );
    assert_has(
        &shown(&survey),
        "  data events  7 (78 %): S3 objects 7, first 2026-03-01 00:00:00Z; Lambda calls",
    );
}

#[test]
fn a_trail_of_writes_only_is_told() {
    let survey = Survey { read_only_events: 0, ..one(&["2026-03-09T08"]) };
    assert_has(&unseen(&survey), "? calls that only read, AssumeRole among them:");
    assert_lacks(&unseen(&one(&["2026-03-09T08"])), "only read");
}

#[test]
fn logs_of_data_events_only_are_told() {
    let mut survey = with_data("2026-03-01T00:00:00Z", "2026-03-10T23:00:00Z");
    survey.categories.remove("Management");
    survey.read_only_events = 0;
    assert_has(&unseen(&survey), "? management events: none is in these logs\n");
    assert_lacks(&unseen(&survey), "only read");
}

#[test]
fn the_ends_of_the_logs_are_said() {
    let survey = one(&["2026-03-09T08", "2026-03-09T09"]);
    assert_has(&unseen(&survey), "? before 2026-03-09 08:00:00Z; after 09:00:00Z");
}

#[test]
fn many_regions_are_counted() {
    let names: Vec<String> = (1..=5).map(|number| format!("eu-west-{number}")).collect();
    let at = hour("2026-03-09T08");
    let survey = survey(&names.iter().map(|name| ("111122223333", name.as_str(), at, 1)).collect::<Vec<_>>());
    assert_has(&unseen(&survey), "? regions other than the 5 above: not logged, or not used");
    assert_has(
        &shown_all(&survey),
        "? regions other than eu-west-1, eu-west-2, eu-west-3, eu-west-4, eu-west-5: not\n",
    );
}

#[test]
fn late_regions_are_said_together() {
    let first = hour("2026-03-01T08");
    let names: Vec<String> = (1..=6).map(|number| format!("eu-west-{number}")).collect();
    let mut events = vec![("111122223333", "us-east-1", first, 5)];
    for (number, name) in (2..).zip(&names) {
        events.push(("111122223333", name, first + TimeDelta::days(number), 5));
    }
    assert_has(
        &unseen(&survey(&events)),
        "? eu-west-1, eu-west-2, eu-west-3, eu-west-4, 2 more before 2026-03-03\n  08:00:00Z: not logged then, or not used\n",
    );
}

#[test]
fn accounts_with_the_same_regions_are_one_statement() {
    let at = hour("2026-03-09T08");
    let survey = survey(&[("111122223333", "us-east-1", at, 1), ("444455556666", "us-east-1", at, 1)]);
    assert_has(&unseen(&survey), "? regions other than us-east-1: not logged, or not used\n");
    assert_eq!(unseen(&survey).matches("regions other").count(), 1);
}

#[test]
fn what_was_refused_cannot_be_shown() {
    let survey = Survey { refused: 1, refused_objects: 1, ..one(&["2026-03-09T08"]) };
    assert_has(&unseen(&survey), "? what could not be read: 1 entry in 1 object");
    assert_lacks(&unseen(&one(&["2026-03-09T08"])), "could not be read");
}

#[test]
fn data_events_of_one_account_are_not_taken_for_those_of_all() {
    let at = hour("2026-03-09T08");
    let mut survey = survey(&[("111122223333", "us-east-1", at, 1), ("444455556666", "us-east-1", at, 1)]);
    assert_lacks(&unseen(&survey), "of some of the accounts");
    survey.categories.insert("Data".to_owned(), 1);
    survey.data_sources.insert("s3.amazonaws.com".to_owned(), Span { calls: 1, ..survey.whole });
    assert_has(
        &unseen(&survey),
        "? data events of some of the accounts: `backtrail query coverage-days` tells",
    );
}
