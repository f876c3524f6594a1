//! What stands below whom: what services made for a user, keys that were refreshed, users under other names, roots, tasks by
//! the definition that names their image and role.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, DANA, KEYS, assume, call, dana, logs, said, session, user};

const OTHERS: &str = "444455556666";
const DANAS: &str = KEYS[0];
const EVES: &str = KEYS[1];
const THIRD: &str = "AKIARTX3GSDSSEXAMPLE";
const TEMPORARY: [&str; 3] = ["ASIARTX3GSDSQEXAMPLE", "ASIARTX3GSDSREXAMPLE", "ASIARTX3GSDSSEXAMPLE"];

fn root(key: &str) -> Value {
    json!({"type": "Root", "principalId": ACCOUNT, "arn": format!("arn:aws:iam::{ACCOUNT}:root"), "accountId": ACCOUNT,
        "accessKeyId": key})
}

/// The same with a temporary key, in a session that was created at a moment.
fn in_session(identity: &Value, key: &str, created: &str) -> Value {
    let mut identity = identity.clone();
    identity["accessKeyId"] = json!(key);
    identity["sessionContext"] =
        json!({"attributes": {"creationDate": created, "mfaAuthenticated": "false"}});
    identity
}

fn without_key(identity: &Value) -> Value {
    let mut identity = identity.clone();
    identity.as_object_mut().unwrap().remove("accessKeyId");
    identity
}

/// What CloudFormation calls for a user whose call at a moment told it to.
fn by_cloudformation(identity: &Value, key: &str, created: &str) -> Value {
    let mut identity = in_session(identity, key, created);
    identity["invokedBy"] = json!("cloudformation.amazonaws.com");
    identity
}

pub(crate) fn makes_key(number: u32, who: &Value, time: &str, of: &str, key: &str) -> Value {
    let mut made = call(number, who, time, "iam.amazonaws.com", "CreateAccessKey");
    made["requestParameters"] = json!({"userName": of});
    made["responseElements"] = json!({"accessKey": {"userName": of, "accessKeyId": key, "status": "Active"}});
    made
}

fn makes_user(number: u32, who: &Value, time: &str, of: &str) -> Value {
    let mut made = call(number, who, time, "iam.amazonaws.com", "CreateUser");
    made["requestParameters"] = json!({"userName": of});
    made["responseElements"] =
        json!({"user": {"userName": of, "userId": format!("AIDARTX3GSDSQ{}EXAMPLE", of.to_uppercase())}});
    made
}

pub(crate) fn makes_function(number: u32, who: &Value, time: &str) -> Value {
    let mut made = call(number, who, time, "lambda.amazonaws.com", "CreateFunction20150331");
    made["requestParameters"] =
        json!({"functionName": "resize", "role": format!("arn:aws:iam::{ACCOUNT}:role/worker")});
    made["responseElements"] = json!({"functionName": "resize",
        "functionArn": format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize")});
    made
}

fn sets_password(number: u32, who: &Value, time: &str, of: &str) -> Value {
    let mut made = call(number, who, time, "iam.amazonaws.com", "CreateLoginProfile");
    made["requestParameters"] = json!({"userName": of});
    made
}

fn signs_in(number: u32, identity: &Value, time: &str) -> Value {
    let mut made = call(number, &without_key(identity), time, "signin.amazonaws.com", "ConsoleLogin");
    made["responseElements"] = json!({"ConsoleLogin": "Success"});
    made["eventType"] = json!("AwsConsoleSignIn");
    made
}

pub(crate) fn lists(number: u32, who: &Value, time: &str) -> Value {
    call(number, who, time, "iam.amazonaws.com", "ListUsers")
}

/// The lines of the tree below somebody: kinds and ids from the first line on, with the rule of the line.
pub(crate) fn tree(who: &str, logs: &Path) -> Vec<(String, String)> {
    fn add(lines: &Value, above: &str, found: &mut Vec<(String, String)>) {
        for line in lines.as_array().unwrap() {
            let word = |field: &str| line[field].as_str().unwrap().to_owned();
            let path = format!("{above}{} {}", word("kind"), word("id").rsplit('/').next().unwrap());
            found.push((path.clone(), word("rule")));
            add(&line["children"], &format!("{path} > "), found);
        }
    }
    let mut found = Vec::new();
    add(&said(&["trace", who, "--down"], logs)["descendants"], "", &mut found);
    found
}

/// The lines as `path: rule`.
#[track_caller]
pub(crate) fn check(who: &str, logs: &Path, expected: &[&str]) {
    let found: Vec<String> =
        tree(who, logs).into_iter().map(|(path, rule)| format!("{path}: {rule}")).collect();
    assert_eq!(found, expected, "below {who}");
}

/// How many calls `--follow` counts of a line by its id, and its limits.
fn followed(who: &str, id: &str, logs: &Path) -> (Option<u64>, Value) {
    let found = said(&["investigate", who, "--follow"], logs);
    let mut below = found["follow"]["below"].as_array().unwrap().iter();
    let calls = below.find(|one| one["id"] == id).and_then(|one| one["calls"].as_u64());
    (calls, found["follow"]["limits"].clone())
}

#[test]
fn what_services_made_for_a_user_is_below_it_and_may_be_below_each_of_its_keys() {
    let begun = "2026-03-09T08:40:00Z";
    let forwarded = by_cloudformation(&dana(""), TEMPORARY[0], begun);
    let folder = logs(&[&[
        call(1, &dana(DANAS), begun, "cloudformation.amazonaws.com", "CreateStack"),
        makes_user(2, &forwarded, "2026-03-09T08:40:12Z", "report"),
        makes_key(3, &forwarded, "2026-03-09T08:40:14Z", "report", EVES),
        makes_function(4, &forwarded, "2026-03-09T08:40:16Z"),
        lists(5, &user("report", EVES), "2026-03-09T09:00:00Z"),
    ]]);
    let path = folder.path();
    for (who, rule) in [(DANA, "identity"), (DANAS, "claim")] {
        let forwarded = "forwarded forwarded calls";
        let mut lines = vec![
            format!("{forwarded}: {rule}"),
            format!("{forwarded} > user report: identity"),
            format!("{forwarded} > user report > access-key {EVES}: key"),
            format!("{forwarded} > workload resize: launched"),
        ];
        if who == DANA {
            lines.insert(0, format!("access-key {DANAS}: identity"));
        }
        check(who, path, &lines.iter().map(String::as_str).collect::<Vec<_>>());
    }
    assert_eq!(followed(DANA, EVES, path), (Some(1), json!([])));
    let open = json!(["2 credentials may be of others as well"]);
    assert_eq!(followed(DANAS, EVES, path), (None, open));
}

#[test]
fn what_services_made_for_a_user_that_was_made_is_below_that_user() {
    let ci = user("ci", EVES);
    let begun = "2026-03-09T08:00:30Z";
    let deploys = [
        call(3, &ci, begun, "cloudformation.amazonaws.com", "ExecuteChangeSet"),
        makes_function(4, &by_cloudformation(&ci, TEMPORARY[0], begun), "2026-03-09T08:00:40Z"),
    ];
    let key = makes_key(2, &dana(DANAS), "2026-03-09T07:01:00Z", "ci", EVES);
    let folder = logs(&[&[makes_user(1, &dana(DANAS), "2026-03-09T07:00:00Z", "ci"), key.clone()], &deploys]);
    check(
        DANAS,
        folder.path(),
        &[
            "user ci: identity",
            &format!("user ci > access-key {EVES}: key"),
            "user ci > forwarded forwarded calls: identity",
            "user ci > forwarded forwarded calls > workload resize: launched",
        ],
    );
    // Of a user who was there before it may be of another key.
    let folder = logs(&[&[key], &deploys]);
    let below = format!("access-key {EVES} > forwarded forwarded calls");
    let lines = [
        format!("access-key {EVES}: key"),
        format!("{below}: claim"),
        format!("{below} > workload resize: launched"),
    ];
    check(DANAS, folder.path(), &lines.each_ref().map(String::as_str));
}

#[test]
fn who_switched_to_a_role_of_another_account_is_known_by_its_own_record() {
    let signed_in = "2026-03-09T09:00:00Z";
    let mut own = in_session(&dana(""), TEMPORARY[0], signed_in);
    own["invokedBy"] = json!("AWS Internal");
    let mut switched = call(2, &own, "2026-03-09T09:10:00Z", "sts.amazonaws.com", "AssumeRole");
    let made = format!("arn:aws:sts::{OTHERS}:assumed-role/ops/dana");
    switched["sharedEventID"] = json!("11111111-1111-4111-8111-111111111111");
    switched["requestParameters"] =
        json!({"roleArn": format!("arn:aws:iam::{OTHERS}:role/ops"), "roleSessionName": "dana"});
    switched["responseElements"] = json!({"credentials": {"accessKeyId": TEMPORARY[1]},
        "assumedRoleUser": {"arn": made, "assumedRoleId": "AROARTX3GSDSQAEXAMPLE:dana"}});
    let mut copy = switched.clone();
    copy["eventID"] = json!("00000000-0000-4000-8000-000000000003");
    copy["recipientAccountId"] = json!(OTHERS);
    copy["userIdentity"] =
        json!({"type": "AWSAccount", "principalId": own["principalId"], "accountId": ACCOUNT});
    let folder = logs(&[&[lists(1, &dana(DANAS), signed_in), switched, copy]]);
    let found = said(&["trace", DANA, "--down"], folder.path());
    let text = found["descendants"].to_string();
    assert!(text.contains(&made) && !text.contains("only the other account's record"), "{text}");
}

#[test]
fn a_call_that_hides_which_session_it_made_is_no_way_in() {
    let node = session("i-0123456789abcdef0", TEMPORARY[0], "2026-03-09T08:00:00Z");
    let hides = |number: u32| {
        let time = format!("2026-03-09T09:{:02}:{:02}Z", number / 60 % 60, number % 60);
        let mut made = call(number, &node, &time, "eks-auth.amazonaws.com", "AssumeRoleForPodIdentity");
        made["requestParameters"] = json!({"clusterName": "shop"});
        made["responseElements"] = Value::Null;
        made
    };
    let mut records: Vec<Value> = (1..=2_100).map(hides).collect();
    records.push(makes_key(9_999, &node, "2026-03-09T10:00:00Z", "backup", THIRD));
    let folder = logs(&[&records]);
    let found = said(&["trace", TEMPORARY[0], "--down"], folder.path());
    assert_eq!(found["truncated"], json!([]), "{found}");
    let kinds: Vec<&str> = (found["descendants"].as_array().unwrap().iter())
        .map(|line| line["kind"].as_str().unwrap())
        .collect();
    assert_eq!(kinds, ["session", "access-key"], "{found}");
    assert_eq!(found["descendants"][0]["gap"]["reason"], "response-hidden");
}

#[test]
fn whoever_made_a_key_of_root_stands_above_it() {
    let made = |who: &Value| {
        let mut made = makes_key(1, who, "2026-03-09T09:05:00Z", "", THIRD);
        made["requestParameters"] = Value::Null;
        made["responseElements"] = json!({"accessKey": {"accessKeyId": THIRD, "status": "Active"}});
        made
    };
    let by_key = made(&root(DANAS));
    let in_console = made(&in_session(&root(""), TEMPORARY[0], "2026-03-09T09:00:00Z"));
    for made in [by_key, in_console] {
        let folder = logs(&[&[made, lists(2, &root(THIRD), "2026-03-09T09:10:00Z")]]);
        let found = said(&["trace", THIRD, "--up"], folder.path());
        let above = &found["origin"]["above"];
        assert_eq!(
            (&above["rule"], &above["event_name"]),
            (&json!("key"), &json!("CreateAccessKey")),
            "{found}"
        );
        let sql = format!("select above_rule, root_kind from origins where access_key_id = '{THIRD}'");
        let row = &said(&["sql", &sql], folder.path())["rows"][0];
        assert_eq!(row, &json!({"above_rule": "key", "root_kind": "root"}));
    }
    // One that was never used is root's, too.
    let folder = logs(&[&[made(&root(DANAS))]]);
    let found = said(&["trace", THIRD, "--up"], folder.path());
    assert_eq!(found["origin"]["kind"], "root", "{found}");
}

#[test]
fn a_line_that_is_only_claimed_says_so() {
    let other = session("night", TEMPORARY[0], "2026-03-09T09:00:00Z");
    let made = assume(1, &dana(DANAS), "2026-03-09T09:00:00Z", "night", TEMPORARY[1]);
    let folder = logs(&[&[made, lists(2, &other, "2026-03-09T09:01:00Z")]]);
    let found = said(&["trace", DANAS, "--down"], folder.path());
    let lines = found["descendants"].as_array().unwrap();
    let claims: Vec<&Value> = lines.iter().filter(|line| line["rule"] == "claim").collect();
    assert_eq!(claims.len(), 1, "{found}");
    assert_eq!(
        claims[0]["remarks"],
        json!(["only role, session name and second agree: the key that was made is another"])
    );
}

#[test]
fn keys_that_a_sign_in_session_got_later_are_below_whoever_set_the_password() {
    let sign_in = "arn:aws:signin:us-east-1:111122223333:session/0a7aacae-9b43-4934-8981-85566d2a865e";
    let of_login = |key: &str, created: &str| {
        let mut identity = in_session(&dana(""), key, created);
        identity["sessionContext"]["signInSessionArn"] = json!(sign_in);
        identity
    };
    let mut token = call(
        3,
        &without_key(&in_session(&dana(""), "", "2026-03-09T09:00:00Z")),
        "2026-03-09T09:02:00Z",
        "signin.amazonaws.com",
        "CreateOAuth2Token",
    );
    token["additionalEventData"] = json!({"success": "true", "signInSessionArn": sign_in});
    let refreshed = of_login(TEMPORARY[1], "2026-03-09T09:17:00Z");
    let folder = logs(&[&[
        sets_password(1, &user("eve", EVES), "2026-03-09T08:00:00Z", "dana"),
        signs_in(2, &dana(""), "2026-03-09T09:00:00Z"),
        token,
        lists(4, &of_login(TEMPORARY[0], "2026-03-09T09:02:00Z"), "2026-03-09T09:03:00Z"),
        lists(5, &refreshed, "2026-03-09T09:18:00Z"),
        makes_key(6, &refreshed, "2026-03-09T09:19:00Z", "backup", THIRD),
        lists(7, &user("backup", THIRD), "2026-03-09T10:00:00Z"),
    ]]);
    let below = tree(EVES, folder.path());
    assert!(below.iter().any(|(path, _)| path.ends_with(&format!("access-key {THIRD}"))), "{below:?}");
    assert_eq!(followed(EVES, THIRD, folder.path()).0, Some(1));
}

#[test]
fn a_user_that_was_given_another_name_is_the_same_user() {
    let renamed = |number: u32, time: &str| {
        let mut made = call(number, &dana(DANAS), time, "iam.amazonaws.com", "UpdateUser");
        made["requestParameters"] = json!({"userName": "tmp", "newUserName": "svc"});
        made
    };
    let mut svc = user("svc", THIRD);
    svc["principalId"] = user("tmp", "")["principalId"].clone();
    let console = in_session(&svc, TEMPORARY[0], "2026-03-09T09:30:00Z");
    let folder = logs(&[&[
        makes_user(1, &dana(DANAS), "2026-03-09T09:00:00Z", "tmp"),
        makes_key(2, &dana(DANAS), "2026-03-09T09:00:20Z", "tmp", THIRD),
        sets_password(3, &dana(DANAS), "2026-03-09T09:00:40Z", "tmp"),
        lists(4, &user("tmp", THIRD), "2026-03-09T09:05:00Z"),
        renamed(5, "2026-03-09T09:10:00Z"),
        lists(6, &svc, "2026-03-09T09:20:00Z"),
        signs_in(7, &svc, "2026-03-09T09:30:00Z"),
        lists(8, &console, "2026-03-09T09:31:00Z"),
        // Somebody else gets the name, and loses it.
        makes_user(9, &user("eve", EVES), "2026-03-09T10:00:00Z", "tmp"),
        call(10, &user("eve", EVES), "2026-03-09T11:00:00Z", "iam.amazonaws.com", "ListUsers"),
    ]]);
    let path = folder.path();
    check(
        DANAS,
        path,
        &[
            "user tmp: identity",
            &format!("user tmp > access-key {THIRD}: key"),
            "user tmp > password tmp: identity",
            "user tmp > password tmp > console svc: session",
        ],
    );
    let line = &said(&["trace", DANAS, "--down"], path)["descendants"][0];
    assert_eq!((&line["notes"], &line["calls"]), (&json!(["renamed svc"]), &json!(4)), "{line}");
    // The key is one user's, whoever bore which name.
    let found = said(&["trace", THIRD, "--up"], path);
    let origin = &found["origin"];
    assert_eq!((&origin["name"], &origin["names"]), (&json!("svc"), &json!(["svc", "tmp"])), "{found}");
    assert_eq!(origin["above"]["event_name"], "CreateAccessKey");
    // The password of its console session was set under the other name.
    let found = said(&["trace", TEMPORARY[0], "--up"], path);
    assert_eq!(found["origin"]["above"]["event_name"], "CreateLoginProfile", "{found}");
    let sql = format!("select above_rule, root from origins where access_key_id = '{}'", TEMPORARY[0]);
    let row = &said(&["sql", &sql], path)["rows"][0];
    assert_eq!(row, &json!({"above_rule": "identity", "root": DANA}));
    // Whoever made it is told of the name that it has now.
    let found = said(&["trace", "svc", "--up"], path);
    assert_eq!(found["origin"]["above"]["event_name"], "CreateUser", "{found}");
}

/// A task that was run by a schedule, by a definition that eve registered, and a call with each of its roles.
fn task() -> Vec<Value> {
    const TASK: &str = "0123456789abcdef0123456789abcdef";
    let definition = format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/night:8");
    let role = |name: &str| format!("arn:aws:iam::{ACCOUNT}:role/{name}");
    let mut registered =
        call(1, &user("eve", EVES), "2026-03-09T08:00:00Z", "ecs.amazonaws.com", "RegisterTaskDefinition");
    registered["requestParameters"] =
        json!({"family": "night", "taskRoleArn": role("worker"), "executionRoleArn": role("puller")});
    registered["responseElements"] = json!({"taskDefinition": {"taskDefinitionArn": definition}});
    let mut ran = call(2, &dana(DANAS), "2026-03-09T09:00:00Z", "ecs.amazonaws.com", "RunTask");
    ran["responseElements"] = json!({"tasks": [{"taskArn": format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task/shop/{TASK}"),
        "taskDefinitionArn": definition}]});
    let mut records = vec![registered, ran];
    for (number, name, key) in [(3, "worker", TEMPORARY[0]), (5, "puller", TEMPORARY[1])] {
        let id = format!("AROARTX3GSDSQ{}EXAMPLE", name.to_uppercase());
        let arn = format!("arn:aws:sts::{ACCOUNT}:assumed-role/{name}/{TASK}");
        let service = json!({"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"});
        let created = "2026-03-09T09:00:10Z";
        let mut assumed = call(number, &service, created, "sts.amazonaws.com", "AssumeRole");
        assumed["requestParameters"] = json!({"roleArn": role(name), "roleSessionName": TASK});
        assumed["responseElements"] = json!({"credentials": {"accessKeyId": key},
            "assumedRoleUser": {"arn": arn, "assumedRoleId": format!("{id}:{TASK}")}});
        let session = json!({"type": "AssumedRole", "principalId": format!("{id}:{TASK}"), "arn": arn,
            "accountId": ACCOUNT, "accessKeyId": key, "sessionContext": {"sessionIssuer": {"type": "Role",
            "principalId": id, "arn": role(name), "accountId": ACCOUNT, "userName": name},
            "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}});
        records.extend([assumed, lists(number + 1, &session, "2026-03-09T09:00:20Z")]);
    }
    records
}

#[test]
fn who_registered_a_task_definition_has_the_tasks_that_others_ran_by_it_below() {
    let folder = logs(&[&task()]);
    let found = said(&["trace", EVES, "--down"], folder.path());
    let line = &found["descendants"][0];
    assert_eq!((&line["kind"], &line["event_name"]), (&json!("workload"), &json!("RegisterTaskDefinition")));
    let sessions = line["children"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{found}");
    for session in sessions {
        let remark = json!(["it registered the task definition, run by user dana"]);
        assert_eq!((&session["rule"], &session["remarks"]), (&json!("claim"), &remark), "{session}");
    }
    let (_, limits) = followed(EVES, "", folder.path());
    assert_eq!(limits, json!(["2 credentials may be of others as well"]));
}

#[test]
fn a_task_has_both_roles_of_its_definition() {
    let folder = logs(&[&task()]);
    for (key, role) in [(TEMPORARY[0], "worker"), (TEMPORARY[1], "puller")] {
        let found = said(&["trace", key, "--up"], folder.path());
        let links = found["links"].as_array().unwrap();
        let launched = links.iter().find(|link| link["rule"] == "launched").unwrap();
        let arn = json!(format!("arn:aws:iam::{ACCOUNT}:role/{role}"));
        assert_eq!((&launched["role_passed"], &launched["role_untold"]), (&arn, &Value::Null), "{launched}");
        assert_eq!(launched["role_given"]["role"], arn);
    }
    let down = said(&["trace", DANAS, "--down"], folder.path());
    let line = &down["descendants"][0];
    assert!(line["children"].as_array().unwrap().iter().all(|one| one["role_untold"].is_null()), "{line}");
}

#[test]
fn a_password_that_its_user_changed_was_used_and_that_of_root_may_have_been_recovered() {
    let mut reset =
        call(1, &user("eve", EVES), "2026-03-09T09:00:00Z", "iam.amazonaws.com", "UpdateLoginProfile");
    reset["requestParameters"] = json!({"userName": "dana", "passwordResetRequired": true});
    let changed =
        call(2, &without_key(&dana("")), "2026-03-09T09:05:00Z", "iam.amazonaws.com", "ChangePassword");
    let folder = logs(&[&[reset, changed, signs_in(3, &dana(""), "2026-03-09T09:05:01Z")]]);
    let found = said(&["trace", EVES, "--down"], folder.path());
    let line = &found["descendants"][0];
    assert_eq!(line["notes"], json!(["changed by its user 2026-03-09 09:05:00Z"]), "{found}");

    let task = in_session(&root(""), TEMPORARY[0], "2026-03-09T09:05:00Z");
    let mut enabled = call(1, &task, "2026-03-09T09:06:00Z", "iam.amazonaws.com", "CreateLoginProfile");
    enabled["requestParameters"] = Value::Null;
    let folder = logs(&[&[enabled, signs_in(2, &root(""), "2026-03-09T09:10:00Z")]]);
    let found = said(&["trace", TEMPORARY[0], "--down"], folder.path());
    let line = &found["descendants"][0];
    assert_eq!(
        (&line["kind"], &line["rule"], &line["calls"]),
        (&json!("password"), &json!("claim"), &json!(1))
    );
    assert_eq!(line["remarks"], json!(["root may recover its password since: not followed"]), "{line}");
}

#[test]
fn a_source_identity_is_shown_and_is_a_claim_where_nothing_else_is_known() {
    let mut unknown = session("night", TEMPORARY[0], "2026-03-09T09:00:00Z");
    unknown["sessionContext"]["sourceIdentity"] = json!("dana");
    let folder = logs(&[&[
        lists(1, &unknown, "2026-03-09T09:01:00Z"),
        lists(2, &dana(DANAS), "2026-03-09T08:00:00Z"),
    ]]);
    let found = said(&["trace", TEMPORARY[0], "--up"], folder.path());
    assert_eq!(found["subject"]["node"]["source_identity"], "dana", "{found}");
    assert_eq!(found["origin"]["kind"], "unknown");
    let text = found["origin"]["gap"]["text"].as_str().unwrap();
    assert!(text.ends_with("; its source identity claims `dana`"), "{text}");
}

#[test]
fn a_session_that_a_user_made_stands_below_its_maker_alone() {
    let created = "2026-03-09T09:00:00Z";
    let token = in_session(&dana(""), TEMPORARY[0], created);
    let mut made = call(1, &dana(DANAS), created, "sts.amazonaws.com", "GetSessionToken");
    made["responseElements"] = json!({"credentials": {"accessKeyId": TEMPORARY[0]}});
    let folder = logs(&[&[
        made,
        lists(2, &token, "2026-03-09T09:01:00Z"),
        makes_key(3, &token, "2026-03-09T09:02:00Z", "backup", THIRD),
        lists(4, &user("backup", THIRD), "2026-03-09T10:00:00Z"),
    ]]);
    let key = format!("access-key {DANAS}");
    let lines = [
        format!("{key}: identity"),
        format!("{key} > session dana: key"),
        format!("{key} > session dana > access-key {THIRD}: key"),
    ];
    check(DANA, folder.path(), &lines.each_ref().map(String::as_str));
}
