//! The binary as a user runs it: exit codes, formats, hostile text, closed pipes, clear refusals.

use std::process::{Command, Stdio};

use crate::places;
use crate::program::{backtrail, stderr, stdout};

fn story() -> String {
    places::package("testdata/stories/leaked-key/AWSLogs").display().to_string()
}

fn expected() -> serde_json::Value {
    let text = std::fs::read_to_string(places::package("testdata/stories/leaked-key/expected.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

#[test]
fn ingest_prints_a_tally_that_adds_up_and_exits_by_what_it_met() {
    let folder = tempfile::tempdir().unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let output = backtrail(&["ingest", &story(), "--lake", &lake, "--format", "json"], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let tally: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let expected = &expected()["tally"];
    for (ours, theirs) in
        [("records_read", "read"), ("kept", "kept"), ("duplicate", "duplicate"), ("refused", "refused")]
    {
        assert_eq!(tally[ours], expected[theirs], "{ours}");
    }
    assert!(stderr(&output).contains("kept"));
    let bad = places::package("testdata/bad/inputs/cut-off.json.gz").display().to_string();
    let lake = folder.path().join("it's $(here)").display().to_string();
    let output = backtrail(&["ingest", &bad, "--lake", &lake], folder.path());
    assert_eq!(output.status.code(), Some(3));
    // The lake stands in both commands as a shell takes it.
    let (_, pasted) = lake.rsplit_once('/').unwrap();
    let pasted = format!("/{}'", pasted.replace('\'', "'\\''"));
    assert_eq!(stderr(&output).matches(&pasted).count(), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("cut-off.json.gz") && stderr(&output).contains("cut-off gzip"));
    assert!(stdout(&output).is_empty());
}

#[test]
fn a_gzip_bomb_stops_at_the_limit_and_the_rest_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let mut encoder = flate2::write::GzEncoder::new(
        std::fs::File::create(logs.join("bomb.json.gz")).unwrap(),
        flate2::Compression::best(),
    );
    std::io::Write::write_all(&mut encoder, b"{\"Records\":[").unwrap();
    for _ in 0..300 {
        std::io::Write::write_all(&mut encoder, &vec![b' '; 100_000]).unwrap();
    }
    encoder.finish().unwrap();
    std::fs::write(logs.join("good.json"), r#"{"eventTime":"2026-03-09T10:00:00Z","eventID":"1"}"#).unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let arguments = [
        "ingest",
        logs.to_str().unwrap(),
        "--lake",
        &lake,
        "--inflated-bytes-max",
        "1000000",
        "--format",
        "json",
    ];
    let output = backtrail(&arguments, folder.path());
    assert_eq!(output.status.code(), Some(3));
    let tally: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((tally["kept"].as_u64(), tally["refused"].as_u64()), (Some(1), Some(1)));
    assert!(tally["refusals"][0]["reason"].as_str().unwrap().contains("limit of 1000000 bytes"));
}

#[test]
fn a_flood_of_bad_entries_is_counted_and_not_listed_one_by_one() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("flood.json");
    std::fs::write(&logs, format!("[{}1]", "1,".repeat(4999))).unwrap();
    let lake = folder.path().join("lake").display().to_string();
    let output =
        backtrail(&["ingest", logs.to_str().unwrap(), "--lake", &lake, "--format", "json"], folder.path());
    let tally: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!((tally["records_read"].as_u64(), tally["refused"].as_u64()), (Some(5000), Some(5000)));
    let listed = tally["refusals"].as_array().unwrap();
    assert!(listed.len() <= 1001);
    let sql = "select count(*) as n, max(reason) filter (where record_index is null) as rest from refusals";
    let output = backtrail(&["sql", sql, "--lake", &lake, "--format", "json"], folder.path());
    let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    assert_eq!(answer["rows"][0]["n"], 1001);
    assert_eq!(answer["rows"][0]["rest"], "4000 more entries of this object were refused");
}

#[test]
fn an_empty_folder_gives_a_clean_report() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let logs = logs.to_str().unwrap();
    let lake = folder.path().join("lake").display().to_string();
    assert_eq!(backtrail(&["ingest", logs, "--lake", &lake], folder.path()).status.code(), Some(0));
    for arguments in [vec!["coverage"], vec!["query", "top-talkers"], vec!["sessions"]] {
        let output = backtrail(&[arguments.clone(), vec!["--lake", &lake]].concat(), folder.path());
        assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
    }
}

#[test]
fn what_cannot_be_done_exits_2_with_one_clear_message() {
    let folder = tempfile::tempdir().unwrap();
    let story = story();
    let cases: [(&[&str], &str); 12] = [
        (&["coverage", "--lake", "/no/such/lake"], "no lake in `/no/such/lake`"),
        (&["ingest", "/no/such/logs"], "/no/such/logs"),
        (
            &["investigate", "nobody-at-all", "--logs", &story],
            "nobody in these logs is named `nobody-at-all`",
        ),
        (&["investigate", "", "--logs", &story], "found nothing"),
        (&["investigate", "dana", "--from", "yesterday", "--logs", &story], "yesterday"),
        (&["investigate", "dana", "--from", "99999999999999999999d", "--logs", &story], "--from"),
        (
            &["investigate", "dana", "--from", "2026-03-10", "--to", "2026-03-09", "--logs", &story],
            "window is empty",
        ),
        (&["sql", "drop table events", "--logs", &story], "only"),
        (&["sql", "select nonsense from events", "--logs", &story], "nonsense"),
        (&["sql", "select * from '/etc/passwd'", "--logs", &story], "/etc/passwd"),
        (&["query", "no-such-query", "--logs", &story], "activity-of-key"),
        (&["query", "activity-of-key", "--logs", &story], "key"),
    ];
    for (arguments, words) in cases {
        let output = backtrail(arguments, folder.path());
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {}", stderr(&output));
        assert!(stderr(&output).contains(words), "{arguments:?}: {}", stderr(&output));
        assert!(stdout(&output).is_empty(), "{arguments:?}");
    }
}

#[test]
fn a_file_in_the_place_of_a_lake_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lake");
    std::fs::write(&file, "mine").unwrap();
    let output = backtrail(&["ingest", &story(), "--lake", file.to_str().unwrap()], folder.path());
    assert_eq!(output.status.code(), Some(2), "{}", stderr(&output));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "mine");
}

#[test]
fn a_closed_pipe_is_quiet_and_exits_0() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(["sql", "select * from events, generate_series(1, 200)", "--logs", &story()])
        .env("BACKTRAIL_CACHE", folder.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!((output.status.code(), stderr(&output).as_str()), (Some(0), ""));
}

#[test]
fn logs_from_standard_input_are_read() {
    let folder = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_backtrail"))
        .args(["sql", "select count(*) as n from events", "--format", "json", "--logs", "-"])
        .env("BACKTRAIL_CACHE", folder.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    std::io::Write::write_all(&mut stdin, br#"{"eventTime":"2026-03-09T10:00:00Z","eventID":"1"}"#).unwrap();
    drop(stdin);
    let answer: serde_json::Value =
        serde_json::from_str(&stdout(&child.wait_with_output().unwrap())).unwrap();
    assert_eq!(answer["rows"][0]["n"], 1);
}

#[test]
fn a_cache_lake_follows_the_logs_that_it_was_made_of() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let write = |name: &str, id: u32| {
        let record = format!(r#"{{"eventTime":"2026-03-09T10:00:00Z","eventID":"{id}"}}"#);
        std::fs::write(logs.join(name), record).unwrap();
    };
    let count = || {
        let arguments =
            ["sql", "select count(*) as n from events", "--format", "json", "--logs", logs.to_str().unwrap()];
        let output = backtrail(&arguments, &folder.path().join("cache"));
        let answer: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        answer["rows"][0]["n"].as_u64().unwrap()
    };
    write("a.json", 1);
    assert_eq!(count(), 1);
    write("b.json", 2);
    assert_eq!(count(), 2);
    std::fs::remove_file(logs.join("a.json")).unwrap();
    assert_eq!(count(), 1);
}

#[test]
fn hostile_log_text_reaches_no_terminal_and_no_formula() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("hostile.json");
    let record = "{\"eventTime\":\"2026-03-09T10:00:00Z\",\"eventID\":\"1\",\"eventName\":\"GetObject\",\
        \"eventSource\":\"s3.amazonaws.com\",\"awsRegion\":\"us-east-1\",\"recipientAccountId\":\"111122223333\",\
        \"userAgent\":\"\\u001b[2J\\u202eevil\\u0007\",\"sourceIPAddress\":\"=cmd()\",\
        \"userIdentity\":{\"type\":\"IAMUser\",\"userName\":\"da\\u001b]0;x\\u0007na\",\"accountId\":\"111122223333\",\
        \"arn\":\"arn:aws:iam::111122223333:user/dana\",\"accessKeyId\":\"AKIARTX3GSDSQEXAMPLE\"}}";
    std::fs::write(&logs, record).unwrap();
    let logs = logs.to_str().unwrap();
    for format in ["text", "json", "csv"] {
        for arguments in [
            vec!["investigate", "AKIARTX3GSDSQEXAMPLE"],
            vec!["coverage"],
            vec!["sql", "select * from events"],
            vec!["query", "activity-of-key", "--param", "key=AKIARTX3GSDSQEXAMPLE"],
        ] {
            let arguments = [arguments, vec!["--format", format, "--logs", logs]].concat();
            let output = backtrail(&arguments, folder.path());
            assert_eq!(output.status.code(), Some(0), "{arguments:?}: {}", stderr(&output));
            let text = stdout(&output);
            assert!(!text.is_empty());
            let unsafe_char = |c: char| (c.is_control() && c != '\n' && c != '\r') || c == '\u{202e}';
            assert!(!text.contains(unsafe_char), "{arguments:?}: {text:?}");
            if format == "csv" {
                assert!(!text.contains(",=cmd") && !text.contains("\n=cmd"), "{arguments:?}: {text}");
            }
        }
    }
}

#[test]
fn an_investigation_says_what_the_story_says() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    let key = expected["subject"].as_str().unwrap();
    let output = backtrail(&["investigate", key, "--format", "json", "--logs", &story()], folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let found: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let counts = &expected["keys"][key];
    assert_eq!(found["activity"]["total"]["calls"], counts["calls"]);
    assert_eq!(found["activity"]["span"]["first"], counts["first"]);
    assert_eq!(found["activity"]["span"]["last"], counts["last"]);
    let denied: u64 =
        found["denied"].as_array().unwrap().iter().map(|one| one["calls"].as_u64().unwrap_or(0)).sum();
    assert_eq!(Some(denied), found["activity"]["total"]["denied"].as_u64());
    let again = backtrail(&["investigate", key, "--format", "json", "--logs", &story()], folder.path());
    assert_eq!(stdout(&again), stdout(&output), "two runs give the same bytes");
}

#[test]
fn following_a_key_counts_every_call_of_all_that_it_led_to() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    let key = expected["subject"].as_str().unwrap();
    let keys = expected["keys"].as_object().unwrap();
    let led_to: Vec<&str> =
        expected["led_to"][key].as_array().unwrap().iter().map(|one| one.as_str().unwrap()).collect();
    let calls_of = |key: &str| keys[key]["calls"].as_u64().unwrap();
    // A sign-in is signed with no key; the sessions that began with it name it.
    let sign_ins: std::collections::BTreeSet<&str> = led_to
        .iter()
        .map(|key| &keys[*key]["made_by"])
        .filter(|made| made["how"].as_str().unwrap().starts_with("ConsoleLogin"))
        .map(|made| made["event_id"].as_str().unwrap())
        .collect();
    let below: u64 = led_to.iter().map(|key| calls_of(key)).sum::<u64>() + sign_ins.len() as u64;
    assert!(led_to.len() > 5 && !sign_ins.is_empty());
    let follow = |format: &str| {
        let output = backtrail(
            &["investigate", key, "--follow", "--format", format, "--logs", &story()],
            folder.path(),
        );
        assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
        stdout(&output)
    };
    let found: serde_json::Value = serde_json::from_str(&follow("json")).unwrap();
    assert_eq!(found["activity"]["total"]["calls"], calls_of(key) + below);
    assert_eq!(found["follow"]["subject"]["calls"], calls_of(key));
    let lines = found["follow"]["below"].as_array().unwrap();
    let calls: u64 = lines.iter().map(|line| line["calls"].as_u64().unwrap()).sum();
    assert_eq!(calls, below);
    let used: std::collections::BTreeSet<&str> = lines
        .iter()
        .flat_map(|line| line["access_keys"].as_array().unwrap())
        .map(|key| key.as_str().unwrap())
        .collect();
    assert_eq!(used, led_to.into_iter().collect(), "these keys and no other");
    for made in expected["made"].as_array().unwrap() {
        let listed = found["made"].as_array().unwrap();
        assert!(listed.iter().any(|one| one["id"] == made["id"] && one["kind"] == made["kind"]), "{made}");
    }
    assert!(follow("text").contains("long-term key of IAM user dana and all it led to"));
}

#[test]
fn an_investigation_names_who_is_behind_a_key_as_the_story_does() {
    let folder = tempfile::tempdir().unwrap();
    let expected = expected();
    let origin = expected["subject"].as_str().unwrap();
    let mut seen = 0;
    for (key, told) in expected["keys"].as_object().unwrap() {
        let made = &told["made_by"];
        if made["how"] != "AssumeRole across accounts" && made["how"] != "AssumeRole" {
            continue;
        }
        let output = backtrail(&["investigate", key, "--format", "json", "--logs", &story()], folder.path());
        let found: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
        let behind = &found["behind"];
        let last = behind["links"].as_array().unwrap().iter().rfind(|link| link["above_origin"] == false);
        assert_eq!(behind["origin"]["access_key"], last.unwrap()["to"]["id"], "{key}");
        assert_eq!(behind["origin"]["complete"], true, "{key}");
        if expected["led_to"][origin].as_array().unwrap().iter().any(|below| below == key) {
            let text = behind["origin"].to_string();
            assert!(text.contains(origin), "{key}: {text}");
        }
        seen += 1;
    }
    assert!(seen > 3);
}

#[test]
fn nothing_leads_down_from_an_address() {
    let folder = tempfile::tempdir().unwrap();
    let output = backtrail(&["investigate", "203.0.113.66", "--follow", "--logs", &story()], folder.path());
    assert_eq!(output.status.code(), Some(2));
    assert!(stderr(&output).contains("`203.0.113.66` has no credentials of its own"), "{}", stderr(&output));
    assert!(stdout(&output).is_empty());
}

#[test]
fn graphs_are_refused_by_every_command_that_has_none() {
    let folder = tempfile::tempdir().unwrap();
    let commands: [&[&str]; 7] = [
        &["ingest", "x"],
        &["investigate", "x"],
        &["sessions"],
        &["coverage"],
        &["query", "--list"],
        &["sql", "--tables"],
        &["compact"],
    ];
    for command in commands {
        for format in ["dot", "mermaid"] {
            let output = backtrail(&[command, &["--format", format]].concat(), folder.path());
            assert_eq!(output.status.code(), Some(2), "{command:?}");
            let expected = format!("expected --format `text`, `json` or `csv`, found `{format}`");
            assert!(stderr(&output).contains(&expected), "{}", stderr(&output));
            assert!(stdout(&output).is_empty());
        }
    }
}

#[test]
fn a_trace_goes_up_or_down_and_not_too_deep() {
    let folder = tempfile::tempdir().unwrap();
    for wrong in [&["trace", "x", "--up", "--down"][..], &["trace", "x", "--depth", "65"], &["trace"]] {
        assert_eq!(backtrail(wrong, folder.path()).status.code(), Some(2), "{wrong:?}");
    }
}
