//! A condition in the form in which values are tried.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use chrono::{NaiveDate, NaiveTime};
use hashbrown::{HashMap, HashSet};

use super::super::Filter;
use super::super::select::{ROLE_PART, SESSION_PART};
use crate::aws::Time;
use crate::lake::{Column, Kind};

/// A [`Filter`] whose columns are texts and the time.
#[derive(Debug, Clone)]
pub(super) enum Test {
    /// The text of a column.
    Text(Column, TextTest),
    /// The time of the event in microseconds is in this range.
    Time(Range<i64>),
    /// The second of the time in a column is one of these, in order.
    Seconds(Column, Arc<BTreeSet<i64>>),
    /// The time of the event is in the range that the text of a column has.
    Within(Column, TextTest, Arc<HashMap<String, Range<i64>>>),
    All(Vec<Test>),
    Any(Vec<Test>),
    Not(Box<Test>),
}

/// What is asked of a text; none of it is true of a column without a value.
#[derive(Debug, Clone)]
pub(super) enum TextTest {
    /// One of these: in order for what is told from extremes, hashed for what is told of each.
    OneOf(Arc<BTreeSet<String>>, Arc<HashSet<String>>),
    Begins(String),
    Ends(String),
    /// Holds this, which is in lower case, in whatever case.
    Contains(String),
    /// The part in this place, counted from 0, of what slashes part is one of these.
    Part(usize, Arc<BTreeSet<String>>),
    Present,
}

impl Test {
    /// None where the condition asks for a column that is no text.
    pub(super) fn of(filter: &Filter) -> Option<Test> {
        let text = |column: &Column, test| is_text(*column).then_some(Test::Text(*column, test));
        let one_of = |values: BTreeSet<String>| {
            let hashed = values.iter().cloned().collect();
            TextTest::OneOf(Arc::new(values), Arc::new(hashed))
        };
        let each = |filters: &[Filter]| filters.iter().map(Test::of).collect::<Option<Vec<Test>>>();
        match filter {
            Filter::Is(column, value) => text(column, one_of(BTreeSet::from([value.clone()]))),
            Filter::In(column, values) => text(column, one_of(values.clone())),
            Filter::Begins(column, value) => text(column, TextTest::Begins(value.clone())),
            Filter::Ends(column, value) => text(column, TextTest::Ends(value.clone())),
            Filter::Contains(column, value) => text(column, TextTest::Contains(value.clone())),
            Filter::SessionName(names) => {
                text(&Column::IdentityArn, TextTest::Part(SESSION_PART, Arc::new(names.clone())))
            }
            Filter::RoleName(column, names) => {
                text(column, TextTest::Part(ROLE_PART, Arc::new(names.clone())))
            }
            Filter::Some(column) => text(column, TextTest::Present),
            Filter::From(time) => Some(Test::Time(time.timestamp_micros()..i64::MAX)),
            Filter::Before(time) => Some(Test::Time(i64::MIN..time.timestamp_micros())),
            Filter::Days(first, end) => Some(Test::Time(midnight(*first)..midnight(*end))),
            Filter::Seconds(column, seconds) => {
                let test = Test::Seconds(*column, Arc::new(seconds.clone()));
                (column.kind() == Kind::Timestamp).then_some(test)
            }
            Filter::Within(column, spans) => is_text(*column).then(|| {
                let span =
                    |(from, before): &(Time, Time)| from.0.timestamp_micros()..before.0.timestamp_micros();
                let texts = one_of(spans.keys().cloned().collect());
                let spans = spans.iter().map(|(text, times)| (text.clone(), span(times))).collect();
                Test::Within(*column, texts, Arc::new(spans))
            }),
            Filter::All(filters) => Some(Test::All(each(filters)?)),
            Filter::Any(filters) => Some(Test::Any(each(filters)?)),
            Filter::Not(filter) => Some(Test::Not(Box::new(Test::of(filter)?))),
        }
    }

    /// The times that may satisfy it.
    pub(super) fn times(&self) -> Range<i64> {
        let all = i64::MIN..i64::MAX;
        match self {
            Test::Time(range) => range.clone(),
            Test::All(tests) => tests.iter().fold(all, |known, test| {
                let own = test.times();
                known.start.max(own.start)..known.end.min(own.end)
            }),
            Test::Seconds(Column::EventTime, seconds) => {
                let (first, last) = (seconds.first().copied(), seconds.last().copied());
                let micros = |second: i64| second.saturating_mul(1_000_000);
                first.map_or(0, micros)..last.map_or(0, |last| micros(last.saturating_add(1)))
            }
            Test::Within(_, _, spans) => {
                let (first, end) =
                    (spans.values().map(|span| span.start), spans.values().map(|span| span.end));
                first.min().unwrap_or(0)..end.max().unwrap_or(0)
            }
            Test::Text(..) | Test::Seconds(..) | Test::Any(_) | Test::Not(_) => all,
        }
    }
}

impl TextTest {
    /// Whether a text satisfies it.
    pub(super) fn is_met_by(&self, text: &str) -> bool {
        match self {
            TextTest::OneOf(_, values) => values.contains(text),
            TextTest::Begins(start) => text.starts_with(start.as_str()),
            TextTest::Ends(end) => text.ends_with(end.as_str()),
            TextTest::Contains(value) => text.to_lowercase().contains(value.as_str()),
            TextTest::Part(place, values) => values.contains(text.split('/').nth(*place).unwrap_or_default()),
            TextTest::Present => true,
        }
    }

    /// Whether a text may satisfy it that is not less than `low` and not greater than `high`.
    pub(super) fn may_be_met_within(&self, low: &[u8], high: &[u8]) -> bool {
        match self {
            TextTest::OneOf(values, _) => {
                values.iter().any(|value| low <= value.as_bytes() && value.as_bytes() <= high)
            }
            TextTest::Begins(start) => {
                let start = start.as_bytes();
                high >= start && (low <= start || low.starts_with(start))
            }
            TextTest::Ends(_) | TextTest::Contains(_) | TextTest::Part(..) | TextTest::Present => true,
        }
    }
}

fn midnight(day: NaiveDate) -> i64 {
    day.and_time(NaiveTime::MIN).and_utc().timestamp_micros()
}

/// Whether a column holds texts and stands in the files.
fn is_text(column: Column) -> bool {
    matches!(column.kind(), Kind::Text | Kind::Json)
}
