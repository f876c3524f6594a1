//! Logged requests against policies: what would today's, or tomorrow's, have said to what really happened? Knows no engine.
//!
//! ```text
//! Record ── requests ──> Asked (action, resource)  ┐
//!    │ ──── who ───────> Caller                    ├─ Judge ──> Verdict
//!    │ ──── context ───> Context, why unknown      │
//!    └ ──── Issuances ─> Session (policies, tags)  ┘
//! ```

mod agree;
pub mod answer;
mod assume;
mod call;
mod context;
mod decided;
mod explain;
mod finish;
mod fold;
mod judge;
mod original;
mod propagate;
mod record;
mod request;
mod row;
mod session;
mod tag;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod who;

use context::{Parts, fields_of_key_in};
use request::requests_seen;

pub use assume::{Supposed, can_assume};
pub use context::{Told, context, context_of, fields_of_key, is_told_by_session, why_unknown};
pub use explain::{Changed, Question, changed, concerned, explain};
pub use finish::Proposed;
pub use fold::{DISTINCT_MAX, EventVerdict, Folded, Limits, Plan, Replayer, State};
pub use original::{COPIES_APART_SECONDS, FIELDS_OF_ORIGINAL, Originals, is_copy, original};
pub use propagate::{AFTER_CHANGE_SECONDS, Changes, ELSEWHERE, Entity, Suspects, WORKED_WITHIN_SECONDS};
pub use record::{Field, Fields, Parsed, Record};
pub use request::{
    Asked, Origin, Reading, ResourceFrom, fields_of_request, needs_response, requests, requests_unstated,
};
pub use row::Row;
pub use session::{FIELDS_OF_SESSION, Issuances, Session, SessionPolicies};
pub use who::{FIELDS_OF_CALLER, Who, who};
