//! Regions × days.

use super::*;
use crate::report::coverage::calendar::{Slot, Unit, slots};
use chrono::TimeDelta;

const ACCOUNT: &str = "111122223333";

/// One event a day in each of the regions, over so many days.
fn daily(regions: &[&str], days: i64) -> Survey {
    let mut events = Vec::new();
    for number in 0..days {
        for region in regions {
            events.push((ACCOUNT, *region, hour("2026-01-01T08") + TimeDelta::days(number), 10));
        }
    }
    survey(&events)
}

#[test]
fn a_region_is_late_from_a_day_on() {
    let begin = time("2026-03-09T08:00:00Z");
    let late = |seconds| {
        let survey = survey(&[
            (ACCOUNT, "eu-west-1", begin, 5),
            (ACCOUNT, "us-east-1", begin + TimeDelta::seconds(seconds), 5),
        ]);
        let screen = shown(&survey);
        let said = screen.contains("? us-east-1 before ");
        assert_eq!(screen.contains("\n! us-east-1 "), said, "a mark without words:\n{screen}");
        said
    };
    assert!(!late(86_399));
    assert!(late(86_400));
}

#[test]
fn a_region_that_goes_silent_is_marked_and_said() {
    let mut events = Vec::new();
    for number in 0..6 {
        let at = hour("2026-03-01T08") + TimeDelta::days(number);
        events.push((ACCOUNT, "eu-west-1", at, 9));
        if number < 4 {
            events.push((ACCOUNT, "us-west-2", at, 9));
        }
        if number % 3 == 0 {
            events.push((ACCOUNT, "us-east-1", at, 9));
        }
    }
    let screen = shown(&survey(&events));
    assert_has(&screen, "\n! us-west-2 ");
    assert_has(&screen, "? us-west-2 after 2026-03-04 08:00:00Z: events every day until then\n");
    assert_has(&screen, "\n  us-east-1 ");
}

#[test]
fn regions_with_few_events_are_folded_and_named() {
    let names: Vec<String> = (1..=9).map(|number| format!("ap-east-{number}")).collect();
    let mut events = vec![(ACCOUNT, "eu-west-1", hour("2026-03-09T08"), 90_000)];
    events.extend(names.iter().map(|name| (ACCOUNT, name.as_str(), hour("2026-03-09T09"), 2)));
    let survey = survey(&events);
    let screen = shown(&survey);
    assert_has(&screen, "  9 others       18  03-09 09:00Z\n");
    assert_has(&screen, "others: ap-east-1 2, ap-east-2 2,");
    assert_has(&screen, "ap-east-9 2: --all\n");
    let all = shown_all(&survey);
    assert_has(&all, "  ap-east-9       2  03-09 09:00Z\n");
    assert_lacks(&all, "others");
}

#[test]
fn one_region_alone_is_not_folded() {
    let names: Vec<String> = (1..=6).map(|number| format!("ap-east-{number}")).collect();
    let mut events = vec![(ACCOUNT, "us-west-2", hour("2026-03-09T08"), 1)];
    events.extend(names.iter().map(|name| (ACCOUNT, name.as_str(), hour("2026-03-09T09"), 5_000)));
    assert_lacks(&shown(&survey(&events)), "others");
}

#[test]
fn an_odd_region_among_the_folded_marks_their_row() {
    let names: Vec<String> = (1..=9).map(|number| format!("ap-east-{number}")).collect();
    let mut events = vec![
        (ACCOUNT, "eu-west-1", hour("2026-03-09T08"), 90_000),
        (ACCOUNT, "sa-east-1", hour("2026-03-11T08"), 1),
    ];
    events.extend(names.iter().map(|name| (ACCOUNT, name.as_str(), hour("2026-03-09T09"), 2)));
    let screen = shown(&survey(&events));
    assert_has(&screen, "\n! 10 others ");
    assert_has(&screen, "? sa-east-1 before 2026-03-11 08:00:00Z:");
}

#[test]
fn the_unit_grows_with_the_days() {
    let heading = |days| {
        let screen = shown(&daily(&["us-east-1"], days));
        screen.lines().find(|line| line.starts_with("  region")).unwrap().to_owned()
    };
    assert_eq!(heading(1), "  region     01-01  first event");
    assert!(heading(7).starts_with("  region     01-01  01-02"), "{}", heading(7));
    assert!(heading(30).starts_with("  region by week  12-29  01-05"), "{}", heading(30));
    assert!(heading(120).starts_with("  region by month  Jan  Feb  Mar  Apr"), "{}", heading(120));
    assert!(heading(400).starts_with("  region by quarter  2026 Q1"), "{}", heading(400));
    assert!(heading(800).starts_with("  region by year   2026"), "{}", heading(800));
}

#[test]
fn more_years_than_have_room_lose_the_first_ones_and_say_so() {
    let mut events = Vec::new();
    for year in 1990..2020 {
        events.push((ACCOUNT, "us-east-1", hour(&format!("{year}-05-05T05")), 1));
    }
    let screen = shown(&survey(&events));
    assert_has(&screen, "  2019  first event");
    assert_has(&screen, " earlier years: --all\n");
    let sums: Vec<&str> = screen.lines().filter(|line| line.starts_with("  us-east-1")).collect();
    assert_eq!(sums.len(), 1);
}

#[test]
fn the_cells_of_a_row_add_up_to_its_events() {
    for days in [1, 5, 20, 90, 400, 1_200] {
        let survey = daily(&["us-east-1"], days);
        let screen = shown(&survey);
        let row = screen.lines().find(|line| line.starts_with("  us-east-1")).unwrap();
        let cells = row.split_whitespace().skip(1).map(|cell| cell.replace(',', ""));
        let sum: u64 = cells.filter_map(|cell| cell.parse::<u64>().ok()).sum();
        assert_eq!(sum, survey.whole.calls, "{row}");
    }
}

#[test]
fn all_shows_every_day_in_tables_below_each_other() {
    let screen = shown_all(&daily(&["us-east-1", "eu-west-1"], 40));
    let headings: Vec<&str> = screen.lines().filter(|line| line.starts_with("  region ")).collect();
    let days: Vec<&str> =
        headings.iter().flat_map(|line| line.split_whitespace()).filter(|word| word.contains('-')).collect();
    assert_eq!(days.len(), 40);
    assert_eq!((days[0], days[39]), ("01-01", "02-09"));
    assert!(headings.len() > 1);
    assert_lacks(&screen, "--all");
}

#[test]
fn a_stray_date_does_not_stretch_the_table() {
    let screen = shown(&survey(&[
        (ACCOUNT, "us-east-1", hour("1970-01-01T00"), 1),
        (ACCOUNT, "us-east-1", hour("2026-03-09T08"), 5),
        (ACCOUNT, "us-east-1", hour("2026-03-11T08"), 6),
    ]));
    assert_has(&screen, "  region     1970-01-01  …  2026-03-09  2026-03-10  2026-03-11  first event\n");
    assert_has(&screen, "  us-east-1           1              5           ·           6  1970-01-01\n");
    assert_has(&screen, "  …  days without any event, left out\n");
    assert_has(&screen, "  1970-01-02 → 2026-03-08  20520 days without any event\n");
}

#[test]
fn pieces_of_the_calendar_follow_each_other() {
    let first = day("1999-12-25");
    for unit in Unit::ALL {
        let mut before = unit.number(first);
        for date in first.iter_days().take(1_000) {
            let number = unit.number(date);
            assert!(number == before || number == before + 1, "{unit:?} {date}");
            assert_eq!(number == unit.number(date.pred_opt().unwrap()), unit.first_day(number) < date);
            assert!(unit.first_day(number) <= date && date < unit.first_day(number + 1), "{unit:?} {date}");
            before = number;
        }
    }
    assert_eq!(Unit::Week.first_day(Unit::Week.number(day("2026-03-15"))), day("2026-03-09"));
}

#[test]
fn up_to_two_empty_days_stand_and_more_are_one() {
    let days = |texts: &[&str]| slots(Unit::Day, texts.iter().map(|text| day(text)));
    let number = |text: &str| Unit::Day.number(day(text));
    let first = number("2026-03-01");
    assert_eq!(days(&["2026-03-01", "2026-03-04"]).len(), 4);
    assert_eq!(
        days(&["2026-03-05", "2026-03-01"]),
        [Slot::At(first), Slot::Empty(first + 1, first + 3), Slot::At(first + 4)]
    );
    assert!(days(&[]).is_empty());
}

#[test]
fn a_hostile_region_takes_its_own_cell_only() {
    let name = format!("us\u{202e}\x1b[2J\n! all is covered {}", "管".repeat(40));
    let screen = shown(&survey(&[(ACCOUNT, &name, hour("2026-03-09T08"), 5)]));
    assert!(!screen.lines().any(|line| line.starts_with('!')), "{screen}");
    let row = screen.lines().find(|line| line.contains("03-09 08:00Z")).unwrap();
    assert!(row.ends_with("      5  03-09 08:00Z"), "{row}");
}
