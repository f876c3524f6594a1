//! Calls of federated users, for whom an IAM user asked.
//!
//! <https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_control-access_getfederationtoken.html>

use serde_json::{Value, json};

use super::super::suggest::{self, Options};
use super::super::{Mark, Unused};
use super::{ANN, World, allow, at, by_ann, deny, look, mark, of, suggestion};
use crate::replay::Record;

const BOB: &str = "arn:aws:sts::111122223333:federated-user/bob";
const OBJECT: &str = r#"{"bucketName": "example", "key": "a.csv"}"#;
const RESPONSE: &str = r#"{"federatedUser": {"arn": "arn:aws:sts::111122223333:federated-user/bob"}}"#;

/// A call of the federated user.
fn by_bob<'a>(source: &'a str, called: &'a str, parameters: &'a str) -> Record<'a> {
    Record {
        identity_type: Some("FederatedUser"),
        identity_arn: Some(BOB),
        principal_id: Some("111122223333:bob"),
        access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        user_name: None,
        session_issuer_arn: Some(ANN),
        session_created: Some(at(1)),
        ..by_ann(source, called, Some(parameters))
    }
}

fn token(parameters: &str) -> Record<'_> {
    Record {
        response_elements: Some(RESPONSE),
        ..by_ann("sts.amazonaws.com", "GetFederationToken", Some(parameters))
    }
}

/// What the user may do, and what was done after it asked for a token with this policy; None for no token in the logs.
fn looked(statements: &Value, session: Option<&Value>, how: Option<Options>) -> Unused {
    let asked = session.map(|policy| match policy {
        Value::Null => json!({"name": "bob"}).to_string(),
        policy => json!({"name": "bob", "policy": policy.to_string()}).to_string(),
    });
    let mut records = vec![by_bob("s3.amazonaws.com", "GetObject", OBJECT)];
    records.extend(asked.as_deref().map(token));
    look(&World::default().user(ANN, statements).read(), &records, how)
}

#[test]
fn what_a_federated_user_did_with_the_users_grants_is_a_use_of_these() {
    let granted = json!([allow("s3:*", "*"), allow("sts:GetFederationToken", "*")]);
    let session =
        json!({"Version": "2012-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::example/*")]});
    for session in [None, Some(&session)] {
        let answer = looked(&granted, session, Some(Options::default()));
        assert_eq!(mark(&answer, ANN, "s3:GetObject"), Some(Mark::Used));
        let own = suggestion(&answer, ANN);
        assert_eq!(own.not_granted, [], "{session:?}");
        let text: String = own.policies.iter().map(|policy| policy.document.to_string()).collect();
        assert!(text.contains("arn:aws:s3:::example/a.csv"), "{text}");
        assert_eq!(text.contains("sts:GetFederationToken"), session.is_some());
    }
    // What today's policies deny for certain is not kept for federated users either.
    let denied = json!([allow("s3:*", "*"), deny("s3:GetObject", "arn:aws:s3:::example/*")]);
    let answer = looked(&denied, None, Some(Options::default()));
    assert_eq!(suggestion(&answer, ANN).not_granted, [("s3:GetObject".to_owned(), 1)]);
    let lacking = json!([allow("s3:PutObject", "*")]);
    assert_eq!(mark(&looked(&lacking, None, None), ANN, "s3:GetObject"), Some(Mark::UsedNotGranted));
}

#[test]
fn what_no_session_policy_lets_through_is_no_use_of_what_the_user_may_do() {
    let all = json!([allow("*", "*")]);
    let some = json!([allow("s3:GetObject", "arn:aws:s3:::example/*"), allow("s3:PutObject", "*")]);
    let other =
        json!({"Version": "2012-10-17", "Statement": [allow("s3:GetObject", "arn:aws:s3:::other/*")]});
    // A policy of the bucket that names the federated user let it pass.
    for (granted, session) in [(&all, &Value::Null), (&all, &other), (&some, &Value::Null), (&some, &other)] {
        for how in [None, Some(Options::default())] {
            let answer = looked(granted, Some(session), how);
            assert_eq!(mark(&answer, ANN, "s3:GetObject"), Some(Mark::Unused), "{granted} {session}");
            assert_eq!(of(&answer, ANN).calls.events, 2);
            let text: String = answer
                .suggestions
                .iter()
                .flat_map(|own| &own.policies)
                .map(|policy| policy.document.to_string())
                .collect();
            assert!(!text.contains("s3:GetObject"), "{text}");
            assert!(
                answer
                    .suggestions
                    .iter()
                    .all(|own| { own.not_granted.iter().all(|(action, _)| action != "s3:GetObject") })
            );
        }
    }
    // Nor is what the user may not do a use without a grant.
    let none = json!([allow("s3:PutObject", "*")]);
    assert_eq!(mark(&looked(&none, Some(&Value::Null), None), ANN, "s3:GetObject"), None);
}

#[test]
fn a_call_whose_session_policy_is_not_known_is_undecided_and_does_not_break() {
    let none = json!([{"arn": "arn:aws:s3:::example", "account": "111122223333", "policy": null}]);
    let world = World::default().user(ANN, &json!([allow("s3:*", "*")]));
    let snapshot = world.file("resource-policies/own.json", &none.to_string()).read();
    let records = [by_bob("s3.amazonaws.com", "GetObject", OBJECT)];
    let mut suggestions = look(&snapshot, &records, Some(Options::default())).suggestions;
    let replay = super::generated::replayed(&snapshot, &suggestions, &records);
    suggest::prove(&mut suggestions, &replay);
    let own = suggestions[0].proof.clone().unwrap();
    assert_eq!((own.replayed, own.broken, own.undecided, own.may_break), (1, 0, 1, 0), "{own:?}");
}
