//! The evaluator's wildcards against the naive ones, through policies of one statement.

use backtrail::aws::AccountId;
use backtrail::policy::{Caller, Context, Outcome, PolicyKind, Request, Resource, Rest};
use serde_json::{Value, json};

use super::generate::Random;
use super::pattern::{Token, text_fits};
use super::raw::{Layer, Pair, Policy, Set};

/// A text of so many of the characters at most.
fn text(random: &mut Random, alphabet: &[char], length_max: usize) -> String {
    let length = random.below(length_max + 1);
    (0..length).map(|_| random.one(alphabet)).collect()
}

/// Whether the naive matcher says that the text fits.
fn naive(pattern: &str, text: &str) -> bool {
    let tokens: Vec<Token> = pattern
        .chars()
        .map(|char| match char {
            '*' => Token::Many,
            '?' => Token::One,
            char => Token::Char(char),
        })
        .collect();
    text_fits(&tokens, text, false)
}

/// Whether the evaluator allows a request by one statement.
fn allowed(statement: &Value, action: &str, resource: &str, prefix: &str) -> bool {
    let json = json!({"Version": "2012-10-17", "Statement": statement});
    let identity = Layer {
        policies: vec![Policy { kind: PolicyKind::Identity, name: "one".to_owned(), json }],
        missing: None,
    };
    let mut context = Context::new(Rest::Absent);
    context.set_value("s3:prefix", prefix);
    let request = Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".to_owned(), unique_id: None },
        action: action.to_owned(),
        resource: Resource::Named(resource.to_owned()),
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context,
    };
    let pair = Pair { set: Set { identity, ..Set::default() }, request };
    pair.evaluated(|_, _, decision| decision.outcome == Outcome::Allowed)
}

#[test]
fn wildcards_match_as_the_naive_matcher_says() {
    let mut random = Random::new(4);
    let mut both = [0, 0];
    for _ in 0..20_000 {
        let pattern = text(&mut random, &['a', 'b', 'ä', '*', '*', '?'], 8);
        let text = text(&mut random, &['a', 'b', 'ä', '*', '?'], 8);
        let fits = naive(&pattern, &text);
        let like = json!({"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": {"StringLike": {"s3:prefix": pattern}}});
        assert_eq!(allowed(&like, "s3:A", "arn:aws:s3:::b", &text), fits, "StringLike `{pattern}`, `{text}`");
        let resource =
            json!({"Effect": "Allow", "Action": "*", "Resource": format!("arn:aws:s3:::{pattern}")});
        let arn = format!("arn:aws:s3:::{text}");
        assert_eq!(allowed(&resource, "s3:A", &arn, ""), fits, "Resource `{pattern}`, `{text}`");
        both[usize::from(fits)] += 1;
    }
    assert!(both.iter().all(|count| *count > 1_000), "{both:?}");
}

#[test]
fn action_wildcards_match_as_the_naive_matcher_says() {
    let mut random = Random::new(5);
    let mut both = [0, 0];
    for _ in 0..20_000 {
        let pattern = format!("s3:{}", text(&mut random, &['a', 'B', 'c', '*', '*', '?'], 6));
        let action = format!("S3:A{}", text(&mut random, &['A', 'b', 'c'], 6));
        if pattern == "s3:" {
            continue;
        }
        let fits = naive(&pattern.to_lowercase(), &action.to_lowercase());
        let statement = json!({"Effect": "Allow", "Action": pattern, "Resource": "*"});
        assert_eq!(
            allowed(&statement, &action, "arn:aws:s3:::b", ""),
            fits,
            "Action `{pattern}`, `{action}`"
        );
        both[usize::from(fits)] += 1;
    }
    assert!(both.iter().all(|count| *count > 1_000), "{both:?}");
}
