//! What policies say of a resource of which only a part is known.

use std::sync::Arc;

use proptest::prelude::*;

use crate::aws::AccountId;
use crate::policy::{
    Attached, Caller, Context, Document, Evaluator, Levels, Need, Outcome, PolicyKind, PolicySet, Request,
    Resource, Rest, Standing,
};

fn set(statement: &str) -> PolicySet {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{statement}]}}"#);
    let document = Document::parse(PolicyKind::Identity, "own", &text);
    assert!(document.refused.is_empty(), "{:?}", document.problems);
    PolicySet { identity: Attached::of(vec![Arc::new(document)]), ..PolicySet::default() }
}

fn request(action: &str, resource: Resource) -> Request {
    Request {
        caller: Caller::User { arn: "arn:aws:iam::111122223333:user/ann".into(), unique_id: None },
        action: action.to_owned(),
        resource,
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context: Context::new(Rest::Absent),
    }
}

fn outcome(set: &PolicySet, request: &Request) -> Outcome {
    let mut evaluator = Evaluator::new();
    let compiled = evaluator.compile(set);
    compiled.evaluate(&evaluator.prepare(request)).outcome
}

/// The outcome for an `Allow` with this element.
fn of_allow(element: &str, resource: Resource) -> Outcome {
    outcome(
        &set(&format!(r#"{{"Effect": "Allow", "Action": "*", {element}}}"#)),
        &request("s3:GetObject", resource),
    )
}

const SURE: Outcome = Outcome::Allowed;
const NOT: Outcome = Outcome::ImplicitlyDenied;
const OPEN: Outcome = Outcome::Undetermined;

#[test]
fn a_statement_matches_if_it_covers_all_that_is_asked_for() {
    for (written, asked, expected) in [
        ("*", "arn:aws:s3:::logs/*", SURE),
        ("arn:aws:s3:::logs/*", "arn:aws:s3:::logs/*", SURE),
        ("arn:aws:s3:::logs/*", "arn:aws:s3:::logs/a/*", SURE),
        ("arn:aws:s3:::logs/a*", "arn:aws:s3:::logs/*", OPEN),
        ("arn:aws:s3:::logs/a", "arn:aws:s3:::logs/*", OPEN),
        ("arn:aws:s3:::logs", "arn:aws:s3:::logs/*", NOT),
        ("arn:aws:s3:::data/*", "arn:aws:s3:::logs/*", NOT),
        ("arn:aws:s3:::*.txt", "arn:aws:s3:::logs/*", OPEN),
        ("arn:aws:s3:::*/*", "arn:aws:s3:::logs/*", SURE),
        ("arn:*:s3:::logs/*", "arn:aws:s3:::logs/*", SURE),
        ("arn:aws:s3:::logs/?*", "arn:aws:s3:::logs/?", SURE),
        ("arn:aws:sqs:eu-*:111122223333:*", "arn:aws:sqs:*:111122223333:orders", OPEN),
        ("arn:aws:sqs:*:111122223333:orders", "arn:aws:sqs:*:111122223333:orders", SURE),
        ("arn:aws:sqs:*:444455556666:*", "arn:aws:sqs:*:111122223333:orders", NOT),
        // A star in the region stands for no colon, so it cannot reach the account.
        ("arn:aws:sqs:*:1*", "arn:aws:sqs:*:111122223333:orders", SURE),
        // What nothing is known of is any resource.
        ("arn:aws:s3:::logs/*", "*", OPEN),
        ("*", "*", SURE),
        // Nothing is left open.
        ("arn:aws:s3:::logs/*", "arn:aws:s3:::logs/a", SURE),
    ] {
        let resource = || Resource::Pattern(asked.to_owned());
        assert_eq!(
            of_allow(&format!(r#""Resource": "{written}""#), resource()),
            expected,
            "{written} {asked}"
        );
        let negated = match expected {
            SURE => NOT,
            NOT => SURE,
            other => other,
        };
        assert_eq!(
            of_allow(&format!(r#""NotResource": "{written}""#), resource()),
            negated,
            "not {written} {asked}"
        );
    }
}

#[test]
fn a_variable_counts_with_its_value_and_is_open_without() {
    let statement =
        r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::home/${aws:username}/*"}"#;
    let ann = || Standing::Values(vec!["ann".to_owned()]);
    for (username, asked, expected) in [
        (ann(), "arn:aws:s3:::home/ann/*", SURE),
        (ann(), "arn:aws:s3:::home/bob/*", NOT),
        (ann(), "arn:aws:s3:::home/*", OPEN),
        (Standing::Unknown, "arn:aws:s3:::home/ann/*", OPEN),
        (Standing::Unknown, "arn:aws:s3:::home/*", OPEN),
        (Standing::Unknown, "arn:aws:s3:::data/*", NOT),
        (Standing::Absent, "arn:aws:s3:::home/*", NOT),
    ] {
        let mut request = request("s3:GetObject", Resource::Pattern(asked.to_owned()));
        request.context.set("aws:username", username.clone());
        assert_eq!(outcome(&set(statement), &request), expected, "{username:?} {asked}");
    }
}

#[test]
fn what_is_asked_of_an_api_is_known_behind_its_id() {
    let api = |rest: &str| format!("arn:aws:execute-api:eu-west-1:111122223333:{rest}");
    let grant = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "execute-api:/prod/GET/*"}}"#;
    let document = Document::parse(PolicyKind::Resource, "api", grant);
    assert!(document.refused.is_empty(), "{:?}", document.problems);
    let set = PolicySet { resource: Some(Attached::of(vec![Arc::new(document)])), ..PolicySet::default() };
    for (asked, expected) in [
        (api("a1b2/prod/GET/*"), SURE),
        (api("a1b2/prod/*"), OPEN),
        (api("a1b2/test/*"), NOT),
        (api("*/prod/GET/x"), OPEN),
        ("arn:aws:s3:::a1b2/prod/GET/*".to_owned(), NOT),
        ("arn:aws:*:eu-west-1:111122223333:a1b2/prod/GET/x".to_owned(), OPEN),
    ] {
        let request = request("execute-api:Invoke", Resource::Pattern(asked.clone()));
        assert_eq!(outcome(&set, &request), expected, "{asked}");
    }
}

#[test]
fn which_resource_it_is_would_decide() {
    let mut evaluator = Evaluator::new();
    let open = set(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::logs/a*", "Condition": {"Bool": {"a:b": "true"}}}"#,
    );
    let sure = set(
        r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::logs/*", "Condition": {"Bool": {"a:b": "true"}}}"#,
    );
    let mut request = request("s3:GetObject", Resource::Pattern("arn:aws:s3:::logs/*".into()));
    request.context.set("a:b", Standing::Unknown);
    let (open, sure) = (evaluator.compile(&open), evaluator.compile(&sure));
    let prepared = evaluator.prepare(&request);
    assert_eq!(open.deciding(&prepared).members, [Need::Key("a:b".into()), Need::Resource]);
    let needs = sure.deciding(&prepared);
    assert_eq!((needs.members, needs.smallest), (vec![Need::Key("a:b".into())], true));
}

#[test]
fn a_resource_that_is_covered_whichever_it_is_decides_nothing() {
    let mut evaluator = Evaluator::new();
    let levels = Levels { levels: Vec::new(), missing: Some("no SCPs supplied".to_owned()) };
    let sure = r#"{"Effect": "Allow", "Action": "*", "Resource": "arn:aws:s3:::logs/*"}"#;
    let compiled = evaluator.compile(&PolicySet { scp: Some(levels), ..set(sure) });
    let request = request("s3:GetObject", Resource::Pattern("arn:aws:s3:::logs/*".into()));
    let needs = compiled.deciding(&evaluator.prepare(&request));
    assert!(matches!(needs.members.as_slice(), [Need::Missing { .. }]), "{needs:?}");
    assert!(needs.smallest);
}

#[test]
fn a_key_of_kms_needs_its_own_policy_and_what_may_be_a_key_may() {
    let all = set(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    let of = |resource: &str| {
        let resource = Resource::Pattern(format!("arn:aws:kms:eu-west-1:111122223333:{resource}"));
        outcome(&all, &request("kms:Decrypt", resource))
    };
    assert_eq!(of("key/*"), NOT);
    assert_eq!(of("alias/*"), SURE);
    assert_eq!(of("*"), OPEN);
}

#[test]
fn a_role_to_assume_needs_its_trust_policy() {
    let all = set(r#"{"Effect": "Allow", "Action": "*", "Resource": "*"}"#);
    let of =
        |resource: &str| outcome(&all, &request("sts:AssumeRole", Resource::Pattern(resource.to_owned())));
    assert_eq!(of("arn:aws:iam::111122223333:role/*"), NOT);
    assert_eq!(of("arn:aws:iam::111122223333:*"), OPEN);
    assert_eq!(of("arn:aws:iam::111122223333:user/*"), SURE);
}

/// Every text for each star of a pattern, up to two characters.
fn filled(pattern: &str) -> Vec<String> {
    let Some(at) = pattern.find(['*', '?']) else { return vec![pattern.to_owned()] };
    let (begin, rest) = pattern.split_at(at);
    let (wildcard, rest) = rest.split_at(1);
    let is_last = begin.matches(':').count() >= 5;
    let letters: &[&str] = if is_last { &["a", ":", "z"] } else { &["a", "z"] };
    let mut fills: Vec<String> = letters.iter().map(|own| (*own).to_owned()).collect();
    if wildcard == "*" {
        fills.extend(letters.iter().flat_map(|one| letters.iter().map(move |two| format!("{one}{two}"))));
        fills.push(String::new());
    }
    fills.iter().flat_map(|fill| filled(&format!("{begin}{fill}{rest}"))).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Patterns ask for no more than two characters, so longer texts tell nothing new.
    #[test]
    fn a_statement_says_of_a_pattern_what_it_says_of_all_that_it_may_be(
        written in "arn:aws:s3:[a*]{1}:[a?*]{0,1}:[az*?]{1,2}",
        asked in "arn:aws:s3:[a*]{1}:[a?*]{0,1}:[az]{0,1}[*?az]{1}",
        element in "(Not){0,1}Resource",
    ) {
        let set = set(&format!(r#"{{"Effect": "Allow", "Action": "*", "{element}": "{written}"}}"#));
        let all: Vec<Outcome> =
            filled(&asked).into_iter().map(|arn| outcome(&set, &request("s3:GetObject", Resource::Named(arn)))).collect();
        let expected = if all.iter().all(|own| *own == all[0]) { all[0] } else { OPEN };
        prop_assert_eq!(outcome(&set, &request("s3:GetObject", Resource::Pattern(asked))), expected);
    }
}
