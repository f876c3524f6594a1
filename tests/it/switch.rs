//! Who switched roles in the console, where the record of the switch is all that tells: `trace` up and down, `origins` and the
//! twin say the same of it.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::below::{ACCOUNT, DANA, KEYS, call, dana, logs, said};
use crate::twin::{Logged, Twin};

const SWITCHED: &str = "ASIARTX3GSDSWEXAMPLE";
const HUB: &str = "ASIARTX3GSDSVEXAMPLE";
const SWITCH: u32 = 5;

fn arn(role: &str, name: &str) -> String {
    format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}")
}

fn event_id(number: u32) -> String {
    format!("00000000-0000-4000-8000-{number:012}")
}

fn session(role: &str, name: &str, key: &str, created: &str) -> Value {
    let id = format!("AROARTX3GSDSQ{}AAAAAAA", role.to_uppercase().replace('_', "A"));
    let id = &id[..21];
    json!({"type": "AssumedRole", "principalId": format!("{id}:{name}"), "arn": arn(role, name), "accountId": ACCOUNT,
        "accessKeyId": key, "sessionContext": {"sessionIssuer": {"type": "Role", "principalId": id,
        "arn": format!("arn:aws:iam::{ACCOUNT}:role/{role}"), "accountId": ACCOUNT, "userName": role},
        "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}})
}

/// Someone assumes a role.
fn assume(number: u32, who: &Value, time: &str, session: &Value) -> Value {
    let mut made = call(number, who, time, "sts.amazonaws.com", "AssumeRole");
    let name = session["principalId"].as_str().unwrap().split(':').nth(1).unwrap();
    made["requestParameters"] =
        json!({"roleArn": session["sessionContext"]["sessionIssuer"]["arn"], "roleSessionName": name});
    made["responseElements"] = json!({"credentials": {"accessKeyId": session["accessKeyId"]},
        "assumedRoleUser": {"arn": session["arn"], "assumedRoleId": session["principalId"]}});
    made
}

/// Someone switches to the role `admin` at 10:00, and makes a call in it. STS's own record is not here.
fn switch(from: &str) -> [Value; 2] {
    let inside = session("admin", "ops", SWITCHED, "2026-03-09T10:00:00Z");
    let mut own = inside.clone();
    for field in ["accessKeyId", "sessionContext"] {
        own.as_object_mut().unwrap().remove(field);
    }
    let mut made = call(SWITCH, &own, "2026-03-09T10:00:00Z", "signin.amazonaws.com", "SwitchRole");
    made["eventType"] = json!("AwsConsoleSignIn");
    made["responseElements"] = json!({"SwitchRole": "Success"});
    made["additionalEventData"] = json!({"SwitchFrom": from});
    [made, call(SWITCH + 1, &inside, "2026-03-09T10:01:00Z", "iam.amazonaws.com", "ListUsers")]
}

/// The lines of a tree that are sessions of `admin`: rule, calls, remarks.
fn switched(who: &str, logs: &TempDir) -> Vec<[Value; 3]> {
    fn add(lines: &Value, found: &mut Vec<[Value; 3]>) {
        for line in lines.as_array().unwrap() {
            if line["id"] == arn("admin", "ops") {
                found.push(["rule", "calls", "remarks"].map(|field| line[field].clone()));
            }
            add(&line["children"], found);
        }
    }
    let mut found = Vec::new();
    add(&said(&["trace", who, "--down"], logs.path())["descendants"], &mut found);
    found
}

/// Of the key of the switched session: the rules of the links up, and of `trace` and `origins` alike what they say of the
/// origin: name, whether it is complete and certain, the gap.
fn origin(logs: &TempDir) -> (Vec<String>, [Value; 4]) {
    let found = said(&["trace", SWITCHED, "--up"], logs.path());
    let links = found["links"].as_array().unwrap().iter().filter(|link| link["above_origin"] != true);
    let links: Vec<String> = links.map(|link| link["rule"].as_str().unwrap().to_owned()).collect();
    let own = &found["origin"];
    let up = [&own["arn"], &own["complete"], &own["certain"], &own["gap"]["reason"]].map(Value::clone);
    let sql = format!(
        "select origin, complete, certain, gap, depth from origins where access_key_id = '{SWITCHED}'"
    );
    let row = &said(&["sql", &sql], logs.path())["rows"][0];
    let gap = |value: &Value| value.as_str().map(str::to_owned);
    let all = [&row["complete"], &row["certain"], &row["gap"]];
    assert_eq!(all[..2], [&up[1], &up[2]], "{row} {own}");
    assert_eq!((gap(all[2]), &row["depth"]), (gap(&up[3]), &json!(links.len())), "{row} {own}");
    if own["kind"] == "iam-user" {
        // Of several that come into question both name all.
        let several = own["may_be"].as_array().into_iter().flatten();
        let several: Vec<&str> = several.filter_map(|one| one["id"].as_str()).collect();
        let named = if several.is_empty() { up[0].clone() } else { json!(several.join(" or ")) };
        assert_eq!(row["origin"], named);
    }
    (links, up)
}

/// Rules, whether it is complete, and in how many origins it ends, as the twin has it of the last record.
fn twin(records: &[Value]) -> (Vec<String>, bool, usize) {
    let logged = records.iter().cloned().enumerate();
    let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
    let twin = Twin::new(logged.collect());
    let answer = twin.of_record(records.len() - 1);
    (answer.links.into_iter().map(|(rule, _)| rule).collect(), answer.complete, answer.origins.len())
}

#[test]
fn a_user_has_the_roles_that_it_switched_to_below_it() {
    let mut sign_in = dana("");
    sign_in.as_object_mut().unwrap().remove("accessKeyId");
    let mut signed_in = call(1, &sign_in, "2026-03-09T09:00:00Z", "signin.amazonaws.com", "ConsoleLogin");
    signed_in["eventType"] = json!("AwsConsoleSignIn");
    signed_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    let key = call(2, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets");
    // Where the sign-in is not here it is missing, as of any call in the console.
    for (before, steps, gap) in [
        (vec![signed_in.clone()], 2, Value::Null),
        (vec![key.clone()], 1, json!("before-logs")),
        (vec![signed_in, key], 2, Value::Null),
    ] {
        let folder = logs(&[&before, &switch(DANA)]);
        assert_eq!(switched("user/dana", &folder), [[json!("session"), json!(1), json!([])]]);
        let (rules, up) = origin(&folder);
        assert_eq!(rules, vec!["session"; steps]);
        assert_eq!(up, [json!(DANA), json!(gap.is_null()), json!(true), gap]);
        let records = [before, switch(DANA).to_vec()].concat();
        assert_eq!(twin(&records), (rules, up[1] == true, 1));
    }
    // A long-term key is not what switches.
    let folder = logs(&[
        &[call(2, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "s3.amazonaws.com", "ListBuckets")],
        &switch(DANA),
    ]);
    assert!(switched(KEYS[0], &folder).is_empty());
}

#[test]
fn a_session_that_switched_roles_leads_on_to_who_may_have_made_it() {
    let hub = session("hub", "ops", HUB, "2026-03-09T08:00:00Z");
    let mut records = vec![
        assume(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", &hub),
        call(2, &hub, "2026-03-09T08:01:00Z", "s3.amazonaws.com", "ListBuckets"),
    ];
    records.extend(switch(&arn("hub", "ops")));
    let folder = logs(&[&records]);
    let (rules, up) = origin(&folder);
    assert_eq!(rules, ["session", "claim"]);
    assert_eq!(up, [json!(DANA), json!(false), json!(false), json!("only-claimed")]);
    assert_eq!(twin(&records), (rules, false, 1));
    let below = switched(KEYS[0], &folder);
    let remark = json!(["SwitchRole names who switched by ARN alone"]);
    assert_eq!(below, [[json!("claim"), json!(1), remark]]);
    // What comes after the switch, or twelve hours before, made it not: then nobody is known.
    for (time, created) in
        [("2026-03-09T11:00:00Z", "2026-03-09T11:00:00Z"), ("2026-03-08T21:00:00Z", "2026-03-08T21:00:00Z")]
    {
        let hub = session("hub", "ops", HUB, created);
        let mut records = vec![
            assume(1, &dana(KEYS[0]), time, &hub),
            call(2, &hub, &time.replace(":00Z", ":09Z"), "s3.amazonaws.com", "ListBuckets"),
        ];
        records.extend(switch(&arn("hub", "ops")));
        let folder = logs(&[&records]);
        let (rules, up) = origin(&folder);
        assert_eq!((rules.as_slice(), &up[3]), (&["session".to_owned()][..], &json!("record-missing")));
        assert_eq!(twin(&records).0, rules);
        assert!(switched(KEYS[0], &folder).is_empty());
    }
}

#[test]
fn of_two_who_bore_the_name_of_who_switched_either_may_have() {
    let mut eve = dana(KEYS[1]);
    eve["userName"] = json!("eve");
    eve["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/eve"));
    eve["principalId"] = json!("AIDARTX3GSDSQEEXAMPLE");
    let of = |key: &str, created: &str| session("hub", "ops", key, created);
    let mut records = vec![
        assume(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", &of(HUB, "2026-03-09T08:00:00Z")),
        assume(2, &eve, "2026-03-09T09:00:00Z", &of("ASIARTX3GSDSXEXAMPLE", "2026-03-09T09:00:00Z")),
    ];
    records.extend(switch(&arn("hub", "ops")));
    let folder = logs(&[&records]);
    let (rules, up) = origin(&folder);
    assert_eq!((rules.len(), &up[2], &up[3]), (2, &json!(false), &json!("several-origins")));
    assert_eq!(twin(&records), (rules, false, 2));
    let found = said(&["trace", SWITCHED, "--up"], folder.path());
    assert_eq!(found["links"][1]["ambiguous"], json!([event_id(1), event_id(2)]));
}

#[test]
fn a_person_of_identity_center_is_known_whichever_of_its_sessions_switched() {
    let role = "AWSReservedSSO_Admin_0123456789abcdef";
    let caller = json!({"type": "SAMLUser", "principalId": "x:lea@example.com", "userName": "lea@example.com",
        "identityProvider": "x", "accountId": ACCOUNT});
    let signed_in = |number: u32, time: &str, key: &str| {
        let inside = session(role, "lea@example.com", key, time);
        let mut made = assume(number, &caller, time, &inside);
        made["eventName"] = json!("AssumeRoleWithSAML");
        made["requestParameters"]["principalArn"] =
            json!(format!("arn:aws:iam::{ACCOUNT}:saml-provider/AWSSSO_0123456789abcdef_DO_NOT_DELETE"));
        made["responseElements"]["subject"] = json!("lea@example.com");
        [made, call(number + 1, &inside, &time.replace(":00Z", ":09Z"), "s3.amazonaws.com", "ListBuckets")]
    };
    let mut records = signed_in(1, "2026-03-09T08:00:00Z", HUB).to_vec();
    records.extend(signed_in(3, "2026-03-09T09:00:00Z", "ASIARTX3GSDSXEXAMPLE"));
    records.extend(switch(&arn(role, "lea@example.com")));
    let folder = logs(&[&records]);
    let (rules, up) = origin(&folder);
    assert_eq!(rules, ["session", "session"]);
    assert_eq!(up[1..], [json!(true), json!(true), Value::Null]);
    assert_eq!(twin(&records), (rules, true, 1));
    assert_eq!(switched("ASIARTX3GSDSXEXAMPLE", &folder), [[json!("session"), json!(1), json!([])]]);
}

/// dana signs in at the console, with MFA or without.
fn sign_in(number: u32, time: &str, mfa: &str) -> Value {
    let mut identity = dana("");
    identity.as_object_mut().unwrap().remove("accessKeyId");
    let mut made = call(number, &identity, time, "signin.amazonaws.com", "ConsoleLogin");
    made["eventType"] = json!("AwsConsoleSignIn");
    made["responseElements"] = json!({"ConsoleLogin": "Success"});
    made["additionalEventData"] = json!({"MFAUsed": mfa});
    made
}

/// eve sets dana's password.
fn password(number: u32, time: &str) -> Value {
    let mut eve = dana(KEYS[1]);
    eve["userName"] = json!("eve");
    eve["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/eve"));
    eve["principalId"] = json!("AIDARTX3GSDSQEEXAMPLE");
    let mut made = call(number, &eve, time, "iam.amazonaws.com", "UpdateLoginProfile");
    made["requestParameters"] = json!({"userName": "dana"});
    made
}

/// Of whoever switched: sign-in, MFA and the record above, as `trace` has them of the session and of the record of the
/// switch, and `origins` of the session.
fn came_by(logs: &TempDir) -> [Value; 3] {
    let of = |who: &str| {
        let origin = said(&["trace", who, "--up"], logs.path())["origin"].clone();
        [origin["sign_in"].clone(), origin["mfa"].clone(), origin["above"]["event_id"].clone()]
    };
    let found = of(SWITCHED);
    assert_eq!(found, of(&event_id(SWITCH)));
    for session in [format!("access_key_id = '{SWITCHED}'"), "depth = 2 and access_key_id is null".to_owned()]
    {
        let sql = format!("select above_event_id, root from origins where {session}");
        let row = &said(&["sql", &sql], logs.path())["rows"][0];
        assert_eq!(row["above_event_id"], found[2], "{session}");
        let root = if found[2].is_null() { DANA.to_owned() } else { DANA.replace("dana", "eve") };
        assert_eq!(row["root"], root, "{session}");
    }
    found
}

#[test]
fn a_user_that_switched_came_by_its_sign_in_and_its_password() {
    let before = [password(1, "2026-03-08T09:00:00Z"), sign_in(2, "2026-03-09T09:00:00Z", "Yes")];
    let folder = logs(&[&before, &switch(DANA)]);
    assert_eq!(came_by(&folder), [json!(event_id(2)), json!(true), json!(event_id(1))]);
    // A sign-in that had ended, of another user, that failed, or later, is not it.
    let mut other = sign_in(4, "2026-03-09T09:30:00Z", "Yes");
    other["userIdentity"]["arn"] = json!(DANA.replace("dana", "eve"));
    other["userIdentity"]["userName"] = json!("eve");
    let mut failed = sign_in(7, "2026-03-09T09:40:00Z", "Yes");
    failed["responseElements"] = json!({"ConsoleLogin": "Failure"});
    let more =
        [sign_in(3, "2026-03-08T21:59:00Z", "No"), other, failed, sign_in(8, "2026-03-09T10:01:00Z", "No")];
    let folder = logs(&[&before, &more, &switch(DANA)]);
    assert_eq!(came_by(&folder), [json!(event_id(2)), json!(true), json!(event_id(1))]);
    let folder = logs(&[&more, &switch(DANA)]);
    assert_eq!(origin(&folder).1[3], json!("sign-in-missing"));
}

#[test]
fn of_several_sign_ins_of_who_switched_only_what_they_share_is_told() {
    let two = [sign_in(2, "2026-03-09T08:00:00Z", "Yes"), sign_in(3, "2026-03-09T09:00:00Z", "Yes")];
    let folder = logs(&[&[password(1, "2026-03-08T09:00:00Z")], &two, &switch(DANA)]);
    assert_eq!(came_by(&folder), [Value::Null, json!(true), json!(event_id(1))]);
    let link = &said(&["trace", SWITCHED, "--up"], folder.path())["links"][1];
    assert_eq!(link["ambiguous"], json!([event_id(2), event_id(3)]));
    assert_eq!(origin(&folder).1[1..], [json!(true), json!(true), Value::Null]);
    // Between them the password was set: which of the two was signed in with is not known.
    let one = sign_in(3, "2026-03-09T09:00:00Z", "No");
    let folder = logs(&[&[two[0].clone(), password(1, "2026-03-09T08:30:00Z"), one], &switch(DANA)]);
    assert_eq!(came_by(&folder), [Value::Null, Value::Null, Value::Null]);
}

#[test]
fn the_record_of_a_switch_leads_up_to_who_switched() {
    let hub = session("hub", "ops", HUB, "2026-03-09T08:00:00Z");
    let made = [
        assume(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", &hub),
        call(2, &hub, "2026-03-09T08:01:00Z", "s3.amazonaws.com", "ListBuckets"),
    ];
    // Somebody else switched to a session of the same name, an hour later.
    let mut later = switch(&DANA.replace("dana", "eve"))[0].clone();
    later["eventTime"] = json!("2026-03-09T11:00:00Z");
    later["eventID"] = json!(event_id(9));
    let folder = logs(&[&made, &switch(&arn("hub", "ops")), &[later]]);
    let up = |who: &str| {
        let found = said(&["trace", who, "--up"], folder.path());
        let links = found["links"].as_array().unwrap().iter();
        let links: Vec<Value> = links.map(|link| link["rule"].clone()).collect();
        (links, found["origin"]["arn"].clone(), found["origin"]["gap"]["reason"].clone())
    };
    let of_session = (vec![json!("session"), json!("claim")], json!(DANA), json!("only-claimed"));
    assert_eq!((up(SWITCHED), up(&event_id(SWITCH))), (of_session.clone(), of_session));
    let eve = json!(DANA.replace("dana", "eve"));
    assert_eq!(up(&event_id(9)), (vec![json!("session")], eve.clone(), json!("before-logs")));
    // Each record of a switch is of a session of its own.
    let sql = "select rule, event_id, origin, gap from origins where access_key_id is null order by event_id";
    let rows = json!([
        {"rule": "session", "event_id": event_id(SWITCH), "origin": DANA, "gap": "only-claimed"},
        {"rule": "session", "event_id": event_id(9), "origin": eve, "gap": "before-logs"}]);
    assert_eq!(said(&["sql", sql], folder.path())["rows"], rows);
    for (records, place) in [(switch(DANA).to_vec(), 0), (switch(&arn("hub", "ops")).to_vec(), 0)] {
        let logged = records.iter().cloned().enumerate();
        let logged = logged.map(|(index, record)| Logged { object: String::new(), index, record });
        let links = Twin::new(logged.collect()).of_record(place).links;
        assert_eq!(links, [("session".to_owned(), event_id(SWITCH))]);
    }
}

#[test]
fn what_a_switch_led_to_is_below_its_record() {
    let folder = logs(&[&switch(DANA)]);
    assert_eq!(switched(&event_id(SWITCH), &folder), [[json!("session"), json!(1), json!([])]]);
}
