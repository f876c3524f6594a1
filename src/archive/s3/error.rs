//! What can go wrong with S3, in words that name bucket, key and the IAM action that is missing.

use std::error::Error;
use std::fmt;

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};

/// Whom a request was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked<'a> {
    pub(super) bucket: &'a str,
    /// The key that is read or written, or the prefix that is listed.
    pub(super) key: &'a str,
    pub(super) action: Action,
    /// The region that the request was signed for.
    pub(super) region: Option<&'a str>,
}

/// An IAM action that reading an archive, or a lake in S3, needs:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html>,
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/UsingKMSEncryption.html>.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// `s3:ListBucket`
    ListBucket,
    /// `s3:GetObject`
    GetObject,
    /// `s3:PutObject`
    PutObject,
    /// `s3:DeleteObject`
    DeleteObject,
    /// `kms:Decrypt`
    Decrypt,
    /// `kms:GenerateDataKey`
    GenerateDataKey,
}

impl Action {
    /// As policies name it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ListBucket => "s3:ListBucket",
            Self::GetObject => "s3:GetObject",
            Self::PutObject => "s3:PutObject",
            Self::DeleteObject => "s3:DeleteObject",
            Self::Decrypt => "kms:Decrypt",
            Self::GenerateDataKey => "kms:GenerateDataKey",
        }
    }

    /// What the key of a bucket must allow for it; `said` may name it.
    fn of_key(self, said: &str) -> Self {
        if said.contains("kms:Decrypt") || self != Self::PutObject {
            Self::Decrypt
        } else {
            Self::GenerateDataKey
        }
    }
}

/// Why a request to S3 failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct S3Error {
    /// What is wrong.
    pub kind: S3ErrorKind,
    /// The bucket.
    pub bucket: String,
    /// The key that was read or written, or the prefix that was listed; may be empty.
    pub key: String,
    /// What S3 or the SDK said; empty where that adds nothing.
    pub said: String,
}

/// What is wrong with a request to S3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum S3ErrorKind {
    /// No source of the credential chain has credentials.
    NoCredentials,
    /// The credentials have expired and could not be refreshed.
    Expired,
    /// S3 does not accept the credentials.
    BadCredentials,
    /// There is no such bucket.
    NoBucket,
    /// There is nothing at the key and nothing below it.
    Nothing,
    /// The bucket is elsewhere.
    WrongRegion {
        /// The region asked for.
        asked: Option<String>,
        /// Where it is; None where S3 did not say.
        found: Option<String>,
    },
    /// A policy does not allow the action.
    Denied(Action),
    /// The object was deleted after it was listed.
    Vanished,
    /// The object was replaced after it was listed.
    Changed,
    /// Something is there already, where an object was to be put only if nothing is.
    Exists,
    /// Another write of the same key was under way, time and again.
    Busy,
    /// The object is in an archive storage class; holds its name where it is known.
    Archived(Option<String>),
    /// The bytes stop before the end, time and again.
    CutOff,
    /// The body is far longer than the listing said.
    TooLong,
    /// S3 asks to slow down, time and again.
    Throttled,
    /// The endpoint can't be reached.
    Unreachable,
    /// Any other error; holds its code or status.
    Other(String),
}

impl S3Error {
    pub(super) fn new(kind: S3ErrorKind, asked: &Asked<'_>, said: impl Into<String>) -> Self {
        Self { kind, bucket: asked.bucket.to_owned(), key: asked.key.to_owned(), said: said.into() }
    }

    /// Reads an error of the SDK.
    pub(super) fn of<E>(error: &SdkError<E, HttpResponse>, asked: &Asked<'_>) -> Self
    where
        E: ProvideErrorMetadata + Error + 'static,
    {
        let Some(service) = error.as_service_error() else {
            let said = chain(error);
            let kind = if said.to_ascii_lowercase().contains("credential") {
                S3ErrorKind::NoCredentials
            } else {
                S3ErrorKind::Unreachable
            };
            return Self::new(kind, asked, said);
        };
        let raw = error.raw_response();
        let status = raw.map_or(0, |response| response.status().as_u16());
        let region = raw.and_then(bucket_region);
        let code = service.code().unwrap_or_default();
        let said = service.message().unwrap_or_default();
        let elsewhere = || S3ErrorKind::WrongRegion {
            asked: asked.region.map(str::to_owned),
            found: region.map(str::to_owned).or_else(|| expected_region(said)),
        };
        let kind = match (code, status) {
            ("NoSuchBucket", _) => S3ErrorKind::NoBucket,
            // The last is said where one of the two regions is one that accounts opt in to
            // (<https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>).
            (
                "PermanentRedirect"
                | "TemporaryRedirect"
                | "AuthorizationHeaderMalformed"
                | "IllegalLocationConstraintException",
                _,
            )
            | ("", 301 | 307) => elsewhere(),
            ("NoSuchKey", _) | ("", 404) => S3ErrorKind::Vanished,
            ("ConditionalRequestConflict", _) if asked.action == Action::PutObject => S3ErrorKind::Busy,
            ("PreconditionFailed", _) | ("", 412) if asked.action == Action::PutObject => S3ErrorKind::Exists,
            ("PreconditionFailed" | "ConditionalRequestConflict", _) | ("", 412) => S3ErrorKind::Changed,
            ("InvalidObjectState", _) => S3ErrorKind::Archived(None),
            ("ExpiredToken" | "ExpiredTokenException" | "TokenRefreshRequired", _) => S3ErrorKind::Expired,
            (
                "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "InvalidToken"
                | "InvalidSecurity"
                | "RequestTimeTooSkewed"
                | "NotSignedUp",
                _,
            ) => S3ErrorKind::BadCredentials,
            (
                "SlowDown" | "ServiceUnavailable" | "Throttling" | "ThrottlingException" | "RequestThrottled",
                _,
            )
            | (_, 429 | 503) => S3ErrorKind::Throttled,
            (code, _) if code.starts_with("KMS.") => S3ErrorKind::Denied(asked.action.of_key(said)),
            ("AccessDenied" | "AllAccessDisabled" | "AccessDeniedException", _) | ("", 403) => {
                let kms = said.contains("kms:") || said.contains("KMS");
                S3ErrorKind::Denied(if kms { asked.action.of_key(said) } else { asked.action })
            }
            ("", status) => S3ErrorKind::Other(format!("status {status}")),
            (code, _) => S3ErrorKind::Other(code.to_owned()),
        };
        Self::new(kind, asked, said)
    }

    /// Whether it concerns more than one object: then reading ends, and goes on when the trouble is over.
    #[must_use]
    pub fn stops(&self) -> bool {
        matches!(
            self.kind,
            S3ErrorKind::NoCredentials
                | S3ErrorKind::Expired
                | S3ErrorKind::BadCredentials
                | S3ErrorKind::NoBucket
                | S3ErrorKind::WrongRegion { .. }
                | S3ErrorKind::Throttled
                | S3ErrorKind::Unreachable
        )
    }

    /// What the reader can do about it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let bucket = &self.bucket;
        Some(match &self.kind {
            S3ErrorKind::NoCredentials => {
                "set AWS_PROFILE or --profile, sign in (`aws sso login`), or give the job a role".to_owned()
            }
            S3ErrorKind::Expired => {
                "sign in again (`aws sso login`) and run the same command: it goes on where it was".to_owned()
            }
            S3ErrorKind::BadCredentials => "see `aws sts get-caller-identity`, and the clock".to_owned(),
            S3ErrorKind::NoBucket => format!("expected s3://BUCKET/PREFIX; is `{bucket}` spelled right?"),
            S3ErrorKind::Nothing => format!("see `aws s3 ls s3://{bucket}/`"),
            S3ErrorKind::WrongRegion { found: Some(found), .. } => format!("--region {found}"),
            S3ErrorKind::WrongRegion { found: None, .. } => {
                format!("see `aws s3api get-bucket-location --bucket {bucket}`, and give --region")
            }
            S3ErrorKind::Denied(Action::ListBucket) => {
                format!(
                    "allow `s3:ListBucket` on `arn:aws:s3:::{bucket}`; a bucket whose readers pay needs --request-payer"
                )
            }
            S3ErrorKind::Denied(Action::Decrypt) => {
                "allow `kms:Decrypt` on the key that encrypts the bucket's objects, in your policy and in the key's"
                    .to_owned()
            }
            S3ErrorKind::Denied(Action::GenerateDataKey) => {
                "allow `kms:GenerateDataKey` and `kms:Decrypt` on the key that encrypts the bucket, in your policy and in the key's"
                    .to_owned()
            }
            S3ErrorKind::Denied(action) => {
                let action = action.name();
                format!("allow `{action}` on `arn:aws:s3:::{bucket}/*`; bucket policies can deny it, too")
            }
            S3ErrorKind::Archived(_) => {
                "restore archived objects first (`aws s3api restore-object`), then run again".to_owned()
            }
            S3ErrorKind::Vanished | S3ErrorKind::Changed => "run again: the bucket is listed anew".to_owned(),
            S3ErrorKind::CutOff => "run again: what was not read is tried anew".to_owned(),
            S3ErrorKind::Throttled | S3ErrorKind::Busy => "run the same command later: it goes on where it was".to_owned(),
            S3ErrorKind::Unreachable => {
                "see the network, --endpoint-url and --region; run again: it goes on where it was".to_owned()
            }
            S3ErrorKind::TooLong | S3ErrorKind::Exists | S3ErrorKind::Other(_) => return None,
        })
    }
}

impl S3Error {
    /// What is wrong and what can be done about it, in one line.
    #[must_use]
    pub fn with_hint(&self) -> String {
        self.hint().map_or_else(|| self.to_string(), |hint| format!("{self}; hint: {hint}"))
    }
}

impl fmt::Display for S3Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (bucket, key) = (&self.bucket, &self.key);
        match &self.kind {
            S3ErrorKind::NoCredentials => write!(f, "no AWS credentials for `s3://{bucket}/{key}`")?,
            S3ErrorKind::Expired => {
                write!(f, "the AWS credentials expired, asked for `s3://{bucket}/{key}`")?;
            }
            S3ErrorKind::BadCredentials => {
                write!(f, "S3 does not accept the AWS credentials for `s3://{bucket}/{key}`")?;
            }
            S3ErrorKind::NoBucket => write!(f, "there is no bucket `{bucket}` (for `s3://{bucket}/{key}`)")?,
            S3ErrorKind::Nothing => write!(f, "there is nothing at `s3://{bucket}/{key}`")?,
            S3ErrorKind::WrongRegion { asked, found } => {
                match found {
                    Some(found) => write!(f, "the bucket `{bucket}` is in region `{found}`")?,
                    None => write!(f, "the bucket `{bucket}` is in another region")?,
                }
                if let Some(asked) = asked {
                    write!(f, ", not in `{asked}`")?;
                }
            }
            S3ErrorKind::Denied(Action::ListBucket) => {
                write!(
                    f,
                    "access denied: `s3:ListBucket` is not allowed on bucket `{bucket}`, prefix `{key}`"
                )?;
            }
            S3ErrorKind::Denied(action) => {
                write!(f, "access denied: `{}` is not allowed for `s3://{bucket}/{key}`", action.name())?;
            }
            S3ErrorKind::Vanished => write!(f, "`s3://{bucket}/{key}` was deleted after it was listed")?,
            S3ErrorKind::Changed => {
                write!(f, "`s3://{bucket}/{key}` changed after it was listed: its ETag is another one")?;
            }
            S3ErrorKind::Exists => write!(f, "`s3://{bucket}/{key}` is there already")?,
            S3ErrorKind::Busy => write!(f, "others write `s3://{bucket}/{key}` all the time")?,
            S3ErrorKind::Archived(class) => {
                let class = class.as_deref().unwrap_or("an archive tier");
                write!(
                    f,
                    "`s3://{bucket}/{key}` is archived ({class}) and not readable until it is restored"
                )?;
            }
            S3ErrorKind::CutOff => write!(f, "the bytes of `s3://{bucket}/{key}` stop before their end")?,
            S3ErrorKind::TooLong => {
                write!(f, "the body of `s3://{bucket}/{key}` is longer than its listing allows for")?;
            }
            S3ErrorKind::Throttled => write!(f, "S3 asks to slow down for `s3://{bucket}/{key}`")?,
            S3ErrorKind::Unreachable => write!(f, "cannot reach S3 for `s3://{bucket}/{key}`")?,
            S3ErrorKind::Other(code) => write!(f, "S3 answers `{code}` for `s3://{bucket}/{key}`")?,
        }
        if self.said.is_empty() { Ok(()) } else { write!(f, " ({})", self.said) }
    }
}

impl Error for S3Error {}

/// The region that an answer says the bucket is in.
pub(super) fn bucket_region(response: &HttpResponse) -> Option<&str> {
    response.headers().get("x-amz-bucket-region").filter(|region| !region.is_empty())
}

/// The region in `… the region 'us-east-1' is wrong; expecting 'eu-west-1'`.
fn expected_region(said: &str) -> Option<String> {
    let (_, behind) = said.split_once("expecting '")?;
    Some(behind.split('\'').next()?.to_owned())
}

/// An error with its causes, each once.
pub(super) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = error.source();
    }
    text
}
