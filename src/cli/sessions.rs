//! `backtrail sessions`.

use std::io::Write;

use super::args::Sessions;
use super::failure::Failure;
use super::output::{Format, Output};
use super::source;
use crate::report::sessions::Options;
use crate::{inquiry, report};

pub(super) async fn run(command: &Sessions, out: &mut Output) -> Result<u8, Failure> {
    let asked = inquiry::SessionsOptions {
        role: command.role.clone(),
        user: command.user.clone(),
        window: command.times.window()?,
    };
    let source = source::open(&command.data).await?;
    let found = inquiry::sessions(&source.session, &asked).await?;
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&found)?)?,
        Format::Csv => write!(out, "{}", report::sessions::csv(&found))?,
        Format::Text => {
            let options = Options { source: source.flag.clone() };
            write!(out, "{}", report::sessions::text(&found, &options, out.style))?;
        }
    }
    Ok(source.exit)
}
