//! `backtrail sessions`.

use std::io::Write;

use super::args::Sessions;
use super::failure::Failure;
use super::output::{Format, Output};
use super::source::{self, Source};
use crate::inquiry::{ResolveError, SessionsOptions, Window};
use crate::report::sessions::Options;
use crate::{inquiry, report};

pub(super) async fn run(command: &Sessions, out: &mut Output) -> Result<u8, Failure> {
    let asked = SessionsOptions {
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
            let options =
                Options { windowed: asked.window != Window::default(), source: source.flag.clone() };
            write!(out, "{}", report::sessions::text(&found, &options, out.style))?;
        }
    }
    if found.rows.is_empty() {
        out.flush()?;
        known(&source, asked).await?;
    }
    Ok(source.exit)
}

/// Makes sure that some record names the role and the user who were asked for.
async fn known(source: &Source, asked: SessionsOptions) -> Result<(), ResolveError> {
    if let Some(role) = &asked.role {
        inquiry::known(&source.session, role).await?;
    }
    let Some(user) = &asked.user else { return Ok(()) };
    let unknown = match inquiry::known(&source.session, user).await {
        Err(error @ ResolveError::Unknown { .. }) => error,
        other => return other,
    };
    // No record may name whom another account's sessions go back to.
    let whenever = SessionsOptions { role: None, window: Window::default(), ..asked };
    match inquiry::sessions(&source.session, &whenever).await {
        Ok(found) if found.rows.is_empty() => Err(unknown),
        Err(error @ ResolveError::Query(_)) => Err(error),
        _ => Ok(()),
    }
}
