//! Hand-made answers of `trace`, and what becomes of them.

mod down;
mod forms;
mod given;
mod hostile;
mod up;

use std::collections::BTreeMap;

use super::*;
use crate::aws::Time;
use crate::lineage::{
    Gap, Link, Node, NodeKind, Origin, Proof, Reason, Rule, SCHEMA, TraceSubject, Usage, Workload,
};
use crate::report::text;

const DANA_KEY: &str = "AKIARTX3GSDSQEXAMPLE";
const DANA: &str = "arn:aws:iam::111122223333:user/dana";
const EVE: &str = "arn:aws:iam::111122223333:user/eve";
const EVENT: &str = "6d825f58-6329-47bb-8e95-740f8d91e63c";
const OTHER_EVENT: &str = "dda71e72-6afa-4858-be6f-b25d84595446";

fn time(clock: &str) -> Time {
    let text = if clock.len() > 8 { clock.to_owned() } else { format!("2026-03-09T{clock}Z") };
    Time(text.parse().unwrap())
}

fn usage(calls: u64, first: &str, last: &str, address: &str) -> Usage {
    Usage {
        calls,
        first: Some(time(first)),
        last: Some(time(last)),
        addresses: BTreeMap::from([(address.to_owned(), calls)]),
        ..Usage::default()
    }
}

fn proof(event_id: &str, event_name: &str, clock: &str) -> Proof {
    Proof {
        event_id: event_id.to_owned(),
        event_time: time(clock),
        event_name: event_name.to_owned(),
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        object: "AWSLogs/1.json.gz".to_owned(),
        record_index: 3,
    }
}

fn session_arn(role: &str, session: &str) -> String {
    format!("arn:aws:sts::111122223333:assumed-role/{role}/{session}")
}

fn temporary(key: &str, role: &str, session: &str) -> Node {
    Node {
        kind: NodeKind::AccessKey,
        id: key.to_owned(),
        account: Some("111122223333".to_owned()),
        access_key: Some(key.to_owned()),
        arn: Some(session_arn(role, session)),
        name: Some(role.to_owned()),
        session_name: Some(session.to_owned()),
        source_identity: None,
        created: Some(time("09:00:00")),
    }
}

fn long_term(key: &str, arn: &str, name: &str) -> Node {
    Node {
        kind: NodeKind::AccessKey,
        id: key.to_owned(),
        account: Some("111122223333".to_owned()),
        access_key: Some(key.to_owned()),
        arn: Some(arn.to_owned()),
        name: Some(name.to_owned()),
        session_name: None,
        source_identity: None,
        created: None,
    }
}

fn dana() -> Node {
    long_term(DANA_KEY, DANA, "dana")
}

fn link(rule: Rule, record: Proof, from: Node, to: Node) -> Link {
    Link {
        rule,
        record,
        from,
        to,
        seconds_apart: 0,
        ambiguous: Vec::new(),
        above_origin: false,
        role_passed: None,
        role_untold: None,
        role_given: None,
        beside: Vec::new(),
        to_usage: None,
    }
}

fn origin(kind: OriginKind, arn: Option<&str>, name: &str) -> Origin {
    let gap = Gap { reason: Reason::RecordMissing, text: String::new(), hint: String::new() };
    Origin {
        kind,
        arn: arn.map(str::to_owned),
        name: Some(name.to_owned()),
        account: Some("111122223333".to_owned()),
        complete: true,
        certain: true,
        gap: None,
        ..Origin::unknown(gap)
    }
}

fn by_dana() -> Origin {
    Origin { access_key: Some(DANA_KEY.to_owned()), ..origin(OriginKind::IamUser, Some(DANA), "dana") }
}

fn by_service(service: &str, workload: Workload) -> Origin {
    Origin { on_behalf_of: Some(workload), ..origin(OriginKind::Service, None, service) }
}

fn traced(origin: Origin) -> TracedOrigin {
    TracedOrigin { origin, above: None, above_gap: None, others_above: Vec::new() }
}

fn gap(reason: Reason, text: &str, hint: &str) -> Gap {
    Gap { reason, text: text.to_owned(), hint: hint.to_owned() }
}

fn subject(kind: &str, id: &str, node: Option<Node>, usage: Usage) -> TraceSubject {
    TraceSubject {
        kind: kind.to_owned(),
        id: id.to_owned(),
        asked: id.to_owned(),
        credentials: u64::from(node.is_some()),
        node,
        usage,
        credential_usage: None,
        outside_window: None,
        session_keys: 0,
        session_calls: 0,
        mfa: None,
        claim: None,
        acts_for: None,
        assumed_root: None,
        event: None,
        gap: None,
    }
}

fn chain_of(trace: &Trace) -> Chain {
    Chain {
        credential: trace.subject.node.clone().unwrap(),
        usage: trace.subject.usage.clone(),
        origin: trace.origin.clone(),
        links: trace.links.clone(),
        origins: vec![trace.origin.origin.clone()],
    }
}

fn empty(subject: TraceSubject, origin: TracedOrigin) -> Trace {
    Trace {
        schema: SCHEMA,
        subject,
        origin,
        links: Vec::new(),
        chains: Vec::new(),
        not_taken: Vec::new(),
        trusts: Vec::new(),
        descendants: Vec::new(),
        mismatches: Vec::new(),
        violations: Vec::new(),
        truncated: Vec::new(),
        logs_begin: None,
        left_out: Vec::new(),
    }
}

/// dana's key assumed a role; the key of that session is asked about.
fn one_step() -> Trace {
    let key = "ASIARTX3GSDSREXAMPLE";
    let node = temporary(key, "deploy", "laptop");
    let used = Usage { denied: 29, ..usage(29, "09:00:00", "09:00:03", "198.51.100.17") };
    let made = proof(EVENT, "AssumeRole", "09:00:00");
    let mut trace = empty(subject("access-key", key, Some(node.clone()), used), traced(by_dana()));
    trace.links.push(Link {
        to_usage: Some(usage(2_104, "08:54:33", "09:29:09", "198.51.100.17")),
        ..link(Rule::Key, made, node, dana())
    });
    trace.chains.push(chain_of(&trace));
    trace
}

fn child(kind: NodeKind, id: &str, node: Option<Node>, made: Proof, usage: Usage) -> Descendant {
    Descendant {
        kind,
        id: id.to_owned(),
        node,
        rule: Rule::Key,
        made: Some(made),
        made_again: Vec::new(),
        notes: Vec::new(),
        gone: None,
        folded: 1,
        keys: 0,
        keys_used: 0,
        usage,
        remarks: Vec::new(),
        role_untold: None,
        gap: None,
        children: Vec::new(),
    }
}

fn role_session(role: &str, session: &str, calls: u64, clock: &str) -> Descendant {
    let key = format!("ASIARTX3GSDS{calls:0>8}");
    let node = temporary(&key, role, session);
    let used = usage(calls, clock, clock, "198.51.100.17");
    child(NodeKind::Session, &session_arn(role, session), Some(node), proof(EVENT, "AssumeRole", clock), used)
}

fn shown(trace: &Trace) -> String {
    styled(trace, Part::Both, Style::default())
}

fn styled(trace: &Trace, part: Part, style: Style) -> String {
    let options = Options { part, depth: 6, source: "--logs logs/".to_owned() };
    super::text(trace, &options, style)
}

/// Whether each of the lines stands on the screen, one below the other.
#[track_caller]
fn assert_lines(screen: &str, expected: &str) {
    assert!(screen.contains(expected.trim_start_matches('\n')), "expected:\n{expected}\nfound:\n{screen}");
}

/// No line is wider than the screen but for those that hold an id that someone must copy.
#[track_caller]
fn assert_fits(screen: &str, ids: &[&str]) {
    for line in screen.lines() {
        let is_command = line.starts_with("next: ") || line.starts_with("      backtrail ");
        assert!(
            text::width(line) <= 80 || is_command || ids.iter().any(|id| line.contains(id)),
            "{} columns: {line}\n{screen}",
            text::width(line)
        );
    }
}
