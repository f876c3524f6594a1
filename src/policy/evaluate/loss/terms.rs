//! What has to turn out well for a statement to match.

use super::Asked;
use crate::policy::compile::{CompiledCondition, LayerKind, ResourcePattern, Rule};
use crate::policy::document::{Match, Principals, Quantifier};
use crate::policy::evaluate::scan::{Assumed, Hit};
use crate::policy::matching::Fit;
use crate::policy::partial::resource_covers;
use crate::policy::truth::Truth;

/// So many ways in which one statement may match are looked at one by one; of a statement with more all of them together.
const WAYS_MAX: usize = 4_096;

/// A statement that matches a request, or may match it.
pub(super) struct Alternative {
    /// How its principals fit, as far as the rest of it matches.
    fit: Fit,
    /// Whose it is, where it is not known whether that is the caller.
    principals: Option<Principals>,
    /// The statement itself, where it was not understood: policy and place.
    refused: Option<(String, Option<usize>)>,
    /// All of these must hold.
    terms: Vec<Term>,
}

/// Something of a statement that is not known to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Term {
    what: What,
    values: Vec<String>,
    /// Whether one fitting value is enough, so that each may stand by itself.
    any: bool,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum What {
    /// The resource is one of the values, or none of them.
    Resource(Match),
    /// The condition of this operator and key; negated if none of the values may fit.
    Condition { operator: String, key: String, negated: bool },
}

impl Alternative {
    pub(super) fn of(hit: &Hit<'_>, kind: LayerKind, asked: Asked<'_>) -> Self {
        let (set, request) = asked;
        let rule: &Rule = hit.rule;
        let mut terms = Vec::new();
        if let Some(resources) = rule.resources.as_ref().filter(|own| own.matches(request) == Truth::Unknown)
        {
            // Of those listed only what may be meant counts.
            let may_be = |pattern: &ResourcePattern| pattern.fits(request) != Truth::No;
            let each = resources.patterns.iter().zip(&resources.written);
            let meant = each.filter(|(pattern, _)| may_be(pattern)).map(|(_, text)| text.to_string());
            let any = resources.matching == Match::Listed;
            terms.push(Term { what: What::Resource(resources.matching), values: meant.collect(), any });
        }
        for condition in &rule.conditions {
            if condition.holds(request) == Truth::Unknown {
                let key = set.name(condition.key).unwrap_or_default().to_owned();
                terms.push(Term::of(condition, key));
            }
        }
        let who = set.fit(rule, kind, request, &Assumed::default());
        let is_open = [who.direct, who.role, who.account].contains(&Truth::Unknown);
        Self {
            fit: hit.fit,
            principals: rule.principals.clone().filter(|_| is_open),
            refused: rule.refused.then(|| (hit.policy.name.to_string(), rule.index)),
            terms,
        }
    }

    /// Whether it matches wherever one does of which so much has to hold.
    fn is_as_wide(&self, other: &Self, terms: &[Term]) -> bool {
        let is_same = match &self.refused {
            Some(_) => self.refused == other.refused,
            None => {
                other.refused.is_none() && (self.principals.is_none() || self.principals == other.principals)
            }
        };
        let as_certain = |own: Truth, other: Truth| {
            // What conditions and resource leave open is told by the terms.
            own != Truth::No || other == Truth::No
        };
        let fits = as_certain(self.fit.direct, other.fit.direct)
            && as_certain(self.fit.role, other.fit.role)
            && as_certain(self.fit.account, other.fit.account);
        is_same && fits && self.terms.iter().all(|own| terms.iter().any(|term| term.implies(own)))
    }
}

/// Whether some statement matches wherever another one does.
pub(super) fn is_covered(wanted: &Alternative, by: &[Alternative]) -> bool {
    let is_covered = |terms: &[Term]| by.iter().any(|own| own.is_as_wide(wanted, terms));
    if is_covered(&wanted.terms) {
        return true;
    }
    // Several may share what one had: each of its values stands somewhere.
    let sizes = wanted.terms.iter().map(|term| if term.any { term.values.len() } else { 1 });
    let ways = sizes.fold(1_usize, usize::saturating_mul);
    (2..=WAYS_MAX).contains(&ways) && (0..ways).all(|way| is_covered(&one_way(&wanted.terms, way)))
}

/// One of the ways in which terms may hold: with one value of each.
fn one_way(terms: &[Term], mut way: usize) -> Vec<Term> {
    let one = |term: &Term| {
        if !term.any || term.values.is_empty() {
            return term.clone();
        }
        let value = term.values.get(way % term.values.len()).cloned();
        way /= term.values.len();
        Term { values: value.into_iter().collect(), ..term.clone() }
    };
    terms.iter().map(one).collect()
}

impl Term {
    fn of(condition: &CompiledCondition, key: String) -> Self {
        let quantifier = match condition.quantifier {
            None => "",
            Some(Quantifier::ForAllValues) => "ForAllValues:",
            Some(Quantifier::ForAnyValue) => "ForAnyValue:",
        };
        let suffix = if condition.if_exists { IF_EXISTS } else { "" };
        let operator = format!("{quantifier}{}{suffix}", condition.operator.name());
        let any = !condition.negated && condition.quantifier != Some(Quantifier::ForAllValues);
        let what = What::Condition { operator, key, negated: condition.negated };
        Self { what, values: condition.written.iter().map(ToString::to_string).collect(), any }
    }

    /// Whether it holds only where another one does.
    fn implies(&self, other: &Self) -> bool {
        match (&self.what, &other.what) {
            (What::Resource(Match::Listed), What::Resource(Match::Listed)) => {
                let covers = |wide: &String, text: &String| {
                    wide == text
                        || wide == "*"
                        || !wide.contains("${") && text != "*" && resource_covers(wide, text) == Truth::Yes
                };
                self.values.iter().all(|text| other.values.iter().any(|wide| covers(wide, text)))
            }
            (What::Resource(Match::NotListed), What::Resource(Match::NotListed)) => {
                other.values.iter().all(|text| self.values.contains(text))
            }
            (
                What::Condition { operator, key, negated },
                What::Condition { operator: wide, key: wide_key, .. },
            ) => {
                let is_wider = wide == operator || wide.strip_suffix(IF_EXISTS) == Some(operator);
                let (few, many) = if *negated { (other, self) } else { (self, other) };
                is_wider && key == wide_key && few.values.iter().all(|value| many.values.contains(value))
            }
            _ => false,
        }
    }
}

const IF_EXISTS: &str = "IfExists";
