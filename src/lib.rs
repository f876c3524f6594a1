//! `backtrail` answers, from AWS CloudTrail logs: who is really behind this activity, what did this user or key do,
//! and what did it leave behind.
//!
//! # The flow
//!
//! ```text
//! objects -> records -> events (lake) -> queries -> investigate -> report -> cli
//! ```
//!
//! The modules stand in the order of the flow, and each uses only those above it:
//!
//! | module | one line | uses |
//! |---|---|---|
//! | [`aws`] | the words of AWS: account, ARN, access key id, denial messages, time. No I/O | – |
//! | [`archive`] | finds log objects, reads their names, inflates them with limits | `aws` |
//! | [`record`] | splits any envelope into records, decodes one, refuses with a reason; the tally | `aws`, `archive` |
//! | [`lake`] | the columns; records to Arrow; Delta tables of Parquet; commits, ledger, compaction; the session | `aws`, `archive`, `record` |
//! | [`query`] | the named questions in `queries/*.sql`, read-only SQL, typed rows | `aws`, `lake` |
//! | [`investigate`] | folds the rows of one subject into one answer; knows no engine | `aws`, `query`'s plain row |
//! | [`report`] | results to text, JSON and CSV; the only place where log text becomes output text | plain results of `lake`, `query`, `investigate` |
//! | [`cli`] | arguments -> plan -> command -> report; exit codes; progress | all |

pub mod archive;
pub mod aws;
pub mod cli;
pub mod inquiry;
pub mod investigate;
pub mod lake;
pub mod query;
pub mod record;
pub mod report;
