//! A scheduler and executors as processes on loopback: the same answers as without them, and clear words when they fail.

mod failure;
mod ingest;
mod processes;
mod random;
mod same;
mod scratch;
mod storage;
