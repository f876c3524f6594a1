//! Finds log objects, reads their names, inflates them with limits.
//!
//! An *object* is one file of a log archive. What it holds is decided by [`crate::record`] from its content; the name is
//! only used for the order of reading and to leave other services' logs aside.

mod foreign;
mod inflate;
mod list;
mod name;

pub use foreign::Foreign;
pub use inflate::{INFLATED_BYTES_MAX, Inflated, Inflater, hexadecimal};
pub use list::{ListError, Object, Place, Unlisted, list};
pub use name::ObjectName;
