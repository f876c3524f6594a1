//! Text of logs and policies that would break out of its place.

use super::*;

const HOSTILE: &str = "=x\u{1b}[2J\"]\r\n! The proposal breaks nothing\u{202e}\nnext: rm -r /\n`a` {\"b\"} 管理\u{200b} e\u{301}";

fn hostile_decided(how: How) -> Decided {
    Decided {
        layer: Some(HOSTILE.to_owned()),
        rule: Some(HOSTILE.to_owned()),
        ..statement(how, LayerKind::Scp, HOSTILE, HOSTILE, Some(HOSTILE))
    }
}

/// `text` in every field that holds text.
fn filled(text: &str) -> Replay {
    let own = || text.to_owned();
    let some = || Some(text.to_owned());
    let decided =
        |how| Decided { layer: some(), policy: some(), sid: some(), rule: some(), ..hostile_decided(how) };
    let needs = || vec![Lack { what: own(), why: own() }];
    let example = || Example { event_id: some(), region: some(), resource: own(), ..example(text, text) };
    let mut replay = full();
    replay.snapshot = own();
    replay.accounts = vec![own()];
    for (at, group) in replay.groups.iter_mut().enumerate() {
        let how = [How::Allow, How::Deny, How::NoAllow, How::Rule][at % 4];
        group.principal =
            if at % 2 == 0 { some() } else { Some(format!("arn:aws:iam::111122223333:role/{text}")) };
        group.action = own();
        group.decided = vec![decided(how), decided(How::Allow)];
        group.needs = needs();
        group.examples = vec![example()];
        group.propagation = 1;
    }
    for own_lack in &mut replay.lacks {
        own_lack.lack = Lack { what: own(), why: own() };
    }
    for statement in &mut replay.statements {
        statement.policy = own();
        statement.layer = own();
        statement.sid = some();
    }
    for one in &mut replay.disagreements {
        one.example = example();
        one.principal = some();
        (one.action, one.aws, one.ours, one.remark) = (own(), own(), own(), some());
    }
    for limit in &mut replay.limits {
        limit.what = own();
    }
    let proposal = replay.proposal.as_mut().unwrap();
    proposal.path = own();
    proposal.changes = vec![own()];
    for group in &mut proposal.groups {
        group.principal = some();
        group.action = own();
        group.today = vec![decided(How::Deny)];
        group.decided = vec![decided(How::Deny)];
        group.needs = needs();
        group.keys = vec![own()];
        group.regions = vec![own()];
        group.examples = vec![example()];
    }
    replay
}

fn all_screens(replay: &Replay, style: Style) -> Vec<String> {
    let parts = Show::ALL.map(Some).into_iter().chain([None]);
    parts.map(|show| text(replay, &Options { show, all: true, examples: true, ..options() }, style)).collect()
}

#[test]
fn a_terminal_gets_no_escapes_no_bidi_marks_and_no_forged_lines() {
    let replay = filled(HOSTILE);
    for style in [NARROW, WIDE, ASCII, Style { width: 20, ..NARROW }] {
        for screen in all_screens(&replay, style) {
            let odd = screen.chars().find(|c| *c != '\n' && shown_text::is_unsafe(*c));
            assert_eq!(odd, None, "{screen}");
            assert!(!screen.contains("\n! The proposal breaks nothing"), "{screen}");
            assert!(!screen.contains("next: rm") || !screen.lines().any(|line| line.starts_with("next: rm")));
            assert!(style.unicode || screen.is_ascii(), "{screen}");
        }
    }
}

#[test]
fn hostile_paths_and_ids_are_never_offered_as_commands() {
    for screen in all_screens(&filled(HOSTILE), NARROW) {
        assert!(!screen.lines().any(|line| line.starts_with("next:")), "{screen}");
    }
}

#[test]
fn spreadsheets_get_no_formula_and_one_line_a_row() {
    let replay = filled(HOSTILE);
    for show in Show::ALL.map(Some).into_iter().chain([None]) {
        let csv = csv(&replay, show);
        assert!(!csv.contains(['\u{1b}', '\u{202e}', '\u{200b}']), "{csv}");
        for line in csv.split_terminator("\r\n") {
            assert!(!line.contains(['\r', '\n']), "{line}");
            assert!(!line.contains(",=") && !line.contains(",\"="), "{line}");
        }
    }
}

#[test]
fn json_is_lossless_and_safe_to_look_at() {
    let replay = filled(HOSTILE);
    let text = json(&replay).unwrap();
    assert_eq!(text.chars().find(|c| *c != '\n' && shown_text::is_unsafe(*c)), None);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["snapshot"], HOSTILE);
    assert_eq!(value["groups"][0]["action"], HOSTILE);
}

#[test]
fn names_of_ten_thousand_characters_are_cut_on_a_terminal_and_whole_in_a_pipe() {
    let name = format!("begin{}end", "x".repeat(10_000));
    let replay = filled(&name);
    for screen in all_screens(&replay, NARROW) {
        assert!(!screen.contains(&name));
        let longest = screen.lines().map(shown_text::width).max().unwrap();
        assert!(longest < 2200, "{longest} columns");
    }
    assert!(all_screens(&replay, WIDE).iter().any(|screen| screen.contains(&name)));
}

#[test]
fn wide_characters_keep_the_columns_of_a_table() {
    let caller = "arn:aws:iam::111122223333:role/管理者管理者";
    let row = |principal: &str| {
        group(Verdict::NowDenied, Then::Allowed, principal, "s3:GetObject", seen(3, "2026-11-23T13:00:00Z"))
    };
    let replay = Replay { groups: vec![row(caller), row(DEPLOY)], ..full() };
    let screen = text(&replay, &shown(Show::NowDenied), NARROW);
    let place = |line: &str| shown_text::width(line.split("s3:GetObject").next().unwrap());
    let places: Vec<usize> = screen.lines().filter(|line| line.contains("s3:GetObject")).map(place).collect();
    assert_eq!(places.len(), 2, "{screen}");
    assert_eq!(places[0], places[1], "{screen}");
}
