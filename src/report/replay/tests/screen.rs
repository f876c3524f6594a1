//! The screens, whole.

use super::*;

/// Below the first lines, which are the same whatever is shown.
fn below(screen: &str) -> &str {
    screen.splitn(3, "\n\n").nth(2).unwrap()
}

#[test]
fn agreement_stands_first_then_what_the_proposal_breaks_then_the_proofs() {
    assert_eq!(text(&full(), &options(), NARROW), include_str!("screens/full.txt"));
}

#[test]
fn without_unicode_the_same_is_drawn_in_ascii() {
    let screen = text(&full(), &options(), ASCII);
    assert_eq!(screen, include_str!("screens/ascii.txt"));
    assert!(screen.is_ascii());
}

#[test]
fn a_pipe_gets_whole_names_whole_moments_and_every_row_in_the_same_order() {
    assert_eq!(text(&full(), &options(), WIDE), include_str!("screens/wide.txt"));
}

#[test]
fn one_part_can_be_asked_for_with_examples() {
    let mut parts = String::new();
    for show in Show::ALL {
        let screen = text(&full(), &Options { examples: true, ..shown(show) }, NARROW);
        parts.push_str(&format!("--show {}\n{}\n", show.word(), below(&screen)));
    }
    assert_eq!(parts, include_str!("screens/parts.txt"));
}

#[test]
fn no_line_is_longer_than_the_screen_but_for_what_must_be_copied() {
    let mut screens: Vec<String> =
        Show::ALL.map(|show| text(&full(), &Options { examples: true, ..shown(show) }, NARROW)).to_vec();
    screens.push(text(&full(), &options(), NARROW));
    for line in screens.iter().flat_map(|screen| screen.lines()) {
        let is_command = line.trim_start_matches("next:").trim_start().starts_with("backtrail ");
        let is_one_word = !line.trim().contains(' ');
        assert!(shown_text::width(line) <= 80 || is_command || is_one_word, "{line}");
    }
}

#[test]
fn nothing_to_replay_is_said_and_nothing_is_judged() {
    assert_eq!(text(&empty(), &options(), NARROW), "nothing to replay: no event\n  snapshot  iam/\n");
    let proposed = Replay { proposal: Some(Proposal { groups: Vec::new(), ..proposal() }), ..empty() };
    let screen = text(&proposed, &options(), NARROW);
    assert!(screen.contains("  proposed  iam-next/\n"), "{screen}");
    assert!(!screen.contains("breaks"), "{screen}");
}

#[test]
fn one_event_is_in_the_singular() {
    let moment = time("2026-11-23T14:02:51Z");
    let one = Replay {
        first: Some(moment),
        last: Some(moment),
        accounts: vec!["111122223333".to_owned()],
        events: 1,
        requests: 1,
        evaluations: 1,
        verdicts: Verdicts { now_denied: 1, ..Verdicts::default() },
        groups: vec![Group {
            decided: vec![outside_eu()],
            seen: Seen { events: 1, first: moment, last: moment },
            ..group(
                Verdict::NowDenied,
                Then::Allowed,
                DEPLOY,
                "ec2:RunInstances",
                seen(1, "2026-11-23T14:02:51Z"),
            )
        }],
        ..empty()
    };
    let options = Options::default();
    assert_eq!(text(&one, &options, NARROW), include_str!("screens/one.txt"));
}
