//! Keys, passwords, roles: who made them, who used them; what was refused.

use super::{KEY, at, by_other, denied, iam, investigate, investigator, write};
use crate::investigate::{ASSUMING, Limits, Relation, Time};
use crate::query::EventRow;

const NEW_KEY: &str = "AKIAI44QH8DHBEXAMPLE";
const SESSION_KEY: &str = "ASIAIOSFODNN7EXAMPLE";

fn create_key() -> EventRow<'static> {
    EventRow {
        response_elements: Some(r#"{"accessKey":{"accessKeyId":"AKIAI44QH8DHBEXAMPLE","userName":"bob"}}"#),
        issued_access_key_id: Some(NEW_KEY),
        ..iam(0, "CreateAccessKey", r#"{"userName":"bob"}"#)
    }
}

fn assume(seconds: i64) -> EventRow<'static> {
    EventRow {
        read_only: Some(true),
        request_parameters: Some(
            r#"{"roleArn":"arn:aws:iam::111122223333:role/deploy","roleSessionName":"x"}"#,
        ),
        ..write(seconds, "sts.amazonaws.com", "AssumeRole")
    }
}

fn assumed(seconds: i64) -> EventRow<'static> {
    EventRow {
        response_elements: Some(r#"{"credentials":{"accessKeyId":"ASIAIOSFODNN7EXAMPLE"}}"#),
        issued_access_key_id: Some(SESSION_KEY),
        assumed_role_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/x"),
        ..assume(seconds)
    }
}

fn with_session_key(row: &EventRow<'static>) -> EventRow<'static> {
    EventRow {
        access_key_id: Some(SESSION_KEY),
        identity_type: Some("AssumedRole"),
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/deploy/x"),
        ..*row
    }
}

#[test]
fn the_use_of_a_made_key_is_told() {
    let used = by_other(&EventRow { read_only: Some(true), ..write(60, "s3.amazonaws.com", "ListBuckets") });
    let answer = investigate(&[create_key()], &[used]);
    let use_ = answer.made[0].used.as_ref().unwrap();
    assert_eq!((use_.span.calls, use_.by_subject), (1, 0));
    assert_eq!(use_.addresses, ["203.0.113.9"]);
    let answer = investigate(&[create_key()], &[]);
    assert_eq!(answer.made[0].used.as_ref().unwrap().span.calls, 0, "never used is said");
}

#[test]
fn a_sign_in_with_a_made_password_is_told_with_its_mfa() {
    let sign_in = |seconds, response| EventRow {
        user_name: Some("bob"),
        identity_arn: Some("arn:aws:iam::111122223333:user/bob"),
        access_key_id: None,
        response_elements: Some(response),
        additional_event_data: Some(r#"{"MFAUsed":"No"}"#),
        ..write(seconds, "signin.amazonaws.com", "ConsoleLogin")
    };
    let answer = investigate(
        &[iam(0, "CreateLoginProfile", r#"{"userName":"bob"}"#)],
        &[
            sign_in(-60, r#"{"ConsoleLogin":"Success"}"#),
            sign_in(30, r#"{"ConsoleLogin":"Failure"}"#),
            sign_in(40, r#"{"ConsoleLogin":"Success"}"#),
        ],
    );
    let used = answer.made[0].used.as_ref().unwrap();
    assert_eq!(
        (used.span.calls, used.refused, used.mfa),
        (1, 1, Some(false)),
        "earlier sign-ins are not its use"
    );
    assert_eq!(used.span.first, Some(Time(at(40))));
}

#[test]
fn issued_keys_are_followed_and_what_came_before_them_is_not_theirs() {
    let leave =
        |seconds| with_session_key(&write(seconds, "organizations.amazonaws.com", "LeaveOrganization"));
    let answer = investigate(&[assumed(10)], &[leave(5), denied(&leave(20), "")]);
    let key = &answer.issued_keys[0];
    assert_eq!((key.access_key_id.as_str(), key.used.calls, key.denied), (SESSION_KEY, 1, 1));
    assert_eq!(key.operations[0].event_name, "LeaveOrganization");
}

#[test]
fn a_session_that_signs_with_another_key_is_counted_apart() {
    let other = EventRow {
        access_key_id: Some("ASIAI44QH8DHBEXAMPLE"),
        session_created: Some(at(10)),
        ..with_session_key(&write(20, "ec2.amazonaws.com", "CreateVpc"))
    };
    let key = &investigate(&[assumed(10)], &[other]).issued_keys[0];
    assert_eq!((key.used.calls, key.other_keys.calls), (0, 1));
}

#[test]
fn the_record_that_made_the_key_is_its_origin() {
    let make = EventRow {
        issued_access_key_id: Some(KEY),
        ..by_other(&iam(-100, "CreateAccessKey", r#"{"userName":"alice"}"#))
    };
    let answer = investigate(&[assume(0)], &[make]);
    let by = answer.subject.made_by[0].by.identity.as_deref();
    assert_eq!(by, Some("arn:aws:iam::111122223333:user/mallory"));
}

const REFUSED: &str = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: sts:AssumeRole on \
                       resource: arn:aws:iam::111122223333:role/deploy";

#[test]
fn refusals_right_after_the_making_that_work_later_are_propagation() {
    let refused = |seconds| EventRow { request_parameters: None, ..denied(&assume(seconds), REFUSED) };
    let role = iam(0, "CreateRole", r#"{"roleName":"deploy"}"#);
    let answer = investigate(&[role, refused(3), refused(5), assumed(12)], &[]);
    let denial = &answer.denied[0];
    assert_eq!((denial.span.calls, denial.action.as_deref()), (2, Some("sts:AssumeRole")));
    assert_eq!(denial.worked_later.as_ref().unwrap().calls, 2);
    let since = denial.since_made.as_ref().unwrap();
    assert_eq!((since.first_seconds, since.last_seconds, since.worked_seconds), (3, 5, Some(12)));
    assert!(since.propagation);
    // Without a later success nothing is explained away.
    let answer = investigate(&[role, refused(3), refused(5)], &[]);
    assert!(!answer.denied[0].since_made.as_ref().unwrap().propagation);
    assert_eq!(answer.denied[0].worked_later, None);
}

#[test]
fn what_worked_before_the_refusal_did_not_work_later() {
    let answer = investigate(&[assumed(0), denied(&assume(10), REFUSED)], &[]);
    assert_eq!(answer.denied[0].worked_later, None);
}

#[test]
fn what_another_identity_or_another_region_may_do_did_not_work_later() {
    let role = EventRow { identity_arn: Some("arn:aws:iam::111122223333:user/bob"), ..assumed(10) };
    let region = EventRow { aws_region: Some("eu-west-1"), ..assumed(10) };
    for later in [role, region] {
        let answer = investigate(&[denied(&assume(0), REFUSED), later], &[]);
        assert_eq!(answer.denied[0].worked_later, None);
    }
}

#[test]
fn another_object_of_the_bucket_is_not_the_same_call() {
    let get = |seconds, request, resources| EventRow {
        read_only: Some(true),
        event_category: Some("Data"),
        request_parameters: Some(request),
        resources: Some(resources),
        ..write(seconds, "s3.amazonaws.com", "GetObject")
    };
    let a = |seconds| {
        get(
            seconds,
            r#"{"bucketName":"b","key":"a"}"#,
            r#"[{"ARN":"arn:aws:s3:::b/a"},{"ARN":"arn:aws:s3:::b"}]"#,
        )
    };
    let c =
        get(9, r#"{"bucketName":"b","key":"c"}"#, r#"[{"ARN":"arn:aws:s3:::b/c"},{"ARN":"arn:aws:s3:::b"}]"#);
    assert_eq!(investigate(&[denied(&a(0), "Access Denied"), c], &[]).denied[0].worked_later, None);
    assert!(investigate(&[denied(&a(0), "Access Denied"), a(9)], &[]).denied[0].worked_later.is_some());
}

#[test]
fn refusals_for_different_reasons_stay_apart() {
    let policy = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:ListAllMyBuckets because no \
                  identity-based policy allows the s3:ListAllMyBuckets action";
    let scp = "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:ListAllMyBuckets with an \
               explicit deny in a service control policy";
    let list =
        |seconds| EventRow { read_only: Some(true), ..write(seconds, "s3.amazonaws.com", "ListBuckets") };
    let answer = investigate(&[denied(&list(0), policy), denied(&list(1), scp)], &[]);
    let reasons: Vec<(Option<&str>, Option<&str>)> =
        answer.denied.iter().map(|d| (d.effect.as_deref(), d.layer.as_deref())).collect();
    assert_eq!(
        reasons,
        [
            (Some("implicit"), Some("identity-based policy")),
            (Some("explicit"), Some("service control policy"))
        ]
    );
}

#[test]
fn the_follow_up_asks_for_what_would_prove_something() {
    let mut investigator = investigator(Limits::default());
    let rows = [
        assumed(0),
        create_key(),
        iam(1, "CreateLoginProfile", r#"{"userName":"bob"}"#),
        EventRow {
            request_parameters: Some(r#"{"functionName":"front"}"#),
            ..write(2, "lambda.amazonaws.com", "CreateFunction20150331")
        },
    ];
    for row in &rows {
        investigator.push(row, Relation::Own);
    }
    let follow = investigator.follow_up();
    for key in [SESSION_KEY, NEW_KEY] {
        assert!(follow.access_keys.contains(key), "{key}");
    }
    for name in [
        "ConsoleLogin",
        "DeleteAccessKey",
        "UpdateAccessKey",
        "DeleteLoginProfile",
        "DeleteFunction20150331",
        "DeleteUser",
    ] {
        assert!(follow.event_names.contains(name), "{name}");
    }
    assert!(follow.origin_event_names.contains("CreateUser"));
    assert!(follow.origin_access_keys.contains(KEY));
    assert!(follow.session_arns.contains("arn:aws:sts::111122223333:assumed-role/deploy/x"));
    assert_eq!(follow.from, Some(Time(at(0))));
}

#[test]
fn roles_that_were_made_or_opened_are_asked_for_by_name_and_not_all_that_are_assumed() {
    let mut investigator = investigator(Limits::default());
    let trust = r#"{"roleName":"front","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"},\"Action\":\"sts:AssumeRole\"}]}"}"#;
    let rows = [iam(0, "CreateRole", r#"{"roleName":"deploy"}"#), iam(1, "UpdateAssumeRolePolicy", trust)];
    for row in &rows {
        investigator.push(row, Relation::Own);
    }
    let follow = investigator.follow_up();
    for name in ["deploy", "front"] {
        assert!(follow.role_names.contains(name), "{name}");
    }
    for name in ASSUMING {
        assert!(!follow.event_names.contains(name), "{name}");
    }
    assert!(follow.event_names.contains("CreateSession"));
}

#[test]
fn the_follow_up_looks_into_the_account_of_an_assumed_role() {
    let mut investigator = investigator(Limits::default());
    let abroad = "arn:aws:sts::444455556666:assumed-role/deploy/x";
    investigator.push(&EventRow { assumed_role_arn: Some(abroad), ..assumed(0) }, Relation::Own);
    let accounts: Vec<String> = investigator.follow_up().accounts.into_iter().collect();
    assert_eq!(accounts, ["111122223333", "444455556666"]);
}

#[test]
fn a_key_id_of_another_account_disagrees() {
    let answer = investigate(&[EventRow { access_key_id: Some("ASIAGO645SY5AEXAMPLE"), ..assume(0) }], &[]);
    let encoded = &answer.subject.encoded_accounts[0];
    assert_eq!(encoded.encoded, ["444455556666"]);
    assert!(encoded.disagrees);
}
