//! `backtrail snapshot`.

use std::io::Write;

use super::args;
use super::failure::Failure;
use super::output::{Format, Output};
use super::{EXIT_DONE, EXIT_UNREADABLE};
use crate::report;
use crate::snapshot::{COMMANDS, Snapshot};

pub(super) fn run(command: &args::Snapshot, out: &mut Output) -> Result<u8, Failure> {
    let Some(path) = command.path.as_ref().filter(|_| !command.print_commands) else {
        write!(out, "{COMMANDS}")?;
        return Ok(EXIT_DONE);
    };
    let snapshot = Snapshot::read(path)?;
    let inventory = snapshot.inventory();
    match out.format {
        Format::Json => write!(out, "{}", report::snapshot::json(&snapshot, &inventory)?)?,
        Format::Csv => write!(out, "{}", report::snapshot::csv(&inventory))?,
        Format::Text => write!(out, "{}", report::snapshot::text(&snapshot, &inventory, out.style))?,
    }
    Ok(if snapshot.problems.is_empty() { EXIT_DONE } else { EXIT_UNREADABLE })
}
