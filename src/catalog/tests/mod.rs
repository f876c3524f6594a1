//! What the catalog must know, and that its tables hold together.

pub(crate) mod corpus;
mod dependent;
mod distinct;
mod event;
mod form;
mod known;
mod lambda;
mod launch;
mod listing;
mod made;
mod naming;
mod owner;
mod partiql;
mod rds;
mod resource;
mod visibility;
