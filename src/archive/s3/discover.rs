//! Finds the folders that have days in them, level by level, without walking what lies in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use futures::StreamExt;

use super::bucket::{Bucket, Depth, Page, Query};
use super::error::{Action, Asked, S3Error, S3ErrorKind};
use crate::archive::layout::{LogPath, day_folder, is_account, is_org};
use crate::archive::name::holds_logs;
use crate::archive::{Foreign, Object, ObjectName, Prune, Unlisted};

/// So many pages are asked for at a time.
pub(super) const LISTS_MAX: usize = 16;

/// A page has so many keys at the most: <https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html>.
pub(super) const PAGE_KEYS_MAX: i32 = 1000;

/// `AWSLogs/` is looked for level by level so many folders deep, and from there on in all keys.
const LEVELS_MAX: usize = 3;

/// So many pages without logs are looked at, then the search ends.
const BARREN_PAGES_MAX: usize = 200;

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
        BTreeSet::from([folder.clone()])
    } else {
        find_roots(bucket, &folder, prune, &mut found).await?
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

/// A part of a source in which `AWSLogs/` is looked for.
struct Look {
    folder: String,
    /// How far it is below the source.
    levels: usize,
    token: Option<String>,
    start_after: Option<String>,
}

impl Look {
    fn of(folder: String, levels: usize) -> Self {
        Self { folder, levels, token: None, start_after: None }
    }

    async fn page(&self, bucket: &Arc<Bucket>) -> Result<Page, S3Error> {
        let query = Query {
            prefix: &self.folder,
            depth: if self.levels < LEVELS_MAX { Depth::Level } else { Depth::All },
            start_after: self.start_after.as_deref(),
            token: self.token.as_deref(),
            keys_max: PAGE_KEYS_MAX,
        };
        bucket.page(&query).await
    }
}

/// Looks for `AWSLogs/` below a folder of another name. Of the objects beside, those named as CloudTrail names them are
/// taken, others are set aside.
///
/// Each folder gets its next page in turn, so that none with very many keys keeps the others from being looked at.
async fn find_roots(
    bucket: &Arc<Bucket>,
    folder: &str,
    prune: &Prune,
    found: &mut Found,
) -> Result<BTreeSet<String>, S3Error> {
    let base = bucket.url("");
    let mut roots = BTreeSet::new();
    let mut waiting = VecDeque::from([Look::of(folder.to_owned(), 0)]);
    let mut barren = 0;
    while !waiting.is_empty() && barren < BARREN_PAGES_MAX {
        let round: Vec<Look> = waiting.drain(..waiting.len().min(LISTS_MAX)).collect();
        let mut answers = futures::stream::iter(round)
            .map(|look| async move {
                let page = look.page(bucket).await?;
                Ok::<_, S3Error>((look, page))
            })
            .buffered(LISTS_MAX);
        while let Some(answer) = answers.next().await {
            let (look, page) = answer?;
            if page.folders.contains(&format!("{}_delta_log/", look.folder)) {
                found.unlisted.insert(bucket.url(&look.folder), Unlisted::SetAside(Foreign::Table));
                continue;
            }
            let known = roots.len();
            let mut has_logs = false;
            let mut last = None;
            for child in page.folders {
                if let Some(root) = root_below(&look.folder, &child) {
                    roots.insert(root);
                } else {
                    waiting.push_back(Look::of(child, look.levels + 1));
                }
            }
            for object in page.objects {
                last = object.name.strip_prefix(&base).and_then(|key| root_below(&look.folder, key));
                if let Some(root) = &last {
                    roots.insert(root.clone());
                } else if ObjectName::parse(&object.name).is_none() {
                    found.unlisted.insert(object.name, Unlisted::SetAside(Foreign::BesideLogs));
                } else {
                    has_logs = true;
                    found.loose.extend(Some(object).filter(|object| prune.wants_object(&object.name)));
                }
            }
            // Where there is no `AWSLogs/` at all, everything is listed anyway.
            barren += usize::from(roots.len() == known && (roots.is_empty() || !has_logs));
            if page.next.is_some() {
                // Where a page ends below an `AWSLogs/`, the next one begins behind that.
                let start_after = last.map(|root| format!("{}0", root.trim_end_matches('/')));
                let token = page.next.filter(|_| start_after.is_none());
                waiting.push_back(Look { token, start_after, ..look });
            }
        }
    }
    if let (false, Some(first)) = (roots.is_empty(), waiting.front()) {
        let (left, first) = (waiting.len(), bucket.url(&first.folder));
        let why = format!(
            "so much stands beside `AWSLogs/` that not all of it was searched for logs (folders left: {left}, the first: \
             `{first}`); hint: give as sources only the folders with logs"
        );
        found.unlisted.insert(bucket.url(folder), Unlisted::Unreadable(why));
    }
    Ok(roots)
}

/// The path up to an `AWSLogs/` below a folder, where it leads through one.
fn root_below(folder: &str, path: &str) -> Option<String> {
    let below = path.strip_prefix(folder)?;
    let end = if below.starts_with("AWSLogs/") { 0 } else { below.find("/AWSLogs/")? + 1 };
    Some(format!("{folder}{}AWSLogs/", below.get(..end)?))
}

/// Goes down from folders of the layout to those that have days in them.
async fn expand(
    bucket: &Arc<Bucket>,
    roots: BTreeSet<String>,
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
        here = below;
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
    let whole = || Step::Lane(any_order(bucket, folder.to_owned()));
    match (place.org, place.account) {
        // Trails of an organization's accounts, and the one of the organization, may lie side by side.
        (None, None) if place.prefix_org.is_some_and(|org| prune.orgs.contains(org)) => Step::Ask,
        (None, None) if !prune.orgs.is_empty() => below(&prune.orgs),
        (Some(_), None) if !prune.accounts.is_empty() => below(&prune.accounts),
        (_, None) => Step::Ask,
        (_, Some(_)) => match (place.service, place.lane) {
            (Some(service), _) if !service.starts_with("CloudTrail") => whole(),
            (Some(_), None) if !prune.regions.is_empty() => below(&prune.regions),
            (_, None) => Step::Ask,
            // Whoever copied a region's folder may have put other things than years into the copy.
            (None, Some(lane)) if lane == folder => Step::Ask,
            (None, Some(_)) if place.year.is_none() => whole(),
            (_, Some(lane)) => {
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
    match (place.account, place.service.or(place.region)) {
        (None, _) => {
            (!(is_account(name) || place.org.is_none() && is_org(name))).then_some(Foreign::BesideLogs)
        }
        (Some(_), None) if name == "CloudTrail-Digest" => Some(Foreign::DigestFolder),
        (Some(_), None) if name == "CloudTrail-Aggregated" => Some(Foreign::AggregatedFolder),
        (Some(_), None) if !holds_logs(name) => Some(Foreign::OtherServiceFolder),
        _ => None,
    }
}
