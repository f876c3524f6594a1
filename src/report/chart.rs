//! Bars and sparklines, made of eighth blocks; of `#` and ASCII heights where there is only ASCII.

use super::Style;

const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];
const HEIGHTS: [char; 9] = [' ', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_HEIGHTS: [char; 9] = [' ', '.', ':', '-', '=', '+', '*', '#', '@'];

/// A bar of at most so many columns, full at `max`. What is not 0 shows at least its thinnest piece; the text is not
/// filled up.
#[must_use]
pub fn bar(value: u64, max: u64, columns: usize, style: Style) -> String {
    let steps = if style.unicode { 8 } else { 1 };
    let filled = scaled(value, max, columns.saturating_mul(steps));
    if !style.unicode {
        return "#".repeat(filled);
    }
    let mut text = "█".repeat(filled / 8);
    text.push_str(EIGHTHS.get(filled % 8).copied().unwrap_or_default());
    text
}

/// One character a value, as high as its share of the largest; 0 is a blank, so that silence is seen.
#[must_use]
pub fn sparkline(values: &[u64], style: Style) -> String {
    let max = values.iter().copied().max().unwrap_or(0);
    let heights = if style.unicode { HEIGHTS } else { ASCII_HEIGHTS };
    values.iter().map(|&value| heights.get(scaled(value, max, 8)).copied().unwrap_or(' ')).collect()
}

/// `value` of `max` as steps of `full`, to the nearest; at least 1 for what is not 0, at most `full`.
fn scaled(value: u64, max: u64, full: usize) -> usize {
    if value == 0 || max == 0 || full == 0 {
        return 0;
    }
    let (value, max, whole) = (u128::from(value.min(max)), u128::from(max), full as u128);
    let steps = (value * whole + max / 2) / max;
    usize::try_from(steps).unwrap_or(full).clamp(1, full)
}

#[cfg(test)]
mod tests;
