//! The column chunks of a row group, fetched and unpacked.
//!
//! The `parquet` crate makes two contexts of Zstandard for every column chunk that it opens, which takes as long as unpacking a
//! small one. A look-up opens tens of thousands of small ones: here each thread keeps one context. Headers of pages and
//! decoding are the crate's.

use std::cell::RefCell;
use std::sync::Arc;

use bytes::{Buf, Bytes};
use parquet::arrow::arrow_reader::RowGroups;
use parquet::basic::{Compression, Encoding};
use parquet::column::page::{Page, PageIterator, PageMetadata, PageReader};
use parquet::errors::{ParquetError, Result};
use parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::serialized_reader::SerializedPageReader;

/// Some column chunks of one row group.
pub(super) struct Fetched<'a> {
    metadata: &'a ParquetMetaData,
    group: &'a RowGroupMetaData,
    /// By place of the column.
    chunks: Vec<(usize, Bytes)>,
}

impl<'a> Fetched<'a> {
    /// The chunks of the columns in these places, as the file has their bytes.
    pub(super) fn new(
        metadata: &'a ParquetMetaData,
        group: &'a RowGroupMetaData,
        chunks: Vec<(usize, Bytes)>,
    ) -> Fetched<'a> {
        Fetched { metadata, group, chunks }
    }

    /// The distinct texts of a column, where one page holds all of them: so that it is known what is not in a column without
    /// looking at its rows. None where some of them stand elsewhere.
    pub(super) fn distinct(&self, place: usize) -> Result<Option<Distinct>> {
        let mut pages = self.pages(place)?;
        let Some(Page::DictionaryPage { buf, encoding: Encoding::PLAIN, .. }) =
            pages.inner().get_next_page()?
        else {
            return Ok(None);
        };
        while let Some(page) = pages.inner().get_next_page()? {
            if !matches!(page.encoding(), Encoding::RLE_DICTIONARY | Encoding::PLAIN_DICTIONARY) {
                return Ok(None);
            }
        }
        let bytes = match &pages {
            Pages::Packed(packed) => unpack(&buf, 0, packed.bytes_max)?,
            Pages::AsIs(_) => buf,
        };
        Ok(Some(Distinct { bytes }))
    }

    fn pages(&self, place: usize) -> Result<Pages> {
        let chunk = self.chunks.iter().find(|(known, _)| *known == place);
        let Some((_, bytes)) = chunk else {
            return Err(ParquetError::General(format!("column {place} was not fetched")));
        };
        let described = self.group.column(place);
        let part = Arc::new(Part { start: described.byte_range().0, bytes: bytes.clone() });
        let is_packed = matches!(described.compression(), Compression::ZSTD(_));
        if !is_packed {
            return Ok(Pages::AsIs(SerializedPageReader::new(part, described, self.num_rows(), None)?));
        }
        // The crate hands out the pages as they are of a chunk that is said not to be compressed.
        let as_is = described.clone().into_builder().set_compression(Compression::UNCOMPRESSED).build()?;
        let inner = SerializedPageReader::new(part, &as_is, self.num_rows(), None)?;
        let bytes_max = usize::try_from(described.uncompressed_size()).unwrap_or(0);
        Ok(Pages::Packed(Unpacked { inner, bytes_max }))
    }
}

/// The pages of a column chunk.
enum Pages {
    AsIs(SerializedPageReader<Part>),
    Packed(Unpacked),
}

impl Pages {
    /// As the file has them.
    fn inner(&mut self) -> &mut SerializedPageReader<Part> {
        match self {
            Pages::AsIs(inner) | Pages::Packed(Unpacked { inner, .. }) => inner,
        }
    }
}

/// Distinct texts as a page has them: each behind its length, which takes four bytes.
pub(super) struct Distinct {
    bytes: Bytes,
}

impl Distinct {
    /// Whether any text satisfies a condition, or may: bytes that are no texts are left to who reads them otherwise.
    pub(super) fn may_any(&self, mut is_met: impl FnMut(&str) -> bool) -> bool {
        let mut rest = self.bytes.as_ref();
        while let Some((length, behind)) = rest.split_first_chunk::<4>() {
            let length = usize::try_from(u32::from_le_bytes(*length)).unwrap_or(usize::MAX);
            let Some((text, behind)) = behind.split_at_checked(length) else { return true };
            if std::str::from_utf8(text).map_or(true, &mut is_met) {
                return true;
            }
            rest = behind;
        }
        !rest.is_empty()
    }
}

impl RowGroups for Fetched<'_> {
    fn num_rows(&self) -> usize {
        usize::try_from(self.group.num_rows()).unwrap_or(0)
    }

    fn column_chunks(&self, place: usize) -> Result<Box<dyn PageIterator>> {
        let pages: Box<dyn PageReader> = match self.pages(place)? {
            Pages::AsIs(pages) => Box::new(pages),
            Pages::Packed(pages) => Box::new(pages),
        };
        Ok(Box::new(Only(Some(pages))))
    }

    fn row_groups(&self) -> Box<dyn Iterator<Item = &RowGroupMetaData> + '_> {
        Box::new(std::iter::once(self.group))
    }

    fn metadata(&self) -> &ParquetMetaData {
        self.metadata
    }
}

/// A part of a file.
struct Part {
    /// Where it begins in the file.
    start: u64,
    bytes: Bytes,
}

impl Part {
    fn from(&self, start: u64) -> Result<Bytes> {
        let begin = start.checked_sub(self.start).and_then(|begin| usize::try_from(begin).ok());
        let begin = begin.filter(|begin| *begin <= self.bytes.len());
        begin.map(|begin| self.bytes.slice(begin..)).ok_or_else(outside)
    }
}

fn outside() -> ParquetError {
    ParquetError::EOF("a page is not within its column chunk".to_owned())
}

impl Length for Part {
    fn len(&self) -> u64 {
        self.start + self.bytes.len() as u64
    }
}

impl ChunkReader for Part {
    type T = bytes::buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.from(start)?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        let rest = self.from(start)?;
        if length > rest.len() { Err(outside()) } else { Ok(rest.slice(..length)) }
    }
}

/// The pages of the one chunk of a column.
struct Only(Option<Box<dyn PageReader>>);

impl Iterator for Only {
    type Item = Result<Box<dyn PageReader>>;

    fn next(&mut self) -> Option<Self::Item> {
        self.0.take().map(Ok)
    }
}

impl PageIterator for Only {}

/// Pages that are unpacked as they come.
struct Unpacked {
    inner: SerializedPageReader<Part>,
    /// The pages of the chunk have no more bytes than this, all together.
    bytes_max: usize,
}

impl Unpacked {
    fn page(&self, mut page: Page) -> Result<Page> {
        match &mut page {
            Page::DictionaryPage { buf, .. } | Page::DataPage { buf, .. } => {
                *buf = unpack(buf, 0, self.bytes_max)?;
            }
            Page::DataPageV2 { is_compressed: false, .. } => {}
            // Of the second version the levels are not packed.
            Page::DataPageV2 { buf, def_levels_byte_len, rep_levels_byte_len, .. } => {
                let levels = def_levels_byte_len.saturating_add(*rep_levels_byte_len) as usize;
                *buf = unpack(buf, levels, self.bytes_max)?;
            }
        }
        Ok(page)
    }
}

impl Iterator for Unpacked {
    type Item = Result<Page>;

    fn next(&mut self) -> Option<Self::Item> {
        self.get_next_page().transpose()
    }
}

impl PageReader for Unpacked {
    fn get_next_page(&mut self) -> Result<Option<Page>> {
        let page = self.inner.get_next_page()?;
        page.map(|page| self.page(page)).transpose()
    }

    fn peek_next_page(&mut self) -> Result<Option<PageMetadata>> {
        self.inner.peek_next_page()
    }

    fn skip_next_page(&mut self) -> Result<()> {
        self.inner.skip_next_page()
    }

    fn at_record_boundary(&mut self) -> Result<bool> {
        self.inner.at_record_boundary()
    }
}

thread_local! {
    static UNPACKER: RefCell<Option<zstd::bulk::Decompressor<'static>>> = const { RefCell::new(None) };
}

/// The bytes of a page, of which those from `packed_from` on are packed; [`ParquetError`] where they are no frame of Zstandard,
/// or one of more bytes than a chunk of `bytes_max` holds.
fn unpack(page: &Bytes, packed_from: usize, bytes_max: usize) -> Result<Bytes> {
    let (as_is, packed) = page.split_at_checked(packed_from).ok_or_else(outside)?;
    if packed.is_empty() {
        return Ok(page.clone());
    }
    let told = zstd::zstd_safe::get_frame_content_size(packed).ok().flatten();
    let size = told.map_or(Some(bytes_max), |size| usize::try_from(size).ok());
    let Some(size) = size.filter(|size| *size <= bytes_max) else {
        return Err(ParquetError::General("a page is larger than its column chunk".to_owned()));
    };
    let mut bytes = Vec::with_capacity(as_is.len() + size);
    bytes.extend_from_slice(as_is);
    UNPACKER.with_borrow_mut(|unpacker| {
        let unpacker = match unpacker {
            Some(unpacker) => unpacker,
            None => unpacker.insert(zstd::bulk::Decompressor::new()?),
        };
        let mut end = std::io::Cursor::new(&mut bytes);
        end.set_position(as_is.len() as u64);
        unpacker.decompress_to_buffer(packed, &mut end)
    })?;
    Ok(Bytes::from(bytes))
}

#[cfg(test)]
mod tests {
    use std::ops::Range;

    use arrow::array::{Int64Array, RecordBatch, StringArray};
    use parquet::arrow::arrow_reader::{
        ArrowReaderMetadata, ArrowReaderOptions, ParquetRecordBatchReader, ParquetRecordBatchReaderBuilder,
    };
    use parquet::arrow::{ArrowWriter, ProjectionMask, parquet_to_arrow_field_levels};
    use parquet::basic::ZstdLevel;
    use parquet::file::properties::{WriterProperties, WriterVersion};

    use super::*;

    /// A file of two row groups with several pages each.
    fn file(version: WriterVersion, compression: Compression) -> Bytes {
        let texts: StringArray =
            (0..2000).map(|row| (row % 7 > 0).then(|| format!("text {}", row % 300))).collect();
        let numbers = Int64Array::from_iter_values(0..2000);
        let batch =
            RecordBatch::try_from_iter([("text", Arc::new(texts) as _), ("number", Arc::new(numbers) as _)]);
        let batch = batch.unwrap();
        let properties = WriterProperties::builder()
            .set_writer_version(version)
            .set_compression(compression)
            .set_max_row_group_row_count(Some(1000))
            .set_data_page_row_count_limit(100)
            .set_write_batch_size(50)
            .build();
        let mut bytes = Vec::new();
        let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
        writer.write(&batch).unwrap();
        writer.close().unwrap();
        Bytes::from(bytes)
    }

    fn chunks(file: &Bytes, described: &RowGroupMetaData) -> Vec<(usize, Bytes)> {
        let range = |place: usize| -> Range<usize> {
            let (start, length) = described.column(place).byte_range();
            let start = usize::try_from(start).unwrap();
            start..start + usize::try_from(length).unwrap()
        };
        (0..described.num_columns()).map(|place| (place, file.slice(range(place)))).collect()
    }

    fn read(file: &Bytes, group: usize) -> Result<Vec<RecordBatch>> {
        let known = ArrowReaderMetadata::load(file, ArrowReaderOptions::default())?;
        let metadata = known.metadata();
        let described = metadata.row_group(group);
        let fetched = Fetched::new(metadata, described, chunks(file, described));
        let schema = metadata.file_metadata().schema_descr();
        let levels =
            parquet_to_arrow_field_levels(schema, ProjectionMask::all(), Some(known.schema().fields()))?;
        let batches = ParquetRecordBatchReader::try_new_with_row_groups(&levels, &fetched, 300, None)?;
        Ok(batches.collect::<std::result::Result<_, _>>()?)
    }

    #[test]
    fn pages_of_both_versions_packed_and_not_are_read_as_the_crate_reads_them() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for compression in [Compression::ZSTD(ZstdLevel::default()), Compression::UNCOMPRESSED] {
                let file = file(version, compression);
                for group in [0, 1] {
                    let expected = ParquetRecordBatchReaderBuilder::try_new(file.clone()).unwrap();
                    let expected = expected.with_row_groups(vec![group]).with_batch_size(300).build();
                    let expected: Vec<RecordBatch> =
                        expected.unwrap().map(std::result::Result::unwrap).collect();
                    assert_eq!(read(&file, group).unwrap(), expected, "{version:?} {compression:?}");
                    assert_eq!(expected.iter().map(RecordBatch::num_rows).sum::<usize>(), 1000);
                }
            }
        }
    }

    #[test]
    fn distinct_texts_are_known_where_one_page_holds_them() {
        for version in [WriterVersion::PARQUET_1_0, WriterVersion::PARQUET_2_0] {
            for compression in [Compression::ZSTD(ZstdLevel::default()), Compression::UNCOMPRESSED] {
                let file = file(version, compression);
                let known = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).unwrap();
                let described = known.metadata().row_group(1);
                let fetched = Fetched::new(known.metadata(), described, chunks(&file, described));
                let distinct = fetched.distinct(0).unwrap().unwrap();
                let mut met = Vec::new();
                assert!(!distinct.may_any(|text| {
                    met.push(text.to_owned());
                    false
                }));
                met.sort();
                met.dedup();
                let mut expected: Vec<String> =
                    (1000..2000).filter(|row| row % 7 > 0).map(|row| format!("text {}", row % 300)).collect();
                expected.sort();
                expected.dedup();
                assert_eq!(met, expected, "{version:?} {compression:?}");
                assert!(
                    distinct.may_any(|text| text == "text 299")
                        && !distinct.may_any(|text| text == "text 300")
                );
            }
        }
    }

    #[test]
    fn texts_that_are_not_all_in_one_page_are_not_known() {
        let texts = StringArray::from_iter_values((0..20_000).map(|row| format!("a text of its own {row}")));
        let batch = RecordBatch::try_from_iter([("text", Arc::new(texts) as _)]).unwrap();
        // From some size on the writer gives up on distinct values; from the first on with the second.
        for properties in [
            WriterProperties::builder()
                .set_dictionary_page_size_limit(1000)
                .set_data_page_row_count_limit(100),
            WriterProperties::builder().set_dictionary_enabled(false),
        ] {
            let mut bytes = Vec::new();
            let properties = properties.set_write_batch_size(50).build();
            let mut writer = ArrowWriter::try_new(&mut bytes, batch.schema(), Some(properties)).unwrap();
            writer.write(&batch).unwrap();
            writer.close().unwrap();
            let file = Bytes::from(bytes);
            let known = ArrowReaderMetadata::load(&file, ArrowReaderOptions::default()).unwrap();
            let described = known.metadata().row_group(0);
            let fetched = Fetched::new(known.metadata(), described, chunks(&file, described));
            assert!(fetched.distinct(0).unwrap().is_none());
        }
    }

    #[test]
    fn distinct_bytes_that_are_no_texts_may_be_anything() {
        let may = |bytes: &'static [u8]| Distinct { bytes: Bytes::from_static(bytes) }.may_any(|_| false);
        assert!(!may(b"") && !may(b"\x01\0\0\0a\0\0\0\0"));
        for odd in [&b"\x01\0\0"[..], b"\x02\0\0\0a", b"\x01\0\0\0\xff", b"\xff\xff\xff\xffa"] {
            assert!(may(odd), "{odd:?}");
        }
    }

    #[test]
    fn bytes_that_are_no_page_are_an_error() {
        let packed = Bytes::from(zstd::bulk::compress(&[7; 100], 1).unwrap());
        assert_eq!(unpack(&packed, 0, 100).unwrap(), [7; 100].as_slice());
        assert!(unpack(&packed, 0, 99).is_err());
        assert!(unpack(&packed.slice(..packed.len() - 1), 0, 100).is_err());
        assert!(unpack(&packed.slice(2..), 0, 100).is_err());
        assert!(unpack(&packed, packed.len() + 1, 100).is_err());
        let behind = Bytes::from([&[1, 2, 3], packed.as_ref()].concat());
        assert_eq!(unpack(&behind, 3, 100).unwrap(), [[1, 2, 3].as_slice(), &[7; 100]].concat());
        assert!(unpack(&Bytes::new(), 0, 0).unwrap().is_empty());
    }

    #[test]
    fn a_page_outside_of_its_chunk_is_an_error() {
        let part = Part { start: 10, bytes: Bytes::from_static(b"0123456789") };
        assert_eq!(part.get_bytes(12, 3).unwrap(), "234");
        for (start, length) in [(9, 1), (21, 0), (15, 6), (u64::MAX, 1)] {
            assert!(part.get_bytes(start, length).is_err(), "{start} {length}");
        }
    }
}
