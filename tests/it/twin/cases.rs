//! What the twin itself says of few records.

use serde_json::{Value, json};

use super::{Answer, Logged, Twin};

fn answer(records: Vec<Value>, place: usize) -> Answer {
    let logged = |(index, record)| Logged { object: String::new(), index, record };
    let twin = Twin::new(records.into_iter().enumerate().map(logged).collect());
    assert_eq!(twin.records()[place].index, place);
    twin.of_record(place)
}

/// A call, in this second of one minute, with a session's key.
fn call(id: &str, second: u32, key: &str, session: &str, created: u32) -> Value {
    json!({"eventID": id, "eventTime": format!("2026-01-01T00:00:{second:02}Z"), "userIdentity": {
        "type": "AssumedRole", "accountId": "111122223333", "accessKeyId": key,
        "arn": format!("arn:aws:sts::111122223333:assumed-role/r/{session}"),
        "sessionContext": {"attributes": {"creationDate": format!("2026-01-01T00:00:{created:02}Z")}}}})
}

/// An AssumeRole by a user.
fn assume(id: &str, second: u32, key: &str, session: &str) -> Value {
    json!({"eventID": id, "eventTime": format!("2026-01-01T00:00:{second:02}Z"), "userIdentity": {
        "type": "IAMUser", "accountId": "111122223333", "arn": "arn:aws:iam::111122223333:user/u",
        "accessKeyId": "AKIAEXAMPLE"}, "eventSource": "sts.amazonaws.com", "eventName": "AssumeRole", "readOnly": true,
        "responseElements": {"credentials": {"accessKeyId": key}, "assumedRoleUser": {
            "arn": format!("arn:aws:sts::111122223333:assumed-role/r/{session}")}}})
}

#[test]
fn only_the_key_tells_twins_of_one_second_apart() {
    let twins = || vec![assume("a", 1, "ASIA1EXAMPLE", "s"), assume("b", 1, "ASIA2EXAMPLE", "s")];
    let by_key = answer([twins(), vec![call("c", 5, "ASIA2EXAMPLE", "s", 1)]].concat(), 2);
    assert_eq!(by_key.links, [("key".to_owned(), "b".to_owned())]);
    assert!(by_key.ambiguous.is_empty() && by_key.complete);
    let keyless = answer([twins(), vec![call("c", 5, "", "s", 1)]].concat(), 2);
    assert_eq!(keyless.links, [("session".to_owned(), "a".to_owned())]);
    assert_eq!(keyless.ambiguous, ["a", "b"]);
    assert_eq!(keyless.origins, by_key.origins);
}

#[test]
fn a_recycled_key_of_another_second_is_a_gap_and_a_constant_one_says_session() {
    let recycled = answer(vec![assume("a", 1, "ASIA1EXAMPLE", "s"), call("b", 9, "ASIA1EXAMPLE", "s", 5)], 1);
    assert_eq!((recycled.links, recycled.gap.as_deref()), (Vec::new(), Some("record-missing")));
    let issued = vec![assume("a", 1, "ASIA1EXAMPLE", "s"), assume("b", 1, "ASIA1EXAMPLE", "other")];
    let constant = answer([issued, vec![call("c", 5, "ASIA1EXAMPLE", "s", 1)]].concat(), 2);
    assert_eq!(constant.links, [("session".to_owned(), "a".to_owned())]);
}

#[test]
fn a_key_of_ones_own_beside_an_assume_role_that_made_another_proves_nothing() {
    let near = |record| answer(vec![assume("a", 1, "ASIA1EXAMPLE", "s"), record], 1);
    let own = near(call("b", 5, "ASIA2EXAMPLE", "s", 1));
    assert_eq!((own.links, own.complete), (vec![("claim".to_owned(), "a".to_owned())], false));
    assert!(near(call("b", 5, "ASIA2EXAMPLE", "s", 3)).links.is_empty());
    let mut console = call("b", 5, "ASIA2EXAMPLE", "s", 1);
    console["sessionCredentialFromConsole"] = json!("true");
    assert_eq!(near(console).links, [("session".to_owned(), "a".to_owned())]);
}

#[test]
fn an_assume_role_with_a_session_of_its_own_made_no_other() {
    let forwarded = || {
        let mut call = call("b", 5, "ASIA2EXAMPLE", "s", 3);
        call["userIdentity"]["invokedBy"] = json!("athena.amazonaws.com");
        call
    };
    let made = || assume("a", 1, "ASIA1EXAMPLE", "s");
    assert_eq!(answer(vec![made(), forwarded()], 1).links, [("session".to_owned(), "a".to_owned())]);
    let own = call("c", 6, "ASIA1EXAMPLE", "s", 1);
    let beside = answer(vec![made(), forwarded(), own], 1);
    assert_eq!((beside.links, beside.gap.as_deref()), (Vec::new(), Some("record-missing")));
}

#[test]
fn who_issued_a_federated_session_tells_it_from_a_neighbour() {
    let mut made = assume("a", 1, "ASIA1EXAMPLE", "s");
    made["eventName"] = json!("GetFederationToken");
    let arn = "arn:aws:sts::111122223333:federated-user/ops";
    made["responseElements"] =
        json!({"credentials": {"accessKeyId": "ASIA1EXAMPLE"}, "federatedUser": {"arn": arn}});
    let of = |user: &str, key: &str| {
        let mut acts = call("b", 5, key, "s", 1);
        acts["userIdentity"]["type"] = json!("FederatedUser");
        acts["userIdentity"]["arn"] = json!(arn);
        acts["userIdentity"]["sessionContext"]["sessionIssuer"] =
            json!({"type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/{user}")});
        answer(vec![made.clone(), acts], 1).links
    };
    let by_key = [("key".to_owned(), "a".to_owned())];
    assert_eq!(of("u", "ASIA1EXAMPLE"), by_key);
    assert!(of("other", "ASIA1EXAMPLE").is_empty() && of("u", "ASIA2EXAMPLE").is_empty());
}
