//! A story of `testdata/stories`, ingested, with what is expected of it.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::places;
use crate::program::{backtrail, stderr, stdout};

/// Where a file of a story is.
pub(crate) fn file(story: &str, path: &str) -> String {
    places::package("testdata/stories").join(story).join(path).display().to_string()
}

/// The story's `expected.json`.
pub(crate) fn expected(story: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(file(story, "expected.json")).unwrap()).unwrap()
}

/// A lake of a story, and what runs over it.
pub(crate) struct Told {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) lake: String,
}

impl Told {
    pub(crate) fn new(story: &str) -> Told {
        let folder = tempfile::tempdir().unwrap();
        let lake = folder.path().join("lake").display().to_string();
        let output = backtrail(&["ingest", &file(story, "AWSLogs"), "--lake", &lake], folder.path());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        Told { folder, lake }
    }

    /// Runs the program on the lake.
    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        backtrail(&[arguments, &["--lake", &self.lake]].concat(), self.folder.path())
    }

    /// What it answers as JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let output = self.run(&[arguments, &["--format", "json"]].concat());
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        serde_json::from_str(&stdout(&output)).unwrap()
    }
}

/// Copies a folder, so that a test may change it.
pub(crate) fn copy(from: &Path, to: &Path) {
    for entry in walkdir::WalkDir::new(from) {
        let entry = entry.unwrap();
        let path = to.join(entry.path().strip_prefix(from).unwrap());
        if entry.file_type().is_dir() {
            std::fs::create_dir_all(path).unwrap();
        } else {
            std::fs::copy(entry.path(), path).unwrap();
        }
    }
}
