//! Keys of AWS KMS.
//!
//! <https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html>

use serde_json::Value;

use super::super::Field;
use super::super::tag;
use super::ask::{Ask, PARAMETERS, Parameter, Relation, Tell};
use super::network::{Via, via};
use super::rule::{Otherwise, Rule, value_of};

const OF_KEY: &str = "it is a property of the key, which is not supplied";
const DEFAULT: &str = "the service's default is not logged";
const VIA: &[Field] = &[Field::SourceIpAddress, Field::AwsRegion];

pub(super) const RULES: &[Rule] = &[
    Rule::new("kms:calleraccount", &[], caller_account),
    Rule::new("kms:viaservice", VIA, via_service),
    Rule::new("kms:grantisforawsresource", VIA, for_aws_resource),
    Rule::family("kms:encryptioncontext:", PARAMETERS, encryption_context),
    Rule::new("kms:encryptioncontextkeys", PARAMETERS, encryption_context_keys),
    Rule::new("kms:encryptionalgorithm", PARAMETERS, encryption_algorithm),
    Rule::new("kms:requestalias", PARAMETERS, request_alias),
    Rule::new("kms:keyspec", PARAMETERS, |ask| {
        of_creation(ask, "kms:KeySpec", &["keySpec", "customerMasterKeySpec"], "SYMMETRIC_DEFAULT")
    }),
    Rule::new("kms:customermasterkeyspec", PARAMETERS, |ask| {
        of_creation(
            ask,
            "kms:CustomerMasterKeySpec",
            &["customerMasterKeySpec", "keySpec"],
            "SYMMETRIC_DEFAULT",
        )
    }),
    Rule::new("kms:keyusage", PARAMETERS, |ask| {
        of_creation(ask, "kms:KeyUsage", &["keyUsage"], "ENCRYPT_DECRYPT")
    }),
    Rule::new("kms:customermasterkeyusage", PARAMETERS, |ask| {
        of_creation(ask, "kms:CustomerMasterKeyUsage", &["keyUsage"], "ENCRYPT_DECRYPT")
    }),
    Rule::new("kms:keyorigin", PARAMETERS, |ask| of_creation(ask, "kms:KeyOrigin", &["origin"], "AWS_KMS")),
    Rule::new("kms:multiregion", PARAMETERS, |ask| {
        of_creation(ask, "kms:MultiRegion", &["multiRegion"], "false")
    }),
    Rule::new("kms:grantconstrainttype", PARAMETERS, grant_constraint_type),
    Rule::mirror("kms:grantoperations", "kms:GrantOperations", &["operations"], Otherwise::Absent),
    Rule::mirror("kms:granteeprincipal", "kms:GranteePrincipal", &["granteePrincipal"], Otherwise::Absent),
    Rule::mirror("kms:retiringprincipal", "kms:RetiringPrincipal", &["retiringPrincipal"], Otherwise::Absent),
    Rule::mirror("kms:datakeypairspec", "kms:DataKeyPairSpec", &["keyPairSpec"], Otherwise::Absent),
    Rule::mirror("kms:signingalgorithm", "kms:SigningAlgorithm", &["signingAlgorithm"], Otherwise::Absent),
    Rule::mirror("kms:macalgorithm", "kms:MacAlgorithm", &["macAlgorithm"], Otherwise::Absent),
    Rule::mirror(
        "kms:keyagreementalgorithm",
        "kms:KeyAgreementAlgorithm",
        &["keyAgreementAlgorithm"],
        Otherwise::Absent,
    ),
    Rule::mirror("kms:messagetype", "kms:MessageType", &["messageType"], Otherwise::Unknown(DEFAULT)),
    Rule::mirror("kms:replicaregion", "kms:ReplicaRegion", &["replicaRegion"], Otherwise::Absent),
    Rule::mirror("kms:primaryregion", "kms:PrimaryRegion", &["primaryRegion"], Otherwise::Absent),
    Rule::mirror(
        "kms:schedulekeydeletionpendingwindowindays",
        "kms:ScheduleKeyDeletionPendingWindowInDays",
        &["pendingWindowInDays"],
        Otherwise::Unknown(DEFAULT),
    ),
    Rule::mirror(
        "kms:rotationperiodindays",
        "kms:RotationPeriodInDays",
        &["rotationPeriodInDays"],
        Otherwise::Unknown(DEFAULT),
    ),
    Rule::mirror(
        "kms:bypasspolicylockoutsafetycheck",
        "kms:BypassPolicyLockoutSafetyCheck",
        &["bypassPolicyLockoutSafetyCheck"],
        Otherwise::Unknown(DEFAULT),
    ),
    Rule::mirror("kms:wrappingalgorithm", "kms:WrappingAlgorithm", &["wrappingAlgorithm"], Otherwise::Absent),
    Rule::mirror("kms:wrappingkeyspec", "kms:WrappingKeySpec", &["wrappingKeySpec"], Otherwise::Absent),
    Rule::mirror(
        "kms:expirationmodel",
        "kms:ExpirationModel",
        &["expirationModel"],
        Otherwise::Unknown(DEFAULT),
    ),
];

/// The account of whoever asks
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-caller-account>).
fn caller_account(ask: &Ask<'_>) -> Tell {
    if ask.service() != "kms" {
        return Tell::Absent;
    }
    match ask.told.who.caller.account() {
        Some(account) => Tell::Value(account.to_string()),
        None => Tell::Unknown("the caller's account is not known"),
    }
}

/// `SERVICE.REGION.amazonaws.com` when a service forwards its caller's request, absent when the caller asks itself
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-via-service>).
fn via_service(ask: &Ask<'_>) -> Tell {
    if ask.service() != "kms" {
        return Tell::Absent;
    }
    if ask.relation != Relation::Own {
        return Tell::Unknown(super::ask::DERIVED);
    }
    match via(ask) {
        Via::Direct => Tell::Absent,
        Via::Perhaps => {
            Tell::Unknown("the service may have made the call in a role of its own, or for its caller")
        }
        Via::Forwarded(service) => {
            let label = service.strip_suffix(".amazonaws.com").and_then(via_label);
            match label.zip(ask.told.record.aws_region) {
                Some((label, region)) => Tell::Value(format!("{label}.{region}.amazonaws.com")),
                None => Tell::Unknown("under which name KMS knows the service is not certain"),
            }
        }
    }
}

/// Services that KMS knows under the name that they have as principals.
const VIA_ALIKE: [&str; 35] = [
    "acm",
    "aoss",
    "appflow",
    "backup",
    "bedrock",
    "codeartifact",
    "connect",
    "dms",
    "dynamodb",
    "ec2",
    "ecr",
    "elasticache",
    "elasticfilesystem",
    "es",
    "forecast",
    "fsx",
    "glue",
    "kafka",
    "kendra",
    "kinesis",
    "lambda",
    "lex",
    "mq",
    "personalize",
    "rds",
    "redshift",
    "s3",
    "sagemaker",
    "secretsmanager",
    "ses",
    "sns",
    "sqs",
    "ssm",
    "timestream",
    "workspaces",
];

/// The name that KMS has for a service which forwards a request, from the one in `invokedBy`: EBS asks as the front end of EC2
/// (<https://docs.aws.amazon.com/ebs/latest/userguide/how-ebs-encryption-works.html>). None if it is not known.
fn via_label(invoked_by: &str) -> Option<&str> {
    if invoked_by == "ec2-frontend-api" {
        return Some("ec2");
    }
    VIA_ALIKE.contains(&invoked_by).then_some(invoked_by)
}

/// Whether a service asks for the grant on its caller's behalf
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-is-for-aws-resource>).
fn for_aws_resource(ask: &Ask<'_>) -> Tell {
    if ask.lists("kms:GrantIsForAWSResource") == Some(false) {
        return Tell::Absent;
    }
    match (ask.relation, via(ask)) {
        (Relation::Own, Via::Forwarded(_)) => Tell::Value("true".to_owned()),
        (Relation::Own, Via::Direct) => Tell::Value("false".to_owned()),
        _ => Tell::Unknown("the service may have made the call in a role of its own, or for its caller"),
    }
}

/// The pairs of the encryption context; of a grant, those of its constraint
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-encryption-context>).
fn pairs<'a>(ask: &Ask<'a>, listed: &str) -> Result<Option<&'a Value>, Tell> {
    if ask.lists(listed) == Some(false) {
        return Err(Tell::Absent);
    }
    let paths =
        ["encryptionContext", "constraints.encryptionContextEquals", "constraints.encryptionContextSubset"];
    let two_sided = ask.action().to_ascii_lowercase();
    let paths: &[&str] = match two_sided.as_str() {
        "reencryptfrom" => &["sourceEncryptionContext"],
        "reencryptto" => &["destinationEncryptionContext"],
        _ => &paths,
    };
    match ask.parameter(paths) {
        Parameter::Given(value @ Value::Object(_)) => Ok(Some(value)),
        Parameter::Given(_) => Err(Tell::Unknown("the encryption context has a form that is not read here")),
        Parameter::NotGiven => Ok(None),
        Parameter::Hidden(why) => Err(Tell::Unknown(why)),
    }
}

/// The keys of the encryption context in the parameters of a call.
pub(super) fn context_keys(parameters: &Value) -> impl Iterator<Item = &str> {
    let contexts = [
        "/encryptionContext",
        "/constraints/encryptionContextEquals",
        "/constraints/encryptionContextSubset",
    ];
    let fields = contexts.into_iter().filter_map(|path| parameters.pointer(path)?.as_object());
    fields.flat_map(|fields| fields.keys().map(String::as_str))
}

fn encryption_context(ask: &Ask<'_>, key: &str) -> Tell {
    match pairs(ask, "kms:EncryptionContext:${EncryptionContextKey}") {
        Err(told) => told,
        Ok(pairs) => {
            let mut fields = pairs.and_then(Value::as_object).into_iter().flatten();
            let value = fields.find(|(own, _)| own.to_lowercase() == key).map(|(_, value)| tag::text(value));
            match value {
                Some(value) if tag::is_hidden(&value) => Tell::Unknown(super::ask::HIDDEN),
                Some(value) => Tell::Value(value),
                None => Tell::Absent,
            }
        }
    }
}

fn encryption_context_keys(ask: &Ask<'_>) -> Tell {
    match pairs(ask, "kms:EncryptionContextKeys") {
        Err(told) => told,
        Ok(pairs) => {
            let fields = pairs.and_then(Value::as_object).into_iter().flatten();
            Tell::Values(fields.map(|(key, _)| key.clone()).collect())
        }
    }
}

fn encryption_algorithm(ask: &Ask<'_>) -> Tell {
    if ask.lists("kms:EncryptionAlgorithm") == Some(false) {
        return Tell::Absent;
    }
    let path = match ask.action().to_ascii_lowercase().as_str() {
        "reencryptfrom" => "sourceEncryptionAlgorithm",
        "reencryptto" => "destinationEncryptionAlgorithm",
        _ => "encryptionAlgorithm",
    };
    match ask.parameter(&[path]) {
        Parameter::Given(value) => value_of(value),
        Parameter::NotGiven => Tell::Unknown(DEFAULT),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// The alias by which the request names the key
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-request-alias>). A record
/// may have the key's ARN where the request had the alias, so only an alias that is logged is certain.
fn request_alias(ask: &Ask<'_>) -> Tell {
    if ask.lists("kms:RequestAlias") == Some(false) {
        return Tell::Absent;
    }
    match ask.parameter(&["keyId"]) {
        Parameter::Given(value) => {
            let text = value.as_str().unwrap_or_default();
            let alias = text.rsplit(':').next().filter(|name| name.starts_with("alias/"));
            alias.map_or(
                Tell::Unknown("the record may have the key's ARN in the place of its alias"),
                |alias| Tell::Value(alias.to_owned()),
            )
        }
        Parameter::NotGiven => Tell::Unknown("the record names no key"),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// What a new key is given, with the default that
/// <https://docs.aws.amazon.com/kms/latest/APIReference/API_CreateKey.html> documents; of calls on a key that exists it is
/// a property of the key.
fn of_creation(ask: &Ask<'_>, listed: &str, paths: &[&str], default: &str) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    if !ask.action().eq_ignore_ascii_case("CreateKey") {
        return Tell::Unknown(OF_KEY);
    }
    match ask.parameter(paths) {
        Parameter::Given(value) => value_of(value),
        Parameter::NotGiven => Tell::Value(default.to_owned()),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// Which constraint a grant has
/// (<https://docs.aws.amazon.com/kms/latest/developerguide/conditions-kms.html#conditions-kms-grant-constraint-type>).
fn grant_constraint_type(ask: &Ask<'_>) -> Tell {
    if ask.lists("kms:GrantConstraintType") == Some(false) {
        return Tell::Absent;
    }
    for (path, name) in [
        ("constraints.encryptionContextEquals", "EncryptionContextEquals"),
        ("constraints.encryptionContextSubset", "EncryptionContextSubset"),
    ] {
        match ask.parameter(&[path]) {
            Parameter::Given(_) => return Tell::Value(name.to_owned()),
            Parameter::NotGiven => {}
            Parameter::Hidden(why) => return Tell::Unknown(why),
        }
    }
    Tell::Absent
}
