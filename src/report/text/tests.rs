//! Hostile text on a terminal.

use proptest::prelude::*;

use super::*;

const UNICODE: Style = Style { unicode: true, wide: false, width: 80 };
const ASCII: Style = Style { unicode: false, wide: false, width: 80 };

#[track_caller]
fn check(text: &str, shown: &str) {
    assert_eq!(escape(text), shown);
    assert_eq!(escape(shown), shown, "escaping twice changes nothing");
}

#[test]
fn plain_text_is_not_copied() {
    assert!(matches!(escape("aws-cli/2.0 (x; \"y\") \\ z"), Cow::Borrowed(_)));
}

#[test]
fn terminal_sequences_are_shown_not_run() {
    check("a\x1b[2Jb", "a\\x1b[2Jb");
    check("\x1b]0;title\x07", "\\x1b]0;title\\x07");
    check("\u{9b}31m", "\\x9b31m");
    check("a\nb\tc\rd\0e\x7f", "a\\nb\\tc\\rd\\x00e\\x7f");
}

#[test]
fn bidi_marks_do_not_turn_text_around() {
    check("user\u{202e}nimda", "user\\u{202e}nimda");
    for c in "\u{202a}\u{202b}\u{202c}\u{202d}\u{2066}\u{2067}\u{2068}\u{2069}\u{200e}\u{200f}\u{61c}".chars()
    {
        check(
            &c.to_string(),
            &if u32::from(c) < 0x100 { String::new() } else { format!("\\u{{{:x}}}", u32::from(c)) },
        );
    }
}

#[test]
fn invisible_characters_are_seen() {
    check("ad\u{200b}min", "ad\\u{200b}min");
    check("\u{feff}admin", "\\u{feff}admin");
    for code in [
        0x200c, 0x200d, 0x2028, 0x2029, 0x2060, 0xad, 0x34f, 0x3164, 0x2800, 0xfe0f, 0xe0041, 0xe0100, 0xe000,
    ] {
        let c = char::from_u32(code).unwrap();
        assert!(is_unsafe(c), "U+{code:04X}");
    }
}

#[test]
fn spaces_other_than_the_ordinary_are_seen() {
    check("a\u{a0}b", "a\\xa0b");
    check("a\u{3000}b", "a\\u{3000}b");
}

#[test]
fn a_combining_mark_needs_a_letter() {
    check("e\u{301}", "e\u{301}");
    check("\u{301}e", "\\u{301}e");
    check(" \u{301}", " \\u{301}");
    check("\n\u{301}", "\\n\\u{301}");
}

#[test]
fn piled_up_combining_marks_are_shown_escaped() {
    let shown = escape("a\u{300}\u{301}\u{302}\u{303}\u{304}\u{305}").into_owned();
    assert_eq!(shown, "a\u{300}\u{301}\u{302}\u{303}\\u{304}\\u{305}");
}

#[test]
fn letters_of_other_scripts_stay() {
    check("Jürgen 管理者 администратор 🦀", "Jürgen 管理者 администратор 🦀");
}

#[test]
fn without_unicode_only_ascii_is_left() {
    assert_eq!(escape_to_ascii("Jürgen \u{1b}管"), "J\\xfcrgen \\x1b\\u{7ba1}");
    assert_eq!(escape_to_ascii("a → b … · ██▏ ├─"), "a -> b ... . ### +-");
}

#[test]
fn width_counts_terminal_columns() {
    assert_eq!(width("管理"), 4);
    assert_eq!(width("e\u{301}"), 1);
    assert_eq!(width("🦀"), 2);
}

#[test]
fn long_names_keep_their_ends() {
    assert_eq!(truncate("stratus-backdoor-role", 12, Cut::Middle, UNICODE), "strat…r-role");
    assert_eq!(truncate("stratus-backdoor-role", 12, Cut::Start, UNICODE), "…ckdoor-role");
    assert_eq!(truncate("stratus-backdoor-role", 12, Cut::End, UNICODE), "stratus-bac…");
    assert_eq!(truncate("stratus-backdoor-role", 12, Cut::End, ASCII), "stratus-b...");
    assert_eq!(truncate("short", 12, Cut::End, UNICODE), "short");
}

#[test]
fn names_are_cut_by_characters_not_bytes() {
    assert_eq!(truncate("管理者管理者", 6, Cut::End, UNICODE), "管理…");
    assert_eq!(truncate("e\u{301}e\u{301}e\u{301}e\u{301}", 3, Cut::Start, UNICODE), "…e\u{301}e\u{301}");
    assert_eq!(truncate("🦀🦀🦀", 2, Cut::Middle, ASCII), "\\u");
}

#[test]
fn words_are_wrapped_and_ids_stay_whole() {
    assert_eq!(wrap("one two three", 7, UNICODE), ["one two", "three"]);
    assert_eq!(wrap("see 123456789012345 now", 6, UNICODE), ["see", "123456789012345", "now"]);
    assert_eq!(wrap("a   b", 80, UNICODE), ["a   b"]);
    assert_eq!(wrap("", 80, UNICODE), [""]);
    assert_eq!(wrap("  indented words", 10, UNICODE), ["  indented", "words"]);
    assert_eq!(wrap("one two three", usize::MAX, UNICODE), ["one two three"]);
}

proptest! {
    #[test]
    fn shown_text_has_no_control_character(text in any::<String>()) {
        let shown = escape(&text);
        prop_assert!(!shown.chars().any(is_unsafe));
        prop_assert!(!shown.chars().any(char::is_control));
        prop_assert_eq!(escape(&shown), shown.as_ref());
        let ascii = escape_to_ascii(&text);
        prop_assert!(ascii.bytes().all(|byte| (b' '..=b'~').contains(&byte)));
    }

    #[test]
    fn cut_text_fits(text in "\\PC{0,20}|[a-z\u{300}\u{301}管🦀\u{200d}]{0,20}", columns in 0_usize..25) {
        for cut in [Cut::Start, Cut::Middle, Cut::End] {
            for style in [UNICODE, ASCII] {
                let shown = truncate(&text, columns, cut, style);
                prop_assert!(width(&shown) <= columns, "{shown:?}");
            }
        }
    }

    #[test]
    fn wrapped_lines_hold_all_words(text in "[a-z 管]{0,40}", columns in 0_usize..25) {
        let lines = wrap(&text, columns, UNICODE);
        let words: Vec<&str> = lines.iter().flat_map(|line| line.split_whitespace()).collect();
        prop_assert_eq!(words, text.split_whitespace().collect::<Vec<_>>());
        for line in &lines {
            prop_assert!(width(line) <= columns || !line.trim().contains(' '), "{line:?}");
        }
    }
}
