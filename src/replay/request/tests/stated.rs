//! What AWS states of denied calls.

use serde_json::{Value, json};

use super::calls::asked;
use super::logged::logged;
use crate::aws::AccountId;
use crate::catalog::event::Presence;
use crate::catalog::resource::Certainty;
use crate::policy::Resource;
use crate::replay::request::{Asked, Origin, Reading, ResourceFrom, requests, requests_unstated};

const ANN: &str = "User: arn:aws:iam::111122223333:user/team/ann is not authorized to perform: ";

/// The requests of a denied call.
fn denied(source: &str, name: &str, parameters: &Value, message: &str) -> Vec<Asked> {
    asked(&logged(&json!({"eventSource": source, "eventName": name, "errorCode": "AccessDenied",
        "errorMessage": message, "requestParameters": parameters})))
}

/// Origin and words of each request.
fn lines(asked: &[Asked]) -> Vec<(Origin, String)> {
    asked.iter().map(|asked| (asked.origin, format!("{} {}", asked.action, asked.shown))).collect()
}

#[test]
fn the_stated_action_of_the_call_itself_is_marked_and_keeps_its_resource() {
    let message = format!(
        "{ANN}s3:GetObject on resource: \"arn:aws:s3:::example-reports/a.csv\" because no identity-based policy allows the s3:GetObject action"
    );
    let parameters = json!({"bucketName": "example-reports", "key": "a.csv"});
    let asked = denied("s3.amazonaws.com", "GetObject", &parameters, &message);
    assert_eq!(
        lines(&asked),
        [(Origin::Stated, "s3:GetObject arn:aws:s3:::example-reports/a.csv".to_owned())]
    );
    assert_eq!(asked[0].from, ResourceFrom::Request);
}

#[test]
fn another_stated_action_comes_first_and_the_call_s_own_stay() {
    let key = "arn:aws:kms:eu-west-1:444455556666:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    let message =
        format!("{ANN}kms:Decrypt on resource: {key} with an explicit deny in a resource-based policy");
    let parameters = json!({"bucketName": "example-reports", "key": "a.csv"});
    let asked = denied("s3.amazonaws.com", "GetObject", &parameters, &message);
    assert_eq!(
        lines(&asked),
        [
            (Origin::Stated, format!("kms:Decrypt {key}")),
            (Origin::Call, "s3:GetObject arn:aws:s3:::example-reports/a.csv".to_owned()),
        ]
    );
    assert_eq!(asked[0].resource_account, AccountId::parse("444455556666"));
    assert_eq!((asked[0].from, asked[0].presence), (ResourceFrom::Stated, Presence::Certain));
}

#[test]
fn a_derived_action_that_is_stated_is_derived_no_more() {
    let role = "arn:aws:iam::111122223333:role/work/app";
    let parameters = json!({"iamInstanceProfile": {"name": "app"},
        "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}});
    let message = format!(
        "You are not authorized to perform this operation. {ANN}iam:PassRole on resource: {role} because no identity-based policy allows the iam:PassRole action"
    );
    let asked = denied("ec2.amazonaws.com", "RunInstances", &parameters, &message);
    assert_eq!(lines(&asked)[0], (Origin::Stated, format!("iam:PassRole {role}")));
    assert!(asked.iter().all(|asked| asked.origin != Origin::Derived), "{asked:?}");
    assert!(asked.iter().any(|asked| asked.shown.ends_with("image/ami-0123456789abcdef0")));
}

#[test]
fn of_several_resources_the_stated_one_comes_first_and_the_others_stay() {
    let parameters = json!({"subnetId": "subnet-0123456789abcdef0",
        "instancesSet": {"items": [{"imageId": "ami-0123456789abcdef0"}]}});
    let count = |asked: &[Asked]| asked.iter().filter(|asked| asked.action == "ec2:RunInstances").count();
    let own = {
        let logged = logged(&json!({"eventSource": "ec2.amazonaws.com", "eventName": "RunInstances",
            "requestParameters": parameters}));
        count(&asked(&logged))
    };
    assert!(own >= 3);
    // One of ours, and one of a type of ours with another id.
    for subnet in ["subnet/subnet-0123456789abcdef0", "subnet/*"] {
        let arn = format!("arn:aws:ec2:eu-west-1:111122223333:{subnet}");
        let message = format!(
            "{ANN}ec2:RunInstances on resource: {arn} because no identity-based policy allows the ec2:RunInstances action"
        );
        let asked = denied("ec2.amazonaws.com", "RunInstances", &parameters, &message);
        assert_eq!((asked[0].shown.as_str(), asked[0].origin), (arn.as_str(), Origin::Stated));
        assert_eq!(asked[0].resource, Resource::Named(arn.clone()));
        assert_eq!(count(&asked), own, "{subnet}");
        assert_eq!(asked.iter().filter(|asked| asked.shown.contains(":subnet/")).count(), 1);
    }
}

#[test]
fn a_stated_star_is_the_action_without_resource() {
    let message = format!(
        "{ANN}lambda:UpdateEventSourceMapping on resource: * because no identity-based policy allows the lambda:UpdateEventSourceMapping action"
    );
    let asked = denied("lambda.amazonaws.com", "UpdateEventSourceMapping20150331", &Value::Null, &message);
    assert_eq!(asked[0].resource, Resource::Any);
    assert_eq!(asked[0].resource_account, AccountId::parse("111122223333"));
    assert_eq!(asked.iter().filter(|asked| asked.origin != Origin::Derived).count(), 1);
}

#[test]
fn an_action_stated_without_a_resource_marks_all_of_its_requests() {
    let parameters = json!({"bucketName": "example-reports", "key": "a.csv", "x-amz-acl": "public-read"});
    let asked = denied("s3.amazonaws.com", "PutObject", &parameters, &format!("{ANN}s3:PutObjectAcl"));
    let line = |name: &str| format!("s3:{name} arn:aws:s3:::example-reports/a.csv");
    assert_eq!(lines(&asked), [(Origin::Stated, line("PutObjectAcl")), (Origin::Call, line("PutObject"))]);
}

#[test]
fn what_is_only_possible_is_certain_when_aws_refuses_it() {
    let parameters = json!({"bucketName": "example-reports"});
    let message = format!(
        "{ANN}s3:DeleteObjectVersion on resource: \"arn:aws:s3:::example-reports/b.csv\" because no identity-based policy allows the s3:DeleteObjectVersion action"
    );
    let asked = denied("s3.amazonaws.com", "DeleteObjects", &parameters, &message);
    assert_eq!((asked[0].origin, asked[0].presence), (Origin::Stated, Presence::Certain));
    assert_eq!(
        (asked[0].shown.as_str(), asked[0].from),
        ("arn:aws:s3:::example-reports/b.csv", ResourceFrom::Stated)
    );
    assert!(asked[1..].iter().all(|asked| asked.presence == Presence::Possible));
}

#[test]
fn iam_s_words_for_its_entities_lead_to_an_arn_without_path() {
    let message = |words: &str| {
        format!(
            "{ANN}iam:DeleteUser on resource: {words} because no identity-based policy allows the iam:DeleteUser action"
        )
    };
    let first = |words: &str, parameters: &Value| {
        denied("iam.amazonaws.com", "DeleteUser", parameters, &message(words)).remove(0)
    };
    let bare = first("user bert", &Value::Null);
    assert_eq!(bare.shown, "arn:aws:iam::111122223333:user/bert");
    let any_path = Resource::Pattern("arn:aws:iam::111122223333:user/*bert".to_owned());
    assert_eq!((bare.resource, bare.certainty), (any_path, Certainty::PathUnknown));
    assert_eq!(bare.resource_account, AccountId::parse("111122223333"));
    // What IAM does not mean by a type, or words that are no name, tell nothing.
    let other = first("thing bert", &json!({"userName": "bert"}));
    assert_eq!(
        (other.shown.as_str(), other.from),
        ("arn:aws:iam::111122223333:user/bert", ResourceFrom::Request)
    );
    let policy = "arn:aws:iam::111122223333:policy/deploy";
    let message = format!(
        "{ANN}iam:CreatePolicyVersion on resource: policy {policy} because no identity-based policy allows the iam:CreatePolicyVersion action"
    );
    let asked = denied("iam.amazonaws.com", "CreatePolicyVersion", &Value::Null, &message);
    assert_eq!(asked[0].resource, Resource::Named(policy.to_owned()));
}

#[test]
fn what_aws_refused_somebody_asked_for_even_if_the_call_is_not_known() {
    let message = format!("{ANN}example:DoThing on resource: arn:aws:example:eu-west-1:111122223333:thing/a");
    let asked = denied("example.amazonaws.com", "DoThing", &Value::Null, &message);
    assert_eq!(
        lines(&asked),
        [(Origin::Stated, "example:DoThing arn:aws:example:eu-west-1:111122223333:thing/a".to_owned())]
    );
}

/// So what a refused call is read as needs no response.
#[test]
fn a_refused_call_returned_nothing() {
    let call = |error: Option<&str>| {
        let logged =
            logged(&json!({"eventSource": "secretsmanager.amazonaws.com", "eventName": "PutSecretValue",
            "errorCode": error, "requestParameters": {"secretId": "one"},
            "responseElements": {"aRN": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:one-EXAMPL"}}));
        asked(&logged).remove(0).from
    };
    assert_eq!(call(None), ResourceFrom::Response);
    assert_eq!(call(Some("AccessDeniedException")), ResourceFrom::Request);
}

#[test]
fn a_pattern_of_actions_states_none() {
    let parameters = json!({"bucketName": "example-reports", "key": "a.csv"});
    let asked = denied("s3.amazonaws.com", "GetObject", &parameters, &format!("{ANN}s3:* on resource: *"));
    // So it may have been the right to list, if there is no such object.
    let listing = (Origin::Derived, "s3:ListBucket arn:aws:s3:::example-reports".to_owned());
    let own = (Origin::Call, "s3:GetObject arn:aws:s3:::example-reports/a.csv".to_owned());
    assert_eq!(lines(&asked), [own, listing]);
}

#[test]
fn only_a_refusal_states_anything() {
    let call = json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "errorCode": "NoSuchKey",
        "errorMessage": format!("{ANN}s3:PutObject on resource: *"),
        "requestParameters": {"bucketName": "example-reports", "key": "a.csv"}});
    let own = asked(&logged(&call));
    assert_eq!(lines(&own), [(Origin::Call, "s3:GetObject arn:aws:s3:::example-reports/a.csv".to_owned())]);
}

#[test]
fn the_unstated_reading_knows_nothing_of_the_message() {
    let logged = logged(&json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "errorCode": "AccessDenied", "errorMessage": format!("{ANN}kms:Decrypt on resource: *"),
        "requestParameters": {"bucketName": "example-reports", "key": "a.csv"}}));
    let Reading::Requests(own) = requests_unstated(&logged.record(), &logged.parsed(), None) else {
        panic!()
    };
    assert_eq!(lines(&own), [(Origin::Call, "s3:GetObject arn:aws:s3:::example-reports/a.csv".to_owned())]);
    let Reading::Requests(all) = requests(&logged.record(), &logged.parsed(), None) else { panic!() };
    assert_eq!(all.len(), 2);
}
