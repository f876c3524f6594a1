//! Plans that are cut, and rows that come out the same.
