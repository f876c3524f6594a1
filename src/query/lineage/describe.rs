//! The tables and views of lineage with the meaning of their columns.

use std::collections::BTreeMap;
use std::sync::Arc;

use arrow::datatypes::DataType;
use datafusion::datasource::MemTable;
use datafusion::prelude::SessionContext;

use super::{EVENT_ORIGINS, ORIGIN_COLUMNS, TABLES, View, register};
use crate::lake::{Column, Table};
use crate::query::{AnswerType, QueryError, register_functions};

/// A table or view, as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// Its name.
    pub name: &'static str,
    /// What its rows are.
    pub what: String,
    /// Its columns: name, type, meaning.
    pub columns: Vec<(String, String, String)>,
}

/// Every table and view of lineage. A column that bears the name of one of `events` means the same.
///
/// # Errors
///
/// [`QueryError`] when a view cannot be planned or a column has no meaning, which a test rules out.
pub async fn describe() -> Result<Vec<Described>, QueryError> {
    let failed = |error| QueryError::engine("cannot plan a view of lineage", error);
    let mut ctx = SessionContext::new();
    let empty = MemTable::try_new(Table::Events.schema(), vec![Vec::new()]).map_err(failed)?;
    ctx.register_table("events", Arc::new(empty)).map_err(failed)?;
    register_functions(&mut ctx)?;
    register(&ctx).await?;
    let mut known: BTreeMap<String, String> =
        Column::ALL.iter().map(|column| (column.name().to_owned(), column.meaning().to_owned())).collect();
    let calls = Header::of(View::Calls.sql());
    known.extend(calls.columns);
    let mut found = Vec::new();
    for name in TABLES {
        let header = match View::ALL.into_iter().find(|view| view.name() == name) {
            Some(view) => Header::of(view.sql()),
            None if name == "event_origins" => Header::of(EVENT_ORIGINS),
            None => Header {
                what: "Who is behind each caller, one row a caller; computed when it is first read."
                    .to_owned(),
                columns: BTreeMap::new(),
            },
        };
        let origins =
            ORIGIN_COLUMNS.iter().map(|(name, _, _, meaning)| ((*name).to_owned(), (*meaning).to_owned()));
        let mut own: BTreeMap<String, String> = known.clone();
        if name == "origins" || name == "event_origins" {
            let shared = name == "event_origins";
            own.extend(origins.filter(|(column, _)| !shared || !known.contains_key(column)));
        }
        own.extend(header.columns);
        let schema = ctx.table_provider(name).await.map_err(failed)?.schema();
        let mut columns = Vec::with_capacity(schema.fields().len());
        for field in schema.fields() {
            let meaning = own.get(field.name()).cloned().ok_or_else(|| QueryError::File {
                file: format!("queries/lineage/{name}.sql"),
                line: 1,
                problem: format!("column `{}` has no meaning", field.name()),
            })?;
            let kind = match field.data_type() {
                DataType::Date32 => "date".to_owned(),
                other => AnswerType::of(other).word().to_owned(),
            };
            columns.push((field.name().clone(), kind, meaning));
        }
        found.push(Described { name, what: header.what, columns });
    }
    Ok(found)
}

/// The comments at the top of a view's file.
struct Header {
    what: String,
    columns: BTreeMap<String, String>,
}

impl Header {
    fn of(sql: &str) -> Header {
        let mut fields: Vec<String> = Vec::new();
        for line in sql.lines().map_while(|line| line.strip_prefix("--")) {
            match line.strip_prefix("     ") {
                Some(more) => {
                    if let Some(last) = fields.last_mut() {
                        last.push(' ');
                        last.push_str(more.trim());
                    }
                }
                None => fields.push(line.trim().to_owned()),
            }
        }
        let mut header = Header { what: String::new(), columns: BTreeMap::new() };
        for field in fields {
            let Some((head, body)) = field.split_once(": ") else { continue };
            match head.split_whitespace().collect::<Vec<_>>().as_slice() {
                ["what"] => body.clone_into(&mut header.what),
                ["column", name, _] => {
                    header.columns.insert((*name).to_owned(), body.to_owned());
                }
                _ => {}
            }
        }
        header
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_column_of_every_view_has_a_meaning() {
        let described = describe().await.unwrap();
        assert_eq!(described.len(), TABLES.len());
        for view in &described {
            assert!(view.what.ends_with('.'), "{}: {}", view.name, view.what);
            assert!(!view.columns.is_empty(), "{} has no columns", view.name);
        }
        for view in View::ALL {
            let header = Header::of(view.sql());
            let columns: Vec<&String> = described
                .iter()
                .filter(|one| one.name == view.name())
                .flat_map(|one| one.columns.iter().map(|column| &column.0))
                .collect();
            for declared in header.columns.keys() {
                assert!(columns.contains(&declared), "{}: no column `{declared}`", view.name());
            }
        }
    }
}
