//! Values as policies and requests write them.

use proptest::prelude::*;

use super::*;

#[test]
fn numbers_are_decimal() {
    assert_eq!(number("-1.5e3"), Some(-1500.0));
    for text in ["", "inf", "NaN", "0x10", "1_000", " 1", "1e999", "--1", "."] {
        assert_eq!(number(text), None, "{text}");
    }
}

#[test]
fn instants_have_many_forms() {
    const NEW_YEAR: i128 = 1_704_067_200_000_000_000;
    for text in [
        "2024",
        "2024-01",
        "2024-01-01",
        "2024-01-01T00:00Z",
        "2024-01-01T00:00:00Z",
        "2024-01-01t00:00:00z",
        "2024-01-01T00:00:00",
        "2024-01-01T01:30:00+01:30",
        "2023-12-31T19:00:00-0500",
        "2024-01-01T00:00:00.000Z",
        "1704067200",
        "1704067200.0",
    ] {
        assert_eq!(instant(text), Some(NEW_YEAR), "{text}");
    }
    assert_eq!(instant("1704067200.5"), Some(NEW_YEAR + 500_000_000));
    assert_eq!(instant("-1.5"), Some(-1_500_000_000));
    for text in
        ["", "yesterday", "2024-13-01", "2024-01-01T25:00:00Z", "2024-01-01 00:00:00Z", "-", "1.", "é"]
    {
        assert_eq!(instant(text), None, "{text}");
    }
}

#[test]
fn networks_hold_their_addresses() {
    let holds = |network: &str, address: &str| {
        Network::parse(network).unwrap().contains(Address::parse(address).unwrap())
    };
    assert!(holds("192.0.2.9/24", "192.0.2.255") && !holds("192.0.2.0/24", "192.0.3.0"));
    assert!(holds("192.0.2.1", "::ffff:192.0.2.1") && holds("::ffff:192.0.2.0/120", "192.0.2.7"));
    assert!(holds("0.0.0.0/0", "8.8.8.8") && !holds("0.0.0.0/0", "::1") && !holds("::/0", "8.8.8.8"));
    assert!(holds("2001:db8::/32", "2001:db8::1") && !holds("2001:db8::1", "2001:db8::2"));
    for text in ["", "192.0.2", "192.0.2.0/33", "192.0.2.0/-1", "192.0.2.0/+1", "192.0.2.0/", "::/129", "x/8"]
    {
        assert_eq!(Network::parse(text), None, "{text}");
    }
}

#[test]
fn base64_is_read_with_and_without_padding() {
    assert_eq!(base64("dGV4dA==").unwrap(), b"text");
    assert_eq!(base64("dGV4dA").unwrap(), b"text");
    assert_eq!(base64("").unwrap(), b"");
    for text in ["a", "dGV4dA===", "dG V4", "dGV4dB", "é"] {
        assert_eq!(base64(text), None, "{text}");
    }
}

proptest! {
    #[test]
    fn any_text_is_read_without_a_panic(text in any::<String>(), close in "[0-9TZ:+.eE/-]{0,30}") {
        for text in [text, close] {
            let read = (number(&text), instant(&text), boolean(&text), Network::parse(&text), base64(&text));
            prop_assert!(read.0.is_none_or(f64::is_finite));
        }
    }
}
