//! Compares what the built-in queries answer over a session with files of expected rows.
//!
//! `<dir>/<query>.params` holds the parameters, one `name = value` a line (`#` begins a comment); the file
//! `<dir>/<query>.expected` holds a line of the columns with their types, then one JSON list a row. With
//! `BACKTRAIL_UPDATE_GOLDEN=1` in the environment the expected files are written instead:
//! `BACKTRAIL_UPDATE_GOLDEN=1 cargo test golden`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use arrow::array::Array;
use arrow::util::display::array_value_to_string;
use chrono::{DateTime, Utc};
use datafusion::prelude::SessionContext;

use super::{Catalog, Query, QueryError, bind, run};

/// What to do with rows that are not the expected ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Tell them.
    Compare,
    /// Take them as the expected ones.
    Update,
}

impl Mode {
    /// The mode that the environment asks for.
    pub(crate) fn from_environment() -> Mode {
        match std::env::var_os("BACKTRAIL_UPDATE_GOLDEN") {
            Some(value) if value == "1" => Mode::Update,
            _ => Mode::Compare,
        }
    }
}

/// A session and how its rows are to be told.
#[derive(Clone, Copy)]
pub(crate) struct Golden<'a> {
    /// The session, with the functions registered.
    pub(crate) ctx: &'a SessionContext,
    /// The folder of the `.params` and `.expected` files.
    pub(crate) dir: &'a Path,
    /// What relative times in `.params` count from.
    pub(crate) now: DateTime<Utc>,
    /// Left out wherever it stands in a value: the folder that the logs were read from, another on every machine.
    pub(crate) base: &'a str,
}

/// Runs every built-in query; what differs from the expected files, one text a query. Empty: all is as expected. A file
/// that no query owns is a difference, too.
pub(crate) async fn differences(golden: Golden<'_>, mode: Mode) -> Vec<String> {
    let dir = golden.dir;
    let catalog = Catalog::built_in().unwrap();
    let mut differences = Vec::new();
    let mut owned = BTreeSet::new();
    for query in catalog.list() {
        owned.insert(format!("{}.params", query.name));
        owned.insert(format!("{}.expected", query.name));
        let found = match answer(golden, query).await {
            Ok(found) => found,
            Err(problem) => {
                differences.push(format!("{}: {problem}", query.name));
                continue;
            }
        };
        let file = dir.join(format!("{}.expected", query.name));
        if mode == Mode::Update {
            fs::write(&file, &found).unwrap();
        }
        let expected = fs::read_to_string(&file).unwrap_or_default();
        if let Some(difference) = first_difference(&expected, &found) {
            differences.push(format!("{}: {difference}", query.name));
        }
    }
    for file in fs::read_dir(dir).unwrap() {
        let name = file.unwrap().file_name().into_string().unwrap();
        if (name.ends_with(".params") || name.ends_with(".expected")) && !owned.contains(&name) {
            differences.push(format!("{name}: no query has this name"));
        }
    }
    differences
}

/// The rows of a query as the text of an expected file.
async fn answer(golden: Golden<'_>, query: &Query) -> Result<String, String> {
    let params = golden.dir.join(format!("{}.params", query.name));
    let text = fs::read_to_string(&params).map_err(|error| format!("{}: {error}", params.display()))?;
    let mut given = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (name, value) =
            line.split_once('=').ok_or_else(|| format!("expected `name = value`, found `{line}`"))?;
        given.push((name.trim().to_owned(), value.trim().to_owned()));
    }
    rows(golden, query, &given).await.map_err(|error| format!("{error:?}"))
}

async fn rows(golden: Golden<'_>, query: &Query, given: &[(String, String)]) -> Result<String, QueryError> {
    let mut answer = run(golden.ctx, query, &bind(query, given, golden.now)?).await?;
    let shown = |text: String| if golden.base.is_empty() { text } else { text.replace(golden.base, "") };
    let columns: Vec<String> =
        answer.columns().iter().map(|column| format!("{} {}", column.name, column.kind)).collect();
    let mut text = columns.join(", ");
    text.push('\n');
    while let Some(batch) = answer.next_batch().await? {
        for row in 0..batch.num_rows() {
            let cells: Vec<Option<String>> = batch
                .columns()
                .iter()
                .map(|column| {
                    column.is_valid(row).then(|| shown(array_value_to_string(column, row).unwrap()))
                })
                .collect();
            for character in serde_json::to_string(&cells).unwrap().chars() {
                // Log text may turn a line around: what is not ASCII is escaped.
                if character.is_ascii() {
                    text.push(character);
                    continue;
                }
                for unit in character.encode_utf16(&mut [0; 2]) {
                    write!(text, "\\u{unit:04x}").unwrap();
                }
            }
            text.push('\n');
        }
    }
    Ok(text)
}

/// The first line that differs.
fn first_difference(expected: &str, found: &str) -> Option<String> {
    if expected == found {
        return None;
    }
    let mut lines = expected.lines().zip(found.lines()).enumerate();
    let place = lines.find(|(_, (expected, found))| expected != found).map(|(place, _)| place);
    let place = place.unwrap_or_else(|| expected.lines().count().min(found.lines().count()));
    let line = |text: &str| text.lines().nth(place).unwrap_or("(no such line)").to_owned();
    Some(format!("line {}\n  expected {}\n  found    {}", place + 1, line(expected), line(found)))
}
