//! The answer as a Mermaid flowchart (<https://mermaid.js.org/syntax/flowchart.html>).
//!
//! All text stands in quotes, and of that everything but letters, digits, blanks and a few harmless signs is written as
//! an entity, `#34;`: no quote, bracket, backtick, tag, directive (`%%{`) or number sign of the log is ever raw. No name of
//! the log is an id, a class or a link.

use std::fmt::Write as _;

use super::graph::{Graph, Line, Look};
use crate::lineage::Trace;
use crate::report::text;

/// A flowchart, from the origin on the left to what the subject led to. Edges that are claims or one of several
/// candidates are dotted, what is missing is red.
#[must_use]
pub fn mermaid(trace: &Trace) -> String {
    let graph = Graph::of(trace);
    let mut out = "flowchart LR\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escaped(line)).collect();
        out.push_str(&format!("  n{at}[\"{}\"]\n", lines.join("<br/>")));
    }
    for edge in &graph.edges {
        let line = match edge.line {
            Line::Solid => "-->",
            Line::Dashed => "-.->",
        };
        out.push_str(&format!("  n{} {line}|\"{}\"| n{}\n", edge.from, escaped(&edge.label), edge.to));
    }
    let looks = [
        (Look::Subject, "subject", "stroke-width:3px"),
        (Look::Origin, "origin", "stroke-width:2px"),
        (Look::Gap, "gap", "stroke:red,color:red,stroke-dasharray:4 3"),
    ];
    for (look, class, drawn) in looks {
        let ids = graph.nodes.iter().enumerate().filter(|(_, node)| node.look == look);
        let ids: Vec<String> = ids.map(|(at, _)| format!("n{at}")).collect();
        if !ids.is_empty() {
            out.push_str(&format!("  classDef {class} {drawn}\n  class {} {class}\n", ids.join(",")));
        }
    }
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text::escape(text).chars() {
        if c.is_alphanumeric() || matches!(c, ' ' | '.' | ',' | '/' | '-') {
            out.push(c);
        } else {
            let written = write!(out, "#{};", u32::from(c));
            debug_assert!(written.is_ok(), "writing to a String does not fail");
        }
    }
    out
}
