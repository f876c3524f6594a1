//! Days, weeks, months, quarters and years in UTC: which of them a screen shows, and how it writes them.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, NaiveDate, TimeDelta, Utc};

use crate::investigate::Span;
use crate::report::Style;

/// Logs that reach over so many days have the year in every date; in shorter ones month and day tell all days apart.
const YEAR_DAYS_MIN: i64 = 330;

/// More empty units in a row than this are left out and said in one place.
const EMPTY_MAX: i32 = 2;

/// How dates are written on one screen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Calendar {
    years: bool,
    arrow: &'static str,
}

impl Calendar {
    /// The calendar for everything between the ends of a span.
    pub(super) fn of(whole: Span, style: Style) -> Self {
        let length = whole.first.zip(whole.last).map(|(first, last)| last.0 - first.0);
        let years = length.is_some_and(|length| length >= TimeDelta::days(YEAR_DAYS_MIN));
        Self { years, arrow: style.arrow() }
    }

    /// `07-28`.
    pub(super) fn day(self, day: NaiveDate) -> String {
        day.format(if self.years { "%Y-%m-%d" } else { "%m-%d" }).to_string()
    }

    /// `07-28 15:28Z`.
    pub(super) fn minute(self, time: DateTime<Utc>) -> String {
        format!("{} {}", self.day(time.date_naive()), time.format("%H:%MZ"))
    }

    /// `07-28 15:28Z`, for logs over years only the day.
    pub(super) fn minute_or_day(self, time: DateTime<Utc>) -> String {
        if self.years { self.day(time.date_naive()) } else { self.minute(time) }
    }

    /// `07-28 15:28:12`.
    pub(super) fn second(self, time: DateTime<Utc>) -> String {
        format!("{} {}", self.day(time.date_naive()), time.format("%H:%M:%S"))
    }

    /// `07-28 16:00Z → 07-29 00:00Z`, the day once where it is the same.
    pub(super) fn minutes(self, from: DateTime<Utc>, to: DateTime<Utc>) -> String {
        let end = if from.date_naive() == to.date_naive() {
            to.format("%H:%MZ").to_string()
        } else {
            self.minute(to)
        };
        format!("{} {} {end}", self.minute(from), self.arrow)
    }
}

/// A piece of the calendar. Each piece has a number; the next piece has the next number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

impl Unit {
    /// From the finest to the coarsest.
    pub(super) const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// The number of the piece that holds a day. Weeks begin on Monday.
    pub(super) fn number(self, day: NaiveDate) -> i32 {
        let month = i32::try_from(day.month0()).unwrap_or(0);
        match self {
            Self::Day => day.num_days_from_ce(),
            // The first day of the common era was a Monday.
            Self::Week => (day.num_days_from_ce() - 1).div_euclid(7),
            Self::Month => day.year() * 12 + month,
            Self::Quarter => day.year() * 4 + month / 3,
            Self::Year => day.year(),
        }
    }

    /// The first day of a piece.
    pub(super) fn first_day(self, number: i32) -> NaiveDate {
        let of_months = |year: i32, month: i32| {
            NaiveDate::from_ymd_opt(year, u32::try_from(month).unwrap_or(0) + 1, 1).unwrap_or_default()
        };
        match self {
            Self::Day => NaiveDate::from_num_days_from_ce_opt(number).unwrap_or_default(),
            Self::Week => NaiveDate::from_num_days_from_ce_opt(number * 7 + 1).unwrap_or_default(),
            Self::Month => of_months(number.div_euclid(12), number.rem_euclid(12)),
            Self::Quarter => of_months(number.div_euclid(4), number.rem_euclid(4) * 3),
            Self::Year => of_months(number, 0),
        }
    }

    /// A piece as the heading of a column.
    pub(super) fn label(self, number: i32, calendar: Calendar) -> String {
        let first = self.first_day(number);
        match self {
            Self::Day | Self::Week => calendar.day(first),
            Self::Month if calendar.years => first.format("%Y-%m").to_string(),
            Self::Month => first.format("%b").to_string(),
            Self::Quarter => format!("{} Q{}", first.year(), number.rem_euclid(4) + 1),
            Self::Year => first.year().to_string(),
        }
    }

    /// `day`, `days`.
    pub(super) fn word(self, count: i32) -> &'static str {
        match (self, count) {
            (Self::Day, 1) => "day",
            (Self::Day, _) => "days",
            (Self::Week, 1) => "week",
            (Self::Week, _) => "weeks",
            (Self::Month, 1) => "month",
            (Self::Month, _) => "months",
            (Self::Quarter, 1) => "quarter",
            (Self::Quarter, _) => "quarters",
            (Self::Year, 1) => "year",
            (Self::Year, _) => "years",
        }
    }
}

/// What stands on one place of a screen's calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Slot {
    /// One piece of the calendar.
    At(i32),
    /// Pieces without any event, from the first to the last of them; one stray date does not make the calendar endless.
    Empty(i32, i32),
}

/// The pieces that hold these days, with the pieces between them.
pub(super) fn slots(unit: Unit, days: impl IntoIterator<Item = NaiveDate>) -> Vec<Slot> {
    let held: BTreeSet<i32> = days.into_iter().map(|day| unit.number(day)).collect();
    let mut slots = Vec::with_capacity(held.len());
    let mut before: Option<i32> = None;
    for number in held {
        match before.map(|before| before + 1).filter(|next| *next < number) {
            Some(next) if number - next > EMPTY_MAX => slots.push(Slot::Empty(next, number - 1)),
            Some(next) => slots.extend((next..number).map(Slot::At)),
            None => {}
        }
        slots.push(Slot::At(number));
        before = Some(number);
    }
    slots
}
