//! Refusals that IAM's own slowness explains.

use super::*;

const CREATED: &str = r#"{"roleName": "deploy", "path": "/team/"}"#;
const QUEUES: &str = r#"{"queueName": "jobs"}"#;
const OTHER_QUEUE: &str = r#"{"queueName": "other"}"#;

/// How many refusals of a call a second `refused_at` after the role was made are told to be propagation.
fn told(changed: &Record<'_>, refused_at: i64, worked: &[Record<'_>]) -> u64 {
    let snapshot =
        World::default().role(DEPLOY, &json!([trust_account()]), &json!([allow("sqs:*", "*")])).read();
    let record = Record {
        event_time: at(refused_at),
        ..refused(&by_role("sqs.amazonaws.com", "CreateQueue", Some(QUEUES)), "Access Denied")
    };
    let mut records = vec![record, *changed];
    records.extend(worked);
    let plan = plan(&snapshot);
    let answer = replay(&plan, &records);
    let counts: Vec<u64> = answer.groups.iter().map(|group| group.propagation).filter(|n| *n > 0).collect();
    counts.into_iter().sum()
}

fn made() -> Record<'static> {
    by_user("iam.amazonaws.com", "CreateRole", Some(CREATED))
}

fn works(second: i64) -> Record<'static> {
    Record { event_time: at(second), ..by_role("sqs.amazonaws.com", "CreateQueue", Some(QUEUES)) }
}

#[test]
fn a_refusal_seconds_after_the_role_was_made_that_soon_works_is_propagation() {
    assert_eq!(told(&made(), 4, &[works(19)]), 1);
    assert_eq!(told(&made(), 0, &[works(19)]), 1);
    assert_eq!(told(&made(), 60, &[works(660)]), 1);
    let attached =
        by_user("iam.amazonaws.com", "AttachRolePolicy", Some(r#"{"roleName": "deploy", "policyArn": "x"}"#));
    assert_eq!(told(&attached, 4, &[works(19)]), 1);
    // Counted once, however often it works.
    assert_eq!(told(&made(), 4, &[works(19), works(20)]), 1);
}

#[test]
fn a_refusal_long_after_the_change_or_before_it_is_none() {
    assert_eq!(told(&made(), 61, &[works(70)]), 0);
    assert_eq!(told(&made(), -1, &[works(70)]), 0);
}

#[test]
fn a_call_that_worked_only_before_or_never_or_too_late_shows_nothing() {
    assert_eq!(told(&made(), 4, &[]), 0);
    assert_eq!(told(&made(), 4, &[works(3)]), 0);
    assert_eq!(told(&made(), 4, &[works(605)]), 0);
    assert_eq!(told(&made(), 4, &[Record { error_code: Some("Throttling"), ..works(19) }]), 0);
    assert_eq!(told(&made(), 4, &[refused(&works(19), "Access Denied")]), 0);
}

#[test]
fn another_principals_call_or_one_on_another_resource_shows_nothing() {
    let other = Record {
        identity_arn: Some("arn:aws:sts::111122223333:assumed-role/other/one"),
        session_issuer_arn: Some("arn:aws:iam::111122223333:role/other"),
        ..works(19)
    };
    assert_eq!(told(&made(), 4, &[other]), 0);
    assert_eq!(told(&made(), 4, &[Record { request_parameters: Some(OTHER_QUEUE), ..works(19) }]), 0);
    assert_eq!(told(&made(), 4, &[Record { event_name: Some("DeleteQueue"), ..works(19) }]), 0);
}

#[test]
fn a_change_of_someone_else_explains_nothing() {
    let of = |parameters| by_user("iam.amazonaws.com", "CreateRole", Some(parameters));
    assert_eq!(told(&of(r#"{"roleName": "other"}"#), 4, &[works(19)]), 0);
    // A user of that name, and a role of that name in another account.
    let user = by_user("iam.amazonaws.com", "CreateUser", Some(r#"{"userName": "deploy"}"#));
    assert_eq!(told(&user, 4, &[works(19)]), 0);
    assert_eq!(told(&Record { account: Some("444455556666"), ..made() }, 4, &[works(19)]), 0);
    assert_eq!(told(&Record { error_code: Some("EntityAlreadyExists"), ..made() }, 4, &[works(19)]), 0);
    assert_eq!(told(&Record { event_name: Some("GetRole"), ..made() }, 4, &[works(19)]), 0);
}

#[test]
fn the_role_that_is_asked_for_may_be_what_was_made() {
    let snapshot = World::default()
        .user(ANN, &json!([allow("sts:AssumeRole", "*")]))
        .role(DEPLOY, &json!([trust_account()]), &json!([]))
        .read();
    let parameters = json!({ "roleArn": DEPLOY, "roleSessionName": "one" }).to_string();
    let ask = |second| Record {
        event_time: at(second),
        ..by_user("sts.amazonaws.com", "AssumeRole", Some(&parameters))
    };
    let message = "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::111122223333:role/team/deploy";
    let records = [made(), refused(&ask(4), message), ask(19)];
    let answer = replay(&plan(&snapshot), &records);
    let suspicious: Vec<_> = answer.groups.iter().filter(|group| group.propagation > 0).collect();
    assert_eq!(suspicious.len(), 1);
    assert_eq!((suspicious[0].propagation, suspicious[0].action.as_str()), (1, "sts:AssumeRole"));
}

#[test]
fn what_is_asked_for_to_tell_it_covers_the_time_in_which_it_must_have_worked() {
    let snapshot = World::default().role(DEPLOY, &json!([trust_account()]), &json!([])).read();
    let mut replayer = Replayer::new(plan(&snapshot));
    replayer.take(&refused(&works(4), "Access Denied"));
    replayer.take(&refused(&works(400), "Access Denied"));
    let suspects = replayer.fold(&changes_of(&[made()])).suspects().unwrap();
    assert_eq!((suspects.from, suspects.to), (at(4), at(605)));
    assert!(suspects.event_names.iter().eq(["CreateQueue"]));
    let mut replayer = Replayer::new(plan(&snapshot));
    replayer.take(&refused(&works(4), "Access Denied"));
    assert_eq!(replayer.fold(&Changes::default()).suspects(), None);
}

#[test]
fn changes_that_were_not_remembered_are_told() {
    let snapshot = World::default().role(DEPLOY, &json!([trust_account()]), &json!([])).read();
    let limits = |changes: &Changes| {
        let limits = Replayer::new(plan(&snapshot)).fold(changes).answer(None).limits;
        let of_changes = limits.into_iter().filter(|limit| limit.what.starts_with("changes of policies"));
        of_changes.map(|limit| limit.events).collect::<Vec<_>>()
    };
    assert_eq!(limits(&changes_of(&[made()])), []);
    let mut full = changes_of(&[made()]);
    full.left = 3;
    assert_eq!(limits(&full), [Some(3)]);
}

#[test]
fn what_was_mended_in_between_was_no_propagation() {
    let grants =
        by_user("iam.amazonaws.com", "PutRolePolicy", Some(r#"{"roleName": "deploy", "policyName": "p"}"#));
    let version = by_user(
        "iam.amazonaws.com",
        "CreatePolicyVersion",
        Some(r#"{"policyArn": "arn:aws:iam::111122223333:policy/p", "setAsDefault": true}"#),
    );
    let detached = Record {
        account: Some("999988887777"),
        ..by_user("organizations.amazonaws.com", "DetachPolicy", Some(r#"{"policyId": "p-1"}"#))
    };
    let queue = by_user("sqs.amazonaws.com", "SetQueueAttributes", Some(r#"{"queueUrl": "u"}"#));
    for change in [grants, version, detached, queue] {
        let at_second = |second| Record { event_time: at(second), ..change };
        assert_eq!(told(&made(), 4, &[at_second(10), works(19)]), 0, "{:?}", change.event_name);
        assert_eq!(told(&made(), 4, &[at_second(19), works(19)]), 0);
        // Before the refusal, after the call worked, or in vain.
        assert_eq!(told(&made(), 4, &[at_second(3), works(19)]), 1);
        assert_eq!(told(&made(), 4, &[at_second(20), works(19)]), 1);
        let failed = Record { error_code: Some("AccessDenied"), ..at_second(10) };
        assert_eq!(told(&made(), 4, &[failed, works(19)]), 1);
    }
    // What is about nobody who is concerned.
    let bucket = by_user("s3.amazonaws.com", "PutBucketPolicy", Some(r#"{"bucketName": "b"}"#));
    let foreign = Record { account: Some("444455556666"), ..version };
    let role =
        by_user("iam.amazonaws.com", "PutRolePolicy", Some(r#"{"roleName": "other", "policyName": "p"}"#));
    for change in [bucket, foreign, role] {
        assert_eq!(told(&made(), 4, &[Record { event_time: at(10), ..change }, works(19)]), 1);
    }
}

#[test]
fn what_another_layer_refused_is_no_propagation() {
    let snapshot =
        World::default().role(DEPLOY, &json!([trust_account()]), &json!([allow("sqs:*", "*")])).read();
    let told = |reason: &str| {
        let message = format!(
            "User: {SESSION} is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:111122223333:jobs {reason}"
        );
        let records = [made(), Record { event_time: at(4), ..refused(&works(4), &message) }, works(19)];
        let answer = replay(&plan(&snapshot), &records);
        answer.groups.iter().map(|group| group.propagation).sum::<u64>()
    };
    assert_eq!(told("because no identity-based policy allows the sqs:CreateQueue action"), 1);
    assert_eq!(told("with an explicit deny in a service control policy"), 0);
    assert_eq!(told("with an explicit deny in a resource control policy"), 0);
    assert_eq!(told("because no VPC endpoint policy allows the sqs:CreateQueue action"), 0);
    assert_eq!(told("with an explicit deny in a resource-based policy"), 0);
}
