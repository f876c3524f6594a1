//! The tests that run the whole product: the library against files, and the binary as a user runs it.
//!
//! One binary, because each test binary links the whole engine again.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "clippy.toml allows these in tests, but clippy takes the functions that tests share for no tests"
)]

mod above;
mod acting;
mod agree;
mod bad;
mod below;
mod borrowed;
mod chains;
mod claims;
mod cli;
#[cfg(feature = "cluster")]
mod cluster;
mod descent;
mod foreign;
mod hidden;
mod json;
mod known;
mod launched;
mod led;
mod lineage;
mod lossless;
mod names;
mod namesake;
mod neighbour;
mod once;
mod open;
mod others;
mod person;
mod places;
mod policy;
mod policy_twin;
mod program;
mod readme;
mod replay;
mod roots;
mod s3;
mod sources;
mod story;
mod switch;
mod tree;
mod tried;
mod twin;
mod unused;
mod usage;
