//! The commands to go on with.

use chrono::{DateTime, SecondsFormat, Utc};

use super::{Page, logging};
use crate::investigate::LoggingEvent;
use crate::report::Mark;

/// So many commands are offered.
const COMMANDS_MAX: usize = 3;
/// Longer ids are not offered to be pasted.
const ID_BYTES_MAX: usize = 256;

/// The commands, the one that helps most first.
pub(super) fn commands(page: &Page<'_>, folded: bool, lake_flag: &str) -> Vec<String> {
    let survey = page.survey;
    let with = |command: String| format!("{command} {lake_flag}").trim_end().to_owned();
    let mut commands = Vec::new();
    if survey.accounts.is_empty() {
        if page.is_windowed() {
            commands.push(with("backtrail coverage".to_owned()));
        } else if survey.refused == 0 {
            commands.push("backtrail ingest --help".to_owned());
        }
    }
    if let Some(who) = suspect(&survey.logging_changes) {
        commands.push(with(format!("backtrail investigate {who}")));
    }
    if folded {
        commands.push(with(format!("backtrail coverage --all{}", window(page))));
    }
    if survey.refused > 0 {
        commands.push(with("backtrail query ingest-refusals".to_owned()));
    }
    if !survey.logging_changes.is_empty() {
        commands.push(with(format!("backtrail query logging-changes{}", window(page))));
    }
    if !survey.accounts.is_empty() {
        commands.push(with(format!("backtrail query top-talkers{}", window(page))));
    }
    commands.truncate(COMMANDS_MAX);
    commands
}

/// The window as it was asked for.
fn window(page: &Page<'_>) -> String {
    let written = |time: DateTime<Utc>| time.to_rfc3339_opts(SecondsFormat::AutoSi, true);
    let from = page.options.window.from.map(|from| format!(" --from {}", written(from)));
    let to = page.options.window.to.map(|to| format!(" --to {}", written(to)));
    [from, to].into_iter().flatten().collect()
}

/// Who changed logging so that less is seen: the first of them whose id a shell takes as it is.
fn suspect(changes: &[LoggingEvent]) -> Option<&str> {
    let weaker = changes.iter().filter(|change| logging::mark(&change.evidence.event_name) == Mark::Look);
    let ids = weaker.flat_map(|change| [change.by.identity.as_deref(), change.by.access_key_id.as_deref()]);
    ids.flatten().find(|id| is_plain(id))
}

/// Whether a shell takes the text as one word, and `investigate` as no option.
fn is_plain(id: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "/._-+=:@,".contains(c);
    id.starts_with(|c: char| c.is_ascii_alphanumeric()) && id.chars().all(plain) && id.len() <= ID_BYTES_MAX
}
