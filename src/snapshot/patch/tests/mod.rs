//! Every kind of change, every reason to refuse one, and second snapshots.

mod changes;
mod compare;
mod refusals;

use super::*;
use crate::policy::{Caller, Evaluator, PolicySet, Resource};
use crate::snapshot::{Given, Membership};

const ALL: &str = r#"{"Version": "2012-10-17", "Statement": [{"Sid": "All", "Effect": "Allow", "Action": "*", "Resource": "*"}]}"#;
const DENY: &str =
    r#"{"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "s3:*", "Resource": "*"}]}"#;
const TWO: &str = r#"{"Version": "2012-10-17", "Statement": [
    {"Sid": "First", "Effect": "Allow", "Action": "s3:Get*", "Resource": "*"},
    {"Sid": "Second", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*"}]}"#;
const TRUST: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": {"AWS": "111122223333"}, "Action": "sts:AssumeRole"}}"#;
const OPEN: &str = r#"{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "s3:*", "Resource": "*"}}"#;

const SHARED: &str = "arn:aws:iam::111122223333:policy/shared";
const CAP: &str = "arn:aws:iam::111122223333:policy/cap";

/// The details of an account, with a user, a group and two roles.
fn details(account: &str, extra: &str) -> String {
    format!(
        r#"{{"UserDetailList": [{{"UserName": "ann", "Arn": "arn:aws:iam::{account}:user/ann", "GroupList": ["staff"],
            "PermissionsBoundary": {{"PermissionsBoundaryArn": "{CAP}"}}, "UserPolicyList": []}}],
        "GroupDetailList": [{{"GroupName": "staff", "Arn": "arn:aws:iam::{account}:group/staff",
            "GroupPolicyList": [{{"PolicyName": "base", "PolicyDocument": {TWO}}}]}}],
        "RoleDetailList": [{{"RoleName": "deploy", "Arn": "arn:aws:iam::{account}:role/ci/deploy",
            "AssumeRolePolicyDocument": {TRUST},
            "RolePolicyList": [{{"PolicyName": "run", "PolicyDocument": {TWO}}}],
            "AttachedManagedPolicies": [{{"PolicyName": "shared", "PolicyArn": "{SHARED}"}}]}}{extra}]}}"#
    )
}

const MANAGED: &str = r#"{"Policies": [
    {"Arn": "arn:aws:iam::111122223333:policy/shared", "DefaultVersionId": "v2",
     "PolicyVersionList": [{"VersionId": "v2", "IsDefaultVersion": true, "Document": DOCUMENT}]},
    {"Arn": "arn:aws:iam::111122223333:policy/cap", "DefaultVersionId": "v1",
     "PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": true, "Document": DOCUMENT}]}]}"#;

const TREE: &str = r#"{"id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": [
    {"id": "r-ex01", "name": "Root", "scps": ["p-FullAWSAccess"], "rcps": ["p-RCPFullAWSAccess"]},
    {"id": "ou-ex01-11111111", "name": "workloads", "parent": "r-ex01", "scps": ["FullAWSAccess", "fence"], "rcps": []},
    {"id": "111122223333", "name": "shop", "parent": "ou-ex01-11111111", "scps": ["p-FullAWSAccess"], "rcps": []},
    {"id": "444455556666", "name": "data", "parent": "ou-ex01-11111111", "scps": ["p-FullAWSAccess"]},
    {"id": "123456789012", "name": "root", "parent": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": []}]}"#;

fn files() -> Vec<(String, String)> {
    let audit = format!(
        r#", {{"RoleName": "audit", "Arn": "arn:aws:iam::111122223333:role/audit", "AssumeRolePolicyDocument": {TRUST}}}"#
    );
    let fence = DENY.replace('"', "\\\"");
    [
        ("accounts/1.json", details("111122223333", &audit)),
        ("accounts/2.json", details("444455556666", "")),
        ("accounts/3.json", MANAGED.replace("DOCUMENT", ALL)),
        ("organization.json", TREE.to_owned()),
        (
            "scp/fence.json",
            format!(
                r#"{{"Policy": {{"PolicySummary": {{"Id": "p-fence01", "Name": "fence", "Type": "SERVICE_CONTROL_POLICY"}}, "Content": "{fence}"}}}}"#
            ),
        ),
        (
            "resource-policies/s3.json",
            format!(r#"{{"arn": "arn:aws:s3:::example-logs", "account": "111122223333", "policy": {OPEN}}}"#),
        ),
    ]
    .map(|(name, text)| (name.to_owned(), text))
    .to_vec()
}

fn written(files: &[(String, String)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    folder
}

fn base() -> Snapshot {
    let snapshot = Snapshot::read(written(&files()).path()).unwrap();
    assert_eq!(snapshot.problems, []);
    snapshot
}

/// The base with these changes, and a file beside them that holds a policy.
fn patched(changes: &str) -> Result<Patched, PatchError> {
    let describe = format!(r#"{{"Policy": {{"Content": "{}"}}}}"#, DENY.replace('"', "\\\""));
    let files = [
        ("patch.json".to_owned(), format!(r#"{{"changes": [{changes}]}}"#)),
        ("policies/all.json".to_owned(), ALL.to_owned()),
        ("policies/described.json".to_owned(), describe),
        ("policies/broken.json".to_owned(), "{".to_owned()),
    ];
    base().patched(written(&files).path())
}

fn sentences(changes: &str) -> Vec<String> {
    let patched = patched(changes).unwrap_or_else(|error| panic!("{changes}: {error}"));
    assert_eq!((patched.proposal, patched.changes_not_listed), (Proposal::Patch, 0));
    patched.changes
}

/// What the refusal of the second of two changes says, of which the first one can be made.
fn refusal(change: &str) -> String {
    let fine = r#"{"delete-boundary": {"on": "arn:aws:iam::444455556666:user/ann"}}"#;
    match patched(&format!("{fine}, {change}")).map(|own| own.changes) {
        Err(PatchError::Change { index: 1, why, .. }) => why.to_string(),
        other => panic!("{change}: {other:?}"),
    }
}

const DEPLOY: &str = "arn:aws:iam::111122223333:role/ci/deploy";
