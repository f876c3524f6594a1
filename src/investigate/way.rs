//! The use of ways in: keys, passwords, roles and providers that the subject made.

use std::collections::{BTreeMap, BTreeSet};

use super::body::Body;
use super::bounded::Bounded;
use super::evidence::{Evidence, Span, Time, keep_smallest};
use super::limit::Limits;
use super::outcome::{Outcome, operation, service};
use super::thing::{Thing, ThingClass, Used, short};
use crate::query::EventRow;

#[derive(Debug, Clone, Default)]
struct Fold {
    span: Span,
    by_subject: u64,
    refused: u64,
    addresses: BTreeSet<String>,
    identities: BTreeSet<String>,
    first: Option<(Evidence, Option<bool>)>,
}

/// Gathers the use of ways in, by kind and name.
#[derive(Debug, Clone)]
pub(crate) struct UseFold {
    limits: Limits,
    uses: Bounded<(String, String), Fold>,
}

impl UseFold {
    pub(crate) fn new(limits: Limits) -> UseFold {
        UseFold { limits, uses: Bounded::new(limits.changes_max) }
    }

    /// Takes in a call of the subject.
    pub(crate) fn push_own(&mut self, row: &EventRow<'_>, body: &Body, outcome: Outcome) {
        // The subject's own keys are counted with its keys.
        for (kind, name) in uses_of(row, body).into_iter().filter(|(kind, _)| *kind != "access key") {
            self.add(kind, &name, row, body, outcome, true);
        }
    }

    /// Takes in a call of someone whom the subject led to.
    pub(crate) fn push_followed(&mut self, row: &EventRow<'_>, body: &Body, outcome: Outcome) {
        for (kind, name) in uses_of(row, body) {
            self.add(kind, &name, row, body, outcome, false);
        }
    }

    /// Takes in a call by others, where it uses what the subject made and was made after it: `since` gives that time.
    pub(crate) fn push_related(
        &mut self,
        row: &EventRow<'_>,
        body: &Body,
        outcome: Outcome,
        since: &BTreeMap<(String, String), Time>,
    ) {
        for (kind, name) in uses_of(row, body) {
            let made = since.get(&(kind.to_owned(), name.clone()));
            if made.is_some_and(|made| *made <= Time(row.event_time)) {
                self.add(kind, &name, row, body, outcome, false);
            }
        }
    }

    fn add(&mut self, kind: &str, name: &str, row: &EventRow<'_>, body: &Body, outcome: Outcome, own: bool) {
        let max = self.limits.details_max;
        let Some(fold) = self.uses.slot(&(kind.to_owned(), name.to_owned())) else { return };
        if outcome != Outcome::Ok && kind != "access key" {
            fold.refused += 1;
            return;
        }
        fold.refused += u64::from(outcome != Outcome::Ok);
        let evidence = Evidence::of(row);
        fold.span.add(evidence.at);
        fold.by_subject += u64::from(own);
        let identity = row.identity_arn.or(row.principal_id).or(row.user_name);
        for (set, value) in [(&mut fold.addresses, row.source_ip_address), (&mut fold.identities, identity)] {
            if let Some(value) = value.filter(|v| !v.is_empty() && !set.contains(*v)) {
                keep_smallest(set, value.to_owned(), max);
            }
        }
        if fold.first.as_ref().is_none_or(|(first, _)| evidence < *first) {
            let mfa = match body.text("a.MFAUsed").as_deref() {
                Some("Yes") => Some(true),
                Some("No") => Some(false),
                _ => row.mfa_authenticated,
            };
            fold.first = Some((evidence, mfa));
        }
    }

    /// Names of the lists that reached their limit.
    pub(crate) fn reached(&self) -> Vec<(&'static str, usize)> {
        self.uses.reached().then_some(("made.used", self.limits.changes_max)).into_iter().collect()
    }

    /// Writes its use on every way in.
    pub(crate) fn finish(self, things: &mut [Thing]) {
        let mut uses: BTreeMap<(String, String), Fold> = self.uses.into_iter().collect();
        // The latest of several of one name comes first and takes what was used after it was made.
        for thing in things.iter_mut().rev().filter(|thing| thing.class == ThingClass::WayIn) {
            let key = thing.names.iter().map(|name| (thing.kind.clone(), name.clone())).find(|key| {
                uses.get(key).is_some_and(|fold| fold.span.last.is_none_or(|last| last >= thing.made.at))
            });
            let Some(fold) = key.and_then(|key| uses.remove(&key)) else {
                thing.used = visible(&thing.kind).then(Used::default);
                continue;
            };
            thing.used = Some(Used {
                span: fold.span,
                by_subject: fold.by_subject,
                refused: fold.refused,
                addresses: fold.addresses.into_iter().collect(),
                identities: fold.identities.into_iter().collect(),
                mfa: fold.first.as_ref().and_then(|(_, mfa)| *mfa),
                first_evidence: fold.first.map(|(evidence, _)| evidence),
            });
        }
    }
}

/// Whether CloudTrail shows the use of a kind of way in. SSH keys and signing certificates are used elsewhere.
fn visible(kind: &str) -> bool {
    KINDS.contains(&kind)
}

const KINDS: &[&str] =
    &["OIDC provider", "SAML provider", "access key", "changed password", "password", "role", "trust anchor"];

/// The ways in that a call uses, by kind and name.
fn uses_of(row: &EventRow<'_>, body: &Body) -> Vec<(&'static str, String)> {
    let mut uses: Vec<(&'static str, String)> = Vec::new();
    uses.extend(row.access_key_id.map(|key| ("access key", key.to_owned())));
    let operation = operation(row.event_name.unwrap_or_default());
    match (service(row), operation) {
        ("signin", "ConsoleLogin") => {
            if let Some(user) = row.user_name {
                uses.push(("password", user.to_owned()));
                uses.push(("changed password", user.to_owned()));
            }
        }
        ("sts", "AssumeRole" | "AssumeRoleWithSAML" | "AssumeRoleWithWebIdentity") => {
            uses.extend(body.text("q.roleArn").map(|arn| ("role", short(&arn).to_owned())));
            let provider = body.text("q.principalArn").or_else(|| row.identity_provider.map(str::to_owned));
            if let Some(provider) = provider {
                uses.push(("SAML provider", provider.clone()));
                uses.push(("OIDC provider", provider));
            }
        }
        ("rolesanywhere", "CreateSession") => {
            uses.extend(body.text("q.roleArn").map(|arn| ("role", short(&arn).to_owned())));
            uses.extend(body.text("q.trustAnchorArn").map(|arn| ("trust anchor", short(&arn).to_owned())));
        }
        _ => {}
    }
    uses
}

/// Operations that use a way in of `kind`, but for keys, which are looked up by id.
pub(crate) fn using_operations(kind: &str) -> &'static [&'static str] {
    match kind {
        "password" | "changed password" => &["ConsoleLogin"],
        "role" => &["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity", "CreateSession"],
        "SAML provider" => &["AssumeRoleWithSAML"],
        "OIDC provider" => &["AssumeRoleWithWebIdentity"],
        "trust anchor" => &["CreateSession"],
        _ => &[],
    }
}
