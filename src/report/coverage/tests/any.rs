//! What holds for every survey.

use chrono::TimeDelta;
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::inquiry::Window;
use crate::report::text;

/// Names as logs have them, and as nobody should.
fn name() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("us-east-1".to_owned()),
        Just("ap-southeast-2".to_owned()),
        Just("111122223333".to_owned()),
        Just("arn:aws:cloudtrail:eu-west-1:111122223333:trail/main".to_owned()),
        Just("arn:aws:sts::444455556666:assumed-role/deploy/build-7".to_owned()),
        Just(String::new()),
        Just("x\n! all is covered\n\x1b[2J\u{202e}\u{200b}".to_owned()),
        "[a-z0-9/:,-]{1,200}",
        "\\PC{0,60}",
        ".{0,40}",
    ]
}

/// Seconds after the first event, from a second to many years.
fn offset() -> impl Strategy<Value = i64> {
    prop_oneof![0..7_200_i64, 0..604_800_i64, 0..7_776_000_i64, 0..900_000_000_i64]
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![1..5_u64, 1..5_000_u64, 1..1_000_000_000_u64]
}

fn caller() -> impl Strategy<Value = Caller> {
    (option::of(name()), option::of(name()), option::of(name()), option::of(name())).prop_map(
        |(identity, access_key_id, service, address)| Caller {
            identity_type: None,
            identity,
            access_key_id,
            service,
            address,
        },
    )
}

fn changes() -> impl Strategy<Value = Vec<LoggingEvent>> {
    let names = prop_oneof![
        Just("StopLogging".to_owned()),
        Just("StartLogging".to_owned()),
        Just("DeleteTrail".to_owned()),
        Just("PutEventSelectors".to_owned()),
        name(),
    ];
    vec((0..900_000_000_i64, names, option::of(name()), caller()), 0..30).prop_map(|made| {
        let mut changes: Vec<LoggingEvent> = made
            .into_iter()
            .map(|(seconds, name, target, by)| {
                let mut made = change("2020-01-01T00:00:00Z", &name, "", &by);
                made.evidence.at = Time(made.evidence.at.0 + TimeDelta::seconds(seconds));
                LoggingEvent { target, ..made }
            })
            .collect();
        changes.sort_by_key(|change| change.evidence.at);
        changes
    })
}

fn surveys() -> impl Strategy<Value = Survey> {
    let accounts = prop_oneof![vec(name(), 1..2), vec(name(), 1..12)];
    let events = vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), offset(), count()), 0..60);
    let kinds = (vec((name(), count()), 0..10), vec((name(), offset(), count()), 0..12), any::<bool>());
    (accounts, vec(name(), 1..20), events, kinds, changes(), 0..5_u64).prop_map(
        |(accounts, regions, events, (kinds, sources, data), changes, refused)| {
            let first = time("2020-02-28T21:10:07Z");
            let events: Vec<_> = events
                .iter()
                .map(|(account, region, seconds, calls)| {
                    let at = first + TimeDelta::seconds(*seconds);
                    (account.get(&accounts).as_str(), region.get(&regions).as_str(), at, *calls)
                })
                .collect();
            let mut survey = survey(&events);
            survey.speakers.extend(kinds.iter().cloned());
            survey.categories.extend(kinds);
            if data {
                survey.categories.insert("Data".to_owned(), 12);
            }
            for (source, seconds, calls) in sources {
                let at = Time(first + TimeDelta::seconds(seconds));
                survey.data_sources.insert(source, Span { calls, first: Some(at), last: Some(at) });
            }
            survey.logging_changes = changes;
            (survey.refused, survey.refused_objects) = (refused, refused / 2);
            survey
        },
    )
}

fn options() -> impl Strategy<Value = CoverageOptions> {
    (any::<bool>(), option::of(offset()), option::of(offset())).prop_map(|(all, from, to)| {
        let at = |seconds: i64| time("2020-01-01T00:00:00Z") + TimeDelta::seconds(seconds);
        CoverageOptions { all, window: Window { from: from.map(at), to: to.map(at) } }
    })
}

const HEADINGS: [&str; 5] =
    ["Changes to logging itself", "What these logs cannot show", "All accounts", "No events", "next: "];

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn no_line_is_wider_than_the_screen(survey in surveys(), options in options(), unicode in any::<bool>()) {
        let style = Style { unicode, ..STYLE };
        let screen = super::text(&survey, &options, FLAG, style);
        // Commands are to be pasted: they are never cut.
        let (screen, _) = screen.split_once("next: ").unwrap();
        for line in screen.lines() {
            prop_assert!(text::width(line) <= 80, "{} columns: {line}\n{screen}", text::width(line));
        }
    }

    #[test]
    fn no_log_text_acts_on_the_terminal_or_forges_a_line(survey in surveys(), options in options()) {
        let screen = super::text(&survey, &options, FLAG, STYLE);
        for line in screen.lines() {
            prop_assert!(!line.chars().any(text::is_unsafe), "{line:?}");
            prop_assert!(!line.starts_with("! all is covered"), "{line:?}");
        }
        let titles: Vec<String> =
            survey.accounts.iter().map(|account| text::escape(&account.account).chars().take(8).collect()).collect();
        for line in screen.lines().filter(|line| !line.is_empty()) {
            let marked = ["  ", "! ", "? ", "x "].iter().any(|mark| line.starts_with(mark));
            let heading = HEADINGS.iter().any(|heading| line.starts_with(heading));
            let title = line.contains(" event") && (line.contains("account") || line.starts_with("(none named)")
                || titles.iter().any(|title| line.starts_with(title.as_str())));
            prop_assert!(marked || heading || title, "{line:?}\n{screen}");
        }
    }

    #[test]
    fn a_terminal_without_unicode_gets_none(survey in surveys(), options in options()) {
        prop_assert!(super::text(&survey, &options, FLAG, ASCII).is_ascii());
    }

    #[test]
    fn the_same_survey_is_the_same_screen(survey in surveys(), options in options()) {
        let screen = super::text(&survey, &options, FLAG, STYLE);
        prop_assert_eq!(&screen, &super::text(&survey.clone(), &options, FLAG, STYLE));
        let next = screen.split_once("next: ").unwrap().1;
        prop_assert!((1..=3).contains(&next.lines().count()), "{}", next);
        // What is folded can be unfolded.
        prop_assert_eq!(options.all && screen.lines().any(|line| line.ends_with(": --all")), false, "{}", screen);
    }
}
