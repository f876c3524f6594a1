//! Patterns against patterns, and against every text that they stand for.

use proptest::prelude::*;

use super::*;

/// The texts are made of these: one that patterns name, the colon, and one that none names.
const LETTERS: [char; 3] = ['a', ':', 'z'];
/// Longer texts for one star tell nothing new: no pattern asks for more characters.
const STAR_MAX: u32 = 4;

/// The steps of a pattern in which `%` and `_` are the wildcards that stand for no colon.
fn steps(text: &str) -> Vec<Step> {
    let step = |letter| match letter {
        '*' => Step::Many(Reach::All),
        '?' => Step::One(Reach::All),
        '%' => Step::Many(Reach::Part),
        '_' => Step::One(Reach::Part),
        _ => Step::Char(letter),
    };
    text.chars().map(step).collect()
}

/// The definition of what a pattern stands for, character by character.
fn obvious(pattern: &[Step], text: &[char]) -> bool {
    let fits = |reach: Reach, letter: &char| reach == Reach::All || *letter != ':';
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Step::Many(reach), rest)) => {
            obvious(rest, text)
                || text
                    .split_first()
                    .is_some_and(|(first, text)| fits(*reach, first) && obvious(pattern, text))
        }
        Some((Step::One(reach), rest)) => {
            text.split_first().is_some_and(|(first, text)| fits(*reach, first) && obvious(rest, text))
        }
        Some((Step::Char(own), rest)) => {
            text.split_first().is_some_and(|(first, text)| first == own && obvious(rest, text))
        }
    }
}

/// Every text that a pattern stands for, stars up to [`STAR_MAX`] characters.
fn texts(pattern: &[Step]) -> Vec<Vec<char>> {
    let mut texts = vec![Vec::new()];
    for step in pattern {
        let (reach, lengths) = match step {
            Step::Char(own) => {
                for text in &mut texts {
                    text.push(*own);
                }
                continue;
            }
            Step::One(reach) => (*reach, 1..=1),
            Step::Many(reach) => (*reach, 0..=STAR_MAX),
        };
        let mut fills = vec![Vec::new()];
        let mut all = Vec::new();
        for length in 0..=*lengths.end() {
            if lengths.contains(&length) {
                all.extend(fills.iter().cloned());
            }
            let letters = || LETTERS.iter().filter(|own| reach == Reach::All || **own != ':');
            fills = fills
                .iter()
                .flat_map(|fill: &Vec<char>| letters().map(|own| [fill.as_slice(), &[*own]].concat()))
                .collect();
        }
        texts =
            texts.iter().flat_map(|text| all.iter().map(|fill| [text.as_slice(), fill].concat())).collect();
    }
    texts
}

fn by_enumeration(wide: &[Step], narrow: &[Step]) -> Truth {
    let mut fits = texts(narrow).into_iter().map(|text| obvious(wide, &text));
    let first = fits.next().unwrap();
    if fits.all(|fit| fit == first) { Truth::from(first) } else { Truth::Unknown }
}

#[test]
fn a_pattern_covers_all_of_another_or_some_or_nothing() {
    for (wide, narrow, expected) in [
        ("*", "*", Truth::Yes),
        ("", "*", Truth::Unknown),
        ("a", "a", Truth::Yes),
        ("a", "z", Truth::No),
        ("a*", "a*", Truth::Yes),
        ("a*", "az*", Truth::Yes),
        ("az*", "a*", Truth::Unknown),
        ("b*", "a*", Truth::No),
        // Lengths count where no character is named.
        ("?*?", "a*z", Truth::Yes),
        ("*?", "?*", Truth::Yes),
        ("??*", "a*", Truth::Unknown),
        ("?", "az*", Truth::No),
        ("a*a", "a*", Truth::Unknown),
        ("*a*", "z*a*z", Truth::Yes),
        ("*a*", "z?z", Truth::Unknown),
        // A part of an ARN ends at the colon.
        ("%", "*", Truth::Unknown),
        ("*", "%", Truth::Yes),
        ("%:%", "%", Truth::No),
        ("%:%", "*", Truth::Unknown),
        ("_", "?", Truth::Unknown),
        ("_", ":", Truth::No),
    ] {
        let (wide_steps, narrow_steps) = (steps(wide), steps(narrow));
        assert_eq!(covers(&wide_steps, &narrow_steps), expected, "`{wide}` and `{narrow}`");
        assert_eq!(by_enumeration(&wide_steps, &narrow_steps), expected, "all: `{wide}` and `{narrow}`");
    }
}

#[test]
fn the_steps_of_a_compiled_pattern_stand_for_the_same_texts() {
    for pattern in ["", "*", "a", "a*", "*a", "?", "a?*z", "*?*a?", "é*?"] {
        let mut compiled = Vec::new();
        Wildcard::new(pattern).steps(Reach::All, &mut compiled);
        let written = steps(pattern);
        assert_eq!(covers(&compiled, &written), Truth::Yes, "{pattern}");
        assert_eq!(covers(&written, &compiled), Truth::Yes, "{pattern}");
    }
}

#[test]
fn hostile_patterns_end_at_the_limit() {
    let wide = steps(&format!("*a{}", "?".repeat(30)));
    let narrow = steps(&format!("*{}", "a*".repeat(40)));
    // Sets of places are as many as subsets of them: what is not found out is not known.
    assert_ne!(covers(&wide, &narrow), Truth::No);
    let long = steps(&"a*".repeat(10_000));
    assert_eq!(covers(&long, &long), Truth::Unknown);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(600))]

    #[test]
    fn it_agrees_with_trying_every_text(
        wide in "[a:*?%_]{0,4}",
        narrow in "[a:]{0,1}[*%?]{0,1}[a:_?]{0,1}[*%?]{0,1}[a:]{0,1}",
    ) {
        let (wide, narrow) = (steps(&wide), steps(&narrow));
        prop_assert_eq!(covers(&wide, &narrow), by_enumeration(&wide, &narrow));
    }
}
