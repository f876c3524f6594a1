//! Calls whose parameters tell which of several types of resources they are about.

use std::borrow::Cow;

use serde_json::Value;

use super::{Certainty, Resource, Search, Source, last_of_arn};
use crate::aws::{AccountId, Arn};
use crate::catalog::event::Presence;
use crate::catalog::service::{ActionResource, ResourceType};

/// The resources of one type, where parameters choose between types; None if they don't.
pub(super) fn resources(search: &Search<'_>, resource: &ActionResource) -> Option<Vec<Resource>> {
    let kind = resource.kind;
    match (search.action.service, kind.name) {
        ("ssm", "instance" | "managed-instance") => ssm_nodes(search, kind),
        ("events", "rule-on-custom-event-bus" | "rule-on-default-event-bus") => event_rules(search, kind),
        ("wafv2", "webacl" | "ipset" | "rulegroup" | "regexpatternset" | "managedruleset") => {
            Some(waf_resources(search, resource))
        }
        ("dynamodb", "table") => index(search).map(|_| Vec::new()),
        ("dynamodb", "index") => index(search).map(|name| of_index(search, kind, name)),
        ("bedrock", _) if resource.required => bedrock_models(search, kind),
        ("sts", "root-user") => root_user(search, kind),
        ("route53", _) => route53(search, kind),
        ("batch", "job") if search.action.name == "SubmitJob" => Some(vec![without_id(search, kind)]),
        _ => None,
    }
}

/// What a call makes, whose id is not the name that it is given.
fn without_id(search: &Search<'_>, kind: &'static ResourceType) -> Resource {
    let mut made = search.fill(kind, &|_| Some(Cow::Borrowed("*")));
    made.certainty = Certainty::Pattern;
    made
}

/// A node of Systems Manager is an EC2 instance (`i-…`) or a machine that was registered (`mi-…`), and each is of a type of
/// its own; a session's target may be a task of ECS as well
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html>). Targets that
/// are chosen by their tags are not known.
fn ssm_nodes(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let mut ids = search.leaves.first_of(["instanceIds", "instanceId", "target"]);
    let targets = search.evidence.parameters.and_then(|parameters| parameters.get("targets")?.as_array());
    let mut are_open = false;
    for target in targets.into_iter().flatten() {
        let is_by_id = target.get("key").and_then(Value::as_str) == Some("InstanceIds");
        let values = target.get("values").and_then(Value::as_array).filter(|_| is_by_id);
        are_open |= values.is_none();
        ids.extend(values.into_iter().flatten().filter_map(Value::as_str));
    }
    let prefix = if kind.name == "instance" { "i-" } else { "mi-" };
    let of_type = ids.iter().filter(|id| id.starts_with(prefix));
    let mut resources: Vec<Resource> = of_type
        .map(|id| search.fill(kind, &|name| (name == "InstanceId").then(|| Cow::Owned((*id).to_owned()))))
        .collect();
    if are_open {
        let mut some = search.unknown(kind);
        some.presence = Presence::Possible;
        resources.push(some);
    }
    (!ids.is_empty() || are_open).then_some(resources)
}

/// A rule on the default bus has no bus in its ARN; on any other, it has
/// (<https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-manage-iam-access.html>).
fn event_rules(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    search.evidence.parameters?;
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    if known.is_some() {
        return known;
    }
    let names = search.leaves.top(&["name", "rule", "ruleName"]);
    let [rule] = names.as_slice() else { return Some(Vec::new()) };
    let bus = search.leaves.top(&["eventBusName"]).first().copied().map_or("default", last_of_arn);
    let is_custom = kind.name == "rule-on-custom-event-bus";
    if is_custom != (bus != "default") {
        return Some(Vec::new());
    }
    let given = |name: &str| match name {
        "RuleName" => Some(Cow::Owned((*rule).to_owned())),
        "EventBusName" => Some(Cow::Owned(bus.to_owned())),
        _ => None,
    };
    Some(vec![search.fill(kind, &given)])
}

/// The scope is `regional` or `global` in an ARN, `REGIONAL` or `CLOUDFRONT` in a call; what else a call names, as the sets
/// that rules use, it names by ARN
/// (<https://docs.aws.amazon.com/waf/latest/developerguide/security_iam_service-with-iam.html>).
fn waf_resources(search: &Search<'_>, resource: &ActionResource) -> Vec<Resource> {
    let kind = resource.kind;
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    if let Some(known) = known {
        return known;
    }
    if !resource.required {
        return Vec::new();
    }
    let one = |name: &str| search.leaves.top(&[name]).first().copied();
    let scope = match one("scope") {
        Some("CLOUDFRONT") => Some("global"),
        Some("REGIONAL") => Some("regional"),
        _ => None,
    };
    let given = |name: &str| {
        let value = match name {
            "Scope" => scope,
            "Name" => one("name"),
            "Id" => one("id"),
            _ => None,
        };
        // Nothing else stands for these: an id that a call does not give is not known.
        Some(Cow::Owned(value.unwrap_or("*").to_owned()))
    };
    let mut filled = search.fill(kind, &given);
    if scope.is_none() || one("name").is_none() || one("id").is_none() {
        filled.certainty = Certainty::Pattern;
    }
    vec![filled]
}

/// The index that a query or a scan reads: it is authorized on that, not on its table
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/using-identity-based-policies.html>).
pub(super) fn index<'a>(search: &Search<'a>) -> Option<&'a str> {
    let reads = matches!(search.action.name, "Query" | "Scan");
    search.leaves.one("indexName").filter(|_| reads && search.action.service == "dynamodb")
}

fn of_index(search: &Search<'_>, kind: &'static ResourceType, index: &str) -> Vec<Resource> {
    let mut resources = search.action.resources.iter();
    let table = resources.find(|own| own.kind.name == "table").map(|own| search.resources(own.kind));
    let of_table = |table: Resource| {
        Resource::new(kind, format!("{}/index/{index}", table.arn), table.certainty, Source::Request)
    };
    let found: Vec<Resource> = table.into_iter().flatten().map(of_table).collect();
    if found.is_empty() { vec![search.unknown(kind)] } else { found }
}

/// What a model is called by tells what it is: an ARN, the id of an inference profile, which begins with the part of the world
/// that it serves, or the id of a foundation model. With a profile the models behind it are asked for, too
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html>).
fn bedrock_models(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    const PROFILES: [&str; 8] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global."];
    let model = search.leaves.one("modelId")?;
    if model.starts_with("arn:") {
        return Some(search.arns_in_request(kind));
    }
    let is_profile = PROFILES.iter().any(|prefix| model.starts_with(prefix));
    let named = || search.fill(kind, &|name| (name == "ResourceId").then(|| Cow::Owned(model.to_owned())));
    Some(match (kind.name, is_profile) {
        ("inference-profile", true) | ("foundation-model", false) => vec![named()],
        ("foundation-model", true) => {
            let mut behind = search.unknown(kind);
            behind.presence = Presence::Possible;
            vec![behind]
        }
        _ => Vec::new(),
    })
}

/// The root user of the account that `AssumeRoot` names by its number or its ARN
/// (<https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoot.html>).
fn root_user(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let target = search.leaves.one("targetPrincipal")?;
    let account = AccountId::parse(target).or_else(|| Arn::parse(target)?.account_id())?;
    let partition = search.evidence.place.partition;
    let arn = format!("arn:{partition}:iam::{account}:root");
    Some(vec![Resource::new(kind, arn, Certainty::Exact, Source::Request)])
}

/// Ids may be given as the paths that the API returns them in, `/hostedzone/Z1`
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_GetHostedZone.html>).
fn route53(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut resources = search.resources(kind);
    for resource in resources.iter_mut().filter(|resource| resource.source == Source::Request) {
        if let Some((start, rest)) = resource.arn.split_once(":::")
            && let Some((_, id)) = rest.rsplit_once('/')
        {
            resource.arn = format!("{start}:::{}/{id}", kind.name);
        }
    }
    (!resources.is_empty()).then_some(resources)
}
