//! The own case files. Those of others are run by the program, in `tests/it/policy.rs`.

use std::path::Path;

use super::*;

/// Services that RCPs reach, as AWS lists them
/// (<https://docs.aws.amazon.com/organizations/latest/userguide/orgs_manage_policies_rcps.html#rcp-supported-services>);
/// those that the cases use.
const RCP_SERVICES: [&str; 5] = ["s3", "sts", "kms", "sqs", "secretsmanager"];

fn run_file(path: &Path) -> Vec<CaseResult> {
    let text = std::fs::read_to_string(path).unwrap();
    let cases = parse(&text).unwrap();
    let sources = Sources {
        rcp_supported: &|service| Some(RCP_SERVICES.contains(&service)),
        policies_at: &|path, _| Err(format!("no policies at {path}")),
    };
    run(&cases, sources)
}

fn json_files(folder: &Path) -> Vec<std::path::PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|own| own == "json")).collect();
    files.sort();
    files
}

fn failures(results: &[CaseResult]) -> Vec<&CaseResult> {
    results.iter().filter(|result| !result.passed).collect()
}

#[test]
fn own_cases_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/policy");
    let mut ran = 0;
    for path in json_files(&folder) {
        let results = run_file(&path);
        ran += results.len();
        let failed = failures(&results);
        assert!(failed.is_empty(), "{}: {failed:#?}", path.display());
    }
    assert!(ran > 200, "{ran}");
}

#[test]
fn a_case_that_cannot_be_read_does_not_hide_the_others() {
    let text = r#"[{"id": "broken", "expected": "allow"},
        {"id": "fine", "policies": {"identity": []}, "expected": "implicit_deny",
         "request": {"action": "s3:GetObject", "resource": "*"}}]"#;
    let cases = parse(text).unwrap();
    let sources =
        Sources { rcp_supported: &|_| None, policies_at: &|path, _| Err(format!("no policies at {path}")) };
    let results = run(&cases, sources);
    assert!(!results[0].passed && results[0].got.starts_with("unreadable"), "{results:#?}");
    assert!(results[1].passed, "{results:#?}");
}

#[test]
fn a_wrong_expectation_fails_and_says_why() {
    let text = r#"{"cases": [{"id": "a", "policies": {"identity": {"Statement":
        {"Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*"}}},
        "request": {"action": "s3:GetObject", "resource": "*"}, "expected": {"decision": "allow"}}]}"#;
    let cases = parse(text).unwrap();
    let sources =
        Sources { rcp_supported: &|_| None, policies_at: &|path, _| Err(format!("no policies at {path}")) };
    let result = run(&cases, sources).remove(0);
    assert!(!result.passed);
    assert_eq!((result.expected.as_str(), result.got.as_str()), ("allow", "explicit_deny"));
    assert!(result.reasons.iter().any(|reason| reason.contains("statement `No`")), "{:#?}", result.reasons);
}

#[test]
fn what_is_no_case_file_is_refused() {
    for text in ["", "{}", "3", r#"{"cases": 3}"#, "[", "nonsense"] {
        assert!(matches!(parse(text), Err(CaseError::Form { .. })), "{text}");
    }
}
