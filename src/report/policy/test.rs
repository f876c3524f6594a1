//! The results of case files.

use serde::Serialize;

use crate::policy::case::CaseResult;
use crate::report::csv::row;
use crate::report::{Mark, Style, figure, json, section, text};

/// What is shown of results.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TestOptions {
    /// Cases that passed are listed, too.
    pub all: bool,
    /// How many files the cases came from.
    pub files: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    cases: &'a [CaseResult],
}

/// One document with every case.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(results: &[CaseResult]) -> serde_json::Result<String> {
    json::document(&Document { schema: 1, cases: results })
}

/// A row for each case; reasons are parted by ` | `.
#[must_use]
pub fn csv(results: &[CaseResult]) -> String {
    let mut out = row(["id", "passed", "expected", "got", "reasons"].map(Some));
    for result in results {
        let reasons: Vec<&str> = result.reasons.iter().map(|reason| reason.trim()).collect();
        let cells = [
            result.id.clone(),
            result.passed.to_string(),
            result.expected.clone(),
            result.got.clone(),
            reasons.join(" | "),
        ];
        out.push_str(&row(cells.iter().map(|cell| Some(cell.as_str()))));
    }
    out
}

/// How many passed, then each that failed with its reasons.
#[must_use]
pub fn text(results: &[CaseResult], options: TestOptions, style: Style) -> String {
    let failed = results.iter().filter(|result| !result.passed).count();
    let cases = figure::counted(results.len() as u64, "case", "cases");
    let files = figure::counted(options.files as u64, "file", "files");
    let outcome = match failed {
        0 if results.is_empty() => "nothing to test".to_owned(),
        0 => "all passed".to_owned(),
        failed => {
            let passed = figure::grouped((results.len() - failed) as u64);
            format!("{passed} passed, {} failed", figure::grouped(failed as u64))
        }
    };
    let mut out = format!("{cases} of {files}: {outcome}\n");
    for result in results.iter().filter(|result| options.all || !result.passed) {
        if result.passed {
            out.push_str(&section::item(Mark::None, &format!("{}: {}", result.id, result.got), style));
            continue;
        }
        let words = format!("{}: expected {}, got {}", result.id, result.expected, result.got);
        out.push_str(&section::item(Mark::Refused, &words, style));
        for reason in &result.reasons {
            let depth = reason.len() - reason.trim_start().len();
            sentence(&mut out, 4 + depth, reason.trim_start(), style);
        }
    }
    out
}

/// Adds a sentence, indented, wrapped under its own beginning.
pub(super) fn sentence(out: &mut String, indent: usize, words: &str, style: Style) {
    let room = style.columns().saturating_sub(indent + 2).max(20);
    for (at, line) in text::wrap(words, room, style).iter().enumerate() {
        let indent = if at == 0 { indent } else { indent + 2 };
        out.push_str(&format!("{:indent$}{line}\n", ""));
    }
}
