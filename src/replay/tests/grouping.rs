//! Remembering calls and putting replayers together changes nothing.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::replay::{Field, Proposed};

const BUCKET: &str = "arn:aws:s3:::example-reports";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/00000000-0000-0000-0000-00000000000a";
const PROVIDER: &str = "arn:aws:iam::111122223333:oidc-provider/id.example.com";

/// Conditions on keys that are told from various columns, or from none.
fn conditions() -> Vec<Value> {
    vec![
        Value::Null,
        json!({ "IpAddress": { "aws:SourceIp": "192.0.2.0/28" } }),
        json!({ "StringLike": { "aws:UserAgent": "aws-cli/*" } }),
        json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } }),
        json!({ "Bool": { "aws:MultiFactorAuthPresent": "true" } }),
        json!({ "DateGreaterThan": { "aws:CurrentTime": "2023-11-14T22:13:25Z" } }),
        json!({ "StringLike": { "s3:prefix": ["", "a/*"] } }),
        json!({ "ForAllValues:StringEquals": { "aws:TagKeys": ["Team", "="] } }),
        json!({ "StringEquals": { "aws:RequestTag/Team": "shop" } }),
        json!({ "StringEquals": { "aws:SourceVpce": "vpce-0123456789abcdef0" } }),
        json!({ "StringNotEquals": { "aws:SourceIdentity": "ann" } }),
        json!({ "StringEquals": { "sts:ExternalId": "x" } }),
        json!({ "StringEquals": { "id.example.com:sub": "one" } }),
        json!({ "StringEquals": { "saml:aud": "https://signin.aws.amazon.com/saml" } }),
        json!({ "NumericLessThan": { "aws:MultiFactorAuthAge": "300" } }),
        json!({ "StringEquals": { "example:nobody-knows": "x" } }),
        json!({ "StringLike": { "aws:PrincipalArn": "*/deploy" } }),
        json!({ "StringEquals": { "aws:userid": "AROARTX3GSDSQDEPEXAMPLE:one" } }),
        json!({ "Null": { "ec2:SourceInstanceARN": "true" } }),
    ]
}

fn statement() -> impl Strategy<Value = Value> {
    let actions = [
        "*",
        "s3:*",
        "s3:GetObject",
        "s3:ListBucket",
        "s3:PutObject",
        "sts:AssumeRole",
        "sts:*",
        "iam:PassRole",
        "iam:*",
        "ec2:*",
        "ec2:RunInstances",
        "kms:Decrypt",
        "lambda:*",
    ];
    let resources = ["*", "arn:aws:s3:::example-reports/*", BUCKET, DEPLOY, "arn:aws:ec2:*:*:instance/*"];
    let effect = prop_oneof![3 => Just("Allow"), 1 => Just("Deny")];
    (effect, select(actions.to_vec()), select(resources.to_vec()), select(conditions())).prop_map(
        |(effect, action, resource, condition)| {
            let mut one = json!({ "Effect": effect, "Action": action, "Resource": resource });
            if !condition.is_null() {
                one["Condition"] = condition;
            }
            one
        },
    )
}

fn statements() -> impl Strategy<Value = Value> {
    (prop::collection::vec(statement(), 0..4), prop::bool::weighted(0.7)).prop_map(|(mut list, all)| {
        list.push(allow(if all { "*" } else { "s3:GetObject" }, "*"));
        Value::from(list)
    })
}

/// As a policy of a resource: for these principals.
fn of_resource() -> impl Strategy<Value = Value> {
    let principals = [
        json!("*"),
        json!({ "AWS": ACCOUNT }),
        json!({ "AWS": ANN }),
        json!({ "AWS": DEPLOY }),
        json!({ "AWS": SESSION }),
        json!({ "AWS": "AROARTX3GSDSQDEPEXAMPLE:two" }),
        json!({ "Federated": PROVIDER }),
        json!({ "Service": "ec2.amazonaws.com" }),
    ];
    let one = (statement(), select(principals.to_vec())).prop_map(|(mut statement, principal)| {
        statement["Principal"] = principal;
        statement
    });
    prop::collection::vec(one, 1..4).prop_map(Value::from)
}

/// As a trust policy: only actions of STS, and no resource.
fn trust() -> impl Strategy<Value = Value> {
    of_resource().prop_map(|mut all| {
        for one in all.as_array_mut().unwrap() {
            one["Action"] = json!("sts:*");
            one.as_object_mut().unwrap().remove("Resource");
        }
        all
    })
}

prop_compose! {
    fn world()(
        ann in statements(), deploy in statements(), trust in trust(), reports in of_resource(),
        edge in statements(), bounded in any::<bool>(), control in statements(), organized in any::<bool>(),
    ) -> Arc<Snapshot> {
        let mut world = World::default()
            .user(ANN, &ann)
            .role(DEPLOY, &trust, &deploy)
            .managed("arn:aws:iam::111122223333:policy/edge", &edge)
            .resource(BUCKET, &reports)
            .resource("arn:aws:s3:::example-drafts", &Value::Null)
            .resource(KEY, &json!([{ "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*", "Resource": "*" }]));
        if bounded {
            world = world.boundary("arn:aws:iam::111122223333:policy/edge");
        }
        if organized {
            world = world.control("p-full", &json!([allow("*", "*")])).control("p-some", &control).organization(&json!({
                "id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": [
                    { "id": "r-ex01", "scps": ["p-full"], "rcps": [] },
                    { "id": ACCOUNT, "parent": "r-ex01", "scps": ["p-full", "p-some"], "rcps": [] },
                ],
            }));
        }
        world.read()
    }
}

const PARAMETERS: [Option<&str>; 12] = [
    None,
    Some("null"),
    Some(r#"{"bucketName": "example-reports", "key": "a/1"}"#),
    Some(r#"{"bucketName": "example-reports", "key": "public/2", "prefix": "a/"}"#),
    Some(r#"{"bucketName": "example-drafts", "key": "a/1", "x-amz-tagging": "Team=shop"}"#),
    Some(r#"{"bucketName": "example-nobodys", "key": "b", "prefix": "b"}"#),
    Some(
        r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "roleSessionName": "one", "externalId": "x"}"#,
    ),
    Some(
        r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "roleSessionName": "two", "tags": [{"key": "Team", "value": "shop"}, {"key": "=", "value": "-"}], "sourceIdentity": "ann"}"#,
    ),
    Some(r#"{"keyId": "00000000-0000-0000-0000-00000000000a"}"#),
    Some(
        r#"{"instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}, "iamInstanceProfile": {"name": "web"}, "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "Team", "value": "shop"}]}]}}"#,
    ),
    Some(r#"{"functionName": "f", "role": "arn:aws:iam::111122223333:role/team/deploy"}"#),
    Some(r#"{"omitted": true}"#),
];

const CALLS: [(&str, &str); 14] = [
    ("s3.amazonaws.com", "GetObject"),
    ("s3.amazonaws.com", "PutObject"),
    ("s3.amazonaws.com", "ListObjects"),
    ("s3.amazonaws.com", "CopyObject"),
    ("sts.amazonaws.com", "AssumeRole"),
    ("sts.amazonaws.com", "AssumeRoleWithWebIdentity"),
    ("sts.amazonaws.com", "AssumeRoleWithSAML"),
    ("sts.amazonaws.com", "GetCallerIdentity"),
    ("kms.amazonaws.com", "Decrypt"),
    ("ec2.amazonaws.com", "RunInstances"),
    ("lambda.amazonaws.com", "CreateFunction20150331"),
    ("iam.amazonaws.com", "CreateRole"),
    ("nobody.example.com", "Nothing"),
    ("signin.amazonaws.com", "ConsoleLogin"),
];

/// What AWS did, as code and message.
const ENDS: [(Option<&str>, Option<&str>); 10] = [
    (None, None),
    (None, None),
    (None, None),
    (None, None),
    (None, None),
    (Some("NoSuchKey"), None),
    (Some("AccessDenied"), Some("Access Denied")),
    (
        Some("AccessDenied"),
        Some(
            "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::example-reports/a/1\" because no identity-based policy allows the s3:GetObject action",
        ),
    ),
    (
        Some("AccessDenied"),
        Some(
            "User: arn:aws:sts::111122223333:assumed-role/deploy/one is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/team/deploy with an explicit deny in a service control policy",
        ),
    ),
    (Some("ExpiredToken"), Some("The provided token has expired")),
];

const RESPONSES: [Option<&str>; 4] = [
    None,
    Some(
        r#"{"subjectFromWebIdentityToken": "one", "audience": "sts.amazonaws.com", "provider": "id.example.com"}"#,
    ),
    Some(r#"{"subjectFromWebIdentityToken": "two", "audience": "https://signin.aws.amazon.com/saml"}"#),
    Some(r#"{"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}"#),
];

fn caller() -> impl Strategy<Value = Record<'static>> {
    let web = Record {
        identity_type: Some("WebIdentityUser"),
        identity_provider: Some(PROVIDER),
        identity_arn: None,
        principal_id: None,
        user_name: None,
        access_key_id: None,
        ..by_user("", "", None)
    };
    let service = Record {
        identity_type: Some("AWSService"),
        invoked_by: Some("ec2.amazonaws.com"),
        source_ip_address: Some("ec2.amazonaws.com"),
        ..Record { identity_arn: None, principal_id: None, user_name: None, access_key_id: None, ..web }
    };
    let service = Record { identity_account_id: None, identity_provider: None, ..service };
    select(vec![
        by_user("", "", None),
        by_user("", "", None),
        by_user("", "", None),
        by_role("", "", None),
        by_role("", "", None),
        by_role("", "", None),
        Record { mfa_authenticated: Some(true), ..by_role("", "", None) },
        Record { invoked_by: Some("athena.amazonaws.com"), ..by_role("", "", None) },
        Record { session_created: None, ..by_role("", "", None) },
        Record {
            identity_type: Some("Root"),
            identity_arn: Some("arn:aws:iam::111122223333:root"),
            ..by_user("", "", None)
        },
        Record { identity_type: Some("SAMLUser"), identity_provider: Some("x="), ..web },
        web,
        service,
        Record {
            identity_type: Some("AWSAccount"),
            principal_id: None,
            identity_arn: None,
            identity_account_id: Some("444455556666"),
            ..by_user("", "", None)
        },
        Record {
            identity_type: Some("AWSAccount"),
            principal_id: Some("ANONYMOUS_PRINCIPAL"),
            identity_arn: None,
            ..by_user("", "", None)
        },
        Record {
            identity_type: None,
            identity_arn: None,
            identity_account_id: None,
            principal_id: None,
            ..by_user("", "", None)
        },
    ])
}

/// Texts that other columns may hold.
fn other(field: Field) -> &'static [&'static str] {
    match field {
        Field::AwsRegion => &["eu-west-1", "us-east-1"],
        Field::SourceIpAddress => &["192.0.2.7", "192.0.2.99", "athena.amazonaws.com", "AWS Internal"],
        Field::UserAgent => &["aws-cli/2.15", "Boto3", ""],
        Field::VpcEndpointId => &["vpce-0123456789abcdef0", ""],
        Field::SourceIdentity => &["ann", "bert"],
        Field::EventContext => &[
            r#"{"requestContext": {"aws:SourceIp": "192.0.2.99"}}"#,
            r#"{"requestContext": {"aws:UserAgent": "x"}, "tagContext": {"principalTags": ["Team:shop"]}}"#,
        ],
        Field::Resources => &[
            r#"[{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-reports/a/1"}, {"accountId": "111122223333", "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-reports"}]"#,
            r#"[{"accountId": "444455556666", "ARN": "arn:aws:s3:::example-nobodys"}]"#,
        ],
        Field::TlsDetails => &[r#"{"tlsVersion": "TLSv1.3"}"#],
        Field::AdditionalEventData => &[r#"{"AuthenticationMethod": "QueryString"}"#],
        Field::PrincipalId => &["AROARTX3GSDSQDEPEXAMPLE:one", "AROARTX3GSDSQDEPEXAMPLE:two"],
        Field::IdentityArn => &[
            "arn:aws:sts::111122223333:assumed-role/deploy/two",
            "arn:aws:sts::111122223333:assumed-role/deploy/i-0123456789abcdef0",
        ],
        Field::RecipientAccountId => &["444455556666"],
        Field::EventType => &["AwsServiceEvent"],
        _ => &[],
    }
}

const OTHERS: [Field; 13] = [
    Field::AwsRegion,
    Field::SourceIpAddress,
    Field::UserAgent,
    Field::VpcEndpointId,
    Field::SourceIdentity,
    Field::EventContext,
    Field::Resources,
    Field::TlsDetails,
    Field::AdditionalEventData,
    Field::PrincipalId,
    Field::IdentityArn,
    Field::RecipientAccountId,
    Field::EventType,
];

prop_compose! {
    fn record()(
        caller in caller(), (source, name) in select(&CALLS[..]), parameters in select(&PARAMETERS[..]),
        response in select(&RESPONSES[..]), (code, message) in select(&ENDS[..]), second in 0_i64..6,
        number in 0..4_usize, varied in subsequence(OTHERS.to_vec(), 0..4), choice in any::<prop::sample::Index>(),
    ) -> Record<'static> {
        const IDS: [Option<&str>; 4] = [
            None,
            Some("00000000-0000-0000-0000-000000000001"),
            Some("00000000-0000-0000-0000-000000000002"),
            Some("00000000-0000-0000-0000-000000000003"),
        ];
        let record = Record {
            event_source: Some(source),
            event_name: Some(name),
            request_parameters: parameters,
            response_elements: response,
            error_code: code,
            error_message: message,
            event_time: at(second),
            event_id: IDS[number],
            ..caller
        };
        varied.into_iter().fold(record, |record, field| {
            let texts = other(field);
            record.with(field, texts[choice.index(texts.len())])
        })
    }
}

/// A session of `deploy` that was narrowed when it was made.
fn issuances() -> Arc<Issuances> {
    let issuing = Record {
        event_time: at(-600),
        issued_access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        assumed_role_arn: Some(SESSION),
        ..by_user(
            "sts.amazonaws.com",
            "AssumeRole",
            Some(
                r#"{"roleArn": "arn:aws:iam::111122223333:role/team/deploy", "roleSessionName": "one", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":[\"s3:*\",\"sts:*\"],\"Resource\":\"*\",\"Condition\":{\"StringLike\":{\"aws:UserAgent\":\"*\"}}}}"}"#,
            ),
        )
    };
    issued(&[issuing])
}

/// The answer, but for what depends on how the work was divided.
fn answer(plan: &Plan, parts: &[Vec<&Record<'_>>], from: usize, all: &[Record<'_>]) -> Replay {
    let replayers = parts.iter().map(|part| {
        let mut replayer = Replayer::new(plan.clone());
        for record in part {
            replayer.take(*record);
        }
        replayer
    });
    let mut replayers: Vec<Replayer> = replayers.collect();
    replayers.rotate_left(from % parts.len());
    let merged = replayers.into_iter().reduce(|mut one, other| {
        one.merge(other);
        one
    });
    let mut folded = merged.unwrap().fold(&changes_of(all));
    for record in all {
        folded.worked(record);
    }
    Replay { evaluations: 0, ..folded.answer(Some(Proposed::default())) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_said_of_an_event_is_what_is_said_of_it_alone(
        today in world(), proposed in world(), knows in any::<bool>(),
        records in prop::collection::vec(record(), 1..40),
    ) {
        let issuances = if knows { issuances() } else { Arc::new(Issuances::default()) };
        let plan = Plan { proposed: Some(proposed), issuances, ..plan(&today) };
        let mut together = Replayer::new(plan.clone());
        let mut forgetful = Replayer::sharing(plan.clone(), &Limits::narrow());
        // Twice, so that every call is met when it is remembered.
        for record in records.iter().chain(&records) {
            let alone = Replayer::new(plan.clone()).take(record);
            prop_assert_eq!(&forgetful.take(record), &alone, "{:?}", record);
            prop_assert_eq!(together.take(record), alone, "{:?}", record);
        }
        prop_assert_eq!(together.fold(&Changes::default()).answer(None).events, 2 * records.len() as u64);
    }

    #[test]
    fn the_answer_is_that_of_any_order_and_any_division(
        today in world(), proposed in world(), (records, shuffled) in
            prop::collection::vec(record(), 1..90).prop_flat_map(|records| (Just(records.clone()), Just(records).prop_shuffle())),
        parts in 1..5_usize, from in 0..5_usize,
    ) {
        let plan = Plan { proposed: Some(proposed), verdicts: false, ..plan(&today) };
        let one = answer(&plan, &[records.iter().collect()], 0, &records);
        let reordered = answer(&plan, &[shuffled.iter().collect()], 0, &shuffled);
        prop_assert_eq!(&one, &reordered);
        let divided: Vec<Vec<&Record<'_>>> =
            (0..parts).map(|part| shuffled.iter().skip(part).step_by(parts).collect()).collect();
        prop_assert_eq!(&one, &answer(&plan, &divided, from, &records));
        prop_assert!(one.requests <= one.events * 20);
    }

    #[test]
    fn examples_are_the_same_in_any_order_even_of_events_of_one_second_and_id(
        (events, shuffled) in prop::collection::vec((0_i64..3, 0..6_usize, prop::bool::ANY), 1..30)
            .prop_flat_map(|events| (Just(events.clone()), Just(events).prop_shuffle())),
    ) {
        const KEYS: [&str; 6] = [
            r#"{"bucketName": "example-reports", "key": "0"}"#,
            r#"{"bucketName": "example-reports", "key": "1"}"#,
            r#"{"bucketName": "example-reports", "key": "2"}"#,
            r#"{"bucketName": "example-reports", "key": "3"}"#,
            r#"{"bucketName": "example-reports", "key": "4"}"#,
            r#"{"bucketName": "example-reports", "key": "5"}"#,
        ];
        let record = |(second, key, known): &(i64, usize, bool)| Record {
            event_time: at(*second),
            event_id: known.then_some("00000000-0000-0000-0000-000000000001"),
            ..by_user("s3.amazonaws.com", "GetObject", Some(KEYS[*key]))
        };
        let world = World::default().user(ANN, &json!([allow("s3:*", "*")])).resource(BUCKET, &Value::Null);
        let plan = plan(&world.read());
        let of = |events: &[(i64, usize, bool)]| {
            let answer = replay(&plan, &events.iter().map(record).collect::<Vec<_>>());
            Replay { evaluations: 0, ..answer }
        };
        prop_assert_eq!(of(&events), of(&shuffled));
    }

    #[test]
    fn the_columns_of_a_plan_are_all_that_a_replay_reads(
        today in world(), proposed in world(), records in prop::collection::vec(record(), 1..20),
    ) {
        let plan = Plan { proposed: Some(proposed), issuances: issuances(), ..plan(&today) };
        let fields = plan.fields();
        for record in records {
            let left = Record {
                session_created: record.session_created.filter(|_| fields.has(Field::SessionCreated)),
                mfa_authenticated: record.mfa_authenticated.filter(|_| fields.has(Field::MfaAuthenticated)),
                assumed_root: record.assumed_root.filter(|_| fields.has(Field::AssumedRoot)),
                ..Record::of_row(record.event_time, |field| record.text(field).filter(|_| fields.has(field)))
            };
            prop_assert_eq!(verdict(&plan, &left), verdict(&plan, &record));
        }
    }
}

#[test]
fn the_worlds_of_these_properties_meet_every_verdict() {
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;
    use std::collections::BTreeMap;

    let mut runner = TestRunner::deterministic();
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for _ in 0..60 {
        let (today, proposed) = (
            world().new_tree(&mut runner).unwrap().current(),
            world().new_tree(&mut runner).unwrap().current(),
        );
        let plan = Plan { proposed: Some(proposed), issuances: issuances(), ..plan(&today) };
        let mut replayer = Replayer::new(plan);
        for _ in 0..60 {
            let record = record().new_tree(&mut runner).unwrap().current();
            let said = replayer.take(&record).unwrap();
            *seen.entry(format!("{:?} {:?}", said.then, said.verdict)).or_default() += 1;
            if let Some(change) = said.change {
                *seen.entry(format!("{change:?}")).or_default() += 1;
            }
        }
    }
    for wanted in [
        "Allowed Same",
        "Denied Same",
        "Failed Same",
        "Allowed NowDenied",
        "Denied NowAllowed",
        "Allowed Undetermined",
        "Allowed NotARequest",
        "Broken",
        "MayBreak",
        "Opened",
        "MayOpen",
    ] {
        assert!(seen.contains_key(wanted), "{wanted}: {seen:?}");
    }
}

/// The events and the needs of each group, in order.
fn needs(answer: &Replay) -> Vec<(u64, Vec<&str>)> {
    let mut all: Vec<_> = answer
        .groups
        .iter()
        .map(|group| (group.seen.events, group.needs.iter().map(|lack| lack.what.as_str()).collect()))
        .collect();
    all.sort();
    all
}

fn if_tagged(tag: &str) -> Value {
    json!({ "StringEquals": { format!("s3:ExistingObjectTag/{tag}"): "x" } })
}

#[test]
fn what_would_decide_for_one_session_is_not_said_of_another() {
    let mut own = allow("s3:GetObject", "arn:aws:s3:::example-reports/*");
    own["Principal"] = json!({ "AWS": [SESSION, DEPLOY] });
    own["Condition"] = if_tagged("b");
    let mut cap = allow("s3:GetObject", "*");
    cap["Condition"] = if_tagged("a");
    let arn = "arn:aws:iam::111122223333:policy/cap";
    let snapshot = World::default()
        .role(DEPLOY, &json!([trust_account()]), &json!([allow("sqs:*", "*")]))
        .boundary(arn)
        .managed(arn, &json!([cap]))
        .resource("arn:aws:s3:::example-reports", &json!([own]))
        .read();
    let one =
        by_role("s3.amazonaws.com", "GetObject", Some(r#"{"bucketName": "example-reports", "key": "k"}"#));
    let two = Record {
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/two"),
        principal_id: Some("AROARTX3GSDSQDEPEXAMPLE:two"),
        ..one
    };
    let plan = plan(&snapshot);
    let (forth, back) = (replay(&plan, &[one, two]), replay(&plan, &[two, one]));
    assert_eq!(needs(&forth), needs(&back));
    // The bucket names the first session itself, so the boundary does not bind it.
    assert_ne!(needs(&replay(&plan, &[one])), needs(&replay(&plan, &[two])));
    assert_eq!(needs(&forth).len(), 2);
}

#[test]
fn what_would_decide_for_one_object_is_not_said_of_another_that_a_variable_may_name() {
    let mut own = allow("s3:GetObject", "x");
    own["Resource"] = json!([
        "arn:aws:s3:::example-reports/public/*",
        "arn:aws:s3:::example-reports/${aws:PrincipalTag/team}/*"
    ]);
    own["Condition"] = if_tagged("b");
    let mut trust = trust_account();
    trust["Action"] = json!(["sts:AssumeRole", "sts:TagSession"]);
    let snapshot = World::default()
        .role(DEPLOY, &json!([trust]), &json!([own]))
        .resource("arn:aws:s3:::example-reports", &Value::Null)
        .read();
    let of = |text| by_role("s3.amazonaws.com", "GetObject", Some(text));
    let public = of(r#"{"bucketName": "example-reports", "key": "public/k"}"#);
    let secret = of(r#"{"bucketName": "example-reports", "key": "secret/k"}"#);
    let plan = plan(&snapshot);
    let (forth, back) = (replay(&plan, &[public, secret]), replay(&plan, &[secret, public]));
    assert_eq!(needs(&forth), needs(&back));
    assert_ne!(needs(&replay(&plan, &[public])), needs(&replay(&plan, &[secret])));
    assert_eq!(needs(&forth).len(), 2);
}

/// How many requests are told apart of the same call in sessions of these names, where the bucket's policy is this.
fn sessions_told_apart(policy: &Value, sessions: &[&str]) -> u64 {
    let world =
        World::default().role(DEPLOY, &json!([]), &json!([allow("s3:*", "*")])).resource(BUCKET, policy);
    let plan = plan(&world.read());
    let named: Vec<(String, String)> = sessions
        .iter()
        .map(|name| {
            let arn = format!("arn:aws:sts::111122223333:assumed-role/deploy/{name}");
            (arn, format!("AROARTX3GSDSQDEPEXAMPLE:{name}"))
        })
        .collect();
    let parameters = Some(r#"{"bucketName": "example-reports", "key": "a/1"}"#);
    let records: Vec<Record<'_>> = named
        .iter()
        .map(|(arn, id)| Record {
            identity_arn: Some(arn),
            principal_id: Some(id),
            ..by_role("s3.amazonaws.com", "GetObject", parameters)
        })
        .collect();
    replay(&plan, &records).requests
}

#[test]
fn names_of_sessions_tell_requests_apart_only_where_a_policy_reads_them() {
    let names = ["one", "two", "i-0123456789abcdef0", "two"];
    let policy = |principal: &Value, condition: &Value| json!([{ "Effect": "Deny", "Principal": principal, "Action": "s3:*", "Resource": "*", "Condition": condition }]);
    let role = json!({ "AWS": DEPLOY });
    let region = json!({ "StringEquals": { "aws:RequestedRegion": "us-east-1" } });
    assert_eq!(sessions_told_apart(&policy(&role, &region), &names), 1);
    let one = json!({ "AWS": SESSION });
    assert_eq!(sessions_told_apart(&policy(&one, &region), &names), 3);
    let two = json!({ "AWS": "AROARTX3GSDSQDEPEXAMPLE:two" });
    assert_eq!(sessions_told_apart(&policy(&two, &region), &names), 3);
    let id = json!({ "StringLike": { "aws:userid": "*:one" } });
    assert_eq!(sessions_told_apart(&policy(&role, &id), &names), 3);
    let instance = json!({ "Null": { "ec2:SourceInstanceARN": "true" } });
    assert_eq!(sessions_told_apart(&policy(&role, &instance), &names), 2);
}

#[test]
fn keys_tell_requests_apart_only_where_a_statement_about_the_action_reads_them() {
    let near = json!({ "NotIpAddress": { "aws:SourceIp": "192.0.2.0/28" } });
    let policy = json!([allow("*", "*"), { "Effect": "Deny", "Action": "s3:Put*", "Resource": "*", "Condition": near }]);
    let world = World::default().user(ANN, &policy).resource(BUCKET, &Value::Null);
    let plan = plan(&world.read());
    let parameters = Some(r#"{"bucketName": "example-reports", "key": "a/1"}"#);
    for (source, name, expected) in [
        ("ec2.amazonaws.com", "DescribeInstances", 1),
        ("s3.amazonaws.com", "GetObject", 1),
        ("s3.amazonaws.com", "PutObject", 2),
    ] {
        let of = |address| Record { source_ip_address: Some(address), ..by_user(source, name, parameters) };
        let answer = replay(&plan, &[of("192.0.2.7"), of("192.0.2.99")]);
        assert_eq!(answer.requests, expected, "{name}");
    }
}
