//! The sum of a tree: what was done below the subject, each call once.

use super::words;
use crate::lineage::{Descendant, NodeKind, Rule, Trace};
use crate::report::{Style, figure};

/// What was done below the subject, and by how many credentials.
pub(super) fn sum(trace: &Trace, style: Style) -> String {
    let mut below = Below::default();
    for one in &trace.descendants {
        // Forwarded calls and sign-in records of the subject are its own, not of a credential below it.
        if matches!(one.kind, NodeKind::Forwarded | NodeKind::Event) || one.rule == Rule::Claim {
            continue;
        }
        let arn = one.node.as_ref().and_then(|node| node.arn.as_deref());
        // The keys and sessions of a user who is asked about are no others.
        let is_subject = arn == Some(trace.subject.id.as_str());
        below.merge(&Below::of(one, if is_subject { Counted::Below } else { Counted::Whole }));
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

/// Whether a line counts itself.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counted {
    Whole,
    Below,
}

/// What was done in a line and below it.
#[derive(Default)]
struct Below {
    calls: u64,
    denied: u64,
    credentials: u64,
}

impl Below {
    fn of(one: &Descendant, counted: Counted) -> Self {
        let mut parts = Self::default();
        let mut others = Self::default();
        // What only bears a name is shown, but not counted as something that the subject led to.
        for child in one.children.iter().filter(|child| child.rule != Rule::Claim) {
            let part = Self::of(child, Counted::Whole);
            if is_part(child, one) { parts.merge(&part) } else { others.merge(&part) }
        }
        // What a user did with its keys, and a workload in its sessions, it did itself: that counts once.
        let is_own = counted == Counted::Whole;
        let credential = match one.kind {
            NodeKind::AccessKey | NodeKind::Session | NodeKind::Console | NodeKind::Password => {
                one.folded.max(1)
            }
            _ => 0,
        };
        let (calls, denied) = if is_own { (one.usage.calls, one.usage.denied) } else { (0, 0) };
        let mut whole = Self {
            calls: parts.calls.max(calls),
            denied: parts.denied.max(denied),
            credentials: parts.credentials.max(if is_own { credential } else { 0 }),
        };
        whole.merge(&others);
        whole
    }

    fn merge(&mut self, other: &Self) {
        self.calls += other.calls;
        self.denied += other.denied;
        self.credentials += other.credentials;
    }
}

/// Whether what a child did is what its parent did.
fn is_part(child: &Descendant, parent: &Descendant) -> bool {
    let is_key = child.kind == NodeKind::AccessKey;
    match parent.kind {
        NodeKind::User => is_key || matches!(child.kind, NodeKind::Password | NodeKind::Console),
        NodeKind::Session | NodeKind::Console => is_key && child.id.starts_with("ASIA"),
        NodeKind::Workload => child.kind == NodeKind::Session,
        _ => false,
    }
}
