//! Changes of logging, and whom to look at for them.

use super::*;

const TITLE: &str = "Changes to logging itself";

fn with(changes: Vec<LoggingEvent>) -> Survey {
    Survey { logging_changes: changes, ..one(&["2026-03-09T08", "2026-03-09T09"]) }
}

#[test]
fn repeats_are_folded() {
    let eve = user("eve", "192.0.2.7");
    let changes = vec![
        change("2026-03-09T08:00:00Z", "PutEventSelectors", "main", &eve),
        change("2026-03-09T08:00:03Z", "PutEventSelectors", "main", &eve),
        change("2026-03-09T08:01:09Z", "PutEventSelectors", "main", &eve),
        change("2026-03-09T08:02:00Z", "StartLogging", "main", &eve),
        change("2026-03-09T08:02:00Z", "StartLogging", "main", &eve),
    ];
    let screen = shown(&with(changes));
    assert_eq!(
        section(&screen, TITLE),
        [
            "? 03-09 08:00:00  PutEventSelectors main, 3 x until 08:01:09: what the trail",
            "                  records changed",
            "  03-09 08:02:00  StartLogging main, 2 x",
        ]
    );
}

#[test]
fn several_targets_share_a_line_unless_all_is_asked_for() {
    let eve = user("eve", "192.0.2.7");
    let names = ["a", "b", "c", "d"];
    let changes = names.map(|name| change("2026-03-09T08:00:00Z", "DeleteLogGroup", name, &eve)).to_vec();
    assert_eq!(
        section(&shown(&with(changes.clone())), TITLE),
        ["! 03-09 08:00:00  DeleteLogGroup a, b, c and 1 more, 4 x"]
    );
    assert_eq!(section(&shown_all(&with(changes)), TITLE).len(), 4);
}

#[test]
fn each_caller_stands_above_their_changes() {
    let role = Caller {
        identity: Some("arn:aws:sts::111122223333:assumed-role/deploy/build-7".to_owned()),
        service: Some("cloudformation.amazonaws.com".to_owned()),
        address: Some("cloudformation.amazonaws.com".to_owned()),
        ..Caller::default()
    };
    let service = Caller { service: Some("config.amazonaws.com".to_owned()), ..Caller::default() };
    let changes = vec![
        change("2026-03-09T08:00:00Z", "StopLogging", "main", &user("eve", "192.0.2.7")),
        change("2026-03-09T08:01:00Z", "StopLogging", "main", &role),
        change("2026-03-09T08:02:00Z", "StopConfigurationRecorder", "", &service),
        change("2026-03-09T08:03:00Z", "StopLogging", "main", &Caller::default()),
    ];
    assert_eq!(
        section(&shown(&with(changes)), TITLE),
        [
            "  by user eve from 192.0.2.7",
            "! 03-09 08:00:00  StopLogging main: trail records no more",
            "  by role deploy, session build-7 through cloudformation.amazonaws.com",
            "! 03-09 08:01:00  StopLogging main: trail records no more",
            "  by config.amazonaws.com",
            "! 03-09 08:02:00  StopConfigurationRecorder: configuration recorded no more",
            "  by a caller whom no record names",
            "! 03-09 08:03:00  StopLogging main: trail records no more",
        ]
    );
}

#[test]
fn the_same_call_of_another_caller_is_not_folded_in() {
    let changes = vec![
        change("2026-03-09T08:00:00Z", "StopLogging", "main", &user("eve", "192.0.2.7")),
        change("2026-03-09T08:00:01Z", "StopLogging", "main", &user("eve", "203.0.113.9")),
    ];
    assert_eq!(section(&shown(&with(changes)), TITLE).len(), 4);
}

#[test]
fn what_matters_most_stays_when_there_is_too_much() {
    let eve = user("eve", "192.0.2.7");
    let mut changes = Vec::new();
    for number in 0..30 {
        let name = if number % 2 == 0 { "CreateTrail" } else { "StartLogging" };
        changes.push(change(&format!("2026-03-09T08:{number:02}:00Z"), name, "noise", &eve));
    }
    changes.push(change("2026-03-09T08:59:00Z", "StopLogging", "main", &eve));
    let screen = shown(&with(changes.clone()));
    let lines = section(&screen, TITLE);
    assert!(lines.contains(&"! 03-09 08:59:00  StopLogging main: trail records no more"), "{screen}");
    assert_eq!(lines.len(), 21);
    assert_eq!(lines[20], "  11 more: --all");
    assert_eq!(section(&shown_all(&with(changes)), TITLE).len(), 31);
}

#[test]
fn arns_are_said_with_their_place() {
    let eve = user("eve", "192.0.2.7");
    let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
    let screen = shown(&with(vec![change("2026-03-09T08:00:00Z", "StopLogging", arn, &eve)]));
    assert_has(&screen, "StopLogging trail/main in eu-west-1: trail records no more\n");
    assert_has(&screen, "! what only trail main in eu-west-1 would log: stopped 2026-03-09 08:00:00Z");
}

#[test]
fn a_stopped_trail_is_off_until_it_starts_again() {
    let eve = user("eve", "192.0.2.7");
    let arn = "arn:aws:cloudtrail:eu-west-1:111122223333:trail/main";
    let screen = shown(&with(vec![
        change("2026-03-09T08:00:00Z", "StopLogging", arn, &eve),
        change("2026-03-09T08:00:30Z", "StopLogging", "main", &eve),
        change("2026-03-09T08:01:00Z", "StartLogging", "other", &eve),
        change("2026-03-09T08:02:00Z", "StartLogging", "main", &eve),
        change("2026-03-09T08:03:00Z", "StopLogging", "main", &eve),
    ]));
    let said: Vec<&str> = screen.lines().filter(|line| line.contains("would log")).collect();
    assert_eq!(
        said,
        [
            "! what only trail main in eu-west-1 would log: stopped 2026-03-09 08:00:00Z, on",
            "! what only trail main would log: stopped 2026-03-09 08:03:00Z, no StartLogging",
        ]
    );
    assert_has(&screen, "stopped 2026-03-09 08:00:00Z, on\n  again 2026-03-09 08:02:00Z\n");
}

#[test]
fn trails_of_one_name_in_two_accounts_are_two() {
    let eve = user("eve", "192.0.2.7");
    let other = Caller { identity: Some("arn:aws:iam::444455556666:user/eve".to_owned()), ..eve.clone() };
    let screen = shown(&with(vec![
        change("2026-03-09T08:00:00Z", "StopLogging", "main", &eve),
        change("2026-03-09T08:01:00Z", "StartLogging", "main", &other),
    ]));
    assert_has(&screen, "  by user eve of 444455556666 from 192.0.2.7\n");
    assert_has(&screen, "no StartLogging\n  after it here\n");
    let arns = ["eu-west-1", "us-east-1"]
        .map(|region| format!("arn:aws:cloudtrail:{region}:111122223333:trail/main"));
    let screen = shown(&with(vec![
        change("2026-03-09T08:00:00Z", "StopLogging", &arns[0], &eve),
        change("2026-03-09T08:01:00Z", "StartLogging", &arns[1], &eve),
    ]));
    assert_lacks(&screen, "on again");
}

#[test]
fn a_trail_that_came_and_went_says_when_it_was_made() {
    let eve = user("eve", "192.0.2.7");
    let screen = shown(&with(vec![
        change("2026-03-09T08:00:00Z", "CreateTrail", "t", &eve),
        change("2026-03-09T08:05:00Z", "DeleteTrail", "t", &eve),
    ]));
    assert_has(
        &screen,
        "! what only trail t would log: deleted 2026-03-09 08:05:00Z, made 2026-03-09\n  08:00:00Z\n",
    );
}

#[test]
fn who_saw_to_it_that_less_is_seen_is_to_be_investigated() {
    let eve = user("eve", "192.0.2.7");
    let bob = user("bob", "192.0.2.8");
    let screen = shown(&with(vec![
        change("2026-03-09T08:00:00Z", "PutEventSelectors", "t", &bob),
        change("2026-03-09T08:05:00Z", "StopLogging", "t", &eve),
    ]));
    assert_has(&screen, "next: backtrail investigate arn:aws:iam::111122223333:user/eve --lake lake/\n");
}

#[test]
fn no_command_is_made_of_hostile_text() {
    for id in ["$(reboot)", "a;b", "--all", "a b", "a\nb", "a'b", "`x`", "", "é"] {
        let hostile = Caller {
            identity: Some(id.to_owned()),
            access_key_id: Some(format!("{id}|x")),
            ..Caller::default()
        };
        let screen = shown(&with(vec![change("2026-03-09T08:05:00Z", "StopLogging", "t", &hostile)]));
        assert_lacks(&screen, "backtrail investigate");
        let safe = Caller { access_key_id: Some("ASIAEXAMPLEEXAMPLE01".to_owned()), ..hostile };
        let screen = shown(&with(vec![change("2026-03-09T08:05:00Z", "StopLogging", "t", &safe)]));
        assert_has(&screen, "next: backtrail investigate ASIAEXAMPLEEXAMPLE01 --lake lake/\n");
    }
}

#[test]
fn logs_without_changes_have_no_such_section() {
    assert_lacks(&shown(&with(Vec::new())), TITLE);
    assert_lacks(&shown(&with(Vec::new())), "logging-changes");
}

#[test]
fn a_limit_that_was_reached_is_said() {
    let eve = user("eve", "192.0.2.7");
    let most = crate::query::measure::LOGGING_CHANGES_MAX;
    let mut survey = with(vec![change("2026-03-09T08:00:00Z", "StartLogging", "t", &eve); most]);
    assert_has(&shown(&survey), "? later changes: only the first 10,000 are read\n");
    survey.logging_changes.pop();
    assert_lacks(&shown(&survey), "later changes");
}
