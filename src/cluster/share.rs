//! An ingest on a cluster: the listing in shares, each read by one task as a job with `--shard` reads it.
//!
//! A task finds, decodes and commits by itself, as `backtrail ingest` on one machine does: what was committed stays whatever
//! happens to its executor, and a task that is done again goes on where the one before ended. So an ingest is exactly once
//! on a cluster for the same reason as anywhere (`lake::commit`).

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use chrono::NaiveDate;
use datafusion::error::DataFusionError;
use serde::{Deserialize, Serialize};

use super::task::{self, Kind, Worker};
use super::{Cluster, ClusterError};
use crate::archive::s3::S3Url;
use crate::archive::{self, Prune, Shard, Sources};
use crate::lake::{self, IngestOptions, IngestReport, Lake, Progress};

/// What an ingest on a cluster reads, and into which lake. All places are as every executor sees them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SharedIngest {
    /// Files and folders by their absolute paths, and places in S3.
    pub sources: Vec<String>,
    /// The wanted part of the archive.
    pub prune: Prune,
    /// The folder of the lake, or its place in S3. It must be there.
    pub lake: String,
    /// The limit for the inflated size of one object, in bytes.
    pub inflated_bytes_max: u64,
    /// A task commits after objects of so many bytes.
    pub batch_bytes: u64,
}

/// The share of one task, as it travels.
#[derive(Debug, Serialize, Deserialize)]
struct Share {
    sources: Vec<String>,
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
    orgs: BTreeSet<String>,
    first_day: Option<String>,
    last_day: Option<String>,
    newest: BTreeMap<String, String>,
    lake: String,
    /// `I/N`.
    shard: String,
    inflated_bytes_max: u64,
    batch_bytes: u64,
}

impl Share {
    fn of(ingest: &SharedIngest, place: usize, count: usize) -> Self {
        let SharedIngest { sources, prune, lake, inflated_bytes_max, batch_bytes } = ingest;
        let day = |day: &NaiveDate| day.to_string();
        Self {
            sources: sources.clone(),
            accounts: prune.accounts.clone(),
            regions: prune.regions.clone(),
            orgs: prune.orgs.clone(),
            first_day: prune.first_day.as_ref().map(day),
            last_day: prune.last_day.as_ref().map(day),
            newest: prune.newest.iter().map(|(lane, newest)| (lane.clone(), day(newest))).collect(),
            lake: lake.clone(),
            shard: format!("{}/{count}", place + 1),
            inflated_bytes_max: *inflated_bytes_max,
            batch_bytes: *batch_bytes,
        }
    }

    fn prune(&self) -> anyhow::Result<Prune> {
        let day = |text: &String| text.parse::<NaiveDate>();
        Ok(Prune {
            accounts: self.accounts.clone(),
            regions: self.regions.clone(),
            orgs: self.orgs.clone(),
            first_day: self.first_day.as_ref().map(day).transpose()?,
            last_day: self.last_day.as_ref().map(day).transpose()?,
            newest: self
                .newest
                .iter()
                .map(|(lane, newest)| Ok((lane.clone(), day(newest)?)))
                .collect::<anyhow::Result<_>>()?,
        })
    }
}

/// Reads a share of an ingest, and gives its report.
pub(super) async fn read(worker: &Worker, share: &str) -> anyhow::Result<Vec<u8>> {
    let share: Share = serde_json::from_str(share)?;
    let shard: Shard = share.shard.parse().map_err(|problem: String| anyhow::anyhow!(problem))?;
    let (mut paths, mut places) = (Vec::new(), Vec::new());
    for source in &share.sources {
        match S3Url::parse(source) {
            Some(place) => places.push(place),
            None => paths.push(PathBuf::from(source)),
        }
    }
    let s3 = (!places.is_empty()).then(|| (places, worker.s3.clone()));
    let site = worker.site(&share.lake)?;
    // It was made by the client: where it is not seen, it is another machine's folder, and none is to be made here.
    Lake::open(site.clone()).await?;
    let listing = archive::find(&Sources { paths, s3 }, &share.prune()?)?.within(Some(shard));
    let options = IngestOptions {
        workers: 1,
        inflated_bytes_max: share.inflated_bytes_max,
        batch_bytes: share.batch_bytes,
        objects_max: None,
        takes_turns: false,
    };
    let report = Box::pin(lake::ingest(&site, listing, &options, &Unwatched)).await?;
    Ok(serde_json::to_vec(&report)?)
}

/// Nobody looks at a task.
struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

impl Cluster {
    /// Has the executors read what an ingest asks for, each slot a share of the listing, and waits for all of them. What
    /// they committed stays, whether or not all came to their end: asked again, they go on from there.
    ///
    /// Every task lists all of the sources, and reads its share. A task that was done again counts as known what it had
    /// committed before.
    ///
    /// # Errors
    /// Where an executor can't read a source or the lake, or the cluster fails.
    pub async fn ingest(&self, ingest: &SharedIngest) -> Result<IngestReport, ClusterError> {
        let shares: Vec<String> = (0..self.tasks())
            .map(|place| serde_json::to_string(&Share::of(ingest, place, self.tasks())))
            .collect::<Result<_, _>>()
            .map_err(|error| DataFusionError::External(Box::new(error)))?;
        let mut whole = IngestReport::default();
        for report in task::run(self.jobs(), Kind::Ingest, Vec::new(), &shares).await? {
            let report: IngestReport = serde_json::from_slice(&report)
                .map_err(|error| DataFusionError::External(Box::new(error)))?;
            whole.add(report);
        }
        whole.refusals.sort_by(|a, b| (&a.object, a.record_index).cmp(&(&b.object, b.record_index)));
        whole.objects_changed.sort();
        Ok(whole)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Counts, Reason, Refusal};

    #[test]
    fn a_share_travels_whole() {
        let lane = "AWSLogs/111122223333/CloudTrail/eu-west-1/".to_owned();
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let prune = Prune {
            accounts: BTreeSet::from(["111122223333".to_owned()]),
            regions: BTreeSet::from(["eu-west-1".to_owned()]),
            orgs: BTreeSet::from(["o-exampleorg1".to_owned()]),
            first_day: Some(day("2026-03-01")),
            last_day: Some(day("2026-03-09")),
            newest: BTreeMap::from([(lane, day("2026-03-07"))]),
        };
        let ingest = SharedIngest {
            sources: vec!["s3://example-logs/AWSLogs".to_owned()],
            prune: prune.clone(),
            lake: "s3://example-logs/lakes/one".to_owned(),
            inflated_bytes_max: 7,
            batch_bytes: 9,
        };
        let text = serde_json::to_string(&Share::of(&ingest, 2, 5)).unwrap();
        let share: Share = serde_json::from_str(&text).unwrap();
        assert_eq!(share.prune().unwrap(), prune);
        assert_eq!((share.shard.as_str(), share.inflated_bytes_max, share.batch_bytes), ("3/5", 7, 9));
        assert_eq!((share.sources, share.lake), (ingest.sources, ingest.lake));
    }

    #[test]
    fn a_report_travels_with_the_words_of_its_refusals() {
        let counts = Counts { read: 3, kept: 1, duplicate: 1, refused: 1 };
        let refusal = |reason| Refusal { object: "a.json".to_owned(), record_index: Some(2), reason };
        let report =
            IngestReport { counts, refusals: vec![refusal(Reason::NoEventTime)], ..IngestReport::default() };
        let text = serde_json::to_string(&report).unwrap();
        let came: IngestReport = serde_json::from_str(&text).unwrap();
        assert_eq!(came.counts, counts);
        assert_eq!(came.refusals, [refusal(Reason::Source(Reason::NoEventTime.to_string()))]);
    }
}
