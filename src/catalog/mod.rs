//! Which actions, resource types and condition keys exist, and which requests an event stands for. No I/O: what it knows
//! is in the program.
//!
//! The parts, with their tables in `tables/`:
//!
//! | part | question | table |
//! |---|---|---|
//! | [`catalog`], [`Catalog`] | what does IAM know: services, actions, resource types, condition keys | `catalog.bin`, generated from packages that scrape AWS's service authorization reference |
//! | [`event`] | which actions does a record of CloudTrail stand for, or why is it no request | `sources.tsv`, `events.tsv`, `not_requests.tsv`, written by hand from AWS's pages |
//! | [`mod@visibility`] | can a log show that an action was used at all | `visibility.tsv`, written by hand from AWS's pages |
//! | [`resource`] | which resources was an action of a record asked for | `resources.tsv` |
//! | [`dependent`] | which further actions did it ask for, that no record shows | – |
//! | [`listing`] | what a person sees who asks for an action | – |
//!
//! Nothing is guessed in silence: a mapping says whether the name itself, a rule or the table made it, and a name that no
//! table and no rule knows is [`event::Mapping::Unknown`].

mod arn_format;
pub mod dependent;
pub mod event;
pub mod listing;
mod load;
mod pattern;
pub mod resource;
mod service;
#[cfg(test)]
pub(crate) mod tests;
mod tsv;
pub mod visibility;

pub use arn_format::{ArnFormat, Part};
pub use load::{Catalog, catalog};
pub use pattern::{is_literal, matches};
pub use service::{
    AccessLevel, Action, ActionResource, ConditionKey, KeyKind, ResourceType, Service, ValueKind,
};
pub use visibility::{Visibility, visibility};

/// The licences of the packages whose facts the catalog holds, for whoever prints the program's notices.
pub const NOTICE: &str = include_str!("tables/NOTICE.md");
