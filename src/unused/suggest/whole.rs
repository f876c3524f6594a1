//! What stays as it is today because of calls of which no action is known: nobody knows what they needed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::super::answer::PrincipalUse;
use super::super::granted::covers;
use super::super::index::INDEX;
use super::super::track::Tracked;
use super::write;
use crate::catalog::{self, catalog};
use crate::policy::{Actions, Effect, Match, Statement};

/// A service of which everything that is granted today stays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeptWhole {
    /// Its prefix.
    pub service: String,
    /// The names of the calls.
    pub calls: Vec<String>,
    /// How many there were.
    pub events: u64,
}

/// The statements that stay, and what they are for.
#[derive(Debug, Default)]
pub(super) struct Whole {
    pub(super) statements: Vec<Value>,
    pub(super) services: Vec<KeptWhole>,
    /// The granted actions of those services.
    pub(super) actions: BTreeSet<String>,
}

/// What stays of today's statements for a principal.
pub(super) fn kept(tracked: Option<&Tracked>, own: &PrincipalUse) -> Whole {
    let mut whole = Whole::default();
    let mut services: BTreeMap<&str, KeptWhole> = BTreeMap::new();
    for call in &own.unmapped {
        // A source that no service is called after is none that a policy could name.
        let is_named = |service: &&String| {
            service.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        };
        for service in call.services.iter().filter(is_named) {
            let known = services.entry(service).or_insert_with(|| KeptWhole {
                service: service.clone(),
                calls: Vec::new(),
                events: 0,
            });
            known.calls.push(call.name.clone());
            known.events += call.events;
        }
    }
    let mut granted: BTreeSet<&str> = BTreeSet::new();
    for document in tracked.iter().flat_map(|tracked| &tracked.policies) {
        for statement in document.statements.iter().filter(|own| own.effect == Effect::Allow) {
            let mut patterns = Vec::new();
            for (service, kept) in &services {
                let of_service = of_service(&statement.actions, service, &kept.calls);
                if !of_service.is_empty() {
                    granted.insert(service);
                }
                patterns.extend(of_service);
            }
            if patterns.is_empty() {
                continue;
            }
            let actions = Actions { matching: Match::Listed, patterns };
            let written = write::statement(document.version, &Statement { actions, ..statement.clone() });
            if !whole.statements.contains(&written) {
                whole.statements.push(written);
            }
        }
    }
    let actions = own.granted.actions.iter().filter_map(|number| INDEX.get(number));
    let of_kept = actions.filter(|known| granted.contains(known.action.service));
    whole.actions = of_kept.map(|known| known.action.full_name()).collect();
    whole.services =
        services.values().filter(|own| granted.contains(own.service.as_str())).cloned().collect();
    whole
}

/// The part of a statement's actions that is of one service, calls of which no action is known among them.
fn of_service(actions: &Actions, service: &str, calls: &[String]) -> Vec<String> {
    let name_in = |pattern: &String| match pattern.split_once(':') {
        None | Some(("*", "*")) => Some("*".to_owned()),
        Some((own, name)) => own.eq_ignore_ascii_case(service).then(|| name.to_owned()),
    };
    let names: Vec<String> = actions.patterns.iter().filter_map(name_in).collect();
    let full = |name: &str| format!("{service}:{name}");
    match actions.matching {
        Match::Listed if names.iter().any(|name| name == "*") => vec![full("*")],
        Match::Listed => names.iter().map(|name| full(name)).collect(),
        Match::NotListed if names.is_empty() => vec![full("*")],
        Match::NotListed => {
            let all = catalog().service(service).into_iter().flat_map(|service| service.actions);
            let known = all.filter(|action| covers(actions, action)).map(catalog::Action::full_name);
            let is_left = |call: &&String| !names.iter().any(|name| catalog::matches(name, call));
            let all = known.chain(calls.iter().filter(is_left).map(|call| full(call)));
            write::patterns(&all.collect())
        }
    }
}
