//! Times as records write them, and as users type them. Always UTC; no clock here.

use std::io::{self, Read, Write};

use borsh::{BorshDeserialize, BorshSerialize};
use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, TimeDelta, Utc};
use serde::{Serialize, Serializer};

use crate::pack;

/// More of a wrong text than this is not repeated in an error.
const FOUND_MAX: usize = 64;

/// An instant in UTC; in JSON RFC 3339 with `Z`, as CloudTrail writes `eventTime` (whole seconds, mostly).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Time(pub DateTime<Utc>);

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_rfc3339_opts(SecondsFormat::AutoSi, true))
    }
}

impl BorshSerialize for Time {
    fn serialize<W: Write>(&self, writer: &mut W) -> io::Result<()> {
        pack::write_time(&self.0, writer)
    }
}

impl BorshDeserialize for Time {
    fn deserialize_reader<R: Read>(reader: &mut R) -> io::Result<Self> {
        pack::read_time(reader).map(Self)
    }
}

impl Time {
    /// Whole seconds from `earlier` to this instant; negative when it is before it.
    #[must_use]
    pub fn seconds_since(self, earlier: Time) -> i64 {
        (self.0 - earlier.0).num_seconds()
    }
}

/// Why a text is no time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text has no form that is read here.
    #[error("expected {expected}, found `{found}`")]
    Form {
        /// The forms that are.
        expected: &'static str,
        /// The text, cut if long.
        found: String,
    },
    /// A typed time without `Z` or an offset could be meant in any zone.
    #[error("expected a time with its zone, as `{found}Z` for UTC, found `{found}`")]
    NoZone {
        /// The text.
        found: String,
    },
    /// A span that reaches before the year 0, where RFC 3339 begins.
    #[error("expected a span within the calendar, found `{found}`")]
    TooFar {
        /// The text, cut if long.
        found: String,
    },
}

const RECORD_FORMS: &str = "RFC 3339 as `2023-07-10T11:54:33Z`";
const TYPED_FORMS: &str = "RFC 3339 as `2023-07-10T11:54:33Z`, a day as `2023-07-10`, \
                           or a span before now as `7d`, `12h`, `30m`, `2w`";

/// The time of a record's `eventTime` or `creationDate`: `2021-02-21T23:46:28Z`
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-record-contents.html>), also
/// with a fraction or an offset; `20131102T010628Z`, as older records have it
/// (<https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-event-reference-user-identity.html>); and
/// `2021-02-21 23:46:28.000` without a zone, as query results of CloudTrail Lake have it, which is UTC.
///
/// # Errors
///
/// [`TimeError::Form`] for every other text.
pub fn of_record(text: &str) -> Result<DateTime<Utc>, TimeError> {
    let parsed = rfc3339(text)
        .or_else(|| naive(text, "%Y%m%dT%H%M%SZ", 16..=16))
        .or_else(|| naive(text, "%Y-%m-%d %H:%M:%S%.f", 19..=29));
    parsed.ok_or_else(|| TimeError::Form { expected: RECORD_FORMS, found: cut(text) })
}

/// A time as typed after `--from` or `--to`: RFC 3339, also with a blank for the `T` and without seconds; a day, which
/// stands for its beginning; or a span before `now`: `30m` (minutes), `12h`, `7d`, `2w`.
///
/// # Errors
///
/// [`TimeError::NoZone`] for a time of day without a zone, [`TimeError::TooFar`] for a span that reaches before the year
/// 0, [`TimeError::Form`] for every other text.
pub fn of_argument(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, TimeError> {
    let text = text.trim();
    if let Some((count, unit)) = span(text) {
        let moment = before(now, count, unit).filter(|moment| moment.year() >= 0);
        return moment.ok_or_else(|| TimeError::TooFar { found: cut(text) });
    }
    if let Some(time) = rfc3339(text).or_else(|| without_seconds(text)) {
        return Ok(time);
    }
    if let Some(day) = day(text) {
        return Ok(day.and_time(NaiveTime::MIN).and_utc());
    }
    let zoned = format!("{text}Z");
    if text.len() <= FOUND_MAX && rfc3339(&zoned).or_else(|| without_seconds(&zoned)).is_some() {
        return Err(TimeError::NoZone { found: text.to_owned() });
    }
    Err(TimeError::Form { expected: TYPED_FORMS, found: cut(text) })
}

fn rfc3339(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|time| time.to_utc())
}

/// `2023-07-10T12:00Z`, `2023-07-10 12:00+02:00`.
fn without_seconds(text: &str) -> Option<DateTime<Utc>> {
    let (minutes, zone) = text.split_at_checked(16)?;
    let has_zone = zone.starts_with(['Z', 'z', '+', '-']);
    let minutes_only = minutes.get(13..14) == Some(":");
    if has_zone && minutes_only { rfc3339(&format!("{minutes}:00{zone}")) } else { None }
}

fn day(text: &str) -> Option<NaiveDate> {
    let has_form = text.len() == 10 && text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if has_form { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

/// A UTC time in a form of fixed length, without a zone that means another.
fn naive(text: &str, form: &str, lengths: std::ops::RangeInclusive<usize>) -> Option<DateTime<Utc>> {
    let has_form = lengths.contains(&text.len()) && text.starts_with(|c: char| c.is_ascii_digit());
    if has_form { NaiveDateTime::parse_from_str(text, form).ok().map(|time| time.and_utc()) } else { None }
}

/// The digits and the unit of `7d`.
fn span(text: &str) -> Option<(&str, Unit)> {
    let unit = match text.chars().next_back()? {
        'm' => TimeDelta::try_minutes,
        'h' => TimeDelta::try_hours,
        'd' => TimeDelta::try_days,
        'w' => TimeDelta::try_weeks,
        _ => return None,
    };
    let count = text.strip_suffix(['m', 'h', 'd', 'w'])?;
    let counts = !count.is_empty() && count.bytes().all(|byte| byte.is_ascii_digit());
    counts.then_some((count, unit))
}

/// So many of a unit, if that can be counted.
type Unit = fn(i64) -> Option<TimeDelta>;

fn before(now: DateTime<Utc>, count: &str, unit: Unit) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(unit(count.parse().ok()?)?)
}

fn cut(text: &str) -> String {
    let mut found: String = text.chars().take(FOUND_MAX).collect();
    if found.len() < text.len() {
        found.push('…');
    }
    found
}

#[cfg(test)]
mod tests;
