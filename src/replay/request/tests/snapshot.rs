//! What the snapshot completes, and whose resources are.

use serde_json::{Value, json};

use super::logged::logged;
use crate::aws::AccountId;
use crate::catalog::resource::Certainty;
use crate::policy::Resource;
use crate::replay::request::{Asked, Reading, ResourceFrom, needs_response, requests};
use crate::snapshot::Snapshot;

const ANN: &str = "arn:aws:iam::111122223333:user/team/ann";

fn snapshot() -> Snapshot {
    let details = json!({
        "UserDetailList": [{"UserName": "ann", "Arn": ANN}],
        "GroupDetailList": [{"GroupName": "ops", "Arn": "arn:aws:iam::111122223333:group/team/ops"}],
        "RoleDetailList": [{"RoleName": "app", "Arn": "arn:aws:iam::111122223333:role/work/app",
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": []}}],
        "Policies": [{"PolicyName": "deploy", "Arn": "arn:aws:iam::111122223333:policy/team/deploy",
            "DefaultVersionId": "v1", "PolicyVersionList": []}],
    });
    let resources =
        json!([{"arn": "arn:aws:s3:::example-reports", "account": "444455556666", "policy": null}]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("details.json"), details.to_string()).unwrap();
    std::fs::create_dir(folder.path().join("resource-policies")).unwrap();
    std::fs::write(folder.path().join("resource-policies/s3.json"), resources.to_string()).unwrap();
    Snapshot::read(folder.path()).unwrap()
}

fn first(call: &Value, snapshot: Option<&Snapshot>) -> Asked {
    let logged = logged(call);
    match requests(&logged.record(), &logged.parsed(), snapshot) {
        Reading::Requests(asked) => asked[0].clone(),
        other => panic!("{other:?}"),
    }
}

fn account(text: &str) -> Option<AccountId> {
    AccountId::parse(text)
}

#[test]
fn names_of_iam_get_their_path_from_the_snapshot() {
    let snapshot = snapshot();
    for (name, parameters, bare, whole) in [
        ("DeleteUser", json!({"userName": "ann"}), "user/ann", Some("user/team/ann")),
        ("PutRolePolicy", json!({"roleName": "app"}), "role/app", Some("role/work/app")),
        ("DeleteGroup", json!({"groupName": "ops"}), "group/ops", Some("group/team/ops")),
        ("DeleteUser", json!({"userName": "bert"}), "user/bert", None),
    ] {
        let call =
            json!({"eventSource": "iam.amazonaws.com", "eventName": name, "requestParameters": parameters});
        let arn = |resource: &str| format!("arn:aws:iam::111122223333:{resource}");
        let open = first(&call, None);
        // Without a snapshot it is one of that name under any path.
        let any_path = Resource::Pattern(arn(&bare.replacen('/', "/*", 1)));
        assert_eq!((open.shown, open.resource), (arn(bare), any_path.clone()));
        assert_eq!(open.certainty, Certainty::PathUnknown);
        assert_eq!(open.resource_account, account("111122223333"));
        let told = first(&call, Some(&snapshot));
        match whole {
            Some(whole) => {
                assert_eq!((told.shown, told.resource), (arn(whole), Resource::Named(arn(whole))));
                assert_eq!((told.certainty, told.from), (Certainty::Exact, ResourceFrom::Snapshot));
            }
            None => assert_eq!((told.shown, told.resource), (arn(bare), any_path)),
        }
    }
}

#[test]
fn what_aws_states_by_name_gets_its_path_too() {
    let snapshot = snapshot();
    let words = |entity: &str| {
        let message = format!(
            "User: {ANN} is not authorized to perform: iam:GetRole on resource: {entity} because no \
             identity-based policy allows the iam:GetRole action"
        );
        first(
            &json!({"eventSource": "iam.amazonaws.com", "eventName": "GetRole", "errorCode": "AccessDenied",
                "errorMessage": message}),
            Some(&snapshot),
        )
    };
    assert_eq!(
        words("role app").resource,
        Resource::Named("arn:aws:iam::111122223333:role/work/app".to_owned())
    );
    assert_eq!(words("role app").from, ResourceFrom::Stated);
    assert_eq!(
        words("role other").resource,
        Resource::Pattern("arn:aws:iam::111122223333:role/*other".to_owned())
    );
}

#[test]
fn a_policy_is_found_by_its_name() {
    let found = |name: &str| {
        super::super::name::with_path(&snapshot(), &format!("arn:aws:iam::111122223333:policy/{name}"))
    };
    assert_eq!(found("deploy").as_deref(), Some("arn:aws:iam::111122223333:policy/team/deploy"));
    assert_eq!(found("ploy"), None);
}

#[test]
fn a_call_on_users_that_names_none_means_its_caller() {
    let call = |name: &str, parameters: Value| {
        first(
            &json!({"eventSource": "iam.amazonaws.com", "eventName": name, "requestParameters": parameters}),
            None,
        )
    };
    let own = call("CreateAccessKey", Value::Null);
    assert_eq!((own.resource, own.from), (Resource::Named(ANN.to_owned()), ResourceFrom::Snapshot));
    // Other calls always name one; and what a denied record leaves out may have been another user.
    let some_user = Resource::Pattern("arn:aws:iam::111122223333:user/*".to_owned());
    assert_eq!(call("DeleteUser", Value::Null).resource, some_user);
    let denied = first(
        &json!({"eventSource": "iam.amazonaws.com", "eventName": "CreateAccessKey", "errorCode": "AccessDenied"}),
        None,
    );
    assert_eq!(denied.resource, some_user);
}

#[test]
fn buckets_belong_to_whom_record_or_snapshot_say() {
    let snapshot = snapshot();
    let call = |resources: Value, recipient: &str, name: &str| {
        json!({"eventSource": "s3.amazonaws.com", "eventName": name, "recipientAccountId": recipient,
            "requestParameters": {"bucketName": "example-reports", "key": "a.csv"}, "resources": resources})
    };
    let logged = json!([{"type": "AWS::S3::Object", "ARN": "arn:aws:s3:::example-reports/a.csv"},
        {"type": "AWS::S3::Bucket", "ARN": "arn:aws:s3:::example-reports", "accountId": "123456789012"}]);
    let owner = |call: &Value, snapshot| first(call, snapshot).resource_account;
    // The record, then the snapshot.
    let told = call(logged, "111122223333", "GetObject");
    assert_eq!(owner(&told, Some(&snapshot)), account("123456789012"));
    let untold = call(Value::Null, "111122223333", "GetObject");
    assert_eq!(owner(&untold, Some(&snapshot)), account("444455556666"));
    // The requester's copy does not tell whose the bucket is; a copy in another account is the owner's.
    assert_eq!(owner(&untold, None), None);
    let delivered = call(Value::Null, "123456789012", "GetObject");
    assert_eq!(owner(&delivered, None), account("123456789012"));
    for caller in [
        json!({"type": "AWSService", "invokedBy": "logging.s3.amazonaws.com"}),
        json!({"type": "AWSAccount", "accountId": "ANONYMOUS_PRINCIPAL", "principalId": ""}),
    ] {
        let mut call = untold.clone();
        call["userIdentity"] = caller;
        assert_eq!(owner(&call, None), account("111122223333"), "{call}");
    }
    assert_eq!(owner(&call(Value::Null, "111122223333", "CreateBucket"), None), account("111122223333"));
}

#[test]
fn what_has_no_account_in_its_arn_and_no_policy_is_decided_by_the_caller_s_account() {
    for (source, name, parameters) in [
        ("route53", "ChangeResourceRecordSets", json!({"hostedZoneId": "Z0123456789EXAMPLE"})),
        ("iam", "GetPolicy", json!({"policyArn": "arn:aws:iam::aws:policy/ReadOnlyAccess"})),
        ("ssm", "GetParameter", json!({"name": "arn:aws:ssm:eu-west-1::parameter/aws/service/ami"})),
    ] {
        let call = json!({"eventSource": format!("{source}.amazonaws.com"), "eventName": name,
            "requestParameters": parameters});
        let asked = first(&call, None);
        assert!(matches!(asked.resource, Resource::Named(_)), "{asked:?}");
        assert_eq!(asked.resource_account, account("111122223333"), "{}", asked.shown);
    }
}

#[test]
fn a_name_that_only_the_snapshot_completes_is_read_again_with_the_response() {
    let call = json!({"eventSource": "iam.amazonaws.com", "eventName": "UpdateRole",
        "requestParameters": {"roleName": "app"}});
    let logged = logged(&call);
    assert!(needs_response(&requests(&logged.record(), &logged.parsed(), Some(&snapshot()))));
    let exact = super::logged::logged(&json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject",
        "requestParameters": {"bucketName": "example-reports", "key": "a.csv"}}));
    assert!(!needs_response(&requests(&exact.record(), &exact.parsed(), None)));
}

#[test]
fn a_role_that_is_passed_by_its_name_gets_its_path_from_the_snapshot() {
    let snapshot = snapshot();
    let passed = |role: &str, snapshot: Option<&Snapshot>| {
        let call = json!({"eventSource": "glue.amazonaws.com", "eventName": "CreateJob",
            "requestParameters": {"name": "nightly", "role": role}});
        let logged = logged(&call);
        let Reading::Requests(asked) = requests(&logged.record(), &logged.parsed(), snapshot) else {
            panic!()
        };
        asked.into_iter().find(|asked| asked.action == "iam:PassRole").unwrap()
    };
    let arn = |path: &str| format!("arn:aws:iam::111122223333:role/{path}");
    let told = passed("app", Some(&snapshot));
    assert_eq!((told.resource, told.from), (Resource::Named(arn("work/app")), ResourceFrom::Snapshot));
    // A path that is given is all of it; of a name that the snapshot does not have the path is not known.
    assert_eq!(passed("work/app", None).resource, Resource::Named(arn("work/app")));
    for known in [None, Some(&snapshot)] {
        assert_eq!(passed("other", known).resource, Resource::Pattern(arn("*other")));
    }
}
