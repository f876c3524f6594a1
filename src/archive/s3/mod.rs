//! S3: log objects, found without walking the bucket and read ahead of who needs them; and the files of a lake, which are
//! put, got in part, listed and deleted ([`mod@file`]).

mod ahead;
mod bucket;
mod discover;
mod error;
pub mod file;
mod merge;

pub use bucket::{Bucket, OtherRegion, Payer, S3Object, Store};
pub use error::{Action, S3Error, S3ErrorKind};

pub(super) use ahead::{Ahead, Pieces};
pub(super) use merge::{Search, list};

/// A place in S3, `s3://BUCKET[/PREFIX]`: a source, or a lake.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct S3Url {
    /// The bucket.
    pub bucket: String,
    /// The prefix: a folder or, of a source, an object; empty for the whole bucket.
    pub prefix: String,
}

impl S3Url {
    /// Reads an address; None where it does not begin with `s3://` and a bucket.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let rest = text.strip_prefix("s3://")?;
        let (bucket, prefix) = rest.split_once('/').unwrap_or((rest, ""));
        let plain = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
        let fits = !bucket.is_empty() && bucket.chars().all(plain);
        fits.then(|| Self { bucket: bucket.to_owned(), prefix: prefix.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_bucket_and_a_prefix() {
        let url =
            |bucket: &str, prefix: &str| Some(S3Url { bucket: bucket.to_owned(), prefix: prefix.to_owned() });
        assert_eq!(S3Url::parse("s3://logs/a/AWSLogs/"), url("logs", "a/AWSLogs/"));
        assert_eq!(S3Url::parse("s3://logs"), url("logs", ""));
        assert_eq!(S3Url::parse("s3://"), None);
        assert_eq!(S3Url::parse("s3:///key"), None);
        assert_eq!(S3Url::parse("https://logs"), None);
    }
}
