//! The hand-written tables: lines of fields parted by tabs; `#` begins a comment line, empty lines part groups.

/// The fields of every line that is neither empty nor a comment, with the line's number from one.
pub(super) fn rows(text: &'static str) -> impl Iterator<Item = (usize, Vec<&'static str>)> {
    let lines = text.lines().enumerate();
    let lines = lines.filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    lines.map(|(place, line)| (place + 1, line.split('\t').map(str::trim).collect()))
}
