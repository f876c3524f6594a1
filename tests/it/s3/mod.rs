//! `s3://` as a source and as a lake, against an S3 server on loopback that fails as S3 does.

mod ahead;
mod archived;
mod fault;
mod lake;
mod layouts;
mod pruning;
mod rows;
pub(crate) mod server;
mod shard;
