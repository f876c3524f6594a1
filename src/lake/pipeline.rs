//! A batch of objects, read on all cores, told apart from what is known, and encoded.
//!
//! Workers take tasks (runs of objects) in order and decode them into parts. Parts pass the gate in the order of the
//! objects, whatever order the workers end in: so of two deliveries of one record it is always the first in the listing
//! that is kept. Parts that passed are encoded by whichever worker is free. Only so many parts wait at the gate; the worker
//! that holds the first task never waits, so the others' waiting ends.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::flow::Help;
use super::intern::NULL;
use super::read::Reader;
use super::rows::Part;
use super::write::{DayFile, DayWriters};
use super::{Column, LakeError};
use crate::archive::{Foreign, Object, Opener};
use crate::record::{Counts, Refusal};

/// What is known of one object after it was read.
#[derive(Debug, Clone, Default)]
pub(super) struct ObjectResult {
    pub(super) counts: Counts,
    pub(super) set_aside: Option<Foreign>,
    pub(super) refusals: Vec<Refusal>,
    pub(super) refusals_unlisted: u64,
    pub(super) raw_bytes: u64,
    pub(super) inflated_bytes: u64,
    /// None where it could not be opened or read to its end.
    pub(super) sha256: Option<String>,
}

/// What a batch came to.
pub(super) struct BatchResult {
    pub(super) files: Vec<DayFile>,
    pub(super) objects: Vec<ObjectResult>,
    pub(super) summary: Summary,
}

/// What kind of events were kept.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Summary {
    /// Kept events by account.
    pub accounts: BTreeMap<String, u64>,
    /// Kept events by region.
    pub regions: BTreeMap<String, u64>,
    /// Kept management events.
    pub management: u64,
    /// Kept data events.
    pub data: u64,
    /// Kept events of other categories (network activity, Insights).
    pub other: u64,
    /// Time of the first kept event, in microseconds since 1970.
    pub first_micros: Option<i64>,
    /// Time of the last kept event.
    pub last_micros: Option<i64>,
    /// Time of the first kept data event.
    pub first_data_micros: Option<i64>,
}

/// What kind of event a record is: its category tells, and where it names none `managementEvent`.
#[derive(Clone, Copy)]
enum Kind {
    Management,
    Data,
    Other,
}

impl Summary {
    /// Adds what another batch kept.
    pub(super) fn add(&mut self, other: &Summary) {
        for (into, from) in [(&mut self.accounts, &other.accounts), (&mut self.regions, &other.regions)] {
            for (name, count) in from {
                *into.entry(name.clone()).or_default() += count;
            }
        }
        self.management += other.management;
        self.data += other.data;
        self.other += other.other;
        let least = |left: Option<i64>, right: Option<i64>| left.into_iter().chain(right).min();
        self.first_micros = least(self.first_micros, other.first_micros);
        self.first_data_micros = least(self.first_data_micros, other.first_data_micros);
        self.last_micros = self.last_micros.max(other.last_micros);
    }

    /// Counts a kept event of this time, category and flag `managementEvent`, but not its account and region.
    pub(super) fn add_row(&mut self, micros: i64, category: Option<&str>, management: Option<bool>) {
        self.first_micros = Some(self.first_micros.map_or(micros, |first| first.min(micros)));
        self.last_micros = self.last_micros.max(Some(micros));
        match (category, management) {
            (Some("Data"), _) | (None | Some(""), Some(false)) => {
                self.data += 1;
                self.first_data_micros =
                    Some(self.first_data_micros.map_or(micros, |first| first.min(micros)));
            }
            (None | Some("" | "Management"), _) => self.management += 1,
            (Some(_), _) => self.other += 1,
        }
    }

    fn add_part(&mut self, part: &Part) {
        let category_of = |id| match part.interner(Column::EventCategory).get(id) {
            b"" => None,
            b"Data" => Some(Kind::Data),
            b"Management" => Some(Kind::Management),
            _ => Some(Kind::Other),
        };
        let categories: Vec<Option<Kind>> = (0..part.interner(Column::EventCategory).len())
            .map(|id| category_of(u32::try_from(id).unwrap_or(NULL)))
            .collect();
        let kept = || part.fixed.iter().enumerate().filter(|(row, _)| part.keep.get(*row) == Some(&true));
        let category_id = part.ids_of(Column::EventCategory);
        for (row, fixed) in kept() {
            let micros = fixed.event_time_micros;
            self.first_micros = Some(self.first_micros.map_or(micros, |first| first.min(micros)));
            self.last_micros = self.last_micros.max(Some(micros));
            let absent =
                if fixed.management_event.get() == Some(false) { Kind::Data } else { Kind::Management };
            match categories.get(category_id(row) as usize).copied().flatten().unwrap_or(absent) {
                Kind::Data => {
                    self.data += 1;
                    self.first_data_micros =
                        Some(self.first_data_micros.map_or(micros, |first| first.min(micros)));
                }
                Kind::Management => self.management += 1,
                Kind::Other => self.other += 1,
            }
        }
        for (column, into) in [(Column::Account, &mut self.accounts), (Column::AwsRegion, &mut self.regions)]
        {
            let values = part.interner(column);
            let mut counts = vec![0_u64; values.len()];
            let id_of = part.ids_of(column);
            for (row, _) in kept() {
                if let Some(count) = counts.get_mut(id_of(row) as usize) {
                    *count += 1;
                }
            }
            for (id, count) in (0..).zip(counts).filter(|(_, count)| *count > 0) {
                *into.entry(String::from_utf8_lossy(values.get(id)).into_owned()).or_default() += count;
            }
        }
    }
}

/// The gate that parts pass in order: marks the rows of a part that are new, by day and key.
pub(super) trait Gate: Send {
    /// Fills [`Part::keep`].
    fn pass(&mut self, part: &mut Part) -> Result<(), LakeError>;
}

/// How far a batch is; shown while it runs.
pub(super) trait Watch: Sync {
    /// An object was read.
    fn object(&self, raw_bytes: u64, inflated_bytes: u64, records: u64);
}

/// How a batch is worked on.
pub(super) struct Setting<'a> {
    pub(super) objects: &'a [Object],
    /// Opens them.
    pub(super) opener: &'a Opener<'a>,
    pub(super) workers: usize,
    pub(super) inflated_bytes_max: u64,
    /// As many threads as there are workers. They live as long as the ingest: an allocator keeps memory for each thread
    /// that ever was.
    pub(super) pool: &'a rayon::ThreadPool,
    /// Parts that are used again, from batch to batch.
    pub(super) spare: &'a Mutex<Vec<Part>>,
}

impl Setting<'_> {
    /// An empty part.
    fn part(&self) -> Part {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
    }

    /// Takes a part back.
    fn put_back(&self, mut part: Part) {
        part.clear();
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).push(part);
    }
}

struct Shared<'g, 'a> {
    tasks: VecDeque<(usize, Range<usize>)>,
    /// Parts whose turn has not come: by task, and place in it; with whether it is the task's last.
    parked: BTreeMap<(usize, usize), (Part, bool)>,
    /// Whose turn it is.
    turn: (usize, usize),
    ready: VecDeque<Part>,
    decoding: usize,
    /// Large objects that are read.
    flows: Vec<Arc<dyn Help + 'a>>,
    gate: &'g mut dyn Gate,
    summary: Summary,
    results: Vec<ObjectResult>,
    files: Vec<DayFile>,
    failure: Option<LakeError>,
}

/// Where the workers of a batch meet.
pub(super) struct Floor<'g, 'a> {
    shared: Mutex<Shared<'g, 'a>>,
    changed: Condvar,
    parked_max: usize,
}

/// Reads `setting.objects` and gives what they came to.
pub(super) fn run(
    setting: &Setting<'_>,
    gate: &mut dyn Gate,
    watch: &dyn Watch,
) -> Result<BatchResult, LakeError> {
    let floor = Floor {
        shared: Mutex::new(Shared {
            tasks: tasks(setting.objects, setting.workers).into_iter().enumerate().collect(),
            parked: BTreeMap::new(),
            turn: (0, 0),
            ready: VecDeque::new(),
            decoding: 0,
            flows: Vec::new(),
            gate,
            summary: Summary::default(),
            results: setting.objects.iter().map(|_| ObjectResult::default()).collect(),
            files: Vec::new(),
            failure: None,
        }),
        changed: Condvar::new(),
        parked_max: setting.workers + 1,
    };
    setting.pool.scope(|scope| {
        for _ in 0..setting.workers {
            scope.spawn(|_| floor.work(setting, watch));
        }
    });
    let shared = floor.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
    if let Some(failure) = shared.failure {
        return Err(failure);
    }
    Ok(BatchResult { files: shared.files, objects: shared.results, summary: shared.summary })
}

/// A task takes objects of no more raw bytes than these, but for a single larger one: about as many as fill a row group.
const TASK_BYTES_MAX: u64 = 5 * 1024 * 1024;

/// Nor of fewer, while there are more.
const TASK_BYTES_MIN: u64 = 512 * 1024;

/// Runs of objects, large enough to fill a row group; smaller ones at the end, so that all workers end at about the same time.
fn tasks(objects: &[Object], workers: usize) -> Vec<Range<usize>> {
    let mut left: u64 = objects.iter().map(|object| object.size).sum();
    let mut tasks = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (place, object) in objects.iter().enumerate() {
        let target = (left / (workers as u64 * 2).max(1)).clamp(TASK_BYTES_MIN, TASK_BYTES_MAX);
        bytes += object.size;
        if bytes >= target {
            tasks.push(start..place + 1);
            left = left.saturating_sub(bytes);
            (start, bytes) = (place + 1, 0);
        }
    }
    if start < objects.len() {
        tasks.push(start..objects.len());
    }
    tasks
}

/// Lets the others stop where a worker panics: they would wait for it for ever.
struct Alarm<'f, 'g, 'a>(&'f Floor<'g, 'a>);

impl Drop for Alarm<'_, '_, '_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let failure = LakeError::Inconsistent("a worker ended before its work did".to_owned());
            self.0.enter().failure.get_or_insert(failure);
            self.0.changed.notify_all();
        }
    }
}

impl<'g, 'a> Floor<'g, 'a> {
    fn enter(&self) -> MutexGuard<'_, Shared<'g, 'a>> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A large object is read from now on, which others can help with. They are told by the condition when there is more to
    /// help with.
    pub(super) fn begin_flow(&self, flow: Arc<dyn Help + 'a>) -> &Condvar {
        self.enter().flows.push(flow);
        self.changed.notify_all();
        &self.changed
    }

    /// It is not read any more.
    pub(super) fn end_flow(&self, flow: &Arc<dyn Help + 'a>) {
        self.enter().flows.retain(|other| !Arc::ptr_eq(other, flow));
    }

    fn work(&self, setting: &Setting<'a>, watch: &dyn Watch) {
        let _alarm = Alarm(self);
        let mut reader = Reader::default();
        let mut writers = match DayWriters::new() {
            Ok(writers) => writers,
            Err(error) => {
                self.enter().failure = Some(error.into());
                self.changed.notify_all();
                return;
            }
        };
        let mut shared = self.enter();
        let mut helped = true;
        loop {
            let look_again = std::mem::replace(&mut helped, true);
            if shared.failure.is_some() {
                break;
            }
            if let Some(part) = shared.ready.pop_front() {
                drop(shared);
                let written = writers.write(&part);
                setting.put_back(part);
                shared = self.enter();
                if let Err(error) = written {
                    shared.failure = Some(error.into());
                    self.changed.notify_all();
                }
                continue;
            }
            if (shared.parked.len() < self.parked_max || shared.decoding == 0)
                && let Some((task, range)) = shared.tasks.pop_front()
            {
                shared.decoding += 1;
                drop(shared);
                self.decode(task, range, setting, &mut reader, &mut writers, watch);
                shared = self.enter();
                shared.decoding -= 1;
                self.changed.notify_all();
                continue;
            }
            if shared.tasks.is_empty() && shared.decoding == 0 && shared.parked.is_empty() {
                break;
            }
            if look_again && !shared.flows.is_empty() {
                let flows = shared.flows.clone();
                drop(shared);
                // While nobody was told anything here, all may have changed: only a second look in vain is a reason to wait.
                helped = flows.iter().any(|flow| flow.help());
                shared = self.enter();
                continue;
            }
            shared = self.changed.wait(shared).unwrap_or_else(PoisonError::into_inner);
        }
        drop(shared);
        let finished = writers.finish();
        let mut shared = self.enter();
        match finished {
            Ok(files) => shared.files.extend(files),
            Err(error) => shared.failure = Some(error.into()),
        }
        self.changed.notify_all();
    }

    fn decode(
        &self,
        task: usize,
        range: Range<usize>,
        setting: &Setting<'a>,
        reader: &mut Reader,
        writers: &mut DayWriters,
        watch: &dyn Watch,
    ) {
        let mut part = setting.part();
        let mut place = 0;
        for index in range {
            let Some(object) = setting.objects.get(index) else { continue };
            let mut result = ObjectResult::default();
            let mut submit = |part: &mut Part| {
                self.submit((task, place), std::mem::replace(part, setting.part()), false, setting, writers);
                place += 1;
            };
            reader.read(object, index, self, setting, &mut part, &mut result, &mut submit);
            watch.object(result.raw_bytes, result.inflated_bytes, result.counts.read);
            let mut shared = self.enter();
            if let Some(known) = shared.results.get_mut(index) {
                // The gate may have counted kept rows of this object already.
                result.counts.kept = known.counts.kept;
                result.counts.duplicate = known.counts.duplicate;
                *known = result;
            }
            if let Some(error) = setting.opener.stopped() {
                shared.failure.get_or_insert_with(|| LakeError::Source(Box::new(error)));
            }
            if shared.failure.is_some() {
                return;
            }
        }
        self.submit((task, place), part, true, setting, writers);
    }

    /// Parks a part, waiting for room unless its task is the first, and lets pass all parts whose turn it is.
    fn submit(
        &self,
        at: (usize, usize),
        part: Part,
        last: bool,
        setting: &Setting<'_>,
        writers: &mut DayWriters,
    ) {
        let mut shared = self.enter();
        // Of the first task, too, no more waits to be written than others may park: it may be one large object.
        while shared.failure.is_none()
            && (shared.ready.len() > self.parked_max
                || (shared.parked.len() >= self.parked_max && shared.turn.0 != at.0))
        {
            if let Some(ready) = shared.ready.pop_front() {
                drop(shared);
                let written = writers.write(&ready);
                setting.put_back(ready);
                shared = self.enter();
                if let Err(error) = written {
                    shared.failure = Some(error.into());
                }
            } else {
                shared = self.changed.wait(shared).unwrap_or_else(PoisonError::into_inner);
            }
        }
        shared.parked.insert(at, (part, last));
        loop {
            let turn = shared.turn;
            let Some((mut part, last)) = shared.parked.remove(&turn) else { break };
            if let Err(error) = shared.gate.pass(&mut part) {
                shared.failure = Some(error);
            }
            shared.summary.add_part(&part);
            for (fixed, keep) in part.fixed.iter().zip(&part.keep) {
                if let Some(result) = shared.results.get_mut(fixed.object as usize) {
                    if *keep {
                        result.counts.kept += 1;
                    } else {
                        result.counts.duplicate += 1;
                    }
                }
            }
            shared.turn = if last { (turn.0 + 1, 0) } else { (turn.0, turn.1 + 1) };
            shared.ready.push_back(part);
        }
        self.changed.notify_all();
    }
}

/// So many refusals of one object are listed one by one; more are counted, and one line says how many.
pub const OBJECT_REFUSALS_MAX: usize = 1000;
