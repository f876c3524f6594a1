//! Data on stdout, all else on stderr.

use std::io::{self, BufWriter, IsTerminal, Write};

use super::args::Shown;
use crate::report::Style;

/// How results are written: what every command can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// Comma-separated rows.
    Csv,
}

/// What `--format` may say. Only some commands have a graph to draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatTyped {
    /// For people.
    Text,
    /// One JSON document.
    Json,
    /// Comma-separated rows.
    Csv,
    /// A graph in Graphviz's language; `trace` only.
    Dot,
    /// A graph as a Mermaid flowchart; `trace` only.
    Mermaid,
}

impl FormatTyped {
    /// The format that every command has.
    ///
    /// # Errors
    /// For a graph.
    pub(super) fn plain(self, command: &str) -> anyhow::Result<Format> {
        match self {
            Self::Text => Ok(Format::Text),
            Self::Json => Ok(Format::Json),
            Self::Csv => Ok(Format::Csv),
            Self::Dot | Self::Mermaid => Err(anyhow::anyhow!(
                "`backtrail {command}` has no graph to draw: expected --format `text`, `json` or `csv`, found `{}`\n\
                 hint: `dot` and `mermaid` are formats of `backtrail trace`",
                if self == Self::Dot { "dot" } else { "mermaid" }
            )),
        }
    }
}

/// Standard output, with what is known of it.
pub(super) struct Output {
    pub(super) format: Format,
    pub(super) style: Style,
    writer: BufWriter<io::Stdout>,
}

impl Output {
    pub(super) fn new(shown: &Shown, format: Format) -> Self {
        let terminal = io::stdout().is_terminal();
        let unicode = !shown.ascii && locale_is_utf8();
        let style = Style { unicode, wide: shown.wide || !terminal, width: 80 };
        Self { format, style, writer: BufWriter::new(io::stdout()) }
    }

    /// Ends the output; says if it could not be written.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

fn locale_is_utf8() -> bool {
    let first =
        ["LC_ALL", "LC_CTYPE", "LANG"].iter().filter_map(std::env::var_os).find(|value| !value.is_empty());
    match first {
        Some(value) => {
            let value = value.to_string_lossy().to_ascii_lowercase();
            value.contains("utf-8") || value.contains("utf8")
        }
        // No locale at all, as in containers and CI: readers take UTF-8.
        None => true,
    }
}

/// Writes an error with its causes, once.
pub(super) fn error(error: &anyhow::Error) {
    let mut text = String::new();
    for cause in error.chain() {
        let cause = cause.to_string();
        // So the engine names errors that are none of its own, and of them says nothing more.
        let cause = cause.trim_start_matches("External error: ");
        // Many errors repeat their cause's text in their own.
        if text.contains(cause) {
            continue;
        }
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(cause);
    }
    for (place, line) in text.lines().enumerate() {
        let line = crate::report::text::escape(line);
        say(&if place == 0 { format!("error: {line}") } else { line.into_owned() });
    }
}

/// Writes a line to standard error. Whoever reads it may have gone: then there is nobody to tell.
pub(super) fn say(line: &str) {
    drop(writeln!(io::stderr().lock(), "{line}"));
}

/// Writes a message for the person at the terminal.
pub(super) fn note(text: &str) {
    for line in text.lines() {
        say(&crate::report::text::escape(line));
    }
}
