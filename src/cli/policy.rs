//! `backtrail policy`: which of its commands.

mod eval;
mod lint;
mod test;

use std::path::{Path, PathBuf};

use super::args::{Policy, PolicyCommand};
use super::failure::Failure;
use super::output::Output;

pub(super) fn run(command: &Policy, out: &mut Output) -> Result<u8, Failure> {
    match &command.command {
        PolicyCommand::Test(command) => test::run(command, out),
        PolicyCommand::Eval(command) => eval::run(command, out),
        PolicyCommand::Lint(command) => lint::run(command, out),
    }
}

/// The files that were named, and of folders the `*.json` below them, sorted; with whether each was named itself.
fn files(named: &[PathBuf]) -> Vec<(PathBuf, bool)> {
    let mut files = Vec::new();
    for path in named {
        if !path.is_dir() {
            files.push((path.clone(), true));
            continue;
        }
        let is_json = |path: &Path| path.extension().is_some_and(|own| own.eq_ignore_ascii_case("json"));
        let below = walkdir::WalkDir::new(path).follow_links(true).sort_by_file_name().into_iter();
        for entry in below {
            match entry {
                Ok(entry) if entry.file_type().is_dir() || !is_json(entry.path()) => {}
                Ok(entry) => files.push((entry.into_path(), false)),
                // Whoever opens it says what is wrong with it.
                Err(error) => files.extend(error.path().map(|path| (path.to_owned(), true))),
            }
        }
    }
    files
}
