//! The named questions, read-only SQL, and typed rows.
//!
//! A *query* is a file of `queries/` with a checked header and one statement. [`Catalog`] holds them, [`bind`] reads
//! the values of a query's parameters, [`run`] answers it; [`sql`] answers any text that only reads. Both need a
//! session with the lake's tables in which [`register_functions`] was called. `lookup` finds few rows of a lake without a
//! plan. This module knows tables, columns and the engine; it does not know where the tables come from, and turns no row
//! into text.

mod answer;
mod bind;
mod caller;
mod catalog;
pub mod cells;
mod error;
mod event;
mod everyone;
mod file;
mod fold;
mod function;
mod launch;
mod lenient;
pub mod lineage;
mod lookup;
pub mod measure;
mod nearest;
mod outcome;
mod rows;
mod run;
mod select;
pub mod sensitive;
mod sql;
mod target;

#[cfg(test)]
pub(crate) mod golden;
#[cfg(test)]
mod tests;

pub use answer::{Answer, AnswerColumn, AnswerType};
pub use bind::{ParamValues, bind};
pub use caller::CallerFunction;
pub use catalog::{Catalog, FILES_MAX};
pub use error::QueryError;
pub use event::EventRow;
pub use everyone::{names_everyone, other_accounts};
pub use file::{FILE_BYTES_MAX, Param, ParamDefault, ParamKind, Query, QueryColumn};
pub use fold::{Read, fold, fold_elsewhere, fold_groups};
pub use function::{Function, functions, register_functions};
pub(crate) use lenient::value as lenient_json;
pub use outcome::{Outcome, OutcomeFields};
pub use rows::{EVENT_ROW_COLUMNS, rows};
pub use run::run;
pub use select::{Filter, each, each_named};
use select::{row_columns, select};
pub use sql::{SQL_BYTES_MAX, register_file, sql};
