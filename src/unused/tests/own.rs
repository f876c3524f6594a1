//! Variables in resources: what is everybody's own stays everybody's own.

use serde_json::{Value, json};

use super::super::suggest::{Generality, Options};
use super::{ANN, DEPLOY, World, allow, by_ann, by_deploy, look, suggestion, trust_ann};
use crate::replay::Record;

/// The resources that are suggested to ann, who may use these, for objects of a bucket.
fn of_ann(resources: &[&str], keys: &[&str], generality: Generality) -> Vec<String> {
    let granted = json!([{"Effect": "Allow", "Action": "s3:GetObject", "Resource":
        resources.iter().map(|own| format!("arn:aws:s3:::{own}")).collect::<Vec<_>>()}]);
    let world = World::default()
        .user(ANN, &granted)
        .with("UserId", &json!("AIDARTX3GSDSQEXAMPLE1"))
        .with("Tags", &json!([{"Key": "team", "Value": "red"}]));
    let told: Vec<String> = keys
        .iter()
        .map(|key| {
            let (bucket, key) = key.split_once('/').unwrap();
            json!({"bucketName": bucket, "key": key}).to_string()
        })
        .collect();
    let records: Vec<Record<'_>> = told
        .iter()
        .map(|told| Record {
            principal_id: Some("AIDARTX3GSDSQEXAMPLE1"),
            ..by_ann("s3.amazonaws.com", "GetObject", Some(told))
        })
        .collect();
    let answer = look(&world.read(), &records, Some(Options { generality, levels: false }));
    resources_of(&suggestion(&answer, ANN).policies)
}

fn resources_of(policies: &[super::super::suggest::SuggestedPolicy]) -> Vec<String> {
    let all = policies.iter().flat_map(|own| own.document["Statement"].as_array().unwrap());
    let mut found = Vec::new();
    for own in all {
        match &own["Resource"] {
            Value::Array(all) => found.extend(all.iter().map(|own| own.as_str().unwrap().to_owned())),
            one => found.push(one.as_str().unwrap().to_owned()),
        }
    }
    found.iter().map(|own| own.replace("arn:aws:s3:::", "")).collect()
}

#[test]
fn a_suggestion_keeps_the_variable_and_pins_no_name_into_it() {
    let exact = |resource: &str, key: &str| of_ann(&[resource], &[key], Generality::Exact);
    assert_eq!(exact("b/${aws:username}/*", "b/ann/x.csv"), ["b/${aws:username}/x.csv"]);
    assert_eq!(exact("b/${aws:PrincipalTag/team}/*", "b/red/x"), ["b/${aws:PrincipalTag/team}/x"]);
    assert_eq!(exact("b/${aws:userid}/*", "b/AIDARTX3GSDSQEXAMPLE1/x"), ["b/${aws:userid}/x"]);
    assert_eq!(
        exact("logs-${aws:PrincipalAccount}/*", "logs-111122223333/2026/x"),
        ["logs-${aws:PrincipalAccount}/2026/x"]
    );
    assert_eq!(exact("b/*/${AWS:UserName}/*", "b/home/ann/x"), ["b/home/${AWS:UserName}/x"]);
    // What stands for all is no variable's; an object may be called like a variable.
    assert_eq!(of_ann(&["b/*", "b/${aws:username}/*"], &["b/ann/x"], Generality::Exact), ["b/ann/x"]);
    assert_eq!(exact("b/${aws:username}/*", "b/ann/${x}*"), ["b/${aws:username}/${$}{x}${*}"]);
}

#[test]
fn below_a_variable_resources_are_joined_as_anywhere() {
    let keys = ["b/ann/2026/06/01/x.gz", "b/ann/2026/06/02/x.gz"];
    assert_eq!(
        of_ann(&["b/${aws:username}/*"], &keys, Generality::Templated),
        ["b/${aws:username}/*/*/*/x.gz"]
    );
    let many = ["b/ann/a", "b/ann/b", "b/ann/c", "b/ann/d", "b/ann/e", "b/ann/f"];
    assert_eq!(of_ann(&["b/${aws:username}/*"], &many, Generality::Templated), ["b/${aws:username}/*"]);
    assert_eq!(of_ann(&["b/${aws:username}/?"], &many, Generality::Templated).len(), 6);
    // All of the bucket is more than today's statement allows.
    assert_eq!(of_ann(&["b/${aws:username}/*"], &["b/ann/a"], Generality::Wide), ["b/${aws:username}/a"]);
}

#[test]
fn all_sessions_of_a_role_come_to_one_resource() {
    let granted = json!([allow("s3:GetObject", "arn:aws:s3:::b/${aws:userid}/*")]);
    let world = World::default().role(DEPLOY, &trust_ann(), &granted);
    let told = |id: &str| json!({"bucketName": "b", "key": format!("{id}/x")}).to_string();
    let ids = ["AROARTX3GSDSQEXAMPLE1:one", "AROARTX3GSDSQEXAMPLE1:two"];
    let told = ids.map(told);
    let records: Vec<Record<'_>> = ids
        .iter()
        .zip(&told)
        .map(|(id, told)| Record {
            principal_id: Some(id),
            ..by_deploy("s3.amazonaws.com", "GetObject", Some(told))
        })
        .collect();
    let answer = look(&world.read(), &records, Some(Options::default()));
    assert_eq!(resources_of(&suggestion(&answer, DEPLOY).policies), ["b/${aws:userid}/x"]);
}

#[test]
fn what_all_but_the_callers_own_is_stays_so() {
    let granted = json!([{"Effect": "Allow", "Action": "s3:GetObject", "NotResource": "arn:aws:s3:::b/${aws:username}/*"}]);
    let told = json!({"bucketName": "b", "key": "bob/x"}).to_string();
    let call = by_ann("s3.amazonaws.com", "GetObject", Some(&told));
    let answer = look(&World::default().user(ANN, &granted).read(), &[call], Some(Options::default()));
    let statement = &suggestion(&answer, ANN).policies[0].document["Statement"][0];
    assert_eq!(statement["NotResource"], "arn:aws:s3:::b/${aws:username}/*");
}
