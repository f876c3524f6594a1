//! How a command fails.

use std::io;

/// Why a command ended early.
pub(super) enum Failure {
    /// Whoever read the output has gone; that is no trouble.
    ClosedPipe,
    /// Anything else.
    Error(anyhow::Error),
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let closed = error
            .chain()
            .filter_map(|cause| cause.downcast_ref::<io::Error>())
            .any(|cause| cause.kind() == io::ErrorKind::BrokenPipe);
        if closed { Failure::ClosedPipe } else { Failure::Error(error) }
    }
}
