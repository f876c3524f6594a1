//! The context that AWS itself logged: `eventContext` of enriched events, whose values are those that were decided on.
//!
//! `requestContext` holds condition keys, `tagContext` the tags of principal and resources
//! (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-context-events.html>). It holds only what was
//! chosen and was looked at, so a key that is not there may still have been in the request.

use serde_json::Value;

use super::super::tag;
use super::ask::{Ask, Relation};
use super::tags::RESOURCE_TAG;
use crate::aws::time;

/// Keys of the principal and its session, which are the same for every request of a call.
const OF_CALLER: [&str; 9] = [
    "aws:principal",
    "aws:userid",
    "aws:username",
    "aws:multifactorauth",
    "aws:tokenissuetime",
    "aws:sourceidentity",
    "aws:federatedprovider",
    "aws:currenttime",
    "aws:epochtime",
];

/// The logged values of a key in lower case.
pub(super) fn values(ask: &Ask<'_>, key: &str) -> Option<Vec<String>> {
    let context = ask.told.parsed.event_context.as_ref()?;
    if matches!(ask.relation, Relation::PassRole | Relation::Other)
        && !OF_CALLER.iter().any(|begin| key.starts_with(begin))
    {
        return of_resource(ask, context, key);
    }
    let logged = pairs(context).find(|(own, _)| own.to_lowercase() == key).map(|(_, value)| value);
    let logged = logged.and_then(|value| texts(key, value));
    logged.or_else(|| of_principal(context, key)).or_else(|| of_resource(ask, context, key))
}

/// Every key that it names.
pub(super) fn keys(ask: &Ask<'_>) -> Vec<String> {
    let Some(context) = ask.told.parsed.event_context.as_ref() else { return Vec::new() };
    let mut keys: Vec<String> = pairs(context).map(|(key, _)| key.to_owned()).collect();
    if let Some(tags) = context.pointer("/tagContext/principalTags") {
        keys.extend(tag_pairs(tags).into_iter().map(|(key, _)| format!("aws:principaltag/{key}")));
    }
    for (key, _) in resource_tags(ask, context) {
        keys.push(format!("aws:resourcetag/{key}"));
        keys.push(format!("{}:resourcetag/{key}", ask.service()));
    }
    keys
}

/// The pairs of `requestContext`, also where they stand one level deeper, as `conditionKeys`.
fn pairs(context: &Value) -> impl Iterator<Item = (&str, &Value)> {
    let request = context.get("requestContext").and_then(Value::as_object).into_iter().flatten();
    request
        .flat_map(|(key, value)| match value.as_object() {
            Some(inner) => inner.iter().collect(),
            None => vec![(key, value)],
        })
        .map(|(key, value)| (key.as_str(), value))
}

/// A value's texts. Times are in a form of their own; a time that cannot be read is left to the record.
fn texts(key: &str, value: &Value) -> Option<Vec<String>> {
    let of_one = |value: &Value| {
        let text = tag::text(value);
        let is_time = matches!(key, "aws:currenttime" | "aws:tokenissuetime");
        if !is_time || !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Some(text);
        }
        let time = time::of_record(&text).ok()?;
        Some(time.to_rfc3339_opts(chrono::SecondsFormat::Secs, true))
    };
    match value {
        Value::Array(list) => list.iter().map(of_one).collect(),
        Value::Null | Value::Object(_) => None,
        one => of_one(one).map(|text| vec![text]),
    }
}

fn of_principal(context: &Value, key: &str) -> Option<Vec<String>> {
    let name = key.strip_prefix("aws:principaltag/")?;
    value_of(tag_pairs(context.pointer("/tagContext/principalTags")?), name)
}

fn of_resource(ask: &Ask<'_>, context: &Value, key: &str) -> Option<Vec<String>> {
    let (_, name) = key.split_once(RESOURCE_TAG)?;
    value_of(resource_tags(ask, context), name)
}

fn value_of(pairs: Vec<(String, String)>, name: &str) -> Option<Vec<String>> {
    let found = pairs.into_iter().find(|(own, _)| own.to_lowercase() == name);
    found.map(|(_, value)| vec![value])
}

/// The tags that are logged for the request's resource.
fn resource_tags(ask: &Ask<'_>, context: &Value) -> Vec<(String, String)> {
    let Some(arn) = ask.arn() else { return Vec::new() };
    let listed = context.pointer("/tagContext/resourceTags").and_then(Value::as_array);
    let own = listed
        .into_iter()
        .flatten()
        .filter(|entry| tag::field(entry, "arn").and_then(Value::as_str) == Some(arn));
    own.filter_map(|entry| tag::field(entry, "tags")).flat_map(tag_pairs).collect()
}

/// Tags as an object, or as a list of keys and values.
fn tag_pairs(tags: &Value) -> Vec<(String, String)> {
    match tags {
        Value::Object(fields) => fields.iter().map(|(key, value)| (key.clone(), tag::text(value))).collect(),
        Value::Array(list) => {
            let pair = |one: &Value| {
                Some((tag::field(one, "key")?.as_str()?.to_owned(), tag::text(tag::field(one, "value")?)))
            };
            list.iter().filter_map(pair).collect()
        }
        _ => Vec::new(),
    }
}
