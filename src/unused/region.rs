//! In which regions a principal's statements grant an action, as far as they name regions.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::granted::{applies, covers};
use crate::aws::Arn;
use crate::catalog::Action;
use crate::policy::{Condition, Document, Effect, Match, Operator, Statement};

/// The statements of a principal that allow, as far as they name regions.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Reach {
    /// Each by its policy and its place in that.
    statements: Vec<(Arc<Document>, usize)>,
    /// Whether any of them names a region: else nothing needs to be asked, and none is kept.
    is_bounded: bool,
}

impl Reach {
    pub(crate) fn of(policies: &[Arc<Document>]) -> Self {
        let mut statements = Vec::new();
        for document in policies {
            let all = document.statements.iter().enumerate();
            let allowing = all.filter(|(_, own)| own.effect == Effect::Allow);
            statements.extend(allowing.map(|(at, _)| (Arc::clone(document), at)));
        }
        let names = |(document, at): &(Arc<Document>, usize)| {
            let statement = document.statements.get(*at);
            statement.is_some_and(|own| {
                let resources = own.resources.iter().flat_map(|own| &own.patterns);
                of_conditions(own).is_some() || resources.into_iter().any(|text| region(text).is_some())
            })
        };
        let is_bounded = statements.iter().any(names);
        Self { statements: if is_bounded { statements } else { Vec::new() }, is_bounded }
    }

    /// The regions in which they allow an action; None where these are any.
    pub(crate) fn regions(&self, action: &Action) -> Option<BTreeSet<String>> {
        if !self.is_bounded {
            return None;
        }
        let statements = self.statements.iter().filter_map(|(document, at)| document.statements.get(*at));
        let covering = statements.filter(|own| covers(&own.actions, action));
        let each: Option<Vec<BTreeSet<String>>> = covering.map(|own| regions(own, action, None)).collect();
        // Without any statement nothing is granted.
        each.filter(|each| !each.is_empty()).map(|each| each.into_iter().flatten().collect())
    }
}

/// Whether [`regions`] are the same for every action.
pub(crate) fn are_same(statement: &Statement, resource: Option<&str>) -> bool {
    let listed = statement.resources.as_ref().filter(|own| own.matching == Match::Listed);
    let patterns = listed.into_iter().flat_map(|own| &own.patterns).map(String::as_str);
    let mut named = patterns.filter(|text| resource.is_none_or(|one| one == *text)).map(region);
    let first = named.next();
    named.all(|other| Some(other) == first)
}

/// The regions in which a statement, or one of its resources, allows an action; None where these are any.
pub(crate) fn regions(
    statement: &Statement,
    action: &Action,
    resource: Option<&str>,
) -> Option<BTreeSet<String>> {
    let listed = statement.resources.as_ref().filter(|own| own.matching == Match::Listed);
    let of_resources = listed.and_then(|own| {
        let all = own.patterns.iter().map(String::as_str);
        let all: Vec<&str> = all.filter(|text| resource.is_none_or(|one| one == *text)).collect();
        let named: BTreeSet<Option<&str>> = all.iter().map(|text| region(text)).collect();
        // Which resources the action takes tells more only where they are of several regions.
        let meant = match named.len() {
            0 => return None,
            1 => named,
            _ => all.iter().filter(|text| applies(text, action)).map(|text| region(text)).collect(),
        };
        let regions: Option<BTreeSet<String>> =
            meant.into_iter().map(|region| region.map(str::to_owned)).collect();
        regions.filter(|regions| !regions.is_empty())
    });
    match (of_resources, of_conditions(statement)) {
        (Some(one), Some(other)) => Some(one.intersection(&other).cloned().collect()),
        (one, other) => one.or(other),
    }
}

/// The region that the ARN of a resource names; None where it names none, or any.
fn region(text: &str) -> Option<&str> {
    let region = Arn::parse(text)?.region;
    (!region.is_empty() && !region.contains(['*', '?', '$'])).then_some(region)
}

/// The regions that a statement's conditions name; None where they name none. Every request has the key
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-requestedregion>).
fn of_conditions(statement: &Statement) -> Option<BTreeSet<String>> {
    let is_of_region = |own: &&Condition| {
        own.key.eq_ignore_ascii_case("aws:RequestedRegion")
            && own.quantifier.is_none()
            && matches!(own.operator, Operator::StringEquals | Operator::StringLike)
            && !own.values.iter().any(|value| value.contains(['*', '?', '$']))
    };
    let all = statement.conditions.iter().filter(is_of_region);
    all.map(|own| own.values.iter().cloned().collect::<BTreeSet<String>>())
        .reduce(|one, other| one.intersection(&other).cloned().collect())
}
