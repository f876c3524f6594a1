//! Facts about investigations, on hand-written rows.
