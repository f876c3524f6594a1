//! All principals at a glance: who has most that nobody used, and what the logs cover.

use std::collections::BTreeSet;

use super::{Page, Show};
use crate::report::figure::{counted, day, grouped, share};
use crate::report::replay::words::{short, whole};
use crate::report::{Column, Cut, Facts, Mark, Table, chart, section};
use crate::unused::{Apart, DataEvents, Marks, PrincipalUse, Unused};

/// Columns of a bar.
const BAR: usize = 12;
/// From so many columns on there is room for everything.
const WIDE_ENOUGH: usize = 100;

/// The first lines.
pub(super) fn head(unused: &Unused, page: &Page<'_>) -> String {
    let window = &unused.window;
    let range = match (window.first, window.last) {
        (Some(first), Some(last)) => format!("{} {} {}", day(first.0), page.style.arrow(), day(last.0)),
        _ => "no events".to_owned(),
    };
    let principals = counted(unused.principals.len() as u64, "principal", "principals");
    let mut out = section::heading(
        &format!("{principals}, {}", counted(unused.window.days, "day", "days")),
        &range,
        page.style,
    );
    let mut facts = Facts::new();
    facts.line(Mark::None, "snapshot", &unused.snapshot);
    let covered: Vec<String> = unused
        .coverage
        .iter()
        .map(|own| {
            format!(
                "{}: {} of {} days in {}",
                own.account,
                grouped(own.days),
                grouped(window.days),
                counted(own.regions.len() as u64, "region", "regions")
            )
        })
        .collect();
    for (at, words) in covered.iter().take(4).enumerate() {
        facts.line(Mark::None, if at == 0 { "covered" } else { "" }, words);
    }
    if covered.len() > 4 {
        facts.more(&format!(
            "{}: --show coverage",
            counted((covered.len() - 4) as u64, "more account", "more accounts")
        ));
    }
    let privileged = unused.unused_privileged();
    if privileged > 0 {
        let words = format!(
            "{} that nobody used",
            counted(privileged, "grant of a privileged action", "grants of privileged actions")
        );
        facts.line(Mark::Look, "unused", &words);
    }
    baseline(&mut facts, page);
    out.push_str(&facts.render(page.style));
    out
}

/// What became of the findings of an earlier run.
pub(super) fn baseline(facts: &mut Facts, page: &Page<'_>) {
    let Some(compared) = &page.options.compared else { return };
    let words = format!(
        "{} new; of the earlier ones {} still open, {} resolved, {} out of sight",
        counted(compared.new.len() as u64, "finding", "findings"),
        grouped(compared.open),
        grouped(compared.resolved.len() as u64),
        grouped(compared.out_of_sight.len() as u64)
    );
    facts.line(Mark::None, "baseline", &words);
}

/// The principals, those with most unused privileged actions first.
pub(super) fn sorted(unused: &Unused) -> Vec<(&PrincipalUse, Marks)> {
    let mut all: Vec<(&PrincipalUse, Marks)> =
        unused.principals.iter().filter(|own| own.apart.is_none()).map(|own| (own, own.marks())).collect();
    order(&mut all);
    all
}

fn order(all: &mut [(&PrincipalUse, Marks)]) {
    all.sort_by(|(a, left), (b, right)| {
        let key = |own: &PrincipalUse, marks: &Marks| {
            (std::cmp::Reverse(marks.unused_privileged), std::cmp::Reverse(marks.unused), own.arn.clone())
        };
        key(a, left).cmp(&key(b, right))
    });
}

/// The table of all principals.
pub(super) fn table(unused: &Unused, page: &Page<'_>) -> String {
    rows("Principals", &sorted(unused), page)
}

/// Those that are kept apart.
pub(super) fn apart(unused: &Unused, page: &Page<'_>) -> String {
    let table = |(title, wanted): (&str, Apart)| {
        let meant = unused.principals.iter().filter(|own| own.apart == Some(wanted));
        let mut all: Vec<(&PrincipalUse, Marks)> = meant.map(|own| (own, own.marks())).collect();
        order(&mut all);
        rows(title, &all, page)
    };
    let tables = [
        ("Kept apart: roles for services", Apart::ServiceRole),
        ("Kept apart: service-linked roles", Apart::ServiceLinked),
        ("Kept apart: roles of Identity Center, which its permission sets change", Apart::IdentityCenter),
    ]
    .map(table);
    tables.into_iter().filter(|table| !table.is_empty()).collect::<Vec<_>>().join("\n")
}

fn rows(title: &str, all: &[(&PrincipalUse, Marks)], page: &Page<'_>) -> String {
    if all.is_empty() {
        return String::new();
    }
    let style = page.style;
    // Of several accounts each row names its own, and what a narrow screen has no room for beside it is left to one principal's.
    let several = page.names.are_of_several;
    let is_narrow = several && !style.wide && style.columns() < WIDE_ENOUGH;
    let mut columns = vec![Column::left("").cut(Cut::Middle)];
    columns.extend(several.then(|| Column::left("account")));
    let figures = ["calls", "granted"].map(Column::right);
    columns.extend(figures.into_iter().filter(|_| !is_narrow));
    columns.extend([
        Column::left("used"),
        Column::right("unused"),
        Column::right("privileged"),
        Column::right("unseen"),
    ]);
    let mut table = Table::new(columns).title(title);
    let most = page.most(Show::Principals);
    for (own, marks) in all.iter().take(most) {
        let bar = chart::bar(marks.used, marks.granted.max(1), if is_narrow { BAR / 2 } else { BAR }, style);
        let share = share(marks.used, marks.granted);
        let name = whole(&short(&own.arn), style);
        let mark = if own.young {
            Mark::Claim
        } else if marks.unused_privileged > 0 && own.apart.is_none() {
            Mark::Look
        } else {
            Mark::None
        };
        let mut cells = vec![name];
        cells.extend(several.then(|| own.account.clone()));
        let figures = [own.calls.events, marks.granted].map(grouped);
        cells.extend(figures.into_iter().filter(|_| !is_narrow));
        cells.extend([
            format!("{share:>5} {bar}"),
            grouped(marks.unused),
            grouped(marks.unused_privileged),
            grouped(marks.not_observable),
        ]);
        table.row(mark, cells);
        if own.young {
            table.note("younger than the window: what it did not do yet says little");
        }
    }
    let mut out = table.render(style);
    if all.len() > most {
        out.push_str(&format!(
            "  {} more: {}\n",
            grouped((all.len() - most) as u64),
            page.more(Show::Principals)
        ));
    }
    out
}

/// What the logs cover.
pub(super) fn coverage(unused: &Unused, page: &Page<'_>) -> String {
    let mut out = section::heading("What the logs cover of the window", "", page.style);
    for own in &unused.coverage {
        if !own.is_covered {
            let words = format!("{}: no log. Nothing of this account is called unused", own.account);
            out.push_str(&section::item(Mark::Claim, &words, page.style));
            continue;
        }
        let regions: Vec<String> = own
            .regions
            .iter()
            .map(|(region, days)| format!("{region} {}", counted(*days, "day", "days")))
            .collect();
        let words = format!(
            "{}: {} on {} of {} days; {}",
            own.account,
            counted(own.events, "event", "events"),
            grouped(own.days),
            grouped(unused.window.days),
            regions.join(", ")
        );
        out.push_str(&section::item(Mark::None, &words, page.style));
        let data = match own.data_event_regions.as_slice() {
            [] => "no data events".to_owned(),
            kinds => format!("data events: {}", kinds.iter().map(data_events).collect::<Vec<_>>().join("; ")),
        };
        let reads = if own.read_events { "" } else { "; no events that read" };
        let mark = if own.data_events.is_empty() || !own.read_events { Mark::Claim } else { Mark::None };
        out.push_str(&section::item(mark, &format!("{data}{reads}"), page.style));
    }
    out
}

/// `AWS::S3::Object reads in eu-west-1, writes in eu-west-1`.
fn data_events(own: &DataEvents) -> String {
    let of = |word: &str, regions: &BTreeSet<String>| {
        let regions = regions.iter().map(String::as_str).collect::<Vec<_>>().join(" and ");
        (!regions.is_empty()).then(|| format!("{word} in {regions}"))
    };
    if own.reads == own.writes {
        return format!("{} {}", own.kind, of("reads and writes", &own.reads).unwrap_or_default());
    }
    let both = [of("reads", &own.reads), of("writes", &own.writes)];
    format!("{} {}", own.kind, both.into_iter().flatten().collect::<Vec<_>>().join(", "))
}

/// What limits the answer.
pub(super) fn limits(unused: &Unused, page: &Page<'_>) -> String {
    let mut out = section::heading("What this cannot know", "", page.style);
    let most = page.most(Show::Limits);
    for limit in unused.limits.iter().take(most) {
        out.push_str(&section::item(Mark::Claim, limit, page.style));
    }
    if unused.limits.len() > most {
        out.push_str(&format!("  {} more: {}\n", unused.limits.len() - most, page.more(Show::Limits)));
    }
    out
}
