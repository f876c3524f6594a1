//! The text of records.

use super::random::Random;
use super::text;

/// What a record says beside who called.
#[derive(Debug, Clone, Default)]
pub(super) struct Call {
    /// `eventSource` without `.amazonaws.com`.
    pub(super) source: &'static str,
    pub(super) name: &'static str,
    pub(super) writes: bool,
    pub(super) data: bool,
    /// JSON; empty for null.
    pub(super) request: String,
    pub(super) response: String,
    /// Further members, with a comma behind each.
    pub(super) more: String,
    /// `AwsApiCall` if empty.
    pub(super) kind: &'static str,
}

/// Who called, from where.
pub(super) struct From<'a> {
    pub(super) identity: &'a str,
    pub(super) address: &'a str,
}

/// A record.
pub(super) fn text_of(
    call: &Call,
    from: &From<'_>,
    time: i64,
    (account, region): (&str, &str),
    random: &mut Random,
) -> String {
    let null = |json: &str| if json.is_empty() { "null".to_owned() } else { json.to_owned() };
    let Call { source, name, writes, data, request, response, more, kind } = call;
    let From { identity, address } = from;
    let mut out = String::with_capacity(1600);
    out.extend([r#"{"eventVersion":"1.11","userIdentity":"#, identity, r#","eventTime":""#]);
    text::iso(time, &mut out);
    out.push_str(&format!(
        r#"","eventSource":"{source}.amazonaws.com","eventName":"{name}","awsRegion":"{region}","sourceIPAddress":"{address}","userAgent":"aws-cli/2.22.35","requestParameters":{},"responseElements":{},{more}"requestID":""#,
        null(request),
        null(response)
    ));
    text::uuid(random, &mut out);
    out.push_str(r#"","eventID":""#);
    text::uuid(random, &mut out);
    let kind = if kind.is_empty() { "AwsApiCall" } else { kind };
    let category = if *data { "Data" } else { "Management" };
    out.push_str(&format!(
        r#"","readOnly":{},"eventType":"{kind}","managementEvent":{},"recipientAccountId":"{account}","eventCategory":"{category}"}}"#,
        !writes, !data
    ));
    out
}

/// What anybody may do.
pub(super) fn anything(random: &mut Random) -> Call {
    let of = |source, name, writes, data, request: &str, response: &str| Call {
        source,
        name,
        writes,
        data,
        request: request.to_owned(),
        response: response.to_owned(),
        ..Call::default()
    };
    let mut call = match random.below(8) {
        0 => of("sts", "GetCallerIdentity", false, false, "", ""),
        1 => of("ec2", "DescribeInstances", false, false, r#"{"instancesSet":{},"filterSet":{}}"#, ""),
        2 => of("s3", "ListBuckets", false, false, r#"{"Host":"s3.amazonaws.com"}"#, ""),
        3 => of("s3", "GetObject", false, true, r#"{"bucketName":"example-data","key":"part-00001"}"#, ""),
        4 => of("s3", "PutObject", true, true, r#"{"bucketName":"example-data","key":"part-00002"}"#, ""),
        5 => of("dynamodb", "DescribeTable", false, false, r#"{"tableName":"shop-table"}"#, ""),
        6 => {
            of("sqs", "CreateQueue", true, false, r#"{"queueName":"shop"}"#, r#"{"queueUrl":"https://sqs"}"#)
        }
        _ => of("secretsmanager", "GetSecretValue", false, false, r#"{"secretId":"prod/shop"}"#, ""),
    };
    if random.chance(0.05) {
        call.response.clear();
        call.more.push_str(r#""errorCode":"AccessDenied","errorMessage":"User is not authorized","#);
    }
    call
}

/// The response of an issuance: the key, and further members, each with a comma before it.
pub(super) fn credentials(key: &str, ends: i64, more: &str, random: &mut Random) -> String {
    let mut out = format!(r#"{{"credentials":{{"accessKeyId":"{key}","sessionToken":"IQoJb3JpZ2luX2VjE"#);
    text::base64(random, 60, &mut out);
    out.extend([r#"","expiration":""#, &text::long(ends), "\"}", more, "}"]);
    out
}
