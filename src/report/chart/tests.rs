//! Bars and sparklines.

use super::*;

const UNICODE: Style = Style { unicode: true, wide: false, width: 80 };
const ASCII: Style = Style { unicode: false, wide: false, width: 80 };

#[test]
fn bars_are_scaled_in_eighths() {
    for (value, text) in
        [(736, "████████████"), (467, "███████▋"), (154, "██▌"), (56, "▉"), (1, "▏"), (0, "")]
    {
        assert_eq!(bar(value, 736, 12, UNICODE), text);
    }
}

#[test]
fn ascii_bars_are_hashes() {
    assert_eq!(bar(736, 736, 12, ASCII), "############");
    assert_eq!(bar(1, 736, 12, ASCII), "#");
    assert_eq!(bar(0, 736, 12, ASCII), "");
}

#[test]
fn a_bar_never_outgrows_its_columns() {
    assert_eq!(bar(u64::MAX, 1, 2, UNICODE), "██");
    assert_eq!(bar(5, 0, 4, UNICODE), "");
    assert_eq!(bar(5, 5, 0, UNICODE), "");
}

#[test]
fn silence_is_blank_in_a_sparkline() {
    assert_eq!(sparkline(&[0, 1, 343, 170, 0], UNICODE), " ▁█▄ ");
    assert_eq!(sparkline(&[0, 1, 343], ASCII), " .@");
    assert_eq!(sparkline(&[], UNICODE), "");
    assert_eq!(sparkline(&[0, 0], UNICODE), "  ");
}
