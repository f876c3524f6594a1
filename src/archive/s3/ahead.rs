//! Reads the objects of a run ahead of who needs them, with bounded memory.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Mutex, PoisonError};

use tokio::runtime::Handle;
use tokio::task::JoinHandle;

use super::bucket::S3Object;
use super::error::S3Error;
use crate::archive::{Object, Place};

/// So many pieces are asked for at a time, or wait to be read.
const PIECES_MAX: usize = 64;

/// Pieces of so many bytes in all are asked for ahead, or wait to be read. Beyond it, each reader gets only what it needs
/// now.
const BYTES_AHEAD_MAX: u64 = 32 * 1024 * 1024;

/// An object is got in pieces of so many bytes; almost all objects are smaller, and got as one.
const PIECE_BYTES: u64 = 8 * 1024 * 1024;

/// The objects of a run that lie in S3, on their way.
pub(in crate::archive) struct Ahead<'a> {
    objects: &'a [Object],
    runtime: Handle,
    /// How many pieces behind the one that is read are asked for.
    window: usize,
    state: Mutex<State>,
}

/// An object's place in the run, and the piece's in the object.
type At = (usize, u64);

#[derive(Default)]
struct State {
    pieces: BTreeMap<At, Piece>,
    bytes: u64,
    /// By place in the run: objects that were opened. Who reads one asks for its pieces; nobody else does.
    begun: Vec<bool>,
    /// What ends reading, for all objects.
    stopped: Option<S3Error>,
}

struct Piece {
    bytes: u64,
    /// What gets it.
    task: JoinHandle<Result<Vec<u8>, S3Error>>,
}

impl<'a> Ahead<'a> {
    /// For a run of objects that so many readers read, each from one place on in order.
    pub(in crate::archive) fn new(objects: &'a [Object], readers: usize, runtime: Handle) -> Self {
        let window = (PIECES_MAX / readers.max(1)).max(1);
        let state = State { begun: vec![false; objects.len()], ..State::default() };
        Self { objects, runtime, window, state: Mutex::new(state) }
    }

    /// What ended reading for all objects, if something did.
    pub(in crate::archive) fn stopped(&self) -> Option<S3Error> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).stopped.clone()
    }

    /// An object is read from now on.
    fn begin(&self, index: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(begun) = state.begun.get_mut(index) {
            *begun = true;
        }
    }

    /// Waits for a piece, and asks for those behind it that nobody else is at.
    fn take(&self, at: At) -> Result<Vec<u8>, S3Error> {
        let task = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(error) = &state.stopped {
                return Err(error.clone());
            }
            self.ask(&mut state, at);
            let mut next = at;
            let mut wanted = 0;
            while wanted < self.window && state.pieces.len() < PIECES_MAX && state.bytes < BYTES_AHEAD_MAX {
                let Some(after) = self.after(next) else { break };
                next = after;
                if next.0 == at.0 || state.begun.get(next.0) == Some(&false) {
                    self.ask(&mut state, next);
                    wanted += 1;
                }
            }
            let Some(piece) = state.pieces.remove(&at) else { return Ok(Vec::new()) };
            state.bytes = state.bytes.saturating_sub(piece.bytes);
            piece.task
        };
        let got = self.runtime.block_on(task).unwrap_or_else(|error| {
            let (bucket, key) = (String::new(), String::new());
            let kind = super::S3ErrorKind::Other("a task that failed".to_owned());
            Err(S3Error { kind, bucket, key, said: error.to_string() })
        });
        if let Err(error) = &got
            && error.stops()
        {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.stopped.get_or_insert_with(|| error.clone());
        }
        got
    }

    fn ask(&self, state: &mut State, at: At) {
        let Some(object) = self.object(at.0).filter(|_| !state.pieces.contains_key(&at)) else { return };
        let (object, range) = (object.clone(), range(object.size, at.1));
        let bytes = range.as_ref().map_or(object.size, |range| range.end - range.start);
        let task = self.runtime.spawn(async move { object.bucket.get(&object, range).await });
        state.pieces.insert(at, Piece { bytes, task });
        state.bytes += bytes;
    }

    /// Gives up the pieces of an object that nobody will read any more.
    fn forget(&self, index: usize) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let mut rest = state.pieces.split_off(&(index, 0));
        let mut later = rest.split_off(&(index + 1, 0));
        for piece in rest.values() {
            piece.task.abort();
            state.bytes = state.bytes.saturating_sub(piece.bytes);
        }
        state.pieces.append(&mut later);
    }

    fn object(&self, index: usize) -> Option<&S3Object> {
        match &self.objects.get(index)?.place {
            Place::S3(object) => Some(object),
            Place::File(_) | Place::Stdin => None,
        }
    }

    /// The piece behind another, of the same or of a later object.
    fn after(&self, (index, piece): At) -> Option<At> {
        if self.object(index).is_some_and(|object| piece + 1 < pieces(object.size)) {
            return Some((index, piece + 1));
        }
        let later = self.objects.get(index + 1..)?;
        let step = later.iter().position(|object| matches!(object.place, Place::S3(_)))?;
        Some((index + 1 + step, 0))
    }
}

impl Drop for Ahead<'_> {
    fn drop(&mut self) {
        for piece in self.state.get_mut().unwrap_or_else(PoisonError::into_inner).pieces.values() {
            piece.task.abort();
        }
    }
}

fn pieces(size: u64) -> u64 {
    size.div_ceil(PIECE_BYTES).max(1)
}

/// The bytes of a piece; None for all of the object.
fn range(size: u64, piece: u64) -> Option<Range<u64>> {
    let start = piece * PIECE_BYTES;
    (pieces(size) > 1).then(|| start..(start + PIECE_BYTES).min(size))
}

/// The bytes of one object, piece after piece.
pub(in crate::archive) struct Pieces<'a> {
    ahead: &'a Ahead<'a>,
    index: usize,
    next: u64,
    count: u64,
    piece: io::Cursor<Vec<u8>>,
    /// What went wrong; said again each time, so that the object does not seem to end here.
    failed: Option<S3Error>,
}

impl<'a> Pieces<'a> {
    pub(in crate::archive) fn new(ahead: &'a Ahead<'a>, index: usize, size: u64) -> Self {
        ahead.begin(index);
        Self { ahead, index, next: 0, count: pieces(size), piece: io::Cursor::default(), failed: None }
    }
}

impl Read for Pieces<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            if let Some(error) = &self.failed {
                return Err(io::Error::other(error.with_hint()));
            }
            let count = self.piece.read(out)?;
            if count > 0 || out.is_empty() || self.next >= self.count {
                return Ok(count);
            }
            match self.ahead.take((self.index, self.next)) {
                Ok(bytes) => self.piece = io::Cursor::new(bytes),
                Err(error) => {
                    self.ahead.forget(self.index);
                    self.failed = Some(error);
                }
            }
            self.next += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_cover_an_object_once() {
        assert_eq!((pieces(0), range(0, 0)), (1, None));
        assert_eq!((pieces(PIECE_BYTES), range(PIECE_BYTES, 0)), (1, None));
        let size = 2 * PIECE_BYTES + 5;
        let all: Vec<Range<u64>> = (0..pieces(size)).filter_map(|piece| range(size, piece)).collect();
        assert_eq!(all, [0..PIECE_BYTES, PIECE_BYTES..2 * PIECE_BYTES, 2 * PIECE_BYTES..size]);
    }
}
