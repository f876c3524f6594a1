//! What statements of PartiQL ask for; all records here are made up.

use serde_json::{Value, json};

use super::resource::{found, words};
use crate::catalog::event::{Call, Mapping, Presence, map};
use crate::catalog::resource::Noted;

/// The actions that a call asks for, each with its resources as far as they are known without the account: `Select Music`; a
/// question mark for what is only possible.
fn asked(event: &str, parameters: &Value, resources: &Value) -> Vec<String> {
    let call = Call {
        source: "dynamodb.amazonaws.com",
        name: event,
        kind: None,
        parameters: Some(Noted::from(parameters)),
    };
    let Mapping::Actions(actions, _) = map(&call) else { panic!("{parameters}") };
    let words_of = |name: &str, presence| {
        let own = words(&found(&format!("dynamodb:{name}"), event, parameters, &Value::Null, resources));
        let own: Vec<&str> = own.iter().map(|arn| arn.rsplit(":table/").next().unwrap()).collect();
        let mark = if presence == Presence::Certain { "" } else { "?" };
        format!("{}{mark} {}", name.strip_prefix("PartiQL").unwrap(), own.join(" "))
    };
    actions.iter().map(|mapped| words_of(mapped.action.name, mapped.presence)).collect()
}

fn one(statement: &str) -> Vec<String> {
    asked("ExecuteStatement", &json!({ "statement": statement }), &Value::Null)
}

#[test]
fn a_statement_asks_for_the_action_of_its_verb_on_the_table_that_it_names() {
    for (statement, expected) in [
        ("SELECT * FROM Music WHERE Artist = 'No One' AND Album = ***(Redacted)", "Select Music"),
        ("select \"from\", 'a from b' from \"my-table.1\" where \"Artist\" = ?", "Select my-table.1"),
        ("  \n SELECT * FROM \"Music\".\"AlbumTitle-index\"", "Select Music/index/AlbumTitle-index"),
        ("INSERT INTO Music VALUE {'Artist' : ***(Redacted)}", "Insert Music"),
        ("insert into \"a\"\"b\" value {}", "Insert a\"b"),
        ("UPDATE \"Music\" SET Album = 'delete' WHERE Artist = 'x'", "Update Music"),
        ("DELETE FROM Music WHERE Artist = 'x'", "Delete Music"),
        ("EXISTS (SELECT * FROM Music WHERE Artist = 'x' AND Album IS MISSING)", "Select Music"),
    ] {
        assert_eq!(one(statement), [expected], "{statement}");
    }
}

#[test]
fn what_cannot_be_read_stays_open() {
    let logged = json!([{"ARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/Music"}]);
    let open = asked("ExecuteStatement", &json!({ "statement": "***" }), &logged);
    assert_eq!(open, ["Select? Music", "Insert? Music", "Update? Music", "Delete? Music"]);
    // The verb is told, the table is not.
    for statement in ["SELECT * FROM my-table", "SELECT * FROM 'Music'", "SELECT 1", "SELECT * FROM \"Music"]
    {
        let asked = asked("ExecuteStatement", &json!({ "statement": statement }), &logged);
        assert_eq!(asked, ["Select Music"], "{statement}");
    }
}

#[test]
fn each_statement_of_a_batch_counts_for_itself() {
    let batch = json!({"requestItems": [
        {"statement": "UPDATE Music SET Album = ***(Redacted) WHERE Artist = 'No One'"},
        {"statement": "INSERT INTO \"Sales\" VALUE {'Id' : 'x'}"},
        {"statement": "UPDATE Stock SET Left = 1 WHERE Id = 'x'"},
    ]});
    let resources = json!([
        {"ARN": "arn:aws:dynamodb:eu-west-1:111122223333:table/Music"},
        {"ARN": "arn:aws:dynamodb:eu-west-1:444455556666:table/Sales"},
    ]);
    assert_eq!(asked("BatchExecuteStatement", &batch, &resources), ["Insert Sales", "Update Music Stock"]);
    let insert = found("dynamodb:PartiQLInsert", "BatchExecuteStatement", &batch, &Value::Null, &resources);
    assert_eq!(words(&insert), ["arn:aws:dynamodb:eu-west-1:444455556666:table/Sales"]);
    let transaction = json!({"transactStatements": [{"statement": "DELETE FROM Music WHERE Artist = 'x'"}]});
    assert_eq!(asked("ExecuteTransaction", &transaction, &Value::Null), ["Delete Music"]);
}

#[test]
fn a_table_may_be_named_by_its_arn() {
    let arn = "arn:aws:dynamodb:eu-west-1:444455556666:table/Music";
    let parameters = json!({ "statement": format!("SELECT * FROM \"{arn}\".\"by-year\"") });
    let select = found("dynamodb:PartiQLSelect", "ExecuteStatement", &parameters, &Value::Null, &Value::Null);
    assert_eq!(words(&select), [format!("{arn}/index/by-year")]);
}
