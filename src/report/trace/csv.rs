//! The answer as rows: one a link up, one an origin, one a descendant.
//!
//! `from` is always what was made, `to` who made it, so the rows of both directions are edges of one graph.

use chrono::SecondsFormat;

use crate::aws::Time;
use crate::lineage::{Descendant, Gap, Link, Node, Origin, Proof, Trace, Usage};
use crate::report::csv::row;

const HEADER: [&str; 33] = [
    "direction",
    "depth",
    "rule",
    "event_time",
    "event_name",
    "event_id",
    "account",
    "region",
    "from_kind",
    "from",
    "from_arn",
    "to_kind",
    "to",
    "to_arn",
    "seconds_apart",
    "candidates",
    "above_origin",
    "role_passed",
    "calls",
    "denied",
    "failed",
    "first",
    "last",
    "gone_time",
    "gone_event_id",
    "folded",
    "keys",
    "keys_used",
    "complete",
    "certain",
    "gap",
    "gap_text",
    "remarks",
];

/// Rows of CSV with a heading, each with its line end: `up` for links, `origin` for where a chain ends, `down` for
/// descendants. `depth` counts the steps from the subject.
#[must_use]
pub fn csv(trace: &Trace) -> String {
    let mut out = row(HEADER.map(Some));
    let subject = trace.subject.node.as_ref();
    let subject =
        subject.map_or(("", trace.subject.id.as_str()), |node| (node.kind.word(), node.id.as_str()));
    if trace.chains.len() > 1 {
        for chain in &trace.chains {
            let bottom = (chain.credential.kind.word(), chain.credential.id.as_str());
            links(bottom, &chain.links, &chain.origin.origin, &mut out);
        }
    } else {
        links(subject, &trace.links, &trace.origin.origin, &mut out);
    }
    below(&trace.descendants, subject, 1, &mut out);
    out
}

fn links(bottom: (&str, &str), links: &[Link], origin: &Origin, out: &mut String) {
    let own = links.iter().take_while(|link| !link.above_origin).count();
    let (own, above) = links.split_at_checked(own).unwrap_or((links, &[]));
    for (at, link) in own.iter().enumerate() {
        out.push_str(&Cells::of_link(link, at + 1).row());
    }
    let top = own.last().map_or(bottom, |link| (link.to.kind.word(), link.to.id.as_str()));
    out.push_str(&Cells::of_origin(origin, top, own.len() + 1).row());
    for (at, link) in above.iter().enumerate() {
        out.push_str(&Cells::of_link(link, own.len() + at + 1).row());
    }
}

fn below(descendants: &[Descendant], parent: (&str, &str), depth: usize, out: &mut String) {
    for one in descendants {
        out.push_str(&Cells::of_descendant(one, parent, depth).row());
        below(&one.children, (one.kind.word(), &one.id), depth + 1, out);
    }
}

/// The cells of a row by their columns; what is not set is empty.
struct Cells([Option<String>; HEADER.len()]);

impl Cells {
    fn new(direction: &str, depth: usize) -> Self {
        let mut cells = Self(std::array::from_fn(|_| None));
        cells.set("direction", direction);
        cells.set("depth", &depth.to_string());
        cells
    }

    fn set(&mut self, column: &str, value: &str) {
        let place = HEADER.iter().position(|name| *name == column).and_then(|at| self.0.get_mut(at));
        debug_assert!(place.is_some(), "no column `{column}`");
        if let Some(cell) = place {
            *cell = Some(value.to_owned());
        }
    }

    fn set_some(&mut self, column: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.set(column, value);
        }
    }

    fn row(&self) -> String {
        row(self.0.iter().map(Option::as_deref))
    }

    fn of_link(link: &Link, depth: usize) -> Self {
        let mut cells = Self::new("up", depth);
        cells.set("rule", link.rule.word());
        cells.record(&link.record);
        cells.node(["from_kind", "from", "from_arn"], &link.from);
        cells.node(["to_kind", "to", "to_arn"], &link.to);
        cells.set("seconds_apart", &link.seconds_apart.to_string());
        cells.set("candidates", &link.ambiguous.join(" "));
        cells.set("above_origin", if link.above_origin { "true" } else { "false" });
        cells.set_some("role_passed", link.role_passed.as_deref());
        if let Some(usage) = &link.to_usage {
            cells.usage(usage);
        }
        cells
    }

    fn of_origin(origin: &Origin, from: (&str, &str), depth: usize) -> Self {
        let mut cells = Self::new("origin", depth);
        cells.set_some("account", origin.account.as_deref());
        cells.set("from_kind", from.0);
        cells.set("from", from.1);
        cells.set("to_kind", origin.kind.word());
        cells.set("to", &origin.id());
        cells.set_some("to_arn", origin.arn.as_deref());
        cells.set("complete", if origin.complete { "true" } else { "false" });
        cells.set("certain", if origin.certain { "true" } else { "false" });
        cells.gap(origin.gap.as_ref());
        cells
    }

    fn of_descendant(one: &Descendant, parent: (&str, &str), depth: usize) -> Self {
        let mut cells = Self::new("down", depth);
        cells.set("rule", one.rule.word());
        if let Some(made) = &one.made {
            cells.record(made);
        }
        cells.set("from_kind", one.kind.word());
        cells.set("from", &one.id);
        cells.set_some("from_arn", one.node.as_ref().and_then(|node| node.arn.as_deref()));
        cells.set("to_kind", parent.0);
        cells.set("to", parent.1);
        cells.usage(&one.usage);
        if let Some(gone) = &one.gone {
            cells.set("gone_time", &written(gone.event_time));
            cells.set("gone_event_id", &gone.event_id);
        }
        for (column, count) in [("folded", one.folded), ("keys", one.keys), ("keys_used", one.keys_used)] {
            cells.set(column, &count.to_string());
        }
        cells.gap(one.gap.as_ref());
        let remarks: Vec<String> = one.remarks.iter().cloned().chain(one.likely_words()).collect();
        cells.set("remarks", &remarks.join("; "));
        cells
    }

    fn record(&mut self, record: &Proof) {
        self.set("event_time", &written(record.event_time));
        self.set("event_name", &record.event_name);
        self.set("event_id", &record.event_id);
        self.set_some("account", record.account.as_deref());
        self.set_some("region", record.region.as_deref());
    }

    fn node(&mut self, columns: [&str; 3], node: &Node) {
        let [kind, id, arn] = columns;
        self.set(kind, node.kind.word());
        self.set(id, &node.id);
        self.set_some(arn, node.arn.as_deref());
    }

    fn usage(&mut self, usage: &Usage) {
        for (column, count) in [("calls", usage.calls), ("denied", usage.denied), ("failed", usage.failed)] {
            self.set(column, &count.to_string());
        }
        self.set_some("first", usage.first.map(written).as_deref());
        self.set_some("last", usage.last.map(written).as_deref());
    }

    fn gap(&mut self, gap: Option<&Gap>) {
        self.set_some("gap", gap.map(|gap| gap.reason.word()));
        self.set_some("gap_text", gap.map(|gap| gap.text.as_str()));
    }
}

fn written(time: Time) -> String {
    time.0.to_rfc3339_opts(SecondsFormat::AutoSi, true)
}
