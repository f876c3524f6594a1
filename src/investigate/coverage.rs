//! What the logs hold at all, as the caller measured it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::evidence::{Evidence, Span, Time};
use super::who::Caller;

/// Hours without any event, from the beginning of the first to the end of the last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Gap {
    /// When the first empty hour begins.
    pub from: Time,
    /// When the last empty hour ends.
    pub to: Time,
}

/// A change of logging by anyone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LoggingEvent {
    /// The record.
    #[serde(flatten)]
    pub evidence: Evidence,
    /// What it was about, when the caller knows.
    pub target: Option<String>,
    /// Who made it.
    pub by: Caller,
}

/// What the logs hold, over all records and not only the subject's. Everything may be left empty by a caller who does
/// not know it; then nothing is said about it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Coverage {
    /// The first and last event, and their number.
    pub whole: Span,
    /// By account.
    pub accounts: BTreeMap<String, Span>,
    /// By region.
    pub regions: BTreeMap<String, Span>,
    /// Events by `eventCategory`.
    pub categories: BTreeMap<String, u64>,
    /// Data events by event source.
    pub data_sources: BTreeMap<String, Span>,
    /// Management events that only read; 0 tells a trail that logs writes only.
    pub read_only_events: u64,
    /// Hours without any event, between the first and the last.
    pub gaps: Vec<Gap>,
    /// Changes of logging by anyone.
    pub logging_changes: Vec<LoggingEvent>,
}
