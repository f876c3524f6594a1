//! Policy variables inside a text
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html>).

/// A part of a text in which variables are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Piece<'a> {
    /// Text in which `*` and `?` are wildcards, if the place takes wildcards.
    Text(&'a str),
    /// `${*}`, `${?}` or `${$}`: the character itself.
    Literal(&'a str),
    /// `${key}` or `${key, 'default'}`.
    Variable {
        /// The context key.
        key: &'a str,
        /// What stands when the request does not have the key.
        default: Option<&'a str>,
    },
}

/// Splits a text at its variables.
///
/// # Errors
///
/// The text from the variable on that cannot be read: no closing brace, no key, blanks around the key, or a default
/// without quotes.
pub(crate) fn pieces(text: &str) -> Result<Vec<Piece<'_>>, &str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let bad = || rest.get(before.len()..).unwrap_or(rest);
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        let (piece, after) = variable(after).ok_or_else(bad)?;
        pieces.push(piece);
        rest = after;
    }
    if !rest.is_empty() || pieces.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    Ok(pieces)
}

/// Reads from after `${` to the closing brace; also gives what follows.
fn variable(text: &str) -> Option<(Piece<'_>, &str)> {
    let end = text.find(['}', ','])?;
    let (key, rest) = text.split_at_checked(end)?;
    if let Some(after) = rest.strip_prefix('}') {
        return Some((named(key, None)?, after));
    }
    let quoted = rest.strip_prefix(',')?.trim_start_matches(' ').strip_prefix('\'')?;
    let (default, after) = quoted.split_once('\'')?;
    Some((named(key, Some(default))?, after.trim_start_matches(' ').strip_prefix('}')?))
}

fn named<'a>(key: &'a str, default: Option<&'a str>) -> Option<Piece<'a>> {
    if matches!(key, "*" | "?" | "$") {
        return default.is_none().then_some(Piece::Literal(key));
    }
    let fits = !key.is_empty() && key.trim() == key && !key.contains("${");
    fits.then_some(Piece::Variable { key, default })
}
