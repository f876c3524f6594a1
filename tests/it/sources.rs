//! What stands in and beside the sources of an ingest, and what is tried again.

use std::fs;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::program::{backtrail, stderr, stdout};

const EVENT: &str =
    r#"{"eventTime":"2026-03-09T10:00:00Z","eventID":"1","recipientAccountId":"111122223333"}"#;
const NAME: &str = "111122223333_CloudTrail_us-east-1_20260309T1205Z_AbCdEf0123456789.json";

fn ingest(source: &Path, more: &[&str], at: &Path) -> (Value, Option<i32>, String) {
    let lake = at.join("lake").display().to_string();
    let source = source.display().to_string();
    let arguments = [&["ingest", &source, "--lake", &lake, "--format", "json"], more].concat();
    let output = backtrail(&arguments, at);
    let tally = serde_json::from_str(&stdout(&output)).unwrap_or_default();
    (tally, output.status.code(), stderr(&output))
}

#[test]
fn an_object_refused_for_the_limit_is_read_with_a_higher_one() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    fs::write(logs.join("a.json"), format!(r#"{{"Records":[{EVENT}]}}{}"#, " ".repeat(5000))).unwrap();
    for _ in 0..2 {
        let (tally, code, _) = ingest(&logs, &["--inflated-bytes-max", "1000"], folder.path());
        assert_eq!((&tally["refused"], code), (&1.into(), Some(3)), "{tally}");
    }
    let (tally, code, _) = ingest(&logs, &[], folder.path());
    assert_eq!((&tally["records_read"], &tally["refused"], code), (&1.into(), &0.into(), Some(0)), "{tally}");
    let lake = folder.path().join("lake").display().to_string();
    let output = backtrail(&["coverage", "--lake", &lake, "--format", "json"], folder.path());
    let said: Value = serde_json::from_str(&stdout(&output)).unwrap();
    // What was read since is not called refused any more, and its event is one.
    let counts = ["records_read", "duplicates", "refused", "refused_objects"].map(|name| said[name].as_u64());
    assert_eq!(counts, [Some(1), Some(0), Some(0), Some(0)], "{said}");
}

#[test]
fn copies_of_logs_below_other_folders_of_an_account_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let account = folder.path().join("AWSLogs/111122223333");
    for (number, place) in ["us-east-1/2026/03/09", "downloads", "cloudtrail/us-east-1"].iter().enumerate() {
        fs::create_dir_all(account.join(place)).unwrap();
        let event = EVENT.replace(r#""1""#, &format!(r#""{number}""#));
        fs::write(account.join(place).join(NAME), event).unwrap();
    }
    fs::create_dir_all(account.join("vpcflowlogs/us-east-1")).unwrap();
    fs::write(account.join("vpcflowlogs/us-east-1/x.json"), EVENT.replace(r#""1""#, r#""7""#)).unwrap();
    let (tally, code, _) = ingest(&folder.path().join("AWSLogs"), &[], folder.path());
    assert_eq!((&tally["kept"], code), (&3.into(), Some(0)), "{tally}");
    // Whoever names the folder wants it.
    let (tally, ..) = ingest(&account.join("vpcflowlogs"), &[], folder.path());
    assert_eq!(tally["kept"], 1, "{tally}");
}

#[test]
fn a_lake_below_its_own_source_is_passed_over() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), EVENT).unwrap();
    for _ in 0..3 {
        let (tally, code, said) = ingest(folder.path(), &[], folder.path());
        assert_eq!((&tally["refused"], code), (&0.into(), Some(0)), "{tally} {said}");
    }
}

#[test]
fn what_is_no_file_is_no_empty_log() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    fs::create_dir(&logs).unwrap();
    let _socket = UnixListener::bind(logs.join("socket")).unwrap();
    let (_, code, said) = ingest(&logs.join("socket"), &[], folder.path());
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("socket") && said.contains("no regular file"), "{said}");
    let (tally, code, _) = ingest(&logs, &[], folder.path());
    assert_eq!(
        (&tally["objects_set_aside"]["pipe, device or socket"], code),
        (&1.into(), Some(0)),
        "{tally}"
    );
}

#[test]
fn whoever_asks_for_what_is_not_there_is_told_so() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("AWSLogs/111122223333/CloudTrail/us-east-1/2026/03/09");
    fs::create_dir_all(&logs).unwrap();
    fs::write(logs.join(NAME), EVENT).unwrap();
    let (_, code, said) = ingest(folder.path(), &["--accounts", "444455556666"], folder.path());
    assert_eq!(code, Some(0));
    assert!(said.contains("no object of the sources is of the accounts"), "{said}");
    let lake = folder.path().join("lake").display().to_string();
    let output =
        backtrail(&["explain", "11111111-1111-4111-8111-111111111111", "--lake", &lake], folder.path());
    assert!(stderr(&output).contains("event id"), "{}", stderr(&output));
    let output = backtrail(&["ingest", "x", "--lake", "s3a://example-bucket/lake"], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("expected a folder"), "{}", stderr(&output));
}

#[test]
fn times_that_are_none_are_refused_and_the_lake_can_be_asked() {
    let folder = tempfile::tempdir().unwrap();
    let times =
        ["2026-03-09T10:00:00Z", "0001-01-01T00:00:00Z", "9999-12-31T00:00:00Z", "0000-01-01 00:00:00"];
    let records: Vec<String> = times.iter().map(|time| EVENT.replace("2026-03-09T10:00:00Z", time)).collect();
    fs::write(folder.path().join("a.json"), records.join("\n")).unwrap();
    let (tally, code, _) = ingest(&folder.path().join("a.json"), &[], folder.path());
    assert_eq!((&tally["kept"], &tally["refused"], code), (&1.into(), &3.into(), Some(3)), "{tally}");
    let lake = folder.path().join("lake").display().to_string();
    assert_eq!(backtrail(&["coverage", "--lake", &lake], folder.path()).status.code(), Some(0));
}

#[test]
fn messages_that_nobody_reads_end_nothing() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.json"), EVENT).unwrap();
    for arguments in [&["ingest", "a.json", "--lake", "lake"][..], &["--help"]] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_backtrail"))
            .args(arguments)
            .current_dir(folder.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop((child.stdout.take(), child.stderr.take()));
        assert_eq!(child.wait().unwrap().code(), Some(0), "{arguments:?}");
    }
}
