//! One call explained, with and without a snapshot, and what the logs show of policies.

use super::*;
use crate::replay::answer::{Agreement, Behind, Explanation, Then, Verdict};
use crate::replay::{Changed, Entity, Question, changed, concerned, explain};

const QUEUE: &str = r#"{"queueName": "jobs"}"#;
const REFUSAL: &str = "User: arn:aws:sts::111122223333:assumed-role/deploy/one is not authorized to perform: sqs:CreateQueue on resource: arn:aws:sqs:eu-west-1:111122223333:jobs because no identity-based policy allows the sqs:CreateQueue action";

fn explained(snapshot: Option<&Arc<Snapshot>>, record: &Record<'_>, changes: Vec<Changed>) -> Explanation {
    explain(&Question {
        record,
        snapshot,
        issuances: &Issuances::default(),
        behind: Behind { origin: "user ann".to_owned(), steps: Vec::new(), complete: true },
        changes,
    })
}

fn world(statements: &Value) -> Arc<Snapshot> {
    World::default()
        .role(DEPLOY, &json!([trust_account()]), statements)
        .resource("arn:aws:sqs:eu-west-1:111122223333:jobs", &Value::Null)
        .read()
}

fn refusal<'a>() -> Record<'a> {
    refused(&by_role("sqs.amazonaws.com", "CreateQueue", Some(QUEUE)), REFUSAL)
}

fn role(name: &str) -> Entity {
    Entity { account: ACCOUNT.to_owned(), kind: "roleName", name: name.to_owned() }
}

#[test]
fn awss_reason_is_read_without_a_snapshot() {
    let explanation = explained(None, &refusal(), Vec::new());
    assert_eq!((explanation.aws.then, explanation.aws.effect), (Then::Denied, Some("implicit")));
    assert_eq!(explanation.aws.layer.as_deref(), Some("identity-based policy"));
    assert_eq!(explanation.aws.action.as_deref(), Some("sqs:CreateQueue"));
    assert_eq!((explanation.verdict, explanation.snapshot), (None, None));
    assert_eq!(explanation.agreement, Agreement::NotComparable { words: "no snapshot given".to_owned() });
    let [request] = explanation.requests.as_slice() else { panic!("{:?}", explanation.requests) };
    assert_eq!((request.action.as_str(), request.certain, request.derived), ("sqs:CreateQueue", true, false));
    assert_eq!(request.decision, None);
    assert_eq!(explanation.caller.principal.as_deref(), Some(DEPLOY));
}

#[test]
fn ours_is_set_beside_it() {
    let shut = explained(Some(&world(&json!([allow("s3:*", "*")]))), &refusal(), Vec::new());
    assert_eq!(shut.verdict, Some(Verdict::Same));
    assert_eq!(shut.agreement, Agreement::Agree { words: "no identity-based policy allows it".to_owned() });
    let open = explained(Some(&world(&json!([allow("sqs:*", "*")]))), &refusal(), Vec::new());
    let Agreement::Disagree { words } = open.agreement else { panic!("{:?}", open.agreement) };
    assert!(
        words.starts_with("AWS: no identity-based policy allows it; the policies of the snapshot: "),
        "{words}"
    );
    // The session's own policies are not known, so the decision is open; but not that of the layer that AWS names.
    assert_eq!(open.verdict, Some(Verdict::Undetermined));
    let decision = open.requests[0].decision.as_ref().unwrap();
    assert_eq!(decision.outcome, "undetermined");
    assert!(!decision.needs.is_empty() && !decision.reason.text.is_empty());
}

#[test]
fn a_call_that_passed_is_held_against_the_decision_alone() {
    let record = by_role("sqs.amazonaws.com", "CreateQueue", Some(QUEUE));
    let open = explained(Some(&world(&json!([allow("sqs:*", "*")]))), &record, Vec::new());
    assert_eq!(open.agreement, Agreement::Agree { words: "the policies decide as AWS did".to_owned() });
    assert!(open.limits.iter().any(|limit| limit.what.contains("session's own policies")));
    let shut = explained(Some(&world(&json!([]))), &record, Vec::new());
    assert_eq!(shut.verdict, Some(Verdict::NowDenied));
    assert!(matches!(shut.agreement, Agreement::Disagree { .. }));
    let nothing = by_user("signin.amazonaws.com", "ConsoleLogin", None);
    let none = explained(Some(&world(&json!([]))), &nothing, Vec::new());
    assert!(none.not_a_request.is_some() && none.requests.is_empty());
    assert_eq!(none.agreement, Agreement::NotComparable { words: "not a request".to_owned() });
}

#[test]
fn whose_changes_matter_are_the_caller_and_the_role_that_is_asked_for() {
    let parameters = r#"{"roleArn": "arn:aws:iam::111122223333:role/admin", "roleSessionName": "x"}"#;
    let record = by_role("sts.amazonaws.com", "AssumeRole", Some(parameters));
    assert_eq!(concerned(&record), [role("admin"), role("deploy")]);
    assert_eq!(
        concerned(&by_user("s3.amazonaws.com", "ListBuckets", None)),
        [Entity { kind: "userName", ..role("ann") }]
    );
}

#[test]
fn what_a_change_put_is_read_and_shown() {
    let deploy = [role("deploy")];
    let put = json!({
        "roleName": "deploy", "policyName": "own",
        "policyDocument": policy(&json!([allow("s3:Get*", "*"), deny("s3:*", "arn:aws:s3:::x")])).to_string(),
    })
    .to_string();
    let record = by_user("iam.amazonaws.com", "PutRolePolicy", Some(&put));
    let one = changed(&record, &deploy).unwrap();
    assert_eq!(one.fact.what, "PutRolePolicy deploy own: Allow s3:Get* on *; Deny s3:* on arn:aws:s3:::x");
    assert_eq!((one.made, one.attached, one.policy.unwrap().statements.len()), (false, false, 2));
    let trust = json!({ "roleName": "deploy", "assumeRolePolicyDocument": policy(&json!([trust_account()])).to_string() })
        .to_string();
    let made = changed(&by_user("iam.amazonaws.com", "CreateRole", Some(&trust)), &deploy).unwrap();
    assert_eq!((made.made, made.policy), (true, None));
    for record in [
        Record { error_code: Some("AccessDenied"), ..record },
        Record { event_name: Some("GetRolePolicy"), ..record },
        Record { event_source: Some("sts.amazonaws.com"), ..record },
    ] {
        assert_eq!(changed(&record, &deploy), None);
    }
    assert_eq!(changed(&record, &[role("other")]), None);
    // A user of that name, and the role of another account.
    assert_eq!(changed(&record, &[Entity { kind: "userName", ..role("deploy") }]), None);
    assert_eq!(changed(&Record { account: Some("444455556666"), ..record }, &deploy), None);
}

#[test]
fn the_logs_of_a_role_that_was_just_made_tell_what_it_may() {
    let deploy = [role("deploy")];
    let of = |second, name, parameters: &Value| {
        let text = parameters.to_string();
        let record = Record { event_time: at(second), ..by_user("iam.amazonaws.com", name, Some(&text)) };
        changed(&record, &deploy).unwrap()
    };
    let made = || of(-30, "CreateRole", &json!({ "roleName": "deploy" }));
    let put = |action| {
        let document = policy(&json!([allow(action, "*")])).to_string();
        of(
            -20,
            "PutRolePolicy",
            &json!({ "roleName": "deploy", "policyName": "own", "policyDocument": document }),
        )
    };
    let say = |changes| explained(None, &refusal(), changes).logs_say;
    let alone = "deploy was 30 s old: IAM may not have caught up with it; no statement that was put before names sqs:CreateQueue: agrees with AWS";
    assert_eq!(say(vec![made()]).as_deref(), Some(alone));
    assert_eq!(say(vec![made(), put("s3:*")]).as_deref(), Some(alone));
    assert_eq!(
        say(vec![made(), put("SQS:Create*")]).as_deref(),
        Some(
            "deploy was 30 s old: IAM may not have caught up with it; a statement that was put before names sqs:CreateQueue"
        )
    );
    let attached = of(-10, "AttachRolePolicy", &json!({ "roleName": "deploy", "policyArn": "x" }));
    assert!(
        say(vec![made(), attached])
            .unwrap()
            .ends_with("policies were attached whose text is not in the logs")
    );
    assert_eq!(say(vec![put("sqs:*")]), None);
    assert_eq!(say(Vec::new()), None);
}
