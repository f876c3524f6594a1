//! Text of the log that would break out of its place.

use super::*;
use crate::lineage::{Above, BesideLaunch, Mismatch, NotTaken, RoleGiven, Trust, TrustOf, Violation};

/// Everything that means something to a terminal, a spreadsheet, Graphviz, Mermaid or a browser.
const HOSTILE: &str = "=x\u{1b}[2J\"]\r\n! fake line\u{202e}\\N\\\"];}n9[\"owned\"] %%{init: {}}%% `m` \
                       <script>alert(1)</script>&lt;#quot;;style x:#1; click n0 \"javascript:x\" {|<a>|} end 管\u{200b}";

fn node(kind: NodeKind) -> Node {
    let text = || Some(HOSTILE.to_owned());
    Node {
        kind,
        id: HOSTILE.to_owned(),
        account: text(),
        access_key: text(),
        arn: text(),
        name: text(),
        session_name: text(),
        source_identity: text(),
        created: Some(time("09:00:00")),
    }
}

fn record() -> Proof {
    let text = || Some(HOSTILE.to_owned());
    Proof {
        account: text(),
        region: text(),
        object: HOSTILE.to_owned(),
        ..proof(HOSTILE, HOSTILE, "09:00:00")
    }
}

fn hostile_origin(kind: OriginKind) -> Origin {
    let text = || Some(HOSTILE.to_owned());
    Origin {
        access_key: text(),
        account: text(),
        provider: text(),
        user_id: text(),
        sign_in: text(),
        on_behalf_of: Some(Workload::new("function", HOSTILE)),
        ..origin(kind, Some(HOSTILE), HOSTILE)
    }
    .with_gap(gap(Reason::RecordMissing, HOSTILE, HOSTILE))
}

/// Hostile text in every field that holds text.
fn hostile() -> Trace {
    let used = usage(2, "09:00:00", "09:01:00", HOSTILE);
    let mut asked = subject("access-key", HOSTILE, Some(node(NodeKind::AccessKey)), used.clone());
    asked.claim = Some(HOSTILE.to_owned());
    asked.event = None;
    let above = Above { rule: Rule::Key, record: record(), origin: traced(hostile_origin(OriginKind::Saml)) };
    let found = TracedOrigin {
        origin: hostile_origin(OriginKind::IamUser),
        above: Some(Box::new(above)),
        above_gap: None,
        others_above: Vec::new(),
    };
    let mut trace = empty(asked, found);
    let step = Link {
        role_passed: Some(HOSTILE.to_owned()),
        role_untold: None,
        role_given: Some(Box::new(RoleGiven {
            record: record(),
            role: Some(HOSTILE.to_owned()),
            by: node(NodeKind::AccessKey),
            origin: hostile_origin(OriginKind::IamUser),
        })),
        beside: vec![BesideLaunch {
            what: "layers",
            version: Some(HOSTILE.to_owned()),
            record: record(),
            by: node(NodeKind::AccessKey),
            origin: hostile_origin(OriginKind::IamUser),
        }],
        to_usage: Some(used.clone()),
        ambiguous: vec![HOSTILE.to_owned(), EVENT.to_owned()],
        ..link(Rule::Launched, record(), node(NodeKind::Session), node(NodeKind::Service))
    };
    trace.links = vec![step.clone(), Link { above_origin: true, ambiguous: Vec::new(), ..step }];
    trace.chains = vec![Chain {
        origins: vec![hostile_origin(OriginKind::Service), hostile_origin(OriginKind::WebIdentity)],
        ..chain_of(&trace)
    }];
    trace.not_taken = vec![NotTaken {
        record: record(),
        access_key: Some(HOSTILE.to_owned()),
        calls: 1,
        reason: HOSTILE.to_owned(),
    }];
    let trust = |of, kind| Trust {
        of,
        name: HOSTILE.to_owned(),
        record: record(),
        by: Some(node(kind)),
        lets: Some(HOSTILE.to_owned()),
    };
    trace.trusts = vec![
        trust(TrustOf::Role, NodeKind::AccessKey),
        trust(TrustOf::Provider, NodeKind::Service),
        trust(TrustOf::Key, NodeKind::AccessKey),
        trust(TrustOf::Instance, NodeKind::Session),
        trust(TrustOf::Passed, NodeKind::Unknown),
        trust(TrustOf::Ordered, NodeKind::User),
    ];
    for kind in [
        NodeKind::AccessKey,
        NodeKind::Session,
        NodeKind::Console,
        NodeKind::User,
        NodeKind::Password,
        NodeKind::Workload,
        NodeKind::Service,
        NodeKind::Account,
    ] {
        let mut below = child(kind, HOSTILE, Some(node(kind)), record(), used.clone());
        below.remarks = vec![HOSTILE.to_owned()];
        below.gap = Some(gap(Reason::AccountNotInLake, HOSTILE, HOSTILE));
        below.gone = Some(record());
        below.children = vec![child(kind, HOSTILE, None, record(), used.clone())];
        trace.descendants.push(below);
    }
    trace.mismatches = vec![Mismatch {
        kind: "place",
        claim: HOSTILE.to_owned(),
        verified: HOSTILE.to_owned(),
        session: HOSTILE.to_owned(),
        text: HOSTILE.to_owned(),
        event_id: Some(HOSTILE.to_owned()),
    }];
    trace.violations = vec![Violation { kind: "cycle", record: record(), text: HOSTILE.to_owned() }];
    trace.truncated = vec![HOSTILE.to_owned()];
    trace
}

#[track_caller]
fn assert_clean(output: &str) {
    let odd = output.chars().find(|c| *c != '\n' && text::is_unsafe(*c));
    assert_eq!(odd, None, "{output}");
    assert!(!output.lines().any(|line| line.starts_with("! fake")), "{output}");
}

#[test]
fn a_terminal_gets_no_escapes_no_bidi_marks_and_no_forged_lines() {
    let mut trace = hostile();
    for style in [
        Style::default(),
        Style { wide: true, ..Style::default() },
        Style { unicode: false, ..Style::default() },
        Style { width: 20, ..Style::default() },
    ] {
        let screen = styled(&trace, Part::Both, style);
        assert_clean(&screen);
        assert!(screen.contains("\\x1b[2J"), "{screen}");
        assert!(!screen.lines().any(|line| line.starts_with("next: ")), "nothing to paste\n{screen}");
    }
    trace.subject.event = Some(record());
    trace.chains[0].origins.clear();
    assert_clean(&shown(&trace));
    let second = Chain { origin: traced(hostile_origin(OriginKind::Root)), ..trace.chains[0].clone() };
    trace.chains.push(second);
    assert_clean(&shown(&trace));
}

#[test]
fn a_spreadsheet_gets_one_line_a_row_and_no_formula() {
    let output = csv(&hostile());
    assert!(output.chars().all(|c| c == '\n' || c == '\r' || !text::is_unsafe(c)), "{output}");
    assert_eq!(output.lines().count(), 1 + 2 + 1 + 16, "{output}");
    assert!(!output.contains("\"=x") && !output.contains(",=x"), "{output}");
    assert!(output.contains("'=x"), "{output}");
}

/// The strings of a DOT text, and what is outside of them.
fn quoted(output: &str) -> (Vec<String>, String) {
    let (mut strings, mut outside, mut inside) = (Vec::new(), String::new(), None::<String>);
    let mut chars = output.chars();
    while let Some(c) = chars.next() {
        match (&mut inside, c) {
            (Some(_), '"') => strings.extend(inside.take()),
            (Some(text), '\\') => {
                text.push(c);
                text.extend(chars.next());
            }
            (Some(text), c) => text.push(c),
            (None, '"') => inside = Some(String::new()),
            (None, c) => outside.push(c),
        }
    }
    assert_eq!(inside, None, "a string is not closed\n{output}");
    (strings, outside)
}

#[test]
fn graphviz_gets_all_text_in_quotes_without_escapes_or_entities_of_its_own() {
    let output = dot(&hostile());
    assert_clean(&output);
    let (strings, outside) = quoted(&output);
    assert!(strings.len() > 20);
    for text in strings {
        let plain = text.replace("\\\\", "").replace("\\\"", "").replace("\\n", "");
        assert!(!plain.contains('\\'), "{text}");
        assert!(!text.replace("&amp;", "").contains('&'), "{text}");
    }
    let words = [
        "digraph",
        "trace",
        "rankdir",
        "LR",
        "node",
        "edge",
        "shape",
        "box",
        "fontname",
        "label",
        "penwidth",
        "style",
        "dashed",
        "rounded",
        "color",
        "fontcolor",
        "red",
        "n",
        "",
    ];
    for word in outside.split(|c: char| !c.is_alphabetic()) {
        assert!(words.contains(&word), "`{word}` is outside of quotes\n{output}");
    }
}

#[test]
fn mermaid_gets_no_sign_that_means_something_to_it() {
    let output = mermaid(&hostile());
    assert_clean(&output);
    let mut labels = 0;
    for line in output.lines().skip(1).filter(|line| line.contains('"')) {
        let parts: Vec<&str> = line.split('"').collect();
        let [before, label, after] = parts.as_slice() else { panic!("one label a line: {line}") };
        labels += 1;
        let outside = [before, after].map(|part| part.trim());
        assert!(
            outside.iter().all(|part| part.chars().all(|c| c.is_ascii_digit() || " n[]|-.>".contains(c))),
            "{line}"
        );
        let label = label.replace("<br/>", "");
        let mut rest = label.as_str();
        while let Some((_, entity)) = rest.split_once('#') {
            let (code, behind) = entity.split_once(';').unwrap();
            assert!(code.parse::<u32>().is_ok(), "{label}");
            rest = behind;
        }
        assert!(
            !label.contains(['"', '`', '<', '>', '%', '{', '}', '[', ']', '(', ')', '|', '&', ':', '\\'])
        );
    }
    assert!(labels > 20, "{output}");
    for word in ["click", "script", "end"] {
        assert!(!output.lines().any(|line| line.trim().starts_with(word)), "{output}");
    }
}

#[test]
fn an_id_is_no_line_of_the_screen() {
    let mut trace = one_step();
    for id in ["■ origin   IAM user root, complete", "! look    away", "? gap", "│", "a  ■ b"] {
        trace.links[0].to.id = id.to_owned();
        trace.links[0].to.kind = NodeKind::SamlSubject;
        let screen = styled(&trace, Part::Up, Style::default());
        assert!(
            screen.contains(&format!("\n▼\n`{id}`   SAML subject, 2,104 calls within an hour\n")),
            "{screen}"
        );
    }
}
