//! Calls that were turned away before any policy was asked, because the caller could not prove who it is.

use crate::aws::is_denied;
use crate::catalog::event::{NotRequest, Reason};
use crate::replay::Record;

/// The errors of all services.
const COMMON: &str = "https://docs.aws.amazon.com/IAM/latest/APIReference/CommonErrors.html";
/// EC2's.
const EC2: &str = "https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html";
/// S3's.
const S3: &str = "https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html";
/// STS's, for who shows a token or an assertion of an identity provider.
const STS: &str = "https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html";

/// What temporary credentials can't call.
const TEMPORARY: &str = "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html";

/// Codes that mean it whatever the message, sorted; without the `Client.` of EC2.
const CODES: [(&str, &str); 22] = [
    ("ExpiredToken", COMMON),
    ("ExpiredTokenException", COMMON),
    ("IDPRejectedClaim", STS),
    ("IncompleteSignature", COMMON),
    ("IncompleteSignatureException", COMMON),
    ("InvalidAccessKeyId", S3),
    ("InvalidClientTokenId", COMMON),
    ("InvalidIdentityToken", STS),
    ("InvalidIdentityTokenException", STS),
    ("InvalidSecurity", S3),
    ("InvalidSignatureException", COMMON),
    ("InvalidToken", S3),
    ("MissingAuthenticationToken", COMMON),
    ("MissingAuthenticationTokenException", COMMON),
    ("MissingSecurityHeader", S3),
    ("RequestExpired", COMMON),
    ("RequestTimeTooSkewed", S3),
    ("SignatureDoesNotMatch", COMMON),
    ("TokenRefreshRequired", S3),
    ("UnrecognizedClient", COMMON),
    ("UnrecognizedClientException", COMMON),
    ("X509ParseError", COMMON),
];

/// Why a record is no request, where its error says that the caller was not authenticated.
///
/// EC2's `AuthFailure` means that, but also that an image or address is not the caller's, which comes after
/// authorization. So its words decide: `AWS was not able to validate the provided access credentials`.
pub(super) fn turned_away(record: &Record<'_>) -> Option<NotRequest> {
    let code = record.error_code?;
    if is_denied(code) && is_beyond_credentials(record) {
        return Some(NotRequest { reason: Reason::BeyondCredentials, page: TEMPORARY });
    }
    let code = code.strip_prefix("Client.").unwrap_or(code);
    let page = if code == "AuthFailure" {
        record.error_message?.contains("validate the provided").then_some(EC2)?
    } else {
        let place = CODES.binary_search_by(|(known, _)| (*known).cmp(code)).ok()?;
        CODES.get(place)?.1
    };
    Some(NotRequest { reason: Reason::NotAuthenticated, page })
}

/// Whether a call that AWS refused is one that a user's or root's temporary credentials can never make, or that AWS says so: of
/// STS a session from `GetSessionToken` can call `AssumeRole` and `GetCallerIdentity` only. What a session of a role or a
/// federated user can't call the evaluator knows.
fn is_beyond_credentials(record: &Record<'_>) -> bool {
    let is_of_session = matches!(record.identity_type, Some("IAMUser" | "Root"))
        && record.access_key_id.is_some_and(|key| key.starts_with("ASIA"));
    let is_own =
        record.invoked_by.is_none_or(str::is_empty) && record.session_credential_from_console != Some(true);
    let (source, name) = (record.event_source.unwrap_or_default(), record.event_name.unwrap_or_default());
    is_of_session && is_own && depends_on_credentials(source, name)
}

/// Whether a refusal of a call may come of the kind of its credentials.
pub(super) fn depends_on_credentials(source: &str, name: &str) -> bool {
    source == "sts.amazonaws.com" && !name.starts_with("AssumeRole") && name != "GetCallerIdentity"
}

#[cfg(test)]
mod tests {
    use super::CODES;

    #[test]
    fn codes_are_sorted() {
        assert!(CODES.is_sorted());
    }
}
