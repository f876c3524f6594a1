//! What is read of files, and what becomes of trouble in them.

use std::path::Path;

use super::*;
use crate::snapshot::{ControlKind, Membership, OwnPolicy, SnapshotError, Trouble};

#[test]
fn the_whole_of_a_snapshot_is_read_without_a_problem() {
    let snapshot = org();
    assert_eq!(snapshot.problems, []);
    assert_eq!((snapshot.files, snapshot.files_ignored), (13, 0));
    let own = &snapshot.accounts[&account("111122223333")];
    assert_eq!(own.users.keys().collect::<Vec<_>>(), ["ann", "bo"]);
    assert_eq!(own.roles.keys().collect::<Vec<_>>(), ["deploy", "worker"]);
    assert_eq!(own.groups.keys().collect::<Vec<_>>(), ["readers"]);
    assert_eq!(own.incomplete, None);
    assert_eq!(own.roles["worker"].arn, "arn:aws:iam::111122223333:role/service/worker");
    assert_eq!(own.users["ann"].tags["team"], "shop");
    let Membership::Known(known) = &snapshot.membership else { panic!("no organization") };
    assert_eq!(known.id.as_deref(), Some("o-exampleorg1"));
    assert_eq!(snapshot.management_account(), Some(account("123456789012")));
    assert_eq!(snapshot.controls.len(), 3);
    assert_eq!(snapshot.resources["arn:aws:s3:::example-shop"].policy, OwnPolicy::None);
    assert_eq!(snapshot.endpoints["vpce-0123456789abcdef0"].vpc.as_deref(), Some("vpc-0123456789abcdef0"));
}

#[test]
fn url_encoded_text_plain_text_and_objects_are_the_same_policy() {
    let policy = r#"{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"s3:*","Resource":"arn:aws:s3:::a+b/%41"}}"#;
    let encoded =
        percent_encoding::utf8_percent_encode(policy, percent_encoding::NON_ALPHANUMERIC).to_string();
    let forms =
        [policy.to_owned(), serde_json::json!(policy).to_string(), serde_json::json!(encoded).to_string()];
    let statements = forms.map(|form| {
        let details = format!(
            r#"{{"UserDetailList": [{{"UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann",
                "UserPolicyList": [{{"PolicyName": "p", "PolicyDocument": {form}}}]}}]}}"#
        );
        let snapshot = of(&[("details.json", &details)]);
        assert_eq!(snapshot.problems, [], "{form}");
        snapshot.accounts[&account("111122223333")].users["ann"].inline[0].statements.clone()
    });
    assert_eq!(statements[0][0].resources.as_ref().unwrap().patterns, ["arn:aws:s3:::a+b/%41"]);
    assert!(statements.iter().all(|own| own == &statements[0]));
}

#[test]
fn the_default_version_is_in_force() {
    let snapshot = org();
    let managed = &snapshot.managed["arn:aws:iam::111122223333:policy/reports-read"];
    let document = managed.document.as_ref().unwrap();
    assert_eq!((managed.version.as_str(), document.statements[0].sid.as_deref()), ("v2", Some("Read")));
}

#[test]
fn pages_may_stand_in_one_file_one_after_another() {
    let second = ONE_USER.replace("ann", "bo");
    let snapshot = of(&[("details.json", &format!("{ONE_USER}\n{second}"))]);
    assert_eq!(snapshot.accounts[&account("111122223333")].users.len(), 2);
}

#[test]
fn details_that_end_with_a_truncated_page_are_incomplete() {
    let truncated = ONE_USER.replacen('{', r#"{"IsTruncated": true, "#, 1);
    let last = ONE_USER.replace("ann", "bo").replacen('{', r#"{"IsTruncated": false, "#, 1);
    let whole = of(&[("1.json", &truncated), ("2.json", &last)]);
    assert_eq!(whole.accounts[&account("111122223333")].incomplete, None);
    let cut = of(&[("1.json", &truncated)]);
    let words = cut.accounts[&account("111122223333")].incomplete.clone().unwrap();
    assert!(words.contains("IsTruncated"), "{words}");
}

#[test]
fn what_cannot_be_read_is_named_and_the_rest_is_kept() {
    let snapshot = Snapshot::read(&testdata("broken")).unwrap();
    let found: Vec<(&str, &str, String)> = snapshot
        .problems
        .iter()
        .map(|problem| (problem.file.as_str(), problem.place.as_str(), problem.trouble.to_string()))
        .collect();
    let expected = [
        ("cut-off.json", "", "expected JSON, found EOF"),
        ("details.json", "UserDetailList/0", "missing field `Arn`"),
        ("details.json", "UserDetailList/1, inline policy 0", "`Resouce` is no element of a statement"),
        ("details.json", "UserDetailList/1, inline policy 0", "`Resource` or `NotResource` is missing"),
        ("notes/todo.json", "", "of no known form"),
        ("package.json", "", "of no known form"),
        ("scp/wrong-type.json", "", "a policy of type `TAG_POLICY`"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!((found.0, found.1), (expected.0, expected.1));
        assert!(found.2.contains(expected.2), "{found:?}");
    }
    assert_eq!(snapshot.files_ignored, 1);
    let own = &snapshot.accounts[&account("111122223333")];
    let policy = &own.users["cy"].inline[0];
    assert_eq!((policy.statements.len(), policy.refused.len()), (1, 1));
    assert!(own.incomplete.is_some(), "the refused entry may be anybody");
}

#[test]
fn problems_beyond_the_limit_are_counted() {
    let entry = r#"{"UserName": "no-arn"}"#;
    let entries = vec![entry; crate::snapshot::PROBLEMS_MAX + 7].join(",");
    let one = r#"{"UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann"}"#;
    let snapshot = of(&[("details.json", &format!(r#"{{"UserDetailList": [{entries},{one}]}}"#))]);
    assert_eq!((snapshot.problems.len(), snapshot.problems_not_listed), (crate::snapshot::PROBLEMS_MAX, 7));
    assert_eq!(snapshot.accounts[&account("111122223333")].users.len(), 1);
}

#[test]
fn one_thing_told_twice_is_a_problem_only_if_it_differs() {
    let same = of(&[("1.json", ONE_USER), ("2.json", ONE_USER)]);
    assert_eq!(same.problems, []);
    let other = ONE_USER.replace(r#""Action": "*""#, r#""Action": "s3:*""#);
    let differs = of(&[("1.json", ONE_USER), ("2.json", &other)]);
    assert_eq!(differs.problems.len(), 1);
    assert!(matches!(&differs.problems[0].trouble, Trouble::Twice { name } if name.ends_with("user/ann")));
    let kept = &differs.accounts[&account("111122223333")].users["ann"].inline[0];
    assert_eq!(kept.statements[0].actions.patterns, ["*"]);
}

#[test]
fn of_aws_s_own_policies_the_later_version_counts() {
    let page = |version: &str, action: &str| {
        format!(
            r#"{{"Policies": [{{"Arn": "arn:aws:iam::aws:policy/Some", "DefaultVersionId": "{version}",
                "PolicyVersionList": [{{"VersionId": "{version}", "Document": {{"Version": "2012-10-17",
                "Statement": {{"Effect": "Allow", "Action": "{action}", "Resource": "*"}}}}}}]}}]}}"#
        )
    };
    for order in [["1.json", "2.json"], ["2.json", "1.json"]] {
        let snapshot = of(&[(order[0], &page("v9", "s3:*")), (order[1], &page("v12", "sqs:*"))]);
        assert_eq!(snapshot.managed["arn:aws:iam::aws:policy/Some"].version, "v12");
        assert_eq!(snapshot.problems, []);
    }
}

#[test]
fn nothing_to_read_is_an_error_that_names_the_path() {
    let folder = tempfile::tempdir().unwrap();
    let error = Snapshot::read(folder.path()).unwrap_err();
    assert!(matches!(error, SnapshotError::Nothing { first: None, .. }), "{error}");
    let error = Snapshot::read(Path::new("/no/such/folder")).unwrap_err();
    assert!(error.to_string().contains("cannot open `/no/such/folder`"), "{error}");
    let error = Snapshot::read(Path::new("/dev/null")).unwrap_err();
    assert!(error.to_string().contains("it is no regular file"), "{error}");
    for deep in ["[".repeat(100_000), format!("{}{}", "[".repeat(100_000), "]".repeat(100_000))] {
        std::fs::write(folder.path().join("deep.json"), deep).unwrap();
        assert!(matches!(Snapshot::read(folder.path()), Err(SnapshotError::Nothing { first: Some(_), .. })));
    }
}

#[test]
fn the_own_form_of_an_organization_says_the_same_as_aws_s_output() {
    let own = r#"{"id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": [
        {"id": "r-ex01", "name": "Root", "scps": ["p-FullAWSAccess"], "rcps": []},
        {"id": "ou-ex01-11111111", "parent": "r-ex01", "scps": ["stay-in"]},
        {"id": "111122223333", "name": "shop", "parent": "ou-ex01-11111111", "scps": []}]}"#;
    let scp =
        r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}"#;
    let snapshot = of(&[("organization.json", own), ("scp/stay-in.json", scp), ("a.json", ONE_USER)]);
    assert_eq!(snapshot.problems, []);
    let levels = snapshot.levels(ControlKind::Service, account("111122223333")).unwrap();
    let targets: Vec<&str> = levels.levels.iter().map(|level| level.target.as_str()).collect();
    assert_eq!(targets, ["r-ex01 (Root)", "ou-ex01-11111111", "111122223333 (shop)"]);
    let names: Vec<Vec<&str>> = levels
        .levels
        .iter()
        .map(|level| level.attached.policies.iter().map(|policy| policy.name.as_str()).collect())
        .collect();
    assert_eq!(names, [vec!["FullAWSAccess (p-FullAWSAccess)"], vec!["stay-in"], vec![]]);
    let rcps = snapshot.levels(ControlKind::Resource, account("111122223333")).unwrap();
    let missing: Vec<bool> = rcps.levels.iter().map(|level| level.attached.missing.is_some()).collect();
    assert_eq!(missing, [false, true, true], "an attachment that nobody told is not known");
}

#[test]
fn a_tree_that_bites_its_tail_ends() {
    let own = r#"{"nodes": [{"id": "111122223333", "parent": "ou-a"}, {"id": "ou-a", "parent": "ou-b"},
        {"id": "ou-b", "parent": "ou-a"}]}"#;
    let snapshot = of(&[("organization.json", own), ("a.json", ONE_USER)]);
    let levels = snapshot.levels(ControlKind::Service, account("111122223333")).unwrap();
    assert!(levels.missing.unwrap().contains("more than 16 levels"));
}

#[test]
fn an_inventory_counts_and_names_what_is_missing() {
    let inventory = org().inventory();
    let counts: Vec<(usize, usize, usize, Option<usize>)> =
        inventory.accounts.iter().map(|own| (own.users, own.groups, own.roles, own.scp_levels)).collect();
    assert_eq!(counts, [(2, 1, 2, Some(3)), (0, 0, 0, Some(2)), (0, 0, 1, Some(3))]);
    assert_eq!((inventory.scps, inventory.rcps), ((2, 2), (1, 1)));
    assert_eq!(
        inventory.missing,
        [
            "managed policy arn:aws:iam::111122223333:policy/gone is not in the snapshot",
            "no policy snapshot of account 123456789012",
        ]
    );
    let alone = of(&[("a.json", ONE_USER)]).inventory();
    assert_eq!(alone.missing, ["no RCPs supplied", "no SCPs supplied", "no resource policies supplied"]);
}
