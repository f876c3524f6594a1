//! What `trace`, `origins` and `investigate --follow` say of those who stand above an origin, where another made something
//! of the same name or changed it: workloads, passwords, users.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, call, dana, logs, said};

const INSTANCE: &str = "i-0123456789abcdef0";
const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const DANAS: &str = KEYS[0];
const EVES: &str = KEYS[1];

/// eve with a long-term key.
fn eve() -> Value {
    user("eve", EVES)
}

fn user(name: &str, key: &str) -> Value {
    let mut identity = dana(key);
    identity["userName"] = json!(name);
    identity["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/{name}"));
    identity["principalId"] = json!(format!("AIDARTX3GSDSQ{}EXAMPLE", name.to_uppercase()));
    identity
}

fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// A session of a role that a service assumed, created at a moment.
fn session(role: &str, name: &str, key: &str, created: &str) -> Value {
    let id = format!("AROARTX3GSDSQ{}EXAMPLE", role.replace('-', "").to_uppercase());
    json!({"type": "AssumedRole", "principalId": format!("{id}:{name}"), "accountId": ACCOUNT, "accessKeyId": key,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"), "sessionContext": {"sessionIssuer": {
        "type": "Role", "principalId": id, "arn": role_arn(role), "accountId": ACCOUNT, "userName": role},
        "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}})
}

/// The AssumeRole by a service that made such a session, and a call of it.
fn acting(number: u32, service: &str, session: &Value, region: &str) -> [Value; 2] {
    let time = session["sessionContext"]["attributes"]["creationDate"].as_str().unwrap();
    let caller = json!({"type": "AWSService", "invokedBy": format!("{service}.amazonaws.com")});
    let mut assumed = call(number, &caller, time, "sts.amazonaws.com", "AssumeRole");
    let name = session["principalId"].as_str().unwrap().split(':').nth(1).unwrap();
    assumed["awsRegion"] = json!(region);
    assumed["requestParameters"] =
        json!({"roleArn": session["sessionContext"]["sessionIssuer"]["arn"], "roleSessionName": name});
    assumed["responseElements"] = json!({"credentials": {"accessKeyId": session["accessKeyId"]},
        "assumedRoleUser": {"arn": session["arn"], "assumedRoleId": session["principalId"]}});
    let acted = call(number + 1, session, &time.replace(":00Z", ":05Z"), "iam.amazonaws.com", "ListUsers");
    [assumed, acted]
}

/// A call on a function that names its role.
fn function(number: u32, who: &Value, time: &str, region: &str, [name, role]: [&str; 2]) -> Value {
    let mut made = call(number, who, time, "lambda.amazonaws.com", name);
    made["awsRegion"] = json!(region);
    made["requestParameters"] = json!({"functionName": "resize", "role": role_arn(role)});
    made["responseElements"] = json!({"functionName": "resize", "role": role_arn(role),
        "functionArn": format!("arn:aws:lambda:{region}:{ACCOUNT}:function:resize")});
    made
}

/// The event ids of the links of a rule above the origin of a key.
fn above(rule: &str, key: &str, logs: &Path) -> Vec<String> {
    let found = said(&["trace", key, "--up"], logs);
    let links = found["links"].as_array().unwrap().iter();
    let links = links.filter(|link| link["above_origin"] == true && link["rule"] == rule);
    links.map(|link| link["event_id"].as_str().unwrap().to_owned()).collect()
}

/// The event above the origin of the caller with a key, and whoever stands above all, as `origins` has them.
fn origins(key: &str, logs: &Path) -> [Value; 2] {
    let sql = format!("select above_event_id, root from origins where access_key_id = '{key}'");
    let found = said(&["sql", &sql], logs);
    ["above_event_id", "root"].map(|column| found["rows"][0][column].clone())
}

/// Whether a session of a role stands as a fact below what somebody launched or made.
fn leads_to(key: &str, role: &str, logs: &Path) -> bool {
    fn any(lines: &Value, role: &str) -> bool {
        lines.as_array().unwrap().iter().any(|line| {
            let is = line["id"].as_str().unwrap().contains(&format!(":assumed-role/{role}/"));
            (is && line["rule"] != "claim") || any(&line["children"], role)
        })
    }
    any(&said(&["trace", key, "--down"], logs)["descendants"], role)
}

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

#[test]
fn functions_of_one_name_in_two_regions_have_makers_of_their_own() {
    let create = "CreateFunction20150331";
    let mut acting =
        acting(3, "lambda", &session("admin", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    for in_scope in [false, true] {
        if in_scope {
            acting[1]["userIdentity"]["inScopeOf"] = json!({"issuerType": "AWS::Lambda::Function",
                "credentialsIssuedTo": format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize")});
        }
        let made = [
            function(1, &eve(), "2026-03-09T08:00:00Z", "eu-west-1", [create, "admin"]),
            function(2, &dana(DANAS), "2026-03-09T09:00:00Z", "us-east-1", [create, "admin"]),
        ];
        let folder = logs(&[&made, &acting]);
        assert_eq!(above("launched", KEY, folder.path()), [event_id(1)]);
        assert_eq!(origins(KEY, folder.path()), [json!(event_id(1)), eve()["arn"].clone()]);
        assert!(leads_to(EVES, "admin", folder.path()) && !leads_to(DANAS, "admin", folder.path()));
    }
}

#[test]
fn who_launched_a_function_with_another_role_is_not_behind_this_one() {
    let acting = acting(3, "lambda", &session("admin", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    let made =
        function(1, &dana(DANAS), "2026-03-09T08:00:00Z", "eu-west-1", ["CreateFunction20150331", "reader"]);
    let folder = logs(&[&[made], &acting]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    assert_eq!(found["origin"]["above"], Value::Null);
    let mismatch = &found["mismatches"][0];
    assert_eq!((&mismatch["kind"], &mismatch["verified"]), (&json!("role"), &json!("admin")));
    assert_eq!(mismatch["event_id"], event_id(1));
    assert_eq!(origins(KEY, folder.path()), [Value::Null, json!("lambda.amazonaws.com for function resize")]);
    assert!(!leads_to(DANAS, "admin", folder.path()));
}

#[test]
fn who_gave_a_function_another_role_is_behind_what_it_does_then() {
    let (reader, admin) = ("ASIARTX3GSDSREXAMPLE", KEY);
    let update = "UpdateFunctionConfiguration20150331v2";
    let made = [
        function(1, &dana(DANAS), "2026-03-09T08:00:00Z", "eu-west-1", ["CreateFunction20150331", "reader"]),
        function(2, &eve(), "2026-03-09T09:30:00Z", "eu-west-1", [update, "admin"]),
    ];
    let before =
        acting(3, "lambda", &session("reader", "resize", reader, "2026-03-09T09:00:00Z"), "eu-west-1");
    let after = acting(5, "lambda", &session("admin", "resize", admin, "2026-03-09T10:00:00Z"), "eu-west-1");
    let folder = logs(&[&made, &before, &after]);
    for (key, number, maker) in [(reader, 1, dana(DANAS)), (admin, 2, eve())] {
        assert_eq!(above("launched", key, folder.path()), [event_id(number)]);
        assert_eq!(origins(key, folder.path()), [json!(event_id(number)), maker["arn"].clone()]);
    }
    let leads = |key| ["reader", "admin"].map(|role| leads_to(key, role, folder.path()));
    assert_eq!((leads(DANAS), leads(EVES)), ([true, false], [false, true]));
}

#[test]
fn who_gave_an_instance_another_profile_is_behind_what_it_does_then() {
    let mut run = call(1, &dana(DANAS), "2026-03-09T08:00:00Z", "ec2.amazonaws.com", "RunInstances");
    run["requestParameters"] = json!({"iamInstanceProfile": {"name": "web"}});
    run["responseElements"] = json!({"instancesSet": {"items": [{"instanceId": INSTANCE}]}});
    let acting = acting(3, "ec2", &session("admin", INSTANCE, KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    // No record tells that the profile holds the role: it may.
    let folder = logs(&[std::slice::from_ref(&run), &acting]);
    let found = said(&["trace", KEY, "--up"], folder.path());
    let launched = &found["links"].as_array().unwrap().last().unwrap();
    assert_eq!((&launched["event_id"], &launched["role_untold"]), (&json!(event_id(1)), &json!("admin")));
    for name in ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"] {
        let mut swap = call(2, &eve(), "2026-03-09T09:30:00Z", "ec2.amazonaws.com", name);
        swap["requestParameters"][format!("{name}Request")] =
            json!({"IamInstanceProfile": {"Name": "admin"}});
        swap["responseElements"][format!("{name}Response")] =
            json!({"iamInstanceProfileAssociation": {"instanceId": INSTANCE}});
        let folder = logs(&[&[run.clone(), swap], &acting]);
        assert_eq!(above("launched", KEY, folder.path()), [event_id(2)], "{name}");
        assert_eq!(origins(KEY, folder.path()), [json!(event_id(2)), eve()["arn"].clone()]);
        assert!(leads_to(EVES, "admin", folder.path()) && !leads_to(DANAS, "admin", folder.path()));
    }
}
