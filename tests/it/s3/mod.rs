//! `s3://` as a source, against an S3 server on loopback that fails as S3 does.

mod fault;
mod pruning;
mod rows;
mod server;
