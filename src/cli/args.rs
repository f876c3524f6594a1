//! What the user typed.

#[cfg(feature = "cluster")]
mod cluster;
mod policy;
mod replay;
mod unused;

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::{Args, Parser, Subcommand};

use super::output::FormatTyped;
use crate::archive::Shard;
use crate::inquiry::Window;

#[cfg(feature = "cluster")]
pub(super) use cluster::{Cluster, ClusterCommand, Executor, Scheduler, Status as StatusAsked};
pub(super) use policy::{
    Catalog, CatalogCommand, KindTyped, Policy, PolicyCommand, PolicyEval, PolicyLint, PolicyTest, Snapshot,
};

pub(super) use replay::{CanAssume, Explain, FailOn, Replay, ShowTyped};
pub(super) use unused::{ShowTyped as UnusedShowTyped, Unused};

/// Who is really behind this activity in AWS, what did they do, and what did they leave behind?
///
/// Ingests CloudTrail logs into a lake (a Delta Lake table of Parquet) and answers from it.
#[derive(Debug, Parser)]
#[command(name = "backtrail", version, max_term_width = 100)]
pub(super) struct Arguments {
    #[command(flatten)]
    pub(super) shown: Shown,
    #[command(subcommand)]
    pub(super) command: Command,
}

/// How results are shown.
#[derive(Debug, Args)]
pub(super) struct Shown {
    /// How results are written: text for people, one JSON document, CSV where rows make sense; graphs of `trace`
    #[arg(long, value_enum, default_value = "text", global = true)]
    pub(super) format: FormatTyped,
    /// Cut nothing to the width of 80 columns (so it is, too, when the output is no terminal)
    #[arg(long, global = true)]
    pub(super) wide: bool,
    /// Draw with ASCII characters only
    #[arg(long, global = true)]
    pub(super) ascii: bool,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Read logs into a lake; what is there already is not read again
    Ingest(Ingest),
    /// What a user, role, key, session or address did, was refused, made and left behind
    Investigate(Investigate),
    /// Who is really behind a key, session, role or event, and what it led to
    Trace(Trace),
    /// The sessions of roles: what each name claims, and who it really was
    Sessions(Sessions),
    /// What today's or proposed policies say to the calls that really happened
    Replay(Box<Replay>),
    /// Why AWS allowed or refused one call, and what the policies say to it
    Explain(Explain),
    /// Whether someone can assume a role, and which side refuses
    CanAssume(Box<CanAssume>),
    /// What users and roles may do and never did, what else is unused, and the policies that would be enough
    Unused(Box<Unused>),
    /// What the lake covers: accounts, regions, days, hours without events, changes of logging
    Coverage(Coverage),
    /// Answer a named question
    Query(Query),
    /// Answer SQL; it can only read
    Sql(Sql),
    /// Merge the lake's small files and sort them
    Compact(Compact),
    /// Test policies, evaluate one request, or find what is wrong with policies
    Policy(Policy),
    /// What a folder of current policies holds, or the AWS commands that fill one
    Snapshot(Snapshot),
    /// Which actions exist, what they act on, and how they show in logs
    Catalog(Catalog),
    /// When one machine is too small: a scheduler and executors that run what `--cluster` asks
    #[cfg(feature = "cluster")]
    Cluster(Cluster),
}

impl Command {
    /// Its name, as typed.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ingest(_) => "ingest",
            Self::Investigate(_) => "investigate",
            Self::Trace(_) => "trace",
            Self::Sessions(_) => "sessions",
            Self::Replay(_) => "replay",
            Self::Explain(_) => "explain",
            Self::CanAssume(_) => "can-assume",
            Self::Unused(_) => "unused",
            Self::Coverage(_) => "coverage",
            Self::Query(_) => "query",
            Self::Sql(_) => "sql",
            Self::Compact(_) => "compact",
            Self::Policy(_) => "policy",
            Self::Snapshot(_) => "snapshot",
            Self::Catalog(_) => "catalog",
            #[cfg(feature = "cluster")]
            Self::Cluster(_) => "cluster",
        }
    }

    /// Whether a cluster does what it asks for.
    #[cfg(feature = "cluster")]
    pub(super) fn on_cluster(&self) -> bool {
        match self {
            Self::Ingest(command) => command.cluster.is_some(),
            other => other.data().is_some_and(|data| data.cluster.is_some()),
        }
    }

    /// Where its events come from, for those that read any.
    #[cfg(feature = "cluster")]
    fn data(&self) -> Option<&Data> {
        match self {
            Self::Investigate(command) => Some(&command.data),
            Self::Trace(command) => Some(&command.data),
            Self::Sessions(command) => Some(&command.data),
            Self::Replay(command) => Some(&command.data),
            Self::Explain(command) => Some(&command.data),
            Self::Unused(command) => Some(&command.data),
            Self::Coverage(command) => Some(&command.data),
            Self::Query(command) => Some(&command.data),
            Self::Sql(command) => Some(&command.data),
            Self::Ingest(_)
            | Self::CanAssume(_)
            | Self::Compact(_)
            | Self::Policy(_)
            | Self::Snapshot(_)
            | Self::Catalog(_)
            | Self::Cluster(_) => None,
        }
    }
}

/// Where the events come from.
#[derive(Debug, Args)]
pub(super) struct Data {
    /// The lake: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR", env = "BACKTRAIL_LAKE", default_value = "lake")]
    pub(super) lake: PathBuf,
    /// Log files, folders, `s3://BUCKET/PREFIX`, or `-` for standard input, instead of a lake: they are ingested into a cache
    /// first
    #[arg(long, value_name = "PATH", num_args = 1..)]
    pub(super) logs: Vec<PathBuf>,
    /// Have a cluster read the lake, which all its executors must see
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "df://HOST:PORT", env = "BACKTRAIL_CLUSTER", conflicts_with = "logs")]
    pub(super) cluster: Option<crate::cluster::SchedulerAddress>,
    /// With `--cluster`: a folder, or `s3://BUCKET/PREFIX`, that this machine and all executors see and may write to, for the
    /// steps of lineage; if not given, these are taken on this machine
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "DIR", env = "BACKTRAIL_SCRATCH")]
    pub(super) scratch: Option<PathBuf>,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// A window of time.
#[derive(Debug, Args)]
pub(super) struct Times {
    /// Only events at or after this time: RFC 3339, a date (its first moment in UTC), or as `7d` or `12h` before now
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) from: Option<DateTime<Utc>>,
    /// Only events before this time
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) to: Option<DateTime<Utc>>,
}

fn time(text: &str) -> Result<DateTime<Utc>, crate::aws::time::TimeError> {
    crate::aws::time::of_argument(text, Utc::now())
}

impl Times {
    /// The window.
    ///
    /// # Errors
    /// Where no event can be inside.
    pub(super) fn window(&self) -> anyhow::Result<Window> {
        if let (Some(from), Some(to)) = (self.from, self.to) {
            anyhow::ensure!(from < to, "the time window is empty: --from {from} is not before --to {to}");
        }
        Ok(Window { from: self.from, to: self.to })
    }
}

/// `backtrail investigate`
#[derive(Debug, Args)]
pub(super) struct Investigate {
    /// An access key id, ARN, unique id, IP address, or a name of a user, role, session, source identity or Identity Center user
    #[arg(value_name = "WHO")]
    pub(super) who: String,
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) times: Times,
    /// Count the whole tree below WHO as well: what was done with the keys, sessions, users and workloads that it led to
    #[arg(long)]
    pub(super) follow: bool,
    /// Show every operation, not only the services
    #[arg(long)]
    pub(super) calls: bool,
    /// Show everything that was made, not only ways in
    #[arg(long)]
    pub(super) created: bool,
}

/// `backtrail trace`
#[derive(Debug, Args)]
pub(super) struct Trace {
    /// An access key id, event id, ARN, unique id, or a name of a user, role or session
    #[arg(value_name = "WHO")]
    pub(super) who: String,
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) times: Times,
    /// Only the chain up, to who it was
    #[arg(long, conflicts_with = "down")]
    pub(super) up: bool,
    /// Only the tree below, what it led to
    #[arg(long)]
    pub(super) down: bool,
    /// How many steps down
    #[arg(long, value_name = "N", default_value_t = 6,
          value_parser = clap::value_parser!(u16).range(1..=i64::from(crate::report::trace::DEPTH_MAX)))]
    pub(super) depth: u16,
}

/// `backtrail sessions`
#[derive(Debug, Args)]
pub(super) struct Sessions {
    /// Only sessions of this role: its name or ARN
    #[arg(value_name = "ROLE")]
    pub(super) role: Option<String>,
    /// Only sessions that were really this user's, whatever their names say: ARN, name, subject or mail address
    #[arg(long, value_name = "WHO")]
    pub(super) user: Option<String>,
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) times: Times,
}

/// `backtrail coverage`
#[derive(Debug, Args)]
pub(super) struct Coverage {
    #[command(flatten)]
    pub(super) data: Data,
    #[command(flatten)]
    pub(super) times: Times,
    /// Show every region, day and account
    #[arg(long)]
    pub(super) all: bool,
}

/// `backtrail query`
#[derive(Debug, Args)]
pub(super) struct Query {
    /// The question's name
    #[arg(value_name = "NAME", required_unless_present = "list")]
    pub(super) name: Option<String>,
    /// A parameter of the question
    #[arg(short, long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub(super) params: Vec<(String, String)>,
    /// List the questions with what each answers
    #[arg(long)]
    pub(super) list: bool,
    /// Show the question's parameters, columns and SQL instead of answering it
    #[arg(long, requires = "name")]
    pub(super) show: bool,
    /// A folder with questions of your own, `*.sql` with the same header
    #[arg(long, value_name = "DIR")]
    pub(super) queries: Option<PathBuf>,
    #[command(flatten)]
    pub(super) data: Data,
    /// Only events at or after this time: RFC 3339, a date, or as `7d` before now
    #[arg(long, value_name = "TIME")]
    pub(super) from: Option<String>,
    /// Only events before this time
    #[arg(long, value_name = "TIME")]
    pub(super) to: Option<String>,
}

fn param(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err(format!("expected NAME=VALUE, found `{text}`")),
    }
}

/// `backtrail sql`
#[derive(Debug, Args)]
pub(super) struct Sql {
    /// One reading statement, or `-` to read it from standard input
    #[arg(value_name = "SQL", required_unless_present = "tables")]
    pub(super) text: Option<String>,
    /// List the tables and their columns with what they mean
    #[arg(long)]
    pub(super) tables: bool,
    /// A file of `replay --save`, as table `verdicts`
    #[arg(long, value_name = "FILE")]
    pub(super) verdicts: Option<PathBuf>,
    #[command(flatten)]
    pub(super) data: Data,
}

/// `backtrail compact`
#[derive(Debug, Args)]
pub(super) struct Compact {
    /// The lake: a folder, or `s3://BUCKET/PREFIX`
    #[arg(long, value_name = "DIR", env = "BACKTRAIL_LAKE", default_value = "lake")]
    pub(super) lake: PathBuf,
    #[command(flatten)]
    pub(super) s3: S3,
}

/// `backtrail ingest`
#[derive(Debug, Args)]
pub(super) struct Ingest {
    /// Files, folders, `s3://BUCKET/PREFIX`, or `-` for standard input
    #[arg(required = true, value_name = "SOURCE")]
    pub(super) sources: Vec<PathBuf>,
    /// The lake: a folder, or `s3://BUCKET/PREFIX`; made when it is not there
    #[arg(long, value_name = "DIR", env = "BACKTRAIL_LAKE", default_value = "lake")]
    pub(super) lake: PathBuf,
    /// Only objects that may hold events at or after this time: RFC 3339, a date (its first moment in UTC), or as `7d`
    /// before now. What a path or key tells decides; the objects that are read are read whole
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) from: Option<DateTime<Utc>>,
    /// Only objects that may hold events before this time: delivered up to two days after it
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(super) to: Option<DateTime<Utc>>,
    /// Begin, in each account and region, two days before the newest delivery that was there when an ingest of the same
    /// sources and options last looked at everything; without such an ingest, look at everything
    #[arg(long)]
    pub(super) since_last: bool,
    /// End after so many objects; the next run goes on
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(super) max_objects: Option<u64>,
    /// Only the I-th of N parts of the listing, of about equal size: an object's name tells its part. N jobs with I from 1
    /// to N read everything between them, into one lake
    #[arg(long, value_name = "I/N")]
    pub(super) shard: Option<Shard>,
    /// Say how many objects, bytes and days would be read, and read none
    #[arg(long)]
    pub(super) dry_run: bool,
    /// Have the executors of a cluster read and write, each slot a part of the listing: they must all see sources and lake
    #[cfg(feature = "cluster")]
    #[arg(long, value_name = "df://HOST:PORT", env = "BACKTRAIL_CLUSTER")]
    pub(super) cluster: Option<crate::cluster::SchedulerAddress>,
    #[command(flatten)]
    pub(super) reading: Reading,
}

/// How objects are read.
#[derive(Debug, Args)]
pub(super) struct Reading {
    /// Threads that read and decode; all cores if not given
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(super) workers: Option<u16>,
    /// An object may inflate to so many bytes
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..), default_value_t = crate::archive::INFLATED_BYTES_MAX)]
    pub(super) inflated_bytes_max: u64,
    /// Commit after objects of so many bytes; an ingest that is stopped goes on from its last commit
    #[arg(long, value_name = "BYTES", value_parser = clap::value_parser!(u64).range(1..), default_value_t = crate::lake::BATCH_BYTES)]
    pub(super) batch_bytes: u64,
    #[command(flatten)]
    pub(super) wanted: Wanted,
    #[command(flatten)]
    pub(super) s3: S3,
}

/// Which part of an archive is read, as its paths and keys tell.
#[derive(Debug, Args)]
#[command(next_help_heading = "Part of the archive")]
pub(super) struct Wanted {
    /// Only objects of these accounts
    #[arg(long, value_name = "ID,…", value_delimiter = ',', value_parser = account)]
    pub(super) accounts: Vec<String>,
    /// Only objects of these regions
    #[arg(long, value_name = "REGION,…", value_delimiter = ',', value_parser = region)]
    pub(super) regions: Vec<String>,
    /// Only objects of these organizations' trails
    #[arg(long, value_name = "o-ID,…", value_delimiter = ',', value_parser = org)]
    pub(super) org: Vec<String>,
}

/// How S3 is asked.
#[derive(Debug, Args)]
#[command(next_help_heading = "S3")]
pub(super) struct S3 {
    /// The profile of the AWS configuration files
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
    /// The buckets' region; if not given, the configured one, and a bucket elsewhere is followed there
    #[arg(long, value_name = "REGION", value_parser = region)]
    pub(super) region: Option<String>,
    /// Another endpoint, of a compatible store or inside a VPC
    #[arg(long, value_name = "URL")]
    pub(super) endpoint_url: Option<String>,
    /// Name buckets in the path instead of the host; so it is with another endpoint, unless told otherwise
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) path_style: Option<bool>,
    /// Pay for requests to buckets whose readers pay
    #[arg(long)]
    pub(super) request_payer: bool,
}

fn account(text: &str) -> Result<String, String> {
    let fits = text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.to_owned()).ok_or_else(|| "expected an account id of 12 digits".to_owned())
}

fn region(text: &str) -> Result<String, String> {
    let fits =
        text.contains('-') && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
    fits.then(|| text.to_owned()).ok_or_else(|| "expected a region such as `eu-west-1`".to_owned())
}

fn org(text: &str) -> Result<String, String> {
    let fits = text
        .strip_prefix("o-")
        .is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    fits.then(|| text.to_owned())
        .ok_or_else(|| "expected an organization id such as `o-abcdefghij`".to_owned())
}

impl Wanted {
    pub(super) fn prune(&self) -> crate::archive::Prune {
        crate::archive::Prune {
            accounts: self.accounts.iter().cloned().collect(),
            regions: self.regions.iter().cloned().collect(),
            orgs: self.org.iter().cloned().collect(),
            ..crate::archive::Prune::default()
        }
    }
}

impl Reading {
    pub(super) fn options(&self) -> crate::lake::IngestOptions {
        let mut options = crate::lake::IngestOptions::default();
        if let Some(workers) = self.workers {
            options.workers = usize::from(workers);
        }
        options.inflated_bytes_max = self.inflated_bytes_max;
        options.batch_bytes = self.batch_bytes;
        options
    }
}
