//! Sensitive steps.

use super::{denied, investigate, write};
use crate::investigate::{Mark, Step, Topic};
use crate::query::EventRow;

fn read(seconds: i64, source: &'static str, name: &'static str, request: &'static str) -> EventRow<'static> {
    EventRow { read_only: Some(true), request_parameters: Some(request), ..write(seconds, source, name) }
}

fn secret(seconds: i64, id: &'static str) -> EventRow<'static> {
    read(seconds, "secretsmanager.amazonaws.com", "GetSecretValue", id)
}

fn steps(rows: &[EventRow<'_>]) -> Vec<Step> {
    investigate(rows, &[]).steps
}

#[test]
fn repeats_fold_into_one_step_with_their_number() {
    let by_arn = r#"{"secretId":"arn:aws:secretsmanager:us-east-1:111122223333:secret:a-AbCdEf"}"#;
    let found =
        steps(&[secret(0, r#"{"secretId":"a"}"#), secret(5, by_arn), secret(60, r#"{"secretId":"b"}"#)]);
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].text.as_str(), found[0].calls), ("read 2 secrets", 3));
    assert_eq!(found[0].until.unwrap().seconds_since(found[0].at), 60);
}

#[test]
fn steps_far_apart_are_two_steps() {
    let found = steps(&[secret(0, r#"{"secretId":"a"}"#), secret(9_000, r#"{"secretId":"b"}"#)]);
    let texts: Vec<&str> = found.iter().map(|step| step.text.as_str()).collect();
    assert_eq!(texts, ["read secret a", "read secret b"]);
}

#[test]
fn a_call_with_several_targets_is_one_call() {
    let found = steps(&[read(0, "ssm.amazonaws.com", "GetParameters", r#"{"names":["/a","/b"]}"#)]);
    assert_eq!((found[0].text.as_str(), found[0].calls), ("read 2 parameters", 1));
}

#[test]
fn refused_steps_say_what_was_tried_and_not_that_it_was_done() {
    let stop = EventRow {
        request_parameters: Some(r#"{"name":"main"}"#),
        ..write(0, "cloudtrail.amazonaws.com", "StopLogging")
    };
    let found = steps(&[denied(stop, "")]);
    assert_eq!((found[0].mark, found[0].text.as_str()), (Mark::Refused, "StopLogging main"));
    assert!(found[0].grave);
    assert_eq!(steps(&[stop])[0].mark, Mark::Look);
}

#[test]
fn selectors_that_log_less_are_told_from_those_that_log_all() {
    let put = |request| EventRow {
        request_parameters: Some(request),
        ..write(0, "cloudtrail.amazonaws.com", "PutEventSelectors")
    };
    let less = r#"{"trailName":"t","eventSelectors":[{"readWriteType":"ReadOnly","includeManagementEvents":false,"dataResources":[{"type":"AWS::S3::Object","values":[]}]}]}"#;
    let all =
        r#"{"trailName":"t","eventSelectors":[{"readWriteType":"All","includeManagementEvents":true}]}"#;
    let found = &steps(&[put(less)])[0];
    assert_eq!((found.mark, found.topic), (Mark::Look, Topic::Logging));
    assert_eq!(found.detail.as_deref(), Some("management events off, nothing logged"));
    assert_eq!(steps(&[put(all)])[0].mark, Mark::Plain);
}

#[test]
fn a_lifecycle_matters_on_buckets_for_logs_only() {
    let put = |bucket| EventRow {
        request_parameters: Some(bucket),
        ..write(9, "s3.amazonaws.com", "PutBucketLifecycle")
    };
    let trail = EventRow {
        request_parameters: Some(r#"{"name":"t","s3BucketName":"plain"}"#),
        ..write(0, "cloudtrail.amazonaws.com", "CreateTrail")
    };
    let of = |rows: &[EventRow<'_>]| steps(rows).iter().any(|step| step.text.starts_with("log bucket"));
    assert!(!of(&[put(r#"{"bucketName":"plain"}"#)]));
    assert!(of(&[put(r#"{"bucketName":"plain"}"#), trail]));
    assert!(of(&[put(r#"{"bucketName":"my-cloudtrail-1"}"#)]));
}

#[test]
fn a_console_sign_in_without_mfa_is_to_be_looked_at() {
    let sign_in = |data| EventRow {
        response_elements: Some(r#"{"ConsoleLogin":"Success"}"#),
        additional_event_data: Some(data),
        ..write(0, "signin.amazonaws.com", "ConsoleLogin")
    };
    let found = &steps(&[sign_in(r#"{"MFAUsed":"No"}"#)])[0];
    assert_eq!((found.mark, found.text.as_str()), (Mark::Look, "signed in to the console as alice"));
    assert_eq!(steps(&[sign_in(r#"{"MFAUsed":"Yes"}"#)])[0].mark, Mark::Plain);
}

#[test]
fn throttled_attempts_are_no_steps() {
    let throttled = EventRow { error_code: Some("ThrottlingException"), ..secret(0, r#"{"secretId":"a"}"#) };
    assert!(steps(&[throttled]).is_empty());
}
