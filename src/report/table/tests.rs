//! Tables as they stand on a screen.

use super::*;

const STYLE: Style = Style { unicode: true, wide: false, width: 80 };

#[test]
fn numbers_stand_right_and_marks_first() {
    let mut table =
        Table::new([Column::left(""), Column::right("calls"), Column::right("denied")]).title("What it did");
    table.row(Mark::None, ["ec2 with a name", "736", "·"]).row(Mark::Refused, ["sts", "37", "13"]);
    assert_eq!(
        table.render(STYLE),
        "What it did        calls  denied\n  ec2 with a name    736       ·\nx sts                 37      13\n"
    );
}

#[test]
fn a_title_without_room_has_its_own_line() {
    let mut table = Table::new([Column::left("role"), Column::right("calls")]).title("Sessions of this role");
    table.row(Mark::None, ["a", "1"]);
    assert_eq!(table.render(STYLE), "Sessions of this role\n  role  calls\n  a         1\n");
}

#[test]
fn only_columns_that_allow_it_are_cut() {
    let narrow = Style { width: 30, ..STYLE };
    let mut table = Table::new([Column::left("key"), Column::left("name").cut(Cut::Middle)]);
    table.row(Mark::None, ["AKIAEXAMPLE", "a-very-long-session-name-indeed"]);
    assert_eq!(table.render(narrow), "  key          name\n  AKIAEXAMPLE  a-very-…-indeed\n");
    let wide = Style { wide: true, ..narrow };
    assert!(table.render(wide).contains("a-very-long-session-name-indeed"));
}

#[test]
fn a_table_that_cannot_fit_grows_over_the_edge() {
    let narrow = Style { width: 5, ..STYLE };
    let mut table = Table::new([Column::left("").cut(Cut::End), Column::left("")]);
    table.row(Mark::Look, ["0123456789", "AKIAEXAMPLE"]);
    assert_eq!(table.render(narrow), "! 0123456…  AKIAEXAMPLE\n");
}

#[test]
fn the_widest_column_gives_way_first() {
    let narrow = Style { width: 26, ..STYLE };
    let mut table = Table::new([Column::left("").cut(Cut::End), Column::left("").cut(Cut::End)]);
    table.row(Mark::None, ["0123456789", "0123456789abcdefghij"]);
    assert_eq!(table.render(narrow), "  0123456789  0123456789a…\n");
}

#[test]
fn hostile_cells_stay_in_their_line() {
    let mut table = Table::new([Column::left("name"), Column::right("calls")]);
    table.row(Mark::Claim, ["a\nb\x1b[2J\u{202e}", "1"]).row(Mark::None, ["管理者", "2"]);
    assert_eq!(
        table.render(STYLE),
        "  name                 calls\n? a\\nb\\x1b[2J\\u{202e}      1\n  管理者                   2\n"
    );
}

#[test]
fn short_and_long_rows_are_no_trouble() {
    let mut table = Table::new([Column::left("a"), Column::left("b")]);
    table.row(Mark::None, ["1"]).row(Mark::None, ["1", "2", "note"]);
    assert_eq!(table.render(STYLE), "  a  b\n  1\n  1  2  note\n");
    assert_eq!(Table::new([]).render(STYLE), "");
}

#[test]
fn ascii_tables_hold_ascii_only() {
    let ascii = Style { unicode: false, ..STYLE };
    let mut table = Table::new([Column::left("näme").cut(Cut::Middle), Column::left("")]);
    table.row(Mark::None, ["é → …", "█▏"]);
    assert!(table.render(ascii).is_ascii());
}

#[test]
fn words_under_a_row_are_wrapped_and_widen_no_column() {
    let narrow = Style { width: 20, ..STYLE };
    let mut table = Table::new([Column::left("key"), Column::right("calls")]);
    table.row(Mark::None, ["A", "1"]).note("from here, and then from there").row(Mark::None, ["B", "2"]);
    assert_eq!(
        table.render(narrow),
        "  key  calls\n  A        1\n    from here, and\n    then from there\n  B        2\n"
    );
}
