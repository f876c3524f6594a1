//! Patterns in which `*` stands for any text and `?` for one character.
//!
//! A pattern is cut at its stars. The pieces between are looked for from left to right, each at its first place, which
//! finds a match if there is one; so the work is linear in the text for pieces of plain text, whatever the number of
//! stars, and at most text times piece where `?` stands between plain text. Runs as `*?*?*` become one count.

mod steps;

use memchr::memmem;

pub(super) use steps::{Reach, Step, covers};

/// A compiled pattern.
#[derive(Debug, Clone)]
pub(super) enum Wildcard {
    /// `*`.
    Any,
    /// No wildcard.
    Exact(Box<str>),
    /// Plain text and one `*` behind it.
    Prefix(Box<str>),
    /// Everything else.
    Cut(Cut),
}

/// A pattern cut at its stars.
#[derive(Debug, Clone)]
pub(super) struct Cut {
    /// Whether a star stands before the first piece.
    open_start: bool,
    /// Whether a star stands behind the last piece.
    open_end: bool,
    pieces: Box<[Piece]>,
}

/// What stands between two stars.
#[derive(Debug, Clone)]
struct Piece {
    runs: Box<[Run]>,
    /// Finds the first plain text of the piece; none if it only skips.
    finder: Option<memmem::Finder<'static>>,
}

/// Part of a piece.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Run {
    /// Plain text, never empty.
    Text(Box<[u8]>),
    /// So many characters, whichever.
    Skip(usize),
}

/// What a pattern is made of, for [`Wildcard::of`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part<'a> {
    /// Text in which `*` and `?` are wildcards.
    Pattern(&'a str),
    /// Text in which they are not.
    Plain(&'a str),
    /// Any text.
    Star,
}

impl Wildcard {
    /// Compiles a pattern.
    pub(super) fn new(pattern: &str) -> Self {
        Self::of([Part::Pattern(pattern)])
    }

    /// Compiles a pattern made of parts.
    pub(super) fn of<'a>(parts: impl IntoIterator<Item = Part<'a>>) -> Self {
        let mut builder = Builder::default();
        for part in parts {
            match part {
                Part::Plain(text) => builder.plain(text),
                Part::Star => builder.star(),
                Part::Pattern(mut rest) => {
                    while let Some(at) = rest.find(['*', '?']) {
                        let (plain, wild) = rest.split_at(at);
                        builder.plain(plain);
                        if wild.starts_with('*') {
                            builder.star();
                        } else {
                            builder.skip();
                        }
                        // Both wildcards are one byte long.
                        rest = wild.split_at(1).1;
                    }
                    builder.plain(rest);
                }
            }
        }
        builder.finish()
    }

    /// The only text that it stands for, where it has no wildcards.
    pub(super) fn plain(&self) -> Option<&str> {
        match self {
            Self::Exact(text) => Some(text),
            _ => None,
        }
    }

    /// A text that it stands for, with `fill` for each star.
    pub(super) fn witness(&self, fill: &str) -> String {
        match self {
            Self::Any => fill.to_owned(),
            Self::Exact(text) => text.to_string(),
            Self::Prefix(text) => format!("{text}{fill}"),
            Self::Cut(cut) => {
                let pieces: Vec<String> = cut.pieces.iter().map(|piece| witness(&piece.runs)).collect();
                let front = if cut.open_start { fill } else { "" };
                let back = if cut.open_end { fill } else { "" };
                format!("{front}{}{back}", pieces.join(fill))
            }
        }
    }

    /// Whether it stands for the whole text.
    pub(super) fn matches(&self, text: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Exact(exact) => **exact == *text,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Cut(cut) => cut.matches(text.as_bytes()),
        }
    }
}

impl Cut {
    fn matches(&self, text: &[u8]) -> bool {
        let mut pieces = &*self.pieces;
        let mut rest = text;
        if !self.open_start
            && let Some((first, others)) = pieces.split_first()
        {
            let Some(after) = strip_front(&first.runs, rest) else { return false };
            if others.is_empty() && !self.open_end {
                return after.is_empty();
            }
            (pieces, rest) = (others, after);
        }
        if !self.open_end
            && let Some((last, others)) = pieces.split_last()
        {
            let Some(before) = strip_back(&last.runs, rest) else { return false };
            (pieces, rest) = (others, before);
        }
        for piece in pieces {
            let Some(after) = find(piece, rest) else { return false };
            rest = after;
        }
        true
    }
}

/// A text that a piece stands for.
fn witness(piece: &[Run]) -> String {
    let run = |run: &Run| match run {
        Run::Text(plain) => String::from_utf8_lossy(plain).into_owned(),
        Run::Skip(count) => "~".repeat(*count),
    };
    piece.iter().map(run).collect()
}

/// What follows the piece at the beginning of a text.
fn strip_front<'t>(piece: &[Run], text: &'t [u8]) -> Option<&'t [u8]> {
    piece.iter().try_fold(text, |rest, run| match run {
        Run::Text(plain) => rest.strip_prefix(&**plain),
        Run::Skip(count) => skip_front(*count, rest),
    })
}

/// What precedes the piece at the end of a text.
fn strip_back<'t>(piece: &[Run], text: &'t [u8]) -> Option<&'t [u8]> {
    piece.iter().rev().try_fold(text, |rest, run| match run {
        Run::Text(plain) => rest.strip_suffix(&**plain),
        Run::Skip(count) => skip_back(*count, rest),
    })
}

/// What follows the first place of a piece in a text.
fn find<'t>(piece: &Piece, text: &'t [u8]) -> Option<&'t [u8]> {
    let (lead, after_lead) = match piece.runs.split_first() {
        Some((Run::Skip(count), rest)) => (*count, rest),
        _ => (0, &*piece.runs),
    };
    // The lead may begin anywhere, so that the plain text may stand anywhere behind it.
    let mut rest = skip_front(lead, text)?;
    let (Some((Run::Text(plain), tail)), Some(finder)) = (after_lead.split_first(), &piece.finder) else {
        return Some(rest);
    };
    loop {
        let found = rest.get(finder.find(rest)?..)?;
        let after = found.get(plain.len()..)?;
        if let Some(after) = strip_front(tail, after) {
            return Some(after);
        }
        rest = found.get(1..)?;
    }
}

fn is_inside(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// Leaves out so many characters at the beginning. Texts are UTF-8, so a character is a first byte and what continues it.
fn skip_front(count: usize, mut text: &[u8]) -> Option<&[u8]> {
    for _ in 0..count {
        let (_, rest) = text.split_first()?;
        let inside = rest.iter().take_while(|byte| is_inside(**byte)).count();
        text = rest.get(inside..)?;
    }
    Some(text)
}

fn skip_back(count: usize, mut text: &[u8]) -> Option<&[u8]> {
    for _ in 0..count {
        let at = text.iter().rposition(|byte| !is_inside(*byte))?;
        text = text.get(..at)?;
    }
    Some(text)
}

#[derive(Default)]
struct Builder {
    pieces: Vec<Vec<Run>>,
    piece: Vec<Run>,
    plain: Vec<u8>,
    open_start: bool,
    /// Whether the last thing was a star, behind which only skips came.
    after_star: bool,
    stars: usize,
}

impl Builder {
    fn plain(&mut self, text: &str) {
        if !text.is_empty() {
            self.after_star = false;
            self.plain.extend_from_slice(text.as_bytes());
        }
    }

    fn skip(&mut self) {
        self.close_text();
        match self.piece.last_mut() {
            Some(Run::Skip(count)) => *count += 1,
            _ => self.piece.push(Run::Skip(1)),
        }
    }

    fn star(&mut self) {
        self.stars += 1;
        if self.after_star {
            // `*?*` asks for one character more between its neighbours: the skips stay in the piece that follows.
            return;
        }
        self.close_text();
        if self.piece.is_empty() && self.pieces.is_empty() {
            self.open_start = true;
        }
        if !self.piece.is_empty() {
            self.pieces.push(std::mem::take(&mut self.piece));
        }
        self.after_star = true;
    }

    fn close_text(&mut self) {
        if !self.plain.is_empty() {
            let plain = std::mem::take(&mut self.plain);
            self.piece.push(Run::Text(plain.into_boxed_slice()));
        }
    }

    fn finish(mut self) -> Wildcard {
        self.close_text();
        let open_end = self.after_star;
        if !self.piece.is_empty() {
            self.pieces.push(self.piece);
        }
        let text = |plain: &[u8]| Box::<str>::from(String::from_utf8_lossy(plain));
        match (self.pieces.as_slice(), self.open_start, open_end) {
            ([], false, _) if self.stars == 0 => return Wildcard::Exact(Box::from("")),
            ([], ..) => return Wildcard::Any,
            ([piece], false, open_end) => match (piece.as_slice(), open_end) {
                ([Run::Text(plain)], false) if self.stars == 0 => return Wildcard::Exact(text(plain)),
                ([Run::Text(plain)], true) => return Wildcard::Prefix(text(plain)),
                _ => {}
            },
            _ => {}
        }
        let piece = |runs: Vec<Run>| {
            let plain = runs.iter().find_map(|run| match run {
                Run::Text(plain) => Some(plain),
                Run::Skip(_) => None,
            });
            let finder = plain.map(|plain| memmem::Finder::new(plain).into_owned());
            Piece { runs: runs.into_boxed_slice(), finder }
        };
        let pieces = self.pieces.into_iter().map(piece).collect();
        Wildcard::Cut(Cut { open_start: self.open_start, open_end, pieces })
    }
}

#[cfg(test)]
mod tests;
