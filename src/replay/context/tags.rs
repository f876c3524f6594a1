//! Keys of tags: of the principal, of the request, of the resource.

use std::collections::BTreeMap;

use super::super::Field;
use super::super::tag::{self, Given};
use super::ask::{Ask, DERIVED, HIDDEN, Parameter, REFUSED, Relation, Tell};
use super::network::role;
use super::rule::{How, Rule};
use crate::aws::Arn;
use crate::policy::{Caller, Resource};

pub(super) const RULES: &[Rule] = &[
    Rule::family(PRINCIPAL_TAG, &[], principal_tag),
    Rule::family("aws:requesttag/", TAGS, |ask, key| request_tag(ask, "aws:RequestTag/${TagKey}", key)),
    Rule::family("rds:req-tag/", TAGS, |ask, key| request_tag(ask, "rds:req-tag/${TagKey}", key)),
    Rule::new("aws:tagkeys", TAGS, tag_keys),
];

const TAGS: &[Field] = super::ask::PARAMETERS;

/// What stands before the tag's key in the condition keys for tags of the caller.
pub(super) const PRINCIPAL_TAG: &str = "aws:principaltag/";

/// What stands before the tag's key in the condition keys for tags of resources.
pub(super) const RESOURCE_TAG: &str = ":resourcetag/";
const NO_TAGS: &str = "tags of the resource not supplied: resource-policies/";

/// The rule for `aws:ResourceTag/…`, `ec2:ResourceTag/…` and the like, which AWS names alike for all services.
pub(super) static OF_RESOURCE: Rule =
    Rule { key: "", fields: super::ask::PARAMETERS, how: How::Family(resource_tag) };

/// The tags of objects have keys of their own, and these are not listed for them
/// (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/tagging-and-policies.html>,
/// <https://docs.aws.amazon.com/service-authorization/latest/reference/list_amazons3.html>).
const OF_OBJECTS: &str = "for such a call S3 lists s3:RequestObjectTag and not this key";

/// Session tags come before those of user or role, key by key
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html>). Services and subjects of identity providers
/// are neither
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principaltag>).
fn principal_tag(ask: &Ask<'_>, key: &str) -> Tell {
    let told = ask.told;
    match &told.who.caller {
        Caller::Service { .. } | Caller::Federated { .. } | Caller::Anonymous => return Tell::Absent,
        Caller::Account { .. } => {
            return Tell::Unknown("the tags of the caller's account's users and roles are not here");
        }
        Caller::User { .. } | Caller::Root { .. } => {
            return Tell::Snapshot("tags of the user not supplied: authorization details of its account");
        }
        Caller::RoleSession { .. } | Caller::FederatedUser { .. } => {}
    }
    let Some(tags) = told.session.and_then(|session| session.tags.as_ref()) else {
        return Tell::Snapshot(
            "the issuing record of the session is not in these logs: it may have set tags",
        );
    };
    if let Some(value) = of_key(tags, key) {
        return Tell::Value(value.to_owned());
    }
    // The root user has no tags.
    if told.who.caller.is_of_root() {
        return Tell::Absent;
    }
    if matches!(told.who.caller, Caller::FederatedUser { .. }) {
        return Tell::Unknown("whether the user's own tags count for its federated users is not documented");
    }
    match of_role(ask) {
        Some(tags) => of_key(tags, key).map_or(Tell::Absent, |value| Tell::Value(value.to_owned())),
        None => Tell::Unknown("tags of the role not supplied: authorization details of its account"),
    }
}

/// The tags of the role that the caller's session is of, if the snapshot has it.
pub(super) fn of_role<'a>(ask: &Ask<'a>) -> Option<&'a BTreeMap<String, String>> {
    let Caller::RoleSession { session_arn, role_arn, .. } = &ask.told.who.caller else { return None };
    role(ask, role_arn.as_deref().unwrap_or(session_arn)).map(|role| &role.tags)
}

fn of_key<'a>(tags: &'a BTreeMap<String, String>, key: &str) -> Option<&'a str> {
    tags.iter().find(|(own, _)| own.to_lowercase() == key).map(|(_, value)| value.as_str())
}

/// The tags that a request gives to its resource
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requesttag>).
fn request_tag(ask: &Ask<'_>, listed: &str, key: &str) -> Tell {
    match given(ask, listed) {
        Err(told) => told,
        Ok((tags, given, may_be_more)) => match of_key(&tags, key) {
            Some(value) => Tell::Value(value.to_owned()),
            None if given.hidden => Tell::Unknown(HIDDEN),
            None if may_be_more => Tell::Unknown("the launch template may give tags"),
            None => Tell::Absent,
        },
    }
}

/// The keys of the tags that a request gives or takes away
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-tagkeys>).
fn tag_keys(ask: &Ask<'_>) -> Tell {
    match given(ask, "aws:TagKeys") {
        Err(told) => told,
        Ok((_, given, _)) if given.hidden => Tell::Unknown(HIDDEN),
        Ok((_, _, true)) => Tell::Unknown("the launch template may give tags"),
        Ok((tags, given, false)) => {
            let keys = tags.into_keys().chain(given.keys);
            Tell::Values(keys.collect::<std::collections::BTreeSet<_>>().into_iter().collect())
        }
    }
}

/// The tags that a request gives to its resource, all that the call gives, and whether there may be more.
fn given(ask: &Ask<'_>, listed: &str) -> Result<(BTreeMap<String, String>, Given, bool), Tell> {
    let is_listed = ask.lists(listed);
    if !matches!(ask.relation, Relation::Own | Relation::SameService) {
        return Err(if is_listed == Some(false) { Tell::Absent } else { Tell::Unknown(DERIVED) });
    }
    let given = match ask.parameters() {
        Ok(parameters) => parameters.map(tag::given).unwrap_or_default(),
        Err(_) if is_listed == Some(false) => return Err(Tell::Absent),
        Err(why) => return Err(Tell::Unknown(why)),
    };
    let is_of_object = || ask.lists("s3:RequestObjectTag/<key>") == Some(true);
    if given.named && is_listed == Some(false) && is_of_object() {
        return Err(Tell::Unknown(OF_OBJECTS));
    }
    let is_launch = ask.told.record.event_name == Some("RunInstances");
    let may_be_more = is_launch && !matches!(ask.parameter_of_call(&["launchTemplate"]), Parameter::NotGiven);
    if given.by_type.is_empty() {
        return Ok((given.tags.clone(), given, may_be_more));
    }
    // EC2 asks for each resource apart, with the tags of its own type
    // (<https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/supported-iam-actions-tagging.html>).
    let kind = ask.arn().and_then(Arn::parse).and_then(|arn| arn.resource.split('/').next());
    let of_kind = given.by_type.iter().filter(|(own, _)| kind.is_none_or(|kind| kind == own));
    let kinds = given.by_type.iter().map(|(own, _)| own).collect::<std::collections::BTreeSet<_>>();
    if kind.is_none() && kinds.len() > 1 {
        return Err(Tell::Unknown("the record does not tell which of the resources the tags are for"));
    }
    let tags = of_kind.flat_map(|(_, tags)| tags.clone()).collect();
    Ok((tags, given, may_be_more))
}

/// The tags of the resource. An action without a resource has none to look at
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-resourcetag>).
fn resource_tag(ask: &Ask<'_>, key: &str) -> Tell {
    let prefix = key.split_once('/').map_or("", |(prefix, _)| prefix);
    let is_listed = ["${TagKey}", "tag-key", "${tag-key}", ""]
        .iter()
        .filter_map(|place| ask.lists(&format!("{prefix}/{place}")));
    let unlisted = is_listed.clone().count() > 0 && !is_listed.clone().any(|is| is);
    if matches!(ask.told.asked.resource, Resource::Any) && unlisted {
        return Tell::Absent;
    }
    if matches!(ask.told.asked.resource, Resource::Unknown) && ask.parameters() == Err(REFUSED) {
        return Tell::Unknown(REFUSED);
    }
    Tell::Snapshot(NO_TAGS)
}
