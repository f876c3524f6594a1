//! The tests that run the whole product: the library against files, and the binary as a user runs it.
//!
//! One binary, because each test binary links the whole engine again.

mod bad;
mod cli;
mod json;
mod lossless;
mod once;
mod places;
mod readme;
mod tree;
