//! Resources of other accounts: what a policy of their own may let in, and what is shared without one.

use super::*;
use crate::replay::answer::Verdict;

const OTHER: &str = "444455556666";

fn may_all() -> Arc<Snapshot> {
    World::default().user(ANN, &json!([allow("*", "*")])).read()
}

/// What a call of a user comes to, whose policies are these.
fn said(snapshot: &Arc<Snapshot>, source: &str, name: &str, parameters: &Value) -> EventVerdict {
    let parameters = parameters.to_string();
    verdict(&plan(snapshot), &by_user(source, name, Some(&parameters)))
}

fn with_layers(layers: &Value) -> (&'static str, &'static str, Value) {
    let parameters = json!({ "functionName": "send", "layers": layers });
    ("lambda.amazonaws.com", "UpdateFunctionConfiguration20150331v2", parameters)
}

#[test]
fn a_layer_of_another_account_may_be_open_to_this_one() {
    let snapshot = World::default()
        .user(ANN, &json!([allow("*", "*")]))
        .resource("arn:aws:lambda:eu-west-1:111122223333:function:send", &Value::Null)
        .read();
    let theirs = format!("arn:aws:lambda:eu-west-1:{OTHER}:layer:tools:7");
    let (source, name, parameters) = with_layers(&json!([theirs]));
    let found = said(&snapshot, source, name, &parameters);
    assert_eq!(found.verdict, Verdict::Undetermined, "{found:?}");
    assert_eq!(found.needs.as_deref(), Some("the resource's own policy (lambda)"));
    // In the account the policy of the layer can only add to what the user has.
    let (source, name, parameters) =
        with_layers(&json!(["arn:aws:lambda:eu-west-1:111122223333:layer:tools:7"]));
    assert_eq!(said(&snapshot, source, name, &parameters).verdict, Verdict::Same);
    // A deny of the caller's own is one, whatever the layer's policy says.
    let denied = World::default()
        .user(ANN, &json!([allow("*", "*"), deny("lambda:GetLayerVersion", "*")]))
        .resource("arn:aws:lambda:eu-west-1:111122223333:function:send", &Value::Null)
        .read();
    let (source, name, parameters) = with_layers(&json!([theirs]));
    assert_eq!(said(&denied, source, name, &parameters).verdict, Verdict::NowDenied);
}

#[test]
fn what_another_account_may_share_without_a_policy_is_open() {
    let snapshot = may_all();
    for (source, name, parameters, service) in [
        (
            "rds.amazonaws.com",
            "CopyDBSnapshot",
            json!({
                "sourceDBSnapshotIdentifier": format!("arn:aws:rds:eu-west-1:{OTHER}:snapshot:s"),
                "targetDBSnapshotIdentifier": "t",
            }),
            "rds",
        ),
        (
            "ssm.amazonaws.com",
            "GetDocument",
            json!({ "name": format!("arn:aws:ssm:eu-west-1:{OTHER}:document/shared") }),
            "ssm",
        ),
        (
            "ram.amazonaws.com",
            "AcceptResourceShareInvitation",
            json!({ "resourceShareInvitationArn": format!("arn:aws:ram:eu-west-1:{OTHER}:resource-share-invitation/1") }),
            "ram",
        ),
        ("appmesh.amazonaws.com", "DescribeMesh", json!({ "meshName": "m", "meshOwner": OTHER }), "appmesh"),
    ] {
        let found = said(&snapshot, source, name, &parameters);
        assert_eq!(found.verdict, Verdict::Undetermined, "{name}: {found:?}");
        let needs = found.needs.unwrap();
        let wanted = format!("whether the resource is shared with the caller's account ({service})");
        assert!(needs.contains(&wanted), "{name}: {needs}");
    }
}

#[test]
fn no_share_makes_up_for_what_the_callers_side_lacks() {
    let parameters = json!({ "name": format!("arn:aws:ssm:eu-west-1:{OTHER}:document/shared") });
    for statements in [json!([]), json!([allow("*", "*"), deny("ssm:*", "*")])] {
        let snapshot = World::default().user(ANN, &statements).read();
        let found = said(&snapshot, "ssm.amazonaws.com", "GetDocument", &parameters);
        assert_eq!(found.verdict, Verdict::NowDenied, "{statements}");
    }
}

#[test]
fn what_nobody_can_share_is_denied_across_accounts() {
    let parameters = json!({ "policyArn": format!("arn:aws:iam::{OTHER}:policy/own") });
    let found = said(&may_all(), "iam.amazonaws.com", "GetPolicy", &parameters);
    assert_eq!(found.verdict, Verdict::NowDenied, "{found:?}");
}

const POINT: &str = "arn:aws:s3:eu-west-1:111122223333:accesspoint/in";

/// What a read through an access point comes to.
fn through_point(snapshot: &Arc<Snapshot>) -> EventVerdict {
    let parameters = json!({ "bucketName": "example-reports", "key": "k" }).to_string();
    let resources = json!([
        { "type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-reports/k" },
        { "accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-reports" },
        { "accountId": ACCOUNT, "type": "AWS::S3::AccessPoint", "ARN": POINT },
    ])
    .to_string();
    let record =
        Record { resources: Some(&resources), ..by_user("s3.amazonaws.com", "GetObject", Some(&parameters)) };
    verdict(&plan(snapshot), &record)
}

#[test]
fn an_access_point_and_its_bucket_must_both_allow() {
    let bucket = "arn:aws:s3:::example-reports";
    let world = || World::default().user(ANN, &json!([allow("s3:*", "*")])).resource(bucket, &Value::Null);
    assert_eq!(
        through_point(&world().read()).needs.as_deref(),
        Some("the resource's own policy (s3)"),
        "the policy of the access point was not supplied"
    );
    assert_eq!(through_point(&world().resource(POINT, &Value::Null).read()).verdict, Verdict::Same);
    let closed = for_account(json!([deny("s3:*", "*")]));
    let denied = through_point(&world().resource(POINT, &closed).read());
    assert_eq!(denied.verdict, Verdict::NowDenied);
    assert!(denied.decided.unwrap().contains("accesspoint/in"));
    let behind = World::default()
        .user(ANN, &json!([allow("s3:*", "*")]))
        .resource(POINT, &Value::Null)
        .resource(bucket, &closed)
        .read();
    assert_eq!(through_point(&behind).verdict, Verdict::NowDenied);
    // Who may use the bucket alone may not use it through the access point.
    let direct = World::default()
        .user(ANN, &json!([allow("s3:*", "arn:aws:s3:::example-reports/*")]))
        .resource(bucket, &Value::Null)
        .resource(POINT, &Value::Null)
        .read();
    assert_eq!(through_point(&direct).verdict, Verdict::NowDenied);
}

#[test]
fn a_bucket_may_leave_the_decision_to_its_access_points() {
    let mut open = for_account(json!([allow("s3:*", "*")]));
    open[0]["Principal"] = json!("*");
    let delegated = json!([conditioned(
        open[0].clone(),
        json!({ "StringEquals": { "s3:DataAccessPointAccount": ACCOUNT } })
    )]);
    let snapshot = World::default()
        .user(ANN, &json!([]))
        .resource("arn:aws:s3:::example-reports", &delegated)
        .resource(POINT, &open)
        .read();
    assert_eq!(through_point(&snapshot).verdict, Verdict::Same);
}

#[test]
fn what_is_of_an_organization_bears_its_management_account() {
    let tree = json!({ "id": "o-exampleorg1", "managementAccount": OTHER, "nodes": [
        { "id": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": [] },
        { "id": ACCOUNT, "parent": "r-ex01", "scps": ["p-FullAWSAccess"], "rcps": [] },
    ]});
    let world = |statements: &Value| World::default().user(ANN, statements).organization(&tree).read();
    let named = "arn:aws:organizations::444455556666:account/o-exampleorg1/*";
    let snapshot = world(&json!([allow("organizations:*", named)]));
    let parameters = json!({ "accountId": ACCOUNT });
    let source = "organizations.amazonaws.com";
    let found = said(&snapshot, source, "DescribeAccount", &parameters);
    assert_eq!(found.verdict, Verdict::Same, "{found:?}");
    assert_eq!(&*found.resource, "arn:aws:organizations::444455556666:account/o-exampleorg1/111122223333");
    // By another account's id nothing is meant.
    let own = world(&json!([allow("organizations:*", "arn:aws:organizations::111122223333:*")]));
    assert_eq!(said(&own, source, "DescribeAccount", &parameters).verdict, Verdict::NowDenied);
    // Whose organization invites nobody tells.
    let invited = world(&json!([allow("organizations:*", "arn:aws:organizations::444455556666:*")]));
    let handshake = json!({ "handshakeId": "h-examplehandshakeid111" });
    assert_eq!(said(&invited, source, "AcceptHandshake", &handshake).verdict, Verdict::Undetermined);
    // Whether the account may act for the organization no policy tells, where AWS refused.
    let parameters = parameters.to_string();
    let record = by_user(source, "DescribeAccount", Some(&parameters));
    let refusal =
        verdict(&plan(&snapshot), &refused(&record, "You don't have permissions to access this resource."));
    assert_eq!(refusal.verdict, Verdict::Undetermined, "{refusal:?}");
}
