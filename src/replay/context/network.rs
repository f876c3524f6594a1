//! Keys of the call itself: when, where to, where from, through whom.
//!
//! Which requests have which is said, key by key, in
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html>.

use std::net::IpAddr;

use chrono::SecondsFormat;
use serde_json::Value;

use super::super::Field;
use super::super::request::partition;
use super::super::who::said;
use super::ask::{Ask, DERIVED, Relation, Tell};
use super::caller::NOT_LOGGED;
use super::rule::Rule;
use crate::aws::{Arn, Principal as Named, SourceAddress};
use crate::policy::{Caller, Effect, Match, Principal, Principals, Resource};
use crate::snapshot;

pub(super) const RULES: &[Rule] = &[
    Rule::new("aws:currenttime", &[Field::EventTime], |ask| {
        Tell::Value(ask.told.record.event_time.to_rfc3339_opts(SecondsFormat::Secs, true))
    }),
    Rule::new("aws:epochtime", &[Field::EventTime], |ask| {
        Tell::Value(ask.told.record.event_time.timestamp().to_string())
    }),
    Rule::new("aws:requestedregion", &[Field::AwsRegion, Field::AdditionalEventData], requested_region),
    Rule::new("aws:sourceip", NETWORK, source_ip),
    Rule::new("aws:vpcsourceip", NETWORK, vpc_source_ip),
    Rule::new("aws:sourcevpce", NETWORK, source_endpoint),
    Rule::new("aws:sourcevpc", NETWORK, source_vpc),
    Rule::new("aws:sourcevpcarn", VPC_ARN, source_vpc_arn),
    Rule::new("aws:vpceaccount", NETWORK, of_some_endpoints),
    Rule::new("aws:vpceorgid", NETWORK, of_some_endpoints),
    Rule::new("aws:vpceorgpaths", NETWORK, of_some_endpoints),
    Rule::new("aws:useragent", USER_AGENT, user_agent),
    Rule::new("aws:securetransport", TLS, secure_transport),
    Rule::new("aws:viaawsservice", VIA, via_service),
    Rule::new("aws:calledvia", VIA, called_via),
    Rule::new("aws:calledviafirst", VIA, called_via),
    Rule::new("aws:calledvialast", VIA, called_via_last),
    Rule::new("aws:sourcearn", &[], of_services),
    Rule::new("aws:sourceaccount", &[], of_services),
    Rule::new("aws:sourceorgid", &[], of_services),
    Rule::new("aws:sourceorgpaths", &[], of_services),
    Rule::new("aws:sourceowner", &[], of_services),
    Rule::new("aws:referer", &[], |_| Tell::Unknown(NOT_LOGGED)),
    Rule::new("aws:resourceaccount", &[], |_| {
        Tell::Snapshot(
            "the account of the resource is not known, or not all of the service's actions have the key",
        )
    }),
    Rule::new("aws:resourceorgid", &[], |_| Tell::Snapshot(super::NO_ORGANIZATION)),
    Rule::new("aws:resourceorgpaths", &[], |_| Tell::Snapshot(super::NO_ORGANIZATION)),
];

const NETWORK: &[Field] = &[Field::SourceIpAddress, Field::VpcEndpointId, Field::AdditionalEventData];
const VPC_ARN: &[Field] =
    &[Field::SourceIpAddress, Field::VpcEndpointId, Field::AdditionalEventData, Field::AwsRegion];
const VIA: &[Field] = &[Field::SourceIpAddress];
const USER_AGENT: &[Field] = &[Field::UserAgent, Field::SourceIpAddress];
const TLS: &[Field] = &[Field::TlsDetails, Field::AdditionalEventData];

const FORWARDED: &str = "a service made the call for its caller, whose own address is not logged";
const NOT_SURELY: &str = "the call was made through the console or a service: policies may see another address than the record names";
const MAY_BE_ROLE: &str = "the service may have made the call in a role of its own, or for its caller";

/// Through whom a call came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Via<'a> {
    /// From the caller itself; also a service that acts for itself, or in a role that was made for it.
    Direct,
    /// Through this service, with the caller's permissions (forward access session).
    Forwarded(&'a str),
    /// Perhaps through a service, which may have acted in a role of its own.
    Perhaps,
}

/// Calls that a service makes with its caller's permissions have `aws:ViaAWSService`, those in a service role or a
/// service-linked role do not (<https://docs.aws.amazon.com/IAM/latest/UserGuide/access_forward_access_sessions.html>,
/// <https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-viaawsservice>).
/// Records name the service in both cases; which it was is known of users, and of roles whose trust policy the service
/// cannot use.
pub(super) fn via<'a>(ask: &Ask<'a>) -> Via<'a> {
    let who = ask.told.who;
    if matches!(who.caller, Caller::Service { .. }) {
        return Via::Direct;
    }
    let Some(service) = who.forwarded_by.as_deref() else {
        let source = ask.told.record.source_ip_address.map(SourceAddress::parse);
        return match source {
            Some(SourceAddress::Service(_) | SourceAddress::Internal) => Via::Perhaps,
            _ => Via::Direct,
        };
    };
    // So are calls of the console marked, which come from the person in front of it.
    let is_console = !service.contains(".amazonaws.com") || service.starts_with("signin.");
    match &who.caller {
        _ if is_console => Via::Perhaps,
        Caller::RoleSession { role_arn, session_arn, .. } => {
            let name = role_arn.as_deref().unwrap_or(session_arn);
            if name.contains(":role/aws-service-role/") {
                return Via::Direct;
            }
            match trusts(ask, name, service) {
                Some(false) => Via::Forwarded(service),
                Some(true) | None => Via::Perhaps,
            }
        }
        Caller::Account { .. } => Via::Perhaps,
        _ => Via::Forwarded(service),
    }
}

/// Whether a service can assume a role; None if the snapshot has not got the role.
fn trusts(ask: &Ask<'_>, arn: &str, service: &str) -> Option<bool> {
    let role = role(ask, arn)?;
    let trust = role.trust.as_deref()?;
    if !trust.refused.is_empty() {
        return None;
    }
    let names = |principals: &Principals| {
        // Whom a `NotPrincipal` leaves is not looked at: it may be the service.
        principals.matching == Match::NotListed
            || principals.listed.iter().any(|principal| match principal {
                Principal::Service(name) => name == service,
                Principal::Everyone => true,
                _ => false,
            })
    };
    let allows = trust.statements.iter().filter(|own| own.effect == Effect::Allow);
    Some(allows.filter_map(|own| own.principals.as_ref()).any(names))
}

/// The role of an ARN of a role or a session.
pub(super) fn role<'a>(ask: &Ask<'a>, arn: &str) -> Option<&'a snapshot::Principal> {
    let parsed = Arn::parse(arn)?;
    let account = ask.told.snapshot.accounts.get(&parsed.account_id()?)?;
    match parsed.principal()? {
        Named::Role { name, .. } => account.roles.get(name).filter(|role| role.arn == arn),
        Named::RoleSession { role, .. } => account.roles.get(role),
        _ => None,
    }
}

/// The region of the endpoint that was called. Global services have one region for all, which is what they log
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion>).
fn requested_region(ask: &Ask<'_>) -> Tell {
    if serves_elsewhere(ask) {
        return inference_region(ask);
    }
    let region = said(ask.told.record.aws_region).filter(|region| is_region(region));
    match (ask.relation, region) {
        (Relation::Own | Relation::SameService, Some(region)) => Tell::Value(region.to_owned()),
        (Relation::Own | Relation::SameService, None) => Tell::Unknown("the record names no region"),
        (Relation::PassRole | Relation::Other, _) => Tell::Unknown(DERIVED),
    }
}

/// Whether a request is for a model of Bedrock wherever an inference profile has the call served: its region stands as `*`.
fn serves_elsewhere(ask: &Ask<'_>) -> bool {
    match &ask.told.asked.resource {
        Resource::Pattern(pattern) => {
            ask.service() == "bedrock" && pattern.contains(":bedrock:*::foundation-model/")
        }
        _ => false,
    }
}

/// The region where a call to an inference profile was served, which is the one that policies see
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/geographic-cross-region-inference.html>); of a profile for all regions
/// they see another word (<https://docs.aws.amazon.com/bedrock/latest/userguide/global-cross-region-inference.html>).
fn inference_region(ask: &Ask<'_>) -> Tell {
    let model = ask.told.parsed.parameters.as_ref().and_then(|all| all.get("modelId")?.as_str());
    let is_global =
        model.is_some_and(|model| model.rsplit('/').next().unwrap_or(model).starts_with("global."));
    let additional = ask.told.parsed.additional.as_ref();
    let region = additional.and_then(|all| all.get("inferenceRegion")?.as_str());
    match region.filter(|region| is_region(region) && !is_global) {
        Some(region) => Tell::Value(region.to_owned()),
        None => Tell::Unknown("an inference profile may have the call served in another region"),
    }
}

/// `eu-west-1`, `us-gov-west-1`.
fn is_region(text: &str) -> bool {
    text.split('-').count() >= 3
        && text.ends_with(|last: char| last.is_ascii_digit())
        && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

/// Where a call came from.
enum Network<'a> {
    /// Through a VPC endpoint, from this address if it is told.
    Endpoint(&'a str, Option<IpAddr>),
    /// Not through an endpoint, from this address.
    Outside(&'a str),
    /// That is not known, for this reason.
    Unclear(&'static str),
}

fn network<'a>(ask: &Ask<'a>) -> Network<'a> {
    if ask.relation == Relation::Other {
        return Network::Unclear(DERIVED);
    }
    let record = ask.told.record;
    let text = said(record.source_ip_address).unwrap_or_default();
    let source = SourceAddress::parse(text);
    let additional = || ask.told.parsed.additional.as_ref()?.get("vpcEndpointId")?.as_str();
    if let Some(endpoint) = said(record.vpc_endpoint_id).or_else(additional) {
        return Network::Endpoint(endpoint, source.ip());
    }
    match (via(ask), source) {
        (Via::Direct, SourceAddress::Public(_)) => Network::Outside(text),
        (_, SourceAddress::Private(_)) => {
            Network::Unclear("the address is a private one, but the record names no VPC endpoint")
        }
        (Via::Perhaps, SourceAddress::Public(_)) => Network::Unclear(NOT_SURELY),
        (Via::Forwarded(_) | Via::Perhaps, _) | (_, SourceAddress::Service(_) | SourceAddress::Internal) => {
            Network::Unclear(FORWARDED)
        }
        (_, SourceAddress::Other(_)) => Network::Unclear("the record names no address"),
    }
}

/// Requests through a VPC endpoint do not have it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourceip>).
/// What it is when a service forwards a call AWS does not say; the record has the service's name.
fn source_ip(ask: &Ask<'_>) -> Tell {
    match network(ask) {
        Network::Endpoint(..) => Tell::Absent,
        Network::Outside(address) => Tell::Value(address.to_owned()),
        Network::Unclear(why) => Tell::Unknown(why),
    }
}

/// Only requests through a VPC endpoint have it
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-vpcsourceip>).
fn vpc_source_ip(ask: &Ask<'_>) -> Tell {
    match network(ask) {
        Network::Endpoint(_, Some(address)) => Tell::Value(address.to_string()),
        Network::Endpoint(_, None) => Tell::Unknown("the record names no address"),
        Network::Outside(_) => Tell::Absent,
        Network::Unclear(why) => Tell::Unknown(why),
    }
}

fn source_endpoint(ask: &Ask<'_>) -> Tell {
    match network(ask) {
        Network::Endpoint(endpoint, _) => Tell::Value(endpoint.to_owned()),
        Network::Outside(_) => Tell::Absent,
        Network::Unclear(why) => Tell::Unknown(why),
    }
}

const NO_ENDPOINT: &str = "the endpoint's VPC is not supplied: vpc-endpoint-policies/";

fn source_vpc(ask: &Ask<'_>) -> Tell {
    match network(ask) {
        Network::Endpoint(endpoint, _) => {
            let known = ask.told.snapshot.endpoints.get(endpoint);
            match known.and_then(|known| known.vpc.clone()) {
                Some(vpc) => Tell::Value(vpc),
                None => Tell::Unknown(NO_ENDPOINT),
            }
        }
        Network::Outside(_) => Tell::Absent,
        Network::Unclear(why) => Tell::Unknown(why),
    }
}

/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcevpcarn>)
/// Not every service has it, so of a request through an endpoint it stays open whether it is there.
fn source_vpc_arn(ask: &Ask<'_>) -> Tell {
    match network(ask) {
        Network::Outside(_) => Tell::Absent,
        Network::Endpoint(..) => Tell::Unknown("only some services have it"),
        Network::Unclear(why) => Tell::Unknown(why),
    }
}

/// Only some services have these
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-vpceaccount>).
fn of_some_endpoints(ask: &Ask<'_>) -> Tell {
    source_vpc_arn(ask)
}

/// CloudTrail keeps so much of a user agent
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>).
const USER_AGENT_BYTES_MAX: usize = 1024;

/// The header of the request. Amazon S3 logs it in brackets
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/cloudtrail-logging-understanding-s3-entries.html>).
fn user_agent(ask: &Ask<'_>) -> Tell {
    let record = ask.told.record;
    let Some(text) = said(record.user_agent).filter(|_| ask.relation != Relation::Other) else {
        return Tell::Unknown("the record names no user agent");
    };
    if via(ask) != Via::Direct || text == "AWS Internal" {
        return Tell::Unknown("a service made the call for its caller, whose own user agent is not logged");
    }
    if text.len() >= USER_AGENT_BYTES_MAX {
        return Tell::Unknown("the record may cut the user agent off");
    }
    let is_s3 = record.event_source == Some("s3.amazonaws.com");
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).filter(|_| is_s3);
    Tell::Value(bare.unwrap_or(text).to_owned())
}

/// A record that names the version of TLS, or S3's that names a cipher suite, is of a request over TLS.
fn secure_transport(ask: &Ask<'_>) -> Tell {
    let text = |value: Option<&Value>, name: &str| {
        value.and_then(|value| value.get(name)?.as_str()).is_some_and(|text| !text.is_empty())
    };
    let is_tls = text(ask.told.parsed.tls.as_ref(), "tlsVersion")
        || text(ask.told.parsed.additional.as_ref(), "CipherSuite");
    if is_tls && ask.relation != Relation::Other {
        Tell::Value("true".to_owned())
    } else {
        Tell::Unknown("the record does not tell of TLS")
    }
}

fn via_service(ask: &Ask<'_>) -> Tell {
    match (ask.relation, via(ask)) {
        (Relation::Other, _) => Tell::Unknown(DERIVED),
        (_, Via::Direct) => Tell::Value("false".to_owned()),
        (_, Via::Forwarded(_)) => Tell::Value("true".to_owned()),
        (_, Via::Perhaps) => Tell::Unknown(MAY_BE_ROLE),
    }
}

/// Records name the last service of the chain only.
fn called_via(ask: &Ask<'_>) -> Tell {
    match (ask.relation, via(ask)) {
        (Relation::Other, _) => Tell::Unknown(DERIVED),
        (_, Via::Direct) => Tell::Absent,
        (_, Via::Forwarded(_)) => Tell::Unknown("the record names only the last service of the chain"),
        (_, Via::Perhaps) => Tell::Unknown(MAY_BE_ROLE),
    }
}

/// The services that fill `aws:CalledVia` in
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-calledvia>);
/// AWS adds to them, so of others it is not known.
const CALLED_VIA: [&str; 9] = [
    "athena.amazonaws.com",
    "cloud9.amazonaws.com",
    "cloudformation.amazonaws.com",
    "databrew.amazonaws.com",
    "dataexchange.amazonaws.com",
    "dynamodb.amazonaws.com",
    "kms.amazonaws.com",
    "servicecatalog-appregistry.amazonaws.com",
    "sqlworkbench.amazonaws.com",
];

fn called_via_last(ask: &Ask<'_>) -> Tell {
    match (ask.relation, via(ask)) {
        (Relation::Own | Relation::SameService | Relation::PassRole, Via::Forwarded(service))
            if CALLED_VIA.contains(&service) =>
        {
            Tell::Value(service.to_owned())
        }
        (Relation::Own | Relation::SameService | Relation::PassRole, Via::Forwarded(_)) => {
            Tell::Unknown("AWS does not list the service among those that have it")
        }
        _ => called_via(ask),
    }
}

/// Only calls that a service makes for itself have them
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-sourcearn>).
fn of_services(ask: &Ask<'_>) -> Tell {
    match &ask.told.who.caller {
        Caller::Service { .. } | Caller::Account { .. } => Tell::Unknown(NOT_LOGGED),
        _ if ask.relation == Relation::Other => Tell::Unknown(DERIVED),
        _ => Tell::Absent,
    }
}

/// The partition of the record's region.
pub(super) fn partition_of(ask: &Ask<'_>) -> &'static str {
    partition(ask.told.record.aws_region.unwrap_or_default())
}
