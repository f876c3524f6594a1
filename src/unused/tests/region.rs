//! Regions: what is seen in one says nothing of another.

use serde_json::{Value, json};

use super::super::{Kind, Mark, Unseen, Unused};
use super::{ANN, World, allow, at, by_ann, found, look, mark, of};
use crate::replay::Record;
use crate::report::Style;
use crate::report::unused::{Options, Show, csv, text};

const BOB: &str = "arn:aws:iam::111122223333:user/bob";
const OBJECT: &str = r#"{"bucketName": "example", "key": "a.csv"}"#;

fn data(region: &'static str) -> Record<'static> {
    let of_bob = Record { identity_arn: Some(BOB), user_name: Some("bob"), ..by_ann("", "", Some(OBJECT)) };
    Record {
        event_source: Some("s3.amazonaws.com"),
        event_name: Some("GetObject"),
        event_category: Some("Data"),
        read_only: Some(true),
        aws_region: Some(region),
        ..of_bob
    }
}

fn management(region: &'static str) -> Record<'static> {
    Record {
        aws_region: Some(region),
        event_category: Some("Management"),
        read_only: Some(true),
        ..by_ann("ec2.amazonaws.com", "DescribeInstances", None)
    }
}

fn of_bob(record: &Record<'static>) -> Record<'static> {
    Record { identity_arn: Some(BOB), user_name: Some("bob"), ..*record }
}

fn looked(statements: &Value, records: &[Record<'_>]) -> Unused {
    look(&World::default().user(ANN, statements).user(BOB, &json!([allow("*", "*")])).read(), records, None)
}

fn unseen(answer: &Unused, action: &str) -> (Option<Mark>, Option<Unseen>, Vec<String>) {
    let own = of(answer, ANN);
    let action = own.actions().find(|own| own.action() == action).unwrap();
    (action.mark, action.unseen, own.unseen_regions(&action).into_iter().collect())
}

#[test]
fn data_events_of_one_region_say_nothing_of_another_one_that_is_logged() {
    let all = json!([allow("s3:*", "*"), allow("ec2:*", "*")]);
    let (here, there) = ("eu-west-1", "us-west-2");
    // One region: what it would have shown is unused.
    let answer = looked(&all, &[data(here), management(here)]);
    assert_eq!(unseen(&answer, "s3:GetObject"), (Some(Mark::Unused), None, vec![]));
    // Calls of global services show no log of the region that they are of.
    let global = Record {
        event_source: Some("iam.amazonaws.com"),
        event_name: Some("ListUsers"),
        ..management("us-east-1")
    };
    let answer = looked(&all, &[data(here), management(here), global]);
    assert_eq!(unseen(&answer, "s3:GetObject"), (Some(Mark::Unused), None, vec![]));
    // Two regions, and it works in the one that has them: unused there, and the other one is named.
    let two = [data(here), management(here), of_bob(&management(there))];
    let answer = looked(&all, &two);
    assert_eq!(unseen(&answer, "s3:GetObject"), (Some(Mark::Unused), None, vec![there.to_owned()]));
    assert_eq!(unseen(&answer, "ec2:DescribeImages"), (Some(Mark::Unused), None, vec![]));
    let rows = |answer: &Unused| {
        let mut out = Vec::new();
        csv(&mut out, answer, Some(Show::Unused), true, None).unwrap();
        String::from_utf8(out).unwrap()
    };
    let row = rows(&answer)
        .lines()
        .find(|row| row.contains("user/ann") && row.contains("s3:GetObject,"))
        .unwrap()
        .to_owned();
    assert!(row.ends_with(",us-west-2"), "{row}");
    let options = Options { show: Some(Show::Unused), all: true, ..Options::default() };
    let screen = text(&answer, &options, Style { unicode: true, wide: false, width: 80 });
    assert!(screen.contains("not observable in us-west-2"), "{screen}");
    let fits = |line: &str| line.chars().count() <= 80 || line.contains("backtrail");
    assert!(screen.lines().all(fits), "{screen}");
    // It works in the other one, or nobody knows where: not observable.
    let hidden = (Some(Mark::NotObservable), Some(Unseen::DataEvents), vec![there.to_owned()]);
    let answer = looked(&all, &[data(here), management(here), management(there)]);
    assert_eq!(unseen(&answer, "s3:GetObject"), hidden);
    let answer = looked(&all, &[data(here), of_bob(&management(here)), of_bob(&management(there))]);
    assert_eq!(unseen(&answer, "s3:GetObject"), hidden);
}

#[test]
fn what_is_granted_in_one_region_is_unused_only_where_that_one_is_logged() {
    let table = |region: &str| format!("arn:aws:dynamodb:{region}:111122223333:table/t");
    let read = management("eu-west-1");
    let records = [read, Record { read_only: Some(false), ..read }];
    let there = looked(&json!([allow("sqs:DeleteQueue", "arn:aws:sqs:us-west-2:111122223333:q")]), &records);
    assert_eq!(
        unseen(&there, "sqs:DeleteQueue"),
        (Some(Mark::NotObservable), Some(Unseen::Region), vec!["us-west-2".to_owned()])
    );
    assert_eq!(found(&there, Kind::StatementNeverDecided), []);
    let here = looked(&json!([allow("sqs:DeleteQueue", "arn:aws:sqs:eu-west-1:111122223333:q")]), &records);
    assert_eq!(unseen(&here, "sqs:DeleteQueue"), (Some(Mark::Unused), None, vec![]));
    assert_eq!(found(&here, Kind::StatementNeverDecided).len(), 1);
    let mut limited = allow("sqs:DeleteQueue", "*");
    limited["Condition"] = json!({"StringEquals": {"aws:RequestedRegion": ["eu-west-1", "us-west-2"]}});
    let both = looked(&json!([limited]), &records);
    assert_eq!(unseen(&both, "sqs:DeleteQueue"), (Some(Mark::Unused), None, vec!["us-west-2".to_owned()]));
    // A table where no data events of tables are seen, beside one where they are.
    let query = |region: &'static str| Record {
        event_source: Some("dynamodb.amazonaws.com"),
        event_name: Some("GetItem"),
        request_parameters: Some(r#"{"tableName": "t"}"#),
        ..data(region)
    };
    let two = json!([{"Effect": "Allow", "Action": "dynamodb:GetItem", "Resource": [table("eu-west-1"), table("us-west-2")]}]);
    let own = Record { identity_arn: Some(ANN), user_name: Some("ann"), ..query("eu-west-1") };
    let answer = looked(&two, &[own, management("eu-west-1"), of_bob(&management("us-west-2"))]);
    assert_eq!(mark(&answer, ANN, "dynamodb:GetItem"), Some(Mark::Used));
    assert_eq!(found(&answer, Kind::ResourceNeverMatched), []);
    let answer = looked(&two, &[own, management("eu-west-1"), query("us-west-2")]);
    assert_eq!(found(&answer, Kind::ResourceNeverMatched).len(), 1);
}

#[test]
fn a_user_who_did_nothing_at_all_used_nothing_anywhere() {
    let report = "user,arn,password_enabled,password_last_used,password_last_changed,access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date\n\
        ann,arn:aws:iam::111122223333:user/ann,false,N/A,N/A,true,2020-01-01T00:00:00Z,DATE,false,N/A,N/A\n";
    let of = |used: &str| {
        let world = World::default()
            .user(ANN, &json!([allow("s3:*", "*")]))
            .user(BOB, &json!([allow("*", "*")]))
            .file("credential-report.csv", &report.replace("DATE", used));
        let records = [data("eu-west-1"), of_bob(&management("eu-west-1")), of_bob(&management("us-west-2"))];
        unseen(&look(&world.read(), &records, None), "s3:GetObject").0
    };
    assert_eq!(of("N/A"), Some(Mark::Unused));
    assert_eq!(of(&at(1).to_rfc3339()), Some(Mark::NotObservable));
}
