//! `backtrail compact`.

use std::io::Write;

use super::args::Compact;
use super::failure::Failure;
use super::output::{Format, Output};
use super::{EXIT_DONE, s3};
use crate::lake;
use crate::report::{self, figure};

pub(super) async fn run(command: &Compact, out: &mut Output) -> Result<u8, Failure> {
    let site = s3::site(&command.lake, &command.s3).await?;
    let done = Box::pin(lake::compact(site)).await?;
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&done)?)?,
        Format::Csv | Format::Text if done.days == 0 => {
            writeln!(out, "Every day is merged and sorted already")?;
        }
        Format::Csv | Format::Text => writeln!(
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
