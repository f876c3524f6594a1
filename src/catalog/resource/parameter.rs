//! Request parameters as a flat list, and the names that a placeholder may have there.

use serde_json::Value;

/// How deep and how many values are read; a record's parameters have far less.
const DEPTH_MAX: usize = 24;
const LEAVES_MAX: usize = 20_000;

/// What does not name resources of the request, whatever its keys are called.
const SKIPPED: [&str; 9] = [
    "filterSet",
    "filters",
    "filter",
    "tags",
    "tagSet",
    "tagSpecificationSet",
    "tagSpecifications",
    "environment",
    "encryptionContext",
];

/// Names that mean the main resource of a call where no other name does: `name` of a trail, `id` of a detector.
pub(super) const PLAIN_NAMES: &[&str] = &["name", "id", "arn", "identifier", "resourceName", "resourceId"];

/// The texts in request parameters, each with the key that it stands under.
#[derive(Debug, Default)]
pub(in crate::catalog) struct Leaves<'a> {
    leaves: Vec<Leaf<'a>>,
}

#[derive(Debug, Clone, Copy)]
struct Leaf<'a> {
    key: &'a str,
    /// The key of the object that the key stands in; empty outermost.
    parent: &'a str,
    value: &'a str,
    /// The number of objects around it; a single wrapper (`CreateXRequest`) does not count.
    depth: usize,
}

impl<'a> Leaves<'a> {
    pub(in crate::catalog) fn read(value: Option<&'a Value>) -> Self {
        let mut leaves = Self::default();
        match value {
            // EC2 wraps some requests in an object of the call's own name.
            Some(Value::Object(fields)) if fields.len() == 1 => {
                let inner = fields.values().next();
                let wrapped = inner.filter(|inner| inner.is_object());
                leaves.collect(["", ""], wrapped.or(value), usize::from(wrapped.is_none()));
                if wrapped.is_some() {
                    leaves.collect(["", ""], value, 1);
                }
            }
            _ => leaves.collect(["", ""], value, 1),
        }
        leaves
    }

    fn collect(&mut self, [parent, key]: [&'a str; 2], value: Option<&'a Value>, depth: usize) {
        if depth > DEPTH_MAX || self.leaves.len() >= LEAVES_MAX {
            return;
        }
        match value {
            Some(Value::String(value)) if !value.is_empty() => {
                self.leaves.push(Leaf { key, parent, value, depth });
            }
            Some(Value::Array(items)) => {
                for item in items {
                    self.collect([parent, key], Some(item), depth);
                }
            }
            Some(Value::Object(fields)) => {
                for (inner_key, inner) in fields {
                    if !SKIPPED.iter().any(|skipped| skipped.eq_ignore_ascii_case(inner_key)) {
                        self.collect([key, inner_key], Some(inner), depth + 1);
                    }
                }
            }
            _ => {}
        }
    }

    /// Every ARN, in order.
    pub(super) fn arns(&self) -> impl Iterator<Item = &'a str> {
        self.leaves.iter().map(|leaf| leaf.value).filter(|value| value.starts_with("arn:"))
    }

    /// The values under keys that end in `role` or `roleArn`, in any case and number.
    pub(in crate::catalog) fn roles(&self) -> impl Iterator<Item = &'a str> {
        let ends = |key: &str, end: &str| {
            let place = key.len().checked_sub(end.len());
            place.and_then(|place| key.get(place..)).is_some_and(|tail| tail.eq_ignore_ascii_case(end))
        };
        let is_role = move |key: &str| {
            let key = key.strip_suffix(['s', 'S']).unwrap_or(key);
            ends(key, "role") || ends(key, "rolearn")
        };
        self.leaves.iter().filter(move |leaf| is_role(leaf.key)).map(|leaf| leaf.value)
    }

    /// The ARNs that do not stand under a key which says who gets or has something.
    pub(in crate::catalog) fn handed_over(&self) -> impl Iterator<Item = &'a str> {
        let is_receiver = |key: &str| {
            let key = key.to_ascii_lowercase();
            ["principal", "grantee", "identity", "user", "owner", "member"]
                .iter()
                .any(|word| key.contains(word))
        };
        let handed = move |leaf: &&Leaf<'_>| !is_receiver(leaf.key) && !is_receiver(leaf.parent);
        self.leaves.iter().filter(handed).map(|leaf| leaf.value).filter(|value| value.starts_with("arn:"))
    }

    /// The values under a key, and those in objects under it.
    pub(in crate::catalog) fn values_of(&self, name: &str) -> impl Iterator<Item = &'a str> {
        let is_it = move |leaf: &&Leaf<'_>| Name::from(name).is(leaf.key) || Name::from(name).is(leaf.parent);
        self.leaves.iter().filter(is_it).map(|leaf| leaf.value)
    }

    /// The distinct values under the first of the names that any value has, in any case, singular or plural.
    pub(super) fn first_of<'n, N: Into<Name<'n>>>(&self, names: impl IntoIterator<Item = N>) -> Vec<&'a str> {
        names
            .into_iter()
            .map(|name| self.under(name.into(), usize::MAX))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// As [`Leaves::first_of`], of what stands outermost.
    pub(super) fn top(&self, names: &[&str]) -> Vec<&'a str> {
        names
            .iter()
            .map(|name| self.under(Name::from(*name), 2))
            .find(|values| !values.is_empty())
            .unwrap_or_default()
    }

    /// The one value under a name; None if there is none or several differ.
    pub(in crate::catalog) fn one(&self, name: &str) -> Option<&'a str> {
        match self.under(Name::from(name), usize::MAX).as_slice() {
            [value] => Some(value),
            _ => None,
        }
    }

    fn under(&self, name: Name<'_>, depth_max: usize) -> Vec<&'a str> {
        let mut values: Vec<&str> = Vec::new();
        // Nearly all keys differ in length already.
        let letters = name.letters();
        let may_be = |key: &str| key.len() == letters || key.len() == letters + 1;
        let is_meant = |leaf: &&Leaf<'_>| leaf.depth <= depth_max && may_be(leaf.key) && name.is(leaf.key);
        for leaf in self.leaves.iter().filter(is_meant) {
            if !values.contains(&leaf.value) {
                values.push(leaf.value);
            }
        }
        values
    }
}

/// A name that a parameter may have: a stem and an ending. In the stem `-`, `_` and blanks count for nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Name<'n> {
    stem: &'n str,
    ending: &'n str,
}

impl Name<'_> {
    /// Whether it is what a thing is called, not its id.
    pub(super) fn is_of_name(self) -> bool {
        matches!(self.ending, "Name" | "")
    }

    /// How many letters count.
    fn letters(self) -> usize {
        self.stem.bytes().filter(|byte| !is_blank(*byte)).count() + self.ending.len()
    }

    /// Whether a key is the name, or its plural, in any case.
    fn is(self, key: &str) -> bool {
        self.is_exactly(key) || key.strip_suffix(['s', 'S']).is_some_and(|singular| self.is_exactly(singular))
    }

    fn is_exactly(self, key: &str) -> bool {
        let stem = self.stem.bytes().filter(|byte| !is_blank(*byte));
        let wanted = stem.chain(self.ending.bytes()).map(|byte| byte.to_ascii_lowercase());
        wanted.eq(key.bytes().map(|byte| byte.to_ascii_lowercase()))
    }
}

fn is_blank(byte: u8) -> bool {
    matches!(byte, b'-' | b'_' | b' ')
}

impl<'n> From<&'n str> for Name<'n> {
    fn from(whole: &'n str) -> Self {
        Self { stem: "", ending: whole }
    }
}

/// The names that a placeholder may have among the parameters, the likeliest first: its own, and those that end in
/// another word for the same (`ClusterName`: `clusterName`, `clusterId`, `clusterIdentifier`, `cluster`). A placeholder
/// that says nothing of its own (`ResourceId`) is called like its type.
pub(super) fn names_for<'n>(placeholder: &'n str, kind: &'n str) -> impl Iterator<Item = Name<'n>> {
    const ENDINGS: [&str; 4] = ["Name", "Id", "Identifier", ""];
    let own = ["WithPath", "WithoutLeadingSlash"].iter().find_map(|end| placeholder.strip_suffix(end));
    let own = own.unwrap_or(placeholder);
    let stem = ENDINGS.iter().find_map(|ending| own.strip_suffix(ending)).unwrap_or(own);
    let says_nothing = matches!(stem, "" | "Resource");
    let stem = if says_nothing { kind } else { stem };
    let first = (!says_nothing).then_some(Name::from(own));
    first.into_iter().chain(ENDINGS.into_iter().map(move |ending| Name { stem, ending }))
}
