//! Whether a call writes, and how it ended.

use crate::aws::{is_denied, is_throttled, service_of, writes_by_name};
use crate::query::EventRow;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Outcome {
    /// It did what was asked.
    Ok,
    /// Authorization was refused.
    Denied,
    /// It failed for another reason.
    Failed,
    /// There were too many calls.
    Throttled,
}

/// How the call of `row` ended. A sign-in that failed has no `errorCode` of its own: its response says `Failure`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>).
pub(crate) fn outcome(row: &EventRow<'_>) -> Outcome {
    let Some(code) = row.error_code.filter(|code| !code.is_empty()) else {
        return if sign_in_failed(row) { Outcome::Failed } else { Outcome::Ok };
    };
    if is_throttled(code) {
        Outcome::Throttled
    } else if is_denied(code) {
        Outcome::Denied
    } else {
        Outcome::Failed
    }
}

fn sign_in_failed(row: &EventRow<'_>) -> bool {
    row.event_source == Some("signin.amazonaws.com")
        && (row.response_elements.is_some_and(|response| response.contains("\"Failure\""))
            || row.error_message.is_some_and(|message| !message.is_empty()))
}

/// Whether the call changes something: what the record says, else what the operation's verb says.
pub(crate) fn writes(row: &EventRow<'_>) -> bool {
    row.read_only.map_or_else(|| row.event_name.is_some_and(writes_by_name), |read_only| !read_only)
}

/// The service of an event source, as people write it: `iam` for `iam.amazonaws.com`.
pub(crate) fn service<'a>(row: &EventRow<'a>) -> &'a str {
    service_of(row.event_source.unwrap_or_default())
}

/// An operation's name without the API version that some services append: `CreateFunction` for
/// `CreateFunction20150331`, `Invoke` for `Invoke20150331v2`, `CreateDistribution` for `CreateDistribution2020_05_31`.
pub(crate) fn operation(name: &str) -> &str {
    let bare = match name.rsplit_once('v') {
        Some((head, digits)) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => head,
        _ => name,
    };
    let stem = bare.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    let suffix = bare.len() - stem.len();
    if suffix >= 8 && stem.len() > 3 { stem } else { name }
}

#[cfg(test)]
mod tests {
    use super::{Outcome, operation, outcome, writes};
    use crate::query::EventRow;

    #[test]
    fn version_suffixes_are_no_part_of_an_operation() {
        let cases = [
            ("CreateFunction20150331", "CreateFunction"),
            ("UpdateFunctionCode20150331v2", "UpdateFunctionCode"),
            ("CreateDistribution2020_05_31", "CreateDistribution"),
            ("ListObjectsV2", "ListObjectsV2"),
            ("CreateVpc", "CreateVpc"),
            ("GetRole2", "GetRole2"),
            ("", ""),
        ];
        for (name, bare) in cases {
            assert_eq!(operation(name), bare, "{name}");
        }
    }

    #[test]
    fn the_record_decides_what_writes_and_the_verb_only_where_it_is_silent() {
        let row = EventRow { event_name: Some("GetFederationToken"), ..EventRow::default() };
        assert!(!writes(&row));
        assert!(writes(&EventRow { read_only: Some(false), ..row }));
        assert!(writes(&EventRow { event_name: Some("CreateUser"), ..EventRow::default() }));
        assert!(!writes(&EventRow { event_name: Some("CreateUser"), read_only: Some(true), ..row }));
    }

    #[test]
    fn a_failed_sign_in_fails_without_an_error_code() {
        let row = EventRow {
            event_source: Some("signin.amazonaws.com"),
            event_name: Some("ConsoleLogin"),
            response_elements: Some(r#"{"ConsoleLogin":"Failure"}"#),
            ..EventRow::default()
        };
        assert_eq!(outcome(&row), Outcome::Failed);
        let row = EventRow { response_elements: Some(r#"{"ConsoleLogin":"Success"}"#), ..row };
        assert_eq!(outcome(&row), Outcome::Ok);
    }

    #[test]
    fn throttled_denied_and_failed_are_apart() {
        let row = |code| EventRow { error_code: Some(code), ..EventRow::default() };
        assert_eq!(outcome(&row("ThrottlingException")), Outcome::Throttled);
        assert_eq!(outcome(&row("Client.RequestLimitExceeded")), Outcome::Throttled);
        assert_eq!(outcome(&row("AccessDenied")), Outcome::Denied);
        assert_eq!(outcome(&row("Client.UnauthorizedOperation")), Outcome::Denied);
        assert_eq!(outcome(&row("NoSuchEntityException")), Outcome::Failed);
        assert_eq!(outcome(&row("")), Outcome::Ok);
    }
}
