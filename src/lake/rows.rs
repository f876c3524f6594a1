//! Rows on their way from records to Parquet: every distinct value once, a row as numbers.

use std::sync::LazyLock;

use super::Column;
use super::intern::{Interner, NULL, Plain, same};

/// A part holds at most this many rows; one part becomes one row group for each day in it.
pub(super) const PART_ROWS_MAX: usize = 32 * 1024;

/// A part takes no more records once its values are this large.
pub(super) const PART_BYTES_MAX: usize = 12 * 1024 * 1024;

/// After so many records it is looked whether they are.
const MEASURED_EACH: usize = 4;

/// The columns whose values stand in the rows themselves, each by the id of its distinct value.
pub(super) static ROW_COLUMNS: LazyLock<Vec<Column>> =
    LazyLock::new(|| Column::ALL.iter().copied().filter(|column| holder(*column) == Holder::Row).collect());

/// The columns whose values stand in the caller's identity, which many rows share.
pub(super) static IDENTITY_COLUMNS: LazyLock<Vec<Column>> = LazyLock::new(|| {
    Column::ALL.iter().copied().filter(|column| holder(*column) == Holder::Identity).collect()
});

/// By column: what holds its values, and where in it.
static PLACES: LazyLock<Vec<(Holder, usize)>> = LazyLock::new(|| {
    let place = |list: &[Column], column| list.iter().position(|other| *other == column);
    Column::ALL
        .iter()
        .map(|column| match holder(*column) {
            Holder::Row => (Holder::Row, place(&ROW_COLUMNS, *column).unwrap_or(usize::MAX)),
            Holder::Identity => (Holder::Identity, place(&IDENTITY_COLUMNS, *column).unwrap_or(usize::MAX)),
            Holder::Other => (Holder::Other, usize::MAX),
        })
        .collect()
});

/// What holds a column's values before they are encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holder {
    /// An id in the row.
    Row,
    /// An id in the identity.
    Identity,
    /// A field of [`Fixed`] or [`Identity`], or a [`Plain`] column.
    Other,
}

/// Which holder a column has.
pub(super) fn holder(column: Column) -> Holder {
    use super::{Kind, Source};
    match (column, column.kind(), column.source()) {
        (Column::EventId | Column::RequestId, ..) => Holder::Other,
        (
            _,
            Kind::Text | Kind::Json,
            Source::Field(["userIdentity", ..]) | Source::Rest(["userIdentity"]),
        ) => Holder::Identity,
        (_, Kind::Text | Kind::Json, _) => Holder::Row,
        _ => Holder::Other,
    }
}

/// The place of a column's id in its row or identity.
#[inline]
pub(super) fn slot(column: Column) -> usize {
    PLACES.get(column.index()).map_or(usize::MAX, |(_, slot)| *slot)
}

/// A boolean that may be absent, in a byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Flag {
    /// No value.
    #[default]
    Absent,
    /// `false`.
    No,
    /// `true`.
    Yes,
}

impl Flag {
    /// The value.
    pub(super) fn get(self) -> Option<bool> {
        match self {
            Flag::Absent => None,
            Flag::No => Some(false),
            Flag::Yes => Some(true),
        }
    }
}

impl From<bool> for Flag {
    fn from(value: bool) -> Self {
        if value { Flag::Yes } else { Flag::No }
    }
}

/// A caller's identity: the columns of `userIdentity`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Identity {
    pub(super) session_created_micros: Option<i64>,
    pub(super) mfa_authenticated: Flag,
    pub(super) assumed_root: Flag,
    pub(super) hash: u64,
}

const DAY_MICROS: i64 = 86_400_000_000;

/// Tells duplicates on one day: equal for the same record, delivered again.
///
/// 80 bits: the record's fingerprint, which covers its event id, and 16 of the hash of that id. Different records with one event
/// id (both halves of a request across accounts, addenda, logs whose ids somebody blotted out) are told by the 64 bits of the
/// fingerprint: among a million of them on one day, one is taken for a second delivery with a chance of 1 in 37 million. Others are
/// told by all bits: among a billion records of one day, with a chance of 1 in 2 million.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key(u64, u16);

impl Key {
    /// The key of a record by the hash of its event id (0 where it has none) and its fingerprint.
    pub(super) fn new(event_id_hash: u64, fingerprint: u64) -> Self {
        let [a, b, ..] = event_id_hash.to_le_bytes();
        Self(fingerprint, u16::from_le_bytes([a, b]))
    }

    /// All of its bits.
    pub(super) fn parts(self) -> (u64, u16) {
        (self.0, self.1)
    }
}

/// What a row has beside ids.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fixed {
    pub(super) event_time_micros: i64,
    pub(super) fingerprint: u64,
    pub(super) event_id_hash: u64,
    pub(super) record_index: i64,
    pub(super) object: u32,
    pub(super) identity: u32,
    pub(super) read_only: Flag,
    pub(super) management_event: Flag,
    pub(super) session_credential_from_console: Flag,
}

impl Fixed {
    /// Tells duplicates.
    pub(super) fn key(&self) -> Key {
        Key::new(self.event_id_hash, self.fingerprint)
    }

    /// Days since 1970 of the event's time.
    pub(super) fn day(&self) -> i32 {
        i32::try_from(self.event_time_micros.div_euclid(DAY_MICROS)).unwrap_or(i32::MAX)
    }

    /// Microseconds of that day before the event's time; 37 bits.
    pub(super) fn micros_of_day(&self) -> u64 {
        self.event_time_micros.rem_euclid(DAY_MICROS).unsigned_abs()
    }
}

/// So many numbered values are remembered at a time; about as many as the scan knows again.
const RECALLED_MAX: usize = 4096;

/// What a numbered value was the last time.
#[derive(Debug, Clone, Copy)]
struct Recalled {
    /// 0 is none.
    number: u32,
    column: Option<Column>,
    id: u32,
}

impl Recalled {
    const NONE: Self = Self { number: 0, column: None, id: NULL };
}

/// So many short values are remembered at a time; a power of two.
const SHORT_MAX: usize = 1 << SHORT_BITS;
const SHORT_BITS: u32 = 11;

/// No longer than this with its quotes is a short value.
const SHORT_BYTES_MAX: usize = 48;

/// A short value as records write it, and what its column made of it. It lies in one line of the processor's cache.
#[derive(Debug, Clone, Copy)]
#[repr(align(64))]
struct Short {
    text: [u8; SHORT_BYTES_MAX],
    /// 0 is none.
    len: u8,
    column: u8,
    id: u32,
    hash: u64,
}

const _: () = assert!(size_of::<Short>() == 64);

impl Short {
    const NONE: Self = Self { text: [0; SHORT_BYTES_MAX], len: 0, column: 0, id: NULL, hash: 0 };

    /// Where a value of a column would be remembered; None where it is too short or too long for that.
    #[inline]
    fn place(column: Column, value: &[u8]) -> Option<usize> {
        if value.len() > SHORT_BYTES_MAX {
            return None;
        }
        let (first, last) =
            (u64::from_le_bytes(*value.first_chunk()?), u64::from_le_bytes(*value.last_chunk()?));
        let mixed =
            first ^ last.rotate_left(29) ^ ((column.index() as u64) << 56) ^ ((value.len() as u64) << 48);
        usize::try_from(mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> (u64::BITS - SHORT_BITS)).ok()
    }
}

/// A bounded number of rows with their distinct values.
pub(super) struct Part {
    pub(super) interners: Vec<Interner>,
    pub(super) ids: Vec<u32>,
    pub(super) fixed: Vec<Fixed>,
    pub(super) identities: Vec<Identity>,
    /// The ids of the identities' values, as many for each as there are [`IDENTITY_COLUMNS`].
    pub(super) identity_ids: Vec<u32>,
    pub(super) identity_memo: Interner,
    pub(super) event_ids: Plain,
    pub(super) request_ids: Plain,
    /// By id of `response_elements`: the ids of issued key, session ARN and session id.
    pub(super) issued: Vec<[u32; 3]>,
    /// By id of `recipient_account_id`: the id of the account.
    pub(super) accounts: Vec<u32>,
    /// Values of the object at hand that the scan gave a number, by the last bits of that number.
    recalled: Vec<Recalled>,
    recalled_object: u32,
    short: Vec<Short>,
    /// Which rows are kept; empty until duplicates are known.
    pub(super) keep: Vec<bool>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            interners: Column::ALL.iter().map(|_| Interner::default()).collect(),
            ids: Vec::new(),
            fixed: Vec::new(),
            identities: Vec::new(),
            identity_ids: Vec::new(),
            identity_memo: Interner::default(),
            event_ids: Plain::default(),
            request_ids: Plain::default(),
            issued: Vec::new(),
            accounts: Vec::new(),
            recalled: vec![Recalled::NONE; RECALLED_MAX],
            recalled_object: NULL,
            short: vec![Short::NONE; SHORT_MAX],
            keep: Vec::new(),
        }
    }
}

impl Part {
    /// Forgets everything and keeps the memory, for the next rows: an allocator that gets such large pieces back and
    /// hands them out again all the time ends up holding several times what is in use.
    pub(super) fn clear(&mut self) {
        self.interners.iter_mut().for_each(Interner::clear);
        self.ids.clear();
        self.fixed.clear();
        self.identities.clear();
        self.identity_ids.clear();
        self.identity_memo.clear();
        self.event_ids.clear();
        self.request_ids.clear();
        self.issued.clear();
        self.accounts.clear();
        self.recalled.fill(Recalled::NONE);
        self.recalled_object = NULL;
        self.short.fill(Short::NONE);
        self.keep.clear();
    }

    /// Appends a row of another part. None where this one can't take it, or the other has no such row.
    pub(super) fn append(&mut self, from: &Part, row: usize) -> Option<()> {
        let mut fixed = *from.fixed.get(row)?;
        if fixed.identity != NULL {
            fixed.identity = self.append_identity(from, fixed.identity)?;
        }
        let width = ROW_COLUMNS.len();
        for (column, id) in ROW_COLUMNS.iter().zip(from.ids.get(row * width..(row + 1) * width)?) {
            let id = self.append_value(from, *column, *id)?;
            self.ids.push(id);
        }
        let has_room =
            self.event_ids.push(from.event_ids.get(row)) && self.request_ids.push(from.request_ids.get(row));
        self.fixed.push(fixed);
        has_room.then_some(())
    }

    fn append_identity(&mut self, from: &Part, identity: u32) -> Option<u32> {
        let text = from.identity_memo.get(identity);
        let unseen = match self.identity_memo.find(text) {
            Ok(known) => return Some(known),
            Err(unseen) => unseen,
        };
        for (slot, column) in IDENTITY_COLUMNS.iter().enumerate() {
            let id = self.append_value(from, *column, from.identity_id(identity, slot))?;
            self.identity_ids.push(id);
        }
        self.identities.push(*from.identities.get(identity as usize)?);
        self.identity_memo.add(unseen, text, from.identity_memo.hash(identity))
    }

    fn append_value(&mut self, from: &Part, column: Column, id: u32) -> Option<u32> {
        if id == NULL {
            return Some(NULL);
        }
        let (value, hash) = (from.interner(column).get(id), from.interner(column).hash(id));
        match self.interner_mut(column).find(value) {
            Ok(known) => Some(known),
            Err(unseen) => self.interner_mut(column).add(unseen, value, hash),
        }
    }

    /// Begins a record of an object; numbers of values count within one object.
    pub(super) fn begin(&mut self, object: u32) {
        if self.recalled_object != object {
            self.recalled_object = object;
            self.recalled.fill(Recalled::NONE);
        }
    }

    /// The id that a value with this number got before in the same column; None stands for the identities.
    pub(super) fn recall(&self, number: u32, column: Option<Column>) -> Option<u32> {
        let known = self.recalled.get(number as usize % RECALLED_MAX)?;
        (number != 0 && known.number == number && known.column == column && known.id != NULL)
            .then_some(known.id)
    }

    /// Notes the id of a value with a number.
    pub(super) fn remember(&mut self, number: u32, column: Option<Column>, id: u32) {
        if let Some(known) = self.recalled.get_mut(number as usize % RECALLED_MAX) {
            *known = Recalled { number, column, id };
        }
    }

    /// The id and the hash of a column's short value that was met before, as records write it.
    #[inline]
    pub(super) fn recall_short(&self, column: Column, value: &[u8]) -> Option<(u32, u64)> {
        let known = self.short.get(Short::place(column, value)?)?;
        let text = known.text.get(..usize::from(known.len))?;
        (usize::from(known.column) == column.index() && same(text, value)).then_some((known.id, known.hash))
    }

    /// Notes the id and the hash of a value, if it is short.
    pub(super) fn remember_short(&mut self, column: Column, value: &[u8], id: u32, hash: u64) {
        let Some(place) = Short::place(column, value) else { return };
        let (Ok(len), Ok(column)) = (u8::try_from(value.len()), u8::try_from(column.index())) else { return };
        let mut text = [0; SHORT_BYTES_MAX];
        if let (Some(into), Some(known)) = (text.get_mut(..value.len()), self.short.get_mut(place)) {
            into.copy_from_slice(value);
            *known = Short { text, len, column, id, hash };
        }
    }

    /// How many rows it has.
    pub(super) fn len(&self) -> usize {
        self.fixed.len()
    }

    /// The id of an object's name.
    pub(super) fn object_id(&mut self, name: &str) -> u32 {
        let interner = self.interner_mut(Column::Object);
        match interner.find(name.as_bytes()) {
            Ok(id) => id,
            Err(key) => interner.add(key, name.as_bytes(), 0).unwrap_or(NULL),
        }
    }

    /// Whether it should take no more records.
    pub(super) fn is_full(&self) -> bool {
        self.len() >= PART_ROWS_MAX
            // The sum over all columns is not made for each record.
            || (self.len().is_multiple_of(MEASURED_EACH) && self.byte_len() >= PART_BYTES_MAX)
    }

    /// How large its values are.
    pub(super) fn byte_len(&self) -> usize {
        self.interners.iter().map(Interner::byte_len).sum::<usize>()
            + self.identity_memo.byte_len()
            + self.event_ids.byte_len()
            + self.request_ids.byte_len()
    }

    /// The distinct values of a column.
    #[expect(clippy::indexing_slicing, reason = "one interner was made for each column")]
    pub(super) fn interner(&self, column: Column) -> &Interner {
        &self.interners[column.index()]
    }

    /// The distinct values of a column, to add to.
    #[expect(clippy::indexing_slicing, reason = "one interner was made for each column")]
    pub(super) fn interner_mut(&mut self, column: Column) -> &mut Interner {
        &mut self.interners[column.index()]
    }

    /// The id of a row's value in a column that rows or identities hold.
    pub(super) fn id(&self, row: usize, column: Column) -> u32 {
        self.ids_of(column)(row)
    }

    /// The id of an identity's value, by the column's place in [`IDENTITY_COLUMNS`].
    pub(super) fn identity_id(&self, identity: u32, slot: usize) -> u32 {
        let width = IDENTITY_COLUMNS.len();
        (identity as usize)
            .checked_mul(width)
            .and_then(|start| self.identity_ids.get(start..)?.get(..width)?.get(slot))
            .copied()
            .unwrap_or(NULL)
    }

    /// Gives the id of any row's value in one column.
    pub(super) fn ids_of(&self, column: Column) -> impl Fn(usize) -> u32 + '_ {
        let (holder, slot) = PLACES.get(column.index()).copied().unwrap_or((Holder::Other, usize::MAX));
        let width = ROW_COLUMNS.len();
        move |row| match holder {
            Holder::Row => self.ids.get(row * width + slot).copied().unwrap_or(NULL),
            Holder::Identity => {
                self.fixed.get(row).map_or(NULL, |fixed| self.identity_id(fixed.identity, slot))
            }
            Holder::Other => NULL,
        }
    }
}
