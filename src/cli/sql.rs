//! `backtrail sql`.

use std::io::{Read, Write};

use super::args::Sql;
use super::failure::Failure;
use super::output::{Format, Output};
use super::{EXIT_DONE, query, source};
use crate::inquiry::VERDICT_COLUMNS;
use crate::lake::{Column, Kind, OBJECT_COLUMNS, REFUSAL_COLUMNS};
use crate::query::lineage;
use crate::report;

pub(super) async fn run(command: &Sql, out: &mut Output) -> Result<u8, Failure> {
    let text = match command.text.as_deref() {
        Some("-") => {
            let mut text = String::new();
            std::io::stdin().take(crate::query::SQL_BYTES_MAX as u64 + 1).read_to_string(&mut text)?;
            text
        }
        Some(text) if !command.tables => text.to_owned(),
        _ => {
            tables(out).await?;
            return Ok(EXIT_DONE);
        }
    };
    let source = source::open(&command.data).await?;
    if let Some(path) = &command.verdicts {
        crate::query::register_file(&source.session, "verdicts", path).await?;
    }
    let answer = crate::query::sql(&source.session, &text).await?;
    query::write(answer, out).await?;
    Ok(source.exit)
}

/// A column as the list shows it: table, name, type, meaning.
type Listed = (&'static str, String, String, String);

/// Every column of every table and view.
async fn columns() -> Result<Vec<Listed>, Failure> {
    let word = |kind| match kind {
        Kind::Date => "date",
        Kind::Timestamp => "timestamp",
        Kind::Text => "text",
        Kind::Json => "text (JSON)",
        Kind::Bool => "boolean",
        Kind::Int => "bigint",
    };
    let events =
        Column::ALL.iter().map(|column| ("events", column.name(), word(column.kind()), column.meaning()));
    let owned = |(table, name, kind, meaning): (&'static str, &str, &str, &str)| {
        (table, name.to_owned(), kind.to_owned(), meaning.to_owned())
    };
    let small = [("objects", OBJECT_COLUMNS), ("refusals", REFUSAL_COLUMNS), ("verdicts", VERDICT_COLUMNS)];
    let small = small.into_iter().flat_map(|(table, columns)| {
        columns.iter().map(move |(name, kind, _, meaning)| (table, *name, word(*kind), *meaning))
    });
    let mut all: Vec<Listed> = events.chain(small).map(owned).collect();
    for view in lineage::describe().await? {
        all.extend(view.columns.into_iter().map(|(name, kind, meaning)| (view.name, name, kind, meaning)));
    }
    Ok(all)
}

async fn tables(out: &mut Output) -> Result<(), Failure> {
    let columns = columns().await?;
    match out.format {
        Format::Json => {
            let columns: Vec<serde_json::Value> = columns
                .into_iter()
                .map(|(table, name, kind, meaning)| {
                    serde_json::json!({ "table": table, "name": name, "type": kind, "meaning": meaning })
                })
                .collect();
            writeln!(
                out,
                "{}",
                report::json::document(&serde_json::json!({ "schema": 1, "columns": columns }))?
            )?;
        }
        Format::Csv => {
            write!(out, "{}", report::csv::row(["table", "name", "type", "meaning"].map(Some)))?;
            for (table, name, kind, meaning) in &columns {
                let cells = [table, name.as_str(), kind.as_str(), meaning.as_str()];
                write!(out, "{}", report::csv::row(cells.map(Some)))?;
            }
        }
        Format::Text => {
            let mut before = "";
            for (table, name, kind, meaning) in columns {
                if table != before {
                    writeln!(out, "{}{table}", if before.is_empty() { "" } else { "\n" })?;
                    before = table;
                }
                writeln!(out, "  {name:31}  {kind:11}  {meaning}")?;
            }
        }
    }
    Ok(())
}
