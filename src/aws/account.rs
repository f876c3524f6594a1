//! The id of an AWS account.

use std::fmt;

use borsh::{BorshDeserialize, BorshSerialize};

/// The number of digits of an account id.
const DIGITS: usize = 12;
/// The first number that has too many digits.
const END: u64 = 1_000_000_000_000;

/// An AWS account: twelve digits, leading zeros included
/// (<https://docs.aws.amazon.com/accounts/latest/reference/manage-acct-identifiers.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub struct AccountId(u64);

impl AccountId {
    /// The account that this text is: exactly twelve digits, nothing else.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let is_id = text.len() == DIGITS && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_id { text.parse().ok().map(Self) } else { None }
    }

    /// The account of this number; `None` if it has more than twelve digits.
    #[must_use]
    pub fn from_number(number: u64) -> Option<Self> {
        (number < END).then_some(Self(number))
    }
}

impl From<AccountId> for u64 {
    fn from(account: AccountId) -> Self {
        account.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:0DIGITS$}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::AccountId;

    #[test]
    fn leading_zeros_stay() {
        assert_eq!(AccountId::parse("000000000012").unwrap().to_string(), "000000000012");
        assert_eq!(AccountId::from_number(12), AccountId::parse("000000000012"));
        assert_eq!(AccountId::from_number(12).map(u64::from), Some(12));
    }

    #[test]
    fn only_twelve_ascii_digits_are_an_account() {
        for text in
            ["", "11112222333", "1111222233334", "11112222333a", "+11122223333", "١١١١٢٢٢٢٣٣٣٣", "anonymous"]
        {
            assert_eq!(AccountId::parse(text), None, "{text}");
        }
        assert_eq!(AccountId::from_number(1_000_000_000_000), None);
    }
}
