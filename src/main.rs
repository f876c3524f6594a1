//! The thin program around the library.

use std::process::ExitCode;

use mimalloc::MiMalloc;

/// Many small values are made and dropped by all threads at once: with the allocator of the GNU C library an ingest and a replay
/// take a tenth more of the processors.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

fn main() -> ExitCode {
    backtrail::cli::main()
}
