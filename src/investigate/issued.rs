//! Temporary keys that the subject issued, and what was done with them.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::body::Body;
use super::bounded::Bounded;
use super::evidence::{Evidence, Span, Time, keep_smallest};
use super::limit::Limits;
use super::outcome::{Outcome, service};
use crate::query::EventRow;

/// Seconds by which a record of a key's use may be earlier than that of its issuance: clocks differ.
const SLACK_SECONDS: i64 = 2;

/// Calls of one operation with an issued key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuedCalls {
    /// The service.
    pub service: String,
    /// The operation.
    pub event_name: String,
    /// How often.
    pub calls: u64,
    /// How often it was denied.
    pub denied: u64,
    /// How often it failed or was throttled.
    pub failed: u64,
    /// One error code among those, the first in order.
    pub error_code: Option<String>,
}

/// A temporary key that the subject issued.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct IssuedKey {
    /// The key id.
    pub access_key_id: String,
    /// The record that issued it.
    pub evidence: Evidence,
    /// The role, for role sessions.
    pub role_arn: Option<String>,
    /// The session's ARN.
    pub session_arn: Option<String>,
    /// The session's name, which the caller chose.
    pub session_name: Option<String>,
    /// When it expires, as the service wrote it.
    pub expires: Option<String>,
    /// Its use.
    pub used: Span,
    /// Calls with it that were denied.
    pub denied: u64,
    /// The addresses it was used from.
    pub addresses: Vec<String>,
    /// What was called with it, most calls first.
    pub operations: Vec<IssuedCalls>,
    /// Calls of the same session that were signed with other keys.
    pub other_keys: Span,
}

#[derive(Debug, Clone, Default)]
struct CallFold {
    calls: u64,
    denied: u64,
    failed: u64,
    error_code: Option<String>,
}

#[derive(Debug, Clone, Default)]
struct Fold {
    issued: Option<Box<Issuance>>,
    used: Span,
    denied: u64,
    addresses: BTreeSet<String>,
    operations: BTreeMap<(String, String), CallFold>,
    other_keys: Span,
}

#[derive(Debug, Clone)]
struct Issuance {
    evidence: Evidence,
    role_arn: Option<String>,
    session_arn: Option<String>,
    session_name: Option<String>,
    expires: Option<String>,
}

/// Gathers the issued keys.
#[derive(Debug, Clone)]
pub(crate) struct IssuedFold {
    limits: Limits,
    keys: Bounded<String, Fold>,
    /// Sessions and their creation to the keys that were issued for them; rebuilt when the subject issued more.
    sessions: Option<BTreeMap<(String, Time), String>>,
}

impl IssuedFold {
    pub(crate) fn new(limits: Limits) -> IssuedFold {
        IssuedFold { limits, keys: Bounded::new(limits.issued_max), sessions: None }
    }

    /// Takes in a successful call of the subject that issued a temporary key.
    pub(crate) fn push_own(&mut self, row: &EventRow<'_>, body: &Body) {
        let Some(key) = row.issued_access_key_id.filter(|key| !key.is_empty()) else { return };
        // Long-term keys are ways back in, not sessions.
        if row.event_name == Some("CreateAccessKey") {
            return;
        }
        self.sessions = None;
        let Some(fold) = self.keys.slot(key) else { return };
        let evidence = Evidence::of(row);
        // The same id twice: key ids are recycled, and sanitised logs use one for all. The first stands.
        if fold.issued.as_ref().is_some_and(|issued| issued.evidence < evidence) {
            return;
        }
        fold.issued = Some(Box::new(Issuance {
            evidence,
            role_arn: body.text("q.roleArn"),
            session_arn: row.assumed_role_arn.map(str::to_owned).or_else(|| body.text("r.federatedUser.arn")),
            session_name: body.first(&["q.roleSessionName", "q.name"]),
            expires: body.text("r.credentials.expiration"),
        }));
    }

    /// Takes in a call by others, if it was made with an issued key or in an issued session.
    pub(crate) fn push_related(&mut self, row: &EventRow<'_>, outcome: Outcome) {
        let at = Time(row.event_time);
        let max = self.limits.details_max;
        if let Some(fold) = row.access_key_id.and_then(|key| self.keys.get_mut(key)) {
            // Key ids are recycled: what came before the issuance is not its use.
            let before = fold
                .issued
                .as_ref()
                .is_none_or(|issued| issued.evidence.at.seconds_since(at) > SLACK_SECONDS);
            if !before {
                fold.add(row, outcome, at, max);
            }
            return;
        }
        let (Some(arn), Some(created)) = (row.identity_arn, row.session_created) else { return };
        let keys = &self.keys;
        let sessions = self.sessions.get_or_insert_with(|| session_index(keys));
        let key = sessions.get(&(arn.to_owned(), Time(created)));
        if let Some(fold) = key.and_then(|key| self.keys.get_mut(key.as_str())) {
            fold.other_keys.add(at);
        }
    }

    /// The issued keys.
    pub(crate) fn key_ids(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(key, _)| key.as_str())
    }

    /// The ARNs of the issued sessions.
    pub(crate) fn session_arns(&self) -> BTreeSet<&str> {
        let issued = self.keys.iter().filter_map(|(_, fold)| fold.issued.as_deref());
        issued.filter_map(|issued| issued.session_arn.as_deref()).collect()
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        self.keys.reached().then_some(("issued_keys", self.limits.issued_max)).into_iter().collect()
    }

    /// Every issued key in the order of time.
    pub(crate) fn finish(self) -> Vec<IssuedKey> {
        let keys = self.keys.into_iter().filter_map(|(access_key_id, fold)| {
            let issued = *fold.issued?;
            let operations = fold.operations.into_iter().map(|((service, event_name), calls)| IssuedCalls {
                service,
                event_name,
                calls: calls.calls,
                denied: calls.denied,
                failed: calls.failed,
                error_code: calls.error_code,
            });
            let mut operations: Vec<IssuedCalls> = operations.collect();
            operations.sort_by_key(|calls| std::cmp::Reverse(calls.calls));
            Some(IssuedKey {
                access_key_id,
                evidence: issued.evidence,
                role_arn: issued.role_arn,
                session_arn: issued.session_arn,
                session_name: issued.session_name,
                expires: issued.expires,
                used: fold.used,
                denied: fold.denied,
                addresses: fold.addresses.into_iter().collect(),
                operations,
                other_keys: fold.other_keys,
            })
        });
        let mut keys: Vec<IssuedKey> = keys.collect();
        keys.sort_by(|a, b| (&a.evidence, &a.access_key_id).cmp(&(&b.evidence, &b.access_key_id)));
        keys
    }
}

fn session_index(keys: &Bounded<String, Fold>) -> BTreeMap<(String, Time), String> {
    let mut index = BTreeMap::new();
    for (key, fold) in keys.iter() {
        if let Some(issued) = &fold.issued
            && let Some(arn) = &issued.session_arn
        {
            index.entry((arn.clone(), issued.evidence.at)).or_insert_with(|| key.clone());
        }
    }
    index
}

impl Fold {
    fn add(&mut self, row: &EventRow<'_>, outcome: Outcome, at: Time, details_max: usize) {
        self.used.add(at);
        self.denied += u64::from(outcome == Outcome::Denied);
        if let Some(address) = row.source_ip_address.filter(|a| !a.is_empty() && !self.addresses.contains(*a))
        {
            keep_smallest(&mut self.addresses, address.to_owned(), details_max);
        }
        let name = (service(row).to_owned(), row.event_name.unwrap_or_default().to_owned());
        let calls = self.operations.entry(name).or_default();
        calls.calls += 1;
        calls.denied += u64::from(outcome == Outcome::Denied);
        calls.failed += u64::from(matches!(outcome, Outcome::Failed | Outcome::Throttled));
        if let Some(code) = row.error_code.filter(|code| !code.is_empty())
            && calls.error_code.as_deref().is_none_or(|known| code < known)
        {
            calls.error_code = Some(code.to_owned());
        }
    }
}
