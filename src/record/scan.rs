//! The lowest layer of reading: where JSON values begin and end, without looking inside more than needed.
//!
//! A scan finds the members of one object as byte ranges. Nested values are skipped by counting brackets outside of
//! strings; whether they are strict JSON is checked later and once per distinct value (see [`super::canonical`]).
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every index comes from the same scan and is below the length checked beside it"
)]

use wide::u8x16;

use super::block::nested_end;

/// A member of an object: where its key and its value stand in the scanned bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Member {
    /// Where the key's text begins, behind the quote.
    pub key_start: usize,
    /// Where the key's text ends, before the quote.
    pub key_end: usize,
    /// Where the value begins.
    pub value_start: usize,
    /// Where the value ends.
    pub value_end: usize,
    /// The number that equal values of the same object have, as a [`Memo`](super::memo::Memo) gives it; 0 where it was not asked.
    pub known: u32,
    /// The same for keys; 0 where it has none.
    pub named: u8,
}

impl Member {
    /// The key as it stands, escapes and all.
    #[must_use]
    pub fn key<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.key_start..self.key_end]
    }

    /// The value as it stands.
    #[must_use]
    pub fn value<'a>(&self, bytes: &'a [u8]) -> &'a [u8] {
        &bytes[self.value_start..self.value_end]
    }
}

/// Why a scan ended before the value did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// The bytes end inside the value: with more of them the scan may succeed.
    Incomplete,
    /// No JSON value can go on with the byte at this place.
    Malformed(usize),
}

/// The first place at or behind `at` that holds no white space.
#[must_use]
pub fn skip_space(bytes: &[u8], mut at: usize) -> usize {
    while let Some(b' ' | b'\n' | b'\r' | b'\t') = bytes.get(at) {
        at += 1;
    }
    at
}

/// Sixteen bytes, looked at all at once.
pub(super) const LANES: usize = 16;

/// The place of the quote that ends a string whose text begins at `at`.
///
/// # Errors
/// [`Stop::Incomplete`] where no such quote comes.
#[inline]
pub fn string_end(bytes: &[u8], mut at: usize) -> Result<usize, Stop> {
    let (quotes, slashes) = (u8x16::splat(b'"'), u8x16::splat(b'\\'));
    loop {
        // The first quote or backslash.
        while let Some(Ok(lanes)) = bytes.get(at..at + LANES).map(<[u8; LANES]>::try_from) {
            let lanes = u8x16::from(lanes);
            let found = (lanes.simd_eq(quotes) | lanes.simd_eq(slashes)).to_bitmask();
            if found != 0 {
                at += found.trailing_zeros() as usize;
                break;
            }
            at += LANES;
        }
        match bytes.get(at) {
            Some(b'"') => return Ok(at),
            Some(b'\\') => at += 2,
            Some(_) => at += 1,
            None => return Err(Stop::Incomplete),
        }
    }
}

/// The place of the quote that ends a string whose text begins at `at`, if the text has neither escapes nor control
/// characters. None says nothing: also where the bytes end soon behind it.
#[inline]
#[must_use]
pub fn plain_end(bytes: &[u8], mut at: usize) -> Option<usize> {
    let odd = |lanes: &[u8; LANES]| {
        let lanes = u8x16::from(*lanes);
        let ends = lanes.simd_eq(u8x16::splat(b'"')) | lanes.simd_eq(u8x16::splat(b'\\'));
        (ends | lanes.simd_eq(lanes.min(u8x16::splat(0x1F)))).to_bitmask()
    };
    loop {
        let rest = bytes.get(at..)?;
        // Most strings end in these: where they do can't be foreseen, so it is looked for but once.
        let (found, len) = if let Some(lanes) = rest.first_chunk::<{ 2 * LANES }>() {
            let (lanes, _) = lanes.as_chunks::<LANES>();
            (odd(&lanes[0]) | odd(&lanes[1]) << LANES, 2 * LANES)
        } else {
            (odd(rest.first_chunk()?), LANES)
        };
        if found != 0 {
            at += found.trailing_zeros() as usize;
            return (bytes.get(at) == Some(&b'"')).then_some(at);
        }
        at += len;
    }
}

/// The place behind the value that begins at `at`.
///
/// # Errors
/// Where the value is cut off or no value can begin or go on.
pub fn value_end(bytes: &[u8], at: usize) -> Result<usize, Stop> {
    match bytes.get(at) {
        Some(b'"') => Ok(string_end(bytes, at + 1)? + 1),
        Some(b'{' | b'[') => nested_end(bytes, at),
        Some(first @ (b'-' | b'0'..=b'9' | b't' | b'f' | b'n')) => {
            let word: &[u8] = match first {
                b't' => b"true",
                b'f' => b"false",
                b'n' => b"null",
                _ => b"",
            };
            let mut end = at + if bytes[at..].starts_with(word) { word.len().max(1) } else { 1 };
            loop {
                match bytes.get(end) {
                    Some(b',' | b'}' | b']' | b' ' | b'\n' | b'\r' | b'\t') => return Ok(end),
                    Some(b'"' | b'{' | b'[' | b':') => return Err(Stop::Malformed(end)),
                    Some(_) => end += 1,
                    None => return Err(Stop::Incomplete),
                }
            }
        }
        Some(_) => Err(Stop::Malformed(at)),
        None => Err(Stop::Incomplete),
    }
}

/// Scans the object that begins at `at` into `members` (cleared first) and gives the place behind it.
///
/// # Errors
/// Where the object is cut off, or is none; `members` then holds what came before.
pub fn object(bytes: &[u8], at: usize, members: &mut Vec<Member>) -> Result<usize, Stop> {
    members.clear();
    let mut cursor = Cursor::open(bytes, at)?;
    while let Some(member) = cursor.next_member(bytes)? {
        members.push(member);
    }
    Ok(cursor.at)
}

/// Walks the members of an object one by one, for readers that decide in the middle.
#[derive(Debug, Clone, Copy)]
pub struct Cursor {
    /// Where the walk stands: behind the opening brace, a value, or (at the end) the closing brace.
    pub at: usize,
    first: bool,
}

impl Cursor {
    /// Enters the object that begins at `at`.
    ///
    /// # Errors
    /// Where no object begins there.
    pub fn open(bytes: &[u8], at: usize) -> Result<Self, Stop> {
        match bytes.get(at) {
            Some(b'{') => Ok(Self { at: at + 1, first: true }),
            Some(_) => Err(Stop::Malformed(at)),
            None => Err(Stop::Incomplete),
        }
    }

    /// Goes on behind a value that was read by somebody else and ends at `at`.
    #[must_use]
    pub fn resume(at: usize) -> Self {
        Self { at, first: false }
    }

    /// The next key and where its value begins, or None behind the closing brace.
    ///
    /// # Errors
    /// Where the object is cut off or malformed.
    pub fn next_key(&mut self, bytes: &[u8]) -> Result<Option<Member>, Stop> {
        let mut at = skip_space(bytes, self.at);
        match bytes.get(at) {
            Some(b'}') => {
                self.at = at + 1;
                return Ok(None);
            }
            Some(b',') if !self.first => at = skip_space(bytes, at + 1),
            Some(_) if self.first => {}
            Some(_) => return Err(Stop::Malformed(at)),
            None => return Err(Stop::Incomplete),
        }
        match bytes.get(at) {
            Some(b'"') => {}
            Some(_) => return Err(Stop::Malformed(at)),
            None => return Err(Stop::Incomplete),
        }
        let key_start = at + 1;
        let key_end = string_end(bytes, key_start)?;
        at = skip_space(bytes, key_end + 1);
        match bytes.get(at) {
            Some(b':') => at = skip_space(bytes, at + 1),
            Some(_) => return Err(Stop::Malformed(at)),
            None => return Err(Stop::Incomplete),
        }
        self.first = false;
        self.at = at;
        Ok(Some(Member { key_start, key_end, value_start: at, value_end: at, known: 0, named: 0 }))
    }

    /// The next member, or None behind the closing brace.
    ///
    /// # Errors
    /// Where the object is cut off or malformed.
    pub fn next_member(&mut self, bytes: &[u8]) -> Result<Option<Member>, Stop> {
        let Some(mut member) = self.next_key(bytes)? else { return Ok(None) };
        member.value_end = value_end(bytes, member.value_start)?;
        self.at = member.value_end;
        Ok(Some(member))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn members(text: &str) -> Result<Vec<(String, String)>, Stop> {
        let mut found = Vec::new();
        object(text.as_bytes(), 0, &mut found)?;
        let text_of = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(found
            .iter()
            .map(|m| (text_of(m.key(text.as_bytes())), text_of(m.value(text.as_bytes()))))
            .collect())
    }

    #[test]
    fn members_are_found_with_their_values_verbatim() {
        let found = members("{").unwrap_err();
        assert_eq!(found, Stop::Incomplete);
        let found = members(r#"{"a" : {"x":"}\"]"} ,"b\n":[1,"]"],"c":-1.50e3,"d":"","e":null}"#).unwrap();
        let values: Vec<&str> = found.iter().map(|(_, value)| value.as_str()).collect();
        assert_eq!(values, [r#"{"x":"}\"]"}"#, r#"[1,"]"]"#, "-1.50e3", r#""""#, "null"]);
        assert_eq!(found[1].0, r"b\n");
    }

    #[test]
    fn every_cut_of_an_object_is_incomplete() {
        let text = r#"{"a":{"b":["\\",2]},"cdefghijklmnop":"qrstuvwxyz","n":12}"#;
        for cut in 0..text.len() {
            assert_eq!(members(text.get(..cut).unwrap()).unwrap_err(), Stop::Incomplete, "cut at {cut}");
        }
        assert_eq!(members(text).unwrap().len(), 3);
    }

    proptest! {
        #[test]
        fn a_string_ends_at_its_quote(text in "[a\\\\\"]{0,60}") {
            let mut slow = 0;
            let expected = loop {
                match text.as_bytes().get(slow) {
                    Some(b'"') => break Ok(slow),
                    Some(b'\\') => slow += 2,
                    Some(_) => slow += 1,
                    None => break Err(Stop::Incomplete),
                }
            };
            prop_assert_eq!(string_end(text.as_bytes(), 0), expected);
        }
    }

    #[test]
    fn malformed_objects_name_the_place() {
        for (text, place) in
            [(r#"{"a" "b"}"#, 5), ("{a}", 1), (r#"{"a":1 "b":2}"#, 7), (r#"{,"a":1}"#, 1), ("[]", 0)]
        {
            assert_eq!(members(text).unwrap_err(), Stop::Malformed(place), "{text}");
        }
    }
}
