//! Who had a hand on what acted, beside the chain: who put a long-term key in force again, who reached into the instance, task or
//! node that acted, and who passed the service its role.
//!
//! None of it is a link: a key was made by somebody else, an instance was launched by somebody else. But whoever runs a command
//! on an instance can act with its role, so nobody is to be taken for the one who acted before these are looked at.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use serde_json::Value;

use super::fetch::{Source, one_of};
use crate::aws::{Arn, IdKind, Principal};
use crate::lake::Column;
use crate::lineage::{
    Chain, Credential, Link, Node, OriginKind, Proof, RecordRef, Rule, Trust, TrustOf, Workload,
    is_instance_id, is_name, is_node_id,
};
use crate::query::{self, EventRow, Filter, QueryError};

mod order;

/// So many calls are named beside one workload or role, the last before it acted.
const HANDS_MAX: usize = 16;

/// The call that puts a key in force or out of it
/// (<https://docs.aws.amazon.com/IAM/latest/APIReference/API_UpdateAccessKey.html>).
const KEY_CALL: &str = "UpdateAccessKey";

/// The calls by which somebody acts on an instance, task or node of Systems Manager: by a command
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_SendCommand.html>) or an association, which runs
/// a document (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html>), in a session
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_StartSession.html>), by a key for SSH
/// (<https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSSHPublicKey.html>,
/// <https://docs.aws.amazon.com/ec2-instance-connect/latest/APIReference/API_SendSerialConsoleSSHPublicKey.html>), by user data,
/// which may run at a start (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyInstanceAttribute.html>), or by a
/// command in a container (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_ExecuteCommand.html>).
const REACHING: [&str; 7] = [
    "SendCommand",
    "CreateAssociation",
    "StartSession",
    "SendSSHPublicKey",
    "SendSerialConsoleSSHPublicKey",
    "ModifyInstanceAttribute",
    "ExecuteCommand",
];

/// Where these calls are made.
const REACHING_SOURCES: [&str; 4] =
    ["ssm.amazonaws.com", "ec2-instance-connect.amazonaws.com", "ec2.amazonaws.com", "ecs.amazonaws.com"];

/// How the names of calls begin that read, and pass no role: most calls to most services.
const READING: [&str; 4] = ["Describe", "Get", "Head", "List"];

/// Something that acted until a moment.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Acting {
    of: TrustOf,
    account: String,
    /// A key's id, a workload's, or a role's name.
    name: String,
    /// When it was launched, where a record tells.
    since: Option<DateTime<Utc>>,
    until: DateTime<Utc>,
    /// The service to which a role was passed.
    service: Option<String>,
    /// Of what was told to act its region: names are unique there only.
    region: Option<String>,
    /// The record of the chain for which it acted.
    lets: Option<String>,
}

/// A call that had a hand on something.
struct Hand {
    record: RecordRef,
    by: Option<i64>,
}

/// Who had a hand on what acted in some chains, and on the keys of a subject's own credentials. `last` is the last call that is
/// asked about: of a credential that acted later, too, what happened in between is of those calls. With it what a limit left
/// out, in words.
pub(super) async fn hands(
    source: &Source,
    chains: &[Chain],
    own: &[Credential],
    last: Option<DateTime<Utc>>,
) -> Result<(Vec<Trust>, Vec<String>), QueryError> {
    let (mut found, mut left_out) = (Vec::new(), Vec::new());
    found.extend(reactivated(source, keys(chains, own, last)).await?);
    let acted = chains.iter().flat_map(|chain| workloads(chain, last)).collect();
    reached(source, acted, (&mut found, &mut left_out)).await?;
    passed(source, chains.iter().filter_map(role).collect(), (&mut found, &mut left_out)).await?;
    Ok((found, left_out))
}

/// The long-term keys of some chains and credentials, each with the last call that is looked at.
fn keys(chains: &[Chain], own: &[Credential], last: Option<DateTime<Utc>>) -> BTreeSet<Acting> {
    let is_key = |key: &&String| IdKind::of(key) == Some(IdKind::LongTermKey);
    let acting = |key: &str, account: &str, until, lets| Acting {
        of: TrustOf::Key,
        account: account.to_owned(),
        name: key.to_owned(),
        since: None,
        until,
        service: None,
        region: None,
        lets,
    };
    let linked = chains.iter().flat_map(|chain| &chain.links).filter_map(|link| {
        let (key, account) = (link.to.access_key.as_ref().filter(is_key)?, link.to.account.as_deref()?);
        Some(acting(key, account, link.record.event_time.0, Some(link.record.event_id.clone())))
    });
    let own = own.iter().filter(|one| one.caller.has_long_term_key()).filter_map(|one| {
        let (key, account) = (one.caller.access_key.as_ref()?, one.caller.account.as_deref()?);
        let until = one.usage.last?.0;
        Some(acting(key, account, last.map_or(until, |last| last.min(until)), None))
    });
    linked.chain(own).collect()
}

/// Who put a key in force last before it signed.
async fn reactivated(source: &Source, keys: BTreeSet<Acting>) -> Result<Vec<Trust>, QueryError> {
    let Some(filter) = calls(&keys, &["iam.amazonaws.com".to_owned()], &[KEY_CALL.to_owned()]) else {
        return Ok(Vec::new());
    };
    // By account and key: the calls, with whether they put it in force, and who called.
    let mut set: BTreeMap<(String, String), Vec<(Hand, bool)>> = BTreeMap::new();
    each(source, &filter, |row, request, _| {
        let text = |name: &str| request.get(name).and_then(Value::as_str);
        if let (Some(key), Some(status), Some(account)) = (text("accessKeyId"), text("status"), row.account) {
            let of = set.entry((account.to_owned(), key.to_owned())).or_default();
            let hand = Hand { record: row.record(), by: row.caller_id() };
            of.push((hand, status.eq_ignore_ascii_case("Active")));
        }
    })
    .await?;
    let mut found = Vec::new();
    let mut known = BTreeSet::new();
    let nodes = if set.is_empty() { BTreeMap::new() } else { nodes(source, &filter).await? };
    for key in keys {
        let Some(all) = set.get(&(key.account.clone(), key.name.clone())) else { continue };
        let before = all.iter().filter(|(hand, _)| hand.record.time <= key.until);
        let Some((hand, true)) = before.max_by(|a, b| a.0.record.cmp(&b.0.record)) else { continue };
        if known.insert(hand.record.clone()) {
            let by = hand.by.and_then(|by| nodes.get(&by).cloned());
            found.push(trust(key.of, &key.name, &hand.record, by, key.lets.clone()));
        }
    }
    Ok(found)
}

/// The instances, tasks and nodes that acted in a chain: at its end, and above that.
fn workloads(chain: &Chain, last: Option<DateTime<Utc>>) -> Vec<Acting> {
    let (until, lets) = end(chain, last);
    let mut found = Vec::new();
    let mut at = (&chain.origin, until, lets);
    loop {
        let (traced, until, lets) = at;
        let above = traced.above.as_deref();
        let launch = above.filter(|above| above.rule == Rule::Launched);
        // What gives it another role does not launch it.
        let launched = launch
            .filter(|one| matches!(one.record.event_name.as_str(), "RunInstances" | "RunTask" | "StartTask"));
        let origin = &traced.origin;
        let of = origin.on_behalf_of.as_ref().and_then(kind_of);
        if let (Some((of, id)), Some(until), Some(account)) = (of, until, &origin.account) {
            found.push(Acting {
                of,
                account: account.clone(),
                name: id.to_owned(),
                since: launched.map(|one| one.record.event_time.0),
                until,
                service: None,
                region: None,
                lets: lets.clone(),
            });
        }
        let Some(above) = above else { return found };
        let record = &above.record;
        at = (&above.origin, Some(record.event_time.0), Some(record.event_id.clone()));
    }
}

fn kind_of(workload: &Workload) -> Option<(TrustOf, &str)> {
    let of = match workload.kind {
        "instance" => TrustOf::Instance,
        "task" => TrustOf::Task,
        "node" => TrustOf::Node,
        _ => return None,
    };
    Some((of, &workload.id))
}

/// When the last session of a chain acted at the latest, as far as the chain goes, and the record that made it.
fn end(chain: &Chain, last: Option<DateTime<Utc>>) -> (Option<DateTime<Utc>>, Option<String>) {
    let links: Vec<&Link> = chain.links.iter().filter(|link| !link.above_origin).collect();
    let until = match links.as_slice() {
        [.., below, _] => Some(below.record.event_time.0),
        _ => chain.usage.last.map(|used| last.map_or(used.0, |last| last.min(used.0))),
    };
    (until, links.last().map(|link| link.record.event_id.clone()))
}

/// Who acted on workloads before these acted: of each caller and call the last.
async fn reached(
    source: &Source,
    workloads: BTreeSet<Acting>,
    (found, left_out): (&mut Vec<Trust>, &mut Vec<String>),
) -> Result<(), QueryError> {
    let names = REACHING.map(str::to_owned);
    let Some(filter) = calls(&workloads, &REACHING_SOURCES.map(str::to_owned), &names) else {
        return Ok(());
    };
    let mut hands: BTreeMap<Acting, Vec<Hand>> = BTreeMap::new();
    each(source, &filter, |row, request, response| {
        let targets = targets(row, request, response);
        let is_its = |one: &&Acting| {
            row.account == Some(one.account.as_str())
                && row.event_time <= one.until
                && one.since.is_none_or(|since| since <= row.event_time)
                && targets.contains(&(one.of, one.name.clone()))
        };
        for one in workloads.iter().filter(is_its) {
            let hand = Hand { record: row.record(), by: row.caller_id() };
            hands.entry(one.clone()).or_default().push(hand);
        }
    })
    .await?;
    if !hands.is_empty() {
        let nodes = nodes(source, &filter).await?;
        name(hands, &nodes, found, left_out);
    }
    Ok(())
}

/// What a call acted on.
fn targets(row: &EventRow<'_>, request: &Value, response: &Value) -> BTreeSet<(TrustOf, String)> {
    let text = |name: &str| request.get(name).and_then(Value::as_str);
    let list = |value: Option<&Value>| {
        let items = value.and_then(Value::as_array).into_iter().flatten();
        items.filter_map(Value::as_str).map(str::to_owned).collect::<Vec<String>>()
    };
    let machine = |id: &str| {
        let of = if is_instance_id(id) { TrustOf::Instance } else { TrustOf::Node };
        (is_instance_id(id) || is_node_id(id)).then(|| (of, id.to_owned()))
    };
    let ids: Vec<String> = match (row.event_source, row.event_name) {
        (Some("ssm.amazonaws.com"), Some("SendCommand" | "CreateAssociation")) => {
            let targets = request.get("targets").and_then(Value::as_array).into_iter().flatten();
            let by_id = |target: &&Value| {
                let key = target.get("key").and_then(Value::as_str);
                key.is_some_and(|key| key.eq_ignore_ascii_case("InstanceIds"))
            };
            let named = targets.filter(by_id).flat_map(|target| list(target.get("values")));
            let sent = list(response.pointer("/command/instanceIds"));
            let own =
                list(request.get("instanceIds")).into_iter().chain(text("instanceId").map(str::to_owned));
            own.chain(named).chain(sent).collect()
        }
        (Some("ssm.amazonaws.com"), Some("StartSession")) => {
            let target = text("target").unwrap_or_default();
            // Of a container it is `ecs:CLUSTER_TASK_RUNTIME`:
            // https://docs.aws.amazon.com/AmazonECS/latest/developerguide/ecs-exec-run.html
            let task = target.strip_prefix("ecs:").and_then(|rest| rest.rsplit('_').nth(1));
            if let Some(task) = task {
                return BTreeSet::from([(TrustOf::Task, task.to_owned())]);
            }
            vec![target.to_owned()]
        }
        (Some("ec2-instance-connect.amazonaws.com"), Some(_)) => {
            text("instanceId").map(str::to_owned).into_iter().collect()
        }
        (Some("ec2.amazonaws.com"), Some("ModifyInstanceAttribute")) => {
            let is_set = request.get("userData").is_some_and(|data| !data.is_null());
            let sets = is_set || text("attribute") == Some("userData");
            text("instanceId").filter(|_| sets).map(str::to_owned).into_iter().collect()
        }
        (Some("ecs.amazonaws.com"), Some("ExecuteCommand")) => {
            let task = text("task").and_then(|task| task.rsplit('/').next());
            return task.map(|task| (TrustOf::Task, task.to_owned())).into_iter().collect();
        }
        _ => return BTreeSet::new(),
    };
    ids.iter().filter_map(|id| machine(id)).collect()
}

/// The role with which a service acts for somebody, at the upper end of all, where no record of a launch tells for whom.
fn role(chain: &Chain) -> Option<Acting> {
    let mut top = &chain.origin;
    while let Some(above) = &top.above {
        top = &above.origin;
    }
    let origin = &top.origin;
    let service = origin.name.as_deref().filter(|_| origin.kind == OriginKind::Service)?;
    // What passes them their role is a launch of theirs.
    let is_launched = |kind| matches!(kind, "instance" | "function");
    if origin.on_behalf_of.as_ref().is_some_and(|one| is_launched(one.kind)) {
        return None;
    }
    let last = chain.links.last();
    let session = last.map_or(&chain.credential, |link| &link.from);
    let arn = Arn::parse(session.arn.as_deref()?)?;
    let Some(Principal::RoleSession { role, .. }) = arn.principal() else { return None };
    let until = last.map(|link| link.record.event_time.0).or(chain.usage.first.map(|first| first.0))?;
    Some(Acting {
        of: TrustOf::Passed,
        account: arn.account.to_owned(),
        name: role.to_owned(),
        since: None,
        until,
        service: Some(event_source(service)?),
        region: None,
        lets: last.map(|link| link.record.event_id.clone()),
    })
}

/// Where the calls are made that pass a role to a service: what assumes it may have a longer name, as `ecs-tasks.amazonaws.com`,
/// `pods.eks.amazonaws.com` or `states.eu-west-1.amazonaws.com`
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_aws-services-that-work-with-iam.html>).
fn event_source(service: &str) -> Option<String> {
    let labels: Vec<&str> = service.strip_suffix(".amazonaws.com")?.split('.').collect();
    let is_region = |label: &&str| label.contains('-') && label.ends_with(|last: char| last.is_ascii_digit());
    let last = labels.iter().rfind(|label| !is_region(label))?;
    let name = match *last {
        "ecs-tasks" => "ecs",
        "edgelambda" => "lambda",
        "eks-fargate-pods" => "eks",
        "vpc-flow-logs" => "ec2",
        name => name,
    };
    Some(format!("{name}.amazonaws.com"))
}

/// Who passed roles to services before these acted with them: of each caller and call the last.
async fn passed(
    source: &Source,
    roles: BTreeSet<Acting>,
    (found, left_out): (&mut Vec<Trust>, &mut Vec<String>),
) -> Result<(), QueryError> {
    let sources: Vec<String> = roles.iter().filter_map(|one| one.service.clone()).collect();
    let Some(made) = calls(&roles, &sources, &[]) else { return Ok(()) };
    let named =
        roles.iter().map(|one| Filter::Contains(Column::RequestParameters, one.name.to_ascii_lowercase()));
    let reads = READING.map(|word| Filter::Begins(Column::EventName, word.to_owned()));
    let acts = Filter::Not(Box::new(Filter::Any(reads.into())));
    let filter = Filter::All(vec![made, acts, Filter::Any(named.collect())]);
    let mut hands: BTreeMap<Acting, Vec<Hand>> = BTreeMap::new();
    let mut ordered: BTreeSet<Acting> = BTreeSet::new();
    each(source, &filter, |row, request, response| {
        let is_its = |one: &&Acting| {
            row.account == Some(one.account.as_str())
                && row.event_source == one.service.as_deref()
                && row.event_time <= one.until
                && passes(request, "", one)
        };
        for one in roles.iter().filter(is_its) {
            let hand = Hand { record: row.record(), by: row.caller_id() };
            hands.entry(one.clone()).or_default().push(hand);
            let (Some(of), Some(call)) = (row.event_source, row.event_name) else { continue };
            let region = row.aws_region.map(str::to_owned);
            ordered.extend(order::passed_to(of, call, request, response).into_iter().map(|name| Acting {
                of: TrustOf::Ordered,
                name,
                region: region.clone(),
                ..one.clone()
            }));
        }
    })
    .await?;
    if hands.is_empty() {
        return Ok(());
    }
    let callers = nodes(source, &filter).await?;
    name(hands, &callers, found, left_out);
    told(source, ordered, (found, left_out)).await
}

/// Who told what had been passed a role to act, before it did: of each caller and call the last.
async fn told(
    source: &Source,
    ordered: BTreeSet<Acting>,
    (found, left_out): (&mut Vec<Trust>, &mut Vec<String>),
) -> Result<(), QueryError> {
    let sources: Vec<String> = ordered.iter().filter_map(|one| one.service.clone()).collect();
    let names = order::calls(&sources);
    let Some(filter) = calls(&ordered, &sources, &names).filter(|_| !names.is_empty()) else {
        return Ok(());
    };
    let mut hands: BTreeMap<Acting, Vec<Hand>> = BTreeMap::new();
    each(source, &filter, |row, request, _| {
        let (Some(of), Some(call)) = (row.event_source, row.event_name) else { return };
        let told = order::told(of, call, request);
        let is_its = |one: &&Acting| {
            row.account == Some(one.account.as_str())
                && one.service.as_deref() == Some(of)
                && one.region.as_deref() == row.aws_region
                && row.event_time <= one.until
                && told.contains(&one.name)
        };
        for one in ordered.iter().filter(is_its) {
            let hand = Hand { record: row.record(), by: row.caller_id() };
            hands.entry(one.clone()).or_default().push(hand);
        }
    })
    .await?;
    // What passed the role is named as that.
    let passed: BTreeSet<String> = found.iter().map(|one| one.record.event_id.clone()).collect();
    for hands in hands.values_mut() {
        hands.retain(|hand| !passed.contains(&hand.record.id()));
    }
    hands.retain(|_, hands| !hands.is_empty());
    if !hands.is_empty() {
        let nodes = nodes(source, &filter).await?;
        name(hands, &nodes, found, left_out);
    }
    Ok(())
}

/// Whether a request passes a role: by its ARN anywhere, or by its name in a member that is called so. `member` is the name
/// of the member that the value stands in.
fn passes(value: &Value, member: &str, role: &Acting) -> bool {
    match value {
        Value::Object(members) => members.iter().any(|(name, value)| passes(value, name, role)),
        Value::Array(items) => items.iter().any(|item| passes(item, member, role)),
        Value::String(text) => {
            let arn = Arn::parse(text).and_then(|arn| Some((arn.account, arn.principal()?)));
            if let Some((account, Principal::Role { name, .. })) = arn {
                return account == role.account && is_name(name, &role.name);
            }
            let name = text.rsplit('/').next().unwrap_or(text);
            member.to_ascii_lowercase().contains("role") && is_name(name, &role.name)
        }
        _ => false,
    }
}

/// Calls to these services of these names, all where there are none, in the accounts of what acted and not later than that.
fn calls(acting: &BTreeSet<Acting>, sources: &[String], names: &[String]) -> Option<Filter> {
    let last = acting.iter().map(|one| one.until).max()?;
    let before = last.checked_add_signed(TimeDelta::microseconds(1)).unwrap_or(last);
    let since = acting.iter().map(|one| one.since).min().flatten();
    let names = Some(names).filter(|names| !names.is_empty());
    let parts = [
        since.map(Filter::From),
        Some(Filter::Before(before)),
        Some(one_of(Column::EventSource, sources.iter().cloned().collect())),
        names.map(|names| one_of(Column::EventName, names.iter().cloned().collect())),
        Some(one_of(Column::Account, acting.iter().map(|one| one.account.clone()).collect())),
    ];
    Some(Filter::All(parts.into_iter().flatten().collect()))
}

/// Looks at each call that succeeded, with its request and response; null where one is not told.
async fn each(
    source: &Source,
    filter: &Filter,
    mut look: impl FnMut(&EventRow<'_>, &Value, &Value),
) -> Result<(), QueryError> {
    for batch in source.events(filter, &[Column::RequestParameters, Column::ResponseElements]).await? {
        for row in query::rows(&batch)? {
            let failed =
                [row.error_code, row.error_message].into_iter().flatten().any(|text| !text.is_empty());
            if failed || row.event_category == Some("Insight") {
                continue;
            }
            let json = |text: Option<&str>| text.and_then(query::lenient_json).unwrap_or(Value::Null);
            look(&row, &json(row.request_parameters), &json(row.response_elements));
        }
    }
    Ok(())
}

/// Who made some calls.
async fn nodes(source: &Source, filter: &Filter) -> Result<BTreeMap<i64, Node>, QueryError> {
    let callers = source.callers(filter).await?;
    Ok(callers.into_iter().map(|one| (one.caller.id, one.caller.node())).collect())
}

/// Names of each caller and call the last; of too many the last ones.
fn name(
    hands: BTreeMap<Acting, Vec<Hand>>,
    nodes: &BTreeMap<i64, Node>,
    found: &mut Vec<Trust>,
    left_out: &mut Vec<String>,
) {
    let mut known: BTreeSet<(TrustOf, String, RecordRef)> = BTreeSet::new();
    for (one, hands) in hands {
        // A session is who it is, whichever of its keys signed.
        let who = |by: Option<i64>| {
            let node = by.and_then(|by| nodes.get(&by));
            node.map(|node| node.arn.clone().unwrap_or_else(|| node.id.clone()))
        };
        let mut last: BTreeMap<(String, Option<String>), Hand> = BTreeMap::new();
        for hand in hands {
            let of = (hand.record.event_name.clone(), who(hand.by));
            if last.get(&of).is_none_or(|before| before.record < hand.record) {
                last.insert(of, hand);
            }
        }
        let mut all: Vec<Hand> = last.into_values().collect();
        all.sort_by(|a, b| b.record.cmp(&a.record));
        if all.len() > HANDS_MAX {
            let (count, what) = (all.len(), one.of.word());
            left_out.push(format!(
                "{count} calls had a hand on {what} {}; the last {HANDS_MAX} before it acted are named",
                one.name
            ));
        }
        for hand in all.into_iter().take(HANDS_MAX) {
            if known.insert((one.of, one.name.clone(), hand.record.clone())) {
                let by = hand.by.and_then(|by| nodes.get(&by).cloned());
                found.push(trust(one.of, &one.name, &hand.record, by, one.lets.clone()));
            }
        }
    }
}

fn trust(of: TrustOf, name: &str, record: &RecordRef, by: Option<Node>, lets: Option<String>) -> Trust {
    Trust { of, name: name.to_owned(), record: Proof::from(record), by, lets }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn acting(of: TrustOf, name: &str) -> Acting {
        let until = DateTime::UNIX_EPOCH;
        let account = "111122223333".to_owned();
        Acting {
            of,
            account,
            name: name.to_owned(),
            since: None,
            until,
            service: None,
            region: None,
            lets: None,
        }
    }

    #[test]
    fn one_call_may_act_on_several_and_is_named_once_for_each() {
        let record = RecordRef {
            time: DateTime::UNIX_EPOCH,
            event_id: Some("1".to_owned()),
            object: "a.json".to_owned(),
            index: 0,
            event_name: "SendCommand".to_owned(),
            account: None,
            region: None,
        };
        let hand = || vec![Hand { record: record.clone(), by: None }];
        let twice = Acting { lets: Some("2".to_owned()), ..acting(TrustOf::Instance, "i-1") };
        let actings = [acting(TrustOf::Instance, "i-1"), acting(TrustOf::Instance, "i-2"), twice];
        let hands = actings.into_iter().map(|one| (one, hand())).collect();
        let (mut found, mut left_out) = (Vec::new(), Vec::new());
        name(hands, &BTreeMap::new(), &mut found, &mut left_out);
        let names: Vec<&str> = found.iter().map(|one| one.name.as_str()).collect();
        assert_eq!((names, left_out.len()), (vec!["i-1", "i-2"], 0));
    }

    #[test]
    fn what_passes_a_role_names_it_by_arn_or_in_a_member_called_so() {
        let role = acting(TrustOf::Passed, "worker");
        let is = |json: &str| passes(&serde_json::from_str(json).unwrap(), "", &role);
        assert!(is(r#"{"roleARN":"arn:aws:iam::111122223333:role/jobs/worker"}"#));
        assert!(is(r#"{"targets":[{"arn":"x","roleArn":"arn:aws:iam::111122223333:role/worker"}]}"#));
        assert!(is(r#"{"jobUpdate":{"role":"Worker"}}"#));
        assert!(is(r#"{"iamRole":"service-role/worker"}"#));
        assert!(!is(r#"{"roleARN":"arn:aws:iam::444455556666:role/worker"}"#));
        assert!(!is(r#"{"name":"worker","roles":["other"]}"#));
    }

    #[test]
    fn services_are_called_where_their_name_ends() {
        for (service, source) in [
            ("states.amazonaws.com", "states.amazonaws.com"),
            ("states.eu-west-1.amazonaws.com", "states.amazonaws.com"),
            ("ecs-tasks.amazonaws.com", "ecs.amazonaws.com"),
            ("pods.eks.amazonaws.com", "eks.amazonaws.com"),
        ] {
            assert_eq!(event_source(service).as_deref(), Some(source));
        }
        assert_eq!(event_source("AWS Internal"), None);
    }

    #[track_caller]
    fn check(source: &str, name: &str, request: &str, expected: &[(TrustOf, &str)]) {
        let row = EventRow { event_source: Some(source), event_name: Some(name), ..EventRow::default() };
        let found = targets(&row, &serde_json::from_str(request).unwrap(), &Value::Null);
        let expected: BTreeSet<(TrustOf, String)> =
            expected.iter().map(|(of, name)| (*of, (*name).to_owned())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn calls_tell_what_they_act_on() {
        let (instance, node) = ("i-0123456789abcdef0", "mi-0123456789abcdef0");
        let sent = r#"{"instanceIds":["i-0123456789abcdef0","mi-0123456789abcdef0"]}"#;
        let both = [(TrustOf::Instance, instance), (TrustOf::Node, node)];
        check("ssm.amazonaws.com", "SendCommand", sent, &both);
        let aimed = r#"{"targets":[{"key":"InstanceIds","values":["i-0123456789abcdef0"]},{"key":"tag:a","values":["b"]}]}"#;
        for name in ["SendCommand", "CreateAssociation"] {
            check("ssm.amazonaws.com", name, aimed, &[(TrustOf::Instance, instance)]);
        }
        let task = "0123456789abcdef0123456789abcdef";
        let exec =
            r#"{"target":"ecs:a_b_0123456789abcdef0123456789abcdef_0123456789abcdef0123456789abcdef-1"}"#;
        check("ssm.amazonaws.com", "StartSession", exec, &[(TrustOf::Task, task)]);
        check("ssm.amazonaws.com", "StartSession", r#"{"target":"other"}"#, &[]);
        let data = r#"{"instanceId":"i-0123456789abcdef0","userData":"<sensitiveDataRemoved>"}"#;
        check("ec2.amazonaws.com", "ModifyInstanceAttribute", data, &[(TrustOf::Instance, instance)]);
        let other = r#"{"instanceId":"i-0123456789abcdef0","disableApiTermination":{"value":false}}"#;
        check("ec2.amazonaws.com", "ModifyInstanceAttribute", other, &[]);
        let exec = r#"{"cluster":"a","task":"arn:aws:ecs:eu-west-1:111122223333:task/a/0123456789abcdef0123456789abcdef"}"#;
        check("ecs.amazonaws.com", "ExecuteCommand", exec, &[(TrustOf::Task, task)]);
    }
}
