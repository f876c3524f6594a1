//! What every layer says to a request, and which statements match it: for those who count which are ever used, and show
//! which layer stands in the way.

use super::compile::{CompiledLayer, CompiledSet, Evaluator, LayerKind, Policy, Rule};
use super::decision::{Layer, StatementRef};
use super::document::Effect;
use super::evaluate::{Assumed, Hit, Scan, binds};
use super::prepare::PreparedRequest;
use super::truth::Truth;

/// A statement of an [`Evaluator`], whichever sets its policy stands in. Sets of one evaluator that hold the same
/// document (the same [`std::sync::Arc`]) give its statements the same ids; ids of two evaluators do not compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StatementId {
    /// The number of its policy, from 0, in the order in which the evaluator compiled them.
    pub policy: usize,
    /// Its place among the policy's statements, refused ones counted, from 0. For its index in the text see
    /// [`Written::index`].
    pub statement: usize,
}

/// A statement as its policy has it, for [`Evaluator::statement`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Written<'a> {
    /// The policy's ARN or name.
    pub policy: &'a str,
    /// Its `Sid`.
    pub sid: Option<&'a str>,
    /// Its index in the policy, from 0; None for a document that could not be read as a whole.
    pub index: Option<usize>,
    /// Its effect; None if it could not be read.
    pub effect: Option<Effect>,
}

/// A statement of a set, for [`CompiledSet::statements`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Numbered<'s> {
    /// Its id. A policy that stands in several layers or levels gives the same id in each.
    pub id: StatementId,
    /// Its name, with the layer.
    pub statement: StatementRef<'s>,
    /// Its effect; None if it could not be read.
    pub effect: Option<Effect>,
}

/// What every layer says to a request, for [`CompiledSet::survey`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Survey<'s> {
    /// The layers of the set in the order of [`LayerKind`], each level of an organization apart, from the root down.
    pub layers: Vec<LayerSurvey<'s>>,
}

/// What one layer says to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LayerSurvey<'s> {
    /// Which layer, with its level.
    pub layer: Layer<'s>,
    /// Whether it binds the request. If not, `deny` and `allow` are `No`, and no statements are listed.
    pub binds: Truth,
    /// Whether it denies explicitly; at most `Unknown` where it may not bind.
    pub deny: Truth,
    /// Whether a statement of it allows. A deny is not set against it; where it may not bind, it is what it would be if
    /// it did. Of RCPs a level that holds no allow at all passes for one that holds `RCPFullAWSAccess`.
    pub allow: Truth,
    /// What is missing of it, in words. None if nothing is.
    pub missing: Option<&'s str>,
    /// The statements that match, or may match, in order of policy and statement.
    pub statements: Vec<Matched<'s>>,
}

/// A statement that matches a request, or may match it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Matched<'s> {
    /// Its id.
    pub id: StatementId,
    /// Its name, with the layer.
    pub statement: StatementRef<'s>,
    /// Its effect; None if it could not be read.
    pub effect: Option<Effect>,
    /// `Yes` or `Unknown`. Of a refused statement `Unknown`, also of one that grants nothing because it is refused.
    pub truth: Truth,
    /// Whether it was not understood.
    pub refused: bool,
}

impl Evaluator {
    /// The statement of an id; None if it is no id of this evaluator.
    #[must_use]
    pub fn statement(&self, id: StatementId) -> Option<Written<'_>> {
        let policy = self.policies.get(id.policy)?;
        let rule = policy.statements.get(id.statement)?;
        Some(Written {
            policy: &policy.name,
            sid: rule.sid.as_deref(),
            index: rule.index,
            effect: rule.effect,
        })
    }
}

impl CompiledSet {
    /// What every layer says to a request. Allocates; see [`CompiledSet::matching`] for counting.
    ///
    /// ```
    /// # use std::sync::Arc;
    /// # use backtrail::policy::*;
    /// # let text = r#"{"Version": "2012-10-17", "Statement": {"Sid": "Read", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;
    /// # let identity = Attached::of(vec![Arc::new(Document::parse(PolicyKind::Identity, "readers", text))]);
    /// # let mut evaluator = Evaluator::new();
    /// # let set = evaluator.compile(&PolicySet { identity, ..PolicySet::default() });
    /// # let request = evaluator.prepare(&Request {
    /// #     caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
    /// #     action: "s3:GetObject".into(),
    /// #     resource: Resource::Named("arn:aws:s3:::example-bucket/key".into()),
    /// #     resource_account: backtrail::aws::AccountId::parse("111122223333"),
    /// #     management_account: None,
    /// #     canonical_user: None,
    /// #     rcp_supported: Some(true),
    /// #     context: Context::new(Rest::Absent),
    /// # });
    /// let survey = set.survey(&request);
    /// assert_eq!(survey.layers[0].allow, Truth::Yes);
    /// assert_eq!(survey.layers[0].statements[0].statement.sid, Some("Read"));
    /// ```
    #[must_use]
    pub fn survey<'s>(&'s self, request: &PreparedRequest) -> Survey<'s> {
        let of_layer = |(at, layer): (usize, &'s CompiledLayer)| {
            let (scan, hits) = self.survey_layer(at, layer, request);
            let matched = |hit: &Hit<'s>| {
                let truth = hit.truth(layer.kind, request);
                let Numbered { id, statement, effect } = hit.numbered(layer);
                let refused = hit.rule.refused;
                (truth != Truth::No).then_some(Matched { id, statement, effect, truth, refused })
            };
            LayerSurvey {
                layer: layer.name(),
                binds: scan.binds,
                deny: scan.deny,
                allow: scan.allow.any(),
                missing: layer.missing.as_deref(),
                statements: hits.iter().filter_map(matched).collect(),
            }
        };
        Survey { layers: self.layers.iter().enumerate().map(of_layer).collect() }
    }

    /// What one layer says, and the statements that match or may match.
    pub(super) fn survey_layer<'s>(
        &'s self,
        at: usize,
        layer: &'s CompiledLayer,
        request: &PreparedRequest,
    ) -> (Scan, Vec<Hit<'s>>) {
        let assumed = Assumed::default();
        let mut scan = Scan::new(binds(layer.kind, request));
        if scan.binds == Truth::No {
            return (scan, Vec::new());
        }
        let hits: Vec<Hit<'s>> = self.hits(at, layer, request, &assumed).collect();
        for hit in &hits {
            scan.take(hit, layer.kind);
        }
        scan.close(at, layer, request, &assumed);
        (scan, hits)
    }

    /// Puts into `found`, which is emptied first, the statements that match a request, or may match it, with whether they
    /// do: at most `Unknown` where their layer may not bind the request. The same as [`CompiledSet::survey`] lists, in
    /// the same order, but without allocating once `found` is large enough, as far as [`CompiledSet::evaluate`] does not.
    pub fn matching(&self, request: &PreparedRequest, found: &mut Vec<(StatementId, Truth, LayerKind)>) {
        found.clear();
        let assumed = Assumed::default();
        for (at, layer) in self.layers.iter().enumerate() {
            let binds = binds(layer.kind, request);
            if binds == Truth::No {
                continue;
            }
            let matched = |hit: Hit<'_>| {
                let truth = hit.truth(layer.kind, request).and(binds);
                (truth != Truth::No).then_some((hit.id(), truth, layer.kind))
            };
            found.extend(self.hits(at, layer, request, &assumed).filter_map(matched));
        }
    }

    /// All statements of the set, refused ones among them, whether they match anything or not, in order of layer, policy
    /// and statement.
    pub fn statements(&self) -> impl Iterator<Item = Numbered<'_>> {
        self.layers.iter().flat_map(|layer| {
            layer.policies.iter().flat_map(move |policy| {
                policy.statements.iter().enumerate().map(move |(at, rule)| numbered(layer, policy, at, rule))
            })
        })
    }
}

impl<'s> Hit<'s> {
    fn id(&self) -> StatementId {
        StatementId { policy: self.policy.number, statement: self.place.2 }
    }

    fn numbered(&self, layer: &'s CompiledLayer) -> Numbered<'s> {
        numbered(layer, self.policy, self.place.2, self.rule)
    }
}

fn numbered<'s>(layer: &'s CompiledLayer, policy: &'s Policy, at: usize, rule: &'s Rule) -> Numbered<'s> {
    let (sid, index) = (rule.sid.as_deref(), rule.index);
    Numbered {
        id: StatementId { policy: policy.number, statement: at },
        statement: StatementRef { layer: layer.name(), policy: &policy.name, sid, index },
        effect: rule.effect,
    }
}

#[cfg(test)]
mod tests;
