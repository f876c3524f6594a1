//! Whoever no record names is said to be unknown, and whoever is known only outside the window is not.

use crate::places;
use crate::program::{backtrail, stderr, stdout};

fn logs() -> String {
    places::package("testdata/stories/leaked-key/AWSLogs").display().to_string()
}

const NOBODY: [&str; 4] = [
    "AKIAZZZZZZZZZZEXAMPLE",
    "192.0.2.254",
    "arn:aws:iam::111122223333:user/nobody-at-all",
    "arn:aws:sts::111122223333:assumed-role/nobody-at-all/x",
];

#[test]
fn every_command_ends_alike_for_a_subject_that_no_record_names() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs();
    for who in NOBODY {
        for window in [&[][..], &["--from", "2026-03-10"]] {
            let run = |command: &str| {
                backtrail(&[&[command, who, "--logs", &logs], window].concat(), folder.path())
            };
            let (traced, investigated) = (run("trace"), run("investigate"));
            for output in [&traced, &investigated] {
                assert_eq!(output.status.code(), Some(2), "{who}: {}", stderr(output));
            }
            assert_eq!(stderr(&investigated), stderr(&traced), "{who}");
            assert!(stdout(&investigated).contains("no record of this subject"), "{}", stdout(&investigated));
        }
    }
    let role = "arn:aws:iam::111122223333:role/nobody-at-all";
    for asked in [&["sessions", role][..], &["sessions", "--user", "nobody-at-all"]] {
        let output = backtrail(&[asked, &["--logs", &logs]].concat(), folder.path());
        assert_eq!(output.status.code(), Some(2), "{asked:?}: {}", stderr(&output));
        assert!(stdout(&output).contains("none: no call of such a session"), "{}", stdout(&output));
        assert!(stderr(&output).contains("nobody in these logs is named"), "{}", stderr(&output));
    }
}

#[test]
fn who_is_seen_only_outside_the_window_is_said_so() {
    let folder = tempfile::tempdir().unwrap();
    let logs = logs();
    for (who, window) in [
        ("AKIARTX3GSDSQEXAMPLE", ["--to", "2026-03-09"]),
        ("203.0.113.66", ["--from", "2026-03-12"]),
        ("arn:aws:iam::111122223333:user/dana", ["--from", "2026-03-12"]),
    ] {
        let run = |format| {
            let asked = ["investigate", who, "--logs", &logs, "--format", format];
            let output = backtrail(&[&asked[..], &window].concat(), folder.path());
            assert_eq!(output.status.code(), Some(0), "{who}: {}", stderr(&output));
            stdout(&output)
        };
        let text = run("text");
        assert!(text.contains("no call in this window; "), "{text}");
        assert!(text.contains(" outside it, 2026-03-"), "{text}");
        assert!(!text.contains("in these logs"), "{text}");
        let found: serde_json::Value = serde_json::from_str(&run("json")).unwrap();
        assert!(found["outside_window"]["calls"].as_u64().unwrap() > 20, "{who}");
        assert_eq!(found["unseen"][0]["kind"], "outside-window");
    }
    // A user that was made, and did nothing, is known.
    let made = ["investigate", "arn:aws:iam::111122223333:user/tmp-check", "--logs", &logs];
    let output = backtrail(&made, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    let asked = ["sessions", "--user", "dana", "--from", "2026-03-12", "--logs", &logs];
    let output = backtrail(&asked, folder.path());
    assert_eq!(output.status.code(), Some(0), "{}", stderr(&output));
    assert!(stdout(&output).contains("none: no call of such a session is in this window"));
}
