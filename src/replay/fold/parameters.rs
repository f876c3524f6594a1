//! Request parameters, as far as calls differ by them: most of what they hold no reading looks at, such as tokens, limits and
//! digests, and it is new in every call.
//!
//! Which texts and numbers of parameters of one form a reading looked at is noted ([`Seen`]). Calls of one name whose
//! parameters have that form, and agree in all that any of their readings looked at, are read alike. What is odd in any
//! way counts as a whole.

use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_128;

use super::limit::Limit;
use super::text;
use crate::catalog::resource::speaks_for_itself;
use crate::replay::{Field, Fields, Row};

/// So many forms are remembered; then all are forgotten.
const FORMS_MAX: usize = 50_000;

/// Longer parameters count as a whole.
const LENGTH_MAX: usize = 32_768;

/// So long a whole number is one in every reader of JSON.
const DIGITS_MAX: usize = 18;

/// What stands for a value in a form: letters that no text has.
const PLAIN_TEXT: u8 = 0xff;
const PLAIN_NUMBER: u8 = 0xfe;
const ARN: u8 = 0xfd;
const OTHER: u8 = 0xfc;

/// A text or number that stands as a value.
#[derive(Debug, Clone, Copy)]
struct Leaf {
    start: usize,
    end: usize,
    /// Whether it may mean more than that it is a text or a number.
    is_told: bool,
}

/// The forms of parameters.
#[derive(Debug)]
pub(super) struct Forms {
    /// By call and form.
    known: HashMap<u128, Known>,
    /// By call and text.
    written: HashMap<u128, Written>,
    limit: Limit,
    /// How often it was learned what readings look at.
    version: u64,
    form: Vec<u8>,
    leaves: Vec<Leaf>,
    told: Vec<u8>,
}

/// What is known of a form of which not all texts and numbers were looked at.
#[derive(Debug)]
struct Known {
    /// Of its texts and numbers, in order, whether any reading looked at it.
    looked_at: Box<[bool]>,
    /// Since when that is known.
    version: u64,
}

/// What is written of a text.
#[derive(Debug, Clone, Copy)]
struct Written {
    number: u128,
    form: Option<u128>,
    /// That of the form; 0 where nothing was known of it.
    version: u64,
}

impl Forms {
    /// None is known; so many texts are remembered.
    pub(super) fn new(limit: Limit) -> Self {
        Self {
            known: HashMap::new(),
            written: HashMap::new(),
            limit,
            version: 0,
            form: Vec::new(),
            leaves: Vec::new(),
            told: Vec::new(),
        }
    }

    /// Writes a row's parameters so that those of one call that are read differently are written differently.
    pub(super) fn write<'a>(&mut self, call: u64, row: &impl Row<'a>, to: &mut Vec<u8>) {
        let parameters = row.text(Field::RequestParameters);
        if parameters.is_none() {
            to.extend_from_slice(&0_u128.to_le_bytes());
            return;
        }
        self.told.clear();
        self.told.extend_from_slice(&call.to_le_bytes());
        row.write_apart(Fields::of(&[Field::RequestParameters]), &mut self.told);
        let key = xxh3_128(&self.told);
        let known = self.written.get(&key).filter(|written| self.version_of(written.form) == written.version);
        let number = if let Some(written) = known {
            written.number
        } else {
            let mut told = std::mem::take(&mut self.told);
            told.clear();
            let form = self.write_text(call, parameters, &mut told);
            let written = Written { number: xxh3_128(&told), form, version: self.version_of(form) };
            self.told = told;
            self.limit.insert(&mut self.written, key, written);
            written.number
        };
        to.extend_from_slice(&number.to_le_bytes());
    }

    fn version_of(&self, form: Option<u128>) -> u64 {
        form.and_then(|form| self.known.get(&form)).map_or(0, |known| known.version)
    }

    /// Writes parameters as [`Forms::write`] tells them apart. Gives their form; None if they are odd.
    fn write_text(&mut self, call: u64, parameters: Option<&str>, to: &mut Vec<u8>) -> Option<u128> {
        let form = parameters.and_then(|text| self.form(call, text));
        let looked_at = form.and_then(|form| Some((form, &self.known.get(&form)?.looked_at)));
        let (Some(parameters), Some((form, looked_at))) = (parameters, looked_at) else {
            to.push(0);
            text(parameters, to);
            return form;
        };
        to.push(1);
        to.extend_from_slice(&form.to_le_bytes());
        for (at, (leaf, looked_at)) in self.leaves.iter().zip(looked_at.iter()).enumerate() {
            if leaf.is_told || *looked_at {
                // What was looked at may have been forgotten, and be other leaves now.
                to.extend_from_slice(&at.to_le_bytes());
                text(parameters.get(leaf.start..leaf.end), to);
            }
        }
        Some(form)
    }

    /// Takes in which texts and numbers of parameters a reading looked at.
    pub(super) fn learn(&mut self, call: u64, parameters: &str, looked_at: &[bool]) {
        let form = self.form(call, parameters).filter(|_| self.leaves.len() == looked_at.len());
        let Some(form) = form else { return };
        self.version += 1;
        if let Some(known) = self.known.get_mut(&form) {
            for (known_at, own) in known.looked_at.iter_mut().zip(looked_at) {
                if *own && !*known_at {
                    *known_at = true;
                    known.version = self.version;
                }
            }
            return;
        }
        if self.leaves.iter().zip(looked_at).all(|(leaf, looked_at)| leaf.is_told || *looked_at) {
            return;
        }
        if self.known.len() >= FORMS_MAX {
            self.known.clear();
        }
        self.known.insert(form, Known { looked_at: looked_at.into(), version: self.version });
    }

    /// The form of parameters as a number, with their texts and numbers in `leaves`; None if they are odd.
    fn form(&mut self, call: u64, parameters: &str) -> Option<u128> {
        self.form.clear();
        self.leaves.clear();
        if parameters.len() > LENGTH_MAX {
            return None;
        }
        self.form.extend_from_slice(&call.to_le_bytes());
        take_apart(parameters, &mut self.form, &mut self.leaves)?;
        Some(xxh3_128(&self.form))
    }
}

/// Takes a text of JSON apart into its form, in which a letter stands for each value that is a text or a number, and these
/// values. None if a text in it does not end.
///
/// Two texts of one form whose values that are [`Leaf::is_told`] agree are both JSON, or neither is: the others have no letter
/// that means anything in a text, and are whole numbers.
fn take_apart(text: &str, form: &mut Vec<u8>, leaves: &mut Vec<Leaf>) -> Option<()> {
    let bytes = text.as_bytes();
    let (mut at, mut taken) = (0, 0);
    while let Some(byte) = bytes.get(at) {
        let (start, end, kind) = match byte {
            b'"' => {
                let start = at + 1;
                let (end, has_escapes) = end_of_text(bytes, start)?;
                at = end + 1;
                let behind = bytes.get(at..)?.iter().find(|byte| !byte.is_ascii_whitespace());
                if behind == Some(&b':') {
                    continue;
                }
                let value = text.get(start..end)?;
                let is_odd = has_escapes || value.is_empty() || value.bytes().any(|byte| byte < b' ');
                let kind = match value {
                    _ if is_odd || speaks_for_itself(value) => OTHER,
                    _ if value.starts_with("arn:") => ARN,
                    _ => PLAIN_TEXT,
                };
                (start, end, kind)
            }
            b'-' | b'0'..=b'9' => {
                let rest = bytes.get(at..)?;
                let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.');
                let length = rest.iter().position(|byte| !is_part(byte)).unwrap_or(rest.len());
                let number = rest.get(..length)?;
                at += length;
                (at - length, at, if is_whole(number) { PLAIN_NUMBER } else { OTHER })
            }
            _ => {
                at += 1;
                continue;
            }
        };
        form.extend_from_slice(bytes.get(taken..start)?);
        form.push(kind);
        taken = end;
        leaves.push(Leaf { start, end, is_told: kind == OTHER });
    }
    form.extend_from_slice(bytes.get(taken..)?);
    Some(())
}

/// Where a text ends that begins here, and whether it has letters that are written otherwise.
fn end_of_text(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let (mut at, mut has_escapes) = (start, false);
    loop {
        at += memchr::memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(at) == Some(&b'"') {
            return Some((at, has_escapes));
        }
        has_escapes = true;
        at += 2;
    }
}

/// Whether a number is a whole one, as JSON has it.
fn is_whole(number: &[u8]) -> bool {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    digits.len() <= DIGITS_MAX
        && digits.iter().all(u8::is_ascii_digit)
        && digits.first().is_some_and(|first| *first != b'0' || number == b"0")
}

#[cfg(test)]
mod tests {
    use super::super::Limits;
    use super::*;

    fn none_known() -> Forms {
        Forms::new(Limits::of(1, 1).texts)
    }

    fn written(forms: &mut Forms, parameters: &str) -> Vec<u8> {
        let mut to = Vec::new();
        forms.write_text(1, Some(parameters), &mut to);
        to
    }

    #[test]
    fn parameters_differ_by_form_and_by_what_was_looked_at() {
        let mut forms = none_known();
        let base = r#"{"name":"one","token":"aa","limit":5,"more":{"list":["x","y"]}}"#;
        let before = written(&mut forms, base);
        forms.learn(1, base, &[true, false, false, false, false]);
        let own = written(&mut forms, base);
        assert_ne!(own, before);
        let alike = [
            r#"{"name":"one","token":"b","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"one","limit":-120,"more":{"list":["one","é"]}}"#,
        ];
        for text in alike {
            assert_eq!(written(&mut forms, text), own, "{text}");
        }
        let others = [
            r#"{"name":"two","token":"aa","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","tokens":"aa","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":null,"limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":5,"limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"arn:aws:s3:::b","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"arn%3Aaws","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"i-0123456789abcdef0","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"a\"a","limit":5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"aa","limit":05,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"aa","limit":5.5,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"aa","limit":true,"more":{"list":["x","y"]}}"#,
            r#"{"name":"one","token":"aa","limit":5,"more":{"list":["x","y","z"]}}"#,
            r#"{"name":"one","token":"aa","limit":5,"more":{"list":["x"]}}"#,
            r#"{"name":"one","token":"aa","limit":5,"more":"x"}"#,
            "{\"name\":\"one\",\"token\":\"a\u{1}\",\"limit\":5,\"more\":{\"list\":[\"x\",\"y\"]}}",
            r#"{"name":"one","token":"aa","limit":5,"more":{"list":["x","y"]}"#,
            r#"{"name":"one","token":"aa","limit":5,"more":{"list":["x","y]}}"#,
        ];
        let mut seen = vec![own.clone()];
        for text in others {
            let written = written(&mut forms, text);
            assert!(!seen.contains(&written), "{text}");
            seen.push(written);
        }
        let mut elsewhere = Vec::new();
        forms.write_text(2, Some(base), &mut elsewhere);
        assert_ne!(elsewhere, own);
    }

    #[test]
    fn all_that_any_reading_looked_at_counts() {
        let mut forms = none_known();
        let texts = [r#"{"a":"1","b":"2"}"#, r#"{"a":"1","b":"3"}"#, r#"{"a":"4","b":"2"}"#];
        forms.learn(1, texts[0], &[true, false]);
        let first = texts.map(|text| written(&mut forms, text));
        assert!(first[0] == first[1] && first[0] != first[2]);
        forms.learn(1, texts[0], &[false, true]);
        let all = texts.map(|text| written(&mut forms, text));
        assert!(all[0] != all[1] && all[0] != all[2] && all[1] != all[2]);
        assert!(!first.contains(&all[0]));
        // Values at other places are others, whichever were looked at when.
        let mut others = none_known();
        others.learn(1, texts[0], &[false, true]);
        assert_ne!(written(&mut others, r#"{"a":"2","b":"1"}"#), first[0]);
    }

    #[test]
    fn odd_parameters_count_as_a_whole() {
        let mut forms = none_known();
        forms.learn(1, r#"{"a":"1"}"#, &[false]);
        let long = format!(r#"{{"a":"{}"}}"#, "x".repeat(LENGTH_MAX));
        for text in [long.as_str(), r#"{"a":"1"#, r#"{"a":"\"#, "\"", ""] {
            let mut whole = vec![0];
            super::text(Some(text), &mut whole);
            assert_eq!(written(&mut forms, text), whole, "{text}");
        }
        // One reading noted another number of them.
        forms.learn(1, r#"{"a":"1","b":"1"}"#, &[false]);
        assert_eq!(written(&mut forms, r#"{"a":"1","b":"1"}"#).first(), Some(&0));
    }
}
