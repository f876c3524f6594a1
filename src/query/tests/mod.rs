//! The named questions over a few hand-written rows.

mod catalog;
pub(crate) mod fixture;
mod functions;
mod golden;
mod lookup;
mod meaning;
mod measure;
mod pruning;
mod queries;
mod rows;
mod sql;
mod story;
