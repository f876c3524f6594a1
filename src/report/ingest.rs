//! The tally of an ingest, as people read it.

use std::time::Duration;

use chrono::DateTime;

use super::{Style, figure, text};
use crate::lake::IngestReport;

/// So many refusals are shown; the table `refusals` has all.
const REFUSALS_SHOWN_MAX: usize = 20;

/// The tally: it adds up in sight, and says what decides which questions can be asked.
#[must_use]
pub fn text(report: &IngestReport, lake: &str, took: Duration, style: Style) -> String {
    let mut out = String::new();
    let counts = &report.counts;
    out.push_str(&format!(
        "Read {}, {} in {} ({} raw, {} inflated)\n",
        figure::counted(report.objects_read, "object", "objects"),
        figure::counted(counts.read, "record", "records"),
        figure::elapsed(took),
        figure::bytes(report.raw_bytes),
        figure::bytes(report.inflated_bytes)
    ));
    let mut line = |number: u64, word: &str, rest: String| {
        let line = format!("{:>11}  {word:<9}  {rest}", figure::count(number, style));
        out.push_str(line.trim_end());
        out.push('\n');
    };
    let range = report.summary.first_micros.zip(report.summary.last_micros).and_then(|(first, last)| {
        Some((DateTime::from_timestamp_micros(first)?, DateTime::from_timestamp_micros(last)?))
    });
    line(counts.kept, "kept", range.map_or(String::new(), |(first, last)| figure::range(first, last, style)));
    let known = match (counts.duplicate, report.objects_without_new) {
        (0, _) => String::new(),
        (some, 0) => format!("delivered twice ({})", figure::share(some, counts.read)),
        (some, objects) => format!(
            "delivered twice ({}); {} held nothing new",
            figure::share(some, counts.read),
            figure::counted(objects, "object", "objects")
        ),
    };
    line(counts.duplicate, "duplicate", known);
    line(counts.refused, "refused", String::new());
    refusals(report, style, &mut out);
    if report.objects_known > 0 {
        let known = figure::counted(report.objects_known, "object", "objects");
        out.push_str(&format!("  already    {known} in the lake as they are\n"));
    }
    for object in report.objects_changed.iter().take(REFUSALS_SHOWN_MAX) {
        out.push_str(&format!("! changed    {}, read again\n", style.shown(object)));
    }
    if let Some(more) = report.objects_changed.len().checked_sub(REFUSALS_SHOWN_MAX).filter(|more| *more > 0)
    {
        out.push_str(&format!("! changed    {more} more objects\n"));
    }
    if !report.set_aside.is_empty() {
        let kinds: Vec<String> = report
            .set_aside
            .iter()
            .map(|(kind, count)| format!("{} {kind}", figure::grouped(*count)))
            .collect();
        out.push_str(&format!("  set aside  {}\n", kinds.join(", ")));
    }
    if !report.summary.accounts.is_empty() {
        out.push_str(&format!("  accounts   {}\n", names(&report.summary.accounts, 4)));
        out.push_str(&format!("  regions    {}\n", regions(report)));
        let summary = &report.summary;
        let since = summary.first_data_micros.and_then(DateTime::from_timestamp_micros);
        out.push_str(&format!(
            "  content    {} management, {} data{}, {} other\n",
            figure::grouped(summary.management),
            figure::grouped(summary.data),
            since.map_or(String::new(), |since| format!(" (first {})", figure::moment(since))),
            figure::grouped(summary.other)
        ));
    }
    out.push_str(&format!(
        "  {:<9}  version {}, {}, {}, {}\n",
        style.shown(lake),
        report.lake.version,
        figure::counted(report.lake.rows, "event", "events"),
        figure::counted(report.lake.files, "file", "files"),
        figure::bytes(report.lake.bytes)
    ));
    if counts.refused > 0 {
        out.push_str(&format!(
            "hint: backtrail sql \"select * from refusals\" --lake {}\n",
            style.shown(lake)
        ));
    }
    out.push_str(&format!("next: backtrail coverage --lake {}", style.shown(lake)));
    out
}

/// Refusals by object; the same reason of many records once.
fn refusals(report: &IngestReport, style: Style, out: &mut String) {
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
        let such = if group.len() > 1 { format!("  ({} such records)", group.len()) } else { String::new() };
        out.push_str(&format!("  x {}\n", style.shown(&first.object)));
        let reason = first.reason.to_string();
        for line in text::wrap(&format!("{place}{reason}{such}"), 72, style) {
            out.push_str(&format!("      {}\n", style.shown(&line)));
        }
    }
    let listed: usize = report.refusals.len();
    if shown == REFUSALS_SHOWN_MAX && listed > shown {
        out.push_str("    more in the table `refusals`\n");
    }
}

fn names(counts: &std::collections::BTreeMap<String, u64>, most: usize) -> String {
    let mut shown: Vec<String> =
        counts.keys().take(most).map(|name| text::escape(name).into_owned()).collect();
    if counts.len() > most {
        shown.push(format!("{} more", counts.len() - most));
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
