//! The times of records, in microseconds since 1970.

/// The times that the engine can reckon with: it takes some of them to nanoseconds. CloudTrail is of 2013; what is not of
/// these was never a time of a call (a program wrote that it has none).
pub(super) const MICROS: std::ops::RangeInclusive<i64> = 0..=i64::MAX / 1000;

/// The microseconds of a time written exactly as `YYYY-MM-DDTHH:MM:SSZ`.
pub(super) fn canonical_time_micros(text: &[u8]) -> Option<i64> {
    let bytes: &[u8; 20] = text.try_into().ok()?;
    let [y0, y1, y2, y3, b'-', m0, m1, b'-', d0, d1, b'T', h0, h1, b':', n0, n1, b':', s0, s1, b'Z'] = *bytes
    else {
        return None;
    };
    let two = |high: u8, low: u8| {
        (high.is_ascii_digit() && low.is_ascii_digit())
            .then(|| u32::from(high - b'0') * 10 + u32::from(low - b'0'))
    };
    let year = two(y0, y1)? * 100 + two(y2, y3)?;
    let date = chrono::NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, two(m0, m1)?, two(d0, d1)?)?;
    let time = date.and_hms_opt(two(h0, h1)?, two(n0, n1)?, two(s0, s1)?)?;
    Some(time.and_utc().timestamp_micros())
}

/// The microseconds of a time without a zone, as tables that logs went through write it.
pub(super) fn zoneless_time_micros(text: &str) -> Option<i64> {
    ["%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M:%S%.f"].iter().find_map(|form| {
        chrono::NaiveDateTime::parse_from_str(text, form).ok().map(|time| time.and_utc().timestamp_micros())
    })
}

/// The microseconds of a time in any form that CloudTrail is known to write.
pub(super) fn any_time_micros(text: &str) -> Option<i64> {
    if zoneless_time_micros(text).is_some() {
        return None;
    }
    crate::aws::time::of_record(text).ok().map(|time| time.timestamp_micros())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_exact_form_of_a_time_is_canonical() {
        assert_eq!(canonical_time_micros(b"1970-01-02T00:00:01Z"), Some(86_401_000_000));
        for text in [
            "2023-02-29T00:00:00Z",
            "2023-01-01T24:00:00Z",
            "2023-01-01T00:00:60Z",
            "2023-01-01 00:00:00Z",
            "",
        ] {
            assert_eq!(canonical_time_micros(text.as_bytes()), None, "{text}");
        }
    }
}
