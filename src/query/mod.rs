//! The named questions, read-only SQL, and typed rows.

mod event;

pub use event::EventRow;
