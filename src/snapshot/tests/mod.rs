//! Tests over `testdata/snapshot`, small snapshots made on the spot, and the corpus where one is at hand.

mod commands;
mod context;
mod corpus;
mod lint;
mod policies;
mod reading;
mod who;

use std::path::{Path, PathBuf};

use super::Snapshot;
use crate::aws::AccountId;

/// A folder of `testdata/snapshot`.
fn testdata(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/snapshot").join(name)
}

fn org() -> Snapshot {
    Snapshot::read(&testdata("org")).unwrap()
}

fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

/// A snapshot of these files.
fn of(files: &[(&str, &str)]) -> Snapshot {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
    Snapshot::read(folder.path()).unwrap()
}

/// Details of a user with one inline policy.
const ONE_USER: &str = r#"{"UserDetailList": [{"UserName": "ann", "Arn": "arn:aws:iam::111122223333:user/ann",
    "UserPolicyList": [{"PolicyName": "all", "PolicyDocument": {"Version": "2012-10-17",
    "Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}}}]}]}"#;
