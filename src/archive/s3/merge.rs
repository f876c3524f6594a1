//! The objects of all lanes, day by day, as the pages come.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;
use futures::StreamExt;
use tokio::sync::mpsc;
use tokio::task::AbortHandle;

use super::bucket::{Bucket, Depth, Query, Store};
use super::discover::{self, LISTS_MAX, Lane, Order, PAGE_KEYS_MAX};
use super::{S3Error, S3Url};
use crate::archive::layout::{LogPath, delivery_day};
use crate::archive::list::{ListError, Object, Unlisted, in_order};
use crate::archive::listing::{Listed, Listing};
use crate::archive::{Foreign, ObjectName, Place, Prune, Shard};

/// Pages are not smaller than this.
const PAGE_KEYS_MIN: i32 = 100;

/// How much is held of a listing, in keys, beside the day that is put together: its objects are handed on in order, so all
/// of them must be known.
#[derive(Debug, Clone, Copy)]
struct Bounds {
    /// So many of later days, or one of each lane if there are more lanes. Pages are the smaller the more lanes there are.
    ahead: usize,
    /// A part has so many at the most.
    part: usize,
    /// So many parts wait to be read.
    parts: usize,
}

const BOUNDS: Bounds = Bounds { ahead: 200_000, part: 5_000, parts: 8 };

/// Finds the objects of `sources`, after those in `ready`.
pub(in crate::archive) fn list(sources: Vec<S3Url>, store: &Store, prune: &Prune, ready: Listed) -> Listing {
    let (store, prune) = (store.clone(), prune.clone());
    Listing::with_search(ready, Search { sources, store, prune, bounds: BOUNDS })
}

/// What is to be listed.
#[derive(Debug)]
pub(in crate::archive) struct Search {
    sources: Vec<S3Url>,
    store: Store,
    prune: Prune,
    bounds: Bounds,
}

impl Search {
    /// Lists what is in a shard; None for all. A task goes on listing while the first objects are read. It may hand on what
    /// lies above the days, and folders that were not looked into, of other shards, too.
    pub(in crate::archive) fn start(
        self,
        shard: Option<Shard>,
    ) -> (mpsc::Receiver<Result<Listed, ListError>>, AbortHandle) {
        let (sender, receiver) = mpsc::channel(self.bounds.parts);
        let lister = tokio::spawn(async move {
            if let Err(error) = Box::pin(run(self, shard, &sender)).await {
                // Nobody listens any more: then there is nobody to tell.
                drop(sender.send(Err(ListError::S3(Box::new(error)))).await);
            }
        });
        (receiver, lister.abort_handle())
    }
}

/// The day that an object was delivered on; None, where nothing tells, comes first.
type Day = Option<NaiveDate>;

/// A lane that is being listed.
struct Running {
    lane: Lane,
    /// Where the next page begins.
    token: Option<String>,
    ended: bool,
    /// What is listed of earlier days than this is all there is; None where nothing wanted was listed yet.
    reached: Option<Day>,
    /// What was listed and is not handed on, by day.
    waiting: VecDeque<(Day, Object)>,
}

/// How lanes are listed.
struct Ask<'a> {
    prune: &'a Prune,
    shard: Option<Shard>,
    page_keys: i32,
    /// So many keys of a lane are held that are of later days than the one that is put together.
    ahead: usize,
}

async fn run(
    search: Search,
    shard: Option<Shard>,
    out: &mpsc::Sender<Result<Listed, ListError>>,
) -> Result<(), S3Error> {
    let Search { sources, store, prune, bounds } = search;
    let mut buckets = BTreeMap::new();
    let mut lanes = Vec::new();
    let mut first = Listed::default();
    for source in sources {
        let bucket =
            buckets.entry(source.bucket.clone()).or_insert_with(|| Bucket::new(&source.bucket, &store));
        let mut found = discover::find(bucket, &source.prefix, &prune).await?;
        first.objects.append(&mut found.loose);
        first.unlisted.append(&mut found.unlisted);
        lanes.append(&mut found.lanes);
    }
    in_order(&mut first.objects);
    if !hand_on(first, bounds.part, out).await {
        return Ok(());
    }
    lanes.sort_by_cached_key(|lane| (lane.bucket.name().to_owned(), lane.prefix.clone()));
    lanes.dedup_by(|left, right| (left.bucket.name(), &left.prefix) == (right.bucket.name(), &right.prefix));
    let ahead = (bounds.ahead / lanes.len().max(1)).max(1);
    let page_keys = i32::try_from(ahead).unwrap_or(i32::MAX).clamp(PAGE_KEYS_MIN, PAGE_KEYS_MAX);
    let ask = Ask { prune: &prune, shard, page_keys, ahead };
    let mut running: Vec<Running> = lanes
        .into_iter()
        .map(|lane| Running { lane, token: None, ended: false, reached: None, waiting: VecDeque::new() })
        .collect();
    while let Some(day) = next_day(&mut running, &ask).await? {
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
            shrink(&mut lane.waiting);
        }
        in_order(&mut listed.objects);
        if !hand_on(listed, bounds.part, out).await {
            return Ok(());
        }
    }
    Ok(())
}

/// Hands on what was found, in parts; false where nobody listens any more.
async fn hand_on(listed: Listed, keys_max: usize, out: &mpsc::Sender<Result<Listed, ListError>>) -> bool {
    let (mut objects, mut unlisted) = (listed.objects.into_iter(), listed.unlisted.into_iter());
    loop {
        let unlisted: BTreeMap<_, _> = unlisted.by_ref().take(keys_max).collect();
        let objects: Vec<_> = objects.by_ref().take(keys_max - unlisted.len()).collect();
        if objects.is_empty() && unlisted.is_empty() {
            return true;
        }
        if out.send(Ok(Listed { objects, unlisted })).await.is_err() {
            return false;
        }
    }
}

/// Gives back the memory of what was handed on.
fn shrink(waiting: &mut VecDeque<(Day, Object)>) {
    if waiting.len() < waiting.capacity() / 4 {
        waiting.shrink_to_fit();
    }
}

/// Asks for pages until the first day that waits is complete, and names it; None at the end of all lanes.
async fn next_day(running: &mut Vec<Running>, ask: &Ask<'_>) -> Result<Option<Day>, S3Error> {
    loop {
        let day = running.iter().filter_map(|lane| lane.waiting.front()).map(|(day, _)| *day).min();
        let (asked, rest): (Vec<Running>, Vec<Running>) = std::mem::take(running)
            .into_iter()
            .partition(|lane| !lane.ended && (day.is_none() || lane.reached <= day));
        let done = asked.is_empty();
        *running = rest;
        let mut answers =
            futures::stream::iter(asked).map(|lane| lane.more(ask, day)).buffer_unordered(LISTS_MAX);
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
    /// Lists the next page; a lane in any order, all pages. `day` is the one that is put together; None where none is known.
    async fn more(mut self, ask: &Ask<'_>, day: Option<Day>) -> Result<Self, S3Error> {
        loop {
            let token = self.token.take();
            let query = Query {
                prefix: &self.lane.prefix,
                depth: Depth::All,
                // A page that goes on from another says where itself.
                start_after: self.lane.start_after.as_deref().filter(|_| token.is_none()),
                token: token.as_deref(),
                keys_max: ask.page_keys,
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
                if !ask.prune.wants_object(&object.name) {
                    continue;
                }
                let of = if days {
                    // Odd names keep to the day that the keys around them are of.
                    folder.max(self.reached.flatten())
                } else {
                    delivery_day(&object.name)
                };
                self.reached = Some(of);
                if ask.shard.is_none_or(|shard| shard.has(&object.name)) {
                    self.waiting.push_back((of, object));
                }
            }
            match self.lane.order {
                Order::Days => {
                    self.let_go(day, ask.ahead);
                    return Ok(self);
                }
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

    /// Of later days than `day`, holds only so many keys. What comes behind them is listed again when its day comes.
    fn let_go(&mut self, day: Option<Day>, keys_max: usize) {
        let later = self.waiting.iter().rev().take_while(|(of, _)| Some(*of) > day).count();
        let held = self.waiting.len() - later + later.min(keys_max);
        let last = held.checked_sub(1).and_then(|last| self.waiting.get(last));
        let Some((_, Object { place: Place::S3(last), .. })) = last else { return };
        let Some((first, _)) = self.waiting.get(held) else { return };
        self.reached = Some(*first);
        self.lane.start_after = Some(last.key.clone());
        self.token = None;
        self.ended = false;
        self.waiting.truncate(held);
        shrink(&mut self.waiting);
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

#[cfg(test)]
mod tests;
