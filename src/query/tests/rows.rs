//! Typed rows.

use arrow::array::RecordBatch;

use super::fixture::{TextAs, batch, event, instant};
use crate::lake::Column;
use crate::query::{EVENT_ROW_COLUMNS, QueryError, rows};

#[test]
fn every_column_of_a_row_is_read_from_its_own_column() {
    let texts: Vec<(&str, &str)> = EVENT_ROW_COLUMNS
        .iter()
        .filter(|name| Column::ALL.iter().any(|column| column.name() == **name))
        .map(|name| match Column::ALL.iter().find(|column| column.name() == *name).unwrap().kind() {
            crate::lake::Kind::Timestamp => (*name, "2024-05-03T00:00:01Z"),
            crate::lake::Kind::Bool => (*name, "true"),
            crate::lake::Kind::Int => (*name, "7"),
            _ => (*name, *name),
        })
        .collect();
    assert_eq!(texts.len(), EVENT_ROW_COLUMNS.len());
    for text in [TextAs::Utf8, TextAs::View] {
        let batch = batch(
            &[event("2024-05-03T00:00:00Z", "e", &texts), event("2024-05-03T00:00:00Z", "e", &[])],
            text,
            0,
        );
        let read: Vec<_> = rows(&batch).unwrap().collect();
        assert_eq!(read.len(), 2);
        let full = format!("{:?}", read[0]);
        for (name, value) in &texts {
            let shown = match *value {
                "2024-05-03T00:00:01Z" if *name == "event_time" => format!("{name}: 2024-05-03T00:00:01Z"),
                "2024-05-03T00:00:01Z" => format!("{name}: Some(2024-05-03T00:00:01Z)"),
                "true" => format!("{name}: Some(true)"),
                "7" => format!("{name}: 7"),
                _ if *name == "object" => format!("{name}: \"{name}\""),
                _ => format!("{name}: Some(\"{name}\")"),
            };
            assert!(full.contains(&shown), "{shown} in {full}");
        }
        assert_eq!(read[1].event_time, instant("2024-05-03T00:00:00Z"));
        assert_eq!((read[1].access_key_id, read[1].read_only, read[1].session_created), (None, None, None));
    }
}

#[test]
fn a_missing_or_mistyped_column_is_named() {
    let whole = batch(&[event("2024-05-03T00:00:00Z", "e", &[])], TextAs::View, 0);
    let without = whole.project(&[0, 1]).unwrap();
    let error = rows(&without).err().unwrap();
    assert!(matches!(&error, QueryError::Column { found, .. } if found == "no such column"), "{error}");
    let schema = whole.schema();
    let place = schema.index_of("account").unwrap();
    let mut columns = whole.columns().to_vec();
    columns[place] = std::sync::Arc::new(arrow::array::Int64Array::from(vec![1]));
    let mut fields: Vec<_> = schema.fields().iter().map(|field| field.as_ref().clone()).collect();
    fields[place] = arrow::datatypes::Field::new("account", arrow::datatypes::DataType::Int64, true);
    let wrong =
        RecordBatch::try_new(std::sync::Arc::new(arrow::datatypes::Schema::new(fields)), columns).unwrap();
    assert_eq!(rows(&wrong).err().unwrap().to_string(), "column `account`: expected text, found Int64");
}
