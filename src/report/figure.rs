//! Numbers, shares, sizes, durations and times in words.
//!
//! Times are UTC with `Z`. Integers only, so that the same value is the same text everywhere.

use chrono::{DateTime, TimeDelta, Utc};

use super::Style;

/// A count for a column: thousands separators, 0 as `·`.
#[must_use]
pub fn count(value: u64, style: Style) -> String {
    if value == 0 { style.dot().to_owned() } else { grouped(value) }
}

/// A number for a sentence: thousands separators, 0 as `0`.
#[must_use]
pub fn grouped(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

/// A number and its noun in singular or plural: `1 call`, `2,104 calls`.
#[must_use]
pub fn counted(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", grouped(value), if value == 1 { one } else { many })
}

/// A part of a whole in whole percent: `21 %`; `<1 %` and `>99 %` rather than a 0 or 100 that is not so.
#[must_use]
pub fn share(part: u64, whole: u64) -> String {
    if whole == 0 || part == 0 {
        return "0 %".to_owned();
    }
    let (part, whole) = (u128::from(part), u128::from(whole));
    match (part * 100 + whole / 2) / whole {
        0 => "<1 %".to_owned(),
        100 if part < whole => ">99 %".to_owned(),
        percent => format!("{percent} %"),
    }
}

/// A size in bytes: `812 B`, `7.6 MiB`.
#[must_use]
pub fn bytes(size: u64) -> String {
    if size < 1024 {
        return format!("{} B", grouped(size));
    }
    let mut unit_bytes = 1024_u128;
    let mut unit = "KiB";
    for larger in ["MiB", "GiB", "TiB", "PiB", "EiB"] {
        if tenths(size, unit_bytes) < 10_240 {
            break;
        }
        unit_bytes *= 1024;
        unit = larger;
    }
    let tenths = tenths(size, unit_bytes);
    format!("{}.{} {unit}", tenths / 10, tenths % 10)
}

fn tenths(size: u64, unit_bytes: u128) -> u128 {
    (u128::from(size) * 10 + unit_bytes / 2) / unit_bytes
}

/// A duration in its two largest units: `13 s`, `6 min 18 s`, `1 h 5 min`, `2 d 3 h`. Parts of a second are dropped.
#[must_use]
pub fn duration(length: TimeDelta) -> String {
    let seconds = length.num_seconds();
    let sign = if seconds < 0 { "-" } else { "" };
    let seconds = seconds.unsigned_abs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let (large, small) = if days > 0 {
        ((days, "d"), (hours % 24, "h"))
    } else if hours > 0 {
        ((hours, "h"), (minutes % 60, "min"))
    } else if minutes > 0 {
        ((minutes, "min"), (seconds % 60, "s"))
    } else {
        ((seconds, "s"), (0, ""))
    };
    let first = format!("{sign}{} {}", grouped(large.0), large.1);
    if small.0 == 0 { first } else { format!("{first} {} {}", small.0, small.1) }
}

/// How long a step of the program took: `0.3 s`, `1.7 s`, then as [`duration`].
#[must_use]
pub fn elapsed(length: std::time::Duration) -> String {
    if length.as_secs() < 10 {
        let tenths = length.as_millis() / 100;
        return format!("{}.{} s", tenths / 10, tenths % 10);
    }
    duration(TimeDelta::from_std(length).unwrap_or(TimeDelta::MAX))
}

/// A moment: `2023-07-10 11:54:33Z`.
#[must_use]
pub fn moment(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d %H:%M:%SZ").to_string()
}

/// A day: `2023-07-10`.
#[must_use]
pub fn day(time: DateTime<Utc>) -> String {
    time.format("%Y-%m-%d").to_string()
}

/// The time of a day that is said elsewhere: `11:54:33`.
#[must_use]
pub fn clock(time: DateTime<Utc>) -> String {
    time.format("%H:%M:%S").to_string()
}

/// From one moment to another, the date once: `2023-07-10 11:54:33Z → 12:29:09Z`. Equal ends are one moment.
#[must_use]
pub fn range(from: DateTime<Utc>, to: DateTime<Utc>, style: Style) -> String {
    let start = moment(from);
    if from.timestamp() == to.timestamp() {
        return start;
    }
    let end = if from.date_naive() == to.date_naive() { format!("{}Z", clock(to)) } else { moment(to) };
    format!("{start} {} {end}", style.arrow())
}

/// How much of a moment is written where many stand on one screen: no more than tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stamp {
    /// The time of day: all is on one day, which is said elsewhere.
    Clock,
    /// Month, day and minute.
    DayAndMinute,
    /// The date: all takes longer than a year.
    Date,
}

impl Stamp {
    /// What moments between these two need.
    #[must_use]
    pub fn between(first: DateTime<Utc>, last: DateTime<Utc>) -> Self {
        match last - first {
            _ if first.date_naive() == last.date_naive() => Self::Clock,
            span if span > TimeDelta::days(365) => Self::Date,
            _ => Self::DayAndMinute,
        }
    }

    /// The moment: `11:54:33`, `07-10 11:54` or `2023-07-10`.
    #[must_use]
    pub fn write(self, time: DateTime<Utc>) -> String {
        match self {
            Self::Clock => clock(time),
            Self::DayAndMinute => time.format("%m-%d %H:%M").to_string(),
            Self::Date => day(time),
        }
    }
}

#[cfg(test)]
mod tests;
