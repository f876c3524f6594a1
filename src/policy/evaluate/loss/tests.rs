//! What a set may refuse beside another one, of requests that neither decides.

use std::sync::Arc;

use serde_json::{Value, json};

use crate::aws::AccountId;
use crate::policy::{
    Attached, Caller, Context, Document, Evaluator, Level, Levels, Outcome, PolicyKind, PolicySet, Request,
    Resource, Rest,
};

const ANN: &str = "arn:aws:iam::111122223333:user/ann";

fn document(kind: PolicyKind, statements: &Value) -> Arc<Document> {
    let text = json!({"Version": "2012-10-17", "Statement": statements}).to_string();
    let document = Document::parse(kind, "own", &text);
    assert_eq!(document.problems, []);
    Arc::new(document)
}

fn identity(statements: &Value) -> Attached {
    Attached::of(vec![document(PolicyKind::Identity, statements)])
}

fn allow(condition: &Value) -> Value {
    json!({"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*", "Condition": condition})
}

fn deny(condition: &Value) -> Value {
    json!({"Effect": "Deny", "Action": "s3:GetObject", "Resource": "*", "Condition": condition})
}

fn tag(name: &str, values: &Value) -> Value {
    json!({"StringEquals": {format!("aws:ResourceTag/{name}"): values}})
}

/// Whether the second set may refuse a request for an object, of which no key is known, that the first one may allow. Neither
/// decides it.
fn loses_on(today: &PolicySet, proposed: &PolicySet, resource: Resource) -> bool {
    let request = Request {
        caller: Caller::User { arn: ANN.into(), unique_id: None },
        action: "s3:GetObject".into(),
        resource,
        resource_account: AccountId::parse("111122223333"),
        management_account: None,
        canonical_user: None,
        rcp_supported: Some(true),
        context: Context::new(Rest::Unknown),
    };
    let (mut one, mut other) = (Evaluator::new(), Evaluator::new());
    // Numbers of keys differ from evaluator to evaluator.
    other.compile(&PolicySet {
        identity: identity(&json!([deny(&tag("first", &json!("x")))])),
        ..PolicySet::default()
    });
    let (today, proposed) = (one.compile(today), other.compile(proposed));
    let (request, asked) = (one.prepare(&request), other.prepare(&request));
    assert_eq!(today.evaluate(&request).outcome, Outcome::Undetermined);
    assert_eq!(proposed.evaluate(&asked).outcome, Outcome::Undetermined);
    today.may_lose(&request, &proposed, &asked)
}

fn loses(today: &PolicySet, proposed: &PolicySet) -> bool {
    loses_on(today, proposed, Resource::Named("arn:aws:s3:::example/a".into()))
}

fn of_identity(statements: &Value) -> PolicySet {
    PolicySet { identity: identity(statements), ..PolicySet::default() }
}

/// With the bucket's policy not at hand.
fn beside_unknown(statements: &Value) -> PolicySet {
    PolicySet { resource: Some(Attached::missing("arn:aws:s3:::example")), ..of_identity(statements) }
}

#[test]
fn an_allow_that_is_gone_is_lost_where_nothing_certain_makes_up_for_it() {
    let own = json!([allow(&json!({}))]);
    let none = json!([]);
    assert!(loses(&beside_unknown(&own), &beside_unknown(&none)));
    assert!(!loses(&beside_unknown(&own), &beside_unknown(&own)));
    assert!(!loses(&beside_unknown(&none), &beside_unknown(&own)));
    // The bucket's policy lets the user in by itself; only a deny is not known.
    let bucket = json!([{"Effect": "Allow", "Principal": {"AWS": ANN}, "Action": "s3:GetObject", "Resource": "arn:aws:s3:::example/*"}]);
    let no = deny(&tag("secret", &json!("yes")));
    let beside = |statements: &Value| PolicySet {
        resource: Some(Attached::of(vec![document(PolicyKind::Resource, &bucket)])),
        ..of_identity(statements)
    };
    assert!(!loses(&beside(&json!([allow(&json!({})), no])), &beside(&json!([no]))));
}

#[test]
fn a_statement_makes_up_for_one_that_needs_no_less() {
    let (a, b) = (tag("a", &json!("1")), tag("b", &json!("2")));
    let both = json!({"StringEquals": {"aws:ResourceTag/a": "1", "aws:ResourceTag/b": "2"}});
    let lost = |today: &[&Value], proposed: &[&Value]| {
        let of = |all: &[&Value]| of_identity(&all.iter().map(|own| allow(own)).collect());
        loses(&of(today), &of(proposed))
    };
    assert!(!lost(&[&a], &[&a]));
    assert!(!lost(&[&both], &[&a]));
    assert!(!lost(&[&a], &[&a, &b]));
    assert!(lost(&[&a], &[&both]));
    assert!(lost(&[&a, &b], &[&a]));
    assert!(lost(&[&a], &[&b]));
    // Values may be divided among statements, and must all stand somewhere.
    let many = tag("a", &json!(["1", "2", "3"]));
    let (some, rest) = (tag("a", &json!(["1", "2"])), tag("a", &json!("3")));
    assert!(!lost(&[&many], &[&some, &rest]));
    assert!(lost(&[&many], &[&some]));
    let not = |values: Value| json!({"StringNotEquals": {"aws:ResourceTag/a": values}});
    assert!(!lost(&[&not(json!(["1", "2"]))], &[&not(json!("1"))]));
    assert!(lost(&[&not(json!("1"))], &[&not(json!(["1", "2"]))]));
    let if_exists = json!({"StringEqualsIfExists": {"aws:ResourceTag/a": "1"}});
    assert!(!lost(&[&a], &[&if_exists]));
    assert!(lost(&[&if_exists], &[&a]));
}

#[test]
fn of_a_resource_that_is_not_known_all_that_it_may_be_must_stay() {
    let on = |resources: Value| {
        of_identity(&json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource": resources}]))
    };
    let lost = |today: Value, proposed: Value| loses_on(&on(today), &on(proposed), Resource::Unknown);
    let (a, b) = ("arn:aws:s3:::example/a/*", "arn:aws:s3:::example/b/*");
    assert!(!lost(json!([a, b]), json!([b, a])));
    assert!(!lost(json!([a, b]), json!("arn:aws:s3:::example/*")));
    assert!(lost(json!([a, b]), json!(a)));
}

#[test]
fn a_deny_that_has_come_may_refuse_and_one_that_was_there_does_not() {
    let may = allow(&tag("a", &json!("1")));
    let (no, other) = (deny(&tag("b", &json!(["x", "y"]))), deny(&tag("b", &json!("x"))));
    let of = |denies: &[&Value]| of_identity(&[&[&may], denies].concat().into_iter().cloned().collect());
    assert!(loses(&of(&[]), &of(&[&no])));
    assert!(loses(&of(&[&other]), &of(&[&no])));
    assert!(!loses(&of(&[&no]), &of(&[&other])));
    assert!(!loses(&of(&[&no]), &of(&[&no])));
    assert!(!loses(&of(&[&no]), &of(&[])));
}

#[test]
fn ceilings_count_as_far_as_they_let_less_through() {
    let open = json!([allow(&tag("a", &json!("1")))]);
    let level = |statements: &Value| {
        let document = document(PolicyKind::ServiceControl, statements);
        let level = Level { target: "ou-ex01-11111111".into(), attached: Attached::of(vec![document]) };
        PolicySet { scp: Some(Levels { levels: vec![level], missing: None }), ..of_identity(&open) }
    };
    let all = json!([{"Effect": "Allow", "Action": "*", "Resource": "*"}]);
    let tagged =
        json!([{"Effect": "Allow", "Action": "*", "Resource": "*", "Condition": tag("c", &json!("1"))}]);
    assert!(loses(&level(&all), &level(&tagged)));
    assert!(loses(&of_identity(&open), &level(&tagged)));
    assert!(!loses(&of_identity(&open), &level(&all)));
    assert!(!loses(&level(&tagged), &level(&tagged)));
    assert!(!loses(&level(&tagged), &level(&all)));
    let bounded =
        |statements: &Value| PolicySet { boundary: Some(identity(statements)), ..of_identity(&open) };
    assert!(loses(&of_identity(&open), &bounded(&tagged)));
    assert!(!loses(&bounded(&tagged), &bounded(&all)));
    assert!(!loses(&bounded(&tagged), &of_identity(&open)));
}
