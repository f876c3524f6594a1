//! `backtrail replay`.

use std::io::Write;
use std::sync::Arc;
use std::time::Instant;

use super::args::{FailOn, Replay};
use super::failure::Failure;
use super::output::{self, Format, Output};
use super::source;
use super::{EXIT_FOUND, EXIT_UNREADABLE};
use crate::inquiry::{self, ReplayOptions};
use crate::lake::Column;
use crate::query::Filter;
use crate::replay::Proposed;
use crate::replay::answer::Replay as Answer;
use crate::report;
use crate::report::figure::counted;
use crate::report::replay::Options;
use crate::snapshot::Snapshot;

/// So many problems of a proposal are noted.
const PROBLEMS_NOTED_MAX: usize = 10;

pub(super) async fn run(command: &Replay, out: &mut Output) -> Result<u8, Failure> {
    let window = command.times.window()?;
    if command.fail_on.is_some() && command.proposed.is_none() {
        return Err(anyhow::anyhow!("--fail-on asks what a proposal changes\nhint: --proposed PATH").into());
    }
    let snapshot = Arc::new(Snapshot::read(&command.snapshot)?);
    let proposed = command.proposed.as_ref().map(|path| snapshot.patched(path)).transpose()?;
    let problems = !snapshot.problems.is_empty()
        || proposed.as_ref().is_some_and(|patched| !patched.snapshot.problems.is_empty());
    if let Some(patched) = &proposed {
        let mut problems_of_it = patched.snapshot.problems_beside(&snapshot);
        for problem in problems_of_it.by_ref().take(PROBLEMS_NOTED_MAX) {
            output::note(&format!("note: proposal: {problem}"));
        }
        let more = problems_of_it.count() as u64;
        if more > 0 {
            output::note(&format!("note: proposal: {}", counted(more, "more problem", "more problems")));
        }
    }
    let source = source::open(&command.data).await?;
    let mut filters = Vec::new();
    if let Some(who) = &command.principal {
        filters.push(inquiry::resolve(&source.session, who).await?.filter);
    }
    if let Some(account) = &command.account {
        filters.push(Filter::Is(Column::Account, account.clone()));
    }
    let proposed = command.proposed.as_ref().zip(proposed).map(|(path, patched)| {
        let mut changes = patched.changes;
        if patched.changes_not_listed > 0 {
            changes.push(format!("{} changes more", patched.changes_not_listed));
        }
        (Arc::new(patched.snapshot), Proposed { path: path.display().to_string(), changes })
    });
    let options = ReplayOptions {
        window,
        filters,
        action: command.action.clone(),
        snapshot,
        proposed,
        save: command.save.clone(),
    };
    let started = Instant::now();
    let answer = inquiry::replay(&source.session, options).await?;
    let elapsed = started.elapsed();
    let rate = u128::from(answer.evaluations) * 1000 / elapsed.as_millis().max(1);
    output::note(&format!(
        "{} in {:.1} s: {}, {rate} a second",
        counted(answer.events, "event", "events"),
        elapsed.as_secs_f64(),
        counted(answer.evaluations, "evaluation", "evaluations")
    ));
    let show = command.show.map(super::args::ShowTyped::show);
    match out.format {
        Format::Json => write!(out, "{}", report::replay::json(&answer)?)?,
        Format::Csv => write!(out, "{}", report::replay::csv(&answer, show))?,
        Format::Text => {
            let options = Options {
                show,
                all: command.all,
                examples: command.examples,
                source: format!("{}{}", source.flag, given(command)),
            };
            write!(out, "{}", report::replay::text(&answer, &options, out.style))?;
        }
    }
    let is_blind = command.fail_on.is_some() && answer.events == 0;
    if is_blind {
        output::note("note: no event was replayed: what the proposal changes is not known");
    }
    Ok(if command.fail_on.is_some_and(|on| found(on, &answer)) {
        EXIT_FOUND
    } else if problems || is_blind {
        EXIT_UNREADABLE
    } else {
        source.exit
    })
}

/// The options that say which events are meant, as typed.
fn given(command: &Replay) -> String {
    source::given(&[
        ("from", command.times.from.map(source::moment)),
        ("to", command.times.to.map(source::moment)),
        ("principal", command.principal.clone()),
        ("account", command.account.clone()),
        ("action", command.action.clone()),
    ])
}

fn found(on: FailOn, answer: &Answer) -> bool {
    let Some(proposal) = &answer.proposal else { return false };
    match on {
        FailOn::Broken => proposal.broken > 0,
        FailOn::Opened => proposal.opened > 0,
    }
}
