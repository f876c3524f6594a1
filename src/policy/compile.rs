//! Documents compiled: patterns to matchers, conditions to operators over interned keys, actions to an index by service.

mod condition;
mod pattern;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

pub(super) use condition::{Boolean, Compiled as CompiledCondition, Folded, Test};
pub(super) use pattern::{Matcher, OWN_API, ResourcePattern, Token};

use pattern::Names;

use super::context::folded;
use super::document::{
    Actions, Condition, Document, Effect, Match, Principals, Refused, Resources, Statement, Version,
};
use super::set::{Attached, Levels, May, PolicySet};
use super::truth::Truth;
use super::wildcard::Wildcard;

/// The number of an interned context key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct KeyId(pub(super) usize);

/// The context keys that compiled policies read, each with a number.
#[derive(Debug, Default)]
pub(super) struct Keys {
    names: Vec<Arc<str>>,
    numbers: HashMap<Arc<str>, KeyId>,
}

impl Keys {
    pub(super) fn intern(&mut self, key: &str) -> KeyId {
        let name: Arc<str> = folded(key).into();
        if let Some(number) = self.numbers.get(&name) {
            return *number;
        }
        let number = KeyId(self.names.len());
        self.names.push(Arc::clone(&name));
        self.numbers.insert(name, number);
        number
    }

    pub(super) fn names(&self) -> &[Arc<str>] {
        &self.names
    }

    /// The number of a key in lower case.
    pub(super) fn number(&self, key: &str) -> Option<KeyId> {
        self.numbers.get(key).copied()
    }
}

/// Compiles policy sets and prepares requests for them. Each document is compiled once, however many sets it stands in.
///
/// ```
/// # use std::sync::Arc;
/// # use backtrail::policy::*;
/// let text = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*", "Resource": "*"}}"#;
/// let document = Document::parse(PolicyKind::Identity, "readers", text);
/// let identity = Attached::of(vec![Arc::new(document)]);
/// let mut evaluator = Evaluator::new();
/// let set = evaluator.compile(&PolicySet { identity, ..PolicySet::default() });
/// let request = evaluator.prepare(&Request {
///     caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
///     action: "s3:GetObject".into(),
///     resource: Resource::Named("arn:aws:s3:::example-bucket/key".into()),
///     resource_account: backtrail::aws::AccountId::parse("111122223333"),
///     management_account: None,
///     canonical_user: None,
///     rcp_supported: Some(true),
///     context: Context::new(Rest::Absent),
/// });
/// assert_eq!(set.evaluate(&request).outcome, Outcome::Allowed);
/// ```
#[derive(Debug, Default)]
pub struct Evaluator {
    pub(super) keys: Keys,
    /// By the address of the document, which is held, so that no other document takes its place.
    compiled: HashMap<usize, (Arc<Document>, Arc<Policy>)>,
    /// In the order they were compiled: each stands at its own number.
    pub(super) policies: Vec<Arc<Policy>>,
}

/// One document, compiled.
#[derive(Debug)]
pub(super) struct Policy {
    /// Its number in the evaluator.
    pub(super) number: usize,
    pub(super) name: Box<str>,
    /// In order of the document, refused statements among them.
    pub(super) statements: Box<[Rule]>,
    /// The statements that may match actions of a service, in order; services are in lower case.
    by_service: BTreeMap<Box<str>, Box<[usize]>>,
    /// The statements that may match actions of all other services.
    other: Box<[usize]>,
    pub(super) keys: Box<[KeyId]>,
    /// Whether any statement is known to allow, refused ones counted.
    pub(super) allows: bool,
    /// The refused statements whose effect could not be read.
    pub(super) effectless: Box<[usize]>,
}

/// One statement, compiled.
#[derive(Debug)]
pub(super) struct Rule {
    pub(super) index: Option<usize>,
    pub(super) sid: Option<Box<str>>,
    /// None if it could not be read.
    pub(super) effect: Option<Effect>,
    pub(super) actions: Option<CompiledActions>,
    pub(super) principals: Option<Principals>,
    pub(super) resources: Option<CompiledResources>,
    pub(super) conditions: Box<[CompiledCondition]>,
    /// Whether it was not understood: then only `actions` are used.
    pub(super) refused: bool,
}

/// The actions of a statement, compiled; all in lower case.
#[derive(Debug)]
pub(super) struct CompiledActions {
    matching: Match,
    /// The service, or None for all, and the name.
    patterns: Box<[(Option<Box<str>>, Wildcard)]>,
}

/// The resources of a statement, compiled.
#[derive(Debug)]
pub(super) struct CompiledResources {
    pub(super) matching: Match,
    pub(super) patterns: Box<[ResourcePattern]>,
    /// The same as they are written, see [`literal`].
    pub(super) written: Box<[Box<str>]>,
}

/// A policy set, compiled: what [`Evaluator::compile`] gives.
#[derive(Debug)]
pub struct CompiledSet {
    pub(super) layers: Box<[CompiledLayer]>,
    /// Whether the caller has a permissions boundary.
    pub(super) has_boundary: Truth,
    pub(super) has_session: bool,
    pub(super) names: Box<[Arc<str>]>,
    keys: BTreeSet<KeyId>,
}

/// One layer, or one level of an organization.
#[derive(Debug)]
pub(super) struct CompiledLayer {
    pub(super) kind: LayerKind,
    pub(super) target: Box<str>,
    pub(super) policies: Box<[Arc<Policy>]>,
    pub(super) missing: Option<Box<str>>,
    /// What that may do.
    pub(super) may: May,
}

/// What a layer is, without its level; in the order in which layers are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LayerKind {
    /// SCPs.
    ServiceControl,
    /// RCPs.
    ResourceControl,
    /// The resource's policy; of a role its trust policy.
    Resource,
    /// The policies of the user, its groups, or the role.
    Identity,
    /// The permissions boundary.
    Boundary,
    /// The session policies.
    Session,
    /// The VPC endpoint's policy.
    VpcEndpoint,
}

impl LayerKind {
    /// Whether it caps what others grant.
    #[must_use]
    pub fn is_ceiling(self) -> bool {
        !matches!(self, Self::Identity | Self::Resource)
    }
}

impl Evaluator {
    /// An evaluator that has compiled nothing.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Compiles a set. Documents that were compiled before, in the same [`Arc`], are shared.
    pub fn compile(&mut self, set: &PolicySet) -> CompiledSet {
        let mut layers = Vec::new();
        self.levels(&mut layers, LayerKind::ServiceControl, set.scp.as_ref());
        self.levels(&mut layers, LayerKind::ResourceControl, set.rcp.as_ref());
        for (kind, attached) in [
            (LayerKind::Resource, set.resource.as_ref()),
            (LayerKind::Identity, Some(&set.identity)),
            (LayerKind::Boundary, set.boundary.as_ref()),
            (LayerKind::Session, set.session.as_ref()),
            (LayerKind::VpcEndpoint, set.vpc_endpoint.as_ref()),
        ] {
            if let Some(attached) = attached {
                layers.push(self.layer(kind, "", attached));
            }
        }
        let policies = layers.iter().flat_map(|layer| &layer.policies);
        let keys: BTreeSet<KeyId> = policies.flat_map(|policy| policy.keys.iter().copied()).collect();
        CompiledSet {
            has_boundary: match &set.boundary {
                None => Truth::No,
                Some(Attached { policies, missing: Some(_), .. }) if policies.is_empty() => Truth::Unknown,
                Some(_) => Truth::Yes,
            },
            has_session: set.session.is_some(),
            layers: layers.into_boxed_slice(),
            names: self.keys.names().into(),
            keys,
        }
    }

    fn levels(&mut self, layers: &mut Vec<CompiledLayer>, kind: LayerKind, levels: Option<&Levels>) {
        let Some(levels) = levels else { return };
        for level in &levels.levels {
            layers.push(self.layer(kind, &level.target, &level.attached));
        }
        if let Some(missing) = &levels.missing {
            layers.push(self.layer(kind, "", &Attached::missing(missing)));
        }
    }

    fn layer(&mut self, kind: LayerKind, target: &str, attached: &Attached) -> CompiledLayer {
        let policies = attached.policies.iter().map(|document| self.policy(document)).collect();
        let missing = attached.missing.as_deref().map(Box::from);
        CompiledLayer { kind, target: target.into(), policies, missing, may: attached.may }
    }

    fn policy(&mut self, document: &Arc<Document>) -> Arc<Policy> {
        let address = Arc::as_ptr(document).addr();
        if let Some((_, policy)) = self.compiled.get(&address) {
            return Arc::clone(policy);
        }
        let policy = Arc::new(Policy::new(self.policies.len(), document, &mut self.keys));
        self.policies.push(Arc::clone(&policy));
        self.compiled.insert(address, (Arc::clone(document), Arc::clone(&policy)));
        policy
    }
}

impl CompiledSet {
    /// The context keys that the policies read, in conditions and variables; folded to lower case, in order. Requests
    /// that agree in all of them, and in caller, action and resource, get the same decision.
    #[must_use]
    pub fn keys(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self.keys.iter().filter_map(|key| self.name(*key)).collect();
        names.sort_unstable();
        names
    }

    pub(super) fn name(&self, key: KeyId) -> Option<&str> {
        self.names.get(key.0).map(|name| &**name)
    }
}

impl Policy {
    fn new(number: usize, document: &Document, keys: &mut Keys) -> Self {
        let mut names = Names { keys, read: BTreeSet::new() };
        let version = document.version;
        let mut statements: Vec<Rule> =
            document.statements.iter().map(|statement| Rule::new(statement, version, &mut names)).collect();
        statements.extend(document.refused.iter().map(Rule::refused));
        statements.sort_by_key(|rule| rule.index);
        let services: BTreeSet<Box<str>> = statements
            .iter()
            .flat_map(|rule| rule.actions.iter().flat_map(CompiledActions::services))
            .collect();
        let select = |service: Option<&str>| -> Box<[usize]> {
            let fits = |rule: &Rule| rule.actions.as_ref().is_none_or(|actions| actions.may_match(service));
            statements.iter().enumerate().filter(|(_, rule)| fits(rule)).map(|(at, _)| at).collect()
        };
        let by_service =
            services.into_iter().map(|service| (service.clone(), select(Some(&service)))).collect();
        Self {
            number,
            name: document.name.as_str().into(),
            by_service,
            other: select(None),
            keys: names.read.into_iter().collect(),
            allows: statements.iter().any(|rule| rule.effect == Some(Effect::Allow)),
            effectless: (0..)
                .zip(&statements)
                .filter(|(_, rule)| rule.effect.is_none())
                .map(|(at, _)| at)
                .collect(),
            statements: statements.into_boxed_slice(),
        }
    }

    /// The statements that may match an action of a service.
    pub(super) fn candidates(&self, service: &str) -> impl Iterator<Item = (usize, &Rule)> {
        let places = self.by_service.get(service).unwrap_or(&self.other);
        places.iter().filter_map(|at| Some((*at, self.statements.get(*at)?)))
    }
}

impl Rule {
    fn new(statement: &Statement, version: Version, names: &mut Names<'_>) -> Self {
        let condition = |condition: &Condition| CompiledCondition::new(condition, version, names);
        Self {
            index: Some(statement.index),
            sid: statement.sid.as_deref().map(Box::from),
            effect: Some(statement.effect),
            actions: Some(CompiledActions::new(&statement.actions)),
            principals: statement.principals.clone(),
            conditions: statement.conditions.iter().map(condition).collect(),
            resources: statement
                .resources
                .as_ref()
                .map(|resources| CompiledResources::new(resources, version, names)),
            refused: false,
        }
    }

    /// The keys that it reads as variables.
    pub(super) fn variables(&self) -> Vec<KeyId> {
        let patterns = self.resources.iter().flat_map(|resources| &resources.patterns);
        let of_resources = patterns.flat_map(ResourcePattern::matchers).flat_map(Matcher::keys);
        let of_conditions = self.conditions.iter().flat_map(CompiledCondition::variables);
        of_resources.chain(of_conditions).collect()
    }

    fn refused(refused: &Refused) -> Self {
        Self {
            index: refused.index,
            sid: refused.sid.as_deref().map(Box::from),
            effect: refused.effect,
            actions: refused.actions.as_ref().map(CompiledActions::new),
            principals: None,
            resources: None,
            conditions: Box::default(),
            refused: true,
        }
    }
}

impl CompiledActions {
    fn new(actions: &Actions) -> Self {
        let pattern = |text: &String| {
            let text = text.to_ascii_lowercase();
            match text.split_once(':') {
                None | Some(("*", "*")) => (None, Wildcard::Any),
                Some((service, name)) => (Some(service.into()), Wildcard::new(name)),
            }
        };
        Self { matching: actions.matching, patterns: actions.patterns.iter().map(pattern).collect() }
    }

    fn services(&self) -> impl Iterator<Item = Box<str>> {
        self.patterns.iter().filter_map(|(service, _)| service.clone())
    }

    /// Whether an action of the service may match; of no service that any statement of the policy names, for None.
    fn may_match(&self, service: Option<&str>) -> bool {
        self.matching == Match::NotListed
            || self.patterns.iter().any(|(own, _)| own.is_none() || own.as_deref() == service)
    }

    /// Whether the action, in lower case, is one of them.
    pub(super) fn matches(&self, service: &str, name: &str) -> bool {
        let fits = |(own, pattern): &(Option<Box<str>>, Wildcard)| {
            own.as_deref().is_none_or(|own| own == service) && pattern.matches(name)
        };
        self.patterns.iter().any(fits) == (self.matching == Match::Listed)
    }
}

impl CompiledResources {
    fn new(resources: &Resources, version: Version, names: &mut Names<'_>) -> Self {
        let pattern = |text: &String| ResourcePattern::new(text, version, names);
        Self {
            matching: resources.matching,
            patterns: resources.patterns.iter().map(pattern).collect(),
            written: resources.patterns.iter().map(|text| literal(version, text)).collect(),
        }
    }
}

/// A text of a policy as the later version of the language has it: in the earlier one variables are no variables.
fn literal(version: Version, text: &str) -> Box<str> {
    match version {
        Version::V2008 => text.replace("${", "${$}{").into(),
        Version::V2012 => text.into(),
    }
}
