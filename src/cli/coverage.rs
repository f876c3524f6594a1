//! `backtrail coverage`.

use std::io::Write;

use super::args::Coverage;
use super::failure::Failure;
use super::output::{Format, Output};
use super::source;
use crate::report::coverage::{CoverageOptions, rows, text};
use crate::{inquiry, report};

pub(super) async fn run(command: &Coverage, out: &mut Output) -> Result<u8, Failure> {
    let window = command.times.window()?;
    let source = source::open(&command.data).await?;
    let survey = inquiry::survey(&source.session, window).await?;
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&survey)?)?,
        Format::Csv => {
            for row in rows(&survey) {
                write!(out, "{row}")?;
            }
        }
        Format::Text => {
            let options = CoverageOptions { all: command.all, window };
            write!(out, "{}", text(&survey, &options, &source.flag, out.style))?;
        }
    }
    Ok(source.exit)
}
