//! What `trace`, `origins` and `investigate --follow` say of those who stand above an origin, where another made something
//! of the same name or changed it: workloads, passwords, users.

use std::path::Path;

use serde_json::{Value, json};

use crate::below::{ACCOUNT, KEYS, call, dana, eve, logs, said, user};

const INSTANCE: &str = "i-0123456789abcdef0";
const KEY: &str = "ASIARTX3GSDSQEXAMPLE";
const DANAS: &str = KEYS[0];
const EVES: &str = KEYS[1];

pub(crate) fn role_arn(role: &str) -> String {
    format!("arn:aws:iam::{ACCOUNT}:role/{role}")
}

/// A session of a role that a service assumed, created at a moment.
pub(crate) fn session(role: &str, name: &str, key: &str, created: &str) -> Value {
    let id = format!("AROARTX3GSDSQ{}EXAMPLE", role.replace('-', "").to_uppercase());
    json!({"type": "AssumedRole", "principalId": format!("{id}:{name}"), "accountId": ACCOUNT, "accessKeyId": key,
        "arn": format!("arn:aws:sts::{ACCOUNT}:assumed-role/{role}/{name}"), "sessionContext": {"sessionIssuer": {
        "type": "Role", "principalId": id, "arn": role_arn(role), "accountId": ACCOUNT, "userName": role},
        "attributes": {"creationDate": created, "mfaAuthenticated": "false"}}})
}

/// The AssumeRole by a service that made such a session, and a call of it.
pub(crate) fn acting(number: u32, service: &str, session: &Value, region: &str) -> [Value; 2] {
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
pub(crate) fn above(rule: &str, key: &str, logs: &Path) -> Vec<String> {
    let found = said(&["trace", key, "--up"], logs);
    let links = found["links"].as_array().unwrap().iter();
    let links = links.filter(|link| link["above_origin"] == true && link["rule"] == rule);
    links.map(|link| link["event_id"].as_str().unwrap().to_owned()).collect()
}

/// The event above the origin of the caller with a key, and whoever stands above all, as `origins` has them.
pub(crate) fn origins(key: &str, logs: &Path) -> [Value; 2] {
    let sql = format!("select above_event_id, root from origins where access_key_id = '{key}'");
    let found = said(&["sql", &sql], logs);
    ["above_event_id", "root"].map(|column| found["rows"][0][column].clone())
}

/// Whoever stands above all, where one launched what another gave its role.
pub(crate) fn both() -> Value {
    json!(format!("arn:aws:iam::{ACCOUNT}:user/dana or arn:aws:iam::{ACCOUNT}:user/eve"))
}

/// Whether a session of a role stands as a fact below what somebody launched or made.
pub(crate) fn leads_to(key: &str, role: &str, logs: &Path) -> bool {
    fn any(lines: &Value, role: &str) -> bool {
        lines.as_array().unwrap().iter().any(|line| {
            let is = line["id"].as_str().unwrap().contains(&format!(":assumed-role/{role}/"));
            (is && line["rule"] != "claim") || any(&line["children"], role)
        })
    }
    any(&said(&["trace", key, "--down"], logs)["descendants"], role)
}

pub(crate) fn event_id(number: u32) -> String {
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
fn who_put_the_code_leads_up_and_who_gave_the_role_is_named() {
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
    for (key, root) in [(reader, dana(DANAS)["arn"].clone()), (admin, both())] {
        assert_eq!(above("launched", key, folder.path()), [event_id(1)]);
        assert_eq!(origins(key, folder.path()), [json!(event_id(1)), root]);
    }
    assert_eq!(given(reader, folder.path()), [Value::Null, Value::Null, json!([])]);
    let two = json!([event_id(1), event_id(2)]);
    assert_eq!(given(admin, folder.path()), [json!(event_id(2)), eve()["arn"].clone(), two]);
    let leads = |key| ["reader", "admin"].map(|role| leads_to(key, role, folder.path()));
    assert_eq!((leads(DANAS), leads(EVES)), ([true, true], [false, false]));
    // Below the one who gave the role stands what came of it, and why it is not followed.
    let tree = said(&["trace", EVES, "--down"], folder.path());
    let claim = &tree["descendants"][0]["children"][0];
    let remark = format!("it gave the role; the code is of CreateFunction20150331 {}", event_id(1));
    assert_eq!((&claim["rule"], &claim["remarks"]), (&json!("claim"), &json!([remark])));
    let tree = said(&["trace", DANAS, "--down"], folder.path());
    assert!(tree.to_string().contains(&format!("role given by {update} {}", event_id(2))), "{tree}");
}

/// Of the launch above the origin of a key: the record that gave the role, the origin of who called it, the candidates.
fn given(key: &str, logs: &Path) -> [Value; 3] {
    let found = said(&["trace", key, "--up"], logs);
    let links = found["links"].as_array().unwrap().iter();
    let launched = links.rev().find(|link| link["rule"] == "launched").unwrap();
    let given = &launched["role_given"];
    [given["event_id"].clone(), given["origin"]["arn"].clone(), launched["ambiguous"].clone()]
}

#[test]
fn code_and_role_of_one_person_are_no_choice() {
    let (code, configure) = ("UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2");
    let acting = acting(5, "lambda", &session("admin", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    let mut put = function(3, &eve(), "2026-03-09T09:30:00Z", "eu-west-1", [code, "admin"]);
    put["requestParameters"].as_object_mut().unwrap().remove("role");
    let create =
        function(1, &dana(DANAS), "2026-03-09T08:00:00Z", "eu-west-1", ["CreateFunction20150331", "reader"]);
    let configured =
        |who: &Value| function(2, who, "2026-03-09T09:00:00Z", "eu-west-1", [configure, "admin"]);
    // eve gave the role and put the code then.
    let folder = logs(&[&[create.clone(), configured(&eve()), put.clone()], &acting]);
    assert_eq!(above("launched", KEY, folder.path()), [event_id(3)]);
    let eves = eve()["arn"].clone();
    assert_eq!(given(KEY, folder.path()), [json!(event_id(2)), eves.clone(), json!([])]);
    // dana gave the role to what eve put later; or with the function.
    let danas = dana(DANAS)["arn"].clone();
    let folder = logs(&[&[create.clone(), configured(&dana(DANAS)), put.clone()], &acting]);
    let two = json!([event_id(3), event_id(2)]);
    assert_eq!(given(KEY, folder.path()), [json!(event_id(2)), danas.clone(), two]);
    let mut create_admin = create;
    create_admin["requestParameters"]["role"] = json!(role_arn("admin"));
    create_admin["responseElements"]["role"] = json!(role_arn("admin"));
    let folder = logs(&[&[create_admin, put], &acting]);
    let two = json!([event_id(3), event_id(1)]);
    assert_eq!(given(KEY, folder.path()), [json!(event_id(1)), danas, two]);
    assert_eq!(origins(KEY, folder.path()), [json!(event_id(3)), both()]);
    // Nothing tells who put the code: the role leads up.
    let folder = logs(&[&[configured(&eve())], &acting]);
    assert_eq!(above("launched", KEY, folder.path()), [event_id(2)]);
    assert_eq!(given(KEY, folder.path())[0], Value::Null);
}

#[test]
fn who_replaced_the_code_of_a_function_is_behind_what_it_does_then() {
    let (before, after, later) = ("ASIARTX3GSDSREXAMPLE", KEY, "ASIARTX3GSDSVEXAMPLE");
    let (update, configure) = ("UpdateFunctionCode20150331v2", "UpdateFunctionConfiguration20150331v2");
    let mut code = function(2, &eve(), "2026-03-09T09:30:00Z", "eu-west-1", [update, "admin"]);
    let mut tried = function(9, &dana(DANAS), "2026-03-09T09:40:00Z", "eu-west-1", [update, "admin"]);
    for made in [&mut code, &mut tried] {
        made["requestParameters"].as_object_mut().unwrap().remove("role");
    }
    tried["requestParameters"]["dryRun"] = json!(true);
    let made = [
        function(1, &dana(DANAS), "2026-03-09T08:00:00Z", "eu-west-1", ["CreateFunction20150331", "admin"]),
        code,
        tried,
        function(10, &dana(DANAS), "2026-03-09T09:35:00Z", "us-east-1", [update, "admin"]),
        // The role that it has already: this changes nothing.
        function(11, &dana(DANAS), "2026-03-09T10:30:00Z", "eu-west-1", [configure, "admin"]),
    ];
    let of = |number, key, created| {
        acting(number, "lambda", &session("admin", "resize", key, created), "eu-west-1")
    };
    let first = of(3, before, "2026-03-09T09:00:00Z");
    let then = of(5, after, "2026-03-09T10:00:00Z");
    let last = of(7, later, "2026-03-09T11:00:00Z");
    let folder = logs(&[&made, &first, &then, &last]);
    for (key, number, maker) in [(before, 1, dana(DANAS)), (after, 2, eve()), (later, 2, eve())] {
        assert_eq!(above("launched", key, folder.path()), [event_id(number)], "{key}");
        // Who gave the role may be behind it as well as who put the code.
        let root = if number == 1 {
            maker["arn"].clone()
        } else {
            let [one, other] = [&dana(DANAS), &maker].map(|who| who["arn"].as_str().unwrap().to_owned());
            json!(format!("{one} or {other}"))
        };
        assert_eq!(origins(key, folder.path()), [json!(event_id(number)), root], "{key}");
    }
    let used = |key: &str| {
        let found = said(&["trace", key, "--down"], folder.path())["descendants"].clone();
        let calls = found.as_array().unwrap().iter().map(|line| line["calls"].as_u64().unwrap());
        calls.sum::<u64>()
    };
    assert_eq!((used(DANAS), used(EVES)), (1, 2));
    // The function's role was changed and no record tells by whom.
    let mut code = function(2, &eve(), "2026-03-09T09:30:00Z", "eu-west-1", [update, "reader"]);
    code["requestParameters"].as_object_mut().unwrap().remove("role");
    let folder = logs(&[&[code], &then]);
    let found = said(&["trace", after, "--up"], folder.path());
    assert_eq!((&found["origin"]["above"], &found["mismatches"][0]["kind"]), (&Value::Null, &json!("role")));
    assert_eq!(origins(after, folder.path())[0], Value::Null);
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
    // The tree down is as sure of it, and no more.
    let tree = said(&["trace", DANAS, "--down"], folder.path());
    let session = &tree["descendants"][0]["children"][0];
    assert_eq!((&session["calls"], &session["role_untold"]), (&json!(1), &json!("admin")), "{session}");
    let mut same = run.clone();
    same["requestParameters"] = json!({"iamInstanceProfile": {"name": "admin"}});
    let folder = logs(&[&[same], &acting]);
    let tree = said(&["trace", DANAS, "--down"], folder.path());
    assert_eq!(tree["descendants"][0]["children"][0]["role_untold"], Value::Null);
    for name in ["AssociateIamInstanceProfile", "ReplaceIamInstanceProfileAssociation"] {
        let mut swap = call(2, &eve(), "2026-03-09T09:30:00Z", "ec2.amazonaws.com", name);
        swap["requestParameters"][format!("{name}Request")] =
            json!({"IamInstanceProfile": {"Name": "admin"}});
        swap["responseElements"][format!("{name}Response")] =
            json!({"iamInstanceProfileAssociation": {"instanceId": INSTANCE}});
        let folder = logs(&[&[run.clone(), swap.clone()], &acting]);
        let path = folder.path();
        // Neither acts without the other: both are named, up and down.
        assert_eq!(above("launched", KEY, path), [event_id(1)], "{name}");
        let [put, by, choice] = given(KEY, path);
        assert_eq!((put, by), (json!(event_id(2)), eve()["arn"].clone()), "{name}");
        assert_eq!(choice, json!([event_id(1), event_id(2)]));
        assert_eq!(origins(KEY, path), [json!(event_id(1)), both()]);
        assert!(leads_to(DANAS, "admin", path) && !leads_to(EVES, "admin", path));
        let claim = said(&["trace", EVES, "--down"], path)["descendants"][0]["children"][0].clone();
        let remark = format!("it gave the role; launched by RunInstances {}", event_id(1));
        assert_eq!((&claim["rule"], &claim["remarks"]), (&json!("claim"), &json!([remark])), "{claim}");
        // Where the launch is not in the logs, it is who gave the role.
        let folder = logs(&[&[swap], &acting]);
        assert_eq!(above("launched", KEY, folder.path()), [event_id(2)], "{name}");
        // And whoever launched it, of whom nothing tells.
        let others =
            format!("{} or ec2.amazonaws.com for instance {INSTANCE}", eve()["arn"].as_str().unwrap());
        assert_eq!(origins(KEY, folder.path()), [json!(event_id(2)), json!(others)]);
        assert!(leads_to(EVES, "admin", folder.path()));
    }
}

#[test]
fn a_profile_that_only_the_answer_of_a_launch_names_is_the_role_that_was_passed() {
    let mut run = call(1, &dana(DANAS), "2026-03-09T08:00:00Z", "ec2.amazonaws.com", "RunInstances");
    run["requestParameters"] = json!({"launchTemplate": {"launchTemplateId": "lt-1", "version": "1"}});
    let profile = format!("arn:aws:iam::{ACCOUNT}:instance-profile/worker");
    run["responseElements"] = json!({"instancesSet": {"items": [
        {"instanceId": INSTANCE, "iamInstanceProfile": {"arn": profile, "id": "AIPARTX3GSDSQEXAMPLE"}}]}});
    for (role, untold) in [("worker", Value::Null), ("admin", json!("admin"))] {
        let session = session(role, INSTANCE, KEY, "2026-03-09T10:00:00Z");
        let folder = logs(&[&[run.clone()], &acting(3, "ec2", &session, "eu-west-1")]);
        let found = said(&["trace", KEY, "--up"], folder.path());
        let launched = found["links"].as_array().unwrap().last().unwrap();
        assert_eq!((&launched["role_passed"], &launched["role_untold"]), (&json!(profile), &untold));
    }
}

/// A sign-in at the console, and a call in its session.
pub(crate) fn signs_in(number: u32, name: &str, time: &str, key: &str) -> [Value; 2] {
    let mut identity = user(name, "");
    identity.as_object_mut().unwrap().remove("accessKeyId");
    let mut sign_in = call(number, &identity, time, "signin.amazonaws.com", "ConsoleLogin");
    sign_in["eventType"] = json!("AwsConsoleSignIn");
    sign_in["responseElements"] = json!({"ConsoleLogin": "Success"});
    let inside = in_console(name, time, key);
    [sign_in, call(number + 1, &inside, &time.replace(":00Z", ":05Z"), "iam.amazonaws.com", "ListUsers")]
}

/// A console session of a user.
pub(crate) fn in_console(name: &str, created: &str, key: &str) -> Value {
    let mut inside = user(name, key);
    inside["sessionContext"] = json!({"attributes": {"creationDate": created, "mfaAuthenticated": "false"}});
    inside
}

/// A call of IAM for bob.
pub(crate) fn for_bob(number: u32, who: &Value, time: &str, name: &str) -> Value {
    let mut made = call(number, who, time, "iam.amazonaws.com", name);
    if name != "ChangePassword" {
        made["requestParameters"] = json!({"userName": "bob"});
    }
    made
}

const CONSOLE: [&str; 3] = ["ASIARTX3GSDSSEXAMPLE", "ASIARTX3GSDSTEXAMPLE", "ASIARTX3GSDSUEXAMPLE"];

#[test]
fn a_password_that_the_user_s_own_key_set_leads_to_whoever_made_the_key() {
    let key = "AKIARTX3GSDSSEXAMPLE";
    let mut made = for_bob(2, &eve(), "2026-03-09T08:00:00Z", "CreateAccessKey");
    made["responseElements"] = json!({"accessKey": {"userName": "bob", "accessKeyId": key}});
    let folder = logs(&[
        &[
            for_bob(1, &dana(DANAS), "2026-03-09T07:00:00Z", "CreateLoginProfile"),
            made,
            for_bob(3, &user("bob", key), "2026-03-09T08:05:00Z", "UpdateLoginProfile"),
        ],
        &signs_in(4, "bob", "2026-03-09T09:00:00Z", CONSOLE[0]),
    ]);
    for who in [CONSOLE[0], &event_id(4)] {
        assert_eq!(above("identity", who, folder.path()), [event_id(3)], "{who}");
        assert_eq!(above("key", who, folder.path()), [event_id(2)], "{who}");
    }
    assert_eq!(origins(CONSOLE[0], folder.path()), [json!(event_id(3)), eve()["arn"].clone()]);
}

#[test]
fn a_password_leads_to_the_sign_ins_until_another_is_set() {
    let january = in_console("bob", "2026-01-02T11:00:00Z", CONSOLE[0]);
    let folder = logs(&[
        &[for_bob(1, &eve(), "2026-01-02T10:00:00Z", "CreateLoginProfile")],
        &signs_in(2, "bob", "2026-01-02T11:00:00Z", CONSOLE[0]),
        &[for_bob(4, &january, "2026-01-02T11:00:10Z", "ChangePassword")],
        &signs_in(5, "bob", "2026-02-02T11:00:00Z", CONSOLE[1]),
        &[for_bob(7, &dana(DANAS), "2026-03-02T10:00:00Z", "UpdateLoginProfile")],
        &signs_in(8, "bob", "2026-03-02T11:00:00Z", CONSOLE[2]),
    ]);
    let path = folder.path();
    // By session, and by the record of its sign-in.
    for (key, sign_in, set) in [(CONSOLE[0], 2, vec![1]), (CONSOLE[1], 5, vec![4]), (CONSOLE[2], 8, vec![7])]
    {
        let set: Vec<String> = set.into_iter().map(event_id).collect();
        assert_eq!(above("identity", key, path), set, "{key}");
        assert_eq!(above("identity", &event_id(sign_in), path), set, "{sign_in}");
        let setters = [eve(), january.clone(), dana(DANAS)];
        let setter = &setters[CONSOLE.iter().position(|one| *one == key).unwrap()];
        assert_eq!(origins(key, path), [json!(set[0]), setter["arn"].clone()], "{key}");
    }
    // All sign-ins at once were by three passwords: of two strangers, and of the user itself.
    let sql = "select above_event_id, root, root_certain from origins where access_key_id is null \
               and session_created is null and identity_arn like '%:user/bob'";
    let bob = user("bob", "");
    let all = [&bob, &dana(DANAS), &eve()].map(|one| one["arn"].as_str().unwrap().to_owned()).join(" or ");
    let expected = json!([{"above_event_id": event_id(1), "root": all, "root_certain": false}]);
    assert_eq!(said(&["sql", sql], path)["rows"], expected);
    // Down: who set a password has what came of it, and not what came of the next.
    let below = |key: &str| {
        let tree = said(&["trace", key, "--down"], path)["descendants"].to_string();
        CONSOLE.map(|key| tree.contains(key))
    };
    assert_eq!(below(EVES), [true, false, false]);
    assert_eq!(below(DANAS), [false, false, true]);
    assert_eq!(below(CONSOLE[0]), [false, true, false]);
    // Who changed its own password knew the one before: the chain ends with a reason, the tree with a claim.
    let found = said(&["trace", CONSOLE[1], "--up"], path);
    let setter = &found["origin"]["above"];
    assert_eq!(setter["event_id"], event_id(4));
    assert_eq!(setter["origin"]["gap"]["reason"], "own-password");
    assert_eq!((&setter["origin"]["complete"], &setter["origin"]["above"]), (&json!(false), &Value::Null));
    let tree = said(&["trace", EVES, "--down"], path)["descendants"].clone();
    let changed = &tree[0]["children"][0]["children"][0];
    assert_eq!((&changed["kind"], &changed["rule"]), (&json!("password"), &json!("claim")), "{tree}");
}

#[test]
fn a_password_that_the_user_changed_with_a_key_is_of_whoever_made_the_key() {
    let key = "AKIARTX3GSDSSEXAMPLE";
    let mut made = for_bob(2, &eve(), "2026-03-09T08:00:00Z", "CreateAccessKey");
    made["responseElements"] = json!({"accessKey": {"userName": "bob", "accessKeyId": key}});
    let first = for_bob(1, &dana(DANAS), "2026-03-09T07:00:00Z", "CreateLoginProfile");
    let folder = logs(&[
        &[first.clone(), made, for_bob(3, &user("bob", key), "2026-03-09T08:05:00Z", "ChangePassword")],
        &signs_in(4, "bob", "2026-03-09T09:00:00Z", CONSOLE[0]),
    ]);
    assert_eq!(above("identity", CONSOLE[0], folder.path()), [event_id(3)]);
    assert_eq!(origins(CONSOLE[0], folder.path()), [json!(event_id(3)), eve()["arn"].clone()]);
    let tree = |key: &str| said(&["trace", key, "--down"], folder.path())["descendants"].to_string();
    assert!(tree(EVES).contains(CONSOLE[0]) && !tree(DANAS).contains(CONSOLE[0]));
    // The sign-in itself may have to change it.
    let [sign_in, acted] = signs_in(4, "bob", "2026-03-09T09:00:00Z", CONSOLE[0]);
    let forced = for_bob(3, &sign_in["userIdentity"], "2026-03-09T08:59:59Z", "ChangePassword");
    let folder = logs(&[&[first, forced, sign_in, acted]]);
    assert_eq!(above("identity", CONSOLE[0], folder.path()), [event_id(3)]);
    assert_eq!(origins(CONSOLE[0], folder.path()), [json!(event_id(3)), user("bob", "")["arn"].clone()]);
}

#[test]
fn a_user_of_the_same_name_is_another_user() {
    let (first, second) = ("AIDARTX3GSDSQFIRSTEXAMPLE", "AIDARTX3GSDSQOTHEREXAMPLE");
    let key = "AKIARTX3GSDSSEXAMPLE";
    let create = |number, who: &Value, time: &str, id: &str| {
        let mut made = for_bob(number, who, time, "CreateUser");
        made["responseElements"] = json!({"user": {"userName": "bob", "userId": id}});
        made
    };
    let mut issued = for_bob(4, &dana(DANAS), "2026-03-09T10:00:00Z", "CreateAccessKey");
    issued["responseElements"] = json!({"accessKey": {"userName": "bob", "accessKeyId": key}});
    let mut bob = user("bob", key);
    bob["principalId"] = json!(second);
    let all = [
        create(1, &eve(), "2026-03-09T08:00:00Z", first),
        for_bob(2, &eve(), "2026-03-09T08:10:00Z", "DeleteUser"),
        create(3, &dana(DANAS), "2026-03-09T09:00:00Z", second),
        issued,
        call(5, &bob, "2026-03-09T11:00:00Z", "s3.amazonaws.com", "ListBuckets"),
    ];
    // Either of the removal, the next creation and the unique id tells, though the others are not in the logs.
    let mut ageless = all.clone();
    ageless[0]["responseElements"] = json!({});
    for kept in [
        all.to_vec(),
        vec![all[0].clone(), all[4].clone()],
        vec![ageless[0].clone(), ageless[1].clone(), ageless[4].clone()],
        vec![ageless[0].clone(), ageless[2].clone(), ageless[4].clone()],
    ] {
        let folder = logs(&[&kept]);
        let found = said(&["trace", EVES, "--down"], folder.path());
        let line = &found["descendants"][0];
        assert_eq!((&line["id"], &line["calls"]), (&json!("bob"), &json!(0)), "{line}");
        let found = said(&["investigate", EVES, "--follow"], folder.path());
        let below = found["follow"]["below"].as_array().unwrap();
        assert!(below.iter().all(|one| one["calls"] == 0), "{below:?}");
    }
    // It is dana's.
    let folder = logs(&[&all]);
    let found = said(&["trace", DANAS, "--down"], folder.path());
    assert_eq!(found["descendants"][0]["calls"], 1);
}

#[test]
fn a_function_that_was_made_again_is_its_new_maker_s() {
    let create = ["CreateFunction20150331", "resizer"];
    let folder = logs(&[
        &[
            function(1, &eve(), "2026-03-09T08:00:00Z", "eu-west-1", create),
            function(2, &dana(DANAS), "2026-03-09T09:00:00Z", "eu-west-1", create),
        ],
        &acting(3, "lambda", &session("resizer", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1"),
    ]);
    assert_eq!(above("launched", KEY, folder.path()), [event_id(2)]);
    assert!(leads_to(DANAS, "resizer", folder.path()) && !leads_to(EVES, "resizer", folder.path()));
    let found = said(&["investigate", EVES, "--follow"], folder.path());
    let below = found["follow"]["below"].as_array().unwrap();
    assert!(below.iter().all(|one| one["calls"] == 0), "{below:?}");
}

/// The reason that nobody stands above the origin of a key, and the event that its words name.
fn unmade(key: &str, logs: &Path) -> (Value, bool) {
    let found = said(&["trace", key, "--up"], logs);
    assert_eq!(found["origin"]["above"], Value::Null, "{key}");
    let gap = &found["origin"]["above_gap"];
    (gap["reason"].clone(), gap["text"].as_str().unwrap_or_default().contains(&event_id(2)))
}

#[test]
fn a_password_that_was_removed_leads_to_no_later_sign_in() {
    let mut made = for_bob(7, &eve(), "2026-03-09T07:00:00Z", "CreateUser");
    made["responseElements"] = json!({"user": {"userName": "bob", "userId": "AIDARTX3GSDSQBOBEXAMPLE"}});
    let set = for_bob(1, &eve(), "2026-03-09T08:00:00Z", "CreateLoginProfile");
    let removed = |name| vec![for_bob(2, &dana(DANAS), "2026-03-09T08:30:00Z", name)];
    let mut other = signs_in(4, "bob", "2026-03-09T10:00:00Z", CONSOLE[0]);
    for record in &mut other {
        record["userIdentity"]["principalId"] = json!("AIDARTX3GSDSQBILLEXAMPLE");
    }
    let same = signs_in(4, "bob", "2026-03-09T10:00:00Z", CONSOLE[0]);
    let first = vec![made.clone(), set.clone()];
    for (between, then, is_eves) in [
        (removed("DeleteLoginProfile"), &same, false),
        (removed("DeleteUser"), &other, false),
        // Only the unique id tells.
        (Vec::new(), &other, false),
        (vec![for_bob(2, &dana(DANAS), "2026-03-09T08:30:00Z", "CreateUser")], &same, false),
        (Vec::new(), &same, true),
    ] {
        let folder = logs(&[&first, &between, then]);
        let path = folder.path();
        let tree = said(&["trace", EVES, "--down"], path)["descendants"].to_string();
        assert_eq!(
            tree.contains(CONSOLE[0]) || tree.contains("T10:00:00Z\",\"kind\":\"console"),
            is_eves,
            "{tree}"
        );
        let follow = said(&["investigate", EVES, "--follow"], path)["follow"]["below"].clone();
        // What a user does is of whoever made the user, by whatever password.
        let by_password = follow.as_array().unwrap().iter().filter(|one| one["kind"] != "user");
        assert!(is_eves || by_password.into_iter().all(|one| one["calls"] == 0), "{follow}");
        if is_eves {
            assert_eq!(above("identity", CONSOLE[0], path), [event_id(1)]);
            continue;
        }
        assert_eq!(above("identity", CONSOLE[0], path), [""; 0]);
        let is_named = between.first().is_some_and(|record| record["eventName"] != "CreateUser");
        assert_eq!(unmade(CONSOLE[0], path), (json!("record-missing"), is_named));
        assert_eq!(origins(CONSOLE[0], path), [Value::Null, user("bob", "")["arn"].clone()]);
    }
}

#[test]
fn a_function_that_was_removed_leads_to_no_later_session() {
    let create = ["CreateFunction20150331", "resizer"];
    let delete = |region: &str, qualifier: Option<&str>| {
        let name = ["DeleteFunction20150331", "resizer"];
        let mut delete = function(2, &dana(DANAS), "2026-03-09T08:30:00Z", region, name);
        delete["requestParameters"] = json!({"functionName": "resize"});
        if let Some(qualifier) = qualifier {
            delete["requestParameters"]["qualifier"] = json!(qualifier);
        }
        delete["responseElements"] = Value::Null;
        delete
    };
    let acting = acting(3, "lambda", &session("resizer", "resize", KEY, "2026-03-09T10:00:00Z"), "eu-west-1");
    let made = function(1, &eve(), "2026-03-09T08:00:00Z", "eu-west-1", create);
    let folder = logs(&[&[made.clone(), delete("eu-west-1", None)], &acting]);
    let path = folder.path();
    assert_eq!(unmade(KEY, path), (json!("record-missing"), true));
    assert_eq!(origins(KEY, path), [Value::Null, json!("lambda.amazonaws.com for function resize")]);
    assert!(!leads_to(EVES, "resizer", path));
    // Another function's removal, or that of one version, ends nothing.
    for other in [delete("us-east-1", None), delete("eu-west-1", Some("3"))] {
        let folder = logs(&[&[made.clone(), other], &acting]);
        assert_eq!(above("launched", KEY, folder.path()), [event_id(1)]);
        assert_eq!(origins(KEY, folder.path()), [json!(event_id(1)), eve()["arn"].clone()]);
        assert!(leads_to(EVES, "resizer", folder.path()));
    }
}

#[test]
fn the_root_of_a_member_account_is_of_its_caller_s_partition() {
    let member = "444455556666";
    for partition in ["aws", "aws-us-gov", "aws-cn"] {
        let mut who = dana(DANAS);
        who["arn"] = json!(format!("arn:{partition}:iam::{ACCOUNT}:user/dana"));
        let time = "2026-03-09T09:00:00Z";
        let mut assumed = call(1, &who, time, "sts.amazonaws.com", "AssumeRoot");
        assumed["requestParameters"] = json!({"targetPrincipal": member});
        assumed["responseElements"] = json!({"credentials": {"accessKeyId": KEY}});
        let root = json!({"type": "Root", "principalId": member, "accountId": member, "accessKeyId": KEY,
            "arn": format!("arn:{partition}:iam::{member}:root"), "sessionContext": {"assumedRoot": "true",
            "attributes": {"creationDate": time, "mfaAuthenticated": "false"}}});
        let mut acted = call(2, &root, "2026-03-09T09:00:05Z", "s3.amazonaws.com", "DeleteBucketPolicy");
        acted["recipientAccountId"] = json!(member);
        let folder = logs(&[&[assumed, acted]]);
        let found = said(&["trace", KEY, "--up"], folder.path());
        assert_eq!(found["links"][0]["event_id"], event_id(1), "{partition}");
        assert_eq!(found["origin"]["arn"], who["arn"]);
        assert_eq!(origins(KEY, folder.path())[1], who["arn"]);
    }
}

#[test]
fn the_role_of_a_task_is_of_who_registered_its_definition() {
    let task = "0123456789abcdef0123456789abcdef";
    let definition =
        |revision: u32| format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task-definition/night:{revision}");
    let registers = |number: u32, revision: u32, role: &str| {
        let mut made =
            call(number, &eve(), "2026-03-09T08:00:00Z", "ecs.amazonaws.com", "RegisterTaskDefinition");
        made["requestParameters"] = json!({"family": "night", "taskRoleArn": role_arn(role)});
        made["responseElements"] = json!({"taskDefinition": {"taskDefinitionArn": definition(revision),
            "taskRoleArn": role_arn(role)}});
        made
    };
    let mut runs = call(3, &user("dana", DANAS), "2026-03-09T08:59:30Z", "ecs.amazonaws.com", "RunTask");
    runs["requestParameters"] = json!({"taskDefinition": "night"});
    runs["responseElements"] = json!({"tasks": [{"taskDefinitionArn": definition(7),
        "taskArn": format!("arn:aws:ecs:eu-west-1:{ACCOUNT}:task/shop/{task}")}]});
    let acts = session("worker", task, KEY, "2026-03-09T09:00:00Z");
    let [assumed, acted] = acting(4, "ecs-tasks", &acts, "eu-west-1");
    let link = |records: &[Value]| {
        let folder = logs(&[records]);
        let found = said(&["trace", KEY, "--up"], folder.path());
        let mut links = found["links"].as_array().unwrap().iter();
        let link = links.find(|link| link["rule"] == "launched").cloned().unwrap();
        let below = said(&["trace", DANAS], folder.path())["descendants"][0].clone();
        assert_eq!(below["children"][0]["id"], acts["arn"], "{below}");
        (link, below)
    };
    let rest = [runs.clone(), assumed.clone(), acted.clone()];
    let (found, below) =
        link(&[[registers(1, 6, "audit"), registers(2, 7, "worker")].as_slice(), &rest].concat());
    assert_eq!(found["event_id"], runs["eventID"]);
    assert_eq!(found["role_passed"], role_arn("worker"));
    assert_eq!(found["role_untold"], Value::Null);
    assert_eq!(found["role_given"]["event_name"], "RegisterTaskDefinition");
    assert_eq!(found["role_given"]["origin"]["name"], "eve");
    assert_eq!(found["ambiguous"].as_array().unwrap().len(), 2, "two people are behind it");
    assert!(
        below["notes"].as_array().unwrap().contains(&json!(format!("role passed: {}", role_arn("worker"))))
    );
    // Its second role is told by no record of the launch.
    let (found, _) = link(&[[registers(1, 7, "audit")].as_slice(), &rest].concat());
    assert_eq!((&found["role_passed"], &found["role_untold"]), (&json!(role_arn("audit")), &json!("worker")));
    // Nothing says it where its definition is not here.
    let (found, _) = link(&[[registers(1, 6, "worker")].as_slice(), &rest].concat());
    assert_eq!((&found["role_passed"], &found["role_given"]), (&Value::Null, &Value::Null));
}
