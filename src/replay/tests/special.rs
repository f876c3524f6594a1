//! Callers who are no user or role, and calls that are no request.

use super::*;
use crate::replay::answer::{Then, Verdict};

const BUCKET: &str = "arn:aws:s3:::example-reports";
const GET: &str = r#"{"bucketName": "example-reports", "key": "1"}"#;

fn service<'a>(name: &'a str, source: &'a str, call: &'a str, parameters: Option<&'a str>) -> Record<'a> {
    Record {
        identity_type: Some("AWSService"),
        identity_arn: None,
        identity_account_id: None,
        principal_id: None,
        access_key_id: None,
        user_name: None,
        invoked_by: Some(name),
        source_ip_address: Some(name),
        ..by_user(source, call, parameters)
    }
}

fn by(principal: &Value) -> Value {
    json!([{ "Sid": "Door", "Effect": "Allow", "Action": ["s3:GetObject", "sts:AssumeRole"], "Principal": principal }])
}

#[test]
fn a_service_is_judged_by_the_policies_of_what_it_asks_for() {
    let ours = json!({ "Service": "lambda.amazonaws.com" });
    let mut open = by(&ours);
    open[0]["Action"] = json!("sts:AssumeRole");
    let snapshot = World::default().role(DEPLOY, &open, &json!([])).read();
    let parameters = json!({ "roleArn": DEPLOY, "roleSessionName": "f" }).to_string();
    let record = service("lambda.amazonaws.com", "sts.amazonaws.com", "AssumeRole", Some(&parameters));
    let said = verdict(&plan(&snapshot), &record);
    assert_eq!((said.verdict, said.principal.as_deref()), (Verdict::Same, Some("lambda.amazonaws.com")));
    assert!(said.decided.unwrap().contains("Door"));
    let other = Record {
        invoked_by: Some("ec2.amazonaws.com"),
        source_ip_address: Some("ec2.amazonaws.com"),
        ..record
    };
    assert_eq!(verdict(&plan(&snapshot), &other).verdict, Verdict::NowDenied);
}

#[test]
fn a_service_that_acts_for_itself_is_no_request() {
    let snapshot = World::default().user(ANN, &json!([])).read();
    let record = service("autoscaling.amazonaws.com", "ec2.amazonaws.com", "DescribeInstances", None);
    let said = verdict(&plan(&snapshot), &record);
    assert_eq!((said.verdict, said.then), (Verdict::NotARequest, Then::Allowed));
    assert_eq!(said.needs.as_deref(), Some("a service of AWS acted for itself"));
    assert_eq!(only(&replay(&plan(&snapshot), &[record])).needs[0].what, "a service of AWS acted for itself");
}

#[test]
fn the_anonymous_are_let_in_by_the_resources_policy_alone() {
    let mut public = by(&json!("*"));
    public[0]["Action"] = json!("s3:GetObject");
    public[0]["Resource"] = json!("arn:aws:s3:::example-reports/*");
    let record = Record {
        identity_type: Some("AWSAccount"),
        identity_arn: None,
        identity_account_id: Some("ANONYMOUS_PRINCIPAL"),
        principal_id: None,
        access_key_id: None,
        user_name: None,
        ..by_user("s3.amazonaws.com", "GetObject", Some(GET))
    };
    let open = World::default().user(ANN, &json!([])).resource(BUCKET, &public).read();
    let said = verdict(&plan(&open), &record);
    assert_eq!((said.verdict, said.principal.as_deref()), (Verdict::Same, Some("anonymous")), "{said:?}");
    // Where no policy does, a list may have let everyone in; not to what no list allows.
    let closed = World::default().user(ANN, &json!([])).resource(BUCKET, &Value::Null).read();
    let said = verdict(&plan(&closed), &record);
    assert_eq!(said.verdict, Verdict::Undetermined);
    assert_eq!(said.needs.as_deref(), Some("whether an access control list allows it"));
    let tags = Record { event_name: Some("GetObjectTagging"), ..record };
    assert_eq!(verdict(&plan(&closed), &tags).verdict, Verdict::NowDenied);
}

#[test]
fn a_list_may_let_s3_deliver_its_logs_and_no_other_service_deliver_anything() {
    let parameters = r#"{"bucketName": "example-reports", "key": "log/1"}"#;
    let verdict_of = |name: &str, policy: &Value| {
        let snapshot = World::default().user(ANN, &json!([])).resource(BUCKET, policy).read();
        verdict(&plan(&snapshot), &service(name, "s3.amazonaws.com", "PutObject", Some(parameters))).verdict
    };
    assert_eq!(verdict_of("logging.s3.amazonaws.com", &Value::Null), Verdict::Undetermined);
    assert_eq!(verdict_of("cloudtrail.amazonaws.com", &Value::Null), Verdict::NowDenied);
    let mut denies = by(&json!("*"));
    denies[0]["Effect"] = json!("Deny");
    denies[0]["Action"] = json!("s3:PutObject");
    denies[0]["Resource"] = json!("arn:aws:s3:::example-reports/*");
    assert_eq!(verdict_of("logging.s3.amazonaws.com", &denies), Verdict::NowDenied);
}

#[test]
fn the_anonymous_may_be_kept_out_of_what_is_public() {
    let mut public = by(&json!("*"));
    public[0]["Action"] = json!("s3:GetObject");
    public[0]["Resource"] = json!("arn:aws:s3:::example-reports/*");
    let record = Record {
        identity_type: Some("AWSAccount"),
        identity_arn: None,
        identity_account_id: Some("ANONYMOUS_PRINCIPAL"),
        principal_id: None,
        access_key_id: None,
        user_name: None,
        ..refused(&by_user("s3.amazonaws.com", "PutObject", Some(GET)), "Access Denied")
    };
    public[0]["Action"] = json!("s3:PutObject");
    let open = World::default().user(ANN, &json!([])).resource(BUCKET, &public).read();
    let said = verdict(&plan(&open), &record);
    assert_eq!(said.verdict, Verdict::Undetermined);
    assert!(said.needs.unwrap().contains("Block Public Access"));
}

/// What no policy refused would be refused again, whatever the policies allow.
#[test]
fn a_refusal_that_is_no_policys_is_not_called_allowed_now() {
    let snapshot =
        World::default().user(ANN, &json!([allow("*", "*")])).resource(BUCKET, &Value::Null).read();
    let closed = World::default().user(ANN, &json!([])).resource(BUCKET, &Value::Null).read();
    let messages = [
        "Access Denied because object protected by object lock.".to_owned(),
        "Mfa Authentication must be used for this request".to_owned(),
        format!(
            "User: {ANN} is not authorized to perform: s3:DeleteObject on resource: \"{BUCKET}/1\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."
        ),
    ];
    for message in &messages {
        let record = refused(&by_user("s3.amazonaws.com", "DeleteObject", Some(GET)), message);
        let said = verdict(&plan(&snapshot), &record);
        assert_eq!(said.verdict, Verdict::Undetermined, "{message}");
        assert!(said.needs.unwrap().contains("would let it pass"));
        assert_eq!(verdict(&plan(&closed), &record).verdict, Verdict::Same);
    }
    // Another service refused the function's role its key: the caller's own request was let in.
    let record = Record {
        error_code: Some("KMSAccessDeniedException"),
        error_message: Some("KMS access was denied"),
        ..by_user("lambda.amazonaws.com", "Invoke", Some(r#"{"functionName": "main"}"#))
    };
    let world = World::default().user(ANN, &json!([allow("*", "*")]));
    let snapshot = world.resource("arn:aws:lambda:eu-west-1:111122223333:function:main", &Value::Null).read();
    assert_eq!(verdict(&plan(&snapshot), &record).verdict, Verdict::Same);
}

#[test]
fn a_delivery_needs_no_right_to_set_an_access_control_list() {
    let mut put = by(&json!({ "Service": "cloudtrail.amazonaws.com" }));
    put[0]["Action"] = json!("s3:PutObject");
    put[0]["Resource"] = json!("arn:aws:s3:::example-reports/*");
    put[0]["Condition"] = json!({ "StringEquals": { "s3:x-amz-acl": "bucket-owner-full-control" } });
    let snapshot =
        World::default().user(ANN, &json!([allow("s3:PutObject", "*")])).resource(BUCKET, &put).read();
    let parameters =
        r#"{"bucketName": "example-reports", "key": "1", "x-amz-acl": "bucket-owner-full-control"}"#;
    let delivery = service("cloudtrail.amazonaws.com", "s3.amazonaws.com", "PutObject", Some(parameters));
    assert_eq!(verdict(&plan(&snapshot), &delivery).verdict, Verdict::Same);
    let other = parameters.replace("bucket-owner-full-control", "public-read");
    let other = service("cloudtrail.amazonaws.com", "s3.amazonaws.com", "PutObject", Some(&other));
    assert_eq!(verdict(&plan(&snapshot), &other).verdict, Verdict::NowDenied);
    // A user is asked for it.
    let ann = by_user("s3.amazonaws.com", "PutObject", Some(parameters));
    let said = verdict(&plan(&snapshot), &ann);
    assert_eq!((said.verdict, said.action.as_str()), (Verdict::NowDenied, "s3:PutObjectAcl"));
}

#[test]
fn the_parts_of_an_upload_leave_open_what_its_beginning_said() {
    let mut guard = json!([{ "Sid": "Plain", "Effect": "Deny", "Principal": "*", "Action": "s3:PutObject" }]);
    guard[0]["Resource"] = json!("arn:aws:s3:::example-reports/*");
    guard[0]["Condition"] = json!({ "Null": { "s3:x-amz-server-side-encryption": "true" } });
    let snapshot = World::default().user(ANN, &json!([allow("s3:*", "*")])).resource(BUCKET, &guard).read();
    let encrypted =
        r#"{"bucketName": "example-reports", "key": "1", "x-amz-server-side-encryption": "aws:kms"}"#;
    for (name, parameters, expected) in [
        ("CreateMultipartUpload", encrypted, Verdict::Same),
        ("CreateMultipartUpload", GET, Verdict::NowDenied),
        ("PutObject", GET, Verdict::NowDenied),
        ("UploadPart", GET, Verdict::Undetermined),
        ("CompleteMultipartUpload", GET, Verdict::Undetermined),
    ] {
        let record = by_user("s3.amazonaws.com", name, Some(parameters));
        assert_eq!(verdict(&plan(&snapshot), &record).verdict, expected, "{name} {parameters}");
    }
}

#[test]
fn who_is_not_named_or_not_in_the_snapshot_leaves_it_open() {
    let snapshot =
        World::default().user(ANN, &json!([allow("s3:*", "*")])).resource(BUCKET, &Value::Null).read();
    let ann = by_user("s3.amazonaws.com", "GetObject", Some(GET));
    let nobody = Record {
        identity_type: None,
        identity_arn: None,
        identity_account_id: None,
        principal_id: None,
        recipient_account_id: None,
        ..ann
    };
    let said = verdict(&plan(&snapshot), &nobody);
    assert_eq!((said.verdict, said.principal), (Verdict::Undetermined, None));
    assert_eq!(said.needs.as_deref(), Some("who called"));
    let bert = "arn:aws:iam::111122223333:user/bert";
    let gone = Record { identity_arn: Some(bert), user_name: Some("bert"), principal_id: None, ..ann };
    let said = verdict(&plan(&snapshot), &gone);
    assert_eq!(
        (said.verdict, said.needs.as_deref()),
        (Verdict::Undetermined, Some("the caller is not in the snapshot"))
    );
    assert_eq!(verdict(&plan(&snapshot), &ann).verdict, Verdict::Same);
}

#[test]
fn a_call_that_the_catalog_does_not_know_is_open_and_counted_as_such() {
    let snapshot = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let plan = Plan { proposed: Some(Arc::clone(&snapshot)), ..plan(&snapshot) };
    let answer = replay(&plan, &[by_user("nobody.example.com", "Nothing", None)]);
    let group = only(&answer);
    assert_eq!((group.verdict, answer.verdicts.unmapped), (Verdict::Undetermined, 1));
    assert!(group.needs[0].why.contains("no service of that name"), "{group:?}");
    assert_eq!(answer.proposal.unwrap().verdicts.unmapped, 1);
    assert!(answer.limits.iter().any(|limit| limit.events == Some(1) && limit.what.contains("no action")));
}

#[test]
fn a_call_that_was_turned_away_before_any_policy_is_no_request() {
    let snapshot = World::default().user(ANN, &json!([])).read();
    let record =
        Record { error_code: Some("ExpiredToken"), ..by_user("s3.amazonaws.com", "GetObject", Some(GET)) };
    let said = verdict(&plan(&snapshot), &record);
    assert_eq!((said.verdict, said.then), (Verdict::NotARequest, Then::Failed));
}

#[test]
fn a_forwarded_call_is_judged_by_its_callers_policies_and_said_to_be() {
    let snapshot =
        World::default().user(ANN, &json!([allow("s3:*", "*")])).resource(BUCKET, &Value::Null).read();
    let record = Record {
        invoked_by: Some("athena.amazonaws.com"),
        source_ip_address: Some("athena.amazonaws.com"),
        ..by_user("s3.amazonaws.com", "GetObject", Some(GET))
    };
    let answer = replay(&plan(&snapshot), &[record]);
    assert_eq!(only(&answer).principal.as_deref(), Some(ANN));
    assert_eq!(answer.verdicts.same_allowed, 1);
    assert!(
        answer
            .limits
            .iter()
            .any(|limit| limit.events == Some(1) && limit.what.contains("by a service for its caller"))
    );
}

#[test]
fn the_claims_of_a_token_are_told_from_the_response() {
    let provider = "arn:aws:iam::111122223333:saml-provider/corp";
    let trust = json!([{
        "Sid": "Corp", "Effect": "Allow", "Action": "sts:AssumeRoleWithSAML", "Principal": { "Federated": provider },
        "Condition": { "StringEquals": { "SAML:sub_type": "persistent" } },
    }]);
    let snapshot = World::default().role(DEPLOY, &trust, &json!([])).read();
    let parameters = json!({ "roleArn": DEPLOY, "principalArn": provider }).to_string();
    let record = |response| Record {
        identity_type: Some("SAMLUser"),
        identity_arn: None,
        identity_account_id: None,
        access_key_id: None,
        principal_id: Some("x=:ann"),
        response_elements: Some(response),
        ..by_user("sts.amazonaws.com", "AssumeRoleWithSAML", Some(&parameters))
    };
    let persistent = record(r#"{"subjectType": "persistent", "subject": "ann"}"#);
    let transient = record(r#"{"subjectType": "transient", "subject": "ann"}"#);
    let mut replayer = Replayer::new(plan(&snapshot));
    for _ in 0..2 {
        assert_eq!(replayer.take(&persistent).unwrap().verdict, Verdict::Same);
        assert_eq!(replayer.take(&transient).unwrap().verdict, Verdict::NowDenied);
    }
}

#[test]
fn what_the_credentials_of_a_role_can_never_call_is_denied_whatever_its_policies_say() {
    let snapshot = World::default().role(DEPLOY, &json!([trust_account()]), &json!([allow("*", "*")])).read();
    let parameters = json!({ "name": "guest" }).to_string();
    let record = by_role("sts.amazonaws.com", "GetFederationToken", Some(&parameters));
    let message = "Cannot call GetFederationToken with session credentials";
    let said = verdict(&plan(&snapshot), &refused(&record, message));
    assert_eq!(said.verdict, Verdict::Same, "{said:?}");
    assert!(said.decided.unwrap().contains("temporary credentials of this kind cannot call the action"));
}

#[test]
fn a_caller_whose_account_cannot_be_told_is_not_denied_for_being_of_another() {
    let snapshot = World::default().user(ANN, &json!([allow("*", "*")])).read();
    let record = by_user("ec2.amazonaws.com", "DescribeInstances", Some("{}"));
    assert_eq!(verdict(&plan(&snapshot), &record).verdict, Verdict::Same);
    for (arn, account) in [
        // No account has ten digits.
        ("arn:aws:iam::1112222333:user/ann", "1112222333"),
        (ANN, "444455556666"),
    ] {
        let odd = Record { identity_arn: Some(arn), identity_account_id: Some(account), ..record };
        let said = verdict(&plan(&snapshot), &odd);
        assert_eq!(said.verdict, Verdict::Undetermined, "{arn} {account}: {said:?}");
        assert!(said.needs.unwrap().contains("the account of the caller is not known"), "{arn} {account}");
    }
}
