//! Refusals that IAM's own slowness explains: a role or policy was changed seconds before, and the same call worked soon
//! after, though nothing was changed in between that may have let it: what a policy refused, and a mended policy let pass, a
//! policy refused.
//!
//! "Changes that you make in IAM … take time to become visible"
//! (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html#troubleshoot_general_eventual-consistency>).

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::ops::Bound;
use std::sync::Arc;

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::answer::Then;
use super::call::{Call, Ruling};
use super::fold::Folded;
use super::{Field, Parsed, Record};
use crate::aws::{Arn, Denial, Layer, Principal};
use crate::pack;

/// Seconds after a change within which a refusal may be propagation.
pub const AFTER_CHANGE_SECONDS: i64 = 60;

/// Seconds after a refusal within which the same call must have worked.
pub const WORKED_WITHIN_SECONDS: i64 = 600;

/// Calls that change what others than users, roles and groups let pass: policies of resources, grants, VPC endpoints.
pub const ELSEWHERE: [&str; 22] = [
    "AddPermission",
    "AddPermission20150331v2",
    "CreateGrant",
    "DeleteBucketPolicy",
    "DeleteBucketPublicAccessBlock",
    "DeleteFileSystemPolicy",
    "DeletePublicAccessBlock",
    "DeleteRepositoryPolicy",
    "DeleteResourcePolicy",
    "ModifyVpcEndpoint",
    "PutBackupVaultAccessPolicy",
    "PutBucketAcl",
    "PutBucketPolicy",
    "PutBucketPublicAccessBlock",
    "PutFileSystemPolicy",
    "PutKeyPolicy",
    "PutResourcePolicy",
    "RemovePermission",
    "RemovePermission20150331v2",
    "SetQueueAttributes",
    "SetRepositoryPolicy",
    "SetTopicAttributes",
];

/// Where policies of users and roles stand that do not name them: managed policies and groups.
const IAM: &str = "iam.amazonaws.com";
/// Where SCPs and RCPs stand.
const ORGANIZATIONS: &str = "organizations.amazonaws.com";

/// Changes that are remembered at most.
const CHANGES_MAX: usize = 200_000;

/// A user, role or group whose policies may be changed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, BorshSerialize, BorshDeserialize)]
pub struct Entity {
    /// Its account.
    pub account: String,
    /// The parameter of IAM's calls that names its kind: `roleName`, `userName` or `groupName`.
    #[borsh(deserialize_with = "read_kind")]
    pub kind: &'static str,
    /// Its name.
    pub name: String,
}

/// Reads a parameter's name, which is one of those that there are.
fn read_kind<R: io::Read>(from: &mut R) -> io::Result<&'static str> {
    let name = String::deserialize_reader(from)?;
    let known = NAMES.into_iter().find(|known| *known == name);
    known.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no parameter that names an entity"))
}

impl Entity {
    /// The user or role of an ARN; of a session its role.
    pub(super) fn of_arn(arn: &str) -> Option<Self> {
        let arn = Arn::parse(arn)?;
        let (kind, name) = match arn.principal()? {
            Principal::User { name, .. } => ("userName", name),
            Principal::Role { name, .. } | Principal::RoleSession { role: name, .. } => ("roleName", name),
            _ => return None,
        };
        Some(Self { account: arn.account.to_owned(), kind, name: name.to_owned() })
    }
}

/// When the policies of users, roles and groups were changed.
#[derive(Debug, Default)]
pub struct Changes {
    at: BTreeMap<Entity, BTreeSet<DateTime<Utc>>>,
    /// By event source, and by account where that is IAM's: changes that may be about anybody.
    about_any: BTreeMap<(String, String), BTreeSet<DateTime<Utc>>>,
    count: usize,
    /// How many more there were.
    pub(super) left: u64,
}

/// A refused event.
#[derive(Debug, Clone, BorshSerialize, BorshDeserialize)]
pub(super) struct Refusal {
    /// The place of its tally.
    pub(super) tally: usize,
    #[borsh(serialize_with = "pack::write_time", deserialize_with = "pack::read_time")]
    pub(super) time: DateTime<Utc>,
    pub(super) event_source: String,
    pub(super) event_name: String,
    pub(super) principal: Option<String>,
    pub(super) resource: Arc<str>,
    /// The user or role that called, and the role that was asked for.
    concerned: Vec<Entity>,
    /// When something was changed after it that may have let the call pass.
    #[borsh(skip)]
    mended: Option<DateTime<Utc>>,
}

/// The parameters of IAM's calls that name what they change.
const NAMES: [&str; 3] = ["roleName", "userName", "groupName"];

/// How the names of IAM's calls begin that change what someone may do.
const CHANGING: [&str; 8] = ["Add", "Attach", "Create", "Delete", "Detach", "Put", "Remove", "Update"];

/// Whom a record of IAM changed, and its parameters; None if it changed nobody's policies, or failed.
pub(super) fn changed_by(record: &Record<'_>) -> Option<(Value, Vec<Entity>)> {
    let changes = record.event_source == Some(IAM)
        && record.error_code.is_none_or(str::is_empty)
        && record.event_name.is_some_and(|name| CHANGING.iter().any(|start| name.starts_with(start)));
    let parameters = Parsed::of_call(record).parameters.filter(|_| changes)?;
    let account = record.account.unwrap_or_default();
    let entity = |kind: &&'static str| {
        let name = parameters.get(kind)?.as_str()?.to_owned();
        Some(Entity { account: account.to_owned(), kind, name })
    };
    let entities: Vec<Entity> = NAMES.iter().filter_map(entity).collect();
    (!entities.is_empty()).then_some((parameters, entities))
}

impl Changes {
    /// The columns that [`Changes::see`] reads.
    pub const FIELDS: &[Field] = &[
        Field::Account,
        Field::EventSource,
        Field::EventName,
        Field::EventId,
        Field::ErrorCode,
        Field::RequestParameters,
    ];

    /// Takes note of a record that changed who may do what.
    pub fn see(&mut self, record: &Record<'_>) {
        let entities = changed_by(record).map(|(_, entities)| entities).unwrap_or_default();
        let is_of_group = entities.iter().any(|entity| entity.kind == "groupName");
        let about_any = if entities.is_empty() || is_of_group { changed_about_any(record) } else { None };
        let entities = entities.into_iter().map(Ok).chain(about_any.map(Err));
        for changed in entities {
            if self.count >= CHANGES_MAX {
                self.left += 1;
                continue;
            }
            self.count += 1;
            let times = match changed {
                Ok(entity) => self.at.entry(entity).or_default(),
                Err(place) => self.about_any.entry(place).or_default(),
            };
            times.insert(record.event_time);
        }
    }

    /// Takes in what another one saw.
    pub fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.left += other.left;
        for (name, times) in other.at {
            self.at.entry(name).or_default().extend(times);
        }
        for (place, times) in other.about_any {
            self.about_any.entry(place).or_default().extend(times);
        }
    }

    /// Whether something was changed shortly before.
    fn before(&self, refusal: &Refusal) -> bool {
        let from = refusal.time - TimeDelta::seconds(AFTER_CHANGE_SECONDS);
        refusal.concerned.iter().any(|named| {
            self.at.get(named).is_some_and(|times| times.range(from..=refusal.time).next().is_some())
        })
    }

    /// When the next thing was changed after a refusal that may have let the call pass.
    fn after(&self, refusal: &Refusal) -> Option<DateTime<Utc>> {
        let next = |times: &BTreeSet<DateTime<Utc>>| {
            times.range((Bound::Excluded(refusal.time), Bound::Unbounded)).next().copied()
        };
        let of_entities = refusal.concerned.iter().filter_map(|named| next(self.at.get(named)?));
        let is_near = |(source, account): &(String, String)| match source.as_str() {
            IAM => refusal.concerned.iter().any(|named| named.account == *account),
            ORGANIZATIONS | "kms.amazonaws.com" | "ec2.amazonaws.com" => true,
            other => other == refusal.event_source,
        };
        let about_any = self.about_any.iter().filter(|(place, _)| is_near(place));
        of_entities.chain(about_any.filter_map(|(_, times)| next(times))).min()
    }
}

/// Where a record changed policies that may be about anybody: its event source, and of IAM's its account. None if it changed
/// none, or failed.
fn changed_about_any(record: &Record<'_>) -> Option<(String, String)> {
    let (source, name) = (record.event_source?, record.event_name?);
    let changes = match source {
        IAM => {
            name.contains("PolicyVersion")
                || name.contains("Group") && CHANGING.iter().any(|start| name.starts_with(start))
        }
        ORGANIZATIONS => {
            const OF_CONTROLS: [&str; 4] = ["Attach", "Detach", "Disable", "Move"];
            name == "UpdatePolicy" || OF_CONTROLS.iter().any(|start| name.starts_with(start))
        }
        _ => ELSEWHERE.contains(&name),
    };
    let account = if source == IAM { record.account.unwrap_or_default() } else { "" };
    (changes && record.error_code.is_none_or(str::is_empty)).then(|| (source.to_owned(), account.to_owned()))
}

impl Refusal {
    /// None of what a layer refused, as AWS says, that a change of users, roles and groups is not one of.
    pub(super) fn of(record: &Record<'_>, tally: usize, ruling: &Ruling, resource: Arc<str>) -> Option<Self> {
        let layer = record.error_message.and_then(|message| Denial::parse(message).layer);
        let is_other = matches!(
            layer,
            Some(
                Layer::ResourceBased
                    | Layer::ServiceControl
                    | Layer::ResourceControl
                    | Layer::Session
                    | Layer::VpcEndpoint
            )
        );
        if is_other {
            return None;
        }
        let called = ruling.principal.as_deref().and_then(Entity::of_arn);
        let concerned = called.into_iter().chain(Entity::of_arn(&resource)).collect();
        Some(Self {
            tally,
            time: record.event_time,
            event_source: record.event_source?.to_owned(),
            event_name: record.event_name?.to_owned(),
            principal: ruling.principal.clone(),
            resource,
            concerned,
            mended: None,
        })
    }
}

/// Refusals that may be propagation: by the name of the call and the time, each with the place of its part.
pub(super) type Suspicions = BTreeMap<String, BTreeMap<DateTime<Utc>, Vec<(usize, Refusal)>>>;

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
        for (place, part) in self.parts.iter_mut().enumerate() {
            let suspects = std::mem::take(&mut part.refusals);
            for mut refusal in suspects.into_iter().filter(|refusal| changes.before(refusal)) {
                refusal.mended = changes.after(&refusal);
                let of_call = self.suspects.entry(refusal.event_name.clone()).or_default();
                of_call.entry(refusal.time).or_default().push((place, refusal));
            }
        }
    }

    /// The refusals that may be propagation; None if there are none. Give [`Folded::worked`] the events that this names.
    #[must_use]
    pub fn suspects(&self) -> Option<Suspects> {
        let times = || self.suspects.values().flat_map(BTreeMap::keys).copied();
        let (from, last) = (times().min()?, times().max()?);
        Some(Suspects {
            from,
            to: last + TimeDelta::seconds(WORKED_WITHIN_SECONDS + 1),
            event_names: self.suspects.keys().cloned().collect(),
        })
    }

    /// Takes note of a call that worked: refusals of the same call shortly before were propagation, if nothing was changed in
    /// between that may have let it.
    pub fn worked(&mut self, record: &Record<'_>) {
        let Some(of_call) = record.event_name.and_then(|name| self.suspects.get_mut(name)) else { return };
        let from = record.event_time - TimeDelta::seconds(WORKED_WITHIN_SECONDS);
        let is_source = |refusal: &Refusal| record.event_source == Some(&refusal.event_source);
        let mut near = of_call.range(from..=record.event_time).flat_map(|(_, all)| all);
        if !near.any(|(_, refusal)| is_source(refusal)) || Then::of(record) != Then::Allowed {
            return;
        }
        let parsed = Parsed::of(record);
        let call = Call::read(record, &parsed, None, &self.plan.snapshot);
        let principal = call.who.as_ref().map(|who| who.principal.as_str());
        let resources: BTreeSet<&str> = match &call.reading {
            super::Reading::Requests(asked) => asked.iter().map(|asked| asked.shown.as_str()).collect(),
            _ => return,
        };
        for (_, refusals) in of_call.range_mut(from..=record.event_time) {
            refusals.retain(|(part, refusal)| {
                let same = is_source(refusal)
                    && refusal.mended.is_none_or(|mended| record.event_time < mended)
                    && refusal.principal.as_deref() == principal
                    && resources.contains(&*refusal.resource);
                let tallies = self.parts.get_mut(*part).map(|part| &mut part.tallies);
                if let Some(tally) = tallies.and_then(|all| all.get_mut(refusal.tally)).filter(|_| same) {
                    tally.propagation += 1;
                }
                !same
            });
        }
        of_call.retain(|_, refusals| !refusals.is_empty());
    }
}
