//! The policies that were given when a session was made.

use super::*;
use crate::replay::answer::Verdict;

const BUCKET: &str = "arn:aws:s3:::example-reports";
const EDGE: &str = "arn:aws:iam::111122223333:policy/edge";
const GET: &str = r#"{"bucketName": "example-reports", "key": "1"}"#;

fn world() -> World {
    World::default()
        .role(DEPLOY, &json!([trust_account()]), &json!([allow("s3:*", "*")]))
        .resource(BUCKET, &Value::Null)
}

/// What is said of a call in a session that was made with these parameters.
fn said(snapshot: &Arc<Snapshot>, given: Option<&Value>, denied: bool) -> EventVerdict {
    let mut parameters = json!({ "roleArn": DEPLOY, "roleSessionName": "one" });
    let is_known = given.is_some();
    for (key, value) in given.into_iter().flat_map(|given| given.as_object().unwrap()) {
        parameters[key] = value.clone();
    }
    let text = parameters.to_string();
    let issuing = Record {
        event_time: at(-600),
        issued_access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
        assumed_role_arn: Some(SESSION),
        ..by_user("sts.amazonaws.com", "AssumeRole", Some(&text))
    };
    let issuances = if is_known { issued(&[issuing]) } else { issued(&[]) };
    let record = by_role("s3.amazonaws.com", "GetObject", Some(GET));
    let record = if denied { refused(&record, "Access Denied") } else { record };
    verdict(&Plan { issuances, ..plan(snapshot) }, &record)
}

fn only_put() -> Value {
    json!({ "policy": policy(&json!([allow("s3:PutObject", "*")])).to_string() })
}

#[test]
fn a_session_without_policies_has_what_the_role_has() {
    assert_eq!(said(&world().read(), Some(&json!({})), false).verdict, Verdict::Same);
}

#[test]
fn an_inline_policy_limits_the_session() {
    let snapshot = world().read();
    let narrow = said(&snapshot, Some(&only_put()), false);
    assert_eq!(narrow.verdict, Verdict::NowDenied);
    assert_eq!(narrow.decided.as_deref(), Some("session policies, which allow nothing"));
    let wide = json!({ "policy": policy(&json!([allow("s3:Get*", "*")])).to_string() });
    assert_eq!(said(&snapshot, Some(&wide), false).verdict, Verdict::Same);
}

#[test]
fn a_managed_policy_limits_the_session_as_the_snapshot_has_it() {
    let given = json!({ "policyArns": [{ "arn": EDGE }] });
    let wide = world().managed(EDGE, &json!([allow("s3:GetObject", "*")])).read();
    assert_eq!(said(&wide, Some(&given), false).verdict, Verdict::Same);
    let narrow = world().managed(EDGE, &json!([allow("s3:PutObject", "*")])).read();
    assert_eq!(said(&narrow, Some(&given), false).verdict, Verdict::NowDenied);
    let gone = said(&world().read(), Some(&given), false);
    assert_eq!(gone.verdict, Verdict::Undetermined);
    assert!(gone.needs.unwrap().contains(EDGE));
}

/// AWS: the permissions of a federated user are those of who asked for the token, as far as the session policy goes.
#[test]
fn a_federated_user_of_the_root_user_may_what_its_session_policy_allows() {
    const GUEST: &str = "arn:aws:sts::111122223333:federated-user/guest";
    const ROOT: &str = "arn:aws:iam::111122223333:root";
    let said = |statements: &Value| {
        let parameters = json!({ "name": "guest", "policy": policy(statements).to_string() }).to_string();
        let issuing = Record {
            event_time: at(-600),
            identity_type: Some("Root"),
            identity_arn: Some(ROOT),
            principal_id: Some(ACCOUNT),
            user_name: None,
            issued_access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
            response_elements: Some(
                r#"{"federatedUser": {"arn": "arn:aws:sts::111122223333:federated-user/guest"}}"#,
            ),
            ..by_user("sts.amazonaws.com", "GetFederationToken", Some(&parameters))
        };
        let record = Record {
            identity_type: Some("FederatedUser"),
            identity_arn: Some(GUEST),
            principal_id: Some("111122223333:guest"),
            user_name: None,
            access_key_id: Some("ASIARTX3GSDSQEXAMPLE"),
            session_issuer_arn: Some(ROOT),
            session_created: Some(at(-600)),
            ..by_user("s3.amazonaws.com", "GetObject", Some(GET))
        };
        verdict(&Plan { issuances: issued(&[issuing]), ..plan(&world().read()) }, &record)
    };
    let open = said(&json!([allow("s3:*", "*")]));
    assert_eq!((open.verdict, open.principal.as_deref()), (Verdict::Same, Some(ROOT)), "{open:?}");
    assert_eq!(open.decided.as_deref(), Some("the root user has all permissions in its account"));
    let narrow = said(&json!([allow("ec2:*", "*")]));
    assert_eq!(narrow.verdict, Verdict::NowDenied, "{narrow:?}");
}

#[test]
fn policies_that_nobody_knows_let_pass_what_aws_let_pass() {
    let snapshot = world().read();
    assert_eq!(said(&snapshot, None, false).verdict, Verdict::Same);
    let record = by_role("s3.amazonaws.com", "GetObject", Some(GET));
    // Of a call that failed nobody knows whether AWS had asked the policies before.
    let failed = Record { error_code: Some("ThrottlingException"), ..record };
    let answer = replay(&plan(&snapshot), &[record, failed]);
    assert_eq!((answer.verdicts.same_allowed, answer.verdicts.undetermined), (1, 1));
    assert!(
        answer.limits.iter().any(|limit| limit.events == Some(1) && limit.what.contains("issuing record"))
    );
}

#[test]
fn policies_that_nobody_knows_leave_open_what_aws_refused_unless_the_rest_denies() {
    let open = said(&world().read(), None, true);
    assert_eq!(open.verdict, Verdict::Undetermined);
    assert!(open.needs.unwrap().contains("record that issued the session"));
    let denying = World::default()
        .role(DEPLOY, &json!([trust_account()]), &json!([deny("s3:*", "*")]))
        .resource(BUCKET, &Value::Null)
        .read();
    assert_eq!(said(&denying, None, true).verdict, Verdict::Same);
    let empty = World::default()
        .role(DEPLOY, &json!([trust_account()]), &json!([]))
        .resource(BUCKET, &Value::Null)
        .read();
    assert_eq!(said(&empty, None, true).verdict, Verdict::Same);
}
