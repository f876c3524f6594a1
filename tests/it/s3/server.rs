//! An S3 server on loopback, over a folder, that can be told to fail.
//!
//! The protocol (signatures, XML, pages, ranges) is s3s's. What s3s-fs has not got stands here: ETags in listings and
//! `If-Match`, conditional puts of which one succeeds, storage classes, the region of a bucket, and everything that goes
//! wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;
use backtrail::archive::s3::{OtherRegion, Payer, Store};
use bytes::Bytes;
use futures::{StreamExt, stream};
use hyper_util::rt::{TokioExecutor, TokioIo};
use s3s::auth::SimpleAuth;
use s3s::dto::{
    DeleteObjectInput, DeleteObjectOutput, ETag, ETagCondition, GetObjectInput, GetObjectOutput,
    HeadBucketInput, HeadBucketOutput, HeadObjectInput, HeadObjectOutput, ListObjectsV2Input,
    ListObjectsV2Output, ObjectStorageClass, PutObjectInput, PutObjectOutput, Range, StreamingBlob,
};
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Error, S3ErrorCode, S3Request, S3Response, S3Result, s3_error};
use s3s_fs::FileSystem;
use tokio::sync::{Barrier, Notify};

/// The bucket of the tests.
pub(crate) const BUCKET: &str = "example-logs";

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";
const SECRET: &str = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";

/// Who is to meet others at a key waits no longer: then a test fails, rather than never end.
const MEETING_WAIT_MAX: Duration = Duration::from_mins(1);

/// Which answers tell where the bucket is, to who asks in another region.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Told {
    /// All.
    #[default]
    Always,
    /// Only those to questions for the bucket itself.
    ByHeadBucket,
    /// None.
    Never,
}

/// What the server is to do wrong.
#[derive(Default)]
pub(crate) struct Faults {
    /// So many requests are answered with `SlowDown`.
    pub(crate) slow_downs: u32,
    /// By key: so many times its body breaks off in the middle.
    pub(crate) cuts: BTreeMap<String, u32>,
    /// Keys that are deleted when they are asked for.
    pub(crate) deleted: BTreeSet<String>,
    /// Keys that are replaced when they are asked for.
    pub(crate) replaced: BTreeSet<String>,
    /// By key: code and message of the answer.
    pub(crate) refused: BTreeMap<String, (S3ErrorCode, &'static str)>,
    /// Code and message of the answer to all listings.
    pub(crate) unlisted: Option<(S3ErrorCode, &'static str)>,
    /// By key: the storage class.
    pub(crate) classes: BTreeMap<String, &'static str>,
    /// A page has no more keys than this.
    pub(crate) page_keys: Option<i32>,
    /// Where the bucket is; requests signed for elsewhere are sent there.
    pub(crate) region: Option<&'static str>,
    /// They are not sent there, but refused, as where the region is one that accounts opt in to.
    pub(crate) opt_in: bool,
    /// Whether they are told where it is.
    pub(crate) told: Told,
    /// Keys whose reading never ends.
    pub(crate) hanging: BTreeSet<String>,
    /// Listings beyond the first page wait until an object was asked for.
    pub(crate) pages_wait_for_reading: bool,
    /// So many of the next bodies, whatever their keys, break off in the middle.
    pub(crate) cut_next: u32,
    /// By a part of the key: code and message of the answer to what puts there.
    pub(crate) unputtable: BTreeMap<&'static str, (S3ErrorCode, &'static str)>,
    /// Code and message of the answer to deletions.
    pub(crate) undeletable: Option<(S3ErrorCode, &'static str)>,
    /// By the end of the key: so many puts succeed, and their answers get lost.
    pub(crate) lost_answers: BTreeMap<&'static str, u32>,
    /// By the end of the key: so many puts are told that another one is under way.
    pub(crate) busy: BTreeMap<&'static str, u32>,
    /// Puts are made whatever their conditions.
    pub(crate) unconditional: bool,
    /// Ends of keys at which puts never end.
    pub(crate) hanging_puts: BTreeSet<&'static str>,
    /// By the end of the key: so many puts wait for each other before they are made; later ones do not.
    pub(crate) meetings: BTreeMap<&'static str, (usize, Arc<Barrier>)>,
}

/// What the server was asked.
#[derive(Default)]
pub(crate) struct Log {
    /// The prefixes listed.
    pub(crate) lists: Vec<String>,
    /// The keys got.
    pub(crate) gets: Vec<String>,
    /// The keys put.
    pub(crate) puts: Vec<String>,
    /// Puts of commits that found something where they were to be made only if nothing is.
    pub(crate) met: u32,
    /// The keys deleted.
    pub(crate) deletes: Vec<String>,
}

struct Faulty {
    files: FileSystem,
    root: PathBuf,
    faults: Arc<Mutex<Faults>>,
    log: Arc<Mutex<Log>>,
    read: Arc<Notify>,
    /// Held by who looks whether something is there and then puts it.
    putting: tokio::sync::Mutex<()>,
}

/// A running server with one bucket.
pub(crate) struct Server {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) faults: Arc<Mutex<Faults>>,
    log: Arc<Mutex<Log>>,
    pub(crate) read: Arc<Notify>,
    endpoint: String,
}

impl Server {
    /// Starts a server with an empty bucket.
    pub(crate) async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("s3");
        std::fs::create_dir_all(root.join(BUCKET)).unwrap();
        let (faults, log, read) = (Arc::default(), Arc::default(), Arc::new(Notify::new()));
        let faulty = Faulty {
            files: FileSystem::new(&root).unwrap(),
            root,
            faults: Arc::clone(&faults),
            log: Arc::clone(&log),
            read: Arc::clone(&read),
            putting: tokio::sync::Mutex::default(),
        };
        let mut builder = S3ServiceBuilder::new(faulty);
        builder.set_auth(SimpleAuth::from_single(KEY, SECRET));
        let service = builder.build();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let service = service.clone();
                tokio::spawn(async move {
                    let server = hyper_util::server::conn::auto::Builder::new(TokioExecutor::new());
                    // A connection that breaks off is what some tests are about.
                    drop(server.serve_connection(TokioIo::new(socket), service).await);
                });
            }
        });
        Self { folder, faults, log, read, endpoint }
    }

    /// Puts an object.
    pub(crate) fn put(&self, key: &str, body: &[u8]) {
        let path = self.path(key);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, body).unwrap();
    }

    /// Puts all files of a folder below a key.
    pub(crate) fn put_folder(&self, folder: &Path, key: &str) {
        let mut count = 0;
        for entry in walkdir::WalkDir::new(folder) {
            let entry = entry.unwrap();
            if entry.file_type().is_file() {
                let relative = entry.path().strip_prefix(folder).unwrap().to_str().unwrap();
                self.put(&format!("{key}{relative}"), &std::fs::read(entry.path()).unwrap());
                count += 1;
            }
        }
        assert!(count > 0);
    }

    pub(crate) fn path(&self, key: &str) -> PathBuf {
        self.folder.path().join("s3").join(BUCKET).join(key)
    }

    pub(crate) fn fail(&self, change: impl FnOnce(&mut Faults)) {
        change(&mut self.faults.lock().unwrap());
    }

    /// What was asked since the last time this was called.
    pub(crate) fn asked(&self) -> Log {
        std::mem::take(&mut *self.log.lock().unwrap())
    }

    /// Whether something was put at keys that end so, since the last call of `asked`; or tried to.
    pub(crate) fn put_so_far(&self, end: &str) -> bool {
        self.log.lock().unwrap().puts.iter().any(|put| put.ends_with(end))
    }

    /// The next puts at keys that end so wait for each other, so many of them.
    pub(crate) fn meet_at(&self, end: &'static str, count: usize) {
        self.fail(|faults| {
            faults.meetings.insert(end, (count, Arc::new(Barrier::new(count))));
        });
    }

    /// Whether a key was asked for, since the last call of `asked`.
    pub(crate) fn asked_so_far(&self, key: &str) -> bool {
        self.log.lock().unwrap().gets.iter().any(|got| got == key)
    }

    /// The lake of the tests.
    pub(crate) fn lake(&self) -> PathBuf {
        self.folder.path().join("lake")
    }

    /// The program with credentials for this server, and nothing else of the environment.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_backtrail"));
        command
            .args(arguments)
            .env_clear()
            .env("HOME", self.folder.path())
            .env("BACKTRAIL_CACHE", self.folder.path().join("cache"))
            .env("BACKTRAIL_LAKE", self.lake())
            .env("AWS_ENDPOINT_URL_S3", &self.endpoint)
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", KEY)
            .env("AWS_SECRET_ACCESS_KEY", SECRET);
        command
    }

    /// The library's way to it.
    pub(crate) fn store(&self) -> Store {
        let config = aws_sdk_s3::config::Builder::new()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new("us-east-1"))
            .credentials_provider(Credentials::new(KEY, SECRET, None, None, "tests"))
            .endpoint_url(&self.endpoint)
            .force_path_style(true)
            .build();
        let client = aws_sdk_s3::Client::from_conf(config);
        Store { client, region: OtherRegion::Follow, payer: Payer::Owner }
    }

    /// Where it listens.
    #[cfg(feature = "cluster")]
    pub(crate) fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, arguments: &[&str]) -> Ran {
        tokio::task::block_in_place(|| Ran::of(&self.command(arguments).output().unwrap()))
    }

    /// Ingests, and gives the tally.
    pub(crate) fn ingest(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["ingest", "--format", "json"], arguments].concat())
    }

    /// Rows of the lake at a place, as CSV without its header.
    pub(crate) fn rows(&self, lake: &str, query: &str) -> Vec<String> {
        let ran = self.run(&["sql", "--format", "csv", "--lake", lake, query]);
        assert_eq!(ran.code, Some(0), "{ran:?}");
        ran.stdout.lines().skip(1).map(str::to_owned).collect()
    }

    /// The events of the lake, as object and id.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let text = self.run(&["sql", "--format", "csv", "select object, event_id from events order by 1, 2"]);
        let rows = text.stdout.lines().skip(1).map(|line| {
            let (object, id) = line.split_once(',').unwrap();
            (object.to_owned(), id.to_owned())
        });
        rows.collect()
    }

    /// The ids of the events of the lake.
    pub(crate) fn ids(&self) -> Vec<String> {
        let mut ids: Vec<String> = self.events().into_iter().map(|(_, id)| id).collect();
        ids.sort();
        ids
    }
}

/// How the program ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    pub(crate) fn of(output: &Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout.clone()).unwrap(),
            stderr: String::from_utf8(output.stderr.clone()).unwrap(),
        }
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A number of the tally.
    pub(crate) fn number(&self, name: &str) -> u64 {
        self.json()[name].as_u64().unwrap_or_else(|| panic!("no number `{name}`: {self:?}"))
    }

    #[track_caller]
    pub(crate) fn assert_says(&self, code: i32, words: &[&str]) {
        assert_eq!(self.code, Some(code), "{self:?}");
        for word in words {
            assert!(self.stderr.contains(word), "expected `{word}` in: {}", self.stderr);
        }
    }
}

/// The key of an object, delivered at a minute of a day `YYYY/MM/DD`.
pub(crate) fn key(account: &str, region: &str, day: &str, minute: u32) -> String {
    let stamp = day.replace('/', "");
    format!(
        "AWSLogs/{account}/CloudTrail/{region}/{day}/\
         {account}_CloudTrail_{region}_{stamp}T00{minute:02}Z_AbCdEf0123456789.json.gz"
    )
}

/// An object with one event, compressed.
pub(crate) fn object(id: &str) -> Vec<u8> {
    gzip(
        format!(r#"{{"Records":[{{"eventTime":"2026-03-09T10:00:00Z","eventID":"{id}","eventName":"A"}}]}}"#)
            .as_bytes(),
    )
}

pub(crate) fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn etag(bytes: &[u8]) -> ETag {
    ETag::Strong(format!("{:032x}", xxhash_rust::xxh3::xxh3_128(bytes)))
}

/// What tells where the bucket is.
fn region_header(region: &'static str) -> http::HeaderMap {
    let mut headers = http::HeaderMap::new();
    headers.insert("x-amz-bucket-region", http::HeaderValue::from_static(region));
    headers
}

impl Faulty {
    /// What any request meets first.
    fn meet<T>(&self, request: &S3Request<T>) -> S3Result<()> {
        let mut faults = self.faults.lock().unwrap();
        if faults.slow_downs > 0 {
            faults.slow_downs -= 1;
            return Err(s3_error!(SlowDown, "Please reduce your request rate."));
        }
        let signed_for = request.region.as_ref().map(|region| region.as_str().to_owned());
        if let Some(region) = faults.region
            && signed_for.as_deref() != Some(region)
        {
            let mut error = if faults.opt_in {
                s3_error!(
                    IllegalLocationConstraintException,
                    "The location constraint is incompatible for the region specific endpoint this request was sent to."
                )
            } else {
                let mut error = s3_error!(PermanentRedirect, "use the other endpoint");
                error.set_status_code(http::StatusCode::MOVED_PERMANENTLY);
                error
            };
            if faults.told == Told::Always {
                error.set_headers(region_header(region));
            }
            return Err(error);
        }
        Ok(())
    }

    fn file(&self, bucket: &str, key: &str) -> PathBuf {
        self.root.join(bucket).join(key)
    }
}

#[async_trait::async_trait]
impl S3 for Faulty {
    async fn list_objects_v2(
        &self,
        mut request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        self.log.lock().unwrap().lists.push(request.input.prefix.clone().unwrap_or_default());
        self.meet(&request)?;
        let wait = {
            let faults = self.faults.lock().unwrap();
            if let Some((code, message)) = &faults.unlisted {
                return Err(S3Error::with_message(code.clone(), *message));
            }
            let asked = request.input.max_keys.unwrap_or(1000);
            request.input.max_keys = Some(asked.min(faults.page_keys.unwrap_or(1000)));
            faults.pages_wait_for_reading && request.input.continuation_token.is_some()
        };
        if wait {
            self.read.notified().await;
            // The next page goes on, too.
            self.read.notify_one();
        }
        let bucket = request.input.bucket.clone();
        let mut answer = self.files.list_objects_v2(request).await?;
        let faults = self.faults.lock().unwrap();
        for object in answer.output.contents.iter_mut().flatten() {
            let key = object.key.clone().unwrap_or_default();
            object.e_tag = Some(etag(&std::fs::read(self.file(&bucket, &key)).unwrap()));
            object.storage_class =
                faults.classes.get(&key).map(|class| ObjectStorageClass::from((*class).to_owned()));
        }
        Ok(answer)
    }

    async fn put_object(
        &self,
        mut request: S3Request<PutObjectInput>,
    ) -> S3Result<S3Response<PutObjectOutput>> {
        let key = request.input.key.clone();
        self.log.lock().unwrap().puts.push(key.clone());
        self.read.notify_one();
        self.meet(&request)?;
        let (meeting, hangs) = {
            let mut faults = self.faults.lock().unwrap();
            if faults.unconditional {
                request.input.if_none_match = None;
            }
            if let Some((_, (code, message))) =
                faults.unputtable.iter().find(|(part, _)| key.contains(**part))
            {
                return Err(S3Error::with_message(code.clone(), *message));
            }
            if let Some((_, left)) =
                faults.busy.iter_mut().find(|(end, left)| key.ends_with(**end) && **left > 0)
            {
                *left -= 1;
                let mut error = S3Error::with_message(
                    S3ErrorCode::from_bytes(b"ConditionalRequestConflict").unwrap(),
                    "The conditional request cannot succeed due to a conflicting operation",
                );
                error.set_status_code(http::StatusCode::CONFLICT);
                return Err(error);
            }
            let meeting =
                faults.meetings.iter_mut().find(|(end, (left, _))| key.ends_with(**end) && *left > 0);
            let meeting = meeting.map(|(_, (left, barrier))| {
                *left -= 1;
                Arc::clone(barrier)
            });
            (meeting, faults.hanging_puts.iter().any(|end| key.ends_with(end)))
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        if let Some(meeting) = meeting
            && tokio::time::timeout(MEETING_WAIT_MAX, meeting.wait()).await.is_err()
        {
            return Err(S3Error::with_message(S3ErrorCode::AccessDenied, "nobody else came"));
        }
        let answer = {
            let _alone = self.putting.lock().await;
            self.files.put_object(request).await
        };
        if answer.is_err() && key.contains("/_delta_log/") {
            self.log.lock().unwrap().met += 1;
        }
        let mut faults = self.faults.lock().unwrap();
        let lost = faults.lost_answers.iter_mut().find(|(end, left)| key.ends_with(**end) && **left > 0);
        if let (Some((_, left)), true) = (lost, answer.is_ok()) {
            *left -= 1;
            return Err(s3_error!(InternalError, "We encountered an internal error. Please try again."));
        }
        answer
    }

    async fn head_bucket(&self, _: S3Request<HeadBucketInput>) -> S3Result<S3Response<HeadBucketOutput>> {
        let faults = self.faults.lock().unwrap();
        let mut error = s3_error!(InvalidRequest, "asked in the wrong region");
        if let (Some(region), Told::Always | Told::ByHeadBucket) = (faults.region, faults.told) {
            error.set_headers(region_header(region));
        }
        Err(error)
    }

    async fn head_object(
        &self,
        request: S3Request<HeadObjectInput>,
    ) -> S3Result<S3Response<HeadObjectOutput>> {
        self.meet(&request)?;
        self.files.head_object(request).await
    }

    async fn delete_object(
        &self,
        request: S3Request<DeleteObjectInput>,
    ) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.log.lock().unwrap().deletes.push(request.input.key.clone());
        self.meet(&request)?;
        if let Some((code, message)) = &self.faults.lock().unwrap().undeletable {
            return Err(S3Error::with_message(code.clone(), *message));
        }
        self.files.delete_object(request).await
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let key = request.input.key.clone();
        let path = self.file(&request.input.bucket, &key);
        self.log.lock().unwrap().gets.push(key.clone());
        self.read.notify_one();
        self.meet(&request)?;
        let hangs = {
            let mut faults = self.faults.lock().unwrap();
            if let Some((code, message)) = faults.refused.get(&key) {
                return Err(S3Error::with_message(code.clone(), *message));
            }
            if faults.deleted.remove(&key) {
                std::fs::remove_file(&path).unwrap();
            }
            if faults.replaced.remove(&key) {
                std::fs::write(&path, object("replaced")).unwrap();
            }
            faults.hanging.contains(&key)
        };
        if hangs {
            std::future::pending::<()>().await;
        }
        let condition = request.input.if_match.clone();
        let first = match request.input.range {
            Some(Range::Int { first, .. }) => Some(usize::try_from(first).unwrap()),
            Some(Range::Suffix { .. }) => None,
            None => Some(0),
        };
        let mut answer = self.files.get_object(request).await?;
        let bytes = std::fs::read(&path).unwrap();
        let length = usize::try_from(answer.output.content_length.unwrap()).unwrap();
        let first = match first {
            Some(first) => first,
            // A range that counts from the end.
            None => bytes.len() - length,
        };
        let tag = etag(&bytes);
        if let Some(ETagCondition::ETag(expected)) = condition
            && expected != tag
        {
            return Err(s3_error!(PreconditionFailed, "At least one of the pre-conditions did not hold"));
        }
        answer.output.e_tag = Some(tag);
        let mut faults = self.faults.lock().unwrap();
        let next = faults.cut_next > 0;
        faults.cut_next -= u32::from(next);
        let named = faults.cuts.get_mut(&key).filter(|left| **left > 0);
        if named.map(|left| *left -= 1).is_some() || next {
            let half = Bytes::copy_from_slice(&bytes[first..first + length / 2]);
            // The first half is on its way before the connection breaks: what is not ready at once lets it go.
            let cut = stream::once(async {
                tokio::task::yield_now().await;
                Err(std::io::Error::other("cut"))
            });
            answer.output.body = Some(StreamingBlob::wrap(Box::pin(stream::iter([Ok(half)]).chain(cut))));
        }
        Ok(answer)
    }
}
