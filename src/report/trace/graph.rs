//! The answer as a graph, from the origin to the subject and on to what it led to; the writers of Graphviz and Mermaid
//! only spell it.

use std::collections::BTreeMap;

use super::words;
use crate::lineage::{
    Above, Chain, Descendant, Gap, Link, Node, NodeKind, Origin, OriginKind, Rule, Trace, TracedOrigin,
};
use crate::report::figure;

/// How a node is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Look {
    Plain,
    /// Who was asked about.
    Subject,
    /// The end of a chain.
    Origin,
    /// Something that is missing.
    Gap,
}

/// How an edge is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line {
    /// Certain.
    Solid,
    /// A claim, one of several candidates, or something missing.
    Dashed,
}

/// A node; its text is that of the log, one entry a line.
pub(super) struct Vertex {
    pub(super) lines: Vec<String>,
    pub(super) look: Look,
}

/// An edge, from who made something to what was made.
pub(super) struct Edge {
    pub(super) from: usize,
    pub(super) to: usize,
    pub(super) label: String,
    pub(super) line: Line,
}

/// The graph. Nodes are named by their places.
#[derive(Default)]
pub(super) struct Graph {
    pub(super) nodes: Vec<Vertex>,
    pub(super) edges: Vec<Edge>,
    known: BTreeMap<Node, usize>,
    origins: BTreeMap<(OriginKind, String), usize>,
    /// Origins that no more than come into question.
    choices: BTreeMap<(OriginKind, String), usize>,
    /// What all chains share of an origin that several lead to.
    shared: BTreeMap<(OriginKind, String), Origin>,
}

impl Graph {
    pub(super) fn of(trace: &Trace) -> Self {
        let mut graph = Self { shared: shared(trace), ..Self::default() };
        let mut lines = vec![words::short_subject(&trace.subject)];
        lines.extend(trace.subject.node.as_ref().and_then(whose));
        lines.push(words::usage_words(&trace.subject.usage));
        let subject = graph.vertex(lines, Look::Subject);
        if let Some(node) = &trace.subject.node {
            graph.known.insert(node.clone(), subject);
        }
        if trace.chains.len() > 1 {
            for chain in &trace.chains {
                graph.credential(chain, subject, trace);
            }
        } else {
            let origins = trace.chains.first().map_or(&[][..], |chain| &chain.origins);
            graph.chain(subject, &trace.links, &trace.origin, origins);
        }
        graph.tree(&trace.descendants, subject, &trace.subject.id);
        graph
    }

    fn vertex(&mut self, lines: Vec<String>, look: Look) -> usize {
        self.nodes.push(Vertex { lines, look });
        self.nodes.len() - 1
    }

    fn edge(&mut self, from: usize, to: usize, label: &str, line: Line) {
        let is_there =
            self.edges.iter().any(|edge| edge.from == from && edge.to == to && edge.label == label);
        if !is_there {
            self.edges.push(Edge { from, to, label: label.to_owned(), line });
        }
    }

    /// The node of the answer, once.
    fn node(&mut self, node: &Node) -> usize {
        if let Some(at) = self.known.get(node) {
            return *at;
        }
        let mut lines = vec![words::short_node(node)];
        lines.extend(whose(node));
        let at = self.vertex(lines, Look::Plain);
        self.known.insert(node.clone(), at);
        at
    }

    /// One of several credentials of the subject.
    fn credential(&mut self, chain: &Chain, subject: usize, trace: &Trace) {
        let is_own =
            chain.links.is_empty() && chain.origin.origin.arn.as_deref() == Some(trace.subject.id.as_str());
        let at = self.node(&chain.credential);
        if is_own {
            // The subject is itself the origin of this credential.
            if chain.origin.origin.complete {
                self.edge(subject, at, Rule::Identity.word(), Line::Solid);
                return;
            }
        } else {
            self.edge(at, subject, "credential", Line::Solid);
        }
        self.chain(at, &chain.links, &chain.origin, &chain.origins);
    }

    fn chain(&mut self, bottom: usize, links: &[Link], origin: &TracedOrigin, origins: &[Origin]) {
        let own = links.iter().take_while(|link| !link.above_origin).count();
        let (own, above) = links.split_at_checked(own).unwrap_or((links, &[]));
        let top = self.links(bottom, own);
        if origins.len() > 1 {
            // Not the candidate that is drawn leads to all of them, but what it may have made.
            let choice = own.iter().position(|link| link.ambiguous.len() > 1);
            let below = match choice {
                None => top,
                Some(0) => bottom,
                Some(at) => own.get(at - 1).map_or(top, |link| self.node(&link.to)),
            };
            for one in origins {
                let at = self.choice(one);
                self.edge(at, below, &format!("one of {}", origins.len()), Line::Dashed);
            }
            if let Some(gap) = &origin.origin.gap {
                let at = self.gap(gap);
                self.edge(at, below, "gap", Line::Dashed);
            }
        } else {
            self.end(top, &origin.origin);
        }
        self.above(origin, above);
    }

    /// Draws the links upwards; the place of the highest node.
    fn links(&mut self, bottom: usize, links: &[Link]) -> usize {
        let mut lower = bottom;
        for link in links {
            let upper = self.node(&link.to);
            let label = words::rule_words(link.rule, link.ambiguous.len(), link.seconds_apart);
            let is_certain = link.ambiguous.len() < 2
                && link.rule != Rule::Claim
                && link.seconds_apart == 0
                && link.role_untold.is_none();
            self.edge(upper, lower, &label, if is_certain { Line::Solid } else { Line::Dashed });
            if let Some(given) = &link.role_given
                && link.ambiguous.contains(&given.record.event_id)
            {
                let at = self.choice(&given.origin);
                self.edge(at, lower, "gave the role", Line::Dashed);
            }
            for beside in link.beside.iter().filter(|one| link.ambiguous.contains(&one.record.event_id)) {
                let at = self.choice(&beside.origin);
                let what = if beside.version.is_some() { "may have given" } else { "gave" };
                self.edge(at, lower, &format!("{what} the {}", beside.what), Line::Dashed);
            }
            lower = upper;
        }
        lower
    }

    /// The origin above the highest node, and what is missing in between.
    fn end(&mut self, top: usize, origin: &Origin) {
        if let Some(gap) = &origin.gap {
            let at = self.gap(gap);
            self.edge(at, top, "gap", Line::Dashed);
        }
        if origin.kind != OriginKind::Unknown {
            let at = self.origin(origin);
            let line = if origin.certain { Line::Solid } else { Line::Dashed };
            self.edge(at, top, Rule::Identity.word(), line);
        }
    }

    /// Who made the origin's key or launched its workload.
    fn above(&mut self, origin: &TracedOrigin, links: &[Link]) {
        let firsts: Vec<&Above> = origin.above.iter().map(Box::as_ref).chain(&origin.others_above).collect();
        let mut links = links;
        for (at, one) in firsts.iter().enumerate() {
            links = self.above_by(origin, one, (links, firsts.get(at + 1).copied()));
        }
    }

    /// The same of one record; the links of the other one come after its own, and are given back.
    fn above_by<'l>(
        &mut self,
        origin: &TracedOrigin,
        first: &Above,
        (links, other): (&'l [Link], Option<&Above>),
    ) -> &'l [Link] {
        let mut lower = origin;
        let mut next = Some(first);
        let mut links = links;
        while let Some(above) = next {
            let further = above.origin.above.as_deref();
            let begins =
                |step: Option<&Above>, link: &Link| step.is_some_and(|step| step.record == link.record);
            let ends = |link: &Link| begins(further, link) || begins(other, link);
            let count = links.iter().skip(1).take_while(|link| !ends(link)).count();
            let (own, rest) = links.split_at_checked(count + 1).unwrap_or((links, &[]));
            let bottom = self.origin(&lower.origin);
            let top = self.links(bottom, own);
            if own.is_empty() {
                let at = self.origin(&above.origin.origin);
                self.edge(at, bottom, above.rule.word(), Line::Solid);
            } else {
                self.end(top, &above.origin.origin);
            }
            links = rest;
            lower = &above.origin;
            next = further;
        }
        links
    }

    /// One of several origins that come into question: how it is proven is that of another chain, if any.
    fn choice(&mut self, origin: &Origin) -> usize {
        let id = (origin.kind, origin.id());
        if let Some(at) = self.origins.get(&id).or_else(|| self.choices.get(&id)) {
            return *at;
        }
        let mut lines = vec![format!("origin: {}, perhaps", origin.words())];
        lines.extend(origin.arn.clone());
        let at = self.vertex(lines, Look::Origin);
        self.choices.insert(id, at);
        at
    }

    fn origin(&mut self, origin: &Origin) -> usize {
        let id = (origin.kind, origin.id());
        if let Some(at) = self.origins.get(&id) {
            return *at;
        }
        let origin = self.shared.get(&id).unwrap_or(origin);
        let mut lines = vec![format!("origin: {}", words::origin_words(origin))];
        lines.extend(origin.arn.clone());
        let at = self.vertex(lines, Look::Origin);
        self.origins.insert(id, at);
        at
    }

    fn gap(&mut self, gap: &Gap) -> usize {
        let reason = gap.reason.word().replace('-', " ");
        self.vertex(vec![format!("gap: {reason}"), gap.text.clone()], Look::Gap)
    }

    fn tree(&mut self, descendants: &[Descendant], parent: usize, parent_id: &str) {
        for one in descendants {
            let label = words::label(one, parent_id);
            let mut lines = vec![format!("{}{}", label.kind, label.name)];
            if one.folded > 1 {
                lines.push(format!("x {}", figure::grouped(one.folded)));
            }
            lines.push(words::usage_words(&one.usage));
            let is_claim = one.rule == Rule::Claim;
            let sign = words::remark_sign(one);
            lines.extend(one.remarks.iter().map(|remark| format!("{sign} {remark}")));
            lines.extend(one.likely_words().map(|likely| format!("? {likely}")));
            let at = self.vertex(lines, Look::Plain);
            let line = if is_claim { Line::Dashed } else { Line::Solid };
            // Every line of the tree is a node of its own, so that no edge comes twice.
            self.edges.push(Edge { from: parent, to: at, label: one.rule.word().to_owned(), line });
            if let Some(gap) = &one.gap {
                let to = self.gap(gap);
                self.edges.push(Edge { from: at, to, label: "gap".to_owned(), line: Line::Dashed });
            }
            self.tree(&one.children, at, &one.id);
        }
    }
}

/// By origin: what all chains share of it.
fn shared(trace: &Trace) -> BTreeMap<(OriginKind, String), Origin> {
    let mut ways: BTreeMap<(OriginKind, String), Vec<&Origin>> = BTreeMap::new();
    for chain in &trace.chains {
        let origins = if chain.origins.len() > 1 { &chain.origins[..] } else { &[] };
        for origin in origins.iter().chain([&chain.origin.origin]) {
            ways.entry((origin.kind, origin.id())).or_default().push(origin);
        }
    }
    ways.into_iter().filter_map(|(id, ways)| Some((id, Origin::shared(ways)?))).collect()
}

/// Whose a key is.
fn whose(node: &Node) -> Option<String> {
    match (node.kind, &node.session_name) {
        (NodeKind::AccessKey | NodeKind::Console, Some(session)) => {
            Some(format!("role {} as {session}", node.name.as_deref().unwrap_or("unknown")))
        }
        (NodeKind::AccessKey | NodeKind::Console, None) => node.arn.clone().or_else(|| node.name.clone()),
        _ => None,
    }
}
