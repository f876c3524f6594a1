//! Suggestions keep what the next call of the same kind needs: what it makes, and the right to tag that.

use serde_json::{Value, json};

use super::super::suggest::{Options, Suggestion};
use super::{ANN, World, allow, by_ann, look, suggestion};
use crate::replay::Record;

fn suggested(statements: &Value, record: &Record<'_>) -> Suggestion {
    let all = look(&World::default().user(ANN, statements).read(), &[*record], Some(Options::default()));
    suggestion(&all, ANN).clone()
}

fn answered<'a>(call: &Record<'a>, response: &'a str) -> Record<'a> {
    Record { response_elements: Some(response), ..*call }
}

fn text(suggestion: &Suggestion) -> String {
    suggestion.policies.iter().map(|policy| policy.document.to_string()).collect()
}

#[test]
fn what_a_call_made_is_not_what_the_next_one_makes() {
    let response = r#"{"arn": "arn:aws:secretsmanager:eu-west-1:111122223333:secret:app/db-AbCdEf"}"#;
    let call = by_ann("secretsmanager.amazonaws.com", "CreateSecret", Some(r#"{"name": "app/db"}"#));
    let found = suggested(&json!([allow("secretsmanager:CreateSecret", "*")]), &answered(&call, response));
    let text = text(&found);
    assert!(text.contains("secret:app/db-??????") && !text.contains("AbCdEf"), "{text}");
}

#[test]
fn a_statement_about_ids_is_used_by_a_call_whose_response_has_such_an_id() {
    let arn = "arn:aws:route53resolver:eu-west-1:111122223333:resolver-endpoint/rslvr-in-0123";
    let response = json!({"resolverEndpoint": {"arn": arn}}).to_string();
    let call =
        by_ann("route53resolver.amazonaws.com", "CreateResolverEndpoint", Some(r#"{"name": "inbound"}"#));
    let only = "arn:aws:route53resolver:eu-west-1:111122223333:resolver-endpoint/rslvr-*";
    let statements = json!([allow("route53resolver:CreateResolverEndpoint", only)]);
    let found = suggested(&statements, &answered(&call, &response));
    assert!(text(&found).contains("resolver-endpoint/rslvr-*"), "{}", text(&found));
    assert!(found.not_granted.is_empty(), "{:?}", found.not_granted);
}

#[test]
fn both_forms_of_what_a_call_makes_are_allowed_each_by_itself() {
    let call = by_ann("lex.amazonaws.com", "CreateBot", Some(r#"{"botName": "orders"}"#));
    let found = text(&suggested(&json!([allow("lex:CreateBot", "*")]), &call));
    let place = "arn:aws:lex:eu-west-1:111122223333:";
    for resource in [format!("\"{place}bot/*\""), format!("\"{place}bot:orders\"")] {
        assert!(found.contains(&resource), "{resource} in {found}");
    }
}

#[test]
fn the_right_to_tag_what_is_made_with_tags_stays() {
    let both = json!([allow("*", "*")]);
    let queue =
        by_ann("sqs.amazonaws.com", "CreateQueue", Some(r#"{"queueName": "q", "tags": {"team": "blue"}}"#));
    assert!(text(&suggested(&both, &queue)).contains("sqs:TagQueue"));
    // AWS's page does not say that it needs it, and not to keep it would break what does.
    let role = by_ann(
        "iam.amazonaws.com",
        "CreateUser",
        Some(r#"{"userName": "bob", "tags": [{"key": "team", "value": "blue"}]}"#),
    );
    let found = text(&suggested(&both, &role));
    assert!(found.contains("iam:TagUser") && found.contains("Perhaps"), "{found}");
}
