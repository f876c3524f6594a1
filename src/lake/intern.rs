//! Distinct values of a column, each stored once.

use hashbrown::HashTable;
use xxhash_rust::xxh3::xxh3_64;

/// The id of "no value".
pub(super) const NULL: u32 = u32::MAX;

/// Numbers the distinct byte strings given to it from 0, and keeps for each the hash of its meaning.
#[derive(Default)]
pub(super) struct Interner {
    /// A part of the key, and the id.
    table: HashTable<(u32, u32)>,
    /// The keys by id.
    keys: Vec<u64>,
    /// Where each value ends in `bytes`.
    ends: Vec<u32>,
    bytes: Vec<u8>,
    /// The meaning's hash by id; see [`crate::record::canonical`].
    hashes: Vec<u64>,
    /// The value that was found last: in many columns it comes again and again.
    last: u32,
}

impl Interner {
    /// The id of `value`, where it is known; else the key to add it with.
    pub(super) fn find(&mut self, value: &[u8]) -> Result<u32, u64> {
        if same(self.get(self.last), value) && !value.is_empty() {
            return Ok(self.last);
        }
        let key = xxh3_64(value);
        match self.table.find(key, |&(other, id)| other == low(key) && same(self.get(id), value)) {
            Some(&(_, id)) => {
                self.last = id;
                Ok(id)
            }
            None => Err(key),
        }
    }

    /// Adds a value that [`Interner::find`] did not know under this key. None where the part is full.
    pub(super) fn add(&mut self, key: u64, value: &[u8], hash: u64) -> Option<u32> {
        let id = u32::try_from(self.ends.len()).ok()?;
        self.bytes.extend_from_slice(value);
        self.ends.push(u32::try_from(self.bytes.len()).ok()?);
        self.hashes.push(hash);
        self.keys.push(key);
        let keys = &self.keys;
        let rehash = |&(_, id): &(u32, u32)| keys.get(id as usize).copied().unwrap_or(0);
        self.table.insert_unique(key, (low(key), id), rehash);
        self.last = id;
        Some(id)
    }

    /// The value of an id; nothing for [`NULL`].
    pub(super) fn get(&self, id: u32) -> &[u8] {
        let index = id as usize;
        let start = match index.checked_sub(1) {
            Some(before) => self.ends.get(before).copied().unwrap_or(0),
            None => 0,
        };
        let end = self.ends.get(index).copied().unwrap_or(start);
        self.bytes.get(start as usize..end as usize).unwrap_or_default()
    }

    /// The hash of the meaning of an id's value.
    pub(super) fn hash(&self, id: u32) -> u64 {
        self.hashes.get(id as usize).copied().unwrap_or(0)
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.table.clear();
        self.keys.clear();
        self.ends.clear();
        self.bytes.clear();
        self.hashes.clear();
        self.last = 0;
    }

    /// How many values there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// How many bytes the values take.
    pub(super) fn byte_len(&self) -> usize {
        self.bytes.len()
    }
}

/// The bits of a key that stand beside an id; the table itself goes by others.
fn low(key: u64) -> u32 {
    let [_, _, a, b, c, d, _, _] = key.to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// Whether two texts are equal. Short ones are compared here: calling out for them takes longer than comparing. What they
/// begin and what they end with may overlap, so that few branches depend on how long they are.
#[inline]
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    let len = left.len();
    if len != right.len() || len > 64 {
        return len == right.len() && left == right;
    }
    if len > 32 {
        ends::<32>(left) == ends::<32>(right)
    } else if len > 16 {
        ends::<16>(left) == ends::<16>(right)
    } else if len >= 8 {
        ends::<8>(left) == ends::<8>(right)
    } else if len >= 4 {
        ends::<4>(left) == ends::<4>(right)
    } else {
        left.iter().zip(right).all(|(left, right)| left == right)
    }
}

/// The first and the last bytes of a text.
#[inline]
fn ends<const N: usize>(text: &[u8]) -> (Option<&[u8; N]>, Option<&[u8; N]>) {
    (text.first_chunk(), text.last_chunk())
}

/// The values of a column in which hardly any repeats.
#[derive(Default)]
pub(super) struct Plain {
    /// Where each row's value ends in `bytes`, with a mark for rows without one.
    rows: Vec<(u32, bool)>,
    bytes: Vec<u8>,
}

impl Plain {
    /// Appends a row. False where the part is full.
    pub(super) fn push(&mut self, value: Option<&[u8]>) -> bool {
        self.bytes.extend_from_slice(value.unwrap_or_default());
        let Ok(end) = u32::try_from(self.bytes.len()) else { return false };
        self.rows.push((end, value.is_some()));
        true
    }

    /// Forgets everything and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.rows.clear();
        self.bytes.clear();
    }

    /// The value of a row.
    pub(super) fn get(&self, row: usize) -> Option<&[u8]> {
        let start = row.checked_sub(1).and_then(|before| self.rows.get(before)).map_or(0, |(end, _)| *end);
        let (end, some) = *self.rows.get(row)?;
        if some { self.bytes.get(start as usize..end as usize) } else { None }
    }

    /// How many bytes the values take.
    pub(super) fn byte_len(&self) -> usize {
        self.bytes.len()
    }
}
