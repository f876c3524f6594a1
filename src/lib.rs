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
//! | [`inquiry`] | puts a question about one subject to a lake: who is meant, which rows are theirs, what the lake could show | `aws`, `lake`, `query`, `investigate` |
//! | [`report`] | results to text, JSON and CSV; the only place where log text becomes output text | plain results of `lake`, `query`, `investigate`, `inquiry` |
//! | [`cli`] | arguments -> plan -> command -> report; exit codes; progress | all |
//!
//! Only [`lake`] and [`query`] speak to the engine; [`inquiry`] and [`cli`] hand its session on to them. Only [`cli`] prints and
//! reads arguments and environment. A test (`tests/it/tree.rs`) holds the code to this page.

pub mod archive;
pub mod aws;
pub mod cli;
pub mod inquiry;
pub mod investigate;
pub mod lake;
pub mod query;
pub mod record;
pub mod report;
