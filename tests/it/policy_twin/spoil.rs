//! Statements that AWS would not take.

use serde_json::{Map, Value, json};

use super::generate::Random;

/// Makes a statement one that AWS would not take.
pub(crate) fn spoil(random: &mut Random, statement: &mut Map<String, Value>) {
    match random.below(24) {
        0 => drop(statement.remove("Effect")),
        1 => drop(statement.insert("Effect".to_owned(), "allow".into())),
        2 => drop(statement.insert("Resorce".to_owned(), "*".into())),
        3 => {
            statement.remove("Action");
            statement.remove("NotAction");
        }
        4 => {
            statement.insert("Action".to_owned(), "*".into());
            statement.insert("NotAction".to_owned(), "s3:*".into());
        }
        5 => drop(statement.insert("Condition".to_owned(), json!({"StringMatches": {"aws:username": "a"}}))),
        6 => drop(statement.insert("Condition".to_owned(), json!({"StringLike": {"aws:username": []}}))),
        7 => {
            drop(statement.insert("Condition".to_owned(), json!({"NullIfExists": {"aws:username": "true"}})));
        }
        8 => drop(statement.insert("Resource".to_owned(), 7.into())),
        9 => {
            drop(
                statement.insert("Principal".to_owned(), json!({"AWS": "arn:aws:iam::111122223333:user/*"})),
            );
        }
        10 => drop(statement.insert("Condition".to_owned(), json!("x"))),
        11 => drop(statement.insert("Action".to_owned(), json!(["s3:GetObject", 7]))),
        12 => drop(statement.insert("Resource".to_owned(), "arn:aws:s3:::b/${aws:username".into())),
        13 => drop(statement.insert("Action".to_owned(), json!([]))),
        14 => drop(statement.insert("Sid".to_owned(), 7.into())),
        15 => drop(statement.insert(
            "Action".to_owned(),
            random.one(&["s3*:Get*", "*:*", "s3", "s3:", "${aws:username}", ""]).into(),
        )),
        16 if statement.contains_key("Resource") => {
            let odd = [
                "",
                "b",
                "**",
                "execute-api:/*",
                "execute-api:prod",
                "arn:aws:s3:::${}",
                "arn:aws:s3:::b/${ s3:prefix}",
                "arn:aws:s3:::b/${s3:prefix,'a'}",
                "arn:aws:s3:::b/${s3:prefix, '*'}",
                "arn:aws:s3:::b/${s3:prefix, a}",
                "arn:aws:s3:::b/${s3:prefix, 'a' }",
                "arn:aws:${s3:prefix}:::b/a",
                "arn:aws:s3:::b/$${s3:prefix}",
                "arn:aws:s3:::b/${s3:${s3:prefix}}",
                "arn:aws:s3:::b/{a}",
            ];
            statement.insert("Resource".to_owned(), random.one(&odd).into());
        }
        17 => drop(statement.insert(
            "Condition".to_owned(),
            random.one(&[
                json!({}),
                json!({"StringEquals": {}}),
                json!({"StringEquals": {"s3:prefix": null}}),
                json!({"StringEquals": {"s3:prefix": [["a"]]}}),
                json!({"StringEquals": {"s3:prefix": 7}}),
                json!({"StringEquals": {"": "a"}}),
                json!({"StringLike": {"s3:prefix": "${s3:prefix, '*'}"}}),
                json!({"ForSomeValues:StringLike": {"s3:prefix": "a"}}),
                json!({"StringLike": "a"}),
                json!([]),
            ]),
        )),
        18 if statement.contains_key("Principal") => drop(statement.insert(
            "Principal".to_owned(),
            random.one(&[
                json!({}),
                json!("a"),
                json!({"Aws": "*"}),
                json!({"AWS": []}),
                json!({"AWS": "a"}),
                json!({"AWS": "11112222333"}),
                json!({"AWS": ["*", "a"]}),
                json!(["*"]),
            ]),
        )),
        19 => drop(statement.insert("Effect".to_owned(), json!(["Allow"]))),
        _ => {
            let (operator, value) = random.one(&[
                ("Bool", "x"),
                ("NumericEquals", "x"),
                ("DateEquals", "x"),
                ("IpAddress", "x"),
                ("BinaryEquals", "x"),
                ("Null", "x"),
                ("NumericLessThan", "${s3:max-keys}"),
            ]);
            statement.insert("Condition".to_owned(), json!({operator: {"s3:max-keys": value}}));
        }
    }
}
