//! Hand-made answers of `replay`, and what becomes of them.

mod forms;
mod hostile;
mod parts;
mod screen;
mod suggestion;

use super::*;
use crate::aws::Time;
use crate::replay::answer::{
    Change, ChangeGroup, Decided, Disagreement, Example, Group, How, Lack, LackCount, LayerKind, Limit,
    Proposal, Seen, StatementHits, Then, Verdicts,
};
use crate::report::text as shown_text;

const DEPLOY: &str = "arn:aws:iam::111122223333:role/ci-deploy";
const BILLING: &str = "arn:aws:iam::111122223333:role/billing-export";
const BACKUP: &str = "arn:aws:iam::444455556666:user/old-backup";
const EVENT: &str = "6d825f58-6329-47bb-8e95-740f8d91e63c";
const OTHER_EVENT: &str = "dda71e72-6afa-4858-be6f-b25d84595446";
const OU: &str = "service control policies of ou-ex01-11111111 (workloads)";

fn time(text: &str) -> Time {
    Time(text.parse().unwrap())
}

fn seen(events: u64, last: &str) -> Seen {
    Seen { events, first: time("2026-08-26T00:00:00Z"), last: time(last) }
}

fn example(event_id: &str, resource: &str) -> Example {
    Example {
        time: time("2026-11-22T13:02:11Z"),
        event_id: Some(event_id.to_owned()),
        region: Some("us-east-1".to_owned()),
        resource: resource.to_owned(),
    }
}

fn layer(how: How, kind: LayerKind, layer: &str) -> Decided {
    Decided {
        how,
        layer: Some(layer.to_owned()),
        kind: Some(kind),
        policy: None,
        sid: None,
        index: None,
        rule: None,
    }
}

fn statement(how: How, kind: LayerKind, words: &str, policy: &str, sid: Option<&str>) -> Decided {
    Decided {
        policy: Some(policy.to_owned()),
        sid: sid.map(str::to_owned),
        index: Some(0),
        ..layer(how, kind, words)
    }
}

fn outside_eu() -> Decided {
    statement(How::Deny, LayerKind::Scp, OU, "DenyOutsideEU (p-ex01)", Some("OutsideEU"))
}

fn administrator() -> Decided {
    let policy = "arn:aws:iam::aws:policy/AdministratorAccess";
    statement(How::Allow, LayerKind::Identity, "identity-based policies", policy, None)
}

fn lack(what: &str, why: &str) -> Lack {
    Lack { what: what.to_owned(), why: why.to_owned() }
}

fn group(verdict: Verdict, then: Then, principal: &str, action: &str, seen: Seen) -> Group {
    Group {
        verdict,
        then,
        principal: Some(principal.to_owned()),
        action: action.to_owned(),
        derived: false,
        decided: Vec::new(),
        needs: Vec::new(),
        seen,
        propagation: 0,
        resources: 1,
        examples: vec![example(EVENT, "arn:aws:s3:::example-reports/2026.csv")],
    }
}

fn change(change: Change, principal: &str, action: &str, region: &str, seen: Seen) -> ChangeGroup {
    ChangeGroup {
        change,
        principal: Some(principal.to_owned()),
        action: action.to_owned(),
        derived: false,
        today: vec![administrator()],
        decided: vec![outside_eu()],
        needs: Vec::new(),
        keys: vec!["aws:RequestedRegion".to_owned()],
        seen,
        regions: vec![region.to_owned()],
        resources: 1,
        examples: vec![example(OTHER_EVENT, "*")],
    }
}

fn hits(policy: &str, effect: &'static str, [decided, matched, may]: [u64; 3]) -> StatementHits {
    StatementHits {
        policy: policy.to_owned(),
        layer: "identity-based policies".to_owned(),
        sid: None,
        index: 1,
        effect,
        matched,
        decided,
        may,
        last: (matched > 0).then(|| time("2026-11-23T14:02:51Z")),
    }
}

/// A replay without any event.
fn empty() -> Replay {
    Replay {
        snapshot: "iam/".to_owned(),
        first: None,
        last: None,
        accounts: Vec::new(),
        events: 0,
        copies: 0,
        requests: 0,
        evaluations: 0,
        verdicts: Verdicts::default(),
        groups: Vec::new(),
        lacks: Vec::new(),
        statements: Vec::new(),
        disagreements: Vec::new(),
        agreements: 0,
        not_comparable: 0,
        proposal: None,
        limits: Vec::new(),
    }
}

fn proposal() -> Proposal {
    let groups = vec![
        change(
            Change::Broken,
            DEPLOY,
            "ecr:GetAuthorizationToken",
            "us-east-1",
            seen(1398, "2026-11-23T13:01:00Z"),
        ),
        change(Change::Broken, BILLING, "ce:GetCostAndUsage", "us-east-1", seen(13, "2026-11-21T09:30:00Z")),
        change(Change::Broken, BACKUP, "s3:PutObject", "us-west-2", seen(1, "2026-09-23T03:00:00Z")),
        ChangeGroup {
            decided: Vec::new(),
            needs: vec![lack("aws:PrincipalOrgID", "give organization.json")],
            keys: Vec::new(),
            ..change(Change::MayBreak, BILLING, "s3:GetObject", "eu-west-1", seen(7, "2026-11-21T09:30:00Z"))
        },
        ChangeGroup {
            today: vec![layer(How::NoAllow, LayerKind::Identity, "identity-based policies")],
            decided: vec![administrator()],
            keys: Vec::new(),
            ..change(Change::Opened, DEPLOY, "iam:PassRole", "us-east-1", seen(2, "2026-11-20T10:00:00Z"))
        },
    ];
    Proposal {
        worked: Vec::new(),
        path: "iam-next/".to_owned(),
        changes: vec!["scp/deny-outside-eu.json attached to ou-workloads (1 of 4 accounts)".to_owned()],
        broken: 1412,
        may_break: 7,
        opened: 2,
        may_open: 0,
        verdicts: Verdicts {
            same_allowed: 1_188_497,
            same_denied: 400,
            same_failed: 2,
            now_denied: 5252,
            now_allowed: 217,
            undetermined: 9120,
            not_a_request: 1030,
            unmapped: 12,
        },
        groups,
    }
}

/// A replay with all that there can be.
fn full() -> Replay {
    let denied = Group {
        decided: vec![layer(How::NoAllow, LayerKind::Identity, "identity-based policies")],
        ..group(Verdict::NowDenied, Then::Allowed, DEPLOY, "s3:GetObject", seen(3800, "2026-11-23T14:00:00Z"))
    };
    let failed = Group {
        decided: vec![outside_eu()],
        ..group(Verdict::NowDenied, Then::Failed, BACKUP, "s3:PutObject", seen(40, "2026-09-01T14:00:00Z"))
    };
    let allowed = Group {
        decided: vec![administrator()],
        propagation: 13,
        ..group(
            Verdict::NowAllowed,
            Then::Denied,
            BILLING,
            "sts:AssumeRole",
            seen(215, "2026-11-02T08:00:00Z"),
        )
    };
    let undetermined = Group {
        needs: vec![lack("aws:PrincipalOrgID", "give organization.json")],
        derived: true,
        ..group(
            Verdict::Undetermined,
            Then::Allowed,
            DEPLOY,
            "iam:PassRole",
            seen(9122, "2026-11-23T14:02:51Z"),
        )
    };
    let same = Group {
        decided: vec![
            administrator(),
            statement(How::Allow, LayerKind::Resource, "resource-based policy", "bucket", Some("Readers")),
        ],
        ..group(
            Verdict::Same,
            Then::Allowed,
            DEPLOY,
            "s3:ListBucket",
            seen(1_190_311, "2026-11-23T14:02:51Z"),
        )
    };
    let sign_in = Group {
        principal: None,
        needs: vec![lack("a sign-in", "no policy decides it")],
        examples: Vec::new(),
        ..group(
            Verdict::NotARequest,
            Then::Allowed,
            DEPLOY,
            "signin: ConsoleLogin",
            seen(1030, "2026-11-23T12:00:00Z"),
        )
    };
    Replay {
        first: Some(time("2026-08-25T00:00:11Z")),
        last: Some(time("2026-11-23T14:02:51Z")),
        accounts: ["111122223333", "123456789012", "444455556666"].map(str::to_owned).to_vec(),
        events: 1_204_518,
        requests: 18_377,
        evaluations: 36_754,
        verdicts: Verdicts {
            same_allowed: 1_189_909,
            same_denied: 400,
            same_failed: 2,
            now_denied: 3840,
            now_allowed: 215,
            undetermined: 9122,
            not_a_request: 1030,
            unmapped: 12,
        },
        groups: vec![denied, failed, allowed, undetermined, same, sign_in],
        lacks: vec![
            LackCount { lack: lack("aws:PrincipalOrgID", "give organization.json"), events: 8410 },
            LackCount {
                lack: lack(
                    "service control policies: no policies of ou-ex01-22222222",
                    "the folder scp/ has no file for this level; add it with the commands of snapshot --print-commands",
                ),
                events: 800,
            },
            LackCount { lack: lack("s3:ExistingObjectTag", "never in the logs"), events: 712 },
        ],
        statements: vec![
            hits("arn:aws:iam::aws:policy/AdministratorAccess", "Allow", [1_190_000, 1_190_311, 0]),
            hits("ci-deploy-inline", "Allow", [0, 12, 3]),
            hits("legacy", "Allow", [0, 0, 0]),
            hits("guard", "Deny", [0, 0, 0]),
            hits("tagged", "Deny", [0, 0, 9]),
        ],
        disagreements: vec![Disagreement {
            example: example(OTHER_EVENT, "arn:aws:s3:::example-reports/2026.csv"),
            principal: Some(DEPLOY.to_owned()),
            action: "s3:GetObject".to_owned(),
            aws: "explicit deny in a service control policy: arn:aws:organizations::123456789012:policy/o-exampleorg1/service_control_policy/p-ex01".to_owned(),
            ours: "no statement of the identity-based policies allows it".to_owned(),
            events: 3,
            remark: Some("the policy was changed since".to_owned()),
        }],
        agreements: 212,
        not_comparable: 3115,
        proposal: Some(proposal()),
        limits: vec![
            Limit { what: "the snapshot is of today, the events are of then".to_owned(), events: None },
            Limit {
                what: "session policies of sessions that were issued before these logs begin".to_owned(),
                events: Some(41),
            },
        ],
        ..empty()
    }
}

fn options() -> Options {
    Options { source: "--lake lake --from 90d".to_owned(), ..Options::default() }
}

fn shown(show: Show) -> Options {
    Options { show: Some(show), ..options() }
}

const NARROW: Style = Style { unicode: true, wide: false, width: 80 };
const WIDE: Style = Style { unicode: true, wide: true, width: 80 };
const ASCII: Style = Style { unicode: false, wide: false, width: 80 };
