//! Refusals that IAM's own slowness explains: a role or policy was changed seconds before, and the same call worked soon
//! after.
//!
//! "Changes that you make in IAM … take time to become visible"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::answer::Then;
use super::call::{Call, Ruling};
use super::fold::Folded;
use super::{Parsed, Record};
use crate::aws::{Arn, Principal};

/// Seconds after a change within which a refusal may be propagation.
const AFTER_CHANGE_SECONDS: i64 = 60;

/// Seconds after a refusal within which the same call must have worked.
const WORKED_WITHIN_SECONDS: i64 = 600;

/// Changes that are remembered at most.
const CHANGES_MAX: usize = 200_000;

/// When the policies of users, roles and groups were changed, by their names.
#[derive(Debug, Default)]
pub(super) struct Changes {
    at: BTreeMap<String, BTreeSet<DateTime<Utc>>>,
    count: usize,
}

/// A refused event.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    /// The place of its tally.
    pub(super) tally: usize,
    pub(super) time: DateTime<Utc>,
    pub(super) event_source: String,
    pub(super) event_name: String,
    pub(super) principal: Option<String>,
    pub(super) resource: Arc<str>,
    /// Names of the user or role that called, and of the role that was asked for.
    names: Vec<String>,
}

/// The parameters of IAM's calls that name what they change.
const NAMES: [&str; 3] = ["roleName", "userName", "groupName"];

/// How the names of IAM's calls begin that change what someone may do.
const CHANGING: [&str; 8] = ["Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Update"];

impl Changes {
    /// Takes note of a record that changed who may do what.
    pub(super) fn see(&mut self, record: &Record<'_>) {
        let changes = record.event_source == Some("iam.amazonaws.com")
            && record.error_code.is_none_or(str::is_empty)
            && record.event_name.is_some_and(|name| CHANGING.iter().any(|start| name.starts_with(start)));
        if !changes || self.count >= CHANGES_MAX {
            return;
        }
        let Some(parameters) = Parsed::without_response(record).parameters else { return };
        for name in NAMES.iter().filter_map(|name| parameters.get(name)?.as_str()) {
            self.count += 1;
            self.at.entry(name.to_owned()).or_default().insert(record.event_time);
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.count += other.count;
        for (name, times) in other.at {
            self.at.entry(name).or_default().extend(times);
        }
    }

    /// Whether something was changed shortly before.
    fn before(&self, refusal: &Refusal) -> bool {
        let from = refusal.time - TimeDelta::seconds(AFTER_CHANGE_SECONDS);
        refusal.names.iter().any(|name| {
            self.at.get(name).is_some_and(|times| times.range(from..=refusal.time).next().is_some())
        })
    }
}

impl Refusal {
    pub(super) fn of(record: &Record<'_>, tally: usize, ruling: &Ruling, resource: Arc<str>) -> Option<Self> {
        let name_of = |arn: &str| match Arn::parse(arn)?.principal()? {
            Principal::User { name, .. } | Principal::Role { name, .. } => Some(name.to_owned()),
            _ => None,
        };
        let names =
            ruling.principal.as_deref().and_then(name_of).into_iter().chain(name_of(&resource)).collect();
        Some(Self {
            tally,
            time: record.event_time,
            event_source: record.event_source?.to_owned(),
            event_name: record.event_name?.to_owned(),
            principal: ruling.principal.clone(),
            resource,
            names,
        })
    }
}

/// Which events may show that refused calls worked soon after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Suspects {
    /// The first refusal.
    pub from: DateTime<Utc>,
    /// Behind the last one, and the time in which the call must have worked.
    pub to: DateTime<Utc>,
    /// The names of the calls.
    pub event_names: BTreeSet<String>,
}

impl Folded {
    /// Forgets all refusals that no change came shortly before.
    pub(super) fn keep_suspects(&mut self, changes: &Changes) {
        for part in &mut self.parts {
            part.refusals.retain(|refusal| changes.before(refusal));
        }
    }

    /// The refusals that may be propagation; None if there are none. Give [`Folded::worked`] the events that this names.
    #[must_use]
    pub fn suspects(&self) -> Option<Suspects> {
        let all = || self.parts.iter().flat_map(|part| &part.refusals);
        let (from, last) = (all().map(|one| one.time).min()?, all().map(|one| one.time).max()?);
        Some(Suspects {
            from,
            to: last + TimeDelta::seconds(WORKED_WITHIN_SECONDS + 1),
            event_names: all().map(|one| one.event_name.clone()).collect(),
        })
    }

    /// Takes note of a call that worked: refusals of the same call shortly before were propagation.
    pub fn worked(&mut self, record: &Record<'_>) {
        if Then::of(record) != Then::Allowed {
            return;
        }
        let near = |refusal: &Refusal| {
            let after = record.event_time - refusal.time;
            after >= TimeDelta::zero()
                && after <= TimeDelta::seconds(WORKED_WITHIN_SECONDS)
                && record.event_source == Some(&refusal.event_source)
                && record.event_name == Some(&refusal.event_name)
        };
        if !self.parts.iter().flat_map(|part| &part.refusals).any(near) {
            return;
        }
        let parsed = Parsed::of(record);
        let call = Call::read(record, &parsed, None, &self.plan.snapshot);
        let principal = call.who.as_ref().map(|who| who.principal.as_str());
        let resources: BTreeSet<&str> = match &call.reading {
            super::Reading::Requests(asked) => asked.iter().map(|asked| asked.shown.as_str()).collect(),
            _ => return,
        };
        for part in &mut self.parts {
            let (refusals, tallies) = (&mut part.refusals, &mut part.tallies);
            refusals.retain(|refusal| {
                let same = near(refusal)
                    && refusal.principal.as_deref() == principal
                    && resources.contains(&*refusal.resource);
                if let Some(tally) = tallies.get_mut(refusal.tally).filter(|_| same) {
                    tally.propagation += 1;
                }
                !same
            });
        }
    }
}
