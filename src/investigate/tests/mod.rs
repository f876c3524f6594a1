//! Facts about investigations, on hand-written rows.

mod access;
mod followed;
mod opening;
mod order;

mod sight;
mod step;
mod thing;

use chrono::DateTime;

use super::{Coverage, Investigation, Investigator, Limits, Relation, SubjectInfo, SubjectKind};
use crate::query::EventRow;

pub(super) const HOME: &str = "111122223333";
pub(super) const OUTSIDE: &str = "444455556666";
pub(super) const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// Seconds after the start of the story.
pub(super) fn at(seconds: i64) -> chrono::DateTime<chrono::Utc> {
    DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap()
}

/// A successful write of the subject's key.
pub(super) fn write(seconds: i64, source: &'static str, name: &'static str) -> EventRow<'static> {
    EventRow {
        event_time: at(seconds),
        account: Some(HOME),
        event_source: Some(source),
        event_name: Some(name),
        aws_region: Some("us-east-1"),
        event_category: Some("Management"),
        event_type: Some("AwsApiCall"),
        read_only: Some(false),
        source_ip_address: Some("198.51.100.7"),
        user_agent: Some("aws-cli/2.15.0 Python/3.11.6"),
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/alice"),
        identity_account_id: Some(HOME),
        principal_id: Some("AIDAEXAMPLEEXAMPLE12"),
        user_name: Some("alice"),
        access_key_id: Some(KEY),
        object: "a.json.gz",
        record_index: seconds,
        ..EventRow::default()
    }
}

/// A successful write of an IAM call.
pub(super) fn iam(seconds: i64, name: &'static str, request: &'static str) -> EventRow<'static> {
    EventRow { request_parameters: Some(request), ..write(seconds, "iam.amazonaws.com", name) }
}

/// The same call by someone else.
pub(super) fn by_other(row: &EventRow<'static>) -> EventRow<'static> {
    EventRow {
        identity_arn: Some("arn:aws:iam::111122223333:user/mallory"),
        principal_id: Some("AIDAEXAMPLEEXAMPLE34"),
        user_name: Some("mallory"),
        access_key_id: Some("AKIAI44QH8DHBEXAMPLE"),
        source_ip_address: Some("203.0.113.9"),
        ..*row
    }
}

/// The same call, refused.
pub(super) fn denied(row: &EventRow<'static>, message: &'static str) -> EventRow<'static> {
    EventRow {
        error_code: Some("AccessDenied"),
        error_message: Some(message),
        response_elements: None,
        ..*row
    }
}

pub(super) fn investigator(limits: Limits) -> Investigator {
    let info = SubjectInfo { kind: SubjectKind::AccessKey, id: KEY.into(), asked: KEY.into() };
    Investigator::new(info, limits)
}

/// Investigates the key with these rows of its own and of others.
pub(super) fn investigate(own: &[EventRow<'_>], related: &[EventRow<'_>]) -> Investigation {
    let mut investigator = investigator(Limits::default());
    for row in own {
        investigator.push(row, Relation::Own);
    }
    for row in related {
        investigator.push(row, Relation::Related);
    }
    investigator.finish(Coverage::default())
}
