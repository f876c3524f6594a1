//! What the screens say, and that hostile text cannot act.

use super::*;
use crate::policy::case::CaseResult;
use crate::report::Style;
use crate::snapshot::lint;

fn result(id: &str, passed: bool, reasons: &[&str]) -> CaseResult {
    CaseResult {
        id: id.to_owned(),
        passed,
        expected: "allow".to_owned(),
        got: if passed { "allow" } else { "implicit_deny" }.to_owned(),
        reasons: reasons.iter().map(|reason| (*reason).to_owned()).collect(),
    }
}

#[test]
fn failures_are_listed_with_their_reasons_and_passes_counted() {
    let results = [result("a", true, &["x"]), result("b", false, &["implicitly denied", "  identity: none"])];
    let options = TestOptions { all: false, files: 1 };
    assert_eq!(
        test_text(&results, options, Style::default()),
        "2 cases of 1 file: 1 passed, 1 failed\n\
         x b: expected allow, got implicit_deny\n    implicitly denied\n      identity: none\n"
    );
    let all = test_text(&results[..1], TestOptions { all: true, files: 1 }, Style::default());
    assert_eq!(all, "1 case of 1 file: all passed\n  a: allow\n");
}

#[test]
fn json_of_results_has_exactly_the_documented_members() {
    let json = test_json(&[result("a", true, &["why"])]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(
        value,
        serde_json::json!({"schema": 1, "cases": [{"id": "a", "passed": true, "expected": "allow", "got": "allow", "reasons": ["why"]}]})
    );
}

#[test]
fn hostile_names_cannot_act_on_terminal_or_spreadsheet() {
    let hostile = result("=cmd()\u{1b}[2J", false, &["\u{202e}evil\r\nx"]);
    let text = test_text(std::slice::from_ref(&hostile), TestOptions::default(), Style::default());
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{text:?}");
    let csv = test_csv(std::slice::from_ref(&hostile));
    assert!(csv.lines().nth(1).unwrap().starts_with("'=cmd()\\x1b[2J,false"), "{csv:?}");
    let policy = "{\"Statement\": {\"Sid\": \"\u{1b}]0;x\", \"Effect\": \"Allow\", \"Action\": \"s3:\u{202e}Get\", \"Resource\": \"*\"}}";
    let file = LintedFile { file: "@x\u{7}".into(), content: Ok(vec![lint::check("\u{1b}", None, policy)]) };
    let files = [file];
    for text in [lint_text(&files, Style::default()), lint_csv(&files), lint_json(&files).unwrap()] {
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{7}']), "{text:?}");
    }
    assert!(lint_csv(&files).lines().nth(1).unwrap().starts_with("'@x"));
}
