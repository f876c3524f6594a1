//! Suggested statements as JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};

use super::statement::{Allowed, On, Terms, literal, operator};
use crate::catalog::catalog;
use crate::policy::{Effect, Match, Statement, Version};

/// A statement that allows.
pub(super) fn allow(allowed: &Allowed<'_>) -> Value {
    let mut statement = Map::new();
    statement.insert("Effect".to_owned(), json!("Allow"));
    statement.insert("Action".to_owned(), one_or_many(patterns(&allowed.actions)));
    match &allowed.on {
        On::Listed(own) => {
            statement.insert("Resource".to_owned(), one_or_many(own.iter().cloned().collect()))
        }
        On::AllBut(own) => statement.insert("NotResource".to_owned(), one_or_many(own.clone())),
    };
    let conditions = &allowed.under.conditions;
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), condition(conditions));
    }
    Value::Object(statement)
}

/// A statement of today, as it is.
pub(super) fn statement(version: Version, own: &Statement) -> Value {
    let texts =
        |patterns: &[String]| one_or_many(patterns.iter().map(|text| literal(version, text)).collect());
    let named = |matching, listed: &str| match matching {
        Match::Listed => listed.to_owned(),
        Match::NotListed => format!("Not{listed}"),
    };
    let mut statement = Map::new();
    let effect = if own.effect == Effect::Allow { "Allow" } else { "Deny" };
    statement.insert("Effect".to_owned(), json!(effect));
    statement.insert(named(own.actions.matching, "Action"), one_or_many(own.actions.patterns.clone()));
    if let Some(resources) = &own.resources {
        statement.insert(named(resources.matching, "Resource"), texts(&resources.patterns));
    }
    let conditions = own.conditions.iter().map(|condition| {
        let values = condition.values.iter().map(|text| literal(version, text)).collect();
        (operator(condition), condition.key.clone(), values)
    });
    let conditions: Vec<Terms> = conditions.collect();
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), condition(&conditions));
    }
    Value::Object(statement)
}

fn condition(all: &[Terms]) -> Value {
    let mut by_operator: BTreeMap<&str, Map<String, Value>> = BTreeMap::new();
    for (operator, key, values) in all {
        by_operator.entry(operator).or_default().insert(key.clone(), one_or_many(values.clone()));
    }
    json!(by_operator)
}

fn one_or_many(mut texts: Vec<String>) -> Value {
    if texts.len() == 1 { json!(texts.remove(0)) } else { json!(texts) }
}

/// Actions as they are written: `Get*` where all actions of the service that begin so are among them.
pub(super) fn patterns(actions: &BTreeSet<String>) -> Vec<String> {
    let mut by_word: BTreeMap<(&str, &str), Vec<&String>> = BTreeMap::new();
    for full_name in actions {
        let (service, name) = full_name.split_once(':').unwrap_or((full_name, ""));
        by_word.entry((service, first_word(name))).or_default().push(full_name);
    }
    let mut written = Vec::new();
    for ((service, word), own) in by_word {
        let pattern = format!("{service}:{word}*");
        let all = catalog().expand(&pattern);
        if own.len() >= WORTH_A_WILDCARD && all.iter().all(|action| actions.contains(&action.full_name())) {
            written.push(pattern);
        } else {
            written.extend(own.into_iter().cloned());
        }
    }
    written.sort();
    written.dedup();
    written
}

/// From so many actions on one pattern is written for all that begin alike. Fewer are clearer by their names.
const WORTH_A_WILDCARD: usize = 5;

/// `Describe` of `DescribeInstances`.
fn first_word(name: &str) -> &str {
    let end = name.char_indices().skip(1).find(|(_, letter)| letter.is_uppercase()).map(|(at, _)| at);
    end.and_then(|end| name.get(..end)).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_only_for_actions_that_are_all_kept() {
        let all: BTreeSet<String> = catalog()
            .expand("kms:Describe*")
            .iter()
            .chain(&catalog().expand("sqs:Get*"))
            .map(|own| own.full_name())
            .collect();
        let many: BTreeSet<String> =
            catalog().expand("ec2:Describe*").iter().map(|own| own.full_name()).collect();
        assert_eq!(patterns(&many), ["ec2:Describe*"]);
        let mut fewer = many.clone();
        fewer.remove("ec2:DescribeInstances");
        assert!(!patterns(&fewer).contains(&"ec2:Describe*".to_owned()));
        assert!(patterns(&all).iter().all(|own| !own.contains('*')));
    }
}
