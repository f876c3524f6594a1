//! Facts about whose a row of the tree is.

use std::collections::BTreeSet;

use chrono::{DateTime, TimeDelta, Utc};

use super::Following;
use crate::inquiry::Window;
use crate::inquiry::trace::Held;
use crate::lineage::{Caller, CallerFields, Class, NodeKind, Proof};
use crate::query::EventRow;

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";
const LONG_KEY: &str = "AKIAI44QH8DHBEXAMPLE";

fn at(seconds: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

fn proof(seconds: i64) -> Proof {
    Proof {
        event_time: crate::aws::Time(at(seconds)),
        event_id: "e".into(),
        event_name: "AssumeRole".into(),
        account: None,
        region: None,
        object: "a.json.gz".into(),
        record_index: seconds,
    }
}

fn row(key: &'static str, created: Option<i64>, seconds: i64) -> EventRow<'static> {
    EventRow {
        event_time: at(seconds),
        account: Some("111122223333"),
        identity_type: Some("AssumedRole"),
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/x"),
        access_key_id: Some(key),
        session_created: created.map(at),
        ..EventRow::default()
    }
}

fn caller(row: &EventRow<'_>) -> Caller {
    Caller {
        identity_type: row.identity_type.map(str::to_owned),
        account: row.account.map(str::to_owned),
        access_key: row.access_key_id.map(str::to_owned),
        arn: row.identity_arn.map(str::to_owned),
        created: row.session_created,
        ..Caller::bare(row.caller_id().unwrap(), Class::Credential)
    }
}

fn held(kind: NodeKind, made: i64, callers: Vec<Caller>) -> Held {
    Held {
        kind,
        id: format!("{made}"),
        node: None,
        made: Some(proof(made)),
        folded: 1,
        workload: None,
        until: None,
        callers,
    }
}

fn following(held: &[Held]) -> Following {
    Following::below(held, &BTreeSet::new(), Window::default())
}

#[test]
fn a_key_id_that_is_given_out_again_counts_only_for_its_session() {
    let tree = following(&[held(NodeKind::Session, 0, vec![caller(&row(KEY, Some(0), 5))])]);
    assert_eq!(tree.line_of(&row(KEY, Some(0), 5)), Some(0));
    assert_eq!(tree.line_of(&row(KEY, Some(90_000), 90_005)), None, "another session");
    let days = TimeDelta::days(3).num_seconds();
    assert_eq!(tree.line_of(&row(KEY, Some(0), days)), None, "no session lives so long");
    assert_eq!(tree.line_of(&row(KEY, Some(0), -10)), None, "before it was made");
}

#[test]
fn a_key_without_a_known_session_is_bounded_by_its_making() {
    let tree = following(&[
        held(NodeKind::Session, 0, vec![caller(&row(KEY, None, 5))]),
        held(NodeKind::AccessKey, 10, vec![caller(&row(LONG_KEY, None, 5))]),
    ]);
    let days = TimeDelta::days(3).num_seconds();
    assert_eq!(tree.line_of(&row(KEY, None, 5)), Some(0));
    assert_eq!(tree.line_of(&row(KEY, None, days)), None);
    assert_eq!(tree.line_of(&row(LONG_KEY, None, days)), Some(1), "long-term keys do not end");
    assert_eq!(tree.line_of(&row(LONG_KEY, None, 5)), None, "not made yet");
}

#[test]
fn what_a_user_did_with_a_key_that_has_its_own_line_is_counted_there() {
    let key = caller(&row(LONG_KEY, None, 5));
    let other = caller(&row("AKIAIOSFODNN7EXAMPLE", None, 5));
    let tree = following(&[
        held(NodeKind::User, 0, vec![key.clone(), other]),
        held(NodeKind::AccessKey, 1, vec![key]),
    ]);
    assert_eq!(tree.line_of(&row(LONG_KEY, None, 5)), Some(1));
    assert_eq!(tree.line_of(&row("AKIAIOSFODNN7EXAMPLE", None, 5)), Some(0));
    assert_eq!(tree.follow.credentials(), 1, "a user is none");
}

#[test]
fn the_subject_itself_is_no_part_of_the_tree() {
    let own = caller(&row(KEY, Some(0), 5));
    let lines = [held(NodeKind::Session, 0, vec![own.clone()]), held(NodeKind::Session, 1, Vec::new())];
    let tree = Following::below(&lines, &BTreeSet::from([own.id]), Window::default());
    assert_eq!(tree.line_of(&row(KEY, Some(0), 5)), None);
    assert_eq!(tree.follow.below.len(), 1, "only the one that was never used");
    assert!(tree.filter().is_none());
}

#[test]
fn rows_outside_of_the_window_are_not_followed() {
    let lines = [held(NodeKind::Session, 0, vec![caller(&row(KEY, Some(0), 5))])];
    let window = Window { from: Some(at(10)), to: Some(at(20)) };
    let tree = Following::below(&lines, &BTreeSet::new(), window);
    let found: Vec<i64> =
        [5, 10, 19, 20].into_iter().filter(|s| tree.line_of(&row(KEY, Some(0), *s)).is_some()).collect();
    assert_eq!(found, [10, 19]);
}

#[test]
fn the_caller_of_a_row_is_the_caller_of_its_fields() {
    let fields = CallerFields {
        identity_type: Some("AssumedRole"),
        account: Some("111122223333"),
        access_key_id: Some(KEY),
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/x"),
        session_created_micros: Some(at(0).timestamp_micros()),
        ..CallerFields::default()
    };
    assert_eq!(row(KEY, Some(0), 5).caller_id(), fields.id());
}
