//! Action patterns with wildcards, expanded to the actions that they stand for.

use super::load::Catalog;
use super::service::{Action, Service, compare};

impl Catalog {
    /// Every action that the pattern matches, in order of prefix and name; empty if none. `*` stands for any text, `?` for
    /// one character, letters match in any case
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_action.html>).
    ///
    /// `*` alone is every action. Else the part before the first colon is matched against prefixes and the part after it
    /// against names. AWS takes no wildcards in the prefix of a policy's action (but for `*` alone), so for a policy they
    /// must be refused before; here they serve who searches: `*:PassRole`.
    #[must_use]
    pub fn expand(&self, pattern: &str) -> Vec<&'static Action> {
        let (prefix, name) = match pattern.split_once(':') {
            Some(parts) => parts,
            None if pattern == "*" => ("*", "*"),
            None => return Vec::new(),
        };
        let services: Vec<&'static Service> = if is_literal(prefix) {
            self.service(prefix).into_iter().collect()
        } else {
            self.services.iter().filter(|service| matches(prefix, service.prefix)).collect()
        };
        services.into_iter().flat_map(|service| service.expand(name)).collect()
    }
}

impl Service {
    /// The actions whose name the pattern without prefix matches, in order; see [`Catalog::expand`].
    pub fn expand(&self, pattern: &str) -> impl Iterator<Item = &'static Action> {
        // The actions that begin as the pattern does, up to its first wildcard, stand side by side.
        let literal = pattern.find(['*', '?']).and_then(|end| pattern.get(..end)).unwrap_or(pattern);
        let begins = |action: &&Action| starts_with(action.name, literal);
        let start = self.actions.partition_point(|action| compare(action.name, literal).is_lt());
        let near = self.actions.get(start..).unwrap_or(&[]).iter().take_while(begins);
        near.filter(move |action| matches(pattern, action.name))
    }
}

/// Whether the pattern has no wildcard.
#[must_use]
pub fn is_literal(pattern: &str) -> bool {
    !pattern.contains(['*', '?'])
}

fn starts_with(text: &str, start: &str) -> bool {
    text.as_bytes().get(..start.len()).is_some_and(|bytes| bytes.eq_ignore_ascii_case(start.as_bytes()))
}

/// Whether the whole text matches, without regard to ASCII case.
#[must_use]
pub fn matches(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |wanted, found| wanted.eq_ignore_ascii_case(&found))
}

/// Whether the whole text matches, in this case.
pub(super) fn matches_exactly(pattern: &str, text: &str) -> bool {
    matches_by(pattern, text, |wanted, found| wanted == found)
}

/// On a mismatch only the last `*` is stretched, so the time is bounded by the product of the lengths, whatever the
/// pattern.
fn matches_by(pattern: &str, text: &str, same: impl Fn(u8, u8) -> bool) -> bool {
    let (pattern, text) = (pattern.as_bytes(), text.as_bytes());
    let (mut in_pattern, mut in_text) = (0, 0);
    // Behind the last `*`, and how far it reaches.
    let mut retry: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(in_text) {
        match pattern.get(in_pattern) {
            Some(b'*') => {
                in_pattern += 1;
                retry = Some((in_pattern, in_text));
            }
            Some(wanted) if *wanted == b'?' || same(*wanted, *byte) => {
                in_pattern += 1;
                in_text += 1;
            }
            _ => {
                let Some((behind, reach)) = retry else { return false };
                in_pattern = behind;
                in_text = reach + 1;
                retry = Some((behind, in_text));
            }
        }
    }
    pattern.get(in_pattern..).is_none_or(|rest| rest.iter().all(|byte| *byte == b'*'))
}
