//! Why something was not read, in the reader's words.

use std::fmt;
use std::io;

/// Why a record, or the rest of an object, was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Nothing but white space.
    Empty,
    /// The bytes are no JSON from the start.
    NotJson,
    /// Another format, by its first bytes; holds which.
    OtherFormat(&'static str),
    /// JSON, but nothing in it is a record; holds the first member names.
    NoRecords(String),
    /// The entry is something other than an object.
    NotAnObject(&'static str),
    /// A wrapper without its record.
    NoMember(&'static str),
    /// The record has no `eventTime`.
    NoEventTime,
    /// `eventTime` is no time; holds what it is.
    BadEventTime(String),
    /// The record's JSON goes wrong at this byte of it.
    Malformed {
        /// The place in the record, in bytes.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// A member's value is no strict JSON.
    MalformedMember {
        /// The member's name.
        member: String,
        /// The place in its value, in bytes.
        at: usize,
        /// What was expected there.
        expected: &'static str,
    },
    /// Entries of another kind between records.
    OtherEntries {
        /// How many.
        count: u64,
        /// Of which kind the first is.
        kind: &'static str,
    },
    /// So many more entries of the object were refused; each is counted, none is listed.
    Unlisted(u64),
    /// A member's name stands twice in one object.
    Repeated(String),
    /// The bytes of the record are no UTF-8 from this place on.
    NotUtf8(usize),
    /// The object ends inside the record.
    CutOff,
    /// The record is longer than [`super::RECORD_BYTES_MAX`].
    TooLong,
    /// Reading the object failed; holds the error's text.
    Source(String),
}

impl Reason {
    /// The reason for an error of the byte source. Errors made by [`crate::archive`] carry their whole text.
    #[must_use]
    pub fn from_source(error: &io::Error) -> Self {
        Reason::Source(error.to_string())
    }

    /// The advice that the reason ends with; None where it has none.
    #[must_use]
    pub fn hint(&self) -> Option<&str> {
        self.parts().map(|(_, hint)| hint)
    }

    /// The reason's text without its advice.
    #[must_use]
    pub fn without_hint(&self) -> String {
        self.parts().map_or_else(|| self.to_string(), |(text, _)| text.to_owned())
    }

    fn parts(&self) -> Option<(&str, &str)> {
        match self {
            Reason::Source(text) => text.rsplit_once("; hint: "),
            _ => None,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Empty => write!(f, "empty: expected JSON, found nothing"),
            Reason::NotJson => write!(f, "not JSON: expected `{{` or `[`"),
            Reason::OtherFormat(kind) => {
                write!(f, "not JSON: {kind}, which is not read; unpack or convert it first")
            }
            Reason::NoRecords(names) if names.is_empty() => {
                write!(f, "JSON without records: an empty object")
            }
            Reason::NoRecords(names) => write!(f, "JSON without records: found only the members {names}"),
            Reason::NotAnObject(found) => write!(f, "expected a record (a JSON object), found {found}"),
            Reason::NoMember(name) => {
                write!(f, "expected a member `{name}` that holds the record, found none")
            }
            Reason::NoEventTime => write!(f, "expected a member `eventTime`, found none"),
            Reason::BadEventTime(found) => {
                write!(f, "`eventTime` is `{found}`, expected RFC 3339, of 1970 to 2262")
            }
            Reason::Malformed { at, expected } => {
                write!(f, "malformed JSON at byte {at}: expected {expected}")
            }
            Reason::MalformedMember { member, at, expected } => {
                write!(f, "malformed JSON in `{member}` at byte {at}: expected {expected}")
            }
            Reason::OtherEntries { count: 1, kind } => {
                write!(f, "1 entry between the records is no CloudTrail event ({kind}), passed over")
            }
            Reason::OtherEntries { count, kind } => {
                write!(
                    f,
                    "{count} entries between the records are no CloudTrail events ({kind}), passed over"
                )
            }
            Reason::Unlisted(1) => f.write_str("1 more entry of this object was refused"),
            Reason::Unlisted(count) => write!(f, "{count} more entries of this object were refused"),
            Reason::Repeated(name) => {
                write!(f, "`{name}` stands twice in one object: which value is true cannot be said")
            }
            Reason::NotUtf8(at) => write!(f, "not UTF-8 at byte {at} of the record"),
            Reason::CutOff => write!(f, "cut off: the object ends inside this record"),
            Reason::TooLong => {
                write!(
                    f,
                    "longer than {} MiB, the rest of the object is unread",
                    super::RECORD_BYTES_MAX >> 20
                )
            }
            Reason::Source(text) => f.write_str(text),
        }
    }
}
