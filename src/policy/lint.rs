//! What is wrong with one document, and which of its statements can never match.

use super::document::{
    Condition, Document, Match, Operator, Piece, PolicyKind, Principal, Quantifier, Statement, Version,
    pieces,
};
use super::problem::{Consequence, Place, Problem, ProblemKind};
use super::rejection::rejections;

/// All problems of a document: those found when it was parsed, then why AWS would not take it ([`rejections`]), then
/// statements and values that no request can match, and variables that its version does not replace. Only the document is
/// looked at: whether its actions, resources and keys exist is the catalog's to say.
#[must_use]
pub fn lint(document: &Document) -> Vec<Problem> {
    let parsed = document.problems.iter().filter(|own| own.consequence != Consequence::Rejected);
    let mut problems: Vec<Problem> = parsed.cloned().collect();
    problems.extend(rejections(document));
    for statement in &document.statements {
        let mut found = Vec::new();
        of_statement(document, statement, &mut found);
        problems.extend(found.into_iter().map(|(place, kind)| Problem {
            policy: document.name.clone(),
            statement: Some(statement.index),
            sid: statement.sid.clone(),
            place: Place::Pointer(format!("/Statement/{}{place}", statement.index)),
            kind,
            consequence: Consequence::Noted,
        }));
    }
    problems
}

fn of_statement(document: &Document, statement: &Statement, found: &mut Vec<(String, ProblemKind)>) {
    let mut never = |place: &str, why| found.push((place.to_owned(), ProblemKind::NeverMatches { why }));
    let actions = &statement.actions;
    let all = |text: &String| text == "*" || text == "*:*";
    if actions.matching == Match::NotListed && actions.patterns.iter().any(all) {
        never("/NotAction", "`NotAction` leaves no action over");
    }
    if let Some(resources) = &statement.resources {
        let all = |text: &String| text.bytes().all(|byte| byte == b'*');
        if resources.matching == Match::NotListed && resources.patterns.iter().any(all) {
            never("/NotResource", "`NotResource` leaves no resource over");
        }
    }
    if let Some(principals) = &statement.principals
        && principals.matching == Match::NotListed
        && principals.listed.contains(&Principal::Everyone)
    {
        never("/NotPrincipal", "`NotPrincipal` leaves no principal over");
    }
    for condition in &statement.conditions {
        if let Some(why) = never_holds(condition, &statement.conditions) {
            never(&condition_place(condition), why);
        }
    }
    if document.version == Version::V2008 && document.kind != PolicyKind::Trust {
        literal_variables(statement, found);
    }
}

fn condition_place(condition: &Condition) -> String {
    let quantifier = match condition.quantifier {
        Some(Quantifier::ForAllValues) => "ForAllValues:",
        Some(Quantifier::ForAnyValue) => "ForAnyValue:",
        None => "",
    };
    let if_exists = if condition.if_exists { "IfExists" } else { "" };
    let key = condition.key.replace('~', "~0").replace('/', "~1");
    format!("/Condition/{quantifier}{}{if_exists}/{key}", condition.operator.name())
}

/// Why a condition never holds, beside the others of its statement; None if it may.
fn never_holds(condition: &Condition, others: &[Condition]) -> Option<&'static str> {
    let is = |condition: &Condition, value: &str| {
        condition.operator == Operator::Null
            && condition.values.iter().all(|own| own.eq_ignore_ascii_case(value))
    };
    let needs_key = |condition: &Condition| {
        let absent_fits = condition.if_exists
            || condition.operator == Operator::Null
            || condition.quantifier == Some(Quantifier::ForAllValues)
            || condition.operator.is_negated() && condition.quantifier.is_none();
        !absent_fits
    };
    let same_key = |other: &&Condition| other.key.eq_ignore_ascii_case(&condition.key);
    if is(condition, "true") && others.iter().filter(same_key).any(needs_key) {
        return Some("the key must be absent here, and there in another condition");
    }
    let is_arn = matches!(condition.operator, Operator::ArnEquals | Operator::ArnLike);
    let no_arn = |text: &String| text != "*" && !text.contains("${") && text.matches(':').count() < 5;
    if is_arn && needs_key(condition) && condition.values.iter().all(no_arn) {
        return Some("none of the values is an ARN of six parts");
    }
    let any_value = condition.quantifier == Some(Quantifier::ForAnyValue);
    if any_value && needs_key(condition) && !condition.operator.is_negated() {
        let exact = matches!(condition.operator, Operator::StringEquals | Operator::StringEqualsIgnoreCase);
        if exact && condition.values.iter().all(String::is_empty) {
            return Some("`ForAnyValue` does not count empty values");
        }
    }
    None
}

fn literal_variables(statement: &Statement, found: &mut Vec<(String, ProblemKind)>) {
    let variable = |text: &String| {
        let parts = pieces(text).ok()?;
        parts.iter().any(|part| matches!(part, Piece::Variable { .. })).then(|| text.clone())
    };
    if let Some(resources) = &statement.resources {
        let name = if resources.matching == Match::Listed { "/Resource" } else { "/NotResource" };
        let texts = resources.patterns.iter().filter_map(variable);
        found.extend(texts.map(|text| (name.to_owned(), ProblemKind::LiteralVariable { text })));
    }
    for condition in &statement.conditions {
        let place = condition_place(condition);
        let texts = condition.values.iter().filter_map(variable);
        found.extend(texts.map(|text| (place.clone(), ProblemKind::LiteralVariable { text })));
    }
}

#[cfg(test)]
mod tests;
