//! Which records are in the lake already, day by day.

use std::collections::BTreeMap;

use arrow::array::{Array, AsArray};
use arrow::datatypes::Int64Type;
use futures::TryStreamExt;
use hashbrown::HashTable;

use super::commit::Lake;
use super::{LakeError, Table};
use crate::record::canonical::bytes_hash;

/// So many keys stay in memory from batch to batch; beyond it the days touched longest ago are forgotten, and read
/// again from the lake when they come up again. One key takes about 25 bytes.
const KEYS_KEPT_MAX: usize = 6_000_000;

/// The keys of known records, by day.
#[derive(Default)]
pub(super) struct Seen {
    days: BTreeMap<i32, Day>,
    turn: u64,
}

#[derive(Default)]
struct Day {
    keys: HashTable<u128>,
    touched: u64,
}

#[expect(clippy::cast_possible_truncation, reason = "the low half of the key is a hash of its own")]
fn hash(key: u128) -> u64 {
    key as u64
}

impl Seen {
    /// Whether the record is new on its day; it is known from now on. The day must have been loaded.
    pub(super) fn insert(&mut self, day: i32, key: u128) -> bool {
        let turn = self.turn;
        let day = self.days.entry(day).or_default();
        day.touched = turn;
        match day.keys.entry(hash(key), |other| *other == key, |other| hash(*other)) {
            hashbrown::hash_table::Entry::Occupied(_) => false,
            hashbrown::hash_table::Entry::Vacant(entry) => {
                entry.insert(key);
                true
            }
        }
    }

    /// Whether a day's records are in memory.
    pub(super) fn knows(&self, day: i32) -> bool {
        self.days.contains_key(&day)
    }

    /// Reads a day's records from the lake.
    pub(super) async fn load(&mut self, lake: &Lake, day: i32) -> Result<(), LakeError> {
        let mut keys = HashTable::new();
        if lake.has_day(day)? {
            let date = chrono::NaiveDate::from_epoch_days(day).unwrap_or_default();
            let frame = lake.session()?.table(Table::Events.name()).await?;
            let on_day = datafusion::prelude::col("event_date").eq(datafusion::prelude::lit(
                datafusion::common::ScalarValue::Date32(Some(date.to_epoch_days())),
            ));
            let frame = frame.filter(on_day)?.select_columns(&["event_id", "fingerprint"])?;
            let mut stream = frame.execute_stream().await?;
            while let Some(batch) = stream.try_next().await? {
                let ids = batch.column(0).as_string::<i32>();
                let fingerprints = batch.column(1).as_primitive::<Int64Type>();
                for row in 0..batch.num_rows() {
                    let id_hash = if ids.is_null(row) { 0 } else { bytes_hash(ids.value(row).as_bytes()) };
                    let fingerprint = u64::from_le_bytes(fingerprints.value(row).to_le_bytes());
                    let key = (u128::from(id_hash) << 64) | u128::from(fingerprint);
                    keys.insert_unique(hash(key), key, |other| hash(*other));
                }
            }
        }
        self.days.insert(day, Day { keys, touched: self.turn });
        Ok(())
    }

    /// Between two batches, when everything known is in the lake: forgets days that are not likely to come again.
    pub(super) fn trim(&mut self) {
        self.turn += 1;
        while self.days.values().map(|day| day.keys.len()).sum::<usize>() > KEYS_KEPT_MAX {
            let oldest =
                self.days.iter().min_by_key(|(day, kept)| (kept.touched, **day)).map(|(day, _)| *day);
            match oldest {
                Some(day) => self.days.remove(&day),
                None => break,
            };
        }
    }

    /// Forgets everything, after somebody else wrote the lake or a batch was given up.
    pub(super) fn clear(&mut self) {
        self.days.clear();
    }
}
