//! Suggested policies: what would have been enough for what a principal did, and no wider than what it has.
//!
//! A request that worked is kept with the statement that allows it today: its conditions stay, and its resources bound what
//! may be written in the place of those that were seen. So a suggestion never allows what today's policies do not. Denies
//! that bear on what is kept stay as they are, in a policy of their own.

mod prove;
mod resource;
mod write;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::answer::{Mark, PrincipalUse};
use super::granted::{Granted, covers};
use super::index::INDEX;
use super::need::{Need, Needed as NeededResource, Needs};
use super::plan::Plan;
use super::risk::Risk;
use super::sight::Unseen;
use super::track::Tracked;
use crate::catalog::catalog;
use crate::policy::{Condition, Document, Effect, Match, Operator, Quantifier, Statement, Version};

pub use prove::{Broken, Proof, propose, prove};
pub use resource::Generality;
pub use write::{CHARACTERS_MAX, SuggestedPolicy, characters};

/// How suggestions are written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Options {
    /// How far resources that were seen stand for others like them.
    pub generality: Generality,
    /// Whether every action of an access level is kept where one of it was used, as far as it is granted today.
    pub levels: bool,
}

/// The policies that would have been enough for one principal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// `role/NAME` or `user/NAME`.
    pub principal: String,
    /// Its ARN.
    pub arn: String,
    /// Its account.
    pub account: String,
    /// The policies, in the place of all identity policies that the principal has now.
    pub policies: Vec<SuggestedPolicy>,
    /// Denies of today that stay.
    pub guards: Vec<SuggestedPolicy>,
    /// How many actions they allow.
    pub actions: u64,
    /// How many statements they have.
    pub statements: u64,
    /// The granted actions that they leave out, by risk, the worst first.
    pub removed: Vec<Removed>,
    /// What was used and no identity policy grants today: it is not granted anew. With the number of requests.
    pub not_granted: Vec<(String, u64)>,
    /// Granted actions that calls perhaps asked for, or that only failed: they are left out, as nothing shows that they were needed.
    pub perhaps: Vec<String>,
    /// Granted actions that are left out though the logs could not have shown their use: nothing proves that they were not used.
    pub unseen: Vec<String>,
    /// What a replay over the window says; None before it.
    pub proof: Option<Proof>,
}

/// Actions of one risk that are left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Removed {
    /// The risk.
    pub risk: Risk,
    /// The actions, in order.
    pub actions: Vec<String>,
}

/// The requests that suggestions are made of.
#[derive(Debug, Clone, Default)]
pub struct Needed(Needs);

impl Needed {
    pub(crate) fn new(needs: Needs) -> Self {
        Self(needs)
    }
}

/// Under which conditions something is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Under {
    /// No conditions come first.
    conditions: Vec<(String, String, Vec<String>)>,
}

/// What stands in a statement's `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum On {
    Listed(BTreeSet<String>),
    AllBut(Vec<String>),
}

/// A statement to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Allowed {
    under: Under,
    on: On,
    actions: BTreeSet<String>,
}

/// The policies that would have been enough for a principal by its place.
#[must_use]
pub fn suggest(
    plan: &Plan,
    own: &PrincipalUse,
    needed: &Needed,
    place: usize,
    options: Options,
) -> Suggestion {
    let needs = needed.0.of(place);
    let mut not_granted: BTreeMap<String, u64> = BTreeMap::new();
    let mut by_action: BTreeMap<(Under, String), Vec<On>> = BTreeMap::new();
    let mut sources: BTreeMap<(Under, String), Vec<&Statement>> = BTreeMap::new();
    let tracked = plan.tracked.get(place);
    for (need, count) in &needs {
        // What the boundary or an SCP takes away today is not given anew.
        let statement =
            tracked.and_then(|tracked| statement_of(tracked, need)).filter(|_| own.granted.has(&need.action));
        let Some((document, statement)) = statement else {
            *not_granted.entry(need.action.clone()).or_default() += count;
            continue;
        };
        let under = Under::of(document, statement, need);
        let on = on(document, statement, need, options.generality);
        let own = sources.entry((under.clone(), need.action.clone())).or_default();
        if !own.iter().any(|known| std::ptr::eq(*known, statement)) {
            own.push(statement);
        }
        by_action.entry((under, need.action.clone())).or_default().push(on);
    }
    let may_join = |under: &Under, action: &str, text: &str| {
        let of = sources.get(&(under.clone(), action.to_owned()));
        let covers =
            |own: &&Statement| own.resources.as_ref().is_none_or(|own| resource::is_within(own, text));
        options.generality > Generality::Exact && of.is_some_and(|of| of.iter().any(covers))
    };
    let mut allowed = statements(by_action, &may_join);
    if options.levels {
        for statement in &mut allowed {
            let of = statement
                .actions
                .iter()
                .filter_map(|own| sources.get(&(statement.under.clone(), own.clone())));
            let of: Vec<&Statement> = of.flatten().copied().collect();
            widen(statement, &own.granted, &of);
        }
    }
    let kept: BTreeSet<String> = allowed.iter().flat_map(|own| own.actions.iter().cloned()).collect();
    let guards = tracked.map(|tracked| guards(tracked)).unwrap_or_default();
    let policies = write::policies(&own_name(&own.principal), "used", allowed.iter().map(Allowed::json));
    let statements = policies.iter().map(|policy| policy.statements).sum();
    Suggestion {
        principal: own.principal.clone(),
        arn: own.arn.clone(),
        account: own.account.clone(),
        guards: write::policies(&own_name(&own.principal), "denied", guards),
        actions: kept.len() as u64,
        statements,
        removed: removed(own, &kept),
        not_granted: not_granted.into_iter().collect(),
        perhaps: perhaps(own, &kept),
        unseen: unseen(own, &kept),
        policies,
        proof: None,
    }
}

/// Names of managed policies are unique in an account, where a user may be called like a role.
fn own_name(principal: &str) -> String {
    let name = principal.rsplit('/').next().unwrap_or(principal);
    if principal.starts_with("user/") { format!("{name}-user") } else { name.to_owned() }
}

fn statement_of<'a>(tracked: &'a Tracked, need: &Need) -> Option<(&'a Document, &'a Statement)> {
    tracked.statement(*tracked.parts.get(need.by?)?)
}

impl Under {
    fn of(document: &Document, statement: &Statement, need: &Need) -> Self {
        const PASSED: &str = "iam:PassedToService";
        let literal = |text: &String| literal(document.version, text);
        let mut conditions: Vec<(String, String, Vec<String>)> = statement
            .conditions
            .iter()
            .map(|own| {
                let is_passed = own.key.eq_ignore_ascii_case(PASSED) && !need.passed_to.is_empty();
                let narrow =
                    is_passed && matches!(own.operator, Operator::StringEquals | Operator::StringLike);
                let values =
                    if narrow { need.passed_to.clone() } else { own.values.iter().map(literal).collect() };
                (operator(own), own.key.clone(), values)
            })
            .collect();
        let is_told = statement.conditions.iter().any(|own| own.key.eq_ignore_ascii_case(PASSED));
        if !need.passed_to.is_empty() && !is_told {
            conditions.push(("StringEquals".to_owned(), PASSED.to_owned(), need.passed_to.clone()));
        }
        conditions.sort();
        Self { conditions }
    }
}

/// The text of a policy of version 2008-10-17, in which variables are no variables, as the later version has it.
fn literal(version: Version, text: &str) -> String {
    match version {
        Version::V2008 => text.replace("${", "${$}{"),
        Version::V2012 => text.to_owned(),
    }
}

/// `ForAnyValue:StringLikeIfExists`.
fn operator(condition: &Condition) -> String {
    let quantifier = match condition.quantifier {
        None => "",
        Some(Quantifier::ForAllValues) => "ForAllValues:",
        Some(Quantifier::ForAnyValue) => "ForAnyValue:",
    };
    let suffix = if condition.if_exists { "IfExists" } else { "" };
    format!("{quantifier}{}{suffix}", condition.operator.name())
}

/// The resource that is written for a request.
fn on(document: &Document, statement: &Statement, need: &Need, generality: Generality) -> On {
    let one = |text: String| On::Listed(BTreeSet::from([text]));
    let Some(resources) = &statement.resources else { return one("*".to_owned()) };
    let of_statement = || {
        let patterns = resources.patterns.iter().map(|text| literal(document.version, text));
        match resources.matching {
            Match::Listed => On::Listed(patterns.collect()),
            Match::NotListed => On::AllBut(patterns.collect()),
        }
    };
    match &need.resource {
        NeededResource::Any => one("*".to_owned()),
        NeededResource::Pattern(pattern) if resource::is_within(resources, pattern) => one(pattern.clone()),
        NeededResource::Unknown | NeededResource::Pattern(_) => of_statement(),
        NeededResource::Named(arn) => {
            let fits = |text: &String| resource::is_within(resources, text);
            let written = resource::written(arn, &need.action, generality).into_iter().find(fits);
            one(written.unwrap_or_else(|| resource::exact(arn)))
        }
    }
}

/// Statements: actions that are allowed on the same resources under the same conditions stand together.
fn statements(
    by_action: BTreeMap<(Under, String), Vec<On>>,
    may_join: &dyn Fn(&Under, &str, &str) -> bool,
) -> Vec<Allowed> {
    let mut listed: BTreeMap<(Under, String), BTreeSet<String>> = BTreeMap::new();
    let mut all_but: BTreeSet<(Under, String, Vec<String>)> = BTreeSet::new();
    for ((under, action), resources) in by_action {
        for on in resources {
            match on {
                On::Listed(own) => listed.entry((under.clone(), action.clone())).or_default().extend(own),
                On::AllBut(own) => {
                    all_but.insert((under.clone(), action.clone(), own));
                }
            }
        }
    }
    let bare: BTreeMap<String, BTreeSet<String>> = listed
        .iter()
        .filter(|((under, _), _)| under.conditions.is_empty())
        .map(|((_, action), own)| (action.clone(), own.clone()))
        .collect();
    let mut grouped: BTreeMap<(Under, On), BTreeSet<String>> = BTreeMap::new();
    for ((under, action), own) in listed {
        let mut own = resource::simplified(&own, &|text| may_join(&under, &action, text));
        if !under.conditions.is_empty() {
            // What is allowed anyway needs no conditions.
            let none = Under { conditions: Vec::new() };
            let simplified = |own| resource::simplified(own, &|text| may_join(&none, &action, text));
            let anyway = bare.get(&action).map(simplified).unwrap_or_default();
            own.retain(|text| !anyway.iter().any(|known| resource::covers(known, text)));
        }
        if !own.is_empty() {
            grouped.entry((under, On::Listed(own))).or_default().insert(action);
        }
    }
    for (under, action, own) in all_but {
        grouped.entry((under, On::AllBut(own))).or_default().insert(action);
    }
    grouped.into_iter().map(|((under, on), actions)| Allowed { under, on, actions }).collect()
}

/// Keeps every granted action of an access level of which one is kept, as far as the statements of today that allow what is kept
/// allow it, too: on the same resources, under the same conditions.
fn widen(statement: &mut Allowed, granted: &Granted, sources: &[&Statement]) {
    let used: BTreeSet<(&str, crate::catalog::AccessLevel)> = statement
        .actions
        .iter()
        .filter_map(|name| catalog().action(name))
        .map(|action| (action.service, action.level))
        .collect();
    for number in granted.actions.iter() {
        let Some(known) = INDEX.get(number) else { continue };
        let is_of_all = || sources.iter().all(|own| covers(&own.actions, known.action));
        if used.contains(&(known.action.service, known.action.level)) && is_of_all() {
            statement.actions.insert(known.action.full_name());
        }
    }
}

/// Today's denies, all of them: without one, what a resource's own policy allows would open.
fn guards(tracked: &Tracked) -> Vec<serde_json::Value> {
    let mut found = Vec::new();
    for document in &tracked.policies {
        for statement in document.statements.iter().filter(|own| own.effect == Effect::Deny) {
            let written = write::statement(document.version, statement);
            if !found.contains(&written) {
                found.push(written);
            }
        }
    }
    found
}

fn removed(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<Removed> {
    let mut by_risk: BTreeMap<Risk, Vec<String>> = BTreeMap::new();
    for action in own.actions().filter(|action| action.mark == Some(Mark::Unused)) {
        let name = action.action();
        if !kept.contains(&name) {
            by_risk.entry(action.risk).or_default().push(name);
        }
    }
    by_risk.into_iter().map(|(risk, actions)| Removed { risk, actions }).collect()
}

fn perhaps(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<String> {
    let open = own.actions().filter(|action| matches!(action.unseen, Some(Unseen::Perhaps | Unseen::Failed)));
    open.map(|action| action.action()).filter(|name| !kept.contains(name)).collect()
}

fn unseen(own: &PrincipalUse, kept: &BTreeSet<String>) -> Vec<String> {
    let is_open = |unseen| !matches!(unseen, Some(Unseen::Perhaps | Unseen::Failed));
    let all =
        own.actions().filter(|action| action.mark == Some(Mark::NotObservable) && is_open(action.unseen));
    all.map(|action| action.action()).filter(|name| !kept.contains(name)).collect()
}

impl Allowed {
    fn json(&self) -> serde_json::Value {
        write::allow(self)
    }
}
