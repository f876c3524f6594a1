//! The names of elements, and the name that was probably meant.

/// The elements of a document.
pub(super) const OF_DOCUMENT: [&str; 3] = ["Version", "Id", "Statement"];
/// The elements of a statement.
pub(super) const OF_STATEMENT: [&str; 9] = [
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
];
/// The kinds of principals.
pub(super) const OF_PRINCIPAL: [&str; 4] = ["AWS", "Service", "Federated", "CanonicalUser"];

/// Longer texts are no typing error of a name.
const LENGTH_MAX: usize = 40;
/// More edits than this make another word.
const EDITS_MAX: usize = 3;

/// The name with the fewest edits to a text, ignoring case; None if it takes too many.
pub(super) fn nearest(text: &str, names: impl Iterator<Item = &'static str>) -> Option<&'static str> {
    if text.len() > LENGTH_MAX {
        return None;
    }
    let best = names.map(|name| (edits(text, name), name)).min()?;
    (best.0 <= EDITS_MAX).then_some(best.1)
}

/// The Levenshtein distance.
fn edits(left: &str, right: &str) -> usize {
    let (left, right) = (left.to_ascii_lowercase(), right.to_ascii_lowercase());
    let mut row: Vec<usize> = (0..=right.chars().count()).collect();
    for (at, from) in left.chars().enumerate() {
        let mut diagonal = at;
        let mut before = at + 1;
        let mut next = vec![before];
        for (to, above) in right.chars().zip(row.iter().skip(1)) {
            before = (diagonal + usize::from(from != to)).min(above + 1).min(before + 1);
            diagonal = *above;
            next.push(before);
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}
