//! Hand-made answers of `sessions`, and their screens.

use std::collections::BTreeMap;

use super::*;
use crate::aws::Time;
use crate::lineage::{Gap, Mismatch, Reason, SessionKey};

const INSTANCE: &str = "i-0123456789abcdef0";

fn time(clock: &str) -> Time {
    Time(format!("2026-03-09T{clock}Z").parse().unwrap())
}

fn usage(calls: u64, address: &str) -> Usage {
    Usage {
        calls,
        first: Some(time("09:00:00")),
        last: Some(time("09:04:00")),
        addresses: BTreeMap::from([(address.to_owned(), calls)]),
        ..Usage::default()
    }
}

fn origin(kind: OriginKind, name: &str) -> Origin {
    let gap = Gap { reason: Reason::RecordMissing, text: String::new(), hint: String::new() };
    let unknown = Origin::unknown(gap);
    Origin { kind, name: Some(name.to_owned()), complete: true, certain: true, gap: None, ..unknown }
}

fn unknown() -> Origin {
    Origin::unknown(Gap {
        reason: Reason::BeforeLogs,
        text: "no issuance at 04:00:00Z: the logs begin at 07:00:00Z".to_owned(),
        hint: "add older objects".to_owned(),
    })
}

fn row(role: &str, session_name: &str, origin: Origin, calls: u64) -> SessionRow {
    SessionRow {
        role_arn: format!("arn:aws:iam::111122223333:role/{role}"),
        role: role.to_owned(),
        account: Some("111122223333".to_owned()),
        session_name: session_name.to_owned(),
        claim_kind: "name",
        claim: "name".to_owned(),
        agreement: "says-nothing",
        origin_keys: Vec::new(),
        differs: Vec::new(),
        role_id: None,
        origin,
        depth: 1,
        ambiguous: 0,
        source_identity: None,
        mfa: None,
        with_mfa: 0,
        without_mfa: 0,
        sessions: 1,
        keys: vec![SessionKey {
            access_key: "ASIARTX3GSDSREXAMPLE".to_owned(),
            created: Some(time("09:00:00")),
            usage: usage(calls, "198.51.100.17"),
        }],
        usage: usage(calls, "198.51.100.17"),
        mismatches: Vec::new(),
    }
}

fn all(rows: Vec<SessionRow>) -> Sessions {
    let mut by_origin = BTreeMap::new();
    for row in &rows {
        *by_origin.entry(row.origin.kind.word()).or_default() += row.sessions;
    }
    Sessions {
        schema: 1,
        role: None,
        user: None,
        sessions: rows.iter().map(|row| row.sessions).sum(),
        calls: rows.iter().map(|row| row.usage.calls).sum(),
        by_origin,
        open: 0,
        ambiguous: rows.iter().map(|row| row.ambiguous).sum(),
        rows,
    }
}

/// An instance's session whose second key was used from elsewhere.
fn stolen() -> SessionRow {
    let mut stolen =
        row("acme-lab-steal-credentials", INSTANCE, origin(OriginKind::Service, "ec2.amazonaws.com"), 15);
    stolen.claim_kind = "instance";
    stolen.claim = "instance".to_owned();
    stolen.agreement = "agrees";
    let key = |id: &str, calls, address: &str| SessionKey {
        access_key: id.to_owned(),
        created: Some(time("09:00:00")),
        usage: usage(calls, address),
    };
    stolen.keys =
        vec![key("ASIARTX3GSDSREXAMPLE", 13, "192.0.2.88"), key("ASIARTX3GSDSSEXAMPLE", 2, "203.0.113.66")];
    stolen.usage.addresses = BTreeMap::from([("192.0.2.88".to_owned(), 13), ("203.0.113.66".to_owned(), 2)]);
    stolen.mismatches = vec![Mismatch {
        kind: "place",
        claim: INSTANCE.to_owned(),
        verified: "ec2.amazonaws.com".to_owned(),
        session: "s".to_owned(),
        text: "two addresses in one instance session; 203.0.113.66 is not the instance's NAT gateway"
            .to_owned(),
        event_id: None,
    }];
    stolen
}

fn story() -> Sessions {
    let mut juggled =
        row("AWSServiceRoleForRDS", "SLRManagement", origin(OriginKind::Service, "rds.amazonaws.com"), 4);
    (juggled.sessions, juggled.ambiguous) = (4, 3);
    juggled.keys.clear();
    let mut named = row("acme-lab-deploy", "eve", origin(OriginKind::IamUser, "dana"), 29);
    named.agreement = "differs";
    named.mfa = Some(true);
    all(vec![
        named,
        stolen(),
        row(
            "acme-lab-password-data",
            "aws-go-sdk-1773046800000000000",
            origin(OriginKind::IamUser, "dana"),
            9,
        ),
        juggled,
        row("acme-lab-night", "night", unknown(), 1),
    ])
}

fn shown(sessions: &Sessions) -> String {
    styled(sessions, Style::default())
}

fn styled(sessions: &Sessions, style: Style) -> String {
    text(sessions, &Options { windowed: false, source: "--logs logs/".to_owned() }, style)
}

#[test]
fn claim_and_proof_stand_side_by_side_and_the_last_lines_say_how_much_is_explained() {
    assert_eq!(
        shown(&story()),
        "\
role sessions                                                      … = acme-lab-
  role                session name              verified origin      calls  keys
! …deploy             eve                       user dana               29     1
! …steal-credentials  i-0123456789abcdef0       ec2                     15     2
  …password-data      aws-go-sd…000000000       user dana                9     1
  AWSServi…oleForRDS  SLRManagement        x 4  rds                      4     ·
? …night              night                     unknown (…ore logs)      1     1
! two addresses in one instance session; 203.0.113.66 is not the instance's NAT
  gateway

  58 calls in 8 sessions: 7 with an origin (2 by an IAM user, 5 by a service), 1
  unknown, 3 reached by several equal candidates
next: backtrail trace ASIARTX3GSDSREXAMPLE --logs logs/
      backtrail sessions arn:aws:iam::111122223333:role/acme-lab-deploy --logs logs/
"
    );
}

#[test]
fn one_role_says_who_used_it_when_from_where_and_with_mfa() {
    let mut sessions = all(vec![stolen()]);
    sessions.role = Some("acme-lab-steal-credentials".to_owned());
    assert_eq!(
        shown(&sessions),
        "\
role acme-lab-steal-credentials
  arn:aws:iam::111122223333:role/acme-lab-steal-credentials
  1 session name, 1 session, 2 keys, 15 calls

  session name            claims    verified origin    calls  from
! i-0123456789abcdef0     instance  ec2.amazonaws.com     15  192.0.2.88 +1
    2026-03-09 09:00:00Z → 09:04:00Z, 1 session, MFA not stated, the name agrees
    with the origin
    ASIARTX3GSDSREXAMPLE            key                   13  192.0.2.88
!   ASIARTX3GSDSSEXAMPLE            key                    2  203.0.113.66
! two addresses in one instance session; 203.0.113.66 is not the instance's NAT
  gateway

  15 calls in 1 session: 1 with an origin (1 by a service), 0 unknown, 0 reached
  by several equal candidates
next: backtrail trace ASIARTX3GSDSREXAMPLE --logs logs/
      backtrail investigate arn:aws:iam::111122223333:role/acme-lab-steal-credentials --logs logs/
"
    );
}

#[test]
fn roles_of_one_name_in_two_accounts_are_told_apart() {
    let mut other = stolen();
    other.role_arn = "arn:aws:iam::444455556666:role/acme-lab-steal-credentials".to_owned();
    other.account = Some("444455556666".to_owned());
    let mut sessions = all(vec![stolen(), other]);
    let overview = shown(&sessions);
    assert!(overview.lines().any(|line| line.ends_with("  account")), "{overview}");
    sessions.role = Some("acme-lab-steal-credentials".to_owned());
    let screen = shown(&sessions);
    assert_eq!(screen.matches("role acme-lab-steal-credentials\n").count(), 2, "{screen}");
    assert!(screen.contains("arn:aws:iam::444455556666:role/"), "{screen}");
}

#[test]
fn sessions_of_one_person_are_headed_by_the_question() {
    let mut sessions = all(vec![row("deploy", "eve", origin(OriginKind::IamUser, "dana"), 2)]);
    sessions.user = Some("dana".to_owned());
    assert!(shown(&sessions).starts_with("sessions that were really dana\n"));
    sessions.role = Some("deploy".to_owned());
    let screen = shown(&sessions);
    assert!(screen.starts_with("sessions of role deploy that were really dana"), "{screen}");
    assert!(screen.contains("      backtrail trace dana --down --logs logs/\n"), "{screen}");
}

#[test]
fn nothing_found_is_said() {
    let mut sessions = all(Vec::new());
    (sessions.role, sessions.user) = (Some("deploy".to_owned()), Some("dana".to_owned()));
    assert_eq!(
        shown(&sessions),
        "sessions of role deploy that were really dana\n  none: no call of such a session is in these logs\nnext: backtrail trace dana --down --logs logs/\n"
    );
}

#[test]
fn a_long_listing_says_its_whole() {
    let many = |count: u64| {
        (0..count)
            .map(|n| row("deploy", &format!("run-{n}"), origin(OriginKind::IamUser, "dana"), n))
            .collect()
    };
    let mut sessions = all(many(100));
    assert!(shown(&sessions).contains("\n  60 more: --wide or --format csv\n"));
    let wide = styled(&sessions, Style { wide: true, ..Style::default() });
    assert!(wide.contains("run-99") && !wide.contains(" more: "), "{wide}");
    sessions.role = Some("deploy".to_owned());
    sessions.rows[0].keys = vec![sessions.rows[0].keys[0].clone(); 20];
    let screen = shown(&sessions);
    assert!(screen.contains("\n  70 more: --wide or --format csv\n"), "{screen}");
    assert!(screen.contains("\n    8 more: --wide or --format json\n"), "{screen}");
}

#[test]
fn long_names_are_cut_in_their_column_and_whole_below_it() {
    let name = format!("{}-end", "n".repeat(60));
    let mut sessions = all(vec![row("deploy", &name, origin(OriginKind::IamUser, "dana"), 1)]);
    sessions.role = Some("deploy".to_owned());
    let screen = shown(&sessions);
    assert!(screen.contains(&format!("\n    name {name}\n")), "{screen}");
    assert!(screen.contains("nnn…nnn"), "{screen}");
    let lines = || screen.lines().filter(|line| !line.contains("backtrail "));
    assert!(lines().count() > 5 && lines().all(|line| shown::width(line) <= 80), "{screen}");
}

#[test]
fn every_screen_fits_and_ascii_terminals_get_ascii() {
    for role in [None, Some("acme-lab".to_owned())] {
        for unicode in [true, false] {
            let style = Style { unicode, ..Style::default() };
            let sessions = Sessions { role: role.clone(), ..story() };
            let screen = styled(&sessions, style);
            assert!(unicode || screen.is_ascii(), "{screen}");
            for line in screen.lines().filter(|line| !line.contains("backtrail ")) {
                assert!(shown::width(line) <= 80, "{line}\n{screen}");
            }
        }
    }
}

#[test]
fn hostile_text_stays_text() {
    const HOSTILE: &str = "=x\u{1b}[2J\"\r\n! fake line\u{202e},;$(reboot)";
    let mut odd = row(HOSTILE, HOSTILE, origin(OriginKind::WebIdentity, HOSTILE), 1);
    odd.role_arn = HOSTILE.to_owned();
    odd.account = Some(HOSTILE.to_owned());
    odd.claim = HOSTILE.to_owned();
    odd.source_identity = Some(HOSTILE.to_owned());
    odd.origin.provider = Some(HOSTILE.to_owned());
    odd.keys[0].access_key = HOSTILE.to_owned();
    odd.keys[0].usage = usage(1, HOSTILE);
    odd.usage = usage(1, HOSTILE);
    odd.mismatches = vec![Mismatch { text: HOSTILE.to_owned(), ..stolen().mismatches[0].clone() }];
    odd.origin = odd.origin.with_gap(Gap {
        reason: Reason::RecordMissing,
        text: HOSTILE.to_owned(),
        hint: HOSTILE.to_owned(),
    });
    let mut sessions = all(vec![odd]);
    for role in [None, Some(HOSTILE.to_owned())] {
        sessions.user.clone_from(&role);
        sessions.role = role;
        let screen = shown(&sessions);
        assert!(screen.chars().all(|c| c == '\n' || !shown::is_unsafe(c)), "{screen:?}");
        assert!(!screen.lines().any(|line| line.starts_with("! fake")), "{screen}");
        assert!(!screen.contains("next: "), "nothing to paste\n{screen}");
    }
    let rows = csv(&sessions);
    assert!(rows.chars().all(|c| matches!(c, '\r' | '\n') || !shown::is_unsafe(c)), "{rows:?}");
    assert_eq!(rows.lines().count(), 2, "{rows}");
    assert!(rows.lines().nth(1).unwrap().starts_with("\"'=x"), "{rows}");
}

#[test]
fn each_row_of_csv_has_a_cell_for_each_column() {
    let rows = csv(&story());
    let counts: Vec<usize> = rows.lines().map(|line| line.split(',').count()).collect();
    assert_eq!(counts.len(), 6);
    assert!(counts.iter().all(|count| *count == counts[0]), "{rows}");
    assert!(rows.contains(",before-logs,no issuance at 04:00:00Z"), "{rows}");
}

#[test]
fn json_has_the_counts_beside_the_rows() {
    let json = serde_json::to_value(story()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!(json["by_origin"]["iam-user"], 2);
    assert_eq!(json["rows"][1]["keys"][1]["calls"], 2);
}

#[test]
fn one_user_by_several_ways_is_said_to_be_so() {
    let mut several = row("deploy", "laptop", origin(OriginKind::IamUser, "dana"), 3);
    several.sessions = 3;
    (several.with_mfa, several.without_mfa) = (1, 2);
    several.origin_keys = vec!["AKIARTX3GSDSQEXAMPLE".to_owned(), "AKIARTX3GSDSREXAMPLE".to_owned()];
    several.differs = vec!["key", "MFA"];
    let mut sessions = all(vec![several]);
    sessions.role = Some("deploy".to_owned());
    let screen = shown(&sessions).replace("\n   ", "");
    assert!(screen.contains("3 sessions, 1 with MFA, 2 without MFA"), "{screen}");
    assert!(screen.contains("by 2 keys of the origin, its sessions differ in key, MFA"), "{screen}");
    let rows = csv(&sessions);
    assert!(rows.contains(",AKIARTX3GSDSQEXAMPLE AKIARTX3GSDSREXAMPLE,key MFA,"), "{rows}");
}
