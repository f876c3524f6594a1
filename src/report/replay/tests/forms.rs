//! The answer as JSON and as rows.

use std::collections::BTreeSet;

use super::*;

#[test]
fn json_is_the_answer_with_a_schema() {
    let replay = full();
    let value: serde_json::Value = serde_json::from_str(&json(&replay).unwrap()).unwrap();
    assert_eq!(value["schema"], 1);
    let mut answer = value.clone();
    answer.as_object_mut().unwrap().remove("schema");
    assert_eq!(answer, serde_json::to_value(&replay).unwrap());
    let members: Vec<&str> = value.as_object().unwrap().keys().map(String::as_str).collect();
    let documented = [
        "accounts",
        "agreements",
        "copies",
        "disagreements",
        "events",
        "first",
        "groups",
        "lacks",
        "last",
        "limits",
        "not_comparable",
        "proposal",
        "requests",
        "schema",
        "snapshot",
        "statements",
        "verdicts",
    ];
    assert_eq!(BTreeSet::from_iter(members), BTreeSet::from(documented));
    assert_eq!(value["groups"][0]["decided"][0]["kind"], "identity");
    assert_eq!(value["proposal"]["groups"][0]["change"], "broken");
}

/// The cells of rows without quotes inside quotes.
fn cells(line: &str) -> Vec<String> {
    let mut cells = vec![String::new()];
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => quoted = !quoted,
            ',' if !quoted => cells.push(String::new()),
            _ => cells.last_mut().unwrap().push(c),
        }
    }
    cells
}

/// Rows as cells, and the place of a column.
fn rows(csv: &str) -> (Vec<Vec<String>>, impl Fn(&str) -> usize + use<>) {
    let mut lines = csv.split_terminator("\r\n").map(cells);
    let header = lines.next().unwrap();
    (lines.collect(), move |name: &str| header.iter().position(|one| one == name).unwrap())
}

#[test]
fn rows_are_groups_and_changes_under_one_heading() {
    let replay = full();
    let (all, at) = rows(&csv(&replay, None));
    assert_eq!(all.len(), replay.groups.len() + proposal().groups.len());
    for row in &all {
        assert_eq!(row.len(), 28, "{row:?}");
        assert_eq!(row[at("verdict")].is_empty(), row[at("row")] != "group");
        assert_eq!(row[at("change")].is_empty(), row[at("row")] != "change");
    }
    let events: u64 = all
        .iter()
        .filter(|row| row[at("row")] == "group")
        .map(|row| row[at("events")].parse::<u64>().unwrap())
        .sum();
    assert_eq!(events, replay.groups.iter().map(|group| group.seen.events).sum::<u64>());
}

#[test]
fn a_row_of_a_change_has_all_that_a_reviewer_filters_by() {
    let csv = csv(&full(), Some(Show::Broken));
    assert_eq!(csv.split_terminator("\r\n").nth(1).unwrap(), include_str!("screens/change.csv").trim_end());
}

#[test]
fn a_row_of_a_group_has_what_decided_it() {
    let csv = csv(&full(), Some(Show::NowAllowed));
    assert_eq!(csv.split_terminator("\r\n").nth(1).unwrap(), include_str!("screens/group.csv").trim_end());
}

#[test]
fn the_heading_is_the_same_whatever_is_shown() {
    let heading = |csv: &str| csv.split_terminator("\r\n").next().unwrap().to_owned();
    let whole = heading(&csv(&full(), None));
    assert_eq!(heading(&csv(&empty(), None)), whole);
    let kinds = [
        (Show::NowDenied, "group", 2),
        (Show::NowAllowed, "group", 1),
        (Show::Undetermined, "group", 1),
        (Show::Same, "group", 1),
        (Show::NotARequest, "group", 1),
        (Show::Broken, "change", 4),
        (Show::Opened, "change", 1),
        (Show::Disagreements, "disagreement", 1),
        (Show::Statements, "statement", 5),
        (Show::Limits, "limit", 2),
    ];
    assert_eq!(kinds.len(), Show::ALL.len());
    for (show, kind, count) in kinds {
        let csv = csv(&full(), Some(show));
        assert_eq!(heading(&csv), whole);
        let (found, at) = rows(&csv);
        assert_eq!(found.len(), count, "{show:?}");
        assert!(found.iter().all(|row| row[at("row")] == kind && row.len() == 28), "{show:?}");
    }
}

#[test]
fn a_statement_that_never_matched_has_zeros() {
    let (found, at) = rows(&csv(&full(), Some(Show::Statements)));
    let silent = found.iter().find(|row| row[at("policy")] == "legacy").unwrap();
    let counts = ["events", "matched", "may_match", "last"].map(|name| silent[at(name)].as_str());
    assert_eq!(counts, ["0", "0", "0", ""]);
}
