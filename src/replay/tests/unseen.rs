//! What a proposal changes for calls of which the record, the snapshot or the catalog tell only a part: no such call is
//! passed over in silence.

use super::super::answer::{Change, Verdict};
use super::*;

const SECRET: &str = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf";
const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";

fn both(today: &Arc<Snapshot>, proposed: &Arc<Snapshot>) -> Plan {
    Plan { proposed: Some(Arc::clone(proposed)), ..plan(today) }
}

/// What the proposal changes for one call, whether it is asked for alone or counted with others.
#[track_caller]
fn changed(today: &Arc<Snapshot>, proposed: &Arc<Snapshot>, record: &Record<'_>) -> Option<Change> {
    let plan = both(today, proposed);
    let one = verdict(&plan, record).change;
    let counted = replay(&plan, &[*record, *record]).proposal.unwrap();
    let of: Vec<_> = counted.groups.iter().map(|group| (group.change, group.seen.events)).collect();
    assert_eq!(of, one.map(|change| (change, 2)).into_iter().collect::<Vec<_>>());
    one
}

fn ann(statements: &Value) -> World {
    World::default().user(ANN, statements)
}

fn own(actions: &str) -> Value {
    for_account(json!([allow(actions, "*")]))
}

fn closed(actions: &str, denied: &str) -> Value {
    for_account(json!([allow(actions, "*"), deny(denied, "*")]))
}

#[test]
fn a_secret_that_is_called_by_name_has_the_policy_of_the_only_secret_of_that_name() {
    let may = json!([allow("secretsmanager:*", "*")]);
    let partial = json!({ "secretId": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db" });
    for parameters in [r#"{"secretId": "app/db"}"#.to_owned(), partial.to_string()] {
        let record = by_user("secretsmanager.amazonaws.com", "GetSecretValue", Some(&parameters));
        let today = ann(&may).resource(SECRET, &Value::Null).read();
        let proposed =
            ann(&may).resource(SECRET, &closed("secretsmanager:*", "secretsmanager:GetSecretValue")).read();
        assert_eq!(changed(&today, &proposed, &record), Some(Change::Broken), "{parameters}");
        assert_eq!(changed(&today, &today, &record), None);
        // What alone lets a user read it is taken away.
        let nothing = json!([]);
        let lent = ann(&nothing).resource(SECRET, &{
            let mut lent = json!([allow("secretsmanager:GetSecretValue", "*")]);
            lent[0]["Principal"] = json!({ "AWS": ANN });
            lent
        });
        let taken = ann(&nothing).resource(SECRET, &Value::Null).read();
        assert_eq!(changed(&lent.read(), &taken, &record), Some(Change::Broken), "{parameters}");
    }
}

#[test]
fn the_rest_of_a_partial_arn_of_a_secret_is_open_as_that_of_a_name_is() {
    let of = |arn: &str| {
        ann(&json!([allow("secretsmanager:GetSecretValue", arn)])).resource(SECRET, &Value::Null).read()
    };
    let begin = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:";
    let parameters = json!({ "secretId": format!("{begin}app/db") }).to_string();
    let record = by_user("secretsmanager.amazonaws.com", "GetSecretValue", Some(&parameters));
    let today = of(&format!("{begin}app/db-??????"));
    assert_eq!(changed(&today, &of(&format!("{begin}other-??????")), &record), Some(Change::Broken));
    assert_eq!(changed(&today, &today, &record), None);
}

#[test]
fn a_key_behind_an_alias_may_be_the_one_whose_policy_is_proposed() {
    let may = json!([allow("kms:*", "*")]);
    let world = |policy: &Value| ann(&may).resource(KEY, policy).read();
    let record = by_user("kms.amazonaws.com", "Decrypt", Some(r#"{"keyId": "alias/app"}"#));
    let today = world(&own("kms:*"));
    let proposed = world(&closed("kms:*", "kms:Decrypt"));
    assert_eq!(changed(&today, &proposed, &record), Some(Change::MayBreak));
    let needs = replay(&both(&today, &proposed), &[record]).proposal.unwrap().groups[0].needs.clone();
    assert!(needs.iter().any(|lack| lack.what == format!("whether it asked for {KEY}")), "{needs:?}");
    assert_eq!(changed(&today, &world(&closed("kms:*", "kms:Encrypt")), &record), None);
    assert_eq!(changed(&today, &today, &record), None);
    // Nor does a call that did not work.
    let failed = Record { error_code: Some("NotFoundException"), ..record };
    assert_eq!(changed(&today, &proposed, &failed), None);
}

#[test]
fn a_call_of_no_known_action_may_break_by_what_denies_any_action() {
    let elsewhere = json!({ "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } });
    let region = |action: Value| {
        let mut outside = conditioned(deny("*", "*"), elsewhere.clone());
        outside["Action"] = action;
        ann(&json!([allow("*", "*"), outside])).read()
    };
    let today = ann(&json!([allow("*", "*")])).read();
    for (source, name) in [("nobody.amazonaws.com", "Nothing"), ("glue.amazonaws.com", "GetNothing")] {
        let here = by_user(source, name, None);
        let there = Record { aws_region: Some("ap-south-1"), ..here };
        assert_eq!(changed(&today, &region(json!("*")), &there), Some(Change::MayBreak), "{source}");
        assert_eq!(changed(&today, &region(json!("*")), &here), None);
        // Calls in several regions are not counted alike.
        let all = replay(&both(&today, &region(json!("*"))), &[here, there, here, there]);
        assert_eq!(all.proposal.unwrap().may_break, 2);
        assert_eq!(changed(&today, &region(json!("sqs:*")), &there), None);
        let nothing = ann(&json!([])).read();
        assert_eq!(changed(&today, &nothing, &there), Some(Change::MayBreak));
        let refused = refused(&there, "no");
        assert_eq!(changed(&today, &region(json!("*")), &refused), None);
    }
}

#[test]
fn a_model_behind_an_inference_profile_is_asked_for_where_the_call_is_served() {
    let elsewhere = json!({ "StringNotEquals": { "aws:RequestedRegion": "eu-west-1" } });
    let today = ann(&json!([allow("*", "*")])).read();
    let region = ann(&json!([allow("*", "*"), conditioned(deny("*", "*"), elsewhere)])).read();
    let models = "arn:aws:bedrock:*::foundation-model/*";
    let model = ann(&json!([allow("*", "*"), deny("bedrock:InvokeModel*", models)])).read();
    let profile = "arn:aws:bedrock:eu-west-1:111122223333:inference-profile/eu.amazon.nova-micro-v1:0";
    let global = "global.anthropic.claude-sonnet-4-5-20250929-v1:0";
    let application = "arn:aws:bedrock:eu-west-1:111122223333:application-inference-profile/0123456789ab";
    for id in ["eu.amazon.nova-micro-v1:0", profile, global, application] {
        let parameters = json!({ "modelId": id }).to_string();
        let record = by_user("bedrock.amazonaws.com", "InvokeModel", Some(&parameters));
        let served = |region| Record { additional_event_data: Some(region), ..record };
        let there = served(r#"{"inferenceRegion": "eu-central-1"}"#);
        let here = served(r#"{"inferenceRegion": "eu-west-1"}"#);
        assert_eq!(changed(&today, &model, &record), Some(Change::Broken), "{id}");
        assert_eq!(changed(&today, &region, &record), Some(Change::MayBreak), "{id}");
        let is_open = id == global;
        let expected = if is_open { Change::MayBreak } else { Change::Broken };
        assert_eq!(changed(&today, &region, &there), Some(expected), "{id}");
        assert_eq!(changed(&today, &region, &here), is_open.then_some(Change::MayBreak), "{id}");
        let all = replay(&both(&today, &region), &[here, there, here, there]).proposal.unwrap();
        assert_eq!(all.broken + all.may_break, if is_open { 4 } else { 2 }, "{id}");
    }
    let parameters = r#"{"modelId": "amazon.titan-text-express-v1"}"#;
    let plain = by_user("bedrock.amazonaws.com", "InvokeModel", Some(parameters));
    assert_eq!(changed(&today, &region, &plain), None);
}

#[test]
fn what_is_aws_s_own_may_be_kept_out_by_the_account_of_the_resource() {
    let elsewhere = json!({ "StringNotEqualsIfExists": { "aws:ResourceAccount": ACCOUNT } });
    let today = ann(&json!([allow("*", "*")])).read();
    let perimeter = ann(&json!([allow("*", "*"), conditioned(deny("*", "*"), elsewhere)])).read();
    let narrow = ann(&json!([allow("*", "arn:aws:ssm:*:111122223333:*")])).read();
    for (source, name, parameters) in [
        ("ssm", "GetParameter", r#"{"name": "/aws/service/ami-amazon-linux-latest/al2023"}"#),
        ("ssm", "GetDocument", r#"{"name": "AWS-RunShellScript"}"#),
        ("iam", "GetPolicy", r#"{"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}"#),
    ] {
        let source = format!("{source}.amazonaws.com");
        let record = by_user(&source, name, Some(parameters));
        assert_eq!(changed(&today, &perimeter, &record), Some(Change::MayBreak), "{name}");
        assert_eq!(changed(&today, &today, &record), None, "{name}");
        assert_eq!(changed(&today, &narrow, &record), Some(Change::Broken), "{name}");
    }
    let ours = by_user("ssm.amazonaws.com", "GetDocument", Some(r#"{"name": "ours"}"#));
    assert_eq!(changed(&today, &perimeter, &ours), None);
}

#[test]
fn sign_ins_that_a_policy_may_bar_are_a_limit() {
    let organization = json!({ "id": "o-exampleorg1", "managementAccount": "999988887777", "nodes": [
        { "id": "r-ex01", "name": "Root", "scps": ["p-FullAWSAccess"], "rcps": ["p-RCPFullAWSAccess", "p-own"] },
        { "id": ACCOUNT, "name": "a", "parent": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": ["p-RCPFullAWSAccess"] },
    ]});
    let with = |action: &str| {
        let mut world = ann(&json!([allow("*", "*")]))
            .organization(&organization)
            .control("p-FullAWSAccess", &json!([allow("*", "*")]));
        for (id, mut statement) in [("p-RCPFullAWSAccess", allow("*", "*")), ("p-own", deny(action, "*"))] {
            statement["Principal"] = json!("*");
            if id == "p-own" {
                statement["Condition"] = json!({ "NotIpAddress": { "aws:SourceIp": "198.51.100.0/24" } });
            }
            world.files.push((format!("rcp/{id}.json"), policy(&json!([statement])).to_string()));
        }
        world.read()
    };
    let today = ann(&json!([allow("*", "*")])).read();
    let record = Record {
        event_type: Some("AwsConsoleSignIn"),
        ..by_user("signin.amazonaws.com", "ConsoleLogin", None)
    };
    let limits = |proposed: &Arc<Snapshot>| {
        let answer = replay(&both(&today, proposed), &[record, record]);
        let found = answer.limits.into_iter().find(|limit| limit.what.starts_with("sign-ins"));
        found.map(|limit| limit.events)
    };
    assert_eq!(limits(&with("signin:*")), Some(Some(2)));
    assert_eq!(limits(&with("s3:GetObject")), None);
    assert_eq!(limits(&today), None);
}

#[test]
fn an_object_that_may_not_exist_is_no_refusal_that_is_undone() {
    let bucket = "arn:aws:s3:::example-reports";
    let world = |statements: &Value| ann(statements).resource(bucket, &Value::Null).read();
    let parameters = r#"{"bucketName": "example-reports", "key": "1"}"#;
    let reads = json!([allow("s3:GetObject", "arn:aws:s3:::example-reports/*")]);
    let lists = json!([allow("s3:GetObject", "*"), allow("s3:ListBucket", bucket)]);
    for name in ["GetObject", "HeadObject"] {
        let record = refused(&by_user("s3.amazonaws.com", name, Some(parameters)), "Access Denied");
        let said = verdict(&plan(&world(&reads)), &record);
        assert_eq!(said.verdict, Verdict::Undetermined, "{name}");
        assert!(said.needs.unwrap().contains("s3:ListBucket"));
        assert_eq!(verdict(&plan(&world(&lists)), &record).verdict, Verdict::NowAllowed, "{name}");
        let message = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:GetObject on resource: \"arn:aws:s3:::example-reports/1\" because no identity-based policy allows the s3:GetObject action";
        let stated = refused(&record, message);
        assert_eq!(verdict(&plan(&world(&reads)), &stated).verdict, Verdict::NowAllowed, "{name}");
        let worked = by_user("s3.amazonaws.com", name, Some(parameters));
        assert_eq!(verdict(&plan(&world(&reads)), &worked).verdict, Verdict::Same, "{name}");
    }
}
