//! Text with wildcards and variables, matched in the most obvious way.

use backtrail::policy::{Context, Standing};

use super::rule::{Rule, Rules};

/// A piece of a pattern whose variables are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// This character.
    Char(char),
    /// `*`.
    Many,
    /// `?`.
    One,
    /// The value of a key that is not known: any text, or none that fits.
    Open,
}

/// How a text becomes a pattern.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Reading<'a> {
    pub(crate) context: &'a Context,
    pub(crate) rules: Rules,
    /// Whether variables are replaced: from version 2012-10-17 on
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_version.html>).
    pub(crate) variables: bool,
    /// Whether `*` and `?` are wildcards.
    pub(crate) wildcards: bool,
}

/// One variable, as written: `${*}`, `${key}` or `${key, 'default'}`.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Variable<'a> {
    pub(crate) key: &'a str,
    pub(crate) default: Option<&'a str>,
    pub(crate) rest: &'a str,
}

/// Reads a variable from after its `${`; None if it is none.
pub(crate) fn variable(text: &str) -> Option<Variable<'_>> {
    let (inside, rest) = text.split_once('}')?;
    let (key, default) = match inside.split_once(',') {
        None => (inside, None),
        Some((key, quoted)) => (key, Some(quoted.trim().strip_prefix('\'')?.strip_suffix('\'')?)),
    };
    let odd = key.is_empty() || key.contains(['$', '{', ' ', '\'']) && key != "$";
    (!odd).then_some(Variable { key, default, rest })
}

/// Whether all variables of a text can be read.
pub(crate) fn readable(text: &str) -> bool {
    match text.split_once("${") {
        None => true,
        Some((_, after)) => variable(after).is_some_and(|variable| readable(variable.rest)),
    }
}

/// The pattern of a text. None if a variable has no value: then it fits nothing
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-no-value>).
pub(crate) fn tokens(text: &str, reading: Reading<'_>) -> Option<Vec<Token>> {
    let rules = reading.rules;
    let plain = |text: &str| -> Vec<Token> {
        let token = |char| match char {
            '*' if reading.wildcards => Token::Many,
            '?' if reading.wildcards => Token::One,
            char => Token::Char(char),
        };
        text.chars().map(token).collect()
    };
    let literal = |text: &str| -> Vec<Token> {
        if rules.on(Rule::VariablesAreLiteralText) {
            text.chars().map(Token::Char).collect()
        } else {
            plain(text)
        }
    };
    let replaced = reading.variables || !rules.on(Rule::VariablesNeedVersion);
    let Some((before, after)) = text.split_once("${").filter(|_| replaced) else {
        return Some(plain(text));
    };
    let Some(variable) = variable(after) else { return Some(plain(text)) };
    let value = match (variable.key, variable.default) {
        ("*" | "?" | "$", None) if rules.on(Rule::EscapesAreCharacters) => literal(variable.key),
        ("*" | "?" | "$", None) => plain(variable.key),
        (key, default) => match reading.context.standing(key) {
            Standing::Unknown if rules.on(Rule::UnknownVariablesAreOpen) => vec![Token::Open],
            Standing::Values(values) if values.len() == 1 || !rules.on(Rule::VariablesTakeOneValue) => {
                literal(values.first()?)
            }
            Standing::Values(_) | Standing::Unknown => return None,
            Standing::Absent if default.is_some() && rules.on(Rule::VariablesHaveDefaults) => {
                literal(default?)
            }
            Standing::Absent if rules.on(Rule::VariableWithoutValueFitsNothing) => return None,
            Standing::Absent => Vec::new(),
        },
    };
    let mut all = plain(before);
    all.extend(value);
    all.extend(tokens(variable.rest, reading)?);
    Some(all)
}

/// Whether a text fits a pattern; `open` is whether an unknown value may be what is needed.
pub(crate) fn fits(pattern: &[Token], text: &[char], open: bool) -> bool {
    let any_rest = |rest: &[Token]| (0..=text.len()).any(|from| fits(rest, &text[from..], open));
    match pattern.split_first() {
        None => text.is_empty(),
        Some((Token::Char(char), rest)) => text.first() == Some(char) && fits(rest, &text[1..], open),
        Some((Token::One, rest)) => !text.is_empty() && fits(rest, &text[1..], open),
        Some((Token::Many, rest)) => any_rest(rest),
        Some((Token::Open, rest)) => open && any_rest(rest),
    }
}

/// [`fits`] for a text that is not split yet.
pub(crate) fn text_fits(pattern: &[Token], text: &str, open: bool) -> bool {
    fits(pattern, &text.chars().collect::<Vec<_>>(), open)
}

/// Splits at the first five colons.
pub(crate) fn parts<T: PartialEq + Copy>(text: &[T], colon: T) -> Vec<&[T]> {
    text.splitn(6, |item| *item == colon).collect()
}

/// Whether an ARN fits an ARN with wildcards, part by part
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_ARN>).
pub(crate) fn arn_fits(pattern: &[Token], text: &[char], open: bool) -> bool {
    let (pattern, text) = (parts(pattern, Token::Char(':')), parts(text, ':'));
    pattern.len() == 6
        && text.len() == 6
        && pattern.iter().zip(&text).all(|(pattern, text)| fits(pattern, text, open))
}
