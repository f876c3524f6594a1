//! Log text to terminal text: escaping, width, cutting, wrapping.
//!
//! Terminals act on control characters, reorder text on bidi marks and hide zero-width characters, so a user agent or a
//! session name could rewrite the screen, turn an id around or hide in another name
//! (<https://www.unicode.org/reports/tr36/>).

use std::borrow::Cow;
use std::fmt::Write as _;

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::Style;

/// More combining marks than this on one character are shown escaped: they would run into the lines above and below.
const MARKS_MAX: usize = 4;

/// Log text as it may stand on a terminal or in a report.
///
/// Shown escaped, as `\n`, `\x1b` or `\u{202e}`: control characters, bidi marks, zero-width and other invisible
/// characters, every space but the ordinary one, characters of no assigned meaning, combining marks without a letter to
/// stand on. All else, the backslash too, stays as it is, so ids can be copied and escaping twice changes nothing.
#[must_use]
pub fn escape(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    let mut base = Base::Missing;
    for c in text.chars() {
        base = match (glyph(c), base) {
            (Glyph::Letter, _) => {
                shown.push(c);
                if c == ' ' { Base::Missing } else { Base::Letter(0) }
            }
            (Glyph::Combining, Base::Letter(marks)) if marks < MARKS_MAX => {
                shown.push(c);
                Base::Letter(marks + 1)
            }
            (Glyph::Combining | Glyph::Unsafe, _) => {
                push_escaped(&mut shown, c);
                Base::Missing
            }
        };
    }
    Cow::Owned(shown)
}

/// As [`escape`], and everything outside ASCII escaped too, but for the few characters that this program draws with
/// (`→`, `…`, `·`, blocks, lines), which have ASCII forms.
#[must_use]
pub fn escape_to_ascii(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (b' '..=b'~').contains(&byte)) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            ' '..='~' => shown.push(c),
            '→' => shown.push_str("->"),
            '…' => shown.push_str("..."),
            '·' => shown.push('.'),
            '═' => shown.push('='),
            '─' | '–' => shown.push('-'),
            '│' => shown.push('|'),
            '├' | '└' => shown.push('+'),
            '▁'..='█' | '▉'..='▏' => shown.push('#'),
            _ => push_escaped(&mut shown, c),
        }
    }
    Cow::Owned(shown)
}

/// Whether a character is shown escaped wherever it stands.
#[must_use]
pub fn is_unsafe(c: char) -> bool {
    matches!(glyph(c), Glyph::Unsafe)
}

/// The terminal columns that shown text takes.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// Which part of a long text is dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The beginning: `…-backdoor-role`.
    Start,
    /// The middle, so that both ends stay: `stratus-…-role`.
    Middle,
    /// The end: `stratus-red-…`.
    End,
}

/// The text, shown, in at most so many columns. Cuts between characters (a combining mark goes with its letter), never
/// inside one; where not even the ellipsis has room, the beginning is all that stays.
#[must_use]
pub fn truncate(text: &str, columns: usize, cut: Cut, style: Style) -> Cow<'_, str> {
    let shown = style.shown(text);
    if width(&shown) <= columns {
        return shown;
    }
    let Some(room) = columns.checked_sub(width(style.ellipsis())) else {
        return Cow::Owned(head(&shown, columns).to_owned());
    };
    let (before, after) = match cut {
        Cut::Start => (0, room),
        Cut::Middle => (room / 2, room - room / 2),
        Cut::End => (room, 0),
    };
    Cow::Owned(format!("{}{}{}", head(&shown, before), style.ellipsis(), tail(&shown, after)))
}

/// The text, shown, broken at spaces into lines of at most so many columns. Spaces inside a line stay, those at a break
/// go. A word longer than a line stays whole: it may be an id that someone must copy.
#[must_use]
pub fn wrap(text: &str, columns: usize, style: Style) -> Vec<String> {
    let shown = style.shown(text);
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in shown.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        if !word.is_empty() && !line.trim().is_empty() && width(&line) + width(word) > columns {
            lines.push(line.trim_end().to_owned());
            line.clear();
        }
        line.push_str(piece);
    }
    let last = line.trim_end();
    if !last.is_empty() || lines.is_empty() {
        lines.push(last.to_owned());
    }
    lines
}

/// Text filled with spaces on the right up to so many columns.
#[must_use]
pub fn pad_end(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{text}{:fill$}", "")
}

/// Text filled with spaces on the left up to so many columns.
#[must_use]
pub fn pad_start(text: &str, columns: usize) -> String {
    let fill = columns.saturating_sub(width(text));
    format!("{:fill$}{text}", "")
}

/// What a combining mark would stand on, and how many it carries.
#[derive(Clone, Copy)]
enum Base {
    Missing,
    Letter(usize),
}

enum Glyph {
    Letter,
    Combining,
    Unsafe,
}

fn glyph(c: char) -> Glyph {
    match c {
        ' '..='~' => return Glyph::Letter,
        // Invisible, yet letters, marks or symbols to Unicode's categories: joiners, fillers, variation selectors.
        '\u{34f}'
        | '\u{115f}'
        | '\u{1160}'
        | '\u{17b4}'
        | '\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2800}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffc}'
        | '\u{e0000}'..='\u{e0fff}' => return Glyph::Unsafe,
        _ => {}
    }
    // The standard library's debug form escapes controls, format characters (bidi marks among them), separators,
    // private and unassigned characters; a grapheme extender only where it has nothing to extend, that is, alone.
    if is_printable_after_letter(c) {
        if c.width() == Some(0) { Glyph::Combining } else { Glyph::Letter }
    } else {
        Glyph::Unsafe
    }
}

fn is_printable_after_letter(c: char) -> bool {
    if c.escape_debug().len() == 1 {
        return true;
    }
    let mut pair = String::with_capacity(8);
    pair.push('a');
    pair.push(c);
    pair.escape_debug().nth(1) == Some(c)
}

fn push_escaped(shown: &mut String, c: char) {
    let code = u32::from(c);
    let written = match c {
        '\n' => shown.write_str("\\n"),
        '\r' => shown.write_str("\\r"),
        '\t' => shown.write_str("\\t"),
        _ if code < 0x100 => write!(shown, "\\x{code:02x}"),
        _ => write!(shown, "\\u{{{code:x}}}"),
    };
    debug_assert!(written.is_ok(), "writing to a String does not fail");
}

/// The longest beginning of at most so many columns.
fn head(text: &str, columns: usize) -> &str {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns {
            return text.get(..at).unwrap_or_default();
        }
    }
    text
}

/// The longest end of at most so many columns that does not begin with a combining mark.
fn tail(text: &str, columns: usize) -> &str {
    let mut used = 0;
    let mut start = text.len();
    for (at, c) in text.char_indices().rev() {
        let wide = c.width().unwrap_or(0);
        used += wide;
        if used > columns {
            break;
        }
        if wide > 0 {
            start = at;
        }
    }
    text.get(start..).unwrap_or_default()
}

#[cfg(test)]
mod tests;
