//! `backtrail policy lint`.

use std::io::Write;

use super::files;
use crate::cli::args::{KindTyped, PolicyLint};
use crate::cli::failure::Failure;
use crate::cli::output::{Format, Output, note};
use crate::cli::{EXIT_DONE, EXIT_FOUND, EXIT_UNREADABLE};
use crate::report;
use crate::report::policy::LintedFile;
use crate::snapshot::{Trouble, lint};

pub(super) fn run(command: &PolicyLint, out: &mut Output) -> Result<u8, Failure> {
    let kind = command.kind.map(KindTyped::kind);
    let mut linted = Vec::new();
    let (mut unreadable, mut count) = (Vec::new(), 0_usize);
    for (path, is_named) in files(&command.files) {
        let file = path.display().to_string();
        count += 1;
        match lint::file(&path, kind) {
            Ok(policies) if policies.is_empty() && is_named => {
                let trouble = Trouble::Unknown { expected: "a policy, or output of AWS with policies" };
                linted.push(LintedFile { file, content: Err(trouble) });
            }
            // In a folder other JSON is no policy's trouble.
            Ok(policies) => linted.push(LintedFile { file, content: Ok(policies) }),
            Err(trouble @ (Trouble::Unreadable { .. } | Trouble::Limit { .. })) => {
                unreadable.push(format!("`{file}`: {trouble}"));
            }
            Err(trouble) => linted.push(LintedFile { file, content: Err(trouble) }),
        }
    }
    if count == unreadable.len() {
        let words = unreadable.into_iter().next();
        let words = words.unwrap_or_else(|| "expected policies, found no `*.json`".to_owned());
        return Err(anyhow::anyhow!(words).into());
    }
    match out.format {
        Format::Json => write!(out, "{}", report::policy::lint_json(&linted)?)?,
        Format::Csv => write!(out, "{}", report::policy::lint_csv(&linted))?,
        Format::Text => write!(out, "{}", report::policy::lint_text(&linted, out.style))?,
    }
    for words in &unreadable {
        note(&format!("unreadable: {words}"));
    }
    Ok(if linted.iter().any(LintedFile::has_findings) {
        EXIT_FOUND
    } else if unreadable.is_empty() {
        EXIT_DONE
    } else {
        EXIT_UNREADABLE
    })
}
