//! One call, two records: where resources are another account's, its log gets a record of the same request, and both bear one
//! shared id
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
//! `sharedEventID`). The record of the caller's own account tells more of the caller: it counts, the other one does not. One
//! without that original counts, too: trails differ in which requests they log.

use hashbrown::HashSet;
use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{Field, Record, Row};

/// Requests, each as a hash of its shared id, the call and its second.
pub type Originals = HashSet<u64>;

/// The columns that tell originals from copies, beside the time.
pub const FIELDS_OF_ORIGINAL: &[Field] = &[
    Field::Account,
    Field::EventSource,
    Field::EventName,
    Field::SharedEventId,
    Field::IdentityAccountId,
    Field::SessionIssuerAccountId,
];

/// How far apart the two records of a request are at most; as a rule both have one time. In sanitised logs one id may stand for
/// all requests, so what else they tell agrees, too.
pub const COPIES_APART_SECONDS: i64 = 2;

/// A request that two accounts' logs may have, where this record is of the log of the caller's own account.
#[must_use]
pub fn original(record: &Record<'_>) -> Option<u64> {
    let call = call(record).filter(|_| is_own(record))?;
    Some(request(call, record.time().timestamp()))
}

/// Whether a record is another account's of a request whose original is among these.
#[must_use]
pub fn is_copy<'a>(row: &impl Row<'a>, originals: &Originals) -> bool {
    if originals.is_empty() {
        return false;
    }
    let Some(call) = call(row).filter(|_| !is_own(row)) else { return false };
    let second = row.time().timestamp();
    (second - COPIES_APART_SECONDS..=second + COPIES_APART_SECONDS)
        .any(|near| originals.contains(&request(call, near)))
}

/// Shared id, source and name of a call, hashed; None where no other account has a record of it.
fn call<'a>(row: &impl Row<'a>) -> Option<u64> {
    let id = row.text(Field::SharedEventId).filter(|id| !id.is_empty())?;
    let text = |field| xxh3_64(row.text(field).unwrap_or_default().as_bytes());
    let [source, name] = [Field::EventSource, Field::EventName].map(text);
    Some(xxh3_64_with_seed(id.as_bytes(), source.rotate_left(1) ^ name))
}

fn request(call: u64, second: i64) -> u64 {
    xxh3_64_with_seed(&second.to_le_bytes(), call)
}

fn is_own<'a>(row: &impl Row<'a>) -> bool {
    let caller = row.text(Field::IdentityAccountId).or_else(|| row.text(Field::SessionIssuerAccountId));
    caller.is_some() && row.text(Field::Account) == caller
}
