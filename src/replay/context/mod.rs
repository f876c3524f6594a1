//! The condition keys of a request: which a record tells, which it tells to be absent, and which it cannot tell.
//!
//! ```text
//! eventContext (what AWS itself saw) ─> table of rules, by key ─> snapshot ─> unknown, with the reason
//! ```
//!
//! A key is absent only where AWS documents that such a request does not have it, and known only where the record or the
//! snapshot shows its value. All else is unknown.

mod ask;
mod caller;
mod ec2;
mod enriched;
mod iam;
mod kms;
mod network;
mod other;
mod rule;
mod s3;
mod sts;
mod tags;
#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::collections::BTreeSet;

use self::ask::{Ask, Tell};
use self::rule::{How, TABLES, rule};
use super::{Asked, Field, Fields, Parsed, Record, Session, Who};
use crate::catalog::catalog;
use crate::policy::{Context, Rest, Standing};
use crate::snapshot::Snapshot;

/// What a request's context is told from.
#[derive(Debug, Clone, Copy)]
pub struct Told<'a> {
    /// The record.
    pub record: &'a Record<'a>,
    /// Its JSON.
    pub parsed: &'a Parsed,
    /// Who asked.
    pub who: &'a Who,
    /// What for.
    pub asked: &'a Asked,
    /// The session; None where the caller has none.
    pub session: Option<&'a Session>,
    /// The policies of today, with tags and organization.
    pub snapshot: &'a Snapshot,
}

const NO_ORGANIZATION: &str = "give organization.json, or the account is not in it";
/// What every key may be told from: the context that AWS logged, and which call it was.
const OF_EVERY_KEY: [Field; 3] = [Field::EventContext, Field::EventSource, Field::EventName];

/// The context of a request: each key known, known to be absent, or unknown.
///
/// It holds the keys of [`context_of`] for every key that AWS lists globally, for the action's service, and that a record
/// can tell; tags and the like under any name. Whoever knows which keys matter asks for those alone.
#[must_use]
pub fn context(told: &Told<'_>) -> Context {
    let ask = Ask::new(told);
    let mut context = Context::new(Rest::Unknown);
    for prefix in families(&ask) {
        // A tag that nobody has: what is told of it is told of every other that is not named.
        if let Ok(Standing::Absent) = standing(&ask, &format!("{prefix}\u{1}")) {
            context.set_family(&prefix, Rest::Absent);
        }
    }
    let rules = TABLES.into_iter().flatten().filter(|rule| !matches!(rule.how, How::Family(_)));
    let service = catalog().service(ask.service()).map_or(&[][..], |service| service.condition_keys);
    let listed = catalog().global_keys.iter().chain(service).map(|key| key.name);
    let listed = listed.filter(|key| !key.contains("${") && !key.contains('<')).map(str::to_lowercase);
    let keys: BTreeSet<String> =
        rules.map(|rule| rule.key.to_owned()).chain(listed).chain(members(&ask)).collect();
    for key in keys {
        let standing = standing(&ask, &key).unwrap_or(Standing::Unknown);
        context.set(&key, standing);
    }
    context
}

/// The context of a request as far as these keys; all others are unknown in it. Case does not matter.
#[must_use]
pub fn context_of(told: &Told<'_>, keys: &[&str]) -> Context {
    let ask = Ask::new(told);
    let mut context = Context::new(Rest::Unknown);
    for key in keys {
        let key = key.to_lowercase();
        if let Ok(standing) = standing(&ask, &key) {
            context.set_folded(key, standing);
        }
    }
    context
}

/// Why a key is unknown, in a few words for people, and what would tell it: `never in the logs`, `give organization.json`.
/// Of a key that is known it says so.
#[must_use]
pub fn why_unknown(key: &str, told: &Told<'_>) -> String {
    match standing(&Ask::new(told), &key.to_lowercase()) {
        Ok(_) => "it is known".to_owned(),
        Err(why) => why.into_owned(),
    }
}

/// The columns from which [`context`] tells a key, beside those that the call's requests are told from
/// ([`super::fields_of_request`]). Requests of equal caller, action, resource and session that agree in these columns agree in
/// the key.
#[must_use]
pub fn fields_of_key(key: &str) -> Fields {
    let own = rule(&key.to_lowercase()).map_or(&[][..], |rule| rule.fields);
    Fields::of(&OF_EVERY_KEY).and(Fields::of(own))
}

/// As [`fields_of_key`], of a record of which some parts are known: most records need no parameters for a key that is told from
/// those of a few calls only. Records that agree in these parts have the same columns.
pub(super) fn fields_of_key_in(key: &str, parts: Parts) -> Fields {
    let (fields, key) = (fields_of_key(key), key.to_lowercase());
    let needs_none = caller::is_told_by_device(&key) && !parts.takes_device
        || key == iam::PASSED_TO_SERVICE && !parts.attaches_volumes
        || rule(&key).is_some_and(|rule| std::ptr::eq(rule, &raw const tags::OF_RESOURCE))
            && !parts.is_denied;
    let fields = if needs_none { fields.without(Field::RequestParameters) } else { fields };
    let is_region = key == "aws:requestedregion" && !parts.may_infer;
    if is_region { fields.without(Field::AdditionalEventData) } else { fields }
}

/// What of a record says whether keys are told from its parameters: it follows from source, name and error of the event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent facts of a record")]
pub(super) struct Parts {
    /// Whether the call may name a device that shows a second factor.
    takes_device: bool,
    /// Whether the call may attach volumes by a role that it passes.
    attaches_volumes: bool,
    /// Whether it may be a call to a model that is served in another region.
    may_infer: bool,
    /// Whether AWS refused it: then the parameters may be missing for that.
    is_denied: bool,
}

impl Parts {
    pub(super) fn of(record: &Record<'_>) -> Self {
        let is_denied = record.error_code.is_some_and(crate::aws::is_denied);
        Self {
            takes_device: caller::takes_device(record),
            attaches_volumes: iam::may_attach_volumes(record),
            may_infer: record.event_source.is_some_and(|source| source.starts_with("bedrock")),
            is_denied,
        }
    }

    /// Writes them, so that different ones are written differently.
    pub(super) fn write(self, to: &mut Vec<u8>) {
        let parts = [self.takes_device, self.attaches_volumes, self.may_infer, self.is_denied];
        to.extend(parts.map(u8::from));
    }
}

/// Whether a key, in any case, is told from what issued the caller's session ([`Told::session`]).
#[must_use]
pub fn is_told_by_session(key: &str) -> bool {
    key.to_lowercase().starts_with(tags::PRINCIPAL_TAG)
}

/// What is known of a key in lower case, or why nothing is.
fn standing(ask: &Ask<'_>, key: &str) -> Result<Standing, Cow<'static, str>> {
    if let Some(values) = enriched::values(ask, key) {
        return Ok(known(values));
    }
    let told = rule(key).map_or_else(|| without_rule(ask, key), |rule| rule.tell(ask, key));
    match told {
        Tell::Value(value) => Ok(known(vec![value])),
        Tell::Values(values) => Ok(known(values)),
        Tell::Absent => Ok(Standing::Absent),
        Tell::Unknown(why) => Err(Cow::Borrowed(why)),
        Tell::Snapshot(why) => match ask.standing_in_snapshot(key) {
            Standing::Unknown => Err(Cow::Borrowed(why)),
            known => Ok(known),
        },
    }
}

fn known(values: Vec<String>) -> Standing {
    if values.is_empty() { Standing::Absent } else { Standing::Values(values) }
}

/// A key that no rule tells. The keys of one service are in no request to another, but for those that AWS lists as global
/// or for the action
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>).
fn without_rule(ask: &Ask<'_>, key: &str) -> Tell {
    let prefix = key.split(':').next().unwrap_or_default();
    if prefix == "aws" {
        return Tell::Unknown(caller::NOT_LOGGED);
    }
    let is_service = catalog().service(prefix).is_some();
    if !is_service {
        return Tell::Unknown("it is no key that AWS lists");
    }
    let is_elsewhere = prefix != ask.service() && catalog().global_key(key).is_none();
    if is_elsewhere && ask.lists(key) == Some(false) {
        return Tell::Absent;
    }
    Tell::Unknown("no rule tells the key from a record")
}

/// The beginnings of keys of which each request has its own.
fn families(ask: &Ask<'_>) -> Vec<String> {
    let all = TABLES.into_iter().flatten().filter(|rule| matches!(rule.how, How::Family(_)));
    let mut prefixes: Vec<String> =
        all.map(|rule| rule.key.to_owned()).filter(|key| key != "saml:").collect();
    prefixes.push("aws:resourcetag/".to_owned());
    prefixes.push(format!("{}:resourcetag/", ask.service()));
    prefixes
}

/// The keys of such families that the record, the session or the snapshot names.
fn members(ask: &Ask<'_>) -> Vec<String> {
    let told = ask.told;
    let mut keys: Vec<String> = ask.snapshot().keys().map(|(key, _)| key.to_owned()).collect();
    keys.extend(enriched::keys(ask));
    keys.extend(sts::claim_keys(ask));
    let session = told.session.and_then(|session| session.tags.as_ref());
    keys.extend(session.into_iter().flatten().map(|(key, _)| format!("{}{key}", tags::PRINCIPAL_TAG)));
    keys.extend(
        tags::of_role(ask).into_iter().flatten().map(|(key, _)| format!("{}{key}", tags::PRINCIPAL_TAG)),
    );
    if let Ok(Some(parameters)) = ask.parameters() {
        for key in super::tag::given(parameters).tags.into_keys() {
            for prefix in ["aws:requesttag/", "s3:requestobjecttag/", "rds:req-tag/"] {
                keys.push(format!("{prefix}{key}"));
            }
        }
        keys.extend(kms::context_keys(parameters).map(|key| format!("kms:encryptioncontext:{key}")));
    }
    keys.into_iter().map(|key| key.to_lowercase()).collect()
}
