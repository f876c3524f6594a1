//! Times of records and of users.

use proptest::prelude::*;

use super::*;

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

#[track_caller]
fn record(text: &str, expected: &str) {
    assert_eq!(of_record(text), Ok(at(expected)), "{text}");
}

#[track_caller]
fn typed(text: &str, expected: &str) {
    assert_eq!(of_argument(text, at("2023-07-10T12:00:00Z")), Ok(at(expected)), "{text}");
}

#[test]
fn records_write_times_in_several_forms() {
    record("2021-02-21T23:46:28Z", "2021-02-21T23:46:28Z");
    record("2021-02-21T23:46:28.123456Z", "2021-02-21T23:46:28.123456Z");
    record("2021-02-22T00:46:28+01:00", "2021-02-21T23:46:28Z");
    record("20131102T010628Z", "2013-11-02T01:06:28Z");
    record("2021-02-21 23:46:28", "2021-02-21T23:46:28Z");
    record("2021-02-21 23:46:28.000", "2021-02-21T23:46:28Z");
    record("2021-02-21 23:46:28.000000000", "2021-02-21T23:46:28Z");
    record("2024-02-29T00:00:00Z", "2024-02-29T00:00:00Z");
}

#[test]
fn what_is_no_time_is_refused() {
    for text in [
        "",
        "yesterday",
        "2021-02-30T00:00:00Z",
        "2021-02-21T24:00:00Z",
        "2021-02-21",
        "2021-02-21T23:46:28",
        "20131102T010628",
        "99999-01-01T00:00:00Z",
        "-2021-02-21 23:46:28",
        "2021-02-21T23:46:28Z ",
        "2021-02-21T23:46:28+99:99",
        "1613951188",
    ] {
        assert!(of_record(text).is_err(), "{text}");
    }
    assert_eq!(
        of_record("yesterday").unwrap_err().to_string(),
        "expected RFC 3339 as `2023-07-10T11:54:33Z`, found `yesterday`"
    );
}

#[test]
fn a_long_wrong_text_is_cut_by_characters() {
    let TimeError::Form { found, .. } = of_record(&"é".repeat(1000)).unwrap_err() else {
        panic!("not a form")
    };
    assert_eq!(found.chars().count(), 65);
}

#[test]
fn users_type_days_times_and_spans() {
    typed("2023-07-10", "2023-07-10T00:00:00Z");
    typed("2023-07-10T12:00Z", "2023-07-10T12:00:00Z");
    typed("2023-07-10T12:00+02:00", "2023-07-10T10:00:00Z");
    typed("2023-07-10 11:54:33Z", "2023-07-10T11:54:33Z");
    typed("2023-07-10T11:54:33.5-01:00", "2023-07-10T12:54:33.5Z");
    typed("7d", "2023-07-03T12:00:00Z");
    typed("12h", "2023-07-10T00:00:00Z");
    typed("30m", "2023-07-10T11:30:00Z");
    typed("2w", "2023-06-26T12:00:00Z");
    typed("0d", "2023-07-10T12:00:00Z");
    typed(" 7d ", "2023-07-03T12:00:00Z");
}

#[test]
fn a_typed_time_without_a_zone_is_refused() {
    let now = at("2023-07-10T12:00:00Z");
    for text in ["2023-07-10T11:54:33", "2023-07-10 11:54", "2023-07-10T11:54:33.5"] {
        assert_eq!(of_argument(text, now), Err(TimeError::NoZone { found: text.to_owned() }));
    }
}

#[test]
fn spans_that_overflow_are_refused() {
    let now = at("2023-07-10T12:00:00Z");
    for text in
        ["999999d", "9999999d", "99999999999999999999d", "9223372036854775807w", "9223372036854775807m"]
    {
        assert_eq!(of_argument(text, now), Err(TimeError::TooFar { found: text.to_owned() }));
    }
}

#[test]
fn other_typed_texts_are_refused() {
    let now = at("2023-07-10T12:00:00Z");
    for text in [
        "",
        "d",
        "-7d",
        "+7d",
        "7",
        "7y",
        "7 d",
        "1.5d",
        "2023-7-1",
        "2023-02-30",
        "+2023-07-1",
        "yesterday",
        "٧d",
    ] {
        assert!(matches!(of_argument(text, now), Err(TimeError::Form { .. })), "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>(), near in "[0-9TZ:. +dwhmé-]{0,32}") {
        for text in [&text, &near] {
            let (first, last) = (DateTime::<Utc>::MIN_UTC, DateTime::<Utc>::MAX_UTC);
            let outcomes = [of_record(text), of_argument(text, first), of_argument(text, last)];
            for error in outcomes.into_iter().filter_map(Result::err) {
                prop_assert!(error.to_string().starts_with("expected "));
            }
        }
    }

    #[test]
    fn every_second_is_read_back(seconds in 0_i64..253_402_300_800) {
        let time = DateTime::from_timestamp(seconds, 0).unwrap();
        for form in ["%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%SZ", "%Y-%m-%d %H:%M:%S"] {
            prop_assert_eq!(of_record(&time.format(form).to_string()), Ok(time));
        }
    }
}
