//! `backtrail ingest`.

use std::io::Write;
#[cfg(feature = "cluster")]
use std::path::Path;

use chrono::Utc;
use serde::Serialize;

use super::args::Ingest;
use super::failure::Failure;
use super::output::{Format, Output, note};
use super::progress::Bar;
use super::{EXIT_DONE, EXIT_UNREADABLE, s3, source};
#[cfg(feature = "cluster")]
use crate::archive::Prune;
use crate::archive::{self, Listing};
#[cfg(feature = "cluster")]
use crate::cluster::{Cluster, SchedulerAddress, SharedIngest};
#[cfg(feature = "cluster")]
use crate::lake::Lake;
use crate::lake::{self, IngestOptions, IngestReport, Selection, Site};
use crate::record::Refusal;
use crate::report;

pub(super) async fn run(command: &Ingest, out: &mut Output) -> Result<u8, Failure> {
    if let (Some(from), Some(to)) = (command.from, command.to)
        && from >= to
    {
        return Err(anyhow::anyhow!("the time window is empty: --from {from} is not before --to {to}").into());
    }
    if command.shard.is_some() && command.sources.iter().any(|source| source.as_os_str() == "-") {
        return Err(anyhow::anyhow!(
            "standard input cannot be split: expected files, folders or `s3://BUCKET/PREFIX` with --shard"
        )
        .into());
    }
    let sources = s3::sources(&command.sources, &command.reading).await?;
    let mut prune = command.reading.wanted.prune().between(command.from, command.to);
    let site = s3::site(&command.lake, &command.reading.s3).await?;
    let selection = Selection::new(sources.names(), &prune);
    let today = Utc::now().date_naive();
    // What is delivered from then on is not in this listing.
    let until = prune.last_day.map_or(today, |last| last.min(today));
    if command.since_last {
        prune.newest = lake::read_up_to(&site, &selection, command.shard).await?;
    }
    let known = prune.newest.clone();
    let asked_for_part = !prune.is_all();
    let listing = archive::find(&sources, &prune)?.within(command.shard);
    let mut options = command.reading.options();
    options.objects_max = command.max_objects;
    if command.dry_run {
        return dry_run(&site, listing, &options, out).await;
    }
    let bar = Bar::new();
    #[cfg(feature = "cluster")]
    let report = match &command.cluster {
        Some(scheduler) => Box::pin(on_cluster(scheduler, command, &site, prune, &options)).await,
        None => Ok(Box::pin(lake::ingest(&site, listing, &options, &bar)).await?),
    };
    #[cfg(not(feature = "cluster"))]
    let report = Box::pin(lake::ingest(&site, listing, &options, &bar)).await;
    let took = bar.end();
    let report = report?;
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&Counters::of(&report))?)?,
        Format::Csv => {
            write!(out, "{}", report::csv::row(["object", "record_index", "reason"].map(Some)))?;
            for refusal in &report.refusals {
                let index = refusal.record_index.map(|index| index.to_string());
                let reason = refusal.reason.to_string();
                let row = [Some(refusal.object.as_str()), index.as_deref(), Some(reason.as_str())];
                write!(out, "{}", report::csv::row(row))?;
            }
        }
        Format::Text => {}
    }
    let flags = if site.folder().is_none() { source::s3_flags(&command.reading.s3) } else { String::new() };
    let lake = source::shell(Path::new(&site.to_string()));
    note(&report::ingest::text(&report, &lake, &flags, took, out.style));
    if report.objects == 0 && report.set_aside.is_empty() && report.counts.read == 0 {
        note(if asked_for_part {
            "note: no object of the sources is of the accounts, regions and days that were asked for"
        } else {
            "note: there is no object in the sources"
        });
    }
    // What stood on standard input is nowhere to be looked for again.
    if !report.is_partial && command.sources.iter().all(|source| source.as_os_str() != "-") {
        let seen = known.into_iter().chain(report.newest);
        lake::note_complete(&site, &selection, command.shard, until, seen).await?;
    }
    Ok(if report.counts.refused > 0 { EXIT_UNREADABLE } else { EXIT_DONE })
}

/// Has a cluster read.
#[cfg(feature = "cluster")]
async fn on_cluster(
    scheduler: &SchedulerAddress,
    command: &Ingest,
    site: &Site,
    prune: Prune,
    options: &IngestOptions,
) -> anyhow::Result<IngestReport> {
    if command.shard.is_some() || command.max_objects.is_some() || command.reading.workers.is_some() {
        anyhow::bail!(
            "a cluster divides the listing among its slots: leave out --shard, --max-objects and --workers with --cluster"
        );
    }
    if command.sources.iter().any(|source| source.as_os_str() == "-") {
        anyhow::bail!("a cluster can't read standard input: expected files, folders or `s3://BUCKET/PREFIX`");
    }
    let seen = |path: &Path| -> anyhow::Result<String> {
        match path.to_str() {
            Some(text) if text.starts_with("s3://") => Ok(text.to_owned()),
            _ => {
                let path = std::path::absolute(path)?;
                let text = path.to_str().map(str::to_owned);
                text.ok_or_else(|| {
                    anyhow::anyhow!("cannot tell a cluster of `{}`: its name is no text", path.display())
                })
            }
        }
    };
    let ingest = SharedIngest {
        sources: command.sources.iter().map(|source| seen(source)).collect::<anyhow::Result<_>>()?,
        prune,
        lake: seen(&command.lake)?,
        inflated_bytes_max: options.inflated_bytes_max,
        batch_bytes: options.batch_bytes,
    };
    let cluster = Cluster::connect(scheduler).await?;
    Lake::create(site.clone()).await?;
    let mut report = cluster.ingest(&ingest).await?;
    report.lake = Lake::open(site.clone()).await?.size()?;
    Ok(report)
}

/// Says what would be read.
async fn dry_run(
    site: &Site,
    listing: Listing,
    options: &IngestOptions,
    out: &mut Output,
) -> Result<u8, Failure> {
    let plan = lake::plan(site, listing, options).await?;
    let lake = site.to_string();
    match out.format {
        Format::Json => writeln!(out, "{}", report::json::document(&Planned::of(&plan))?)?,
        Format::Csv => {
            write!(out, "{}", report::csv::row(["objects_to_read", "bytes_to_read", "days"].map(Some)))?;
            let row = [plan.objects_to_read, plan.bytes_to_read, plan.days.len() as u64];
            let row = row.map(|number| number.to_string());
            write!(out, "{}", report::csv::row(row.each_ref().map(|number| Some(number.as_str()))))?;
        }
        Format::Text => writeln!(out, "{}", report::plan::text(&plan, &lake, out.style))?,
    }
    Ok(if plan.unreadable > 0 { EXIT_UNREADABLE } else { EXIT_DONE })
}

/// What would be read, as users script on it.
#[derive(Serialize)]
struct Planned<'a> {
    schema: u32,
    objects: u64,
    objects_known: u64,
    objects_changed: u64,
    objects_to_read: u64,
    bytes_to_read: u64,
    days: usize,
    first_day: Option<String>,
    last_day: Option<String>,
    accounts: &'a std::collections::BTreeMap<String, u64>,
    regions: &'a std::collections::BTreeMap<String, u64>,
    objects_set_aside: &'a std::collections::BTreeMap<&'static str, u64>,
    unreadable: u64,
    refusals: Vec<Refused<'a>>,
    more: bool,
}

impl<'a> Planned<'a> {
    fn of(plan: &'a lake::Plan) -> Self {
        Self {
            schema: 1,
            objects: plan.objects,
            objects_known: plan.objects_known,
            objects_changed: plan.objects_changed,
            objects_to_read: plan.objects_to_read,
            bytes_to_read: plan.bytes_to_read,
            days: plan.days.len(),
            first_day: plan.days.first().map(ToString::to_string),
            last_day: plan.days.last().map(ToString::to_string),
            accounts: &plan.accounts,
            regions: &plan.regions,
            objects_set_aside: &plan.set_aside,
            unreadable: plan.unreadable,
            refusals: plan.refusals.iter().map(Refused::of).collect(),
            more: plan.more,
        }
    }
}

/// The tally as users script on it.
#[derive(Serialize)]
struct Counters<'a> {
    schema: u32,
    objects: u64,
    objects_read: u64,
    objects_known: u64,
    objects_changed: &'a [String],
    more: bool,
    objects_set_aside: &'a std::collections::BTreeMap<String, u64>,
    records_read: u64,
    kept: u64,
    duplicate: u64,
    refused: u64,
    refusals: Vec<Refused<'a>>,
    refusals_not_listed: u64,
    raw_bytes: u64,
    inflated_bytes: u64,
    first_event: Option<String>,
    last_event: Option<String>,
    accounts: &'a std::collections::BTreeMap<String, u64>,
    regions: &'a std::collections::BTreeMap<String, u64>,
    lake: &'a lake::LakeSize,
}

#[derive(Serialize)]
struct Refused<'a> {
    object: &'a str,
    record_index: Option<i64>,
    reason: String,
}

impl<'a> Refused<'a> {
    fn of(refusal: &'a Refusal) -> Self {
        Self {
            object: &refusal.object,
            record_index: refusal.record_index,
            reason: refusal.reason.to_string(),
        }
    }
}

impl<'a> Counters<'a> {
    fn of(report: &'a IngestReport) -> Self {
        let time = |micros: Option<i64>| {
            let time = chrono::DateTime::from_timestamp_micros(micros?)?;
            Some(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
        };
        let refusals: Vec<Refused<'_>> = report.refusals.iter().map(Refused::of).collect();
        Self {
            schema: 1,
            objects: report.objects,
            objects_read: report.objects_read,
            objects_known: report.objects_known,
            objects_changed: &report.objects_changed,
            more: report.more,
            objects_set_aside: &report.set_aside,
            records_read: report.counts.read,
            kept: report.counts.kept,
            duplicate: report.counts.duplicate,
            refused: report.counts.refused,
            refusals_not_listed: report.counts.refused.saturating_sub(refusals.len() as u64),
            refusals,
            raw_bytes: report.raw_bytes,
            inflated_bytes: report.inflated_bytes,
            first_event: time(report.summary.first_micros),
            last_event: time(report.summary.last_micros),
            accounts: &report.summary.accounts,
            regions: &report.summary.regions,
            lake: &report.lake,
        }
    }
}
