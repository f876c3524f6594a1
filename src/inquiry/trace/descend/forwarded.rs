//! Calls that services forwarded for a user, with keys of their own: the records name the user, and of its long-term keys
//! none. What was made by them is the user's as well, below one of its keys it is open.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::Holder;
use super::plant::{Growth, Plant};
use crate::inquiry::trace::fetch::{Source, later, one_of, together};
use crate::lake::Column;
use crate::lineage::{Caller, Credential, KEY_LIFE_SECONDS, NodeKind, Rule, SLACK_SECONDS};
use crate::query::{Filter, QueryError};

/// A line for the calls that services forwarded; what these made stands below it.
pub(super) fn forwarded_line(
    parent: Option<usize>,
    rule: Rule,
    credentials: &[Credential],
    plant: &mut Plant,
) -> Option<Holder> {
    if credentials.is_empty() {
        return None;
    }
    let mut growth = Growth::new(NodeKind::Forwarded, "forwarded calls", rule);
    growth.usage = together(credentials);
    plant.grow(parent, growth).map(|line| Holder::of(Some(line), credentials))
}

/// Of the credentials of users those with which services made all calls of a session.
pub(super) fn by_services(credentials: &[Credential]) -> Vec<Credential> {
    let session = |caller: &Caller| (caller.arn.clone(), caller.created);
    let of_users =
        || credentials.iter().filter(|one| one.caller.is_user_or_root() && !one.caller.has_long_term_key());
    let mut own_calls: BTreeMap<_, u64> = BTreeMap::new();
    for one in of_users() {
        *own_calls.entry(session(&one.caller)).or_default() += one.usage.calls - one.usage.forwarded;
    }
    let forwarded = of_users().filter(|one| {
        one.caller.created.is_some() && own_calls.get(&session(&one.caller)).is_some_and(|calls| *calls == 0)
    });
    forwarded.cloned().collect()
}

/// Grows a line below each long-term key of a user or root for what services forwarded while it was used: such sessions
/// begin with the call that they are made for, and without MFA. They fit the user; no record names the key.
pub(super) async fn forwarded_below(
    source: &Source,
    keys: &[Holder],
    plant: &mut Plant,
) -> Result<Vec<Holder>, QueryError> {
    let keys: Vec<Key> = keys.iter().filter_map(|holder| Key::of(holder, plant)).collect();
    let spans = || keys.iter().map(|key| (key.first, key.last));
    let (Some(first), Some(last)) = (spans().map(|span| span.0).min(), spans().map(|span| span.1).max())
    else {
        return Ok(Vec::new());
    };
    let arns: BTreeSet<String> = keys.iter().map(|key| key.arn.to_owned()).collect();
    let all = source
        .callers(&Filter::All(vec![
            Filter::From(first),
            Filter::Before(later(last, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            one_of(Column::IdentityArn, arns),
            Filter::Some(Column::SessionCreated),
        ]))
        .await?;
    let all = by_services(&all);
    let mut holders = Vec::new();
    for key in keys {
        let own: Vec<Credential> =
            all.iter().filter(|one| key.may_have_led_to(&one.caller)).cloned().collect();
        holders.extend(forwarded_line(key.line, Rule::Claim, &own, plant));
    }
    Ok(holders)
}

/// A long-term key at a line of the tree, or as its subject.
struct Key<'a> {
    line: Option<usize>,
    arn: &'a str,
    first: DateTime<Utc>,
    last: DateTime<Utc>,
}

impl<'a> Key<'a> {
    /// None where it is none, where it was not used, and where its user stands above it: what was forwarded for that one
    /// stands there.
    fn of(holder: &'a Holder, plant: &Plant) -> Option<Key<'a>> {
        let [only] = holder.callers.as_slice() else { return None };
        let is_key = only.has_long_term_key() && only.is_user_or_root();
        let (first, last) =
            holder.first.zip(holder.last).filter(|_| is_key && !plant.is_of_user(holder.line))?;
        Some(Key { line: holder.line, arn: only.arn.as_deref()?, first, last })
    }

    fn may_have_led_to(&self, caller: &Caller) -> bool {
        let while_used = |created: DateTime<Utc>| {
            created.timestamp() >= self.first.timestamp() && created < later(self.last, SLACK_SECONDS + 1)
        };
        caller.arn.as_deref() == Some(self.arn)
            && caller.mfa != Some(true)
            && caller.created.is_some_and(while_used)
    }
}
