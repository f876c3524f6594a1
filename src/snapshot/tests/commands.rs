//! The printed script: it only reads, and what it writes is what is read here.

use std::collections::BTreeSet;
use std::process::Command;

use super::*;
use crate::snapshot::{COMMANDS, Membership, OwnPolicy};

/// The service and operation of every call of `aws`.
fn calls() -> BTreeSet<(&'static str, &'static str)> {
    let words = COMMANDS.lines().filter(|line| !line.starts_with('#')).flat_map(str::split_whitespace);
    let words: Vec<&str> = words.collect();
    words
        .windows(3)
        .filter(|own| own[0].trim_start_matches(['$', '(']) == "aws" || own[0].ends_with("$(aws"))
        .map(|own| (own[1], own[2]))
        .collect()
}

#[test]
fn every_call_only_reads() {
    let calls = calls();
    assert!(calls.len() > 20, "{calls:?}");
    for (service, operation) in calls {
        let reads = ["get-", "list-", "describe-"].iter().any(|begin| operation.starts_with(begin));
        // AWS's own access level of `iam:GenerateCredentialReport` is Read.
        let others = [("configure", "get"), ("iam", "generate-credential-report")];
        assert!(reads || others.contains(&(service, operation)), "{service} {operation}");
    }
}

/// An `aws` that answers a few calls as the CLI does and refuses the others.
const FAKE: &str = r#"#!/bin/sh
printf '%s\n' "$*" >>"$FAKE_LOG"
case "$*" in
"configure get region") echo eu-west-1 ;;
"sts get-caller-identity "*) printf '111122223333\tarn:aws:iam::111122223333:user/ann\n' ;;
"iam get-account-authorization-details "*) cat "$FAKE_DETAILS" ;;
"iam generate-credential-report "*) echo COMPLETE ;;
"iam get-credential-report "*) printf 'user,arn,password_enabled\nann,arn:aws:iam::111122223333:user/ann,true\n' | base64 ;;
"iam list-users "*) echo ann ;;
"iam list-access-keys --user-name ann "*) echo '{"AccessKeyMetadata": [{"UserName": "ann", "AccessKeyId": "AKIARTX3GSDSQEXAMPLE", "Status": "Active"}]}' ;;
"organizations list-roots --query "*) echo r-ex01 ;;
"organizations list-roots "*) echo '{"Roots": [{"Id": "r-ex01", "Name": "Root", "PolicyTypes": [{"Type": "SERVICE_CONTROL_POLICY", "Status": "ENABLED"}]}]}' ;;
"organizations describe-organization "*) echo '{"Organization": {"Id": "o-exampleorg1", "MasterAccountId": "111122223333"}}' ;;
"organizations list-accounts-for-parent --parent-id r-ex01 --query Accounts[].Id "*) echo None ;;
"organizations list-accounts-for-parent --parent-id ou-"*" --query Accounts[].Id "*) echo 111122223333 ;;
"organizations list-accounts-for-parent --parent-id ou-"*) echo '{"Parent": "ou-ex01-11111111", "Accounts": [{"Id": "111122223333", "Name": "shop"}]}' ;;
"organizations list-accounts-for-parent "*) echo '{"Parent": "r-ex01", "Accounts": []}' ;;
"organizations list-organizational-units-for-parent --parent-id r-ex01 --query OrganizationalUnits[].Id "*) echo ou-ex01-11111111 ;;
"organizations list-organizational-units-for-parent --parent-id ou-"*" --query OrganizationalUnits[].Id "*) ;;
"organizations list-organizational-units-for-parent --parent-id r-ex01 "*) echo '{"Parent": "r-ex01", "OrganizationalUnits": [{"Id": "ou-ex01-11111111", "Name": "workloads"}]}' ;;
"organizations list-organizational-units-for-parent "*) echo '{"Parent": "ou-ex01-11111111", "OrganizationalUnits": []}' ;;
"organizations list-policies-for-target "*)
    target=$4 type=$6
    printf '{"Target": "%s", "Type": "%s", "Policies": [{"Id": "p-FullAWSAccess", "Name": "FullAWSAccess"}]}\n' "$target" "$type" ;;
"organizations list-policies --filter SERVICE_CONTROL_POLICY "*) echo p-FullAWSAccess ;;
"organizations list-policies "*) ;;
"organizations describe-policy "*) cat "$FAKE_POLICY" ;;
"s3api list-buckets "*) printf 'example-a\texample-b\texample-c\n' ;;
"s3api get-bucket-policy --bucket example-a "*) echo '{"arn": "arn:aws:s3:::example-a", "account": "111122223333", "policy": "{\"Version\":\"2012-10-17\",\"Statement\":[]}"}' ;;
"s3api get-bucket-policy --bucket example-b "*) echo 'An error occurred (NoSuchBucketPolicy) when calling GetBucketPolicy' >&2; exit 254 ;;
"kms list-keys "* | "sqs list-queues "* | "sns list-topics "* | "secretsmanager list-secrets "* | "lambda list-functions "*) ;;
"ecr describe-repositories "* | "dynamodb list-tables "*) ;;
"resourcegroupstaggingapi get-resources "*) echo '{"ResourceTagMappingList": [{"ResourceARN": "arn:aws:s3:::example-a", "Tags": [{"Key": "team", "Value": "shop"}]}]}' ;;
"ec2 describe-vpc-endpoints "*) echo '{"VpcEndpoints": []}' ;;
*) echo "An error occurred (AccessDenied) when calling $1 $2" >&2; exit 254 ;;
esac
"#;

#[test]
fn what_the_script_writes_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir(at("bin")).unwrap();
    std::fs::write(at("bin/aws"), FAKE).unwrap();
    std::fs::write(at("snapshot.sh"), COMMANDS).unwrap();
    std::fs::write(at("details"), ONE_USER).unwrap();
    let policy = r#"{"Policy": {"PolicySummary": {"Id": "p-FullAWSAccess", "Name": "FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY"},
        "Content": "{\"Version\":\"2012-10-17\",\"Statement\":{\"Effect\":\"Allow\",\"Action\":\"*\",\"Resource\":\"*\"}}"}}"#;
    std::fs::write(at("policy"), policy).unwrap();
    make_executable(&at("bin/aws"));
    let path = std::env::var("PATH").unwrap_or_default();
    // Twice: a second run replaces what the first one wrote.
    for _ in 0..2 {
        let output = Command::new("sh")
            .arg(at("snapshot.sh"))
            .arg(at("made"))
            .env("PATH", format!("{}:{path}", at("bin").display()))
            .env("FAKE_LOG", at("log"))
            .env("FAKE_DETAILS", at("details"))
            .env("FAKE_POLICY", at("policy"))
            .env_remove("REGIONS")
            .output()
            .unwrap();
        let stderr = String::from_utf8_lossy(&output.stderr);
        // One bucket's policy may not be read: it is named, and missing.
        assert_eq!(output.status.code(), Some(3), "{stderr}");
        assert!(stderr.contains("not read: aws s3api get-bucket-policy --bucket example-c"), "{stderr}");
        assert!(stderr.contains("1 calls failed"), "{stderr}");
    }
    let snapshot = Snapshot::read(&at("made")).unwrap();
    assert_eq!((snapshot.problems.as_slice(), snapshot.files_ignored), ([].as_slice(), 0));
    assert_eq!(snapshot.accounts[&account("111122223333")].users.len(), 1);
    let details = &snapshot.accounts[&account("111122223333")];
    assert!(details.credentials.as_ref().unwrap()["ann"].password.is_some());
    assert_eq!(details.access_keys["ann"].len(), 1);
    let Membership::Known(known) = &snapshot.membership else { panic!("no organization") };
    assert_eq!(known.nodes.len(), 3);
    let policies: Vec<bool> = ["a", "b", "c"]
        .iter()
        .map(|name| snapshot.resources.get(&format!("arn:aws:s3:::example-{name}")))
        .map(|own| own.is_some_and(|own| own.policy != OwnPolicy::Unsupplied))
        .collect();
    assert_eq!(policies, [true, true, false]);
    assert_eq!(snapshot.resources["arn:aws:s3:::example-a"].tags.as_ref().unwrap()["team"], "shop");
    let inventory = snapshot.inventory();
    assert_eq!(inventory.accounts[0].scp_levels, Some(3));
    assert_eq!(inventory.missing, [] as [&str; 0]);
}

fn make_executable(path: &std::path::Path) {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
}
