//! A generator of credential chains: CloudTrail records of which it is known who stands behind every credential.
//!
//! Tests and benches include this folder beside `benches/archive`, whose numbers and texts it uses (`mod archive; mod
//! chains;`). The same seed gives the same bytes. It knows nothing of the program under test: what it says of a credential
//! follows from how it was made. Where the records alone do not decide, it says nothing ([`Truth::origin`] is None).
//!
//! Chains begin with keys of users, tokens, passwords, SAML, web identities, Identity Center (by SAML and by the portal),
//! instances, functions, root, other accounts, or with nothing at all where the record is missing; then role follows role.
//! Archives are streamed: memory does not grow with them, but for keys that wait to be given out again.
#![allow(dead_code, reason = "each of those who include it uses a part")]

mod credential;
mod delivery;
mod hop;
mod maker;
mod record;
mod start;
mod world;

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use serde::Serialize;
use serde_json::Value;

use self::maker::Maker;
use super::archive::object::ObjectFile;
use super::archive::{random, text};

/// What chains to make. Shares are of issuances where nothing else is said, from 0 to 1.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Spec {
    /// At least so many; the last chain is made to its end. The copies of two accounts count as one.
    pub(crate) issuances: u64,
    pub(crate) seed: u64,
    /// The most issuances one above the other.
    pub(crate) depth_max: u64,
    /// Calls of each credential, on average; each makes at least one.
    pub(crate) calls: u64,
    /// Days, from 2026-01-05. Chains are spread evenly, so the last may come some days later or earlier.
    pub(crate) days: u32,
    /// Accounts with logs; at most 9 with the next.
    pub(crate) accounts: usize,
    /// Accounts whose logs are missing.
    pub(crate) unlogged: usize,
    /// Records of an object, on average.
    pub(crate) object_records: u64,
    /// Issuances that come twice in one second: same role, same session name, by the same or another caller.
    pub(crate) twins: f64,
    /// Keys whose id was another credential's days before.
    pub(crate) recycled: f64,
    /// Issuances by or into another account.
    pub(crate) crossing: f64,
    /// Sessions whose issuance, or whose sign-in, no record tells of.
    pub(crate) lost: f64,
    /// Of all records: those that come some objects later than their time asks for.
    pub(crate) late: f64,
    /// Of all records: those that are delivered twice.
    pub(crate) duplicates: f64,
    /// Roles that are assumed again after one hop: A, B, A.
    pub(crate) juggled: f64,
    /// Sessions with a name that many have.
    pub(crate) constant_names: f64,
    /// Sessions in whose name a service makes a call, with a key of its own or none.
    pub(crate) forwarded: f64,
    /// Sessions whose records do not say when they were created.
    pub(crate) undated: f64,
    /// Whether services also make calls in the name of sessions that only their keys tell apart. Then nothing is certain of
    /// these calls.
    pub(crate) undecided: bool,
}

impl Default for Spec {
    fn default() -> Self {
        Self {
            issuances: 1_000,
            seed: 1,
            depth_max: 17,
            calls: 2,
            days: 20,
            accounts: 4,
            unlogged: 2,
            object_records: 1_000,
            twins: 0.05,
            recycled: 0.01,
            crossing: 0.15,
            lost: 0.02,
            late: 0.05,
            duplicates: 0.01,
            juggled: 0.1,
            constant_names: 0.2,
            forwarded: 0.03,
            undated: 0.0,
            undecided: false,
        }
    }
}

/// Who stands behind a credential.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Origin {
    /// `iam-user`, `root`, `service`, `saml`, `web-identity`, `identity-center-user`, `account` or `unknown`.
    pub(crate) kind: &'static str,
    /// Its ARN, else its name; None for `unknown`.
    pub(crate) name: Option<String>,
    pub(crate) account: &'static str,
    /// The long-term key.
    pub(crate) access_key: Option<String>,
}

/// What is certain of one credential that signed at least one record, by how it was made.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub(crate) struct Truth {
    /// Its key id; empty where its records have none.
    pub(crate) access_key: String,
    pub(crate) account: &'static str,
    pub(crate) arn: String,
    pub(crate) principal_id: String,
    /// When its session was created, as its records say it, in seconds since 1970.
    pub(crate) created: Option<i64>,
    /// Records that it signed.
    pub(crate) calls: u64,
    /// None where the records do not decide: several issuances fit, by different callers.
    pub(crate) origin: Option<Origin>,
    /// Issuances up to the origin.
    pub(crate) depth: u64,
    /// Those of them that two accounts recorded.
    pub(crate) shared: u64,
    pub(crate) complete: bool,
    pub(crate) gap: Option<&'static str>,
    /// How it goes on above the origin: `key`, `identity`, `launched`.
    pub(crate) above: Option<&'static str>,
    /// Whether another credential has the same key id, or may have got it.
    pub(crate) recycled: bool,
}

/// What was made.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Summary {
    /// Different records.
    pub(crate) events: u64,
    /// Of these, second deliveries included.
    pub(crate) records: u64,
    pub(crate) late: u64,
    pub(crate) objects: u64,
    /// Bytes of JSON, and of the gzip files where there are some.
    pub(crate) raw_bytes: u64,
    pub(crate) gz_bytes: u64,
    pub(crate) chains: u64,
    /// As in [`Spec::issuances`].
    pub(crate) issuances: u64,
    /// Those that two accounts recorded.
    pub(crate) shared: u64,
    pub(crate) twins: u64,
    pub(crate) recycled: u64,
    pub(crate) lost: u64,
    /// Credentials that signed records; long-term keys included.
    pub(crate) credentials: u64,
    /// Those of which [`Truth::origin`] says nothing.
    pub(crate) undecided: u64,
    /// The others by the kind of their origin.
    pub(crate) kinds: BTreeMap<&'static str, u64>,
    /// And by [`Truth::depth`].
    pub(crate) depths: BTreeMap<u64, u64>,
    pub(crate) complete: u64,
    pub(crate) gaps: BTreeMap<&'static str, u64>,
    pub(crate) above: BTreeMap<&'static str, u64>,
}

/// Writes the archive of `spec` below `dir`, as `AWSLogs/…`; `learn` is told of every credential once.
///
/// # Errors
/// Where a file cannot be written, or the spec asks for what cannot be.
pub(crate) fn write(spec: &Spec, dir: &Path, learn: &mut dyn FnMut(Truth)) -> io::Result<Summary> {
    let mut gz_bytes = 0;
    let mut deliver = |key: &str, records: &[String]| {
        let mut file = ObjectFile::create(dir, key)?;
        for record in records {
            file.record(record)?;
        }
        gz_bytes += file.finish()?.1;
        Ok(())
    };
    let summary = make(spec, &mut deliver, learn)?;
    Ok(Summary { gz_bytes, ..summary })
}

/// One log object: its name and its records.
pub(crate) type Delivered = (String, Vec<Value>);

/// The same in memory: the objects in the order of delivery, and what is known of the credentials.
///
/// # Errors
/// Where the spec asks for what cannot be.
pub(crate) fn objects(spec: &Spec) -> io::Result<(Vec<Delivered>, Vec<Truth>)> {
    let (mut objects, mut truths) = (Vec::new(), Vec::new());
    let mut deliver = |key: &str, records: &[String]| {
        let records: Result<Vec<Value>, _> =
            records.iter().map(|record| serde_json::from_str(record)).collect();
        objects.push((key.to_owned(), records?));
        Ok(())
    };
    make(spec, &mut deliver, &mut |truth| truths.push(truth))?;
    Ok((objects, truths))
}

fn make(spec: &Spec, deliver: delivery::Deliver<'_>, learn: &mut dyn FnMut(Truth)) -> io::Result<Summary> {
    let shares = [
        spec.twins,
        spec.recycled,
        spec.crossing,
        spec.lost,
        spec.late,
        spec.duplicates,
        spec.juggled,
        spec.constant_names,
        spec.forwarded,
        spec.undated,
    ];
    let wrong = if spec.issuances == 0 || spec.depth_max == 0 || spec.calls == 0 || spec.object_records == 0 {
        "expected at least one issuance, step of depth, call and record an object"
    } else if spec.accounts == 0 || spec.accounts + spec.unlogged > world::ACCOUNTS.len() {
        "expected 1 to 9 accounts"
    } else if spec.days == 0 {
        "expected at least one day"
    } else if shares.iter().any(|share| !(0.0..=1.0).contains(share)) {
        "expected shares from 0 to 1"
    } else {
        return Maker::new(spec, deliver, learn).run();
    };
    Err(io::Error::new(io::ErrorKind::InvalidInput, wrong))
}
