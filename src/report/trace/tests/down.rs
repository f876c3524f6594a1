//! The tree below.

use super::*;

/// A session that a sign-in at the console began.
const CONSOLE: &str = "arn:aws:sts::111122223333:assumed-role/deploy/dana";

fn down(trace: &Trace) -> String {
    styled(trace, Part::Down, Style::default())
}

/// dana's key, and what it led to: sessions of roles, an instance that lost its key, users with ways in.
fn story() -> Trace {
    let used = usage(2_104, "08:54:33", "09:29:09", "198.51.100.17");
    let mut trace = empty(subject("access-key", DANA_KEY, Some(dana()), used), traced(by_dana()));
    let mut first = role_session("acme-lab-password-data", "aws-go-sdk-1773046800000000000", 29, "08:54:47");
    first.usage.denied = 29;
    (first.keys, first.keys_used) = (2, 1);

    let instance = "i-0123456789abcdef0";
    let arn = session_arn("acme-lab-steal-credentials", instance);
    let own = |key: &str, calls, address: &str| {
        let node = temporary(key, "acme-lab-steal-credentials", instance);
        let used = usage(calls, "08:57:00", "08:58:00", address);
        child(NodeKind::AccessKey, key, Some(node), proof(EVENT, "AssumeRole", "08:57:00"), used)
    };
    let at_home = own("ASIARTX3GSDSREXAMPLE", 13, "192.0.2.88");
    let mut away = own("ASIARTX3GSDSSEXAMPLE", 2, "203.0.113.66");
    away.remarks.push("203.0.113.66: not the instance, but this user".to_owned());
    let mut session = role_session("acme-lab-steal-credentials", instance, 15, "08:57:00");
    session.id = arn;
    session.children = vec![at_home, away];
    let mut machine =
        child(NodeKind::Workload, instance, None, proof(EVENT, "RunInstances", "08:55:21"), Usage::default());
    machine.rule = Rule::Launched;
    machine.usage.calls = 15;
    machine.children.push(session);

    let mut user = child(
        NodeKind::User,
        "acme-lab-helper",
        None,
        proof(EVENT, "CreateUser", "09:23:05"),
        usage(1, "09:23:15", "09:23:15", "198.51.100.17"),
    );
    user.rule = Rule::Identity;
    user.gone = Some(proof(OTHER_EVENT, "DeleteUser", "09:28:34"));
    let key = child(
        NodeKind::AccessKey,
        "AKIARTX3GSDSVEXAMPLE",
        None,
        proof(EVENT, "CreateAccessKey", "09:23:06"),
        Usage::default(),
    );
    let mut password = child(
        NodeKind::Password,
        "acme-lab-helper",
        None,
        proof(EVENT, "CreateLoginProfile", "09:23:07"),
        usage(1, "09:23:15", "09:23:15", "198.51.100.17"),
    );
    password.remarks.push("signed in 09:23:15 without MFA".to_owned());
    user.children = vec![key, password];

    let mut juggled = role_session("acme-lab-loop", "loop", 6, "09:24:00");
    juggled.folded = 14;
    juggled.usage.last = Some(time("09:27:40"));

    let mut other = role_session("ops", "deploy-shop", 0, "09:28:00");
    other.usage = Usage::default();
    if let Some(node) = &mut other.node {
        node.account = Some("444455556666".to_owned());
    }
    other.gap = Some(gap(Reason::AccountNotInLake, "no logs of account 444455556666 are here", "add them"));

    let forwarded = Descendant {
        made: None,
        rule: Rule::Claim,
        usage: Usage { calls: 240, ..Usage::default() },
        ..child(NodeKind::Forwarded, "", None, proof(EVENT, "", "09:00:00"), Usage::default())
    };
    trace.descendants = vec![first, machine, user, juggled, other, forwarded];
    trace
}

#[test]
fn what_a_credential_led_to_is_below_it_in_order_of_time() {
    assert_eq!(
        down(&story()),
        "\
key AKIARTX3GSDSQEXAMPLE         2,104 calls                       … = acme-lab-
│  2026-03-09 08:54:33Z → 09:29:09Z from 198.51.100.17
├─ role …password-data              29  08:54:47  29 denied  2 keys, 1 used
├─ instance i-0123456789abcdef0     15  launched 08:55:21
│  └─ role …steal-credentials       15  08:57:00
│     ├─ key ASIARTX3GSDSREXAMPLE   13  08:57:00 → 08:58:00  192.0.2.88
│     └─ key ASIARTX3GSDSSEXAMPLE    2  08:57:00 → 08:58:00
│                                       ! 203.0.113.66: not the instance, but
│                                         this user
├─ user …helper                      1  09:23:05, gone 09:28:34
│  ├─ key AKIARTX3GSDSVEXAMPLE       ·  made 09:23:06  never used
│  └─ password                       1  09:23:07  198.51.100.17
│                                       ! signed in 09:23:15 without MFA
├─ role …loop                        6  x 14 sessions 09:24:00 → 09:27:40
├─ role ops                          ·  09:28:00  as deploy-shop
│                                       ? continues in account 444455556666,
│                                         log not supplied
└─ ? forwarded calls               240
  below    51 calls, 29 denied, by 20 credentials
next: backtrail investigate ASIARTX3GSDS00000029 --logs logs/
      backtrail investigate AKIARTX3GSDSQEXAMPLE --logs logs/
"
    );
}

#[test]
fn nothing_below_is_said() {
    let screen = shown(&one_step());
    assert_lines(
        &screen,
        "
key ASIARTX3GSDSREXAMPLE  29 calls
  nothing below: no key, session, user or workload that these logs show
",
    );
    let used = styled(&one_step(), Part::Down, Style::default());
    assert_lines(&used, "   2026-03-09 09:00:00Z → 09:00:03Z from 198.51.100.17\n  nothing below");
}

#[test]
fn what_a_window_leaves_out_of_the_tree_is_said() {
    let mut trace = one_step();
    let left_out = "what it made before 2026-03-09 09:00:00Z is left out, though that may act later";
    trace.left_out = vec![left_out.to_owned()];
    let screen = down(&trace);
    assert!(
        screen.contains("  nothing below: it made no key, session, user or workload in this window\n"),
        "{screen}"
    );
    assert!(screen.contains("\n? window   what it made before 2026-03-09 09:00:00Z is left out"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
    let json = crate::report::json::document(&trace).unwrap();
    assert!(
        json.contains(left_out) && !crate::report::json::document(&one_step()).unwrap().contains("left_out")
    );
}

#[test]
fn below_who_did_nothing_in_the_window_it_is_said_that_what_was_made_before_is_left_out() {
    let mut trace = one_step();
    trace.subject.outside_window = Some(std::mem::take(&mut trace.subject.usage));
    trace.descendants.clear();
    let screen = down(&trace);
    assert!(screen.contains("  no call in this window; "), "{screen}");
    assert!(
        screen.contains("\n? what it made then is left out, though that may act in this window"),
        "{screen}"
    );
    assert!(!screen.contains("nothing below"), "{screen}");
    assert!(screen.lines().all(|line| line.chars().count() <= 80), "{screen}");
}

#[test]
fn of_a_console_session_without_a_call_that_is_said() {
    let mut trace = one_step();
    let made = proof(EVENT, "ConsoleLogin", "09:00:01");
    trace.descendants = vec![child(NodeKind::Console, CONSOLE, None, made, Usage::default())];
    assert_lines(&down(&trace), "no call in these logs");
    trace.descendants[0].usage = usage(2, "09:00:02", "09:00:03", "198.51.100.17");
    assert!(!down(&trace).contains("no call in these logs"), "{}", down(&trace));
}

#[test]
fn what_acts_in_an_account_without_logs_is_not_said_to_be_unused() {
    let elsewhere = "continues in account 444455556666, log not supplied";
    let mut trace = story();
    let other = &mut trace.descendants[4];
    (other.keys, other.keys_used) = (1, 0);
    other.gap = Some(gap(Reason::AccountNotInLake, elsewhere, "add them"));
    assert!(!down(&trace).contains("1 key, never used"), "{}", down(&trace));
    let mut trace = one_step();
    trace.subject.usage = Usage::default();
    trace.subject.gap =
        Some(gap(Reason::AccountNotInLake, elsewhere, "add the logs of account 444455556666"));
    let screen = shown(&trace);
    assert!(screen.contains(elsewhere), "{screen}");
    assert!(!screen.contains("nothing below") && !screen.contains("0 calls"), "{screen}");
}

#[test]
fn a_tree_of_several_days_says_the_day() {
    let mut trace = story();
    trace.descendants[0].usage.last = Some(time("2026-03-11T10:00:00Z"));
    let screen = down(&trace);
    assert_lines(&screen, "03-09 08:54 → 03-11 10:00");
    assert_lines(&screen, "launched 03-09 08:55");
}

#[test]
fn a_long_listing_says_its_whole() {
    let mut trace = story();
    trace.descendants = (0..50_u64)
        .map(|number| role_session(&format!("role-{number:02}"), "run", number + 1, "09:00:00"))
        .collect();
    trace.descendants[40].children = vec![role_session("below", "run", 1, "09:00:00")];
    let screen = down(&trace);
    assert_lines(&screen, "\n└─ 21 more: --wide or --format json\n");
    assert_lines(&screen, "\n  below    1,276 calls, by 51 credentials\n");
    let wide = styled(&trace, Part::Down, Style { wide: true, ..Style::default() });
    assert!(wide.contains("role-49") && !wide.contains(" more: "), "{wide}");
}

#[test]
fn a_tree_that_was_not_followed_to_its_end_offers_to_go_deeper() {
    let mut trace = story();
    trace.truncated = vec!["6 steps down were followed".to_owned()];
    assert_lines(
        &down(&trace),
        &format!("next: backtrail trace {DANA_KEY} --down --depth 12 --logs logs/\n"),
    );
}

/// Sessions, each made by the one before.
fn deep(levels: u64) -> Trace {
    let mut trace = story();
    let mut below = Vec::new();
    for level in (0..levels).rev() {
        let name = format!("a-role-with-quite-a-long-name-number-{level:02}");
        let mut one = role_session(&name, "hop", level + 1, "09:00:00");
        let key = format!("ASIARTX3GSDS{level:0>8}");
        let node = one.node.clone();
        let made = proof(EVENT, "AssumeRole", "09:00:00");
        let used = usage(level + 1, "09:00:00", "09:00:00", "198.51.100.17");
        one.children = vec![child(NodeKind::AccessKey, &key, node, made, used)];
        one.children.append(&mut below);
        below = vec![one];
    }
    trace.descendants = below;
    trace
}

#[test]
fn the_deepest_tree_keeps_to_the_screen() {
    let trace = deep(64);
    for unicode in [true, false] {
        let screen = styled(&trace, Part::Down, Style { unicode, ..Style::default() });
        assert_fits(&screen, &["ASIARTX3GSDS"]);
        assert!(screen.contains(if unicode { "…64" } else { ">64" }), "{screen}");
    }
}

#[test]
fn keys_are_never_cut() {
    let screen = styled(&deep(20), Part::Down, Style { width: 60, ..Style::default() });
    for level in 0..20 {
        assert!(screen.contains(&format!("key ASIARTX3GSDS{level:0>8}")), "{screen}");
    }
}

#[test]
fn ascii_terminals_get_ascii() {
    let style = Style { unicode: false, ..Style::default() };
    let screen = styled(&story(), Part::Both, style);
    assert!(screen.is_ascii(), "{screen}");
    for drawn in ["\n+- role ...password-data", "\n|  +- role ", "\n* origin   IAM user dana", " -> "] {
        assert!(screen.contains(drawn), "{drawn}\n{screen}");
    }
    let up = styled(&one_step(), Part::Up, style);
    assert_lines(&up, "\n|\n| key      certain: AssumeRole answered with exactly this key\n");
    assert_lines(&up, "\nv\nAKIARTX3GSDSQEXAMPLE");
}

#[test]
fn nothing_is_cut_where_there_is_no_terminal() {
    let screen = styled(&story(), Part::Both, Style { wide: true, ..Style::default() });
    assert!(screen.contains("acme-lab-steal-credentials") && !screen.contains('…'), "{screen}");
    let rows = screen.lines().filter(|line| line.starts_with(['├', '└', '│'])).count();
    assert_eq!(rows, 11, "one line each\n{screen}");
}

#[test]
fn no_line_is_wider_than_the_screen() {
    for unicode in [true, false] {
        assert_fits(&styled(&story(), Part::Both, Style { unicode, ..Style::default() }), &[]);
    }
}

#[test]
fn commands_lead_on_and_are_at_most_three() {
    let screen = shown(&story());
    let commands: Vec<&str> = screen.lines().filter(|line| line.contains("backtrail ")).collect();
    assert!(!commands.is_empty() && commands.len() <= 3, "{screen}");
}

#[test]
fn what_only_bears_a_name_is_marked_as_a_claim_and_not_counted() {
    let mut trace = story();
    let counted =
        |trace: &Trace| down(trace).lines().rfind(|line| line.starts_with("  below")).unwrap().to_owned();
    let before = counted(&trace);
    let mut namesake = role_session("admin", "shop-invoice", 5, "09:00:00");
    namesake.rule = Rule::Claim;
    namesake.remarks.push("bears the name of the function, but was assumed by eve".to_owned());
    trace.descendants[1].children.push(namesake);
    let screen = down(&trace);
    assert!(screen.contains("? bears the name of the function,"), "{screen}");
    assert_eq!(counted(&trace), before);
    trace.descendants[1].children[1].rule = Rule::Session;
    assert_ne!(counted(&trace), before);
}
