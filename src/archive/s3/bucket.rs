//! A bucket: list a page, get a piece.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::Region;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ObjectStorageClass, OptionalObjectAttributes, RequestPayer};

use super::error::{Action, Asked, S3Error, S3ErrorKind, bucket_region, chain};
use super::file::micros;
use crate::archive::{Object, Place};

/// So often the bytes of a piece are asked for when the connection breaks in the middle of them; requests that S3 refuses
/// are repeated by the client itself.
pub(super) const PIECE_TRIES_MAX: u32 = 4;

/// The wait before a piece is asked for again; it doubles each time.
const PIECE_WAIT: Duration = Duration::from_millis(200);

/// A body may be so long when its listing promised less: a proxy may have inflated it.
const BODY_BYTES_MAX: usize = 128 * 1024 * 1024;

/// S3 as a whole: how buckets are asked.
#[derive(Debug, Clone)]
pub struct Store {
    /// The SDK's client, with credentials, endpoint and retries.
    pub client: Client,
    /// Whether a bucket in another region than the client's is followed there, or is an error.
    pub region: OtherRegion,
    /// Whether the reader pays, in buckets that ask for it.
    pub payer: Payer,
}

/// What becomes of a bucket in another region.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OtherRegion {
    /// It is read there.
    Follow,
    /// It is an error that names the region.
    Refuse,
}

/// Who pays for requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Payer {
    /// The bucket's owner.
    Owner,
    /// Whoever asks.
    Requester,
}

/// A bucket of a store.
#[derive(Debug)]
pub struct Bucket {
    name: String,
    client: Mutex<Client>,
    store: Store,
}

/// An object in a bucket, as it was listed.
#[derive(Debug, Clone)]
pub struct S3Object {
    /// Its bucket.
    pub bucket: Arc<Bucket>,
    /// Its key.
    pub key: String,
    /// Its size in bytes.
    pub size: u64,
    /// Its ETag as listed, with quotes; None where the store gives none.
    pub etag: Option<String>,
    /// The archive storage class that it must be restored from before it can be read; None for one that can be read.
    pub archived: Option<String>,
}

impl PartialEq for S3Object {
    fn eq(&self, other: &Self) -> bool {
        self.bucket.name == other.bucket.name
            && (&self.key, self.size, &self.etag, &self.archived)
                == (&other.key, other.size, &other.etag, &other.archived)
    }
}

impl Eq for S3Object {}

impl S3Object {
    /// Why it can't be read, where its listing tells already.
    #[must_use]
    pub fn trouble(&self) -> Option<S3Error> {
        let class = self.archived.clone()?;
        Some(S3Error {
            kind: S3ErrorKind::Archived(Some(class)),
            bucket: self.bucket.name.clone(),
            key: self.key.clone(),
            said: String::new(),
        })
    }
}

/// What a page is to list.
#[derive(Debug, Clone, Default)]
pub(super) struct Query<'a> {
    pub(super) prefix: &'a str,
    pub(super) depth: Depth,
    pub(super) start_after: Option<&'a str>,
    pub(super) token: Option<&'a str>,
    pub(super) keys_max: i32,
}

/// How deep a page looks.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Depth {
    /// All keys below the prefix.
    #[default]
    All,
    /// The next level only: objects and folders.
    Level,
}

/// A page of a listing.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) objects: Vec<Object>,
    /// Prefixes that end with a slash.
    pub(super) folders: Vec<String>,
    /// Where the next page begins; None at the end.
    pub(super) next: Option<String>,
}

impl Bucket {
    /// A bucket by its name; nothing is asked yet.
    #[must_use]
    pub fn new(name: &str, store: &Store) -> Arc<Self> {
        let client = Mutex::new(store.client.clone());
        Arc::new(Self { name: name.to_owned(), client, store: store.clone() })
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// A key's name in the lake.
    pub(super) fn url(&self, key: &str) -> String {
        format!("s3://{}/{key}", self.name)
    }

    pub(super) fn client(&self) -> Client {
        self.client.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn payer(&self) -> Option<RequestPayer> {
        (self.store.payer == Payer::Requester).then_some(RequestPayer::Requester)
    }

    /// Lists a page, in the bucket's own region.
    pub(super) async fn page(self: &Arc<Self>, query: &Query<'_>) -> Result<Page, S3Error> {
        let mut error = match Box::pin(self.page_here(query)).await {
            Err(error) => error,
            page => return page,
        };
        let S3ErrorKind::WrongRegion { asked, found } = &mut error.kind else { return Err(error) };
        if found.is_none() {
            *found = Box::pin(self.region()).await.filter(|found| asked.as_ref() != Some(found));
        }
        if let Some(found) = &*found
            && self.store.region == OtherRegion::Follow
            && asked.as_ref() != Some(found)
        {
            let there = self.client().config().to_builder().region(Region::new(found.clone())).build();
            *self.client.lock().unwrap_or_else(PoisonError::into_inner) = Client::from_conf(there);
            return Box::pin(self.page_here(query)).await;
        }
        Err(error)
    }

    /// Where the bucket is, asked for by itself: what is sent to the wrong region is not always answered with the right one
    /// (<https://docs.aws.amazon.com/AmazonS3/latest/API/API_HeadBucket.html>). None where S3 does not say.
    async fn region(&self) -> Option<String> {
        match self.client().head_bucket().bucket(&self.name).send().await {
            Ok(answer) => answer.bucket_region,
            // An answer that refuses tells it, too.
            Err(error) => error.raw_response().and_then(bucket_region).map(str::to_owned),
        }
    }

    async fn page_here(self: &Arc<Self>, query: &Query<'_>) -> Result<Page, S3Error> {
        let client = self.client();
        let answer = client
            .list_objects_v2()
            .bucket(&self.name)
            .prefix(query.prefix)
            .set_delimiter((query.depth == Depth::Level).then(|| "/".to_owned()))
            .set_start_after(query.start_after.map(str::to_owned))
            .set_continuation_token(query.token.map(str::to_owned))
            .max_keys(query.keys_max)
            .optional_object_attributes(OptionalObjectAttributes::RestoreStatus)
            .set_request_payer(self.payer())
            .send()
            .await
            .map_err(|error| {
                let region = client.config().region().map(Region::as_ref);
                let asked =
                    Asked { bucket: &self.name, key: query.prefix, action: Action::ListBucket, region };
                S3Error::of(&error, &asked)
            })?;
        let objects = answer.contents.unwrap_or_default();
        let folders = answer.common_prefixes.unwrap_or_default();
        Ok(Page {
            objects: objects.into_iter().filter_map(|object| self.object(object)).collect(),
            folders: folders.into_iter().filter_map(|folder| folder.prefix).collect(),
            next: answer.next_continuation_token.filter(|_| answer.is_truncated == Some(true)),
        })
    }

    /// An object of a listing; None for an empty one that only stands for a folder.
    fn object(self: &Arc<Self>, listed: aws_sdk_s3::types::Object) -> Option<Object> {
        let key = listed.key?;
        let size = u64::try_from(listed.size.unwrap_or(0)).unwrap_or(0);
        if size == 0 && key.ends_with('/') {
            return None;
        }
        let restored = listed.restore_status.is_some_and(|status| {
            status.restore_expiry_date.is_some() && status.is_restore_in_progress != Some(true)
        });
        let archived = listed.storage_class.filter(|class| {
            matches!(class, ObjectStorageClass::Glacier | ObjectStorageClass::DeepArchive) && !restored
        });
        let modified_micros = micros(listed.last_modified);
        Some(Object {
            name: self.url(&key),
            size,
            modified_micros,
            place: Place::S3(S3Object {
                bucket: Arc::clone(self),
                key,
                size,
                etag: listed.e_tag.filter(|etag| !etag.is_empty()),
                archived: archived.map(|class| class.as_str().to_owned()),
            }),
        })
    }

    /// Gets the bytes of an object, or of a range of it, as long as it is what was listed.
    pub(super) async fn get(&self, object: &S3Object, range: Option<Range<u64>>) -> Result<Vec<u8>, S3Error> {
        again_while(&S3ErrorKind::CutOff, PIECE_TRIES_MAX, || Box::pin(self.get_once(object, range.clone())))
            .await
    }

    async fn get_once(&self, object: &S3Object, range: Option<Range<u64>>) -> Result<Vec<u8>, S3Error> {
        let client = self.client();
        let region = client.config().region().map(Region::as_ref);
        let asked = Asked { bucket: &self.name, key: &object.key, action: Action::GetObject, region };
        let expected = range.as_ref().map(|range| range.end.saturating_sub(range.start));
        let range = range.map(|range| format!("bytes={}-{}", range.start, range.end.saturating_sub(1)));
        let answer = client
            .get_object()
            .bucket(&self.name)
            .key(&object.key)
            .set_if_match(object.etag.clone())
            .set_range(range)
            .set_request_payer(self.payer())
            .send()
            .await
            .map_err(|error| S3Error::of(&error, &asked))?;
        let bytes = Vec::with_capacity(usize::try_from(expected.unwrap_or(object.size)).unwrap_or(0));
        body_of(answer.body, bytes, (expected, BODY_BYTES_MAX), &asked).await
    }
}

/// Asks again, after growing waits, as long as it fails with one kind of trouble.
pub(super) async fn again_while<T, F: Future<Output = Result<T, S3Error>>>(
    trouble: &S3ErrorKind,
    tries_max: u32,
    mut ask: impl FnMut() -> F,
) -> Result<T, S3Error> {
    let mut wait = PIECE_WAIT;
    let mut tried = 1;
    loop {
        match ask().await {
            Err(error) if error.kind == *trouble && tried < tries_max => {
                tokio::time::sleep(wait).await;
                wait *= 2;
                tried += 1;
            }
            answer => return answer,
        }
    }
}

/// Adds a body to `bytes`: of `length` bytes exactly where that is known, and of `bytes_max` at the most.
pub(super) async fn body_of(
    mut body: ByteStream,
    mut bytes: Vec<u8>,
    (length, bytes_max): (Option<u64>, usize),
    asked: &Asked<'_>,
) -> Result<Vec<u8>, S3Error> {
    loop {
        match body.next().await {
            Some(Ok(chunk)) if bytes.len() + chunk.len() <= bytes_max => bytes.extend_from_slice(&chunk),
            Some(Ok(_)) => return Err(S3Error::new(S3ErrorKind::TooLong, asked, "")),
            Some(Err(error)) => return Err(S3Error::new(S3ErrorKind::CutOff, asked, chain(&error))),
            None => break,
        }
    }
    if let Some(length) = length.filter(|length| *length != bytes.len() as u64) {
        let said = format!("expected {length} bytes, found {}", bytes.len());
        return Err(S3Error::new(S3ErrorKind::CutOff, asked, said));
    }
    Ok(bytes)
}
