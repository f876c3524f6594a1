//! A policy set as JSON, and a request: what the twin reads, and what the evaluator gets.

use std::fmt;
use std::sync::Arc;

use backtrail::policy::{
    Attached, CompiledSet, Decision, Document, Evaluator, Level as SetLevel, Levels as SetLevels, May,
    PolicyKind, PolicySet, PreparedRequest, Request,
};
use serde_json::Value;

/// One policy. A [`Value::String`] is a text that is no JSON.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Policy {
    pub(crate) kind: PolicyKind,
    pub(crate) name: String,
    pub(crate) json: Value,
}

/// The policies of one layer, and whether some are missing.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Layer {
    pub(crate) policies: Vec<Policy>,
    pub(crate) missing: Option<String>,
}

/// The levels of an organization; the target of a level is its number.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Levels {
    pub(crate) levels: Vec<Layer>,
    pub(crate) missing: Option<String>,
}

/// All layers.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Set {
    pub(crate) identity: Layer,
    pub(crate) boundary: Option<Layer>,
    pub(crate) session: Option<Layer>,
    pub(crate) scp: Option<Levels>,
    pub(crate) rcp: Option<Levels>,
    pub(crate) resource: Option<Layer>,
    pub(crate) vpc_endpoint: Option<Layer>,
    pub(crate) settled: Settled,
}

/// What neither a policy nor a request says, and only the twin can be told; None is not known.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub(crate) struct Settled {
    /// Whether the service checks an account before its users.
    pub(crate) account_first: Option<bool>,
    /// Whether the VPC endpoint is a gateway endpoint.
    pub(crate) gateway: Option<bool>,
    /// Whether a negated ARN operator fits a value that is no ARN.
    pub(crate) odd_arns: Option<bool>,
}

/// A policy set and a request.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Pair {
    pub(crate) set: Set,
    pub(crate) request: Request,
}

impl Policy {
    /// The text of the policy.
    pub(crate) fn text(&self) -> String {
        match &self.json {
            Value::String(text) => text.clone(),
            json => json.to_string(),
        }
    }
}

impl Set {
    /// The evaluator's form of the set.
    pub(crate) fn parsed(&self) -> PolicySet {
        let attached = |layer: &Layer| Attached {
            policies: layer
                .policies
                .iter()
                .map(|policy| Arc::new(Document::parse(policy.kind, &policy.name, &policy.text())))
                .collect(),
            missing: layer.missing.clone(),
            may: May::Either,
        };
        let levels = |levels: &Levels| SetLevels {
            levels: (0..)
                .zip(&levels.levels)
                .map(|(number, layer): (usize, _)| SetLevel {
                    target: number.to_string(),
                    attached: attached(layer),
                })
                .collect(),
            missing: levels.missing.clone(),
        };
        PolicySet {
            identity: attached(&self.identity),
            boundary: self.boundary.as_ref().map(attached),
            session: self.session.as_ref().map(attached),
            scp: self.scp.as_ref().map(levels),
            rcp: self.rcp.as_ref().map(levels),
            resource: self.resource.as_ref().map(attached),
            vpc_endpoint: self.vpc_endpoint.as_ref().map(attached),
        }
    }

    /// Whether nothing is known of the boundary, not even that there is one.
    pub(crate) fn may_have_no_boundary(&self) -> bool {
        self.boundary.as_ref().is_some_and(|layer| layer.policies.is_empty() && layer.missing.is_some())
    }

    /// All layers, each to be changed.
    pub(crate) fn layers_mut(&mut self) -> Vec<&mut Layer> {
        let mut layers = vec![&mut self.identity];
        layers.extend(self.boundary.as_mut());
        layers.extend(self.session.as_mut());
        layers.extend(self.scp.as_mut().into_iter().flat_map(|levels| &mut levels.levels));
        layers.extend(self.rcp.as_mut().into_iter().flat_map(|levels| &mut levels.levels));
        layers.extend(self.resource.as_mut());
        layers.extend(self.vpc_endpoint.as_mut());
        layers
    }

    /// All layers.
    pub(crate) fn layers(&self) -> Vec<&Layer> {
        let mut layers = vec![&self.identity];
        layers.extend(&self.boundary);
        layers.extend(&self.session);
        layers.extend(self.scp.iter().flat_map(|levels| &levels.levels));
        layers.extend(self.rcp.iter().flat_map(|levels| &levels.levels));
        layers.extend(&self.resource);
        layers.extend(&self.vpc_endpoint);
        layers
    }
}

impl Pair {
    /// Evaluates the pair as the product does, and gives what was decided to `look`.
    pub(crate) fn evaluated<T>(
        &self,
        look: impl FnOnce(&CompiledSet, &PreparedRequest, Decision<'_>) -> T,
    ) -> T {
        let mut evaluator = Evaluator::new();
        let set = evaluator.compile(&self.set.parsed());
        let request = evaluator.prepare(&self.request);
        look(&set, &request, set.evaluate(&request))
    }
}

impl fmt::Display for Pair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let request = &self.request;
        writeln!(f, "caller    {:?}", request.caller)?;
        writeln!(f, "action    {}", request.action)?;
        writeln!(f, "resource  {:?} of {:?}", request.resource, request.resource_account)?;
        let (manager, rcp) = (request.management_account, request.rcp_supported);
        writeln!(f, "also      management {manager:?}, canonical {:?}, rcp {rcp:?}", request.canonical_user)?;
        writeln!(f, "context   {:?}", request.context)?;
        let mut layer = |name: &str, layer: &Layer| -> fmt::Result {
            writeln!(f, "{name}: missing {:?}", layer.missing)?;
            layer.policies.iter().try_for_each(|policy| {
                writeln!(f, "    {:?} {}", policy.kind, policy.text())?;
                let problems = Document::parse(policy.kind, &policy.name, &policy.text()).problems;
                problems.iter().try_for_each(|problem| writeln!(f, "        {problem}"))
            })
        };
        layer("identity", &self.set.identity)?;
        self.set.boundary.iter().try_for_each(|it| layer("boundary", it))?;
        self.set.session.iter().try_for_each(|it| layer("session", it))?;
        for (name, levels) in [("scp", &self.set.scp), ("rcp", &self.set.rcp)] {
            if let Some(levels) = levels {
                levels.levels.iter().try_for_each(|it| layer(name, it))?;
                layer(name, &Layer { policies: Vec::new(), missing: levels.missing.clone() })?;
            }
        }
        self.set.resource.iter().try_for_each(|it| layer("resource", it))?;
        self.set.vpc_endpoint.iter().try_for_each(|it| layer("vpc endpoint", it))
    }
}
