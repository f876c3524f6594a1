//! What AWS did, verdicts and changes, and what the requests of one call come to together.

use super::*;
use crate::catalog::resource::Certainty;
use crate::replay::ResourceFrom;
use crate::replay::answer::How;

#[test]
fn what_aws_did_is_told_from_code_and_message() {
    let of = |error_code, error_message| Then::of(&Record { error_code, error_message, ..Record::default() });
    for (code, message, then) in [
        (None, None, Then::Allowed),
        (Some(""), Some(""), Then::Allowed),
        (Some("Client.DryRunOperation"), Some("Request would have succeeded"), Then::Allowed),
        (Some("DryRunOperation"), None, Then::Allowed),
        (Some("AccessDenied"), None, Then::Denied),
        (Some("Client.UnauthorizedOperation"), None, Then::Denied),
        (Some("KMSAccessDeniedException"), None, Then::Failed),
        (Some("NoSuchKey"), None, Then::Failed),
        (Some("ThrottlingException"), None, Then::Failed),
        (None, Some("Failed authentication"), Then::Failed),
    ] {
        assert_eq!(of(code, message), then, "{code:?} {message:?}");
    }
}

#[test]
fn a_verdict_sets_what_is_said_against_what_aws_did() {
    use Said::{Allowed, Denied, Undetermined};
    for (then, said, verdict) in [
        (Then::Allowed, Allowed, Verdict::Same),
        (Then::Allowed, Denied, Verdict::NowDenied),
        (Then::Allowed, Undetermined, Verdict::Undetermined),
        (Then::Failed, Allowed, Verdict::Same),
        (Then::Failed, Denied, Verdict::NowDenied),
        (Then::Failed, Undetermined, Verdict::Undetermined),
        (Then::Denied, Allowed, Verdict::NowAllowed),
        (Then::Denied, Denied, Verdict::Same),
        (Then::Denied, Undetermined, Verdict::Undetermined),
    ] {
        assert_eq!(Verdict::of(then, said), verdict, "{then:?} {said:?}");
    }
}

#[test]
fn a_change_breaks_only_what_worked_and_opens_only_what_is_denied_today() {
    use Said::{Allowed, Denied, Undetermined};
    let all = [Allowed, Denied, Undetermined];
    let thens = [Then::Allowed, Then::Denied, Then::Failed];
    let mut changes = 0;
    for (then, today, proposed) in thens
        .into_iter()
        .flat_map(|then| all.into_iter().flat_map(move |today| all.map(|own| (then, today, own))))
    {
        let expected = match (then, today, proposed) {
            (Then::Allowed, Allowed | Undetermined, Denied) => Some(Change::Broken),
            (Then::Allowed, Allowed, Undetermined) => Some(Change::MayBreak),
            (_, Denied, Allowed) | (Then::Denied, Undetermined, Allowed) => Some(Change::Opened),
            (_, Denied, Undetermined) => Some(Change::MayOpen),
            _ => None,
        };
        changes += usize::from(expected.is_some());
        assert_eq!(Change::of(then, today, proposed), expected, "{then:?} {today:?} {proposed:?}");
    }
    assert_eq!(changes, 10);
}

fn asked(action: &str, presence: Presence, origin: Origin) -> Asked {
    Asked {
        action: action.to_owned(),
        resource: Resource::Any,
        shown: "*".to_owned(),
        certainty: Certainty::Exact,
        from: ResourceFrom::Action,
        resource_account: None,
        again: None,
        origin,
        presence,
    }
}

fn judged(outcome: Outcome, name: &str) -> Arc<Judged> {
    let how = match outcome {
        Outcome::Allowed => How::Allow,
        Outcome::ExplicitlyDenied => How::Deny,
        Outcome::ImplicitlyDenied | Outcome::Undetermined => How::NoAllow,
    };
    let layer = LayerKind::Identity;
    let decided = Decided {
        how,
        layer: None,
        kind: Some(layer),
        policy: Some(name.to_owned()),
        sid: None,
        index: Some(0),
        rule: None,
    };
    let is_open = outcome == Outcome::Undetermined;
    let lack = Lack { what: name.to_owned(), why: String::new() };
    Arc::new(Judged {
        outcome,
        decided: if is_open { Vec::new() } else { vec![decided] },
        needs: if is_open { vec![lack] } else { Vec::new() },
        hits: Vec::new(),
        deciders: Vec::new(),
        may_be_granted: None,
        deciding_keys: vec![name.to_owned()],
    })
}

const CERTAIN: Presence = Presence::Certain;
const POSSIBLE: Presence = Presence::Possible;
const OWN: Origin = Origin::Call;
const ALLOWED: Outcome = Outcome::Allowed;
const EXPLICIT: Outcome = Outcome::ExplicitlyDenied;
const IMPLICIT: Outcome = Outcome::ImplicitlyDenied;
const OPEN: Outcome = Outcome::Undetermined;

/// What requests come to: what is said, by which action, and what would decide.
fn come_to(all: &[(&str, Presence, Origin, Outcome)]) -> (Said, String, Vec<String>) {
    let requests: Vec<Asked> =
        all.iter().map(|(action, presence, origin, _)| asked(action, *presence, *origin)).collect();
    let judged: Vec<Arc<Judged>> =
        all.iter().map(|(action, _, _, outcome)| judged(*outcome, action)).collect();
    let (opinion, at) = opinion(&requests, &judged, Then::Allowed);
    assert_eq!(opinion.action, requests[at].action);
    let is_decided = opinion.said != Said::Undetermined;
    assert_eq!(opinion.decided.len(), usize::from(is_decided), "{opinion:?}");
    assert_eq!(opinion.needs.is_empty(), is_decided, "{opinion:?}");
    (opinion.said, opinion.action, opinion.needs.into_iter().map(|lack| lack.what).collect())
}

#[track_caller]
fn check(all: &[(&str, Presence, Origin, Outcome)], said: Said, action: &str, needs: &[&str]) {
    let needs: Vec<String> = needs.iter().map(|need| (*need).to_owned()).collect();
    assert_eq!(come_to(all), (said, action.to_owned(), needs), "{all:?}");
}

#[test]
fn a_certain_denial_beats_what_is_open() {
    for denied in [EXPLICIT, IMPLICIT] {
        check(&[("a", CERTAIN, OWN, OPEN), ("b", CERTAIN, OWN, denied)], Said::Denied, "b", &[]);
        check(&[("a", CERTAIN, OWN, ALLOWED), ("b", CERTAIN, OWN, denied)], Said::Denied, "b", &[]);
    }
    check(&[("a", CERTAIN, OWN, ALLOWED), ("b", CERTAIN, OWN, ALLOWED)], Said::Allowed, "a", &[]);
}

#[test]
fn all_that_is_open_is_needed_each_once() {
    check(&[("a", CERTAIN, OWN, ALLOWED), ("b", CERTAIN, OWN, OPEN)], Said::Undetermined, "b", &["b"]);
    check(
        &[("a", CERTAIN, OWN, OPEN), ("b", CERTAIN, OWN, OPEN), ("a", CERTAIN, OWN, OPEN)],
        Said::Undetermined,
        "a",
        &["a", "b"],
    );
}

#[test]
fn what_is_only_possible_decides_nothing_beside_a_certain_request() {
    for possible in [EXPLICIT, IMPLICIT, OPEN, ALLOWED] {
        check(&[("b", POSSIBLE, OWN, possible), ("a", CERTAIN, OWN, ALLOWED)], Said::Allowed, "a", &[]);
        check(
            &[("a", CERTAIN, OWN, ALLOWED), ("b", POSSIBLE, Origin::Derived, possible)],
            Said::Allowed,
            "a",
            &[],
        );
    }
    let requests = [asked("a", CERTAIN, OWN), asked("b", POSSIBLE, Origin::Derived)];
    let perhaps = |outcome| {
        opinion(&requests, &[judged(ALLOWED, "a"), judged(outcome, "b")], Then::Allowed).0.perhaps_denied
    };
    assert!(perhaps(IMPLICIT) && perhaps(EXPLICIT));
    assert!(!perhaps(ALLOWED) && !perhaps(OPEN));
}

#[test]
fn where_aws_refused_and_does_not_tell_what_it_may_be_what_is_only_possible() {
    let of = |origin, outcome, then| {
        let requests = [asked("a", CERTAIN, origin), asked("b", POSSIBLE, Origin::Derived)];
        let (opinion, _) = opinion(&requests, &[judged(ALLOWED, "a"), judged(outcome, "b")], then);
        (opinion.said, opinion.perhaps_denied, opinion.needs.len())
    };
    assert_eq!(of(OWN, IMPLICIT, Then::Denied), (Said::Undetermined, false, 1));
    assert_eq!(of(OWN, IMPLICIT, Then::Failed), (Said::Allowed, true, 0));
    assert_eq!(of(OWN, ALLOWED, Then::Denied), (Said::Allowed, false, 0));
    // The message names what was refused, and that is allowed now.
    assert_eq!(of(Origin::Stated, IMPLICIT, Then::Denied), (Said::Allowed, true, 0));
}

#[test]
fn a_derived_request_denies_the_call() {
    let all =
        [("ec2:RunInstances", CERTAIN, OWN, ALLOWED), ("iam:PassRole", CERTAIN, Origin::Derived, IMPLICIT)];
    check(&all, Said::Denied, "iam:PassRole", &[]);
    let requests = all.map(|(action, presence, origin, _)| asked(action, presence, origin));
    let (opinion, _) = opinion(&requests, &[judged(ALLOWED, "a"), judged(IMPLICIT, "b")], Then::Allowed);
    assert!(opinion.derived);
}

#[test]
fn alternatives_must_agree() {
    let two = |one, other| [("a", POSSIBLE, OWN, one), ("b", POSSIBLE, OWN, other)];
    check(&two(ALLOWED, ALLOWED), Said::Allowed, "a", &[]);
    check(&two(IMPLICIT, EXPLICIT), Said::Denied, "a", &[]);
    check(&two(ALLOWED, IMPLICIT), Said::Undetermined, "b", &["which of a, b it asked for"]);
    check(&two(ALLOWED, OPEN), Said::Undetermined, "b", &["b"]);
    // What is derived for certain is no alternative.
    let with = |one, other| {
        [("a", POSSIBLE, OWN, one), ("b", POSSIBLE, OWN, one), ("c", CERTAIN, Origin::Derived, other)]
    };
    check(&with(IMPLICIT, ALLOWED), Said::Denied, "a", &[]);
    check(&with(ALLOWED, IMPLICIT), Said::Denied, "c", &[]);
    check(
        &[("a", POSSIBLE, OWN, ALLOWED), ("a", POSSIBLE, OWN, IMPLICIT)],
        Said::Undetermined,
        "a",
        &["whether it asked for a, and on what"],
    );
}

#[test]
fn a_statement_counts_once_for_a_call_with_its_strongest_truth() {
    let id = |statement| StatementId { policy: 0, statement };
    let layer = LayerKind::Identity;
    let with = |hits: &[(usize, Truth)], deciders: &[usize]| {
        Arc::new(Judged {
            hits: hits.iter().map(|(own, truth)| (id(*own), *truth, layer)).collect(),
            deciders: deciders.iter().map(|own| (id(*own), layer)).collect(),
            ..(*judged(ALLOWED, "a")).clone()
        })
    };
    let requests = [asked("a", CERTAIN, OWN), asked("b", CERTAIN, OWN), asked("c", POSSIBLE, OWN)];
    let all = [
        with(&[(0, Truth::Yes), (1, Truth::Unknown)], &[0]),
        with(&[(1, Truth::Yes), (2, Truth::Unknown)], &[1]),
        with(&[(3, Truth::Yes)], &[3]),
    ];
    let (opinion, _) = opinion(&requests, &all, Then::Allowed);
    let hit = |own, truth, decided| Hit { id: id(own), layer, truth, decided };
    assert_eq!(
        opinion.hits,
        [hit(0, Truth::Yes, true), hit(1, Truth::Yes, true), hit(2, Truth::Unknown, false)]
    );
}
