//! What the records of some services need told apart.

use std::borrow::Cow;

use serde_json::Value;

use super::parameter::percent_decoded;
use super::{
    Certainty, Noted, Resource, Search, Source, choice, codebuild, ec2, iam, lambda, organizations, partiql,
    rds, ses,
};
use crate::aws::{AccountId, Arn};
use crate::catalog::service::{Action, ActionResource, ResourceType};

/// The resources of one type, where a service has its own way; None if the general way is right.
pub(super) fn resources(search: &Search<'_>, resource: &ActionResource) -> Option<Vec<Resource>> {
    let kind = resource.kind;
    match (search.action.service, kind.name) {
        ("s3", "object" | "accesspointobject") => Some(s3_objects(search, kind)),
        ("s3", "bucket" | "accesspoint") => Some(s3_buckets(search, kind)),
        ("glue", "catalog") => Some(glue_catalogs(search, kind)),
        ("backup", "recoveryPoint") => recovery_points(search, kind),
        ("kms", "key") => kms_keys(search, kind),
        ("kms", "alias") => kms_aliases(search, kind),
        ("sqs", "queue") => sqs_queues(search, kind),
        ("secretsmanager", "Secret") => secrets(search, kind),
        ("lambda", "function") => lambda::functions(search, kind),
        ("ssm", "parameter") => ssm_parameters(search, kind),
        ("ssm", "document") => ssm_documents(search, kind),
        ("logs", "log-group") => log_groups(search, kind),
        ("ecs", "cluster" | "service" | "task" | "container-instance" | "task-definition") => {
            ecs_resources(search, kind)
        }
        ("dynamodb", _) if partiql::is_verb(search.action) => partiql::resources(search, kind),
        ("dynamodb", "table" | "index") if choice::index(search).is_some() => None,
        ("dynamodb", "table") => dynamodb_tables(search, kind),
        ("rds", _) => rds::resources(search, kind),
        ("ec2", _) => ec2::resources(search, resource),
        ("iam", _) => iam::entities(search, kind),
        ("organizations", _) => organizations::resources(search, resource),
        ("codebuild", _) => codebuild::resources(search, kind),
        ("ses", "identity") => ses::identities(search, kind),
        ("appconfig", _) if SERVED.contains(&search.action.name) => served(search, kind),
        _ => None,
    }
}

/// Whether the response is read for a type, where a service has its own way; None if the general way is taken.
pub(super) fn reads_response(action: &Action, kind: &ResourceType) -> Option<bool> {
    match (action.service, kind.name) {
        ("s3", "object" | "accesspointobject" | "bucket" | "accesspoint") => Some(false),
        ("secretsmanager", "Secret") | ("ecs", "task-definition") => Some(true),
        ("ec2", "volume") if matches!(action.name, "CreateSnapshots" | "RunInstances") => Some(true),
        ("ec2", "launch-template") => Some(ec2::reads_template(action)),
        ("rds", _) if rds::takes_group(action, kind) => Some(true),
        ("iam", _) if kind.arn.placeholders().any(|name| name.ends_with("WithPath")) => Some(true),
        _ => None,
    }
}

fn found(kind: &'static ResourceType, arn: String, certainty: Certainty) -> Resource {
    Resource::new(kind, arn, certainty, Source::Request)
}

/// The bucket and key that an action of a copy is for: it reads the source, `/bucket/key?versionId=…`, URL-encoded, and
/// writes the target (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_CopyObject.html>).
fn s3_location<'a>(search: &Search<'a>) -> (Option<Cow<'a, str>>, Option<Cow<'a, str>>) {
    let source = search.leaves.one("x-amz-copy-source").filter(|_| search.action.name.starts_with("Get"));
    if let Some(source) = source {
        let path = source.split('?').next().unwrap_or(source);
        let path = percent_decoded(path.strip_prefix('/').unwrap_or(path));
        // `arn:aws:s3:REGION:ACCOUNT:accesspoint/NAME/object/KEY`.
        if path.starts_with("arn:") {
            return (Some(Cow::Owned(path)), None);
        }
        return match path.split_once('/') {
            Some((bucket, key)) => (Some(Cow::Owned(bucket.to_owned())), Some(Cow::Owned(key.to_owned()))),
            None => (None, None),
        };
    }
    (search.leaves.one("bucketName").map(Cow::Borrowed), search.leaves.one("key").map(Cow::Borrowed))
}

fn is_copy(search: &Search<'_>) -> bool {
    search.leaves.one("x-amz-copy-source").is_some()
}

/// The access points that the record names: through one of them the call was made
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-monitoring-logging.html>).
fn access_points(search: &Search<'_>) -> Vec<String> {
    let items = search.evidence.resources.and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let arns = items.iter().filter_map(|item| item.get("ARN").or_else(|| item.get("arn"))?.as_str());
    let is_point = |arn: &&str| {
        let parsed = Arn::parse(arn).filter(|parsed| parsed.service == "s3");
        parsed
            .and_then(|parsed| parsed.resource.strip_prefix("accesspoint/"))
            .is_some_and(|name| !name.contains('/'))
    };
    arns.filter(is_point).map(str::to_owned).collect()
}

/// An object is known by bucket and key; a batch of deletions logs no keys. An access point stands where the bucket does,
/// by its ARN (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-usage-examples.html>).
///
/// Through an access point a call is two requests: on the access point's object and on the bucket's, for both must permit it
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-policies.html>).
fn s3_objects(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let points = access_points(search);
    if !points.is_empty() {
        return through_access_points(search, kind, &points);
    }
    let (bucket, key) = s3_location(search);
    if bucket.as_deref().is_some_and(is_access_point) {
        // AWS asks the caller's and the access point's policies about the access point's object, and the bucket's policy
        // about the bucket's: no one ARN is right for all of them.
        return if kind.name == "object" {
            vec![Resource::everything(Certainty::Unknown)]
        } else {
            Vec::new()
        };
    }
    let logged = search.logged(kind);
    if !logged.is_empty() && !is_copy(search) {
        return logged;
    }
    // The source of a copy is another object than the parameters name, even if it can't be read.
    let bucket = bucket.or_else(|| is_copy(search).then_some(Cow::Borrowed("*")));
    let Some(bucket) = bucket else { return Vec::new() };
    let partition = search.evidence.place.partition;
    let certainty = if key.is_some() && bucket != "*" { Certainty::Exact } else { Certainty::Pattern };
    let key = key.unwrap_or(Cow::Borrowed("*"));
    match kind.name {
        "object" => vec![found(kind, format!("arn:{partition}:s3:::{bucket}/{key}"), certainty)],
        _ => Vec::new(),
    }
}

/// The object that a call through access points is for: of each access point, and of the bucket behind it.
fn through_access_points(
    search: &Search<'_>,
    kind: &'static ResourceType,
    points: &[String],
) -> Vec<Resource> {
    let is_object = kind.name == "object";
    // Of a copy nothing tells whether its source or its target is reached through it.
    if is_copy(search) {
        return if is_object { vec![Resource::everything(Certainty::Unknown)] } else { Vec::new() };
    }
    let (bucket, key) = s3_location(search);
    if !is_object {
        let certainty = if key.is_some() { Certainty::Exact } else { Certainty::Pattern };
        let key = key.unwrap_or(Cow::Borrowed("*"));
        let of_point =
            |point: &String| Resource::new(kind, format!("{point}/object/{key}"), certainty, Source::Logged);
        return points.iter().map(of_point).collect();
    }
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return logged;
    }
    match bucket.filter(|bucket| !is_access_point(bucket) && !bucket.starts_with("arn:")) {
        Some(bucket) => {
            let certainty = if key.is_some() { Certainty::Exact } else { Certainty::Pattern };
            let key = key.unwrap_or(Cow::Borrowed("*"));
            vec![found(
                kind,
                format!("arn:{}:s3:::{bucket}/{key}", search.evidence.place.partition),
                certainty,
            )]
        }
        None => vec![Resource::everything(Certainty::Unknown)],
    }
}

/// Whether what stands for a bucket is an access point, by its ARN or its alias
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-naming.html>).
fn is_access_point(bucket: &str) -> bool {
    bucket.contains(":accesspoint/") || bucket.ends_with("-s3alias")
}

fn s3_buckets(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return logged;
    }
    let partition = search.evidence.place.partition;
    match (kind.name, search.leaves.one("bucketName")) {
        ("accesspoint", Some(arn)) if arn.contains(":accesspoint/") => {
            vec![found(kind, arn.to_owned(), Certainty::Exact)]
        }
        // The bucket behind it must permit the call, too, and which one that is the record does not tell.
        ("bucket", Some(bucket)) if is_access_point(bucket) => vec![Resource::everything(Certainty::Unknown)],
        ("bucket", Some(bucket)) if !bucket.starts_with("arn:") => {
            vec![found(kind, format!("arn:{partition}:s3:::{bucket}"), Certainty::Exact)]
        }
        ("accesspoint", None) => search.filled(kind),
        _ => Vec::new(),
    }
}

/// Calls that name what AppConfig serves by ids or by names
/// (<https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_appconfigdata_StartConfigurationSession.html>,
/// <https://docs.aws.amazon.com/appconfig/2019-10-09/APIReference/API_GetConfiguration.html>).
const SERVED: [&str; 2] = ["GetConfiguration", "StartConfigurationSession"];

/// ARNs of AppConfig have ids. What has not their form is a name, behind which nothing tells the id.
fn served(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let mut found = search.resources(kind);
    for own in &mut found {
        let Some((head, resource)) = own.arn.rsplit_once(':') else { continue };
        // `application/ID/environment/ID/configuration/ID`
        let is_told =
            |(place, part): (usize, &str)| place.is_multiple_of(2) || part == "*" || is_appconfig_id(part);
        if resource.split('/').enumerate().all(is_told) {
            continue;
        }
        let parts = resource.split('/').enumerate();
        let known: Vec<&str> = parts.map(|part| if is_told(part) { part.1 } else { "*" }).collect();
        own.arn = format!("{head}:{}", known.join("/"));
        own.certainty = Certainty::Pattern;
    }
    (!found.is_empty()).then_some(found)
}

/// Whether a text has the form of the ids that AppConfig chooses: seven small letters and digits. Its API takes from four of
/// them on, as many names have; without a digit it may as well be one.
fn is_appconfig_id(text: &str) -> bool {
    let is_of_id = |letter: u8| letter.is_ascii_lowercase() || letter.is_ascii_digit();
    text.len() == 7 && text.bytes().all(is_of_id) && text.bytes().any(|letter| letter.is_ascii_digit())
}

/// A recovery point has the ARN that its service gives it, under whichever name that has
/// (<https://docs.aws.amazon.com/aws-backup/latest/devguide/API_DescribeRecoveryPoint.html>).
fn recovery_points(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let arns = search.leaves.top(&["recoveryPointArn"]).into_iter().filter(|arn| arn.starts_with("arn:"));
    let points: Vec<Resource> = arns.map(|arn| found(kind, arn.to_owned(), Certainty::Exact)).collect();
    (!points.is_empty()).then_some(points)
}

/// `keyId` is the id, the ARN, or an alias by name or ARN; a policy sees the key, which only `resources` tells then
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html>). Of the two keys of a ReEncrypt the
/// first is the source (<https://docs.aws.amazon.com/kms/latest/developerguide/ct-reencrypt.html>).
fn kms_keys(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut logged = search.logged(kind);
    if !logged.is_empty() {
        if let ("ReEncryptFrom" | "ReEncryptTo", [_, _]) = (search.action.name, logged.as_slice()) {
            // The source, then the destination.
            logged.swap_remove(usize::from(search.action.name == "ReEncryptFrom"));
        }
        return Some(logged);
    }
    let wanted: &[&str] = match search.action.name {
        "ReEncryptFrom" => &["sourceKeyId"],
        "ReEncryptTo" => &["destinationKeyId"],
        "CreateAlias" | "UpdateAlias" => &["targetKeyId"],
        _ => &["keyId"],
    };
    let keys = search.leaves.first_of(wanted.iter().copied());
    // Who points an alias elsewhere is asked for the key that it has pointed to as well; who deletes it, for that one
    // (<https://docs.aws.amazon.com/kms/latest/developerguide/alias-access.html>).
    let behind_alias = matches!(search.action.name, "DeleteAlias" | "UpdateAlias")
        .then(|| search.fill(kind, &|name| (name == "KeyId").then_some(Cow::Borrowed("*"))).made_pattern());
    if keys.is_empty() {
        return behind_alias.map(|key| vec![key]);
    }
    let is_alias = |key: &str| key.starts_with("alias/") || key.contains(":alias/");
    let resources = keys.into_iter().map(|key| {
        if is_alias(key) {
            search.fill(kind, &|name| (name == "KeyId").then_some(Cow::Borrowed("*"))).made_pattern()
        } else if key.starts_with("arn:") {
            found(kind, key.to_owned(), Certainty::Exact)
        } else {
            search.fill(kind, &|name| (name == "KeyId").then(|| Cow::Owned(key.to_owned())))
        }
    });
    Some(resources.chain(behind_alias).collect())
}

/// An alias is given with its beginning, `alias/NAME`, which its ARN has once
/// (<https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateAlias.html>).
fn kms_aliases(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let name = search.leaves.one("aliasName")?;
    let name = name.strip_prefix("alias/").unwrap_or(name);
    Some(vec![search.fill(kind, &|wanted| (wanted == "Alias").then(|| Cow::Owned(name.to_owned())))])
}

/// A catalog is named by its account, by its name, or by both, `ACCOUNT:NAME`; that of the account is its root
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_GetCatalog.html>).
fn glue_catalogs(search: &Search<'_>, kind: &'static ResourceType) -> Vec<Resource> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return logged;
    }
    let is_new = search.action.name == "CreateCatalog";
    let given = search.leaves.top(if is_new { &["name"] } else { &["catalogId"] });
    if given.is_empty() {
        return search.arns_in_request(kind);
    }
    let names = given.into_iter().map(|text| match text.split_once(':') {
        Some((account, name)) if AccountId::parse(account).is_some() => name,
        _ => text,
    });
    let names = names.filter(|name| AccountId::parse(name).is_none());
    names.map(|name| search.fill(kind, &|_| Some(Cow::Owned(name.to_owned())))).collect()
}

/// A queue is named by its URL, `https://sqs.REGION.amazonaws.com/ACCOUNT/NAME`, whose account is the queue's
/// (<https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-queue-message-identifiers.html>).
fn sqs_queues(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let url = search.leaves.one("queueUrl")?;
    let mut parts = url.split("://").nth(1)?.split('/').skip(1);
    let (account, name) = (parts.next()?, parts.next()?);
    let place = search.evidence.place;
    let arn = format!("arn:{}:sqs:{}:{account}:{name}", place.partition, place.region);
    Some(vec![found(kind, arn, Certainty::Exact)])
}

/// The ARN of a secret ends in six random characters that its name does not tell
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/auth-and-access_iam-policies.html>), and that an ARN in a
/// request may leave out
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>).
fn secrets(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let mut named = search.arns_in_request(kind);
    for partial in named.iter_mut().filter(|own| !ends_as_secret(&own.arn)) {
        partial.arn.push_str("-??????");
        partial.certainty = Certainty::Pattern;
    }
    if !named.is_empty() {
        return Some(named);
    }
    let names = search.leaves.first_of(["secretId"]);
    let names = if names.is_empty() { search.leaves.top(&["name"]) } else { names };
    if names.is_empty() {
        return None;
    }
    let resources = names.into_iter().map(|name| {
        let pattern = search
            .fill(kind, &|placeholder| {
                (placeholder == "SecretId").then(|| Cow::Owned(format!("{name}-??????")))
            })
            .made_pattern();
        search.completed(kind, pattern)
    });
    Some(resources.collect())
}

/// Whether an ARN ends as that of a secret does. What has such an end is taken for whole, by Secrets Manager, too
/// (<https://docs.aws.amazon.com/secretsmanager/latest/userguide/troubleshoot.html#ARN_secretnamehyphen>).
fn ends_as_secret(arn: &str) -> bool {
    let end = arn.rsplit_once('-').map(|(_, end)| end);
    end.is_some_and(|end| end.len() == 6 && end.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

/// A parameter's ARN leaves out the slash that its name begins with
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-access.html>). The public parameters of AWS,
/// `/aws/service/…`, are in no account
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-public-parameters.html>).
fn ssm_parameters(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let logged = search.logged(kind);
    if !logged.is_empty() {
        return Some(logged);
    }
    let names = search.leaves.top(&["name", "path", "resourceId"]);
    let is_other = search.leaves.top(&["resourceType"]).first().is_some_and(|told| *told != "Parameter");
    if names.is_empty() || is_other {
        return None;
    }
    let resources = names.into_iter().map(|name| {
        // A version or label may follow the name, and that in an ARN, behind a colon.
        if name.starts_with("arn:") {
            let end = name.match_indices(':').nth(5).and_then(|(end, _)| name.get(..end));
            return found(kind, end.unwrap_or(name).to_owned(), Certainty::Exact);
        }
        let name = name.split(':').next().unwrap_or(name);
        let name = name.strip_prefix('/').unwrap_or(name);
        let mut own = search.fill(kind, &|placeholder| {
            (placeholder == "ParameterNameWithoutLeadingSlash").then(|| Cow::Owned(name.to_owned()))
        });
        if name.starts_with("aws/service/") {
            put_into_no_account(&mut own);
        }
        own
    });
    Some(resources.collect())
}

/// Documents of AWS are in no account: `arn:aws:ssm:REGION::document/AWS-RunShellScript`
/// (<https://docs.aws.amazon.com/systems-manager/latest/userguide/getting-started-restrict-access-examples.html>). Nobody else
/// may begin a document's name as they do
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateDocument.html>, `Name`).
fn ssm_documents(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let mut found = search.resources(kind);
    if found.is_empty() && OF_ASSOCIATIONS.contains(&search.action.name) {
        let names = search.leaves.top(&["name"]).into_iter();
        found.extend(names.map(|document| search.fill(kind, &|_| Some(Cow::Borrowed(document)))));
    }
    let is_of_aws = |own: &&mut Resource| own.arn.splitn(6, ':').nth(5).is_some_and(is_document_of_aws);
    found.iter_mut().filter(is_of_aws).for_each(put_into_no_account);
    (!found.is_empty()).then_some(found)
}

/// Calls in which `name` is that of a document
/// (<https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_CreateAssociation.html>,
/// <https://docs.aws.amazon.com/systems-manager/latest/APIReference/API_UpdateAssociation.html>).
const OF_ASSOCIATIONS: [&str; 2] = ["CreateAssociation", "UpdateAssociation"];

/// Takes the account out of an ARN.
fn put_into_no_account(own: &mut Resource) {
    if let [scheme, partition, service, region, _, resource] =
        own.arn.splitn(6, ':').collect::<Vec<_>>().as_slice()
    {
        own.arn = format!("{scheme}:{partition}:{service}:{region}::{resource}");
    }
}

fn is_document_of_aws(resource: &str) -> bool {
    let name = resource.strip_prefix("document/").unwrap_or_default();
    ["aws", "amazon", "amzn"]
        .iter()
        .any(|own| name.get(..own.len()).is_some_and(|begin| begin.eq_ignore_ascii_case(own)))
}

/// Calls on a log group are authorized for `log-group:NAME:log-stream:`, with the name of a stream that they name, but for
/// those on its tags
/// (<https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/iam-access-control-overview-cwl.html>).
fn log_groups(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    if matches!(search.action.name, "TagResource" | "UntagResource" | "ListTagsForResource") {
        return None;
    }
    let given = search.leaves.first_of(["logGroupName", "logGroupIdentifier", "logGroupArn"]);
    if given.is_empty() {
        return None;
    }
    let stream = search.leaves.one("logStreamName").unwrap_or("");
    let resources = given.into_iter().map(|group| {
        let group = group.strip_suffix(":*").unwrap_or(group);
        let mut resource = if group.starts_with("arn:") {
            found(kind, group.to_owned(), Certainty::Exact)
        } else {
            search.fill(kind, &|name| (name == "LogGroupName").then(|| Cow::Owned(group.to_owned())))
        };
        resource.arn.push_str(":log-stream:");
        resource.arn.push_str(stream);
        resource
    });
    Some(resources.collect())
}

/// Without a cluster the one called `default` is meant; a task definition may be named without its revision, then the
/// newest is meant, which the response tells
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>).
fn ecs_resources(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let known =
        [search.logged(kind), search.arns_in_request(kind)].into_iter().find(|found| !found.is_empty());
    if known.is_some() {
        return known;
    }
    if kind.name == "task-definition" {
        let given = search.leaves.first_of(["taskDefinition", "family"]);
        let resources = given.into_iter().map(|given| {
            let (family, revision) = given.split_once(':').unwrap_or((given, "*"));
            let resource = search.fill(kind, &|name| {
                Some(Cow::Owned(
                    if name == "TaskDefinitionFamilyName" { family } else { revision }.to_owned(),
                ))
            });
            if revision == "*" { search.completed(kind, resource.made_pattern()) } else { resource }
        });
        let resources: Vec<_> = resources.collect();
        return (!resources.is_empty()).then_some(resources);
    }
    let is_cluster = kind.name == "cluster";
    let has_cluster = !search.leaves.first_of(["clusterName", "cluster"]).is_empty();
    if has_cluster || search.evidence.parameters.is_none() {
        return None;
    }
    let default = |name: &str| (name == "ClusterName").then_some(Cow::Borrowed("default"));
    if is_cluster {
        return Some(vec![search.fill(kind, &default)]);
    }
    let last = kind.arn.placeholders().next_back()?;
    let values = search.values(kind, last);
    let resources = values.into_iter().map(|value| {
        search
            .fill(kind, &|name| if name == last { Some(Cow::Owned(value.to_owned())) } else { default(name) })
    });
    let resources: Vec<_> = resources.collect();
    (!resources.is_empty()).then_some(resources)
}

/// Batches name their tables as keys of `requestItems`
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchGetItem.html>); those of a transaction stand in
/// a list of operations (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html>).
fn dynamodb_tables(search: &Search<'_>, kind: &'static ResourceType) -> Option<Vec<Resource>> {
    let items = search.evidence.parameter("requestItems")?;
    let tables: Vec<&str> = if items.is_object() {
        items.fields().map(|(table, _)| table).collect()
    } else if items.is_list() {
        let is_meant = |item: &Noted<'_>| {
            let operation = item.get("operation").and_then(Noted::text);
            operation.is_none_or(|operation| search.action.name.starts_with(operation))
        };
        items.items().filter(is_meant).filter_map(|item| item.get("tableName")?.text()).collect()
    } else {
        return None;
    };
    let resources = tables.into_iter().map(|table| {
        if table.starts_with("arn:") {
            return found(kind, table.to_owned(), Certainty::Exact);
        }
        search.fill(kind, &|name| (name == "TableName").then(|| Cow::Owned(table.to_owned())))
    });
    Some(resources.collect())
}
