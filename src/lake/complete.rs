//! When an ingest last came to its end: the days up to which a lake holds all of an archive.
//!
//! The ledger tells what was read, not what was not. An ingest that was killed, one of several shards, or one of a few days
//! leaves gaps below its newest object, so whoever goes on from there needs to know of an ingest that looked at everything.
//! Each such ingest leaves a small file in the lake, hidden from readers of the tables by its name; it is written anew, nothing
//! is deleted.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use object_store::ObjectStoreExt;
use object_store::path::Path;
use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

use super::error::s3_cause;
use super::ledger;
use super::site::Ground;
use super::{Lake, LakeError, Site, Table};
use crate::archive::{Prune, Shard};

/// The folder of these files in a lake.
const FOLDER: &str = ".complete";

/// So many files are read at the same time.
const GETS_MAX: usize = 16;

/// What an ingest is asked to read, but for the days that it ends with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Selection {
    sources: Vec<String>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
    orgs: BTreeSet<String>,
    first_day: Option<NaiveDate>,
}

impl Selection {
    /// The part of sources (see [`crate::archive::Sources::names`]) that `prune` wants.
    #[must_use]
    pub fn new(sources: Vec<String>, prune: &Prune) -> Self {
        Self {
            sources,
            accounts: prune.accounts.clone(),
            regions: prune.regions.clone(),
            orgs: prune.orgs.clone(),
            first_day: prune.first_day,
        }
    }

    /// All of the sources: whoever read that has read every part of them.
    fn all(&self) -> Self {
        Self::new(self.sources.clone(), &Prune::default())
    }

    /// The folder in which ingests of it are noted.
    fn folder(&self, ground: &Ground) -> Result<Path, LakeError> {
        let text = serde_json::to_string(self).map_err(|error| odd(&error))?;
        let name = format!("{:016x}", xxh3_64(text.as_bytes()));
        Ok(ground.base.clone().join(FOLDER).join(name))
    }
}

/// Days by the folder of a region (see [`crate::archive::lane_and_day`]).
type Days = BTreeMap<String, NaiveDate>;

/// Takes the later day of each folder.
pub(super) fn later(days: &mut Days, others: impl IntoIterator<Item = (String, NaiveDate)>) {
    for (lane, day) in others {
        let known = days.entry(lane).or_insert(day);
        *known = day.max(*known);
    }
}

/// An ingest that came to its end.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    /// `I/N`; `1/1` for all.
    shard: String,
    /// When it began to list, or the last day that it wanted: of folders that it did not see nothing was there before.
    day: NaiveDate,
    /// The delivery day up to which it saw everything.
    days: Days,
    /// For people who look.
    #[serde(skip_deserializing)]
    selection: Option<Selection>,
}

/// By the folder of a region (see [`crate::archive::lane_and_day`]): the delivery day up to which everything of a selection was
/// looked at, of the objects in a shard, and could be read. Nothing where no ingest of it, or of all of its sources, came to
/// its end, and where there is no lake yet.
///
/// # Errors
/// Where the lake can't be read.
pub async fn read_up_to(
    site: impl Into<Site>,
    selection: &Selection,
    shard: Option<Shard>,
) -> Result<BTreeMap<String, NaiveDate>, LakeError> {
    let lake = match Lake::open(site).await {
        Ok(lake) => lake,
        Err(LakeError::NotALake { .. }) => return Ok(BTreeMap::new()),
        Err(error) => return Err(error),
    };
    // A lake that was made anew where another one was.
    if lake.files(Table::Objects)?.is_empty() {
        return Ok(BTreeMap::new());
    }
    let ground = Ground::of(lake.site())?;
    let mut days = noted(&ground, selection, shard).await?;
    let all = selection.all();
    if all != *selection {
        later(&mut days, noted(&ground, &all, shard).await?);
    }
    ledger::hold_back(&lake, shard, &mut days).await?;
    Ok(days)
}

/// The days up to which everything of a selection was looked at: by one ingest, or by all shards of some number; what is in a
/// shard by that one, too.
async fn noted(ground: &Ground, selection: &Selection, shard: Option<Shard>) -> Result<Days, LakeError> {
    let folder = selection.folder(ground)?;
    let files: Vec<Path> = ground
        .store
        .list(Some(&folder))
        .map_ok(|file| file.location)
        .try_collect()
        .await
        .map_err(|error| failed("read", &folder, error))?;
    let notes: Vec<Note> = stream::iter(files)
        .map(|file| async move {
            let got = ground.store.get(&file).await.map_err(|error| failed("read", &file, error))?;
            let bytes = got.bytes().await.map_err(|error| failed("read", &file, error))?;
            serde_json::from_slice(&bytes).map_err(|error| odd(&error))
        })
        .buffer_unordered(GETS_MAX)
        .try_collect()
        .await?;
    let mut found = Days::new();
    let mut shards: BTreeMap<u32, Vec<Note>> = BTreeMap::new();
    for note in notes {
        let of: Shard = note.shard.parse().map_err(LakeError::Inconsistent)?;
        if Some(of) == shard {
            later(&mut found, note.days.clone());
        }
        shards.entry(of.count()).or_default().push(note);
    }
    for (_, notes) in shards.iter().filter(|(count, notes)| notes.len() == **count as usize) {
        let lanes: BTreeSet<&String> = notes.iter().flat_map(|note| note.days.keys()).collect();
        let all = lanes.into_iter().filter_map(|lane| {
            let days = notes.iter().map(|note| note.days.get(lane).copied().unwrap_or(note.day));
            Some((lane.clone(), days.min()?))
        });
        later(&mut found, all);
    }
    Ok(found)
}

/// Notes that an ingest of a selection, or of a shard of it, came to its end: one that began to list on `day`, or wanted nothing
/// after that, and looked at everything up to the latest of the days that are given for the folder of a region.
///
/// # Errors
/// Where the lake can't be written.
pub async fn note_complete(
    site: impl Into<Site>,
    selection: &Selection,
    shard: Option<Shard>,
    day: NaiveDate,
    days: impl IntoIterator<Item = (String, NaiveDate)>,
) -> Result<(), LakeError> {
    let ground = Ground::of(&site.into())?;
    let mut latest = Days::new();
    // A listing may go on for days.
    later(&mut latest, days.into_iter().map(|(lane, newest)| (lane, newest.min(day))));
    let shard = shard.unwrap_or(Shard::ALL).to_string();
    let name = format!("{}.json", shard.replace('/', "-"));
    let note = Note { shard, day, days: latest, selection: Some(selection.clone()) };
    let bytes = serde_json::to_vec_pretty(&note).map_err(|error| odd(&error))?;
    let file = selection.folder(&ground)?.join(name);
    ground.store.put(&file, bytes.into()).await.map_err(|error| failed("write", &file, error))?;
    Ok(())
}

fn odd(error: &serde_json::Error) -> LakeError {
    LakeError::Inconsistent(format!("a note of an ingest that came to its end is odd: {error}"))
}

fn failed(step: &'static str, path: &Path, error: object_store::Error) -> LakeError {
    match s3_cause(&error) {
        Some(cause) => LakeError::s3(step)(cause.clone()),
        None => LakeError::Store { path: path.to_string(), source: error },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn selection(accounts: &[&str]) -> Selection {
        let accounts = accounts.iter().map(|account| (*account).to_owned()).collect();
        Selection::new(vec!["/logs".to_owned()], &Prune { accounts, ..Prune::default() })
    }

    #[tokio::test]
    async fn everything_was_seen_up_to_the_day_that_the_last_of_all_shards_tells() {
        let folder = tempfile::tempdir().unwrap();
        let site = Site::from(folder.path());
        Lake::create(site.clone()).await.unwrap();
        let ground = Ground::of(&site).unwrap();
        let all = selection(&[]);
        let shard = |text: &str| Some(text.parse::<Shard>().unwrap());
        let days = |days: &[(&str, &str)]| -> Days {
            days.iter().map(|(lane, newest)| ((*lane).to_owned(), day(newest))).collect()
        };
        let note = async |of, began: &str, seen: &[(&str, &str)]| {
            note_complete(&site, &all, of, day(began), days(seen)).await.unwrap();
        };
        let noted = async |shard| noted(&ground, &all, shard).await.unwrap();
        note(shard("1/2"), "2026-03-10", &[("a/", "2026-03-09"), ("b/", "2026-03-11")]).await;
        assert_eq!(noted(None).await, days(&[]));
        assert_eq!(noted(shard("2/2")).await, days(&[]));
        // What came while it listed may not be whole.
        assert_eq!(noted(shard("1/2")).await, days(&[("a/", "2026-03-09"), ("b/", "2026-03-10")]));
        note(shard("2/2"), "2026-03-08", &[("a/", "2026-03-07"), ("c/", "2026-03-02")]).await;
        // Nothing was in `b/` for the second when it looked, and in `c/` for the first.
        let both = [("a/", "2026-03-07"), ("b/", "2026-03-08"), ("c/", "2026-03-02")];
        for of in [None, shard("3/5")] {
            assert_eq!(noted(of).await, days(&both));
        }
        assert_eq!(noted(shard("2/2")).await, days(&both));
        note(None, "2026-03-12", &[("a/", "2026-03-08")]).await;
        assert_eq!(noted(shard("2/2")).await.get("a/"), Some(&day("2026-03-08")));
        assert_eq!(noted(shard("1/2")).await.get("a/"), Some(&day("2026-03-09")));
        // What was read of one account says nothing of others.
        let seen = days(&[("a/", "2026-03-20")]);
        note_complete(&site, &selection(&["111122223333"]), None, day("2026-03-20"), seen).await.unwrap();
        assert_eq!(noted(None).await.get("a/"), Some(&day("2026-03-08")));
        // None of it holds in a lake without objects: that was made anew.
        assert_eq!(read_up_to(&site, &all, None).await.unwrap(), days(&[]));
    }
}
