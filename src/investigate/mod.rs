//! Folds the rows of one subject into one answer; knows no engine.
