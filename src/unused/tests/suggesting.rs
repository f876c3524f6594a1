//! What suggestions keep, and what they say of what they leave out.

use serde_json::{Value, json};

use super::super::suggest::{Generality, Options, Suggestion, WhyUnknown};
use super::{ANN, World, allow, by_ann, deny, look, suggestion};
use crate::replay::Record;

/// The suggestion for a user with these statements, who made these calls.
fn suggested(statements: &Value, records: &[Record<'_>], how: Options) -> Suggestion {
    suggestion(&look(&World::default().user(ANN, statements).read(), records, Some(how)), ANN).clone()
}

/// The texts of the suggested policies, the denies included.
fn text(suggestion: &Suggestion) -> String {
    let all = suggestion.policies.iter().chain(&suggestion.guards);
    all.map(|policy| policy.document.to_string()).collect()
}

#[test]
fn what_no_log_could_show_stands_apart_from_what_is_unused() {
    let granted = json!([{ "Effect": "Allow", "Resource": "*", "Action":
        ["s3:GetObject", "sqs:ReceiveMessage", "ec2:DescribeInstances", "ec2:TerminateInstances"] }]);
    let used = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let found = suggested(&granted, &[used], Options::default());
    assert_eq!(found.unseen, ["s3:GetObject", "sqs:ReceiveMessage"]);
    let removed: Vec<&String> = found.removed.iter().flat_map(|own| &own.actions).collect();
    assert_eq!(removed, ["ec2:TerminateInstances"]);
}

#[test]
fn where_several_statements_may_have_allowed_a_call_all_of_them_stay() {
    let tagged = |key: &str, value: &str| {
        json!({ "Effect": "Allow", "Action": "ec2:TerminateInstances", "Resource": "*",
            "Condition": { "StringEquals": { format!("aws:ResourceTag/{key}"): value } } })
    };
    let instances = r#"{"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}"#;
    let used = by_ann("ec2.amazonaws.com", "TerminateInstances", Some(instances));
    let found =
        text(&suggested(&json!([tagged("env", "dev"), tagged("team", "ops")]), &[used], Options::default()));
    assert!(found.contains("ResourceTag/env") && found.contains("ResourceTag/team"), "{found}");
}

#[test]
fn objects_are_joined_only_as_far_as_todays_statement_goes() {
    let keys: Vec<String> = ["a", "b", "c", "d", "e", "f"]
        .iter()
        .map(|key| json!({ "bucketName": "example", "key": format!("x/report-{key}") }).to_string())
        .collect();
    let used: Vec<Record<'_>> =
        keys.iter().map(|key| by_ann("s3.amazonaws.com", "GetObject", Some(key))).collect();
    let joined = r#""arn:aws:s3:::example/x/*""#;
    let of = |resource: &str, generality| {
        let how = Options { generality, ..Options::default() };
        text(&suggested(&json!([allow("s3:GetObject", resource)]), &used, how)).contains(joined)
    };
    assert!(of("arn:aws:s3:::example/*", Generality::Templated));
    assert!(!of("arn:aws:s3:::example/*", Generality::Exact));
    assert!(!of("arn:aws:s3:::example/x/report-*", Generality::Templated));
}

#[test]
fn access_levels_add_only_what_the_same_statement_allows() {
    let granted = json!([
        allow("s3:PutObject", "arn:aws:s3:::example/*"),
        allow("s3:DeleteObject", "arn:aws:s3:::other/*"),
    ]);
    let used = by_ann("s3.amazonaws.com", "PutObject", Some(r#"{"bucketName": "example", "key": "k"}"#));
    let how = Options { levels: true, ..Options::default() };
    assert!(!text(&suggested(&granted, &[used], how)).contains("DeleteObject"));
    let granted =
        json!([{ "Effect": "Allow", "Action": ["s3:PutObject", "s3:DeleteObject"], "Resource": "*" }]);
    assert!(text(&suggested(&granted, &[used], how)).contains("DeleteObject"));
}

/// By action: the resources of the statements that allow it.
fn resources_of(found: &Suggestion, action: &str) -> Vec<String> {
    let texts = |value: &Value| match value {
        Value::Array(all) => all.iter().map(|own| own.as_str().unwrap().to_owned()).collect(),
        one => vec![one.as_str().unwrap_or("").to_owned()],
    };
    let all = found.policies.iter().flat_map(|own| own.document["Statement"].as_array().unwrap());
    let of_action = all.filter(|own| {
        texts(&own["Action"]).iter().any(|pattern| {
            pattern == action || pattern.strip_suffix('*').is_some_and(|begin| action.starts_with(begin))
        })
    });
    let mut found: Vec<String> = of_action.flat_map(|own| texts(&own["Resource"])).collect();
    found.sort();
    found
}

#[test]
fn actions_of_an_access_level_stand_where_they_do_something() {
    let how = Options { levels: true, generality: Generality::Exact };
    let start = r#"{"instancesSet": {"items": [{"instanceId": "i-0123456789abcdef0"}]}}"#;
    let used = by_ann("ec2.amazonaws.com", "StopInstances", Some(start));
    let found = suggested(&json!([allow("ec2:*", "*")]), &[used], how);
    let arn = |resource: &str| format!("arn:aws:ec2:eu-west-1:111122223333:{resource}");
    // What takes instances joins; what takes something else stands on all of that; what takes none, on everything.
    assert_eq!(resources_of(&found, "ec2:TerminateInstances"), [arn("instance/i-0123456789abcdef0")]);
    assert_eq!(resources_of(&found, "ec2:DeleteVolume"), [arn("volume/*")]);
    assert_eq!(
        resources_of(&found, "ec2:DisassociateAddress").len(),
        2,
        "{:?}",
        resources_of(&found, "ec2:DisassociateAddress")
    );
    assert_eq!(resources_of(&found, "ec2:EnableSerialConsoleAccess"), ["*"]);
    // What needs several types has all of them.
    assert_eq!(
        resources_of(&found, "ec2:AttachVolume"),
        [arn("instance/i-0123456789abcdef0"), arn("volume/*")]
    );
    assert!(!text(&found).contains("ec2:DescribeInstances"), "of another level");
    let left: Vec<&String> = found.removed.iter().flat_map(|own| &own.actions).collect();
    assert!(
        !left.iter().any(|own| *own == "ec2:DeleteVolume") && left.iter().any(|own| *own == "ec2:CreateTags")
    );
    // Not further than today's statement.
    let narrow = json!([{"Effect": "Allow", "Action": "ec2:*", "Resource": ["arn:aws:ec2:*:*:instance/*", "arn:aws:ec2:*:*:volume/vol-1"]}]);
    let found = suggested(&narrow, &[used], how);
    assert_eq!(resources_of(&found, "ec2:DeleteVolume"), ["arn:aws:ec2:*:*:volume/vol-1"]);
    assert_eq!(resources_of(&found, "ec2:DeleteVpc"), [""; 0]);
    assert_eq!(resources_of(&found, "ec2:EnableSerialConsoleAccess"), [""; 0]);
}

#[test]
fn what_is_said_to_be_kept_is_what_the_policy_grants() {
    let how = Options { levels: true, ..Options::default() };
    let used = by_ann("s3.amazonaws.com", "PutObject", Some(r#"{"bucketName": "example", "key": "k"}"#));
    let denied = json!([allow("s3:*", "*"), deny("s3:DeleteObject", "arn:aws:s3:::example/*")]);
    let found = suggested(&denied, &[used], how);
    assert_eq!(resources_of(&found, "s3:DeleteObject"), [""; 0]);
    assert_eq!(resources_of(&found, "s3:RestoreObject"), ["arn:aws:s3:::example/k"]);
    assert_eq!(resources_of(&found, "s3:PutLifecycleConfiguration"), ["arn:aws:s3:::example"]);
    // Each of them is granted by what is suggested, and by nothing else.
    let statements: Vec<Value> = found
        .policies
        .iter()
        .chain(&found.guards)
        .flat_map(|own| own.document["Statement"].as_array().unwrap().clone())
        .collect();
    let again = look(&World::default().user(ANN, &json!(statements)).read(), &[used], None);
    assert_eq!(super::of(&again, ANN).granted.count(), found.actions);
    let removed: u64 = found.removed.iter().map(|own| own.actions.len() as u64).sum();
    let before = look(&World::default().user(ANN, &denied).read(), &[used], None);
    assert_eq!(
        removed + found.unseen.len() as u64 + found.perhaps.len() as u64 + found.actions,
        super::of(&before, ANN).granted.count()
    );
}

#[test]
fn what_a_call_of_no_known_action_may_have_needed_stays_as_it_is_granted() {
    let mut conditional = allow("ec2:Run*", "*");
    conditional["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let granted = json!([
        { "Effect": "Allow", "NotAction": ["iam:*", "ec2:Delete*"], "Resource": "*" },
        conditional,
        allow("sqs:*", "arn:aws:sqs:*:*:q"),
    ]);
    let calls = [
        by_ann("ec2.amazonaws.com", "LaunchMoonBase", Some("{}")),
        by_ann("ec2.amazonaws.com", "DescribeImages", None),
        by_ann("ssm.amazonaws.com", "DescribeParameters", None),
    ];
    let found = suggested(&granted, &calls, Options::default());
    let [kept] = found.kept_whole.as_slice() else { panic!("{:?}", found.kept_whole) };
    assert_eq!(
        (kept.service.as_str(), kept.calls.as_slice(), kept.events),
        ("ec2", ["LaunchMoonBase".to_owned()].as_slice(), 1)
    );
    let statements: Vec<Value> = found
        .policies
        .iter()
        .flat_map(|policy| policy.document["Statement"].as_array().unwrap().clone())
        .collect();
    let of = |sid: &str| {
        statements.iter().filter(|own| own["Sid"].as_str().unwrap().starts_with(sid)).collect::<Vec<_>>()
    };
    // What was used of other services is as narrow as ever; what is used of this one stands in what stays.
    let [used] = of("Used").try_into().unwrap();
    assert_eq!(used["Action"], "ssm:DescribeParameters");
    assert_eq!(of("Kept").len(), 2);
    let actions: Vec<&str> = of("Kept")
        .iter()
        .filter_map(|own| own["Action"].as_array())
        .flatten()
        .filter_map(Value::as_str)
        .collect();
    assert!(actions.contains(&"ec2:LaunchMoonBase") && actions.contains(&"ec2:Describe*"));
    assert!(actions.iter().all(|action| action.starts_with("ec2:") && !action.starts_with("ec2:Delete")));
    assert!(of("Kept").iter().any(|own| own["Action"] == "ec2:Run*" && own.get("Condition").is_some()));
    assert!(found.removed.iter().flat_map(|own| &own.actions).all(|action| !action.starts_with("ec2:")));
    assert!(found.unseen.iter().all(|action| !action.starts_with("ec2:")));
    assert!(found.policies.iter().flat_map(|own| &own.unproven).count() >= 2);
}

#[test]
fn what_todays_policies_deny_is_not_kept() {
    let granted = json!([allow("s3:GetObject", "*"), deny("s3:GetObject", "arn:aws:s3:::example/private/*")]);
    let [open, private] =
        ["open/a", "private/a"].map(|key| json!({ "bucketName": "example", "key": key }).to_string());
    let used = [&open, &private].map(|own| by_ann("s3.amazonaws.com", "GetObject", Some(own)));
    let found = suggested(&granted, &used, Options::default());
    assert_eq!(found.policies[0].document["Statement"][0]["Resource"], "arn:aws:s3:::example/open/a");
    assert_eq!(found.not_granted, [("s3:GetObject".to_owned(), 1)]);
}

#[test]
fn what_is_allowed_anyway_needs_no_second_statement() {
    let mut near = allow("s3:GetObject", "arn:aws:s3:::example/*");
    near["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": "eu-west-1"}});
    let mut narrow = near.clone();
    narrow["Condition"]["IpAddress"] = json!({"aws:SourceIp": "192.0.2.0/24"});
    narrow["Resource"] = json!("arn:aws:s3:::example/a");
    let key = json!({ "bucketName": "example", "key": "a" }).to_string();
    let used = by_ann("s3.amazonaws.com", "GetObject", Some(&key));
    let found = suggested(&json!([narrow, near]), &[used], Options::default());
    assert_eq!(found.statements, 1, "{}", text(&found));
}

#[test]
fn what_takes_any_resource_gets_no_more_than_todays_statement_gives() {
    let all_but =
        json!([{ "Effect": "Allow", "Action": "ec2:*", "NotResource": "arn:aws:ec2:*:*:instance/*" }]);
    let used = by_ann("ec2.amazonaws.com", "DescribeInstances", None);
    let found = suggested(&all_but, &[used], Options::default());
    assert_eq!(found.policies[0].document["Statement"][0]["NotResource"], "arn:aws:ec2:*:*:instance/*");
}

#[test]
fn a_launch_keeps_the_volumes_that_it_made_or_perhaps_made() {
    let launch =
        r#"{"instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}, "blockDeviceMapping": {}}"#;
    let with = |kind: &str| {
        format!(r#"{{"instancesSet": {{"items": [{{"instanceId": "i-0123456789abcdef0"{kind}}}]}}}}"#)
    };
    let keeps = |kind: &str| {
        let response = with(kind);
        let used = Record {
            response_elements: Some(&response),
            ..by_ann("ec2.amazonaws.com", "RunInstances", Some(launch))
        };
        text(&suggested(&json!([allow("ec2:*", "*")]), &[used], Options::default())).contains(":volume/*")
    };
    assert!(keeps(r#", "rootDeviceType": "ebs""#));
    assert!(keeps(""));
    assert!(!keeps(r#", "rootDeviceType": "instance-store""#));
}

#[test]
fn every_deny_of_today_stays() {
    let granted = json!([allow("s3:PutObject", "*"), deny("s3:DeleteObject", "*")]);
    let used = by_ann("s3.amazonaws.com", "PutObject", Some(r#"{"bucketName": "example", "key": "k"}"#));
    assert!(text(&suggested(&granted, &[used], Options::default())).contains("s3:DeleteObject"));
}

#[test]
fn letters_that_iam_does_not_take_are_one_letter_each() {
    let key = json!({ "bucketName": "example", "key": "\u{5831}\u{202e}.pdf" }).to_string();
    let used = by_ann("s3.amazonaws.com", "GetObject", Some(&key));
    let found = text(&suggested(&json!([allow("s3:*", "*")]), &[used], Options::default()));
    assert!(found.contains("arn:aws:s3:::example/??.pdf"), "{found}");
}

#[test]
fn groups_that_a_new_database_gets_without_being_named_stay_in_the_suggestion() {
    let create = r#"{"dBInstanceIdentifier": "main", "engine": "mysql", "dBSubnetGroupName": "private"}"#;
    let made = json!({
        "dBInstanceIdentifier": "main", "dBSubnetGroup": {"dBSubnetGroupName": "private"},
        "dBParameterGroups": [{"dBParameterGroupName": "default.mysql8.0"}],
        "optionGroupMemberships": [{"optionGroupName": "default:mysql-8-0"}],
    })
    .to_string();
    let used = by_ann("rds.amazonaws.com", "CreateDBInstance", Some(create));
    let resources = |granted: &Value, used: Record<'_>| -> Vec<String> {
        let found = suggested(granted, &[used], Options { generality: Generality::Exact, levels: false });
        assert_eq!(
            found.not_granted,
            [],
            "what the call perhaps asked for is not said to be used without a grant"
        );
        let all = &found.policies[0].document["Statement"][0]["Resource"];
        let texts = all.as_array().cloned().unwrap_or_else(|| vec![all.clone()]);
        texts
            .iter()
            .map(|own| own.as_str().unwrap().replace("arn:aws:rds:eu-west-1:111122223333:", ""))
            .collect()
    };
    let all = json!([allow("rds:*", "*")]);
    let told = Record { response_elements: Some(&made), ..used };
    assert_eq!(
        resources(&all, told),
        ["db:main", "og:default:mysql-8-0", "pg:default.mysql8.0", "subgrp:private"]
    );
    assert_eq!(resources(&all, used), ["db:main", "og:default*", "pg:default*", "subgrp:private"]);
    // What today's policies do not allow is not added.
    let some = json!([{"Effect": "Allow", "Action": "rds:*", "Resource": ["arn:aws:rds:*:*:db:*", "arn:aws:rds:*:*:subgrp:*"]}]);
    assert_eq!(resources(&some, used), ["db:main", "subgrp:private"]);
}

#[test]
fn a_role_that_is_passed_by_name_stays_by_its_arn() {
    let job = r#"{"name": "nightly", "role": "load"}"#;
    let used = by_ann("glue.amazonaws.com", "CreateJob", Some(job));
    let passes = |world: World| {
        let snapshot = world.user(ANN, &json!([allow("*", "*")])).read();
        let answer = look(&snapshot, &[used], Some(Options::default()));
        let found = suggestion(&answer, ANN).clone();
        let all = found.policies[0].document["Statement"].as_array().unwrap();
        let pass = all.iter().find(|own| own["Action"] == "iam:PassRole").unwrap().clone();
        (pass, found.unknown_roles)
    };
    let role = "arn:aws:iam::111122223333:role/etl/load";
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "glue.amazonaws.com"}}]);
    let (pass, unknown) = passes(World::default().role(role, &trust, &json!([])));
    assert_eq!((&pass["Resource"], unknown), (&json!(role), Vec::new()));
    let (pass, unknown) = passes(World::default());
    assert_eq!(pass["Resource"], "arn:aws:iam::111122223333:role/*load");
    assert!(pass["Sid"].as_str().unwrap().starts_with("Perhaps"), "{pass}");
    assert_eq!((unknown.len(), unknown[0].why), (1, WhyUnknown::Path));
}

#[test]
fn a_role_that_only_an_unknown_instance_profile_tells_is_no_proven_need() {
    let launch = r#"{"iamInstanceProfile": {"name": "web"}, "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}}"#;
    let used = by_ann("ec2.amazonaws.com", "RunInstances", Some(launch));
    let trust = json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2.amazonaws.com"}}]);
    let role = "arn:aws:iam::111122223333:role/app/web";
    let passes = |profile: &str| {
        let profiles = json!([{"InstanceProfileName": profile, "Arn": format!("arn:aws:iam::111122223333:instance-profile/{profile}")}]);
        let world = World::default().role(role, &trust, &json!([])).with("InstanceProfileList", &profiles);
        let snapshot = world.user(ANN, &json!([allow("*", "*")])).read();
        let found = suggestion(&look(&snapshot, &[used], Some(Options::default())), ANN).clone();
        let all = found.policies.iter().flat_map(|own| own.document["Statement"].as_array().unwrap());
        let pass = all.filter(|own| own["Action"] == "iam:PassRole").cloned().collect::<Vec<_>>();
        assert_eq!(pass.len(), 1, "{pass:?}");
        (pass[0].clone(), found)
    };
    let (pass, found) = passes("web");
    assert_eq!(pass["Resource"], role);
    assert!(pass["Sid"].as_str().unwrap().starts_with("Used") && found.unknown_roles.is_empty());
    let (pass, found) = passes("other");
    assert_eq!(pass["Resource"], "arn:aws:iam::111122223333:role/*");
    let sid = pass["Sid"].as_str().unwrap().to_owned();
    assert!(sid.starts_with("Perhaps"), "{pass}");
    assert!(found.policies.iter().any(|own| own.unproven.contains(&sid)));
    let [unknown] = found.unknown_roles.as_slice() else { panic!("{:?}", found.unknown_roles) };
    assert_eq!((unknown.requests, unknown.why), (1, WhyUnknown::InstanceProfile));
}

#[test]
fn entities_that_are_no_longer_in_the_account_are_written_under_any_path() {
    let granted = json!([allow("iam:*", "*")]);
    let used = [
        by_ann("iam.amazonaws.com", "DeleteRole", Some(r#"{"roleName": "old"}"#)),
        by_ann("iam.amazonaws.com", "AddUserToGroup", Some(r#"{"groupName": "gone", "userName": "ann"}"#)),
    ];
    let found = suggested(&granted, &used, Options::default());
    assert_eq!(resources_of(&found, "iam:DeleteRole"), ["arn:aws:iam::111122223333:role/*old"]);
    assert_eq!(resources_of(&found, "iam:AddUserToGroup"), ["arn:aws:iam::111122223333:group/*gone"]);
}

#[test]
fn layers_that_a_function_is_given_stay_readable() {
    let granted = json!([allow("lambda:*", "*")]);
    let layer = "arn:aws:lambda:eu-west-1:111122223333:layer:tools:3";
    let given = json!({ "functionName": "f", "layers": [layer] }).to_string();
    let used = by_ann("lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", Some(&given));
    let found = suggested(&granted, &[used], Options::default());
    assert_eq!(resources_of(&found, "lambda:GetLayerVersion"), [layer]);
}
