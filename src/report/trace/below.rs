//! The sum of a tree: what was done below the subject, each call once.

use super::words;
use crate::lineage::{Descendant, NodeKind, Rule, Trace};
use crate::report::{Style, figure};

/// What was done below the subject, and by how many credentials.
pub(super) fn sum(trace: &Trace, style: Style) -> String {
    let mut below = Below::default();
    for one in &trace.descendants {
        if one.rule == Rule::Claim {
            continue;
        }
        let (own, others) = Below::of(one);
        below.merge(&others);
        // Forwarded calls and sign-in records of the subject are its own, not of a credential below it; the keys and
        // sessions of a user who is asked about are no others.
        let arn = one.node.as_ref().and_then(|node| node.arn.as_deref());
        let is_subject = arn == Some(trace.subject.id.as_str());
        if !is_subject && !matches!(one.kind, NodeKind::Forwarded | NodeKind::Event) {
            below.merge(&own);
        }
    }
    if below.credentials == 0 {
        return String::new();
    }
    let denied = match below.denied {
        0 => String::new(),
        denied => format!(", {} denied", figure::grouped(denied)),
    };
    let calls = figure::counted(below.calls, "call", "calls");
    let credentials = figure::counted(below.credentials, "credential", "credentials");
    words::hang("  below", "", &format!("{calls}{denied}, by {credentials}"), style)
}

/// What was done, and by how many credentials.
#[derive(Default)]
struct Below {
    calls: u64,
    denied: u64,
    credentials: u64,
}

impl Below {
    /// What was done in a line, with what the same user did below it, and what others did there.
    fn of(one: &Descendant) -> (Self, Self) {
        let (mut parts, mut same, mut others) = (Self::default(), Self::default(), Self::default());
        // What only bears a name is shown, but not counted as something that the subject led to.
        for child in one.children.iter().filter(|child| child.rule != Rule::Claim) {
            let (own, below) = Self::of(child);
            let whose = if is_part(child, one) {
                &mut parts
            } else if is_same_user(child, one) {
                &mut same
            } else {
                &mut others
            };
            whose.merge(&own);
            others.merge(&below);
        }
        let credential = match one.kind {
            NodeKind::AccessKey | NodeKind::Session | NodeKind::Console | NodeKind::Password => {
                one.folded.max(1)
            }
            _ => 0,
        };
        // What a user did with its keys, and a workload in its sessions, it did itself: that counts once.
        let mut own = Self {
            calls: parts.calls.max(one.usage.calls),
            denied: parts.denied.max(one.usage.denied),
            credentials: parts.credentials.max(credential),
        };
        own.merge(&same);
        (own, others)
    }

    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.denied += other.denied;
        self.credentials += other.credentials;
    }
}

/// Whether what a child did is counted as what its parent did.
fn is_part(child: &Descendant, parent: &Descendant) -> bool {
    let is_key = child.kind == NodeKind::AccessKey;
    match parent.kind {
        NodeKind::User => {
            is_key || matches!(child.kind, NodeKind::Password | NodeKind::Console | NodeKind::Forwarded)
        }
        NodeKind::Session | NodeKind::Console => is_key && child.id.starts_with("ASIA"),
        NodeKind::Workload => child.kind == NodeKind::Session,
        _ => false,
    }
}

/// Whether a child is another credential of the user that its parent is one of: what it did, that user did.
fn is_same_user(child: &Descendant, parent: &Descendant) -> bool {
    fn user(one: &Descendant) -> Option<&str> {
        let arn = one.node.as_ref()?.arn.as_deref()?;
        (arn.contains(":user/") || arn.ends_with(":root")).then_some(arn)
    }
    let signed_in = parent.kind == NodeKind::Password && child.kind == NodeKind::Console;
    signed_in || user(child).is_some_and(|own| user(parent) == Some(own))
}
