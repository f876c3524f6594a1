//! CSV as RFC 4180 has it (<https://www.rfc-editor.org/rfc/rfc4180>): quoted where needed, lines end in CR LF.
//!
//! Log text is hostile here too. A spreadsheet would run a cell that begins with `=`, `+`, `-` or `@`
//! (<https://owasp.org/www-community/attacks/CSV_Injection>): it gets a `'` before it, unless it is a plain number.
//! Control, bidi and invisible characters are escaped as on a terminal, line breaks among them: a row is a line.
//! JSON is the form that loses nothing.

use super::text;

/// One row with its line end. NULL is an empty cell, empty text is `""`.
pub fn row<'a>(cells: impl IntoIterator<Item = Option<&'a str>>) -> String {
    let mut line = String::new();
    let mut cells = cells.into_iter().enumerate().peekable();
    while let Some((at, value)) = cells.next() {
        match value {
            Some(value) => push_cell(&mut line, value),
            // A line of nothing is no row to most readers.
            None if at == 0 && cells.peek().is_none() => line.push_str("\"\""),
            None => {}
        }
        if cells.peek().is_some() {
            line.push(',');
        }
    }
    line.push_str("\r\n");
    line
}

fn push_cell(line: &mut String, value: &str) {
    let shown = text::escape(value);
    let guard = if is_formula(value) { "'" } else { "" };
    let quoted =
        shown.is_empty() || shown.contains([',', '"']) || shown.starts_with(' ') || shown.ends_with(' ');
    if quoted {
        line.push('"');
        line.push_str(guard);
        line.push_str(&shown.replace('"', "\"\""));
        line.push('"');
    } else {
        line.push_str(guard);
        line.push_str(&shown);
    }
}

/// Whether a spreadsheet could take the text for a formula. Leading blanks are skipped, as some spreadsheets do; the
/// full-width signs are formulas in East Asian editions.
fn is_formula(value: &str) -> bool {
    let text = value.trim_start();
    let begins =
        text.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠']) || value.starts_with(['\t', '\r']);
    begins && !is_number(value)
}

fn is_number(value: &str) -> bool {
    let digits = value.strip_prefix(['-', '+']).unwrap_or(value);
    digits.starts_with(|c: char| c.is_ascii_digit())
        && digits.chars().all(|c| c.is_ascii_digit() || matches!(c, '.' | 'e' | 'E' | '-' | '+'))
        && digits.parse::<f64>().is_ok()
}

#[cfg(test)]
mod tests;
