//! Which requests a record stands for: actions, each with the resources that AWS authorized it on.
//!
//! ```text
//! Record ── catalog::event ─────> actions of the call ──┐
//!    │ ──── catalog::resource ──> their resources ──────┼─ own ──> Asked (Call)
//!    │ ──── catalog::dependent ─> what they imply ──────┴──────> Asked (Derived)
//!    └ ──── aws::Denial ────────> what AWS refused ── stated ──> Asked (Stated), before all others
//! ```
//!
//! `fields` says which columns this reads, `name` completes names from the snapshot, `owner` tells whose a resource is,
//! `place` where the call took place, and `authentication` which calls no policy ever saw.

mod authentication;
mod fields;
mod name;
mod owner;
mod place;
mod stated;
#[cfg(test)]
mod tests;

use super::{Parsed, Record};
use crate::aws::{AccountId, is_denied};
use crate::catalog::dependent::{INSTANCE_PROFILE, dependents_of};
use crate::catalog::event::{self, MappedAction, Mapping, NotRequest, Presence, Unknown};
use crate::catalog::resource::{self as found, Certainty, Evidence, Noted, Seen, Source, resources_of};
use crate::catalog::{Action, catalog};
use crate::policy::Resource;
use crate::snapshot::Snapshot;
pub use fields::{fields_of_request, needs_response};
use place::Scene;
pub(super) use place::partition;

/// What a record is read as.
#[derive(Debug, Clone, PartialEq)]
pub enum Reading {
    /// These requests, at least one; the caller's own first.
    Requests(Vec<Asked>),
    /// No authorization request, or none that policies decide.
    NotRequest(NotRequest),
    /// A call of which no action is known.
    Unmapped(Unknown),
}

/// One request of a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// Service prefix and name, as the catalog writes it, or as AWS stated it where the catalog has no such action.
    pub action: String,
    /// The resource as the evaluator takes it.
    pub resource: Resource,
    /// The resource for people: an ARN, in which `*` stands for what is not known, or `*`.
    pub shown: String,
    /// How much of the resource is known.
    pub certainty: Certainty,
    /// Where the resource was found.
    pub from: ResourceFrom,
    /// The account that owns the resource; None if it is not known.
    pub resource_account: Option<AccountId>,
    /// What the same call would be for if it came again, as a pattern, where the resource is one that this call made; None
    /// elsewhere: the same resource.
    pub again: Option<String>,
    /// Whether the record shows it, or it was derived.
    pub origin: Origin,
    /// Whether the call asked for it for certain.
    pub presence: Presence,
}

/// Where a request comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// The call of the record itself.
    Call,
    /// What AWS said in the message of a denied call: the action that was refused.
    Stated,
    /// Derived from the call: no record shows it (`iam:PassRole`).
    Derived,
}

/// Where a resource was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ResourceFrom {
    /// In the record's `resources`.
    Logged,
    /// In the request parameters.
    Request,
    /// In the response.
    Response,
    /// In the message of a denied call.
    Stated,
    /// In the record by name, in the snapshot with its path; or the caller itself, whom the call means where it names no
    /// user.
    Snapshot,
    /// The action takes no resource, or nothing tells which.
    Action,
}

/// The requests of a record. The snapshot tells what the record leaves out of names: the paths of users and roles, the
/// owners of resources; None leaves them open.
///
/// What AWS states in the message of a denied call is taken as it stands: the action that it refused comes first.
#[must_use]
pub fn requests(record: &Record<'_>, parsed: &Parsed, snapshot: Option<&Snapshot>) -> Reading {
    requests_seen(record, parsed, snapshot, None)
}

/// As [`requests`], and notes what of the parameters they were told from: a record with parameters that agree with these in
/// what was noted, in their form and in what [`speaks_for_itself`], and in all else, is read alike. With
/// [`Parsed::response`] given, more may be looked at than without.
///
/// [`speaks_for_itself`]: crate::catalog::resource::speaks_for_itself
pub(super) fn requests_seen(
    record: &Record<'_>,
    parsed: &Parsed,
    snapshot: Option<&Snapshot>,
    seen: Option<&Seen>,
) -> Reading {
    let call = Call::new(record, parsed, snapshot, seen);
    let reading = call.read();
    let mut reading = match record.error_message.filter(|_| call.is_denied) {
        Some(message) => call.state(reading, message),
        None => reading,
    };
    if let Reading::Requests(asked) = &mut reading {
        let listing = call.listing(asked);
        asked.extend(listing);
    }
    reading
}

/// As [`requests`], without what AWS states in the message of a denied call: to hold our own reading against it.
#[must_use]
pub fn requests_unstated(record: &Record<'_>, parsed: &Parsed, snapshot: Option<&Snapshot>) -> Reading {
    Call::new(record, parsed, snapshot, None).read()
}

/// One record, as far as its requests are told from it.
struct Call<'a> {
    record: &'a Record<'a>,
    snapshot: Option<&'a Snapshot>,
    scene: Scene<'a>,
    is_denied: bool,
    mapping: Mapping,
    evidence: Evidence<'a>,
}

impl<'a> Call<'a> {
    fn new(
        record: &'a Record<'a>,
        parsed: &'a Parsed,
        snapshot: Option<&'a Snapshot>,
        seen: Option<&'a Seen>,
    ) -> Self {
        let (source, name) = (record.event_source.unwrap_or(""), record.event_name.unwrap_or(""));
        let parameters = parsed.parameters.as_ref().map(|value| Noted::new(value, seen));
        let mapping = match authentication::turned_away(record) {
            Some(reason) if record.event_type.is_none_or(|kind| kind == "AwsApiCall") => {
                Mapping::NotRequest(reason)
            }
            _ => event::map(&event::Call { source, name, kind: record.event_type, parameters }),
        };
        let actions = match &mapping {
            Mapping::Actions(actions, _) => actions.as_slice(),
            Mapping::NotRequest(_) | Mapping::Unknown(_) => &[],
        };
        let is_denied = record.error_code.is_some_and(is_denied);
        // The columns are looked at for actions that `fields` lists them for, and for no others.
        let takes_resources = actions.iter().any(|mapped| !mapped.action.is_wildcard_only());
        let scene = Scene::of(record);
        let evidence = Evidence {
            event: name,
            place: scene.place,
            parameters,
            // A denied call made nothing and returned nothing.
            response: parsed.response.as_ref().filter(|_| takes_resources && !is_denied),
            resources: parsed.resources.as_ref().filter(|_| takes_resources),
        };
        Self { record, snapshot, scene, is_denied, mapping, evidence }
    }

    fn read(&self) -> Reading {
        match &self.mapping {
            Mapping::Actions(actions, _) => Reading::Requests(self.own(actions)),
            Mapping::NotRequest(reason) => Reading::NotRequest(*reason),
            Mapping::Unknown(unknown) => Reading::Unmapped(*unknown),
        }
    }

    /// The call's own requests, then those that they imply.
    fn own(&self, actions: &[MappedAction]) -> Vec<Asked> {
        let mut asked = Vec::with_capacity(actions.len());
        for MappedAction { action, presence } in actions {
            let resources = resources_of(action, &self.evidence);
            let presence = if self.is_of_delivery(action) { Presence::Possible } else { *presence };
            let each = resources.into_iter().map(|found| self.ask(action, found, Origin::Call, presence));
            asked.extend(each);
        }
        asked.extend(self.carried(&asked));
        let mut derived: Vec<Asked> = Vec::new();
        for MappedAction { action, presence } in actions {
            for dependent in dependents_of(action, &self.evidence) {
                if actions.iter().any(|own| std::ptr::eq(own.action, dependent.action)) {
                    continue;
                }
                // What an action implies is no surer than the action.
                let presence = dependent.presence.max(*presence);
                let mut resources = dependent.resources;
                if resources.is_empty() {
                    resources.push(unnamed(dependent.action));
                }
                for found in resources {
                    let one = self.ask(dependent.action, found, Origin::Derived, presence);
                    merge(&mut derived, one);
                }
            }
        }
        asked.append(&mut derived);
        asked
    }

    /// The right to set a source identity, which who assumes a role in a session that has one is asked for as well: it stays
    /// with all roles of the chain
    /// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_monitor.html#id_credentials_temp_control-access_monitor-perms>).
    fn carried(&self, asked: &[Asked]) -> Vec<Asked> {
        const ACTION: &str = "sts:SetSourceIdentity";
        let is_chained = assumes_role(self.evidence.event, self.record.event_source.unwrap_or(""))
            && self.record.source_identity.is_some_and(|identity| !identity.is_empty());
        let is_there = |own: &Asked| own.action == ACTION && own.presence == Presence::Certain;
        let Some(set) = catalog().action(ACTION).filter(|_| is_chained && !asked.iter().any(is_there)) else {
            return Vec::new();
        };
        let found = resources_of(set, &self.evidence).into_iter();
        found.map(|found| self.ask(set, found, Origin::Call, Presence::Certain)).collect()
    }

    /// Whether an action is one that a service is not asked for when it delivers an object with an access control list: the bucket
    /// policies that AWS documents for deliveries let the services put objects, and no more
    /// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html>,
    /// <https://docs.aws.amazon.com/config/latest/developerguide/s3-bucket-policy.html>).
    fn is_of_delivery(&self, action: &Action) -> bool {
        self.record.identity_type == Some("AWSService")
            && (action.service, action.name) == ("s3", "PutObjectAcl")
            && action.name != self.evidence.event
    }

    /// The right to list a bucket, of which S3 makes a refusal depend where an object that is asked for does not exist; where AWS
    /// states what it refused, it was that
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html>,
    /// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadObject.html>).
    fn listing(&self, asked: &[Asked]) -> Option<Asked> {
        const READS: [&str; 2] = ["s3:GetObject", "s3:GetObjectVersion"];
        let is_stated = asked.iter().any(|own| own.origin == Origin::Stated);
        let reads = matches!(self.evidence.event, "GetObject" | "HeadObject" | "GetObjectAttributes");
        let is_read = |own: &Asked| READS.contains(&own.action.as_str());
        if !self.is_denied || is_stated || !reads || !asked.iter().any(is_read) {
            return None;
        }
        let list = catalog().action("s3:ListBucket")?;
        let bucket = resources_of(list, &self.evidence).into_iter().next()?;
        Some(self.ask(list, bucket, Origin::Derived, Presence::Possible))
    }

    fn ask(
        &self,
        action: &'static Action,
        found: found::Resource,
        origin: Origin,
        presence: Presence,
    ) -> Asked {
        let found::Resource { mut arn, mut certainty, source, kind, again, presence: of_resource } = found;
        let mut from = match source {
            Source::Logged => ResourceFrom::Logged,
            Source::Request => ResourceFrom::Request,
            Source::Response => ResourceFrom::Response,
            Source::Action => ResourceFrom::Action,
        };
        if certainty == Certainty::Exact && source == Source::Request && self.scene.leaves_open(&arn) {
            certainty = Certainty::Pattern;
        }
        let is_untold = source == Source::Action && certainty != Certainty::Exact;
        let is_passed = (action.service, action.name) == ("iam", "PassRole");
        let is_profile = kind == Some(INSTANCE_PROFILE);
        let completed = if certainty == Certainty::PathUnknown {
            self.snapshot.and_then(|snapshot| name::with_path(snapshot, &arn))
        } else if is_profile {
            self.snapshot.and_then(|snapshot| name::role_of_profile(snapshot, &arn)).map(str::to_owned)
        } else if is_untold && origin == Origin::Call {
            self.caller_itself(action)
        } else {
            None
        };
        if certainty == Certainty::Pattern
            && let Some((snapshot, caller)) = self.snapshot.zip(self.scene.caller)
            && let Some(named) = name::in_organization(snapshot, &arn, caller)
        {
            certainty = if named.contains(['*', '?']) { Certainty::Pattern } else { Certainty::Exact };
            arn = named;
        }
        if let Some(completed) = completed {
            (arn, certainty, from) = (completed, Certainty::Exact, ResourceFrom::Snapshot);
        } else if is_passed {
            (arn, certainty) = name::any_role(arn, certainty, is_profile);
        }
        let kind = if is_profile { Some("role") } else { kind };
        let resource_account = self.owner(action, &arn, kind);
        let resource = match certainty {
            Certainty::Exact if arn == "*" => Resource::Any,
            Certainty::Exact => Resource::Named(arn.clone()),
            Certainty::Pattern => Resource::Pattern(arn.clone()),
            Certainty::PathUnknown => name::any_path(&arn),
            Certainty::Unknown => Resource::Unknown,
        };
        Asked {
            action: action.full_name(),
            resource,
            shown: arn,
            certainty,
            from,
            resource_account,
            again,
            origin,
            presence: presence.max(of_resource),
        }
    }
}

/// Whether a call assumes a role with credentials of AWS.
fn assumes_role(name: &str, source: &str) -> bool {
    (name, source) == ("AssumeRole", "sts.amazonaws.com")
}

/// What stands for the resource of an action that nothing names one for.
fn unnamed(action: &Action) -> found::Resource {
    let certainty = if action.is_wildcard_only() { Certainty::Exact } else { Certainty::Unknown };
    found::Resource {
        arn: "*".to_owned(),
        certainty,
        source: Source::Action,
        kind: None,
        again: None,
        presence: Presence::Certain,
    }
}

/// Takes a request in unless it stands there; of two that differ in presence only, the surer one stays.
fn merge(all: &mut Vec<Asked>, one: Asked) {
    match all.iter_mut().find(|known| known.action == one.action && known.shown == one.shown) {
        Some(known) => known.presence = known.presence.min(one.presence),
        None => all.push(one),
    }
}
