//! The limits of an investigation: how much of each kind is kept of a log that someone may have made to be large.

/// The limits of an investigation. When one is reached, the answer says so in `truncated`; totals still count every row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Source addresses.
    pub addresses_max: usize,
    /// User agents, after versions and random ids are folded.
    pub agents_max: usize,
    /// Access keys and sessions, each.
    pub credentials_max: usize,
    /// Values of one identity field: ARNs, unique ids, names.
    pub identities_max: usize,
    /// Pairs of service and operation.
    pub operations_max: usize,
    /// Error codes.
    pub errors_max: usize,
    /// Groups of refused calls.
    pub denials_max: usize,
    /// Successful calls remembered by their target, to tell what worked later.
    pub successes_max: usize,
    /// Records that make, remove or open something.
    pub changes_max: usize,
    /// Groups of records that alter something.
    pub alterations_max: usize,
    /// Pairs of sensitive operation and target.
    pub steps_max: usize,
    /// Issued temporary keys.
    pub issued_max: usize,
    /// Values of a list inside another: the keys of an address, the regions of a key.
    pub details_max: usize,
    /// Records that prove one statement.
    pub evidence_max: usize,
    /// Bytes of an error message that is kept as a sample.
    pub message_bytes_max: usize,
    /// Distinct minutes of activity before time is counted in larger bins.
    pub minutes_max: usize,
}

/// Bars of the timeline at most.
pub const TIMELINE_BINS_MAX: usize = 60;

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            addresses_max: 20_000,
            agents_max: 2_000,
            credentials_max: 20_000,
            identities_max: 2_000,
            operations_max: 10_000,
            errors_max: 1_000,
            denials_max: 5_000,
            successes_max: 200_000,
            changes_max: 100_000,
            alterations_max: 50_000,
            steps_max: 50_000,
            issued_max: 20_000,
            details_max: 1_000,
            evidence_max: 50,
            message_bytes_max: 2_048,
            minutes_max: 5_000,
        }
    }
}
