//! Keys of further services, most of which mirror a parameter of the call.

use serde_json::Value;

use super::super::Field;
use super::super::tag;
use super::ask::{Ask, PARAMETERS, Parameter, Tell};
use super::network::partition_of;
use super::rule::{Otherwise, Rule};
use crate::aws::Arn;

const OF_RESOURCE: &str = "it may be a property of the resource, which is not supplied";
const DEFAULT: &str = "the service's default is not logged";

/// A parameter that a request either has or has not.
const fn given(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::Absent)
}

/// A parameter of calls that create something; of others the key is a property of the resource.
const fn created(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::Unknown(OF_RESOURCE))
}

/// A parameter with a default that is not logged.
const fn defaulted(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::Unknown(DEFAULT))
}

pub(super) const RULES: &[Rule] = &[
    // <https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html>
    Rule::new("route53:changeresourcerecordsetsnormalizedrecordnames", PARAMETERS, |ask| {
        record_sets(ask, "route53:ChangeResourceRecordSetsNormalizedRecordNames", |change| {
            normalized(change.pointer("/resourceRecordSet/name")?.as_str()?)
        })
    }),
    Rule::new("route53:changeresourcerecordsetsrecordtypes", PARAMETERS, |ask| {
        record_sets(ask, "route53:ChangeResourceRecordSetsRecordTypes", |change| {
            Some(change.pointer("/resourceRecordSet/type")?.as_str()?.to_owned())
        })
    }),
    Rule::new("route53:changeresourcerecordsetsactions", PARAMETERS, |ask| {
        record_sets(ask, "route53:ChangeResourceRecordSetsActions", |change| {
            Some(change.get("action")?.as_str()?.to_owned())
        })
    }),
    // <https://docs.aws.amazon.com/lambda/latest/dg/security_iam_service-with-iam.html>,
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awslambda.html#awslambda-policy-keys>
    Rule::new(
        "lambda:functionarn",
        &[Field::RequestParameters, Field::ErrorCode, Field::AwsRegion, Field::RecipientAccountId],
        function_arn,
    ),
    created("lambda:layer", "lambda:Layer", &["layers"]),
    given("lambda:principal", "lambda:Principal", &["principal"]),
    given("lambda:functionurlauthtype", "lambda:FunctionUrlAuthType", &["functionUrlAuthType", "authType"]),
    given("lambda:codesigningconfigarn", "lambda:CodeSigningConfigArn", &["codeSigningConfigArn"]),
    given("lambda:eventsourcetoken", "lambda:EventSourceToken", &["eventSourceToken"]),
    created("lambda:subnetids", "lambda:SubnetIds", &["vpcConfig.subnetIds"]),
    created("lambda:securitygroupids", "lambda:SecurityGroupIds", &["vpcConfig.securityGroupIds"]),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssecretsmanager.html#awssecretsmanager-policy-keys>
    Rule::new("secretsmanager:secretid", PARAMETERS, secret_id),
    given("secretsmanager:versionid", "secretsmanager:VersionId", &["versionId"]),
    given("secretsmanager:versionstage", "secretsmanager:VersionStage", &["versionStage"]),
    given("secretsmanager:name", "secretsmanager:Name", &["name"]),
    given("secretsmanager:description", "secretsmanager:Description", &["description"]),
    given("secretsmanager:kmskeyid", "secretsmanager:KmsKeyId", &["kmsKeyId"]),
    given("secretsmanager:rotationlambdaarn", "secretsmanager:RotationLambdaARN", &["rotationLambdaARN"]),
    given(
        "secretsmanager:recoverywindowindays",
        "secretsmanager:RecoveryWindowInDays",
        &["recoveryWindowInDays"],
    ),
    given(
        "secretsmanager:forcedeletewithoutrecovery",
        "secretsmanager:ForceDeleteWithoutRecovery",
        &["forceDeleteWithoutRecovery"],
    ),
    given("secretsmanager:blockpublicpolicy", "secretsmanager:BlockPublicPolicy", &["blockPublicPolicy"]),
    given(
        "secretsmanager:forceoverwritereplicasecret",
        "secretsmanager:ForceOverwriteReplicaSecret",
        &["forceOverwriteReplicaSecret"],
    ),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awssystemsmanager.html#awssystemsmanager-policy-keys>
    defaulted("ssm:overwrite", "ssm:Overwrite", &["overwrite"]),
    defaulted("ssm:recursive", "ssm:Recursive", &["recursive"]),
    // <https://docs.aws.amazon.com/sns/latest/dg/sns-using-identity-based-policies.html#sns-policy-keys>
    given("sns:protocol", "sns:Protocol", &["protocol"]),
    given("sns:endpoint", "sns:Endpoint", &["endpoint"]),
    // <https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/specifying-conditions.html>
    Rule::new("dynamodb:leadingkeys", PARAMETERS, leading_keys),
    defaulted("dynamodb:select", "dynamodb:Select", &["select"]),
    defaulted("dynamodb:returnvalues", "dynamodb:ReturnValues", &["returnValues"]),
    defaulted(
        "dynamodb:returnconsumedcapacity",
        "dynamodb:ReturnConsumedCapacity",
        &["returnConsumedCapacity"],
    ),
    // <https://docs.aws.amazon.com/AmazonRDS/latest/UserGuide/security_iam_id-based-policy-examples-policies.html>
    created("rds:databaseengine", "rds:DatabaseEngine", &["engine"]),
    created("rds:databasename", "rds:DatabaseName", &["dBName", "databaseName"]),
    created("rds:databaseclass", "rds:DatabaseClass", &["dBInstanceClass"]),
    created("rds:multiaz", "rds:MultiAz", &["multiAZ"]),
    created("rds:storageencrypted", "rds:StorageEncrypted", &["storageEncrypted"]),
    created("rds:storagesize", "rds:StorageSize", &["allocatedStorage"]),
    created("rds:piops", "rds:Piops", &["iops"]),
    // <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/control-access-with-iam.html#using-iam-conditions>
    given("cloudformation:templateurl", "cloudformation:TemplateUrl", &["templateURL"]),
    given("cloudformation:rolearn", "cloudformation:RoleArn", &["roleARN"]),
    given("cloudformation:stackpolicyurl", "cloudformation:StackPolicyUrl", &["stackPolicyURL"]),
    given("cloudformation:changesetname", "cloudformation:ChangeSetName", &["changeSetName"]),
    given("cloudformation:resourcetypes", "cloudformation:ResourceTypes", &["resourceTypes"]),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsorganizations.html#awsorganizations-policy-keys>
    given("organizations:serviceprincipal", "organizations:ServicePrincipal", &["servicePrincipal"]),
    // <https://docs.aws.amazon.com/AmazonECS/latest/developerguide/security_iam_service-with-iam.html>,
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonelasticcontainerservice.html#amazonelasticcontainerservice-policy-keys>
    Rule::new(
        "ecs:cluster",
        &[Field::RequestParameters, Field::ErrorCode, Field::AwsRegion, Field::RecipientAccountId],
        cluster_arn,
    ),
    defaulted("ecs:container-name", "ecs:container-name", &["container"]),
    given("ecs:account-setting", "ecs:account-setting", &["name"]),
    // <https://docs.aws.amazon.com/efs/latest/ug/using-iam-to-enforce-encryption-at-rest.html>
    defaulted("elasticfilesystem:encrypted", "elasticfilesystem:Encrypted", &["encrypted"]),
    // <https://docs.aws.amazon.com/ram/latest/userguide/iam-policies-condition-keys.html>
    defaulted(
        "ram:requestedallowsexternalprincipals",
        "ram:RequestedAllowsExternalPrincipals",
        &["allowExternalPrincipals"],
    ),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_awsaccountmanagement.html#awsaccountmanagement-policy-keys>
    given("account:targetregion", "account:TargetRegion", &["regionName"]),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsagemaker.html#amazonsagemaker-policy-keys>
    defaulted("sagemaker:directinternetaccess", "sagemaker:DirectInternetAccess", &["directInternetAccess"]),
    defaulted("sagemaker:rootaccess", "sagemaker:RootAccess", &["rootAccess"]),
    // <https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-conditions.html>
    Rule::new("events:targetarn", PARAMETERS, target_arns),
    // <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazoncloudwatch.html#amazoncloudwatch-policy-keys>
    given("cloudwatch:namespace", "cloudwatch:namespace", &["namespace"]),
];

/// The secret's ARN. A request may name the secret by its name; what the key is then AWS does not say.
fn secret_id(ask: &Ask<'_>) -> Tell {
    if ask.lists("secretsmanager:SecretId") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["secretId"]) {
        Parameter::Given(value) => match value.as_str().filter(|id| Arn::parse(id).is_some()) {
            Some(arn) => Tell::Value(arn.to_owned()),
            None => Tell::Unknown("the request names the secret by its name"),
        },
        Parameter::NotGiven => Tell::Absent,
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// One value of every change of a batch.
fn record_sets(ask: &Ask<'_>, listed: &str, of: fn(&Value) -> Option<String>) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["changeBatch.changes"]) {
        Parameter::Given(changes) => {
            let values: Option<Vec<String>> = tag::items(changes).map(of).collect();
            match values {
                Some(mut values) if !values.is_empty() => {
                    values.sort();
                    values.dedup();
                    Tell::Values(values)
                }
                _ => Tell::Unknown("the changes have a form that is not read here"),
            }
        }
        Parameter::NotGiven => Tell::Unknown("the record names no changes"),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// A name as Route 53 compares it: letters in lower case, no stop at the end, and each character but letters, digits,
/// `-`, `_` and `.` as `\` with three octal digits, also the `*` of a wildcard
/// (<https://docs.aws.amazon.com/Route53/latest/DeveloperGuide/specifying-rrset-conditions.html#route53_rrset_conditionkeys_normalization>).
/// Escapes that are already there stay. None for a name that is hidden.
fn normalized(name: &str) -> Option<String> {
    if tag::is_hidden(name) {
        return None;
    }
    let name = name.strip_suffix('.').unwrap_or(name);
    let mut out = String::with_capacity(name.len());
    for byte in name.bytes() {
        match byte {
            b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'\\' => out.push(char::from(byte)),
            b'A'..=b'Z' => out.push(char::from(byte.to_ascii_lowercase())),
            other => out.push_str(&format!("\\{other:03o}")),
        }
    }
    Some(out)
}

/// The ARN of the function of an event source mapping, which the call may name by its name.
fn function_arn(ask: &Ask<'_>) -> Tell {
    if ask.lists("lambda:FunctionArn") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["functionName"]) {
        Parameter::Given(value) => {
            let record = ask.told.record;
            let name = value.as_str().unwrap_or_default();
            if Arn::parse(name).is_some() {
                return Tell::Value(name.to_owned());
            }
            let place = record.aws_region.zip(record.recipient_account_id);
            match place.filter(|_| !name.is_empty() && !name.contains(':')) {
                Some((region, account)) => {
                    let partition = partition_of(ask);
                    Tell::Value(format!("arn:{partition}:lambda:{region}:{account}:function:{name}"))
                }
                None => Tell::Unknown("the record does not tell the function's ARN"),
            }
        }
        Parameter::NotGiven => Tell::Unknown("the record names no function"),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// Calls on what is in a cluster, which `cluster` names; others name it within the ARN of what they are about.
const OF_CLUSTERS: [&str; 12] = [
    "CreateService",
    "DeleteService",
    "DescribeContainerInstances",
    "DescribeServices",
    "DescribeTasks",
    "ExecuteCommand",
    "ListServices",
    "ListTasks",
    "RunTask",
    "StartTask",
    "StopTask",
    "UpdateService",
];

fn given_any(ask: &Ask<'_>) -> bool {
    ask.parameters().is_ok_and(|all| all.is_some())
}

/// The ARN of the cluster, which a call may name by its name; without one that is the one called `default`
/// (<https://docs.aws.amazon.com/AmazonECS/latest/APIReference/API_RunTask.html>, `cluster`).
fn cluster_arn(ask: &Ask<'_>) -> Tell {
    const WHY: &str = "the record does not tell the cluster's ARN";
    if ask.lists("ecs:cluster") == Some(false) {
        return Tell::Absent;
    }
    let name = match ask.parameter(&["cluster"]) {
        Parameter::Given(value) => value.as_str().unwrap_or_default(),
        Parameter::NotGiven if OF_CLUSTERS.contains(&ask.action()) && given_any(ask) => "default",
        Parameter::NotGiven => return Tell::Unknown(WHY),
        Parameter::Hidden(why) => return Tell::Unknown(why),
    };
    if Arn::parse(name).is_some() {
        return Tell::Value(name.to_owned());
    }
    let record = ask.told.record;
    let place = record.aws_region.zip(record.recipient_account_id);
    match place.filter(|_| !name.is_empty() && !name.contains([':', '/'])) {
        Some((region, account)) => {
            Tell::Value(format!("arn:{}:ecs:{region}:{account}:cluster/{name}", partition_of(ask)))
        }
        None => Tell::Unknown(WHY),
    }
}

/// The ARNs of the targets that a rule is given.
fn target_arns(ask: &Ask<'_>) -> Tell {
    if ask.lists("events:TargetArn") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["targets"]) {
        Parameter::Given(targets) => {
            let arn = |target: &Value| target.get("arn")?.as_str().map(str::to_owned);
            let arns: Option<Vec<String>> = tag::items(targets).map(arn).collect();
            match arns.filter(|arns| !arns.is_empty() && !arns.iter().any(|arn| tag::is_hidden(arn))) {
                Some(mut arns) => {
                    arns.sort();
                    arns.dedup();
                    Tell::Values(arns)
                }
                None => Tell::Unknown("the targets have a form that is not read here"),
            }
        }
        Parameter::NotGiven => Tell::Unknown("the record names no targets"),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// The value of the table's partition key. A record of a data event names the whole key of one item; with one attribute
/// that is the partition key
/// (<https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/logging-using-cloudtrail.html>).
fn leading_keys(ask: &Ask<'_>) -> Tell {
    const WHY: &str = "the record does not tell the partition key";
    if ask.lists("dynamodb:LeadingKeys") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["key"]) {
        Parameter::Given(Value::Object(key)) => {
            let mut attributes = key.values();
            match (attributes.next(), attributes.next()) {
                (Some(Value::String(text)), None) if !tag::is_hidden(text) => {
                    Tell::Values(vec![text.clone()])
                }
                _ => Tell::Unknown(WHY),
            }
        }
        Parameter::Given(_) | Parameter::NotGiven => Tell::Unknown(WHY),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}
