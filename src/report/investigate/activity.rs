//! Activity over time and by service.

use chrono::Datelike;

use super::Options;
use super::words::{Page, named, several};
use crate::investigate::{Counts, Investigation};
use crate::report::{Column, Cut, Mark, Table, chart, figure, section};

/// Columns of a bar.
const BAR: usize = 12;
/// Services shown without `--calls`.
const SERVICES_MAX: usize = 9;
/// Bins between two labels of the time axis.
const LABEL_EVERY: usize = 10;

/// Sparklines of calls and writes.
pub(super) fn timeline(answer: &Investigation, page: &Page) -> String {
    let timeline = &answer.activity.timeline;
    let Some(start) = timeline.start.filter(|_| timeline.bins.len() > 1) else { return String::new() };
    let calls: Vec<u64> = timeline.bins.iter().map(|bin| bin.calls).collect();
    let writes: Vec<u64> = timeline.bins.iter().map(|bin| bin.writes).collect();
    let at = |bin: usize| {
        let seconds = i64::try_from(bin).unwrap_or(0).saturating_mul(timeline.bin_seconds);
        start.0 + chrono::TimeDelta::try_seconds(seconds).unwrap_or_default()
    };
    let (peak_at, peak) = calls.iter().enumerate().rev().max_by_key(|(_, count)| **count).unwrap_or((0, &0));
    // The same day of another year is another one.
    let crosses_years = at(0).year() != at(calls.len().saturating_sub(1)).year();
    let (every, dated) = match timeline.bin_seconds {
        86_400.. if crosses_years => (LABEL_EVERY + 2, true),
        _ => (LABEL_EVERY, false),
    };
    let label = |bin: usize| match timeline.bin_seconds {
        _ if dated => figure::day(at(bin)),
        ..3_600 => at(bin).format("%H:%M").to_string(),
        3_600..86_400 => at(bin).format("%d. %Hh").to_string(),
        _ => at(bin).format("%m-%d").to_string(),
    };
    let peak_label = match timeline.bin_seconds {
        ..3_600 => format!("{}Z", at(peak_at).format("%H:%M")),
        3_600..86_400 => at(peak_at).format("%Y-%m-%d %H:%MZ").to_string(),
        _ => figure::day(at(peak_at)),
    };
    let title = format!("Activity per {}", bin_words(timeline.bin_seconds));
    let peak = format!("peak {} at {peak_label}", figure::grouped(*peak));
    let mut out = section::heading(&title, &peak, page.style);
    let mut line = |name: &str, text: &str| {
        out.push_str(format!("  {name:<8} {text}").trim_end());
        out.push('\n');
    };
    line("calls", &chart::sparkline(&calls, page.style));
    if writes.iter().any(|count| *count > 0) {
        line("writes", &chart::sparkline(&writes, page.style));
    }
    let denied: Vec<u64> = timeline.bins.iter().map(|bin| bin.denied).collect();
    if denied.iter().any(|count| *count > 0) {
        line("denied", &chart::sparkline(&denied, page.style));
    }
    let labels = (0..calls.len()).step_by(every).map(|bin| format!("{:<every$}", label(bin)));
    line("", &labels.collect::<String>());
    out
}

fn bin_words(seconds: i64) -> String {
    match seconds {
        60 => "minute".to_owned(),
        61..3_600 => format!("{} minutes", seconds / 60),
        3_600 => "hour".to_owned(),
        3_601..86_400 => format!("{} hours", seconds / 3_600),
        86_400 => "day".to_owned(),
        604_800 => "week".to_owned(),
        _ => format!("{} weeks", seconds / 604_800),
    }
}

/// A name, what `between` names, and the counts.
fn columns(between: &[&str]) -> Vec<Column> {
    let counts = ["calls", "read", "write", "denied", "failed", "throttled"];
    let mut columns = vec![Column::left("").cut(Cut::Middle)];
    columns.extend(between.iter().map(|header| Column::left(header)));
    columns.extend(counts.map(Column::right));
    columns
}

/// Calls by service, or by operation with `--calls`.
pub(super) fn services(answer: &Investigation, options: &Options, page: &Page) -> String {
    let activity = &answer.activity;
    let style = page.style;
    if activity.total.calls == 0 {
        return String::new();
    }
    let figures = |counts: &Counts| {
        let figures =
            [counts.calls, counts.reads, counts.writes, counts.denied, counts.failed, counts.throttled];
        figures.map(|value| figure::count(value, style))
    };
    if options.calls_all {
        // Names need the room of the bars.
        let mut table = Table::new(columns(&[])).title("What it did");
        for service in &activity.services {
            table.row(
                Mark::None,
                [named(&service.service).to_owned()].into_iter().chain(figures(&service.counts)),
            );
            for operation in activity.operations.iter().filter(|o| o.service == service.service) {
                let name = format!("  {}", named(&operation.event_name));
                table.row(Mark::None, [name].into_iter().chain(figures(&operation.counts)));
            }
        }
        return table.render(style);
    }
    let mut table = Table::new(columns(&[""])).title("What it did");
    let max = activity.services.first().map_or(0, |service| service.counts.calls);
    // One more row takes no more room than saying so.
    let most = if activity.services.len() == SERVICES_MAX + 1 { SERVICES_MAX + 1 } else { SERVICES_MAX };
    for service in activity.services.iter().take(most) {
        let bar = chart::bar(service.counts.calls, max, BAR, style);
        table.row(
            Mark::None,
            [named(&service.service).to_owned(), bar].into_iter().chain(figures(&service.counts)),
        );
    }
    let mut out = table.render(style);
    let rest: Vec<String> = activity
        .services
        .iter()
        .skip(most)
        .map(|service| format!("{} {}", named(&service.service), figure::grouped(service.counts.calls)))
        .collect();
    let all = format!("all {}: --calls", several(activity.operations.len() as u64, "operation"));
    let words = match rest.len() {
        0 => String::new(),
        more => format!("  {more} more: {}", super::words::listed(&rest, 4, "")),
    };
    out.push_str(&section::heading(&words, &all, style));
    out
}
