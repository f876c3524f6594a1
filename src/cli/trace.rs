//! `backtrail trace`.

use std::io::Write;

use super::args::Trace;
use super::failure::Failure;
use super::output::{self, FormatTyped, Output};
use super::source;
use crate::report::trace::{Options, Part};
use crate::{inquiry, report};

pub(super) async fn run(command: &Trace, format: FormatTyped, out: &mut Output) -> Result<u8, Failure> {
    let part = match (command.up, command.down) {
        (true, _) => Part::Up,
        (false, true) => Part::Down,
        (false, false) => Part::Both,
    };
    let asked = inquiry::TraceOptions {
        depth: usize::from(command.depth),
        down: part != Part::Up,
        window: command.times.window()?,
    };
    let source = source::open(&command.data).await?;
    let found = inquiry::trace(&source.session, &command.who, asked).await?;
    // The text and JSON forms say it themselves; CSV and graphs have no place for it.
    if matches!(format, FormatTyped::Csv | FormatTyped::Dot | FormatTyped::Mermaid) {
        for limit in found.truncated.iter().chain(&found.left_out) {
            output::note(&format!("limit: {limit}"));
        }
    }
    match format {
        FormatTyped::Json => writeln!(out, "{}", report::json::document(&found)?)?,
        FormatTyped::Csv => write!(out, "{}", report::trace::csv(&found))?,
        FormatTyped::Dot => write!(out, "{}", report::trace::dot(&found))?,
        FormatTyped::Mermaid => write!(out, "{}", report::trace::mermaid(&found))?,
        FormatTyped::Text => {
            let options = Options { part, depth: command.depth, source: source.flag.clone() };
            write!(out, "{}", report::trace::text(&found, &options, out.style))?;
        }
    }
    Ok(source.exit)
}
