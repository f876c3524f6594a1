//! Why a patch is refused.

use super::*;

#[test]
fn a_change_that_cannot_be_made_refuses_the_whole_patch_and_says_why() {
    let put = |rest: &str| format!(r#"{{"put-role-policy": {{"role": "audit", "name": "x"{rest}}}}}"#);
    for (change, why) in [
        (r#"{"put-scpp": {"id": "x"}}"#.to_owned(), "unknown variant `put-scpp`, expected one of `put-scp`"),
        (r#"{"put-scp": {"id": "x", "polcy": {}}}"#.to_owned(), "unknown field `polcy`"),
        (r#"{"put-boundary": {"on": "role/audit"}}"#.to_owned(), "missing field `policy`"),
        ("3".to_owned(), "expected one change"),
        (put(""), "expected `policy` or `file`, found neither"),
        (
            put(&format!(r#", "policy": {ALL}, "file": "policies/all.json""#)),
            "expected `policy` or `file`, found both",
        ),
        (put(r#", "file": "policies/none.json""#), "policy file `policies/none.json`: cannot read it"),
        (put(r#", "file": "policies/broken.json""#), "its policy is refused"),
        (put(&format!(r#", "policy": {}"#, ALL.replace("Action", "Acton"))), "its policy is refused"),
        (put(&format!(r#", "policy": {OPEN}"#)), "its policy is refused"),
        (
            format!(r#"{{"put-role-policy": {{"role": "nobody", "name": "x", "policy": {ALL}}}}}"#),
            "no role `nobody` in the snapshot",
        ),
        (
            format!(r#"{{"put-role-policy": {{"role": "deploy", "name": "x", "policy": {ALL}}}}}"#),
            "several are named `deploy`: expected one of `arn:aws:iam::111122223333:role/ci/deploy`, `arn:aws:iam::444455556666:role/ci/deploy`",
        ),
        (
            format!(
                r#"{{"put-role-policy": {{"role": "arn:aws:iam::111122223333:role/deploy", "name": "x", "policy": {ALL}}}}}"#
            ),
            "hint: it holds `arn:aws:iam::111122223333:role/ci/deploy`",
        ),
        (
            format!(r#"{{"put-role-policy": {{"role": "user/ann", "name": "x", "policy": {ALL}}}}}"#),
            "no role `user/ann` in the snapshot",
        ),
        (
            format!(r#"{{"delete-role-policy": {{"role": "{DEPLOY}", "name": "walk"}}}}"#),
            "no inline policy `walk` of role deploy in the snapshot\nhint: it holds `run`",
        ),
        (
            format!(r#"{{"put-managed-policy": {{"arn": "shared", "policy": {ALL}}}}}"#),
            "expected the ARN of a managed policy",
        ),
        (
            format!(r#"{{"delete-managed-policy": {{"arn": "{CAP}"}}}}"#),
            "expected a policy that is nobody's boundary",
        ),
        (
            r#"{"attach": {"policy": "arn:aws:iam::aws:policy/shared", "to": "role/audit"}}"#.to_owned(),
            "no managed policy `arn:aws:iam::aws:policy/shared` in the snapshot\nhint: it holds `arn:aws:iam::111122223333:policy/shared`",
        ),
        (
            format!(r#"{{"attach": {{"policy": "{SHARED}", "to": "audit"}}}}"#),
            "expected an ARN, `user/NAME`, `group/NAME` or `role/NAME`",
        ),
        (format!(r#"{{"attach": {{"policy": "{SHARED}", "to": "{DEPLOY}"}}}}"#), "found it attached already"),
        (format!(r#"{{"detach": {{"policy": "{CAP}", "from": "{DEPLOY}"}}}}"#), "no managed policy"),
        (
            r#"{"put-boundary": {"on": "role/audit", "policy": "arn:aws:iam::aws:policy/None"}}"#.to_owned(),
            "no managed policy `arn:aws:iam::aws:policy/None` in the snapshot",
        ),
        (
            r#"{"delete-boundary": {"on": "role/audit"}}"#.to_owned(),
            "expected a permissions boundary on role audit, found none",
        ),
        (format!(r#"{{"put-boundary": {{"on": "group/staff", "policy": "{CAP}"}}}}"#), "expected an ARN"),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-logs/a", "policy": {OPEN}}}}}"#
            ),
            "expected `arn:aws:s3:::example-logs`, which has the policy",
        ),
        (
            format!(r#"{{"put-resource-policy": {{"arn": "{DEPLOY}", "policy": {OPEN}}}}}"#),
            "`put-trust-policy`",
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:ec2:eu-west-1:111122223333:instance/i-1", "policy": {OPEN}}}}}"#
            ),
            "expected the ARN of a resource that can have a policy",
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-logs", "account": "444455556666", "policy": {OPEN}}}}}"#
            ),
            "expected account 111122223333, whose it is, found `444455556666`",
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-new", "account": "shop", "policy": {OPEN}}}}}"#
            ),
            "expected an account id, found `shop`",
        ),
        (
            r#"{"put-resource-policy": {"arn": "arn:aws:s3:::example-logs"}}"#.to_owned(),
            "expected `policy` or `file`, found neither",
        ),
        (
            r#"{"detach-scp": {"id": "p-lost", "from": ["r-ex01"]}}"#.to_owned(),
            "no SCP `p-lost` in the snapshot\nhint: it holds `fence (p-fence01)`",
        ),
        (r#"{"detach-scp": {"id": "fence", "from": ["r-ex01"]}}"#.to_owned(), "found it not attached"),
        (r#"{"attach-scp": {"id": "fence", "to": ["workloads"]}}"#.to_owned(), "found it attached already"),
        (
            r#"{"attach-scp": {"id": "fence", "to": ["nowhere"]}}"#.to_owned(),
            "no root, unit or account `nowhere`",
        ),
        (
            r#"{"attach-rcp": {"id": "p-RCPFullAWSAccess", "to": ["data"]}}"#.to_owned(),
            "`444455556666`, of which they were not supplied",
        ),
        (r#"{"detach-rcp": {"id": "p-RCPFullAWSAccess", "from": ["r-ex01"]}}"#.to_owned(), "which cannot"),
        (r#"{"delete-scp": {"id": "p-FullAWSAccess"}}"#.to_owned(), "which is AWS's"),
        (format!(r#"{{"put-scp": {{"id": "FullAWSAccess", "policy": {ALL}}}}}"#), "which is AWS's"),
        (
            r#"{"remove-statement": {"policy": "nothing", "sid": "x"}}"#.to_owned(),
            "no policy `nothing` in the snapshot",
        ),
        (
            r#"{"remove-statement": {"policy": "run (inline, role deploy)", "sid": "First"}}"#.to_owned(),
            "several are named `run (inline, role deploy)`: expected one of `arn:aws:iam::111122223333:role/ci/deploy`, `arn:aws:iam::444455556666:role/ci/deploy`",
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "run", "of": "{DEPLOY}", "sid": "Third"}}}}"#),
            "hint: it holds `First`, `Second`",
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "run", "of": "{DEPLOY}", "index": 2}}}}"#),
            "no statement 2 of",
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "walk", "of": "{DEPLOY}", "index": 0}}}}"#),
            "no policy `walk` of",
        ),
        (
            format!(r#"{{"remove-statement": {{"policy": "{SHARED}"}}}}"#),
            "expected `sid` or `index`, found neither",
        ),
    ] {
        let found = refusal(&change);
        assert!(found.contains(why), "{change}\n{found}");
    }
}

#[test]
fn a_policy_that_aws_would_not_take_refuses_the_patch() {
    let rcp = |members: &str| {
        format!(
            r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Deny", "Principal": "*", "Resource": "*", {members}}}}}"#
        )
    };
    let put_rcp = |policy: &str| format!(r#"{{"put-rcp": {{"id": "perimeter", "policy": {policy}}}}}"#);
    let trust = |members: &str| {
        let policy = format!(r#"{{"Version": "2012-10-17", "Statement": {{"Effect": "Allow", {members}}}}}"#);
        format!(r#"{{"put-trust-policy": {{"role": "role/audit", "policy": {policy}}}}}"#)
    };
    let version = "\"Version\": \"2012-10-17\", ";
    let twice = TWO.replace("Second", "First");
    for (change, why) in [
        (
            put_rcp(&rcp(r#""Action": "*""#)),
            "/Statement/0/Action: expected actions of a service, as `s3:*`, found `*`",
        ),
        (
            put_rcp(&rcp(r#""Action": ["s3:*", "ec2:*"]"#)),
            "/Statement/0/Action: expected a service that RCPs reach, found `ec2:*`",
        ),
        (
            put_rcp(&rcp(r#""Action": "s3:*""#).replace(version, "")),
            "/Version: expected `Version` 2012-10-17",
        ),
        (put_rcp(OPEN), "its policy is refused"),
        (
            put_rcp(
                r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "*", "Resource": "*"}}"#,
            ),
            "expected an RCP that only denies",
        ),
        (
            format!(r#"{{"put-scp": {{"id": "fence", "policy": {}}}}}"#, DENY.replace(version, "")),
            "AWS takes no such policy: `fence (p-fence01)`, /Version: expected `Version` 2012-10-17",
        ),
        (
            format!(r#"{{"put-scp": {{"id": "fence", "policy": {}}}}}"#, DENY.replace("2012", "2008")),
            "AWS takes no such policy",
        ),
        (
            trust(r#""Principal": {"AWS": "111122223333"}, "Action": "s3:GetObject""#),
            "expected actions that assume a role, as `sts:AssumeRole`, found `s3:GetObject`",
        ),
        (trust(r#""Principal": {"AWS": "111122223333"}, "Action": "*""#), "found `*`"),
        (trust(r#""Principal": {"Service": "*"}, "Action": "sts:AssumeRole""#), "its policy is refused"),
        (
            trust(r#""Principal": "*", "Action": "sts:AssumeRole""#),
            "/Statement/Principal: expected `{\"AWS\": \"*\"}`",
        ),
        (
            trust(
                r#""Principal": {"AWS": "arn:aws:iam::111122223333:group/staff"}, "Action": "sts:AssumeRole""#,
            ),
            "expected a principal, which a group is not, found `arn:aws:iam::111122223333:group/staff`",
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-logs", "policy": {}}}}}"#,
                OPEN.replace(r#""Principal": "*""#, r#""Principal": {"Service": "*"}"#)
            ),
            "its policy is refused",
        ),
        (
            format!(
                r#"{{"put-resource-policy": {{"arn": "arn:aws:s3:::example-logs", "policy": {}}}}}"#,
                OPEN.replace(
                    r#""Principal": "*""#,
                    r#""Principal": {"AWS": "arn:aws:iam::111122223333:group/staff"}"#
                )
            ),
            "a group is not",
        ),
        (
            format!(r#"{{"put-role-policy": {{"role": "audit", "name": "x", "policy": {twice}}}}}"#),
            "statement `First`, /Statement/1/Sid: `First` stands twice",
        ),
        (
            format!(
                r#"{{"put-managed-policy": {{"arn": "{SHARED}", "policy": {}}}}}"#,
                ALL.replace(version, "")
            ),
            "/Version: expected `Version` 2012-10-17",
        ),
    ] {
        let found = refusal(&change);
        assert!(found.contains(why), "{change}\n{found}");
    }
    // An inline policy needs no version; AWS's own control policies are attached as they are.
    let old = ALL.replace(version, "");
    assert!(
        patched(&format!(r#"{{"put-role-policy": {{"role": "audit", "name": "x", "policy": {old}}}}}"#))
            .is_ok()
    );
    assert!(patched(r#"{"attach-rcp": {"id": "p-RCPFullAWSAccess", "to": ["111122223333"]}}"#).is_ok());
    assert!(patched(r#"{"attach-scp": {"id": "FullAWSAccess", "to": ["444455556666"]}}"#).is_err());
    let all = ALL.replace("\"All\"", "\"FullAWSAccess\"");
    assert!(patched(&format!(r#"{{"put-scp": {{"id": "everything", "policy": {all}}}}}"#)).is_ok());
}

#[test]
fn the_message_names_the_file_the_place_and_the_change() {
    let error = patched(r#"{"delete-boundary": {"on": "role/audit"}}"#).unwrap_err().to_string();
    let end = "patch.json`, changes/0 (`delete-boundary`): expected a permissions boundary on role audit, found none";
    assert!(error.starts_with("cannot apply `") && error.ends_with(end), "{error}");
}

#[test]
fn without_an_organization_nothing_is_attached() {
    let files: Vec<_> = files().into_iter().filter(|(name, _)| name != "organization.json").collect();
    let snapshot = Snapshot::read(written(&files).path()).unwrap();
    let patch = r#"{"changes": [{"attach-scp": {"id": "fence", "to": ["r-ex01"]}}]}"#;
    let folder = written(&[("patch.json".to_owned(), patch.to_owned())]);
    let error = snapshot.patched(folder.path()).unwrap_err().to_string();
    assert!(
        error.contains("expected an organization in the snapshot (organization.json), found none"),
        "{error}"
    );
}

#[test]
fn a_kind_of_policy_that_is_not_enabled_is_not_attached() {
    let mut snapshot = base();
    let Membership::Known(known) = &mut snapshot.membership else { panic!("{:?}", snapshot.membership) };
    known.enabled = Some(std::collections::BTreeSet::new());
    let patch = r#"{"changes": [{"attach-scp": {"id": "fence", "to": ["r-ex01"]}}]}"#;
    let folder = written(&[("patch.json".to_owned(), patch.to_owned())]);
    let error = snapshot.patched(folder.path()).unwrap_err().to_string();
    assert!(error.contains("SCPs enabled"), "{error}");
}
