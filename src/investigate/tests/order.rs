//! The answer depends on the set of rows, not on their order; hostile rows do no harm.

use proptest::prelude::*;

use super::{by_other, denied, iam, investigator, write};
use crate::investigate::{Coverage, Investigation, Limits, Relation};
use crate::query::EventRow;

/// A small incident: made, opened, closed, removed, refused, in few different seconds.
fn own() -> Vec<EventRow<'static>> {
    let call = |seconds, source, name, request| EventRow {
        request_parameters: Some(request),
        ..write(seconds, source, name)
    };
    let trust = r#"{"roleName":"deploy","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"444455556666\"}}]}"}"#;
    let mut rows = vec![
        iam(0, "CreateRole", r#"{"roleName":"deploy"}"#),
        iam(0, "PutRolePolicy", r#"{"roleName":"deploy","policyName":"p","policyDocument":"{}"}"#),
        iam(1, "UpdateAssumeRolePolicy", trust),
        denied(
            call(
                2,
                "sts.amazonaws.com",
                "AssumeRole",
                r#"{"roleArn":"arn:aws:iam::111122223333:role/deploy"}"#,
            ),
            "",
        ),
        EventRow {
            issued_access_key_id: Some("ASIAIOSFODNN7EXAMPLE"),
            ..call(
                9,
                "sts.amazonaws.com",
                "AssumeRole",
                r#"{"roleArn":"arn:aws:iam::111122223333:role/deploy"}"#,
            )
        },
        iam(9, "CreateUser", r#"{"userName":"bob"}"#),
        iam(10, "DeleteUser", r#"{"userName":"bob"}"#),
        iam(10, "CreateUser", r#"{"userName":"bob"}"#),
        call(11, "secretsmanager.amazonaws.com", "GetSecretValue", r#"{"secretId":"a"}"#),
        call(70, "secretsmanager.amazonaws.com", "GetSecretValue", r#"{"secretId":"b"}"#),
        call(8_000, "cloudtrail.amazonaws.com", "StopLogging", r#"{"name":"t"}"#),
        iam(8_001, "DeleteRole", r#"{"roleName":"deploy"}"#),
    ];
    for (place, address) in ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4"].into_iter().enumerate() {
        let seconds = i64::try_from(place).unwrap() * 60;
        let row = write(seconds, "ec2.amazonaws.com", "DescribeInstances");
        rows.push(EventRow {
            read_only: Some(true),
            source_ip_address: Some(address),
            user_agent: Some(address),
            ..row
        });
    }
    rows
}

fn related() -> Vec<EventRow<'static>> {
    let session = |seconds| EventRow {
        access_key_id: Some("ASIAIOSFODNN7EXAMPLE"),
        ..write(seconds, "ec2.amazonaws.com", "RunInstances")
    };
    vec![
        by_other(iam(8_500, "DeleteUser", r#"{"userName":"bob"}"#)),
        session(20),
        denied(session(30), ""),
        by_other(iam(
            8_600,
            "UpdateAssumeRolePolicy",
            r#"{"roleName":"deploy","policyDocument":"{\"Statement\":[]}"}"#,
        )),
    ]
}

fn answer(own: &[EventRow<'_>], related: &[EventRow<'_>], limits: Limits) -> Investigation {
    let mut investigator = investigator(limits);
    for row in own {
        investigator.push(row, Relation::Own);
    }
    for row in related {
        investigator.push(row, Relation::Related);
    }
    investigator.finish(Coverage::default())
}

fn tight() -> Limits {
    Limits {
        addresses_max: 2,
        agents_max: 2,
        operations_max: 3,
        changes_max: 4,
        steps_max: 2,
        successes_max: 3,
        denials_max: 1,
        alterations_max: 1,
        minutes_max: 3,
        details_max: 2,
        evidence_max: 1,
        ..Limits::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_order_gives_the_same_answer(own_rows in Just(own()).prop_shuffle(), others in Just(related()).prop_shuffle()) {
        for limits in [Limits::default(), tight()] {
            prop_assert_eq!(&answer(&own_rows, &others, limits), &answer(&own(), &related(), limits));
        }
    }

    #[test]
    fn hostile_rows_give_an_answer(texts in prop::collection::vec(any::<String>(), 8), json in json()) {
        let text = |at: usize| texts.get(at).map(String::as_str);
        for (source, name) in [("iam.amazonaws.com", "CreateRole"), ("ec2.amazonaws.com", "RunInstances"), ("s3.amazonaws.com", "PutBucketPolicy"), ("x", "DeleteX")] {
            let row = EventRow {
                account: text(0),
                identity_arn: text(1),
                user_name: text(2),
                access_key_id: text(3),
                source_ip_address: text(4),
                user_agent: text(5),
                error_message: text(6),
                aws_region: text(7),
                request_parameters: Some(&json),
                response_elements: Some(&json),
                additional_event_data: Some(&json),
                service_event_details: Some(&json),
                resources: Some(&json),
                ..write(0, source, name)
            };
            let refused = EventRow { error_code: Some("AccessDenied"), ..row };
            let found = answer(&[row, refused], &[row, refused], Limits::default());
            prop_assert_eq!(found.activity.total.calls, 2);
            let shown = crate::report::investigate::text(&found, &crate::report::investigate::Options::default(), crate::report::Style::default());
            prop_assert!(shown.chars().all(|c| c == '\n' || !crate::report::text::is_unsafe(c)), "{shown:?}");
        }
    }
}

/// JSON of the shapes that parameters have, with odd values at the names that are looked at.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any::<String>().prop_map(Into::into),
        Just("*".into()),
        Just("arn:aws:iam::444455556666:root".into()),
    ];
    let name = prop::sample::select(vec![
        "roleName",
        "policyDocument",
        "assumeRolePolicyDocument",
        "bucketPolicy",
        "Statement",
        "Principal",
        "AWS",
        "Effect",
        "items",
        "instancesSet",
        "instanceId",
        "userName",
        "policyArn",
        "Condition",
        "bucketName",
        "xId",
        "name",
    ]);
    leaf.prop_recursive(5, 40, 5, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
            prop::collection::hash_map(name.clone(), inner, 0..6).prop_map(|members| {
                serde_json::Value::Object(
                    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect(),
                )
            }),
        ]
    })
    .prop_map(|value| value.to_string())
}
