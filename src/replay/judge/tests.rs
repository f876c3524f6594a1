//! Numbers that stand for requests and policy sets: two that differ have different ones.

use super::*;
use crate::policy::{Context, Level, Levels, May, PolicyKind, Rest};

fn request(standings: &[(&str, Standing)]) -> Request {
    let mut context = Context::new(Rest::Unknown);
    for (key, standing) in standings {
        context.set(key, standing.clone());
    }
    Request {
        caller: Caller::Anonymous,
        action: "ec2:CreateTags".to_owned(),
        resource: Resource::Any,
        resource_account: None,
        management_account: None,
        canonical_user: None,
        rcp_supported: None,
        context,
    }
}

fn values(texts: &[&str]) -> Standing {
    Standing::Values(texts.iter().map(|text| (*text).to_owned()).collect())
}

/// The number of a request by two keys.
fn of(one: Standing, two: Standing) -> u128 {
    let keys: Vec<Box<str>> = vec!["aws:tagkeys".into(), "sts:transitivetagkeys".into()];
    number_of(&request(&[("aws:TagKeys", one), ("sts:TransitiveTagKeys", two)]), &keys, false)
}

#[test]
fn values_that_look_like_marks_make_no_two_requests_alike() {
    let all = [
        of(values(&["a", "=", "b"]), Standing::Absent),
        of(values(&["a"]), values(&["b", "-"])),
        of(values(&["a", "-"]), Standing::Absent),
        of(values(&["a"]), values(&["-"])),
        of(values(&["a\0b"]), Standing::Absent),
        of(values(&["a", "b"]), Standing::Absent),
        of(values(&["a"]), Standing::Absent),
        of(values(&["a"]), Standing::Unknown),
        of(values(&[""]), Standing::Unknown),
        of(values(&["", ""]), Standing::Unknown),
        of(Standing::Unknown, values(&["a"])),
        of(Standing::Absent, values(&["a"])),
    ];
    let different: std::collections::BTreeSet<u128> = all.into_iter().collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(of(values(&["a"]), Standing::Absent), all[6]);
}

#[test]
fn what_is_asked_for_tells_requests_apart() {
    let base = request(&[]);
    let named = |resource| Request { resource, ..base.clone() };
    let all = [
        base.clone(),
        named(Resource::Named("any".to_owned())),
        named(Resource::Named("*".to_owned())),
        named(Resource::Pattern("*".to_owned())),
        named(Resource::Unknown),
        Request { resource_account: AccountId::parse("111122223333"), ..base.clone() },
        Request { action: "ec2:DeleteTags".to_owned(), ..base.clone() },
        Request { caller: Caller::Service { name: "Anonymous".to_owned() }, ..base.clone() },
    ];
    let different: std::collections::BTreeSet<u128> =
        all.iter().map(|one| number_of(one, &[], false)).collect();
    assert_eq!(different.len(), all.len());
}

#[test]
fn sets_are_told_apart_by_layer_level_and_what_is_missing() {
    let text = r#"{"Version": "2012-10-17", "Statement": []}"#;
    let one = Arc::new(Document::parse(PolicyKind::Identity, "one", text));
    let two = Arc::new(Document::parse(PolicyKind::Identity, "two", text));
    let of = |policies: &[&Arc<Document>], missing: Option<&str>| Attached {
        policies: policies.iter().map(|policy| Arc::clone(policy)).collect(),
        missing: missing.map(str::to_owned),
        may: May::Either,
    };
    let level = |target: &str, attached| Level { target: target.to_owned(), attached };
    let scp = |levels: Vec<Level>, missing: Option<&str>| PolicySet {
        scp: Some(Levels { levels, missing: missing.map(str::to_owned) }),
        ..PolicySet::default()
    };
    let identity = |identity| PolicySet { identity, ..PolicySet::default() };
    let all = [
        PolicySet::default(),
        identity(of(&[&one], None)),
        identity(of(&[&two], None)),
        identity(of(&[&one, &two], None)),
        identity(of(&[&two, &one], None)),
        identity(of(&[&one], Some(""))),
        identity(of(&[], Some("x"))),
        PolicySet { boundary: Some(of(&[&one], None)), ..PolicySet::default() },
        PolicySet { session: Some(of(&[&one], None)), ..PolicySet::default() },
        PolicySet { boundary: Some(Attached::default()), ..PolicySet::default() },
        PolicySet { session: Some(Attached::default()), ..PolicySet::default() },
        scp(vec![], None),
        scp(vec![], Some("x")),
        scp(vec![level("r", of(&[&one], None)), level("a", of(&[&two], None))], None),
        scp(vec![level("r", of(&[&one, &two], None))], None),
        scp(vec![level("r", of(&[&one], None))], Some("a")),
        PolicySet { rcp: Some(Levels::default()), ..PolicySet::default() },
    ];
    let different: std::collections::BTreeSet<u128> = all.iter().map(fingerprint).collect();
    assert_eq!(different.len(), all.len());
    assert_eq!(fingerprint(&all[3]), fingerprint(&all[3].clone()));
}

#[test]
fn what_makes_its_resource_is_an_action_of_the_catalog() {
    for action in super::MAKING {
        assert!(catalog().action(action).is_some(), "{action}");
    }
    assert!(super::MAKING.is_sorted());
}
