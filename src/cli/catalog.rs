//! `backtrail catalog`.

use std::io::Write;

use super::EXIT_DONE;
use super::args::{Catalog, CatalogCommand};
use super::failure::Failure;
use super::output::{Format, Output};
use crate::catalog::{catalog, listing};
use crate::report;

pub(super) fn run(command: &Catalog, out: &mut Output) -> Result<u8, Failure> {
    let CatalogCommand::Action(command) = &command.command;
    let found = listing::actions(&command.pattern);
    if found.entries.is_empty() {
        let near = found.near.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        let hint = if near.is_empty() { String::new() } else { format!("\nhint: there is {near}") };
        return Err(anyhow::anyhow!("no action is `{}`{hint}", command.pattern).into());
    }
    match out.format {
        Format::Json => write!(out, "{}", report::catalog::json(&found, catalog().source)?)?,
        Format::Csv => write!(out, "{}", report::catalog::csv(&found))?,
        Format::Text => write!(out, "{}", report::catalog::text(&found, out.style))?,
    }
    Ok(EXIT_DONE)
}
