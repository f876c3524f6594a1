//! Where nested values end, found 64 bytes at a time: as bits of quotes, backslashes and brackets.
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every range is below a length looked at beside it"
)]

use wide::u8x16;

use super::scan::{LANES, Stop, string_end};

/// So many bytes make a block, one for each bit of a mask.
pub(super) const BLOCK: usize = 64;

/// Where in a block the bytes stand that matter to where a value ends; the lowest bit is the first byte.
struct Block {
    quotes: u64,
    slashes: u64,
    opening: u64,
    closing: u64,
}

impl Block {
    #[inline]
    fn new(bytes: &[u8; BLOCK]) -> Self {
        let mut block = Self { quotes: 0, slashes: 0, opening: 0, closing: 0 };
        let (lanes, _) = bytes.as_chunks::<LANES>();
        for (place, lanes) in lanes.iter().enumerate() {
            let lanes = u8x16::from(*lanes);
            // A bracket and a brace differ in this bit alone.
            let brackets = lanes | u8x16::splat(0x20);
            let mask = |found: u8x16| u64::from(found.to_bitmask()) << (place * LANES);
            block.quotes |= mask(lanes.simd_eq(u8x16::splat(b'"')));
            block.slashes |= mask(lanes.simd_eq(u8x16::splat(b'\\')));
            block.opening |= mask(brackets.simd_eq(u8x16::splat(b'{')));
            block.closing |= mask(brackets.simd_eq(u8x16::splat(b'}')));
        }
        block
    }
}

/// What a block leaves to the next one.
#[derive(Default)]
struct Carry {
    /// All bits where the block ended inside a string.
    in_string: u64,
    /// Whether its last byte was a backslash that is no escaped one.
    escapes: bool,
}

impl Carry {
    /// The bits of a block's bytes that are outside of strings; quotes that end or begin one count to neither side.
    #[inline]
    fn outside(&mut self, block: &Block) -> u64 {
        let mut quotes = block.quotes;
        if block.slashes != 0 || self.escapes {
            quotes &= !self.escaped(block.slashes);
        }
        let mut inside = quotes;
        for shift in [1, 2, 4, 8, 16, 32] {
            inside ^= inside << shift;
        }
        inside ^= self.in_string;
        self.in_string = if inside >> (BLOCK - 1) == 1 { u64::MAX } else { 0 };
        !inside
    }

    /// The bits of bytes that stand behind a backslash which is none such itself.
    fn escaped(&mut self, slashes: u64) -> u64 {
        let mut escaped = u64::from(self.escapes);
        let mut left = slashes & !escaped;
        self.escapes = false;
        while left != 0 {
            let behind = left.trailing_zeros() + 1;
            if behind as usize == BLOCK {
                self.escapes = true;
                break;
            }
            escaped |= 1 << behind;
            left &= u64::MAX << behind;
            left &= !escaped;
        }
        escaped
    }
}

/// How deep a walk through nested values is.
pub(super) struct Nesting {
    start: usize,
    carry: Carry,
    depth: usize,
}

impl Nesting {
    /// For the object or list that begins at `start`.
    pub(super) fn new(start: usize) -> Self {
        Self { start, carry: Carry::default(), depth: 0 }
    }

    /// Walks through the block at `at`: the place behind the outermost value, or None where it does not end there.
    #[inline]
    pub(super) fn block(&mut self, bytes: &[u8], at: usize) -> Result<Option<usize>, Stop> {
        let rest = bytes.get(at..).unwrap_or_default();
        let block = match rest.first_chunk::<BLOCK>() {
            Some(block) => Block::new(block),
            None if rest.is_empty() => return Err(Stop::Incomplete),
            None => {
                let mut padded = [b' '; BLOCK];
                padded[..rest.len()].copy_from_slice(rest);
                Block::new(&padded)
            }
        };
        let outside = self.carry.outside(&block);
        if block.slashes & outside != 0 {
            // No JSON has that; where such a value ends is told byte by byte.
            return nested_end_bytewise(bytes, self.start).map(Some);
        }
        let (opening, closing) = (block.opening & outside, block.closing & outside);
        if (closing.count_ones() as usize) < self.depth {
            self.depth += opening.count_ones() as usize;
            self.depth -= closing.count_ones() as usize;
            return Ok(None);
        }
        let mut left = opening | closing;
        while left != 0 {
            let place = left.trailing_zeros();
            if opening >> place & 1 == 1 {
                self.depth += 1;
            } else {
                self.depth -= 1;
                if self.depth == 0 {
                    return Ok(Some(at + place as usize + 1));
                }
            }
            left &= left - 1;
        }
        Ok(None)
    }

    /// Goes on from the block at `at` to the end.
    pub(super) fn end(&mut self, bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
        loop {
            if let Some(end) = self.block(bytes, at)? {
                return Ok(end);
            }
            at += BLOCK;
        }
    }
}

/// The place behind the object or list that begins at `at`, by counting brackets outside of strings.
pub(super) fn nested_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    Nesting::new(at).end(bytes, at)
}

/// The same, one byte after another; backslashes count in strings only.
fn nested_end_bytewise(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    let mut depth = 0_usize;
    loop {
        match bytes.get(at) {
            Some(b'"') => at = string_end(bytes, at + 1)? + 1,
            Some(b'{' | b'[') => {
                depth += 1;
                at += 1;
            }
            Some(b'}' | b']') => {
                depth -= 1;
                at += 1;
                if depth == 0 {
                    return Ok(at);
                }
            }
            Some(_) => at += 1,
            None => return Err(Stop::Incomplete),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn blocks_find_the_end_that_single_bytes_do(
            before in 0..70_usize,
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "{", "}", "[", "]", "{\"", "\"}", "\"", "\"", "\"a\"", ":", "\"\\\\\"", "\"\\\"", "\"\\\\\\\"", "{}", "x",
                    "\"}\"", "\"[{\"", ",", "                                                             ",
                ]),
                0..120,
            ),
        ) {
            let text = format!("{}[{}", "\\".repeat(before), pieces.concat());
            prop_assert_eq!(nested_end(text.as_bytes(), before), nested_end_bytewise(text.as_bytes(), before));
        }
    }
}
