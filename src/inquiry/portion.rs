//! A window in portions of whole days: what must be held for every event of a portion is bounded, however long the window.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};

use super::Window;
use crate::lake::{self, Session};
use crate::query::{Filter, QueryError};

/// Days of a window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Portion {
    /// What is of these days and in the window.
    pub(super) filter: Filter,
    /// The same as times.
    pub(super) window: Window,
}

/// The days of the window that the lake has, in order, each in one portion, of at least so many events each but the last. Of a
/// session without a lake the window is one portion.
///
/// # Errors
///
/// [`QueryError::Engine`] where the session has no table `events`.
pub(super) async fn portions(ctx: &Session, window: Window, events: u64) -> Result<Vec<Portion>, QueryError> {
    let days = lake::days(ctx).await.map_err(|error| QueryError::engine("cannot read events", error))?;
    if days.is_empty() {
        return Ok(vec![Portion { filter: window.filter(), window }]);
    }
    let touched = days.into_iter().filter(|(day, _)| {
        window.from.is_none_or(|from| *day >= from.date_naive())
            && window.to.is_none_or(|to| *day <= to.date_naive())
    });
    Ok(divided(touched, events).into_iter().map(|(first, last)| portion(window, first, last)).collect())
}

/// The first and the last day of each portion.
fn divided(days: impl Iterator<Item = (NaiveDate, u64)>, events: u64) -> Vec<(NaiveDate, NaiveDate)> {
    let mut portions: Vec<(NaiveDate, NaiveDate, u64)> = Vec::new();
    for (day, count) in days {
        match portions.last_mut().filter(|(.., held)| *held < events) {
            Some((_, last, held)) => {
                *last = day;
                *held = held.saturating_add(count);
            }
            None => portions.push((day, day, count)),
        }
    }
    portions.into_iter().map(|(first, last, _)| (first, last)).collect()
}

fn portion(window: Window, first: NaiveDate, last: NaiveDate) -> Portion {
    let end = last + Days::new(1);
    let (from, to) = (midnight(first), midnight(end));
    let times = Window {
        from: Some(window.from.map_or(from, |own| own.max(from))),
        to: Some(window.to.map_or(to, |own| own.min(to))),
    };
    Portion { filter: Filter::All(vec![window.filter(), Filter::Days(first, end)]), window: times }
}

fn midnight(day: NaiveDate) -> DateTime<Utc> {
    day.and_time(NaiveTime::MIN).and_utc()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
    }

    #[test]
    fn days_go_together_until_they_have_enough_events() {
        let days =
            [("2026-03-01", 4), ("2026-03-02", 5), ("2026-03-05", 3), ("2026-03-06", 40), ("2026-03-07", 1)];
        let divided = divided(days.into_iter().map(|(date, count)| (day(date), count)), 10);
        let expected =
            [("2026-03-01", "2026-03-05"), ("2026-03-06", "2026-03-06"), ("2026-03-07", "2026-03-07")];
        assert_eq!(divided, expected.map(|(first, last)| (day(first), day(last))));
    }

    #[test]
    fn a_portion_is_of_its_days_and_of_the_window() {
        let window =
            Window { from: Some(time("2026-03-01T12:00:00Z")), to: Some(time("2026-03-09T06:00:00Z")) };
        let first = portion(window, day("2026-03-01"), day("2026-03-02"));
        assert_eq!(first.window.from, window.from);
        assert_eq!(first.window.to, Some(time("2026-03-03T00:00:00Z")));
        let last = portion(window, day("2026-03-09"), day("2026-03-09"));
        assert_eq!(last.window, Window { from: Some(time("2026-03-09T00:00:00Z")), to: window.to });
        let Filter::All(conditions) = last.filter else { panic!() };
        assert!(conditions.contains(&Filter::Days(day("2026-03-09"), day("2026-03-10"))));
    }
}
