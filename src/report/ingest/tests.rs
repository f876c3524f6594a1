//! The tally of an ingest.

use std::collections::BTreeMap;

use super::*;
use crate::lake::LakeSize;
use crate::record::{Counts, Reason, Refusal};

const STYLE: Style = Style { unicode: true, wide: false, width: 80 };

fn micros(time: &str) -> i64 {
    time.parse::<DateTime<chrono::Utc>>().unwrap().timestamp_micros()
}

fn refusal(object: &str, record_index: Option<i64>, reason: Reason) -> Refusal {
    Refusal { object: object.to_owned(), record_index, reason }
}

fn report() -> IngestReport {
    let mut report = IngestReport {
        objects: 14,
        objects_read: 12,
        objects_known: 2,
        objects_changed: vec!["b\n".to_owned()],
        set_aside: BTreeMap::from([("digest".to_owned(), 1_004)]),
        objects_without_new: 1,
        counts: Counts { read: 1_240, kept: 1_227, duplicate: 10, refused: 3 },
        refusals: vec![
            refusal("a", Some(3), Reason::NoEventTime),
            refusal("a", Some(4), Reason::NoEventTime),
            refusal("c\x1b", None, Reason::NotJson),
        ],
        raw_bytes: 2_048,
        inflated_bytes: 1_048_576,
        lake: LakeSize { version: 2, files: 1, bytes: 512, rows: 1_227 },
        ..IngestReport::default()
    };
    report.summary.accounts = BTreeMap::from([("111122223333".to_owned(), 1_227)]);
    report.summary.regions = BTreeMap::from([("eu-west-1".to_owned(), 1_000), ("us-east-1".to_owned(), 227)]);
    (report.summary.management, report.summary.data) = (1_200, 27);
    report.summary.first_micros = Some(micros("2026-03-09T08:00:01Z"));
    report.summary.last_micros = Some(micros("2026-03-10T09:50:31Z"));
    report.summary.first_data_micros = Some(micros("2026-03-10T08:00:00Z"));
    report
}

#[test]
fn the_tally_adds_up_in_sight() {
    let expected = "\
Read 12 objects, 1,240 records in 1.7 s (2.0 KiB raw, 1.0 MiB inflated)
      1,227  kept       2026-03-09 08:00:01Z → 2026-03-10 09:50:31Z
         10  duplicate  delivered twice (1 %); 1 object held nothing new
          3  refused
  x a
      record 3: expected a member `eventTime`, found none  (2 such records)
  x c\\x1b
      not JSON: expected `{` or `[`
  already    2 objects in the lake as they are
! changed    b\\n, read again
  set aside  1,004 digest
  accounts   111122223333
  regions    eu-west-1, us-east-1
  content    1,200 management, 27 data (first 2026-03-10 08:00:00Z), 0 other
  lake/      version 2, 1,227 events, 1 file, 512 B
hint: backtrail sql \"select * from refusals\" --lake lake/
next: backtrail coverage --lake lake/";
    assert_eq!(text(&report(), "lake/", "", Duration::from_millis(1_700), STYLE), expected);
}

#[test]
fn nothing_read_is_a_clean_tally() {
    let expected = "\
Read 0 objects, 0 records in 0.0 s (0 B raw, 0 B inflated)
          ·  kept
          ·  duplicate
          ·  refused
  lake/      version 0, 0 events, 0 files, 0 B
next: backtrail coverage --lake lake/";
    assert_eq!(text(&IngestReport::default(), "lake/", "", Duration::ZERO, STYLE), expected);
}
