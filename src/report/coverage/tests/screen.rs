//! Whole screens, and the CSV.

use super::*;
use crate::inquiry::Window;
use crate::report::coverage::rows;

fn story() -> Survey {
    let account = "111122223333";
    let mut survey = survey(&[
        (account, "eu-west-1", time("2026-03-09T08:00:01Z"), 1_200),
        (account, "eu-west-1", time("2026-03-09T09:12:00Z"), 40),
        (account, "us-east-1", time("2026-03-09T10:00:00Z"), 7),
        (account, "eu-west-1", time("2026-03-10T01:30:00Z"), 75),
        (account, "us-west-2", time("2026-03-10T22:50:30Z"), 3),
        (account, "eu-west-1", time("2026-03-10T23:59:09Z"), 2),
    ]);
    survey.categories = BTreeMap::from([("Management".to_owned(), 1_318), ("Data".to_owned(), 9)]);
    survey.data_sources = BTreeMap::from([(
        "s3.amazonaws.com".to_owned(),
        span(9, "2026-03-10T22:53:20Z", "2026-03-10T23:40:00Z"),
    )]);
    survey.speakers = vec![("roles".to_owned(), 1_300), ("root".to_owned(), 27)];
    survey.records_read = 1_340;
    survey.duplicates = 10;
    survey.refused = 3;
    survey.refused_objects = 2;
    let eve = user("eve", "192.0.2.7");
    survey.logging_changes = vec![
        change("2026-03-10T23:56:31Z", "DeleteFlowLogs", "fl-0123456789abcdef0", &eve),
        change("2026-03-10T23:58:02Z", "StopLogging", "main-trail", &eve),
    ];
    survey
}

#[test]
fn a_screen_answers_where_when_what_who_and_what_not() {
    let expected = "\
111122223333   1,327 events   2026-03-09 08:00:01Z → 2026-03-10 23:59:09Z

  region     03-09  03-10  first event
  eu-west-1  1,240     77  03-09 08:00Z
  us-east-1      7      ·  03-09 10:00Z
! us-west-2      ·      3  03-10 22:50Z

  hour UTC    00 03 06 09 12 15 18 21  (log scale, █ = 1,200)
  03-09               █▅▃·············  first event 08:00:01Z
  03-10       ·▅····················▂▂  last event 23:59:09Z

  hours        6 of 40 hours from first to last have events, 34 have none
  holes        20 h  03-10 02:00Z → 22:00Z
               14 h  03-09 11:00Z → 03-10 01:00Z
  who speaks   roles 98 %, root 2 %
  data events  9 (1 %), S3 objects only, first 2026-03-10 22:53:20Z
  duplicates   10 of 1,340 records (1 %)
x refused      3 entries in 2 objects could not be read

Changes to logging itself                             by user eve from 192.0.2.7
! 03-10 23:56:31  DeleteFlowLogs fl-0123456789abcdef0: network flows recorded no
                  more
! 03-10 23:58:02  StopLogging main-trail: trail records no more

What these logs cannot show
? S3 object reads, writes and deletes before 2026-03-10 22:53:20Z
? Lambda calls, DynamoDB item reads and writes, data events of services other
  than s3
? accounts other than 111122223333
? regions other than eu-west-1, us-east-1, us-west-2: not logged, or not used
? us-west-2 before 2026-03-10 22:50:30Z: not logged then, or not used
? before 2026-03-09 08:00:01Z; after 2026-03-10 23:59:09Z
? 2 holes, the longest 20 h, 03-10 02:00Z → 22:00Z: no activity, or no logs of
  it
? what could not be read: 3 entries in 2 objects
! what only trail main-trail would log: stopped 2026-03-10 23:58:02Z, no
  StartLogging after it here
next: backtrail investigate arn:aws:iam::111122223333:user/eve --lake lake/
      backtrail query ingest-refusals --lake lake/
      backtrail query logging-changes --lake lake/
";
    assert_eq!(shown(&story()), expected);
}

#[test]
fn a_terminal_without_unicode_gets_the_same_in_ascii() {
    let screen = text(&story(), &CoverageOptions::default(), FLAG, ASCII);
    assert!(screen.is_ascii(), "{screen}");
    assert_has(&screen, "  03-09               853.............  first event 08:00:01Z\n");
    assert_has(&screen, "(log scale, 8 = 1,200)");
    assert_eq!(screen.lines().count(), shown(&story()).lines().count());
}

#[test]
fn a_lake_without_events_says_so_and_nothing_else() {
    let expected = "\
No events

  duplicates  none of 0 records
  refused     nothing
next: backtrail ingest --help
";
    assert_eq!(shown(&Survey::default()), expected);
    let refused = Survey { records_read: 2, refused: 2, refused_objects: 1, ..Survey::default() };
    assert_has(&shown(&refused), "x refused     2 entries in 1 object could not be read\n");
    assert_has(&shown(&refused), "next: backtrail query ingest-refusals --lake lake/\n");
}

#[test]
fn a_window_without_events_is_named_and_left() {
    let window = Window { from: Some(time("2026-03-09T00:00:00Z")), to: Some(time("2026-03-10T00:00:00Z")) };
    let screen = text(&Survey::default(), &CoverageOptions { all: false, window }, FLAG, STYLE);
    assert_has(&screen, "No events in the window asked for\n");
    assert_has(&screen, "asked for: 2026-03-09 00:00:00Z → 2026-03-10 00:00:00Z\n");
    assert_has(&screen, "none of 0 records, in the whole lake");
    assert_has(&screen, "next: backtrail coverage --lake lake/\n");
}

#[test]
fn a_window_goes_with_the_commands_and_is_no_end_of_the_logs() {
    let window = Window { from: Some(time("2026-03-09T00:00:00Z")), to: None };
    let screen = text(&story(), &CoverageOptions { all: false, window }, FLAG, STYLE);
    assert_has(&screen, "  asked for: from 2026-03-09 00:00:00Z on\n");
    assert_has(&screen, "? anything outside of the window asked for; its events: 2026-03-09 08:00:01Z");
    assert_lacks(&screen, "? before ");
    assert_has(&screen, "backtrail query logging-changes --from 2026-03-09T00:00:00Z --lake lake/\n");
    assert_has(&screen, "10 of 1,340 records (1 %), in the whole lake");
}

#[test]
fn a_wide_screen_cuts_no_name() {
    let long = "a".repeat(300);
    let mut survey = one(&["2026-03-09T08"]);
    let eve = user("eve", "192.0.2.7");
    survey.logging_changes = vec![change("2026-03-09T08:00:00Z", "DeleteLogGroup", &long, &eve)];
    assert_lacks(&shown(&survey), &long);
    assert_has(&shown(&survey), "aaa…aaa");
    assert_has(&text(&survey, &CoverageOptions::default(), FLAG, Style { wide: true, ..STYLE }), &long);
}

#[test]
fn several_accounts_are_told_apart() {
    let at = time("2026-03-09T08:00:00Z");
    let screen = shown(&survey(&[
        ("111122223333", "eu-west-1", at, 5),
        ("444455556666", "us-east-1", at, 2),
        ("", "", at, 1),
    ]));
    assert!(screen.starts_with("3 accounts   8 events   2026-03-09 08:00:00Z\n"), "{screen}");
    assert_has(&screen, "\n111122223333   5 events   2026-03-09 08:00:00Z\n");
    assert_has(&screen, "\n(none named)   1 event   2026-03-09 08:00:00Z\n");
    assert_has(&screen, "\nAll accounts\n");
    assert_has(&screen, "? regions other than us-east-1 of 444455556666:");
}

fn many_accounts(count: u64) -> Survey {
    let names: Vec<String> = (0..count).map(|number| format!("{:012}", 111_122_220_000 + number)).collect();
    let mut events = Vec::new();
    for (number, name) in (1_u64..).zip(&names) {
        events.push((name.as_str(), "us-east-1", hour("2026-03-09T08"), number));
        events.push((name.as_str(), "us-east-1", hour("2026-03-12T08"), 1));
    }
    events.retain(|(name, _, at, _)| *name != names[2] || *at == hour("2026-03-12T08"));
    survey(&events)
}

#[test]
fn of_many_accounts_first_a_table_and_details_only_on_demand() {
    let screen = shown(&many_accounts(7));
    assert_has(&screen, "  account       events  regions  days  first event   last event\n");
    assert_has(&screen, "  111122220006       8        1     2  03-09 08:00Z  03-12 08:00Z\n");
    assert_has(&screen, "! 111122220002       1        1     1  03-12 08:00Z  03-12 08:00Z\n");
    assert_has(&screen, "! begins a day or more after the others");
    assert_lacks(&screen, "hour UTC");
    assert_has(&screen, "each account by region, day and hour: --all\n");
    assert_has(&screen, "? 6 holes in 6 accounts: no activity, or no logs of it\n");
    assert_has(&screen, "next: backtrail coverage --all --lake lake/\n");
    let all = shown_all(&many_accounts(7));
    assert_eq!(all.matches("hour UTC").count(), 7);
    assert_lacks(&all, "--all");
}

#[test]
fn six_accounts_have_no_table_but_details() {
    let screen = shown(&many_accounts(6));
    assert_lacks(&screen, "  account ");
    assert_eq!(screen.matches("hour UTC").count(), 6);
}

#[test]
fn accounts_beyond_the_table_are_counted() {
    let screen = shown(&many_accounts(32));
    assert_has(&screen, "  2 more accounts with 3 events: --all\n");
    assert_has(&screen, "? accounts other than the 32 above\n");
    assert_lacks(&screen, "111122220000");
}

#[test]
fn a_mark_on_most_accounts_is_none() {
    let names: Vec<String> = (0..8).map(|number| format!("11112222000{number}")).collect();
    let first = day("2026-03-01").and_hms_opt(0, 0, 0).unwrap().and_utc();
    let apart: Vec<_> = (0..8)
        .map(|n| (names[n].as_str(), "us-east-1", first + chrono::TimeDelta::days(3 * n as i64), 1))
        .collect();
    let screen = shown(&survey(&apart));
    assert!(!screen.lines().any(|line| line.starts_with('!')), "{screen}");
}

#[test]
fn csv_has_a_line_for_each_account_region_and_day() {
    let at = [time("2026-03-09T08:00:00Z"), time("2026-03-10T08:00:00Z")];
    let survey = survey(&[
        ("444455556666", "us-east-1", at[0], 2),
        ("111122223333", "us-east-1", at[0], 9),
        ("111122223333", "eu-west-1", at[1], 1),
        ("111122223333", "eu-west-1", at[0], 5),
        ("", "=cmd|1\n", at[0], 1),
    ]);
    let lines: String = rows(&survey).collect();
    let expected = "account,region,date,events\r\n\
        ,'=cmd|1\\n,2026-03-09,1\r\n\
        111122223333,eu-west-1,2026-03-09,5\r\n\
        111122223333,eu-west-1,2026-03-10,1\r\n\
        111122223333,us-east-1,2026-03-09,9\r\n\
        444455556666,us-east-1,2026-03-09,2\r\n";
    assert_eq!(lines, expected);
}
