//! Arguments to plan to command to report; exit codes; progress.
