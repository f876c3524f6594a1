//! Whom a statement of a resource's policy is about
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_principal.html>).

use borsh::{BorshDeserialize, BorshSerialize};

use super::Match;
use crate::aws::{AccountId, Arn, UniqueId};

/// The principals of a statement.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
pub struct Principals {
    /// `Principal` or `NotPrincipal`.
    pub matching: Match,
    /// Who, never empty.
    pub listed: Vec<Principal>,
}

/// One principal as a policy names it. Only `*` as a whole is a wildcard.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, BorshSerialize, BorshDeserialize)]
pub enum Principal {
    /// `*`, or `*` under `AWS`: everyone, the anonymous included.
    Everyone,
    /// An account, by its id or its `…:root` ARN: the account decides who of it.
    Account(AccountId),
    /// The ARN of a user, role, role session or federated user.
    Arn(String),
    /// The unique id of a user or role; AWS shows it in the place of one that was deleted.
    UniqueId(String),
    /// A service of AWS, `lambda.amazonaws.com`.
    Service(String),
    /// An identity provider's ARN or name; `*` is every one.
    Federated(String),
    /// The canonical user id of an account, which S3 and CloudFront use.
    CanonicalUser(String),
}

impl Principal {
    /// Reads a value that stands under `AWS`. None if it is no principal.
    pub(super) fn of_aws(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Everyone);
        }
        if let Some(account) = AccountId::parse(text) {
            return Some(Self::Account(account));
        }
        if let Some(arn) = Arn::parse(text) {
            return Some(match arn.account_id() {
                Some(account) if arn.service == "iam" && arn.resource == "root" => Self::Account(account),
                _ => Self::Arn(text.to_owned()),
            });
        }
        UniqueId::parse(text).map(|_| Self::UniqueId(text.to_owned()))
    }
}
