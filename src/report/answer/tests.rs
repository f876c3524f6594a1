//! The same rows in the three forms.

use std::sync::Arc;

use arrow::array::{ArrayRef, BooleanArray, Date32Array, Float64Array, Int64Array, RecordBatch, StringArray};
use arrow::array::{ListBuilder, StringBuilder, StringViewArray, TimestampMicrosecondArray};

use super::{Layout, Writer};
use crate::query::{AnswerColumn, AnswerType};
use crate::report::Style;

const WIDE: Style = Style { unicode: true, wide: true, width: 80 };

fn narrow(width: usize) -> Style {
    Style { unicode: true, wide: false, width }
}

/// The columns as an answer would have them, and the batches, in one form.
fn written(batches: &[RecordBatch], layout: Layout) -> String {
    let schema = batches[0].schema();
    let columns: Vec<AnswerColumn> = schema
        .fields()
        .iter()
        .map(|field| AnswerColumn { name: field.name().clone(), kind: AnswerType::of(field.data_type()) })
        .collect();
    let mut out = Vec::new();
    let mut writer = Writer::new(&mut out, layout, &columns).unwrap();
    for batch in batches {
        writer.batch(batch).unwrap();
    }
    let rows = writer.finish().unwrap();
    assert_eq!(rows, batches.iter().map(|batch| batch.num_rows() as u64).sum::<u64>());
    String::from_utf8(out).unwrap()
}

fn of_texts(texts: &[&str]) -> RecordBatch {
    let column: ArrayRef = Arc::new(StringArray::from(texts.to_vec()));
    RecordBatch::try_from_iter([("t", column)]).unwrap()
}

fn mixed() -> RecordBatch {
    let mut lists = ListBuilder::new(StringBuilder::new());
    lists.append_value([Some("a"), None]);
    lists.append_null();
    RecordBatch::try_from_iter_with_nullable([
        ("who", Arc::new(StringViewArray::from(vec![Some("alice"), None])) as ArrayRef, true),
        ("n", Arc::new(Int64Array::from(vec![Some(12_345), Some(0)])), true),
        (
            "at",
            Arc::new(
                TimestampMicrosecondArray::from(vec![
                    Some(1_714_694_400_000_000),
                    Some(1_714_694_400_250_000),
                ])
                .with_timezone("UTC"),
            ),
            true,
        ),
        ("day", Arc::new(Date32Array::from(vec![Some(19_846), None])), true),
        ("ok", Arc::new(BooleanArray::from(vec![Some(true), Some(false)])), true),
        ("share", Arc::new(Float64Array::from(vec![0.5, f64::NAN])), true),
        ("list", Arc::new(lists.finish()), true),
    ])
    .unwrap()
}

#[test]
fn json_is_one_document_with_columns_and_typed_values() {
    let text = written(&[mixed(), mixed()], Layout::Json);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(document["schema"], 1);
    assert_eq!(document["columns"][1], serde_json::json!({ "name": "n", "type": "bigint" }));
    let types: Vec<_> =
        document["columns"].as_array().unwrap().iter().map(|column| column["type"].clone()).collect();
    assert_eq!(types, ["text", "bigint", "timestamp", "date", "boolean", "double", "array"]);
    assert_eq!(document["rows"].as_array().unwrap().len(), 4);
    assert_eq!(
        document["rows"][0],
        serde_json::json!({ "who": "alice", "n": 12345, "at": "2024-05-03T00:00:00Z", "day": "2024-05-03", "ok": true,
            "share": 0.5, "list": ["a", null] })
    );
    assert_eq!(document["rows"][3]["at"], "2024-05-03T00:00:00.250Z");
    assert_eq!(document["rows"][3]["share"], "NaN");
    assert_eq!(text.lines().count(), 6);
}

#[test]
fn json_without_rows_is_a_document_too() {
    let text = written(&[mixed().slice(0, 0)], Layout::Json);
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["rows"], serde_json::json!([]));
}

#[test]
fn hostile_text_is_harmless_in_json_and_says_the_same() {
    let hostile = "a\u{1b}[2J\u{202e}\u{9b}\u{7f}\"\\\n\u{2028}\u{feff}é🦀";
    let text = written(&[of_texts(&[hostile])], Layout::Json);
    assert!(!text.contains(['\u{1b}', '\u{202e}', '\u{9b}', '\u{7f}', '\u{2028}', '\u{feff}']));
    assert!(text.contains("é🦀"));
    assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap()["rows"][0]["t"], hostile);
}

#[test]
fn csv_neutralises_formulas_and_quotes() {
    let text = written(&[of_texts(&["=1+1", "a,b", "say \"x\"", "-x", "\u{1b}[2J"])], Layout::Csv);
    let lines: Vec<_> = text.lines().collect();
    assert_eq!(lines[0], "t");
    assert!(lines[1].contains("'=1+1"), "{}", lines[1]);
    assert_eq!(lines[2], "\"a,b\"");
    assert_eq!(lines[3], "\"say \"\"x\"\"\"");
    assert!(lines[4].contains("'-x"), "{}", lines[4]);
    assert!(!text.contains('\u{1b}'));
    let mixed = written(&[mixed()], Layout::Csv);
    assert_eq!(mixed.lines().nth(2).unwrap(), ",0,2024-05-03T00:00:00.250Z,,false,NaN,");
    assert_eq!(
        mixed.lines().nth(1).unwrap(),
        "alice,12345,2024-05-03T00:00:00Z,2024-05-03,true,0.5,\"[\"\"a\"\",null]\""
    );
}

#[test]
fn text_is_a_table_where_it_fits_and_says_how_many_rows() {
    let expected = "\
who        n  at                        day         ok     share  list
─────  ─────  ────────────────────────  ──────────  ─────  ─────  ──────────
alice  12345  2024-05-03T00:00:00Z      2024-05-03  true     0.5  [\"a\",null]
           0  2024-05-03T00:00:00.250Z              false    NaN
2 rows
";
    assert_eq!(written(&[mixed()], Layout::Text(narrow(80))), expected);
    assert_eq!(written(&[mixed()], Layout::Text(WIDE)), expected);
}

#[test]
fn columns_that_do_not_fit_stand_below_their_row_and_nulls_are_left_out() {
    let expected = "\
who        n  day         ok
─────  ─────  ──────────  ─────
alice  12345  2024-05-03  true
    at     2024-05-03T00:00:00Z
    share  0.5
    list   [\"a\",null]
           0              false
    at     2024-05-03T00:00:00.250Z
    share  NaN
2 rows
";
    assert_eq!(written(&[mixed()], Layout::Text(narrow(34))), expected);
}

#[test]
fn what_all_rows_share_is_said_once_where_rows_do_not_fit() {
    let column = |texts: [&str; 2]| Arc::new(StringArray::from(texts.to_vec())) as ArrayRef;
    let batch = RecordBatch::try_from_iter([
        ("account", column(["111122223333", "111122223333"])),
        ("empty", column(["", ""])),
        ("name", column(["one", "two"])),
    ])
    .unwrap();
    let expected = "\
In all 2 rows:
    account  111122223333

name
────
one
two
2 rows
";
    assert_eq!(written(std::slice::from_ref(&batch), Layout::Text(narrow(20))), expected);
    assert!(written(&[batch], Layout::Text(WIDE)).starts_with("account       empty  name\n"));
}

#[test]
fn hostile_text_is_one_harmless_line() {
    let text = written(&[of_texts(&["a\u{1b}[2J\nb\u{202e}"])], Layout::Text(WIDE));
    assert!(!text.contains(['\u{1b}', '\u{202e}']));
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn ascii_terminals_get_ascii() {
    let style = Style { unicode: false, ..WIDE };
    assert!(written(&[of_texts(&["é"])], Layout::Text(style)).is_ascii());
}

#[test]
fn an_answer_without_rows_shows_its_columns() {
    let text = written(&[mixed().slice(0, 0)], Layout::Text(narrow(10)));
    assert!(text.starts_with("who  n  at") && text.ends_with("\n0 rows\n"), "{text}");
}

#[test]
fn rows_after_the_held_ones_are_written_as_they_come() {
    let many: Vec<String> = (0..2_500).map(|n| format!("row {n}")).collect();
    let texts: Vec<&str> = many.iter().map(String::as_str).collect();
    let text = written(&[of_texts(&texts)], Layout::Text(narrow(80)));
    assert_eq!(text.lines().count(), 2_503);
    assert!(text.ends_with("row 2499\n2500 rows\n"));
    let long = "x".repeat(100);
    let wide = written(&[of_texts(&[&long])], Layout::Text(WIDE));
    assert!(wide.contains(&long));
}
