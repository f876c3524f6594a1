//! The own case files, and the conformance cases where a folder with them is given.

use std::path::Path;

use super::*;

/// The folder with the conformance cases, which are not part of the project.
const FOLDER_VARIABLE: &str = "BACKTRAIL_CONFORMANCE";

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

fn failures(results: &[CaseResult]) -> Vec<&CaseResult> {
    results.iter().filter(|result| !result.passed).collect()
}

#[test]
fn conformance_cases_hold_but_for_those_that_aws_contradicts() {
    let Ok(folder) = std::env::var(FOLDER_VARIABLE) else { return };
    let mut ran = 0;
    for path in json_files(Path::new(&folder)) {
        let results = run_file(&path);
        ran += results.len();
        let is_listed = |result: &&CaseResult| CONTRADICTED.iter().any(|(id, ..)| *id == result.id);
        let (listed, failed): (Vec<_>, Vec<_>) = failures(&results).into_iter().partition(is_listed);
        assert!(failed.is_empty(), "{}: {failed:#?}", path.display());
        let known = results.iter().filter(is_listed).count();
        assert_eq!(listed.len(), known, "{}: a listed case holds now", path.display());
    }
    assert!(ran > 0, "no cases in {folder}");
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
