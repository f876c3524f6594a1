//! Whether someone can assume a role: yes, no or it depends; each side that has a say; what would have to change.

use serde::Serialize;

use super::Options;
use crate::replay::answer::{Assume, Said, Side};
use crate::report::csv::row;
use crate::report::replay::words::{hang, pasted, short, statement_words, whole};
use crate::report::text::{self as shown, Cut};
use crate::report::{Facts, Mark, Style, json as documents, section};

/// Columns of a side's name; a longer one has a line of its own.
const SIDE_MAX: usize = 30;

/// The whole screen, each line with its end. All text of logs and policies is escaped.
#[must_use]
pub fn text(assume: &Assume, options: &Options, style: Style) -> String {
    let (who, role) = (short(&assume.principal), short(&assume.role));
    let words = match assume.said {
        Said::Allowed => format!("yes: {who} can assume {role}"),
        Said::Denied => format!("no: {who} cannot assume {role}"),
        Said::Undetermined => format!("depends: whether {who} can assume {role} is not known"),
    };
    let title = format!("{} {words}", mark(assume.said));
    let mut facts = Facts::new();
    facts.line(Mark::None, "who", &whole(&assume.principal, style));
    facts.line(Mark::None, "role", &whole(&assume.role, style));
    let head =
        section::subject(&shown::truncate(title.trim_start(), style.columns(), Cut::Middle, style), style)
            + &facts.render(style);
    let sections = [head, sides(assume, style), changes(assume, style), supposed(assume, style)];
    let sections: Vec<String> = sections.into_iter().filter(|section| !section.is_empty()).collect();
    let mut out = sections.join("\n");
    let named = [&assume.principal, &assume.role];
    if assume.said != Said::Allowed && named.iter().all(|arn| pasted(arn)) {
        let command = format!(
            "backtrail policy eval {} --principal {} --action sts:AssumeRole --resource {}",
            options.source, assume.principal, assume.role
        );
        out.push_str(&section::next([command.replace("eval  ", "eval ").as_str()], style));
    }
    out
}

fn mark(said: Said) -> Mark {
    match said {
        Said::Allowed => Mark::None,
        Said::Denied => Mark::Refused,
        Said::Undetermined => Mark::Claim,
    }
}

/// As JSON and CSV have it.
fn said_word(said: Said) -> &'static str {
    match said {
        Said::Allowed => "allowed",
        Said::Denied => "denied",
        Said::Undetermined => "undetermined",
    }
}

/// Each side, in the order of the flow: whether it lets the call pass, and why.
pub(super) fn sides(assume: &Assume, style: Style) -> String {
    if assume.sides.is_empty() {
        return String::new();
    }
    let refusing = assume.sides.iter().filter(|side| side.says == Said::Denied).count();
    let title = match (assume.said, refusing) {
        (Said::Allowed, _) => "each lets it pass".to_owned(),
        (_, 0) => "none refuses for certain".to_owned(),
        (_, 1) => "one refuses".to_owned(),
        (_, many) => format!("{many} refuse"),
    };
    let title = format!("Sides that have a say: {title}");
    let mut out = section::heading(&title, "", style);
    let wide = |side: &Side| shown::width(&style.shown(&side.name));
    let column = assume.sides.iter().map(wide).filter(|wide| *wide <= SIDE_MAX).max().unwrap_or(0);
    for side in &assume.sides {
        let name = whole(&side.name, style);
        let says = match side.says {
            Said::Allowed => "passes",
            Said::Denied => "refuses",
            Said::Undetermined => "depends",
        };
        let first =
            if wide(side) <= column { shown::pad_end(&style.shown(&name), column) } else { String::new() };
        if first.is_empty() {
            out.push_str(&hang(&format!("{} ", mark(side.says)), &name, style));
        }
        let sign = if first.is_empty() { Mark::None } else { mark(side.says) };
        let head = format!("{sign} {first:column$}  {says:7}  ");
        out.push_str(&hang(&head, &whole(&side.why, style), style));
    }
    out
}

/// What would have to change, side by side, with the statement.
pub(super) fn changes(assume: &Assume, style: Style) -> String {
    let mut out = String::new();
    for side in &assume.sides {
        let statement = side.statement.as_ref().map(|own| {
            let name = statement_words(own.policy.as_deref(), own.sid.as_deref(), own.index, style);
            match own.layer.as_deref().filter(|layer| *layer != side.name) {
                Some(layer) if !name.is_empty() => format!("{name} ({})", whole(layer, style)),
                _ => name,
            }
        });
        let statement = statement.filter(|name| !name.is_empty());
        if side.says == Said::Allowed || (side.change.is_none() && statement.is_none()) {
            continue;
        }
        let change = side.change.as_deref().unwrap_or("this statement");
        let words = format!("{}: {}", whole(&side.name, style), whole(change, style));
        out.push_str(&section::item(mark(side.says), &words, style));
        if let Some(name) = statement {
            out.push_str(&hang("    ", &name, style));
        }
    }
    if out.is_empty() { out } else { section::heading("What would have to change", "", style) + &out }
}

/// What was supposed of the call.
pub(super) fn supposed(assume: &Assume, style: Style) -> String {
    if assume.supposed.is_empty() {
        return String::new();
    }
    let mut out = section::heading("Supposed of the call", "", style);
    for words in &assume.supposed {
        out.push_str(&section::item(Mark::Claim, &whole(words, style), style));
    }
    out
}

#[derive(Serialize)]
struct Document<'a> {
    schema: u32,
    #[serde(flatten)]
    answer: &'a Assume,
}

/// One document with the whole answer.
///
/// # Errors
///
/// None that these values can cause.
pub fn json(assume: &Assume) -> serde_json::Result<String> {
    documents::document(&Document { schema: 1, answer: assume })
}

const HEADER: [&str; 13] = [
    "principal",
    "role",
    "said",
    "side",
    "says",
    "why",
    "how",
    "layer",
    "policy",
    "sid",
    "statement",
    "change",
    "supposed",
];

/// A heading and a row for each side, each with its line end; one row without a side where none has a say.
#[must_use]
pub fn csv(assume: &Assume) -> String {
    let mut out = row(HEADER.map(Some));
    let supposed = assume.supposed.join("; ");
    let mut push = |side: Option<&Side>| {
        let statement = side.and_then(|side| side.statement.as_ref());
        let index = statement.and_then(|own| own.index).map(|index| index.to_string());
        let cells: [Option<&str>; HEADER.len()] = [
            Some(&assume.principal),
            Some(&assume.role),
            Some(said_word(assume.said)),
            side.map(|side| side.name.as_str()),
            side.map(|side| said_word(side.says)),
            side.map(|side| side.why.as_str()),
            statement.map(|own| crate::report::replay::words::how_word(own.how)),
            statement.and_then(|own| own.layer.as_deref()),
            statement.and_then(|own| own.policy.as_deref()),
            statement.and_then(|own| own.sid.as_deref()),
            index.as_deref(),
            side.and_then(|side| side.change.as_deref()),
            Some(supposed.as_str()).filter(|supposed| !supposed.is_empty()),
        ];
        out.push_str(&row(cells));
    };
    assume.sides.iter().for_each(|side| push(Some(side)));
    if assume.sides.is_empty() {
        push(None);
    }
    out
}
