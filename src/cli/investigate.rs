//! `backtrail investigate`.

use std::io::Write;

use super::args::Investigate;
use super::failure::Failure;
use super::output::{Format, Output};
use super::source;
use crate::investigate::Limits;
use crate::{inquiry, report};

pub(super) async fn run(command: &Investigate, out: &mut Output) -> Result<u8, Failure> {
    let window = command.times.window()?;
    let source = source::open(&command.data).await?;
    let subject = inquiry::resolve(&source.session, &command.who).await?;
    let asked = inquiry::InvestigateOptions { window, follow: command.follow, limits: Limits::default() };
    let found = Box::pin(inquiry::investigate(&source.session, &subject, asked)).await?;
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&found)?)?,
        Format::Csv => write!(out, "{}", report::investigate::csv(&found))?,
        Format::Text => {
            let options = report::investigate::Options {
                calls_all: command.calls,
                created_all: command.created,
                source: source.flag.clone(),
            };
            write!(out, "{}", report::investigate::text(&found, &options, out.style))?;
        }
    }
    if found.activity.total.calls == 0 && found.outside_window.is_none() {
        out.flush()?;
        inquiry::known(&source.session, &command.who).await?;
    }
    Ok(source.exit)
}
