//! The chain up.

use super::*;
use crate::lineage::{Above, Chain, Mismatch, NotTaken, Violation};

fn up(trace: &Trace) -> String {
    styled(trace, Part::Up, Style::default())
}

/// A session that either of two calls made.
fn ambiguous() -> Trace {
    let mut trace = one_step();
    let link = &mut trace.links[0];
    link.rule = Rule::Session;
    link.ambiguous = vec![EVENT.to_owned(), OTHER_EVENT.to_owned()];
    trace.chains = vec![chain_of(&trace)];
    trace
}

/// An instance's key, and dana who launched the instance.
pub(super) fn launched() -> Trace {
    let instance = "i-0123456789abcdef0";
    let workload = Workload::new("instance", instance);
    let key = "ASIARTX3GSDSREXAMPLE";
    let node = temporary(key, "worker", instance);
    let service = Node {
        kind: NodeKind::Service,
        id: "ec2.amazonaws.com".to_owned(),
        account: Some("111122223333".to_owned()),
        access_key: None,
        arn: None,
        name: Some("ec2.amazonaws.com".to_owned()),
        session_name: None,
        source_identity: None,
        created: None,
    };
    let record = proof(OTHER_EVENT, "RunInstances", "08:59:48");
    let above = Above { rule: Rule::Launched, record: record.clone(), origin: traced(by_dana()) };
    let found = TracedOrigin {
        origin: by_service("ec2.amazonaws.com", workload.clone()),
        above: Some(Box::new(above)),
        above_gap: None,
        others_above: Vec::new(),
    };
    let used = usage(3, "09:02:00", "09:04:00", "192.0.2.88");
    let mut trace = empty(subject("access-key", key, Some(node.clone()), used), found);
    let machine = Node { kind: NodeKind::Workload, id: workload.words(), ..service.clone() };
    trace.links = vec![
        link(Rule::Key, proof(EVENT, "AssumeRole", "09:00:12"), node, service),
        Link {
            above_origin: true,
            role_passed: Some("arn:aws:iam::111122223333:role/worker".to_owned()),
            role_untold: None,
            role_given: None,
            beside: Vec::new(),
            ..link(Rule::Launched, record, machine, dana())
        },
    ];
    trace.chains = vec![chain_of(&trace)];
    trace
}

#[test]
fn a_chain_is_one_box_a_credential_and_one_bar_a_link() {
    assert_eq!(
        up(&one_step()),
        "\
ASIARTX3GSDSREXAMPLE   temporary key, 29 calls, 29 denied
  role     deploy
  session  laptop
  used     2026-03-09 09:00:00Z → 09:00:03Z from 198.51.100.17
│
│ key      certain: AssumeRole answered with exactly this key
│          2026-03-09 09:00:00Z   6d825f58-6329-47bb-8e95-740f8d91e63c
▼
AKIARTX3GSDSQEXAMPLE   long-term key, 2,104 calls within an hour
  user     arn:aws:iam::111122223333:user/dana
  used     2026-03-09 08:54:33Z → 09:29:09Z from 198.51.100.17
■ origin   IAM user dana, complete

above      no CreateAccessKey for this key: made before these logs begin, or in
           a log that is not here
next: backtrail trace ASIARTX3GSDSREXAMPLE --down --logs logs/
      backtrail trace AKIARTX3GSDSQEXAMPLE --down --logs logs/
      backtrail investigate AKIARTX3GSDSQEXAMPLE --logs logs/
"
    );
}

#[test]
fn a_twin_is_named_as_not_taken() {
    let mut trace = one_step();
    trace.subject.claim = Some("made by the AWS SDK for Go".to_owned());
    trace.logs_begin = Some(time("08:42:18"));
    trace.not_taken.push(NotTaken {
        record: proof(OTHER_EVENT, "AssumeRole", "09:00:00"),
        access_key: Some("ASIARTX3GSDSSEXAMPLE".to_owned()),
        calls: 0,
        reason: "the same second and session".to_owned(),
    });
    let screen = up(&trace);
    assert_lines(&screen, "  session  laptop   (name made by the AWS SDK for Go)\n");
    assert_lines(
        &screen,
        "
not taken  dda71e72-6afa-4858-be6f-b25d84595446, the same second and session,
           made the other key ASIARTX3GSDSSEXAMPLE (never used)
above      no CreateAccessKey for this key: made before 2026-03-09 08:42:18Z, or
           in a log that is not here
",
    );
}

#[test]
fn a_stop_says_what_is_certain_what_is_missing_and_what_would_close_it() {
    let key = "ASIARTX3GSDSREXAMPLE";
    let node = Node {
        kind: NodeKind::Console,
        session_name: None,
        source_identity: None,
        arn: Some(DANA.to_owned()),
        name: Some("dana".to_owned()),
        ..temporary(key, "", "")
    };
    let used = usage(4, "09:13:20", "09:14:00", "198.51.100.17");
    let missing = gap(
        Reason::SignInMissing,
        "no ConsoleLogin or GetSessionToken at 2026-03-09 09:00:00Z, though account 111122223333 is covered then",
        "sign-ins are logged in the region of the sign-in page; add the objects of account 111122223333 of the other regions",
    );
    let found = origin(OriginKind::IamUser, Some(DANA), "dana").with_gap(missing);
    let mut asked = subject("access-key", key, Some(node), used);
    (asked.session_keys, asked.session_calls, asked.mfa) = (13, 79, Some(true));
    let screen = up(&empty(asked, traced(found)));
    assert_lines(
        &screen,
        "
ASIARTX3GSDSREXAMPLE   console key, 4 calls; one of 13 keys of one session
  user     arn:aws:iam::111122223333:user/dana
  created  2026-03-09 09:00:00Z, MFA yes, 79 calls with 13 keys
  used     2026-03-09 09:13:20Z → 09:14:00Z from 198.51.100.17
│
│ identity certain: the record itself names the user
▼
■ origin   IAM user dana, incomplete
? gap      no ConsoleLogin or GetSessionToken at 2026-03-09 09:00:00Z, though
           account 111122223333 is covered then
hint: sign-ins are logged in the region of the sign-in page; add the objects of
      account 111122223333 of the other regions
",
    );
    assert_fits(&screen, &[]);
}

#[test]
fn nobody_known_is_said_without_a_link() {
    let missing = gap(Reason::RecordMissing, "no issuance at 09:00:00Z", "add other regions");
    let mut trace = one_step();
    trace.links.clear();
    trace.origin = traced(Origin::unknown(missing));
    trace.chains = vec![chain_of(&trace)];
    let screen = up(&trace);
    assert_lines(
        &screen,
        "\n■ origin   unknown, incomplete\n? gap      no issuance at 09:00:00Z\nhint: add other regions\n",
    );
    assert!(!screen.contains("identity") && !screen.contains("▼"), "{screen}");
}

#[test]
fn equal_candidates_of_one_origin_leave_the_origin_certain() {
    let screen = up(&ambiguous());
    assert_lines(
        &screen,
        "
│ session  one of 2: AssumeRole calls that fit alike; nothing tells which it was
│          2026-03-09 09:00:00Z   6d825f58-6329-47bb-8e95-740f8d91e63c
│          or                     dda71e72-6afa-4858-be6f-b25d84595446
▼
",
    );
    assert_lines(&screen, "■ origin   IAM user dana, complete (every candidate leads here)\n");
}

#[test]
fn equal_candidates_of_two_origins_are_both_shown() {
    let mut trace = ambiguous();
    let several =
        gap(Reason::SeveralOrigins, "the candidates lead to 2 origins", "nothing in the logs tells");
    trace.origin = traced(Origin::unknown(several));
    trace.chains[0].origins = vec![by_dana(), origin(OriginKind::IamUser, Some(EVE), "eve")];
    let screen = up(&trace);
    assert_lines(
        &screen,
        "
■ origin   incomplete, one of 2:
?          IAM user dana
?          IAM user eve
? gap      the candidates lead to 2 origins
hint: nothing in the logs tells
",
    );
}

/// Two chains to dana, of which one is not proven, and one to eve.
fn three_chains() -> Trace {
    let mut trace = one_step();
    let mut weak = chain_of(&trace);
    weak.credential = temporary("ASIARTX3GSDSTEXAMPLE", "deploy", "night");
    weak.usage = usage(3, "10:00:00", "10:00:02", "198.51.100.17");
    weak.links = Vec::new();
    weak.origin.origin = Origin {
        access_key: None,
        complete: false,
        gap: Some(gap(Reason::SignInMissing, "no sign-in", "")),
        ..by_dana()
    };
    weak.origins = vec![weak.origin.origin.clone()];
    let mut other = weak.clone();
    other.credential = temporary("ASIARTX3GSDSVEXAMPLE", "deploy", "night");
    other.usage = usage(2, "11:00:00", "11:00:01", "198.51.100.17");
    other.origin.origin = origin(OriginKind::IamUser, Some(EVE), "eve");
    other.origins = vec![other.origin.origin.clone()];
    trace.chains.extend([weak, other]);
    trace.subject.node = None;
    trace
}

#[test]
fn an_origin_of_several_chains_is_no_better_than_the_weakest() {
    let trace = three_chains();
    let screen = up(&trace);
    let row = |name: &str| screen.lines().find(|line| line.starts_with(name)).unwrap().to_owned();
    assert!(row("? IAM user dana").ends_with(" 1 of 2: sign in missing"), "{screen}");
    assert!(row("  IAM user eve").ends_with(" complete"), "{screen}");
    let graph = dot(&trace);
    assert!(graph.contains("origin: IAM user dana, incomplete"), "{graph}");
    assert!(!graph.contains("origin: IAM user dana, complete"), "{graph}");
    assert!(graph.contains("origin: IAM user eve, complete"), "{graph}");
}

#[test]
fn many_candidates_are_counted() {
    let mut trace = ambiguous();
    trace.links[0].ambiguous =
        (0..30).map(|number| format!("{number:08}-0000-0000-0000-000000000000")).collect();
    let screen = up(&trace);
    assert_lines(&screen, "one of 30: ");
    assert_lines(&screen, "\n│          or 25 more: --format json\n▼\n");
}

#[test]
fn seconds_apart_and_claims_are_said() {
    let mut trace = one_step();
    trace.links[0].rule = Rule::Session;
    trace.links[0].seconds_apart = 2;
    assert_lines(
        &up(&trace),
        "
│ session  likely: AssumeRole made this session, 2 s apart from the session's
│          creation
",
    );
    trace.links[0].rule = Rule::Claim;
    assert_lines(
        &up(&trace),
        "
│ claim    ? a claim, no proof: names and second agree with this AssumeRole, but
│          it answered with another key
",
    );
    trace.links[0].from.created = None;
    assert_lines(&up(&trace), "│ claim    ? a claim, no proof: only the names agree with this AssumeRole\n");
}

#[test]
fn a_request_that_two_accounts_recorded_says_which() {
    let mut trace = one_step();
    let stranger = Node {
        kind: NodeKind::Account,
        id: "AIDARTX3GSDSQAEXAMPLE".to_owned(),
        access_key: None,
        arn: None,
        name: Some("AIDARTX3GSDSQAEXAMPLE".to_owned()),
        session_name: None,
        source_identity: None,
        created: None,
        ..dana()
    };
    trace.links[0].from.account = Some("444455556666".to_owned());
    trace.links[0].to = stranger.clone();
    trace.links[0].to_usage = None;
    trace.links[0].record.account = Some("444455556666".to_owned());
    trace.links.push(link(Rule::SharedEvent, proof(OTHER_EVENT, "AssumeRole", "09:00:00"), stranger, dana()));
    let screen = up(&trace);
    assert_lines(
        &screen,
        "
│ key      certain: AssumeRole answered with exactly this key
│          2026-03-09 09:00:00Z   6d825f58-6329-47bb-8e95-740f8d91e63c
│          recorded by account 444455556666, eu-west-1
▼
AIDARTX3GSDSQAEXAMPLE   principal of another account
  account  111122223333
│
│ shared   certain: both accounts recorded this one AssumeRole
│          2026-03-09 09:00:00Z   dda71e72-6afa-4858-be6f-b25d84595446
│          recorded by account 111122223333, eu-west-1
▼
AKIARTX3GSDSQEXAMPLE   long-term key
  user     arn:aws:iam::111122223333:user/dana
■ origin   IAM user dana, complete
",
    );
}

#[test]
fn a_launch_that_passed_another_role_does_not_stand_above_the_origin() {
    let mut trace = launched();
    trace.origin.above = None;
    trace.links.pop();
    assert!(up(&trace).contains("no launch of instance"));
    trace.mismatches.push(Mismatch {
        kind: "role",
        claim: "instance i-0123456789abcdef0".to_owned(),
        verified: "admin".to_owned(),
        session: String::new(),
        text: "who gave it admin no record tells".to_owned(),
        event_id: None,
    });
    let screen = up(&trace);
    assert!(screen.contains("! role     who gave it admin no record tells"), "{screen}");
    assert!(!screen.contains("no launch of"), "{screen}");
    trace.mismatches.clear();
    assert!(up(&trace).contains("no launch of instance"));
    let machine = "arn:aws:states:eu-west-1:111122223333:stateMachine:night";
    trace.origin.origin.on_behalf_of = Some(crate::lineage::Workload::new("resource", machine));
    assert!(!up(&trace).contains("no launch of"), "nothing launches it");
}

#[test]
fn who_launched_the_workload_stands_above_the_origin() {
    let screen = up(&launched());
    assert_lines(
        &screen,
        "
ec2.amazonaws.com   AWS service
■ origin   ec2.amazonaws.com for instance i-0123456789abcdef0, complete

above the origin: who launched its workload
│
│ launched certain: RunInstances launched it and passed it the role
│          arn:aws:iam::111122223333:role/worker
│          2026-03-09 08:59:48Z   dda71e72-6afa-4858-be6f-b25d84595446
▼
AKIARTX3GSDSQEXAMPLE   long-term key
  user     arn:aws:iam::111122223333:user/dana
■ above    IAM user dana, complete
",
    );
    assert!(!screen.contains("no launch of"));
    assert_fits(&screen, &[]);
}

#[test]
fn who_made_the_key_stands_above_the_origin_and_so_on() {
    let backup = long_term("AKIARTX3GSDSSEXAMPLE", "arn:aws:iam::111122223333:user/backup", "backup");
    let made_key = proof("9863006d-0d6d-4f86-a025-06365676c57c", "CreateAccessKey", "08:10:00");
    let made_dana = proof("8b173d3e-d98b-4f62-b090-57269197a689", "CreateUser", "07:10:00");
    let admin = temporary("ASIARTX3GSDSVEXAMPLE", "admin", "console");
    let eve = origin(OriginKind::IamUser, Some(EVE), "eve");
    let above_dana = Above { rule: Rule::Identity, record: made_dana.clone(), origin: traced(eve) };
    let above = Above {
        rule: Rule::Key,
        record: made_key.clone(),
        origin: TracedOrigin {
            origin: by_dana(),
            above: Some(Box::new(above_dana)),
            above_gap: None,
            others_above: Vec::new(),
        },
    };
    let mut trace = one_step();
    trace.links[0].to = backup.clone();
    let upper = |link: Link| Link { above_origin: true, ..link };
    let eve = long_term("AKIARTX3GSDSTEXAMPLE", EVE, "eve");
    trace.links.push(upper(link(Rule::Key, made_key, backup, admin.clone())));
    trace.links.push(upper(link(Rule::Key, proof(OTHER_EVENT, "AssumeRole", "08:00:00"), admin, dana())));
    trace.links.push(upper(link(Rule::Identity, made_dana, dana(), eve)));
    trace.origin = TracedOrigin {
        origin: origin(OriginKind::IamUser, Some("arn:aws:iam::111122223333:user/backup"), "backup"),
        above: Some(Box::new(above)),
        above_gap: None,
        others_above: Vec::new(),
    };
    let screen = up(&trace);
    assert_lines(
        &screen,
        "
■ origin   IAM user backup, complete

above the origin: who made its key
│
│ key      certain: CreateAccessKey made exactly this key
│          2026-03-09 08:10:00Z   9863006d-0d6d-4f86-a025-06365676c57c
▼
ASIARTX3GSDSVEXAMPLE   temporary key
  role     admin
  session  console
│
│ key      certain: AssumeRole answered with exactly this key
│          2026-03-09 08:00:00Z   dda71e72-6afa-4858-be6f-b25d84595446
▼
AKIARTX3GSDSQEXAMPLE   long-term key
  user     arn:aws:iam::111122223333:user/dana
■ above    IAM user dana, complete

above the origin: who made it
│
│ identity certain: CreateUser made this user
│          2026-03-09 07:10:00Z   8b173d3e-d98b-4f62-b090-57269197a689
▼
AKIARTX3GSDSTEXAMPLE   long-term key
  user     arn:aws:iam::111122223333:user/eve
■ above    IAM user eve, complete
",
    );
}

#[test]
fn what_stands_above_is_shown_without_its_link_too() {
    let mut trace = launched();
    trace.links.truncate(1);
    assert_lines(
        &up(&trace),
        "
above the origin: who launched its workload
│
│ launched RunInstances
│          2026-03-09 08:59:48Z   dda71e72-6afa-4858-be6f-b25d84595446
▼
■ above    IAM user dana, complete
",
    );
}

#[test]
fn credentials_of_different_origins_get_a_table_and_a_chain_each() {
    let role = "arn:aws:iam::111122223333:role/deploy";
    let mut trace = empty(
        subject("role", role, None, usage(33, "09:00:00", "09:20:00", "198.51.100.17")),
        traced(Origin::unknown(gap(
            Reason::SeveralOrigins,
            "3 chains lead to 2 origins",
            "ask for one of them",
        ))),
    );
    trace.subject.credentials = 3;
    let first = chain_of(&one_step());
    let second = Chain { usage: usage(3, "09:00:00", "09:01:00", "198.51.100.17"), ..first.clone() };
    let missing = gap(Reason::BeforeLogs, "no issuance at 04:00:00Z", "add older objects");
    let third = Chain {
        credential: temporary("ASIARTX3GSDSTEXAMPLE", "deploy", "night"),
        usage: usage(1, "09:20:00", "09:20:00", "203.0.113.66"),
        origin: traced(Origin::unknown(missing)),
        links: Vec::new(),
        origins: Vec::new(),
    };
    trace.chains = vec![first, second, third];
    let screen = up(&trace);
    assert_lines(
        &screen,
        "
arn:aws:iam::111122223333:role/deploy   role, 33 calls
  has      3 credentials
  used     2026-03-09 09:00:00Z → 09:20:00Z from 198.51.100.17

  2 different origins  chains  calls
  IAM user dana             2     32  complete
? unknown                   1      1  before logs

ASIARTX3GSDSREXAMPLE   temporary key, 29 calls, 29 denied
",
    );
    assert_lines(
        &screen,
        "\nASIARTX3GSDSTEXAMPLE   temporary key, 1 call\n  role     deploy\n  session  night\n",
    );
    assert_lines(&screen, "\n1 more chain: --format json\n");
}

#[test]
fn credentials_of_one_origin_are_stood_for_by_the_busiest() {
    let mut trace = empty(
        subject("user", DANA, None, usage(2_642, "09:00:00", "09:20:00", "198.51.100.17")),
        traced(origin(OriginKind::IamUser, Some(DANA), "dana")),
    );
    trace.subject.credentials = 2;
    let used = usage(2_104, "09:00:00", "09:20:00", "198.51.100.17");
    let own = |credential, usage| Chain {
        credential,
        usage,
        origin: traced(by_dana()),
        links: Vec::new(),
        origins: vec![by_dana()],
    };
    trace.chains = vec![
        own(dana(), used),
        own(temporary("ASIARTX3GSDSTEXAMPLE", "x", "y"), usage(4, "09:00:00", "09:01:00", "198.51.100.17")),
    ];
    assert_lines(
        &up(&trace),
        "
  has      2 credentials
  used     2026-03-09 09:00:00Z → 09:20:00Z from 198.51.100.17
  chain    the one with most calls; 1 other chain leads to the same origin

AKIARTX3GSDSQEXAMPLE   long-term key, 2,104 calls
  user     arn:aws:iam::111122223333:user/dana
  used     2026-03-09 09:00:00Z → 09:20:00Z from 198.51.100.17
■ origin   IAM user dana, complete
",
    );
}

#[test]
fn the_only_credential_of_a_user_has_its_box() {
    let mut trace = empty(
        subject("user", DANA, None, usage(5, "09:00:00", "09:20:00", "198.51.100.17")),
        traced(by_dana()),
    );
    trace.chains = vec![Chain {
        credential: dana(),
        usage: trace.subject.usage.clone(),
        origin: traced(by_dana()),
        links: Vec::new(),
        origins: vec![by_dana()],
    }];
    assert_lines(
        &up(&trace),
        "
  used     2026-03-09 09:00:00Z → 09:20:00Z from 198.51.100.17

AKIARTX3GSDSQEXAMPLE   long-term key, 5 calls
  user     arn:aws:iam::111122223333:user/dana
  used     2026-03-09 09:00:00Z → 09:20:00Z from 198.51.100.17
■ origin   IAM user dana, complete
",
    );
}

#[test]
fn an_event_is_traced_from_its_caller() {
    let mut trace = one_step();
    trace.subject.kind = "event".to_owned();
    trace.subject.id = OTHER_EVENT.to_owned();
    trace.subject.asked = OTHER_EVENT.to_owned();
    trace.subject.event = Some(proof(OTHER_EVENT, "DescribeInstances", "09:00:01"));
    let whole = std::mem::take(&mut trace.subject.usage);
    trace.subject.usage.calls = 1;
    trace.subject.usage.addresses.insert("203.0.113.66".to_owned(), 1);
    trace.subject.credential_usage = Some(whole);
    assert_lines(
        &up(&trace),
        "
dda71e72-6afa-4858-be6f-b25d84595446   event
  call     DescribeInstances 2026-03-09 09:00:01Z eu-west-1, 111122223333
  from     203.0.113.66
│
│ identity certain: the record itself names its caller
▼
ASIARTX3GSDSREXAMPLE   temporary key, 29 calls, 29 denied in all
  role     deploy
  session  laptop
",
    );
}

#[test]
fn claims_that_are_not_borne_out_and_what_cannot_be_are_marked() {
    let mut trace = one_step();
    let mismatch = |kind, verified: &str, text: &str| Mismatch {
        kind,
        claim: "eve".to_owned(),
        verified: verified.to_owned(),
        session: session_arn("deploy", "eve"),
        text: text.to_owned(),
        event_id: Some(EVENT.to_owned()),
    };
    trace.mismatches = vec![
        mismatch("session-name", "IAM user dana", "the session is named eve, yet dana assumed the role"),
        mismatch("place", "IAM user dana", "203.0.113.66 is not the instance's NAT gateway"),
        mismatch("source-identity", "unknown", "the source identity eve is only claimed"),
    ];
    trace.violations = vec![Violation {
        kind: "used-before-issued",
        record: proof(OTHER_EVENT, "AssumeRole", "09:05:00"),
        text: "the only AssumeRole that fits came 297 s after the first use".to_owned(),
    }];
    trace.truncated = vec!["10,000 issuances were looked at".to_owned()];
    let expected = "
! name     the session is named eve, yet dana assumed the role
! place    203.0.113.66 is not the instance's NAT gateway
? source   the source identity eve is only claimed
x order    the only AssumeRole that fits came 297 s after the first use
           2026-03-09 09:05:00Z   dda71e72-6afa-4858-be6f-b25d84595446
";
    for part in [Part::Up, Part::Down, Part::Both] {
        let screen = styled(&trace, part, Style::default());
        assert_lines(&screen, expected);
        assert_lines(&screen, "\n? limit    10,000 issuances were looked at\n");
    }
    trace.violations = vec![trace.violations[0].clone(); 20];
    assert_lines(&up(&trace), "           12 more: --wide or --format json\n");
}

#[test]
fn ids_stay_whole_where_the_screen_is_too_narrow() {
    let mut trace = one_step();
    let place = format!("{}#17", "AWSLogs/111122223333/CloudTrail/eu-west-1/2026/03/09/1_EXAMPLE.json.gz");
    trace.links[0].record.event_id.clone_from(&place);
    let arn = format!("arn:aws:sts::111122223333:assumed-role/{}/laptop", "r".repeat(64));
    trace.subject.id.clone_from(&arn);
    trace.subject.kind = "session".to_owned();
    trace.subject.node = Some(temporary("ASIARTX3GSDSREXAMPLE", &"r".repeat(64), "laptop"));
    let screen = up(&trace);
    assert_lines(&screen, &format!("{arn}\n  role session, 29 calls, 29 denied\n"));
    assert_lines(&screen, "\n  key      ASIARTX3GSDSREXAMPLE\n");
    assert_lines(&screen, &place);
    assert_fits(&screen, &[&place, &arn]);
}

#[test]
fn every_kind_of_caller_has_a_box() {
    for kind in [
        NodeKind::AccessKey,
        NodeKind::Session,
        NodeKind::Console,
        NodeKind::User,
        NodeKind::Password,
        NodeKind::Root,
        NodeKind::Role,
        NodeKind::Workload,
        NodeKind::Service,
        NodeKind::SamlSubject,
        NodeKind::WebIdentity,
        NodeKind::IdentityCenterUser,
        NodeKind::Account,
        NodeKind::Event,
        NodeKind::Forwarded,
        NodeKind::Unknown,
    ] {
        let mut trace = one_step();
        trace.links[0].to = Node { kind, id: "someone".to_owned(), arn: None, ..dana() };
        let screen = up(&trace);
        assert!(screen.contains("\n▼\nsomeone   "), "{screen}");
    }
}

#[test]
fn two_chains_that_end_unknown_are_not_called_one_origin() {
    let unknown = || Origin::unknown(gap(Reason::RecordMissing, "no record", ""));
    let mut trace = empty(
        subject("role", "arn:aws:iam::111122223333:role/deploy", None, Usage::default()),
        traced(unknown()),
    );
    let chain = |key| Chain {
        credential: temporary(key, "deploy", "x"),
        usage: usage(4, "09:00:00", "09:01:00", "198.51.100.17"),
        origin: traced(unknown()),
        links: Vec::new(),
        origins: vec![unknown()],
    };
    trace.chains = vec![chain("ASIARTX3GSDSTEXAMPLE"), chain("ASIARTX3GSDSUEXAMPLE")];
    let screen = up(&trace);
    assert!(screen.contains("1 other chain ends unknown too"), "{screen}");
    assert!(!screen.contains("same origin"), "{screen}");
}
