//! Reads parameter values from text and binds them.

use std::collections::{BTreeMap, HashMap};

use chrono::{DateTime, SecondsFormat, Utc};
use datafusion::common::ParamValues as EngineValues;
use datafusion::scalar::ScalarValue;

use super::{Param, ParamDefault, ParamKind, Query, QueryError, nearest};
use crate::aws::time;

/// What `earliest` stands for: the first moment of year 1, in microseconds.
const EARLIEST_MICROS: i64 = -62_135_596_800_000_000;
/// What `latest` stands for: the last moment of year 9999, in microseconds.
const LATEST_MICROS: i64 = 253_402_300_799_999_999;

/// A value for every parameter of a query, each of the parameter's type.
#[derive(Debug, Clone, PartialEq)]
pub struct ParamValues(BTreeMap<String, ScalarValue>);

impl ParamValues {
    /// The values as the engine takes them. They are bound to the plan, never written into the statement's text.
    pub(crate) fn to_engine(&self) -> EngineValues {
        let values: HashMap<&str, ScalarValue> =
            self.0.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        EngineValues::from(values)
    }
}

/// Reads the given values, fills in the defaults, and refuses whatever the query does not take.
///
/// `now` is what relative times count from.
///
/// # Errors
///
/// [`QueryError::UnknownParam`], [`QueryError::DuplicateParam`], [`QueryError::MissingParam`] with the query's
/// parameters; [`QueryError::BadParam`] when a value does not read as its type; [`QueryError::EmptyWindow`] when `from`
/// is not before `to`.
pub fn bind(
    query: &Query,
    given: &[(String, String)],
    now: DateTime<Utc>,
) -> Result<ParamValues, QueryError> {
    let mut texts: BTreeMap<&str, &str> = BTreeMap::new();
    for (name, text) in given {
        if query.param(name).is_none() {
            return Err(QueryError::UnknownParam {
                query: query.name.clone(),
                name: name.clone(),
                params: nearest::first(name, query.param_names()),
            });
        }
        if texts.insert(name, text).is_some() {
            return Err(QueryError::DuplicateParam {
                query: query.name.clone(),
                name: name.clone(),
                params: query.param_names(),
            });
        }
    }
    let mut values = BTreeMap::new();
    for param in &query.params {
        values.insert(param.name.clone(), value(query, param, texts.get(param.name.as_str()).copied(), now)?);
    }
    let values = ParamValues(values);
    check_window(query, &values)?;
    Ok(values)
}

/// The value of one parameter.
fn value(
    query: &Query,
    param: &Param,
    text: Option<&str>,
    now: DateTime<Utc>,
) -> Result<ScalarValue, QueryError> {
    match (text, &param.default) {
        (Some(text), _) => read(query, param, text, now),
        (None, Some(ParamDefault::Value(text))) => read(query, param, text, now),
        (None, Some(ParamDefault::Earliest)) => Ok(timestamp(Some(EARLIEST_MICROS))),
        (None, Some(ParamDefault::Latest)) => Ok(timestamp(Some(LATEST_MICROS))),
        (None, Some(ParamDefault::Absent)) => Ok(match param.kind {
            ParamKind::Text => ScalarValue::Utf8(None),
            ParamKind::Timestamp => timestamp(None),
            ParamKind::Bigint => ScalarValue::Int64(None),
        }),
        (None, None) => Err(QueryError::MissingParam {
            query: query.name.clone(),
            name: param.name.clone(),
            meaning: param.meaning.clone(),
            params: query.param_names(),
        }),
    }
}

/// Reads a value's text as the parameter's type.
fn read(query: &Query, param: &Param, text: &str, now: DateTime<Utc>) -> Result<ScalarValue, QueryError> {
    let bad = |problem: String| QueryError::BadParam {
        query: query.name.clone(),
        name: param.name.clone(),
        problem,
    };
    match param.kind {
        ParamKind::Text => Ok(ScalarValue::Utf8(Some(text.to_owned()))),
        ParamKind::Bigint => match text.parse::<i64>() {
            Ok(number) if number < 0 && counts_rows(query, param) => {
                Err(bad(format!("expected a whole number from 0 on, found `{text}`")))
            }
            Ok(number) => Ok(ScalarValue::Int64(Some(number))),
            Err(_) => Err(bad(format!("expected a whole number, found `{text}`"))),
        },
        ParamKind::Timestamp => match time::of_argument(text, now) {
            Ok(instant) => Ok(timestamp(Some(instant.timestamp_micros()))),
            Err(error) => Err(bad(error.to_string())),
        },
    }
}

/// Whether a parameter says how many rows there shall be.
fn counts_rows(query: &Query, param: &Param) -> bool {
    let words: Vec<&str> = query.sql.split_whitespace().collect();
    let value = format!("${}", param.name);
    words.windows(2).any(|pair| match pair {
        [word, next] => {
            ["limit", "offset", "fetch"].iter().any(|own| word.eq_ignore_ascii_case(own)) && *next == value
        }
        _ => false,
    })
}

/// A value for `event_time`'s type.
fn timestamp(micros: Option<i64>) -> ScalarValue {
    ScalarValue::TimestampMicrosecond(micros, Some("UTC".into()))
}

/// Refuses a window that no event can lie in.
fn check_window(query: &Query, values: &ParamValues) -> Result<(), QueryError> {
    let micros = |name: &str| match values.0.get(name) {
        Some(ScalarValue::TimestampMicrosecond(micros, _)) => *micros,
        _ => None,
    };
    match (micros("from"), micros("to")) {
        (Some(from), Some(to)) if from >= to => {
            Err(QueryError::EmptyWindow { query: query.name.clone(), from: shown(from), to: shown(to) })
        }
        _ => Ok(()),
    }
}

/// A time for a message.
fn shown(micros: i64) -> String {
    DateTime::from_timestamp_micros(micros)
        .map_or_else(|| micros.to_string(), |time| time.to_rfc3339_opts(SecondsFormat::AutoSi, true))
}
