//! What of a listing is to be read: told apart by the ledger, as the listing comes.

use std::collections::{BTreeMap, VecDeque};

use super::ledger::{Known, Ledger};
use crate::archive::{ListError, Listed, Listing, Object, Place, Unlisted};
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
    pub(super) unreadable: Vec<Refusal>,
    /// Why the listing ended early.
    pub(super) failed: Option<ListError>,
    ended: bool,
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
}

impl Intake {
    pub(super) fn new(listing: Listing, objects_max: Option<u64>) -> Self {
        Self {
            listing,
            room: objects_max.unwrap_or(u64::MAX),
            found: Found::default(),
            pending: VecDeque::new(),
            pending_bytes: 0,
            unreadable: Vec::new(),
            failed: None,
            ended: false,
        }
    }

    /// Whether the listing is at its end.
    pub(super) fn ended(&self) -> bool {
        self.ended
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
                Unlisted::Unreadable(why) => self.refuse(name, why),
            }
        }
        for object in part.objects {
            let known = ledger.known(&object);
            // What is known needs no look, wherever it is kept by now.
            let trouble = match &object.place {
                Place::S3(object) if known != Known::Read => object.trouble(),
                _ => None,
            };
            if let Some(trouble) = trouble {
                self.found.objects += 1;
                self.refuse(object.name, trouble.with_hint());
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

    fn refuse(&mut self, object: String, why: String) {
        self.unreadable.push(Refusal { object, record_index: None, reason: Reason::Source(why) });
    }
}
