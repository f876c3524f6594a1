//! The tally of an ingest, as people read it.

use std::time::Duration;

use chrono::DateTime;

use super::{Style, figure, text};
use crate::lake::IngestReport;

/// So many refusals are shown; the table `refusals` has all.
const REFUSALS_SHOWN_MAX: usize = 20;

/// So many different hints are shown.
const HINTS_SHOWN_MAX: usize = 3;

/// The tally: it adds up in sight, and says what decides which questions can be asked. `lake` is its place as a shell takes it, `flags` are the
/// further options that whoever opens it must give, each with a blank before it.
#[must_use]
pub fn text(report: &IngestReport, lake: &str, flags: &str, took: Duration, style: Style) -> String {
    let counts = &report.counts;
    let mut lines = vec![format!(
        "Read {}, {} in {} ({} raw, {} inflated)",
        figure::counted(report.objects_read, "object", "objects"),
        figure::counted(counts.read, "record", "records"),
        figure::elapsed(took),
        figure::bytes(report.raw_bytes),
        figure::bytes(report.inflated_bytes)
    )];
    let line = |number: u64, word: &str, rest: &str| {
        format!("{:>11}  {word:<9}  {rest}", figure::count(number, style)).trim_end().to_owned()
    };
    let range = report.summary.first_micros.zip(report.summary.last_micros).and_then(|(first, last)| {
        Some((DateTime::from_timestamp_micros(first)?, DateTime::from_timestamp_micros(last)?))
    });
    let range = range.map_or(String::new(), |(first, last)| figure::range(first, last, style));
    lines.push(line(counts.kept, "kept", &range));
    let known = match (counts.duplicate, report.objects_without_new) {
        (0, _) => String::new(),
        (some, 0) => format!("delivered twice ({})", figure::share(some, counts.read)),
        (some, objects) => format!(
            "delivered twice ({}); {} held nothing new",
            figure::share(some, counts.read),
            figure::counted(objects, "object", "objects")
        ),
    };
    lines.push(line(counts.duplicate, "duplicate", &known));
    lines.push(line(counts.refused, "refused", ""));
    refusals(report, style, &mut lines);
    if report.more {
        lines.push("! more       the listing goes on after --max-objects; run again to read on".to_owned());
    }
    if report.objects_known > 0 {
        let known = figure::counted(report.objects_known, "object", "objects");
        lines.push(format!("  already    {known} in the lake as they are"));
    }
    for object in report.objects_changed.iter().take(REFUSALS_SHOWN_MAX) {
        lines.push(format!("! changed    {}, read again", style.shown(object)));
    }
    if let Some(more) = report.objects_changed.len().checked_sub(REFUSALS_SHOWN_MAX).filter(|more| *more > 0)
    {
        lines.push(format!("! changed    {}", figure::counted(more as u64, "more object", "more objects")));
    }
    if !report.set_aside.is_empty() {
        let kinds: Vec<String> = report
            .set_aside
            .iter()
            .map(|(kind, count)| format!("{} {kind}", figure::grouped(*count)))
            .collect();
        lines.push(format!("  set aside  {}", kinds.join(", ")));
    }
    if !report.summary.accounts.is_empty() {
        lines.push(format!("  accounts   {}", names(&report.summary.accounts, 4)));
        lines.push(format!("  regions    {}", regions(report)));
        let summary = &report.summary;
        let since = summary.first_data_micros.and_then(DateTime::from_timestamp_micros);
        lines.push(format!(
            "  content    {} management, {} data{}, {} other",
            figure::grouped(summary.management),
            figure::grouped(summary.data),
            since.map_or(String::new(), |since| format!(" (first {})", figure::moment(since))),
            figure::grouped(summary.other)
        ));
    }
    lines.push(format!(
        "  {:<9}  version {}, {}, {}, {}",
        if lake.chars().count() <= 9 { style.shown(lake) } else { "lake".into() },
        report.lake.version,
        figure::counted(report.lake.rows, "event", "events"),
        figure::counted(report.lake.files, "file", "files"),
        figure::bytes(report.lake.bytes)
    ));
    lines.extend(hints(report.refusals.iter().filter_map(|refusal| refusal.reason.hint()), style));
    if counts.refused > 0 {
        lines.push(format!(
            "hint: backtrail sql \"select * from refusals\" --lake {}{}",
            style.shown(lake),
            style.shown(flags)
        ));
    }
    lines.push(format!("next: backtrail coverage --lake {}{}", style.shown(lake), style.shown(flags)));
    lines.join("\n")
}

/// Refusals by object; the same reason of many records once.
fn refusals(report: &IngestReport, style: Style, lines: &mut Vec<String>) {
    let mut shown = 0;
    for group in report.refusals.chunk_by(|left, right| {
        left.object == right.object
            && std::mem::discriminant(&left.reason) == std::mem::discriminant(&right.reason)
    }) {
        if shown == REFUSALS_SHOWN_MAX {
            break;
        }
        shown += group.len().min(1);
        let Some(first) = group.first() else { continue };
        let place = first.record_index.map_or(String::new(), |index| format!("record {index}: "));
        let such = if group.len() > 1 {
            format!("  ({} such records)", figure::grouped(group.len() as u64))
        } else {
            String::new()
        };
        lines.push(format!("  x {}", style.shown(&first.object)));
        let reason = first.reason.without_hint();
        for line in text::wrap(&format!("{place}{reason}{such}"), style.columns().saturating_sub(8), style) {
            lines.push(format!("      {}", style.shown(&line)));
        }
    }
    let listed: usize = report.refusals.len();
    if shown == REFUSALS_SHOWN_MAX && listed > shown {
        lines.push("    more in the table `refusals`".to_owned());
    }
}

/// Hints, each once, on lines of their own.
pub(super) fn hints<'a>(given: impl Iterator<Item = &'a str>, style: Style) -> Vec<String> {
    let mut hints: Vec<String> = Vec::new();
    for hint in given {
        let line = format!("hint: {}", style.shown(hint));
        if hints.len() < HINTS_SHOWN_MAX && !hints.contains(&line) {
            hints.push(line);
        }
    }
    hints
}

fn names(counts: &std::collections::BTreeMap<String, u64>, most: usize) -> String {
    let mut shown: Vec<String> =
        counts.keys().take(most).map(|name| text::escape(name).into_owned()).collect();
    if counts.len() > most {
        shown.push(format!("{} more", figure::grouped((counts.len() - most) as u64)));
    }
    shown.join(", ")
}

fn regions(report: &IngestReport) -> String {
    let regions = &report.summary.regions;
    let total: u64 = regions.values().sum();
    match regions.iter().max_by_key(|(name, count)| (**count, std::cmp::Reverse(*name))) {
        Some((name, count)) if regions.len() > 4 => {
            format!(
                "{}, {} has {} of events",
                regions.len(),
                text::escape(name),
                figure::share(*count, total)
            )
        }
        _ => names(regions, 4),
    }
}

#[cfg(test)]
mod tests;
