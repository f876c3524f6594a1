//! Which requests calls are: actions, resources, what they imply.

use serde_json::{Value, json};

use super::logged::{Logged, logged};
use crate::aws::AccountId;
use crate::catalog::event::{Presence, Reason, Unknown};
use crate::catalog::resource::Certainty;
use crate::policy::Resource;
use crate::replay::request::{Asked, Origin, Reading, ResourceFrom, requests};

pub(super) fn asked(logged: &Logged) -> Vec<Asked> {
    match requests(&logged.record(), &logged.parsed(), None) {
        Reading::Requests(asked) => asked,
        other => panic!("{other:?}"),
    }
}

/// Action and resource of the requests of an origin, sorted; `?` before what is only possible.
fn of(origin: Origin, call: &Value) -> Vec<String> {
    let line = |asked: &Asked| {
        let mark = if asked.presence == Presence::Possible { "?" } else { "" };
        format!("{mark}{} {}", asked.action, asked.shown)
    };
    let mut lines: Vec<_> =
        asked(&logged(call)).iter().filter(|asked| asked.origin == origin).map(line).collect();
    lines.sort();
    lines
}

#[track_caller]
fn check(call: &Value, own: &[&str], derived: &[&str]) {
    assert_eq!(of(Origin::Call, call), own);
    assert_eq!(of(Origin::Derived, call), derived);
}

#[test]
fn a_launch_asks_for_each_resource_and_passes_its_role() {
    let call = json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "requestParameters": {
        "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0", "keyName": "ops", "minCount": 1}]},
        "groupSet": {"items": [{"groupId": "sg-0123456789abcdef0"}]},
        "subnetId": "subnet-0123456789abcdef0",
        "blockDeviceMapping": {"items": [{"deviceName": "/dev/xvda", "ebs": {"volumeSize": 8}}]},
        "iamInstanceProfile": {"arn": "arn:aws:iam::111122223333:instance-profile/app"},
        "tagSpecificationSet": {"items": [{"resourceType": "instance", "tags": [{"key": "team", "value": "a"}]}]},
    }});
    check(
        &call,
        &[
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:instance/*",
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:key-pair/ops",
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:network-interface/*",
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:security-group/sg-0123456789abcdef0",
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:subnet/subnet-0123456789abcdef0",
            "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:volume/*",
            "ec2:RunInstances arn:aws:ec2:eu-west-1::image/ami-0123456789abcdef0",
        ],
        &[
            "ec2:CreateTags arn:aws:ec2:eu-west-1:111122223333:instance/*",
            "iam:PassRole arn:aws:iam::111122223333:role/*",
        ],
    );
    // What has no policy of its own is decided by the caller's account, and by nobody else.
    for asked in asked(&logged(&call)) {
        assert_eq!(asked.resource_account, AccountId::parse("111122223333"), "{}", asked.shown);
        let is_known = asked.action != "iam:PassRole";
        assert_eq!(matches!(asked.resource, Resource::Named(_)), is_known, "{}", asked.shown);
    }
}

#[test]
fn a_launch_without_block_devices_asks_for_a_volume_if_its_instance_has_one() {
    let launch = |response: Value| {
        let call = json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances", "requestParameters": {
            "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}, "blockDeviceMapping": {}},
            "responseElements": response});
        of(Origin::Call, &call).into_iter().filter(|line| line.contains(":volume/")).collect::<Vec<_>>()
    };
    let of_type =
        |kind: &str| json!({"instancesSet": {"items": [{"instanceId": "i-1", "rootDeviceType": kind}]}});
    let volume = "ec2:RunInstances arn:aws:ec2:eu-west-1:111122223333:volume/*";
    assert_eq!(launch(of_type("ebs")), [volume]);
    assert_eq!(launch(Value::Null), [format!("?{volume}")]);
    assert!(launch(of_type("instance-store")).is_empty());
}

#[test]
fn what_names_a_role_passes_it() {
    let role = "arn:aws:iam::111122223333:role/work/app";
    check(
        &json!({"eventSource": "lambda.amazonaws.com", "eventName": "CreateFunction20150331",
            "requestParameters": {"functionName": "f", "role": role}}),
        &["lambda:CreateFunction arn:aws:lambda:eu-west-1:111122223333:function:f"],
        &[&format!("iam:PassRole {role}")],
    );
    // A read passes nothing, whatever its parameters are called.
    let read = json!({"eventSource": "lambda.amazonaws.com", "eventName": "GetFunction20150331v2",
        "requestParameters": {"functionName": "f", "role": role}});
    assert!(of(Origin::Derived, &read).is_empty());
}

#[test]
fn a_copy_reads_its_source_and_writes_its_target() {
    let call = json!({"eventSource": "s3.amazonaws.com", "eventName": "CopyObject", "requestParameters": {
        "bucketName": "example-target", "key": "b.csv", "x-amz-copy-source": "example-source/a%20b.csv"}});
    let own = of(Origin::Call, &call);
    assert!(own.contains(&"s3:GetObject arn:aws:s3:::example-source/a b.csv".to_owned()), "{own:?}");
    assert!(own.contains(&"s3:PutObject arn:aws:s3:::example-target/b.csv".to_owned()), "{own:?}");
    assert!(own.contains(&"?s3:PutObjectTagging arn:aws:s3:::example-target/b.csv".to_owned()), "{own:?}");
}

#[test]
fn a_batch_of_deletions_asks_for_each_key_that_is_logged() {
    let call = json!({"eventSource": "s3.amazonaws.com", "eventName": "DeleteObjects",
        "requestParameters": {"bucketName": "example-reports", "delete": ""},
        "resources": [
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-reports/a.csv"},
            {"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-reports/b.csv"},
            {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-reports", "accountId": "444455556666"}]});
    check(
        &call,
        &[
            "?s3:DeleteObject arn:aws:s3:::example-reports/a.csv",
            "?s3:DeleteObject arn:aws:s3:::example-reports/b.csv",
            "?s3:DeleteObjectVersion arn:aws:s3:::example-reports/a.csv",
            "?s3:DeleteObjectVersion arn:aws:s3:::example-reports/b.csv",
        ],
        &[],
    );
    let mut call = call;
    call["resources"] = Value::Null;
    let first = &asked(&logged(&call))[0];
    assert_eq!(
        (first.shown.as_str(), &first.resource),
        ("arn:aws:s3:::example-reports/*", &Resource::Pattern("arn:aws:s3:::example-reports/*".to_owned()))
    );
    assert_eq!(first.certainty, Certainty::Pattern);
}

#[test]
fn to_assume_a_role_with_tags_and_a_source_identity_asks_for_these_too() {
    let role = "arn:aws:iam::444455556666:role/audit";
    let mut call = json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
        "requestParameters": {"roleArn": role, "roleSessionName": "ann"}});
    check(&call, &[&format!("sts:AssumeRole {role}")], &[]);
    assert_eq!(asked(&logged(&call))[0].resource_account, AccountId::parse("444455556666"));
    call["requestParameters"]["tags"] = json!([{"key": "team", "value": "a"}]);
    call["requestParameters"]["sourceIdentity"] = json!("ann");
    check(
        &call,
        &[
            &format!("sts:AssumeRole {role}"),
            &format!("sts:SetSourceIdentity {role}"),
            &format!("sts:TagSession {role}"),
        ],
        &[],
    );
}

#[test]
fn a_source_identity_stays_with_the_roles_that_its_session_assumes() {
    let role = "arn:aws:iam::444455556666:role/audit";
    let session = |identity: Value| {
        json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRole",
            "userIdentity": {"type": "AssumedRole", "accountId": "111122223333",
                "arn": "arn:aws:sts::111122223333:assumed-role/deploy/one",
                "sessionContext": {"sourceIdentity": identity}},
            "requestParameters": {"roleArn": role, "roleSessionName": "two"}})
    };
    let (assume, set) = (format!("sts:AssumeRole {role}"), format!("sts:SetSourceIdentity {role}"));
    check(&session(json!("ann")), &[&assume, &set], &[]);
    check(&session(Value::Null), &[&assume], &[]);
    let mut again = session(json!("ann"));
    again["requestParameters"]["sourceIdentity"] = json!("ann");
    check(&again, &[&assume, &set], &[]);
}

#[test]
fn to_encrypt_again_asks_for_either_key() {
    let key =
        |id: char| format!("arn:aws:kms:eu-west-1:111122223333:key/{id}234abcd-12ab-34cd-56ef-1234567890ab");
    let logged_keys = json!([{"ARN": key('9'), "accountId": "111122223333"},
        {"ARN": key('1'), "accountId": "111122223333"}]);
    let call = |resources: Value| {
        json!({"eventSource": "kms.amazonaws.com", "eventName": "ReEncrypt", "resources": resources,
            "requestParameters": {"sourceKeyId": key('9'), "destinationKeyId": key('1')}})
    };
    for resources in [logged_keys, Value::Null] {
        check(
            &call(resources),
            &[&format!("kms:ReEncryptFrom {}", key('9')), &format!("kms:ReEncryptTo {}", key('1'))],
            &[],
        );
    }
}

#[test]
fn a_transaction_asks_for_the_action_of_each_operation_on_its_table() {
    let table = |name: &str| format!("arn:aws:dynamodb:eu-west-1:111122223333:table/{name}");
    let call = |name: &str, items: Value| {
        json!({"eventSource": "dynamodb.amazonaws.com", "eventName": name,
            "requestParameters": {"requestItems": items}})
    };
    check(
        &call(
            "TransactWriteItems",
            json!([{"operation": "Put", "tableName": "music"}, {"operation": "ConditionCheck", "tableName": "albums"}]),
        ),
        &[
            &format!("dynamodb:ConditionCheckItem {}", table("albums")),
            &format!("dynamodb:PutItem {}", table("music")),
        ],
        &[],
    );
    check(
        &call("TransactGetItems", json!([{"operation": "Get", "tableName": "music"}])),
        &[&format!("dynamodb:GetItem {}", table("music"))],
        &[],
    );
    let untold = of(Origin::Call, &call("TransactWriteItems", Value::Null));
    assert_eq!(untold.len(), 4, "{untold:?}");
    assert!(untold.iter().all(|line| line.starts_with('?')), "{untold:?}");
}

#[test]
fn an_action_without_resources_is_asked_of_the_caller_s_account() {
    let call = json!({"eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances"});
    let asked = asked(&logged(&call));
    assert_eq!(
        asked,
        [Asked {
            action: "ec2:DescribeInstances".to_owned(),
            resource: Resource::Any,
            shown: "*".to_owned(),
            certainty: Certainty::Exact,
            from: ResourceFrom::Action,
            resource_account: AccountId::parse("111122223333"),
            again: None,
            origin: Origin::Call,
            presence: Presence::Certain,
        }]
    );
}

/// Nobody but the caller's own account decides whether a member account's root user may be assumed.
#[test]
fn a_root_user_is_asked_for_by_its_account_and_has_no_policy_of_its_own() {
    let parameters = json!({"targetPrincipal": "444455556666"});
    let call = json!({"eventSource": "sts.amazonaws.com", "eventName": "AssumeRoot", "requestParameters": parameters});
    let asked = asked(&logged(&call));
    let [root] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!(root.shown, "arn:aws:iam::444455556666:root");
    assert_eq!(root.resource_account, AccountId::parse("111122223333"));
}

#[test]
fn partitions_follow_the_caller_or_the_region() {
    let call = |region: &str, caller: Value| {
        json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "awsRegion": region,
            "userIdentity": caller, "requestParameters": {"bucketName": "example-reports", "key": "a"}})
    };
    let user = json!({"type": "IAMUser", "arn": "arn:aws-cn:iam::111122223333:user/ann", "accountId": "111122223333"});
    let service = json!({"type": "AWSService", "invokedBy": "logging.s3.amazonaws.com"});
    for (region, caller, partition) in [
        ("cn-north-1", user.clone(), "aws-cn"),
        ("", user, "aws-cn"),
        ("cn-north-1", service.clone(), "aws-cn"),
        ("us-gov-west-1", service.clone(), "aws-us-gov"),
        ("us-iso-east-1", service.clone(), "aws-iso"),
        ("us-isob-east-1", service.clone(), "aws-iso-b"),
        ("eu-west-1", service, "aws"),
    ] {
        let asked = asked(&logged(&call(region, caller)));
        assert_eq!(asked[0].shown, format!("arn:{partition}:s3:::example-reports/a"));
    }
}

#[test]
fn what_a_record_does_not_tell_of_the_place_stays_open() {
    let call = json!({"eventSource": "sns.amazonaws.com", "eventName": "CreateTopic", "recipientAccountId": null,
        "userIdentity": {"type": "Unknown"}, "requestParameters": {"name": "news"}});
    let asked = &asked(&logged(&call))[0];
    assert_eq!(
        (asked.shown.as_str(), &asked.resource),
        ("arn:aws:sns:eu-west-1:*:news", &Resource::Pattern("arn:aws:sns:eu-west-1:*:news".to_owned()))
    );
    assert_eq!((asked.certainty, asked.resource_account), (Certainty::Pattern, None));
}

#[test]
fn what_nobody_asked_for_is_no_request() {
    let reading = |call: Value| {
        let logged = logged(&call);
        requests(&logged.record(), &logged.parsed(), None)
    };
    for (kind, reason) in [
        ("AwsServiceEvent", Reason::ServiceEvent),
        ("AwsCloudTrailInsight", Reason::Insight),
        ("AwsConsoleSignIn", Reason::SignIn),
    ] {
        let call = json!({"eventSource": "kms.amazonaws.com", "eventName": "CreateKey", "eventType": kind});
        assert!(matches!(reading(call), Reading::NotRequest(not) if not.reason == reason), "{kind}");
    }
    let call = json!({"eventSource": "sts.amazonaws.com", "eventName": "GetCallerIdentity"});
    assert!(matches!(reading(call), Reading::NotRequest(not) if not.reason == Reason::NoPermission));
    let call = json!({"eventSource": "s3.amazonaws.com", "eventName": "DoNothing"});
    assert_eq!(reading(call), Reading::Unmapped(Unknown::Action));
}

#[test]
fn who_could_not_prove_who_they_are_never_reached_a_policy() {
    let reading = |code: &str, message: &str| {
        let logged = logged(&json!({"eventSource": "ec2.amazonaws.com", "eventName": "DescribeInstances",
            "errorCode": code, "errorMessage": message}));
        requests(&logged.record(), &logged.parsed(), None)
    };
    for code in [
        "ExpiredToken",
        "ExpiredTokenException",
        "Client.InvalidClientTokenId",
        "InvalidAccessKeyId",
        "SignatureDoesNotMatch",
        "UnrecognizedClientException",
        "Client.RequestExpired",
    ] {
        let reading = reading(code, "");
        assert!(
            matches!(reading, Reading::NotRequest(not) if not.reason == Reason::NotAuthenticated),
            "{code}"
        );
    }
    let unknown =
        reading("Client.AuthFailure", "AWS was not able to validate the provided access credentials");
    assert!(matches!(unknown, Reading::NotRequest(not) if not.reason == Reason::NotAuthenticated));
    // Who may not use an image was known, and allowed to ask.
    let known = reading("Client.AuthFailure", "Not authorized for images: [ami-0123456789abcdef0]");
    assert!(matches!(known, Reading::Requests(_)));
    assert!(matches!(reading("Client.InvalidInstanceID.NotFound", ""), Reading::Requests(_)));
}

#[test]
fn what_a_users_temporary_credentials_can_never_call_no_policy_refused() {
    let reading = |name: &str, key: &str, message: &str| {
        let logged = logged(&json!({"eventSource": "sts.amazonaws.com", "eventName": name,
            "errorCode": "AccessDenied", "errorMessage": message, "userIdentity": {
                "type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/ann", "accountId": "111122223333",
                "userName": "ann", "accessKeyId": key}}));
        requests(&logged.record(), &logged.parsed(), None)
    };
    let is_beyond = |reading: &Reading| matches!(reading, Reading::NotRequest(not) if not.reason == Reason::BeyondCredentials);
    let temporary = "ASIARTX3GSDSQEXAMPLE";
    let message = "Cannot call GetFederationToken with session credentials";
    assert!(is_beyond(&reading("GetFederationToken", temporary, message)));
    assert!(is_beyond(&reading("GetAccessKeyInfo", temporary, "Access denied")));
    for (name, key) in [("AssumeRole", temporary), ("GetFederationToken", "AKIARTX3GSDSQEXAMPLE")] {
        assert!(matches!(reading(name, key, "Access denied"), Reading::Requests(_)), "{name} {key}");
    }
    // Where AWS states that policies refused it, they did.
    let stated = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:GetAccessKeyInfo on resource: * with an explicit deny in an identity-based policy";
    assert!(matches!(reading("GetAccessKeyInfo", temporary, stated), Reading::Requests(_)));
}

#[test]
fn arns_that_a_call_has_in_its_path_are_read() {
    let call = json!({"eventSource": "eks.amazonaws.com", "eventName": "DeleteAccessEntry", "recipientAccountId": "111122223333",
    "awsRegion": "eu-west-1", "requestParameters": {
        "name": "c", "principalArn": "arn%3Aaws%3Aiam%3A%3A111122223333%3Arole%2Fops%2Fdeploy",
    }});
    check(
        &call,
        &[
            "eks:DeleteAccessEntry arn:aws:eks:eu-west-1:111122223333:access-entry/c/role/111122223333/deploy/*",
        ],
        &[],
    );
}
