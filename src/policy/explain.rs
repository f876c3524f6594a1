//! The answer to "why", as a tree of sentences for people.

use std::fmt;

use super::compile::{CompiledCondition, CompiledLayer, CompiledSet, LayerKind};
use super::decision::{Because, Decision, Outcome};
use super::document::Effect;
use super::evaluate::Hit;
use super::prepare::PreparedRequest;
use super::truth::Truth;

/// A sentence, and the sentences that it rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Reason {
    /// The sentence. It repeats names and values of policies, which are foreign text.
    pub text: String,
    /// What it rests on.
    pub children: Vec<Reason>,
}

impl Reason {
    fn leaf(text: impl Into<String>) -> Self {
        Self { text: text.into(), children: Vec::new() }
    }
}

impl CompiledSet {
    /// Why a request is decided as it is: the decision, then each layer with the statements that match or may match.
    /// Slow.
    #[must_use]
    pub fn explain(&self, request: &PreparedRequest) -> Reason {
        let decision = self.evaluate(request);
        let mut children: Vec<Reason> = self
            .layers
            .iter()
            .enumerate()
            .map(|(at, layer)| self.explain_layer(at, layer, request))
            .collect();
        if decision.outcome == Outcome::Undetermined {
            let needs = self.deciding(request);
            let text =
                if needs.smallest { "would be decided by" } else { "would be decided by, perhaps by less" };
            let members = needs.members.iter().map(|need| Reason::leaf(need.to_string())).collect();
            children.insert(0, Reason { text: text.to_owned(), children: members });
        }
        Reason { text: decision.to_string(), children }
    }

    fn explain_layer(&self, at: usize, layer: &CompiledLayer, request: &PreparedRequest) -> Reason {
        let (scan, hits) = self.survey_layer(at, layer, request);
        if scan.binds == Truth::No {
            return Reason::leaf(format!("{}: do not bind this request", layer.name()));
        }
        let allow = scan.allow.any();
        let words = match (scan.deny, allow) {
            (Truth::Yes, _) => "a deny matches",
            (Truth::Unknown, Truth::Yes) => "allow, a deny may match",
            (Truth::Unknown, Truth::Unknown) => "may allow, and a deny may match",
            (Truth::Unknown, Truth::No) => "allow nothing, and a deny may match",
            (Truth::No, Truth::Yes) => "allow",
            (Truth::No, Truth::Unknown) => "may allow",
            (Truth::No, Truth::No) => "no statement allows",
        };
        let of_hit = |hit: &Hit<'_>| {
            let truth = hit.truth(layer.kind, request);
            (truth != Truth::No).then(|| explain_rule(self, hit, truth, layer.kind, request))
        };
        let mut children: Vec<Reason> = hits.iter().filter_map(of_hit).collect();
        children.extend(layer.missing.iter().map(|what| Reason::leaf(format!("not known: {what}"))));
        Reason { text: format!("{}: {words}", layer.name()), children }
    }
}

fn explain_rule(
    set: &CompiledSet,
    hit: &Hit<'_>,
    truth: Truth,
    kind: LayerKind,
    request: &PreparedRequest,
) -> Reason {
    let (policy, rule) = (&hit.policy.name, hit.rule);
    let name = match (&rule.sid, rule.index) {
        (Some(sid), _) => format!("`{policy}` statement `{sid}`"),
        (None, Some(index)) => format!("`{policy}` statement {index}"),
        (None, None) => format!("`{policy}`"),
    };
    let verb = match (rule.effect, truth) {
        (Some(Effect::Allow), Truth::Yes) => "allows",
        (Some(Effect::Deny), Truth::Yes) => "denies",
        (Some(Effect::Allow), _) if rule.refused && !kind.is_ceiling() => "is refused, so it grants nothing",
        (_, _) if rule.refused => "is refused, so it may match",
        (Some(Effect::Allow), _) => "may allow",
        (_, _) => "may deny",
    };
    let children = if rule.refused {
        Vec::new()
    } else {
        let unsure = |condition: &&CompiledCondition| condition.holds(request) == Truth::Unknown;
        let name = |condition: &CompiledCondition| {
            let key = set.name(condition.key).unwrap_or_default();
            Reason::leaf(format!("depends on {key} ({})", condition.operator.name()))
        };
        rule.conditions.iter().filter(unsure).map(name).collect()
    };
    Reason { text: format!("{name} {verb}"), children }
}

impl fmt::Display for Decision<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.outcome)?;
        match self.because {
            Because::Granted { by, with: Some(with) } => write!(f, " by {by}, with {with}"),
            Because::Granted { by, with: None } | Because::Denied(by) => write!(f, " by {by}"),
            Because::Lacking(layer) => write!(f, ": no statement of the {layer} allows it"),
            Because::Rule(rule) => write!(f, ": {rule}"),
            Because::Depends => Ok(()),
        }
    }
}

impl fmt::Display for Reason {
    /// One sentence a line, those that it rests on indented by two.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut open = vec![(0, self)];
        while let Some((depth, reason)) = open.pop() {
            writeln!(f, "{:1$}{2}", "", depth * 2, reason.text)?;
            open.extend(reason.children.iter().rev().map(|child| (depth + 1, child)));
        }
        Ok(())
    }
}
