//! What changes do, and how it is told.

use super::*;

#[test]
fn every_kind_of_change_is_made_and_told() {
    for (change, expected) in [
        (
            format!(
                r#"{{"put-scp": {{"id": "deny-s3", "policy": {DENY}, "attach": ["ou-ex01-11111111", "root"]}}}}"#
            ),
            &[
                "SCP deny-s3 added",
                "SCP deny-s3 attached to 123456789012 (root)",
                "SCP deny-s3 attached to ou-ex01-11111111 (workloads) (2 of 3 accounts)",
            ][..],
        ),
        (format!(r#"{{"put-scp": {{"id": "fence", "policy": {ALL}}}}}"#), &["SCP fence (p-fence01) changed"]),
        (
            r#"{"put-scp": {"id": "p-fence01", "file": "policies/all.json"}}"#.to_owned(),
            &["SCP fence (p-fence01) changed"],
        ),
        (r#"{"put-scp": {"id": "p-fence01", "file": "policies/described.json"}}"#.to_owned(), &[]),
        (
            r#"{"delete-scp": {"id": "p-fence01"}}"#.to_owned(),
            &[
                "SCP p-fence01 removed",
                "SCP fence (p-fence01) detached from ou-ex01-11111111 (workloads) (2 of 3 accounts)",
            ],
        ),
        (
            r#"{"attach-scp": {"id": "fence", "to": ["r-ex01"]}}"#.to_owned(),
            &["SCP fence (p-fence01) attached to r-ex01 (Root) (3 of 3 accounts)"],
        ),
        (
            r#"{"detach-scp": {"id": "p-fence01", "from": ["workloads"]}}"#.to_owned(),
            &["SCP fence (p-fence01) detached from ou-ex01-11111111 (workloads) (2 of 3 accounts)"],
        ),
        (
            r#"{"detach-scp": {"id": "p-FullAWSAccess", "from": ["ou-ex01-11111111"]}}"#.to_owned(),
            &[
                "SCP FullAWSAccess (p-FullAWSAccess) detached from ou-ex01-11111111 (workloads) (2 of 3 accounts)",
            ],
        ),
        (
            format!(
                r#"{{"put-rcp": {{"id": "perimeter", "policy": {}, "attach": ["111122223333"]}}}}"#,
                OPEN.replace("Allow", "Deny")
            ),
            &["RCP perimeter added", "RCP perimeter attached to 111122223333 (shop)"],
        ),
        (
            format!(r#"{{"put-role-policy": {{"role": "{DEPLOY}", "name": "run", "policy": {ALL}}}}}"#),
            &["role deploy of account 111122223333: inline policy run changed"],
        ),
        (
            r#"{"put-role-policy": {"role": "audit", "name": "look", "file": "policies/all.json"}}"#
                .to_owned(),
            &["role audit: inline policy look added"],
        ),
        (format!(r#"{{"put-role-policy": {{"role": "{DEPLOY}", "name": "run", "policy": {TWO}}}}}"#), &[]),
        (
            format!(r#"{{"delete-role-policy": {{"role": "{DEPLOY}", "name": "run"}}}}"#),
            &["role deploy of account 111122223333: inline policy run removed"],
        ),
        (
            format!(
                r#"{{"put-user-policy": {{"user": "arn:aws:iam::111122223333:user/ann", "name": "own", "policy": {ALL}}}}}"#
            ),
            &["user ann of account 111122223333: inline policy own added"],
        ),
        (
            format!(
                r#"{{"put-group-policy": {{"group": "arn:aws:iam::444455556666:group/staff", "name": "base", "policy": {ALL}}}}}"#
            ),
            &["group staff of account 444455556666: inline policy base changed"],
        ),
        (
            r#"{"delete-group-policy": {"group": "arn:aws:iam::111122223333:group/staff", "name": "base"}}"#
                .to_owned(),
            &["group staff of account 111122223333: inline policy base removed"],
        ),
        (
            format!(
                r#"{{"put-trust-policy": {{"role": "role/audit", "policy": {}}}}}"#,
                TRUST.replace("111122223333", "444455556666")
            ),
            &["role audit: trust policy changed"],
        ),
        (
            format!(r#"{{"put-managed-policy": {{"arn": "{SHARED}", "policy": {DENY}}}}}"#),
            &["managed policy arn:aws:iam::111122223333:policy/shared changed"],
        ),
        (
            format!(
                r#"{{"put-managed-policy": {{"arn": "arn:aws:iam::aws:policy/New", "policy": {ALL}}}}}, {{"attach": {{"policy": "arn:aws:iam::aws:policy/New", "to": "role/audit"}}}}"#
            ),
            &[
                "role audit: managed policy arn:aws:iam::aws:policy/New attached",
                "managed policy arn:aws:iam::aws:policy/New added",
            ],
        ),
        (
            format!(r#"{{"delete-managed-policy": {{"arn": "{SHARED}"}}}}"#),
            &[
                "role deploy of account 111122223333: managed policy arn:aws:iam::111122223333:policy/shared detached",
                "role deploy of account 444455556666: managed policy arn:aws:iam::111122223333:policy/shared detached",
                "managed policy arn:aws:iam::111122223333:policy/shared removed",
            ],
        ),
        (
            format!(r#"{{"detach": {{"policy": "{SHARED}", "from": "{DEPLOY}"}}}}"#),
            &[
                "role deploy of account 111122223333: managed policy arn:aws:iam::111122223333:policy/shared detached",
            ],
        ),
        (
            format!(
                r#"{{"attach": {{"policy": "{SHARED}", "to": "arn:aws:iam::111122223333:group/staff"}}}}"#
            ),
            &[
                "group staff of account 111122223333: managed policy arn:aws:iam::111122223333:policy/shared attached",
            ],
        ),
        (
            format!(r#"{{"put-boundary": {{"on": "role/audit", "policy": "{CAP}"}}}}"#),
            &["role audit: permissions boundary arn:aws:iam::111122223333:policy/cap set"],
        ),
        (
            format!(
                r#"{{"put-boundary": {{"on": "arn:aws:iam::111122223333:user/ann", "policy": "{SHARED}"}}}}"#
            ),
            &[
                "user ann of account 111122223333: permissions boundary changed to arn:aws:iam::111122223333:policy/shared",
            ],
        ),
        (
            r#"{"delete-boundary": {"on": "arn:aws:iam::111122223333:user/ann"}}"#.to_owned(),
            &["user ann of account 111122223333: permissions boundary removed"],
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-logs", "policy": {}}}}}"#,
                OPEN.replace("Allow", "Deny")
            ),
            &["policy of arn:aws:s3:::example-logs changed"],
        ),
        (
            r#"{"put-resource-policy": {"arn": "arn:aws:s3:::example-logs", "policy": null}}"#.to_owned(),
            &["policy of arn:aws:s3:::example-logs removed"],
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:sqs:eu-west-1:111122223333:orders", "policy": {OPEN}}}}}"#
            ),
            &["policy of arn:aws:sqs:eu-west-1:111122223333:orders added"],
        ),
        (
            format!(r#"{{"put-endpoint-policy": {{"id": "vpce-0123456789abcdef0", "policy": {OPEN}}}}}"#),
            &["policy of vpce-0123456789abcdef0 added"],
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "run", "of": "{DEPLOY}", "sid": "Second"}}}}"#),
            &["role deploy of account 111122223333: inline policy run changed"],
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "{SHARED}", "index": 0}}}}"#),
            &["managed policy arn:aws:iam::111122223333:policy/shared changed"],
        ),
        (
            r#"{"remove-statement": {"policy": "fence", "index": 0}}"#.to_owned(),
            &["SCP fence (p-fence01) changed"],
        ),
        (
            r#"{"remove-statement": {"policy": "trust policy of role audit", "index": 0}}"#.to_owned(),
            &["role audit: trust policy changed"],
        ),
        (
            r#"{"remove-statement": {"policy": "arn:aws:s3:::example-logs", "index": 0}}"#.to_owned(),
            &["policy of arn:aws:s3:::example-logs changed"],
        ),
    ] {
        assert_eq!(sentences(&change), expected, "{change}");
    }
}

#[test]
fn changes_are_made_in_order() {
    let again = format!(
        r#"{{"detach": {{"policy": "{SHARED}", "from": "{DEPLOY}"}}}}, {{"attach": {{"policy": "{SHARED}", "to": "{DEPLOY}"}}}}"#
    );
    assert!(sentences(&again).is_empty());
    let capped = format!(
        r#"{{"delete-boundary": {{"on": "arn:aws:iam::111122223333:user/ann"}}}},
           {{"delete-boundary": {{"on": "arn:aws:iam::444455556666:user/ann"}}}}, {{"delete-managed-policy": {{"arn": "{CAP}"}}}}"#
    );
    assert_eq!(sentences(&capped).len(), 3);
}

#[test]
fn a_new_bucket_is_of_the_account_given() {
    let change = format!(
        r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-new", "account": "444455556666", "policy": {OPEN}}}}}"#
    );
    let snapshot = patched(&change).unwrap().snapshot;
    let owner = snapshot.resource_account("arn:aws:s3:::example-new/a");
    assert_eq!(owner, crate::aws::AccountId::parse("444455556666"));
}

#[test]
fn statements_behind_a_removed_one_move_up() {
    let change = format!(r#"{{"remove-statement": {{"policy": "run", "of": "{DEPLOY}", "sid": "First"}}}}"#);
    let snapshot = patched(&change).unwrap().snapshot;
    let role = &snapshot.accounts.values().next().unwrap().roles["deploy"];
    let left: Vec<_> = role.inline[0].statements.iter().map(|own| (own.index, own.sid.as_deref())).collect();
    assert_eq!(left, [(0, Some("Second"))]);
}
