//! Numbers and times in words.

use super::*;

const UNICODE: Style = Style { unicode: true, wide: false, width: 80 };
const ASCII: Style = Style { unicode: false, wide: false, width: 80 };

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[test]
fn counts_have_thousands_separators_and_a_dot_for_nothing() {
    for (value, text) in [(0, "·"), (7, "7"), (999, "999"), (1000, "1,000"), (1_204_518, "1,204,518")] {
        assert_eq!(count(value, UNICODE), text);
    }
    assert_eq!(count(u64::MAX, UNICODE), "18,446,744,073,709,551,615");
    assert_eq!(count(0, ASCII), ".");
    assert_eq!(grouped(0), "0");
    assert_eq!(counted(1, "call", "calls"), "1 call");
    assert_eq!(counted(2104, "call", "calls"), "2,104 calls");
}

#[test]
fn a_share_is_never_rounded_to_none_or_all() {
    for (part, whole, text) in [
        (0, 9, "0 %"),
        (9, 9, "100 %"),
        (1, 1000, "<1 %"),
        (999, 1000, ">99 %"),
        (21, 100, "21 %"),
        (0, 0, "0 %"),
    ] {
        assert_eq!(share(part, whole), text);
    }
    assert_eq!(share(u64::MAX, u64::MAX), "100 %");
}

#[test]
fn sizes_have_one_decimal() {
    for (size, text) in [
        (0, "0 B"),
        (1023, "1,023 B"),
        (1024, "1.0 KiB"),
        (7_969_177, "7.6 MiB"),
        (1_048_575, "1.0 MiB"),
        (u64::MAX, "16.0 EiB"),
    ] {
        assert_eq!(bytes(size), text);
    }
}

#[test]
fn durations_are_words() {
    for (seconds, text) in [
        (0, "0 s"),
        (13, "13 s"),
        (60, "1 min"),
        (378, "6 min 18 s"),
        (2076, "34 min 36 s"),
        (3900, "1 h 5 min"),
        (183_600, "2 d 3 h"),
        (-5, "-5 s"),
    ] {
        assert_eq!(duration(TimeDelta::seconds(seconds)), text);
    }
    assert_eq!(duration(TimeDelta::MIN), "-106,751,991,167 d 7 h");
}

#[test]
fn elapsed_time_shows_tenths_while_short() {
    assert_eq!(elapsed(std::time::Duration::from_millis(1749)), "1.7 s");
    assert_eq!(elapsed(std::time::Duration::from_secs(75)), "1 min 15 s");
    assert!(elapsed(std::time::Duration::MAX).ends_with(" h"));
}

#[test]
fn a_range_says_its_date_once() {
    let (from, to) = (at("2023-07-10T11:54:33Z"), at("2023-07-10T12:29:09Z"));
    assert_eq!(range(from, to, UNICODE), "2023-07-10 11:54:33Z → 12:29:09Z");
    assert_eq!(range(from, to, ASCII), "2023-07-10 11:54:33Z -> 12:29:09Z");
    assert_eq!(range(from, from, UNICODE), "2023-07-10 11:54:33Z");
    let next_day = at("2023-07-11T00:00:00Z");
    assert_eq!(range(from, next_day, UNICODE), "2023-07-10 11:54:33Z → 2023-07-11 00:00:00Z");
    assert_eq!((day(from).as_str(), clock(from).as_str()), ("2023-07-10", "11:54:33"));
}

#[test]
fn the_ends_of_time_are_shown() {
    assert!(moment(DateTime::<Utc>::MAX_UTC).ends_with('Z'));
    assert!(moment(DateTime::<Utc>::MIN_UTC).starts_with('-'));
}

#[test]
fn moments_on_one_screen_are_as_short_as_their_span_allows() {
    let from = at("2023-07-10T11:54:33Z");
    for (to, text) in [
        ("2023-07-10T23:59:59Z", "11:54:33"),
        ("2023-07-11T00:00:00Z", "07-10 11:54"),
        ("2024-09-01T00:00:00Z", "2023-07-10"),
    ] {
        assert_eq!(Stamp::between(from, at(to)).write(from), text);
    }
}
