//! The queries there are: those that are built in, and those of a folder of the user's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::file::FILE_BYTES_MAX;
use super::{Query, QueryError, nearest};

/// The most files that are read from a folder of queries.
pub const FILES_MAX: usize = 1_000;

macro_rules! built_in {
    ($($name:literal)+) => {
        /// The built-in queries: name, and the text of `queries/<name>.sql`.
        pub(crate) const BUILT_IN: &[(&str, &str)] = &[
            $(($name, include_str!(concat!("../../queries/", $name, ".sql"))),)+
        ];
    };
}

built_in! {
    "activity-by-origin"
    "activity-of-ip"
    "activity-of-key"
    "activity-of-principal"
    "activity-of-session"
    "calls-by-action"
    "console-sign-ins"
    "coverage-days"
    "coverage-hours"
    "credentials-issued"
    "cross-account-assumes"
    "denied-calls"
    "event"
    "ingest-objects"
    "ingest-refusals"
    "key-usage"
    "logging-changes"
    "new-since"
    "root-activity"
    "secrets-read"
    "sensitive-changes"
    "top-talkers"
    "users-of-role"
}

/// The named queries, by name.
#[derive(Debug, Clone)]
pub struct Catalog {
    queries: BTreeMap<String, Query>,
}

impl Catalog {
    /// The built-in queries.
    ///
    /// # Errors
    ///
    /// [`QueryError::File`] when a built-in file breaks the rules of its header, which a test rules out.
    pub fn built_in() -> Result<Catalog, QueryError> {
        Self::built_in_where(|_| true)
    }

    /// The built-in query of this name alone; all of them where there is none. To understand all takes longer than to
    /// answer some.
    ///
    /// # Errors
    ///
    /// As [`Catalog::built_in`].
    pub fn built_in_for(name: &str) -> Result<Catalog, QueryError> {
        let found = Self::built_in_where(|own| own == name)?;
        if found.queries.is_empty() { Self::built_in() } else { Ok(found) }
    }

    fn built_in_where(wanted: impl Fn(&str) -> bool) -> Result<Catalog, QueryError> {
        let mut queries = BTreeMap::new();
        for (name, text) in BUILT_IN.iter().filter(|(name, _)| wanted(name)) {
            let query = Query::parse(name, &format!("queries/{name}.sql"), text)?;
            queries.insert(query.name.clone(), query);
        }
        Ok(Catalog { queries })
    }

    /// Adds every `.sql` file of a folder; folders in it are not entered, other files are passed over.
    ///
    /// # Errors
    ///
    /// [`QueryError::Io`] when the folder or a file cannot be read, [`QueryError::File`] when a file breaks the rules
    /// of [`Query::parse`], is not UTF-8, is too large, or bears the name of a query that exists already.
    pub fn add_dir(&mut self, dir: &Path) -> Result<(), QueryError> {
        for path in sql_files(dir)? {
            let file = path.display().to_string();
            let problem = |problem: String| QueryError::File { file: file.clone(), line: 1, problem };
            let Some(name) = path.file_stem().and_then(|stem| stem.to_str()) else {
                return Err(problem("expected a file name in UTF-8".to_owned()));
            };
            let query = Query::parse(name, &file, &read(&path)?)?;
            if let Some(other) = self.queries.get(name) {
                return Err(problem(format!("a query `{name}` exists already (`{}`)", other.file)));
            }
            self.queries.insert(query.name.clone(), query);
        }
        Ok(())
    }

    /// Every query, by name.
    pub fn list(&self) -> impl Iterator<Item = &Query> {
        self.queries.values()
    }

    /// The query of this name.
    ///
    /// # Errors
    ///
    /// [`QueryError::UnknownQuery`] with every name there is, the closest first.
    pub fn get(&self, name: &str) -> Result<&Query, QueryError> {
        self.queries.get(name).ok_or_else(|| QueryError::UnknownQuery {
            name: name.to_owned(),
            valid: nearest::first(name, self.queries.keys().cloned()),
        })
    }
}

/// The `.sql` files of a folder, sorted by name.
fn sql_files(dir: &Path) -> Result<Vec<PathBuf>, QueryError> {
    let io = |source| QueryError::Io { step: "list the queries of", path: dir.to_owned(), source };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.extension().is_some_and(|extension| extension == "sql") && path.is_file() {
            files.push(path);
        }
    }
    if files.len() > FILES_MAX {
        let problem = format!("expected at most {FILES_MAX} `.sql` files, found {}", files.len());
        return Err(QueryError::File { file: dir.display().to_string(), line: 1, problem });
    }
    files.sort();
    Ok(files)
}

/// The text of a file, unless it is too large to be a query.
fn read(path: &Path) -> Result<String, QueryError> {
    let io = |source| QueryError::Io { step: "read the query", path: path.to_owned(), source };
    let bytes = fs::metadata(path).map_err(io)?.len();
    if bytes > FILE_BYTES_MAX as u64 {
        let problem = format!("expected at most {FILE_BYTES_MAX} bytes, found {bytes}");
        return Err(QueryError::File { file: path.display().to_string(), line: 1, problem });
    }
    fs::read_to_string(path).map_err(io)
}
