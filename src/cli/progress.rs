//! Progress of an ingest on a terminal.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output;
use crate::lake::Progress;

/// One live line on stderr, rewritten in place and gone when done; nothing where stderr is no terminal.
pub(super) struct Bar {
    line: ProgressBar,
    records: AtomicU64,
    inflated_bytes: AtomicU64,
    started: Instant,
}

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template(
            "  ingest  {bar:24}  {human_pos} / {human_len} objects  {percent} %  {msg}  {eta} left",
        ) {
            bar.set_style(style);
        }
        Self {
            line: bar,
            records: AtomicU64::new(0),
            inflated_bytes: AtomicU64::new(0),
            started: Instant::now(),
        }
    }

    pub(super) fn end(&self) -> std::time::Duration {
        self.line.finish_and_clear();
        self.started.elapsed()
    }
}

impl Progress for Bar {
    fn begin(&self, objects: u64, _bytes: u64) {
        self.line.inc_length(objects);
        if objects > 0 && self.line.is_hidden() && std::io::stderr().is_terminal() {
            self.line.set_draw_target(ProgressDrawTarget::stderr_with_hz(8));
        }
    }

    fn object(&self, _raw_bytes: u64, inflated_bytes: u64, records: u64) {
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        let inflated = self.inflated_bytes.fetch_add(inflated_bytes, Ordering::Relaxed) + inflated_bytes;
        self.line.inc(1);
        let seconds = self.started.elapsed().as_secs_f64().max(0.001);
        let rate = records as f64 / seconds;
        let speed = inflated as f64 / seconds / 1e6;
        self.line.set_message(format!("{rate:.0} records/s  {speed:.0} MB/s"));
    }

    fn waiting(&self) {
        output::note("another ingest writes this lake; waiting until it has ended");
    }
}
