//! Contexts of one key that the conditions over it can tell apart: one of each kind.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::policy::compile::{Boolean, CompiledCondition, Folded, KeyId, Matcher, ResourcePattern, Test};
use crate::policy::prepare::{PreparedRequest, Slot, Value};
use crate::policy::truth::Truth;
use crate::policy::wildcard::Wildcard;

/// Kinds of single values of which all combinations are tried.
const KINDS_MAX: usize = 6;
/// No more texts are looked at for one key.
const TEXTS_MAX: usize = 400;
/// Stands for any text that no policy mentions.
const FRESH: &str = "\u{1}fresh\u{1}";

/// The contexts.
#[derive(Debug)]
pub(super) struct Pool {
    pub(super) slots: Vec<Slot>,
    /// Whether every context is like one of them, for all the conditions.
    pub(super) complete: bool,
}

/// Families of values; conditions of two on one key are seldom, and then not all combinations are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Family {
    Text,
    Number,
    Instant,
    Boolean,
    Bytes,
    Address,
}

/// Contexts for a key, given the conditions over it. `only_conditions` tells that no variable reads it.
pub(super) fn of(
    conditions: &[&CompiledCondition],
    request: &PreparedRequest,
    only_conditions: bool,
    key: KeyId,
) -> Pool {
    let mut texts = vec![String::new(), FRESH.to_owned()];
    let mut complete = only_conditions;
    let mut family = None;
    let mut shapes = Shapes::default();
    for condition in conditions {
        let own = candidates(&condition.test, &mut texts, &mut shapes);
        let Some(own) = own else { continue };
        complete &= family.is_none_or(|other| other == own) && own != Family::Bytes;
        family = Some(own);
        complete &= condition.variables().is_empty();
    }
    neighbours(conditions, &mut texts);
    texts.sort_unstable();
    texts.dedup();
    complete &= shapes.are_separable() && texts.len() <= TEXTS_MAX;
    texts.truncate(TEXTS_MAX);
    // One text of each kind.
    let mut kinds: Vec<(Vec<Truth>, String)> = Vec::new();
    for text in texts {
        let Slot::Values(values) = Slot::values(std::slice::from_ref(&text)) else { continue };
        // Of a value that is no ARN nobody knows what a negated ARN operator says, and keys of ARNs have none such.
        let is_odd = |value: &Value| conditions.iter().any(|condition| condition.is_odd(value));
        if values.iter().any(is_odd) {
            continue;
        }
        let mut kind: Vec<Truth> = values.iter().flat_map(|value| fits(conditions, value, request)).collect();
        kind.push(Truth::from(text.is_empty()));
        if kinds.iter().all(|(own, _)| *own != kind) {
            kinds.push((kind, text));
        }
    }
    complete &= kinds.len() <= KINDS_MAX;
    // Keys without a set operator have one value, as AWS has it; of the others lists: what a condition over a list says
    // depends only on the kinds in it.
    let has_lists = conditions.iter().any(|condition| condition.quantifier.is_some());
    let mut pool = vec![Slot::Absent];
    let mut seen = vec![holds(conditions, request, key, &Slot::Absent)];
    for picked in 1_u32..1 << kinds.len().min(KINDS_MAX) {
        if !has_lists && picked.count_ones() > 1 {
            continue;
        }
        let list: Vec<String> = kinds
            .iter()
            .enumerate()
            .filter(|(at, _)| picked >> at & 1 == 1)
            .map(|(_, (_, text))| text.clone())
            .collect();
        let slot = Slot::values(&list);
        let outcome = holds(conditions, request, key, &slot);
        if !seen.contains(&outcome) {
            seen.push(outcome);
            pool.push(slot);
        }
    }
    Pool { slots: pool, complete }
}

fn fits<'a>(
    conditions: &'a [&CompiledCondition],
    value: &'a Value,
    request: &'a PreparedRequest,
) -> impl Iterator<Item = Truth> + 'a {
    conditions.iter().map(|condition| condition.fits(value, request))
}

fn holds(
    conditions: &[&CompiledCondition],
    request: &PreparedRequest,
    key: KeyId,
    slot: &Slot,
) -> Vec<Truth> {
    let mut request = request.clone();
    request.set_slot(key, slot.clone());
    conditions.iter().map(|condition| condition.holds(&request)).collect()
}

/// The patterns over one key, by how they overlap.
#[derive(Debug, Default)]
struct Shapes {
    prefixes: usize,
    others: usize,
}

impl Shapes {
    fn take(&mut self, wildcard: &Wildcard) {
        match wildcard {
            Wildcard::Any | Wildcard::Exact(_) => {}
            Wildcard::Prefix(_) => self.prefixes += 1,
            Wildcard::Cut(_) => self.others += 1,
        }
    }

    /// Whether the witnesses show every combination: beginnings lie inside each other or apart, but of two other
    /// patterns it is not known whether some text fits both.
    fn are_separable(&self) -> bool {
        self.others == 0 || self.others == 1 && self.prefixes == 0
    }
}

/// Texts that a test tells apart from others; None for a test that only asks whether the key is there.
fn candidates(test: &Test, texts: &mut Vec<String>, shapes: &mut Shapes) -> Option<Family> {
    match test {
        Test::Text(matchers) => {
            for matcher in matchers {
                of_matcher(matcher, texts, shapes);
            }
            Some(Family::Text)
        }
        Test::Folded(values) => {
            for value in values {
                match value {
                    Folded::Fixed(text) => {
                        texts.push(text.to_string());
                        texts.push(text.to_uppercase());
                        texts.push(swapped(text));
                    }
                    Folded::Variable(matcher) => of_matcher(matcher, texts, shapes),
                }
            }
            Some(Family::Text)
        }
        Test::Arns(patterns) => {
            for pattern in patterns {
                match pattern {
                    ResourcePattern::Any => {}
                    ResourcePattern::OwnApi(matcher) | ResourcePattern::Whole(matcher) => {
                        of_matcher(matcher, texts, shapes);
                    }
                    ResourcePattern::Plain(head, last) => {
                        if let Matcher::Fixed(last) = last {
                            shapes.take(last);
                            texts.extend(["", FRESH].map(|fill| format!("{head}{}", last.witness(fill))));
                        }
                    }
                    ResourcePattern::Arn(parts) => {
                        shapes.others += 1;
                        for fill in ["", FRESH] {
                            let witness = |part: &Matcher| match part {
                                Matcher::Fixed(part) => part.witness(fill),
                                Matcher::Variable(_) => fill.to_owned(),
                            };
                            let parts: Vec<String> = parts.iter().map(witness).collect();
                            texts.push(parts.join(":"));
                        }
                    }
                }
            }
            Some(Family::Text)
        }
        Test::Number(..) => Some(Family::Number),
        Test::Instant(..) => Some(Family::Instant),
        Test::Boolean(values) => {
            texts.extend(["true".to_owned(), "false".to_owned()]);
            for value in values {
                if let Boolean::Variable(matcher) = value {
                    of_matcher(matcher, texts, shapes);
                }
            }
            Some(Family::Boolean)
        }
        Test::Bytes(values) => {
            texts.extend(values.iter().filter_map(|bytes| String::from_utf8(bytes.to_vec()).ok()));
            Some(Family::Bytes)
        }
        Test::Networks(networks) => {
            for end in networks.iter().flat_map(|network| network.ends()) {
                texts.push(end.to_string());
                texts.extend(beside(end).map(|address| address.to_string()));
            }
            Some(Family::Address)
        }
        Test::Null(_) => None,
    }
}

fn of_matcher(matcher: &Matcher, texts: &mut Vec<String>, shapes: &mut Shapes) {
    if let Matcher::Fixed(wildcard) = matcher {
        shapes.take(wildcard);
        texts.push(wildcard.witness(""));
        texts.push(wildcard.witness(FRESH));
    }
}

/// Numbers and instants of all conditions, and one between each two of them, and beyond.
fn neighbours(conditions: &[&CompiledCondition], texts: &mut Vec<String>) {
    let mut numbers: Vec<f64> = Vec::new();
    let mut instants: Vec<i128> = Vec::new();
    for condition in conditions {
        match &condition.test {
            Test::Number(_, own) => numbers.extend(own),
            Test::Instant(_, own) => instants.extend(own),
            _ => {}
        }
    }
    numbers.sort_by(f64::total_cmp);
    instants.sort_unstable();
    let ends =
        numbers.first().map(|first| first - 1.0).into_iter().chain(numbers.last().map(|last| last + 1.0));
    let between = numbers.windows(2).map(|pair| pair.iter().sum::<f64>() / 2.0);
    let all: Vec<f64> = numbers.iter().copied().chain(between).chain(ends).collect();
    texts.extend(all.iter().map(f64::to_string));
    const SECOND: i128 = 1_000_000_000;
    let ends = instants
        .first()
        .map(|first| first - SECOND)
        .into_iter()
        .chain(instants.last().map(|last| last + SECOND));
    let between = instants.windows(2).map(|pair| pair.iter().sum::<i128>() / 2);
    for instant in instants.iter().copied().chain(between).chain(ends) {
        let sign = if instant < 0 { "-" } else { "" };
        let nanos = instant.unsigned_abs();
        texts.push(format!("{sign}{:05}.{:09}", nanos / 1_000_000_000, nanos % 1_000_000_000));
    }
}

/// The addresses before and behind.
fn beside(address: IpAddr) -> impl Iterator<Item = IpAddr> {
    let step = move |forward: bool| match address {
        IpAddr::V4(v4) => {
            let bits = u32::from(v4);
            let next = if forward { bits.checked_add(1) } else { bits.checked_sub(1) };
            next.map(|bits| IpAddr::V4(Ipv4Addr::from(bits)))
        }
        IpAddr::V6(v6) => {
            let bits = u128::from(v6);
            let next = if forward { bits.checked_add(1) } else { bits.checked_sub(1) };
            next.map(|bits| IpAddr::V6(Ipv6Addr::from(bits)))
        }
    };
    [step(true), step(false)].into_iter().flatten()
}

/// The text with the case of its first letter changed.
fn swapped(text: &str) -> String {
    let mut done = false;
    text.chars()
        .map(|letter| {
            if done || !letter.is_ascii_lowercase() {
                return letter;
            }
            done = true;
            letter.to_ascii_uppercase()
        })
        .collect()
}
