//! Where the tests find their inputs.

use std::path::{Path, PathBuf};

/// A path inside the package.
pub(crate) fn package(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The corpus of real logs beside the package; None where it is not there. Nothing of it is part of the project.
pub(crate) fn corpus() -> Option<PathBuf> {
    let corpus = package("../shared/corpus/logs");
    corpus.is_dir().then_some(corpus)
}

/// The evaluation cases beside the package; None where they are not there. Nothing of them is part of the project.
pub(crate) fn conformance() -> Option<PathBuf> {
    let cases = package("../shared/conformance");
    cases.is_dir().then_some(cases)
}
