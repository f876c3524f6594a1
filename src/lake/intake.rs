//! What of a listing is to be read: told apart by the ledger, as the listing comes.

use std::collections::{BTreeMap, VecDeque};

use chrono::NaiveDate;

use super::ledger::{Known, Ledger};
use crate::archive::{ListError, Listed, Listing, Object, Place, Unlisted, lane_and_day};
use crate::record::{Reason, Refusal};

/// The objects of a listing that are not in the lake as they are.
pub(super) struct Intake {
    listing: Listing,
    /// So many more objects may be taken.
    room: u64,
    pub(super) found: Found,
    /// In the order of the listing.
    pub(super) pending: VecDeque<Object>,
    pub(super) pending_bytes: u64,
    /// What can't be read, and was not refused yet.
    pub(super) unreadable: Unreadable,
    /// Why the listing ended early.
    pub(super) failed: Option<ListError>,
    ended: bool,
}

/// What of a listing can't be read.
#[derive(Default)]
pub(super) struct Unreadable {
    /// What can't even be listed.
    pub(super) unlisted: Vec<Refusal>,
    /// Objects that are archived and not restored, each without its ETag: once it is restored, the ledger takes it for one that
    /// was never tried. Why they are refused is only said of those at hand: it is longer than they are.
    pub(super) archived: VecDeque<Object>,
}

impl Unreadable {
    pub(super) fn len(&self) -> usize {
        self.unlisted.len() + self.archived.len()
    }

    /// Takes everything, and says why it can't be read.
    pub(super) fn refuse_all(&mut self) -> impl Iterator<Item = Refusal> {
        let archived = self.archived.drain(..).filter_map(|object| of_archived(&object));
        self.unlisted.drain(..).chain(archived)
    }
}

/// Why an object is refused that its listing tells to be archived; None for any other.
pub(super) fn of_archived(object: &Object) -> Option<Refusal> {
    let Place::S3(place) = &object.place else { return None };
    let reason = Reason::Source(place.trouble()?.with_hint());
    Some(Refusal { object: object.name.clone(), record_index: None, reason })
}

/// What a listing held.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) objects: u64,
    pub(super) known: u64,
    pub(super) changed: Vec<String>,
    pub(super) set_aside: BTreeMap<&'static str, u64>,
    /// Whether there was more than was to be read at once.
    pub(super) more: bool,
    /// By the folder of a region (see [`lane_and_day`]): the newest delivery day of an object.
    pub(super) newest: BTreeMap<String, NaiveDate>,
}

impl Found {
    /// Notes an object that is listed.
    fn lists(&mut self, object: &str) {
        let Some((lane, day)) = lane_and_day(object) else { return };
        match self.newest.get_mut(lane) {
            Some(known) => *known = day.max(*known),
            None => {
                self.newest.insert(lane.to_owned(), day);
            }
        }
    }
}

impl Intake {
    pub(super) fn new(listing: Listing, objects_max: Option<u64>) -> Self {
        Self {
            listing,
            room: objects_max.unwrap_or(u64::MAX),
            found: Found::default(),
            pending: VecDeque::new(),
            pending_bytes: 0,
            unreadable: Unreadable::default(),
            failed: None,
            ended: false,
        }
    }

    /// Whether the listing is at its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
    }

    /// Whether not all of the listing was looked at.
    pub(super) fn is_partial(&self) -> bool {
        self.found.more || self.listing.misses_some()
    }

    /// Takes the next part of the listing; gives how many objects of how many bytes are to be read of it. A listing that
    /// fails is at its end.
    pub(super) async fn more(&mut self, ledger: &Ledger) -> (u64, u64) {
        let before = (self.pending.len(), self.pending_bytes);
        match self.listing.next().await {
            Ok(Some(part)) => self.take(part, ledger),
            Ok(None) => self.ended = true,
            Err(error) => {
                self.failed = Some(error);
                self.ended = true;
            }
        }
        ((self.pending.len() - before.0) as u64, self.pending_bytes - before.1)
    }

    fn take(&mut self, part: Listed, ledger: &Ledger) {
        for (name, why) in part.unlisted {
            // A folder that was not looked into is no object.
            self.found.objects += u64::from(!(name.starts_with("s3://") && name.ends_with('/')));
            match why {
                Unlisted::SetAside(kind) => {
                    *self.found.set_aside.entry(kind.describe()).or_default() += 1;
                }
                Unlisted::Unreadable(why) => {
                    let reason = Reason::Source(why);
                    self.unreadable.unlisted.push(Refusal { object: name, record_index: None, reason });
                }
            }
        }
        for mut object in part.objects {
            self.found.lists(&object.name);
            let known = ledger.known(&object);
            // What is known needs no look, wherever it is kept by now.
            if known != Known::Read
                && let Place::S3(place) = &mut object.place
                && place.archived.is_some()
            {
                self.found.objects += 1;
                place.etag = None;
                self.unreadable.archived.push_back(object);
                continue;
            }
            // What failed before must not take the room of what was never tried.
            if known != Known::Read && !ledger.has_failed(&object) {
                if self.room == 0 {
                    self.found.more = true;
                    self.ended = true;
                    return;
                }
                self.room -= 1;
            }
            self.found.objects += 1;
            match known {
                Known::Read => self.found.known += 1,
                Known::New => self.wait(object),
                Known::Changed => {
                    self.found.changed.push(object.name.clone());
                    self.wait(object);
                }
            }
        }
    }

    fn wait(&mut self, object: Object) {
        self.pending_bytes += object.size;
        self.pending.push_back(object);
    }
}
