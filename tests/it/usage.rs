//! What can't be asked is refused with a message of the program's own, before anything long begins.

use std::path::Path;

use crate::places;
use crate::program::{backtrail, stderr, stdout};

/// A lake of the story, in a folder.
fn lake(folder: &Path) -> String {
    let lake = folder.join("lake").display().to_string();
    let logs = places::package("testdata/stories/leaked-key/AWSLogs").display().to_string();
    let output = backtrail(&["ingest", &logs, "--lake", &lake], folder);
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    lake
}

fn refused(arguments: &[&str], folder: &Path, words: &str) {
    let output = backtrail(arguments, folder);
    assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stdout(&output));
    assert!(stderr(&output).starts_with(&format!("error: {words}")), "{arguments:?}: {}", stderr(&output));
    assert!(stdout(&output).is_empty(), "{arguments:?}: {}", stdout(&output));
}

#[test]
fn what_chooses_log_files_is_refused_where_a_lake_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    for (name, value) in
        [("--accounts", "111122223333"), ("--regions", "eu-west-1"), ("--org", "o-abcdefghij")]
    {
        for command in
            [&["coverage"][..], &["investigate", "dana"], &["trace", "dana"], &["query", "top-talkers"]]
        {
            let arguments = [command, &["--lake", &lake, name, value]].concat();
            refused(&arguments, folder.path(), &format!("{name} says which log files are read"));
        }
    }
}

#[test]
fn a_negative_number_of_rows_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let asked = ["query", "top-talkers", "--lake", &lake, "-p", "limit=-1"];
    let words = "parameter `limit` of query `top-talkers`: expected a whole number from 0 on, found `-1`";
    refused(&asked, folder.path(), words);
    let none = ["query", "top-talkers", "--lake", &lake, "-p", "limit=0"];
    assert_eq!(backtrail(&none, folder.path()).status.code(), Some(0));
}

#[test]
fn every_table_is_listed_where_none_has_the_name() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let output = backtrail(&["sql", "select * from origin", "--lake", &lake], folder.path());
    for table in [
        "events",
        "objects",
        "refusals",
        "calls",
        "credentials",
        "addresses",
        "issuances",
        "launches",
        "origins",
        "event_origins",
    ] {
        assert!(stderr(&output).contains(&format!("`{table}`")), "{table}: {}", stderr(&output));
    }
    let output = backtrail(&["sql", "select * from verdicts", "--lake", &lake], folder.path());
    assert!(stderr(&output).contains("hint: `--verdicts FILE`"), "{}", stderr(&output));
}

#[test]
fn json_of_every_kind_has_its_schema_and_csv_is_rows_or_refused() {
    let folder = tempfile::tempdir().unwrap();
    let lake = lake(folder.path());
    let show = ["query", "top-talkers", "--show"];
    let compact = ["compact", "--lake", &lake];
    for command in [&show[..], &compact] {
        let output = backtrail(&[command, &["--format", "json"]].concat(), folder.path());
        let found: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        assert_eq!(found["schema"], 1, "{command:?}");
    }
    refused(&[&show[..], &["--format", "csv"]].concat(), folder.path(), "--show has no rows");
    let rows = stdout(&backtrail(&[&compact[..], &["--format", "csv"]].concat(), folder.path()));
    assert_eq!(
        rows,
        "days,files_before,files_after,bytes_before,bytes_after,rows,files_deleted\r\n0,0,0,0,0,0,0\r\n"
    );
}

#[test]
fn a_folder_that_policies_cannot_be_written_into_is_told_before_logs_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "mine").unwrap();
    let file = file.display().to_string();
    let iam = places::package("testdata/stories/unused/iam").display().to_string();
    let asked = ["unused", "--snapshot", &iam, "--suggest", "--write", &file, "--logs", "/no/such/logs"];
    refused(&asked, folder.path(), &format!("cannot make the folder `{file}`"));
}

#[test]
fn a_refusal_is_one_line_where_nothing_is_wrapped() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("a.json");
    std::fs::write(&logs, format!(r#"[{{"eventTime":"{}"}}]"#, "no time ".repeat(9))).unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let output = backtrail(&["ingest", logs.to_str().unwrap(), "--lake", &lake, "--wide"], folder.path());
    let text = stderr(&output);
    let place = text.lines().position(|line| line.trim_start().starts_with("x ")).unwrap();
    let behind: Vec<&str> =
        text.lines().skip(place + 1).take_while(|line| line.starts_with("      ")).collect();
    assert_eq!(behind.len(), 1, "{text}");
}
