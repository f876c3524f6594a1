//! Grants of KMS, which no snapshot holds: what they may have allowed is open, as far as they can.

use super::*;
use crate::replay::answer::{Change, Verdict};

const KEY: &str = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
const PARAMETERS: &str =
    r#"{"keyId":"arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}"#;

fn decrypt() -> Record<'static> {
    by_user("kms.amazonaws.com", "Decrypt", Some(PARAMETERS))
}

/// Ann with these policies, and a key whose policy is of these statements for the account.
fn world(own: &Value, key: Value) -> Arc<Snapshot> {
    World::default().user(ANN, own).resource(KEY, &for_account(key)).read()
}

#[test]
fn what_no_policy_allows_a_grant_may_have_allowed() {
    let delegating = || json!([allow("kms:*", "*")]);
    let other = json!([allow("s3:*", "*")]);
    let today = world(&other, delegating());
    let open = verdict(&plan(&today), &decrypt());
    assert_eq!(open.verdict, Verdict::Undetermined);
    assert_eq!(open.needs.as_deref(), Some("whether a grant of the key allows it"));
    let failed = Record { error_code: Some("InvalidCiphertextException"), ..decrypt() };
    assert_eq!(verdict(&plan(&today), &failed).verdict, Verdict::Undetermined);
    // Where AWS refused it there was none.
    assert_eq!(verdict(&plan(&today), &refused(&decrypt(), "Access Denied")).verdict, Verdict::Same);
    // A grant lets nobody administer the key, and lifts no deny.
    let disable = by_user("kms.amazonaws.com", "DisableKey", Some(PARAMETERS));
    assert_eq!(verdict(&plan(&today), &disable).verdict, Verdict::NowDenied);
    let denied = world(&json!([allow("s3:*", "*"), deny("kms:*", "*")]), delegating());
    assert_eq!(verdict(&plan(&denied), &decrypt()).verdict, Verdict::NowDenied);
    let allowed = world(&json!([allow("kms:*", "*")]), delegating());
    assert_eq!(verdict(&plan(&allowed), &decrypt()).verdict, Verdict::Same);
}

#[test]
fn a_grant_of_another_accounts_key_needs_the_callers_own_policies() {
    let key = KEY.replace("111122223333", "444455556666");
    let parameters = PARAMETERS.replace("111122223333", "444455556666");
    let record = by_user("kms.amazonaws.com", "Decrypt", Some(&parameters));
    let text = |statements: Value| {
        let mut own = allow("kms:*", "*");
        own["Principal"] = json!({ "AWS": "444455556666" });
        let world = World::default().user(ANN, &statements);
        let file = json!({ "arn": key, "account": "444455556666", "policy": policy(&json!([own])) });
        let mut world = world;
        world.files.push(("resource-policies/key.json".to_owned(), file.to_string()));
        world.read()
    };
    let verdict_of = |statements: Value| verdict(&plan(&text(statements)), &record).verdict;
    assert_eq!(verdict_of(json!([allow("kms:*", "*")])), Verdict::Undetermined);
    assert_eq!(verdict_of(json!([allow("s3:*", "*")])), Verdict::NowDenied);
}

#[test]
fn a_ceiling_binds_what_a_grant_allows() {
    let organization = json!({ "id": "o-exampleorg1", "managementAccount": "123456789012", "nodes": [
        { "id": "r-ex01", "scps": ["p-1"], "rcps": [] },
        { "id": ACCOUNT, "parent": "r-ex01", "scps": ["p-1"], "rcps": [] },
    ]});
    let world = |scp: Value| {
        let world = World::default().user(ANN, &json!([allow("s3:*", "*")]));
        let world = world.resource(KEY, &for_account(json!([allow("kms:*", "*")])));
        world.control("p-1", &scp).organization(&organization)
    };
    let verdict_of = |scp: Value| verdict(&plan(&world(scp).read()), &decrypt());
    assert_eq!(verdict_of(json!([allow("s3:*", "*")])).verdict, Verdict::NowDenied);
    assert_eq!(verdict_of(json!([allow("*", "*")])).verdict, Verdict::Undetermined);
}

#[test]
fn a_proposal_that_denies_breaks_what_a_grant_allows_and_one_that_takes_the_allow_away_breaks_what_it_allowed()
 {
    let today = world(&json!([allow("s3:*", "*")]), json!([allow("kms:*", "*")]));
    let change = |today: &Arc<Snapshot>, proposed: Arc<Snapshot>| {
        let plan = Plan { proposed: Some(proposed), ..plan(today) };
        verdict(&plan, &decrypt()).change
    };
    let denying = world(&json!([allow("s3:*", "*"), deny("kms:*", "*")]), json!([allow("kms:*", "*")]));
    assert_eq!(change(&today, denying), Some(Change::Broken));
    let without = world(&json!([allow("s3:*", "*")]), json!([allow("kms:List*", "*")]));
    assert_eq!(change(&today, without), None);
    // Nothing shows a grant beside what today's policies allow.
    let allowed = world(&json!([allow("kms:*", "*")]), json!([allow("kms:*", "*")]));
    assert_eq!(change(&allowed, Arc::clone(&today)), Some(Change::Broken));
}
