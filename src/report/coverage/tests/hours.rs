//! The drawing of hours, and the holes.

use super::*;
use crate::report::coverage::hours::height;
use chrono::TimeDelta;

#[test]
fn a_silent_hour_inside_the_logs_is_a_dot_and_outside_a_blank() {
    let screen = shown(&one(&["2026-03-09T20", "2026-03-09T22", "2026-03-10T02"]));
    assert_has(&screen, "  03-09                           ▁·▁·  first event 20:00:00Z\n");
    assert_has(&screen, "  03-10       ··▁                       last event 02:00:00Z\n");
}

#[test]
fn heights_grow_with_the_logarithm() {
    assert_eq!(height(0, 0), 0);
    assert_eq!(height(1, 1), 0);
    assert_eq!(height(7, 7), 7);
    assert_eq!(height(u64::MAX, u64::MAX), 7);
    for power in 0..=7 {
        assert_eq!(height(1 << power, 128), power);
        assert_eq!(height(10_u64.pow(u32::try_from(power).unwrap()), 10_000_000), power);
    }
    let heights: Vec<usize> = (1..=5_000).map(|count| height(count, 5_000)).collect();
    assert!(heights.is_sorted());
}

#[test]
fn more_than_two_weeks_are_drawn_day_by_day() {
    let first = hour("2026-01-20T08");
    let events: Vec<_> = (0..40)
        .filter(|day| !(3..6).contains(day))
        .map(|day| ("111122223333", "us-east-1", first + TimeDelta::days(day), 4))
        .collect();
    let survey = survey(&events);
    let screen = shown(&survey);
    assert_has(&screen, "  day UTC    01   06   11   16   21   26   31  (log scale, █ = 4)\n");
    assert_has(&screen, "  2026-01                       ███···██████  first event 01-20 08:00Z\n");
    assert_has(&screen, "  2026-02    ████████████████████████████     last event 02-28 08:00Z\n");
    assert_lacks(&screen, "hour UTC");
    assert_has(&shown_all(&survey), "hour UTC");
}

#[test]
fn fourteen_days_are_drawn_hour_by_hour() {
    let first = hour("2026-01-01T00");
    let events: Vec<_> =
        (0..14).map(|day| ("111122223333", "us-east-1", first + TimeDelta::days(day), 4)).collect();
    assert_has(&shown(&survey(&events)), "\n  01-14       ");
}

#[test]
fn holes_are_named_the_longest_first_and_at_most_five() {
    // Holes of 1, 2, 3, 4, 5, 6 and 7 hours.
    let mut at = hour("2026-03-09T00");
    let mut hours = vec![at];
    for length in 1..=7 {
        at += TimeDelta::hours(length + 1);
        hours.push(at);
    }
    let events: Vec<_> = hours.iter().map(|at| ("111122223333", "us-east-1", *at, 1)).collect();
    let screen = shown(&survey(&events));
    let expected = "\
  hours        8 of 36 hours from first to last have events, 28 have none
  holes        7 h  03-10 04:00Z → 11:00Z
               6 h  03-09 21:00Z → 03-10 03:00Z
               5 h  03-09 15:00Z → 20:00Z
               4 h  03-09 10:00Z → 14:00Z
               3 h  03-09 06:00Z → 09:00Z
               1 more of 2 hours or longer: --all
";
    assert_has(&screen, expected);
    assert_has(&screen, "? 6 holes, the longest 7 h, 03-10 04:00Z → 11:00Z: no activity, or no logs of it\n");
    assert_has(&screen, "next: backtrail coverage --all");
    let all = shown_all(&survey(&events));
    assert_has(&all, "               2 h  03-09 03:00Z → 05:00Z\n");
    assert_lacks(&all, "1 h  ");
}

#[test]
fn an_hour_without_events_is_no_hole() {
    let screen = shown(&one(&["2026-03-09T00", "2026-03-09T02"]));
    assert_has(&screen, "2 of 3 hours from first to last have events, 1 has none\n");
    assert_lacks(&screen, "holes");
    assert_lacks(&screen, "no logs of it");
}

#[test]
fn logs_without_any_hole_say_so() {
    assert_has(
        &shown(&one(&["2026-03-09T05"])),
        "  hours        1 hour from first to last, each with events\n",
    );
    let two = one(&["2026-03-09T23", "2026-03-10T00"]);
    assert_has(&shown(&two), "  hours        2 hours from first to last, each with events\n");
}

#[test]
fn many_months_lose_the_first_ones_and_say_so() {
    let mut events = Vec::new();
    for month in 0..40 {
        let (year, month) = (2020 + month / 12, month % 12 + 1);
        events.push(("111122223333", "us-east-1", hour(&format!("{year}-{month:02}-07T08")), 1));
    }
    let screen = shown(&survey(&events));
    assert_has(&screen, "  16 earlier lines: --all\n");
    assert_lacks(&screen, "\n  2021-04    ");
    assert_has(&screen, "\n  2021-05    ");
}
