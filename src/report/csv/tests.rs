//! Cells that spreadsheets and terminals must not act on.

use super::*;

#[track_caller]
fn check(value: &str, cell: &str) {
    assert_eq!(row([Some(value), Some("z")]), format!("{cell},z\r\n"));
}

#[test]
fn cells_are_quoted_where_needed() {
    check("plain", "plain");
    check("a,b", "\"a,b\"");
    check("say \"hi\"", "\"say \"\"hi\"\"\"");
    check(" a", "\" a\"");
}

#[test]
fn null_and_empty_text_differ() {
    assert_eq!(row([None, Some(""), None]), ",\"\",\r\n");
    assert_eq!(row([None]), "\"\"\r\n");
    assert_eq!(row([]), "\r\n");
}

#[test]
fn formulas_are_neutralised() {
    check("=HYPERLINK(\"http://x\")", "\"'=HYPERLINK(\"\"http://x\"\")\"");
    check("+cmd|' /C calc'!A0", "'+cmd|' /C calc'!A0");
    check("-2+3+cmd", "'-2+3+cmd");
    check("@SUM(A1)", "'@SUM(A1)");
    check("\t=1", "'\\t=1");
    check("\r=1", "'\\r=1");
    check(" =1", "\"' =1\"");
    check("＝1", "'＝1");
}

#[test]
fn plain_numbers_stay() {
    for number in ["-5", "-5.25", "+7", "-1e5", "0"] {
        check(number, number);
    }
    check("-", "'-");
    check("-inf", "'-inf");
    check("-1-1", "'-1-1");
}

#[test]
fn a_row_is_one_line_without_terminal_tricks() {
    check("a\nb", "a\\nb");
    check("\x1b[2J\u{202e}", "\\x1b[2J\\u{202e}");
}
