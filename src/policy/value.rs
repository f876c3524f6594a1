//! Values that condition operators compare: numbers, instants, booleans, bytes, and ranges of addresses.

use std::net::{IpAddr, Ipv6Addr};

use chrono::{DateTime, NaiveDate, NaiveDateTime};

/// A number, an integer or a decimal one, also with an exponent. `inf` and `NaN` are none.
pub(super) fn number(text: &str) -> Option<f64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit() || b"+-.eE".contains(&byte));
    let number: f64 = if is_number { text.parse().ok()? } else { return None };
    number.is_finite().then_some(number)
}

/// `true` or `false`, in any case.
pub(super) fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

/// An instant in nanoseconds since 1970, from one of the W3C forms of ISO 8601
/// (<https://www.w3.org/TR/NOTE-datetime>) or seconds since 1970, with a fraction or without
/// (<https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html#Conditions_Date>).
/// A time without a zone is UTC; a year, month or day is its beginning.
pub(super) fn instant(text: &str) -> Option<i128> {
    of_seconds(text).or_else(|| of_date(text))
}

/// Seconds, with a fraction of at most nine digits. Four digits are a year, as W3C's first form has it.
fn of_seconds(text: &str) -> Option<i128> {
    if text.len() == 4 && !text.starts_with('-') {
        return None;
    }
    let (negative, digits) = match text.strip_prefix('-') {
        Some(digits) => (true, digits),
        None => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let are_digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !are_digits(whole) || !are_digits(fraction) || whole.len() > 15 || fraction.len() > 9 {
        return None;
    }
    let whole: i128 = whole.parse().ok()?;
    let nanos: i128 = format!("{fraction:0<9}").parse().ok()?;
    let instant = whole * 1_000_000_000 + nanos;
    Some(if negative { -instant } else { instant })
}

fn of_date(text: &str) -> Option<i128> {
    // The forms are ASCII and short; what is not is none of them.
    if !text.is_ascii() || text.len() > 40 {
        return None;
    }
    let Some((date, time)) = text.split_once(['T', 't']) else {
        return day(text)?.and_hms_opt(0, 0, 0).map(nanos);
    };
    let day = day(date).filter(|_| date.len() == 10)?;
    let zone_at = time.find(['Z', 'z', '+', '-']).unwrap_or(time.len());
    let (clock, zone) = time.split_at_checked(zone_at)?;
    let clock = match clock.len() {
        5 => format!("{clock}:00"),
        _ => clock.to_owned(),
    };
    let zone = match (zone.len(), zone) {
        (0, _) | (1, "z") => "Z".to_owned(),
        // `+0200`, which ISO 8601 also has.
        (5, _) => format!("{}:{}", zone.get(..3)?, zone.get(3..)?),
        _ => zone.to_owned(),
    };
    let time = DateTime::parse_from_rfc3339(&format!("{}T{clock}{zone}", day.format("%Y-%m-%d"))).ok()?;
    Some(nanos(time.naive_utc()))
}

/// `2024`, `2024-05` or `2024-05-01`.
fn day(text: &str) -> Option<NaiveDate> {
    let whole = match text.len() {
        4 => format!("{text}-01-01"),
        7 => format!("{text}-01"),
        10 => text.to_owned(),
        _ => return None,
    };
    let has_form = whole.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
    if has_form { NaiveDate::parse_from_str(&whole, "%Y-%m-%d").ok() } else { None }
}

fn nanos(time: NaiveDateTime) -> i128 {
    let time = time.and_utc();
    i128::from(time.timestamp()) * 1_000_000_000 + i128::from(time.timestamp_subsec_nanos())
}

/// A range of addresses: `203.0.113.0/24`, `2001:db8::/32`, or one address. Addresses of IPv4 written as IPv6 are the
/// same as without.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Network {
    is_v4: bool,
    bits: u128,
    mask: u128,
}

impl Network {
    /// Reads an address or a range in CIDR form. Host bits do not count.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (address, length) = match text.split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text, None),
        };
        let address = address.parse::<IpAddr>().ok()?;
        let (is_v4, bits) = bits_of(address);
        // The length counts the bits of the form that was written.
        let width: u32 = if address.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(text) if text.bytes().all(|byte| byte.is_ascii_digit()) => text.parse().ok()?,
            Some(_) => return None,
            None => width,
        };
        let free = width.checked_sub(length)?;
        let mask = u128::MAX.checked_shl(free).unwrap_or(0);
        // A range wider than the mapped addresses is one of IPv6.
        let is_v4 = is_v4 && free <= 32;
        Some(Self { is_v4, bits: bits & mask, mask })
    }

    /// Whether the address is in it.
    pub(super) fn contains(self, address: Address) -> bool {
        address.is_v4 == self.is_v4 && address.bits & self.mask == self.bits
    }

    /// Its first and last address.
    pub(super) fn ends(self) -> [IpAddr; 2] {
        let address = |bits: u128| IpAddr::V6(Ipv6Addr::from(bits)).to_canonical();
        [address(self.bits), address(self.bits | !self.mask)]
    }
}

/// An address to be looked for in networks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    is_v4: bool,
    bits: u128,
}

impl Address {
    /// Reads an address of IPv4 or IPv6.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (is_v4, bits) = bits_of(text.parse().ok()?);
        Some(Self { is_v4, bits })
    }
}

fn bits_of(address: IpAddr) -> (bool, u128) {
    match address.to_canonical() {
        IpAddr::V4(v4) => (true, u128::from(v4.to_ipv6_mapped())),
        IpAddr::V6(v6) => (false, u128::from(v6)),
    }
}

/// The bytes of a base64 text (<https://www.rfc-editor.org/rfc/rfc4648#section-4>), with or without its padding.
pub(super) fn base64(text: &str) -> Option<Vec<u8>> {
    let digits = text.trim_end_matches('=');
    if text.len() - digits.len() > 2 || digits.len() % 4 == 1 {
        return None;
    }
    let mut bytes = Vec::with_capacity(digits.len() / 4 * 3 + 2);
    let (mut held, mut count) = (0_u32, 0_u32);
    for digit in digits.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => return None,
        };
        held = held << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(held >> count & 0xFF).ok()?);
            held &= (1 << count) - 1;
        }
    }
    (held == 0).then_some(bytes)
}

#[cfg(test)]
mod tests;
