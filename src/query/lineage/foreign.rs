//! Principals of other accounts, and who they are by the records that their own accounts have of the same requests
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>,
//! `sharedEventID`). Of requests to STS each has a caller of its own, which [`super::link`] joins by issuances; here are all
//! others: what was asked of buckets, keys and queues of another account.

use std::collections::BTreeSet;

use borsh::{BorshDeserialize, BorshSerialize};
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::events::{ACCOUNT, Events};
use super::link::Links;
use super::workshop::numbers;
use crate::lineage::Class;
use crate::query::QueryError;

/// Requests that two accounts may have recorded, each as a hash of the caller's account and of what both records share, with
/// the caller; 16 bytes each.
#[derive(Debug, Default, BorshSerialize, BorshDeserialize)]
pub(super) struct Requests {
    /// As the other account has them: of the caller only account and unique id.
    foreign: Vec<(i64, i64)>,
    /// As the caller's own account has them.
    own: Vec<(i64, i64)>,
}

impl Requests {
    /// Takes in a batch of events, each with its caller.
    pub(super) fn add(&mut self, events: &Events<'_>, callers: &[Option<i64>]) {
        if events.shared.is_empty() {
            return;
        }
        let mut scratch = Vec::new();
        for (row, caller) in callers.iter().enumerate() {
            let (Some(caller), Some(shared)) = (caller, events.shared.at(row)) else { continue };
            let fields = events.fields(row);
            if shared.is_empty()
                || fields.event_source == Some("sts.amazonaws.com")
                || events.categories.at(row) == Some("Insight")
            {
                continue;
            }
            let account = events.text(ACCOUNT, row);
            let requests = match fields.class() {
                Class::Account => &mut self.foreign,
                Class::Credential if account == fields.account => &mut self.own,
                _ => continue,
            };
            scratch.clear();
            scratch.extend_from_slice(account.unwrap_or_default().as_bytes());
            // Stands in no text of JSON.
            scratch.push(0xFF);
            scratch.extend_from_slice(shared.as_bytes());
            requests.push((i64::from_le_bytes(xxh3_64(&scratch).to_le_bytes()), *caller));
        }
    }

    /// Takes in those of another share.
    pub(super) fn append(&mut self, mut other: Requests) {
        self.foreign.append(&mut other.foreign);
        self.own.append(&mut other.own);
    }
}

/// Who a principal of another account is by its own account's records of its requests.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Known {
    /// The callers of these records.
    pub(super) callers: BTreeSet<i64>,
    /// How many of its requests have such a record.
    requests: i64,
    /// Whether others have none.
    pub(super) is_open: bool,
}

/// By principal of another account: who it is, as far as records tell.
pub(super) fn known(mut requests: Requests, links: &Links) -> Result<HashMap<i64, Known>, QueryError> {
    let mut found: HashMap<i64, Known> = HashMap::new();
    if requests.foreign.is_empty() || requests.own.is_empty() {
        return Ok(found);
    }
    requests.own.sort_unstable();
    requests.own.dedup();
    requests.foreign.sort_unstable();
    for same in requests.foreign.chunk_by(|one, other| one == other) {
        let [(request, caller), ..] = same else { continue };
        let from = requests.own.partition_point(|(own, _)| own < request);
        let own = requests.own.iter().skip(from).take_while(|(own, _)| own == request);
        let mut own = own.map(|(_, by)| *by).peekable();
        if own.peek().is_some() {
            let known = found.entry(*caller).or_default();
            known.requests += i64::try_from(same.len()).unwrap_or(i64::MAX);
            known.callers.extend(own);
        }
    }
    for (caller, known) in &mut found {
        let Some((batch, row)) = links.node(*caller) else { continue };
        known.is_open = numbers(batch, "calls")?.value(row) > known.requests;
    }
    Ok(found)
}
