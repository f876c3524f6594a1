//! The evaluator against the twin.

use std::collections::BTreeMap;

use backtrail::policy::Evaluator;

use super::compare::{disagreement, of_pair};
use super::generate::{Random, request, set};
use super::raw::Pair;
use super::rule::{ALL, Rules, asked, forget_asked};
use super::shrink::shrunk;

/// So many requests are made for each policy set.
const REQUESTS: usize = 8;

/// How many pairs to compare.
fn pairs() -> usize {
    std::env::var("BACKTRAIL_TWIN_PAIRS").map_or(30_000, |text| text.parse().unwrap())
}

#[test]
fn evaluator_and_twin_agree_on_generated_pairs() {
    let mut random =
        Random::new(std::env::var("BACKTRAIL_TWIN_SEED").map_or(1, |text| text.parse().unwrap()));
    let mut outcomes = BTreeMap::new();
    let wanted: usize = std::env::var("BACKTRAIL_TWIN_SHOW").map_or(1, |text| text.parse().unwrap());
    let mut found = 0;
    for _ in 0..pairs() / REQUESTS {
        let set = set(&mut random);
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&set.parsed());
        for _ in 0..REQUESTS {
            let pair = Pair { set: set.clone(), request: request(&mut random) };
            let prepared = evaluator.prepare(&pair.request);
            let decision = compiled.evaluate(&prepared);
            *outcomes.entry(decision.outcome).or_insert(0_usize) += 1;
            if of_pair(&pair, &decision, Rules::default()).is_some() {
                let smallest = shrunk(&pair, |pair| disagreement(pair, Rules::default()).is_some());
                let says = disagreement(&smallest, Rules::default()).unwrap();
                eprintln!("======\n{smallest}\n{says}");
                found += 1;
                assert!(found < wanted, "the evaluator and the twin disagree");
            }
        }
    }
    eprintln!("{outcomes:?}");
    assert_eq!(found, 0);
    assert_eq!(outcomes.len(), 4, "the generator must reach every outcome: {outcomes:?}");
}

#[test]
fn without_any_one_rule_the_twin_disagrees() {
    // Some rules show seldom; it ends when all are seen, which this seed does early.
    let mut random =
        Random::new(std::env::var("BACKTRAIL_TWIN_SEED").map_or(18, |text| text.parse().unwrap()));
    let mut unseen = ALL.to_vec();
    for number in 0..pairs() * 4 / REQUESTS {
        let set = set(&mut random);
        let mut evaluator = Evaluator::new();
        let compiled = evaluator.compile(&set.parsed());
        for _ in 0..REQUESTS {
            let pair = Pair { set: set.clone(), request: request(&mut random) };
            let prepared = evaluator.prepare(&pair.request);
            let decision = compiled.evaluate(&prepared);
            forget_asked();
            if of_pair(&pair, &decision, Rules::default()).is_some() {
                continue;
            }
            let asked = asked();
            unseen.retain(|rule| {
                let seen = asked(*rule) && of_pair(&pair, &decision, Rules { off: Some(*rule) }).is_some();
                if seen && std::env::var("BACKTRAIL_TWIN_SHOW").is_ok() {
                    eprintln!("{rule:?} after {}", number * REQUESTS);
                }
                !seen
            });
        }
        if unseen.is_empty() {
            return;
        }
    }
    panic!("no generated pair shows these rules: {unseen:?}");
}
