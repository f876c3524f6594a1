//! Sessions whose records name another than who acts: of AssumeRoot, of a product provider with delegated access, of a token that
//! AWS itself vouched for. `trace`, `origins` and the twin say the same of them.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, KEYS, call, dana, logs, run, said, session};
use crate::twin::{Logged, Twin};

const MEMBER: &str = "444455556666";
const VENDOR: &str = "777788889999";
const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const OTHER: &str = "ASIARTX3GSDSREXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";
const LATER: &str = "2026-03-09T09:00:05Z";

/// The first link, the origin and its gap of the caller with a key, who made the last of some records; as `trace`, `origins` and
/// the twin have it.
fn says(records: &[Value], key: &str) -> Value {
    let folder = logs(&[records]);
    let found = said(&["trace", key, "--up"], folder.path());
    let origin = &found["origin"];
    let links = found["links"].as_array().unwrap();
    let rule = links.first().map_or(Value::Null, |link| link["rule"].clone());
    let told = json!({"rule": rule, "kind": origin["kind"], "account": origin["account"],
        "certain": origin["certain"], "complete": origin["complete"], "gap": origin["gap"]["reason"]});
    let sql = format!(
        "select rule, origin_kind as kind, origin_account as account, certain, complete, gap from origins \
         where access_key_id = '{key}'"
    );
    assert_eq!(said(&["sql", &sql], folder.path())["rows"], json!([told]), "trace and origins");
    let logged = records.iter().cloned().enumerate();
    let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
    let twin = Twin::new(logged.collect()).of_record(records.len() - 1);
    assert_eq!((json!(twin.gap), json!(twin.complete)), (told["gap"].clone(), told["complete"].clone()));
    let first = twin.origins.first().unwrap();
    assert!(twin.origins.len() == 1 && first.starts_with(told["kind"].as_str().unwrap()), "{first}");
    if told["kind"] == "account" {
        assert!(first.starts_with(&format!("account|{}|", told["account"].as_str().unwrap())), "{first}");
    }
    assert_eq!(json!(twin.links.first().map(|link| &link.0)), told["rule"], "trace and the twin");
    told
}

fn text(arguments: &[&str], logs: &Path) -> String {
    said(arguments, logs)["origin"]["gap"].to_string()
}

/// A call as root of the member account.
fn as_root(number: u32, key: &str, assumed: bool) -> Value {
    let mut root = json!({"type": "Root", "principalId": MEMBER, "accountId": MEMBER, "accessKeyId": key,
        "arn": format!("arn:aws:iam::{MEMBER}:root"), "sessionContext": {
        "attributes": {"creationDate": SECOND, "mfaAuthenticated": "false"}}});
    if assumed {
        root["sessionContext"]["assumedRoot"] = json!("true");
    }
    let mut acted = call(number, &root, LATER, "s3.amazonaws.com", "DeleteBucketPolicy");
    acted["recipientAccountId"] = json!(MEMBER);
    acted
}

/// The member's root signs in.
fn root_signs_in(number: u32) -> Value {
    let root = json!({"type": "Root", "principalId": MEMBER, "accountId": MEMBER,
        "arn": format!("arn:aws:iam::{MEMBER}:root")});
    let mut made = call(number, &root, SECOND, "signin.amazonaws.com", "ConsoleLogin");
    made["recipientAccountId"] = json!(MEMBER);
    made["responseElements"] = json!({"ConsoleLogin": "Success"});
    made
}

fn unknown(account: &str, gap: &str) -> Value {
    json!({"rule": null, "kind": "unknown", "account": account, "certain": false, "complete": false, "gap": gap})
}

#[test]
fn a_session_of_assume_root_is_not_the_root_s_whose_account_it_is_in() {
    let alone = [as_root(1, KEY, true)];
    assert_eq!(says(&alone, KEY), unknown(MEMBER, "account-not-in-lake"));
    let folder = logs(&[&alone]);
    let gap = text(&["trace", KEY, "--up"], folder.path());
    assert!(gap.contains("add the AssumeRoot records of the management account"), "{gap}");
    // Root's own sign-in of that second made another session; that of a session without the mark it is.
    let beside = [root_signs_in(1), as_root(2, KEY, true)];
    assert_eq!(says(&beside, KEY), unknown(MEMBER, "account-not-in-lake"));
    let own = [root_signs_in(1), as_root(2, KEY, false)];
    let found = says(&own, KEY);
    assert_eq!((&found["rule"], &found["kind"]), (&json!("session"), &json!("root")));
    // Somebody of another account is here, but no AssumeRoot.
    let others = [call(1, &dana(KEYS[0]), SECOND, "s3.amazonaws.com", "ListBuckets"), as_root(2, KEY, true)];
    assert_eq!(says(&others, KEY), unknown(MEMBER, "record-missing"));
}

#[test]
fn what_was_done_in_sessions_of_assume_root_is_counted_beside_root_s_own() {
    let root = format!("arn:aws:iam::{MEMBER}:root");
    let by = |key: &str| vec![root_signs_in(1), as_root(2, key, false)];
    // In sanitised logs one key id may stand for all.
    for (own, calls) in [(by(OTHER), 2), (Vec::new(), 0), (by(KEY), 2)] {
        let folder = logs(&[&own, &[as_root(3, KEY, true)]]);
        let found = said(&["investigate", &root], folder.path());
        assert_eq!(found["activity"]["total"]["calls"], calls, "{found:#}");
        let traced = said(&["trace", &root], folder.path());
        assert_eq!(
            (&traced["subject"]["usage"]["calls"], &traced["origin"]["arn"]),
            (&json!(calls), &json!(root))
        );
        for assumed in [&found["assumed_root"], &traced["subject"]["assumed_root"]] {
            assert_eq!((&assumed["access_keys"], &assumed["calls"]), (&json!([KEY]), &json!(1)));
        }
        let screen = String::from_utf8(run(&["investigate", &root], folder.path()).stdout).unwrap();
        assert!(screen.contains("assumed  1 call in sessions of AssumeRoot"), "{screen}");
    }
}

#[test]
fn whoever_called_assume_root_is_known_by_its_own_record_though_that_has_the_mark_as_well() {
    let mut admin = session("root-task", OTHER, "2026-03-09T08:30:00Z");
    admin["sessionContext"]["assumedRoot"] = json!("true");
    let mut assumed = call(2, &admin, SECOND, "sts.amazonaws.com", "AssumeRoot");
    assumed["requestParameters"] = json!({"targetPrincipal": MEMBER});
    assumed["responseElements"] = json!({"credentials": {"accessKeyId": KEY}});
    let made = crate::below::assume(1, &dana(KEYS[0]), "2026-03-09T08:30:00Z", "root-task", OTHER);
    let records = [made, assumed, as_root(3, KEY, true)];
    let found = says(&records, KEY);
    let dana_s = json!({"rule": "key", "kind": "iam-user", "account": ACCOUNT, "certain": true, "complete": true,
        "gap": null});
    assert_eq!(found, dana_s);
    let folder = logs(&[&records]);
    assert_eq!(said(&["trace", OTHER, "--up"], folder.path())["origin"]["arn"], DANA);
}

/// A call by the vendor in the name of an identity.
fn delegated(number: u32, mut identity: Value, key: &str) -> Value {
    identity["accessKeyId"] = json!(key);
    identity["sessionContext"]["attributes"] = json!({"creationDate": SECOND, "mfaAuthenticated": "false"});
    identity["invokedByDelegate"] = json!({"accountId": VENDOR});
    call(number, &identity, LATER, "iam.amazonaws.com", "ListUsers")
}

fn vendor(gap: &str) -> Value {
    json!({"rule": null, "kind": "account", "account": VENDOR, "certain": true, "complete": false, "gap": gap})
}

#[test]
fn calls_of_a_delegate_are_of_the_account_that_made_them_and_not_of_whoever_approved() {
    let alone = [delegated(1, dana(KEY), KEY)];
    assert_eq!(says(&alone, KEY), vendor("account-not-in-lake"));
    let folder = logs(&[&alone]);
    let gap = text(&["trace", KEY, "--up"], folder.path());
    assert!(gap.contains("permissions of IAM user dana") && gap.contains("GetDelegatedAccessToken"), "{gap}");
    let sql = format!("select origin, root from origins where access_key_id = '{KEY}'");
    let unnamed = format!("{VENDOR}:unknown");
    assert_eq!(said(&["sql", &sql], folder.path())["rows"], json!([{"origin": unnamed, "root": unnamed}]));
    // dana signed in in that very second, and somebody assumed the role: neither made the delegate's session.
    let mut signed_in = call(1, &dana(""), SECOND, "signin.amazonaws.com", "ConsoleLogin");
    signed_in["userIdentity"].as_object_mut().unwrap().remove("accessKeyId");
    signed_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    assert_eq!(says(&[signed_in, delegated(2, dana(KEY), KEY)], KEY), vendor("account-not-in-lake"));
    let assumed = crate::below::assume(1, &dana(KEYS[0]), SECOND, "job", OTHER);
    let in_role = delegated(2, session("job", KEY, SECOND), KEY);
    assert_eq!(says(&[assumed, in_role], KEY), vendor("account-not-in-lake"));
}

#[test]
fn a_delegate_whose_own_account_is_here_is_known_by_the_key_alone() {
    let mut them = dana(KEYS[1]);
    them["accountId"] = json!(VENDOR);
    them["arn"] = json!(format!("arn:aws:iam::{VENDOR}:user/robot"));
    them["userName"] = json!("robot");
    them["principalId"] = json!("AIDAVTX3GSDSQVEXAMPLE");
    let mut traded = call(1, &them, SECOND, "sts.amazonaws.com", "GetDelegatedAccessToken");
    traded["recipientAccountId"] = json!(VENDOR);
    traded["responseElements"] = json!({"assumedPrincipal": DANA, "credentials": {"accessKeyId": KEY}});
    let known = json!({"rule": "key", "kind": "iam-user", "account": VENDOR, "certain": true, "complete": true,
        "gap": null});
    assert_eq!(says(&[traded.clone(), delegated(2, dana(KEY), KEY)], KEY), known);
    assert_eq!(says(&[traded, delegated(2, dana(OTHER), OTHER)], OTHER), vendor("record-missing"));
}

#[test]
fn a_delegate_s_session_below_the_user_it_was_mapped_to_is_said_to_be_a_delegate_s() {
    let folder = logs(&[&[
        call(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets"),
        delegated(2, dana(KEY), KEY),
    ]]);
    let found = said(&["trace", DANA, "--down"], folder.path());
    let lines = found["descendants"].as_array().unwrap();
    let line = lines.iter().find(|line| line["kind"] == "session").unwrap();
    assert!(line["remarks"].to_string().contains(VENDOR), "{line}");
}

#[test]
fn a_token_that_aws_itself_vouched_for_does_not_end_a_chain() {
    let subject = format!("arn:aws:sts::{MEMBER}:assumed-role/exporter/job");
    let provider = "00000000-1111-4222-8333-444455556666.tokens.sts.global.api.aws";
    let who = json!({"type": "WebIdentityUser", "principalId": format!("{provider}:aud:{subject}"), "userName": subject,
        "identityProvider": format!("arn:aws-cn:iam::{ACCOUNT}:oidc-provider/{provider}")});
    let mut made = call(1, &who, SECOND, "sts.amazonaws.com", "AssumeRoleWithWebIdentity");
    made["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/deploy"), "roleSessionName": "job"});
    made["responseElements"] = json!({"credentials": {"accessKeyId": KEY}, "subjectFromWebIdentityToken": subject,
        "assumedRoleUser": {"arn": session("job", KEY, SECOND)["arn"], "assumedRoleId": "AROARTX3GSDSQAEXAMPLE:job"}});
    let used = call(2, &session("job", KEY, SECOND), LATER, "s3.amazonaws.com", "ListBuckets");
    let records = [made.clone(), used.clone()];
    let found = says(&records, KEY);
    assert_eq!((&found["kind"], &found["complete"]), (&json!("web-identity"), &json!(true)));
    made["requestParameters"]["webIdentityTokenId"] = json!("00000000-aaaa-4bbb-8ccc-000000000001");
    made["additionalEventData"] =
        json!({"crossPartitionData": {"sourcePrincipalArn": subject, "sourceRegion": "us-east-1"}});
    let records = [made, used];
    let found = says(&records, KEY);
    assert_eq!((&found["kind"], &found["certain"]), (&json!("web-identity"), &json!(true)));
    assert_eq!((&found["complete"], &found["gap"]), (&json!(false), &json!("account-not-in-lake")));
    let folder = logs(&[&records]);
    let gap = text(&["trace", KEY, "--up"], folder.path());
    assert!(gap.contains(&subject) && gap.contains("00000000-aaaa-4bbb-8ccc-000000000001"), "{gap}");
}
