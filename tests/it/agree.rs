//! Sessions that two records tell of: `trace` and `origins` say the same of whom they are.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, call, logs, said};

const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const TIME: &str = "2026-03-09T08:00:00Z";

fn arn(name: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/edge/{name}")
}

/// A call in a session of the role `edge` that was created at [`TIME`].
fn acts(number: u32, name: &str) -> Value {
    let issuer = json!({"type": "Role", "principalId": "AROARTX3GSDSQAEXAMPLE", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/edge"), "userName": "edge"});
    let who = json!({"type": "AssumedRole", "principalId": format!("AROARTX3GSDSQAEXAMPLE:{name}"), "arn": arn(name),
        "accountId": ACCOUNT, "accessKeyId": KEY, "sessionContext": {"sessionIssuer": issuer,
        "attributes": {"creationDate": TIME, "mfaAuthenticated": "false"}}});
    call(number, &who, "2026-03-09T08:01:00Z", "s3.amazonaws.com", "ListBuckets")
}

/// The AssumeRole by a service that made such a session.
fn assumed(number: u32, service: &str, name: &str) -> Value {
    let who = json!({"type": "AWSService", "invokedBy": format!("{service}.amazonaws.com")});
    let mut made = call(number, &who, TIME, "sts.amazonaws.com", "AssumeRole");
    made["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{ACCOUNT}:role/edge"), "roleSessionName": name});
    made["responseElements"] = json!({"credentials": {"accessKeyId": KEY}, "assumedRoleUser": {"arn": arn(name),
        "assumedRoleId": format!("AROARTX3GSDSQAEXAMPLE:{name}")}});
    made
}

#[test]
fn a_session_of_roles_anywhere_is_of_the_certificate_that_its_own_record_names() {
    let name = "00112233";
    let who = json!({"type": "Unknown", "principalId": "", "accountId": ACCOUNT});
    let mut created = call(1, &who, TIME, "rolesanywhere.amazonaws.com", "CreateSession");
    created["responseElements"] = json!({"credentialSet": [{"assumedRoleUser": {"arn": arn(name),
        "assumedRoleId": format!("AROARTX3GSDSQAEXAMPLE:{name}")}, "credentials": {"accessKeyId": KEY}}]});
    created["additionalEventData"] = json!({"x509Subject": "CN=edge-1"});
    let event = created["eventID"].clone();
    let folder = logs(&[&[created, assumed(2, "rolesanywhere", name), acts(3, name)]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!((&origin["kind"], &origin["name"]), (&json!("certificate"), &json!("CN=edge-1")));
    assert_eq!(found["links"][0]["event_id"], event);
    let sql = format!("select origin, event_id, rule from origins where access_key_id = '{KEY}'");
    let row = &said(&["sql", &sql], folder.path())["rows"][0];
    assert_eq!(row, &json!({"origin": "CN=edge-1", "event_id": event, "rule": found["links"][0]["rule"]}));
}

#[test]
fn a_pod_of_eks_is_the_origin_and_the_node_that_fetched_its_key_stands_above() {
    let pod = "eks-shop-worker-7d";
    let node_key = "ASIARTX3GSDSREXAMPLE";
    let node_arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/node/i-0123456789abcdef0");
    let node = json!({"type": "AssumedRole", "principalId": "AROARTX3GSDSRBEXAMPLE:i-0123456789abcdef0",
        "arn": node_arn, "accountId": ACCOUNT, "accessKeyId": node_key, "sessionContext": {"ec2RoleDelivery": "2.0",
        "sessionIssuer": {"type": "Role", "principalId": "AROARTX3GSDSRBEXAMPLE", "accountId": ACCOUNT,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/node"), "userName": "node"},
        "attributes": {"creationDate": "2026-03-09T07:30:00Z", "mfaAuthenticated": "false"}}});
    let mut fetched = call(1, &node, TIME, "eks-auth.amazonaws.com", "AssumeRoleForPodIdentity");
    fetched["responseElements"] = json!({"credentials": {"accessKeyId": KEY}, "assumedRoleUser": {"arn": arn(pod),
        "assumeRoleId": format!("AROARTX3GSDSQAEXAMPLE:{pod}")}});
    let mut issued = assumed(2, "pods.eks", pod);
    issued["requestParameters"]["tags"] = json!([{"key": "kubernetes-namespace", "value": "shop"},
        {"key": "kubernetes-pod-name", "value": "worker-7d"}]);
    let (event, by_sts) = (fetched["eventID"].clone(), issued["eventID"].clone());
    let folder = logs(&[&[fetched, issued, acts(3, pod)]]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let origin = &found["origin"];
    assert_eq!(
        (&origin["name"], &origin["on_behalf_of"]["kind"]),
        (&json!("pods.eks.amazonaws.com"), &json!("pod"))
    );
    assert_eq!(found["links"][0]["event_id"], by_sts, "{found}");
    assert_eq!((&origin["above"]["rule"], &origin["above"]["event_id"]), (&json!("key"), &event), "{found}");
    assert_eq!(origin["above"]["origin"]["on_behalf_of"]["kind"], "instance", "{found}");
    let sql = format!("select above_rule, above_event_id, root from origins where access_key_id = '{KEY}'");
    let row = &said(&["sql", &sql], folder.path())["rows"][0];
    let root = "ec2.amazonaws.com for instance i-0123456789abcdef0";
    assert_eq!(row, &json!({"above_rule": "key", "above_event_id": event, "root": root}));
    let below = said(&["trace", node_key, "--down"], folder.path());
    assert_eq!(below["descendants"][0]["id"], json!(arn(pod)), "{below}");
}
