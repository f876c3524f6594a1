//! Finds the folders that have days in them, level by level, without walking what lies in them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures::StreamExt;

use super::bucket::{Bucket, Depth, Page, Query};
use super::error::{Action, Asked, S3Error, S3ErrorKind};
use crate::archive::layout::{LogPath, day_folder, is_account, is_org};
use crate::archive::name::holds_logs;
use crate::archive::{Foreign, Object, Prune, Unlisted};

/// So many pages are asked for at a time.
pub(super) const LISTS_MAX: usize = 16;

/// A page has so many keys at the most: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.
pub(super) const PAGE_KEYS_MAX: i32 = 1000;

/// `AWSLogs/` is looked for so many folders deep.
const LEVELS_MAX: usize = 4;

/// `AWSLogs/` is looked for in so many folders; of a bucket with more of them everything is listed.
const FOLDERS_LOOKED_AT_MAX: usize = 100;

/// A run of keys that is listed one page after another.
#[derive(Debug, Clone)]
pub(super) struct Lane {
    pub(super) bucket: Arc<Bucket>,
    pub(super) prefix: String,
    pub(super) order: Order,
    /// Keys up to this one are not wanted.
    pub(super) start_after: Option<String>,
    /// With the first key of a later day the lane ends.
    pub(super) last_day: Option<chrono::NaiveDate>,
}

/// In which order the keys of a lane come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// By delivery day.
    Days,
    /// In any: the lane must be listed to its end before its first object is known.
    Any,
}

/// What was found of one source.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) lanes: Vec<Lane>,
    /// Objects that lie above the days.
    pub(super) loose: Vec<Object>,
    pub(super) unlisted: BTreeMap<String, Unlisted>,
}

/// Finds the lanes of `prefix`, a folder or an object.
pub(super) async fn find(bucket: &Arc<Bucket>, prefix: &str, prune: &Prune) -> Result<Found, S3Error> {
    let folder =
        if prefix.is_empty() || prefix.ends_with('/') { prefix.to_owned() } else { format!("{prefix}/") };
    let mut found = Found::default();
    let roots = if LogPath::parse(&folder).is_some() {
        vec![folder.clone()]
    } else {
        find_roots(bucket, &folder, &mut found).await?
    };
    if roots.is_empty() {
        found = Found::default();
        found.lanes.push(any_order(bucket, folder.clone()));
    }
    expand(bucket, roots, prune, &mut found).await?;
    found.lanes.sort_by(|left, right| left.prefix.cmp(&right.prefix));
    found.lanes.dedup_by(|left, right| left.prefix == right.prefix);
    // Only where the source leads to its keys without a look at the levels between, it may be no folder at all.
    let unseen = found.loose.is_empty() && found.lanes.iter().all(|lane| lane.prefix == folder);
    if unseen && !something(bucket, &folder).await? {
        // Then it is an object, or nothing.
        let page = bucket.page(&Query { prefix, keys_max: 1, ..Query::default() }).await?;
        let exact = page.objects.into_iter().find(|object| object.name == bucket.url(prefix));
        let Some(object) = exact else {
            let asked =
                Asked { bucket: bucket.name(), key: prefix, action: Action::ListBucket, region: None };
            return Err(S3Error::new(S3ErrorKind::Nothing, &asked, ""));
        };
        found.lanes.clear();
        found.loose.push(object);
    }
    Ok(found)
}

/// Whether anything lies below a folder.
async fn something(bucket: &Arc<Bucket>, folder: &str) -> Result<bool, S3Error> {
    // The first keys may be those of empty objects that stand for folders, as the console makes them
    // (<https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-folders.html>).
    let query = Query { prefix: folder, keys_max: PAGE_KEYS_MAX, ..Query::default() };
    Ok(!bucket.page(&query).await?.objects.is_empty())
}

fn any_order(bucket: &Arc<Bucket>, prefix: String) -> Lane {
    Lane { bucket: Arc::clone(bucket), prefix, order: Order::Any, start_after: None, last_day: None }
}

/// The next level below a folder, all pages.
async fn level(bucket: &Arc<Bucket>, folder: &str) -> Result<Page, S3Error> {
    let mut all = Page::default();
    loop {
        let token = all.next.take();
        let query = Query {
            prefix: folder,
            depth: Depth::Level,
            token: token.as_deref(),
            keys_max: PAGE_KEYS_MAX,
            ..Query::default()
        };
        let mut page = bucket.page(&query).await?;
        all.objects.append(&mut page.objects);
        all.folders.append(&mut page.folders);
        all.next = page.next;
        if all.next.is_none() {
            return Ok(all);
        }
    }
}

/// Looks for `AWSLogs/` below a folder of another name. What stands beside one that was found is passed over.
async fn find_roots(bucket: &Arc<Bucket>, folder: &str, found: &mut Found) -> Result<Vec<String>, S3Error> {
    let mut roots = Vec::new();
    let mut beside = BTreeSet::new();
    let mut here = vec![folder.to_owned()];
    let mut looked_at = 0;
    for _ in 0..LEVELS_MAX {
        let mut below = Vec::new();
        for folder in std::mem::take(&mut here) {
            looked_at += 1;
            if looked_at > FOLDERS_LOOKED_AT_MAX {
                // Those found so far may not be all: everything is listed.
                return Ok(Vec::new());
            }
            // One page tells: `AWSLogs/` sorts before lower-case names.
            let query =
                Query { prefix: &folder, depth: Depth::Level, keys_max: PAGE_KEYS_MAX, ..Query::default() };
            let page = bucket.page(&query).await?;
            let root = format!("{folder}AWSLogs/");
            let is_root = page.folders.contains(&root);
            beside.extend(page.objects.into_iter().map(|object| object.name));
            if is_root {
                roots.push(root.clone());
                beside.extend(
                    page.folders.iter().filter(|other| **other != root).map(|other| bucket.url(other)),
                );
            } else {
                below.extend(page.folders);
            }
        }
        here = below;
    }
    beside.extend(here.iter().map(|folder| bucket.url(folder)));
    found.unlisted.extend(beside.into_iter().map(|name| (name, Unlisted::SetAside(Foreign::BesideLogs))));
    Ok(roots)
}

/// Goes down from folders of the layout to those that have days in them.
async fn expand(
    bucket: &Arc<Bucket>,
    roots: Vec<String>,
    prune: &Prune,
    found: &mut Found,
) -> Result<(), S3Error> {
    let mut here = roots;
    while !here.is_empty() {
        let mut asked = Vec::new();
        let mut below = BTreeSet::new();
        for folder in here.into_iter().filter(|folder| prune.wants_folder(&bucket.url(folder))) {
            match step(bucket, &folder, prune) {
                Step::Lane(lane) => found.lanes.push(lane),
                Step::Known(folders) => below.extend(folders),
                Step::Ask => asked.push(folder),
            }
        }
        let mut answers = futures::stream::iter(asked)
            .map(|folder| async move {
                let page = level(bucket, &folder).await?;
                Ok::<_, S3Error>((folder, page))
            })
            .buffer_unordered(LISTS_MAX);
        while let Some(answer) = answers.next().await {
            let (folder, page) = answer?;
            found.loose.extend(page.objects.into_iter().filter(|object| prune.wants_object(&object.name)));
            for child in page.folders {
                match aside(&folder, &child) {
                    None => {
                        below.insert(child);
                    }
                    Some(kind) => {
                        found.unlisted.insert(bucket.url(&child), Unlisted::SetAside(kind));
                    }
                }
            }
        }
        here = below.into_iter().collect();
    }
    Ok(())
}

/// What to do with a folder.
enum Step {
    Lane(Lane),
    /// What lies below is told by what is asked for.
    Known(Vec<String>),
    Ask,
}

fn step(bucket: &Arc<Bucket>, folder: &str, prune: &Prune) -> Step {
    let Some(place) = LogPath::parse(folder) else {
        return Step::Lane(any_order(bucket, folder.to_owned()));
    };
    let below =
        |names: &BTreeSet<String>| Step::Known(names.iter().map(|name| format!("{folder}{name}/")).collect());
    match (place.org, place.account, place.service) {
        (None, None, _) if !prune.orgs.is_empty() => below(&prune.orgs),
        (Some(_), None, _) if !prune.accounts.is_empty() => below(&prune.accounts),
        (_, None, _) | (_, Some(_), None) => Step::Ask,
        (_, Some(_), Some(service)) if !service.starts_with("CloudTrail") => {
            Step::Lane(any_order(bucket, folder.to_owned()))
        }
        (_, Some(_), Some(_)) => match place.lane {
            None if !prune.regions.is_empty() => below(&prune.regions),
            None => Step::Ask,
            Some(lane) => {
                let url = bucket.url(lane);
                let (first, last) = prune.days(Some(&url));
                Step::Lane(Lane {
                    bucket: Arc::clone(bucket),
                    prefix: folder.to_owned(),
                    order: Order::Days,
                    start_after: first.map(|day| format!("{lane}{}", day_folder(day))),
                    last_day: last,
                })
            }
        },
    }
}

/// Whether a folder found below another holds no events.
fn aside(parent: &str, child: &str) -> Option<Foreign> {
    let name = child.strip_prefix(parent)?.strip_suffix('/')?;
    let place = LogPath::parse(parent)?;
    match (place.account, place.service) {
        (None, _) => {
            (!(is_account(name) || place.org.is_none() && is_org(name))).then_some(Foreign::BesideLogs)
        }
        (Some(_), None) if name == "CloudTrail-Digest" => Some(Foreign::DigestFolder),
        (Some(_), None) if name == "CloudTrail-Aggregated" => Some(Foreign::AggregatedFolder),
        (Some(_), None) if !holds_logs(name) => Some(Foreign::OtherServiceFolder),
        _ => None,
    }
}
