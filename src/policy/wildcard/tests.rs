//! The matcher against an obvious one, and against hostile patterns.

use proptest::prelude::*;

use super::*;

/// The definition, character by character.
fn obvious(pattern: &[char], text: &[char]) -> bool {
    match pattern.split_first() {
        None => text.is_empty(),
        Some(('*', rest)) => (0..=text.len()).any(|at| obvious(rest, &text[at..])),
        Some(('?', rest)) => text.split_first().is_some_and(|(_, text)| obvious(rest, text)),
        Some((plain, rest)) => {
            text.split_first().is_some_and(|(first, text)| first == plain && obvious(rest, text))
        }
    }
}

#[track_caller]
fn check(pattern: &str, text: &str, expected: bool) {
    assert_eq!(Wildcard::new(pattern).matches(text), expected, "`{pattern}` against `{text}`");
    let chars = |text: &str| text.chars().collect::<Vec<_>>();
    assert_eq!(obvious(&chars(pattern), &chars(text)), expected, "obvious: `{pattern}` against `{text}`");
}

#[test]
fn a_star_is_any_text_and_a_question_mark_one_character() {
    for (pattern, text, expected) in [
        ("*", "", true),
        ("", "", true),
        ("", "a", false),
        ("a*", "a", true),
        ("a*b", "ab", true),
        ("a*b", "aab", true),
        ("a*b", "a", false),
        ("a*a", "a", false),
        ("?", "é", true),
        ("??", "é", false),
        ("*?", "", false),
        ("*?*?*", "a", false),
        ("*?*?*", "ab", true),
        ("a?*c", "abxc", true),
        ("a*?c", "ac", false),
        ("*ab?d*", "xxabababxdyy", true),
        ("*a?b", "aaab", true),
    ] {
        check(pattern, text, expected);
    }
}

#[test]
fn plain_parts_hold_no_wildcards() {
    let pattern = Wildcard::of([Part::Pattern("a/*/"), Part::Plain("*?"), Part::Star, Part::Plain("z")]);
    assert!(pattern.matches("a/b/*?z") && pattern.matches("a//*?yz"));
    assert!(!pattern.matches("a/b/xxz"));
}

#[test]
fn hostile_patterns_take_no_time() {
    let text = "a".repeat(100_000);
    let started = std::time::Instant::now();
    for pattern in [
        "*?".repeat(500_000),
        format!("{}b", "*a".repeat(50_000)),
        format!("{}b", "a*".repeat(1_000_000)),
        format!("*{}b*", "a".repeat(50_000)),
        format!("{}b", "*?a".repeat(30_000)),
        "?".repeat(1_000_000),
    ] {
        let pattern = Wildcard::new(&pattern);
        assert!(!pattern.matches(&text));
    }
    // Seconds, on a busy machine perhaps a minute; without a bound it would be years.
    assert!(started.elapsed().as_secs() < 300, "{:?}", started.elapsed());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4000))]

    #[test]
    fn it_agrees_with_the_obvious_matcher(pattern in "[ab*?é]{0,9}", text in "[abé]{0,9}") {
        let chars = |text: &str| text.chars().collect::<Vec<_>>();
        let expected = obvious(&chars(&pattern), &chars(&text));
        prop_assert_eq!(Wildcard::new(&pattern).matches(&text), expected);
    }
}
