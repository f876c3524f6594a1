//! Suggested statements as policies that IAM takes: valid JSON, in a stable order, none larger than a managed policy may be.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::{Allowed, On, literal, operator};
use crate::catalog::catalog;
use crate::policy::{Effect, Match, Statement, Version};

/// A managed policy has at most so many characters, white space not counted
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_iam-quotas.html>).
pub const CHARACTERS_MAX: usize = 6_144;

/// A policy to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SuggestedPolicy {
    /// Its name: `ci-deploy-used`, of further ones `ci-deploy-used-2`.
    pub name: String,
    /// The policy.
    pub document: Value,
    /// How many characters it has, white space not counted.
    pub characters: u64,
    /// How many statements.
    pub statements: u64,
}

/// The characters of a policy as IAM counts them: without white space.
#[must_use]
pub fn characters(document: &Value) -> usize {
    document.to_string().chars().filter(|letter| !letter.is_whitespace()).count()
}

/// A statement that allows.
pub(super) fn allow(allowed: &Allowed) -> Value {
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
    let conditions: Vec<(String, String, Vec<String>)> = conditions.collect();
    if !conditions.is_empty() {
        statement.insert("Condition".to_owned(), condition(&conditions));
    }
    Value::Object(statement)
}

fn condition(all: &[(String, String, Vec<String>)]) -> Value {
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
fn patterns(actions: &BTreeSet<String>) -> Vec<String> {
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

/// Policies of these statements, as few as the limit allows.
pub(super) fn policies(
    name: &str,
    suffix: &str,
    statements: impl IntoIterator<Item = Value>,
) -> Vec<SuggestedPolicy> {
    let mut pieces: Vec<Value> = Vec::new();
    for statement in statements {
        split(statement, &mut pieces);
    }
    let mut documents: Vec<Vec<Value>> = Vec::new();
    for (number, mut piece) in pieces.into_iter().enumerate() {
        if let Some(own) = piece.as_object_mut() {
            own.insert("Sid".to_owned(), json!(format!("Used{}", number + 1)));
        }
        let fits = documents.last().is_some_and(|last| {
            let mut all = last.clone();
            all.push(piece.clone());
            characters(&document(&all)) <= CHARACTERS_MAX
        });
        match documents.last_mut().filter(|_| fits) {
            Some(last) => last.push(piece),
            None => documents.push(vec![piece]),
        }
    }
    let named = |(at, statements): (usize, Vec<Value>)| {
        let document = document(&statements);
        SuggestedPolicy {
            name: if at == 0 { format!("{name}-{suffix}") } else { format!("{name}-{suffix}-{}", at + 1) },
            characters: characters(&document) as u64,
            statements: statements.len() as u64,
            document,
        }
    };
    documents.into_iter().enumerate().map(named).collect()
}

fn document(statements: &[Value]) -> Value {
    json!({"Version": "2012-10-17", "Statement": statements})
}

/// A statement, or as many as it takes for none to be too large for a policy.
fn split(statement: Value, pieces: &mut Vec<Value>) {
    // Room for the `Sid` that comes later.
    const SID: usize = 20;
    if characters(&document(std::slice::from_ref(&statement))) + SID <= CHARACTERS_MAX {
        return pieces.push(statement);
    }
    let halves = |name: &str| {
        let all = statement.get(name)?.as_array().filter(|all| all.len() > 1)?;
        let (left, right) = all.split_at_checked(all.len() / 2)?;
        let with = |half: &[Value]| {
            let mut own = statement.clone();
            *own.get_mut(name)? = json!(half);
            Some(own)
        };
        Some([with(left)?, with(right)?])
    };
    match halves("Resource").or_else(|| halves("Action")) {
        Some(halves) => halves.into_iter().for_each(|half| split(half, pieces)),
        None => pieces.push(statement),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::{Document, PolicyKind};

    #[test]
    fn no_policy_is_larger_than_a_managed_policy_may_be_and_nothing_is_lost() {
        let resources: Vec<String> =
            (0..600).map(|at| format!("arn:aws:s3:::example-bucket/folder-{at}/*")).collect();
        let statement =
            json!({"Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": resources});
        let policies = policies("deploy", "used", [statement]);
        assert!(policies.len() > 3);
        let mut seen = BTreeSet::new();
        for (at, policy) in policies.iter().enumerate() {
            assert!(policy.characters <= CHARACTERS_MAX as u64, "{}", policy.characters);
            let parsed = Document::parse(PolicyKind::Identity, &policy.name, &policy.document.to_string());
            assert!(parsed.problems.is_empty(), "{:?}", parsed.problems);
            assert_eq!(
                policy.name,
                if at == 0 { "deploy-used".to_owned() } else { format!("deploy-used-{}", at + 1) }
            );
            for own in policy.document["Statement"].as_array().unwrap() {
                let listed = own["Resource"].as_array().unwrap();
                seen.extend(listed.iter().map(|text| text.as_str().unwrap().to_owned()));
            }
        }
        assert_eq!(seen.len(), 600);
    }

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
