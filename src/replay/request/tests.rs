//! Facts of requests, on synthetic records; public records where they are at hand.

mod calls;
mod corpus;
mod fields;
mod logged;
mod looked_at;
mod snapshot;
mod stated;
