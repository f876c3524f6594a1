//! From what is typed to callers.

use super::*;
use crate::policy::Caller;
use crate::snapshot::WhoError;

#[test]
fn a_session_gets_its_role_s_path_and_id() {
    let caller = org().who("arn:aws:sts::111122223333:assumed-role/worker/i-0123456789abcdef0").unwrap();
    let Caller::RoleSession { role_arn, unique_id, .. } = caller else { panic!("{caller:?}") };
    assert_eq!(role_arn.as_deref(), Some("arn:aws:iam::111122223333:role/service/worker"));
    assert_eq!(unique_id.as_deref(), Some("AROARTX3GSDSQWORKEXAMPLE:i-0123456789abcdef0"));
}

#[test]
fn a_name_that_one_account_has_is_enough() {
    let snapshot = org();
    assert_eq!(snapshot.who("user/bo"), snapshot.who("arn:aws:iam::111122223333:user/ops/bo"));
    assert_eq!(snapshot.who("role/auditor").unwrap().account(), Some(account("444455556666")));
    assert!(matches!(snapshot.who("user/nobody"), Err(WhoError::Nobody { .. })));
    let twin = ONE_USER.replace("111122223333", "444455556666");
    let two = of(&[("1.json", ONE_USER), ("2.json", &twin)]);
    let Err(WhoError::Several { found, .. }) = two.who("user/ann") else { panic!("one was chosen") };
    assert_eq!(found, ["arn:aws:iam::111122223333:user/ann", "arn:aws:iam::444455556666:user/ann"]);
}

#[test]
fn a_principal_that_full_details_do_not_hold_is_nobody() {
    let snapshot = org();
    for (text, near) in [
        ("arn:aws:iam::111122223333:user/bo", "arn:aws:iam::111122223333:user/ops/bo"),
        ("arn:aws:iam::111122223333:user/annabel", "arn:aws:iam::111122223333:user/ann"),
        ("arn:aws:sts::111122223333:assumed-role/deplo/x", "arn:aws:iam::111122223333:role/deploy"),
    ] {
        let Err(WhoError::Nobody { near: found, .. }) = snapshot.who(text) else { panic!("{text}") };
        assert_eq!(found, [near], "{text}");
    }
}

#[test]
fn a_principal_of_another_account_or_of_incomplete_details_may_exist() {
    let snapshot = org();
    assert!(snapshot.who("arn:aws:iam::123456789012:user/dee").is_ok());
    let broken = Snapshot::read(&testdata("broken")).unwrap();
    assert!(broken.who("arn:aws:iam::111122223333:user/dee").is_ok());
}

#[test]
fn services_providers_accounts_and_nobody_are_callers() {
    let snapshot = org();
    for (text, expected) in [
        ("lambda.amazonaws.com", Caller::Service { name: "lambda.amazonaws.com".into() }),
        ("accounts.google.com", Caller::Federated { provider: "accounts.google.com".into() }),
        ("anonymous", Caller::Anonymous),
        ("arn:aws:iam::111122223333:root", Caller::Root { account: account("111122223333") }),
        ("111122223333", Caller::Account { account: account("111122223333"), unique_id: None }),
    ] {
        assert_eq!(snapshot.who(text), Ok(expected), "{text}");
    }
    for text in ["", "ann", "arn:aws:s3:::bucket", "arn:aws:iam::111122223333:policy/x", "a b.c"] {
        assert!(matches!(snapshot.who(text), Err(WhoError::Form { .. })), "{text}");
    }
}
