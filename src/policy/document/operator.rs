//! The condition operators
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html>).

use borsh::{BorshDeserialize, BorshSerialize};

/// What is compared, and how. The values of a negated operator must all not fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Operator {
    /// The same text.
    StringEquals,
    /// Negated.
    StringNotEquals,
    /// The same text, ignoring case.
    StringEqualsIgnoreCase,
    /// Negated.
    StringNotEqualsIgnoreCase,
    /// Text with `*` and `?`.
    StringLike,
    /// Negated.
    StringNotLike,
    /// The same number.
    NumericEquals,
    /// Negated.
    NumericNotEquals,
    /// A smaller number.
    NumericLessThan,
    /// A smaller or the same number.
    NumericLessThanEquals,
    /// A greater number.
    NumericGreaterThan,
    /// A greater or the same number.
    NumericGreaterThanEquals,
    /// The same instant.
    DateEquals,
    /// Negated.
    DateNotEquals,
    /// Before.
    DateLessThan,
    /// Before or at.
    DateLessThanEquals,
    /// After.
    DateGreaterThan,
    /// After or at.
    DateGreaterThanEquals,
    /// `true` or `false`.
    Bool,
    /// The same bytes; the policy has them in base64.
    BinaryEquals,
    /// An address in a range.
    IpAddress,
    /// Negated.
    NotIpAddress,
    /// An ARN with wildcards, the six parts compared one by one.
    ArnEquals,
    /// Negated.
    ArnNotEquals,
    /// The same as [`Operator::ArnEquals`].
    ArnLike,
    /// Negated.
    ArnNotLike,
    /// `true`: the key is absent; `false`: it is there, and not empty.
    Null,
}

/// How an operator treats a key of many values
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-single-vs-multi-valued-context-keys.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Quantifier {
    /// Each value of the request must fit; holds when there is none.
    ForAllValues,
    /// One value of the request must fit; does not hold when there is none.
    ForAnyValue,
}

const NAMES: [(&str, Operator); 27] = [
    ("StringEquals", Operator::StringEquals),
    ("StringNotEquals", Operator::StringNotEquals),
    ("StringEqualsIgnoreCase", Operator::StringEqualsIgnoreCase),
    ("StringNotEqualsIgnoreCase", Operator::StringNotEqualsIgnoreCase),
    ("StringLike", Operator::StringLike),
    ("StringNotLike", Operator::StringNotLike),
    ("NumericEquals", Operator::NumericEquals),
    ("NumericNotEquals", Operator::NumericNotEquals),
    ("NumericLessThan", Operator::NumericLessThan),
    ("NumericLessThanEquals", Operator::NumericLessThanEquals),
    ("NumericGreaterThan", Operator::NumericGreaterThan),
    ("NumericGreaterThanEquals", Operator::NumericGreaterThanEquals),
    ("DateEquals", Operator::DateEquals),
    ("DateNotEquals", Operator::DateNotEquals),
    ("DateLessThan", Operator::DateLessThan),
    ("DateLessThanEquals", Operator::DateLessThanEquals),
    ("DateGreaterThan", Operator::DateGreaterThan),
    ("DateGreaterThanEquals", Operator::DateGreaterThanEquals),
    ("Bool", Operator::Bool),
    ("BinaryEquals", Operator::BinaryEquals),
    ("IpAddress", Operator::IpAddress),
    ("NotIpAddress", Operator::NotIpAddress),
    ("ArnEquals", Operator::ArnEquals),
    ("ArnNotEquals", Operator::ArnNotEquals),
    ("ArnLike", Operator::ArnLike),
    ("ArnNotLike", Operator::ArnNotLike),
    ("Null", Operator::Null),
];

/// An operator as a policy writes it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) operator: Operator,
    pub(super) quantifier: Option<Quantifier>,
    pub(super) if_exists: bool,
}

impl Operator {
    /// AWS's name for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        NAMES.iter().find(|(_, operator)| *operator == self).map_or("", |(name, _)| name)
    }

    /// Whether its values must all not fit, and an absent key satisfies it.
    #[must_use]
    pub fn is_negated(self) -> bool {
        matches!(
            self,
            Self::StringNotEquals
                | Self::StringNotEqualsIgnoreCase
                | Self::StringNotLike
                | Self::NumericNotEquals
                | Self::DateNotEquals
                | Self::NotIpAddress
                | Self::ArnNotEquals
                | Self::ArnNotLike
        )
    }

    /// Whether policy variables in its values are replaced: those of string and ARN operators
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_variables.html#policy-vars-conditionelement>)
    /// and of `Bool`
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Boolean>).
    #[must_use]
    pub fn takes_variables(self) -> bool {
        matches!(
            self,
            Self::StringEquals
                | Self::StringNotEquals
                | Self::StringEqualsIgnoreCase
                | Self::StringNotEqualsIgnoreCase
                | Self::StringLike
                | Self::StringNotLike
                | Self::ArnEquals
                | Self::ArnNotEquals
                | Self::ArnLike
                | Self::ArnNotLike
                | Self::Bool
        )
    }

    /// Reads an operator with its quantifier and `IfExists`; case does not matter.
    pub(super) fn parse(text: &str) -> Option<Written> {
        let (quantifier, rest) = match text.split_once(':') {
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAllValues") => {
                (Some(Quantifier::ForAllValues), rest)
            }
            Some((word, rest)) if word.eq_ignore_ascii_case("ForAnyValue") => {
                (Some(Quantifier::ForAnyValue), rest)
            }
            Some(_) => return None,
            None => (None, text),
        };
        const IF_EXISTS: &str = "IfExists";
        let stem = rest.len().checked_sub(IF_EXISTS.len()).and_then(|at| rest.split_at_checked(at));
        let (name, if_exists) = match stem {
            Some((name, tail)) if tail.eq_ignore_ascii_case(IF_EXISTS) => (name, true),
            _ => (rest, false),
        };
        let operator = NAMES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name))?.1;
        // AWS: `IfExists` goes with every operator but `Null`, which itself asks whether the key is there.
        let fits = operator != Operator::Null || (!if_exists && quantifier.is_none());
        fits.then_some(Written { operator, quantifier, if_exists })
    }

    /// The operator whose name is nearest to a text that is none.
    pub(super) fn nearest(text: &str) -> Option<&'static str> {
        let text = text.rsplit(':').next().unwrap_or(text);
        super::element::nearest(text, NAMES.iter().map(|(name, _)| *name))
    }
}
