//! Splits any envelope into records, checks them, refuses with a reason; the tally.
//!
//! Knows JSON and CloudTrail's outer shapes, not the columns: what becomes of a record's members is [`crate::lake`]'s.

mod block;
pub mod canonical;
mod envelope;
mod foreign;
pub mod memo;
mod reason;
pub mod scan;
pub mod secret;
mod tally;

pub use envelope::{Item, RECORD_BYTES_MAX, Splitter};
pub use reason::Reason;
pub use tally::{Counts, Refusal, Tally};
