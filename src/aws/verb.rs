//! Whether an operation changes something, as far as its name tells.

/// Verbs with which an operation that only reads begins, for records that do not say `readOnly`.
const READING: &[&str] = &[
    "Get",
    "List",
    "Describe",
    "Head",
    "Lookup",
    "Search",
    "BatchGet",
    "BatchDescribe",
    "Select",
    "Scan",
    "Query",
    "View",
    "Check",
    "Filter",
    "Preview",
    "Simulate",
    "Validate",
    "Estimate",
    "Discover",
    "Detect",
    "Poll",
    "Receive",
    "Download",
    "Read",
    "AssumeRole",
    "Decode",
    "TransactGet",
    "StartQuery",
];

/// Whether an operation of this name changes something, for records that do not say `readOnly`, as those of before 2014: all
/// do but those whose verb reads, and what has no name.
#[must_use]
pub fn writes_by_name(event_name: &str) -> bool {
    !event_name.is_empty() && !READING.iter().any(|verb| event_name.starts_with(verb))
}
