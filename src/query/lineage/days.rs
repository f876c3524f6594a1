//! What a lake holds of each account, region and day, folded in the pass over all events; [`super::sight`] asks the same of
//! the engine, where nothing else is read.

use arrow::array::{Array, RecordBatch};
use borsh::{BorshDeserialize, BorshSerialize};
use chrono::DateTime;
use hashbrown::HashMap;
use xxhash_rust::xxh3::xxh3_64;

use super::events::Events;
use crate::lineage::Sight;
use crate::query::cells::Said;
use crate::query::{QueryError, cells};

const DAY_MICROS: i64 = 86_400_000_000;

/// The events of an account in a region on a day.
#[derive(Debug, Clone, PartialEq, Eq, BorshSerialize, BorshDeserialize)]
struct Day {
    account: String,
    region: Option<String>,
    first: i64,
    last: i64,
    read_only: u64,
}

/// Account, region and day.
type Place<'a> = (&'a str, Option<&'a str>, i64);

/// By the hash of account, region and day.
#[derive(Debug, Default)]
pub(super) struct Days(HashMap<u64, Day>);

impl Days {
    /// Takes in a batch of events.
    pub(super) fn add(&mut self, events: &Events<'_>, batch: &RecordBatch) -> Result<(), QueryError> {
        let read_only = cells::boolean(batch, "read_only")?;
        let regions = Said::of(batch, "aws_region")?;
        let mut scratch = Vec::with_capacity(64);
        // Of most rows the one before is of the same account, region and day.
        let mut before: Option<(Place<'_>, u64)> = None;
        for row in 0..batch.num_rows() {
            let Some(account) = events.accounts.at(row) else { continue };
            if account.is_empty() || events.categories.at(row) == Some("Insight") {
                continue;
            }
            let region = regions.at(row).filter(|region| !region.is_empty());
            let time = events.times.value(row);
            let place = (account, region, time.div_euclid(DAY_MICROS));
            let key = match before {
                Some((same, key)) if same == place => key,
                _ => {
                    scratch.clear();
                    scratch.extend_from_slice(account.as_bytes());
                    // Stands in no text of JSON.
                    scratch.push(0xFF);
                    scratch.extend_from_slice(region.unwrap_or_default().as_bytes());
                    scratch.push(0xFF);
                    scratch.extend_from_slice(&place.2.to_le_bytes());
                    xxh3_64(&scratch)
                }
            };
            before = Some((place, key));
            let day = self.0.entry(key).or_insert_with(|| Day {
                account: account.to_owned(),
                region: region.map(str::to_owned),
                first: time,
                last: time,
                read_only: 0,
            });
            day.first = day.first.min(time);
            day.last = day.last.max(time);
            day.read_only += u64::from(read_only.is_valid(row) && read_only.value(row));
        }
        Ok(())
    }

    /// Takes in those of another share.
    pub(super) fn append(&mut self, other: Days) {
        for (key, other) in other.0 {
            match self.0.get_mut(&key) {
                Some(day) => {
                    day.first = day.first.min(other.first);
                    day.last = day.last.max(other.last);
                    day.read_only += other.read_only;
                }
                None => {
                    self.0.insert(key, other);
                }
            }
        }
    }

    pub(super) fn sight(self) -> Sight {
        let mut sight = Sight::default();
        for Day { account, region, first, last, read_only } in self.0.into_values() {
            let time = |micros| DateTime::from_timestamp_micros(micros).unwrap_or_default();
            sight.add(account, region, (time(first), time(last)), read_only);
        }
        sight
    }
}

impl BorshSerialize for Days {
    fn serialize<W: std::io::Write>(&self, writer: &mut W) -> std::io::Result<()> {
        let mut all: Vec<(&u64, &Day)> = self.0.iter().collect();
        all.sort_unstable_by_key(|(key, _)| **key);
        all.serialize(writer)
    }
}

impl BorshDeserialize for Days {
    fn deserialize_reader<R: std::io::Read>(reader: &mut R) -> std::io::Result<Self> {
        Ok(Days(Vec::<(u64, Day)>::deserialize_reader(reader)?.into_iter().collect()))
    }
}

#[cfg(test)]
mod tests {
    use futures::TryStreamExt;

    use super::*;
    use crate::query::lineage::sight;
    use crate::query::tests::fixture::{self, TextAs, event};

    #[tokio::test]
    async fn days_folded_apart_and_packed_are_what_the_engine_sees() {
        let row = |time, account, region, more: &[(&'static str, &'static str)]| {
            let mut row = event(time, time, &[("account", account), ("aws_region", region)]);
            row.extend(more);
            row
        };
        let rows = [
            row("2026-03-09T08:20:00Z", "111122223333", "us-east-1", &[("read_only", "true")]),
            row("2026-03-09T08:10:00Z", "111122223333", "us-east-1", &[("read_only", "false")]),
            row("2026-03-11T00:00:00Z", "111122223333", "us-east-1", &[("read_only", "true")]),
            row("2026-03-08T23:59:59Z", "111122223333", "eu-west-1", &[]),
            row("2026-03-01T00:00:00Z", "444455556666", "us-east-1", &[("event_category", "Insight")]),
            row("2026-03-10T12:00:00Z", "444455556666", "us-east-1", &[("event_category", "Data")]),
            row("2026-03-07T12:00:00Z", "111122223333", "", &[]),
        ];
        let ctx = fixture::session(&rows, TextAs::Utf8);
        let expected = sight(&ctx).await.unwrap();
        assert!(expected.elsewhere("444455556666").is_none());
        for at in 0..=rows.len() {
            let mut all = Days::default();
            for part in [&rows[..at], &rows[at..]] {
                let ctx = fixture::session(part, TextAs::Utf8);
                let mut days = Days::default();
                let mut stream = ctx.table("events").await.unwrap().execute_stream().await.unwrap();
                while let Some(batch) = stream.try_next().await.unwrap() {
                    days.add(&Events::of(&batch).unwrap(), &batch).unwrap();
                }
                let packed = borsh::to_vec(&days).unwrap();
                all.append(borsh::from_slice(&packed).unwrap());
            }
            assert_eq!(all.sight(), expected, "{at}");
        }
    }
}
