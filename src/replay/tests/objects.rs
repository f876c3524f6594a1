//! Calls on objects come to the same whether they are told by what others came to or judged one by one.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::replay::Proposed;

const BUCKET: &str = "arn:aws:s3:::example-reports";

const KEYS: [&str; 14] = [
    "a/1",
    "a/2",
    "b/1",
    "b/2",
    "ann/1",
    "bert/1",
    "1",
    "reports",
    "public/2",
    "a/b/c.csv",
    "a*",
    "x y",
    "${aws:username}/1",
    "2026-01-01T00:00:00Z",
];

/// Parameters and resources: every bucket with every key, in several forms.
static OBJECTS: LazyLock<Vec<(String, Option<String>)>> = LazyLock::new(|| {
    let mut all = Vec::new();
    for bucket in ["example-reports", "example-drafts", "example-nobodys"] {
        for key in KEYS {
            let parameters =
                format!(r#"{{"bucketName":"{bucket}","Host":"s3.amazonaws.com","key":"{key}"}}"#);
            let resources = format!(
                r#"[{{"type":"AWS::S3::Object","ARN":"arn:aws:s3:::{bucket}/{key}"}},{{"accountId":"111122223333","type":"AWS::S3::Bucket","ARN":"arn:aws:s3:::{bucket}"}}]"#
            );
            all.push((parameters.clone(), Some(resources)));
            all.push((parameters, None));
            let copy = format!(
                r#"{{"bucketName":"{bucket}","key":"{key}","x-amz-copy-source":"example-reports/a/9","x-amz-acl":"private"}}"#
            );
            all.push((copy, None));
        }
    }
    all
});

prop_compose! {
    fn statement()(
        effect in prop_oneof![2 => Just("Allow"), 1 => Just("Deny")],
        action in select(vec!["s3:*", "s3:GetObject", "s3:Get*", "s3:PutObject", "*"]),
        element in prop_oneof![4 => Just("Resource"), 1 => Just("NotResource")],
        resources in prop::collection::vec(select(vec![
            "*", "arn:aws:s3:::*/1", "arn:aws:s3:::example-reports/*", "arn:aws:s3:::example-reports/a/*",
            "arn:aws:s3:::example-reports/?/1", "arn:aws:s3:::example-reports/${aws:username}/*",
            "arn:aws:s3:::example-*/${aws:PrincipalTag/team}/*", "arn:aws:s3:::example-drafts/a/1",
        ]), 1..3),
        condition in select(vec![
            Value::Null, Value::Null,
            json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }),
            json!({ "StringEquals": { "s3:x-amz-acl": "private" } }),
            json!({ "StringEquals": { "s3:ExistingObjectTag/team": "shop" } }),
            json!({ "StringEquals": { "aws:ResourceAccount": "111122223333" } }),
            json!({ "StringLike": { "aws:UserAgent": "aws-cli/*" } }),
        ]),
    ) -> Value {
        conditioned(json!({ "Effect": effect, "Action": action, element: resources }), condition)
    }
}

fn statements() -> impl Strategy<Value = Value> {
    prop::collection::vec(statement(), 1..5).prop_map(Value::from)
}

prop_compose! {
    fn world()(ann in statements(), deploy in statements(), reports in statements(), of_one in any::<bool>()) -> Arc<Snapshot> {
        let reports = for_account(reports);
        let mut world = World::default()
            .user(ANN, &ann)
            .role(DEPLOY, &json!([trust_account()]), &deploy)
            .resource(BUCKET, &reports)
            .resource("arn:aws:s3:::example-drafts", &Value::Null);
        if of_one {
            world = world.resource("arn:aws:s3:::example-drafts/a/2", &reports);
        }
        world.read()
    }
}

prop_compose! {
    fn record()(
        of_role in any::<bool>(), name in select(vec!["GetObject", "PutObject", "CopyObject", "GetObjectTagging"]),
        object in 0..OBJECTS.len(), agent in select(vec!["aws-cli/2.15", "Boto3"]), second in 0_i64..6,
        region in select(vec!["eu-west-1", "us-east-1"]),
        end in select(vec![None, None, None, None, None, Some("NoSuchKey"), Some("AccessDenied")]),
        number in 0..3_usize,
    ) -> Record<'static> {
        const IDS: [&str; 3] = [
            "00000000-0000-0000-0000-000000000001",
            "00000000-0000-0000-0000-000000000002",
            "00000000-0000-0000-0000-000000000003",
        ];
        let (parameters, resources) = &OBJECTS[object];
        let base = if of_role { by_role } else { by_user };
        Record {
            resources: resources.as_deref(),
            user_agent: Some(agent),
            aws_region: Some(region),
            event_time: at(second),
            event_id: Some(IDS[number]),
            error_code: end,
            ..base("s3.amazonaws.com", name, Some(parameters))
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_an_object_is_what_is_said_of_it_alone(
        today in world(), proposed in world(), records in prop::collection::vec(record(), 150),
    ) {
        let plan = Plan { proposed: Some(proposed), ..plan(&today) };
        let mut together = Replayer::new(plan.clone());
        let mut forgetful = Replayer::sharing(plan.clone(), &Limits::narrow());
        for record in &records {
            let alone = Replayer::new(plan.clone()).take(record);
            prop_assert_eq!(&forgetful.take(record), &alone, "{:?}", record);
            prop_assert_eq!(together.take(record), alone, "{:?}", record);
        }
    }

    #[test]
    fn answers_on_objects_are_those_of_each_judged_by_itself(
        today in world(), proposed in world(), records in prop::collection::vec(record(), 150),
        parts in 2..5_usize,
    ) {
        let plan = Plan { proposed: Some(proposed), verdicts: false, ..plan(&today) };
        let answer = |parts: usize| {
            let replayers = (0..parts).map(|part| {
                let mut replayer = Replayer::new(plan.clone());
                records.iter().skip(part).step_by(parts).for_each(|record| {
                    replayer.take(record);
                });
                replayer
            });
            let merged = replayers.reduce(|mut one, other| {
                one.merge(other);
                one
            });
            let folded = merged.unwrap().fold(&Changes::default());
            Replay { evaluations: 0, ..folded.answer(Some(Proposed::default())) }
        };
        // Each event in a replayer of its own is told by no other.
        let alone = answer(records.len());
        prop_assert_eq!(&answer(1), &alone);
        prop_assert_eq!(&answer(parts), &alone);
    }
}

/// One object after another, of one caller, under one statement.
fn of_keys(keys: &[String]) -> (u64, u64, u64) {
    let own = json!([allow("s3:GetObject", "arn:aws:s3:::example-reports/a/*")]);
    let world = World::default().user(ANN, &own).resource(BUCKET, &Value::Null).read();
    let mut replayer = Replayer::new(Plan { verdicts: false, ..plan(&world) });
    for (second, key) in (0..).zip(keys) {
        let parameters = format!(r#"{{"bucketName":"example-reports","key":"{key}"}}"#);
        let record = by_user("s3.amazonaws.com", "GetObject", Some(&parameters));
        replayer.take(&Record { event_time: at(second), ..record });
    }
    let answer = replayer.fold(&Changes::default()).answer(None);
    assert_eq!(answer.requests, keys.len() as u64);
    (answer.verdicts.same_allowed, answer.verdicts.now_denied, answer.evaluations)
}

#[test]
fn objects_are_counted_each_and_judged_by_the_statements_that_name_them() {
    let keys: Vec<String> =
        (0..100).map(|at| format!("{}/{at}", if at % 4 == 0 { "b" } else { "a" })).collect();
    let (allowed, denied, evaluations) = of_keys(&keys);
    assert_eq!((allowed, denied), (75, 25));
    // The first, the one that is learned from, the first of the other fit; and its examples.
    assert!(evaluations <= 6, "{evaluations}");
}
