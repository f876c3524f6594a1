//! What a look-up of a workload's launches found.

use crate::lineage::{LastLaunch, Launch, Part, Passed};

/// The launch to which a session goes back, see [`LastLaunch`].
pub(in crate::inquiry::trace) struct FoundLaunch {
    pub(in crate::inquiry::trace) launch: Launch,
    pub(in crate::inquiry::trace) passed: Passed,
    pub(in crate::inquiry::trace) gave_role: Option<Launch>,
    /// What each gave, and of which version where that is open.
    pub(in crate::inquiry::trace) beside: Vec<(Part, Option<String>, Launch)>,
    /// The ids of the records that published versions of which nothing tells who is behind them.
    pub(in crate::inquiry::trace) untold: Vec<String>,
}

impl From<&LastLaunch<'_>> for FoundLaunch {
    fn from(last: &LastLaunch<'_>) -> Self {
        let beside = last.beside.iter();
        FoundLaunch {
            launch: last.launch.clone(),
            passed: last.passed,
            gave_role: last.gave_role.cloned(),
            beside: beside
                .map(|one| (one.part, one.version.map(str::to_owned), one.launch.clone()))
                .collect(),
            untold: last.untold.iter().map(|published| published.record.id()).collect(),
        }
    }
}
