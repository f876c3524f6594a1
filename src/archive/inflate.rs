//! Inflates an object as it is read: gzip by content, any number of members, with a limit and a hash of the raw bytes.

use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};

use flate2::bufread::GzDecoder;
use sha2::{Digest, Sha256};

/// How many bytes an object may inflate to, unless told otherwise: far above CloudTrail's 50 MB, far below what a gzip
/// bomb makes.
pub const INFLATED_BYTES_MAX: u64 = 1 << 30;

/// How many raw bytes are read at a time.
const READ_BYTES: usize = 128 * 1024;

/// What is known of an object once it was read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inflated {
    /// Raw bytes read.
    pub raw_bytes: u64,
    /// Bytes after inflation.
    pub inflated_bytes: u64,
    /// SHA-256 of the raw bytes, in hexadecimal; of those read, where reading ended early.
    pub sha256: String,
    /// Whether it inflates to more than was allowed, so that its rest is unread.
    pub is_cut: bool,
}

/// Gives the inflated bytes of an object: gzip, gzip in gzip (some tools compress once for the file and once for its way),
/// or plain.
///
/// Errors carry a text that stands alone; what was inflated before the error has been given out.
pub struct Inflater<R: Read> {
    depth: Depth<R>,
    inflated_bytes_max: u64,
}

/// What was inflated once; the bytes that were looked at come first.
type Content<R> = Chain<Cursor<Vec<u8>>, Layer<Hashing<R>>>;

enum Depth<R: Read> {
    /// Nothing was read yet.
    Start(Layer<Hashing<R>>),
    /// What was inflated is the content; the first bytes of it were read to know that.
    Once(Content<R>),
    /// What was inflated is gzip again.
    Twice(Box<Layer<Content<R>>>),
    /// Only while the depth is replaced.
    Moving,
}

impl<R: Read> Inflater<R> {
    /// Reads `source`, up to `inflated_bytes_max` inflated bytes.
    pub fn new(source: R, inflated_bytes_max: u64) -> Self {
        let hashing = Hashing { source, hasher: Sha256::new(), bytes: 0 };
        Self { depth: Depth::Start(Layer::new(hashing, inflated_bytes_max)), inflated_bytes_max }
    }

    /// Reads what is left of the raw bytes without inflating it, and says what was read.
    ///
    /// # Errors
    /// Where the raw bytes can't be read.
    pub fn finish(self) -> io::Result<Inflated> {
        let (layer, twice) = match self.depth {
            Depth::Start(layer) => (layer, None),
            Depth::Once(chain) => (chain.into_inner().1, None),
            Depth::Twice(outer) => {
                let bytes = outer.inflated_bytes;
                (outer.into_source()?.into_inner().1, Some(bytes))
            }
            Depth::Moving => return Err(io::Error::other("reading ended in the middle of a step")),
        };
        let inflated_bytes = twice.unwrap_or(layer.inflated_bytes);
        let is_cut = inflated_bytes.max(layer.inflated_bytes) > self.inflated_bytes_max;
        let hashing = layer.finish()?;
        let sha256 = hexadecimal(&hashing.hasher.finalize());
        Ok(Inflated { raw_bytes: hashing.bytes, inflated_bytes, sha256, is_cut })
    }

    /// Looks at the first inflated bytes.
    fn start(&mut self, mut layer: Layer<Hashing<R>>) -> io::Result<()> {
        let mut head = Vec::with_capacity(MAGIC.len());
        let mut byte = [0];
        let mut failed = None;
        while head.len() < MAGIC.len() {
            match layer.read(&mut byte) {
                Ok(0) => break,
                Ok(_) => head.extend_from_slice(&byte),
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failed = Some(error);
                    break;
                }
            }
        }
        let again = layer.is_gzip() && head == MAGIC;
        let chain = Cursor::new(head).chain(layer);
        self.depth = if again {
            Depth::Twice(Box::new(Layer::new(chain, self.inflated_bytes_max)))
        } else {
            Depth::Once(chain)
        };
        failed.map_or(Ok(()), Err)
    }
}

impl<R: Read> Read for Inflater<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match &mut self.depth {
                Depth::Once(content) => return content.read(out),
                Depth::Twice(content) => return content.read(out),
                Depth::Moving => return Err(io::Error::other("read again after an error")),
                Depth::Start(_) => {
                    if let Depth::Start(layer) = std::mem::replace(&mut self.depth, Depth::Moving) {
                        self.start(layer)?;
                    }
                }
            }
        }
    }
}

/// How gzip begins.
pub(super) const MAGIC: [u8; 2] = [0x1F, 0x8B];

/// Gives the inflated bytes of what may be gzip, once.
struct Layer<R: Read> {
    state: State<R>,
    inflated_bytes: u64,
    inflated_bytes_max: u64,
    members: u64,
}

enum State<R: Read> {
    Start(BufReader<R>),
    Plain(BufReader<R>),
    Gzip(Box<GzDecoder<BufReader<R>>>),
    Between(BufReader<R>),
    Ended(BufReader<R>),
    /// Only while a state is replaced.
    Moving,
}

impl<R: Read> Layer<R> {
    fn new(source: R, inflated_bytes_max: u64) -> Self {
        Self {
            state: State::Start(BufReader::with_capacity(READ_BYTES, source)),
            inflated_bytes: 0,
            inflated_bytes_max,
            members: 0,
        }
    }

    /// Reads what is left of the source without inflating it, and gives it back.
    fn finish(self) -> io::Result<R> {
        let mut reader = self.into_reader()?;
        io::copy(&mut reader, &mut io::sink())?;
        Ok(reader.into_inner())
    }

    /// Gives the source back as far as it was read.
    fn into_source(self) -> io::Result<R> {
        Ok(self.into_reader()?.into_inner())
    }

    fn into_reader(self) -> io::Result<BufReader<R>> {
        Ok(match self.state {
            State::Start(reader) | State::Plain(reader) | State::Between(reader) | State::Ended(reader) => {
                reader
            }
            State::Gzip(decoder) => decoder.into_inner(),
            State::Moving => return Err(io::Error::other("reading ended in the middle of a step")),
        })
    }

    /// Whether the source was gzip.
    fn is_gzip(&self) -> bool {
        matches!(self.state, State::Gzip(_) | State::Between(_) | State::Ended(_))
    }

    fn count(&mut self, count: usize) -> io::Result<usize> {
        self.inflated_bytes = self.inflated_bytes.saturating_add(count as u64);
        if self.inflated_bytes > self.inflated_bytes_max {
            return Err(io::Error::other(format!(
                "inflates to more than the limit of {} bytes (--inflated-bytes-max), the rest is unread",
                self.inflated_bytes_max
            )));
        }
        Ok(count)
    }
}

impl<R: Read> Read for Layer<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            match std::mem::replace(&mut self.state, State::Moving) {
                State::Start(mut reader) => {
                    let gzip = reader.fill_buf().map_err(unreadable)?.starts_with(&MAGIC);
                    self.state = if gzip {
                        State::Gzip(Box::new(GzDecoder::new(reader)))
                    } else {
                        State::Plain(reader)
                    };
                }
                State::Plain(mut reader) => {
                    let count = reader.read(out);
                    self.state = State::Plain(reader);
                    return self.count(count.map_err(unreadable)?);
                }
                State::Gzip(mut decoder) => match decoder.read(out) {
                    Ok(0) => {
                        self.members += 1;
                        self.state = State::Between(decoder.into_inner());
                    }
                    Ok(count) => {
                        self.state = State::Gzip(decoder);
                        return self.count(count);
                    }
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                        self.state = State::Gzip(decoder);
                    }
                    Err(error) => {
                        self.state = State::Ended(decoder.into_inner());
                        return Err(broken_gzip(&error));
                    }
                },
                State::Between(mut reader) => {
                    let ahead = reader.fill_buf().map_err(unreadable)?;
                    if ahead.starts_with(&MAGIC) {
                        self.state = State::Gzip(Box::new(GzDecoder::new(reader)));
                    } else if ahead.is_empty() {
                        self.state = State::Ended(reader);
                    } else {
                        let extra = io::copy(&mut reader, &mut io::sink()).map_err(unreadable)?;
                        self.state = State::Ended(reader);
                        return Err(io::Error::other(format!(
                            "{extra} bytes after the gzip end are no gzip, unread"
                        )));
                    }
                }
                State::Ended(reader) => {
                    self.state = State::Ended(reader);
                    return Ok(0);
                }
                State::Moving => return Err(io::Error::other("read again after an error")),
            }
        }
    }
}

#[expect(clippy::needless_pass_by_value, reason = "what `map_err` gives")]
fn unreadable(error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("cannot be read: {error}"))
}

fn broken_gzip(error: &io::Error) -> io::Error {
    match error.kind() {
        io::ErrorKind::UnexpectedEof => io::Error::other("cut-off gzip, the rest is unread"),
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
            io::Error::other(format!("broken gzip ({error}), the rest is unread"))
        }
        _ => io::Error::new(error.kind(), format!("cannot be read: {error}")),
    }
}

/// Bytes as hexadecimal digits, in lower case.
#[must_use]
pub fn hexadecimal(bytes: &[u8]) -> String {
    let digit = |value: u8| char::from_digit(u32::from(value), 16).unwrap_or('0');
    bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 0xF)]).collect()
}

/// Hashes and counts what passes.
struct Hashing<R> {
    source: R,
    hasher: Sha256,
    bytes: u64,
}

impl<R: Read> Read for Hashing<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let count = self.source.read(out)?;
        if let Some(read) = out.get(..count) {
            self.hasher.update(read);
        }
        self.bytes += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn inflate(raw: &[u8], max: u64) -> (Vec<u8>, Option<String>, Inflated) {
        let mut inflater = Inflater::new(raw, max);
        let mut out = Vec::new();
        let error = loop {
            let mut chunk = [0_u8; 1000];
            match inflater.read(&mut chunk) {
                Ok(0) => break None,
                Ok(count) => out.extend_from_slice(&chunk[..count]),
                Err(error) => break Some(error.to_string()),
            }
        };
        (out, error, inflater.finish().unwrap())
    }

    #[test]
    fn gzip_in_gzip_is_inflated_twice_and_limited_all_the_same() {
        let raw = gzip(&[gzip(b"one "), gzip(b"two")].concat());
        let (out, error, known) = inflate(&raw, 100);
        assert_eq!((out.as_slice(), error), (b"one two".as_slice(), None));
        assert_eq!((known.raw_bytes, known.inflated_bytes), (raw.len() as u64, 7));
        let (_, error, known) = inflate(&gzip(&gzip(&vec![b' '; 100_000])), 1_000);
        assert!(error.unwrap().contains("inflates to more than the limit"));
        assert_eq!(known.sha256.len(), 64);
        // Plain bytes that begin as gzip does are no second layer: nothing was inflated yet.
        let (out, error, _) = inflate(&gzip(b"\x1F"), 100);
        assert_eq!((out.as_slice(), error), (b"\x1F".as_slice(), None));
    }

    #[test]
    fn all_members_are_read_and_plain_bytes_pass() {
        let raw = [gzip(b"one "), gzip(b""), gzip(b"two")].concat();
        let (out, error, known) = inflate(&raw, 100);
        assert_eq!((out.as_slice(), error), (b"one two".as_slice(), None));
        assert_eq!((known.raw_bytes, known.inflated_bytes), (raw.len() as u64, 7));
        let (out, error, _) = inflate(b"plain", 100);
        assert_eq!((out.as_slice(), error), (b"plain".as_slice(), None));
        assert_eq!(inflate(b"", 100).0, b"");
    }

    #[test]
    fn a_cut_a_bomb_and_trailing_bytes_are_named_and_what_came_before_is_given() {
        let text = vec![b'x'; 100_000];
        let whole = gzip(&text);
        let (out, error, _) = inflate(&whole[..whole.len() - 9], 1 << 20);
        assert!(!out.is_empty());
        assert!(error.unwrap().contains("cut-off gzip"));
        let (out, error, _) = inflate(&whole, 5000);
        assert!(out.len() <= 5000);
        assert!(error.unwrap().contains("limit of 5000 bytes"));
        let (out, error, known) = inflate(&[whole.clone(), b"junk!".to_vec()].concat(), 1 << 20);
        assert_eq!(out, text);
        assert!(error.unwrap().starts_with("5 bytes after the gzip end"));
        assert_eq!(known.raw_bytes, whole.len() as u64 + 5);
        let mut broken = whole.clone();
        let at = whole.len() - 6;
        broken[at] ^= 0xFF;
        assert!(inflate(&broken, 1 << 20).1.unwrap().contains("broken gzip"));
    }

    #[test]
    fn the_hash_is_that_of_the_raw_bytes() {
        let (_, _, known) = inflate(b"abc", 100);
        assert_eq!(known.sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    }
}
