//! `backtrail ingest`.

use std::io::Write;

use serde::Serialize;

use super::args::Ingest;
use super::failure::Failure;
use super::output::{Format, Output, note};
use super::progress::Bar;
use super::{EXIT_DONE, EXIT_UNREADABLE};
use crate::archive;
use crate::lake::{self, IngestReport};
use crate::report;

pub(super) async fn run(command: &Ingest, out: &mut Output) -> Result<u8, Failure> {
    let listed = archive::list(&command.sources)?;
    let bar = Bar::new();
    let report = lake::ingest(&command.lake, listed, &command.reading.options(), &bar).await;
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
    let folder = command.lake.display().to_string();
    note(&report::ingest::text(&report, &folder, took, out.style));
    Ok(if report.counts.refused > 0 { EXIT_UNREADABLE } else { EXIT_DONE })
}

/// The tally as users script on it.
#[derive(Serialize)]
struct Counters<'a> {
    schema: u32,
    objects: u64,
    objects_read: u64,
    objects_known: u64,
    objects_changed: &'a [String],
    objects_set_aside: &'a std::collections::BTreeMap<&'static str, u64>,
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

impl<'a> Counters<'a> {
    fn of(report: &'a IngestReport) -> Self {
        let time = |micros: Option<i64>| {
            let time = chrono::DateTime::from_timestamp_micros(micros?)?;
            Some(time.to_rfc3339_opts(chrono::SecondsFormat::AutoSi, true))
        };
        let refusals: Vec<Refused<'_>> = report
            .refusals
            .iter()
            .map(|refusal| Refused {
                object: &refusal.object,
                record_index: refusal.record_index,
                reason: refusal.reason.to_string(),
            })
            .collect();
        Self {
            schema: 1,
            objects: report.objects,
            objects_read: report.objects_read,
            objects_known: report.objects_known,
            objects_changed: &report.objects_changed,
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
