//! Where the members of a record go, found quickly: the names seen so far, each with the one that came behind it.

use std::sync::LazyLock;

use hashbrown::HashTable;

use super::intern::same;
use super::{Column, Source};
use crate::record::canonical::{bytes_hash, string_hash};

/// Where a member of an object goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Column(Column),
    /// An object whose members have columns.
    Container,
    /// `@timestamp`, which stands in where `eventTime` is missing.
    Timestamp,
    Unknown,
}

/// What is known of an object: its path, and the targets of its members.
struct Known {
    path: Vec<&'static str>,
    /// By name; a container with the place of what is known of it.
    members: Vec<(&'static str, Target, Option<Path>)>,
    /// The hashes of their names.
    hashes: Vec<u64>,
}

impl Known {
    fn new(path: Vec<&'static str>) -> Self {
        Self { path, members: Vec::new(), hashes: Vec::new() }
    }
}

/// An object that has columns somewhere in it, by its place in what is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Path(usize);

/// The record itself comes first, `userIdentity` second.
static KNOWN: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let mut record = Known::new(Vec::new());
    record.members.push(("@timestamp", Target::Timestamp, None));
    let mut known = vec![record, Known::new(vec!["userIdentity"])];
    for column in Column::ALL {
        let Source::Field(path) = column.source() else { continue };
        for (depth, name) in path.iter().copied().enumerate() {
            let (above, here) = (path.iter().take(depth), path.iter().take(depth + 1));
            let (above, here): (Vec<&str>, Vec<&str>) = (above.copied().collect(), here.copied().collect());
            let place_of = |known: &[Known], path: &[&str]| known.iter().position(|one| one.path == path);
            let member = if depth + 1 == path.len() {
                (name, Target::Column(*column), None)
            } else {
                let place = place_of(&known, &here).unwrap_or_else(|| {
                    known.push(Known::new(here));
                    known.len() - 1
                });
                (name, Target::Container, Some(Path(place)))
            };
            let Some(place) = place_of(&known, &above) else { continue };
            if let Some(above) = known.get_mut(place)
                && above.members.iter().all(|(other, ..)| *other != name)
            {
                above.members.push(member);
            }
        }
    }
    for known in &mut known {
        known.hashes = known.members.iter().map(|(name, ..)| string_hash(name.as_bytes())).collect();
    }
    known
});

impl Path {
    /// The record.
    pub(super) const RECORD: Self = Self(0);
    /// Its `userIdentity`.
    pub(super) const IDENTITY: Self = Self(1);

    /// Where a member of the object goes; for a container also which object that is.
    pub(super) fn target(self, key: &[u8]) -> (Target, Option<Path>) {
        let members = KNOWN.get(self.0).map(|known| known.members.as_slice()).unwrap_or_default();
        let found = members.iter().find(|(name, ..)| name.as_bytes() == key);
        found.map_or((Target::Unknown, None), |(_, target, path)| (*target, *path))
    }

    /// The place of a member among the known ones of the object, looked for from `from` on: they mostly come in one order.
    pub(super) fn place(self, key: &[u8], from: usize) -> Option<usize> {
        let members = KNOWN.get(self.0).map(|known| known.members.as_slice()).unwrap_or_default();
        let from = if from < members.len() { from } else { 0 };
        let (before, behind) = members.split_at(from);
        let is_it = |(name, ..): &(&str, Target, Option<Path>)| same(name.as_bytes(), key);
        let found = behind.iter().position(is_it).map(|place| place + from);
        found.or_else(|| before.iter().position(is_it))
    }

    /// Where the known member at a place goes, for a container also which object that is, and the hash of its name.
    pub(super) fn member(self, place: usize) -> Option<(Target, Option<Path>, u64)> {
        let known = KNOWN.get(self.0)?;
        let (_, target, path) = known.members.get(place)?;
        Some((*target, *path, *known.hashes.get(place)?))
    }

    /// The names that lead to the object.
    pub(super) fn name(self) -> String {
        KNOWN.get(self.0).map(|known| known.path.join("/")).unwrap_or_default()
    }
}

/// A member name that records were seen to have.
pub(super) struct Key {
    pub(super) name: Vec<u8>,
    pub(super) target: Target,
    pub(super) hash: u64,
    /// Whether it stands there with an escape.
    pub(super) escaped: bool,
    /// The last record that had it, as the decoder counts them.
    pub(super) turn: u64,
    /// Which key came behind it the last time: records of one service and operation have their members in one order.
    pub(super) next: usize,
}

/// So many names are remembered; a hostile log may have any number.
pub(super) const KEYS_MAX: usize = 512;

/// The member names seen so far. The first is the place before any name.
pub(super) struct Keys {
    pub(super) known: Vec<Key>,
    pub(super) table: HashTable<usize>,
    /// So often all names were forgotten.
    pub(super) forgotten: u64,
    /// The places of names that the scan gave a number; 0 is none.
    numbered: [usize; NUMBERS],
}

/// So many numbers of names there are.
const NUMBERS: usize = 256;

impl Default for Keys {
    fn default() -> Self {
        let start =
            Key { name: Vec::new(), target: Target::Unknown, hash: 0, escaped: false, turn: 0, next: 0 };
        Self { known: vec![start], table: HashTable::new(), forgotten: 0, numbered: [0; NUMBERS] }
    }
}

impl Keys {
    /// Forgets the numbers of names: they count within one object.
    pub(super) fn begin_object(&mut self) {
        self.numbered.fill(0);
    }

    /// The place of the name with this number, where it was noted.
    #[inline]
    pub(super) fn numbered(&self, number: u8) -> Option<usize> {
        self.numbered.get(usize::from(number)).copied().filter(|place| *place != 0)
    }

    /// Notes the place of the name with this number; 0 is the number of all that have none.
    pub(super) fn note_number(&mut self, number: u8, place: usize) {
        if number != 0
            && let Some(noted) = self.numbered.get_mut(usize::from(number))
        {
            *noted = place;
        }
    }

    /// The key with this name that stands behind the key `before`; None where it is not known.
    pub(super) fn find(&mut self, before: usize, name: &[u8]) -> Option<usize> {
        let guess = self.known.get(before).map_or(0, |key| key.next);
        if guess != 0 && self.known.get(guess).is_some_and(|key| same(&key.name, name)) {
            return Some(guess);
        }
        let named = |place: &usize| self.known.get(*place).is_some_and(|key| same(&key.name, name));
        let place = *self.table.find(bytes_hash(name), named)?;
        if let Some(before) = self.known.get_mut(before) {
            before.next = place;
        }
        Some(place)
    }

    pub(super) fn add(&mut self, name: &[u8], target: Target, hash: u64) -> usize {
        if self.known.len() >= KEYS_MAX {
            self.known.truncate(1);
            self.table.clear();
            self.numbered.fill(0);
            self.forgotten += 1;
        }
        let place = self.known.len();
        let escaped = name.contains(&b'\\');
        self.known.push(Key { name: name.to_vec(), target, hash, escaped, turn: 0, next: 0 });
        let known = &self.known;
        let rehash = |place: &usize| known.get(*place).map_or(0, |key| bytes_hash(&key.name));
        self.table.insert_unique(bytes_hash(name), place, rehash);
        place
    }
}
