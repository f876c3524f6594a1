//! JSON that is safe to look at and reads back the same.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::value::RawValue;

use super::*;

#[derive(Serialize)]
struct Sample<'a> {
    schema: u8,
    name: &'a str,
    account: &'a str,
}

#[test]
fn members_keep_their_order() {
    let text = document(&Sample { schema: 1, name: "x", account: "111122223333" }).unwrap();
    assert_eq!(text, "{\n  \"schema\": 1,\n  \"name\": \"x\",\n  \"account\": \"111122223333\"\n}\n");
    assert_eq!(line(&[1, 2]).unwrap(), "[1,2]");
    assert_eq!(document(&Vec::<u8>::new()).unwrap(), "[]\n");
}

#[test]
fn what_a_terminal_would_act_on_is_escaped() {
    assert_eq!(line("\x1b[2J").unwrap(), r#""\u001b[2J""#);
    assert_eq!(line("\u{9b}\u{7f}\u{202e}a\u{200b}").unwrap(), r#""\u009b\u007f\u202ea\u200b""#);
    assert_eq!(line("\u{e0041}é管").unwrap(), r#""\udb40\udc41é管""#);
}

#[test]
fn keys_and_raw_json_are_escaped_too() {
    assert_eq!(line(&BTreeMap::from([("\u{202e}", 1)])).unwrap(), r#"{"\u202e":1}"#);
    let raw = RawValue::from_string("{\"a\": \"\u{202e}\u{7f}\"}".to_owned()).unwrap();
    assert_eq!(line(&raw).unwrap(), r#"{"a": "\u202e\u007f"}"#);
}

#[test]
fn a_map_without_text_keys_is_an_error() {
    assert!(document(&BTreeMap::from([(vec![1], 2)])).is_err());
}

proptest! {
    #[test]
    fn text_reads_back_the_same(text in any::<String>()) {
        let written = document(&text).unwrap();
        prop_assert_eq!(serde_json::from_str::<String>(&written).unwrap(), text);
        prop_assert!(!written.trim_end().chars().any(char::is_control));
    }
}
