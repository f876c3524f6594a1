//! Finds log objects, reads their names, inflates them with limits.
