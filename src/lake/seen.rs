//! Which records are in the lake already, day by day.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::Int64Type;
use futures::TryStreamExt;

use super::commit::Lake;
use super::keyset::KeySet;
use super::rows::Key;
use super::table::DataFile;
use super::{Column, LakeError, Table};
use crate::record::canonical::bytes_hash;

/// So many keys stay in memory from batch to batch; beyond it the days that the last batch did not touch are forgotten, and
/// read again from the lake when they come up again. One key takes 12 to 18 bytes.
const KEYS_KEPT_MAX: usize = 1_000_000;

/// Beyond so many keys also days that the last batch touched are forgotten. Not those which the batch before touched, too: a
/// large day takes many batches, each of which would have to read it again, and have it in memory all the same.
const KEYS_MAX: usize = 2 * KEYS_KEPT_MAX;

/// The keys of known records, by day.
#[derive(Default)]
pub(super) struct Seen {
    days: BTreeMap<i32, Day>,
    turn: u64,
    /// The days that the batch before the last touched.
    before: BTreeSet<i32>,
}

#[derive(Default)]
struct Day {
    keys: KeySet,
    /// The files of the lake whose rows are among the keys.
    files: BTreeSet<object_store::path::Path>,
    touched: u64,
}

/// Keys by day.
pub(super) type Keys = BTreeMap<i32, HashSet<Key>>;

/// The columns that keys are made of.
pub(super) const KEY_COLUMNS: [Column; 2] = [Column::EventId, Column::Fingerprint];

/// The keys of rows, as [`super::rows::Fixed::key`] has them.
///
/// # Errors
/// Where the rows lack one of [`KEY_COLUMNS`].
pub(super) fn keys_of(batch: &RecordBatch) -> Result<Vec<Key>, LakeError> {
    let [ids, fingerprints] = KEY_COLUMNS.map(|column| batch.column_by_name(column.name()));
    let ids = ids.and_then(|ids| ids.as_string_opt::<i32>());
    let fingerprints = fingerprints.and_then(|prints| prints.as_primitive_opt::<Int64Type>());
    let Some((ids, fingerprints)) = ids.zip(fingerprints) else {
        return Err(LakeError::Inconsistent("events without ids and fingerprints".to_owned()));
    };
    let key = |row| {
        let id_hash = if ids.is_null(row) { 0 } else { bytes_hash(ids.value(row).as_bytes()) };
        Key::new(id_hash, u64::from_le_bytes(fingerprints.value(row).to_le_bytes()))
    };
    Ok((0..batch.num_rows()).map(key).collect())
}

impl Seen {
    /// Whether the record is new on its day; it is known from now on. The day must have been loaded.
    pub(super) fn insert(&mut self, day: i32, key: Key) -> bool {
        let turn = self.turn;
        let day = self.days.entry(day).or_default();
        day.touched = turn;
        day.keys.insert(key)
    }

    /// Whether a day's records are in memory.
    pub(super) fn knows(&self, day: i32) -> bool {
        self.days.contains_key(&day)
    }

    /// Reads a day's records from the lake.
    pub(super) async fn load(&mut self, lake: &Lake, day: i32) -> Result<(), LakeError> {
        let files: Vec<DataFile> =
            lake.files(Table::Events)?.into_iter().filter(|file| file.day == Some(day)).collect();
        let mut loaded = Day { touched: self.turn, ..Day::default() };
        read(lake, &mut loaded, &files, None).await?;
        self.days.insert(day, loaded);
        Ok(())
    }

    /// Takes in what came into the lake since the days in memory were read. Notes the keys that came and were known before, for
    /// whoever has a batch that is not committed yet: those of the batch are now somebody else's, too; others only moved to
    /// another file.
    pub(super) async fn catch_up(
        &mut self,
        lake: &Lake,
        mut twice: Option<&mut Keys>,
    ) -> Result<(), LakeError> {
        let mut by_day: BTreeMap<i32, Vec<DataFile>> = BTreeMap::new();
        for file in lake.files(Table::Events)? {
            if let Some(day) = file.day.filter(|day| self.days.contains_key(day)) {
                by_day.entry(day).or_default().push(file);
            }
        }
        for (day, files) in by_day {
            let Some(known) = self.days.get_mut(&day) else { continue };
            let came: Vec<DataFile> =
                files.iter().filter(|file| !known.files.contains(&file.path)).cloned().collect();
            known.files.retain(|path| files.iter().any(|file| file.path == *path));
            let had = twice.as_deref_mut().map(|twice| twice.entry(day).or_default());
            read(lake, known, &came, had).await?;
        }
        Ok(())
    }

    /// A file whose rows all passed [`Seen::insert`] is in the lake now.
    pub(super) fn committed(&mut self, file: DataFile) {
        if let Some(day) = file.day.and_then(|day| self.days.get_mut(&day)) {
            day.files.insert(file.path);
        }
    }

    /// Between two batches, when everything known is in the lake: forgets days that are not likely to come again.
    pub(super) fn trim(&mut self) {
        let mut keys = self.days.values().map(|day| day.keys.len()).sum::<usize>();
        let touched = self.days.iter().filter(|(_, kept)| kept.touched == self.turn).map(|(day, _)| *day);
        let before = std::mem::replace(&mut self.before, touched.collect());
        while keys > KEYS_KEPT_MAX {
            let stays = |day: &i32| before.contains(day) && self.before.contains(day);
            let oldest =
                self.days.iter().filter(|(day, _)| !stays(day)).map(|(day, kept)| (kept.touched, *day)).min();
            match oldest {
                Some((touched, day)) if touched < self.turn || keys > KEYS_MAX => {
                    keys -= self.days.remove(&day).map_or(0, |day| day.keys.len());
                }
                _ => break,
            }
        }
        self.turn += 1;
    }

    /// Forgets everything, after a batch was given up.
    pub(super) fn clear(&mut self) {
        self.days.clear();
    }
}

/// Adds the keys of files to a day; notes those that it had.
async fn read(
    lake: &Lake,
    day: &mut Day,
    files: &[DataFile],
    mut had: Option<&mut HashSet<Key>>,
) -> Result<(), LakeError> {
    if files.is_empty() {
        return Ok(());
    }
    let frame = lake.rows_of(Table::Events, files)?.select_columns(&KEY_COLUMNS.map(Column::name))?;
    let mut stream = frame.execute_stream().await?;
    while let Some(batch) = stream.try_next().await? {
        for key in keys_of(&batch)? {
            if !day.keys.insert(key)
                && let Some(had) = &mut had
            {
                had.insert(key);
            }
        }
    }
    day.files.extend(files.iter().map(|file| file.path.clone()));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A batch with so many more records of each of these days.
    fn batch(seen: &mut Seen, next: &mut u64, days: &[(i32, usize)]) {
        for (day, count) in days {
            for _ in 0..*count {
                *next += 1;
                assert!(seen.insert(*day, Key::new(0, *next)));
            }
        }
        seen.trim();
    }

    #[test]
    fn a_large_day_is_known_as_long_as_batches_touch_it() {
        let (mut seen, mut next) = (Seen::default(), 0);
        let known = |seen: &Seen| seen.days.keys().copied().collect::<Vec<_>>();
        batch(&mut seen, &mut next, &[(1, 1000), (2, KEYS_KEPT_MAX)]);
        batch(&mut seen, &mut next, &[(2, KEYS_KEPT_MAX)]);
        assert_eq!(known(&seen), [2]);
        // The last events of one day come with the first ones of the next.
        batch(&mut seen, &mut next, &[(2, 1000), (3, 1000)]);
        assert_eq!(known(&seen), [2]);
        batch(&mut seen, &mut next, &[(2, 1), (3, 1000)]);
        assert_eq!(known(&seen), [2, 3]);
        batch(&mut seen, &mut next, &[(3, 1000)]);
        assert_eq!(known(&seen), [3]);
    }

    #[test]
    fn large_days_that_one_batch_touched_are_forgotten() {
        let (mut seen, mut next) = (Seen::default(), 0);
        batch(&mut seen, &mut next, &[(1, KEYS_KEPT_MAX), (2, KEYS_KEPT_MAX), (3, 1000)]);
        assert!(!seen.knows(1) && seen.knows(2) && seen.knows(3));
    }
}
