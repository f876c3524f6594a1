//! Policy variables in resources: what a statement says of whoever calls stays said of whoever calls
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).

use std::borrow::Cow;

use crate::policy::{Piece, Standing, pieces};

/// Whether a text of a policy of version 2012-10-17 has variables; `${*}`, `${?}` and `${$}` are none.
pub(crate) fn has(text: &str) -> bool {
    text.contains("${") && all(text).iter().any(|piece| matches!(piece, Piece::Variable { .. }))
}

fn all(text: &str) -> Vec<Piece<'_>> {
    pieces(text).unwrap_or_else(|_| vec![Piece::Text(text)])
}

/// A text in which each variable is a letter of its own that nothing else is, so that patterns can be compared: whatever a
/// variable stands for, it stands for the same in both.
pub(crate) fn opaque(text: &str) -> Cow<'_, str> {
    if !text.contains("${") {
        return Cow::Borrowed(text);
    }
    let mut written = String::with_capacity(text.len());
    for piece in all(text) {
        match piece {
            Piece::Text(text) => written.push_str(text),
            Piece::Literal("*") => written.push('\u{e002}'),
            Piece::Literal("?") => written.push('\u{e003}'),
            Piece::Literal(_) => written.push('$'),
            // The names of keys ignore case.
            Piece::Variable { key, default } => {
                written.push('\u{e000}');
                written.push_str(&key.to_lowercase().replace(['*', '?'], "\u{e004}"));
                written.push('\u{e005}');
                written.push_str(&default.unwrap_or("\u{e006}").replace(['*', '?'], "\u{e004}"));
                written.push('\u{e001}');
            }
        }
    }
    Cow::Owned(written)
}

/// A text in which each variable is `*`: all that it may stand for.
pub(crate) fn widest(text: &str) -> Cow<'_, str> {
    if !has(text) {
        return Cow::Borrowed(text);
    }
    let of = |piece: &Piece<'_>| match piece {
        Piece::Text(text) => (*text).to_owned(),
        Piece::Literal(letter) => format!("${{{letter}}}"),
        Piece::Variable { .. } => "*".to_owned(),
    };
    Cow::Owned(all(text).iter().map(of).collect())
}

/// The parts of a text and what stands between them: slashes and colons inside of a variable are none.
pub(crate) fn split<'t>(text: &'t str, separators: &[char]) -> Vec<(&'t str, &'t str)> {
    let mut parts = Vec::new();
    let (mut begin, mut is_inside) = (0, false);
    for (at, letter) in text.char_indices() {
        let is_dollar = |rest: Option<&str>| rest.is_some_and(|rest| rest.starts_with("${"));
        if is_dollar(text.get(at..)) {
            is_inside = true;
        } else if letter == '}' {
            is_inside = false;
        } else if !is_inside && separators.contains(&letter) {
            let end = at + letter.len_utf8();
            parts.push((text.get(begin..at).unwrap_or_default(), text.get(at..end).unwrap_or_default()));
            begin = end;
        }
    }
    parts.push((text.get(begin..).unwrap_or_default(), ""));
    parts
}

/// What a resource's pattern is matched with.
enum Step<'a> {
    /// A letter, and how the policy writes it.
    Letter(char, Cow<'a, str>),
    One,
    Many,
    /// What a variable stands for, and the variable.
    Variable(Vec<char>, String),
}

/// What a pattern with variables says of one resource: its variables as they are, and for its wildcards what they stand for
/// there. `escaped` writes a letter of the resource, by its place. None where the pattern does not stand for the resource, or
/// the request does not tell what a variable stands for.
pub(crate) fn narrowed(
    pattern: &str,
    resource: &str,
    standing: &dyn Fn(&str) -> Standing,
    escaped: &dyn Fn(usize, char) -> String,
) -> Option<String> {
    let steps = steps(pattern, standing)?;
    let letters: Vec<(usize, char)> = resource.char_indices().collect();
    let width = letters.len() + 1;
    // Whether the steps from one on stand for the letters from one on.
    let mut fits = vec![false; (steps.len() + 1) * width];
    let has = |fits: &[bool], step: usize, letter: usize| {
        letter < width && fits.get(step * width + letter).is_some_and(|own| *own)
    };
    let letter = |at: usize| letters.get(at).map(|(_, letter)| *letter);
    let is_next = |at: usize, value: &[char]| {
        value.iter().enumerate().all(|(offset, own)| letter(at + offset) == Some(*own))
    };
    for at in (0..=steps.len()).rev() {
        for from in (0..width).rev() {
            let own = match steps.get(at) {
                None => from == letters.len(),
                Some(Step::Letter(own, _)) => letter(from) == Some(*own) && has(&fits, at + 1, from + 1),
                Some(Step::One) => from < letters.len() && has(&fits, at + 1, from + 1),
                Some(Step::Many) => {
                    has(&fits, at + 1, from) || from < letters.len() && has(&fits, at, from + 1)
                }
                Some(Step::Variable(value, _)) => {
                    is_next(from, value) && has(&fits, at + 1, from + value.len())
                }
            };
            if let Some(place) = fits.get_mut(at * width + from) {
                *place = own;
            }
        }
    }
    if !has(&fits, 0, 0) {
        return None;
    }
    let mut written = String::with_capacity(resource.len());
    let mut from = 0;
    for (at, step) in steps.iter().enumerate() {
        let begin = from;
        match step {
            Step::Letter(_, text) => {
                written.push_str(text);
                from += 1;
                continue;
            }
            Step::Variable(value, text) => {
                written.push_str(text);
                from += value.len();
                continue;
            }
            Step::One => from += 1,
            Step::Many => {
                while !has(&fits, at + 1, from) && from < letters.len() {
                    from += 1;
                }
            }
        }
        let stands_for = letters.get(begin..from).unwrap_or_default();
        written.extend(stands_for.iter().map(|(place, letter)| escaped(*place, *letter)));
    }
    Some(written)
}

fn steps<'a>(pattern: &'a str, standing: &dyn Fn(&str) -> Standing) -> Option<Vec<Step<'a>>> {
    let mut steps = Vec::new();
    for piece in all(pattern) {
        match piece {
            Piece::Text(text) => steps.extend(text.char_indices().map(|(at, letter)| match letter {
                '*' => Step::Many,
                '?' => Step::One,
                _ => Step::Letter(letter, Cow::Borrowed(text.get(at..at + letter.len_utf8()).unwrap_or(""))),
            })),
            Piece::Literal(text) => {
                let written = Cow::Owned(format!("${{{text}}}"));
                steps.extend(text.chars().next().map(|letter| Step::Letter(letter, written)));
            }
            Piece::Variable { key, default } => {
                let value = match (standing(key), default) {
                    (Standing::Values(values), _) => match values.as_slice() {
                        [one] => one.clone(),
                        _ => return None,
                    },
                    (Standing::Absent, Some(default)) => default.to_owned(),
                    (Standing::Absent, None) | (Standing::Unknown, _) => return None,
                };
                let text = match default {
                    Some(default) => format!("${{{key}, '{default}'}}"),
                    None => format!("${{{key}}}"),
                };
                steps.push(Step::Variable(value.chars().collect(), text));
            }
        }
    }
    Some(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn narrow(pattern: &str, resource: &str) -> Option<String> {
        let standing = |key: &str| match key {
            "aws:username" => Standing::Values(vec!["ann".to_owned()]),
            "aws:PrincipalTag/team" => Standing::Values(vec!["red/1".to_owned()]),
            "aws:PrincipalTag/none" => Standing::Absent,
            _ => Standing::Unknown,
        };
        narrowed(pattern, resource, &standing, &|_, letter| letter.to_string())
    }

    #[test]
    fn variables_stay_and_wildcards_become_what_they_stand_for() {
        let own = |key: &str| format!("arn:aws:s3:::example/{key}");
        for (pattern, resource, expected) in [
            ("${aws:username}/*", "ann/a/b", Some("${aws:username}/a/b")),
            ("*/${aws:username}/*", "x/ann/ann/b", Some("x/${aws:username}/ann/b")),
            ("${aws:PrincipalTag/team}/?", "red/1/x", Some("${aws:PrincipalTag/team}/x")),
            ("${aws:PrincipalTag/none, 'all'}/*", "all/x", Some("${aws:PrincipalTag/none, 'all'}/x")),
            ("a${*}${aws:username}*", "a*ann!", Some("a${*}${aws:username}!")),
            ("${aws:username}/*", "bob/a", None),
            ("${aws:PrincipalTag/none}/*", "all/x", None),
            ("${aws:userid}/*", "x/y", None),
        ] {
            let found = narrow(&own(pattern), &own(resource));
            assert_eq!(found, expected.map(own), "{pattern} {resource}");
        }
    }

    #[test]
    fn a_variable_is_one_part_whatever_its_key_is_called() {
        assert_eq!(
            split("a/${aws:PrincipalTag/team}:b", &['/', ':']),
            [("a", "/"), ("${aws:PrincipalTag/team}", ":"), ("b", "")]
        );
        assert!(has("x${aws:userid}") && !has("x${*}") && !has("x"));
        assert_eq!(widest("b/${aws:username}/${*}"), "b/*/${*}");
        assert_eq!(opaque("${AWS:UserName}"), opaque("${aws:username}"));
        assert_ne!(opaque("${aws:username, 'x'}"), opaque("${aws:username}"));
    }
}
