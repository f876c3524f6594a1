//! The screens of `explain`.

use super::*;

#[track_caller]
fn assert_has(screen: &str, line: &str) {
    assert!(screen.lines().any(|one| one == line), "expected a line\n{line}\nin\n{screen}");
}

/// The call went through, or failed in a way.
fn went(then: Then, error_code: Option<&str>) -> AwsSaid {
    AwsSaid {
        then,
        error_code: error_code.map(str::to_owned),
        text: None,
        action: None,
        resource: None,
        effect: None,
        layer: None,
        policy_arn: None,
        encoded: false,
    }
}

#[test]
fn without_a_snapshot_two_witnesses_speak_and_the_third_is_asked_for() {
    assert_eq!(text(&refused(), &options(), NARROW), include_str!("screens/refused.txt"));
}

#[test]
fn with_a_snapshot_every_request_is_decided_and_the_last_word_is_whether_aws_agrees() {
    assert_eq!(text(&judged(), &options(), NARROW), include_str!("screens/judged.txt"));
}

#[test]
fn a_role_to_be_assumed_shows_its_sides() {
    let answer = Explanation { assume: Some(no()), ..judged() };
    assert_eq!(text(&answer, &options(), NARROW), include_str!("screens/assume_in_explain.txt"));
}

#[test]
fn ascii_and_pipes_say_the_same_in_the_same_order() {
    let answer = Explanation { assume: Some(no()), ..judged() };
    let ascii = text(&answer, &options(), ASCII);
    assert!(ascii.is_ascii());
    let words = |screen: &str| screen.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words(&ascii), words(&text(&answer, &options(), NARROW)));
    assert_eq!(words(&text(&answer, &options(), WIDE)), words(&ascii));
}

#[test]
fn no_line_is_longer_than_the_screen_but_for_what_must_be_copied() {
    let answer = Explanation { assume: Some(no()), ..judged() };
    for screen in [text(&answer, &options(), NARROW), text(&refused(), &options(), NARROW)] {
        for line in screen.lines() {
            let is_command = line.contains("  backtrail ") || line.starts_with("next: backtrail ");
            let is_one_word = !line.trim().contains(' ');
            assert!(shown_text::width(line) <= 80 || is_command || is_one_word, "{line}");
        }
    }
}

#[test]
fn what_is_no_request_says_why_and_asks_for_no_snapshot() {
    let answer = Explanation {
        action: "signin: ConsoleLogin".to_owned(),
        caller: ExplainedCaller {
            principal: None,
            arn: None,
            access_key: None,
            source: Some("192.0.2.10".to_owned()),
            forwarded_by: None,
            mfa: None,
            session_policies: None,
        },
        behind: Behind { origin: "not known".to_owned(), steps: Vec::new(), complete: false },
        aws: went(Then::Allowed, None),
        logs: Vec::new(),
        logs_say: None,
        not_a_request: Some("a sign-in is no API call".to_owned()),
        requests: Vec::new(),
        limits: Vec::new(),
        account: None,
        ..refused()
    };
    assert_eq!(text(&answer, &options(), NARROW), include_str!("screens/sign_in.txt"));
}

#[test]
fn a_call_that_worked_or_failed_otherwise_is_told_apart_from_a_refusal() {
    let worked = text(&Explanation { aws: went(Then::Allowed, None), ..refused() }, &options(), NARROW);
    assert!(worked.starts_with("  organizations:LeaveOrganization allowed   "), "{worked}");
    assert_has(&worked, "AWS says     no error: the call went through");
    let failed = went(Then::Failed, Some("NoSuchBucket"));
    let failed = text(&Explanation { aws: failed, ..refused() }, &options(), NARROW);
    assert!(failed.starts_with("x organizations:LeaveOrganization failed: NoSuchBucket\n"), "{failed}");
    assert_has(&failed, "AWS says     failed for a reason that is not permission");
}

#[test]
fn awss_reason_is_said_as_far_as_it_goes() {
    let said = |effect, layer: Option<&str>| {
        let aws = AwsSaid { effect, layer: layer.map(str::to_owned), ..went(Then::Denied, None) };
        let screen = text(&Explanation { aws, ..refused() }, &options(), NARROW);
        let line = screen.lines().find(|line| line.starts_with("AWS says")).unwrap();
        line.trim_start_matches("AWS says").trim().to_owned()
    };
    let control = Some("service control policy");
    assert_eq!(said(Some("explicit"), control), "explicit deny in a service control policy");
    assert_eq!(
        said(Some("explicit"), Some("identity-based policy")),
        "explicit deny in an identity-based policy"
    );
    assert_eq!(said(Some("implicit"), control), "implicit deny: no service control policy allows it");
    assert_eq!(said(Some("explicit"), None), "explicit deny, without the kind of policy");
    assert_eq!(said(None, control), "denied, because of a service control policy");
    assert_eq!(said(None, None), "denied, without a reason");
}

#[test]
fn an_encoded_reason_names_the_command_that_reads_it() {
    let aws = AwsSaid { encoded: true, ..went(Then::Denied, Some("Client.UnauthorizedOperation")) };
    let screen = text(&Explanation { aws, ..refused() }, &options(), NARROW);
    assert_has(&screen, "? encoded    aws sts decode-authorization-message reads the reason");
}

#[test]
fn every_verdict_is_the_first_fact_in_words_that_stand_alone() {
    let today = |verdict, then| {
        let answer = Explanation { verdict: Some(verdict), aws: went(then, None), ..judged() };
        let screen = text(&answer, &options(), NARROW);
        screen.lines().find(|line| line.get(2..7) == Some("today")).unwrap().to_owned()
    };
    assert_eq!(today(Verdict::Same, Then::Denied), "  today      the policies deny it as well");
    assert_eq!(today(Verdict::Same, Then::Allowed), "  today      the policies allow it as well");
    assert_eq!(
        today(Verdict::Same, Then::Failed),
        "  today      the policies allow it; it failed for another reason"
    );
    assert_eq!(today(Verdict::NowDenied, Then::Allowed), "! today      it would now be denied");
    assert_eq!(today(Verdict::NowAllowed, Then::Denied), "! today      it would now be allowed");
    assert_eq!(
        today(Verdict::Undetermined, Then::Denied),
        "? today      undetermined: it depends on what is not known"
    );
    assert_eq!(today(Verdict::NotARequest, Then::Allowed), "  today      no policy decides such a record");
}

#[test]
fn the_last_word_of_the_policies_has_a_mark_of_its_own() {
    let last = |agreement| {
        let screen = text(&Explanation { agreement, ..judged() }, &options(), NARROW);
        screen.lines().find(|line| line.ends_with("the last word")).unwrap().to_owned()
    };
    let words = || "the last word".to_owned();
    assert_eq!(last(Agreement::Agree { words: words() }), "  agrees     the last word");
    assert_eq!(last(Agreement::Disagree { words: words() }), "! disagrees  the last word");
    assert_eq!(last(Agreement::NotComparable { words: words() }), "? open       the last word");
}

#[test]
fn decisions_are_said_once() {
    let line = |outcome: &str, how| {
        let mut answer = judged();
        let made = answer.requests[0].decision.as_mut().unwrap();
        made.outcome = outcome.to_owned();
        made.decided = vec![decided(how, LayerKind::Scp, "SCPs", Some("p"), Some("S"))];
        let screen = text(&answer, &options(), NARROW);
        screen.lines().find(|line| line.get(2..10) == Some("decision")).unwrap().to_owned()
    };
    assert_eq!(line("allowed", How::Allow), "  decision   allowed by `p` statement `S` (SCPs)");
    assert_eq!(
        line("explicitly denied", How::Deny),
        "x decision   explicitly denied by `p` statement `S` (SCPs)"
    );
    assert_eq!(
        line("implicitly denied", How::NoAllow),
        "x decision   implicitly denied: no statement of the SCPs allows it"
    );
}

#[test]
fn of_many_changes_the_nearest_are_shown_and_the_rest_is_counted() {
    let fact = |at: u32| LogFact {
        time: time(&format!("11:{at:02}:00")),
        event_id: None,
        what: format!("change {at}"),
    };
    let answer = Explanation { logs: (0..20).map(fact).collect(), ..refused() };
    let screen = text(&answer, &options(), NARROW);
    assert_has(&screen, "These logs   show 20 changes of the caller's or the target's policies");
    assert_has(&screen, "  8 farther from it in time: --all");
    assert!(
        !screen.contains("change 7\n") && screen.contains("change 8\n") && screen.contains("change 19\n")
    );
    let all = text(&answer, &Options { all: true, ..options() }, NARROW);
    assert!(all.contains("change 0\n") && !all.contains("farther"), "{all}");
}

#[test]
fn changes_of_other_days_bear_their_date() {
    let mut answer = refused();
    answer.logs[0].time = Time("2026-03-09T23:00:00Z".parse().unwrap());
    assert_has(&text(&answer, &options(), NARROW), "  2026-03-09 23:00:00Z  CreateRole leave-org");
}

#[test]
fn logs_without_a_change_say_so() {
    let silent = Explanation { logs: Vec::new(), logs_say: None, ..refused() };
    assert!(text(&silent, &options(), WIDE).contains("These logs   show no change of the caller's"));
    let words = Explanation { logs: Vec::new(), ..refused() };
    assert_has(
        &text(&words, &options(), NARROW),
        "These logs   no statement names organizations: agrees with AWS",
    );
}

#[test]
fn long_reasons_are_counted_and_deep_ones_keep_room() {
    let leaf = |at: usize| reason(&format!("sentence {at}"), vec![]);
    let deep =
        (0..40).fold(reason("the deepest of all sentences", vec![]), |below, _| reason("on", vec![below]));
    let mut answer = judged();
    let with = |answer: &mut Explanation, children| {
        answer.requests[0].decision.as_mut().unwrap().reason = reason("top", children);
    };
    with(&mut answer, (0..30).map(leaf).collect());
    let screen = text(&answer, &options(), NARROW);
    assert_has(&screen, "  why        sentence 0");
    assert_has(&screen, "             6 more sentences: --all");
    with(&mut answer, vec![deep]);
    let screen = text(&answer, &Options { all: true, ..options() }, NARROW);
    assert!(screen.contains("  the deepest of all sentences\n"), "{screen}");
    assert!(!screen.contains("top"), "{screen}");
}

#[test]
fn a_record_of_another_account_and_a_forwarded_call_are_named() {
    let mut answer = refused();
    answer.account = Some("444455556666".to_owned());
    answer.caller.forwarded_by = Some("cloudformation.amazonaws.com".to_owned());
    answer.caller.session_policies = Some("1 inline policy".to_owned());
    answer.caller.mfa = Some(true);
    let screen = text(&answer, &options(), NARROW);
    assert_has(&screen, "  account    444455556666 holds this record");
    assert_has(&screen, "             forwarded by cloudformation.amazonaws.com");
    assert_has(&screen, "             session policies: 1 inline policy");
    assert_has(&screen, "             signed in with MFA");
}

#[test]
fn a_user_is_named_once() {
    let mut answer = refused();
    let dana = "arn:aws:iam::111122223333:user/dana";
    answer.caller.principal = Some(dana.to_owned());
    answer.caller.arn = Some(dana.to_owned());
    let screen = text(&answer, &options(), NARROW);
    assert_has(&screen, "  caller     user dana of 111122223333");
    assert!(!screen.contains(dana), "{screen}");
    answer.caller.principal = Some("arn:aws:iam::111122223333:root".to_owned());
    assert_has(&text(&answer, &options(), NARROW), "  caller     root of 111122223333");
}

#[test]
fn an_unfinished_chain_is_a_claim() {
    let mut answer = refused();
    answer.behind = Behind { origin: "not known: no record".to_owned(), steps: Vec::new(), complete: false };
    let screen = text(&answer, &options(), NARROW);
    assert_has(&screen, "? behind it  not known: no record");
    assert_has(&screen, "             the chain ends without an origin");
}

#[test]
fn a_call_without_a_known_action_is_a_claim() {
    let answer = Explanation { requests: Vec::new(), ..judged() };
    assert_has(&text(&answer, &options(), NARROW), "? request    no action is known for this call");
}
