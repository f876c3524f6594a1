//! What each part says of what there is, and of what there is not.

use super::super::words::{Names, share};
use super::*;

fn screen(replay: &Replay, options: &Options) -> String {
    text(replay, options, NARROW)
}

#[track_caller]
fn assert_has(screen: &str, line: &str) {
    assert!(screen.lines().any(|one| one == line), "expected a line\n{line}\nin\n{screen}");
}

/// Many rows of one verdict: `count` callers, with 1, 2, 3 … events.
fn many(count: u64) -> Replay {
    let groups = (1..=count).map(|at| {
        let principal = format!("arn:aws:iam::111122223333:role/worker-{at:03}");
        group(Verdict::NowDenied, Then::Allowed, &principal, "s3:GetObject", seen(at, "2026-11-23T13:00:00Z"))
    });
    let events = count * (count + 1) / 2;
    Replay {
        events,
        verdicts: Verdicts { now_denied: events, ..Verdicts::default() },
        groups: groups.collect(),
        proposal: None,
        ..full()
    }
}

/// Events of the rows that a screen shows, and those that it says it does not.
fn told(screen: &str) -> (u64, u64) {
    let number = |word: &str| word.replace(',', "").parse::<u64>().unwrap();
    let shown = screen.lines().filter(|line| line.starts_with("  role ") && line.contains("s3:GetObject"));
    let shown = shown.map(|line| number(line.split_whitespace().nth(2).unwrap())).sum();
    let more = screen.lines().find(|line| line.contains("more row")).map_or(0, |line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        number(words[words.iter().position(|word| word.starts_with("event")).unwrap() - 1])
    });
    (shown, more)
}

#[test]
fn every_table_says_its_whole() {
    let replay = many(100);
    let first = screen(&replay, &options());
    assert_has(&first, "  92 more rows, 4,278 events: --show now-denied");
    let asked = screen(&replay, &shown(Show::NowDenied));
    assert_has(&asked, "  60 more rows, 1,830 events: --all");
    for one in [&first, &asked] {
        let (shown, more) = told(one);
        assert_eq!(shown + more, 5050);
    }
    let all = screen(&replay, &Options { all: true, ..shown(Show::NowDenied) });
    assert_eq!(told(&all), (5050, 0));
    assert_eq!(
        told(&text(&replay, &options(), WIDE).replace("arn:aws:iam::111122223333:role/", "role ")),
        (5050, 0)
    );
}

#[test]
fn rows_with_the_same_reason_stand_together_and_the_largest_reason_first() {
    let row = |principal: &str, events, decided| Group {
        decided: vec![decided],
        ..group(
            Verdict::NowDenied,
            Then::Allowed,
            principal,
            "s3:GetObject",
            seen(events, "2026-11-23T13:00:00Z"),
        )
    };
    let lacking = || layer(How::NoAllow, LayerKind::Identity, "identity-based policies");
    let replay = Replay {
        groups: vec![row(DEPLOY, 5, outside_eu()), row(BILLING, 4, lacking()), row(BACKUP, 3, lacking())],
        ..full()
    };
    let screen = screen(&replay, &shown(Show::NowDenied));
    let order = ["role billing-export", "user old-backup", "no statement of", "role ci-deploy", "denied by"];
    let places: Vec<usize> = order.iter().map(|words| screen.find(words).unwrap()).collect();
    assert!(places.is_sorted(), "{screen}");
}

#[test]
fn a_proposal_that_changes_nothing_says_so() {
    let verdicts = Verdicts { undetermined: 1, ..full().verdicts };
    let calm = Proposal {
        broken: 0,
        may_break: 0,
        opened: 0,
        groups: Vec::new(),
        changes: Vec::new(),
        verdicts,
        ..proposal()
    };
    let screen = screen(&Replay { proposal: Some(calm), ..full() }, &options());
    assert_has(&screen, "!           changes nothing of the snapshot");
    assert_has(&screen, "  The proposal breaks no call of these logs.");
    assert_has(&screen, "? Under it 1 call is undetermined: whether they break or open is not proven");
    assert_has(&screen, "  It opens nothing.");
    assert!(!screen.contains("Suggested"), "{screen}");
}

#[test]
fn what_a_proposal_may_open_is_a_claim() {
    let group = ChangeGroup {
        decided: Vec::new(),
        needs: vec![lack("aws:SourceVpce", "the record has none")],
        ..change(Change::MayOpen, DEPLOY, "s3:GetObject", "eu-west-1", seen(4, "2026-11-23T13:00:00Z"))
    };
    let own = Proposal { opened: 0, may_open: 4, groups: vec![group], ..proposal() };
    let screen = screen(&Replay { proposal: Some(own), ..full() }, &shown(Show::Opened));
    assert_has(&screen, "? It may open 4 calls that today's policies deny, of 1 caller; what is missing");
    assert_has(&screen, "    depends on aws:SourceVpce (the record has none)");
    assert_has(&screen, "  It certainly opens nothing.");
}

#[test]
fn parts_without_content_say_so_when_they_are_asked_for() {
    let bare = Replay {
        groups: Vec::new(),
        lacks: Vec::new(),
        statements: Vec::new(),
        disagreements: Vec::new(),
        proposal: None,
        limits: Vec::new(),
        verdicts: Verdicts { same_allowed: 3, ..Verdicts::default() },
        ..full()
    };
    let expected = [
        (Show::NowDenied, "  Would now be denied: 0 calls that AWS did not refuse"),
        (Show::NowAllowed, "  Would now be allowed: 0 calls that AWS refused"),
        (Show::Undetermined, "  Undetermined: 0 calls"),
        (Show::NotARequest, "  Not a request: 0 events"),
        (Show::Broken, "  No proposal was given (--proposed DIR)"),
        (Show::Opened, "  No proposal was given (--proposed DIR)"),
        (Show::Disagreements, "  No refusal whose reason, as AWS states it, is not ours"),
        (Show::Statements, "  No statement of the snapshot's policies was in play"),
        (Show::Limits, "  No limit was met"),
    ];
    for (show, line) in expected {
        assert_has(&screen(&bare, &shown(show)), line);
    }
}

#[test]
fn how_far_awss_reasons_agree_is_one_line() {
    let line = |agreements, differ, not_comparable| {
        let mut replay = Replay { agreements, not_comparable, ..full() };
        replay.disagreements[0].events = differ;
        replay.disagreements.retain(|one| one.events > 0);
        text(&replay, &options(), WIDE)
            .lines()
            .find(|line| line.contains("AWS gives") || line.contains("AWS states"))
            .map(str::to_owned)
    };
    assert_eq!(
        line(212, 3, 9).as_deref(),
        Some(
            "! AWS gives 3 of 215 refusals another reason than these policies do; 9 more cannot be compared"
        )
    );
    assert_eq!(
        line(1, 0, 0).as_deref(),
        Some("  AWS gives the 1 refusal the reason that these policies give")
    );
    assert_eq!(
        line(12, 0, 1).as_deref(),
        Some("  AWS gives all 12 refusals the reason that these policies give; 1 more cannot be compared")
    );
    assert_eq!(line(0, 0, 9).as_deref(), Some("? AWS states no reason that can be compared for 9 refusals"));
    assert_eq!(line(0, 0, 0), None);
}

#[test]
fn shares_are_never_rounded_to_nothing_or_to_all() {
    let of = |part, whole| share(part, whole, NARROW);
    assert_eq!((of(0, 10).as_str(), of(10, 10).as_str()), ("·", "100.0 %"));
    assert_eq!((of(1, 1_000_000).as_str(), of(999_999, 1_000_000).as_str()), ("<0.1 %", ">99.9 %"));
    assert_eq!((of(1, 3).as_str(), of(2, 3).as_str()), ("33.3 %", "66.7 %"));
    assert_eq!(of(u64::MAX, u64::MAX), "100.0 %");
    assert_eq!(share(0, 0, ASCII), ".");
}

#[test]
fn namesakes_are_told_apart_by_account_and_by_path() {
    let arns = [
        "arn:aws:iam::111122223333:role/deploy",
        "arn:aws:iam::444455556666:role/deploy",
        "arn:aws:iam::111122223333:role/audit",
        "arn:aws:iam::111122223333:role/a/run",
        "arn:aws:iam::111122223333:role/b/run",
    ];
    let names = Names::of(arns, NARROW);
    let labels = arns.map(|arn| names.label(Some(arn)));
    assert_eq!(labels[..3], ["role deploy of 111122223333", "role deploy of 444455556666", "role audit"]);
    assert_eq!(labels[3..], arns[3..]);
    assert_eq!(names.label(None), "(nobody named)");
}

#[test]
fn a_prefix_of_most_callers_is_said_once() {
    let screen = screen(&many(3), &options());
    let noted = screen.lines().any(|line| line.ends_with("… = worker-"));
    assert!(noted && screen.contains("  role …003  "), "{screen}");
}

#[test]
fn other_callers_are_named_as_they_are() {
    let callers = [
        ("arn:aws:iam::111122223333:root", "root of 111122223333"),
        ("arn:aws:sts::111122223333:federated-user/ann", "federated user ann"),
        ("arn:aws:sts::111122223333:assumed-role/deploy/ann", "session of role deploy"),
        ("ec2.amazonaws.com", "ec2.amazonaws.com"),
    ];
    let names = Names::of(callers.map(|(arn, _)| arn), NARROW);
    for (arn, words) in callers {
        assert_eq!(names.label(Some(arn)), words);
    }
}

#[test]
fn commands_are_at_most_three_and_only_what_a_shell_takes_as_it_is() {
    let commands = |replay: &Replay| super::super::commands(replay, &options());
    assert_eq!(commands(&full()).len(), 3);
    assert_eq!(commands(&Replay { snapshot: "iam; rm -r /".to_owned(), ..full() }), Vec::<String>::new());
    let mut hostile = full();
    hostile.disagreements[0].example.event_id = Some("$(id)".to_owned());
    assert!(!commands(&hostile).iter().any(|command| command.contains('$')));
    let calm =
        Replay { verdicts: Verdicts::default(), groups: Vec::new(), disagreements: Vec::new(), ..full() };
    let calm = Replay { proposal: None, ..calm };
    assert_eq!(commands(&calm), ["backtrail replay --snapshot iam/ --lake lake --from 90d --format csv"]);
}

#[test]
fn every_part_has_a_word_of_its_own() {
    let words: std::collections::BTreeSet<&str> = Show::ALL.iter().map(|show| show.word()).collect();
    assert_eq!(words.len(), Show::ALL.len());
    assert_eq!(Show::of(Verdict::NotARequest).word(), "not-a-request");
}

#[test]
fn a_verdict_is_spelled_as_in_json() {
    use super::super::words::how_word;
    for verdict in
        [Verdict::Same, Verdict::NowDenied, Verdict::NowAllowed, Verdict::Undetermined, Verdict::NotARequest]
    {
        assert_eq!(serde_json::to_value(verdict).unwrap(), verdict.word());
    }
    for change in [Change::Broken, Change::MayBreak, Change::Opened, Change::MayOpen] {
        assert_eq!(serde_json::to_value(change).unwrap(), change.word());
    }
    for then in [Then::Allowed, Then::Denied, Then::Failed] {
        assert_eq!(serde_json::to_value(then).unwrap(), then.word());
    }
    for how in [How::Allow, How::Deny, How::NoAllow, How::Rule] {
        assert_eq!(serde_json::to_value(how).unwrap(), how_word(how));
    }
}
