//! The screen of `trace`: who was asked about, the chain up to who it was, what does not fit, and the tree of what it led
//! to; the same as rows and as graphs.

mod behind;
mod below;
mod card;
mod chain;
mod csv;
mod dot;
mod finding;
mod graph;
mod mermaid;
mod row;
#[cfg(test)]
mod tests;
mod tree;
pub(super) mod words;

use super::{Style, section};
use crate::lineage::{Chain, Descendant, OriginKind, Trace, TracedOrigin};

pub use behind::behind;
pub use csv::csv;
pub use dot::dot;
pub use mermaid::mermaid;

/// Commands offered at the end.
const COMMANDS_MAX: usize = 3;
/// The deepest tree that can be asked for.
pub const DEPTH_MAX: u16 = 64;

/// What is shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Part {
    /// The chain up and the tree below.
    #[default]
    Both,
    /// The chain up only (`--up`).
    Up,
    /// The tree below only (`--down`).
    Down,
}

/// What is shown, and how its `next:` lines are written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Options {
    /// Which part.
    pub part: Part,
    /// How many steps down were asked for.
    pub depth: u16,
    /// The arguments that name the logs, as `--logs PATH`, so that the commands at the end can be pasted.
    pub source: String,
}

/// The whole screen, each line with its end. All text of the log is escaped.
#[must_use]
pub fn text(trace: &Trace, options: &Options, style: Style) -> String {
    let wrong = finding::wrong(trace, style);
    let sections = match options.part {
        Part::Up => vec![chain::up(trace, style), finding::beside(trace, style) + &wrong],
        Part::Down => vec![tree::tree(trace, options.part, style), wrong],
        Part::Both => vec![
            chain::up(trace, style),
            finding::beside(trace, style) + &wrong,
            tree::tree(trace, options.part, style),
        ],
    };
    let mut out = String::new();
    for section in sections.iter().filter(|section| !section.is_empty()) {
        if !out.is_empty() {
            out.push('\n');
        }
        out.push_str(section);
    }
    out.push_str(&finding::limits(trace, style));
    let commands = commands(trace, options);
    out.push_str(&section::next(commands.iter().map(String::as_str), style));
    out
}

/// The chains that are worth a drawing each: of every origin the one with most calls, in the order of the answer.
fn chains_by_origin(trace: &Trace) -> Vec<&Chain> {
    let mut seen = std::collections::BTreeSet::new();
    let mut firsts = Vec::new();
    for chain in &trace.chains {
        if seen.insert((chain.origin.origin.kind, chain.origin.origin.id())) {
            firsts.push(chain);
        }
    }
    firsts
}

/// At most three commands to go on with, what closes the largest question first.
fn commands(trace: &Trace, options: &Options) -> Vec<String> {
    let asked = &trace.subject.asked;
    let mut commands = Vec::new();
    let with = |command: String| format!("{command} {}", options.source).trim_end().to_owned();
    if section::pastable(asked) {
        if options.part == Part::Up {
            commands.push(with(format!("backtrail trace {asked} --down")));
        } else if !trace.truncated.is_empty() && options.depth < DEPTH_MAX {
            let deeper = options.depth.max(1).saturating_mul(2).min(DEPTH_MAX);
            commands.push(with(format!("backtrail trace {asked} --down --depth {deeper}")));
        }
    }
    if let Some(origin) = origin_id(&trace.origin).filter(|id| section::pastable(id))
        && !is_subject(trace, &origin)
    {
        commands.push(with(format!("backtrail trace {origin} --down")));
        commands.push(with(format!("backtrail investigate {origin}")));
    }
    if let Some(below) = busiest(&trace.descendants) {
        commands.push(with(format!("backtrail investigate {below}")));
    }
    if section::pastable(asked) && trace.subject.event.is_none() {
        commands.push(with(format!("backtrail investigate {asked}")));
    }
    commands.truncate(COMMANDS_MAX);
    commands
}

/// What to type to mean an origin.
fn origin_id(origin: &TracedOrigin) -> Option<String> {
    let origin = &origin.origin;
    match origin.kind {
        OriginKind::IamUser | OriginKind::Root => origin.access_key.clone().or_else(|| origin.arn.clone()),
        OriginKind::IdentityCenterUser => origin.user_id.as_ref().map(|id| format!("{PERSON}{id}")),
        OriginKind::Saml | OriginKind::WebIdentity => {
            origin.name.as_ref().map(|name| format!("{SUBJECT}{name}"))
        }
        _ => None,
    }
}

/// What stands before the id of a user of Identity Center, which looks like that of an event.
const PERSON: &str = "identity-center-user/";

/// What stands before the name of a subject of an identity provider, which may be that of a user, too.
const SUBJECT: &str = "subject/";

fn is_subject(trace: &Trace, id: &str) -> bool {
    let node = trace.subject.node.as_ref();
    let own = [node.and_then(|node| node.access_key.as_deref()), node.and_then(|node| node.arn.as_deref())];
    [trace.subject.id.as_str(), trace.subject.asked.as_str()]
        .into_iter()
        .chain(own.into_iter().flatten())
        .any(|one| one == id || [PERSON, SUBJECT].iter().any(|kind| id.strip_prefix(kind) == Some(one)))
}

/// Of all keys below the one that did most.
fn busiest(descendants: &[Descendant]) -> Option<&str> {
    fn visit<'a>(descendants: &'a [Descendant], best: &mut Option<(u64, &'a str)>) {
        for one in descendants {
            let key = one.node.as_ref().and_then(|node| node.access_key.as_deref());
            if let Some(key) = key.filter(|key| section::pastable(key))
                && one.usage.calls > best.map_or(0, |(calls, _)| calls)
            {
                *best = Some((one.usage.calls, key));
            }
            visit(&one.children, best);
        }
    }
    let mut best = None;
    visit(descendants, &mut best);
    best.map(|(_, key)| key)
}
