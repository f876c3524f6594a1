//! What can go wrong between a question and its rows, in the asker's words.

use std::path::PathBuf;

use datafusion::common::SchemaError;
use datafusion::error::DataFusionError;
use datafusion::sql::sqlparser::parser::ParserError;

/// Why a question was not answered.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    /// No query has this name.
    #[error(
        "no query is named `{name}`, expected one of {}\nhint: `backtrail query --list` says what each answers",
        listed(valid)
    )]
    UnknownQuery {
        /// The name that was asked for.
        name: String,
        /// Every name there is, the closest first.
        valid: Vec<String>,
    },
    /// A query file's header or statement breaks the rules of [`crate::query::Query::parse`].
    #[error("{file}:{line}: {problem}")]
    File {
        /// The file, as it was named to us.
        file: String,
        /// The line, from 1.
        line: usize,
        /// What was expected and what was found.
        problem: String,
    },
    /// A folder or file of queries could not be read.
    #[error("cannot {step} `{}`", path.display())]
    Io {
        /// What was being done: `list`, `read`.
        step: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A parameter that the query does not take.
    #[error("query `{query}` takes no parameter `{name}`; {}", takes(params))]
    UnknownParam {
        /// The query.
        query: String,
        /// The name that was given.
        name: String,
        /// The parameters it takes, the closest first.
        params: Vec<String>,
    },
    /// A parameter without a default was not given.
    #[error("query `{query}` needs parameter `{name}` ({meaning}); {}", takes(params))]
    MissingParam {
        /// The query.
        query: String,
        /// The missing parameter.
        name: String,
        /// What it means.
        meaning: String,
        /// The parameters it takes.
        params: Vec<String>,
    },
    /// A parameter was given more than once.
    #[error("parameter `{name}` of query `{query}` is given twice; {}", takes(params))]
    DuplicateParam {
        /// The query.
        query: String,
        /// The parameter.
        name: String,
        /// The parameters it takes.
        params: Vec<String>,
    },
    /// A parameter's value does not read as its type.
    #[error("parameter `{name}` of query `{query}`: {problem}")]
    BadParam {
        /// The query.
        query: String,
        /// The parameter.
        name: String,
        /// What was expected and what was given.
        problem: String,
    },
    /// `from` is not before `to`: no event can lie between.
    #[error(
        "the time window of query `{query}` is empty: `from` {from} is not before `to` {to}\nhint: `from` is the first moment inside, `to` the first one after"
    )]
    EmptyWindow {
        /// The query.
        query: String,
        /// The first moment asked for, RFC 3339.
        from: String,
        /// The first moment no longer asked for, RFC 3339.
        to: String,
    },
    /// The text is more than reading, or more than one statement.
    #[error("{problem}\nhint: {hint}")]
    NotReadOnly {
        /// What was found.
        problem: String,
        /// What to write instead.
        hint: &'static str,
    },
    /// The text names a table that the lake does not have.
    #[error("no table is named `{name}`, expected one of {}{}", listed(tables), table_hint(name))]
    UnknownTable {
        /// The name in the text.
        name: String,
        /// The tables there are, the closest first.
        tables: Vec<String>,
    },
    /// The text names a column that its tables do not have.
    #[error("no column is named `{name}`, expected one of {}\nhint: {hint}", listed(columns))]
    UnknownColumn {
        /// The name in the text.
        name: String,
        /// The columns that could stand there, the closest first.
        columns: Vec<String>,
        /// Advice.
        hint: &'static str,
    },
    /// A record batch lacks a column, or holds it in another type, than the reader needs.
    #[error("column `{column}`: expected {expected}, found {found}")]
    Column {
        /// The column.
        column: &'static str,
        /// The type that is read.
        expected: &'static str,
        /// The type that came, or `no such column`.
        found: String,
    },
    /// The text is no SQL.
    #[error("cannot parse the query: {problem}")]
    Syntax {
        /// What was expected and found, with line and column.
        problem: String,
    },
    /// The engine refused the text or failed while running it.
    #[error("{step}")]
    Engine {
        /// What was being done.
        step: &'static str,
        /// What the engine said.
        source: Box<DataFusionError>,
    },
}

impl QueryError {
    /// Turns what the engine said about an unknown column into our own words; all else stays the engine's.
    pub(crate) fn engine(step: &'static str, error: DataFusionError) -> Self {
        if let DataFusionError::SchemaError(schema, _) = error.find_root()
            && let SchemaError::FieldNotFound { field, valid_fields } = schema.as_ref()
        {
            let columns = super::nearest::first(&field.name, valid_fields.iter().map(|c| c.name.clone()));
            return QueryError::UnknownColumn {
                name: field.flat_name(),
                columns,
                hint: column_hint(&field.name),
            };
        }
        if let DataFusionError::SQL(syntax, _) = error.find_root() {
            return QueryError::Syntax { problem: syntax_problem(syntax) };
        }
        QueryError::Engine { step, source: Box::new(error) }
    }
}

/// What the parser said, without its own name for itself.
pub(crate) fn syntax_problem(error: &ParserError) -> String {
    let text = match error {
        ParserError::TokenizerError(text) | ParserError::ParserError(text) => text,
        ParserError::RecursionLimitExceeded => "it is nested too deep",
    };
    text.replace("Expected: ", "expected ")
        .replace("found: ", "found ")
        .replace(" at Line: ", " at line ")
        .replace(", Column: ", ", column ")
}

/// Advice for a name that is no column: text in double quotes is the usual slip, since SQL reads it as a name.
fn column_hint(name: &str) -> &'static str {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    if plain {
        "`backtrail sql \"describe events\"` lists the columns with their types"
    } else {
        "text is written in 'single quotes'; \"double quotes\" name a column"
    }
}

/// Advice for a table that is there only where its file is given.
fn table_hint(name: &str) -> &'static str {
    match name {
        "verdicts" => "\nhint: `--verdicts FILE` gives the file that `backtrail replay --save` wrote",
        _ => "",
    }
}

/// Names for a message: in backticks, separated by commas.
fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "(there are none)".to_owned();
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// The parameters of a query for a message.
fn takes(params: &[String]) -> String {
    if params.is_empty() { "it takes none".to_owned() } else { format!("it takes {}", listed(params)) }
}
