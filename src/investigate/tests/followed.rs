//! Who is behind the subject, and the tree below it.

use std::collections::BTreeSet;

use super::{KEY, by_other, iam, investigator, write};
use crate::investigate::{
    Behind, Coverage, Deeds, Follow, Followed, Investigation, Limits, Relation, Time, UnseenKind,
};
use crate::lineage::{Link, Node, NodeKind, Origin, OriginKind, Proof, Rule, TracedOrigin};
use crate::query::EventRow;

fn line(id: &str) -> Followed {
    Followed {
        kind: NodeKind::AccessKey,
        id: id.to_owned(),
        node: None,
        made: None,
        credentials: 1,
        workload: None,
        access_keys: BTreeSet::new(),
        deeds: Deeds::default(),
    }
}

const NEW_KEY: &str = "AKIAI44QH8DHBEXAMPLE";

fn create_key() -> EventRow<'static> {
    EventRow {
        response_elements: Some(r#"{"accessKey":{"accessKeyId":"AKIAI44QH8DHBEXAMPLE","userName":"bob"}}"#),
        issued_access_key_id: Some(NEW_KEY),
        ..iam(0, "CreateAccessKey", r#"{"userName":"bob"}"#)
    }
}

fn followed(own: &[EventRow<'_>], below: &[EventRow<'_>], related: &[EventRow<'_>]) -> Investigation {
    let mut investigator = investigator(Limits::default());
    investigator.follow(Follow { below: vec![line(NEW_KEY), line("unused")], ..Follow::default() });
    for row in own {
        investigator.push(row, Relation::Own);
    }
    for row in below {
        investigator.push(row, Relation::Followed(0));
    }
    for row in related {
        investigator.push(row, Relation::Related);
    }
    investigator.finish(Coverage::default())
}

#[test]
fn the_calls_of_the_tree_count_as_the_subjects_and_are_told_apart() {
    let below = [
        by_other(&iam(60, "CreateUser", r#"{"userName":"eve"}"#)),
        by_other(&EventRow { read_only: Some(true), ..write(70, "s3.amazonaws.com", "ListBuckets") }),
    ];
    let answer = followed(&[create_key()], &below, &[]);
    assert_eq!(answer.activity.total.calls, 3);
    assert!(answer.made.iter().any(|thing| thing.kind == "user" && thing.id == "eve"));
    let follow = answer.follow.unwrap();
    assert_eq!((follow.subject.counts.calls, follow.subject.counts.writes), (1, 1));
    let counts: Vec<u64> = follow.below.iter().map(|one| one.deeds.counts.calls).collect();
    assert_eq!(counts, [2, 0]);
    assert_eq!(follow.below[0].deeds.last, Some(Time(super::at(70))));
    assert_eq!(follow.below[0].access_keys, BTreeSet::from([NEW_KEY.to_owned()]));
    assert_eq!(follow.credentials(), 2);
}

#[test]
fn the_identity_card_stays_the_subjects() {
    let answer = followed(&[create_key()], &[by_other(&write(60, "s3.amazonaws.com", "PutObject"))], &[]);
    let keys: Vec<Option<&str>> = answer.subject.keys.iter().map(|key| key.id.as_deref()).collect();
    assert_eq!(keys, [Some(KEY)]);
    assert_eq!(answer.subject.arns.len(), 1);
}

#[test]
fn a_made_key_is_still_said_to_be_used_by_whoever_has_it() {
    let answer = followed(&[create_key()], &[by_other(&write(60, "s3.amazonaws.com", "PutObject"))], &[]);
    let used = answer.made.iter().find(|thing| thing.id == NEW_KEY).unwrap().used.as_ref().unwrap();
    assert_eq!((used.span.calls, used.by_subject), (1, 0));
    assert_eq!(used.addresses, ["203.0.113.9"]);
}

#[test]
fn the_order_of_the_rows_of_a_tree_does_not_matter() {
    let mut below = [
        by_other(&iam(60, "CreateUser", r#"{"userName":"eve"}"#)),
        by_other(&iam(70, "DeleteUser", r#"{"userName":"eve"}"#)),
        by_other(&write(80, "s3.amazonaws.com", "PutObject")),
    ];
    let answer = followed(&[create_key()], &below, &[]);
    below.reverse();
    assert_eq!(followed(&[create_key()], &below, &[]), answer);
}

#[test]
fn without_a_tree_there_is_none() {
    let answer = super::investigate(&[create_key()], &[]);
    assert_eq!((answer.follow, answer.behind), (None, None));
}

fn node(id: &str) -> Node {
    Node {
        kind: NodeKind::AccessKey,
        id: id.to_owned(),
        account: None,
        access_key: Some(id.to_owned()),
        arn: None,
        name: None,
        session_name: None,
        source_identity: None,
        created: None,
    }
}

#[test]
fn a_link_that_tells_the_making_leaves_no_blind_spot() {
    let origin = Origin::principal(OriginKind::IamUser, None, Some("alice".into()), None);
    let link = Link {
        rule: Rule::Key,
        record: Proof {
            event_time: Time(super::at(-60)),
            event_id: "e".into(),
            event_name: "CreateAccessKey".into(),
            account: None,
            region: None,
            object: "a.json.gz".into(),
            record_index: 0,
        },
        from: node(KEY),
        to: node(NEW_KEY),
        seconds_apart: 0,
        ambiguous: Vec::new(),
        above_origin: true,
        role_passed: None,
        role_untold: None,
        role_given: None,
        beside: Vec::new(),
        to_usage: None,
    };
    let mut behind = Behind {
        origin: TracedOrigin { origin, above: None, above_gap: None, others_above: Vec::new() },
        links: vec![link],
        chains: 1,
        origins: Vec::new(),
        mismatches: Vec::new(),
        limits: Vec::new(),
    };
    let is_blind = |behind: &Behind| {
        let mut investigator = investigator(Limits::default());
        investigator.note_behind(behind.clone());
        investigator.push(&create_key(), Relation::Own);
        let answer = investigator.finish(Coverage::default());
        answer.unseen.iter().any(|blind| blind.kind == UnseenKind::Origin)
    };
    assert!(!is_blind(&behind));
    behind.links.clear();
    assert!(is_blind(&behind), "nothing tells who made this long-term key");
}
