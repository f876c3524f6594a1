//! Facts about the line that names who is behind the subject.

use chrono::DateTime;

use crate::aws::Time;
use crate::investigate::{Behind, Coverage, Investigation, Investigator, Limits, OriginSeen, Relation};
use crate::investigate::{SubjectInfo, SubjectKind};
use crate::lineage::{
    Above, Gap, Link, Node, NodeKind, Origin, OriginKind, Proof, Reason, Rule, TracedOrigin,
};
use crate::query::EventRow;
use crate::report::investigate::{Options, text};
use crate::report::{Style, text as words};

const KEY: &str = "ASIAIOSFODNN7EXAMPLE";
const USERS_KEY: &str = "AKIAIOSFODNN7EXAMPLE";

fn proof(seconds: i64, event_name: &str) -> Proof {
    Proof {
        event_time: Time(DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()),
        event_id: format!("event-{seconds}"),
        event_name: event_name.to_owned(),
        account: None,
        region: None,
        object: "a.json.gz".into(),
        record_index: 0,
    }
}

fn node(arn: &str) -> Node {
    Node {
        kind: NodeKind::AccessKey,
        id: KEY.into(),
        account: None,
        access_key: Some(KEY.into()),
        arn: Some(arn.to_owned()),
        name: None,
        session_name: None,
        source_identity: None,
        created: None,
    }
}

fn link(rule: Rule, record: Proof, above_origin: bool) -> Link {
    Link {
        rule,
        record,
        from: node("arn:aws:iam::111122223333:user/alice"),
        to: node("arn:aws:sts::111122223333:assumed-role/deploy/laptop"),
        seconds_apart: 0,
        ambiguous: Vec::new(),
        above_origin,
        role_passed: None,
        role_untold: None,
        role_given: None,
        beside: Vec::new(),
        to_usage: None,
    }
}

fn user(name: &str, key: Option<&str>) -> Origin {
    let arn = format!("arn:aws:iam::111122223333:user/{name}");
    let mut origin = Origin::principal(OriginKind::IamUser, Some(arn), Some(name.into()), None);
    origin.access_key = key.map(str::to_owned);
    origin
}

fn behind(origin: Origin, links: Vec<Link>) -> Behind {
    Behind {
        origins: vec![OriginSeen { origin: origin.clone(), calls: 3 }],
        origin: TracedOrigin { origin, above: None, above_gap: None, others_above: Vec::new() },
        links,
        chains: 1,
        limits: Vec::new(),
        mismatches: Vec::new(),
    }
}

fn answer(id: &str, arn: &'static str, behind: Option<Behind>) -> Investigation {
    let info = SubjectInfo { kind: SubjectKind::AccessKey, id: id.into(), asked: id.into() };
    let mut investigator = Investigator::new(info, Limits::default());
    if let Some(behind) = behind {
        investigator.note_behind(behind);
    }
    let row = EventRow {
        event_time: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        account: Some("111122223333"),
        event_source: Some("sts.amazonaws.com"),
        event_name: Some("GetCallerIdentity"),
        read_only: Some(true),
        identity_type: Some("AssumedRole"),
        identity_arn: Some(arn),
        object: "a.json.gz",
        ..EventRow::default()
    };
    investigator.push(&row, Relation::Own);
    investigator.finish(Coverage::default())
}

/// The line, put together again, with its mark.
fn line(behind: Behind) -> String {
    let answer = answer(KEY, "arn:aws:sts::111122223333:assumed-role/deploy/laptop", Some(behind));
    fact(&text(&answer, &Options::default(), Style::default()))
}

fn fact(screen: &str) -> String {
    let mut lines = screen.lines().skip_while(|line| !line.get(2..).is_some_and(|l| l.starts_with("behind")));
    let first = lines.next().unwrap_or_default().to_owned();
    let more = lines.take_while(|line| line.starts_with("           "));
    more.fold(first, |whole, line| format!("{whole} {}", line.trim()))
}

#[test]
fn the_origin_is_named_with_its_key_and_the_rules_that_lead_there() {
    let links = vec![
        link(Rule::Key, proof(-1, "AssumeRole"), false),
        link(Rule::Session, proof(-2, "AssumeRole"), false),
    ];
    let line = line(behind(user("dana", Some(USERS_KEY)), links));
    assert_eq!(
        line,
        "  behind   IAM user dana, key AKIAIOSFODNN7EXAMPLE, by 2 links (key, session); complete"
    );
}

#[test]
fn many_links_are_counted_by_rule() {
    let links = (0..9).map(|at| link(Rule::Key, proof(at, "AssumeRole"), false)).collect();
    assert!(line(behind(user("dana", None), links)).ends_with("by 9 links (key 9); complete"));
}

#[test]
fn who_launched_the_workload_stands_above_it_or_who_only_gave_it_a_role() {
    for (event, did) in
        [("RunInstances", "launched by"), ("AssociateIamInstanceProfile", "given role or layers by")]
    {
        let mut service =
            Origin::principal(OriginKind::Service, None, Some("ec2.amazonaws.com".into()), None);
        service.on_behalf_of = Some(crate::lineage::Workload::new("instance", "i-0123456789abcdef0"));
        let made = proof(-60, event);
        let links =
            vec![link(Rule::Key, proof(-1, "AssumeRole"), false), link(Rule::Launched, made.clone(), true)];
        let mut behind = behind(service, links);
        behind.origin.above = Some(Box::new(Above {
            rule: Rule::Launched,
            record: made,
            origin: TracedOrigin {
                origin: user("bert-jan", None),
                above: None,
                above_gap: None,
                others_above: Vec::new(),
            },
        }));
        assert_eq!(
            line(behind),
            format!(
                "  behind   ec2.amazonaws.com for instance i-0123456789abcdef0, by 1 link (key); complete; {did} IAM user \
                 bert-jan ({event} 22:12:20Z, as role deploy)"
            )
        );
    }
}

#[test]
fn what_is_no_more_than_likely_is_marked_and_said() {
    let mut near = link(Rule::Session, proof(-1, "AssumeRole"), false);
    near.seconds_apart = 2;
    assert_eq!(
        line(behind(user("dana", None), vec![near])),
        "? behind   IAM user dana, by 1 link (session 2 s apart); complete, not certain"
    );
    let mut service = Origin::principal(OriginKind::Service, None, Some("ec2.amazonaws.com".into()), None);
    service.on_behalf_of = Some(crate::lineage::Workload::new("instance", "i-0123456789abcdef0"));
    let made = proof(-60, "RunInstances");
    let mut launched = link(Rule::Launched, made.clone(), true);
    launched.role_untold = Some("deploy".to_owned());
    let mut behind = behind(service, vec![link(Rule::Key, proof(-1, "AssumeRole"), false), launched]);
    let origin = user("dana", None);
    let origin = TracedOrigin { origin, above: None, above_gap: None, others_above: Vec::new() };
    behind.origin.above = Some(Box::new(Above { rule: Rule::Launched, record: made, origin }));
    let line = line(behind);
    assert!(
        line.starts_with("? behind") && line.contains("complete; likely launched by IAM user dana"),
        "{line}"
    );
}

#[test]
fn a_source_identity_that_the_chain_does_not_bear_out_is_told() {
    let mut behind = behind(user("dana", None), vec![link(Rule::Key, proof(-1, "AssumeRole"), false)]);
    behind.mismatches = vec![crate::lineage::Mismatch {
        kind: "source-identity",
        claim: "eve".to_owned(),
        verified: "IAM user dana".to_owned(),
        session: "deploy/laptop".to_owned(),
        text: "the source identity is `eve`, but IAM user dana is behind it".to_owned(),
        event_id: None,
    }];
    let answer = answer(KEY, "arn:aws:sts::111122223333:assumed-role/deploy/laptop", Some(behind));
    let screen = text(&answer, &Options::default(), Style::default());
    assert!(
        screen.contains("\n! source   the source identity is `eve`, but IAM user dana is behind it\n"),
        "{screen}"
    );
}

#[test]
fn origins_of_one_name_in_two_accounts_are_told_apart() {
    let gap = Gap { reason: Reason::SeveralOrigins, text: "2".into(), hint: String::new() };
    let mut behind = behind(Origin::unknown(gap), Vec::new());
    let of = |account: &str, calls| {
        let origin = Origin { account: Some(account.to_owned()), ..user("dana", None) };
        OriginSeen { origin, calls }
    };
    (behind.chains, behind.origins) = (2, vec![of("111122223333", 20), of("444455556666", 1)]);
    assert_eq!(
        line(behind),
        "? behind   2 different origins: IAM user dana of account 111122223333 (20 calls), IAM user dana of account \
         444455556666 (1 call)"
    );
}

#[test]
fn a_gap_is_marked_and_said() {
    let gap = || Gap {
        reason: Reason::BeforeLogs,
        text: "no issuance at 10:00: the logs begin later".into(),
        hint: String::new(),
    };
    let unknown = behind(Origin::unknown(gap()), Vec::new());
    assert_eq!(line(unknown), "? behind   unknown: no issuance at 10:00: the logs begin later");
    let known = behind(user("dana", None).with_gap(gap()), Vec::new());
    assert_eq!(
        line(known),
        "? behind   IAM user dana; incomplete: no issuance at 10:00: the logs begin later"
    );
}

#[test]
fn several_origins_are_listed_with_their_calls() {
    let gap = Gap { reason: Reason::SeveralOrigins, text: "2".into(), hint: String::new() };
    let mut behind = behind(Origin::unknown(gap), Vec::new());
    behind.chains = 2;
    behind.origins = vec![
        OriginSeen { origin: user("dana", None), calls: 20 },
        OriginSeen { origin: user("eve", None), calls: 1 },
    ];
    assert_eq!(
        line(behind),
        "? behind   2 different origins: IAM user dana (20 calls), IAM user eve (1 call)"
    );
}

#[test]
fn workloads_of_one_service_are_counted_together_and_limits_are_said() {
    let of = |id: &str, calls| {
        let mut origin = Origin::principal(OriginKind::Service, None, Some("ec2.amazonaws.com".into()), None);
        origin.on_behalf_of = Some(crate::lineage::Workload::new("instance", id));
        OriginSeen { origin, calls }
    };
    let gap = Gap { reason: Reason::SeveralOrigins, text: "2".into(), hint: String::new() };
    let mut behind = behind(Origin::unknown(gap), Vec::new());
    behind.origins = vec![of("i-1", 2), OriginSeen { origin: user("eve", None), calls: 3 }, of("i-2", 2)];
    behind.limits = vec!["the 3 with most calls were traced up".into()];
    assert_eq!(
        line(behind),
        "? behind   at least 3 different origins: ec2.amazonaws.com for 2 workloads (4 calls), IAM user eve (3 calls) \
         the 3 with most calls were traced up"
    );
}

#[test]
fn a_user_who_acted_itself_is_not_named_again_but_its_maker_is() {
    let arn = "arn:aws:iam::111122223333:user/alice";
    let own = user("alice", Some(USERS_KEY));
    let screen = |behind| text(&answer(USERS_KEY, arn, Some(behind)), &Options::default(), Style::default());
    let alone = screen(behind(own.clone(), Vec::new()));
    assert!(!alone.contains("behind"), "{alone}");
    assert!(alone.contains("its making is not in these logs"), "{alone}");
    let made = proof(-60, "CreateAccessKey");
    let mut with_maker = behind(own, vec![link(Rule::Key, made.clone(), true)]);
    with_maker.origin.above = Some(Box::new(Above {
        rule: Rule::Key,
        record: made,
        origin: TracedOrigin {
            origin: user("dana", None),
            above: None,
            above_gap: None,
            others_above: Vec::new(),
        },
    }));
    let made = screen(with_maker);
    assert_eq!(fact(&made), "  behind   made by IAM user dana (CreateAccessKey 22:12:20Z, as role deploy)");
    assert!(!made.contains("its making is not in these logs"), "{made}");
    assert!(
        made.contains("      backtrail trace AKIAIOSFODNN7EXAMPLE\n")
            || made.contains("next: backtrail trace")
    );
}

#[test]
fn hostile_names_are_shown_escaped_and_nothing_is_too_wide() {
    let origin = user("\u{1b}[2J\u{202e}x\r\n! behind   nobody", Some("AKIA\n"));
    let answer = answer(
        KEY,
        "arn:aws:sts::111122223333:assumed-role/deploy/laptop",
        Some(behind(origin, vec![link(Rule::Key, proof(0, "\u{7}"), false)])),
    );
    let screen = text(&answer, &Options::default(), Style::default());
    assert!(screen.chars().all(|c| c == '\n' || !words::is_unsafe(c)), "{screen:?}");
    assert!(screen.lines().all(|line| words::width(line) <= 80 && !line.starts_with("! behind")), "{screen}");
}

#[test]
fn the_gap_of_one_unknown_chain_is_not_said_of_all() {
    let gap =
        Gap { reason: Reason::BeforeLogs, text: "the logs begin later".to_owned(), hint: String::new() };
    let mut behind = behind(Origin::unknown(gap), Vec::new());
    assert!(line(behind.clone()).contains("unknown: the logs begin later"));
    behind.chains = 2;
    let said = line(behind);
    assert!(said.contains("unknown for each of 2 chains; for the one with most calls:"), "{said}");
}
