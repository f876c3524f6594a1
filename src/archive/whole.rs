//! Small gzip objects inflated in one go, which takes half of what inflating piece by piece does.
//!
//! Only what is surely one whole gzip member takes this way. Everything else, be it large, cut off, broken, several members
//! or followed by other bytes, goes through [`Inflater`](super::Inflater), which says what is wrong with it.

use std::io::{self, Chain, Cursor, Read};

use libdeflater::{Decompressor, crc32};
use memchr::memmem;
use sha2::{Digest, Sha256};

use super::inflate::{Inflated, MAGIC, hexadecimal};

/// Objects of more raw bytes are inflated piece by piece.
const RAW_BYTES_MAX: usize = 4 * 1024 * 1024;

/// So are objects that inflate to more than this.
pub const WHOLE_BYTES_MAX: usize = 16 * 1024 * 1024;

/// Where a gzip member says what its header holds: <https://www.rfc-editor.org/rfc/rfc1952#section-2.3>.
const FLAGS_AT: usize = 3;

/// A checksum of the header, which the decompressor does not look at, and flags that nobody knows.
const FLAGS_ODD: u8 = 0b1110_0010;

/// The bytes behind a gzip member's data: its checksum and its length.
const TRAILER: usize = 8;

/// An opened object.
pub enum Content<R> {
    /// All of it.
    Whole {
        /// The inflated bytes stand at its beginning.
        window: Vec<u8>,
        /// What is known of the object, the number of inflated bytes too.
        known: Inflated,
    },
    /// It has to be read piece by piece.
    Stream {
        /// The raw bytes, from the first.
        source: Chain<Cursor<Vec<u8>>, Rest<R>>,
        /// The window that was given, unused.
        window: Vec<u8>,
    },
}

/// What comes behind the bytes that were read ahead: the error that reading them ended with, if it did, and then what the
/// source says. A source that keeps failing so is never taken for one that ended.
pub struct Rest<R> {
    failed: Option<io::Error>,
    source: R,
}

impl<R: Read> Read for Rest<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.failed.take() {
            Some(error) => Err(error),
            None => self.source.read(out),
        }
    }
}

/// Opens objects; keeps its buffers between them.
pub struct Unpacker {
    decompressor: Decompressor,
    raw: Vec<u8>,
}

impl Default for Unpacker {
    fn default() -> Self {
        Self { decompressor: Decompressor::new(), raw: Vec::new() }
    }
}

impl Unpacker {
    /// Reads `source`; inflates it into `window` if it is small, no more than `inflated_bytes_max`, and nothing is odd
    /// about it.
    pub fn open<R: Read>(
        &mut self,
        mut source: R,
        inflated_bytes_max: u64,
        mut window: Vec<u8>,
    ) -> Content<R> {
        self.raw.clear();
        let read = source.by_ref().take(RAW_BYTES_MAX as u64 + 1).read_to_end(&mut self.raw);
        let rest = Rest { failed: read.err(), source };
        if rest.failed.is_none()
            && self.raw.len() <= RAW_BYTES_MAX
            && let Some(filled) = self.inflate(inflated_bytes_max, &mut window)
        {
            let known = Inflated {
                raw_bytes: self.raw.len() as u64,
                inflated_bytes: filled as u64,
                sha256: hexadecimal(&Sha256::digest(&self.raw)),
                is_cut: false,
            };
            return Content::Whole { window, known };
        }
        Content::Stream { source: Cursor::new(std::mem::take(&mut self.raw)).chain(rest), window }
    }

    /// Inflates the raw bytes if they are one whole gzip member and nothing else. Gives the number of inflated bytes.
    fn inflate(&mut self, inflated_bytes_max: u64, window: &mut Vec<u8>) -> Option<usize> {
        let (data, trailer) = self.raw.split_last_chunk::<TRAILER>()?;
        if !data.starts_with(&MAGIC) || data.get(FLAGS_AT)? & FLAGS_ODD != 0 {
            return None;
        }
        let [c0, c1, c2, c3, l0, l1, l2, l3] = *trailer;
        let length = usize::try_from(u32::from_le_bytes([l0, l1, l2, l3])).ok()?;
        if length > WHOLE_BYTES_MAX || length as u64 > inflated_bytes_max {
            return None;
        }
        if window.len() < length {
            window.resize(length, 0);
        }
        let inflated = window.get_mut(..length)?;
        let filled = self.decompressor.gzip_decompress(&self.raw, inflated).ok()?;
        // The decompressor checked the member's trailer, but does not say where it stands. If the last bytes are that
        // trailer, too, and no other bytes are like them, then the member ended here and nothing came behind it.
        let is_trailer = filled == length && crc32(inflated) == u32::from_le_bytes([c0, c1, c2, c3]);
        let again = inflated.starts_with(&MAGIC);
        (is_trailer && !again && memmem::find(&self.raw, trailer) == Some(data.len())).then_some(filled)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;
    use crate::archive::Inflater;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    /// The inflated bytes, and whether they came in one go.
    fn open(raw: &[u8]) -> (Vec<u8>, bool) {
        match Unpacker::default().open(raw, 1 << 20, Vec::new()) {
            Content::Whole { window, known } => {
                let mut inflater = Inflater::new(raw, 1 << 20);
                let mut streamed = Vec::new();
                inflater.read_to_end(&mut streamed).unwrap();
                assert_eq!(inflater.finish().unwrap(), known);
                let filled = usize::try_from(known.inflated_bytes).unwrap();
                assert_eq!(window[..filled], streamed);
                (streamed, true)
            }
            Content::Stream { mut source, .. } => {
                let mut out = Vec::new();
                source.read_to_end(&mut out).unwrap();
                assert_eq!(out, raw, "all raw bytes are still there");
                (out, false)
            }
        }
    }

    #[test]
    fn one_whole_member_is_inflated_at_once() {
        assert_eq!(open(&gzip(b"one")), (b"one".to_vec(), true));
        let text: Vec<u8> = (0_u32..100_000).flat_map(u32::to_le_bytes).collect();
        assert_eq!(open(&gzip(&text)), (text, true));
    }

    #[test]
    fn what_is_odd_is_left_to_the_inflater() {
        let one = gzip(b"one");
        let twice = [one.clone(), one.clone()].concat();
        let mut hidden = [one.clone(), b"more".to_vec()].concat();
        hidden.extend_from_slice(&one[one.len() - TRAILER..]);
        let mut broken = one.clone();
        let middle = one.len() / 2;
        broken[middle] ^= 0xFF;
        // A header that says it has a checksum, which is wrong.
        let mut header = one.clone();
        header[FLAGS_AT] |= 2;
        header.splice(10..10, [0, 0]);
        for raw in [
            b"plain".to_vec(),
            Vec::new(),
            twice,
            [one.clone(), gzip(b"two")].concat(),
            [one.clone(), b"junk".to_vec()].concat(),
            hidden,
            one[..one.len() - 1].to_vec(),
            broken,
            header,
            gzip(&gzip(b"again")),
            gzip(&vec![b' '; (1 << 20) + 1]),
        ] {
            assert!(!open(&raw).1, "{raw:?}");
        }
    }

    #[test]
    fn a_source_that_fails_goes_on_failing_behind_what_was_read() {
        struct Breaks(bool);
        impl Read for Breaks {
            fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
                if std::mem::replace(&mut self.0, true) {
                    return Err(io::Error::other("broke"));
                }
                out[..2].copy_from_slice(b"ab");
                Ok(2)
            }
        }
        let Content::Stream { source, .. } = Unpacker::default().open(Breaks(false), 100, Vec::new()) else {
            panic!("it was inflated")
        };
        let mut inflater = Inflater::new(source, 100);
        let mut out = Vec::new();
        assert!(inflater.read_to_end(&mut out).unwrap_err().to_string().contains("broke"));
        assert_eq!(out, b"ab");
        assert!(inflater.finish().is_err(), "what was not read to its end is not known as read");
    }
}
