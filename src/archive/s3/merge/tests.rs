//! Against a bucket of nothing but keys: how much of a listing is held while nobody reads it.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::ops::Bound;
use std::sync::Arc;

use aws_config::{BehaviorVersion, Region};
use aws_sdk_s3::config::Credentials;

use super::*;
use crate::archive::s3::{OtherRegion, Payer};

const BUCKET: &str = "example-logs";

/// An archive of this many accounts, each with this many objects on each of this many days of one region.
#[derive(Clone, Copy)]
struct Archive {
    accounts: usize,
    days: usize,
    objects: usize,
}

impl Archive {
    fn lane(account: usize) -> String {
        format!("AWSLogs/11112222{account:04}/CloudTrail/eu-west-1/")
    }

    /// Its keys in the order in which they are read.
    fn keys(self) -> Vec<String> {
        let mut keys = Vec::new();
        for day in 1..=self.days {
            for account in 0..self.accounts {
                for object in 0..self.objects {
                    keys.push(format!(
                        "{}2026/03/{day:02}/11112222{account:04}_CloudTrail_eu-west-1_202603{day:02}T0005Z_{object:04}.json.gz",
                        Self::lane(account)
                    ));
                }
            }
        }
        keys
    }

    fn search(self, bounds: Bounds) -> Search {
        let source = |account| S3Url { bucket: BUCKET.to_owned(), prefix: Self::lane(account) };
        Search {
            sources: (0..self.accounts).map(source).collect(),
            store: serve(self.keys().into_iter().collect()),
            prune: Prune::default(),
            bounds,
        }
    }
}

/// Lists these keys to whoever asks, on loopback.
fn serve(keys: BTreeSet<String>) -> Store {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let config = aws_sdk_s3::config::Builder::new()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("eu-west-1"))
        .credentials_provider(Credentials::new("AKIAIOSFODNN7EXAMPLE", "secret", None, None, "test"))
        .endpoint_url(format!("http://{}", listener.local_addr().unwrap()))
        .force_path_style(true);
    let keys = Arc::new(keys);
    std::thread::spawn(move || {
        for socket in listener.incoming() {
            let (mut socket, keys) = (socket.unwrap(), Arc::clone(&keys));
            std::thread::spawn(move || {
                let (mut asked, mut byte) = (Vec::new(), [0]);
                while !asked.ends_with(b"\r\n\r\n") {
                    if !matches!(socket.read(&mut byte), Ok(1)) {
                        return;
                    }
                    asked.push(byte[0]);
                }
                let page = page(&keys, std::str::from_utf8(&asked).unwrap());
                let head = "HTTP/1.1 200 OK\r\nContent-Type: application/xml\r\nConnection: close";
                // Who does not want the answer any more closes its end.
                drop(write!(socket, "{head}\r\nContent-Length: {}\r\n\r\n{page}", page.len()));
            });
        }
    });
    let client = aws_sdk_s3::Client::from_conf(config.build());
    Store { client, region: OtherRegion::Refuse, payer: Payer::Owner }
}

/// The answer to ListObjectsV2.
fn page(keys: &BTreeSet<String>, asked: &str) -> String {
    let path = asked.split(' ').nth(1).unwrap();
    let url = url::Url::parse(&format!("http://localhost{path}")).unwrap();
    let given =
        |name: &str| url.query_pairs().find(|(of, _)| of == name).map(|(_, value)| value.into_owned());
    let prefix = given("prefix").unwrap();
    let after = given("continuation-token").or_else(|| given("start-after")).unwrap_or_default();
    let count = given("max-keys").unwrap().parse().unwrap();
    let mut found = keys
        .range::<str, _>((Bound::Excluded(after.as_str()), Bound::Unbounded))
        .filter(|key| key.starts_with(&prefix));
    let page: Vec<&String> = found.by_ref().take(count).collect();
    let mut text = String::from("<ListBucketResult xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">");
    for key in &page {
        write!(text, "<Contents><Key>{key}</Key><Size>9</Size><ETag>\"e\"</ETag></Contents>").unwrap();
    }
    if let (Some(_), Some(last)) = (found.next(), page.last()) {
        write!(text, "<IsTruncated>true</IsTruncated><NextContinuationToken>{last}</NextContinuationToken>")
            .unwrap();
    }
    text + "</ListBucketResult>"
}

/// Reads a listing slowly. Gives its names without the bucket, and how many objects and lanes were held at the most whenever
/// no more parts could wait.
async fn read(search: Search, shard: Option<Shard>) -> (Vec<String>, usize) {
    let bounds = search.bounds;
    let (mut parts, _) = search.start(shard);
    let (mut names, mut held_max) = (Vec::new(), 0);
    let mut bucket: Option<Arc<Bucket>> = None;
    loop {
        while parts.len() < bounds.parts && !parts.is_closed() {
            tokio::task::yield_now().await;
        }
        // Each object and each lane holds on to its bucket.
        held_max = held_max.max(bucket.as_ref().map_or(0, Arc::strong_count));
        let Some(part) = parts.recv().await else { return (names, held_max) };
        let part = part.unwrap();
        assert!((1..=bounds.part).contains(&part.objects.len()), "{} objects in a part", part.objects.len());
        for object in part.objects {
            let Place::S3(place) = object.place else { panic!("{} is not in S3", object.name) };
            names.push(place.key);
            bucket.get_or_insert(place.bucket);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_more_than_a_day_and_so_many_keys_wait_to_be_read() {
    let archive = Archive { accounts: 2, days: 9, objects: 200 };
    let bounds = Bounds { ahead: 20, part: 10, parts: 3 };
    let (names, held_max) = read(archive.search(bounds), None).await;
    assert_eq!(names, archive.keys());
    // The day, a page of each lane on its way, what is held ahead, what waits; and who else knows the bucket.
    assert!((30..=2 * 200 + 2 * 100 + 20 + 3 * 10 + 4).contains(&held_max), "{held_max}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_lanes_hold_no_whole_page_each() {
    let archive = Archive { accounts: 40, days: 15, objects: 1 };
    let bounds = Bounds { ahead: 80, part: 40, parts: 1 };
    let (names, held_max) = read(archive.search(bounds), None).await;
    assert_eq!(names, archive.keys());
    // Of the pages on their way, each holds a whole lane.
    assert!((40..=40 + 80 + LISTS_MAX * 15 + 40 + 40 + 4).contains(&held_max), "{held_max}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_of_other_shards_is_not_held() {
    let archive = Archive { accounts: 2, days: 9, objects: 200 };
    let bounds = Bounds { ahead: 20, part: 10, parts: 3 };
    let shard: Shard = "3/10".parse().unwrap();
    let (names, held_max) = read(archive.search(bounds), Some(shard)).await;
    let mut keys = archive.keys();
    keys.retain(|key| shard.has(&format!("s3://{BUCKET}/{key}")));
    assert!(keys.len() > 9 * 20, "{} keys", keys.len());
    assert_eq!(names, keys);
    // A day of the shard has about 40 objects.
    assert!((30..=80 + 2 * 100 + 20 + 3 * 10 + 4).contains(&held_max), "{held_max}");
}
