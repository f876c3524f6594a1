//! The pieces around the tables: subject line, headings, facts, items, `next:` lines.
//!
//! Each function returns whole lines, with line ends; what they are given is escaped here.

use super::text;
use super::{Mark, Style};

/// The column at which the text of a fact begins, if no label is longer.
const LABEL_MIN: usize = 7;

/// The first lines of a screen: what is asked about, and a double rule below.
#[must_use]
pub fn subject(title: &str, style: Style) -> String {
    let rule = if style.unicode { "═" } else { "=" };
    format!("{}\n{}\n", style.shown(title), rule.repeat(style.width))
}

/// A heading with a note at the right edge; where both have no room in one line, the note has its own.
#[must_use]
pub fn heading(title: &str, note: &str, style: Style) -> String {
    let (title, note) = (style.shown(title), style.shown(note));
    if note.is_empty() {
        return format!("{title}\n");
    }
    let taken = text::width(&title) + text::width(&note);
    match style.width.checked_sub(taken) {
        Some(gap) if gap >= 2 => format!("{title}{:gap$}{note}\n", ""),
        _ => format!("{title}\n{}\n", text::pad_start(&note, style.width)),
    }
}

/// A marked line of words, wrapped under its own beginning.
#[must_use]
pub fn item(mark: Mark, words: &str, style: Style) -> String {
    let room = style.columns().saturating_sub(2);
    let mut out = String::new();
    for (at, line) in text::wrap(words, room, style).iter().enumerate() {
        let mark = if at == 0 { mark } else { Mark::None };
        push_line(&mut out, &format!("{mark} {line}"));
    }
    out
}

/// Commands to go on with, each ready to be pasted: never wrapped, never cut.
#[must_use]
pub fn next<'a>(commands: impl IntoIterator<Item = &'a str>, style: Style) -> String {
    let mut out = String::new();
    for (at, command) in commands.into_iter().enumerate() {
        let label = if at == 0 { "next: " } else { "      " };
        push_line(&mut out, &format!("{label}{}", style.shown(command)));
    }
    out
}

/// Whether a shell takes a name as one word, and a command as no option: only then it may stand in a `next:` line.
#[must_use]
pub fn pastable(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b":/+=,.@_-".contains(&b))
}

/// Labelled lines, `  who      …`, whose texts begin in one column and wrap there.
#[derive(Debug, Clone, Default)]
pub struct Facts(Vec<Fact>);

#[derive(Debug, Clone)]
struct Fact {
    mark: Mark,
    label: String,
    words: String,
}

impl Facts {
    /// No line yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a line.
    pub fn line(&mut self, mark: Mark, label: &str, words: &str) -> &mut Self {
        self.0.push(Fact { mark, label: label.to_owned(), words: words.to_owned() });
        self
    }

    /// Adds a line that goes on with the fact above it.
    pub fn more(&mut self, words: &str) -> &mut Self {
        self.line(Mark::None, "", words)
    }

    /// Whether there is no line.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The lines.
    #[must_use]
    pub fn render(&self, style: Style) -> String {
        let labels = self.0.iter().map(|fact| text::width(&style.shown(&fact.label)));
        let labelled = labels.max().unwrap_or(0).max(LABEL_MIN);
        let room = style.columns().saturating_sub(labelled + 4);
        let mut out = String::new();
        for fact in &self.0 {
            for (at, line) in text::wrap(&fact.words, room, style).iter().enumerate() {
                let (mark, label) = if at == 0 { (fact.mark, fact.label.as_str()) } else { (Mark::None, "") };
                let label = text::pad_end(&style.shown(label), labelled);
                push_line(&mut out, &format!("{mark} {label}  {line}"));
            }
        }
        out
    }
}

fn push_line(out: &mut String, line: &str) {
    out.push_str(line.trim_end_matches(' '));
    out.push('\n');
}

#[cfg(test)]
mod tests;
