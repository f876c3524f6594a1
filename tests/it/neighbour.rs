//! Sessions beside the issuance of another one, of which only its own key, issuer or provider tells that it is another:
//! `trace` and `origins` give it to nobody as certain.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, call, dana, logs, said};

const OWN: &str = "ASIARTX3GSDSQEXAMPLE";
const OTHER: &str = "ASIARTX3GSDSREXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";

/// The same with attributes of a session that was created at a moment.
fn created(mut identity: Value, key: &str, moment: &str, context: &Value) -> Value {
    identity["accessKeyId"] = json!(key);
    identity["sessionContext"] = context.clone();
    identity["sessionContext"]["attributes"] = json!({"creationDate": moment, "mfaAuthenticated": "true"});
    identity
}

fn provider(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:oidc-provider/{name}")
}

/// A call in a session of the role `ci` that says who vouched for it.
fn runs(number: u32, key: &str, moment: &str, vouched_by: &str) -> Value {
    let issuer = json!({"type": "Role", "principalId": "AROARTX3GSDSQAEXAMPLE", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/ci"), "userName": "ci"});
    let context = json!({"sessionIssuer": issuer,
        "webIdFederationData": {"federatedProvider": provider(vouched_by), "attributes": {}}});
    let who = json!({"type": "AssumedRole", "principalId": "AROARTX3GSDSQAEXAMPLE:run", "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run")});
    call(
        number,
        &created(who, key, moment, &context),
        "2026-03-09T09:00:05Z",
        "s3.amazonaws.com",
        "ListBuckets",
    )
}

/// The issuance of such a session, as the response names its provider.
fn vouched(number: u32, key: &str, named: &str) -> Value {
    let who = json!({"type": "WebIdentityUser", "principalId": format!("{named}:aud:pod"), "userName": "pod",
        "identityProvider": named});
    let mut made = call(number, &who, SECOND, "sts.amazonaws.com", "AssumeRoleWithWebIdentity");
    made["recipientAccountId"] = json!(ACCOUNT);
    made["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/ci"), "roleSessionName": "run"});
    made["responseElements"] = json!({"credentials": {"accessKeyId": key}, "provider": named,
        "subjectFromWebIdentityToken": "pod", "assumedRoleUser": {"assumedRoleId": "AROARTX3GSDSQAEXAMPLE:run",
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/ci/run")}});
    made
}

/// The rules of the links of a key and its gap, whether it is certain and complete: as `trace` and as `origins` say.
fn says(key: &str, logs: &Path) -> Value {
    let found = said(&["trace", key, "--up"], logs);
    let origin = &found["origin"];
    let rule = found["links"].as_array().unwrap().iter().find(|link| link["above_origin"] == false);
    let rule = rule.map_or(Value::Null, |link| link["rule"].clone());
    let traced = json!({"rule": rule, "kind": origin["kind"], "complete": origin["complete"],
        "certain": origin["certain"], "gap": origin["gap"]["reason"]});
    let sql = format!(
        "select rule, origin_kind as kind, complete, certain, gap from origins where access_key_id = '{key}'"
    );
    let rows = said(&["sql", &sql], logs)["rows"].clone();
    assert_eq!(rows, json!([traced]), "trace and origins differ on {key}");
    traced
}

fn gap(kind: &str, certain: bool, reason: &str) -> Value {
    json!({"rule": null, "kind": kind, "complete": false, "certain": certain, "gap": reason})
}

#[test]
fn a_pod_of_another_cluster_is_not_the_one_that_got_a_key_in_that_second() {
    let records = [
        vouched(1, OTHER, &provider("oidc.example.com/id/A")),
        runs(2, OTHER, SECOND, "oidc.example.com/id/A"),
        runs(3, OWN, SECOND, "oidc.example.com/id/B"),
    ];
    let folder = logs(&[&records]);
    let proven =
        json!({"rule": "key", "kind": "web-identity", "complete": true, "certain": true, "gap": null});
    assert_eq!(says(OTHER, folder.path()), proven);
    assert_eq!(says(OWN, folder.path()), gap("web-identity", true, "record-missing"));
}

#[test]
fn a_web_identity_that_signs_with_its_own_key_is_only_claimed_to_be_its_neighbour() {
    let records = |moment| {
        [vouched(1, OTHER, &provider("oidc.example.com/id/A")), runs(2, OWN, moment, "oidc.example.com/id/A")]
    };
    let folder = logs(&[&records(SECOND)]);
    let claimed = json!({"rule": "claim", "kind": "web-identity", "complete": false, "certain": false,
        "gap": "only-claimed"});
    assert_eq!(says(OWN, folder.path()), claimed);
    let folder = logs(&[&records("2026-03-09T09:00:01Z")]);
    assert_eq!(says(OWN, folder.path()), gap("web-identity", true, "record-missing"));
}

#[test]
fn a_provider_is_the_same_however_a_record_writes_its_name() {
    for named in ["oidc.example.com/id/A", "https://oidc.example.com/id/A/"] {
        let records = [vouched(1, OWN, named), runs(2, OWN, SECOND, "oidc.example.com/id/A")];
        let folder = logs(&[&records]);
        let found = says(OWN, folder.path());
        assert_eq!((&found["rule"], &found["certain"]), (&json!("key"), &json!(true)), "{named}");
    }
}

/// A call of a federated user that names its issuer.
fn federated(number: u32, key: &str, user: &str, moment: &str) -> Value {
    let issuer = json!({"type": "IAMUser", "principalId": format!("AIDA{user}"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:user/{user}"), "userName": user});
    let who = json!({"type": "FederatedUser", "principalId": format!("{ACCOUNT}:ops"), "accountId": ACCOUNT,
        "arn": format!("arn:aws:sts::{ACCOUNT}:federated-user/ops")});
    let who = created(who, key, moment, &json!({"sessionIssuer": issuer}));
    call(number, &who, "2026-03-09T09:00:06Z", "s3.amazonaws.com", "ListBuckets")
}

#[test]
fn a_federated_user_is_of_the_user_whom_its_record_names_as_issuer() {
    let mut made = call(1, &dana(KEYS[0]), SECOND, "sts.amazonaws.com", "GetFederationToken");
    made["responseElements"] = json!({"credentials": {"accessKeyId": OTHER}, "federatedUser": {
        "federatedUserId": format!("{ACCOUNT}:ops"), "arn": format!("arn:aws:sts::{ACCOUNT}:federated-user/ops")}});
    let mut forwarded = federated(3, OWN, "eve", SECOND);
    forwarded["userIdentity"]["invokedBy"] = json!("athena.amazonaws.com");
    for own in [federated(3, OWN, "eve", SECOND), federated(3, OWN, "eve", "2026-03-09T09:00:01Z"), forwarded]
    {
        let folder = logs(&[&[made.clone(), federated(2, OTHER, "dana", SECOND), own]]);
        assert_eq!(says(OTHER, folder.path())["rule"], json!("key"));
        assert_eq!(says(OWN, folder.path()), gap("iam-user", true, "record-missing"));
        let found = said(&["trace", OWN, "--up"], folder.path());
        assert_eq!(found["origin"]["name"], json!("eve"));
        assert_eq!(found["origin"]["access_key"], Value::Null);
    }
}

#[test]
fn a_key_of_get_session_token_opens_no_console() {
    let token = |number, time| {
        let mut made = call(number, &dana(KEYS[0]), time, "sts.amazonaws.com", "GetSessionToken");
        made["responseElements"] = json!({"credentials": {"accessKeyId": OTHER}});
        made
    };
    let mut sign_in = call(2, &dana(""), SECOND, "signin.amazonaws.com", "ConsoleLogin");
    sign_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    sign_in["additionalEventData"] = json!({"MFAUsed": "Yes"});
    let before = call(4, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
    for console in [true, false] {
        let who = created(dana(OWN), OWN, SECOND, &json!({}));
        let mut acts = call(3, &who, "2026-03-09T09:00:10Z", "s3.amazonaws.com", "ListBuckets");
        if console {
            acts["sessionCredentialFromConsole"] = json!("true");
        }
        let folder = logs(&[&[token(1, SECOND), sign_in.clone(), acts.clone()]]);
        let found = said(&["trace", OWN, "--up"], folder.path());
        assert_eq!(found["links"][0]["event_id"], sign_in["eventID"]);
        assert_eq!(found["origin"]["access_key"], Value::Null);
        assert_eq!(found["origin"]["mfa"], json!(true));
        let proven =
            json!({"rule": "session", "kind": "iam-user", "complete": true, "certain": true, "gap": null});
        assert_eq!(says(OWN, folder.path()), proven);
        let folder = logs(&[&[token(1, "2026-03-09T09:00:01Z"), acts, before.clone()]]);
        assert_eq!(says(OWN, folder.path()), gap("iam-user", true, "sign-in-missing"));
    }
}

#[test]
fn what_a_service_forwards_for_a_user_is_of_the_session_token_of_that_second_or_of_the_sign_in() {
    let mut made = call(1, &dana(KEYS[0]), SECOND, "sts.amazonaws.com", "GetSessionToken");
    made["responseElements"] = json!({"credentials": {"accessKeyId": OTHER}});
    let who = created(dana(OWN), OWN, SECOND, &json!({}));
    let mut acts = call(2, &who, "2026-03-09T09:00:10Z", "kms.amazonaws.com", "Decrypt");
    acts["userIdentity"]["invokedBy"] = json!("athena.amazonaws.com");
    let folder = logs(&[&[made.clone(), acts.clone()]]);
    assert_eq!(says(OWN, folder.path())["rule"], json!("session"));
    assert_eq!(said(&["trace", OWN, "--up"], folder.path())["links"][0]["event_id"], made["eventID"]);
    let mut sign_in = call(3, &dana(""), SECOND, "signin.amazonaws.com", "ConsoleLogin");
    sign_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    let folder = logs(&[&[made, acts, sign_in]]);
    let found = said(&["trace", OWN, "--up"], folder.path());
    assert_eq!(found["links"][0]["ambiguous"].as_array().map(Vec::len), Some(2));
    assert_eq!(says(OWN, folder.path())["certain"], json!(true));
}
