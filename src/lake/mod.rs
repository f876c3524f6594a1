//! The lake: Delta tables of Parquet.
mod column;
pub use column::{Column, Kind, Source};
