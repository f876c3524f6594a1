//! Text of logs and policies that would break out of its place.

use super::*;

const HOSTILE: &str =
    "=x\u{1b}[2J\"]\r\n! today      it is fine\u{202e}\nnext: rm -r /\n`a` 管理\u{200b} e\u{301}";

/// `text` in every field that holds text.
fn filled(text: &str) -> Explanation {
    let own = || text.to_owned();
    let some = || Some(text.to_owned());
    let made = |how| Decided {
        layer: some(),
        policy: some(),
        sid: some(),
        rule: some(),
        ..decided(how, LayerKind::Scp, text, Some(text), Some(text))
    };
    let mut answer = judged();
    (answer.event_id, answer.region, answer.account, answer.action) = (some(), some(), some(), own());
    answer.caller = ExplainedCaller {
        principal: some(),
        arn: some(),
        access_key: some(),
        source: some(),
        forwarded_by: some(),
        mfa: None,
        session_policies: some(),
    };
    answer.behind = Behind { origin: own(), steps: vec![own()], complete: false };
    answer.aws = AwsSaid {
        then: Then::Denied,
        error_code: some(),
        text: some(),
        action: some(),
        resource: some(),
        effect: Some("explicit"),
        layer: some(),
        policy_arn: some(),
        encoded: true,
    };
    for fact in &mut answer.logs {
        fact.event_id = some();
        fact.what = own();
    }
    (answer.logs_say, answer.snapshot) = (some(), some());
    for request in &mut answer.requests {
        (request.action, request.resource, request.resource_from) = (own(), own(), own());
        request.decision = Some(ExplainedDecision {
            outcome: own(),
            decided: [How::Allow, How::Deny, How::NoAllow, How::Rule].map(made).to_vec(),
            needs: vec![Lack { what: own(), why: own() }],
            reason: reason(text, vec![reason(text, vec![reason(text, vec![])])]),
            keys: vec![(own(), own())],
        });
    }
    answer.agreement = Agreement::Disagree { words: own() };
    answer.limits = vec![Limit { what: own(), events: None }];
    let mut assume = no();
    (assume.principal, assume.role, assume.supposed) = (own(), own(), vec![own()]);
    for side in &mut assume.sides {
        (side.name, side.why, side.change) = (own(), own(), some());
        side.statement = Some(made(How::Deny));
    }
    answer.assume = Some(assume);
    answer
}

fn screens(answer: &Explanation, style: Style) -> Vec<String> {
    let mut others = answer.clone();
    others.snapshot = None;
    others.caller.principal = Some(format!("arn:aws:iam::111122223333:role/{}", answer.action));
    others.caller.arn = Some(format!("arn:aws:sts::111122223333:assumed-role/r/{}", answer.action));
    let no_request = Explanation { not_a_request: Some(answer.action.clone()), ..answer.clone() };
    let assume = answer.assume.as_ref().unwrap();
    let mut all: Vec<String> =
        [answer, &others, &no_request].map(|answer| text(answer, &options(), style)).to_vec();
    all.push(assume_text(assume, &options(), style));
    all
}

#[test]
fn a_terminal_gets_no_escapes_no_bidi_marks_and_no_forged_lines() {
    let answer = filled(HOSTILE);
    for style in [NARROW, WIDE, ASCII, Style { width: 20, ..NARROW }] {
        for screen in screens(&answer, style) {
            let odd = screen.chars().find(|c| *c != '\n' && shown_text::is_unsafe(*c));
            assert_eq!(odd, None, "{screen}");
            assert!(!screen.lines().any(|line| line.starts_with("next: rm")), "{screen}");
            assert!(!screen.lines().any(|line| line.starts_with("! today      it is fine")), "{screen}");
            assert!(style.unicode || screen.is_ascii(), "{screen}");
        }
    }
}

#[test]
fn hostile_names_are_never_offered_as_commands() {
    for screen in screens(&filled(HOSTILE), NARROW) {
        assert!(!screen.lines().any(|line| line.starts_with("next:")), "{screen}");
    }
}

#[test]
fn spreadsheets_get_no_formula_and_one_line_a_row() {
    let answer = filled(HOSTILE);
    for csv in [csv(&answer), assume_csv(answer.assume.as_ref().unwrap())] {
        for line in csv.split_terminator("\r\n") {
            assert!(!line.contains(['\r', '\n', '\u{1b}', '\u{202e}', '\u{200b}']), "{line}");
            assert!(!line.starts_with('=') && !line.contains(",=") && !line.contains(",\"="), "{line}");
        }
    }
}

#[test]
fn json_is_lossless_and_safe_to_look_at() {
    let text = json(&filled(HOSTILE)).unwrap();
    assert_eq!(text.chars().find(|c| *c != '\n' && shown_text::is_unsafe(*c)), None);
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["aws"]["text"], HOSTILE);
    assert_eq!(value["assume"]["sides"][0]["why"], HOSTILE);
}

#[test]
fn names_of_ten_thousand_characters_are_cut_on_a_terminal_and_whole_in_a_pipe() {
    let name = format!("begin{}end", "x".repeat(10_000));
    let answer = filled(&name);
    for screen in screens(&answer, NARROW) {
        let longest = screen.lines().map(shown_text::width).max().unwrap();
        assert!(longest < 2200, "{longest} columns");
    }
    assert!(screens(&answer, WIDE).iter().all(|screen| screen.contains(&name)));
}
