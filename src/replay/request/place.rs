//! Where a call took place, and from which account: what fills the first parts of ARNs.

use crate::aws::{AccountId, Arn};
use crate::catalog::resource::Place;
use crate::replay::Record;

/// Stands in ARNs for a region or an account that a record does not tell.
const OPEN: &str = "*";

/// The regions of other partitions than `aws` begin like this
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference-arns.html>,
/// <https://docs.aws.amazon.com/general/latest/gr/rande.html>). Longer beginnings come first.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-isob-", "aws-iso-b"),
    ("us-isof-", "aws-iso-f"),
    ("us-iso-", "aws-iso"),
    ("eu-isoe-", "aws-iso-e"),
    ("eusc-", "aws-eusc"),
];

/// The partition of a region.
pub(in crate::replay) fn partition(region: &str) -> &'static str {
    PARTITIONS.iter().find(|(begin, _)| region.starts_with(begin)).map_or("aws", |(_, partition)| partition)
}

/// The place of a call and the accounts that have to do with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// What fills ARNs; `*` where the record does not tell.
    pub(super) place: Place<'a>,
    /// The account that the record was delivered to.
    pub(super) recipient: Option<AccountId>,
    /// The caller's account; None of services and of who is not known.
    pub(super) caller: Option<AccountId>,
}

impl<'a> Scene<'a> {
    pub(super) fn of(record: &Record<'a>) -> Self {
        let named = |text: Option<&'a str>| text.filter(|text| !text.is_empty());
        let arn = [record.identity_arn, record.session_issuer_arn];
        let arn = arn.into_iter().flatten().find_map(Arn::parse);
        let region = named(record.aws_region).unwrap_or(OPEN);
        // A call never leaves its partition, so the caller's is the call's.
        let partition = arn.map_or_else(|| partition(region), |arn| arn.partition);
        let recipient = named(record.recipient_account_id).or(named(record.account));
        let caller = [record.identity_account_id, record.session_issuer_account_id];
        let caller = caller.into_iter().flatten().find_map(AccountId::parse);
        Self {
            place: Place { partition, region, account: recipient.unwrap_or(OPEN) },
            recipient: recipient.and_then(AccountId::parse),
            caller: caller.or_else(|| arn.and_then(Arn::account_id)),
        }
    }

    /// Whether an ARN that was filled from the place has a part that the record does not tell.
    pub(super) fn leaves_open(&self, arn: &str) -> bool {
        (self.place.account == OPEN || self.place.region == OPEN)
            && Arn::parse(arn).is_some_and(|arn| arn.account == OPEN || arn.region == OPEN)
    }
}
