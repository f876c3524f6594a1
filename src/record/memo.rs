//! The members of many records in a row: keys are guessed, and long values known again.
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every range is below a length looked at beside it"
)]

use wide::u8x16;
use xxhash_rust::xxh3::xxh3_64;

use super::block::{BLOCK, Nesting};
use super::scan::{self, Cursor, LANES, Member, Stop};

/// The long values that were met in a window, to know them again: then they need no scan, and who reads them needs no look.
/// Callers, agents and connections repeat from record to record.
///
/// A value is known again by comparing all of its bytes, so nothing is taken for something else.
pub struct Memo {
    sets: Vec<[Seen; WAYS]>,
    count: u32,
    next_way: usize,
    /// The first stands for the beginning of an object.
    keys: Vec<KnownKey>,
}

impl Default for Memo {
    fn default() -> Self {
        let start =
            KnownKey { text: [u8x16::splat(0); 2], beyond: [u8x16::splat(0); 2], len: 0, next: [0; 2] };
        Self { sets: Vec::new(), count: 0, next_way: 0, keys: vec![start] }
    }
}

/// A key is known again if it is no longer than this with its quotes and colon.
const KEY_BYTES_MAX: usize = 2 * LANES;

/// So many keys are remembered; a [`Member`] has room for their numbers.
const KEYS_MAX: usize = 64;

/// A member's key with its quotes and colon, and which keys came behind it: records have their members in few orders.
struct KnownKey {
    text: [u8x16; 2],
    /// All bits behind the text.
    beyond: [u8x16; 2],
    len: usize,
    /// The last two that came behind it, the latest first; 0 is none.
    next: [usize; 2],
}

impl KnownKey {
    fn new(text: &[u8]) -> Self {
        let (mut padded, mut beyond) = ([0; KEY_BYTES_MAX], [u8::MAX; KEY_BYTES_MAX]);
        padded[..text.len()].copy_from_slice(text);
        beyond[..text.len()].fill(0);
        let halves = |bytes: [u8; KEY_BYTES_MAX]| {
            let (lanes, _) = bytes.as_chunks::<LANES>();
            [u8x16::from(lanes[0]), u8x16::from(lanes[1])]
        };
        Self { text: halves(padded), beyond: halves(beyond), len: text.len(), next: [0; 2] }
    }

    /// Whether the bytes begin with it.
    #[inline]
    fn is_at(&self, bytes: &[u8; KEY_BYTES_MAX]) -> bool {
        let (lanes, _) = bytes.as_chunks::<LANES>();
        let first = u8x16::from(lanes[0]).simd_eq(self.text[0]) | self.beyond[0];
        let second = u8x16::from(lanes[1]).simd_eq(self.text[1]) | self.beyond[1];
        self.len > 0 && (first & second).to_bitmask() == 0xFFFF
    }
}

/// Values whose beginnings have one hash, of which so many are remembered.
const WAYS: usize = 4;

/// How many such sets there are; a power of two.
const SETS: usize = 512;

/// A string is looked up when its first bytes hold no end.
const STRING_HEAD: usize = 48;

#[derive(Clone, Copy, Default)]
struct Seen {
    tag: u32,
    start: u32,
    len: u32,
    number: u32,
}

impl Memo {
    /// As [`scan::object`], for many objects of one window.
    ///
    /// # Errors
    /// As there.
    pub fn object(&mut self, bytes: &[u8], at: usize, members: &mut Vec<Member>) -> Result<usize, Stop> {
        members.clear();
        let mut cursor = Cursor::open(bytes, at)?;
        let mut before = 0;
        loop {
            let guess = self.guess(bytes, cursor.at, if members.is_empty() { None } else { Some(before) });
            let mut member = match guess {
                Some((member, place))
                    if !matches!(bytes.get(member.value_start), Some(b' ' | b'\n' | b'\r' | b'\t')) =>
                {
                    cursor = Cursor::resume(member.value_start);
                    before = place;
                    member
                }
                _ => {
                    let Some(member) = cursor.next_key(bytes)? else { return Ok(cursor.at) };
                    before = self.note(bytes, &member, before);
                    Member { named: u8::try_from(before).unwrap_or(0), ..member }
                }
            };
            (member.value_end, member.known) = self.value_end(bytes, member.value_start)?;
            cursor.at = member.value_end;
            members.push(member);
        }
    }

    /// Forgets where values stand, after the window was moved. Numbers go on.
    pub fn clear(&mut self) {
        self.sets.clear();
    }

    /// The next key as a [`Cursor`] finds it, from a guess which it is: `before` is the known key before it (0 is an unknown
    /// one), None where it is the first. None where the guess is wrong, or white space stands beside it.
    #[inline]
    fn guess(&mut self, bytes: &[u8], at: usize, before: Option<usize>) -> Option<(Member, usize)> {
        let (start, before) = match (bytes.get(at), before) {
            (Some(b','), Some(before)) if before != 0 => (at + 1, before),
            (Some(b'"'), None) => (at, 0),
            _ => return None,
        };
        let text = bytes.get(start..)?.first_chunk::<KEY_BYTES_MAX>()?;
        let [first, second] = self.keys[before].next;
        let found = if self.keys[first].is_at(text) {
            first
        } else if self.keys[second].is_at(text) {
            self.keys[before].next = [second, first];
            second
        } else {
            return None;
        };
        let value_start = start + self.keys[found].len;
        let member = Member {
            key_start: start + 1,
            key_end: value_start - 2,
            value_start,
            value_end: value_start,
            known: 0,
            named: u8::try_from(found).unwrap_or(0),
        };
        Some((member, found))
    }

    /// Notes which key came behind `before`. Gives its place among the known ones; 0 where it is not to be known.
    fn note(&mut self, bytes: &[u8], member: &Member, before: usize) -> usize {
        let start = member.key_start - 1;
        let text = bytes.get(start..member.key_end + 2).unwrap_or_default();
        if text.len() > KEY_BYTES_MAX || !text.ends_with(b"\":") {
            return 0;
        }
        let mut padded = [0; KEY_BYTES_MAX];
        padded[..text.len()].copy_from_slice(text);
        let known = self.keys.iter().position(|key| key.len == text.len() && key.is_at(&padded));
        let place = match known {
            Some(place) => place,
            None if self.keys.len() < KEYS_MAX => {
                self.keys.push(KnownKey::new(text));
                self.keys.len() - 1
            }
            None => return 0,
        };
        let next = &mut self.keys[before].next;
        *next = [place, next[0]];
        place
    }

    /// Finds where the value ends that begins at `at`, and its number.
    fn value_end(&mut self, bytes: &[u8], at: usize) -> Result<(usize, u32), Stop> {
        match bytes.get(at) {
            Some(b'"') => {
                let text = at + 1;
                let Some(head) = bytes.get(text..text + STRING_HEAD) else {
                    return Ok((scan::string_end(bytes, text)? + 1, 0));
                };
                // All of them are looked at before anything depends on it: where short strings end can't be foreseen.
                let (lanes, _) = head.as_chunks::<LANES>();
                let found = lanes.iter().rev().fold(0, |found, lanes| {
                    let lanes = u8x16::from(*lanes);
                    let ends = lanes.simd_eq(u8x16::splat(b'"')) | lanes.simd_eq(u8x16::splat(b'\\'));
                    found << LANES | u64::from(ends.to_bitmask())
                });
                if found != 0 {
                    let end = text + found.trailing_zeros() as usize;
                    let end = if bytes[end] == b'"' { end } else { scan::string_end(bytes, end)? };
                    return Ok((end + 1, 0));
                }
                self.look(bytes, at, head, |bytes| Ok(scan::string_end(bytes, text + STRING_HEAD)? + 1))
            }
            Some(b'{' | b'[') => {
                let mut nesting = Nesting::new(at);
                if let Some(end) = nesting.block(bytes, at)? {
                    return Ok((end, 0));
                }
                // The first bytes of callers hardly differ.
                let Some(head) = bytes.get(at + BLOCK / 2..at + BLOCK / 2 * 3) else {
                    return Ok((nesting.end(bytes, at + BLOCK)?, 0));
                };
                self.look(bytes, at, head, |bytes| nesting.end(bytes, at + BLOCK))
            }
            _ => Ok((scan::value_end(bytes, at)?, 0)),
        }
    }

    /// Looks up the value at `at` by some of its bytes; if it is not known, it is from now on.
    #[inline]
    fn look(
        &mut self,
        bytes: &[u8],
        at: usize,
        head: &[u8],
        find_end: impl FnOnce(&[u8]) -> Result<usize, Stop>,
    ) -> Result<(usize, u32), Stop> {
        if self.sets.is_empty() {
            self.sets.resize(SETS, [Seen::default(); WAYS]);
        }
        let [a, b, c, d, place, _, _, _] = xxh3_64(head).to_le_bytes();
        let tag = u32::from_le_bytes([a, b, c, d]) | 1;
        let set = &mut self.sets[(usize::from(place) << 8 | usize::from(d)) % SETS];
        for seen in set.iter().filter(|seen| seen.tag == tag) {
            let (start, len) = (seen.start as usize, seen.len as usize);
            if bytes.get(at..at + len).is_some_and(|value| value == &bytes[start..start + len]) {
                return Ok((at + len, seen.number));
            }
        }
        let end = find_end(bytes)?;
        let Some(count) = self.count.checked_add(1) else { return Ok((end, 0)) };
        self.count = count;
        self.next_way = (self.next_way + 1) % WAYS;
        if let (Ok(start), Ok(len)) = (u32::try_from(at), u32::try_from(end - at)) {
            set[self.next_way] = Seen { tag, start, len, number: self.count };
        }
        Ok((end, self.count))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_guess_forgives_no_missing_comma() {
        let mut memo = Memo::default();
        let mut members = Vec::new();
        let padded = |text: &str| format!("{text}{}", " ".repeat(KEY_BYTES_MAX));
        memo.object(padded(r#"{"first":1}"#).as_bytes(), 0, &mut members).unwrap();
        let long = "k".repeat(KEY_BYTES_MAX);
        let text = padded(&format!(r#"{{"{long}":"v""first":1}}"#));
        let expected = scan::object(text.as_bytes(), 0, &mut members);
        assert!(matches!(expected, Err(Stop::Malformed(_))));
        assert_eq!(memo.object(text.as_bytes(), 0, &mut members), expected);
    }

    proptest! {
        #[test]
        fn values_that_are_known_again_end_where_they_do(
            values in prop::collection::vec(
                prop::sample::select(vec![
                    format!("{{\"type\":\"AssumedRole\",\"id\":\"{}\",\"a\":[]}}", "x".repeat(60)),
                    format!("{{\"type\":\"AssumedRole\",\"id\":\"{}\",\"a\":[1]}}", "x".repeat(60)),
                    format!("{{\"type\":\"AssumedRole\",\"id\":\"{}\",\"a\":\"]}}\"}}", "x".repeat(60)),
                    format!("\"{}\"", "y".repeat(50)),
                    format!("\"{}\"", "y".repeat(100)),
                    format!("\"{}\\\"y\"", "y".repeat(60)),
                    format!("\"\\\"{}\"", "y".repeat(60)),
                    "[1,2]".to_owned(),
                    "\"short\"".to_owned(),
                    "-1.5e3".to_owned(),
                ]),
                1..40,
            ),
            gaps in 1..60_usize,
            tail in 0..60_usize,
        ) {
            let key = |place: usize| match place % 7 {
                0 => "k\\\"".to_owned(),
                1 => "a name that is longer than the longest known".to_owned(),
                2 => String::new(),
                _ => format!("k{}", place / 3),
            };
            let gap = |place: usize| if place.is_multiple_of(gaps) { " " } else { "" };
            let members: Vec<String> = values
                .iter()
                .enumerate()
                .map(|(place, value)| {
                    format!("{0}\"{1}\"{2}:{3}{value}", gap(place), key(place), gap(place + 1), gap(place + 2))
                })
                .collect();
            let text = format!("{{{}}}{}", members.join(","), " ".repeat(tail));
            let (mut plain, mut found, mut memo) = (Vec::new(), Vec::new(), Memo::default());
            scan::object(text.as_bytes(), 0, &mut plain).unwrap();
            let mut values: Vec<&[u8]> = vec![b""];
            let mut names = std::collections::BTreeMap::new();
            for _ in 0..3 {
                memo.object(text.as_bytes(), 0, &mut found).unwrap();
                prop_assert_eq!(plain.len(), found.len());
                for (plain, found) in plain.iter().zip(&found) {
                    prop_assert_eq!(Member { known: 0, named: 0, ..*found }, *plain);
                    let name = found.key(text.as_bytes());
                    if found.named != 0 {
                        prop_assert_eq!(*names.entry(found.named).or_insert(name), name);
                    }
                    let (number, value) = (found.known as usize, found.value(text.as_bytes()));
                    if number == values.len() {
                        values.push(value);
                    } else if number != 0 {
                        prop_assert_eq!(values[number], value);
                    }
                }
            }
        }
    }
}
