//! The objects of all lanes, day by day, as the pages come.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use futures::StreamExt;
use tokio::sync::mpsc;

use super::bucket::{Bucket, Depth, Query, Store};
use super::discover::{self, LISTS_MAX, Lane, Order, PAGE_KEYS_MAX};
use super::{S3Error, S3Url};
use crate::archive::layout::{LogPath, delivery_day};
use crate::archive::list::{ListError, Object, Unlisted, in_order};
use crate::archive::listing::{Listed, Listing};
use crate::archive::{Foreign, ObjectName, Prune};

/// So many keys are held while days are put together, unless one day has more; pages are the smaller the more lanes there
/// are.
const KEYS_HELD_MAX: i32 = 200_000;

/// Pages are not smaller than this.
const PAGE_KEYS_MIN: i32 = 100;

/// So many days are listed ahead of who reads them.
const DAYS_AHEAD_MAX: usize = 8;

/// Finds the objects of `sources`, after those in `ready`. A task goes on listing while the first are read.
pub(in crate::archive) fn list(sources: Vec<S3Url>, store: &Store, prune: &Prune, ready: Listed) -> Listing {
    let (sender, receiver) = mpsc::channel(DAYS_AHEAD_MAX);
    let (store, prune) = (store.clone(), prune.clone());
    let lister = tokio::spawn(async move {
        if let Err(error) = Box::pin(run(sources, &store, &prune, &sender)).await {
            // Nobody listens any more: then there is nobody to tell.
            drop(sender.send(Err(ListError::S3(Box::new(error)))).await);
        }
    });
    Listing::with_task(ready, receiver, lister.abort_handle())
}

/// A lane that is being listed.
struct Running {
    lane: Lane,
    /// Where the next page begins.
    token: Option<String>,
    ended: bool,
    /// What was listed and is not handed on, by day; None sorts first.
    waiting: VecDeque<(Option<NaiveDate>, Object)>,
}

async fn run(
    sources: Vec<S3Url>,
    store: &Store,
    prune: &Prune,
    out: &mpsc::Sender<Result<Listed, ListError>>,
) -> Result<(), S3Error> {
    let mut buckets = BTreeMap::new();
    let mut lanes = Vec::new();
    let mut first = Listed::default();
    for source in sources {
        let bucket =
            buckets.entry(source.bucket.clone()).or_insert_with(|| Bucket::new(&source.bucket, store));
        let mut found = discover::find(bucket, &source.prefix, prune).await?;
        first.objects.append(&mut found.loose);
        first.unlisted.append(&mut found.unlisted);
        lanes.append(&mut found.lanes);
    }
    in_order(&mut first.objects);
    if out.send(Ok(first)).await.is_err() {
        return Ok(());
    }
    lanes.sort_by_cached_key(|lane| (lane.bucket.name().to_owned(), lane.prefix.clone()));
    lanes.dedup_by(|left, right| (left.bucket.name(), &left.prefix) == (right.bucket.name(), &right.prefix));
    let share = KEYS_HELD_MAX / i32::try_from(lanes.len().max(1)).unwrap_or(i32::MAX);
    let keys_max = share.clamp(PAGE_KEYS_MIN, PAGE_KEYS_MAX);
    let mut running: Vec<Running> = lanes
        .into_iter()
        .map(|lane| Running { lane, token: None, ended: false, waiting: VecDeque::new() })
        .collect();
    while let Some(day) = next_day(&mut running, prune, keys_max).await? {
        let mut listed = Listed::default();
        for lane in &mut running {
            while lane.waiting.front().is_some_and(|(of, _)| *of == day) {
                if let Some((_, object)) = lane.waiting.pop_front() {
                    match aside(&object, &lane.lane) {
                        None => listed.objects.push(object),
                        Some(kind) => {
                            listed.unlisted.insert(object.name, Unlisted::SetAside(kind));
                        }
                    }
                }
            }
        }
        in_order(&mut listed.objects);
        if out.send(Ok(listed)).await.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// Asks for pages until the first day that waits is complete, and names it; None at the end of all lanes.
async fn next_day(
    running: &mut Vec<Running>,
    prune: &Prune,
    keys_max: i32,
) -> Result<Option<Option<NaiveDate>>, S3Error> {
    loop {
        let empty = |lane: &Running| !lane.ended && lane.waiting.is_empty();
        let day = running.iter().filter_map(|lane| lane.waiting.front()).map(|(day, _)| *day).min();
        let open = |lane: &Running| {
            let last = lane.waiting.back().map(|(day, _)| *day);
            !lane.ended && last.is_none_or(|last| day.is_some_and(|day| last <= day))
        };
        let any_empty = running.iter().any(empty);
        let (asked, rest): (Vec<Running>, Vec<Running>) = std::mem::take(running)
            .into_iter()
            .partition(|lane| if any_empty { empty(lane) } else { open(lane) });
        let done = asked.is_empty();
        *running = rest;
        let mut answers =
            futures::stream::iter(asked).map(|lane| lane.more(prune, keys_max)).buffer_unordered(LISTS_MAX);
        while let Some(lane) = answers.next().await {
            running.push(lane?);
        }
        // What is handed on is put in order by name; only that the days come in order matters here. A lane that is
        // through holds nothing.
        running.retain(|lane| !lane.ended || !lane.waiting.is_empty());
        if done {
            return Ok(day);
        }
    }
}

impl Running {
    /// Lists the next page; a lane in any order, all pages.
    async fn more(mut self, prune: &Prune, keys_max: i32) -> Result<Self, S3Error> {
        loop {
            let token = self.token.take();
            let query = Query {
                prefix: &self.lane.prefix,
                depth: Depth::All,
                // A page that goes on from another says where itself.
                start_after: self.lane.start_after.as_deref().filter(|_| token.is_none()),
                token: token.as_deref(),
                keys_max,
            };
            let page = self.lane.bucket.page(&query).await?;
            self.token = page.next;
            self.ended = self.token.is_none();
            for object in page.objects {
                let days = self.lane.order == Order::Days;
                let folder = LogPath::parse(&object.name).and_then(|place| place.date());
                if days && self.lane.last_day.is_some_and(|last| folder.is_some_and(|day| day > last)) {
                    self.ended = true;
                    break;
                }
                if prune.wants_object(&object.name) {
                    let day = if days {
                        // Odd names keep to the day that the keys around them are of.
                        folder.max(self.waiting.back().and_then(|(day, _)| *day))
                    } else {
                        delivery_day(&object.name)
                    };
                    self.waiting.push_back((day, object));
                }
            }
            match self.lane.order {
                Order::Days => return Ok(self),
                Order::Any if self.ended => {
                    self.waiting
                        .make_contiguous()
                        .sort_by(|left, right| (left.0, &left.1.name).cmp(&(right.0, &right.1.name)));
                    return Ok(self);
                }
                Order::Any => {}
            }
        }
    }
}

/// Whether an object holds no events, by its key.
fn aside(object: &Object, lane: &Lane) -> Option<Foreign> {
    let base = lane.bucket.url(&lane.prefix);
    let below = object.name.strip_prefix(&base).unwrap_or(&object.name);
    if below.split('/').any(|part| part.starts_with('.')) {
        Some(Foreign::Hidden)
    } else if ObjectName::is_other_service(&object.name)
        // Who names such a folder wants it.
        && !ObjectName::is_other_service(&format!("{base}x"))
    {
        Some(Foreign::OtherService)
    } else {
        None
    }
}
