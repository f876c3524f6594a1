//! Who used what was issued.

use std::collections::{BTreeMap, BTreeSet};

use chrono::DateTime;

use super::super::fetch::{Source, VALUES_MAX, earlier, later, one_of};
use crate::lake::Column;
use crate::lineage::{Credential, Issuance, KEY_LIFE_SECONDS, SLACK_SECONDS};
use crate::query::{Filter, QueryError};

/// Credentials by what the ladder asks for: of thousands of issuances and as many credentials only few pairs can fit.
pub(super) struct Used<'a> {
    by_key: BTreeMap<&'a str, Vec<usize>>,
    /// By the second in which the session was created.
    by_second: BTreeMap<i64, Vec<usize>>,
    /// Those that may fit at any second: they do not say when their session was created, or name their sign-in.
    open: BTreeMap<Option<&'a str>, Vec<usize>>,
}

impl<'a> Used<'a> {
    pub(super) fn of(credentials: &'a [Credential]) -> Used<'a> {
        let mut index = Used { by_key: BTreeMap::new(), by_second: BTreeMap::new(), open: BTreeMap::new() };
        for (at, credential) in credentials.iter().enumerate() {
            let caller = &credential.caller;
            if let Some(key) = &caller.access_key {
                index.by_key.entry(key).or_default().push(at);
            }
            if let Some(created) = caller.created {
                index.by_second.entry(created.timestamp()).or_default().push(at);
            }
            if caller.created.is_none() || caller.sign_in_session.is_some() {
                index.open.entry(caller.arn.as_deref()).or_default().push(at);
            }
        }
        index
    }

    /// The credentials that an issuance may have made, see [`crate::lineage::fit`]; in their order.
    pub(super) fn near(&self, issuance: &Issuance) -> BTreeSet<usize> {
        let made = issuance.record.time.timestamp();
        let arn = issuance.session_arn.as_deref();
        let mut near = BTreeSet::new();
        near.extend(issuance.key.as_deref().and_then(|key| self.by_key.get(key)).into_iter().flatten());
        near.extend(self.by_second.range(made - SLACK_SECONDS..=made + SLACK_SECONDS).flat_map(|(_, at)| at));
        match arn {
            Some(_) => near.extend([None, arn].iter().filter_map(|arn| self.open.get(arn)).flatten()),
            None => near.extend(self.open.values().flatten()),
        }
        near
    }
}

/// The credentials that may be those of some issuances: by key, by session, and of steps in the access portal by permission
/// set.
pub(super) async fn used_of(source: &Source, issued: &[&Issuance]) -> Result<Vec<Credential>, QueryError> {
    let times = || issued.iter().map(|issuance| issuance.record.time);
    let (Some(first), Some(last)) = (times().min(), times().max()) else { return Ok(Vec::new()) };
    let keys: Vec<String> =
        issued.iter().filter_map(|one| one.key.clone()).collect::<BTreeSet<_>>().into_iter().collect();
    let mut found: BTreeMap<i64, Credential> = BTreeMap::new();
    for some in keys.chunks(VALUES_MAX) {
        let is = one_of(Column::AccessKeyId, some.iter().cloned().collect());
        let all = vec![
            Filter::From(earlier(first, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            Filter::Before(later(last, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            is,
        ];
        for credential in source.callers(&Filter::All(all)).await? {
            found.insert(credential.caller.id, credential);
        }
    }
    let arns: BTreeSet<String> = issued.iter().filter_map(|one| one.session_arn.clone()).collect();
    if !arns.is_empty() {
        let moments = issued.iter().map(|one| one.record.time.timestamp()).collect();
        let known = keys.iter().cloned().collect();
        for credential in source.of_sessions(&arns, &moments, &known).await? {
            found.entry(credential.caller.id).or_insert(credential);
        }
    }
    for credential in of_portal(source, issued).await? {
        found.entry(credential.caller.id).or_insert(credential);
    }
    Ok(found.into_values().collect())
}

/// The sessions that steps in the access portal may have made: of a role that Identity Center made for the permission set, and
/// made within the slack of a step
/// (<https://docs.aws.amazon.com/singlesignon/latest/userguide/referencingpermissionsets.html>).
async fn of_portal(source: &Source, issued: &[&Issuance]) -> Result<Vec<Credential>, QueryError> {
    let mut begins: BTreeSet<String> = BTreeSet::new();
    let mut seconds: BTreeSet<i64> = BTreeSet::new();
    for step in issued {
        let (Some(set), Some(account)) = (&step.permission_set, &step.session_account) else { continue };
        let partition = step.partition();
        begins.insert(format!("arn:{partition}:sts::{account}:assumed-role/AWSReservedSSO_{set}_"));
        let moment = step.record.time.timestamp();
        seconds.extend(moment - SLACK_SECONDS..=moment + SLACK_SECONDS);
    }
    let time = |second: &i64| DateTime::from_timestamp(*second, 0).unwrap_or_default();
    let (Some(first), Some(last)) = (seconds.first().map(time), seconds.last().map(time)) else {
        return Ok(Vec::new());
    };
    let begins: Vec<String> = begins.into_iter().collect();
    let mut found = Vec::new();
    for some in begins.chunks(VALUES_MAX) {
        let of_set = |begin: &String| Filter::Begins(Column::IdentityArn, begin.clone());
        let all = vec![
            Filter::From(earlier(first, SLACK_SECONDS)),
            Filter::Before(later(last, KEY_LIFE_SECONDS + SLACK_SECONDS)),
            Filter::Seconds(Column::SessionCreated, seconds.clone()),
            Filter::Any(some.iter().map(of_set).collect()),
        ];
        found.extend(source.callers(&Filter::All(all)).await?);
    }
    Ok(found)
}
