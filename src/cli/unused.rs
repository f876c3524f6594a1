//! `backtrail unused`.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context as _;

use super::args::{Unused, UnusedShowTyped};
use super::failure::Failure;
use super::output::{self, Format, Output};
use super::source;
use super::{EXIT_FOUND, EXIT_UNREADABLE};
use crate::aws::AccountId;
use crate::inquiry::{self, UnusedError, UnusedOptions};
use crate::report;
use crate::report::figure::counted;
use crate::report::unused::Options;
use crate::snapshot::Snapshot;
use crate::unused::suggest::{self, SuggestedPolicy};
use crate::unused::{Baseline, Compared, Unused as Answer, Wanted};

pub(super) async fn run(command: &Unused, out: &mut Output) -> Result<u8, Failure> {
    let window = command.times.window()?;
    let account = command.account.as_deref().map(account).transpose()?;
    let baseline = command.baseline.as_deref().map(baseline).transpose()?;
    let snapshot = Arc::new(Snapshot::read(&command.snapshot)?);
    let problems = !snapshot.problems.is_empty();
    for problem in snapshot.problems.iter().take(10) {
        output::note(&format!("note: {problem}"));
    }
    if let Some(folder) = &command.write {
        prepare(folder)?;
    }
    let source = source::open(&command.data).await?;
    let suggest = command.suggest.then(|| suggest::Options {
        generality: command.generality.generality(),
        levels: command.access_levels,
    });
    let options = UnusedOptions {
        window,
        wanted: Wanted { principal: command.principal.clone(), account },
        snapshot,
        origins: command.origins
            || command.principal.is_some()
            || matches!(command.show, Some(UnusedShowTyped::Origins)),
        suggest,
        events_at_once: inquiry::EVENTS_AT_ONCE,
    };
    let started = Instant::now();
    let answer = match Box::pin(inquiry::unused(&source.session, options)).await {
        Ok(answer) => answer,
        Err(UnusedError::Subject(error)) => return Err(anyhow::Error::new(error).into()),
        Err(UnusedError::Query(error)) => return Err(error.into()),
    };
    let events: u64 = answer.coverage.iter().map(|own| own.events).sum();
    let took = report::figure::elapsed(started.elapsed());
    output::note(&format!("{} in {took}", counted(events, "event", "events")));
    // What cannot be written costs no report.
    let written = command.write.as_ref().map_or(Ok(()), |folder| write_policies(folder, &answer));
    let compared = baseline.map(|baseline| {
        let listed = report::unused::actions_listed(&answer, command.all);
        anyhow::ensure!(
            baseline.actions_listed == listed,
            "the baseline lists actions as `{}`, this run as `{listed}`: give `--all` to both runs",
            baseline.actions_listed.escape_debug()
        );
        let findings: Vec<_> = report::unused::listed(&answer, command.all).collect();
        Ok(baseline.compare(&answer, &findings))
    });
    let compared = compared.transpose()?;
    let show = command.show.map(UnusedShowTyped::show);
    match out.format {
        Format::Json => {
            report::unused::json(&mut *out, &answer, command.all, compared.as_ref())
                .map_err(io::Error::from)?;
        }
        Format::Csv => report::unused::csv(&mut *out, &answer, show, command.all, compared.as_ref())?,
        Format::Text => {
            let options = Options {
                show,
                all: command.all,
                one: command.principal.is_some(),
                compared: compared.clone(),
                source: format!("{}{}", source.flag, given(command)),
            };
            write!(out, "{}", report::unused::text(&answer, &options, out.style))?;
        }
    }
    written?;
    let unlogged: Vec<&str> = answer.unlogged().collect();
    let is_blind = command.fail_on.is_some() && !unlogged.is_empty();
    if is_blind {
        output::note(&format!(
            "note: no log of {} in the window: what is unused there is not known",
            unlogged.join(", ")
        ));
    }
    Ok(if command.fail_on.is_some() && fails(&answer, compared.as_ref()) {
        EXIT_FOUND
    } else if problems || is_blind {
        EXIT_UNREADABLE
    } else {
        source.exit
    })
}

/// Whether privileged actions are unused; beside a baseline, whether such findings are new.
fn fails(answer: &Answer, compared: Option<&Compared>) -> bool {
    let Some(compared) = compared else { return answer.unused_privileged() > 0 };
    answer.privileged_findings().any(|finding| compared.new.contains(&finding.id))
}

fn account(text: &str) -> anyhow::Result<AccountId> {
    AccountId::parse(text).with_context(|| format!("expected an account of twelve digits, found `{text}`"))
}

fn baseline(path: &Path) -> anyhow::Result<Baseline> {
    let text = fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))?;
    Baseline::parse(&text).with_context(|| format!("cannot use the baseline `{}`", path.display()))
}

/// Makes the folder for policies and sure that files can be written into it, before the long work starts.
fn prepare(folder: &Path) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder `{}`", folder.display()))?;
    let probe = folder.join(format!(".backtrail-{}", uuid::Uuid::new_v4()));
    fs::write(&probe, "").with_context(|| format!("cannot write into the folder `{}`", folder.display()))?;
    fs::remove_file(&probe).with_context(|| format!("cannot remove `{}`", probe.display()))
}

/// Writes each policy into a file of its own.
///
/// # Errors
///
/// What cannot be written. Principals that no folder can be named after are left out, and named once all others are written.
fn write_policies(folder: &Path, answer: &Answer) -> anyhow::Result<()> {
    let mut unnamed = Vec::new();
    for suggestion in &answer.suggestions {
        // Names of IAM have no slashes, and dots alone are no names of folders that lead elsewhere.
        let name = suggestion.principal.rsplit('/').next().unwrap_or_default();
        let kind = suggestion.principal.split('/').next().unwrap_or_default();
        if name.is_empty() || name.starts_with('.') || name.contains(['/', '\\', '\0']) {
            unnamed.push(format!("`{}`", suggestion.arn));
            continue;
        }
        let own = folder.join(&suggestion.account).join(kind).join(name);
        fs::create_dir_all(&own).with_context(|| format!("cannot make the folder `{}`", own.display()))?;
        // Policies of an earlier run would be put in place beside these.
        for entry in fs::read_dir(&own).with_context(|| format!("cannot list `{}`", own.display()))? {
            let path = entry?.path();
            if is_policy_of(&path, &suggest::own_name(&suggestion.principal)) {
                fs::remove_file(&path).with_context(|| format!("cannot remove `{}`", path.display()))?;
            }
        }
        for policy in suggestion.policies.iter().chain(&suggestion.guards) {
            write_policy(&own.join(format!("{}.json", policy.name)), policy)?;
        }
    }
    anyhow::ensure!(
        unnamed.is_empty(),
        "cannot name a folder after {}; the policies of all others are written",
        unnamed.join(", ")
    );
    Ok(())
}

/// Whether a file is called as policies of a principal are written: `NAME-used.json`, `NAME-denied-2.json`.
fn is_policy_of(path: &Path, name: &str) -> bool {
    let file = path.file_name().and_then(|file| file.to_str());
    let Some(rest) = file.and_then(|file| file.strip_suffix(".json")?.strip_prefix(name)) else {
        return false;
    };
    let number = ["-used", "-denied"].iter().find_map(|word| rest.strip_prefix(word));
    number.is_some_and(|number| {
        number.is_empty() || number.strip_prefix('-').is_some_and(|digits| digits.parse::<u32>().is_ok())
    })
}

fn write_policy(path: &Path, policy: &SuggestedPolicy) -> anyhow::Result<()> {
    let text = report::json::document(&policy.document)?;
    fs::write(path, text).with_context(|| format!("cannot write `{}`", path.display()))
}

/// The options that say what is looked at, as typed.
fn given(command: &Unused) -> String {
    source::given(&[
        ("from", command.times.from.map(source::moment)),
        ("to", command.times.to.map(source::moment)),
        ("principal", command.principal.clone()),
        ("account", command.account.clone()),
    ])
}
