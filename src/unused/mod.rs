//! What users and roles may do and never did; what else is unused; and the policies that would have been enough. Knows no
//! engine, clock or file.
//!
//! ```text
//! Snapshot ─ Subjects ─ granted ──────────────────────────┐  (every action of the catalog, put to the evaluator)
//!     events ─ Census (small columns) ─ Detail (whole) ───┼─ finish ─> Unused ─ suggest ─> Suggestion
//!     AssumeRole … ─ Assumptions (trust policies) ────────┘
//! ```
//!
//! # Never "unused" without sight
//!
//! A granted action has one of four marks ([`Mark`]). It is *unused* only where the log of its account would have shown its
//! use: data events of its kind are there for actions that only those log, events that read for actions that read
//! ([`Sight`]). Calls that perhaps asked for an action, or that failed for a reason that is not permission, make it not
//! observable, never unused. The same holds for statements and their parts.
//!
//! # What counts
//!
//! Granted is what the evaluator says of an action on some resource in some context ([`granted()`]). Used are calls that AWS
//! let pass, read as [`crate::replay`] reads them, under the role that a session is of; refused calls are counted apart.
//! Statements and parts of them are put to the evaluator as well (`track`): the same rules decide on the part as on the
//! whole.

mod answer;
mod baseline;
mod census;
mod count;
mod detail;
mod fate;
mod finding;
mod finish;
mod granted;
mod index;
mod naming;
mod need;
mod other;
mod plan;
mod region;
mod risk;
mod service;
mod sight;
mod statement;
mod subject;
pub mod suggest;
mod telling;
#[cfg(test)]
mod tests;
mod track;
mod trust;
mod variable;

pub(crate) use answer::Listed;
pub use answer::{
    ActionUse, Covered, Mark, OriginUse, PrincipalUse, StatementUse, UnmappedCall, Unused, WindowSeen,
};
pub use baseline::{Baseline, BaselineError, Compared, Known, OutOfSight, Resolved, Scope};
pub(crate) use census::is_another;
pub use census::{AccountLog, Census, CensusState, EventName, Key, SeenEvent};
pub use count::{Span, Uses};
pub use detail::{Detail, Tallies, Wanted as WantedEvents};
pub use fate::{Fate, Fates, Gap, Hidden, How};
pub use finding::{Detail as FindingDetail, Finding, Kind};
pub use finish::{Material, finish};
pub use granted::{Granted, granted};
pub use plan::Plan;
pub use region::Reach;
pub use risk::{Risk, risk, risk_of};
pub use service::{Marks, ServiceUse};
pub use sight::{DataEvents, Sight, Unseen};
pub use subject::{Apart, Subject, SubjectError, SubjectKind, Subjects, Wanted};
pub use trust::{Assumed, Assumptions, Trusts};
