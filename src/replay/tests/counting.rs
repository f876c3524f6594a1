//! What is counted: events, groups, statements, resources, examples, and what is missing.

use chrono::TimeDelta;

use super::*;
use crate::replay::Proposed;
use crate::replay::answer::{Change, Verdict};

const BUCKET: &str = "arn:aws:s3:::example-reports";
const COPY: &str =
    r#"{"bucketName": "example-reports", "key": "b", "x-amz-copy-source": "example-reports/a"}"#;

fn get(key: usize) -> String {
    format!(r#"{{"bucketName": "example-reports", "key": "{key}"}}"#)
}

fn reports(statements: &Value) -> Arc<Snapshot> {
    World::default().user(ANN, statements).resource(BUCKET, &Value::Null).read()
}

#[test]
fn events_groups_and_verdicts_add_up() {
    let snapshot = reports(&json!([
        allow("s3:GetObject", "arn:aws:s3:::example-reports/1"),
        allow("s3:ListBucket", BUCKET),
    ]));
    let parameters: Vec<String> = (0..3).map(get).collect();
    let mut records = Vec::new();
    for text in &parameters {
        let record = by_user("s3.amazonaws.com", "GetObject", Some(text));
        records.extend([
            record,
            refused(&record, "Access Denied"),
            Record { error_code: Some("NoSuchKey"), ..record },
        ]);
    }
    records.push(by_user("signin.amazonaws.com", "ConsoleLogin", None));
    records.push(by_user("nobody.example.com", "Nothing", None));
    let answer = replay(&plan(&snapshot), &records);
    let seen = answer.verdicts;
    assert_eq!(answer.events, 11);
    assert_eq!(
        (seen.same_allowed, seen.same_denied, seen.same_failed, seen.now_denied, seen.now_allowed),
        (1, 2, 1, 4, 1)
    );
    assert_eq!((seen.undetermined, seen.unmapped, seen.not_a_request), (1, 1, 1));
    assert_eq!(answer.groups.iter().map(|group| group.seen.events).sum::<u64>(), 11);
    let order: Vec<Verdict> = answer.groups.iter().map(|group| group.verdict).collect();
    let mut sorted = order.clone();
    sorted.sort_by_key(|verdict| match verdict {
        Verdict::NowDenied => 0,
        Verdict::NowAllowed => 1,
        Verdict::Undetermined => 2,
        Verdict::Same => 3,
        Verdict::NotARequest => 4,
    });
    assert_eq!(order, sorted);
    // Whether an object that was refused may be listed counts, too.
    assert_eq!(answer.requests, 4);
    assert_eq!(answer.evaluations, 4);
}

#[test]
fn a_call_that_two_accounts_recorded_counts_once() {
    let snapshot = reports(&json!([allow("s3:GetObject", "*")]));
    let text = get(1);
    let own =
        Record { shared_event_id: Some("one"), ..by_user("s3.amazonaws.com", "GetObject", Some(&text)) };
    let copy = Record { account: Some("444455556666"), recipient_account_id: Some("444455556666"), ..own };
    // The caller's trail does not hold this one.
    let alone = Record { shared_event_id: Some("two"), ..copy };
    let originals = Arc::new([own, copy, alone].iter().filter_map(original).collect());
    let with = Plan { originals, ..plan(&snapshot) };
    for records in [[own, copy, alone], [copy, alone, own], [alone, own, copy]] {
        let answer = replay(&with, &records);
        assert_eq!((answer.events, answer.copies), (2, 1));
        assert_eq!(answer.groups.iter().map(|group| group.seen.events).sum::<u64>(), 2);
        let said = answer.limits.iter().find(|limit| limit.what.contains("each of these calls counts once"));
        assert_eq!(said.and_then(|limit| limit.events), Some(1));
    }
    // One id may stand for all requests, as in sanitised logs.
    let at = |seconds| copy.event_time + TimeDelta::seconds(seconds);
    let near = Record { event_time: at(2), ..copy };
    let later = Record { event_time: at(3), ..copy };
    let another = Record { event_name: Some("HeadObject"), ..copy };
    let answer = replay(&with, &[own, near, later, another]);
    assert_eq!((answer.events, answer.copies), (3, 1));
    // Each record has a verdict of its own all the same.
    assert!(Replayer::new(with.clone()).take(&copy).is_some());
    let quiet = Plan { verdicts: false, ..with };
    assert_eq!(Replayer::new(quiet).take(&copy), None);
    assert_eq!(replay(&plan(&snapshot), &[own, copy]).events, 2);
}

#[test]
fn examples_are_the_earliest_of_different_resources() {
    let snapshot = reports(&json!([allow("s3:GetObject", "*")]));
    let parameters: Vec<String> = (0..5).map(get).collect();
    let mut records: Vec<Record<'_>> = Vec::new();
    for (second, key) in [(9, 0), (8, 1), (7, 1), (6, 1), (5, 0), (4, 2), (3, 2), (20, 3), (30, 4)] {
        let record = by_user("s3.amazonaws.com", "GetObject", Some(&parameters[key]));
        records.push(Record { event_time: at(second), ..record });
    }
    let answer = replay(&plan(&snapshot), &records);
    let group = only(&answer);
    assert_eq!((group.seen.events, group.resources), (9, 5));
    let examples: Vec<(i64, &str)> = group
        .examples
        .iter()
        .map(|own| ((own.time.0 - at(0)).num_seconds(), own.resource.rsplit('/').next().unwrap()))
        .collect();
    assert_eq!(examples, [(3, "2"), (5, "0"), (6, "1")]);
    assert_eq!((group.seen.first.0, group.seen.last.0), (at(3), at(30)));
}

#[test]
fn every_statement_that_decides_a_request_of_a_call_is_counted() {
    let snapshot = reports(&json!([
        { "Sid": "Reads", "Effect": "Allow", "Action": "s3:GetObject", "Resource": "*" },
        { "Sid": "Writes", "Effect": "Allow", "Action": "s3:PutObject", "Resource": "*" },
        { "Sid": "Also", "Effect": "Allow", "Action": "s3:Put*", "Resource": "*" },
        { "Sid": "Never", "Effect": "Deny", "Action": "s3:DeleteObject", "Resource": "*" },
    ]));
    let records = [by_user("s3.amazonaws.com", "CopyObject", Some(COPY)); 3];
    let answer = replay(&plan(&snapshot), &records);
    assert_eq!(only(&answer).verdict, Verdict::Same);
    let hits: Vec<(&str, u64, u64, u64)> = answer
        .statements
        .iter()
        .map(|own| (own.sid.as_deref().unwrap(), own.matched, own.decided, own.may))
        .collect();
    assert_eq!(hits, [("Reads", 3, 3, 0), ("Writes", 3, 3, 0), ("Also", 3, 0, 0), ("Never", 0, 0, 0)]);
}

#[test]
fn what_is_missing_counts_once_an_event() {
    // Two requests of one call that lack the same policy.
    let snapshot = World::default().user(ANN, &json!([allow("s3:*", "*")])).read();
    let records = [by_user("s3.amazonaws.com", "CopyObject", Some(COPY)); 4];
    let answer = replay(&plan(&snapshot), &records);
    assert_eq!(answer.verdicts.undetermined, 4);
    assert!(!answer.lacks.is_empty());
    for lack in &answer.lacks {
        assert_eq!(lack.events, 4, "{lack:?}");
    }
}

#[test]
fn a_resource_of_nobody_knows_whom_makes_no_group_of_its_own() {
    let snapshot = World::default().user(ANN, &json!([allow("s3:*", "*")])).read();
    let parameters: Vec<String> = (0..40).map(get).collect();
    let records: Vec<Record<'_>> =
        parameters.iter().map(|text| by_user("s3.amazonaws.com", "GetObject", Some(text))).collect();
    let answer = replay(&plan(&snapshot), &records);
    let group = only(&answer);
    assert_eq!((group.verdict, group.seen.events, group.resources), (Verdict::Undetermined, 40, 40));
}

#[test]
fn a_change_is_about_the_request_that_changes() {
    let role = "arn:aws:iam::111122223333:role/web";
    let trust = json!([{ "Effect": "Allow", "Action": "sts:AssumeRole", "Principal": { "Service": "lambda.amazonaws.com" } }]);
    let of = |statements: Value| {
        let world = World::default().user(ANN, &statements).role(role, &trust, &json!([]));
        let function = |at| format!("arn:aws:lambda:eu-west-1:111122223333:function:f{at}");
        (0..3).fold(world, |world, at| world.resource(&function(at), &Value::Null)).read()
    };
    let create =
        json!({ "Sid": "Create", "Effect": "Allow", "Action": "lambda:CreateFunction", "Resource": "*" });
    let pass = json!({ "Sid": "Pass", "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*" });
    let narrow = of(json!([create]));
    let wide = of(json!([create, pass]));
    let parameters: Vec<String> =
        (0..3).map(|at| format!(r#"{{"functionName": "f{at}", "role": "{role}"}}"#)).collect();
    let record = |at: usize| by_user("lambda.amazonaws.com", "CreateFunction20150331", Some(&parameters[at]));
    let records = [record(0), record(1), record(2)];

    let opened =
        replay(&Plan { proposed: Some(Arc::clone(&wide)), ..plan(&narrow) }, &records).proposal.unwrap();
    let broken = replay(&Plan { proposed: Some(narrow), ..plan(&wide) }, &records).proposal.unwrap();
    assert_eq!((opened.opened, opened.broken, broken.opened, broken.broken), (3, 0, 0, 3), "{opened:#?}");
    let [group] = opened.groups.as_slice() else { panic!("{opened:#?}") };
    assert_eq!((group.change, group.action.as_str(), group.derived), (Change::Opened, "iam:PassRole", true));
    assert_eq!(group.decided[0].sid.as_deref(), Some("Pass"));
    assert_eq!(group.today[0].policy, None);
    let [group] = broken.groups.as_slice() else { panic!("{broken:#?}") };
    assert_eq!((group.change, group.action.as_str()), (Change::Broken, "iam:PassRole"));
    assert_eq!(group.today[0].sid.as_deref(), Some("Pass"));
    // Three functions, but one role: that is what breaks.
    assert_eq!((group.resources, group.examples.len()), (1, 1));
    assert_eq!(group.examples[0].resource, role);
}

#[test]
fn only_wanted_actions_are_counted() {
    let snapshot = reports(&json!([allow("s3:*", "*")]));
    let text = get(0);
    let records = [
        by_user("s3.amazonaws.com", "GetObject", Some(&text)),
        by_user("s3.amazonaws.com", "PutObject", Some(&text)),
        by_user("signin.amazonaws.com", "ConsoleLogin", None),
    ];
    let some = Plan { action: Some("s3:get*".to_owned()), ..plan(&snapshot) };
    assert_eq!(replay(&some, &records).events, 1);
    assert_eq!(Replayer::new(some).take(&records[1]), None);
    assert_eq!(replay(&plan(&snapshot), &records).events, 3);
}

#[test]
fn nothing_gives_an_answer_of_nothing() {
    let snapshot = reports(&json!([allow("s3:*", "*")]));
    let answer = replay(&plan(&snapshot), &[]);
    assert_eq!((answer.events, answer.first, answer.last, answer.groups.len()), (0, None, None, 0));
    assert_eq!(
        Replayer::new(plan(&snapshot))
            .fold(&Changes::default())
            .answer(Some(Proposed::default()))
            .proposal
            .unwrap()
            .groups,
        []
    );
}

#[test]
fn what_is_open_today_may_break_where_the_proposal_leaves_more_open() {
    // The bucket's policy is not in the snapshot, so today nothing is certain; and the call worked.
    let today = World::default().user(ANN, &json!([allow("s3:GetObject", "*")])).read();
    let changes = |statements: &Value| {
        let proposed = World::default().user(ANN, statements).read();
        let plan = Plan { proposed: Some(proposed), ..plan(&today) };
        let text = r#"{"bucketName": "example-reports", "key": "k"}"#;
        let worked = by_user("s3.amazonaws.com", "GetObject", Some(text));
        let proposal = replay(&plan, &[worked]).proposal.unwrap();
        assert_eq!(proposal.broken, 0);
        proposal.may_break
    };
    let mut no = deny("s3:GetObject", "*");
    no["Condition"] = json!({ "StringEquals": { "s3:ExistingObjectTag/b": "x" } });
    assert_eq!(changes(&json!([allow("s3:GetObject", "*")])), 0);
    assert_eq!(changes(&json!([allow("s3:Get*", "*")])), 0);
    assert_eq!(changes(&json!([allow("s3:GetObject", "*"), no])), 1);
    // What may have allowed it is gone: only if the bucket's policy did it still works.
    assert_eq!(changes(&json!([])), 1);
    assert_eq!(changes(&json!([allow("s3:GetObject", "arn:aws:s3:::example-other/*")])), 1);
    // It may be allowed under more than it was: nothing is lost.
    let tagged = allow("s3:*", "arn:aws:s3:::example-reports/*");
    assert_eq!(changes(&json!([tagged, allow("s3:PutObject", "*")])), 0);
}

#[test]
fn what_may_break_only_in_one_region_is_counted_there_in_any_order() {
    let today = World::default().user(ANN, &json!([allow("s3:GetObject", "*")])).read();
    let mut there = allow("s3:GetObject", "*");
    there["Condition"] = json!({ "StringEquals": { "aws:RequestedRegion": "eu-west-1" } });
    let proposed = World::default().user(ANN, &json!([there])).read();
    let plan = Plan { proposed: Some(proposed), ..plan(&today) };
    let text = r#"{"bucketName": "example-reports", "key": "k"}"#;
    let worked =
        |region| Record { aws_region: Some(region), ..by_user("s3.amazonaws.com", "GetObject", Some(text)) };
    for regions in [["eu-west-1", "us-east-1"], ["us-east-1", "eu-west-1"]] {
        let proposal = replay(&plan, &regions.map(worked)).proposal.unwrap();
        let [group] = proposal.groups.as_slice() else { panic!("{proposal:#?}") };
        assert_eq!(
            (group.change, group.regions.as_slice()),
            (Change::MayBreak, &["us-east-1".to_owned()][..])
        );
    }
}

#[test]
fn what_may_break_names_the_request_that_lost_its_allow() {
    let today = World::default().user(ANN, &json!([allow("s3:*", "*")])).read();
    let proposed = World::default().user(ANN, &json!([allow("s3:PutObject", "*")])).read();
    let copy = r#"{"bucketName": "example-other", "key": "b", "x-amz-copy-source": "example-reports/a"}"#;
    let worked = by_user("s3.amazonaws.com", "CopyObject", Some(copy));
    let answer = replay(&Plan { proposed: Some(proposed), ..plan(&today) }, &[worked]);
    assert_eq!(answer.verdicts.undetermined, 1);
    let proposal = answer.proposal.unwrap();
    let [group] = proposal.groups.as_slice() else { panic!("{proposal:#?}") };
    assert_eq!((group.change, group.action.as_str()), (Change::MayBreak, "s3:GetObject"));
    assert_eq!(group.examples[0].resource, "arn:aws:s3:::example-reports/a");
}

#[test]
fn a_refused_call_that_perhaps_asked_for_more_is_not_said_to_be_allowed_now() {
    let may = World::default().user(ANN, &json!([allow("lambda:*", "*")])).read();
    let call = by_user("lambda.amazonaws.com", "CreateFunction20150331", None);
    // Without its parameters nobody knows which role it was to pass.
    let answer = replay(&plan(&may), &[refused(&call, "Access denied")]);
    assert_eq!((answer.verdicts.undetermined, answer.verdicts.now_allowed), (1, 0));
    assert_eq!(replay(&plan(&may), &[call]).verdicts.same_allowed, 1);
}
