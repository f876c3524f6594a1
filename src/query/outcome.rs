//! How a call ended, told from the fields of its record.

use serde_json::Value;

use super::lenient;
use crate::aws;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Outcome {
    /// It did what was asked.
    Ok,
    /// Permission was missing.
    Denied,
    /// Calls came too fast.
    Throttled,
    /// It failed for any other reason, a refused sign-in among them.
    Failed,
}

/// The fields of a record that tell how its call ended; each is the column of the same name.
#[derive(Debug, Clone, Copy, Default)]
#[expect(
    missing_docs,
    reason = "every field is the column of the same name, documented once in lake::Column"
)]
pub struct OutcomeFields<'a> {
    pub event_source: Option<&'a str>,
    pub error_code: Option<&'a str>,
    pub error_message: Option<&'a str>,
    pub response_elements: Option<&'a str>,
    pub service_event_details: Option<&'a str>,
}

impl Outcome {
    /// How the call of a record ended.
    ///
    /// `errorCode` decides where there is one. Sign-in records carry none: a wrong password says only
    /// `{"ConsoleLogin": "Failure"}` in `responseElements`, an Identity Center sign-in
    /// `{"CredentialVerification": "Failure"}` in `serviceEventDetails`. See
    /// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-aws-console-sign-in-events.html>
    /// and <https://docs.aws.amazon.com/singlesignon/latest/userguide/understanding-sign-in-events.html>.
    #[must_use]
    pub fn of(fields: OutcomeFields<'_>) -> Outcome {
        let said = |text: Option<&'_ str>| text.is_some_and(|text| !text.is_empty());
        match fields.error_code {
            Some(code) if !code.is_empty() => {
                if aws::is_denied(code) {
                    Outcome::Denied
                } else if aws::is_throttled(code) {
                    Outcome::Throttled
                } else {
                    Outcome::Failed
                }
            }
            _ if said(fields.error_message) => Outcome::Failed,
            _ if fields.event_source == Some("signin.amazonaws.com")
                && (says_failure(fields.response_elements) || says_failure(fields.service_event_details)) =>
            {
                Outcome::Failed
            }
            _ => Outcome::Ok,
        }
    }

    /// The word for it: `ok`, `denied`, `throttled`, `failed`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Outcome::Ok => "ok",
            Outcome::Denied => "denied",
            Outcome::Throttled => "throttled",
            Outcome::Failed => "failed",
        }
    }
}

/// Whether a JSON object has a member whose value is the text `Failure`.
fn says_failure(json: Option<&str>) -> bool {
    let Some(Value::Object(members)) = json.and_then(lenient::value) else {
        return false;
    };
    members.values().any(|value| value.as_str() == Some("Failure"))
}

#[cfg(test)]
mod tests {
    use super::{Outcome, OutcomeFields};

    fn sign_in(response: &'static str) -> OutcomeFields<'static> {
        OutcomeFields {
            event_source: Some("signin.amazonaws.com"),
            response_elements: Some(response),
            ..OutcomeFields::default()
        }
    }

    #[test]
    fn a_refused_sign_in_has_no_error_code_and_failed_all_the_same() {
        assert_eq!(Outcome::of(sign_in(r#"{"ConsoleLogin":"Failure"}"#)), Outcome::Failed);
        assert_eq!(Outcome::of(sign_in(r#"{"ConsoleLogin":"Success"}"#)), Outcome::Ok);
        let portal = OutcomeFields {
            event_source: Some("signin.amazonaws.com"),
            service_event_details: Some(r#"{"CredentialVerification":"Failure"}"#),
            ..OutcomeFields::default()
        };
        assert_eq!(Outcome::of(portal), Outcome::Failed);
    }

    #[test]
    fn a_member_named_failure_elsewhere_is_no_sign_in() {
        let other =
            OutcomeFields { event_source: Some("ec2.amazonaws.com"), ..sign_in(r#"{"state":"Failure"}"#) };
        assert_eq!(Outcome::of(other), Outcome::Ok);
    }

    #[test]
    fn an_empty_error_code_is_none() {
        assert_eq!(
            Outcome::of(OutcomeFields { error_code: Some(""), ..OutcomeFields::default() }),
            Outcome::Ok
        );
    }

    #[test]
    fn a_message_without_a_code_failed() {
        let fields = OutcomeFields { error_message: Some("No username found"), ..OutcomeFields::default() };
        assert_eq!(Outcome::of(fields), Outcome::Failed);
    }

    #[test]
    fn the_code_tells_denied_throttled_and_failed_apart() {
        let of = |code| Outcome::of(OutcomeFields { error_code: Some(code), ..OutcomeFields::default() });
        assert_eq!(of("AccessDenied"), Outcome::Denied);
        assert_eq!(of("Client.UnauthorizedOperation"), Outcome::Denied);
        assert_eq!(of("ThrottlingException"), Outcome::Throttled);
        assert_eq!(of("NoSuchBucket"), Outcome::Failed);
    }
}
