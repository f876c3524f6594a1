//! Results to text, JSON and CSV: the only place where log text becomes output text.
//!
//! Plain values in, [`String`] out; nothing here knows an engine, a clock or a file. Log text is hostile: everything
//! that writes a line here shows its text through [`Style::shown`], so no caller can forget it. Escaping twice is the
//! same as escaping once.
//!
//! | module | one line |
//! |---|---|
//! | [`text`] | escaping, width in terminal columns, cutting, wrapping |
//! | [`figure`] | numbers, shares, sizes, durations, moments and ranges in words |
//! | [`chart`] | bars and sparklines |
//! | [`prefix`] | the prefix that most names share, printed once |
//! | [`table`] | rows and columns |
//! | [`section`] | subject line, headings, facts (`  who      …`), items, `next:` lines |
//! | [`answer`] | the rows of a query, as text, JSON or CSV, batch by batch |
//! | [`coverage`] | what the lake covers: regions, days, hours, holes, changes of logging |
//! | [`csv`], [`json`] | the forms for programs |
//! | [`ingest`], [`plan`] | the tally of an ingest, and what one would read |
//! | [`investigate`] | the screen of `investigate` |
//! | [`trace`] | the screen of `trace`: the chain up, the tree below; rows and graphs of both |
//! | [`policy`] | what `policy test`, `policy eval` and `policy lint` say |
//! | [`snapshot`] | what a snapshot of policies holds and misses |
//! | [`catalog`] | actions and what is known of them |
//! | [`replay`] | what policies say to what happened: verdicts, what a proposal breaks, statements |
//! | [`explain`] | one call explained; who can assume a role |
//! | [`unused`] | what users and roles may do and never did, what else is unused, suggested policies |
//! | [`sessions`] | the screen of `sessions`: role by session name, what is claimed and what is verified |

pub mod answer;
pub mod catalog;
pub mod chart;
pub mod coverage;
pub mod csv;
pub mod explain;
pub mod figure;
pub mod ingest;
pub mod investigate;
pub mod json;
pub mod plan;
pub mod policy;
pub mod prefix;
pub mod replay;
pub mod section;
pub mod sessions;
pub mod snapshot;
mod style;
pub mod table;
pub mod text;
pub mod trace;
pub mod unused;

pub use section::Facts;
pub use style::{Mark, Style};
pub use table::{Column, Table};
pub use text::Cut;
