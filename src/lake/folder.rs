//! The files of lakes in folders. What the system has in memory is read where it is asked for.
//!
//! A look-up reads a few hundred bytes of every file: footers, Bloom filters, pages. The `object_store` crate hands each
//! such read to a thread that may block, and waiting for that thread takes many times as long as to copy the bytes. On
//! Linux a read can be tried that never waits for a disk (`preadv2` with `RWF_NOWAIT`,
//! <https://man7.org/linux/man-pages/man2/preadv2.2.html>): what is not in memory, and what is large, goes the usual way.

use std::fmt;
use std::ops::Range;

use async_trait::async_trait;
use bytes::Bytes;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{
    CopyOptions, GetOptions, GetResult, ListResult, MultipartUpload, ObjectMeta, ObjectStore,
    PutMultipartOptions, PutOptions, PutPayload, PutResult, RenameOptions, Result,
};

/// The file system, by absolute paths.
#[derive(Debug)]
pub(super) struct FolderFiles {
    inner: LocalFileSystem,
    #[cfg(target_os = "linux")]
    memory: memory::Memory,
}

impl FolderFiles {
    pub(super) fn new() -> Self {
        Self {
            inner: LocalFileSystem::new(),
            #[cfg(target_os = "linux")]
            memory: memory::Memory::default(),
        }
    }

    /// The bytes of a file in these ranges, where all of them are in memory.
    #[cfg(target_os = "linux")]
    fn in_memory(&self, location: &Path, ranges: &[Range<u64>]) -> Option<memory::Found> {
        self.memory.read(&self.inner.path_to_filesystem(location).ok()?, ranges)
    }
}

impl fmt::Display for FolderFiles {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.inner.fmt(f)
    }
}

#[async_trait]
impl ObjectStore for FolderFiles {
    async fn put_opts(&self, location: &Path, payload: PutPayload, opts: PutOptions) -> Result<PutResult> {
        self.inner.put_opts(location, payload, opts).await
    }

    async fn put_multipart_opts(
        &self,
        location: &Path,
        opts: PutMultipartOptions,
    ) -> Result<Box<dyn MultipartUpload>> {
        self.inner.put_multipart_opts(location, opts).await
    }

    async fn get_opts(&self, location: &Path, options: GetOptions) -> Result<GetResult> {
        #[cfg(target_os = "linux")]
        if let Some(range) = memory::plain_range(&options)
            && let Some(found) = self.in_memory(location, std::slice::from_ref(&range))
        {
            return Ok(found.into_result(location, range));
        }
        self.inner.get_opts(location, options).await
    }

    async fn get_ranges(&self, location: &Path, ranges: &[Range<u64>]) -> Result<Vec<Bytes>> {
        #[cfg(target_os = "linux")]
        if let Some(found) = self.in_memory(location, ranges) {
            return Ok(found.parts);
        }
        self.inner.get_ranges(location, ranges).await
    }

    fn delete_stream(&self, locations: BoxStream<'static, Result<Path>>) -> BoxStream<'static, Result<Path>> {
        self.inner.delete_stream(locations)
    }

    fn list(&self, prefix: Option<&Path>) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list(prefix)
    }

    fn list_with_offset(
        &self,
        prefix: Option<&Path>,
        offset: &Path,
    ) -> BoxStream<'static, Result<ObjectMeta>> {
        self.inner.list_with_offset(prefix, offset)
    }

    async fn list_with_delimiter(&self, prefix: Option<&Path>) -> Result<ListResult> {
        self.inner.list_with_delimiter(prefix).await
    }

    async fn copy_opts(&self, from: &Path, to: &Path, options: CopyOptions) -> Result<()> {
        self.inner.copy_opts(from, to, options).await
    }

    async fn rename_opts(&self, from: &Path, to: &Path, options: RenameOptions) -> Result<()> {
        self.inner.rename_opts(from, to, options).await
    }
}

#[cfg(target_os = "linux")]
mod memory {
    use std::fs::{File, Metadata};
    use std::io::IoSliceMut;
    use std::ops::Range;
    use std::sync::atomic::{AtomicBool, Ordering};

    use bytes::Bytes;
    use futures::StreamExt;
    use futures::stream;
    use object_store::path::Path;
    use object_store::{Attributes, GetOptions, GetRange, GetResult, GetResultPayload, ObjectMeta};
    use rustix::io::{Errno, ReadWriteFlags, preadv2};

    /// More bytes than these are not read where they are asked for: to copy them keeps others waiting.
    const BYTES_MAX: u64 = 1 << 20;

    /// What the system keeps of files in its memory.
    #[derive(Debug, Default)]
    pub(super) struct Memory {
        /// The system, or a file system that files were on, can't tell without waiting.
        is_unknown: AtomicBool,
    }

    /// Ranges of a file.
    #[derive(Debug)]
    pub(super) struct Found {
        pub(super) parts: Vec<Bytes>,
        metadata: Metadata,
    }

    impl Memory {
        /// The bytes of a file in these ranges; None where any of them is not in memory, or can't be read at all: to say why is
        /// left to who reads it the usual way.
        pub(super) fn read(&self, path: &std::path::Path, ranges: &[Range<u64>]) -> Option<Found> {
            let length = |range: &Range<u64>| range.end.checked_sub(range.start);
            let all = ranges.iter().try_fold(0_u64, |all, range| all.checked_add(length(range)?))?;
            if all > BYTES_MAX || self.is_unknown.load(Ordering::Relaxed) {
                return None;
            }
            let file = File::open(path).ok()?;
            let metadata = file.metadata().ok().filter(Metadata::is_file)?;
            let parts = ranges.iter().map(|range| {
                let mut bytes = vec![0; usize::try_from(length(range)?).ok()?];
                self.fill(&file, range.start, &mut bytes)?;
                Some(Bytes::from(bytes))
            });
            Some(Found { parts: parts.collect::<Option<_>>()?, metadata })
        }

        fn fill(&self, file: &File, at: u64, bytes: &mut [u8]) -> Option<()> {
            let wanted = bytes.len();
            match preadv2(file, &mut [IoSliceMut::new(bytes)], at, ReadWriteFlags::NOWAIT) {
                Ok(read) if read == wanted => Some(()),
                Err(Errno::OPNOTSUPP | Errno::NOSYS | Errno::INVAL) => {
                    self.is_unknown.store(true, Ordering::Relaxed);
                    None
                }
                Ok(_) | Err(_) => None,
            }
        }
    }

    impl Found {
        /// As the answer to who asked for one range.
        pub(super) fn into_result(self, location: &Path, range: Range<u64>) -> GetResult {
            let modified = self.metadata.modified().map_or(chrono::DateTime::UNIX_EPOCH, Into::into);
            let meta = ObjectMeta {
                location: location.clone(),
                last_modified: modified,
                size: self.metadata.len(),
                e_tag: None,
                version: None,
            };
            let parts = stream::iter(self.parts.into_iter().map(Ok)).boxed();
            GetResult {
                payload: GetResultPayload::Stream(parts),
                meta,
                range,
                attributes: Attributes::default(),
            }
        }
    }

    /// The range that is asked for, where nothing else is asked.
    pub(super) fn plain_range(options: &GetOptions) -> Option<Range<u64>> {
        let GetOptions {
            if_match: None,
            if_none_match: None,
            if_modified_since: None,
            if_unmodified_since: None,
            range: Some(GetRange::Bounded(range)),
            version: None,
            head: false,
            extensions: _,
        } = options
        else {
            return None;
        };
        (range.start < range.end).then(|| range.clone())
    }
}

#[cfg(test)]
mod tests {
    use object_store::{GetOptions, GetRange, ObjectStoreExt};

    use super::*;

    #[tokio::test]
    async fn ranges_are_what_the_file_system_gives() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("some file=ü.bin");
        let content: Vec<u8> = (0..3_000_000_u32).map(|at| (at % 251) as u8).collect();
        std::fs::write(&file, &content).unwrap();
        let path = Path::from_absolute_path(&file).unwrap();
        let (files, usual) = (FolderFiles::new(), LocalFileSystem::new());
        let last = content.len() as u64;
        for ranges in [
            vec![0..8, 4..5],
            vec![last - 8..last, 5..70_000, 5..6],
            vec![0..last, 0..1],
            vec![],
            vec![7..7, 9..10],
        ] {
            let (own, other) = (
                files.get_ranges(&path, &ranges).await.unwrap(),
                usual.get_ranges(&path, &ranges).await.unwrap(),
            );
            assert_eq!(own, other, "{ranges:?}");
        }
        for range in [0..8, last - 8..last, 0..last] {
            let options =
                || GetOptions { range: Some(GetRange::Bounded(range.clone())), ..GetOptions::default() };
            let own = files.get_opts(&path, options()).await.unwrap();
            let other = usual.get_opts(&path, options()).await.unwrap();
            assert_eq!((&own.meta.location, own.meta.size), (&other.meta.location, other.meta.size));
            assert_eq!(
                (own.meta.last_modified, own.range.clone()),
                (other.meta.last_modified, other.range.clone())
            );
            assert_eq!(own.bytes().await.unwrap(), other.bytes().await.unwrap());
        }
        // What can't be read is said as ever.
        for ranges in [vec![0..1, last..last + 1], vec![0..4, last - 1..last + 4]] {
            let (own, other) =
                (files.get_ranges(&path, &ranges).await, usual.get_ranges(&path, &ranges).await);
            assert_eq!(own.unwrap_err().to_string(), other.unwrap_err().to_string());
        }
        let missing = Path::from_absolute_path(folder.path().join("none")).unwrap();
        for place in [missing, Path::from_absolute_path(folder.path()).unwrap()] {
            let (own, other) = (files.get_range(&place, 0..4).await, usual.get_range(&place, 0..4).await);
            assert_eq!(own.unwrap_err().to_string(), other.unwrap_err().to_string());
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn what_was_just_written_is_read_from_memory() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("file");
        std::fs::write(&file, b"0123456789").unwrap();
        let memory = memory::Memory::default();
        let one = 2..5;
        // File systems that can't tell leave it to the usual way.
        if let Some(found) = memory.read(&file, &[one.clone(), 0..1]) {
            assert_eq!(found.parts, [Bytes::from_static(b"234"), Bytes::from_static(b"0")]);
        }
        let reversed = Range { start: 5, end: 2 };
        for other in [8..12, 0..2 << 20, reversed] {
            assert!(memory.read(&file, std::slice::from_ref(&other)).is_none(), "{other:?}");
        }
        assert!(memory.read(folder.path(), std::slice::from_ref(&one)).is_none());
    }
}
