//! A generator of CloudTrail archives: made-up, realistic, of any size, the same for the same seed.
//!
//! Tests and benches include this folder (`#[path = "…/benches/archive/mod.rs"] mod archive;`); `benches/generate.rs` is the
//! same as a command. It streams: memory does not grow with the archive. It knows nothing of the program under test, so that its
//! counts are a second opinion.
#![allow(dead_code, reason = "each of those who include it uses a part")]

mod calls;
pub(crate) mod object;
pub(crate) mod random;
mod record;
mod schedule;
pub(crate) mod text;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;

use self::record::Writer;

/// What archive to make.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Spec {
    /// Different events.
    pub(crate) events: u64,
    /// Log objects.
    pub(crate) objects: u64,
    pub(crate) seed: u64,
    /// Days, from 2026-01-05.
    pub(crate) days: u32,
    /// Accounts, at most 9.
    pub(crate) accounts: usize,
    /// Regions, at most 8.
    pub(crate) regions: usize,
    /// The share of events that are delivered a second time: in a later object of the same account and region, the last ones in
    /// the same object.
    pub(crate) duplicates: f64,
    /// The share of events that a later object brings than their time asks for.
    pub(crate) late: f64,
    /// Every user and role makes so many different calls, each time on the same resources but for new objects in buckets, as
    /// programs do; None where anybody makes any call on anything.
    pub(crate) habits: Option<u64>,
    /// Whether three objects have about 50 MB each, or a sixth of all events where that is less.
    pub(crate) big: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            events: 10_000,
            objects: 40,
            seed: 1,
            days: 10,
            accounts: 3,
            regions: 4,
            duplicates: 0.05,
            late: 0.01,
            habits: None,
            big: false,
        }
    }
}

/// What the archive holds. Counts are of different events, but for `records`, which counts second deliveries, too.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Summary {
    pub(crate) events: u64,
    pub(crate) records: u64,
    pub(crate) duplicates: u64,
    pub(crate) late: u64,
    pub(crate) objects: u64,
    /// Bytes of JSON, and of the gzip files.
    pub(crate) raw_bytes: u64,
    pub(crate) gz_bytes: u64,
    /// The first and the last `eventTime`.
    pub(crate) first: String,
    pub(crate) last: String,
    /// Sessions that AssumeRole and its like issued.
    pub(crate) issued: u64,
    /// Requests that two accounts recorded under one `sharedEventID`.
    pub(crate) cross_account: u64,
    pub(crate) denied: u64,
    pub(crate) throttled: u64,
    pub(crate) failed: u64,
    pub(crate) accounts: BTreeMap<String, u64>,
    pub(crate) regions: BTreeMap<String, u64>,
    /// By event source and name, as `sts:AssumeRole`.
    pub(crate) names: BTreeMap<String, u64>,
    pub(crate) subject: Subject,
}

/// One long-term key, and exactly what it did.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Subject {
    pub(crate) key: String,
    pub(crate) arn: String,
    pub(crate) calls: u64,
    pub(crate) denied: u64,
    /// Sessions that it issued itself.
    pub(crate) issued: u64,
    pub(crate) first: String,
    pub(crate) last: String,
    pub(crate) names: BTreeMap<String, u64>,
}

/// Writes the archive of `spec` below `dir`, as `AWSLogs/…`.
///
/// # Errors
/// Where a file cannot be written, or the spec asks for what cannot be: no events, more objects than events, too many
/// accounts or regions, shares outside of 0 to 1.
pub(crate) fn generate(spec: &Spec, dir: &Path) -> io::Result<Summary> {
    check(spec)?;
    Writer::new(spec).write(dir)
}

fn check(spec: &Spec) -> io::Result<()> {
    let shares = [spec.duplicates, spec.late];
    let wrong = if spec.objects == 0 || spec.events < spec.objects {
        "expected at least one object and at least one event an object"
    } else if spec.accounts == 0 || spec.accounts > world::World::ACCOUNTS_MAX {
        "expected 1 to 9 accounts"
    } else if spec.regions == 0 || spec.regions > schedule::REGIONS.len() {
        "expected 1 to 8 regions"
    } else if spec.days == 0 {
        "expected at least one day"
    } else if spec.habits == Some(0) {
        "expected at least one call of each user and role"
    } else if shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
        "expected shares from 0 to 1"
    } else {
        return Ok(());
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}
