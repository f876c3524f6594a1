//! What libraries log, on stderr: for the processes of a cluster, which have nobody to answer to.

use chrono::{SecondsFormat, Utc};
use log::{LevelFilter, Log, Metadata, Record};

/// A logged line is cut after so many characters: a plan has no end.
const LINE_CHARS_MAX: usize = 2000;

struct Stderr;

static STDERR: Stderr = Stderr;

/// Writes what is logged to stderr from now on: what goes wrong, or with `verbose` what goes on as well.
pub(super) fn to_stderr(verbose: bool) {
    // Whoever set a logger before keeps it.
    if log::set_logger(&STDERR).is_ok() {
        log::set_max_level(if verbose { LevelFilter::Info } else { LevelFilter::Warn });
    }
}

impl Log for Stderr {
    fn enabled(&self, metadata: &Metadata) -> bool {
        // The AWS SDK warns of every place where a region or credentials might have been; what fails says so itself.
        let most = if metadata.target().starts_with("aws_") { LevelFilter::Error } else { log::max_level() };
        metadata.level() <= most
    }

    fn log(&self, record: &Record) {
        if !self.enabled(record.metadata()) {
            return;
        }
        let time = Utc::now().to_rfc3339_opts(SecondsFormat::Millis, true);
        let text = record.args().to_string();
        let text: String = text.chars().take(LINE_CHARS_MAX).collect();
        let module = record.target().split("::").next().unwrap_or_default();
        let text = crate::report::text::escape(&text);
        super::output::say(&format!("{time} {:5} {module}: {text}", record.level()));
    }

    fn flush(&self) {}
}
