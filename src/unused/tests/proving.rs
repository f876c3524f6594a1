//! What a proof counts.

use serde_json::json;

use super::super::suggest::{self, Options, Proof, Suggestion};
use super::generated::replayed;
use super::{ANN, World, allow, by_ann, deny, look};
use crate::replay::Record;
use crate::report::Style;
use crate::report::unused::{Options as Screen, text};

const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:q";
const OBJECT: &str = r#"{"bucketName": "example", "key": "a.csv"}"#;
const PRIVATE: &str = r#"{"bucketName": "example", "key": "private"}"#;
const PURGE: &str = r#"{"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/q"}"#;

/// What is proved of the suggestion for ann after `change`, with the screen.
fn proved(world: World, records: &[Record<'_>], change: impl Fn(&mut Suggestion)) -> (Proof, String) {
    let snapshot = world.read();
    let mut answer = look(&snapshot, records, Some(Options::default()));
    answer.suggestions.iter_mut().for_each(change);
    let replay = replayed(&snapshot, &answer.suggestions, records);
    suggest::prove(&mut answer.suggestions, &replay);
    let screen = text(
        &answer,
        &Screen { one: true, ..Screen::default() },
        Style { unicode: true, wide: true, width: 200 },
    );
    (answer.suggestions[0].proof.clone().unwrap(), screen)
}

#[test]
fn each_call_that_worked_is_counted_once() {
    let world = || {
        let none = json!([{"arn": "arn:aws:s3:::example", "account": "111122223333", "policy": null}]);
        World::default()
            .user(
                ANN,
                &json!([
                    allow("s3:GetObject", "*"),
                    allow("ec2:DescribeInstances", "*"),
                    deny("s3:GetObject", "arn:aws:s3:::example/private"),
                ]),
            )
            .file("resource-policies/own.json", &none.to_string())
    };
    let records = [
        by_ann("s3.amazonaws.com", "GetObject", Some(OBJECT)),
        by_ann("s3.amazonaws.com", "GetObject", Some(PRIVATE)),
        by_ann("ec2.amazonaws.com", "DescribeInstances", None),
        // What only the queue's own policy may allow, which nobody supplied.
        by_ann("sqs.amazonaws.com", "PurgeQueue", Some(PURGE)),
        Record { error_code: Some("AccessDenied"), ..by_ann("ec2.amazonaws.com", "DescribeImages", None) },
    ];
    let sum = |own: &Proof| own.broken + own.undecided + own.kept + own.denied_today;
    let (own, screen) = proved(world(), &records, |_| {});
    assert_eq!(
        (own.broken, own.undecided, own.may_break, own.kept, own.denied_today),
        (0, 1, 0, 2, 1),
        "{own:?}"
    );
    assert_eq!((own.replayed, sum(&own)), (4, 4));
    let words = "replayed over the window: 0 of 3 requests would break, 1 undecided, 2 kept";
    assert!(screen.contains(words), "{screen}");
    assert!(screen.contains("nothing is proved of 1 undecided request"), "{screen}");
    assert!(screen.contains("today's policies already deny 1 more request that worked then"), "{screen}");
    // Without its policies what is undecided today stays so, and the rest would break.
    let (own, screen) = proved(world(), &records, |own| own.policies.clear());
    assert_eq!((own.broken, own.undecided, own.kept, own.denied_today), (2, 1, 0, 1), "{own:?}");
    assert_eq!((own.replayed, sum(&own)), (4, 4));
    assert!(screen.contains("2 of 3 requests would break, 1 undecided, 0 kept"), "{screen}");
    assert!(screen.contains("would break: 1 s3:GetObject on arn:aws:s3:::example/a.csv"), "{screen}");
}

#[test]
fn what_is_undecided_before_and_after_does_not_break() {
    let none = json!([{"arn": QUEUE, "account": "111122223333", "policy": null}]).to_string();
    let of =
        |statement| World::default().user(ANN, &json!([statement])).file("resource-policies/own.json", &none);
    let world = of(allow("sqs:PurgeQueue", QUEUE));
    let mut tagged = allow("sqs:PurgeQueue", QUEUE);
    tagged["Condition"] = json!({"StringEquals": {"aws:ResourceTag/env": "dev"}});
    let under = of(tagged);
    let purge = by_ann("sqs.amazonaws.com", "PurgeQueue", Some(PURGE));
    let (own, _) = proved(world, &[purge], |_| {});
    assert_eq!((own.replayed, own.broken, own.kept), (1, 0, 1), "{own:?}");
    let (own, screen) = proved(under, &[purge], |_| {});
    assert_eq!((own.replayed, own.broken, own.undecided, own.may_break), (1, 0, 1, 0), "{own:?}");
    assert!(screen.contains("0 of 1 request would break, 1 undecided, 0 kept"), "{screen}");
}
