//! Who is behind what a function or a task did, where several made what ran: code, layers, role, versions, the task's definition.
//! `trace`, up and down, `origins` and the twin say the same.

use std::path::Path;

use serde_json::{Value, json};

use crate::above::{above, acting, both, event_id, leads_to, origins, role_arn, session};
use crate::below::{ACCOUNT, KEYS, call, dana, eve, logs, said};
use crate::twin::{Logged, Twin};

const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const DANAS: &str = KEYS[0];
const EVES: &str = KEYS[1];
const CREATE: &str = "CreateFunction20150331";
const CONFIGURE: &str = "UpdateFunctionConfiguration20150331v2";
const CODE: &str = "UpdateFunctionCode20150331v2";
const PUBLISH: &str = "PublishVersion20150331";

fn arn() -> String {
    format!("arn:aws:lambda:eu-west-1:{ACCOUNT}:function:resize")
}

/// A call on the function with more parameters.
fn function(number: u32, who: &Value, at: &str, name: &str, more: Value) -> Value {
    let mut made = call(number, who, &format!("2026-03-09T{at}:00Z"), "lambda.amazonaws.com", name);
    made["requestParameters"] = more;
    made["requestParameters"]["functionName"] = json!("resize");
    made["responseElements"] =
        json!({"functionName": "resize", "role": role_arn("worker"), "functionArn": arn()});
    made
}

fn created(number: u32) -> Value {
    function(number, &dana(DANAS), "08:00", CREATE, json!({"role": role_arn("worker")}))
}

/// The same, that published a version.
fn publishing(mut made: Value, version: &str) -> Value {
    if made["eventName"] != PUBLISH {
        made["requestParameters"]["publish"] = json!(true);
    }
    made["responseElements"]["functionArn"] = json!(format!("{}:{version}", arn()));
    made["responseElements"]["version"] = json!(version);
    made
}

/// Lambda takes the role at ten, and the function calls; of a version where one is told.
fn acts(version: Option<&str>) -> [Value; 2] {
    let [assumed, mut acted] =
        acting(90, "lambda", &session("worker", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    acted["userIdentity"]["inScopeOf"] =
        json!({"issuerType": "AWS::Lambda::Function", "credentialsIssuedTo": arn()});
    if let Some(version) = version {
        acted["userIdentity"]["inScopeOf"]["credentialsIssuedToVersion"] =
            json!(format!("{}:{version}", arn()));
    }
    [assumed, acted]
}

/// The link to the launch above the session, which the twin and `origins` have as well.
fn link(logs: &Path) -> Value {
    let found = said(&["trace", KEY, "--up"], logs);
    let mut links = found["links"].as_array().unwrap().iter();
    let link = links.find(|link| link["rule"] == "launched").cloned().unwrap_or_default();
    assert_eq!(origins(KEY, logs)[0], link["event_id"], "{found:#}");
    let records: Value = serde_json::from_slice(&std::fs::read(logs.join("0.json")).unwrap()).unwrap();
    let records: Vec<Value> = records["Records"].as_array().unwrap().clone();
    let place = records.iter().position(|record| record["userIdentity"]["accessKeyId"] == KEY).unwrap();
    let logged = |(index, record)| Logged { object: String::new(), index, record };
    let twin = Twin::new(records.into_iter().enumerate().map(logged).collect()).of_record(place);
    assert_eq!(json!(twin.above.map(|(_, id)| id)), link["event_id"], "the twin");
    link
}

/// Whoever stands above all, and whether nobody else comes into question.
fn root(logs: &Path) -> [Value; 2] {
    let sql = format!("select root, root_certain from origins where access_key_id = '{KEY}'");
    let row = said(&["sql", &sql], logs)["rows"][0].clone();
    ["root", "root_certain"].map(|column| row[column].clone())
}

/// What stands beside a launch: what it gave, of which version, and the event.
fn beside(link: &Value) -> Vec<[Value; 3]> {
    let all = link["beside"].as_array().into_iter().flatten();
    all.map(|one| ["what", "version", "event_id"].map(|name| one[name].clone())).collect()
}

/// The remarks of the session's lines below whoever holds a key, where these are claims.
fn claims(key: &str, logs: &Path) -> Vec<String> {
    let tree = said(&["trace", key, "--down"], logs);
    let lines = tree["descendants"].as_array().unwrap().iter();
    let sessions = lines.flat_map(|line| line["children"].as_array().unwrap());
    let claims = sessions.filter(|line| line["rule"] == "claim");
    claims.map(|line| line["remarks"][0].as_str().unwrap().to_owned()).collect()
}

#[test]
fn layers_stay_until_a_call_passes_layers_again() {
    let evil = json!(["arn:aws:lambda:eu-west-1:777788889999:layer:evil:1"]);
    let puts = |more: Value| function(2, &eve(), "09:00", CONFIGURE, more);
    let code = |who: &Value| function(3, who, "09:30", CODE, json!({}));
    let with_role = puts(json!({"role": role_arn("worker"), "layers": evil}));
    let alone = puts(json!({"layers": evil}));
    // With the role that it has already; then the owner's code beside them.
    for (records, put) in [
        (vec![created(1), with_role.clone()], 1),
        (vec![created(1), alone.clone()], 1),
        (vec![created(1), alone.clone(), code(&dana(DANAS))], 3),
        (vec![created(1), with_role, code(&dana(DANAS))], 3),
    ] {
        let folder = logs(&[&[records, acts(None).to_vec()].concat()]);
        let path = folder.path();
        let link = link(path);
        assert_eq!(link["event_id"], event_id(put));
        assert_eq!(beside(&link), [[json!("layers"), Value::Null, json!(event_id(2))]], "{link:#}");
        assert_eq!(link["beside"][0]["origin"]["name"], "eve");
        assert_eq!(link["ambiguous"], json!([event_id(put), event_id(2)]));
        assert_eq!(root(path), [both(), json!(false)]);
        assert!(leads_to(DANAS, "worker", path) && !leads_to(EVES, "worker", path));
        let name = if put == 1 { CREATE } else { CODE };
        assert_eq!(
            claims(EVES, path),
            [format!("it gave the layers; the code is of {name} {}", event_id(put))]
        );
    }
    // Once they are taken away, or others put in their place, nothing is of whoever put them.
    for more in
        [json!({"layers": []}), json!({"layers": [], "role": role_arn("worker")}), json!({"layers": ["x"]})]
    {
        let cleared = function(3, &dana(DANAS), "09:30", CONFIGURE, more);
        let folder = logs(&[&[vec![created(1), alone.clone(), cleared], acts(None).to_vec()].concat()]);
        let path = folder.path();
        assert_eq!(link(path)["ambiguous"], json!([]));
        assert_eq!(root(path), [dana(DANAS)["arn"].clone(), json!(true)]);
        assert!(leads_to(DANAS, "worker", path) && !leads_to(EVES, "worker", path));
        assert!(claims(EVES, path).is_empty());
    }
    // Nothing tells who put the code; and a function that is made anew has no layers of another.
    let folder = logs(&[&[vec![alone.clone()], acts(None).to_vec()].concat()]);
    let path = folder.path();
    assert_eq!(link(path)["event_id"], event_id(2));
    let [whose, certain] = root(path);
    let whose = whose.as_str().unwrap();
    assert!(whose.contains("user/eve") && whose.contains("function resize") && certain == false, "{whose}");
    let down = said(&["trace", EVES, "--down"], path).to_string();
    assert!(down.contains("no record tells who put its code"), "{down}");
    let mut anew = created(3);
    anew["eventTime"] = json!("2026-03-09T09:30:00Z");
    let folder = logs(&[&[vec![created(1), alone, anew], acts(None).to_vec()].concat()]);
    assert_eq!(beside(&link(folder.path())), Vec::<[Value; 3]>::new());
    assert_eq!(root(folder.path()), [dana(DANAS)["arn"].clone(), json!(true)]);
}

/// eve puts code and publishes it by a call of its own or by the same; then dana puts other code, and publishes nothing.
fn versions() -> [Vec<Value>; 2] {
    let evil = function(2, &eve(), "09:00", CODE, json!({}));
    let published = publishing(function(3, &eve(), "09:01", PUBLISH, json!({})), "2");
    let latest = function(4, &dana(DANAS), "09:30", CODE, json!({}));
    let at_once = publishing(evil.clone(), "2");
    [vec![created(1), evil, published, latest.clone()], vec![created(1), at_once, latest]]
}

#[test]
fn a_version_is_what_it_was_when_it_was_published() {
    for records in versions() {
        let folder = logs(&[&[records.clone(), acts(Some("2")).to_vec()].concat()]);
        let path = folder.path();
        assert_eq!(link(path)["event_id"], event_id(2));
        // dana gave the role.
        assert_eq!(root(path), [both(), json!(false)]);
        assert!(leads_to(EVES, "worker", path));
        // What runs where no version was asked for is dana's alone.
        let folder = logs(&[&[records.clone(), acts(Some("$LATEST")).to_vec()].concat()]);
        let path = folder.path();
        assert_eq!((&link(path)["event_id"], beside(&link(path)).len()), (&json!(event_id(4)), 0));
        assert_eq!(root(path), [dana(DANAS)["arn"].clone(), json!(true)]);
        assert!(!leads_to(EVES, "worker", path) && claims(EVES, path).is_empty());
        // Of a version that no record publishes nothing is known.
        let folder = logs(&[&[records, acts(Some("7")).to_vec()].concat()]);
        let path = folder.path();
        assert_eq!(link(path)["event_id"], Value::Null);
        let gap = said(&["trace", KEY, "--up"], path)["origin"]["above_gap"].clone();
        assert_eq!(gap["reason"], "record-missing", "{gap}");
        assert!(gap["text"].as_str().unwrap().contains("publishes version 7 of function resize"), "{gap}");
        assert!(!leads_to(EVES, "worker", path) && !leads_to(DANAS, "worker", path));
    }
}

#[test]
fn where_no_record_tells_the_version_each_that_was_published_may_have_run() {
    for records in versions() {
        let folder = logs(&[&[records.clone(), acts(None).to_vec()].concat()]);
        let path = folder.path();
        let found = link(path);
        assert_eq!(found["event_id"], event_id(4));
        assert_eq!(beside(&found), [[json!("code"), json!("2"), json!(event_id(2))]], "{found:#}");
        assert_eq!(found["ambiguous"], json!([event_id(4), event_id(2)]));
        assert_eq!(root(path), [both(), json!(false)]);
        let remark = format!(
            "it gave the code of version 2, which may have run; the code is of {CODE} {}",
            event_id(4)
        );
        assert_eq!(claims(EVES, path), [remark]);
        // One that was published after the session began did not run in it.
        let mut late = records.clone();
        for record in late.iter_mut().filter(|record| record["responseElements"]["version"] == "2") {
            record["eventTime"] = json!("2026-03-09T11:00:00Z");
        }
        let folder = logs(&[&[late, acts(None).to_vec()].concat()]);
        assert_eq!(beside(&link(folder.path())), Vec::<[Value; 3]>::new());
    }
    // The answer does not tell which version it is.
    let [mut records, _] = versions();
    records[2]["responseElements"]["version"] = Value::Null;
    let folder = logs(&[&[records, acts(None).to_vec()].concat()]);
    assert_eq!(beside(&link(folder.path())), [[json!("code"), json!("?"), json!(event_id(2))]]);
    // Nobody here put what was published: somebody else may be behind it.
    let published = publishing(function(3, &eve(), "09:01", PUBLISH, json!({})), "2");
    let latest = function(4, &dana(DANAS), "09:30", CODE, json!({}));
    let folder = logs(&[&[vec![published, latest], acts(None).to_vec()].concat()]);
    let path = folder.path();
    assert_eq!(link(path)["ambiguous"], json!([event_id(4), event_id(3)]));
    let [root, certain] = root(path);
    assert!(root.as_str().unwrap().contains("user/dana") && certain == false, "{root}");
    // All of one person is no choice.
    let mine = publishing(function(2, &dana(DANAS), "09:00", CODE, json!({})), "1");
    let latest = function(4, &dana(DANAS), "09:30", CODE, json!({}));
    let folder = logs(&[&[vec![created(1), mine, latest], acts(None).to_vec()].concat()]);
    let path = folder.path();
    assert_eq!(link(path)["ambiguous"], json!([]));
    assert_eq!(self::root(path), [dana(DANAS)["arn"].clone(), json!(true)]);
}

#[test]
fn who_registered_the_definition_of_a_task_is_behind_what_runs_by_it_with_any_role() {
    let task = "0123456789abcdef0123456789abcdef";
    let definition = format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/night:7");
    for own_role in [Some("audit"), None] {
        let mut registered =
            call(1, &eve(), "2026-03-09T08:00:00Z", "ecs.amazonaws.com", "RegisterTaskDefinition");
        registered["requestParameters"] = json!({"family": "night"});
        if let Some(role) = own_role {
            registered["requestParameters"]["taskRoleArn"] = json!(role_arn(role));
        }
        registered["responseElements"] = json!({"taskDefinition": {"taskDefinitionArn": definition}});
        let mut ran = call(2, &dana(DANAS), "2026-03-09T09:59:30Z", "ecs.amazonaws.com", "RunTask");
        ran["requestParameters"] =
            json!({"taskDefinition": "night", "overrides": {"taskRoleArn": role_arn("worker")}});
        ran["responseElements"] = json!({"tasks": [{"taskDefinitionArn": definition,
            "taskArn": format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task/shop/{task}")}]});
        let acts = acting(3, "ecs-tasks", &session("worker", task, KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
        let folder = logs(&[&[registered, ran], &acts]);
        let path = folder.path();
        assert_eq!(above("launched", KEY, path), [event_id(2)]);
        assert_eq!(origins(KEY, path), [json!(event_id(2)), both()]);
        assert_eq!(root(path), [both(), json!(false)]);
        let found = said(&["trace", KEY, "--up"], path);
        let mut links = found["links"].as_array().unwrap().iter();
        let link = links.find(|link| link["rule"] == "launched").unwrap();
        // The launch gave the role.
        assert_eq!((&link["role_passed"], &link["role_given"]), (&json!(role_arn("worker")), &Value::Null));
        assert_eq!(beside(link), [[json!("definition"), Value::Null, json!(event_id(1))]]);
        assert_eq!(link["ambiguous"], json!([event_id(2), event_id(1)]));
        assert!(leads_to(DANAS, "worker", path) && !leads_to(EVES, "worker", path));
        assert_eq!(claims(EVES, path), ["it registered the task definition, run by user dana"]);
    }
}
