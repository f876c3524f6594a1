//! What a lake asks of a bucket beyond what an archive does: files are put, put only where nothing is, got in part, listed
//! and deleted.
//!
//! Files of a lake never change but for a few small ones that are replaced as a whole, so what is cut off is asked for again
//! from its beginning. "Only where nothing is" is S3's conditional write, of which of any number of writers one succeeds:
//! <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html>.

use std::ops::Range;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{Config, Region};
use aws_sdk_s3::error::ProvideErrorMetadata;
use aws_sdk_s3::primitives::{ByteStream, DateTime};
use bytes::Bytes;

use super::bucket::{Bucket, Depth, PIECE_TRIES_MAX, Query, again_while, body_of};
use super::error::{Action, Asked, S3Error, S3ErrorKind};
use crate::archive::Place;

/// So often a conditional put is tried that meets another write of its key:
/// <https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html> says to try again.
const PUT_TRIES_MAX: u32 = 6;

/// A body is given at least the time that it takes at so many bytes a second, on top of the usual wait for an answer.
const PUT_BYTES_PER_SECOND: u64 = 100_000;

/// A page has no more keys than S3 gives.
const PAGE_KEYS_MAX: i32 = 1000;

/// How a file is put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// In the place of what is there.
    Over,
    /// Only where nothing is.
    New,
}

/// Which bytes of a file are got.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part {
    /// All of them.
    All,
    /// From the first to before the second; what is beyond the end is left out.
    Range(Range<u64>),
    /// From here to the end.
    From(u64),
    /// So many at the end, or all if there are fewer.
    Last(u64),
}

/// A file as it is listed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// When it was put, in microseconds since 1970; 0 where the store does not say.
    pub modified_micros: i64,
    /// Its ETag, with quotes; None where the store gives none.
    pub etag: Option<String>,
}

/// Bytes of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Got {
    /// The file.
    pub file: File,
    /// Where in it the bytes begin.
    pub start: u64,
    /// The bytes.
    pub bytes: Bytes,
}

/// Which files are listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Below {
    /// All whose keys begin with the prefix.
    All,
    /// Only those without a further slash in their keys; the others as folders.
    Level,
}

/// A page of a listing.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Files {
    /// Files in the order of their keys.
    pub files: Vec<File>,
    /// Prefixes that end with a slash.
    pub folders: Vec<String>,
    /// Where the next page begins; None at the end.
    pub next: Option<String>,
}

impl Bucket {
    /// Puts a file.
    ///
    /// Gives its ETag, where the store does.
    ///
    /// # Errors
    /// [`S3ErrorKind::Exists`] where something is there and [`Put::New`] was asked for. After an answer that got lost it may
    /// be the very file that was put.
    pub async fn put(&self, key: &str, bytes: Bytes, how: Put) -> Result<Option<String>, S3Error> {
        again_while(&S3ErrorKind::Busy, PUT_TRIES_MAX, || Box::pin(self.put_once(key, bytes.clone(), how)))
            .await
    }

    async fn put_once(&self, key: &str, bytes: Bytes, how: Put) -> Result<Option<String>, S3Error> {
        let client = self.client();
        let region = client.config().region().map(Region::as_ref);
        let asked = Asked { bucket: self.name(), key, action: Action::PutObject, region };
        // The client's limit for the first byte of an answer begins with the request, and counts its body, too.
        let mut timeouts = TimeoutConfig::builder();
        let usual = client.config().timeout_config();
        timeouts.set_connect_timeout(usual.and_then(TimeoutConfig::connect_timeout));
        let sending = Duration::from_secs(bytes.len() as u64 / PUT_BYTES_PER_SECOND);
        timeouts.set_read_timeout(usual.and_then(TimeoutConfig::read_timeout).map(|wait| wait + sending));
        let answer = client
            .put_object()
            .bucket(self.name())
            .key(key)
            .body(ByteStream::from(bytes))
            .set_if_none_match((how == Put::New).then(|| "*".to_owned()))
            .set_request_payer(self.payer())
            .customize()
            .config_override(Config::builder().timeout_config(timeouts.build()))
            .send()
            .await
            .map_err(|error| S3Error::of(&error, &asked))?;
        Ok(answer.e_tag)
    }

    /// Gets bytes of a file.
    ///
    /// # Errors
    /// [`S3ErrorKind::Vanished`] where there is no such file.
    pub async fn get_part(&self, key: &str, part: &Part) -> Result<Got, S3Error> {
        again_while(&S3ErrorKind::CutOff, PIECE_TRIES_MAX, || Box::pin(self.get_part_once(key, part))).await
    }

    async fn get_part_once(&self, key: &str, part: &Part) -> Result<Got, S3Error> {
        let client = self.client();
        let region = client.config().region().map(Region::as_ref);
        let asked = Asked { bucket: self.name(), key, action: Action::GetObject, region };
        let range = match part {
            Part::All => None,
            Part::Range(range) => Some(format!("bytes={}-{}", range.start, range.end.saturating_sub(1))),
            Part::From(start) => Some(format!("bytes={start}-")),
            Part::Last(length) => Some(format!("bytes=-{length}")),
        };
        let answer = client
            .get_object()
            .bucket(self.name())
            .key(key)
            .set_range(range)
            .set_request_payer(self.payer())
            .send()
            .await
            .map_err(|error| S3Error::of(&error, &asked))?;
        let length = answer.content_length.and_then(|length| u64::try_from(length).ok());
        let length_max = length.and_then(|length| usize::try_from(length).ok()).unwrap_or(usize::MAX);
        let (start, size) = match answer.content_range.as_deref().map(start_and_size) {
            Some(Some(known)) => known,
            Some(None) => {
                let said = format!("`Content-Range: {}`", answer.content_range.unwrap_or_default());
                return Err(S3Error::new(
                    S3ErrorKind::Other("a range without a size".to_owned()),
                    &asked,
                    said,
                ));
            }
            None => (0, length),
        };
        let bytes = Vec::with_capacity(length.and_then(|length| usize::try_from(length).ok()).unwrap_or(0));
        let bytes = body_of(answer.body, bytes, (length, length_max), &asked).await?;
        let file = File {
            key: key.to_owned(),
            size: size.unwrap_or(bytes.len() as u64),
            modified_micros: micros(answer.last_modified),
            etag: answer.e_tag,
        };
        Ok(Got { file, start, bytes: bytes.into() })
    }

    /// What is known of a file without its bytes.
    ///
    /// # Errors
    /// [`S3ErrorKind::Vanished`] where there is no such file.
    pub async fn stat(&self, key: &str) -> Result<File, S3Error> {
        let client = self.client();
        let region = client.config().region().map(Region::as_ref);
        let asked = Asked { bucket: self.name(), key, action: Action::GetObject, region };
        let answer = client
            .head_object()
            .bucket(self.name())
            .key(key)
            .set_request_payer(self.payer())
            .send()
            .await
            .map_err(|error| {
                // An answer without a body has no code but the one that the SDK makes of its status.
                let absent = error.as_service_error().is_some_and(|error| error.code() == Some("NotFound"));
                let error = S3Error::of(&error, &asked);
                if absent { S3Error { kind: S3ErrorKind::Vanished, ..error } } else { error }
            })?;
        Ok(File {
            key: key.to_owned(),
            size: answer.content_length.and_then(|length| u64::try_from(length).ok()).unwrap_or(0),
            modified_micros: micros(answer.last_modified),
            etag: answer.e_tag,
        })
    }

    /// Deletes a file; that there is none is no error.
    ///
    /// # Errors
    /// Where S3 does not let it be deleted.
    pub async fn delete(&self, key: &str) -> Result<(), S3Error> {
        let client = self.client();
        let region = client.config().region().map(Region::as_ref);
        let asked = Asked { bucket: self.name(), key, action: Action::DeleteObject, region };
        let answer =
            client.delete_object().bucket(self.name()).key(key).set_request_payer(self.payer()).send().await;
        answer.map(drop).map_err(|error| S3Error::of(&error, &asked))
    }

    /// Lists a page of the files whose keys begin with `prefix` and come after `after`; `next` is where the page before
    /// ended. A bucket in another region than the client's is found there from now on, where that was asked for.
    ///
    /// # Errors
    /// Where the bucket can't be listed.
    pub async fn files(
        self: &Arc<Self>,
        prefix: &str,
        below: Below,
        after: Option<&str>,
        next: Option<&str>,
    ) -> Result<Files, S3Error> {
        let depth = match below {
            Below::All => Depth::All,
            Below::Level => Depth::Level,
        };
        let query = Query { prefix, depth, start_after: after, token: next, keys_max: PAGE_KEYS_MAX };
        let page = Box::pin(self.page(&query)).await?;
        let file = |object: crate::archive::Object| match object.place {
            Place::S3(listed) => Some(File {
                key: listed.key,
                size: object.size,
                modified_micros: object.modified_micros,
                etag: listed.etag,
            }),
            Place::File(_) | Place::Stdin => None,
        };
        Ok(Files {
            files: page.objects.into_iter().filter_map(file).collect(),
            folders: page.folders,
            next: page.next,
        })
    }
}

/// Start and size in `bytes 10-19/200`; the size is None in `bytes 10-19/*`.
fn start_and_size(range: &str) -> Option<(u64, Option<u64>)> {
    let (range, size) = range.strip_prefix("bytes ")?.split_once('/')?;
    let (start, _) = range.split_once('-')?;
    Some((start.parse().ok()?, size.parse().ok()))
}

/// A time in microseconds since 1970; 0 where there is none.
pub(super) fn micros(at: Option<DateTime>) -> i64 {
    at.map_or(0, |at| at.secs().saturating_mul(1_000_000).saturating_add(i64::from(at.subsec_nanos() / 1000)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_tells_where_it_begins_and_how_long_the_file_is() {
        assert_eq!(start_and_size("bytes 10-19/200"), Some((10, Some(200))));
        assert_eq!(start_and_size("bytes 10-19/*"), Some((10, None)));
        assert_eq!(start_and_size("bytes */200"), None);
        assert_eq!(start_and_size("10-19/200"), None);
    }
}
