//! `policy`, `snapshot` and `catalog` as a user runs them.

use std::process::{Command, Output, Stdio};

use serde_json::{Value, json};

use crate::places;

fn backtrail(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtrail")).args(arguments).output().unwrap()
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}

fn document(output: &Output) -> Value {
    serde_json::from_str(&stdout(output)).unwrap_or_else(|_| panic!("{}", stderr(output)))
}

fn testdata(path: &str) -> String {
    places::package("testdata").join(path).display().to_string()
}

fn org() -> String {
    testdata("snapshot/org")
}

/// The answer of `policy eval` over the snapshot `org`, as JSON.
fn eval(principal: &str, action: &str, resource: &str, more: &[&str]) -> Value {
    let org = org();
    let arguments = [
        "policy",
        "eval",
        "--snapshot",
        &org,
        "--principal",
        principal,
        "--action",
        action,
        "--resource",
        resource,
        "--format",
        "json",
    ];
    let output = backtrail(&[&arguments[..], more].concat());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    document(&output)
}

const REPORT: &str = "arn:aws:s3:::example-reports/2026.csv";

#[test]
fn policy_test_prints_the_documented_document_and_exits_by_the_outcome() {
    let own = testdata("policy");
    let output = backtrail(&["policy", "test", &own, "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let all = document(&output);
    assert_eq!(all["schema"], 1);
    let cases = all["cases"].as_array().unwrap();
    assert!(cases.len() > 200);
    for case in cases {
        let members: Vec<&str> = case.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(members, ["expected", "got", "id", "passed", "reasons"]);
    }
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let case = r#"[{"id": "wrong", "policies": {"identity": []}, "expected": "allow",
        "request": {"principal": "arn:aws:iam::111122223333:user/ann", "action": "s3:GetObject", "resource": "*"}}]"#;
    std::fs::write(at("wrong.json"), case).unwrap();
    std::fs::write(at("bad.json"), "{").unwrap();
    let output = backtrail(&["policy", "test", &at("wrong.json")]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("x wrong: expected allow, got implicit_deny"), "{}", stdout(&output));
    let output = backtrail(&["policy", "test", &own, &at("bad.json")]);
    assert_eq!(output.status.code(), Some(3));
    assert!(stderr(&output).contains("bad.json"), "{}", stderr(&output));
    assert!(stdout(&output).contains("all passed"));
    for arguments in [["policy", "test", &at("bad.json")], ["policy", "test", "/no/such/file"]] {
        let output = backtrail(&arguments);
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{arguments:?}");
    }
}

#[test]
fn cases_may_name_authorization_details_and_snapshots_as_their_policies() {
    let folder = tempfile::tempdir().unwrap();
    let details = testdata("snapshot/org/accounts/111122223333-2.json");
    std::fs::copy(details, folder.path().join("details.json")).unwrap();
    let case = |id: &str, policies: &str, principal: &str, action: &str, resource: &str, expected: &str| {
        json!({"id": id, "policies": policies, "expected": expected,
            "request": {"principal": principal, "action": action, "resource": resource}})
    };
    let deploy = "arn:aws:sts::111122223333:assumed-role/deploy/ci";
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:f";
    let cases = json!({"cases": [
        case("allowed", "details.json", deploy, "lambda:InvokeFunction", function, "allow"),
        case("lacking", "details.json", deploy, "sqs:SendMessage", "*", "implicit_deny"),
        case("whole", &org(), deploy, "lambda:InvokeFunction", function, "explicit_deny"),
        case("nobody", "details.json", "arn:aws:iam::111122223333:user/ann", "s3:GetObject", "*", "deny"),
        case("nowhere", "no-such.json", deploy, "s3:GetObject", "*", "deny"),
    ]});
    let path = folder.path().join("cases.json").display().to_string();
    std::fs::write(&path, cases.to_string()).unwrap();
    let output = backtrail(&["policy", "test", &path, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let results = document(&output);
    let passed: Vec<(&str, bool)> = results["cases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|case| (case["id"].as_str().unwrap(), case["passed"].as_bool().unwrap()))
        .collect();
    // The region is not in the context, so it is absent, and the organization denies what is not in Europe.
    let expected =
        [("allowed", true), ("lacking", true), ("whole", true), ("nobody", false), ("nowhere", false)];
    assert_eq!(passed, expected, "{results:#}");
    assert!(results["cases"][3]["got"].as_str().unwrap().starts_with("unreadable: no `arn:aws:iam"));
    assert!(results["cases"][4]["got"].as_str().unwrap().contains("no-such.json"));
}

#[test]
fn policy_eval_names_the_statements_that_allow() {
    let region = ["--context", "aws:RequestedRegion=eu-west-1", "--context", "aws:SecureTransport=true"];
    let answer = eval("user/ann", "s3:GetObject", REPORT, &region);
    assert_eq!(answer["decision"], "allow");
    assert_eq!(answer["because"]["kind"], "granted");
    assert_eq!(
        answer["because"]["statements"],
        json!([
            {"layer": "identity-based policies", "policy": "arn:aws:iam::111122223333:policy/reports-read", "sid": "Read", "index": 0},
            {"layer": "resource-based policy", "policy": "policy of arn:aws:s3:::example-reports", "sid": "Shop", "index": 0}
        ])
    );
    assert_eq!(answer["request"]["resource_account"], "444455556666");
    assert_eq!(answer["context"]["aws:principalorgid"], json!(["o-exampleorg1"]));
}

#[test]
fn policy_eval_says_what_would_decide() {
    let answer = eval("user/ann", "s3:GetObject", REPORT, &[]);
    assert_eq!(answer["decision"], "undetermined");
    let keys: Vec<&str> = answer["needs"]["members"]
        .as_array()
        .unwrap()
        .iter()
        .map(|need| need["key"].as_str().unwrap())
        .collect();
    assert_eq!(keys, ["aws:requestedregion", "aws:securetransport"]);
    assert_eq!(answer["needs"]["smallest"], true);
    // A key that the snapshot tells may be said to be unknown.
    let more = ["--context", "aws:RequestedRegion=eu-west-1", "--absent", "aws:SecureTransport"];
    assert_eq!(eval("user/ann", "s3:GetObject", REPORT, &more)["decision"], "allow");
    let unknown = [&more[..], &["--unknown", "aws:PrincipalOrgID"]].concat();
    let answer = eval("user/ann", "s3:GetObject", REPORT, &unknown);
    assert_eq!(answer["needs"]["members"][0]["key"], "aws:principalorgid");
}

#[test]
fn policy_eval_names_the_layer_that_lacks_the_allow() {
    let answer = eval("user/bo", "iam:CreateUser", "arn:aws:iam::111122223333:user/new", &[]);
    assert_eq!(answer["decision"], "implicit_deny");
    assert_eq!(answer["because"]["layer"], "permissions boundary");
}

#[test]
fn mfa_session_policies_endpoints_and_closed_worlds_are_options() {
    let deploy = "arn:aws:iam::111122223333:role/deploy";
    assert_eq!(eval("user/ann", "sts:AssumeRole", deploy, &["--mfa"])["decision"], "allow");
    assert_eq!(eval("user/ann", "sts:AssumeRole", deploy, &[])["decision"], "undetermined");
    assert_eq!(eval("user/ann", "sts:AssumeRole", deploy, &["--closed"])["decision"], "implicit_deny");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("session.json").display().to_string();
    let policy =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "sqs:*", "Resource": "*"}}"#;
    std::fs::write(&path, policy).unwrap();
    let shop = "arn:aws:s3:::example-shop/a";
    let region = ["--context", "aws:RequestedRegion=eu-west-1"];
    assert_eq!(eval("role/deploy", "s3:PutObject", shop, &region)["decision"], "allow");
    let session = [&region[..], &["--session-policy", &path]].concat();
    let answer = eval("role/deploy", "s3:PutObject", shop, &session);
    assert_eq!(answer["because"]["layer"], "session policies");
    let endpoint = [&region[..], &["--vpc-endpoint", "vpce-0123456789abcdef0"]].concat();
    assert_eq!(eval("role/deploy", "s3:PutObject", shop, &endpoint)["decision"], "allow");
    let answer = eval("role/deploy", "s3:PutObject", REPORT, &endpoint);
    assert_eq!(answer["decision"], "implicit_deny", "{answer:#}");
}

#[test]
fn policy_eval_reads_well_and_has_one_row_of_csv() {
    let org = org();
    let arguments = [
        "policy",
        "eval",
        "--snapshot",
        &org,
        "--principal",
        "user/bo",
        "--action",
        "iam:CreateUser",
        "--resource",
        "arn:aws:iam::111122223333:user/new",
    ];
    let text = stdout(&backtrail(&arguments));
    assert!(text.starts_with("x iam:CreateUser implicitly denied\n"), "{text}");
    assert!(text.contains("x because   no statement of the permissions boundary allows it\n"), "{text}");
    assert!(text.contains("\n  permissions boundary: no statement allows\n"), "{text}");
    let csv = stdout(&backtrail(&[&arguments[..], &["--format", "csv"]].concat()));
    let rows: Vec<&str> = csv.lines().collect();
    assert_eq!(rows.len(), 2);
    assert!(rows[1].contains(",implicit_deny,lacking,permissions boundary,"), "{csv}");
}

#[test]
fn a_snapshot_with_trouble_answers_and_exits_3() {
    let broken = testdata("snapshot/broken");
    let arguments = [
        "policy",
        "eval",
        "--snapshot",
        &broken,
        "--principal",
        "user/cy",
        "--action",
        "sqs:SendMessage",
        "--resource",
        "arn:aws:sqs:eu-west-1:111122223333:jobs",
        "--closed",
        "--format",
        "json",
    ];
    let output = backtrail(&arguments);
    assert_eq!(output.status.code(), Some(3), "{}", stderr(&output));
    assert_eq!(document(&output)["decision"], "allow");
    assert_eq!(document(&output)["problems"].as_array().unwrap().len(), 7);
    let output = backtrail(&["snapshot", &broken, "--format", "json"]);
    assert_eq!(output.status.code(), Some(3));
    assert_eq!(document(&output)["problems"][0]["file"], "cut-off.json");
}

#[test]
fn snapshot_says_what_it_holds() {
    let output = backtrail(&["snapshot", &org(), "--format", "json"]);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let held = document(&output);
    assert_eq!(held["organization"], json!({"id": "o-exampleorg1", "management_account": "123456789012"}));
    assert_eq!(held["accounts"][0]["users"], 2);
    assert_eq!(held["resource_policies"], json!({"kms": 1, "s3": 1}));
    assert_eq!(held["problems"], json!([]));
    let text = stdout(&backtrail(&["snapshot", &org()]));
    assert!(text.contains("? no policy snapshot of account 123456789012"), "{text}");
    let script = stdout(&backtrail(&["snapshot", "--print-commands"]));
    assert!(script.starts_with("#!/bin/sh\n") && script.contains("get-account-authorization-details"));
}

#[test]
fn policy_lint_exits_by_what_it_finds() {
    let output = backtrail(&["policy", "lint", &org()]);
    assert_eq!(output.status.code(), Some(0), "{}", stdout(&output));
    let output = backtrail(&["policy", "lint", &testdata("snapshot/broken"), "--format", "json"]);
    assert_eq!(output.status.code(), Some(1));
    let found = document(&output);
    assert_eq!(found["findings"][0]["consequence"], "file-refused");
    assert_eq!(found["findings"][1]["kind"], "identity");
    let scp = testdata("snapshot/org/scp/p-examplea2.json");
    let output = backtrail(&["policy", "lint", &scp, "--kind", "trust"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(stdout(&output).contains("a role trust policy"), "{}", stdout(&output));
    assert_eq!(backtrail(&["policy", "lint", "/no/such/file"]).status.code(), Some(2));
}

#[test]
fn policy_lint_names_what_aws_would_not_take() {
    let folder = tempfile::tempdir().unwrap();
    let lint = |kind: &str, statement: Value, format: &str| {
        let path = folder.path().join("policy.json").display().to_string();
        let policy = json!({"Version": "2012-10-17", "Statement": statement});
        std::fs::write(&path, policy.to_string()).unwrap();
        let output = backtrail(&["policy", "lint", &path, "--kind", kind, "--format", format]);
        (output.status.code(), stdout(&output))
    };
    let full = json!({"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"});
    assert_eq!(lint("rcp", full.clone(), "text").0, Some(0));
    let mut star = full;
    star["Effect"] = json!("Deny");
    let (code, text) = lint("rcp", star.clone(), "text");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("1 policy in 1 file: 1 reason for AWS to reject a policy\n"), "{text}");
    assert!(text.contains("; AWS takes") && text.contains("actions of a service"), "{text}");
    star["Action"] = json!(["s3:*", "ec2:*"]);
    let (_, text) = lint("rcp", star, "json");
    let found: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(found["findings"].as_array().unwrap().len(), 1, "{text}");
    assert_eq!(found["findings"][0]["consequence"], "rejected");
    assert_eq!(found["findings"][0]["text"], "expected a service that RCPs reach, found `ec2:*`");
    let trust = json!({"Effect": "Allow", "Principal": {"Service": "*"}, "Action": "sts:AssumeRole"});
    let (code, text) = lint("trust", trust, "csv");
    assert_eq!(code, Some(1));
    assert!(text.contains("statement-refused"), "{text}");
}

#[test]
fn policy_eval_knows_a_federated_user_of_the_root_user() {
    let folder = tempfile::tempdir().unwrap();
    let session = folder.path().join("session.json").display().to_string();
    let reads = json!({"Version": "2012-10-17",
        "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}});
    std::fs::write(&session, reads.to_string()).unwrap();
    let guest = "arn:aws:sts::111122223333:federated-user/guest";
    let root = ["--federated-by", "arn:aws:iam::111122223333:root"];
    let of_us = ["--resource-account", "111122223333", "--closed"];
    let given = ["--session-policy", &session, "--context", "aws:RequestedRegion=eu-west-1"];
    for (action, decision) in [("s3:GetObject", "allow"), ("s3:PutObject", "implicit_deny")] {
        let more = [&root[..], &of_us, &given].concat();
        let answer = eval(guest, action, "arn:aws:s3:::example-unlisted/a", &more);
        assert_eq!(answer["decision"], decision, "{answer:#}");
    }
    // Without its session policy it is not known what it lets through; SCPs bind it.
    let answer = eval(guest, "s3:GetObject", REPORT, &root);
    assert_eq!(answer["decision"], "undetermined", "{answer:#}");
    let away = ["--session-policy", &session, "--context", "aws:RequestedRegion=us-east-1"];
    let answer = eval(guest, "s3:GetObject", REPORT, &[&root[..], &away].concat());
    assert_eq!(answer["decision"], "explicit_deny", "{answer:#}");
}

#[test]
fn catalog_action_shows_one_or_several_and_helps_with_none() {
    let text = stdout(&backtrail(&["catalog", "action", "s3:getobject"]));
    assert!(text.starts_with("s3:GetObject   Read, Amazon S3\n"), "{text}");
    let csv = stdout(&backtrail(&["catalog", "action", "sqs:*", "--format", "csv"]));
    assert!(csv.lines().count() > 10);
    let all = document(&backtrail(&["catalog", "action", "*:PassRole", "--format", "json"]));
    assert_eq!(all["actions"][0]["action"], "iam:PassRole");
    let output = backtrail(&["catalog", "action", "s3:GetObjects"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`s3:GetObject`"), "{}", stderr(&output));
}

#[test]
fn what_was_mistyped_is_refused_with_the_choices() {
    let org = org();
    let base = ["policy", "eval", "--snapshot", &org, "--principal"];
    let guest = "arn:aws:sts::111122223333:federated-user/guest";
    let asks = ["--action", "s3:GetObject", "--resource", "*", "--federated-by"];
    let by_role = [&[guest][..], &asks, &["role/deploy"]].concat();
    let by_other = [&[guest][..], &asks, &["arn:aws:iam::444455556666:root"]].concat();
    let cases: [(&[&str], &str); 7] = [
        (&by_role, "expected an IAM user or the root user, found `role/deploy`"),
        (&by_other, "expected someone of the account of"),
        (&["user/nobody", "--action", "s3:GetObject", "--resource", "*"], "no `user/nobody` in the snapshot"),
        (&["nonsense", "--action", "s3:GetObject", "--resource", "*"], "expected a principal"),
        (&["user/ann", "--action", "s3:*", "--resource", "*"], "expected one action"),
        (
            &["user/ann", "--action", "s3:GetObject", "--resource", "*", "--context", "x"],
            "expected NAME=VALUE",
        ),
        (
            &["user/ann", "--action", "s3:GetObject", "--resource", "*", "--federated-by", "user/bo"],
            "federated",
        ),
    ];
    for (more, words) in cases {
        let output = backtrail(&[&base[..], more].concat());
        assert_eq!((output.status.code(), stdout(&output).as_str()), (Some(2), ""), "{more:?}");
        assert!(stderr(&output).contains(words), "{more:?}: {}", stderr(&output));
    }
}

#[test]
fn closed_pipes_are_quiet() {
    let own = testdata("policy");
    for arguments in [
        vec!["policy", "test", &own, "--format", "json"],
        vec!["catalog", "action", "*", "--format", "json"],
        vec!["snapshot", "--print-commands"],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backtrail"))
            .args(&arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let output = child.wait_with_output().unwrap();
        assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""), "{arguments:?}");
    }
}

/// Cases of the conformance folder that AWS contradicts, with the page that does.
const CONTRADICTED: [(&str, &str, &str); 13] = [
    ("arsenal-identity-0018", "`${}` names no key", "IAM reference_policies_variables"),
    ("arsenal-identity-0052", "epoch time is in seconds, the case has milliseconds", OPERATORS),
    ("arsenal-identity-0055", "epoch time is in seconds, the case has milliseconds", OPERATORS),
    ("arsenal-identity-0085", "`BinaryNotEquals` is no operator of AWS", OPERATORS),
    ("arsenal-identity-0130", "without a matching deny the denial is implicit", INTERPLAY),
    ("arsenal-identity-0134", "without a matching deny the denial is implicit", INTERPLAY),
    ("arsenal-identity-0138", "without a matching deny the denial is implicit", INTERPLAY),
    ("arsenal-identity-0140", "an empty part of an ARN matches only an empty one", RESOURCE),
    ("arsenal-identity-0142", "an empty part of an ARN matches only an empty one", RESOURCE),
    (
        "iamrs-policy-0003",
        "the root user of the resource's account needs no policy",
        "IAM policy-eval-denyallow",
    ),
    ("iamrs-policy-0025", "an identity policy must not have a `Principal`", "IAM reference_policies_grammar"),
    ("iamrs-policy-0026", "an identity policy must not have a `Principal`", "IAM reference_policies_grammar"),
    ("iamrs-units-0036", "bytes are compared, in base64 case matters", OPERATORS),
];
const OPERATORS: &str = "IAM reference_policies_elements_condition_operators";
const INTERPLAY: &str = "IAM reference_policies_evaluation-logic_AccessPolicyLanguage_Interplay";
const RESOURCE: &str = "IAM reference_policies_elements_resource";

#[test]
fn the_program_holds_the_conformance_cases_but_for_those_that_aws_contradicts() {
    let Some(folder) = places::conformance() else { return };
    let folder = folder.display().to_string();
    let output = backtrail(&["policy", "test", &folder, "--format", "json"]);
    assert_eq!(output.status.code(), Some(1), "{}", stderr(&output));
    let results = document(&output);
    let cases = results["cases"].as_array().unwrap();
    assert!(cases.len() > 400, "{}", cases.len());
    let failed: Vec<&str> = cases
        .iter()
        .filter(|case| case["passed"] == false)
        .map(|case| case["id"].as_str().unwrap())
        .collect();
    assert_eq!(failed, CONTRADICTED.map(|(id, ..)| id));
}
