//! What is known of a request: the context keys.

use std::collections::BTreeMap;

/// What is known of one context key.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// The request has the key, with these values, as AWS writes them (times as ISO 8601 or as seconds since 1970,
    /// booleans as `true` and `false`, binary values as their text or in base64). A single-valued key has one; a list of
    /// none is the same as [`Standing::Absent`].
    Values(Vec<String>),
    /// The request is known not to have the key.
    Absent,
    /// It is not known whether the request has the key, and with which values.
    Unknown,
}

/// What stands for the keys that a [`Context`] does not name.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Rest {
    /// They are known to be absent.
    Absent,
    /// Nothing is known of them.
    #[default]
    Unknown,
}

/// The context of a request: what is known of each condition key.
///
/// Key names ignore case, the part after the slash of `aws:PrincipalTag/team` included
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition.html>).
///
/// ```
/// # use backtrail::policy::{Context, Rest, Standing};
/// let mut context = Context::new(Rest::Unknown);
/// context.set("aws:SourceIp", Standing::Values(vec!["192.0.2.1".into()]));
/// context.set_family("aws:PrincipalTag/", Rest::Absent);
/// assert_eq!(context.standing("AWS:sourceip"), Standing::Values(vec!["192.0.2.1".into()]));
/// assert_eq!(context.standing("aws:PrincipalTag/team"), Standing::Absent);
/// assert_eq!(context.standing("aws:SourceVpc"), Standing::Unknown);
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Context {
    keys: BTreeMap<String, Standing>,
    families: BTreeMap<String, Rest>,
    rest: Rest,
}

impl Context {
    /// A context that names no key.
    #[must_use]
    pub fn new(rest: Rest) -> Self {
        Self { rest, ..Self::default() }
    }

    /// Says what is known of a key; the last word counts.
    pub fn set(&mut self, key: &str, standing: Standing) {
        self.set_folded(folded(key), standing);
    }

    /// The same of a key in lower case.
    pub(crate) fn set_folded(&mut self, key: String, standing: Standing) {
        let standing = match standing {
            Standing::Values(values) if values.is_empty() => Standing::Absent,
            other => other,
        };
        self.keys.insert(key, standing);
    }

    /// Gives a key one value.
    pub fn set_value(&mut self, key: &str, value: impl Into<String>) {
        self.set(key, Standing::Values(vec![value.into()]));
    }

    /// Says what stands for all keys that begin so and are not named themselves, as `aws:PrincipalTag/`. The longest
    /// beginning that fits counts.
    pub fn set_family(&mut self, prefix: &str, rest: Rest) {
        self.families.insert(folded(prefix), rest);
    }

    /// What is known of a key.
    #[must_use]
    pub fn standing(&self, key: &str) -> Standing {
        self.of_folded(&folded(key)).clone()
    }

    /// What is known of a key in lower case.
    pub(crate) fn of_folded(&self, key: &str) -> &Standing {
        self.keys.get(key).unwrap_or_else(|| match self.of_unnamed(key) {
            Rest::Absent => &Standing::Absent,
            Rest::Unknown => &Standing::Unknown,
        })
    }

    /// The keys that are named, folded to lower case, in order.
    pub fn keys(&self) -> impl Iterator<Item = (&str, &Standing)> {
        self.keys.iter().map(|(key, standing)| (key.as_str(), standing))
    }

    /// What stands for a folded key that is not named.
    pub(super) fn of_unnamed(&self, folded_key: &str) -> Rest {
        let family = self
            .families
            .iter()
            .filter(|(prefix, _)| folded_key.starts_with(prefix.as_str()))
            .max_by_key(|(prefix, _)| prefix.len());
        family.map_or(self.rest, |(_, rest)| *rest)
    }
}

/// A key in the form that is compared.
pub(super) fn folded(key: &str) -> String {
    key.to_lowercase()
}
