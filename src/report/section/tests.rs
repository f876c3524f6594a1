//! The pieces around the tables.

use super::*;

const STYLE: Style = Style { unicode: true, wide: false, width: 40 };

#[test]
fn a_subject_has_a_double_rule() {
    assert_eq!(subject("AKIAEXAMPLE   key\n", STYLE), format!("AKIAEXAMPLE   key\\n\n{}\n", "═".repeat(40)));
}

#[test]
fn a_note_stands_at_the_right_edge() {
    assert_eq!(heading("Activity", "peak 343", STYLE), format!("Activity{}peak 343\n", " ".repeat(24)));
    assert_eq!(heading("Activity", "", STYLE), "Activity\n");
    let long = "a note that takes most of the line";
    assert_eq!(heading("Activity", long, STYLE), format!("Activity\n{}{long}\n", " ".repeat(6)));
}

#[test]
fn facts_begin_in_one_column_and_wrap_there() {
    let mut facts = Facts::new();
    facts.line(Mark::None, "who", "user one of a long description").more("no MFA").line(
        Mark::Look,
        "account",
        "odd",
    );
    assert_eq!(
        facts.render(STYLE),
        "  who      user one of a long\n           description\n           no MFA\n! account  odd\n"
    );
    assert!(!facts.is_empty());
}

#[test]
fn a_long_label_moves_the_column() {
    let mut facts = Facts::new();
    facts.line(Mark::None, "who speaks", "x").line(Mark::None, "made", "y");
    assert_eq!(facts.render(STYLE), "  who speaks  x\n  made        y\n");
}

#[test]
fn facts_cannot_forge_lines() {
    let mut facts = Facts::new();
    facts.line(Mark::None, "agent", "x\n! account  all is well");
    assert_eq!(facts.render(STYLE).lines().count(), 1);
    assert!(!facts.render(STYLE).lines().any(|line| line.starts_with('!')));
}

#[test]
fn items_wrap_under_themselves() {
    assert_eq!(
        item(Mark::Claim, "regions other than us-east-1; before and after", STYLE),
        "? regions other than us-east-1; before\n  and after\n"
    );
}

#[test]
fn commands_are_never_cut() {
    let command = "backtrail trace AKIAEXAMPLEEXAMPLE --down --wide";
    assert_eq!(next([command, "b"], STYLE), format!("next: {command}\n      b\n"));
    assert_eq!(next([], STYLE), "");
}

#[test]
fn commands_take_no_names_that_a_shell_would_read() {
    assert!(pastable("arn:aws:iam::111122223333:user/alice"));
    for name in ["", "a b", "$(x)", "a;b", "-rf", "a\u{202e}b"] {
        assert!(!pastable(name), "{name:?}");
    }
}
