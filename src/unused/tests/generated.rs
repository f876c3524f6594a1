//! Suggestions for generated worlds: they break nothing, open nothing, and hold no statement that no request needs.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

use super::super::index::INDEX;
use super::super::suggest::{self, Generality, Options, Suggestion};
use super::super::{ActionUse, Listed, Mark, Marks, PrincipalUse, Risk, ServiceUse, Unused};
use super::{ANN, DEPLOY, World, by_ann, by_deploy, look, trust_ann};
use crate::replay::answer::{Change, ChangeGroup, Replay};
use crate::replay::{Changes, Issuances, Plan, Proposed, Record, Replayer};
use crate::snapshot::Snapshot;

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const BOUNDARY: &str = "arn:aws:iam::111122223333:policy/boundary";
const SHARED: &str = "arn:aws:iam::111122223333:policy/shared";

/// Calls of several services: source, name, parameters.
fn calls() -> Vec<(&'static str, &'static str, Value)> {
    let object = |bucket: u8, key: &str| json!({"bucketName": format!("example-{bucket}"), "key": key});
    let instances = |id: &str| json!({"instancesSet": {"items": [{"instanceId": id}]}});
    let passed = |name: &str, role: &str| json!({"functionName": name, "role": format!("arn:aws:iam::111122223333:role/{role}")});
    vec![
        ("s3", "GetObject", object(1, "in/2026-06-01.csv")),
        ("s3", "GetObject", object(1, "in/a.csv")),
        ("s3", "GetObject", object(2, "in/a.csv")),
        ("s3", "PutObject", object(1, "out/b.csv")),
        ("s3", "PutObject", object(2, "out/b.csv")),
        ("s3", "ListObjects", json!({"bucketName": "example-1"})),
        (
            "s3",
            "CopyObject",
            json!({"bucketName": "example-1", "key": "c", "x-amz-copy-source": "example-2/in/a.csv"}),
        ),
        ("ec2", "DescribeInstances", json!({})),
        ("ec2", "TerminateInstances", instances("i-0123456789abcdef0")),
        ("ec2", "StopInstances", instances("i-0123456789abcdef1")),
        ("lambda", "CreateFunction20150331", passed("f", "exec")),
        ("lambda", "CreateFunction20150331", passed("g", "other")),
        ("lambda", "Invoke", json!({"functionName": "f"})),
        ("dynamodb", "GetItem", json!({"tableName": "orders"})),
        ("sqs", "CreateQueue", json!({"queueName": "q"})),
        ("ec2", "LaunchMoonBase", json!({})),
    ]
}

/// A call of a world: whose, which, where, from where, and how it ended.
#[derive(Debug, Clone)]
struct Call {
    who: usize,
    which: usize,
    is_far: bool,
    is_abroad: bool,
    end: Option<&'static str>,
}

impl Call {
    fn record<'a>(&self, all: &'a [(&str, &str, String)]) -> Record<'a> {
        let (source, name, parameters) = &all[self.which];
        let record = match self.who {
            0 => by_ann(source, name, Some(parameters)),
            1 => Record {
                identity_arn: Some(BOB),
                user_name: Some("bob"),
                ..by_ann(source, name, Some(parameters))
            },
            _ => by_deploy(source, name, Some(parameters)),
        };
        Record {
            aws_region: Some(if self.is_far { "us-east-1" } else { "eu-west-1" }),
            source_ip_address: Some(if self.is_abroad { "198.51.100.7" } else { "192.0.2.7" }),
            error_code: self.end,
            ..record
        }
    }
}

fn told() -> Vec<(&'static str, &'static str, String)> {
    let full = |service: &'static str| -> &'static str {
        match service {
            "s3" => "s3.amazonaws.com",
            "ec2" => "ec2.amazonaws.com",
            "lambda" => "lambda.amazonaws.com",
            "dynamodb" => "dynamodb.amazonaws.com",
            _ => "sqs.amazonaws.com",
        }
    };
    calls().into_iter().map(|(service, name, own)| (full(service), name, own.to_string())).collect()
}

fn call() -> impl Strategy<Value = Call> {
    // Few calls are of an unknown action, so that most suggestions are narrow.
    let which = prop_oneof![20 => 0..calls().len() - 1, 1 => Just(calls().len() - 1)];
    let end = prop_oneof![10 => Just(None), 1 => Just(Some("AccessDenied")), 1 => Just(Some("NoSuchKey"))];
    (0..3_usize, which, any::<bool>(), any::<bool>(), end)
        .prop_map(|(who, which, is_far, is_abroad, end)| Call { who, which, is_far, is_abroad, end })
}

fn actions() -> impl Strategy<Value = (&'static str, Value)> {
    let listed = select(vec![
        json!("*"),
        json!("*"),
        json!("s3:*"),
        json!("s3:Get*"),
        json!(["s3:GetObject", "s3:PutObject"]),
        json!(["s3:List*", "ec2:Describe*"]),
        json!("ec2:*"),
        json!(["ec2:TerminateInstances", "ec2:StopInstances"]),
        json!(["lambda:*", "iam:PassRole"]),
        json!("lambda:InvokeFunction"),
        json!(["dynamodb:*", "sqs:*"]),
    ]);
    let all_but = select(vec![json!("iam:*"), json!(["s3:Put*", "ec2:Terminate*"]), json!("ec2:Describe*")]);
    prop_oneof![5 => listed.prop_map(|own| ("Action", own)), 1 => all_but.prop_map(|own| ("NotAction", own))]
}

fn resources() -> impl Strategy<Value = (&'static str, Value)> {
    let listed = select(vec![
        json!("*"),
        json!("*"),
        json!(["arn:aws:s3:::example-*"]),
        json!(["arn:aws:s3:::example-1", "arn:aws:s3:::example-1/*"]),
        json!(["arn:aws:s3:::example-1/in/*", "arn:aws:s3:::example-2/in/a.csv"]),
        json!("arn:aws:ec2:*:*:instance/*"),
        json!(["arn:aws:lambda:eu-west-1:*:function:*", "arn:aws:iam::*:role/exec"]),
        json!("arn:aws:dynamodb:*:*:table/ord*"),
    ]);
    let all_but = select(vec![
        json!("arn:aws:s3:::example-2/*"),
        json!(["arn:aws:ec2:*:*:instance/*", "arn:aws:s3:::example-1"]),
    ]);
    prop_oneof![6 => listed.prop_map(|own| ("Resource", own)), 1 => all_but.prop_map(|own| ("NotResource", own))]
}

fn condition() -> impl Strategy<Value = Value> {
    select(vec![
        json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        json!({"StringNotEquals": {"aws:RequestedRegion": ["us-east-1", "us-west-2"]}}),
        json!({"IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "203.0.113.0/24"]}}),
        json!({"NotIpAddress": {"aws:SourceIp": "198.51.100.0/24"}, "StringEquals": {"aws:RequestedRegion": "eu-west-1"}}),
        json!({"StringEqualsIfExists": {"iam:PassedToService": ["lambda.amazonaws.com", "ecs-tasks.amazonaws.com"]}}),
        // What no record tells.
        json!({"StringEquals": {"aws:ResourceTag/team": "shop"}}),
        json!({"StringLike": {"aws:ResourceTag/team": ["shop", "team-*"]}}),
        json!({"StringEquals": {"aws:ResourceTag/stage": "test"}}),
        json!({"Bool": {"aws:MultiFactorAuthPresent": "false"}}),
    ])
}

fn statement(denies: u32) -> impl Strategy<Value = Value> {
    let effect = prop_oneof![8 => Just("Allow"), denies => Just("Deny")];
    (effect, actions(), resources(), proptest::option::weighted(0.3, condition())).prop_map(
        |(effect, (action, actions), (resource, resources), condition)| {
            let mut own = json!({"Effect": effect, action: actions, resource: resources});
            if let Some(condition) = condition {
                own["Condition"] = condition;
            }
            own
        },
    )
}

fn statements(count: std::ops::Range<usize>) -> impl Strategy<Value = Value> {
    proptest::collection::vec(statement(1), count).prop_map(Value::from)
}

/// The same, often with two statements of which no record tells which one allows what they do.
fn twins(statements: impl Strategy<Value = Value>) -> impl Strategy<Value = Value> {
    let both = proptest::option::weighted(0.6, (actions(), resources()));
    (statements, both).prop_map(|(mut all, both)| {
        if let (Value::Array(all), Some(((action, actions), (resource, resources)))) = (&mut all, both) {
            for stage in ["test", "live"] {
                let condition = json!({"StringEquals": {"aws:ResourceTag/stage": stage}});
                all.push(
                    json!({"Effect": "Allow", action: actions, resource: resources, "Condition": condition}),
                );
            }
        }
        all
    })
}

/// Two users and a role with inline policies, one managed policy of some of them, perhaps a boundary and an SCP.
#[derive(Debug, Clone)]
struct Spec {
    own: (Value, Value, Value),
    shared: Value,
    sharing: Vec<usize>,
    boundary: Option<Value>,
    control: Option<Value>,
}

impl Spec {
    fn read(&self) -> Arc<Snapshot> {
        let (ann, bob, deploy) = &self.own;
        let mut world = World::default().user(ANN, ann).user(BOB, bob).role(DEPLOY, &trust_ann(), deploy);
        world = world.managed(SHARED, &self.shared);
        let attached = json!([{"PolicyName": "shared", "PolicyArn": SHARED}]);
        for who in &self.sharing {
            let own = if *who == 2 { &mut world.roles[0] } else { &mut world.users[*who] };
            own["AttachedManagedPolicies"] = attached.clone();
        }
        if let Some(boundary) = &self.boundary {
            let kind = json!({"PermissionsBoundaryType": "Policy", "PermissionsBoundaryArn": BOUNDARY});
            world = world.managed(BOUNDARY, boundary).with("PermissionsBoundary", &kind);
        }
        if let Some(control) = &self.control {
            world = world.control(&json!([control]));
        }
        // Where a resource's own policy is not known, nobody knows whether anything breaks.
        let resources = [
            "arn:aws:s3:::example-1",
            "arn:aws:s3:::example-2",
            "arn:aws:lambda:eu-west-1:111122223333:function:f",
            "arn:aws:lambda:us-east-1:111122223333:function:f",
            "arn:aws:lambda:eu-west-1:111122223333:function:g",
            "arn:aws:lambda:us-east-1:111122223333:function:g",
            "arn:aws:dynamodb:eu-west-1:111122223333:table/orders",
            "arn:aws:dynamodb:us-east-1:111122223333:table/orders",
            "arn:aws:sqs:eu-west-1:111122223333:q",
            "arn:aws:sqs:us-east-1:111122223333:q",
        ];
        let none = |arn| json!({"arn": arn, "account": "111122223333", "policy": null});
        world.file("resource-policies/own.json", &Value::from_iter(resources.map(none)).to_string()).read()
    }
}

fn world() -> impl Strategy<Value = Spec> {
    let own = (twins(statements(1..4)), statements(1..5), statements(1..6));
    let sharing = subsequence(vec![0_usize, 1, 2], 0..=3);
    let boundary = proptest::option::weighted(0.4, statements(1..4));
    let control = proptest::option::weighted(0.4, statement(20));
    (own, statements(1..4), sharing, boundary, control).prop_map(
        |(own, shared, sharing, boundary, control)| Spec { own, shared, sharing, boundary, control },
    )
}

fn options() -> impl Strategy<Value = Options> {
    select(vec![Generality::Exact, Generality::Templated, Generality::Wide])
        .prop_map(|generality| Options { generality, levels: false })
}

/// What these calls come to with suggestions in the place of today's policies.
pub(super) fn replayed(
    snapshot: &Arc<Snapshot>,
    suggestions: &[Suggestion],
    records: &[Record<'_>],
) -> Replay {
    let plan = Plan {
        snapshot: Arc::clone(snapshot),
        proposed: Some(Arc::new(suggest::propose(snapshot, suggestions))),
        issuances: Arc::new(Issuances::default()),
        originals: Arc::default(),
        action: None,
        verdicts: false,
    };
    let mut replayer = Replayer::new(plan);
    for record in records {
        replayer.take(record);
    }
    let mut folded = replayer.fold(&Changes::default());
    for record in records {
        folded.worked(record);
    }
    folded.answer(Some(Proposed::default()))
}

/// The calls that change so, a line for each group.
fn changed(replay: &Replay, changes: &[Change]) -> Vec<String> {
    let groups = replay.proposal.iter().flat_map(|proposal| &proposal.groups);
    let line = |group: &ChangeGroup| {
        let resource = group.examples.first().map(|own| own.resource.clone());
        format!("{:?} {:?} {} {resource:?}", group.change, group.principal, group.action)
    };
    groups.filter(|group| changes.contains(&group.change)).map(line).collect()
}

/// Worlds that are made.
const CASES: u32 = 14;

const BREAKS: [Change; 2] = [Change::Broken, Change::MayBreak];
const OPENS: [Change; 2] = [Change::Opened, Change::MayOpen];

/// The statements of a suggestion with their place: policy and number.
fn places(own: &Suggestion) -> Vec<(usize, usize, String)> {
    let of = |(at, policy): (usize, &suggest::SuggestedPolicy)| {
        let statements = policy.document["Statement"].as_array().unwrap().clone();
        let named = statements.into_iter().enumerate();
        named
            .map(move |(number, own)| (at, number, own["Sid"].as_str().unwrap().to_owned()))
            .collect::<Vec<_>>()
    };
    own.policies.iter().enumerate().flat_map(of).collect()
}

/// The statements of all suggestions without which nothing that these calls did would break, but for those that are named as not
/// proven.
fn needless(snapshot: &Arc<Snapshot>, answer: &Unused, records: &[Record<'_>]) -> Vec<String> {
    let mut found = Vec::new();
    for (whose, own) in answer.suggestions.iter().enumerate() {
        let unproven: Vec<&String> = own.policies.iter().flat_map(|policy| &policy.unproven).collect();
        for (policy, number, sid) in places(own) {
            let mut without = answer.suggestions.clone();
            let removed =
                without[whose].policies[policy].document["Statement"].as_array_mut().unwrap().remove(number);
            let breaks = changed(&replayed(snapshot, &without, records), &BREAKS);
            if breaks.is_empty() && !unproven.contains(&&sid) {
                found.push(format!("{}: {removed}", own.principal));
            }
        }
    }
    found
}

/// Every call by everyone, from everywhere.
fn every_call() -> Vec<Call> {
    let mut all = Vec::new();
    for who in 0..3 {
        for which in 0..calls().len() {
            for place in 0..4 {
                all.push(Call { who, which, is_far: place & 1 > 0, is_abroad: place & 2 > 0, end: None });
            }
        }
    }
    all
}

/// How often the cases that matter came up.
#[derive(Debug, Default)]
struct Met {
    proven: Cell<usize>,
    perhaps: Cell<usize>,
    kept: Cell<usize>,
    guards: Cell<usize>,
    not_granted: Cell<usize>,
    conditions: Cell<usize>,
    all_but: Cell<usize>,
}

impl Met {
    fn see(&self, answer: &Unused) {
        let add = |count: &Cell<usize>, more: usize| count.set(count.get() + more);
        for own in &answer.suggestions {
            let places = places(own);
            let of = |word: &str| places.iter().filter(|(_, _, sid)| sid.starts_with(word)).count();
            add(&self.proven, of("Used"));
            add(&self.perhaps, of("Perhaps"));
            add(&self.kept, of("Kept"));
            add(&self.guards, own.guards.len());
            add(&self.not_granted, own.not_granted.len());
            let text: String = own.policies.iter().map(|policy| policy.document.to_string()).collect();
            add(&self.conditions, usize::from(text.contains("Condition")));
            add(&self.all_but, usize::from(text.contains("NotResource")));
        }
    }
}

/// Principals of which the marks by service are others than those of their actions, or notable actions others than all that are.
fn miscounted(answer: &Unused) -> Vec<String> {
    let is_right = |own: &PrincipalUse| {
        let mut marks: BTreeMap<&str, [u64; 5]> = BTreeMap::new();
        let mut riskiest: BTreeMap<&str, BTreeSet<(Risk, &str)>> = BTreeMap::new();
        for action in own.actions() {
            let all = marks.entry(action.service()).or_default();
            let mark = action.mark.map(|mark| {
                [Mark::Used, Mark::Unused, Mark::NotObservable, Mark::UsedNotGranted]
                    .iter()
                    .position(|own| *own == mark)
                    .unwrap()
            });
            all[mark.unwrap_or(4)] += 1;
            let worst = riskiest.entry(action.service()).or_default();
            worst.extend((action.mark == Some(Mark::Unused)).then(|| (action.risk, action.name())));
        }
        let services = own.services();
        let count = |own: &ServiceUse| {
            let Marks { used, unused, not_observable, used_not_granted, .. } = own.marks;
            [used, unused, not_observable, used_not_granted]
        };
        let is_same = |own: &ServiceUse| {
            let worst = riskiest[own.service].iter().take(3).copied();
            marks[own.service][..4] == count(own) && worst.eq(own.riskiest.iter().copied())
        };
        let asked: BTreeSet<String> =
            own.uses.keys().map(|number| INDEX.get(*number).unwrap().action.full_name()).collect();
        let is_notable = |action: &ActionUse| action.risk.is_privileged() || asked.contains(&action.action());
        services.len() == marks.len()
            && services.iter().all(is_same)
            && services.iter().map(|own| own.marks.unused).sum::<u64>() == own.marks().unused
            && own.actions().filter(is_notable).eq(own.actions_of(Listed::Notable))
    };
    answer.principals.iter().filter(|own| !is_right(own)).map(|own| own.arn.clone()).collect()
}

#[test]
fn suggestions_break_nothing_open_nothing_and_need_each_statement() {
    let cases = std::env::var("PROPTEST_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(CASES);
    let config = ProptestConfig {
        cases,
        max_shrink_iters: 40,
        failure_persistence: None,
        ..ProptestConfig::default()
    };
    // The same worlds every time, so that it is known what they meet.
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    let (met, told) = (Met::default(), told());
    let every: Vec<Call> = every_call();
    let every: Vec<Record<'_>> = every.iter().map(|own| own.record(&told)).collect();
    let input = (world(), proptest::collection::vec(call(), 1..48), options());
    let held = runner.run(&input, |(spec, made, how)| {
        let snapshot = spec.read();
        let records: Vec<Record<'_>> = made.iter().map(|own| own.record(&told)).collect();
        let answer = look(&snapshot, &records, Some(how));
        met.see(&answer);
        prop_assert_eq!(miscounted(&answer), Vec::<String>::new());
        prop_assert_eq!(
            changed(&replayed(&snapshot, &answer.suggestions, &records), &BREAKS),
            Vec::<String>::new()
        );
        prop_assert_eq!(
            changed(&replayed(&snapshot, &answer.suggestions, &every), &OPENS),
            Vec::<String>::new()
        );
        prop_assert_eq!(needless(&snapshot, &answer, &records), Vec::<String>::new());
        Ok(())
    });
    if let Err(failed) = held {
        panic!("{failed}");
    }
    let Met { proven, perhaps, kept, guards, not_granted, conditions, all_but } = &met;
    let all = [proven, perhaps, kept, guards, not_granted, conditions, all_but];
    assert!(all.iter().all(|count| count.get() > 0) && proven.get() > 40, "{met:?}");
}
