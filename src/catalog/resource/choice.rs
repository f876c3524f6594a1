//! Calls whose parameters tell which of several types of resources they are about.

use std::borrow::Cow;

use super::parameter::letters;
use super::{Certainty, Noted, Resource, Search, Source, is_place, lambda, last_of_arn};
use crate::aws::{AccountId, Arn};
use crate::catalog::event::Presence;
use crate::catalog::service::{ActionResource, ResourceType};

/// The resources of one type, where parameters choose between types; None if they don't.
pub(super) fn resources(search: &Search<'_>, resource: &ActionResource) -> Option<Vec<Resource>> {
    let kind = resource.kind;
    let is_node = search.action.service == "ssm" && matches!(kind.name, "instance" | "managed-instance");
    if !is_node && let Some(found) = of_told_type(search, kind) {
        return Some(found);
    }
    match (search.action.service, kind.name) {
        ("autoscaling", "autoScalingGroup") => tagged_groups(search, kind),
        ("eks", "access-entry") => access_entries(search, kind),
        ("elasticfilesystem", "access-point") => by_prefix(search, kind, "fsap-"),
        ("elasticfilesystem", "file-system") => by_prefix(search, kind, "fs-"),
        ("elasticloadbalancing", "loadbalancer/app/" | "loadbalancer/gwy/" | "loadbalancer/net/")
            if search.action.name == "CreateLoadBalancer" =>
        {
            load_balancers(search, kind)
        }
        ("athena", "workgroup") => workgroups(search, kind),
        ("quicksight", "user" | "group") => in_namespace(search, kind),
        ("glue", "database" | "table") => of_outer_database(search, kind),
        ("events", "event-bus") => buses(search, kind),
        ("lambda", "function alias" | "function version" | "layerVersion") => lambda::versions(search, kind),
        ("scheduler", "schedule") if OF_SCHEDULES.contains(&search.action.name) => {
            by_default(search, kind, "groupName", "default")
        }
        ("servicecatalog", "Portfolio") => by_prefix(search, kind, "port-"),
        ("servicecatalog", "Product") => by_prefix(search, kind, "prod-"),
        ("sns", "topic") => topics(search, kind),
        ("ssm", "instance" | "managed-instance") => ssm_nodes(search, kind),
        ("ssm", "task") => ssm_task(search, kind),
        ("events", "rule-on-custom-event-bus" | "rule-on-default-event-bus") => event_rules(search, kind),
        ("wafv2", "webacl" | "ipset" | "rulegroup" | "regexpatternset" | "managedruleset") => {
            Some(waf_resources(search, resource))
        }
        ("dynamodb", "table") => index(search).map(|_| Vec::new()),
        ("dynamodb", "index") => index(search).map(|name| of_index(search, kind, name)),
        ("bedrock", _) if resource.required => bedrock_models(search, kind),
        ("sts", "root-user") => root_user(search, kind),
        ("signin", "oauth2-public-client-localhost" | "oauth2-public-client-remote") => {
            Some(oauth_client(search, kind))
        }
        ("redshift", "snapshot") if search.action.name == "RestoreFromClusterSnapshot" => {
            restored_snapshot(search, kind)
        }
        ("route53", _) => route53(search, kind),
        ("batch", _) if search.action.name == "SubmitJob" => submitted(search, kind),
        ("dynamodb", "stream") => stream_of_iterator(search, kind),
        ("swf", "domain") => workflow_domains(search, kind),
        _ => None,
    }
}

/// What `resourceType` says that `resourceId` is of: calls on tags take resources of every type
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html>,
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html>); None if it names no type of the
/// action.
fn of_told_type(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let told = search.leaves.top(&["resourceType"]).first().copied()?;
    let ids = search.leaves.top(&["resourceId"]);
    // `Automation` is an automation-execution.
    let is_it = |kind: &ResourceType| {
        letters(kind.name).strip_prefix(&letters(told)).is_some_and(|rest| matches!(rest, "" | "execution"))
    };
    let is_arn = ids.iter().any(|id| id.starts_with("arn:"));
    if ids.is_empty() || is_arn || !search.action.resources.iter().any(|own| is_it(own.kind)) {
        return None;
    }
    let last = kind.arn.placeholders().next_back()?;
    let own = ids.into_iter().filter(|_| is_it(kind));
    Some(
        own.map(|id| {
            let id = id.trim_start_matches('/');
            search.fill(kind, &|name| (name == last).then(|| Cow::Owned(id.to_owned())))
        })
        .collect(),
    )
}

/// What `resourceId` names, if it begins as the ids of the type do; None if it names nothing.
fn by_prefix(search: &Search<'_>, kind: &'static ResourceType, prefix: &str) -> Option<Vec<Resource>> {
    let ids = search.leaves.top(&["resourceId"]);
    if ids.is_empty() || ids.iter().any(|id| id.starts_with("arn:")) {
        return None;
    }
    let last = kind.arn.placeholders().next_back()?;
    let own = ids.into_iter().filter(|id| id.starts_with(prefix));
    Some(own.map(|id| search.fill(kind, &|name| (name == last).then(|| Cow::Owned(id.to_owned())))).collect())
}

/// Tags of groups name the group in each tag
/// (<https://docs.aws.amazon.com/autoscaling/ec2/APIReference/API_CreateOrUpdateTags.html>).
fn tagged_groups(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    if !matches!(search.action.name, "CreateOrUpdateTags" | "DeleteTags") {
        return None;
    }
    let tags = search.evidence.parameter("tags").filter(|tags| tags.is_list())?;
    let groups = tags.items().filter_map(|tag| tag.get("resourceId")?.text());
    let resources = groups.map(|group| {
        search.fill(kind, &|name| (name == "GroupFriendlyName").then(|| Cow::Owned(group.to_owned())))
    });
    Some(resources.collect())
}

/// An entry of a cluster bears the type, the account and the name of the principal that it is for
/// (<https://docs.aws.amazon.com/eks/latest/APIReference/API_CreateAccessEntry.html>).
fn access_entries(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let principal = Arn::parse(search.leaves.one("principalArn")?)?;
    let (entity, path) = principal.resource.split_once('/')?;
    let given = |name: &str| match name {
        "IamIdentityType" => Some(Cow::Owned(entity.to_owned())),
        "IamIdentityAccountID" => Some(Cow::Owned(principal.account.to_owned())),
        "IamIdentityName" => path.rsplit('/').next().map(|name| Cow::Owned(name.to_owned())),
        _ => None,
    };
    let entry = search.fill(kind, &given);
    Some(vec![search.completed(kind, entry)])
}

/// A new load balancer of the newer kinds stands under its kind; the service chooses its id. A classic one has a name only
/// (<https://docs.aws.amazon.com/elasticloadbalancing/latest/APIReference/API_CreateLoadBalancer.html>).
fn load_balancers(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let one = |name: &str| search.leaves.top(&[name]).first().copied();
    let name = one("name")?;
    let told = match one("type") {
        Some("network") => "loadbalancer/net/",
        Some("gateway") => "loadbalancer/gwy/",
        _ => "loadbalancer/app/",
    };
    if kind.name != told {
        return Some(Vec::new());
    }
    let made = search.fill(kind, &|placeholder| {
        Some(Cow::Owned(if placeholder == "LoadBalancerName" { name } else { "*" }.to_owned()))
    });
    let before = made.arn.clone();
    let mut made = search.completed(kind, made.made_pattern());
    if made.source == Source::Response {
        made.again = Some(before);
    }
    Some(vec![made])
}

/// What is restored becomes a cluster of another name: the snapshot's own cluster is told only by `snapshotClusterIdentifier`
/// (<https://docs.aws.amazon.com/redshift/latest/APIReference/API_RestoreFromClusterSnapshot.html>).
fn restored_snapshot(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let is_told = !search.leaves.top(&["snapshotClusterIdentifier"]).is_empty();
    let snapshot = search.leaves.top(&["snapshotIdentifier"]).first().copied().filter(|_| !is_told)?;
    let of_any = search
        .fill(kind, &|name| Some(Cow::Owned(if name == "ClusterName" { "*" } else { snapshot }.to_owned())));
    Some(vec![of_any.made_pattern()])
}

/// Calls on one schedule, which is in the group `default` where they name no other
/// (<https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html>,
/// <https://docs.aws.amazon.com/scheduler/latest/APIReference/API_DeleteSchedule.html>).
const OF_SCHEDULES: [&str; 4] = ["CreateSchedule", "DeleteSchedule", "GetSchedule", "UpdateSchedule"];

/// A workgroup is called `name` only where it is made. A query that names none runs, or is kept, in that which is called `primary`
/// (<https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateNamedQuery.html>,
/// <https://docs.aws.amazon.com/athena/latest/APIReference/API_CreateWorkGroup.html>).
fn workgroups(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    match search.action.name {
        "CreateNamedQuery" | "StartQueryExecution" => by_default(search, kind, "workGroup", "primary"),
        "CreateWorkGroup" => {
            let names = search.leaves.top(&["name"]).into_iter();
            let made = names.map(|name| search.fill(kind, &|_| Some(Cow::Borrowed(name))));
            Some(made.collect::<Vec<_>>()).filter(|made| !made.is_empty())
        }
        _ => None,
    }
}

/// Users and groups stand in a namespace: `user/default/ann`
/// (<https://docs.aws.amazon.com/quicksight/latest/APIReference/API_User.html>,
/// <https://docs.aws.amazon.com/quicksight/latest/APIReference/API_Group.html>).
fn in_namespace(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    if known.is_some() {
        return known;
    }
    let own = if kind.name == "user" { "userName" } else { "groupName" };
    let names = search.leaves.top(&[own]);
    let namespace = search.leaves.top(&["namespace"]).first().copied();
    let of_name = |name: &str| {
        let filled = search.fill(kind, &|_| Some(Cow::Owned(format!("{}/{name}", namespace.unwrap_or("*")))));
        if namespace.is_some() { filled } else { filled.made_pattern() }
    };
    let found: Vec<Resource> = names.into_iter().map(of_name).collect();
    (!found.is_empty()).then_some(found)
}

/// What is meant where a parameter is left out, as the group of a schedule, or the workgroup of a query
/// (<https://docs.aws.amazon.com/athena/latest/ug/workgroups-manage-queries-control-costs.html>): it stands for the first
/// placeholder; None where the parameter is given.
fn by_default(
    search: &Search<'_>,
    kind: &'static ResourceType,
    parameter: &str,
    default: &'static str,
) -> Option<Vec<Resource>> {
    search.evidence.parameters?;
    let is_given = !search.leaves.top(&[parameter]).is_empty();
    let is_known = || !search.logged(kind).is_empty() || !search.arns_in_request(kind).is_empty();
    if is_given || is_known() {
        return None;
    }
    let first = kind.arn.placeholders().find(|name| !is_place(name))?;
    Some(vec![search.fill(kind, &|name| (name == first).then_some(Cow::Borrowed(default)))])
}

/// The database that stands outermost, and the table in it: a link to what another account shares names that further in
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_DatabaseInput.html>,
/// <https://docs.aws.amazon.com/glue/latest/webapi/API_TableInput.html>); None where the call makes or changes no such.
fn of_outer_database(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let one = |names: &[&str]| search.leaves.top(names).first().copied();
    let inside = |input: &str| search.leaves.inside(input, "name").first().copied();
    let (database, table) = match search.action.name {
        "CreateDatabase" | "UpdateDatabase" => (one(&["name"]).or_else(|| inside("databaseInput"))?, None),
        "CreateTable" | "UpdateTable" => {
            (one(&["databaseName"])?, one(&["name"]).or_else(|| inside("tableInput")))
        }
        _ => return None,
    };
    let name = |wanted: &str| if wanted == "DatabaseName" { Some(database) } else { table };
    if kind.name == "table" && table.is_none() {
        return None;
    }
    Some(vec![search.fill(kind, &|wanted| name(wanted).map(|name| Cow::Owned(name.to_owned())))])
}

/// Without a bus the default one is meant; each of several events may name one
/// (<https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_DescribeEventBus.html>,
/// <https://docs.aws.amazon.com/eventbridge/latest/APIReference/API_PutEventsRequestEntry.html>).
fn buses(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let parameters = search.evidence.parameters?;
    let of_name = |name: &str| {
        if name.starts_with("arn:") {
            return Resource::new(kind, name.to_owned(), Certainty::Exact, Source::Request);
        }
        search.fill(kind, &|wanted| (wanted == "EventBusName").then(|| Cow::Owned(name.to_owned())))
    };
    match search.action.name {
        "DescribeEventBus" if search.resources(kind).is_empty() => Some(vec![of_name("default")]),
        "PutEvents" => {
            let entries = parameters.get("entries").into_iter().flat_map(Noted::items);
            let bus = |entry: Noted<'_>| {
                let name = entry.get("eventBusName").and_then(Noted::text);
                of_name(name.filter(|name| !name.is_empty()).unwrap_or("default"))
            };
            let found: Vec<Resource> = entries.map(bus).collect();
            Some(if found.is_empty() { vec![of_name("default")] } else { found })
                .filter(|_| search.logged(kind).is_empty())
        }
        _ => None,
    }
}

/// A subscription belongs to its topic, whose ARN its own begins with
/// (<https://docs.aws.amazon.com/sns/latest/dg/sns-access-policy-language-api-permissions-reference.html>). A message to a phone
/// is published to no topic (<https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>, `PhoneNumber`), and on what it is
/// authorized AWS does not say.
fn topics(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    let has_phone = || search.evidence.parameter("phoneNumber").is_some_and(|phone| !phone.is_null());
    if known.is_none() && search.action.name == "Publish" && has_phone() {
        return Some(vec![Resource::everything(Certainty::Unknown)]);
    }
    let known = known?;
    let topic = |mut found: Resource| {
        if let Some((at, _)) = found.arn.match_indices(':').nth(5) {
            found.arn.truncate(at);
        }
        found
    };
    Some(known.into_iter().map(topic).collect())
}

/// A job is submitted to a queue, by the revision of a definition, the newest where none is named. Who may submit it is told by
/// these two, though AWS's table names the job that becomes of it as well
/// (<https://docs.aws.amazon.com/batch/latest/userguide/iam-example-restrict-job-submission.html>,
/// <https://docs.aws.amazon.com/batch/latest/APIReference/API_SubmitJob.html>).
fn submitted(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    match kind.name {
        "job" => Some(vec![Resource { presence: Presence::Possible, ..without_id(search, kind) }]),
        "job-definition-revision" => Some(Vec::new()),
        "job-definition" => {
            let given = search.leaves.top(&["jobDefinition"]).first().copied()?;
            let (definition, revision) = match given.rsplit_once("job-definition/") {
                Some((_, named)) => named.split_once(':').unwrap_or((named, "*")),
                None => given.split_once(':').unwrap_or((given, "*")),
            };
            let named = format!("{definition}:{revision}");
            let mut own = search.fill(kind, &|_| Some(Cow::Owned(named.clone())));
            if let Some((head, _)) = given.split_once("job-definition/") {
                own.arn = format!("{head}job-definition/{named}");
            }
            Some(vec![if revision == "*" { own.made_pattern() } else { own }])
        }
        _ => None,
    }
}

/// The ARN of a stream begins what is read on with: `arn:…:table/Music/stream/2026-09-01T00:00:00.000|1|AAAA…`; `resources`
/// have the table
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/understanding-ddb-log-entries.html#understanding-ddb-log-entries.get-records>).
fn stream_of_iterator(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let (arn, _) = search.leaves.one("shardIterator")?.split_once('|')?;
    search
        .is_of(kind, arn)
        .then(|| vec![Resource::new(kind, arn.to_owned(), Certainty::Exact, Source::Request)])
}

/// AWS's table has no region in the ARN of a domain, its guide has one: which of the two a policy has to name is open
/// (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsimpleworkflowservice.html>,
/// <https://docs.aws.amazon.com/amazonswf/latest/developerguide/swf-dev-iam.policies.html>).
fn workflow_domains(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut found = search.resources(kind);
    for own in found.iter_mut().filter(|own| own.source == Source::Request) {
        if let Some((head, rest)) = own.arn.split_once(":swf::") {
            own.arn = format!("{head}:swf:*:{rest}");
            own.certainty = Certainty::Pattern;
        }
    }
    (!found.is_empty()).then_some(found)
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
    let mut ids = search.leaves.first_of(["instanceIds", "instanceId", "target", "resourceId"]);
    let targets = search.evidence.parameter("targets");
    let mut are_open = false;
    for target in targets.into_iter().flat_map(Noted::items) {
        let is_by_id = target.get("key").and_then(Noted::text) == Some("InstanceIds");
        let values = target.get("values").filter(|values| values.is_list() && is_by_id);
        are_open |= values.is_none();
        ids.extend(values.into_iter().flat_map(Noted::items).filter_map(Noted::text));
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

/// A session with a container names the task of ECS that it runs in, as `ecs:CLUSTER_TASK_RUNTIME`
/// (<https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec.html>).
fn ssm_task(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut parts = search.leaves.one("target")?.strip_prefix("ecs:")?.rsplitn(3, '_').skip(1);
    let (task, cluster) = (parts.next()?, parts.next()?);
    let id = format!("{cluster}/{task}");
    Some(vec![search.fill(kind, &|name| (name == "TaskId").then(|| Cow::Owned(id.clone())))])
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

/// How the ids of inference profiles begin: with the part of the world that they serve, before the model's own id
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-support.html>).
const PROFILES: [&str; 8] = ["us.", "us-gov.", "eu.", "apac.", "jp.", "au.", "ca.", "global."];

/// What a model is called by tells what it is: an ARN, the id of an inference profile, or the id of a foundation model. With a
/// profile the models behind it are asked for, too
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/inference-profiles-prereq.html>).
fn bedrock_models(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let model = search.leaves.one("modelId")?;
    let is_arn = model.starts_with("arn:");
    let profile = match Arn::parse(model).and_then(|arn| arn.resource.split_once('/')) {
        Some(("inference-profile", id)) => Some(id),
        // Which model it is for its id does not tell.
        Some(("application-inference-profile", _)) => Some(""),
        Some(_) => None,
        None => PROFILES.iter().any(|prefix| model.starts_with(prefix)).then_some(model),
    };
    let named = || search.fill(kind, &|name| (name == "ResourceId").then(|| Cow::Owned(model.to_owned())));
    Some(match (kind.name, profile) {
        ("foundation-model", Some(profile)) => behind_profile(search, kind, profile),
        _ if is_arn => search.arns_in_request(kind),
        ("inference-profile", Some(_)) | ("foundation-model", None) => vec![named()],
        _ => Vec::new(),
    })
}

/// The models behind an inference profile: that of the region of the call, and that of the region where the call is served,
/// which stands as `*`
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html>).
fn behind_profile(search: &Search<'_>, kind: &'static ResourceType, profile: &str) -> Vec<Resource> {
    let place = search.evidence.place;
    let of = |region: &str, model: &str, certainty| {
        let arn = format!("arn:{}:bedrock:{region}::foundation-model/{model}", place.partition);
        Resource::new(kind, arn, certainty, Source::Request)
    };
    let model = PROFILES.iter().find_map(|prefix| profile.strip_prefix(prefix));
    let here = model.map(|model| of(place.region, model, Certainty::Exact));
    let there = of("*", model.unwrap_or("*"), Certainty::Pattern);
    here.into_iter().chain([there]).collect()
}

/// A token is for one client of those that an action takes: on this machine or on another one; which of them, only the record's
/// `resources` tell (<https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssignin.html>).
fn oauth_client(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let is_logged = search.action.resources.iter().any(|own| !search.logged(own.kind).is_empty());
    if is_logged {
        return search.logged(kind);
    }
    vec![Resource { presence: Presence::Possible, ..search.unknown(kind) }]
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
