//! What was made, altered, removed, and what is gone.

use super::{by_other, denied, iam, investigate, write};
use crate::investigate::{GoneHow, Thing, ThingClass};
use crate::query::EventRow;

fn ec2(seconds: i64, name: &'static str, request: &'static str, response: &'static str) -> EventRow<'static> {
    EventRow {
        request_parameters: Some(request),
        response_elements: Some(response),
        ..write(seconds, "ec2.amazonaws.com", name)
    }
}

fn find<'t>(things: &'t [Thing], kind: &str) -> &'t Thing {
    things.iter().find(|thing| thing.kind == kind).unwrap()
}

#[test]
fn what_is_made_and_removed_is_gone() {
    let answer = investigate(
        &[iam(0, "CreateUser", r#"{"userName":"bob"}"#), iam(60, "DeleteUser", r#"{"userName":"bob"}"#)],
        &[],
    );
    let user = find(&answer.made, "user");
    assert_eq!((user.id.as_str(), user.class), ("bob", ThingClass::WayIn));
    let gone = user.gone.as_ref().unwrap();
    assert!(gone.by_subject);
    assert_eq!((gone.how, gone.evidence.event_name.as_str()), (GoneHow::Call, "DeleteUser"));
}

#[test]
fn a_removal_by_someone_else_names_them() {
    let answer = investigate(
        &[iam(0, "CreateUser", r#"{"userName":"bob"}"#)],
        &[by_other(iam(60, "DeleteUser", r#"{"userName":"bob"}"#))],
    );
    let gone = find(&answer.made, "user").gone.as_ref().unwrap();
    assert!(!gone.by_subject);
    assert_eq!(gone.by.identity.as_deref(), Some("arn:aws:iam::111122223333:user/mallory"));
    assert!(answer.removed.is_empty());
}

#[test]
fn failed_and_denied_calls_make_nothing_and_remove_nothing() {
    let failed = EventRow {
        error_code: Some("EntityAlreadyExistsException"),
        ..iam(0, "CreateUser", r#"{"userName":"bob"}"#)
    };
    let answer = investigate(
        &[
            failed,
            denied(iam(1, "CreateUser", r#"{"userName":"eve"}"#), ""),
            iam(2, "CreateUser", r#"{"userName":"ann"}"#),
            denied(iam(3, "DeleteUser", r#"{"userName":"ann"}"#), ""),
        ],
        &[],
    );
    assert_eq!(answer.made.len(), 1);
    assert_eq!(answer.made[0].id, "ann");
    assert_eq!(answer.made[0].gone, None);
}

#[test]
fn what_others_made_is_removed_and_not_gone_again() {
    let answer = investigate(&[iam(0, "DeleteUser", r#"{"userName":"carol"}"#)], &[]);
    assert!(answer.made.is_empty());
    assert_eq!(answer.removed.len(), 1);
    assert_eq!(answer.removed[0].id, "carol");
}

#[test]
fn making_again_after_removal_leaves_the_second_one() {
    let answer = investigate(
        &[
            iam(0, "CreateUser", r#"{"userName":"bob"}"#),
            iam(10, "DeleteUser", r#"{"userName":"bob"}"#),
            iam(20, "CreateUser", r#"{"userName":"bob"}"#),
        ],
        &[],
    );
    let gone: Vec<bool> = answer.made.iter().map(|thing| thing.gone.is_some()).collect();
    assert_eq!(gone, [true, false]);
}

#[test]
fn inside_one_second_a_removal_goes_to_what_stood_before_it() {
    // Removed and made again in second 10: the second one stands.
    let answer = investigate(
        &[
            iam(0, "CreateUser", r#"{"userName":"bob"}"#),
            iam(10, "CreateUser", r#"{"userName":"bob"}"#),
            iam(10, "DeleteUser", r#"{"userName":"bob"}"#),
        ],
        &[],
    );
    assert_eq!(answer.made.iter().filter(|thing| thing.gone.is_none()).count(), 1);
    // Made and removed in one second: gone.
    let answer = investigate(
        &[iam(10, "CreateUser", r#"{"userName":"bob"}"#), iam(10, "DeleteUser", r#"{"userName":"bob"}"#)],
        &[],
    );
    assert!(answer.made[0].gone.is_some());
}

#[test]
fn several_instances_of_one_call_live_apart() {
    let answer = investigate(
        &[
            ec2(
                0,
                "RunInstances",
                r#"{"instanceType":"t3.micro"}"#,
                r#"{"instancesSet":{"items":[{"instanceId":"i-0a"},{"instanceId":"i-0b"}]}}"#,
            ),
            ec2(
                9,
                "TerminateInstances",
                r#"{"instancesSet":{"items":[{"instanceId":"i-0b"},{"instanceId":"i-0c"}]}}"#,
                "null",
            ),
        ],
        &[],
    );
    let ids: Vec<(&str, bool)> = answer.made.iter().map(|t| (t.id.as_str(), t.gone.is_some())).collect();
    assert_eq!(ids, [("i-0a", false), ("i-0b", true)]);
    assert_eq!(answer.removed[0].id, "i-0c");
}

#[test]
fn the_general_rule_knows_operations_that_no_table_names() {
    let answer = investigate(
        &[
            ec2(
                0,
                "CreateTrafficMirrorFilter",
                r#"{"CreateTrafficMirrorFilterRequest":{"ClientToken":"t"}}"#,
                r#"{"CreateTrafficMirrorFilterResponse":{"trafficMirrorFilter":{"trafficMirrorFilterId":"tmf-1"}}}"#,
            ),
            ec2(
                5,
                "DeleteTrafficMirrorFilter",
                r#"{"DeleteTrafficMirrorFilterRequest":{"TrafficMirrorFilterId":"tmf-1"}}"#,
                "null",
            ),
        ],
        &[],
    );
    let filter = find(&answer.made, "traffic mirror filter");
    assert_eq!(filter.id, "tmf-1");
    assert!(filter.gone.is_some());
}

#[test]
fn a_name_in_another_region_is_another_thing() {
    let make = EventRow {
        request_parameters: Some(r#"{"logGroupName":"/a"}"#),
        ..write(0, "logs.amazonaws.com", "CreateLogGroup")
    };
    let remove = EventRow {
        aws_region: Some("eu-west-1"),
        request_parameters: Some(r#"{"logGroupName":"/a"}"#),
        ..write(1, "logs.amazonaws.com", "DeleteLogGroup")
    };
    let answer = investigate(&[make, remove], &[]);
    assert_eq!(answer.made[0].gone, None);
    assert_eq!(answer.removed.len(), 1);
}

#[test]
fn what_a_role_must_lose_before_it_goes_went_without_a_record() {
    let answer = investigate(
        &[
            iam(0, "CreateRole", r#"{"roleName":"deploy"}"#),
            iam(1, "PutRolePolicy", r#"{"roleName":"deploy","policyName":"p","policyDocument":"{}"}"#),
            iam(9, "DeleteRole", r#"{"roleName":"deploy"}"#),
        ],
        &[],
    );
    let gone = find(&answer.made, "inline role policy").gone.as_ref().unwrap();
    assert_eq!((gone.how, gone.unrecorded), (GoneHow::WithOwner, true));
}

#[test]
fn a_secret_made_by_name_and_removed_by_arn_is_gone_when_the_service_says_so() {
    let make = EventRow {
        request_parameters: Some(r#"{"name":"db/main"}"#),
        response_elements: Some(
            r#"{"arn":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db/main-AbCdEf"}"#,
        ),
        ..write(0, "secretsmanager.amazonaws.com", "CreateSecret")
    };
    let report = EventRow {
        event_type: Some("AwsServiceEvent"),
        identity_type: None,
        identity_arn: None,
        access_key_id: None,
        invoked_by: Some("secretsmanager.amazonaws.com"),
        additional_event_data: Some(
            r#"{"ARN":"arn:aws:secretsmanager:us-east-1:111122223333:secret:db/main-AbCdEf","Name":"db/main"}"#,
        ),
        ..write(60, "secretsmanager.amazonaws.com", "EndSecretVersionDelete")
    };
    let answer = investigate(&[make], &[report]);
    let gone = answer.made[0].gone.as_ref().unwrap();
    assert_eq!((gone.how, gone.unrecorded), (GoneHow::Service, true));
    assert_eq!(gone.by.service.as_deref(), Some("secretsmanager.amazonaws.com"));
}

#[test]
fn a_scheduled_removal_can_be_taken_back() {
    let kms = |seconds, name, request, response| EventRow {
        request_parameters: Some(request),
        response_elements: Some(response),
        ..write(seconds, "kms.amazonaws.com", name)
    };
    let id = r#"{"keyId":"0a0b0c0d"}"#;
    let made = kms(0, "CreateKey", "{}", r#"{"keyMetadata":{"keyId":"0a0b0c0d"}}"#);
    let scheduled =
        kms(1, "ScheduleKeyDeletion", id, r#"{"keyId":"0a0b0c0d","deletionDate":"Nov 21, 2023"}"#);
    let answer = investigate(&[made, scheduled], &[]);
    let gone = answer.made[0].gone.as_ref().unwrap();
    assert_eq!((gone.how, gone.due.as_deref()), (GoneHow::Scheduled, Some("Nov 21, 2023")));
    let answer = investigate(&[made, scheduled, kms(2, "CancelKeyDeletion", id, "{}")], &[]);
    assert_eq!(answer.made[0].gone, None);
}

#[test]
fn identities_know_the_policies_that_were_given_to_them() {
    let answer = investigate(
        &[
            iam(0, "CreateUser", r#"{"userName":"bob"}"#),
            iam(
                1,
                "AttachUserPolicy",
                r#"{"userName":"bob","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#,
            ),
        ],
        &[],
    );
    let user = find(&answer.made, "user");
    assert!(user.admin);
    assert_eq!(user.policies, ["AdministratorAccess"]);
}

#[test]
fn a_new_version_of_an_old_parameter_alters_it() {
    let put = |version| EventRow {
        request_parameters: Some(r#"{"name":"/a/b"}"#),
        response_elements: Some(version),
        ..write(0, "ssm.amazonaws.com", "PutParameter")
    };
    let answer = investigate(&[put(r#"{"version":7}"#)], &[]);
    assert!(answer.made.is_empty());
    assert_eq!(answer.altered[0].target.as_deref(), Some("/a/b"));
    assert_eq!(investigate(&[put(r#"{"version":1}"#)], &[]).made.len(), 1);
}

#[test]
fn a_key_that_is_switched_off_is_not_gone() {
    let make = EventRow {
        response_elements: Some(r#"{"accessKey":{"accessKeyId":"AKIAI44QH8DHBEXAMPLE","userName":"bob"}}"#),
        issued_access_key_id: Some("AKIAI44QH8DHBEXAMPLE"),
        ..iam(0, "CreateAccessKey", r#"{"userName":"bob"}"#)
    };
    let off = r#"{"userName":"bob","accessKeyId":"AKIAI44QH8DHBEXAMPLE","status":"Inactive"}"#;
    let answer = investigate(&[make], &[by_other(iam(9, "UpdateAccessKey", off))]);
    let key = find(&answer.made, "access key");
    assert_eq!(key.gone, None);
    assert!(key.disabled.is_some());
    assert_eq!(key.of.as_deref(), Some("bob"));
}

#[test]
fn data_events_make_no_things() {
    let put = EventRow {
        event_category: Some("Data"),
        request_parameters: Some(r#"{"bucketName":"b","key":"k"}"#),
        ..write(0, "s3.amazonaws.com", "PutObject")
    };
    let answer = investigate(&[put], &[]);
    assert!(answer.made.is_empty() && answer.altered.is_empty());
    assert_eq!(answer.activity.total.writes, 1);
}
