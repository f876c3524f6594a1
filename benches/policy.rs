//! How many requests a core decides in a second. Asserts the answers before it takes the time.
//!
//! `cargo bench --bench policy`
//!
//! Compares with npm's `@cloud-copilot/iam-simulate`, given the same policies and request, where `node` is at hand and
//! `BACKTRAIL_BENCH_NODE_MODULES` names the `node_modules` that holds it.

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::collections::BTreeMap;
use std::hint::black_box;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use backtrail::aws::AccountId;
use backtrail::policy::{
    Attached, Caller, Context, Document, Evaluator, Level, Levels, Outcome, PolicyKind, PolicySet, Request,
    Resource, Rest,
};
use serde_json::{Value, json};

/// Evaluations of one measurement.
const ROUNDS: u32 = 300_000;
/// Names the folder that holds the package to compare with.
const MODULES_VARIABLE: &str = "BACKTRAIL_BENCH_NODE_MODULES";

const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/deploy/ann";
const OBJECT: &str = "arn:aws:s3:::example-bucket/reports/2024/05/report.csv";
const CONTEXT: [(&str, &str); 8] = [
    ("aws:SourceIp", "192.0.2.17"),
    ("aws:CurrentTime", "2024-05-01T12:00:00Z"),
    ("aws:SecureTransport", "true"),
    ("aws:PrincipalOrgID", "o-example1234"),
    ("aws:PrincipalTag/team", "red"),
    ("aws:PrincipalArn", "arn:aws:iam::111122223333:role/deploy"),
    ("aws:RequestedRegion", "eu-west-1"),
    ("aws:username", "ann"),
];

/// The policies of one measurement, as JSON.
struct Policies {
    name: &'static str,
    identity: Value,
    boundary: Option<Value>,
    resource: Option<Value>,
    /// The SCPs of each level, from the root on.
    levels: Vec<(&'static str, Vec<Value>)>,
}

fn policy(statements: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

fn one_statement() -> Policies {
    let identity = policy(&json!([
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example-bucket/*"}
    ]));
    Policies { name: "one statement", identity, boundary: None, resource: None, levels: Vec::new() }
}

/// Twenty statements over the action, of which only the last one's conditions hold.
fn twenty_statements() -> Policies {
    let mut statements: Vec<Value> = (0..19)
        .map(|at| {
            json!({
                "Sid": format!("S{at}"),
                "Effect": if at % 2 == 0 { "Allow" } else { "Deny" },
                "Action": ["s3:Get*", "s3:List*"],
                "Resource": "arn:aws:s3:::example-*/reports/*",
                "Condition": {
                    "Bool": {"aws:SecureTransport": "true"},
                    "IpAddress": {"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]},
                    "StringLike": {"aws:PrincipalTag/team": [format!("blue-{at}-*"), "green-*"]}
                }
            })
        })
        .collect();
    statements.push(json!({
        "Sid": "Last", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::example-*/reports/*",
        "Condition": {
            "StringEquals": {"aws:PrincipalTag/team": "red"},
            "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}
        }
    }));
    let identity = policy(&Value::from(statements));
    Policies { name: "20 statements with conditions", identity, ..one_statement() }
}

fn all_layers() -> Policies {
    let full = policy(&json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let regions = policy(&json!([
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}},
        {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "guardduty:Delete*"], "Resource": "*"}
    ]));
    let bucket = policy(&json!([
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}, "Action": "s3:*",
         "Resource": "*"}
    ]));
    let boundary =
        policy(&json!([{"Effect": "Allow", "Action": ["s3:*", "ec2:*", "logs:*"], "Resource": "*"}]));
    let level = |target| (target, vec![full.clone(), regions.clone()]);
    Policies {
        name: "the same, 3 SCP levels, boundary, resource policy",
        boundary: Some(boundary),
        resource: Some(bucket),
        levels: ["root", "ou-apps", "111122223333"].map(level).to_vec(),
        ..twenty_statements()
    }
}

impl Policies {
    fn set(&self) -> PolicySet {
        let attached = |kind, policies: &[&Value]| {
            let document = |policy: &&Value| {
                let document = Document::parse(kind, self.name, &policy.to_string());
                assert!(document.problems.is_empty(), "{:?}", document.problems);
                Arc::new(document)
            };
            Attached::of(policies.iter().map(document).collect())
        };
        let level = |(target, policies): &(&str, Vec<Value>)| Level {
            target: (*target).to_owned(),
            attached: attached(PolicyKind::ServiceControl, &policies.iter().collect::<Vec<_>>()),
        };
        let levels: Vec<Level> = self.levels.iter().map(level).collect();
        PolicySet {
            identity: attached(PolicyKind::Identity, &[&self.identity]),
            boundary: self.boundary.as_ref().map(|policy| attached(PolicyKind::Identity, &[policy])),
            resource: self.resource.as_ref().map(|policy| attached(PolicyKind::Resource, &[policy])),
            scp: (!levels.is_empty()).then_some(Levels { levels, missing: None }),
            ..PolicySet::default()
        }
    }

    /// What `policy.mjs` reads.
    fn for_node(&self) -> Value {
        let level = |(target, policies): &(&str, Vec<Value>)| json!({"target": target, "policies": policies});
        json!({
            "name": self.name,
            "identity": [self.identity],
            "boundary": self.boundary,
            "resource": self.resource,
            "levels": self.levels.iter().map(level).collect::<Vec<_>>(),
            "request": {
                "principal": SESSION,
                "resource": OBJECT,
                "account": "111122223333",
                "context": CONTEXT.into_iter().collect::<BTreeMap<_, _>>(),
            },
        })
    }

    /// Evaluations in a second.
    fn measured(&self) -> f64 {
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&self.set());
        let prepared = evaluator.prepare(&request("s3:GetObject"));
        let decision = compiled.evaluate(&prepared);
        assert_eq!(decision.outcome, Outcome::Allowed, "{}", compiled.explain(&prepared));
        let denied = evaluator.prepare(&request("s3:PutObject"));
        assert_eq!(compiled.evaluate(&denied).outcome, Outcome::ImplicitlyDenied);
        let best = (0..5)
            .map(|_| {
                let started = Instant::now();
                for _ in 0..ROUNDS {
                    black_box(black_box(&compiled).evaluate(black_box(&prepared)));
                }
                started.elapsed()
            })
            .min()
            .unwrap();
        f64::from(ROUNDS) / best.as_secs_f64()
    }
}

fn request(action: &str) -> Request {
    let mut context = Context::new(Rest::Absent);
    for (key, value) in CONTEXT {
        context.set_value(key, value);
    }
    Request {
        caller: Caller::RoleSession {
            session_arn: SESSION.into(),
            role_arn: Some("arn:aws:iam::111122223333:role/deploy".into()),
            unique_id: Some("AROAEXAMPLEEXAMPLE12:ann".into()),
        },
        action: action.into(),
        resource: Resource::Named(OBJECT.into()),
        resource_account: AccountId::parse("111122223333"),
        management_account: AccountId::parse("999999999999"),
        canonical_user: None,
        rcp_supported: Some(true),
        context,
    }
}

/// What the other evaluator does in a second, by the name of the policies; or why it is left out.
fn other(all: &[Policies]) -> Result<BTreeMap<String, f64>, String> {
    let modules = std::env::var_os(MODULES_VARIABLE).ok_or(format!("{MODULES_VARIABLE} is not set"))?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/policy.mjs");
    let mut node = Command::new("node")
        .arg(script)
        .arg(modules)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|error| format!("node: {error}"))?;
    let sets = Value::from(all.iter().map(Policies::for_node).collect::<Vec<_>>());
    node.stdin.take().unwrap().write_all(sets.to_string().as_bytes()).map_err(|error| error.to_string())?;
    let output = node.wait_with_output().map_err(|error| error.to_string())?;
    if !output.status.success() {
        return Err(format!("node ended with {}", output.status));
    }
    let text = String::from_utf8_lossy(&output.stdout);
    let line =
        |line: &str| line.split_once('\t').map(|(name, rate)| (name.to_owned(), rate.parse().unwrap()));
    Ok(text.lines().filter_map(line).collect())
}

fn main() {
    let all = [one_statement(), twenty_statements(), all_layers()];
    let other = other(&all);
    for policies in &all {
        let own = policies.measured();
        let compared = match &other {
            Ok(rates) => {
                let rate = rates[policies.name];
                format!(", iam-simulate {rate:.0}, ratio {:.0}", own / rate)
            }
            Err(_) => String::new(),
        };
        println!("{}: {own:.0} evaluations/s{compared}", policies.name);
    }
    if let Err(why) = other {
        println!("comparison with iam-simulate left out: {why}");
    }
}
