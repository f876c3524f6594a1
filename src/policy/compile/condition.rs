//! Conditions compiled.

use std::cmp::Ordering;

use super::pattern::{Matcher, Names, ResourcePattern, Wild};
use super::{KeyId, Version, literal};
use crate::policy::document::{Condition, Operator, Quantifier};
use crate::policy::value::{self, Network};

/// One condition.
#[derive(Debug)]
pub(in crate::policy) struct Compiled {
    pub(in crate::policy) key: KeyId,
    pub(in crate::policy) test: Test,
    pub(in crate::policy) negated: bool,
    pub(in crate::policy) quantifier: Option<Quantifier>,
    pub(in crate::policy) if_exists: bool,
    /// The operator as AWS names it, for reasons.
    pub(in crate::policy) operator: Operator,
    /// The values as they are written, see [`literal`].
    pub(in crate::policy) written: Box<[Box<str>]>,
}

/// What a value of the request is compared with.
#[derive(Debug)]
pub(in crate::policy) enum Test {
    /// Text.
    Text(Box<[Matcher]>),
    /// Text whose case does not matter: in lower case, or with variables.
    Folded(Box<[Folded]>),
    /// Numbers, by order.
    Number(Order, Box<[f64]>),
    /// Instants, by order.
    Instant(Order, Box<[i128]>),
    /// Booleans; variables among them are compared as text.
    Boolean(Box<[Boolean]>),
    /// Bytes.
    Bytes(Box<[Box<[u8]>]>),
    /// Addresses.
    Networks(Box<[Network]>),
    /// ARNs.
    Arns(Box<[ResourcePattern]>),
    /// Whether the key must be absent (true) or there (false).
    Null(Box<[bool]>),
}

/// A text whose case does not matter.
#[derive(Debug)]
pub(in crate::policy) enum Folded {
    /// In lower case.
    Fixed(Box<str>),
    /// With variables.
    Variable(Matcher),
}

/// A boolean.
#[derive(Debug)]
pub(in crate::policy) enum Boolean {
    Fixed(bool),
    Variable(Matcher),
}

/// How a value of the request must stand to one of the policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::policy) enum Order {
    Same,
    Less,
    LessOrSame,
    Greater,
    GreaterOrSame,
}

impl Order {
    pub(in crate::policy) fn holds(self, ordering: Option<Ordering>) -> bool {
        let Some(ordering) = ordering else { return false };
        match self {
            Self::Same => ordering.is_eq(),
            Self::Less => ordering.is_lt(),
            Self::LessOrSame => ordering.is_le(),
            Self::Greater => ordering.is_gt(),
            Self::GreaterOrSame => ordering.is_ge(),
        }
    }
}

impl Compiled {
    pub(super) fn new(condition: &Condition, version: Version, names: &mut Names<'_>) -> Self {
        let key = names.key(&condition.key);
        let values = &condition.values;
        // Values that do not parse were refused with their statement.
        let numbers = || values.iter().filter_map(|text| value::number(text)).collect();
        let instants = || values.iter().filter_map(|text| value::instant(text)).collect();
        let test = match condition.operator {
            Operator::StringEquals | Operator::StringNotEquals => {
                Test::Text(values.iter().map(|text| Matcher::new(text, version, Wild::No, names)).collect())
            }
            Operator::StringLike | Operator::StringNotLike => {
                Test::Text(values.iter().map(|text| Matcher::new(text, version, Wild::Yes, names)).collect())
            }
            Operator::StringEqualsIgnoreCase | Operator::StringNotEqualsIgnoreCase => {
                Test::Folded(values.iter().map(|text| Folded::new(text, version, names)).collect())
            }
            Operator::NumericEquals | Operator::NumericNotEquals => Test::Number(Order::Same, numbers()),
            Operator::NumericLessThan => Test::Number(Order::Less, numbers()),
            Operator::NumericLessThanEquals => Test::Number(Order::LessOrSame, numbers()),
            Operator::NumericGreaterThan => Test::Number(Order::Greater, numbers()),
            Operator::NumericGreaterThanEquals => Test::Number(Order::GreaterOrSame, numbers()),
            Operator::DateEquals | Operator::DateNotEquals => Test::Instant(Order::Same, instants()),
            Operator::DateLessThan => Test::Instant(Order::Less, instants()),
            Operator::DateLessThanEquals => Test::Instant(Order::LessOrSame, instants()),
            Operator::DateGreaterThan => Test::Instant(Order::Greater, instants()),
            Operator::DateGreaterThanEquals => Test::Instant(Order::GreaterOrSame, instants()),
            Operator::Bool => {
                Test::Boolean(values.iter().map(|text| Boolean::new(text, version, names)).collect())
            }
            Operator::BinaryEquals => {
                let bytes = |text: &String| value::base64(text).map(Vec::into_boxed_slice);
                Test::Bytes(values.iter().filter_map(bytes).collect())
            }
            Operator::IpAddress | Operator::NotIpAddress => {
                Test::Networks(values.iter().filter_map(|text| Network::parse(text)).collect())
            }
            Operator::ArnEquals | Operator::ArnNotEquals | Operator::ArnLike | Operator::ArnNotLike => {
                let pattern = |text: &String| ResourcePattern::of_condition(text, version, names);
                Test::Arns(values.iter().filter_map(pattern).collect())
            }
            Operator::Null => Test::Null(values.iter().filter_map(|text| value::boolean(text)).collect()),
        };
        Self {
            key,
            test,
            negated: condition.operator.is_negated(),
            quantifier: condition.quantifier,
            if_exists: condition.if_exists,
            operator: condition.operator,
            written: values.iter().map(|text| literal(version, text)).collect(),
        }
    }

    /// The keys that its values read.
    pub(in crate::policy) fn variables(&self) -> Vec<KeyId> {
        match &self.test {
            Test::Text(matchers) => matchers.iter().flat_map(Matcher::keys).collect(),
            Test::Folded(texts) => {
                let matchers = texts.iter().filter_map(|text| match text {
                    Folded::Fixed(_) => None,
                    Folded::Variable(matcher) => Some(matcher),
                });
                matchers.flat_map(Matcher::keys).collect()
            }
            Test::Boolean(values) => {
                let matchers = values.iter().filter_map(|value| match value {
                    Boolean::Fixed(_) => None,
                    Boolean::Variable(matcher) => Some(matcher),
                });
                matchers.flat_map(Matcher::keys).collect()
            }
            Test::Arns(patterns) => {
                patterns.iter().flat_map(ResourcePattern::matchers).flat_map(Matcher::keys).collect()
            }
            _ => Vec::new(),
        }
    }
}

impl Folded {
    fn new(text: &str, version: Version, names: &mut Names<'_>) -> Self {
        match Matcher::new(text, version, Wild::No, names) {
            Matcher::Fixed(fixed) => {
                // Without wildcards a fixed text is one plain text.
                let plain = fixed.plain().map_or_else(|| text.to_lowercase(), str::to_lowercase);
                Self::Fixed(plain.into())
            }
            matcher @ Matcher::Variable(_) => Self::Variable(matcher),
        }
    }
}

impl Boolean {
    fn new(text: &str, version: Version, names: &mut Names<'_>) -> Self {
        match value::boolean(text) {
            Some(value) => Self::Fixed(value),
            None => Self::Variable(Matcher::new(text, version, Wild::No, names)),
        }
    }
}
