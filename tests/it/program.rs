//! The binary as a user runs it, with a cache of the test's own.

use std::path::Path;
use std::process::{Command, Output};

/// Runs the program to its end.
pub(crate) fn backtrail(arguments: &[&str], cache: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(arguments)
        .env("BACKTRAIL_CACHE", cache)
        .env_remove("BACKTRAIL_LAKE")
        .output()
        .unwrap()
}

pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

pub(crate) fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).unwrap()
}
