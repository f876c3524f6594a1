//! How a screen may look: its width, whether it may cut, whether it has more than ASCII; and the four marks.

use std::borrow::Cow;
use std::fmt;

use super::text;

/// How text for people is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    /// Whether the reader's terminal shows more than ASCII. If not, `#` stands for bars, `->` for arrows, and every
    /// other character outside ASCII is shown escaped.
    pub unicode: bool,
    /// Nothing is cut or wrapped: for `--wide` and for pipes.
    pub wide: bool,
    /// Terminal columns, for cutting, wrapping and right-aligned notes.
    pub width: usize,
}

impl Default for Style {
    fn default() -> Self {
        Self { unicode: true, wide: false, width: 80 }
    }
}

impl Style {
    /// The text as it may stand on a terminal: control, bidi and invisible characters escaped (see [`text::escape`]);
    /// without `unicode` also what is not ASCII.
    #[must_use]
    pub fn shown(self, text: &str) -> Cow<'_, str> {
        if self.unicode { text::escape(text) } else { text::escape_to_ascii(text) }
    }

    /// What stands for 0 in a column of numbers, and between figures.
    #[must_use]
    pub fn dot(self) -> &'static str {
        if self.unicode { "·" } else { "." }
    }

    /// What stands between the ends of a range.
    #[must_use]
    pub fn arrow(self) -> &'static str {
        if self.unicode { "→" } else { "->" }
    }

    /// What stands where something was cut.
    #[must_use]
    pub fn ellipsis(self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }

    /// The columns that text may take: `width`, or no end with `wide`.
    #[must_use]
    pub fn columns(self) -> usize {
        if self.wide { usize::MAX } else { self.width }
    }
}

/// What the first column says of a line. Never without words beside it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// Nothing special.
    #[default]
    None,
    /// `!`: look at this.
    Look,
    /// `?`: a claim, no proof; or not visible.
    Claim,
    /// `x`: refused or failed.
    Refused,
    /// `+`: still there.
    Still,
}

impl Mark {
    /// The character of the first column.
    #[must_use]
    pub fn char(self) -> char {
        match self {
            Self::None => ' ',
            Self::Look => '!',
            Self::Claim => '?',
            Self::Refused => 'x',
            Self::Still => '+',
        }
    }
}

impl fmt::Display for Mark {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Write::write_char(f, self.char())
    }
}
