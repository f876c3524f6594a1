//! Regions × days: is the place and the day that I ask about covered?

use std::collections::BTreeMap;

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};

use super::calendar::{Slot, Unit, slots};
use super::{Page, Screen, UNNAMED};
use crate::inquiry::{AccountSurvey, RegionSurvey};
use crate::report::{Column, Cut, Mark, Table, figure, section, text};

/// A region whose first event comes so long after the account's first is marked.
pub(super) const LATE: TimeDelta = TimeDelta::days(1);

/// So many regions are all shown.
const REGIONS_ALWAYS: usize = 6;
/// Of more regions at most so many are.
const REGIONS_MAX: usize = 8;
/// A region with less than one event in so many of its account is folded with others.
const REGION_ONE_IN: u64 = 1_000;
/// So many folded regions are named.
const FOLDED_NAMED_MAX: usize = 12;
/// Longer names of regions are cut. No region of AWS has one.
const REGION_COLUMNS_MAX: usize = 20;
/// The columns of a mark and the blank behind it, and of the blanks between two cells.
const GUTTER: usize = 2;
/// A region that had events on each of so many days, and then none any more, is said to have gone silent.
const STEADY_DAYS_MIN: usize = 3;
/// It must be silent for so many days.
const SILENT_DAYS_MIN: i64 = 2;

/// A row of the table: a region, or several together.
struct Line {
    mark: Mark,
    name: String,
    first: Option<DateTime<Utc>>,
    days: BTreeMap<NaiveDate, u64>,
}

/// The regions of an account, the one with most events first.
pub(super) fn by_events(account: &AccountSurvey) -> Vec<&RegionSurvey> {
    let mut regions: Vec<&RegionSurvey> = account.regions.iter().collect();
    regions.sort_by(|left, right| {
        right.events.calls.cmp(&left.events.calls).then_with(|| left.region.cmp(&right.region))
    });
    regions
}

/// Whether the first event of the region comes much later than its account's first.
pub(super) fn is_late(account: &AccountSurvey, region: &RegionSurvey) -> bool {
    let ends = account.events.first.zip(region.events.first);
    ends.is_some_and(|(whole, own)| own.0 - whole.0 >= LATE)
}

/// Whether the region had events day by day, and none in the last days of its account.
pub(super) fn went_silent(account: &AccountSurvey, region: &RegionSurvey) -> bool {
    let ends = region.days.keys().next().zip(region.days.keys().next_back());
    let (Some((first, last)), Some(end)) = (ends, account.events.last) else { return false };
    let steady = i64::try_from(region.days.len()).is_ok_and(|days| days == (*last - *first).num_days() + 1);
    let silent = (end.0.date_naive() - *last).num_days();
    steady && region.days.len() >= STEADY_DAYS_MIN && silent >= SILENT_DAYS_MIN
}

/// The name of a region, where records name one.
pub(super) fn region_name(region: &RegionSurvey) -> &str {
    if region.region.is_empty() { UNNAMED } else { &region.region }
}

/// Writes the table of an account.
pub(super) fn table(account: &AccountSurvey, page: &Page<'_>, screen: &mut Screen) {
    let regions = by_events(account);
    let shown = shown(&regions, account.events.calls, page.options.all);
    let (shown, folded) = regions.split_at_checked(shown).unwrap_or((&regions, &[]));
    let mut lines: Vec<Line> = shown.iter().map(|region| line(account, region)).collect();
    if !folded.is_empty() {
        lines.push(others(account, folded));
    }
    let days: Vec<NaiveDate> = lines.iter().flat_map(|line| line.days.keys().copied()).collect();
    let mut skips = false;
    let mut earlier = 0;
    let (unit, panels) = if page.options.all {
        (Unit::Day, panels(&slots(Unit::Day, days), Unit::Day, &lines, page))
    } else {
        let (unit, slots, left_out) = fitting(&days, &lines, page);
        earlier = left_out;
        (unit, vec![slots])
    };
    for (at, slots) in panels.iter().enumerate() {
        if at > 0 {
            screen.push("\n");
        }
        skips |= slots.iter().any(|slot| matches!(slot, Slot::Empty(..)));
        screen.push(&panel(slots, unit, &lines, page).render(page.style));
    }
    if skips {
        let words = format!("{}  {} without any event, left out", page.style.ellipsis(), unit.word(2));
        screen.push(&section::item(Mark::None, &words, page.style));
    }
    if earlier > 0 {
        screen.fold(&format!("{earlier} earlier {}", unit.word(earlier)), page);
    }
    if !folded.is_empty() {
        name_folded(folded, page, screen);
    }
}

/// How many of the regions have a row of their own.
fn shown(regions: &[&RegionSurvey], events: u64, all: bool) -> usize {
    if all || regions.len() <= REGIONS_ALWAYS {
        return regions.len();
    }
    let many = |region: &&&RegionSurvey| region.events.calls.saturating_mul(REGION_ONE_IN) >= events;
    let shown = regions.iter().take_while(many).count().clamp(1, REGIONS_MAX);
    // One alone is not folded: its row takes no more room than the row of one other.
    if regions.len() - shown == 1 { regions.len() } else { shown }
}

fn line(account: &AccountSurvey, region: &RegionSurvey) -> Line {
    let odd = is_late(account, region) || went_silent(account, region);
    Line {
        mark: if odd { Mark::Look } else { Mark::None },
        name: region_name(region).to_owned(),
        first: region.events.first.map(|first| first.0),
        days: region.days.clone(),
    }
}

fn others(account: &AccountSurvey, folded: &[&RegionSurvey]) -> Line {
    let odd = folded.iter().any(|region| is_late(account, region) || went_silent(account, region));
    let mut days: BTreeMap<NaiveDate, u64> = BTreeMap::new();
    for (day, events) in folded.iter().flat_map(|region| &region.days) {
        *days.entry(*day).or_default() += events;
    }
    Line {
        mark: if odd { Mark::Look } else { Mark::None },
        name: format!("{} others", folded.len()),
        first: folded.iter().filter_map(|region| region.events.first).min().map(|first| first.0),
        days,
    }
}

fn name_folded(folded: &[&RegionSurvey], page: &Page<'_>, screen: &mut Screen) {
    let named = folded.iter().take(FOLDED_NAMED_MAX).map(|region| {
        let name = page.cut(region_name(region), REGION_COLUMNS_MAX);
        format!("{name} {}", figure::grouped(region.events.calls))
    });
    let mut words: Vec<String> = named.collect();
    if let Some(more) = folded.len().checked_sub(FOLDED_NAMED_MAX).filter(|more| *more > 0) {
        words.push(format!("{more} more"));
    }
    screen.fold(&format!("others: {}", words.join(", ")), page);
}

/// The finest unit whose columns have room, or as many of the last years as have room; with the number of those left out.
fn fitting(days: &[NaiveDate], lines: &[Line], page: &Page<'_>) -> (Unit, Vec<Slot>, i32) {
    for unit in Unit::ALL {
        let slots = slots(unit, days.iter().copied());
        let room = room(unit, lines, page);
        if slots.iter().map(|slot| columns(*slot, unit, lines, page)).sum::<usize>() <= room {
            return (unit, slots, 0);
        }
    }
    let room = room(Unit::Year, lines, page);
    let mut last = Vec::new();
    let mut left_out = 0;
    let mut taken = 0;
    for slot in slots(Unit::Year, days.iter().copied()).into_iter().rev() {
        taken += columns(slot, Unit::Year, lines, page);
        match slot {
            _ if taken <= room || last.is_empty() => last.push(slot),
            Slot::At(_) => left_out += 1,
            Slot::Empty(..) => {}
        }
    }
    last.reverse();
    (Unit::Year, last, left_out)
}

/// All columns, in as many tables one below the other as it takes.
fn panels(slots: &[Slot], unit: Unit, lines: &[Line], page: &Page<'_>) -> Vec<Vec<Slot>> {
    let room = room(unit, lines, page);
    let mut panels: Vec<Vec<Slot>> = Vec::new();
    let mut taken = usize::MAX;
    for slot in slots {
        let columns = columns(*slot, unit, lines, page);
        taken = taken.saturating_add(columns);
        match panels.last_mut() {
            Some(panel) if taken <= room => panel.push(*slot),
            _ => {
                panels.push(vec![*slot]);
                taken = columns;
            }
        }
    }
    panels
}

/// The columns of the screen that are left for days.
fn room(unit: Unit, lines: &[Line], page: &Page<'_>) -> usize {
    let names = lines.iter().map(|line| text::width(&page.style.shown(&line.name)));
    let name = names.max().unwrap_or(0).clamp(region_heading(unit).len(), REGION_COLUMNS_MAX);
    let first =
        lines.iter().filter_map(|line| line.first).map(|first| page.calendar.minute_or_day(first).len());
    let first = first.max().unwrap_or(0).max("first event".len());
    page.style.width.saturating_sub(GUTTER + name + GUTTER + first)
}

/// The columns of one column of numbers, with the blanks before it.
fn columns(slot: Slot, unit: Unit, lines: &[Line], page: &Page<'_>) -> usize {
    let cells = lines.iter().map(|line| text::width(&cell(slot, unit, line, page)));
    cells.max().unwrap_or(0).max(text::width(&heading(slot, unit, page))) + GUTTER
}

fn heading(slot: Slot, unit: Unit, page: &Page<'_>) -> String {
    match slot {
        Slot::At(number) => unit.label(number, page.calendar),
        Slot::Empty(..) => page.style.ellipsis().to_owned(),
    }
}

fn cell(slot: Slot, unit: Unit, line: &Line, page: &Page<'_>) -> String {
    let Slot::At(number) = slot else { return String::new() };
    let from = unit.first_day(number);
    let to = unit.first_day(number + 1);
    let events = if from < to { line.days.range(from..to).map(|(_, events)| events).sum() } else { 0 };
    figure::count(events, page.style)
}

fn region_heading(unit: Unit) -> String {
    if unit == Unit::Day { "region".to_owned() } else { format!("region by {}", unit.word(1)) }
}

fn panel(slots: &[Slot], unit: Unit, lines: &[Line], page: &Page<'_>) -> Table {
    let mut columns = vec![Column::left(&region_heading(unit)).cut(Cut::Middle)];
    columns.extend(slots.iter().map(|slot| Column::right(&heading(*slot, unit, page))));
    columns.push(Column::left("first event"));
    let mut table = Table::new(columns);
    for line in lines {
        let mut cells = vec![line.name.clone()];
        cells.extend(slots.iter().map(|slot| cell(*slot, unit, line, page)));
        cells.push(line.first.map_or(String::new(), |first| page.calendar.minute_or_day(first)));
        table.row(line.mark, cells);
    }
    table
}
