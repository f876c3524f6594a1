//! How many requests a core decides in a second. Asserts the answers before it takes the time.
//!
//! `cargo bench --bench policy`

#![expect(clippy::print_stdout, reason = "a bench prints its figures")]
#![expect(clippy::unwrap_used, reason = "a bench may stop")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::Instant;

use backtrail::aws::AccountId;
use backtrail::policy::{
    Attached, Caller, Context, Document, Evaluator, Level, Levels, Outcome, PolicyKind, PolicySet, Request,
    Resource, Rest,
};

/// Evaluations of one measurement.
const ROUNDS: u32 = 300_000;

fn document(kind: PolicyKind, name: &str, text: &str) -> Arc<Document> {
    let document = Document::parse(kind, name, text);
    assert!(document.problems.is_empty(), "{:?}", document.problems);
    Arc::new(document)
}

fn request() -> Request {
    let mut context = Context::new(Rest::Absent);
    context.set_value("aws:SourceIp", "192.0.2.17");
    context.set_value("aws:CurrentTime", "2024-05-01T12:00:00Z");
    context.set_value("aws:SecureTransport", "true");
    context.set_value("aws:PrincipalOrgID", "o-example1234");
    context.set_value("aws:PrincipalTag/team", "red");
    context.set_value("aws:PrincipalArn", "arn:aws:iam::111122223333:role/deploy");
    context.set_value("aws:RequestedRegion", "eu-west-1");
    context.set_value("aws:username", "ann");
    Request {
        caller: Caller::RoleSession {
            session_arn: "arn:aws:sts::111122223333:assumed-role/deploy/ann".into(),
            role_arn: Some("arn:aws:iam::111122223333:role/deploy".into()),
            unique_id: Some("AROAEXAMPLEEXAMPLE12:ann".into()),
        },
        action: "s3:GetObject".into(),
        resource: Resource::Named("arn:aws:s3:::example-bucket/reports/2024/05/report.csv".into()),
        resource_account: AccountId::parse("111122223333"),
        management_account: AccountId::parse("999999999999"),
        canonical_user: None,
        rcp_supported: Some(true),
        context,
    }
}

fn one_statement() -> PolicySet {
    let text = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example-bucket/*"}]}"#;
    let identity = Attached::of(vec![document(PolicyKind::Identity, "one", text)]);
    PolicySet { identity, ..PolicySet::default() }
}

/// Twenty statements over the action, of which only the last one's conditions hold.
fn twenty_statements() -> PolicySet {
    let mut statements: Vec<String> = (0..19)
        .map(|at| {
            format!(
                r#"{{"Sid": "S{at}", "Effect": "{}", "Action": ["s3:Get*", "s3:List*"],
                "Resource": "arn:aws:s3:::example-*/reports/*", "Condition": {{
                "Bool": {{"aws:SecureTransport": "true"}},
                "IpAddress": {{"aws:SourceIp": ["192.0.2.0/24", "198.51.100.0/24"]}},
                "StringLike": {{"aws:PrincipalTag/team": ["blue-{at}-*", "green-*"]}}}}}}"#,
                if at % 2 == 0 { "Allow" } else { "Deny" }
            )
        })
        .collect();
    statements.push(
        r#"{"Sid": "Last", "Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::example-*/reports/*",
        "Condition": {"StringEquals": {"aws:PrincipalTag/team": "red"},
        "DateLessThan": {"aws:CurrentTime": "2030-01-01T00:00:00Z"}}}"#
            .to_owned(),
    );
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{}]}}"#, statements.join(","));
    let identity = Attached::of(vec![document(PolicyKind::Identity, "twenty", &text)]);
    PolicySet { identity, ..PolicySet::default() }
}

fn all_layers() -> PolicySet {
    let full =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let regions = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "NotAction": ["iam:*", "sts:*", "organizations:*"], "Resource": "*",
         "Condition": {"StringNotEquals": {"aws:RequestedRegion": ["eu-west-1", "eu-central-1"]}}},
        {"Effect": "Deny", "Action": ["cloudtrail:StopLogging", "guardduty:Delete*"], "Resource": "*"}]}"#;
    let level = |target: &str| Level {
        target: target.to_owned(),
        attached: Attached::of(vec![
            document(PolicyKind::ServiceControl, "FullAWSAccess", full),
            document(PolicyKind::ServiceControl, "regions", regions),
        ]),
    };
    let bucket = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
         "Condition": {"Bool": {"aws:SecureTransport": "false"}}},
        {"Effect": "Allow", "Principal": {"AWS": "arn:aws:iam::111122223333:role/other"}, "Action": "s3:*",
         "Resource": "*"}]}"#;
    let boundary = r#"{"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Action": ["s3:*", "ec2:*", "logs:*"], "Resource": "*"}]}"#;
    PolicySet {
        scp: Some(Levels {
            levels: vec![level("root"), level("ou-apps"), level("111122223333")],
            missing: None,
        }),
        boundary: Some(Attached::of(vec![document(PolicyKind::Identity, "boundary", boundary)])),
        resource: Some(Attached::of(vec![document(PolicyKind::Resource, "bucket", bucket)])),
        ..twenty_statements()
    }
}

fn main() {
    for (name, set) in [
        ("one statement", one_statement()),
        ("20 statements with conditions", twenty_statements()),
        ("the same, 3 SCP levels, boundary, resource policy", all_layers()),
    ] {
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&set);
        let prepared = evaluator.prepare(&request());
        let decision = compiled.evaluate(&prepared);
        assert_eq!(decision.outcome, Outcome::Allowed, "{}", compiled.explain(&prepared));
        let mut denied = request();
        denied.action = "s3:PutObject".into();
        let denied = evaluator.prepare(&denied);
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
        println!("{name}: {:.0} evaluations/s", f64::from(ROUNDS) / best.as_secs_f64());
    }
}
