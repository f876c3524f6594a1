//! Rows to Parquet: each part becomes one row group for each day in it, in a file for that day. Days of which a part has only a
//! few rows, as of late deliveries, wait for those of other parts.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

use arrow::datatypes::{DataType, Field, Schema};
use parquet::arrow::ArrowSchemaConverter;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::errors::ParquetError;
use parquet::file::properties::{EnabledStatistics, WriterProperties, WriterPropertiesPtr};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::{ColumnDescPtr, ColumnPath, SchemaDescriptor};

use super::chunk::{Chunk, Encoder, Ids, Numbers, Style};
use super::intern::NULL;
use super::rows::{Fixed, Flag, Holder, Part, ROW_COLUMNS, holder, slot};
use super::schema::timestamp;
use super::{Column, Kind};

/// So many days have a file open in a worker; one more closes the smallest.
const OPEN_DAYS_MAX: usize = 64;

/// Fewer rows than these of a day wait for more: each row group has a page and metadata of every column.
const GROUP_ROWS_MIN: usize = 1024;

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
    writer: SerializedFileWriter<Vec<u8>>,
    rows: u64,
    time_micros: (i64, i64),
    accounts: Option<(String, String)>,
}

/// Writes parts into a file for each day.
pub(super) struct DayWriters {
    open: BTreeMap<i32, Open>,
    done: Vec<DayFile>,
    encoder: Encoder,
    gathered: Gathered,
    /// Rows that wait.
    waiting: Part,
}

impl DayWriters {
    /// Without any file yet.
    pub(super) fn new() -> Result<Self, ParquetError> {
        Ok(Self {
            open: BTreeMap::new(),
            done: Vec::new(),
            encoder: Encoder::new()?,
            gathered: Gathered::default(),
            waiting: Part::default(),
        })
    }

    /// Writes the kept rows of a part, sorted by day, account, caller and time.
    pub(super) fn write(&mut self, part: &Part) -> Result<(), ParquetError> {
        self.write_days(part, GROUP_ROWS_MIN)
    }

    /// Writes the days of which a part has so many rows; the others wait.
    fn write_days(&mut self, part: &Part, rows_min: usize) -> Result<(), ParquetError> {
        let order = sorted_rows(part);
        for rows in order.chunk_by(|left, right| day_of(part, *left) == day_of(part, *right)) {
            let Some(first) = rows.first() else { continue };
            if rows.len() < rows_min {
                self.put_off(part, rows)?;
                continue;
            }
            let day = day_of(part, *first);
            if !self.open.contains_key(&day) && self.open.len() >= OPEN_DAYS_MAX {
                self.close_smallest()?;
            }
            let open = match self.open.entry(day) {
                std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
                std::collections::btree_map::Entry::Vacant(entry) => entry.insert(Open::new()?),
            };
            open.note(part, rows);
            self.gathered.fill(part, rows);
            let mut group = open.writer.next_row_group()?;
            for (column, described) in written().zip(WRITTEN.columns()) {
                let chunk = self.gathered.chunk(part, rows, column, described, &mut self.encoder)?;
                group.append_column(&chunk.bytes, chunk.close)?;
            }
            group.close()?;
        }
        Ok(())
    }

    /// Lets rows wait; writes those that wait before them when there is no room for more.
    fn put_off(&mut self, part: &Part, rows: &[u32]) -> Result<(), ParquetError> {
        for row in rows {
            if self.waiting.is_full() {
                self.write_waiting()?;
            }
            let appended = self.waiting.append(part, *row as usize);
            appended.ok_or_else(|| ParquetError::General("no room for a row that waits".to_owned()))?;
        }
        Ok(())
    }

    fn write_waiting(&mut self) -> Result<(), ParquetError> {
        let mut waiting = std::mem::take(&mut self.waiting);
        self.write_days(&waiting, 0)?;
        waiting.clear();
        self.waiting = waiting;
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
        self.write_waiting()?;
        for (day, open) in std::mem::take(&mut self.open) {
            self.done.push(open.finish(day)?);
        }
        Ok(self.done)
    }
}

impl Open {
    fn new() -> Result<Self, ParquetError> {
        let writer =
            SerializedFileWriter::new(Vec::new(), WRITTEN.root_schema_ptr(), Arc::clone(&PROPERTIES))?;
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

/// The kept rows by day, account, caller, time, object and place.
///
/// A row group is one page a column, so where in it a row stands costs no reader anything. Rows of one caller beside each
/// other make each of the columns that say who it was, and from where, a few runs.
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
    let callers = caller_ranks(part);
    // Rows stand in the part by object and place, so their numbers say the rest of the order.
    let mut rows: Vec<(u128, u32)> = part
        .fixed
        .iter()
        .zip(0_u32..)
        .filter(|(_, row)| part.keep.get(*row as usize).copied().unwrap_or(true))
        .map(|(fixed, row)| {
            let day = u128::from(u32::from_le_bytes(fixed.day().to_le_bytes()) ^ (1 << 31)) << 96;
            let account = u128::from(rank_of(row as usize)) << 67;
            let caller = u128::from(callers.get(fixed.identity as usize).copied().unwrap_or(0)) << 37;
            (day | account | caller | u128::from(fixed.micros_of_day()), row)
        })
        .collect();
    rows.sort_unstable();
    rows.into_iter().map(|(_, row)| row).collect()
}

/// By identity: its rank among all, so that those of one role, session and key have neighbouring ones; from 1.
fn caller_ranks(part: &Part) -> Vec<u32> {
    let slots = [Column::SessionIssuerPrincipalId, Column::PrincipalId, Column::AccessKeyId].map(slot);
    let count = u32::try_from(part.identities.len()).unwrap_or(u32::MAX);
    let mut callers: Vec<([u32; 3], u32)> =
        (0..count).map(|identity| (slots.map(|slot| part.identity_id(identity, slot)), identity)).collect();
    callers.sort_unstable();
    let mut ranks = vec![0; callers.len()];
    for (place, (_, identity)) in (1_u32..).zip(&callers) {
        if let Some(rank) = ranks.get_mut(*identity as usize) {
            *rank = place;
        }
    }
    ranks
}

/// The ids of a row group's values, column by column.
#[derive(Default)]
struct Gathered {
    /// By place in [`ROW_COLUMNS`].
    columns: Vec<Vec<u32>>,
    /// The rows' identities: of some rows behind each other at a time, with how many these are.
    identities: Vec<(u32, u32)>,
    /// The ids of one column of identities, in the same way.
    of_identities: Vec<(u32, u32)>,
    numbers: Vec<Option<i64>>,
    flags: Vec<Option<bool>>,
}

impl Gathered {
    /// Takes the ids of some rows of a part.
    fn fill(&mut self, part: &Part, rows: &[u32]) {
        let width = ROW_COLUMNS.len();
        self.columns.resize_with(width, Vec::new);
        self.columns.iter_mut().for_each(Vec::clear);
        self.identities.clear();
        for row in rows {
            let at = *row as usize;
            let ids = part.ids.get(at * width..(at + 1) * width).unwrap_or_default();
            for (column, id) in self.columns.iter_mut().zip(ids) {
                column.push(*id);
            }
            let identity = part.fixed.get(at).map_or(NULL, |fixed| fixed.identity);
            match self.identities.last_mut() {
                Some((last, count)) if *last == identity => *count += 1,
                _ => self.identities.push((identity, 1)),
            }
        }
    }

    /// Encodes one column.
    fn chunk(
        &mut self,
        part: &Part,
        rows: &[u32],
        column: Column,
        described: &ColumnDescPtr,
        encoder: &mut Encoder,
    ) -> Result<Chunk, ParquetError> {
        let fixed = || rows.iter().filter_map(|row| part.fixed.get(*row as usize));
        let identity = |fixed: &Fixed| part.identities.get(fixed.identity as usize);
        let style = Style {
            sorted: matches!(
                column,
                Column::RequestParameters
                    | Column::ResponseElements
                    | Column::AdditionalEventData
                    | Column::Resources
                    | Column::ServiceEventDetails
                    | Column::ErrorMessage
                    | Column::Rest
                    | Column::IdentityRest
            ),
            statistics: column.kind() != Kind::Json,
            bloom: BLOOM_COLUMNS.contains(&column),
        };
        let how = match column {
            Column::Fingerprint => Numbers::Plain,
            Column::SessionCreated => Numbers::Distinct,
            _ => Numbers::Deltas,
        };
        match column.kind() {
            Kind::Timestamp | Kind::Int | Kind::Date => {
                self.numbers.clear();
                self.numbers.extend(fixed().map(|fixed| match column {
                    Column::EventTime => Some(fixed.event_time_micros),
                    Column::RecordIndex => Some(fixed.record_index),
                    Column::Fingerprint => Some(i64::from_le_bytes(fixed.fingerprint.to_le_bytes())),
                    _ => identity(fixed).and_then(|identity| identity.session_created_micros),
                }));
                encoder.numbers(described, &self.numbers, how)
            }
            Kind::Bool => {
                let of_identity = |fixed: &Fixed, get: fn(&super::rows::Identity) -> Flag| {
                    identity(fixed).map_or(Flag::Absent, get)
                };
                self.flags.clear();
                self.flags.extend(fixed().map(|fixed| {
                    let flag = match column {
                        Column::ReadOnly => fixed.read_only,
                        Column::ManagementEvent => fixed.management_event,
                        Column::SessionCredentialFromConsole => fixed.session_credential_from_console,
                        Column::MfaAuthenticated => of_identity(fixed, |identity| identity.mfa_authenticated),
                        _ => of_identity(fixed, |identity| identity.assumed_root),
                    };
                    flag.get()
                }));
                encoder.flags(described, &self.flags)
            }
            Kind::Text | Kind::Json => match (column, holder(column)) {
                (Column::EventId, _) => {
                    let values = rows.iter().map(|row| part.event_ids.get(*row as usize));
                    encoder.plain_texts(described, &values, style)
                }
                (Column::RequestId, _) => {
                    let values = rows.iter().map(|row| part.request_ids.get(*row as usize));
                    encoder.plain_texts(described, &values, style)
                }
                (_, Holder::Identity) if part.interner(column).len() > 0 => {
                    let place = slot(column);
                    self.of_identities.clear();
                    self.of_identities.extend(
                        self.identities
                            .iter()
                            .map(|(identity, count)| (part.identity_id(*identity, place), *count)),
                    );
                    encoder.texts(described, part.interner(column), Ids::Runs(&self.of_identities), style)
                }
                (_, Holder::Row) if part.interner(column).len() > 0 => {
                    let ids = self.columns.get(slot(column)).map(Vec::as_slice).unwrap_or_default();
                    encoder.texts(described, part.interner(column), Ids::Rows(ids), style)
                }
                _ => encoder.nothing(described, rows.len()),
            },
        }
    }
}

/// The columns in the files: all but the one they are partitioned by.
pub(super) fn written() -> impl Iterator<Item = Column> {
    Column::ALL.iter().copied().filter(|column| *column != Column::EventDate)
}

/// The schema of the files.
static WRITTEN: LazyLock<SchemaDescriptor> = LazyLock::new(|| {
    let fields: Vec<Field> = written()
        .map(|column| {
            let kind = match column.kind() {
                Kind::Timestamp => timestamp(),
                Kind::Bool => DataType::Boolean,
                Kind::Int => DataType::Int64,
                Kind::Date => DataType::Date32,
                Kind::Text | Kind::Json => DataType::Utf8,
            };
            Field::new(column.name(), kind, column.nullable())
        })
        .collect();
    #[expect(clippy::expect_used, reason = "every type of a column is one that Parquet has")]
    ArrowSchemaConverter::new().convert(&Schema::new(fields)).expect("columns have types that Parquet has")
});

static PROPERTIES: LazyLock<WriterPropertiesPtr> =
    LazyLock::new(|| Arc::new(file_properties(super::rows::PART_ROWS_MAX)));

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

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

    use super::*;
    use crate::lake::decode::Decoder;
    use crate::lake::rebuild;
    use crate::lake::rows::PART_BYTES_MAX;
    use crate::record::scan;

    /// Decodes records, each with its place in the object.
    fn part_of(decoder: &mut Decoder, texts: &[String]) -> Part {
        let mut part = Part::default();
        for (place, text) in (0_i64..).zip(texts) {
            let mut members = Vec::new();
            scan::object(text.as_bytes(), 0, &mut members).unwrap();
            let object = (0, part.object_id("an object"));
            decoder.decode(text.as_bytes(), &members, object, place, &mut part).unwrap();
        }
        part
    }

    #[test]
    fn rows_that_wait_are_no_larger_together_than_a_part() {
        const ROW: usize = 1 << 20;
        let record = |place: usize| {
            let large = format!("{place}{}", "x".repeat(ROW));
            format!(
                r#"{{"eventID":"{place:036}","eventTime":"2026-03-09T10:00:00Z","requestParameters":{{"n":"{large}"}}}}"#
            )
        };
        let (mut decoder, mut writers) = (Decoder::default(), DayWriters::new().unwrap());
        let mut places = 0..;
        // Parts whose rows begin to wait at odd places, too.
        for rows in [1, 4, 4, 4, 4, 4] {
            let texts: Vec<String> = places.by_ref().take(rows).map(record).collect();
            writers.write(&part_of(&mut decoder, &texts)).unwrap();
            assert!(writers.waiting.byte_len() < PART_BYTES_MAX + 5 * ROW, "{}", writers.waiting.byte_len());
        }
        let rows: Vec<u64> = writers.finish().unwrap().into_iter().map(|file| file.rows).collect();
        assert_eq!(rows.iter().sum::<u64>(), 21);
    }

    #[test]
    fn few_rows_of_a_day_wait_for_those_of_other_parts_and_lose_nothing() {
        let record = |day: usize, place: usize| {
            let key = place % 3;
            format!(
                r#"{{"eventID":"{place:036}","eventTime":"2026-03-{day:02}T10:00:00Z","other":{place},"requestParameters":{{"n":{key}}},"userAgent":"agent {key}","userIdentity":{{"accessKeyId":"KEY{key}","odd":{key},"sessionContext":{{"attributes":{{"creationDate":"2026-03-01T00:00:0{key}Z","mfaAuthenticated":"true"}}}}}}}}"#
            )
        };
        let (mut decoder, mut writers) = (Decoder::default(), DayWriters::new().unwrap());
        let mut expected = Vec::new();
        for part in 0..2 {
            let texts: Vec<String> = (0..GROUP_ROWS_MIN + 10)
                .map(|row| record(if row < GROUP_ROWS_MIN { 9 } else { 10 + row % 2 }, part * 10_000 + row))
                .collect();
            writers.write(&part_of(&mut decoder, &texts)).unwrap();
            expected.extend(texts);
        }
        let (mut found, mut groups) = (Vec::new(), Vec::new());
        for file in writers.finish().unwrap() {
            let reader = ParquetRecordBatchReaderBuilder::try_new(Bytes::from(file.bytes)).unwrap();
            groups.push((file.rows, reader.metadata().num_row_groups()));
            for batch in reader.build().unwrap() {
                let batch = batch.unwrap();
                found.extend((0..batch.num_rows()).map(|row| rebuild(&batch, row).unwrap()));
            }
        }
        assert_eq!(groups, [(2 * GROUP_ROWS_MIN as u64, 2), (10, 1), (10, 1)]);
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!(found, expected);
    }

    #[test]
    fn rows_of_one_caller_stand_beside_each_other_in_the_order_of_time() {
        let texts = [(2, "B", 3), (1, "C", 4), (2, "A", 2), (2, "B", 1), (1, "C", 0)].map(|(account, key, second)| {
            format!(
                r#"{{"eventTime":"2026-03-09T10:00:0{second}Z","recipientAccountId":"{account}","userIdentity":{{"principalId":"P","accessKeyId":"{key}"}}}}"#
            )
        });
        assert_eq!(sorted_rows(&part_of(&mut Decoder::default(), &texts)), [4, 1, 3, 0, 2]);
    }
}
