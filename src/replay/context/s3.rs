//! Keys of Amazon S3.
//!
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/amazon-s3-policy-keys.html>,
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/bucket-policy-s3-sigv4-conditions.html>

use serde_json::Value;

use super::super::Field;
use super::super::tag;
use super::ask::{Ask, PARAMETERS, Parameter, Relation, Tell};
use super::rule::{Otherwise, Rule};

const ADDITIONAL: &[Field] = &[Field::AdditionalEventData];
/// What tells through what a bucket was reached.
const REACHED: &[Field] = &[Field::RequestParameters, Field::ErrorCode, Field::Resources];
const TLS: &[Field] = &[Field::TlsDetails, Field::AdditionalEventData];
const NOT_SURE: &str = "S3 may not log the header";

/// A header, which S3 logs as a parameter of its name.
const fn header(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::Absent)
}

/// A header that the call which begins an upload in parts takes, and those for its parts and its end do not: nobody documents
/// what their requests have for it (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_UploadPart.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/API/API_CreateMultipartUpload.html>).
const fn of_upload(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::AbsentBut(&PARTS, OF_UPLOAD))
}

/// The calls for the parts and the end of an upload.
const PARTS: [&str; 3] = ["CompleteMultipartUpload", "UploadPart", "UploadPartCopy"];
const OF_UPLOAD: &str = "the call that began the upload in parts has said it";

/// A header of which it is not certain that S3 logs it.
const fn unsure(key: &'static str, listed: &'static str, paths: &'static [&'static str]) -> Rule {
    Rule::mirror(key, listed, paths, Otherwise::Unknown(NOT_SURE))
}

pub(super) const RULES: &[Rule] = &[
    header("s3:prefix", "s3:prefix", &["prefix"]),
    header("s3:delimiter", "s3:delimiter", &["delimiter"]),
    header("s3:max-keys", "s3:max-keys", &["max-keys", "maxKeys"]),
    header("s3:versionid", "s3:versionid", &["versionId", "x-amz-version-id"]),
    of_upload("s3:x-amz-acl", "s3:x-amz-acl", &["x-amz-acl"]),
    header("s3:x-amz-copy-source", "s3:x-amz-copy-source", &["x-amz-copy-source"]),
    of_upload("s3:x-amz-grant-full-control", "s3:x-amz-grant-full-control", &["x-amz-grant-full-control"]),
    of_upload("s3:x-amz-grant-read", "s3:x-amz-grant-read", &["x-amz-grant-read"]),
    of_upload("s3:x-amz-grant-read-acp", "s3:x-amz-grant-read-acp", &["x-amz-grant-read-acp"]),
    header("s3:x-amz-grant-write", "s3:x-amz-grant-write", &["x-amz-grant-write"]),
    of_upload("s3:x-amz-grant-write-acp", "s3:x-amz-grant-write-acp", &["x-amz-grant-write-acp"]),
    header("s3:x-amz-metadata-directive", "s3:x-amz-metadata-directive", &["x-amz-metadata-directive"]),
    header("s3:x-amz-object-ownership", "s3:x-amz-object-ownership", &["x-amz-object-ownership"]),
    of_upload(
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption",
        &["x-amz-server-side-encryption"],
    ),
    of_upload(
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        &["x-amz-server-side-encryption-aws-kms-key-id"],
    ),
    header(
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        &["x-amz-server-side-encryption-customer-algorithm"],
    ),
    of_upload("s3:x-amz-storage-class", "s3:x-amz-storage-class", &["x-amz-storage-class"]),
    of_upload(
        "s3:x-amz-website-redirect-location",
        "s3:x-amz-website-redirect-location",
        &["x-amz-website-redirect-location"],
    ),
    header(
        "s3:locationconstraint",
        "s3:locationconstraint",
        &["CreateBucketConfiguration.LocationConstraint"],
    ),
    unsure("s3:object-lock-mode", "s3:object-lock-mode", &["x-amz-object-lock-mode"]),
    unsure("s3:object-lock-legal-hold", "s3:object-lock-legal-hold", &["x-amz-object-lock-legal-hold"]),
    unsure(
        "s3:object-lock-retain-until-date",
        "s3:object-lock-retain-until-date",
        &["x-amz-object-lock-retain-until-date"],
    ),
    unsure("s3:if-none-match", "s3:if-none-match", &["if-none-match"]),
    unsure("s3:if-match", "s3:if-match", &["if-match"]),
    Rule::new("s3:authtype", ADDITIONAL, auth_type),
    Rule::new("s3:signatureversion", ADDITIONAL, signature_version),
    Rule::new("s3:tlsversion", TLS, tls_version),
    Rule::new("s3:resourceaccount", &[], resource_account),
    Rule::new("s3:dataaccesspointarn", REACHED, access_point_arn),
    Rule::new("s3:dataaccesspointaccount", REACHED, access_point_account),
    Rule::new("s3:accesspointnetworkorigin", REACHED, access_point_origin),
    Rule::new("s3:requestobjecttagkeys", PARAMETERS, object_tag_keys),
    Rule::family("s3:requestobjecttag/", PARAMETERS, object_tag),
    Rule::family("s3:existingobjecttag/", &[], |ask, _| {
        if ask.lists("s3:ExistingObjectTag/<key>") == Some(false) {
            Tell::Absent
        } else {
            Tell::Unknown("tags of objects are not read")
        }
    }),
];

fn additional<'a>(ask: &Ask<'a>, name: &str) -> Option<&'a str> {
    ask.told.parsed.additional.as_ref()?.get(name)?.as_str()
}

/// What a request to another service does not have, and what a derived one does not show.
fn if_s3(ask: &Ask<'_>, told: Option<String>, why: &'static str) -> Tell {
    match told {
        _ if !ask.service().starts_with("s3") => Tell::Absent,
        Some(value) if ask.relation == Relation::Own => Tell::Value(value),
        _ => Tell::Unknown(why),
    }
}

fn auth_type(ask: &Ask<'_>) -> Tell {
    let value = additional(ask, "AuthenticationMethod").and_then(|method| {
        Some(match method {
            "AuthHeader" => "REST-HEADER",
            "QueryString" => "REST-QUERY-STRING",
            _ => return None,
        })
    });
    if_s3(ask, value.map(str::to_owned), "the record does not tell how the request was signed")
}

fn signature_version(ask: &Ask<'_>) -> Tell {
    let value = additional(ask, "SignatureVersion").and_then(|version| {
        Some(match version {
            "SigV4" => "AWS4-HMAC-SHA256",
            "SigV2" => "AWS",
            _ => return None,
        })
    });
    if_s3(ask, value.map(str::to_owned), "the record does not tell how the request was signed")
}

/// `1.2` for `TLSv1.2`.
fn tls_version(ask: &Ask<'_>) -> Tell {
    let version = ask.told.parsed.tls.as_ref().and_then(|tls| tls.get("tlsVersion")?.as_str());
    let number = version.and_then(|version| version.strip_prefix("TLSv")).map(str::to_owned);
    if_s3(ask, number, "the record does not tell of TLS")
}

fn resource_account(ask: &Ask<'_>) -> Tell {
    let account = ask.told.asked.resource_account.map(|account| account.to_string());
    match account {
        _ if !ask.service().starts_with("s3") => Tell::Absent,
        Some(account) => Tell::Value(account),
        None => Tell::Unknown("the account of the resource is not known"),
    }
}

/// Through what a bucket is reached.
enum Reached<'a> {
    AccessPoint(&'a str),
    Bucket,
    Unknown(&'static str),
}

/// A bucket is named by its name; an access point by its ARN or its alias, which ends in `-s3alias`
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-alias.html>). Whatever the parameters name, the record's
/// resources name the access point that was used
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-points-monitoring-logging.html>).
fn reached<'a>(ask: &Ask<'a>) -> Reached<'a> {
    let items = ask.told.parsed.resources.as_ref().and_then(Value::as_array);
    let arns = items.into_iter().flatten().filter_map(|item| item.get("ARN").or_else(|| item.get("arn")));
    let mut points = arns.filter_map(Value::as_str).filter(|arn| arn.contains(":accesspoint/"));
    match (points.next(), points.next()) {
        (Some(point), None) => return Reached::AccessPoint(point),
        (Some(_), Some(_)) => return Reached::Unknown("the record names several access points"),
        (None, _) => {}
    }
    match ask.parameter(&["bucketName"]) {
        Parameter::Given(value) => match value.as_str() {
            Some(name) if name.contains(":accesspoint/") => Reached::AccessPoint(name),
            Some(name) if !name.starts_with("arn:") && !name.ends_with("-s3alias") => Reached::Bucket,
            _ => Reached::Unknown("the access point is named by an alias"),
        },
        Parameter::NotGiven => Reached::Unknown("the record names no bucket"),
        Parameter::Hidden(why) => Reached::Unknown(why),
    }
}

fn access_point_arn(ask: &Ask<'_>) -> Tell {
    match reached(ask) {
        _ if !ask.service().starts_with("s3") => Tell::Absent,
        Reached::AccessPoint(arn) => Tell::Value(arn.to_owned()),
        Reached::Bucket => Tell::Absent,
        Reached::Unknown(why) => Tell::Unknown(why),
    }
}

fn access_point_account(ask: &Ask<'_>) -> Tell {
    match access_point_arn(ask) {
        Tell::Value(arn) => {
            let account = arn.split(':').nth(4).map(str::to_owned);
            account.map_or(Tell::Unknown("the ARN names no account"), Tell::Value)
        }
        other => other,
    }
}

fn access_point_origin(ask: &Ask<'_>) -> Tell {
    match access_point_arn(ask) {
        Tell::Value(_) => Tell::Unknown("the record does not tell where the access point may be used from"),
        other => other,
    }
}

/// The header `x-amz-tagging`, or the tags of a call that sets them.
fn object_tags(ask: &Ask<'_>, listed: &str) -> Result<tag::Given, Tell> {
    if ask.lists(listed) == Some(false) {
        return Err(Tell::Absent);
    }
    match ask.parameter(&["x-amz-tagging", "Tagging.TagSet"]) {
        Parameter::Given(_) => match ask.parameters() {
            Ok(Some(parameters)) => Ok(tag::given(parameters)),
            _ => Err(Tell::Unknown(NOT_SURE)),
        },
        Parameter::NotGiven => Err(Tell::Unknown(NOT_SURE)),
        Parameter::Hidden(why) => Err(Tell::Unknown(why)),
    }
}

fn object_tag(ask: &Ask<'_>, key: &str) -> Tell {
    match object_tags(ask, "s3:RequestObjectTag/<key>") {
        Ok(given) => {
            let found = given.tags.iter().find(|(own, _)| own.to_lowercase() == key);
            match found {
                Some((_, value)) => Tell::Value(value.clone()),
                None if given.hidden => Tell::Unknown(super::ask::HIDDEN),
                None => Tell::Absent,
            }
        }
        Err(told) => told,
    }
}

fn object_tag_keys(ask: &Ask<'_>) -> Tell {
    match object_tags(ask, "s3:RequestObjectTagKeys") {
        Ok(given) if given.hidden => Tell::Unknown(super::ask::HIDDEN),
        Ok(given) => Tell::Values(given.tags.into_keys().collect()),
        Err(told) => told,
    }
}
