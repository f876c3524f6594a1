//! A large object, inflated ahead of who reads it by whoever has time.
//!
//! Decoding one object is one worker's work, as its records come in order. Inflating it is work that others can take over,
//! block by block: so that one object of any size keeps more than one core busy.

use std::collections::VecDeque;
use std::io::{self, Read};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

/// So many bytes are inflated at a time.
const BLOCK_BYTES: usize = 512 * 1024;

/// So many blocks wait to be read.
const BLOCKS_MAX: usize = 6;

/// Bytes of a source on their way to who reads them.
pub(super) struct Flow<S> {
    /// Whoever holds it gets the next block; None when nothing more is wanted of it.
    source: Mutex<Option<S>>,
    blocks: Mutex<Blocks>,
}

#[derive(Default)]
struct Blocks {
    ready: VecDeque<io::Result<Block>>,
    spare: Vec<Vec<u8>>,
    ended: bool,
}

/// The first bytes of a buffer.
#[derive(Default)]
struct Block {
    bytes: Vec<u8>,
    filled: usize,
}

/// What can be helped with, whatever its source is.
pub(super) trait Help: Send + Sync {
    /// Gets the next block, unless enough of them wait or someone else is at it. Says whether it did.
    fn help(&self) -> bool;
}

impl<S: Read> Flow<S> {
    pub(super) fn new(source: S) -> Self {
        Self { source: Mutex::new(Some(source)), blocks: Mutex::default() }
    }

    /// Gives the source back; nobody helps from now on.
    pub(super) fn end(&self) -> Option<S> {
        self.source.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn blocks(&self) -> MutexGuard<'_, Blocks> {
        self.blocks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Gets the next block of a source that is held. False at the end.
    fn step(&self, source: &mut Option<S>) -> bool {
        let Some(source) = source else { return false };
        let mut bytes = {
            let mut blocks = self.blocks();
            if blocks.ended {
                return false;
            }
            blocks.spare.pop().unwrap_or_default()
        };
        bytes.resize(BLOCK_BYTES, 0);
        let (mut filled, mut failed, mut ended) = (0, None, false);
        while let Some(room) = bytes.get_mut(filled..).filter(|room| !room.is_empty()) {
            match source.read(room) {
                Ok(0) => {
                    ended = true;
                    break;
                }
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => {
                    failed = Some(error);
                    ended = true;
                    break;
                }
            }
        }
        let mut blocks = self.blocks();
        blocks.ready.push_back(Ok(Block { bytes, filled }));
        blocks.ready.extend(failed.map(Err));
        blocks.ended = ended;
        true
    }
}

impl<S: Read + Send> Help for Flow<S> {
    fn help(&self) -> bool {
        if self.blocks().ready.len() >= BLOCKS_MAX {
            return false;
        }
        match self.source.try_lock() {
            Ok(mut source) => self.step(&mut source),
            Err(_) => false,
        }
    }
}

/// Reads the blocks in order, and gets those that nobody got ahead.
pub(super) struct FlowReader<'f, S> {
    flow: &'f Flow<S>,
    /// Told when there is room for more blocks.
    room: &'f Condvar,
    block: Block,
    at: usize,
    given: u64,
}

impl<'f, S: Read> FlowReader<'f, S> {
    pub(super) fn new(flow: &'f Flow<S>, room: &'f Condvar) -> Self {
        Self { flow, room, block: Block::default(), at: 0, given: 0 }
    }

    /// So many bytes were read. More may have been got ahead: how many depends on who had time.
    pub(super) fn given(&self) -> u64 {
        self.given
    }

    /// The next block; None at the end.
    fn next(&mut self) -> Option<io::Result<Block>> {
        let before = std::mem::take(&mut self.block);
        {
            let mut blocks = self.flow.blocks();
            if !before.bytes.is_empty() {
                blocks.spare.push(before.bytes);
            }
            if let Some(next) = blocks.ready.pop_front() {
                if blocks.ready.len() <= BLOCKS_MAX / 2 {
                    self.room.notify_all();
                }
                return Some(next);
            }
        }
        // Whoever is in the middle of a block ends it first.
        let mut source = self.flow.source.lock().unwrap_or_else(PoisonError::into_inner);
        loop {
            if let Some(next) = self.flow.blocks().ready.pop_front() {
                return Some(next);
            }
            if !self.flow.step(&mut source) {
                return None;
            }
        }
    }
}

impl<S: Read> Read for FlowReader<'_, S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        loop {
            let left = self.block.bytes.get(self.at..self.block.filled).unwrap_or_default();
            if !left.is_empty() || out.is_empty() {
                let count = left.len().min(out.len());
                if let (Some(to), Some(from)) = (out.get_mut(..count), left.get(..count)) {
                    to.copy_from_slice(from);
                }
                self.at += count;
                self.given += count as u64;
                return Ok(count);
            }
            match self.next() {
                Some(Ok(block)) => (self.block, self.at) = (block, 0),
                Some(Err(error)) => return Err(error),
                None => return Ok(0),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives numbers, then an error.
    struct Numbers(u64);

    impl Read for Numbers {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            if self.0 == 1_000_000 {
                return Err(io::Error::other("the source broke"));
            }
            let bytes = self.0.to_le_bytes();
            self.0 += 1;
            let count = out.len().min(bytes.len());
            out[..count].copy_from_slice(&bytes[..count]);
            Ok(count)
        }
    }

    #[test]
    fn helpers_change_nothing_of_what_is_read() {
        let mut expected = Vec::new();
        assert!(Numbers(0).read_to_end(&mut expected).is_err());
        for helpers in [0, 1, 3] {
            let flow = Flow::new(Numbers(0));
            let room = Condvar::new();
            let mut found = Vec::new();
            let done = std::sync::atomic::AtomicBool::new(false);
            let error = std::thread::scope(|scope| {
                for _ in 0..helpers {
                    scope.spawn(|| {
                        while !done.load(std::sync::atomic::Ordering::Relaxed) {
                            if !flow.help() {
                                std::thread::yield_now();
                            }
                        }
                    });
                }
                let mut reader = FlowReader::new(&flow, &room);
                let error = reader.read_to_end(&mut found).unwrap_err();
                assert_eq!(reader.given(), found.len() as u64);
                done.store(true, std::sync::atomic::Ordering::Relaxed);
                error
            });
            assert_eq!(error.to_string(), "the source broke");
            assert!(found == expected, "{} and {} bytes", found.len(), expected.len());
            assert_eq!(flow.end().map(|source| source.0), Some(1_000_000));
            assert!(!flow.help());
        }
    }
}
