//! What is wrong with policies, file by file.

use serde::Serialize;

use super::kind_word;
use crate::policy::Consequence;
use crate::report::csv::row;
use crate::report::{Mark, Style, figure, json, section};
use crate::snapshot::Trouble;
use crate::snapshot::lint::{Finding, Linted};

/// A file, and the policies in it or why there are none.
#[derive(Debug, Clone, PartialEq)]
pub struct LintedFile {
    /// The file as it was named.
    pub file: String,
    /// Its policies, with what is wrong with each.
    pub content: Result<Vec<Linted>, Trouble>,
}

impl LintedFile {
    /// Whether anything is wrong with it.
    #[must_use]
    pub fn has_findings(&self) -> bool {
        match &self.content {
            Ok(policies) => policies.iter().any(|policy| !policy.findings.is_empty()),
            Err(_) => true,
        }
    }
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    files: usize,
    policies: usize,
    findings: Vec<Row<'a>>,
}

/// One finding, with all that tells where it is.
#[derive(Serialize)]
struct Row<'a> {
    file: &'a str,
    policy: &'a str,
    /// As `--kind` has it; None for a file that holds no policy.
    kind: Option<&'a str>,
    statement: Option<usize>,
    sid: Option<&'a str>,
    place: &'a str,
    consequence: &'a str,
    text: String,
}

fn rows(files: &[LintedFile]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for file in files {
        match &file.content {
            Ok(policies) => {
                for policy in policies {
                    rows.extend(policy.findings.iter().map(|finding| Row {
                        file: &file.file,
                        policy: &policy.name,
                        kind: Some(kind_word(policy.kind)),
                        statement: finding.statement,
                        sid: finding.sid.as_deref(),
                        place: &finding.place,
                        consequence: consequence_word(finding.consequence),
                        text: finding.text.clone(),
                    }));
                }
            }
            Err(trouble) => rows.push(Row {
                file: &file.file,
                policy: "",
                kind: None,
                statement: None,
                sid: None,
                place: "",
                consequence: "file-refused",
                text: trouble.to_string(),
            }),
        }
    }
    rows
}

fn consequence_word(consequence: Consequence) -> &'static str {
    match consequence {
        Consequence::DocumentRefused => "policy-refused",
        Consequence::StatementRefused => "statement-refused",
        Consequence::Rejected => "rejected",
        Consequence::Noted => "noted",
    }
}

fn policies(files: &[LintedFile]) -> usize {
    files.iter().flat_map(|file| &file.content).map(Vec::len).sum()
}

/// One document with every finding.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(files: &[LintedFile]) -> serde_json::Result<String> {
    let (count, policies) = (files.len(), policies(files));
    json::document(&Document { schema: 1, files: count, policies, findings: rows(files) })
}

/// A row for each finding.
#[must_use]
pub fn csv(files: &[LintedFile]) -> String {
    let header = ["file", "policy", "kind", "statement", "sid", "place", "consequence", "text"];
    let mut out = row(header.map(Some));
    for finding in rows(files) {
        let statement = finding.statement.map(|index| index.to_string());
        out.push_str(&row([
            Some(finding.file),
            Some(finding.policy),
            finding.kind,
            statement.as_deref(),
            finding.sid,
            Some(finding.place),
            Some(finding.consequence),
            Some(finding.text.as_str()),
        ]));
    }
    out
}

/// How much is wrong, then each policy with findings.
#[must_use]
pub fn text(files: &[LintedFile], style: Style) -> String {
    let rows = rows(files);
    let of = |word: &str| rows.iter().filter(|row| row.consequence == word).count() as u64;
    let policies = figure::counted(policies(files) as u64, "policy", "policies");
    let count = figure::counted(files.len() as u64, "file", "files");
    let mut parts = Vec::new();
    for (word, one, many) in [
        ("file-refused", "file without policies", "files without policies"),
        ("policy-refused", "policy refused", "policies refused"),
        ("statement-refused", "reason to refuse a statement", "reasons to refuse a statement"),
        ("rejected", "reason for AWS to reject a policy", "reasons for AWS to reject a policy"),
        ("noted", "note", "notes"),
    ] {
        if of(word) > 0 {
            parts.push(figure::counted(of(word), one, many));
        }
    }
    let found = if parts.is_empty() { "nothing found".to_owned() } else { parts.join(", ") };
    let mut out = format!("{policies} in {count}: {found}\n");
    for file in files.iter().filter(|file| file.has_findings()) {
        match &file.content {
            Ok(policies) => {
                for policy in policies.iter().filter(|policy| !policy.findings.is_empty()) {
                    out.push_str(&format!("\n{}\n", style.shown(&title(file, policy))));
                    policy.findings.iter().for_each(|finding| out.push_str(&line(finding, style)));
                }
            }
            Err(trouble) => {
                out.push_str(&format!("\n{}\n", style.shown(&file.file)));
                out.push_str(&section::item(Mark::Refused, &trouble.to_string(), style));
            }
        }
    }
    out
}

fn title(file: &LintedFile, policy: &Linted) -> String {
    let name = if policy.name.is_empty() { String::new() } else { format!(", {}", policy.name) };
    let taken = if policy.is_guess { "taken for " } else { "" };
    format!("{}{name}: {taken}{}", file.file, policy.kind.words())
}

fn line(finding: &Finding, style: Style) -> String {
    let (mark, refused) = match finding.consequence {
        Consequence::DocumentRefused => (Mark::Refused, "; the policy is refused"),
        Consequence::StatementRefused => (Mark::Refused, "; the statement is refused"),
        Consequence::Rejected => (Mark::Refused, "; AWS takes no such policy"),
        Consequence::Noted => (Mark::Look, ""),
    };
    let statement = match (&finding.sid, finding.statement) {
        (Some(sid), _) => format!("statement `{sid}` "),
        (None, Some(index)) => format!("statement {index} "),
        (None, None) => String::new(),
    };
    section::item(mark, &format!("{statement}{}: {}{refused}", finding.place, finding.text), style)
}
