//! Objects into the lake, exactly once.

use std::collections::{BTreeMap, HashSet};
use std::fs::{File, OpenOptions};
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::Duration;

use chrono::NaiveDate;
use futures::{StreamExt, TryStreamExt, stream};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::commit::{Committed, Lake, LakeSize, NewFile};
use super::complete::later;
use super::intake::{Intake, of_archived};
use super::ledger::{self, Known, Ledger};
use super::pipeline::{self, Gate, ObjectResult, Setting, Summary, Watch};
use super::rebase::Drawn;
use super::rows::Part;
use super::seen::{Keys, Seen};
use super::{LakeError, Site, Table, rewrite};
use crate::archive::{Foreign, INFLATED_BYTES_MAX, Listing, Object, Opener, Place};
use crate::record::{Counts, Refusal};

/// A batch takes objects of so many bytes, unless told otherwise; it is the step in which an ingest commits, and resumes
/// when it was stopped.
pub const BATCH_BYTES: u64 = 64 * 1024 * 1024;

/// A batch takes so many objects at the most.
const BATCH_OBJECTS_MAX: usize = 50_000;

/// And so many that can't be read: with each goes a text that says why.
const BATCH_UNREADABLE_MAX: usize = 20_000;

/// So often a commit is tried when others commit at the same time. Each time one of them succeeds, so that of as many jobs
/// even the last comes in.
const COMMIT_TRIES_MAX: u32 = 200;

/// The wait after a commit that another one was in the way of: up to twice this, and twice as much each time.
const COMMIT_WAIT: Duration = Duration::from_millis(10);

/// No wait is longer.
const COMMIT_WAIT_MAX: Duration = Duration::from_secs(2);

/// So many files are written at the same time.
const PUTS_MAX: usize = 8;

/// The name of a file that an ingest wrote begins so.
pub(super) const PART: &str = "part-";

/// So many refusals are kept in the report; all of them are in the table.
pub const REFUSALS_REPORTED_MAX: usize = 1000;

/// How an ingest is to run.
#[derive(Debug, Clone)]
pub struct IngestOptions {
    /// Threads that read, decode and encode.
    pub workers: usize,
    /// The limit for the inflated size of one object, in bytes.
    pub inflated_bytes_max: u64,
    /// A batch, which is committed as a whole, takes objects of so many bytes.
    pub batch_bytes: u64,
    /// Reading ends after so many objects; None for all.
    pub objects_max: Option<u64>,
    /// Whether it waits until no other ingest of this machine writes the lake, where that is a folder. Commits would sort it
    /// out, but each may make the others do work again.
    pub takes_turns: bool,
}

impl Default for IngestOptions {
    fn default() -> Self {
        let workers = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self {
            workers,
            inflated_bytes_max: INFLATED_BYTES_MAX,
            batch_bytes: BATCH_BYTES,
            objects_max: None,
            takes_turns: true,
        }
    }
}

/// What an ingest came to.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IngestReport {
    /// Objects in the listing.
    pub objects: u64,
    /// Objects that were read.
    pub objects_read: u64,
    /// Objects that were in the lake already, as they are.
    pub objects_known: u64,
    /// Objects that were in the lake in another state, and were read again.
    pub objects_changed: Vec<String>,
    /// Whether reading ended at [`IngestOptions::objects_max`], before the end of the listing.
    pub more: bool,
    /// Whether not all of the listing was looked at: reading ended before its end, or something in it could not be listed or
    /// opened. Objects that were asked for and could not be read are in the ledger.
    pub is_partial: bool,
    /// By the folder of a region (see [`crate::archive::lane_and_day`]): the newest delivery day of an object in the listing.
    pub newest: BTreeMap<String, NaiveDate>,
    /// Objects that hold no events, by kind.
    pub set_aside: BTreeMap<String, u64>,
    /// Read objects that added no row.
    pub objects_without_new: u64,
    /// The entries of all objects that were read.
    pub counts: Counts,
    /// The first [`REFUSALS_REPORTED_MAX`] refusals, in the order of the objects.
    pub refusals: Vec<Refusal>,
    /// Raw bytes read.
    pub raw_bytes: u64,
    /// Bytes after inflation.
    pub inflated_bytes: u64,
    /// What was kept.
    pub summary: Summary,
    /// The lake afterwards.
    pub lake: LakeSize,
}

impl IngestReport {
    /// Adds what another ingest into the same lake came to, of other objects; the lake is then as the later one left it.
    pub fn add(&mut self, other: IngestReport) {
        self.objects += other.objects;
        self.objects_read += other.objects_read;
        self.objects_known += other.objects_known;
        self.objects_changed.extend(other.objects_changed);
        self.more |= other.more;
        self.is_partial |= other.is_partial;
        later(&mut self.newest, other.newest);
        for (kind, count) in other.set_aside {
            *self.set_aside.entry(kind).or_default() += count;
        }
        self.objects_without_new += other.objects_without_new;
        self.counts.add(&other.counts);
        let room = REFUSALS_REPORTED_MAX.saturating_sub(self.refusals.len());
        self.refusals.extend(other.refusals.into_iter().take(room));
        self.raw_bytes += other.raw_bytes;
        self.inflated_bytes += other.inflated_bytes;
        self.summary.add(&other.summary);
        if other.lake.version >= self.lake.version {
            self.lake = other.lake;
        }
    }
}

/// Told what happens while an ingest runs. Calls come from several threads.
pub trait Progress: Sync {
    /// So many objects of so many bytes are to be read, beside those told before: a listing comes in parts.
    fn begin(&self, objects: u64, bytes: u64);
    /// An object was read.
    fn object(&self, raw_bytes: u64, inflated_bytes: u64, records: u64);
    /// Another ingest holds the lake; this one waits.
    fn waiting(&self);
}

/// Nobody looks.
pub(super) struct Unwatched;

impl Progress for Unwatched {
    fn begin(&self, _: u64, _: u64) {}
    fn object(&self, _: u64, _: u64, _: u64) {}
    fn waiting(&self) {}
}

impl Watch for &dyn Progress {
    fn object(&self, raw_bytes: u64, inflated_bytes: u64, records: u64) {
        Progress::object(*self, raw_bytes, inflated_bytes, records);
    }
}

/// Reads the objects of a listing into the lake at `site`, made when it is not there.
///
/// Objects that the ledger knows as they are are not read again. Each batch of objects is committed as a whole; an ingest
/// that was stopped at any instant goes on where it was. The first are read while the listing goes on.
///
/// Any number of ingests may write one lake at the same time. In a folder they take turns, where it is a local one.
///
/// # Errors
/// Where the lake can't be read or written, where the listing fails, or where no object can be read any more (credentials
/// that expired, say); what was committed before stays.
pub async fn ingest(
    site: impl Into<Site>,
    listing: impl Into<Listing>,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<IngestReport, LakeError> {
    let mut lake = Lake::create(site).await?;
    let _lock = if options.takes_turns { lock(&lake, progress)? } else { None };
    lake.reconcile().await?;
    let mut ledger = Ledger::load(&lake).await?;
    let mut report = IngestReport::default();
    let mut intake = Intake::new(listing.into(), options.objects_max);
    let mut seen = Seen::default();
    let spare = Mutex::new(Vec::new());
    let pool = rayon::ThreadPoolBuilder::new().num_threads(options.workers.max(1)).build();
    let pool = pool.map_err(|error| LakeError::Threads(error.to_string()))?;
    loop {
        let full = |intake: &Intake| {
            intake.pending_bytes >= options.batch_bytes
                || intake.pending.len() >= BATCH_OBJECTS_MAX
                || intake.unreadable.len() >= BATCH_UNREADABLE_MAX
        };
        while !intake.ended() && !full(&intake) {
            let (objects, bytes) = intake.more(&ledger).await;
            progress.begin(objects, bytes);
        }
        let count = batch_len(intake.pending.make_contiguous(), options.batch_bytes);
        let readable: Vec<Object> = intake.pending.drain(..count).collect();
        intake.pending_bytes -= readable.iter().map(|object| object.size).sum::<u64>();
        let unreadable = std::mem::take(&mut intake.unreadable.unlisted);
        let archived = intake.unreadable.archived.len().min(BATCH_UNREADABLE_MAX);
        let mut objects: Vec<Object> = intake.unreadable.archived.drain(..archived).collect();
        objects.extend(readable);
        if objects.is_empty() && unreadable.is_empty() {
            break;
        }
        refuse_known(&mut objects, &ledger, &mut report);
        // Named by itself and with its folder, an object is listed twice.
        let mut names = HashSet::new();
        let listed = objects.len();
        objects.retain(|object| ledger.known(object) != Known::Read && names.insert(object.name.clone()));
        let twice = listed - objects.len();
        report.objects_known += twice as u64;
        if objects.is_empty() && unreadable.is_empty() {
            continue;
        }
        let unit = Unit { objects, unreadable, spare: &spare, pool: &pool, options, progress };
        unit.bring_in(&mut lake, &mut ledger, &mut seen, &mut report).await?;
        seen.trim();
    }
    report.is_partial = intake.is_partial();
    if let Some(error) = intake.failed {
        return Err(error.into());
    }
    report.objects = intake.found.objects;
    report.objects_known += intake.found.known;
    report.objects_changed = intake.found.changed;
    report.more = intake.found.more;
    report.newest = intake.found.newest;
    for (kind, count) in intake.found.set_aside {
        *report.set_aside.entry(kind.to_owned()).or_default() += count;
    }
    report.lake = lake.size()?;
    Ok(report)
}

/// Whether everything in a lake came from these objects as they are now.
///
/// # Errors
/// Where the lake can't be read.
pub async fn holds_only(site: impl Into<Site>, objects: &[Object]) -> Result<bool, LakeError> {
    let ledger = Ledger::load(&Lake::open(site).await?).await?;
    let known = objects.iter().filter(|object| ledger.known(object) == Known::Read).count();
    Ok(known == ledger.len())
}

/// Takes archived objects out that the ledger has: that they are refused is in the lake already, and only counted.
fn refuse_known(objects: &mut Vec<Object>, ledger: &Ledger, report: &mut IngestReport) {
    objects.retain(|object| {
        let Some(refusal) = of_archived(object).filter(|_| ledger.has_failed(object)) else { return true };
        report.counts.add(&REFUSED);
        if report.refusals.len() < REFUSALS_REPORTED_MAX {
            report.refusals.push(refusal);
        }
        false
    });
}

/// What an object counts that is refused as a whole.
const REFUSED: Counts = Counts { read: 1, kept: 0, duplicate: 0, refused: 1 };

/// How many of the objects the next batch takes.
fn batch_len(objects: &[Object], batch_bytes: u64) -> usize {
    let mut bytes = 0;
    for (place, object) in objects.iter().enumerate().take(BATCH_OBJECTS_MAX) {
        // Standard input can't be read again where others committed what came with it.
        if object.place == Place::Stdin {
            return place.max(1);
        }
        bytes += object.size;
        if bytes >= batch_bytes {
            return place + 1;
        }
    }
    objects.len().min(BATCH_OBJECTS_MAX)
}

/// Holds a lake in a folder for one ingest at a time on this machine; None in S3. It only saves work: the commits would sort
/// it out.
pub(super) fn lock(lake: &Lake, progress: &dyn Progress) -> Result<Option<File>, LakeError> {
    let Some(folder) = lake.site().folder() else { return Ok(None) };
    let path: PathBuf = folder.join(".ingest.lock");
    let fail = |source| LakeError::Folder { step: "lock", path: path.clone(), source };
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
    match file.try_lock() {
        Ok(()) => {}
        Err(std::fs::TryLockError::WouldBlock) => {
            progress.waiting();
            file.lock().map_err(fail)?;
        }
        Err(std::fs::TryLockError::Error(error)) => return Err(fail(error)),
    }
    Ok(Some(file))
}

/// The objects of one commit, and what could not even be listed.
struct Unit<'a> {
    /// Those that are archived come first.
    objects: Vec<Object>,
    unreadable: Vec<Refusal>,
    spare: &'a Mutex<Vec<Part>>,
    pool: &'a rayon::ThreadPool,
    options: &'a IngestOptions,
    progress: &'a dyn Progress,
}

impl Unit<'_> {
    /// Reads the objects and commits them, as often as it takes when others commit at the same time.
    ///
    /// Every try begins with the lake as it is: its last batch is ended, what others brought is known, and what they brought
    /// of this batch is taken out of it. The commit then succeeds only where nobody committed another batch since.
    async fn bring_in(
        mut self,
        lake: &mut Lake,
        ledger: &mut Ledger,
        seen: &mut Seen,
        report: &mut IngestReport,
    ) -> Result<(), LakeError> {
        let mut drawn: Option<Drawn> = None;
        for tries in 1..=COMMIT_TRIES_MAX {
            lake.reconcile().await?;
            if ledger.catch_up(lake).await? {
                let before = self.objects.len();
                refuse_known(&mut self.objects, ledger, report);
                let archived = before - self.objects.len();
                self.objects.retain(|object| ledger.known(object) != Known::Read);
                let others = before - self.objects.len();
                report.objects_known += (others - archived) as u64;
                if others > 0 {
                    // Somebody else read them; the rest is read again, for their rows are among those that were read.
                    drawn = None;
                    seen.clear();
                }
                if self.objects.is_empty() && self.unreadable.is_empty() {
                    return Ok(());
                }
            }
            let mut came = Keys::new();
            seen.catch_up(lake, drawn.is_some().then_some(&mut came)).await?;
            let batch = match drawn.take() {
                None => self.read(lake, seen).await?,
                Some(mut batch) => {
                    batch.drop_rows(lake, &self.objects, &came).await?;
                    batch
                }
            };
            if self.commit(lake, ledger, seen, &batch, report).await? == Committed::Done {
                return Ok(());
            }
            drawn = Some(batch);
            tokio::time::sleep(wait_after(tries)).await;
        }
        Err(LakeError::Contended { tries: COMMIT_TRIES_MAX })
    }

    /// The objects that are not archived.
    fn readable(&self) -> &[Object] {
        let archived = self.objects.partition_point(|object| of_archived(object).is_some());
        self.objects.get(archived..).unwrap_or_default()
    }

    /// Reads and decodes the objects, and writes the events that the lake does not have to files. Archived objects are not
    /// asked for.
    async fn read(&self, lake: &Lake, seen: &mut Seen) -> Result<Drawn, LakeError> {
        let handle = tokio::runtime::Handle::current();
        let workers = self.options.workers;
        let readable = self.readable();
        let opener = Opener::new(readable, workers, handle.clone());
        let setting = Setting {
            objects: readable,
            opener: &opener,
            workers: workers.max(1),
            inflated_bytes_max: self.options.inflated_bytes_max,
            spare: self.spare,
            pool: self.pool,
        };
        let result = {
            let mut gate = LakeGate { lake, seen, handle };
            tokio::task::block_in_place(|| pipeline::run(&setting, &mut gate, &self.progress))?
        };
        let files = stream::iter(result.files).map(|file| rewrite::put(lake, PART, file));
        let files = files.buffered(PUTS_MAX).try_collect().await?;
        let archived = self.objects.iter().filter_map(of_archived).map(|refusal| ObjectResult {
            counts: REFUSED,
            refusals: vec![refusal],
            ..ObjectResult::default()
        });
        let results = archived.chain(result.objects).collect();
        Ok(Drawn { files, results, summary: result.summary })
    }

    async fn commit(
        &self,
        lake: &mut Lake,
        ledger: &mut Ledger,
        seen: &mut Seen,
        batch: &Drawn,
        report: &mut IngestReport,
    ) -> Result<Committed, LakeError> {
        let mut refusals: Vec<Refusal> = self.unreadable.clone();
        let mut counts =
            Counts { read: refusals.len() as u64, refused: refusals.len() as u64, ..Counts::default() };
        for (object, outcome) in self.objects.iter().zip(&batch.results) {
            if !outcome.counts.add_up() {
                return Err(LakeError::Inconsistent(format!(
                    "the counts of `{}` do not add up: {:?}",
                    object.name, outcome.counts
                )));
            }
            counts.add(&outcome.counts);
            refusals.extend_from_slice(&outcome.refusals);
        }
        let rows: u64 = batch.files.iter().map(|file| file.rows).sum();
        if !counts.add_up() || rows != counts.kept {
            return Err(LakeError::Inconsistent(format!("{rows} rows were encoded for {counts:?}")));
        }
        let number = lake.batch(Table::Events).await? + 1;
        let (objects, refused) = self.write_ledger(lake, number, &batch.results, &refusals).await?;
        let ledger_file = lake.written(Table::Objects, &objects);
        let committed = lake.commit(number, &batch.files, objects, refused).await?;
        if committed == Committed::Conflict {
            return Ok(committed);
        }
        ledger.committed(ledger_file, &self.objects, &batch.results);
        for file in &batch.files {
            seen.committed(lake.written(Table::Events, file));
        }
        report.counts.add(&counts);
        report.summary.add(&batch.summary);
        report.objects_read += self.readable().len() as u64;
        for outcome in &batch.results {
            report.raw_bytes += outcome.raw_bytes;
            report.inflated_bytes += outcome.inflated_bytes;
            if let Some(kind) = outcome.set_aside {
                *report.set_aside.entry(Foreign::describe(kind).to_owned()).or_default() += 1;
            } else if outcome.counts.read > 0 && outcome.counts.duplicate == outcome.counts.read {
                report.objects_without_new += 1;
            }
        }
        let room = REFUSALS_REPORTED_MAX.saturating_sub(report.refusals.len());
        report.refusals.extend(refusals.into_iter().take(room));
        Ok(committed)
    }

    async fn write_ledger(
        &self,
        lake: &Lake,
        batch: i64,
        results: &[ObjectResult],
        refusals: &[Refusal],
    ) -> Result<(NewFile, Option<NewFile>), LakeError> {
        let now_micros = super::commit::now_millis() * 1000;
        let bytes = ledger::objects_file(batch, now_micros, &self.objects, results)?;
        let objects = put_small(lake, Table::Objects, bytes, self.objects.len() as u64).await?;
        let refused = if refusals.is_empty() {
            None
        } else {
            let bytes = ledger::refusals_file(batch, refusals)?;
            Some(put_small(lake, Table::Refusals, bytes, refusals.len() as u64).await?)
        };
        Ok((objects, refused))
    }
}

/// How long to wait after so many tries: at random, that those who met do not meet again.
fn wait_after(tries: u32) -> Duration {
    let longest = COMMIT_WAIT.saturating_mul(1 << tries.min(8)).min(COMMIT_WAIT_MAX);
    let chance = u32::from(Uuid::new_v4().as_bytes().first().copied().unwrap_or(0));
    longest * chance / 256
}

async fn put_small(lake: &Lake, table: Table, bytes: Vec<u8>, rows: u64) -> Result<NewFile, LakeError> {
    let path = format!("part-{}.parquet", Uuid::new_v4());
    let size = i64::try_from(bytes.len()).unwrap_or(i64::MAX);
    lake.put(table, &path, bytes).await?;
    Ok(NewFile { path, size, rows, date: None, stats: None })
}

/// Lets records pass that the lake does not have.
struct LakeGate<'a> {
    lake: &'a Lake,
    seen: &'a mut Seen,
    handle: tokio::runtime::Handle,
}

impl Gate for LakeGate<'_> {
    fn pass(&mut self, part: &mut Part) -> Result<(), LakeError> {
        part.keep.clear();
        part.keep.reserve(part.len());
        for place in 0..part.len() {
            let Some(fixed) = part.fixed.get(place) else { continue };
            let day = fixed.day();
            if !self.seen.knows(day) {
                self.handle.block_on(self.seen.load(self.lake, day))?;
            }
            part.keep.push(self.seen.insert(day, fixed.key()));
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standard_input_is_a_batch_of_its_own() {
        let file = |name: &str| Object {
            name: name.to_owned(),
            place: Place::File(PathBuf::from(name)),
            size: 10,
            modified_micros: 0,
        };
        let stdin = Object { name: "-".to_owned(), place: Place::Stdin, size: 0, modified_micros: 0 };
        let objects = [file("a"), file("b"), stdin, file("c")];
        let batches: Vec<usize> = [0, 2, 3].map(|from| batch_len(&objects[from..], 1000)).to_vec();
        assert_eq!(batches, [2, 1, 1]);
    }
}
