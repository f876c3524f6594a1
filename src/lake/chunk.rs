//! One column of one row group as Parquet has it: pages, compressed, with statistics and a Bloom filter.
//!
//! The `parquet` crate's own writer is given values and finds out by hashing which of them are distinct. Here that is
//! known already, so distinct values are looked at once and rows are numbers. Page headers, metadata and files are the
//! crate's.

use std::collections::HashMap;

use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::bloom_filter::Sbbf;
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::statistics::{Statistics, ValueStatistics};
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;

use super::encode::{deltas, hybrid, hybrid_runs, width_of};
use super::intern::{Interner, NULL};
use super::sort::{eight, sort_by_value};

/// Statistics hold so many bytes of a value, and say so where it has more.
const STATISTICS_BYTES_MAX: usize = 64;

/// So many lookups of a value that is not there may be told wrong by a Bloom filter.
const BLOOM_WRONG_SHARE: f64 = 0.05;

/// An encoded column chunk.
pub(super) struct Chunk {
    pub(super) bytes: Bytes,
    pub(super) close: ColumnCloseResult,
}

/// How a column's distinct values are written.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Style {
    /// In the order of their bytes, so that values which are alike stand together; else as they came.
    pub(super) sorted: bool,
    pub(super) statistics: bool,
    pub(super) bloom: bool,
}

/// Which distinct value each row of a column has, by its id; [`NULL`] is none.
#[derive(Debug, Clone, Copy)]
pub(super) enum Ids<'a> {
    /// Row by row.
    Rows(&'a [u32]),
    /// Of some rows behind each other at a time, with how many these are.
    Runs(&'a [(u32, u32)]),
}

/// How numbers are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Numbers {
    /// By their differences.
    Deltas,
    /// Each distinct one once.
    Distinct,
    /// As they are, not compressed.
    Plain,
}

/// Encodes column chunks; keeps its buffers between them.
pub(super) struct Encoder {
    compressor: zstd::bulk::Compressor<'static>,
    /// The page in the making.
    page: Vec<u8>,
    packed: Vec<u8>,
    levels: Vec<u32>,
    /// By id of a distinct value: its place in the dictionary.
    places: Vec<u32>,
    /// The ids of the values in use.
    used: Vec<u32>,
    keyed: Vec<(u64, u32)>,
    indices: Vec<u32>,
}

/// Pages that were written, and what is to be said of them.
struct Written {
    sink: TrackedWrite<Vec<u8>>,
    dictionary_at: Option<i64>,
    data_at: i64,
    uncompressed_bytes: usize,
    encodings: Vec<Encoding>,
    compression: Compression,
}

impl Written {
    fn new(compression: Compression) -> Self {
        Self {
            sink: TrackedWrite::new(Vec::new()),
            dictionary_at: None,
            data_at: 0,
            uncompressed_bytes: 0,
            encodings: vec![Encoding::RLE],
            compression,
        }
    }

    fn close(
        self,
        column: &ColumnDescPtr,
        rows: usize,
        statistics: Option<Statistics>,
        bloom_filter: Option<Sbbf>,
    ) -> Result<Chunk, ParquetError> {
        let bytes = Bytes::from(self.sink.into_inner()?);
        let size = |bytes: usize| i64::try_from(bytes).unwrap_or(i64::MAX);
        let mut metadata = ColumnChunkMetaData::builder(ColumnDescPtr::clone(column))
            .set_compression(self.compression)
            .set_encodings(self.encodings)
            .set_total_compressed_size(size(bytes.len()))
            .set_total_uncompressed_size(size(self.uncompressed_bytes))
            .set_num_values(size(rows))
            .set_dictionary_page_offset(self.dictionary_at)
            .set_data_page_offset(self.data_at);
        if let Some(statistics) = statistics {
            metadata = metadata.set_statistics(statistics);
        }
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: rows as u64,
            metadata: metadata.build()?,
            bloom_filter,
            column_index: None,
            offset_index: None,
        };
        Ok(Chunk { bytes, close })
    }
}

impl Encoder {
    pub(super) fn new() -> Result<Self, ParquetError> {
        Ok(Self {
            compressor: zstd::bulk::Compressor::new(ZstdLevel::default().compression_level())?,
            page: Vec::new(),
            packed: Vec::new(),
            levels: Vec::new(),
            places: Vec::new(),
            used: Vec::new(),
            keyed: Vec::new(),
            indices: Vec::new(),
        })
    }

    /// A column of text: the distinct values, and for the rows the id of one or [`NULL`].
    pub(super) fn texts(
        &mut self,
        column: &ColumnDescPtr,
        values: &Interner,
        ids: Ids<'_>,
        style: Style,
    ) -> Result<Chunk, ParquetError> {
        let (rows, nulls) = match ids {
            Ids::Rows(ids) => self.find_used(column, values, ids.iter().map(|id| (*id, 1)), style)?,
            Ids::Runs(runs) => self.find_used(column, values, runs.iter().copied(), style)?,
        };
        if self.used.is_empty() {
            return self.nothing(column, rows);
        }
        let mut written = Written::new(zstd_level());
        self.page.clear();
        for id in &self.used {
            push_text(values.get(*id), &mut self.page);
        }
        self.dictionary(&mut written)?;
        let width = self.place_width();
        match ids {
            Ids::Rows(ids) => {
                self.indices.clear();
                self.indices.extend(ids.iter().filter_map(|id| self.places.get(*id as usize)));
                self.begin(column, nulls, rows, ids.iter().map(|id| *id != NULL))?;
                self.indices_page(&mut written, rows)?;
            }
            Ids::Runs(runs) => {
                self.begin_runs(column, nulls, runs)?;
                self.page.push(u8::try_from(width).unwrap_or(32));
                let places = &self.places;
                let known = |run: &(u32, u32)| Some((*places.get(run.0 as usize)?, run.1 as usize));
                hybrid_runs(runs.iter().filter_map(known), width, &mut self.indices, &mut self.page);
                self.data(&mut written, rows, Encoding::RLE_DICTIONARY)?;
            }
        }
        let used = || self.used.iter().map(|id| values.get(*id));
        let statistics = style.statistics.then(|| {
            let (least, greatest) =
                if style.sorted { (used().next(), used().next_back()) } else { extremes(used()) };
            text_statistics(least, greatest, nulls)
        });
        let bloom = if style.bloom { Some(bloom_filter(used(), self.used.len())?) } else { None };
        written.close(column, rows, statistics, bloom)
    }

    /// Collects the ids in use, and gives each its place in the dictionary. Gives how many rows there are, and how many of
    /// them have no value.
    fn find_used(
        &mut self,
        column: &ColumnDescPtr,
        values: &Interner,
        runs: impl Iterator<Item = (u32, u32)>,
        style: Style,
    ) -> Result<(usize, usize), ParquetError> {
        self.used.clear();
        self.places.clear();
        self.places.resize(values.len(), NULL);
        let (mut rows, mut nulls) = (0, 0);
        for (id, count) in runs {
            rows += count as usize;
            match self.places.get_mut(id as usize) {
                Some(place) if *place == NULL => {
                    *place = u32::try_from(self.used.len()).unwrap_or(NULL);
                    self.used.push(id);
                }
                Some(_) => {}
                None if id == NULL => nulls += count as usize,
                None => {
                    return Err(ParquetError::General(format!("`{}` has ids of no value", column.name())));
                }
            }
        }
        if style.sorted {
            sort_by_value(values, &mut self.used, &mut self.keyed);
            for (place, id) in (0..).zip(&self.used) {
                if let Some(known) = self.places.get_mut(*id as usize) {
                    *known = place;
                }
            }
        }
        Ok((rows, nulls))
    }

    /// A column of text in which hardly any value repeats.
    pub(super) fn plain_texts<'a>(
        &mut self,
        column: &ColumnDescPtr,
        values: &(impl Iterator<Item = Option<&'a [u8]>> + Clone),
        style: Style,
    ) -> Result<Chunk, ParquetError> {
        let rows = values.clone().count();
        let present: Vec<&[u8]> = values.clone().flatten().collect();
        let nulls = rows - present.len();
        if nulls == rows {
            return self.nothing(column, rows);
        }
        let mut written = Written::new(zstd_level());
        self.page.clear();
        self.begin(column, nulls, rows, values.clone().map(|value| value.is_some()))?;
        let lengths: Vec<i64> =
            present.iter().map(|value| i64::try_from(value.len()).unwrap_or(i64::MAX)).collect();
        deltas(&lengths, &mut self.page);
        for value in &present {
            self.page.extend_from_slice(value);
        }
        self.data(&mut written, rows, Encoding::DELTA_LENGTH_BYTE_ARRAY)?;
        let texts = || present.iter().copied();
        let statistics = style.statistics.then(|| {
            let (least, greatest) = extremes(texts());
            text_statistics(least, greatest, nulls)
        });
        let bloom = if style.bloom { Some(bloom_filter(texts(), present.len())?) } else { None };
        written.close(column, rows, statistics, bloom)
    }

    /// A column of numbers or instants.
    pub(super) fn numbers(
        &mut self,
        column: &ColumnDescPtr,
        values: &[Option<i64>],
        how: Numbers,
    ) -> Result<Chunk, ParquetError> {
        let present: Vec<i64> = values.iter().flatten().copied().collect();
        let nulls = values.len() - present.len();
        if present.is_empty() {
            return self.nothing(column, values.len());
        }
        let compression = if how == Numbers::Plain { Compression::UNCOMPRESSED } else { zstd_level() };
        let mut written = Written::new(compression);
        self.page.clear();
        if how == Numbers::Distinct {
            self.indices.clear();
            let mut places: HashMap<i64, u32> = HashMap::new();
            let mut last = None;
            for value in &present {
                let place = match last {
                    Some((before, place)) if before == *value => place,
                    _ => {
                        let next = u32::try_from(places.len()).unwrap_or(NULL);
                        let place = *places.entry(*value).or_insert(next);
                        if place == next {
                            self.page.extend_from_slice(&value.to_le_bytes());
                        }
                        place
                    }
                };
                last = Some((*value, place));
                self.indices.push(place);
            }
            self.used.clear();
            self.used.extend(0..u32::try_from(places.len()).unwrap_or(NULL));
            self.dictionary(&mut written)?;
        }
        self.begin(column, nulls, values.len(), values.iter().map(Option::is_some))?;
        match how {
            Numbers::Deltas => {
                deltas(&present, &mut self.page);
                self.data(&mut written, values.len(), Encoding::DELTA_BINARY_PACKED)?;
            }
            Numbers::Distinct => self.indices_page(&mut written, values.len())?,
            Numbers::Plain => {
                for value in &present {
                    self.page.extend_from_slice(&value.to_le_bytes());
                }
                self.data(&mut written, values.len(), Encoding::PLAIN)?;
            }
        }
        let (least, greatest) = (present.iter().copied().min(), present.iter().copied().max());
        let nulls = Some(nulls as u64);
        let statistics = Statistics::Int64(ValueStatistics::new(least, greatest, None, nulls, false));
        written.close(column, values.len(), Some(statistics), None)
    }

    /// A column of booleans.
    pub(super) fn flags(
        &mut self,
        column: &ColumnDescPtr,
        values: &[Option<bool>],
    ) -> Result<Chunk, ParquetError> {
        let present: Vec<bool> = values.iter().flatten().copied().collect();
        let nulls = values.len() - present.len();
        if present.is_empty() {
            return self.nothing(column, values.len());
        }
        let mut written = Written::new(zstd_level());
        self.page.clear();
        self.begin(column, nulls, values.len(), values.iter().map(Option::is_some))?;
        for eight in present.chunks(8) {
            self.page.push(
                eight.iter().enumerate().fold(0, |byte, (place, value)| byte | (u8::from(*value) << place)),
            );
        }
        self.data(&mut written, values.len(), Encoding::PLAIN)?;
        let (least, greatest) = (present.iter().copied().min(), present.iter().copied().max());
        let nulls = Some(nulls as u64);
        let statistics = Statistics::Boolean(ValueStatistics::new(least, greatest, None, nulls, false));
        written.close(column, values.len(), Some(statistics), None)
    }

    /// A column without any value. Its statistics say so, whatever those of others say: then nobody has to read it.
    pub(super) fn nothing(&mut self, column: &ColumnDescPtr, rows: usize) -> Result<Chunk, ParquetError> {
        let mut written = Written::new(zstd_level());
        self.page.clear();
        self.begin(column, rows, rows, std::iter::empty())?;
        self.data(&mut written, rows, Encoding::PLAIN)?;
        let nulls = Some(rows as u64);
        let statistics = match column.physical_type() {
            parquet::basic::Type::BOOLEAN => Statistics::boolean(None, None, None, nulls, false),
            parquet::basic::Type::INT64 => Statistics::int64(None, None, None, nulls, false),
            _ => Statistics::byte_array(None, None, None, nulls, false),
        };
        written.close(column, rows, Some(statistics), None)
    }

    /// Begins a data page with what tells the rows that have a value.
    fn begin(
        &mut self,
        column: &ColumnDescPtr,
        nulls: usize,
        rows: usize,
        present: impl Iterator<Item = bool>,
    ) -> Result<(), ParquetError> {
        if column.max_def_level() == 0 {
            if nulls > 0 {
                return Err(ParquetError::General(format!("`{}` lacks {nulls} values", column.name())));
            }
            return Ok(());
        }
        self.levels.clear();
        if nulls == 0 || nulls == rows {
            self.levels.resize(rows, u32::from(nulls == 0));
        } else {
            self.levels.extend(present.map(u32::from));
        }
        let start = self.page.len();
        self.page.extend_from_slice(&[0; 4]);
        hybrid(&self.levels, 1, &mut self.page);
        self.end_levels(start);
        Ok(())
    }

    /// As [`Encoder::begin`], of runs of ids.
    fn begin_runs(
        &mut self,
        column: &ColumnDescPtr,
        nulls: usize,
        runs: &[(u32, u32)],
    ) -> Result<(), ParquetError> {
        if column.max_def_level() == 0 {
            return self.begin(column, nulls, 0, std::iter::empty());
        }
        let start = self.page.len();
        self.page.extend_from_slice(&[0; 4]);
        let levels = runs.iter().map(|run| (u32::from(run.0 != NULL), run.1 as usize));
        hybrid_runs(levels, 1, &mut self.levels, &mut self.page);
        self.end_levels(start);
        Ok(())
    }

    /// Says before the levels that began at `start` how long they are.
    fn end_levels(&mut self, start: usize) {
        let length = u32::try_from(self.page.len() - start - 4).unwrap_or(u32::MAX);
        if let Some(place) = self.page.get_mut(start..start + 4) {
            place.copy_from_slice(&length.to_le_bytes());
        }
    }

    /// The bits of a place in the dictionary.
    fn place_width(&self) -> u32 {
        match width_of(u32::try_from(self.used.len().saturating_sub(1)).unwrap_or(NULL)) {
            // Where places are whole bytes, what compresses sees how often each of them comes.
            3..=7 => 8,
            width => width,
        }
    }

    /// Writes the rows' places in the dictionary as the data page.
    fn indices_page(&mut self, written: &mut Written, rows: usize) -> Result<(), ParquetError> {
        let width = self.place_width();
        self.page.push(u8::try_from(width).unwrap_or(32));
        hybrid(&self.indices, width, &mut self.page);
        self.data(written, rows, Encoding::RLE_DICTIONARY)
    }

    fn dictionary(&mut self, written: &mut Written) -> Result<(), ParquetError> {
        let page = Page::DictionaryPage {
            buf: self.compressed(written.compression)?,
            num_values: u32::try_from(self.used.len()).unwrap_or(u32::MAX),
            encoding: Encoding::PLAIN,
            is_sorted: false,
        };
        written.dictionary_at = Some(0);
        written.encodings.push(Encoding::PLAIN);
        self.put(page, written)
    }

    fn data(&mut self, written: &mut Written, rows: usize, encoding: Encoding) -> Result<(), ParquetError> {
        let page = Page::DataPage {
            buf: self.compressed(written.compression)?,
            num_values: u32::try_from(rows).unwrap_or(u32::MAX),
            encoding,
            def_level_encoding: Encoding::RLE,
            rep_level_encoding: Encoding::RLE,
            statistics: None,
        };
        written.data_at = i64::try_from(written.sink.bytes_written()).unwrap_or(i64::MAX);
        written.encodings.push(encoding);
        self.put(page, written)
    }

    /// The page in the making, compressed.
    fn compressed(&mut self, compression: Compression) -> Result<Bytes, ParquetError> {
        if compression == Compression::UNCOMPRESSED {
            return Ok(Bytes::copy_from_slice(&self.page));
        }
        self.packed.clear();
        self.packed.reserve(zstd::zstd_safe::compress_bound(self.page.len()));
        self.compressor.compress_to_buffer(&self.page, &mut self.packed)?;
        Ok(Bytes::copy_from_slice(&self.packed))
    }

    fn put(&mut self, page: Page, written: &mut Written) -> Result<(), ParquetError> {
        let page = CompressedPage::new(page, self.page.len());
        let spec = SerializedPageWriter::new(&mut written.sink).write_page(page)?;
        written.uncompressed_bytes += spec.uncompressed_size;
        self.page.clear();
        Ok(())
    }
}

fn zstd_level() -> Compression {
    Compression::ZSTD(ZstdLevel::default())
}

fn push_text(value: &[u8], page: &mut Vec<u8>) {
    page.extend_from_slice(&u32::try_from(value.len()).unwrap_or(u32::MAX).to_le_bytes());
    page.extend_from_slice(value);
}

fn bloom_filter<'a>(values: impl Iterator<Item = &'a [u8]>, distinct: usize) -> Result<Sbbf, ParquetError> {
    let mut filter = Sbbf::new_with_ndv_fpp(distinct as u64, BLOOM_WRONG_SHARE)?;
    for value in values {
        filter.insert(value);
    }
    Ok(filter)
}

/// The least and the greatest of some texts. Most are told by their first eight bytes.
fn extremes<'a>(texts: impl Iterator<Item = &'a [u8]>) -> (Option<&'a [u8]>, Option<&'a [u8]>) {
    let keyed = |text: &'a [u8]| (eight(text, 0), text);
    let (mut least, mut greatest) = (None, None);
    for text in texts.map(keyed) {
        if least.is_none_or(|least| text < least) {
            least = Some(text);
        }
        if greatest.is_none_or(|greatest| text > greatest) {
            greatest = Some(text);
        }
    }
    (least.map(|(_, text)| text), greatest.map(|(_, text)| text))
}

fn text_statistics(least: Option<&[u8]>, greatest: Option<&[u8]>, nulls: usize) -> Statistics {
    let array = |bytes: &[u8]| ByteArray::from(bytes.to_vec());
    let (low, low_is_exact) = match least {
        Some(least) if least.len() > STATISTICS_BYTES_MAX => (Some(array(cut(least))), false),
        least => (least.map(array), true),
    };
    let (high, high_is_exact) = match greatest {
        Some(greatest) if greatest.len() > STATISTICS_BYTES_MAX => {
            (above(cut(greatest)).map(ByteArray::from), false)
        }
        greatest => (greatest.map(array), true),
    };
    // Both or none: a reader may take one alone for something else.
    let (low, high) = if high.is_some() { (low, high) } else { (None, None) };
    Statistics::ByteArray(
        ValueStatistics::new(low, high, None, Some(nulls as u64), false)
            .with_min_is_exact(low_is_exact)
            .with_max_is_exact(high_is_exact),
    )
}

/// The beginning of a text, no longer than statistics are, in whole characters.
fn cut(text: &[u8]) -> &[u8] {
    let boundary = |at: &usize| text.get(*at).is_none_or(|byte| byte & 0xC0 != 0x80);
    let end = (0..=STATISTICS_BYTES_MAX).rev().find(boundary).unwrap_or(0);
    text.get(..end).unwrap_or_default()
}

/// The least text of as many characters or fewer that is above all texts which begin so. None where there is none.
fn above(beginning: &[u8]) -> Option<Vec<u8>> {
    let text = std::str::from_utf8(beginning).ok()?;
    text.char_indices().rev().find_map(|(at, character)| {
        let next = (u32::from(character) + 1..=0x11_0000).find_map(char::from_u32)?;
        let mut bound = text.get(..at)?.to_owned();
        bound.push(next);
        Some(bound.into_bytes())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_is_read_back_with_its_nulls_and_says_its_bounds() {
        use arrow::array::AsArray;
        use arrow::datatypes::{DataType, Field, Schema};
        use parquet::arrow::ArrowSchemaConverter;
        use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
        use parquet::file::writer::SerializedFileWriter;

        let field = Field::new("c", DataType::Utf8, true);
        let schema = ArrowSchemaConverter::new().convert(&Schema::new(vec![field])).unwrap();
        let long = "z".repeat(100);
        let texts = ["b", "a", "", long.as_str()];
        let mut values = Interner::default();
        for text in texts {
            let key = values.find(text.as_bytes()).unwrap_err();
            values.add(key, text.as_bytes(), 0).unwrap();
        }
        let rows: Vec<u32> = (0..1000).map(|row| if row % 7 == 0 { NULL } else { row % 4 }).collect();
        let runs: Vec<(u32, u32)> = rows.iter().map(|id| (*id, 1)).collect();
        let text_of = |id: &u32| texts.get(*id as usize).copied();
        let expected: Vec<Option<&str>> = rows.iter().map(text_of).collect();
        let mut encoder = Encoder::new().unwrap();
        let column = schema.columns().first().unwrap();
        for sorted in [false, true] {
            let style = Style { sorted, statistics: true, bloom: true };
            let plain = expected.iter().map(|text| text.map(str::as_bytes));
            let chunks = [
                encoder.texts(column, &values, Ids::Rows(&rows), style).unwrap(),
                encoder.texts(column, &values, Ids::Runs(&runs), style).unwrap(),
                encoder.plain_texts(column, &plain, style).unwrap(),
            ];
            for chunk in chunks {
                let mut writer = SerializedFileWriter::new(
                    Vec::new(),
                    schema.root_schema_ptr(),
                    std::sync::Arc::default(),
                )
                .unwrap();
                let mut group = writer.next_row_group().unwrap();
                group.append_column(&chunk.bytes, chunk.close).unwrap();
                group.close().unwrap();
                let bytes = Bytes::from(writer.into_inner().unwrap());
                let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).unwrap();
                let metadata = reader.metadata().row_group(0).column(0).clone();
                let statistics = metadata.statistics().unwrap();
                assert_eq!(statistics.null_count_opt(), Some(143));
                assert_eq!(statistics.min_bytes_opt(), Some(b"".as_slice()));
                let bound = format!("{}{{", "z".repeat(STATISTICS_BYTES_MAX - 1));
                assert_eq!(statistics.max_bytes_opt(), Some(bound.as_bytes()));
                assert!(statistics.min_is_exact() && !statistics.max_is_exact());
                assert!(metadata.bloom_filter_offset().is_some());
                let batch = reader.build().unwrap().next().unwrap().unwrap();
                let read: Vec<Option<&str>> = batch.column(0).as_string::<i32>().iter().collect();
                assert_eq!(read, expected);
            }
        }
    }

    #[test]
    fn the_bound_above_a_cut_text_is_above_it() {
        assert_eq!(above(b"abc"), Some(b"abd".to_vec()));
        assert_eq!(above("a\u{10FFFF}".as_bytes()), Some(b"b".to_vec()));
        assert_eq!(above("\u{D7FF}".as_bytes()), Some("\u{E000}".as_bytes().to_vec()));
        assert_eq!(above("\u{10FFFF}".as_bytes()), None);
        let long = format!("{}\u{e9}tail", "x".repeat(63));
        assert_eq!(cut(long.as_bytes()), "x".repeat(63).as_bytes());
    }
}
