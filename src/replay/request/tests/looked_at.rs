//! What no reading looked at in request parameters changes nothing, whatever stands there.

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Map, Value, json};

use super::fields::{CALLS, response};
use crate::catalog::resource::{Seen, speaks_for_itself};
use crate::catalog::{Part, catalog};
use crate::replay::request::{Reading, requests, requests_seen};
use crate::replay::{Parsed, Record};

/// Texts that mean something under some name.
const TEXTS: [&str; 33] = [
    "one",
    "two",
    "a/b",
    "123456789012",
    "111122223333:one",
    "i-0123456789abcdef0",
    "i-01",
    "vol-0123456789abcdef0",
    "sg-01234567",
    "mi-0123456789abcdef0",
    "Parameter",
    "ManagedInstance",
    "alias/one",
    "default",
    "CLOUDFRONT",
    "network",
    "ou-ab12-12345678",
    "p-FullAWSAccess",
    "https://sqs.eu-west-1.amazonaws.com/444455556666/one",
    "us.anthropic.model",
    "resolve:ssm:/one",
    "InstanceIds",
    "Put",
    "instance",
    "port-abc",
    "fsap-1",
    "IamInstanceProfile",
    "arn:aws:iam::111122223333:role/work/app",
    "arn:aws:iam::111122223333:instance-profile/app",
    "arn:aws:s3:::example-reports/a",
    "arn:aws:lambda:eu-west-1:111122223333:layer:one:2",
    "arnold",
    "arn%3Aaws%3Akafka%3Aeu-west-1%3A111122223333%3Acluster/one/two",
];

/// Names that some reading knows.
const KEYS: [&str; 44] = [
    "name",
    "id",
    "arn",
    "type",
    "userName",
    "roleName",
    "roleArn",
    "role",
    "serviceRole",
    "versionId",
    "tags",
    "tagSet",
    "tagSpecificationSet",
    "key",
    "value",
    "values",
    "bucketName",
    "secretId",
    "taskDefinition",
    "resourceId",
    "resourceType",
    "instanceId",
    "instanceIds",
    "x-amz-copy-source",
    "targets",
    "target",
    "versionNumber",
    "requestItems",
    "operation",
    "tableName",
    "items",
    "launchTemplate",
    "optionName",
    "stringValue",
    "parameters",
    "LocalRoleName",
    "policyType",
    "logGroupName",
    "logStreamName",
    "functionName",
    "layers",
    "qualifier",
    "publish",
    "blockDeviceMapping",
];

/// Parameters of a call under names that its action knows, or any.
fn parameters(source: &str, name: &str) -> impl Strategy<Value = Value> + use<> {
    let service = crate::aws::service_of(source).to_owned();
    let mut keys: Vec<String> = KEYS.map(str::to_owned).into();
    let action = catalog().action(&format!("{service}:{name}"));
    for own in action.into_iter().flat_map(|action| action.resources) {
        keys.extend(own.kind.arn.parts().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.to_owned()),
            Part::Text(_) => None,
        }));
        keys.push(own.kind.name.to_owned());
        keys.push(format!("target{}Id", own.kind.name));
    }
    let told = crate::catalog::event::told_by(source, name);
    keys.extend(told.into_iter().map(str::to_owned));
    let leaf = prop_oneof![
        6 => select(TEXTS.to_vec()).prop_map(Value::from),
        1 => (0..3_u64).prop_map(Value::from),
        1 => any::<bool>().prop_map(Value::from),
        1 => Just(Value::Null),
        1 => Just(json!("")),
    ];
    let value = leaf.prop_recursive(2, 12, 3, {
        let keys = keys.clone();
        move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
                object(keys.clone(), inner, 4),
            ]
        }
    });
    object(keys, value, 6)
}

fn object(
    keys: Vec<String>,
    value: impl Strategy<Value = Value>,
    most: usize,
) -> impl Strategy<Value = Value> {
    let fields = proptest::collection::btree_map(select(keys), value, 0..most);
    fields.prop_map(|fields| Value::Object(fields.into_iter().collect::<Map<_, _>>()))
}

/// Puts other texts and numbers in place of those that were not looked at, in order. Gives how many.
fn replace(
    value: &mut Value,
    looked_at: &mut impl Iterator<Item = bool>,
    others: &mut impl Iterator<Item = u64>,
) -> usize {
    match value {
        Value::String(text) => {
            let is_open = !looked_at.next().unwrap() && !text.is_empty() && !speaks_for_itself(text);
            if is_open {
                let is_arn = |text: &str| text.starts_with("arn:");
                let is_alike = |other: &&str| !speaks_for_itself(other) && is_arn(other) == is_arn(text);
                let texts: Vec<&str> = TEXTS.into_iter().filter(is_alike).collect();
                let other = usize::try_from(others.next().unwrap()).unwrap();
                *text = texts[other % texts.len()].to_owned();
            }
            usize::from(is_open)
        }
        Value::Number(_) => {
            let is_open = !looked_at.next().unwrap();
            if is_open {
                *value = Value::from(others.next().unwrap());
            }
            usize::from(is_open)
        }
        Value::Array(items) => items.iter_mut().map(|item| replace(item, looked_at, others)).sum(),
        Value::Object(fields) => fields.values_mut().map(|item| replace(item, looked_at, others)).sum(),
        Value::Null | Value::Bool(_) => 0,
    }
}

/// The reading of a record, that of one with other values where nothing was looked at, and how many these are.
fn both(record: &Record<'_>, others: &[u64]) -> Option<(Reading, Reading, usize)> {
    let (parsed, seen) = (Parsed::of(record), Seen::default());
    let reading = requests_seen(record, &parsed, None, Some(&seen));
    assert_eq!(reading, requests(record, &parsed, None));
    let text = record.request_parameters?;
    let looked_at = seen.in_order(text, parsed.parameters.as_ref()?)?;
    let mut value: Value = serde_json::from_str(text).unwrap();
    let mut looked_at = looked_at.into_iter();
    let replaced = replace(&mut value, &mut looked_at, &mut others.iter().copied().cycle());
    assert_eq!(looked_at.next(), None);
    let text = value.to_string();
    let other = Record { request_parameters: Some(&text), ..*record };
    Some((reading, requests(&other, &Parsed::of(&other), None), replaced))
}

#[derive(Debug, Clone)]
struct Sample {
    source: String,
    name: String,
    parameters: String,
    response: Option<String>,
    resources: Option<String>,
    others: Vec<u64>,
}

fn samples() -> impl Strategy<Value = Sample> {
    select(CALLS.clone()).prop_flat_map(|(source, name)| {
        let mut answer = response(&source);
        if source.starts_with("ec2.") {
            answer["instancesSet"] = json!({"items": [{
                "instanceId": "i-0123456789abcdef1", "imageId": "ami-0123456789abcdef1", "keyName": "one",
                "subnetId": "subnet-0123456789abcdef1", "rootDeviceType": "ebs",
                "iamInstanceProfile": {"arn": "arn:aws:iam::111122223333:instance-profile/work/app", "id": "AIPA"},
            }]});
        }
        let response = proptest::option::of(Just(answer.to_string()));
        let logged =
            json!([{"ARN": "arn:aws:s3:::example-reports", "accountId": "444455556666"}]).to_string();
        let resources = proptest::option::of(Just(logged));
        let others = proptest::collection::vec(0..1_000_u64, 1..8);
        (parameters(&source, &name), response, resources, others).prop_map(
            move |(parameters, response, resources, others)| Sample {
                source: source.clone(),
                name: name.clone(),
                parameters: parameters.to_string(),
                response,
                resources,
                others,
            },
        )
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_was_not_looked_at_changes_nothing(sample in samples()) {
        let record = Record {
            event_source: Some(&sample.source),
            event_name: Some(&sample.name),
            event_type: Some("AwsApiCall"),
            aws_region: Some("eu-west-1"),
            account: Some("111122223333"),
            recipient_account_id: Some("111122223333"),
            request_parameters: Some(&sample.parameters),
            response_elements: sample.response.as_deref(),
            resources: sample.resources.as_deref(),
            ..Record::default()
        };
        if let Some((reading, other, _)) = both(&record, &sample.others) {
            prop_assert_eq!(reading, other);
        }
    }
}

#[test]
fn a_token_is_not_looked_at_and_a_name_is() {
    let text = r#"{"tableName": "orders", "limit": 7, "exclusiveStartKey": {"pk": "one"}, "other": "arn:x"}"#;
    let record = Record {
        event_source: Some("dynamodb.amazonaws.com"),
        event_name: Some("Scan"),
        request_parameters: Some(text),
        ..Record::default()
    };
    let (parsed, seen) = (Parsed::of(&record), Seen::default());
    requests_seen(&record, &parsed, None, Some(&seen));
    let parameters = parsed.parameters.as_ref().unwrap();
    // Of any ARN it is asked whether it is one of the table.
    assert_eq!(seen.in_order(text, parameters).unwrap(), [true, false, false, true]);
    // Which of two fields of one name counts is not told.
    assert_eq!(seen.in_order(r#"{"limit": 7, "limit": 8}"#, parameters), None);
}

/// Public records, where they are at hand: see [`super::corpus`].
#[test]
fn what_was_not_looked_at_in_public_records_changes_nothing() {
    let Some(all) = super::corpus::every() else { return };
    let (mut replaced, mut records) = (0, 0);
    for logged in &all {
        if let Some((reading, other, count)) = both(&logged.record(), &[3, 1, 20, 11, 5, 16, 12]) {
            assert_eq!(reading, other, "{logged:?}");
            replaced += count;
            records += usize::from(count > 0);
        }
    }
    println!("{replaced} values were replaced in {records} of {} records", all.len());
    assert!(records > 1_000, "{records}");
}
