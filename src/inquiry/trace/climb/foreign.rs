//! From the principal of another account to who it is: by the records that its own account has of its requests.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use futures::future::BoxFuture;

use super::{CANDIDATES_MAX, Top, Walk, delegation, named};
use crate::inquiry::trace::fetch::{Source, VALUES_MAX, one_of};
use crate::lake::Column;
use crate::lineage::{Caller, Class, Credential, End, Link, Proof, Rule};
use crate::query::{self, Filter, QueryError};

/// Who a principal of another account is, by the copies of its requests.
struct Copies {
    /// The callers that they name, each with the first of them, in their order.
    callers: Vec<(Proof, Caller)>,
    /// Whether there are requests without a copy.
    is_open: bool,
}

/// What tells callers of one account apart: key, ARN and the second in which the session was created.
type Signer = (Option<String>, Option<String>, Option<i64>);

/// Where a walk goes on from a principal of another account.
pub(super) enum Entered {
    /// Nothing tells who it is.
    Nowhere,
    /// To who it is, first used then.
    At(DateTime<Utc>),
    /// To somebody who was met before, by this record.
    Again(Proof),
}

/// Goes on from a principal of another account to who it is, see [`shared`]. What is awaited here is kept apart from the walk,
/// which calls itself at each step.
pub(super) fn enter<'a>(
    source: &'a Source,
    top: &'a mut Top,
    request: Option<&'a str>,
    walk: &'a mut Walk,
) -> BoxFuture<'a, Result<Entered, QueryError>> {
    Box::pin(async move {
        let Some((proof, by)) = shared(source, top, request, walk).await? else {
            return Ok(Entered::Nowhere);
        };
        let time = proof.event_time.0;
        if !walk.enters(&by, time) {
            return Ok(Entered::Again(proof));
        }
        let whole = source.near(&by, time).await?;
        let used = whole.as_ref().and_then(|whole| whole.usage.first).map(|first| first.0);
        if let Some(link) = top.links.last_mut() {
            link.to_usage = whole.as_ref().map(|whole| whole.usage.clone());
        }
        top.end = whole.map_or(by, |whole| whole.caller);
        Ok(Entered::At(used.map_or(time, |first| first.min(time))))
    })
}

/// The link from a principal of another account to whom the copies of its requests name, and that caller with the time of
/// the copy; where these are several, the origins that the others lead to are taken in. `request` is what the records of the
/// one request share that is asked about; where it is none all are.
async fn shared(
    source: &Source,
    top: &mut Top,
    request: Option<&str>,
    walk: &mut Walk,
) -> Result<Option<(Proof, Caller)>, QueryError> {
    let caller = top.end.clone();
    let Copies { callers, is_open } = copies(source, &caller, request).await?;
    let Some((proof, first)) = callers.first().cloned() else { return Ok(None) };
    let ambiguous = match callers.as_slice() {
        [_] => Vec::new(),
        several => several.iter().map(|(proof, _)| proof.event_id.clone()).collect(),
    };
    top.links.push(link(&caller, &proof, &first, ambiguous));
    for (asked, (proof, other)) in callers.iter().skip(1).enumerate() {
        let before = walk.seen.clone();
        if asked < CANDIDATES_MAX && walk.enters(other, proof.event_time.0) {
            let led = Box::pin(delegation(source, other, Some(proof.event_time.0), None, walk)).await?;
            top.origins.extend(led.origins);
        } else {
            top.unasked += 1;
        }
        walk.seen = before;
    }
    if is_open {
        let end = End { caller: &caller, first: None, issuance: None, forwarded: false, hidden: &[] };
        top.origins.insert(named(source, end).await?);
    }
    Ok(Some((proof, first)))
}

/// The step from a record of one account to that of the other.
pub(super) fn link(from: &Caller, record: &Proof, to: &Caller, ambiguous: Vec<String>) -> Link {
    Link {
        rule: Rule::SharedEvent,
        record: record.clone(),
        from: from.node(),
        to: to.node(),
        seconds_apart: 0,
        ambiguous,
        above_origin: false,
        role_passed: None,
        role_untold: None,
        role_given: None,
        beside: Vec::new(),
        to_usage: None,
    }
}

/// The copies of the requests of a principal of another account, but for those to STS, whose issuances tell more.
async fn copies(source: &Source, caller: &Caller, request: Option<&str>) -> Result<Copies, QueryError> {
    let none = Copies { callers: Vec::new(), is_open: false };
    let (Some(id), Some(account)) = (&caller.principal_id, &caller.account) else { return Ok(none) };
    if caller.class != Class::Account || caller.is_anonymous() {
        return Ok(none);
    }
    // Two records may be of one request; one that shares nothing has no copy.
    let (mut shared, mut is_open) = (BTreeSet::new(), false);
    if let Some(request) = request {
        shared.insert(request.to_owned());
    } else {
        let is = Filter::Is(Column::PrincipalId, id.clone());
        let of_account = Filter::Is(Column::IdentityAccountId, account.clone());
        let types = BTreeSet::from(["AWSAccount", "Role", "Unknown"].map(str::to_owned));
        let named = Filter::All(vec![is, of_account, Filter::In(Column::IdentityType, types)]);
        for batch in source.events(&named, &[]).await? {
            for row in query::rows(&batch)? {
                if row.event_source == Some("sts.amazonaws.com") || row.event_category == Some("Insight") {
                    continue;
                }
                let id = row.shared_event_id.filter(|id| !id.is_empty());
                is_open |= id.is_none();
                shared.extend(id.map(str::to_owned));
            }
        }
    }
    let mut seen = BTreeSet::new();
    let mut proofs: BTreeMap<Signer, Proof> = BTreeMap::new();
    let mut found: BTreeMap<i64, Credential> = BTreeMap::new();
    let shared: Vec<&String> = shared.iter().collect();
    for some in shared.chunks(VALUES_MAX) {
        let some = one_of(Column::SharedEventId, some.iter().map(|id| (*id).clone()).collect());
        let of_account = Filter::Is(Column::IdentityAccountId, account.clone());
        let recorded = Filter::Is(Column::Account, account.clone());
        let own = Filter::All(vec![some, of_account, recorded]);
        for batch in source.events(&own, &[]).await? {
            for row in query::rows(&batch)? {
                let Some(shared) = row.shared_event_id.filter(|_| row.event_category != Some("Insight"))
                else {
                    continue;
                };
                seen.insert(shared.to_owned());
                let key = row.access_key_id.filter(|key| !key.is_empty()).map(str::to_owned);
                let created = row.session_created.map(|created| created.timestamp());
                let who = (key, row.identity_arn.map(str::to_owned), created);
                let proof = Proof::from(&row.record());
                let known = proofs.entry(who).or_insert_with(|| proof.clone());
                if proof < *known {
                    *known = proof;
                }
            }
        }
        for one in source.callers(&own).await?.into_iter().filter(|one| one.caller.class == Class::Credential)
        {
            found.insert(one.caller.id, one);
        }
    }
    let proof_of = |caller: &Caller| {
        let created = caller.created.map(|created| created.timestamp());
        proofs.get(&(caller.access_key.clone(), caller.arn.clone(), created)).cloned()
    };
    let mut callers: Vec<(Proof, Caller)> =
        found.into_values().filter_map(|one| Some((proof_of(&one.caller)?, one.caller))).collect();
    callers.sort_by(|a, b| a.0.cmp(&b.0));
    Ok(Copies { callers, is_open: is_open || seen.len() < shared.len() })
}
