//! What `investigate` tells of others' calls: it looks for few of them, and finds those that prove something.

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, assume, call, dana, logs, said};

const SESSION: &str = "ASIARTX3GSDSSEXAMPLE";

fn role(name: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/team/{name}")
}

/// A call of AssumeRole by somebody else, with what stands as the session in its answer.
fn assumed(number: u32, role_name: &str, session: Option<&str>) -> Value {
    let time = format!("2026-03-09T09:00:{number:02}Z");
    let mut made = call(number, &dana(KEYS[1]), &time, "sts.amazonaws.com", "AssumeRole");
    made["requestParameters"] = json!({"roleArn": role(role_name), "roleSessionName": "x"});
    made["responseElements"] = match session {
        Some(arn) => json!({"assumedRoleUser": {"arn": arn, "assumedRoleId": "AROARTX3GSDSQAEXAMPLE:x"}}),
        None => Value::Null,
    };
    made
}

#[test]
fn the_use_of_a_role_that_the_subject_made_is_found_whatever_the_answer_names() {
    let mut create = call(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "iam.amazonaws.com", "CreateRole");
    create["readOnly"] = json!(false);
    create["requestParameters"] = json!({"roleName": "front", "path": "/team/"});
    create["responseElements"] = json!({"role": {"roleName": "front", "arn": role("front")}});
    let mut delete = call(20, &dana(KEYS[1]), "2026-03-09T10:00:00Z", "iam.amazonaws.com", "DeleteRole");
    delete["readOnly"] = json!(false);
    delete["requestParameters"] = json!({"roleName": "front"});
    let session = |name: &str| format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/x");
    let mut refused = assumed(4, "front", None);
    refused["errorCode"] = json!("AccessDenied");
    let others = [
        assumed(2, "front", Some(&session("front"))),
        assumed(3, "front", Some("HIDDEN_DUE_TO_SECURITY_REASONS")),
        refused,
        assumed(5, "front", Some("")),
        assumed(6, "front", None),
        assumed(7, "back", Some(&session("back"))),
        assumed(8, "back", None),
    ];
    let folder = logs(&[&[create], &others, &[delete]]);
    let found = said(&["investigate", KEYS[0]], folder.path());
    let made = &found["made"][0];
    assert_eq!((&made["kind"], &made["id"]), (&json!("role"), &json!("front")), "{made:#}");
    assert_eq!((&made["used"]["calls"], &made["used"]["refused"]), (&json!(4), &json!(1)), "{made:#}");
    assert_eq!(made["gone"]["by"]["access_key_id"], json!(KEYS[1]), "{made:#}");
}

#[test]
fn who_made_a_temporary_key_is_found_by_the_key_among_many_who_assume() {
    let mut session = dana(SESSION);
    session["type"] = json!("AssumedRole");
    session["arn"] = json!(format!("arn:aws:sts::{ACCOUNT}:assumed-role/deploy/x"));
    session["principalId"] = json!("AROARTX3GSDSQAEXAMPLE:x");
    let issued = [
        assume(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "x", SESSION),
        assume(2, &dana(KEYS[1]), "2026-03-09T08:00:01Z", "x", "ASIARTX3GSDSTEXAMPLE"),
    ];
    let own = call(3, &session, "2026-03-09T08:00:05Z", "s3.amazonaws.com", "ListBuckets");
    let folder = logs(&[&issued, &[own]]);
    let found = said(&["investigate", SESSION], folder.path());
    let by = &found["subject"]["made_by"];
    assert_eq!(by.as_array().map(Vec::len), Some(1), "{by:#}");
    assert_eq!(by[0]["by"]["access_key_id"], json!(KEYS[0]), "{by:#}");
}

#[test]
fn an_address_of_a_vpc_belongs_to_the_instance_that_was_launched_with_it() {
    // A VPC may have a range that is public elsewhere.
    for (address, endpoint, belongs) in [
        ("10.0.0.7", None, true),
        ("52.10.20.30", Some("vpce-0123456789abcdef0"), true),
        ("52.10.20.30", None, false),
    ] {
        let mut run = call(1, &dana(KEYS[1]), "2026-03-09T09:00:00Z", "ec2.amazonaws.com", "RunInstances");
        run["readOnly"] = json!(false);
        run["responseElements"] = json!({"instancesSet": {"items": [
            {"instanceId": "i-0123456789abcdef0", "privateIpAddress": address}]}});
        let mut own = call(2, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
        own["sourceIPAddress"] = json!(address);
        if let Some(endpoint) = endpoint {
            own["vpcEndpointId"] = json!(endpoint);
        }
        let folder = logs(&[&[run], &[own]]);
        let found = said(&["investigate", KEYS[0]], folder.path());
        let expected = if belongs { json!("i-0123456789abcdef0") } else { Value::Null };
        assert_eq!(found["places"]["addresses"][0]["belongs_to"]["id"], expected, "{address} {endpoint:?}");
    }
}
