//! Which hours have events, drawn; and the holes, named.

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use super::calendar::{Slot, Unit, slots};
use super::{Page, Screen};
use crate::inquiry::AccountSurvey;
use crate::investigate::Gap;
use crate::report::{Facts, Mark, figure, text};

/// So many hours without any event are a hole.
pub(super) const HOLE_HOURS_MIN: i64 = 2;

/// So many holes are named, the longest ones.
const HOLES_MAX: usize = 5;
/// Up to so many lines of days are drawn hour by hour; more are drawn day by day.
const DAY_LINES_MAX: usize = 14;
/// So many lines of months are drawn, the last ones.
const MONTH_LINES_MAX: usize = 24;
/// The heights of a column; there is no lowest one without an event.
const HEIGHTS: [char; 8] = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];
const ASCII_HEIGHTS: [char; 8] = ['1', '2', '3', '4', '5', '6', '7', '8'];
/// Blanks between the label of a line and its drawing.
const LABEL_GAP: usize = 4;

/// Writes the drawing of an account: hour by hour, or day by day where that would take too many lines.
pub(super) fn drawing(account: &AccountSurvey, page: &Page<'_>, screen: &mut Screen) {
    let days = slots(Unit::Day, account.hours.keys().copied());
    if days.is_empty() {
        return;
    }
    if page.options.all || days.len() <= DAY_LINES_MAX {
        by_hour(account, &days, page, screen);
    } else {
        by_day(account, page, screen);
    }
}

fn by_hour(account: &AccountSurvey, days: &[Slot], page: &Page<'_>, screen: &mut Screen) {
    let max = account.hours.values().flatten().copied().max().unwrap_or(0);
    let label = label_columns("hour UTC", page.calendar.day(NaiveDate::default()).len());
    let scale = scale(max, page);
    screen.push(&heading("hour UTC", label, "00 03 06 09 12 15 18 21", &scale));
    let inside = Inside::of(account, 3_600);
    for slot in days {
        let Slot::At(number) = *slot else {
            screen.push(&empty_line(*slot, Unit::Day, |day| page.calendar.day(day), page));
            continue;
        };
        let day = Unit::Day.first_day(number);
        let counts = account.hours.get(&day).copied().unwrap_or_default();
        let midnight = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp().div_euclid(3_600);
        let cells: String =
            (midnight..).zip(counts).map(|(at, count)| inside.cell(at, count, max, page)).collect();
        let notes = notes(account, page, |time| time.date_naive() == day, |time| figure::clock(time) + "Z");
        screen.push(&drawn(&page.calendar.day(day), label, &cells, 24, &notes));
    }
}

fn by_day(account: &AccountSurvey, page: &Page<'_>, screen: &mut Screen) {
    let count = |day: NaiveDate| account.hours.get(&day).map_or(0, |hours| hours.iter().sum());
    let max = account.hours.keys().map(|day| count(*day)).max().unwrap_or(0);
    let months = slots(Unit::Month, account.hours.keys().copied());
    let label = label_columns("day UTC", "2000-01".len());
    let scale = scale(max, page);
    screen.push(&heading("day UTC", label, "01   06   11   16   21   26   31", &scale));
    let left_out = months.len().saturating_sub(MONTH_LINES_MAX);
    let inside = Inside::of(account, 86_400);
    for slot in months.iter().skip(left_out) {
        let Slot::At(number) = *slot else {
            screen.push(&empty_line(*slot, Unit::Month, month, page));
            continue;
        };
        let first = Unit::Month.first_day(number);
        let next = Unit::Month.first_day(number + 1);
        let days = first.iter_days().take_while(|day| *day < next);
        let cells: String = days
            .map(|day| {
                let at = day.and_time(chrono::NaiveTime::MIN).and_utc().timestamp().div_euclid(86_400);
                inside.cell(at, count(day), max, page)
            })
            .collect();
        let holds = |time: DateTime<Utc>| (time.year(), time.month()) == (first.year(), first.month());
        let notes = notes(account, page, holds, |time| time.format("%m-%d %H:%MZ").to_string());
        screen.push(&drawn(&month(first), label, &cells, 31, &notes));
    }
    if left_out > 0 {
        screen.fold(&format!("{left_out} earlier lines"), page);
    }
}

fn month(day: NaiveDate) -> String {
    day.format("%Y-%m").to_string()
}

/// The stretch of the logs of an account, in units of so many seconds since 1970.
struct Inside {
    from: i64,
    to: i64,
}

impl Inside {
    fn of(account: &AccountSurvey, seconds: i64) -> Self {
        let number = |time: DateTime<Utc>| time.timestamp().div_euclid(seconds);
        Self {
            from: account.events.first.map_or(i64::MAX, |first| number(first.0)),
            to: account.events.last.map_or(i64::MIN, |last| number(last.0)),
        }
    }

    /// What stands for one unit: its height, the dot of silence, or a blank where there are no logs.
    fn cell(&self, at: i64, count: u64, max: u64, page: &Page<'_>) -> String {
        if count > 0 {
            let heights = if page.style.unicode { HEIGHTS } else { ASCII_HEIGHTS };
            return heights.get(height(count, max)).copied().unwrap_or('?').to_string();
        }
        let inside = self.from <= at && at <= self.to;
        if inside { page.style.dot().to_owned() } else { " ".to_owned() }
    }
}

/// The step, 0 to 7, of a count on a logarithmic scale that ends at `max`. Integers only: the same on every machine.
pub(super) fn height(count: u64, max: u64) -> usize {
    let (part, whole) = (log2(count.min(max)), log2(max));
    if whole == 0 {
        return 0;
    }
    usize::try_from((part * 7 + whole / 2) / whole).unwrap_or(0)
}

/// The binary logarithm in parts of 256; 0 for 0.
fn log2(value: u64) -> u64 {
    let Some(whole) = value.checked_ilog2() else { return 0 };
    let mut rest = (u128::from(value) << 32) >> whole;
    let mut parts = 0;
    for bit in (0..8).rev() {
        rest = (rest * rest) >> 32;
        if rest >= 2 << 32 {
            parts |= 1 << bit;
            rest >>= 1;
        }
    }
    u64::from(whole) * 256 + parts
}

fn scale(max: u64, page: &Page<'_>) -> String {
    let top = if page.style.unicode { '█' } else { '8' };
    format!("(log scale, {top} = {})", figure::grouped(max))
}

fn label_columns(heading: &str, label: usize) -> usize {
    heading.len().max(label) + LABEL_GAP
}

fn heading(name: &str, label: usize, axis: &str, scale: &str) -> String {
    format!("  {}{axis}  {scale}\n", text::pad_end(name, label))
}

/// One line: its label, its cells, what is to be said of it.
fn drawn(label: &str, columns: usize, cells: &str, cells_max: usize, notes: &str) -> String {
    let line = format!("  {}{}  {notes}", text::pad_end(label, columns), text::pad_end(cells, cells_max));
    format!("{}\n", line.trim_end())
}

/// A line for pieces of the calendar without any event.
fn empty_line(slot: Slot, unit: Unit, written: impl Fn(NaiveDate) -> String, page: &Page<'_>) -> String {
    let Slot::Empty(from, to) = slot else { return String::new() };
    let ends =
        [from, to].map(|number| written(unit.first_day(number))).join(&format!(" {} ", page.style.arrow()));
    let count = to - from + 1;
    format!("  {ends}  {count} {} without any event\n", unit.word(count))
}

/// Where the events of the account begin and end, if that is on this line.
fn notes(
    account: &AccountSurvey,
    page: &Page<'_>,
    holds: impl Fn(DateTime<Utc>) -> bool,
    written: impl Fn(DateTime<Utc>) -> String,
) -> String {
    let first = account.events.first.map(|first| first.0).filter(|first| holds(*first));
    let last = account.events.last.map(|last| last.0).filter(|last| holds(*last));
    match (first, last) {
        (Some(first), Some(last)) if first == last => written(first),
        (Some(first), Some(last)) => {
            format!("{} {} {}", written(first), page.style.arrow(), written(last))
        }
        (Some(first), None) => format!("first event {}", written(first)),
        (None, Some(last)) => format!("last event {}", written(last)),
        (None, None) => String::new(),
    }
}

/// Adds what is to be said of the hours of an account.
pub(super) fn facts(account: &AccountSurvey, page: &Page<'_>, facts: &mut Facts, screen: &mut Screen) {
    let with_events = account.hours.values().flatten().filter(|count| **count > 0).count() as u64;
    let inside = Inside::of(account, 3_600);
    let all = u64::try_from(inside.to.saturating_sub(inside.from).saturating_add(1)).unwrap_or(0);
    let words = match all.saturating_sub(with_events) {
        0 => format!("{} from first to last, each with events", figure::counted(all, "hour", "hours")),
        empty => format!(
            "{} of {} from first to last have events, {} none",
            figure::grouped(with_events),
            figure::counted(all, "hour", "hours"),
            if empty == 1 { "1 has".to_owned() } else { format!("{} have", figure::grouped(empty)) }
        ),
    };
    facts.line(Mark::None, "hours", &words);
    let holes = holes(account);
    let shown = if page.options.all { holes.len() } else { HOLES_MAX };
    let lengths: Vec<String> = holes.iter().take(shown).map(|hole| figure::duration(length(hole))).collect();
    let wide = lengths.iter().map(|length| text::width(length)).max().unwrap_or(0);
    for (at, (hole, length)) in holes.iter().zip(&lengths).enumerate() {
        let label = if at == 0 { "holes" } else { "" };
        let range = page.calendar.minutes(hole.from.0, hole.to.0);
        facts.line(Mark::None, label, &format!("{}  {range}", text::pad_start(length, wide)));
    }
    if holes.len() > shown {
        screen.folded = true;
        facts.more(&format!("{} more of {HOLE_HOURS_MIN} hours or longer: --all", holes.len() - shown));
    }
}

/// The holes of an account, the longest first.
pub(super) fn holes(account: &AccountSurvey) -> Vec<Gap> {
    let long = |hole: &&Gap| length(hole) >= TimeDelta::hours(HOLE_HOURS_MIN);
    let mut holes: Vec<Gap> = account.gaps.iter().filter(long).copied().collect();
    holes.sort_by_key(|hole| (std::cmp::Reverse(length(hole)), hole.from));
    holes
}

pub(super) fn length(hole: &Gap) -> TimeDelta {
    hole.to.0 - hole.from.0
}
