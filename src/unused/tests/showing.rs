//! What people and programs see of an answer.

use serde_json::json;

use super::super::suggest::Options as Suggest;
use super::super::{Risk, Unused};
use super::{ANN, DEPLOY, World, allow, by_ann, by_deploy, look, trust_ann};
use crate::replay::Record;
use crate::report::Style;
use crate::report::unused::{Options, Show, csv, text};

/// A terminal escape, a mark that turns text around, and a cell that a spreadsheet would run.
const HOSTILE: &str = "=1+1\u{1b}[31m\u{202e}evil";

fn hostile() -> Unused {
    let mut statement = allow("s3:GetObject", &format!("arn:aws:s3:::example/{HOSTILE}"));
    statement["Sid"] = json!(HOSTILE);
    let mut office = allow("iam:ListUsers", "*");
    office["Condition"] = json!({"StringEquals": {HOSTILE: HOSTILE}});
    let world = World::default()
        .user(ANN, &json!([statement, office, allow("s3:*", "*"), allow("iam:*", "*")]))
        .role(DEPLOY, &trust_ann(), &json!([allow("ec2:Describe*", "*"), allow("iam:*", "*")]))
        .managed(&format!("arn:aws:iam::111122223333:policy/{HOSTILE}"), &json!([allow("*", "*")]));
    let key = json!({"bucketName": "example", "key": HOSTILE}).to_string();
    let records = [
        by_ann("s3.amazonaws.com", "GetObject", Some(&key)),
        by_ann(HOSTILE, HOSTILE, None),
        by_deploy("ec2.amazonaws.com", "DescribeImages", None),
        // Where calls of IAM are logged.
        Record { aws_region: Some("us-east-1"), ..by_deploy("ec2.amazonaws.com", "DescribeImages", None) },
    ];
    look(&world.read(), &records, Some(Suggest::default()))
}

fn styles() -> [Style; 3] {
    let style = |unicode, wide| Style { unicode, wide, width: 80 };
    [style(true, false), style(false, false), style(true, true)]
}

#[test]
fn no_text_of_logs_and_policies_reaches_a_terminal_as_it_is() {
    let answer = hostile();
    let shows = Show::ALL.map(Some).into_iter().chain([None]);
    let mut seen = 0;
    for (show, style) in shows.flat_map(|show| styles().map(|style| (show, style))) {
        for one in [false, true] {
            let options = Options { show, one, all: true, ..Options::default() };
            let screen = text(&answer, &options, style);
            assert!(!screen.contains(['\u{1b}', '\u{202e}']), "{show:?}: {screen}");
            seen += usize::from(screen.contains("\\x1b"));
        }
    }
    assert!(seen > 6, "{seen}");
    for show in Show::ALL.map(Some).into_iter().chain([None]) {
        let mut out = Vec::new();
        csv(&mut out, &answer, show, true, None).unwrap();
        let rows = String::from_utf8(out).unwrap();
        assert!(!rows.contains(['\u{1b}', '\u{202e}']), "{show:?}: {rows}");
        let runs = |cell: &str| cell.starts_with(['=', '@', '+', '-']);
        assert!(!rows.lines().flat_map(|line| line.split(',')).any(runs), "{show:?}: {rows}");
    }
}

#[test]
fn every_screen_says_what_the_logs_cover() {
    let answer = hostile();
    for one in [false, true] {
        let screen = text(
            &answer,
            &Options { one, ..Options::default() },
            Style { unicode: true, wide: false, width: 80 },
        );
        assert!(
            screen.contains("What the logs cover") && screen.contains("What this cannot know"),
            "{screen}"
        );
        assert!(screen.contains("of 2 days") || screen.contains("day"), "{screen}");
    }
    let empty = look(&World::default().user(ANN, &json!([allow("s3:*", "*")])).read(), &[], None);
    let screen = text(&empty, &Options::default(), Style { unicode: true, wide: false, width: 80 });
    assert!(screen.contains("no log. Nothing of this account is called unused"), "{screen}");
}

#[test]
fn principals_with_most_unused_privileged_actions_come_first() {
    let answer = hostile();
    let screen = text(&answer, &Options::default(), Style { unicode: true, wide: false, width: 80 });
    let place = |name: &str| screen.find(name).unwrap_or(usize::MAX);
    assert!(place("role deploy") < usize::MAX && place("user ann") < usize::MAX);
    assert!(answer.unused_privileged() > 50);
    assert!(Risk::PrivilegeEscalation.is_privileged() && !Risk::Write.is_privileged());
}

#[test]
fn a_row_says_why_an_action_is_not_observable_also_where_it_is_no_finding() {
    let linked = "arn:aws:iam::111122223333:role/aws-service-role/x.amazonaws.com/AWSServiceRoleForX";
    let world = World::default().role(linked, &trust_ann(), &json!([allow("s3:GetObject", "*")]));
    let answer = look(&world.read(), &[by_ann("ec2.amazonaws.com", "DescribeImages", None)], None);
    let mut out = Vec::new();
    csv(&mut out, &answer, None, true, None).unwrap();
    let out = String::from_utf8(out).unwrap();
    let row = out.lines().find(|row| row.contains("s3:GetObject")).expect(&out);
    assert!(row.contains(",not-observable,") && row.contains(",data-events,"), "{row}");
}
