//! `backtrail query`.

use std::io::Write;

use chrono::Utc;
use serde::Serialize;

use super::args;
use super::failure::Failure;
use super::output::{Format, Output};
use super::{EXIT_DONE, source};
use crate::query::{self, Answer, Catalog, ParamDefault, Query};
use crate::report;
use crate::report::answer::{Layout, Writer};

pub(super) async fn run(command: &args::Query, out: &mut Output) -> Result<u8, Failure> {
    let alone = command.name.as_deref().filter(|_| !command.list && command.queries.is_none());
    let mut catalog = alone.map_or_else(Catalog::built_in, Catalog::built_in_for)?;
    if let Some(folder) = &command.queries {
        catalog.add_dir(folder)?;
    }
    let name = match &command.name {
        Some(name) if !command.list => name,
        _ => {
            list(&catalog, out)?;
            return Ok(EXIT_DONE);
        }
    };
    let query = catalog.get(name)?;
    if command.show {
        show(query, out)?;
        return Ok(EXIT_DONE);
    }
    let mut params = command.params.clone();
    for (name, value) in [("from", &command.from), ("to", &command.to)] {
        if let Some(value) = value {
            params.push((name.to_owned(), value.clone()));
        }
    }
    let params = query::bind(query, &params, Utc::now())?;
    let source = source::open(&command.data).await?;
    let answer = query::run(&source.session, query, &params).await?;
    write(answer, out).await?;
    Ok(source.exit)
}

/// Writes an answer in the format that was asked for.
pub(super) async fn write(mut answer: Answer, out: &mut Output) -> Result<(), Failure> {
    let layout = match out.format {
        Format::Text => Layout::Text(out.style),
        Format::Json => Layout::Json,
        Format::Csv => Layout::Csv,
    };
    let columns = answer.columns().to_vec();
    let mut writer = Writer::new(&mut *out, layout, &columns)?;
    while let Some(batch) = answer.next_batch().await? {
        writer.batch(&batch)?;
    }
    writer.finish()?;
    Ok(())
}

/// A query as the list shows it.
#[derive(Serialize)]
struct Listed<'a> {
    name: &'a str,
    title: &'a str,
    answers: &'a str,
    params: Vec<ListedParam<'a>>,
    columns: Vec<ListedColumn<'a>>,
    reads: &'a [String],
    caveat: &'a str,
}

#[derive(Serialize)]
struct ListedParam<'a> {
    name: &'a str,
    r#type: &'a str,
    /// None where it must be given.
    default: Option<&'a str>,
    meaning: &'a str,
}

#[derive(Serialize)]
struct ListedColumn<'a> {
    name: &'a str,
    r#type: String,
    meaning: &'a str,
}

impl<'a> Listed<'a> {
    fn of(query: &'a Query) -> Self {
        Self {
            name: &query.name,
            title: &query.title,
            answers: &query.answers,
            params: query
                .params
                .iter()
                .map(|param| ListedParam {
                    name: &param.name,
                    r#type: param.kind.word(),
                    default: param.default.as_ref().map(ParamDefault::words),
                    meaning: &param.meaning,
                })
                .collect(),
            columns: query
                .columns
                .iter()
                .map(|column| ListedColumn {
                    name: &column.name,
                    r#type: column.kind.to_string(),
                    meaning: &column.meaning,
                })
                .collect(),
            reads: &query.reads,
            caveat: &query.caveat,
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    schema: u32,
    queries: Vec<Listed<'a>>,
}

#[derive(Serialize)]
struct Shown<'a> {
    schema: u32,
    #[serde(flatten)]
    query: Listed<'a>,
}

fn list(catalog: &Catalog, out: &mut Output) -> Result<(), Failure> {
    match out.format {
        Format::Json => {
            let list = List { schema: 1, queries: catalog.list().map(Listed::of).collect() };
            writeln!(out, "{}", report::json::document(&list)?)?;
        }
        Format::Csv => {
            write!(out, "{}", report::csv::row(["name", "answers", "params"].map(Some)))?;
            for query in catalog.list() {
                let params: Vec<&str> = query.params.iter().map(|param| param.name.as_str()).collect();
                let params = params.join(" ");
                let row = [query.name.as_str(), query.answers.as_str(), params.as_str()];
                write!(out, "{}", report::csv::row(row.map(Some)))?;
            }
        }
        Format::Text => {
            let style = out.style;
            let width = catalog.list().map(|query| query.name.len()).max().unwrap_or(0);
            let indent = " ".repeat(width + 4);
            for query in catalog.list() {
                let params: Vec<String> = query
                    .params
                    .iter()
                    .map(|param| {
                        if param.default.is_none() { param.name.clone() } else { format!("[{}]", param.name) }
                    })
                    .collect();
                let words = format!("{} ({})", query.answers, params.join(" "));
                let room = style.columns().saturating_sub(indent.len());
                for (place, line) in report::text::wrap(&words, room, style).into_iter().enumerate() {
                    if place == 0 {
                        writeln!(out, "  {:width$}  {line}", query.name)?;
                    } else {
                        writeln!(out, "{indent}{line}")?;
                    }
                }
            }
            writeln!(out, "next: backtrail query NAME --show")?;
        }
    }
    Ok(())
}

fn show(query: &Query, out: &mut Output) -> Result<(), Failure> {
    match out.format {
        Format::Json => {
            let shown = Shown { schema: 1, query: Listed::of(query) };
            writeln!(out, "{}", report::json::document(&shown)?)?;
            return Ok(());
        }
        Format::Csv => {
            let problem = "--show has no rows: expected --format `text` or `json`, found `csv`";
            return Err(anyhow::anyhow!(
                "{problem}\nhint: `backtrail query --list` lists all questions as CSV"
            )
            .into());
        }
        Format::Text => {}
    }
    writeln!(out, "{}: {}", query.name, query.title)?;
    writeln!(out, "{}", query.answers)?;
    writeln!(out, "\nParameters")?;
    for param in &query.params {
        let default = match &param.default {
            Some(default) => format!("default {}", default.words()),
            None => "must be given".to_owned(),
        };
        writeln!(out, "  {:10}  {:9}  {default:16}  {}", param.name, param.kind.word(), param.meaning)?;
    }
    writeln!(out, "\nColumns")?;
    for column in &query.columns {
        writeln!(out, "  {:20}  {:9}  {}", column.name, column.kind, column.meaning)?;
    }
    writeln!(out, "\nCaveat: {}", query.caveat)?;
    writeln!(out, "\n{}", query.sql)?;
    Ok(())
}
