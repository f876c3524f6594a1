//! What is found wrong with policies.

use super::*;
use crate::policy::{Consequence, PolicyKind};
use crate::snapshot::lint::{check, file};

/// The places and texts found in a policy of one statement with these members.
fn found(kind: PolicyKind, members: &str) -> Vec<(String, String)> {
    let text = format!(r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", {members}}}]}}"#);
    check("p", Some(kind), &text).findings.into_iter().map(|own| (own.place, own.text)).collect()
}

#[test]
fn a_sound_policy_has_no_findings() {
    for members in [
        r#""Action": ["s3:GetObject", "S3:put*", "*"], "Resource": "*""#,
        r#""Action": "s3:GetObject", "Resource": "*", "Condition": {"StringEquals": {"s3:ExistingObjectTag/team": "a",
            "secretsmanager:ResourceTag/team": "a", "glacier:ResourceTag/team": "a",
            "aws:PrincipalTag/x": "y", "AWS:SourceVpc": "vpc-1", "accounts.google.com:aud": "z"}}"#,
    ] {
        assert_eq!(found(PolicyKind::Identity, members), []);
    }
}

#[test]
fn actions_services_and_keys_that_do_not_exist_are_named_with_what_was_meant() {
    for (members, place, text) in [
        (
            r#""Action": "s3:GetObjects", "Resource": "*""#,
            "/Statement/0/Action",
            "no such action, did you mean `s3:GetObject`",
        ),
        (
            r#""Action": "s3:Gett*", "Resource": "*""#,
            "/Statement/0/Action",
            "`s3:Gett*` matches no action of Amazon S3",
        ),
        (
            r#""NotAction": "lamda:*", "Resource": "*""#,
            "/Statement/0/NotAction",
            "knows no service `lamda`, did you mean `lambda`?",
        ),
        (
            r#""Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"aws:PrincipalOrgIdd": "o-1"}}"#,
            "/Statement/0/Condition/StringEquals/aws:PrincipalOrgIdd",
            "no condition key `aws:PrincipalOrgIdd`",
        ),
        (
            r#""Action": "s3:*", "Resource": "*", "Condition": {"StringEquals": {"s3:perfix": "a"}}"#,
            "/Statement/0/Condition/StringEquals/s3:perfix",
            "no condition key `s3:perfix`",
        ),
    ] {
        let found = found(PolicyKind::Identity, members);
        assert_eq!(found.len(), 1, "{found:?}");
        assert_eq!(found[0].0, place);
        assert!(found[0].1.contains(text), "{found:?}");
    }
}

#[test]
fn a_hint_shares_half_of_the_name() {
    let own = found(PolicyKind::Identity, r#""Action": "s3:GetZebra", "Resource": "*""#);
    assert!(!own[0].1.contains("did you mean"), "{own:?}");
}

#[test]
fn the_kind_is_guessed_from_principals_actions_and_resources() {
    let guessed = |members: &str| {
        let text = format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {members}}}}}"#);
        let linted = check("", None, &text);
        assert!(linted.is_guess);
        (linted.kind, linted.findings.len())
    };
    assert_eq!(guessed(r#""Action": "s3:*", "Resource": "*""#), (PolicyKind::Identity, 0));
    assert_eq!(guessed(r#""Principal": "*", "Action": "s3:*", "Resource": "*""#), (PolicyKind::Resource, 0));
    let service = r#""Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole""#;
    assert_eq!(guessed(service), (PolicyKind::Trust, 0));
    // A statement that is refused still shows what was meant.
    let broken = r#""Principal": "*", "Action": "<action>", "Resource": "*""#;
    assert_eq!(guessed(broken), (PolicyKind::Resource, 1));
}

#[test]
fn what_aws_would_not_take_is_told_apart_from_what_is_refused() {
    let rejected = |kind: PolicyKind, name: &str, text: &str| -> Vec<String> {
        let findings = check(name, Some(kind), text).findings.into_iter();
        findings.filter(|own| own.consequence == Consequence::Rejected).map(|own| own.place).collect()
    };
    let rcp = |actions: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Deny", "Principal": "*", "Action": {actions}, "Resource": "*"}}]}}"#
        )
    };
    let of_rcp = |actions: &str| rejected(PolicyKind::ResourceControl, "", &rcp(actions));
    assert!(of_rcp(r#"["s3:*", "STS:AssumeRole", "kms:Decrypt", "nosuchservice:*"]"#).is_empty());
    assert_eq!(of_rcp(r#"["s3:*", "EC2:*", "iam:Get*"]"#), ["/Statement/0/Action"; 2]);
    assert_eq!(of_rcp(r#""*""#), ["/Statement/0/Action"]);
    let full = rcp(r#""*""#).replace("Deny", "Allow");
    assert!(check("", Some(PolicyKind::ResourceControl), &full).findings.is_empty());
    let all =
        r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
    assert!(check("FullAWSAccess", Some(PolicyKind::ServiceControl), all).findings.is_empty());
    let old = all.replace("2012", "2008");
    assert_eq!(rejected(PolicyKind::ServiceControl, "", &old), ["/Version"]);
    // Inline policies need no version, managed ones do.
    let managed = "arn:aws:iam::111122223333:policy/team/all";
    for (name, expected) in [("", 0), ("all of deploy", 0), (managed, 1), ("arn:aws:iam::aws:policy/All", 0)]
    {
        assert_eq!(rejected(PolicyKind::Identity, name, &old).len(), expected, "{name}");
    }
    let group = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*",
        "Principal": {"AWS": "arn:aws:iam::111122223333:group/staff"}}]}"#;
    assert_eq!(rejected(PolicyKind::Resource, "", group), ["/Statement/0/Principal"]);
    // Each is told once.
    let one = r#"{"Sid": "A", "Effect": "Allow", "Action": "s3:*", "Resource": "*"}"#;
    let twice = format!(r#"{{"Version": "2012-10-17", "Statement": [{one}, {one}]}}"#);
    let found = check("", Some(PolicyKind::Identity), &twice).findings;
    assert_eq!(found.len(), 1, "{found:?}");
    assert_eq!(found[0].consequence, Consequence::Rejected);
}

#[test]
fn policies_are_found_in_every_output_of_aws() {
    let org = testdata("org");
    let count = |name: &str| {
        let linted = file(&org.join(name), None).unwrap();
        assert!(linted.iter().all(|own| own.findings.is_empty()), "{linted:#?}");
        linted.into_iter().map(|own| (own.name, own.kind)).collect::<Vec<_>>()
    };
    assert_eq!(count("scp/p-examplea1.json"), [("EuropeOnly".to_owned(), PolicyKind::ServiceControl)]);
    assert_eq!(count("scp/p-examplea2.json"), [(String::new(), PolicyKind::ServiceControl)]);
    assert_eq!(count("rcp/p-exampler1.json")[0].1, PolicyKind::ResourceControl);
    assert_eq!(count("vpc-endpoint-policies/111122223333.json")[0].1, PolicyKind::VpcEndpoint);
    assert_eq!(count("resource-policies/111122223333-kms.json")[0].1, PolicyKind::Resource);
    assert_eq!(count("resource-policies/111122223333-s3.json"), []);
    assert_eq!(count("organization.json"), []);
    let second = count("accounts/111122223333-2.json");
    let kinds: Vec<PolicyKind> = second.iter().map(|(_, kind)| *kind).collect();
    assert_eq!(kinds.iter().filter(|kind| **kind == PolicyKind::Trust).count(), 2);
    // Two trust policies, one inline policy, three managed ones in their default versions.
    assert_eq!(second.len(), 6, "{second:#?}");
    assert_eq!(count("accounts/111122223333-1.json").len(), 2);
}

#[test]
fn what_is_refused_says_so() {
    let linted = file(&testdata("broken/details.json"), None).unwrap();
    assert_eq!(linted.len(), 1);
    let kinds: Vec<Consequence> = linted[0].findings.iter().map(|own| own.consequence).collect();
    assert_eq!(kinds, [Consequence::StatementRefused, Consequence::StatementRefused]);
    assert!(file(&testdata("broken/cut-off.json"), None).is_err());
    assert_eq!(file(&testdata("broken/package.json"), None).unwrap(), []);
}

#[test]
fn single_outputs_are_searched_too() {
    let policy = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Gett", "Resource": "*"}}"#;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    for output in [
        format!(r#"{{"RoleName": "deploy", "PolicyName": "p", "PolicyDocument": {policy}}}"#),
        format!(
            r#"{{"PolicyVersion": {{"Document": {policy}, "VersionId": "v1", "IsDefaultVersion": true}}}}"#
        ),
        format!(r#"{{"Role": {{"RoleName": "deploy", "AssumeRolePolicyDocument": {policy}}}}}"#),
        format!(r#"{{"Policy": {}, "RevisionId": "1"}}"#, serde_json::json!(policy)),
        format!("[{policy}]"),
    ] {
        std::fs::write(&path, &output).unwrap();
        let linted = file(&path, Some(PolicyKind::Identity)).unwrap();
        assert_eq!(linted.len(), 1, "{output}");
        assert_eq!(linted[0].findings.len(), 1, "{output}: {linted:#?}");
    }
}

#[test]
fn other_outputs_with_the_same_names_hold_no_policy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.json");
    for output in [
        r#"{"Role": "arn:aws:iam::111122223333:role/deploy", "Content": "aGVsbG8="}"#,
        r#"{"Policy": "arn:aws:iam::111122223333:policy/p", "Document": "text"}"#,
        r#"{"Arn": "arn:aws:s3:::b", "Policies": []}"#,
    ] {
        std::fs::write(&path, output).unwrap();
        assert_eq!(file(&path, None).unwrap(), [], "{output}");
    }
}
