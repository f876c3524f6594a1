//! Who stands above all, where it is open or only claimed who made a key, or where one launched what another gave its role:
//! `origins` names all of them and is certain of none.

use std::path::Path;

use serde_json::{Value, json};

use crate::above::{for_bob, in_console, signs_in};
use crate::below::{ACCOUNT, DANA, EVE, KEYS, assume, call, dana, eve, logs, run, said, session};

const BACKUPS: &str = "AKIARTX3GSDSSEXAMPLE";
const DANAS: &str = "ASIARTX3GSDSQEXAMPLE";
const EVES: &str = "ASIARTX3GSDSREXAMPLE";
const OPEN: &str = "ASIARTX3GSDSUEXAMPLE";
const SECOND: &str = "2026-03-09T09:00:00Z";

/// backup's key, made by somebody, and a call with it.
fn makes_key(number: u32, who: &Value) -> [Value; 2] {
    let mut made = call(number, who, "2026-03-09T09:02:00Z", "iam.amazonaws.com", "CreateAccessKey");
    made["requestParameters"] = json!({"userName": "backup"});
    made["responseElements"] =
        json!({"accessKey": {"userName": "backup", "accessKeyId": BACKUPS, "status": "Active"}});
    let mut backup = dana(BACKUPS);
    backup["userName"] = json!("backup");
    backup["arn"] = json!(format!("arn:aws:iam::{ACCOUNT}:user/backup"));
    backup["principalId"] = json!("AIDARTX3GSDSSCEXAMPLE");
    [made, call(number + 1, &backup, "2026-03-09T09:30:00Z", "s3.amazonaws.com", "ListBuckets")]
}

/// Whoever stands above all of a key, whether that is certain, and whether the origin is.
fn root(key: &str, logs: &Path) -> Value {
    let sql = format!("select root, root_certain, certain from origins where access_key_id = '{key}'");
    said(&["sql", &sql], logs)["rows"][0].clone()
}

fn both() -> String {
    format!("{DANA} or {EVE}")
}

/// dana and eve assume a role in one second with one name; a service made a call for one of them.
fn order() -> tempfile::TempDir {
    let mut forwarded = session("n", OPEN, SECOND);
    forwarded["invokedBy"] = json!("cloudformation.amazonaws.com");
    let assumed = [
        assume(1, &dana(KEYS[0]), SECOND, "n", DANAS),
        assume(2, &eve(), SECOND, "n", EVES),
        call(5, &session("n", DANAS, SECOND), "2026-03-09T09:01:00Z", "s3.amazonaws.com", "ListBuckets"),
    ];
    logs(&[&assumed, &makes_key(3, &forwarded)])
}

#[test]
fn a_key_that_one_of_two_made_has_both_above_it() {
    let folder = order();
    let path = folder.path();
    assert_eq!(root(BACKUPS, path), json!({"root": both(), "root_certain": false, "certain": true}));
    assert_eq!(root(OPEN, path), json!({"root": both(), "root_certain": false, "certain": false}));
    assert_eq!(root(DANAS, path), json!({"root": DANA, "root_certain": true, "certain": true}));
    let found = said(&["query", "activity-by-origin"], path);
    let of_backup = |row: &&Value| row["origin"].as_str().unwrap().ends_with("user/backup");
    let row = found["rows"].as_array().unwrap().iter().find(of_backup).unwrap();
    assert_eq!((&row["root"], &row["root_certain"]), (&json!(both()), &json!(false)));
}

#[test]
fn what_one_of_two_may_have_made_hangs_below_neither_of_them_in_a_graph() {
    let folder = order();
    let graph = run(&["trace", OPEN, "--up", "--format", "dot"], folder.path());
    let graph = String::from_utf8(graph.stdout).unwrap();
    let node = |text: &str| {
        let line = graph.lines().find(|line| line.contains("[label=") && line.contains(text)).unwrap();
        line.split_whitespace().next().unwrap().to_owned()
    };
    let bottom = node(OPEN);
    for user in ["dana", "eve"] {
        let line = format!(
            "{} -> {bottom} [label=\"one of 2\", style=dashed];",
            node(&format!("IAM user {user}, perhaps"))
        );
        assert!(graph.contains(&line), "{line}\n{graph}");
    }
    assert!(!graph.contains(", complete"), "{graph}");
}

#[test]
fn an_investigation_marks_who_may_have_made_a_key_and_who_gave_the_role_beside() {
    let folder = order();
    let text = |who: &str, logs: &Path| {
        let output = run(&["investigate", who], logs);
        let screen = String::from_utf8(output.stdout).unwrap();
        let lines =
            screen.lines().skip_while(|line| !line.get(2..).is_some_and(|rest| rest.starts_with("behind")));
        let mut behind: Vec<&str> = lines.take(4).collect();
        behind.truncate(1 + behind.iter().skip(1).take_while(|line| line.starts_with("      ")).count());
        behind.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    };
    let behind = text(BACKUPS, folder.path());
    assert!(behind.starts_with("? behind"), "{behind}");
    let folder = task();
    let behind = text(OPEN, folder.path());
    assert!(behind.starts_with("? behind"), "{behind}");
    assert!(behind.contains("IAM user eve, who gave it the role (RegisterTaskDefinition)"), "{behind}");
}

#[test]
fn a_key_whose_maker_is_only_claimed_has_no_certain_root() {
    let signs = session("n", OPEN, SECOND);
    let folder = logs(&[&[assume(1, &dana(KEYS[0]), SECOND, "n", DANAS)], &makes_key(2, &signs)]);
    let told = json!({"root": DANA, "root_certain": false, "certain": true});
    assert_eq!(root(BACKUPS, folder.path()), told);
    let folder = logs(&[&makes_key(2, &dana(KEYS[0]))]);
    let told = json!({"root": DANA, "root_certain": true, "certain": true});
    assert_eq!(root(BACKUPS, folder.path()), told);
}

/// A task that dana ran, of a definition that eve registered, and a call of it.
fn task() -> tempfile::TempDir {
    let task = "0123456789abcdef0123456789abcdef";
    let definition = format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/night:8");
    let role = format!("arn:aws:iam::{ACCOUNT}:role/deploy");
    let mut registered =
        call(1, &eve(), "2026-03-09T08:00:00Z", "ecs.amazonaws.com", "RegisterTaskDefinition");
    registered["requestParameters"] = json!({"family": "night", "taskRoleArn": role});
    registered["responseElements"] =
        json!({"taskDefinition": {"taskDefinitionArn": definition, "taskRoleArn": role}});
    let mut run = call(2, &dana(KEYS[0]), "2026-03-09T08:30:00Z", "ecs.amazonaws.com", "RunTask");
    run["requestParameters"] = json!({"cluster": "shop", "taskDefinition": "night"});
    run["responseElements"] = json!({"failures": [], "tasks": [{"taskDefinitionArn": definition,
        "taskArn": format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task/shop/{task}")}]});
    let service = json!({"type": "AWSService", "invokedBy": "ecs-tasks.amazonaws.com"});
    let assumed = assume(3, &service, SECOND, task, OPEN);
    let acts =
        call(4, &session(task, OPEN, SECOND), "2026-03-09T09:01:00Z", "s3.amazonaws.com", "ListBuckets");
    logs(&[&[registered, run, assumed, acts]])
}

#[test]
fn a_task_has_above_it_who_registered_its_definition_as_well() {
    let folder = task();
    let told = json!({"root": both(), "root_certain": false, "certain": true});
    assert_eq!(root(OPEN, folder.path()), told);
}

/// The same for a key whose root is one of no certain origin, though the origin is; and what `trace` says stands above it.
fn open_root(key: &str, root: &str, logs: &Path) -> Value {
    let told = json!({"root": root, "root_certain": false, "certain": true});
    assert_eq!(self::root(key, logs), told);
    said(&["trace", key, "--up"], logs)["origin"].clone()
}

#[test]
fn who_knew_the_password_that_a_user_changed_is_open() {
    let bob = format!("arn:aws:iam::{ACCOUNT}:user/bob");
    let begun = "2026-03-09T09:00:00Z";
    let changed = for_bob(4, &in_console("bob", begun, DANAS), "2026-03-09T09:05:00Z", "ChangePassword");
    let before = for_bob(1, &eve(), "2026-03-09T08:00:00Z", "CreateLoginProfile");
    let first = signs_in(2, "bob", begun, DANAS);
    let second = signs_in(5, "bob", "2026-03-09T10:00:00Z", OPEN);
    for set in [vec![before], Vec::new()] {
        let is_set = !set.is_empty();
        let folder = logs(&[&set, &first, std::slice::from_ref(&changed), &second]);
        let origin = open_root(OPEN, &bob, folder.path());
        assert_eq!(origin["above"]["origin"]["gap"]["reason"], "own-password", "{origin}");
        let by_first =
            json!({"root": if is_set { EVE } else { &bob }, "root_certain": true, "certain": true});
        assert_eq!(root(DANAS, folder.path()), by_first);
    }
}

#[test]
fn who_set_a_password_after_the_last_known_one_was_removed_is_open() {
    let bob = format!("arn:aws:iam::{ACCOUNT}:user/bob");
    let folder = logs(&[
        &[
            for_bob(1, &eve(), "2026-03-09T08:00:00Z", "CreateLoginProfile"),
            for_bob(2, &dana(KEYS[0]), "2026-03-09T08:30:00Z", "DeleteLoginProfile"),
        ],
        &signs_in(3, "bob", "2026-03-09T09:00:00Z", OPEN),
    ]);
    let origin = open_root(OPEN, &bob, folder.path());
    assert_eq!(origin["above_gap"]["reason"], "record-missing", "{origin}");
    // Of a password that was set before the logs nobody is known, and nothing is missing of what is.
    let folder = logs(&[&signs_in(3, "bob", "2026-03-09T09:00:00Z", OPEN)]);
    assert_eq!(root(OPEN, folder.path()), json!({"root": bob, "root_certain": true, "certain": true}));
}

/// A function that dana made with a role, what was done with it, and a call of it in a session of the role `deploy`.
fn function(role: &str, then: &[Value]) -> tempfile::TempDir {
    let mut made =
        call(1, &dana(KEYS[0]), "2026-03-09T08:00:00Z", "lambda.amazonaws.com", "CreateFunction20150331");
    made["requestParameters"] =
        json!({"functionName": "night", "role": format!("arn:aws:iam::{ACCOUNT}:role/{role}")});
    made["responseElements"] = json!({"functionName": "night"});
    let service = json!({"type": "AWSService", "invokedBy": "lambda.amazonaws.com"});
    let assumed = assume(3, &service, SECOND, "night", OPEN);
    let acts =
        call(4, &session("night", OPEN, SECOND), "2026-03-09T09:01:00Z", "s3.amazonaws.com", "ListBuckets");
    logs(&[&[made], then, &[assumed, acts]])
}

#[test]
fn who_made_the_function_of_a_session_is_open_where_it_was_removed_or_passed_another_role() {
    let own = "lambda.amazonaws.com for function night";
    let mut gone = call(2, &eve(), "2026-03-09T08:30:00Z", "lambda.amazonaws.com", "DeleteFunction20150331");
    gone["requestParameters"] = json!({"functionName": "night"});
    let folder = function("deploy", &[gone]);
    let origin = open_root(OPEN, own, folder.path());
    assert_eq!(origin["above_gap"]["reason"], "record-missing", "{origin}");
    let folder = function("reader", &[]);
    open_root(OPEN, own, folder.path());
    let mismatches = said(&["trace", OPEN, "--up"], folder.path())["mismatches"].clone();
    assert_eq!(mismatches[0]["kind"], "role", "{mismatches}");
    let folder = function("deploy", &[]);
    assert_eq!(root(OPEN, folder.path()), json!({"root": DANA, "root_certain": true, "certain": true}));
}
