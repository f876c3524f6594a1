//! What a proposal changes beside what both snapshots decide.

use super::super::answer::{Change, Verdict};
use super::*;

const ROLE: &str = "arn:aws:iam::111122223333:role/task";

/// The proposal's count of calls by change, over one call.
fn changed(today: &Arc<Snapshot>, proposed: &Arc<Snapshot>, record: &Record<'_>) -> Vec<(Change, String)> {
    let plan = Plan { proposed: Some(Arc::clone(proposed)), ..plan(today) };
    let answer = replay(&plan, std::slice::from_ref(record));
    let proposal = answer.proposal.unwrap();
    proposal.groups.into_iter().map(|group| (group.change, group.action)).collect()
}

#[test]
fn a_role_that_a_record_names_and_that_may_no_longer_be_passed_may_break_the_call() {
    let parameters = format!(r#"{{"family":"web","taskRoleArn":"{ROLE}"}}"#);
    let record = by_user("ecs.amazonaws.com", "RegisterTaskDefinition", Some(&parameters));
    let today = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let without = World::default().user(ANN, &json!([allow("*", "*"), deny("iam:PassRole", "*")])).read();
    let other = World::default()
        .user(ANN, &json!([allow("*", "*"), deny("iam:PassRole", "arn:aws:iam::111122223333:role/x")]))
        .read();
    assert_eq!(changed(&today, &without, &record), [(Change::MayBreak, "iam:PassRole".to_owned())]);
    assert_eq!(changed(&today, &other, &record), []);
    // What is denied today already does not change.
    assert_eq!(changed(&without, &without, &record), []);
    // Nor does a call that did not work.
    assert_eq!(changed(&today, &without, &Record { error_code: Some("ClientException"), ..record }), []);
}

#[test]
fn what_is_made_with_tags_that_may_no_longer_be_given_may_break() {
    let today = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let without = World::default().user(ANN, &json!([allow("*", "*"), deny("iam:TagRole", "*")])).read();
    let tagged = r#"{"roleName": "task", "path": "/", "tags": [{"key": "env", "value": "prod"}]}"#;
    let record = by_user("iam.amazonaws.com", "CreateRole", Some(tagged));
    assert_eq!(changed(&today, &without, &record), [(Change::MayBreak, "iam:TagRole".to_owned())]);
    assert_eq!(changed(&without, &without, &record), []);
    let plain = by_user("iam.amazonaws.com", "CreateRole", Some(r#"{"roleName": "task", "path": "/"}"#));
    assert_eq!(changed(&today, &without, &plain), []);
}

#[test]
fn whoever_may_no_longer_touch_what_a_call_names_loses_the_call() {
    let today = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let balancer =
        "arn:aws:elasticloadbalancing:eu-west-1:111122223333:loadbalancer/app/web/0123456789abcdef";
    let snapshot = "arn:aws:ec2:us-east-1::snapshot/snap-0123456789abcdef0";
    let image = "arn:aws:ec2:us-east-1::image/ami-0123456789abcdef0";
    let function = "arn:aws:lambda:eu-west-1:111122223333:function:rotate";
    let database = "arn:aws:rds:eu-west-1:111122223333:db:";
    let cluster = "arn:aws:rds:eu-west-1:111122223333:cluster-snapshot:s1";
    for (source, name, parameters, action, resource, expected) in [
        (
            "elasticloadbalancing",
            "DeleteLoadBalancer",
            json!({"loadBalancerArn": balancer}),
            "elasticloadbalancing:DeleteLoadBalancer",
            balancer.to_owned(),
            Change::Broken,
        ),
        (
            "ec2",
            "CopySnapshot",
            json!({"sourceRegion": "us-east-1", "sourceSnapshotId": "snap-0123456789abcdef0"}),
            "ec2:CopySnapshot",
            snapshot.to_owned(),
            Change::Broken,
        ),
        (
            "ec2",
            "CopyImage",
            json!({"sourceRegion": "us-east-1", "sourceImageId": "ami-0123456789abcdef0", "name": "copy"}),
            "ec2:CopyImage",
            image.to_owned(),
            Change::Broken,
        ),
        (
            "rds",
            "RestoreDBClusterFromSnapshot",
            json!({"dBClusterIdentifier": "c2", "snapshotIdentifier": "s1"}),
            "rds:RestoreDBClusterFromSnapshot",
            cluster.to_owned(),
            Change::Broken,
        ),
        (
            "rds",
            "RestoreDBInstanceToPointInTime",
            json!({"sourceDBInstanceIdentifier": "db1", "targetDBInstanceIdentifier": "db2"}),
            "rds:RestoreDBInstanceToPointInTime",
            format!("{database}db2"),
            Change::MayBreak,
        ),
        (
            "secretsmanager",
            "RotateSecret",
            json!({"secretId": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:x-AbCdEf", "rotationLambdaARN": function}),
            "lambda:InvokeFunction",
            function.to_owned(),
            Change::Broken,
        ),
    ] {
        let parameters = parameters.to_string();
        let source = format!("{source}.amazonaws.com");
        let record = by_user(&source, name, Some(&parameters));
        let without = World::default().user(ANN, &json!([allow("*", "*"), deny(action, &resource)])).read();
        assert_eq!(changed(&today, &without, &record), [(expected, action.to_owned())], "{name}");
        let other =
            World::default().user(ANN, &json!([allow("*", "*"), deny(action, "arn:aws:s3:::x")])).read();
        assert_eq!(changed(&today, &other, &record), [], "{name}");
    }
}

#[test]
fn what_works_by_nothing_that_is_known_may_break_by_an_explicit_deny() {
    let bucket = "arn:aws:s3:::example-reports";
    let record =
        by_user("s3.amazonaws.com", "GetObject", Some(r#"{"bucketName":"example-reports","key":"a"}"#));
    let world =
        |statements: &Value| World::default().user(ANN, statements).resource(bucket, &Value::Null).read();
    let today = world(&json!([allow("kms:*", "*")]));
    let denying = world(&json!([allow("kms:*", "*"), deny("s3:*", "*")]));
    assert_eq!(changed(&today, &denying, &record), [(Change::MayBreak, "s3:GetObject".to_owned())]);
    assert_eq!(changed(&denying, &denying, &record), []);
    assert_eq!(changed(&today, &today, &record), []);
}

#[test]
fn what_was_refused_and_is_open_today_is_opened_by_what_allows_it() {
    let parameters = r#"{"instancesSet":{"items":[{"instanceId":"i-0123456789abcdef0"}]}}"#;
    let record = by_user("ec2.amazonaws.com", "StopInstances", Some(parameters));
    let mut guarded = deny("ec2:StopInstances", "*");
    guarded["Condition"] = json!({ "StringEquals": { "aws:ResourceTag/stage": "prod" } });
    let today = World::default().user(ANN, &json!([allow("*", "*"), guarded])).read();
    let proposed = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let denied = Record { error_code: Some("Client.UnauthorizedOperation"), ..record };
    assert_eq!(verdict(&plan(&today), &denied).verdict, Verdict::Undetermined);
    assert_eq!(changed(&today, &proposed, &denied), [(Change::Opened, "ec2:StopInstances".to_owned())]);
    assert_eq!(changed(&today, &proposed, &record), []);
}

#[test]
fn failed_calls_that_a_proposal_denies_are_told_among_the_limits() {
    let record = by_user("s3.amazonaws.com", "GetObject", Some(r#"{"bucketName":"b","key":"k"}"#));
    let record = Record { error_code: Some("NoSuchKey"), ..record };
    let bucket = |world: World| world.resource("arn:aws:s3:::b", &Value::Null).read();
    let today = bucket(World::default().user(ANN, &json!([allow("*", "*")])));
    let proposed = bucket(World::default().user(ANN, &json!([allow("ec2:*", "*")])));
    let plan = Plan { proposed: Some(proposed), ..plan(&today) };
    let answer = replay(&plan, &[record]);
    assert_eq!(answer.proposal.unwrap().groups, []);
    let told: Vec<_> = answer.limits.iter().filter(|limit| limit.what.contains("another error")).collect();
    assert_eq!(told.len(), 1, "{:#?}", answer.limits);
    assert_eq!(told[0].events, Some(1));
}

#[test]
fn what_aws_would_not_take_of_a_proposal_is_told_among_the_limits() {
    let record = by_user("s3.amazonaws.com", "GetObject", Some(r#"{"bucketName":"b","key":"k"}"#));
    let files = |rcp: &str| {
        let folder = tempfile::tempdir().unwrap();
        let statement = json!({ "Effect": "Deny", "Principal": "*", "Action": rcp, "Resource": "*" });
        std::fs::create_dir(folder.path().join("rcp")).unwrap();
        std::fs::write(folder.path().join("rcp/all.json"), policy(&json!([statement])).to_string()).unwrap();
        std::fs::write(folder.path().join("organization.json"), ALONE).unwrap();
        folder
    };
    let today = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let told = |rcp: &str| {
        let proposed = today.patched(files(rcp).path()).unwrap().snapshot;
        let answer = replay(&Plan { proposed: Some(Arc::new(proposed)), ..plan(&today) }, &[record]);
        let of_it = answer.limits.into_iter().filter(|limit| limit.what.contains("in the proposal"));
        of_it.map(|limit| limit.what).collect::<Vec<_>>()
    };
    assert_eq!(told("s3:*"), [] as [String; 0]);
    let [problem] = told("*").try_into().unwrap();
    assert!(
        problem.starts_with("Problem in the proposal: rcp/all.json: AWS takes no such policy"),
        "{problem}"
    );
}
