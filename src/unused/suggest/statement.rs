//! Statements: which actions, on what, under which conditions; and none of them needless beside the others.

use std::collections::{BTreeMap, BTreeSet};

use super::super::need::{Need, Needed as NeededResource};
use super::resource::{self, Covering, Generality};
use super::size::Why;
use crate::policy::{Condition, Document, Match, Operator, Quantifier, Statement, Version};

/// Operator, key and values of a condition.
pub(super) type Terms = (String, String, Vec<String>);

/// Under which conditions something is allowed.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Under {
    /// No conditions come first.
    pub(super) conditions: Vec<Terms>,
}

/// What stands in a statement's `Resource` or `NotResource`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum On {
    Listed(BTreeSet<String>),
    AllBut(Vec<String>),
}

/// A statement to be written.
#[derive(Debug, Clone)]
pub(super) struct Allowed<'a> {
    pub(super) under: Under,
    pub(super) on: On,
    pub(super) actions: BTreeSet<String>,
    /// Why it is there.
    pub(super) why: Why,
    /// The statements of today that it is made of.
    pub(super) sources: Vec<&'a Statement>,
}

/// What requests need, as it is gathered.
#[derive(Debug, Default)]
pub(super) struct Gathered<'a>(BTreeMap<String, BTreeMap<Under, Part<'a>>>);

/// What is needed of one action under some conditions.
#[derive(Debug, Default)]
struct Part<'a> {
    /// Resources that requests named, as policies write them.
    named: BTreeSet<String>,
    listed: BTreeSet<String>,
    all_but: BTreeSet<Vec<String>>,
    /// What requests show to be needed.
    proven: BTreeSet<On>,
    /// Whether roles were passed of which nobody knows which they are: then it is not proven that any other one was.
    is_open: bool,
    sources: Vec<&'a Statement>,
}

impl<'a> Gathered<'a> {
    /// Takes in a request that a statement of today allows.
    pub(super) fn add(&mut self, need: &Need, (document, statement): (&'a Document, &'a Statement)) {
        let under = Under::of(document, statement, need);
        let part = self.0.entry(need.action.clone()).or_default().entry(under).or_default();
        if !part.sources.iter().any(|known| std::ptr::eq(*known, statement)) {
            part.sources.push(statement);
        }
        let on = on(document, statement, need);
        if need.is_proven {
            part.proven.insert(on.clone());
        }
        part.is_open |= need.is_of_unknown_role();
        match (on, &need.resource) {
            (On::Listed(own), NeededResource::Named(_) | NeededResource::Own(_))
                if statement.resources.is_some() && own.len() == 1 =>
            {
                part.named.extend(own);
            }
            (On::Listed(own), _) => part.listed.extend(own),
            (On::AllBut(own), _) => {
                part.all_but.insert(own);
            }
        }
    }

    /// The statements: actions that are allowed on the same resources under the same conditions stand together. What is allowed
    /// under fewer conditions anyway is left out.
    pub(super) fn statements(self, generality: Generality) -> Vec<Allowed<'a>> {
        let mut grouped: BTreeMap<(Under, On, Why), Allowed<'a>> = BTreeMap::new();
        for (action, mut parts) in self.0 {
            for part in parts.values_mut() {
                part.join(&action, generality);
            }
            for (under, part) in &parts {
                // Of two that are as wide as each other the first one stays.
                let is_wider = |other: &Under| {
                    other != under && other.is_as_wide(under) && (other < under || !under.is_as_wide(other))
                };
                let wider: Vec<&Part<'a>> =
                    parts.iter().filter(|(other, _)| is_wider(other)).map(|(_, part)| part).collect();
                for (on, is_proven) in part.needed(&wider) {
                    let why = if is_proven { Why::Used } else { Why::Perhaps };
                    let fresh = || Allowed {
                        under: under.clone(),
                        on: on.clone(),
                        actions: BTreeSet::new(),
                        why,
                        sources: Vec::new(),
                    };
                    // What is proven stands apart from what is not, the proven first.
                    let key = (under.clone(), on.clone(), why);
                    let own = grouped.entry(key).or_insert_with(fresh);
                    own.actions.insert(action.clone());
                    for source in &part.sources {
                        if !own.sources.iter().any(|known| std::ptr::eq(*known, *source)) {
                            own.sources.push(source);
                        }
                    }
                }
            }
        }
        grouped.into_values().collect()
    }
}

impl Part<'_> {
    /// Writes what requests named, and joins what one of today's statements allows together anyway.
    fn join(&mut self, action: &str, generality: Generality) {
        let allows = |text: &str| {
            let covers =
                |own: &&Statement| own.resources.as_ref().is_none_or(|own| resource::is_within(own, text));
            self.sources.iter().any(covers)
        };
        let may_join = |text: &str| generality > Generality::Exact && allows(text);
        let named = resource::written(&self.named, action, generality, &allows);
        self.listed.extend(named);
        self.listed = resource::simplified(&self.listed, &may_join);
    }

    /// What is left of it beside wider parts, with whether a request shows that it is needed.
    fn needed(&self, wider: &[&Self]) -> Vec<(On, bool)> {
        let wider: Vec<(Covering<'_>, &Self)> =
            wider.iter().map(|part| (Covering::of(&part.listed), *part)).collect();
        let is_listed_anyway = |text: &str| {
            self.all_but.iter().any(|own| resource::is_outside(own, text))
                || wider.iter().any(|(listed, part)| {
                    listed.covers(text) || part.all_but.iter().any(|own| resource::is_outside(own, text))
                })
        };
        let has_all = |part: &Part<'_>| part.listed.contains("*");
        let is_as_wide = |own: &Vec<String>, other: &Vec<String>| own.iter().all(|text| other.contains(text));
        let is_all_but_anyway = |own: &Vec<String>| {
            // Of two that leave out the same the first one stays.
            let is_beside = |other: &&Vec<String>| {
                *other != own && is_as_wide(other, own) && (*other < own || !is_as_wide(own, other))
            };
            has_all(self)
                || self.all_but.iter().any(|other| is_beside(&other))
                || wider
                    .iter()
                    .any(|(_, part)| has_all(part) || part.all_but.iter().any(|other| is_as_wide(other, own)))
        };
        let mut needed = Vec::new();
        let listed: BTreeSet<String> =
            self.listed.iter().filter(|text| *text == "*" || !is_listed_anyway(text)).cloned().collect();
        if !listed.is_empty() {
            let covering = Covering::of(&listed);
            let is_in = |on: &On| match on {
                On::Listed(own) => own.iter().any(|text| covering.covers(text)),
                On::AllBut(_) => false,
            };
            let is_proven = !self.is_open && self.proven.iter().any(is_in);
            needed.push((On::Listed(listed), is_proven));
        }
        for left_out in self.all_but.iter().filter(|own| !is_all_but_anyway(own)) {
            let on = On::AllBut(left_out.clone());
            let is_proven = self.proven.contains(&on);
            needed.push((on, is_proven));
        }
        needed
    }
}

impl Under {
    pub(super) fn of(document: &Document, statement: &Statement, need: &Need) -> Self {
        const PASSED: &str = "iam:PassedToService";
        let literal = |text: &String| literal(document.version, text);
        let mut conditions: Vec<Terms> = statement
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

    /// Whether it holds wherever the other one does: each of its conditions is one of the other's, or a wider one.
    fn is_as_wide(&self, other: &Self) -> bool {
        let is_implied = |own: &Terms| other.conditions.iter().any(|known| implies(known, own));
        self.conditions.iter().all(is_implied)
    }
}

/// Whether a condition holds only where another one does.
fn implies((operator, key, values): &Terms, (wide, wide_key, wide_values): &Terms) -> bool {
    let is_part = || is_any_of(operator) && values.iter().all(|value| wide_values.contains(value));
    operator == wide && key.eq_ignore_ascii_case(wide_key) && (values == wide_values || is_part())
}

/// Whether one fitting value is enough for a condition: then two of them with half of the values each are as good as one.
pub(super) fn is_any_of(operator: &str) -> bool {
    !operator.contains("Not") && !operator.starts_with("ForAllValues:")
}

/// The text of a policy of version 2008-10-17, in which variables are no variables, as the later version has it.
pub(super) fn literal(version: Version, text: &str) -> String {
    match version {
        Version::V2008 => text.replace("${", "${$}{"),
        Version::V2012 => text.to_owned(),
    }
}

/// `ForAnyValue:StringLikeIfExists`.
pub(super) fn operator(condition: &Condition) -> String {
    let quantifier = match condition.quantifier {
        None => "",
        Some(Quantifier::ForAllValues) => "ForAllValues:",
        Some(Quantifier::ForAnyValue) => "ForAnyValue:",
    };
    let suffix = if condition.if_exists { "IfExists" } else { "" };
    format!("{quantifier}{}{suffix}", condition.operator.name())
}

/// The resource that is written for a request by itself.
fn on(document: &Document, statement: &Statement, need: &Need) -> On {
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
        // What takes any resource is asked for on `*`; a statement about all but some is no wider than it was.
        NeededResource::Any if resource::is_within(resources, "*") => one("*".to_owned()),
        NeededResource::Pattern(pattern) if resource::is_within(resources, pattern) => one(pattern.clone()),
        NeededResource::Own(text) if resource::is_within(resources, text) => one(text.clone()),
        NeededResource::Any
        | NeededResource::Unknown
        | NeededResource::Pattern(_)
        | NeededResource::Own(_) => of_statement(),
        NeededResource::Named(arn) => one(resource::exact(arn)),
    }
}
