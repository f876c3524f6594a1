//! The prefix that most names of a screen share: printed once, cut from each name, whose telling end then fits.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Style;

/// Shorter prefixes save nothing.
const LENGTH_MIN: usize = 6;
/// Fewer names do not make a common prefix.
const NAMES_MIN: usize = 3;

/// A prefix that is printed once and stands as `…` in every name.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Prefix(Option<String>);

impl Prefix {
    /// The longest prefix, ending in `-`, `_`, `/`, `.` or `:`, of more than half of the names (equal names count
    /// once); none if fewer than three names share one.
    #[must_use]
    pub fn of<'a>(names: impl IntoIterator<Item = &'a str>) -> Self {
        let names: std::collections::BTreeSet<&str> = names.into_iter().collect();
        let mut shared: BTreeMap<&str, usize> = BTreeMap::new();
        for name in &names {
            for (at, _) in name.match_indices(['-', '_', '/', '.', ':']) {
                let (head, rest) = name.split_at_checked(at + 1).unwrap_or((name, ""));
                if head.len() >= LENGTH_MIN && !rest.is_empty() {
                    *shared.entry(head).or_default() += 1;
                }
            }
        }
        let enough = NAMES_MIN.max(names.len() / 2 + 1);
        let best = shared
            .into_iter()
            .filter(|(_, count)| *count >= enough)
            .max_by_key(|(prefix, count)| (prefix.len(), *count));
        Self(best.map(|(prefix, _)| prefix.to_owned()))
    }

    /// The name with `…` for the prefix, or as it is.
    #[must_use]
    pub fn shorten<'a>(&self, name: &'a str, style: Style) -> Cow<'a, str> {
        let rest = self.0.as_deref().and_then(|prefix| name.strip_prefix(prefix));
        match rest {
            Some(rest) if !style.wide && !rest.is_empty() => {
                Cow::Owned(format!("{}{rest}", style.ellipsis()))
            }
            _ => Cow::Borrowed(name),
        }
    }

    /// What to print once, `… = stratus-red-team-`; nothing with `wide`, where names are whole.
    #[must_use]
    pub fn note(&self, style: Style) -> Option<String> {
        let prefix = self.0.as_deref().filter(|_| !style.wide)?;
        Some(format!("{} = {prefix}", style.ellipsis()))
    }
}

#[cfg(test)]
mod tests;
