//! The files of a lake in S3, as Delta and the engine ask for them.
//!
//! Over the archive's own words with S3, so that credentials, regions, endpoints, retries and what is said when something
//! goes wrong are the same for both. The other way would have been the `aws` feature of `object_store`: a second client with
//! a chain of credentials, retries and words of its own.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use bytes::Bytes;
use chrono::DateTime;
use futures::stream::{self, BoxStream};
use futures::{StreamExt, TryStreamExt};
use object_store::path::Path;
use object_store::{
    Attributes, CopyOptions, Error, GetOptions, GetRange, GetResult, GetResultPayload, ListResult,
    MultipartUpload, ObjectMeta, ObjectStore, PutMode, PutMultipartOptions, PutOptions, PutPayload,
    PutResult, Result, UploadPart,
};

use crate::archive::s3::file::{Below, File, Files, Part, Put};
use crate::archive::s3::{Bucket, S3Error, S3ErrorKind};

/// So many files are deleted at the same time.
const DELETES_MAX: usize = 8;

/// The files of a bucket.
#[derive(Debug, Clone)]
pub(super) struct S3Files {
    bucket: Arc<Bucket>,
}

impl S3Files {
    pub(super) fn new(bucket: Arc<Bucket>) -> Self {
        Self { bucket }
    }

    async fn put_bytes(&self, location: &Path, bytes: Bytes, how: Put) -> Result<PutResult> {
        let etag = self.bucket.put(location.as_ref(), bytes, how).await.map_err(error_at(location))?;
        Ok(PutResult { e_tag: etag, version: None })
    }

    /// The pages of a listing.
    fn pages(
        &self,
        prefix: String,
        below: Below,
        after: Option<String>,
    ) -> BoxStream<'static, Result<Files>> {
        let bucket = Arc::clone(&self.bucket);
        // None at the first page, Some(None) at the end.
        stream::try_unfold(None::<Option<String>>, move |at| {
            let (bucket, prefix, after) = (Arc::clone(&bucket), prefix.clone(), after.clone());
            async move {
                let next = match &at {
                    Some(None) => return Ok(None),
                    Some(Some(next)) => Some(next.as_str()),
                    None => None,
                };
                let mut page = bucket
                    .files(&prefix, below, after.as_deref(), next)
                    .await
                    .map_err(|error| store_error(error, &prefix))?;
                let next = page.next.take();
                Ok(Some((page, Some(next))))
            }
        })
        .boxed()
    }

    fn listed(&self, prefix: Option<&Path>, after: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        let after = after.map(|after| after.as_ref().to_owned());
        self.pages(start(prefix), Below::All, after)
            .map_ok(|page| stream::iter(page.files.into_iter().map(meta)))
            .try_flatten()
            .boxed()
    }
}

impl fmt::Display for S3Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s3://{}", self.bucket.name())
    }
}

#[async_trait]
impl ObjectStore for S3Files {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        let how = match opts.mode {
            PutMode::Overwrite => Put::Over,
            PutMode::Create => Put::New,
            PutMode::Update(_) => return Err(self.never_asked("update")),
        };
        self.put_bytes(location, payload.into(), how).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        _: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        Ok(Box::new(Upload { files: self.clone(), location: location.clone(), parts: Arc::default() }))
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        if options.version.is_some() {
            return Err(self.never_asked("get a version"));
        }
        let (start, file, bytes) = if options.head {
            let file = self.bucket.stat(location.as_ref()).await.map_err(error_at(location))?;
            (0, file, Bytes::new())
        } else {
            let part = match &options.range {
                None => Part::All,
                Some(GetRange::Bounded(range)) => Part::Range(range.clone()),
                Some(GetRange::Offset(start)) => Part::From(*start),
                Some(GetRange::Suffix(length)) => Part::Last(*length),
            };
            let got = self.bucket.get_part(location.as_ref(), &part).await.map_err(error_at(location))?;
            (got.start, got.file, got.bytes)
        };
        let meta = meta(file)?;
        options.check_preconditions(&meta)?;
        let range = if options.head { 0..meta.size } else { start..start + bytes.len() as u64 };
        Ok(GetResult {
            payload: GetResultPayload::Stream(stream::once(async { Ok(bytes) }).boxed()),
            meta,
            range,
            attributes: Attributes::default(),
        })
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        let bucket = Arc::clone(&self.bucket);
        locations
            .map(move |location| {
                let bucket = Arc::clone(&bucket);
                async move {
                    let location = location?;
                    bucket.delete(location.as_ref()).await.map_err(error_at(&location))?;
                    Ok(location)
                }
            })
            .buffered(DELETES_MAX)
            .boxed()
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(prefix, None)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.listed(prefix, Some(offset))
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        let mut pages = self.pages(start(prefix), Below::Level, None);
        let mut all = ListResult { common_prefixes: Vec::new(), objects: Vec::new() };
        while let Some(page) = pages.try_next().await? {
            for file in page.files {
                all.objects.push(meta(file)?);
            }
            for folder in page.folders {
                all.common_prefixes.push(Path::parse(folder)?);
            }
        }
        Ok(all)
    }

    async fn copy_opts(&self, _: &Path, _: &Path, _: CopyOptions) -> Result<()> {
        Err(self.never_asked("copy"))
    }
}

impl S3Files {
    /// For what neither Delta nor the engine asks of a lake.
    fn never_asked(&self, operation: &str) -> Error {
        Error::NotImplemented { operation: operation.to_owned(), implementer: self.to_string() }
    }
}

/// What comes in parts and is put at once, at the end: checkpoints, of which those of a million files take some 200 MB.
#[derive(Debug)]
struct Upload {
    files: S3Files,
    location: Path,
    parts: Arc<Mutex<Vec<Bytes>>>,
}

#[async_trait]
impl MultipartUpload for Upload {
    fn put_part(&mut self, data: PutPayload) -> UploadPart {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).extend(data);
        Box::pin(async { Ok(()) })
    }

    async fn complete(&mut self) -> Result<PutResult> {
        let parts = std::mem::take(&mut *self.parts.lock().unwrap_or_else(PoisonError::into_inner));
        let bytes = Bytes::from(PutPayload::from_iter(parts));
        self.files.put_bytes(&self.location, bytes, Put::Over).await
    }

    async fn abort(&mut self) -> Result<()> {
        self.parts.lock().unwrap_or_else(PoisonError::into_inner).clear();
        Ok(())
    }
}

/// What all keys of a folder begin with.
fn start(prefix: Option<&Path>) -> String {
    match prefix {
        Some(prefix) if !prefix.as_ref().is_empty() => format!("{prefix}/"),
        _ => String::new(),
    }
}

fn meta(file: File) -> Result<ObjectMeta> {
    Ok(ObjectMeta {
        location: Path::parse(&file.key)?,
        last_modified: DateTime::from_timestamp_micros(file.modified_micros).unwrap_or_default(),
        size: file.size,
        e_tag: file.etag,
        version: None,
    })
}

fn error_at(location: &Path) -> impl FnOnce(S3Error) -> Error {
    let path = location.to_string();
    move |error| store_error(error, &path)
}

/// The kind of an error as Delta tells them apart; [`super::error::s3_cause`] finds the error itself again.
fn store_error(error: S3Error, path: &str) -> Error {
    let (path, kind) = (path.to_owned(), error.kind.clone());
    let source = Box::new(Told(error));
    match kind {
        S3ErrorKind::Vanished => Error::NotFound { path, source },
        S3ErrorKind::Exists => Error::AlreadyExists { path, source },
        S3ErrorKind::Denied(_) => Error::PermissionDenied { path, source },
        S3ErrorKind::NoCredentials | S3ErrorKind::Expired | S3ErrorKind::BadCredentials => {
            Error::Unauthenticated { path, source }
        }
        _ => Error::Generic { store: "S3", source },
    }
}

/// An error with what can be done about it: some of those that hand it on keep nothing but its text.
#[derive(Debug)]
struct Told(S3Error);

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.with_hint())
    }
}

impl std::error::Error for Told {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}
