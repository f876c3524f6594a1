//! The screens of `explain` and `can-assume`: why AWS said so and why the policies say so, as three witnesses that are never
//! mixed, each with its own last word; and which side refuses that a role is assumed.

mod assume;
mod csv;
mod head;
mod policies;
#[cfg(test)]
mod tests;
mod witness;

use serde::Serialize;

use super::replay::words::{hang, pasted, whole};
use super::{Mark, Style, json as documents, section};
use crate::replay::answer::Explanation;

pub use assume::{csv as assume_csv, json as assume_json, text as assume_text};
pub use csv::csv;

/// The column at which words begin: where those of [`super::Facts`] do beside `behind it`.
const WORDS_AT: usize = 13;

/// What is shown, and how its `next:` lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Every change of the logs and every sentence of the reasons (`--all`).
    pub all: bool,
    /// The arguments that name the logs, as `--logs PATH`, or of `can-assume` the snapshot, as `--snapshot DIR`, so that the
    /// commands at the end can be pasted.
    pub source: String,
}

/// The whole screen, each line with its end. All text of logs and policies is escaped.
#[must_use]
pub fn text(explanation: &Explanation, options: &Options, style: Style) -> String {
    let mut sections = vec![
        head::head(explanation, style),
        witness::aws(explanation, style),
        witness::logs(explanation, options, style),
        policies::policies(explanation, options, style),
    ];
    if let Some(assume) = &explanation.assume {
        sections.push(assume::sides(assume, style));
        sections.push(assume::changes(assume, style));
        sections.push(assume::supposed(assume, style));
    }
    sections.push(limits(explanation, style));
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    let mut out = sections.join("\n");
    if explanation.snapshot.is_none() && explanation.not_a_request.is_none() {
        let words = "--snapshot DIR evaluates it against the current policies and names the statement that would have \
                     to change";
        out.push_str(&hang("hint: ", words, style));
    }
    let commands = commands(explanation, options);
    out.push_str(&section::next(commands.iter().map(String::as_str), style));
    out
}

/// A labelled line whose words wrap in their own column.
fn line(mark: Mark, label: &str, words: &str, style: Style) -> String {
    let head = format!("{mark} {}", style.shown(label));
    hang(&super::text::pad_end(&head, WORDS_AT), words, style)
}

/// The first line of a witness.
fn witness_line(name: &str, words: &str, style: Style) -> String {
    hang(&super::text::pad_end(name, WORDS_AT), words, style)
}

fn limits(explanation: &Explanation, style: Style) -> String {
    if explanation.limits.is_empty() {
        return String::new();
    }
    let mut out = section::heading("What this cannot know", "", style);
    for limit in &explanation.limits {
        out.push_str(&section::item(Mark::Claim, &whole(&limit.what, style), style));
    }
    out
}

/// Commands to go on with: who is behind the caller, and what it did.
fn commands(explanation: &Explanation, options: &Options) -> Vec<String> {
    let caller = &explanation.caller;
    let who = [caller.access_key.as_deref(), caller.arn.as_deref(), caller.principal.as_deref()];
    let Some(who) = who.into_iter().flatten().find(|who| pasted(who)) else { return Vec::new() };
    ["trace", "investigate"]
        .map(|command| format!("backtrail {command} {who} {}", options.source).trim_end().to_owned())
        .to_vec()
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    answer: &'a Explanation,
}

/// One document with the whole answer.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(explanation: &Explanation) -> serde_json::Result<String> {
    documents::document(&Document { schema: 1, answer: explanation })
}
