//! JSON documents: members in the order of the struct, lossless, and safe to look at.
//!
//! JSON itself escapes control characters up to U+001F. Here all that [`super::text`] would escape on a terminal is
//! written as `\uXXXX` too: every parser reads the same value, and a terminal shows no trick.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter, Serializer};

use super::text;

/// One document, two spaces a level, with a line end.
///
/// # Errors
///
/// What the value's own `Serialize` refuses, such as a map whose keys are no text.
pub fn document<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let mut out = Vec::new();
    write_document(&mut out, value)?;
    into_text(out)
}

/// The value on one line, without a line end: for rows.
///
/// # Errors
///
/// As [`document`].
pub fn line<T: Serialize + ?Sized>(value: &T) -> serde_json::Result<String> {
    let mut out = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe(CompactFormatter)))?;
    into_text(out)
}

/// As [`document`], written as it is made.
///
/// # Errors
///
/// As [`document`], and what the writer refuses.
pub fn write_document<T: Serialize + ?Sized>(out: impl io::Write, value: &T) -> serde_json::Result<()> {
    // A document is written in bits of a few bytes.
    let mut out = io::BufWriter::with_capacity(64 * 1024, out);
    value.serialize(&mut Serializer::with_formatter(&mut out, Safe(PrettyFormatter::new())))?;
    out.write_all(b"\n").and_then(|()| out.flush()).map_err(serde_json::Error::io)
}

fn into_text(out: Vec<u8>) -> serde_json::Result<String> {
    String::from_utf8(out).map_err(|error| serde::ser::Error::custom(error.utf8_error()))
}

/// A formatter that escapes what a terminal must not see, else as the one inside.
struct Safe<F>(F);

/// Hands the layout to the formatter inside.
macro_rules! delegate {
    ($($name:ident($($arg:ident: $type:ty),*);)+) => {
        $(fn $name<W: ?Sized + io::Write>(&mut self, writer: &mut W $(, $arg: $type)*) -> io::Result<()> {
            self.0.$name(writer $(, $arg)*)
        })+
    };
}

impl<F: Formatter> Formatter for Safe<F> {
    delegate! {
        begin_array();
        end_array();
        begin_array_value(first: bool);
        end_array_value();
        begin_object();
        end_object();
        begin_object_key(first: bool);
        end_object_key();
        begin_object_value();
        end_object_value();
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        write_safe(writer, fragment)
    }

    /// Raw JSON holds such characters inside strings only, and there the escape means the same.
    fn write_raw_fragment<W: ?Sized + io::Write>(
        &mut self,
        writer: &mut W,
        fragment: &str,
    ) -> io::Result<()> {
        write_safe(writer, fragment)
    }
}

fn write_safe<W: ?Sized + io::Write>(writer: &mut W, fragment: &str) -> io::Result<()> {
    let mut rest = fragment;
    // Most text is plain.
    if fragment.bytes().all(|byte| byte < 0x7f) {
        return writer.write_all(fragment.as_bytes());
    }
    while let Some((at, c)) = rest.char_indices().find(|(_, c)| is_escaped(*c)) {
        let (before, after) = rest.split_at_checked(at).unwrap_or((rest, ""));
        writer.write_all(before.as_bytes())?;
        for unit in c.encode_utf16(&mut [0; 2]) {
            write!(writer, "\\u{unit:04x}")?;
        }
        rest = after.get(c.len_utf8()..).unwrap_or_default();
    }
    writer.write_all(rest.as_bytes())
}

/// Below U+0020 the serializer has escaped already; in raw JSON what is left is layout.
fn is_escaped(c: char) -> bool {
    c >= '\u{7f}' && text::is_unsafe(c)
}

#[cfg(test)]
mod tests;
