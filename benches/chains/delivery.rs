//! Gathers records into objects, by account, region and time, and delivers these: some records late, some twice, the
//! records of an object in any order, and objects after others that are younger.

use std::collections::BTreeMap;
use std::io;

use super::random::Random;
use super::text::{self, base64};
use super::{Spec, Summary};

/// Takes an object: its name and its records.
pub(super) type Deliver<'a> = &'a mut dyn FnMut(&str, &[String]) -> io::Result<()>;

/// So many windows later a late record comes, at most.
const LATE_MAX: u64 = 5;

/// The records that wait for their object.
pub(super) struct Delivery<'a> {
    deliver: Deliver<'a>,
    random: Random,
    late: f64,
    duplicates: f64,
    start: i64,
    window_seconds: i64,
    waiting: BTreeMap<(i64, &'static str, &'static str), Vec<String>>,
}

impl<'a> Delivery<'a> {
    /// Objects whose windows have so many seconds.
    pub(super) fn new(spec: &Spec, start: i64, window_seconds: i64, deliver: Deliver<'a>) -> Self {
        Self {
            deliver,
            random: Random::new(spec.seed ^ 0xD0_D0),
            late: spec.late,
            duplicates: spec.duplicates,
            start,
            window_seconds: window_seconds.max(1),
            waiting: BTreeMap::new(),
        }
    }

    /// Takes a record.
    pub(super) fn take(
        &mut self,
        time: i64,
        account: &'static str,
        region: &'static str,
        record: String,
        summary: &mut Summary,
    ) {
        let window = (time - self.start).div_euclid(self.window_seconds);
        let mut later = || window + i64::try_from(1 + self.random.below(LATE_MAX)).unwrap_or(1);
        let (late, again) = (later(), later());
        let own = if self.random.chance(self.late) { late } else { window };
        summary.late += u64::from(own != window);
        summary.events += 1;
        if self.random.chance(self.duplicates) {
            self.put((again, account, region), record.clone(), summary);
        }
        self.put((own, account, region), record, summary);
    }

    fn put(&mut self, key: (i64, &'static str, &'static str), record: String, summary: &mut Summary) {
        summary.records += 1;
        summary.raw_bytes += record.len() as u64;
        self.waiting.entry(key).or_default().push(record);
    }

    /// Delivers the objects whose windows end before `time`: all that comes from now on is later.
    pub(super) fn until(&mut self, time: i64, summary: &mut Summary) -> io::Result<()> {
        let window = (time - self.start).div_euclid(self.window_seconds);
        while let Some(entry) = self.waiting.first_entry()
            && entry.key().0 < window
        {
            let ((window, account, region), mut records) = entry.remove_entry();
            for place in (1..records.len()).rev() {
                records.swap(place, self.random.index(place + 1));
            }
            let end = self.start + (window + 1) * self.window_seconds;
            let waits = if self.random.chance(0.2) { 6 * 3600 } else { 720 };
            let (day, minute) = text::delivery(end + self.random.between(120, waits));
            let mut unique = String::new();
            base64(&mut self.random, 16, &mut unique);
            let unique = unique.replace('+', "x").replace('/', "y");
            let key = format!(
                "AWSLogs/{account}/CloudTrail/{region}/{day}/{account}_CloudTrail_{region}_{minute}_{unique}.json.gz"
            );
            (self.deliver)(&key, &records)?;
            summary.objects += 1;
        }
        Ok(())
    }
}
