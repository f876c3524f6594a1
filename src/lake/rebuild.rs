//! A row back into its record: the same JSON value, but for session tokens.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{Int64Type, TimestampMicrosecondType};
use serde_json::value::RawValue;

use super::decode::{FLAG_TIME_FROM_TIMESTAMP, bool_is_text};
use super::{Column, Kind, Source};

/// A JSON value in the making: verbatim text, or an object that columns add to.
enum Node {
    Verbatim(String),
    Object(BTreeMap<String, Node>),
}

/// The record of a row of `events`, as JSON text with members in the order of their names. `batch` must have all columns
/// of the table, with text as `Utf8`. None where it has not, or there is no such row.
///
/// Member names that repeat in one object and white space between members are not given back; everything else is, numbers
/// with their text. A session token comes back as [`super::token_hash`] made it.
#[must_use]
pub fn rebuild(batch: &RecordBatch, row: usize) -> Option<String> {
    if row >= batch.num_rows() {
        return None;
    }
    let mut record = match text(batch, Column::Rest, row)? {
        Some(rest) => object(&rest, &[]),
        None => BTreeMap::new(),
    };
    if let Some(rest) = text(batch, Column::IdentityRest, row)? {
        let identity = object(&rest, &["userIdentity"]);
        record.entry("userIdentity".to_owned()).or_insert(Node::Object(identity));
    }
    let flags = text(batch, Column::Flags, row)?.unwrap_or_default();
    let time_is_elsewhere = flags.split(',').any(|flag| flag == FLAG_TIME_FROM_TIMESTAMP);
    for column in Column::ALL {
        let Source::Field(path) = column.source() else { continue };
        if *column == Column::EventTime && time_is_elsewhere {
            continue;
        }
        if let Some(value) = value(batch, *column, row)? {
            insert(&mut record, path, value);
        }
    }
    let mut out = String::new();
    write(&Node::Object(record), &mut out);
    Some(out)
}

/// An object's members, with the objects that have columns of their own opened.
fn object(json: &str, path: &[&str]) -> BTreeMap<String, Node> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(json).unwrap_or_default();
    members
        .into_iter()
        .map(|(name, value)| {
            let mut below = path.to_vec();
            below.push(&name);
            let opened = value.get().starts_with('{') && is_container(&below);
            let node = if opened {
                Node::Object(object(value.get(), &below))
            } else {
                Node::Verbatim(value.get().to_owned())
            };
            (name, node)
        })
        .collect()
}

fn is_container(path: &[&str]) -> bool {
    Column::ALL.iter().any(|column| match column.source() {
        Source::Field(field) => field.len() > path.len() && field.starts_with(path),
        _ => false,
    })
}

/// Puts a column's value at its path, where `rest` does not have it already.
fn insert(record: &mut BTreeMap<String, Node>, path: &[&str], value: String) {
    match path {
        [name] => {
            record.entry((*name).to_owned()).or_insert(Node::Verbatim(value));
        }
        [name, below @ ..] => {
            let node = record.entry((*name).to_owned()).or_insert_with(|| Node::Object(BTreeMap::new()));
            if let Node::Object(members) = node {
                insert(members, below, value);
            }
        }
        [] => {}
    }
}

fn write(node: &Node, out: &mut String) {
    match node {
        Node::Verbatim(text) => out.push_str(text),
        Node::Object(members) => {
            out.push('{');
            for (place, (name, value)) in members.iter().enumerate() {
                if place > 0 {
                    out.push(',');
                }
                out.push_str(&quoted(name));
                out.push(':');
                write(value, out);
            }
            out.push('}');
        }
    }
}

fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A column's value as the JSON that the record had. The outer None: the batch lacks the column.
#[expect(clippy::option_option, reason = "no such column, and no value in it, are two things")]
fn value(batch: &RecordBatch, column: Column, row: usize) -> Option<Option<String>> {
    let array = batch.column_by_name(column.name())?;
    if array.is_null(row) {
        return Some(None);
    }
    Some(Some(match column.kind() {
        Kind::Text => quoted(array.as_string_opt::<i32>()?.value(row)),
        Kind::Json => array.as_string_opt::<i32>()?.value(row).to_owned(),
        Kind::Bool => {
            let value = array.as_boolean_opt()?.value(row);
            if bool_is_text(column) { format!("\"{value}\"") } else { value.to_string() }
        }
        Kind::Timestamp => {
            let micros = array.as_primitive_opt::<TimestampMicrosecondType>()?.value(row);
            let time = chrono::DateTime::from_timestamp_micros(micros)?;
            format!("\"{}\"", time.format("%Y-%m-%dT%H:%M:%SZ"))
        }
        Kind::Int => array.as_primitive_opt::<Int64Type>()?.value(row).to_string(),
        Kind::Date => return Some(None),
    }))
}

#[expect(clippy::option_option, reason = "as in `value`")]
fn text(batch: &RecordBatch, column: Column, row: usize) -> Option<Option<String>> {
    let array = batch.column_by_name(column.name())?.as_string_opt::<i32>()?;
    Some((!array.is_null(row)).then(|| array.value(row).to_owned()))
}
