//! Keys of Amazon EC2.
//!
//! <https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-for-amazon-ec2.html#amazon-ec2-keys>,
//! <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazonec2.html#amazonec2-policy-keys>

use super::super::Field;
use super::super::tag;
use super::ask::{Ask, PARAMETERS, Parameter, Relation, Tell};
use super::rule::{Rule, value_of};
use crate::aws::Arn;

const DEFAULT: &str =
    "the record does not tell: a launch template, the image or a default of the account may";
const OF_RESOURCE: &str = "it is a property of the resource, which is not supplied";

pub(super) const RULES: &[Rule] = &[
    Rule::new("ec2:region", &[Field::AwsRegion], region),
    Rule::new("ec2:createaction", &[], create_action),
    Rule::new("ec2:instancetype", PARAMETERS, |ask| {
        launched(ask, "ec2:InstanceType", "instance", &["instanceType"])
    }),
    Rule::new("ec2:tenancy", PARAMETERS, |ask| {
        launched(ask, "ec2:Tenancy", "instance", &["tenancy", "placement.tenancy"])
    }),
    Rule::new("ec2:ebsoptimized", PARAMETERS, |ask| {
        launched(ask, "ec2:EbsOptimized", "instance", &["ebsOptimized"])
    }),
    Rule::new("ec2:instanceprofile", PARAMETERS, instance_profile),
    Rule::new("ec2:metadatahttptokens", PARAMETERS, |ask| {
        metadata(ask, "ec2:MetadataHttpTokens", "httpTokens")
    }),
    Rule::new("ec2:metadatahttpendpoint", PARAMETERS, |ask| {
        metadata(ask, "ec2:MetadataHttpEndpoint", "httpEndpoint")
    }),
    Rule::new("ec2:metadatahttpputresponsehoplimit", PARAMETERS, |ask| {
        metadata(ask, "ec2:MetadataHttpPutResponseHopLimit", "httpPutResponseHopLimit")
    }),
    Rule::new("ec2:instancemarkettype", PARAMETERS, |ask| {
        launched(ask, "ec2:InstanceMarketType", "instance", &["instanceMarketOptions.marketType"])
    }),
    Rule::new("ec2:volumetype", PARAMETERS, |ask| created(ask, "ec2:VolumeType", &["volumeType"])),
    Rule::new("ec2:volumesize", PARAMETERS, |ask| created(ask, "ec2:VolumeSize", &["size"])),
    Rule::new("ec2:volumeiops", PARAMETERS, |ask| created(ask, "ec2:VolumeIops", &["iops"])),
    Rule::new("ec2:encrypted", PARAMETERS, |ask| created(ask, "ec2:Encrypted", &["encrypted"])),
    Rule::new("ec2:availabilityzone", PARAMETERS, |ask| {
        created(ask, "ec2:AvailabilityZone", &["zone", "availabilityZone"])
    }),
    Rule::new("ec2:add/userid", PARAMETERS, |ask| permission(ask, "ec2:Add/userId", "add", "userId")),
    Rule::new("ec2:add/group", PARAMETERS, |ask| permission(ask, "ec2:Add/group", "add", "group")),
    Rule::new("ec2:remove/userid", PARAMETERS, |ask| {
        permission(ask, "ec2:Remove/userId", "remove", "userId")
    }),
    Rule::new("ec2:remove/group", PARAMETERS, |ask| permission(ask, "ec2:Remove/group", "remove", "group")),
    Rule::new("ec2:imageid", PARAMETERS, |ask| id(ask, "ec2:ImageID", "image")),
    Rule::new("ec2:instanceid", PARAMETERS, |ask| id(ask, "ec2:InstanceID", "instance")),
    Rule::new("ec2:vpcid", PARAMETERS, |ask| id(ask, "ec2:VpcID", "vpc")),
    Rule::new("ec2:subnetid", PARAMETERS, |ask| id(ask, "ec2:SubnetID", "subnet")),
    Rule::new("ec2:securitygroupid", PARAMETERS, |ask| id(ask, "ec2:SecurityGroupID", "security-group")),
    Rule::new("ec2:snapshotid", PARAMETERS, |ask| id(ask, "ec2:SnapshotID", "snapshot")),
    Rule::new("ec2:volumeid", PARAMETERS, |ask| id(ask, "ec2:VolumeID", "volume")),
];

/// The type of the request's resource, as its ARN names it.
fn kind<'a>(ask: &Ask<'a>) -> Option<&'a str> {
    Arn::parse(ask.arn()?)?.resource.split('/').next()
}

fn region(ask: &Ask<'_>) -> Tell {
    match ask.told.record.aws_region.filter(|region| !region.is_empty()) {
        _ if ask.service() != "ec2" => Tell::Absent,
        Some(region) if matches!(ask.relation, Relation::Own | Relation::SameService) => {
            Tell::Value(region.to_owned())
        }
        _ => Tell::Unknown("the record names no region"),
    }
}

/// The call that creates what is tagged
/// (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>); a call that only tags
/// creates nothing.
fn create_action(ask: &Ask<'_>) -> Tell {
    if ask.lists("ec2:CreateAction") == Some(false) {
        return Tell::Absent;
    }
    let name = ask.told.record.event_name.unwrap_or_default();
    match ask.relation {
        _ if name == "CreateTags" => Tell::Absent,
        Relation::SameService => Tell::Value(name.to_owned()),
        _ => Tell::Unknown(super::ask::DERIVED),
    }
}

/// A parameter of an instance that is launched; of other calls it is a property of the instance. Requests on resources of
/// another type do not have the key.
fn launched(ask: &Ask<'_>, listed: &str, of: &str, paths: &[&str]) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    if !ask.action().eq_ignore_ascii_case("RunInstances") {
        return Tell::Unknown(OF_RESOURCE);
    }
    match (kind(ask), ask.parameter(paths)) {
        (Some(kind), _) if kind != of => Tell::Unknown(OF_RESOURCE),
        (_, Parameter::Given(value)) => value_of(value),
        (_, Parameter::NotGiven) => Tell::Unknown(DEFAULT),
        (_, Parameter::Hidden(why)) => Tell::Unknown(why),
    }
}

fn metadata(ask: &Ask<'_>, listed: &str, name: &str) -> Tell {
    launched(ask, listed, "instance", &[&format!("metadataOptions.{name}")])
}

/// The key is the ARN; a launch may name the profile by its name only.
fn instance_profile(ask: &Ask<'_>) -> Tell {
    match launched(ask, "ec2:InstanceProfile", "instance", &["iamInstanceProfile.arn"]) {
        Tell::Value(arn) if Arn::parse(&arn).is_none() => Tell::Unknown(DEFAULT),
        other => other,
    }
}

/// A parameter of a volume that is created by itself. Volumes of a launch have theirs in a list, one each.
fn created(ask: &Ask<'_>, listed: &str, paths: &[&str]) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    if !ask.action().eq_ignore_ascii_case("CreateVolume") || kind(ask).is_some_and(|kind| kind != "volume") {
        return Tell::Unknown(OF_RESOURCE);
    }
    match ask.parameter(paths) {
        Parameter::Given(value) => value_of(value),
        Parameter::NotGiven => Tell::Unknown(DEFAULT),
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// To whom a snapshot or image is shared, or from whom it is taken
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifySnapshotAttribute.html>,
/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_ModifyImageAttribute.html>).
fn permission(ask: &Ask<'_>, listed: &str, change: &str, field: &str) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    let paths = [format!("createVolumePermission.{change}"), format!("launchPermission.{change}")];
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    match ask.parameter(&paths) {
        Parameter::Given(value) => {
            let texts: Vec<String> =
                tag::items(value).filter_map(|one| tag::field(one, field)).map(tag::text).collect();
            if texts.iter().any(|text| tag::is_hidden(text)) {
                return Tell::Unknown(super::ask::HIDDEN);
            }
            Tell::Values(texts)
        }
        Parameter::NotGiven => Tell::Absent,
        Parameter::Hidden(why) => Tell::Unknown(why),
    }
}

/// The id of the request's resource, which its ARN ends in.
fn id(ask: &Ask<'_>, listed: &str, of: &str) -> Tell {
    if ask.lists(listed) == Some(false) {
        return Tell::Absent;
    }
    let arn = ask.arn().and_then(Arn::parse);
    match arn.and_then(|arn| arn.resource.split_once('/')) {
        Some((kind, id)) if kind == of && !id.contains('*') => Tell::Value(id.to_owned()),
        _ => Tell::Unknown("the record does not tell the id of the resource"),
    }
}
