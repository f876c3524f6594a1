//! The tags that a call gives, in the forms in which services log them.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::aws::HIDDEN;

/// The tags of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Given {
    /// Whether the call has a parameter for tags; it may be empty.
    pub(super) named: bool,
    /// The tags, by key as written.
    pub(super) tags: BTreeMap<String, String>,
    /// Keys without values: what a call that removes tags names.
    pub(super) keys: Vec<String>,
    /// Whether the record hides some of it, or has it in a form that is not read here.
    pub(super) hidden: bool,
    /// The tags by the type of resource that they are for, of EC2's `tagSpecificationSet`.
    pub(super) by_type: Vec<(String, BTreeMap<String, String>)>,
}

/// The parameters that hold tags, in lower case; `tagsToAdd` of AWS Glue and Elastic Beanstalk, `tagsToUpdate` of Route 53 Domains
/// (<https://docs.aws.amazon.com/glue/latest/webapi/API_TagResource.html>,
/// <https://docs.aws.amazon.com/elasticbeanstalk/latest/api/API_UpdateTagsForResource.html>,
/// <https://docs.aws.amazon.com/Route53/latest/APIReference/API_domains_UpdateTagsForDomain.html>).
const NAMES: [&str; 10] = [
    "tags",
    "tagset",
    "taglist",
    "tagslist",
    "tagging",
    "principaltags",
    "x-amz-tagging",
    "addtags",
    "tagstoadd",
    "tagstoupdate",
];
/// The parameters that hold only keys; `removeTagKeys` of Route 53, `resourceTagKeys` of AWS Budgets and Cost Explorer
/// (<https://docs.aws.amazon.com/Route53/latest/APIReference/API_ChangeTagsForResource.html>,
/// <https://docs.aws.amazon.com/aws-cost-management/latest/APIReference/API_UntagResource.html>).
const KEY_NAMES: [&str; 7] = [
    "tagkeys",
    "tagkeylist",
    "removetags",
    "removetagkeys",
    "resourcetagkeys",
    "tagstoremove",
    "tagstodelete",
];
/// EC2's tags, by the type of resource
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_TagSpecification.html>).
const BY_TYPE: [&str; 3] = ["tagspecificationset", "tagspecifications", "tagspecification"];

/// The tags in request parameters, and in what wraps these: `createStageInput` of API Gateway, `CreateNatGatewayRequest` of EC2.
/// Tags that stand under other names are not read, but make the rest unknown: `userPoolTags`, `workspaces[].tags`.
pub(super) fn given(parameters: &Value) -> Given {
    let mut given = Given::default();
    read(parameters, true, &mut given);
    given
}

fn read(parameters: &Value, is_outer: bool, given: &mut Given) {
    for (name, value) in parameters.as_object().into_iter().flatten() {
        let folded = name.to_ascii_lowercase();
        if NAMES.contains(&folded.as_str()) {
            // `tagging` without a value is the name of a subresource of S3, not a parameter.
            if value.as_str().is_some_and(str::is_empty) {
                continue;
            }
            given.named = true;
            let mut tags = BTreeMap::new();
            given.hidden |= !collect(value, &mut tags, &mut given.keys);
            given.tags.append(&mut tags);
        } else if BY_TYPE.contains(&folded.as_str()) {
            given.named = true;
            let is_one = value.is_object() && field(value, "items").is_none();
            for one in items(value).chain(is_one.then_some(value)) {
                let mut tags = BTreeMap::new();
                let of_type = field(one, "resourceType").and_then(Value::as_str);
                let listed = held(one, &["tags", "tag"]);
                given.hidden |= !listed.is_none_or(|value| collect(value, &mut tags, &mut given.keys));
                given.tags.extend(tags.clone());
                given.by_type.push((of_type.unwrap_or_default().to_owned(), tags));
            }
        } else if KEY_NAMES.contains(&folded.as_str()) {
            given.named = true;
            for key in items(value) {
                let key = key.as_str().or_else(|| field(key, "key")?.as_str());
                given.hidden |= key.is_none_or(is_hidden);
                given.keys.extend(key.map(str::to_owned));
            }
        } else if is_outer && (folded.ends_with("input") || folded.ends_with("request")) {
            read(value, false, given);
        } else if is_tags(&folded, value) || is_outer && folded != OF_TEMPLATE && holds_tags(value) {
            (given.named, given.hidden) = (true, true);
        }
    }
}

/// What is set for launches to come, and is no part of the request for the template itself
/// (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/API_CreateLaunchTemplate.html>).
const OF_TEMPLATE: &str = "launchtemplatedata";

/// The tags that a session has from the one before: no tags of the request
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/id_session-tags.html#id_session-tags_ctlogs>).
const INHERITED: &str = "incomingtransitivetags";

/// Whether a parameter by its name holds tags, and by its form holds any.
fn is_tags(folded: &str, value: &Value) -> bool {
    let is_filled = value.as_array().is_some_and(|list| !list.is_empty())
        || value.as_object().is_some_and(|fields| !fields.is_empty());
    let is_named = NAMES.contains(&folded) || BY_TYPE.contains(&folded);
    is_filled && folded != INHERITED && (is_named || folded.ends_with("tags") || folded.ends_with("tag"))
}

/// Whether an object, or one of a list, holds tags.
fn holds_tags(value: &Value) -> bool {
    let one = std::slice::from_ref(value);
    let all = value.as_array().map_or(one, Vec::as_slice);
    let mut fields = all.iter().filter_map(Value::as_object).flatten();
    fields.any(|(name, value)| is_tags(&name.to_ascii_lowercase(), value))
}

/// The list or object under one of these names, in any case of their letters. EC2 numbers the items of its lists under `tag`.
fn held<'a>(value: &'a Value, names: &[&str]) -> Option<&'a Value> {
    let is_it = |(own, value): &(&String, &Value)| {
        names.iter().any(|name| own.eq_ignore_ascii_case(name)) && !value.is_number()
    };
    value.as_object()?.iter().find(is_it).map(|(_, value)| value)
}

/// Adds the tags of a value; false if it is hidden or in no known form.
fn collect(value: &Value, tags: &mut BTreeMap<String, String>, keys: &mut Vec<String>) -> bool {
    match value {
        Value::Null => true,
        Value::Array(list) => list.iter().all(|one| pair(one, tags, keys)),
        Value::Object(fields) => {
            let inner = ["items", "TagSet", "tagSet", "Tag", "tag", "Tags", "member"];
            if let Some(value) = inner
                .iter()
                .filter_map(|name| fields.get(*name))
                .find(|value| value.is_array() || value.is_object())
            {
                return collect(value, tags, keys);
            }
            if pair(value, tags, keys) {
                return true;
            }
            fields.iter().filter(|(key, _)| *key != "xmlns").all(|(key, value)| {
                let is_text = !value.is_object() && !value.is_array();
                tags.insert(key.clone(), text(value));
                is_text && !is_hidden(key) && !is_hidden(&text(value))
            })
        }
        // The header of S3: `a=1&b=2`, percent-encoded
        // (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html>).
        Value::String(header) => {
            let decoded =
                |part: &str| percent_decode_str(&part.replace('+', " ")).decode_utf8_lossy().into_owned();
            header.split('&').filter(|part| !part.is_empty()).all(|part| {
                let Some((key, value)) = part.split_once('=') else { return false };
                tags.insert(decoded(key), decoded(value));
                true
            })
        }
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// A tag as an object of key and value.
fn pair(one: &Value, tags: &mut BTreeMap<String, String>, keys: &mut Vec<String>) -> bool {
    let named = |names: [&str; 2]| names.iter().find_map(|name| field(one, name));
    let Some(key) = named(["key", "tagKey"]).map(text).filter(|key| !is_hidden(key)) else { return false };
    match named(["value", "tagValue"]) {
        None => keys.push(key),
        Some(value) => {
            let value = text(value);
            if is_hidden(&value) {
                return false;
            }
            tags.insert(key, value);
        }
    }
    true
}

/// The values of a list, also of one wrapped as `{"items": […]}`.
pub(super) fn items(value: &Value) -> impl Iterator<Item = &Value> {
    let list = value.as_array().or_else(|| field(value, "items")?.as_array());
    list.into_iter().flatten()
}

/// A field of an object, in any case of its letters.
pub(super) fn field<'a>(value: &'a Value, name: &str) -> Option<&'a Value> {
    let fields = value.as_object()?;
    fields
        .get(name)
        .or_else(|| fields.iter().find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value))
}

/// A value as text: strings as they are, all else as JSON.
pub(super) fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Whether a text stands for one that the log hides: CloudTrail's own words, or stars. One star is a value, as that of a
/// principal.
pub(super) fn is_hidden(text: &str) -> bool {
    text == HIDDEN || text.len() > 2 && text.bytes().all(|byte| byte == b'*')
}
