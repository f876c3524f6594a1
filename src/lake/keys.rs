//! Where the members of a record go, found quickly: the names seen so far, each with the one that came behind it.

use std::collections::HashMap;
use std::sync::LazyLock;

use hashbrown::HashTable;

use super::{Column, Source};
use crate::record::canonical::bytes_hash;

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

/// The target of every known path, by the path's names joined with `/`.
pub(super) static TARGETS: LazyLock<HashMap<String, Target>> = LazyLock::new(|| {
    let mut targets = HashMap::new();
    for column in Column::ALL {
        if let Source::Field(path) = column.source() {
            targets.insert(path.join("/"), Target::Column(*column));
            for (depth, _) in path.iter().enumerate().skip(1) {
                let above: Vec<&str> = path.iter().take(depth).copied().collect();
                targets.insert(above.join("/"), Target::Container);
            }
        }
    }
    targets.insert("@timestamp".to_owned(), Target::Timestamp);
    targets
});

pub(super) fn target(path: &str, key: &[u8]) -> Target {
    let Ok(key) = std::str::from_utf8(key) else { return Target::Unknown };
    if path.is_empty() {
        TARGETS.get(key).copied().unwrap_or(Target::Unknown)
    } else {
        TARGETS.get(&format!("{path}/{key}")).copied().unwrap_or(Target::Unknown)
    }
}

/// A member name that records were seen to have.
pub(super) struct Key {
    pub(super) name: Vec<u8>,
    pub(super) target: Target,
    pub(super) hash: u64,
    /// Which key came behind it the last time: records of one service and operation have their members in one order.
    pub(super) next: usize,
}

/// So many names are remembered; a hostile log may have any number.
pub(super) const KEYS_MAX: usize = 512;

/// The member names seen so far. The first is the place before any name.
pub(super) struct Keys {
    pub(super) known: Vec<Key>,
    pub(super) table: HashTable<usize>,
}

impl Default for Keys {
    fn default() -> Self {
        let start = Key { name: Vec::new(), target: Target::Unknown, hash: 0, next: 0 };
        Self { known: vec![start], table: HashTable::new() }
    }
}

impl Keys {
    /// The key with this name that stands behind the key `before`; None where it is not known.
    pub(super) fn find(&mut self, before: usize, name: &[u8]) -> Option<usize> {
        let guess = self.known.get(before).map_or(0, |key| key.next);
        if guess != 0 && self.known.get(guess).is_some_and(|key| key.name == name) {
            return Some(guess);
        }
        let named = |place: &usize| self.known.get(*place).is_some_and(|key| key.name == name);
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
        }
        let place = self.known.len();
        self.known.push(Key { name: name.to_vec(), target, hash, next: 0 });
        let known = &self.known;
        let rehash = |place: &usize| known.get(*place).map_or(0, |key| bytes_hash(&key.name));
        self.table.insert_unique(bytes_hash(name), place, rehash);
        place
    }
}
