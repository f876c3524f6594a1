//! Which resources a request was for: ARNs from what a record logs.
//!
//! For each resource type of an action, the first of these that tells anything:
//!
//! 1. what some services' records need told apart: S3, KMS, SQS, Secrets Manager … (`special`), EC2, IAM, RDS, Lambda,
//!    Organizations, SES, CodeBuild and statements of PartiQL (each its own file), and calls whose parameters choose between types (`choice`);
//! 2. the record's `resources`, where an ARN there is of this type;
//! 3. an ARN of this type anywhere in the request parameters;
//! 4. the type's ARN format, filled with partition, region, account (the one that the call names, if it does: `account`), and
//!    the request parameters that bear the placeholders' names, or those that `tables/resources.tsv` lists instead; for required
//!    types a plain `name` or `id`, and parameters that are called almost so (`parameter`);
//! 5. for what the request named without its random or unlogged part, an ARN in the response that agrees; for what a launch
//!    template hides, the instances in the response.
//!
//! What stays unknown is marked ([`Certainty`]), never filled with a guess. One request may be for several resources, of
//! one type or of several: AWS then authorizes each.

mod account;
mod choice;
mod codebuild;
mod ec2;
mod gateway;
mod iam;
mod lambda;
mod organizations;
mod parameter;
mod partiql;
mod rds;
mod seen;
mod ses;
mod special;
mod table;

use std::borrow::Cow;

use serde_json::Value;

use super::arn_format::Part;
use super::event::Presence;
use super::service::{AccessLevel, Action, ActionResource, ResourceType};
use super::{catalog, pattern};
pub(super) use ec2::names_template;
use parameter::{Akin, Beside};
pub(super) use parameter::{Leaves, is_called_after};
pub use parameter::{decode_arns, may_hold_encoded_arns};
pub use seen::{Noted, Seen, speaks_for_itself};
#[cfg(test)]
pub(super) use table::faults as table_faults;

/// Where an event took place: what fills the first placeholders of an ARN.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: &'a str,
    /// `awsRegion`.
    pub region: &'a str,
    /// The account of the resources, as far as the record tells: its `recipientAccountId`.
    pub account: &'a str,
}

/// What a record tells of the resources of its request.
#[derive(Debug, Clone, Copy)]
pub struct Evidence<'a> {
    /// `eventName`.
    pub event: &'a str,
    /// Where it took place.
    pub place: Place<'a>,
    /// `requestParameters`; None if the record has none.
    pub parameters: Option<Noted<'a>>,
    /// `responseElements`; None if the record has none.
    pub response: Option<&'a Value>,
    /// `resources`, the array as it is logged; None if the record has none.
    pub resources: Option<&'a Value>,
}

/// A resource that an action was asked for.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Resource {
    /// Its ARN, or `*`. What is unknown stands as `*`, `?` or is left out, as [`Resource::certainty`] says.
    pub arn: String,
    /// How much of the ARN is known.
    pub certainty: Certainty,
    /// Where it was found.
    pub source: Source,
    /// The name of its type among the action's; None for `*`.
    pub kind: Option<&'static str>,
    /// What another call of the same parameters would be for, where this one made what its ARN names and only the response
    /// tells which: `loadbalancer/app/web/*`. None where the ARN is known before the call.
    pub again: Option<String>,
    /// Whether the call was authorized on it: [`Presence::Possible`] where only what the record leaves out decides, or which
    /// of several types AWS asks for.
    pub presence: Presence,
}

/// How much of an ARN is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// It is the ARN that AWS authorized. A `*` in it is what AWS itself puts in: for actions that take no other
    /// resource, and for things that have no id before they are made (`instance/*`).
    Exact,
    /// The ARN of an IAM entity whose path is not logged; it stands without one.
    PathUnknown,
    /// Each `*` and `?` stands for text that is not known.
    Pattern,
    /// Nothing is known; the ARN is `*`.
    Unknown,
}

/// Where an ARN was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Source {
    /// In the record's `resources`.
    Logged,
    /// In the request parameters, as an ARN or as its parts.
    Request,
    /// In the response.
    Response,
    /// The action takes no other, or the record tells nothing.
    Action,
}

/// The resources that an action was asked for in one event, sorted, none twice, at least one.
///
/// Give each action that [`super::event::map`] finds its own call: a copy reads one resource and writes another.
#[must_use]
pub fn resources_of(action: &'static Action, evidence: &Evidence<'_>) -> Vec<Resource> {
    if action.is_wildcard_only() {
        return vec![Resource::everything(Certainty::Exact)];
    }
    let search = Search { action, evidence, leaves: Leaves::of(evidence) };
    if gateway::is_verb(action) {
        return vec![gateway::path(&search).unwrap_or_else(|| Resource::everything(Certainty::Unknown))];
    }
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for resource in action.resources {
        let own = special::resources(&search, resource).or_else(|| choice::resources(&search, resource));
        let is_general = own.is_none();
        let own = own.unwrap_or_else(|| search.resources(resource.kind));
        if own.is_empty() && is_general && resource.required {
            missing.push(resource.kind);
        }
        found.extend(own);
    }
    search.settle_forms(&mut missing, &mut found);
    found.extend(search.missing(&missing, &found));
    if found.is_empty() {
        let partly = action.resources.iter().filter_map(|resource| search.partly(resource.kind));
        found.extend(partly);
    }
    if found.is_empty() {
        // A type that is not required need not be named, and parameters that name none ask for no resource
        // (<https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html>).
        // What changes something is about something, though, under whatever name the parameters have it.
        let only_looks = matches!(action.level, AccessLevel::List | AccessLevel::Read);
        let needs_none = action.resources.iter().all(|own| !own.required)
            && evidence.parameters.is_some_and(|given| only_looks || is_without(given));
        found.push(Resource::everything(if needs_none { Certainty::Exact } else { Certainty::Unknown }));
    }
    found.sort();
    found.dedup();
    found
}

impl<'a> Evidence<'a> {
    /// A parameter that stands outermost.
    fn parameter(&self, name: &str) -> Option<Noted<'a>> {
        self.parameters?.get(name)
    }

    /// The response, of which nobody asks what is looked at: where it counts, it counts as a whole.
    fn response(&self) -> Option<Noted<'a>> {
        self.response.map(Noted::from)
    }
}

impl Resource {
    fn everything(certainty: Certainty) -> Self {
        Self {
            arn: "*".to_owned(),
            certainty,
            source: Source::Action,
            kind: None,
            again: None,
            presence: Presence::Certain,
        }
    }

    /// A resource of a type for certain, as far as its ARN is known.
    pub(super) fn new(
        kind: &'static ResourceType,
        arn: String,
        certainty: Certainty,
        source: Source,
    ) -> Self {
        Self { arn, certainty, source, kind: Some(kind.name), again: None, presence: Presence::Certain }
    }

    fn made_pattern(mut self) -> Self {
        self.certainty = Certainty::Pattern;
        self
    }
}

/// How the names of calls begin that make something.
const MAKING: [&str; 7] = ["Create", "Allocate", "Import", "Copy", "Register", "Request", "Provision"];

/// One action in one event.
struct Search<'a> {
    action: &'static Action,
    evidence: &'a Evidence<'a>,
    leaves: Leaves<'a>,
}

impl<'a> Search<'a> {
    /// What is found of one type without knowledge of the service.
    fn resources(&self, kind: &'static ResourceType) -> Vec<Resource> {
        let logged = self.logged(kind);
        if !logged.is_empty() {
            return logged;
        }
        let named = self.arns_in_request(kind);
        if !named.is_empty() {
            return named;
        }
        let filled = self.filled(kind);
        if filled.is_empty() && self.is_named_otherwise(kind) {
            let unknown = self.unknown(kind);
            let told = self.answered(kind, &unknown);
            let made = |unknown| if self.is_making() { self.completed(kind, unknown) } else { unknown };
            return vec![told.unwrap_or_else(|| made(unknown))];
        }
        filled.into_iter().map(|resource| self.completed(kind, resource)).collect()
    }

    /// Whether a thing of the type is named by what its ARN does not have.
    fn is_named_otherwise(&self, kind: &'static ResourceType) -> bool {
        let last = kind.arn.placeholders().next_back();
        let names = last.map_or(&[][..], |last| table::other_names(self.action.service, kind.name, last));
        !self.leaves.first_of(names.iter().copied()).is_empty()
    }

    /// Of types whose ARNs have several forms: a resource has one of them. That of which the call names a resource, by its ARN
    /// or by all of its parts, is it; of what the call makes the parts tell no form, and each may be the one.
    fn settle_forms(&self, missing: &mut Vec<&'static ResourceType>, found: &mut Vec<Resource>) {
        let kinds = self.action.resources.iter().map(|own| own.kind);
        for kind in kinds.filter(|kind| !kind.other_forms.is_empty()) {
            let is_its = |own: &Resource| own.kind == Some(kind.name);
            let is_arn =
                |own: &Resource| own.source == Source::Logged || self.leaves.arns().any(|arn| arn == own.arn);
            let is_whole =
                |own: &Resource| is_arn(own) || !self.makes(kind) && own.certainty == Certainty::Exact;
            if found.iter().any(|own| is_its(own) && is_whole(own)) {
                found.retain(|own| !is_its(own) || is_whole(own));
            }
            let count = found.iter().filter(|own| is_its(own)).count();
            if count > 0 && (!self.makes(kind) || found.iter().any(|own| is_its(own) && is_arn(own))) {
                missing.retain(|other| other.name != kind.name);
            }
            if count > 1 || missing.iter().any(|other| other.name == kind.name) {
                for own in found.iter_mut().filter(|own| is_its(own) && !is_arn(own)) {
                    own.presence = Presence::Possible;
                }
            }
        }
    }

    /// What stands for required types of which nothing was found, beside what was.
    ///
    /// The service authorization reference marks several types as required both where a call needs all of them (an instance
    /// and a volume) and where it needs one or the other (a listener of an application or of a network load balancer), and
    /// does not tell which. So one of several is certain only if the call makes it; where a whole ARN names another one, the
    /// types are taken for alternatives.
    fn missing(&self, kinds: &[&'static ResourceType], found: &[Resource]) -> Vec<Resource> {
        let required = || self.action.resources.iter().filter(|resource| resource.required);
        let is_alone = required().count() == 1;
        let is_named = found.iter().any(|resource| {
            let is_required = required().any(|own| Some(own.kind.name) == resource.kind);
            is_required
                && (resource.source == Source::Logged || self.leaves.arns().any(|arn| arn == resource.arn))
        });
        let mut stand = Vec::new();
        for kind in kinds {
            let mut unknown = self.unknown(kind);
            let is_only_form = kind.other_forms.is_empty();
            let is_made = ec2::is_made(self, kind) || self.makes(kind);
            let is_certain = is_only_form && (is_alone || unknown.certainty == Certainty::Exact || is_made);
            if !is_certain && is_named {
                continue;
            }
            if !is_certain {
                unknown.presence = Presence::Possible;
            }
            // What is made, and is not named, stands in the response; what is changed may stand there alone.
            let is_told = is_certain && self.is_making() && reads_response(self.action);
            let told = is_certain.then(|| self.answered(kind, &unknown)).flatten();
            stand.push(match told {
                Some(told) => told,
                None if is_told => self.completed(kind, unknown),
                None => unknown,
            });
        }
        stand
    }

    /// The ARNs of the type in the record's `resources`.
    fn logged(&self, kind: &'static ResourceType) -> Vec<Resource> {
        let items = self.evidence.resources.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        let arns = items.iter().filter_map(|item| item.get("ARN").or_else(|| item.get("arn"))?.as_str());
        arns.filter(|arn| self.is_of(kind, arn))
            .map(|arn| Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Logged))
            .collect()
    }

    /// The ARNs of the type anywhere in the request parameters.
    fn arns_in_request(&self, kind: &'static ResourceType) -> Vec<Resource> {
        self.leaves
            .arns()
            .filter(|arn| self.is_of(kind, arn))
            .map(|arn| Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Request))
            .collect()
    }

    /// Whether an ARN is of the type: it has its form, and no other type of the service that goes deeper (has more
    /// slashes) fits. So `bucket/key` is an object and no bucket.
    fn is_of(&self, kind: &'static ResourceType, arn: &str) -> bool {
        kind.arn.matches(arn)
            && !catalog().service(self.action.service).is_some_and(|service| {
                let mut deeper =
                    service.resource_types.iter().filter(|other| other.arn.depth() > kind.arn.depth());
                deeper.any(|other| other.arn.matches(arn))
            })
    }

    /// The format filled with every value of the parameter of its last placeholder; empty if that is not given.
    fn filled(&self, kind: &'static ResourceType) -> Vec<Resource> {
        let Some(last) = kind.arn.placeholders().rfind(|name| !is_place(name)) else {
            return Vec::new();
        };
        let values = self.values(kind, last);
        values
            .into_iter()
            .filter(|value| !value.starts_with("arn:"))
            .map(|value| self.fill(kind, &|name| (name == last).then_some(Cow::Borrowed(value))))
            .collect()
    }

    /// The format with what is known, if anything of it is; the rest as `*`.
    fn partly(&self, kind: &'static ResourceType) -> Option<Resource> {
        let known =
            kind.arn.placeholders().any(|name| !is_place(name) && !self.values(kind, name).is_empty());
        known.then(|| self.fill(kind, &|_| None))
    }

    /// The format with `*` for all that is the resource's own.
    fn unknown(&self, kind: &'static ResourceType) -> Resource {
        let mut resource = self.fill(kind, &|_| None);
        if resource.certainty == Certainty::Exact {
            // A format without placeholders of its own, as `access-grants/default`.
            return resource;
        }
        resource.source = Source::Action;
        resource
    }

    /// Fills the format: partition, region and account from the place, then what `given` knows, then parameters of the
    /// placeholder's name, and `*` for the rest.
    fn fill(
        &self,
        kind: &'static ResourceType,
        given: &dyn Fn(&'static str) -> Option<Cow<'a, str>>,
    ) -> Resource {
        let place = self.evidence.place;
        let mut certainty = Certainty::Exact;
        let arn = kind.arn.fill(|name| {
            Some(match name {
                "Partition" => Cow::Borrowed(place.partition),
                "Region" => Cow::Borrowed(place.region),
                // The management account of the organization, whoever calls.
                "Account" if self.action.service == "organizations" => {
                    certainty = Certainty::Pattern;
                    Cow::Borrowed("*")
                }
                "Account" => Cow::Borrowed(account::named(self, kind).unwrap_or(place.account)),
                _ => given(name)
                    .or_else(|| match self.values(kind, name).as_slice() {
                        [value] => Some(Cow::Borrowed(last_of_arn(value))),
                        _ => None,
                    })
                    .unwrap_or_else(|| {
                        certainty = Certainty::Pattern;
                        Cow::Borrowed("*")
                    }),
            })
        });
        // `fill` gives every placeholder something, so there always is an ARN.
        Resource::new(kind, arn.unwrap_or_default(), certainty, Source::Request)
    }

    /// The values of the parameters that stand for a placeholder.
    fn values(&self, kind: &'static ResourceType, placeholder: &'static str) -> Vec<&'a str> {
        if let Some(names) = table::parameters(self.action.service, kind.name, placeholder) {
            return self.leaves.first_of(names.iter().copied());
        }
        // An id beside a name is another thing than the name: `stack/${StackName}/${Id}`, `service/${ServiceName}/${ServiceId}`.
        // The id of what a call makes is the service's to choose, so no name that the call gives is it.
        let is_id = parameter::is_id(placeholder);
        let is_service_s =
            self.is_making() && self.action.service != "ec2" && parameter::may_be_id(placeholder);
        let beside = match parameter::beside(placeholder, kind) {
            Beside::Neither if (is_id || is_service_s) && self.makes(kind) => Beside::Name,
            beside => beside,
        };
        let names = parameter::names_for(placeholder, kind.name);
        let own = self.leaves.first_of(names.filter(|name| beside.allows(*name)));
        if !own.is_empty() {
            return own;
        }
        // Nor is a plain name in such a call: it is that of what is made, and never the id of what it is made in.
        let beside = if is_service_s && beside == Beside::Neither { Beside::Name } else { beside };
        let is_last = parameter::takes_name(placeholder, kind);
        let is_main = self.main() == Some(kind.name);
        let is_required = self.required().any(|own| own.name == kind.name);
        let takes_ids_first = parameter::may_be_id(placeholder);
        let plain = match beside {
            _ if !is_main => Vec::new(),
            // What EC2 has ids for is never meant by a name.
            _ if is_id && self.action.service == "ec2" => Vec::new(),
            Beside::Name => self.leaves.top(parameter::PLAIN_IDS),
            Beside::Id => self.leaves.top(&["name"]),
            Beside::Neither if is_last && takes_ids_first => {
                // The name in a call that has an id as well may be a new one: `windowId` and `name`.
                let ids = self.leaves.top(parameter::PLAIN_IDS);
                let ids = if ids.is_empty() && is_required {
                    self.akin(kind, placeholder, Beside::Name)
                } else {
                    ids
                };
                if ids.is_empty() { self.leaves.top(parameter::PLAIN_IDS_FIRST) } else { ids }
            }
            Beside::Neither if is_last => self.leaves.top(parameter::PLAIN_NAMES),
            Beside::Neither => Vec::new(),
        };
        if !plain.is_empty() || !is_required {
            return plain;
        }
        let may_be_named = is_last && beside != Beside::Name;
        let inside = if may_be_named { self.leaves.inside_type(kind.name) } else { Vec::new() };
        if inside.is_empty() { self.akin(kind, placeholder, beside) } else { inside }
    }

    /// Whether the call makes something, as its name tells.
    fn is_making(&self) -> bool {
        is_making(self.action)
    }

    /// Whether the call makes something of the type, as its name tells.
    fn makes(&self, kind: &ResourceType) -> bool {
        self.is_making() && parameter::is_called_after(self.action.name, kind.name)
    }

    /// The types that the action requires.
    fn required(&self) -> impl Iterator<Item = &'static ResourceType> + use<> {
        self.action.resources.iter().filter(|own| own.required).map(|own| own.kind)
    }

    /// The type that a plain `name` is of: the required one that the action is called after (`DeleteTable`), else the first.
    fn main(&self) -> Option<&'static str> {
        let called_after =
            self.required().filter(|kind| parameter::is_called_after(self.action.name, kind.name));
        let longest = called_after.max_by_key(|kind| kind.name.len());
        longest.or_else(|| self.required().next()).map(|kind| kind.name)
    }

    /// The values of the parameters that are called almost like a placeholder or its type: by its last word alone (`windowId` of
    /// a maintenance window), or with a word before it (`targetDistributionId`). None where they may mean another type of the
    /// service, or where several do not tell apart.
    fn akin(&self, kind: &'static ResourceType, placeholder: &'static str, beside: Beside) -> Vec<&'a str> {
        let types = catalog().service(self.action.service).map_or(&[][..], |service| service.resource_types);
        let others: Vec<&str> =
            types.iter().map(|other| other.name).filter(|other| *other != kind.name).collect();
        // Of types that a call asks for together, one name can mean but one.
        let rivals: Vec<Akin> = self
            .required()
            .filter(|own| own.name != kind.name)
            .filter_map(|own| Some(Akin::new(own.arn.placeholders().next_back()?, own, Beside::Neither)))
            .collect();
        let akin = Akin::new(placeholder, kind, beside);
        let found = self.leaves.akin(&akin, &rivals, &others);
        let mut keys: Vec<&str> = found.iter().map(|(key, _)| *key).collect();
        keys.dedup();
        if keys.len() > 1 && !keys.iter().all(|key| parameter::is_end_of_copy(key)) {
            return Vec::new();
        }
        found.into_iter().map(|(_, value)| value).collect()
    }

    /// What a call changes that is named by its name, while its ARN has an id that the service chose: the one ARN of the type in
    /// the response.
    fn answered(&self, kind: &'static ResourceType, unknown: &Resource) -> Option<Resource> {
        if !is_answered(self.action, kind) {
            return None;
        }
        let response = Leaves::read(self.evidence.response());
        let is_it = |arn: &&str| pattern::matches_exactly(&unknown.arn, arn) && self.is_of(kind, arn);
        let mut arns = response.arns().filter(is_it);
        let arn = arns.next()?;
        arns.all(|other| other == arn)
            .then(|| Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Response))
    }

    /// A resource that is known in part only, completed from the response if an ARN there agrees. What the call made is another
    /// one when it is called again.
    fn completed(&self, kind: &'static ResourceType, resource: Resource) -> Resource {
        if self.evidence.response.is_none()
            || matches!(resource.certainty, Certainty::Exact | Certainty::Unknown)
        {
            return resource;
        }
        let agrees = |arn: &str| match resource.certainty {
            Certainty::PathUnknown => {
                let (start, name) = resource.arn.rsplit_once('/').unwrap_or(("", ""));
                arn.starts_with(&format!("{start}/")) && arn.ends_with(&format!("/{name}"))
            }
            Certainty::Pattern => pattern::matches_exactly(&resource.arn, arn),
            Certainty::Exact | Certainty::Unknown => false,
        };
        let response = Leaves::read(self.evidence.response());
        let arn = response.arns().find(|arn| agrees(arn) && self.is_of(kind, arn));
        let Some(arn) = arn else { return resource };
        let presence = resource.presence;
        let is_made = self.is_making() && (self.makes(kind) || self.main() == Some(kind.name));
        // Some services take the name for the id; then it is known before.
        let ends_in_name = |name: &str| arn.strip_suffix(name).is_some_and(|head| head.ends_with(['/', ':']));
        let is_named = kind.arn.placeholders().next_back().is_some_and(parameter::may_be_id)
            && self.leaves.values().any(ends_in_name);
        let again =
            (is_made && !is_named && resource.certainty == Certainty::Pattern).then_some(resource.arn);
        let known = Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Response);
        Resource { again, presence, ..known }
    }
}

/// Whether [`resources_of`] may read the response for this action: it completes what the request names in part only. Where
/// what is found without a response is [`Certainty::Exact`] or [`Certainty::Unknown`], a response changes nothing.
#[must_use]
pub fn reads_response(action: &Action) -> bool {
    let any = |reads: &dyn Fn(&ActionResource) -> bool| action.resources.iter().any(reads);
    !gateway::is_verb(action)
        && any(&|resource| {
            special::reads_response(action, resource.kind).unwrap_or_else(|| {
                let mut own = resource.kind.arn.placeholders().filter(|name| !is_place(name));
                let first = own.next();
                // The format is filled with the last of its own parts: only with others something can be missing, or where what
                // is made may get a name that the call does not give.
                own.next().is_some()
                    || is_making(action) && first.is_some()
                    || is_answered(action, resource.kind)
            })
        })
}

/// Whether a call changes what it is called after, and that has an id in its ARN for which no parameter stands.
fn is_answered(action: &Action, kind: &'static ResourceType) -> bool {
    let changes = ["Delete", "Modify", "Put", "Update"].iter().any(|verb| action.name.starts_with(verb));
    let last = kind.arn.placeholders().next_back();
    let has_own_id = || {
        last.and_then(|last| table::parameters(action.service, kind.name, last)).is_some_and(<[_]>::is_empty)
    };
    changes && parameter::is_called_after(action.name, kind.name) && has_own_id()
}

fn is_making(action: &Action) -> bool {
    MAKING.iter().any(|verb| action.name.starts_with(verb))
}

/// Whether there are no parameters.
fn is_without(parameters: Noted<'_>) -> bool {
    parameters.is_null() || parameters.is_object() && parameters.is_empty()
}

fn is_place(placeholder: &str) -> bool {
    matches!(placeholder, "Partition" | "Region" | "Account")
}

/// `name` of `arn:aws:ecs:region:account:cluster/name`; other text as it is.
fn last_of_arn(value: &str) -> &str {
    match crate::aws::Arn::parse(value) {
        Some(arn) => arn.resource.rsplit(['/', ':']).next().unwrap_or(value),
        None => value,
    }
}

/// The text of a format up to its first placeholder of its own, for [`special`].
fn literal_of(kind: &'static ResourceType) -> &'static str {
    kind.arn
        .parts()
        .find_map(|part| match part {
            Part::Text(text) => text.rsplit(':').next().filter(|text| text.ends_with('/')),
            Part::Placeholder(_) => None,
        })
        .unwrap_or("")
}
