//! A query file: its header, read and checked, and its one statement.
//!
//! The header is the run of `--` lines that opens the file. Each field stands on its own line; a line that is indented
//! by three spaces or more goes on with the field above it:
//!
//! ```sql
//! -- title: Activity of an access key
//! -- answers: What did this access key do, when, from where, with what outcome?
//! -- param key text required: The access key id.
//! -- param from timestamp default earliest: Events at or after this time.
//! -- column event_time timestamp: When the request was made.
//! -- reads: events
//! -- caveat: Calls that a service forwarded may carry another key.
//! ```

use std::collections::BTreeSet;

use datafusion::error::DataFusionError;
use datafusion::sql::parser::{DFParser, Statement};
use datafusion::sql::sqlparser::ast::Statement as SqlStatement;
use datafusion::sql::sqlparser::dialect::GenericDialect;
use datafusion::sql::sqlparser::tokenizer::{Token, Tokenizer};

use super::error::syntax_problem;
use super::{AnswerType, QueryError};

/// The largest query file that is read, in bytes.
pub const FILE_BYTES_MAX: usize = 256 * 1024;

/// A named question: what it answers, what it takes, what it gives, and the statement that does it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The name, as in `queries/<name>.sql`: lower-case words joined by `-`.
    pub name: String,
    /// The file, as it was named to us.
    pub file: String,
    /// A few words.
    pub title: String,
    /// The question in full.
    pub answers: String,
    /// What it takes, in the order of the header.
    pub params: Vec<Param>,
    /// What it gives, in the order of the statement.
    pub columns: Vec<QueryColumn>,
    /// The tables it reads, sorted.
    pub reads: Vec<String>,
    /// What the answer does not show, or how it may mislead.
    pub caveat: String,
    /// The whole text; the header is a comment in it, so that the engine's line numbers are the file's.
    pub sql: String,
}

/// A parameter of a query.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Param {
    /// The name; `$name` in the statement.
    pub name: String,
    /// How its value is read.
    pub kind: ParamKind,
    /// What stands when it is not given; `None` when it must be given.
    pub default: Option<ParamDefault>,
    /// What it means.
    pub meaning: String,
}

/// How the value of a parameter is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ParamKind {
    /// Any text, compared as it is.
    Text,
    /// A time, see [`crate::aws::time::of_argument`].
    Timestamp,
    /// A whole number.
    Bigint,
}

impl ParamKind {
    /// The word for it in headers.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            ParamKind::Text => "text",
            ParamKind::Timestamp => "timestamp",
            ParamKind::Bigint => "bigint",
        }
    }
}

/// The value of a parameter that is not given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ParamDefault {
    /// SQL's NULL: the statement does without it.
    Absent,
    /// Before every event.
    Earliest,
    /// After every event.
    Latest,
    /// This text, read as if the user had given it.
    Value(String),
}

impl ParamDefault {
    /// The words for it in headers.
    #[must_use]
    pub fn words(&self) -> &str {
        match self {
            ParamDefault::Absent => "none",
            ParamDefault::Earliest => "earliest",
            ParamDefault::Latest => "latest",
            ParamDefault::Value(text) => text,
        }
    }
}

/// A column of a query's answer, as its header declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryColumn {
    /// The name.
    pub name: String,
    /// The type.
    pub kind: AnswerType,
    /// What a value means.
    pub meaning: String,
    /// The line of the declaration in the file, from 1.
    pub line: usize,
}

impl Query {
    /// Reads a query file's text.
    ///
    /// `name` is the file's name without `.sql`, `file` is how errors name the file.
    ///
    /// # Errors
    ///
    /// [`QueryError::File`] with the line, when the name is not made of lower-case words joined by `-`; a field is
    /// unknown, given twice, empty or missing; a type is unknown; the statement is not exactly one query with an
    /// `ORDER BY`; or the parameters it uses are not the declared ones.
    pub fn parse(name: &str, file: &str, text: &str) -> Result<Query, QueryError> {
        let error = |line: usize, problem: String| QueryError::File { file: file.to_owned(), line, problem };
        if !is_kebab(name) {
            return Err(error(
                1,
                format!("expected a file name of lower-case words joined by `-`, found `{name}`"),
            ));
        }
        if text.len() > FILE_BYTES_MAX {
            return Err(error(1, format!("expected at most {FILE_BYTES_MAX} bytes, found {}", text.len())));
        }
        let mut draft = Draft::default();
        for field in fields(text).map_err(|(line, problem)| error(line, problem))? {
            draft.take(&field).map_err(|problem| error(field.line, problem))?;
        }
        let missing = |field: &str| error(1, format!("the header has no `{field}`"));
        let query = Query {
            name: name.to_owned(),
            file: file.to_owned(),
            title: draft.title.ok_or_else(|| missing("title"))?,
            answers: draft.answers.ok_or_else(|| missing("answers"))?,
            params: draft.params,
            columns: if draft.columns.is_empty() { return Err(missing("column")) } else { draft.columns },
            reads: draft.reads.ok_or_else(|| missing("reads"))?,
            caveat: draft.caveat.ok_or_else(|| missing("caveat"))?,
            sql: text.to_owned(),
        };
        check_statement(text).map_err(|(line, problem)| error(line, problem))?;
        check_params(&query, text).map_err(|(line, problem)| error(line, problem))?;
        Ok(query)
    }

    /// The parameter of this name.
    #[must_use]
    pub fn param(&self, name: &str) -> Option<&Param> {
        self.params.iter().find(|param| param.name == name)
    }

    /// The names of the parameters, in the order of the header.
    pub(crate) fn param_names(&self) -> Vec<String> {
        self.params.iter().map(|param| param.name.clone()).collect()
    }
}

/// A problem and the line it is on.
type Problem = (usize, String);

/// One field of the header, its continuation lines joined.
struct Field {
    line: usize,
    /// What stands before the first `: `.
    head: String,
    /// What stands after it.
    body: String,
}

/// The fields of the header.
fn fields(text: &str) -> Result<Vec<Field>, Problem> {
    let mut fields: Vec<Field> = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let Some(comment) = line.trim_end().strip_prefix("--") else {
            break;
        };
        if comment.is_empty() {
            continue;
        }
        if comment.starts_with("   ") {
            let Some(field) = fields.last_mut() else {
                return Err((
                    number,
                    "expected `-- title: …`, found a line that goes on with no field".to_owned(),
                ));
            };
            field.body.push(' ');
            field.body.push_str(comment.trim());
            continue;
        }
        let Some((head, body)) = comment.split_once(": ") else {
            return Err((number, format!("expected `-- field: text`, found `--{comment}`")));
        };
        fields.push(Field { line: number, head: head.trim().to_owned(), body: body.trim().to_owned() });
    }
    Ok(fields)
}

/// The header while it is read.
#[derive(Default)]
struct Draft {
    title: Option<String>,
    answers: Option<String>,
    params: Vec<Param>,
    columns: Vec<QueryColumn>,
    reads: Option<Vec<String>>,
    caveat: Option<String>,
}

impl Draft {
    fn take(&mut self, field: &Field) -> Result<(), String> {
        if field.body.is_empty() {
            return Err(format!("expected text after `{}:`", field.head));
        }
        let words: Vec<&str> = field.head.split_whitespace().collect();
        match words.as_slice() {
            ["title"] => once(&mut self.title, "title", field.body.clone()),
            ["answers"] => once(&mut self.answers, "answers", field.body.clone()),
            ["caveat"] => once(&mut self.caveat, "caveat", field.body.clone()),
            ["reads"] => once(&mut self.reads, "reads", tables(&field.body)?),
            ["param", name, kind, rest @ ..] => self.param(name, kind, rest, &field.body),
            ["column", name, kind] => self.column(name, kind, field),
            _ => Err(format!(
                "expected one of `title`, `answers`, `param NAME TYPE required|default VALUE`, `column NAME TYPE`, \
                 `reads`, `caveat`, found `{}`",
                field.head
            )),
        }
    }

    fn param(&mut self, name: &str, kind: &str, rest: &[&str], meaning: &str) -> Result<(), String> {
        name_is_sql(name)?;
        if self.params.iter().any(|param| param.name == name) {
            return Err(format!("parameter `{name}` is declared twice"));
        }
        let kind = match kind {
            "text" => ParamKind::Text,
            "timestamp" => ParamKind::Timestamp,
            "bigint" => ParamKind::Bigint,
            other => return Err(format!("expected `text`, `timestamp` or `bigint`, found `{other}`")),
        };
        let default = match rest {
            ["required"] => None,
            ["default", "none"] => Some(ParamDefault::Absent),
            ["default", word @ ("earliest" | "latest")] if kind == ParamKind::Timestamp => {
                Some(if *word == "earliest" { ParamDefault::Earliest } else { ParamDefault::Latest })
            }
            ["default", value @ ..] if !value.is_empty() => Some(ParamDefault::Value(value.join(" "))),
            _ => {
                return Err(format!(
                    "parameter `{name}`: expected `required` or `default VALUE` after the type"
                ));
            }
        };
        self.params.push(Param { name: name.to_owned(), kind, default, meaning: meaning.to_owned() });
        Ok(())
    }

    fn column(&mut self, name: &str, kind: &str, field: &Field) -> Result<(), String> {
        name_is_sql(name)?;
        if self.columns.iter().any(|column| column.name == name) {
            return Err(format!("column `{name}` is declared twice"));
        }
        let kind = AnswerType::from_word(kind).ok_or_else(|| {
            format!("expected `text`, `timestamp`, `date`, `bigint`, `double` or `boolean`, found `{kind}`")
        })?;
        let meaning = field.body.clone();
        self.columns.push(QueryColumn { name: name.to_owned(), kind, meaning, line: field.line });
        Ok(())
    }
}

/// Fills a field that may stand once.
fn once<T>(slot: &mut Option<T>, field: &str, value: T) -> Result<(), String> {
    if slot.is_some() {
        return Err(format!("`{field}` is given twice"));
    }
    *slot = Some(value);
    Ok(())
}

/// The tables of a `reads` field, sorted.
fn tables(body: &str) -> Result<Vec<String>, String> {
    let tables: BTreeSet<String> = body.split(',').map(|table| table.trim().to_owned()).collect();
    for table in &tables {
        name_is_sql(table)?;
    }
    Ok(tables.into_iter().collect())
}

/// Names of tables, columns and parameters need no quotes in SQL.
fn name_is_sql(name: &str) -> Result<(), String> {
    let plain = name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
    let starts = name.chars().next().is_some_and(|c| c.is_ascii_lowercase());
    if plain && starts {
        Ok(())
    } else {
        Err(format!("expected a name of lower-case letters, digits and `_`, found `{name}`"))
    }
}

/// Whether a name is made of lower-case words joined by `-`.
fn is_kebab(name: &str) -> bool {
    name.split('-')
        .all(|word| !word.is_empty() && word.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit()))
}

/// The statement is one query, and it is ordered.
fn check_statement(text: &str) -> Result<(), Problem> {
    let first =
        text.lines().position(|line| !line.trim().is_empty() && !line.starts_with("--")).map_or(1, |i| i + 1);
    let mut statements = DFParser::parse_sql(text).map_err(|error| (first, parse_problem(&error)))?;
    let statement = match (statements.pop_front(), statements.len()) {
        (Some(statement), 0) => statement,
        (None, _) => return Err((first, "expected one statement, found none".to_owned())),
        (Some(_), more) => return Err((first, format!("expected one statement, found {}", more + 1))),
    };
    let Statement::Statement(statement) = statement else {
        return Err((first, "expected a query (`select` or `with`), found another statement".to_owned()));
    };
    match *statement {
        SqlStatement::Query(query) if query.order_by.is_some() => Ok(()),
        SqlStatement::Query(_) => {
            Err((first, "expected `order by`, so that two runs give the same rows".to_owned()))
        }
        _ => Err((first, "expected a query (`select` or `with`), found another statement".to_owned())),
    }
}

/// What the parser said, in one line.
fn parse_problem(error: &DataFusionError) -> String {
    match error.find_root() {
        DataFusionError::SQL(error, _) => syntax_problem(error),
        other => other.to_string(),
    }
}

/// The parameters that the statement uses are the declared ones.
fn check_params(query: &Query, text: &str) -> Result<(), Problem> {
    let tokens = Tokenizer::new(&GenericDialect {}, text)
        .tokenize_with_location()
        .map_err(|error| (1, error.to_string()))?;
    let mut used = BTreeSet::new();
    for token in &tokens {
        if let Token::Placeholder(placeholder) = &token.token {
            let name = placeholder.strip_prefix('$').unwrap_or(placeholder);
            if query.param(name).is_none() {
                let line = usize::try_from(token.span.start.line).unwrap_or(1);
                return Err((
                    line,
                    format!("the statement uses `{placeholder}`, which the header does not declare"),
                ));
            }
            used.insert(name.to_owned());
        }
    }
    match query.params.iter().find(|param| !used.contains(&param.name)) {
        Some(param) => {
            Err((1, format!("the header declares `{}`, which the statement does not use", param.name)))
        }
        None => Ok(()),
    }
}
