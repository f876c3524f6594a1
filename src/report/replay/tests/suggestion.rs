//! The change that would break far less.

use super::super::suggest::exemption;
use super::*;

fn broken(callers: &[(&str, u64, Decided)]) -> Proposal {
    let group = |(principal, events, decided): &(&str, u64, Decided)| ChangeGroup {
        decided: vec![decided.clone()],
        ..change(
            Change::Broken,
            principal,
            "s3:GetObject",
            "us-east-1",
            seen(*events, "2026-11-23T13:00:00Z"),
        )
    };
    let groups: Vec<ChangeGroup> = callers.iter().map(group).collect();
    Proposal { broken: callers.iter().map(|(_, events, _)| events).sum(), groups, ..proposal() }
}

fn suggested(proposal: Proposal) -> String {
    text(&Replay { proposal: Some(proposal), ..full() }, &shown(Show::Broken), NARROW)
}

/// The JSON of a screen, from its first brace to its last.
fn snippet(screen: &str) -> serde_json::Value {
    let (from, to) = (screen.find('{').unwrap(), screen.rfind('}').unwrap());
    serde_json::from_slice(&screen.as_bytes()[from..=to]).unwrap()
}

#[test]
fn what_is_left_and_what_is_exempted_add_up_to_what_breaks() {
    let own = proposal();
    let found = exemption(&own).unwrap();
    assert_eq!((found.principal, found.own, found.broken), (DEPLOY, 1398, own.broken));
    let screen = suggested(own);
    assert!(screen.contains("exempt role ci-deploy, then 14 calls break, not 1,412\n"), "{screen}");
}

#[test]
fn the_snippet_is_json_that_exempts_exactly_this_caller() {
    let screen = suggested(proposal());
    assert_eq!(snippet(&screen), serde_json::json!({"ArnNotLike": {"aws:PrincipalArn": DEPLOY}}));
}

#[test]
fn all_rows_of_a_caller_are_exempted_together() {
    let second = Decided { sid: Some("Second".to_owned()), ..outside_eu() };
    let own = broken(&[(DEPLOY, 60, outside_eu()), (DEPLOY, 30, second), (BILLING, 30, outside_eu())]);
    let found = exemption(&own).unwrap();
    assert_eq!((found.own, found.broken), (90, 120));
    assert_eq!(found.statements.len(), 2);
    let screen = suggested(own);
    assert!(screen.contains("then 30 calls break, not 120"), "{screen}");
    assert!(screen.contains("statement `OutsideEU`,") && screen.contains("statement `Second`"), "{screen}");
}

#[test]
fn nothing_is_suggested_where_much_would_break_all_the_same() {
    let own = broken(&[(DEPLOY, 74, outside_eu()), (BILLING, 26, outside_eu())]);
    assert_eq!(exemption(&own), None);
    let own = broken(&[(DEPLOY, 75, outside_eu()), (BILLING, 25, outside_eu())]);
    assert!(exemption(&own).is_some());
    assert_eq!(exemption(&broken(&[])), None);
}

#[test]
fn the_only_caller_that_breaks_leaves_nothing() {
    let screen = suggested(broken(&[(DEPLOY, 7, outside_eu())]));
    assert!(screen.contains("exempt role ci-deploy, then 0 calls break, not 7\n"), "{screen}");
}

#[test]
fn denies_of_rcps_and_of_a_resources_policy_can_exempt_too() {
    for kind in [LayerKind::Rcp, LayerKind::Resource] {
        let own = broken(&[(DEPLOY, 7, Decided { kind: Some(kind), ..outside_eu() })]);
        assert_eq!(exemption(&own).unwrap().statements.len(), 1);
    }
}

#[test]
fn no_snippet_where_no_condition_of_a_deny_would_help() {
    let lacking = layer(How::NoAllow, LayerKind::Scp, OU);
    let own_policy = Decided { kind: Some(LayerKind::Identity), ..outside_eu() };
    for decided in [lacking, own_policy] {
        let screen = suggested(broken(&[(DEPLOY, 9, decided), (BILLING, 1, outside_eu())]));
        assert!(!screen.contains('{') && !screen.contains("Suggested"), "{screen}");
        assert!(screen.contains("  role ci-deploy alone makes 9 of the 10 calls that break\n"), "{screen}");
    }
}

#[test]
fn no_snippet_where_the_caller_is_no_single_user_or_role() {
    for caller in [
        "arn:aws:iam::111122223333:root",
        "arn:aws:iam::111122223333:role/*/deploy",
        "arn:aws:iam::111122223333:role/${x}",
        "arn:aws:iam::aws:role/x",
        "ec2.amazonaws.com",
    ] {
        let screen = suggested(broken(&[(caller, 9, outside_eu())]));
        assert!(!screen.contains("ArnNotLike"), "{screen}");
    }
}

#[test]
fn calls_of_nobody_named_count_as_left() {
    let mut own = broken(&[(DEPLOY, 8, outside_eu()), (BILLING, 1, outside_eu())]);
    own.groups[1].principal = None;
    let found = exemption(&own).unwrap();
    assert_eq!((found.own, found.broken), (8, 9));
}

#[test]
fn a_statement_that_reads_the_callers_arn_already_is_to_be_merged() {
    let mut own = broken(&[(DEPLOY, 8, outside_eu())]);
    own.groups[0].keys = vec!["aws:principalarn".to_owned()];
    assert!(exemption(&own).unwrap().reads_principal);
    assert!(suggested(own).contains("already: merge"), "merging is said");
}
