//! Facts about the screen of a subject and the tree below it.

use std::collections::BTreeSet;

use chrono::DateTime;

use crate::investigate::{
    Coverage, Deeds, Follow, Followed, Investigator, Limits, Relation, SubjectInfo, SubjectKind,
};
use crate::lineage::{Node, NodeKind};
use crate::query::EventRow;
use crate::report::investigate::{Options, text};
use crate::report::{Style, text as words};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

fn row(seconds: i64) -> EventRow<'static> {
    EventRow {
        event_time: DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap(),
        account: Some("111122223333"),
        event_source: Some("s3.amazonaws.com"),
        event_name: Some("PutObject"),
        read_only: Some(false),
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/alice"),
        user_name: Some("alice"),
        access_key_id: Some(KEY),
        object: "a.json.gz",
        record_index: seconds,
        ..EventRow::default()
    }
}

fn followed(kind: NodeKind, id: &str, name: &str) -> Followed {
    Followed {
        kind,
        id: id.to_owned(),
        node: Some(Node {
            kind,
            id: id.to_owned(),
            account: None,
            access_key: None,
            arn: id.starts_with("arn:").then(|| id.to_owned()),
            name: Some(name.to_owned()),
            session_name: None,
            source_identity: None,
            created: None,
        }),
        made: None,
        credentials: u64::from(!matches!(kind, NodeKind::User | NodeKind::Workload)),
        workload: None,
        access_keys: BTreeSet::new(),
        deeds: Deeds::default(),
    }
}

fn session(name: &str) -> Followed {
    let arn = format!("arn:aws:sts::111122223333:assumed-role/deploy/{name}");
    followed(NodeKind::Session, &arn, "deploy")
}

/// The screen of one call of the subject's and one of each of these lines but the last.
fn screen(below: Vec<Followed>, limits: Vec<String>, style: Style) -> String {
    let info = SubjectInfo { kind: SubjectKind::AccessKey, id: KEY.into(), asked: KEY.into() };
    let mut investigator = Investigator::new(info, Limits::default());
    let lines = below.len();
    investigator.follow(Follow { below, limits, ..Follow::default() });
    investigator.push(&row(0), Relation::Own);
    for line in 0..lines.saturating_sub(1) {
        let seconds = 60 + i64::try_from(line).unwrap();
        let error_code = (line == 0).then_some("AccessDenied");
        investigator.push(&EventRow { error_code, ..row(seconds) }, Relation::Followed(line));
    }
    text(&investigator.finish(Coverage::default()), &Options::default(), style)
}

#[test]
fn the_screen_says_what_is_followed_and_who_of_it_did_what() {
    let worker = Followed { workload: Some("instance i-0123456789abcdef0".into()), ..session("i-x") };
    let juggled = Followed { credentials: 3, ..session("x") };
    let below = vec![
        session("laptop"),
        followed(NodeKind::AccessKey, "AKIAI44QH8DHBEXAMPLE", "bob"),
        followed(NodeKind::Console, "2023-11-14T22:13:20Z", "bob"),
        followed(NodeKind::Password, "bob", "bob"),
        worker,
        juggled,
        followed(NodeKind::Workload, "i-0123456789abcdef0", "instance i-0123456789abcdef0"),
        followed(NodeKind::User, "bob", "bob"),
        followed(NodeKind::Password, "eve", "eve"),
    ];
    let screen = screen(below, Vec::new(), Style::default());
    for line in [
        "AKIAIOSFODNN7EXAMPLE   long-term key of IAM user alice and all it led to",
        "  follows  9 credentials below it: 5 role sessions, 2 passwords, 1 key, 1",
        "           console session; 1 instance, 1 user",
        "Who did it                      calls  write  denied  first     last",
        "  itself                            1      1       ·  22:13:20  22:13:20",
        "x role deploy as laptop             1      1       1  22:14:20  22:14:20",
        "  key AKIAI44QH8DHBEXAMPLE          1      1       ·  22:14:21  22:14:21",
        "  console session of bob            1      1       ·  22:14:22  22:14:22",
        "  sign-in of bob                    1      1       ·  22:14:23  22:14:23",
        "  instance i-0123456789abcdef0      1      1       ·  22:14:24  22:14:24",
        "  role deploy, 3 sessions           1      1       ·  22:14:25  22:14:25",
        "  user bob, with other keys         1      1       ·  22:14:27  22:14:27",
        "  no call of 1 password                                       all: --format json",
    ] {
        assert!(screen.lines().any(|shown| shown == line), "{line}\n{screen}");
    }
}

#[test]
fn a_long_list_says_how_much_it_leaves_out_and_a_cut_tree_that_it_is_cut() {
    let below = (0..20).map(|at| session(&format!("s{at:02}"))).collect();
    let screen = screen(below, vec!["the tree was cut at 2000 lines".into()], Style::default());
    assert!(screen.contains("  4 more: 4 calls; no call of 1 role session"), "{screen}");
    assert!(screen.contains("?          not all of it: the tree was cut at 2000 lines"), "{screen}");
    assert!(screen.contains("lists cut at limits"), "{screen}");
}

#[test]
fn a_session_name_that_a_tool_made_is_left_out() {
    let below = vec![session("botocore-session-1773183511"), session("laptop"), session("y")];
    let screen = screen(below, Vec::new(), Style::default());
    assert!(screen.lines().any(|line| line.starts_with("x role deploy   ")), "{screen}");
    assert!(screen.contains("  role deploy as laptop"), "{screen}");
    assert!(!screen.contains("botocore"), "{screen}");
}

#[test]
fn nothing_below_is_said() {
    let screen = screen(Vec::new(), Vec::new(), Style::default());
    assert!(screen.contains("  follows  nothing: "), "{screen}");
    assert!(!screen.contains("Who did it"), "{screen}");
    assert!(!screen.contains("and all it led to"), "{screen}");
}

#[test]
fn hostile_names_are_shown_escaped_and_nothing_is_too_wide() {
    let below =
        vec![session("\u{1b}[2J\u{202e}\r\n! made     nothing, at length at length at length"), session("y")];
    for style in [Style::default(), Style { unicode: false, ..Style::default() }] {
        let screen = screen(below.clone(), Vec::new(), style);
        assert!(screen.chars().all(|c| c == '\n' || !words::is_unsafe(c)), "{screen:?}");
        assert!(screen.lines().all(|line| words::width(line) <= 80), "{screen}");
        assert!(style.unicode || screen.is_ascii(), "{screen}");
        assert!(screen.lines().all(|line| !line.starts_with("! made     nothing")), "{screen}");
    }
}
