//! Hand-made answers of `explain` and `can-assume`, and what becomes of them.

mod assume;
mod forms;
mod hostile;
mod screen;

use super::*;
use crate::aws::Time;
use crate::policy::Reason;
use crate::replay::answer::{
    Agreement, Assume, AwsSaid, Behind, Decided, ExplainedCaller, ExplainedDecision, ExplainedRequest, How,
    Lack, LayerKind, Limit, LogFact, Said, Side, Then, Verdict,
};
use crate::report::text as shown_text;

const EVENT: &str = "6d825f58-6329-47bb-8e95-740f8d91e63c";
const RECORD: &str = "dda71e72-6afa-4858-be6f-b25d84595446";
const KEY: &str = "ASIARTX3GSDS3EXAMPLE";
const ROLE: &str = "arn:aws:iam::111122223333:role/leave-org";
const SESSION: &str = "arn:aws:sts::111122223333:assumed-role/leave-org/sdk-1688990515440126480";

const NARROW: Style = Style { unicode: true, wide: false, width: 80 };
const WIDE: Style = Style { unicode: true, wide: true, width: 80 };
const ASCII: Style = Style { unicode: false, wide: false, width: 80 };

fn time(clock: &str) -> Time {
    Time(format!("2026-03-10T{clock}Z").parse().unwrap())
}

fn options() -> Options {
    Options { source: "--lake lake".to_owned(), ..Options::default() }
}

fn reason(text: &str, children: Vec<Reason>) -> Reason {
    Reason { text: text.to_owned(), children }
}

fn decided(how: How, kind: LayerKind, layer: &str, policy: Option<&str>, sid: Option<&str>) -> Decided {
    Decided {
        how,
        layer: Some(layer.to_owned()),
        kind: Some(kind),
        policy: policy.map(str::to_owned),
        sid: sid.map(str::to_owned),
        index: policy.map(|_| 0),
        rule: None,
    }
}

/// A refusal, without a snapshot.
fn refused() -> Explanation {
    let action = "organizations:LeaveOrganization";
    Explanation {
        time: time("12:02:05"),
        event_id: Some(EVENT.to_owned()),
        region: Some("us-east-1".to_owned()),
        account: Some("111122223333".to_owned()),
        action: action.to_owned(),
        caller: ExplainedCaller {
            principal: Some(ROLE.to_owned()),
            arn: Some(SESSION.to_owned()),
            access_key: Some(KEY.to_owned()),
            source: Some("192.0.2.10".to_owned()),
            forwarded_by: None,
            mfa: Some(false),
            session_policies: None,
        },
        behind: Behind {
            origin: "IAM user dana, key AKIARTX3GSDSQEXAMPLE".to_owned(),
            steps: vec![format!("key, {RECORD}")],
            complete: true,
        },
        aws: AwsSaid {
            then: Then::Denied,
            error_code: Some("AccessDenied".to_owned()),
            text: Some(format!(
                "User: {SESSION} is not authorized to perform: {action} on resource: * because no identity-based \
                 policy allows the {action} action"
            )),
            action: Some(action.to_owned()),
            resource: Some("*".to_owned()),
            effect: Some("implicit"),
            layer: Some("identity-based policy".to_owned()),
            policy_arn: None,
            encoded: false,
        },
        logs: vec![
            LogFact {
                time: time("12:01:52"),
                event_id: Some(RECORD.to_owned()),
                what: "CreateRole leave-org".to_owned(),
            },
            LogFact {
                time: time("12:01:52"),
                event_id: None,
                what: "PutRolePolicy inline-policy: Allow ec2:Describe* on *".to_owned(),
            },
        ],
        logs_say: Some("no statement names organizations: agrees with AWS".to_owned()),
        not_a_request: None,
        requests: vec![ExplainedRequest {
            action: action.to_owned(),
            resource: "*".to_owned(),
            resource_from: "AWS's message states it".to_owned(),
            derived: false,
            certain: true,
            decision: None,
        }],
        snapshot: None,
        verdict: None,
        agreement: Agreement::NotComparable { words: "no snapshot was given".to_owned() },
        assume: None,
        limits: vec![Limit {
            what: "what the role could do before these logs begin".to_owned(),
            events: None,
        }],
    }
}

/// The same against a snapshot that allows it now, with a second request.
fn judged() -> Explanation {
    let allowed = ExplainedDecision {
        outcome: "allowed".to_owned(),
        decided: vec![decided(
            How::Allow,
            LayerKind::Identity,
            "identity-based policies",
            Some("arn:aws:iam::aws:policy/AdministratorAccess"),
            None,
        )],
        needs: Vec::new(),
        reason: reason(
            "allowed by identity-based policies",
            vec![
                reason(
                    "service control policies of r-ex01 (Root): allow",
                    vec![reason("`FullAWSAccess` statement 0 allows", vec![])],
                ),
                reason(
                    "identity-based policies: allow",
                    vec![reason("`arn:aws:iam::aws:policy/AdministratorAccess` statement 0 allows", vec![])],
                ),
            ],
        ),
        keys: vec![("aws:requestedregion".to_owned(), "= us-east-1".to_owned())],
    };
    let unsure = ExplainedDecision {
        outcome: "undetermined".to_owned(),
        decided: Vec::new(),
        needs: vec![Lack {
            what: "iam:PassedToService".to_owned(),
            why: "the record does not say".to_owned(),
        }],
        reason: reason("undetermined", vec![]),
        keys: vec![("iam:passedtoservice".to_owned(), "unknown: the record does not say".to_owned())],
    };
    let mut answer = refused();
    answer.requests[0].decision = Some(allowed);
    answer.requests.push(ExplainedRequest {
        action: "iam:PassRole".to_owned(),
        resource: ROLE.to_owned(),
        resource_from: "a parameter names it".to_owned(),
        derived: true,
        certain: false,
        decision: Some(unsure),
    });
    Explanation {
        snapshot: Some("iam/".to_owned()),
        verdict: Some(Verdict::NowAllowed),
        agreement: Agreement::Disagree {
            words: "AWS found no identity-based policy that allows it, `AdministratorAccess` does now"
                .to_owned(),
        },
        ..answer
    }
}

/// A role that cannot be assumed.
fn no() -> Assume {
    let identity = "identity-based policies";
    Assume {
        principal: "arn:aws:iam::111122223333:user/dana".to_owned(),
        role: "arn:aws:iam::444455556666:role/deploy".to_owned(),
        said: Said::Denied,
        sides: vec![
            Side {
                name: "service control policies".to_owned(),
                says: Said::Undetermined,
                why: "not supplied for account 111122223333".to_owned(),
                statement: None,
                change: None,
            },
            Side {
                name: "trust policy".to_owned(),
                says: Said::Denied,
                why: "Sid Partners requires MFA; the session has none".to_owned(),
                statement: Some(decided(
                    How::Allow,
                    LayerKind::Resource,
                    "resource-based policy",
                    Some("trust policy of deploy"),
                    Some("Partners"),
                )),
                change: Some("sign in with MFA, or drop the condition aws:MultiFactorAuthPresent".to_owned()),
            },
            Side {
                name: "caller's policies".to_owned(),
                says: Said::Allowed,
                why: "`assume-all` statement 0 allows sts:AssumeRole".to_owned(),
                statement: Some(decided(How::Allow, LayerKind::Identity, identity, Some("assume-all"), None)),
                change: None,
            },
        ],
        supposed: vec!["without MFA".to_owned(), "session name laptop".to_owned()],
    }
}
