//! A set of record keys that takes little more memory than they do: 12 to 18 bytes for one.
//!
//! It consists of many small tables, and when one of them is full it grows by half. So there is never much room that is unused,
//! nor a time when all keys are in memory twice.

use super::rows::Key;

/// So many tables; a power of two.
const TABLES: usize = 1 << TABLES_BITS;
const TABLES_BITS: u32 = 6;

/// How many keys a table has room for at first.
const ROOM_MIN: usize = 16;

/// Keys that were met.
#[derive(Debug, Default)]
pub(super) struct KeySet {
    tables: Vec<Open>,
    len: usize,
    /// Whether the key without any bit is one of them; in the tables it stands for an empty place.
    has_zero: bool,
}

/// A table with linear probing.
#[derive(Debug, Default)]
struct Open {
    high: Vec<u64>,
    low: Vec<u16>,
    used: usize,
}

impl KeySet {
    /// Whether a key is new; it is known from now on.
    pub(super) fn insert(&mut self, key: Key) -> bool {
        let (high, low) = key.parts();
        let is_new = if (high, low) == (0, 0) {
            !std::mem::replace(&mut self.has_zero, true)
        } else {
            if self.tables.is_empty() {
                self.tables.resize_with(TABLES, Open::default);
            }
            let spread = high.wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let table = usize::try_from(spread >> (u64::BITS - TABLES_BITS)).unwrap_or(0);
            self.tables.get_mut(table).is_some_and(|table| table.insert(high, low, spread << TABLES_BITS))
        };
        self.len += usize::from(is_new);
        is_new
    }

    /// How many keys there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }
}

impl Open {
    fn insert(&mut self, high: u64, low: u16, spread: u64) -> bool {
        // No more than five of six places are taken.
        if self.used * 6 >= self.high.len() * 5 {
            self.grow();
        }
        let is_new = self.put(high, low, spread);
        self.used += usize::from(is_new);
        is_new
    }

    /// Puts a key in the first free place from its own on; false where it stands there already.
    fn put(&mut self, high: u64, low: u16, spread: u64) -> bool {
        let room = self.high.len();
        let own = usize::try_from((u128::from(spread) * room as u128) >> u64::BITS).unwrap_or(0);
        for place in (own..room).chain(0..own) {
            let (Some(other_high), Some(other_low)) = (self.high.get_mut(place), self.low.get_mut(place))
            else {
                break;
            };
            if (*other_high, *other_low) == (high, low) {
                return false;
            }
            if (*other_high, *other_low) == (0, 0) {
                (*other_high, *other_low) = (high, low);
                return true;
            }
        }
        false
    }

    fn grow(&mut self) {
        let room = (self.high.len() + self.high.len() / 2).max(ROOM_MIN);
        let high = std::mem::replace(&mut self.high, vec![0; room]);
        let low = std::mem::replace(&mut self.low, vec![0; room]);
        for (high, low) in high.into_iter().zip(low).filter(|key| *key != (0, 0)) {
            self.put(high, low, high.wrapping_mul(0x9E37_79B9_7F4A_7C15) << TABLES_BITS);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_key_is_new_once(
            few in prop::collection::vec((0..4_u64, 0..70_u64), 0..400),
            many in prop::collection::vec((any::<u64>(), any::<u64>()), 0..4000),
        ) {
            let (mut set, mut expected) = (KeySet::default(), HashSet::new());
            for (event_id_hash, fingerprint) in few.iter().chain(&many).chain(&many).chain(&few) {
                let key = Key::new(*event_id_hash, *fingerprint);
                prop_assert_eq!(set.insert(key), expected.insert(key));
                prop_assert_eq!(set.len(), expected.len());
            }
            let room: usize = set.tables.iter().map(|table| table.high.len()).sum();
            prop_assert!(room <= set.len() * 9 / 5 + TABLES * ROOM_MIN);
        }
    }
}
