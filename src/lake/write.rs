//! Rows to Parquet: each part becomes one row group for each day in it, in a file for that day.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::array::{
    ArrayRef, BooleanArray, DictionaryArray, Int64Array, RecordBatch, StringArray, TimestampMicrosecondArray,
    UInt32Array, new_null_array,
};
use arrow::buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef, UInt32Type};
use arrow::error::ArrowError;
use parquet::arrow::ArrowWriter;
use parquet::arrow::arrow_writer::ArrowWriterOptions;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties};
use parquet::schema::types::ColumnPath;

use super::intern::{Interner, NULL};
use super::rows::{Flag, Holder, Part, holder};
use super::schema::timestamp;
use super::{Column, Kind};

/// So many days have a file open in a worker; one more closes the smallest.
const OPEN_DAYS_MAX: usize = 64;

/// The columns with a Bloom filter: those that are looked up by one value.
pub(super) const BLOOM_COLUMNS: [Column; 5] = [
    Column::AccessKeyId,
    Column::PrincipalId,
    Column::EventId,
    Column::SourceIpAddress,
    Column::IssuedAccessKeyId,
];

/// A finished Parquet file of one day.
pub(super) struct DayFile {
    /// Days since 1970.
    pub(super) day: i32,
    pub(super) bytes: Vec<u8>,
    pub(super) rows: u64,
    pub(super) time_micros: (i64, i64),
    pub(super) accounts: Option<(String, String)>,
}

struct Open {
    writer: ArrowWriter<Vec<u8>>,
    rows: u64,
    time_micros: (i64, i64),
    accounts: Option<(String, String)>,
}

/// Writes parts into a file for each day.
#[derive(Default)]
pub(super) struct DayWriters {
    open: BTreeMap<i32, Open>,
    done: Vec<DayFile>,
}

impl DayWriters {
    /// Writes the kept rows of a part, sorted by day, account and time.
    pub(super) fn write(&mut self, part: &Part) -> Result<(), ParquetError> {
        let order = sorted_rows(part);
        let dictionaries = Dictionaries::default();
        for rows in order.chunk_by(|left, right| day_of(part, *left) == day_of(part, *right)) {
            let Some(first) = rows.first() else { continue };
            let day = day_of(part, *first);
            let batch = dictionaries.batch(part, rows).map_err(ParquetError::from)?;
            if !self.open.contains_key(&day) && self.open.len() >= OPEN_DAYS_MAX {
                self.close_smallest()?;
            }
            let open = match self.open.entry(day) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Open::new()?),
            };
            open.note(part, rows);
            open.writer.write(&batch)?;
            open.writer.flush()?;
        }
        Ok(())
    }

    fn close_smallest(&mut self) -> Result<(), ParquetError> {
        let smallest = self.open.iter().min_by_key(|(day, open)| (open.rows, **day)).map(|(day, _)| *day);
        if let Some((day, open)) = smallest.and_then(|day| self.open.remove_entry(&day)) {
            self.done.push(open.finish(day)?);
        }
        Ok(())
    }

    /// Ends all files.
    pub(super) fn finish(mut self) -> Result<Vec<DayFile>, ParquetError> {
        for (day, open) in std::mem::take(&mut self.open) {
            self.done.push(open.finish(day)?);
        }
        Ok(self.done)
    }
}

impl Open {
    fn new() -> Result<Self, ParquetError> {
        let options = ArrowWriterOptions::new()
            .with_properties(file_properties(super::rows::PART_ROWS_MAX))
            .with_skip_arrow_metadata(true);
        let writer = ArrowWriter::try_new_with_options(Vec::new(), Arc::clone(&WRITTEN), options)?;
        Ok(Self { writer, rows: 0, time_micros: (i64::MAX, i64::MIN), accounts: None })
    }

    fn note(&mut self, part: &Part, rows: &[u32]) {
        self.rows += rows.len() as u64;
        for row in rows {
            if let Some(fixed) = part.fixed.get(*row as usize) {
                self.time_micros.0 = self.time_micros.0.min(fixed.event_time_micros);
                self.time_micros.1 = self.time_micros.1.max(fixed.event_time_micros);
            }
        }
        // Rows are sorted by account, those without one first.
        for row in [rows.iter().find(|row| part.id(**row as usize, Column::Account) != NULL), rows.last()] {
            let id = row.map_or(NULL, |row| part.id(*row as usize, Column::Account));
            if id == NULL {
                continue;
            }
            let account = String::from_utf8_lossy(part.interner(Column::Account).get(id)).into_owned();
            self.accounts = Some(match self.accounts.take() {
                None => (account.clone(), account),
                Some((low, high)) => (low.min(account.clone()), high.max(account)),
            });
        }
    }

    fn finish(self, day: i32) -> Result<DayFile, ParquetError> {
        let bytes = self.writer.into_inner()?;
        Ok(DayFile { day, bytes, rows: self.rows, time_micros: self.time_micros, accounts: self.accounts })
    }
}

fn day_of(part: &Part, row: u32) -> i32 {
    part.fixed.get(row as usize).map_or(0, super::rows::Fixed::day)
}

/// The kept rows by day, account, time, object and place.
fn sorted_rows(part: &Part) -> Vec<u32> {
    let accounts = part.interner(Column::Account);
    let count = u32::try_from(accounts.len()).unwrap_or(u32::MAX);
    let mut by_text: Vec<u32> = (0..count).collect();
    by_text.sort_by(|left, right| accounts.get(*left).cmp(accounts.get(*right)));
    let mut rank = vec![0_u32; by_text.len()];
    for (place, id) in (1_u32..).zip(&by_text) {
        if let Some(rank) = rank.get_mut(*id as usize) {
            *rank = place;
        }
    }
    let account = part.ids_of(Column::Account);
    let rank_of = |row: usize| rank.get(account(row) as usize).copied().unwrap_or(0);
    let mut rows: Vec<(i32, u32, i64, u32, i64, u32)> = part
        .fixed
        .iter()
        .zip(0_u32..)
        .filter(|(_, row)| part.keep.get(*row as usize).copied().unwrap_or(true))
        .map(|(fixed, row)| {
            (
                fixed.day(),
                rank_of(row as usize),
                fixed.event_time_micros,
                fixed.object,
                fixed.record_index,
                row,
            )
        })
        .collect();
    rows.sort_unstable();
    rows.into_iter().map(|(.., row)| row).collect()
}

/// The values of each column of a part, made into arrays when first asked for.
#[derive(Default)]
struct Dictionaries {
    values: std::cell::RefCell<BTreeMap<Column, ArrayRef>>,
}

impl Dictionaries {
    fn values(&self, part: &Part, column: Column) -> Result<ArrayRef, ArrowError> {
        if let Some(values) = self.values.borrow().get(&column) {
            return Ok(Arc::clone(values));
        }
        let made: ArrayRef = Arc::new(strings(part.interner(column))?);
        self.values.borrow_mut().insert(column, Arc::clone(&made));
        Ok(made)
    }

    fn batch(&self, part: &Part, rows: &[u32]) -> Result<RecordBatch, ArrowError> {
        let fixed = || rows.iter().filter_map(|row| part.fixed.get(*row as usize));
        let flags = |get: &dyn Fn(&super::rows::Fixed) -> Flag| -> ArrayRef {
            Arc::new(fixed().map(|fixed| get(fixed).get()).collect::<BooleanArray>())
        };
        let identity = |fixed: &super::rows::Fixed| part.identities.get(fixed.identity as usize);
        let mut arrays: Vec<ArrayRef> = Vec::with_capacity(WRITTEN.fields().len());
        for column in written() {
            let array: ArrayRef = match column {
                Column::EventTime => Arc::new(
                    TimestampMicrosecondArray::from_iter_values(fixed().map(|fixed| fixed.event_time_micros))
                        .with_timezone("UTC"),
                ),
                Column::SessionCreated => Arc::new(
                    fixed()
                        .map(|fixed| identity(fixed).and_then(|identity| identity.session_created_micros))
                        .collect::<TimestampMicrosecondArray>()
                        .with_timezone("UTC"),
                ),
                Column::RecordIndex => {
                    Arc::new(Int64Array::from_iter_values(fixed().map(|fixed| fixed.record_index)))
                }
                Column::Fingerprint => Arc::new(Int64Array::from_iter_values(
                    fixed().map(|fixed| i64::from_le_bytes(fixed.fingerprint.to_le_bytes())),
                )),
                Column::ReadOnly => flags(&|fixed| fixed.read_only),
                Column::ManagementEvent => flags(&|fixed| fixed.management_event),
                Column::SessionCredentialFromConsole => flags(&|fixed| fixed.session_credential_from_console),
                Column::MfaAuthenticated => flags(&|fixed| {
                    identity(fixed).map_or(Flag::Absent, |identity| identity.mfa_authenticated)
                }),
                Column::AssumedRoot => {
                    flags(&|fixed| identity(fixed).map_or(Flag::Absent, |identity| identity.assumed_root))
                }
                Column::EventId => plain(rows.iter().map(|row| part.event_ids.get(*row as usize))),
                Column::RequestId => plain(rows.iter().map(|row| part.request_ids.get(*row as usize))),
                column if part.interner(column).len() == 0 => new_null_array(&text_type(), rows.len()),
                column => {
                    let id = part.ids_of(column);
                    let keys: UInt32Array =
                        rows.iter().map(|row| Some(id(*row as usize)).filter(|id| *id != NULL)).collect();
                    Arc::new(DictionaryArray::<UInt32Type>::try_new(keys, self.values(part, column)?)?)
                }
            };
            arrays.push(array);
        }
        RecordBatch::try_new(Arc::clone(&WRITTEN), arrays)
    }
}

fn plain<'a>(values: impl Iterator<Item = Option<&'a [u8]>>) -> ArrayRef {
    // The bytes are slices of a record that was checked to be UTF-8, cut at quotes.
    Arc::new(
        values.map(|value| value.and_then(|bytes| std::str::from_utf8(bytes).ok())).collect::<StringArray>(),
    )
}

fn strings(interner: &Interner) -> Result<StringArray, ArrowError> {
    let (ends, bytes) = interner.parts();
    let too_long = |_| ArrowError::ComputeError("a part's values exceed 2 GiB".to_owned());
    let mut offsets = Vec::with_capacity(ends.len() + 1);
    offsets.push(0_i32);
    for end in ends {
        offsets.push(i32::try_from(*end).map_err(too_long)?);
    }
    StringArray::try_new(OffsetBuffer::new(ScalarBuffer::from(offsets)), Buffer::from(bytes), None)
}

/// The columns in the files: all but the one they are partitioned by.
pub(super) fn written() -> impl Iterator<Item = Column> {
    Column::ALL.iter().copied().filter(|column| *column != Column::EventDate)
}

/// Text on its way to Parquet: distinct values, and a number for each row.
fn text_type() -> DataType {
    DataType::Dictionary(Box::new(DataType::UInt32), Box::new(DataType::Utf8))
}

static WRITTEN: LazyLock<SchemaRef> = LazyLock::new(|| {
    let fields: Vec<Field> = written()
        .map(|column| {
            let kind = match column.kind() {
                Kind::Timestamp => timestamp(),
                Kind::Bool => DataType::Boolean,
                Kind::Int => DataType::Int64,
                Kind::Date => DataType::Date32,
                Kind::Text | Kind::Json if holder(column) == Holder::Other => DataType::Utf8,
                Kind::Text | Kind::Json => text_type(),
            };
            Field::new(column.name(), kind, column.nullable())
        })
        .collect();
    Arc::new(Schema::new(fields))
});

/// How event files with row groups of so many rows are encoded: what repeats by dictionary, what does not as it is, times and counts as differences.
pub(super) fn file_properties(group_rows: usize) -> WriterProperties {
    let path = |column: Column| ColumnPath::from(column.name());
    let mut builder = WriterProperties::builder()
        .set_compression(Compression::ZSTD(ZstdLevel::default()))
        .set_created_by(concat!("backtrail ", env!("CARGO_PKG_VERSION")).to_owned())
        .set_dictionary_page_size_limit(8 * 1024 * 1024)
        .set_statistics_enabled(EnabledStatistics::Chunk)
        .set_max_row_group_row_count(Some(group_rows))
        .set_bloom_filter_enabled(false);
    for column in written() {
        if column.kind() == Kind::Json {
            builder = builder.set_column_statistics_enabled(path(column), EnabledStatistics::None);
        }
    }
    for column in
        [Column::EventId, Column::RequestId, Column::Fingerprint, Column::EventTime, Column::RecordIndex]
    {
        builder = builder.set_column_dictionary_enabled(path(column), false);
    }
    for column in [Column::EventTime, Column::RecordIndex] {
        builder = builder.set_column_encoding(path(column), Encoding::DELTA_BINARY_PACKED);
    }
    builder = builder.set_column_compression(path(Column::Fingerprint), Compression::UNCOMPRESSED);
    for column in BLOOM_COLUMNS {
        let distinct = if column == Column::EventId { group_rows as u64 } else { 2048 };
        builder = builder.set_column_bloom_filter_enabled(path(column), true);
        builder = builder.set_column_bloom_filter_max_ndv(path(column), distinct);
    }
    builder.build()
}
