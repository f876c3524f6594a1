//! Looks up few rows of a lake's `events` without a plan: by key, session, name or time; or all rows, of few columns.
//!
//! A walk along a chain asks tens of questions that each concern a handful of rows. The engine plans every one anew, and
//! compares texts row by row; here a row group is passed over by its statistics and Bloom filters, a condition is tried
//! once for each distinct value, and only the rows that satisfy all of them are read further. A column that says the same
//! in all rows of a row group is not read. The columns of JSON hold most of a file's bytes, so each is read for those rows
//! only that need it.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

use arrow::array::{Array, ArrayRef, RecordBatch, UInt32Array, new_null_array};
use arrow::buffer::BooleanBuffer;
use arrow::compute::{cast, take};
use arrow::datatypes::{DataType, Field, Schema, SchemaRef};
use datafusion::common::runtime::SpawnedTask;
use datafusion::prelude::SessionContext;
use futures::{Stream, StreamExt, TryStreamExt};

use super::{Filter, QueryError};
use crate::lake::{Column, EventFile, EventFiles, event_files, plans_elsewhere};

mod group;
mod pages;
mod test;

pub(super) use group::Texts;
use group::{BATCH_ROWS, Group, Layouts, Opened};
use test::Test;

/// So many row groups are read beside each other, for each core.
const GROUPS_EACH: usize = 4;

/// So many files are opened beside each other.
const OPENED_MAX: usize = 16;

/// Files of so many row groups are kept open for the look-ups that follow: what is known of one takes some 30 kB.
const GROUPS_KEPT_MAX: usize = 4096;

/// The `events` of a lake at one version.
#[derive(Debug, Clone)]
pub(super) struct Lookup {
    files: Arc<EventFiles>,
    opened: Arc<Kept>,
    /// Whether rows are read where the session plans: then only what the log tells is known here.
    elsewhere: bool,
}

/// Files that were opened: to find out what is in one takes as long as to look a key up in it.
#[derive(Debug)]
struct Kept {
    /// In the order of the lake's files.
    files: Vec<OnceLock<Arc<Opened>>>,
    /// How many row groups these have.
    groups: AtomicUsize,
    /// What their columns are read as.
    layouts: Arc<Layouts>,
}

impl Kept {
    fn of(files: &EventFiles) -> Kept {
        let none = files.files.iter().map(|_| OnceLock::new()).collect();
        Kept { files: none, groups: AtomicUsize::new(0), layouts: Arc::default() }
    }

    fn get(&self, place: usize) -> Option<Arc<Opened>> {
        self.files.get(place)?.get().map(Arc::clone)
    }

    fn keep(&self, place: usize, file: &Arc<Opened>) {
        if let Some(slot) = self.files.get(place)
            && self.groups.fetch_add(file.groups(), Ordering::Relaxed) < GROUPS_KEPT_MAX
        {
            slot.get_or_init(|| Arc::clone(file));
        }
    }
}

/// Says of a batch, for each large column, which rows need it.
type Needs = Arc<dyn Fn(&RecordBatch) -> Vec<Vec<bool>> + Send + Sync>;

/// What is read of the rows that satisfy a condition.
#[derive(Clone)]
pub(super) struct Wanted {
    /// These columns of all rows, in this order in the batches.
    pub(super) columns: Vec<Column>,
    /// These behind them, of the rows only for which it is said; NULL in others.
    pub(super) large: Vec<Column>,
    /// Says of a batch of [`Wanted::columns`] which rows need which of [`Wanted::large`], in their order.
    pub(super) needs: Needs,
    /// How the texts of [`Wanted::columns`] stand in the batches.
    pub(super) texts: Texts,
}

impl Wanted {
    /// Some columns of all rows.
    pub(super) fn all(columns: Vec<Column>) -> Wanted {
        Wanted { columns, large: Vec::new(), needs: Arc::new(|_| Vec::new()), texts: Texts::Plain }
    }

    /// The same, with texts by their numbers, where a column has a dictionary.
    pub(super) fn numbered(columns: Vec<Column>) -> Wanted {
        Wanted { texts: Texts::Numbered, ..Wanted::all(columns) }
    }
}

impl Lookup {
    /// The look-ups of a session; None where its `events` are not those of a lake.
    pub(super) async fn open(ctx: &SessionContext) -> Result<Option<Lookup>, QueryError> {
        let files = event_files(ctx).await.map_err(failed)?;
        let elsewhere = plans_elsewhere(ctx);
        Ok(files.map(|files| Lookup {
            opened: Arc::new(Kept::of(&files)),
            files: Arc::new(files),
            elsewhere,
        }))
    }

    /// The first and the last time of an event in microseconds, as the log tells; None where it does not tell of all files.
    pub(super) fn span(&self) -> Option<(i64, i64)> {
        let spans = self.files.files.iter().map(|file| file.time_micros);
        let spans = spans.collect::<Option<Vec<(i64, i64)>>>()?.into_iter();
        spans.reduce(|all, one| (all.0.min(one.0), all.1.max(one.1)))
    }

    /// The schema of the batches that look-ups of some columns give, with all texts as they are.
    pub(super) fn schema(&self, wanted: &Wanted) -> SchemaRef {
        let columns = wanted.columns.iter().chain(&wanted.large);
        let field = |column: &Column| self.field(*column);
        Arc::new(Schema::new(columns.map(field).collect::<Vec<_>>()))
    }

    fn field(&self, column: Column) -> Field {
        let known = self.files.schema.field_with_name(column.name()).ok().cloned();
        let field = known.unwrap_or_else(|| Field::new(column.name(), DataType::Utf8, true));
        field.with_nullable(true)
    }

    /// Reads the rows that satisfy a condition: each row group's are folded by themselves, beside each other; the parts
    /// come in the order of the files. None where the condition is one that only the engine can tell, or rows are read
    /// elsewhere.
    pub(super) async fn fold<T, F>(
        &self,
        filter: &Filter,
        wanted: Wanted,
        add: F,
    ) -> Result<Option<Vec<T>>, QueryError>
    where
        T: Default + Send + 'static,
        F: Fn(&mut T, RecordBatch) -> Result<(), QueryError> + Clone + Send + Sync + 'static,
    {
        let mut parts = Vec::new();
        let keep = |part| {
            parts.push(part);
            Ok(())
        };
        let read = self.fold_into(filter, wanted, add, keep).await?;
        Ok(read.then_some(parts))
    }

    /// The same, where each part is taken as soon as those before it are; false where [`Lookup::fold`] gives None.
    pub(super) async fn fold_into<T, F>(
        &self,
        filter: &Filter,
        wanted: Wanted,
        add: F,
        mut take: impl FnMut(T) -> Result<(), QueryError>,
    ) -> Result<bool, QueryError>
    where
        T: Default + Send + 'static,
        F: Fn(&mut T, RecordBatch) -> Result<(), QueryError> + Clone + Send + Sync + 'static,
    {
        let Some(test) = self.test(filter) else { return Ok(false) };
        let (test, schema) = (Arc::new(test), self.schema(&wanted));
        let wanted = Arc::new(wanted);
        let parts = self.groups(&test).map(move |group| {
            let (test, wanted, schema, add) =
                (Arc::clone(&test), Arc::clone(&wanted), Arc::clone(&schema), add.clone());
            spawned(async move {
                let (group, mut part) = (group?, T::default());
                for batch in read(&group, &test, &wanted, &schema).await? {
                    add(&mut part, batch)?;
                }
                Ok(part)
            })
        });
        let mut parts = pin!(parts.buffered(beside()));
        while let Some(part) = parts.try_next().await? {
            take(part)?;
        }
        Ok(true)
    }

    /// Whether any row satisfies a condition. None as in [`Lookup::fold`].
    pub(super) async fn any(&self, filter: &Filter) -> Result<Option<bool>, QueryError> {
        let Some(test) = self.test(filter) else { return Ok(None) };
        let test = Arc::new(test);
        let parts = self.groups(&test).map(move |group| {
            let test = Arc::clone(&test);
            spawned(async move { Ok(group?.satisfying(&test).await?.is_some()) })
        });
        let mut parts = pin!(parts.buffer_unordered(beside()));
        while let Some(found) = parts.try_next().await? {
            if found {
                return Ok(Some(true));
            }
        }
        Ok(Some(false))
    }

    /// The row groups whose statistics leave room for a row that satisfies a condition, in the order of the files. Files are
    /// opened a few ahead of those that are read: of a large lake what is known of all would not fit into memory.
    fn groups(&self, test: &Arc<Test>) -> impl Stream<Item = Result<Group, QueryError>> + Send + 'static {
        let times = test.times();
        let overlaps = |file: &EventFile| {
            file.time_micros.is_none_or(|(first, last)| times.start <= last && first < times.end)
        };
        let within: Vec<usize> = (self.files.files.iter().enumerate())
            .filter(|(_, file)| overlaps(file))
            .map(|(place, _)| place)
            .collect();
        let (files, kept, test) = (Arc::clone(&self.files), Arc::clone(&self.opened), Arc::clone(test));
        let files = futures::stream::iter(within)
            .map(move |place| opened(Arc::clone(&files), Arc::clone(&kept), place))
            .buffered(OPENED_MAX);
        let groups = files.map_ok(move |file| {
            let groups = (0..file.groups()).map(|at| Group::new(Arc::clone(&file), at));
            let groups: Vec<Group> = groups.filter(|group| group.may_hold(&test)).collect();
            futures::stream::iter(groups.into_iter().map(Ok))
        });
        groups.try_flatten()
    }

    fn test(&self, filter: &Filter) -> Option<Test> {
        if self.elsewhere { None } else { Test::of(filter) }
    }

    /// The rows that satisfy a condition. None as in [`Lookup::fold`].
    pub(super) async fn rows(
        &self,
        filter: &Filter,
        wanted: Wanted,
    ) -> Result<Option<Vec<RecordBatch>>, QueryError> {
        let add = |part: &mut Vec<RecordBatch>, batch| {
            part.push(batch);
            Ok(())
        };
        let parts: Option<Vec<Vec<RecordBatch>>> = self.fold(filter, wanted, add).await?;
        Ok(parts.map(|parts| parts.into_iter().flatten().collect()))
    }
}

fn beside() -> usize {
    std::thread::available_parallelism().map_or(2, usize::from) * GROUPS_EACH
}

fn failed(error: impl Into<datafusion::error::DataFusionError>) -> QueryError {
    QueryError::engine("cannot read events", error.into())
}

/// The file in a place, opened unless it is kept.
async fn opened(files: Arc<EventFiles>, kept: Arc<Kept>, place: usize) -> Result<Arc<Opened>, QueryError> {
    if let Some(known) = kept.get(place) {
        return Ok(known);
    }
    let Some(file) = files.files.get(place) else {
        return Err(failed(std::io::Error::other("no such file of the lake")));
    };
    let (file, layouts) = (file.file.clone(), Arc::clone(&kept.layouts));
    let file = spawned(async move { Opened::open(&files, &layouts, file).await }).await?;
    kept.keep(place, &file);
    Ok(file)
}

/// On whichever core is free; the work ends with whoever waits for it.
async fn spawned<T: Send + 'static>(
    work: impl Future<Output = Result<T, QueryError>> + Send + 'static,
) -> Result<T, QueryError> {
    SpawnedTask::spawn(work).join_unwind().await.map_err(|error| failed(std::io::Error::other(error)))?
}

/// The rows of a row group that satisfy a condition.
async fn read(
    group: &Group,
    test: &Test,
    wanted: &Wanted,
    schema: &SchemaRef,
) -> Result<Vec<RecordBatch>, QueryError> {
    let Some(rows) = group.satisfying(test).await? else { return Ok(Vec::new()) };
    let batches = group.columns(&wanted.columns, &rows, wanted.texts).await?;
    if wanted.large.is_empty() {
        return batches.into_iter().map(|batch| fitted(batch.columns(), schema, wanted.texts)).collect();
    }
    let mut found = Vec::with_capacity(batches.len());
    let mut numbers = rows.set_indices();
    let mut batches = batches.into_iter().peekable();
    while let Some(first) = batches.next() {
        let mut some = Vec::from([Needing::of(first, wanted)]);
        let mut count = some.first().map_or(0, Needing::count);
        // As many at once as hold no more values than one batch may: whoever asks anew reads a column's pages again.
        while let Some(next) = batches.next_if(|_| count <= BATCH_ROWS) {
            let next = Needing::of(next, wanted);
            count += next.count();
            some.push(next);
        }
        let rows = some.iter().map(|one| one.batch.num_rows()).sum();
        let numbers: Vec<usize> = numbers.by_ref().take(rows).collect();
        let mut whole = Vec::with_capacity(wanted.large.len());
        for (at, column) in wanted.large.iter().enumerate() {
            let needed: Vec<bool> = some.iter().flat_map(|one| one.rows(at)).collect();
            whole.push(large(group, *column, &numbers, &needed, schema).await?);
        }
        let mut from = 0;
        for Needing { batch, .. } in some {
            let mut columns = batch.columns().to_vec();
            columns.extend(whole.iter().map(|column| column.slice(from, batch.num_rows())));
            from += batch.num_rows();
            found.push(fitted(&columns, schema, wanted.texts)?);
        }
    }
    Ok(found)
}

/// A batch, and which of its rows need which large column.
struct Needing {
    batch: RecordBatch,
    needs: Vec<Vec<bool>>,
}

impl Needing {
    fn of(batch: RecordBatch, wanted: &Wanted) -> Needing {
        let needs = (wanted.needs)(&batch);
        Needing { batch, needs }
    }

    /// Which rows need a column.
    fn rows(&self, column: usize) -> impl Iterator<Item = bool> + '_ {
        let needed = self.needs.get(column).map_or(&[][..], Vec::as_slice);
        (0..self.batch.num_rows()).map(move |row| needed.get(row) == Some(&true))
    }

    /// How many rows need the column that most need.
    fn count(&self) -> usize {
        self.needs.iter().map(|rows| rows.iter().filter(|needed| **needed).count()).max().unwrap_or(0)
    }
}

/// A column of those rows that need it, NULL in the others. `numbers` are the places of the rows in their group.
async fn large(
    group: &Group,
    column: Column,
    numbers: &[usize],
    needed: &[bool],
    schema: &SchemaRef,
) -> Result<ArrayRef, QueryError> {
    let kind = schema.field_with_name(column.name()).map_err(failed)?.data_type().clone();
    let needing: Vec<usize> =
        numbers.iter().zip(needed).filter(|(_, needed)| **needed).map(|(at, _)| *at).collect();
    if needing.is_empty() {
        return Ok(new_null_array(&kind, numbers.len()));
    }
    let mut set = vec![false; group.rows()];
    for at in &needing {
        if let Some(one) = set.get_mut(*at) {
            *one = true;
        }
    }
    let batches = group.columns(&[column], &BooleanBuffer::from(set), Texts::Plain).await?;
    let parts: Vec<ArrayRef> = batches.iter().flat_map(|batch| batch.columns().to_vec()).collect();
    let parts: Vec<&dyn Array> = parts.iter().map(AsRef::as_ref).collect();
    let values = arrow::compute::concat(&parts).map_err(failed)?;
    let mut next = 0_u32;
    let places: UInt32Array = (0..numbers.len())
        .map(|row| {
            needed.get(row).copied().unwrap_or(false).then(|| {
                next += 1;
                next - 1
            })
        })
        .collect();
    take(&values, &places, None).map_err(failed)
}

/// Columns as the lake's schema has them, but for those that are to be numbered.
fn fitted(columns: &[ArrayRef], schema: &SchemaRef, texts: Texts) -> Result<RecordBatch, QueryError> {
    let is_numbered = |column: &ArrayRef| {
        texts == Texts::Numbered && matches!(column.data_type(), DataType::Dictionary(..))
    };
    let fitted = columns.iter().zip(schema.fields()).map(|(column, field)| {
        if column.data_type() == field.data_type() || is_numbered(column) {
            Ok(Arc::clone(column))
        } else {
            cast(column, field.data_type())
        }
    });
    let columns = fitted.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    let mut schema = Arc::clone(schema);
    if columns.iter().any(is_numbered) {
        let fields = columns.iter().zip(schema.fields());
        let fields =
            fields.map(|(column, field)| field.as_ref().clone().with_data_type(column.data_type().clone()));
        schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    }
    RecordBatch::try_new(schema, columns).map_err(failed)
}
