//! Facts about the screen.

use chrono::DateTime;

use super::{Options, text};
use crate::investigate::{
    Coverage, Investigation, Investigator, Limits, Relation, Span, SubjectInfo, SubjectKind, Time,
};
use crate::query::EventRow;
use crate::report::{Style, text as words};

const KEY: &str = "AKIAIOSFODNN7EXAMPLE";

fn row(seconds: i64, source: &'static str, name: &'static str, request: &'static str) -> EventRow<'static> {
    EventRow {
        event_time: DateTime::from_timestamp(1_700_000_000 + seconds, 0).unwrap(),
        account: Some("111122223333"),
        event_source: Some(source),
        event_name: Some(name),
        aws_region: Some("us-east-1"),
        read_only: Some(false),
        source_ip_address: Some("198.51.100.7"),
        user_agent: Some("aws-cli/2.15.0 Python/3.11.6"),
        identity_type: Some("IAMUser"),
        identity_arn: Some("arn:aws:iam::111122223333:user/alice"),
        identity_account_id: Some("111122223333"),
        principal_id: Some("AIDAEXAMPLEEXAMPLE12"),
        user_name: Some("alice"),
        access_key_id: Some(KEY),
        request_parameters: Some(request),
        object: "a.json.gz",
        record_index: seconds,
        ..EventRow::default()
    }
}

fn answer(rows: &[EventRow<'_>]) -> Investigation {
    let info = SubjectInfo { kind: SubjectKind::AccessKey, id: KEY.into(), asked: KEY.into() };
    let mut investigator = Investigator::new(info, Limits::default());
    let mut coverage = Coverage::default();
    for row in rows {
        investigator.push(row, Relation::Own);
        coverage.whole.calls += 1;
    }
    coverage.whole = Span {
        calls: coverage.whole.calls,
        first: rows.first().map(|r| Time(r.event_time)),
        last: rows.last().map(|r| Time(r.event_time)),
    };
    coverage.regions.insert("us-east-1".into(), coverage.whole);
    coverage.read_only_events = 1;
    investigator.finish(coverage)
}

fn incident() -> Vec<EventRow<'static>> {
    let trust = r#"{"roleName":"ops-backdoor","policyDocument":"{\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":{\"AWS\":\"arn:aws:iam::444455556666:root\"}}]}"}"#;
    vec![
        row(0, "iam.amazonaws.com", "CreateUser", r#"{"userName":"ops-helper-one"}"#),
        row(1, "iam.amazonaws.com", "CreateLoginProfile", r#"{"userName":"ops-helper-one"}"#),
        row(2, "iam.amazonaws.com", "CreateRole", r#"{"roleName":"ops-backdoor"}"#),
        row(
            3,
            "iam.amazonaws.com",
            "AttachRolePolicy",
            r#"{"roleName":"ops-backdoor","policyArn":"arn:aws:iam::aws:policy/AdministratorAccess"}"#,
        ),
        row(4, "iam.amazonaws.com", "UpdateAssumeRolePolicy", trust),
        row(60, "cloudtrail.amazonaws.com", "StopLogging", r#"{"name":"main"}"#),
        EventRow {
            error_code: Some("AccessDenied"),
            error_message: Some(
                "User: arn:aws:iam::111122223333:user/alice is not authorized to perform: s3:DeleteBucket on resource: arn:aws:s3:::b with an explicit deny in a service control policy",
            ),
            ..row(90, "s3.amazonaws.com", "DeleteBucket", r#"{"bucketName":"b"}"#)
        },
        row(200, "iam.amazonaws.com", "DeleteUser", r#"{"userName":"carol"}"#),
        row(240, "iam.amazonaws.com", "DeleteLoginProfile", r#"{"userName":"ops-helper-one"}"#),
    ]
}

fn shown(options: &Options, style: Style) -> String {
    text(&answer(&incident()), options, style)
}

#[test]
fn the_first_lines_answer() {
    let screen = shown(&Options::default(), Style::default());
    let facts: Vec<&str> = screen.lines().skip(2).take_while(|line| !line.is_empty()).collect();
    assert!(facts.len() <= 14, "{screen}");
    let expected = [
        "  who      arn:aws:iam::111122223333:user/alice   AIDAEXAMPLEEXAMPLE12",
        "  when     2023-11-14 22:13:20Z → 22:17:20Z, 4 min; logs end 22:17:20Z",
        "  where    198.51.100.7 only; us-east-1 only",
        "  agent    aws-cli",
        "  did      9 calls, 9 of them writes, 9 different, in 3 services",
        "! made     1 user, 1 password, 1 role; 2 still there; 1 other thing",
        "! opened   role to outsiders; 1 still open",
        "! logging  trail stopped",
        "x denied   1 call, DeleteBucket; none worked later",
        "! removed  a user that it had not made",
        "+ left     a user, a role, an attached role policy",
        "? unseen   data events (none logged), other regions",
    ];
    for line in expected {
        assert!(facts.contains(&line), "{line}\n{screen}");
    }
}

#[test]
fn the_proof_follows_in_the_order_of_the_answer() {
    let screen = shown(&Options { source: "--logs logs/".into(), ..Options::default() }, Style::default());
    let sections = [
        "Activity per minute",
        "What it did",
        "Sensitive steps in order",
        "Opened to outsiders",
        "Ways back in that it made",
        "Removed, made by others",
        "Denied, with AWS's own words",
        "Not visible here",
        "next: backtrail investigate 198.51.100.7 --logs logs/",
    ];
    let places: Vec<usize> = sections
        .iter()
        .map(|title| screen.find(title).unwrap_or_else(|| panic!("{title}\n{screen}")))
        .collect();
    assert!(places.is_sorted(), "{screen}");
    for line in [
        "! 22:14:20  trail main: logging stopped",
        "! role ops-backdoor (admin)  444455556666  22:13:24  still open",
        "+ user ops-helper-one        22:13:20  no",
        "x 1  s3:DeleteBucket on b; AWS: explicit deny in a service control policy",
    ] {
        assert!(screen.lines().any(|shown| shown == line), "{line}\n{screen}");
    }
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for style in [Style::default(), Style { unicode: false, ..Style::default() }] {
        let screen = shown(&Options { calls_all: true, created_all: true, ..Options::default() }, style);
        for line in screen.lines() {
            assert!(words::width(line) <= 80, "{line}");
        }
    }
}

#[test]
fn ascii_terminals_get_ascii() {
    let screen = shown(
        &Options { calls_all: true, created_all: true, ..Options::default() },
        Style { unicode: false, ..Style::default() },
    );
    assert!(screen.is_ascii(), "{screen}");
}

#[test]
fn every_call_and_every_thing_can_be_shown() {
    let screen =
        shown(&Options { calls_all: true, created_all: true, ..Options::default() }, Style::default());
    for name in ["    CreateLoginProfile", "    StopLogging", "Everything it made", "attached role policy"] {
        assert!(screen.contains(name), "{name}\n{screen}");
    }
}

#[test]
fn hostile_names_are_shown_escaped_and_make_no_commands() {
    let rows = [EventRow {
        source_ip_address: Some("203.0.113.9"),
        user_agent: Some("\u{1b}[2J\u{1b}]0;owned\u{7}"),
        identity_arn: Some("arn:aws:iam::111122223333:user/\u{202e}ecila"),
        user_name: Some("x\r\n! made     nothing"),
        ..row(0, "iam.amazonaws.com", "CreateUser", r#"{"userName":"a\u001b[31m\nb"}"#)
    }];
    let mut answer = answer(&rows);
    answer.subject.asked = "$(reboot)".into();
    let screen = text(&answer, &Options::default(), Style::default());
    assert!(screen.chars().all(|c| c == '\n' || !words::is_unsafe(c)), "{screen:?}");
    assert!(screen.contains("\\x1b"), "{screen}");
    assert!(!screen.contains("reboot"), "{screen}");
    assert!(screen.lines().all(|line| !line.starts_with("! made     nothing")));
}

#[test]
fn a_subject_without_records_gets_a_clean_screen() {
    let screen = text(&answer(&[]), &Options::default(), Style::default());
    assert!(screen.contains("? unseen   no record of this subject in these logs"), "{screen}");
    assert!(!screen.contains("What it did"));
}

#[test]
fn the_json_form_is_whole_and_has_a_version() {
    let json = serde_json::to_value(answer(&incident())).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["subject"]["kind"], "access-key");
    assert_eq!(json["activity"]["operations"].as_array().unwrap().len(), 9);
    assert_eq!(json["openings"][0]["to"]["id"], "444455556666");
    assert_eq!(json["activity"]["span"]["first"], "2023-11-14T22:13:20Z");
}

#[test]
fn long_names_are_cut_and_missing_ones_are_said_to_be_missing() {
    let request = format!(r#"{{"userName":"{}"}}"#, "n".repeat(64));
    let issuer = format!("arn:aws:iam::111122223333:role/{}", "R".repeat(64));
    let of_role = EventRow {
        identity_type: Some("AssumedRole"),
        session_issuer_arn: Some(&issuer),
        ..row(0, "", "Foo", "{}")
    };
    let rows = [
        EventRow {
            request_parameters: Some(&request),
            event_source: Some("iam.amazonaws.com"),
            event_name: Some("CreateUser"),
            ..of_role
        },
        EventRow { event_source: None, aws_region: Some(""), ..of_role },
        EventRow { user_agent: Some("other"), ..of_role },
    ];
    let answer = answer(&rows);
    let options = Options { created_all: true, ..Options::default() };
    let screen = text(&answer, &options, Style { wide: false, ..Style::default() });
    for line in screen.lines() {
        assert!(words::width(line) <= 80, "{line}");
    }
    assert!(screen.starts_with(&format!("{KEY}   ")), "{screen}");
    assert!(screen.contains("RRRR…RRRR"), "{screen}");
    assert!(screen.contains("\n  (none named)"), "{screen}");
    assert!(!screen.contains("1 more agents"), "{screen}");
}

#[test]
fn days_of_two_years_are_told_with_their_years() {
    let rows = [
        row(0, "iam.amazonaws.com", "ListUsers", "{}"),
        row(90 * 86_400, "iam.amazonaws.com", "ListUsers", "{}"),
    ];
    let screen = text(&answer(&rows), &Options::default(), Style::default());
    assert!(screen.contains(" 2023-11-09  2024-02-01\n"), "{screen}");
    let rows = [
        row(0, "iam.amazonaws.com", "ListUsers", "{}"),
        row(40 * 86_400, "iam.amazonaws.com", "ListUsers", "{}"),
    ];
    let screen = text(&answer(&rows), &Options::default(), Style::default());
    assert!(screen.contains("           11-"), "{screen}");
}
