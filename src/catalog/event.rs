//! From an event's name to the actions that were asked for.
//!
//! Mostly the event is called like the action and its source like the prefix. Where it is not, in this order:
//!
//! 1. the type of the event says that nobody asked (an event of a service, an insight, a sign-in);
//! 2. `not_requests.tsv` lists its name: sign-in steps, calls that need no permission, calls that IAM does not authorize;
//! 3. `events.tsv` lists it: calls named unlike their actions, calls that need several actions;
//! 4. the action of that name, in the services that `sources.tsv` gives for the source, else in the one of its own name;
//! 5. a rule: the version at the end of Lambda's and CloudFront's names is cut off; API Gateway's calls are HTTP verbs.
//!
//! What is left is [`Mapping::Unknown`], but for sources whose every other event is listed as no request (`signin`).

mod table;

use super::resource::Noted;
use super::service::{Action, Service};
use super::{Catalog, catalog};
use crate::aws::service_of;
#[cfg(test)]
pub(super) use table::faults as table_faults;
pub use table::{ListedEvent, NotRequest, Reason, listed_events};

/// What a record says about the call, as far as the mapping needs it.
#[derive(Debug, Clone, Copy, Default)]
pub struct Call<'a> {
    /// `eventSource`: `s3.amazonaws.com`.
    pub source: &'a str,
    /// `eventName`.
    pub name: &'a str,
    /// `eventType`: `AwsApiCall`; None if the record has none or it is not known.
    pub kind: Option<&'a str>,
    /// `requestParameters`; None if the record has none or they are not known.
    pub parameters: Option<Noted<'a>>,
}

/// Which actions a call asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mapping {
    /// It asked for these, at least one; how they were found.
    Actions(Vec<MappedAction>, By),
    /// It is no authorization request.
    NotRequest(NotRequest),
    /// No table, name or rule leads to an action.
    Unknown(Unknown),
}

/// An action that a call asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MappedAction {
    /// The action.
    pub action: &'static Action,
    /// Whether this very call asked for it.
    pub presence: Presence,
}

/// Whether a call asked for an action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Presence {
    /// Every such call asks for it, or its parameters show that this one did.
    Certain,
    /// Such calls ask for it under a condition that the record does not tell, or the parameters were not given.
    Possible,
}

/// How a mapping was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum By {
    /// The event is called like the action.
    Name,
    /// A rule that AWS documents for the service.
    Rule,
    /// `events.tsv` lists it.
    Table,
}

/// What could not be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unknown {
    /// No service of IAM belongs to the event source.
    Source,
    /// The service is known, but has no action of that name.
    Action,
}

/// The services of IAM that an event source's calls belong to, the likeliest first; empty if none is known.
///
/// `monitoring.amazonaws.com` is `cloudwatch`; most sources are called like their service.
#[must_use]
pub fn services_of(source: &str) -> Vec<&'static Service> {
    let label = service_of(source);
    match table::services(label) {
        Some(prefixes) => prefixes.filter_map(|prefix| catalog().service(prefix)).collect(),
        None => catalog().service(label).into_iter().collect(),
    }
}

/// The actions that a call asked for.
#[must_use]
pub fn map(call: &Call<'_>) -> Mapping {
    let label = service_of(call.source);
    if let Some(reason) = table::not_request(label, call) {
        return Mapping::NotRequest(reason);
    }
    if let Some(listed) = table::actions(label, call.name) {
        let actions = each_once(listed.clone().filter_map(|listed| listed.decide(call.parameters)));
        if !actions.is_empty() {
            return Mapping::Actions(actions, By::Table);
        }
        // No condition holds, so the parameters leave out what they are told by.
        let actions = each_once(listed.filter_map(|listed| listed.decide(None)));
        return Mapping::Actions(actions, By::Table);
    }
    let services = services_of(call.source);
    let certain = |action| MappedAction { action, presence: Presence::Certain };
    let named = |name: &str| services.iter().find_map(|service| service.action(name)).map(certain);
    if let Some(action) = named(call.name) {
        return Mapping::Actions(vec![action], By::Name);
    }
    if let Some(action) = without_version(label, call.name).and_then(|name| {
        table::actions(label, name)
            .and_then(|mut listed| listed.find_map(|listed| listed.decide(call.parameters)))
            .or_else(|| named(name))
    }) {
        return Mapping::Actions(vec![action], By::Rule);
    }
    if let Some(action) = http_verb(label, call.name).and_then(named) {
        return Mapping::Actions(vec![action], By::Rule);
    }
    if let Some(reason) = table::not_request_by_pattern(label, call.name) {
        return Mapping::NotRequest(reason);
    }
    Mapping::Unknown(if services.is_empty() { Unknown::Source } else { Unknown::Action })
}

/// Actions that several conditions tell, each once.
fn each_once(actions: impl Iterator<Item = MappedAction>) -> Vec<MappedAction> {
    let mut found: Vec<MappedAction> = Vec::new();
    for mapped in actions {
        if !found.contains(&mapped) {
            found.push(mapped);
        }
    }
    found
}

/// Whether [`map`] reads the request parameters of calls of this source and name.
#[must_use]
pub fn reads_parameters(source: &str, name: &str) -> bool {
    match map(&Call { source, name, kind: None, parameters: None }) {
        // What only parameters tell is possible without them.
        Mapping::Actions(actions, _) => actions.iter().any(|action| action.presence == Presence::Possible),
        Mapping::NotRequest(_) | Mapping::Unknown(_) => false,
    }
}

/// The names of the parameters from which [`map`] tells the actions of such calls, the outermost of each path. Parameters
/// that have none of them tell the same as parameters that are empty.
#[must_use]
pub fn told_by(source: &str, name: &str) -> Vec<&'static str> {
    let label = service_of(source);
    let mut names = table::told_by(label, name);
    if let Some(bare) = without_version(label, name) {
        names.extend(table::told_by(label, bare));
    }
    names
}

/// Lambda's and CloudFront's event names end in the version of their API: `CreateFunction20150331`,
/// `UpdateFunctionCode20150331v2`, `CreateDistribution2020_05_31`
/// (<https://docs.aws.amazon.com/lambda/latest/dg/logging-using-cloudtrail.html>,
/// <https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/logging_using_cloudtrail.html>).
fn without_version<'a>(label: &str, name: &'a str) -> Option<&'a str> {
    if !matches!(label, "lambda" | "cloudfront") {
        return None;
    }
    let dated = name.strip_suffix("v2").unwrap_or(name);
    let bare = dated.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '_');
    let digits = dated.get(bare.len()..)?.bytes().filter(u8::is_ascii_digit).count();
    (digits == 8).then_some(bare)
}

/// The management calls of API Gateway are authorized as HTTP verbs on a path
/// (<https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html>); the event's name
/// tells the verb.
fn http_verb(label: &str, name: &str) -> Option<&'static str> {
    /// The beginnings of the names of both versions' calls.
    const VERBS: [(&str, &str); 12] = [
        ("Get", "GET"),
        ("Export", "GET"),
        ("Create", "POST"),
        ("Import", "POST"),
        ("Generate", "POST"),
        ("TestInvoke", "POST"),
        ("Update", "PATCH"),
        ("Put", "PUT"),
        ("Reimport", "PUT"),
        ("Delete", "DELETE"),
        ("Flush", "DELETE"),
        ("Reset", "DELETE"),
    ];
    if label != "apigateway" {
        return None;
    }
    VERBS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, verb)| *verb)
}

impl Catalog {
    /// As [`map`], for who knows only the names; conditions on parameters stay open.
    #[must_use]
    pub fn actions_of_event(&self, source: &str, name: &str) -> Mapping {
        map(&Call { source, name, kind: None, parameters: None })
    }
}
