//! Strict JSON checking of a value, together with a hash of what it means.
//!
//! Two texts have the same hash when they are the same JSON value: white space, the order of an object's members and the
//! way a string is escaped do not count, the text of a number does. Duplicates are told by it, so that a record that came
//! once through S3 and once through `lookup-events` is known again. The hash is XXH3 over leaves, joined by sums; it is
//! stored in the lake, so its definition may not change without a new table version.
#![expect(
    clippy::indexing_slicing,
    reason = "the hot path: every index is below the length checked beside it"
)]

use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use super::{scan, secret};

const STRING: u64 = 1;
const NUMBER: u64 = 2;
const LITERAL: u64 = 3;
const ARRAY: u64 = 4;
const OBJECT: u64 = 5;

/// A text that is no strict JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Invalid {
    /// The byte of the value at which it went wrong.
    pub at: usize,
    /// What was expected there.
    pub expected: &'static str,
}

/// Where a secret stands that the lake keeps only as a hash: the text of a string, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretRange {
    /// Where the text begins.
    pub start: usize,
    /// Where it ends.
    pub end: usize,
    /// How it stands there.
    pub form: SecretForm,
}

/// How a secret stands in a string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SecretForm {
    /// The whole text is one.
    Whole,
    /// The text is JSON in which there are some.
    Inside,
}

/// The hash of a string's meaning.
#[must_use]
pub fn string_hash(unescaped: &[u8]) -> u64 {
    xxh3_64_with_seed(unescaped, STRING)
}

/// The share of one member in the hash of its object; shares are added with wrapping.
#[must_use]
pub fn member_share(key_hash: u64, value_hash: u64) -> u64 {
    mix(key_hash ^ value_hash.rotate_left(32).wrapping_mul(0x9E37_79B9_7F4A_7C15))
}

/// The hash of an object from the sum of its members' shares.
#[must_use]
pub fn object_hash(sum: u64) -> u64 {
    mix(sum.wrapping_add(OBJECT))
}

/// Whether a member of this name holds a secret.
#[must_use]
pub fn is_secret_name(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"sessionToken")
}

fn mix(mut x: u64) -> u64 {
    x = (x ^ (x >> 32)).wrapping_mul(0xD6E8_FEB8_6659_FD93);
    x = (x ^ (x >> 29)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    x ^ (x >> 32)
}

struct Frame {
    object: bool,
    /// Whether it is the value of a secret member, or stands in one: so are all strings in it.
    secret: bool,
    sum: u64,
    key_hash: u64,
}

/// Checks values and hashes them; keeps its buffers between calls.
#[derive(Default)]
pub struct Canonical {
    stack: Vec<Frame>,
    scratch: Vec<u8>,
    /// The secrets met by the last [`Canonical::hash`], in order.
    pub secrets: Vec<SecretRange>,
}

impl Canonical {
    /// Checks that `text` is exactly one strict JSON value (RFC 8259) and gives the hash of its meaning.
    ///
    /// Nesting has no limit of its own: the stack is on the heap and bounded by the record's size.
    ///
    /// # Errors
    /// [`Invalid`], with the place, where it is not.
    pub fn hash(&mut self, text: &[u8]) -> Result<u64, Invalid> {
        self.stack.clear();
        self.secrets.clear();
        let mut at = scan::skip_space(text, 0);
        let mut secret_key = false;
        loop {
            // A value begins at `at`.
            let mut value = match text.get(at) {
                Some(b'"') => {
                    let (end, hash, escaped) = self.string(text, at + 1)?;
                    if secret_key {
                        self.secrets.push(SecretRange { start: at + 1, end, form: SecretForm::Whole });
                    } else if escaped && secret::holds_some(&self.scratch) {
                        // JSON in a string has its quotes escaped.
                        self.secrets.push(SecretRange { start: at + 1, end, form: SecretForm::Inside });
                    }
                    at = end + 1;
                    hash
                }
                Some(b'{') => {
                    at = scan::skip_space(text, at + 1);
                    if text.get(at) == Some(&b'}') {
                        at += 1;
                        object_hash(0)
                    } else {
                        let (next, key_hash, secret) = self.key(text, at)?;
                        self.stack.push(Frame { object: true, secret: secret_key, sum: 0, key_hash });
                        secret_key |= secret;
                        at = next;
                        continue;
                    }
                }
                Some(b'[') => {
                    at = scan::skip_space(text, at + 1);
                    if text.get(at) == Some(&b']') {
                        at += 1;
                        mix(ARRAY)
                    } else {
                        self.stack.push(Frame { object: false, secret: secret_key, sum: ARRAY, key_hash: 0 });
                        continue;
                    }
                }
                Some(b'-' | b'0'..=b'9') => {
                    let end = number_end(text, at)?;
                    let hash = xxh3_64_with_seed(&text[at..end], NUMBER);
                    at = end;
                    hash
                }
                _ => {
                    let word: &[u8] = match text.get(at) {
                        Some(b't') => b"true",
                        Some(b'f') => b"false",
                        Some(b'n') => b"null",
                        _ => return Err(Invalid { at, expected: "a JSON value" }),
                    };
                    if text.get(at..at + word.len()) != Some(word) {
                        return Err(Invalid { at, expected: "true, false or null" });
                    }
                    at += word.len();
                    xxh3_64_with_seed(word, LITERAL)
                }
            };
            // The value has ended: close what it closes.
            loop {
                at = scan::skip_space(text, at);
                let Some(frame) = self.stack.last_mut() else {
                    if at < text.len() {
                        return Err(Invalid { at, expected: "the end of the value" });
                    }
                    return Ok(value);
                };
                if frame.object {
                    frame.sum = frame.sum.wrapping_add(member_share(frame.key_hash, value));
                } else {
                    frame.sum = mix(frame.sum ^ value);
                }
                let within = frame.secret;
                match (text.get(at), frame.object) {
                    (Some(b','), true) => {
                        let (next, key_hash, secret) = self.key(text, scan::skip_space(text, at + 1))?;
                        if let Some(frame) = self.stack.last_mut() {
                            frame.key_hash = key_hash;
                        }
                        secret_key = secret || within;
                        at = next;
                        break;
                    }
                    (Some(b','), false) => {
                        at = scan::skip_space(text, at + 1);
                        secret_key = within;
                        break;
                    }
                    (Some(b'}'), true) => value = object_hash(frame.sum),
                    (Some(b']'), false) => value = mix(frame.sum),
                    (_, true) => return Err(Invalid { at, expected: "`,` or `}`" }),
                    (_, false) => return Err(Invalid { at, expected: "`,` or `]`" }),
                }
                self.stack.pop();
                at += 1;
            }
        }
    }

    /// The key at `at`: where its value begins, its hash, and whether its value is a secret.
    fn key(&mut self, text: &[u8], at: usize) -> Result<(usize, u64, bool), Invalid> {
        if text.get(at) != Some(&b'"') {
            return Err(Invalid { at, expected: "a member's name in quotes" });
        }
        let (end, hash, escaped) = self.string(text, at + 1)?;
        let secret = is_secret_name(if escaped { &self.scratch } else { &text[at + 1..end] });
        let at = scan::skip_space(text, end + 1);
        if text.get(at) != Some(&b':') {
            return Err(Invalid { at, expected: "`:`" });
        }
        Ok((scan::skip_space(text, at + 1), hash, secret))
    }

    /// The string whose text begins at `start`: where it ends, its hash, and whether it has escapes; then its meaning is in
    /// `scratch`.
    fn string(&mut self, text: &[u8], start: usize) -> Result<(usize, u64, bool), Invalid> {
        if let Some(end) = scan::plain_end(text, start) {
            return Ok((end, string_hash(&text[start..end]), false));
        }
        let end =
            scan::string_end(text, start).map_err(|_| Invalid { at: start, expected: "a closing quote" })?;
        let inner = &text[start..end];
        let (hash, escaped) =
            self.read_text(inner).map_err(|bad| Invalid { at: start + bad.at, expected: bad.expected })?;
        Ok((end, hash, escaped))
    }

    /// The hash of a string from its text as it stands between the quotes.
    ///
    /// # Errors
    /// [`Invalid`] for a control character or an escape that JSON does not have.
    pub fn text_hash(&mut self, inner: &[u8]) -> Result<u64, Invalid> {
        self.read_text(inner).map(|(hash, _)| hash)
    }

    /// The same, and whether the text has escapes.
    fn read_text(&mut self, inner: &[u8]) -> Result<(u64, bool), Invalid> {
        let mut escaped = false;
        let mut control = false;
        for &byte in inner {
            escaped |= byte == b'\\';
            control |= byte < 0x20;
        }
        if control {
            let at = inner.iter().position(|&byte| byte < 0x20).unwrap_or(0);
            return Err(Invalid { at, expected: "no control character in a string" });
        }
        if !escaped {
            return Ok((string_hash(inner), false));
        }
        self.scratch.clear();
        unescape(inner, &mut self.scratch)?;
        Ok((string_hash(&self.scratch), true))
    }
}

/// Whether an unescaped string was proper Unicode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unicode {
    /// It is UTF-8.
    Whole,
    /// It holds half of a surrogate pair, written as three bytes that are no UTF-8.
    LoneSurrogate,
}

/// Appends the meaning of a string's text to `out`.
///
/// # Errors
/// [`Invalid`] for an escape that JSON does not have.
pub fn unescape(inner: &[u8], out: &mut Vec<u8>) -> Result<Unicode, Invalid> {
    let mut unicode = Unicode::Whole;
    let mut at = 0;
    while let Some(&byte) = inner.get(at) {
        if byte != b'\\' {
            let run = memchr::memchr(b'\\', &inner[at..]).unwrap_or(inner.len() - at);
            out.extend_from_slice(&inner[at..at + run]);
            at += run;
            continue;
        }
        let plain = match inner.get(at + 1) {
            Some(b'"') => b'"',
            Some(b'\\') => b'\\',
            Some(b'/') => b'/',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'n') => b'\n',
            Some(b'r') => b'\r',
            Some(b't') => b'\t',
            Some(b'u') => {
                let (unit, mut next) = (hex4(inner, at + 2)?, at + 6);
                let mut code = u32::from(unit);
                if (0xD800..0xDC00).contains(&unit)
                    && inner.get(next) == Some(&b'\\')
                    && inner.get(next + 1) == Some(&b'u')
                {
                    let low = hex4(inner, next + 2)?;
                    if (0xDC00..0xE000).contains(&low) {
                        code = 0x1_0000 + ((code - 0xD800) << 10) + (u32::from(low) - 0xDC00);
                        next += 6;
                    }
                }
                if let Some(found) = char::from_u32(code) {
                    out.extend_from_slice(found.encode_utf8(&mut [0; 4]).as_bytes());
                } else {
                    unicode = Unicode::LoneSurrogate;
                    let [high, low] = unit.to_be_bytes();
                    out.extend_from_slice(&[
                        0xE0 | (high >> 4),
                        0x80 | ((high & 0xF) << 2) | (low >> 6),
                        0x80 | (low & 0x3F),
                    ]);
                }
                at = next;
                continue;
            }
            _ => return Err(Invalid { at, expected: "an escape that JSON has" }),
        };
        out.push(plain);
        at += 2;
    }
    Ok(unicode)
}

fn hex4(inner: &[u8], at: usize) -> Result<u16, Invalid> {
    let bad = Invalid { at, expected: "four hexadecimal digits" };
    let digits = inner.get(at..at + 4).ok_or(bad)?;
    let mut unit = 0_u16;
    for &digit in digits {
        let value = char::from(digit).to_digit(16).ok_or(bad)?;
        unit = (unit << 4) | u16::try_from(value).map_err(|_| bad)?;
    }
    Ok(unit)
}

/// The place behind the number at `start`, by the grammar of RFC 8259 §6.
fn number_end(text: &[u8], start: usize) -> Result<usize, Invalid> {
    let digits = |mut at: usize| {
        let first = at;
        while let Some(b'0'..=b'9') = text.get(at) {
            at += 1;
        }
        if at == first { Err(Invalid { at, expected: "a digit" }) } else { Ok(at) }
    };
    let mut at = start;
    if text.get(at) == Some(&b'-') {
        at += 1;
    }
    at = if text.get(at) == Some(&b'0') { at + 1 } else { digits(at)? };
    if text.get(at) == Some(&b'.') {
        at = digits(at + 1)?;
    }
    if let Some(b'e' | b'E') = text.get(at) {
        at += 1;
        if let Some(b'+' | b'-') = text.get(at) {
            at += 1;
        }
        at = digits(at)?;
    }
    Ok(at)
}

/// The stable 64-bit hash of plain bytes, for keys that the lake compares.
#[must_use]
pub fn bytes_hash(bytes: &[u8]) -> u64 {
    xxh3_64(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &str) -> Result<u64, Invalid> {
        Canonical::default().hash(text.as_bytes())
    }

    #[test]
    fn texts_of_one_value_have_one_hash() {
        for (left, right) in [
            (r#"{"a":1,"b":[true,null]}"#, " { \"b\" : [ true , null ] , \"a\" : 1 } "),
            (r#""a\u002fb\n""#, r#""a/b\u000a""#),
            (r#"{"x":{"p":"1","q":"2"}}"#, r#"{"x":{"q":"2","p":"1"}}"#),
            (r#""\ud83d\ude00""#, "\"\u{1F600}\""),
        ] {
            assert_eq!(hash(left).unwrap(), hash(right).unwrap(), "{left}");
        }
    }

    #[test]
    fn other_values_have_other_hashes() {
        let texts = [
            "1",
            "1.0",
            "\"1\"",
            "true",
            "false",
            "null",
            "[]",
            "{}",
            "[[]]",
            "[1,2]",
            "[2,1]",
            "[[1],2]",
            "[1,[2]]",
            r#"{"a":"b"}"#,
            r#"{"b":"a"}"#,
            r#"{"a":{"b":1}}"#,
            r#"{"a":1,"b":2}"#,
            r#"{"a":2,"b":1}"#,
            "\"\"",
            "-1",
            r#""\ud800""#,
            r#""\udc00""#,
            r#"{"a":null}"#,
        ];
        let hashes: std::collections::BTreeSet<u64> = texts.iter().map(|text| hash(text).unwrap()).collect();
        assert_eq!(hashes.len(), texts.len());
    }

    #[test]
    fn what_serde_refuses_is_refused_and_what_it_takes_is_taken() {
        for text in [
            "",
            " ",
            "{",
            "}",
            "[1,]",
            "{\"a\"}",
            "{\"a\":}",
            "{\"a\":1,}",
            "01",
            "1.",
            ".5",
            "1e",
            "+1",
            "tru",
            "nul",
            "\"\\x\"",
            "\"\\u12\"",
            "\"a\nb\"",
            "[1 2]",
            "{\"a\" 1}",
            "1 2",
            "[1}",
            "{\"a\":1]",
            "'a'",
            "-",
            "--1",
            "\"",
            "0",
            "-0",
            "-0.0e-7",
            "1E+5",
            "[[[[]]]]",
            "{\"a\":{\"b\":{}}}",
            "\"\\u0041\\/\"",
            " [ ] ",
            "truefalse",
        ] {
            let ours = hash(text).is_ok();
            let theirs = serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
            assert_eq!(ours, theirs, "{text:?}");
        }
    }

    #[test]
    fn session_tokens_are_found_at_any_depth() {
        let text = r#"{"credentials":{"sessionToken":"abc","x":["sessionToken"]},"SessionToken":"d","sessionTokens":"e"}"#;
        assert_eq!(found(text), ["abc", "d"]);
    }

    fn found(text: &str) -> Vec<&str> {
        let mut canonical = Canonical::default();
        canonical.hash(text.as_bytes()).unwrap();
        canonical.secrets.iter().map(|range| text.get(range.start..range.end).unwrap()).collect()
    }

    #[test]
    fn session_tokens_are_found_where_their_name_is_escaped() {
        assert_eq!(
            found(r#"{"session\u0054oken":"abc","\u0073\u0065ssionToken" : "d","x\u0054":"e"}"#),
            ["abc", "d"]
        );
    }

    #[test]
    fn every_text_in_the_value_of_a_session_token_is_one() {
        let text =
            r#"{"a":"x","sessionToken":{"v":"abc","w":["d",{"u":"e"},7,"f"],"z":{}},"b":["y"],"c":"z"}"#;
        assert_eq!(found(text), ["abc", "d", "e", "f"]);
        assert_eq!(found(r#"[{"sessionToken":["a",["b"],[],"c"]},"d",{"e":"f"}]"#), ["a", "b", "c"]);
    }

    #[test]
    fn deep_nesting_is_walked_without_recursion() {
        let text = format!("{}{}", "[".repeat(200_000), "]".repeat(200_000));
        assert!(hash(&text).is_ok());
    }
}
