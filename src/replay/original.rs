//! One call, two records: where resources are another account's, its log gets a record of the same request, and both bear one
//! shared id
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
//! `sharedEventID`). The record of the caller's own account tells more of the caller: it counts, the other one does not. One
//! without that original counts, too: trails differ in which requests they log.

use hashbrown::HashSet;
use xxhash_rust::xxh3::xxh3_64;

use super::{Field, Record, Row};

/// Requests by the hashes of their shared ids.
pub type Originals = HashSet<u64>;

/// The columns that tell originals from copies.
pub const FIELDS_OF_ORIGINAL: &[Field] =
    &[Field::Account, Field::SharedEventId, Field::IdentityAccountId, Field::SessionIssuerAccountId];

/// The shared id of a request, hashed, where this record is of the log of the caller's own account.
#[must_use]
pub fn original(record: &Record<'_>) -> Option<u64> {
    shared(record).filter(|_| is_own(record))
}

/// Whether a record is another account's of a request whose original is among these.
#[must_use]
pub fn is_copy<'a>(row: &impl Row<'a>, originals: &Originals) -> bool {
    !originals.is_empty() && shared(row).is_some_and(|id| !is_own(row) && originals.contains(&id))
}

fn shared<'a>(row: &impl Row<'a>) -> Option<u64> {
    row.text(Field::SharedEventId).filter(|id| !id.is_empty()).map(|id| xxh3_64(id.as_bytes()))
}

fn is_own<'a>(row: &impl Row<'a>) -> bool {
    let caller = row.text(Field::IdentityAccountId).or_else(|| row.text(Field::SessionIssuerAccountId));
    caller.is_some() && row.text(Field::Account) == caller
}
