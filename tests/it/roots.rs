//! Who stands above all, where it is open or only claimed who made a key, or where one launched what another gave its role:
//! `origins` names all of them and is certain of none.

use std::path::Path;

use serde_json::{Value, json};

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
