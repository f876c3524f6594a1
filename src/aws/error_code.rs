//! Which of a record's error codes say that a request was refused, or that there were too many.
//!
//! CloudTrail keeps the service's own code; EC2's begin with `Client.` or `Server.`
//! (<https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html>).

/// Refusals whose code does not say `AccessDenied`.
const DENIED: [&str; 8] = [
    "AuthorizationError",
    "AuthorizationErrorException",
    "ForbiddenException",
    "NotAuthorized",
    "UnauthorizedAccess",
    "UnauthorizedAccessException",
    "UnauthorizedException",
    "UnauthorizedOperation",
];

/// Too many requests, where the code does not say `Throttl`. Quotas (`LimitExceededException`) are another matter.
const THROTTLED: [&str; 13] = [
    "BandwidthLimitExceeded",
    "CallRateLimitExceeded",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceeded",
    "ProvisionedThroughputExceededException",
    "RateExceeded",
    "RateLimitExceeded",
    "RequestLimitExceeded",
    "RequestLimitExceededException",
    "RequestRateTooLargeException",
    "SlowDown",
    "TooManyRequests",
    "TooManyRequestsException",
];

/// Whether the error code says that the caller may not do what it asked for: a policy's refusal
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot_access-denied.html>, and `VpceAccessDenied` of
/// <https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-network-events-with-cloudtrail.html>).
///
/// Not a refusal in this sense: a caller who could not prove who it is (`AuthFailure`, `ExpiredToken`,
/// `SignatureDoesNotMatch`), and `NotAuthorizedException`, which is Cognito's word for a wrong password.
#[must_use]
pub fn is_denied(error_code: &str) -> bool {
    let code = service_code(error_code);
    code.contains("AccessDenied") || DENIED.contains(&code)
}

/// Whether the code of a refusal says that it is another service which refused something to the service that was called, as
/// KMS a key to Lambda: the caller's own request was let in
/// (<https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html>,
/// <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecord.html>).
#[must_use]
pub fn is_denied_behind(error_code: &str) -> bool {
    let code = service_code(error_code);
    let rest = ["EC2", "KMS", "S3"].into_iter().find_map(|other| code.strip_prefix(other));
    rest.is_some_and(|rest| rest.starts_with("AccessDenied"))
}

/// Whether the error code says that there were too many requests in a time
/// (<https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html>).
#[must_use]
pub fn is_throttled(error_code: &str) -> bool {
    let code = service_code(error_code);
    code.contains("Throttl") || THROTTLED.contains(&code)
}

fn service_code(error_code: &str) -> &str {
    let code = error_code.strip_prefix("Client.").or_else(|| error_code.strip_prefix("Server."));
    code.unwrap_or(error_code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_go_by_many_codes() {
        for code in [
            "AccessDenied",
            "AccessDeniedException",
            "AccessDeniedFault",
            "Client.UnauthorizedOperation",
            "UnauthorizedOperation",
            "Client.UnauthorizedAccess",
            "AuthorizationError",
            "AuthorizationErrorException",
            "NotAuthorized",
            "ForbiddenException",
            "KMSAccessDeniedException",
            "VpceAccessDenied",
        ] {
            assert!(is_denied(code), "{code}");
            assert!(!is_throttled(code), "{code}");
        }
    }

    #[test]
    fn a_refusal_of_another_service_bears_its_name() {
        for code in ["KMSAccessDeniedException", "EC2AccessDeniedException", "S3AccessDeniedFault"] {
            assert!(is_denied_behind(code) && is_denied(code), "{code}");
        }
        for code in
            ["AccessDenied", "AccessDeniedException", "VpceAccessDenied", "Client.UnauthorizedOperation", ""]
        {
            assert!(!is_denied_behind(code), "{code}");
        }
    }

    #[test]
    fn too_many_requests_go_by_many_codes() {
        for code in [
            "Throttling",
            "ThrottlingException",
            "EC2ThrottledException",
            "RequestThrottled",
            "Client.RequestLimitExceeded",
            "TooManyRequestsException",
            "SlowDown",
        ] {
            assert!(is_throttled(code), "{code}");
            assert!(!is_denied(code), "{code}");
        }
    }

    #[test]
    fn other_failures_are_neither() {
        for code in [
            "",
            "NoSuchBucket",
            "ExpiredToken",
            "Client.AuthFailure",
            "NotAuthorizedException",
            "LimitExceededException",
            "Client.VcpuLimitExceeded",
            "Client.DryRunOperation",
            "InvalidAccessException",
            "NoSuchPublicAccessBlockConfiguration",
        ] {
            assert!(!is_denied(code) && !is_throttled(code), "{code}");
        }
    }
}
