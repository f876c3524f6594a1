//! Which statements of a principal's identity policies match what was asked for; and which of their resources, conditions and
//! values do.
//!
//! Parts of statements are put to the evaluator as statements of their own, with everything else as it is: the same rules
//! decide on the part as on the whole.

use std::collections::HashMap;
use std::sync::Arc;

use crate::policy::{
    Attached, Caller, CompiledSet, Context, Document, Effect, Evaluator, Match, PolicySet, Request, Resource,
    Statement, StatementId, Truth,
};
use crate::replay::{Told, context_of};

/// The identity policies of principals that have the same ones, ready to be asked.
#[derive(Debug)]
pub(crate) struct Tracked {
    pub(crate) policies: Vec<Arc<Document>>,
    evaluator: Evaluator,
    set: CompiledSet,
    keys: Vec<Box<str>>,
    slots: HashMap<StatementId, usize>,
    /// By slot.
    pub(crate) parts: Vec<Part>,
}

/// A statement, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Part {
    /// The place of the policy.
    pub(crate) policy: usize,
    /// The place among the policy's statements that were understood.
    pub(crate) statement: usize,
    pub(crate) what: What,
}

/// What of a statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum What {
    /// All of it.
    Whole,
    /// It without its conditions.
    Unconditional,
    /// It with one of its resources only.
    Resource(usize),
    /// It with one of its conditions only.
    Condition(usize),
    /// It with one value of one of its conditions only, and the other conditions.
    Value(usize, usize),
}

impl Tracked {
    pub(crate) fn of(policies: Vec<Arc<Document>>) -> Self {
        let mut evaluator = Evaluator::new();
        let mut parts = Vec::new();
        let mut probes = Vec::new();
        let mut places = Vec::new();
        for (policy, document) in policies.iter().enumerate() {
            let mut statements = Vec::new();
            for (at, statement) in document.statements.iter().enumerate() {
                let part = |what| Part { policy, statement: at, what };
                places.push((document.name.clone(), statement.index, parts.len()));
                parts.push(part(What::Whole));
                for (what, statement) in pieces(statement) {
                    let index = statements.len();
                    places.push((probe_name(policy), index, parts.len()));
                    parts.push(part(what));
                    statements.push(Statement { index, sid: None, ..statement });
                }
            }
            probes.push(Arc::new(Document {
                name: probe_name(policy),
                statements,
                refused: Vec::new(),
                problems: Vec::new(),
                ..(**document).clone()
            }));
        }
        let identity = Attached::of(policies.iter().cloned().chain(probes).collect());
        let set = evaluator.compile(&PolicySet { identity, ..PolicySet::default() });
        let keys = set.keys().into_iter().map(Box::from).collect();
        let slots = Self::slots(&set, &places);
        Self { policies, evaluator, set, keys, slots, parts }
    }

    fn slots(set: &CompiledSet, places: &[(String, usize, usize)]) -> HashMap<StatementId, usize> {
        let by_name: HashMap<(&str, usize), usize> =
            places.iter().map(|(name, index, slot)| ((name.as_str(), *index), *slot)).collect();
        let slot = |numbered: crate::policy::Numbered<'_>| {
            let index = numbered.statement.index?;
            Some((numbered.id, *by_name.get(&(numbered.statement.policy, index))?))
        };
        set.statements().filter_map(slot).collect()
    }

    /// The keys that they depend on.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|key| &**key)
    }

    /// The parts that match a request, or may match it.
    pub(crate) fn matching(&self, told: &Told<'_>, found: &mut Vec<(usize, Truth)>) {
        let keys: Vec<&str> = self.keys.iter().map(|key| &**key).collect();
        let context = context_of(told, &keys);
        self.matches(&told.who.caller, &told.asked.action, &told.asked.resource, context, found);
    }

    /// Whether all that matches an action does so whatever the resource and the context; then the parts are in `found`.
    pub(crate) fn decides_by_name(
        &self,
        caller: &Caller,
        action: &str,
        found: &mut Vec<(usize, Truth)>,
    ) -> bool {
        self.matches(caller, action, &Resource::Unknown, Context::default(), found);
        found.iter().all(|(_, truth)| *truth == Truth::Yes)
    }

    fn matches(
        &self,
        caller: &Caller,
        action: &str,
        resource: &Resource,
        context: Context,
        found: &mut Vec<(usize, Truth)>,
    ) {
        let request = Request {
            caller: caller.clone(),
            action: action.to_owned(),
            resource: resource.clone(),
            resource_account: None,
            management_account: None,
            canonical_user: None,
            rcp_supported: Some(false),
            context,
        };
        let mut hits = Vec::new();
        self.set.matching(&self.evaluator.prepare(&request), &mut hits);
        found.clear();
        found.extend(hits.iter().filter_map(|(id, truth, _)| Some((*self.slots.get(id)?, *truth))));
    }

    /// The statement of a part.
    pub(crate) fn statement(&self, part: Part) -> Option<(&Document, &Statement)> {
        let document = self.policies.get(part.policy)?;
        Some((document, document.statements.get(part.statement)?))
    }
}

fn probe_name(policy: usize) -> String {
    // No policy of AWS is called so.
    format!("\u{0}{policy}")
}

/// The parts of a statement that can be without effect while the whole has one, or say why it has none.
fn pieces(statement: &Statement) -> Vec<(What, Statement)> {
    if statement.effect == Effect::Deny {
        return Vec::new();
    }
    let mut pieces = Vec::new();
    if let Some(resources) = statement.resources.as_ref().filter(|own| own.matching == Match::Listed)
        && resources.patterns.len() > 1
    {
        for (at, pattern) in resources.patterns.iter().enumerate() {
            let mut own = resources.clone();
            own.patterns = vec![pattern.clone()];
            pieces.push((What::Resource(at), Statement { resources: Some(own), ..statement.clone() }));
        }
    }
    if !statement.conditions.is_empty() {
        let with = |conditions| Statement { conditions, ..statement.clone() };
        pieces.push((What::Unconditional, with(Vec::new())));
        for (at, condition) in statement.conditions.iter().enumerate() {
            pieces.push((What::Condition(at), with(vec![condition.clone()])));
            if condition.values.len() < 2 || condition.operator.is_negated() {
                continue;
            }
            for (place, value) in condition.values.iter().enumerate() {
                let mut conditions = statement.conditions.clone();
                if let Some(own) = conditions.get_mut(at) {
                    own.values = vec![value.clone()];
                }
                pieces.push((What::Value(at, place), with(conditions)));
            }
        }
    }
    pieces
}
