//! Calls that differ in what no reading looks at, and calls on log streams, come to the same whether they are told by what
//! others came to or judged one by one.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::replay::Proposed;

const GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:/orders";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/11111111-2222-3333-4444-555555555555";

/// Calls: source, name, parameters with places for two values.
const CALLS: [(&str, &str, &str); 17] = [
    ("logs.amazonaws.com", "CreateLogStream", r#"{"logGroupName":"/orders","logStreamName":"$1"}"#),
    ("logs.amazonaws.com", "PutLogEvents", r#"{"logGroupName":"/orders","logStreamName":"$1"}"#),
    ("logs.amazonaws.com", "GetLogEvents", r#"{"logStreamName":"$1","logGroupName":"/$2","limit":7}"#),
    ("logs.amazonaws.com", "DescribeLogStreams", r#"{"logGroupName":"/orders","logStreamNamePrefix":"$1"}"#),
    ("s3.amazonaws.com", "ListObjects", r#"{"bucketName":"example-reports","prefix":"$1","max-keys":"$2"}"#),
    (
        "s3.amazonaws.com",
        "PutObject",
        r#"{"bucketName":"example-reports","key":"k","x-amz-acl":"$1","t":"$2"}"#,
    ),
    ("kms.amazonaws.com", "Decrypt", r#"{"keyId":"KEY","encryptionContext":{"team":"$1","x":"$2"}}"#),
    (
        "kms.amazonaws.com",
        "GenerateDataKey",
        r#"{"keyId":"KEY","numberOfBytes":32,"encryptionContext":{"a":"arn:aws:s3:::b/$1"}}"#,
    ),
    ("dynamodb.amazonaws.com", "Query", r#"{"tableName":"$1","limit":5,"exclusiveStartKey":{"pk":"$2"}}"#),
    ("sts.amazonaws.com", "AssumeRole", r#"{"roleArn":"ROLE","roleSessionName":"$1","externalId":"$2"}"#),
    (
        "sts.amazonaws.com",
        "AssumeRole",
        r#"{"roleArn":"arn:aws:iam::111122223333:role/$1","roleSessionName":"a","durationSeconds":900}"#,
    ),
    ("ssm.amazonaws.com", "GetParametersByPath", r#"{"path":"/$1/","nextToken":"$2"}"#),
    (
        "ssm.amazonaws.com",
        "UpdateInstanceInformation",
        r#"{"instanceId":"i-0123456789abcdef$1","iPAddress":"$2"}"#,
    ),
    (
        "ecs.amazonaws.com",
        "DescribeTasks",
        r#"{"cluster":"c","tasks":["arn:aws:ecs:eu-west-1:111122223333:task/c/$1"],"include":["$2"]}"#,
    ),
    (
        "lambda.amazonaws.com",
        "CreateFunction20150331",
        r#"{"functionName":"f","role":"$1","description":"$2","tags":{"team":"$2"}}"#,
    ),
    (
        "ec2.amazonaws.com",
        "CreateTags",
        r#"{"resourcesSet":{"items":[{"resourceId":"vol-01234567$1"}]},"tagSet":{"items":[{"key":"team","value":"$2"}]}}"#,
    ),
    ("iam.amazonaws.com", "PassRole", r#"{"roleName":"$1","policyName":"$2"}"#),
];

const VALUES: [&str; 12] =
    ["aa", "bb", "a/b", "shop", "private", "2026/[$LATEST]0f", "*", "deploy", "ann", "", "ROLE", "x y"];

static PARAMETERS: LazyLock<Vec<(usize, String)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for (at, (_, _, parameters)) in CALLS.iter().enumerate() {
        for one in VALUES {
            for two in ["orders", "drafts", "shop", "17"] {
                let text = parameters.replace("$1", one).replace("$2", two);
                all.push((at, text.replace("KEY", KEY).replace("ROLE", DEPLOY)));
            }
        }
    }
    all
});

prop_compose! {
    fn statement()(
        effect in prop_oneof![2 => Just("Allow"), 1 => Just("Deny")],
        action in select(vec!["*", "logs:*", "logs:Put*", "s3:*", "kms:*", "dynamodb:Query", "sts:*", "ssm:*", "ecs:*", "ec2:*", "iam:PassRole"]),
        element in prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")],
        resources in prop::collection::vec(select(vec![
            "*", "arn:aws:logs:*:*:log-group:*", "arn:aws:logs:*:*:log-group:/orders:log-stream:a*",
            "arn:aws:logs:*:*:log-group:/orders:log-stream:${aws:username}", "arn:aws:logs:*:*:log-group:/orders:log-stream:2026/*",
            "arn:aws:logs:*:*:log-group:/orders:log-stream:${aws:PrincipalTag/team}/*", "arn:aws:dynamodb:*:*:table/a*",
            "arn:aws:iam::*:role/*", "arn:aws:ecs:*:*:task/c/a*", "arn:aws:ssm:*:*:parameter/a*",
        ]), 1..3),
        condition in select(vec![
            Value::Null, Value::Null, Value::Null,
            json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }),
            json!({ "StringLike": { "s3:prefix": "a*" } }),
            json!({ "StringEquals": { "s3:x-amz-acl": "private" } }),
            json!({ "StringEquals": { "kms:EncryptionContext:team": "shop" } }),
            json!({ "StringEquals": { "sts:ExternalId": "orders" } }),
            json!({ "StringLike": { "sts:RoleSessionName": "${aws:username}" } }),
            json!({ "StringEquals": { "aws:RequestTag/team": "shop" } }),
            json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
            json!({ "ArnLike": { "iam:AssociatedResourceArn": "arn:aws:lambda:*:*:function:f" } }),
        ]),
    ) -> Value {
        conditioned(json!({ "Effect": effect, "Action": action, element: resources }), condition)
    }
}

fn statements() -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(), 1..6).prop_map(Value::from)
}

prop_compose! {
    fn world()(ann in statements(), deploy in statements(), of_key in statements(), of_one in any::<bool>()) -> Arc<Snapshot> {
        let of_key = for_account(of_key);
        let mut world = World::default()
            .user(ANN, &ann)
            .role(DEPLOY, &json!([trust_account()]), &deploy)
            .resource(KEY, &of_key)
            .resource("arn:aws:s3:::example-reports", &Value::Null)
            .resource(GROUP, &Value::Null);
        if of_one {
            world = world.resource(&format!("{GROUP}:log-stream:bb"), &of_key);
        }
        world.read()
    }
}

prop_compose! {
    fn record()(
        of_role in any::<bool>(), parameters in 0..PARAMETERS.len(), second in 0_i64..6,
        region in select(vec!["eu-west-1", "eu-west-1", "us-east-1"]),
        end in select(vec![None, None, None, None, Some("ThrottlingException"), Some("AccessDenied")]),
    ) -> Record<'static> {
        let (call, text) = &PARAMETERS[parameters];
        let (source, name, _) = CALLS[*call];
        let base = if of_role { by_role } else { by_user };
        Record {
            aws_region: Some(region),
            event_time: at(second),
            error_code: end,
            ..base(source, name, Some(text))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_a_call_is_what_is_said_of_it_alone(
        today in world(), proposed in world(), records in prop::collection::vec(record(), 250),
    ) {
        let plan = Plan { proposed: Some(proposed), ..plan(&today) };
        let mut together = Replayer::new(plan.clone());
        let mut forgetful = Replayer::sharing(plan.clone(), &Limits::narrow());
        for record in &records {
            let alone = Replayer::new(plan.clone()).take(record);
            prop_assert_eq!(&forgetful.take(record), &alone, "{:?}", record);
            prop_assert_eq!(together.take(record), alone, "{:?}", record);
        }
        let answer = |replayer: Replayer| {
            let folded = replayer.fold(&Changes::default());
            Replay { evaluations: 0, ..folded.answer(Some(Proposed::default())) }
        };
        let alone = records.iter().map(|record| {
            let mut replayer = Replayer::new(plan.clone());
            replayer.take(record);
            replayer
        });
        let alone = alone.reduce(|mut one, other| {
            one.merge(other);
            one
        });
        prop_assert_eq!(answer(together), answer(alone.unwrap()));
    }
}

/// One call after another, of one caller; gives how many were allowed, how many requests there were, and how many were evaluated.
fn of_values(source: &str, name: &str, parameters: &str, may: &Value) -> (u64, u64, u64) {
    let world = World::default().user(ANN, &json!([may])).resource(GROUP, &Value::Null).read();
    let mut replayer = Replayer::new(Plan { verdicts: false, ..plan(&world) });
    for value in 0..100 {
        let text = parameters.replace("$1", &format!("{}{value}", if value % 4 == 0 { "b" } else { "a" }));
        replayer.take(&Record { event_time: at(value), ..by_user(source, name, Some(&text)) });
    }
    let answer = replayer.fold(&Changes::default()).answer(None);
    (answer.verdicts.same_allowed, answer.requests, answer.evaluations)
}

#[test]
fn calls_that_differ_in_a_token_are_one_request() {
    let text = r#"{"path":"/orders/","recursive":true,"nextToken":"$1"}"#;
    let (_, requests, evaluations) =
        of_values("ssm.amazonaws.com", "GetParametersByPath", text, &allow("ssm:*", "*"));
    assert_eq!((requests, evaluations), (1, 1));
}

#[test]
fn log_streams_are_counted_each_and_judged_by_the_statements_that_name_them() {
    let text = r#"{"logGroupName":"/orders","logStreamName":"2026/[$LATEST]$1"}"#;
    let may = allow("logs:*", &format!("{GROUP}:log-stream:*]a*"));
    let (allowed, requests, evaluations) = of_values("logs.amazonaws.com", "CreateLogStream", text, &may);
    assert_eq!((allowed, requests), (75, 100));
    // The first, the one that is learned from, the first of the other fit; and their examples.
    assert!(evaluations <= 9, "{evaluations}");
}
