//! Columns that are not listed change nothing, whatever stands in them; nor does a response that is not needed.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use crate::catalog::event::listed_events;
use crate::catalog::{Part, catalog};
use crate::replay::request::{Reading, fields_of_request, needs_response, requests};
use crate::replay::{Field, Fields, Parsed, Record};

/// Source and name of calls: of every listed event, and of actions of every service.
pub(super) static CALLS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
    let mut calls: Vec<_> = catalog()
        .actions()
        .flat_map(listed_events)
        .map(|event| (format!("{}.amazonaws.com", event.source), event.name.to_owned()))
        .collect();
    calls.extend(catalog().services.iter().flat_map(|service| {
        let own = service.actions.iter().enumerate();
        // Some of each service, all of those that a rule is made for.
        let wanted = own.filter(|(place, _)| {
            place % 20 == 0
                || matches!(service.prefix, "iam" | "ec2" | "s3" | "kms" | "sts" | "ecs" | "secretsmanager")
        });
        wanted
            .map(|(_, action)| (format!("{}.amazonaws.com", service.prefix), action.name.to_owned()))
            .collect::<Vec<_>>()
    }));
    let of_service = |prefix: &str| catalog().service(prefix).unwrap();
    // Named by a rule: verbs of API Gateway, versions of Lambda.
    calls.extend(of_service("apigateway").resource_types.iter().flat_map(|kind| {
        ["Get", "Create", "Delete"]
            .map(|verb| ("apigateway.amazonaws.com".to_owned(), format!("{verb}{}", kind.name)))
    }));
    let lambda = of_service("lambda").actions.iter();
    calls
        .extend(lambda.map(|action| ("lambda.amazonaws.com".to_owned(), format!("{}20150331", action.name))));
    calls.sort();
    calls.dedup();
    assert!(calls.len() > 2_000, "{}", calls.len());
    calls
});

/// Parameters of a call under likely names, or other JSON.
fn parameters(source: &str, name: &str) -> impl Strategy<Value = Option<Value>> + use<> {
    let service = crate::aws::service_of(source).to_owned();
    let mut keys: Vec<String> = ["name", "id", "userName", "roleName", "roleArn", "versionId", "tags", "key"]
        .into_iter()
        .chain(["bucketName", "secretId", "taskDefinition", "resourceId", "instanceId", "x-amz-copy-source"])
        .map(str::to_owned)
        .collect();
    let action = catalog().action(&format!("{service}:{name}"));
    let formats = action.into_iter().flat_map(|action| action.resources.iter().map(|own| own.kind.arn));
    keys.extend(formats.flat_map(|format| {
        format.parts().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name.to_owned()),
            Part::Text(_) => None,
        })
    }));
    let text = select(vec![
        json!("one"),
        json!("two"),
        json!("a/b"),
        json!("arn:aws:iam::111122223333:role/work/app"),
        json!("arn:aws:secretsmanager:eu-west-1:111122223333:secret:one-EXAMPL"),
        json!([{"key": "team", "value": "a"}]),
        json!(true),
        Value::Null,
    ]);
    proptest::option::weighted(
        0.9,
        proptest::collection::btree_map(select(keys), text, 0..5)
            .prop_map(|fields| Value::Object(fields.into_iter().collect())),
    )
}

/// A response that names the very things, with what the request leaves out.
pub(super) fn response(source: &str) -> Value {
    let service = crate::aws::service_of(source);
    let arn = |service: &str, resource: &str| format!("arn:aws:{service}:eu-west-1:111122223333:{resource}");
    json!({
        "user": {"arn": "arn:aws:iam::111122223333:user/team/one"},
        "role": {"arn": "arn:aws:iam::111122223333:role/work/one"},
        "aRN": arn("secretsmanager", "secret:one-EXAMPL"),
        "task": arn("ecs", "task-definition/one:7"),
        "others": (["cluster/one", "one/two", "one"].map(|resource| arn(service, resource))),
    })
}

fn texts() -> impl Strategy<Value = String> {
    select(vec!["", "x", "arn:aws:iam::444455556666:root", "AwsServiceEvent", "123456789012", "{\"a\":1}"])
        .prop_map(str::to_owned)
}

/// The record with these columns kept and another text in all others.
fn other<'a>(record: &Record<'a>, kept: Fields, text: &'a str) -> Record<'a> {
    let get = |field: Field| if kept.has(field) { record.text(field) } else { Some(text) };
    Record {
        account: get(Field::Account),
        event_source: get(Field::EventSource),
        event_name: get(Field::EventName),
        aws_region: get(Field::AwsRegion),
        event_id: get(Field::EventId),
        event_type: get(Field::EventType),
        event_category: get(Field::EventCategory),
        error_code: get(Field::ErrorCode),
        error_message: get(Field::ErrorMessage),
        source_ip_address: get(Field::SourceIpAddress),
        user_agent: get(Field::UserAgent),
        recipient_account_id: get(Field::RecipientAccountId),
        shared_event_id: get(Field::SharedEventId),
        vpc_endpoint_id: get(Field::VpcEndpointId),
        vpc_endpoint_account_id: get(Field::VpcEndpointAccountId),
        identity_type: get(Field::IdentityType),
        principal_id: get(Field::PrincipalId),
        identity_arn: get(Field::IdentityArn),
        identity_account_id: get(Field::IdentityAccountId),
        access_key_id: get(Field::AccessKeyId),
        user_name: get(Field::UserName),
        invoked_by: get(Field::InvokedBy),
        identity_provider: get(Field::IdentityProvider),
        in_scope_of: get(Field::InScopeOf),
        session_issuer_type: get(Field::SessionIssuerType),
        session_issuer_principal_id: get(Field::SessionIssuerPrincipalId),
        session_issuer_arn: get(Field::SessionIssuerArn),
        session_issuer_account_id: get(Field::SessionIssuerAccountId),
        session_issuer_user_name: get(Field::SessionIssuerUserName),
        federated_provider: get(Field::FederatedProvider),
        web_id_attributes: get(Field::WebIdAttributes),
        source_identity: get(Field::SourceIdentity),
        ec2_role_delivery: get(Field::Ec2RoleDelivery),
        request_parameters: get(Field::RequestParameters),
        response_elements: get(Field::ResponseElements),
        additional_event_data: get(Field::AdditionalEventData),
        resources: get(Field::Resources),
        tls_details: get(Field::TlsDetails),
        event_context: get(Field::EventContext),
        identity_rest: get(Field::IdentityRest),
        issued_access_key_id: get(Field::IssuedAccessKeyId),
        assumed_role_arn: get(Field::AssumedRoleArn),
        assumed_role_id: get(Field::AssumedRoleId),
        ..*record
    }
}

#[derive(Debug, Clone)]
struct Sample {
    source: String,
    name: String,
    parameters: Option<String>,
    response: Option<String>,
    resources: Option<String>,
    error: (Option<&'static str>, Option<&'static str>),
    text: String,
}

fn samples() -> impl Strategy<Value = Sample> {
    let errors = select(vec![
        (None, None),
        (None, None),
        (Some("AccessDenied"), None),
        (
            Some("AccessDenied"),
            Some(
                "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: \
                 \"arn:aws:s3:::example-reports/a\" because no identity-based policy allows the s3:GetObject action",
            ),
        ),
        (
            Some("AccessDenied"),
            Some("User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:GetUser"),
        ),
        (Some("ExpiredToken"), None),
    ]);
    select(CALLS.clone()).prop_flat_map(move |(source, name)| {
        let response = proptest::option::of(Just(response(&source).to_string()));
        let resources = proptest::option::of(Just(
            json!([{"ARN": "arn:aws:s3:::example-reports", "accountId": "444455556666"}]).to_string(),
        ));
        (parameters(&source, &name), response, resources, errors.clone(), texts()).prop_map(
            move |(parameters, response, resources, error, text)| Sample {
                source: source.clone(),
                name: name.clone(),
                parameters: parameters.map(|parameters| parameters.to_string()),
                response,
                resources,
                error,
                text,
            },
        )
    })
}

impl Sample {
    fn record(&self) -> Record<'_> {
        Record {
            request_parameters: self.parameters.as_deref(),
            response_elements: self.response.as_deref(),
            resources: self.resources.as_deref(),
            error_code: self.error.0,
            error_message: self.error.1,
            ..called(&self.source, &self.name)
        }
    }
}

/// A call by a user.
fn called<'a>(source: &'a str, name: &'a str) -> Record<'a> {
    Record {
        event_source: Some(source),
        event_name: Some(name),
        event_type: Some("AwsApiCall"),
        aws_region: Some("eu-west-1"),
        account: Some("111122223333"),
        recipient_account_id: Some("111122223333"),
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/team/ann"),
        identity_account_id: Some("111122223333"),
        ..Record::default()
    }
}

fn read(record: &Record<'_>) -> Reading {
    requests(record, &Parsed::of(record), None)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(ProptestConfig::default().cases.max(4_000)))]

    #[test]
    fn columns_that_are_not_listed_change_nothing(sample in samples()) {
        let record = sample.record();
        let fields = fields_of_request(&sample.source, &sample.name);
        prop_assert_eq!(read(&other(&record, fields, &sample.text)), read(&record));
    }

    #[test]
    fn a_response_that_is_not_needed_changes_nothing(sample in samples()) {
        let record = sample.record();
        let without = read(&Record { response_elements: None, ..record });
        if !needs_response(&without) {
            prop_assert_eq!(read(&record), without);
        }
    }
}

/// The same of every action, with a response that names each of its resources.
#[test]
fn a_response_that_is_not_needed_changes_nothing_of_any_call_that_names_nothing() {
    let (mut needed, mut others) = (0, 0);
    for action in catalog().actions() {
        let arns = action.resources.iter().filter_map(|own| {
            own.kind.arn.fill(|name| {
                Some(std::borrow::Cow::Borrowed(match name {
                    "Partition" => "aws",
                    "Region" => "eu-west-1",
                    "Account" => "111122223333",
                    _ => "one",
                }))
            })
        });
        let response = json!({"made": (arns.collect::<Vec<_>>())}).to_string();
        let source = format!("{}.amazonaws.com", action.service);
        for parameters in [None, Some("{}"), Some(r#"{"name": "two"}"#)] {
            let record = Record {
                request_parameters: parameters,
                response_elements: Some(&response),
                ..called(&source, action.name)
            };
            let without = read(&Record { response_elements: None, ..record });
            if needs_response(&without) {
                needed += 1;
            } else {
                assert_eq!(read(&record), without, "{source} {} {parameters:?}", action.name);
                others += 1;
            }
        }
    }
    assert!(needed > 1_000 && others > 30_000, "{needed} {others}");
}

#[test]
fn some_responses_are_needed_and_change_what_is_read() {
    let parameters = json!({"secretId": "one"}).to_string();
    let response = response("secretsmanager.amazonaws.com").to_string();
    let record = Record {
        event_source: Some("secretsmanager.amazonaws.com"),
        event_name: Some("PutSecretValue"),
        aws_region: Some("eu-west-1"),
        recipient_account_id: Some("111122223333"),
        request_parameters: Some(&parameters),
        response_elements: Some(&response),
        ..Record::default()
    };
    let without = read(&Record { response_elements: None, ..record });
    assert!(needs_response(&without));
    assert_ne!(read(&record), without);
}

#[test]
fn the_response_of_a_launch_by_a_template_is_needed_even_where_the_call_names_all_but_the_role() {
    let launch = |template: Value| {
        let parameters = json!({
            "instancesSet": {"items": [{"imageId": "ami-1", "keyName": "k"}]}, "launchTemplate": template,
            "subnetId": "subnet-1", "groupSet": {"items": [{"groupId": "sg-1"}]},
            "blockDeviceMapping": {"items": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8}}]},
        })
        .to_string();
        needs_response(&read(&Record {
            event_source: Some("ec2.amazonaws.com"),
            event_name: Some("RunInstances"),
            aws_region: Some("eu-west-1"),
            recipient_account_id: Some("111122223333"),
            request_parameters: Some(&parameters),
            ..Record::default()
        }))
    };
    assert!(launch(json!({"launchTemplateId": "lt-0123456789abcdef0"})));
    assert!(!launch(Value::Null));
}

#[test]
fn only_what_can_matter_is_listed() {
    let has = |source: &str, name: &str| {
        let fields = fields_of_request(&format!("{source}.amazonaws.com"), name);
        [Field::RequestParameters, Field::Resources, Field::ResponseElements].map(|field| fields.has(field))
    };
    assert_eq!(has("ec2", "DescribeInstances"), [false; 3]);
    assert_eq!(has("sts", "GetCallerIdentity"), [false; 3]);
    assert_eq!(has("example", "Unknown"), [false; 3]);
    assert_eq!(has("s3", "GetObject"), [true, true, false]);
    assert_eq!(has("iam", "UpdateRole"), [true, true, true]);
    assert!(fields_of_request("s3.amazonaws.com", "GetObject").has(Field::ErrorMessage));
    let rows = Field::ALL.iter().filter(|field| fields_of_request("ec2", "x").has(**field)).count();
    assert_eq!(rows, 13);
}
