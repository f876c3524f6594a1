//! Second snapshots, and what stays the same.

use super::*;

/// The set of policies of the role that deploys.
fn set(snapshot: &Snapshot) -> PolicySet {
    let caller = Caller::RoleSession {
        session_arn: "arn:aws:sts::111122223333:assumed-role/deploy/x".into(),
        role_arn: Some(DEPLOY.into()),
        unique_id: None,
    };
    let resource = Resource::Named("arn:aws:s3:::example-logs/a".into());
    let account = crate::aws::AccountId::parse("111122223333");
    snapshot.policies(&caller, "s3:GetObject", &resource, account, &Given::default())
}

#[test]
fn what_does_not_change_is_compiled_once() {
    let before = base();
    let whole = before.patched(written(&files()).path()).unwrap();
    assert_eq!((whole.proposal, whole.changes.as_slice()), (Proposal::Snapshot, &[][..]));
    assert_eq!(documents(&before).count(), 11);
    assert!(
        documents(&before).zip(documents(&whole.snapshot)).all(|((_, old), (_, new))| Arc::ptr_eq(old, new))
    );
    let patch = format!(
        r#"{{"changes": [{{"put-role-policy": {{"role": "{DEPLOY}", "name": "run", "policy": {ALL}}}}}]}}"#
    );
    let folder = written(&[("patch.json".to_owned(), patch)]);
    let patched = before.patched(folder.path()).unwrap();
    let mut evaluator = Evaluator::new();
    let ids = |evaluator: &mut Evaluator, snapshot: &Snapshot| -> Vec<usize> {
        let compiled = evaluator.compile(&set(snapshot));
        compiled.statements().map(|own| own.id.policy).collect()
    };
    let (old, new) = (ids(&mut evaluator, &before), ids(&mut evaluator, &patched.snapshot));
    let gained: Vec<_> = new.iter().filter(|id| !old.contains(id)).collect();
    assert_eq!(gained.len(), 1, "{old:?} {new:?}");
}

#[test]
fn a_second_snapshot_is_told_from_the_first() {
    let mut files = files();
    let find =
        |files: &mut Vec<(String, String)>, name: &str| files.iter().position(|own| own.0 == name).unwrap();
    let at = find(&mut files, "accounts/1.json");
    files[at].1 = files[at]
        .1
        .replace(r#""Sid": "First""#, r#""Sid": "Other""#)
        .replace(
            r#""GroupList": ["staff"]"#,
            r#""GroupList": ["guests"], "Tags": [{"Key": "team", "Value": "shop"}]"#,
        )
        .replace("\"audit\"", "\"inspect\"")
        .replace("role/audit", "role/inspect");
    let at = find(&mut files, "accounts/2.json");
    files.remove(at);
    let at = find(&mut files, "organization.json");
    files[at].1 = files[at]
        .1
        .replace(
            r#""parent": "ou-ex01-11111111", "scps": ["p-FullAWSAccess"]}"#,
            r#""parent": "r-ex01", "scps": ["p-FullAWSAccess", "fence"], "rcps": []}"#,
        )
        .replace(r#""managementAccount": "123456789012""#, r#""managementAccount": "444455556666""#);
    let at = find(&mut files, "resource-policies/s3.json");
    files[at].1 = r#"{"arn": "arn:aws:s3:::example-logs", "account": "111122223333"}
        {"arn": "arn:aws:s3:::example-new", "policy": null}"#
        .to_owned();
    let patched = base().patched(written(&files).path()).unwrap();
    assert_eq!(
        patched.changes,
        [
            "management account changed from 123456789012 to 444455556666",
            "444455556666 (data) moved to r-ex01 (Root)",
            "SCP fence (p-fence01) attached to 444455556666 (data)",
            "which RCPs are attached to 444455556666 (data) is now known",
            "user ann of account 111122223333: joins group guests",
            "user ann of account 111122223333: leaves group staff",
            "user ann of account 111122223333: tags changed",
            "role audit removed",
            "role deploy of account 111122223333: inline policy run changed",
            "role inspect added",
            "group staff of account 111122223333: inline policy base changed",
            "details of account 444455556666 removed",
            "policy of arn:aws:s3:::example-logs is no longer known",
            "arn:aws:s3:::example-new has no policy",
        ]
    );
}

#[test]
fn what_aws_would_not_take_of_a_second_snapshot_is_a_problem_unless_it_stands() {
    let old = r#"{"Statement": [{"Effect": "Deny", "Action": "ec2:*", "Resource": "*"}]}"#.to_owned();
    let with = |more: &[(&str, String)]| {
        let mut files = files();
        files.extend(more.iter().map(|(name, text)| ((*name).to_owned(), text.clone())));
        written(&files)
    };
    let full = r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}]}"#;
    let before = Snapshot::read(with(&[("scp/old.json", old.clone())]).path()).unwrap();
    // What stands was taken: it is no problem.
    assert_eq!(before.problems, []);
    let rcp = full.replace("Allow", "Deny");
    let fine = [("scp/old.json", old.clone()), ("rcp/p-RCPFullAWSAccess.json", full.to_owned())];
    assert_eq!(before.patched(with(&fine).path()).unwrap().snapshot.problems, []);
    let bad = [("scp/old.json", old.clone()), ("scp/new.json", old), ("rcp/all.json", rcp)];
    let problems = before.patched(with(&bad).path()).unwrap().snapshot.problems;
    let shown: Vec<String> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        shown,
        [
            "rcp/all.json: AWS takes no such policy: `all`, statement 0, /Statement/0/Action: \
             expected actions of a service, as `s3:*`, found `*`",
            "scp/new.json: AWS takes no such policy: `new`, /Version: expected `Version` 2012-10-17, \
             found an older one or none",
        ]
    );
}

#[test]
fn what_is_not_listed_is_counted() {
    let change = |at: usize| {
        format!(r#"{{"put-role-policy": {{"role": "audit", "name": "p{at:05}", "policy": {ALL}}}}}"#)
    };
    let changes: Vec<String> = (0..CHANGES_LISTED_MAX + 3).map(change).collect();
    let patched = patched(&changes.join(",")).unwrap();
    assert_eq!((patched.changes.len(), patched.changes_not_listed), (CHANGES_LISTED_MAX, 3));
}

#[test]
fn a_patch_is_a_folder_with_a_patch_or_a_file_of_its_form() {
    let patch = r#"{"changes": [{"delete-boundary": {"on": "arn:aws:iam::111122223333:user/ann"}}]}"#;
    let folder = written(&[
        ("tighter.json".to_owned(), patch.to_owned()),
        ("details.json".to_owned(), details("111122223333", "")),
        ("broken/patch.json".to_owned(), r#"{"changes": 3}"#.to_owned()),
        ("other/patch.json".to_owned(), r#"{"changes": [], "chnages": []}"#.to_owned()),
    ]);
    let of = |name: &str| base().patched(&folder.path().join(name));
    assert_eq!(of("tighter.json").unwrap().proposal, Proposal::Patch);
    assert_eq!(of("details.json").unwrap().proposal, Proposal::Snapshot);
    for name in ["broken", "other"] {
        assert!(matches!(of(name), Err(PatchError::File { .. })), "{name}");
    }
    assert!(matches!(of("nowhere"), Err(PatchError::Snapshot(SnapshotError::Path { .. }))));
    let many = format!(r#"{{"changes": [{}]}}"#, vec!["1"; CHANGES_MAX + 1].join(","));
    let folder = written(&[("patch.json".to_owned(), many)]);
    let error = base().patched(folder.path()).unwrap_err().to_string();
    assert!(error.ends_with("changes above the limit of 10000"), "{error}");
}
