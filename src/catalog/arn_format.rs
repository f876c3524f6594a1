//! The form of a resource type's ARN: text with `${Placeholder}`s, filled to an ARN or matched against one.

use std::borrow::Cow;

/// An ARN with placeholders, as `arn:${Partition}:s3:::${BucketName}`.
///
/// Most begin with `arn:${Partition}:`. A few resource types of AWS have other forms, down to `*`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ArnFormat {
    text: &'static str,
    /// The text taken apart: formats are filled for every record.
    parts: &'static [Part<'static>],
    /// What stands between its first five colons and behind them, as ARNs are compared with it.
    segments: &'static [Segment],
    slashes: usize,
}

/// A segment of an ARN format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Segment {
    /// Text only.
    Plain(&'static str),
    /// One placeholder only.
    Any,
    /// All else, with the text that it begins with.
    Mixed(&'static str, &'static str),
}

/// A part of an ARN format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Part<'a> {
    /// Text that stands as it is.
    Text(&'a str),
    /// A placeholder, by its name without `${}`.
    Placeholder(&'a str),
}

impl ArnFormat {
    /// Takes the text apart once; the parts live as long as the program.
    pub(super) fn new(text: &'static str) -> Self {
        let parts = parts(text).collect::<Vec<_>>().leak();
        let segments = text.splitn(SEGMENTS_MAX, ':').map(Segment::of).collect::<Vec<_>>().leak();
        Self { text, parts, segments, slashes: text.bytes().filter(|byte| *byte == b'/').count() }
    }

    /// The format as AWS writes it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        self.text
    }

    /// How many slashes it has: types that go deeper have more.
    pub(super) fn depth(self) -> usize {
        self.slashes
    }

    /// Its texts and placeholders, in order; no text is empty. What has no closing brace is text.
    pub fn parts(self) -> impl DoubleEndedIterator<Item = Part<'static>> {
        self.parts.iter().copied()
    }

    /// The names of its placeholders, in order.
    pub fn placeholders(self) -> impl DoubleEndedIterator<Item = &'static str> {
        self.parts().filter_map(|part| match part {
            Part::Placeholder(name) => Some(name),
            Part::Text(_) => None,
        })
    }

    /// Puts values in; `None` if `value_of` knows none for a placeholder. Where the format has the beginning of an id that a
    /// value has as well, it stands once: `ou-${OrganizationalUnitId}` filled with `ou-ab12-1` is `ou-ab12-1`.
    #[must_use]
    pub fn fill<'v>(self, mut value_of: impl FnMut(&'static str) -> Option<Cow<'v, str>>) -> Option<String> {
        let mut arn = String::with_capacity(self.text.len());
        let mut beginning = "";
        for part in self.parts() {
            match part {
                Part::Text(text) => {
                    arn.push_str(text);
                    beginning = text.rfind(['/', ':']).and_then(|at| text.get(at + 1..)).unwrap_or("");
                }
                Part::Placeholder(name) => {
                    let value = value_of(name)?;
                    arn.push_str(value.strip_prefix(beginning).unwrap_or(&value));
                    beginning = "";
                }
            }
        }
        Some(arn)
    }

    /// Whether an ARN has this form: the texts agree and every placeholder stands for some text. The first five parts are
    /// compared apart, as IAM does; inside the resource a placeholder takes any text.
    #[must_use]
    pub fn matches(self, arn: &str) -> bool {
        let Some((last, before)) = self.segments.split_last() else { return false };
        let mut rest = arn;
        for segment in before {
            let Some(at) = memchr::memchr(b':', rest.as_bytes()) else { return false };
            let (Some(text), Some(after)) = (rest.get(..at), rest.get(at + 1..)) else { return false };
            if !segment.matches(text) {
                return false;
            }
            rest = after;
        }
        (self.segments.len() == SEGMENTS_MAX || !rest.contains(':')) && last.matches(rest)
    }
}

/// The last segment is all that follows the fifth colon.
const SEGMENTS_MAX: usize = 6;

impl Segment {
    fn of(text: &'static str) -> Self {
        let beginning = text.get(..next_placeholder(text)).unwrap_or("");
        match after_placeholder(text) {
            Some("") => Self::Any,
            _ if beginning.len() == text.len() => Self::Plain(text),
            _ => Self::Mixed(text, beginning),
        }
    }

    fn matches(self, text: &str) -> bool {
        match self {
            Self::Plain(own) => own == text,
            Self::Any => !text.is_empty(),
            Self::Mixed(format, beginning) => text.starts_with(beginning) && segment_matches(format, text),
        }
    }
}

fn parts(text: &'static str) -> impl Iterator<Item = Part<'static>> {
    let mut rest = text;
    std::iter::from_fn(move || {
        if let Some(name) = rest.strip_prefix("${")
            && let Some((name, after)) = name.split_once('}')
        {
            rest = after;
            return Some(Part::Placeholder(name));
        }
        let end = rest.char_indices().skip(1).find(|(place, _)| {
            rest.get(*place..).is_some_and(|tail| tail.starts_with("${") && tail.contains('}'))
        });
        let (text, after) = rest.split_at_checked(end.map_or(rest.len(), |(place, _)| place))?;
        rest = after;
        (!text.is_empty()).then_some(Part::Text(text))
    })
}

/// Whether a text has the form of a part of a format. Each placeholder takes as little as lets the next text follow, the
/// last text must end it; with placeholders that take anything this finds a match if there is one.
fn segment_matches(format: &str, text: &str) -> bool {
    let mut format = format;
    let mut rest = text;
    let mut is_open = false;
    while !format.is_empty() {
        if let Some(after) = after_placeholder(format) {
            is_open = true;
            format = after;
            continue;
        }
        let end = next_placeholder(format);
        let (literal, after) = format.split_at_checked(end).unwrap_or((format, ""));
        format = after;
        let reached = match (is_open, after.is_empty()) {
            (false, _) => rest.strip_prefix(literal),
            (true, true) => rest.strip_suffix(literal).filter(|inside| !inside.is_empty()).map(|_| ""),
            (true, false) => behind_first(rest)
                .find(literal)
                .and_then(|place| behind_first(rest).get(place + literal.len()..)),
        };
        let Some(reached) = reached else { return false };
        rest = reached;
        is_open = false;
    }
    is_open != rest.is_empty()
}

/// What follows a placeholder, or a `*`, at the beginning.
fn after_placeholder(format: &str) -> Option<&str> {
    let named = || format.strip_prefix("${").and_then(|name| name.split_once('}')).map(|(_, after)| after);
    format.strip_prefix('*').or_else(named)
}

/// Where the next placeholder or `*` begins.
fn next_placeholder(format: &str) -> usize {
    let mut places = format.match_indices(['$', '*']).map(|(place, _)| place);
    places
        .find(|place| format.get(*place..).is_some_and(|tail| after_placeholder(tail).is_some()))
        .unwrap_or(format.len())
}

/// The text without its first character.
fn behind_first(text: &str) -> &str {
    let mut letters = text.chars();
    letters.next();
    letters.as_str()
}
