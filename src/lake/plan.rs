//! What an ingest would read.

use std::collections::{BTreeMap, BTreeSet};

use chrono::NaiveDate;

use super::intake::Intake;
use super::ledger::Ledger;
use super::{IngestOptions, Lake, LakeError, REFUSALS_REPORTED_MAX, Site};
use crate::archive::{Listing, ObjectName, delivery_day};
use crate::record::Refusal;

/// What an ingest would read, as the listing and the ledger tell.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// Objects in the listing.
    pub objects: u64,
    /// Objects that are in the lake already, as they are.
    pub objects_known: u64,
    /// Objects that are in the lake in another state; they are among those to read.
    pub objects_changed: u64,
    /// Objects to read.
    pub objects_to_read: u64,
    /// Their raw bytes.
    pub bytes_to_read: u64,
    /// The days that they were delivered on, as far as their names tell.
    pub days: BTreeSet<NaiveDate>,
    /// Objects to read by account, as far as their names tell.
    pub accounts: BTreeMap<String, u64>,
    /// Objects to read by region, as far as their names tell.
    pub regions: BTreeMap<String, u64>,
    /// Objects that hold no events, by kind.
    pub set_aside: BTreeMap<&'static str, u64>,
    /// How many objects can't be read.
    pub unreadable: u64,
    /// The first [`REFUSALS_REPORTED_MAX`] of them.
    pub refusals: Vec<Refusal>,
    /// Whether the listing has more than [`IngestOptions::objects_max`].
    pub more: bool,
}

/// Says what an ingest into the lake at `site` would read, and reads and writes nothing of it.
///
/// # Errors
/// Where the lake's ledger can't be read or the listing fails. That there is no lake yet is none.
pub async fn plan(
    site: impl Into<Site>,
    listing: impl Into<Listing>,
    options: &IngestOptions,
) -> Result<Plan, LakeError> {
    let ledger = match Lake::open(site).await {
        Ok(lake) => Ledger::load(&lake).await?,
        Err(LakeError::NotALake { .. }) => Ledger::default(),
        Err(error) => return Err(error),
    };
    let mut plan = Plan::default();
    let mut intake = Intake::new(listing.into(), options.objects_max);
    while !intake.ended() {
        let (objects, bytes) = intake.more(&ledger).await;
        plan.objects_to_read += objects;
        plan.bytes_to_read += bytes;
        for object in intake.pending.drain(..) {
            let by_name = ObjectName::parse(&object.name);
            plan.days.extend(delivery_day(&object.name));
            if let Some(name) = by_name {
                *plan.accounts.entry(name.account).or_default() += 1;
                *plan.regions.entry(name.region).or_default() += 1;
            }
        }
        plan.unreadable += intake.unreadable.len() as u64;
        let room = REFUSALS_REPORTED_MAX.saturating_sub(plan.refusals.len());
        plan.refusals.extend(intake.unreadable.refuse_all().take(room));
    }
    if let Some(error) = intake.failed {
        return Err(error.into());
    }
    plan.objects = intake.found.objects;
    plan.objects_known = intake.found.known;
    plan.objects_changed = intake.found.changed.len() as u64;
    plan.set_aside = intake.found.set_aside;
    plan.more = intake.found.more;
    Ok(plan)
}
