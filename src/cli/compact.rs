//! `backtrail compact`.

use std::io::Write;

use serde::Serialize;

use super::args::Compact;
use super::failure::Failure;
use super::output::{Format, Output};
use super::{EXIT_DONE, s3};
use crate::lake::{self, CompactReport};
use crate::report::{self, figure};

pub(super) async fn run(command: &Compact, out: &mut Output) -> Result<u8, Failure> {
    let site = s3::site(&command.lake, &command.s3).await?;
    let done = Box::pin(lake::compact(site)).await?;
    match out.format {
        Format::Json => {
            writeln!(out, "{}", report::json::document(&Done { schema: 1, done: &done })?)?;
        }
        Format::Csv => {
            let cells = [
                ("days", done.days),
                ("files_before", done.files_before),
                ("files_after", done.files_after),
                ("bytes_before", done.bytes_before),
                ("bytes_after", done.bytes_after),
                ("rows", done.rows),
                ("files_deleted", done.files_deleted),
            ];
            write!(out, "{}", report::csv::row(cells.map(|(name, _)| Some(name))))?;
            let row = cells.map(|(_, number)| number.to_string());
            write!(out, "{}", report::csv::row(row.each_ref().map(|number| Some(number.as_str()))))?;
        }
        Format::Text if done.days == 0 => writeln!(out, "Every day is merged and sorted already")?,
        Format::Text => writeln!(
            out,
            "Merged {} of {}: {} rows, {} files of {} → {} files of {}",
            figure::counted(done.files_before, "file", "files"),
            figure::counted(done.days, "day", "days"),
            figure::grouped(done.rows),
            figure::grouped(done.files_before),
            figure::bytes(done.bytes_before),
            figure::grouped(done.files_after),
            figure::bytes(done.bytes_after)
        )?,
    }
    Ok(EXIT_DONE)
}

/// What was done, as users script on it.
#[derive(Serialize)]
struct Done<'a> {
    schema: u32,
    #[serde(flatten)]
    done: &'a CompactReport,
}
