//! The answer in Graphviz's language (<https://graphviz.org/doc/info/lang.html>).
//!
//! All text stands in quotes. There a backslash begins an escape (`\N`, `\l`), and `&…;` is an entity, so quotes,
//! backslashes and ampersands are written as escapes; control and bidi characters are shown as on a terminal. No name
//! of the log is an id, an attribute or a link.

use super::graph::{Graph, Line, Look};
use crate::lineage::Trace;
use crate::report::text;

/// A digraph, from the origin on the left to what the subject led to. Edges that are claims or one of several candidates
/// are dashed, what is missing is red.
#[must_use]
pub fn dot(trace: &Trace) -> String {
    let graph = Graph::of(trace);
    let mut out = "digraph trace {\n  rankdir=LR;\n  node [shape=box, fontname=\"sans-serif\"];\n  edge [fontname=\"sans-serif\"];\n".to_owned();
    for (at, node) in graph.nodes.iter().enumerate() {
        let lines: Vec<String> = node.lines.iter().map(|line| escaped(line)).collect();
        let look = match node.look {
            Look::Plain => "",
            Look::Subject => ", penwidth=2.5",
            Look::Origin => ", style=rounded",
            Look::Gap => ", color=red, fontcolor=red, style=dashed",
        };
        out.push_str(&format!("  n{at} [label=\"{}\"{look}];\n", lines.join("\\n")));
    }
    for edge in &graph.edges {
        let is_gap = [edge.from, edge.to]
            .iter()
            .any(|end| graph.nodes.get(*end).is_some_and(|node| node.look == Look::Gap));
        let line = match edge.line {
            Line::Solid => "",
            Line::Dashed if is_gap => ", style=dashed, color=red, fontcolor=red",
            Line::Dashed => ", style=dashed",
        };
        out.push_str(&format!(
            "  n{} -> n{} [label=\"{}\"{line}];\n",
            edge.from,
            edge.to,
            escaped(&edge.label)
        ));
    }
    out.push_str("}\n");
    out
}

fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text::escape(text).chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '&' => out.push_str("&amp;"),
            c => out.push(c),
        }
    }
    out
}
